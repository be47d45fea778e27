/* SPDX-License-Identifier: Apache-2.0 */
/* Transpose: axes in another sequence, between any memory orders. */
#include "ops/move.h"
#include "ops/op.h"

typedef struct transpose_params {
    int perm[CAMX__MAX_RANK]; /* axis i of the result is axis perm[i] of the input */
} transpose_params;

static camx_status transpose_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    camx__shape y = {.rank = x->rank};
    const int64_t *perm;
    int count;
    bool present;
    unsigned seen = 0;
    transpose_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_int_list(bind, "perm", &perm, &count, &present));
    if (present && count != x->rank)
        return camx__op_invalid(bind, "perm names %d axes, but the input has rank %d", count,
                                x->rank);
    for (int i = 0; i < x->rank; i++) {
        int64_t from = present ? perm[i] : x->rank - 1 - i;
        if (from < 0 || from >= x->rank || (seen >> from & 1))
            return camx__op_invalid(bind, "perm does not name every axis once");
        seen |= 1u << from;
        params->perm[i] = (int)from;
        y.dim[i] = x->dim[from];
    }
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

static bool transpose_keeps_batch(const void *params)
{
    return ((const transpose_params *)params)->perm[0] == 0;
}

static camx__move moved(const transpose_params *params, const camx__tensor *x,
                        const camx__tensor *y)
{
    int64_t from[CAMX__MAX_RANK];
    int64_t to[CAMX__MAX_RANK];
    camx__move move = camx__move_start(x, 0, y, 0, false);
    camx__tensor_strides(x, from);
    camx__tensor_strides(y, to);
    for (int i = 0; i < y->shape.rank; i++)
        camx__move_add(&move, y->shape.dim[i], from[params->perm[i]], to[i]);
    return move;
}

static camx_status transpose_forward(const camx__op_call *call)
{
    camx__move move = moved(call->params, call->inputs[0], call->outputs[0]);
    camx__move_run(call->pool, &move);
    return CAMX_OK;
}

static camx_status transpose_backward(const camx__op_gradient *g)
{
    camx__move move = moved(g->params, g->input_gradients[0], g->output_gradients[0]);
    camx__move_turn(&move);
    move.accumulate = g->accumulate[0];
    camx__move_run(g->pool, &move);
    return CAMX_OK;
}

static bool transpose_region(camx__op_region *region)
{
    const transpose_params *p = region->params;
    int axis[2] = {region->axis[0], region->axis[1]};
    for (int i = 0; i < region->inputs[0]->shape.rank; i++)
        for (int k = 0; k < 2; k++)
            if (p->perm[i] == axis[k])
                region->axis[k] = i;
    return p->perm[0] == 0;
}

const camx__op camx__op_transpose = {
    .name = "Transpose",
    .traits = CAMX__OP_ANY_ORDER,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = transpose_bind,
    .forward = transpose_forward,
    .backward = transpose_backward,
    .keeps_batch = transpose_keeps_batch,
    .region = transpose_region,
};
