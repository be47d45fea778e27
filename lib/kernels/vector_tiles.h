/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tiles of the packed GEMM, which vector_gemm.c alone includes: up to ROWS rows of A times one panel of B, the
 * sums in registers until bias, residual, clipping and the store. One function for each number of rows and each
 * width of a panel; tile_for() finds it.
 */
#ifndef CAMX_VECTOR_TILES_H
#define CAMX_VECTOR_TILES_H

#include <math.h>

#include "kernels/vector_list.h"

enum {
    ROWS = CAMX__TILE_ROWS,
    WIDE = CAMX__TILE_VECTORS * LANES,
    PREFETCH = 24 /* steps of K that the panel is fetched ahead: packed weights are mostly cold */
};

typedef struct tile {
    int64_t k; /* numbers of one stretch */
    const real *a;
    int64_t lda;
    int64_t stretches, stretch_step;
    const real *b;
    real *c;
    int64_t ldc;
    const real *bias;     /* of the tile's columns, or NULL */
    const real *residual; /* of the tile, or NULL */
    int64_t residual_pitch;
    const real *start; /* what the sums start from, or NULL: zero */
    int64_t start_pitch;
    bool clip; /* to low .. high */
    bool relu;
    real low, high;
} tile;

VEC_INLINE void finish(const tile *t, int rows, int vectors, vec sum[ROWS][CAMX__TILE_VECTORS])
{
    if (t->bias)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            vec bias = vec_load(t->bias + v * LANES);
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++)
                sum[i][v] += bias;
        }
    if (t->residual)
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sum[i][v] += vec_load(t->residual + i * t->residual_pitch + v * LANES);
    if (t->relu)
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sum[i][v] = vec_relu(sum[i][v]);
    if (t->clip) {
        vec low = vec_all(t->low);
        vec high = vec_all(t->high);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sum[i][v] = vec_clip(sum[i][v], low, high);
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            vec_store(t->c + i * t->ldc + v * LANES, sum[i][v]);
}

/* The same in a loop, one copy for all tiles that are not the main ones: `vectors` to a row. */
VEC_ONCE void finish_looped(const tile *t, int rows, int vectors, const vec *sums)
{
    vec low = vec_all(t->relu ? 0 : t->low);
    vec high = vec_all(t->relu ? INFINITY : t->high);
#pragma GCC unroll 1
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 1
        for (int v = 0; v < vectors; v++) {
            vec sum = *sums++;
            if (t->bias)
                sum += vec_load(t->bias + v * LANES);
            if (t->residual)
                sum += vec_load(t->residual + i * t->residual_pitch + v * LANES);
            if (t->relu || t->clip)
                sum = vec_clip(sum, low, high);
            vec_store(t->c + i * t->ldc + v * LANES, sum);
        }
}

/* Inlined with constant rows and vectors, so that `sum` lives in registers. */
VEC_INLINE void multiply(const tile *t, int rows, int vectors)
{
    vec sum[ROWS][CAMX__TILE_VECTORS];
    const real *a = t->a;
    const real *b = t->b;
    int64_t lda = t->lda;
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            sum[i][v] = t->start ? vec_load(t->start + i * t->start_pitch + v * LANES) : (vec){0};
    for (int64_t stretch = 0; stretch < t->stretches; stretch++, a += t->stretch_step)
        for (int64_t p = 0; p < t->k; p++) {
            vec column[CAMX__TILE_VECTORS];
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++) {
                column[v] = vec_load(b + v * LANES);
                __builtin_prefetch(b + (PREFETCH * vectors + v) * LANES);
            }
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                real factor = a[i * lda + p];
#pragma GCC unroll 2
                for (int v = 0; v < vectors; v++)
                    sum[i][v] += factor * column[v];
            }
            b += vectors * LANES;
        }
    if (ROWS > 12 && (vectors == 1 || rows <= ROWS / 2)) {
        vec sums[ROWS * CAMX__TILE_VECTORS];
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sums[i * vectors + v] = sum[i][v];
        finish_looped(t, rows, vectors, sums);
    } else {
        finish(t, rows, vectors, sum);
    }
}

#define TILE(rows)                                                                                 \
    static void wide_##rows(const tile *t)                                                         \
    {                                                                                              \
        multiply(t, rows, 2);                                                                      \
    }                                                                                              \
    static void narrow_##rows(const tile *t)                                                       \
    {                                                                                              \
        multiply(t, rows, 1);                                                                      \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if CAMX__TILE_ROWS > 6
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
#endif
#if CAMX__TILE_ROWS > 12
TILE(13)
TILE(14)
#endif

typedef void tile_fn(const tile *t);

#define SIX(kind) kind##_1, kind##_2, kind##_3, kind##_4, kind##_5, kind##_6
#define TWELVE(kind) SIX(kind), kind##_7, kind##_8, kind##_9, kind##_10, kind##_11, kind##_12

static tile_fn *const tiles[CAMX__TILE_VECTORS][ROWS] = {
#if CAMX__TILE_ROWS == 14
    {TWELVE(narrow), narrow_13, narrow_14},
    {TWELVE(wide), wide_13, wide_14},
#elif CAMX__TILE_ROWS == 12
    {TWELVE(narrow)},
    {TWELVE(wide)},
#else
    {SIX(narrow)},
    {SIX(wide)},
#endif
};

#if CAMX_VECTOR_BYTES == 64 && !defined(CAMX_REAL_DOUBLE)
/* Last panels that end in half a vector, alone (8 columns) or behind a whole one (24): as above. */
typedef real half __attribute__((vector_size(CAMX_VECTOR_BYTES / 2)));
typedef real half_anywhere
    __attribute__((vector_size(CAMX_VECTOR_BYTES / 2), aligned(__alignof__(real)), may_alias));

VEC_INLINE half half_load(const real *from)
{
    return *(const half_anywhere *)from;
}

VEC_INLINE half half_clip(half x, half low, half high)
{
    return (half)_mm256_min_ps((__m256)high, _mm256_max_ps((__m256)low, (__m256)x));
}

/* One copy for all of them. */
static __attribute__((noinline)) void half_finish(const tile *t, int rows, int whole, const vec *sums, const half *rests)
{
    vec low = vec_all(t->relu ? 0 : t->low);
    vec high = vec_all(t->relu ? INFINITY : t->high);
    half rest_low = (t->relu ? 0 : t->low) - (half){0};
    half rest_high = (t->relu ? INFINITY : t->high) - (half){0};
#pragma GCC unroll 1
    for (int i = 0; i < rows; i++) {
        real *c = t->c + i * t->ldc;
        vec sum = sums[i];
        half rest = rests[i];
        if (t->bias) {
            sum += whole ? vec_load(t->bias) : (vec){0};
            rest += half_load(t->bias + whole * LANES);
        }
        if (t->residual) {
            const real *residual = t->residual + i * t->residual_pitch;
            sum += whole ? vec_load(residual) : (vec){0};
            rest += half_load(residual + whole * LANES);
        }
        if (t->relu || t->clip) {
            sum = vec_clip(sum, low, high);
            rest = half_clip(rest, rest_low, rest_high);
        }
        if (whole)
            vec_store(c, sum);
        *(half_anywhere *)(c + whole * LANES) = rest;
    }
}

VEC_INLINE void half_multiply(const tile *t, int rows, int whole)
{
    vec sum[ROWS];
    half rest[ROWS];
    const real *a = t->a;
    const real *b = t->b;
    int64_t lda = t->lda;
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        sum[i] = t->start && whole ? vec_load(t->start + i * t->start_pitch) : (vec){0};
        rest[i] = t->start ? half_load(t->start + i * t->start_pitch + whole * LANES) : (half){0};
    }
    for (int64_t stretch = 0; stretch < t->stretches; stretch++, a += t->stretch_step)
        for (int64_t p = 0; p < t->k; p++) {
            vec column = whole ? vec_load(b) : (vec){0};
            half last = half_load(b + whole * LANES);
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                real factor = a[i * lda + p];
                if (whole)
                    sum[i] += factor * column;
                rest[i] += factor * last;
            }
            b += whole * LANES + LANES / 2;
        }
    vec sums[ROWS];
    half rests[ROWS];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        sums[i] = sum[i];
        rests[i] = rest[i];
    }
    half_finish(t, rows, whole, sums, rests);
}

#define HALF_TILE(rows)                                                                            \
    static void half_##rows(const tile *t)                                                         \
    {                                                                                              \
        half_multiply(t, rows, 0);                                                                 \
    }                                                                                              \
    static void longer_##rows(const tile *t)                                                       \
    {                                                                                              \
        half_multiply(t, rows, 1);                                                                 \
    }

HALF_TILE(1)
HALF_TILE(7)
HALF_TILE(8)
HALF_TILE(9)
HALF_TILE(10)
HALF_TILE(11)
HALF_TILE(12)
HALF_TILE(13)
HALF_TILE(14)

/* Few rows are rare but for one: they go one by one. */
#define HALF_TILES(kind)                                                                           \
    {kind##_1, NULL,   NULL,   NULL,    NULL,    NULL,    kind##_7,                                \
     kind##_8, kind##_9, kind##_10, kind##_11, kind##_12, kind##_13, kind##_14}

static tile_fn *const half_tiles[2][ROWS] = {HALF_TILES(half), HALF_TILES(longer)};

static tile_fn *tile_for(int64_t width, int64_t rows)
{
    return width % LANES == 0 ? tiles[width / LANES - 1][rows - 1] : half_tiles[width / LANES][rows - 1];
}
#else
static tile_fn *tile_for(int64_t width, int64_t rows)
{
    return tiles[width / LANES - 1][rows - 1];
}
#endif

#endif
