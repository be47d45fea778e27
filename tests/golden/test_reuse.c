/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Occlusion with reuse against whole runs, on every network of the list: patches of several shapes, strides, edges and
 * fillings, several patch sizes at once, several targets at once.
 */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "camx/camx.h"
#include "golden.h"

#define MOST_NETWORKS 200

static char names[MOST_NETWORKS][96];
static int name_count;

typedef struct subject {
    const char *name;
    golden reference;
    camx_model *model;
    camx_session *session;
    camx_input *input;
    camx_map *reused;
    camx_map *whole;
} subject;

static void data_path(char *path, size_t size, const char *name, const char *ending)
{
    const char *root = getenv("CAMX_SOURCE_ROOT");
    snprintf(path, size, "%s/tests/golden/data/%s%s", root != NULL ? root : ".", name, ending);
}

static void read_names(void)
{
    char path[4200];
    data_path(path, sizeof path, "list.txt", "");
    FILE *list = fopen(path, "r");
    while (list != NULL && name_count < MOST_NETWORKS && fgets(names[name_count], sizeof names[0], list) != NULL) {
        names[name_count][strcspn(names[name_count], "\r\n")] = '\0';
        name_count += names[name_count][0] != '\0' && names[name_count][0] != '#';
    }
    if (list != NULL)
        fclose(list);
}

static void need(camx_status status, const camx_error *error, const subject *s, const char *what)
{
    ck_assert_msg(status == CAMX_OK, "%s: %s: %s", s->name, what, error->message);
}

static void open_subject(subject *s, const char *name, int32_t fusion)
{
    char path[4300];
    camx_error error;
    camx_session_options options;
    int64_t shape[4];
    memset(s, 0, sizeof *s);
    s->name = name;
    data_path(path, sizeof path, name, ".ref");
    ck_assert_int_eq(golden_read(path, &s->reference), 0);
    data_path(path, sizeof path, name, ".onnx");
    need(camx_model_open(path, NULL, &s->model, &error), &error, s, "open");
    camx_session_options_init(&options);
    options.threads = 2;
    options.fusion = fusion;
    need(camx_session_open(s->model, &options, &s->session, &error), &error, s, "session");
    const golden_record *input = golden_find(&s->reference, GOLDEN_INPUT);
    for (int i = 0; i < 4; i++)
        shape[i] = input->dims[i];
    need(camx_input_from_floats(s->model, input->values, shape, 4, &s->input, &error), &error, s, "input");
    need(camx_map_create(NULL, &s->reused, &error), &error, s, "map");
    need(camx_map_create(NULL, &s->whole, &error), &error, s, "map");
}

static void close_subject(subject *s)
{
    camx_map_release(s->reused);
    camx_map_release(s->whole);
    camx_input_release(s->input);
    camx_session_close(s->session);
    camx_model_release(s->model);
    golden_free(&s->reference);
}

/* ---- comparing ---- */

static uint64_t runs_so_far(const subject *s)
{
    camx_session_stats stats = {.struct_size = sizeof stats};
    camx_error error;
    need(camx_session_get_stats(s->session, &stats, &error), &error, s, "stats");
    return stats.forward_runs;
}

static void compare(const subject *s, const camx_map *a, const camx_map *b, const char *what)
{
    camx_error error;
    for (uint32_t image = 0; image < camx_map_image_count(b); image++) {
        camx_map_info one = {.struct_size = sizeof one};
        camx_map_info two = {.struct_size = sizeof two};
        need(camx_map_get_info(a, image, &one, &error), &error, s, what);
        need(camx_map_get_info(b, image, &two, &error), &error, s, what);
        ck_assert_msg(one.done == one.total && one.total == two.total && one.class_index == two.class_index,
                      "%s: %s", s->name, what);
        const float *x = camx_map_values(a, image);
        const float *y = camx_map_values(b, image);
        double range = fmax(fabs((double)two.minimum), fabs((double)two.maximum));
        for (int i = 0; i < two.width * two.height; i++) {
            ck_assert_msg(isnan(x[i]) == isnan(y[i]), "%s: %s: gap at %d", s->name, what, i);
            ck_assert_msg(isnan(x[i]) || fabs((double)x[i] - (double)y[i]) <= 1e-4 * range,
                          "%s: %s: pixel %d is %g, not %g (range %g)", s->name, what, i, (double)x[i],
                          (double)y[i], range);
        }
    }
}

static void both_ways(subject *s, camx_occlusion_options *options, const camx_target *target, const char *what)
{
    camx_error error;
    uint64_t before = runs_so_far(s);
    options->reuse = CAMX_REUSE_ALWAYS;
    need(occlusion_map(s->session, s->input, target, options, s->reused, &error), &error, s, what);
    uint64_t reused = runs_so_far(s) - before;
    options->reuse = CAMX_REUSE_OFF;
    need(occlusion_map(s->session, s->input, target, options, s->whole, &error), &error, s, what);
    uint64_t whole = runs_so_far(s) - before - reused;
    compare(s, s->reused, s->whole, what);
    camx_map_info info = {.struct_size = sizeof info};
    need(camx_map_get_info(s->whole, 0, &info, &error), &error, s, what);
    /* Every one of these networks can be run in regions: not more than the picture's own runs. */
    if (strstr(camx_build_info(), "without occlusion reuse") == NULL && info.total > 4)
        ck_assert_msg(reused <= whole / 2, "%s: %s: %d runs, not less than %d", s->name, what, (int)reused,
                      (int)whole);
}

static void try_network(const char *name, int32_t fusion)
{
    static const int32_t sizes[] = {5, 12};
    subject s;
    camx_target target;
    camx_occlusion_options options;
    open_subject(&s, name, fusion);
    camx_target_for_class(&target, 0);
    target.score = CAMX_SCORE_LOGIT;
    camx_occlusion_options_captum(&options);
    options.fill_value = 0.5F;
    options.patch_width = 8;
    options.stride_x = 9;
    both_ways(&s, &options, &target, "8 x 8");
    options.patch_width = 5;
    options.patch_height = 13;
    options.stride_x = 7;
    options.stride_y = 11;
    options.edge = CAMX_EDGE_FLUSH;
    options.fill = CAMX_FILL_BLUR;
    both_ways(&s, &options, NULL, "5 x 13, blurred, flush, probability of the top class");
    options.patch_width = 1;
    options.patch_height = 1;
    options.stride_x = 13;
    options.stride_y = 17;
    options.edge = CAMX_EDGE_CENTRED;
    options.fill = CAMX_FILL_VALUE;
    options.fill_value = -2.0F;
    both_ways(&s, &options, &target, "single pixels, centred");
    camx_occlusion_options_captum(&options);
    options.sizes = sizes;
    options.size_count = 2;
    options.stride_x = 14;
    options.fill_value = 1.0F;
    both_ways(&s, &options, &target, "two sizes");
    close_subject(&s);
}

START_TEST(every_network)
{
    try_network(names[_i], 1);
}
END_TEST

START_TEST(without_fusion)
{
    try_network(names[_i * 7 % name_count], 0);
}
END_TEST

/* Several targets from the same runs are what each gives alone. */
START_TEST(several_targets)
{
    subject s;
    camx_target targets[2];
    const camx_target *pointers[3] = {&targets[0], NULL, &targets[1]};
    camx_map *maps[3];
    camx_occlusion_options options;
    camx_error error;
    open_subject(&s, names[_i * 11 % name_count], 1);
    camx_target_for_class(&targets[0], 1);
    camx_target_for_class(&targets[1], 2);
    targets[1].score = CAMX_SCORE_LOGIT;
    targets[1].negate = 1;
    camx_occlusion_options_captum(&options);
    options.fill_value = 0.25F;
    options.patch_width = 16;
    options.stride_x = 16;
    options.reuse = _i % 3;
    for (int i = 0; i < 3; i++)
        need(camx_map_create(NULL, &maps[i], &error), &error, &s, "map");
    uint64_t before = runs_so_far(&s);
    need(camx_occlusion_many(s.session, s.input, pointers, 3, &options, maps, &error), &error, &s, "many");
    uint64_t together = runs_so_far(&s) - before;
    for (int i = 0; i < 3; i++) {
        before = runs_so_far(&s);
        need(occlusion_map(s.session, s.input, pointers[i], &options, s.whole, &error), &error, &s, "alone");
        uint64_t alone = runs_so_far(&s) - before;
        ck_assert_msg(together <= alone + 4, "%s: %d runs, not %d", s.name, (int)together, (int)alone);
        compare(&s, maps[i], s.whole, "one of several");
        camx_map_release(maps[i]);
    }
    close_subject(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reuse");
    TCase *networks = tcase_create("networks");
    SRunner *runner = srunner_create(suite);
    int failed;
    read_names();
    tcase_set_timeout(networks, 600);
    tcase_add_loop_test(networks, every_network, 0, name_count);
    tcase_add_loop_test(networks, without_fusion, 0, 7);
    tcase_add_loop_test(networks, several_targets, 0, 6);
    suite_add_tcase(suite, networks);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner) > 0 || name_count == 0;
    srunner_free(runner);
    return failed;
}
