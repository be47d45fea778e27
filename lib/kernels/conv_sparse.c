/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input gradient of a 1x1 convolution whose output's gradient is zero but for a few channels: where a class is one
 * channel of the last map (SqueezeNet), that is all but one. The rows of the packed weights that belong to them are put
 * together, and the product is that short. What is left out adds zeros.
 */
#include <string.h>

#include "kernels/conv_map.h"

enum { MOST = 16, SHARE = 8 }; /* at most so many channels, and at most so small a part of all */

static int64_t most_channels(const camx__conv_shape *s)
{
    return camx__smaller(MOST, s->out_c / SHARE);
}

static bool serves(const camx__conv_plan *plan)
{
    return plan->algorithm == CAMX__CONV_POINTWISE && plan->gradient &&
           plan->settings.gemm->backend == CAMX_GEMM_PACKED && most_channels(&plan->shape) > 0;
}

/* The packed rows, then the columns of the gradient, both of at most that many channels. */
size_t camx__conv_sparse_scratch(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    size_t channels = serves(plan) ? (size_t)most_channels(s) : 0;
    size_t columns = channels * (size_t)(s->batch * s->out_h * s->out_w) * sizeof(real);
    return channels == 0 ? 0
                         : camx__round_up_bytes(camx__gemm_packed_bytes(plan->settings.gemm, s->in_c, (int64_t)channels)) +
                               camx__round_up_bytes(columns);
}

enum { STRIDE = 16 }; /* numbers that are looked at together */

static bool any_is_not_zero(const real *numbers)
{
    int any = 0;
    for (int i = 0; i < STRIDE; i++)
        any |= numbers[i] != 0;
    return any != 0;
}

/* Adds a channel to the list, which is in order; false: there are too many. */
static bool add_channel(int64_t *list, int64_t *count, int64_t most, int64_t channel)
{
    int64_t at = 0;
    while (at < *count && list[at] < channel)
        at++;
    if (at < *count && list[at] == channel)
        return true;
    if (*count == most)
        return false;
    memmove(list + at + 1, list + at, (size_t)(*count - at) * sizeof *list);
    list[at] = channel;
    ++*count;
    return true;
}

/* The channels that are not zero everywhere, in order; -1 as soon as there are more than `most`. */
static int64_t find_channels(const camx__conv_call *call, int64_t most, int64_t *list)
{
    const camx__conv_map *map = &call->map;
    int64_t count = 0;
    for (int64_t pixel = 0; pixel < map->batch * map->src_h * map->src_w; pixel++) {
        const real *numbers = call->src + pixel * call->src_pitch;
        for (int64_t first = 0; first < map->src_c; first += STRIDE) {
            int64_t end = camx__smaller(first + STRIDE, map->src_c);
            if (end - first == STRIDE && !any_is_not_zero(numbers + first))
                continue;
            for (int64_t c = first; c < end; c++)
                if (numbers[c] != 0 && !add_channel(list, &count, most, c))
                    return -1;
        }
    }
    return count;
}

static void gather(const camx__conv_call *call, const int64_t *list, int64_t count, real *weights, real *columns)
{
    const camx__conv_map *map = &call->map;
    const camx__gemm *gemm = call->plan->settings.gemm;
    for (int64_t panel = 0; panel < map->dst_c; panel += gemm->tile_n) {
        int64_t width = camx__panel_width(gemm->tile_n, gemm->tile_unit, map->dst_c - panel);
        const real *rows = (const real *)call->packed + panel * map->src_c;
        for (int64_t i = 0; i < count; i++, weights += width)
            memcpy(weights, rows + list[i] * width, (size_t)width * sizeof(real));
    }
    for (int64_t pixel = 0; pixel < map->batch * map->src_h * map->src_w; pixel++)
        for (int64_t i = 0; i < count; i++)
            *columns++ = call->src[pixel * call->src_pitch + list[i]];
}

bool camx__conv_sparse_run(const camx__conv_call *call)
{
    const camx__conv_map *map = &call->map;
    const camx__gemm *gemm = call->plan->settings.gemm;
    int64_t list[MOST + 1];
    if (!serves(call->plan) || call->scratch == NULL)
        return false;
    int64_t most = most_channels(&call->plan->shape);
    int64_t count = find_channels(call, most, list);
    if (count <= 0)
        return false;
    char *weights = call->scratch;
    real *columns = (real *)(void *)(weights + camx__round_up_bytes(camx__gemm_packed_bytes(gemm, map->dst_c, most)));
    gather(call, list, count, (real *)(void *)weights, columns);
    camx__gemm_run(gemm, call->pool, map->batch * map->dst_h * map->dst_w, map->dst_c, count, columns, count, weights,
                   call->dst, call->dst_pitch, NULL, call->accumulate);
    return true;
}
