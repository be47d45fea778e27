/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clip: min(max(x, low), high). The bounds are attributes before opset 11 and inputs since; either
 * may be missing, and as inputs they may be computed. The gradient passes strictly between the
 * bounds, as that of PyTorch's ReLU6.
 */
#include <float.h>
#include <string.h>

#include "kernels/rows.h"
#include "ops/broadcast.h"
#include "ops/op.h"
#include "ops/reach.h"

typedef struct clip_params {
    camx__elem elem;
    float low;
    float high;
    unsigned bound_inputs; /* SAVE_INPUT bits of the bounds that are there */
    bool rectifies;        /* known to cut off at zero below: ReLU6 and its kin */
} clip_params;

static camx_status check_bound(const camx__op_bind *bind, int input)
{
    const camx__tensor *bound = camx__op_input(bind, input);
    if (bound == NULL)
        return CAMX_OK;
    if (camx__elem_is_real(bound->elem) != camx__elem_is_real(bind->inputs[0]->elem))
        return camx__op_invalid(bind, "the bound of input %d has type %s, its input %s", input,
                                camx__elem_name(bound->elem),
                                camx__elem_name(bind->inputs[0]->elem));
    if (camx__shape_count(&bound->shape) != 1)
        return camx__op_invalid(bind, "the bound of input %d is not a single number", input);
    return CAMX_OK;
}

static camx_status clip_bind(camx__op_bind *bind)
{
    const camx__tensor *x = bind->inputs[0];
    if (!camx__elem_is_integer(x->elem))
        CAMX__FORWARD(camx__op_need_reals(bind, 0));
    clip_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    params->elem = x->elem;
    params->low = -FLT_MAX; /* ONNX's defaults: even an infinite input is clipped */
    params->high = FLT_MAX;
    if (bind->opset < 11) {
        CAMX__FORWARD(camx__op_float(bind, "min", params->low, &params->low));
        CAMX__FORWARD(camx__op_float(bind, "max", params->high, &params->high));
    }
    for (int i = 1; i < 3; i++) {
        CAMX__FORWARD(check_bound(bind, i));
        if (camx__op_input(bind, i) != NULL)
            params->bound_inputs |= CAMX__SAVE_INPUT(i);
    }
    const camx__tensor *low = camx__op_input(bind, 1);
    if (!camx__elem_is_real(x->elem))
        params->rectifies = false;
    else if (low != NULL)
        params->rectifies = low->data != NULL && camx__reals(low)[0] == 0;
    else
        params->rectifies = params->low == 0;
    return camx__op_output(bind, 0, &x->shape, x->elem);
}

typedef struct bounds {
    real low;
    real high;
    int64_t int_low;
    int64_t int_high;
} bounds;

static int64_t int_bound(float value)
{
    if (value >= 0x1p63f)
        return INT64_MAX;
    return value <= -0x1p63f ? INT64_MIN : (int64_t)value;
}

static bounds find_bounds(const clip_params *params, int input_count,
                          const camx__tensor *const *inputs)
{
    bounds b = {(real)params->low, (real)params->high, int_bound(params->low),
                int_bound(params->high)};
    const camx__tensor *low = input_count > 1 ? inputs[1] : NULL;
    const camx__tensor *high = input_count > 2 ? inputs[2] : NULL;
    bool is_real = camx__elem_is_real(params->elem);
    if (low != NULL && is_real)
        b.low = camx__reals(low)[0];
    else if (low != NULL)
        b.int_low = camx__ints(low)[0];
    if (high != NULL && is_real)
        b.high = camx__reals(high)[0];
    else if (high != NULL)
        b.int_high = camx__ints(high)[0];
    return b;
}

static void clip_reals(const void *context, const void *const *in, const int *step, void *out,
                       int64_t count)
{
    const bounds *b = context;
    (void)step;
    camx__rows_activation(CAMX__ACT_CLIP, b->low, b->high, in[0], out, count);
}

static void clip_ints(const void *context, const void *const *in, const int *step, void *out,
                      int64_t count)
{
    const bounds *b = context;
    const int64_t *x = in[0];
    int64_t *y = out;
    (void)step;
    for (int64_t i = 0; i < count; i++) {
        int64_t v = x[i] < b->int_low ? b->int_low : x[i];
        y[i] = v > b->int_high ? b->int_high : v;
    }
}

static camx_status clip_forward(const camx__op_call *call)
{
    const clip_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    bounds b = find_bounds(params, call->input_count, call->inputs);
    bool is_real = camx__elem_is_real(params->elem);
    camx__walk walk = {.shape = y->shape,
                       .inputs = 1,
                       .fn = is_real ? clip_reals : clip_ints,
                       .context = &b,
                       .out_is_integer = !is_real};
    camx__operand_init(&walk.in[0], call->inputs[0], &y->shape);
    camx__operand_init(&walk.out, y, &y->shape);
    camx__walk_run(call->pool, &walk);
    return CAMX_OK;
}

static void clip_slope(const void *context, const void *const *in, const int *step, void *out,
                       int64_t count)
{
    const bounds *b = context;
    (void)step;
    camx__rows_gate(in[1], b->low, b->high, in[0], out, count);
}

static void guided_clip_slope(const void *context, const void *const *in, const int *step, void *out,
                              int64_t count)
{
    real *gx = out;
    clip_slope(context, in, step, out, count);
    for (int64_t i = 0; i < count; i++)
        gx[i] = gx[i] > 0 ? gx[i] : 0;
}

static void open_clip_slope(const void *context, const void *const *in, const int *step, void *out,
                            int64_t count)
{
    (void)context;
    (void)step;
    memmove(out, in[0], (size_t)count * sizeof(real));
}

static camx__element_fn *choose_slope(const clip_params *params, camx__relu_rule rule)
{
    if (!params->rectifies || rule == CAMX__RELU_EXACT)
        return clip_slope;
    return rule == CAMX__RELU_GUIDED ? guided_clip_slope : open_clip_slope;
}

static bool clip_rectifies(const void *params)
{
    return ((const clip_params *)params)->rectifies;
}

static camx_status clip_backward(const camx__op_gradient *g)
{
    const camx__tensor *gy = g->output_gradients[0];
    bounds b = find_bounds(g->params, g->input_count, g->inputs);
    camx__walk walk = {.shape = gy->shape,
                       .inputs = 2,
                       .fn = choose_slope(g->params, g->relu_rule),
                       .context = &b,
                       .accumulate = g->accumulate[0]};
    if (g->input_gradients[0] == NULL)
        return CAMX_OK;
    camx__operand_init(&walk.in[0], gy, &gy->shape);
    camx__operand_init(&walk.in[1], g->outputs[0], &gy->shape);
    camx__operand_init(&walk.out, g->input_gradients[0], &gy->shape);
    camx__walk_run(g->pool, &walk);
    return CAMX_OK;
}

static camx_status clip_prepare(camx__op_prepare *prepare)
{
    if (prepare->backward && (prepare->wanted & ~1u) != 0)
        return camx__fail(prepare->error, CAMX_E_UNSUPPORTED,
                          "no gradient can be taken through the computed bounds of a Clip");
    return CAMX_OK;
}

static unsigned clip_saves(const void *params, unsigned wanted)
{
    const clip_params *p = params;
    return wanted != 0 ? CAMX__SAVE_OUTPUT(0) | p->bound_inputs : 0;
}

const camx__op camx__op_clip = {
    .name = "Clip",
    .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH | CAMX__OP_IN_PLACE,
    .min_inputs = 1,
    .max_inputs = 3,
    .max_outputs = 1,
    .bind = clip_bind,
    .prepare = clip_prepare,
    .forward = clip_forward,
    .backward = clip_backward,
    .saves = clip_saves,
    .rectifies = clip_rectifies,
    .region = camx__region_same,
};
