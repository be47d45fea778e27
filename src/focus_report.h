/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Object or background, over all pictures: what --box and --mask found, worst first.
 */
#ifndef CAMX_SRC_FOCUS_REPORT_H
#define CAMX_SRC_FOCUS_REPORT_H

#include "camx/camx.h"
#include "class_names.h"
#include "command_options.h"
#include "json.h"

enum { FOCUS_MAP_SIZE = 192 };

/* One map of one picture. */
typedef struct focus_entry {
    const char *image; /* belongs to the options */
    const char *map;   /* its name; belongs to the plan */
    int32_t method;
    int32_t class_index;
    float probability;
    camx_focus focus;
} focus_entry;

/* Start with {0}. */
typedef struct focus_report {
    focus_entry *entries;
    size_t count;
    size_t capacity;
} focus_report;

camx_status focus_report_add(focus_report *r, const focus_entry *entry, camx_error *error);

/* Sorts the entries, the least share of heat inside first, and gives them as a table, as CSV or as
 * "focus" in the document, as the options say. Nothing without entries. */
void focus_report_give(focus_report *r, const options *o, const labels *l, json *doc);
void focus_report_free(focus_report *r);

/* The numbers as members of the open object. */
void focus_put(json *doc, const camx_focus *focus);

#endif
