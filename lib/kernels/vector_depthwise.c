/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution of rows of pixels; compiled once per instruction set. One vector of channels slides along x,
 * a few pixels at a time. For 3x3 and 5x5 at steps 1 and 2 a loaded column serves all of them. Each sum runs over the
 * taps in the same order on every path.
 */
#include "kernels/vector_lanes.h"

/* Columns inside the map need no questions. Where the sums themselves take longer, code for that is not worth its size. */
enum { UNCHECKED = CAMX_VECTOR_BYTES >= 64 };

/* Sums over all taps of PIXELS pixels from `pixel` on; kernel columns and their steps are constants after inlining. */
VEC_INLINE void fixed_pixels(const camx__channel_rows *r, const lanes *at, const line *l, int64_t pixel, int kernel,
                             int step, bool inside, vec sum[PIXELS])
{
    int64_t first = r->column + pixel * step;
    int64_t pitch = r->src_pitch;
#pragma GCC unroll 8
    for (int p = 0; p < PIXELS; p++)
        sum[p] = (vec){0};
    for (int64_t ty = 0; ty < l->taps_y; ty++) {
        const real *row = source_row(r, at, l, ty);
        const real *from = row + first * pitch;
        const real *w = l->weights + ty * r->weight_y_step;
        vec weight[5];
#pragma GCC unroll 5
        for (int tx = 0; tx < kernel; tx++)
            weight[tx] = vec_load(w + tx * r->weight_x_step);
#pragma GCC unroll 32
        for (int c = 0; c < (PIXELS - 1) * step + kernel; c++) {
            vec x = inside ? vec_load(from + c * pitch) : column_of(r, row, first + c);
            VEC_HOLD(x);
#pragma GCC unroll 8
            for (int p = 0; p < PIXELS; p++)
                if (c - p * step >= 0 && c - p * step < kernel)
                    sum[p] += weight[c - p * step] * x;
        }
    }
}

VEC_INLINE void fixed_rows(const camx__channel_rows *r, const lanes *at, const real *weights, int kernel, int step)
{
    finish f = finish_of(r, at);
    for (int64_t i = 0; i < r->rows; i++) {
        line l = line_of(r, at, weights, i);
        for (int64_t pixel = 0; pixel < r->pixels; pixel += PIXELS) {
            vec sum[PIXELS];
            int64_t first = r->column + pixel * step;
            if (UNCHECKED && first >= 0 && first + (PIXELS - 1) * step + kernel <= r->src_columns)
                fixed_pixels(r, at, &l, pixel, kernel, step, true, sum);
            else
                fixed_pixels(r, at, &l, pixel, kernel, step, false, sum);
            finish_pixels(r, at, &f, &l, pixel, sum);
        }
    }
}

typedef void rows_fn(const camx__channel_rows *r, const lanes *at, const real *weights);

static void rows_3_step_1(const camx__channel_rows *r, const lanes *at, const real *weights)
{
    fixed_rows(r, at, weights, 3, 1);
}

static void rows_3_step_2(const camx__channel_rows *r, const lanes *at, const real *weights)
{
    fixed_rows(r, at, weights, 3, 2);
}

static void rows_5_step_1(const camx__channel_rows *r, const lanes *at, const real *weights)
{
    fixed_rows(r, at, weights, 5, 1);
}

static void rows_5_step_2(const camx__channel_rows *r, const lanes *at, const real *weights)
{
    fixed_rows(r, at, weights, 5, 2);
}

/* Any taps, and any number of channels. */
static void any_rows(const camx__channel_rows *r, const lanes *at, const real *weights)
{
    finish f = finish_of(r, at);
    for (int64_t i = 0; i < r->rows; i++) {
        line l = line_of(r, at, weights, i);
        for (int64_t pixel = 0; pixel < r->pixels; pixel++) {
            vec sum = {0};
            for (int64_t tap = 0; tap < l.taps_y * r->taps_x; tap++) {
                int64_t ty = tap / r->taps_x;
                int64_t tx = tap % r->taps_x;
                int64_t column = r->column + pixel * r->column_step + tx * r->tap_columns;
                if (column >= 0 && column < r->src_columns)
                    sum += vec_load(l.weights + ty * r->weight_y_step + tx * r->weight_x_step) *
                           lanes_load(source_row(r, at, &l, ty) + column * r->src_pitch, at);
            }
            sum += f.bias;
            finish_slowly(r, at, &l, pixel, 1, &sum);
        }
    }
}

static rows_fn *choose(const camx__channel_rows *r, const lanes *at)
{
    if (at->count < LANES || r->tap_columns != 1)
        return any_rows;
    if (r->taps_x == 3 && r->column_step == 1)
        return rows_3_step_1;
    if (r->taps_x == 3 && r->column_step == 2)
        return rows_3_step_2;
    if (r->taps_x == 5 && r->column_step == 1)
        return rows_5_step_1;
    if (r->taps_x == 5 && r->column_step == 2)
        return rows_5_step_2;
    return any_rows;
}

void CAMX__ISA(camx__vector_depthwise)(const camx__channel_rows *r, int64_t block)
{
    lanes at = lanes_of(r, block);
    choose(r, &at)(r, &at, r->weights + block * r->weight_block_step);
}
