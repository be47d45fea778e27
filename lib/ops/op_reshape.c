/* SPDX-License-Identifier: Apache-2.0 */
/* Reshape, Squeeze and Unsqueeze: the same numbers in the same sequence under another shape. */
#include "base/checked.h"
#include "ops/op.h"
#include "ops/view.h"

typedef struct view_params {
    bool keeps_batch;
} view_params;

/* Axis 0 stays what it is if its length does: the numbers behind one index of it are the same ones.
 */
static camx_status bind_view(camx__op_bind *bind, const camx__shape *y)
{
    const camx__tensor *x = bind->inputs[0];
    view_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    params->keeps_batch = x->shape.rank > 0 && y->rank > 0 && x->shape.dim[0] == y->dim[0];
    return camx__op_output(bind, 0, y, x->elem);
}

static bool view_keeps_batch(const void *params)
{
    return ((const view_params *)params)->keeps_batch;
}

/* ---- Reshape ---- */

/* The product of all dimensions but `skip`; false on overflow. */
static bool product_without(const camx__shape *shape, int skip, int64_t *product)
{
    *product = 1;
    for (int i = 0; i < shape->rank; i++)
        if (i != skip && !camx__mul_i64(*product, shape->dim[i], product))
            return false;
    return true;
}

static camx_status read_shape(const camx__op_bind *bind, const int64_t *wish, int count,
                              bool zero_is_zero, camx__shape *y)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    char text[2][160];
    int open = -1;
    int64_t product;
    if (count > CAMX__MAX_RANK)
        return camx__op_unsupported(bind, "the new shape has %d dimensions; up to %d are supported",
                                    count, CAMX__MAX_RANK);
    *y = (camx__shape){.rank = count};
    for (int i = 0; i < count; i++) {
        y->dim[i] = wish[i];
        if (wish[i] == 0 && !zero_is_zero && i >= x->rank)
            return camx__op_invalid(
                bind,
                "dimension %d of the new shape is 0 (to be copied), but the input has "
                "rank %d",
                i, x->rank);
        if (wish[i] == 0 && !zero_is_zero)
            y->dim[i] = x->dim[i];
        if (wish[i] < -1 || (wish[i] == -1 && open >= 0))
            return camx__op_invalid(bind, "the new shape has %s",
                                    wish[i] == -1 ? "more than one -1" : "a dimension below -1");
        if (wish[i] == -1)
            open = i;
    }
    int64_t have = camx__shape_count(x);
    bool fits = product_without(y, open, &product);
    if (fits && open >= 0) {
        fits = product > 0 && have % product == 0;
        y->dim[open] = fits ? have / product : -1;
    } else if (fits) {
        fits = product == have;
    }
    if (!fits)
        return camx__op_misfit(bind, "%s cannot be given the shape %s",
                               camx__shape_text(x, text[0], sizeof text[0]),
                               camx__shape_text(y, text[1], sizeof text[1]));
    return CAMX_OK;
}

static camx_status reshape_bind(camx__op_bind *bind)
{
    const int64_t *wish = NULL;
    int count = 0;
    int64_t allow_zero;
    bool present;
    camx__shape y;
    CAMX__FORWARD(camx__op_int(bind, "allowzero", 0, &allow_zero));
    CAMX__FORWARD(camx__op_constant_ints(bind, 1, &wish, &count));
    if (wish == NULL) {
        CAMX__FORWARD(camx__op_int_list(bind, "shape", &wish, &count, &present));
        if (!present)
            return camx__op_invalid(bind, "no shape is given");
    }
    CAMX__FORWARD(read_shape(bind, wish, count, allow_zero != 0, &y));
    return bind_view(bind, &y);
}

/* ---- Squeeze and Unsqueeze ---- */

static camx_status squeeze_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    camx__shape y = {.rank = 0};
    unsigned mask;
    bool present;
    CAMX__FORWARD(camx__op_axes(bind, 13, 1, x->rank, &mask, &present));
    for (int i = 0; i < x->rank; i++) {
        bool goes = present ? mask >> i & 1 : x->dim[i] == 1;
        if (goes && x->dim[i] != 1)
            return camx__op_misfit(bind, "axis %d has length %lld and cannot be removed", i,
                                   (long long)x->dim[i]);
        if (!goes)
            y.dim[y.rank++] = x->dim[i];
    }
    return bind_view(bind, &y);
}

static camx_status unsqueeze_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    camx__shape y = {.rank = 0};
    const int64_t *axes = NULL;
    int count = 0;
    unsigned mask;
    bool present = false;
    int next = 0;
    /* The axes count in the result, so its rank must be known first. */
    if (bind->opset >= 13)
        CAMX__FORWARD(camx__op_constant_ints(bind, 1, &axes, &count));
    else
        CAMX__FORWARD(camx__op_int_list(bind, "axes", &axes, &count, &present));
    if (axes == NULL && !present)
        return camx__op_invalid(bind, "no axes are given");
    if (count > CAMX__MAX_RANK - x->rank)
        return camx__op_unsupported(bind,
                                    "its output would have %d dimensions; up to %d are supported",
                                    x->rank + count, CAMX__MAX_RANK);
    y.rank = x->rank + count;
    CAMX__FORWARD(camx__op_axes(bind, 13, 1, y.rank, &mask, &present));
    for (int i = 0; i < y.rank; i++)
        y.dim[i] = mask >> i & 1 ? 1 : x->dim[next++];
    return bind_view(bind, &y);
}

#define VIEW(ROW, NAME, INPUTS)                                                                    \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_VIEW,                                                                   \
        .min_inputs = 1,                                                                           \
        .max_inputs = INPUTS,                                                                      \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .forward = camx__view_forward,                                                             \
        .backward = camx__view_backward,                                                           \
        .keeps_batch = view_keeps_batch,                                                           \
    }

VIEW(reshape, "Reshape", 2);
VIEW(squeeze, "Squeeze", 2);
VIEW(unsqueeze, "Unsqueeze", 2);
