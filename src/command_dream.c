/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx dream: an image that excites a class or a channel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "console.h"
#include "workbench.h"

enum { MOST_OBJECTIVES = 64 };

typedef struct dream {
    const options *o;
    workbench b;
    camx_objective objectives[MOST_OBJECTIVES];
    const camx_objective *list[MOST_OBJECTIVES];
    uint32_t count;
    const char *file;
    camx_input *start;
    camx_input *result;
    photo picture;
} dream;

/* ---- what is asked for ---- */

static int add(dream *d, camx_objective o, text *problem)
{
    if (d->count == MOST_OBJECTIVES) {
        text_format(problem, "more than %d classes and channels are asked for", MOST_OBJECTIVES);
        return CODE_USAGE;
    }
    d->objectives[d->count] = o;
    d->list[d->count] = &d->objectives[d->count];
    d->count++;
    return CODE_OK;
}

static int add_classes(dream *d, text *problem)
{
    for (size_t i = 0; i < d->o->classes.count; i++) {
        camx_objective o;
        int32_t number;

        if (!labels_find(&d->b.labels, d->o->classes.at[i], &number, problem)) {
            return CODE_USAGE;
        }
        camx_objective_for_class(&o, number);
        if (add(d, o, problem) != CODE_OK) {
            return CODE_USAGE;
        }
    }
    return CODE_OK;
}

/* Every layer: its channel, or all of it. A channel alone is one of the default layer. */
static int add_layers(dream *d, text *problem)
{
    size_t layers = d->o->layers.count > 0 ? d->o->layers.count : d->o->has_channel ? 1 : 0;

    for (size_t i = 0; i < layers; i++) {
        camx_objective o;

        camx_objective_init(&o);
        o.kind = d->o->has_channel ? CAMX_OBJECTIVE_CHANNEL : CAMX_OBJECTIVE_LAYER;
        o.layer = d->o->layers.count > 0 ? d->o->layers.at[i] : NULL;
        o.index = d->o->channel;
        if (add(d, o, problem) != CODE_OK) {
            return CODE_USAGE;
        }
    }
    return CODE_OK;
}

/* ---- files ---- */

static int same_file(const char *one, const char *other)
{
    struct stat a;
    struct stat b;

    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int is_picture_name(const char *name)
{
    size_t length = strlen(name);

    return length > 4 && (strcmp(name + length - 4, ".png") == 0 || strcmp(name + length - 4, ".jpg") == 0);
}

static int choose_file(dream *d, text *problem)
{
    const options *o = d->o;

    d->file = o->output != NULL ? o->output : "dream.png";
    if (!is_picture_name(d->file)) {
        text_format(problem, "--output %s: camx dream writes one file that ends in .png or .jpg", d->file);
        return CODE_USAGE;
    }
    if (same_file(d->file, o->model) || (o->images.count > 0 && same_file(d->file, o->images.at[0]))) {
        text_format(problem, "%s is an input, which is never overwritten", d->file);
        return CODE_USAGE;
    }
    return CODE_OK;
}

/* dream.png becomes dream-0010.png. */
static int write_frame(const camx_pixels *frame, uint32_t step, void *user)
{
    dream *d = user;
    camx_error error;
    text path = {0};
    size_t stem = strlen(d->file) - 4;
    camx_status status;

    text_format(&path, "%.*s-%04u%s", (int)stem, d->file, step, d->file + stem);
    status = path.failed ? CAMX_E_MEMORY : camx_image_write(text_string(&path), frame, NULL, &error);
    if (status != CAMX_OK) {
        console_error("%s", path.failed ? "there is not enough memory" : error.message);
    }
    text_free(&path);
    return status != CAMX_OK;
}

static camx_status write_result(const dream *d, camx_error *error)
{
    int64_t shape[4];
    camx_image *image = NULL;
    camx_pixels pixels;
    int rows = d->b.info.channels_last ? 1 : 2;
    camx_status status;

    camx_input_values(d->result, shape);
    status = camx_image_create((int32_t)shape[rows + 1], (int32_t)shape[rows], NULL, &image, error);
    if (status == CAMX_OK) {
        status = camx_image_get_pixels(image, &pixels, error);
    }
    if (status == CAMX_OK) {
        status = camx_input_to_pixels(d->result, 0, &pixels, error);
    }
    if (status == CAMX_OK) {
        status = camx_image_write(d->file, &pixels, NULL, error);
    }
    camx_image_release(image);
    return status;
}

/* ---- the whole ---- */

static camx_status climb(dream *d, camx_error *error)
{
    const options *o = d->o;
    camx_maximise_options settings;
    camx_status status = CAMX_OK;

    camx_maximise_options_init(&settings);
    settings.steps = o->steps > 0 ? o->steps : settings.steps;
    settings.seed = o->seed;
    settings.progress = console_progress;
    settings.frame_every = (uint32_t)o->frames;
    settings.frame = o->frames > 0 ? write_frame : NULL;
    settings.frame_user = d;
    if (o->images.count > 0) {
        status = photo_open(&d->picture, o->images.at[0], error);
        if (status == CAMX_OK) {
            status = workbench_run(&d->b, &d->picture, &d->start, error);
        }
        settings.start = d->start;
    } else {
        settings.preparation = &d->b.prepare;
    }
    if (status == CAMX_OK) {
        console_progress_begin("%s", d->file);
        status = camx_maximise(d->b.session, d->list, d->count, &settings, &d->result, error);
        console_progress_end();
    }
    return status;
}

static int report(dream *d, json *doc, camx_error *error)
{
    camx_class_score *best = NULL;
    uint32_t found = 0;
    camx_status status = workbench_top(&d->b, 5, &best, &found, error);

    if (status == CAMX_OK) {
        json_text(doc, "file", d->file);
        json_open_array(doc, "top");
        for (uint32_t i = 0; i < found; i++) {
            workbench_put_class(&d->b, doc, &best[i]);
        }
        json_close(doc);
        if (!d->o->json) {
            console_print("%s\n", d->file);
        }
    }
    free(best);
    return status == CAMX_OK ? CODE_OK : command_fail_error(doc, CODE_INPUTS, error);
}

static int run(dream *d, json *doc)
{
    camx_error error;
    camx_status status = climb(d, &error);
    int stopped = status == CAMX_E_CANCELLED;

    /* Stopped by a signal: what there is so far is written all the same. */
    if ((status == CAMX_OK || stopped) && d->result != NULL) {
        camx_error writing;
        camx_status written = write_result(d, &writing);

        if (written != CAMX_OK) {
            return command_fail_error(doc, CODE_INPUTS, &writing);
        }
    }
    if (stopped && console_interrupted()) {
        console_error("stopped by signal %d", console_interrupted());
        return CODE_SIGNAL + console_interrupted();
    }
    if (status != CAMX_OK) {
        return command_fail_error(doc, command_is_fatal(status) ? CODE_USAGE : CODE_INPUTS, &error);
    }
    return report(d, doc, &error);
}

static int prepare(dream *d, text *problem)
{
    int code = choose_file(d, problem);

    if (code == CODE_OK) {
        code = add_classes(d, problem);
    }
    if (code == CODE_OK) {
        code = add_layers(d, problem);
    }
    if (code == CODE_OK && d->count == 0) {
        text_put(problem, "what is the image to excite? give --class, --channel or --layer");
        code = CODE_USAGE;
    }
    return code;
}

int command_dream(const options *o, json *doc)
{
    dream d = {.o = o};
    text problem = {0};
    int code = workbench_open(&d.b, o, NULL, doc);

    if (code == CODE_OK) {
        code = prepare(&d, &problem);
        if (code != CODE_OK) {
            command_fail(doc, code, CAMX_E_ARGUMENT, "%s", text_string(&problem));
        } else {
            code = run(&d, doc);
        }
    }
    text_free(&problem);
    camx_input_release(d.start);
    camx_input_release(d.result);
    photo_close(&d.picture);
    workbench_close(&d.b);
    return code;
}
