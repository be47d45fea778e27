/* SPDX-License-Identifier: Apache-2.0 */
/* Activation maximisation. */
#include <stdio.h>

#include "api/api_check.h"
#include "base/options.h"
#include "explain/maximise.h"

void (camx_objective_init)(camx_objective *objective, uint32_t size)
{
    camx_objective filled = {.x = -1, .y = -1, .weight = 1.0F};
    camx__options_fill(objective, size, &filled, sizeof filled);
}

void (camx_objective_for_class)(camx_objective *objective, uint32_t size, int32_t class_index)
{
    camx_objective filled = {.kind = CAMX_OBJECTIVE_CLASS, .index = class_index, .x = -1, .y = -1, .weight = 1.0F};
    camx__options_fill(objective, size, &filled, sizeof filled);
}

void (camx_maximise_options_init)(camx_maximise_options *options, uint32_t size)
{
    camx_maximise_options filled = {
        .steps = 200,
        .rate = 0.1F,
        .smoothness = 1.5F,
        .noise = 0.01F,
        .jitter = 0.15F,
        .rotation = 15.0F,
        .scale = 0.4F,
        .total_variation = 0.2F,
        .grain = 0.15F,
    };
    camx__options_fill(options, size, &filled, sizeof filled);
}

/* A fresh input to work on: a copy of the start, or grey. */
static camx_status make_image(camx_model *model, const camx_maximise_options *options, camx_input **image,
                              camx_error *error)
{
    const camx_input *start = options->start;
    uint8_t grey[1] = {127};
    camx_pixels pixels;
    if (start == NULL) {
        camx_pixels_init(&pixels, CAMX_PIXEL_GREY, 1, 1, 0, grey);
        CAMX__FORWARD(camx_input_from_pixels(model, &pixels, options->preparation, image, error));
    } else {
        int64_t shape[4] = {1, start->shape[1], start->shape[2], start->shape[3]};
        CAMX__FORWARD(camx_input_from_floats(model, start->values, shape, 4, image, error));
        (*image)->scale = start->scale;
    }
    (*image)->geometry = camx__geometry_identity((*image)->width, (*image)->height);
    snprintf((*image)->description, sizeof (*image)->description, "made by activation maximisation");
    return CAMX_OK;
}

camx_status camx_maximise(camx_session *session, const camx_objective *const *objectives, uint32_t count,
                          const camx_maximise_options *given, camx_input **result, camx_error *error)
{
    camx_maximise_options options;
    camx_input *image = NULL;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(result, error);
    *result = NULL;
    CAMX__NOT_NULL(session, error);
    CAMX__NOT_NULL(objectives, error);
    if (count == 0)
        return camx__fail(error, CAMX_E_ARGUMENT, "%s: no objective was given", __func__);
    camx_maximise_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_maximise_options, &options, given, error));
    if (options.start != NULL && options.preparation != NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "%s: both start and preparation are given, but the start has been prepared already", __func__);
    CAMX__FORWARD(make_image(session->model, &options, &image, error));
    camx_status status = camx__maximise(session, objectives, count, &options, image, error);
    if (status != CAMX_OK && status != CAMX_E_CANCELLED && status != CAMX_E_DEADLINE)
        camx_input_release(image);
    else
        *result = image;
    return status;
}
