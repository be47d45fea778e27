/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LRN: y[c] = x[c] / s[c]^beta with s[c] = bias + alpha / size * (the sum of x^2 over the channels
 * around c). On channels-last maps every position is a row of channels.
 */
#include <math.h>

#include "ops/op.h"
#include "ops/reach.h"

typedef struct lrn_params {
    int64_t channels;
    int64_t before; /* channels of the window before and behind the middle */
    int64_t behind;
    double factor; /* alpha / size */
    double beta;
    double bias;
} lrn_params;

static camx_status lrn_bind(camx__op_bind *bind)
{
    char text[160];
    int64_t size;
    float alpha;
    float beta;
    float bias;
    CAMX__FORWARD(camx__op_need_reals(bind, 0));
    const camx__shape *x = &bind->inputs[0]->shape;
    lrn_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_int(bind, "size", 0, &size));
    CAMX__FORWARD(camx__op_float(bind, "alpha", 0.0001f, &alpha));
    CAMX__FORWARD(camx__op_float(bind, "beta", 0.75f, &beta));
    CAMX__FORWARD(camx__op_float(bind, "bias", 1.0f, &bias));
    if (size < 1)
        return camx__op_invalid(bind, "attribute 'size' is %lld; it must be at least 1",
                                (long long)size);
    if (x->rank < 3)
        return camx__op_unsupported(bind, "its input has the shape %s; it needs height or width",
                                    camx__shape_text(x, text, sizeof text));
    params->channels = x->dim[1];
    params->before = (size - 1) / 2;
    params->behind = size - 1 - params->before;
    params->factor = (double)alpha / (double)size;
    params->beta = (double)beta;
    params->bias = (double)bias;
    return camx__op_output(bind, 0, x, bind->inputs[0]->elem);
}

static camx_status lrn_prepare(camx__op_prepare *prepare)
{
    const lrn_params *params = prepare->params;
    if (prepare->backward)
        prepare->scratch_bytes =
            2 * (size_t)params->channels * sizeof(double) * (size_t)prepare->settings->workers;
    return CAMX_OK;
}

static double scale_at(const lrn_params *p, const real *x, int64_t c)
{
    int64_t first = c - p->before > 0 ? c - p->before : 0;
    int64_t last = p->behind < p->channels - 1 - c ? c + p->behind : p->channels - 1;
    double sum = 0;
    for (int64_t i = first; i <= last; i++)
        sum += (double)x[i] * (double)x[i];
    return p->bias + p->factor * sum;
}

typedef struct lrn_job {
    const lrn_params *params;
    int64_t rows;
    int64_t rows_per_task;
    const camx__tensor *x;
    const camx__tensor *y; /* forward: the result; backward: NULL */
    const camx__tensor *gy;
    const camx__tensor *gx;
    bool accumulate;
    double *scratch;
} lrn_job;

static void forward_row(const lrn_params *p, const real *x, real *y)
{
    for (int64_t c = 0; c < p->channels; c++)
        y[c] = (real)((double)x[c] * pow(scale_at(p, x, c), -p->beta));
}

/* gx[c] = gy[c] s[c]^-beta - 2 factor beta x[c] * (the sum of gy x s^(-beta-1) over the channels
 * whose window holds c). */
static void backward_row(const lrn_job *job, const real *x, const real *gy, real *gx, double *scale)
{
    const lrn_params *p = job->params;
    double *share = scale + p->channels;
    for (int64_t c = 0; c < p->channels; c++) {
        double s = scale_at(p, x, c);
        scale[c] = pow(s, -p->beta);
        share[c] = (double)gy[c] * (double)x[c] * scale[c] / s;
    }
    for (int64_t c = 0; c < p->channels; c++) {
        int64_t first = c - p->behind > 0 ? c - p->behind : 0;
        int64_t last = p->before < p->channels - 1 - c ? c + p->before : p->channels - 1;
        double sum = 0;
        for (int64_t i = first; i <= last; i++)
            sum += share[i];
        real value =
            (real)((double)gy[c] * scale[c] - 2 * p->factor * p->beta * (double)x[c] * sum);
        gx[c] = job->accumulate ? gx[c] + value : value;
    }
}

static void run_rows(void *context, size_t task, int worker)
{
    const lrn_job *job = context;
    int64_t first = (int64_t)task * job->rows_per_task;
    int64_t last = first + job->rows_per_task < job->rows ? first + job->rows_per_task : job->rows;
    for (int64_t i = first; i < last; i++) {
        const real *x = camx__reals(job->x) + i * job->x->pitch;
        if (job->y != NULL)
            forward_row(job->params, x, camx__reals(job->y) + i * job->y->pitch);
        else
            backward_row(job, x, camx__reals(job->gy) + i * job->gy->pitch,
                         camx__reals(job->gx) + i * job->gx->pitch,
                         job->scratch + 2 * job->params->channels * worker);
    }
}

static void run_all(camx__pool *pool, lrn_job *job)
{
    int64_t channels = job->params->channels;
    if (channels == 0)
        return;
    job->rows = camx__shape_count(&job->x->shape) / channels;
    job->rows_per_task = 1 + 2048 / channels;
    camx__pool_run(pool, (size_t)((job->rows + job->rows_per_task - 1) / job->rows_per_task),
                   run_rows, job);
}

static camx_status lrn_forward(const camx__op_call *call)
{
    lrn_job job = {.params = call->params, .x = call->inputs[0], .y = call->outputs[0]};
    run_all(call->pool, &job);
    return CAMX_OK;
}

static camx_status lrn_backward(const camx__op_gradient *g)
{
    lrn_job job = {.params = g->params,
                   .x = g->inputs[0],
                   .gy = g->output_gradients[0],
                   .gx = g->input_gradients[0],
                   .accumulate = g->accumulate[0],
                   .scratch = g->scratch};
    run_all(g->pool, &job);
    return CAMX_OK;
}

static unsigned lrn_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(0) : 0;
}

const camx__op camx__op_lrn = {
    .name = "LRN",
    .traits = CAMX__OP_SPATIAL | CAMX__OP_KEEPS_BATCH,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = lrn_bind,
    .prepare = lrn_prepare,
    .forward = lrn_forward,
    .backward = lrn_backward,
    .saves = lrn_saves,
    .region = camx__region_same,
};
