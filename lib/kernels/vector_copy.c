/* SPDX-License-Identifier: Apache-2.0 */
/* Short copies side by side, the stuff of im2col panels; compiled once per instruction set. */
#include "kernels/vector_list.h"

/* Fewer numbers than a vector has: two pieces of a constant size that overlap. */
VEC_INLINE void copy_few(real *to, const real *from, int64_t count)
{
    enum { HALF = 8, QUARTER = 4 };
    if (count >= HALF) {
        memcpy(to, from, HALF * sizeof(real));
        memcpy(to + count - HALF, from + count - HALF, HALF * sizeof(real));
    } else if (count >= QUARTER) {
        memcpy(to, from, QUARTER * sizeof(real));
        memcpy(to + count - QUARTER, from + count - QUARTER, QUARTER * sizeof(real));
    } else {
        for (int64_t i = 0; i < count; i++)
            to[i] = from[i];
    }
}

/* At least a vector: whole vectors, and a last one that ends with the last number. */
VEC_INLINE void copy_many(real *to, const real *from, int64_t count)
{
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        vec_store(to + i, vec_load(from + i));
    if (i < count)
        vec_store(to + count - LANES, vec_load(from + count - LANES));
}

void CAMX__ISA(camx__vector_copy_runs)(real *to, const real *from, int64_t step, int64_t runs,
                                       int64_t count)
{
    if (count == LANES)
        for (int64_t r = 0; r < runs; r++)
            vec_store(to + r * LANES, vec_load(from + r * step));
    else if (count > LANES)
        for (int64_t r = 0; r < runs; r++)
            copy_many(to + r * count, from + r * step, count);
    else
        for (int64_t r = 0; r < runs; r++)
            copy_few(to + r * count, from + r * step, count);
}
