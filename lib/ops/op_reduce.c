/* SPDX-License-Identifier: Apache-2.0 */
/* ReduceSum, ReduceMean, ReduceMax and so on: the axes come from an attribute or, in newer
 * opsets, from input 1. */
#include "ops/op.h"
#include "ops/reduce.h"

static camx_status bind_axes(camx__op_bind *bind, camx__reduction kind, int input_since)
{
    const camx__tensor *x = bind->inputs[0];
    int64_t keep_dims;
    int64_t nothing_if_empty = 0;
    unsigned axes;
    bool present;
    if (bind->opset < input_since && camx__op_input(bind, 1) != NULL)
        return camx__op_invalid(
            bind, "axes are an input only from opset %d on, and this file has opset %d",
            input_since, bind->opset);
    CAMX__FORWARD(camx__op_axes(bind, input_since, 1, x->shape.rank, &axes, &present));
    CAMX__FORWARD(camx__op_int(bind, "keepdims", 1, &keep_dims));
    CAMX__FORWARD(camx__op_int(bind, "noop_with_empty_axes", 0, &nothing_if_empty));
    /* With noop_with_empty_axes every number is reduced alone: ReduceL1 gives its magnitude,
     * ReduceSum itself. */
    if (axes == 0 && nothing_if_empty == 0)
        axes = (1u << x->shape.rank) - 1;
    return camx__reduce_bind(bind, kind, axes, keep_dims != 0);
}

#define REDUCE(ROW, NAME, KIND, INPUT_SINCE)                                                       \
    static camx_status ROW##_bind(camx__op_bind *bind)                                             \
    {                                                                                              \
        return bind_axes(bind, KIND, INPUT_SINCE);                                                 \
    }                                                                                              \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ANY_ORDER,                                                              \
        .min_inputs = 1,                                                                           \
        .max_inputs = 2,                                                                           \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .prepare = camx__reduce_prepare,                                                           \
        .forward = camx__reduce_forward,                                                           \
        .backward = camx__reduce_backward,                                                         \
        .saves = camx__reduce_saves,                                                               \
        .keeps_batch = camx__reduce_keeps_batch,                                                   \
        .region = camx__reduce_region,                                                             \
    }

REDUCE(reduce_l1, "ReduceL1", CAMX__REDUCE_L1, 18);
REDUCE(reduce_l2, "ReduceL2", CAMX__REDUCE_L2, 18);
REDUCE(reduce_log_sum, "ReduceLogSum", CAMX__REDUCE_LOG_SUM, 18);
REDUCE(reduce_log_sum_exp, "ReduceLogSumExp", CAMX__REDUCE_LOG_SUM_EXP, 18);
REDUCE(reduce_max, "ReduceMax", CAMX__REDUCE_MAX, 18);
REDUCE(reduce_mean, "ReduceMean", CAMX__REDUCE_MEAN, 18);
REDUCE(reduce_min, "ReduceMin", CAMX__REDUCE_MIN, 18);
REDUCE(reduce_prod, "ReduceProd", CAMX__REDUCE_PROD, 18);
REDUCE(reduce_sum, "ReduceSum", CAMX__REDUCE_SUM, 13);
REDUCE(reduce_sum_square, "ReduceSumSquare", CAMX__REDUCE_SUM_SQUARE, 18);
