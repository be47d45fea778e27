/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution, one kernel per channel, and its input gradient. A row of the destination
 * is cut into spans of pixels that see the same taps: the middle, where all taps are inside the
 * map, and single pixels at the borders. The loops over channels are in vector_depthwise.c.
 */
#include <string.h>

#include "kernels/conv_map.h"
#include "kernels/vectors.h"

enum { TASK_WORK = 200 * 1000 }; /* multiply-adds, about, of the rows of one task */

void camx__conv_depthwise_measure(camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    plan->packed_bytes = (size_t)(s->kernel_h * s->kernel_w * s->in_c) * sizeof(real);
}

/* [C, kernel] becomes [kernel, C]. */
void camx__conv_depthwise_pack(const camx__conv_plan *plan, const real *rows, int64_t first,
                               int64_t count, void *packed)
{
    const camx__conv_shape *s = &plan->shape;
    int64_t elements = s->kernel_h * s->kernel_w;
    real *out = packed;
    for (int64_t t = 0; t < elements; t++)
        for (int64_t i = 0; i < count; i++)
            out[t * s->in_c + first + i] = rows[i * elements + t];
}

/* The destination positions whose taps are all inside: first <= i < end. */
static void whole_positions(const camx__conv_axis *axis, int64_t size, int64_t *first, int64_t *end)
{
    int64_t reach = axis->in_first + (axis->taps - 1) * axis->tap_step;
    int64_t from = axis->in_first < 0 ? camx__ceil_div(-axis->in_first, axis->in_step) : 0;
    int64_t to = reach < size ? (size - 1 - reach) / axis->in_step + 1 : 0;
    *end = camx__smaller(to, axis->out_count);
    *first = camx__smaller(from, *end);
    if (axis->taps == 0)
        *first = *end = 0;
}

typedef struct depthwise_job {
    const camx__conv_call *call;
    const camx__vectors *vectors;
    int64_t rows; /* of one task */
} depthwise_job;

/* Destination positions first .. end - 1 along x of one row of one phase; all see what the first
 * one sees. */
static void run_span(const depthwise_job *job, const camx__conv_phase *phase, int64_t row,
                     int64_t first, int64_t end)
{
    const camx__conv_call *call = job->call;
    const camx__conv_map *map = &call->map;
    int64_t image = row / map->dst_h;
    int64_t i = row % map->dst_h / map->phases_h;
    int64_t ty, end_y, tx, end_x;
    camx__epilogue epilogue;
    if (first >= end)
        return;
    camx__conv_clip_taps(&phase->y, i, map->src_h, &ty, &end_y);
    camx__conv_clip_taps(&phase->x, first, map->src_w, &tx, &end_x);
    int64_t pixel = row * map->dst_w + phase->x.out_first + first * phase->x.out_step;
    camx__depthwise_span span = {.channels = map->dst_c,
                                 .pixels = end - first,
                                 .taps_y = end_y - ty,
                                 .taps_x = end_x - tx,
                                 .target.accumulate = call->accumulate};
    if (span.taps_y > 0 && span.taps_x > 0) {
        int64_t y = i * phase->y.in_step + phase->y.in_first + ty * phase->y.tap_step;
        int64_t x = first * phase->x.in_step + phase->x.in_first + tx * phase->x.tap_step;
        int64_t ky = phase->y.kernel_first + ty * phase->y.kernel_step;
        int64_t kx = phase->x.kernel_first + tx * phase->x.kernel_step;
        span.src = call->src + ((image * map->src_h + y) * map->src_w + x) * call->src_pitch;
        span.weights = (const real *)call->packed + (ky * map->kernel_w + kx) * map->src_c;
        span.src_pixel_step = phase->x.in_step * call->src_pitch;
    } else { /* nothing is read, but the loops reckon with addresses */
        span.src = call->dst;
        span.weights = call->dst;
    }
    span.src_tap_x_step = phase->x.tap_step * call->src_pitch;
    span.src_tap_y_step = phase->y.tap_step * map->src_w * call->src_pitch;
    span.weight_x_step = phase->x.kernel_step * map->src_c;
    span.weight_y_step = phase->y.kernel_step * map->kernel_w * map->src_c;
    span.target.dst = call->dst + pixel * call->dst_pitch;
    span.target.pixel_step = phase->x.out_step * call->dst_pitch;
    if (call->epilogue) {
        epilogue = *call->epilogue;
        if (epilogue.residual)
            epilogue.residual += pixel * epilogue.residual_pitch;
        epilogue.residual_pitch *= phase->x.out_step;
        span.target.epilogue = &epilogue;
    }
    job->vectors->depthwise(&span);
}

static void run_row(const depthwise_job *job, int64_t row)
{
    const camx__conv_map *map = &job->call->map;
    for (int64_t p = 0; p < map->phases_w; p++) {
        int64_t number = row % map->dst_h % map->phases_h * map->phases_w + p;
        camx__conv_phase phase = camx__conv_phase_of(job->call->plan, map, number);
        int64_t first, end;
        whole_positions(&phase.x, map->src_w, &first, &end);
        for (int64_t i = 0; i < first; i++)
            run_span(job, &phase, row, i, i + 1);
        run_span(job, &phase, row, first, end);
        for (int64_t i = end; i < phase.x.out_count; i++)
            run_span(job, &phase, row, i, i + 1);
    }
}

static void run_rows(void *context, size_t task, int worker)
{
    const depthwise_job *job = context;
    int64_t first = (int64_t)task * job->rows;
    int64_t end = camx__smaller(first + job->rows, job->call->map.batch * job->call->map.dst_h);
    (void)worker;
    for (int64_t row = first; row < end; row++)
        run_row(job, row);
}

void camx__conv_depthwise_run(const camx__conv_call *call)
{
    const camx__conv_map *map = &call->map;
    int64_t rows = map->batch * map->dst_h;
    int64_t row_work = map->dst_w * map->dst_c * map->kernel_h * map->kernel_w;
    depthwise_job job = {.call = call, .rows = camx__smaller(rows, TASK_WORK / row_work + 1)};
    job.vectors = camx__vectors_of(camx__gemm_isa(call->plan->settings.gemm));
    camx__pool_run(call->pool, (size_t)camx__ceil_div(rows, job.rows), run_rows, &job);
}
