/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx info: what is in a model file.
 */
#include <inttypes.h>

#include "command.h"
#include "console.h"
#include "workbench.h"

enum { SHOWN_METADATA = 60 };

/* What is found out beside camx_model_info. */
typedef struct findings {
    camx_session_stats stats;
    camx_layer_info layer; /* the default one; name NULL if there is none */
    const char *description;
} findings;

static const char *output_text(int32_t kind)
{
    switch (kind) {
    case CAMX_OUTPUT_SOFTMAX:
        return "softmax";
    case CAMX_OUTPUT_SIGMOID:
        return "sigmoid";
    default:
        return "logits";
    }
}

static void put_info(const workbench *b, const findings *f, json *doc)
{
    const camx_model_info *info = &b->info;
    const char *key;

    json_text(doc, "producer", info->producer);
    json_int(doc, "opset", info->opset);
    json_int(doc, "ir_version", info->ir_version);
    json_uint(doc, "nodes", info->node_count);
    json_uint(doc, "steps", f->stats.steps);
    json_uint(doc, "weight_bytes", info->weight_bytes);
    json_uint(doc, "multiply_adds", f->stats.multiply_adds);
    json_int(doc, "channels", info->channels);
    json_int(doc, "default_width", info->default_width);
    json_int(doc, "default_height", info->default_height);
    json_bool(doc, "channels_last", info->channels_last);
    json_text(doc, "output_kind", output_text(info->output_kind));
    json_text(doc, "default_layer", f->layer.name);
    json_text(doc, "preparation", f->description);
    json_open_object(doc, "metadata");
    for (uint32_t i = 0; (key = camx_model_metadata_key(b->model, i)) != NULL; i++) {
        json_text(doc, key, camx_model_metadata(b->model, key));
    }
    json_close(doc);
}

/* The beginning of a value, on one line. */
static void print_metadata(const char *key, const char *value)
{
    text line = {0};
    const char *s = value != NULL ? value : "";

    while (*s != '\0' && line.length < SHOWN_METADATA) {
        size_t length = utf8_sequence(s);

        length = length > 0 ? length : 1;
        if (*s == '\n') {
            text_put(&line, " | ");
        } else {
            text_add(&line, s, length);
        }
        s += length;
    }
    console_print("metadata    %s = %s%s\n", key, text_string(&line), *s != '\0' ? "..." : "");
    text_free(&line);
}

static void print_info(const workbench *b, const findings *f)
{
    const camx_model_info *info = &b->info;
    char shape[SHAPE_SIZE];
    const char *key;

    console_print("producer    %s\n", info->producer[0] != '\0' ? info->producer : "(not said)");
    console_print("format      ONNX IR %d, opset %d\n", (int)info->ir_version, (int)info->opset);
    console_print("input       %s  %s%s\n", info->input_name,
                  shape_text(info->input_shape, 4, shape),
                  info->channels_last ? "  (channels last)" : "");
    console_print("output      %s  %u classes, %s, names: %s\n", info->output_name,
                  info->class_count, output_text(info->output_kind), b->labels.source);
    console_print("size        %u nodes (%u steps after folding and fusion), %.3g MB of weights\n",
                  info->node_count, f->stats.steps, (double)info->weight_bytes / 1e6);
    console_print("work        %.3g million multiply-adds a picture of %dx%d\n",
                  (double)f->stats.multiply_adds / 1e6, (int)info->default_width,
                  (int)info->default_height);
    if (f->layer.name != NULL) {
        console_print("layer       %s  %s (default)\n", f->layer.name,
                      shape_text(f->layer.shape, f->layer.rank, shape));
    }
    console_print("pictures    %s\n", f->description);
    for (uint32_t i = 0; (key = camx_model_metadata_key(b->model, i)) != NULL; i++) {
        print_metadata(key, camx_model_metadata(b->model, key));
    }
}

/* How a picture of the default size will be prepared, in the library's words. */
static camx_status describe(const workbench *b, camx_input **input, camx_error *error)
{
    photo black = {0};
    camx_status status =
        camx_image_create(b->info.default_width, b->info.default_height, NULL, &black.image, error);

    if (status == CAMX_OK) {
        status = camx_image_get_pixels(black.image, &black.pixels, error);
    }
    if (status == CAMX_OK) {
        status = camx_input_from_pixels(b->model, &black.pixels, &b->prepare, input, error);
    }
    photo_close(&black);
    return status;
}

static void find_layer(const workbench *b, findings *f)
{
    uint32_t index;

    f->layer.struct_size = sizeof f->layer;
    if (camx_session_find_layer(b->session, NULL, &index, NULL) != CAMX_OK ||
        camx_session_get_layer(b->session, index, &f->layer, NULL) != CAMX_OK) {
        f->layer.name = NULL; /* a network without feature maps: no mistake */
    }
}

static int inform(const workbench *b, const options *o, json *doc)
{
    findings f = {0};
    camx_input *input = NULL;
    camx_error error;

    f.stats.struct_size = sizeof f.stats;
    if (camx_session_get_stats(b->session, &f.stats, &error) != CAMX_OK) {
        return command_fail_error(doc, CODE_MODEL, &error);
    }
    if (describe(b, &input, &error) == CAMX_OK) {
        f.description = camx_input_description(input);
    } else {
        f.description = error.message;
    }
    find_layer(b, &f);
    if (o->json) {
        put_info(b, &f, doc);
    } else {
        console_print("model       %s\n", o->model);
        print_info(b, &f);
    }
    camx_input_release(input);
    return CODE_OK;
}

int command_info(const options *o, json *doc)
{
    workbench b;
    int code = workbench_open(&b, o, NULL, doc);

    if (code == CODE_OK) {
        code = inform(&b, o, doc);
    }
    workbench_close(&b);
    return code;
}
