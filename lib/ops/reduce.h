/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions over axes: what ReduceSum and its kin and the global pools share. */
#ifndef CAMX_OPS_REDUCE_H
#define CAMX_OPS_REDUCE_H

#include "ops/op.h"

typedef enum camx__reduction {
    CAMX__REDUCE_SUM = 0,
    CAMX__REDUCE_MEAN,
    CAMX__REDUCE_MAX,
    CAMX__REDUCE_MIN,
    CAMX__REDUCE_PROD,
    CAMX__REDUCE_L1,
    CAMX__REDUCE_L2,
    CAMX__REDUCE_SUM_SQUARE,
    CAMX__REDUCE_LOG_SUM,
    CAMX__REDUCE_LOG_SUM_EXP
} camx__reduction;

typedef struct camx__reduce_params {
    camx__reduction kind;
    camx__elem elem;
    unsigned axes; /* bit a = axis a of the input is reduced */
    bool keep_dims;
    camx__shape kept; /* the input's shape with ones where it is reduced */
    double count;     /* numbers that become one */
} camx__reduce_params;

/* Binds a reduction of input 0 over known axes; sets output 0. */
camx_status camx__reduce_bind(camx__op_bind *bind, camx__reduction kind, unsigned axes,
                              bool keep_dims);

camx_status camx__reduce_prepare(camx__op_prepare *prepare);
camx_status camx__reduce_forward(const camx__op_call *call);
camx_status camx__reduce_backward(const camx__op_gradient *gradient);
unsigned camx__reduce_saves(const void *params, unsigned wanted);
bool camx__reduce_keeps_batch(const void *params);
bool camx__reduce_region(camx__op_region *region);

#endif
