/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading option values. The C library's number readers accept more than a person means (leading
 * space, "0x", "inf"), so each value is checked to its last letter.
 */
#include "option_values.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "growing_text.h"

/* Reads a whole number and moves *s behind it. */
static int read_int(const char **s, int64_t least, int64_t most, int64_t *number)
{
    char *end;
    long long value;

    if (strchr("+-0123456789", **s) == NULL || **s == '\0') {
        return 0;
    }
    errno = 0;
    value = strtoll(*s, &end, 10);
    if (end == *s || errno != 0 || value < least || value > most) {
        return 0;
    }
    *s = end;
    *number = value;
    return 1;
}

int value_int(const char *s, int32_t least, int32_t most, int32_t *number)
{
    int64_t value;

    if (!read_int(&s, least, most, &value) || *s != '\0') {
        return 0;
    }
    *number = (int32_t)value;
    return 1;
}

/* Reads a finite decimal number and moves *s behind it. */
static int read_float(const char **s, double *number)
{
    char *end;
    size_t length = strspn(*s, "+-.0123456789eE");

    if (length == 0) {
        return 0;
    }
    *number = strtod(*s, &end);
    if (end != *s + length || !isfinite(*number)) {
        return 0;
    }
    *s = end;
    return 1;
}

int value_float(const char *s, double least, double most, float *number)
{
    double value;

    if (!read_float(&s, &value) || *s != '\0' || value < least || value > most) {
        return 0;
    }
    *number = (float)value;
    return 1;
}

int value_size(const char *s, int32_t most, int32_t *width, int32_t *height)
{
    int64_t w;
    int64_t h;

    if (!read_int(&s, 1, most, &w)) {
        return 0;
    }
    h = w;
    if (*s == 'x' || *s == 'X') {
        s++;
        if (!read_int(&s, 1, most, &h)) {
            return 0;
        }
    }
    *width = (int32_t)w;
    *height = (int32_t)h;
    return *s == '\0';
}

int value_floats(const char *s, int most, float *numbers, int *count)
{
    int n = 0;

    for (;;) {
        double value;

        if (n == most || !read_float(&s, &value)) {
            return 0;
        }
        numbers[n++] = (float)value;
        if (*s == '\0') {
            *count = n;
            return 1;
        }
        if (*s++ != ',') {
            return 0;
        }
    }
}

static int hex_colour(const char *s, uint8_t rgb[3])
{
    unsigned long value;

    if (strlen(s) != 6 || strspn(s, "0123456789abcdefABCDEF") != 6) {
        return 0;
    }
    value = strtoul(s, NULL, 16);
    rgb[0] = (uint8_t)(value >> 16);
    rgb[1] = (uint8_t)(value >> 8);
    rgb[2] = (uint8_t)value;
    return 1;
}

int value_colour(const char *s, uint8_t rgb[3])
{
    if (*s == '#') {
        return hex_colour(s + 1, rgb);
    }
    for (int i = 0; i < 3; i++) {
        int64_t value;

        if (!read_int(&s, 0, 255, &value) || *s != (i < 2 ? ',' : '\0')) {
            return 0;
        }
        rgb[i] = (uint8_t)value;
        s++;
    }
    return 1;
}

int value_bytes(const char *s, uint64_t *bytes)
{
    int64_t value;
    unsigned shift = 0;

    if (!read_int(&s, 0, INT64_MAX >> 31, &value)) {
        return 0;
    }
    if (*s != '\0') {
        const char *unit = strchr("KMG", *s);

        if (unit == NULL || s[1] != '\0') {
            return 0;
        }
        shift = *unit == 'K' ? 10 : *unit == 'M' ? 20 : 30;
    }
    *bytes = (uint64_t)value << shift;
    return 1;
}

int value_choice(const char *s, const choice *choices, int32_t *number)
{
    for (; choices->name != NULL; choices++) {
        if (string_same(choices->name, s)) {
            *number = choices->number;
            return 1;
        }
    }
    return 0;
}
