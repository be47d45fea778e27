/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution, one kernel per channel, and its input gradient: loops over channel vectors. */
#include <string.h>

#include "kernels/activation.h"
#include "kernels/conv_map.h"

void camx__conv_depthwise_measure(camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    plan->packed_bytes = (size_t)(s->kernel_h * s->kernel_w * s->in_c) * sizeof(real);
}

/* [C, kernel] becomes [kernel, C]. */
void camx__conv_depthwise_pack(const camx__conv_plan *plan, const real *rows, int64_t first, int64_t count,
                               void *packed)
{
    const camx__conv_shape *s = &plan->shape;
    int64_t elements = s->kernel_h * s->kernel_w;
    real *out = packed;
    for (int64_t t = 0; t < elements; t++)
        for (int64_t i = 0; i < count; i++)
            out[t * s->in_c + first + i] = rows[i * elements + t];
}

enum { BLOCK = 64 };

static void sum_taps(const camx__conv_call *call, const camx__conv_phase *phase, int64_t image, int64_t row,
                     int64_t column, int64_t channel, int64_t count, real sum[BLOCK])
{
    const camx__conv_map *map = &call->map;
    const real *weights = call->packed;
    for (int64_t ty = 0; ty < phase->y.taps; ty++) {
        int64_t y = row * phase->y.in_step + phase->y.in_first + ty * phase->y.tap_step;
        int64_t ky = phase->y.kernel_first + ty * phase->y.kernel_step;
        if (y < 0 || y >= map->src_h)
            continue;
        for (int64_t tx = 0; tx < phase->x.taps; tx++) {
            int64_t x = column * phase->x.in_step + phase->x.in_first + tx * phase->x.tap_step;
            int64_t kx = phase->x.kernel_first + tx * phase->x.kernel_step;
            if (x < 0 || x >= map->src_w)
                continue;
            const real *src =
                call->src + ((image * map->src_h + y) * map->src_w + x) * call->src_pitch + channel;
            const real *weight = weights + (ky * map->kernel_w + kx) * map->src_c + channel;
            for (int64_t c = 0; c < count; c++)
                sum[c] += src[c] * weight[c];
        }
    }
}

static void run_row(void *context, size_t task, int worker)
{
    const camx__conv_call *call = context;
    const camx__conv_map *map = &call->map;
    int64_t image = (int64_t)task / map->dst_h;
    int64_t dst_y = (int64_t)task % map->dst_h;
    (void)worker;
    for (int64_t dst_x = 0; dst_x < map->dst_w; dst_x++) {
        int64_t number = dst_y % map->phases_h * map->phases_w + dst_x % map->phases_w;
        camx__conv_phase phase = camx__conv_phase_of(call->plan, map, number);
        int64_t pixel = (int64_t)task * map->dst_w + dst_x;
        real *dst = call->dst + pixel * call->dst_pitch;
        for (int64_t c = 0; c < map->dst_c; c += BLOCK) {
            int64_t count = camx__smaller(BLOCK, map->dst_c - c);
            real sum[BLOCK] = {0};
            sum_taps(call, &phase, image, dst_y / map->phases_h, dst_x / map->phases_w, c, count, sum);
            if (call->epilogue)
                camx__epilogue_rows(call->epilogue, sum, 0, pixel, 1, c, count);
            for (int64_t j = 0; j < count; j++)
                dst[c + j] = call->accumulate ? dst[c + j] + sum[j] : sum[j];
        }
    }
}

void camx__conv_depthwise_run(const camx__conv_call *call)
{
    camx__conv_call copy = *call;
    camx__pool_run(call->pool, (size_t)(call->map.batch * call->map.dst_h), run_row, &copy);
}
