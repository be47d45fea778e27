/* SPDX-License-Identifier: Apache-2.0 */
/* Where occlusion patches lie and what they show. */
#ifndef CAMX_EXPLAIN_OCCLUSION_H
#define CAMX_EXPLAIN_OCCLUSION_H

#include "explain/session.h"

/* Pixels from .. to-1. */
typedef struct camx__span {
    int64_t from;
    int64_t to;
} camx__span;

/* The positions of the patch along one axis. */
typedef struct camx__axis_grid {
    int64_t size;  /* pixels */
    int64_t patch;
    int64_t stride;
    int64_t count; /* positions */
    int64_t shift; /* CAMX_EDGE_CENTRED: how far the grid is moved back */
    int32_t edge;  /* camx_edge */
} camx__axis_grid;

/* Checks what does not depend on the input. */
camx_status camx__occlusion_check(const camx_occlusion_options *options, camx_error *error);

/* Checks the options against the size of the input and works out both axes. */
camx_status camx__occlusion_grid(const camx_occlusion_options *options, int64_t width, int64_t height,
                                 camx__axis_grid *columns, camx__axis_grid *rows, camx_error *error);

/* What the patch at a position covers. */
camx__span camx__grid_span(const camx__axis_grid *grid, int64_t position);

/* What patches show, as a whole run's images: a colour, a blurred copy of `images`, or a value. */
camx_status camx__occlusion_fill(const camx_session *session, const camx_occlusion_options *options,
                                 const float *images, float *fill, camx_error *error);

#endif
