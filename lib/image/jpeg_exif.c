/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the orientation in the EXIF data of a JPEG file: the APP1 segment "Exif" holds a small
 * TIFF file, and tag 0x0112 of its first directory says how the camera was held (Exif 2.32,
 * section 4.6.4). Every read is checked against the segment; whatever is malformed counts as
 * absent.
 */
#include <string.h>

#include "image/image_internal.h"

#define MARKER_START_OF_IMAGE 0xd8
#define MARKER_END_OF_IMAGE 0xd9
#define MARKER_START_OF_SCAN 0xda
#define MARKER_APP1 0xe1

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3

/* The TIFF part of an EXIF segment. */
typedef struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool big_endian;
} tiff;

static unsigned read_16(const tiff *t, size_t at)
{
    unsigned first = t->bytes[at], second = t->bytes[at + 1];

    return t->big_endian ? first << 8 | second : second << 8 | first;
}

static uint32_t read_32(const tiff *t, size_t at)
{
    uint32_t first = read_16(t, at), second = read_16(t, at + 2);

    return t->big_endian ? first << 16 | second : second << 16 | first;
}

static int tiff_orientation(const uint8_t *bytes, size_t size)
{
    tiff t = {bytes, size, false};
    size_t at, count;

    if (size < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return 1;
    t.big_endian = bytes[0] == 'M';
    at = read_32(&t, 4);
    if (at > size - 2)
        return 1;
    count = read_16(&t, at);
    at += 2;
    for (; count > 0 && size - at >= 12; count--, at += 12) {
        unsigned value;

        if (read_16(&t, at) != TAG_ORIENTATION)
            continue;
        value = read_16(&t, at + 8);
        if (read_16(&t, at + 2) != TYPE_SHORT || read_32(&t, at + 4) != 1)
            return 1;
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* The next marker at or after `at`, and the place behind it; 0 past the end. Bytes that belong
 * to no segment are skipped, as libjpeg does. */
static unsigned next_marker(const uint8_t *bytes, size_t size, size_t *at)
{
    size_t i = *at;

    for (;;) {
        while (i < size && bytes[i] != 0xff)
            i++;
        while (i < size && bytes[i] == 0xff)
            i++;
        if (i >= size)
            return 0;
        if (bytes[i] != 0)
            break;
    }
    *at = i + 1;
    return bytes[i];
}

int camx__image_exif_orientation(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    for (;;) {
        unsigned marker = next_marker(bytes, size, &at);
        size_t length;

        if (marker == 0 || marker == MARKER_END_OF_IMAGE || marker == MARKER_START_OF_SCAN)
            return 1;
        if (marker == MARKER_START_OF_IMAGE)
            continue;
        if (size - at < 2)
            return 1;
        length = (size_t)bytes[at] << 8 | bytes[at + 1];
        if (length < 2 || length > size - at)
            return 1;
        if (marker == MARKER_APP1 && length >= 8 && memcmp(bytes + at + 2, "Exif\0\0", 6) == 0)
            return tiff_orientation(bytes + at + 8, length - 8);
        at += length;
    }
}
