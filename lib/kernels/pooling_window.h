/* SPDX-License-Identifier: Apache-2.0 */
/* Where the window of one output pixel of a pooling layer lies. */
#ifndef CAMX_KERNELS_POOLING_WINDOW_H
#define CAMX_KERNELS_POOLING_WINDOW_H

#include "kernels/pooling.h"

typedef struct camx__window {
    int64_t y, x;          /* the first pixel of the map under the window */
    int64_t rows, columns; /* taps inside the map; 0: the window misses the map */
    int64_t count;         /* what an average divides by */
} camx__window;

camx__window camx__pooling_window(const camx__pool_shape *shape, int64_t oy, int64_t ox);

#endif
