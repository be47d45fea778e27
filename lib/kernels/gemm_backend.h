/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a GEMM back end provides. gemm.c splits work into parts and gives them to the back end;
 * conv_*.c does the same with panels that it has just made. Nothing outside lib/kernels includes
 * this.
 */
#ifndef CAMX_KERNELS_GEMM_BACKEND_H
#define CAMX_KERNELS_GEMM_BACKEND_H

#include "kernels/gemm.h"

/* A rectangle of B on its way into the packed form: element (k, n) of the rectangle is at
 * source[k * stride_k + n * stride_n]. */
typedef struct camx__gemm_piece {
    int64_t n_first, n_count;
    int64_t k_first, k_count;
    const real *source;
    int64_t stride_k, stride_n;
} camx__gemm_piece;

/* A part of a product, computed on the calling thread. Columns and rows of B are counted in the
 * whole packed B [n, k]; several parts with rising k_first and `accumulate` give the same bits as
 * one. */
typedef struct camx__gemm_part {
    int64_t n, k;
    int64_t m;                /* rows of A and C */
    int64_t n_first, n_count; /* n_first is a multiple of tile_n */
    int64_t k_first, k_count;
    const real *a; /* points at column k_first of the first row */
    int64_t lda;
    const void *packed;
    real *c; /* points at column n_first of the first row */
    int64_t ldc;
    const camx__epilogue
        *epilogue;   /* or NULL; bias and residual point at column 0, residual at the first row */
    bool accumulate; /* start from C instead of 0 */
    /* CAMX_GEMM_PACKED only: a row of A is this many stretches of k_count / stretches numbers, which begin
     * stretch_step apart; 0 or 1: a row without gaps. */
    int64_t stretches, stretch_step;
} camx__gemm_part;

/* A part of C = A B^T, B in the form for few rows: the numbers k_first .. k_first + k_count - 1 of each row. */
typedef struct camx__dense_turned {
    int64_t k;
    const real *packed;
    int64_t m;
    const real *a;
    int64_t lda;
    const int64_t *list; /* the columns of B that are read: A is zero for the others */
    int64_t count;
    int64_t k_first, k_count;
    real *c; /* points at k_first */
    int64_t ldc;
    bool accumulate;
} camx__dense_turned;

/* Products of a few rows are cut into multiples of so many columns and rows. */
enum { CAMX__DENSE_COLUMNS = 8, CAMX__DENSE_ROWS = 16 };

struct camx__gemm {
    int backend;
    camx__isa isa;
    int64_t tile_m, tile_n; /* work is best cut into multiples of these */
    int64_t tile_unit;      /* the width of a last panel is a multiple of it */
    size_t (*packed_bytes)(int64_t n, int64_t k);
    void (*pack)(void *packed, int64_t n, int64_t k, const camx__gemm_piece *piece);
    void (*part)(const camx__gemm_part *part);
    void (*turned)(const camx__dense_turned *part); /* NULL: this back end cannot */
};

/* True if parts may not run on several threads at once. */
bool camx__gemm_is_serial(const camx__gemm *gemm);

/* The back ends. Plain C: */
size_t camx__builtin_packed_bytes(int64_t n, int64_t k);
void camx__builtin_pack(void *packed, int64_t n, int64_t k, const camx__gemm_piece *piece);
void camx__builtin_part(const camx__gemm_part *part);

/* OpenBLAS: */
#ifdef CAMX_HAVE_OPENBLAS
size_t camx__blas_packed_bytes(int64_t n, int64_t k);
void camx__blas_pack(void *packed, int64_t n, int64_t k, const camx__gemm_piece *piece);
void camx__blas_part(const camx__gemm_part *part);
bool camx__blas_is_serial(void);
#endif

/* Packing into panels [n / wide][k][wide]. A last panel with fewer columns is only as wide as the multiple of `unit`
 * that holds them; what is missing is zero (the caller clears the memory). */
int64_t camx__panel_width(int64_t wide, int64_t unit, int64_t columns);
size_t camx__panels_bytes(int64_t wide, int64_t unit, int64_t n, int64_t k);
void camx__panels_pack(int64_t wide, int64_t unit, real *packed, int64_t n, int64_t k,
                       const camx__gemm_piece *piece);

/* Packed panels again, row k of B multiplied with factors[k]. */
void camx__panels_scale(int64_t wide, int64_t unit, const real *packed, int64_t n, int64_t k, const real *factors,
                        real *scaled);

/* Bias, residual and activation, in plain C, on rows of plain products: c points at row `row` and
 * column `column` of the whole, bias and residual at its start. */
void camx__epilogue_rows(const camx__epilogue *epilogue, real *c, int64_t ldc, int64_t row,
                         int64_t rows, int64_t column, int64_t columns);

#endif
