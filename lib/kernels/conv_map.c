/* SPDX-License-Identifier: Apache-2.0 */
/* Which source pixels and kernel elements a destination pixel of a convolution sees, in either
 * direction. */
#include "kernels/conv_map.h"

#include "kernels/vectors.h"

static int64_t remainder_of(int64_t a, int64_t b)
{
    int64_t left = a % b;
    return left < 0 ? left + b : left;
}

/* Groups narrower than a vector are put together into a block-diagonal product: the same number of
 * multiply-adds, since the other lanes would be empty, but fewer and longer copies. Zeros meet the
 * neighbours' numbers, so an infinity shows in all of them, as it does in Winograd's tiles; `exact`
 * has neither. */
static int64_t merged_groups(const camx__conv_plan *plan, int64_t group_dst)
{
    int64_t lanes = camx__vectors_of(camx__gemm_isa(plan->settings.gemm))->lanes;
    if (plan->algorithm != CAMX__CONV_PANELS || plan->shape.groups == 1 || plan->settings.exact ||
        group_dst == 0)
        return 1;
    return lanes < 2 * group_dst ? 1 : camx__smaller(lanes / group_dst, plan->shape.groups);
}

camx__conv_map camx__conv_map_of(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    camx__conv_map map = {.gradient = plan->gradient,
                          .batch = s->batch,
                          .kernel_h = s->kernel_h,
                          .kernel_w = s->kernel_w,
                          .phases_h = 1,
                          .phases_w = 1};
    if (plan->gradient) {
        map.src_h = s->out_h;
        map.src_w = s->out_w;
        map.src_c = s->out_c;
        map.dst_h = s->in_h;
        map.dst_w = s->in_w;
        map.dst_c = s->in_c;
        map.phases_h = s->stride_h;
        map.phases_w = s->stride_w;
    } else {
        map.src_h = s->in_h;
        map.src_w = s->in_w;
        map.src_c = s->in_c;
        map.dst_h = s->out_h;
        map.dst_w = s->out_w;
        map.dst_c = s->out_c;
    }
    map.merged = merged_groups(plan, map.dst_c / s->groups);
    map.groups = camx__ceil_div(s->groups, map.merged);
    map.group_src = map.src_c / s->groups * map.merged;
    map.group_dst = map.dst_c / s->groups * map.merged;
    return map;
}

static camx__conv_axis forward_axis(int64_t out, int64_t kernel, int64_t stride, int64_t dilation,
                                    int64_t pad)
{
    camx__conv_axis axis = {.out_step = 1,
                            .out_count = out,
                            .in_step = stride,
                            .in_first = -pad,
                            .tap_step = dilation,
                            .kernel_step = 1,
                            .taps = kernel};
    return axis;
}

/* Input position p = phase + i * stride is seen by output o through kernel element k where
 * o * stride = p + pad - k * dilation. The kernel elements for which that divides form an
 * arithmetic sequence. */
static camx__conv_axis gradient_axis(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                                     int64_t pad, int64_t phase)
{
    camx__conv_axis axis = {.out_first = phase, .out_step = stride, .in_step = 1};
    int64_t period = 1;
    int64_t first = 0;
    axis.out_count = phase < in ? (in - phase + stride - 1) / stride : 0;
    while (period * dilation % stride != 0)
        period++;
    while (first < period && remainder_of(phase + pad - first * dilation, stride) != 0)
        first++;
    if (first >= period || first >= kernel)
        return axis;
    /* Walk the kernel backwards, so that the source is walked forwards. */
    axis.taps = (kernel - first + period - 1) / period;
    axis.kernel_first = first + (axis.taps - 1) * period;
    axis.kernel_step = -period;
    axis.in_first = (phase + pad - axis.kernel_first * dilation) / stride;
    axis.tap_step = period * dilation / stride;
    return axis;
}

camx__conv_phase camx__conv_phase_of(const camx__conv_plan *plan, const camx__conv_map *map,
                                     int64_t phase)
{
    const camx__conv_shape *s = &plan->shape;
    camx__conv_phase result;
    if (map->gradient) {
        result.y = gradient_axis(s->in_h, s->kernel_h, s->stride_h, s->dilation_h, s->pad_top,
                                 phase / map->phases_w);
        result.x = gradient_axis(s->in_w, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left,
                                 phase % map->phases_w);
    } else {
        result.y = forward_axis(s->out_h, s->kernel_h, s->stride_h, s->dilation_h, s->pad_top);
        result.x = forward_axis(s->out_w, s->kernel_w, s->stride_w, s->dilation_w, s->pad_left);
    }
    result.pixels = map->batch * result.y.out_count * result.x.out_count;
    result.k = result.y.taps * result.x.taps * map->group_src;
    result.group_bytes = camx__round_up_bytes(
        camx__gemm_packed_bytes(plan->settings.gemm, map->group_dst, result.k));
    return result;
}
