/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions: sums are made in double, gradients at ties are shared evenly as PyTorch's amax
 * does. */
#include "ops/reduce.h"

#include <math.h>

#include "kernels/pooling.h"
#include "kernels/rows.h"
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/unary.h"

camx_status camx__reduce_bind(camx__op_bind *bind, camx__reduction kind, unsigned axes,
                              bool keep_dims)
{
    const camx__tensor *x = bind->inputs[0];
    camx__shape y = {.rank = 0};
    bool logs =
        kind == CAMX__REDUCE_L2 || kind == CAMX__REDUCE_LOG_SUM || kind == CAMX__REDUCE_LOG_SUM_EXP;
    if (!camx__elem_is_integer(x->elem) || logs)
        CAMX__FORWARD(camx__op_need_reals(bind, 0));
    camx__reduce_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    params->kind = kind;
    params->elem = x->elem;
    params->axes = axes;
    params->keep_dims = keep_dims;
    params->kept = x->shape;
    params->count = 1;
    for (int i = 0; i < x->shape.rank; i++) {
        bool reduced = axes >> i & 1;
        if (reduced) {
            params->count *= (double)x->shape.dim[i];
            params->kept.dim[i] = 1;
        }
        if (keep_dims || !reduced)
            y.dim[y.rank++] = params->kept.dim[i];
    }
    return camx__op_output(bind, 0, &y, x->elem);
}

bool camx__reduce_keeps_batch(const void *params)
{
    return (((const camx__reduce_params *)params)->axes & 1) == 0;
}

/* Sums and means over just the rows and columns are sums over all positions; reductions over other axes happen at each
 * position by itself. */
bool camx__reduce_region(camx__op_region *region)
{
    const camx__reduce_params *p = region->params;
    unsigned map = (1u << region->axis[0]) | (1u << region->axis[1]);
    if (region->input != 0 || (p->axes & 1) != 0)
        return false;
    if (p->axes == map && camx__elem_is_real(p->elem) &&
        (p->kind == CAMX__REDUCE_SUM || p->kind == CAMX__REDUCE_MEAN)) {
        region->sums = true;
        region->factor = p->kind == CAMX__REDUCE_MEAN ? 1.0 / p->count : 1.0;
        return true;
    }
    for (int k = 0; k < 2 && !p->keep_dims; k++)
        for (int i = region->axis[k] - 1, own = region->axis[k]; i > 0; i--)
            region->axis[k] -= i < own && (p->axes >> i & 1) != 0;
    return (p->axes & map) == 0;
}

/* ---- operands ---- */

/* The reduced tensor, with or without its axes of length 1, along the axes of the input. */
static camx__operand reduced_operand(const camx__reduce_params *params, const camx__tensor *y)
{
    camx__operand operand = {.data = y->data,
                             .size = camx__elem_is_real(y->elem) ? sizeof(real) : sizeof(int64_t)};
    int64_t strides[CAMX__MAX_RANK];
    int at = 0;
    camx__tensor_strides(y, strides);
    for (int i = 0; i < params->kept.rank; i++) {
        bool reduced = params->axes >> i & 1;
        if (!reduced)
            operand.stride[i] = params->kept.dim[i] == 1 ? 0 : strides[at];
        if (!reduced || params->keep_dims)
            at++;
    }
    return operand;
}

/* Numbers in scratch, one per result. */
static camx__operand scratch_operand(const camx__reduce_params *params, void *scratch, int which)
{
    int64_t count = camx__shape_count(&params->kept);
    camx__tensor tensor = {.shape = params->kept, .elem = CAMX__ELEM_FLOAT};
    camx__operand operand;
    tensor.data = (real *)scratch + which * count;
    camx__operand_init(&operand, &tensor, &params->kept);
    return operand;
}

camx_status camx__reduce_prepare(camx__op_prepare *prepare)
{
    const camx__reduce_params *params = prepare->params;
    size_t results = (size_t)camx__shape_count(&params->kept) * sizeof(real);
    if (prepare->backward) {
        if (params->kind == CAMX__REDUCE_MAX || params->kind == CAMX__REDUCE_MIN)
            prepare->scratch_bytes = results;
        if (params->kind == CAMX__REDUCE_PROD)
            prepare->scratch_bytes = 2 * results;
    } else if (params->kind == CAMX__REDUCE_LOG_SUM_EXP) {
        prepare->scratch_bytes = results;
    }
    return CAMX_OK;
}

/* ---- forward: f of every number, combined, and a function of the result ---- */

#define EACH(NAME, VALUE)                                                                          \
    static void NAME(const void *context, const void *const *in, const int *step, void *out,       \
                     int64_t count)                                                                \
    {                                                                                              \
        const real *x = in[0];                                                                     \
        real *y = out;                                                                             \
        (void)context;                                                                             \
        for (int64_t i = 0; i < count; i++) {                                                      \
            const real v = x[step[0] * i];                                                         \
            y[i] = (VALUE);                                                                        \
        }                                                                                          \
    }

EACH(magnitudes, CAMX__MATH(fabs)(v))
EACH(squares, v *v)
EACH(roots, CAMX__MATH(sqrt)(v))
EACH(logarithms, CAMX__MATH(log)(v))

static void means(const void *context, const void *const *in, const int *step, void *out,
                  int64_t count)
{
    const double total = ((const camx__reduce_params *)context)->count;
    const real *x = in[0];
    real *y = out;
    for (int64_t i = 0; i < count; i++)
        y[i] = (real)((double)x[step[0] * i] / total);
}

/* exp(x - the largest). Where that is infinite the difference would be NaN. */
static void shifted_exponentials(const void *context, const void *const *in, const int *step,
                                 void *out, int64_t count)
{
    const real *x = in[0];
    const real *largest = in[1];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        real shift = largest[step[1] * i];
        y[i] = CAMX__MATH(exp)(x[step[0] * i] - (isinf(shift) ? 0 : shift));
    }
}

static void logarithms_shifted_back(const void *context, const void *const *in, const int *step,
                                    void *out, int64_t count)
{
    const real *sum = in[0];
    const real *largest = in[1];
    real *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        real shift = largest[step[1] * i];
        y[i] = CAMX__MATH(log)(sum[step[0] * i]) + (isinf(shift) ? 0 : shift);
    }
}

static void int_magnitudes(const void *context, const void *const *in, const int *step, void *out,
                           int64_t count)
{
    const int64_t *x = in[0];
    int64_t *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        uint64_t v = (uint64_t)x[step[0] * i];
        y[i] = (int64_t)((int64_t)v < 0 ? 0 - v : v);
    }
}

static void int_squares(const void *context, const void *const *in, const int *step, void *out,
                        int64_t count)
{
    const int64_t *x = in[0];
    int64_t *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        y[i] = (int64_t)((uint64_t)x[step[0] * i] * (uint64_t)x[step[0] * i]);
}

static void finish_ints(const void *context, const void *const *in, const int *step, void *out,
                        int64_t count)
{
    const camx__reduce_params *params = context;
    const int64_t *x = in[0];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        int64_t v = x[step[0] * i];
        if (params->kind == CAMX__REDUCE_MEAN)
            v = params->count > 0 ? v / (int64_t)params->count : 0;
        y[i] = camx__int_wrap(params->elem, v);
    }
}

static camx__combine combine_of(camx__reduction kind)
{
    if (kind == CAMX__REDUCE_MAX)
        return CAMX__COMBINE_MAX;
    if (kind == CAMX__REDUCE_MIN)
        return CAMX__COMBINE_MIN;
    return kind == CAMX__REDUCE_PROD ? CAMX__COMBINE_PRODUCT : CAMX__COMBINE_SUM;
}

static camx__element_fn *before(camx__reduction kind, bool is_real)
{
    if (kind == CAMX__REDUCE_L1)
        return is_real ? magnitudes : int_magnitudes;
    if (kind == CAMX__REDUCE_SUM_SQUARE || kind == CAMX__REDUCE_L2)
        return is_real ? squares : int_squares;
    if (kind == CAMX__REDUCE_LOG_SUM_EXP)
        return shifted_exponentials;
    return is_real ? camx__copy_reals : camx__copy_ints;
}

static camx__element_fn *after(camx__reduction kind, bool is_real)
{
    if (!is_real)
        return finish_ints;
    switch (kind) {
    case CAMX__REDUCE_MEAN:
        return means;
    case CAMX__REDUCE_L2:
        return roots;
    case CAMX__REDUCE_LOG_SUM:
        return logarithms;
    case CAMX__REDUCE_LOG_SUM_EXP:
        return logarithms_shifted_back;
    default:
        return NULL;
    }
}

/* The mean over all positions of a channels-last map has a kernel of its own. */
static bool is_global_average(const camx__reduce_params *params, const camx__tensor *x,
                              const camx__tensor *y)
{
    unsigned spatial = (1u << x->shape.rank) - 4u;
    camx__rows rows = camx__tensor_rows(y);
    return params->kind == CAMX__REDUCE_MEAN && x->order == CAMX__CHANNELS_LAST &&
           params->axes == spatial && rows.count == 1 && camx__elem_is_real(params->elem);
}

static void run_global_average(const camx__op_call *call)
{
    const camx__tensor *x = call->inputs[0];
    const camx__shape *s = &x->shape;
    int64_t positions = 1;
    for (int i = 2; i < s->rank; i++)
        positions *= s->dim[i];
    camx__global_average_forward(s->dim[0], positions, s->dim[1], call->pool, camx__reals(x),
                                 x->pitch, camx__reals(call->outputs[0]));
}

camx_status camx__reduce_forward(const camx__op_call *call)
{
    const camx__reduce_params *params = call->params;
    const camx__tensor *x = call->inputs[0];
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(params->elem);
    camx__walk walk = {.shape = x->shape,
                       .inputs = 1,
                       .fn = before(params->kind, is_real),
                       .combine = combine_of(params->kind),
                       .out_is_integer = !is_real,
                       .context = params};
    if (is_global_average(params, x, y)) {
        run_global_average(call);
        return CAMX_OK;
    }
    camx__operand_init(&walk.in[0], x, &x->shape);
    walk.out = reduced_operand(params, y);
    camx__operand largest = {.data = NULL};
    if (params->kind == CAMX__REDUCE_LOG_SUM_EXP) {
        camx__walk first = walk;
        largest = scratch_operand(params, call->scratch, 0);
        first.fn = camx__copy_reals;
        first.combine = CAMX__COMBINE_MAX;
        first.out = largest;
        camx__walk_run(call->pool, &first);
        walk.in[1] = largest;
        walk.inputs = 2;
    }
    camx__walk_run(call->pool, &walk);
    camx__element_fn *finish = after(params->kind, is_real);
    if (finish != NULL) {
        camx__walk last = {.shape = params->kept,
                           .inputs = 1,
                           .fn = finish,
                           .context = params,
                           .in = {walk.out},
                           .out = walk.out,
                           .out_is_integer = !is_real};
        if (largest.data != NULL) {
            last.in[1] = largest;
            last.inputs = 2;
        }
        camx__walk_run(call->pool, &last);
    }
    return CAMX_OK;
}

/* ---- backward: a function of gy (in[0]) and, where needed, x and y or scratch ---- */

static void mean_slope(const void *context, const void *const *in, const int *step, void *out,
                       int64_t count)
{
    const real factor = (real)(1.0 / ((const camx__reduce_params *)context)->count);
    camx__rows_binary(CAMX__MUL, in[0], step[0], &factor, 0, out, count);
}

#define SLOPE(NAME, VALUE)                                                                         \
    static void NAME(const void *context, const void *const *in, const int *step, void *out,       \
                     int64_t count)                                                                \
    {                                                                                              \
        const real *gradients = in[0];                                                             \
        const real *x = in[1];                                                                     \
        const real *y = in[2];                                                                     \
        const real *z = in[3];                                                                     \
        real *gx = out;                                                                            \
        (void)context;                                                                             \
        for (int64_t i = 0; i < count; i++) {                                                      \
            const real gy = gradients[step[0] * i];                                                \
            const real a = x[step[1] * i];                                                         \
            const real b = y[step[2] * i];                                                         \
            const real c = z[step[3] * i];                                                         \
            (void)a;                                                                               \
            (void)b;                                                                               \
            (void)c;                                                                               \
            gx[i] = (VALUE);                                                                       \
        }                                                                                          \
    }

SLOPE(l1_slope, a > 0 ? gy : a < 0 ? -gy : 0 * a)
SLOPE(square_slope, gy * 2 * a)
SLOPE(l2_slope, b == 0 ? 0 : gy * a / b)
SLOPE(log_sum_slope, gy *CAMX__MATH(exp)(-b))
SLOPE(log_sum_exp_slope, gy *CAMX__MATH(exp)(a - b))
SLOPE(extreme_slope, a == b ? gy / c : 0)
SLOPE(product_slope, a != 0 ? (c == 0 ? gy * (b / a) : 0) : (c == 1 ? gy * b : 0))
EACH(non_zeros, v != 0 ? v : 1)
EACH(zeros, v == 0 ? 1 : 0)

static void equals(const void *context, const void *const *in, const int *step, void *out,
                   int64_t count)
{
    const real *x = in[0];
    const real *y = in[1];
    real *equal = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        equal[i] = x[step[0] * i] == y[step[1] * i] ? 1 : 0;
}

static camx__element_fn *slope_of(camx__reduction kind)
{
    switch (kind) {
    case CAMX__REDUCE_MEAN:
        return mean_slope;
    case CAMX__REDUCE_L1:
        return l1_slope;
    case CAMX__REDUCE_L2:
        return l2_slope;
    case CAMX__REDUCE_SUM_SQUARE:
        return square_slope;
    case CAMX__REDUCE_LOG_SUM:
        return log_sum_slope;
    case CAMX__REDUCE_LOG_SUM_EXP:
        return log_sum_exp_slope;
    case CAMX__REDUCE_MAX:
    case CAMX__REDUCE_MIN:
        return extreme_slope;
    case CAMX__REDUCE_PROD:
        return product_slope;
    default:
        return camx__copy_reals;
    }
}

/* scratch number `which` = the reduction of fn(in[1], in[2]) of the walk. */
static camx__operand reduce_to_scratch(const camx__op_gradient *g, const camx__walk *walk,
                                       int which, int inputs, camx__element_fn *fn,
                                       camx__combine combine)
{
    camx__operand target = scratch_operand(g->params, g->scratch, which);
    camx__walk side = {.shape = walk->shape,
                       .inputs = inputs,
                       .in = {walk->in[1], walk->in[2]},
                       .out = target,
                       .fn = fn,
                       .combine = combine};
    camx__walk_run(g->pool, &side);
    return target;
}

camx_status camx__reduce_backward(const camx__op_gradient *g)
{
    const camx__reduce_params *params = g->params;
    const camx__tensor *gx = g->input_gradients[0];
    unsigned saves = camx__reduce_saves(params, 1);
    camx__walk walk = {.shape = gx->shape,
                       .inputs = 1,
                       .fn = slope_of(params->kind),
                       .context = params,
                       .accumulate = g->accumulate[0]};
    walk.in[0] = reduced_operand(params, g->output_gradients[0]);
    camx__operand_init(&walk.out, gx, &gx->shape);
    if (saves != 0) {
        /* Operands that the function does not look at repeat the gradient. */
        walk.inputs = 4;
        walk.in[1] = walk.in[0];
        walk.in[2] = walk.in[0];
        walk.in[3] = walk.in[0];
        if (saves & CAMX__SAVE_INPUT(0))
            camx__operand_init(&walk.in[1], g->inputs[0], &gx->shape);
        if (saves & CAMX__SAVE_OUTPUT(0))
            walk.in[2] = reduced_operand(params, g->outputs[0]);
    }
    if (params->kind == CAMX__REDUCE_MAX || params->kind == CAMX__REDUCE_MIN)
        walk.in[3] = reduce_to_scratch(g, &walk, 0, 2, equals, CAMX__COMBINE_SUM);
    if (params->kind == CAMX__REDUCE_PROD) {
        walk.in[2] = reduce_to_scratch(g, &walk, 0, 1, non_zeros, CAMX__COMBINE_PRODUCT);
        walk.in[3] = reduce_to_scratch(g, &walk, 1, 1, zeros, CAMX__COMBINE_SUM);
    }
    camx__walk_run(g->pool, &walk);
    return CAMX_OK;
}

unsigned camx__reduce_saves(const void *params, unsigned wanted)
{
    if (wanted == 0)
        return 0;
    switch (((const camx__reduce_params *)params)->kind) {
    case CAMX__REDUCE_L1:
    case CAMX__REDUCE_SUM_SQUARE:
    case CAMX__REDUCE_PROD:
        return CAMX__SAVE_INPUT(0);
    case CAMX__REDUCE_LOG_SUM:
        return CAMX__SAVE_OUTPUT(0);
    case CAMX__REDUCE_L2:
    case CAMX__REDUCE_LOG_SUM_EXP:
    case CAMX__REDUCE_MAX:
    case CAMX__REDUCE_MIN:
        return CAMX__SAVE_INPUT(0) | CAMX__SAVE_OUTPUT(0);
    default:
        return 0;
    }
}
