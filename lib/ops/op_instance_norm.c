/* SPDX-License-Identifier: Apache-2.0 */
/* InstanceNormalization: y = scale (x - mean) / sqrt(variance + epsilon) + shift, statistics per
 * image and channel. */
#include <math.h>

#include "ops/broadcast.h"
#include "ops/op.h"

typedef struct instance_params {
    float epsilon;
    camx__shape statistics; /* [N, C, 1, ...] */
    double positions;
} instance_params;

/* Arrays of N x C numbers in scratch. */
enum { MEAN = 0, FACTOR = 1, SUM = 2, SLOPE = 3, ARRAYS = 4 };

static camx_status instance_bind(camx__op_bind *bind)
{
    char text[160];
    for (int i = 0; i < 3; i++)
        CAMX__FORWARD(camx__op_need_reals(bind, i));
    const camx__shape *x = &bind->inputs[0]->shape;
    if (x->rank < 3)
        return camx__op_invalid(bind, "its input has the shape %s, which has no height or width",
                                camx__shape_text(x, text, sizeof text));
    for (int i = 1; i < 3; i++) {
        const camx__shape *s = &bind->inputs[i]->shape;
        if (s->rank != 1 || s->dim[0] != x->dim[1])
            return camx__op_misfit(bind,
                                   "its input has %lld channels, but input %d has the shape %s",
                                   (long long)x->dim[1], i, camx__shape_text(s, text, sizeof text));
    }
    instance_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_float(bind, "epsilon", 1e-5f, &params->epsilon));
    params->statistics = *x;
    params->positions = 1;
    for (int i = 2; i < x->rank; i++) {
        params->statistics.dim[i] = 1;
        params->positions *= (double)x->dim[i];
    }
    return camx__op_output(bind, 0, x, bind->inputs[0]->elem);
}

static camx_status instance_prepare(camx__op_prepare *prepare)
{
    const instance_params *params = prepare->params;
    if (prepare->backward && (prepare->wanted & ~1u) != 0)
        return camx__fail(
            prepare->error, CAMX_E_UNSUPPORTED,
            "no gradient can be taken through the scale or shift of an InstanceNormalization");
    prepare->scratch_bytes = ARRAYS * (size_t)camx__shape_count(&params->statistics) * sizeof(real);
    return CAMX_OK;
}

static camx__operand statistic(const instance_params *params, void *scratch, int which)
{
    camx__tensor tensor = {.shape = params->statistics, .elem = CAMX__ELEM_FLOAT};
    camx__operand operand;
    tensor.data = (real *)scratch + which * camx__shape_count(&params->statistics);
    camx__operand_init(&operand, &tensor, &params->statistics);
    return operand;
}

static void squared_distances(const void *context, const void *const *in, const int *step,
                              void *out, int64_t count)
{
    const real *x = in[0];
    const real *mean = in[1];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        real d = x[step[0] * i] - mean[step[1] * i];
        y[i] = d * d;
    }
}

/* scratch arrays MEAN and FACTOR = scale / sqrt(variance + epsilon). */
static void find_statistics(const instance_params *params, camx__pool *pool, const camx__tensor *x,
                            const camx__tensor *scale, real *scratch)
{
    int64_t count = camx__shape_count(&params->statistics);
    real *mean = scratch + MEAN * count;
    real *factor = scratch + FACTOR * count;
    camx__walk walk = {.shape = x->shape, .inputs = 1, .fn = camx__copy_reals};
    camx__operand_init(&walk.in[0], x, &x->shape);
    walk.out = statistic(params, scratch, MEAN);
    camx__walk_run(pool, &walk);
    for (int64_t i = 0; i < count; i++)
        mean[i] = (real)((double)mean[i] / params->positions);
    walk.in[1] = walk.out;
    walk.inputs = 2;
    walk.fn = squared_distances;
    walk.out = statistic(params, scratch, FACTOR);
    camx__walk_run(pool, &walk);
    for (int64_t i = 0; i < count; i++) {
        double variance = (double)factor[i] / params->positions;
        double s = (double)camx__reals(scale)[i % params->statistics.dim[1]];
        factor[i] = (real)(s / sqrt(variance + (double)params->epsilon));
    }
}

static void normalise(const void *context, const void *const *in, const int *step, void *out,
                      int64_t count)
{
    const real *x = in[0];
    const real *mean = in[1];
    const real *factor = in[2];
    const real *shift = in[3];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        y[i] = (x[step[0] * i] - mean[step[1] * i]) * factor[step[2] * i] + shift[step[3] * i];
}

static camx_status instance_forward(const camx__op_call *call)
{
    const instance_params *params = call->params;
    const camx__tensor *x = call->inputs[0];
    camx__walk walk = {.shape = x->shape, .inputs = 4, .fn = normalise};
    find_statistics(params, call->pool, x, call->inputs[1], call->scratch);
    camx__operand_init(&walk.in[0], x, &x->shape);
    walk.in[1] = statistic(params, call->scratch, MEAN);
    walk.in[2] = statistic(params, call->scratch, FACTOR);
    walk.in[3] =
        (camx__operand){.data = call->inputs[2]->data, .size = sizeof(real), .stride = {0, 1}};
    camx__operand_init(&walk.out, call->outputs[0], &x->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

/* in[0] = gy, in[1] = x, in[2] = mean. */
static void products(const void *context, const void *const *in, const int *step, void *out,
                     int64_t count)
{
    const real *gy = in[0];
    const real *x = in[1];
    const real *mean = in[2];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        y[i] = gy[step[0] * i] * (x[step[1] * i] - mean[step[2] * i]);
}

/* (in[0] - in[1]) in[2] */
static void centred(const void *context, const void *const *in, const int *step, void *out,
                    int64_t count)
{
    const real *x = in[0];
    const real *mean = in[1];
    const real *factor = in[2];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        y[i] = (x[step[0] * i] - mean[step[1] * i]) * factor[step[2] * i];
}

/* With the mean m(.) over the positions and d = x - m(x): gx = f (gy - m(gy)) - d f m(gy d) /
 * (variance + epsilon). */
static camx_status instance_backward(const camx__op_gradient *g)
{
    const instance_params *params = g->params;
    const camx__tensor *x = g->inputs[0];
    const camx__tensor *gy = g->output_gradients[0];
    const real *scale = camx__reals(g->inputs[1]);
    int64_t count = camx__shape_count(&params->statistics);
    real *factor = (real *)g->scratch + FACTOR * count;
    real *sum = (real *)g->scratch + SUM * count;
    real *slope = (real *)g->scratch + SLOPE * count;
    camx__walk walk = {.shape = x->shape, .inputs = 3, .fn = products};
    find_statistics(params, g->pool, x, g->inputs[1], g->scratch);
    camx__operand_init(&walk.in[0], gy, &x->shape);
    camx__operand_init(&walk.in[1], x, &x->shape);
    walk.in[2] = statistic(params, g->scratch, MEAN);
    walk.out = statistic(params, g->scratch, SLOPE);
    camx__walk_run(g->pool, &walk);
    walk.inputs = 1;
    walk.fn = camx__copy_reals;
    walk.out = statistic(params, g->scratch, SUM);
    camx__walk_run(g->pool, &walk);
    for (int64_t i = 0; i < count; i++) {
        double s = (double)scale[i % params->statistics.dim[1]];
        double f = (double)factor[i];
        sum[i] = (real)((double)sum[i] / params->positions);
        /* f^2 / s^2 = 1 / (variance + epsilon); without a scale nothing flows. */
        slope[i] = s != 0 ? (real)(-(double)slope[i] / params->positions * f * f * f / (s * s)) : 0;
    }
    walk.inputs = 3;
    walk.fn = centred;
    walk.accumulate = g->accumulate[0];
    walk.in[1] = statistic(params, g->scratch, SUM);
    walk.in[2] = statistic(params, g->scratch, FACTOR);
    camx__operand_init(&walk.out, g->input_gradients[0], &x->shape);
    camx__walk_run(g->pool, &walk);
    walk.accumulate = true;
    camx__operand_init(&walk.in[0], x, &x->shape);
    walk.in[1] = statistic(params, g->scratch, MEAN);
    walk.in[2] = statistic(params, g->scratch, SLOPE);
    camx__walk_run(g->pool, &walk);
    return CAMX_OK;
}

static unsigned instance_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(0) | CAMX__SAVE_INPUT(1) : 0;
}

const camx__op camx__op_instance_norm = {
    .name = "InstanceNormalization",
    .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH,
    .min_inputs = 3,
    .max_inputs = 3,
    .max_outputs = 1,
    .bind = instance_bind,
    .prepare = instance_prepare,
    .forward = instance_forward,
    .backward = instance_backward,
    .saves = instance_saves,
};
