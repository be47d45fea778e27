/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: the bitmap font and lines of text. */
#ifndef CAMX_PICTURE_FONT_H
#define CAMX_PICTURE_FONT_H

#include <stdbool.h>
#include <stdint.h>

#include "camx/camx.h"

/* A letter's cell in font pixels; the drawn part is one column narrower. A line of text is taller
 * than the cell. */
#define CAMX__FONT_WIDTH 6
#define CAMX__FONT_HEIGHT 12
#define CAMX__FONT_LINE 14
#define CAMX__GLYPHS 110

typedef struct camx__picture_glyph {
    uint32_t code; /* Unicode */
    uint8_t rows[CAMX__FONT_HEIGHT];
} camx__picture_glyph;

extern const camx__picture_glyph camx__picture_glyphs[CAMX__GLYPHS];

/* A piece of UTF-8 text, from `begin` up to `end`. */
typedef struct camx__text_line {
    const char *begin;
    const char *end;
    bool first_paragraph; /* no '\n' came before */
    bool ends_paragraph;  /* a '\n' came behind it */
} camx__text_line;

/* Takes the next line of at most `columns` letters from *rest, which moves on; false when there is
 * no more. Lines end at '\n' and are wrapped at blanks; words that are too long are broken, after /
 * _ or - if they have any. Set *line to all zero before the first. */
bool camx__text_next_line(const char **rest, int columns, camx__text_line *line);

/* How many lines a text makes; 0 for NULL and "". */
int64_t camx__text_count_lines(const char *text, int columns);

/* Draws one line with its cell's top left corner at (x, y). `out` is RGB; letters must fit. One
 * font pixel becomes scale x scale pixels, with smoothed edges. */
void camx__text_draw(const camx_pixels *out, int32_t x, int32_t y, const camx__text_line *line,
                     int scale, const uint8_t ink[3]);

#endif
