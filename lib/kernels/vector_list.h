/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that are compiled once per instruction set, each under a name of its own. */
#ifndef CAMX_KERNELS_VECTOR_LIST_H
#define CAMX_KERNELS_VECTOR_LIST_H

#include "kernels/vector.h"
#include "kernels/vectors.h"

/* The register tile of the GEMM: rows x vectors of sums, plus the vectors of B and one of A, fill
 * the registers. */
#define CAMX__TILE_VECTORS 2
#if CAMX_VECTOR_BYTES == 64
#define CAMX__TILE_ROWS 14
#elif CAMX_VECTOR_BYTES == 32
#define CAMX__TILE_ROWS 6
#elif defined(__aarch64__)
#define CAMX__TILE_ROWS 12
#else
#define CAMX__TILE_ROWS 6
#endif

/* A last panel is so many columns wide or a multiple of it: long vectors have half ones at the end. */
#if CAMX_VECTOR_BYTES == 64 && !defined(CAMX_REAL_DOUBLE)
#define CAMX__TILE_UNIT (LANES / 2)
#else
#define CAMX__TILE_UNIT LANES
#endif

size_t CAMX__ISA(camx__packed_bytes)(int64_t n, int64_t k);
void CAMX__ISA(camx__packed_pack)(void *packed, int64_t n, int64_t k,
                                  const camx__gemm_piece *piece);
void CAMX__ISA(camx__packed_part)(const camx__gemm_part *part);
size_t CAMX__ISA(camx__dense_bytes)(int64_t n, int64_t k);
void CAMX__ISA(camx__dense_pack)(void *packed, int64_t n, int64_t k, const camx__gemm_piece *piece);
void CAMX__ISA(camx__dense_part)(const camx__gemm_part *part);
void CAMX__ISA(camx__dense_turned)(const camx__dense_turned *part);
void CAMX__ISA(camx__vector_activation)(camx__activation activation, real low, real high,
                                        const real *x, real *y, int64_t count);
/* Rows of `count` numbers, `pitch` apart, in place. */
void CAMX__ISA(camx__vector_activation_rows)(camx__activation activation, real low, real high, real *y, int64_t pitch,
                                             int64_t rows, int64_t count);
void CAMX__ISA(camx__vector_affine)(camx__activation activation, real low, real high, const real *factor,
                                    const real *summand, const real *x, real *y, int64_t count);
void CAMX__ISA(camx__vector_gate)(const real *saved, real low, real high, const real *gy, real *gx,
                                  int64_t count);
void CAMX__ISA(camx__vector_copy_runs)(real *to, const real *from, int64_t step, int64_t runs,
                                       int64_t count);
void CAMX__ISA(camx__vector_depthwise)(const camx__channel_rows *rows, int64_t block);
#if CAMX_VECTOR_BYTES >= 32 && !defined(CAMX_REAL_DOUBLE)
void CAMX__ISA(camx__vector_grouped)(const camx__channel_rows *rows, int64_t block);
#endif
void CAMX__ISA(camx__vector_pool_max)(const camx__pool_span *span);
void CAMX__ISA(camx__vector_pool_mean)(const camx__pool_span *span);
void CAMX__ISA(camx__vector_pool_give)(const camx__pool_gift *gift);
void CAMX__ISA(camx__winograd_input)(const camx__winograd_tile *tile, int result);
void CAMX__ISA(camx__winograd_output)(const camx__winograd_tile *tile, int result);

#endif
