/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LayerNormalization: each row (all axes from `axis` on) gets mean 0 and variance 1, then a factor
 * and a summand per element. The further outputs are the mean and the reciprocal of the standard
 * deviation of each row.
 */
#include <math.h>

#include "ops/op.h"
#include "ops/reach.h"

typedef struct norm_params {
    double epsilon;
    int axis; /* the first of a row */
    int64_t rows;
    int64_t length;
} norm_params;

enum { TASK_WORK = 8192 };

/* A factor or summand must be one number per element of a row; leading axes of length 1 do not
 * matter. */
static camx_status check_scale(const camx__op_bind *bind, int input, int axis)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    const camx__shape *s = &bind->inputs[input]->shape;
    char text[2][160];
    bool fits = s->rank <= x->rank;
    CAMX__FORWARD(camx__op_need_reals(bind, input));
    for (int i = 0; fits && i < x->rank; i++) {
        int own = i - (x->rank - s->rank);
        int64_t dim = own >= 0 ? s->dim[own] : 1;
        fits = dim == (i >= axis ? x->dim[i] : 1);
    }
    if (!fits)
        return camx__op_misfit(bind,
                               "input %d has the shape %s, which is not that of one row of %s",
                               input, camx__shape_text(s, text[0], sizeof text[0]),
                               camx__shape_text(x, text[1], sizeof text[1]));
    return CAMX_OK;
}

static camx_status norm_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    camx__shape rows = *x;
    float epsilon;
    int axis = 0;
    CAMX__FORWARD(camx__op_need_reals(bind, 0));
    norm_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_float(bind, "epsilon", 1e-5f, &epsilon));
    CAMX__FORWARD(camx__op_axis(bind, -1, x->rank, &axis));
    params->epsilon = (double)epsilon;
    params->axis = axis;
    params->rows = 1;
    params->length = 1;
    for (int i = 0; i < x->rank; i++) {
        if (i < axis)
            params->rows *= x->dim[i];
        else
            params->length *= x->dim[i];
        rows.dim[i] = i < axis ? x->dim[i] : 1;
    }
    for (int i = 1; i < 3; i++)
        if (camx__op_input(bind, i) != NULL)
            CAMX__FORWARD(check_scale(bind, i, axis));
    CAMX__FORWARD(camx__op_output(bind, 1, &rows, CAMX__ELEM_FLOAT));
    CAMX__FORWARD(camx__op_output(bind, 2, &rows, CAMX__ELEM_FLOAT));
    return camx__op_output(bind, 0, x, bind->inputs[0]->elem);
}

static bool norm_keeps_batch(const void *params)
{
    return ((const norm_params *)params)->axis > 0;
}

/* ---- rows ---- */

typedef struct norm_job {
    const norm_params *params;
    int64_t per_task;
    const real *x;
    const real *scale;
    const real *shift; /* NULL = 0 */
    real *y;
    real *mean; /* NULL = not wanted */
    real *factor;
    const real *gy; /* of backward, and so on; NULL = 0 */
    const real *gmean;
    const real *gfactor;
    real *gx;
    bool accumulate;
} norm_job;

static void statistics(const norm_params *params, const real *x, double *mean, double *factor)
{
    double sum = 0;
    double squares = 0;
    for (int64_t i = 0; i < params->length; i++)
        sum += (double)x[i];
    *mean = sum / (double)params->length;
    for (int64_t i = 0; i < params->length; i++) {
        double d = (double)x[i] - *mean;
        squares += d * d;
    }
    *factor = 1.0 / sqrt(squares / (double)params->length + params->epsilon);
}

static void forward_row(const norm_job *job, int64_t row)
{
    const int64_t length = job->params->length;
    const real *x = job->x + row * length;
    double mean;
    double factor;
    statistics(job->params, x, &mean, &factor);
    if (job->mean != NULL)
        job->mean[row] = (real)mean;
    if (job->factor != NULL)
        job->factor[row] = (real)factor;
    if (job->y == NULL)
        return;
    real *y = job->y + row * length;
    for (int64_t i = 0; i < length; i++) {
        double shift = job->shift != NULL ? (double)job->shift[i] : 0;
        y[i] = (real)(((double)x[i] - mean) * factor * (double)job->scale[i] + shift);
    }
}

/* With z = (x - mean) factor and g = gy scale: gx = factor (g - mean of g - z mean of g z), and
 * what comes by the mean and the factor where they are read themselves. */
static void backward_row(const norm_job *job, int64_t row)
{
    const int64_t length = job->params->length;
    const real *x = job->x + row * length;
    const real *gy = job->gy != NULL ? job->gy + row * length : NULL;
    real *gx = job->gx + row * length;
    double mean;
    double factor;
    double sum = 0;
    double along = 0;
    statistics(job->params, x, &mean, &factor);
    for (int64_t i = 0; gy != NULL && i < length; i++) {
        double g = (double)gy[i] * (double)job->scale[i];
        sum += g;
        along += g * ((double)x[i] - mean) * factor;
    }
    double constant = -factor * sum + (job->gmean != NULL ? (double)job->gmean[row] : 0);
    double linear =
        -factor * along - (job->gfactor != NULL ? (double)job->gfactor[row] * factor * factor : 0);
    for (int64_t i = 0; i < length; i++) {
        double z = ((double)x[i] - mean) * factor;
        double g = gy != NULL ? (double)gy[i] * (double)job->scale[i] : 0;
        double value = factor * g + (constant + z * linear) / (double)length;
        gx[i] = job->accumulate ? gx[i] + (real)value : (real)value;
    }
}

static void norm_task(void *context, size_t task, int worker)
{
    const norm_job *job = context;
    int64_t first = (int64_t)task * job->per_task;
    int64_t last = first + job->per_task;
    (void)worker;
    if (last > job->params->rows)
        last = job->params->rows;
    for (int64_t row = first; row < last; row++) {
        if (job->gx != NULL)
            backward_row(job, row);
        else
            forward_row(job, row);
    }
}

static void run_rows(camx__pool *pool, norm_job *job)
{
    const norm_params *params = job->params;
    if (params->rows == 0 || params->length == 0)
        return;
    job->per_task = params->length >= TASK_WORK ? 1 : TASK_WORK / params->length;
    camx__pool_run(pool, (size_t)((params->rows + job->per_task - 1) / job->per_task), norm_task,
                   job);
}

static real *numbers(const camx__tensor *const *tensors, int count, int which)
{
    return which < count && tensors[which] != NULL ? camx__reals(tensors[which]) : NULL;
}

static camx_status norm_forward(const camx__op_call *call)
{
    norm_job job = {.params = call->params,
                    .x = camx__reals(call->inputs[0]),
                    .scale = camx__reals(call->inputs[1]),
                    .shift = numbers(call->inputs, call->input_count, 2),
                    .y = numbers(call->outputs, call->output_count, 0),
                    .mean = numbers(call->outputs, call->output_count, 1),
                    .factor = numbers(call->outputs, call->output_count, 2)};
    run_rows(call->pool, &job);
    return CAMX_OK;
}

static camx_status norm_backward(const camx__op_gradient *g)
{
    norm_job job = {.params = g->params,
                    .x = camx__reals(g->inputs[0]),
                    .scale = camx__reals(g->inputs[1]),
                    .gy = numbers(g->output_gradients, g->output_count, 0),
                    .gmean = numbers(g->output_gradients, g->output_count, 1),
                    .gfactor = numbers(g->output_gradients, g->output_count, 2),
                    .gx = camx__reals(g->input_gradients[0]),
                    .accumulate = g->accumulate[0]};
    run_rows(g->pool, &job);
    return CAMX_OK;
}

static camx_status norm_prepare(camx__op_prepare *prepare)
{
    if (prepare->backward && (prepare->wanted & ~1u) != 0)
        return camx__fail(
            prepare->error, CAMX_E_UNSUPPORTED,
            "no gradient can be taken through the computed factors of a LayerNormalization");
    return CAMX_OK;
}

static unsigned norm_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted & 1 ? CAMX__SAVE_INPUT(0) | CAMX__SAVE_INPUT(1) : 0;
}

static bool norm_region(camx__op_region *region)
{
    int axis = ((const norm_params *)region->params)->axis;
    return region->axis[0] < axis && region->axis[1] < axis && camx__region_same(region);
}

const camx__op camx__op_layer_norm = {
    .name = "LayerNormalization",
    .min_inputs = 2,
    .max_inputs = 3,
    .max_outputs = 3,
    .bind = norm_bind,
    .prepare = norm_prepare,
    .forward = norm_forward,
    .backward = norm_backward,
    .saves = norm_saves,
    .keeps_batch = norm_keeps_batch,
    .region = norm_region,
};
