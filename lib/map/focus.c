/* SPDX-License-Identifier: Apache-2.0 */
/* Object or background: how much of a map's heat lies inside a box, or where a mask is set. */
#include <math.h>
#include <string.h>

#include "base/options.h"
#include "base/pixels.h"
#include "map/regions.h"

/* A row of the region: 1 inside, 0 outside. */
typedef struct region {
    const camx_rect *box;    /* or */
    const camx_pixels *mask; /* checked */
    int32_t level;
} region;

/* The brightest sample of a pixel; alpha does not count. */
static int brightest(const uint8_t *pixel, int bytes)
{
    int most = pixel[0];

    for (int c = 1; c < bytes && c < 3; c++)
        most = pixel[c] > most ? pixel[c] : most;
    return most;
}

static bool is_inside(const region *r, const uint8_t *row, int bytes, int32_t x, int32_t y)
{
    if (r->box != NULL)
        return x >= r->box->x && x - r->box->x < r->box->width && y >= r->box->y && y - r->box->y < r->box->height;
    return brightest(row + (size_t)x * (size_t)bytes, bytes) >= r->level;
}

typedef struct sums {
    double heat;    /* inside */
    int64_t pixels; /* inside */
    int64_t seen;   /* of these */
    bool peak;
} sums;

static sums add_up(const camx__heat *heat, const region *r)
{
    sums s = {0, 0, 0, false};
    int bytes = r->mask != NULL ? camx__pixels_bytes(r->mask->format) : 0;

    for (int32_t y = 0; y < heat->height; y++) {
        const float *values = heat->values + (size_t)y * (size_t)heat->width;
        const uint8_t *row = r->mask != NULL ? camx__pixels_row(r->mask, y) : NULL;
        for (int32_t x = 0; x < heat->width; x++) {
            if (!is_inside(r, row, bytes, x, y))
                continue;
            s.pixels++;
            s.peak |= x == heat->peak_x && y == heat->peak_y;
            if (!isnan(values[x])) {
                s.seen++;
                s.heat += (double)values[x];
            }
        }
    }
    return s;
}

static camx_status report(const camx__heat *heat, const sums *s, camx_focus *focus, camx_error *error)
{
    camx_focus filled = {.struct_size = sizeof filled};

    filled.peak_inside = s->peak;
    filled.peak_x = heat->peak_x;
    filled.peak_y = heat->peak_y;
    filled.heat_share = heat->sum > 0.0 ? s->heat / heat->sum : (double)NAN;
    filled.area_share = heat->seen > 0 ? (double)s->seen / (double)heat->seen : (double)NAN;
    filled.seen_share = (double)s->seen / (double)s->pixels;
    return CAMX__OPTIONS_GIVE(camx_focus, focus, &filled, error);
}

static camx_status check_box(const camx__heat *heat, const camx_rect *box, camx_error *error)
{
    if (box->width < 1 || box->height < 1)
        return camx__fail(error, CAMX_E_ARGUMENT, "the box is %d x %d pixels: both must be at least 1", box->width,
                          box->height);
    if (box->x >= 0 && box->y >= 0 && (int64_t)box->x + box->width <= heat->width &&
        (int64_t)box->y + box->height <= heat->height)
        return CAMX_OK;
    return camx__fail(error, CAMX_E_ARGUMENT,
                      "the box of %d x %d pixels at (%d, %d) is not inside the picture of %d x %d", box->width,
                      box->height, box->x, box->y, heat->width, heat->height);
}

static camx_status measure(const camx__heat *heat, const region *r, camx_focus *focus, camx_error *error)
{
    sums s = add_up(heat, r);

    if (s.pixels > 0)
        return report(heat, &s, focus, error);
    int most = 0;
    for (int32_t y = 0; y < r->mask->height; y++)
        for (int32_t x = 0; x < r->mask->width; x++) {
            int bytes = camx__pixels_bytes(r->mask->format);
            int sample = brightest(camx__pixels_row(r->mask, y) + (size_t)x * (size_t)bytes, bytes);
            most = sample > most ? sample : most;
        }
    return camx__fail(error, CAMX_E_ARGUMENT,
                      "no pixel of the mask is as bright as %d, the brightest is %d: give a lower level, or a mask that "
                      "marks something",
                      r->level, most);
}

camx_status camx__map_focus_box(const camx_map *map, uint32_t image, const camx_rect *box, camx_focus *focus,
                                camx_error *error)
{
    camx__heat heat;
    region r = {.box = box};

    CAMX__FORWARD(camx__map_heat(map, image, &heat, error));
    camx_status status = check_box(&heat, box, error);
    if (status == CAMX_OK)
        status = measure(&heat, &r, focus, error);
    camx__map_heat_free(map, &heat);
    return status;
}

camx_status camx__map_focus_mask(const camx_map *map, uint32_t image, const camx_pixels *mask, int32_t level,
                                 camx_focus *focus, camx_error *error)
{
    camx_pixels checked;
    camx__heat heat;
    region r = {.mask = &checked, .level = level};

    CAMX__FORWARD(camx__pixels_check(mask, &checked, "mask", error));
    if (level < 1 || level > 255)
        return camx__fail(error, CAMX_E_ARGUMENT, "level is %d: it must be from 1 to 255", level);
    CAMX__FORWARD(camx__map_heat(map, image, &heat, error));
    camx_status status = CAMX_OK;
    if (checked.width != heat.width || checked.height != heat.height)
        status = camx__fail(error, CAMX_E_ARGUMENT,
                            "the mask is %d x %d pixels, the picture %d x %d: they must be the same", checked.width,
                            checked.height, heat.width, heat.height);
    if (status == CAMX_OK)
        status = measure(&heat, &r, focus, error);
    camx__map_heat_free(map, &heat);
    return status;
}
