/* SPDX-License-Identifier: Apache-2.0 */
/* Status and sentence: formatting, and making what came from files safe to show. */
#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Control characters, and marks that reorder or break a line, could make a sentence lie. */
static bool may_be_shown(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7F && code < 0xA0))
        return false;
    return !(code >= 0x2028 && code <= 0x202E) && !(code >= 0x2066 && code <= 0x2069);
}

static void make_shown(char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        uint32_t code = 0;
        size_t length = camx__utf8_character(text, left, &code);
        if (length == 0)
            length = 1; /* code stays 0 */
        if (!may_be_shown(code))
            memset(text, '?', length);
        text += length;
        left -= length;
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

const char *camx__errno_text(int number, char *buffer, size_t size)
{
#if defined(__GLIBC__)
    return strerror_r(number, buffer, size);
#else
    if (strerror_r(number, buffer, size) != 0)
        snprintf(buffer, size, "system error %d", number);
    return buffer;
#endif
}
