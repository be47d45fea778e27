/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed GEMM; compiled once per instruction set. B lies in panels of two vectors of columns (a last panel is as
 * wide as it must be, in vectors, or half vectors where those are long); a tile of rows x panel is summed in
 * registers (vector_tiles.h), reading A in place and broadcasting its numbers. Every element is a single chain of
 * multiply-adds in the order of K, whichever tile holds it, so how work is cut never shows in the
 * bits.
 */
#include <assert.h>

#include "kernels/vector_tiles.h"

size_t CAMX__ISA(camx__packed_bytes)(int64_t n, int64_t k)
{
    return camx__panels_bytes(WIDE, CAMX__TILE_UNIT, n, k);
}

void CAMX__ISA(camx__packed_pack)(void *packed, int64_t n, int64_t k, const camx__gemm_piece *piece)
{
    camx__panels_pack(WIDE, CAMX__TILE_UNIT, packed, n, k, piece);
}

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
