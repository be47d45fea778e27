/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads every kind of JPEG that libcamx-image promises, and turns each of the eight EXIF
 * orientations upright.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "image_makers.h"

/* What quality 97 and halved colour resolution may do to a smooth picture. */
#define TOLERANCE 6

static camx_image *read_made(made_file file, const camx_image_options *options)
{
    camx_image *image = NULL;
    camx_error error;

    ck_assert_msg(camx_image_read_memory(file.data, file.size, options, &image, &error) == CAMX_OK,
                  "%s", error.message);
    return image;
}

static void check_near(const uint8_t *got, const uint8_t *want, const char *what, int x, int y)
{
    for (int c = 0; c < 3; c++)
        ck_assert_msg(abs(got[c] - want[c]) <= TOLERANCE, "%s: sample %d at %d,%d is %d, not %d",
                      what, c, x, y, got[c], want[c]);
}

static void check_recipe(const jpeg_recipe *recipe, const char *what)
{
    made_file file = make_jpeg(recipe);
    camx_image *image = read_made(file, NULL);
    camx_pixels pixels;

    ck_assert_int_eq(camx_image_get_pixels(image, &pixels, NULL), CAMX_OK);
    ck_assert_int_eq(pixels.width, recipe->width);
    ck_assert_int_eq(pixels.height, recipe->height);
    for (int y = 0; y < recipe->height; y++) {
        for (int x = 0; x < recipe->width; x++) {
            uint8_t want[3];

            jpeg_colour(recipe, x, y, want);
            check_near(image_pixel(image, x, y), want, what, x, y);
        }
    }
    camx_image_release(image);
    free(file.data);
}

static const struct {
    jpeg_colours colours;
    const char *name;
} kinds[] = {
    {JPEG_GREY, "grey"},
    {JPEG_YCBCR, "YCbCr"},
    {JPEG_RGB, "RGB"},
    {JPEG_CMYK_ADOBE, "Adobe's CMYK"},
    {JPEG_CMYK_PLAIN, "plain CMYK"},
    {JPEG_YCCK, "YCCK"},
};

START_TEST(every_kind_is_read)
{
    jpeg_recipe recipe = {.width = 67, .height = 45, .colours = kinds[_i].colours};

    check_recipe(&recipe, kinds[_i].name);
    recipe.progressive = true;
    check_recipe(&recipe, kinds[_i].name);
    recipe.progressive = false;
    recipe.separate = true;
    check_recipe(&recipe, kinds[_i].name);
    recipe.separate = false;
    recipe.restart_rows = 1;
    check_recipe(&recipe, kinds[_i].name);
    recipe.arithmetic = true;
    check_recipe(&recipe, kinds[_i].name);
}
END_TEST

START_TEST(small_and_narrow_pictures_are_read)
{
    static const int sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {16, 16}, {17, 33}};

    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        jpeg_recipe recipe = {.width = sizes[s][0], .height = sizes[s][1], .colours = JPEG_GREY};

        check_recipe(&recipe, "small");
    }
}
END_TEST

/* Where the pixel (x, y) of the upright picture was stored, by the words of the Exif standard:
 * orientation says which sides of the scene row 0 and column 0 of the stored picture are. */
static void stored_place(int orientation, int width, int height, int x, int y, int *sx, int *sy)
{
    static const struct {
        char row, column; /* t(op), b(ottom), l(eft), r(ight) */
    } sides[9] = {{0, 0},     {'t', 'l'}, {'t', 'r'}, {'b', 'r'}, {'b', 'l'},
                  {'l', 't'}, {'r', 't'}, {'r', 'b'}, {'l', 'b'}};
    char side[2] = {sides[orientation].row, sides[orientation].column};
    int *place[2] = {sy, sx};

    for (int i = 0; i < 2; i++) {
        switch (side[i]) {
        case 't':
            *place[i] = y;
            break;
        case 'b':
            *place[i] = height - 1 - y;
            break;
        case 'l':
            *place[i] = x;
            break;
        default:
            *place[i] = width - 1 - x;
        }
    }
}

START_TEST(orientation_is_undone)
{
    int orientation = 1 + _i / 2;
    uint8_t exif[64];
    size_t exif_size = make_exif(exif, _i % 2 != 0, orientation);
    jpeg_recipe recipe = {.width = 53, .height = 39, .colours = JPEG_YCBCR, .app1 = exif,
                          .app1_size = exif_size};
    made_file file = make_jpeg(&recipe);
    camx_image *image = read_made(file, NULL);
    camx_pixels pixels;
    bool turned = orientation >= 5;

    ck_assert_int_eq(camx_image_get_pixels(image, &pixels, NULL), CAMX_OK);
    ck_assert_int_eq(pixels.width, turned ? 39 : 53);
    ck_assert_int_eq(pixels.height, turned ? 53 : 39);
    for (int y = 0; y < pixels.height; y++) {
        for (int x = 0; x < pixels.width; x++) {
            uint8_t want[3];
            int sx, sy;

            stored_place(orientation, pixels.width, pixels.height, x, y, &sx, &sy);
            jpeg_colour(&recipe, sx, sy, want);
            check_near(image_pixel(image, x, y), want, "turned", x, y);
        }
    }
    camx_image_release(image);
    free(file.data);
}
END_TEST

START_TEST(orientation_can_be_ignored)
{
    uint8_t exif[64];
    jpeg_recipe recipe = {.width = 20, .height = 10, .colours = JPEG_GREY, .app1 = exif,
                          .app1_size = make_exif(exif, false, 6)};
    made_file file = make_jpeg(&recipe);
    camx_image_options options;
    camx_image *image;
    camx_pixels pixels;

    camx_image_options_init(&options);
    options.ignore_orientation = 1;
    image = read_made(file, &options);
    ck_assert_int_eq(camx_image_get_pixels(image, &pixels, NULL), CAMX_OK);
    ck_assert_int_eq(pixels.width, 20);
    camx_image_release(image);
    free(file.data);
}
END_TEST

static int width_with_app1(const uint8_t *app1, size_t size)
{
    jpeg_recipe recipe = {
        .width = 20, .height = 10, .colours = JPEG_GREY, .app1 = app1, .app1_size = size};
    made_file file = make_jpeg(&recipe);
    camx_image *image = read_made(file, NULL);
    camx_pixels pixels;

    ck_assert_int_eq(camx_image_get_pixels(image, &pixels, NULL), CAMX_OK);
    camx_image_release(image);
    free(file.data);
    return pixels.width;
}

START_TEST(malformed_exif_counts_as_none)
{
    static const struct {
        int at;
        uint8_t value;
    } damages[] = {
        {0, 'X'},   /* not called Exif */
        {6, 'Q'},   /* no TIFF */
        {8, 0},     /* nor 42 */
        {10, 0xff}, /* the directory is outside */
        {13, 0xff},
        {10, 37},   /* it ends in the middle of its count */
        {14, 1},    /* one entry only: the orientation is outside */
        {30, 4},    /* a wrong type */
        {32, 2},    /* two values */
        {36, 0},    /* no orientation has these numbers */
        {36, 9},
        {37, 1},
    };
    uint8_t exif[64];
    size_t size = make_exif(exif, false, 6);

    ck_assert_int_eq(width_with_app1(exif, size), 10);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        make_exif(exif, false, 6);
        exif[damages[i].at] = damages[i].value;
        ck_assert_msg(width_with_app1(exif, size) == 20, "damage %zu", i);
    }
    make_exif(exif, false, 6);
    for (size_t cut = 0; cut < 40; cut++)
        ck_assert_msg(width_with_app1(exif, cut) == 20, "cut to %zu bytes", cut);
    exif[14] = 0xff; /* more entries than there are: the first ones count */
    ck_assert_int_eq(width_with_app1(exif, size), 10);
}
END_TEST

START_TEST(unknown_colours_are_refused)
{
    jpeg_recipe recipe = {.width = 20, .height = 10, .colours = JPEG_TWO};
    made_file file = make_jpeg(&recipe);
    camx_image *image = NULL;
    camx_error error;

    ck_assert_int_eq(camx_image_read_memory(file.data, file.size, NULL, &image, &error),
                     CAMX_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "2 colour components"));
    free(file.data);
}
END_TEST

/* Puts `count` bytes into the file, `before` bytes before its end. */
static made_file with_extra_bytes(made_file file, size_t place, const uint8_t *extra, size_t count)
{
    made_file longer = {malloc(file.size + count), file.size + count};

    ck_assert_ptr_nonnull(longer.data);
    memcpy(longer.data, file.data, place);
    memcpy(longer.data + place, extra, count);
    memcpy(longer.data + place + count, file.data + place, file.size - place);
    return longer;
}

/* Cameras leave bytes before the end marker and write more pictures behind it: no damage. */
START_TEST(harmless_extra_bytes_are_accepted)
{
    jpeg_recipe recipe = {.width = 20, .height = 10, .colours = JPEG_YCBCR};
    made_file file = make_jpeg(&recipe);
    made_file padded = with_extra_bytes(file, file.size - 2, (const uint8_t *)"\0\0\0", 3);
    made_file followed = with_extra_bytes(file, file.size, (const uint8_t *)"more", 4);

    camx_image_release(read_made(padded, NULL));
    camx_image_release(read_made(followed, NULL));
    free(padded.data);
    free(followed.data);
    free(file.data);
}
END_TEST

/* Before a restart marker they mean that a stretch of the picture did not decode. */
START_TEST(extra_bytes_before_a_restart_are_damage)
{
    jpeg_recipe recipe = {.width = 40, .height = 40, .colours = JPEG_YCBCR, .restart_rows = 1};
    made_file file = make_jpeg(&recipe), damaged;
    camx_image *image = NULL;
    camx_error error;
    size_t restart = 0;

    for (size_t i = 0; i + 1 < file.size && restart == 0; i++)
        if (file.data[i] == 0xff && file.data[i + 1] == 0xd0)
            restart = i;
    ck_assert_uint_ne(restart, 0);
    damaged = with_extra_bytes(file, restart, (const uint8_t *)"more than a few bytes", 21);
    ck_assert_int_eq(camx_image_read_memory(damaged.data, damaged.size, NULL, &image, &error),
                     CAMX_E_FORMAT);
    ck_assert_ptr_null(image);
    free(damaged.data);
    free(file.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_jpeg");
    TCase *cases = tcase_create("read");
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, every_kind_is_read, 0, sizeof kinds / sizeof kinds[0]);
    tcase_add_test(cases, small_and_narrow_pictures_are_read);
    tcase_add_loop_test(cases, orientation_is_undone, 0, 16);
    tcase_add_test(cases, orientation_can_be_ignored);
    tcase_add_test(cases, malformed_exif_counts_as_none);
    tcase_add_test(cases, unknown_colours_are_refused);
    tcase_add_test(cases, harmless_extra_bytes_are_accepted);
    tcase_add_test(cases, extra_bytes_before_a_restart_are_damage);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
