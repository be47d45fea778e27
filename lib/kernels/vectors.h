/* SPDX-License-Identifier: Apache-2.0 */
/* The table of loops that are compiled once per instruction set. */
#ifndef CAMX_KERNELS_VECTORS_H
#define CAMX_KERNELS_VECTORS_H

#include "kernels/gemm_backend.h"

typedef struct camx__vectors {
    int64_t lanes; /* numbers in a vector */

    camx__gemm gemm; /* the packed back end */

    /* y = activation(x); x may be y. */
    void (*activation)(camx__activation activation, real low, real high, const real *x, real *y, int64_t count);
} camx__vectors;

/* The table for an instruction set that this build has, else that of the next lower one. */
const camx__vectors *camx__vectors_of(camx__isa isa);

/* The table that pooling and rows use: of camx__cpu_isa(), or what a test chose last. */
const camx__vectors *camx__vectors_now(void);
void camx__vectors_choose(camx__isa isa);

#endif
