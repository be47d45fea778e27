/* SPDX-License-Identifier: Apache-2.0 */
/* GatherND: slices at places that several indices name together, the same leading axes on both
 * sides. */
#include <string.h>

#include "ops/move.h"
#include "ops/op.h"

typedef struct nd_params {
    int depth;          /* numbers in one index */
    int64_t batches;    /* leading axes that both inputs share */
    int64_t batch_size; /* numbers of data in one */
    int64_t places;     /* indices in one */
    int64_t slice;
    int64_t dim[CAMX__MAX_RANK]; /* of the axes that an index fixes */
    int64_t stride[CAMX__MAX_RANK];
} nd_params;

static camx_status check_shapes(const camx__op_bind *bind, int64_t shared)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    const camx__shape *q = &bind->inputs[1]->shape;
    char text[2][160];
    bool fits = shared >= 0 && q->rank > shared && x->rank > shared &&
                q->dim[q->rank - 1] <= x->rank - shared;
    if (camx__elem_is_real(bind->inputs[1]->elem))
        return camx__op_invalid(bind, "its indices are floats");
    for (int i = 0; fits && i < shared; i++)
        fits = x->dim[i] == q->dim[i];
    if (!fits)
        return camx__op_misfit(
            bind, "indices of the shape %s do not fit data of the shape %s (batch_dims %lld)",
            camx__shape_text(q, text[0], sizeof text[0]),
            camx__shape_text(x, text[1], sizeof text[1]), (long long)shared);
    return CAMX_OK;
}

static camx_status nd_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    const camx__shape *q = &bind->inputs[1]->shape;
    int64_t shared;
    nd_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_int(bind, "batch_dims", 0, &shared));
    CAMX__FORWARD(check_shapes(bind, shared));
    params->depth = (int)q->dim[q->rank - 1];
    params->batches = params->places = params->slice = params->batch_size = 1;
    int fixed = (int)shared + params->depth;
    camx__shape y = {.rank = q->rank - 1 + x->rank - fixed};
    if (y.rank > CAMX__MAX_RANK)
        return camx__op_unsupported(bind,
                                    "its output would have %d dimensions; up to %d are supported",
                                    y.rank, CAMX__MAX_RANK);
    for (int i = 0; i < q->rank - 1; i++) {
        y.dim[i] = q->dim[i];
        *(i < shared ? &params->batches : &params->places) *= q->dim[i];
    }
    for (int i = x->rank - 1; i >= shared; i--) {
        if (i < fixed) {
            params->dim[i - shared] = x->dim[i];
            params->stride[i - shared] = params->batch_size;
        } else {
            y.dim[i - fixed + q->rank - 1] = x->dim[i];
            params->slice *= x->dim[i];
        }
        params->batch_size *= x->dim[i];
    }
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

/* Where the slice of place number `place` (of all batches) starts; -1 if an index is outside. */
static int64_t slice_start(const nd_params *params, const int64_t *indices, int64_t place)
{
    int64_t start = place / params->places * params->batch_size;
    for (int i = 0; i < params->depth; i++) {
        int64_t index = indices[place * params->depth + i];
        if (index < -params->dim[i] || index >= params->dim[i])
            return -1;
        start += (index < 0 ? index + params->dim[i] : index) * params->stride[i];
    }
    return start;
}

static camx_status nd_forward(const camx__op_call *call)
{
    const nd_params *params = call->params;
    const int64_t *indices = camx__ints(call->inputs[1]);
    size_t size = camx__elem_is_real(call->inputs[0]->elem) ? sizeof(real) : sizeof(int64_t);
    size_t bytes = (size_t)params->slice * size;
    for (int64_t i = 0; i < params->batches * params->places; i++) {
        int64_t start = slice_start(params, indices, i);
        if (start < 0)
            return camx__fail(call->error, CAMX_E_SHAPE,
                              "%s: its indices at place %lld are outside of the data", call->label,
                              (long long)i);
        memcpy((char *)call->outputs[0]->data + (size_t)i * bytes,
               (const char *)call->inputs[0]->data + (size_t)start * size, bytes);
    }
    return CAMX_OK;
}

static camx_status nd_backward(const camx__op_gradient *g)
{
    const nd_params *params = g->params;
    const int64_t *indices = camx__ints(g->inputs[1]);
    const real *gy = camx__reals(g->output_gradients[0]);
    if (!g->accumulate[0])
        camx__move_clear(g->pool, g->input_gradients[0]);
    for (int64_t i = 0; i < params->batches * params->places; i++) {
        real *target = camx__reals(g->input_gradients[0]) + slice_start(params, indices, i);
        for (int64_t k = 0; k < params->slice; k++)
            target[k] += gy[i * params->slice + k];
    }
    return CAMX_OK;
}

static unsigned nd_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(1) : 0;
}

const camx__op camx__op_gather_nd = {
    .name = "GatherND",
    .min_inputs = 2,
    .max_inputs = 2,
    .max_outputs = 1,
    .bind = nd_bind,
    .forward = nd_forward,
    .backward = nd_backward,
    .saves = nd_saves,
};
