/* SPDX-License-Identifier: Apache-2.0 */
/* Shape and Size: numbers that are known as soon as shapes are. */
#include "ops/op.h"

typedef struct shape_params {
    int first;
    int end;
} shape_params;

static int bounded(int64_t axis, int rank)
{
    axis = axis < 0 ? axis + rank : axis;
    return axis < 0 ? 0 : axis > rank ? rank : (int)axis;
}

static camx_status shape_bind(camx__op_bind *bind)
{
    int rank = bind->inputs[0]->shape.rank;
    int64_t start;
    int64_t end;
    camx__shape y = {.rank = 1};
    shape_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_int(bind, "start", 0, &start));
    CAMX__FORWARD(camx__op_int(bind, "end", rank, &end));
    params->first = bounded(start, rank);
    params->end = bounded(end, rank);
    if (params->end < params->first)
        params->end = params->first;
    y.dim[0] = params->end - params->first;
    return camx__op_output(bind, 0, &y, CAMX__ELEM_INT64);
}

static camx_status shape_forward(const camx__op_call *call)
{
    const shape_params *params = call->params;
    for (int i = params->first; i < params->end; i++)
        camx__ints(call->outputs[0])[i - params->first] = call->inputs[0]->shape.dim[i];
    return CAMX_OK;
}

const camx__op camx__op_shape = {
    .name = "Shape",
    .traits = CAMX__OP_SHAPE_ONLY,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = shape_bind,
    .forward = shape_forward,
};

static camx_status size_bind(camx__op_bind *bind)
{
    camx__shape y = {.rank = 0};
    return camx__op_output(bind, 0, &y, CAMX__ELEM_INT64);
}

static camx_status size_forward(const camx__op_call *call)
{
    *camx__ints(call->outputs[0]) = camx__shape_count(&call->inputs[0]->shape);
    return CAMX_OK;
}

const camx__op camx__op_size = {
    .name = "Size",
    .traits = CAMX__OP_SHAPE_ONLY,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = size_bind,
    .forward = size_forward,
};
