/* SPDX-License-Identifier: Apache-2.0 */
/* What a matrix product or convolution does to its result before it is stored. */
#ifndef CAMX_KERNELS_EPILOGUE_H
#define CAMX_KERNELS_EPILOGUE_H

#include <stdint.h>

#include "tensor/real.h"

typedef enum camx__activation {
    CAMX__ACT_NONE = 0,
    CAMX__ACT_RELU = 1,       /* max(x, 0); NaN stays NaN */
    CAMX__ACT_CLIP = 2,       /* min(max(x, low), high); NaN stays NaN */
    CAMX__ACT_SILU = 3,       /* x / (1 + exp(-x)) */
    CAMX__ACT_HARDSWISH = 4,  /* x * min(max(low * x + high, 0), 1), low = 1/6, high = 1/2 */
    CAMX__ACT_SIGMOID = 5,    /* 1 / (1 + exp(-x)) */
    CAMX__ACT_HARDSIGMOID = 6 /* min(max(low * x + high, 0), 1) */
} camx__activation;

/* result = activation(product + bias + residual). Everything may be absent. */
typedef struct camx__epilogue {
    const real *bias;       /* one number per output channel, or NULL */
    const real *residual;   /* the same size as the result, or NULL */
    int64_t residual_pitch; /* elements from one row of the residual to the next */
    camx__activation activation;
    real low;
    real high;
} camx__epilogue;

#endif
