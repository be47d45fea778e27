/* SPDX-License-Identifier: Apache-2.0 */
/* Activations of consecutive numbers; compiled once per instruction set. */
#include "kernels/vector_list.h"

/* Rows of `count` numbers, `pitch` apart, in place; inlined with a constant activation. */
VEC_INLINE void activate(camx__activation activation, real low, real high, real *y, int64_t pitch, int64_t rows,
                         int64_t count)
{
    vec lows = vec_all(low);
    vec highs = vec_all(high);
    for (; rows > 0; rows--, y += pitch) {
        int64_t i = 0;
        for (; i + LANES <= count; i += LANES)
            vec_store(y + i, vec_activate(activation, lows, highs, vec_load(y + i)));
        if (i < count) {
            vec last = vec_activate(activation, lows, highs, vec_load_some(y + i, count - i));
            vec_store_some(y + i, last, count - i);
        }
    }
}

void CAMX__ISA(camx__vector_activation_rows)(camx__activation activation, real low, real high, real *y, int64_t pitch,
                                             int64_t rows, int64_t count)
{
    switch (activation) {
    case CAMX__ACT_NONE:
        break;
    case CAMX__ACT_RELU:
        activate(CAMX__ACT_RELU, low, high, y, pitch, rows, count);
        break;
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
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vec sum = vec_load(x + i) * vec_load(factor + i) + vec_load(summand + i);
        vec_store(y + i, vec_activate(activation, lows, highs, sum));
    }
    if (i < count) {
        int64_t rest = count - i;
        vec sum = vec_load_some(x + i, rest) * vec_load_some(factor + i, rest) + vec_load_some(summand + i, rest);
        vec_store_some(y + i, vec_activate(activation, lows, highs, sum), rest);
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
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vec s = vec_load(saved + i);
        ivec open = (ivec)(s > lows) & ~(ivec)(s >= highs);
        vec_store(gx + i, (vec)(open & (ivec)vec_load(gy + i)));
    }
    for (; i < count; i++) {
        real g = gy[i];
        gx[i] = saved[i] > low && !(saved[i] >= high) ? g : 0;
    }
}
