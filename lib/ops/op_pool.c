/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool and AveragePool with one or two spatial axes. */
#include "kernels/pooling.h"
#include "ops/op.h"
#include "ops/window.h"

static camx_status pool_bind(camx__op_bind *bind, bool average)
{
    camx__window window;
    int64_t count_padding = 0;
    CAMX__FORWARD(camx__op_need_reals(bind, 0));
    const camx__shape *x = &bind->inputs[0]->shape;
    CAMX__FORWARD(camx__window_bind(bind, x, NULL, &window));
    if (average)
        CAMX__FORWARD(camx__op_int(bind, "count_include_pad", 0, &count_padding));
    camx__pool_shape *shape = camx__op_params(bind, sizeof *shape);
    if (shape == NULL)
        return CAMX_E_MEMORY;
    *shape = (camx__pool_shape){.batch = x->dim[0],
                                .in_h = window.in[0],
                                .in_w = window.in[1],
                                .channels = x->dim[1],
                                .out_h = window.out[0],
                                .out_w = window.out[1],
                                .kernel_h = window.kernel[0],
                                .kernel_w = window.kernel[1],
                                .stride_h = window.stride[0],
                                .stride_w = window.stride[1],
                                .dilation_h = window.dilation[0],
                                .dilation_w = window.dilation[1],
                                .pad_top = window.pad_begin[0],
                                .pad_left = window.pad_begin[1],
                                .pad_bottom = window.pad_end[0],
                                .pad_right = window.pad_end[1],
                                .count_include_pad = count_padding != 0};
    camx__shape y = camx__window_output(&window, x, x->dim[1]);
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

/* ---- MaxPool ---- */

static camx_status maxpool_bind(camx__op_bind *bind)
{
    if (camx__op_wants(bind, 1))
        return camx__op_unsupported(bind, "the output Indices is not supported");
    return pool_bind(bind, false);
}

static camx_status maxpool_forward(const camx__op_call *call)
{
    const camx__tensor *x = call->inputs[0];
    const camx__tensor *y = call->outputs[0];
    camx__maxpool_forward(call->params, call->pool, camx__reals(x), x->pitch, camx__reals(y),
                          y->pitch);
    return CAMX_OK;
}

static camx_status maxpool_backward(const camx__op_gradient *gradient)
{
    const camx__tensor *x = gradient->inputs[0];
    const camx__tensor *gy = gradient->output_gradients[0];
    const camx__tensor *gx = gradient->input_gradients[0];
    camx__maxpool_gradient(gradient->params, gradient->pool, camx__reals(x), x->pitch,
                           camx__reals(gy), gy->pitch, camx__reals(gx), gx->pitch,
                           gradient->accumulate[0]);
    return CAMX_OK;
}

static unsigned maxpool_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(0) : 0;
}

const camx__op camx__op_maxpool = {
    .name = "MaxPool",
    .traits = CAMX__OP_SPATIAL | CAMX__OP_KEEPS_BATCH,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 2,
    .bind = maxpool_bind,
    .forward = maxpool_forward,
    .backward = maxpool_backward,
    .saves = maxpool_saves,
};

/* ---- AveragePool ---- */

static camx_status avgpool_bind(camx__op_bind *bind)
{
    return pool_bind(bind, true);
}

static camx_status avgpool_forward(const camx__op_call *call)
{
    const camx__tensor *x = call->inputs[0];
    const camx__tensor *y = call->outputs[0];
    camx__avgpool_forward(call->params, call->pool, camx__reals(x), x->pitch, camx__reals(y),
                          y->pitch);
    return CAMX_OK;
}

static camx_status avgpool_backward(const camx__op_gradient *gradient)
{
    const camx__tensor *gy = gradient->output_gradients[0];
    const camx__tensor *gx = gradient->input_gradients[0];
    camx__avgpool_gradient(gradient->params, gradient->pool, camx__reals(gy), gy->pitch,
                           camx__reals(gx), gx->pitch, gradient->accumulate[0]);
    return CAMX_OK;
}

const camx__op camx__op_avgpool = {
    .name = "AveragePool",
    .traits = CAMX__OP_SPATIAL | CAMX__OP_KEEPS_BATCH,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .bind = avgpool_bind,
    .forward = avgpool_forward,
    .backward = avgpool_backward,
};
