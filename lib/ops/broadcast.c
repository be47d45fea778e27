/* SPDX-License-Identifier: Apache-2.0 */
/* The walk of broadcast.h: axes are sorted and merged, then cut into units that tasks run. */
#include "ops/broadcast.h"

#include <assert.h>
#include <string.h>

#include "ops/totals.h"

enum {
    SHORT_BLOCK = 256, /* elements at a time where they pass through a buffer */
    LONG_BLOCK = 8192, /* where they do not */
    TASK_WORK = 16384  /* elements that one task should handle at least */
};

void camx__operand_init(camx__operand *operand, const camx__tensor *tensor,
                        const camx__shape *shape)
{
    camx__operand_init_at(operand, tensor, shape, shape->rank - tensor->shape.rank);
}

void camx__operand_init_at(camx__operand *operand, const camx__tensor *tensor,
                           const camx__shape *shape, int shift)
{
    int64_t own[CAMX__MAX_RANK];
    assert(shift >= 0 && shift + tensor->shape.rank <= shape->rank);
    (void)shape;
    camx__tensor_strides(tensor, own);
    operand->data = tensor->data;
    operand->size = camx__elem_is_real(tensor->elem) ? sizeof(real) : sizeof(int64_t);
    for (int i = 0; i < CAMX__MAX_RANK; i++)
        operand->stride[i] = 0;
    for (int i = 0; i < tensor->shape.rank; i++)
        operand->stride[i + shift] = tensor->shape.dim[i] == 1 ? 0 : own[i];
}

/* ---- axes ---- */

typedef struct axis {
    int64_t dim;
    int64_t in[CAMX__WALK_INPUTS];
    int64_t out;
    bool reduced;
} axis;

typedef struct walk_job {
    const camx__walk *walk;
    int kept;
    int reduced;
    axis kept_axis[CAMX__MAX_RANK]; /* outermost first */
    axis reduced_axis[CAMX__MAX_RANK];
    axis row; /* the innermost axis: kept or reduced */
    int64_t block;
    int64_t blocks; /* of a kept row */
    int64_t units;
    int64_t units_per_task;
} walk_job;

static int64_t axis_key(const axis *a, bool by_input)
{
    int64_t key = by_input ? a->in[0] : a->out;
    return key < 0 ? -key : key;
}

/* Axes longer than 1, the one with the smallest step innermost. Returns how many. */
static int sorted_axes(const camx__walk *walk, axis axes[CAMX__MAX_RANK])
{
    int count = 0;
    bool any_reduced = false;
    for (int i = 0; i < walk->shape.rank; i++) {
        axis *a = &axes[count];
        a->dim = walk->shape.dim[i];
        if (a->dim == 1)
            continue;
        for (int k = 0; k < walk->inputs; k++)
            a->in[k] = walk->in[k].stride[i];
        a->out = walk->out.stride[i];
        a->reduced = a->out == 0;
        any_reduced = any_reduced || a->reduced;
        count++;
    }
    for (int i = 1; i < count; i++) {
        axis moving = axes[i];
        int at = i;
        while (at > 0 && axis_key(&axes[at - 1], any_reduced) < axis_key(&moving, any_reduced)) {
            axes[at] = axes[at - 1];
            at--;
        }
        axes[at] = moving;
    }
    return count;
}

static bool can_merge(const axis *outer, const axis *inner, int inputs)
{
    if (outer->reduced != inner->reduced || outer->out != inner->out * inner->dim)
        return false;
    for (int k = 0; k < inputs; k++)
        if (outer->in[k] != inner->in[k] * inner->dim)
            return false;
    return true;
}

static int merged_axes(axis *axes, int count, int inputs)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (kept > 0 && can_merge(&axes[kept - 1], &axes[i], inputs)) {
            int64_t dim = axes[kept - 1].dim * axes[i].dim;
            axes[kept - 1] = axes[i];
            axes[kept - 1].dim = dim;
        } else {
            axes[kept++] = axes[i];
        }
    }
    return kept;
}

/* True if rows go straight from the operands to the result, with no buffer between. */
static bool is_direct(const walk_job *job)
{
    const camx__walk *walk = job->walk;
    if (walk->accumulate || job->reduced > 0 || job->row.reduced || job->row.out != 1)
        return false;
    for (int k = 0; k < walk->inputs; k++)
        if (job->row.in[k] != 0 && job->row.in[k] != 1)
            return false;
    return true;
}

static void plan_job(walk_job *job, const camx__walk *walk)
{
    axis axes[CAMX__MAX_RANK];
    int count = merged_axes(axes, sorted_axes(walk, axes), walk->inputs);
    int64_t work = 1;
    memset(job, 0, sizeof *job);
    job->walk = walk;
    job->row = (axis){.dim = 1, .in = {1, 1, 1, 1}, .out = 1};
    job->units = 1;
    for (int i = 0; i < count; i++) {
        if (i == count - 1)
            job->row = axes[i];
        else if (axes[i].reduced)
            job->reduced_axis[job->reduced++] = axes[i];
        else
            job->kept_axis[job->kept++] = axes[i];
    }
    for (int i = 0; i < job->reduced; i++)
        work *= job->reduced_axis[i].dim;
    for (int i = 0; i < job->kept; i++)
        job->units *= job->kept_axis[i].dim;
    job->block = is_direct(job) ? LONG_BLOCK : SHORT_BLOCK;
    job->blocks = 1;
    if (!job->row.reduced) {
        job->blocks = (job->row.dim + job->block - 1) / job->block;
        work *= job->row.dim < job->block ? job->row.dim : job->block;
    } else {
        work *= job->row.dim;
    }
    job->units *= job->blocks;
    job->units_per_task = work >= TASK_WORK || work <= 0 ? 1 : TASK_WORK / work;
}

/* ---- rows ---- */

/* Room for one block on the stack of the thread that works. */
typedef struct buffers {
    int64_t in[CAMX__WALK_INPUTS][SHORT_BLOCK]; /* int64_t is the widest element */
    int64_t out[SHORT_BLOCK];
} buffers;

static void gather(const void *from, size_t size, int64_t stride, int64_t count, void *to)
{
    if (size == sizeof(float)) {
        const float *source = from;
        float *target = to;
        for (int64_t i = 0; i < count; i++)
            target[i] = source[i * stride];
    } else {
        const int64_t *source = from;
        int64_t *target = to;
        for (int64_t i = 0; i < count; i++)
            memcpy(target + i, source + i * stride, sizeof *target);
    }
}

static void scatter(const void *from, size_t size, int64_t stride, int64_t count, void *to)
{
    if (size == sizeof(float)) {
        const float *source = from;
        float *target = to;
        for (int64_t i = 0; i < count; i++)
            target[i * stride] = source[i];
    } else {
        const int64_t *source = from;
        int64_t *target = to;
        for (int64_t i = 0; i < count; i++)
            memcpy(target + i * stride, source + i, sizeof *target);
    }
}

/* Calls fn on `count` elements of the row that starts at in[]; the results go to `out`,
 * consecutively. */
static void compute_block(const walk_job *job, const char *const *in, int64_t count, void *out,
                          buffers *room)
{
    const camx__walk *walk = job->walk;
    const void *at[CAMX__WALK_INPUTS] = {NULL};
    int step[CAMX__WALK_INPUTS] = {0};
    for (int k = 0; k < walk->inputs; k++) {
        int64_t stride = job->row.in[k];
        at[k] = in[k];
        step[k] = stride == 0 ? 0 : 1;
        if (stride != 0 && stride != 1) {
            gather(in[k], walk->in[k].size, stride, count, room->in[k]);
            at[k] = room->in[k];
        }
    }
    walk->fn(walk->context, at, step, out, count);
}

static void move_operands(const walk_job *job, const axis *along, int64_t steps, const char **in)
{
    for (int k = 0; k < job->walk->inputs; k++)
        in[k] += steps * along->in[k] * (int64_t)job->walk->in[k].size;
}

static void store_block(const walk_job *job, const void *results, int64_t count, char *out)
{
    const camx__walk *walk = job->walk;
    if (walk->accumulate) {
        real *target = (real *)(void *)out;
        const real *source = results;
        for (int64_t i = 0; i < count; i++)
            target[i * job->row.out] += source[i];
    } else if (results != out) {
        scatter(results, walk->out.size, job->row.out, count, out);
    }
}

/* ---- reductions ---- */

static void store_totals(const walk_job *job, const camx__total *totals, int64_t count, char *out)
{
    const camx__walk *walk = job->walk;
    if (walk->out_is_integer) {
        int64_t *target = (int64_t *)(void *)out;
        for (int64_t i = 0; i < count; i++)
            target[i * job->row.out] = totals[i].int_value;
        return;
    }
    real *target = (real *)(void *)out;
    for (int64_t i = 0; i < count; i++) {
        real value = (real)totals[i].real_value;
        if (walk->accumulate)
            target[i * job->row.out] += value;
        else
            target[i * job->row.out] = value;
    }
}

/* The next position of the reduced axes; false after the last. */
static bool next_reduced(const walk_job *job, int64_t index[CAMX__MAX_RANK], const char **in)
{
    for (int i = job->reduced - 1; i >= 0; i--) {
        const axis *along = &job->reduced_axis[i];
        if (++index[i] < along->dim) {
            move_operands(job, along, 1, in);
            return true;
        }
        move_operands(job, along, -(along->dim - 1), in);
        index[i] = 0;
    }
    return false;
}

static void reduce_row(const walk_job *job, const char *const *first,
                       camx__total lanes[CAMX__TOTAL_LANES], buffers *room)
{
    const char *in[CAMX__WALK_INPUTS];
    memcpy(in, first, sizeof in);
    for (int64_t at = 0; at < job->row.dim; at += job->block) {
        int64_t count = job->row.dim - at < job->block ? job->row.dim - at : job->block;
        compute_block(job, in, count, room->out, room);
        camx__totals_add_row(job->walk, lanes, room->out, count);
        move_operands(job, &job->row, count, in);
    }
}

static void reduce_unit(const walk_job *job, const char **in, int64_t count, char *out,
                        buffers *room)
{
    camx__total totals[SHORT_BLOCK];
    int64_t index[CAMX__MAX_RANK] = {0};
    int64_t width = job->row.reduced ? CAMX__TOTAL_LANES : count;
    bool empty = false;
    camx__totals_clear(job->walk, totals, width);
    for (int i = 0; i < job->reduced; i++)
        empty = empty || job->reduced_axis[i].dim == 0;
    if (!empty) {
        do {
            if (job->row.reduced) {
                reduce_row(job, in, totals, room);
            } else {
                compute_block(job, in, count, room->out, room);
                camx__totals_add(job->walk, totals, room->out, count);
            }
        } while (next_reduced(job, index, in));
    }
    if (job->row.reduced) {
        camx__totals_merge(job->walk, totals);
        count = 1;
    }
    store_totals(job, totals, count, out);
}

/* ---- units ---- */

/* Where a task is: a block of the row at one position of the other kept axes. */
typedef struct cursor {
    int64_t block;
    int64_t index[CAMX__MAX_RANK];
    const char *in[CAMX__WALK_INPUTS]; /* at the start of the row */
    char *out;
} cursor;

static void move_cursor(const walk_job *job, cursor *at, int axis_number, int64_t steps)
{
    const axis *along = &job->kept_axis[axis_number];
    at->index[axis_number] += steps;
    at->out += steps * along->out * (int64_t)job->walk->out.size;
    move_operands(job, along, steps, at->in);
}

static void start_at(const walk_job *job, int64_t unit, cursor *at)
{
    int64_t rest = unit / job->blocks;
    memset(at, 0, sizeof *at);
    at->block = unit % job->blocks;
    at->out = job->walk->out.data;
    for (int k = 0; k < job->walk->inputs; k++)
        at->in[k] = job->walk->in[k].data;
    for (int i = job->kept - 1; i >= 0; i--) {
        move_cursor(job, at, i, rest % job->kept_axis[i].dim);
        rest /= job->kept_axis[i].dim;
    }
}

static void next_unit(const walk_job *job, cursor *at)
{
    if (++at->block < job->blocks)
        return;
    at->block = 0;
    for (int i = job->kept - 1; i >= 0; i--) {
        move_cursor(job, at, i, 1);
        if (at->index[i] < job->kept_axis[i].dim)
            return;
        move_cursor(job, at, i, -job->kept_axis[i].dim);
    }
}

static void run_unit(const walk_job *job, const cursor *at, buffers *room)
{
    const camx__walk *walk = job->walk;
    const char *in[CAMX__WALK_INPUTS];
    int64_t first = at->block * job->block;
    int64_t count = job->row.dim - first < job->block ? job->row.dim - first : job->block;
    char *target = at->out;
    memcpy(in, at->in, sizeof in);
    if (first > 0) {
        move_operands(job, &job->row, first, in);
        target += first * job->row.out * (int64_t)walk->out.size;
    }
    if (job->row.reduced || job->reduced > 0) {
        reduce_unit(job, in, count, target, room);
    } else {
        bool straight = job->row.out == 1 && !walk->accumulate;
        void *results = straight ? (void *)target : (void *)room->out;
        compute_block(job, in, count, results, room);
        store_block(job, results, count, target);
    }
}

static void run_task(void *context, size_t task, int worker)
{
    const walk_job *job = context;
    buffers room;
    cursor at;
    int64_t first = (int64_t)task * job->units_per_task;
    int64_t last = first + job->units_per_task;
    (void)worker;
    if (last > job->units)
        last = job->units;
    start_at(job, first, &at);
    for (int64_t unit = first; unit < last; unit++) {
        run_unit(job, &at, &room);
        next_unit(job, &at);
    }
}

void camx__walk_run(camx__pool *pool, const camx__walk *walk)
{
    walk_job job;
    assert(walk->inputs <= CAMX__WALK_INPUTS && !(walk->accumulate && walk->out_is_integer));
    plan_job(&job, walk);
    if (job.units <= 0)
        return;
    int64_t tasks = (job.units + job.units_per_task - 1) / job.units_per_task;
    if (tasks == 1)
        run_task(&job, 0, 0);
    else
        camx__pool_run(pool, (size_t)tasks, run_task, &job);
}

/* ---- moving numbers ---- */

void camx__copy_reals(const void *context, const void *const *in, const int *step, void *out,
                      int64_t count)
{
    const real *x = in[0];
    real *y = out;
    (void)context;
    if (step[0] == 1 && x != y)
        memcpy(y, x, (size_t)count * sizeof *y);
    for (int64_t i = 0; step[0] == 0 && i < count; i++)
        y[i] = x[0];
}

void camx__copy_ints(const void *context, const void *const *in, const int *step, void *out,
                     int64_t count)
{
    const int64_t *x = in[0];
    int64_t *y = out;
    (void)context;
    if (step[0] == 1 && x != y)
        memcpy(y, x, (size_t)count * sizeof *y);
    for (int64_t i = 0; step[0] == 0 && i < count; i++)
        y[i] = x[0];
}

void camx__broadcast_copy(camx__pool *pool, const camx__tensor *x, const camx__tensor *y,
                          bool accumulate)
{
    bool is_real = camx__elem_is_real(y->elem);
    camx__walk walk = {.shape = y->shape,
                       .inputs = 1,
                       .fn = is_real ? camx__copy_reals : camx__copy_ints,
                       .out_is_integer = !is_real,
                       .accumulate = accumulate};
    assert(camx__elem_is_real(x->elem) == is_real);
    camx__operand_init(&walk.in[0], x, &walk.shape);
    camx__operand_init(&walk.out, y, &walk.shape);
    camx__walk_run(pool, &walk);
}

void camx__broadcast_reduce(camx__pool *pool, const camx__tensor *gy, const camx__tensor *gx,
                            bool accumulate)
{
    camx__walk walk = {
        .shape = gy->shape, .inputs = 1, .fn = camx__copy_reals, .accumulate = accumulate};
    camx__operand_init(&walk.in[0], gy, &walk.shape);
    camx__operand_init(&walk.out, gx, &walk.shape);
    camx__walk_run(pool, &walk);
}
