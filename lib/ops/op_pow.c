/* SPDX-License-Identifier: Apache-2.0 */
/* Pow: a to the power b, broadcast; base and exponent may be of different kinds, the result is
 * of the base's. */
#include <math.h>

#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/op.h"
#include "ops/reach.h"
#include "ops/unary.h"

typedef struct pow_params {
    camx__elem base;
    camx__elem exponent;
    bool keeps_batch;
    int shift[2]; /* where axis 0 of the inputs lies in the result */
} pow_params;

static camx_status pow_bind(camx__op_bind *bind)
{
    camx__shape shape;
    pow_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    if (bind->opset < 7) {
        CAMX__FORWARD(camx__bind_old_broadcast(bind, &shape, &params->shift[1]));
    } else {
        CAMX__FORWARD(camx__bind_broadcast(bind, &shape));
        for (int i = 0; i < 2; i++)
            params->shift[i] = shape.rank - bind->inputs[i]->shape.rank;
    }
    params->base = bind->inputs[0]->elem;
    params->exponent = bind->inputs[1]->elem;
    params->keeps_batch = camx__bind_keeps_batch(bind, &shape);
    return camx__op_output(bind, 0, &shape, params->base);
}

static bool pow_keeps_batch(const void *params)
{
    return ((const pow_params *)params)->keeps_batch;
}

/* ---- forward ---- */

static int64_t int_power(int64_t base, int64_t exponent)
{
    uint64_t result = 1;
    uint64_t factor = (uint64_t)base;
    if (exponent < 0) {
        /* 1 / base^n, cut to an integer. */
        if (base == 1)
            return 1;
        return base == -1 ? (exponent & 1 ? -1 : 1) : 0;
    }
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1)
            result *= factor;
        factor *= factor;
    }
    return (int64_t)result;
}

/* As a compiler would not: numbers beyond the range become its ends, NaN becomes 0. */
static int64_t to_int(double value)
{
    if (!(value == value))
        return 0;
    if (value >= 0x1p63)
        return INT64_MAX;
    return value <= -0x1p63 ? INT64_MIN : (int64_t)value;
}

static void ints_to_any(const void *context, const void *const *in, const int *step, void *out,
                        int64_t count)
{
    const pow_params *params = context;
    const int64_t *a = in[0];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        int64_t value;
        int64_t base = a[step[0] * i];
        if (camx__elem_is_real(params->exponent))
            value = to_int(pow((double)base, (double)((const real *)in[1])[step[1] * i]));
        else
            value = int_power(base, ((const int64_t *)in[1])[step[1] * i]);
        y[i] = camx__int_wrap(params->base, value);
    }
}

static void reals_to_ints(const void *context, const void *const *in, const int *step, void *out,
                          int64_t count)
{
    const real *a = in[0];
    const int64_t *b = in[1];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        y[i] = (real)pow((double)a[step[0] * i], (double)b[step[1] * i]);
}

/* Squares and the like are everywhere in normalisations; pow would be slow. */
static bool small_power(real exponent, const real *a, int a_step, real *y, int64_t count)
{
    if (exponent == 2) {
        for (int64_t i = 0; i < count; i++)
            y[i] = a[a_step * i] * a[a_step * i];
    } else if (exponent == 3) {
        for (int64_t i = 0; i < count; i++)
            y[i] = a[a_step * i] * a[a_step * i] * a[a_step * i];
    } else if (exponent == 1) {
        for (int64_t i = 0; i < count; i++)
            y[i] = a[a_step * i];
    } else {
        return false;
    }
    return true;
}

static void reals_to_reals(const void *context, const void *const *in, const int *step, void *out,
                           int64_t count)
{
    const real *a = in[0];
    const real *b = in[1];
    real *y = out;
    (void)context;
    if (step[1] == 0 && small_power(b[0], a, step[0], y, count))
        return;
    for (int64_t i = 0; i < count; i++)
        y[i] = CAMX__MATH(pow)(a[step[0] * i], b[step[1] * i]);
}

static camx_status pow_forward(const camx__op_call *call)
{
    const pow_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(params->base);
    camx__walk walk = {
        .shape = y->shape, .inputs = 2, .context = params, .out_is_integer = !is_real};
    walk.fn = !is_real                               ? ints_to_any
              : camx__elem_is_real(params->exponent) ? reals_to_reals
                                                     : reals_to_ints;
    for (int i = 0; i < 2; i++)
        camx__operand_init_at(&walk.in[i], call->inputs[i], &y->shape, params->shift[i]);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

/* ---- backward: in[0] = gy, in[1] = a, in[2] = b ---- */

static double exponent_at(const pow_params *params, const void *b, int64_t at)
{
    return camx__elem_is_real(params->exponent) ? (double)((const real *)b)[at]
                                                : (double)((const int64_t *)b)[at];
}

static void base_slope(const void *context, const void *const *in, const int *step, void *out,
                       int64_t count)
{
    const real *gy = in[0];
    const real *a = in[1];
    real *gx = out;
    for (int64_t i = 0; i < count; i++) {
        double b = exponent_at(context, in[2], step[2] * i);
        double x = (double)a[step[1] * i];
        double slope = b == 0 ? 0 : b == 2 ? 2 * x : b * pow(x, b - 1);
        gx[i] = (real)((double)gy[step[0] * i] * slope);
    }
}

static void exponent_slope(const void *context, const void *const *in, const int *step, void *out,
                           int64_t count)
{
    const real *gy = in[0];
    const real *a = in[1];
    const real *b = in[2];
    real *gx = out;
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        double x = (double)a[step[1] * i];
        double e = (double)b[step[2] * i];
        double slope = x == 0 && e >= 0 ? 0 : pow(x, e) * log(x);
        gx[i] = (real)((double)gy[step[0] * i] * slope);
    }
}

static camx_status pow_backward(const camx__op_gradient *g)
{
    const pow_params *params = g->params;
    const camx__tensor *gy = g->output_gradients[0];
    for (int i = 0; i < 2; i++) {
        camx__walk walk = {.shape = gy->shape,
                           .inputs = 3,
                           .fn = i == 0 ? base_slope : exponent_slope,
                           .context = params,
                           .accumulate = g->accumulate[i]};
        if (g->input_gradients[i] == NULL)
            continue;
        camx__operand_init(&walk.in[0], gy, &gy->shape);
        camx__operand_init_at(&walk.in[1], g->inputs[0], &gy->shape, params->shift[0]);
        camx__operand_init_at(&walk.in[2], g->inputs[1], &gy->shape, params->shift[1]);
        camx__operand_init_at(&walk.out, g->input_gradients[i], &gy->shape, params->shift[i]);
        camx__walk_run(g->pool, &walk);
    }
    return CAMX_OK;
}

static unsigned pow_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(0) | CAMX__SAVE_INPUT(1) : 0;
}

static bool pow_region(camx__op_region *region)
{
    return camx__region_broadcast(region, ((const pow_params *)region->params)->shift);
}

const camx__op camx__op_pow = {
    .name = "Pow",
    .traits = CAMX__OP_ANY_ORDER | CAMX__OP_IN_PLACE,
    .min_inputs = 2,
    .max_inputs = 2,
    .max_outputs = 1,
    .bind = pow_bind,
    .forward = pow_forward,
    .backward = pow_backward,
    .saves = pow_saves,
    .keeps_batch = pow_keeps_batch,
    .region = pow_region,
};
