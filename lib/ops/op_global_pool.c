/* SPDX-License-Identifier: Apache-2.0 */
/* GlobalAveragePool and GlobalMaxPool: reductions over all axes behind the channels. */
#include "ops/op.h"
#include "ops/reduce.h"

static camx_status bind_spatial(camx__op_bind *bind, camx__reduction kind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    char text[160];
    CAMX__FORWARD(camx__op_need_reals(bind, 0));
    if (x->rank < 3)
        return camx__op_invalid(bind, "its input has the shape %s, which has no height or width",
                                camx__shape_text(x, text, sizeof text));
    for (int i = 2; i < x->rank; i++)
        if (x->dim[i] == 0)
            return camx__op_misfit(bind, "its input %s is empty",
                                   camx__shape_text(x, text, sizeof text));
    return camx__reduce_bind(bind, kind, (1u << x->rank) - 4u, true);
}

static camx_status average_bind(camx__op_bind *bind)
{
    return bind_spatial(bind, CAMX__REDUCE_MEAN);
}

const camx__op camx__op_global_average_pool = {
    .name = "GlobalAveragePool",
    .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = average_bind,
    .prepare = camx__reduce_prepare,
    .forward = camx__reduce_forward,
    .backward = camx__reduce_backward,
    .saves = camx__reduce_saves,
    .region = camx__reduce_region,
};

static camx_status max_bind(camx__op_bind *bind)
{
    return bind_spatial(bind, CAMX__REDUCE_MAX);
}

/* The gradient goes to the first largest position, as that of every max pool. */
static void route_map(const camx__shape *shape, const int64_t *x_steps, const int64_t *gx_steps,
                      const real *x, real gy, real *gx, bool accumulate)
{
    int64_t index[CAMX__MAX_RANK] = {0};
    int64_t best = 0;
    int64_t at = 0;
    int64_t to = 0;
    int64_t best_to = 0;
    int axis = 0;
    do {
        if (x[at] > x[best] || (x[at] != x[at] && x[best] == x[best])) {
            best = at;
            best_to = to;
        }
        if (!accumulate)
            gx[to] = 0;
        for (axis = shape->rank - 1; axis >= 2; axis--) {
            at += x_steps[axis];
            to += gx_steps[axis];
            if (++index[axis] < shape->dim[axis])
                break;
            at -= x_steps[axis] * shape->dim[axis];
            to -= gx_steps[axis] * shape->dim[axis];
            index[axis] = 0;
        }
    } while (axis >= 2);
    gx[best_to] += gy;
}

typedef struct routes {
    const camx__op_gradient *gradient;
    int64_t x_steps[CAMX__MAX_RANK];
    int64_t gy_steps[CAMX__MAX_RANK];
    int64_t gx_steps[CAMX__MAX_RANK];
} routes;

/* One task per image and channel. */
static void route_task(void *context, size_t task, int worker)
{
    const routes *r = context;
    const camx__op_gradient *g = r->gradient;
    const camx__shape *shape = &g->inputs[0]->shape;
    int64_t n = (int64_t)task / shape->dim[1];
    int64_t c = (int64_t)task % shape->dim[1];
    (void)worker;
    route_map(shape, r->x_steps, r->gx_steps,
              camx__reals(g->inputs[0]) + n * r->x_steps[0] + c * r->x_steps[1],
              camx__reals(g->output_gradients[0])[n * r->gy_steps[0] + c * r->gy_steps[1]],
              camx__reals(g->input_gradients[0]) + n * r->gx_steps[0] + c * r->gx_steps[1],
              g->accumulate[0]);
}

static camx_status max_backward(const camx__op_gradient *g)
{
    const camx__shape *shape = &g->inputs[0]->shape;
    routes r = {.gradient = g};
    camx__tensor_strides(g->inputs[0], r.x_steps);
    camx__tensor_strides(g->output_gradients[0], r.gy_steps);
    camx__tensor_strides(g->input_gradients[0], r.gx_steps);
    camx__pool_run(g->pool, (size_t)(shape->dim[0] * shape->dim[1]), route_task, &r);
    return CAMX_OK;
}

static unsigned max_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(0) : 0;
}

const camx__op camx__op_global_max_pool = {
    .name = "GlobalMaxPool",
    .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = max_bind,
    .prepare = NULL,
    .forward = camx__reduce_forward,
    .backward = max_backward,
    .saves = max_saves,
};
