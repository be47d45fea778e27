/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing texts, UTF-8, and names that were nearly right.
 */
#include "growing_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_free(text *t)
{
    free(t->bytes);
    *t = (text){0};
}

void text_clear(text *t)
{
    t->length = 0;
    if (t->bytes != NULL) {
        t->bytes[0] = '\0';
    }
}

/* Makes room for `more` bytes and the NUL. */
static int reserve(text *t, size_t more)
{
    size_t wanted = t->length + more + 1;
    size_t capacity = t->capacity < 64 ? 64 : t->capacity;
    char *bytes;

    if (t->failed || wanted <= t->length) {
        t->failed = 1;
        return 0;
    }
    if (wanted <= t->capacity) {
        return 1;
    }
    while (capacity < wanted) {
        capacity = capacity > SIZE_MAX / 2 ? wanted : capacity * 2;
    }
    bytes = realloc(t->bytes, capacity);
    if (bytes == NULL) {
        t->failed = 1;
        return 0;
    }
    t->bytes = bytes;
    t->capacity = capacity;
    return 1;
}

void text_add(text *t, const char *bytes, size_t length)
{
    if (!reserve(t, length)) {
        return;
    }
    memcpy(t->bytes + t->length, bytes, length);
    t->length += length;
    t->bytes[t->length] = '\0';
}

void text_put(text *t, const char *string)
{
    text_add(t, string, strlen(string));
}

void text_format_list(text *t, const char *format, va_list arguments)
{
    va_list again;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        t->failed = 1;
    } else if (reserve(t, (size_t)length)) {
        vsnprintf(t->bytes + t->length, (size_t)length + 1, format, again);
        t->length += (size_t)length;
    }
    va_end(again);
}

void text_format(text *t, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_format_list(t, format, arguments);
    va_end(arguments);
}

const char *text_string(const text *t)
{
    return t->bytes != NULL ? t->bytes : "";
}

static int is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

size_t utf8_sequence(const char *s)
{
    const unsigned char first = (unsigned char)s[0];

    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return is_continuation(s[1]) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned char second = (unsigned char)s[1];
        int overlong = first == 0xE0 && second < 0xA0;
        int surrogate = first == 0xED && second > 0x9F;

        return !overlong && !surrogate && is_continuation(s[1]) && is_continuation(s[2]) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned char second = (unsigned char)s[1];
        int overlong = first == 0xF0 && second < 0x90;
        int too_high = first == 0xF4 && second > 0x8F;

        return !overlong && !too_high && is_continuation(s[1]) && is_continuation(s[2]) &&
                       is_continuation(s[3])
                   ? 4
                   : 0;
    }
    return 0;
}

size_t utf8_columns(const char *s)
{
    size_t columns = 0;

    while (*s != '\0') {
        size_t length = utf8_sequence(s);

        s += length > 0 ? length : 1;
        columns++;
    }
    return columns;
}

/* C0, DEL, and the C1 controls U+0080 to U+009F, which some terminals obey. */
static int is_control(const char *s, size_t length)
{
    const unsigned char first = (unsigned char)s[0];

    if (length == 1) {
        return first < 0x20 || first == 0x7F;
    }
    return length == 2 && first == 0xC2 && (unsigned char)s[1] < 0xA0;
}

void text_put_clean(text *t, const char *string, int keep_lines)
{
    while (*string != '\0') {
        size_t length = utf8_sequence(string);
        int kept = keep_lines && (*string == '\n' || *string == '\t');

        if (length == 0) {
            text_put(t, "?");
            string++;
            continue;
        }
        if (!kept && is_control(string, length)) {
            text_put(t, "?");
        } else {
            text_add(t, string, length);
        }
        string += length;
    }
}

char *string_copy(const char *s, size_t length)
{
    char *copy = malloc(length + 1);

    if (copy != NULL) {
        memcpy(copy, s, length);
        copy[length] = '\0';
    }
    return copy;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* How many leading bytes of `a` equal `b`, case ignored. */
static size_t common_prefix(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] != '\0' && lower(a[i]) == lower(b[i])) {
        i++;
    }
    return i;
}

int string_same(const char *a, const char *b)
{
    size_t i = common_prefix(a, b);

    return a[i] == '\0' && b[i] == '\0';
}

const char *string_find(const char *where, const char *what)
{
    for (; *where != '\0'; where++) {
        if (what[common_prefix(where, what)] == '\0') {
            return where;
        }
    }
    return *what == '\0' ? where : NULL;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned name_distance(const char *a, const char *b, unsigned limit)
{
    unsigned row[64];
    size_t b_length = strlen(b);

    if (b_length >= 64 || strlen(a) >= 64) {
        return limit;
    }
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)(i + 1);
        for (size_t j = 0; j < b_length; j++) {
            unsigned replaced = diagonal + (lower(a[i]) != lower(b[j]) ? 1u : 0u);

            diagonal = row[j + 1];
            row[j + 1] = least(replaced, least(row[j], row[j + 1]) + 1);
        }
    }
    return least(row[b_length], limit);
}
