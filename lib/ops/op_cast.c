/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cast and CastLike: between reals (nothing changes: every float type is widened to `real`),
 * between integers (what does not fit wraps around), and between the two (reals are cut towards
 * zero).
 */
#include <math.h>

#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/move.h"
#include "ops/op.h"
#include "ops/reach.h"

typedef struct cast_params {
    camx__elem from;
    camx__elem to;
} cast_params;

static camx_status bind_to(camx__op_bind *bind, int64_t to)
{
    const camx__tensor *x = bind->inputs[0];
    cast_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    params->from = x->elem;
    params->to = to > 0 && to <= CAMX__ELEM_BFLOAT16 ? (camx__elem)to : CAMX__ELEM_NONE;
    if (!camx__elem_is_real(params->to) && !camx__elem_is_integer(params->to))
        return camx__op_unsupported(bind, "values cannot be cast to %s here",
                                    camx__elem_name((int)to));
    return camx__op_output(bind, 0, &x->shape, params->to);
}

static camx_status cast_bind(camx__op_bind *bind)
{
    int64_t to = 0;
    CAMX__FORWARD(camx__op_int(bind, "to", 0, &to));
    return bind_to(bind, to);
}

static camx_status cast_like_bind(camx__op_bind *bind)
{
    return bind_to(bind, bind->inputs[1]->elem);
}

/* A real as an integer: cut towards zero; what no int64 can hold becomes the nearest, NaN becomes
 * 0. */
static int64_t to_int(real value)
{
    double wide = (double)value;
    if (isnan(wide))
        return 0;
    if (wide >= 9223372036854775807.0)
        return INT64_MAX;
    return wide <= -9223372036854775808.0 ? INT64_MIN : (int64_t)wide;
}

static void real_to_int(const void *context, const void *const *in, const int *step, void *out,
                        int64_t count)
{
    const cast_params *params = context;
    const real *x = in[0];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        real value = x[i * step[0]];
        y[i] =
            params->to == CAMX__ELEM_BOOL ? value != 0 : camx__int_wrap(params->to, to_int(value));
    }
}

static void int_to_real(const void *context, const void *const *in, const int *step, void *out,
                        int64_t count)
{
    const int64_t *x = in[0];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        y[i] = (real)x[i * step[0]];
}

static void int_to_int(const void *context, const void *const *in, const int *step, void *out,
                       int64_t count)
{
    const cast_params *params = context;
    const int64_t *x = in[0];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        int64_t value = x[i * step[0]];
        y[i] = params->to == CAMX__ELEM_BOOL ? value != 0 : camx__int_wrap(params->to, value);
    }
}

static camx_status cast_forward(const camx__op_call *call)
{
    const cast_params *params = call->params;
    const camx__tensor *x = call->inputs[0];
    const camx__tensor *y = call->outputs[0];
    bool from_real = camx__elem_is_real(params->from);
    bool to_real = camx__elem_is_real(params->to);
    camx__walk walk = {
        .shape = y->shape, .inputs = 1, .context = params, .out_is_integer = !to_real};
    if (from_real)
        walk.fn = to_real ? camx__copy_reals : real_to_int;
    else
        walk.fn = to_real ? int_to_real : int_to_int;
    camx__operand_init(&walk.in[0], x, &y->shape);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

/* A CastLike has a second input, of which only the type matters. */
static camx_status cast_backward(const camx__op_gradient *g)
{
    if (g->input_gradients[0] != NULL)
        camx__broadcast_copy(g->pool, g->output_gradients[0], g->input_gradients[0],
                             g->accumulate[0]);
    if (g->input_count > 1 && g->input_gradients[1] != NULL && !g->accumulate[1])
        camx__move_clear(g->pool, g->input_gradients[1]);
    return CAMX_OK;
}

#define CAST(ROW, NAME, INPUTS)                                                                    \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH,                                       \
        .min_inputs = INPUTS,                                                                      \
        .max_inputs = INPUTS,                                                                      \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .forward = cast_forward,                                                                   \
        .backward = cast_backward,                                                                 \
        .region = camx__region_same,                                                               \
    }

CAST(cast, "Cast", 1);
CAST(cast_like, "CastLike", 2);
