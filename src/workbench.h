/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command works with: the model, a session, the class names and how pictures are
 * prepared.
 */
#ifndef CAMX_SRC_WORKBENCH_H
#define CAMX_SRC_WORKBENCH_H

#include "camx/camx.h"
#include "camx/camx_image.h"
#include "json.h"
#include "class_names.h"
#include "command_options.h"

typedef struct workbench {
    camx_model *model;
    camx_session *session;
    camx_model_info info;
    camx_input_options prepare;
    labels labels;
    text described; /* how the last picture was prepared, as it was said */
} workbench;

/* A picture in memory. */
typedef struct photo {
    camx_image *image;
    camx_pixels pixels;
} photo;

/* Opens what the options name and puts "model" into the document. `layers` will be kept from the
 * first run on. Returns an exit code; after a failure, too, workbench_close is called. */
int workbench_open(workbench *b, const options *o, const words *layers, json *doc);
void workbench_close(workbench *b);

/* Reads a picture, "-" from standard input. The error names the picture. */
camx_status photo_open(photo *p, const char *path, camx_error *error);
void photo_close(photo *p);

/* Prepares the picture, runs the network on it, and says once how pictures are prepared. *input is
 * to be released. */
camx_status workbench_run(workbench *b, const photo *p, camx_input **input, camx_error *error);

/* The best classes of the last run, best first; allocates *best. At least one, or an error. */
camx_status workbench_top(workbench *b, uint32_t count, camx_class_score **best, uint32_t *found,
                          camx_error *error);

/* "class", "name", "logit", "probability" of one class, as an object of the open array. */
void workbench_put_class(const workbench *b, json *doc, const camx_class_score *score);

/* Makes a picture of noise, the same each time, in the network's size. */
camx_status workbench_noise(const workbench *b, photo *p, camx_error *error);

/* Plans the session for pictures of the options' size: runs such a one. */
camx_status workbench_plan(workbench *b, camx_error *error);

/* Fills an error with one sentence. Returns `status`. */
camx_status error_set(camx_error *error, camx_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
