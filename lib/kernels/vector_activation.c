/* SPDX-License-Identifier: Apache-2.0 */
/* Activations of consecutive numbers; compiled once per instruction set. */
#include <math.h>

#include "kernels/vector_list.h"

/* A vector, or what is left of the row: so the code of an activation is there once. */
VEC_INLINE vec load_most(const real *from, int64_t left)
{
    return left >= LANES ? vec_load(from) : vec_load_some(from, left);
}

VEC_INLINE void store_most(real *to, vec x, int64_t left)
{
    if (left >= LANES)
        vec_store(to, x);
    else
        vec_store_some(to, x, left);
}

/* Rows of `count` numbers, `pitch` apart, in place; inlined with a constant activation. */
VEC_INLINE void activate(camx__activation activation, real low, real high, real *y, int64_t pitch, int64_t rows,
                         int64_t count)
{
    vec lows = vec_all(low);
    vec highs = vec_all(high);
    for (; rows > 0; rows--, y += pitch)
        for (int64_t i = 0; i < count; i += LANES)
            store_most(y + i, vec_activate(activation, lows, highs, load_most(y + i, count - i)), count - i);
}

/* Not twice: the function below calls it. */
__attribute__((noinline)) void CAMX__ISA(camx__vector_activation_rows)(camx__activation activation, real low, real high,
                                                                       real *y, int64_t pitch, int64_t rows,
                                                                       int64_t count)
{
    switch (activation) {
    case CAMX__ACT_NONE:
        break;
    case CAMX__ACT_RELU:
        low = 0;
        high = INFINITY;
        /* fall through */
    case CAMX__ACT_CLIP:
        activate(CAMX__ACT_CLIP, low, high, y, pitch, rows, count);
        break;
    case CAMX__ACT_SILU:
        activate(CAMX__ACT_SILU, low, high, y, pitch, rows, count);
        break;
    case CAMX__ACT_HARDSWISH:
        activate(CAMX__ACT_HARDSWISH, low, high, y, pitch, rows, count);
        break;
    case CAMX__ACT_SIGMOID:
        activate(CAMX__ACT_SIGMOID, low, high, y, pitch, rows, count);
        break;
    case CAMX__ACT_HARDSIGMOID:
        activate(CAMX__ACT_HARDSIGMOID, low, high, y, pitch, rows, count);
        break;
    }
}

void CAMX__ISA(camx__vector_activation)(camx__activation activation, real low, real high,
                                        const real *x, real *y, int64_t count)
{
    enum { PART = 1024 }; /* stays in the first-level cache between the copy and the activation */
    for (int64_t i = 0; i < count; i += PART) {
        int64_t some = count - i < PART ? count - i : PART;
        if (x != y)
            memmove(y + i, x + i, (size_t)some * sizeof(real));
        CAMX__ISA(camx__vector_activation_rows)(activation, low, high, y + i, 0, 1, some);
    }
}

VEC_INLINE void affine(camx__activation activation, real low, real high, const real *factor, const real *summand,
                       const real *x, real *y, int64_t count)
{
    vec lows = vec_all(low);
    vec highs = vec_all(high);
    for (int64_t i = 0; i < count; i += LANES) {
        int64_t left = count - i;
        vec sum = load_most(x + i, left) * load_most(factor + i, left) + load_most(summand + i, left);
        store_most(y + i, vec_activate(activation, lows, highs, sum), left);
    }
}

void CAMX__ISA(camx__vector_affine)(camx__activation activation, real low, real high, const real *factor,
                                    const real *summand, const real *x, real *y, int64_t count)
{
    if (activation == CAMX__ACT_RELU) {
        affine(CAMX__ACT_RELU, low, high, factor, summand, x, y, count);
        return;
    }
    affine(CAMX__ACT_NONE, low, high, factor, summand, x, y, count);
    if (activation != CAMX__ACT_NONE)
        CAMX__ISA(camx__vector_activation)(activation, low, high, y, y, count);
}

/* Comparisons with NaN are false: a NaN in `saved` closes, a `high` of NaN never does. */
void CAMX__ISA(camx__vector_gate)(const real *saved, real low, real high, const real *gy, real *gx, int64_t count)
{
    vec lows = vec_all(low);
    vec highs = vec_all(high);
    for (int64_t i = 0; i < count; i += LANES) {
        vec s = load_most(saved + i, count - i);
        ivec open = (ivec)(s > lows) & ~(ivec)(s >= highs);
        store_most(gx + i, (vec)(open & (ivec)load_most(gy + i, count - i)), count - i);
    }
}
