/* SPDX-License-Identifier: Apache-2.0 */
/* Elementary functions of one operand: Exp, Sqrt, Abs and so on. */
#include <math.h>

#include "ops/elementwise.h"
#include "ops/unary.h"

/* ---- arithmetic ---- */

static void abs_integers(const camx__unary_params *params, const int64_t *x, int64_t *y,
                         int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = x[i] < 0 && params->elem != CAMX__ELEM_UINT64
                   ? camx__int_wrap(params->elem, (int64_t)(0 - (uint64_t)x[i]))
                   : x[i];
}

CAMX__UNARY_VALUE(abs, CAMX__MATH(fabs)(v))
CAMX__UNARY_SLOPE(abs, s > 0 ? 1 : s < 0 ? -1 : 0)
CAMX__UNARY_ROW(abs, "Abs", 0, .gradient = abs_slope, .integers = abs_integers);

static void neg_integers(const camx__unary_params *params, const int64_t *x, int64_t *y,
                         int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = camx__int_wrap(params->elem, (int64_t)(0 - (uint64_t)x[i]));
}

CAMX__UNARY_VALUE(neg, -v)
CAMX__UNARY_SLOPE(neg, -1)
CAMX__UNARY_ROW(neg, "Neg", 0, .gradient = neg_slope, .reads_nothing = true,
                .integers = neg_integers);

CAMX__UNARY_VALUE(reciprocal, 1 / v)
CAMX__UNARY_SLOPE(reciprocal, -s *s)
CAMX__UNARY_ROW(reciprocal, "Reciprocal", 0, .gradient = reciprocal_slope, .reads_output = true);

CAMX__UNARY_VALUE(sqrt, CAMX__MATH(sqrt)(v))
CAMX__UNARY_SLOPE(sqrt, (real)0.5 / s)
CAMX__UNARY_ROW(sqrt, "Sqrt", 0, .gradient = sqrt_slope, .reads_output = true);

/* ---- exponentials ---- */

CAMX__UNARY_VALUE(exp, CAMX__MATH(exp)(v))
CAMX__UNARY_SLOPE(exp, s)
CAMX__UNARY_ROW(exp, "Exp", 0, .gradient = exp_slope, .reads_output = true);

CAMX__UNARY_VALUE(log, CAMX__MATH(log)(v))
CAMX__UNARY_SLOPE(log, 1 / s)
CAMX__UNARY_ROW(log, "Log", 0, .gradient = log_slope);

CAMX__UNARY_VALUE(sinh, CAMX__MATH(sinh)(v))
CAMX__UNARY_SLOPE(sinh, CAMX__MATH(cosh)(s))
CAMX__UNARY_ROW(sinh, "Sinh", 0, .gradient = sinh_slope);

CAMX__UNARY_VALUE(cosh, CAMX__MATH(cosh)(v))
CAMX__UNARY_SLOPE(cosh, CAMX__MATH(sinh)(s))
CAMX__UNARY_ROW(cosh, "Cosh", 0, .gradient = cosh_slope);

CAMX__UNARY_VALUE(asinh, CAMX__MATH(asinh)(v))
CAMX__UNARY_SLOPE(asinh, 1 / CAMX__MATH(sqrt)(s * s + 1))
CAMX__UNARY_ROW(asinh, "Asinh", 0, .gradient = asinh_slope);

CAMX__UNARY_VALUE(acosh, CAMX__MATH(acosh)(v))
CAMX__UNARY_SLOPE(acosh, 1 / CAMX__MATH(sqrt)(s * s - 1))
CAMX__UNARY_ROW(acosh, "Acosh", 0, .gradient = acosh_slope);

CAMX__UNARY_VALUE(atanh, CAMX__MATH(atanh)(v))
CAMX__UNARY_SLOPE(atanh, 1 / (1 - s * s))
CAMX__UNARY_ROW(atanh, "Atanh", 0, .gradient = atanh_slope);

/* ---- angles ---- */

CAMX__UNARY_VALUE(sin, CAMX__MATH(sin)(v))
CAMX__UNARY_SLOPE(sin, CAMX__MATH(cos)(s))
CAMX__UNARY_ROW(sin, "Sin", 0, .gradient = sin_slope);

CAMX__UNARY_VALUE(cos, CAMX__MATH(cos)(v))
CAMX__UNARY_SLOPE(cos, -CAMX__MATH(sin)(s))
CAMX__UNARY_ROW(cos, "Cos", 0, .gradient = cos_slope);

CAMX__UNARY_VALUE(tan, CAMX__MATH(tan)(v))
CAMX__UNARY_SLOPE(tan, 1 + s * s)
CAMX__UNARY_ROW(tan, "Tan", 0, .gradient = tan_slope, .reads_output = true);

CAMX__UNARY_VALUE(asin, CAMX__MATH(asin)(v))
CAMX__UNARY_SLOPE(asin, 1 / CAMX__MATH(sqrt)(1 - s * s))
CAMX__UNARY_ROW(asin, "Asin", 0, .gradient = asin_slope);

CAMX__UNARY_VALUE(acos, CAMX__MATH(acos)(v))
CAMX__UNARY_SLOPE(acos, -1 / CAMX__MATH(sqrt)(1 - s * s))
CAMX__UNARY_ROW(acos, "Acos", 0, .gradient = acos_slope);

CAMX__UNARY_VALUE(atan, CAMX__MATH(atan)(v))
CAMX__UNARY_SLOPE(atan, 1 / (1 + s * s))
CAMX__UNARY_ROW(atan, "Atan", 0, .gradient = atan_slope);
