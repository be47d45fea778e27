/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ablation-CAM (Desai and Ramaswamy, WACV 2020): M = sum_k w_k A_k, w_k = (S - S_k) / |S|, S_k the score when channel k
 * is set to zero. As the paper has it, but for the |S|: dividing by a negative score would turn the map's sign round.
 * A score of exactly 0 divides by 1. (pytorch-grad-cam sets channels to a number far below zero instead where the layer's
 * minimum is not 0, which asks about values that the network never sees.)
 *
 * What runs is as little as possible: behind a global average pool only what follows it, on the averages; where that is
 * one dense layer and S a logit, S - S_k is the sum of gradient times A_k, exactly.
 */
#include <math.h>

#include "explain/cam_head.h"
#include "explain/methods.h"
#include "explain/perturb.h"

typedef struct work {
    camx__perturb perturb;
    camx__feature activation;
    bool pooled;
    double *means;   /* per channel, for `pooled` */
    double *weights; /* targets x channels */
    double *whole;   /* per target: S, from the same program as S_k */
} work;

static const camx__feature *activation_of(const camx__study *study, uint32_t image, work *w)
{
    camx__study_feature(study, image, false, &w->activation);
    return &w->activation;
}

/* ---- running ---- */

static void write_means(const work *w, int64_t number, real *item)
{
    for (int64_t c = 0; c < w->activation.channels; c++)
        item[c] = (real)(c == number - 1 ? 0.0 : w->means[c]);
}

/* Channel c of an item: the image's own numbers, or zero. */
static void write_channel(const work *w, const camx__feature *to, int64_t c, bool zero, real *item)
{
    const camx__feature *a = &w->activation;
    for (int64_t y = 0; y < a->height; y++)
        for (int64_t x = 0; x < a->width; x++)
            item[c * to->step_c + y * to->step_y + x * to->step_x] =
                zero ? (real)0 : (real)camx__feature_at(a, c, y, x);
}

/* Item 0 is the layer as it is, item n lacks channel n - 1. What the place lacked before comes back. */
static void write_ablated(const camx__perturb *perturb, int64_t number, real *item)
{
    const work *w = perturb->own;
    const camx__study *study = perturb->study;
    int64_t before = number - perturb->suffix.batch;
    camx__feature to;
    if (w->pooled) {
        write_means(w, number, item);
        return;
    }
    camx__session_feature(study->session, study->value, camx__suffix_tensor(&perturb->suffix), 0, &to);
    if (before > 0)
        write_channel(w, &to, before - 1, false, item);
    if (number > 0)
        write_channel(w, &to, number - 1, true, item);
}

static void read_ablated(camx__perturb *perturb, int64_t number, const float *logits)
{
    const work *w = perturb->own;
    const camx__study *study = perturb->study;
    for (uint32_t t = 0; t < study->count; t++) {
        double score = (double)camx__aim_score(study->session, &study->aims[t], logits, study->scratch);
        if (number == 0)
            w->whole[t] = score;
        else
            w->weights[(int64_t)t * w->activation.channels + number - 1] =
                (w->whole[t] - score) / (w->whole[t] != 0.0 ? fabs(w->whole[t]) : 1.0);
    }
}

static void average(work *w)
{
    const camx__feature *a = &w->activation;
    for (int64_t c = 0; c < a->channels; c++)
        w->means[c] = 0.0;
    for (int64_t y = 0; y < a->height; y++)
        for (int64_t x = 0; x < a->width; x++)
            for (int64_t c = 0; c < a->channels; c++)
                w->means[c] += camx__feature_at(a, c, y, x) / (double)(a->height * a->width);
}

static void combine(const camx__study *study, const work *w)
{
    for (uint32_t t = 0; t < study->count; t++)
        camx__weighted_sum(&w->activation, w->weights + (int64_t)t * w->activation.channels,
                           camx__map_raw(study->maps[t], study->image));
}

static camx_status run_image(camx__study *study, uint32_t image)
{
    work *w = study->own;
    int64_t channels = activation_of(study, image, w)->channels;
    int64_t done = 0;
    for (int64_t i = 0; i < channels * study->count; i++)
        w->weights[i] = 0.0;
    if (w->pooled)
        average(w);
    camx_status status = camx__perturb_run(&w->perturb, image, channels + 1, &done);
    if (done > 0)
        combine(study, w);
    return camx__study_finish(study, image, (uint64_t)done, status);
}

/* ---- in closed form ---- */

static double product_sum(const camx__feature *a, const camx__feature *g, int64_t c)
{
    double sum = 0.0;
    for (int64_t y = 0; y < a->height; y++)
        for (int64_t x = 0; x < a->width; x++)
            sum += camx__feature_at(a, c, y, x) * camx__feature_at(g, c, y, x);
    return sum;
}

static camx_status solve_image(camx__study *study, uint32_t image)
{
    work *w = study->own;
    const camx__feature *a = activation_of(study, image, w);
    for (uint32_t t = 0; t < study->count; t++) {
        camx__feature g;
        double size = fabs((double)camx__map_record_at(study->maps[t], image)->score);
        CAMX__FORWARD(camx__study_backward(study, t, image));
        camx__study_feature(study, image, true, &g);
        for (int64_t c = 0; c < a->channels; c++)
            w->weights[(int64_t)t * a->channels + c] =
                (g.data != NULL ? product_sum(a, &g, c) : 0.0) / (size > 0.0 ? size : 1.0);
    }
    combine(study, w);
    return camx__study_finish(study, image, study->units,
                              camx__progress_step(&study->progress, study->units, study->error));
}

/* True if the scores are a linear function of the layer's averages. */
static bool is_linear(const camx__study *study)
{
    camx__cam_head head;
    camx_error ignored;
    for (uint32_t t = 0; t < study->count; t++)
        if (study->targets[t].score == CAMX_SCORE_PROBABILITY)
            return false;
    return camx__cam_find_head(study->session->bound->graph, &head, &ignored) == CAMX_OK &&
           head.features == study->value && head.weights >= 0;
}

/* ---- all of it ---- */

static camx_status run(camx__study *study, work *w)
{
    const camx__graph *graph = study->session->bound->graph;
    int pooled = camx__cam_pooled(graph, study->value);
    w->pooled = pooled >= 0;
    CAMX__FORWARD(camx__perturb_open(&w->perturb, study, w->pooled ? pooled : study->value, (int64_t)study->units));
    camx_status status = camx__study_run(study, run_image);
    camx__perturb_close(&w->perturb);
    return status;
}

static camx_status prepare(camx__study *study)
{
    camx__memory *memory = study->session->memory;
    work w = {.perturb = {.write = write_ablated, .read = read_ablated, .own = &w}};
    camx__feature size;
    camx_status status = CAMX_OK;
    camx__session_feature(study->session, study->value, NULL, 0, &size);
    size_t channels = (size_t)size.channels;
    study->units = channels + 1;
    study->own = &w;
    w.means = camx__alloc(memory, channels, sizeof(double));
    w.weights = camx__alloc(memory, channels, study->count * sizeof(double));
    w.whole = camx__alloc(memory, study->count, sizeof(double));
    study->gradient = is_linear(study);
    if (w.means == NULL || w.weights == NULL || w.whole == NULL)
        status = camx__fail_memory(study->error, channels * study->count * sizeof(double), "the channels' weights");
    else
        status = study->gradient ? camx__study_run(study, solve_image) : run(study, &w);
    camx__free(memory, w.means);
    camx__free(memory, w.weights);
    camx__free(memory, w.whole);
    return status;
}

camx_status camx__ablationcam(camx_session *session, camx_input *input, const camx_target *const *targets,
                              uint32_t count, const camx_explain_options *options, camx_map *const *maps,
                              camx_error *error)
{
    camx__study study = {.session = session,
                         .options = options,
                         .method = CAMX_METHOD_ABLATIONCAM,
                         .usual = CAMX_SCORE_LOGIT,
                         .error = error};
    CAMX__FORWARD(camx__study_open(&study, input, targets, count, maps, true));
    camx_status status = camx__study_connected(&study) ? prepare(&study) : camx__study_run(&study, camx__study_nothing);
    camx__study_close(&study);
    return status;
}
