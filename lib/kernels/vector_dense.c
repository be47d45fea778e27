/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products of a few rows with weights that are read once, from memory: dense layers. Compiled once per instruction set.
 * B lies column after column, each with its numbers along K side by side, as ONNX files mostly have it. An element of
 * C is then a scalar product along K, summed lane by lane and the lanes added up at the end; a row of C B^T is the sum
 * of those columns of B whose factor is not zero, and no others are read: behind a ReLU that is often half of the
 * weights or less. Every element is summed in the same order, whichever tile or part holds it.
 */
#include <assert.h>

#include "kernels/vector_list.h"

enum {
    COLUMNS = CAMX__DENSE_COLUMNS,
    ROWS = CAMX__DENSE_ROWS,
    TILE_ROWS = 4,
    TILE_COLUMNS = CAMX_VECTOR_BYTES == 64 ? 4 : 2, /* of several rows: what fits the registers */
    STRETCH = 512,                                  /* of K: a tile's numbers stay in the first-level cache */
    AHEAD = 64,                                     /* numbers of a column that are fetched in time */
    TOGETHER = 8                                    /* columns that are added up at once, each fetched */
};

size_t CAMX__ISA(camx__dense_bytes)(int64_t n, int64_t k)
{
    return (size_t)n * (size_t)k * sizeof(real);
}

void CAMX__ISA(camx__dense_pack)(void *packed, int64_t n, int64_t k, const camx__gemm_piece *piece)
{
    (void)n;
    real *out = (real *)packed + piece->n_first * k + piece->k_first;
    if (piece->stride_k == 1)
        for (int64_t j = 0; j < piece->n_count; j++)
            memcpy(out + j * k, piece->source + j * piece->stride_n, (size_t)piece->k_count * sizeof(real));
    else
        for (int64_t j = 0; j < piece->n_count; j++)
            for (int64_t p = 0; p < piece->k_count; p++)
                out[j * k + p] = piece->source[j * piece->stride_n + p * piece->stride_k];
}

/* What is less than a vector. */
VEC_ONCE void add_rest(int rows, int columns, const real *a, int64_t lda, const real *const *b, int64_t first, int64_t count,
                       vec (*sums)[COLUMNS])
{
#pragma GCC unroll 1
    for (int i = 0; i < rows; i++, a += lda)
#pragma GCC unroll 1
        for (int j = 0; j < columns; j++)
            sums[i][j] += vec_load_some(a, count) * vec_load_some(b[j] + first, count);
}

/* A stretch of K for rows x columns sums; b: where each column begins. Constant rows and columns after inlining. */
VEC_INLINE void tile(int rows, int columns, const real *a, int64_t lda, const real *const *b, int64_t count,
                     vec (*sums)[COLUMNS])
{
    vec sum[TILE_ROWS][COLUMNS];
    int64_t p = 0;
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int j = 0; j < columns; j++)
            sum[i][j] = sums[i][j];
    for (; p + LANES <= count; p += LANES) {
        vec row[TILE_ROWS];
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++)
            row[i] = vec_load(a + i * lda + p);
#pragma GCC unroll 8
        for (int j = 0; j < columns; j++) {
            vec column = vec_load(b[j] + p);
            __builtin_prefetch(b[j] + p + AHEAD);
#pragma GCC unroll 4
            for (int i = 0; i < rows; i++)
                sum[i][j] += row[i] * column;
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int j = 0; j < columns; j++)
            sums[i][j] = sum[i][j];
    if (p < count)
        add_rest(rows, columns, a + p, lda, b, p, count - p, sums);
}

/* At most ROWS rows and COLUMNS columns. */
static void multiply(const camx__gemm_part *part, int64_t row, int64_t rows, int64_t column, int64_t columns)
{
    vec sums[ROWS][COLUMNS];
    const real *b[COLUMNS];
    memset(sums, 0, (size_t)rows * sizeof *sums);
    for (int64_t j = 0; j < COLUMNS; j++) /* columns that are not there are another's twin, and dropped */
        b[j] = (const real *)part->packed + (column + (j < columns ? j : 0)) * part->k + part->k_first;
    int64_t most = rows == 1 ? part->k_count : STRETCH;
    for (int64_t first = 0; first < part->k_count; first += most) {
        int64_t count = part->k_count - first < most ? part->k_count - first : most;
        const real *a = part->a + row * part->lda + first;
        int64_t i = 0;
        for (; i + TILE_ROWS <= rows; i += TILE_ROWS)
            for (int j = 0; j < COLUMNS; j += TILE_COLUMNS)
                tile(TILE_ROWS, TILE_COLUMNS, a + i * part->lda, part->lda, b + j, count,
                     (vec(*)[COLUMNS])(&sums[i][j]));
        for (; i < rows; i++)
            tile(1, COLUMNS, a + i * part->lda, part->lda, b, count, &sums[i]);
        for (int j = 0; j < COLUMNS; j++)
            b[j] += count;
    }
    /* The residual may be C itself: finish outside of C. */
    real *c = part->c + row * part->ldc + (column - part->n_first);
    real result[ROWS][COLUMNS];
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            result[i][j] = vec_sum(sums[i][j]) + (part->accumulate ? c[i * part->ldc + j] : 0);
    if (part->epilogue)
        camx__epilogue_rows(part->epilogue, result[0], COLUMNS, row, rows, column, columns);
    for (int64_t i = 0; i < rows; i++)
        memcpy(c + i * part->ldc, result[i], (size_t)columns * sizeof(real));
}

void CAMX__ISA(camx__dense_part)(const camx__gemm_part *part)
{
    int64_t end = part->n_first + part->n_count;
    assert(part->stretches <= 1);
    for (int64_t column = part->n_first; column < end; column += COLUMNS) {
        int64_t columns = end - column < COLUMNS ? end - column : COLUMNS;
        for (int64_t row = 0; row < part->m; row += ROWS)
            multiply(part, row, part->m - row < ROWS ? part->m - row : ROWS, column, columns);
    }
}

/* Adds `columns` columns of B, times their factors, to a row of C. */
VEC_INLINE void add_columns(const camx__dense_turned *part, int columns, const int64_t *list, const real *factor, real *c)
{
    const real *b[TOGETHER];
    vec factors[TOGETHER];
    int64_t p = 0;
#pragma GCC unroll 8
    for (int j = 0; j < columns; j++) {
        b[j] = part->packed + list[j] * part->k + part->k_first;
        factors[j] = vec_all(factor[list[j]]);
    }
    for (; p + LANES <= part->k_count; p += LANES) {
        vec sum = vec_load(c + p);
#pragma GCC unroll 8
        for (int j = 0; j < columns; j++)
            sum += vec_load(b[j] + p) * factors[j];
        vec_store(c + p, sum);
    }
    if (p < part->k_count) {
        vec sum = vec_load_some(c + p, part->k_count - p);
#pragma GCC unroll 1
        for (int j = 0; j < columns; j++)
            sum += vec_load_some(b[j] + p, part->k_count - p) * factors[j];
        vec_store_some(c + p, sum, part->k_count - p);
    }
}

void CAMX__ISA(camx__dense_turned)(const camx__dense_turned *part)
{
    int64_t done = 0;
    for (int64_t i = 0; i < part->m && !part->accumulate; i++)
        memset(part->c + i * part->ldc, 0, (size_t)part->k_count * sizeof(real));
    for (; done + TOGETHER <= part->count; done += TOGETHER)
        for (int64_t i = 0; i < part->m; i++)
            add_columns(part, TOGETHER, part->list + done, part->a + i * part->lda, part->c + i * part->ldc);
    for (; done < part->count; done++)
        for (int64_t i = 0; i < part->m; i++)
            add_columns(part, 1, part->list + done, part->a + i * part->lda, part->c + i * part->ldc);
}
