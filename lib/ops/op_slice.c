/* SPDX-License-Identifier: Apache-2.0 */
/* Slice: every step-th index of some axes, forwards or backwards, between any memory orders. */
#include "ops/move.h"
#include "ops/op.h"
#include "ops/reach.h"

typedef struct slice_params {
    int64_t start[CAMX__MAX_RANK];
    int64_t step[CAMX__MAX_RANK];
    bool keeps_batch;
    int64_t first_channel; /* if the result is a range of axis 1 and all of the others, otherwise -1 */
} slice_params;

/* The four lists, from attributes (before opset 10) or inputs. */
typedef struct slice_lists {
    const int64_t *starts, *ends, *axes, *steps;
    int start_count, end_count, axis_count, step_count;
} slice_lists;

static camx_status read_lists(const camx__op_bind *bind, slice_lists *lists)
{
    bool present;
    *lists = (slice_lists){NULL, NULL, NULL, NULL, 0, 0, 0, 0};
    if (bind->opset < 10) {
        CAMX__FORWARD(
            camx__op_int_list(bind, "starts", &lists->starts, &lists->start_count, &present));
        CAMX__FORWARD(camx__op_int_list(bind, "ends", &lists->ends, &lists->end_count, &present));
        CAMX__FORWARD(camx__op_int_list(bind, "axes", &lists->axes, &lists->axis_count, &present));
    } else {
        if (bind->input_count < 3 || bind->inputs[1] == NULL || bind->inputs[2] == NULL)
            return camx__op_invalid(bind, "the inputs starts and ends are missing");
        CAMX__FORWARD(camx__op_constant_ints(bind, 1, &lists->starts, &lists->start_count));
        CAMX__FORWARD(camx__op_constant_ints(bind, 2, &lists->ends, &lists->end_count));
        CAMX__FORWARD(camx__op_constant_ints(bind, 3, &lists->axes, &lists->axis_count));
        CAMX__FORWARD(camx__op_constant_ints(bind, 4, &lists->steps, &lists->step_count));
    }
    if (lists->start_count != lists->end_count ||
        (lists->axes != NULL && lists->axis_count != lists->start_count) ||
        (lists->steps != NULL && lists->step_count != lists->start_count))
        return camx__op_invalid(bind, "starts, ends, axes and steps differ in length");
    return CAMX_OK;
}

static int64_t between(int64_t low, int64_t value, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* How many indices there are from `start` to before `end`, and *start moved into the axis. */
static int64_t count_indices(int64_t dim, int64_t *start, int64_t end, int64_t *step)
{
    int64_t low = *step > 0 ? 0 : -1;
    int64_t high = *step > 0 ? dim : dim - 1;
    *step = between(-dim - 1, *step, dim + 1); /* longer ones leave the axis at once, too */
    *start = between(0, *start < 0 ? *start + dim : *start, high);
    end = between(low, end < 0 ? end + dim : end, high);
    if (dim == 0 || (*step > 0 ? end <= *start : end >= *start))
        return 0;
    return *step > 0 ? (end - *start + *step - 1) / *step : (*start - end - *step - 1) / -*step;
}

static int64_t first_channel_of(const slice_params *params, const camx__shape *x, const camx__shape *y)
{
    for (int i = 0; i < x->rank; i++)
        if (params->step[i] != 1 || (i != 1 && y->dim[i] != x->dim[i]))
            return -1;
    return x->rank > 1 && y->dim[1] > 0 ? params->start[1] : -1;
}

static camx_status slice_bind(camx__op_bind *bind)
{
    const camx__tensor *x = bind->inputs[0];
    camx__shape y = x->shape;
    slice_lists lists;
    unsigned seen = 0;
    slice_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(read_lists(bind, &lists));
    for (int i = 0; i < CAMX__MAX_RANK; i++)
        params->step[i] = 1;
    for (int i = 0; i < lists.start_count; i++) {
        int64_t wish = lists.axes != NULL ? lists.axes[i] : i;
        int axis = camx__axis(wish, x->shape.rank);
        if (axis < 0 || (seen >> axis & 1))
            return camx__op_invalid(bind,
                                    axis < 0 ? "axis %lld does not exist in a tensor of rank %d"
                                             : "axis %lld is given twice (rank %d)",
                                    (long long)wish, x->shape.rank);
        seen |= 1u << axis;
        params->start[axis] = lists.starts[i];
        params->step[axis] = lists.steps != NULL ? lists.steps[i] : 1;
        if (params->step[axis] == 0)
            return camx__op_invalid(bind, "the step along axis %d is 0", axis);
        y.dim[axis] = count_indices(x->shape.dim[axis], &params->start[axis], lists.ends[i],
                                    &params->step[axis]);
    }
    params->first_channel = first_channel_of(params, &x->shape, &y);
    params->keeps_batch = y.rank > 0 && y.dim[0] == x->shape.dim[0] && params->step[0] > 0;
    return camx__op_output(bind, 0, &y, x->elem);
}

static bool slice_keeps_batch(const void *params)
{
    return ((const slice_params *)params)->keeps_batch;
}

static camx__move moved(const slice_params *params, const camx__tensor *x, const camx__tensor *y)
{
    int64_t from[CAMX__MAX_RANK];
    int64_t to[CAMX__MAX_RANK];
    int64_t first = 0;
    camx__tensor_strides(x, from);
    camx__tensor_strides(y, to);
    for (int i = 0; i < y->shape.rank; i++)
        first += params->start[i] * from[i];
    if (camx__shape_count(&y->shape) == 0)
        first = 0;
    camx__move move = camx__move_start(x, first, y, 0, false);
    for (int i = 0; i < y->shape.rank; i++)
        camx__move_add(&move, y->shape.dim[i], from[i] * params->step[i], to[i]);
    return move;
}

static camx_status slice_forward(const camx__op_call *call)
{
    camx__move move = moved(call->params, call->inputs[0], call->outputs[0]);
    camx__move_run(call->pool, &move);
    return CAMX_OK;
}

static camx_status slice_backward(const camx__op_gradient *g)
{
    camx__move move = moved(g->params, g->input_gradients[0], g->output_gradients[0]);
    if (!g->accumulate[0])
        camx__move_clear(g->pool, g->input_gradients[0]);
    camx__move_turn(&move);
    move.accumulate = g->accumulate[0];
    camx__move_run(g->pool, &move);
    return CAMX_OK;
}

static int64_t slice_first_channel(const void *params, int output)
{
    (void)output;
    return ((const slice_params *)params)->first_channel;
}

static bool slice_region(camx__op_region *region)
{
    const slice_params *p = region->params;
    return p->step[region->axis[0]] == 1 && p->step[region->axis[1]] == 1 && camx__region_same(region);
}

const camx__op camx__op_slice = {
    .name = "Slice",
    .traits = CAMX__OP_ANY_ORDER,
    .min_inputs = 1,
    .max_inputs = 5,
    .max_outputs = 1,
    .bind = slice_bind,
    .forward = slice_forward,
    .backward = slice_backward,
    .keeps_batch = slice_keeps_batch,
    .first_channel = slice_first_channel,
    .region = slice_region,
};
