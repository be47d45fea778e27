/* SPDX-License-Identifier: Apache-2.0 */
/* Split: a tensor cut along one axis, between any memory orders. */
#include "ops/move.h"
#include "ops/op.h"
#include "ops/reach.h"

typedef struct split_params {
    int axis;
    int parts;
    int64_t *first; /* per part, and where the last one ends */
} split_params;

/* The lengths of the parts, or NULL if they are to be equal. */
static camx_status read_lengths(const camx__op_bind *bind, const int64_t **lengths, int *count)
{
    bool present = false;
    *lengths = NULL;
    *count = 0;
    if (bind->opset < 13)
        CAMX__FORWARD(camx__op_int_list(bind, "split", lengths, count, &present));
    if (!present)
        CAMX__FORWARD(camx__op_constant_ints(bind, 1, lengths, count));
    if (*lengths != NULL && *count != bind->output_count)
        return camx__op_invalid(bind, "%d lengths are given for %d outputs", *count,
                                bind->output_count);
    return CAMX_OK;
}

static camx_status split_bind(camx__op_bind *bind)
{
    const camx__tensor *x = bind->inputs[0];
    const int64_t *lengths;
    int count;
    int64_t parts;
    int64_t left;
    split_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_axis(bind, 0, x->shape.rank, &params->axis));
    CAMX__FORWARD(camx__op_int(bind, "num_outputs", bind->output_count, &parts));
    CAMX__FORWARD(read_lengths(bind, &lengths, &count));
    if (parts != bind->output_count || parts < 1)
        return camx__op_invalid(bind, "num_outputs is %lld, but there are %d outputs",
                                (long long)parts, bind->output_count);
    left = x->shape.dim[params->axis];
    if (lengths == NULL && bind->opset < 18 && left % parts != 0)
        return camx__op_misfit(bind, "an axis of length %lld cannot be cut into %lld equal parts",
                               (long long)left, (long long)parts);
    params->parts = bind->output_count;
    params->first = camx__zone_alloc(bind->zone, (size_t)params->parts + 1, sizeof *params->first);
    if (params->first == NULL)
        return camx__fail_memory(bind->error, (size_t)parts * sizeof(int64_t),
                                 "the parts of a Split");
    int64_t equal = left / parts + (left % parts != 0);
    for (int i = 0; i < bind->output_count; i++) {
        camx__shape y = x->shape;
        int64_t length = lengths != NULL ? lengths[i] : left < equal ? left : equal;
        if (length < 0 || length > left)
            return camx__op_misfit(bind, "the lengths of the parts do not add up to %lld",
                                   (long long)x->shape.dim[params->axis]);
        left -= length;
        params->first[i + 1] = params->first[i] + length;
        y.dim[params->axis] = length;
        CAMX__FORWARD(camx__op_output(bind, i, &y, x->elem));
    }
    if (left != 0)
        return camx__op_misfit(bind, "the lengths of the parts do not add up to %lld",
                               (long long)x->shape.dim[params->axis]);
    return CAMX_OK;
}

static bool split_keeps_batch(const void *params)
{
    return ((const split_params *)params)->axis != 0;
}

/* Between the part of `whole` that starts at `first` along the axis, and `part`. */
static camx__move moved(const split_params *params, const camx__tensor *whole, int64_t first,
                        const camx__tensor *part)
{
    int64_t from[CAMX__MAX_RANK];
    int64_t to[CAMX__MAX_RANK];
    camx__tensor_strides(whole, from);
    camx__tensor_strides(part, to);
    camx__move move = camx__move_start(whole, first * from[params->axis], part, 0, false);
    for (int i = 0; i < part->shape.rank; i++)
        camx__move_add(&move, part->shape.dim[i], from[i], to[i]);
    return move;
}

static camx_status split_forward(const camx__op_call *call)
{
    const split_params *params = call->params;
    for (int i = 0; i < call->output_count; i++) {
        if (call->outputs[i] == NULL)
            continue;
        camx__move move = moved(params, call->inputs[0], params->first[i], call->outputs[i]);
        camx__move_run(call->pool, &move);
    }
    return CAMX_OK;
}

static camx_status split_backward(const camx__op_gradient *g)
{
    const split_params *params = g->params;
    const camx__tensor *gx = g->input_gradients[0];
    bool complete = g->output_count == params->parts;
    for (int i = 0; i < g->output_count; i++)
        complete = complete && g->output_gradients[i] != NULL;
    if (!complete && !g->accumulate[0])
        camx__move_clear(g->pool, gx);
    for (int i = 0; i < g->output_count; i++) {
        if (g->output_gradients[i] == NULL)
            continue;
        camx__move move = moved(params, gx, params->first[i], g->output_gradients[i]);
        camx__move_turn(&move);
        move.accumulate = g->accumulate[0];
        camx__move_run(g->pool, &move);
    }
    return CAMX_OK;
}

static int64_t split_first_channel(const void *params, int output)
{
    const split_params *split = params;
    return split->axis == 1 ? split->first[output] : -1;
}

static bool split_region(camx__op_region *region)
{
    return camx__region_beside(region, ((const split_params *)region->params)->axis);
}

const camx__op camx__op_split = {
    .name = "Split",
    .traits = CAMX__OP_ANY_ORDER,
    .min_inputs = 1,
    .max_inputs = 2,
    .max_outputs = CAMX__ANY_COUNT,
    .bind = split_bind,
    .forward = split_forward,
    .backward = split_backward,
    .keeps_batch = split_keeps_batch,
    .first_channel = split_first_channel,
    .region = split_region,
};
