/* SPDX-License-Identifier: Apache-2.0 */
/* Copies between strides: by squares where the two sides run along different axes, else by the walk
 * of broadcast.h. */
#include "ops/move.h"

#include <assert.h>
#include <stdlib.h>

#include "ops/broadcast.h"

camx__move camx__move_start(const camx__tensor *from, int64_t first_from, const camx__tensor *to,
                            int64_t first_to, bool accumulate)
{
    camx__move move = {.is_real = camx__elem_is_real(to->elem), .accumulate = accumulate};
    assert(camx__elem_is_real(from->elem) == move.is_real);
    if (move.is_real) {
        move.from = camx__reals(from) + first_from;
        move.to = camx__reals(to) + first_to;
    } else {
        move.from = camx__ints(from) + first_from;
        move.to = camx__ints(to) + first_to;
    }
    return move;
}

void camx__move_add(camx__move *move, int64_t count, int64_t from, int64_t to)
{
    assert(move->axes < CAMX__MOVE_AXES);
    if (count != 1)
        move->axis[move->axes++] = (camx__move_axis){count, from, to};
}

/* ---- squares: the source runs along one axis, the target along another ---- */

enum {
    TILE = 16,   /* a square of both sides stays in the first-level cache */
    BAND = 64,   /* columns of one task */
    SHORTEST = 8 /* below this the walk is as good */
};

typedef struct square_job {
    const camx__move *move;
    int rows;    /* number of the axis along which the target is consecutive */
    int columns; /* the same for the source */
    int64_t bands;
} square_job;

#define SQUARES(NAME, TYPE)                                                                        \
    static void NAME(const TYPE *from, TYPE *to, const camx__move_axis *rows, int64_t columns,     \
                     int64_t to_step)                                                              \
    {                                                                                              \
        for (int64_t top = 0; top < rows->count; top += TILE)                                      \
            for (int64_t left = 0; left < columns; left += TILE) {                                 \
                int64_t bottom = top + TILE < rows->count ? top + TILE : rows->count;              \
                int64_t right = left + TILE < columns ? left + TILE : columns;                     \
                for (int64_t j = left; j < right; j++)                                             \
                    for (int64_t i = top; i < bottom; i++)                                         \
                        to[j * to_step + i] = from[i * rows->from + j];                            \
            }                                                                                      \
    }

SQUARES(real_squares, real)
SQUARES(int_squares, int64_t)

static void square_task(void *context, size_t task, int worker)
{
    const square_job *job = context;
    const camx__move *move = job->move;
    const camx__move_axis *across = &move->axis[job->columns];
    int64_t rest = (int64_t)task / job->bands;
    int64_t left = (int64_t)task % job->bands * BAND;
    int64_t columns = across->count - left < BAND ? across->count - left : BAND;
    int64_t from = left * across->from;
    int64_t to = left * across->to;
    (void)worker;
    for (int i = move->axes - 1; i >= 0; i--) {
        if (i == job->rows || i == job->columns)
            continue;
        from += rest % move->axis[i].count * move->axis[i].from;
        to += rest % move->axis[i].count * move->axis[i].to;
        rest /= move->axis[i].count;
    }
    if (move->is_real)
        real_squares((const real *)move->from + from, (real *)move->to + to, &move->axis[job->rows],
                     columns, across->to);
    else
        int_squares((const int64_t *)move->from + from, (int64_t *)move->to + to,
                    &move->axis[job->rows], columns, across->to);
}

static bool by_squares(camx__pool *pool, const camx__move *move)
{
    square_job job = {.move = move, .rows = -1, .columns = -1};
    int64_t tasks = 1;
    for (int i = 0; i < move->axes; i++) {
        if (move->axis[i].to == 0)
            return false;
        if (move->axis[i].to == 1)
            job.rows = i;
        if (move->axis[i].from == 1)
            job.columns = i;
    }
    if (move->accumulate || job.rows < 0 || job.columns < 0 || job.rows == job.columns ||
        move->axis[job.rows].count < SHORTEST || move->axis[job.columns].count < SHORTEST)
        return false;
    job.bands = (move->axis[job.columns].count + BAND - 1) / BAND;
    for (int i = 0; i < move->axes; i++)
        if (i != job.rows)
            tasks *= i == job.columns ? job.bands : move->axis[i].count;
    camx__pool_run(pool, (size_t)tasks, square_task, &job);
    return true;
}

/* ---- everything else ---- */

static void by_walk(camx__pool *pool, const camx__move *move)
{
    size_t size = move->is_real ? sizeof(real) : sizeof(int64_t);
    camx__walk walk = {.shape = {.rank = move->axes},
                       .inputs = 1,
                       .fn = move->is_real ? camx__copy_reals : camx__copy_ints,
                       .out_is_integer = !move->is_real,
                       .accumulate = move->accumulate};
    walk.in[0] = (camx__operand){.data = (void *)(uintptr_t)move->from, .size = size};
    walk.out = (camx__operand){.data = move->to, .size = size};
    for (int i = 0; i < move->axes; i++) {
        walk.shape.dim[i] = move->axis[i].count;
        walk.in[0].stride[i] = move->axis[i].from;
        walk.out.stride[i] = move->axis[i].to;
    }
    camx__walk_run(pool, &walk);
}

/* Sorted by the target's steps, the largest first; then neighbours that go on where the other ends
 * become one. */
static void merge_axes(camx__move *move)
{
    int kept = 0;
    for (int i = 1; i < move->axes; i++) {
        camx__move_axis moving = move->axis[i];
        int at = i;
        for (; at > 0 && llabs(move->axis[at - 1].to) < llabs(moving.to); at--)
            move->axis[at] = move->axis[at - 1];
        move->axis[at] = moving;
    }
    for (int i = 0; i < move->axes; i++) {
        camx__move_axis *last = kept > 0 ? &move->axis[kept - 1] : NULL;
        const camx__move_axis next = move->axis[i];
        if (last != NULL && last->to == next.to * next.count &&
            last->from == next.from * next.count && (next.to != 0) == (last->to != 0)) {
            last->count *= next.count;
            last->from = next.from;
            last->to = next.to;
        } else {
            move->axis[kept++] = next;
        }
    }
    move->axes = kept;
}

static void run_merged(camx__pool *pool, const camx__move *move)
{
    if (move->axes <= CAMX__MAX_RANK) {
        if (!by_squares(pool, move))
            by_walk(pool, move);
        return;
    }
    /* The walk takes so many axes and no more. The first has the largest step in the target, so it
     * is not one along which numbers are added up. */
    camx__move part = *move;
    size_t size = move->is_real ? sizeof(real) : sizeof(int64_t);
    part.axes--;
    for (int i = 0; i < part.axes; i++)
        part.axis[i] = move->axis[i + 1];
    for (int64_t i = 0; i < move->axis[0].count; i++) {
        part.from = (const char *)move->from + i * move->axis[0].from * (int64_t)size;
        part.to = (char *)move->to + i * move->axis[0].to * (int64_t)size;
        run_merged(pool, &part);
    }
}

void camx__move_run(camx__pool *pool, const camx__move *move)
{
    camx__move merged = *move;
    for (int i = 0; i < move->axes; i++)
        if (move->axis[i].count <= 0)
            return;
    merge_axes(&merged);
    run_merged(pool, &merged);
}

void camx__move_turn(camx__move *move)
{
    void *from = (void *)(uintptr_t)move->from;
    move->from = move->to;
    move->to = from;
    for (int i = 0; i < move->axes; i++) {
        int64_t step = move->axis[i].from;
        move->axis[i].from = move->axis[i].to;
        move->axis[i].to = step;
    }
}

void camx__move_clear(camx__pool *pool, const camx__tensor *tensor)
{
    int64_t zero = 0; /* all bits 0: a zero of either kind */
    camx__tensor value = {.elem = tensor->elem, .data = &zero};
    camx__broadcast_copy(pool, &value, tensor, false);
}
