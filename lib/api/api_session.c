/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions, layers, scores, values. */
#include <string.h>

#include "api/api_check.h"
#include "base/options.h"
#include "explain/profile.h"
#include "explain/session_values.h"
#include "explain/target.h"

camx_status camx_session_open(camx_model *model, const camx_session_options *given, camx_session **session,
                              camx_error *error)
{
    camx_session_options options;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    *session = NULL;
    CAMX__NOT_NULL(model, error);
    camx_session_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_session_options, &options, given, error));
    return camx__session_open(model, &options, session, error);
}

void camx_session_close(camx_session *session)
{
    camx__session_close(session);
}

camx_status camx_session_get_stats(const camx_session *session, camx_session_stats *stats, camx_error *error)
{
    camx_session_stats filled = {0};
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(stats, error);
    camx__session_stats(session, &filled);
    return CAMX__OPTIONS_GIVE(camx_session_stats, stats, &filled, error);
}

/* ---- layers ---- */

uint32_t camx_session_layer_count(const camx_session *session)
{
    return session != NULL && session->bound != NULL ? (uint32_t)session->bound->graph->layer_count : 0;
}

static void describe_layer(const camx__graph *graph, int id, camx_layer_info *info)
{
    const camx__value *value = &graph->values[id];
    const camx__node *node = camx__graph_producer(graph, id);
    const camx__shape *shape = &value->tensor.shape;
    info->name = value->name;
    info->node = node != NULL ? node->record->name : "";
    info->op = node != NULL ? node->op->name : "Input";
    info->is_default = id == graph->head.default_layer;
    info->rank = shape->rank;
    for (int i = 0; i < shape->rank; i++)
        info->shape[i] = shape->dim[i];
    info->is_spatial = shape->rank == 4 && camx__elem_is_real(value->tensor.elem) && value->reaches_scores;
    if (!info->is_spatial)
        return;
    info->channels = (int32_t)shape->dim[value->channels_last ? 3 : 1];
    info->height = (int32_t)shape->dim[value->channels_last ? 1 : 2];
    info->width = (int32_t)shape->dim[value->channels_last ? 2 : 3];
}

static camx_status check_planned(const camx_session *session, camx_error *error)
{
    if (session->bound != NULL)
        return CAMX_OK;
    return camx__fail(error, CAMX_E_STATE, "the session is planned for no input size since its last call failed: "
                      "run an input first");
}

camx_status camx_session_get_layer(const camx_session *session, uint32_t index, camx_layer_info *info,
                                   camx_error *error)
{
    camx_layer_info filled = {0};
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(info, error);
    CAMX__FORWARD(check_planned(session, error));
    uint32_t count = camx_session_layer_count(session);
    if (index >= count)
        return camx__fail(error, CAMX_E_NOT_FOUND, "there is no layer number %u: the network has %u", index, count);
    describe_layer(session->bound->graph, session->bound->graph->layers[index], &filled);
    return CAMX__OPTIONS_GIVE(camx_layer_info, info, &filled, error);
}

camx_status camx_session_find_layer(const camx_session *session, const char *layer, uint32_t *index,
                                    camx_error *error)
{
    int value = -1;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(index, error);
    CAMX__FORWARD(check_planned(session, error));
    CAMX__FORWARD(camx__graph_find_layer(session->bound->graph, layer, &value, error));
    *index = (uint32_t)session->bound->graph->values[value].layer;
    return CAMX_OK;
}

uint32_t camx_session_stage_count(const camx_session *session)
{
    return session != NULL && session->bound != NULL ? (uint32_t)session->bound->graph->stage_count : 0;
}

camx_status camx_session_get_stage(const camx_session *session, uint32_t stage, camx_layer_info *info,
                                   camx_error *error)
{
    camx_layer_info filled = {0};
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(info, error);
    CAMX__FORWARD(check_planned(session, error));
    const camx__graph *graph = session->bound->graph;
    if (stage >= (uint32_t)graph->stage_count)
        return camx__fail(error, CAMX_E_NOT_FOUND, "there is no stage number %u: the network has %d", stage,
                          graph->stage_count);
    describe_layer(graph, graph->stages[stage], &filled);
    return CAMX__OPTIONS_GIVE(camx_layer_info, info, &filled, error);
}

/* ---- scores ---- */

camx_status camx_session_run(camx_session *session, camx_input *input, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__FORWARD(camx__session_take(session, input, error));
    return camx__session_run_all(session, error);
}

uint32_t camx_session_image_count(const camx_session *session)
{
    return session != NULL ? camx__session_images(session) : 0;
}

static camx_status logits_of(camx_session *session, uint32_t image, const float **logits, camx_error *error)
{
    CAMX__FORWARD(camx__session_take(session, NULL, error));
    uint32_t images = camx__session_images(session);
    if (image >= images)
        return camx__fail(error, CAMX_E_ARGUMENT, "there is no image number %u: the last input has %u", image,
                          images);
    return camx__session_logits(session, image, logits, error);
}

camx_status camx_session_scores(camx_session *session, uint32_t image, int32_t score, float *values, size_t count,
                                camx_error *error)
{
    const float *logits = NULL;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(values, error);
    size_t classes = (size_t)session->model->classes;
    if (count != classes)
        return camx__fail(error, CAMX_E_ARGUMENT, "room for %zu scores was given; the network has %zu classes", count,
                          classes);
    if (score < CAMX_SCORE_DEFAULT || score > CAMX_SCORE_PROBABILITY)
        return camx__fail(error, CAMX_E_ARGUMENT, "score is %d, which is no camx_score", score);
    CAMX__FORWARD(logits_of(session, image, &logits, error));
    if (score == CAMX_SCORE_PROBABILITY)
        camx__session_probabilities(session, logits, values);
    else
        memcpy(values, logits, classes * sizeof(float));
    return CAMX_OK;
}

/* Puts a class into a list sorted best first that has room for `room`. */
static void offer(camx_class_score *best, uint32_t *found, uint32_t room, int32_t class_index, float logit)
{
    uint32_t at = *found;
    while (at > 0 && best[at - 1].logit < logit)
        at--;
    if (at >= room)
        return;
    uint32_t last = *found < room ? *found : room - 1;
    for (uint32_t i = last; i > at; i--)
        best[i] = best[i - 1];
    best[at].class_index = class_index;
    best[at].logit = logit;
    if (*found < room)
        (*found)++;
}

camx_status camx_session_top(camx_session *session, uint32_t image, camx_class_score *best, uint32_t count,
                             uint32_t *found, camx_error *error)
{
    const float *logits = NULL;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(found, error);
    *found = 0;
    CAMX__NOT_NULL(best, error);
    CAMX__FORWARD(logits_of(session, image, &logits, error));
    int64_t classes = session->model->classes;
    float *probabilities = camx__alloc(session->memory, (size_t)classes, sizeof(float));
    if (probabilities == NULL)
        return camx__fail_memory(error, (size_t)classes * sizeof(float), "the probabilities");
    camx__session_probabilities(session, logits, probabilities);
    for (int32_t i = 0; i < classes && count > 0; i++)
        if (logits[i] == logits[i])
            offer(best, found, count, i, logits[i]);
    for (uint32_t i = 0; i < *found; i++)
        best[i].probability = probabilities[best[i].class_index];
    camx__free(session->memory, probabilities);
    return CAMX_OK;
}

/* ---- profile ---- */

camx_status camx_session_profile(camx_session *session, camx_input *input, const camx_profile_options *given,
                                 camx_error *error)
{
    camx_profile_options options;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    camx_profile_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_profile_options, &options, given, error));
    return camx__session_profile(session, input, &options, error);
}

uint32_t camx_session_profile_count(const camx_session *session)
{
    return session != NULL ? session->profile.count : 0;
}

camx_status camx_session_get_profile_row(const camx_session *session, uint32_t index, camx_profile_row *row,
                                         camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(row, error);
    if (index >= session->profile.count)
        return camx__fail(error, CAMX_E_NOT_FOUND, "there is no row number %u: the profile has %u", index,
                          session->profile.count);
    return CAMX__OPTIONS_GIVE(camx_profile_row, row, &session->profile.rows[index], error);
}

/* ---- values ---- */

camx_status camx_session_value(camx_session *session, const char *layer, float *values, size_t count,
                               camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(values, error);
    CAMX__FORWARD(camx__session_take(session, NULL, error));
    return camx__session_copy_value(session, layer, values, count, error);
}

camx_status camx_session_gradient(camx_session *session, camx_input *input, const camx_target *target,
                                  const char *layer, float *values, size_t count, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(values, error);
    CAMX__FORWARD(camx__session_take(session, input, error));
    return camx__session_copy_gradient(session, target, layer, values, count, error);
}
