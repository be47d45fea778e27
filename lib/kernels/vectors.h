/* SPDX-License-Identifier: Apache-2.0 */
/* The table of loops that are compiled once per instruction set. */
#ifndef CAMX_KERNELS_VECTORS_H
#define CAMX_KERNELS_VECTORS_H

#include "kernels/gemm_backend.h"

/* Rows of destination pixels of one image in a depthwise or grouped convolution whose groups have `width` channels
 * before and after it. A vector holds whole groups; unless the width is 1, there are at least as many channels as
 * lanes. Destination pixel (i, p) is the sum over taps (ty, tx) of source pixel
 * (row + i row_step + ty tap_rows, column + p column_step + tx tap_columns); what lies outside the map is zero. */
typedef struct camx__channel_rows {
    int64_t channels, width;
    int64_t rows, pixels; /* of the destination */
    int64_t taps_y, taps_x;
    int64_t row, row_step, tap_rows;
    int64_t column, column_step, tap_columns;
    const real *src; /* element (0, 0) of the map */
    int64_t src_rows, src_columns;
    int64_t src_row_pitch, src_pitch; /* elements from one row, one pixel to the next */
    int64_t row_mask;                 /* row y of the map lies at y & row_mask; -1: at y */
    const real *weights; /* of the first tap: for each of a group's source channels a vector */
    int64_t weight_block_step, weight_y_step, weight_x_step;
    real *dst; /* the first pixel */
    int64_t dst_row_pitch, dst_pitch;
    const camx__epilogue *epilogue; /* or NULL; the residual belongs to the first pixel */
    int64_t residual_row_pitch;
    bool accumulate;
} camx__channel_rows;

/* Neighbouring pixels of a pooling layer whose windows have the same taps inside the map; at least
 * one. */
typedef struct camx__pool_span {
    int64_t channels, pixels;
    int64_t taps_y, taps_x;
    const real *src; /* the first tap of the first pixel */
    int64_t src_pixel_step, src_tap_y_step, src_tap_x_step;
    real *dst;
    int64_t dst_pixel_step;
    real factor; /* of the sum, for a mean */
} camx__pool_span;

/* The gradient of one maximum: goes to the first largest element of its window (NaN is larger than all). */
typedef struct camx__pool_gift {
    int64_t channels;
    int64_t taps_y, taps_x;
    const real *x; /* the window's first pixel */
    int64_t x_tap_y_step, x_tap_x_step;
    const real *gy;
    real *gx; /* added to */
    int64_t gx_tap_y_step, gx_tap_x_step;
} camx__pool_gift;

/* One tile of Winograd's convolution, before or after the products. */
typedef struct camx__winograd_tile {
    int64_t channels;               /* at least as many as a vector has lanes */
    int64_t y, x;                   /* the tile's first pixel; may lie outside */
    int64_t height, width, pitch;   /* of one image */
    const real *map;                /* the source image */
    real *map_out;                  /* the destination image */
    real *spectrum;                 /* the first frequency of this tile */
    int64_t spectrum_step;          /* elements from one frequency to the next */
    const camx__epilogue *epilogue; /* or NULL; the residual belongs to the image's first pixel */
    bool accumulate;
} camx__winograd_tile;

typedef struct camx__vectors {
    int64_t lanes;   /* numbers in a vector */
    camx__gemm gemm; /* the packed back end */
    camx__gemm dense; /* for products of a few rows: see camx__gemm_dense */

    /* y = activation(x); x may be y. */
    void (*activation)(camx__activation activation, real low, real high, const real *x, real *y,
                       int64_t count);
    /* y[i] = activation(factor[i] x[i] + summand[i]); x may be y. */
    void (*affine)(camx__activation activation, real low, real high, const real *factor, const real *summand,
                   const real *x, real *y, int64_t count);
    /* gx[i] = gy[i] where saved[i] > low and not saved[i] >= high, elsewhere 0; gx may be gy. */
    void (*gate)(const real *saved, real low, real high, const real *gy, real *gx, int64_t count);
    /* `runs` times `count` numbers, `step` apart, side by side. */
    void (*copy_runs)(real *to, const real *from, int64_t step, int64_t runs, int64_t count);
    /* One vector of channels, the block-th, of groups of one channel, and of wider ones; NULL where vectors are too
     * short for that. */
    void (*depthwise)(const camx__channel_rows *rows, int64_t block);
    void (*grouped)(const camx__channel_rows *rows, int64_t block);
    void (*pool_max)(const camx__pool_span *span);
    void (*pool_mean)(const camx__pool_span *span);
    void (*pool_give)(const camx__pool_gift *gift);
    /* result: the side of a tile of results, 2 or 4. */
    void (*winograd_input)(const camx__winograd_tile *tile, int result);
    void (*winograd_output)(const camx__winograd_tile *tile, int result);
} camx__vectors;

/* The table for an instruction set that this build has, else that of the next lower one. */
const camx__vectors *camx__vectors_of(camx__isa isa);

/* The table that pooling and rows use: of camx__cpu_isa(), or what a test chose last. */
const camx__vectors *camx__vectors_now(void);
void camx__vectors_choose(camx__isa isa);

#endif
