/* SPDX-License-Identifier: Apache-2.0 */
/* Methods and maps. */
#include <string.h>

#include "api/api_check.h"
#include "base/options.h"
#include "explain/methods.h"

camx_status cam_compute(camx_session *session, camx_input *input, const camx_target *target,
                        const camx_cam_options *options, camx_map *map, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(map, error);
    return camx__cam(session, input, target, options, map, error);
}

camx_status gradcam_compute(camx_session *session, camx_input *input, const camx_target *target,
                            const camx_gradcam_options *options, camx_map *map, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(map, error);
    return camx__gradcam(session, input, target, options, map, error);
}

camx_status gradcampp_compute(camx_session *session, camx_input *input, const camx_target *target,
                              const camx_gradcampp_options *options, camx_map *map, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(map, error);
    return camx__gradcampp(session, input, target, options, map, error);
}

camx_status occlusion_map(camx_session *session, camx_input *input, const camx_target *target,
                          const camx_occlusion_options *options, camx_map *map, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(map, error);
    return camx__occlusion(session, input, target, options, map, error);
}

/* ---- several maps at once ---- */

static camx_status check_maps(const char *function, camx_map *const *maps, uint64_t count, camx_error *error)
{
    for (uint64_t i = 0; i < count; i++) {
        if (maps[i] == NULL)
            return camx__fail(error, CAMX_E_ARGUMENT, "%s: maps[%llu] of %llu is NULL", function,
                              (unsigned long long)i, (unsigned long long)count);
        for (uint64_t other = 0; other < i; other++)
            if (maps[other] == maps[i])
                return camx__fail(error, CAMX_E_ARGUMENT,
                                  "%s: maps[%llu] and maps[%llu] are the same map: every target at every layer needs "
                                  "one of its own",
                                  function, (unsigned long long)other, (unsigned long long)i);
    }
    return CAMX_OK;
}

/* Lists of count 0 stand for one default. */
camx_status camx_occlusion_many(camx_session *session, camx_input *input, const camx_target *const *targets,
                                uint32_t target_count, const camx_occlusion_options *options, camx_map *const *maps,
                                camx_error *error)
{
    uint32_t count = target_count > 0 ? target_count : 1;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(maps, error);
    if ((target_count > 0 && targets == NULL) || target_count > INT32_MAX)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_occlusion_many: targets is %s but target_count is %u",
                          targets == NULL ? "NULL" : "given", target_count);
    CAMX__FORWARD(check_maps("camx_occlusion_many", maps, count, error));
    for (uint32_t i = 0; i < count; i++)
        camx__map_clear(maps[i]);
    return camx__occlusion_many(session, input, target_count > 0 ? targets : NULL, count, options, maps, error);
}

/* ---- by number ---- */

static const camx__method *find_method(int32_t number)
{
    const camx__method *method = NULL;
    for (uint32_t i = 0; (method = camx__method_at(i)) != NULL; i++)
        if (method->number == number)
            return method;
    return NULL;
}

camx_status camx_explain(camx_session *session, int32_t method, camx_input *input, const camx_target *target,
                         const camx_explain_options *given, camx_map *map, camx_error *error)
{
    camx_explain_options options;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(map, error);
    camx_explain_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_explain_options, &options, given, error));
    const camx__method *row = find_method(method);
    if (row == NULL)
        return camx__fail(error, CAMX_E_NOT_FOUND, "there is no method number %d", method);
    if (options.channel_values != NULL &&
        (method < CAMX_METHOD_SALIENCY || method > CAMX_METHOD_INTEGRATED_GRADIENTS))
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_explain_options.channel_values is for saliency to integrated_gradients: %s has one number "
                          "for each place",
                          row->name);
    return camx__explain_one(row, session, input, target, &options, map, error);
}

static camx_status check_lists(const camx__many *many, const camx_explain_options *options, camx_error *error)
{
    if (many->target_count > 0 && many->targets == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_explain_many: targets is NULL but target_count is %u",
                          many->target_count);
    if (many->layer_count > 0 && many->layers == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_explain_many: layers is NULL but layer_count is %u",
                          many->layer_count);
    if (many->layer_count > 0 && options->layer != NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_explain_many: both layers and camx_explain_options.layer ('%.100s') are given",
                          options->layer);
    if (options->channel_values != NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_explain_many: camx_explain_options.channel_values has room for one map: call camx_explain");
    if ((uint64_t)many->target_count * many->layer_count > INT32_MAX)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_explain_many: %u targets at %u layers are too many maps",
                          many->target_count, many->layer_count);
    return CAMX_OK;
}

camx_status camx_explain_many(camx_session *session, int32_t method, camx_input *input,
                              const camx_target *const *targets, uint32_t target_count, const char *const *layers,
                              uint32_t layer_count, const camx_explain_options *given, camx_map *const *maps,
                              camx_error *error)
{
    const camx_target *top = NULL;
    camx__many many = {targets, target_count, layers, layer_count};
    camx_explain_options options;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(maps, error);
    camx_explain_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_explain_options, &options, given, error));
    CAMX__FORWARD(check_lists(&many, &options, error));
    if (target_count == 0) {
        many.targets = &top;
        many.target_count = 1;
    }
    if (layer_count == 0) {
        many.layers = &options.layer;
        many.layer_count = 1;
    }
    CAMX__FORWARD(check_maps("camx_explain_many", maps, (uint64_t)many.target_count * many.layer_count, error));
    const camx__method *row = find_method(method);
    if (row == NULL)
        return camx__fail(error, CAMX_E_NOT_FOUND, "there is no method number %d", method);
    return camx__explain_many(row, session, input, &many, &options, maps, error);
}

static camx_status explain_stages(const camx__method *method, camx_session *session, const camx_target *target,
                                  const camx_explain_options *options, camx_map *const *maps, uint32_t count,
                                  camx_error *error)
{
    const camx__graph *graph = session->bound->graph;
    if (count == 0 || count != (uint32_t)graph->stage_count)
        return camx__fail(error, graph->stage_count == 0 ? CAMX_E_METHOD : CAMX_E_ARGUMENT,
                          "camx_explain_stages: %u maps were given; the network has %d stages at this input size", count,
                          graph->stage_count);
    CAMX__FORWARD(check_maps("camx_explain_stages", maps, count, error));
    const char **names = camx__alloc(session->memory, count, sizeof *names);
    if (names == NULL)
        return camx__fail_memory(error, count * sizeof *names, "the list of stages");
    for (uint32_t i = 0; i < count; i++)
        names[i] = graph->values[graph->stages[i]].name;
    camx__many many = {.targets = &target, .target_count = 1, .layers = names, .layer_count = count};
    camx_status status = camx__explain_many(method, session, NULL, &many, options, maps, error);
    camx__free(session->memory, names);
    return status;
}

camx_status camx_explain_stages(camx_session *session, int32_t method, camx_input *input, const camx_target *target,
                                const camx_explain_options *given, camx_map *const *maps, uint32_t count,
                                camx_error *error)
{
    camx_explain_options options;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(maps, error);
    camx_explain_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_explain_options, &options, given, error));
    const camx__method *row = find_method(method);
    if (row == NULL)
        return camx__fail(error, CAMX_E_NOT_FOUND, "there is no method number %d", method);
    if (options.layer != NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_explain_stages looks at every stage: leave camx_explain_options.layer ('%.100s') NULL",
                          options.layer);
    CAMX__FORWARD(camx__session_take(session, input, error));
    return explain_stages(row, session, target, &options, maps, count, error);
}

int32_t camx_method_at(uint32_t index)
{
    const camx__method *method = camx__method_at(index);
    return method != NULL ? method->number : 0;
}

const char *camx_method_name(int32_t method)
{
    const camx__method *row = find_method(method);
    return row != NULL ? row->name : NULL;
}

const char *camx_method_summary(int32_t method)
{
    const camx__method *row = find_method(method);
    return row != NULL ? row->summary : NULL;
}

int32_t camx_method_by_name(const char *name)
{
    const camx__method *method = NULL;
    for (uint32_t i = 0; name != NULL && (method = camx__method_at(i)) != NULL; i++)
        if (strcmp(method->name, name) == 0)
            return method->number;
    return 0;
}

/* ---- maps ---- */

camx_status camx_map_create(const camx_allocator *allocator, camx_map **map, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(map, error);
    *map = NULL;
    if (allocator != NULL && (allocator->allocate == NULL || allocator->release == NULL))
        return camx__fail(error, CAMX_E_ARGUMENT, "%s: the allocator lacks one of its two functions", __func__);
    return camx__map_create(allocator, map, error);
}

void camx_map_release(camx_map *map)
{
    camx__map_release(map);
}

uint32_t camx_map_image_count(const camx_map *map)
{
    return map != NULL ? map->images : 0;
}

camx_status camx_map_get_info(const camx_map *map, uint32_t image, camx_map_info *info, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(map, error);
    CAMX__NOT_NULL(info, error);
    return camx__map_get_info(map, image, info, error);
}

const float *camx_map_values(const camx_map *map, uint32_t image)
{
    return map != NULL ? camx__map_values(map, image) : NULL;
}

camx_status camx_map_scale(const camx_map *map, uint32_t image, int32_t scaling, float *values, size_t count,
                           camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(map, error);
    CAMX__NOT_NULL(values, error);
    return camx__map_scale(map, image, scaling, values, count, error);
}

camx_status camx_map_render(const camx_map *map, uint32_t image, const camx_render_options *options, float *values,
                            int32_t width, int32_t height, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(map, error);
    CAMX__NOT_NULL(values, error);
    return camx__map_render(map, image, options, values, width, height, error);
}
