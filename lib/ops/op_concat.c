/* SPDX-License-Identifier: Apache-2.0 */
/* Concat: inputs of any memory order, one behind the other along an axis. */
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/op.h"
#include "ops/reach.h"

typedef struct concat_params {
    int axis;
} concat_params;

static camx_status concat_bind(camx__op_bind *bind)
{
    char text[2][160];
    CAMX__FORWARD(camx__bind_same_kind(bind, 0, bind->input_count));
    camx__shape y = bind->inputs[0]->shape;
    concat_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    if (bind->opset >= 4 && camx__onnx_find(bind->node, "axis") == NULL)
        return camx__op_invalid(bind, "attribute 'axis' is missing");
    CAMX__FORWARD(camx__op_axis(bind, 1, y.rank, &params->axis));
    for (int i = 1; i < bind->input_count; i++) {
        const camx__shape *next = &bind->inputs[i]->shape;
        camx__shape same = *next;
        if (next->rank == y.rank)
            same.dim[params->axis] = y.dim[params->axis];
        if (!camx__shape_equal(&same, &y))
            return camx__op_misfit(
                bind, "inputs of the shapes %s and %s cannot be joined along axis %d",
                camx__shape_text(&bind->inputs[0]->shape, text[0], sizeof text[0]),
                camx__shape_text(next, text[1], sizeof text[1]), params->axis);
        if (__builtin_add_overflow(y.dim[params->axis], next->dim[params->axis],
                                   &y.dim[params->axis]))
            return camx__op_misfit(bind, "the joined axis would be too long");
    }
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

/* The part of `whole` that belongs to an input of shape `part` which starts at `first` along the
 * axis. */
static camx__operand part_of(const camx__tensor *whole, int axis, int64_t first)
{
    camx__operand operand;
    int64_t strides[CAMX__MAX_RANK];
    camx__tensor_strides(whole, strides);
    operand.size = camx__elem_is_real(whole->elem) ? sizeof(real) : sizeof(int64_t);
    operand.data = (char *)whole->data + first * strides[axis] * (int64_t)operand.size;
    for (int i = 0; i < CAMX__MAX_RANK; i++)
        operand.stride[i] = i < whole->shape.rank ? strides[i] : 0;
    return operand;
}

static bool same_place(const camx__operand *a, const camx__operand *b, const camx__shape *shape)
{
    bool same = a->data == b->data;
    for (int i = 0; i < shape->rank; i++)
        same = same && (shape->dim[i] == 1 || a->stride[i] == b->stride[i]);
    return same;
}

static camx_status concat_forward(const camx__op_call *call)
{
    const concat_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(y->elem);
    int64_t first = 0;
    for (int i = 0; i < call->input_count; i++) {
        const camx__tensor *x = call->inputs[i];
        camx__walk walk = {.shape = x->shape,
                           .inputs = 1,
                           .fn = is_real ? camx__copy_reals : camx__copy_ints,
                           .out_is_integer = !is_real};
        camx__operand_init(&walk.in[0], x, &x->shape);
        walk.out = part_of(y, params->axis, first);
        /* A producer may have written its part where it belongs. */
        if (!same_place(&walk.in[0], &walk.out, &x->shape))
            camx__walk_run(call->pool, &walk);
        first += x->shape.dim[params->axis];
    }
    return CAMX_OK;
}

static camx_status concat_backward(const camx__op_gradient *g)
{
    const concat_params *params = g->params;
    const camx__tensor *gy = g->output_gradients[0];
    int64_t first = 0;
    for (int i = 0; i < g->input_count; i++) {
        const camx__tensor *gx = g->input_gradients[i];
        const camx__shape *shape = &g->inputs[i]->shape;
        camx__walk walk = {
            .shape = *shape, .inputs = 1, .fn = camx__copy_reals, .accumulate = g->accumulate[i]};
        walk.in[0] = part_of(gy, params->axis, first);
        first += shape->dim[params->axis];
        if (gx == NULL)
            continue;
        camx__operand_init(&walk.out, gx, shape);
        if (walk.accumulate || !same_place(&walk.in[0], &walk.out, shape))
            camx__walk_run(g->pool, &walk);
    }
    return CAMX_OK;
}

static bool concat_keeps_batch(const void *params)
{
    return ((const concat_params *)params)->axis != 0;
}

static bool concat_region(camx__op_region *region)
{
    for (int i = 0; i < region->input_count; i++)
        if (!region->varies[i])
            return false;
    return camx__region_beside(region, ((const concat_params *)region->params)->axis);
}

const camx__op camx__op_concat = {
    .name = "Concat",
    .traits = CAMX__OP_ANY_ORDER,
    .min_inputs = 1,
    .max_inputs = CAMX__ANY_COUNT,
    .max_outputs = 1,
    .bind = concat_bind,
    .forward = concat_forward,
    .backward = concat_backward,
    .keeps_batch = concat_keeps_batch,
    .region = concat_region,
};
