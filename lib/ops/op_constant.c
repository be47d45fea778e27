/* SPDX-License-Identifier: Apache-2.0 */
/* Constant (every numeric form), ConstantOfShape and Range. */
#include <math.h>
#include <string.h>

#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/op.h"

/* ---- Constant ---- */

typedef struct constant_params {
    const camx__onnx_file *file;
    const camx__onnx_attribute *value;
} constant_params;

static const camx__onnx_attribute *find_value(const camx__onnx_node *node)
{
    static const char *const names[] = {"value", "value_float", "value_floats", "value_int",
                                        "value_ints"};
    const camx__onnx_attribute *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && found == NULL; i++)
        found = camx__onnx_find(node, names[i]);
    return found;
}

static camx_status constant_bind(camx__op_bind *bind)
{
    const camx__onnx_attribute *value = find_value(bind->node);
    camx__shape shape = {.rank = 0};
    camx__elem elem = CAMX__ELEM_INT64;
    constant_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    if (value == NULL)
        return camx__op_unsupported(
            bind, "it holds neither a tensor nor numbers (texts and sparse tensors are not "
                  "supported)");
    params->file = bind->file;
    params->value = value;
    switch (value->kind) {
    case CAMX__ONNX_KIND_TENSOR:
        shape.rank = (int)value->tensor->rank;
        memcpy(shape.dim, value->tensor->dims, sizeof shape.dim);
        elem = (camx__elem)value->tensor->elem;
        break;
    case CAMX__ONNX_KIND_FLOATS:
    case CAMX__ONNX_KIND_INTS:
        shape.rank = 1;
        shape.dim[0] = (int64_t)value->count;
        elem = value->kind == CAMX__ONNX_KIND_INTS ? elem : CAMX__ELEM_FLOAT;
        break;
    case CAMX__ONNX_KIND_FLOAT:
        elem = CAMX__ELEM_FLOAT;
        break;
    case CAMX__ONNX_KIND_INT:
        break;
    default:
        return camx__op_invalid(bind, "attribute '%s' holds no numbers", value->name);
    }
    return camx__op_output(bind, 0, &shape, elem);
}

static camx_status constant_forward(const camx__op_call *call)
{
    const constant_params *params = call->params;
    const camx__onnx_attribute *value = params->value;
    const camx__tensor *y = call->outputs[0];
    switch (value->kind) {
    case CAMX__ONNX_KIND_TENSOR:
        if (camx__elem_is_real(y->elem))
            return camx__onnx_read_reals(params->file, value->tensor, 0, value->tensor->count,
                                         camx__reals(y), call->error);
        return camx__onnx_read_ints(params->file, value->tensor, 0, value->tensor->count,
                                    camx__ints(y), call->error);
    case CAMX__ONNX_KIND_FLOATS:
        for (size_t i = 0; i < value->count; i++)
            camx__reals(y)[i] = (real)value->floats[i];
        break;
    case CAMX__ONNX_KIND_INTS:
        for (size_t i = 0; i < value->count; i++)
            camx__ints(y)[i] = value->ints[i];
        break;
    case CAMX__ONNX_KIND_FLOAT:
        camx__reals(y)[0] = (real)value->f;
        break;
    default:
        camx__ints(y)[0] = value->i;
        break;
    }
    return CAMX_OK;
}

const camx__op camx__op_constant = {
    .name = "Constant",
    .min_inputs = 0,
    .max_inputs = 0,
    .max_outputs = 1,
    .bind = constant_bind,
    .forward = constant_forward,
};

/* ---- ConstantOfShape ---- */

typedef struct fill_params {
    real real_value;
    int64_t int_value;
} fill_params;

static camx_status read_fill(const camx__op_bind *bind, fill_params *params, camx__elem *elem)
{
    const camx__onnx_attribute *value = camx__onnx_find(bind->node, "value");
    *elem = CAMX__ELEM_FLOAT;
    if (value == NULL)
        return CAMX_OK;
    if (value->kind != CAMX__ONNX_KIND_TENSOR || value->tensor->count != 1)
        return camx__op_invalid(bind, "attribute 'value' is not a tensor with one number");
    *elem = (camx__elem)value->tensor->elem;
    if (camx__elem_is_real(*elem))
        return camx__onnx_read_reals(bind->file, value->tensor, 0, 1, &params->real_value,
                                     bind->error);
    return camx__onnx_read_ints(bind->file, value->tensor, 0, 1, &params->int_value, bind->error);
}

static camx_status fill_bind(camx__op_bind *bind)
{
    const int64_t *dims;
    camx__shape y = {.rank = 0};
    camx__elem elem;
    fill_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_constant_ints(bind, 0, &dims, &y.rank));
    if (y.rank > CAMX__MAX_RANK)
        return camx__op_unsupported(bind,
                                    "its output would have %d dimensions; up to %d are supported",
                                    y.rank, CAMX__MAX_RANK);
    for (int i = 0; i < y.rank; i++)
        y.dim[i] = dims[i];
    CAMX__FORWARD(read_fill(bind, params, &elem));
    return camx__op_output(bind, 0, &y, elem);
}

static camx_status fill_forward(const camx__op_call *call)
{
    const fill_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    real real_value = params->real_value;
    int64_t int_value = params->int_value;
    bool is_real = camx__elem_is_real(y->elem);
    camx__tensor one = {.elem = y->elem,
                        .data = is_real ? (void *)&real_value : (void *)&int_value};
    camx__broadcast_copy(call->pool, &one, y, false);
    return CAMX_OK;
}

const camx__op camx__op_constant_of_shape = {
    .name = "ConstantOfShape",
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = fill_bind,
    .forward = fill_forward,
};

/* ---- Range ---- */

/* How many numbers start, start + delta, ... lie before limit. Exact for all integers. */
static uint64_t int_range_count(int64_t start, int64_t limit, int64_t delta)
{
    uint64_t span =
        delta > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    uint64_t step = delta > 0 ? (uint64_t)delta : 0 - (uint64_t)delta;
    if (delta > 0 ? limit <= start : limit >= start)
        return 0;
    return span / step + (span % step != 0);
}

static camx_status range_bind(camx__op_bind *bind)
{
    camx__shape y = {.rank = 1};
    double count = 0;
    CAMX__FORWARD(camx__bind_same_kind(bind, 0, 3));
    for (int i = 0; i < 3; i++)
        if (bind->inputs[i]->data == NULL || camx__shape_count(&bind->inputs[i]->shape) != 1)
            return camx__op_unsupported(bind,
                                        "start, limit and delta must be constant single numbers");
    if (camx__elem_is_real(bind->inputs[0]->elem)) {
        double delta = (double)camx__reals(bind->inputs[2])[0];
        count = ceil(
            ((double)camx__reals(bind->inputs[1])[0] - (double)camx__reals(bind->inputs[0])[0]) /
            delta);
        if (delta == 0)
            count = NAN;
    } else {
        int64_t delta = camx__ints(bind->inputs[2])[0];
        if (delta != 0)
            count = (double)int_range_count(camx__ints(bind->inputs[0])[0],
                                            camx__ints(bind->inputs[1])[0], delta);
        else
            count = NAN;
    }
    if (!(count < 1e15))
        return camx__op_misfit(bind, "it would never end (delta is 0 or too small)");
    y.dim[0] = count > 0 ? (int64_t)count : 0;
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

static camx_status range_forward(const camx__op_call *call)
{
    const camx__tensor *y = call->outputs[0];
    int64_t count = y->shape.dim[0];
    if (camx__elem_is_real(y->elem)) {
        double start = (double)camx__reals(call->inputs[0])[0];
        double delta = (double)camx__reals(call->inputs[2])[0];
        for (int64_t i = 0; i < count; i++)
            camx__reals(y)[i] = (real)(start + (double)i * delta);
    } else {
        uint64_t start = (uint64_t)camx__ints(call->inputs[0])[0];
        uint64_t delta = (uint64_t)camx__ints(call->inputs[2])[0];
        for (int64_t i = 0; i < count; i++)
            camx__ints(y)[i] = (int64_t)(start + (uint64_t)i * delta);
    }
    return CAMX_OK;
}

const camx__op camx__op_range = {
    .name = "Range",
    .min_inputs = 3,
    .max_inputs = 3,
    .max_outputs = 1,
    .bind = range_bind,
    .forward = range_forward,
};
