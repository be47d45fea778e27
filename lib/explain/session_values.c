/* SPDX-License-Identifier: Apache-2.0 */
/* Copying values and gradients out. */
#include "explain/session_values.h"

#include <string.h>

#include "explain/target.h"
#include "kernels/rows.h"

typedef struct copying {
    camx_session *session;
    int value;
    int64_t per_run; /* numbers of one run */
    camx__tensor plain; /* room for them, in ONNX order */
    float *values;
    camx_error *error;
} copying;

static camx_status start(copying *c, const char *layer, size_t count)
{
    const camx_session *session = c->session;
    CAMX__FORWARD(camx__graph_find_layer(session->bound->graph, layer, &c->value, c->error));
    const camx__value *value = &session->bound->graph->values[c->value];
    c->per_run = camx__shape_count(&value->tensor.shape);
    int64_t wanted = c->per_run * camx__session_runs(session);
    if (wanted < 0 || (uint64_t)wanted != count)
        return camx__fail(c->error, CAMX_E_ARGUMENT, "layer '%s' has %lld numbers for %u image%s, not %zu",
                          value->name, (long long)wanted, camx__session_images(session),
                          camx__session_images(session) == 1 ? "" : "s", count);
    c->plain = value->tensor;
    c->plain.data = NULL;
    return CAMX_OK;
}

static camx_status give_room(copying *c)
{
    size_t bytes = camx__tensor_bytes(&c->plain);
    c->plain.data = camx__alloc(c->session->memory, bytes, 1);
    return c->plain.data != NULL ? CAMX_OK : camx__fail_memory(c->error, bytes, "a copy of a layer");
}

static void copy_out(const copying *c, const camx__tensor *tensor, int64_t run)
{
    float *to = c->values + run * c->per_run;
    if (tensor == NULL) {
        memset(to, 0, (size_t)c->per_run * sizeof(float));
        return;
    }
    camx__rows_copy(NULL, tensor, &c->plain);
    bool reals = camx__elem_is_real(tensor->elem);
    for (int64_t i = 0; i < c->per_run; i++)
        to[i] = reals ? (float)camx__reals(&c->plain)[i] : (float)camx__ints(&c->plain)[i];
}

static camx_status copy_values(copying *c)
{
    camx_session *session = c->session;
    CAMX__FORWARD(give_room(c));
    CAMX__FORWARD(camx__session_ask(session, c->value, false, c->error));
    for (int64_t run = 0; run < camx__session_runs(session); run++) {
        CAMX__FORWARD(camx__session_hold(session, run, c->error));
        copy_out(c, camx__runner_value(&session->runner, c->value), run);
    }
    return CAMX_OK;
}

camx_status camx__session_copy_value(camx_session *session, const char *layer, float *values, size_t count,
                                     camx_error *error)
{
    copying c = {.session = session, .values = values, .error = error};
    CAMX__FORWARD(start(&c, layer, count));
    camx_status status = copy_values(&c);
    camx__free(session->memory, c.plain.data);
    return status;
}

static camx_status gradient_of_run(const copying *c, const camx_target *target, int64_t run, float *scratch)
{
    camx_session *session = c->session;
    int64_t batch = camx__session_batch(session);
    int64_t classes = session->model->classes;
    CAMX__FORWARD(camx__session_hold(session, run, c->error));
    for (int64_t item = 0; item < batch; item++) {
        int64_t image = run * batch + item;
        const float *logits = session->logits + image * classes;
        camx__aim aim;
        camx__target_aim(session, target, (uint32_t)image, logits, CAMX_SCORE_LOGIT, &aim);
        camx__aim_seed(session, &aim, logits, scratch, session->seed + item * classes);
    }
    CAMX__FORWARD(camx__runner_backward(&session->runner, session->seed, &c->value, 1, c->error));
    session->stats.backward_runs += (uint64_t)batch;
    copy_out(c, camx__runner_gradient(&session->runner, c->value), run);
    return CAMX_OK;
}

static camx_status copy_gradients(copying *c, const camx_target *target, float *scratch)
{
    camx_session *session = c->session;
    CAMX__FORWARD(give_room(c));
    CAMX__FORWARD(camx__session_ask(session, c->value, true, c->error));
    for (int64_t run = 0; run < camx__session_runs(session); run++)
        CAMX__FORWARD(gradient_of_run(c, target, run, scratch));
    return CAMX_OK;
}

camx_status camx__session_copy_gradient(camx_session *session, const camx_target *given, const char *layer,
                                        float *values, size_t count, camx_error *error)
{
    copying c = {.session = session, .values = values, .error = error};
    camx_target target;
    CAMX__FORWARD(camx__target_take(session, given, &target, error));
    CAMX__FORWARD(start(&c, layer, count));
    if (!camx__elem_is_real(c.plain.elem))
        return camx__fail(error, CAMX_E_METHOD, "layer '%s' holds integers, which have no gradient",
                          session->bound->graph->values[c.value].name);
    size_t classes = (size_t)session->model->classes;
    float *scratch = camx__alloc(session->memory, classes, sizeof(float));
    camx_status status = scratch == NULL ? camx__fail_memory(error, classes * sizeof(float), "the gradient")
                                         : copy_gradients(&c, &target, scratch);
    camx__free(session->memory, scratch);
    camx__free(session->memory, c.plain.data);
    return status;
}
