/* SPDX-License-Identifier: Apache-2.0 */
/* The GEMM back end in plain C: the slow twin that the others are compared with, and the one that
 * works everywhere. */
#include <string.h>

#include "kernels/activation.h"
#include "kernels/gemm_backend.h"

enum { WIDE = 16, TALL = 4 };

size_t camx__builtin_packed_bytes(int64_t n, int64_t k)
{
    return camx__panels_bytes(WIDE, WIDE, n, k);
}

void camx__builtin_pack(void *packed, int64_t n, int64_t k, const camx__gemm_piece *piece)
{
    camx__panels_pack(WIDE, WIDE, packed, n, k, piece);
}

static void multiply(real sum[TALL][WIDE], int64_t rows, int64_t k, const real *a, int64_t lda,
                     const real *b)
{
    for (int64_t p = 0; p < k; p++, b += WIDE)
        for (int64_t i = 0; i < rows; i++) {
            real factor = a[i * lda + p];
            for (int j = 0; j < WIDE; j++)
                sum[i][j] += factor * b[j];
        }
}

void camx__epilogue_rows(const camx__epilogue *epilogue, real *c, int64_t ldc, int64_t row,
                         int64_t rows, int64_t column, int64_t columns)
{
    for (int64_t i = 0; i < rows; i++, c += ldc) {
        if (epilogue->bias)
            for (int64_t j = 0; j < columns; j++)
                c[j] += epilogue->bias[column + j];
        if (epilogue->residual) {
            const real *residual =
                epilogue->residual + (row + i) * epilogue->residual_pitch + column;
            for (int64_t j = 0; j < columns; j++)
                c[j] += residual[j];
        }
        for (int64_t j = 0; j < columns; j++)
            c[j] = camx__activate_one(epilogue->activation, epilogue->low, epilogue->high, c[j]);
    }
}

void camx__builtin_part(const camx__gemm_part *part)
{
    const real *packed = part->packed;
    int64_t end = part->n_first + part->n_count;
    for (int64_t column = part->n_first; column < end; column += WIDE) {
        int64_t count = end - column < WIDE ? end - column : WIDE;
        const real *b = packed + column * part->k + part->k_first * WIDE;
        for (int64_t row = 0; row < part->m; row += TALL) {
            int64_t rows = part->m - row < TALL ? part->m - row : TALL;
            real sum[TALL][WIDE] = {{0}};
            real *c = part->c + row * part->ldc + (column - part->n_first);
            for (int64_t i = 0; part->accumulate && i < rows; i++)
                memcpy(sum[i], c + i * part->ldc, (size_t)count * sizeof(real));
            multiply(sum, rows, part->k_count, part->a + row * part->lda, part->lda, b);
            /* The residual may be C itself: finish outside of C. */
            if (part->epilogue)
                camx__epilogue_rows(part->epilogue, sum[0], WIDE, row, rows, column, count);
            for (int64_t i = 0; i < rows; i++)
                memcpy(c + i * part->ldc, sum[i], (size_t)count * sizeof(real));
        }
    }
}
