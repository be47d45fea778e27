/* SPDX-License-Identifier: Apache-2.0 */
/* One image after another, with progress and partial results. */
#include "explain/study.h"

#include <string.h>

#include "explain/methods.h"

#define MOST_BATCH 4096

/* ---- opening ---- */

static const char *method_name(int32_t number)
{
    const camx__method *method = NULL;
    for (uint32_t i = 0; (method = camx__method_at(i)) != NULL; i++)
        if (method->number == number)
            return method->name;
    return "";
}

static camx_status choose_layer(camx__study *study, bool layer)
{
    camx_session *session = study->session;
    const char *given = study->options->layer;
    study->value = -1;
    if (!layer && given != NULL)
        return camx__fail(study->error, CAMX_E_ARGUMENT,
                          "%s looks at the whole network and takes no layer: leave '%.100s' out", study->name, given);
    if (!layer)
        return CAMX_OK;
    CAMX__FORWARD(camx__graph_find_layer(session->bound->graph, given, &study->value, study->error));
    return camx__session_check_spatial(session, study->value, study->error);
}

static camx_status fill(camx__study *study, const camx_target *const *targets, bool layer)
{
    camx_session *session = study->session;
    for (uint32_t i = 0; i < study->count; i++)
        CAMX__FORWARD(camx__target_take(session, targets[i], &study->targets[i], study->error));
    CAMX__FORWARD(choose_layer(study, layer));
    return camx__check_batch(session, study->error);
}

camx_status camx__study_open(camx__study *study, camx_input *input, const camx_target *const *targets,
                             uint32_t count, camx_map *const *maps, bool layer)
{
    camx_session *session = study->session;
    int32_t batch = study->options->batch;
    if (batch < 0 || batch > MOST_BATCH)
        return camx__fail(study->error, CAMX_E_ARGUMENT,
                          "camx_explain_options.batch is %d; it is 0 (automatic) to %d", batch, MOST_BATCH);
    study->name = method_name(study->method);
    study->count = count;
    study->maps = maps;
    CAMX__FORWARD(camx__session_take(session, input, study->error));
    study->targets = camx__alloc(session->memory, count, sizeof *study->targets);
    study->aims = camx__alloc(session->memory, count, sizeof *study->aims);
    study->scratch = camx__alloc(session->memory, (size_t)session->model->classes, sizeof(float));
    camx_status status = study->targets == NULL || study->aims == NULL || study->scratch == NULL
                             ? camx__fail_memory(study->error, count * sizeof *study->targets, "the targets")
                             : fill(study, targets, layer);
    if (status != CAMX_OK)
        camx__study_close(study);
    return status;
}

void camx__study_close(camx__study *study)
{
    camx__memory *memory = study->session->memory;
    camx__free(memory, study->targets);
    camx__free(memory, study->aims);
    camx__free(memory, study->scratch);
}

/* ---- running ---- */

static camx_status reset_maps(const camx__study *study)
{
    camx_session *session = study->session;
    const char *name = "";
    int64_t width = session->input->width;
    int64_t height = session->input->height;
    if (study->value >= 0) {
        camx__feature size;
        camx__session_feature(session, study->value, NULL, 0, &size);
        name = session->bound->graph->values[study->value].name;
        width = size.width;
        height = size.height;
    }
    if (width > INT32_MAX || height > INT32_MAX)
        return camx__fail(study->error, CAMX_E_LIMIT, "layer '%s' is too large", name);
    for (uint32_t i = 0; i < study->count; i++)
        CAMX__FORWARD(camx__map_reset(study->maps[i], study->method, name, camx__session_images(session),
                                      (int32_t)width, (int32_t)height, study->error));
    return CAMX_OK;
}

static camx_status start_image(camx__study *study, uint32_t image)
{
    camx_session *session = study->session;
    study->image = image;
    const float *logits = NULL;
    if (study->value >= 0)
        CAMX__FORWARD(camx__session_hold(session, image / camx__session_batch(session), study->error));
    CAMX__FORWARD(camx__session_logits(session, image, &logits, study->error));
    for (uint32_t i = 0; i < study->count; i++) {
        camx__map_record *record = camx__map_record_at(study->maps[i], image);
        camx__target_aim(session, &study->targets[i], image, logits, study->usual, &study->aims[i]);
        camx__record_fill(session, record, &study->aims[i], logits, study->scratch);
        record->done = study->units;
        record->total = study->units;
    }
    return CAMX_OK;
}

void camx__study_partial(const camx__study *study, uint32_t image, uint64_t done)
{
    for (uint32_t i = 0; i < study->count; i++) {
        camx__map_record *record = camx__map_record_at(study->maps[i], image);
        record->geometry = study->session->input->geometry;
        record->done = done;
        record->total = study->units;
        record->gaps = true;
        if (record->hint == CAMX_FINDING_HEAT)
            record->hint = CAMX_FINDING_PARTIAL;
        camx__map_finish(study->maps[i], image);
    }
}

camx_status camx__study_finish(const camx__study *study, uint32_t image, uint64_t done, camx_status status)
{
    if (camx__stopped(status))
        camx__study_partial(study, image, done);
    for (uint32_t i = 0; status == CAMX_OK && i < study->count; i++)
        camx__map_finish(study->maps[i], image);
    return status;
}

bool camx__study_connected(const camx__study *study)
{
    return study->value < 0 || study->session->bound->graph->values[study->value].reaches_scores;
}

camx_status camx__study_nothing(camx__study *study, uint32_t image)
{
    for (uint32_t i = 0; i < study->count; i++) {
        camx__map_record *record = camx__map_record_at(study->maps[i], image);
        float *raw = camx__map_raw(study->maps[i], image);
        for (size_t p = 0; p < (size_t)study->maps[i]->width * (size_t)study->maps[i]->height; p++)
            raw[p] = 0.0F;
        if (record->hint == CAMX_FINDING_HEAT)
            record->hint = CAMX_FINDING_DISCONNECTED;
        camx__map_finish(study->maps[i], image);
    }
    return CAMX_OK;
}

camx_status camx__study_run(camx__study *study, camx__study_fn *one_image)
{
    camx_session *session = study->session;
    const camx_explain_options *options = study->options;
    uint32_t images = camx__session_images(session);
    uint32_t image = 0;
    if (study->units == 0)
        study->units = 1;
    if (study->value >= 0)
        CAMX__FORWARD(camx__session_ask(session, study->value, study->gradient, study->error));
    camx_status status = reset_maps(study);
    camx__progress_init(&study->progress, options->progress, options->progress_user, options->deadline,
                        study->units * images);
    if (status == CAMX_OK)
        status = camx__progress_step(&study->progress, 0, study->error);
    for (image = 0; status == CAMX_OK && image < images; image++) {
        status = start_image(study, image);
        if (status == CAMX_OK)
            status = one_image(study, image);
    }
    for (; camx__stopped(status) && image < images; image++)
        camx__study_partial(study, image, 0);
    for (uint32_t i = 0; status != CAMX_OK && !camx__stopped(status) && i < study->count; i++)
        camx__map_clear(study->maps[i]);
    return status;
}

/* ---- what methods look at ---- */

void camx__study_feature(const camx__study *study, uint32_t image, bool gradient, camx__feature *feature)
{
    camx_session *session = study->session;
    const camx__tensor *tensor = gradient ? camx__runner_gradient(&session->runner, study->value)
                                          : camx__runner_value(&session->runner, study->value);
    camx__session_feature(session, study->value, tensor, image % camx__session_batch(session), feature);
}

camx_status camx__study_backward(camx__study *study, uint32_t target, uint32_t image)
{
    camx_session *session = study->session;
    int64_t batch = camx__session_batch(session);
    int64_t classes = session->model->classes;
    const float *logits = session->logits + (int64_t)image * classes;
    memset(session->seed, 0, (size_t)(batch * classes) * sizeof(real));
    camx__aim_seed(session, &study->aims[target], logits, study->scratch,
                   session->seed + image % batch * classes);
    CAMX__FORWARD(camx__runner_backward(&session->runner, session->seed, &study->value, 1, study->error));
    session->stats.backward_runs++;
    return CAMX_OK;
}
