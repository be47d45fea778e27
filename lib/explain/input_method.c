/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the methods that look at the gradient by the input. */
#include "explain/input_method.h"

#include <math.h>
#include <string.h>

const float *camx__input_image(const camx__input_work *work, uint32_t image)
{
    return work->study.session->input->values + (int64_t)image * work->size;
}

/* ---- gradients ---- */

static void add_gradient(const camx__input_work *work, uint32_t image, double weight)
{
    camx_session *session = work->study.session;
    const camx_input *input = session->input;
    camx__feature g;
    camx__session_feature(session, work->input, camx__runner_gradient(&session->runner, work->input),
                          image % camx__session_batch(session), &g);
    if (g.data == NULL)
        return;
    for (int64_t c = 0; c < g.channels; c++)
        for (int64_t y = 0; y < g.height; y++)
            for (int64_t x = 0; x < g.width; x++) {
                int64_t at = input->channels_last ? (y * g.width + x) * g.channels + c
                                                  : (c * g.height + y) * g.width + x;
                work->sum[at] += weight * camx__feature_at(&g, c, y, x);
            }
}

/* Backward to the input (and the layer) for the logits that the runner holds. */
static camx_status backward(const camx__input_work *work, uint32_t image, const float *logits, camx__relu_rule rule)
{
    camx_session *session = work->study.session;
    int64_t batch = camx__session_batch(session);
    int64_t classes = session->model->classes;
    int values[2] = {work->input, work->layer};
    memset(session->seed, 0, (size_t)(batch * classes) * sizeof(real));
    camx__aim_seed(session, &work->study.aims[0], logits, work->study.scratch,
                   session->seed + image % batch * classes);
    session->runner.relu_rule = rule;
    camx_status status = camx__runner_backward(&session->runner, session->seed, values, work->layer >= 0 ? 2 : 1,
                                               work->study.error);
    session->runner.relu_rule = CAMX__RELU_EXACT;
    session->stats.backward_runs++;
    return status;
}

camx_status camx__input_gradient(camx__input_work *work, uint32_t image, camx__relu_rule rule)
{
    camx_session *session = work->study.session;
    CAMX__FORWARD(camx__session_hold(session, image / camx__session_batch(session), work->study.error));
    CAMX__FORWARD(backward(work, image, session->logits + (int64_t)image * session->model->classes, rule));
    add_gradient(work, image, 1.0);
    return CAMX_OK;
}

void camx__input_start_changed(camx__input_work *work, uint32_t image)
{
    int64_t batch = camx__session_batch(work->study.session);
    int64_t item = image % batch;
    memcpy(work->images, camx__input_image(work, (uint32_t)(image - item)),
           (size_t)(batch * work->size) * sizeof(float));
    work->changed = work->images + item * work->size;
}

/* The arena then holds no run of the session's input any more. */
camx_status camx__input_gradient_changed(camx__input_work *work, uint32_t image, double weight)
{
    camx_session *session = work->study.session;
    int64_t batch = camx__session_batch(session);
    session->run = -1;
    camx__session_feed(session, &session->runner, work->images, 0);
    CAMX__FORWARD(camx__runner_forward(&session->runner, work->study.error));
    session->stats.forward_runs += (uint64_t)batch;
    camx__session_read_logits(session, &session->runner, work->logits);
    const float *logits = work->logits + image % batch * session->model->classes;
    CAMX__FORWARD(backward(work, image, logits, CAMX__RELU_EXACT));
    add_gradient(work, image, weight);
    work->weight += weight;
    work->done++;
    return camx__progress_step(&work->study.progress, 1, work->study.error);
}

camx_status camx__input_need_relu(camx__input_work *work)
{
    const camx__graph *graph = work->study.session->bound->graph;
    for (int n = 0; n < graph->node_count; n++) {
        const camx__node *node = &graph->nodes[n];
        if (node->op->rectifies != NULL && node->op->rectifies(node->params) &&
            graph->values[node->outputs[0]].reaches_scores)
            return CAMX_OK;
    }
    return camx__fail(work->study.error, CAMX_E_METHOD,
                      "%s changes the gradient at ReLU units, and %s has none (Relu, or Clip from 0): use saliency or "
                      "smoothgrad",
                      work->study.name, work->study.session->model->file->name);
}

/* ---- from channels to pixels ---- */

static float combine(const camx__input_work *work, int32_t channels, int64_t pixel)
{
    const camx_input *input = work->study.session->input;
    int64_t pixels = (int64_t)input->height * input->width;
    double sum = 0.0;
    double largest = 0.0;
    for (int64_t c = 0; c < input->channels; c++) {
        double v = work->sum[input->channels_last ? pixel * input->channels + c : c * pixels + pixel];
        sum += v;
        if (!(fabs(v) <= largest))
            largest = fabs(v);
    }
    return (float)(channels == CAMX_CHANNELS_SUM ? sum : largest);
}

static void write_values(const camx__input_work *work, uint32_t image)
{
    if (work->options.channel_values == NULL)
        return;
    float *to = work->options.channel_values + (int64_t)image * work->size;
    for (int64_t i = 0; i < work->size; i++)
        to[i] = (float)work->sum[i];
}

static void write_map(const camx__input_work *work, uint32_t image)
{
    const camx__study *study = &work->study;
    const camx_input *input = study->session->input;
    camx__map_record *record = camx__map_record_at(study->maps[0], image);
    float *raw = camx__map_raw(study->maps[0], image);
    int32_t channels = work->options.channels;
    bool zero = true;
    if (channels == CAMX_CHANNELS_DEFAULT)
        channels = work->rule->channels;
    for (int64_t i = 0; i < work->size; i++)
        zero &= work->sum[i] == 0.0;
    for (int64_t i = 0; i < (int64_t)input->height * input->width; i++)
        raw[i] = combine(work, channels, i);
    if (zero && record->hint == CAMX_FINDING_HEAT)
        record->hint = study->session->bound->graph->values[work->input].reaches_scores ? CAMX_FINDING_ZERO_GRADIENT
                                                                                       : CAMX_FINDING_DISCONNECTED;
    camx__map_finish(study->maps[0], image);
}

static camx_status one_image(camx__study *study, uint32_t image)
{
    camx__input_work *work = study->own;
    memset(work->sum, 0, (size_t)work->size * sizeof(double));
    work->weight = 0.0;
    work->done = 0;
    camx_status status = work->rule->attribute(work, image);
    if (status != CAMX_OK && !camx__stopped(status))
        return status;
    for (int64_t i = 0; work->weight > 0.0 && i < work->size; i++)
        work->sum[i] /= work->weight;
    if (work->weight > 0.0) {
        write_values(work, image);
        write_map(work, image);
    }
    if (status != CAMX_OK)
        camx__study_partial(study, image, (uint64_t)work->done);
    return status;
}

/* ---- all of them ---- */

static camx_status check(const camx__input_work *work)
{
    const camx_explain_options *options = &work->options;
    uint64_t wanted = (uint64_t)work->size * camx__session_images(work->study.session);
    if (options->channels < CAMX_CHANNELS_DEFAULT || options->channels > CAMX_CHANNELS_SUM)
        return camx__fail(work->study.error, CAMX_E_ARGUMENT,
                          "camx_explain_options.channels is %d, which is no camx_channels", options->channels);
    if (options->channel_values != NULL && options->channel_value_count != wanted)
        return camx__fail(work->study.error, CAMX_E_ARGUMENT,
                          "camx_explain_options.channel_value_count is %zu; the input has %llu numbers",
                          options->channel_value_count, (unsigned long long)wanted);
    return CAMX_OK;
}

static camx_status allocate(camx__input_work *work)
{
    camx_session *session = work->study.session;
    size_t batch = (size_t)camx__session_batch(session);
    size_t size = (size_t)work->size;
    work->sum = camx__alloc(session->memory, size, sizeof(double));
    work->images = camx__alloc(session->memory, batch * size, sizeof(float));
    work->logits = camx__alloc(session->memory, batch * (size_t)session->model->classes, sizeof(float));
    if (work->sum == NULL || work->images == NULL || work->logits == NULL)
        return camx__fail_memory(work->study.error, size * sizeof(double), "the gradient of the input");
    return CAMX_OK;
}

static camx_status find_values(camx__input_work *work, const char *layer)
{
    camx_session *session = work->study.session;
    const camx__graph *graph = session->bound->graph;
    work->input = graph->layers[0];
    work->layer = -1;
    if (work->rule->layer) {
        CAMX__FORWARD(camx__graph_find_layer(graph, layer, &work->layer, work->study.error));
        CAMX__FORWARD(camx__session_check_spatial(session, work->layer, work->study.error));
    }
    return CAMX_OK;
}

static camx_status run(camx__input_work *work)
{
    camx_session *session = work->study.session;
    int values[2] = {work->input, work->layer};
    CAMX__FORWARD(check(work));
    CAMX__FORWARD(allocate(work));
    if (work->rule->prepare != NULL)
        CAMX__FORWARD(work->rule->prepare(work));
    CAMX__FORWARD(camx__session_ask_all(session, values, work->layer >= 0 ? 2 : 1, true, work->study.error));
    for (size_t i = 0; work->options.channel_values != NULL && i < work->options.channel_value_count; i++)
        work->options.channel_values[i] = NAN;
    return camx__study_run(&work->study, one_image);
}

camx_status camx__input_method(const camx__input_rule *rule, camx_session *session, camx_input *input,
                               const camx_target *target, const camx_explain_options *options, camx_map *map,
                               camx_error *error)
{
    camx__input_work work = {.rule = rule, .options = *options};
    /* The map has the input's size whatever the layer: the frame is not told of it. */
    camx_explain_options plain = *options;
    if (rule->layer)
        plain.layer = NULL;
    work.study = (camx__study){.session = session,
                               .options = &plain,
                               .method = rule->method,
                               .usual = CAMX_SCORE_LOGIT,
                               .error = error,
                               .own = &work};
    CAMX__FORWARD(camx__study_open(&work.study, input, &target, 1, &map, false));
    const camx_input *taken = session->input;
    work.size = (int64_t)taken->channels * taken->height * taken->width;
    camx_status status = find_values(&work, options->layer);
    if (status == CAMX_OK)
        status = run(&work);
    camx__free(session->memory, work.sum);
    camx__free(session->memory, work.images);
    camx__free(session->memory, work.logits);
    camx__free(session->memory, work.own);
    camx__study_close(&work.study);
    return status;
}
