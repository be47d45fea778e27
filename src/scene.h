/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One picture on its way through `camx explain`: read, classified, explained, painted, written.
 */
#ifndef CAMX_SRC_SCENE_H
#define CAMX_SRC_SCENE_H

#include "contact_sheet.h"
#include "focus_report.h"
#include "json.h"
#include "map_plan.h"
#include "output_files.h"
#include "painter.h"
#include "workbench.h"

/* What all pictures share. */
typedef struct explainer {
    const options *o;
    json *doc;
    workbench b;
    map_plan plan;
    output_files files;
    camx_map **maps; /* one per request */
    size_t map_count;
    camx_map *map;   /* the one at hand */
    focus_report report;
    int told_method; /* it was said that a method of "all" is left out */
} explainer;

/* Explains picture number `index` and adds its members to the open object of the document. *fatal:
 * the next picture would fail alike. */
camx_status scene_explain(explainer *e, size_t index, int *fatal, camx_error *error);

/* Captions of the contact sheet; of a map of a progression. */
void caption_photo(text *t, const explainer *e, const char *path, const camx_class_score *best,
                   uint32_t count);
void caption_map(text *t, const explainer *e, const camx_map_info *info, float probability,
                 int equals_cam);
void caption_stage(text *t, const camx_map_info *info);

#endif
