/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes around the heat of a map, and how much of the heat lies in a given region. */
#ifndef CAMX_MAP_REGIONS_H
#define CAMX_MAP_REGIONS_H

#include "map/map.h"

/* The heat in the photograph's own pixels: positive values as shares of the raw map's maximum, NaN where the network saw
 * nothing. Memory of the map; to be freed with camx__map_heat_free. */
typedef struct camx__heat {
    float *values;
    int32_t width;
    int32_t height;
    float maximum; /* of the values here; 0 if nothing is positive */
    double sum;
    int32_t peak_x; /* the first place of the maximum; -1 if nothing is positive */
    int32_t peak_y;
    int64_t seen;   /* pixels that are not NaN */
} camx__heat;

camx_status camx__map_heat(const camx_map *map, uint32_t image, camx__heat *heat, camx_error *error);
void camx__map_heat_free(const camx_map *map, camx__heat *heat);

/* The connected components of the pixels with at least `level` heat, in the order of their first pixel. *boxes is to be
 * freed with the memory it came from. mass is left as the plain sum. */
camx_status camx__heat_components(const camx__heat *heat, float level, int32_t connectivity, camx__memory *memory,
                                  camx_box **boxes, uint32_t *count, camx_error *error);

/* The level that best parts the values into two groups (Otsu, 1979). */
float camx__heat_otsu(const camx__heat *heat);

/* Behind the public functions of the same names. */
void camx__box_defaults(camx_box_options *options);
camx_status camx__map_boxes(const camx_map *map, uint32_t image, const camx_box_options *options, camx_box *boxes,
                            uint32_t room, uint32_t *found, camx_error *error);
float camx__box_iou(const camx_rect *a, const camx_rect *b);
camx_status camx__map_focus_box(const camx_map *map, uint32_t image, const camx_rect *box, camx_focus *focus,
                                camx_error *error);
camx_status camx__map_focus_mask(const camx_map *map, uint32_t image, const camx_pixels *mask, int32_t level,
                                 camx_focus *focus, camx_error *error);

#endif
