/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said about one map: its numbers, its boxes, and how much of its heat lies in a region.
 */
#include <stdlib.h>

#include "scene_private.h"

void scene_put_map(const scene *s, const camx_map_info *info)
{
    json *doc = s->e->doc;

    json_text(doc, "method", camx_method_name(info->method));
    json_text(doc, "layer", info->layer);
    json_int(doc, "class", info->class_index);
    json_text(doc, "name", labels_name(&s->e->b.labels, info->class_index));
    if (info->other_index >= 0) {
        json_int(doc, "against", info->other_index);
        json_text(doc, "against_name", labels_name(&s->e->b.labels, info->other_index));
    }
    json_bool(doc, "negated", s->e->o->negate);
    json_text(doc, "score_kind",
              info->score_kind == CAMX_SCORE_PROBABILITY ? "probability" : "logit");
    json_float(doc, "score", (double)info->score);
    json_int(doc, "map_width", info->width);
    json_int(doc, "map_height", info->height);
    json_float(doc, "minimum", (double)info->minimum);
    json_float(doc, "maximum", (double)info->maximum);
    json_int(doc, "peak_x", info->peak_x);
    json_int(doc, "peak_y", info->peak_y);
    json_text(doc, "finding", finding_name(info->finding));
    json_text(doc, "message", camx_finding_text(info->finding));
}

static void put_box(json *doc, const camx_box *box, const region *given)
{
    json_open_object(doc, NULL);
    json_int(doc, "x", box->rect.x);
    json_int(doc, "y", box->rect.y);
    json_int(doc, "width", box->rect.width);
    json_int(doc, "height", box->rect.height);
    json_int(doc, "peak_x", box->peak_x);
    json_int(doc, "peak_y", box->peak_y);
    json_float(doc, "peak", (double)box->peak);
    json_float(doc, "mean", (double)box->mean);
    json_float(doc, "mass", box->mass);
    json_int(doc, "area", box->area);
    if (given->kind == REGION_BOX) {
        json_float(doc, "iou", (double)camx_box_iou(&box->rect, &given->box.rect));
    }
    json_close(doc);
}

/* Finds the boxes, however many there are. */
static camx_status find_boxes(const scene *s, camx_box **boxes, uint32_t *count, camx_error *error)
{
    const camx_box_options *how = &s->e->o->boxes;
    camx_status status = camx_map_boxes(s->e->map, 0, how, NULL, 0, count, error);

    if (status != CAMX_OK) {
        return status;
    }
    *boxes = calloc((size_t)*count + 1, sizeof **boxes);
    if (*boxes == NULL) {
        return error_set(error, CAMX_E_MEMORY, "there is not enough memory for %u boxes", *count);
    }
    return camx_map_boxes(s->e->map, 0, how, *boxes, *count, count, error);
}

static camx_status add_boxes(scene *s, camx_error *error)
{
    camx_box *boxes = NULL;
    uint32_t count = 0;
    camx_status status = find_boxes(s, &boxes, &count, error);

    if (status == CAMX_OK) {
        json_open_array(s->e->doc, "boxes");
        for (uint32_t i = 0; i < count; i++) {
            put_box(s->e->doc, &boxes[i], &s->region);
        }
        json_close(s->e->doc);
        status = camx_boxes_draw(boxes, count, NULL, &s->painter.out, error);
    }
    free(boxes);
    return status;
}

static camx_status add_focus(scene *s, const map_request *r, const camx_map_info *info,
                             camx_error *error)
{
    camx_focus focus = {0};
    focus_entry entry = {0};
    camx_status status;

    focus.struct_size = sizeof focus;
    status = region_measure(&s->region, s->e->map, &focus, error);
    if (status == CAMX_OK) {
        status = region_draw(&s->region, &s->painter.out, error);
    }
    if (status != CAMX_OK) {
        return status;
    }
    json_open_object(s->e->doc, "focus");
    focus_put(s->e->doc, &focus);
    json_close(s->e->doc);
    entry.image = s->path;
    entry.map = r->name;
    entry.method = info->method;
    entry.class_index = info->class_index;
    entry.probability = info->class_index >= 0 ? s->probabilities[info->class_index] : 0;
    entry.focus = focus;
    return focus_report_add(&s->e->report, &entry, error);
}

camx_status scene_look_closer(scene *s, const map_request *r, const camx_map_info *info,
                              camx_error *error)
{
    camx_status status = CAMX_OK;

    if (s->e->o->wants_boxes) {
        status = add_boxes(s, error);
    }
    if (status == CAMX_OK && s->region.kind != REGION_NONE) {
        status = add_focus(s, r, info, error);
    }
    return status;
}
