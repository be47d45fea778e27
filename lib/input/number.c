/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, whatever the locale. */
#include "input/number.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
    return c == ' ' || c == ',' || c == ';' || c == '\t' || c == '\n' || c == '\r';
}

/* Digits with at most one point; the exponent that the point stands for goes to *power. */
static bool read_digits(const char **text, double *value, int *power)
{
    uint64_t digits = 0;
    bool any = false;
    bool point = false;
    const char *at = *text;

    *power = 0;
    for (; is_digit(*at) || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        any = true;
        /* More than 17 digits say nothing more to a double. */
        if (digits < (uint64_t)100000000000000000) {
            digits = digits * 10 + (uint64_t)(*at - '0');
            *power -= point;
        } else if (*power < 1000) {
            *power += !point;
        }
    }
    *text = at;
    *value = (double)digits;
    return any;
}

static bool read_exponent(const char **text, int *power)
{
    const char *at = *text;
    int sign = 1;
    int exponent = 0;

    if (*at != 'e' && *at != 'E')
        return true;
    at++;
    if (*at == '+' || *at == '-')
        sign = *at++ == '-' ? -1 : 1;
    if (!is_digit(*at))
        return false;
    for (; is_digit(*at); at++)
        exponent = exponent < 1000 ? exponent * 10 + (*at - '0') : exponent;
    *power += sign * exponent;
    *text = at;
    return true;
}

static bool read_number(const char **text, double *value)
{
    double sign = 1.0;
    int power;

    if (**text == '+' || **text == '-')
        sign = *(*text)++ == '-' ? -1.0 : 1.0;
    if (!read_digits(text, value, &power) || !read_exponent(text, &power))
        return false;
    /* Dividing by a power of ten is exact to the last bit where multiplying by a negative one is
     * not. */
    if (*value != 0.0)
        *value = power < 0 ? *value / pow(10.0, -power) : *value * pow(10.0, power);
    *value *= sign;
    return isfinite(*value) && (**text == '\0' || is_separator(**text));
}

int camx__number_list(const char *text, double *values, int most)
{
    int found = 0;

    for (;;) {
        while (is_separator(*text))
            text++;
        if (*text == '\0')
            return found > 0 ? found : -1;
        if (found == most || !read_number(&text, &values[found]))
            return -1;
        found++;
    }
}

bool camx__number_count(const char *text, int most, int *value)
{
    double number;

    if (camx__number_list(text, &number, 1) != 1 || number < 1 || number > most ||
        number != floor(number))
        return false;
    *value = (int)number;
    return true;
}

void camx__number_text(double value, char *text, size_t size)
{
    char printed[64];
    size_t length = 0;

    snprintf(printed, sizeof printed, "%.6g", value);
    /* The locale's decimal point, which may be several bytes, becomes one full stop. */
    for (const char *at = printed; *at != '\0' && length + 1 < size; at++) {
        if (strchr("0123456789+-einfa", *at) != NULL)
            text[length++] = *at;
        else if (length == 0 || text[length - 1] != '.')
            text[length++] = '.';
    }
    text[length] = '\0';
}
