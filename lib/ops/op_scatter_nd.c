/* SPDX-License-Identifier: Apache-2.0 */
/* ScatterND: slices of a copy of the data are replaced by (or combined with) updates, at places
 * that indices name. */
#include <string.h>

#include "ops/elementwise.h"
#include "ops/move.h"
#include "ops/op.h"
#include "ops/scatter.h"

typedef struct scatter_params {
    camx__scatter how;
    camx__elem elem;
    int depth; /* numbers in one index: axes that it fixes */
    int64_t places;
    int64_t slice; /* numbers in one slice */
    int64_t dim[CAMX__MAX_RANK];
    int64_t stride[CAMX__MAX_RANK];
} scatter_params;

static camx_status check_updates(const camx__op_bind *bind, const scatter_params *params)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    const camx__shape *q = &bind->inputs[1]->shape;
    camx__shape wanted = {.rank = q->rank - 1 + x->rank - params->depth};
    char text[2][160];
    for (int i = 0; i < wanted.rank && wanted.rank <= CAMX__MAX_RANK; i++)
        wanted.dim[i] = i < q->rank - 1 ? q->dim[i] : x->dim[i - (q->rank - 1) + params->depth];
    if (wanted.rank > CAMX__MAX_RANK || !camx__shape_equal(&wanted, &bind->inputs[2]->shape))
        return camx__op_misfit(bind, "its updates have the shape %s instead of %s",
                               camx__shape_text(&bind->inputs[2]->shape, text[0], sizeof text[0]),
                               wanted.rank > CAMX__MAX_RANK
                                   ? "one of too many dimensions"
                                   : camx__shape_text(&wanted, text[1], sizeof text[1]));
    return CAMX_OK;
}

static camx_status scatter_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    const camx__shape *q = &bind->inputs[1]->shape;
    scatter_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__scatter_bind(bind, &params->how));
    if (q->rank < 1 || q->dim[q->rank - 1] > x->rank)
        return camx__op_invalid(bind, "its indices do not end in an axis of at most %d numbers",
                                x->rank);
    params->elem = bind->inputs[0]->elem;
    params->depth = (int)q->dim[q->rank - 1];
    CAMX__FORWARD(check_updates(bind, params));
    params->places = 1;
    params->slice = 1;
    for (int i = 0; i < q->rank - 1; i++)
        params->places *= q->dim[i];
    for (int i = x->rank - 1; i >= 0; i--) {
        params->dim[i] = x->dim[i];
        params->stride[i] = i == x->rank - 1 ? 1 : params->stride[i + 1] * x->dim[i + 1];
        if (i >= params->depth)
            params->slice *= x->dim[i];
    }
    return camx__op_output(bind, 0, x, params->elem);
}

/* Where the slice of place number `place` starts; -1 if an index is outside. */
static int64_t slice_start(const scatter_params *params, const int64_t *indices, int64_t place)
{
    int64_t start = 0;
    for (int i = 0; i < params->depth; i++) {
        int64_t index = indices[place * params->depth + i];
        if (index < -params->dim[i] || index >= params->dim[i])
            return -1;
        start += (index < 0 ? index + params->dim[i] : index) * params->stride[i];
    }
    return start;
}

static camx_status scatter_forward(const camx__op_call *call)
{
    const scatter_params *params = call->params;
    const camx__tensor *y = call->outputs[0];
    const camx__tensor *updates = call->inputs[2];
    const int64_t *indices = camx__ints(call->inputs[1]);
    bool is_real = camx__elem_is_real(params->elem);
    for (int64_t i = 0; i < params->places; i++)
        if (slice_start(params, indices, i) < 0)
            return camx__fail(call->error, CAMX_E_SHAPE,
                              "%s: its indices at place %lld are outside of the data", call->label,
                              (long long)i);
    memcpy(y->data, call->inputs[0]->data, camx__tensor_bytes(y));
    for (int64_t i = 0; i < params->places; i++) {
        int64_t start = slice_start(params, indices, i);
        if (is_real)
            camx__scatter_reals(params->how, camx__reals(updates) + i * params->slice,
                                camx__reals(y) + start, params->slice);
        else
            camx__scatter_ints(params->how, params->elem, camx__ints(updates) + i * params->slice,
                               camx__ints(y) + start, params->slice);
    }
    return CAMX_OK;
}

/* The data gets the gradient of what was not replaced; the updates that of the places where they
 * went (for those that were replaced again by a later one nothing is promised by ONNX). */
static camx_status scatter_backward(const camx__op_gradient *g)
{
    const scatter_params *params = g->params;
    const camx__tensor *gy = g->output_gradients[0];
    const int64_t *indices = camx__ints(g->inputs[1]);
    if (g->input_gradients[2] != NULL) {
        real *gu = camx__reals(g->input_gradients[2]);
        for (int64_t i = 0; i < params->places; i++) {
            const real *from = camx__reals(gy) + slice_start(params, indices, i);
            for (int64_t k = 0; k < params->slice; k++, gu++)
                *gu = g->accumulate[2] ? *gu + from[k] : from[k];
        }
    }
    if (g->input_gradients[0] == NULL)
        return CAMX_OK;
    real *gx = camx__reals(g->input_gradients[0]);
    real *kept = g->scratch;
    int64_t count = camx__shape_count(&gy->shape);
    memcpy(kept, gy->data, (size_t)count * sizeof(real));
    for (int64_t i = 0; params->how == CAMX__SCATTER_REPLACE && i < params->places; i++)
        memset(kept + slice_start(params, indices, i), 0, (size_t)params->slice * sizeof(real));
    for (int64_t i = 0; i < count; i++)
        gx[i] = g->accumulate[0] ? gx[i] + kept[i] : kept[i];
    return CAMX_OK;
}

static camx_status scatter_prepare(camx__op_prepare *prepare)
{
    const scatter_params *params = prepare->params;
    if (!prepare->backward)
        return CAMX_OK;
    if (params->how > CAMX__SCATTER_ADD)
        return camx__fail(
            prepare->error, CAMX_E_UNSUPPORTED,
            "no gradient can be taken through a ScatterND that multiplies or compares");
    prepare->scratch_bytes = camx__tensor_bytes(prepare->inputs[0]);
    return CAMX_OK;
}

static unsigned scatter_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(1) : 0;
}

const camx__op camx__op_scatter_nd = {
    .name = "ScatterND",
    .min_inputs = 3,
    .max_inputs = 3,
    .max_outputs = 1,
    .bind = scatter_bind,
    .prepare = scatter_prepare,
    .forward = scatter_forward,
    .backward = scatter_backward,
    .saves = scatter_saves,
};
