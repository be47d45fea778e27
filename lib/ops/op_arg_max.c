/* SPDX-License-Identifier: Apache-2.0 */
/* ArgMax and ArgMin: where along an axis the extreme number stands. */
#include "ops/op.h"

typedef struct arg_params {
    bool smallest;
    bool last; /* of several equal ones */
    bool keeps_batch;
    int64_t outer;
    int64_t dim;
    int64_t inner;
} arg_params;

static camx_status arg_bind(camx__op_bind *bind, bool smallest)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    camx__shape y = {.rank = 0};
    int64_t keep_dims;
    int64_t last;
    int axis = 0;
    arg_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_axis(bind, 0, x->rank, &axis));
    CAMX__FORWARD(camx__op_int(bind, "keepdims", 1, &keep_dims));
    CAMX__FORWARD(camx__op_int(bind, "select_last_index", 0, &last));
    if (x->dim[axis] == 0)
        return camx__op_misfit(bind, "axis %d is empty and has no extreme", axis);
    *params = (arg_params){smallest, last != 0, axis > 0, 1, x->dim[axis], 1};
    for (int i = 0; i < x->rank; i++) {
        if (i < axis)
            params->outer *= x->dim[i];
        if (i > axis)
            params->inner *= x->dim[i];
        if (i != axis || keep_dims != 0)
            y.dim[y.rank++] = i == axis ? 1 : x->dim[i];
    }
    return camx__op_output(bind, 0, &y, CAMX__ELEM_INT64);
}

static bool arg_keeps_batch(const void *params)
{
    return ((const arg_params *)params)->keeps_batch;
}

/* NaN is more extreme than any number, as in NumPy. */
#define FIND(NAME, TYPE)                                                                           \
    static int64_t NAME(const arg_params *params, const TYPE *x)                                   \
    {                                                                                              \
        int64_t place = 0;                                                                         \
        TYPE best = x[0];                                                                          \
        for (int64_t i = 1; i < params->dim; i++) {                                                \
            const TYPE v = x[i * params->inner];                                                   \
            const bool nan = v != v && best == best;                                               \
            const bool more = best == best && (params->smallest ? v < best : v > best);            \
            const bool same = v == best || (v != v && best != best);                               \
            if (nan || more || (same && params->last)) {                                           \
                best = v;                                                                          \
                place = i;                                                                         \
            }                                                                                      \
        }                                                                                          \
        return place;                                                                              \
    }

FIND(find_real, real)
FIND(find_int, int64_t)

typedef struct arg_job {
    const arg_params *params;
    const camx__tensor *x;
    int64_t *y;
} arg_job;

static void arg_task(void *context, size_t task, int worker)
{
    const arg_job *job = context;
    const arg_params *params = job->params;
    const int64_t first = (int64_t)task * params->dim * params->inner;
    int64_t *y = job->y + (int64_t)task * params->inner;
    (void)worker;
    for (int64_t i = 0; i < params->inner; i++)
        y[i] = camx__elem_is_real(job->x->elem) ? find_real(params, camx__reals(job->x) + first + i)
                                                : find_int(params, camx__ints(job->x) + first + i);
}

static camx_status arg_forward(const camx__op_call *call)
{
    const arg_params *params = call->params;
    arg_job job = {params, call->inputs[0], camx__ints(call->outputs[0])};
    camx__pool_run(call->pool, (size_t)params->outer, arg_task, &job);
    return CAMX_OK;
}

#define ARG(ROW, NAME, SMALLEST)                                                                   \
    static camx_status ROW##_bind(camx__op_bind *bind)                                             \
    {                                                                                              \
        return arg_bind(bind, SMALLEST);                                                           \
    }                                                                                              \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ZERO_GRADIENT,                                                          \
        .min_inputs = 1,                                                                           \
        .max_inputs = 1,                                                                           \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .forward = arg_forward,                                                                    \
        .keeps_batch = arg_keeps_batch,                                                            \
    }

ARG(arg_max, "ArgMax", false);
ARG(arg_min, "ArgMin", true);
