/* SPDX-License-Identifier: Apache-2.0 */
/* Heat over a photograph. */
#include <math.h>

#include "base/options.h"
#include "base/pixels.h"
#include "picture/picture.h"

void camx__picture_overlay_defaults(camx_overlay_options *options)
{
    *options = (camx_overlay_options){
        .struct_size = sizeof *options,
        .colormap = CAMX_COLORMAP_TURBO,
        .alpha = 0.6f,
    };
}

camx_status camx__picture_check_out(const camx_pixels *out, int32_t width, int32_t height,
                                    camx_pixels *checked, camx_error *error)
{
    CAMX__FORWARD(camx__pixels_check(out, checked, "out", error));
    if (checked->format != CAMX_PIXEL_RGB)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "out must be of the format CAMX_PIXEL_RGB, not %d", checked->format);
    if (checked->width != width || checked->height != height)
        return camx__fail(error, CAMX_E_ARGUMENT, "out is %d x %d pixels, but %d x %d are drawn",
                          checked->width, checked->height, width, height);
    return CAMX_OK;
}

static camx_status check_options(const camx_overlay_options *options, camx_error *error)
{
    if (!camx__picture_colormap_exists(options->colormap))
        return camx__fail(error, CAMX_E_ARGUMENT, "there is no colour map number %d",
                          options->colormap);
    if (!(options->alpha >= 0.0f && options->alpha <= 1.0f))
        return camx__fail(error, CAMX_E_ARGUMENT, "options.alpha must be a number of 0 to 1");
    return CAMX_OK;
}

/* How strongly the colour covers the photograph, in 1 / 65536. */
static int32_t strength(const camx_overlay_options *options, float value)
{
    float part = 1.0f;

    if (!options->even) {
        part = options->colormap == CAMX_COLORMAP_RDBU ? fabsf(value) : value;
        part = fminf(fmaxf(part, 0.0f), 1.0f);
    }
    return (int32_t)(part * options->alpha * 65536.0f + 0.5f);
}

static uint8_t blend(uint8_t under, uint8_t over, int32_t part)
{
    return (uint8_t)((under * (65536 - part) + over * part + 32768) >> 16);
}

camx_status camx__picture_overlay(const camx_pixels *photo, const float *heat,
                                  const camx_overlay_options *options, camx_pixels *out,
                                  camx_error *error)
{
    camx_pixels under;
    camx_pixels over;
    camx_overlay_options taken;
    uint8_t colours[256][3];
    int order[3];

    camx__picture_overlay_defaults(&taken);
    CAMX__FORWARD(camx__pixels_check(photo, &under, "photo", error));
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_overlay_options, &taken, options, error));
    CAMX__FORWARD(check_options(&taken, error));
    CAMX__FORWARD(camx__picture_check_out(out, under.width, under.height, &over, error));
    if (heat == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "heat is NULL: %d x %d floats are needed",
                          under.width, under.height);
    camx__picture_fill_colours(taken.colormap, colours);
    camx__pixels_order(under.format, order);
    int bytes = camx__pixels_bytes(under.format);
    for (int32_t y = 0; y < under.height; y++) {
        const uint8_t *from = camx__pixels_row(&under, y);
        uint8_t *to = over.data + (size_t)y * over.stride;
        for (int32_t x = 0; x < under.width; x++, from += bytes, to += 3, heat++) {
            const uint8_t rgb[3] = {from[order[0]], from[order[1]], from[order[2]]};
            int32_t part = isnan(*heat) ? 0 : strength(&taken, *heat);
            const uint8_t *colour =
                colours[isnan(*heat) ? 0 : camx__picture_colour_index(taken.colormap, *heat)];
            for (int c = 0; c < 3; c++)
                to[c] = blend(rgb[c], colour[c], part);
        }
    }
    return CAMX_OK;
}
