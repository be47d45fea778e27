/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes and focus: components against a flood fill, Otsu's level against trying every one, and cases worked out by hand,
 * through geometries with crops, stretching and borders.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "failing_allocator.h"
#include "map/regions.h"

static camx_error error;

static camx_map *map_of(int32_t width, int32_t height, const float *values)
{
    camx_map *map;

    ck_assert_int_eq(camx__map_create(NULL, &map, &error), CAMX_OK);
    ck_assert_int_eq(camx__map_reset(map, CAMX_METHOD_CAM, "f", 1, width, height, &error), CAMX_OK);
    memcpy(camx__map_raw(map, 0), values, (size_t)width * (size_t)height * sizeof *values);
    camx__map_finish(map, 0);
    return map;
}

static float random_part(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 24);
}

/* ---- components against a flood fill ---- */

enum { MOST = 40 * 30 };

/* Marks everything that hangs together with `start`, with a list instead of recursion. */
static camx_box flood(const camx__heat *heat, float level, int32_t connectivity, bool *marked, int32_t start)
{
    static int32_t list[MOST];
    int32_t length = 0;
    int32_t w = heat->width;
    int32_t left = w, top = heat->height, right = -1, bottom = -1;
    camx_box box = {.peak = -1.0f};

    list[length++] = start;
    marked[start] = true;
    for (int32_t i = 0; i < length; i++) {
        int32_t x = list[i] % w;
        int32_t y = list[i] / w;
        float value = heat->values[list[i]];
        box.area++;
        box.mass += (double)value;
        left = x < left ? x : left;
        right = x > right ? x : right;
        top = y < top ? y : top;
        bottom = y > bottom ? y : bottom;
        if (value > box.peak || (value == box.peak && list[i] < box.peak_y * w + box.peak_x)) {
            box.peak = value;
            box.peak_x = x;
            box.peak_y = y;
        }
        for (int32_t dy = -1; dy <= 1; dy++)
            for (int32_t dx = -1; dx <= 1; dx++) {
                int32_t nx = x + dx;
                int32_t ny = y + dy;
                if ((connectivity == 4 && dx * dy != 0) || nx < 0 || ny < 0 || nx >= w || ny >= heat->height)
                    continue;
                int32_t next = ny * w + nx;
                if (!marked[next] && heat->values[next] >= level) {
                    marked[next] = true;
                    list[length++] = next;
                }
            }
    }
    box.rect = (camx_rect){left, top, right - left + 1, bottom - top + 1};
    return box;
}

static void expect_box(const camx_box *got, const camx_box *wanted)
{
    ck_assert_int_eq(got->rect.x, wanted->rect.x);
    ck_assert_int_eq(got->rect.y, wanted->rect.y);
    ck_assert_int_eq(got->rect.width, wanted->rect.width);
    ck_assert_int_eq(got->rect.height, wanted->rect.height);
    ck_assert_int_eq(got->area, wanted->area);
    ck_assert_int_eq(got->peak_x, wanted->peak_x);
    ck_assert_int_eq(got->peak_y, wanted->peak_y);
    ck_assert_float_eq(got->peak, wanted->peak);
    ck_assert_double_eq_tol(got->mass, wanted->mass, 1e-9 * (1.0 + wanted->mass));
}

/* Random pictures of all densities and sizes, some values equal, some unknown. */
START_TEST(components_are_what_a_flood_fill_finds)
{
    static float values[MOST];
    static bool marked[MOST];
    uint32_t state = (uint32_t)_i + 1;
    camx__memory memory;
    camx__memory_init(&memory, NULL, 0);
    int32_t width = 1 + (int32_t)(random_part(&state) * 40.0f);
    int32_t height = 1 + (int32_t)(random_part(&state) * 30.0f);
    float level = 0.05f + 0.9f * random_part(&state);
    int32_t connectivity = _i % 2 == 0 ? 4 : 8;
    for (int32_t i = 0; i < width * height; i++) {
        values[i] = floorf(random_part(&state) * 20.0f) / 20.0f;
        if (random_part(&state) < 0.05f)
            values[i] = NAN;
    }
    camx__heat heat = {.values = values, .width = width, .height = height};
    camx_box *boxes;
    uint32_t count;
    ck_assert_int_eq(camx__heat_components(&heat, level, connectivity, &memory, &boxes, &count, &error), CAMX_OK);
    memset(marked, 0, sizeof marked);
    uint32_t seen = 0;
    for (int32_t i = 0; i < width * height; i++)
        if (!marked[i] && values[i] >= level) {
            camx_box wanted = flood(&heat, level, connectivity, marked, i);
            ck_assert_uint_lt(seen, count);
            expect_box(&boxes[seen++], &wanted);
        }
    ck_assert_uint_eq(seen, count);
    camx__free(&memory, boxes);
    ck_assert_uint_eq(atomic_load(&memory.blocks), 0);
}
END_TEST

/* A spiral is one component whichever way it is walked, and a chessboard is none or one. */
START_TEST(shapes)
{
    static const char *const spiral[7] = {"#######", "......#", "#####.#", "#...#.#", "#.###.#", "#.....#", "#######"};
    float values[49];
    float chess[49];
    camx__memory memory;
    camx_box *boxes;
    uint32_t count;
    camx__memory_init(&memory, NULL, 0);
    for (int i = 0; i < 49; i++) {
        values[i] = spiral[i / 7][i % 7] == '#' ? 1.0f : 0.0f;
        chess[i] = (i / 7 + i % 7) % 2 == 0 ? 1.0f : 0.0f;
    }
    camx__heat heat = {.values = values, .width = 7, .height = 7};
    ck_assert_int_eq(camx__heat_components(&heat, 0.5f, 4, &memory, &boxes, &count, &error), CAMX_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert(boxes[0].rect.x == 0 && boxes[0].rect.width == 7 && boxes[0].area == 31);
    camx__free(&memory, boxes);
    heat.values = chess;
    ck_assert_int_eq(camx__heat_components(&heat, 0.5f, 4, &memory, &boxes, &count, &error), CAMX_OK);
    ck_assert_uint_eq(count, 25);
    camx__free(&memory, boxes);
    ck_assert_int_eq(camx__heat_components(&heat, 0.5f, 8, &memory, &boxes, &count, &error), CAMX_OK);
    ck_assert_uint_eq(count, 1);
    camx__free(&memory, boxes);
}
END_TEST

/* ---- Otsu ---- */

/* Between-class variance of the values themselves, for a level. */
static double parted(const float *values, int count, float level)
{
    double sum[2] = {0, 0};
    double n[2] = {0, 0};
    for (int i = 0; i < count; i++) {
        int high = values[i] >= level;
        sum[high] += (double)values[i];
        n[high]++;
    }
    if (n[0] == 0 || n[1] == 0)
        return 0;
    double difference = sum[0] / n[0] - sum[1] / n[1];
    return n[0] * n[1] * difference * difference;
}

START_TEST(otsu_parts_best)
{
    float values[400];
    uint32_t state = (uint32_t)_i + 77;
    float high = 0.5f + 0.5f * random_part(&state);
    int of_low = 40 + (int)(random_part(&state) * 320.0f);
    for (int i = 0; i < 400; i++)
        values[i] = (i < of_low ? 0.1f : high) + 0.1f * random_part(&state);
    camx__heat heat = {.values = values, .width = 20, .height = 20};
    for (int i = 0; i < 400; i++)
        heat.maximum = fmaxf(heat.maximum, values[i]);
    double best = 0;
    for (int i = 0; i < 400; i++)
        best = fmax(best, parted(values, 400, values[i]));
    float level = camx__heat_otsu(&heat);
    ck_assert_double_ge(parted(values, 400, level), best * 0.995); /* 256 bins are not every level */
    ck_assert(level > 0.2f && level < high); /* in the gap */
}
END_TEST

/* Unknown pixels do not count; two values are parted in the middle. */
START_TEST(otsu_of_two_values)
{
    float values[6] = {0.0f, 0.0f, 0.0f, 1.0f, NAN, NAN};
    camx__heat heat = {.values = values, .width = 3, .height = 2, .maximum = 1.0f};
    ck_assert_float_eq_tol(camx__heat_otsu(&heat), 0.5f, 0.01f);
}
END_TEST

/* ---- boxes by hand ---- */

static camx_box_options options_of(float share)
{
    camx_box_options options;
    camx__box_defaults(&options);
    options.share = share;
    options.min_area = 0.0f;
    return options;
}

static uint32_t boxes_of(const camx_map *map, const camx_box_options *options, camx_box *boxes, uint32_t room)
{
    uint32_t found = 99;
    ck_assert_int_eq(camx__map_boxes(map, 0, options, boxes, room, &found, &error), CAMX_OK);
    return found;
}

/* Two spots, one larger, one hotter; negative values are no heat. */
static const float two_spots[6 * 4] = {
    0, 0, 0, 0, 0, 8, /**/
    0, 4, 4, 0, 0, 0, /**/
    0, 4, 6, 0, -5, 0, /**/
    0, 0, 1, 0, 0, 0};

START_TEST(numbers_of_a_box)
{
    camx_map *map = map_of(6, 4, two_spots);
    camx_box_options options = options_of(0.15f);
    camx_box boxes[3];
    ck_assert_uint_eq(boxes_of(map, &options, boxes, 3), 2);
    camx_box large = {.rect = {1, 1, 2, 2}, .peak_x = 2, .peak_y = 2, .peak = 0.75f, .mass = 18.0 / 27.0, .area = 4};
    camx_box hot = {.rect = {5, 0, 1, 1}, .peak_x = 5, .peak_y = 0, .peak = 1.0f, .mass = 8.0 / 27.0, .area = 1};
    expect_box(&boxes[0], &large);
    expect_box(&boxes[1], &hot);
    ck_assert_float_eq_tol(boxes[0].mean, 4.5f / 8.0f, 1e-6f);
    ck_assert_float_eq_tol(boxes[1].mean, 1.0f, 1e-6f);
    const int32_t first_x[4] = {1, 1, 5, 5}; /* by area, mass, mean, peak */
    for (int32_t order = CAMX_BOX_ORDER_AREA; order <= CAMX_BOX_ORDER_PEAK; order++) {
        options.order = order;
        ck_assert_uint_eq(boxes_of(map, &options, boxes, 3), 2);
        ck_assert_int_eq(boxes[0].rect.x, first_x[order]);
        options.largest = 1;
        ck_assert_uint_eq(boxes_of(map, &options, boxes, 3), 1);
        ck_assert_int_eq(boxes[0].rect.x, 1);
        options.largest = 0;
    }
    camx__map_release(map);
}
END_TEST

START_TEST(thresholds)
{
    camx_map *map = map_of(6, 4, two_spots);
    camx_box boxes[3];
    camx_box_options options = options_of(0.125f); /* 1 of 8 is just hot */
    ck_assert_uint_eq(boxes_of(map, &options, boxes, 3), 2);
    ck_assert_int_eq(boxes[0].rect.height, 3);
    ck_assert_int_eq(boxes[0].area, 5);
    options.share = 1.0f;
    ck_assert_uint_eq(boxes_of(map, &options, boxes, 3), 1);
    ck_assert_int_eq(boxes[0].rect.x, 5);
    options = options_of(0.15f);
    options.min_area = 2.0f / 24.0f; /* two pixels */
    ck_assert_uint_eq(boxes_of(map, &options, boxes, 3), 1);
    options = options_of(0.15f);
    options.threshold = CAMX_BOX_THRESHOLD_OTSU; /* parts 4 .. 8 from 0 .. 1 */
    ck_assert_uint_eq(boxes_of(map, &options, boxes, 3), 2);
    ck_assert_int_eq(boxes[0].area, 4);
    /* More boxes than room: all are counted, the first are given. */
    boxes[1].area = -7;
    ck_assert_uint_eq(boxes_of(map, &options, boxes, 1), 2);
    ck_assert_int_eq(boxes[1].area, -7);
    ck_assert_uint_eq(boxes_of(map, &options, NULL, 0), 2);
    camx__map_release(map);
}
END_TEST

START_TEST(nothing_to_put_a_box_around)
{
    const float negative[4] = {-1, -2, -3, -4};
    const float zero[4] = {0, 0, 0, 0};
    const float unknown[4] = {NAN, NAN, NAN, NAN};
    const float *const all[3] = {negative, zero, unknown};
    camx_focus focus = {.struct_size = sizeof focus};
    const camx_rect rect = {0, 0, 1, 1};
    camx_box box;
    for (int i = 0; i < 3; i++) {
        camx_map *map = map_of(2, 2, all[i]);
        ck_assert_uint_eq(boxes_of(map, NULL, &box, 1), 0);
        ck_assert_int_eq(camx__map_focus_box(map, 0, &rect, &focus, &error), CAMX_OK);
        ck_assert(isnan(focus.heat_share) && !focus.peak_inside && focus.peak_x == -1);
        camx__map_release(map);
    }
    const float even[4] = {3, 3, 3, 3};
    camx_map *map = map_of(2, 2, even);
    ck_assert_uint_eq(boxes_of(map, NULL, &box, 1), 1);
    ck_assert(box.rect.width == 2 && box.rect.height == 2 && box.mass == 1.0);
    camx__map_release(map);
}
END_TEST

/* ---- through the geometry ---- */

/* One hot cell of 4 x 4 in a photograph of 80 x 60: the middle 60 x 60 was seen, at a quarter of its size. The cell is 15
 * photo pixels wide, and the half of the maximum lies half a cell around its middle, in interpolation. */
START_TEST(boxes_come_back_through_a_crop)
{
    float values[16] = {0};
    values[1 * 4 + 2] = 2.0f;
    camx_map *map = map_of(4, 4, values);
    camx__map_record_at(map, 0)->geometry =
        (camx__geometry){.photo_width = 80, .photo_height = 60, .network_width = 15, .network_height = 15,
                         .scale_x = 0.25, .scale_y = 0.25, .offset_x = -2.5, .offset_y = 0};
    camx_box_options options = options_of(0.5f);
    camx_box box;
    ck_assert_uint_eq(boxes_of(map, &options, &box, 1), 1);
    /* The cell is columns 10 + 30 .. 10 + 45, rows 15 .. 30. Its middle pixel: the third part is exact. */
    ck_assert_int_eq(box.peak_x, 47);
    ck_assert_int_eq(box.peak_y, 22);
    ck_assert_int_eq(box.rect.x, 40);
    ck_assert_int_eq(box.rect.width, 15);
    ck_assert_int_eq(box.rect.y, 15);
    ck_assert_int_eq(box.rect.height, 15);
    camx_focus focus = {.struct_size = sizeof focus};
    const camx_rect left = {0, 0, 10, 60}; /* never seen */
    const camx_rect right = {40, 0, 40, 60};
    ck_assert_int_eq(camx__map_focus_box(map, 0, &left, &focus, &error), CAMX_OK);
    ck_assert_double_eq(focus.seen_share, 0.0);
    ck_assert_double_eq(focus.heat_share, 0.0);
    ck_assert_int_eq(camx__map_focus_box(map, 0, &right, &focus, &error), CAMX_OK);
    ck_assert_double_eq_tol(focus.seen_share, 0.75, 1e-12);
    ck_assert_double_eq_tol(focus.area_share, 0.5, 1e-12);
    ck_assert(focus.heat_share > 0.8 && focus.heat_share < 1.0);
    ck_assert_int_eq(focus.peak_inside, 1);
    camx__map_release(map);
}
END_TEST

/* ---- focus by hand ---- */

START_TEST(shares_of_heat)
{
    camx_map *map = map_of(6, 4, two_spots);
    camx_focus focus = {.struct_size = sizeof focus};
    const camx_rect spot = {1, 1, 2, 2};
    const camx_rect all = {0, 0, 6, 4};
    const camx_rect corner = {5, 0, 1, 1};
    ck_assert_int_eq(camx__map_focus_box(map, 0, &spot, &focus, &error), CAMX_OK);
    ck_assert_double_eq_tol(focus.heat_share, 18.0 / 27.0, 1e-6);
    ck_assert_double_eq_tol(focus.area_share, 4.0 / 24.0, 1e-12);
    ck_assert_int_eq(focus.peak_inside, 0);
    ck_assert_int_eq(focus.peak_x, 5);
    ck_assert_int_eq(focus.peak_y, 0);
    ck_assert_int_eq(camx__map_focus_box(map, 0, &all, &focus, &error), CAMX_OK);
    ck_assert_double_eq_tol(focus.heat_share, 1.0, 1e-12);
    ck_assert_int_eq(camx__map_focus_box(map, 0, &corner, &focus, &error), CAMX_OK);
    ck_assert_int_eq(focus.peak_inside, 1);
    camx__map_release(map);
}
END_TEST

/* The same region as mask, in every format of pixels, at every level that tells it from the rest. */
START_TEST(a_mask_is_a_box_of_any_shape)
{
    static const int bytes[5] = {3, 3, 4, 4, 1};
    camx_map *map = map_of(6, 4, two_spots);
    const camx_rect spot = {1, 1, 2, 2};
    camx_focus by_box = {.struct_size = sizeof by_box};
    camx_focus by_mask = {.struct_size = sizeof by_mask};
    ck_assert_int_eq(camx__map_focus_box(map, 0, &spot, &by_box, &error), CAMX_OK);
    for (int32_t format = CAMX_PIXEL_RGB; format <= CAMX_PIXEL_GREY; format++) {
        uint8_t samples[4 * 40] = {0};
        camx_pixels mask;
        camx_pixels_init(&mask, format, 6, 4, 40, samples);
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 6; x++) {
                uint8_t *pixel = samples + y * 40 + x * bytes[format];
                bool inside = x >= 1 && x < 3 && y >= 1 && y < 3;
                memset(pixel, inside ? 40 : 90, (size_t)bytes[format]);
                pixel[0] = inside ? 200 : 99; /* the brightest sample decides */
                if (bytes[format] == 4)
                    pixel[3] = 255; /* alpha does not */
            }
        for (int32_t level = 100; level <= 200; level += 50) {
            ck_assert_int_eq(camx__map_focus_mask(map, 0, &mask, level, &by_mask, &error), CAMX_OK);
            ck_assert_int_eq(memcmp(&by_box, &by_mask, sizeof by_box), 0);
        }
        ck_assert_int_eq(camx__map_focus_mask(map, 0, &mask, 201, &by_mask, &error), CAMX_E_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(error.message, "the brightest is 200"));
    }
    camx__map_release(map);
}
END_TEST

START_TEST(overlaps)
{
    const camx_rect a = {0, 0, 10, 10};
    const camx_rect b = {5, 5, 10, 10};
    const camx_rect inside = {2, 3, 5, 4};
    const camx_rect apart = {10, 0, 4, 4};
    const camx_rect empty = {0, 0, 0, 10};
    const camx_rect far = {INT32_MAX - 5, INT32_MIN, INT32_MAX, INT32_MAX};
    ck_assert_float_eq(camx__box_iou(&a, &a), 1.0f);
    ck_assert_float_eq_tol(camx__box_iou(&a, &b), 25.0f / 175.0f, 1e-7f);
    ck_assert_float_eq(camx__box_iou(&b, &a), camx__box_iou(&a, &b));
    ck_assert_float_eq_tol(camx__box_iou(&a, &inside), 0.2f, 1e-7f);
    ck_assert_float_eq(camx__box_iou(&a, &apart), 0.0f);
    ck_assert_float_eq(camx__box_iou(&a, &empty), 0.0f);
    ck_assert_float_eq(camx__box_iou(&far, &a), 0.0f);
    ck_assert_float_eq(camx__box_iou(&far, &far), 1.0f);
}
END_TEST

/* ---- memory ---- */

/* Each allocation fails once: nothing is lost, and the map can be used again. */
START_TEST(memory_runs_out)
{
    bool fired = true;
    int number = 0;
    while (fired) {
        failing_allocator failing = {.fail_at = 0};
        camx_allocator allocator = failing_allocator_use(&failing);
        camx_map *map = NULL;
        camx_box boxes[4];
        uint32_t found = 0;
        ck_assert_int_eq(camx__map_create(&allocator, &map, &error), CAMX_OK);
        ck_assert_int_eq(camx__map_reset(map, CAMX_METHOD_CAM, "f", 1, 6, 4, &error), CAMX_OK);
        memcpy(camx__map_raw(map, 0), two_spots, sizeof two_spots);
        camx__map_finish(map, 0);
        failing.fail_at = failing.asked + ++number;
        camx_status status = camx__map_boxes(map, 0, NULL, boxes, 4, &found, &error);
        fired = failing.asked >= failing.fail_at;
        ck_assert_int_eq(status, fired ? CAMX_E_MEMORY : CAMX_OK);
        failing.fail_at = 0;
        ck_assert_int_eq(camx__map_boxes(map, 0, NULL, boxes, 4, &found, &error), CAMX_OK);
        ck_assert_uint_eq(found, 2);
        camx__map_release(map);
        ck_assert_int_eq(failing.held, 0);
    }
    ck_assert_int_gt(number, 4); /* the heat, the runs, the components, the boxes */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regions");
    TCase *tests = tcase_create("regions");
    tcase_add_loop_test(tests, components_are_what_a_flood_fill_finds, 0, 300);
    tcase_add_test(tests, shapes);
    tcase_add_loop_test(tests, otsu_parts_best, 0, 40);
    tcase_add_test(tests, otsu_of_two_values);
    tcase_add_test(tests, numbers_of_a_box);
    tcase_add_test(tests, thresholds);
    tcase_add_test(tests, nothing_to_put_a_box_around);
    tcase_add_test(tests, boxes_come_back_through_a_crop);
    tcase_add_test(tests, shares_of_heat);
    tcase_add_test(tests, a_mask_is_a_box_of_any_shape);
    tcase_add_test(tests, overlaps);
    tcase_add_test(tests, memory_runs_out);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
