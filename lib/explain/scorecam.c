/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Score-CAM (Wang et al., CVPRW 2020): M = sum_k w_k A_k, w = softmax over k of S(x times mask_k); mask_k is A_k stretched
 * to the input (bilinear, corners aligned), minus its minimum, / (its range + 1e-8). As pytorch-grad-cam: S is the logit
 * unless the target says otherwise; a baseline taken off every S would cancel in the softmax.
 *
 * Channels that are the same everywhere all give the mask 0: they share one run.
 */
#include <math.h>

#include "explain/methods.h"
#include "explain/perturb.h"

/* Where an input pixel lies between the layer's cells, along one axis. */
typedef struct tap {
    int64_t low;
    int64_t high;
    float part; /* of `high` */
} tap;

typedef struct work {
    camx__perturb perturb;
    camx__feature activation;
    tap *columns;     /* per pixel of the input's width */
    tap *rows;
    int64_t *order;   /* per item: its channel; -1 = all that are the same everywhere */
    int64_t *item_of; /* per channel */
    double *scores;   /* targets x channels, by item */
    double *weights;  /* per channel */
} work;

/* ---- masks ---- */

static void fill_taps(tap *taps, int64_t pixels, int64_t cells)
{
    for (int64_t i = 0; i < pixels; i++) {
        double at = pixels > 1 ? (double)i * (double)(cells - 1) / (double)(pixels - 1) : 0.0;
        taps[i].low = (int64_t)at;
        taps[i].high = taps[i].low + 1 < cells ? taps[i].low + 1 : taps[i].low;
        taps[i].part = (float)(at - (double)taps[i].low);
    }
}

static float mask_at(const work *w, int64_t channel, const tap *y, const tap *x)
{
    const camx__feature *a = &w->activation;
    float upper = (float)camx__feature_at(a, channel, y->low, x->low) * (1.0F - x->part) +
                  (float)camx__feature_at(a, channel, y->low, x->high) * x->part;
    float lower = (float)camx__feature_at(a, channel, y->high, x->low) * (1.0F - x->part) +
                  (float)camx__feature_at(a, channel, y->high, x->high) * x->part;
    return upper * (1.0F - y->part) + lower * y->part;
}

static void mask_range(const work *w, int64_t channel, const camx_input *input, float *least, float *range)
{
    float greatest = mask_at(w, channel, &w->rows[0], &w->columns[0]);
    *least = greatest;
    for (int64_t y = 0; y < input->height; y++)
        for (int64_t x = 0; x < input->width; x++) {
            float value = mask_at(w, channel, &w->rows[y], &w->columns[x]);
            *least = value < *least ? value : *least;
            greatest = value > greatest ? value : greatest;
        }
    *range = greatest - *least;
}

static void write_masked(const camx__perturb *perturb, int64_t number, real *item)
{
    const work *w = perturb->own;
    const camx_input *input = perturb->study->session->input;
    int64_t pixels = (int64_t)input->height * input->width;
    int64_t channels = input->channels;
    const float *image = input->values + perturb->study->image * channels * pixels;
    int64_t step_c = input->channels_last ? 1 : pixels;
    int64_t step_p = input->channels_last ? channels : 1;
    float least = 0.0F;
    float range = 0.0F;
    if (w->order[number] >= 0)
        mask_range(w, w->order[number], input, &least, &range);
    for (int64_t y = 0; y < input->height; y++)
        for (int64_t x = 0; x < input->width; x++) {
            float mask = w->order[number] < 0 ? 0.0F
                                              : (mask_at(w, w->order[number], &w->rows[y], &w->columns[x]) - least) /
                                                    (range + 1e-8F);
            int64_t at = (y * input->width + x) * step_p;
            for (int64_t c = 0; c < channels; c++)
                item[at + c * step_c] = (real)(image[at + c * step_c] * mask);
        }
}

static void read_masked(camx__perturb *perturb, int64_t number, const float *logits)
{
    const work *w = perturb->own;
    const camx__study *study = perturb->study;
    for (uint32_t t = 0; t < study->count; t++)
        w->scores[(int64_t)t * w->activation.channels + number] =
            (double)camx__aim_score(study->session, &study->aims[t], logits, study->scratch);
}

/* ---- an image ---- */

static bool is_flat(const camx__feature *a, int64_t c)
{
    double first = camx__feature_at(a, c, 0, 0);
    for (int64_t y = 0; y < a->height; y++)
        for (int64_t x = 0; x < a->width; x++)
            if (!(camx__feature_at(a, c, y, x) == first))
                return false;
    return true;
}

/* Numbers the items; returns how many there are. */
static int64_t choose_items(const work *w)
{
    int64_t blank = -1;
    int64_t items = 0;
    for (int64_t c = 0; c < w->activation.channels; c++) {
        bool flat = is_flat(&w->activation, c);
        if (flat && blank >= 0) {
            w->item_of[c] = blank;
            continue;
        }
        if (flat)
            blank = items;
        w->order[items] = flat ? -1 : c;
        w->item_of[c] = items++;
    }
    return items;
}

/* The softmax over the channels whose item was run; the others weigh nothing. */
static void fill_weights(const work *w, const double *scores, int64_t done)
{
    double largest = -INFINITY;
    double sum = 0.0;
    for (int64_t c = 0; c < w->activation.channels; c++)
        if (w->item_of[c] < done && scores[w->item_of[c]] > largest)
            largest = scores[w->item_of[c]];
    for (int64_t c = 0; c < w->activation.channels; c++) {
        w->weights[c] = w->item_of[c] < done ? exp(scores[w->item_of[c]] - largest) : 0.0;
        sum += w->weights[c];
    }
    for (int64_t c = 0; c < w->activation.channels; c++)
        w->weights[c] /= sum;
}

static camx_status one_image(camx__study *study, uint32_t image)
{
    work *w = study->own;
    int64_t done = 0;
    camx__study_feature(study, image, false, &w->activation);
    int64_t channels = w->activation.channels;
    int64_t items = choose_items(w);
    camx_status status = camx__perturb_run(&w->perturb, image, items, &done);
    if (status == CAMX_OK)
        status = camx__progress_step(&study->progress, (uint64_t)(channels - items), study->error);
    for (uint32_t t = 0; done > 0 && t < study->count; t++) {
        fill_weights(w, w->scores + (int64_t)t * channels, done);
        camx__weighted_sum(&w->activation, w->weights, camx__map_raw(study->maps[t], image));
    }
    return camx__study_finish(study, image, (uint64_t)(done < items ? done : channels), status);
}

/* ---- all of them ---- */

static camx_status allocate(const camx__study *study, work *w, const camx__feature *size)
{
    camx__memory *memory = study->session->memory;
    const camx_input *input = study->session->input;
    size_t channels = (size_t)size->channels;
    w->columns = camx__alloc(memory, (size_t)input->width, sizeof(tap));
    w->rows = camx__alloc(memory, (size_t)input->height, sizeof(tap));
    w->order = camx__alloc(memory, channels, sizeof(int64_t));
    w->item_of = camx__alloc(memory, channels, sizeof(int64_t));
    w->scores = camx__alloc(memory, channels, study->count * sizeof(double));
    w->weights = camx__alloc(memory, channels, sizeof(double));
    if (w->columns == NULL || w->rows == NULL || w->order == NULL || w->item_of == NULL || w->scores == NULL ||
        w->weights == NULL)
        return camx__fail_memory(study->error, channels * study->count * sizeof(double), "the masks");
    fill_taps(w->columns, input->width, size->width);
    fill_taps(w->rows, input->height, size->height);
    return CAMX_OK;
}

static void release(camx__memory *memory, work *w)
{
    camx__free(memory, w->columns);
    camx__free(memory, w->rows);
    camx__free(memory, w->order);
    camx__free(memory, w->item_of);
    camx__free(memory, w->scores);
    camx__free(memory, w->weights);
}

static camx_status run(camx__study *study)
{
    work w = {.perturb = {.write = write_masked, .read = read_masked, .own = &w}};
    camx_session *session = study->session;
    camx__feature size;
    camx__session_feature(session, study->value, NULL, 0, &size);
    study->units = (uint64_t)size.channels;
    study->own = &w;
    camx_status status = allocate(study, &w, &size);
    if (status == CAMX_OK)
        status = camx__perturb_open(&w.perturb, study, session->bound->graph->file->inputs[0].value, size.channels);
    if (status == CAMX_OK) {
        status = camx__study_run(study, one_image);
        camx__perturb_close(&w.perturb);
    }
    release(session->memory, &w);
    return status;
}

camx_status camx__scorecam(camx_session *session, camx_input *input, const camx_target *const *targets,
                           uint32_t count, const camx_explain_options *options, camx_map *const *maps,
                           camx_error *error)
{
    camx__study study = {.session = session,
                         .options = options,
                         .method = CAMX_METHOD_SCORECAM,
                         .usual = CAMX_SCORE_LOGIT,
                         .error = error};
    CAMX__FORWARD(camx__study_open(&study, input, targets, count, maps, true));
    camx_status status = run(&study);
    camx__study_close(&study);
    return status;
}
