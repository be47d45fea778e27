/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matrix products: C[M, N] = epilogue(A[M, K] B[K, N]), the work under convolution and dense
 * layers.
 *
 * A is read in place (row-major, `lda` elements from row to row; rows are pixels of a channels-last
 * map). B is packed once into the layout the back end likes. Three back ends give the same numbers
 * to rounding; for each of them the sum over K is always in the same order, whatever the number of
 * threads.
 */
#ifndef CAMX_KERNELS_GEMM_H
#define CAMX_KERNELS_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cpu.h"
#include "base/pool.h"
#include "kernels/epilogue.h"
#include "tensor/tensor.h"

/* A back end on an instruction set. Never changes; compare by address. */
typedef struct camx__gemm camx__gemm;

/* backend: a camx_gemm number. AUTO = packed where this processor has vector kernels, else blas,
 * else builtin. NULL if this build does not have it. */
const camx__gemm *camx__gemm_get(int backend, camx__isa isa);
int camx__gemm_backend(const camx__gemm *gemm); /* the camx_gemm number, never AUTO */
camx__isa camx__gemm_isa(const camx__gemm *gemm);

/* Bytes of a packed B. */
size_t camx__gemm_packed_bytes(const camx__gemm *gemm, int64_t n, int64_t k);

/* Packs B. read gives elements of the source in its own order: with `transposed` it is stored [N,
 * K] (ONNX's Gemm transB = 1 and convolution weights), otherwise [K, N]. scale: one factor per
 * column n (folded batch norm), or NULL. Reads [N, K] sources a panel at a time; [K, N] sources row
 * by row. */
camx_status camx__gemm_pack(const camx__gemm *gemm, camx__memory *memory, int64_t n, int64_t k,
                            bool transposed, camx__read_fn *read, void *context, const real *scale,
                            void *packed, camx_error *error);

/* Packs from memory: element (k, n) of B at source[k * stride_k + n * stride_n]. For products of
 * two values that are both computed. Runs on the caller. */
void camx__gemm_pack_strided(const camx__gemm *gemm, int64_t n, int64_t k, const real *source,
                             int64_t stride_k, int64_t stride_n, void *packed);

/* The product. epilogue may be NULL. accumulate: C += A B (then no epilogue). Work is split over M
 * and N only. */
void camx__gemm_run(const camx__gemm *gemm, camx__pool *pool, int64_t m, int64_t n, int64_t k,
                    const real *a, int64_t lda, const void *packed, real *c, int64_t ldc,
                    const camx__epilogue *epilogue, bool accumulate);

/* The back end for a product of m rows with weights that are read once, a dense layer's: one of its own where there are
 * few rows for the size of B, else, or where gemm has none, gemm itself. Its sums over K cannot be cut. */
const camx__gemm *camx__gemm_dense(const camx__gemm *gemm, int64_t m, int64_t n, int64_t k);

/* C[M, K] = A[M, N] B[K, N]^T with B packed as for camx__gemm_run: for a few rows, where packing it the other way
 * round would not pay. Columns of B that meet nothing but zeros are not read. Only such a back end can, if any.
 * scratch: camx__gemm_turned_scratch bytes. */
bool camx__gemm_can_turn(const camx__gemm *gemm);
size_t camx__gemm_turned_scratch(int64_t n);
void camx__gemm_run_turned(const camx__gemm *gemm, camx__pool *pool, int64_t m, int64_t n, int64_t k, const real *a,
                           int64_t lda, const void *packed, real *c, int64_t ldc, bool accumulate, void *scratch);

/* A part of it on the calling thread: rows of A that the caller has at hand (an im2col panel). */
void camx__gemm_block(const camx__gemm *gemm, int64_t m, int64_t n, int64_t k, const real *a,
                      int64_t lda, const void *packed, real *c, int64_t ldc,
                      const camx__epilogue *epilogue, bool accumulate);

#endif
