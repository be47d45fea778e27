/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions that go by vectors of channels, and their input gradients: depthwise ones, a group per channel, and
 * grouped ones whose groups are narrow and of the same width before and after (ResNeXt, RegNet). A vector holds whole
 * groups, so that a row needs neither copies nor products with zeros. The loops over pixels and taps are in
 * vector_depthwise.c and vector_grouped.c.
 */
#include "kernels/conv_map.h"
#include "kernels/vectors.h"

enum {
    NARROWEST = 4,         /* channels of a group: below, most instructions would only spread */
    TASK_WORK = 200 * 1000 /* multiply-adds, about, of the rows of one task */
};

static const camx__vectors *vectors_of(const camx__conv_plan *plan)
{
    return camx__vectors_of(camx__gemm_isa(plan->settings.gemm));
}

int camx__conv_channels_choose(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    const camx__vectors *vectors = vectors_of(plan);
    if (s->groups > 1 && s->groups == s->in_c && s->groups == s->out_c)
        return CAMX__CONV_DEPTHWISE;
    if (s->groups < 2 || s->in_c != s->out_c || vectors->grouped == NULL)
        return CAMX__CONV_NOTHING;
    int64_t width = s->in_c / s->groups;
    bool serves = width >= NARROWEST && width <= vectors->lanes && vectors->lanes % width == 0;
    return serves && s->in_c >= vectors->lanes ? CAMX__CONV_GROUPED : CAMX__CONV_NOTHING;
}

/* Packed weights: [block of lanes, kernel_h, kernel_w, source channel of the group, lane]. A last, incomplete block
 * is the last `lanes` channels. */
typedef struct layout {
    int64_t lanes, blocks, width, taps;
    int64_t last; /* where the last block starts */
} layout;

static layout layout_of(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    layout l = {
        .lanes = vectors_of(plan)->lanes, .width = s->in_c / s->groups, .taps = s->kernel_h * s->kernel_w};
    l.blocks = camx__ceil_div(s->in_c, l.lanes);
    l.last = s->in_c > l.lanes ? s->in_c - l.lanes : 0;
    return l;
}

void camx__conv_channels_measure(camx__conv_plan *plan)
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

void camx__conv_channels_pack(const camx__conv_plan *plan, const real *rows, int64_t first, int64_t count,
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
        if (channel >= l.last)
            pack_channel(&l, l.blocks - 1, l.last, source, channel, weights, packed);
    }
}

typedef struct channels_job {
    const camx__conv_call *call;
    void (*run)(const camx__channel_rows *rows, int64_t block);
    layout layout;
    int64_t rows, row_parts; /* rows of one task */
    int64_t blocks;          /* of one task; more than one only with all rows */
} channels_job;

/* What all rows of a phase have in common. */
static camx__channel_rows phase_rows(const layout *l, const camx__conv_map *map, const camx__conv_phase *phase,
                                     const void *packed)
{
    const camx__conv_axis *x = &phase->x;
    const camx__conv_axis *y = &phase->y;
    int64_t tap = l->width * l->lanes; /* numbers of the packed weights */
    camx__channel_rows rows = {.channels = map->dst_c,
                               .width = l->width,
                               .pixels = x->out_count,
                               .taps_y = y->taps,
                               .taps_x = x->taps,
                               .row = y->in_first,
                               .row_step = y->in_step,
                               .tap_rows = y->tap_step,
                               .column = x->in_first,
                               .column_step = x->in_step,
                               .tap_columns = x->tap_step,
                               .src_rows = map->src_h,
                               .src_columns = map->src_w,
                               .row_mask = -1,
                               .weights = packed,
                               .weight_block_step = l->taps * tap,
                               .weight_y_step = y->kernel_step * map->kernel_w * tap,
                               .weight_x_step = x->kernel_step * tap};
    if (y->taps > 0 && x->taps > 0)
        rows.weights += (y->kernel_first * map->kernel_w + x->kernel_first) * tap;
    return rows;
}

/* Destination rows first .. end - 1 of an image, of which this phase has some. */
static camx__channel_rows rows_of(const channels_job *job, const camx__conv_phase *phase, int64_t image, int64_t first,
                                  int64_t end, camx__epilogue *epilogue)
{
    const camx__conv_call *call = job->call;
    const camx__conv_map *map = &call->map;
    const camx__conv_axis *x = &phase->x;
    const camx__conv_axis *y = &phase->y;
    int64_t skipped = first > y->out_first ? camx__ceil_div(first - y->out_first, y->out_step) : 0;
    int64_t below = end > y->out_first ? camx__ceil_div(end - y->out_first, y->out_step) : 0;
    int64_t pixel = (image * map->dst_h + y->out_first + skipped * y->out_step) * map->dst_w + x->out_first;
    camx__channel_rows rows = phase_rows(&job->layout, map, phase, call->packed);
    rows.rows = camx__smaller(below, y->out_count) - skipped;
    rows.row += skipped * y->in_step;
    rows.src = call->src + image * map->src_h * map->src_w * call->src_pitch;
    rows.src_row_pitch = map->src_w * call->src_pitch;
    rows.src_pitch = call->src_pitch;
    rows.dst = call->dst + pixel * call->dst_pitch;
    rows.dst_row_pitch = y->out_step * map->dst_w * call->dst_pitch;
    rows.dst_pitch = x->out_step * call->dst_pitch;
    rows.accumulate = call->accumulate;
    if (call->epilogue) {
        *epilogue = *call->epilogue;
        if (epilogue->residual)
            epilogue->residual += pixel * epilogue->residual_pitch;
        rows.residual_row_pitch = y->out_step * map->dst_w * epilogue->residual_pitch;
        epilogue->residual_pitch *= x->out_step;
        rows.epilogue = epilogue;
    }
    return rows;
}

camx__channel_rows camx__conv_channel_rows(const camx__conv_plan *plan, const void *packed)
{
    camx__conv_map map = camx__conv_map_of(plan);
    camx__conv_phase phase = camx__conv_phase_of(plan, &map, 0);
    layout l = layout_of(plan);
    return phase_rows(&l, &map, &phase, packed);
}

void camx__conv_run_channel_rows(const camx__conv_plan *plan, const camx__channel_rows *rows)
{
    layout l = layout_of(plan);
    for (int64_t block = 0; block < l.blocks; block++)
        if (l.width == 1)
            vectors_of(plan)->depthwise(rows, block);
        else
            vectors_of(plan)->grouped(rows, block);
}

/* Some rows of one vector of channels, whose weights stay near, then of the next. */
static void run_task(void *context, size_t task, int worker)
{
    const channels_job *job = context;
    const camx__conv_map *map = &job->call->map;
    int64_t first = (int64_t)task % job->row_parts * job->rows;
    int64_t end = camx__smaller(first + job->rows, map->batch * map->dst_h);
    int64_t first_block = (int64_t)task / job->row_parts * job->blocks;
    int64_t end_block = camx__smaller(first_block + job->blocks, job->layout.blocks);
    (void)worker;
    for (int64_t image = first / map->dst_h; image * map->dst_h < end; image++) {
        int64_t from = image * map->dst_h;
        for (int64_t p = 0; p < map->phases_h * map->phases_w; p++) {
            camx__epilogue epilogue;
            camx__conv_phase phase = camx__conv_phase_of(job->call->plan, map, p);
            camx__channel_rows rows = rows_of(job, &phase, image, first > from ? first - from : 0,
                                              camx__smaller(end - from, map->dst_h), &epilogue);
            for (int64_t block = first_block; block < end_block; block++)
                job->run(&rows, block);
        }
    }
}

void camx__conv_channels_run(const camx__conv_call *call)
{
    const camx__conv_map *map = &call->map;
    const camx__vectors *vectors = vectors_of(call->plan);
    channels_job job = {.call = call, .layout = layout_of(call->plan)};
    job.run = job.layout.width == 1 ? vectors->depthwise : vectors->grouped;
    int64_t rows = map->batch * map->dst_h;
    int64_t row_work = map->dst_w * job.layout.lanes * job.layout.taps * job.layout.width;
    job.rows = camx__smaller(rows, TASK_WORK / row_work + 1);
    job.row_parts = camx__ceil_div(rows, job.rows);
    job.blocks = job.row_parts > 1 ? 1 : TASK_WORK / (row_work * rows) + 1;
    camx__pool_run(call->pool, (size_t)(job.row_parts * camx__ceil_div(job.layout.blocks, job.blocks)), run_task, &job);
}
