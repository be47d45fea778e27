/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suffix runs on the golden networks: from every feature map that the scores depend on. With the map's own numbers they give
 * the scores of the whole network, for every item of a batch; a changed item gives the same alone and among others.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "explain/session.h"
#include "run/suffix.h"

typedef struct bench {
    camx_model *model;
    camx_session *session;
    camx_input *input;
    float *logits;
    float *other;
    int64_t classes;
    double largest;
} bench;

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void open_bench(bench *b, const char *name)
{
    char path[512];
    camx_error error;
    camx_session_options options;
    uint32_t state = 1;
    snprintf(path, sizeof path, "%s/tests/golden/data/%s.onnx", getenv("CAMX_SOURCE_ROOT"), name);
    camx_session_options_init(&options);
    options.keep = CAMX_KEEP_ALL;
    options.threads = 1;
    ck_assert_msg(camx_model_open(path, NULL, &b->model, &error) == CAMX_OK, "%s", error.message);
    ck_assert_int_eq(camx_session_open(b->model, &options, &b->session, &error), CAMX_OK);
    camx__shape shape = b->session->bound->shape;
    int64_t count = camx__shape_count(&shape);
    float *values = malloc((size_t)count * sizeof(float));
    for (int64_t i = 0; i < count; i++)
        values[i] = (float)next_random(&state) / 8388608.0F - 1.0F;
    ck_assert_int_eq(camx_input_from_floats(b->model, values, shape.dim, 4, &b->input, &error), CAMX_OK);
    free(values);
    ck_assert_int_eq(camx_session_run(b->session, b->input, &error), CAMX_OK);
    b->classes = b->model->classes;
    b->logits = calloc((size_t)b->classes, sizeof(float));
    b->other = calloc((size_t)b->classes, sizeof(float));
    ck_assert_int_eq(camx_session_scores(b->session, 0, CAMX_SCORE_LOGIT, b->logits, (size_t)b->classes, &error), CAMX_OK);
    b->largest = 0.0;
    for (int64_t i = 0; i < b->classes; i++)
        b->largest = fmax(b->largest, fabs((double)b->logits[i]));
}

static void close_bench(bench *b)
{
    free(b->logits);
    free(b->other);
    camx_input_release(b->input);
    camx_session_close(b->session);
    camx_model_release(b->model);
}

static void expect_logits(const bench *b, const real *got, const float *wanted, int value)
{
    for (int64_t i = 0; i < b->classes; i++)
        ck_assert_msg(fabs((double)got[i] - (double)wanted[i]) <= 2e-5 * b->largest, "%s, class %d: %g, not %g",
                      b->session->bound->graph->values[value].name, (int)i, (double)got[i], (double)wanted[i]);
}

static void halve(const camx__suffix *suffix, int64_t place)
{
    int64_t size = camx__suffix_item(suffix);
    real *item = camx__reals(camx__suffix_tensor(suffix)) + place * size;
    for (int64_t i = 0; i < size; i += 2)
        item[i] *= (real)0.5;
}

/* Returns the batch that the network allowed. */
static int64_t try_value(bench *b, int value, int64_t batch)
{
    camx__suffix suffix;
    camx_error error;
    camx_session *s = b->session;
    camx__suffix_ask ask = {.model = b->model,
                            .bound = s->bound,
                            .pool = s->pool,
                            .settings = s->settings,
                            .fusion = true,
                            .value = value,
                            .batch = batch};
    ck_assert_msg(camx__suffix_open(&suffix, &ask, &error) == CAMX_OK, "%s", error.message);
    ck_assert(suffix.batch == batch || suffix.batch == 1);
    camx__suffix_fill(&suffix, &s->runner, 0);
    if (batch == 1)
        halve(&suffix, 0);
    else if (suffix.batch > 1)
        halve(&suffix, 1);
    ck_assert_int_eq(camx__suffix_forward(&suffix, &error), CAMX_OK);
    const real *got = camx__suffix_logits(&suffix);
    if (batch == 1) {
        for (int64_t i = 0; i < b->classes; i++)
            b->other[i] = (float)got[i];
    } else {
        expect_logits(b, got, b->logits, value);
    }
    if (suffix.batch == 3) {
        expect_logits(b, got + b->classes, b->other, value);
        expect_logits(b, got + 2 * b->classes, b->logits, value);
    }
    int64_t made = suffix.batch;
    camx__suffix_close(&suffix);
    return made;
}

static void try_network(const char *name)
{
    bench b;
    open_bench(&b, name);
    const camx__graph *graph = b.session->bound->graph;
    int tried = 0;
    int differ = 0;
    for (int v = 0; v < graph->value_count; v++) {
        const camx__value *value = &graph->values[v];
        if (!value->known || value->constant || !value->reaches_scores || value->layer < 0 ||
            value->tensor.shape.rank != 4 || !camx__elem_is_real(value->tensor.elem))
            continue;
        try_value(&b, v, 1);
        int64_t made = try_value(&b, v, 3);
        ck_assert_msg(made == 3 || !graph->keeps_batch || graph->batch != 1 || b.model->declared.dim[0] > 0,
                      "%s: no batch", name);
        double change = 0.0;
        for (int64_t i = 0; i < b.classes; i++)
            change = fmax(change, fabs((double)b.other[i] - (double)b.logits[i]));
        differ += change > 1e-6 * b.largest;
        tried++;
    }
    ck_assert_msg(tried >= 5 && differ * 10 >= tried * 8, "%s: %d of %d maps matter", name, differ, tried);
    close_bench(&b);
}

static char names[128][64];
static int name_count;

static void read_names(void)
{
    char path[512];
    char line[64];
    snprintf(path, sizeof path, "%s/tests/golden/data/list.txt", getenv("CAMX_SOURCE_ROOT"));
    FILE *file = fopen(path, "r");
    while (file != NULL && name_count < 128 && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0')
            snprintf(names[name_count++], sizeof names[0], "%s", line);
    }
    if (file != NULL)
        fclose(file);
}

START_TEST(from_every_map)
{
    try_network(names[_i]);
}
END_TEST

/* The batch that suits the caches: at least one, never more than there are items, equal runs. */
START_TEST(batches)
{
    bench b;
    open_bench(&b, "resnet18_ts13");
    const camx__graph *graph = b.session->bound->graph;
    int layer = graph->head.default_layer;
    ck_assert_int_eq((int)camx__suffix_batch(graph, layer, 0), 1);
    ck_assert_int_eq((int)camx__suffix_batch(graph, layer, 1), 1);
    ck_assert_int_eq((int)camx__suffix_batch(graph, layer, 49), 49);
    ck_assert_int_eq((int)camx__suffix_batch(graph, layer, 65), 33);
    ck_assert_int_eq((int)camx__suffix_batch(graph, layer, 1000), 63);
    close_bench(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("suffix");
    TCase *tests = tcase_create("suffix");
    read_names();
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, from_every_map, 0, name_count);
    tcase_add_test(tests, batches);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 && name_count > 20 ? 0 : 1;
}
