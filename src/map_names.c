/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the maps of a plan are called in file names.
 */
#include <stdio.h>
#include <string.h>

#include "map_plan.h"

enum { PART_SIZE = 64 };

int map_same_layer(const map_request *a, const map_request *b)
{
    if (a->layer == NULL || b->layer == NULL) {
        return a->layer == b->layer;
    }
    return strcmp(a->layer, b->layer) == 0;
}

int map_same_class(const map_request *a, const map_request *b)
{
    return a->class_index == b->class_index && (a->class_index >= 0 || a->rank == b->rank);
}

/* Letters, digits, dots and dashes; everything else becomes "_". */
static void plain_part(const char *s, char out[PART_SIZE])
{
    size_t used = 0;

    for (; *s != '\0' && used + 1 < PART_SIZE; s++) {
        int plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                    (*s >= '0' && *s <= '9') || *s == '.' || *s == '-';

        out[used++] = plain ? *s : '_';
    }
    out[used] = '\0';
}

static void class_part(const map_request *r, const labels *l, char out[PART_SIZE])
{
    const char *name = labels_name(l, r->class_index);
    char plain[PART_SIZE];

    if (r->class_index < 0) {
        snprintf(out, PART_SIZE, "top%d", (int)r->rank);
        return;
    }
    plain_part(name != NULL ? name : "", plain);
    snprintf(out, PART_SIZE, "%d%s%.40s", (int)r->class_index, name != NULL ? "_" : "", plain);
}

/* METHOD, with layer and class where they were asked for and others too. */
static void name_request(map_plan *plan, map_request *r, const labels *l)
{
    int several_layers = 0;
    int several_classes = 0;
    char layer[PART_SIZE] = "";
    char klass[PART_SIZE] = "";

    for (size_t i = 0; i < plan->count; i++) {
        several_layers |= !map_same_layer(&plan->requests[i], r);
        several_classes |= !map_same_class(&plan->requests[i], r);
    }
    if (several_layers && r->layer_word != NULL) {
        plain_part(r->layer, layer);
    }
    if (several_classes && r->class_word != NULL) {
        class_part(r, l, klass);
    }
    snprintf(r->name, sizeof r->name - 16, "%s%s%s%s%s", camx_method_name(r->method),
             *layer ? "-" : "", layer, *klass ? "-" : "", klass);
}

/* Layers whose names differ only in special characters would meet in one file. */
static void number_equal_names(map_plan *plan)
{
    for (size_t i = 1; i < plan->count; i++) {
        map_request *r = &plan->requests[i];
        size_t length = strlen(r->name);
        int number = 1;

        for (size_t j = 0; j < i;) {
            if (string_same(plan->requests[j].name, r->name)) {
                snprintf(r->name + length, sizeof r->name - length, "_%d", ++number);
                j = 0;
            } else {
                j++;
            }
        }
    }
}

void map_plan_name(map_plan *plan, const labels *l)
{
    for (size_t i = 0; i < plan->count; i++) {
        name_request(plan, &plan->requests[i], l);
    }
    number_equal_names(plan);
}
