/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's pixels, row by row, in the order that the file formats want.
 */
#include <string.h>

#include "image/image_internal.h"

int camx__image_format_channels(int32_t format)
{
    switch (format) {
    case CAMX_PIXEL_RGB:
    case CAMX_PIXEL_BGR:
        return 3;
    case CAMX_PIXEL_RGBA:
    case CAMX_PIXEL_BGRA:
        return 4;
    case CAMX_PIXEL_GREY:
        return 1;
    default:
        return 0;
    }
}

camx_status camx__image_check_pixels(const camx__image_job *job, const camx_pixels *pixels)
{
    int channels;
    size_t row_bytes;

    if (pixels->struct_size < sizeof *pixels)
        return camx__image_fail(
            job, CAMX_E_ARGUMENT,
            "pixels->struct_size is %u, less than the %zu bytes of version 0.1: call "
            "camx_pixels_init first",
            (unsigned)pixels->struct_size, sizeof *pixels);
    channels = camx__image_format_channels(pixels->format);
    if (channels == 0)
        return camx__image_fail(job, CAMX_E_ARGUMENT,
                                "pixels->format is %d, which is no pixel format",
                                (int)pixels->format);
    if (pixels->width < 1 || pixels->height < 1)
        return camx__image_fail(job, CAMX_E_ARGUMENT, "pixels of %d x %d are no picture",
                                (int)pixels->width, (int)pixels->height);
    if (pixels->data == NULL)
        return camx__image_fail(job, CAMX_E_ARGUMENT, "pixels->data is NULL");
    if (__builtin_mul_overflow((size_t)pixels->width, (size_t)channels, &row_bytes) ||
        (pixels->stride != 0 && pixels->stride < row_bytes))
        return camx__image_fail(job, CAMX_E_ARGUMENT,
                                "pixels->stride is %zu, less than the %d samples of a row",
                                pixels->stride, (int)pixels->width);
    return CAMX_OK;
}

void camx__image_copy_row(const camx_pixels *pixels, int32_t y, uint8_t *row, int channels)
{
    size_t step = (size_t)camx__image_format_channels(pixels->format);
    size_t stride = pixels->stride != 0 ? pixels->stride : step * (size_t)pixels->width;
    const uint8_t *from = pixels->data + (size_t)y * stride;
    bool swapped = pixels->format == CAMX_PIXEL_BGR || pixels->format == CAMX_PIXEL_BGRA;

    if ((int)step == channels && !swapped) {
        memcpy(row, from, step * (size_t)pixels->width);
        return;
    }
    for (int32_t x = 0; x < pixels->width; x++, from += step, row += channels) {
        row[0] = from[swapped ? 2 : 0];
        row[1] = from[1];
        row[2] = from[swapped ? 0 : 2];
        if (channels == 4)
            row[3] = from[3];
    }
}
