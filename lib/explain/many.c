/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several targets at several layers: by the method's own way if it has one, otherwise map by map. The forward pass is kept
 * by the session in either case.
 */
#include "base/progress.h"
#include "explain/methods.h"

/* One call for one map, as part of a call for many. */
typedef struct part {
    const camx_explain_options *whole; /* the caller's */
    double end;                        /* when time is up, on the clock of base/progress.h; 0 = never */
    uint64_t index;                    /* of the map */
    uint64_t count;                    /* of maps */
} part;

/* The units of a map are known only when it is its turn; every map counts alike. */
static int report(uint64_t done, uint64_t total, void *user)
{
    const part *p = user;
    return p->whole->progress(p->index * total + done, p->count * total, p->whole->progress_user);
}

static camx_status start_part(part *p, camx_explain_options *own, camx_error *error)
{
    if (p->whole->progress != NULL) {
        own->progress = report;
        own->progress_user = p;
    }
    if (p->end > 0.0) {
        own->deadline = p->end - camx__clock();
        if (own->deadline <= 0.0)
            return camx__fail(error, CAMX_E_DEADLINE, "the time was up after %llu of %llu parts",
                              (unsigned long long)p->index, (unsigned long long)p->count);
    }
    return CAMX_OK;
}

static camx_status layer_by_layer(camx__targets_fn *compute, camx_session *session, camx_input *input,
                                  const camx__many *many, const camx_explain_options *options,
                                  camx_map *const *maps, camx_error *error)
{
    camx_explain_options own = *options;
    part p = {.whole = options, .count = many->layer_count};
    camx_map **chosen = camx__alloc(session->memory, many->target_count, sizeof(camx_map *));
    camx_status status = CAMX_OK;
    if (chosen == NULL)
        return camx__fail_memory(error, many->target_count * sizeof(camx_map *), "the list of maps");
    if (options->deadline > 0.0)
        p.end = camx__clock() + options->deadline;
    for (p.index = 0; status == CAMX_OK && p.index < p.count; p.index++) {
        for (uint32_t target = 0; target < many->target_count; target++)
            chosen[target] = maps[(size_t)target * many->layer_count + p.index];
        own.layer = many->layers[p.index];
        status = start_part(&p, &own, error);
        if (status == CAMX_OK)
            status = compute(session, input, many->targets, many->target_count, &own, chosen, error);
    }
    camx__free(session->memory, chosen);
    return status;
}

camx_status camx__explain_one(const camx__method *method, camx_session *session, camx_input *input,
                              const camx_target *target, const camx_explain_options *options, camx_map *map,
                              camx_error *error)
{
    if (method->compute_targets != NULL)
        return method->compute_targets(session, input, &target, 1, options, &map, error);
    return method->compute(session, input, target, options, map, error);
}

static camx_status one_by_one(const camx__method *method, camx_session *session, camx_input *input,
                              const camx__many *many, const camx_explain_options *options, camx_map *const *maps,
                              camx_error *error)
{
    camx_explain_options own = *options;
    part p = {.whole = options, .count = (uint64_t)many->target_count * many->layer_count};
    if (options->deadline > 0.0)
        p.end = camx__clock() + options->deadline;
    for (p.index = 0; p.index < p.count; p.index++) {
        own.layer = many->layers[p.index % many->layer_count];
        CAMX__FORWARD(start_part(&p, &own, error));
        CAMX__FORWARD(method->compute(session, input, many->targets[p.index / many->layer_count], &own,
                                      maps[p.index], error));
    }
    return CAMX_OK;
}

camx_status camx__explain_many(const camx__method *method, camx_session *session, camx_input *input,
                               const camx__many *many, const camx_explain_options *options, camx_map *const *maps,
                               camx_error *error)
{
    uint64_t count = (uint64_t)many->target_count * many->layer_count;
    for (uint64_t i = 0; i < count; i++)
        camx__map_clear(maps[i]);
    camx_status status = CAMX_OK;
    if (method->compute_many != NULL)
        status = method->compute_many(session, input, many, options, maps, error);
    else if (method->compute_targets != NULL)
        status = layer_by_layer(method->compute_targets, session, input, many, options, maps, error);
    else
        status = one_by_one(method, session, input, many, options, maps, error);
    for (uint64_t i = 0; status != CAMX_OK && !camx__stopped(status) && i < count; i++)
        camx__map_clear(maps[i]);
    return status;
}
