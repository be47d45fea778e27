/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over the messages ModelProto, GraphProto, NodeProto, AttributeProto, ValueInfoProto and
 * TypeProto. */
#include "node_scan.h"

#include <stdio.h>
#include <string.h>

#include "onnx/wire.h"

typedef struct scanner {
    camx__source source;
    camx__wire wire;
    camx_error error;
    node_scan *scan;
    bool broken;
} scanner;

/* Handles one field of a message. */
typedef void field_fn(scanner *s, const camx__field *field, void *context);

static void each_field(scanner *s, camx__span span, field_fn *fn, void *context)
{
    while (!s->broken && span.at < span.end) {
        camx__field field;
        if (camx__wire_field(&s->wire, &span, &field) != CAMX_OK)
            s->broken = true;
        else
            fn(s, &field, context);
    }
}

static void note(char (*list)[SCAN_NAME], int *count, const char *name)
{
    for (int i = 0; i < *count; i++)
        if (strcmp(list[i], name) == 0)
            return;
    if (*count < SCAN_MAX)
        snprintf(list[(*count)++], SCAN_NAME, "%.*s", SCAN_NAME - 1, name);
}

static void copy_text(scanner *s, const camx__field *field, char text[SCAN_NAME])
{
    camx__span span = field->body;
    if (span.end - span.at >= SCAN_NAME)
        span.end = span.at + SCAN_NAME - 1;
    memset(text, 0, SCAN_NAME);
    if (camx__wire_copy(&s->wire, span, text) != CAMX_OK)
        s->broken = true;
}

/* ---- types ---- */

static void tensor_type(scanner *s, const camx__field *field, void *context)
{
    (void)context;
    if (field->number != 1)
        return;
    if (field->value == 8)
        note(s->scan->type_name, &s->scan->types, "string");
    if (field->value == 14 || field->value == 15)
        note(s->scan->type_name, &s->scan->types, "complex");
}

static void value_type(scanner *s, const camx__field *field, void *context)
{
    static const char *const kinds[] = {NULL,  NULL, NULL, NULL,     "sequence",
                                        "map", NULL, NULL, "sparse", "optional"};
    (void)context;
    if (field->number == 1)
        each_field(s, field->body, tensor_type, NULL);
    else if (field->number < sizeof kinds / sizeof kinds[0] && kinds[field->number] != NULL)
        note(s->scan->type_name, &s->scan->types, kinds[field->number]);
}

static void value_info(scanner *s, const camx__field *field, void *context)
{
    if (field->number == 2)
        each_field(s, field->body, value_type, context);
}

/* ---- nodes ---- */

static void graph(scanner *s, const camx__field *field, void *context);

static void attribute(scanner *s, const camx__field *field, void *context)
{
    if (field->number == 6 || field->number == 11) /* g and graphs */
        each_field(s, field->body, graph, context);
}

typedef struct node_names {
    char op[SCAN_NAME];
    char domain[SCAN_NAME];
} node_names;

static void node(scanner *s, const camx__field *field, void *context)
{
    node_names *names = context;
    if (field->number == 4)
        copy_text(s, field, names->op);
    else if (field->number == 7)
        copy_text(s, field, names->domain);
    else if (field->number == 5)
        each_field(s, field->body, attribute, NULL);
}

static void graph(scanner *s, const camx__field *field, void *context)
{
    if (field->number == 1) {
        node_names names = {"", ""};
        char whole[2 * SCAN_NAME + 2];
        each_field(s, field->body, node, &names);
        bool own = names.domain[0] == '\0' || strcmp(names.domain, "ai.onnx") == 0;
        snprintf(whole, sizeof whole, "%s%s%s", own ? "" : names.domain, own ? "" : ":", names.op);
        note(s->scan->operator_name, &s->scan->operators, whole);
    } else if (field->number == 11 || field->number == 12) {
        each_field(s, field->body, value_info, context);
    }
}

static void model(scanner *s, const camx__field *field, void *context)
{
    if (field->number == 7)
        each_field(s, field->body, graph, context);
}

bool node_scan_model(const void *bytes, size_t size, node_scan *scan)
{
    scanner s = {.scan = scan};
    memset(scan, 0, sizeof *scan);
    camx__source_memory(&s.source, "model", bytes, size);
    camx__wire_init(&s.wire, &s.source, "model", NULL, &s.error);
    each_field(&s, (camx__span){0, size}, model, NULL);
    return !s.broken;
}
