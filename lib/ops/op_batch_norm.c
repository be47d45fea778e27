/* SPDX-License-Identifier: Apache-2.0 */
/* BatchNormalization in inference: y = scale (x - mean) / sqrt(variance + epsilon) + shift, per
 * channel. */
#include <math.h>

#include "kernels/rows.h"
#include "ops/broadcast.h"
#include "ops/op.h"
#include "ops/reach.h"

enum { SCALE = 1, SHIFT = 2, MEAN = 3, VARIANCE = 4 };

typedef struct norm_params {
    float epsilon;
    int64_t channels;
} norm_params;

static camx_status check_mode(const camx__op_bind *bind)
{
    int64_t training;
    int64_t spatial;
    CAMX__FORWARD(camx__op_int(bind, "training_mode", 0, &training));
    if (training != 0)
        return camx__op_unsupported(
            bind, "training_mode is 1: it would normalise with the statistics of the batch; "
                  "export the network in evaluation mode");
    CAMX__FORWARD(camx__op_int(bind, "spatial", 1, &spatial));
    if (spatial == 0 && bind->opset < 9)
        return camx__op_unsupported(bind, "spatial = 0 (statistics per position) is not supported");
    return CAMX_OK;
}

static camx_status norm_bind(camx__op_bind *bind)
{
    char text[160];
    for (int i = 0; i < 5; i++)
        CAMX__FORWARD(camx__op_need_reals(bind, i));
    const camx__shape *x = &bind->inputs[0]->shape;
    CAMX__FORWARD(check_mode(bind));
    norm_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_float(bind, "epsilon", 1e-5f, &params->epsilon));
    if (x->rank < 2)
        return camx__op_invalid(bind, "its input has the shape %s, which has no channel axis",
                                camx__shape_text(x, text, sizeof text));
    params->channels = x->dim[1];
    for (int i = 1; i < 5; i++) {
        const camx__shape *s = &bind->inputs[i]->shape;
        if (s->rank != 1 || s->dim[0] != x->dim[1])
            return camx__op_misfit(bind,
                                   "its input has %lld channels, but input %d has the shape %s",
                                   (long long)x->dim[1], i, camx__shape_text(s, text, sizeof text));
    }
    return camx__op_output(bind, 0, x, bind->inputs[0]->elem);
}

static camx_status norm_prepare(camx__op_prepare *prepare)
{
    const norm_params *params = prepare->params;
    if (prepare->backward && (prepare->wanted & ~1u) != 0)
        return camx__fail(
            prepare->error, CAMX_E_UNSUPPORTED,
            "no gradient can be taken through the statistics of a BatchNormalization");
    prepare->scratch_bytes = 2 * (size_t)params->channels * sizeof(real);
    return CAMX_OK;
}

/* factor[c] = scale / sqrt(variance + epsilon). */
static void find_factors(const norm_params *params, const camx__tensor *const *inputs, real *factor)
{
    const real *scale = camx__reals(inputs[SCALE]);
    const real *variance = camx__reals(inputs[VARIANCE]);
    for (int64_t c = 0; c < params->channels; c++)
        factor[c] = (real)((double)scale[c] / sqrt((double)variance[c] + (double)params->epsilon));
}

static void find_summands(const norm_params *params, const camx__tensor *const *inputs,
                          real *summand)
{
    const real *scale = camx__reals(inputs[SCALE]);
    const real *shift = camx__reals(inputs[SHIFT]);
    const real *mean = camx__reals(inputs[MEAN]);
    const real *variance = camx__reals(inputs[VARIANCE]);
    for (int64_t c = 0; c < params->channels; c++) {
        double factor = (double)scale[c] / sqrt((double)variance[c] + (double)params->epsilon);
        summand[c] = (real)((double)shift[c] - (double)mean[c] * factor);
    }
}

/* One number per channel as an operand of a walk over maps. */
static camx__operand per_channel(real *numbers)
{
    camx__operand operand = {.data = numbers, .size = sizeof(real)};
    operand.stride[1] = 1;
    return operand;
}

/* context: the epilogue, of which a BatchNormalization has only the activation, or NULL. */
static void multiply_add(const void *context, const void *const *in, const int *step, void *out,
                         int64_t count)
{
    static const camx__epilogue none = {.activation = CAMX__ACT_NONE};
    const camx__epilogue *e = context != NULL ? context : &none;
    const real *x = in[0];
    const real *factor = in[1];
    const real *summand = in[2];
    real *y = out;
    if (step[0] == 1 && step[1] == 1 && step[2] == 1) {
        camx__rows_affine(e->activation, e->low, e->high, factor, summand, x, y, count);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        y[i] = x[step[0] * i] * factor[step[1] * i] + summand[step[2] * i];
    if (e->activation != CAMX__ACT_NONE)
        camx__rows_activation(e->activation, e->low, e->high, y, y, count);
}

static void multiply(const void *context, const void *const *in, const int *step, void *out,
                     int64_t count)
{
    (void)context;
    camx__rows_binary(CAMX__MUL, in[0], step[0], in[1], step[1], out, count);
}

static camx_status norm_forward(const camx__op_call *call)
{
    const norm_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    real *factor = call->scratch;
    real *summand = factor + params->channels;
    camx__walk walk = {.shape = y->shape, .inputs = 3, .fn = multiply_add, .context = call->epilogue};
    find_factors(params, call->inputs, factor);
    find_summands(params, call->inputs, summand);
    camx__operand_init(&walk.in[0], call->inputs[0], &y->shape);
    walk.in[1] = per_channel(factor);
    walk.in[2] = per_channel(summand);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

static camx_status norm_backward(const camx__op_gradient *g)
{
    const camx__tensor *gy = g->output_gradients[0];
    real *factor = g->scratch;
    camx__walk walk = {
        .shape = gy->shape, .inputs = 2, .fn = multiply, .accumulate = g->accumulate[0]};
    find_factors(g->params, g->inputs, factor);
    camx__operand_init(&walk.in[0], gy, &gy->shape);
    walk.in[1] = per_channel(factor);
    camx__operand_init(&walk.out, g->input_gradients[0], &gy->shape);
    camx__walk_run(g->pool, &walk);
    return CAMX_OK;
}

static unsigned norm_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(SCALE) | CAMX__SAVE_INPUT(VARIANCE) : 0;
}

const camx__op camx__op_batch_norm = {
    .name = "BatchNormalization",
    .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH | CAMX__OP_IN_PLACE | CAMX__OP_EPILOGUE,
    .min_inputs = 5,
    .max_inputs = 5,
    .max_outputs = 1,
    .bind = norm_bind,
    .prepare = norm_prepare,
    .forward = norm_forward,
    .backward = norm_backward,
    .saves = norm_saves,
    .region = camx__region_same,
};
