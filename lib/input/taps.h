/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the room: which source samples make one resized sample, and with what weights, along one
 * axis. The weights are Pillow's: the filter is stretched when it shrinks (antialiasing),
 * normalised in double, and rounded to fixed point with 22 bits, so that results equal Pillow's to
 * the bit.
 */
#ifndef CAMX_INPUT_TAPS_H
#define CAMX_INPUT_TAPS_H

#include "base/memory.h"

#define CAMX__TAPS_BITS 22

typedef struct camx__taps {
    int32_t outputs;
    int32_t *first;   /* [outputs]: the first source sample */
    int32_t *count;   /* [outputs]: how many, at least 1 */
    size_t stride;    /* weights from one output to the next */
    int32_t *weights; /* [outputs x stride] */
} camx__taps;

/* For the outputs begin .. begin + outputs - 1 of the `resized` samples that `source` samples
 * become. Free with camx__taps_free also after a failure. */
camx_status camx__taps_make(camx__memory *memory, int32_t filter, int32_t source, int64_t resized,
                            int64_t begin, int32_t outputs, camx__taps *taps, camx_error *error);
void camx__taps_free(camx__memory *memory, camx__taps *taps);

#endif
