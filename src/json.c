/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes one JSON document into memory, so that it is printed whole or not at all.
 */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

void json_free(json *j)
{
    text_free(&j->out);
    *j = (json){0};
}

static void new_line(json *j)
{
    text_put(&j->out, "\n");
    for (int i = 0; i < j->depth; i++) {
        text_put(&j->out, "  ");
    }
}

/* The bytes of a text between quotes, escaped as RFC 8259 wants it. */
static void quote(json *j, const char *s)
{
    text *out = &j->out;

    text_put(out, "\"");
    while (*s != '\0') {
        size_t length = utf8_sequence(s);

        if (length == 0) {
            text_put(out, "\\ufffd");
            s++;
            continue;
        }
        if (*s == '"' || *s == '\\') {
            text_format(out, "\\%c", *s);
        } else if (*s == '\n') {
            text_put(out, "\\n");
        } else if (*s == '\t') {
            text_put(out, "\\t");
        } else if (length == 1 && ((unsigned char)*s < 0x20 || *s == 0x7F)) {
            text_format(out, "\\u%04x", (unsigned)(unsigned char)*s);
        } else {
            text_add(out, s, length);
        }
        s += length;
    }
    text_put(out, "\"");
}

/* What comes before a value: the comma, the line, the key. */
static void begin_entry(json *j, const char *key)
{
    if (j->depth > 0) {
        if (j->filled[j->depth - 1]) {
            text_put(&j->out, ",");
        }
        j->filled[j->depth - 1] = 1;
        new_line(j);
    }
    if (key != NULL) {
        quote(j, key);
        text_put(&j->out, ": ");
    }
}

static void open_level(json *j, const char *key, const char *opening, char closing)
{
    if (j->muted) {
        return;
    }
    assert(j->depth < JSON_DEPTH);
    begin_entry(j, key);
    text_put(&j->out, opening);
    j->closing[j->depth] = closing;
    j->filled[j->depth] = 0;
    j->depth++;
}

void json_open_object(json *j, const char *key)
{
    open_level(j, key, "{", '}');
}

void json_open_array(json *j, const char *key)
{
    open_level(j, key, "[", ']');
}

void json_close(json *j)
{
    if (j->muted) {
        return;
    }
    assert(j->depth > 0);
    j->depth--;
    if (j->filled[j->depth]) {
        new_line(j);
    }
    text_add(&j->out, &j->closing[j->depth], 1);
    if (j->depth == 0) {
        text_put(&j->out, "\n");
    }
}

void json_unwind(json *j, int depth)
{
    while (!j->muted && j->depth > depth) {
        json_close(j);
    }
}

void json_text(json *j, const char *key, const char *value)
{
    if (j->muted) {
        return;
    }
    begin_entry(j, key);
    if (value == NULL) {
        text_put(&j->out, "null");
    } else {
        quote(j, value);
    }
}

void json_int(json *j, const char *key, int64_t value)
{
    if (!j->muted) {
        begin_entry(j, key);
        text_format(&j->out, "%" PRId64, value);
    }
}

void json_uint(json *j, const char *key, uint64_t value)
{
    if (!j->muted) {
        begin_entry(j, key);
        text_format(&j->out, "%" PRIu64, value);
    }
}

void json_bool(json *j, const char *key, int value)
{
    if (!j->muted) {
        begin_entry(j, key);
        text_put(&j->out, value ? "true" : "false");
    }
}

static void put_float(json *j, double value)
{
    if (isfinite(value)) {
        text_format(&j->out, "%.9g", value);
    } else {
        text_put(&j->out, "null");
    }
}

void json_float(json *j, const char *key, double value)
{
    if (!j->muted) {
        begin_entry(j, key);
        put_float(j, value);
    }
}

void json_ints(json *j, const char *key, const int64_t *values, uint32_t count)
{
    if (j->muted) {
        return;
    }
    begin_entry(j, key);
    text_put(&j->out, "[");
    for (uint32_t i = 0; i < count; i++) {
        text_format(&j->out, "%s%" PRId64, i > 0 ? ", " : "", values[i]);
    }
    text_put(&j->out, "]");
}

void json_floats(json *j, const char *key, const float *values, uint32_t count)
{
    if (j->muted) {
        return;
    }
    begin_entry(j, key);
    text_put(&j->out, "[");
    for (uint32_t i = 0; i < count; i++) {
        text_put(&j->out, i > 0 ? ", " : "");
        put_float(j, (double)values[i]);
    }
    text_put(&j->out, "]");
}
