/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vector of neighbouring channels in rows of pixels: what depthwise and grouped convolutions share. A few pixels are
 * summed at a time; columns outside the map are zeros.
 */
#ifndef CAMX_KERNELS_VECTOR_LANES_H
#define CAMX_KERNELS_VECTOR_LANES_H

#include <math.h>

#include "kernels/vector.h"
#include "kernels/vector_list.h"

/* Pixels summed at a time: rows of 7, 14, 28, 56 and 112 are common. */
enum { PIXELS = 7 };

/* Where a vector of channels starts, and which of its lanes are to be stored: a last, incomplete
 * vector is moved back over its neighbour's channels where there are enough of them. */
typedef struct lanes {
    int64_t channel;
    int64_t count; /* of the loaded vector; fewer than LANES only if there are not more channels */
    int64_t skip;  /* lanes that the neighbour has stored already */
} lanes;

VEC_INLINE lanes lanes_of(const camx__channel_rows *r, int64_t block)
{
    lanes at = {.channel = block * LANES, .count = LANES};
    int64_t left = r->channels - at.channel;
    if (left < LANES && r->channels >= LANES) {
        at.channel = r->channels - LANES;
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

static const real zeros[LANES];

/* One destination row: where it goes, and the taps that see the map. */
typedef struct line {
    real *dst;
    const real *residual; /* or NULL */
    const real *weights;  /* of the first tap row inside */
    int64_t row, taps_y;  /* the source row under it; how many are inside */
} line;

VEC_INLINE line line_of(const camx__channel_rows *r, const lanes *at, const real *weights, int64_t i)
{
    line l = {.dst = r->dst + i * r->dst_row_pitch + at->channel, .row = r->row + i * r->row_step};
    int64_t end = r->taps_y;
    int64_t first = 0;
    for (; first < end && l.row < 0; first++)
        l.row += r->tap_rows;
    while (end > first && l.row + (end - first - 1) * r->tap_rows >= r->src_rows)
        end--;
    l.taps_y = end - first;
    l.weights = weights + first * r->weight_y_step;
    if (r->epilogue && r->epilogue->residual)
        l.residual = r->epilogue->residual + i * r->residual_row_pitch + at->channel;
    return l;
}

/* Column 0 of the source row under tap row ty. */
VEC_INLINE const real *source_row(const camx__channel_rows *r, const lanes *at, const line *l, int64_t ty)
{
    return r->src + ((l->row + ty * r->tap_rows) & r->row_mask) * r->src_row_pitch + at->channel;
}

/* A column of a source row, or zeros. */
VEC_INLINE vec column_of(const camx__channel_rows *r, const real *row, int64_t column)
{
    return vec_load((uint64_t)column < (uint64_t)r->src_columns ? row + column * r->src_pitch : zeros);
}

/* What becomes of sums. `simple`: bias and activation are all there is to it, and every lane is stored; `slow`: the
 * activation is more than limits. */
typedef struct finish {
    bool simple, slow;
    vec bias, low, high;
} finish;

VEC_INLINE finish finish_of(const camx__channel_rows *r, const lanes *at)
{
    const camx__epilogue *e = r->epilogue;
    finish f = {.low = vec_all(-INFINITY), .high = vec_all(INFINITY)};
    f.simple = at->skip == 0 && at->count == LANES && !r->accumulate;
    if (e == NULL)
        return f;
    f.simple = f.simple && e->residual == NULL;
    f.slow = e->activation > CAMX__ACT_CLIP;
    if (e->bias)
        f.bias = lanes_load(e->bias + at->channel, at);
    if (e->activation == CAMX__ACT_RELU)
        f.low = (vec){0};
    if (e->activation == CAMX__ACT_CLIP) {
        f.low = vec_all(e->low);
        f.high = vec_all(e->high);
    }
    return f;
}

VEC_INLINE void activate_slowly(const camx__epilogue *e, vec *sums, int64_t count)
{
    CAMX__ISA(camx__vector_activation_rows)(e->activation, e->low, e->high, (real *)sums, 0, 1, count * LANES);
}

/* Any sums, with their bias: `count` pixels from `pixel` on. */
VEC_ONCE void finish_slowly(const camx__channel_rows *r, const lanes *at, const line *l, int64_t pixel, int64_t count,
                            vec *sums)
{
    const camx__epilogue *e = r->epilogue;
    for (int64_t p = 0; l->residual && p < count; p++)
        sums[p] += lanes_load(l->residual + (pixel + p) * e->residual_pitch, at);
    if (e)
        activate_slowly(e, sums, count);
    for (int64_t p = 0; p < count; p++) {
        real *dst = l->dst + (pixel + p) * r->dst_pitch;
        if (r->accumulate)
            sums[p] += lanes_load(dst, at);
        if (at->skip == 0 && at->count == LANES)
            vec_store(dst, sums[p]);
        else
            vec_store_between(dst, sums[p], at->skip, at->count);
    }
}

/* The sums of PIXELS pixels, of which the row has perhaps fewer, finished and stored. */
VEC_INLINE void finish_pixels(const camx__channel_rows *r, const lanes *at, const finish *f, const line *l,
                              int64_t pixel, const vec sum[PIXELS])
{
    real *dst = l->dst + pixel * r->dst_pitch;
    int64_t count = r->pixels - pixel < PIXELS ? r->pixels - pixel : PIXELS;
    if (f->simple && count == PIXELS && !f->slow) {
#pragma GCC unroll 8
        for (int p = 0; p < PIXELS; p++)
            vec_store(dst + p * r->dst_pitch, vec_clip(sum[p] + f->bias, f->low, f->high));
        return;
    }
    vec sums[PIXELS];
#pragma GCC unroll 8
    for (int p = 0; p < PIXELS; p++)
        sums[p] = sum[p] + f->bias;
    if (f->simple && count == PIXELS) {
        activate_slowly(r->epilogue, sums, PIXELS);
        for (int p = 0; p < PIXELS; p++)
            vec_store(dst + p * r->dst_pitch, sums[p]);
    } else {
        finish_slowly(r, at, l, pixel, count, sums);
    }
}

#endif
