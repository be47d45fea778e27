/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recipro-CAM (Byun and Lee, arXiv 2209.14074): M(q) is the score of the network behind the layer when the layer is zero
 * everywhere but at position q, A 1[p = q]. No gradient; all classes come from the same runs. Where global average
 * pooling follows, only what lies behind the pool runs, on A(q) / Z: with one dense layer M is CAM / Z plus the bias.
 */
#include <string.h>

#include "explain/cam_head.h"
#include "explain/methods.h"
#include "explain/perturb.h"

typedef struct work {
    camx__perturb perturb;
    camx__feature activation;
    bool pooled;
} work;

static void write_position(const camx__perturb *perturb, int64_t number, real *item)
{
    const work *w = perturb->own;
    const camx__feature *a = &w->activation;
    int64_t y = number / a->width;
    int64_t x = number % a->width;
    if (w->pooled) {
        double positions = (double)(a->height * a->width);
        for (int64_t c = 0; c < a->channels; c++)
            item[c] = (real)(camx__feature_at(a, c, y, x) / positions);
        return;
    }
    const camx__study *study = perturb->study;
    camx__feature to;
    camx__session_feature(study->session, study->value, camx__suffix_tensor(&perturb->suffix), 0, &to);
    memset(item, 0, (size_t)(a->channels * a->height * a->width) * sizeof(real));
    for (int64_t c = 0; c < a->channels; c++)
        item[c * to.step_c + y * to.step_y + x * to.step_x] = (real)camx__feature_at(a, c, y, x);
}

static void read_position(camx__perturb *perturb, int64_t number, const float *logits)
{
    const camx__study *study = perturb->study;
    for (uint32_t t = 0; t < study->count; t++)
        camx__map_raw(study->maps[t], study->image)[number] =
            camx__aim_score(study->session, &study->aims[t], logits, study->scratch);
}

static camx_status one_image(camx__study *study, uint32_t image)
{
    work *w = study->own;
    int64_t done = 0;
    camx__study_feature(study, image, false, &w->activation);
    camx_status status =
        camx__perturb_run(&w->perturb, image, w->activation.height * w->activation.width, &done);
    return camx__study_finish(study, image, (uint64_t)done, status);
}

static camx_status run(camx__study *study)
{
    work w = {.perturb = {.write = write_position, .read = read_position, .own = &w}};
    const camx__graph *graph = study->session->bound->graph;
    camx__feature size;
    camx__session_feature(study->session, study->value, NULL, 0, &size);
    int pooled = camx__cam_pooled(graph, study->value);
    w.pooled = pooled >= 0;
    study->units = (uint64_t)(size.height * size.width);
    study->own = &w;
    CAMX__FORWARD(camx__perturb_open(&w.perturb, study, w.pooled ? pooled : study->value, (int64_t)study->units));
    camx_status status = camx__study_run(study, one_image);
    camx__perturb_close(&w.perturb);
    return status;
}

camx_status camx__reciprocam(camx_session *session, camx_input *input, const camx_target *const *targets,
                             uint32_t count, const camx_explain_options *options, camx_map *const *maps,
                             camx_error *error)
{
    camx__study study = {.session = session,
                         .options = options,
                         .method = CAMX_METHOD_RECIPROCAM,
                         .usual = CAMX_SCORE_LOGIT,
                         .error = error};
    CAMX__FORWARD(camx__study_open(&study, input, targets, count, maps, true));
    camx_status status = camx__study_connected(&study) ? run(&study) : camx__study_run(&study, camx__study_nothing);
    camx__study_close(&study);
    return status;
}
