/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Computes the maps of one picture of `camx explain`: what comes of the same runs at once.
 */
#include "scene_private.h"

#include <stdlib.h>

#include "command.h"
#include "console.h"

camx_status scene_target(const scene *s, const map_request *r, camx_target *target,
                         camx_error *error)
{
    int32_t class_index = r->class_index;
    char number[LABEL_NUMBER_SIZE];

    if (class_index < 0) {
        if ((uint32_t)r->rank > s->best_count) {
            return error_set(error, CAMX_E_FORMAT,
                             "%s: only %u classes have a score that is a number", s->path,
                             s->best_count);
        }
        class_index = s->best[r->rank - 1].class_index;
    }
    camx_target_for_class(target, class_index);
    if (s->e->plan.other_index >= 0) {
        if (class_index == s->e->plan.other_index) {
            return error_set(error, CAMX_E_FORMAT,
                             "%s: the network takes it for %s itself, so name the class to hold "
                             "against that one "
                             "(--class)",
                             s->path, labels_shown(&s->e->b.labels, class_index, number));
        }
        target->kind = CAMX_TARGET_PAIR;
        target->other_index = s->e->plan.other_index;
    }
    target->score = s->e->o->score;
    target->negate = s->e->o->negate;
    return CAMX_OK;
}

static void read_options(const options *o, camx_explain_options *given)
{
    camx_explain_options_init(given);
    given->progress = console_progress;
    given->samples = o->samples;
    given->steps = o->steps;
    given->seed = o->seed;
    given->grid = o->grid;
    given->probability = o->probability;
    given->noise = o->noise >= 0 ? o->noise : given->noise;
}

static void read_occlusion(const options *o, camx_occlusion_options *given)
{
    *given = o->occlusion;
    given->progress = console_progress;
    if (o->no_reuse) {
        given->reuse = CAMX_REUSE_OFF;
    }
}

/* ---- one map ---- */

static camx_status compute_alone(const scene *s, const map_request *r, camx_error *error)
{
    const options *o = s->e->o;
    camx_session *session = s->e->b.session;
    camx_map *map = s->e->map;
    camx_target target;
    camx_explain_options others;
    camx_gradcampp_options gradcampp;
    camx_occlusion_options occlusion;
    camx_status status = scene_target(s, r, &target, error);

    if (status != CAMX_OK) {
        return status;
    }
    switch (r->method) {
    case CAMX_METHOD_OCCLUSION:
        read_occlusion(o, &occlusion);
        return occlusion_map(session, NULL, &target, &occlusion, map, error);
    case CAMX_METHOD_GRADCAMPP:
        camx_gradcampp_options_init(&gradcampp);
        gradcampp.rule = o->rule;
        gradcampp.layer = r->layer;
        return gradcampp_compute(session, NULL, &target, &gradcampp, map, error);
    default:
        read_options(o, &others);
        others.layer = r->layer;
        return camx_explain(session, r->method, NULL, &target, &others, map, error);
    }
}

static camx_status compute_stages(const scene *s, const map_request *r, camx_error *error)
{
    explainer *e = s->e;
    camx_target target;
    camx_explain_options given;
    camx_status status = scene_target(s, r, &target, error);

    if (status != CAMX_OK) {
        return status;
    }
    read_options(e->o, &given);
    return camx_explain_stages(e->b.session, r->method, NULL, &target, &given, e->maps,
                               (uint32_t)e->plan.count, error);
}

/* ---- several maps ---- */

/* The maps of a method for several classes, each at the same layers. Pointers to one request of
 * each class and of each layer; map t * layer_count + l is for class t at layer l. */
typedef struct group {
    const map_request **classes;
    const map_request **at;
    camx_map **maps;
    camx_target *targets;
    const camx_target **pointers;
    const char **layers;
    size_t class_count;
    size_t layer_count;
} group;

static int group_open(group *g, size_t most)
{
    *g = (group){0};
    g->classes = calloc(most, sizeof *g->classes);
    g->at = calloc(most, sizeof *g->at);
    g->maps = calloc(most, sizeof *g->maps);
    g->targets = calloc(most, sizeof *g->targets);
    g->pointers = calloc(most, sizeof *g->pointers);
    g->layers = calloc(most, sizeof *g->layers);
    return g->classes != NULL && g->at != NULL && g->maps != NULL && g->targets != NULL &&
           g->pointers != NULL && g->layers != NULL;
}

static void group_close(group *g)
{
    free(g->classes);
    free(g->at);
    free(g->maps);
    free(g->targets);
    free(g->pointers);
    free(g->layers);
}

typedef int same_fn(const map_request *a, const map_request *b);

/* The place of a request among those that differ; it is added if it is new. */
static size_t place_of(const map_request **list, size_t *count, const map_request *r, same_fn *same)
{
    size_t i = 0;

    while (i < *count && !same(list[i], r)) {
        i++;
    }
    if (i == *count) {
        list[(*count)++] = r;
    }
    return i;
}

static int belongs(const scene *s, const map_request *r, const map_request *to, int all_classes)
{
    return r->method == to->method && (all_classes || map_same_class(r, to)) &&
           s->states[r - s->e->plan.requests] == MAP_WANTED;
}

/* What is wanted of the method of `r`, for its class or for all; 0 if it is one map or not every
 * layer for every class. */
static int group_fill(const scene *s, const map_request *r, int all_classes, group *g)
{
    const map_plan *plan = &s->e->plan;
    size_t members = 0;

    g->class_count = g->layer_count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (belongs(s, &plan->requests[i], r, all_classes)) {
            place_of(g->classes, &g->class_count, &plan->requests[i], map_same_class);
            place_of(g->at, &g->layer_count, &plan->requests[i], map_same_layer);
            members++;
        }
    }
    if (members < 2 || members != g->class_count * g->layer_count) {
        return 0;
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (belongs(s, &plan->requests[i], r, all_classes)) {
            size_t row = place_of(g->classes, &g->class_count, &plan->requests[i], map_same_class);

            g->maps[row * g->layer_count + place_of(g->at, &g->layer_count, &plan->requests[i],
                                                    map_same_layer)] = s->e->maps[i];
        }
    }
    return 1;
}

static camx_status group_compute(const scene *s, int32_t method, group *g, camx_error *error)
{
    camx_session *session = s->e->b.session;
    camx_explain_options given;
    camx_occlusion_options occlusion;

    for (size_t i = 0; i < g->class_count; i++) {
        camx_status status = scene_target(s, g->classes[i], &g->targets[i], error);

        if (status != CAMX_OK) {
            return status;
        }
        g->pointers[i] = &g->targets[i];
    }
    if (method == CAMX_METHOD_OCCLUSION) {
        read_occlusion(s->e->o, &occlusion);
        return camx_occlusion_many(session, NULL, g->pointers, (uint32_t)g->class_count, &occlusion,
                                   g->maps, error);
    }
    for (size_t i = 0; i < g->layer_count; i++) {
        g->layers[i] = g->at[i]->layer;
    }
    read_options(s->e->o, &given);
    return camx_explain_many(session, method, NULL, g->pointers, (uint32_t)g->class_count,
                             g->layers, (uint32_t)g->layer_count, &given, g->maps, error);
}

/* Whether several maps of the method cost less than one call for each. */
static int shares_runs(const scene *s, int32_t method)
{
    switch (method) {
    case CAMX_METHOD_GRADCAMPP:
        return s->e->o->rule == CAMX_GRADCAMPP_PAPER; /* the one of camx_explain_many */
    case CAMX_METHOD_GRADCAM:
    case CAMX_METHOD_OCCLUSION:
    case CAMX_METHOD_HIRESCAM:
    case CAMX_METHOD_LAYERCAM:
    case CAMX_METHOD_XGRADCAM:
    case CAMX_METHOD_ELEMENTWISE:
    case CAMX_METHOD_SCORECAM:
    case CAMX_METHOD_ABLATIONCAM:
    case CAMX_METHOD_RECIPROCAM:
    case CAMX_METHOD_FULLGRAD:
    case CAMX_METHOD_RISE:
        return 1;
    default:
        return 0;
    }
}

/* A map and all that come with it. 0: it has to be computed alone, either because it is the only
 * one or because that failed: one that cannot be made does not take the others along. */
static int compute_together(scene *s, const map_request *r, camx_status *status, camx_error *error)
{
    map_plan *plan = &s->e->plan;
    int all = 0;
    int done = 0;
    group g;

    if (group_open(&g, plan->count)) {
        all = group_fill(s, r, 1, &g);
        if (all || group_fill(s, r, 0, &g)) {
            *status = group_compute(s, r->method, &g, error);
            done = *status == CAMX_OK || *status == CAMX_E_CANCELLED;
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (belongs(s, &plan->requests[i], r, all)) {
            s->states[i] = done ? MAP_DONE : MAP_ALONE;
        }
    }
    group_close(&g);
    return done;
}

camx_status scene_compute(scene *s, const map_request *r, camx_error *error)
{
    explainer *e = s->e;
    size_t number = (size_t)(r - e->plan.requests);
    camx_status status = CAMX_OK;

    e->map = e->maps[number];
    if (e->o->command == COMMAND_PROGRESS) {
        return number == 0 ? compute_stages(s, r, error) : CAMX_OK;
    }
    if (s->states[number] == MAP_DONE) {
        return CAMX_OK;
    }
    if (s->states[number] == MAP_WANTED && shares_runs(s, r->method) &&
        compute_together(s, r, &status, error)) {
        return status;
    }
    return compute_alone(s, r, error);
}
