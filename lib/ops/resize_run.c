/* SPDX-License-Identifier: Apache-2.0 */
/* How Resize and Upsample run, forwards and backwards: one pass per axis, by the tables of
 * resize.h. */
#include <string.h>

#include "kernels/rows.h"
#include "ops/resize.h"

/* ---- one pass ---- */

typedef struct pass {
    const camx__taps *taps;
    int64_t outer, from, to, inner; /* x: outer x from x inner, y: outer x to x inner */
    const real *x;
    real *y;
    const int64_t *int_x; /* for integers; then taps are plain */
    int64_t *int_y;
    real outside;
    bool accumulate;
    int64_t per_task;
} pass;

static void weigh_row(const pass *p, const real *x, int64_t result, real *y)
{
    const camx__taps *taps = p->taps;
    const int64_t first = taps->first[result];
    const int64_t last = taps->first[result + 1];
    for (int64_t i = 0; i < p->inner && !p->accumulate; i++)
        y[i] = first == last ? p->outside : 0;
    for (int64_t t = first; t < last; t++) {
        const real weight = taps->weight[t];
        const real *row = x + taps->index[t] * p->inner;
        for (int64_t i = 0; i < p->inner; i++)
            y[i] += weight * row[i];
    }
}

static void copy_row(const pass *p, int64_t group, int64_t result)
{
    const camx__taps *taps = p->taps;
    const int64_t to = (group * p->to + result) * p->inner;
    const bool none = taps->first[result] == taps->first[result + 1];
    const int64_t from = none ? 0 : (group * p->from + taps->index[taps->first[result]]) * p->inner;
    for (int64_t i = 0; i < p->inner && none; i++) {
        if (p->int_y != NULL)
            p->int_y[to + i] = (int64_t)p->outside;
        else
            p->y[to + i] = p->outside;
    }
    if (!none && p->int_y != NULL)
        memcpy(p->int_y + to, p->int_x + from, (size_t)p->inner * sizeof(int64_t));
    else if (!none)
        memcpy(p->y + to, p->x + from, (size_t)p->inner * sizeof(real));
}

static void pass_task(void *context, size_t task, int worker)
{
    const pass *p = context;
    int64_t first = (int64_t)task * p->per_task;
    int64_t last = first + p->per_task;
    (void)worker;
    if (last > p->outer * p->to)
        last = p->outer * p->to;
    for (int64_t row = first; row < last; row++) {
        int64_t group = row / p->to;
        int64_t result = row % p->to;
        if (p->taps->plain && !p->accumulate)
            copy_row(p, group, result);
        else
            weigh_row(p, p->x + group * p->from * p->inner, result, p->y + row * p->inner);
    }
}

static void run_pass(camx__pool *pool, pass *p)
{
    enum { TASK_WORK = 8192 };
    int64_t rows = p->outer * p->to;
    if (rows == 0 || p->inner == 0)
        return;
    p->per_task = p->inner >= TASK_WORK ? 1 : TASK_WORK / p->inner;
    camx__pool_run(pool, (size_t)((rows + p->per_task - 1) / p->per_task), pass_task, p);
}

/* ---- all passes, between tensors without gaps ---- */

/* Axis number `place` in the sequence in which the tensor lies in memory. */
static int axis_in_memory(camx__order order, int rank, int place)
{
    if (order == CAMX__PLAIN || place == 0)
        return place;
    return place == rank - 1 ? 1 : place + 1;
}

/* The products of the lengths before and behind an axis, in memory. */
static void split_shape(const camx__shape *shape, camx__order order, int axis, int64_t *outer,
                        int64_t *inner)
{
    bool behind = false;
    *outer = 1;
    *inner = 1;
    for (int i = 0; i < shape->rank; i++) {
        int at = axis_in_memory(order, shape->rank, i);
        if (at == axis)
            behind = true;
        else if (behind)
            *inner *= shape->dim[at];
        else
            *outer *= shape->dim[at];
    }
}

/* The largest number of elements between two passes. Backward goes through the same shapes. */
static int64_t largest_between(const camx__resize_params *params, const camx__shape *x)
{
    camx__shape shape = *x;
    int64_t largest = camx__shape_count(x);
    for (int i = 0; i < x->rank; i++) {
        shape.dim[i] = params->axis[i].to;
        int64_t count = camx__shape_count(&shape);
        largest = count > largest ? count : largest;
    }
    return largest;
}

typedef struct passes {
    const camx__resize_params *params;
    camx__order order;
    const camx__tensor
        *x; /* the tensor of the input's shape, and that of the output's: gaps are possible */
    const camx__tensor *y;
    bool backward;
    bool accumulate;
    bool integers;
    void *half[2]; /* scratch */
} passes;

static void one_pass(camx__pool *pool, const passes *all, int axis, camx__shape *shape,
                     const void *from, void *to, bool accumulate)
{
    const camx__resize_axis *a = &all->params->axis[axis];
    pass p = {.taps = all->backward ? &all->params->turned[axis] : &all->params->taps[axis],
              .from = all->backward ? a->to : a->from,
              .to = all->backward ? a->from : a->to,
              .outside = all->backward ? 0 : all->params->outside,
              .accumulate = accumulate};
    if (all->integers) {
        p.int_x = from;
        p.int_y = to;
    } else {
        p.x = from;
        p.y = to;
    }
    split_shape(shape, all->order, axis, &p.outer, &p.inner);
    run_pass(pool, &p);
    shape->dim[axis] = p.to;
}

static bool has_gaps(const camx__tensor *tensor)
{
    return tensor->order == CAMX__CHANNELS_LAST && tensor->pitch != tensor->shape.dim[1];
}

/* The same tensor without gaps, in scratch. */
static camx__tensor tight(const camx__tensor *tensor, void *scratch)
{
    camx__tensor t = *tensor;
    t.data = scratch;
    t.pitch = t.order == CAMX__CHANNELS_LAST ? t.shape.dim[1] : 0;
    return t;
}

static void run_passes(camx__pool *pool, const passes *all)
{
    const camx__tensor *source = all->backward ? all->y : all->x;
    const camx__tensor *target = all->backward ? all->x : all->y;
    camx__shape shape = source->shape;
    const void *at = source->data;
    unsigned left = all->params->active;
    int side = 0;
    bool direct = !has_gaps(target) && target->order == all->order;
    if (left == 0) {
        if (all->integers)
            camx__rows_copy(pool, source, target);
        else
            camx__rows_add_to(pool, source, target, all->accumulate);
        return;
    }
    if (has_gaps(source) || source->order != all->order) {
        camx__tensor copy = *source;
        copy.order = all->order;
        copy = tight(&copy, all->half[side]);
        camx__rows_copy(pool, source, &copy);
        at = all->half[side];
        side = 1;
    }
    for (int i = 0; i < shape.rank && left != 0; i++) {
        int axis = all->backward ? shape.rank - 1 - i : i;
        if (!(left >> axis & 1))
            continue;
        left &= ~(1u << axis);
        void *to = left == 0 && direct ? target->data : all->half[side];
        one_pass(pool, all, axis, &shape, at, to, left == 0 && direct && all->accumulate);
        at = to;
        side = 1 - side;
    }
    if (direct)
        return;
    camx__tensor result = *target;
    result.order = all->order;
    result = tight(&result, all->half[1 - side]);
    if (all->integers)
        camx__rows_copy(pool, &result, target);
    else
        camx__rows_add_to(pool, &result, target, all->accumulate);
}

camx_status camx__resize_prepare(camx__op_prepare *prepare)
{
    const camx__resize_params *params = prepare->params;
    const camx__tensor *x = prepare->inputs[0];
    size_t size = camx__elem_is_real(x->elem) ? sizeof(real) : sizeof(int64_t);
    prepare->scratch_bytes = 2 * (size_t)(largest_between(params, &x->shape) + 16) * size;
    return CAMX_OK;
}

static void set_halves(passes *all, void *scratch, const camx__shape *x)
{
    size_t size = all->integers ? sizeof(int64_t) : sizeof(real);
    all->half[0] = scratch;
    all->half[1] = (char *)scratch + (size_t)(largest_between(all->params, x) + 16) * size;
}

camx_status camx__resize_forward(const camx__op_call *call)
{
    passes all = {.params = call->params,
                  .order = call->inputs[0]->order,
                  .x = call->inputs[0],
                  .y = call->outputs[0],
                  .integers = !camx__elem_is_real(call->inputs[0]->elem)};
    set_halves(&all, call->scratch, &all.x->shape);
    run_passes(call->pool, &all);
    return CAMX_OK;
}

camx_status camx__resize_backward(const camx__op_gradient *g)
{
    passes all = {.params = g->params,
                  .order = g->output_gradients[0]->order,
                  .x = g->input_gradients[0],
                  .y = g->output_gradients[0],
                  .backward = true,
                  .accumulate = g->accumulate[0]};
    set_halves(&all, g->scratch, &all.x->shape);
    run_passes(g->pool, &all);
    return CAMX_OK;
}
