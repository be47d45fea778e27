/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution of channels-last maps, forward and its gradient with respect to the input. Which
 * algorithm serves (1x1 as GEMM, panels of im2col + GEMM, depthwise, grouped, Winograd) depends on
 * the shape and the settings only, never on timing or the number of threads.
 */
#ifndef CAMX_KERNELS_CONV_H
#define CAMX_KERNELS_CONV_H

#include "kernels/gemm.h"

typedef struct camx__conv_shape {
    int64_t batch;
    int64_t in_h, in_w, in_c;
    int64_t out_h, out_w, out_c;
    int64_t groups; /* divides in_c and out_c */
    int64_t kernel_h, kernel_w;
    int64_t stride_h, stride_w;
    int64_t dilation_h, dilation_w;
    int64_t pad_top, pad_left; /* what is missing below and right is zero as well */
} camx__conv_shape;

typedef struct camx__conv_settings {
    const camx__gemm *gemm;
    bool exact; /* no Winograd */
} camx__conv_settings;

/* The chosen way for one shape. Plain data: may be copied. */
typedef struct camx__conv_plan {
    camx__conv_shape shape;
    camx__conv_settings settings;
    bool gradient;        /* of the input, instead of forward */
    int algorithm;        /* camx__conv_algorithm_name tells */
    size_t packed_bytes;  /* of the packed weights */
    size_t scratch_bytes; /* working memory for a pool of `width` workers, see camx__conv_choose */
} camx__conv_plan;

void camx__conv_choose(const camx__conv_shape *shape, const camx__conv_settings *settings,
                       bool gradient, int workers, camx__conv_plan *plan);
const char *camx__conv_algorithm_name(int algorithm);

/* Weights packed by plans whose keys are equal are the same bytes: sessions of different input
 * sizes share them. */
uint64_t camx__conv_pack_key(const camx__conv_plan *plan);

/* read gives the ONNX weights [out_c, in_c / groups, kernel_h, kernel_w]; scale: one factor per
 * output channel (folded batch norm), or NULL. */
camx_status camx__conv_pack(const camx__conv_plan *plan, camx__memory *memory, camx__read_fn *read,
                            void *context, const real *scale, void *packed, camx_error *error);

/* y[N, out_h, out_w, out_c] = epilogue(conv(x[N, in_h, in_w, in_c])). Pitches: elements from one
 * pixel to the next. scratch: plan->scratch_bytes, aligned to 64. */
void camx__conv_forward(const camx__conv_plan *plan, camx__pool *pool, const real *x,
                        int64_t x_pitch, const void *packed, real *y, int64_t y_pitch,
                        const camx__epilogue *epilogue, void *scratch);

/* The same where every input channel of an image is multiplied with a factor first, and the plan is one that
 * camx__conv_scales says yes to: not the map but a copy of the weights is multiplied. factors: [N, in_c]. scratch:
 * plan->packed_bytes, aligned to 64. */
bool camx__conv_scales(const camx__conv_plan *plan);
void camx__conv_forward_scaled(const camx__conv_plan *plan, camx__pool *pool, const real *x, int64_t x_pitch,
                               const real *factors, const void *packed, real *y, int64_t y_pitch,
                               const camx__epilogue *epilogue, void *scratch);

/* gx = the gradient of the input, given gy, that of the output, with weights packed for a gradient
 * plan. accumulate: added to gx instead. */
void camx__conv_input_gradient(const camx__conv_plan *plan, camx__pool *pool, const real *gy,
                               int64_t gy_pitch, const void *packed, real *gx, int64_t gx_pitch,
                               bool accumulate, void *scratch);

#endif
