/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the gradient methods. */
#include "explain/layer_method.h"

#include <math.h>

/* What one computation works with. */
typedef struct frame {
    camx_session *session;
    camx_target target;
    int value; /* the layer */
    camx__combine_fn *combine;
    camx_map *map;
    double *weights; /* one per channel */
    float *scratch;  /* one per class */
    camx_error *error;
} frame;

void camx__weighted_sum(const camx__feature *activation, const double *weights, float *map)
{
    for (int64_t y = 0; y < activation->height; y++) {
        for (int64_t x = 0; x < activation->width; x++) {
            double sum = 0.0;
            for (int64_t c = 0; c < activation->channels; c++)
                sum += weights[c] * camx__feature_at(activation, c, y, x);
            map[y * activation->width + x] = (float)sum;
        }
    }
}

void camx__record_fill(const camx_session *session, camx__map_record *record, const camx__aim *aim,
                       const float *logits, float *scratch)
{
    record->geometry = session->input->geometry;
    record->class_index = aim->class_index;
    record->other_index = aim->other_index;
    record->score_kind = aim->score_kind;
    record->score = camx__aim_score(session, aim, logits, scratch);
    if (!isfinite(record->score))
        record->hint = CAMX_FINDING_NOT_FINITE;
}

static bool all_zero(const camx__feature *feature)
{
    for (int64_t y = 0; y < feature->height; y++)
        for (int64_t x = 0; x < feature->width; x++)
            for (int64_t c = 0; c < feature->channels; c++)
                if (camx__feature_at(feature, c, y, x) != 0.0)
                    return false;
    return true;
}

static void fill_map(const frame *f, uint32_t image, int64_t item)
{
    camx_session *session = f->session;
    camx__map_record *record = camx__map_record_at(f->map, image);
    float *raw = camx__map_raw(f->map, image);
    camx__feature activation;
    camx__feature gradient;
    camx__session_feature(session, f->value, camx__runner_value(&session->runner, f->value), item, &activation);
    camx__session_feature(session, f->value, camx__runner_gradient(&session->runner, f->value), item, &gradient);
    bool none = gradient.data == NULL || all_zero(&gradient);
    if (none) {
        bool reaches = session->bound->graph->values[f->value].reaches_scores;
        for (int64_t i = 0; i < activation.height * activation.width; i++)
            raw[i] = 0.0F;
        if (record->hint == CAMX_FINDING_HEAT)
            record->hint = reaches ? CAMX_FINDING_ZERO_GRADIENT : CAMX_FINDING_DISCONNECTED;
    } else {
        f->combine(&activation, &gradient, f->weights, raw);
    }
    camx__map_finish(f->map, image);
}

static camx_status one_run(const frame *f, int64_t run)
{
    camx_session *session = f->session;
    int64_t batch = camx__session_batch(session);
    int64_t classes = session->model->classes;
    CAMX__FORWARD(camx__session_hold(session, run, f->error));
    for (int64_t item = 0; item < batch; item++) {
        uint32_t image = (uint32_t)(run * batch + item);
        const float *logits = session->logits + (int64_t)image * classes;
        camx__aim aim;
        camx__target_aim(session, &f->target, image, logits, CAMX_SCORE_LOGIT, &aim);
        camx__aim_seed(session, &aim, logits, f->scratch, session->seed + item * classes);
        camx__record_fill(session, camx__map_record_at(f->map, image), &aim, logits, f->scratch);
    }
    CAMX__FORWARD(camx__runner_backward(&session->runner, session->seed, &f->value, 1, f->error));
    session->stats.backward_runs += (uint64_t)batch;
    for (int64_t item = 0; item < batch; item++)
        fill_map(f, (uint32_t)(run * batch + item), item);
    return CAMX_OK;
}

static camx_status check_batch(const camx_session *session, camx_error *error)
{
    if (camx__session_batch(session) == 1 || session->bound->graph->keeps_batch)
        return CAMX_OK;
    return camx__fail(error, CAMX_E_METHOD,
                      "%s mixes the %lld images of a batch, so no image can be explained alone: export it with batch 1",
                      session->model->file->name, (long long)camx__session_batch(session));
}

static camx_status run_all(frame *f, int32_t method)
{
    camx_session *session = f->session;
    const camx__value *layer = &session->bound->graph->values[f->value];
    camx__feature size;
    camx__session_feature(session, f->value, NULL, 0, &size);
    if (size.width > INT32_MAX || size.height > INT32_MAX)
        return camx__fail(f->error, CAMX_E_LIMIT, "layer '%s' is too large", layer->name);
    CAMX__FORWARD(camx__map_reset(f->map, method, layer->name, camx__session_images(session),
                                  (int32_t)size.width, (int32_t)size.height, f->error));
    f->weights = camx__alloc(session->memory, (size_t)size.channels, sizeof(double));
    f->scratch = camx__alloc(session->memory, (size_t)session->model->classes, sizeof(float));
    camx_status status = CAMX_OK;
    if (f->weights == NULL || f->scratch == NULL)
        status = camx__fail_memory(f->error, (size_t)size.channels * sizeof(double), "the map");
    for (int64_t run = 0; status == CAMX_OK && run < camx__session_runs(session); run++)
        status = one_run(f, run);
    camx__free(session->memory, f->weights);
    camx__free(session->memory, f->scratch);
    if (status != CAMX_OK)
        camx__map_clear(f->map);
    return status;
}

camx_status camx__layer_method(camx_session *session, camx_input *input, const camx_target *target,
                               const char *layer, int32_t method, camx__combine_fn *combine, camx_map *map,
                               camx_error *error)
{
    frame f = {.session = session, .combine = combine, .map = map, .error = error};
    CAMX__FORWARD(camx__session_take(session, input, error));
    CAMX__FORWARD(camx__target_take(session, target, &f.target, error));
    CAMX__FORWARD(camx__graph_find_layer(session->bound->graph, layer, &f.value, error));
    CAMX__FORWARD(camx__session_check_spatial(session, f.value, error));
    CAMX__FORWARD(check_batch(session, error));
    CAMX__FORWARD(camx__session_ask(session, f.value, true, error));
    return run_all(&f, method);
}
