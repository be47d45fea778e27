/* SPDX-License-Identifier: Apache-2.0 */
/* Max and average pooling of channels-last maps, forward and gradient. */
#ifndef CAMX_KERNELS_POOLING_H
#define CAMX_KERNELS_POOLING_H

#include "base/pool.h"
#include "tensor/tensor.h"

typedef struct camx__pool_shape {
    int64_t batch;
    int64_t in_h, in_w, channels;
    int64_t out_h, out_w;
    int64_t kernel_h, kernel_w;
    int64_t stride_h, stride_w;
    int64_t dilation_h, dilation_w;
    int64_t pad_top, pad_left, pad_bottom,
        pad_right;          /* padding counted by count_include_pad, as ONNX has it */
    bool count_include_pad; /* average only */
} camx__pool_shape;

/* Pitches: elements from one pixel to the next. Windows are clipped to the map; max of NaN is NaN.
 */
void camx__maxpool_forward(const camx__pool_shape *shape, camx__pool *pool, const real *x,
                           int64_t x_pitch, real *y, int64_t y_pitch);

/* The gradient goes to the first largest element of each window, found again from x. */
void camx__maxpool_gradient(const camx__pool_shape *shape, camx__pool *pool, const real *x,
                            int64_t x_pitch, const real *gy, int64_t gy_pitch, real *gx,
                            int64_t gx_pitch, bool accumulate);

void camx__avgpool_forward(const camx__pool_shape *shape, camx__pool *pool, const real *x,
                           int64_t x_pitch, real *y, int64_t y_pitch);
void camx__avgpool_gradient(const camx__pool_shape *shape, camx__pool *pool, const real *gy,
                            int64_t gy_pitch, real *gx, int64_t gx_pitch, bool accumulate);

/* y[N, C] = the mean over the H x W positions of x; summed in double. */
void camx__global_average_forward(int64_t batch, int64_t positions, int64_t channels,
                                  camx__pool *pool, const real *x, int64_t x_pitch, real *y);

#endif
