/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which maps `camx explain` makes of every picture.
 */
#include "map_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { MAX_MAPS = 1000 };

int method_has_layer(int32_t method)
{
    switch (method) {
    case CAMX_METHOD_CAM:
    case CAMX_METHOD_OCCLUSION:
    case CAMX_METHOD_SALIENCY:
    case CAMX_METHOD_GUIDED_BACKPROP:
    case CAMX_METHOD_SMOOTHGRAD:
    case CAMX_METHOD_INTEGRATED_GRADIENTS:
    case CAMX_METHOD_FULLGRAD:
    case CAMX_METHOD_RISE:
        return 0;
    default:
        return 1;
    }
}

static char *copy_or_null(const char *s)
{
    return s != NULL ? string_copy(s, strlen(s)) : NULL;
}

/* Adds a map; the words are copied. */
static int add_request(map_plan *plan, int32_t method, int optional, const char *layer,
                       const char *klass, text *problem)
{
    map_request *r;

    if (plan->count == MAX_MAPS) {
        text_format(problem, "more than %d maps of a picture are asked for", MAX_MAPS);
        return CODE_USAGE;
    }
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity * 2 + 8;
        map_request *grown = realloc(plan->requests, capacity * sizeof *grown);

        if (grown == NULL) {
            text_put(problem, "there is not enough memory");
            return CODE_LIMIT;
        }
        plan->requests = grown;
        plan->capacity = capacity;
    }
    r = &plan->requests[plan->count++];
    *r = (map_request){0};
    r->method = method;
    r->optional = optional;
    r->layer_word = method_has_layer(method) ? copy_or_null(layer) : NULL;
    r->class_word = copy_or_null(klass);
    if ((layer != NULL && method_has_layer(method) && r->layer_word == NULL) ||
        (klass != NULL && r->class_word == NULL)) {
        text_put(problem, "there is not enough memory");
        return CODE_LIMIT;
    }
    return CODE_OK;
}

/* A combination of the class with every method and layer. */
static int add_methods(map_plan *plan, const options *o, const char *klass, text *problem)
{
    size_t methods = o->method_count > 0 ? o->method_count : 1;
    int code = CODE_OK;

    for (size_t m = 0; m < methods && code == CODE_OK; m++) {
        int32_t method = o->method_count > 0 ? o->methods[m] : CAMX_METHOD_GRADCAM;
        size_t layers = o->layers.count > 0 && method_has_layer(method) ? o->layers.count : 1;

        for (size_t l = 0; l < layers && code == CODE_OK; l++) {
            code = add_request(plan, method, o->all_methods,
                               o->layers.count > 0 ? o->layers.at[l] : NULL, klass, problem);
        }
    }
    return code;
}

/* "281,282" is two classes; a comma with a space behind it belongs to a name ("tench, Tinca
 * tinca"). */
static size_t class_length(const char *s)
{
    size_t i = 0;

    while (s[i] != '\0' && !(s[i] == ',' && s[i + 1] != ' ')) {
        i++;
    }
    return i;
}

static int add_class_list(map_plan *plan, const options *o, const char *list, text *problem)
{
    for (;;) {
        size_t length = class_length(list);
        char *klass = string_copy(list, length);
        int code = CODE_LIMIT;

        if (klass == NULL) {
            text_put(problem, "there is not enough memory");
        } else {
            code = add_methods(plan, o, klass, problem);
        }
        free(klass);
        if (code != CODE_OK || list[length] == '\0') {
            return code;
        }
        list += length + 1;
    }
}

static int add_combinations(map_plan *plan, const options *o, text *problem)
{
    int code = CODE_OK;

    for (int32_t rank = 1; rank <= o->top && code == CODE_OK; rank++) {
        char word[16];

        snprintf(word, sizeof word, "top%d", (int)rank);
        code = add_methods(plan, o, word, problem);
    }
    for (size_t c = 0; c < o->classes.count && code == CODE_OK; c++) {
        code = add_class_list(plan, o, o->classes.at[c], problem);
    }
    if (o->top == 0 && o->classes.count == 0) {
        code = add_methods(plan, o, NULL, problem);
    }
    return code;
}

/* The end of the value that begins at `s`: the next ",layer=" or ",class=", or the end of the text.
 */
static const char *end_of_value(const char *s)
{
    const char *layer = strstr(s, ",layer=");
    const char *klass = strstr(s, ",class=");
    const char *end = s + strlen(s);

    end = layer != NULL && layer < end ? layer : end;
    return klass != NULL && klass < end ? klass : end;
}

/* METHOD[,layer=NAME][,class=CLASS] */
static int add_spec(map_plan *plan, const char *spec, text *problem)
{
    const char *end = end_of_value(spec);
    char *method_word = string_copy(spec, (size_t)(end - spec));
    char *layer = NULL;
    char *klass = NULL;
    int32_t method = method_by_word(spec, (size_t)(end - spec));
    int complete = method_word != NULL;
    int code = CODE_USAGE;

    while (*end != '\0') {
        char **part = end[1] == 'l' ? &layer : &klass;
        const char *value = end + strlen(",layer="); /* ",class=" is as long */

        end = end_of_value(value);
        free(*part);
        *part = string_copy(value, (size_t)(end - value));
        complete &= *part != NULL;
    }
    if (!complete) {
        text_put(problem, "there is not enough memory");
        code = CODE_LIMIT;
    } else if (method == 0) {
        text_format(problem, "--map %s: '%s' is no method; write METHOD[,layer=NAME][,class=CLASS]",
                    spec, method_word);
    } else if (layer != NULL && !method_has_layer(method)) {
        text_format(problem, "--map %s: %s does not look at a layer of your choice", spec,
                    camx_method_name(method));
    } else {
        code = add_request(plan, method, 0, layer, klass, problem);
    }
    free(method_word);
    free(layer);
    free(klass);
    return code;
}

/* The session keeps the layers from the first run on. */
static int collect_layers(map_plan *plan, text *problem)
{
    plan->layers.at = calloc(plan->count + 1, sizeof *plan->layers.at);
    if (plan->layers.at == NULL) {
        text_put(problem, "there is not enough memory");
        return CODE_LIMIT;
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->requests[i].layer_word != NULL) {
            plan->layers.at[plan->layers.count++] = plan->requests[i].layer_word;
        }
    }
    return CODE_OK;
}

int map_plan_make(map_plan *plan, const options *o, text *problem)
{
    int code = CODE_OK;

    *plan = (map_plan){0};
    plan->other_index = -1;
    plan->ranks = 1;
    for (size_t i = 0; i < o->maps.count && code == CODE_OK; i++) {
        code = add_spec(plan, o->maps.at[i], problem);
    }
    if (code == CODE_OK && o->maps.count > 0 &&
        o->method_count + o->layers.count + o->classes.count + (size_t)o->top > 0) {
        text_put(problem, "--map stands instead of --method, --layer, --class and --top");
        code = CODE_USAGE;
    }
    if (code == CODE_OK && o->maps.count == 0) {
        code = add_combinations(plan, o, problem);
    }
    if (code == CODE_OK) {
        code = collect_layers(plan, problem);
    }
    if (code == CODE_OK && o->layers.count > 0 && plan->layers.count == 0) {
        text_put(problem, "--layer makes no difference to the methods asked for");
        code = CODE_USAGE;
    }
    return code;
}

/* "top3" is 3, anything else 0. */
static int32_t rank_of(const char *word)
{
    int32_t rank;

    if (strcmp(word, "top") == 0) {
        return 1;
    }
    return strncmp(word, "top", 3) == 0 && value_int(word + 3, 1, 1000000, &rank) ? rank : 0;
}

static int resolve_class(map_plan *plan, map_request *r, const workbench *b, text *problem)
{
    r->class_index = -1;
    r->rank = r->class_word != NULL ? rank_of(r->class_word) : 1;
    if (r->rank > 0) {
        if ((uint32_t)r->rank > b->info.class_count) {
            text_format(problem, "the network has %u classes, so there is no top %d",
                        b->info.class_count, (int)r->rank);
            return CODE_USAGE;
        }
        plan->ranks = r->rank > plan->ranks ? r->rank : plan->ranks;
        return CODE_OK;
    }
    if (!labels_find(&b->labels, r->class_word, &r->class_index, problem)) {
        return CODE_USAGE;
    }
    if (r->class_index == plan->other_index) {
        text_format(problem, "class %d cannot be explained against itself", (int)r->class_index);
        return CODE_USAGE;
    }
    return CODE_OK;
}

static int resolve_layer(map_request *r, const workbench *b, text *problem)
{
    camx_layer_info info = {0};
    camx_error error;
    uint32_t index;

    if (r->layer_word == NULL) {
        return CODE_OK;
    }
    info.struct_size = sizeof info;
    if (camx_session_find_layer(b->session, r->layer_word, &index, &error) != CAMX_OK ||
        camx_session_get_layer(b->session, index, &info, &error) != CAMX_OK) {
        text_put(problem, error.message);
        return CODE_USAGE;
    }
    r->layer = info.name;
    return CODE_OK;
}

static void free_request(map_request *r)
{
    free(r->layer_word);
    free(r->class_word);
}

/* A map asked for twice is made once. */
static void drop_doubles(map_plan *plan)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->count; i++) {
        map_request *r = &plan->requests[i];
        size_t j = 0;

        while (j < kept &&
               !(plan->requests[j].method == r->method && map_same_layer(&plan->requests[j], r) &&
                 map_same_class(&plan->requests[j], r))) {
            j++;
        }
        if (j < kept) {
            free_request(r);
        } else {
            plan->requests[kept++] = *r;
        }
    }
    plan->count = kept;
}

int map_plan_resolve(map_plan *plan, const options *o, const workbench *b, text *problem)
{
    int code = CODE_OK;

    if (o->against != NULL && !labels_find(&b->labels, o->against, &plan->other_index, problem)) {
        return CODE_USAGE;
    }
    for (size_t i = 0; i < plan->count && code == CODE_OK; i++) {
        code = resolve_class(plan, &plan->requests[i], b, problem);
        if (code == CODE_OK) {
            code = resolve_layer(&plan->requests[i], b, problem);
        }
    }
    if (code != CODE_OK) {
        return code;
    }
    drop_doubles(plan);
    map_plan_name(plan, &b->labels);
    return CODE_OK;
}

/* Adds the map of one stage. */
static int add_stage(map_plan *plan, const options *o, const workbench *b, uint32_t stage,
                     text *problem)
{
    camx_layer_info info = {0};
    camx_error error;
    int32_t method = o->method_count > 0 ? o->methods[0] : CAMX_METHOD_GRADCAM;
    int code;
    map_request *r;

    info.struct_size = sizeof info;
    if (camx_session_get_stage(b->session, stage, &info, &error) != CAMX_OK) {
        text_put(problem, error.message);
        return CODE_MODEL;
    }
    code = add_request(plan, method, 0, info.name, o->classes.count > 0 ? o->classes.at[0] : NULL,
                       problem);
    if (code != CODE_OK) {
        return code;
    }
    r = &plan->requests[plan->count - 1];
    r->layer = info.name;
    snprintf(r->name, sizeof r->name, "%s-stage%u", camx_method_name(method), stage + 1);
    return resolve_class(plan, r, b, problem);
}

int map_plan_stages(map_plan *plan, const options *o, workbench *b, text *problem)
{
    camx_error error;
    uint32_t count;
    int code = CODE_OK;

    *plan = (map_plan){0};
    plan->other_index = -1;
    plan->ranks = 1;
    if (o->against != NULL && !labels_find(&b->labels, o->against, &plan->other_index, problem)) {
        return CODE_USAGE;
    }
    if (o->width > 0 && workbench_plan(b, &error) != CAMX_OK) {
        text_put(problem, error.message);
        return CODE_USAGE;
    }
    count = camx_session_stage_count(b->session);
    if (count == 0) {
        text_put(problem, "the network has no feature map with more than one position");
        return CODE_USAGE;
    }
    for (uint32_t i = 0; i < count && code == CODE_OK; i++) {
        code = add_stage(plan, o, b, i, problem);
    }
    return code;
}

void map_plan_free(map_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        free_request(&plan->requests[i]);
    }
    free(plan->requests);
    free(plan->layers.at);
    *plan = (map_plan){0};
}
