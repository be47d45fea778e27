/* SPDX-License-Identifier: Apache-2.0 */
/* Colour maps: four tables and three formulas. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "picture/picture.h"

static const char *const names[] = {"turbo",   "jet",  "viridis", "inferno",
                                    "cividis", "grey", "rdbu"};
#define COLORMAPS ((int32_t)(sizeof names / sizeof names[0]))

bool camx__picture_colormap_exists(int32_t colormap)
{
    return colormap >= 0 && colormap < COLORMAPS;
}

const char *camx__picture_colormap_name(int32_t colormap)
{
    return camx__picture_colormap_exists(colormap) ? names[colormap] : NULL;
}

int32_t camx__picture_colormap_by_name(const char *name)
{
    if (name == NULL)
        return -1;
    for (int32_t i = 0; i < COLORMAPS; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return strcmp(name, "gray") == 0 ? CAMX_COLORMAP_GREY : -1;
}

int camx__picture_colour_index(int32_t colormap, float value)
{
    if (colormap == CAMX_COLORMAP_RDBU)
        value = 0.5f + 0.5f * value;
    if (!(value > 0.0f))
        return 0;
    return value >= 1.0f ? 255 : (int)(value * 255.0f + 0.5f);
}

static uint8_t to_byte(double part)
{
    return (uint8_t)(fmin(fmax(part, 0.0), 1.0) * 255.0 + 0.5);
}

/* MATLAB's: three ramps shifted by a quarter. */
static void jet(double value, uint8_t rgb[3])
{
    for (int c = 0; c < 3; c++)
        rgb[c] = to_byte(1.5 - fabs(4.0 * value - (3 - c)));
}

/* Straight lines between seven colours: blue against, white nothing, red for. */
static void red_blue(double value, uint8_t rgb[3])
{
    static const double stops[7][3] = {{15, 45, 105},   {45, 110, 180},  {150, 195, 225},
                                       {255, 255, 255}, {245, 175, 140}, {205, 75, 65},
                                       {110, 5, 30}};
    double place = value * 6.0;
    int low = place >= 6.0 ? 5 : (int)place;

    for (int c = 0; c < 3; c++)
        rgb[c] =
            to_byte((stops[low][c] + (stops[low + 1][c] - stops[low][c]) * (place - low)) / 255.0);
}

/* The table of a map that has one. */
static int table_of(int32_t colormap)
{
    switch (colormap) {
    case CAMX_COLORMAP_TURBO:
        return 0;
    case CAMX_COLORMAP_VIRIDIS:
        return 1;
    case CAMX_COLORMAP_INFERNO:
        return 2;
    case CAMX_COLORMAP_CIVIDIS:
        return 3;
    default:
        return -1;
    }
}

static void colour_at(int32_t colormap, int index, uint8_t rgb[3])
{
    int table = table_of(colormap);

    if (table >= 0)
        memcpy(rgb, camx__picture_tables[table][index], 3);
    else if (colormap == CAMX_COLORMAP_JET)
        jet(index / 255.0, rgb);
    else if (colormap == CAMX_COLORMAP_RDBU)
        red_blue(index / 255.0, rgb);
    else
        memset(rgb, index, 3);
}

void camx__picture_fill_colours(int32_t colormap, uint8_t colours[256][3])
{
    assert(camx__picture_colormap_exists(colormap));
    for (int i = 0; i < 256; i++)
        colour_at(colormap, i, colours[i]);
}

camx_status camx__picture_colour(int32_t colormap, float value, uint8_t rgb[3], camx_error *error)
{
    if (!camx__picture_colormap_exists(colormap))
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "there is no colour map number %d: they are 0 to %d", colormap,
                          COLORMAPS - 1);
    if (rgb == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "rgb is NULL: three bytes are needed");
    if (isnan(value))
        memset(rgb, 0, 3);
    else
        colour_at(colormap, camx__picture_colour_index(colormap, value), rgb);
    return CAMX_OK;
}
