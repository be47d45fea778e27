/* SPDX-License-Identifier: Apache-2.0 */
/* Ready-made preprocessing, and the preprocessing that a model's metadata asks for.
 * docs/metadata.md is the manual of the keys. */
#include <string.h>

#include "base/error.h"
#include "input/input.h"
#include "input/number.h"

/* ImageNet's statistics as torchvision states them, in units of 0 .. 255. Grey is their BT.601
 * mixture. */
static const float imagenet_mean[3] = {123.675f, 116.28f, 103.53f};
static const float imagenet_std[3] = {58.395f, 57.12f, 57.375f};
static const float imagenet_grey_mean = 117.04f;
static const float imagenet_grey_std = 57.53f;

/* A word in the metadata and the number it stands for. */
typedef struct word {
    const char *text;
    int32_t number;
} word;

static const word fit_words[] = {
    {"crop", CAMX_FIT_CROP},
    {"stretch", CAMX_FIT_STRETCH},
    {"letterbox", CAMX_FIT_LETTERBOX},
    {NULL, 0},
};
static const word filter_words[] = {
    {"bilinear", CAMX_FILTER_BILINEAR},
    {"bicubic", CAMX_FILTER_BICUBIC},
    {"bilinear_plain", CAMX_FILTER_BILINEAR_PLAIN},
    {"nearest", CAMX_FILTER_NEAREST},
    {NULL, 0},
};
static const word channel_words[] = {{"rgb", 0}, {"bgr", 1}, {NULL, 0}};

static const char *look_up(const camx__input_spec *spec, const char *key)
{
    return spec->metadata != NULL ? spec->metadata(spec->user, key) : NULL;
}

/* Each read function sets *found and the value when the key is there, and leaves both alone when
 * not. */
static camx_status read_word(const camx__input_spec *spec, const char *key, const word *words,
                             int32_t *value, bool *found, camx_error *error)
{
    const char *text = look_up(spec, key);

    if (text == NULL)
        return CAMX_OK;
    for (const word *w = words; w->text != NULL; w++)
        if (strcmp(w->text, text) == 0) {
            *value = w->number;
            *found = true;
            return CAMX_OK;
        }
    return camx__fail(error, CAMX_E_FORMAT,
                      "the model's metadata says %s = '%.60s', which is not a word for it: see "
                      "docs/metadata.md, or choose a preset other than auto",
                      key, text);
}

static camx_status read_size(const camx__input_spec *spec, const char *key, int32_t *value,
                             bool *found, camx_error *error)
{
    const char *text = look_up(spec, key);
    int number;

    if (text == NULL)
        return CAMX_OK;
    if (!camx__number_count(text, CAMX__INPUT_MAX_SIDE, &number))
        return camx__fail(
            error, CAMX_E_FORMAT,
            "the model's metadata says %s = '%.60s': a whole number of 1 to %d is needed", key,
            text, CAMX__INPUT_MAX_SIDE);
    *value = number;
    *found = true;
    return CAMX_OK;
}

/* One number for all channels, or one for each. */
static camx_status read_channels(const camx__input_spec *spec, const char *key, float *values,
                                 bool *found, camx_error *error)
{
    const char *text = look_up(spec, key);
    double numbers[4];
    int count;

    if (text == NULL)
        return CAMX_OK;
    count = camx__number_list(text, numbers, spec->channels);
    if (count != 1 && count != spec->channels)
        return camx__fail(
            error, CAMX_E_FORMAT,
            "the model's metadata says %s = '%.60s': one number, or one for each of the %d "
            "channels, separated by blanks, is needed",
            key, text, spec->channels);
    for (int32_t c = 0; c < spec->channels; c++)
        values[c] = (float)numbers[count == 1 ? 0 : c];
    *found = true;
    return CAMX_OK;
}

/* Deviations of 0.2 or so are ImageNet's in the 0 .. 1 scale: a mistake that would give wrong
 * classes without a word. */
static camx_status check_std(const camx_input_options *options, int32_t channels, camx_error *error)
{
    for (int32_t c = 0; c < channels; c++)
        if (!(options->std[c] >= 1.0f))
            return camx__fail(
                error, CAMX_E_FORMAT,
                "the model's metadata key camx.std has a number below 1: mean and standard "
                "deviation are counted in 0 .. 255 (multiply those of a 0 .. 1 scale by 255)");
    return CAMX_OK;
}

static void fill_all(float values[4], float value)
{
    for (int c = 0; c < 4; c++)
        values[c] = value;
}

static void fill_imagenet(camx_input_options *options, int32_t channels)
{
    if (channels == 1) {
        options->mean[0] = imagenet_grey_mean;
        options->std[0] = imagenet_grey_std;
        return;
    }
    for (int c = 0; c < 3; c++) {
        int colour = options->bgr ? 2 - c : c;
        options->mean[c] = imagenet_mean[colour];
        options->std[c] = imagenet_std[colour];
    }
}

static camx_status read_metadata(const camx__input_spec *spec, camx_input_options *options,
                                 camx_error *error)
{
    bool found = false;
    bool found_std = false;

    CAMX__FORWARD(read_word(spec, "camx.channels", channel_words, &options->bgr, &found, error));
    if (options->bgr && spec->channels != 3)
        return camx__fail(
            error, CAMX_E_FORMAT,
            "the model's metadata says camx.channels = 'bgr', but the network takes %d channel",
            spec->channels);
    fill_imagenet(options, spec->channels); /* the order is known now */
    CAMX__FORWARD(read_channels(spec, "camx.mean", options->mean, &found, error));
    CAMX__FORWARD(read_channels(spec, "camx.std", options->std, &found_std, error));
    CAMX__FORWARD(read_word(spec, "camx.fit", fit_words, &options->fit, &found, error));
    CAMX__FORWARD(
        read_word(spec, "camx.interpolation", filter_words, &options->filter, &found, error));
    CAMX__FORWARD(read_size(spec, "camx.resize", &options->resize, &found, error));
    if (found_std)
        CAMX__FORWARD(check_std(options, spec->channels, error));
    if (found || found_std || look_up(spec, "camx.crop") != NULL)
        options->source = CAMX_PRESET_AUTO;
    return CAMX_OK;
}

static camx_status size_conflict(const char *key, int32_t said, int32_t fixed, const char *side,
                                 camx_error *error)
{
    return camx__fail(
        error, CAMX_E_SHAPE,
        "the model's metadata says %s = %d, but the network's input %s is fixed at %d", key, said,
        side, fixed);
}

/* One side of the input: the key of its own, else camx.crop. */
static camx_status read_side(const camx__input_spec *spec, const char *own_key, const char *side,
                             int32_t fixed, int32_t *value, camx_error *error)
{
    bool found = false;
    const char *key = own_key;

    CAMX__FORWARD(read_size(spec, own_key, value, &found, error));
    if (!found) {
        key = "camx.crop";
        CAMX__FORWARD(read_size(spec, key, value, &found, error));
    }
    if (found && fixed > 0 && *value != fixed)
        return size_conflict(key, *value, fixed, side, error);
    if (!found)
        *value = fixed > 0 ? fixed : 224;
    return CAMX_OK;
}

camx_status camx__input_default_size(const camx__input_spec *spec, int32_t *width, int32_t *height,
                                     camx_error *error)
{
    int32_t wide = 0;
    int32_t high = 0;

    CAMX__FORWARD(read_side(spec, "camx.width", "width", spec->fixed_width, &wide, error));
    CAMX__FORWARD(read_side(spec, "camx.height", "height", spec->fixed_height, &high, error));
    *width = wide;
    *height = high;
    return CAMX_OK;
}

static camx_status fill_preset(const camx__input_spec *spec, int32_t preset,
                               camx_input_options *options, camx_error *error)
{
    switch (preset) {
    case CAMX_PRESET_AUTO:
        options->source = CAMX_PRESET_IMAGENET;
        return read_metadata(spec, options, error);
    case CAMX_PRESET_IMAGENET:
        fill_imagenet(options, spec->channels);
        break;
    case CAMX_PRESET_TF:
        fill_all(options->mean, 127.5f);
        fill_all(options->std, 127.5f);
        break;
    case CAMX_PRESET_UNIT:
        fill_all(options->mean, 0.0f);
        fill_all(options->std, 255.0f);
        break;
    default:
        return camx__fail(error, CAMX_E_ARGUMENT, "there is no input preset number %d", preset);
    }
    options->source = preset;
    return CAMX_OK;
}

/* The size for a preset that is not the metadata's: what the file fixes, else what the metadata can
 * say. */
static camx_status fill_size(const camx__input_spec *spec, int32_t preset,
                             camx_input_options *options, camx_error *error)
{
    camx_status status = camx__input_default_size(spec, &options->width, &options->height, error);

    if (status == CAMX_OK || preset == CAMX_PRESET_AUTO)
        return status;
    camx__error_clear(error);
    options->width = spec->fixed_width > 0 ? spec->fixed_width : 224;
    options->height = spec->fixed_height > 0 ? spec->fixed_height : 224;
    return CAMX_OK;
}

camx_status camx__input_options_for(const camx__input_spec *spec, int32_t preset,
                                    camx_input_options *options, camx_error *error)
{
    camx_input_options filled = {.struct_size = sizeof filled};

    if (options == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "options is NULL: give a camx_input_options to fill");
    if (spec->channels != 1 && spec->channels != 3)
        return camx__fail(
            error, CAMX_E_UNSUPPORTED,
            "the network takes %d channels, pictures have 1 or 3: prepare the data yourself "
            "and pass it to camx_input_from_floats()",
            spec->channels);
    fill_all(filled.std, 1.0f);
    memset(filled.fill, 114, 3); /* the grey that letterboxed networks are trained with (YOLO) */
    CAMX__FORWARD(fill_preset(spec, preset, &filled, error));
    CAMX__FORWARD(fill_size(spec, preset, &filled, error));
    *options = filled;
    return CAMX_OK;
}
