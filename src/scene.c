/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One picture on its way through `camx explain`.
 */
#include "scene_private.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "console.h"

enum { REPORTED_CLASSES = 5 };

static void scene_free(scene *s)
{
    text_free(&s->cam_layer);
    region_close(&s->region);
    contact_sheet_free(&s->sheet);
    painter_free(&s->painter);
    free(s->probabilities);
    free(s->best);
    free(s->states);
    camx_input_release(s->input);
    photo_close(&s->photo);
}

/* The scores: the best classes for the report and for maps by rank, all probabilities for captions.
 */
static camx_status get_scores(scene *s, camx_error *error)
{
    workbench *b = &s->e->b;
    size_t count = b->info.class_count;
    uint32_t wanted = (uint32_t)s->e->plan.ranks;
    camx_status status;

    wanted = wanted > REPORTED_CLASSES ? wanted : REPORTED_CLASSES;
    status = workbench_top(b, wanted, &s->best, &s->best_count, error);
    if (status != CAMX_OK) {
        return status;
    }
    s->probabilities = calloc(count, sizeof *s->probabilities);
    if (s->probabilities == NULL) {
        return error_set(error, CAMX_E_MEMORY, "there is not enough memory for %zu scores", count);
    }
    return camx_session_scores(b->session, 0, CAMX_SCORE_PROBABILITY, s->probabilities, count,
                               error);
}

static void tell_classes(const scene *s)
{
    text list = {0};
    char number[LABEL_NUMBER_SIZE];

    for (uint32_t i = 0; i < s->best_count && i < 3; i++) {
        text_format(&list, "%s%s %.1f %%", i > 0 ? ", " : "",
                    labels_shown(&s->e->b.labels, s->best[i].class_index, number),
                    100.0 * (double)s->best[i].probability);
    }
    console_note("%s: %s", s->path, text_string(&list));
    text_free(&list);
}

static void put_picture(const scene *s)
{
    json *doc = s->e->doc;

    json_int(doc, "width", s->photo.pixels.width);
    json_int(doc, "height", s->photo.pixels.height);
    json_text(doc, "preparation", text_string(&s->e->b.described));
    json_open_array(doc, "top");
    for (uint32_t i = 0; i < s->best_count && i < REPORTED_CLASSES; i++) {
        workbench_put_class(&s->e->b, doc, &s->best[i]);
    }
    json_close(doc);
}

/* On a network with global pooling and one dense layer Grad-CAM before the pool is CAM, to a
 * factor. Such a network is one that CAM accepts. */
static int equals_cam(scene *s, const camx_map_info *info)
{
    const char *layer = info->layer != NULL ? info->layer : "";

    if (info->method == CAMX_METHOD_CAM) {
        text_clear(&s->cam_layer);
        text_put(&s->cam_layer, layer);
        s->cam_class = info->class_index;
    }
    return info->method == CAMX_METHOD_GRADCAM && s->cam_layer.length > 0 &&
           info->score_kind == CAMX_SCORE_LOGIT && info->class_index == s->cam_class &&
           strcmp(text_string(&s->cam_layer), layer) == 0;
}

/* The single file of -o is the contact sheet when one was asked for. */
static int only_sheet(const scene *s)
{
    return s->e->o->sheet && s->e->files.file != NULL;
}

/* Paints, writes and describes the map that was just computed. */
static camx_status finish_map(scene *s, const map_request *r, camx_error *error)
{
    explainer *e = s->e;
    camx_map_info info = {0};
    text caption = {0};
    camx_status status;

    info.struct_size = sizeof info;
    status = camx_map_get_info(e->map, 0, &info, error);
    if (status == CAMX_OK) {
        scene_put_map(s, &info);
        status = painter_paint(&s->painter, &s->photo.pixels, e->map, e->o, error);
    }
    if (status == CAMX_OK) {
        status = scene_look_closer(s, r, &info, error);
    }
    if (status == CAMX_OK && info.finding != CAMX_FINDING_HEAT) {
        console_warning("%s: %s: %s", s->path, r->name, camx_finding_text(info.finding));
    }
    if (status == CAMX_OK && !only_sheet(s) && !e->o->no_pictures) {
        status = scene_write(s, r->name, ".png", "picture", write_painting, error);
    }
    if (status == CAMX_OK && !only_sheet(s) && e->o->raw) {
        status = scene_write(s, r->name, ".npy", "raw", write_raw, error);
    }
    if (status == CAMX_OK && e->o->sheet && e->o->command == COMMAND_PROGRESS) {
        caption_stage(&caption, &info);
        status = contact_sheet_add(&s->sheet, &s->painter.out, &caption, error);
    } else if (status == CAMX_OK && e->o->sheet) {
        caption_map(&caption, e, &info, s->probabilities[info.class_index], equals_cam(s, &info));
        caption.failed |= s->cam_layer.failed;
        status = contact_sheet_add(&s->sheet, &s->painter.out, &caption, error);
    }
    text_free(&caption);
    return status;
}

/* A method of "all" that does not suit this network is left out, and that is said once. */
static camx_status leave_out(scene *s, const map_request *r, const camx_error *error)
{
    if (!s->e->told_method) {
        console_note("%s is left out: %s", camx_method_name(r->method), error->message);
        s->e->told_method = 1;
    }
    json_text(s->e->doc, "method", camx_method_name(r->method));
    json_text(s->e->doc, "left_out", error->message);
    return CAMX_OK;
}

static void show_progress(const scene *s, const map_request *r)
{
    size_t count = s->e->o->images.count;

    if (count > 1) {
        console_progress_begin("%zu/%zu %s: %s", s->index + 1, count, s->path, r->name);
    } else {
        console_progress_begin("%s: %s", s->path, r->name);
    }
}

static camx_status make_map(scene *s, const map_request *r, camx_error *error)
{
    explainer *e = s->e;
    camx_target target;
    camx_status status = scene_target(s, r, &target, error);

    if (status != CAMX_OK) {
        return status;
    }
    show_progress(s, r);
    json_open_object(e->doc, NULL);
    status = scene_compute(s, r, error);
    if (status == CAMX_OK) {
        status = finish_map(s, r, error);
    } else if (status == CAMX_E_METHOD && r->optional) {
        status = leave_out(s, r, error);
    } else {
        s->fatal = command_is_fatal(status);
    }
    json_close(e->doc);
    return status;
}

static camx_status make_maps(scene *s, camx_error *error)
{
    map_plan *plan = &s->e->plan;
    camx_status status = CAMX_OK;

    json_open_array(s->e->doc, "maps");
    for (size_t i = 0; i < plan->count && status == CAMX_OK && !console_interrupted(); i++) {
        status = make_map(s, &plan->requests[i], error);
    }
    json_close(s->e->doc);
    return status;
}

/* The sheet begins with the photograph itself. */
static camx_status begin_sheet(scene *s, camx_error *error)
{
    text caption = {0};
    camx_status status = contact_sheet_begin(&s->sheet, (uint32_t)s->e->plan.count + 1, error);

    s->sheet.in_a_row = s->e->o->command == COMMAND_PROGRESS;
    if (status == CAMX_OK) {
        caption_photo(&caption, s->e, s->path, s->best, s->best_count);
        status = contact_sheet_add(&s->sheet, &s->photo.pixels, &caption, error);
    }
    text_free(&caption);
    return status;
}

static camx_status explain(scene *s, camx_error *error)
{
    explainer *e = s->e;
    camx_status status = workbench_run(&e->b, &s->photo, &s->input, error);

    if (status != CAMX_OK) {
        s->fatal = command_is_fatal(status);
        return status;
    }
    status = get_scores(s, error);
    if (status == CAMX_OK) {
        tell_classes(s);
        put_picture(s);
        status = painter_begin(&s->painter, &s->photo.pixels, error);
    }
    if (status == CAMX_OK && e->o->sheet) {
        status = begin_sheet(s, error);
    }
    if (status == CAMX_OK) {
        status = make_maps(s, error);
    }
    if (status == CAMX_OK && e->o->sheet && !console_interrupted()) {
        status = scene_write(s, e->o->command == COMMAND_PROGRESS ? "progress" : "sheet", ".png",
                             "sheet", write_sheet, error);
    }
    return status;
}

camx_status scene_explain(explainer *e, size_t index, int *fatal, camx_error *error)
{
    scene s = {0};
    camx_status status;

    s.e = e;
    s.index = index;
    s.path = e->o->images.at[index];
    s.states = calloc(e->plan.count, 1); /* MAP_WANTED */
    status = s.states != NULL
                 ? photo_open(&s.photo, s.path, error)
                 : error_set(error, CAMX_E_MEMORY, "there is not enough memory for the maps");
    if (status == CAMX_OK) {
        status = region_open(&s.region, e->o, s.path, error);
    }
    if (status == CAMX_OK) {
        status = explain(&s, error);
    }
    *fatal = s.fatal;
    scene_free(&s);
    return status;
}
