/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Class activation mapping (Zhou et al., CVPR 2016, eq. 2): M = sum_k w_k A_k with the class's own weights; where the
 * network pools one map per class, M is that map. No gradient is computed.
 */
#include <string.h>

#include "base/options.h"
#include "explain/cam_head.h"
#include "explain/layer_method.h"
#include "explain/methods.h"

typedef struct work {
    camx_session *session;
    camx_target target;
    camx__cam_head head;
    camx_map *map;
    double *weights; /* one per channel */
    real *row;       /* the class's weights as stored */
    float *scratch;  /* one per class */
    camx_error *error;
} work;

static camx_status add_class(const work *w, int32_t class_index, double sign)
{
    const camx__cam_head *head = &w->head;
    if (class_index < 0)
        return CAMX_OK;
    if (head->weights < 0) {
        w->weights[class_index] += sign;
        return CAMX_OK;
    }
    int64_t first = class_index * head->class_step;
    int64_t at_once = head->channel_step == 1 ? head->channels : 1;
    for (int64_t c = 0; c < head->channels; c += at_once)
        CAMX__FORWARD(camx__model_constant(w->session->model, w->session->bound, head->weights,
                                           first + c * head->channel_step, at_once, w->row + c, w->error));
    for (int64_t c = 0; c < head->channels; c++)
        w->weights[c] += sign * head->factor * (double)w->row[c];
    return CAMX_OK;
}

static camx_status fill_weights(const work *w, const camx__aim *aim, int64_t channels)
{
    double sign = aim->negate ? -1.0 : 1.0;
    memset(w->weights, 0, (size_t)channels * sizeof(double));
    CAMX__FORWARD(add_class(w, aim->class_index, sign));
    CAMX__FORWARD(add_class(w, aim->other_index, -sign));
    for (int32_t c = 0; aim->weights != NULL && c < w->session->model->classes; c++)
        if (aim->weights[c] != 0.0F)
            CAMX__FORWARD(add_class(w, c, sign * (double)aim->weights[c]));
    return CAMX_OK;
}

static camx_status one_image(const work *w, uint32_t image, int64_t item)
{
    camx_session *session = w->session;
    const float *logits = session->logits + (int64_t)image * session->model->classes;
    camx__aim aim;
    camx__feature features;
    camx__target_aim(session, &w->target, image, logits, CAMX_SCORE_LOGIT, &aim);
    camx__record_fill(session, camx__map_record_at(w->map, image), &aim, logits, w->scratch);
    camx__session_feature(session, w->head.features, camx__runner_value(&session->runner, w->head.features), item,
                          &features);
    CAMX__FORWARD(fill_weights(w, &aim, features.channels));
    camx__weighted_sum(&features, w->weights, camx__map_raw(w->map, image));
    camx__map_finish(w->map, image);
    return CAMX_OK;
}

static camx_status all_images(const work *w)
{
    camx_session *session = w->session;
    int64_t batch = camx__session_batch(session);
    for (int64_t run = 0; run < camx__session_runs(session); run++) {
        CAMX__FORWARD(camx__session_hold(session, run, w->error));
        for (int64_t item = 0; item < batch; item++)
            CAMX__FORWARD(one_image(w, (uint32_t)(run * batch + item), item));
    }
    return CAMX_OK;
}

static camx_status run(work *w)
{
    camx_session *session = w->session;
    camx__feature size;
    camx__session_feature(session, w->head.features, NULL, 0, &size);
    CAMX__FORWARD(camx__map_reset(w->map, CAMX_METHOD_CAM, session->bound->graph->values[w->head.features].name,
                                  camx__session_images(session), (int32_t)size.width, (int32_t)size.height,
                                  w->error));
    size_t channels = (size_t)size.channels;
    w->weights = camx__alloc(session->memory, channels, sizeof(double));
    w->row = camx__alloc(session->memory, channels, sizeof(real));
    w->scratch = camx__alloc(session->memory, (size_t)session->model->classes, sizeof(float));
    camx_status status = w->weights == NULL || w->row == NULL || w->scratch == NULL
                             ? camx__fail_memory(w->error, channels * sizeof(double), "the map")
                             : all_images(w);
    camx__free(session->memory, w->weights);
    camx__free(session->memory, w->row);
    camx__free(session->memory, w->scratch);
    if (status != CAMX_OK)
        camx__map_clear(w->map);
    return status;
}

camx_status camx__cam(camx_session *session, camx_input *input, const camx_target *target,
                      const camx_cam_options *given, camx_map *map, camx_error *error)
{
    camx_cam_options options;
    work w = {.session = session, .map = map, .error = error};
    camx_cam_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_cam_options, &options, given, error));
    CAMX__FORWARD(camx__session_take(session, input, error));
    CAMX__FORWARD(camx__target_take(session, target, &w.target, error));
    if (w.target.score == CAMX_SCORE_PROBABILITY)
        return camx__fail(error, CAMX_E_METHOD,
                          "CAM explains the logit: the dense layer's weights know no softmax; leave the target's score at "
                          "the default or use gradcam_compute");
    CAMX__FORWARD(camx__cam_find_head(session->bound->graph, &w.head, error));
    CAMX__FORWARD(camx__session_ask(session, w.head.features, false, error));
    return run(&w);
}
