/* SPDX-License-Identifier: Apache-2.0 */
/* Operators y = f(x): what is the same for all of them. */
#include "ops/unary.h"

#include <string.h>

#include "ops/broadcast.h"

camx_status camx__unary_bind(camx__op_bind *bind, const camx__unary *unary)
{
    float alpha = unary->alpha_default;
    float beta = unary->beta_default;
    const camx__tensor *x = bind->inputs[0];
    if (unary->integers == NULL || !camx__elem_is_integer(x->elem))
        CAMX__FORWARD(camx__op_need_reals(bind, 0));
    if (unary->alpha != NULL)
        CAMX__FORWARD(camx__op_float(bind, unary->alpha, alpha, &alpha));
    if (unary->beta != NULL)
        CAMX__FORWARD(camx__op_float(bind, unary->beta, beta, &beta));
    camx__unary_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    params->unary = unary;
    params->elem = x->elem;
    params->alpha = (real)alpha;
    params->beta = (real)beta;
    return camx__op_output(bind, 0, &x->shape, x->elem);
}

static void values_of_reals(const void *context, const void *const *in, const int *step, void *out,
                            int64_t count)
{
    const camx__unary_params *params = context;
    (void)step; /* 1: the operand has the result's shape */
    params->unary->forward(params, in[0], out, count);
}

static void values_of_ints(const void *context, const void *const *in, const int *step, void *out,
                           int64_t count)
{
    const camx__unary_params *params = context;
    (void)step;
    params->unary->integers(params, in[0], out, count);
}

static void slopes(const void *context, const void *const *in, const int *step, void *out,
                   int64_t count)
{
    const camx__unary_params *params = context;
    (void)step;
    params->unary->gradient(params, in[1], in[0], out, count);
}

static void guided_slopes(const void *context, const void *const *in, const int *step, void *out,
                          int64_t count)
{
    real *gx = out;
    slopes(context, in, step, out, count);
    for (int64_t i = 0; i < count; i++)
        gx[i] = gx[i] > 0 ? gx[i] : 0;
}

static void open_slopes(const void *context, const void *const *in, const int *step, void *out,
                        int64_t count)
{
    (void)context;
    (void)step;
    memmove(out, in[0], (size_t)count * sizeof(real));
}

static camx__element_fn *choose_slopes(const camx__unary *unary, camx__relu_rule rule)
{
    if (!unary->rectifies || rule == CAMX__RELU_EXACT)
        return slopes;
    return rule == CAMX__RELU_GUIDED ? guided_slopes : open_slopes;
}

bool camx__unary_rectifies(const void *params)
{
    return ((const camx__unary_params *)params)->unary->rectifies;
}

camx_status camx__unary_forward(const camx__op_call *call)
{
    const camx__unary_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(params->elem);
    camx__walk walk = {.shape = y->shape,
                       .inputs = 1,
                       .fn = is_real ? values_of_reals : values_of_ints,
                       .context = params,
                       .out_is_integer = !is_real};
    camx__operand_init(&walk.in[0], call->inputs[0], &y->shape);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

camx_status camx__unary_backward(const camx__op_gradient *g)
{
    const camx__unary_params *params = g->params;
    const camx__unary *unary = params->unary;
    const camx__tensor *gy = g->output_gradients[0];
    const camx__tensor *saved = unary->reads_nothing  ? gy
                                : unary->reads_output ? g->outputs[0]
                                                      : g->inputs[0];
    camx__walk walk = {.shape = gy->shape,
                       .inputs = 2,
                       .fn = choose_slopes(unary, g->relu_rule),
                       .context = params,
                       .accumulate = g->accumulate[0]};
    camx__operand_init(&walk.in[0], gy, &gy->shape);
    camx__operand_init(&walk.in[1], saved, &gy->shape);
    camx__operand_init(&walk.out, g->input_gradients[0], &gy->shape);
    camx__walk_run(g->pool, &walk);
    return CAMX_OK;
}

unsigned camx__unary_saves(const void *params, unsigned wanted)
{
    const camx__unary *unary = ((const camx__unary_params *)params)->unary;
    if (wanted == 0 || unary->reads_nothing)
        return 0;
    return unary->reads_output ? CAMX__SAVE_OUTPUT(0) : CAMX__SAVE_INPUT(0);
}
