/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the rows of a PNG as they are stored to 8-bit RGB. libpng could convert too, but most
 * of its security holes were in that code; this is all we need of it, and it lays transparent
 * pixels on the background in the same step.
 */
#ifndef CAMX_IMAGE_PNG_ROW_H
#define CAMX_IMAGE_PNG_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a PNG's header says about its pixels. */
typedef struct camx__png_pixels {
    uint32_t width;
    uint32_t height;
    int depth;             /* bits a sample: 1, 2, 4, 8, 16 */
    int channels;          /* samples a pixel: 1 (grey or palette), 2 (with alpha), 3, 4 */
    bool keyed; /* tRNS of grey or RGB: pixels with exactly the samples `key` are transparent */
    uint16_t key[3];
    uint8_t background[3];
    uint8_t table[256][3]; /* one channel of at most 8 bits: the colour of each stored value */
    unsigned entries;      /* how many of them exist: a palette may be short */
} camx__png_pixels;

/* Fills the table for grey samples of at most 8 bits. */
void camx__png_grey_table(camx__png_pixels *pixels);

/* Fills entry `index` of the table with a palette's colour of this opacity. */
void camx__png_palette_entry(camx__png_pixels *pixels, unsigned index, const uint8_t rgb[3],
                             uint8_t alpha);

/* Converts one row. Returns -1, or the first stored value that the table does not have. */
int camx__png_convert_row(const camx__png_pixels *pixels, const uint8_t *row, uint8_t *rgb);

#endif
