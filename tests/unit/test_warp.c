/* SPDX-License-Identifier: Apache-2.0 */
/* Warps, stretches, blurs and views: <Ax, y> = <x, A'y>, and what they leave alone. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain/maximise.h"
#include "input/warp.h"

enum { ROOM = 3 * 20 * 20 };

static const camx__planes large = {3, 17, 20};
static const camx__planes small = {3, 5, 9};

static void fill(float *values, int64_t count, uint32_t seed)
{
    for (int64_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) / 8388608.0F - 1.0F;
    }
}

static double dot(const float *a, const float *b, int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static int64_t count_of(const camx__planes *size)
{
    return size->count * size->height * size->width;
}

START_TEST(warp_is_adjoint)
{
    static const camx__warp warps[] = {
        {1, 0, 0, 0}, {0.9, 0.3, 1.7, -2.2}, {0, 1.4, 0.5, 0.5}, {2, -0.1, 30, -30}, {0.5, 0, 0, 0}};
    float x[ROOM], y[ROOM], ax[ROOM], aty[ROOM] = {0};
    int64_t count = count_of(&large);
    fill(x, count, 1);
    fill(y, count, 2);
    camx__warp_apply(&warps[_i], &large, x, ax);
    camx__warp_transpose(&warps[_i], &large, y, aty);
    ck_assert_double_eq_tol(dot(ax, y, count), dot(x, aty, count), 1e-4);
    if (_i == 0)
        ck_assert_mem_eq(ax, x, (size_t)count * sizeof(float));
}
END_TEST

/* A whole shift moves pixels; the edge is repeated. */
START_TEST(warp_shifts)
{
    float x[ROOM], ax[ROOM];
    camx__warp warp = {1, 0, 3, 0};
    fill(x, count_of(&large), 3);
    camx__warp_apply(&warp, &large, x, ax);
    for (int64_t row = 0; row < large.count * large.height; row++)
        for (int64_t i = 0; i < large.width; i++)
            ck_assert_float_eq_tol(ax[row * large.width + i],
                                   x[row * large.width + (i + 3 < large.width ? i + 3 : large.width - 1)], 1e-6F);
}
END_TEST

START_TEST(stretch_is_adjoint)
{
    const camx__planes *from = _i == 0 ? &small : &large;
    float x[ROOM], y[ROOM], ax[ROOM] = {0}, aty[ROOM], room[ROOM];
    fill(x, count_of(from), 4);
    fill(y, count_of(&large), 5);
    camx__stretch_add(from, &large, 0.7F, x, ax, room);
    camx__stretch_transpose(from, &large, 0.7F, y, aty, room);
    ck_assert_double_eq_tol(dot(ax, y, count_of(&large)), dot(x, aty, count_of(from)), 1e-4);
    for (int64_t i = 0; _i == 1 && i < count_of(&large); i++)
        ck_assert_float_eq_tol(ax[i], 0.7F * x[i], 1e-6F);
}
END_TEST

START_TEST(blur_is_adjoint)
{
    float x[ROOM], y[ROOM], ax[ROOM], aty[ROOM], row[20];
    int64_t count = count_of(&large);
    fill(x, count, 6);
    fill(y, count, 7);
    memcpy(ax, x, sizeof x);
    memcpy(aty, y, sizeof y);
    camx__soften(&large, 1.3, 0, ax, row);
    camx__soften(&large, 1.3, 1, aty, row);
    ck_assert_double_eq_tol(dot(ax, y, count), dot(x, aty, count), 1e-4);
    for (int64_t i = 0; i < count; i++)
        x[i] = 0.25F;
    camx__soften(&large, 2.0, 0, x, row);
    for (int64_t i = 0; i < count; i++)
        ck_assert_float_eq_tol(x[i], 0.25F, 1e-6F);
    memcpy(ax, y, sizeof y);
    camx__soften(&large, 0.0, 0, ax, row);
    ck_assert_mem_eq(ax, y, (size_t)count * sizeof(float));
}
END_TEST

static camx_maximise_options plain_options(void)
{
    camx_maximise_options options;
    camx_maximise_options_init(&options);
    options.jitter = options.rotation = options.scale = options.grain = 0.0F;
    return options;
}

/* What a view makes of a difference, and what it carries back. */
START_TEST(view_is_adjoint)
{
    float x[ROOM], other[ROOM], y[ROOM], seen[ROOM], seen_other[ROOM], back[ROOM] = {0};
    int64_t count = count_of(&large);
    camx_maximise_options options;
    camx__view view;
    camx_maximise_options_init(&options);
    camx__view_choose(&view, &options, &large, _i + 1);
    fill(x, count, 8);
    fill(other, count, 9);
    fill(y, count, 10);
    camx__view_show(&view, &large, x, seen);
    camx__view_show(&view, &large, other, seen_other);
    for (int64_t i = 0; i < count; i++) {
        seen_other[i] -= seen[i];
        other[i] -= x[i];
    }
    double there = dot(seen_other, y, count);
    camx__view_return(&view, &large, y, back);
    ck_assert_double_eq_tol(there, dot(other, back, count), 1e-3);
}
END_TEST

/* Grain has the deviation that was asked for, mean 0, and other numbers in every step; a view without anything is the
 * picture. */
START_TEST(view_has_grain)
{
    float x[ROOM], one[ROOM], two[ROOM];
    int64_t count = count_of(&large);
    camx_maximise_options options = plain_options();
    camx__view view;
    double sum = 0.0;
    double square = 0.0;
    double both = 0.0;
    fill(x, count, 11);
    camx__view_choose(&view, &options, &large, 1);
    camx__view_show(&view, &large, x, one);
    for (int64_t i = 0; i < count; i++)
        ck_assert_float_eq_tol(one[i], x[i], 1e-6F);
    options.grain = 0.25F;
    camx__view_choose(&view, &options, &large, 1);
    ck_assert(view.grain > 0.0F && view.grain <= 0.25F);
    view.grain = 0.25F;
    camx__view_show(&view, &large, x, one);
    camx__view_choose(&view, &options, &large, 2);
    ck_assert(view.grain > 0.0F && view.grain <= 0.25F);
    view.grain = 0.25F;
    camx__view_show(&view, &large, x, two);
    for (int64_t i = 0; i < count; i++) {
        double noise = (double)one[i] - (double)x[i];
        sum += noise / (double)count;
        square += noise * noise / (double)count;
        both += noise * ((double)two[i] - (double)x[i]) / (double)count;
    }
    ck_assert_double_eq_tol(sum, 0.0, 0.03);
    ck_assert_double_eq_tol(sqrt(square), 0.25, 0.01);
    ck_assert_double_eq_tol(both, 0.0, 0.01);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("warp");
    TCase *tests = tcase_create("warp");
    tcase_add_loop_test(tests, warp_is_adjoint, 0, 5);
    tcase_add_test(tests, warp_shifts);
    tcase_add_loop_test(tests, stretch_is_adjoint, 0, 2);
    tcase_add_test(tests, blur_is_adjoint);
    tcase_add_loop_test(tests, view_is_adjoint, 0, 4);
    tcase_add_test(tests, view_has_grain);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
