/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapping and drawing text in the small bitmap font. */
#include <stddef.h>
#include <string.h>

#include "base/utf8.h"
#include "picture/font.h"

#define UNKNOWN 0u

/* The next code point of a NUL-terminated text; every byte that is no good UTF-8 is one unknown. */
static uint32_t next_code(const char **text)
{
    uint32_t code = UNKNOWN;
    size_t length = camx__utf8_character(*text, strnlen(*text, 4), &code);

    *text += length != 0 ? length : 1;
    if (length == 0)
        return UNKNOWN;
    return code == '\t' ? ' ' : code;
}

static const camx__picture_glyph *glyph_of(uint32_t code)
{
    int low = 0;
    int high = CAMX__GLYPHS - 1;

    while (low < high) {
        int middle = (low + high) / 2;
        if (camx__picture_glyphs[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return camx__picture_glyphs[low].code == code ? &camx__picture_glyphs[low]
                                                  : &camx__picture_glyphs[0];
}

/* Where a line that does not fit is broken: `blank` and `after` are the last blank and the place
 * behind the last sign that may end a line, or NULL. */
static const char *break_line(camx__text_line *line, const char *full, const char *blank,
                              const char *after)
{
    line->end = blank != NULL ? blank : after != NULL ? after : full;
    full = line->end;
    while (*full == ' ')
        full++;
    while (line->end > line->begin && line->end[-1] == ' ')
        line->end--;
    return full;
}

bool camx__text_next_line(const char **rest, int columns, camx__text_line *line)
{
    const char *at = *rest;
    const char *blank = NULL;
    const char *after = NULL;
    bool any_letter = false;

    if (at == NULL || *at == '\0')
        return false;
    line->first_paragraph = line->begin == NULL || (line->first_paragraph && !line->ends_paragraph);
    line->begin = at;
    line->end = NULL;
    for (int column = 0; *at != '\0' && *at != '\n'; column++) {
        if (*at == ' ' && any_letter)
            blank = at;
        if (column == columns) {
            at = break_line(line, at, blank, after);
            break;
        }
        uint32_t code = next_code(&at);
        if (any_letter && (code == '/' || code == '_' || code == '-'))
            after = at;
        any_letter = any_letter || code != ' ';
    }
    if (line->end == NULL)
        line->end = at;
    line->ends_paragraph = *at == '\n';
    *rest = line->ends_paragraph ? at + 1 : at;
    return true;
}

int64_t camx__text_count_lines(const char *text, int columns)
{
    camx__text_line line = {0};
    int64_t count = 0;

    while (camx__text_next_line(&text, columns, &line))
        count++;
    return count;
}

static int bit_at(const camx__picture_glyph *glyph, int x, int y)
{
    if (x < 0 || x >= CAMX__FONT_WIDTH - 1 || y < 0 || y >= CAMX__FONT_HEIGHT)
        return 0;
    return glyph->rows[y] >> (CAMX__FONT_WIDTH - 2 - x) & 1;
}

/* How much of a pixel the letter covers, 0 .. 255: the bits are interpolated and cut off near one
 * half, which leaves straight strokes sharp and rounds corners and diagonals. All numbers are exact
 * in 2 * scale-ths. */
static int coverage(const camx__picture_glyph *glyph, int x, int y, int scale)
{
    int unit = 2 * scale;
    int along_x = 2 * x + 1 - scale + unit; /* one cell further, so that it is not negative */
    int along_y = 2 * y + 1 - scale + unit;
    int left = along_x / unit - 1;
    int top = along_y / unit - 1;
    int part_x = along_x % unit;
    int part_y = along_y % unit;
    int upper = bit_at(glyph, left, top) * (unit - part_x) + bit_at(glyph, left + 1, top) * part_x;
    int lower =
        bit_at(glyph, left, top + 1) * (unit - part_x) + bit_at(glyph, left + 1, top + 1) * part_x;
    int mixed = upper * (unit - part_y) + lower * part_y;            /* of unit * unit */
    int sharpened = (2 * mixed - unit * unit) * scale + unit * unit; /* of 2 * unit * unit */

    if (sharpened <= 0)
        return 0;
    return sharpened >= 2 * unit * unit ? 255 : sharpened * 255 / (2 * unit * unit);
}

static void draw_glyph(const camx_pixels *out, int32_t x, int32_t y,
                       const camx__picture_glyph *glyph, int scale, const uint8_t ink[3])
{
    for (int row = 0; row < CAMX__FONT_HEIGHT * scale; row++) {
        uint8_t *pixel = out->data + (size_t)(y + row) * out->stride + (size_t)x * 3;
        for (int column = 0; column < CAMX__FONT_WIDTH * scale; column++, pixel += 3) {
            int cover = coverage(glyph, column, row, scale);
            for (int c = 0; c < 3; c++)
                pixel[c] = (uint8_t)((pixel[c] * (255 - cover) + ink[c] * cover + 127) / 255);
        }
    }
}

void camx__text_draw(const camx_pixels *out, int32_t x, int32_t y, const camx__text_line *line,
                     int scale, const uint8_t ink[3])
{
    const char *at = line->begin;

    while (at < line->end) {
        draw_glyph(out, x, y, glyph_of(next_code(&at)), scale, ink);
        x += CAMX__FONT_WIDTH * scale;
    }
}
