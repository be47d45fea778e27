/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gradients by the input through whole small networks (tests/golden/data) against central differences, with the engine
 * compiled with double: along random directions, and by single numbers of the input.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "explain/session.h"
#include "kernels/rows.h"

enum { MOST_NETWORKS = 100, DIRECTIONS = 4, SINGLES = 6 };

static char networks[MOST_NETWORKS][200];
static int network_count;

typedef struct subject {
    camx_model *model;
    camx_session *session;
    int64_t shape[4];
    size_t count;
    float *x;
    float *gradient;
    float *low;
    float *high;
    int32_t target;
    int inner; /* value id, or -1 */
    camx__tensor weights;
    camx__tensor plain;
} subject;

static const char *folder(void)
{
    static char path[500];
    const char *root = getenv("CAMX_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/tests/golden/data", root != NULL ? root : ".");
    return path;
}

static void check(camx_status status, const camx_error *error)
{
    ck_assert_msg(status == CAMX_OK, "%s", error->message);
}

static float noise(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)((double)(*state >> 40) / 8388608.0 - 1.0);
}

static void run(const subject *s, const float *x)
{
    camx_error error;
    camx_input *input = NULL;
    check(camx_input_from_floats(s->model, x, s->shape, 4, &input, &error), &error);
    check(camx_session_run(s->session, input, &error), &error);
    camx_input_release(input);
}

static double weigh(const subject *s, const camx__tensor *value)
{
    double sum = 0.0;
    camx__rows_copy(NULL, value, &s->plain);
    for (int64_t i = 0; i < camx__shape_count(&s->plain.shape); i++)
        sum += camx__reals(&s->plain)[i] * camx__reals(&s->weights)[i];
    return sum;
}

/* In double, as the engine has it: the logit of the target, or with an inner layer random weights times its numbers
 * besides. */
static double score(const subject *s, const float *x)
{
    run(s, x);
    double sum = 0.0;
    if (s->inner >= 0)
        sum = weigh(s, camx__runner_value(&s->session->runner, s->inner));
    return sum + camx__reals(camx__runner_value(&s->session->runner, s->session->bound->graph->head.logits))[s->target];
}

static void open_subject(subject *s, const char *name)
{
    camx_error error;
    camx_model_info info = {.struct_size = sizeof info};
    char path[600];
    uint64_t state = 5;
    snprintf(path, sizeof path, "%s/%s.onnx", folder(), name);
    check(camx_model_open(path, NULL, &s->model, &error), &error);
    check(camx_session_open(s->model, NULL, &s->session, &error), &error);
    check(camx_model_get_info(s->model, &info, &error), &error);
    int64_t images = info.input_shape[0] > 0 ? info.input_shape[0] : 1;
    int64_t nchw[4] = {images, info.channels, info.default_height, info.default_width};
    int64_t nhwc[4] = {images, info.default_height, info.default_width, info.channels};
    s->count = 1;
    for (int i = 0; i < 4; i++) {
        s->shape[i] = info.channels_last ? nhwc[i] : nchw[i];
        s->count *= (size_t)s->shape[i];
    }
    s->x = malloc(s->count * sizeof(float));
    s->low = malloc(s->count * sizeof(float));
    s->high = malloc(s->count * sizeof(float));
    s->gradient = malloc(s->count * sizeof(float));
    for (size_t i = 0; i < s->count; i++)
        s->x[i] = noise(&state);
    s->target = (int32_t)info.class_count / 2;
}

static void close_subject(subject *s)
{
    camx_session_close(s->session);
    camx_model_release(s->model);
    free(s->x);
    free(s->low);
    free(s->high);
    free(s->gradient);
}

/* The numbers from `first` to last - 1 move. The differences are those of the rounded inputs. */
static void compare(const subject *s, const char *name, size_t first, size_t last, uint64_t *state)
{
    double promised = 0.0;
    double size = 0.0;
    double step = last - first == 1 ? 1e-5 : 5e-7; /* small, for there are kinks everywhere */
    for (size_t i = 0; i < s->count; i++) {
        double move = i >= first && i < last ? step * (double)noise(state) : 0.0;
        s->low[i] = (float)((double)s->x[i] - move);
        s->high[i] = (float)((double)s->x[i] + move);
        double moved = (double)s->high[i] - (double)s->low[i];
        promised += (double)s->gradient[i] * moved;
        size += pow((double)s->gradient[i] * moved, 2.0);
    }
    double found = score(s, s->high) - score(s, s->low);
    ck_assert_msg(fabs(found - promised) <= 2e-3 * sqrt(size) + 1e-14, "%s: %zu..%zu: %.9g, but the gradient says %.9g",
                  name, first, last, found, promised);
}

START_TEST(against_differences)
{
    subject s = {.inner = -1};
    camx_error error;
    camx_target target;
    uint64_t state = 77;
    const char *name = networks[_i];
    camx_model_info info = {.struct_size = sizeof info};
    open_subject(&s, name);
    /* Of a batch only the first image has a score that is looked at. */
    check(camx_model_get_info(s.model, &info, &error), &error);
    float *seed = calloc((size_t)(s.shape[0] * info.class_count), sizeof *seed);
    seed[s.target] = 1.0F;
    camx_target_init(&target);
    target.kind = CAMX_TARGET_SEED;
    target.seed = seed;
    target.count = (uint32_t)s.shape[0];
    run(&s, s.x);
    check(camx_session_gradient(s.session, NULL, &target, info.input_name, s.gradient, s.count, &error), &error);
    for (int i = 0; i < DIRECTIONS; i++)
        compare(&s, name, 0, s.count, &state);
    for (size_t i = 0; i < SINGLES; i++)
        compare(&s, name, s.count * i / SINGLES, s.count * i / SINGLES + 1, &state);
    free(seed);
    close_subject(&s);
}
END_TEST

/* Backward from the default layer and from the logits at once. */
START_TEST(from_inside)
{
    subject s = {.inner = -1};
    camx_error error;
    uint64_t state = 78;
    const char *name = networks[_i];
    open_subject(&s, name);
    run(&s, s.x);
    camx_session *session = s.session;
    const camx__graph *graph = session->bound->graph;
    int input = graph->layers[0];
    s.inner = graph->head.default_layer;
    s.weights = s.plain = graph->values[s.inner].tensor;
    size_t bytes = camx__tensor_bytes(&s.plain);
    s.weights.data = malloc(bytes);
    s.plain.data = malloc(bytes);
    for (int64_t i = 0; i < camx__shape_count(&s.weights.shape); i++)
        camx__reals(&s.weights)[i] = 0.01 * (double)noise(&state);
    camx__tensor logits = graph->values[graph->head.logits].tensor;
    logits.data = calloc(1, camx__tensor_bytes(&logits));
    camx__reals(&logits)[s.target] = 1.0;
    camx__seed seeds[2] = {{graph->head.logits, &logits}, {s.inner, &s.weights}};
    check(camx__session_ask(session, input, true, &error), &error);
    check(camx__session_hold(session, 0, &error), &error);
    check(camx__runner_backward_from(&session->runner, seeds, 2, &input, 1, &error), &error);
    camx__tensor gradient = graph->values[input].tensor;
    gradient.data = malloc(camx__tensor_bytes(&gradient));
    camx__rows_copy(NULL, camx__runner_gradient(&session->runner, input), &gradient);
    for (size_t i = 0; i < s.count; i++)
        s.gradient[i] = (float)camx__reals(&gradient)[i];
    for (int i = 0; i < DIRECTIONS; i++)
        compare(&s, name, 0, s.count, &state);
    free(gradient.data);
    free(logits.data);
    free(s.weights.data);
    free(s.plain.data);
    close_subject(&s);
}
END_TEST

static void read_list(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/list.txt", folder());
    FILE *list = fopen(path, "r");
    char line[400];
    while (list != NULL && fgets(line, sizeof line, list) != NULL)
        if (network_count < MOST_NETWORKS && line[0] != '#' && sscanf(line, "%150s", networks[network_count]) == 1)
            network_count++;
    if (list != NULL)
        fclose(list);
}

int main(void)
{
    read_list();
    Suite *suite = suite_create("network_gradients");
    TCase *tests = tcase_create("networks");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, against_differences, 0, network_count);
    tcase_add_loop_test(tests, from_inside, 0, network_count);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 && network_count > 20 ? EXIT_SUCCESS : EXIT_FAILURE;
}
