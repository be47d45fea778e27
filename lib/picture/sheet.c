/* SPDX-License-Identifier: Apache-2.0 */
/* Contact sheets: pictures in rows and columns with captions below. */
#include <string.h>

#include "base/options.h"
#include "base/pixels.h"
#include "picture/font.h"
#include "picture/picture.h"

/* Everything about a sheet that does not depend on the row. */
typedef struct layout {
    camx_sheet_options options;
    const camx_tile *tiles;
    uint32_t count;
    int32_t columns;
    int32_t letters; /* in a line of a caption */
    int32_t line_height;
    int32_t title_scale;
    int32_t title_letters;
    int32_t text_gap; /* between a picture and its caption */
    int64_t width;
    int64_t title_height; /* 0 without a title; the gap below it included */
} layout;

void camx__picture_sheet_defaults(camx_sheet_options *options)
{
    *options = (camx_sheet_options){
        .struct_size = sizeof *options,
        .tile_width = 320,
        .tile_height = 240,
        .text_scale = 2,
        .gap = 12,
        .background = {255, 255, 255, 0},
        .ink = {28, 32, 38, 0},
    };
}

static camx_status check_number(const char *name, int32_t value, int32_t least, int32_t most,
                                camx_error *error)
{
    if (value < least || value > most)
        return camx__fail(error, CAMX_E_ARGUMENT, "options.%s is %d: it must be %d to %d", name,
                          value, least, most);
    return CAMX_OK;
}

static camx_status check_options(const camx_sheet_options *options, camx_error *error)
{
    CAMX__FORWARD(check_number("columns", options->columns, 0, 1024, error));
    CAMX__FORWARD(check_number("tile_width", options->tile_width, 8, 16384, error));
    CAMX__FORWARD(check_number("tile_height", options->tile_height, 8, 16384, error));
    CAMX__FORWARD(check_number("text_scale", options->text_scale, 1, 16, error));
    return check_number("gap", options->gap, 0, 1024, error);
}

/* The fewest columns that make the sheet at least as wide as it is high, in tiles. */
static int32_t square_columns(uint32_t count)
{
    int32_t columns = 1;

    while ((uint64_t)columns * (uint64_t)columns < count && columns < 1024)
        columns++;
    return columns;
}

static int32_t letters_in(int64_t width, int32_t scale)
{
    int64_t letters = width / (CAMX__FONT_WIDTH * scale);

    return letters < 1 ? 1 : (int32_t)letters;
}

static camx_status make_layout(const camx_tile *tiles, uint32_t count,
                               const camx_sheet_options *given, layout *made, camx_error *error)
{
    const camx_sheet_options *options = &made->options;

    camx__picture_sheet_defaults(&made->options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_sheet_options, &made->options, given, error));
    CAMX__FORWARD(check_options(options, error));
    if (tiles == NULL || count == 0)
        return camx__fail(error, CAMX_E_ARGUMENT, "a contact sheet needs at least one tile");
    /* A letter must have room. */
    CAMX__FORWARD(check_number("tile_width", options->tile_width,
                               CAMX__FONT_WIDTH * options->text_scale, 16384, error));
    made->tiles = tiles;
    made->count = count;
    made->columns = options->columns != 0 ? options->columns : square_columns(count);
    if ((uint32_t)made->columns > count)
        made->columns = (int32_t)count;
    made->width = options->gap + (int64_t)made->columns * (options->tile_width + options->gap);
    made->letters = letters_in(options->tile_width, options->text_scale);
    made->line_height = CAMX__FONT_LINE * options->text_scale;
    made->text_gap = 3 * options->text_scale;
    int64_t inner = made->width - 2 * (int64_t)options->gap;
    made->title_scale = options->text_scale + (options->text_scale > 1);
    if (inner < CAMX__FONT_WIDTH * made->title_scale)
        made->title_scale = options->text_scale;
    made->title_letters = letters_in(inner, made->title_scale);
    int64_t lines = camx__text_count_lines(options->title, made->title_letters);
    made->title_height =
        lines == 0 ? 0 : lines * CAMX__FONT_LINE * made->title_scale + options->gap;
    return CAMX_OK;
}

/* The size at which a picture fills its place as far as its proportions allow. */
static void fit(const layout *sheet, const camx_pixels *picture, int32_t *width, int32_t *height)
{
    double along_x = (double)sheet->options.tile_width / picture->width;
    double along_y = (double)sheet->options.tile_height / picture->height;
    double scale = along_x < along_y ? along_x : along_y;

    *width = (int32_t)(picture->width * scale + 0.5);
    *height = (int32_t)(picture->height * scale + 0.5);
    if (*width < 1)
        *width = 1;
    if (*height < 1)
        *height = 1;
}

static uint32_t row_end(const layout *sheet, uint32_t first)
{
    uint32_t left = sheet->count - first;

    return first + (left < (uint32_t)sheet->columns ? left : (uint32_t)sheet->columns);
}

/* How high the pictures of the row that begins with tile `first` are, and its captions. */
static camx_status measure_row(const layout *sheet, uint32_t first, int32_t *pictures,
                               int64_t *captions, camx_error *error)
{
    int64_t most_lines = 0;

    *pictures = 0;
    for (uint32_t i = first; i < row_end(sheet, first); i++) {
        camx_pixels picture;
        char name[32] = "the picture of a tile";
        int32_t width, height;
        camx_status status = camx__pixels_check(sheet->tiles[i].picture, &picture, name, NULL);
        if (status != CAMX_OK)
            return camx__fail(error, status,
                              "tile %u of the contact sheet (counted from 0) has no usable "
                              "picture: it is NULL, empty, or contradicts itself",
                              i);
        fit(sheet, &picture, &width, &height);
        if (height > *pictures)
            *pictures = height;
        int64_t lines = camx__text_count_lines(sheet->tiles[i].caption, sheet->letters);
        if (lines > most_lines)
            most_lines = lines;
    }
    *captions = most_lines == 0 ? 0 : sheet->text_gap + most_lines * sheet->line_height;
    return CAMX_OK;
}

static camx_status measure(const layout *sheet, int32_t *width, int32_t *height, camx_error *error)
{
    int64_t high = sheet->options.gap + sheet->title_height;

    for (uint32_t first = 0; first < sheet->count; first = row_end(sheet, first)) {
        int32_t pictures;
        int64_t captions;
        CAMX__FORWARD(measure_row(sheet, first, &pictures, &captions, error));
        high += pictures + captions + sheet->options.gap;
    }
    if (sheet->width > 1000000 || high > 1000000)
        return camx__fail(
            error, CAMX_E_LIMIT,
            "the contact sheet would be %lld x %lld pixels: 1000000 is the most; use fewer "
            "tiles or smaller ones",
            (long long)sheet->width, (long long)high);
    *width = (int32_t)sheet->width;
    *height = (int32_t)high;
    return CAMX_OK;
}

camx_status camx__picture_sheet_size(const camx_tile *tiles, uint32_t count,
                                     const camx_sheet_options *options, int32_t *width,
                                     int32_t *height, camx_error *error)
{
    layout sheet;

    if (width == NULL || height == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "%s is NULL", width == NULL ? "width" : "height");
    CAMX__FORWARD(make_layout(tiles, count, options, &sheet, error));
    return measure(&sheet, width, height, error);
}

static void clear(const camx_pixels *out, const uint8_t colour[3])
{
    for (int32_t y = 0; y < out->height; y++) {
        uint8_t *row = out->data + (size_t)y * out->stride;
        for (int32_t x = 0; x < out->width; x++)
            memcpy(row + (size_t)x * 3, colour, 3);
    }
}

/* Draws lines below each other; all but the first paragraph in the fainter ink. */
static void draw_text(const camx_pixels *out, int32_t x, int32_t y, const char *text, int letters,
                      int scale, const uint8_t ink[3], const uint8_t faint[3])
{
    camx__text_line line = {0};

    for (; camx__text_next_line(&text, letters, &line); y += CAMX__FONT_LINE * scale)
        camx__text_draw(out, x, y, &line, scale, line.first_paragraph ? ink : faint);
}

static void draw_row(const layout *sheet, const camx_pixels *out, uint32_t first, int32_t y,
                     int32_t pictures)
{
    const camx_sheet_options *options = &sheet->options;
    uint8_t faint[3];
    int32_t x = options->gap;

    for (int c = 0; c < 3; c++)
        faint[c] = (uint8_t)((options->ink[c] * 5 + options->background[c] * 3) / 8);
    for (uint32_t i = first; i < row_end(sheet, first); i++) {
        camx_pixels picture;
        int32_t width, height;
        if (camx__pixels_check(sheet->tiles[i].picture, &picture, "the picture", NULL) == CAMX_OK) {
            fit(sheet, &picture, &width, &height);
            camx__picture_place(&picture, out, x, y + (pictures - height) / 2, width, height);
        }
        draw_text(out, x, y + pictures + sheet->text_gap, sheet->tiles[i].caption, sheet->letters,
                  options->text_scale, options->ink, faint);
        x += options->tile_width + options->gap;
    }
}

camx_status camx__picture_sheet(const camx_tile *tiles, uint32_t count,
                                const camx_sheet_options *options, camx_pixels *out,
                                camx_error *error)
{
    layout sheet;
    camx_pixels target;
    int32_t width, height;

    CAMX__FORWARD(make_layout(tiles, count, options, &sheet, error));
    CAMX__FORWARD(measure(&sheet, &width, &height, error));
    CAMX__FORWARD(camx__picture_check_out(out, width, height, &target, error));
    clear(&target, sheet.options.background);
    int32_t y = sheet.options.gap;
    draw_text(&target, sheet.options.gap, y, sheet.options.title, sheet.title_letters,
              sheet.title_scale, sheet.options.ink, sheet.options.ink);
    y += (int32_t)sheet.title_height;
    for (uint32_t first = 0; first < count; first = row_end(&sheet, first)) {
        int32_t pictures;
        int64_t captions;
        CAMX__FORWARD(measure_row(&sheet, first, &pictures, &captions, error));
        draw_row(&sheet, &target, first, y, pictures);
        y += pictures + (int32_t)captions + sheet.options.gap;
    }
    return CAMX_OK;
}
