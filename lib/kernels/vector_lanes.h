/* SPDX-License-Identifier: Apache-2.0 */
/* A vector of neighbouring channels of a row of pixels: what depthwise and grouped convolutions load and store. */
#ifndef CAMX_KERNELS_VECTOR_LANES_H
#define CAMX_KERNELS_VECTOR_LANES_H

#include "kernels/vector.h"
#include "kernels/vectors.h"

/* Where a vector of channels starts, and which of its lanes are to be stored: a last, incomplete
 * vector is moved back over its neighbour's channels where there are enough of them. */
typedef struct lanes {
    int64_t channel;
    int64_t count; /* of the loaded vector; fewer than LANES only if there are not more channels */
    int64_t skip;  /* lanes that the neighbour has stored already */
} lanes;

VEC_INLINE lanes lanes_at(int64_t channel, int64_t channels)
{
    lanes at = {.channel = channel, .count = LANES};
    int64_t left = channels - channel;
    if (left < LANES && channels >= LANES) {
        at.channel = channels - LANES;
        at.skip = LANES - left;
    } else if (left < LANES) {
        at.count = left;
    }
    return at;
}

VEC_INLINE vec lanes_load(const real *from, const lanes *at)
{
    return at->count == LANES ? vec_load(from) : vec_load_some(from, at->count);
}

/* The sums of one pixel, finished and stored. */
VEC_INLINE void lanes_finish(const camx__pixel_target *to, const lanes *at, int64_t pixel, vec sum)
{
    const camx__epilogue *e = to->epilogue;
    real *dst = to->dst + pixel * to->pixel_step + at->channel;
    if (e) {
        if (e->bias)
            sum += lanes_load(e->bias + at->channel, at);
        if (e->residual)
            sum += lanes_load(e->residual + pixel * e->residual_pitch + at->channel, at);
        sum = vec_activate(e->activation, vec_all(e->low), vec_all(e->high), sum);
    }
    if (to->accumulate)
        sum += lanes_load(dst, at);
    if (at->skip == 0 && at->count == LANES) {
        vec_store(dst, sum);
    } else {
        real all[LANES];
        vec_store(all, sum);
        memcpy(dst + at->skip, all + at->skip, (size_t)(at->count - at->skip) * sizeof(real));
    }
}

#endif
