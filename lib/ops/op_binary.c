/* SPDX-License-Identifier: Apache-2.0 */
/* Add, Sub, Mul, Div: arithmetic of two operands, broadcast as NumPy does, on floats and on
 * integers. */
#include <assert.h>

#include "kernels/rows.h"
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/op.h"
#include "ops/reach.h"

typedef struct binary_params {
    camx__binary kind;
    camx__elem elem;
    int shift; /* where axis 0 of input 1 lies in the result (opset 6 and before could say) */
    int shift0;
    bool keeps_batch;
} binary_params;

/* ---- bind ---- */

static camx_status binary_bind(camx__op_bind *bind, camx__binary kind)
{
    camx__shape shape;
    CAMX__FORWARD(camx__bind_same_kind(bind, 0, 2));
    binary_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    if (bind->opset < 7) {
        CAMX__FORWARD(camx__bind_old_broadcast(bind, &shape, &params->shift));
    } else {
        CAMX__FORWARD(camx__bind_broadcast(bind, &shape));
        params->shift0 = shape.rank - bind->inputs[0]->shape.rank;
        params->shift = shape.rank - bind->inputs[1]->shape.rank;
    }
    params->kind = kind;
    params->elem = bind->inputs[0]->elem;
    params->keeps_batch = camx__bind_keeps_batch(bind, &shape);
    return camx__op_output(bind, 0, &shape, params->elem);
}

static bool binary_keeps_batch(const void *params)
{
    return ((const binary_params *)params)->keeps_batch;
}

/* ---- forward ---- */

static void binary_reals(const void *context, const void *const *in, const int *step, void *out,
                         int64_t count)
{
    const binary_params *params = context;
    camx__rows_binary(params->kind, in[0], step[0], in[1], step[1], out, count);
}

/* What processors trap on has a result here: x / 0 = 0 and INT64_MIN / -1 = INT64_MIN. */
static int64_t divided(camx__elem elem, int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    if (elem == CAMX__ELEM_UINT64)
        return (int64_t)((uint64_t)a / (uint64_t)b);
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static void binary_ints(const void *context, const void *const *in, const int *step, void *out,
                        int64_t count)
{
    const binary_params *params = context;
    const int64_t *a = in[0];
    const int64_t *b = in[1];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        uint64_t p = (uint64_t)a[step[0] * i];
        uint64_t q = (uint64_t)b[step[1] * i];
        int64_t value = 0;
        if (params->kind == CAMX__ADD)
            value = (int64_t)(p + q);
        else if (params->kind == CAMX__SUB)
            value = (int64_t)(p - q);
        else if (params->kind == CAMX__MUL)
            value = (int64_t)(p * q);
        else
            value = divided(params->elem, (int64_t)p, (int64_t)q);
        y[i] = camx__int_wrap(params->elem, value);
    }
}

static camx_status binary_forward(const camx__op_call *call)
{
    const binary_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(params->elem);
    camx__walk walk = {.shape = y->shape,
                       .inputs = 2,
                       .fn = is_real ? binary_reals : binary_ints,
                       .context = params,
                       .out_is_integer = !is_real};
    camx__operand_init_at(&walk.in[0], call->inputs[0], &y->shape, params->shift0);
    camx__operand_init_at(&walk.in[1], call->inputs[1], &y->shape, params->shift);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

/* ---- backward: in[0] is the gradient of the result ---- */

static void negated(const void *context, const void *const *in, const int *step, void *out,
                    int64_t count)
{
    const real *gy = in[0];
    real *gx = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        gx[i] = -gy[step[0] * i];
}

static void times(const void *context, const void *const *in, const int *step, void *out,
                  int64_t count)
{
    (void)context;
    camx__rows_binary(CAMX__MUL, in[0], step[0], in[1], step[1], out, count);
}

static void over(const void *context, const void *const *in, const int *step, void *out,
                 int64_t count)
{
    (void)context;
    camx__rows_binary(CAMX__DIV, in[0], step[0], in[1], step[1], out, count);
}

/* d(a / b) / db = -a / b^2, with in[1] = b and in[2] = a. */
static void divisor_gradient(const void *context, const void *const *in, const int *step, void *out,
                             int64_t count)
{
    const real *gy = in[0];
    const real *b = in[1];
    const real *a = in[2];
    real *gx = out;
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        real q = b[step[1] * i];
        gx[i] = -gy[step[0] * i] * (a[step[2] * i] / q / q);
    }
}

/* The gradient of input `which`: a function of dY and of up to two inputs, in this order. */
static void input_gradient(const camx__op_gradient *g, int which, camx__element_fn *fn,
                           const int *reads, int read_count)
{
    const binary_params *params = g->params;
    const camx__tensor *gy = g->output_gradients[0];
    const int shift[2] = {params->shift0, params->shift};
    camx__walk walk = {.shape = gy->shape,
                       .inputs = 1 + read_count,
                       .fn = fn,
                       .context = params,
                       .accumulate = g->accumulate[which]};
    camx__operand_init(&walk.in[0], gy, &gy->shape);
    for (int i = 0; i < read_count; i++)
        camx__operand_init_at(&walk.in[1 + i], g->inputs[reads[i]], &gy->shape, shift[reads[i]]);
    camx__operand_init_at(&walk.out, g->input_gradients[which], &gy->shape, shift[which]);
    camx__walk_run(g->pool, &walk);
}

static camx_status binary_backward(const camx__op_gradient *g)
{
    static const int only_a[] = {0};
    static const int b_then_a[] = {1, 0};
    const binary_params *params = g->params;
    bool product = params->kind == CAMX__MUL;
    bool quotient = params->kind == CAMX__DIV;
    assert(params->kind <= CAMX__DIV);
    if (g->input_gradients[0] != NULL)
        input_gradient(g, 0,
                       product    ? times
                       : quotient ? over
                                  : camx__copy_reals,
                       b_then_a, product || quotient ? 1 : 0);
    if (g->input_gradients[1] == NULL)
        return CAMX_OK;
    if (product)
        input_gradient(g, 1, times, only_a, 1);
    else if (quotient)
        input_gradient(g, 1, divisor_gradient, b_then_a, 2);
    else
        input_gradient(g, 1, params->kind == CAMX__SUB ? negated : camx__copy_reals, NULL, 0);
    return CAMX_OK;
}

static unsigned binary_saves(const void *params, unsigned wanted)
{
    const binary_params *p = params;
    unsigned saves = 0;
    if (p->kind == CAMX__MUL)
        saves = (wanted & 1 ? CAMX__SAVE_INPUT(1) : 0) | (wanted & 2 ? CAMX__SAVE_INPUT(0) : 0);
    else if (p->kind == CAMX__DIV)
        saves = (wanted & 3 ? CAMX__SAVE_INPUT(1) : 0) | (wanted & 2 ? CAMX__SAVE_INPUT(0) : 0);
    return saves;
}

static bool binary_region(camx__op_region *region)
{
    const binary_params *p = region->params;
    const int shifts[2] = {p->shift0, p->shift};
    return camx__region_broadcast(region, shifts);
}

/* ---- rows ---- */

#define BINARY(ROW, NAME, KIND)                                                                    \
    static camx_status ROW##_bind(camx__op_bind *bind)                                             \
    {                                                                                              \
        return binary_bind(bind, KIND);                                                            \
    }                                                                                              \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ANY_ORDER | CAMX__OP_IN_PLACE,                                          \
        .min_inputs = 2,                                                                           \
        .max_inputs = 2,                                                                           \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .forward = binary_forward,                                                                 \
        .backward = binary_backward,                                                               \
        .saves = binary_saves,                                                                     \
        .keeps_batch = binary_keeps_batch,                                                         \
        .region = binary_region,                                                                   \
    }

BINARY(add, "Add", CAMX__ADD);
BINARY(sub, "Sub", CAMX__SUB);
BINARY(mul, "Mul", CAMX__MUL);
BINARY(div, "Div", CAMX__DIV);
