/* SPDX-License-Identifier: Apache-2.0 */
/* What ScatterND and ScatterElements share: how an update meets the number that is there. */
#ifndef CAMX_OPS_SCATTER_H
#define CAMX_OPS_SCATTER_H

#include "ops/op.h"

typedef enum camx__scatter {
    CAMX__SCATTER_REPLACE = 0,
    CAMX__SCATTER_ADD,
    CAMX__SCATTER_MUL,
    CAMX__SCATTER_MAX,
    CAMX__SCATTER_MIN
} camx__scatter;

/* Reads the attribute `reduction` and checks the types of the inputs data, indices and updates. */
camx_status camx__scatter_bind(const camx__op_bind *bind, camx__scatter *how);

/* y meets u, `count` consecutive numbers. */
void camx__scatter_reals(camx__scatter how, const real *u, real *y, int64_t count);
void camx__scatter_ints(camx__scatter how, camx__elem elem, const int64_t *u, int64_t *y,
                        int64_t count);

#endif
