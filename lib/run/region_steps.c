/* SPDX-License-Identifier: Apache-2.0 */
/* The moves of a region plan: cutting windows out of kept maps, and running operators on them. */
#include <string.h>

#include "kernels/rows.h"
#include "run/region_private.h"

enum {
    ROWS = 4,  /* rows of a window that one task gathers */
    CHANNELS = 64 /* of a sum that one task makes */
};

/* ---- strides ---- */

/* A tensor of which single positions are copied. */
typedef struct layout {
    char *data;
    size_t size; /* bytes of a number */
    int64_t item, row, column; /* strides */
    int64_t rows, columns;
    int rest_count; /* the other axes, the one with stride 1 left out: `run` numbers side by side */
    int64_t rest[CAMX__MAX_RANK];
} layout;

static layout layout_of(const camx__tensor *tensor, const int axis[2])
{
    int64_t strides[CAMX__MAX_RANK];
    camx__tensor_strides(tensor, strides);
    layout l = {.data = tensor->data,
                .size = camx__elem_is_real(tensor->elem) ? sizeof(real) : sizeof(int64_t),
                .item = strides[0],
                .row = strides[axis[0]],
                .column = strides[axis[1]],
                .rows = tensor->shape.dim[axis[0]],
                .columns = tensor->shape.dim[axis[1]]};
    for (int i = 1; i < tensor->shape.rank; i++)
        if (i != axis[0] && i != axis[1])
            l.rest[l.rest_count++] = strides[i];
    return l;
}

/* ---- gathering ---- */

typedef struct gathering {
    const camx__region_plan *plan;
    const camx__region_move *move;
    layout kept, changed, to;
    bool has_changed;
    int64_t rest_dim[CAMX__MAX_RANK]; /* of the axes in layout.rest that are walked */
    int rest_count;
    int64_t run; /* numbers side by side at a position */
    int64_t tasks_per_item;
} gathering;

/* An axis of numbers side by side in all three is copied at once: it is taken out of the walk. */
static void find_run(gathering *g, const camx__tensor *tensor, const int axis[2])
{
    int at = 0;
    g->run = 1;
    g->rest_count = 0;
    for (int i = 1; i < tensor->shape.rank; i++) {
        if (i == axis[0] || i == axis[1])
            continue;
        int64_t dim = tensor->shape.dim[i];
        bool side_by_side = g->run == 1 && g->kept.rest[at] == 1 && g->to.rest[at] == 1 &&
                            (!g->has_changed || g->changed.rest[at] == 1);
        if (side_by_side) {
            g->run = dim;
        } else {
            g->kept.rest[g->rest_count] = g->kept.rest[at];
            g->to.rest[g->rest_count] = g->to.rest[at];
            g->changed.rest[g->rest_count] = g->changed.rest[at];
            g->rest_dim[g->rest_count++] = dim;
        }
        at++;
    }
}

/* `count` positions of a row. */
static void copy_positions(const gathering *g, char *to, const layout *from, int64_t offset, int64_t count)
{
    size_t size = from->size;
    size_t bytes = (size_t)g->run * size;
    const char *source = from->data + (size_t)offset * size;
    if (count <= 0)
        return;
    if (from->column == g->run && g->to.column == g->run) {
        memcpy(to, source, (size_t)count * bytes);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        memcpy(to + (size_t)(i * g->to.column) * size, source + (size_t)(i * from->column) * size, bytes);
}

static void fill_positions(const gathering *g, char *to, int64_t count)
{
    real *numbers = (real *)(void *)to;
    for (int64_t i = 0; i < count; i++)
        for (int64_t k = 0; k < g->run; k++)
            numbers[i * g->to.column + k] = g->move->outside;
}

/* Where a window lies: of the result, and of what has changed. */
typedef struct spot {
    int64_t item;
    int64_t y, x;           /* of the result's first position, in the map */
    int64_t changed_y, changed_x;
} spot;

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* One row of one item: padding, kept, changed, kept, padding. `kept` and so on are offsets of the other axes. */
static void gather_row(const gathering *g, const spot *at, int64_t row, int64_t kept, int64_t changed, int64_t to)
{
    int64_t y = at->y + row;
    size_t size = g->to.size;
    char *out = g->to.data + (size_t)(at->item * g->to.item + row * g->to.row + to) * size;
    int64_t end = at->x + g->to.columns;
    if (y < 0 || y >= g->kept.rows) {
        fill_positions(g, out, g->to.columns);
        return;
    }
    int64_t from = clamp(0, at->x, end);
    int64_t last = clamp(g->kept.columns, from, end);
    int64_t inner = y - at->changed_y;
    bool overlaid = g->has_changed && inner >= 0 && inner < g->changed.rows;
    int64_t new_from = overlaid ? clamp(at->changed_x, from, last) : last;
    int64_t new_last = overlaid ? clamp(at->changed_x + g->changed.columns, new_from, last) : last;
    int64_t base = kept + y * g->kept.row;
    fill_positions(g, out, from - at->x);
    copy_positions(g, out + (size_t)((from - at->x) * g->to.column) * size, &g->kept,
                   base + from * g->kept.column, new_from - from);
    if (overlaid)
        copy_positions(g, out + (size_t)((new_from - at->x) * g->to.column) * size, &g->changed,
                       changed + at->item * g->changed.item + inner * g->changed.row +
                           (new_from - at->changed_x) * g->changed.column,
                       new_last - new_from);
    copy_positions(g, out + (size_t)((new_last - at->x) * g->to.column) * size, &g->kept,
                   base + new_last * g->kept.column, last - new_last);
    fill_positions(g, out + (size_t)((last - at->x) * g->to.column) * size, end - last);
}

static int64_t origin_of(const camx__stack *stack, int axis, int64_t i)
{
    return stack != NULL && stack->origin[axis] != NULL ? stack->origin[axis][i] : 0;
}

static spot spot_of(const camx__region_plan *plan, const camx__region_move *move, int64_t item)
{
    int64_t row = item / plan->windows[1].count;
    int64_t column = item % plan->windows[1].count;
    spot at = {.item = item,
               .y = origin_of(move->to, 0, row),
               .x = origin_of(move->to, 1, column),
               .changed_y = origin_of(move->from, 0, row),
               .changed_x = origin_of(move->from, 1, column)};
    return at;
}

/* A few rows of one item, over all other axes. */
static void gather_task(void *context, size_t task, int worker)
{
    const gathering *g = context;
    spot at = spot_of(g->plan, g->move, (int64_t)task / g->tasks_per_item);
    int64_t first = (int64_t)task % g->tasks_per_item * ROWS;
    int64_t end = first + ROWS < g->to.rows ? first + ROWS : g->to.rows;
    int64_t index[CAMX__MAX_RANK] = {0};
    int64_t kept = 0;
    int64_t changed = 0;
    int64_t to = 0;
    int axis = 0;
    (void)worker;
    do {
        for (int64_t row = first; row < end; row++)
            gather_row(g, &at, row, kept, changed, to);
        for (axis = g->rest_count - 1; axis >= 0; axis--) {
            kept += g->kept.rest[axis];
            changed += g->changed.rest[axis];
            to += g->to.rest[axis];
            if (++index[axis] < g->rest_dim[axis])
                break;
            kept -= g->kept.rest[axis] * g->rest_dim[axis];
            changed -= g->changed.rest[axis] * g->rest_dim[axis];
            to -= g->to.rest[axis] * g->rest_dim[axis];
            index[axis] = 0;
        }
    } while (axis >= 0);
}

static layout kept_layout(const camx__region_plan *plan, int place, const int axis[2], int64_t image)
{
    layout kept = layout_of(&plan->region->base.tensors[place], axis);
    kept.data += (size_t)(image * kept.item) * kept.size;
    return kept;
}

static void run_gather(const camx__region_plan *plan, const camx__region_move *move, int64_t image)
{
    const camx__tensor *to = &move->to->tensor;
    gathering g = {.plan = plan, .move = move, .has_changed = move->from != NULL};
    g.kept = kept_layout(plan, move->place, move->to->axis, image);
    g.to = layout_of(to, move->to->axis);
    if (g.has_changed)
        g.changed = layout_of(&move->from->tensor, move->from->axis);
    find_run(&g, to, move->to->axis);
    g.tasks_per_item = (g.to.rows + ROWS - 1) / ROWS;
    if (camx__shape_count(&to->shape) > 0)
        camx__pool_run(plan->region->pool, (size_t)(to->shape.dim[0] * g.tasks_per_item), gather_task, &g);
}

/* ---- the input ---- */

/* The rectangle of an item, over what has been gathered. shown is one image, laid out as the network's input. */
static void show_item(const camx__region_plan *plan, const camx__region_move *move, const layout *kept,
                      const layout *to, int64_t item, const float *shown)
{
    const camx__region_block *block = plan->block;
    camx__range rows = block->rows[item / block->column_count];
    camx__range columns = block->columns[item % block->column_count];
    spot at = spot_of(plan, move, item);
    int rest = move->to->axis[0] == 1 ? 3 : 1; /* the axis of channels */
    for (int64_t c = 0; c < move->to->tensor.shape.dim[rest]; c++)
        for (int64_t y = rows.from; y < rows.to; y++)
            for (int64_t x = columns.from; x < columns.to; x++) {
                int64_t from = c * kept->rest[0] + y * kept->row + x * kept->column;
                int64_t into = item * to->item + c * to->rest[0] + (y - at.y) * to->row + (x - at.x) * to->column;
                ((real *)(void *)to->data)[into] = (real)shown[from];
            }
}

static void run_show(const camx__region_plan *plan, const camx__region_move *move, int64_t image,
                     const float *shown)
{
    layout kept = kept_layout(plan, move->place, move->to->axis, image);
    layout to = layout_of(&move->to->tensor, move->to->axis);
    run_gather(plan, move, image);
    for (int64_t item = 0; item < move->to->tensor.shape.dim[0]; item++)
        show_item(plan, move, &kept, &to, item, shown);
}

/* ---- sums ---- */

typedef struct summing {
    const camx__region_plan *plan;
    const camx__region_move *move;
    layout kept, changed;
    int64_t channels;
    int64_t tasks_per_item;
    const real *kept_result;
    real *result;
} summing;

static void sum_task(void *context, size_t task, int worker)
{
    const summing *s = context;
    int64_t item = (int64_t)task / s->tasks_per_item;
    int64_t first = (int64_t)task % s->tasks_per_item * CHANNELS;
    int64_t count = s->channels - first < CHANNELS ? s->channels - first : CHANNELS;
    spot at = spot_of(s->plan, s->move, item);
    double sum[CHANNELS] = {0};
    (void)worker;
    for (int64_t y = 0; y < s->changed.rows; y++)
        for (int64_t x = 0; x < s->changed.columns; x++) {
            const real *now = (const real *)(const void *)s->changed.data + item * s->changed.item +
                              y * s->changed.row + x * s->changed.column + first * s->changed.rest[0];
            const real *was = (const real *)(const void *)s->kept.data + (at.changed_y + y) * s->kept.row +
                              (at.changed_x + x) * s->kept.column + first * s->kept.rest[0];
            for (int64_t c = 0; c < count; c++)
                sum[c] += (double)now[c * s->changed.rest[0]] - (double)was[c * s->kept.rest[0]];
        }
    for (int64_t c = 0; c < count; c++)
        s->result[item * s->channels + first + c] =
            (real)((double)s->kept_result[first + c] + s->move->factor * sum[c]);
}

static void run_sum(const camx__region_plan *plan, const camx__region_move *move, int64_t image)
{
    const camx__stack *from = move->from;
    summing s = {.plan = plan, .move = move};
    s.kept = kept_layout(plan, move->place, from->axis, image);
    s.changed = layout_of(&from->tensor, from->axis);
    s.channels = camx__shape_count(&move->to->tensor.shape) / move->to->tensor.shape.dim[0];
    s.tasks_per_item = (s.channels + CHANNELS - 1) / CHANNELS;
    s.kept_result = camx__reals(&plan->region->base.tensors[move->kept]) + image * s.channels;
    s.result = camx__reals(&move->to->tensor);
    camx__pool_run(plan->region->pool, (size_t)(move->to->tensor.shape.dim[0] * s.tasks_per_item), sum_task, &s);
}

/* ---- all of it ---- */

static camx_status run_call(const camx__region_plan *plan, const camx__region_move *move, camx_error *error)
{
    const camx__step *step = move->step;
    camx__op_call call = {.params = move->params,
                          .state = move->state,
                          .label = step->label,
                          .input_count = step->input_count,
                          .inputs = move->inputs,
                          .output_count = step->output_count,
                          .outputs = move->outputs,
                          .packed = move->pack != NULL ? move->pack->data : NULL,
                          .epilogue = step->fused ? &move->epilogue : NULL,
                          .scratch = plan->region->arena + plan->scratch_at,
                          .pool = plan->region->pool,
                          .error = error};
    return step->op->forward(&call);
}

camx_status camx__region_execute(const camx__region_plan *plan, int64_t image, const float *shown,
                                 camx_error *error)
{
    for (int i = 0; i < plan->move_count; i++) {
        const camx__region_move *move = &plan->moves[i];
        switch (move->kind) {
        case CAMX__REGION_SHOW:
            run_show(plan, move, image, shown);
            break;
        case CAMX__REGION_GATHER:
            run_gather(plan, move, image);
            break;
        case CAMX__REGION_SUM:
            run_sum(plan, move, image);
            break;
        case CAMX__REGION_COPY:
            camx__rows_copy(plan->region->pool, &move->from->tensor, &move->to->tensor);
            break;
        default:
            CAMX__FORWARD(run_call(plan, move, error));
        }
    }
    return CAMX_OK;
}
