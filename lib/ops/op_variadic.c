/* SPDX-License-Identifier: Apache-2.0 */
/* Sum, Mean, Max, Min: any number of operands, broadcast. At ties the gradient is shared evenly,
 * as PyTorch does. */
#include "kernels/rows.h"
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/op.h"
#include "ops/reach.h"

typedef struct variadic_params {
    camx__binary kind; /* ADD, MAX or MIN */
    bool mean;
    camx__elem elem;
    bool keeps_batch;
    real factor; /* of the mean: 1 / inputs */
} variadic_params;

static camx_status variadic_bind(camx__op_bind *bind, camx__binary kind, bool mean)
{
    camx__shape shape;
    CAMX__FORWARD(camx__bind_same_kind(bind, 0, bind->input_count));
    CAMX__FORWARD(camx__bind_broadcast(bind, &shape));
    if (mean)
        CAMX__FORWARD(camx__op_need_reals(bind, 0));
    variadic_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    params->kind = kind;
    params->mean = mean;
    params->elem = bind->inputs[0]->elem;
    params->keeps_batch = camx__bind_keeps_batch(bind, &shape);
    params->factor = (real)(1.0 / (double)bind->input_count);
    return camx__op_output(bind, 0, &shape, params->elem);
}

static bool variadic_keeps_batch(const void *params)
{
    return ((const variadic_params *)params)->keeps_batch;
}

/* ---- forward: y = x0, then y = y (op) xi ---- */

static void two_reals(const void *context, const void *const *in, const int *step, void *out,
                      int64_t count)
{
    camx__rows_binary(((const variadic_params *)context)->kind, in[0], step[0], in[1], step[1], out,
                      count);
}

static void two_ints(const void *context, const void *const *in, const int *step, void *out,
                     int64_t count)
{
    const variadic_params *params = context;
    bool is_unsigned = params->elem == CAMX__ELEM_UINT64;
    const int64_t *a = in[0];
    const int64_t *b = in[1];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        int64_t p = a[step[0] * i];
        int64_t q = b[step[1] * i];
        bool larger = is_unsigned ? (uint64_t)p > (uint64_t)q : p > q;
        if (params->kind == CAMX__ADD)
            y[i] = camx__int_wrap(params->elem, (int64_t)((uint64_t)p + (uint64_t)q));
        else
            y[i] = larger == (params->kind == CAMX__MAX) ? p : q;
    }
}

static void scaled(const void *context, const void *const *in, const int *step, void *out,
                   int64_t count)
{
    const real factor = ((const variadic_params *)context)->factor;
    const real *x = in[0];
    real *y = out;
    for (int64_t i = 0; i < count; i++)
        y[i] = x[step[0] * i] * factor;
}

static camx_status variadic_forward(const camx__op_call *call)
{
    const variadic_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(params->elem);
    camx__walk walk = {.shape = y->shape,
                       .inputs = 2,
                       .fn = is_real ? two_reals : two_ints,
                       .context = params,
                       .out_is_integer = !is_real};
    camx__operand_init(&walk.out, y, &y->shape);
    camx__operand_init(&walk.in[0], call->inputs[0], &y->shape);
    if (call->input_count == 1 && call->inputs[0]->data != y->data)
        camx__broadcast_copy(call->pool, call->inputs[0], y, false);
    for (int i = 1; i < call->input_count; i++) {
        camx__operand_init(&walk.in[1], call->inputs[i], &y->shape);
        camx__walk_run(call->pool, &walk);
        walk.in[0] = walk.out;
    }
    if (params->mean && call->input_count > 1) {
        walk.in[0] = walk.out;
        walk.inputs = 1;
        walk.fn = scaled;
        camx__walk_run(call->pool, &walk);
    }
    return CAMX_OK;
}

/* ---- backward ---- */

static camx_status sum_backward(const camx__op_gradient *g)
{
    const variadic_params *params = g->params;
    const camx__tensor *gy = g->output_gradients[0];
    for (int i = 0; i < g->input_count; i++) {
        camx__walk walk = {.shape = gy->shape,
                           .inputs = 1,
                           .fn = params->mean ? scaled : camx__copy_reals,
                           .context = params,
                           .accumulate = g->accumulate[i]};
        if (g->input_gradients[i] == NULL)
            continue;
        camx__operand_init(&walk.in[0], gy, &gy->shape);
        camx__operand_init(&walk.out, g->input_gradients[i], &gy->shape);
        camx__walk_run(g->pool, &walk);
    }
    return CAMX_OK;
}

/* in[0] = x, in[1] = y: 1 where x is the extreme value. */
static void reaches(const void *context, const void *const *in, const int *step, void *out,
                    int64_t count)
{
    const real *x = in[0];
    const real *y = in[1];
    real *hit = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        hit[i] = x[step[0] * i] == y[step[1] * i] ? 1 : 0;
}

/* in[2] = how many inputs reach y, in[3] = gy. */
static void shared_gradient(const void *context, const void *const *in, const int *step, void *out,
                            int64_t count)
{
    const real *x = in[0];
    const real *y = in[1];
    const real *ties = in[2];
    const real *gy = in[3];
    real *gx = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        gx[i] = x[step[0] * i] == y[step[1] * i] ? gy[step[3] * i] / ties[step[2] * i] : 0;
}

static camx_status extreme_backward(const camx__op_gradient *g)
{
    const camx__tensor *gy = g->output_gradients[0];
    camx__tensor ties = *gy;
    ties.data = g->scratch;
    camx__walk walk = {.shape = gy->shape, .inputs = 2, .fn = reaches};
    camx__operand_init(&walk.in[1], g->outputs[0], &gy->shape);
    camx__operand_init(&walk.out, &ties, &gy->shape);
    for (int i = 0; i < g->input_count; i++) {
        camx__operand_init(&walk.in[0], g->inputs[i], &gy->shape);
        walk.accumulate = i > 0;
        camx__walk_run(g->pool, &walk);
    }
    walk.in[2] = walk.out;
    camx__operand_init(&walk.in[3], gy, &gy->shape);
    walk.inputs = 4;
    walk.fn = shared_gradient;
    for (int i = 0; i < g->input_count; i++) {
        if (g->input_gradients[i] == NULL)
            continue;
        camx__operand_init(&walk.in[0], g->inputs[i], &gy->shape);
        camx__operand_init(&walk.out, g->input_gradients[i], &gy->shape);
        walk.accumulate = g->accumulate[i];
        camx__walk_run(g->pool, &walk);
    }
    return CAMX_OK;
}

static camx_status variadic_backward(const camx__op_gradient *g)
{
    const variadic_params *params = g->params;
    return params->kind == CAMX__ADD ? sum_backward(g) : extreme_backward(g);
}

static camx_status variadic_prepare(camx__op_prepare *prepare)
{
    const variadic_params *params = prepare->params;
    if (prepare->backward && params->kind != CAMX__ADD)
        prepare->scratch_bytes = camx__tensor_bytes(prepare->outputs[0]);
    return CAMX_OK;
}

static unsigned variadic_saves(const void *params, unsigned wanted)
{
    const variadic_params *p = params;
    return wanted != 0 && p->kind != CAMX__ADD ? CAMX__SAVE_ALL_INPUTS | CAMX__SAVE_OUTPUT(0) : 0;
}

#define VARIADIC(ROW, NAME, KIND, MEAN)                                                            \
    static camx_status ROW##_bind(camx__op_bind *bind)                                             \
    {                                                                                              \
        return variadic_bind(bind, KIND, MEAN);                                                    \
    }                                                                                              \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ANY_ORDER | CAMX__OP_IN_PLACE,                                          \
        .min_inputs = 1,                                                                           \
        .max_inputs = CAMX__ANY_COUNT,                                                             \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .prepare = variadic_prepare,                                                               \
        .forward = variadic_forward,                                                               \
        .backward = variadic_backward,                                                             \
        .saves = variadic_saves,                                                                   \
        .keeps_batch = variadic_keeps_batch,                                                       \
        .region = camx__region_aligned,                                                            \
    }

VARIADIC(max, "Max", CAMX__MAX, false);
VARIADIC(mean, "Mean", CAMX__ADD, true);
VARIADIC(min, "Min", CAMX__MIN, false);
VARIADIC(sum, "Sum", CAMX__ADD, false);
