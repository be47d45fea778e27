/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activation functions of one input. At a kink the derivative is PyTorch's: that of Relu at 0 is
 * 0, that of the hard functions at both ends as well. NaN stays NaN.
 */
#include <math.h>

#include "kernels/rows.h"
#include "ops/unary.h"

#define ALPHA (params->alpha)
#define BETA (params->beta)

/* ---- Relu and its kin ---- */

static void relu_value(const camx__unary_params *params, const real *x, real *y, int64_t count)
{
    (void)params;
    camx__rows_activation(CAMX__ACT_RELU, 0, 0, x, y, count);
}

static void relu_integers(const camx__unary_params *params, const int64_t *x, int64_t *y,
                          int64_t count)
{
    (void)params;
    for (int64_t i = 0; i < count; i++)
        y[i] = x[i] > 0 ? x[i] : 0;
}

/* Not a product: a gradient that is infinite must not become NaN where it is cut off. */
static void relu_slope(const camx__unary_params *params, const real *saved, const real *gy,
                       real *gx, int64_t count)
{
    (void)params;
    camx__rows_gate(saved, 0, (real)NAN, gy, gx, count);
}

CAMX__UNARY_ROW(relu, "Relu", 0, .gradient = relu_slope, .reads_output = true,
                .rectifies = true, .integers = relu_integers);

CAMX__UNARY_VALUE(leaky_relu, v < 0 ? ALPHA * v : v)
CAMX__UNARY_SLOPE(leaky_relu, s > 0 ? 1 : ALPHA)
CAMX__UNARY_ROW(leaky_relu, "LeakyRelu", 0, .gradient = leaky_relu_slope, .alpha = "alpha",
                .alpha_default = 0.01f);

CAMX__UNARY_VALUE(thresholded_relu, v <= ALPHA ? 0 : v)
CAMX__UNARY_SLOPE(thresholded_relu, s > ALPHA ? 1 : 0)
CAMX__UNARY_ROW(thresholded_relu, "ThresholdedRelu", 0, .gradient = thresholded_relu_slope,
                .alpha = "alpha", .alpha_default = 1.0f);

CAMX__UNARY_VALUE(elu, v < 0 ? ALPHA * CAMX__MATH(expm1)(v) : v)
CAMX__UNARY_SLOPE(elu, s > 0 ? 1 : ALPHA * CAMX__MATH(exp)(s))
CAMX__UNARY_ROW(elu, "Elu", 0, .gradient = elu_slope, .alpha = "alpha", .alpha_default = 1.0f);

CAMX__UNARY_VALUE(celu, v < 0 ? ALPHA * CAMX__MATH(expm1)(v / ALPHA) : v)
CAMX__UNARY_SLOPE(celu, s > 0 ? 1 : CAMX__MATH(exp)(s / ALPHA))
CAMX__UNARY_ROW(celu, "Celu", 0, .gradient = celu_slope, .alpha = "alpha", .alpha_default = 1.0f);

CAMX__UNARY_VALUE(selu, BETA *(v < 0 ? ALPHA * CAMX__MATH(expm1)(v) : v))
CAMX__UNARY_SLOPE(selu, BETA *(s > 0 ? 1 : ALPHA * CAMX__MATH(exp)(s)))
CAMX__UNARY_ROW(selu, "Selu", 0, .gradient = selu_slope, .alpha = "alpha",
                .alpha_default = 1.67326319217681884765625f, .beta = "gamma",
                .beta_default = 1.05070102214813232421875f);

/* ---- sigmoids ---- */

static inline real sigmoid(real v)
{
    return 1 / (1 + CAMX__MATH(exp)(-v));
}

static void sigmoid_value(const camx__unary_params *params, const real *x, real *y, int64_t count)
{
    (void)params;
    camx__rows_activation(CAMX__ACT_SIGMOID, 0, 0, x, y, count);
}

CAMX__UNARY_SLOPE(sigmoid, s *(1 - s))
CAMX__UNARY_ROW(sigmoid, "Sigmoid", 0, .gradient = sigmoid_slope, .reads_output = true);

static void hard_sigmoid_value(const camx__unary_params *params, const real *x, real *y,
                               int64_t count)
{
    camx__rows_activation(CAMX__ACT_HARDSIGMOID, ALPHA, BETA, x, y, count);
}

CAMX__UNARY_SLOPE(hard_sigmoid, s > 0 && s < 1 ? ALPHA : 0)
CAMX__UNARY_ROW(hard_sigmoid, "HardSigmoid", 0, .gradient = hard_sigmoid_slope,
                .reads_output = true, .alpha = "alpha", .alpha_default = 0.2f, .beta = "beta",
                .beta_default = 0.5f);

static void hard_swish_value(const camx__unary_params *params, const real *x, real *y,
                             int64_t count)
{
    (void)params;
    camx__rows_activation(CAMX__ACT_HARDSWISH, (real)1 / 6, (real)0.5, x, y, count);
}

CAMX__UNARY_SLOPE(hard_swish, s <= -3 ? 0 : s < 3 ? s / 3 + (real)0.5 : 1)
CAMX__UNARY_ROW(hard_swish, "HardSwish", 0, .gradient = hard_swish_slope);

static void swish_value(const camx__unary_params *params, const real *x, real *y, int64_t count)
{
    if (ALPHA == 1) {
        camx__rows_activation(CAMX__ACT_SILU, 0, 0, x, y, count);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        y[i] = x[i] * sigmoid(ALPHA * x[i]);
}

static inline real swish_derivative(real alpha, real s)
{
    real gate = sigmoid(alpha * s);
    return gate + alpha * s * gate * (1 - gate);
}

CAMX__UNARY_SLOPE(swish, swish_derivative(ALPHA, s))
CAMX__UNARY_ROW(swish, "Swish", 0, .gradient = swish_slope, .alpha = "alpha",
                .alpha_default = 1.0f);

CAMX__UNARY_VALUE(tanh, CAMX__MATH(tanh)(v))
CAMX__UNARY_SLOPE(tanh, 1 - s * s)
CAMX__UNARY_ROW(tanh, "Tanh", 0, .gradient = tanh_slope, .reads_output = true);

/* ---- soft functions ---- */

/* log(1 + exp(v)) without overflow; NaN passes through fabs. */
static inline real softplus(real v)
{
    return (v > 0 ? v : 0) + CAMX__MATH(log1p)(CAMX__MATH(exp)(-CAMX__MATH(fabs)(v)));
}

CAMX__UNARY_VALUE(softplus, softplus(v))
CAMX__UNARY_SLOPE(softplus, sigmoid(s))
CAMX__UNARY_ROW(softplus, "Softplus", 0, .gradient = softplus_slope);

static inline real softsign_derivative(real s)
{
    real d = 1 + CAMX__MATH(fabs)(s);
    return 1 / (d * d);
}

CAMX__UNARY_VALUE(softsign, v / (1 + CAMX__MATH(fabs)(v)))
CAMX__UNARY_SLOPE(softsign, softsign_derivative(s))
CAMX__UNARY_ROW(softsign, "Softsign", 0, .gradient = softsign_slope);

static inline real mish_derivative(real s)
{
    real t = CAMX__MATH(tanh)(softplus(s));
    return t + s * (1 - t * t) * sigmoid(s);
}

CAMX__UNARY_VALUE(mish, v *CAMX__MATH(tanh)(softplus(v)))
CAMX__UNARY_SLOPE(mish, mish_derivative(s))
CAMX__UNARY_ROW(mish, "Mish", 0, .gradient = mish_slope);
