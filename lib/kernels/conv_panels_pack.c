/* SPDX-License-Identifier: Apache-2.0 */
/* Weights on their way into the packed form that conv_panels.c multiplies by: a product per phase
 * and group, its sum over taps and then source channels. */
#include "kernels/conv_map.h"

/* `count` rows of ONNX weights [out_c, in_c / groups, kernel], which belong to one ONNX group and
 * start at its output channel `first`, go into the packed form of ours, tap by tap. sub: the place
 * of the ONNX group in our group. */
static void pack_group(const camx__conv_plan *plan, const camx__conv_map *map,
                       const camx__conv_phase *phase, const real *rows, int64_t sub, int64_t first,
                       int64_t count, void *packed)
{
    const camx__conv_shape *s = &plan->shape;
    int64_t elements = s->kernel_h * s->kernel_w;
    int64_t depth = s->in_c / s->groups;
    camx__gemm_piece piece;
    for (int64_t t = 0; t < phase->y.taps * phase->x.taps; t++) {
        int64_t ky = phase->y.kernel_first + t / phase->x.taps * phase->y.kernel_step;
        int64_t kx = phase->x.kernel_first + t % phase->x.taps * phase->x.kernel_step;
        piece.source = rows + ky * s->kernel_w + kx;
        if (map->gradient) {
            piece.n_first = sub * depth;
            piece.n_count = depth;
            piece.stride_n = elements;
            piece.k_first = t * map->group_src + sub * (s->out_c / s->groups) + first;
            piece.k_count = count;
            piece.stride_k = depth * elements;
        } else {
            piece.n_first = sub * (s->out_c / s->groups) + first;
            piece.n_count = count;
            piece.stride_n = depth * elements;
            piece.k_first = t * map->group_src + sub * depth;
            piece.k_count = depth;
            piece.stride_k = elements;
        }
        plan->settings.gemm->pack(packed, map->group_dst, phase->k, &piece);
    }
}

void camx__conv_panels_pack(const camx__conv_plan *plan, const real *rows, int64_t first,
                            int64_t count, void *packed)
{
    const camx__conv_shape *s = &plan->shape;
    camx__conv_map map = camx__conv_map_of(plan);
    int64_t per_group = s->out_c / s->groups;
    int64_t row = s->in_c / s->groups * s->kernel_h * s->kernel_w;
    char *out = packed;
    for (int64_t i = 0; i < map.phases_h * map.phases_w; i++) {
        camx__conv_phase phase = camx__conv_phase_of(plan, &map, i);
        int64_t done = 0;
        while (done < count) {
            int64_t group = (first + done) / per_group;
            int64_t within = (first + done) % per_group;
            int64_t some = camx__smaller(count - done, per_group - within);
            pack_group(plan, &map, &phase, rows + done * row, group % map.merged, within, some,
                       out + (size_t)(group / map.merged) * phase.group_bytes);
            done += some;
        }
        out += phase.group_bytes * (size_t)map.groups;
    }
}
