/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversion of stored PNG rows to 8-bit RGB: one loop for samples that index a table, one for
 * 8-bit and one for 16-bit samples.
 */
#include "image/png_row.h"

#include <assert.h>
#include <string.h>

/* `value` of opacity alpha / 255 over `under`, rounded to nearest. */
static uint8_t blend8(unsigned value, unsigned under, unsigned alpha)
{
    return (uint8_t)((value * alpha + under * (255 - alpha) + 127) / 255);
}

/* The same for 16-bit value and opacity; under has 8 bits. 257 scales 8 bits to 16, so that
 * the sum is the 16-bit result times 65535, and one division rounds it to 8 bits. */
static uint8_t blend16(unsigned value, unsigned under, unsigned alpha)
{
    const uint64_t unit = (uint64_t)65535 * 257;
    uint64_t sum = (uint64_t)value * alpha + (uint64_t)(under * 257) * (65535 - alpha);

    return (uint8_t)((sum + unit / 2) / unit);
}

void camx__png_grey_table(camx__png_pixels *pixels)
{
    unsigned largest = (1u << pixels->depth) - 1;

    assert(pixels->channels == 1 && pixels->depth <= 8);
    pixels->entries = largest + 1;
    for (unsigned value = 0; value <= largest; value++)
        memset(pixels->table[value], (int)(value * (255 / largest)), 3);
    if (pixels->keyed)
        memcpy(pixels->table[pixels->key[0] & largest], pixels->background, 3);
}

void camx__png_palette_entry(camx__png_pixels *pixels, unsigned index, const uint8_t rgb[3],
                             uint8_t alpha)
{
    assert(index < 256);
    for (int c = 0; c < 3; c++)
        pixels->table[index][c] = blend8(rgb[c], pixels->background[c], alpha);
}

static int convert_table(const camx__png_pixels *pixels, const uint8_t *row, uint8_t *rgb)
{
    unsigned depth = (unsigned)pixels->depth;
    unsigned mask = (1u << depth) - 1;

    for (size_t x = 0; x < pixels->width; x++, rgb += 3) {
        size_t bit = x * depth;
        unsigned value = (row[bit / 8] >> (8 - depth - bit % 8)) & mask;

        if (value >= pixels->entries)
            return (int)value;
        memcpy(rgb, pixels->table[value], 3);
    }
    return -1;
}

static void convert_8(const camx__png_pixels *pixels, const uint8_t *row, uint8_t *rgb)
{
    size_t channels = (size_t)pixels->channels;
    bool grey = channels < 3;
    bool translucent = channels == 2 || channels == 4;

    for (size_t x = 0; x < pixels->width; x++, row += channels, rgb += 3) {
        const uint8_t sample[3] = {row[0], row[grey ? 0 : 1], row[grey ? 0 : 2]};
        unsigned alpha = translucent ? row[channels - 1] : 255;

        if (pixels->keyed && sample[0] == pixels->key[0] && sample[1] == pixels->key[1] &&
            sample[2] == pixels->key[2])
            alpha = 0;
        for (int c = 0; c < 3; c++)
            rgb[c] = alpha == 255 ? sample[c] : blend8(sample[c], pixels->background[c], alpha);
    }
}

static unsigned sample_16(const uint8_t *row, size_t index)
{
    return (unsigned)row[2 * index] << 8 | row[2 * index + 1];
}

static void convert_16(const camx__png_pixels *pixels, const uint8_t *row, uint8_t *rgb)
{
    size_t channels = (size_t)pixels->channels;
    bool grey = channels < 3;
    bool translucent = channels == 2 || channels == 4;

    for (size_t x = 0; x < pixels->width; x++, row += 2 * channels, rgb += 3) {
        const unsigned sample[3] = {sample_16(row, 0), sample_16(row, grey ? 0 : 1),
                                    sample_16(row, grey ? 0 : 2)};
        unsigned alpha = translucent ? sample_16(row, channels - 1) : 65535;

        if (pixels->keyed && sample[0] == pixels->key[0] && sample[1] == pixels->key[1] &&
            sample[2] == pixels->key[2])
            alpha = 0;
        for (int c = 0; c < 3; c++)
            rgb[c] = blend16(sample[c], pixels->background[c], alpha);
    }
}

int camx__png_convert_row(const camx__png_pixels *pixels, const uint8_t *row, uint8_t *rgb)
{
    if (pixels->channels == 1 && pixels->depth <= 8)
        return convert_table(pixels, row, rgb);
    if (pixels->depth == 16)
        convert_16(pixels, row, rgb);
    else if (pixels->channels == 3 && !pixels->keyed)
        memcpy(rgb, row, 3 * (size_t)pixels->width);
    else
        convert_8(pixels, row, rgb);
    return -1;
}
