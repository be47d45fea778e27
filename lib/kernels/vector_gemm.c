/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed GEMM; compiled once per instruction set. B lies in panels of two vectors of columns (a last panel is as
 * wide as it must be, in vectors, or half vectors where those are long); a tile of rows x panel is summed in
 * registers, reading A in place and broadcasting its numbers. Every element is a single chain of
 * multiply-adds in the order of K, whichever tile holds it, so how work is cut never shows in the
 * bits.
 */
#include <assert.h>
#include <math.h>

#include "kernels/vector_list.h"

enum {
    ROWS = CAMX__TILE_ROWS,
    WIDE = CAMX__TILE_VECTORS * LANES,
    PREFETCH = 24 /* steps of K that the panel is fetched ahead: packed weights are mostly cold */
};

size_t CAMX__ISA(camx__packed_bytes)(int64_t n, int64_t k)
{
    return camx__panels_bytes(WIDE, CAMX__TILE_UNIT, n, k);
}

void CAMX__ISA(camx__packed_pack)(void *packed, int64_t n, int64_t k, const camx__gemm_piece *piece)
{
    camx__panels_pack(WIDE, CAMX__TILE_UNIT, packed, n, k, piece);
}

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

/* Rows of A that are a multiple of 4096 bytes apart share one set of the first-level cache, which
 * has fewer ways than a tile has rows: they are copied side by side first, a range of K at a time,
 * with the sums kept aside. */
static void run_crowded(const tile *t, tile_fn *function, int64_t rows, int64_t width)
{
    enum { RANGE = 256, PITCH = RANGE + LANES };
    real a[ROWS * PITCH];
    real sums[ROWS * WIDE];
    tile some = *t;
    for (int64_t k = 0; k < t->k; k += RANGE) {
        bool last = k + RANGE >= t->k;
        some.k = last ? t->k - k : RANGE;
        for (int64_t i = 0; i < rows; i++)
            memcpy(a + i * PITCH, t->a + i * t->lda + k, (size_t)some.k * sizeof(real));
        some.a = a;
        some.lda = PITCH;
        some.b = t->b + k * width;
        some.start = k > 0 ? sums : t->start;
        some.start_pitch = k > 0 ? WIDE : t->start_pitch;
        some.c = last ? t->c : sums;
        some.ldc = last ? t->ldc : WIDE;
        some.bias = last ? t->bias : NULL;
        some.residual = last ? t->residual : NULL;
        some.relu = last && t->relu;
        some.clip = last && t->clip;
        function(&some);
    }
}

static void run_rows(const tile *t, int64_t rows, int64_t width)
{
    tile one = *t;
    for (; rows > 0; rows--) {
        tile_for(width, 1)(&one);
        one.a += t->lda;
        one.c += t->ldc;
        if (t->residual)
            one.residual += t->residual_pitch;
        if (t->start)
            one.start += t->start_pitch;
    }
}

static void run_tile(const tile *t, int64_t rows, int64_t width)
{
    enum { WAYS = 8 };
    tile_fn *function = tile_for(width, rows);
    if (rows > WAYS && t->stretches == 1 && t->lda * (int64_t)sizeof(real) % 4096 == 0 && t->k > 0)
        run_crowded(t, function, rows, width);
    else if (function != NULL)
        function(t);
    else
        run_rows(t, rows, width);
}

/* Bias, residual and C for a tile that is wider than its columns: local copies, padded. */
typedef struct padded {
    real c[ROWS * WIDE];
    real residual[ROWS * WIDE];
    real bias[WIDE];
} padded;

static void run_padded(tile *t, int64_t rows, int64_t width, int64_t columns,
                       const camx__epilogue *slow)
{
    padded local = {{0}, {0}, {0}};
    real *c = t->c;
    int64_t ldc = t->ldc;
    size_t bytes = (size_t)columns * sizeof(real);
    for (int64_t i = 0; t->start && i < rows; i++)
        memcpy(local.c + i * width, c + i * ldc, bytes);
    for (int64_t i = 0; t->residual && i < rows; i++)
        memcpy(local.residual + i * width, t->residual + i * t->residual_pitch, bytes);
    if (t->bias)
        memcpy(local.bias, t->bias, bytes);
    t->bias = t->bias ? local.bias : NULL;
    t->residual = t->residual ? local.residual : NULL;
    t->residual_pitch = width;
    t->start = t->start ? local.c : NULL;
    t->start_pitch = width;
    t->c = local.c;
    t->ldc = width;
    run_tile(t, rows, width);
    if (slow)
        CAMX__ISA(camx__vector_activation_rows)
    (slow->activation, slow->low, slow->high, local.c, width, rows, width);
    for (int64_t i = 0; i < rows; i++)
        memcpy(c + i * ldc, local.c + i * width, bytes);
}

static void run_whole(const tile *t, int64_t rows, int64_t width,
                      const camx__epilogue *slow)
{
    run_tile(t, rows, width);
    if (slow)
        CAMX__ISA(camx__vector_activation_rows)
    (slow->activation, slow->low, slow->high, t->c, t->ldc, rows, width);
}

/* All rows of one panel. */
static void run_panel(const camx__gemm_part *part, int64_t column, int64_t width, int64_t columns)
{
    const camx__epilogue *e = part->epilogue;
    const camx__epilogue *slow = e && e->activation > CAMX__ACT_CLIP ? e : NULL;
    int64_t done = 0;
    int64_t left = (part->m + ROWS - 1) / ROWS;
    const real *b = (const real *)part->packed + column * part->k + part->k_first * width;
    int64_t stretches = part->stretches > 1 ? part->stretches : 1;
    for (; left > 0; left--) {
        /* Rows are dealt out evenly: a last tile of one row would wait for its own sums. */
        int64_t rows = (part->m - done + left - 1) / left;
        tile t = {.k = part->k_count / stretches,
                  .a = part->a + done * part->lda,
                  .lda = part->lda,
                  .stretches = stretches,
                  .stretch_step = part->stretch_step,
                  .b = b,
                  .c = part->c + done * part->ldc + (column - part->n_first),
                  .ldc = part->ldc};
        t.start = part->accumulate ? t.c : NULL;
        t.start_pitch = part->ldc;
        if (e) {
            t.bias = e->bias ? e->bias + column : NULL;
            t.residual = e->residual ? e->residual + done * e->residual_pitch + column : NULL;
            t.residual_pitch = e->residual_pitch;
            t.relu = e->activation == CAMX__ACT_RELU;
            t.clip = e->activation == CAMX__ACT_CLIP;
            t.low = e->low;
            t.high = e->high;
        }
        if (columns == width)
            run_whole(&t, rows, width, slow);
        else
            run_padded(&t, rows, width, columns, slow);
        done += rows;
    }
}

void CAMX__ISA(camx__packed_part)(const camx__gemm_part *part)
{
    int64_t end = part->n_first + part->n_count;
    assert(part->n_first % WIDE == 0);
    for (int64_t column = part->n_first; column < end; column += WIDE) {
        int64_t width = camx__panel_width(WIDE, CAMX__TILE_UNIT, part->n - column);
        int64_t columns = end - column < width ? end - column : width;
        run_panel(part, column, width, columns);
    }
}
