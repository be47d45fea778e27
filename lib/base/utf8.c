/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it. */
#include "base/utf8.h"

static size_t length_from_first(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2) /* a continuation byte, or the start of an overlong form */
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
}

size_t camx__utf8_character(const char *text, size_t left, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = left > 0 ? length_from_first(bytes[0]) : 0;

    if (length == 0 || length > left)
        return 0;
    uint32_t value = length == 1 ? bytes[0] : bytes[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        value = (value << 6) | (bytes[i] & 0x3Fu);
    }
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code = value;
    return length;
}

bool camx__utf8_valid(const char *text, size_t length)
{
    uint32_t code = 0;

    for (size_t at = 0; at < length;) {
        size_t step = camx__utf8_character(text + at, length - at, &code);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

void camx__utf8_repair(char *text, size_t length)
{
    uint32_t code = 0;

    for (size_t at = 0; at < length;) {
        size_t step = camx__utf8_character(text + at, length - at, &code);
        if (step == 0) {
            text[at] = '?';
            step = 1;
        }
        at += step;
    }
}
