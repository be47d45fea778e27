/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a model: everything that can be refused is refused here. */
#include "run/model.h"

#include <stdio.h>
#include <string.h>

#include "run/model_private.h"

#define OLDEST_OPSET 6
#define NEWEST_OPSET 25
#define USUAL_SIDE 224

static camx_status check_versions(const camx__onnx_file *file, camx_error *error)
{
    if (file->opset < OLDEST_OPSET || file->opset > NEWEST_OPSET)
        return camx__fail(error, CAMX_E_UNSUPPORTED,
                          "%s uses ONNX opset %d; libcamx reads %d to %d: export it again with another opset",
                          file->name, file->opset, OLDEST_OPSET, NEWEST_OPSET);
    return camx__graph_check_operators(file, error);
}

static camx_status find_image_input(camx_model *model, camx_error *error)
{
    const camx__onnx_file *file = model->file;
    if (file->input_count != 1)
        return camx__fail(error, CAMX_E_UNSUPPORTED, "%s has %u inputs; libcamx explains networks with one image",
                          file->name, file->input_count);
    const camx__onnx_port *port = &file->inputs[0];
    const char *name = file->values[port->value].name;
    if (!port->has_shape || port->rank != 4)
        return camx__fail(error, CAMX_E_UNSUPPORTED,
                          "%s: input '%s' is not declared as images [N, C, H, W] or [N, H, W, C]", file->name, name);
    if (port->elem != 0 && !camx__elem_is_real((camx__elem)port->elem))
        return camx__fail(error, CAMX_E_UNSUPPORTED, "%s: input '%s' takes %s; libcamx feeds float images",
                          file->name, name, camx__elem_name(port->elem));
    model->declared.rank = 4;
    for (int i = 0; i < 4; i++)
        model->declared.dim[i] = port->dims[i];
    model->channels_last = camx__port_channels_last(port);
    int64_t channels = model->declared.dim[model->channels_last ? 3 : 1];
    if (channels == 0 || channels > 4)
        return camx__fail(error, CAMX_E_UNSUPPORTED, "%s: input '%s' has %lld channels; images have 1 to 4",
                          file->name, name, (long long)channels);
    model->channels = channels < 0 ? 3 : (int32_t)channels;
    return CAMX_OK;
}

/* A metadata number as a side length, or 0. */
static int64_t metadata_side(const camx_model *model, const char *key)
{
    const char *text = camx__onnx_metadata_text(model->file, key);
    int64_t number = 0;
    for (; text != NULL && *text >= '0' && *text <= '9' && number < 100000; text++)
        number = number * 10 + (*text - '0');
    return text != NULL && *text == '\0' && number < 100000 ? number : 0;
}

static int32_t default_side(const camx_model *model, int axis, const char *key)
{
    int64_t side = model->declared.dim[axis];
    if (side <= 0)
        side = metadata_side(model, key);
    if (side <= 0)
        side = metadata_side(model, "camx.crop");
    return side > 0 && side <= INT32_MAX ? (int32_t)side : USUAL_SIDE;
}

camx_status camx__model_input_shape(const camx_model *model, int64_t height, int64_t width, camx__shape *shape,
                                    camx_error *error)
{
    const int64_t *declared = model->declared.dim;
    int rows = model->channels_last ? 1 : 2;
    char text[120];
    if ((declared[rows] > 0 && declared[rows] != height) || (declared[rows + 1] > 0 && declared[rows + 1] != width))
        return camx__fail(error, CAMX_E_SHAPE, "%s takes images of %s (-1 = any), not %lld x %lld (height x width)",
                          model->file->name, camx__shape_text(&model->declared, text, sizeof text),
                          (long long)height, (long long)width);
    shape->rank = 4;
    shape->dim[0] = declared[0] > 0 ? declared[0] : 1;
    shape->dim[rows] = height;
    shape->dim[rows + 1] = width;
    shape->dim[model->channels_last ? 3 : 1] = model->channels;
    return CAMX_OK;
}

/* Binds the default size once, so that a network that cannot run is refused now. The graph stays cached. */
static camx_status try_default_size(camx_model *model, camx_error *error)
{
    camx__shape shape;
    camx__bound *bound = NULL;
    int rows = model->channels_last ? 1 : 2;
    model->default_height = default_side(model, rows, "camx.height");
    model->default_width = default_side(model, rows + 1, "camx.width");
    CAMX__FORWARD(camx__model_input_shape(model, model->default_height, model->default_width, &shape, error));
    CAMX__FORWARD(camx__model_graph(model, &shape, &bound, error));
    model->output_kind = bound->graph->head.output_kind;
    model->classes = bound->graph->head.classes;
    camx__model_return_graph(model, bound);
    if (model->classes > INT32_MAX)
        return camx__fail(error, CAMX_E_UNSUPPORTED, "%s: %lld classes are too many", model->file->name,
                          (long long)model->classes);
    return CAMX_OK;
}

static camx_status describe_producer(camx_model *model, camx_error *error)
{
    const camx__onnx_file *file = model->file;
    size_t room = strlen(file->producer_name) + strlen(file->producer_version) + 2;
    model->producer = camx__alloc(&model->memory, room, 1);
    if (model->producer == NULL)
        return camx__fail_memory(error, room, "the producer's name");
    snprintf(model->producer, room, "%s%s%s", file->producer_name, file->producer_version[0] != '\0' ? " " : "",
             file->producer_version);
    return CAMX_OK;
}

static camx_status load(camx_model *model, const char *path, const void *bytes, size_t size,
                        const camx_model_options *options, camx_error *error)
{
    CAMX__FORWARD(camx__model_list_add(model, error));
    CAMX__FORWARD(camx__onnx_open(&model->memory, path, bytes, size, options, &model->file, error));
    CAMX__FORWARD(check_versions(model->file, error));
    CAMX__FORWARD(find_image_input(model, error));
    CAMX__FORWARD(try_default_size(model, error));
    CAMX__FORWARD(describe_producer(model, error));
    return camx__model_read_labels(model, error);
}

camx_status camx__model_open(const char *path, const void *bytes, size_t size, const camx_model_options *options,
                             camx_model **out, camx_error *error)
{
    camx__memory memory;
    camx__memory_init(&memory, options->allocator, options->max_memory);
    camx_model *model = camx__alloc_clear(&memory, 1, sizeof *model);
    if (model == NULL)
        return camx__fail_memory(error, sizeof *model, "the model");
    /* The model holds the memory it was made from: the count moves over to it. */
    camx__memory_init(&model->memory, options->allocator, options->max_memory);
    atomic_store(&model->references, 1);
    model->max_multiply_adds = options->max_multiply_adds;
    camx__weights_init(&model->weights, &model->memory);
    if (pthread_mutex_init(&model->lock, NULL) != 0) {
        camx__free(&memory, model);
        return camx__fail(error, CAMX_E_MEMORY, "the system gave no lock for the model");
    }
    camx_status status = load(model, path, bytes, size, options, error);
    if (status != CAMX_OK) {
        camx__model_release(model);
        return status;
    }
    *out = model;
    return CAMX_OK;
}

void camx__model_retain(camx_model *model)
{
    atomic_fetch_add(&model->references, 1);
}

void camx__model_release(camx_model *model)
{
    if (model == NULL || atomic_fetch_sub(&model->references, 1) != 1)
        return;
    camx__model_list_remove(model);
    camx__memory outer = {.allocator = model->memory.allocator, .limit = SIZE_MAX};
    camx__model_free_cache(model);
    camx__weights_free(&model->weights);
    camx__free(&model->memory, model->producer);
    camx__free(&model->memory, model->label_text);
    camx__free(&model->memory, model->labels);
    camx__onnx_close(model->file);
    pthread_mutex_destroy(&model->lock);
    camx__free(&outer, model);
}
