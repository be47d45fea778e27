/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing sessions, and planning for the size of an input. */
#include "explain/session.h"

#include <string.h>

#include "explain/session_private.h"

/* ---- opening ---- */

static camx_status copy_layer_names(camx_session *session, const camx_session_options *options, camx_error *error)
{
    if (options->layer_count == 0)
        return CAMX_OK;
    if (options->layers == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_session_options.layers is NULL but layer_count is %u",
                          options->layer_count);
    session->layer_names = camx__alloc_clear(session->memory, options->layer_count, sizeof(char *));
    if (session->layer_names == NULL)
        return camx__fail_memory(error, options->layer_count * sizeof(char *), "the session");
    for (uint32_t i = 0; i < options->layer_count; i++) {
        if (options->layers[i] == NULL)
            return camx__fail(error, CAMX_E_ARGUMENT, "camx_session_options.layers[%u] is NULL", i);
        size_t length = strlen(options->layers[i]) + 1;
        session->layer_names[i] = camx__alloc(session->memory, length, 1);
        if (session->layer_names[i] == NULL)
            return camx__fail_memory(error, length, "the session");
        memcpy(session->layer_names[i], options->layers[i], length);
        session->layer_count++;
    }
    return CAMX_OK;
}

static camx_status check_options(const camx_session_options *options, camx_error *error)
{
    if (options->threads < 0 || options->threads > CAMX__MAX_THREADS)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_session_options.threads is %d; it is 0 (automatic) to %d",
                          options->threads, CAMX__MAX_THREADS);
    if (options->keep < CAMX_KEEP_TARGETS || options->keep > CAMX_KEEP_STAGES)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_session_options.keep is %d, which is no camx_keep",
                          options->keep);
    if (options->gemm < CAMX_GEMM_AUTO || options->gemm > CAMX_GEMM_BUILTIN)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_session_options.gemm is %d, which is no camx_gemm",
                          options->gemm);
    return CAMX_OK;
}

static camx_status choose_settings(camx_session *session, const camx_session_options *options, camx_error *error)
{
    CAMX__FORWARD(check_options(options, error));
    session->settings.gemm = camx__gemm_get(options->gemm, camx__cpu_isa());
    session->settings.exact = options->exact_conv != 0;
    session->fusion = options->fusion != 0;
    session->keep = options->keep;
    if (session->settings.gemm == NULL)
        return camx__fail(error, CAMX_E_UNSUPPORTED, "this build of libcamx has no GEMM back end number %d (%s)",
                          options->gemm, camx_build_info());
    if (options->share_threads != NULL) {
        /* The threads live in the memory of the model they were started for. */
        session->pool = options->share_threads->pool;
        session->pool_owner = options->share_threads->pool_owner;
        camx__model_retain(session->pool_owner);
        camx__pool_retain(session->pool);
    } else {
        session->pool_owner = session->model;
        camx__model_retain(session->pool_owner);
        CAMX__FORWARD(camx__pool_open(session->memory, options->threads, options->parallel_for,
                                      options->parallel_user, &session->pool, error));
    }
    session->settings.workers = camx__pool_width(session->pool);
    return CAMX_OK;
}

static camx_status set_up(camx_session *session, const camx_session_options *options, camx_error *error)
{
    camx__shape shape;
    const camx_model *model = session->model;
    CAMX__FORWARD(choose_settings(session, options, error));
    CAMX__FORWARD(copy_layer_names(session, options, error));
    camx__runner_init(&session->runner, session->memory, session->pool);
    camx__runner_init(&session->side, session->memory, session->pool);
    CAMX__FORWARD(
        camx__model_input_shape(model, model->default_height, model->default_width, &shape, error));
    CAMX__FORWARD(camx__session_bind(session, &shape, error));
    return camx__session_plan(session, error);
}

camx_status camx__session_open(camx_model *model, const camx_session_options *options, camx_session **out,
                               camx_error *error)
{
    camx_session *session = camx__alloc_clear(&model->memory, 1, sizeof *session);
    if (session == NULL)
        return camx__fail_memory(error, sizeof *session, "the session");
    camx__model_retain(model);
    session->model = model;
    session->memory = &model->memory;
    session->run = -1;
    camx__zone_init(&session->profile.zone, session->memory);
    camx__runner_init(&session->runner, session->memory, NULL);
    camx__runner_init(&session->side, session->memory, NULL);
    camx_status status = set_up(session, options, error);
    if (status != CAMX_OK) {
        camx__session_close(session);
        return status;
    }
    *out = session;
    return CAMX_OK;
}

/* ---- closing ---- */

static void drop_input(camx_session *session)
{
    camx__input_release(session->input);
    camx__free(session->memory, session->logits);
    camx__free(session->memory, session->has_logits);
    session->input = NULL;
    session->logits = NULL;
    session->has_logits = NULL;
    session->run = -1;
}

static void drop_programs(camx_session *session)
{
    camx__runner_close(&session->runner);
    camx__runner_close(&session->side);
    camx__model_return_program(session->model, session->planned);
    camx__model_return_program(session->model, session->side_planned);
    session->planned = NULL;
    session->side_planned = NULL;
    session->run = -1;
}

static void drop_graph(camx_session *session)
{
    drop_programs(session);
    camx__free(session->memory, session->keeps);
    camx__free(session->memory, session->gradients);
    camx__free(session->memory, session->list);
    camx__free(session->memory, session->seed);
    session->keeps = NULL;
    session->gradients = NULL;
    session->list = NULL;
    session->seed = NULL;
    camx__model_return_graph(session->model, session->bound);
    session->bound = NULL;
}

void camx__session_close(camx_session *session)
{
    if (session == NULL)
        return;
    camx_model *model = session->model;
    camx_model *pool_owner = session->pool_owner;
    drop_input(session);
    drop_graph(session);
    for (uint32_t i = 0; i < session->layer_count; i++)
        camx__free(session->memory, session->layer_names[i]);
    camx__free(session->memory, session->layer_names);
    camx__zone_free(&session->profile.zone);
    camx__pool_release(session->pool);
    camx__free(&model->memory, session);
    camx__model_release(pool_owner);
    camx__model_release(model);
}

/* ---- planning ---- */

static bool worth_keeping(const camx_session *session, int value)
{
    const camx__value *v = &session->bound->graph->values[value];
    if (session->keep == CAMX_KEEP_ALL)
        return true;
    return session->keep == CAMX_KEEP_SPATIAL && camx__elem_is_real(v->tensor.elem) && v->tensor.shape.rank == 4;
}

/* Kept, and with a gradient if it can have one. */
static void wish_for(camx_session *session, int value)
{
    session->keeps[value] = true;
    session->gradients[value] = camx__elem_is_real(session->bound->graph->values[value].tensor.elem);
}

/* What every program of this session has to offer: the scores, the default layer, the layers of the options, and what
 * the keep setting says. */
static camx_status start_wishes(camx_session *session, camx_error *error)
{
    const camx__graph *graph = session->bound->graph;
    int layer = graph->head.default_layer;
    session->keeps[graph->head.logits] = true;
    if (layer >= 0)
        wish_for(session, layer);
    for (uint32_t i = 0; i < session->layer_count; i++) {
        CAMX__FORWARD(camx__graph_find_layer(graph, session->layer_names[i], &layer, error));
        wish_for(session, layer);
    }
    for (int i = 0; session->keep == CAMX_KEEP_STAGES && i < graph->stage_count; i++)
        wish_for(session, graph->stages[i]);
    for (int i = 0; i < graph->layer_count; i++)
        if (worth_keeping(session, graph->layers[i]))
            wish_for(session, graph->layers[i]);
    return CAMX_OK;
}

camx_status camx__session_bind(camx_session *session, const camx__shape *shape, camx_error *error)
{
    camx__bound *bound = NULL;
    if (session->bound != NULL && camx__shape_equal(&session->bound->shape, shape))
        return CAMX_OK;
    CAMX__FORWARD(camx__model_graph(session->model, shape, &bound, error));
    drop_graph(session);
    session->bound = bound;
    size_t values = (size_t)bound->graph->value_count + 1;
    size_t scores = (size_t)(bound->graph->batch * bound->graph->head.classes);
    session->keeps = camx__alloc_clear(session->memory, values, sizeof(bool));
    session->gradients = camx__alloc_clear(session->memory, values, sizeof(bool));
    session->list = camx__alloc(session->memory, 2 * values, sizeof(int));
    session->seed = camx__alloc(session->memory, scores, sizeof(real));
    if (session->keeps == NULL || session->gradients == NULL || session->list == NULL || session->seed == NULL) {
        drop_graph(session);
        return camx__fail_memory(error, values * sizeof(int), "the session");
    }
    camx_status status = start_wishes(session, error);
    if (status != CAMX_OK)
        drop_graph(session);
    return status;
}

static camx__demand make_demand(camx_session *session)
{
    int values = session->bound->graph->value_count;
    camx__demand demand = {.keep = session->list,
                           .gradients = session->list + values,
                           .fusion = session->fusion,
                           .settings = session->settings,
                           .pool = session->pool};
    for (int v = 0; v < values; v++) {
        if (session->keeps[v])
            session->list[demand.keep_count++] = v;
        if (session->gradients[v])
            session->list[values + demand.gradient_count++] = v;
    }
    return demand;
}

camx_status camx__session_plan(camx_session *session, camx_error *error)
{
    camx__planned *planned = NULL;
    camx__demand demand = make_demand(session);
    if (session->planned != NULL && session->runner.program != NULL &&
        camx__program_serves(session->planned->program, &demand))
        return CAMX_OK;
    CAMX__FORWARD(camx__model_program(session->model, session->bound, &demand, &planned, error));
    session->run = -1;
    camx_status status = camx__runner_load(&session->runner, planned->program, error);
    if (status != CAMX_OK) {
        camx__model_return_program(session->model, planned);
        planned = NULL;
    }
    camx__model_return_program(session->model, session->planned);
    session->planned = planned;
    return status;
}

camx_status camx__session_open_side(camx_session *session, camx_error *error)
{
    camx__planned *planned = NULL;
    int logits = session->bound->graph->head.logits;
    camx__demand demand = {
        .keep = &logits, .keep_count = 1, .fusion = session->fusion, .settings = session->settings,
        .pool = session->pool};
    if (session->side_planned != NULL)
        return CAMX_OK;
    CAMX__FORWARD(camx__model_program(session->model, session->bound, &demand, &planned, error));
    camx_status status = camx__runner_load(&session->side, planned->program, error);
    if (status != CAMX_OK)
        camx__model_return_program(session->model, planned);
    else
        session->side_planned = planned;
    return status;
}

/* ---- taking an input ---- */

static camx_status bind_input(camx_session *session, const camx_input *input, camx__shape *shape,
                              camx_error *error)
{
    const camx_model *model = session->model;
    if (input->channels != model->channels)
        return camx__fail(error, CAMX_E_SHAPE, "the input was made for a network with %d channels, %s has %d",
                          input->channels, model->file->name, model->channels);
    if (input->channels_last != model->channels_last)
        return camx__fail(error, CAMX_E_SHAPE, "the input was made for a network of [N, %s], %s takes [N, %s]",
                          input->channels_last ? "H, W, C" : "C, H, W", model->file->name,
                          model->channels_last ? "H, W, C" : "C, H, W");
    CAMX__FORWARD(camx__model_input_shape(model, input->height, input->width, shape, error));
    if (input->images % shape->dim[0] != 0)
        return camx__fail(error, CAMX_E_SHAPE,
                          "%s runs %lld images at a time, so the number of images must be a multiple of that, not %d",
                          model->file->name, (long long)shape->dim[0], input->images);
    return CAMX_OK;
}

camx_status camx__session_take(camx_session *session, camx_input *input, camx_error *error)
{
    camx__shape shape;
    if (input == NULL && session->input == NULL)
        return camx__fail(error, CAMX_E_STATE, "no input was given to this session yet: pass one");
    bool fresh = input != NULL && (session->input == NULL || input->identity != session->input->identity);
    CAMX__FORWARD(bind_input(session, fresh ? input : session->input, &shape, error));
    CAMX__FORWARD(camx__session_bind(session, &shape, error));
    /* An input that the network cannot take leaves the last one in its place. */
    if (fresh) {
        camx__input_retain(input);
        drop_input(session);
        session->input = input;
    }
    if (session->logits == NULL || session->has_logits == NULL) {
        size_t images = (size_t)session->input->images;
        camx__free(session->memory, session->logits);
        camx__free(session->memory, session->has_logits);
        session->has_logits = camx__alloc_clear(session->memory, images, sizeof(bool));
        session->logits = camx__alloc(session->memory, images * (size_t)session->model->classes, sizeof(float));
        if (session->logits == NULL || session->has_logits == NULL)
            return camx__fail_memory(error, images * sizeof(float), "the scores");
    }
    return camx__session_plan(session, error);
}
