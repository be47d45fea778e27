/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes drawn on a picture. */
#include "base/options.h"
#include "base/pixels.h"
#include "picture/picture.h"

void camx__picture_line_defaults(camx_line_options *options)
{
    *options = (camx_line_options){
        .struct_size = sizeof *options,
        .rim = 1,
        .colour = {255, 255, 255, 255},
    };
}

/* Pixels from .. to-1. */
typedef struct span {
    int64_t from;
    int64_t to;
} span;

static span cut(int64_t from, int64_t to, int32_t size)
{
    span s = {from < 0 ? 0 : from, to > size ? size : to};

    return s;
}

static void set_pixel(const camx_pixels *out, const int order[3], uint8_t *pixel, const uint8_t colour[4])
{
    if (out->format == CAMX_PIXEL_GREY) {
        *pixel = camx__pixels_grey(colour[0], colour[1], colour[2]);
        return;
    }
    for (int c = 0; c < 3; c++)
        pixel[order[c]] = colour[c];
}

static void fill(const camx_pixels *out, span columns, span rows, const uint8_t colour[4])
{
    int order[3];
    int bytes = camx__pixels_bytes(out->format);

    camx__pixels_order(out->format, order);
    for (int64_t y = rows.from; y < rows.to; y++)
        for (int64_t x = columns.from; x < columns.to; x++)
            set_pixel(out, order, out->data + (size_t)y * out->stride + (size_t)x * (size_t)bytes, colour);
}

/* A frame of `line` pixels inside a rectangle that was grown by `grow` on all sides; what lies outside the picture is cut
 * off. */
static void frame(const camx_pixels *out, const camx_rect *rect, int64_t grow, int64_t line, const uint8_t colour[4])
{
    int64_t left = rect->x - grow;
    int64_t top = rect->y - grow;
    int64_t right = (int64_t)rect->x + rect->width + grow;
    int64_t bottom = (int64_t)rect->y + rect->height + grow;
    /* A thin rectangle is all frame. */
    int64_t inner_top = top + line < bottom ? top + line : bottom;
    int64_t inner_bottom = bottom - line > inner_top ? bottom - line : inner_top;
    int64_t inner_left = left + line < right ? left + line : right;
    int64_t inner_right = right - line > inner_left ? right - line : inner_left;

    fill(out, cut(left, right, out->width), cut(top, inner_top, out->height), colour);
    fill(out, cut(left, right, out->width), cut(inner_bottom, bottom, out->height), colour);
    fill(out, cut(left, inner_left, out->width), cut(inner_top, inner_bottom, out->height), colour);
    fill(out, cut(inner_right, right, out->width), cut(inner_top, inner_bottom, out->height), colour);
}

static camx_status check(const camx_box *boxes, uint32_t count, const camx_line_options *options, camx_error *error)
{
    if (options->width < 0 || options->width > 1000)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_line_options.width is %d: it must be from 0 to 1000",
                          options->width);
    if (count > 0 && boxes == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "boxes is NULL but count is %u", count);
    for (uint32_t i = 0; i < count; i++)
        if (boxes[i].rect.width < 1 || boxes[i].rect.height < 1)
            return camx__fail(error, CAMX_E_ARGUMENT, "boxes[%u] is %d x %d pixels: both must be at least 1", i,
                              boxes[i].rect.width, boxes[i].rect.height);
    return CAMX_OK;
}

camx_status camx__picture_boxes(const camx_box *boxes, uint32_t count, const camx_line_options *options,
                                camx_pixels *out, camx_error *error)
{
    static const uint8_t black[4] = {0, 0, 0, 255};
    camx_line_options taken;
    camx_pixels onto;

    camx__picture_line_defaults(&taken);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_line_options, &taken, options, error));
    CAMX__FORWARD(check(boxes, count, &taken, error));
    CAMX__FORWARD(camx__pixels_check(out, &onto, "out", error));
    int32_t shorter = onto.width < onto.height ? onto.width : onto.height;
    int64_t line = taken.width > 0 ? taken.width : 1 + shorter / 200;
    /* The rims of all boxes first, so that none covers the line of another. */
    for (uint32_t i = 0; taken.rim != 0 && i < count; i++)
        frame(&onto, &boxes[i].rect, 1, line + 2, black);
    for (uint32_t i = 0; i < count; i++)
        frame(&onto, &boxes[i].rect, 0, line, taken.colour);
    return CAMX_OK;
}
