/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of matrix products on any strides, over the GEMM table: what Gemm and MatMul and their
 * gradients are made of. C[i] = epilogue(A[i] B[i]) for every i of a broadcast batch; where C has
 * no such axis, the products are summed.
 */
#ifndef CAMX_OPS_PRODUCT_H
#define CAMX_OPS_PRODUCT_H

#include "kernels/gemm.h"
#include "tensor/tensor.h"

typedef struct camx__matrices {
    int64_t row; /* elements from one row to the next */
    int64_t column;
    int64_t
        batch[CAMX__MAX_RANK]; /* steps along the axes of the batch; 0 = the same matrix again */
} camx__matrices;

typedef struct camx__product {
    const camx__gemm *gemm;
    int64_t m, n, k;
    camx__shape batch; /* rank 0: a single product */
    camx__matrices a;
    camx__matrices b;
    camx__matrices c; /* column is 1 */
    bool packed; /* B is packed in advance: its matrices k x n, in the order of their storage */
} camx__product;

/* Scratch for camx__product_run with a pool of so many workers. */
size_t camx__product_scratch(const camx__product *product, int workers);

/* packed: NULL unless product->packed; then b is not read. epilogue may be NULL, and must be
 * with accumulate or a summed batch; its residual has the rows of C one after the other. */
void camx__product_run(const camx__product *product, camx__pool *pool, const real *a, const real *b,
                       const void *packed, real *c, const camx__epilogue *epilogue, bool accumulate,
                       void *scratch);

/* Bytes from one packed matrix to the next. */
size_t camx__product_packed_step(const camx__gemm *gemm, int64_t n, int64_t k);

/* A key for matrices packed by camx__gemm_pack. */
uint64_t camx__product_pack_key(const camx__gemm *gemm, int64_t n, int64_t k, bool transposed);

/* Reads part of a constant whose elements are multiplied by factors along one axis: element e by
 * scale[e / inner % count]. For weights that are packed for their gradient. */
typedef struct camx__scaled_source {
    camx__read_fn *read;
    void *context;
    const real *scale; /* NULL = ones */
    int64_t inner;
    int64_t count;
    int64_t offset; /* added to `first` of every request: the matrix within the constant */
} camx__scaled_source;

/* A camx__read_fn; context is a camx__scaled_source. */
camx_status camx__scaled_read(void *context, int64_t first, int64_t count, real *out,
                              camx_error *error);

#endif
