/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops over rows of numbers: activations and their derivatives, sums and products, copies between
 * memory orders. Order-blind: a tensor is rows (camx__tensor_rows) of consecutive elements.
 */
#ifndef CAMX_KERNELS_ROWS_H
#define CAMX_KERNELS_ROWS_H

#include "base/pool.h"
#include "kernels/epilogue.h"
#include "tensor/tensor.h"

/* Copies x into y: same shape, any order and pitch on either side. */
void camx__rows_copy(camx__pool *pool, const camx__tensor *x, const camx__tensor *y);

/* y = x, or y += x; same shape, any order on either side. Reals only. */
void camx__rows_add_to(camx__pool *pool, const camx__tensor *x, const camx__tensor *y,
                       bool accumulate);

/* y = activation(x) on `count` consecutive numbers, by the vector kernels of the best instruction
 * set. x may be y. */
void camx__rows_activation(camx__activation activation, real low, real high, const real *x, real *y,
                           int64_t count);

/* y[i] = activation(factor[i] x[i] + summand[i]), the same way. */
void camx__rows_affine(camx__activation activation, real low, real high, const real *factor, const real *summand,
                       const real *x, real *y, int64_t count);

/* gx[i] = gy[i] where low < saved[i] and not saved[i] >= high (NaN: no upper end), elsewhere 0: the gradient of units
 * that cut off. gx may be gy. */
void camx__rows_gate(const real *saved, real low, real high, const real *gy, real *gx, int64_t count);

typedef enum camx__binary {
    CAMX__ADD = 0,
    CAMX__SUB = 1,
    CAMX__MUL = 2,
    CAMX__DIV = 3,
    CAMX__MAX = 4,
    CAMX__MIN = 5
} camx__binary;

/* y = a (op) b for `count` consecutive numbers; step 0 repeats a single number, step 1 walks. */
void camx__rows_binary(camx__binary op, const real *a, int a_step, const real *b, int b_step,
                       real *y, int64_t count);

#endif
