/* SPDX-License-Identifier: Apache-2.0 */
/* Which vector instructions this processor and operating system offer. */
#ifndef CAMX_BASE_CPU_H
#define CAMX_BASE_CPU_H

typedef enum camx__isa {
    CAMX__ISA_BASELINE = 0, /* what the compiler's default target has: SSE2 on x86-64 */
    CAMX__ISA_AVX2 = 1,     /* AVX2, FMA, F16C */
    CAMX__ISA_AVX512 = 2,   /* AVX-512 F, VL, BW, DQ */
    CAMX__ISA_COUNT = 3
} camx__isa;

/* The best level that can run here, asked once; CAMX_ISA=baseline|avx2|avx512 in the environment can only
 * lower it (for tests). */
camx__isa camx__cpu_isa(void);

const char *camx__isa_name(camx__isa isa);

#endif
