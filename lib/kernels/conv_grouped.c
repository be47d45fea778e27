/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grouped convolution with narrow groups of the same width before and after it (ResNeXt, RegNet), and its input
 * gradient: a vector of channels holds whole groups, so that a row needs neither copies nor products with zeros. The
 * loops over pixels and taps are in vector_grouped.c.
 */
#include "kernels/conv_map.h"
#include "kernels/vectors.h"

enum {
    NARROWEST = 4,        /* channels of a group: below, most multiply-adds would only spread */
    TASK_WORK = 400 * 1000 /* multiply-adds, about, of the rows of one task */
};

static const camx__vectors *vectors_of(const camx__conv_plan *plan)
{
    return camx__vectors_of(camx__gemm_isa(plan->settings.gemm));
}

bool camx__conv_grouped_serves(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    const camx__vectors *vectors = vectors_of(plan);
    if (s->groups < 2 || s->in_c != s->out_c || vectors->grouped == NULL)
        return false;
    int64_t width = s->in_c / s->groups;
    return width >= NARROWEST && width <= vectors->lanes && vectors->lanes % width == 0 && s->in_c >= vectors->lanes;
}

/* Packed weights: [block of lanes, kernel_h, kernel_w, source channel of the group, lane]. A last, incomplete block
 * is the last `lanes` channels. */
typedef struct layout {
    int64_t lanes, blocks, width, taps;
} layout;

static layout layout_of(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    layout l = {
        .lanes = vectors_of(plan)->lanes, .width = s->in_c / s->groups, .taps = s->kernel_h * s->kernel_w};
    l.blocks = camx__ceil_div(s->in_c, l.lanes);
    return l;
}

void camx__conv_grouped_measure(camx__conv_plan *plan)
{
    layout l = layout_of(plan);
    plan->packed_bytes = (size_t)(l.blocks * l.taps * l.width * l.lanes) * sizeof(real);
}

/* What leads from a group's source channel to the destination channel, all taps, into the block that starts there. */
static void pack_channel(const layout *l, int64_t block, int64_t block_channel, int64_t source, int64_t channel,
                         const real *weights, real *packed)
{
    for (int64_t t = 0; t < l->taps; t++)
        packed[((block * l->taps + t) * l->width + source) * l->lanes + channel - block_channel] = weights[t];
}

void camx__conv_grouped_pack(const camx__conv_plan *plan, const real *rows, int64_t first, int64_t count,
                             void *packed)
{
    layout l = layout_of(plan);
    int64_t channels = plan->shape.in_c;
    for (int64_t i = 0; i < count * l.width; i++) {
        int64_t out = first + i / l.width;
        int64_t in = out / l.width * l.width + i % l.width;
        int64_t channel = plan->gradient ? in : out;
        int64_t source = (plan->gradient ? out : in) % l.width;
        const real *weights = rows + i * l.taps;
        int64_t block = channel / l.lanes;
        if ((block + 1) * l.lanes <= channels)
            pack_channel(&l, block, block * l.lanes, source, channel, weights, packed);
        if (channel >= channels - l.lanes)
            pack_channel(&l, l.blocks - 1, channels - l.lanes, source, channel, weights, packed);
    }
}

typedef struct grouped_job {
    const camx__conv_call *call;
    const camx__vectors *vectors;
    layout layout;
    int64_t rows, row_parts; /* rows of one task */
    int64_t blocks;          /* of one task; more than one only with all rows */
} grouped_job;

/* What all rows of one phase have in common. */
static camx__grouped_row rows_of(const grouped_job *job, const camx__conv_phase *phase)
{
    const camx__conv_call *call = job->call;
    const camx__conv_map *map = &call->map;
    int64_t tap = job->layout.width * job->layout.lanes; /* numbers of the packed weights */
    camx__grouped_row row = {.channels = map->dst_c,
                             .width = job->layout.width,
                             .pixels = phase->x.out_count,
                             .taps_x = phase->x.taps,
                             .src_columns = map->src_w,
                             .column = phase->x.in_first,
                             .pixel_columns = phase->x.in_step,
                             .tap_columns = phase->x.tap_step,
                             .src_column_step = call->src_pitch,
                             .src_tap_y_step = phase->y.tap_step * map->src_w * call->src_pitch,
                             .weight_block_step = job->layout.taps * tap,
                             .weight_y_step = phase->y.kernel_step * map->kernel_w * tap,
                             .weight_x_step = phase->x.kernel_step * tap,
                             .target = {.pixel_step = phase->x.out_step * call->dst_pitch,
                                        .accumulate = call->accumulate}};
    return row;
}

/* One vector of channels of row i of a phase of an image. */
static void run_row(const grouped_job *job, const camx__conv_phase *phase, camx__grouped_row *row, int64_t image,
                    int64_t i, int64_t block)
{
    const camx__conv_call *call = job->call;
    const camx__conv_map *map = &call->map;
    int64_t y = phase->y.out_first + i * phase->y.out_step;
    int64_t pixel = (image * map->dst_h + y) * map->dst_w + phase->x.out_first;
    int64_t ty, end_y;
    camx__epilogue epilogue;
    camx__conv_clip_taps(&phase->y, i, map->src_h, &ty, &end_y);
    row->taps_y = end_y - ty;
    row->src = call->src;
    row->weights = call->packed;
    if (end_y > ty) {
        int64_t element = (phase->y.kernel_first + ty * phase->y.kernel_step) * map->kernel_w + phase->x.kernel_first;
        y = i * phase->y.in_step + phase->y.in_first + ty * phase->y.tap_step;
        row->src += (image * map->src_h + y) * map->src_w * call->src_pitch;
        row->weights += element * job->layout.width * job->layout.lanes;
    }
    row->target.dst = call->dst + pixel * call->dst_pitch;
    if (call->epilogue) {
        epilogue = *call->epilogue;
        if (epilogue.residual)
            epilogue.residual += pixel * epilogue.residual_pitch;
        epilogue.residual_pitch *= phase->x.out_step;
        row->target.epilogue = &epilogue;
    }
    job->vectors->grouped(row, block);
}

/* Some rows of one vector of channels, whose weights stay near, then of the next. */
static void run_task(void *context, size_t task, int worker)
{
    const grouped_job *job = context;
    const camx__conv_map *map = &job->call->map;
    int64_t first = (int64_t)task % job->row_parts * job->rows;
    int64_t end = camx__smaller(first + job->rows, map->batch * map->dst_h);
    int64_t first_block = (int64_t)task / job->row_parts * job->blocks;
    int64_t end_block = camx__smaller(first_block + job->blocks, job->layout.blocks);
    (void)worker;
    for (int64_t p = 0; p < map->phases_h * map->phases_w; p++) {
        camx__conv_phase phase = camx__conv_phase_of(job->call->plan, map, p);
        camx__grouped_row row = rows_of(job, &phase);
        for (int64_t block = first_block; block < end_block; block++)
            for (int64_t r = first; r < end; r++)
                if (r % map->dst_h % map->phases_h == p / map->phases_w)
                    run_row(job, &phase, &row, r / map->dst_h, r % map->dst_h / map->phases_h, block);
    }
}

void camx__conv_grouped_run(const camx__conv_call *call)
{
    const camx__conv_map *map = &call->map;
    grouped_job job = {.call = call, .vectors = vectors_of(call->plan), .layout = layout_of(call->plan)};
    int64_t rows = map->batch * map->dst_h;
    int64_t row_work = map->dst_w * job.layout.lanes * job.layout.taps * job.layout.width;
    job.rows = camx__smaller(rows, TASK_WORK / row_work + 1);
    job.row_parts = camx__ceil_div(rows, job.rows);
    job.blocks = job.row_parts > 1 ? 1 : TASK_WORK / (row_work * rows) + 1;
    camx__pool_run(call->pool, (size_t)(job.row_parts * camx__ceil_div(job.layout.blocks, job.blocks)), run_task, &job);
}
