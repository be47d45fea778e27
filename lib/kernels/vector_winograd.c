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

/* With 32 registers all of it unrolled is faster by a tenth; with 16 the vectors between the two halves are in memory
 * anyway, and loops take a fifth of the code. */
#if CAMX_VECTOR_BYTES == 64
#define UNROLL_LINES _Pragma("GCC unroll 6")
#else
#define UNROLL_LINES _Pragma("GCC unroll 1")
#endif

/* A tile of all `channels`, from the first pixel's first channel on. */
VEC_INLINE void transform_input(int result, const real *tile, int64_t row_step, int64_t pixel_step, real *spectrum,
                                int64_t spectrum_step, int64_t channels)
{
    for (int64_t v = 0; v * LANES < channels; v++) {
        const real *from = tile + channel_of(v, channels);
        real *to = spectrum + channel_of(v, channels);
        vec half[MOST][MOST];
        UNROLL_LINES
        for (int j = 0; j < SIDE(result); j++) {
            vec d[MOST];
            vec out[MOST];
#pragma GCC unroll 6
            for (int i = 0; i < SIDE(result); i++)
                d[i] = vec_load(from + i * row_step + j * pixel_step);
            input_1d(result, d, out);
#pragma GCC unroll 6
            for (int i = 0; i < SIDE(result); i++)
                half[i][j] = out[i];
        }
        UNROLL_LINES
        for (int i = 0; i < SIDE(result); i++) {
            vec out[MOST];
            input_1d(result, half[i], out);
#pragma GCC unroll 6
            for (int j = 0; j < SIDE(result); j++)
                vec_store(to + (i * SIDE(result) + j) * spectrum_step, out[j]);
        }
    }
}

VEC_ONCE void input_of(int result, const real *tile, int64_t row_step, int64_t pixel_step, real *spectrum,
                       int64_t spectrum_step, int64_t channels)
{
    if (result == 2)
        transform_input(2, tile, row_step, pixel_step, spectrum, spectrum_step, channels);
    else
        transform_input(4, tile, row_step, pixel_step, spectrum, spectrum_step, channels);
}

/* The rows (or columns) first .. end - 1 of a tile at `at` lie inside the image. */
typedef struct range {
    int64_t first, end;
} range;

static inline range inside_of(int64_t at, int64_t size, int side)
{
    range inside = {at < 0 ? -at : 0, size - at < side ? size - at : side};
    return inside;
}

/* A tile over the border: each vector of it goes through a copy with zeros around. */
static void input_border(const camx__winograd_tile *t, int result, range rows, range columns, const real *from)
{
    real padded[MOST * MOST * LANES];
    int side = SIDE(result);
    memset(padded, 0, sizeof padded);
    for (int64_t v = 0; v * LANES < t->channels; v++) {
        int64_t channel = channel_of(v, t->channels);
        for (int64_t i = rows.first; i < rows.end; i++)
            for (int64_t j = columns.first; j < columns.end; j++)
                vec_store(padded + (i * side + j) * LANES,
                          vec_load(from + (i * t->width + j) * t->pitch + channel));
        input_of(result, padded, side * LANES, LANES, t->spectrum + channel, t->spectrum_step, LANES);
    }
}

void CAMX__ISA(camx__winograd_input)(const camx__winograd_tile *t, int result)
{
    int side = SIDE(result);
    range rows = inside_of(t->y, t->height, side);
    range columns = inside_of(t->x, t->width, side);
    const real *from = t->map + (t->y * t->width + t->x) * t->pitch;
    if (rows.end - rows.first == side && columns.end - columns.first == side)
        input_of(result, from, t->width * t->pitch, t->pitch, t->spectrum, t->spectrum_step, t->channels);
    else
        input_border(t, result, rows, columns, from);
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
    if (skip == 0)
        vec_store(out, sum);
    else
        vec_store_between(out, sum, skip, LANES);
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

void CAMX__ISA(camx__winograd_output)(const camx__winograd_tile *t, int result)
{
    if (result == 2)
        output_tile(t, 2);
    else
        output_tile(t, 4);
}
