/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_check FILE          is FILE one JSON document by RFC 8259, in UTF-8, without a key twice in
 * an object? json_check FILE PATH     prints the value at PATH, such as results.0.top.0.name, or
 * fails if there is none
 *
 * Texts are printed without quotes and with their escapes undone; of objects and arrays the number
 * of entries is printed. Written for the tests of the program: it shares nothing with the writer
 * that it judges.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64, MAX_FILE = 1 << 26, MAX_KEYS = 4096, MAX_TEXT = 1 << 16 };

typedef struct reader {
    const unsigned char *at;
    const unsigned char *end;
    const unsigned char *start;
    int depth;
    const char
        *path; /* what is left of the path to the value that is looked for; NULL: not on the way */
    int found;
} reader;

static void fail(const reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

static void fail(const reader *r, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "json_check: at byte %zu: ", (size_t)(r->at - r->start));
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static void value(reader *r);

static void space(reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) != NULL && *r->at != '\0') {
        r->at++;
    }
}

static int peek(reader *r)
{
    return r->at < r->end ? *r->at : -1;
}

static void expect(reader *r, char c)
{
    if (peek(r) != c) {
        fail(r, "'%c' was expected", c);
    }
    r->at++;
}

static void put_utf8(char *out, size_t *used, unsigned code)
{
    if (code < 0x80) {
        out[(*used)++] = (char)code;
    } else if (code < 0x800) {
        out[(*used)++] = (char)(0xC0 | (code >> 6));
        out[(*used)++] = (char)(0x80 | (code & 0x3F));
    } else {
        out[(*used)++] = (char)(0xE0 | (code >> 12));
        out[(*used)++] = (char)(0x80 | ((code >> 6) & 0x3F));
        out[(*used)++] = (char)(0x80 | (code & 0x3F));
    }
}

static unsigned four_digits(reader *r)
{
    unsigned code = 0;

    for (int i = 0; i < 4; i++) {
        int c = peek(r);
        const char *digits = "0123456789abcdef";
        const char *digit = c > 0 ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

        if (digit == NULL) {
            fail(r, "four hexadecimal digits were expected");
        }
        code = code * 16 + (unsigned)(digit - digits);
        r->at++;
    }
    return code;
}

static void escape(reader *r, char *out, size_t *used)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    int c = peek(r);
    const char *name = c > 0 ? strchr(names, c) : NULL;

    if (c == 'u') {
        unsigned code;

        r->at++;
        code = four_digits(r);
        if (code >= 0xD800 && code <= 0xDFFF) {
            fail(r, "half a surrogate pair"); /* the program never writes pairs */
        }
        put_utf8(out, used, code);
    } else if (name != NULL) {
        out[(*used)++] = values[name - names];
        r->at++;
    } else {
        fail(r, "an unknown escape");
    }
}

/* The smallest code that may be written with so many bytes. */
static void utf8(reader *r, char *out, size_t *used)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned first = *r->at;
    unsigned length = first < 0x80    ? 1
                      : first >= 0xF0 ? 4
                      : first >= 0xE0 ? 3
                      : first >= 0xC0 ? 2
                                      : 0;
    unsigned code = length == 1 ? first : first & (0x7Fu >> length);

    if (length == 0 || first > 0xF7 || (size_t)(r->end - r->at) < length) {
        fail(r, "not UTF-8");
    }
    for (unsigned i = 1; i < length; i++) {
        if ((r->at[i] & 0xC0) != 0x80) {
            fail(r, "not UTF-8");
        }
        code = code << 6 | (r->at[i] & 0x3F);
    }
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        fail(r, "not UTF-8");
    }
    memcpy(out + *used, r->at, length);
    *used += length;
    r->at += length;
}

/* Reads a text into `out`, MAX_TEXT bytes. */
static void text(reader *r, char *out)
{
    size_t used = 0;

    expect(r, '"');
    while (peek(r) != '"') {
        if (peek(r) < 0x20) {
            fail(r, "a control character in a text, or its end is missing");
        }
        if (used + 8 > MAX_TEXT) {
            fail(r, "a text of more than %d bytes", MAX_TEXT);
        }
        if (peek(r) == '\\') {
            r->at++;
            escape(r, out, &used);
        } else {
            utf8(r, out, &used);
        }
    }
    r->at++;
    out[used] = '\0';
}

static int is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static void digits(reader *r)
{
    if (!is_digit(peek(r))) {
        fail(r, "a digit was expected");
    }
    while (is_digit(peek(r))) {
        r->at++;
    }
}

static void number(reader *r)
{
    if (peek(r) == '-') {
        r->at++;
    }
    if (peek(r) == '0') {
        r->at++;
    } else {
        digits(r);
    }
    if (peek(r) == '.') {
        r->at++;
        digits(r);
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        if (peek(r) == '+' || peek(r) == '-') {
            r->at++;
        }
        digits(r);
    }
}

/* The rest of the path behind `step`, or NULL when the path does not go there. */
static const char *follow(const char *path, const char *step)
{
    size_t length = strlen(step);

    if (path == NULL || strncmp(path, step, length) != 0) {
        return NULL;
    }
    return path[length] == '.' ? path + length + 1 : path[length] == '\0' ? path + length : NULL;
}

/* An entry of an object or array: goes on with the path behind `step`. */
static void entry(reader *r, const char *path, const char *step)
{
    r->path = follow(path, step);
    value(r);
    r->path = path;
}

static void check_new_key(reader *r, char **keys, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i], key) == 0) {
            fail(r, "the key \"%s\" comes twice", key);
        }
    }
}

static size_t object(reader *r)
{
    static char key[MAX_TEXT];
    char **keys = calloc(MAX_KEYS, sizeof *keys);
    const char *path = r->path;
    size_t count = 0;

    expect(r, '{');
    space(r);
    while (peek(r) != '}') {
        if (count > 0) {
            expect(r, ',');
            space(r);
        }
        text(r, key);
        if (keys == NULL || count == MAX_KEYS) {
            fail(r, "too many keys");
        }
        check_new_key(r, keys, count, key);
        keys[count] = strdup(key);
        if (keys[count++] == NULL) {
            fail(r, "out of memory");
        }
        space(r);
        expect(r, ':');
        entry(r, path, keys[count - 1]);
        space(r);
    }
    r->at++;
    for (size_t i = 0; i < count; i++) {
        free(keys[i]);
    }
    free(keys);
    return count;
}

static size_t array(reader *r)
{
    const char *path = r->path;
    size_t count = 0;

    expect(r, '[');
    space(r);
    while (peek(r) != ']') {
        char step[24];

        if (count > 0) {
            expect(r, ',');
        }
        snprintf(step, sizeof step, "%zu", count++);
        entry(r, path, step);
        space(r);
    }
    r->at++;
    return count;
}

static void word(reader *r, const char *expected)
{
    size_t length = strlen(expected);

    if ((size_t)(r->end - r->at) < length || memcmp(r->at, expected, length) != 0) {
        fail(r, "no value begins so");
    }
    r->at += length;
}

static void value(reader *r)
{
    static char content[MAX_TEXT];
    int wanted = r->path != NULL && *r->path == '\0';
    const unsigned char *begin;
    int c;

    space(r);
    begin = r->at;
    c = peek(r);
    if (++r->depth > MAX_DEPTH) {
        fail(r, "more than %d levels", MAX_DEPTH);
    }
    if (wanted) {
        r->path = NULL;
        r->found = 1;
    }
    if (c == '{' || c == '[') {
        size_t count = c == '{' ? object(r) : array(r);

        if (wanted) {
            printf("%zu\n", count);
        }
    } else if (c == '"') {
        text(r, content);
        if (wanted) {
            printf("%s\n", content);
        }
    } else {
        if (c == 't' || c == 'f' || c == 'n') {
            word(r, c == 't' ? "true" : c == 'f' ? "false" : "null");
        } else {
            number(r);
        }
        if (wanted) {
            printf("%.*s\n", (int)(r->at - begin), (const char *)begin);
        }
    }
    r->depth--;
}

int main(int argc, char **argv)
{
    unsigned char *bytes = malloc(MAX_FILE);
    FILE *file = argc == 2 || argc == 3 ? fopen(argv[1], "rb") : NULL;
    reader r = {0};

    if (bytes == NULL || file == NULL) {
        fprintf(stderr, "usage: json_check FILE [PATH]\n");
        return 2;
    }
    r.start = bytes;
    r.at = bytes;
    r.end = bytes + fread(bytes, 1, MAX_FILE, file);
    r.path = argc == 3 ? argv[2] : NULL;
    value(&r);
    space(&r);
    if (r.at != r.end) {
        fail(&r, "more than one value");
    }
    if (argc == 3 && !r.found) {
        fprintf(stderr, "json_check: there is no %s\n", argv[2]);
        return 1;
    }
    fclose(file);
    free(bytes);
    return 0;
}
