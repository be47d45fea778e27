/* SPDX-License-Identifier: Apache-2.0 */
/* The scores of covered pictures: by whole runs, or by region runs that reuse the run of the uncovered one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain/occlusion.h"

typedef camx__occlusion_work work;

/* Reuse has to save this share of the multiply-adds: windows cost something too. */
#define WORTHWHILE 0.85

/* ---- pictures ---- */

static int64_t offset_of(const camx_input *input, int64_t c, int64_t y, int64_t x)
{
    if (input->channels_last)
        return (y * input->width + x) * input->channels + c;
    return (c * input->height + y) * input->width + x;
}

static int64_t image_size(const camx_input *input)
{
    return (int64_t)input->channels * input->height * input->width;
}

static const float *image_at(const camx_input *input, uint32_t image)
{
    return input->values + image * image_size(input);
}

/* Copies the rectangle of one image. */
static void paint(const camx_input *input, float *image, const float *from, camx__range rows, camx__range columns)
{
    for (int64_t c = 0; c < input->channels; c++)
        for (int64_t y = rows.from; y < rows.to; y++)
            for (int64_t x = columns.from; x < columns.to; x++) {
                int64_t at = offset_of(input, c, y, x);
                image[at] = from[at];
            }
}

/* The patch shows exactly what it covers. */
static bool changes_nothing(const camx_input *input, const float *image, const float *fill, camx__range rows,
                            camx__range columns)
{
    for (int64_t c = 0; c < input->channels; c++)
        for (int64_t y = rows.from; y < rows.to; y++)
            for (int64_t x = columns.from; x < columns.to; x++) {
                int64_t at = offset_of(input, c, y, x);
                if (!(image[at] == fill[at]))
                    return false;
            }
    return true;
}

/* ---- one position is known ---- */

static camx_status count_position(work *w, int64_t position, const float *logits)
{
    for (int t = 0; t < w->target_count; t++) {
        float score = logits != NULL ? camx__aim_score(w->session, &w->aims[t], logits, w->scratch) : w->whole[t];
        w->falls[t * w->positions + position] = w->whole[t] - score;
    }
    w->done[position] = true;
    return camx__progress_step(&w->progress, 1, w->error);
}

/* ---- whole runs ---- */

/* The logits of `covered` as it is now, into w->logits. */
static camx_status run_covered(work *w)
{
    camx_session *session = w->session;
    CAMX__FORWARD(camx__session_open_side(session, w->error));
    camx__session_feed(session, &session->side, w->covered, 0);
    CAMX__FORWARD(camx__runner_forward(&session->side, w->error));
    session->stats.forward_runs += (uint64_t)camx__session_batch(session);
    camx__session_read_logits(session, &session->side, w->logits);
    return CAMX_OK;
}

static camx_status whole_position(work *w, const camx__occlusion_pass *pass, uint32_t image, int64_t number)
{
    const camx_input *input = w->session->input;
    int64_t item = image % camx__session_batch(w->session);
    camx__range rows = camx__grid_span(&pass->rows, number / pass->columns.count);
    camx__range columns = camx__grid_span(&pass->columns, number % pass->columns.count);
    const float *fill = w->fill + item * image_size(input);
    float *covered = w->covered + item * image_size(input);
    if (changes_nothing(input, image_at(input, image), fill, rows, columns))
        return count_position(w, pass->first + number, NULL);
    paint(input, covered, fill, rows, columns);
    camx_status status = run_covered(w);
    paint(input, covered, image_at(input, image), rows, columns);
    CAMX__FORWARD(status);
    return count_position(w, pass->first + number, w->logits + item * w->session->model->classes);
}

/* ---- region runs ---- */

/* Rows (or columns) of positions in the order of what they cost: those at opposite edges reach equally far, and
 * blocks of neighbours in this order have windows of nearly one size. */
typedef struct ranked {
    double cost;
    int64_t position;
} ranked;

static int cheaper_first(const void *left, const void *right)
{
    const ranked *a = left;
    const ranked *b = right;
    if (a->cost < b->cost || a->cost > b->cost)
        return a->cost < b->cost ? -1 : 1;
    return a->position < b->position ? -1 : a->position > b->position;
}

static camx_status rank(work *w, const camx__axis_grid *grid, bool rows, ranked *order)
{
    const camx_input *input = w->session->input;
    camx__range all = {0, rows ? input->width : input->height};
    for (int64_t i = 0; i < grid->count; i++) {
        camx__range span = camx__grid_span(grid, i);
        camx__region_block block = {rows ? &span : &all, 1, rows ? &all : &span, 1};
        order[i].position = i;
        CAMX__FORWARD(camx__region_cost(w->region, &block, &order[i].cost, w->error));
    }
    qsort(order, (size_t)grid->count, sizeof *order, cheaper_first);
    return CAMX_OK;
}

/* A block of positions: the spans along both axes. */
typedef struct block {
    camx__region_block spans;
    camx__range rows[CAMX__BLOCK_ROWS];
    camx__range columns[CAMX__BLOCK_COLUMNS];
    const ranked *row_order;
    const ranked *column_order;
} block;

static void make_block(const camx__occlusion_pass *pass, const ranked *rows, const ranked *columns, int64_t row,
                       int64_t column, block *b)
{
    b->row_order = rows + row;
    b->column_order = columns + column;
    b->spans.rows = b->rows;
    b->spans.columns = b->columns;
    b->spans.row_count = 0;
    b->spans.column_count = 0;
    for (int64_t i = row; i < pass->rows.count && b->spans.row_count < CAMX__BLOCK_ROWS; i++)
        b->rows[b->spans.row_count++] = camx__grid_span(&pass->rows, rows[i].position);
    for (int64_t i = column; i < pass->columns.count && b->spans.column_count < CAMX__BLOCK_COLUMNS; i++)
        b->columns[b->spans.column_count++] = camx__grid_span(&pass->columns, columns[i].position);
}

static int64_t number_of(const camx__occlusion_pass *pass, const block *b, int item)
{
    return b->row_order[item / b->spans.column_count].position * pass->columns.count +
           b->column_order[item % b->spans.column_count].position;
}

static camx_status run_block(work *w, const camx__occlusion_pass *pass, uint32_t image, const block *b)
{
    const camx_input *input = w->session->input;
    int64_t item = image % camx__session_batch(w->session);
    const float *fill = w->fill + item * image_size(input);
    int items = b->spans.row_count * b->spans.column_count;
    camx_status status = camx__region_run(w->region, &b->spans, item, fill, w->logits, w->error);
    if (status == CAMX_E_UNSUPPORTED) {
        for (int i = 0; i < items; i++)
            CAMX__FORWARD(whole_position(w, pass, image, number_of(pass, b, i)));
        return CAMX_OK;
    }
    CAMX__FORWARD(status);
    for (int i = 0; i < items; i++) {
        bool same = changes_nothing(input, image_at(input, image), fill, b->rows[i / b->spans.column_count],
                                    b->columns[i % b->spans.column_count]);
        CAMX__FORWARD(count_position(w, pass->first + number_of(pass, b, i),
                                     same ? NULL : w->logits + i * w->session->model->classes));
    }
    return CAMX_OK;
}

typedef camx_status block_fn(work *w, const camx__occlusion_pass *pass, uint32_t image, const block *b);

/* Calls fn for every block of a pass. */
static camx_status each_block(work *w, const camx__occlusion_pass *pass, uint32_t image, block_fn *fn)
{
    camx__memory *memory = w->session->memory;
    int64_t count = pass->rows.count + pass->columns.count;
    ranked *rows = camx__alloc(memory, (size_t)count, sizeof *rows);
    ranked *columns = rows != NULL ? rows + pass->rows.count : NULL;
    camx_status status = rows != NULL ? rank(w, &pass->rows, true, rows)
                                      : camx__fail_memory(w->error, sizeof *rows, "the order of positions");
    if (status == CAMX_OK)
        status = rank(w, &pass->columns, false, columns);
    for (int64_t row = 0; row < pass->rows.count; row += CAMX__BLOCK_ROWS)
        for (int64_t column = 0; status == CAMX_OK && column < pass->columns.count;
             column += CAMX__BLOCK_COLUMNS) {
            block b;
            make_block(pass, rows, columns, row, column, &b);
            status = fn(w, pass, image, &b);
        }
    camx__free(memory, rows);
    return status;
}

/* ---- what pays ---- */

/* Adds up what the blocks cost. */
static camx_status add_cost(work *w, const camx__occlusion_pass *pass, uint32_t image, const block *b)
{
    double cost = 0.0;
    (void)pass;
    (void)image;
    CAMX__FORWARD(camx__region_cost(w->region, &b->spans, &cost, w->error));
    w->cost += cost;
    return CAMX_OK;
}

camx_status camx__occlusion_prepare(work *w)
{
    camx_session *session = w->session;
    if (w->options.reuse == CAMX_REUSE_OFF)
        return CAMX_OK;
    CAMX__FORWARD(camx__region_open(session->model, session->bound, &session->settings, session->fusion,
                                    session->pool, &w->region, w->error));
    for (int p = 0; w->region != NULL && p < w->pass_count; p++)
        CAMX__FORWARD(each_block(w, &w->passes[p], 0, add_cost));
    if (w->region != NULL && w->options.reuse == CAMX_REUSE_AUTO &&
        w->cost > WORTHWHILE * (double)w->positions) {
        camx__region_close(w->region);
        w->region = NULL;
    }
    return CAMX_OK;
}

/* ---- images ---- */

/* The region's base holds the image's run. */
static camx_status hold_base(work *w, int64_t run)
{
    camx_session *session = w->session;
    camx__runner *base = camx__region_base(w->region);
    if (w->base_run == run)
        return CAMX_OK;
    w->base_run = -1;
    camx__session_feed(session, base, session->input->values, run);
    CAMX__FORWARD(camx__runner_forward(base, w->error));
    session->stats.forward_runs += (uint64_t)camx__session_batch(session);
    w->base_run = run;
    return CAMX_OK;
}

camx_status camx__occlusion_start(work *w, uint32_t image)
{
    camx_session *session = w->session;
    const camx_input *input = session->input;
    int64_t batch = camx__session_batch(session);
    int64_t run = image / batch;
    memcpy(w->covered, input->values + run * batch * image_size(input),
           (size_t)(batch * image_size(input)) * sizeof(float));
    if (w->region != NULL) {
        CAMX__FORWARD(hold_base(w, run));
        camx__session_read_logits(session, camx__region_base(w->region), w->logits);
    } else {
        CAMX__FORWARD(run_covered(w));
    }
    for (int t = 0; t < w->target_count; t++)
        w->whole[t] = camx__aim_score(session, &w->aims[t], w->logits + image % batch * session->model->classes,
                                      w->scratch);
    return CAMX_OK;
}

camx_status camx__occlusion_pass_run(work *w, const camx__occlusion_pass *pass, uint32_t image)
{
    const camx_input *input = w->session->input;
    int64_t batch = camx__session_batch(w->session);
    const float *images = input->values + image / batch * batch * image_size(input);
    CAMX__FORWARD(camx__occlusion_fill(w->session, &pass->options, images, w->fill, w->error));
    if (w->region != NULL)
        return each_block(w, pass, image, run_block);
    for (int64_t i = 0; i < pass->rows.count * pass->columns.count; i++)
        CAMX__FORWARD(whole_position(w, pass, image, i));
    return CAMX_OK;
}
