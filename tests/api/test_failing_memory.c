/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation number N fails, for every N until nothing fails any more: once alone and once with all that follow. Each
 * time the call says CAMX_E_MEMORY, nothing is lost, and with memory back everything goes on from there and ends in the
 * same numbers.
 */
#include <stdio.h>

#include "api_support.h"

/* ---- an allocator with an end ---- */

typedef struct purse {
    int fail_at; /* counted from 1; 0 = never */
    bool for_good;
    bool fired;
    int asked;
    int held;
} purse;

static void *purse_allocate(size_t bytes, void *user)
{
    purse *p = user;
    p->asked++;
    if (p->fail_at > 0 && (p->asked == p->fail_at || (p->for_good && p->asked > p->fail_at))) {
        p->fired = true;
        return NULL;
    }
    void *block = malloc(bytes);
    ck_assert_ptr_nonnull(block);
    memset(block, 0xCD, bytes); /* nothing is zero by luck */
    p->held++;
    return block;
}

static void purse_release(void *block, void *user)
{
    purse *p = user;
    ck_assert_ptr_nonnull(block);
    p->held--;
    free(block);
}

/* ---- what is done ---- */

#define SIDE 6
#define RESULTS 2000

typedef struct world {
    purse *money;
    camx_allocator allocator;
    const onnx_bytes *bytes;
    const char *path; /* of the same file; NULL: from memory */
    camx_model *model;
    camx_session *session;
    camx_session *second;
    camx_input *input;
    camx_input *picture;
    camx_map *map;
    float results[RESULTS];
    size_t count;
} world;

typedef camx_status step_fn(world *w, camx_error *error);

static void note(world *w, const float *values, size_t count)
{
    ck_assert_uint_le(w->count + count, RESULTS);
    memcpy(w->results + w->count, values, count * sizeof(float));
    w->count += count;
}

static void note_map(world *w)
{
    camx_map_info info = api_map_info(w->map, 0);
    note(w, camx_map_values(w->map, 0), (size_t)info.width * (size_t)info.height);
}

static camx_status open_model(world *w, camx_error *error)
{
    camx_model_options options;
    camx_model_options_init(&options);
    options.allocator = &w->allocator;
    camx_status status =
        w->path != NULL ? camx_model_open(w->path, &options, &w->model, error)
                        : camx_model_open_memory(w->bytes->data, w->bytes->size, &options, &w->model, error);
    ck_assert((status == CAMX_OK) == (w->model != NULL));
    return status;
}

static camx_status open_first(world *w, camx_error *error)
{
    static const char *const layers[] = {"gap"};
    camx_session_options options;
    camx_session_options_init(&options);
    options.threads = 1;
    options.layers = layers;
    options.layer_count = 1;
    camx_status status = camx_session_open(w->model, &options, &w->session, error);
    ck_assert((status == CAMX_OK) == (w->session != NULL));
    return status;
}

static camx_status open_second(world *w, camx_error *error)
{
    camx_session_options options;
    camx_session_options_init(&options);
    options.threads = 2;
    options.keep = CAMX_KEEP_SPATIAL;
    options.fusion = 0;
    camx_status status = camx_session_open(w->model, &options, &w->second, error);
    ck_assert((status == CAMX_OK) == (w->second != NULL));
    return status;
}

static camx_status make_input(world *w, camx_error *error)
{
    float values[3 * SIDE * SIDE];
    const int64_t shape[4] = {1, 3, SIDE, SIDE};
    api_random_floats(61, values, 3 * SIDE * SIDE);
    camx_status status = camx_input_from_floats(w->model, values, shape, 4, &w->input, error);
    ck_assert((status == CAMX_OK) == (w->input != NULL));
    return status;
}

static camx_status make_picture(world *w, camx_error *error)
{
    uint8_t samples[15 * 9 * 3];
    camx_pixels pixels;
    for (size_t i = 0; i < sizeof samples; i++)
        samples[i] = (uint8_t)(i * 37);
    camx_pixels_init(&pixels, CAMX_PIXEL_RGB, 15, 9, 0, samples);
    camx_status status = camx_input_from_pixels(w->model, &pixels, NULL, &w->picture, error);
    ck_assert((status == CAMX_OK) == (w->picture != NULL));
    return status;
}

static camx_status make_map(world *w, camx_error *error)
{
    camx_status status = camx_map_create(&w->allocator, &w->map, error);
    ck_assert((status == CAMX_OK) == (w->map != NULL));
    return status;
}

static camx_status run(world *w, camx_error *error)
{
    return camx_session_run(w->session, w->input, error);
}

static camx_status scores(world *w, camx_error *error)
{
    float values[5];
    camx_class_score best[5];
    uint32_t found = 0;
    camx_status status = camx_session_top(w->session, 0, best, 5, &found, error);
    if (status == CAMX_OK)
        status = camx_session_scores(w->session, 0, CAMX_SCORE_PROBABILITY, values, 5, error);
    if (status == CAMX_OK)
        note(w, values, 5);
    return status;
}

static camx_status cam(world *w, camx_error *error)
{
    camx_status status = cam_compute(w->session, NULL, NULL, NULL, w->map, error);
    if (status == CAMX_OK)
        note_map(w);
    return status;
}

static camx_status gradcam(world *w, camx_error *error)
{
    camx_status status = gradcam_compute(w->session, NULL, NULL, NULL, w->map, error);
    if (status == CAMX_OK)
        note_map(w);
    return status;
}

/* Another layer: planned anew, run again. */
static camx_status gradcampp(world *w, camx_error *error)
{
    camx_gradcampp_options options;
    camx_gradcampp_options_init(&options);
    options.layer = "c1";
    camx_status status = gradcampp_compute(w->session, NULL, NULL, &options, w->map, error);
    if (status == CAMX_OK)
        note_map(w);
    return status;
}

static camx_status occlusion(world *w, camx_error *error)
{
    camx_occlusion_options options;
    camx_occlusion_options_init(&options);
    options.fill = CAMX_FILL_BLUR;
    options.patch_width = 3;
    options.stride_x = 3;
    options.reuse = CAMX_REUSE_ALWAYS;
    camx_status status = occlusion_map(w->session, w->input, NULL, &options, w->map, error);
    if (status == CAMX_OK)
        note_map(w);
    return status;
}

/* Every method that has no function of its own. */
static camx_status others(world *w, camx_error *error)
{
    size_t count = w->count;
    camx_status status = CAMX_OK;
    for (uint32_t i = 4; status == CAMX_OK && camx_method_at(i) != 0; i++) {
        status = camx_explain(w->session, camx_method_at(i), w->input, NULL, NULL, w->map, error);
        if (status == CAMX_OK)
            note_map(w);
    }
    if (status != CAMX_OK)
        w->count = count;
    return status;
}

static camx_status maximise(world *w, camx_error *error)
{
    camx_objective class_one;
    camx_objective channel;
    const camx_objective *list[2] = {&class_one, &channel};
    camx_maximise_options options;
    camx_input *result = NULL;
    camx_objective_for_class(&class_one, 1);
    camx_objective_init(&channel);
    channel.kind = CAMX_OBJECTIVE_CHANNEL;
    channel.layer = "c1";
    camx_maximise_options_init(&options);
    options.start = w->input;
    options.steps = 2;
    camx_status status = camx_maximise(w->session, list, 2, &options, &result, error);
    ck_assert((status == CAMX_OK) == (result != NULL));
    if (status == CAMX_OK)
        note(w, camx_input_values(result, NULL), 3 * SIDE * SIDE);
    camx_input_release(result);
    return status;
}

static camx_status value(world *w, camx_error *error)
{
    float values[4 * SIDE * SIDE];
    camx_status status = camx_session_value(w->session, "r1", values, 4 * SIDE * SIDE, error);
    if (status == CAMX_OK)
        note(w, values, 4 * SIDE * SIDE);
    return status;
}

static camx_status gradient(world *w, camx_error *error)
{
    float values[3 * SIDE * SIDE];
    camx_status status = camx_session_gradient(w->session, NULL, NULL, "x", values, 3 * SIDE * SIDE, error);
    if (status == CAMX_OK)
        note(w, values, 3 * SIDE * SIDE);
    return status;
}

/* There and back. Times differ from run to run: what must not is what was run. */
static camx_status profile(world *w, camx_error *error)
{
    camx_profile_options options;
    camx_profile_options_init(&options);
    options.runs = 2;
    options.backward = 1;
    options.layer = "c2";
    camx_status status = camx_session_profile(w->session, NULL, &options, error);
    float rows = (float)camx_session_profile_count(w->session);
    ck_assert((status == CAMX_OK) == (rows > 0));
    if (status == CAMX_OK)
        note(w, &rows, 1);
    return status;
}

/* Two targets at two layers: planned anew. */
static camx_status many(world *w, camx_error *error)
{
    static const char *const layers[] = {"r1", "c2"};
    const camx_target *const targets[] = {NULL, NULL};
    camx_map *maps[4] = {w->map};
    camx_status status = CAMX_OK;
    for (int i = 1; i < 4 && status == CAMX_OK; i++)
        status = camx_map_create(&w->allocator, &maps[i], error);
    if (status == CAMX_OK)
        status = camx_explain_many(w->session, CAMX_METHOD_GRADCAM, NULL, targets, 2, layers, 2, NULL, maps, error);
    if (status == CAMX_OK)
        status = camx_explain_stages(w->session, CAMX_METHOD_GRADCAM, NULL, NULL, NULL, &maps[1], 1, error);
    if (status == CAMX_OK)
        note_map(w);
    for (int i = 1; i < 4; i++)
        camx_map_release(maps[i]);
    return status;
}

/* Another size (8 x 8, the default), in the other session too. */
static camx_status other_size(world *w, camx_error *error)
{
    camx_status status = gradcam_compute(w->session, w->picture, NULL, NULL, w->map, error);
    if (status == CAMX_OK)
        note_map(w);
    return status;
}

static camx_status in_second(world *w, camx_error *error)
{
    camx_status status = gradcam_compute(w->second, w->picture, NULL, NULL, w->map, error);
    if (status == CAMX_OK)
        note_map(w);
    return status;
}

static camx_status look(world *w, camx_error *error)
{
    float values[64];
    float pixels[15 * 9];
    camx_status status = camx_map_scale(w->map, 0, CAMX_SCALING_MINMAX, values, 64, error);
    if (status == CAMX_OK)
        status = camx_map_render(w->map, 0, NULL, pixels, 15, 9, error);
    if (status == CAMX_OK)
        note(w, values, 64);
    return status;
}

#define STEP(name) {name, #name}
static const struct {
    step_fn *run;
    const char *name;
} steps[] = {
    STEP(open_model), STEP(open_first), STEP(make_input), STEP(make_map),     STEP(run),        STEP(scores),
    STEP(cam),        STEP(gradcam),    STEP(gradcampp),  STEP(value),        STEP(gradient),   STEP(occlusion),
    STEP(many),       STEP(others),     STEP(make_picture), STEP(other_size), STEP(open_second), STEP(in_second),
    STEP(profile),
    STEP(look), STEP(maximise),
};
#define STEPS ((int)(sizeof steps / sizeof steps[0]))

static void close_world(world *w)
{
    camx_map_release(w->map);
    camx_session_close(w->session);
    camx_input_release(w->input);
    camx_session_close(w->second);
    camx_input_release(w->picture);
    camx_model_release(w->model);
    ck_assert_msg(w->money->held == 0, "allocation %d failed: %d blocks are lost", w->money->fail_at, w->money->held);
}

/* A refusal for want of memory, said properly. */
static void expect_memory(const world *w, camx_status status, const camx_error *error, int step)
{
    ck_assert_msg(status == CAMX_E_MEMORY && error->status == CAMX_E_MEMORY, "allocation %d, %s: %s: %s",
                  w->money->fail_at, steps[step].name, camx_status_name(status), error->message);
    ck_assert_msg(w->money->fired, "%s: out of memory without a reason", steps[step].name);
    ck_assert_msg(strstr(error->message, "memory") != NULL && strchr(error->message, '\n') == NULL, "%s: '%s'",
                  steps[step].name, error->message);
}

/* Everything once; gives up at the first failure, or goes on with memory back. */
static void do_all(world *w, bool give_up)
{
    for (int i = 0; i < STEPS; i++) {
        camx_error error;
        camx_status status = steps[i].run(w, &error);
        if (status == CAMX_OK)
            continue;
        expect_memory(w, status, &error, i);
        if (give_up)
            return;
        if (w->money->for_good) {
            status = steps[i].run(w, &error);
            expect_memory(w, status, &error, i);
        }
        w->money->fail_at = 0;
        status = steps[i].run(w, &error);
        ck_assert_msg(status == CAMX_OK, "with memory back, %s: %s", steps[i].name, error.message);
    }
}

static void start_world(world *w, purse *money, const onnx_bytes *bytes, const char *path)
{
    memset(w, 0, sizeof *w);
    w->money = money;
    w->allocator = (camx_allocator){purse_allocate, purse_release, money};
    w->bytes = bytes;
    w->path = path;
}

static onnx_bytes make_net(void)
{
    api_net net = API_NET;
    net.side = -1;
    return api_net_make(&net);
}

/* Under the address sanitizer every piece of a zone is an allocation of its own: thousands, which are then shared out among
 * the four ways to fail, so that each fails in one of them. Otherwise each fails in all. */
#define MOST_NUMBERS 1000

/* From a file on odd numbers, from memory on even ones. */
static void try_every(bool for_good, bool give_up)
{
    static world reference;
    static world w;
    purse plenty = {0};
    onnx_bytes bytes = make_net();
    char path[400];
    snprintf(path, sizeof path, "%s", api_write_file("net.onnx", bytes.data, bytes.size));
    start_world(&reference, &plenty, &bytes, NULL);
    do_all(&reference, true);
    close_world(&reference);
    int stride = plenty.asked > MOST_NUMBERS ? 4 : 1;
    bool fired = true;
    int number = 1 + (2 * for_good + give_up) % stride;
    for (; fired; number += stride) {
        purse money = {.fail_at = number, .for_good = for_good};
        start_world(&w, &money, &bytes, number / stride % 2 == 1 ? path : NULL);
        do_all(&w, give_up);
        fired = money.fired;
        if (!fired || !give_up) {
            ck_assert_uint_eq(w.count, reference.count);
            ck_assert_msg(memcmp(w.results, reference.results, w.count * sizeof(float)) == 0,
                          "after allocation %d failed, other numbers come out", number);
        }
        close_world(&w);
    }
    ck_assert_int_gt(number, plenty.asked);
    ck_assert_int_gt(plenty.asked, 50);
    onnx_bytes_free(&bytes);
}

START_TEST(one_fails)
{
    try_every(false, false);
}
END_TEST

START_TEST(all_fail_from_there)
{
    try_every(true, false);
}
END_TEST

START_TEST(given_up)
{
    try_every(_i != 0, true);
}
END_TEST

/* The limit of the options is such an end too, wherever it lies. */
START_TEST(every_limit)
{
    onnx_bytes bytes = make_net();
    bool enough = false;
    uint64_t limit = 0;
    for (limit = 2048; !enough; limit += 2048) {
        purse money = {0};
        camx_allocator allocator = {purse_allocate, purse_release, &money};
        camx_model_options options;
        camx_error error;
        world w;
        start_world(&w, &money, &bytes, NULL);
        camx_model_options_init(&options);
        options.allocator = &allocator;
        options.max_memory = limit;
        camx_status status = camx_model_open_memory(bytes.data, bytes.size, &options, &w.model, &error);
        for (int i = 1; i < STEPS && status == CAMX_OK; i++)
            status = steps[i].run(&w, &error);
        ck_assert_msg(status == CAMX_OK || status == CAMX_E_MEMORY, "%d bytes: %s", (int)limit, error.message);
        enough = status == CAMX_OK;
        close_world(&w);
    }
    ck_assert_uint_gt(limit, 20000);
    onnx_bytes_free(&bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("failing_memory");
    TCase *tests = tcase_create("failing");
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, one_fails);
    tcase_add_test(tests, all_fail_from_there);
    tcase_add_loop_test(tests, given_up, 0, 2);
    tcase_add_test(tests, every_limit);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
