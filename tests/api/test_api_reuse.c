/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Occlusion that reuses the uncovered run: what is refused, several patch sizes and targets, stopping half-way, batches,
 * NaN, little memory, threads. That the maps are those of whole runs on every kind of network is shown by
 * tests/golden/test_reuse.c.
 */
#include <math.h>
#include <stdio.h>

#include "api_support.h"

#define SIDE 16
#define PIXELS (SIDE * SIDE)

typedef struct bench {
    camx_model *model;
    camx_session *session;
    camx_input *input;
    camx_map *map;
    camx_map *other;
    camx_occlusion_options options;
} bench;

static bench open_bench(const api_net *net, int64_t images)
{
    bench b = {.model = api_net_open(net, NULL), .map = api_map(), .other = api_map()};
    b.session = api_session(b.model, NULL);
    b.input = api_random_input(b.model, 70, images, net->channels, SIDE, SIDE);
    camx_occlusion_options_captum(&b.options);
    b.options.patch_width = 4;
    b.options.stride_x = 4;
    b.options.fill_value = 0.5F;
    b.options.reuse = CAMX_REUSE_ALWAYS;
    return b;
}

static void close_bench(bench *b)
{
    camx_map_release(b->map);
    camx_map_release(b->other);
    camx_input_release(b->input);
    camx_session_close(b->session);
    camx_model_release(b->model);
}

static api_net wide_net(void)
{
    api_net net = API_NET;
    net.side = SIDE;
    return net;
}

static bool has_reuse(void)
{
    return strstr(camx_build_info(), "without occlusion reuse") == NULL;
}

/* Where both have numbers they are the same, to rounding; *both: how many do. */
static void expect_same(const camx_map *a, const camx_map *b, uint32_t image, int *both)
{
    const float *x = camx_map_values(a, image);
    const float *y = camx_map_values(b, image);
    camx_map_info info = api_map_info(b, image);
    float range = fmaxf(fabsf(info.minimum), fabsf(info.maximum));
    *both = 0;
    for (int i = 0; i < info.width * info.height; i++) {
        if (isnan(x[i]) || isnan(y[i]))
            continue;
        ck_assert_msg(fabsf(x[i] - y[i]) <= 1e-4F * range, "pixel %d: %g, not %g", i, (double)x[i], (double)y[i]);
        (*both)++;
    }
}

START_TEST(refused)
{
    api_net net = wide_net();
    bench b = open_bench(&net, 1);
    static const int32_t sizes[] = {4, 8, 0, SIDE + 1};
    static int32_t many[65];
    const camx_target *targets[2] = {NULL, NULL};
    camx_map *maps[2] = {b.map, b.map};
#define TRY(field, value, words)                                                                                \
    do {                                                                                                        \
        camx_occlusion_options options = b.options;                                                             \
        options.patch_width = 0;                                                                                \
        options.sizes = sizes;                                                                                  \
        options.size_count = 2;                                                                                 \
        options.field = (value);                                                                                \
        EXPECT(occlusion_map(b.session, b.input, NULL, &options, b.map, &error), CAMX_E_ARGUMENT, words);       \
    } while (0)
    TRY(reuse, 3, "reuse is 3");
    TRY(reuse, -1, "reuse is -1");
    TRY(size_count, 0, "size_count of 0");
    TRY(size_count, 3, "sizes[2] is 0");
    TRY(sizes, NULL, "sizes is NULL");
    TRY(sizes, sizes + 3, "17 pixels");
    TRY(patch_width, 4, "patch_width of 4");
    TRY(patch_height, 2, "patch_height of 2");
    TRY(stride_x, -1, "stride");
    camx_occlusion_options options = b.options;
    options.patch_width = 0;
    options.sizes = many;
    options.size_count = 65;
    EXPECT(occlusion_map(b.session, b.input, NULL, &options, b.map, &error), CAMX_E_ARGUMENT, "1 to 64");
    EXPECT(camx_occlusion_many(NULL, b.input, targets, 2, NULL, maps, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_occlusion_many(b.session, b.input, targets, 2, NULL, NULL, &error), CAMX_E_ARGUMENT, "'maps'");
    EXPECT(camx_occlusion_many(b.session, b.input, NULL, 2, NULL, maps, &error), CAMX_E_ARGUMENT, "targets is NULL");
    EXPECT(camx_occlusion_many(b.session, b.input, targets, 2, NULL, maps, &error), CAMX_E_ARGUMENT, "the same map");
    maps[1] = NULL;
    EXPECT(camx_occlusion_many(b.session, b.input, targets, 2, NULL, maps, &error), CAMX_E_ARGUMENT, "maps[1]");
    GOOD(camx_occlusion_many(b.session, b.input, NULL, 0, NULL, maps, &error));
    ck_assert_uint_eq(camx_map_image_count(b.map), 1);
    camx_target nobody;
    camx_target_for_class(&nobody, 99);
    targets[1] = &nobody;
    maps[1] = b.other;
    EXPECT(camx_occlusion_many(b.session, b.input, targets, 2, NULL, maps, &error), CAMX_E_NOT_FOUND, "99");
    ck_assert_uint_eq(camx_map_image_count(b.map), 0);
    close_bench(&b);
}
END_TEST

/* The map of several sizes is the mean of their maps, at each pixel over those that cover it. */
START_TEST(mean_of_sizes)
{
    static const int32_t sizes[] = {3, 6};
    api_net net = wide_net();
    bench b = open_bench(&net, 1);
    float single[2][PIXELS];
    b.options.stride_x = 5; /* size 3 leaves gaps */
    for (int reuse = CAMX_REUSE_OFF; reuse <= CAMX_REUSE_ALWAYS; reuse++) {
        b.options.reuse = reuse;
        uint64_t total = 0;
        for (int i = 0; i < 2; i++) {
            b.options.patch_width = sizes[i];
            b.options.sizes = NULL;
            b.options.size_count = 0;
            GOOD(occlusion_map(b.session, b.input, NULL, &b.options, b.map, &error));
            memcpy(single[i], camx_map_values(b.map, 0), sizeof single[i]);
            total += api_map_info(b.map, 0).total;
        }
        b.options.patch_width = 0;
        b.options.sizes = sizes;
        b.options.size_count = 2;
        GOOD(occlusion_map(b.session, b.input, NULL, &b.options, b.map, &error));
        ck_assert_uint_eq(api_map_info(b.map, 0).total, total);
        for (int i = 0; i < PIXELS; i++) {
            float value = camx_map_values(b.map, 0)[i];
            float one = single[0][i];
            float two = single[1][i];
            float wanted = isnan(one) ? two : isnan(two) ? one : (one + two) / 2.0F;
            ck_assert(isnan(wanted) ? isnan(value) : fabsf(value - wanted) <= 1e-6F);
        }
    }
    close_bench(&b);
}
END_TEST

static int stop_after(uint64_t done, uint64_t total, void *user)
{
    ck_assert_uint_eq(total, 16);
    return done >= *(uint64_t *)user;
}

/* What was done before a stop is the whole map's, for every target, and nothing else is there. */
START_TEST(stopped)
{
    api_net net = wide_net();
    bench b = open_bench(&net, 1);
    uint64_t last = (uint64_t)_i;
    camx_target second;
    camx_target_for_class(&second, 2);
    const camx_target *targets[2] = {NULL, &second};
    camx_map *maps[2] = {b.map, b.other};
    camx_map *whole = api_map();
    int both = 0;
    b.options.progress = stop_after;
    b.options.progress_user = &last;
    EXPECT(camx_occlusion_many(b.session, b.input, targets, 2, &b.options, maps, &error), CAMX_E_CANCELLED, "of 16");
    b.options.progress = NULL;
    b.options.reuse = CAMX_REUSE_OFF;
    for (int t = 0; t < 2; t++) {
        camx_map_info info = api_map_info(maps[t], 0);
        ck_assert_uint_eq(info.done, last);
        ck_assert_int_eq(info.finding, CAMX_FINDING_PARTIAL);
        GOOD(occlusion_map(b.session, NULL, targets[t], &b.options, whole, &error));
        expect_same(maps[t], whole, 0, &both);
        ck_assert_int_eq(both, _i * 4 * 4);
    }
    camx_map_release(whole);
    close_bench(&b);
}
END_TEST

/* A file that fixes two images per run, and four images: each gets the map it gets alone. */
START_TEST(batches)
{
    api_net net = wide_net();
    net.batch = _i == 0 ? 2 : -1;
    bench b = open_bench(&net, 4);
    int both = 0;
    GOOD(occlusion_map(b.session, b.input, NULL, &b.options, b.map, &error));
    uint64_t before = api_stats(b.session).forward_runs;
    b.options.reuse = CAMX_REUSE_OFF;
    GOOD(occlusion_map(b.session, b.input, NULL, &b.options, b.other, &error));
    ck_assert_uint_ge(api_stats(b.session).forward_runs - before, 4 * 16);
    if (has_reuse())
        ck_assert_uint_le(before, 8);
    for (uint32_t image = 0; image < 4; image++) {
        expect_same(b.map, b.other, image, &both);
        ck_assert_int_eq(both, PIXELS);
    }
    close_bench(&b);
}
END_TEST

START_TEST(not_finite)
{
    api_net net = wide_net();
    net.poison = NAN;
    bench b = open_bench(&net, 1);
    GOOD(occlusion_map(b.session, b.input, NULL, &b.options, b.map, &error));
    ck_assert_int_eq(api_map_info(b.map, 0).finding, CAMX_FINDING_NOT_FINITE);
    close_bench(&b);
}
END_TEST

/* A patch that shows what it covers changes nothing at all, whatever the rounding of windows. */
START_TEST(exact_zero)
{
    api_net net = wide_net();
    bench b = open_bench(&net, 1);
    float values[3 * PIXELS];
    api_random_floats(71, values, 3 * PIXELS);
    for (int i = 0; i < 3 * PIXELS; i++)
        if (i % SIDE < 8)
            values[i] = 0.5F;
    camx_input *half = api_input(b.model, values, 1, 3, SIDE, SIDE);
    GOOD(occlusion_map(b.session, half, NULL, &b.options, b.map, &error));
    for (int i = 0; i < PIXELS; i++)
        ck_assert((camx_map_values(b.map, 0)[i] == 0.0F) == (i % SIDE < 8));
    camx_input_release(half);
    close_bench(&b);
}
END_TEST

/* The same bits for any number of threads. */
START_TEST(any_threads)
{
    api_net net = wide_net();
    bench b = open_bench(&net, 1);
    GOOD(occlusion_map(b.session, b.input, NULL, &b.options, b.map, &error));
    for (int threads = 1; threads <= 3; threads++) {
        camx_session_options options;
        camx_session_options_init(&options);
        options.threads = threads;
        camx_session *session = api_session(b.model, &options);
        GOOD(occlusion_map(session, b.input, NULL, &b.options, b.other, &error));
        ck_assert_mem_eq(camx_map_values(b.map, 0), camx_map_values(b.other, 0), PIXELS * sizeof(float));
        camx_session_close(session);
    }
    close_bench(&b);
}
END_TEST

/* Where max_memory has no room for all feature maps and windows, the map comes from whole runs, without a word. */
START_TEST(little_memory)
{
    api_net net = wide_net();
    bench b = open_bench(&net, 1);
    int both = 0;
    int reused = 0;
    int whole = 0;
    float values[3 * PIXELS];
    const int64_t shape[4] = {1, 3, SIDE, SIDE};
    api_random_floats(70, values, 3 * PIXELS);
    GOOD(occlusion_map(b.session, b.input, NULL, &b.options, b.map, &error));
    for (uint64_t limit = 1u << 20; limit > 1000; limit -= limit / 200) {
        camx_error error;
        camx_model_options options;
        camx_model_options_init(&options);
        options.max_memory = limit;
        onnx_bytes bytes = api_net_make(&net);
        camx_model *model = NULL;
        camx_session *session = NULL;
        camx_input *input = NULL;
        camx_status status = camx_model_open_memory(bytes.data, bytes.size, &options, &model, &error);
        if (status == CAMX_OK)
            status = camx_session_open(model, NULL, &session, &error);
        if (status == CAMX_OK)
            status = camx_input_from_floats(model, values, shape, 4, &input, &error);
        if (status == CAMX_OK)
            status = occlusion_map(session, input, NULL, &b.options, b.other, &error);
        ck_assert_msg(status == CAMX_OK || status == CAMX_E_MEMORY, "%s", error.message);
        if (status == CAMX_OK) {
            expect_same(b.other, b.map, 0, &both);
            ck_assert_int_eq(both, PIXELS);
            if (api_stats(session).forward_runs > 8)
                whole++;
            else
                reused++;
        }
        camx_input_release(input);
        camx_session_close(session);
        camx_model_release(model);
        onnx_bytes_free(&bytes);
        if (status != CAMX_OK && limit < 100000)
            break;
    }
    ck_assert(reused > 0 || !has_reuse());
    ck_assert_msg(whole > 0, "%d with reuse, none without", reused);
    close_bench(&b);
}
END_TEST

/* By number, for several targets: from one set of runs. */
START_TEST(by_number)
{
    api_net net = wide_net();
    bench b = open_bench(&net, 1);
    camx_target second;
    camx_target_for_class(&second, 3);
    const camx_target *targets[2] = {NULL, &second};
    static const char *const layers[] = {"c1"};
    camx_map *maps[2] = {b.map, b.other};
    int both = 0;
    GOOD(camx_explain_many(b.session, CAMX_METHOD_OCCLUSION, b.input, targets, 2, NULL, 0, NULL, maps, &error));
    uint64_t runs = api_stats(b.session).forward_runs;
    ck_assert_uint_le(runs, api_map_info(b.map, 0).total + 4);
    camx_map *alone = api_map();
    for (int t = 0; t < 2; t++) {
        GOOD(camx_explain(b.session, CAMX_METHOD_OCCLUSION, NULL, targets[t], NULL, alone, &error));
        expect_same(maps[t], alone, 0, &both);
        ck_assert_int_eq(both, PIXELS);
    }
    EXPECT(camx_explain_many(b.session, CAMX_METHOD_OCCLUSION, b.input, targets, 2, layers, 1, NULL, maps, &error),
           CAMX_E_ARGUMENT, "leave 'c1' out");
    camx_map_release(alone);
    close_bench(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reuse");
    TCase *tests = tcase_create("reuse");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, refused);
    tcase_add_test(tests, mean_of_sizes);
    tcase_add_loop_test(tests, stopped, 1, 14);
    tcase_add_loop_test(tests, batches, 0, 2);
    tcase_add_test(tests, not_finite);
    tcase_add_test(tests, exact_zero);
    tcase_add_test(tests, any_threads);
    tcase_add_test(tests, little_memory);
    tcase_add_test(tests, by_number);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
