/* SPDX-License-Identifier: Apache-2.0 */
/* Erf and Gelu, exact and in the approximation by tanh. */
#include <math.h>
#include <string.h>

#include "ops/reach.h"
#include "ops/unary.h"

#define SQRT_HALF ((real)0.70710678118654752440)
#define TWO_OVER_SQRT_PI ((real)1.12837916709551257390)
#define ONE_OVER_SQRT_2PI ((real)0.39894228040143267794)
#define SQRT_2_OVER_PI ((real)0.79788456080286535588)
#define CUBE_FACTOR ((real)0.044715)

CAMX__UNARY_VALUE(erf, CAMX__MATH(erf)(v))
CAMX__UNARY_SLOPE(erf, TWO_OVER_SQRT_PI *CAMX__MATH(exp)(-s *s))
CAMX__UNARY_ROW(erf, "Erf", 0, .gradient = erf_slope);

/* ---- Gelu: x times the share of a normal distribution below x ---- */

enum { EXACT = 0, BY_TANH = 1 };

static inline real tanh_argument(real v)
{
    return SQRT_2_OVER_PI * (v + CUBE_FACTOR * v * v * v);
}

static inline real tanh_slope(real s)
{
    real t = CAMX__MATH(tanh)(tanh_argument(s));
    real inner = SQRT_2_OVER_PI * (1 + 3 * CUBE_FACTOR * s * s);
    return (real)0.5 * (1 + t) + (real)0.5 * s * (1 - t * t) * inner;
}

static inline real exact_slope(real s)
{
    return (real)0.5 * (1 + CAMX__MATH(erf)(s * SQRT_HALF)) +
           s * ONE_OVER_SQRT_2PI * CAMX__MATH(exp)((real)-0.5 * s * s);
}

/* erfc keeps the relative precision where 1 + erf would cancel. */
static inline real exact_value(real v)
{
    return (real)0.5 * v * CAMX__MATH(erfc)(-v * SQRT_HALF);
}

static void gelu_value(const camx__unary_params *params, const real *x, real *y, int64_t count)
{
    if (params->variant == EXACT) {
        for (int64_t i = 0; i < count; i++)
            y[i] = exact_value(x[i]);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        y[i] = (real)0.5 * x[i] * (1 + CAMX__MATH(tanh)(tanh_argument(x[i])));
}

CAMX__UNARY_SLOPE(gelu, params->variant == EXACT ? exact_slope(s) : tanh_slope(s))

static const camx__unary gelu_unary = {.forward = gelu_value, .gradient = gelu_slope};

static camx_status gelu_bind(camx__op_bind *bind)
{
    const char *text;
    CAMX__FORWARD(camx__op_text(bind, "approximate", &text));
    bool by_tanh = strcmp(text, "tanh") == 0;
    if (!by_tanh && text[0] != '\0' && strcmp(text, "none") != 0)
        return camx__op_invalid(
            bind, "attribute 'approximate' is '%.40s'; ONNX knows 'none' and 'tanh'", text);
    CAMX__FORWARD(camx__unary_bind(bind, &gelu_unary));
    ((camx__unary_params *)bind->params)->variant = by_tanh ? BY_TANH : EXACT;
    return CAMX_OK;
}

const camx__op camx__op_gelu = {
    .name = "Gelu",
    .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH | CAMX__OP_IN_PLACE,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = gelu_bind,
    .forward = camx__unary_forward,
    .backward = camx__unary_backward,
    .saves = camx__unary_saves,
    .region = camx__region_same,
};
