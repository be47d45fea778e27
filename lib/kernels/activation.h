/* SPDX-License-Identifier: Apache-2.0 */
/* The activations of an epilogue on one number, in plain C. Comparisons are written so that NaN
 * stays NaN. */
#ifndef CAMX_KERNELS_ACTIVATION_H
#define CAMX_KERNELS_ACTIVATION_H

#include <math.h>

#include "kernels/epilogue.h"

static inline real camx__clip_one(real x, real low, real high)
{
    x = x < low ? low : x;
    return x > high ? high : x;
}

static inline real camx__exp_one(real x)
{
#ifdef CAMX_REAL_DOUBLE
    return exp(x);
#else
    return expf(x);
#endif
}

static inline real camx__activate_one(camx__activation activation, real low, real high, real x)
{
    switch (activation) {
    case CAMX__ACT_NONE:
        return x;
    case CAMX__ACT_RELU:
        return x < 0 ? 0 : x;
    case CAMX__ACT_CLIP:
        return camx__clip_one(x, low, high);
    case CAMX__ACT_SILU:
        return x / (1 + camx__exp_one(-x));
    case CAMX__ACT_HARDSWISH:
        return x * camx__clip_one(low * x + high, 0, 1);
    case CAMX__ACT_SIGMOID:
        return 1 / (1 + camx__exp_one(-x));
    case CAMX__ACT_HARDSIGMOID:
        return camx__clip_one(low * x + high, 0, 1);
    }
    return x;
}

#endif
