/* SPDX-License-Identifier: Apache-2.0 */
/* Mod: the remainder with the sign of the divisor (as Python has it) or, with fmod = 1, of the
 * dividend (as C has it). */
#include <math.h>

#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/op.h"
#include "ops/unary.h"

typedef struct mod_params {
    camx__elem elem;
    bool like_c;
    bool keeps_batch;
} mod_params;

static camx_status mod_bind(camx__op_bind *bind)
{
    camx__shape y;
    int64_t like_c;
    CAMX__FORWARD(camx__bind_same_kind(bind, 0, 2));
    mod_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_int(bind, "fmod", 0, &like_c));
    CAMX__FORWARD(camx__bind_broadcast(bind, &y));
    params->elem = bind->inputs[0]->elem;
    params->like_c = like_c != 0;
    params->keeps_batch = camx__bind_keeps_batch(bind, &y);
    if (camx__elem_is_real(params->elem) && !params->like_c)
        return camx__op_invalid(bind, "floats need fmod = 1");
    return camx__op_output(bind, 0, &y, params->elem);
}

static bool mod_keeps_batch(const void *params)
{
    return ((const mod_params *)params)->keeps_batch;
}

static void mod_reals(const void *context, const void *const *in, const int *step, void *out,
                      int64_t count)
{
    const real *a = in[0];
    const real *b = in[1];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        y[i] = CAMX__MATH(fmod)(a[step[0] * i], b[step[1] * i]);
}

/* What processors trap on is 0: x mod 0 and INT64_MIN mod -1. */
static int64_t remainder_of(const mod_params *params, int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    if (params->elem == CAMX__ELEM_UINT64)
        return (int64_t)((uint64_t)a % (uint64_t)b);
    if (b == -1)
        return 0;
    int64_t rest = a % b;
    return !params->like_c && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static void mod_ints(const void *context, const void *const *in, const int *step, void *out,
                     int64_t count)
{
    const int64_t *a = in[0];
    const int64_t *b = in[1];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++)
        y[i] = remainder_of(context, a[step[0] * i], b[step[1] * i]);
}

static camx_status mod_forward(const camx__op_call *call)
{
    const mod_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(params->elem);
    camx__walk walk = {.shape = y->shape,
                       .inputs = 2,
                       .fn = is_real ? mod_reals : mod_ints,
                       .context = params,
                       .out_is_integer = !is_real};
    for (int i = 0; i < 2; i++)
        camx__operand_init(&walk.in[i], call->inputs[i], &y->shape);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

/* a mod b = a - b trunc(a / b). in[0]: the gradient; in[1]: a; in[2]: b. */
static void divisor_slope(const void *context, const void *const *in, const int *step, void *out,
                          int64_t count)
{
    const real *gy = in[0];
    const real *a = in[1];
    const real *b = in[2];
    real *gx = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        gx[i] = -gy[step[0] * i] * CAMX__MATH(trunc)(a[step[1] * i] / b[step[2] * i]);
}

static camx_status mod_backward(const camx__op_gradient *g)
{
    const camx__tensor *gy = g->output_gradients[0];
    if (g->input_gradients[0] != NULL)
        camx__broadcast_reduce(g->pool, gy, g->input_gradients[0], g->accumulate[0]);
    if (g->input_gradients[1] == NULL)
        return CAMX_OK;
    camx__walk walk = {
        .shape = gy->shape, .inputs = 3, .fn = divisor_slope, .accumulate = g->accumulate[1]};
    camx__operand_init(&walk.in[0], gy, &gy->shape);
    camx__operand_init(&walk.in[1], g->inputs[0], &gy->shape);
    camx__operand_init(&walk.in[2], g->inputs[1], &gy->shape);
    camx__operand_init(&walk.out, g->input_gradients[1], &gy->shape);
    camx__walk_run(g->pool, &walk);
    return CAMX_OK;
}

static unsigned mod_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted & 2 ? CAMX__SAVE_INPUT(0) | CAMX__SAVE_INPUT(1) : 0;
}

const camx__op camx__op_mod = {
    .name = "Mod",
    .traits = CAMX__OP_ANY_ORDER,
    .min_inputs = 2,
    .max_inputs = 2,
    .max_outputs = 1,
    .bind = mod_bind,
    .forward = mod_forward,
    .backward = mod_backward,
    .saves = mod_saves,
    .keeps_batch = mod_keeps_batch,
};
