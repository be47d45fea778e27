/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an input, ready tensors, and colours in the network's own scale. */
#include "input/input.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/pixels.h"
#include "input/prepare.h"

static uint64_t next_identity(void)
{
    static _Atomic uint64_t last = 0;

    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

static void set_shape(camx_input *input, const camx__input_spec *spec)
{
    input->shape[0] = input->images;
    input->shape[input->channels_last ? 3 : 1] = spec->channels;
    input->shape[input->channels_last ? 1 : 2] = input->height;
    input->shape[input->channels_last ? 2 : 3] = input->width;
}

camx_status camx__input_create(const camx__input_spec *spec, int32_t images, int32_t height,
                               int32_t width, camx_input **input, camx_error *error)
{
    camx_input *made;
    size_t count;

    assert(images > 0 && height > 0 && width > 0 && spec->channels > 0);
    if (!camx__mul_size((size_t)images, (size_t)spec->channels, &count) ||
        !camx__mul_size(count, (size_t)height, &count) ||
        !camx__mul_size(count, (size_t)width, &count) || count > PTRDIFF_MAX / sizeof(float))
        return camx__fail_memory(error, SIZE_MAX, "the network's input");
    made = camx__alloc_clear(spec->memory, 1, sizeof *made);
    if (made == NULL)
        return camx__fail_memory(error, sizeof *made, "the network's input");
    made->values = camx__alloc(spec->memory, count, sizeof *made->values);
    if (made->values == NULL) {
        camx__free(spec->memory, made);
        return camx__fail_memory(error, count * sizeof *made->values, "the network's input");
    }
    atomic_init(&made->references, 1);
    made->identity = next_identity();
    made->memory = spec->memory;
    made->channels_last = spec->channels_last != 0;
    made->images = images;
    made->channels = spec->channels;
    made->height = height;
    made->width = width;
    made->geometry = camx__geometry_identity(width, height);
    set_shape(made, spec);
    made->owner = spec->owner;
    made->release_owner = spec->release_owner;
    if (spec->retain_owner != NULL)
        spec->retain_owner(spec->owner);
    *input = made;
    return CAMX_OK;
}

void camx__input_retain(camx_input *input)
{
    atomic_fetch_add_explicit(&input->references, 1, memory_order_relaxed);
}

void camx__input_release(camx_input *input)
{
    if (input == NULL ||
        atomic_fetch_sub_explicit(&input->references, 1, memory_order_acq_rel) != 1)
        return;
    void *owner = input->owner;
    void (*release_owner)(void *) = input->release_owner;
    camx__memory *memory = input->memory;
    camx__free(memory, input->values);
    camx__free(memory, input);
    if (release_owner != NULL)
        release_owner(owner);
}

static const char *order_text(const camx__input_spec *spec)
{
    return spec->channels_last ? "[N, H, W, C]" : "[N, C, H, W]";
}

static camx_status check_side(const char *name, int64_t side, int32_t fixed, camx_error *error)
{
    if (side < 1 || side > INT32_MAX)
        return camx__fail(error, CAMX_E_ARGUMENT, "the tensor's %s is %lld: it must be at least 1",
                          name, (long long)side);
    if (fixed > 0 && side != fixed)
        return camx__fail(error, CAMX_E_SHAPE,
                          "the tensor's %s is %lld, but the network only takes %d", name,
                          (long long)side, fixed);
    return CAMX_OK;
}

/* Takes the tensor's dimensions apart into images, channels, rows and columns: `sides`. */
static camx_status check_shape(const camx__input_spec *spec, const int64_t *shape, uint32_t rank,
                               int32_t sides[4], camx_error *error)
{
    int64_t full[4] = {1, 0, 0, 0};
    int64_t images, channels, height, width;

    if (rank != 3 && rank != 4)
        return camx__fail(
            error, CAMX_E_ARGUMENT,
            "the tensor has %u dimensions: the network takes 4, %s (3 are taken as one image)",
            rank, order_text(spec));
    memcpy(full + (4 - rank), shape, rank * sizeof *shape);
    images = full[0];
    channels = full[spec->channels_last ? 3 : 1];
    height = full[spec->channels_last ? 1 : 2];
    width = full[spec->channels_last ? 2 : 3];
    if (images < 1 || images > INT32_MAX)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "the tensor holds %lld images: at least 1 is needed", (long long)images);
    if (channels != spec->channels)
        return camx__fail(error, CAMX_E_SHAPE,
                          "the tensor has %lld channels, but the network takes %d: its order is %s",
                          (long long)channels, spec->channels, order_text(spec));
    CAMX__FORWARD(check_side("height", height, spec->fixed_height, error));
    CAMX__FORWARD(check_side("width", width, spec->fixed_width, error));
    sides[0] = (int32_t)images;
    sides[1] = (int32_t)channels;
    sides[2] = (int32_t)height;
    sides[3] = (int32_t)width;
    return CAMX_OK;
}

/* A tensor does not say how it was made; colours are converted as the model's own preprocessing
 * would. */
static void guess_scale(const camx__input_spec *spec, camx_input *input)
{
    camx_input_options options;

    if (camx__input_options_for(spec, CAMX_PRESET_AUTO, &options, NULL) != CAMX_OK)
        return;
    input->scale.known = true;
    input->scale.bgr = options.bgr != 0;
    memcpy(input->scale.mean, options.mean, sizeof options.mean);
    memcpy(input->scale.std, options.std, sizeof options.std);
}

camx_status camx__input_from_floats(const camx__input_spec *spec, const float *values,
                                    const int64_t *shape, uint32_t rank, camx_input **input,
                                    camx_error *error)
{
    int32_t sides[4] = {0};
    camx_input *made;

    if (input == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "input is NULL: there is nowhere to put the result");
    *input = NULL;
    if (values == NULL || shape == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "%s is NULL",
                          values == NULL ? "values" : "shape");
    CAMX__FORWARD(check_shape(spec, shape, rank, sides, error));
    CAMX__FORWARD(camx__input_create(spec, sides[0], sides[2], sides[3], &made, error));
    memcpy(made->values, values,
           (size_t)sides[0] * (size_t)sides[1] * (size_t)sides[2] * (size_t)sides[3] *
               sizeof *values);
    guess_scale(spec, made);
    snprintf(made->description, sizeof made->description,
             "tensor %lldx%lldx%lldx%lld taken as it is", (long long)made->shape[0],
             (long long)made->shape[1], (long long)made->shape[2], (long long)made->shape[3]);
    *input = made;
    return CAMX_OK;
}

camx_status camx__input_fill_value(const camx_input *input, const uint8_t rgb[3], int32_t channel,
                                   float *value, camx_error *error)
{
    const camx__input_scale *scale = &input->scale;
    uint8_t sample;

    assert(channel >= 0 && channel < input->channels);
    if (!scale->known)
        return camx__fail(
            error, CAMX_E_UNSUPPORTED,
            "an 8-bit colour means nothing to this input, a ready tensor of %d channels "
            "whose scale the model does not say: give the fill as a number "
            "(CAMX_FILL_VALUE) or use CAMX_FILL_BLUR",
            input->channels);
    if (input->channels == 1)
        sample = camx__pixels_grey(rgb[0], rgb[1], rgb[2]);
    else
        sample = rgb[scale->bgr ? 2 - channel : channel];
    *value = (float)(((double)sample - (double)scale->mean[channel]) / (double)scale->std[channel]);
    return CAMX_OK;
}
