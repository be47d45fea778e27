/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx classify: the best classes of each picture.
 */
#include <stdlib.h>

#include "command.h"
#include "console.h"
#include "workbench.h"

enum { DEFAULT_TOP = 5 };

static void print_classes(const workbench *b, const char *path, const camx_class_score *best,
                          uint32_t count)
{
    console_print("%s\n", path);
    for (uint32_t i = 0; i < count; i++) {
        const char *name = labels_name(&b->labels, best[i].class_index);

        console_print("%7.2f %%  %4d  %s\n", 100.0 * (double)best[i].probability,
                      (int)best[i].class_index, name != NULL ? name : "");
    }
}

static void put_classes(const workbench *b, json *doc, const photo *p, const camx_class_score *best,
                        uint32_t count)
{
    json_int(doc, "width", p->pixels.width);
    json_int(doc, "height", p->pixels.height);
    json_text(doc, "preparation", text_string(&b->described));
    json_open_array(doc, "top");
    for (uint32_t i = 0; i < count; i++) {
        workbench_put_class(b, doc, &best[i]);
    }
    json_close(doc);
}

/* *fatal: the next picture would fail alike. */
static camx_status classify(workbench *b, const options *o, const char *path, json *doc, int *fatal,
                            camx_error *error)
{
    camx_class_score *best = NULL;
    camx_input *input = NULL;
    uint32_t found;
    photo p;
    camx_status status = photo_open(&p, path, error);

    if (status != CAMX_OK) {
        return status;
    }
    status = workbench_run(b, &p, &input, error);
    *fatal = status != CAMX_OK && command_is_fatal(status);
    if (status == CAMX_OK) {
        status =
            workbench_top(b, (uint32_t)(o->top > 0 ? o->top : DEFAULT_TOP), &best, &found, error);
    }
    if (status == CAMX_OK && !o->json) {
        print_classes(b, path, best, found);
    }
    if (status == CAMX_OK) {
        put_classes(b, doc, &p, best, found);
    }
    free(best);
    camx_input_release(input);
    photo_close(&p);
    return status;
}

/* All pictures; a bad one does not stop the others. */
static int classify_all(workbench *b, const options *o, json *doc)
{
    tally t = {0};
    int code = CODE_OK;

    json_open_array(doc, "results");
    for (size_t i = 0; i < o->images.count && code == CODE_OK && !console_interrupted(); i++) {
        camx_error error;
        int fatal = 0;

        console_progress_begin("%zu/%zu %s", i + 1, o->images.count, o->images.at[i]);
        json_open_object(doc, NULL);
        json_text(doc, "image", o->images.at[i]);
        if (classify(b, o, o->images.at[i], doc, &fatal, &error) != CAMX_OK) {
            code = fatal ? command_fail_error(doc, CODE_USAGE, &error)
                         : tally_failure(&t, doc, &error);
        }
        if (code == CODE_OK) {
            json_close(doc);
            code = console_flush() ? CODE_OK : CODE_STDOUT;
        }
    }
    console_progress_end();
    return code != CODE_OK ? code : tally_finish(&t, doc, o->images.count);
}

int command_classify(const options *o, json *doc)
{
    workbench b;
    int code = workbench_open(&b, o, NULL, doc);

    if (code == CODE_OK) {
        code = classify_all(&b, o, doc);
    }
    workbench_close(&b);
    return code;
}
