/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sliding window of convolution and pooling: kernel_shape, strides, pads, dilations, auto_pad
 * and ceil_mode, read and checked in one place. One spatial axis is treated as a map of height 1.
 */
#ifndef CAMX_OPS_WINDOW_H
#define CAMX_OPS_WINDOW_H

#include "ops/op.h"

typedef struct camx__window {
    /* [0] is vertical, [1] horizontal. */
    int64_t in[2];
    int64_t out[2];
    int64_t kernel[2];
    int64_t stride[2];
    int64_t dilation[2];
    int64_t pad_begin[2]; /* above, left */
    int64_t pad_end[2];   /* below, right */
} camx__window;

/* Reads the window of a node whose input 0 has shape `x` (rank 3 or 4, otherwise refused).
 * kernel: the sizes that the weights of a convolution have; NULL for a pool, which says them in
 * kernel_shape and may have ceil_mode. */
camx_status camx__window_bind(const camx__op_bind *bind, const camx__shape *x,
                              const int64_t *kernel, camx__window *window);

/* [N, channels, out...] with the rank of x. */
camx__shape camx__window_output(const camx__window *window, const camx__shape *x, int64_t channels);

#endif
