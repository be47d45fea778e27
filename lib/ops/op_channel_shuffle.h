/* SPDX-License-Identifier: Apache-2.0 */
/* The operator that stands for Reshape, Transpose, Reshape where they shuffle channels. */
#ifndef CAMX_OPS_OP_CHANNEL_SHUFFLE_H
#define CAMX_OPS_OP_CHANNEL_SHUFFLE_H

#include "ops/op.h"

typedef struct camx__shuffle_params {
    int64_t groups; /* divides the channels */
} camx__shuffle_params;

/* Channels-last in and out; forward only. */
extern const camx__op camx__op_channel_shuffle;

#endif
