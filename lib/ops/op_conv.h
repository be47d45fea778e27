/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner may know of a prepared convolution, and bands of several of them as one operator. */
#ifndef CAMX_OPS_OP_CONV_H
#define CAMX_OPS_OP_CONV_H

#include "kernels/conv_bands.h"
#include "ops/op.h"

extern const camx__op camx__op_conv;
extern const camx__op camx__op_conv_bands;

/* The plan of a forward step of Conv whose weights are packed in advance, from its state; otherwise NULL. */
const camx__conv_plan *camx__op_conv_plan(const void *state);

/* May a Conv with these parameters take the factors of its input's channels on the way (camx__op_call.gate)? */
bool camx__op_conv_takes_gate(const void *params, const camx__op_settings *settings);

/* One convolution of bands. packed: where the address of the weights will be found when the step runs. */
typedef struct camx__op_bands_link {
    const camx__conv_plan *plan; /* NULL = there is none */
    void *const *packed;
    camx__epilogue epilogue; /* of the last one: bias only, the rest comes with the call */
} camx__op_bands_link;

/* The state of camx__op_conv_bands: which may run on several threads' calls at once, so it does not change. */
typedef struct camx__op_bands_state {
    camx__op_bands_link expand, depthwise, project;
} camx__op_bands_state;

/* The links as the kernels want them, without weights. */
camx__conv_bands camx__op_bands_of(const camx__op_bands_state *state);

#endif
