/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RISE (Petsiuk, Das and Saenko, BMVC 2018): M = 1 / (N p) sum_i S(x times mask_i) mask_i. A mask is a grid of s x s
 * cells, each 1 with probability p and 0 otherwise, stretched (bilinear between the cells' centres, edges repeated) to
 * (s + 1) cells of ceil(side / s) pixels, and cut out at a random offset of less than a cell.
 *
 * Mask i takes s s + 2 numbers from the stream of the seed (base/random.h), from number i (s s + 2) on: its cells row
 * by row, each 1 if the number is below p, then the offsets down and across as shares of a cell. So masks can be made
 * in any order and on any thread, and N masks are the first N of any greater number.
 */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "explain/methods.h"
#include "explain/perturb.h"

#define USUAL_SAMPLES 1000
#define USUAL_GRID 7
#define USUAL_PROBABILITY 0.5F
#define MOST_GRID 256

typedef struct work {
    camx__perturb perturb;
    int64_t samples;
    int64_t grid;
    double probability;
    unsigned char *cells; /* grid x grid for each place of a run */
    double *sums;         /* targets x pixels */
} work;

/* One mask: its cells, and where the picture begins in the stretched grid. */
typedef struct mask {
    const unsigned char *cells;
    int64_t grid;
    int64_t top, left;            /* pixels */
    int64_t cell_height, cell_width;
} mask;

static mask draw_mask(const work *w, const camx_input *input, int64_t number)
{
    unsigned char *cells = w->cells + (number - w->perturb.first) * w->grid * w->grid;
    uint64_t seed = w->perturb.study->options->seed;
    uint64_t index = (uint64_t)(number * (w->grid * w->grid + 2));
    mask m = {.cells = cells,
              .grid = w->grid,
              .cell_height = (input->height + w->grid - 1) / w->grid,
              .cell_width = (input->width + w->grid - 1) / w->grid};
    for (int64_t i = 0; i < w->grid * w->grid; i++)
        cells[i] = camx__random_uniform(seed, index++) < w->probability;
    m.top = (int64_t)(camx__random_uniform(seed, index) * (double)m.cell_height);
    m.left = (int64_t)(camx__random_uniform(seed, index + 1) * (double)m.cell_width);
    return m;
}

/* Where a pixel of the stretched grid lies between cells: `low` and the next one. */
static float between(int64_t pixel, int64_t cell, int64_t grid, int64_t *low, int64_t *high)
{
    double at = ((double)pixel + 0.5) * (double)grid / (double)((grid + 1) * cell) - 0.5;
    at = at < 0.0 ? 0.0 : at > (double)(grid - 1) ? (double)(grid - 1) : at;
    *low = (int64_t)at;
    *high = *low + 1 < grid ? *low + 1 : *low;
    return (float)(at - (double)*low);
}

static void mask_row(const mask *m, int64_t y, int64_t width, float *row)
{
    int64_t upper, lower, left, right;
    float down = between(y + m->top, m->cell_height, m->grid, &upper, &lower);
    const unsigned char *first = m->cells + upper * m->grid;
    const unsigned char *second = m->cells + lower * m->grid;
    for (int64_t x = 0; x < width; x++) {
        float across = between(x + m->left, m->cell_width, m->grid, &left, &right);
        float above = (float)first[left] * (1.0F - across) + (float)first[right] * across;
        float below = (float)second[left] * (1.0F - across) + (float)second[right] * across;
        row[x] = above * (1.0F - down) + below * down;
    }
}

/* A row of the mask at a time, in pieces that need no memory. */
#define PIECE 256

static void write_masked(const camx__perturb *perturb, int64_t number, real *item)
{
    const work *w = perturb->own;
    const camx_input *input = perturb->study->session->input;
    int64_t pixels = (int64_t)input->height * input->width;
    int64_t channels = input->channels;
    const float *image = input->values + perturb->study->image * channels * pixels;
    int64_t step_c = input->channels_last ? 1 : pixels;
    int64_t step_p = input->channels_last ? channels : 1;
    mask m = draw_mask(w, input, number);
    float row[PIECE];
    for (int64_t y = 0; y < input->height; y++) {
        for (int64_t from = 0; from < input->width; from += PIECE) {
            int64_t count = input->width - from < PIECE ? input->width - from : PIECE;
            mask piece = m;
            piece.left += from;
            mask_row(&piece, y, count, row);
            for (int64_t c = 0; c < channels; c++)
                for (int64_t x = 0; x < count; x++) {
                    int64_t at = (y * input->width + from + x) * step_p + c * step_c;
                    item[at] = (real)(image[at] * row[x]);
                }
        }
    }
}

static void read_masked(camx__perturb *perturb, int64_t number, const float *logits)
{
    const work *w = perturb->own;
    const camx__study *study = perturb->study;
    const camx_input *input = study->session->input;
    mask m = draw_mask(w, input, number);
    float row[PIECE];
    for (uint32_t t = 0; t < study->count; t++) {
        double score = (double)camx__aim_score(study->session, &study->aims[t], logits, study->scratch);
        double *sum = w->sums + (int64_t)t * input->height * input->width;
        for (int64_t y = 0; y < input->height; y++)
            for (int64_t from = 0; from < input->width; from += PIECE) {
                int64_t count = input->width - from < PIECE ? input->width - from : PIECE;
                mask piece = m;
                piece.left += from;
                mask_row(&piece, y, count, row);
                for (int64_t x = 0; x < count; x++)
                    sum[y * input->width + from + x] += score * (double)row[x];
            }
    }
}

static camx_status one_image(camx__study *study, uint32_t image)
{
    work *w = study->own;
    const camx_input *input = study->session->input;
    int64_t pixels = (int64_t)input->height * input->width;
    int64_t done = 0;
    memset(w->sums, 0, (size_t)pixels * study->count * sizeof(double));
    camx_status status = camx__perturb_run(&w->perturb, image, w->samples, &done);
    for (uint32_t t = 0; done > 0 && t < study->count; t++)
        for (int64_t i = 0; i < pixels; i++)
            camx__map_raw(study->maps[t], image)[i] =
                (float)(w->sums[(int64_t)t * pixels + i] / ((double)done * w->probability));
    return camx__study_finish(study, image, (uint64_t)done, status);
}

static camx_status take_options(const camx__study *study, work *w)
{
    const camx_explain_options *given = study->options;
    w->samples = given->samples == 0 ? USUAL_SAMPLES : given->samples;
    w->grid = given->grid == 0 ? USUAL_GRID : given->grid;
    w->probability = (double)(given->probability == 0.0F ? USUAL_PROBABILITY : given->probability);
    if (w->samples < 1)
        return camx__fail(study->error, CAMX_E_ARGUMENT, "camx_explain_options.samples is %d: RISE needs masks",
                          given->samples);
    if (w->grid < 1 || w->grid > MOST_GRID)
        return camx__fail(study->error, CAMX_E_ARGUMENT, "camx_explain_options.grid is %d; it is 0 (7) to %d",
                          given->grid, MOST_GRID);
    if (!(w->probability > 0.0 && w->probability < 1.0))
        return camx__fail(study->error, CAMX_E_ARGUMENT,
                          "camx_explain_options.probability is %g; it lies between 0 and 1",
                          (double)given->probability);
    return CAMX_OK;
}

static camx_status run(camx__study *study, work *w)
{
    camx_session *session = study->session;
    size_t pixels = (size_t)session->input->height * (size_t)session->input->width;
    CAMX__FORWARD(
        camx__perturb_open(&w->perturb, study, session->bound->graph->file->inputs[0].value, w->samples));
    w->cells = camx__alloc(session->memory, (size_t)w->perturb.suffix.batch, (size_t)(w->grid * w->grid));
    w->sums = camx__alloc(session->memory, pixels, study->count * sizeof(double));
    camx_status status = w->cells == NULL || w->sums == NULL
                             ? camx__fail_memory(study->error, pixels * study->count * sizeof(double), "the map")
                             : camx__study_run(study, one_image);
    camx__free(session->memory, w->cells);
    camx__free(session->memory, w->sums);
    camx__perturb_close(&w->perturb);
    return status;
}

camx_status camx__rise(camx_session *session, camx_input *input, const camx_target *const *targets,
                       uint32_t count, const camx_explain_options *options, camx_map *const *maps,
                       camx_error *error)
{
    work w = {.perturb = {.write = write_masked, .read = read_masked, .own = &w}};
    camx__study study = {.session = session,
                         .options = options,
                         .method = CAMX_METHOD_RISE,
                         .usual = CAMX_SCORE_PROBABILITY,
                         .own = &w,
                         .error = error};
    CAMX__FORWARD(take_options(&study, &w));
    study.units = (uint64_t)w.samples;
    CAMX__FORWARD(camx__study_open(&study, input, targets, count, maps, false));
    camx_status status = run(&study, &w);
    camx__study_close(&study);
    return status;
}
