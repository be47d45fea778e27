/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures in the caller's memory: checking the struct. */
#include "base/pixels.h"

#include "base/checked.h"
#include "base/options.h"

int camx__pixels_bytes(int32_t format)
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

void camx__pixels_order(int32_t format, int order[3])
{
    bool grey = format == CAMX_PIXEL_GREY;
    bool blue_first = format == CAMX_PIXEL_BGR || format == CAMX_PIXEL_BGRA;

    order[0] = blue_first ? 2 : 0;
    order[1] = grey ? 0 : 1;
    order[2] = blue_first || grey ? 0 : 2;
}

camx_status camx__pixels_check(const camx_pixels *given, camx_pixels *checked, const char *name,
                               camx_error *error)
{
    camx_pixels taken = {.struct_size = sizeof taken};
    size_t row;
    size_t all;

    if (given == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "%s is NULL", name);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_pixels, &taken, given, error));
    if (taken.data == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "%s has no pixels: its data is NULL", name);
    if (taken.width < 1 || taken.height < 1)
        return camx__fail(error, CAMX_E_ARGUMENT, "%s is %d x %d pixels: both must be at least 1",
                          name, taken.width, taken.height);
    if (camx__pixels_bytes(taken.format) == 0)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "%s has the pixel format %d, which does not exist", name, taken.format);
    row = (size_t)taken.width * (size_t)camx__pixels_bytes(taken.format);
    if (taken.stride == 0)
        taken.stride = row;
    if (taken.stride < row)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "%s has a stride of %zu bytes, but a row of %d pixels takes %zu", name,
                          taken.stride, taken.width, row);
    if (!camx__mul_size(taken.stride, (size_t)taken.height, &all) || all > PTRDIFF_MAX)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "%s of %d rows with a stride of %zu bytes cannot exist", name,
                          taken.height, taken.stride);
    *checked = taken;
    return CAMX_OK;
}
