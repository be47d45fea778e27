/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for operators that work element by element. */
#include "ops/elementwise.h"

camx_status camx__bind_broadcast(const camx__op_bind *bind, camx__shape *shape)
{
    char text[2][160];
    for (int i = 0; i < bind->input_count; i++)
        if (bind->inputs[i] == NULL)
            return camx__op_invalid(bind, "input %d is missing", i);
    *shape = bind->inputs[0]->shape;
    for (int i = 1; i < bind->input_count; i++) {
        const camx__shape *next = &bind->inputs[i]->shape;
        camx__shape both;
        if (!camx__shape_broadcast(shape, next, &both))
            return camx__op_misfit(bind, "the shapes %s and %s do not fit each other",
                                   camx__shape_text(shape, text[0], sizeof text[0]),
                                   camx__shape_text(next, text[1], sizeof text[1]));
        *shape = both;
    }
    return CAMX_OK;
}

camx_status camx__bind_old_broadcast(const camx__op_bind *bind, camx__shape *shape, int *shift)
{
    const camx__shape *a = &bind->inputs[0]->shape;
    const camx__shape *b = &bind->inputs[1]->shape;
    int64_t broadcast;
    int64_t axis;
    char text[2][160];
    CAMX__FORWARD(camx__op_int(bind, "broadcast", 0, &broadcast));
    CAMX__FORWARD(camx__op_int(bind, "axis", (int64_t)a->rank - b->rank, &axis));
    bool fits = broadcast != 0 ? axis >= 0 && axis <= a->rank - b->rank : a->rank == b->rank;
    *shift = broadcast != 0 ? (int)axis : 0;
    for (int i = 0; fits && i < b->rank; i++)
        fits = b->dim[i] == a->dim[i + *shift] || (broadcast != 0 && b->dim[i] == 1);
    if (!fits)
        return camx__op_misfit(bind, "the shapes %s and %s do not fit each other in opset %d",
                               camx__shape_text(a, text[0], sizeof text[0]),
                               camx__shape_text(b, text[1], sizeof text[1]), bind->opset);
    *shape = *a;
    return CAMX_OK;
}

bool camx__bind_keeps_batch(const camx__op_bind *bind, const camx__shape *shape)
{
    for (int i = 0; i < bind->input_count; i++) {
        const camx__tensor *input = bind->inputs[i];
        bool aligned = input->shape.rank == shape->rank;
        if (!aligned && input->data == NULL && camx__shape_count(&input->shape) != 1)
            return false;
    }
    return true;
}

camx_status camx__bind_same_kind(const camx__op_bind *bind, int from, int to)
{
    for (int i = from; i < to; i++) {
        const camx__tensor *first = bind->inputs[from];
        const camx__tensor *other = bind->inputs[i];
        if (first == NULL || other == NULL)
            return camx__op_invalid(bind, "input %d is missing", first == NULL ? from : i);
        if (camx__elem_is_real(first->elem) != camx__elem_is_real(other->elem))
            return camx__op_invalid(bind, "input %d has type %s, but input %d has type %s", from,
                                    camx__elem_name(first->elem), i, camx__elem_name(other->elem));
    }
    return CAMX_OK;
}

int64_t camx__int_wrap(camx__elem elem, int64_t value)
{
    switch (elem) {
    case CAMX__ELEM_UINT8:
        return (uint8_t)value;
    case CAMX__ELEM_INT8:
        return (int8_t)value;
    case CAMX__ELEM_UINT16:
        return (uint16_t)value;
    case CAMX__ELEM_INT16:
        return (int16_t)value;
    case CAMX__ELEM_INT32:
        return (int32_t)value;
    case CAMX__ELEM_UINT32:
        return (uint32_t)value;
    case CAMX__ELEM_BOOL:
        return value != 0;
    default:
        return value;
    }
}
