/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons, logic, IsNaN and IsInf: what they give is bool, 0 or 1. */
#include <math.h>

#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/op.h"

typedef enum comparison {
    EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL,
    AND,
    OR,
    XOR
} comparison;

typedef struct compare_params {
    comparison kind;
    bool unsigned_numbers; /* uint64 does not fit int64 */
    int shift[2];          /* where axis 0 of each input lies in the result */
    bool keeps_batch;
} compare_params;

static camx_status compare_bind(camx__op_bind *bind, comparison kind)
{
    camx__shape y;
    CAMX__FORWARD(camx__bind_same_kind(bind, 0, 2));
    compare_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    if (kind >= AND && camx__elem_is_real(bind->inputs[0]->elem))
        return camx__op_invalid(bind, "its inputs have type %s instead of bool",
                                camx__elem_name(bind->inputs[0]->elem));
    if (bind->opset < 7) {
        CAMX__FORWARD(camx__bind_old_broadcast(bind, &y, &params->shift[1]));
    } else {
        CAMX__FORWARD(camx__bind_broadcast(bind, &y));
        for (int i = 0; i < 2; i++)
            params->shift[i] = y.rank - bind->inputs[i]->shape.rank;
    }
    params->kind = kind;
    params->unsigned_numbers = bind->inputs[0]->elem == CAMX__ELEM_UINT64;
    params->keeps_batch = camx__bind_keeps_batch(bind, &y);
    return camx__op_output(bind, 0, &y, CAMX__ELEM_BOOL);
}

static bool compare_keeps_batch(const void *params)
{
    return ((const compare_params *)params)->keeps_batch;
}

/* order of a and b: -1, 0, 1, and 2 if one of them is not a number. */
static bool holds(comparison kind, int order)
{
    switch (kind) {
    case EQUAL:
        return order == 0;
    case LESS:
        return order == -1;
    case LESS_OR_EQUAL:
        return order == -1 || order == 0;
    case GREATER:
        return order == 1;
    default:
        return order == 1 || order == 0;
    }
}

static void compare_reals(const void *context, const void *const *in, const int *step, void *out,
                          int64_t count)
{
    const compare_params *params = context;
    const real *a = in[0];
    const real *b = in[1];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        real p = a[step[0] * i];
        real q = b[step[1] * i];
        y[i] = holds(params->kind, p < q ? -1 : p > q ? 1 : p == q ? 0 : 2);
    }
}

static void compare_ints(const void *context, const void *const *in, const int *step, void *out,
                         int64_t count)
{
    const compare_params *params = context;
    const uint64_t flip = params->unsigned_numbers ? (uint64_t)1 << 63 : 0;
    const int64_t *a = in[0];
    const int64_t *b = in[1];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        int64_t p = (int64_t)((uint64_t)a[step[0] * i] ^ flip);
        int64_t q = (int64_t)((uint64_t)b[step[1] * i] ^ flip);
        y[i] = holds(params->kind, p < q ? -1 : p > q);
    }
}

static void combine_bools(const void *context, const void *const *in, const int *step, void *out,
                          int64_t count)
{
    const compare_params *params = context;
    const int64_t *a = in[0];
    const int64_t *b = in[1];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        bool p = a[step[0] * i] != 0;
        bool q = b[step[1] * i] != 0;
        y[i] = params->kind == AND ? p && q : params->kind == OR ? p || q : p != q;
    }
}

static camx_status compare_forward(const camx__op_call *call)
{
    const compare_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    bool is_real = camx__elem_is_real(call->inputs[0]->elem);
    camx__walk walk = {.shape = y->shape, .inputs = 2, .context = params, .out_is_integer = true};
    walk.fn = params->kind >= AND ? combine_bools : is_real ? compare_reals : compare_ints;
    for (int i = 0; i < 2; i++)
        camx__operand_init_at(&walk.in[i], call->inputs[i], &y->shape, params->shift[i]);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

#define COMPARE(ROW, NAME, KIND)                                                                   \
    static camx_status ROW##_bind(camx__op_bind *bind)                                             \
    {                                                                                              \
        return compare_bind(bind, KIND);                                                           \
    }                                                                                              \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ANY_ORDER | CAMX__OP_ZERO_GRADIENT,                                     \
        .min_inputs = 2,                                                                           \
        .max_inputs = 2,                                                                           \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .forward = compare_forward,                                                                \
        .keeps_batch = compare_keeps_batch,                                                        \
    }

COMPARE(and, "And", AND);
COMPARE(equal, "Equal", EQUAL);
COMPARE(greater, "Greater", GREATER);
COMPARE(greater_or_equal, "GreaterOrEqual", GREATER_OR_EQUAL);
COMPARE(less, "Less", LESS);
COMPARE(less_or_equal, "LessOrEqual", LESS_OR_EQUAL);
COMPARE(or, "Or", OR);
COMPARE(xor, "Xor", XOR);

/* ---- of one input ---- */

typedef struct test_params {
    camx__element_fn *fn;
    bool positive; /* IsInf: which infinities count */
    bool negative;
} test_params;

static void negate_bools(const void *context, const void *const *in, const int *step, void *out,
                         int64_t count)
{
    const int64_t *x = in[0];
    int64_t *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        y[i] = x[step[0] * i] == 0;
}

static void find_nans(const void *context, const void *const *in, const int *step, void *out,
                      int64_t count)
{
    const real *x = in[0];
    int64_t *y = out;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        y[i] = isnan(x[step[0] * i]);
}

static void find_infinities(const void *context, const void *const *in, const int *step, void *out,
                            int64_t count)
{
    const test_params *params = context;
    const real *x = in[0];
    int64_t *y = out;
    for (int64_t i = 0; i < count; i++) {
        real v = x[step[0] * i];
        y[i] = isinf(v) && (v > 0 ? params->positive : params->negative);
    }
}

static camx_status test_bind(camx__op_bind *bind, camx__element_fn *fn, bool is_real)
{
    const camx__tensor *x = bind->inputs[0];
    int64_t positive;
    int64_t negative;
    test_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    if (camx__elem_is_real(x->elem) != is_real)
        return camx__op_invalid(bind, "its input has type %s", camx__elem_name(x->elem));
    CAMX__FORWARD(camx__op_int(bind, "detect_positive", 1, &positive));
    CAMX__FORWARD(camx__op_int(bind, "detect_negative", 1, &negative));
    params->fn = fn;
    params->positive = positive != 0;
    params->negative = negative != 0;
    return camx__op_output(bind, 0, &x->shape, CAMX__ELEM_BOOL);
}

static camx_status test_forward(const camx__op_call *call)
{
    const test_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    camx__walk walk = {.shape = y->shape,
                       .inputs = 1,
                       .fn = params->fn,
                       .context = params,
                       .out_is_integer = true};
    camx__operand_init(&walk.in[0], call->inputs[0], &y->shape);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

#define TEST(ROW, NAME, FUNCTION, IS_REAL)                                                         \
    static camx_status ROW##_bind(camx__op_bind *bind)                                             \
    {                                                                                              \
        return test_bind(bind, FUNCTION, IS_REAL);                                                 \
    }                                                                                              \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH | CAMX__OP_ZERO_GRADIENT,              \
        .min_inputs = 1,                                                                           \
        .max_inputs = 1,                                                                           \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .forward = test_forward,                                                                   \
    }

TEST(is_inf, "IsInf", find_infinities, true);
TEST(is_nan, "IsNaN", find_nans, true);
TEST(not, "Not", negate_bools, false);
