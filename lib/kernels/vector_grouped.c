/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grouped convolution of narrow groups, rows of pixels; compiled once per instruction set. A vector holds the
 * channels of one or several whole groups, of the source as of the destination. For source channel i of every group
 * at once, one instruction spreads that channel over its group's lanes, and the spread vector is multiplied by the
 * weights that lead from there to each lane. A few pixels are summed at a time; for 3x3 a spread column serves all
 * taps that see it. Columns outside the map are zeros.
 */
#include "kernels/vector_lanes.h"

#if CAMX_VECTOR_BYTES >= 32 && !defined(CAMX_REAL_DOUBLE)

enum { COLUMNS = 2 * (PIXELS - 1) + 3 };

/* Lane j of the result is lane index[j] of x. */
VEC_INLINE vec spread(vec x, ivec index)
{
#if CAMX_VECTOR_BYTES == 64
    return (vec)_mm512_permutexvar_ps((__m512i)index, (__m512)x);
#else
    return (vec)_mm256_permutevar8x32_ps((__m256)x, (__m256i)index);
#endif
}

/* For each lane, the first lane of its group. */
VEC_INLINE ivec group_starts(int64_t width)
{
    ivec index;
    for (int i = 0; i < LANES; i++)
        index[i] = (vec_integer)(i & -(int)width);
    return index;
}

/* Three taps side by side, at constant steps. */
VEC_INLINE void sum_three(const camx__channel_rows *r, const lanes *at, const line *l, int64_t pixel, int step,
                          vec *result)
{
    vec sum[PIXELS]; /* not *result, which the compiler would store each time */
    ivec starts = group_starts(r->width);
    int64_t first = r->column + pixel * step;
#pragma GCC unroll 8
    for (int p = 0; p < PIXELS; p++)
        sum[p] = (vec){0};
    for (int64_t ty = 0; ty < l->taps_y; ty++) {
        const real *row = source_row(r, at, l, ty);
        const real *w = l->weights + ty * r->weight_y_step;
        ivec index = starts;
        vec x[COLUMNS];
#pragma GCC unroll 16
        for (int c = 0; c < (PIXELS - 1) * step + 3; c++)
            x[c] = column_of(r, row, first + c);
        for (int64_t i = 0; i < r->width; i++, index += 1, w += LANES) {
            vec weight[3] = {vec_load(w), vec_load(w + r->weight_x_step), vec_load(w + 2 * r->weight_x_step)};
#pragma GCC unroll 16
            for (int c = 0; c < (PIXELS - 1) * step + 3; c++) {
                vec value = spread(x[c], index);
#pragma GCC unroll 8
                for (int p = 0; p < PIXELS; p++)
                    if (c - p * step >= 0 && c - p * step < 3)
                        sum[p] += weight[c - p * step] * value;
            }
        }
    }
#pragma GCC unroll 8
    for (int p = 0; p < PIXELS; p++)
        result[p] = sum[p];
}

static void sum_three_step_1(const camx__channel_rows *r, const lanes *at, const line *l, int64_t pixel, vec *result)
{
    sum_three(r, at, l, pixel, 1, result);
}

static void sum_three_step_2(const camx__channel_rows *r, const lanes *at, const line *l, int64_t pixel, vec *result)
{
    sum_three(r, at, l, pixel, 2, result);
}

/* Any taps. */
static void sum_any(const camx__channel_rows *r, const lanes *at, const line *l, int64_t pixel, vec *result)
{
    vec sum[PIXELS];
    ivec starts = group_starts(r->width);
    int64_t first = r->column + pixel * r->column_step;
#pragma GCC unroll 8
    for (int p = 0; p < PIXELS; p++)
        sum[p] = (vec){0};
    for (int64_t tap = 0; tap < l->taps_y * r->taps_x; tap++) {
        int64_t ty = tap / r->taps_x;
        int64_t tx = tap % r->taps_x;
        const real *row = source_row(r, at, l, ty);
        const real *w = l->weights + ty * r->weight_y_step + tx * r->weight_x_step;
        ivec index = starts;
        vec x[PIXELS];
#pragma GCC unroll 8
        for (int p = 0; p < PIXELS; p++)
            x[p] = column_of(r, row, first + p * r->column_step + tx * r->tap_columns);
        for (int64_t i = 0; i < r->width; i++, index += 1, w += LANES) {
            vec weight = vec_load(w);
#pragma GCC unroll 8
            for (int p = 0; p < PIXELS; p++)
                sum[p] += weight * spread(x[p], index);
        }
    }
#pragma GCC unroll 8
    for (int p = 0; p < PIXELS; p++)
        result[p] = sum[p];
}

typedef void sum_fn(const camx__channel_rows *r, const lanes *at, const line *l, int64_t pixel, vec *result);

static sum_fn *choose(const camx__channel_rows *r)
{
    if (r->taps_x == 3 && r->tap_columns == 1 && r->column_step == 1)
        return sum_three_step_1;
    if (r->taps_x == 3 && r->tap_columns == 1 && r->column_step == 2)
        return sum_three_step_2;
    return sum_any;
}

void CAMX__ISA(camx__vector_grouped)(const camx__channel_rows *r, int64_t block)
{
    lanes at = lanes_of(r, block);
    finish f = finish_of(r, &at);
    sum_fn *sum_pixels = choose(r);
    for (int64_t i = 0; i < r->rows; i++) {
        line l = line_of(r, &at, r->weights + block * r->weight_block_step, i);
        for (int64_t pixel = 0; pixel < r->pixels; pixel += PIXELS) {
            vec sum[PIXELS];
            sum_pixels(r, &at, &l, pixel, sum);
            finish_pixels(r, &at, &f, &l, pixel, sum);
        }
    }
}

#endif
