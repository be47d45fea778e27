/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx explain: heat maps of where the network looked. camx progress: the same at every stage of
 * the network.
 */
#include <stdlib.h>

#include "command.h"
#include "console.h"
#include "scene.h"

/* All pictures; a bad one does not stop the others. */
static int explain_all(explainer *e)
{
    const options *o = e->o;
    tally t = {0};
    int code = CODE_OK;

    json_open_array(e->doc, "results");
    for (size_t i = 0; i < o->images.count && code == CODE_OK && !console_interrupted(); i++) {
        camx_error error;
        int fatal = 0;
        int depth;

        json_open_object(e->doc, NULL);
        depth = e->doc->depth;
        json_text(e->doc, "image", o->images.at[i]);
        if (scene_explain(e, i, &fatal, &error) != CAMX_OK && !console_interrupted()) {
            json_unwind(e->doc, depth);
            code = fatal ? command_fail_error(e->doc, CODE_USAGE, &error)
                         : tally_failure(&t, e->doc, &error);
        }
        json_unwind(e->doc, code == CODE_OK ? depth - 1 : 1);
        if (code == CODE_OK && !console_flush()) {
            code = CODE_STDOUT;
        }
    }
    console_progress_end();
    if (code != CODE_OK) {
        return code;
    }
    code = tally_finish(&t, e->doc, o->images.count);
    focus_report_give(&e->report, o, &e->b.labels, e->doc);
    return code;
}

/* How many files -o FILE would have to be, the raw maps not counted. */
static size_t count_pictures(const explainer *e)
{
    return e->o->sheet ? e->o->images.count : e->o->images.count * e->plan.count;
}

/* Finds what the options name in the model, and decides where pictures go. */
static int prepare(explainer *e, text *problem)
{
    int code = e->o->command == COMMAND_PROGRESS
                   ? map_plan_stages(&e->plan, e->o, &e->b, problem)
                   : map_plan_resolve(&e->plan, e->o, &e->b, problem);

    if (code == CODE_OK) {
        code = output_files_plan(&e->files, e->o, count_pictures(e), problem);
    }
    return code;
}

/* Room for every map of a picture: several come of the same runs. */
static camx_status make_room(explainer *e, camx_error *error)
{
    size_t count = e->plan.count;

    e->maps = calloc(count, sizeof *e->maps);
    if (e->maps == NULL) {
        return error_set(error, CAMX_E_MEMORY, "there is not enough memory for the maps");
    }
    for (; e->map_count < count; e->map_count++) {
        camx_status status = camx_map_create(NULL, &e->maps[e->map_count], error);

        if (status != CAMX_OK) {
            return status;
        }
    }
    return CAMX_OK;
}

static int explain(explainer *e, text *problem)
{
    camx_error error;
    int code = CODE_OK;

    if (e->o->command != COMMAND_PROGRESS) {
        code = map_plan_make(&e->plan, e->o, problem);
    }
    if (code == CODE_OK) {
        code = workbench_open(&e->b, e->o, &e->plan.layers, e->doc);
        if (code != CODE_OK) {
            return code; /* it has told why */
        }
        code = prepare(e, problem);
    }
    if (code != CODE_OK) {
        return command_fail(e->doc, code, CAMX_E_ARGUMENT, "%s", text_string(problem));
    }
    if (make_room(e, &error) != CAMX_OK) {
        return command_fail_error(e->doc, CODE_MODEL, &error);
    }
    return explain_all(e);
}

int command_explain(const options *o, json *doc)
{
    explainer e = {0};
    text problem = {0};
    int code;

    e.o = o;
    e.doc = doc;
    code = explain(&e, &problem);
    text_free(&problem);
    for (size_t i = 0; i < e.map_count; i++) {
        camx_map_release(e.maps[i]);
    }
    free(e.maps);
    focus_report_free(&e.report);
    output_files_free(&e.files);
    map_plan_free(&e.plan);
    workbench_close(&e.b);
    return code;
}
