/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A convolution and the gradient of its input are the same loop: every pixel of a destination map
 * is a sum over taps of pixels of a source map. Forward, the source is x and the destination y.
 * Backward, the source is gy and the destination gx, the kernel is turned round, and with a stride
 * s the destination falls apart into s x s phases (rows y0, y0 + s, ...), each of which sees its
 * own subset of the taps at step 1. So both directions are a list of phases; forward has one.
 * Nothing is scattered, so nothing needs atomics or an order.
 */
#ifndef CAMX_KERNELS_CONV_MAP_H
#define CAMX_KERNELS_CONV_MAP_H

#include "kernels/conv.h"
#include "kernels/gemm_backend.h"
#include "kernels/vectors.h"

enum {
    CAMX__CONV_NOTHING = 0,    /* an empty result */
    CAMX__CONV_POINTWISE = 1,  /* 1x1, stride 1: one product, in place */
    CAMX__CONV_PANELS = 2,     /* im2col of a few pixels at a time, then a product */
    CAMX__CONV_DEPTHWISE = 3,  /* a group per channel: channel vectors */
    CAMX__CONV_WINOGRAD_2 = 4, /* 3x3 stride 1, tiles of 2x2 results */
    CAMX__CONV_WINOGRAD_4 = 5, /* tiles of 4x4 results */
    CAMX__CONV_WINDOWS = 6,    /* few source channels: products over windows of a padded copy */
    CAMX__CONV_SCATTER = 7,    /* few destination channels: products of all taps, added up */
    CAMX__CONV_GROUPED = 8     /* groups no wider than a vector: vectors of whole groups */
};

/* One axis of one phase. Destination position: out_first + i * out_step for i < out_count. Its tap
 * t < taps reads source position i * in_step + in_first + t * tap_step, and kernel element
 * kernel_first + t * kernel_step. */
typedef struct camx__conv_axis {
    int64_t out_first, out_step, out_count;
    int64_t in_step, in_first, tap_step;
    int64_t kernel_first, kernel_step, taps;
} camx__conv_axis;

/* The direction-free view of a plan. */
typedef struct camx__conv_map {
    bool gradient;
    int64_t batch, groups;
    int64_t src_h, src_w, src_c, dst_h, dst_w, dst_c;
    int64_t group_src, group_dst; /* channels of a group; a last merged one may have fewer */
    int64_t merged;               /* ONNX groups in one of ours */
    int64_t kernel_h, kernel_w;
    int64_t phases_h, phases_w;
} camx__conv_map;

typedef struct camx__conv_phase {
    camx__conv_axis y, x;
    int64_t pixels;     /* of the destination, all images */
    int64_t k;          /* taps x source channels of a group */
    size_t group_bytes; /* of one group's packed weights, a multiple of the alignment */
} camx__conv_phase;

camx__conv_map camx__conv_map_of(const camx__conv_plan *plan);
camx__conv_phase camx__conv_phase_of(const camx__conv_plan *plan, const camx__conv_map *map,
                                     int64_t phase);

/* One call of camx__conv_forward or camx__conv_input_gradient. */
typedef struct camx__conv_call {
    const camx__conv_plan *plan;
    camx__conv_map map;
    camx__pool *pool;
    const real *src;
    int64_t src_pitch;
    const void *packed;
    real *dst;
    int64_t dst_pitch;
    const camx__epilogue *epilogue; /* NULL: none */
    bool accumulate;
    void *scratch;
} camx__conv_call;

/* The algorithms: how much memory, packing of rows of weights, and the run. `rows` holds output
 * channels first .. first + count - 1 of the ONNX weights, already scaled. */
void camx__conv_panels_measure(camx__conv_plan *plan, int workers);
void camx__conv_panels_pack(const camx__conv_plan *plan, const real *rows, int64_t first,
                            int64_t count, void *packed);
void camx__conv_panels_run(const camx__conv_call *call);

/* CAMX__CONV_DEPTHWISE or _GROUPED where they serve, else CAMX__CONV_NOTHING. */
int camx__conv_channels_choose(const camx__conv_plan *plan);
void camx__conv_channels_measure(camx__conv_plan *plan);
void camx__conv_channels_pack(const camx__conv_plan *plan, const real *rows, int64_t first,
                              int64_t count, void *packed);
void camx__conv_channels_run(const camx__conv_call *call);

/* For callers that run forward rows of one of these themselves: all but the addresses and the number of rows; and the
 * run, on the calling thread. */
camx__channel_rows camx__conv_channel_rows(const camx__conv_plan *plan, const void *packed);
void camx__conv_run_channel_rows(const camx__conv_plan *plan, const camx__channel_rows *rows);

/* Working memory for the next, and the input gradient of a 1x1 convolution if few channels of gy are not zero; false:
 * nothing was done. */
size_t camx__conv_sparse_scratch(const camx__conv_plan *plan);
bool camx__conv_sparse_run(const camx__conv_call *call);

/* True where windows serve; their weights are packed as panels pack them. */
bool camx__conv_windows_serve(const camx__conv_plan *plan);
void camx__conv_windows_measure(camx__conv_plan *plan);
void camx__conv_windows_run(const camx__conv_call *call);

/* True where the gradient of a picture is asked for. */
bool camx__conv_scatter_serves(const camx__conv_plan *plan);
void camx__conv_scatter_measure(camx__conv_plan *plan);
void camx__conv_scatter_pack(const camx__conv_plan *plan, const real *rows, int64_t first,
                             int64_t count, void *packed);
void camx__conv_scatter_run(const camx__conv_call *call);

/* CAMX__CONV_WINOGRAD_2 or _4 where it serves, else CAMX__CONV_PANELS. */
int camx__conv_winograd_choose(const camx__conv_plan *plan);
void camx__conv_winograd_measure(camx__conv_plan *plan, int workers);
void camx__conv_winograd_pack(const camx__conv_plan *plan, const real *rows, int64_t first,
                              int64_t count, void *packed);
void camx__conv_winograd_run(const camx__conv_call *call);

static inline size_t camx__round_up_bytes(size_t bytes)
{
    return (bytes + CAMX__ALIGNMENT - 1) / CAMX__ALIGNMENT * CAMX__ALIGNMENT;
}

static inline int64_t camx__ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static inline int64_t camx__smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
