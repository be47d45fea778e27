/* SPDX-License-Identifier: Apache-2.0 */
/* Where: number by number from one of two tensors, all three broadcast against each other. */
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/op.h"

typedef struct where_params {
    bool keeps_batch;
} where_params;

static camx_status where_bind(camx__op_bind *bind)
{
    camx__shape y;
    where_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    if (camx__elem_is_real(bind->inputs[0]->elem))
        return camx__op_invalid(bind, "its condition has type %s instead of bool",
                                camx__elem_name(bind->inputs[0]->elem));
    CAMX__FORWARD(camx__bind_same_kind(bind, 1, 3));
    CAMX__FORWARD(camx__bind_broadcast(bind, &y));
    params->keeps_batch = camx__bind_keeps_batch(bind, &y);
    return camx__op_output(bind, 0, &y, bind->inputs[1]->elem);
}

static bool where_keeps_batch(const void *params)
{
    return ((const where_params *)params)->keeps_batch;
}

#define CHOOSE(NAME, TYPE)                                                                         \
    static void NAME(const void *context, const void *const *in, const int *step, void *out,       \
                     int64_t count)                                                                \
    {                                                                                              \
        const int64_t *condition = in[0];                                                          \
        const TYPE *a = in[1];                                                                     \
        const TYPE *b = in[2];                                                                     \
        TYPE *y = out;                                                                             \
        (void)context;                                                                             \
        for (int64_t i = 0; i < count; i++)                                                        \
            y[i] = condition[step[0] * i] != 0 ? a[step[1] * i] : b[step[2] * i];                  \
    }

CHOOSE(choose_reals, real)
CHOOSE(choose_ints, int64_t)

static camx_status where_forward(const camx__op_call *call)
{
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(y->elem);
    camx__walk walk = {.shape = y->shape,
                       .inputs = 3,
                       .fn = is_real ? choose_reals : choose_ints,
                       .out_is_integer = !is_real};
    for (int i = 0; i < 3; i++)
        camx__operand_init(&walk.in[i], call->inputs[i], &y->shape);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

static const int64_t chosen_value[] = {0, 1};

/* in[0]: the gradient; in[1]: the condition. context: the value of the condition that lets it
 * through. */
static void pass_chosen(const void *context, const void *const *in, const int *step, void *out,
                        int64_t count)
{
    const bool wanted = *(const int64_t *)context != 0;
    const real *gy = in[0];
    const int64_t *condition = in[1];
    real *gx = out;
    for (int64_t i = 0; i < count; i++)
        gx[i] = (condition[step[1] * i] != 0) == wanted ? gy[step[0] * i] : 0;
}

static camx_status where_backward(const camx__op_gradient *g)
{
    const camx__tensor *gy = g->output_gradients[0];
    for (int i = 1; i < 3; i++) {
        camx__walk walk = {.shape = gy->shape,
                           .inputs = 2,
                           .fn = pass_chosen,
                           .context = &chosen_value[2 - i],
                           .accumulate = g->accumulate[i]};
        if (g->input_gradients[i] == NULL)
            continue;
        camx__operand_init(&walk.in[0], gy, &gy->shape);
        camx__operand_init(&walk.in[1], g->inputs[0], &gy->shape);
        camx__operand_init(&walk.out, g->input_gradients[i], &gy->shape);
        camx__walk_run(g->pool, &walk);
    }
    return CAMX_OK;
}

static unsigned where_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(0) : 0;
}

const camx__op camx__op_where = {
    .name = "Where",
    .traits = CAMX__OP_ANY_ORDER,
    .min_inputs = 3,
    .max_inputs = 3,
    .max_outputs = 1,
    .bind = where_bind,
    .forward = where_forward,
    .backward = where_backward,
    .saves = where_saves,
    .keeps_batch = where_keeps_batch,
};
