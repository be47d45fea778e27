/* SPDX-License-Identifier: Apache-2.0 */
/* lib/map: raw maps, findings, scalings, rendering. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "failing_allocator.h"
#include "map/map.h"

typedef struct map_case {
    int32_t map_width, map_height, width, height;
    float offset;
    float expected[64];
} map_case;

#define WANT_MAP_CASES
#include "data/picture_references.h"

static camx_error error;

/* A finished map with one image of these values. */
static camx_map *map_of(int32_t width, int32_t height, const float *values)
{
    camx_map *map;

    ck_assert_int_eq(camx__map_create(NULL, &map, &error), CAMX_OK);
    ck_assert_int_eq(camx__map_reset(map, CAMX_METHOD_CAM, "features", 1, width, height, &error),
                     CAMX_OK);
    memcpy(camx__map_raw(map, 0), values, (size_t)width * (size_t)height * sizeof *values);
    camx__map_finish(map, 0);
    return map;
}

static camx_map_info info_of(const camx_map *map, uint32_t image)
{
    camx_map_info info = {.struct_size = sizeof info};

    ck_assert_int_eq(camx__map_get_info(map, image, &info, &error), CAMX_OK);
    return info;
}

START_TEST(a_new_map_is_empty)
{
    camx_map *map;
    camx_map_info info = {.struct_size = sizeof info};
    float value;

    ck_assert_int_eq(camx__map_create(NULL, &map, &error), CAMX_OK);
    ck_assert_uint_eq(map->images, 0);
    ck_assert_ptr_null(camx__map_values(map, 0));
    ck_assert_int_eq(camx__map_get_info(map, 0, &info, &error), CAMX_E_STATE);
    ck_assert_int_eq(camx__map_scale(map, 0, 0, &value, 1, &error), CAMX_E_STATE);
    ck_assert_int_eq(camx__map_render(map, 0, NULL, &value, 1, 1, &error), CAMX_E_STATE);
    ck_assert_ptr_null(camx__map_values(NULL, 0));
    ck_assert_int_eq(camx__map_get_info(NULL, 0, &info, &error), CAMX_E_ARGUMENT);
    camx__map_release(map);
    camx__map_release(NULL);
    ck_assert_int_eq(camx__map_create(NULL, NULL, &error), CAMX_E_ARGUMENT);
    camx_allocator half = {failing_allocate, NULL, NULL};
    ck_assert_int_eq(camx__map_create(&half, &map, &error), CAMX_E_ARGUMENT);
    ck_assert_ptr_null(map);
}
END_TEST

START_TEST(information_is_complete)
{
    const float values[6] = {-1, 2, 0.5f, 2, 1, 0};
    camx_map *map = map_of(3, 2, values);
    camx__map_record *record = camx__map_record_at(map, 0);

    record->class_index = 7;
    record->other_index = 8;
    record->score_kind = CAMX_SCORE_PROBABILITY;
    record->score = 0.25f;
    record->geometry.photo_width = 640;
    record->geometry.photo_height = 480;
    record->done = 3;
    record->total = 9;
    camx_map_info info = info_of(map, 0);
    ck_assert_int_eq(info.method, CAMX_METHOD_CAM);
    ck_assert_int_eq(info.width, 3);
    ck_assert_int_eq(info.height, 2);
    ck_assert_int_eq(info.class_index, 7);
    ck_assert_int_eq(info.other_index, 8);
    ck_assert_int_eq(info.score_kind, CAMX_SCORE_PROBABILITY);
    ck_assert_float_eq(info.score, 0.25f);
    ck_assert_float_eq(info.minimum, -1);
    ck_assert_float_eq(info.maximum, 2);
    ck_assert_int_eq(info.peak_x, 1); /* the first of two */
    ck_assert_int_eq(info.peak_y, 0);
    ck_assert_int_eq(info.finding, CAMX_FINDING_HEAT);
    ck_assert_int_eq(info.photo_width, 640);
    ck_assert_int_eq(info.photo_height, 480);
    ck_assert_str_eq(info.layer, "features");
    ck_assert_uint_eq(info.done, 3);
    ck_assert_uint_eq(info.total, 9);
    ck_assert_mem_eq(camx__map_values(map, 0), values, sizeof values);
    ck_assert_ptr_null(camx__map_values(map, 1));
    ck_assert_int_eq(camx__map_get_info(map, 1, &info, &error), CAMX_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "it holds 1"));
    ck_assert_int_eq(camx__map_get_info(map, 0, NULL, &error), CAMX_E_ARGUMENT);
    info.struct_size = 0;
    ck_assert_int_eq(camx__map_get_info(map, 0, &info, &error), CAMX_E_ARGUMENT);
    info.struct_size = sizeof info + 8;
    ck_assert_int_eq(camx__map_get_info(map, 0, &info, &error), CAMX_E_ARGUMENT);
    camx__map_release(map);
}
END_TEST

/* An older program's shorter struct is filled as far as it goes and not beyond. */
START_TEST(older_info_structs_are_served)
{
    const float values[1] = {1};
    camx_map *map = map_of(1, 1, values);
    camx_map_info info;

    memset(&info, 0x5a, sizeof info);
    info.struct_size = offsetof(camx_map_info, score_kind);
    info.struct_size -= info.struct_size % 8;
    uint32_t size = info.struct_size;
    ck_assert_int_eq(camx__map_get_info(map, 0, &info, &error), CAMX_OK);
    ck_assert_uint_eq(info.struct_size, size);
    ck_assert_int_eq(info.width, 1);
    for (size_t i = size; i < sizeof info; i++)
        ck_assert_uint_eq(((unsigned char *)&info)[i], 0x5a);
    camx__map_release(map);
}
END_TEST

START_TEST(a_map_is_reused)
{
    failing_allocator counting = {.fail_at = 0};
    camx_allocator allocator = failing_allocator_use(&counting);
    camx_map *map;

    ck_assert_int_eq(camx__map_create(&allocator, &map, &error), CAMX_OK);
    ck_assert_int_eq(camx__map_reset(map, CAMX_METHOD_CAM, "a long name", 2, 8, 8, &error),
                     CAMX_OK);
    int asked = counting.asked;
    camx__map_record_at(map, 0)->class_index = 5;
    camx__map_record_at(map, 0)->hint = CAMX_FINDING_PARTIAL;
    ck_assert_int_eq(camx__map_reset(map, CAMX_METHOD_GRADCAM, "b", 1, 9, 12, &error), CAMX_OK);
    ck_assert_int_eq(counting.asked, asked); /* what there was is enough */
    ck_assert_int_eq(camx__map_record_at(map, 0)->class_index, -1);
    ck_assert_int_eq(camx__map_record_at(map, 0)->hint, CAMX_FINDING_HEAT);
    ck_assert(isnan(camx__map_raw(map, 0)[107]));
    ck_assert_str_eq(map->layer, "b");
    /* The map's own text, and no text. */
    ck_assert_int_eq(camx__map_reset(map, CAMX_METHOD_GRADCAM, map->layer, 3, 90, 1, &error),
                     CAMX_OK);
    ck_assert_str_eq(map->layer, "b");
    ck_assert_int_eq(camx__map_reset(map, CAMX_METHOD_OCCLUSION, NULL, 1, 1, 1, &error), CAMX_OK);
    ck_assert_str_eq(info_of(map, 0).layer, "");
    camx__map_clear(map);
    ck_assert_ptr_null(camx__map_values(map, 0));
    ck_assert_int_eq(camx__map_reset(map, 1, "", UINT32_MAX, INT32_MAX, INT32_MAX, &error),
                     CAMX_E_MEMORY);
    camx__map_release(map);
    ck_assert_int_eq(counting.held, 0);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    int failures = 0;

    for (int n = 1;; n++) {
        failing_allocator failing = {.fail_at = n};
        camx_allocator allocator = failing_allocator_use(&failing);
        camx_map *map;
        camx_status status = camx__map_create(&allocator, &map, &error);
        if (status == CAMX_OK) {
            status = camx__map_reset(map, CAMX_METHOD_CAM, "first", 1, 2, 2, &error);
            uint32_t held = map->images;
            if (status == CAMX_OK) {
                held = 1;
                camx__map_raw(map, 0)[3] = 42.0f;
                status =
                    camx__map_reset(map, CAMX_METHOD_GRADCAM, "a longer second", 5, 20, 20, &error);
            }
            if (status != CAMX_OK) { /* what it held is still there */
                ck_assert_uint_eq(map->images, held);
                if (held == 1) {
                    ck_assert_float_eq(camx__map_values(map, 0)[3], 42.0f);
                    ck_assert_str_eq(map->layer, "first");
                    ck_assert_int_eq(map->method, CAMX_METHOD_CAM);
                }
            }
            camx__map_release(map);
        }
        ck_assert_int_eq(failing.held, 0);
        if (status == CAMX_OK)
            break;
        ck_assert_int_eq(status, CAMX_E_MEMORY);
        failures++;
    }
    ck_assert_int_eq(failures, 7);
}
END_TEST

static const struct finding_case {
    float values[4];
    int32_t hint;
    bool gaps;
    int32_t finding;
} finding_cases[] = {
    {{1, 2, -3, 4}, CAMX_FINDING_HEAT, false, CAMX_FINDING_HEAT},
    {{-1, -2, -3, -4}, CAMX_FINDING_HEAT, false, CAMX_FINDING_ALL_NEGATIVE},
    {{0, -2, 0, 0}, CAMX_FINDING_HEAT, false, CAMX_FINDING_ALL_NEGATIVE},
    {{2, 2, 2, 2}, CAMX_FINDING_HEAT, false, CAMX_FINDING_FLAT},
    {{0, 0, 0, 0}, CAMX_FINDING_HEAT, false, CAMX_FINDING_FLAT},
    {{-1, -1, -1, -1}, CAMX_FINDING_HEAT, false, CAMX_FINDING_FLAT},
    {{1000, 1000.0005f, 1000, 1000}, CAMX_FINDING_HEAT, false, CAMX_FINDING_FLAT},
    {{1000, 1000.5f, 1000, 1000}, CAMX_FINDING_HEAT, false, CAMX_FINDING_HEAT},
    {{1e-30f, 0, 0, 0}, CAMX_FINDING_HEAT, false, CAMX_FINDING_HEAT},
    {{1, NAN, 2, 3}, CAMX_FINDING_HEAT, false, CAMX_FINDING_NOT_FINITE},
    {{1, NAN, 2, 3}, CAMX_FINDING_HEAT, true, CAMX_FINDING_HEAT},
    {{NAN, NAN, NAN, NAN}, CAMX_FINDING_HEAT, true, CAMX_FINDING_NOT_FINITE},
    {{1, INFINITY, 2, 3}, CAMX_FINDING_HEAT, true, CAMX_FINDING_NOT_FINITE},
    {{1, -INFINITY, 2, 3}, CAMX_FINDING_ZERO_GRADIENT, false, CAMX_FINDING_NOT_FINITE},
    {{1, 2, 3, 4}, CAMX_FINDING_NOT_FINITE, false, CAMX_FINDING_NOT_FINITE},
    {{NAN, NAN, NAN, NAN}, CAMX_FINDING_PARTIAL, true, CAMX_FINDING_PARTIAL},
    {{NAN, -1, NAN, NAN}, CAMX_FINDING_PARTIAL, true, CAMX_FINDING_PARTIAL},
    {{0, 0, 0, 0}, CAMX_FINDING_ZERO_GRADIENT, false, CAMX_FINDING_ZERO_GRADIENT},
    {{0, 0, 0, 0}, CAMX_FINDING_DISCONNECTED, false, CAMX_FINDING_DISCONNECTED},
};

START_TEST(findings_come_in_their_order)
{
    const struct finding_case *at = &finding_cases[_i];
    camx_map *map = map_of(2, 2, at->values);

    camx__map_record_at(map, 0)->hint = at->hint;
    camx__map_record_at(map, 0)->gaps = at->gaps;
    camx__map_finish(map, 0);
    camx_map_info info = info_of(map, 0);
    ck_assert_int_eq(info.finding, at->finding);
    ck_assert(isfinite(info.minimum) && isfinite(info.maximum));
    camx__map_release(map);
}
END_TEST

START_TEST(finite_values_alone_are_counted)
{
    const float values[6] = {NAN, -INFINITY, -3, 5, INFINITY, 1};
    const float nothing[2] = {NAN, INFINITY};
    camx_map *map = map_of(2, 3, values);
    camx_map_info info = info_of(map, 0);

    ck_assert_float_eq(info.minimum, -3);
    ck_assert_float_eq(info.maximum, 5);
    ck_assert_int_eq(info.peak_x, 1);
    ck_assert_int_eq(info.peak_y, 1);
    camx__map_release(map);
    map = map_of(1, 2, nothing);
    info = info_of(map, 0);
    ck_assert_int_eq(info.peak_x, -1);
    ck_assert_int_eq(info.peak_y, -1);
    ck_assert_float_eq(info.maximum, 0);
    camx__map_release(map);
}
END_TEST

START_TEST(every_finding_has_a_sentence)
{
    ck_assert_str_eq(camx__map_finding_text(CAMX_FINDING_HEAT), "");
    for (int32_t finding = CAMX_FINDING_ALL_NEGATIVE; finding <= CAMX_FINDING_PARTIAL; finding++) {
        ck_assert_uint_gt(strlen(camx__map_finding_text(finding)), 30);
        for (int32_t other = 0; other < finding; other++)
            ck_assert_str_ne(camx__map_finding_text(finding), camx__map_finding_text(other));
    }
    ck_assert_str_eq(camx__map_finding_text(99), "unknown finding");
    ck_assert_str_eq(camx__map_finding_text(-1), "unknown finding");
}
END_TEST

static const struct scaling_case {
    int32_t scaling;
    float values[4];
    float expected[4];
} scaling_cases[] = {
    {CAMX_SCALING_RAW, {-2, 1, 3, 4}, {-2, 1, 3, 4}},
    {CAMX_SCALING_RAW, {-INFINITY, NAN, INFINITY, 4}, {-INFINITY, NAN, INFINITY, 4}},
    {CAMX_SCALING_PGC, {-2, 1, 3, 4}, {0, 0.25f, 0.75f, 1}},
    {CAMX_SCALING_PGC, {2, 3, 4, 6}, {0, 0.25f, 0.5f, 1}},
    {CAMX_SCALING_PGC, {-2, -1, -3, -4}, {0, 0, 0, 0}},
    {CAMX_SCALING_PGC, {5, 5, 5, 5}, {0, 0, 0, 0}},
    {CAMX_SCALING_PGC, {0, 1e-7f, 0, 0}, {0, 0.5f, 0, 0}},
    {CAMX_SCALING_PGC, {NAN, 1, 3, 2}, {NAN, 0, 1, 0.5f}},
    {CAMX_SCALING_PGC, {-INFINITY, INFINITY, 0, 2}, {0, 1, 0, 1}},
    {CAMX_SCALING_POSITIVE, {-2, 1, 3, 4}, {0, 0.25f, 0.75f, 1}},
    {CAMX_SCALING_POSITIVE, {2, 3, 4, 4}, {0.5f, 0.75f, 1, 1}},
    {CAMX_SCALING_POSITIVE, {-2, 0, -3, -4}, {0, 0, 0, 0}},
    {CAMX_SCALING_POSITIVE, {1e-30f, 0, 0, 0}, {1, 0, 0, 0}},
    {CAMX_SCALING_POSITIVE, {NAN, NAN, NAN, NAN}, {NAN, NAN, NAN, NAN}},
    {CAMX_SCALING_MINMAX, {-2, 0, 1, 2}, {0, 0.5f, 0.75f, 1}},
    {CAMX_SCALING_MINMAX, {-4, -3, -2, -2}, {0, 0.5f, 1, 1}},
    {CAMX_SCALING_MINMAX, {7, 7, 7, 7}, {0, 0, 0, 0}},
    {CAMX_SCALING_MINMAX, {-3e38f, 3e38f, 0, 0}, {0, 1, 0.5f, 0.5f}},
    {CAMX_SCALING_SIGNED, {-2, 1, 0, -4}, {-0.5f, 0.25f, 0, -1}},
    {CAMX_SCALING_SIGNED, {0, 0, 0, 0}, {0, 0, 0, 0}},
    {CAMX_SCALING_SIGNED, {-INFINITY, 1, NAN, 2}, {0.5f, 0.5f, NAN, 1}},
};

START_TEST(scalings_are_what_they_say)
{
    const struct scaling_case *at = &scaling_cases[_i];
    camx_map *map = map_of(4, 1, at->values);
    float found[4];

    ck_assert_int_eq(camx__map_scale(map, 0, at->scaling, found, 4, &error), CAMX_OK);
    for (int i = 0; i < 4; i++) {
        if (isfinite(at->expected[i]))
            ck_assert_msg(fabsf(found[i] - at->expected[i]) < 1e-4f, "value %d is %g", i,
                          (double)found[i]);
        else if (isnan(at->expected[i]))
            ck_assert(isnan(found[i]));
        else
            ck_assert_float_eq(found[i], at->expected[i]);
    }
    camx__map_release(map);
}
END_TEST

START_TEST(bad_scalings_are_refused)
{
    const float values[4] = {1, 2, 3, 4};
    camx_map *map = map_of(2, 2, values);
    float found[4];

    ck_assert_int_eq(camx__map_scale(NULL, 0, 0, found, 4, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_scale(map, 1, 0, found, 4, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_scale(map, 0, 5, found, 4, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_scale(map, 0, -1, found, 4, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_scale(map, 0, 0, NULL, 4, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_scale(map, 0, 0, found, 3, &error), CAMX_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "2 x 2 = 4"));
    camx__map_release(map);
}
END_TEST

START_TEST(a_tensors_map_equals_pytorch_grad_cam)
{
    const map_case *at = &map_cases[_i];
    float raw[32];
    float found[64];

    for (int y = 0; y < at->map_height; y++)
        for (int x = 0; x < at->map_width; x++)
            raw[y * at->map_width + x] =
                (float)((x * 5 + y * 3 + x * y * 2) % 7) * 0.25f + at->offset;
    camx_map *map = map_of(at->map_width, at->map_height, raw);
    camx__map_record_at(map, 0)->geometry = camx__geometry_identity(at->width, at->height);
    ck_assert_int_eq(camx__map_render(map, 0, NULL, found, at->width, at->height, &error), CAMX_OK);
    for (int i = 0; i < at->width * at->height; i++)
        ck_assert_float_eq_tol(found[i], at->expected[i], 1e-6f);
    camx__map_release(map);
}
END_TEST

/* A photo of 8 x 4, of which the network saw the middle 4 x 4, doubled. */
static const camx__geometry cropped = {8, 4, 8, 8, 2, 2, -4, 0};

START_TEST(what_was_cropped_away_is_unknown)
{
    const float values[4] = {0, 1, 0, 1};
    camx_map *map = map_of(2, 2, values);
    float found[32];

    camx__map_record_at(map, 0)->geometry = cropped;
    ck_assert_int_eq(camx__map_render(map, 0, NULL, found, 8, 4, &error), CAMX_OK);
    for (int i = 0; i < 32; i++)
        ck_assert_msg(isnan(found[i]) == (i % 8 < 2 || i % 8 >= 6), "pixel %d", i);
    ck_assert_float_eq(found[2], 0);
    ck_assert_float_eq_tol(found[3], 0.25f, 1e-6f);
    ck_assert_float_eq_tol(found[4], 0.75f, 1e-6f);
    ck_assert_float_eq_tol(found[5], 1, 1e-6f);
    /* Another size of the same picture. */
    float half[8];
    ck_assert_int_eq(camx__map_render(map, 0, NULL, half, 4, 2, &error), CAMX_OK);
    ck_assert(isnan(half[0]) && isnan(half[3]));
    ck_assert_float_lt(half[1], half[2]);
    camx__map_release(map);
}
END_TEST

START_TEST(other_scalings_are_rendered)
{
    const float values[2] = {-4, 2};
    camx_map *map = map_of(2, 1, values);
    camx_render_options options;
    float found[4];

    camx__map_record_at(map, 0)->geometry = camx__geometry_identity(4, 1);
    camx__map_render_defaults(&options);
    ck_assert_int_eq(options.scaling, CAMX_SCALING_PGC);
    options.scaling = CAMX_SCALING_RAW;
    ck_assert_int_eq(camx__map_render(map, 0, &options, found, 4, 1, &error), CAMX_OK);
    ck_assert_float_eq_tol(found[0], -4, 1e-6f);
    ck_assert_float_eq_tol(found[1], -2.5f, 1e-6f);
    ck_assert_float_eq_tol(found[2], 0.5f, 1e-6f);
    options.nearest = 1;
    ck_assert_int_eq(camx__map_render(map, 0, &options, found, 4, 1, &error), CAMX_OK);
    ck_assert_float_eq(found[1], -4);
    ck_assert_float_eq(found[2], 2);
    options.scaling = CAMX_SCALING_SIGNED;
    ck_assert_int_eq(camx__map_render(map, 0, &options, found, 4, 1, &error), CAMX_OK);
    ck_assert_float_eq(found[0], -1);
    ck_assert_float_eq(found[3], 0.5f);
    options.scaling = CAMX_SCALING_MINMAX;
    options.nearest = 0;
    ck_assert_int_eq(camx__map_render(map, 0, &options, found, 4, 1, &error), CAMX_OK);
    ck_assert_float_eq_tol(found[1], 0.25f, 1e-6f);
    camx__map_release(map);
}
END_TEST

START_TEST(gaps_stay_and_do_not_spread)
{
    const float values[9] = {1, 1, 1, 1, NAN, 1, 1, 1, 3};
    camx_map *map = map_of(3, 3, values);
    camx_render_options options;
    float found[81];

    camx__map_record_at(map, 0)->geometry = camx__geometry_identity(9, 9);
    for (int nearest = 0; nearest < 2; nearest++) {
        camx__map_render_defaults(&options);
        options.scaling = CAMX_SCALING_RAW;
        options.nearest = nearest;
        ck_assert_int_eq(camx__map_render(map, 0, &options, found, 9, 9, &error), CAMX_OK);
        for (int i = 0; i < 81; i++) {
            bool inside = i % 9 >= 3 && i % 9 < 6 && i / 9 >= 3 && i / 9 < 6;
            ck_assert_msg(isnan(found[i]) == inside, "pixel %d", i);
            if (!inside && (i % 9 < 5 || i / 9 < 5))
                ck_assert_float_eq_tol(found[i], 1, 1e-6f);
        }
    }
    ck_assert_int_eq(camx__map_render(map, 0, NULL, found, 9, 9, &error), CAMX_OK);
    ck_assert_float_eq_tol(found[80], 1, 1e-6f);
    ck_assert_float_eq(found[0], 0);
    ck_assert(isnan(found[40]));
    camx__map_release(map);
}
END_TEST

START_TEST(infinite_values_do_not_spread)
{
    const float values[4] = {INFINITY, 1, 2, 3};
    camx_map *map = map_of(4, 1, values);
    camx_render_options options;
    float found[4];

    camx__map_render_defaults(&options);
    options.scaling = CAMX_SCALING_RAW;
    ck_assert_int_eq(camx__map_render(map, 0, &options, found, 4, 1, &error), CAMX_OK);
    ck_assert(isinf(found[0]));
    ck_assert_float_eq(found[1], 1);
    ck_assert_int_eq(camx__map_render(map, 0, NULL, found, 4, 1, &error), CAMX_OK);
    ck_assert_float_eq_tol(found[0], 1, 1e-6f);
    ck_assert_float_eq_tol(found[2], 0.5f, 1e-6f);
    camx__map_release(map);
}
END_TEST

START_TEST(bad_renderings_are_refused)
{
    const float values[4] = {1, 2, 3, 4};
    camx_map *map = map_of(2, 2, values);
    camx_render_options options;
    float found[4];

    camx__map_render_defaults(&options);
    ck_assert_int_eq(camx__map_render(NULL, 0, NULL, found, 2, 2, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_render(map, 1, NULL, found, 2, 2, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_render(map, 0, NULL, NULL, 2, 2, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_render(map, 0, NULL, found, 0, 2, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_render(map, 0, NULL, found, 2, -2, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx__map_render(map, 0, NULL, found, INT32_MAX, INT32_MAX, &error),
                     CAMX_E_ARGUMENT);
    options.scaling = 9;
    ck_assert_int_eq(camx__map_render(map, 0, &options, found, 2, 2, &error), CAMX_E_ARGUMENT);
    camx__map_render_defaults(&options);
    options.struct_size = 0;
    ck_assert_int_eq(camx__map_render(map, 0, &options, found, 2, 2, &error), CAMX_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "camx_render_options_init()"));
    options.struct_size = 6;
    ck_assert_int_eq(camx__map_render(map, 0, &options, found, 2, 2, &error), CAMX_E_ARGUMENT);
    camx__map_release(map);
}
END_TEST

/* Wider than the blocks that rows are drawn in: every pixel must still be at its place. */
START_TEST(wide_pictures_are_rendered_whole)
{
    enum { WIDTH = 1000 };
    const float values[2] = {0, 1};
    static float found[2 * WIDTH];
    camx_map *map = map_of(2, 1, values);

    camx__map_record_at(map, 0)->geometry = camx__geometry_identity(WIDTH, 2);
    ck_assert_int_eq(camx__map_render(map, 0, NULL, found, WIDTH, 2, &error), CAMX_OK);
    for (int i = 0; i < 2 * WIDTH; i++) {
        float wanted = ((float)(i % WIDTH) + 0.5f) * 2 / WIDTH - 0.5f;
        wanted = fminf(fmaxf(wanted, 0), 1);
        ck_assert_float_eq_tol(found[i], wanted, 1e-5f);
    }
    camx__map_release(map);
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof(array)[0]))

int main(void)
{
    Suite *suite = suite_create("map");
    TCase *tests = tcase_create("map");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_new_map_is_empty);
    tcase_add_test(tests, information_is_complete);
    tcase_add_test(tests, older_info_structs_are_served);
    tcase_add_test(tests, a_map_is_reused);
    tcase_add_test(tests, every_allocation_may_fail);
    tcase_add_loop_test(tests, findings_come_in_their_order, 0, LENGTH(finding_cases));
    tcase_add_test(tests, finite_values_alone_are_counted);
    tcase_add_test(tests, every_finding_has_a_sentence);
    tcase_add_loop_test(tests, scalings_are_what_they_say, 0, LENGTH(scaling_cases));
    tcase_add_test(tests, bad_scalings_are_refused);
    tcase_add_loop_test(tests, a_tensors_map_equals_pytorch_grad_cam, 0, LENGTH(map_cases));
    tcase_add_test(tests, what_was_cropped_away_is_unknown);
    tcase_add_test(tests, other_scalings_are_rendered);
    tcase_add_test(tests, gaps_stay_and_do_not_spread);
    tcase_add_test(tests, infinite_values_do_not_spread);
    tcase_add_test(tests, bad_renderings_are_refused);
    tcase_add_test(tests, wide_pictures_are_rendered_whole);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
