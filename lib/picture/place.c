/* SPDX-License-Identifier: Apache-2.0 */
/* A picture shrunk or grown into a place of another, without a buffer. */
#include <math.h>

#include "base/pixels.h"
#include "picture/picture.h"

/* The stretch from `begin` to `end` of one axis of the picture, in pixels and parts of them. */
typedef struct stretch {
    double begin;
    double end;
} stretch;

static stretch stretch_of(int32_t at, int32_t size, int32_t source)
{
    return (stretch){(double)at * source / size, ((double)at + 1) * source / size};
}

/* How much of source pixel `at` lies in the stretch. */
static double part_of(const stretch *range, int32_t at)
{
    return fmin(range->end, (double)at + 1) - fmax(range->begin, (double)at);
}

static void average(const camx_pixels *picture, const int order[3], int bytes, stretch across,
                    stretch down, uint8_t rgb[3])
{
    double sum[3] = {0};
    double area = (across.end - across.begin) * (down.end - down.begin);

    for (int32_t y = (int32_t)down.begin; y < picture->height && y < down.end; y++) {
        const uint8_t *row = camx__pixels_row(picture, y);
        double high = part_of(&down, y);
        for (int32_t x = (int32_t)across.begin; x < picture->width && x < across.end; x++) {
            const uint8_t *pixel = row + (size_t)x * (size_t)bytes;
            double part = part_of(&across, x) * high;
            for (int c = 0; c < 3; c++)
                sum[c] += pixel[order[c]] * part;
        }
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(fmin(sum[c] / area, 255.0) + 0.5);
}

/* The two pixels around the middle of the stretch, and how far towards the second one. */
static double between(stretch range, int32_t size, int32_t *low, int32_t *high)
{
    double middle = fmax((range.begin + range.end) / 2 - 0.5, 0.0);

    *low = middle < size - 1 ? (int32_t)middle : size - 1;
    *high = *low < size - 1 ? *low + 1 : *low;
    return fmin(middle - *low, 1.0);
}

static void interpolate(const camx_pixels *picture, const int order[3], int bytes, stretch across,
                        stretch down, uint8_t rgb[3])
{
    int32_t left, right, top, bottom;
    double part_x = between(across, picture->width, &left, &right);
    double part_y = between(down, picture->height, &top, &bottom);
    const uint8_t *upper = camx__pixels_row(picture, top);
    const uint8_t *lower = camx__pixels_row(picture, bottom);
    size_t a = (size_t)left * (size_t)bytes;
    size_t b = (size_t)right * (size_t)bytes;

    for (int c = 0; c < 3; c++) {
        int at = order[c];
        double above = upper[a + (size_t)at] * (1 - part_x) + upper[b + (size_t)at] * part_x;
        double below = lower[a + (size_t)at] * (1 - part_x) + lower[b + (size_t)at] * part_x;
        rgb[c] = (uint8_t)(above * (1 - part_y) + below * part_y + 0.5);
    }
}

void camx__picture_place(const camx_pixels *picture, const camx_pixels *out, int32_t x, int32_t y,
                         int32_t width, int32_t height)
{
    bool grows = width > picture->width || height > picture->height;
    int bytes = camx__pixels_bytes(picture->format);
    int order[3];

    camx__pixels_order(picture->format, order);
    for (int32_t row = 0; row < height; row++) {
        stretch down = stretch_of(row, height, picture->height);
        uint8_t *to = out->data + (size_t)(y + row) * out->stride + (size_t)x * 3;
        for (int32_t column = 0; column < width; column++, to += 3) {
            stretch across = stretch_of(column, width, picture->width);
            if (grows)
                interpolate(picture, order, bytes, across, down, to);
            else
                average(picture, order, bytes, across, down, to);
        }
    }
}
