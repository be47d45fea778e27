/* SPDX-License-Identifier: Apache-2.0 */
/* Gather: whole slices of an axis, chosen by indices that are constant or computed. */
#include <string.h>

#include "ops/move.h"
#include "ops/op.h"

typedef struct gather_params {
    int axis;
    bool keeps_batch;
    int64_t outer; /* the data: outer x dim x inner, plain */
    int64_t dim;
    int64_t inner;
} gather_params;

/* Indices that are known already are checked now. */
static camx_status check_known(const camx__op_bind *bind, int64_t dim)
{
    const camx__tensor *indices = bind->inputs[1];
    if (camx__elem_is_real(indices->elem))
        return camx__op_invalid(bind, "its indices are floats");
    int64_t count = indices->data != NULL ? camx__shape_count(&indices->shape) : 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t index = camx__ints(indices)[i];
        if (index < -dim || index >= dim)
            return camx__op_misfit(bind, "index %lld is outside of an axis of length %lld",
                                   (long long)index, (long long)dim);
    }
    return CAMX_OK;
}

static camx_status gather_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    const camx__shape *indices = &bind->inputs[1]->shape;
    camx__shape y = {.rank = x->rank - 1 + indices->rank};
    gather_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    if (x->rank == 0)
        return camx__op_invalid(bind, "its data is a single number without an axis");
    CAMX__FORWARD(camx__op_axis(bind, 0, x->rank, &params->axis));
    if (y.rank > CAMX__MAX_RANK)
        return camx__op_unsupported(bind,
                                    "its output would have %d dimensions; up to %d are supported",
                                    y.rank, CAMX__MAX_RANK);
    params->dim = x->dim[params->axis];
    params->outer = 1;
    params->inner = 1;
    CAMX__FORWARD(check_known(bind, params->dim));
    for (int i = 0; i < y.rank; i++) {
        int behind = i - params->axis;
        y.dim[i] = behind < 0               ? x->dim[i]
                   : behind < indices->rank ? indices->dim[behind]
                                            : x->dim[i - indices->rank + 1];
    }
    for (int i = 0; i < params->axis; i++)
        params->outer *= x->dim[i];
    for (int i = params->axis + 1; i < x->rank; i++)
        params->inner *= x->dim[i];
    /* Computed indices belong to an image each only if they lie along axis 0, and then they choose
     * along it. */
    params->keeps_batch = params->axis > 0 && (bind->inputs[1]->data != NULL || indices->rank == 0);
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

static bool gather_keeps_batch(const void *params)
{
    return ((const gather_params *)params)->keeps_batch;
}

/* The index, counted from the front; -1 if it is outside. */
static int64_t resolved(int64_t index, int64_t dim)
{
    if (index < -dim || index >= dim)
        return -1;
    return index < 0 ? index + dim : index;
}

/* Computed indices are checked when they are there. */
static camx_status check_indices(const camx__op_call *call, int64_t dim)
{
    const int64_t *indices = camx__ints(call->inputs[1]);
    int64_t count = camx__shape_count(&call->inputs[1]->shape);
    for (int64_t i = 0; i < count; i++)
        if (resolved(indices[i], dim) < 0)
            return camx__fail(call->error, CAMX_E_SHAPE,
                              "%s: the computed index %lld is outside of an axis of length %lld",
                              call->label, (long long)indices[i], (long long)dim);
    return CAMX_OK;
}

typedef struct gather_job {
    const gather_params *params;
    const int64_t *indices;
    int64_t count;
    size_t size; /* bytes of one element */
    const char *x;
    char *y;
} gather_job;

static void gather_task(void *context, size_t task, int worker)
{
    const gather_job *job = context;
    size_t slice = (size_t)job->params->inner * job->size;
    const char *x = job->x + task * (size_t)job->params->dim * slice;
    char *y = job->y + task * (size_t)job->count * slice;
    (void)worker;
    for (int64_t i = 0; i < job->count; i++)
        memcpy(y + (size_t)i * slice,
               x + (size_t)resolved(job->indices[i], job->params->dim) * slice, slice);
}

static camx_status gather_forward(const camx__op_call *call)
{
    const gather_params *params = call->params;
    const camx__tensor *x = call->inputs[0];
    gather_job job = {.params = params,
                      .indices = camx__ints(call->inputs[1]),
                      .count = camx__shape_count(&call->inputs[1]->shape),
                      .size = camx__elem_is_real(x->elem) ? sizeof(real) : sizeof(int64_t),
                      .x = x->data,
                      .y = call->outputs[0]->data};
    CAMX__FORWARD(check_indices(call, params->dim));
    if (camx__shape_count(&call->outputs[0]->shape) > 0)
        camx__pool_run(call->pool, (size_t)params->outer, gather_task, &job);
    return CAMX_OK;
}

typedef struct spread_job {
    const gather_params *params;
    const int64_t *indices;
    int64_t count;
    const real *gy;
    real *gx;
} spread_job;

static void spread_task(void *context, size_t task, int worker)
{
    const spread_job *job = context;
    const int64_t inner = job->params->inner;
    real *gx = job->gx + (int64_t)task * job->params->dim * inner;
    const real *gy = job->gy + (int64_t)task * job->count * inner;
    (void)worker;
    for (int64_t i = 0; i < job->count; i++) {
        real *target = gx + resolved(job->indices[i], job->params->dim) * inner;
        for (int64_t k = 0; k < inner; k++)
            target[k] += gy[i * inner + k];
    }
}

static camx_status gather_backward(const camx__op_gradient *g)
{
    const gather_params *params = g->params;
    const camx__tensor *gx = g->input_gradients[0];
    spread_job job = {.params = params,
                      .indices = camx__ints(g->inputs[1]),
                      .count = camx__shape_count(&g->inputs[1]->shape),
                      .gy = camx__reals(g->output_gradients[0]),
                      .gx = camx__reals(gx)};
    if (!g->accumulate[0])
        camx__move_clear(g->pool, gx);
    if (camx__shape_count(&g->output_gradients[0]->shape) > 0)
        camx__pool_run(g->pool, (size_t)params->outer, spread_task, &job);
    return CAMX_OK;
}

static unsigned gather_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(1) : 0;
}

/* Axes behind the one that is gathered along move by what the indices add. */
static bool gather_region(camx__op_region *region)
{
    int axis = ((const gather_params *)region->params)->axis;
    int moved = region->inputs[1]->shape.rank - 1;
    if (region->input != 0 || region->varies[1] || axis == 0)
        return false;
    for (int k = 0; k < 2; k++) {
        if (region->axis[k] == axis)
            return false;
        if (region->axis[k] > axis)
            region->axis[k] += moved;
    }
    return true;
}

const camx__op camx__op_gather = {
    .name = "Gather",
    .min_inputs = 2,
    .max_inputs = 2,
    .max_outputs = 1,
    .bind = gather_bind,
    .forward = gather_forward,
    .backward = gather_backward,
    .saves = gather_saves,
    .keeps_batch = gather_keeps_batch,
    .region = gather_region,
};
