/* SPDX-License-Identifier: Apache-2.0 */
/* lib/input: pictures and tensors become what the network sees. */
#include <check.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "failing_allocator.h"
#include "input/input.h"
#include "input/number.h"
#include "input/prepare.h"

typedef struct resize_case {
    const char *name;
    int32_t photo_width, photo_height, samples, fit, filter, resize, width, height, channels;
    uint8_t expected[300];
} resize_case;

#define WANT_RESIZE_CASES
#include "data/picture_references.h"

/* Metadata for a spec: keys and texts in turn, NULL at the end. */
static const char *find_text(const void *user, const char *key)
{
    for (const char *const *pair = user; *pair != NULL; pair += 2)
        if (strcmp(pair[0], key) == 0)
            return pair[1];
    return NULL;
}

static camx__memory memory;
static camx_error error;

static void begin(void)
{
    camx__memory_init(&memory, NULL, 0);
    memset(&error, 0, sizeof error);
}

static void end(void)
{
    ck_assert_uint_eq(memory.blocks, 0);
}

static camx__input_spec spec_of(int32_t channels, const char *const *texts)
{
    return (camx__input_spec){.channels = channels,
                              .fixed_width = -1,
                              .fixed_height = -1,
                              .metadata = texts != NULL ? find_text : NULL,
                              .user = texts,
                              .memory = &memory};
}

/* The same formula as photo() in data/make_picture_references.py. */
static uint8_t photo_sample(int x, int y, int c)
{
    return (uint8_t)((x * 37 + y * 59 + c * 101 + x * y * 7) & 255);
}

static uint8_t photo_bytes[100000];

/* A photo in any format; the bytes between rows and the alpha are noise that must not matter. */
static camx_pixels photo_of(int32_t format, int width, int height, size_t gap)
{
    static const int places[5][3] = {{0, 1, 2}, {2, 1, 0}, {0, 1, 2}, {2, 1, 0}, {0, 0, 0}};
    static const size_t sizes[5] = {3, 3, 4, 4, 1};
    size_t bytes = sizes[format];
    size_t stride = (size_t)width * bytes + gap;

    ck_assert_uint_le(stride * (size_t)height, sizeof photo_bytes);
    memset(photo_bytes, 0xa5, sizeof photo_bytes);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < (bytes == 1 ? 1 : 3); c++)
                photo_bytes[(size_t)y * stride + (size_t)x * bytes + (size_t)places[format][c]] =
                    photo_sample(x, y, c);
    return (camx_pixels){sizeof(camx_pixels),   format,     width, height,
                         gap != 0 ? stride : 0, photo_bytes};
}

/* Options that leave 8-bit numbers as they are. */
static camx_input_options plain_options(const camx__input_spec *spec)
{
    camx_input_options options;

    ck_assert_int_eq(camx__input_options_for(spec, CAMX_PRESET_IMAGENET, &options, &error),
                     CAMX_OK);
    for (int c = 0; c < 4; c++) {
        options.mean[c] = 0.0f;
        options.std[c] = 1.0f;
    }
    return options;
}

static camx_input *must_prepare(const camx__input_spec *spec, const camx_pixels *photo,
                                const camx_input_options *options)
{
    camx_input *input = NULL;
    camx_status status = camx__input_from_pixels(spec, photo, options, &input, &error);

    ck_assert_msg(status == CAMX_OK, "%s", error.message);
    ck_assert_ptr_nonnull(input);
    return input;
}

static void check_resize(const resize_case *at)
{
    camx__input_spec spec = spec_of(at->channels, NULL);
    camx_input_options options = plain_options(&spec);
    camx_pixels photo = photo_of(at->samples == 1 ? CAMX_PIXEL_GREY : CAMX_PIXEL_RGB,
                                 at->photo_width, at->photo_height, 0);
    int32_t area = at->width * at->height;

    options.fit = at->fit;
    options.filter = at->filter;
    options.resize = at->resize;
    options.width = at->width;
    options.height = at->height;
    camx_input *input = must_prepare(&spec, &photo, &options);
    for (int32_t i = 0; i < area; i++)
        for (int32_t c = 0; c < at->channels; c++) {
            float found = input->values[c * area + i];
            float wanted = at->expected[i * at->channels + c];
            float allowed = at->filter == CAMX_FILTER_BILINEAR_PLAIN ? 1.0f : 0.0f;
            ck_assert_msg(fabsf(found - wanted) <= allowed,
                          "%s: pixel %d, channel %d: %g instead of %g", at->name, i, c,
                          (double)found, (double)wanted);
        }
    camx__input_release(input);
}

START_TEST(resizing_equals_pillow)
{
    begin();
    check_resize(&resize_cases[_i]);
    end();
}
END_TEST

START_TEST(every_format_gives_the_same_picture)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    camx_input_options options = plain_options(&spec);
    options.width = options.height = 9;
    camx_pixels photo = photo_of(CAMX_PIXEL_RGB, 31, 22, 0);
    camx_input *wanted = must_prepare(&spec, &photo, &options);
    for (int32_t format = CAMX_PIXEL_RGB; format <= CAMX_PIXEL_BGRA; format++) {
        photo = photo_of(format, 31, 22, 5);
        camx_input *input = must_prepare(&spec, &photo, &options);
        ck_assert_mem_eq(input->values, wanted->values, 3 * 81 * sizeof(float));
        camx__input_release(input);
    }
    options.bgr = 1;
    photo = photo_of(CAMX_PIXEL_RGB, 31, 22, 0);
    camx_input *swapped = must_prepare(&spec, &photo, &options);
    for (int c = 0; c < 3; c++)
        ck_assert_mem_eq(swapped->values + 81 * c, wanted->values + 81 * (2 - c),
                         81 * sizeof(float));
    camx__input_release(swapped);
    options.bgr = 0;
    spec.channels_last = 1;
    camx_input *last = must_prepare(&spec, &photo, &options);
    for (int i = 0; i < 81; i++)
        for (int c = 0; c < 3; c++)
            ck_assert_float_eq(last->values[3 * i + c], wanted->values[81 * c + i]);
    ck_assert_int_eq(last->shape[1], 9);
    ck_assert_int_eq(last->shape[3], 3);
    camx__input_release(last);
    camx__input_release(wanted);
    end();
}
END_TEST

START_TEST(grey_is_repeated_for_three_channels)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    camx_input_options options = plain_options(&spec);
    options.width = options.height = 8;
    camx_pixels photo = photo_of(CAMX_PIXEL_GREY, 20, 30, 3);
    camx_input *input = must_prepare(&spec, &photo, &options);
    ck_assert_mem_eq(input->values, input->values + 64, 64 * sizeof(float));
    ck_assert_mem_eq(input->values, input->values + 128, 64 * sizeof(float));
    camx__input_release(input);
    end();
}
END_TEST

START_TEST(normalising_and_fill_agree)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    static uint8_t pixel[3] = {200, 30, 90};
    camx_pixels photo = {sizeof photo, CAMX_PIXEL_RGB, 1, 1, 0, pixel};
    camx_input_options options;
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_IMAGENET, &options, &error),
                     CAMX_OK);
    options.width = options.height = 1;
    for (options.bgr = 0; options.bgr < 2; options.bgr++) {
        camx_input *input = must_prepare(&spec, &photo, &options);
        for (int c = 0; c < 3; c++) {
            float fill;
            int colour = options.bgr ? 2 - c : c;
            double wanted = (pixel[colour] - (double)options.mean[c]) / (double)options.std[c];
            ck_assert_int_eq(camx__input_fill_value(input, pixel, c, &fill, &error), CAMX_OK);
            ck_assert_double_eq_tol(input->values[c], wanted, 1e-6);
            ck_assert_float_eq(fill, input->values[c]);
        }
        camx__input_release(input);
    }
    spec.channels = 1;
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_UNIT, &options, &error), CAMX_OK);
    options.width = options.height = 1;
    camx_input *grey = must_prepare(&spec, &photo, &options);
    float fill;
    ck_assert_int_eq(camx__input_fill_value(grey, pixel, 0, &fill, &error), CAMX_OK);
    ck_assert_float_eq(fill, grey->values[0]);
    ck_assert_float_eq_tol(fill, (0.299f * 200 + 0.587f * 30 + 0.114f * 90) / 255, 0.003f);
    camx__input_release(grey);
    end();
}
END_TEST

START_TEST(letterbox_keeps_the_whole_picture)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    camx_input_options options = plain_options(&spec);
    camx_pixels photo = photo_of(CAMX_PIXEL_RGB, 40, 20, 0);
    options.fit = CAMX_FIT_LETTERBOX;
    options.width = options.height = 20;
    options.fill[0] = 7;
    options.fill[1] = 8;
    options.fill[2] = 9;
    camx_input *input = must_prepare(&spec, &photo, &options);
    for (int y = 0; y < 20; y++)
        for (int c = 0; c < 3; c++) {
            bool border = input->values[400 * c + 20 * y] == 7 + c &&
                          input->values[400 * c + 20 * y + 19] == 7 + c;
            ck_assert_msg(border == (y < 5 || y >= 15), "row %d, channel %d", y, c);
        }
    ck_assert_double_eq(camx__geometry_to_network_x(&input->geometry, 40), 20);
    ck_assert_double_eq(camx__geometry_to_network_y(&input->geometry, 0), 5);
    ck_assert_double_eq(camx__geometry_to_network_y(&input->geometry, 20), 15);
    ck_assert_double_eq(camx__geometry_to_photo_y(&input->geometry, 10), 10);
    ck_assert_double_eq(camx__geometry_to_photo_x(&input->geometry, 10), 20);
    camx__input_release(input);
    end();
}
END_TEST

/* A bright spot in the photo must be where the geometry says. */
START_TEST(geometry_finds_a_spot_again)
{
    static const int32_t fits[] = {CAMX_FIT_CROP, CAMX_FIT_STRETCH, CAMX_FIT_LETTERBOX};

    begin();
    camx__input_spec spec = spec_of(1, NULL);
    camx_input_options options = plain_options(&spec);
    static uint8_t dark[160 * 90];
    camx_pixels photo = {sizeof photo, CAMX_PIXEL_GREY, 160, 90, 0, dark};
    memset(dark, 0, sizeof dark);
    for (int y = 52; y < 58; y++)
        for (int x = 96; x < 102; x++)
            dark[y * 160 + x] = 255;
    options.fit = fits[_i];
    memset(options.fill, 0, sizeof options.fill);
    options.width = 64;
    options.height = 48;
    camx_input *input = must_prepare(&spec, &photo, &options);
    double sum = 0, sum_x = 0, sum_y = 0;
    for (int y = 0; y < 48; y++)
        for (int x = 0; x < 64; x++) {
            double value = input->values[64 * y + x];
            sum += value;
            sum_x += value * (x + 0.5);
            sum_y += value * (y + 0.5);
        }
    ck_assert_double_gt(sum, 0);
    ck_assert_double_eq_tol(camx__geometry_to_photo_x(&input->geometry, sum_x / sum), 99, 0.1);
    ck_assert_double_eq_tol(camx__geometry_to_photo_y(&input->geometry, sum_y / sum), 55, 0.1);
    ck_assert_int_eq(input->geometry.photo_width, 160);
    ck_assert_int_eq(input->geometry.network_height, 48);
    camx__input_release(input);
    end();
}
END_TEST

START_TEST(presets_are_what_they_say)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    camx_input_options options;
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_AUTO, &options, &error), CAMX_OK);
    ck_assert_int_eq(options.source, CAMX_PRESET_IMAGENET);
    ck_assert_uint_eq(options.struct_size, sizeof options);
    ck_assert_int_eq(options.width, 224);
    ck_assert_int_eq(options.height, 224);
    ck_assert_int_eq(options.resize, 0);
    ck_assert_float_eq(options.mean[1], 116.28f);
    ck_assert_float_eq(options.std[2], 57.375f);
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_TF, &options, &error), CAMX_OK);
    ck_assert_float_eq(options.mean[0], 127.5f);
    ck_assert_float_eq(options.std[0], 127.5f);
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_UNIT, &options, &error), CAMX_OK);
    ck_assert_float_eq(options.mean[2], 0.0f);
    ck_assert_float_eq(options.std[2], 255.0f);
    spec.channels = 1;
    spec.fixed_width = spec.fixed_height = 28;
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_IMAGENET, &options, &error),
                     CAMX_OK);
    ck_assert_int_eq(options.width, 28);
    ck_assert_float_eq_tol(options.mean[0], 117.04f, 0.01f);
    ck_assert_int_eq(camx__input_options_for(&spec, 17, &options, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__input_options_for(&spec, 0, NULL, &error), CAMX_E_ARGUMENT);
    spec.channels = 4;
    ck_assert_int_eq(camx__input_options_for(&spec, 1, &options, &error), CAMX_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "4 channels"));
    end();
}
END_TEST

START_TEST(metadata_is_followed)
{
    static const char *const texts[] = {"camx.mean",
                                        " 1.5, 2 ,-3e1\n",
                                        "camx.std",
                                        "128",
                                        "camx.channels",
                                        "bgr",
                                        "camx.fit",
                                        "letterbox",
                                        "camx.resize",
                                        "300",
                                        "camx.crop",
                                        "240",
                                        "camx.width",
                                        "320",
                                        "camx.interpolation",
                                        "bicubic",
                                        NULL};

    begin();
    camx__input_spec spec = spec_of(3, texts);
    camx_input_options options;
    camx_status status = camx__input_options_for(&spec, CAMX_PRESET_AUTO, &options, &error);
    ck_assert_msg(status == CAMX_OK, "%s", error.message);
    ck_assert_int_eq(options.source, CAMX_PRESET_AUTO);
    ck_assert_float_eq(options.mean[0], 1.5f);
    ck_assert_float_eq(options.mean[1], 2.0f);
    ck_assert_float_eq(options.mean[2], -30.0f);
    ck_assert_float_eq(options.std[2], 128.0f);
    ck_assert_int_eq(options.bgr, 1);
    ck_assert_int_eq(options.fit, CAMX_FIT_LETTERBOX);
    ck_assert_int_eq(options.resize, 300);
    ck_assert_int_eq(options.width, 320);
    ck_assert_int_eq(options.height, 240);
    ck_assert_int_eq(options.filter, CAMX_FILTER_BICUBIC);
    /* Another preset takes nothing but the size from it. */
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_TF, &options, &error), CAMX_OK);
    ck_assert_int_eq(options.width, 320);
    ck_assert_int_eq(options.bgr, 0);
    ck_assert_int_eq(options.fit, CAMX_FIT_CROP);
    end();
}
END_TEST

START_TEST(imagenet_is_turned_round_for_bgr)
{
    static const char *const texts[] = {"camx.channels", "bgr", NULL};

    begin();
    camx__input_spec spec = spec_of(3, texts);
    camx_input_options options;
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_AUTO, &options, &error), CAMX_OK);
    ck_assert_float_eq(options.mean[0], 103.53f);
    ck_assert_float_eq(options.std[0], 57.375f);
    ck_assert_float_eq(options.mean[2], 123.675f);
    end();
}
END_TEST

static const struct bad_text {
    const char *texts[3];
    camx_status status;
} bad_texts[] = {
    {{"camx.mean", "1 2"}, CAMX_E_FORMAT},
    {{"camx.mean", "1 2 3 4"}, CAMX_E_FORMAT},
    {{"camx.mean", ""}, CAMX_E_FORMAT},
    {{"camx.mean", "12,5x 3 4"}, CAMX_E_FORMAT},
    {{"camx.mean", "nan nan nan"}, CAMX_E_FORMAT},
    {{"camx.mean", "1e999 1 1"}, CAMX_E_FORMAT},
    {{"camx.mean", "- 1 1"}, CAMX_E_FORMAT},
    {{"camx.mean", "1e 1 1"}, CAMX_E_FORMAT},
    {{"camx.std", "0.229 0.224 0.225"}, CAMX_E_FORMAT},
    {{"camx.std", "0"}, CAMX_E_FORMAT},
    {{"camx.std", "-5"}, CAMX_E_FORMAT},
    {{"camx.channels", "RGBA"}, CAMX_E_FORMAT},
    {{"camx.fit", "Crop"}, CAMX_E_FORMAT},
    {{"camx.interpolation", "lanczos"}, CAMX_E_FORMAT},
    {{"camx.resize", "256.5"}, CAMX_E_FORMAT},
    {{"camx.resize", "0"}, CAMX_E_FORMAT},
    {{"camx.resize", "-1"}, CAMX_E_FORMAT},
    {{"camx.crop", "99999999999999999999"}, CAMX_E_FORMAT},
    {{"camx.width", "224 224"}, CAMX_E_FORMAT},
    {{"camx.height", "wide"}, CAMX_E_FORMAT},
    {{"camx.crop", "225"}, CAMX_E_SHAPE},
};

START_TEST(bad_metadata_names_its_key)
{
    const struct bad_text *bad = &bad_texts[_i];

    begin();
    camx__input_spec spec = spec_of(3, bad->texts);
    camx_input_options options;
    camx_input *input = NULL;
    camx_pixels photo = photo_of(CAMX_PIXEL_RGB, 8, 8, 0);
    if (bad->status == CAMX_E_SHAPE)
        spec.fixed_width = spec.fixed_height = 224;
    memset(&options, 0x5a, sizeof options);
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_AUTO, &options, &error),
                     bad->status);
    ck_assert_msg(strstr(error.message, bad->texts[0]) != NULL, "%s", error.message);
    ck_assert_uint_eq(options.struct_size, 0x5a5a5a5a); /* untouched */
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_AUTO, &options, NULL), bad->status);
    ck_assert_int_eq(camx__input_from_pixels(&spec, &photo, NULL, &input, &error), bad->status);
    ck_assert_ptr_null(input);
    /* The caller's own preparation still works. */
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_IMAGENET, &options, &error),
                     CAMX_OK);
    input = must_prepare(&spec, &photo, &options);
    camx__input_release(input);
    end();
}
END_TEST

START_TEST(bgr_metadata_needs_three_channels)
{
    static const char *const texts[] = {"camx.channels", "bgr", NULL};

    begin();
    camx__input_spec spec = spec_of(1, texts);
    camx_input_options options;
    ck_assert_int_eq(camx__input_options_for(&spec, CAMX_PRESET_AUTO, &options, &error),
                     CAMX_E_FORMAT);
    end();
}
END_TEST

START_TEST(default_size_is_found)
{
    static const char *const texts[] = {"camx.height", "192", NULL};

    begin();
    camx__input_spec spec = spec_of(3, texts);
    int32_t width, height;
    ck_assert_int_eq(camx__input_default_size(&spec, &width, &height, &error), CAMX_OK);
    ck_assert_int_eq(width, 224);
    ck_assert_int_eq(height, 192);
    spec.fixed_width = 99;
    ck_assert_int_eq(camx__input_default_size(&spec, &width, &height, &error), CAMX_OK);
    ck_assert_int_eq(width, 99);
    spec.fixed_height = 100;
    ck_assert_int_eq(camx__input_default_size(&spec, &width, &height, &error), CAMX_E_SHAPE);
    ck_assert_ptr_nonnull(strstr(error.message, "camx.height"));
    end();
}
END_TEST

/* The size after resizing and the corner of the crop, for a photo of 500 x 375 and others. */
static const struct plan_case {
    int32_t photo_width, photo_height, fit, resize, width, height;
    int64_t resized_width, resized_height, left, top;
} plan_cases[] = {
    {500, 375, CAMX_FIT_CROP, 256, 224, 224, 341, 256, 58, 16},
    {375, 500, CAMX_FIT_CROP, 256, 224, 224, 256, 341, 16, 58},
    {451, 300, CAMX_FIT_CROP, 0, 224, 224, 384, 256, 80, 16},
    {500, 500, CAMX_FIT_CROP, 0, 299, 299, 342, 342, 22, 22}, /* 21.5: half to even */
    {500, 500, CAMX_FIT_CROP, 227, 224, 224, 227, 227, 2, 2}, /* 1.5 */
    {500, 500, CAMX_FIT_CROP, 225, 224, 224, 225, 225, 0, 0}, /* 0.5 */
    {500, 500, CAMX_FIT_CROP, 221, 224, 224, 221, 221, -1, -1},
    {400, 300, CAMX_FIT_CROP, 0, 320, 160, 365, 274, 22, 57}, /* covers a wide window */
    {1000000, 1, CAMX_FIT_CROP, 256, 224, 224, 256000000, 256, 127999888, 16},
    {2147483647, 1, CAMX_FIT_CROP, 32768, 224, 224, INT64_C(70368744144896), 32768,
     INT64_C(35184372072336), 16272},
    {1000, 1, CAMX_FIT_LETTERBOX, 0, 224, 224, 224, 1, 0, -111},
    {3, 5, CAMX_FIT_LETTERBOX, 0, 20, 20, 12, 20, -4, 0},
    {3, 5, CAMX_FIT_STRETCH, 99, 20, 10, 20, 10, 0, 0},
};

START_TEST(plans_are_torchvisions)
{
    const struct plan_case *at = &plan_cases[_i];
    camx_input_options options = {
        .fit = at->fit, .resize = at->resize, .width = at->width, .height = at->height};
    camx__input_plan plan = camx__input_plan_for(&options, at->photo_width, at->photo_height);

    ck_assert_int_eq(plan.resized_width, at->resized_width);
    ck_assert_int_eq(plan.resized_height, at->resized_height);
    ck_assert_int_eq(plan.left, at->left);
    ck_assert_int_eq(plan.top, at->top);
}
END_TEST

START_TEST(thin_pictures_need_little_memory)
{
    begin();
    static uint8_t thin[20000];
    camx__input_spec spec = spec_of(3, NULL);
    camx_input_options options = plain_options(&spec);
    memset(thin, 77, sizeof thin);
    options.width = options.height = 64;
    for (int upright = 0; upright < 2; upright++)
        for (options.fit = CAMX_FIT_CROP; options.fit <= CAMX_FIT_LETTERBOX; options.fit++)
            for (options.filter = 0; options.filter <= CAMX_FILTER_NEAREST; options.filter++) {
                camx_pixels photo = {
                    sizeof photo, CAMX_PIXEL_GREY, upright ? 1 : 20000, upright ? 20000 : 1, 0,
                    thin};
                camx_input *input = must_prepare(&spec, &photo, &options);
                ck_assert_float_eq(input->values[64 * 31 + 31], 77.0f);
                ck_assert_float_eq(input->values[2 * 4096 + 64 * 31 + 31], 77.0f);
                camx__input_release(input);
            }
    /* 20,000 columns resized to 64 need their weights, and little else. */
    ck_assert_uint_lt(memory.peak, 1 << 20);
    end();
}
END_TEST

static void expect_pixels(const camx__input_spec *spec, const camx_pixels *photo,
                          const camx_input_options *options, camx_status status, const char *word)
{
    camx_input *input = (camx_input *)&memory;

    ck_assert_int_eq(camx__input_from_pixels(spec, photo, options, &input, &error), status);
    ck_assert_ptr_null(input);
    ck_assert_msg(strstr(error.message, word) != NULL, "'%s' is not in: %s", word, error.message);
}

START_TEST(bad_pixels_are_refused)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    camx_pixels good = photo_of(CAMX_PIXEL_RGB, 8, 8, 0);
    camx_pixels bad = good;
    expect_pixels(&spec, NULL, NULL, CAMX_E_ARGUMENT, "NULL");
    bad.struct_size = 0;
    expect_pixels(&spec, &bad, NULL, CAMX_E_ARGUMENT, "camx_pixels_init()");
    bad.struct_size = sizeof bad + 8;
    expect_pixels(&spec, &bad, NULL, CAMX_E_ARGUMENT, "newer");
    bad.struct_size = 9;
    expect_pixels(&spec, &bad, NULL, CAMX_E_ARGUMENT, "struct_size");
    bad = good;
    bad.width = 0;
    expect_pixels(&spec, &bad, NULL, CAMX_E_ARGUMENT, "0 x 8");
    bad = good;
    bad.height = -3;
    expect_pixels(&spec, &bad, NULL, CAMX_E_ARGUMENT, "-3");
    bad = good;
    bad.format = 5;
    expect_pixels(&spec, &bad, NULL, CAMX_E_ARGUMENT, "format");
    bad = good;
    bad.stride = 23;
    expect_pixels(&spec, &bad, NULL, CAMX_E_ARGUMENT, "stride");
    bad.stride = SIZE_MAX / 4;
    expect_pixels(&spec, &bad, NULL, CAMX_E_ARGUMENT, "stride");
    bad = good;
    bad.data = NULL;
    expect_pixels(&spec, &bad, NULL, CAMX_E_ARGUMENT, "data");
    ck_assert_int_eq(camx__input_from_pixels(&spec, &good, NULL, NULL, &error), CAMX_E_ARGUMENT);
    end();
}
END_TEST

START_TEST(bad_options_are_refused)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    camx_pixels photo = photo_of(CAMX_PIXEL_RGB, 8, 8, 0);
    const camx_input_options good = plain_options(&spec);
    camx_input_options bad = good;
    bad.struct_size = 0;
    expect_pixels(&spec, &photo, &bad, CAMX_E_ARGUMENT, "struct_size");
    bad = good;
    bad.fit = 3;
    expect_pixels(&spec, &photo, &bad, CAMX_E_ARGUMENT, "fit");
    bad = good;
    bad.filter = -1;
    expect_pixels(&spec, &photo, &bad, CAMX_E_ARGUMENT, "filter");
    bad = good;
    bad.resize = 32769;
    expect_pixels(&spec, &photo, &bad, CAMX_E_ARGUMENT, "resize");
    bad = good;
    bad.std[2] = 0.0f;
    expect_pixels(&spec, &photo, &bad, CAMX_E_ARGUMENT, "std[2]");
    bad.std[2] = NAN;
    expect_pixels(&spec, &photo, &bad, CAMX_E_ARGUMENT, "std[2]");
    bad = good;
    bad.mean[1] = INFINITY;
    expect_pixels(&spec, &photo, &bad, CAMX_E_ARGUMENT, "mean[1]");
    bad = good;
    bad.width = -1;
    expect_pixels(&spec, &photo, &bad, CAMX_E_ARGUMENT, "width");
    bad.width = 32769;
    expect_pixels(&spec, &photo, &bad, CAMX_E_ARGUMENT, "width");
    bad = good;
    bad.height = 200;
    spec.fixed_height = 224;
    expect_pixels(&spec, &photo, &bad, CAMX_E_SHAPE, "only takes 224");
    spec.channels = 5;
    expect_pixels(&spec, &photo, &good, CAMX_E_UNSUPPORTED, "5 channels");
    end();
}
END_TEST

START_TEST(older_options_keep_their_defaults)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    camx_pixels photo = photo_of(CAMX_PIXEL_RGB, 8, 8, 0);
    camx_input_options options = plain_options(&spec);
    options.width = options.height = 0; /* the model's default */
    options.struct_size = offsetof(camx_input_options, mean);
    camx_input *input = must_prepare(&spec, &photo, &options);
    ck_assert_int_eq(input->width, 224);
    ck_assert_float_eq(input->scale.mean[0], 123.675f);
    camx__input_release(input);
    end();
}
END_TEST

START_TEST(tensors_are_copied)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    float values[2 * 3 * 2 * 2];
    int64_t shape[4] = {2, 3, 2, 2};
    camx_input *input, *other;
    for (int i = 0; i < 24; i++)
        values[i] = (float)i;
    values[3] = NAN;
    values[4] = INFINITY;
    ck_assert_int_eq(camx__input_from_floats(&spec, values, shape, 4, &input, &error), CAMX_OK);
    ck_assert_mem_eq(input->values, values, sizeof values);
    ck_assert_ptr_ne(input->values, values);
    ck_assert_int_eq(input->images, 2);
    ck_assert_mem_eq(input->shape, shape, sizeof shape);
    ck_assert_int_eq(input->geometry.photo_width, 2);
    ck_assert_double_eq(input->geometry.scale_x, 1.0);
    ck_assert_ptr_nonnull(strstr(input->description, "2x3x2x2"));
    ck_assert_int_eq(camx__input_from_floats(&spec, values, shape + 1, 3, &other, &error), CAMX_OK);
    ck_assert_int_eq(other->images, 1);
    ck_assert_uint_ne(other->identity, input->identity);
    camx__input_release(other);
    spec.channels_last = 1;
    shape[1] = 2;
    shape[3] = 3;
    ck_assert_int_eq(camx__input_from_floats(&spec, values, shape, 4, &other, &error), CAMX_OK);
    ck_assert_int_eq(other->channels, 3);
    camx__input_release(other);
    camx__input_retain(input);
    camx__input_release(input);
    ck_assert_int_eq(input->width, 2); /* still there */
    camx__input_release(input);
    camx__input_release(NULL);
    end();
}
END_TEST

static void expect_floats(const camx__input_spec *spec, const int64_t *shape, uint32_t rank,
                          camx_status status, const char *word)
{
    static const float values[64];
    camx_input *input = (camx_input *)&memory;

    ck_assert_int_eq(camx__input_from_floats(spec, values, shape, rank, &input, &error), status);
    ck_assert_ptr_null(input);
    ck_assert_msg(strstr(error.message, word) != NULL, "'%s' is not in: %s", word, error.message);
}

START_TEST(bad_tensors_are_refused)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    static const float values[12];
    camx_input *input;
    expect_floats(&spec, (int64_t[]){1, 3, 2, 2, 1}, 5, CAMX_E_ARGUMENT, "5 dimensions");
    expect_floats(&spec, (int64_t[]){12}, 1, CAMX_E_ARGUMENT, "[N, C, H, W]");
    expect_floats(&spec, (int64_t[]){1, 2, 2, 3}, 4, CAMX_E_SHAPE, "2 channels");
    expect_floats(&spec, (int64_t[]){0, 3, 2, 2}, 4, CAMX_E_ARGUMENT, "0 images");
    expect_floats(&spec, (int64_t[]){1, 3, 0, 2}, 4, CAMX_E_ARGUMENT, "height is 0");
    expect_floats(&spec, (int64_t[]){1, 3, 2, -2}, 4, CAMX_E_ARGUMENT, "width is -2");
    expect_floats(&spec, (int64_t[]){1, 3, 2, INT64_MAX}, 4, CAMX_E_ARGUMENT, "width");
    expect_floats(&spec, (int64_t[]){INT32_MAX, 3, INT32_MAX, INT32_MAX}, 4, CAMX_E_MEMORY, "");
    spec.fixed_width = 4;
    expect_floats(&spec, (int64_t[]){1, 3, 2, 2}, 4, CAMX_E_SHAPE, "only takes 4");
    ck_assert_int_eq(
        camx__input_from_floats(&spec, NULL, (int64_t[]){1, 3, 4, 4}, 4, &input, &error),
        CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__input_from_floats(&spec, values, NULL, 4, &input, &error),
                     CAMX_E_ARGUMENT);
    ck_assert_int_eq(
        camx__input_from_floats(&spec, values, (int64_t[]){1, 3, 2, 2}, 4, NULL, &error),
        CAMX_E_ARGUMENT);
    end();
}
END_TEST

START_TEST(colours_in_a_tensor)
{
    static const char *const good[] = {"camx.mean", "100", "camx.std", "50", NULL};
    static const char *const bad[] = {"camx.mean", "what", NULL};
    static const uint8_t rgb[3] = {200, 100, 50};
    const float values[12] = {0};
    const int64_t shape[4] = {1, 3, 2, 2};

    begin();
    camx__input_spec spec = spec_of(3, good);
    camx_input *input;
    float fill;
    ck_assert_int_eq(camx__input_from_floats(&spec, values, shape, 4, &input, &error), CAMX_OK);
    ck_assert_int_eq(camx__input_fill_value(input, rgb, 0, &fill, &error), CAMX_OK);
    ck_assert_float_eq(fill, 2.0f);
    camx__input_release(input);
    spec = spec_of(3, bad);
    ck_assert_int_eq(camx__input_from_floats(&spec, values, shape, 4, &input, &error), CAMX_OK);
    ck_assert_int_eq(camx__input_fill_value(input, rgb, 0, &fill, &error), CAMX_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "CAMX_FILL_VALUE"));
    camx__input_release(input);
    end();
}
END_TEST

static int owners;

static void retain_owner(void *owner)
{
    *(int *)owner += 1;
}

static void release_owner(void *owner)
{
    *(int *)owner -= 1;
}

START_TEST(an_input_keeps_its_owner)
{
    begin();
    camx__input_spec spec = spec_of(3, NULL);
    const float values[12] = {0};
    camx_input *input;
    owners = 0;
    spec.owner = &owners;
    spec.retain_owner = retain_owner;
    spec.release_owner = release_owner;
    ck_assert_int_eq(
        camx__input_from_floats(&spec, values, (int64_t[]){1, 3, 2, 2}, 4, &input, &error),
        CAMX_OK);
    ck_assert_int_eq(owners, 1);
    camx__input_release(input);
    ck_assert_int_eq(owners, 0);
    end();
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    int failures = 0;

    for (int n = 1;; n++) {
        failing_allocator failing = {.fail_at = n};
        camx_allocator allocator = failing_allocator_use(&failing);
        camx__memory_init(&memory, &allocator, 0);
        camx__input_spec spec = spec_of(1, NULL);
        spec.owner = &owners;
        spec.retain_owner = retain_owner;
        spec.release_owner = release_owner;
        owners = 0;
        camx_pixels photo = photo_of(CAMX_PIXEL_BGRA, 40, 30, 0);
        camx_input *input;
        camx_status status = camx__input_from_pixels(&spec, &photo, NULL, &input, &error);
        if (status == CAMX_OK) {
            camx__input_release(input);
            ck_assert_int_eq(failing.held, 0);
            break;
        }
        failures++;
        ck_assert_int_eq(status, CAMX_E_MEMORY);
        ck_assert_ptr_null(input);
        ck_assert_int_eq(failing.held, 0);
        ck_assert_int_eq(owners, 0);
    }
    ck_assert_int_ge(failures, 10);
}
END_TEST

static const struct description_case {
    int32_t preset, fit, filter, width;
    const char *text;
} description_cases[] = {
    {CAMX_PRESET_IMAGENET, CAMX_FIT_CROP, CAMX_FILTER_BILINEAR, 224,
     "shorter side to 256 (bilinear, antialiased), centre crop 224x224, RGB, mean 123.675 116.28 "
     "103.53, "
     "std 58.395 57.12 57.375 (preset imagenet)"},
    {CAMX_PRESET_TF, CAMX_FIT_CROP, CAMX_FILTER_BILINEAR, 224,
     "shorter side to 256 (bilinear, antialiased), centre crop 224x224, RGB, mean 127.5, std 127.5 "
     "(preset tf)"},
    {CAMX_PRESET_UNIT, CAMX_FIT_STRETCH, CAMX_FILTER_BICUBIC, 160,
     "stretched to 160x160 (bicubic, antialiased), RGB, mean 0, std 255 (changed from preset "
     "unit)"},
    {CAMX_PRESET_AUTO, CAMX_FIT_LETTERBOX, CAMX_FILTER_NEAREST, 100,
     "resized to 100x67 (nearest) inside 100x100, RGB, mean 123.675 116.28 103.53, std 58.395 "
     "57.12 57.375 "
     "(changed from preset imagenet)"},
};

START_TEST(descriptions_say_what_was_done)
{
    const struct description_case *at = &description_cases[_i];

    begin();
    camx__input_spec spec = spec_of(3, NULL);
    camx_pixels photo = photo_of(CAMX_PIXEL_RGB, 60, 40, 0);
    camx_input_options options;
    ck_assert_int_eq(camx__input_options_for(&spec, at->preset, &options, &error), CAMX_OK);
    options.fit = at->fit;
    options.filter = at->filter;
    options.width = options.height = at->width;
    camx_input *input = must_prepare(&spec, &photo, &options);
    ck_assert_str_eq(input->description, at->text);
    camx__input_release(input);
    end();
}
END_TEST

START_TEST(a_border_is_mentioned)
{
    static const char *const texts[] = {"camx.resize", "100", NULL};

    begin();
    camx__input_spec spec = spec_of(1, texts);
    camx_pixels photo = photo_of(CAMX_PIXEL_RGB, 60, 40, 0);
    camx_input *input = must_prepare(&spec, &photo, NULL);
    ck_assert_ptr_nonnull(
        strstr(input->description, "centre crop 224x224 with black borders, grey, mean 117.04"));
    ck_assert_ptr_nonnull(strstr(input->description, "(the model's metadata)"));
    camx__input_release(input);
    end();
}
END_TEST

START_TEST(numbers_ignore_the_locale)
{
    static const char *const commas[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "pt_BR.UTF-8",
                                         NULL};
    double values[3];
    char text[32];
    int count;

    for (int i = 0; commas[i] != NULL && setlocale(LC_NUMERIC, commas[i]) == NULL; i++)
        ;
    ck_assert_int_eq(camx__number_list("123.675 1e-2;-.5", values, 3), 3);
    ck_assert_double_eq(values[0], 123.675);
    ck_assert_double_eq(values[1], 0.01);
    ck_assert_double_eq(values[2], -0.5);
    ck_assert_int_eq(camx__number_list("1.2.3", values, 3), -1);
    ck_assert_int_eq(camx__number_list("123456789012345678901234567890", values, 3), 1);
    ck_assert_double_eq_tol(values[0], 1.2345678901234568e29, 1e15);
    camx__number_text(123.675, text, sizeof text);
    ck_assert_str_eq(text, "123.675");
    camx__number_text(-1e-7, text, sizeof text);
    ck_assert_str_eq(text, "-1e-07");
    camx__number_text(1.0 / 3, text, 5);
    ck_assert_str_eq(text, "0.33");
    ck_assert(camx__number_count("224", 1000, &count));
    ck_assert_int_eq(count, 224);
    ck_assert(!camx__number_count("1001", 1000, &count));
    setlocale(LC_NUMERIC, "C");
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void)
{
    Suite *suite = suite_create("input");
    TCase *tests = tcase_create("input");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, resizing_equals_pillow, 0, LENGTH(resize_cases));
    tcase_add_test(tests, every_format_gives_the_same_picture);
    tcase_add_test(tests, grey_is_repeated_for_three_channels);
    tcase_add_test(tests, normalising_and_fill_agree);
    tcase_add_test(tests, letterbox_keeps_the_whole_picture);
    tcase_add_loop_test(tests, geometry_finds_a_spot_again, 0, 3);
    tcase_add_test(tests, presets_are_what_they_say);
    tcase_add_test(tests, metadata_is_followed);
    tcase_add_test(tests, imagenet_is_turned_round_for_bgr);
    tcase_add_loop_test(tests, bad_metadata_names_its_key, 0, LENGTH(bad_texts));
    tcase_add_test(tests, bgr_metadata_needs_three_channels);
    tcase_add_test(tests, default_size_is_found);
    tcase_add_loop_test(tests, plans_are_torchvisions, 0, LENGTH(plan_cases));
    tcase_add_test(tests, thin_pictures_need_little_memory);
    tcase_add_test(tests, bad_pixels_are_refused);
    tcase_add_test(tests, bad_options_are_refused);
    tcase_add_test(tests, older_options_keep_their_defaults);
    tcase_add_test(tests, tensors_are_copied);
    tcase_add_test(tests, bad_tensors_are_refused);
    tcase_add_test(tests, colours_in_a_tensor);
    tcase_add_test(tests, an_input_keeps_its_owner);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_add_loop_test(tests, descriptions_say_what_was_done, 0, LENGTH(description_cases));
    tcase_add_test(tests, a_border_is_mentioned);
    tcase_add_test(tests, numbers_ignore_the_locale);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
