/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two transforms of Winograd's convolution around the products; compiled once per instruction
 * set. Both are done on vectors of channels, first down the columns of a tile, then along its rows.
 * conv_winograd.c has the mathematics and the weights.
 */
#include "kernels/vector_list.h"

#define ROOT_2 ((real)1.41421356237309504880)
#define HALF_ROOT_2 ((real)0.70710678118654752440)

/* Source tile side and result tile side of F(2x2, 3x3) and F(4x4, 3x3). */
#define SIDE(result) ((result) + 2)
enum { MOST = 6 };

/* B^T d for points 0, 1, -1, infinity. */
VEC_INLINE void input_2(const vec d[MOST], vec t[MOST])
{
    t[0] = d[2] - d[0];
    t[1] = d[2] + d[1];
    t[2] = d[2] - d[1];
    t[3] = d[3] - d[1];
}

/* B^T d for points 0, +-1/sqrt(2), +-sqrt(2), infinity. */
VEC_INLINE void input_4(const vec d[MOST], vec t[MOST])
{
    vec even_a = d[4] - 2 * d[2];
    vec odd_a = HALF_ROOT_2 * (d[3] - 2 * d[1]);
    vec even_b = d[4] - (real)0.5 * d[2];
    vec odd_b = ROOT_2 * (d[3] - (real)0.5 * d[1]);
    t[0] = d[0] - (real)2.5 * d[2] + d[4];
    t[1] = even_a + odd_a;
    t[2] = even_a - odd_a;
    t[3] = even_b + odd_b;
    t[4] = even_b - odd_b;
    t[5] = d[1] - (real)2.5 * d[3] + d[5];
}

/* A^T m */
VEC_INLINE void output_2(const vec m[MOST], vec y[4])
{
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
}

VEC_INLINE void output_4(const vec m[MOST], vec y[4])
{
    vec sum_a = m[1] + m[2];
    vec difference_a = m[1] - m[2];
    vec sum_b = m[3] + m[4];
    vec difference_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = HALF_ROOT_2 * difference_a + ROOT_2 * difference_b;
    y[2] = (real)0.5 * sum_a + 2 * sum_b;
    y[3] = (real)0.5 * HALF_ROOT_2 * difference_a + 2 * ROOT_2 * difference_b + m[5];
}

VEC_INLINE void input_1d(int result, const vec d[MOST], vec t[MOST])
{
    if (result == 2)
        input_2(d, t);
    else
        input_4(d, t);
}

VEC_INLINE void output_1d(int result, const vec m[MOST], vec y[4])
{
    if (result == 2)
        output_2(m, y);
    else
        output_4(m, y);
}

/* Channels come in vectors; the last one is moved back to end with the last channel, and repeats
 * some lanes. */
static inline int64_t channel_of(int64_t vector, int64_t channels)
{
    int64_t channel = vector * LANES;
    return channel + LANES <= channels ? channel : channels - LANES;
}

static inline bool is_inside(const camx__winograd_tile *t, int64_t y, int64_t x)
{
    return y >= 0 && y < t->height && x >= 0 && x < t->width;
}

VEC_INLINE void transform_input(const camx__winograd_tile *t, int result, bool whole,
                                int64_t channel)
{
    vec half[MOST][MOST];
#pragma GCC unroll 6
    for (int j = 0; j < SIDE(result); j++) {
        vec d[MOST];
        vec out[MOST];
#pragma GCC unroll 6
        for (int i = 0; i < SIDE(result); i++) {
            d[i] = (vec){0};
            if (whole || is_inside(t, t->y + i, t->x + j))
                d[i] = vec_load(t->map + ((t->y + i) * t->width + t->x + j) * t->pitch + channel);
        }
        input_1d(result, d, out);
#pragma GCC unroll 6
        for (int i = 0; i < SIDE(result); i++)
            half[i][j] = out[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < SIDE(result); i++) {
        vec out[MOST];
        input_1d(result, half[i], out);
#pragma GCC unroll 6
        for (int j = 0; j < SIDE(result); j++)
            vec_store(t->spectrum + (i * SIDE(result) + j) * t->spectrum_step + channel, out[j]);
    }
}

VEC_INLINE void input_tile(const camx__winograd_tile *t, int result)
{
    int64_t vectors = (t->channels + LANES - 1) / LANES;
    bool whole = t->y >= 0 && t->x >= 0 && t->y + SIDE(result) <= t->height &&
                 t->x + SIDE(result) <= t->width;
    if (whole)
        for (int64_t v = 0; v < vectors; v++)
            transform_input(t, result, true, channel_of(v, t->channels));
    else
        for (int64_t v = 0; v < vectors; v++)
            transform_input(t, result, false, channel_of(v, t->channels));
}

/* Lanes before `skip` belong to the vector before, and are done. */
static inline void finish(const camx__winograd_tile *t, int64_t y, int64_t x, int64_t channel,
                          int64_t skip, vec sum)
{
    const camx__epilogue *e = t->epilogue;
    int64_t pixel = y * t->width + x;
    real *out = t->map_out + pixel * t->pitch + channel;
    if (e) {
        if (e->bias)
            sum += vec_load(e->bias + channel);
        if (e->residual)
            sum += vec_load(e->residual + pixel * e->residual_pitch + channel);
        sum = vec_activate(e->activation, vec_all(e->low), vec_all(e->high), sum);
    }
    if (t->accumulate)
        sum += vec_load(out);
    if (skip == 0) {
        vec_store(out, sum);
    } else {
        real all[LANES];
        vec_store(all, sum);
        memcpy(out + skip, all + skip, (size_t)(LANES - skip) * sizeof(real));
    }
}

VEC_INLINE void transform_output(const camx__winograd_tile *t, int result, int64_t channel,
                                 int64_t skip)
{
    vec half[4][MOST];
#pragma GCC unroll 6
    for (int j = 0; j < SIDE(result); j++) {
        vec m[MOST];
        vec out[4];
#pragma GCC unroll 6
        for (int i = 0; i < SIDE(result); i++)
            m[i] = vec_load(t->spectrum + (i * SIDE(result) + j) * t->spectrum_step + channel);
        output_1d(result, m, out);
#pragma GCC unroll 4
        for (int i = 0; i < result; i++)
            half[i][j] = out[i];
    }
    for (int i = 0; i < result; i++) {
        vec out[4];
        output_1d(result, half[i], out);
        for (int j = 0; j < result; j++)
            if (is_inside(t, t->y + i, t->x + j))
                finish(t, t->y + i, t->x + j, channel, skip, out[j]);
    }
}

VEC_INLINE void output_tile(const camx__winograd_tile *t, int result)
{
    int64_t vectors = (t->channels + LANES - 1) / LANES;
    for (int64_t v = 0; v < vectors; v++) {
        int64_t channel = channel_of(v, t->channels);
        transform_output(t, result, channel, v * LANES - channel);
    }
}

void CAMX__ISA(camx__winograd_input)(const camx__winograd_tile *t, int result)
{
    if (result == 2)
        input_tile(t, 2);
    else
        input_tile(t, 4);
}

void CAMX__ISA(camx__winograd_output)(const camx__winograd_tile *t, int result)
{
    if (result == 2)
        output_tile(t, 2);
    else
        output_tile(t, 4);
}
