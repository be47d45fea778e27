/* SPDX-License-Identifier: Apache-2.0 */
/* GatherElements and ScatterElements: one index per number, along one axis. */
#include <string.h>

#include "ops/move.h"
#include "ops/op.h"
#include "ops/scatter.h"

typedef struct elements_params {
    int axis;
    camx__scatter how;
    camx__elem elem;
    camx__shape indices;
    int64_t dim;                    /* of the data along the axis */
    int64_t stride[CAMX__MAX_RANK]; /* of the data */
} elements_params;

static camx_status bind_elements(camx__op_bind *bind, elements_params **out)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    const camx__shape *q = &bind->inputs[1]->shape;
    char text[2][160];
    elements_params *params = camx__op_params(bind, sizeof *params);
    *out = params;
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_axis(bind, 0, x->rank, &params->axis));
    if (camx__elem_is_real(bind->inputs[1]->elem))
        return camx__op_invalid(bind, "its indices are floats");
    bool fits = q->rank == x->rank;
    for (int i = 0; fits && i < q->rank; i++)
        fits = i == params->axis || q->dim[i] <= x->dim[i];
    if (!fits)
        return camx__op_misfit(bind, "indices of the shape %s do not fit data of the shape %s",
                               camx__shape_text(q, text[0], sizeof text[0]),
                               camx__shape_text(x, text[1], sizeof text[1]));
    params->elem = bind->inputs[0]->elem;
    params->indices = *q;
    params->dim = x->dim[params->axis];
    camx__tensor plain = {.shape = *x, .elem = params->elem};
    camx__tensor_strides(&plain, params->stride);
    return CAMX_OK;
}

static camx_status check_indices(const elements_params *params, const camx__op_call *call)
{
    const int64_t *indices = camx__ints(call->inputs[1]);
    int64_t count = camx__shape_count(&params->indices);
    for (int64_t i = 0; i < count; i++)
        if (indices[i] < -params->dim || indices[i] >= params->dim)
            return camx__fail(call->error, CAMX_E_SHAPE,
                              "%s: index %lld is outside of an axis of length %lld", call->label,
                              (long long)indices[i], (long long)params->dim);
    return CAMX_OK;
}

/* Where in the data index number `at` points. */
static int64_t place_of(const elements_params *params, const int64_t *indices, int64_t at)
{
    int64_t index = indices[at] < 0 ? indices[at] + params->dim : indices[at];
    int64_t place = index * params->stride[params->axis];
    for (int i = params->indices.rank - 1; i >= 0; i--) {
        if (i != params->axis)
            place += at % params->indices.dim[i] * params->stride[i];
        at /= params->indices.dim[i];
    }
    return place;
}

/* ---- GatherElements ---- */

static camx_status gather_bind(camx__op_bind *bind)
{
    elements_params *params;
    CAMX__FORWARD(bind_elements(bind, &params));
    return camx__op_output(bind, 0, &params->indices, params->elem);
}

static camx_status gather_forward(const camx__op_call *call)
{
    const elements_params *params = call->params;
    const int64_t *indices = camx__ints(call->inputs[1]);
    const camx__tensor *y = call->outputs[0];
    int64_t count = camx__shape_count(&params->indices);
    CAMX__FORWARD(check_indices(params, call));
    for (int64_t i = 0; i < count; i++) {
        int64_t place = place_of(params, indices, i);
        if (camx__elem_is_real(params->elem))
            camx__reals(y)[i] = camx__reals(call->inputs[0])[place];
        else
            camx__ints(y)[i] = camx__ints(call->inputs[0])[place];
    }
    return CAMX_OK;
}

static camx_status gather_backward(const camx__op_gradient *g)
{
    const elements_params *params = g->params;
    const int64_t *indices = camx__ints(g->inputs[1]);
    int64_t count = camx__shape_count(&params->indices);
    if (!g->accumulate[0])
        camx__move_clear(g->pool, g->input_gradients[0]);
    for (int64_t i = 0; i < count; i++)
        camx__reals(g->input_gradients[0])[place_of(params, indices, i)] +=
            camx__reals(g->output_gradients[0])[i];
    return CAMX_OK;
}

static unsigned saves_indices(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(1) : 0;
}

const camx__op camx__op_gather_elements = {
    .name = "GatherElements",
    .min_inputs = 2,
    .max_inputs = 2,
    .max_outputs = 1,
    .bind = gather_bind,
    .forward = gather_forward,
    .backward = gather_backward,
    .saves = saves_indices,
};

/* ---- ScatterElements, which opset 9 and 10 called Scatter ---- */

static camx_status scatter_bind(camx__op_bind *bind)
{
    elements_params *params;
    char text[2][160];
    CAMX__FORWARD(bind_elements(bind, &params));
    CAMX__FORWARD(camx__scatter_bind(bind, &params->how));
    if (!camx__shape_equal(&params->indices, &bind->inputs[2]->shape))
        return camx__op_misfit(bind, "its updates have the shape %s, but its indices %s",
                               camx__shape_text(&bind->inputs[2]->shape, text[0], sizeof text[0]),
                               camx__shape_text(&params->indices, text[1], sizeof text[1]));
    return camx__op_output(bind, 0, &bind->inputs[0]->shape, params->elem);
}

static camx_status scatter_forward(const camx__op_call *call)
{
    const elements_params *params = call->params;
    const int64_t *indices = camx__ints(call->inputs[1]);
    const camx__tensor *updates = call->inputs[2];
    const camx__tensor *y = call->outputs[0];
    int64_t count = camx__shape_count(&params->indices);
    CAMX__FORWARD(check_indices(params, call));
    memcpy(y->data, call->inputs[0]->data, camx__tensor_bytes(y));
    for (int64_t i = 0; i < count; i++) {
        int64_t place = place_of(params, indices, i);
        if (camx__elem_is_real(params->elem))
            camx__scatter_reals(params->how, camx__reals(updates) + i, camx__reals(y) + place, 1);
        else
            camx__scatter_ints(params->how, params->elem, camx__ints(updates) + i,
                               camx__ints(y) + place, 1);
    }
    return CAMX_OK;
}

static camx_status scatter_backward(const camx__op_gradient *g)
{
    const elements_params *params = g->params;
    const camx__tensor *gy = g->output_gradients[0];
    const int64_t *indices = camx__ints(g->inputs[1]);
    int64_t count = camx__shape_count(&params->indices);
    if (g->input_gradients[2] != NULL) {
        real *gu = camx__reals(g->input_gradients[2]);
        for (int64_t i = 0; i < count; i++) {
            real value = camx__reals(gy)[place_of(params, indices, i)];
            gu[i] = g->accumulate[2] ? gu[i] + value : value;
        }
    }
    if (g->input_gradients[0] == NULL)
        return CAMX_OK;
    real *gx = camx__reals(g->input_gradients[0]);
    real *kept = g->scratch;
    memcpy(kept, gy->data, camx__tensor_bytes(gy));
    for (int64_t i = 0; params->how == CAMX__SCATTER_REPLACE && i < count; i++)
        kept[place_of(params, indices, i)] = 0;
    for (int64_t i = 0; i < camx__shape_count(&gy->shape); i++)
        gx[i] = g->accumulate[0] ? gx[i] + kept[i] : kept[i];
    return CAMX_OK;
}

static camx_status scatter_prepare(camx__op_prepare *prepare)
{
    const elements_params *params = prepare->params;
    if (!prepare->backward)
        return CAMX_OK;
    if (params->how > CAMX__SCATTER_ADD)
        return camx__fail(
            prepare->error, CAMX_E_UNSUPPORTED,
            "no gradient can be taken through a ScatterElements that multiplies or compares");
    prepare->scratch_bytes = camx__tensor_bytes(prepare->inputs[0]);
    return CAMX_OK;
}

#define SCATTER(ROW, NAME)                                                                         \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .min_inputs = 3,                                                                           \
        .max_inputs = 3,                                                                           \
        .max_outputs = 1,                                                                          \
        .bind = scatter_bind,                                                                      \
        .prepare = scatter_prepare,                                                                \
        .forward = scatter_forward,                                                                \
        .backward = scatter_backward,                                                              \
        .saves = saves_indices,                                                                    \
    }

SCATTER(scatter, "Scatter");
SCATTER(scatter_elements, "ScatterElements");
