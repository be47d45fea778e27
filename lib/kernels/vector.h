/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of `real` by the compiler's vector types. Only files that are compiled once per
 * instruction set include this (see meson.build): the build defines CAMX_ISA_NAME (baseline, avx2,
 * avx512), CAMX_ISA_LEVEL (its camx__isa number) and the vector size with it. Every function here
 * is static, so that no copy made for a newer processor can be linked into code for an older one;
 * vectors never cross from one file to another.
 */
#ifndef CAMX_KERNELS_VECTOR_H
#define CAMX_KERNELS_VECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(CAMX_REAL_DOUBLE)
#include <immintrin.h>
#endif

#include "kernels/epilogue.h"

#if !defined(CAMX_ISA_NAME) || !defined(CAMX_ISA_LEVEL) || !defined(CAMX_VECTOR_BYTES)
#error "compiled once per instruction set: see lib/kernels/meson.build"
#endif

#define CAMX__PASTE(a, b) a##_##b
#define CAMX__PASTE_VALUES(a, b) CAMX__PASTE(a, b)
/* camx__x becomes camx__x_avx2 and so on. */
#define CAMX__ISA(name) CAMX__PASTE_VALUES(name, CAMX_ISA_NAME)

#ifdef CAMX_REAL_DOUBLE
typedef int64_t vec_integer;
#else
typedef int32_t vec_integer;
#endif

enum { LANES = CAMX_VECTOR_BYTES / (int)sizeof(real) };

typedef real vec __attribute__((vector_size(CAMX_VECTOR_BYTES)));
typedef vec_integer ivec __attribute__((vector_size(CAMX_VECTOR_BYTES)));
typedef real vec_anywhere
    __attribute__((vector_size(CAMX_VECTOR_BYTES), aligned(__alignof__(real)), may_alias));

#define VEC_INLINE static inline __attribute__((always_inline, unused))

VEC_INLINE vec vec_load(const real *from)
{
    return *(const vec_anywhere *)from;
}

VEC_INLINE void vec_store(real *to, vec x)
{
    *(vec_anywhere *)to = x;
}

VEC_INLINE vec vec_all(real x)
{
    return x - (vec){0};
}

/* Keeps x in a register: loaded once, not once per use. */
#if defined(__x86_64__)
#define VEC_HOLD(x) __asm__("" : "+v"(x))
#else
#define VEC_HOLD(x) (void)(x)
#endif

/* One copy of a function that is called from several places, however large the compiler lets code become. */
#ifdef __clang__
#define VEC_ONCE static __attribute__((noinline, unused))
#else
#define VEC_ONCE static __attribute__((noinline, noclone, unused))
#endif

/* The first `count` numbers, then zeros; and storing them. */
#if CAMX_VECTOR_BYTES == 64 && !defined(CAMX_REAL_DOUBLE)
VEC_INLINE vec vec_load_some(const real *from, int64_t count)
{
    return (vec)_mm512_maskz_loadu_ps((__mmask16)((1U << count) - 1), from);
}

VEC_INLINE void vec_store_some(real *to, vec x, int64_t count)
{
    _mm512_mask_storeu_ps(to, (__mmask16)((1U << count) - 1), (__m512)x);
}

/* Lanes first .. count - 1, each to its place. */
VEC_ONCE void vec_store_between(real *to, vec x, int64_t first, int64_t count)
{
    _mm512_mask_storeu_ps(to, (__mmask16)((1U << count) - (1U << first)), (__m512)x);
}
#else
VEC_ONCE vec vec_load_some(const real *from, int64_t count)
{
    vec x = {0};
    memcpy(&x, from, (size_t)count * sizeof(real));
    return x;
}

VEC_ONCE void vec_store_some(real *to, vec x, int64_t count)
{
    memcpy(to, &x, (size_t)count * sizeof(real));
}

VEC_ONCE void vec_store_between(real *to, vec x, int64_t first, int64_t count)
{
    real lane[LANES];
    memcpy(lane, &x, sizeof lane);
    memcpy(to + first, lane + first, (size_t)(count - first) * sizeof(real));
}
#endif

/* The sum of all lanes: halves are added to each other until one number is left. */
VEC_INLINE real vec_sum(vec x)
{
#if CAMX_VECTOR_BYTES == 64 && !defined(CAMX_REAL_DOUBLE)
    return _mm512_reduce_add_ps((__m512)x);
#elif defined(__SSE2__) && !defined(CAMX_REAL_DOUBLE)
#if CAMX_VECTOR_BYTES == 32
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
#else
    __m128 sum = (__m128)x;
#endif
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_shuffle_ps(sum, sum, 1)));
#else
    real lane[LANES];
    memcpy(lane, &x, sizeof lane);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++)
            lane[i] += lane[i + width];
    return lane[0];
#endif
}

VEC_INLINE vec vec_select(ivec mask, vec yes, vec no)
{
    return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}

/* a > b ? a : b, and a < b ? a : b: NaN on either side gives b. The compiler does not see these instructions in
 * comparisons of vectors. */
VEC_INLINE vec vec_above(vec a, vec b)
{
#if defined(CAMX_REAL_DOUBLE) || !defined(__SSE2__)
    return vec_select((ivec)(a > b), a, b);
#elif CAMX_VECTOR_BYTES == 64
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif CAMX_VECTOR_BYTES == 32
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return (vec)_mm_max_ps((__m128)a, (__m128)b);
#endif
}

VEC_INLINE vec vec_below(vec a, vec b)
{
#if defined(CAMX_REAL_DOUBLE) || !defined(__SSE2__)
    return vec_select((ivec)(a < b), a, b);
#elif CAMX_VECTOR_BYTES == 64
    return (vec)_mm512_min_ps((__m512)a, (__m512)b);
#elif CAMX_VECTOR_BYTES == 32
    return (vec)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return (vec)_mm_min_ps((__m128)a, (__m128)b);
#endif
}

/* NaN stays. */
VEC_INLINE vec vec_clip(vec x, vec low, vec high)
{
    return vec_below(high, vec_above(low, x));
}

VEC_INLINE vec vec_relu(vec x)
{
    return vec_above((vec){0}, x);
}

/* NaN on either side gives NaN. */
VEC_INLINE vec vec_max(vec a, vec b)
{
    return vec_select((ivec)(b > a) | (ivec)(b != b), b, a);
}

/*
 * exp(x) = 2^n exp(r) with |r| <= ln 2 / 2. n is found by adding a number so large that the
 * fraction is rounded away; its low bits then hold n as an integer. exp(r) is its Taylor series, long enough for
 * the last bit. 2^n is multiplied in two halves, because n = 128 has no float. Results
 * below the smallest normal number stop there: every use here adds 1 to them.
 */
#ifdef CAMX_REAL_DOUBLE
#define VEC_EXP_TERMS 14
#define VEC_EXP_LOW (-708.3)
#define VEC_EXP_HIGH 710.0
#define VEC_EXP_ROUND 6755399441055744.0
#define VEC_EXP_BIAS 1023
#define VEC_EXP_SHIFT 52
#define VEC_LN2_HIGH 0x1.62e42fefa38p-1
#define VEC_LN2_LOW 0x1.ef35793c7673p-45
#else
#define VEC_EXP_TERMS 8
#define VEC_EXP_LOW (-87.3f)
#define VEC_EXP_HIGH 89.0f
#define VEC_EXP_ROUND 12582912.0f
#define VEC_EXP_BIAS 127
#define VEC_EXP_SHIFT 23
#define VEC_LN2_HIGH 0x1.62e4p-1f
#define VEC_LN2_LOW 0x1.7f7d1cp-20f
#endif

VEC_INLINE vec vec_exp(vec x)
{
    static const double factor[14] = {1,
                                      1,
                                      1.0 / 2,
                                      1.0 / 6,
                                      1.0 / 24,
                                      1.0 / 120,
                                      1.0 / 720,
                                      1.0 / 5040,
                                      1.0 / 40320,
                                      1.0 / 362880,
                                      1.0 / 3628800,
                                      1.0 / 39916800,
                                      1.0 / 479001600,
                                      1.0 / 6227020800};
    x = vec_clip(x, vec_all((real)VEC_EXP_LOW), vec_all((real)VEC_EXP_HIGH));
    vec rounded = x * (real)1.4426950408889634 + (real)VEC_EXP_ROUND;
    vec n = rounded - (real)VEC_EXP_ROUND;
    vec r = x - n * (real)VEC_LN2_HIGH;
    r = r - n * (real)VEC_LN2_LOW;
    vec sum = vec_all((real)factor[VEC_EXP_TERMS - 1]);
    for (int i = VEC_EXP_TERMS - 2; i >= 0; i--)
        sum = sum * r + (real)factor[i];
    ivec whole = (ivec)rounded - (ivec)vec_all((real)VEC_EXP_ROUND);
    ivec half = whole >> 1;
    ivec rest = whole - half;
    sum *= (vec)((half + VEC_EXP_BIAS) << VEC_EXP_SHIFT);
    return sum * (vec)((rest + VEC_EXP_BIAS) << VEC_EXP_SHIFT);
}

/*
 * x / (1 + exp(-x)), or without the factor x. With instructions for it: exp(-x) = 2^n 2^f with |f| <= 1/2, 2^f by a
 * polynomial with a relative error of 1e-7 (fitted to it with weights that even out the error), and the quotient by one
 * step of Newton's on 14 bits. NaN stays; below -88 the quotient is 0.
 */
VEC_INLINE vec vec_sigmoid(vec x, bool times_x)
{
#if CAMX_VECTOR_BYTES == 64 && !defined(CAMX_REAL_DOUBLE)
    vec most = vec_below(vec_all(88), x);
    vec n = (vec)_mm512_roundscale_ps((__m512)(most * -1.44269504F), 0);
    vec f = (vec)_mm512_fmsub_ps((__m512)most, _mm512_set1_ps(-1.44269504F), (__m512)n); /* exact */
    f = f + most * -1.925963e-8F; /* the rest of log2(e) */
    vec power = f * 0.00132647275F + 0.00967151286F;
    power = power * f + 0.0555073374F;
    power = power * f + 0.240222421F;
    power = power * f + 0.693146978F;
    power = power * f + 1;
    vec d = 1 + (vec)_mm512_scalef_ps((__m512)power, (__m512)n);
    vec guess = (vec)_mm512_rcp14_ps((__m512)d);
    vec step = 2 - d * guess;
    __mmask16 above = _mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(-88), _CMP_NLT_UQ);
    vec quotient = (vec)_mm512_maskz_mul_ps(above, (__m512)step, (__m512)guess);
    return times_x ? quotient * x : quotient;
#else
    vec d = 1 + vec_exp(-x);
    return times_x ? x / d : 1 / d;
#endif
}

/* `activation` should be a constant after inlining, or the switch is taken for each vector. */
VEC_INLINE vec vec_activate(camx__activation activation, vec low, vec high, vec x)
{
    vec one = vec_all(1);
    switch (activation) {
    case CAMX__ACT_NONE:
        return x;
    case CAMX__ACT_RELU:
        return vec_relu(x);
    case CAMX__ACT_CLIP:
        return vec_clip(x, low, high);
    case CAMX__ACT_SILU:
        return vec_sigmoid(x, true);
    case CAMX__ACT_HARDSWISH:
        return x * vec_clip(low * x + high, (vec){0}, one);
    case CAMX__ACT_SIGMOID:
        return vec_sigmoid(x, false);
    case CAMX__ACT_HARDSIGMOID:
        return vec_clip(low * x + high, (vec){0}, one);
    }
    return x;
}

#endif
