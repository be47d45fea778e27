/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The camx_map: one raw, signed map per image, what is known about it, and how it becomes something
 * to look at. Owned by the caller and reused by one computation after another. A method fills it
 * like this:
 *
 *     camx__map_reset(map, method, layer, images, width, height, error);
 *     for each image:
 *         camx__map_record *record = camx__map_record_at(map, image);
 *         record->class_index = ...; record->geometry = input->geometry; ...
 *         ... write camx__map_raw(map, image) ...
 *         camx__map_finish(map, image);
 *
 * and calls camx__map_clear when it has to give up after the reset.
 */
#ifndef CAMX_MAP_MAP_H
#define CAMX_MAP_MAP_H

#include <stdbool.h>

#include "base/geometry.h"
#include "base/memory.h"
#include "camx/camx.h"

/* What is known about one image's map. */
typedef struct camx__map_record {
    /* Set by the method; camx__map_reset puts the values in brackets. */
    camx__geometry geometry; /* of the input (identity, at the map's size) */
    int32_t class_index;     /* (-1) */
    int32_t other_index;     /* (-1) */
    int32_t score_kind;      /* (CAMX_SCORE_LOGIT) */
    float score;             /* (0) */
    uint64_t done;           /* (1) */
    uint64_t total;          /* (1) */
    /* What the values cannot tell (HEAT: nothing): CAMX_FINDING_PARTIAL, _ZERO_GRADIENT,
     * _DISCONNECTED, or _NOT_FINITE when the network gave such scores. */
    int32_t hint;
    bool gaps; /* (false) NaN means "nothing known here" and is no fault: occlusion */
    /* Filled in by camx__map_finish. */
    float minimum; /* of the finite values; 0 if there are none */
    float maximum;
    int32_t peak_x; /* the first place of the maximum, row by row; -1 if nothing is finite */
    int32_t peak_y;
    int32_t finding;
} camx__map_record;

struct camx_map {
    camx__memory memory;
    int32_t method;
    uint32_t images;
    int32_t width;
    int32_t height;
    float *values; /* images x height x width */
    size_t value_space;
    camx__map_record *records;
    size_t record_space;
    char *layer;
    size_t layer_space;
};

camx_status camx__map_create(const camx_allocator *allocator, camx_map **map, camx_error *error);
void camx__map_release(camx_map *map); /* NULL is fine */

/* Makes room, reusing what there is; values are NaN at first. `layer` is copied. On failure the map
 * keeps what it held. */
camx_status camx__map_reset(camx_map *map, int32_t method, const char *layer, uint32_t images,
                            int32_t width, int32_t height, camx_error *error);

/* Holds no image any more. */
void camx__map_clear(camx_map *map);

/* height x width values of an image, to be filled. */
float *camx__map_raw(camx_map *map, uint32_t image);
camx__map_record *camx__map_record_at(camx_map *map, uint32_t image);

/* Works out minimum, maximum, peak and finding from the raw values and the hint. In this order: not
 * finite, partial, disconnected or zero gradient (hints), flat, all negative, heat. */
void camx__map_finish(camx_map *map, uint32_t image);

/* Whether the map has such an image. */
camx_status camx__map_check_image(const camx_map *map, uint32_t image, camx_error *error);

/* Behind the public functions of the same names. */
camx_status camx__map_get_info(const camx_map *map, uint32_t image, camx_map_info *info,
                               camx_error *error);
const float *camx__map_values(const camx_map *map, uint32_t image);
const char *camx__map_finding_text(int32_t finding);
camx_status camx__map_scale(const camx_map *map, uint32_t image, int32_t scaling, float *values,
                            size_t count, camx_error *error);
void camx__map_render_defaults(camx_render_options *options);
camx_status camx__map_render(const camx_map *map, uint32_t image,
                             const camx_render_options *options, float *values, int32_t width,
                             int32_t height, camx_error *error);

#endif
