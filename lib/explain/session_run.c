/* SPDX-License-Identifier: Apache-2.0 */
/* Running a session's network and looking at what it computed. */
#include <math.h>
#include <string.h>

#include "explain/session_private.h"

int64_t camx__session_batch(const camx_session *session)
{
    return session->bound->graph->batch;
}

uint32_t camx__session_images(const camx_session *session)
{
    return session->input != NULL ? (uint32_t)session->input->images : 0;
}

int64_t camx__session_runs(const camx_session *session)
{
    return session->input != NULL ? session->input->images / camx__session_batch(session) : 0;
}

camx_status camx__session_ask(camx_session *session, int value, bool gradient, camx_error *error)
{
    return camx__session_ask_all(session, &value, 1, gradient, error);
}

/* A wish as it was before it was asked for. */
typedef struct wish {
    bool kept;
    bool offered;
} wish;

camx_status camx__session_ask_all(camx_session *session, const int *values, uint32_t count, bool gradient,
                                  camx_error *error)
{
    wish *before = camx__alloc(session->memory, count, sizeof *before);
    if (before == NULL)
        return camx__fail_memory(error, count * sizeof *before, "the list of layers");
    for (uint32_t i = 0; i < count; i++) {
        before[i] = (wish){session->keeps[values[i]], session->gradients[values[i]]};
        session->keeps[values[i]] = true;
        session->gradients[values[i]] |= gradient;
    }
    camx_status status = camx__session_plan(session, error);
    /* Wishes that cannot be met (for want of memory, say) must not stand in the way of later ones. Backwards, for a
     * value may be asked for twice. */
    for (uint32_t i = count; status != CAMX_OK && i > 0; i--) {
        session->keeps[values[i - 1]] = before[i - 1].kept;
        session->gradients[values[i - 1]] = before[i - 1].offered;
    }
    camx__free(session->memory, before);
    return status;
}

void camx__session_feed(const camx_session *session, camx__runner *runner, const float *values, int64_t run)
{
    const camx__tensor *place = camx__runner_input(runner, 0);
    int64_t count = camx__shape_count(&place->shape);
    real *to = camx__reals(place);
    values += run * count;
    if (sizeof *to == sizeof *values)
        memcpy(to, values, (size_t)count * sizeof *to);
    for (int64_t i = 0; sizeof *to != sizeof *values && i < count; i++)
        to[i] = (real)values[i];
    (void)session;
}

void camx__session_read_logits(const camx_session *session, const camx__runner *runner, float *logits)
{
    const camx__tensor *tensor = camx__runner_value(runner, session->bound->graph->head.logits);
    int64_t count = camx__shape_count(&tensor->shape);
    const real *from = camx__reals(tensor);
    for (int64_t i = 0; i < count; i++)
        logits[i] = (float)from[i];
}

static void count_run(camx_session *session, int64_t run)
{
    session->stats.forward_runs += (uint64_t)camx__session_batch(session);
    if (session->has_logits[run])
        session->stats.reruns += (uint64_t)camx__session_batch(session);
}

camx_status camx__session_hold(camx_session *session, int64_t run, camx_error *error)
{
    CAMX__FORWARD(camx__session_plan(session, error));
    if (session->run == run)
        return CAMX_OK;
    session->run = -1;
    camx__session_feed(session, &session->runner, session->input->values, run);
    CAMX__FORWARD(camx__runner_forward(&session->runner, error));
    int64_t scores = camx__session_batch(session) * session->model->classes;
    camx__session_read_logits(session, &session->runner, session->logits + run * scores);
    count_run(session, run);
    session->has_logits[run] = true;
    session->run = run;
    return CAMX_OK;
}

camx_status camx__session_run_all(camx_session *session, camx_error *error)
{
    for (int64_t run = 0; run < camx__session_runs(session); run++)
        if (!session->has_logits[run])
            CAMX__FORWARD(camx__session_hold(session, run, error));
    return CAMX_OK;
}

camx_status camx__session_logits(camx_session *session, uint32_t image, const float **logits, camx_error *error)
{
    int64_t run = image / camx__session_batch(session);
    if (!session->has_logits[run])
        CAMX__FORWARD(camx__session_hold(session, run, error));
    *logits = session->logits + (int64_t)image * session->model->classes;
    return CAMX_OK;
}

void camx__session_probabilities(const camx_session *session, const float *logits, float *probabilities)
{
    int64_t classes = session->model->classes;
    double sum = 0.0;
    float largest = -INFINITY;
    if (session->model->output_kind == CAMX_OUTPUT_SIGMOID || classes == 1) {
        for (int64_t i = 0; i < classes; i++)
            probabilities[i] = (float)(1.0 / (1.0 + exp(-(double)logits[i])));
        return;
    }
    for (int64_t i = 0; i < classes; i++)
        largest = logits[i] > largest ? logits[i] : largest;
    for (int64_t i = 0; i < classes; i++)
        sum += exp((double)logits[i] - (double)largest);
    for (int64_t i = 0; i < classes; i++)
        probabilities[i] = (float)(exp((double)logits[i] - (double)largest) / sum);
}

void camx__session_stats(const camx_session *session, camx_session_stats *stats)
{
    const camx__graph *graph = session->bound != NULL ? session->bound->graph : NULL;
    uint32_t size = stats->struct_size;
    *stats = session->stats;
    stats->struct_size = size;
    stats->threads = session->settings.workers;
    stats->activation_bytes = session->runner.arena_bytes + session->side.arena_bytes;
    pthread_mutex_lock(&session->model->lock);
    stats->weight_bytes = session->model->weights.bytes;
    pthread_mutex_unlock(&session->model->lock);
    stats->multiply_adds = graph != NULL ? graph->multiply_adds / (uint64_t)graph->batch : 0;
    stats->steps = session->planned != NULL ? (uint32_t)session->planned->program->forward_count : 0;
    stats->gemm = camx__gemm_backend(session->settings.gemm);
}

camx_status camx__session_check_spatial(const camx_session *session, int value, camx_error *error)
{
    const camx__value *v = &session->bound->graph->values[value];
    char text[120];
    if (!camx__elem_is_real(v->tensor.elem))
        return camx__fail(error, CAMX_E_METHOD,
                          "layer '%s' is no feature map: it holds integers, which have no gradient; `camx layers` marks "
                          "those that are",
                          v->name);
    if (v->tensor.shape.rank == 4 && camx__shape_count(&v->tensor.shape) > 0)
        return CAMX_OK;
    return camx__fail(error, CAMX_E_METHOD,
                      "layer '%s' is no feature map: its shape is %s, not [N, C, H, W]; `camx layers` marks those that "
                      "are",
                      v->name, camx__shape_text(&v->tensor.shape, text, sizeof text));
}

void camx__session_feature(const camx_session *session, int value, const camx__tensor *tensor, int64_t item,
                           camx__feature *feature)
{
    const camx__value *v = &session->bound->graph->values[value];
    int c = v->channels_last ? 3 : 1;
    int y = v->channels_last ? 1 : 2;
    int64_t strides[CAMX__MAX_RANK];
    memset(feature, 0, sizeof *feature);
    feature->channels = v->tensor.shape.dim[c];
    feature->height = v->tensor.shape.dim[y];
    feature->width = v->tensor.shape.dim[y + 1];
    if (tensor == NULL)
        return;
    camx__tensor_strides(tensor, strides);
    feature->step_c = strides[c];
    feature->step_y = strides[y];
    feature->step_x = strides[y + 1];
    feature->data = camx__reals(tensor) + item * strides[0];
}
