/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes, strides and element types. */
#include "tensor/tensor.h"

#include <assert.h>
#include <stdio.h>

#include "base/checked.h"

bool camx__elem_is_real(camx__elem elem)
{
    return elem == CAMX__ELEM_FLOAT || elem == CAMX__ELEM_DOUBLE || elem == CAMX__ELEM_FLOAT16 ||
           elem == CAMX__ELEM_BFLOAT16;
}

bool camx__elem_is_integer(camx__elem elem)
{
    return (elem >= CAMX__ELEM_UINT8 && elem <= CAMX__ELEM_INT64) || elem == CAMX__ELEM_BOOL ||
           elem == CAMX__ELEM_UINT32 || elem == CAMX__ELEM_UINT64;
}

const char *camx__elem_name(int elem)
{
    static const char *const names[] = {"no type",  "float32", "uint8",   "int8",    "uint16", "int16",
                                        "int32",    "int64",   "string",  "bool",    "float16", "float64",
                                        "uint32",   "uint64",  "complex64", "complex128", "bfloat16"};
    return elem >= 0 && elem < (int)(sizeof names / sizeof names[0]) ? names[elem] : "a type unknown here";
}

int64_t camx__shape_count(const camx__shape *shape)
{
    int64_t count = 1;
    for (int i = 0; i < shape->rank; i++)
        count *= shape->dim[i];
    return count;
}

bool camx__shape_check(const camx__shape *shape)
{
    int64_t count = 1;
    if (shape->rank < 0 || shape->rank > CAMX__MAX_RANK)
        return false;
    /* Zero dimensions hide the overflow of the others: bound the product of all non-zero ones. */
    for (int i = 0; i < shape->rank; i++) {
        int64_t dim = shape->dim[i];
        if (dim < 0 || (dim > 0 && !camx__mul_i64(count, dim, &count)))
            return false;
    }
    return count <= INT64_MAX / 64;
}

bool camx__shape_equal(const camx__shape *a, const camx__shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

bool camx__shape_broadcast(const camx__shape *a, const camx__shape *b, camx__shape *result)
{
    const camx__shape *longer = a->rank >= b->rank ? a : b;
    const camx__shape *shorter = a->rank >= b->rank ? b : a;
    int shift = longer->rank - shorter->rank;
    camx__shape merged = *longer;
    for (int i = 0; i < shorter->rank; i++) {
        int64_t have = merged.dim[i + shift];
        int64_t want = shorter->dim[i];
        if (have == 1)
            merged.dim[i + shift] = want;
        else if (want != 1 && want != have)
            return false;
    }
    *result = merged;
    return true;
}

char *camx__shape_text(const camx__shape *shape, char *text, size_t size)
{
    size_t used = 0;
    int written = snprintf(text, size, "[");
    used += written > 0 ? (size_t)written : 0;
    for (int i = 0; i < shape->rank && used < size; i++) {
        const char *comma = i > 0 ? ", " : "";
        written = snprintf(text + used, size - used, "%s%lld", comma, (long long)shape->dim[i]);
        used += written > 0 ? (size_t)written : 0;
    }
    if (used < size)
        snprintf(text + used, size - used, "]");
    return text;
}

int camx__axis(int64_t axis, int rank)
{
    if (axis < -(int64_t)rank || axis >= rank)
        return -1;
    return (int)(axis < 0 ? axis + rank : axis);
}

size_t camx__tensor_bytes(const camx__tensor *tensor)
{
    size_t size = camx__elem_is_real(tensor->elem) ? sizeof(real) : sizeof(int64_t);
    int64_t count = camx__shape_count(&tensor->shape);
    if (tensor->order == CAMX__CHANNELS_LAST && tensor->shape.dim[1] > 0)
        count = count / tensor->shape.dim[1] * tensor->pitch;
    return (size_t)count * size;
}

void camx__tensor_strides(const camx__tensor *tensor, int64_t strides[CAMX__MAX_RANK])
{
    const camx__shape *shape = &tensor->shape;
    int64_t step = 1;
    if (tensor->order == CAMX__CHANNELS_LAST) {
        assert(shape->rank >= 3);
        strides[1] = 1;
        step = tensor->pitch;
    }
    for (int i = shape->rank - 1; i >= 0; i--) {
        if (tensor->order == CAMX__CHANNELS_LAST && i == 1)
            continue;
        strides[i] = step;
        step *= shape->dim[i];
    }
}

camx__rows camx__tensor_rows(const camx__tensor *tensor)
{
    int64_t count = camx__shape_count(&tensor->shape);
    camx__rows rows = {1, count, count};
    if (tensor->order == CAMX__CHANNELS_LAST && tensor->pitch != tensor->shape.dim[1]) {
        rows.length = tensor->shape.dim[1];
        rows.count = rows.length > 0 ? count / rows.length : 0;
        rows.pitch = tensor->pitch;
    }
    return rows;
}

bool camx__tensor_order_is_free(const camx__tensor *tensor)
{
    const camx__shape *shape = &tensor->shape;
    int64_t positions = 1;
    if (shape->rank < 3)
        return true;
    for (int i = 2; i < shape->rank; i++)
        positions *= shape->dim[i];
    if (tensor->order == CAMX__CHANNELS_LAST && tensor->pitch != shape->dim[1])
        return false;
    return positions == 1 || shape->dim[1] == 1;
}
