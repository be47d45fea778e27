/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling windows of neighbouring pixels, on vectors of channels; compiled once per instruction
 * set. */
#include "kernels/vector_list.h"

/* Inlined with constants. count: lanes that exist, LANES unless the map has fewer channels than a
 * vector. */
VEC_INLINE void pool_pixel(const camx__pool_span *s, bool max, const real *src, real *dst,
                           int64_t count)
{
    bool some = count < LANES;
    vec result = {0};
    if (max)
        result = some ? vec_load_some(src, count) : vec_load(src);
    for (int64_t ty = 0; ty < s->taps_y; ty++)
        for (int64_t tx = 0; tx < s->taps_x; tx++) {
            const real *from = src + ty * s->src_tap_y_step + tx * s->src_tap_x_step;
            vec x = some ? vec_load_some(from, count) : vec_load(from);
            result = max ? vec_max(result, x) : result + x;
        }
    if (!max)
        result *= s->factor;
    if (some)
        vec_store_some(dst, result, count);
    else
        vec_store(dst, result);
}

VEC_INLINE void pool_span(const camx__pool_span *s, bool max)
{
    for (int64_t pixel = 0; pixel < s->pixels; pixel++) {
        const real *src = s->src + pixel * s->src_pixel_step;
        real *dst = s->dst + pixel * s->dst_pixel_step;
        int64_t channel = 0;
        for (; channel + LANES <= s->channels; channel += LANES)
            pool_pixel(s, max, src + channel, dst + channel, LANES);
        if (channel == s->channels)
            continue;
        /* The last vector is moved back over channels that are done, and repeats them. */
        if (s->channels >= LANES)
            pool_pixel(s, max, src + s->channels - LANES, dst + s->channels - LANES, LANES);
        else
            pool_pixel(s, max, src, dst, s->channels);
    }
}

void CAMX__ISA(camx__vector_pool_max)(const camx__pool_span *s)
{
    pool_span(s, true);
}

void CAMX__ISA(camx__vector_pool_mean)(const camx__pool_span *s)
{
    pool_span(s, false);
}

/* `count` channels from `c` on: all lanes of a vector, or the first few. */
VEC_INLINE void give(const camx__pool_gift *g, int64_t c, int64_t count)
{
    const real *x = g->x + c;
    real *gx = g->gx + c;
    bool whole = count == LANES;
    vec best = whole ? vec_load(x) : vec_load_some(x, count);
    vec left = whole ? vec_load(g->gy + c) : vec_load_some(g->gy + c, count);
    for (int64_t ty = 0; ty < g->taps_y; ty++)
        for (int64_t tx = 0; tx < g->taps_x; tx++) {
            const real *from = x + ty * g->x_tap_y_step + tx * g->x_tap_x_step;
            best = vec_max(best, whole ? vec_load(from) : vec_load_some(from, count));
        }
    for (int64_t ty = 0; ty < g->taps_y; ty++)
        for (int64_t tx = 0; tx < g->taps_x; tx++) {
            const real *from = x + ty * g->x_tap_y_step + tx * g->x_tap_x_step;
            real *to = gx + ty * g->gx_tap_y_step + tx * g->gx_tap_x_step;
            vec value = whole ? vec_load(from) : vec_load_some(from, count);
            ivec hit = (ivec)(value == best) | (ivec)(value != value);
            vec share = (vec)(hit & (ivec)left);
            left = (vec)(~hit & (ivec)left);
            if (whole)
                vec_store(to, vec_load(to) + share);
            else
                vec_store_some(to, vec_load_some(to, count) + share, count);
        }
}

void CAMX__ISA(camx__vector_pool_give)(const camx__pool_gift *gift)
{
    int64_t c = 0;
    for (; c + LANES <= gift->channels; c += LANES)
        give(gift, c, LANES);
    if (c < gift->channels)
        give(gift, c, gift->channels - c);
}
