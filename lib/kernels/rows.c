/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over rows of numbers: copies and sums between memory orders, activations, arithmetic. */
#include "kernels/rows.h"

#include <assert.h>
#include <string.h>

#include "kernels/vectors.h"

/* A tensor seen as `count` matrices of `height` x `width` elements: how copies between orders walk
 * it. For tensors in the same order, one matrix of rows; for mixed orders, per image channels x
 * positions of the source or positions x channels. */
typedef struct matrices {
    int64_t count, height, width;
    int64_t x_matrix, x_row, x_column; /* distances in elements */
    int64_t y_matrix, y_row, y_column;
} matrices;

static matrices same_order(const camx__tensor *x, const camx__tensor *y)
{
    camx__rows a = camx__tensor_rows(x);
    camx__rows b = camx__tensor_rows(y);
    matrices m = {.count = 1,
                  .height = a.count,
                  .width = a.length,
                  .x_row = a.pitch,
                  .x_column = 1,
                  .y_row = b.pitch,
                  .y_column = 1};
    if (a.count != b.count) {
        /* One side has gaps and the other none: walk both by pixels. */
        int64_t channels = x->shape.dim[1];
        m.height = camx__shape_count(&x->shape) / channels;
        m.width = channels;
        m.x_row = x->pitch;
        m.y_row = y->pitch;
    }
    return m;
}

static matrices mixed_orders(const camx__tensor *x, const camx__tensor *y)
{
    int64_t images = x->shape.dim[0];
    int64_t channels = x->shape.dim[1];
    int64_t positions = camx__shape_count(&x->shape) / (images * channels);
    matrices m = {.count = images, .height = positions, .width = channels};
    if (x->order == CAMX__CHANNELS_LAST) {
        m.x_row = x->pitch;
        m.x_column = 1;
        m.y_row = 1;
        m.y_column = positions;
    } else {
        m.x_row = 1;
        m.x_column = positions;
        m.y_row = y->pitch;
        m.y_column = 1;
    }
    m.x_matrix = positions * (x->order == CAMX__CHANNELS_LAST ? x->pitch : channels);
    m.y_matrix = positions * (y->order == CAMX__CHANNELS_LAST ? y->pitch : channels);
    return m;
}

typedef enum transfer { COPY_REALS, COPY_INTS, ADD_REALS } transfer;

typedef struct transfer_job {
    matrices m;
    transfer kind;
    const void *x;
    void *y;
    int64_t row_step, column_step; /* of one task */
    int64_t row_parts, column_parts;
} transfer_job;

enum { TILE = 16 }; /* transposes go by small squares, which stay in the first-level cache */

/* One rectangle: rows of x become rows or columns of y. */
#define TRANSFER(NAME, TYPE, OPERATION)                                                            \
    static void NAME(const matrices *m, const TYPE *x, TYPE *y, int64_t rows, int64_t columns)     \
    {                                                                                              \
        if (m->x_column == 1 && m->y_column == 1) {                                                \
            for (int64_t i = 0; i < rows; i++)                                                     \
                for (int64_t j = 0; j < columns; j++)                                              \
                    y[i * m->y_row + j] OPERATION x[i * m->x_row + j];                             \
            return;                                                                                \
        }                                                                                          \
        for (int64_t top = 0; top < rows; top += TILE)                                             \
            for (int64_t left = 0; left < columns; left += TILE) {                                 \
                int64_t bottom = top + TILE < rows ? top + TILE : rows;                            \
                int64_t right = left + TILE < columns ? left + TILE : columns;                     \
                for (int64_t i = top; i < bottom; i++)                                             \
                    for (int64_t j = left; j < right; j++)                                         \
                        y[i * m->y_row + j * m->y_column] OPERATION                                \
                            x[i * m->x_row + j * m->x_column];                                     \
            }                                                                                      \
    }

TRANSFER(copy_reals, real, =)
TRANSFER(copy_ints, int64_t, =)
TRANSFER(add_reals, real, +=)

static void transfer_task(void *context, size_t task, int worker)
{
    const transfer_job *job = context;
    const matrices *m = &job->m;
    int64_t index = (int64_t)task;
    int64_t column = index % job->column_parts * job->column_step;
    int64_t row = index / job->column_parts % job->row_parts * job->row_step;
    int64_t matrix = index / job->column_parts / job->row_parts;
    int64_t rows = m->height - row < job->row_step ? m->height - row : job->row_step;
    int64_t columns = m->width - column < job->column_step ? m->width - column : job->column_step;
    int64_t x_at = matrix * m->x_matrix + row * m->x_row + column * m->x_column;
    int64_t y_at = matrix * m->y_matrix + row * m->y_row + column * m->y_column;
    (void)worker;
    switch (job->kind) {
    case COPY_REALS:
        copy_reals(m, (const real *)job->x + x_at, (real *)job->y + y_at, rows, columns);
        break;
    case COPY_INTS:
        copy_ints(m, (const int64_t *)job->x + x_at, (int64_t *)job->y + y_at, rows, columns);
        break;
    case ADD_REALS:
        add_reals(m, (const real *)job->x + x_at, (real *)job->y + y_at, rows, columns);
        break;
    }
}

static void run_transfer(camx__pool *pool, const camx__tensor *x, const camx__tensor *y,
                         transfer kind)
{
    enum { TASK_ELEMENTS = 32768 };
    transfer_job job = {.kind = kind, .x = x->data, .y = y->data};
    assert(camx__shape_equal(&x->shape, &y->shape));
    if (camx__shape_count(&x->shape) == 0)
        return;
    job.m = x->order == y->order ? same_order(x, y) : mixed_orders(x, y);
    job.column_step = job.m.width < TASK_ELEMENTS ? job.m.width : TASK_ELEMENTS;
    job.row_step = TASK_ELEMENTS / job.column_step;
    if (job.row_step > job.m.height)
        job.row_step = job.m.height;
    job.row_parts = (job.m.height + job.row_step - 1) / job.row_step;
    job.column_parts = (job.m.width + job.column_step - 1) / job.column_step;
    camx__pool_run(pool, (size_t)(job.m.count * job.row_parts * job.column_parts), transfer_task,
                   &job);
}

void camx__rows_copy(camx__pool *pool, const camx__tensor *x, const camx__tensor *y)
{
    run_transfer(pool, x, y, camx__elem_is_real(x->elem) ? COPY_REALS : COPY_INTS);
}

void camx__rows_add_to(camx__pool *pool, const camx__tensor *x, const camx__tensor *y,
                       bool accumulate)
{
    run_transfer(pool, x, y, accumulate ? ADD_REALS : COPY_REALS);
}

void camx__rows_activation(camx__activation activation, real low, real high, const real *x, real *y,
                           int64_t count)
{
    camx__vectors_now()->activation(activation, low, high, x, y, count);
}

void camx__rows_affine(camx__activation activation, real low, real high, const real *factor, const real *summand,
                       const real *x, real *y, int64_t count)
{
    camx__vectors_now()->affine(activation, low, high, factor, summand, x, y, count);
}

void camx__rows_gate(const real *saved, real low, real high, const real *gy, real *gx, int64_t count)
{
    camx__vectors_now()->gate(saved, low, high, gy, gx, count);
}

/* y lies on an operand or apart from it, which the compiler cannot know. clang's word for this is a demand: a warning
 * where it cannot be met, as under the sanitizers. */
#ifdef __clang__
#define SAFE_LOOP
#else
#define SAFE_LOOP _Pragma("GCC ivdep")
#endif

#define EACH(EXPRESSION)                                                                           \
    SAFE_LOOP                                                                                      \
    for (int64_t i = 0; i < count; i++) {                                                          \
        real p = a[i];                                                                             \
        real q = b[i];                                                                             \
        y[i] = (EXPRESSION);                                                                       \
    }                                                                                              \
    return

static void binary(camx__binary op, const real *a, const real *b, real *y, int64_t count)
{
    switch (op) {
    case CAMX__ADD:
        EACH(p + q);
    case CAMX__SUB:
        EACH(p - q);
    case CAMX__MUL:
        EACH(p * q);
    case CAMX__DIV:
        EACH(p / q);
    case CAMX__MAX:
        EACH(p > q || p != p ? p : q);
    case CAMX__MIN:
        EACH(p < q || p != p ? p : q);
    }
}

static void repeat(const real *number, real *row, int64_t count)
{
    const real value = *number;
    for (int64_t i = 0; i < count; i++)
        row[i] = value;
}

/* A single number becomes a row of itself, so that there is one loop for each operation. */
void camx__rows_binary(camx__binary op, const real *a, int a_step, const real *b, int b_step,
                       real *y, int64_t count)
{
    enum { PART = 512 };
    real repeated[2][PART];
    bool whole = a_step && b_step;
    int64_t part = whole || count < PART ? count : PART;
    if (!a_step)
        repeat(a, repeated[0], part);
    if (!b_step)
        repeat(b, repeated[1], part);
    for (int64_t i = 0; i < count; i += part) {
        int64_t some = count - i < part ? count - i : part;
        binary(op, a_step ? a + i : repeated[0], b_step ? b + i : repeated[1], y + i, some);
    }
}
