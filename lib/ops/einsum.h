/* SPDX-License-Identifier: Apache-2.0 */
/* The equation of an Einsum, read and given lengths: which axis of which operand is which label. */
#ifndef CAMX_OPS_EINSUM_H
#define CAMX_OPS_EINSUM_H

#include "ops/op.h"

#define CAMX__EINSUM_OPERANDS 4 /* as many as a walk has inputs */

typedef struct camx__einsum_term {
    int rank;
    int label[CAMX__MAX_RANK]; /* of each axis: a number below `labels` */
} camx__einsum_term;

typedef struct camx__einsum {
    int operands;
    camx__einsum_term input[CAMX__EINSUM_OPERANDS];
    camx__einsum_term output;
    int labels; /* at most CAMX__MAX_RANK: the walk has one axis for each */
    int64_t length[CAMX__MAX_RANK];
} camx__einsum;

camx_status camx__einsum_read(const camx__op_bind *bind, camx__einsum *equation);

#endif
