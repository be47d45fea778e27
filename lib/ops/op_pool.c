/* SPDX-License-Identifier: Apache-2.0 */
/* MaxPool and AveragePool with one or two spatial axes. */
#include <math.h>

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

static bool pool_region(camx__op_region *region, real outside)
{
    const camx__pool_shape *s = region->params;
    camx__reach rows = {s->kernel_h, s->stride_h, s->dilation_h, s->pad_top};
    camx__reach columns = {s->kernel_w, s->stride_w, s->dilation_w, s->pad_left};
    region->reach[0] = rows;
    region->reach[1] = columns;
    region->outside = outside;
    return region->axis[0] == 2 && region->axis[1] == 3;
}

static const void *pool_cropped(const void *params, camx__zone *zone, const camx__shape *input,
                                const camx__shape *output)
{
    camx__pool_shape *shape = camx__zone_alloc(zone, 1, sizeof *shape);
    if (shape == NULL)
        return NULL;
    *shape = *(const camx__pool_shape *)params;
    shape->batch = input->dim[0];
    shape->in_h = input->dim[2];
    shape->in_w = input->dim[3];
    shape->out_h = output->dim[2];
    shape->out_w = output->dim[3];
    shape->pad_top = 0;
    shape->pad_left = 0;
    shape->pad_bottom = 0;
    shape->pad_right = 0;
    return shape;
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

/* Padding never wins: every window holds at least one position of the map. */
static bool maxpool_region(camx__op_region *region)
{
    return pool_region(region, -(real)INFINITY);
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
    .region = maxpool_region,
    .cropped = pool_cropped,
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

/* Only if every result is divided by the same number: padding is counted, or there is none. */
static bool avgpool_region(camx__op_region *region)
{
    const camx__pool_shape *s = region->params;
    int64_t rows = (s->out_h - 1) * s->stride_h + (s->kernel_h - 1) * s->dilation_h + 1;
    int64_t columns = (s->out_w - 1) * s->stride_w + (s->kernel_w - 1) * s->dilation_w + 1;
    bool padded = s->pad_top + s->pad_bottom + s->pad_left + s->pad_right > 0;
    if ((padded && !s->count_include_pad) || rows > s->in_h + s->pad_top + s->pad_bottom ||
        columns > s->in_w + s->pad_left + s->pad_right)
        return false;
    return pool_region(region, 0);
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
    .region = avgpool_region,
    .cropped = pool_cropped,
};
