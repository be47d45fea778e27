/* SPDX-License-Identifier: Apache-2.0 */
/* The table of one instruction set; compiled once for each. */
#include "kernels/vector_list.h"

extern const camx__vectors CAMX__ISA(camx__vectors);

const camx__vectors CAMX__ISA(camx__vectors) = {
    .lanes = LANES,
    .gemm = {.backend = CAMX_GEMM_PACKED,
             .isa = CAMX_ISA_LEVEL,
             .tile_m = CAMX__TILE_ROWS,
             .tile_n = CAMX__TILE_VECTORS * LANES,
             .tile_unit = CAMX__TILE_UNIT,
             .packed_bytes = CAMX__ISA(camx__packed_bytes),
             .pack = CAMX__ISA(camx__packed_pack),
             .part = CAMX__ISA(camx__packed_part)},
    .dense = {.backend = CAMX_GEMM_PACKED,
              .isa = CAMX_ISA_LEVEL,
              .tile_m = CAMX__DENSE_ROWS,
              .tile_n = CAMX__DENSE_COLUMNS,
              .packed_bytes = CAMX__ISA(camx__dense_bytes),
              .pack = CAMX__ISA(camx__dense_pack),
              .part = CAMX__ISA(camx__dense_part),
              .turned = CAMX__ISA(camx__dense_turned)},
    .activation = CAMX__ISA(camx__vector_activation),
    .affine = CAMX__ISA(camx__vector_affine),
    .gate = CAMX__ISA(camx__vector_gate),
    .copy_runs = CAMX__ISA(camx__vector_copy_runs),
    .depthwise = CAMX__ISA(camx__vector_depthwise),
#if CAMX_VECTOR_BYTES >= 32 && !defined(CAMX_REAL_DOUBLE)
    .grouped = CAMX__ISA(camx__vector_grouped),
#endif
    .pool_max = CAMX__ISA(camx__vector_pool_max),
    .pool_mean = CAMX__ISA(camx__vector_pool_mean),
    .pool_give = CAMX__ISA(camx__vector_pool_give),
    .winograd_input = CAMX__ISA(camx__winograd_input),
    .winograd_output = CAMX__ISA(camx__winograd_output),
};
