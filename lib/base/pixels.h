/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures in the caller's memory: checking the struct, and reading a pixel of any format. */
#ifndef CAMX_BASE_PIXELS_H
#define CAMX_BASE_PIXELS_H

#include <stdbool.h>

#include "base/error.h"

/* Bytes of one pixel: 1, 3 or 4; 0 for a format that does not exist. */
int camx__pixels_bytes(int32_t format);

/* Checks the caller's picture and copies it to `checked`, with a stride of 0 replaced by the real
 * one. `name` is the argument in the error's sentence, such as "photo". */
camx_status camx__pixels_check(const camx_pixels *given, camx_pixels *checked, const char *name,
                               camx_error *error);

/* Where red, green and blue lie in a pixel: {0, 1, 2}, {2, 1, 0}, or all 0 for grey. */
void camx__pixels_order(int32_t format, int order[3]);

static inline const uint8_t *camx__pixels_row(const camx_pixels *pixels, int32_t y)
{
    return pixels->data + (size_t)y * pixels->stride;
}

/* Grey of a colour by ITU-R BT.601, in the 16-bit fixed point that Pillow uses. */
static inline uint8_t camx__pixels_grey(uint8_t red, uint8_t green, uint8_t blue)
{
    return (uint8_t)((red * 19595u + green * 38470u + blue * 7471u + 0x8000u) >> 16);
}

#endif
