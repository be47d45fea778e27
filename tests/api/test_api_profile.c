/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: which rows there are and what they say; times only as far as they must hold on any machine. */
#include <math.h>

#include "api_support.h"

typedef struct fixture {
    camx_model *model;
    camx_session *session;
    camx_input *input;
} fixture;

static fixture t;

static void set_up(void)
{
    api_net net = API_NET;
    t.model = api_net_open(&net, NULL);
    t.session = api_session(t.model, NULL);
    t.input = api_random_input(t.model, 3, 1, 3, 8, 8);
}

static void tear_down(void)
{
    camx_input_release(t.input);
    camx_session_close(t.session);
    camx_model_release(t.model);
}

static camx_profile_row row_of(const camx_session *session, uint32_t index)
{
    camx_profile_row row = {.struct_size = sizeof row};
    GOOD(camx_session_get_profile_row(session, index, &row, &error));
    return row;
}

/* How many rows have this kind and operator. */
static int count_rows(const camx_session *session, int32_t kind, const char *op)
{
    int found = 0;
    for (uint32_t i = 0; i < camx_session_profile_count(session); i++) {
        camx_profile_row row = row_of(session, i);
        found += row.kind == kind && strcmp(row.op, op) == 0;
    }
    return found;
}

static camx_profile_options options_of(int32_t runs, int32_t backward, const char *layer)
{
    camx_profile_options options;
    camx_profile_options_init(&options);
    options.runs = runs;
    options.backward = backward;
    options.layer = layer;
    return options;
}

START_TEST(steps_of_the_way_there)
{
    camx_profile_options options = options_of(3, 0, NULL);
    double shares = 0.0;
    uint64_t operations = 0;
    ck_assert_uint_eq(camx_session_profile_count(t.session), 0);
    GOOD(camx_session_profile(t.session, t.input, &options, &error));
    uint32_t count = camx_session_profile_count(t.session);
    ck_assert_uint_eq(count, api_stats(t.session).steps);
    for (uint32_t i = 0; i < count; i++) {
        camx_profile_row row = row_of(t.session, i);
        ck_assert(row.kind == CAMX_STEP_FORWARD || row.kind == CAMX_STEP_COPY);
        ck_assert(row.fastest >= 0.0 && row.seconds >= row.fastest && isfinite(row.seconds));
        ck_assert(row.output_rank > 0 && row.output_shape[0] == 1);
        shares += row.share;
        operations += row.operations;
    }
    ck_assert_double_eq_tol(shares, 1.0, 1e-9);
    ck_assert_uint_eq(operations, 2 * api_stats(t.session).multiply_adds);
    ck_assert_int_eq(count_rows(t.session, CAMX_STEP_FORWARD, "Gemm"), 1);
}
END_TEST

/* What is fused is said, and what is not has a row of its own. */
START_TEST(fused_and_not)
{
    camx_session_options plain;
    camx_profile_options options = options_of(1, 0, NULL);
    camx_session_options_init(&plain);
    plain.fusion = 0;
    camx_session *session = api_session(t.model, &plain);
    GOOD(camx_session_profile(t.session, t.input, &options, &error));
    GOOD(camx_session_profile(session, t.input, &options, &error));
    ck_assert_int_eq(count_rows(session, CAMX_STEP_FORWARD, "Relu"), 2);
    ck_assert_int_eq(count_rows(session, CAMX_STEP_FORWARD, "Conv"), 2);
    bool found = false;
    for (uint32_t i = 0; i < camx_session_profile_count(t.session); i++) {
        camx_profile_row row = row_of(t.session, i);
        if (strcmp(row.name, "r2") == 0) {
            found = true;
            ck_assert_str_eq(row.fused, "Relu");
            ck_assert_uint_gt(row.operations, 0);
            ck_assert_uint_gt(strlen(row.kernel), 0);
            ck_assert(row.input_rank == 4 && row.input_shape[1] == 4 && row.input_shape[3] == 8);
        }
    }
    ck_assert(found);
    camx_session_close(session);
}
END_TEST

START_TEST(steps_of_the_way_back)
{
    camx_profile_options options = options_of(2, 1, "c1");
    GOOD(camx_session_profile(t.session, t.input, &options, &error));
    ck_assert_int_eq(count_rows(t.session, CAMX_STEP_BACKWARD, "Gemm"), 1);
    ck_assert_int_eq(count_rows(t.session, CAMX_STEP_BACKWARD, "Conv"), 1);
    ck_assert_uint_eq(api_stats(t.session).backward_runs, 3);
    /* The shorter way, in the same program: what it does not need is not listed. */
    options.layer = NULL;
    GOOD(camx_session_profile(t.session, NULL, &options, &error));
    ck_assert_int_eq(count_rows(t.session, CAMX_STEP_BACKWARD, "Conv"), 0);
    ck_assert_int_eq(count_rows(t.session, CAMX_STEP_BACKWARD, "Gemm"), 1);
    options.backward = 0;
    GOOD(camx_session_profile(t.session, NULL, &options, &error));
    ck_assert_int_eq(count_rows(t.session, CAMX_STEP_BACKWARD, "Gemm"), 0);
}
END_TEST

/* A profile changes no numbers, and leaves a run that others can use. */
START_TEST(numbers_stay)
{
    float before[64];
    float scores[5];
    float again[5];
    camx_map *map = api_map();
    camx_profile_options options = options_of(2, 1, "c1");
    GOOD(gradcam_compute(t.session, t.input, NULL, NULL, map, &error));
    memcpy(before, camx_map_values(map, 0), sizeof before);
    GOOD(camx_session_scores(t.session, 0, CAMX_SCORE_LOGIT, scores, 5, &error));
    GOOD(camx_session_profile(t.session, NULL, &options, &error));
    uint64_t runs = api_stats(t.session).forward_runs;
    GOOD(camx_session_scores(t.session, 0, CAMX_SCORE_LOGIT, again, 5, &error));
    GOOD(gradcam_compute(t.session, NULL, NULL, NULL, map, &error));
    ck_assert_uint_eq(api_stats(t.session).forward_runs, runs);
    for (int i = 0; i < 64; i++)
        ck_assert_float_eq_tol(camx_map_values(map, 0)[i], before[i], 1e-6F);
    for (int i = 0; i < 5; i++)
        ck_assert_float_eq_tol(again[i], scores[i], 1e-5F);
    camx_map_release(map);
}
END_TEST

START_TEST(refusals)
{
    camx_profile_row row = {.struct_size = sizeof row};
    camx_profile_options options = options_of(-1, 0, NULL);
    EXPECT(camx_session_profile(t.session, NULL, NULL, &error), CAMX_E_STATE, "no input");
    EXPECT(camx_session_profile(NULL, t.input, NULL, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_profile(t.session, t.input, &options, &error), CAMX_E_ARGUMENT, "runs is -1");
    options.runs = 1001;
    EXPECT(camx_session_profile(t.session, t.input, &options, &error), CAMX_E_ARGUMENT, "runs is 1001");
    options = options_of(1, 0, "c1");
    EXPECT(camx_session_profile(t.session, t.input, &options, &error), CAMX_E_ARGUMENT, "backward");
    options = options_of(1, 1, "nothing");
    EXPECT(camx_session_profile(t.session, t.input, &options, &error), CAMX_E_NOT_FOUND, "'nothing'");
    options.layer = "logits";
    EXPECT(camx_session_profile(t.session, t.input, &options, &error), CAMX_E_METHOD, "no feature map");
    options = options_of(1, 0, NULL);
    GOOD(camx_session_profile(t.session, t.input, &options, &error));
    uint32_t count = camx_session_profile_count(t.session);
    EXPECT(camx_session_get_profile_row(t.session, count, &row, &error), CAMX_E_NOT_FOUND, "row number");
    EXPECT(camx_session_get_profile_row(NULL, 0, &row, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_get_profile_row(t.session, 0, NULL, &error), CAMX_E_ARGUMENT, "'row'");
    ck_assert_uint_eq(camx_session_profile_count(NULL), 0);
    options.runs = -5;
    EXPECT(camx_session_profile(t.session, NULL, &options, &error), CAMX_E_ARGUMENT, "runs");
    ck_assert_uint_eq(camx_session_profile_count(t.session), 0); /* a failed one leaves no rows */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_profile");
    TCase *tests = tcase_create("profile");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, steps_of_the_way_there);
    tcase_add_test(tests, fused_and_not);
    tcase_add_test(tests, steps_of_the_way_back);
    tcase_add_test(tests, numbers_stay);
    tcase_add_test(tests, refusals);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
