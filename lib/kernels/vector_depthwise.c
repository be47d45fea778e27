/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution of neighbouring pixels; compiled once per instruction set. A block of one
 * vector of channels slides along x. For 3x3 and 5x5 at steps 1 and 2, four pixels are summed at a
 * time, so that a loaded column serves all of them. Each sum runs over the taps in the same order
 * on every path.
 */
#include "kernels/vector_lanes.h"
#include "kernels/vector_list.h"

enum { TOGETHER = 4 };

/* Any taps; `together` pixels (a constant) at a time. Returns the first pixel not done. */
VEC_INLINE int64_t any_span(const camx__depthwise_span *s, const lanes *at, int64_t pixel,
                            int together)
{
    for (; pixel + together <= s->pixels; pixel += together) {
        const real *src = s->src + pixel * s->src_pixel_step + at->channel;
        vec sum[TOGETHER] = {{0}, {0}, {0}, {0}};
        for (int64_t ty = 0; ty < s->taps_y; ty++)
            for (int64_t tx = 0; tx < s->taps_x; tx++) {
                const real *from = src + ty * s->src_tap_y_step + tx * s->src_tap_x_step;
                vec weight = lanes_load(
                    s->weights + ty * s->weight_y_step + tx * s->weight_x_step + at->channel, at);
#pragma GCC unroll 4
                for (int i = 0; i < together; i++)
                    sum[i] += weight * lanes_load(from + i * s->src_pixel_step, at);
            }
#pragma GCC unroll 4
        for (int i = 0; i < together; i++)
            lanes_finish(&s->target, at, pixel + i, sum[i]);
    }
    return pixel;
}

/* A square kernel of constant size at constant step, TOGETHER pixels at a time; returns the pixels
 * done. */
VEC_INLINE int64_t fixed_span(const camx__depthwise_span *s, const lanes *at, int kernel, int step)
{
    vec weight[25];
    int64_t pixel = 0;
#pragma GCC unroll 5
    for (int ty = 0; ty < kernel; ty++)
#pragma GCC unroll 5
        for (int tx = 0; tx < kernel; tx++)
            weight[ty * kernel + tx] =
                vec_load(s->weights + ty * s->weight_y_step + tx * s->weight_x_step + at->channel);
    for (; pixel + TOGETHER <= s->pixels; pixel += TOGETHER) {
        const real *src = s->src + pixel * s->src_pixel_step + at->channel;
        vec sum[TOGETHER] = {{0}, {0}, {0}, {0}};
#pragma GCC unroll 5
        for (int ty = 0; ty < kernel; ty++) {
            const real *row = src + ty * s->src_tap_y_step;
#pragma GCC unroll 16
            for (int column = 0; column < (TOGETHER - 1) * step + kernel; column++) {
                vec x = vec_load(row + column * s->src_tap_x_step);
#pragma GCC unroll 4
                for (int i = 0; i < TOGETHER; i++)
                    if (column - i * step >= 0 && column - i * step < kernel)
                        sum[i] += weight[ty * kernel + column - i * step] * x;
            }
        }
#pragma GCC unroll 4
        for (int i = 0; i < TOGETHER; i++)
            lanes_finish(&s->target, at, pixel + i, sum[i]);
    }
    return pixel;
}

static int64_t span_3x3(const camx__depthwise_span *s, const lanes *at)
{
    return fixed_span(s, at, 3, 1);
}

static int64_t span_3x3_step_2(const camx__depthwise_span *s, const lanes *at)
{
    return fixed_span(s, at, 3, 2);
}

static int64_t span_5x5(const camx__depthwise_span *s, const lanes *at)
{
    return fixed_span(s, at, 5, 1);
}

static int64_t span_5x5_step_2(const camx__depthwise_span *s, const lanes *at)
{
    return fixed_span(s, at, 5, 2);
}

typedef int64_t span_fn(const camx__depthwise_span *s, const lanes *at);

static span_fn *choose_span(const camx__depthwise_span *s)
{
    bool step_1 = s->src_pixel_step == s->src_tap_x_step;
    bool step_2 = s->src_pixel_step == 2 * s->src_tap_x_step;
    if (s->taps_y != s->taps_x || s->pixels < TOGETHER)
        return NULL;
    if (s->taps_x == 3 && step_1)
        return span_3x3;
    if (s->taps_x == 3 && step_2)
        return span_3x3_step_2;
    if (s->taps_x == 5 && step_1)
        return span_5x5;
    if (s->taps_x == 5 && step_2)
        return span_5x5_step_2;
    return NULL;
}

void CAMX__ISA(camx__vector_depthwise)(const camx__depthwise_span *s)
{
    span_fn *fast = choose_span(s);
    for (int64_t channel = 0; channel < s->channels; channel += LANES) {
        lanes at = lanes_at(channel, s->channels);
        int64_t done = 0;
        if (fast && at.count == LANES)
            done = fast(s, &at);
        if (at.count == LANES)
            done = any_span(s, &at, done, TOGETHER);
        any_span(s, &at, done, 1);
    }
}
