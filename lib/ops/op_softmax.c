/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax and LogSoftmax. Before opset 13 the tensor was seen as a matrix cut at `axis`; since
 * then one axis. */
#include <math.h>
#include <string.h>

#include "ops/op.h"
#include "ops/unary.h"

typedef struct softmax_params {
    bool logarithm;
    bool keeps_batch;
    int64_t outer; /* independent groups of `inner` columns of `length` numbers, `inner` apart */
    int64_t length;
    int64_t inner;
} softmax_params;

enum {
    COLUMNS = 64,     /* columns handled side by side */
    TASK_WORK = 16384 /* numbers per task */
};

static camx_status bind_either(camx__op_bind *bind, bool logarithm)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    bool flatten = bind->opset < 13;
    int axis = 0;
    CAMX__FORWARD(camx__op_need_reals(bind, 0));
    softmax_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    if (x->rank > 0)
        CAMX__FORWARD(camx__op_axis(bind,
                                    flatten && x->rank > 1 ? 1
                                    : flatten              ? 0
                                                           : -1,
                                    x->rank, &axis));
    params->logarithm = logarithm;
    params->keeps_batch = axis > 0;
    params->outer = 1;
    params->length = 1;
    params->inner = 1;
    for (int i = 0; i < x->rank; i++) {
        if (i < axis)
            params->outer *= x->dim[i];
        else if (i == axis || flatten)
            params->length *= x->dim[i];
        else
            params->inner *= x->dim[i];
    }
    return camx__op_output(bind, 0, x, bind->inputs[0]->elem);
}

static bool softmax_keeps_batch(const void *params)
{
    return ((const softmax_params *)params)->keeps_batch;
}

/* ---- one strip: up to COLUMNS columns, element k of column c at [k * inner + c] ---- */

typedef void strip_fn(const softmax_params *params, const real *a, const real *b, real *out,
                      int64_t columns, bool accumulate);

static void find_largest(const softmax_params *p, const real *x, int64_t columns, real *largest)
{
    for (int64_t c = 0; c < columns; c++)
        largest[c] = x[c];
    for (int64_t k = 1; k < p->length; k++)
        for (int64_t c = 0; c < columns; c++) {
            real v = x[k * p->inner + c];
            largest[c] = v > largest[c] || v != v ? v : largest[c];
        }
}

static void forward_strip(const softmax_params *p, const real *x, const real *unused, real *y,
                          int64_t columns, bool accumulate)
{
    real largest[COLUMNS];
    double total[COLUMNS] = {0};
    (void)unused;
    (void)accumulate;
    find_largest(p, x, columns, largest);
    for (int64_t k = 0; k < p->length; k++)
        for (int64_t c = 0; c < columns; c++) {
            real shifted = x[k * p->inner + c] - largest[c];
            real e = CAMX__MATH(exp)(shifted);
            total[c] += (double)e;
            y[k * p->inner + c] = p->logarithm ? shifted : e;
        }
    for (int64_t c = 0; c < columns; c++)
        total[c] = p->logarithm ? log(total[c]) : 1.0 / total[c];
    for (int64_t k = 0; k < p->length; k++)
        for (int64_t c = 0; c < columns; c++) {
            double v = (double)y[k * p->inner + c];
            y[k * p->inner + c] = (real)(p->logarithm ? v - total[c] : v * total[c]);
        }
}

/* Softmax: gx = y (gy - sum gy y). LogSoftmax: gx = gy - exp(y) sum gy. */
static void backward_strip(const softmax_params *p, const real *y, const real *gy, real *gx,
                           int64_t columns, bool accumulate)
{
    double total[COLUMNS] = {0};
    for (int64_t k = 0; k < p->length; k++)
        for (int64_t c = 0; c < columns; c++) {
            int64_t at = k * p->inner + c;
            total[c] += p->logarithm ? (double)gy[at] : (double)gy[at] * (double)y[at];
        }
    for (int64_t k = 0; k < p->length; k++)
        for (int64_t c = 0; c < columns; c++) {
            int64_t at = k * p->inner + c;
            real sum = (real)total[c];
            real value =
                p->logarithm ? gy[at] - CAMX__MATH(exp)(y[at]) * sum : y[at] * (gy[at] - sum);
            gx[at] = accumulate ? gx[at] + value : value;
        }
}

/* ---- all strips ---- */

typedef struct strips {
    const softmax_params *params;
    strip_fn *fn;
    const real *a;
    const real *b;
    real *out;
    bool accumulate;
    int64_t per_group; /* strips in a group of columns */
    int64_t count;
    int64_t per_task;
} strips;

static void run_strips(void *context, size_t task, int worker)
{
    const strips *s = context;
    const softmax_params *p = s->params;
    int64_t first = (int64_t)task * s->per_task;
    int64_t last = first + s->per_task < s->count ? first + s->per_task : s->count;
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        int64_t column = i % s->per_group * COLUMNS;
        int64_t columns = p->inner - column < COLUMNS ? p->inner - column : COLUMNS;
        int64_t at = i / s->per_group * p->length * p->inner + column;
        s->fn(p, s->a + at, s->b != NULL ? s->b + at : NULL, s->out + at, columns, s->accumulate);
    }
}

static void run_all(camx__pool *pool, strips *s)
{
    const softmax_params *p = s->params;
    s->per_group = (p->inner + COLUMNS - 1) / COLUMNS;
    s->count = p->outer * s->per_group;
    if (s->count == 0 || p->length == 0)
        return;
    int64_t work = p->length * (p->inner < COLUMNS ? p->inner : COLUMNS);
    s->per_task = work >= TASK_WORK ? 1 : TASK_WORK / work;
    camx__pool_run(pool, (size_t)((s->count + s->per_task - 1) / s->per_task), run_strips, s);
}

static camx_status softmax_forward(const camx__op_call *call)
{
    strips s = {.params = call->params,
                .fn = forward_strip,
                .a = camx__reals(call->inputs[0]),
                .out = camx__reals(call->outputs[0])};
    run_all(call->pool, &s);
    return CAMX_OK;
}

static camx_status softmax_backward(const camx__op_gradient *g)
{
    strips s = {.params = g->params,
                .fn = backward_strip,
                .a = camx__reals(g->outputs[0]),
                .b = camx__reals(g->output_gradients[0]),
                .out = camx__reals(g->input_gradients[0]),
                .accumulate = g->accumulate[0]};
    run_all(g->pool, &s);
    return CAMX_OK;
}

static unsigned softmax_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_OUTPUT(0) : 0;
}

#define SOFTMAX(ROW, NAME, LOGARITHM)                                                              \
    static camx_status ROW##_bind(camx__op_bind *bind)                                             \
    {                                                                                              \
        return bind_either(bind, LOGARITHM);                                                       \
    }                                                                                              \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_IN_PLACE,                                                               \
        .min_inputs = 1,                                                                           \
        .max_inputs = 1,                                                                           \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .forward = softmax_forward,                                                                \
        .backward = softmax_backward,                                                              \
        .saves = softmax_saves,                                                                    \
        .keeps_batch = softmax_keeps_batch,                                                        \
    }

SOFTMAX(log_softmax, "LogSoftmax", true);
SOFTMAX(softmax, "Softmax", false);
