/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Object or background, over all pictures.
 */
#include "focus_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "workbench.h"

camx_status focus_report_add(focus_report *r, const focus_entry *entry, camx_error *error)
{
    if (r->count == r->capacity) {
        size_t capacity = r->capacity * 2 + 16;
        focus_entry *grown = realloc(r->entries, capacity * sizeof *grown);

        if (grown == NULL) {
            return error_set(error, CAMX_E_MEMORY, "there is not enough memory for the report");
        }
        r->entries = grown;
        r->capacity = capacity;
    }
    r->entries[r->count++] = *entry;
    return CAMX_OK;
}

void focus_report_free(focus_report *r)
{
    free(r->entries);
    *r = (focus_report){0};
}

/* The least heat inside first; before all of them maps without any heat. The order of the pictures
 * otherwise. */
static int worse_first(const void *a, const void *b)
{
    const focus_entry *x = a;
    const focus_entry *y = b;
    double of_x = isnan(x->focus.heat_share) ? -1 : x->focus.heat_share;
    double of_y = isnan(y->focus.heat_share) ? -1 : y->focus.heat_share;

    if (of_x != of_y) {
        return of_x < of_y ? -1 : 1;
    }
    if (strcmp(x->image, y->image) != 0) {
        return strcmp(x->image, y->image);
    }
    return strcmp(x->map, y->map);
}

void focus_put(json *doc, const camx_focus *focus)
{
    json_float(doc, "heat_share", focus->heat_share);
    json_float(doc, "area_share", focus->area_share);
    json_float(doc, "seen_share", focus->seen_share);
    json_bool(doc, "peak_inside", focus->peak_inside);
    json_int(doc, "peak_x", focus->peak_x);
    json_int(doc, "peak_y", focus->peak_y);
}

static void put_entry(json *doc, const focus_entry *entry, const labels *l)
{
    json_open_object(doc, NULL);
    json_text(doc, "image", entry->image);
    json_text(doc, "map", entry->map);
    json_text(doc, "method", camx_method_name(entry->method));
    json_int(doc, "class", entry->class_index);
    json_text(doc, "name", labels_name(l, entry->class_index));
    json_float(doc, "probability", (double)entry->probability);
    focus_put(doc, &entry->focus);
    json_close(doc);
}

/* A field of CSV (RFC 4180): in quotes where a comma, a quote or a line end would be misread. */
static void put_field(text *line, const char *value)
{
    if (strpbrk(value, ",\"\r\n") == NULL) {
        text_put(line, value);
        return;
    }
    text_put(line, "\"");
    for (; *value != '\0'; value++) {
        text_add(line, value, 1);
        if (*value == '"') {
            text_put(line, "\"");
        }
    }
    text_put(line, "\"");
}

/* Empty where there is no number. */
static void put_number(text *line, double value)
{
    text_put(line, ",");
    if (isfinite(value)) {
        text_format(line, "%.6g", value);
    }
}

static void print_csv(const focus_report *r, const labels *l)
{
    text line = {0};

    console_put("image,map,method,class,name,probability,heat_share,area_share,seen_share,"
                "peak_inside,peak_x,peak_y\r\n");
    for (size_t i = 0; i < r->count; i++) {
        const focus_entry *e = &r->entries[i];
        const char *name = labels_name(l, e->class_index);

        text_clear(&line);
        put_field(&line, e->image);
        text_put(&line, ",");
        put_field(&line, e->map);
        text_format(&line, ",%s,%d,", camx_method_name(e->method), (int)e->class_index);
        put_field(&line, name != NULL ? name : "");
        put_number(&line, (double)e->probability);
        put_number(&line, e->focus.heat_share);
        put_number(&line, e->focus.area_share);
        put_number(&line, e->focus.seen_share);
        text_format(&line, ",%d,%d,%d\r\n", (int)e->focus.peak_inside, (int)e->focus.peak_x,
                    (int)e->focus.peak_y);
        console_put(text_string(&line));
    }
    text_free(&line);
}

static void print_table(const focus_report *r, const labels *l)
{
    char number[LABEL_NUMBER_SIZE];

    console_print("\n  heat inside  area  peak     image\n");
    for (size_t i = 0; i < r->count; i++) {
        const focus_entry *e = &r->entries[i];

        if (isnan(e->focus.heat_share)) {
            console_print("         none");
        } else {
            console_print("     %6.1f %%", 100.0 * e->focus.heat_share);
        }
        console_print("  %3.0f%%  %-7s  %s  %s: %s\n", 100.0 * e->focus.area_share,
                      e->focus.peak_inside ? "inside" : "outside", e->image, e->map,
                      labels_shown(l, e->class_index, number));
    }
}

void focus_report_give(focus_report *r, const options *o, const labels *l, json *doc)
{
    if (!o->has_region_box && o->mask == NULL) {
        return;
    }
    if (r->count > 0) {
        qsort(r->entries, r->count, sizeof *r->entries, worse_first);
    }
    json_open_array(doc, "focus");
    for (size_t i = 0; i < r->count; i++) {
        put_entry(doc, &r->entries[i], l);
    }
    json_close(doc);
    if (o->csv) {
        print_csv(r, l);
    } else if (!o->json && r->count > 0) {
        print_table(r, l);
    }
}
