/* SPDX-License-Identifier: Apache-2.0 */
/* Items through a suffix, a batch at a time. */
#include "explain/perturb.h"

static camx_status open_suffix(camx__perturb *perturb, int value, int64_t most)
{
    const camx__study *study = perturb->study;
    camx_session *session = study->session;
    int32_t batch = study->options->batch;
    const int *others = NULL;
    uint32_t count = 0;
    camx__suffix_ask ask = {.model = session->model,
                            .bound = session->bound,
                            .pool = session->pool,
                            .settings = session->settings,
                            .fusion = session->fusion,
                            .value = value};
    ask.batch = batch > 0 ? batch : camx__suffix_batch(session->bound->graph, value, most);
    CAMX__FORWARD(camx__suffix_open(&perturb->suffix, &ask, study->error));
    others = camx__suffix_others(&perturb->suffix, &count);
    return count > 0 ? camx__session_ask_all(session, others, count, false, study->error) : CAMX_OK;
}

camx_status camx__perturb_open(camx__perturb *perturb, camx__study *study, int value, int64_t most)
{
    camx_session *session = study->session;
    perturb->study = study;
    perturb->logits = camx__alloc(session->memory, (size_t)session->model->classes, sizeof(float));
    camx_status status = perturb->logits == NULL
                             ? camx__fail_memory(study->error, (size_t)session->model->classes * sizeof(float),
                                                 "the scores")
                             : open_suffix(perturb, value, most);
    if (status != CAMX_OK)
        camx__perturb_close(perturb);
    return status;
}

void camx__perturb_close(camx__perturb *perturb)
{
    camx__suffix_close(&perturb->suffix);
    camx__free(perturb->study->session->memory, perturb->logits);
    perturb->logits = NULL;
}

static void write_item(void *context, size_t task, int worker)
{
    const camx__perturb *perturb = context;
    real *place = camx__reals(camx__suffix_tensor(&perturb->suffix));
    (void)worker;
    perturb->write(perturb, perturb->first + (int64_t)task, place + (int64_t)task * camx__suffix_item(&perturb->suffix));
}

static void read_item(camx__perturb *perturb, int64_t place)
{
    int64_t classes = perturb->study->session->model->classes;
    const real *logits = camx__suffix_logits(&perturb->suffix) + place * classes;
    for (int64_t i = 0; i < classes; i++)
        perturb->logits[i] = (float)logits[i];
    perturb->read(perturb, perturb->first + place, perturb->logits);
}

camx_status camx__perturb_run(camx__perturb *perturb, uint32_t image, int64_t count, int64_t *done)
{
    camx__study *study = perturb->study;
    camx_session *session = study->session;
    camx__suffix *suffix = &perturb->suffix;
    *done = 0;
    camx__suffix_fill(suffix, &session->runner, image % camx__session_batch(session));
    for (perturb->first = 0; perturb->first < count; perturb->first += suffix->batch) {
        int64_t items = count - perturb->first < suffix->batch ? count - perturb->first : suffix->batch;
        camx__pool_run(session->pool, (size_t)items, write_item, perturb);
        CAMX__FORWARD(camx__suffix_forward(suffix, study->error));
        if (suffix->whole)
            session->stats.forward_runs += (uint64_t)items;
        for (int64_t i = 0; i < items; i++)
            read_item(perturb, i);
        *done += items;
        CAMX__FORWARD(camx__progress_step(&study->progress, (uint64_t)items, study->error));
    }
    return CAMX_OK;
}
