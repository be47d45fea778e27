/* SPDX-License-Identifier: Apache-2.0 */
/* From an 8-bit picture to the floats that the network sees. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/options.h"
#include "base/pixels.h"
#include "input/prepare.h"

static camx_status check_scale(const camx_input_options *options, int32_t channels,
                               camx_error *error)
{
    for (int32_t c = 0; c < channels; c++) {
        if (!isfinite(options->mean[c]))
            return camx__fail(error, CAMX_E_ARGUMENT, "options.mean[%d] is not a finite number", c);
        if (!isfinite(options->std[c]) || !(options->std[c] > 0.0f))
            return camx__fail(error, CAMX_E_ARGUMENT, "options.std[%d] must be a number above 0",
                              c);
    }
    return CAMX_OK;
}

static camx_status check_choices(const camx_input_options *options, camx_error *error)
{
    if (options->fit < CAMX_FIT_CROP || options->fit > CAMX_FIT_LETTERBOX)
        return camx__fail(error, CAMX_E_ARGUMENT, "options.fit is %d, which is no camx_fit",
                          options->fit);
    if (options->filter < CAMX_FILTER_BILINEAR || options->filter > CAMX_FILTER_NEAREST)
        return camx__fail(error, CAMX_E_ARGUMENT, "options.filter is %d, which is no camx_filter",
                          options->filter);
    if (options->resize < 0 || options->resize > CAMX__INPUT_MAX_SIDE)
        return camx__fail(error, CAMX_E_ARGUMENT, "options.resize is %d: it must be 0 to %d",
                          options->resize, CAMX__INPUT_MAX_SIDE);
    return CAMX_OK;
}

static camx_status check_side(const char *name, int32_t side, int32_t fixed, camx_error *error)
{
    if (side < 1 || side > CAMX__INPUT_MAX_SIDE)
        return camx__fail(error, CAMX_E_ARGUMENT, "the input's %s of %d pixels is not in 1 to %d",
                          name, side, CAMX__INPUT_MAX_SIDE);
    if (fixed > 0 && side != fixed)
        return camx__fail(
            error, CAMX_E_SHAPE,
            "the picture was to be prepared with a %s of %d, but the network only takes %d", name,
            side, fixed);
    return CAMX_OK;
}

/* The caller's options with everything filled in and checked. */
static camx_status take_options(const camx__input_spec *spec, const camx_input_options *given,
                                camx_input_options *options, camx_error *error)
{
    /* The caller's own options must not fail because the model's metadata is damaged. */
    int32_t preset = given == NULL ? CAMX_PRESET_AUTO : CAMX_PRESET_IMAGENET;

    CAMX__FORWARD(camx__input_options_for(spec, preset, options, error));
    int32_t default_width = options->width;
    int32_t default_height = options->height;
    CAMX__FORWARD(camx__options_take(options, sizeof *options, alignof(camx_input_options), given,
                                     "camx_input_options", "camx_input_options_for()", error));
    if (options->width == 0)
        options->width = default_width;
    if (options->height == 0)
        options->height = default_height;
    CAMX__FORWARD(check_choices(options, error));
    CAMX__FORWARD(check_scale(options, spec->channels, error));
    CAMX__FORWARD(check_side("width", options->width, spec->fixed_width, error));
    return check_side("height", options->height, spec->fixed_height, error);
}

static uint8_t border_sample(const camx_input_options *options, int samples, int colour)
{
    const uint8_t *fill = options->fill;

    if (options->fit != CAMX_FIT_LETTERBOX)
        return 0; /* torchvision's CenterCrop pads with black */
    return samples == 1 ? camx__pixels_grey(fill[0], fill[1], fill[2]) : fill[colour];
}

static void fill_border(const camx_input_options *options, int samples, uint8_t *window,
                        size_t pixels)
{
    for (int s = 0; s < samples; s++) {
        uint8_t sample = border_sample(options, samples, s);
        for (size_t i = 0; i < pixels; i++)
            window[i * (size_t)samples + (size_t)s] = sample;
    }
}

/* 8-bit samples to floats, one channel at a time, through a table of 256 numbers. */
static void normalise(camx_input *input, const uint8_t *window)
{
    size_t pixels = (size_t)input->width * (size_t)input->height;
    size_t channels = (size_t)input->channels;

    for (size_t c = 0; c < channels; c++) {
        float table[256];
        const uint8_t *source = window + (input->scale.bgr ? channels - 1 - c : c);
        float *out = input->values + (input->channels_last ? c : c * pixels);
        size_t step = input->channels_last ? channels : 1;

        for (int sample = 0; sample < 256; sample++)
            table[sample] =
                (float)((sample - (double)input->scale.mean[c]) / (double)input->scale.std[c]);
        for (size_t i = 0; i < pixels; i++)
            out[i * step] = table[source[i * channels]];
    }
}

static void remember(camx_input *input, const camx__input_spec *spec,
                     const camx_input_options *options, const camx__input_plan *plan,
                     const camx_pixels *photo)
{
    input->geometry = camx__input_plan_geometry(plan, photo->width, photo->height);
    input->scale.known = true;
    input->scale.bgr = spec->channels == 3 && options->bgr != 0;
    memcpy(input->scale.mean, options->mean, sizeof options->mean);
    memcpy(input->scale.std, options->std, sizeof options->std);
    camx__input_describe(spec, options, plan, input->description, sizeof input->description);
}

camx_status camx__input_from_pixels(const camx__input_spec *spec, const camx_pixels *pixels,
                                    const camx_input_options *options, camx_input **input,
                                    camx_error *error)
{
    camx_pixels photo;
    camx_input_options taken;
    camx_input *made = NULL;
    uint8_t *window = NULL;
    camx_status status;

    if (input == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "input is NULL: there is nowhere to put the result");
    *input = NULL;
    CAMX__FORWARD(camx__pixels_check(pixels, &photo, "pixels", error));
    CAMX__FORWARD(take_options(spec, options, &taken, error));
    camx__input_plan plan = camx__input_plan_for(&taken, photo.width, photo.height);
    size_t area = (size_t)plan.width * (size_t)plan.height;
    status = camx__input_create(spec, 1, plan.height, plan.width, &made, error);
    if (status != CAMX_OK)
        return status;
    window = camx__alloc(spec->memory, area, (size_t)spec->channels);
    if (window == NULL) {
        status = camx__fail_memory(error, area * (size_t)spec->channels, "preparing the picture");
        goto done;
    }
    if (camx__input_plan_has_border(&plan))
        fill_border(&taken, spec->channels, window, area);
    status = camx__input_resample(spec->memory, &photo, taken.filter, &plan, spec->channels, window,
                                  error);
    if (status != CAMX_OK)
        goto done;
    remember(made, spec, &taken, &plan, &photo);
    normalise(made, window);
    *input = made;
    made = NULL;
done:
    camx__free(spec->memory, window);
    camx__input_release(made);
    return status;
}
