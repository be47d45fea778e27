/* SPDX-License-Identifier: Apache-2.0 */
/* Status and sentence: formatting, and making what came from files safe to show. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The length of the UTF-8 sequence that starts at `text`, 0 if it is none that may be shown: malformed,
 * overlong, a surrogate, past U+10FFFF, or a control character. Relies on the terminating NUL. */
static size_t shown_sequence(const unsigned char *text)
{
    static const unsigned least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char first = text[0];
    size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3
                  : first < 0xF5 ? 4 : 0;

    if (length <= 1)
        return first >= 0x20 && first < 0x7F ? 1 : 0;
    unsigned code = first & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = (code << 6) | (text[i] & 0x3Fu);
    }
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) || code < 0xA0)
        return 0;
    /* Marks that reorder or break the line could make a sentence lie. */
    if ((code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069))
        return 0;
    return length;
}

static void make_shown(char *text)
{
    unsigned char *at = (unsigned char *)text;

    while (*at != 0) {
        size_t length = shown_sequence(at);
        if (length == 0) {
            *at = '?';
            length = 1;
        }
        at += length;
    }
}

/* Ends a text that was cut off with "...", not inside a character. */
static void mark_cut(char *text, size_t size)
{
    size_t end = size - 4;

    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    memcpy(text + end, "...", 4);
}

camx_status camx__fail(camx_error *error, camx_status status, const char *format, ...)
{
    if (error == NULL)
        return status;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->status = (int32_t)status;
    if (length < 0)
        error->message[0] = '\0';
    else if ((size_t)length >= sizeof error->message)
        mark_cut(error->message, sizeof error->message);
    make_shown(error->message);
    return status;
}

camx_status camx__fail_memory(camx_error *error, size_t bytes, const char *what)
{
    return camx__fail(error, CAMX_E_MEMORY,
                      "out of memory, or the memory limit was met: %zu bytes for %s", bytes, what);
}

void camx__error_clear(camx_error *error)
{
    if (error == NULL)
        return;
    error->status = CAMX_OK;
    error->message[0] = '\0';
}
