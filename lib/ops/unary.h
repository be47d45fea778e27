/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of operators y = f(x), number by number. An operator gives loops for f and its
 * derivative; shapes, memory orders and threads are handled once, here.
 */
#ifndef CAMX_OPS_UNARY_H
#define CAMX_OPS_UNARY_H

#include "ops/op.h"
#include "ops/reach.h"

/* The math.h function of the engine's precision: CAMX__MATH(exp)(x). */
#ifdef CAMX_REAL_DOUBLE
#define CAMX__MATH(name) name
#else
#define CAMX__MATH(name) name##f
#endif

typedef struct camx__unary camx__unary;

typedef struct camx__unary_params {
    const camx__unary *unary;
    camx__elem elem;
    int variant; /* chosen by the operator's bind */
    real alpha;
    real beta;
} camx__unary_params;

struct camx__unary {
    /* y[i] = f(x[i]); y may be x. */
    void (*forward)(const camx__unary_params *params, const real *x, real *y, int64_t count);
    /* gx[i] = gy[i] f'(...), where saved is x, or y with reads_output. NULL: the derivative is
     * zero. */
    void (*gradient)(const camx__unary_params *params, const real *saved, const real *gy, real *gx,
                     int64_t count);
    bool reads_output;
    bool reads_nothing; /* the derivative is constant: saved is gy */
    bool rectifies;     /* a ReLU: backward follows camx__relu_rule */
    /* For integer tensors; NULL = they are refused. */
    void (*integers)(const camx__unary_params *params, const int64_t *x, int64_t *y, int64_t count);
    const char *alpha; /* names of the attributes, or NULL */
    const char *beta;
    float alpha_default;
    float beta_default;
};

camx_status camx__unary_bind(camx__op_bind *bind, const camx__unary *unary);
camx_status camx__unary_forward(const camx__op_call *call);
camx_status camx__unary_backward(const camx__op_gradient *gradient);
unsigned camx__unary_saves(const void *params, unsigned wanted);
bool camx__unary_rectifies(const void *params);

/* Defines the loops of an operator: VALUE is f(v), SLOPE its derivative from s (what was saved). */
#define CAMX__UNARY_VALUE(ROW, VALUE)                                                              \
    static void ROW##_value(const camx__unary_params *params, const real *x, real *y,              \
                            int64_t count)                                                         \
    {                                                                                              \
        (void)params;                                                                              \
        for (int64_t i = 0; i < count; i++) {                                                      \
            const real v = x[i];                                                                   \
            y[i] = (VALUE);                                                                        \
        }                                                                                          \
    }
#define CAMX__UNARY_SLOPE(ROW, SLOPE)                                                              \
    static void ROW##_slope(const camx__unary_params *params, const real *saved, const real *gy,   \
                            real *gx, int64_t count)                                               \
    {                                                                                              \
        (void)params;                                                                              \
        for (int64_t i = 0; i < count; i++) {                                                      \
            const real s = saved[i];                                                               \
            (void)s;                                                                               \
            gx[i] = gy[i] * (SLOPE);                                                               \
        }                                                                                          \
    }

/* Defines the operator's row; the further arguments are fields of its camx__unary. */
#define CAMX__UNARY_ROW(ROW, NAME, MORE_TRAITS, ...)                                               \
    static const camx__unary ROW##_unary = {.forward = ROW##_value, __VA_ARGS__};                  \
    static camx_status ROW##_bind(camx__op_bind *bind)                                             \
    {                                                                                              \
        return camx__unary_bind(bind, &ROW##_unary);                                               \
    }                                                                                              \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH | CAMX__OP_IN_PLACE | (MORE_TRAITS),   \
        .min_inputs = 1,                                                                           \
        .max_inputs = 1,                                                                           \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .forward = camx__unary_forward,                                                            \
        .backward = (MORE_TRAITS)&CAMX__OP_ZERO_GRADIENT ? NULL : camx__unary_backward,            \
        .saves = (MORE_TRAITS)&CAMX__OP_ZERO_GRADIENT ? NULL : camx__unary_saves,                  \
        .rectifies = camx__unary_rectifies,                                                        \
        .region = camx__region_same,                                                               \
    }

#endif
