/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The general convolution: the source pixels of a few destination pixels are copied side by side
 * into a panel that fits the second-level cache (im2col), and the panel is multiplied by the packed
 * weights at once. Long sums are cut into ranges of taps, so that the panel keeps enough rows. Any
 * kernel, stride, dilation, padding, groups and direction.
 */
#include <assert.h>
#include <string.h>

#include "kernels/conv_map.h"
#include "kernels/vectors.h"

enum {
    PANEL_BYTES = 256 * 1024, /* of the copied source: part of a second-level cache */
    SMALL_BYTES = 16 * 1024,  /* part of a first-level cache: where few weights pass over it */
    SUM_LENGTH = 1024,        /* of one range of taps, about */
    TASK_WORK = 800 * 1000,   /* multiply-adds below which a task is not worth handing out */
    TASKS_WANTED = 64,        /* of one phase: enough for many threads to finish together */
    FEW_COLUMNS = 64          /* copying costs too much for fewer columns */
};

/* How one phase is cut into tasks; by its shape alone. */
typedef struct cut {
    int64_t rows, row_parts;       /* destination pixels of a task */
    int64_t columns, column_parts; /* its destination channels; with groups: its groups */
    int64_t taps;                  /* copied at a time */
    bool direct;                   /* products go straight to the destination */
} cut;

/* At the start of the scratch memory, one per phase. */
typedef struct phase_entry {
    int64_t first_task;
    size_t packed_offset;
} phase_entry;

static int64_t even_part(int64_t whole, int64_t most, int64_t unit)
{
    int64_t limit = most < unit ? unit : most / unit * unit;
    int64_t parts = camx__ceil_div(whole, limit);
    return camx__ceil_div(camx__ceil_div(whole, parts), unit) * unit;
}

static cut cut_phase(const camx__conv_plan *plan, const camx__conv_map *map,
                     const camx__conv_phase *phase)
{
    const camx__gemm *gemm = plan->settings.gemm;
    cut c = {.rows = 1, .columns = 1, .taps = 1};
    int64_t taps = phase->y.taps * phase->x.taps;
    int64_t depth = map->group_src > 0 ? map->group_src : 1;
    double work =
        (double)phase->pixels * (double)(phase->k > 0 ? phase->k : 1) * (double)map->dst_c;
    int64_t wanted =
        work / TASK_WORK > TASKS_WANTED ? TASKS_WANTED : (int64_t)(work / TASK_WORK) + 1;
    if (taps > 0)
        c.taps = SUM_LENGTH / depth < 1 ? 1 : even_part(taps, SUM_LENGTH / depth, 1);
    c.direct = c.taps >= taps && map->phases_h * map->phases_w == 1;
    if (phase->pixels == 0)
        return c;
    int64_t bytes = map->group_dst > 2 * gemm->tile_n ? PANEL_BYTES : SMALL_BYTES;
    int64_t most = bytes / (int64_t)sizeof(real) / (c.taps * depth);
    c.rows = even_part(phase->pixels, most, gemm->tile_m);
    c.rows = camx__smaller(c.rows, phase->pixels);
    c.row_parts = camx__ceil_div(phase->pixels, c.rows);
    int64_t column_parts = camx__ceil_div(wanted, c.row_parts);
    if (map->groups > 1) {
        c.columns = camx__ceil_div(map->groups, camx__smaller(column_parts, map->groups));
        c.column_parts = camx__ceil_div(map->groups, c.columns);
    } else {
        int64_t fair = camx__ceil_div(map->dst_c, column_parts);
        c.columns = even_part(map->dst_c, fair < FEW_COLUMNS ? FEW_COLUMNS : fair, gemm->tile_n);
        c.column_parts = camx__ceil_div(map->dst_c, c.columns);
    }
    return c;
}

/* Numbers of one worker: the panel, and the products that do not go straight to the destination. */
static size_t panel_reals(const camx__conv_map *map, const cut *c)
{
    return camx__round_up_bytes((size_t)(c->rows * c->taps * map->group_src) * sizeof(real)) /
           sizeof(real);
}

static size_t worker_bytes(const camx__conv_map *map, const cut *c)
{
    int64_t columns = map->groups > 1 ? map->group_dst : c->columns;
    size_t products = c->direct ? 0 : (size_t)(c->rows * columns);
    return camx__round_up_bytes((panel_reals(map, c) + products) * sizeof(real));
}

static size_t most_worker_bytes(const camx__conv_plan *plan, const camx__conv_map *map)
{
    size_t most = 0;
    for (int64_t i = 0; i < map->phases_h * map->phases_w; i++) {
        camx__conv_phase phase = camx__conv_phase_of(plan, map, i);
        cut c = cut_phase(plan, map, &phase);
        size_t bytes = worker_bytes(map, &c);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static size_t table_bytes(const camx__conv_map *map)
{
    return camx__round_up_bytes((size_t)(map->phases_h * map->phases_w) * sizeof(phase_entry));
}

void camx__conv_panels_measure(camx__conv_plan *plan, int workers)
{
    camx__conv_map map = camx__conv_map_of(plan);
    for (int64_t i = 0; i < map.phases_h * map.phases_w; i++) {
        camx__conv_phase phase = camx__conv_phase_of(plan, &map, i);
        plan->packed_bytes += phase.group_bytes * (size_t)map.groups;
    }
    plan->scratch_bytes = table_bytes(&map) + (size_t)workers * most_worker_bytes(plan, &map);
}

/* A destination pixel of a phase. */
typedef struct spot {
    int64_t image, y, x;
} spot;

static spot spot_of(const camx__conv_phase *phase, int64_t pixel)
{
    spot at;
    at.x = pixel % phase->x.out_count;
    at.y = pixel / phase->x.out_count % phase->y.out_count;
    at.image = pixel / phase->x.out_count / phase->y.out_count;
    return at;
}

static void next_spot(const camx__conv_phase *phase, spot *at)
{
    if (++at->x < phase->x.out_count)
        return;
    at->x = 0;
    if (++at->y < phase->y.out_count)
        return;
    at->y = 0;
    at->image++;
}

/* What a panel is filled from: the channels of one group. */
typedef struct source {
    const camx__conv_call *call;
    const camx__conv_phase *phase;
    const camx__vectors *vectors;
    const real *channels; /* of the group at the first pixel */
    int64_t depth;        /* numbers of one tap */
    int64_t have;         /* of them, those that exist (a last merged group) */
} source;

/* Taps first .. end - 1 of one kernel row one by one: some are outside, or the group is not whole.
 */
static void copy_some_taps(const source *from, const real *row, int64_t x, int64_t taps, real *out)
{
    for (int64_t t = 0; t < taps; t++, x += from->phase->x.tap_step, out += from->depth) {
        int64_t have = x >= 0 && x < from->call->map.src_w ? from->have : 0;
        if (have > 0)
            from->vectors->copy_runs(out, row + x * from->call->src_pitch, 0, 1, have);
        if (have < from->depth)
            memset(out + have, 0, (size_t)(from->depth - have) * sizeof(real));
    }
}

/* Taps first .. end - 1 of one kernel row at source row `row` (NULL: outside), side by side. */
static void copy_taps(const source *from, const real *row, int64_t out_x, int64_t first,
                      int64_t end, real *out)
{
    const camx__conv_axis *axis = &from->phase->x;
    int64_t pitch = from->call->src_pitch;
    int64_t depth = from->depth;
    int64_t taps = end - first;
    int64_t x = out_x * axis->in_step + axis->in_first + first * axis->tap_step;
    int64_t last = x + (taps - 1) * axis->tap_step;
    if (!row)
        memset(out, 0, (size_t)(taps * depth) * sizeof(real));
    else if (x < 0 || last >= from->call->map.src_w || from->have < depth)
        copy_some_taps(from, row, x, taps, out);
    else if (axis->tap_step == 1 && pitch == depth)
        from->vectors->copy_runs(out, row + x * pitch, 0, 1, taps * depth);
    else
        from->vectors->copy_runs(out, row + x * pitch, axis->tap_step * pitch, taps, depth);
}

/* Taps first .. first + count - 1 (counted through all kernel rows) of `rows` pixels from `pixel`
 * on. */
static void fill_panel(const source *from, int64_t pixel, int64_t rows, int64_t first,
                       int64_t count, real *out)
{
    const camx__conv_map *map = &from->call->map;
    const camx__conv_phase *phase = from->phase;
    int64_t row_taps = phase->x.taps;
    int64_t row_step = map->src_w * from->call->src_pitch;
    int64_t first_y = count > 0 ? first / row_taps : 0;
    int64_t first_x = count > 0 ? first % row_taps : 0;
    spot at = spot_of(phase, pixel);
    for (int64_t i = 0; i < rows; i++, next_spot(phase, &at)) {
        int64_t y = at.y * phase->y.in_step + phase->y.in_first + first_y * phase->y.tap_step;
        int64_t tx = first_x;
        int64_t left = count;
        while (left > 0) {
            int64_t end = camx__smaller(row_taps, tx + left);
            const real *row = NULL;
            if (y >= 0 && y < map->src_h)
                row = from->channels + (at.image * map->src_h + y) * row_step;
            copy_taps(from, row, at.x, tx, end, out);
            out += (end - tx) * from->depth;
            left -= end - tx;
            tx = 0;
            y += phase->y.tap_step;
        }
    }
}

/* Products of a phase whose pixels are not side by side: to their places. */
static void place_rows(const camx__conv_call *call, const camx__conv_phase *phase, int64_t pixel,
                       int64_t rows, int64_t channel, int64_t count, const real *products)
{
    const camx__conv_map *map = &call->map;
    spot at = spot_of(phase, pixel);
    for (int64_t i = 0; i < rows; i++, next_spot(phase, &at), products += count) {
        int64_t y = phase->y.out_first + at.y * phase->y.out_step;
        int64_t x = phase->x.out_first + at.x * phase->x.out_step;
        int64_t place = (at.image * map->dst_h + y) * map->dst_w + x;
        real *out = call->dst + place * call->dst_pitch + channel;
        if (call->accumulate)
            for (int64_t j = 0; j < count; j++)
                out[j] += products[j];
        else
            memcpy(out, products, (size_t)count * sizeof(real));
    }
}

/* One rectangle of a phase: `rows` pixels x columns of one group. */
typedef struct rectangle {
    int64_t group, pixel, rows, first, columns;
    const char *packed; /* of the group */
    real *panel, *products;
} rectangle;

static void run_rectangle(const camx__conv_call *call, const camx__conv_phase *phase, const cut *c,
                          const rectangle *r)
{
    const camx__conv_map *map = &call->map;
    const camx__gemm *gemm = call->plan->settings.gemm;
    int64_t taps = phase->y.taps * phase->x.taps;
    int64_t channel = r->group * map->group_dst;
    camx__epilogue epilogue;
    source from = {.call = call,
                   .phase = phase,
                   .channels = call->src + r->group * map->group_src,
                   .depth = map->group_src};
    from.vectors = camx__vectors_of(camx__gemm_isa(gemm));
    from.have = camx__smaller(from.depth, map->src_c - r->group * from.depth);
    camx__gemm_part part = {.n = map->group_dst,
                            .k = phase->k,
                            .m = r->rows,
                            .n_first = r->first,
                            .n_count = r->columns,
                            .a = r->panel,
                            .packed = r->packed};
    part.c = c->direct ? call->dst + r->pixel * call->dst_pitch + channel + r->first : r->products;
    part.ldc = c->direct ? call->dst_pitch : r->columns;
    if (call->epilogue) {
        epilogue = *call->epilogue;
        if (epilogue.bias)
            epilogue.bias += channel;
        if (epilogue.residual)
            epilogue.residual += r->pixel * epilogue.residual_pitch + channel;
    }
    for (int64_t tap = 0; tap < taps || tap == 0; tap += c->taps) {
        int64_t count = camx__smaller(c->taps, taps - tap);
        fill_panel(&from, r->pixel, r->rows, tap, count, r->panel);
        part.k_first = tap * map->group_src;
        part.k_count = count * map->group_src;
        part.lda = part.k_count;
        part.accumulate = tap > 0 || (c->direct && call->accumulate);
        part.epilogue = call->epilogue && tap + count >= taps ? &epilogue : NULL;
        gemm->part(&part);
    }
    if (!c->direct)
        place_rows(call, phase, r->pixel, r->rows, channel + r->first, r->columns, r->products);
}

typedef struct panels_job {
    const camx__conv_call *call;
    const phase_entry *table;
    int64_t phases;
    char *workers;
    size_t worker_bytes;
} panels_job;

static int64_t find_phase(const panels_job *job, int64_t task)
{
    int64_t low = 0;
    int64_t high = job->phases;
    while (high - low > 1) {
        int64_t middle = (low + high) / 2;
        if (job->table[middle].first_task <= task)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void run_task(void *context, size_t task, int worker)
{
    const panels_job *job = context;
    const camx__conv_call *call = job->call;
    const camx__conv_map *map = &call->map;
    int64_t index = find_phase(job, (int64_t)task);
    camx__conv_phase phase = camx__conv_phase_of(call->plan, map, index);
    cut c = cut_phase(call->plan, map, &phase);
    int64_t within = (int64_t)task - job->table[index].first_task;
    int64_t column = within / c.row_parts * c.columns;
    const char *packed = (const char *)call->packed + job->table[index].packed_offset;
    rectangle r = {.pixel = within % c.row_parts * c.rows};
    r.rows = camx__smaller(c.rows, phase.pixels - r.pixel);
    r.panel = (real *)(job->workers + (size_t)worker * job->worker_bytes);
    r.products = r.panel + panel_reals(map, &c);
    if (map->groups == 1) {
        r.first = column;
        r.columns = camx__smaller(c.columns, map->dst_c - column);
        r.packed = packed;
        run_rectangle(call, &phase, &c, &r);
        return;
    }
    int64_t end = camx__smaller(column + c.columns, map->groups);
    for (r.group = column; r.group < end; r.group++) {
        r.columns = camx__smaller(map->group_dst, map->dst_c - r.group * map->group_dst);
        r.packed = packed + (size_t)r.group * phase.group_bytes;
        run_rectangle(call, &phase, &c, &r);
    }
}

void camx__conv_panels_run(const camx__conv_call *call)
{
    const camx__conv_map *map = &call->map;
    phase_entry *table = call->scratch;
    panels_job job = {.call = call,
                      .table = table,
                      .phases = map->phases_h * map->phases_w,
                      .workers = (char *)call->scratch + table_bytes(map),
                      .worker_bytes = most_worker_bytes(call->plan, map)};
    int64_t tasks = 0;
    size_t offset = 0;
    for (int64_t i = 0; i < job.phases; i++) {
        camx__conv_phase phase = camx__conv_phase_of(call->plan, map, i);
        cut c = cut_phase(call->plan, map, &phase);
        table[i].first_task = tasks;
        table[i].packed_offset = offset;
        tasks += c.row_parts * c.column_parts;
        offset += phase.group_bytes * (size_t)map->groups;
    }
    camx__pool_run(camx__gemm_is_serial(call->plan->settings.gemm) ? NULL : call->pool,
                   (size_t)tasks, run_task, &job);
}
