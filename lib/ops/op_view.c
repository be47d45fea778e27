/* SPDX-License-Identifier: Apache-2.0 */
/* Flatten, Identity and Dropout (in inference): the same numbers, at most under another shape. */
#include <string.h>

#include "ops/broadcast.h"
#include "ops/op.h"
#include "ops/reach.h"
#include "ops/view.h"

camx_status camx__view_forward(const camx__op_call *call)
{
    const camx__tensor *x = call->inputs[0];
    const camx__tensor *y = call->outputs[0];
    if (y != NULL && y->data != x->data)
        memcpy(y->data, x->data, camx__tensor_bytes(y));
    return CAMX_OK;
}

camx_status camx__view_backward(const camx__op_gradient *g)
{
    if (g->input_gradients[0] == NULL)
        return CAMX_OK;
    camx__tensor gx = *g->input_gradients[0];
    gx.shape = g->output_gradients[0]->shape;
    if (gx.data != g->output_gradients[0]->data)
        camx__broadcast_copy(g->pool, g->output_gradients[0], &gx, g->accumulate[0]);
    return CAMX_OK;
}

/* ---- Flatten ---- */

typedef struct flatten_params {
    int axis;
} flatten_params;

static camx_status flatten_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    camx__shape y = {.rank = 2, .dim = {1, 1}};
    int64_t axis;
    flatten_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_int(bind, "axis", 1, &axis));
    if (axis < -(int64_t)x->rank || axis > x->rank)
        return camx__op_invalid(bind, "axis %lld does not exist in a tensor of rank %d",
                                (long long)axis, x->rank);
    params->axis = (int)(axis < 0 ? axis + x->rank : axis);
    for (int i = 0; i < x->rank; i++)
        y.dim[i < params->axis ? 0 : 1] *= x->dim[i];
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

static bool flatten_keeps_batch(const void *params)
{
    return ((const flatten_params *)params)->axis == 1;
}

const camx__op camx__op_flatten = {
    .name = "Flatten",
    .traits = CAMX__OP_VIEW,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = flatten_bind,
    .forward = camx__view_forward,
    .backward = camx__view_backward,
    .keeps_batch = flatten_keeps_batch,
};

/* ---- Identity and Dropout: the shape stays, so any memory order will do ---- */

static camx_status same_forward(const camx__op_call *call)
{
    if (call->outputs[0] != NULL && call->outputs[0]->data != call->inputs[0]->data)
        camx__broadcast_copy(call->pool, call->inputs[0], call->outputs[0], false);
    return CAMX_OK;
}

static camx_status identity_bind(camx__op_bind *bind)
{
    return camx__op_output(bind, 0, &bind->inputs[0]->shape, bind->inputs[0]->elem);
}

const camx__op camx__op_identity = {
    .name = "Identity",
    .traits = CAMX__OP_VIEW | CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = identity_bind,
    .forward = same_forward,
    .backward = camx__view_backward,
    .region = camx__region_same,
};

static camx_status dropout_bind(camx__op_bind *bind)
{
    const camx__tensor *x = bind->inputs[0];
    const camx__tensor *training = camx__op_input(bind, 2);
    CAMX__FORWARD(camx__op_need_reals(bind, 0));
    if (training != NULL) {
        const int64_t *value;
        int count;
        CAMX__FORWARD(camx__op_constant_ints(bind, 2, &value, &count));
        if (count != 1)
            return camx__op_invalid(bind, "training_mode is not a single value");
        if (value[0] != 0)
            return camx__op_unsupported(
                bind, "training_mode is true: it would drop values at random; export the "
                      "network in evaluation mode");
    }
    CAMX__FORWARD(camx__op_output(bind, 1, &x->shape, CAMX__ELEM_BOOL));
    return camx__op_output(bind, 0, &x->shape, x->elem);
}

static camx_status dropout_forward(const camx__op_call *call)
{
    if (call->output_count > 1 && call->outputs[1] != NULL) {
        const camx__tensor *mask = call->outputs[1];
        int64_t kept = 1;
        camx__tensor one = {.elem = CAMX__ELEM_BOOL, .data = &kept};
        camx__broadcast_copy(call->pool, &one, mask, false);
    }
    return same_forward(call);
}

/* The ratio has no influence in inference: its gradient, should anybody want it, is zero. */
static camx_status dropout_backward(const camx__op_gradient *g)
{
    const camx__tensor *ratio = g->input_count > 1 ? g->input_gradients[1] : NULL;
    if (ratio != NULL && !g->accumulate[1]) {
        real zero = 0;
        camx__tensor nothing = {.elem = CAMX__ELEM_FLOAT, .data = &zero};
        camx__broadcast_copy(g->pool, &nothing, ratio, false);
    }
    return camx__view_backward(g);
}

const camx__op camx__op_dropout = {
    .name = "Dropout",
    .traits = CAMX__OP_VIEW | CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH,
    .min_inputs = 1,
    .max_inputs = 3,
    .max_outputs = 2,
    .bind = dropout_bind,
    .forward = dropout_forward,
    .backward = dropout_backward,
    .region = camx__region_same,
};
