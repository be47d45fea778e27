/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing texts, UTF-8, and names that were nearly right.
 */
#ifndef CAMX_SRC_GROWING_TEXT_H
#define CAMX_SRC_GROWING_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* A growing, NUL-terminated text; start with {0}. When memory runs out it keeps what it has and
 * sets `failed`, so that a writer checks once, at the end. */
typedef struct text {
    char *bytes; /* NULL while empty */
    size_t length;
    size_t capacity;
    int failed;
} text;

void text_free(text *t);
void text_clear(text *t);
void text_add(text *t, const char *bytes, size_t length);
void text_put(text *t, const char *string);
void text_format(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_format_list(text *t, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* Adds `string` so that a terminal can show it: control characters and bytes that are not UTF-8
 * become
 * "?" (line ends and tabs too unless `keep_lines`). Names in model files are not to be trusted. */
void text_put_clean(text *t, const char *string, int keep_lines);

/* The whole text, "" when empty. */
const char *text_string(const text *t);

/* The number of bytes of the well-formed UTF-8 sequence at `s`, 0 if it is not one. */
size_t utf8_sequence(const char *s);

/* How many columns a terminal gives a text: its characters, counted one column each. */
size_t utf8_columns(const char *s);

/* A copy on the heap of the first `length` bytes, NULL when memory runs out. */
char *string_copy(const char *s, size_t length);

/* Case-insensitive for ASCII: comparison and search. */
int string_same(const char *a, const char *b);
const char *string_find(const char *where, const char *what);

/* How many letters have to be changed, added or dropped to turn one name into the other (case
 * ignored); at most `limit`, which is returned for anything further apart or longer than 63 bytes.
 */
unsigned name_distance(const char *a, const char *b, unsigned limit);

#endif
