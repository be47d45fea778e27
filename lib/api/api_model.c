/* SPDX-License-Identifier: Apache-2.0 */
/* Models and inputs. */
#include "api/api_check.h"
#include "base/options.h"
#include "input/input.h"
#include "run/model.h"

static camx_status open_model(const char *path, const void *bytes, size_t size, const camx_model_options *given,
                              camx_model **model, camx_error *error)
{
    camx_model_options options;
    camx_model_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_model_options, &options, given, error));
    if (options.allocator != NULL &&
        (options.allocator->allocate == NULL || options.allocator->release == NULL))
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_model_options.allocator lacks one of its two functions");
    return camx__model_open(path, bytes, size, &options, model, error);
}

camx_status camx_model_open(const char *path, const camx_model_options *options, camx_model **model,
                            camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(model, error);
    *model = NULL;
    CAMX__NOT_NULL(path, error);
    return open_model(path, NULL, 0, options, model, error);
}

camx_status camx_model_open_memory(const void *bytes, size_t size, const camx_model_options *options,
                                   camx_model **model, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(model, error);
    *model = NULL;
    CAMX__NOT_NULL(bytes, error);
    return open_model(NULL, bytes, size, options, model, error);
}

void camx_model_retain(camx_model *model)
{
    if (model != NULL)
        camx__model_retain(model);
}

void camx_model_release(camx_model *model)
{
    camx__model_release(model);
}

const char *camx_model_metadata(const camx_model *model, const char *key)
{
    return model != NULL && key != NULL ? camx__onnx_metadata_text(model->file, key) : NULL;
}

const char *camx_model_metadata_key(const camx_model *model, uint32_t index)
{
    if (model == NULL || index >= model->file->metadata_count)
        return NULL;
    return model->file->metadata[index].key;
}

uint32_t camx_model_class_count(const camx_model *model)
{
    return model != NULL ? (uint32_t)model->classes : 0;
}

const char *camx_model_class_name(const camx_model *model, uint32_t class_index)
{
    if (model == NULL || model->labels == NULL || class_index >= model->classes)
        return NULL;
    return model->labels[class_index];
}

camx_status camx_model_get_info(const camx_model *model, camx_model_info *info, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(model, error);
    CAMX__NOT_NULL(info, error);
    const camx__onnx_file *file = model->file;
    camx_model_info filled = {
        .output_kind = model->output_kind,
        .input_name = file->values[file->inputs[0].value].name,
        .output_name = file->values[file->outputs[0].value].name,
        .channels_last = model->channels_last,
        .channels = model->channels,
        .default_width = model->default_width,
        .default_height = model->default_height,
        .opset = file->opset,
        .ir_version = file->ir_version,
        .node_count = file->node_count,
        .class_count = (uint32_t)model->classes,
        .weight_bytes = file->initialiser_bytes,
        .producer = model->producer,
    };
    for (int i = 0; i < 4; i++)
        filled.input_shape[i] = model->declared.dim[i];
    return CAMX__OPTIONS_GIVE(camx_model_info, info, &filled, error);
}

/* ---- inputs ---- */

static const char *metadata_of(const void *user, const char *key)
{
    const camx_model *model = user;
    return camx__onnx_metadata_text(model->file, key);
}

static void retain_owner(void *owner)
{
    camx__model_retain(owner);
}

static void release_owner(void *owner)
{
    camx__model_release(owner);
}

static camx__input_spec spec_of(const camx_model *model)
{
    /* Making an input changes nothing of the model but the count of its owners and the memory in use, both atomic. */
    camx_model *shared = (camx_model *)model;
    int rows = model->channels_last ? 1 : 2;
    camx__input_spec spec = {
        .channels = model->channels,
        .channels_last = model->channels_last,
        .fixed_width = (int32_t)model->declared.dim[rows + 1],
        .fixed_height = (int32_t)model->declared.dim[rows],
        .metadata = metadata_of,
        .user = model,
        .memory = &shared->memory,
        .owner = shared,
        .retain_owner = retain_owner,
        .release_owner = release_owner,
    };
    return spec;
}

camx_status (camx_input_options_for)(const camx_model *model, int32_t preset, camx_input_options *options,
                                     uint32_t size, camx_error *error)
{
    camx_input_options filled;
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(model, error);
    CAMX__NOT_NULL(options, error);
    camx__input_spec spec = spec_of(model);
    if (size < 2 * sizeof(uint32_t))
        return camx__fail(error, CAMX_E_ARGUMENT, "%s: room for %u bytes of camx_input_options was given; "
                          "pass the size of the struct", __func__, size);
    CAMX__FORWARD(camx__input_options_for(&spec, preset, &filled, error));
    camx__options_fill(options, size, &filled, sizeof filled);
    return CAMX_OK;
}

camx_status camx_input_from_pixels(const camx_model *model, const camx_pixels *pixels,
                                   const camx_input_options *options, camx_input **input, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(input, error);
    *input = NULL;
    CAMX__NOT_NULL(model, error);
    CAMX__NOT_NULL(pixels, error);
    camx__input_spec spec = spec_of(model);
    return camx__input_from_pixels(&spec, pixels, options, input, error);
}

camx_status camx_input_from_floats(const camx_model *model, const float *values, const int64_t *shape,
                                   uint32_t rank, camx_input **input, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(input, error);
    *input = NULL;
    CAMX__NOT_NULL(model, error);
    CAMX__NOT_NULL(values, error);
    CAMX__NOT_NULL(shape, error);
    camx__input_spec spec = spec_of(model);
    return camx__input_from_floats(&spec, values, shape, rank, input, error);
}

camx_status camx_input_to_pixels(const camx_input *input, uint32_t image, camx_pixels *pixels, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(input, error);
    CAMX__NOT_NULL(pixels, error);
    return camx__input_to_pixels(input, image, pixels, error);
}

void camx_input_retain(camx_input *input)
{
    if (input != NULL)
        camx__input_retain(input);
}

void camx_input_release(camx_input *input)
{
    camx__input_release(input);
}

uint32_t camx_input_image_count(const camx_input *input)
{
    return input != NULL ? (uint32_t)input->images : 0;
}

const float *camx_input_values(const camx_input *input, int64_t shape[4])
{
    if (input == NULL)
        return NULL;
    for (int i = 0; i < 4 && shape != NULL; i++)
        shape[i] = input->shape[i];
    return input->values;
}

const char *camx_input_description(const camx_input *input)
{
    return input != NULL ? input->description : "";
}
