/* SPDX-License-Identifier: Apache-2.0 */
/* The packed form of B that the vector kernels and the plain C kernel read: panels of a few
 * columns. */
#include <assert.h>

#include "kernels/gemm_backend.h"

int64_t camx__panel_width(int64_t wide, int64_t unit, int64_t columns)
{
    return columns >= wide ? wide : (columns + unit - 1) / unit * unit;
}

size_t camx__panels_bytes(int64_t wide, int64_t unit, int64_t n, int64_t k)
{
    int64_t whole = n / wide * wide;
    int64_t columns = whole + camx__panel_width(wide, unit, n - whole);
    return (size_t)columns * (size_t)k * sizeof(real);
}

void camx__panels_scale(int64_t wide, int64_t unit, const real *packed, int64_t n, int64_t k, const real *factors,
                        real *scaled)
{
    for (int64_t panel = 0; panel < n; panel += wide) {
        int64_t width = camx__panel_width(wide, unit, n - panel);
        for (int64_t i = 0; i < k; i++, packed += width, scaled += width)
            for (int64_t j = 0; j < width; j++)
                scaled[j] = packed[j] * factors[i];
    }
}

void camx__panels_pack(int64_t wide, int64_t unit, real *packed, int64_t n, int64_t k,
                       const camx__gemm_piece *piece)
{
    int64_t done = 0;
    assert(piece->n_first + piece->n_count <= n && piece->k_first + piece->k_count <= k);
    while (done < piece->n_count) {
        int64_t column = piece->n_first + done;
        int64_t panel = column / wide * wide;
        int64_t width = camx__panel_width(wide, unit, n - panel);
        int64_t count = panel + wide - column;
        if (count > piece->n_count - done)
            count = piece->n_count - done;
        real *out = packed + panel * k + piece->k_first * width + (column - panel);
        const real *in = piece->source + done * piece->stride_n;
        for (int64_t i = 0; i < piece->k_count; i++) {
            for (int64_t j = 0; j < count; j++)
                out[j] = in[j * piece->stride_n];
            out += width;
            in += piece->stride_k;
        }
        done += count;
    }
}
