/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paints maps over a photograph, and names what was painted.
 */
#ifndef CAMX_SRC_PAINTER_H
#define CAMX_SRC_PAINTER_H

#include "camx/camx.h"
#include "command_options.h"

typedef struct painter {
    float *heat;
    uint8_t *bytes;
    camx_pixels out; /* the painted photograph */
} painter;

camx_status painter_begin(painter *p, const camx_pixels *picture, camx_error *error);
camx_status painter_paint(painter *p, const camx_pixels *picture, const camx_map *map,
                          const options *o, camx_error *error);
void painter_free(painter *p);

/* "Grad-CAM++" for CAMX_METHOD_GRADCAMPP: as articles write it. */
const char *method_title(int32_t method);

/* "all_negative" for CAMX_FINDING_ALL_NEGATIVE, for JSON. */
const char *finding_name(int32_t finding);

#endif
