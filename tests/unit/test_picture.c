/* SPDX-License-Identifier: Apache-2.0 */
/* lib/picture: colour maps, overlays, the font, contact sheets. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pixels.h"
#include "picture/font.h"
#include "picture/picture.h"

static camx_error error;

/* --- colours
 * ------------------------------------------------------------------------------------------ */

static const struct colour_case {
    int32_t colormap;
    float value;
    uint8_t rgb[3];
} colour_cases[] = {
    {CAMX_COLORMAP_TURBO, 0, {48, 18, 59}},       {CAMX_COLORMAP_TURBO, 1, {122, 4, 3}},
    {CAMX_COLORMAP_TURBO, -5, {48, 18, 59}},      {CAMX_COLORMAP_TURBO, 7, {122, 4, 3}},
    {CAMX_COLORMAP_TURBO, INFINITY, {122, 4, 3}}, {CAMX_COLORMAP_TURBO, NAN, {0, 0, 0}},
    {CAMX_COLORMAP_VIRIDIS, 0, {68, 1, 84}},      {CAMX_COLORMAP_VIRIDIS, 1, {253, 231, 37}},
    {CAMX_COLORMAP_INFERNO, 0, {0, 0, 4}},        {CAMX_COLORMAP_INFERNO, 1, {252, 255, 164}},
    {CAMX_COLORMAP_CIVIDIS, 0, {0, 34, 78}},      {CAMX_COLORMAP_CIVIDIS, 1, {254, 232, 56}},
    {CAMX_COLORMAP_GREY, 0, {0, 0, 0}},           {CAMX_COLORMAP_GREY, 0.5f, {128, 128, 128}},
    {CAMX_COLORMAP_GREY, 1, {255, 255, 255}},     {CAMX_COLORMAP_JET, 0, {0, 0, 128}},
    {CAMX_COLORMAP_JET, 1, {128, 0, 0}},          {CAMX_COLORMAP_JET, 0.5f, {130, 255, 126}},
    {CAMX_COLORMAP_RDBU, -1, {15, 45, 105}},      {CAMX_COLORMAP_RDBU, 1, {110, 5, 30}},
    {CAMX_COLORMAP_RDBU, 0, {255, 254, 254}},     {CAMX_COLORMAP_RDBU, NAN, {0, 0, 0}},
    {CAMX_COLORMAP_RDBU, -9, {15, 45, 105}},
};

START_TEST(colours_are_the_published_ones)
{
    const struct colour_case *at = &colour_cases[_i];
    uint8_t rgb[3];

    ck_assert_int_eq(camx__picture_colour(at->colormap, at->value, rgb, &error), CAMX_OK);
    for (int c = 0; c < 3; c++)
        ck_assert_msg(abs(rgb[c] - at->rgb[c]) <= 1, "sample %d is %d instead of %d", c, rgb[c],
                      at->rgb[c]);
}
END_TEST

START_TEST(colours_change_smoothly)
{
    for (int32_t map = 0; camx__picture_colormap_name(map) != NULL; map++) {
        uint8_t colours[256][3];
        int distinct = 0;
        camx__picture_fill_colours(map, colours);
        for (int i = 1; i < 256; i++) {
            for (int c = 0; c < 3; c++)
                ck_assert_int_le(abs(colours[i][c] - colours[i - 1][c]), 8);
            distinct += memcmp(colours[i], colours[i - 1], 3) != 0;
        }
        ck_assert_int_gt(distinct, 200);
    }
}
END_TEST

START_TEST(colour_maps_have_names)
{
    uint8_t rgb[3];

    ck_assert_str_eq(camx__picture_colormap_name(CAMX_COLORMAP_TURBO), "turbo");
    ck_assert_str_eq(camx__picture_colormap_name(CAMX_COLORMAP_RDBU), "rdbu");
    ck_assert_ptr_null(camx__picture_colormap_name(7));
    ck_assert_ptr_null(camx__picture_colormap_name(-1));
    for (int32_t map = 0; camx__picture_colormap_name(map) != NULL; map++)
        ck_assert_int_eq(camx__picture_colormap_by_name(camx__picture_colormap_name(map)), map);
    ck_assert_int_eq(camx__picture_colormap_by_name("gray"), CAMX_COLORMAP_GREY);
    ck_assert_int_eq(camx__picture_colormap_by_name("Turbo"), -1);
    ck_assert_int_eq(camx__picture_colormap_by_name(NULL), -1);
    ck_assert_int_eq(camx__picture_colour(7, 0, rgb, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__picture_colour(-1, 0, rgb, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__picture_colour(0, 0, NULL, &error), CAMX_E_ARGUMENT);
}
END_TEST

/* --- overlays
 * ----------------------------------------------------------------------------------------- */

static camx_pixels pixels_of(int32_t format, int32_t width, int32_t height, size_t stride,
                             uint8_t *data)
{
    return (camx_pixels){sizeof(camx_pixels), format, width, height, stride, data};
}

START_TEST(heat_is_painted_in_proportion)
{
    static uint8_t photo_data[4 * 3] = {10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30};
    uint8_t out_data[12];
    const float heat[4] = {0, 1, NAN, 0.5f};
    camx_pixels photo = pixels_of(CAMX_PIXEL_RGB, 4, 1, 0, photo_data);
    camx_pixels out = pixels_of(CAMX_PIXEL_RGB, 4, 1, 0, out_data);
    camx_overlay_options options;

    camx__picture_overlay_defaults(&options);
    ck_assert_float_eq(options.alpha, 0.6f);
    options.colormap = CAMX_COLORMAP_GREY;
    options.alpha = 0.5f;
    ck_assert_int_eq(camx__picture_overlay(&photo, heat, &options, &out, &error), CAMX_OK);
    ck_assert_mem_eq(out_data, photo_data, 3);                       /* cold: the photograph */
    ck_assert_mem_eq(out_data + 3, ((uint8_t[]){133, 138, 143}), 3); /* half way to white */
    ck_assert_mem_eq(out_data + 6, photo_data, 3);                   /* unknown: the photograph */
    ck_assert_mem_eq(out_data + 9, ((uint8_t[]){40, 47, 55}), 3);    /* a quarter to 128 */
    options.even = 1;
    ck_assert_int_eq(camx__picture_overlay(&photo, heat, &options, &out, &error), CAMX_OK);
    ck_assert_mem_eq(out_data, ((uint8_t[]){5, 10, 15}), 3); /* half way to black */
    ck_assert_mem_eq(out_data + 6, photo_data, 3);
    options.alpha = 0;
    ck_assert_int_eq(camx__picture_overlay(&photo, heat, &options, &out, &error), CAMX_OK);
    ck_assert_mem_eq(out_data, photo_data, 12);
    options.alpha = 1;
    ck_assert_int_eq(camx__picture_overlay(&photo, heat, &options, &out, &error), CAMX_OK);
    ck_assert_mem_eq(out_data + 3, ((uint8_t[]){255, 255, 255}), 3);
}
END_TEST

START_TEST(signed_heat_is_painted_both_ways)
{
    uint8_t photo_data[9] = {100, 100, 100, 100, 100, 100, 100, 100, 100};
    const float heat[3] = {-1, 0, 1};
    camx_pixels photo = pixels_of(CAMX_PIXEL_RGB, 3, 1, 0, photo_data);
    camx_overlay_options options;

    camx__picture_overlay_defaults(&options);
    options.colormap = CAMX_COLORMAP_RDBU;
    options.alpha = 1;
    /* In place: an RGB photograph may be painted over itself. */
    ck_assert_int_eq(camx__picture_overlay(&photo, heat, &options, &photo, &error), CAMX_OK);
    ck_assert_mem_eq(photo_data, ((uint8_t[]){15, 45, 105}), 3);
    ck_assert_mem_eq(photo_data + 3, ((uint8_t[]){100, 100, 100}), 3);
    ck_assert_mem_eq(photo_data + 6, ((uint8_t[]){110, 5, 30}), 3);
}
END_TEST

START_TEST(every_format_is_painted_alike)
{
    /* Two rows of two pixels with gaps, in every format. */
    static uint8_t rgb[] = {1, 2, 3, 4, 5, 6, 99, 7, 8, 9, 10, 11, 12, 99};
    static uint8_t bgr[] = {3, 2, 1, 6, 5, 4, 99, 9, 8, 7, 12, 11, 10, 99};
    static uint8_t rgba[] = {1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 10, 11, 12, 0};
    static uint8_t bgra[] = {3, 2, 1, 0, 6, 5, 4, 0, 9, 8, 7, 0, 12, 11, 10, 0};
    static uint8_t grey[] = {1, 2, 3, 4};
    const camx_pixels photos[] = {
        pixels_of(CAMX_PIXEL_RGB, 2, 2, 7, rgb),   pixels_of(CAMX_PIXEL_BGR, 2, 2, 7, bgr),
        pixels_of(CAMX_PIXEL_RGBA, 2, 2, 0, rgba), pixels_of(CAMX_PIXEL_BGRA, 2, 2, 8, bgra),
        pixels_of(CAMX_PIXEL_GREY, 2, 2, 0, grey),
    };
    const float heat[4] = {NAN, NAN, NAN, NAN};

    for (int i = 0; i < 5; i++) {
        uint8_t data[20];
        memset(data, 77, sizeof data);
        camx_pixels out = pixels_of(CAMX_PIXEL_RGB, 2, 2, 9, data);
        ck_assert_int_eq(camx__picture_overlay(&photos[i], heat, NULL, &out, &error), CAMX_OK);
        if (i < 4) {
            ck_assert_mem_eq(data, ((uint8_t[]){1, 2, 3, 4, 5, 6}), 6);
            ck_assert_mem_eq(data + 9, ((uint8_t[]){7, 8, 9, 10, 11, 12}), 6);
        } else {
            ck_assert_mem_eq(data, ((uint8_t[]){1, 1, 1, 2, 2, 2}), 6);
            ck_assert_mem_eq(data + 9, ((uint8_t[]){3, 3, 3, 4, 4, 4}), 6);
        }
        ck_assert_mem_eq(data + 6, ((uint8_t[]){77, 77, 77}), 3); /* the gap */
        ck_assert_uint_eq(data[15], 77);
    }
}
END_TEST

static void expect_overlay(const camx_pixels *photo, const float *heat,
                           const camx_overlay_options *options, camx_pixels *out, const char *word)
{
    ck_assert_int_eq(camx__picture_overlay(photo, heat, options, out, &error), CAMX_E_ARGUMENT);
    ck_assert_msg(strstr(error.message, word) != NULL, "'%s' is not in: %s", word, error.message);
}

START_TEST(bad_overlays_are_refused)
{
    uint8_t data[12] = {0};
    const float heat[4] = {0};
    camx_pixels photo = pixels_of(CAMX_PIXEL_RGB, 2, 2, 0, data);
    camx_pixels out = photo;
    camx_overlay_options options;

    camx__picture_overlay_defaults(&options);
    expect_overlay(NULL, heat, NULL, &out, "photo");
    expect_overlay(&photo, NULL, NULL, &out, "heat");
    expect_overlay(&photo, heat, NULL, NULL, "out");
    out.format = CAMX_PIXEL_BGR;
    expect_overlay(&photo, heat, NULL, &out, "CAMX_PIXEL_RGB");
    out = photo;
    out.height = 1;
    expect_overlay(&photo, heat, NULL, &out, "2 x 1");
    out = photo;
    options.alpha = 1.01f;
    expect_overlay(&photo, heat, &options, &out, "alpha");
    options.alpha = -0.1f;
    expect_overlay(&photo, heat, &options, &out, "alpha");
    options.alpha = NAN;
    expect_overlay(&photo, heat, &options, &out, "alpha");
    camx__picture_overlay_defaults(&options);
    options.colormap = 99;
    expect_overlay(&photo, heat, &options, &out, "99");
    options.struct_size = 0;
    expect_overlay(&photo, heat, &options, &out, "camx_overlay_options_init()");
}
END_TEST

/* --- text
 * --------------------------------------------------------------------------------------------- */

START_TEST(the_font_is_complete)
{
    for (int i = 1; i < CAMX__GLYPHS; i++)
        ck_assert_uint_lt(camx__picture_glyphs[i - 1].code, camx__picture_glyphs[i].code);
    ck_assert_uint_eq(camx__picture_glyphs[0].code, 0);
    for (uint32_t code = 32; code < 127; code++)
        ck_assert_uint_eq(camx__picture_glyphs[code - 31].code, code);
    /* No two letters look alike, save the dashes; every letter but the blank has ink. */
    for (int i = 0; i < CAMX__GLYPHS; i++) {
        int ink = 0;
        for (int row = 0; row < CAMX__FONT_HEIGHT; row++) {
            ck_assert_uint_lt(camx__picture_glyphs[i].rows[row], 32);
            ink += camx__picture_glyphs[i].rows[row] != 0;
        }
        ck_assert_msg((ink == 0) == (camx__picture_glyphs[i].code == ' '), "glyph %d", i);
        for (int other = 1; other < i && camx__picture_glyphs[i].code < 0x2000; other++)
            ck_assert_msg(memcmp(camx__picture_glyphs[i].rows, camx__picture_glyphs[other].rows,
                                 CAMX__FONT_HEIGHT) != 0,
                          "U+%04X looks like U+%04X", camx__picture_glyphs[i].code,
                          camx__picture_glyphs[other].code);
    }
}
END_TEST

static const struct wrap_case {
    const char *text;
    int columns;
    const char *lines; /* each followed by '|' */
} wrap_cases[] = {
    {"", 10, ""},
    {"one", 10, "one|"},
    {"one two three", 8, "one two|three|"},
    {"one two three", 7, "one two|three|"},
    {"one two three", 6, "one|two|three|"},
    {"a\nb", 10, "a|b|"},
    {"a\n\nb\n", 10, "a||b|"},
    {"abcdefghij", 4, "abcd|efgh|ij|"},
    {"/model/layer4/Add", 10, "/model/|layer4/Add|"},
    {"conv_output_0", 8, "conv_|output_0|"},
    {"/////", 2, "//|//|/|"},
    {"a   b", 2, "a|b|"},
    {"   ab", 4, "   a|b|"},  /* an indent is kept */
    {"ab   \nc", 2, "ab|c|"}, /* blanks at the end of a line make no other */
    {"a\n \nb", 2, "a| |b|"},
    {"x", 1, "x|"},
    {"M\xc3\xb6we", 2, "M\xc3\xb6|we|"},
    {"\xe6\xbc\xa2\xe5\xad\x97", 1, "\xe6\xbc\xa2|\xe5\xad\x97|"},
    {"\xff\xff\xff", 2, "\xff\xff|\xff|"},
};

START_TEST(lines_are_wrapped)
{
    const struct wrap_case *at = &wrap_cases[_i];
    char found[200] = "";
    const char *rest = at->text;
    camx__text_line line = {0};
    int64_t count = 0;

    while (camx__text_next_line(&rest, at->columns, &line)) {
        strncat(found, line.begin, (size_t)(line.end - line.begin));
        strcat(found, "|");
        count++;
    }
    ck_assert_str_eq(found, at->lines);
    ck_assert_int_eq(camx__text_count_lines(at->text, at->columns), count);
}
END_TEST

START_TEST(no_text_has_no_lines)
{
    const char *nothing = NULL;
    camx__text_line line = {0};

    ck_assert(!camx__text_next_line(&nothing, 5, &line));
    ck_assert_int_eq(camx__text_count_lines(NULL, 5), 0);
}
END_TEST

START_TEST(the_first_paragraph_is_known)
{
    const char *rest = "one two\nthree four";
    camx__text_line line = {0};
    const bool wanted[] = {true, true, false, false};

    for (int i = 0; i < 4; i++) {
        ck_assert(camx__text_next_line(&rest, 5, &line));
        ck_assert_int_eq(line.first_paragraph, wanted[i]);
    }
}
END_TEST

/* Draws one line on white with a frame around its place, and gives the pixels. */
static void draw_line(const char *text, int scale, uint8_t *data, int32_t width, int32_t height)
{
    const uint8_t black[3] = {0, 0, 0};
    camx_pixels out = pixels_of(CAMX_PIXEL_RGB, width, height, (size_t)width * 3, data);
    camx__text_line line = {text, text + strlen(text), true, true};

    memset(data, 255, (size_t)width * (size_t)height * 3);
    camx__text_draw(&out, 1, 1, &line, scale, black);
}

START_TEST(letters_are_drawn_as_they_are)
{
    uint8_t data[14 * 14 * 3];

    draw_line("L", 1, data, 14, 14);
    for (int y = 0; y < 14; y++)
        for (int x = 0; x < 14; x++) {
            bool upright = x == 1 && y >= 2 && y <= 9;
            bool foot = y == 9 && x >= 1 && x <= 5;
            ck_assert_msg((data[(y * 14 + x) * 3] == 0) == (upright || foot), "pixel %d, %d", x, y);
        }
}
END_TEST

/* Straight strokes keep their full ink and their place at every scale; nothing is drawn outside. */
START_TEST(letters_grow)
{
    static uint8_t data[200 * 100 * 3];

    for (int scale = 1; scale <= 6; scale++) {
        int32_t width = 6 * scale + 2;
        int32_t height = 12 * scale + 2;
        draw_line("l", scale, data, width, height);
        int middle = ((1 + 5 * scale) * width + 1 + 2 * scale + scale / 2) * 3;
        ck_assert_uint_eq(data[middle], 0);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                if (x == 0 || y == 0 || x == width - 1 || y == height - 1)
                    ck_assert_uint_eq(data[(y * width + x) * 3], 255);
    }
}
END_TEST

START_TEST(unknown_letters_are_boxes)
{
    uint8_t known[14 * 26 * 3];
    uint8_t box[14 * 26 * 3];

    draw_line("\xff\xe6\xbc\xa2", 1, box, 26, 14);
    draw_line("\x01\xf0\x9f\x90\xb1", 1, known, 26, 14);
    ck_assert_mem_eq(box, known, sizeof box);
    draw_line("\xc3\xa4\xc3\xb6", 1, known, 26, 14);
    ck_assert_mem_ne(box, known, sizeof box);
}
END_TEST

/* --- contact sheets
 * ----------------------------------------------------------------------------------- */

static uint8_t red[300 * 3], blue[300 * 3], sheet_data[2000 * 600 * 3];

static void fill(uint8_t *data, const uint8_t rgb[3])
{
    for (int i = 0; i < 300; i++)
        memcpy(data + 3 * i, rgb, 3);
}

static const uint8_t *sheet_pixel(const camx_pixels *sheet, int x, int y)
{
    return sheet->data + ((size_t)y * (size_t)sheet->width + (size_t)x) * 3;
}

START_TEST(a_sheet_has_its_parts_in_place)
{
    fill(red, (uint8_t[]){200, 0, 0});
    fill(blue, (uint8_t[]){0, 0, 200});
    camx_pixels wide = pixels_of(CAMX_PIXEL_RGB, 20, 10, 0, red);
    camx_pixels high = pixels_of(CAMX_PIXEL_BGR, 10, 20, 0, blue); /* red as well, by its order */
    const camx_tile tiles[3] = {{&wide, "first"}, {&high, NULL}, {&wide, "two\nlines"}};
    camx_sheet_options options;
    int32_t width, height;

    camx__picture_sheet_defaults(&options);
    options.tile_width = 60;
    options.tile_height = 40;
    options.gap = 10;
    options.text_scale = 1;
    ck_assert_int_eq(camx__picture_sheet_size(tiles, 3, &options, &width, &height, &error),
                     CAMX_OK);
    ck_assert_int_eq(width, 10 + 2 * 70);
    /* A row of 40 with one line, a row of 30 with two; lines of 14 and 3 above them. */
    ck_assert_int_eq(height, 10 + 40 + 3 + 14 + 10 + 30 + 3 + 28 + 10);
    camx_pixels out = pixels_of(CAMX_PIXEL_RGB, width, height, 0, sheet_data);
    ck_assert_int_eq(camx__picture_sheet(tiles, 3, &options, &out, &error), CAMX_OK);
    ck_assert_mem_eq(sheet_pixel(&out, 0, 0), options.background, 3);
    ck_assert_mem_eq(sheet_pixel(&out, 10, 15), ((uint8_t[]){200, 0, 0}),
                     3); /* 60 x 30, centred in 40 */
    ck_assert_mem_eq(sheet_pixel(&out, 69, 44), ((uint8_t[]){200, 0, 0}), 3);
    ck_assert_mem_eq(sheet_pixel(&out, 69, 45), options.background, 3);
    ck_assert_mem_eq(sheet_pixel(&out, 70, 30), options.background, 3);
    ck_assert_mem_eq(sheet_pixel(&out, 80, 10), ((uint8_t[]){200, 0, 0}), 3); /* 20 x 40 */
    ck_assert_mem_eq(sheet_pixel(&out, 99, 49), ((uint8_t[]){200, 0, 0}), 3);
    ck_assert_mem_eq(sheet_pixel(&out, 100, 49), options.background, 3);
    ck_assert_mem_eq(sheet_pixel(&out, 10, 77), ((uint8_t[]){200, 0, 0}), 3);
    /* 'f' has its bar in column 0 to 3 of row 4; the caption begins 3 below the row's 40. */
    ck_assert_mem_eq(sheet_pixel(&out, 11, 10 + 40 + 3 + 4), options.ink, 3);
    /* The second paragraph is fainter: no pixel of it has the full ink. */
    int faint = 0;
    for (int y = 77 + 30 + 3 + 14; y < height; y++)
        for (int x = 0; x < width; x++) {
            ck_assert_mem_ne(sheet_pixel(&out, x, y), options.ink, 3);
            faint += memcmp(sheet_pixel(&out, x, y), options.background, 3) != 0;
        }
    ck_assert_int_gt(faint, 20);
}
END_TEST

START_TEST(titles_and_columns)
{
    fill(red, (uint8_t[]){200, 0, 0});
    camx_pixels picture = pixels_of(CAMX_PIXEL_RGB, 20, 15, 0, red);
    camx_tile tiles[7];
    camx_sheet_options options;
    int32_t width, height, titled;

    for (int i = 0; i < 7; i++)
        tiles[i] = (camx_tile){&picture, ""};
    ck_assert_int_eq(camx__picture_sheet_size(tiles, 7, NULL, &width, &height, &error), CAMX_OK);
    ck_assert_int_eq(width, 12 + 3 * 332); /* nearly square */
    ck_assert_int_eq(height, 12 + 3 * 252);
    camx__picture_sheet_defaults(&options);
    options.columns = 7;
    ck_assert_int_eq(camx__picture_sheet_size(tiles, 7, &options, &width, &height, &error),
                     CAMX_OK);
    ck_assert_int_eq(width, 12 + 7 * 332);
    options.columns = 100;
    ck_assert_int_eq(camx__picture_sheet_size(tiles, 2, &options, &width, &height, &error),
                     CAMX_OK);
    ck_assert_int_eq(width, 12 + 2 * 332);
    options.title = "what the network saw";
    ck_assert_int_eq(camx__picture_sheet_size(tiles, 2, &options, &width, &titled, &error),
                     CAMX_OK);
    ck_assert_int_eq(titled, height + 3 * CAMX__FONT_LINE + 12);
    camx_pixels out = pixels_of(CAMX_PIXEL_RGB, width, titled, 0, sheet_data);
    ck_assert_int_eq(camx__picture_sheet(tiles, 2, &options, &out, &error), CAMX_OK);
    int ink = 0;
    for (int y = 12; y < 12 + 3 * CAMX__FONT_LINE; y++)
        for (int x = 12; x < 400; x++)
            ink += memcmp(sheet_pixel(&out, x, y), options.ink, 3) == 0;
    ck_assert_int_gt(ink, 500);
}
END_TEST

START_TEST(pictures_are_averaged_when_they_shrink)
{
    uint8_t checkers[64];
    uint8_t out_data[16 * 3];

    for (int i = 0; i < 64; i++)
        checkers[i] = (i + i / 8) % 2 ? 200 : 100;
    camx_pixels picture = pixels_of(CAMX_PIXEL_GREY, 8, 8, 0, checkers);
    camx_pixels out = pixels_of(CAMX_PIXEL_RGB, 4, 4, 12, out_data);
    camx__picture_place(&picture, &out, 0, 0, 4, 4);
    for (int i = 0; i < 48; i++)
        ck_assert_uint_eq(out_data[i], 150);
    /* Thirds of pixels: the sum of all light stays. */
    camx__picture_place(&picture, &out, 0, 0, 3, 3);
    int sum = 0;
    for (int i = 0; i < 9; i++)
        sum += out_data[i / 3 * 12 + i % 3 * 3];
    ck_assert_int_ge(sum, 9 * 150 - 9);
    ck_assert_int_le(sum, 9 * 150 + 9);
}
END_TEST

START_TEST(pictures_are_interpolated_when_they_grow)
{
    uint8_t two[2] = {0, 200};
    uint8_t out_data[8 * 3 * 2];
    camx_pixels picture = pixels_of(CAMX_PIXEL_GREY, 2, 1, 0, two);
    camx_pixels out = pixels_of(CAMX_PIXEL_RGB, 8, 2, 24, out_data);
    const uint8_t wanted[8] = {0, 0, 25, 75, 125, 175, 200, 200};

    camx__picture_place(&picture, &out, 0, 0, 8, 2);
    for (int i = 0; i < 16; i++)
        ck_assert_uint_eq(out_data[3 * i + 1], wanted[i % 8]);
}
END_TEST

static void expect_sheet(const camx_tile *tiles, uint32_t count, const camx_sheet_options *options,
                         camx_status status, const char *word)
{
    int32_t width = -7, height = -7;

    ck_assert_int_eq(camx__picture_sheet_size(tiles, count, options, &width, &height, &error),
                     status);
    ck_assert_msg(strstr(error.message, word) != NULL, "'%s' is not in: %s", word, error.message);
    ck_assert_int_eq(width, -7);
    camx_pixels out = pixels_of(CAMX_PIXEL_RGB, 10, 10, 0, sheet_data);
    ck_assert_int_ne(camx__picture_sheet(tiles, count, options, &out, &error), CAMX_OK);
}

START_TEST(bad_sheets_are_refused)
{
    camx_pixels picture = pixels_of(CAMX_PIXEL_RGB, 10, 10, 0, red);
    camx_pixels broken = pixels_of(CAMX_PIXEL_RGB, 0, 10, 0, red);
    camx_tile tile = {&picture, "caption"};
    camx_tile tiles[2] = {tile, {NULL, NULL}};
    camx_sheet_options options;
    int32_t width, height;

    expect_sheet(NULL, 1, NULL, CAMX_E_ARGUMENT, "tile");
    expect_sheet(&tile, 0, NULL, CAMX_E_ARGUMENT, "tile");
    expect_sheet(tiles, 2, NULL, CAMX_E_ARGUMENT, "tile 1");
    tiles[1].picture = &broken;
    expect_sheet(tiles, 2, NULL, CAMX_E_ARGUMENT, "tile 1");
    camx__picture_sheet_defaults(&options);
    options.columns = -1;
    expect_sheet(&tile, 1, &options, CAMX_E_ARGUMENT, "columns");
    camx__picture_sheet_defaults(&options);
    options.tile_width = 0;
    expect_sheet(&tile, 1, &options, CAMX_E_ARGUMENT, "tile_width");
    options.tile_width = 11; /* less than a letter */
    expect_sheet(&tile, 1, &options, CAMX_E_ARGUMENT, "tile_width");
    camx__picture_sheet_defaults(&options);
    options.tile_height = 16385;
    expect_sheet(&tile, 1, &options, CAMX_E_ARGUMENT, "tile_height");
    camx__picture_sheet_defaults(&options);
    options.text_scale = 0;
    expect_sheet(&tile, 1, &options, CAMX_E_ARGUMENT, "text_scale");
    camx__picture_sheet_defaults(&options);
    options.gap = -1;
    expect_sheet(&tile, 1, &options, CAMX_E_ARGUMENT, "gap");
    camx__picture_sheet_defaults(&options);
    options.struct_size = 4096;
    expect_sheet(&tile, 1, &options, CAMX_E_ARGUMENT, "struct_size");
    ck_assert_int_eq(camx__picture_sheet_size(&tile, 1, NULL, NULL, &height, &error),
                     CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__picture_sheet_size(&tile, 1, NULL, &width, NULL, &error),
                     CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__picture_sheet(&tile, 1, NULL, NULL, &error), CAMX_E_ARGUMENT);
    camx_pixels small = pixels_of(CAMX_PIXEL_RGB, 10, 10, 0, sheet_data);
    ck_assert_int_eq(camx__picture_sheet(&tile, 1, NULL, &small, &error), CAMX_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "are drawn"));
}
END_TEST

START_TEST(giant_sheets_are_refused)
{
    camx_pixels picture = pixels_of(CAMX_PIXEL_RGB, 10, 10, 0, red);
    static camx_tile tiles[200];
    camx_sheet_options options;

    for (int i = 0; i < 200; i++)
        tiles[i] = (camx_tile){&picture, NULL};
    camx__picture_sheet_defaults(&options);
    options.tile_width = options.tile_height = 16384;
    options.columns = 200;
    expect_sheet(tiles, 200, &options, CAMX_E_LIMIT, "pixels");
    options.columns = 1;
    expect_sheet(tiles, 200, &options, CAMX_E_LIMIT, "pixels");
}
END_TEST

/* Every byte of a sheet with letters, unknown signs and odd sizes lies inside: run under ASan. */
START_TEST(odd_sheets_stay_inside)
{
    fill(red, (uint8_t[]){200, 0, 0});
    camx_pixels thin = pixels_of(CAMX_PIXEL_RGB, 300, 1, 0, red);
    camx_pixels tall = pixels_of(CAMX_PIXEL_RGB, 1, 300, 0, red);
    const camx_tile tiles[2] = {{&thin, "a very long caption, \xff wrapped"}, {&tall, "\n\n\nx"}};

    for (int scale = 1; scale <= 3; scale++)
        for (int32_t tile = 6 * scale < 8 ? 8 : 6 * scale; tile < 40; tile += 7) {
            camx_sheet_options options;
            int32_t width, height;
            camx__picture_sheet_defaults(&options);
            options.tile_width = tile;
            options.tile_height = 8;
            options.text_scale = scale;
            options.gap = tile % 3;
            options.columns = 1;
            options.title = "W";
            ck_assert_int_eq(camx__picture_sheet_size(tiles, 2, &options, &width, &height, &error),
                             CAMX_OK);
            uint8_t *exact = malloc((size_t)width * (size_t)height * 3);
            ck_assert_ptr_nonnull(exact);
            camx_pixels out = pixels_of(CAMX_PIXEL_RGB, width, height, 0, exact);
            ck_assert_int_eq(camx__picture_sheet(tiles, 2, &options, &out, &error), CAMX_OK);
            free(exact);
        }
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void)
{
    Suite *suite = suite_create("picture");
    TCase *tests = tcase_create("picture");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, colours_are_the_published_ones, 0, LENGTH(colour_cases));
    tcase_add_test(tests, colours_change_smoothly);
    tcase_add_test(tests, colour_maps_have_names);
    tcase_add_test(tests, heat_is_painted_in_proportion);
    tcase_add_test(tests, signed_heat_is_painted_both_ways);
    tcase_add_test(tests, every_format_is_painted_alike);
    tcase_add_test(tests, bad_overlays_are_refused);
    tcase_add_test(tests, the_font_is_complete);
    tcase_add_loop_test(tests, lines_are_wrapped, 0, LENGTH(wrap_cases));
    tcase_add_test(tests, no_text_has_no_lines);
    tcase_add_test(tests, the_first_paragraph_is_known);
    tcase_add_test(tests, letters_are_drawn_as_they_are);
    tcase_add_test(tests, letters_grow);
    tcase_add_test(tests, unknown_letters_are_boxes);
    tcase_add_test(tests, a_sheet_has_its_parts_in_place);
    tcase_add_test(tests, titles_and_columns);
    tcase_add_test(tests, pictures_are_averaged_when_they_shrink);
    tcase_add_test(tests, pictures_are_interpolated_when_they_grow);
    tcase_add_test(tests, bad_sheets_are_refused);
    tcase_add_test(tests, giant_sheets_are_refused);
    tcase_add_test(tests, odd_sheets_stay_inside);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
