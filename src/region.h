/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The region of a photograph that --box or --mask marks: is it there that the network looks?
 */
#ifndef CAMX_SRC_REGION_H
#define CAMX_SRC_REGION_H

#include "command_options.h"
#include "workbench.h"

typedef enum region_kind {
    REGION_NONE = 0,
    REGION_BOX = 1,
    REGION_MASK = 2
} region_kind;

/* Start with {0}. */
typedef struct region {
    region_kind kind;
    camx_box box;
    photo mask;
    int32_t level; /* from which brightness on the mask is set */
} region;

/* The region for one photograph: of a folder of masks the one whose name begins alike. */
camx_status region_open(region *r, const options *o, const char *photograph, camx_error *error);
void region_close(region *r);

camx_status region_measure(const region *r, const camx_map *map, camx_focus *focus,
                           camx_error *error);

/* Draws the region's border. */
camx_status region_draw(const region *r, camx_pixels *out, camx_error *error);

#endif
