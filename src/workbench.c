/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command works with: the model, a session, the class names and how pictures are
 * prepared.
 */
#include "workbench.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "console.h"

camx_status error_set(camx_error *error, camx_status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->status = (int32_t)status;
    return status;
}

static void put_model(const workbench *b, const options *o, json *doc)
{
    json_open_object(doc, "model");
    json_text(doc, "path", o->model);
    json_text(doc, "input", b->info.input_name);
    json_ints(doc, "input_shape", b->info.input_shape, 4);
    json_text(doc, "output", b->info.output_name);
    json_uint(doc, "classes", b->info.class_count);
    json_text(doc, "labels", b->labels.source);
    json_close(doc);
}

static int open_model(workbench *b, const options *o, json *doc)
{
    camx_model_options settings;
    camx_error error;

    camx_model_options_init(&settings);
    if (o->has_max_memory) {
        settings.max_memory = o->max_memory;
    }
    b->info.struct_size = sizeof b->info;
    if (camx_model_open(o->model, &settings, &b->model, &error) != CAMX_OK ||
        camx_model_get_info(b->model, &b->info, &error) != CAMX_OK) {
        return command_fail_error(doc, CODE_MODEL, &error);
    }
    return CODE_OK;
}

static int open_session(workbench *b, const options *o, const words *layers, json *doc)
{
    camx_session_options settings;
    camx_error error;

    camx_session_options_init(&settings);
    settings.threads = o->threads;
    if (o->command == COMMAND_PROGRESS) {
        settings.keep = CAMX_KEEP_STAGES;
    }
    if (layers != NULL && layers->count > 0) {
        settings.layers = layers->at;
        settings.layer_count = (uint32_t)layers->count;
    }
    if (camx_session_open(b->model, &settings, &b->session, &error) != CAMX_OK) {
        return command_fail_error(doc, error.status == CAMX_E_NOT_FOUND ? CODE_USAGE : CODE_MODEL,
                                  &error);
    }
    return CODE_OK;
}

/* One number serves all channels. */
static void set_channels(float *to, const float *from, int count)
{
    for (int i = 0; i < 4; i++) {
        if (count == 1) {
            to[i] = from[0];
        } else if (i < count) {
            to[i] = from[i];
        }
    }
}

/* The preset's resize is meant for the preset's size: another size keeps the proportion. */
static void set_size(camx_input_options *prepare, const options *o)
{
    int32_t before = prepare->width < prepare->height ? prepare->width : prepare->height;
    int32_t after = o->width < o->height ? o->width : o->height;

    if (before > 0 && prepare->resize > 0) {
        prepare->resize = (int32_t)lround((double)prepare->resize * after / before);
    } else {
        prepare->resize = 0;
    }
    prepare->width = o->width;
    prepare->height = o->height;
}

static void warn_about_scale(const options *o)
{
    for (int i = 0; i < o->std_count; i++) {
        if (o->std[i] >= 1) {
            return;
        }
    }
    if (o->std_count > 0) {
        console_warning(
            "--std is below 1: camx counts samples from 0 to 255, so multiply the mean and std "
            "of tools that count from 0 to 1 by 255");
    }
}

static int check_channels(const workbench *b, const char *name, int count, json *doc)
{
    if (count <= 1 || count == b->info.channels) {
        return CODE_OK;
    }
    return command_fail(doc, CODE_USAGE, CAMX_E_ARGUMENT,
                        "--%s has %d numbers, but the network's input has %d channels", name, count,
                        (int)b->info.channels);
}

static int choose_preparation(workbench *b, const options *o, json *doc)
{
    camx_input_options *prepare = &b->prepare;
    camx_error error;
    int code;

    if (camx_input_options_for(b->model, o->preset, prepare, &error) != CAMX_OK) {
        return command_fail_error(doc, CODE_MODEL, &error);
    }
    if ((code = check_channels(b, "mean", o->mean_count, doc)) != CODE_OK ||
        (code = check_channels(b, "std", o->std_count, doc)) != CODE_OK) {
        return code;
    }
    warn_about_scale(o);
    set_channels(prepare->mean, o->mean, o->mean_count);
    set_channels(prepare->std, o->std, o->std_count);
    if (o->width > 0) {
        set_size(prepare, o);
    }
    prepare->resize = o->resize > 0 ? o->resize : prepare->resize;
    prepare->fit = o->fit >= 0 ? o->fit : prepare->fit;
    prepare->filter = o->filter >= 0 ? o->filter : prepare->filter;
    prepare->bgr = o->bgr ? 1 : prepare->bgr;
    return CODE_OK;
}

int workbench_open(workbench *b, const options *o, const words *layers, json *doc)
{
    text problem = {0};
    int code;

    *b = (workbench){0};
    code = open_model(b, o, doc);
    if (code != CODE_OK) {
        return code;
    }
    code = labels_open(&b->labels, b->model, o->labels, &problem);
    if (code != CODE_OK) {
        code = command_fail(doc, code, CAMX_E_ARGUMENT, "%s", text_string(&problem));
        text_free(&problem);
        return code;
    }
    put_model(b, o, doc);
    code = choose_preparation(b, o, doc);
    return code != CODE_OK ? code : open_session(b, o, layers, doc);
}

void workbench_close(workbench *b)
{
    camx_session_close(b->session);
    labels_close(&b->labels);
    text_free(&b->described);
    camx_model_release(b->model);
    *b = (workbench){0};
}

camx_status workbench_run(workbench *b, const photo *p, camx_input **input, camx_error *error)
{
    camx_status status = camx_input_from_pixels(b->model, &p->pixels, &b->prepare, input, error);
    const char *description;

    if (status != CAMX_OK) {
        return status;
    }
    description = camx_input_description(*input);
    if (strcmp(description, text_string(&b->described)) != 0) {
        console_note("pictures are prepared so: %s", description);
        text_clear(&b->described);
        text_put(&b->described, description);
    }
    if (b->described.failed) {
        status = error_set(error, CAMX_E_MEMORY, "there is not enough memory for a sentence");
    } else {
        status = camx_session_run(b->session, *input, error);
    }
    if (status != CAMX_OK) {
        camx_input_release(*input);
        *input = NULL;
    }
    return status;
}

camx_status workbench_top(workbench *b, uint32_t count, camx_class_score **best, uint32_t *found,
                          camx_error *error)
{
    camx_status status;

    *found = 0;
    count = count < b->info.class_count ? count : b->info.class_count;
    *best = calloc((size_t)count + 1, sizeof **best);
    if (*best == NULL) {
        return error_set(error, CAMX_E_MEMORY, "there is not enough memory for %u scores", count);
    }
    status = camx_session_top(b->session, 0, *best, count, found, error);
    if (status == CAMX_OK && *found == 0) {
        status = error_set(error, CAMX_E_FORMAT,
                           "the network gives no class a score: all of them are NaN");
    }
    if (status != CAMX_OK) {
        free(*best);
        *best = NULL;
    }
    return status;
}

void workbench_put_class(const workbench *b, json *doc, const camx_class_score *score)
{
    json_open_object(doc, NULL);
    json_int(doc, "class", score->class_index);
    json_text(doc, "name", labels_name(&b->labels, score->class_index));
    json_float(doc, "logit", (double)score->logit);
    json_float(doc, "probability", (double)score->probability);
    json_close(doc);
}

camx_status workbench_noise(const workbench *b, photo *p, camx_error *error)
{
    int32_t width = b->prepare.width > 0 ? b->prepare.width : b->info.default_width;
    int32_t height = b->prepare.height > 0 ? b->prepare.height : b->info.default_height;
    uint32_t number = 1;
    camx_status status = camx_image_create(width, height, NULL, &p->image, error);

    if (status == CAMX_OK) {
        status = camx_image_get_pixels(p->image, &p->pixels, error);
    }
    for (int32_t y = 0; status == CAMX_OK && y < height; y++) {
        uint8_t *row = p->pixels.data + (size_t)y * p->pixels.stride;

        for (int32_t i = 0; i < 3 * width; i++) {
            number = number * 1664525u + 1013904223u;
            row[i] = (uint8_t)(number >> 24);
        }
    }
    return status;
}

camx_status workbench_plan(workbench *b, camx_error *error)
{
    photo noise = {0};
    camx_input *input = NULL;
    camx_status status = workbench_noise(b, &noise, error);

    if (status == CAMX_OK) {
        status = workbench_run(b, &noise, &input, error);
    }
    camx_input_release(input);
    photo_close(&noise);
    return status;
}
