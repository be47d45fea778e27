/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures. */
#include "api/api_check.h"
#include "picture/picture.h"

const char *camx_colormap_name(int32_t colormap)
{
    return camx__picture_colormap_name(colormap);
}

int32_t camx_colormap_by_name(const char *name)
{
    return name != NULL ? camx__picture_colormap_by_name(name) : -1;
}

camx_status camx_colormap_colour(int32_t colormap, float value, uint8_t rgb[3], camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(rgb, error);
    return camx__picture_colour(colormap, value, rgb, error);
}

camx_status camx_overlay_draw(const camx_pixels *photo, const float *heat, const camx_overlay_options *options,
                              camx_pixels *out, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(photo, error);
    CAMX__NOT_NULL(heat, error);
    CAMX__NOT_NULL(out, error);
    return camx__picture_overlay(photo, heat, options, out, error);
}

camx_status camx_sheet_size(const camx_tile *tiles, uint32_t count, const camx_sheet_options *options,
                            int32_t *width, int32_t *height, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(tiles, error);
    CAMX__NOT_NULL(width, error);
    CAMX__NOT_NULL(height, error);
    return camx__picture_sheet_size(tiles, count, options, width, height, error);
}

camx_status camx_sheet_draw(const camx_tile *tiles, uint32_t count, const camx_sheet_options *options,
                            camx_pixels *out, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(tiles, error);
    CAMX__NOT_NULL(out, error);
    return camx__picture_sheet(tiles, count, options, out, error);
}
