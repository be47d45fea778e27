/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pad, with pads below zero as well (they cut off). Along each axis the result consists of
 * stretches in which the input runs forwards, backwards or stands still; each combination of
 * stretches is one move.
 */
#include <string.h>

#include "base/checked.h"
#include "ops/broadcast.h"
#include "ops/move.h"
#include "ops/op.h"

typedef enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } pad_mode;

/* Where the result from index `to` on takes its numbers. */
typedef struct stretch {
    int64_t to;
    int64_t count;
    int64_t from;
    int64_t step; /* 1, -1 or 0 */
} stretch;

typedef struct pad_params {
    pad_mode mode;
    double value; /* constant mode, unless input 2 gives it */
    int64_t before[CAMX__MAX_RANK];
    int64_t after[CAMX__MAX_RANK];
    int counts[CAMX__MAX_RANK];
    stretch *stretches[CAMX__MAX_RANK];
} pad_params;

/* ---- stretches ---- */

enum { MAX_STRETCHES = 65536 }; /* along one axis */

/* The stretch that covers index `at` of the result, up to `end` at most; count 0 = none from there
 * on. */
static stretch stretch_at(pad_mode mode, int64_t dim, int64_t before, int64_t at, int64_t end)
{
    int64_t place = at - before; /* in the input, if that had no ends */
    stretch s = {.to = at, .count = end - at, .from = place, .step = 1};
    bool inside = place >= 0 && place < dim;
    int64_t period = mode == PAD_REFLECT ? 2 * (dim - 1) : dim;
    if (mode == PAD_EDGE || (mode == PAD_REFLECT && dim == 1)) {
        s.step = inside ? 1 : 0;
        s.from = inside ? place : place < 0 ? 0 : dim - 1;
        s.count = inside ? dim - place : place < 0 ? -place : end - at;
    } else if (mode == PAD_CONSTANT) {
        s.to = inside || place >= 0 ? at : before;
        s.from = place < 0 ? 0 : place;
        s.count = place < dim ? dim - s.from : 0;
    } else {
        int64_t phase = place % period < 0 ? place % period + period : place % period;
        bool back = phase >= dim;
        s.step = back ? -1 : 1;
        s.from = back ? period - phase : phase;
        s.count = back ? s.from : dim - phase;
    }
    if (s.count > end - s.to)
        s.count = end - s.to;
    return s;
}

/* Fills the list (which may be NULL) and returns its length; stops after MAX_STRETCHES. */
static int64_t list_stretches(pad_mode mode, int64_t dim, int64_t before, int64_t end,
                              stretch *list)
{
    int64_t count = 0;
    int64_t at = 0;
    while (at < end && count <= MAX_STRETCHES) {
        stretch next = stretch_at(mode, dim, before, at, end);
        if (next.count <= 0)
            break;
        if (list != NULL)
            list[count] = next;
        count++;
        at = next.to + next.count;
        if (mode == PAD_CONSTANT)
            break;
    }
    return count;
}

static camx_status make_stretches(const camx__op_bind *bind, pad_params *params,
                                  const camx__shape *x, const camx__shape *y)
{
    for (int i = 0; i < x->rank; i++) {
        int64_t dim = x->dim[i];
        if (dim == 0 && y->dim[i] > 0 && params->mode != PAD_CONSTANT)
            return camx__op_misfit(
                bind, "axis %d is empty: there is nothing to fill the padding with", i);
        int64_t count = list_stretches(params->mode, dim, params->before[i], y->dim[i], NULL);
        if (count > MAX_STRETCHES)
            return camx__op_unsupported(bind, "axis %d would be repeated more than %d times", i,
                                        MAX_STRETCHES);
        params->counts[i] = (int)count;
        params->stretches[i] = camx__zone_alloc(bind->zone, (size_t)count + 1, sizeof(stretch));
        if (params->stretches[i] == NULL)
            return camx__fail_memory(bind->error, (size_t)count * sizeof(stretch),
                                     "the padding of an axis");
        list_stretches(params->mode, dim, params->before[i], y->dim[i], params->stretches[i]);
    }
    return CAMX_OK;
}

/* ---- bind ---- */

static camx_status read_mode(const camx__op_bind *bind, pad_params *params)
{
    const char *text;
    CAMX__FORWARD(camx__op_text(bind, "mode", &text));
    if (text[0] == '\0' || strcmp(text, "constant") == 0)
        params->mode = PAD_CONSTANT;
    else if (strcmp(text, "reflect") == 0)
        params->mode = PAD_REFLECT;
    else if (strcmp(text, "edge") == 0)
        params->mode = PAD_EDGE;
    else if (strcmp(text, "wrap") == 0)
        params->mode = PAD_WRAP;
    else
        return camx__op_invalid(bind, "mode '%.40s' is none of constant, reflect, edge and wrap",
                                text);
    return CAMX_OK;
}

static camx_status read_pads(const camx__op_bind *bind, pad_params *params)
{
    int rank = bind->inputs[0]->shape.rank;
    const int64_t *pads = NULL;
    const int64_t *axes = NULL;
    int count = 0;
    int axis_count = rank;
    bool present;
    if (bind->opset < 11) {
        CAMX__FORWARD(camx__op_int_list(bind, "pads", &pads, &count, &present));
        if (!present)
            CAMX__FORWARD(camx__op_int_list(bind, "paddings", &pads, &count, &present));
    } else {
        CAMX__FORWARD(camx__op_constant_ints(bind, 1, &pads, &count));
        CAMX__FORWARD(camx__op_constant_ints(bind, 3, &axes, &axis_count));
        if (axes == NULL)
            axis_count = rank;
    }
    if (count != 2 * axis_count)
        return camx__op_invalid(bind, "%d pads are given for %d axes; there must be two per axis",
                                count, axis_count);
    for (int i = 0; i < axis_count; i++) {
        int axis = camx__axis(axes != NULL ? axes[i] : i, rank);
        if (axis < 0)
            return camx__op_invalid(bind, "axis %lld does not exist in a tensor of rank %d",
                                    (long long)axes[i], rank);
        params->before[axis] = pads[i];
        params->after[axis] = pads[i + axis_count];
    }
    return CAMX_OK;
}

static camx_status read_value(const camx__op_bind *bind, pad_params *params)
{
    const camx__tensor *value = bind->opset < 11 ? NULL : camx__op_input(bind, 2);
    float attribute = 0;
    CAMX__FORWARD(camx__op_float(bind, "value", 0, &attribute));
    params->value = (double)attribute;
    if (value != NULL &&
        (camx__elem_is_real(value->elem) != camx__elem_is_real(bind->inputs[0]->elem) ||
         camx__shape_count(&value->shape) > 1))
        return camx__op_invalid(
            bind, "the value to fill in must be a single number of the type of the data");
    return CAMX_OK;
}

static camx_status pad_bind(camx__op_bind *bind)
{
    const camx__tensor *x = bind->inputs[0];
    camx__shape y = x->shape;
    char text[160];
    pad_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(read_mode(bind, params));
    CAMX__FORWARD(read_pads(bind, params));
    CAMX__FORWARD(read_value(bind, params));
    for (int i = 0; i < y.rank; i++) {
        if (!camx__add_i64(y.dim[i], params->before[i], &y.dim[i]) ||
            !camx__add_i64(y.dim[i], params->after[i], &y.dim[i]) || y.dim[i] < 0 ||
            params->before[i] == INT64_MIN)
            return camx__op_misfit(
                bind, "an input of the shape %s cannot be padded by %lld and %lld along axis %d",
                camx__shape_text(&x->shape, text, sizeof text), (long long)params->before[i],
                (long long)params->after[i], i);
    }
    CAMX__FORWARD(camx__op_output(bind, 0, &y, x->elem)); /* first: it bounds the dimensions */
    return make_stretches(bind, params, &x->shape, &y);
}

static bool pad_keeps_batch(const void *params)
{
    const pad_params *p = params;
    return p->before[0] == 0 && p->after[0] == 0;
}

/* ---- moves ---- */

/* One combination of stretches; index[i] is the stretch of axis i. */
static camx__move moved(const pad_params *params, const int *index, const camx__tensor *x,
                        const camx__tensor *y)
{
    int64_t from[CAMX__MAX_RANK];
    int64_t to[CAMX__MAX_RANK];
    int64_t first_from = 0;
    int64_t first_to = 0;
    camx__tensor_strides(x, from);
    camx__tensor_strides(y, to);
    for (int i = 0; i < y->shape.rank; i++) {
        const stretch *s = &params->stretches[i][index[i]];
        first_from += s->from * from[i];
        first_to += s->to * to[i];
    }
    camx__move move = camx__move_start(x, first_from, y, first_to, false);
    for (int i = 0; i < y->shape.rank; i++) {
        const stretch *s = &params->stretches[i][index[i]];
        camx__move_add(&move, s->count, from[i] * s->step, to[i]);
    }
    return move;
}

static bool next_index(const pad_params *params, int rank, int *index)
{
    for (int i = rank - 1; i >= 0; i--) {
        if (++index[i] < params->counts[i])
            return true;
        index[i] = 0;
    }
    return false;
}

static bool has_none(const pad_params *params, int rank)
{
    bool none = false;
    for (int i = 0; i < rank; i++)
        none = none || params->counts[i] == 0;
    return none;
}

static void fill(const camx__op_call *call)
{
    const pad_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(y->elem);
    real value = (real)params->value;
    int64_t int_value = 0;
    camx__tensor one = {.elem = y->elem, .data = is_real ? (void *)&value : (void *)&int_value};
    if (call->input_count > 2 && call->inputs[2] != NULL &&
        camx__shape_count(&call->inputs[2]->shape) == 1)
        one.data = call->inputs[2]->data;
    camx__broadcast_copy(call->pool, &one, y, false);
}

static camx_status pad_forward(const camx__op_call *call)
{
    const pad_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    int index[CAMX__MAX_RANK] = {0};
    if (params->mode == PAD_CONSTANT)
        fill(call);
    if (has_none(params, y->shape.rank))
        return CAMX_OK;
    do {
        camx__move move = moved(params, index, call->inputs[0], y);
        camx__move_run(call->pool, &move);
    } while (next_index(params, y->shape.rank, index));
    return CAMX_OK;
}

static camx_status pad_backward(const camx__op_gradient *g)
{
    const pad_params *params = g->params;
    const camx__tensor *gy = g->output_gradients[0];
    const camx__tensor *gx = g->input_gradients[0];
    int index[CAMX__MAX_RANK] = {0};
    if (gx == NULL)
        return CAMX_OK;
    if (!g->accumulate[0])
        camx__move_clear(g->pool, gx);
    if (has_none(params, gy->shape.rank))
        return CAMX_OK;
    do {
        camx__move move = moved(params, index, gx, gy);
        camx__move_turn(&move);
        move.accumulate = true;
        camx__move_run(g->pool, &move);
    } while (next_index(params, gy->shape.rank, index));
    return CAMX_OK;
}

static camx_status pad_prepare(camx__op_prepare *prepare)
{
    if (prepare->backward && (prepare->wanted & ~1u) != 0)
        return camx__fail(prepare->error, CAMX_E_UNSUPPORTED,
                          "no gradient can be taken through the computed fill value of a Pad");
    return CAMX_OK;
}

const camx__op camx__op_pad = {
    .name = "Pad",
    .traits = CAMX__OP_ANY_ORDER,
    .min_inputs = 1,
    .max_inputs = 4,
    .max_outputs = 1,
    .bind = pad_bind,
    .prepare = pad_prepare,
    .forward = pad_forward,
    .backward = pad_backward,
    .keeps_batch = pad_keeps_batch,
};
