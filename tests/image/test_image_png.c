/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads every kind of PNG there is: colour type x bit depth x interlacing x transparency, and
 * compares each pixel with what arithmetic in double says it must be.
 */
#include <check.h>
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "image_makers.h"

static const uint8_t background[4] = {10, 200, 90, 0};

/* One 8-bit sample of a pixel over the background, from the definition. */
static int composed(double value, double alpha, int c)
{
    return (int)floor(255 * (value * alpha + background[c] / 255.0 * (1 - alpha)) + 0.5);
}

static void expected_pixel(const png_recipe *recipe, int x, int y, int rgb[3])
{
    double largest = (1u << recipe->depth) - 1;
    bool grey = (recipe->colour & PNG_COLOR_MASK_COLOR) == 0;
    bool has_alpha = (recipe->colour & PNG_COLOR_MASK_ALPHA) != 0;
    double alpha = 1;
    bool is_key = recipe->transparent;

    if (recipe->colour == PNG_COLOR_TYPE_PALETTE) {
        int index = (int)png_sample(recipe, x, y, 0);

        alpha = recipe->transparent ? png_palette_sample(index, 3) / 255.0 : 1;
        for (int c = 0; c < 3; c++)
            rgb[c] = composed(png_palette_sample(index, c) / 255.0, alpha, c);
        return;
    }
    for (int c = 0; c < (grey ? 1 : 3); c++)
        is_key = is_key && png_sample(recipe, x, y, c) == png_sample(recipe, 1, 1, c);
    if (has_alpha)
        alpha = png_sample(recipe, x, y, grey ? 1 : 3) / largest;
    else if (is_key)
        alpha = 0;
    for (int c = 0; c < 3; c++)
        rgb[c] = composed(png_sample(recipe, x, y, grey ? 0 : c) / largest, alpha, c);
}

static void check_recipe(const png_recipe *recipe)
{
    made_file file = make_png(recipe);
    camx_image_options options;
    camx_image *image = NULL;
    camx_error error;
    camx_pixels pixels;

    camx_image_options_init(&options);
    memcpy(options.background, background, 4);
    ck_assert_msg(camx_image_read_memory(file.data, file.size, &options, &image, &error) == CAMX_OK,
                  "colour %d depth %d: %s", recipe->colour, recipe->depth, error.message);
    ck_assert_int_eq(error.status, CAMX_OK);
    ck_assert_int_eq(camx_image_get_pixels(image, &pixels, NULL), CAMX_OK);
    ck_assert_int_eq(pixels.width, recipe->width);
    ck_assert_int_eq(pixels.height, recipe->height);
    ck_assert_int_eq(pixels.format, CAMX_PIXEL_RGB);
    ck_assert_uint_eq(pixels.stride, 3 * (size_t)recipe->width);
    for (int y = 0; y < recipe->height; y++) {
        for (int x = 0; x < recipe->width; x++) {
            const uint8_t *got = image_pixel(image, x, y);
            int want[3];

            expected_pixel(recipe, x, y, want);
            ck_assert_msg(
                got[0] == want[0] && got[1] == want[1] && got[2] == want[2],
                "colour %d depth %d interlaced %d transparent %d at %d,%d: %d %d %d, not %d %d %d",
                recipe->colour, recipe->depth, recipe->interlaced, recipe->transparent, x, y,
                got[0], got[1], got[2], want[0], want[1], want[2]);
        }
    }
    camx_image_release(image);
    free(file.data);
}

/* Sizes where the last byte of a row is partly used, and where passes of an interlaced picture
 * are empty. */
static void check_sizes(png_recipe recipe)
{
    static const int sizes[][2] = {{1, 1}, {3, 2}, {5, 9}, {17, 13}, {64, 3}};

    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        recipe.width = sizes[s][0];
        recipe.height = sizes[s][1];
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            recipe.interlaced = interlaced != 0;
            check_recipe(&recipe);
        }
    }
}

static const struct {
    int colour;
    int depth;
} kinds[] = {
    {PNG_COLOR_TYPE_GRAY, 1},     {PNG_COLOR_TYPE_GRAY, 2},        {PNG_COLOR_TYPE_GRAY, 4},
    {PNG_COLOR_TYPE_GRAY, 8},     {PNG_COLOR_TYPE_GRAY, 16},       {PNG_COLOR_TYPE_PALETTE, 1},
    {PNG_COLOR_TYPE_PALETTE, 2},  {PNG_COLOR_TYPE_PALETTE, 4},     {PNG_COLOR_TYPE_PALETTE, 8},
    {PNG_COLOR_TYPE_RGB, 8},      {PNG_COLOR_TYPE_RGB, 16},        {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_RGBA, 8},     {PNG_COLOR_TYPE_RGBA, 16},
};

START_TEST(every_kind_is_read)
{
    check_sizes((png_recipe){.colour = kinds[_i].colour, .depth = kinds[_i].depth});
}
END_TEST

START_TEST(transparent_colours_show_the_background)
{
    if ((kinds[_i].colour & PNG_COLOR_MASK_ALPHA) == 0)
        check_sizes((png_recipe){
            .colour = kinds[_i].colour, .depth = kinds[_i].depth, .transparent = true});
}
END_TEST

START_TEST(palettes_may_be_short)
{
    for (int entries = 1; entries <= 13; entries += 4)
        check_sizes((png_recipe){.colour = PNG_COLOR_TYPE_PALETTE, .depth = 4, .transparent = true,
                                 .entries = entries});
}
END_TEST

START_TEST(a_colour_outside_the_palette_is_refused)
{
    made_file file = make_png_with_bad_index();
    camx_image *image = NULL;
    camx_error error;

    ck_assert_int_eq(camx_image_read_memory(file.data, file.size, NULL, &image, &error),
                     CAMX_E_FORMAT);
    ck_assert_ptr_null(image);
    ck_assert_ptr_nonnull(strstr(error.message, "of a palette of 3"));
    free(file.data);
}
END_TEST

/* Every 16-bit grey value becomes the nearest 8-bit one. */
START_TEST(sixteen_bits_are_rounded_to_nearest)
{
    png_recipe recipe = {.width = 4096, .height = 17, .colour = PNG_COLOR_TYPE_GRAY, .depth = 16};

    check_recipe(&recipe);
}
END_TEST

START_TEST(white_is_the_default_background)
{
    png_recipe recipe = {.width = 8, .height = 8, .colour = PNG_COLOR_TYPE_GRAY, .depth = 8,
                         .transparent = true};
    made_file file = make_png(&recipe);
    camx_image *image = NULL;

    ck_assert_int_eq(camx_image_read_memory(file.data, file.size, NULL, &image, NULL), CAMX_OK);
    ck_assert_mem_eq(image_pixel(image, 1, 1), "\xff\xff\xff", 3);
    camx_image_release(image);
    free(file.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_png");
    TCase *cases = tcase_create("read");
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, every_kind_is_read, 0, sizeof kinds / sizeof kinds[0]);
    tcase_add_loop_test(cases, transparent_colours_show_the_background, 0,
                        sizeof kinds / sizeof kinds[0]);
    tcase_add_test(cases, palettes_may_be_short);
    tcase_add_test(cases, a_colour_outside_the_palette_is_refused);
    tcase_add_test(cases, sixteen_bits_are_rounded_to_nearest);
    tcase_add_test(cases, white_is_the_default_background);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
