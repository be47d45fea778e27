/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tensor type: an ONNX shape plus a memory order. All shapes and axes are in ONNX order everywhere;
 * only strides know how the numbers lie in memory.
 *
 * Two kinds of storage exist: `real` for every floating-point element type and int64_t for every integer type
 * and bool (0 or 1). `elem` remembers which ONNX type is meant.
 *
 * Letters used in comments: N images, C channels, H rows, W columns.
 */
#ifndef CAMX_TENSOR_TENSOR_H
#define CAMX_TENSOR_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "camx/camx.h"
#include "tensor/real.h"

#define CAMX__MAX_RANK 8

/* ONNX's TensorProto.DataType numbers. */
typedef enum camx__elem {
    CAMX__ELEM_NONE = 0,
    CAMX__ELEM_FLOAT = 1,
    CAMX__ELEM_UINT8 = 2,
    CAMX__ELEM_INT8 = 3,
    CAMX__ELEM_UINT16 = 4,
    CAMX__ELEM_INT16 = 5,
    CAMX__ELEM_INT32 = 6,
    CAMX__ELEM_INT64 = 7,
    CAMX__ELEM_STRING = 8,
    CAMX__ELEM_BOOL = 9,
    CAMX__ELEM_FLOAT16 = 10,
    CAMX__ELEM_DOUBLE = 11,
    CAMX__ELEM_UINT32 = 12,
    CAMX__ELEM_UINT64 = 13,
    CAMX__ELEM_BFLOAT16 = 16
} camx__elem;

typedef struct camx__shape {
    int rank;
    int64_t dim[CAMX__MAX_RANK];
} camx__shape;

typedef enum camx__order {
    CAMX__PLAIN = 0,        /* row-major in ONNX order, no gaps */
    CAMX__CHANNELS_LAST = 1 /* rank >= 3: axis 1 innermost, `pitch` elements from one position to the next */
} camx__order;

typedef struct camx__tensor {
    camx__shape shape;
    camx__elem elem;
    camx__order order;
    int64_t pitch; /* CAMX__CHANNELS_LAST: >= C; 0 otherwise */
    void *data;    /* real * or int64_t *, by camx__elem_is_real(elem) */
} camx__tensor;

bool camx__elem_is_real(camx__elem elem);    /* float, double, float16, bfloat16 */
bool camx__elem_is_integer(camx__elem elem); /* integers and bool */
const char *camx__elem_name(int elem);       /* "float32", "int64", ... */

/* Elements of a shape; the shape must have passed camx__shape_check. Rank 0 has one. */
int64_t camx__shape_count(const camx__shape *shape);

/* False if the rank is too large, a dimension is negative, or the count or its bytes overflow. */
bool camx__shape_check(const camx__shape *shape);

bool camx__shape_equal(const camx__shape *a, const camx__shape *b);

/* NumPy's broadcast of two shapes; false if they do not fit. */
bool camx__shape_broadcast(const camx__shape *a, const camx__shape *b, camx__shape *result);

/* "[1, 3, 224, 224]" into text; always NUL-terminated. Returns text. */
char *camx__shape_text(const camx__shape *shape, char *text, size_t size);

/* -1 if `axis` (negative counts from the end) is not an axis of a tensor of this rank. */
int camx__axis(int64_t axis, int rank);

/* Bytes that the tensor's storage takes, gaps included. */
size_t camx__tensor_bytes(const camx__tensor *tensor);

/* Distance in elements between neighbours along each ONNX axis. */
void camx__tensor_strides(const camx__tensor *tensor, int64_t strides[CAMX__MAX_RANK]);

/* A tensor as rows of `length` consecutive elements, `pitch` apart: how order-blind loops walk it. Plain tensors
 * and channels-last ones without gaps are a single row. */
typedef struct camx__rows {
    int64_t count;
    int64_t length;
    int64_t pitch;
} camx__rows;
camx__rows camx__tensor_rows(const camx__tensor *tensor);

/* True if both orders put these numbers at the same places: H x W is 1 (or C is 1) and there are no gaps. */
bool camx__tensor_order_is_free(const camx__tensor *tensor);

static inline real *camx__reals(const camx__tensor *tensor)
{
    return (real *)tensor->data;
}

static inline int64_t *camx__ints(const camx__tensor *tensor)
{
    return (int64_t *)tensor->data;
}

/* Where weights come from when they are packed: any range of the elements of a constant, in ONNX order. */
typedef camx_status camx__read_fn(void *context, int64_t first, int64_t count, real *out, camx_error *error);

#endif
