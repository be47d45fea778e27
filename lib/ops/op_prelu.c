/* SPDX-License-Identifier: Apache-2.0 */
/* PRelu: x where it is positive, otherwise slope x, with a slope that broadcasts to x. */
#include "ops/broadcast.h"
#include "ops/op.h"
#include "ops/reach.h"

typedef struct prelu_params {
    int shift; /* where axis 0 of the slope lies in x */
} prelu_params;

static camx_status prelu_bind(camx__op_bind *bind)
{
    char text[2][160];
    CAMX__FORWARD(camx__op_need_reals(bind, 0));
    CAMX__FORWARD(camx__op_need_reals(bind, 1));
    const camx__shape *x = &bind->inputs[0]->shape;
    const camx__shape *slope = &bind->inputs[1]->shape;
    camx__shape both;
    prelu_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    params->shift = x->rank - slope->rank;
    bool fits = camx__shape_broadcast(x, slope, &both) && camx__shape_equal(&both, x);
    if (bind->opset < 7 && slope->rank == 1 && x->rank >= 2) {
        /* Before opset 7 a vector held one slope per channel. */
        fits = slope->dim[0] == 1 || slope->dim[0] == x->dim[1];
        params->shift = 1;
    }
    if (!fits)
        return camx__op_misfit(bind, "the slope %s does not broadcast to its input %s",
                               camx__shape_text(slope, text[0], sizeof text[0]),
                               camx__shape_text(x, text[1], sizeof text[1]));
    return camx__op_output(bind, 0, x, bind->inputs[0]->elem);
}

static void values(const void *context, const void *const *in, const int *step, void *out,
                   int64_t count)
{
    const real *x = in[0];
    const real *slope = in[1];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        real v = x[step[0] * i];
        y[i] = v < 0 ? v * slope[step[1] * i] : v;
    }
}

/* in[0] = gy, in[1] = x, in[2] = slope. */
static void input_slopes(const void *context, const void *const *in, const int *step, void *out,
                         int64_t count)
{
    const real *gy = in[0];
    const real *x = in[1];
    const real *slope = in[2];
    real *gx = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        gx[i] = gy[step[0] * i] * (x[step[1] * i] > 0 ? 1 : slope[step[2] * i]);
}

static void slope_slopes(const void *context, const void *const *in, const int *step, void *out,
                         int64_t count)
{
    const real *gy = in[0];
    const real *x = in[1];
    real *gs = out;
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        real v = x[step[1] * i];
        gs[i] = v > 0 ? 0 : gy[step[0] * i] * v;
    }
}

static camx_status prelu_forward(const camx__op_call *call)
{
    const prelu_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    camx__walk walk = {.shape = y->shape, .inputs = 2, .fn = values};
    camx__operand_init(&walk.in[0], call->inputs[0], &y->shape);
    camx__operand_init_at(&walk.in[1], call->inputs[1], &y->shape, params->shift);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

static camx_status prelu_backward(const camx__op_gradient *g)
{
    const prelu_params *params = g->params;
    const camx__tensor *gy = g->output_gradients[0];
    camx__walk walk = {
        .shape = gy->shape, .inputs = 3, .fn = input_slopes, .accumulate = g->accumulate[0]};
    camx__operand_init(&walk.in[0], gy, &gy->shape);
    camx__operand_init(&walk.in[1], g->inputs[0], &gy->shape);
    if (g->input_gradients[0] != NULL) {
        camx__operand_init_at(&walk.in[2], g->inputs[1], &gy->shape, params->shift);
        camx__operand_init(&walk.out, g->input_gradients[0], &gy->shape);
        camx__walk_run(g->pool, &walk);
    }
    if (g->input_gradients[1] != NULL) {
        walk.inputs = 2;
        walk.fn = slope_slopes;
        walk.accumulate = g->accumulate[1];
        camx__operand_init_at(&walk.out, g->input_gradients[1], &gy->shape, params->shift);
        camx__walk_run(g->pool, &walk);
    }
    return CAMX_OK;
}

static unsigned prelu_saves(const void *params, unsigned wanted)
{
    (void)params;
    return (wanted != 0 ? CAMX__SAVE_INPUT(0) : 0) | (wanted & 1 ? CAMX__SAVE_INPUT(1) : 0);
}

static bool prelu_region(camx__op_region *region)
{
    const int shifts[2] = {0, ((const prelu_params *)region->params)->shift};
    return !region->varies[1] && camx__region_broadcast(region, shifts);
}

const camx__op camx__op_prelu = {
    .name = "PRelu",
    .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH | CAMX__OP_IN_PLACE,
    .min_inputs = 2,
    .max_inputs = 2,
    .max_outputs = 1,
    .bind = prelu_bind,
    .forward = prelu_forward,
    .backward = prelu_backward,
    .saves = prelu_saves,
    .region = prelu_region,
};
