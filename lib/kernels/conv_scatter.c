/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gradient of a picture: few destination channels, which would leave most columns of a product empty. Instead the
 * source's channels are multiplied by all taps of the kernel at once, a full product [pixels, channels x taps], and
 * each destination row then adds up what belongs to it, in a fixed order.
 */
#include <string.h>

#include "kernels/conv_map.h"

enum {
    FEW_CHANNELS = 4,
    MOST_BYTES = 64 * 1024 * 1024 /* of the product */
};

/* Numbers that one source pixel gives: the destination's channels, in each all taps, as ONNX stores the weights. */
static int64_t spread(const camx__conv_shape *s)
{
    return s->in_c * s->kernel_h * s->kernel_w;
}

static size_t product_bytes(const camx__conv_shape *s)
{
    return (size_t)(s->batch * s->out_h * s->out_w * spread(s)) * sizeof(real);
}

bool camx__conv_scatter_serves(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    return plan->gradient && s->groups == 1 && s->in_c <= FEW_CHANNELS && s->kernel_h * s->kernel_w > 1 &&
           s->batch * s->out_h * s->out_w > 0 && product_bytes(s) <= MOST_BYTES;
}

void camx__conv_scatter_measure(camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    plan->packed_bytes = camx__gemm_packed_bytes(plan->settings.gemm, spread(s), s->out_c);
    plan->scratch_bytes = product_bytes(s);
}

void camx__conv_scatter_pack(const camx__conv_plan *plan, const real *rows, int64_t first, int64_t count, void *packed)
{
    int64_t n = spread(&plan->shape);
    camx__gemm_piece piece = {.n_count = n,
                              .k_first = first,
                              .k_count = count,
                              .source = rows,
                              .stride_k = n,
                              .stride_n = 1};
    plan->settings.gemm->pack(packed, n, plan->shape.out_c, &piece);
}

/* Adds one row of source pixels to a destination row through kernel row `ky`. */
static void add_row(const camx__conv_shape *s, const real *product, int64_t ky, real *row, int64_t pitch)
{
    int64_t taps = s->kernel_h * s->kernel_w;
    for (int64_t x = 0; x < s->out_w; x++, product += spread(s))
        for (int64_t kx = 0; kx < s->kernel_w; kx++) {
            int64_t to = x * s->stride_w + kx * s->dilation_w - s->pad_left;
            if (to < 0 || to >= s->in_w)
                continue;
            for (int64_t c = 0; c < s->in_c; c++)
                row[to * pitch + c] += product[c * taps + ky * s->kernel_w + kx];
        }
}

static void gather_row(void *context, size_t task, int worker)
{
    const camx__conv_call *call = context;
    const camx__conv_shape *s = &call->plan->shape;
    int64_t image = (int64_t)task / s->in_h;
    int64_t y = (int64_t)task % s->in_h;
    real *row = call->dst + (int64_t)task * s->in_w * call->dst_pitch;
    const real *products = call->scratch;
    (void)worker;
    for (int64_t x = 0; !call->accumulate && x < s->in_w; x++)
        memset(row + x * call->dst_pitch, 0, (size_t)s->in_c * sizeof(real));
    for (int64_t ky = 0; ky < s->kernel_h; ky++) {
        int64_t from = y + s->pad_top - ky * s->dilation_h;
        if (from < 0 || from % s->stride_h != 0 || from / s->stride_h >= s->out_h)
            continue;
        int64_t pixel = (image * s->out_h + from / s->stride_h) * s->out_w;
        add_row(s, products + pixel * spread(s), ky, row, call->dst_pitch);
    }
}

void camx__conv_scatter_run(const camx__conv_call *call)
{
    const camx__conv_shape *s = &call->plan->shape;
    camx__gemm_run(call->plan->settings.gemm, call->pool, s->batch * s->out_h * s->out_w, spread(s), s->out_c,
                   call->src, call->src_pitch, call->packed, call->scratch, spread(s), NULL, false);
    camx__pool_run(call->pool, (size_t)(s->batch * s->in_h), gather_row, (void *)call);
}
