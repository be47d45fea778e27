/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects the pictures of one photograph for a contact sheet.
 */
#ifndef CAMX_SRC_CONTACT_SHEET_H
#define CAMX_SRC_CONTACT_SHEET_H

#include "camx/camx.h"
#include "growing_text.h"

typedef struct contact_sheet {
    camx_tile *tiles;
    camx_pixels *pictures;
    text *captions;
    uint32_t count;
    uint32_t capacity;
    int in_a_row; /* a strip */
} contact_sheet;

/* Makes room for `capacity` tiles. */
camx_status contact_sheet_begin(contact_sheet *s, uint32_t capacity, camx_error *error);

/* Adds a copy of the picture, made smaller if it is much larger than a tile. The caption is taken
 * over. */
camx_status contact_sheet_add(contact_sheet *s, const camx_pixels *picture, text *caption,
                              camx_error *error);

camx_status contact_sheet_write(contact_sheet *s, const char *title, const char *path,
                                camx_error *error);
void contact_sheet_free(contact_sheet *s);

#endif
