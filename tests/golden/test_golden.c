/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole networks against the reference files: every float value with fusion off, with fusion on and everything kept, and
 * with fusion on and only that value kept; logits, Grad-CAM, Grad-CAM++, CAM and occlusion with every GEMM back end
 * and several thread counts. Tolerances: tests/golden/README.md.
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
    camx_map *map;
} subject;

static const char *data_folder(void)
{
    const char *root = getenv("CAMX_SOURCE_ROOT");
    static char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/data", root != NULL ? root : ".");
    return path;
}

static void read_names(void)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/list.txt", data_folder());
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

/* ---- opening ---- */

static void open_subject(subject *s, const char *name)
{
    char path[4300];
    camx_error error;
    memset(s, 0, sizeof *s);
    s->name = name;
    snprintf(path, sizeof path, "%s/%s.ref", data_folder(), name);
    ck_assert_int_eq(golden_read(path, &s->reference), 0);
    snprintf(path, sizeof path, "%s/%s.onnx", data_folder(), name);
    need(camx_model_open(path, NULL, &s->model, &error), &error, s, "open");
    const golden_record *input = golden_find(&s->reference, GOLDEN_INPUT);
    int64_t shape[4];
    for (int i = 0; i < 4; i++)
        shape[i] = input->dims[i];
    need(camx_input_from_floats(s->model, input->values, shape, 4, &s->input, &error), &error, s, "input");
    need(camx_map_create(NULL, &s->map, &error), &error, s, "map");
}

static void open_session(subject *s, const camx_session_options *options)
{
    camx_error error;
    camx_session_close(s->session);
    need(camx_session_open(s->model, options, &s->session, &error), &error, s, "session");
    need(camx_session_run(s->session, s->input, &error), &error, s, "run");
}

static void close_subject(subject *s)
{
    camx_map_release(s->map);
    camx_input_release(s->input);
    camx_session_close(s->session);
    camx_model_release(s->model);
    golden_free(&s->reference);
}

/* ---- values ---- */

static void check_value(subject *s, const golden_record *record, const char *setting)
{
    camx_error error;
    uint64_t elements = golden_elements(record);
    float *values = malloc((elements + 1) * sizeof(float));
    ck_assert_ptr_nonnull(values);
    need(camx_session_value(s->session, record->name, values, elements, &error), &error, s, record->name);
    for (uint32_t i = 0; i < record->count; i++) {
        uint64_t at = elements <= 32 ? i : (uint64_t)i * 7919u % elements;
        double off = fabs((double)values[at] - (double)record->values[i]);
        ck_assert_msg(off <= 1e-4 * (double)record->scale, "%s, %s: value '%s' element %llu is %g, not %g", s->name,
                      setting, record->name, (unsigned long long)at, (double)values[at],
                      (double)record->values[i]);
    }
    free(values);
}

static void check_all_values(subject *s, const char *setting)
{
    for (uint32_t i = 0; i < s->reference.count; i++)
        if (s->reference.records[i].kind == GOLDEN_VALUE)
            check_value(s, &s->reference.records[i], setting);
}

START_TEST(every_value)
{
    subject s;
    camx_session_options options;
    open_subject(&s, names[_i]);
    camx_session_options_init(&options);
    options.keep = CAMX_KEEP_ALL;
    options.fusion = 0;
    open_session(&s, &options);
    check_all_values(&s, "fusion off");
    options.fusion = 1;
    open_session(&s, &options);
    check_all_values(&s, "everything kept");
    close_subject(&s);
}
END_TEST

/* A fresh session for each value: everything around it is fused. */
START_TEST(every_value_alone)
{
    subject s;
    camx_session_options options;
    open_subject(&s, names[_i]);
    camx_session_options_init(&options);
    options.threads = 1;
    for (uint32_t i = 0; i < s.reference.count; i++) {
        const golden_record *record = &s.reference.records[i];
        const char *layer = record->name;
        if (record->kind != GOLDEN_VALUE)
            continue;
        options.layers = &layer;
        options.layer_count = 1;
        open_session(&s, &options);
        check_value(&s, record, "fusion on");
        camx_session_stats stats = {.struct_size = sizeof stats};
        camx_error error;
        need(camx_session_get_stats(s.session, &stats, &error), &error, &s, "stats");
        ck_assert_uint_eq(stats.reruns, 0);
    }
    close_subject(&s);
}
END_TEST

/* ---- maps ---- */

static double allowed(float error)
{
    return fmax(1e-4, 3.0 * (double)error);
}

static void scale_like_pgc(const float *raw, uint32_t count, double *scaled)
{
    double low = INFINITY;
    double high = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        scaled[i] = raw[i] > 0.0F ? (double)raw[i] : 0.0;
        low = fmin(low, scaled[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        scaled[i] -= low;
        high = fmax(high, scaled[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        scaled[i] /= 1e-7 + high;
}

static void check_raw(const subject *s, const golden_record *record, const float *map, const char *what)
{
    double room = (double)record->scale * allowed(record->raw_error);
    for (uint32_t i = 0; i < record->count; i++) {
        double off = fabs((double)map[i] - (double)record->values[i]);
        ck_assert_msg(off <= room, "%s: %s at '%s', element %u is %g, not %g (allowed %g)", s->name, what,
                      record->name, i, (double)map[i], (double)record->values[i], room);
    }
}

static void check_scaled(const subject *s, const golden_record *record, const float *map, const char *what)
{
    double *ours = malloc(record->count * sizeof(double));
    double *theirs = malloc(record->count * sizeof(double));
    scale_like_pgc(map, record->count, ours);
    scale_like_pgc(record->values, record->count, theirs);
    for (uint32_t i = 0; i < record->count; i++)
        ck_assert_msg(fabs(ours[i] - theirs[i]) <= allowed(record->error), "%s: scaled %s at '%s', element %u is "
                      "%g, not %g", s->name, what, record->name, i, ours[i], theirs[i]);
    free(ours);
    free(theirs);
}

static void check_info(const subject *s, const golden_record *record, uint32_t height, uint32_t width)
{
    camx_map_info info = {.struct_size = sizeof info};
    camx_error error;
    need(camx_map_get_info(s->map, 0, &info, &error), &error, s, "map info");
    ck_assert_int_eq(info.height, (int)height);
    ck_assert_int_eq(info.width, (int)width);
    ck_assert_int_eq(info.class_index, (int)record->params[0]);
}

static void check_layer_map(subject *s, const golden_record *record)
{
    camx_target target;
    camx_error error;
    bool plus = record->kind == GOLDEN_GRADCAMPP;
    const char *what = plus ? "Grad-CAM++" : "Grad-CAM";
    camx_target_for_class(&target, (int32_t)record->params[0]);
    if (plus) {
        camx_gradcampp_options options;
        camx_gradcampp_options_init(&options);
        options.layer = record->is_default ? NULL : record->name;
        need(gradcampp_compute(s->session, NULL, &target, &options, s->map, &error), &error, s, what);
    } else {
        camx_gradcam_options options;
        camx_gradcam_options_init(&options);
        options.layer = record->is_default ? NULL : record->name;
        need(gradcam_compute(s->session, NULL, &target, &options, s->map, &error), &error, s, what);
    }
    check_info(s, record, record->dims[0], record->dims[1]);
    if (record->is_default) {
        camx_map_info info = {.struct_size = sizeof info};
        need(camx_map_get_info(s->map, 0, &info, &error), &error, s, what);
        ck_assert_str_eq(info.layer, record->name);
    }
    check_raw(s, record, camx_map_values(s->map, 0), what);
    if (!record->is_degenerate)
        check_scaled(s, record, camx_map_values(s->map, 0), what);
}

static void check_logits(subject *s)
{
    const golden_record *record = golden_find(&s->reference, GOLDEN_LOGITS);
    float *logits = malloc(record->count * sizeof(float));
    camx_class_score best;
    uint32_t found = 0;
    camx_error error;
    need(camx_session_scores(s->session, 0, CAMX_SCORE_LOGIT, logits, record->count, &error), &error, s, "logits");
    for (uint32_t i = 0; i < record->count; i++)
        ck_assert_msg(fabs((double)logits[i] - (double)record->values[i]) <= 1e-4 * (double)record->scale,
                      "%s: logit %u is %g, not %g", s->name, i, (double)logits[i], (double)record->values[i]);
    need(camx_session_top(s->session, 0, &best, 1, &found, &error), &error, s, "top");
    ck_assert_uint_eq(found, 1);
    ck_assert_int_eq(best.class_index, (int)record->params[0]);
    free(logits);
}

static void check_cam(subject *s)
{
    const golden_record *record = golden_find(&s->reference, GOLDEN_CAM);
    camx_error error;
    camx_status status = cam_compute(s->session, NULL, NULL, NULL, s->map, &error);
    if (record == NULL) {
        ck_assert_msg(status == CAMX_E_METHOD, "%s: CAM must be refused, got %d %s", s->name, status, error.message);
        ck_assert_ptr_nonnull(strstr(error.message, "gradcam_compute"));
        return;
    }
    need(status, &error, s, "CAM");
    check_info(s, record, record->dims[0], record->dims[1]);
    check_raw(s, record, camx_map_values(s->map, 0), "CAM");
}

static void check_occlusion(subject *s)
{
    const golden_record *record = golden_find(&s->reference, GOLDEN_OCCLUSION);
    camx_map_info info = {.struct_size = sizeof info};
    camx_occlusion_options options;
    camx_target target;
    camx_error error;
    camx_occlusion_options_captum(&options);
    camx_target_for_class(&target, (int32_t)record->params[0]);
    target.score = CAMX_SCORE_LOGIT;
    options.patch_width = (int32_t)record->params[1];
    options.stride_x = (int32_t)record->params[2];
    need(occlusion_map(s->session, NULL, &target, &options, s->map, &error), &error, s, "occlusion");
    need(camx_map_get_info(s->map, 0, &info, &error), &error, s, "map info");
    uint32_t step = record->params[3];
    const float *map = camx_map_values(s->map, 0);
    float *sample = malloc(record->count * sizeof(float));
    uint32_t width = ((uint32_t)info.width + step - 1) / step;
    for (uint32_t i = 0; i < record->count; i++)
        sample[i] = map[i / width * step * (uint32_t)info.width + i % width * step];
    check_raw(s, record, sample, "occlusion");
    free(sample);
}

static void check_everything(subject *s, const camx_session_options *options)
{
    open_session(s, options);
    check_logits(s);
    for (uint32_t i = 0; i < s->reference.count; i++) {
        uint32_t kind = s->reference.records[i].kind;
        if (kind == GOLDEN_GRADCAM || kind == GOLDEN_GRADCAMPP)
            check_layer_map(s, &s->reference.records[i]);
    }
    check_cam(s);
}

START_TEST(every_map)
{
    static const int gemms[] = {CAMX_GEMM_AUTO, CAMX_GEMM_PACKED, CAMX_GEMM_BLAS, CAMX_GEMM_BUILTIN};
    subject s;
    camx_session_options options;
    open_subject(&s, names[_i]);
    for (size_t i = 0; i < sizeof gemms / sizeof gemms[0]; i++) {
        camx_session *probe = NULL;
        camx_session_options_init(&options);
        options.gemm = gemms[i];
        options.threads = 1 + (int)i % 2;
        options.fusion = i != 3;
        if (camx_session_open(s.model, &options, &probe, NULL) == CAMX_E_UNSUPPORTED)
            continue;
        camx_session_close(probe);
        check_everything(&s, &options);
        options.exact_conv = 1;
        if (i == 0)
            check_everything(&s, &options);
    }
    check_occlusion(&s);
    close_subject(&s);
}
END_TEST

/* A second session of a model packs nothing and the same bits come out, whatever the number of threads. */
START_TEST(sessions_share)
{
    static const int threads[] = {1, 2, 3, 8};
    subject s;
    camx_session_options options;
    camx_error error;
    camx_session_stats stats = {.struct_size = sizeof stats};
    open_subject(&s, names[_i]);
    uint32_t classes = camx_model_class_count(s.model);
    float *first = malloc(classes * sizeof(float));
    float *next = malloc(classes * sizeof(float));
    uint64_t weight_bytes = 0;
    for (int i = 0; i < 4; i++) {
        camx_session_options_init(&options);
        options.threads = threads[i];
        open_session(&s, &options);
        need(camx_session_scores(s.session, 0, CAMX_SCORE_LOGIT, i == 0 ? first : next, classes, &error), &error, &s,
             "logits");
        need(camx_session_get_stats(s.session, &stats, &error), &error, &s, "stats");
        if (i == 0)
            weight_bytes = stats.weight_bytes;
        else
            ck_assert_msg(memcmp(first, next, classes * sizeof(float)) == 0, "%s: %d threads give other bits", s.name,
                          threads[i]);
        ck_assert_uint_eq(stats.weight_bytes, weight_bytes);
    }
    free(first);
    free(next);
    close_subject(&s);
}
END_TEST

int main(void)
{
    read_names();
    if (name_count == 0) {
        fprintf(stderr, "no networks listed in %s/list.txt\n", data_folder());
        return 1;
    }
    Suite *suite = suite_create("golden");
    TCase *tests = tcase_create("networks");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, every_value, 0, name_count);
    tcase_add_loop_test(tests, every_value_alone, 0, name_count);
    tcase_add_loop_test(tests, every_map, 0, name_count);
    tcase_add_loop_test(tests, sessions_share, 0, name_count);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
