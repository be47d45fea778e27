/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods that camx_explain alone reaches: each against its formula, written down plainly from the session's own
 * values and gradients, and against the identities that hold where global average pooling and one dense layer follow.
 */
#include <math.h>

#include "api_support.h"

#define SIDE 8
#define WIDE 4 /* channels inside api_net */
#define PLACES (SIDE * SIDE)
#define CLASSES 5

typedef struct bench {
    camx_model *model;
    camx_session *session;
    camx_input *input;
    camx_map *map;
    float a[WIDE * PLACES]; /* the layer's feature maps */
    float g[WIDE * PLACES]; /* their gradients */
    float score;
} bench;

static bench open_bench(const api_net *net)
{
    bench b = {.model = api_net_open(net, NULL)};
    b.session = api_session(b.model, NULL);
    b.input = api_random_input(b.model, 3, 1, 3, SIDE, SIDE);
    b.map = api_map();
    return b;
}

static void close_bench(bench *b)
{
    camx_map_release(b->map);
    camx_input_release(b->input);
    camx_session_close(b->session);
    camx_model_release(b->model);
}

static void compute(bench *b, int32_t method, const char *layer, const camx_target *target)
{
    camx_explain_options options;
    camx_explain_options_init(&options);
    options.layer = layer;
    GOOD(camx_explain(b->session, method, b->input, target, &options, b->map, &error));
    ck_assert_int_eq(api_map_info(b->map, 0).method, method);
    b->score = api_map_info(b->map, 0).score;
}

static void look_at(bench *b, const char *layer, const camx_target *target)
{
    GOOD(camx_session_run(b->session, b->input, &error));
    GOOD(camx_session_value(b->session, layer, b->a, WIDE * PLACES, &error));
    GOOD(camx_session_gradient(b->session, NULL, target, layer, b->g, WIDE * PLACES, &error));
}

static void expect_values(const bench *b, const double *wanted, double tolerance)
{
    const float *got = camx_map_values(b->map, 0);
    double largest = 0.0;
    for (int p = 0; p < PLACES; p++)
        largest = fmax(largest, fabs(wanted[p]));
    ck_assert_msg(largest > 0.0, "nothing is expected");
    for (int p = 0; p < PLACES; p++)
        ck_assert_msg(fabs((double)got[p] - wanted[p]) <= tolerance * largest, "%s at %d: %g, not %g",
                      camx_method_name(api_map_info(b->map, 0).method), p, (double)got[p], wanted[p]);
}

/* ---- gradients times feature maps ---- */

static double term(int32_t method, double a, double g)
{
    switch (method) {
    case CAMX_METHOD_LAYERCAM:
        return fmax(g, 0.0) * a;
    case CAMX_METHOD_ELEMENTWISE:
        return fmax(g * a, 0.0);
    default:
        return g * a;
    }
}

static void by_formula(const bench *b, int32_t method, double *map)
{
    for (int p = 0; p < PLACES; p++)
        map[p] = 0.0;
    for (int k = 0; k < WIDE; k++) {
        const float *a = b->a + (size_t)k * PLACES;
        const float *g = b->g + (size_t)k * PLACES;
        double products = 0.0;
        double sum = 1e-7;
        for (int p = 0; p < PLACES; p++) {
            products += (double)a[p] * (double)g[p];
            sum += (double)a[p];
        }
        for (int p = 0; p < PLACES; p++)
            map[p] += method == CAMX_METHOD_XGRADCAM ? products / sum * (double)a[p]
                                                     : term(method, (double)a[p], (double)g[p]);
    }
}

static const char *const LAYERS[] = {"r1", "c2", "r2"};

START_TEST(products_by_formula)
{
    static const int32_t methods[] = {CAMX_METHOD_HIRESCAM, CAMX_METHOD_LAYERCAM, CAMX_METHOD_XGRADCAM,
                                      CAMX_METHOD_ELEMENTWISE};
    api_net net = API_NET;
    bench b = open_bench(&net);
    double wanted[PLACES];
    for (int m = 0; m < 4; m++) {
        for (int l = 0; l < 3; l++) {
            for (int how = 0; how < 3; how++) {
                camx_target target;
                camx_target_for_class(&target, 2);
                target.negate = how == 1;
                target.score = how == 2 ? CAMX_SCORE_PROBABILITY : CAMX_SCORE_LOGIT;
                compute(&b, methods[m], LAYERS[l], &target);
                ck_assert_str_eq(api_map_info(b.map, 0).layer, LAYERS[l]);
                look_at(&b, LAYERS[l], &target);
                by_formula(&b, methods[m], wanted);
                expect_values(&b, wanted, 1e-5);
            }
        }
    }
    close_bench(&b);
}
END_TEST

/* Why this class and not that one: the gradient of the difference is the difference of the gradients. */
START_TEST(pairs_are_differences)
{
    api_net net = API_NET;
    bench b = open_bench(&net);
    double wanted[PLACES];
    camx_target target;
    for (int c = 0; c < 2; c++) {
        camx_target_for_class(&target, c == 0 ? 3 : 1);
        compute(&b, CAMX_METHOD_HIRESCAM, "r1", &target);
        for (int p = 0; p < PLACES; p++)
            wanted[p] = (c == 0 ? 0.0 : wanted[p]) + (c == 0 ? 1.0 : -1.0) * (double)camx_map_values(b.map, 0)[p];
    }
    camx_target_init(&target);
    target.kind = CAMX_TARGET_PAIR;
    target.class_index = 3;
    target.other_index = 1;
    compute(&b, CAMX_METHOD_HIRESCAM, "r1", &target);
    expect_values(&b, wanted, 1e-5);
    close_bench(&b);
}
END_TEST

/* ---- the identities of pooling and one dense layer ---- */

START_TEST(pooled_identities)
{
    static const int32_t methods[] = {CAMX_METHOD_GRADCAM, CAMX_METHOD_HIRESCAM, CAMX_METHOD_XGRADCAM};
    api_net net = API_NET;
    bench b = open_bench(&net);
    for (int32_t c = 0; c < CLASSES; c++) {
        double wanted[PLACES];
        double sum = 0.0;
        double mean = 0.0;
        camx_target target;
        camx_target_for_class(&target, c);
        GOOD(cam_compute(b.session, b.input, &target, NULL, b.map, &error));
        for (int p = 0; p < PLACES; p++) {
            wanted[p] = (double)camx_map_values(b.map, 0)[p] / PLACES;
            mean += wanted[p];
        }
        for (int m = 0; m < 3; m++) {
            compute(&b, methods[m], NULL, &target);
            expect_values(&b, wanted, 1e-5);
        }
        /* The sum over all places is the logit without its bias, as CAM's mean is. */
        compute(&b, CAMX_METHOD_HIRESCAM, NULL, &target);
        for (int p = 0; p < PLACES; p++)
            sum += (double)camx_map_values(b.map, 0)[p];
        ck_assert_double_eq_tol(sum, mean, 1e-5);
    }
    close_bench(&b);
}
END_TEST

/* ---- principal components ---- */

static void principal(const bench *b, bool gradient, double *map)
{
    double x[PLACES][WIDE];
    double v[WIDE] = {0.3, -0.7, 0.4, 0.5};
    double inner = 0.0;
    for (int k = 0; k < WIDE; k++) {
        double mean = 0.0;
        for (int p = 0; p < PLACES; p++) {
            int at = k * PLACES + p;
            x[p][k] = (double)b->a[at] * (gradient ? (double)b->g[at] : 1.0);
            mean += x[p][k] / PLACES;
        }
        for (int p = 0; p < PLACES; p++)
            x[p][k] -= mean;
    }
    for (int step = 0; step < 20000; step++) {
        double next[WIDE] = {0};
        double length = 0.0;
        for (int p = 0; p < PLACES; p++) {
            double projected = 0.0;
            for (int k = 0; k < WIDE; k++)
                projected += x[p][k] * v[k];
            for (int k = 0; k < WIDE; k++)
                next[k] += x[p][k] * projected;
        }
        for (int k = 0; k < WIDE; k++)
            length += next[k] * next[k];
        for (int k = 0; k < WIDE; k++)
            v[k] = next[k] / sqrt(length);
    }
    for (int p = 0; p < PLACES; p++) {
        map[p] = 0.0;
        for (int k = 0; k < WIDE; k++)
            map[p] += x[p][k] * v[k];
        for (int k = 0; k < WIDE; k++)
            inner += map[p] * x[p][k];
    }
    for (int p = 0; inner < 0.0 && p < PLACES; p++)
        map[p] = -map[p];
}

START_TEST(components_by_formula)
{
    api_net net = API_NET;
    bench b = open_bench(&net);
    double wanted[PLACES];
    for (int l = 0; l < 3; l++) {
        for (int c = 0; c < 2; c++) {
            camx_target target;
            camx_target_for_class(&target, c);
            look_at(&b, LAYERS[l], &target);
            principal(&b, false, wanted);
            compute(&b, CAMX_METHOD_EIGENCAM, LAYERS[l], &target);
            expect_values(&b, wanted, 1e-5);
            principal(&b, true, wanted);
            compute(&b, CAMX_METHOD_EIGENGRADCAM, LAYERS[l], &target);
            expect_values(&b, wanted, 1e-5);
        }
    }
    close_bench(&b);
}
END_TEST

/* ---- FullGrad ---- */

/* N of one channel, added to the map. */
static void add_normalised(const double *values, double *map)
{
    double least = values[0];
    double most = values[0];
    for (int p = 1; p < PLACES; p++) {
        least = fmin(least, values[p]);
        most = fmax(most, values[p]);
    }
    for (int p = 0; p < PLACES; p++)
        map[p] += (values[p] - least) / (1e-7 + (most - least));
}

/* The input and both convolutions' biases; everything has the input's size, so nothing is resized. */
START_TEST(fullgrad_by_formula)
{
    static const char *const layers[] = {"x", "c1", "c2"};
    api_net net = API_NET;
    bench b = open_bench(&net);
    for (int how = 0; how < 3; how++) {
        double wanted[PLACES] = {0};
        camx_target target;
        camx_target_for_class(&target, 3);
        target.negate = how == 1;
        target.score = how == 2 ? CAMX_SCORE_PROBABILITY : CAMX_SCORE_DEFAULT;
        for (int layer = 0; layer < 3; layer++) {
            int channels = layer == 0 ? 3 : WIDE;
            size_t count = (size_t)(channels * PLACES);
            float biases[WIDE];
            int64_t shape[4];
            const float *image = camx_input_values(b.input, shape);
            api_random_floats(net.seed + 2 * (uint32_t)layer, biases, WIDE);
            GOOD(camx_session_run(b.session, b.input, &error));
            GOOD(camx_session_gradient(b.session, NULL, &target, layers[layer], b.g, count, &error));
            for (int k = 0; k < channels; k++) {
                double values[PLACES];
                for (int p = 0; p < PLACES; p++) {
                    double factor = layer == 0 ? (double)image[k * PLACES + p] : (double)(biases[k] * 0.3F);
                    values[p] = fabs(factor * (double)b.g[k * PLACES + p]);
                }
                add_normalised(values, wanted);
            }
        }
        compute(&b, CAMX_METHOD_FULLGRAD, NULL, &target);
        expect_values(&b, wanted, 2e-5);
        ck_assert_str_eq(api_map_info(b.map, 0).layer, "");
    }
    close_bench(&b);
}
END_TEST

/* ---- good and bad use of every method ---- */

static bool takes_layer(int32_t method)
{
    return method != CAMX_METHOD_CAM && method != CAMX_METHOD_OCCLUSION &&
           method != CAMX_METHOD_SALIENCY && method != CAMX_METHOD_GUIDED_BACKPROP &&
           method != CAMX_METHOD_SMOOTHGRAD && method != CAMX_METHOD_INTEGRATED_GRADIENTS &&
           method != CAMX_METHOD_RISE && method != CAMX_METHOD_FULLGRAD;
}

/* The same image alone, and as the second of three; a fixed batch of two. */
START_TEST(batches)
{
    api_net net = API_NET;
    int32_t method = camx_method_at((uint32_t)_i);
    float values[3 * 3 * PLACES];
    float alone[PLACES];
    const int32_t classes[4] = {1, 4, 2, 1};
    camx_map *map = api_map();
    api_random_floats(5, values, 3 * 3 * PLACES);
    for (net.batch = -1; net.batch <= 2; net.batch += 3) {
        camx_model *model = api_net_open(&net, NULL);
        camx_session *session = api_session(model, NULL);
        int64_t images = net.batch == 2 ? 2 : 3;
        camx_target target;
        camx_input *all = api_input(model, values, images, 3, SIDE, SIDE);
        camx_target_init(&target);
        target.kind = CAMX_TARGET_CLASS;
        target.classes = classes;
        target.count = (uint32_t)images;
        GOOD(camx_explain(session, method, all, &target, NULL, map, &error));
        ck_assert_uint_eq(camx_map_image_count(map), (uint32_t)images);
        camx_map_info info = api_map_info(map, 1);
        ck_assert_int_eq(info.class_index, 4);
        ck_assert_int_eq(info.width, SIDE);
        if (net.batch == -1)
            memcpy(alone, camx_map_values(map, 1), sizeof alone);
        for (int p = 0; p < PLACES; p++)
            ck_assert_float_eq_tol(camx_map_values(map, 1)[p], alone[p],
                                   1e-4F * (fabsf(info.maximum) + fabsf(info.minimum)));
        camx_input_release(all);
        camx_session_close(session);
        camx_model_release(model);
    }
    camx_map_release(map);
}
END_TEST

START_TEST(bad_use)
{
    api_net net = API_NET;
    bench b = open_bench(&net);
    int32_t method = camx_method_at((uint32_t)_i);
    camx_explain_options options;
    camx_target target;
    camx_explain_options_init(&options);
    EXPECT(camx_explain(b.session, method, NULL, NULL, NULL, b.map, &error), CAMX_E_STATE, "no input");
    camx_target_for_class(&target, CLASSES);
    EXPECT(camx_explain(b.session, method, b.input, &target, NULL, b.map, &error), CAMX_E_NOT_FOUND, "class 5");
    target.class_index = -1;
    EXPECT(camx_explain(b.session, method, b.input, &target, NULL, b.map, &error), CAMX_E_NOT_FOUND, "class -1");
    target.class_index = 0;
    target.kind = 99;
    EXPECT(camx_explain(b.session, method, b.input, &target, NULL, b.map, &error), CAMX_E_ARGUMENT, "kind");
    if (takes_layer(method)) {
        options.layer = "flat";
        EXPECT(camx_explain(b.session, method, b.input, NULL, &options, b.map, &error), CAMX_E_METHOD, "no feature map");
        options.layer = "nowhere";
        EXPECT(camx_explain(b.session, method, b.input, NULL, &options, b.map, &error), CAMX_E_NOT_FOUND, "nowhere");
    } else {
        options.layer = "r1";
        EXPECT(camx_explain(b.session, method, b.input, NULL, &options, b.map, &error), CAMX_E_ARGUMENT, "r1");
    }
    options.layer = NULL;
    options.struct_size = 3;
    EXPECT(camx_explain(b.session, method, b.input, NULL, &options, b.map, &error), CAMX_E_ARGUMENT, "struct_size");
    /* After all that the map was not touched, and the session works. */
    ck_assert_uint_eq(camx_map_image_count(b.map), 0);
    GOOD(camx_explain(b.session, method, b.input, NULL, NULL, b.map, &error));
    ck_assert_uint_eq(camx_map_image_count(b.map), 1);
    close_bench(&b);
}
END_TEST

/* A network without a number in it: said, not shown. */
START_TEST(not_finite)
{
    api_net net = API_NET;
    net.poison = NAN;
    bench b = open_bench(&net);
    GOOD(camx_explain(b.session, camx_method_at((uint32_t)_i), b.input, NULL, NULL, b.map, &error));
    ck_assert_int_eq(api_map_info(b.map, 0).finding, CAMX_FINDING_NOT_FINITE);
    close_bench(&b);
}
END_TEST

/* The same bits for one thread and for three. */
START_TEST(threads_make_no_difference)
{
    api_net net = API_NET;
    bench b = open_bench(&net);
    float one[PLACES];
    for (int32_t threads = 1; threads <= 3; threads += 2) {
        camx_session_options options;
        camx_session_options_init(&options);
        options.threads = threads;
        camx_session *session = api_session(b.model, &options);
        GOOD(camx_explain(session, camx_method_at((uint32_t)_i), b.input, NULL, NULL, b.map, &error));
        if (threads == 1)
            memcpy(one, camx_map_values(b.map, 0), sizeof one);
        ck_assert_int_eq(memcmp(one, camx_map_values(b.map, 0), sizeof one), 0);
        camx_session_close(session);
    }
    close_bench(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("family");
    TCase *tests = tcase_create("family");
    int methods = 0;
    while (camx_method_at((uint32_t)methods) != 0)
        methods++;
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, products_by_formula);
    tcase_add_test(tests, pairs_are_differences);
    tcase_add_test(tests, pooled_identities);
    tcase_add_test(tests, components_by_formula);
    tcase_add_test(tests, fullgrad_by_formula);
    tcase_add_loop_test(tests, batches, 0, methods);
    tcase_add_loop_test(tests, bad_use, 0, methods);
    tcase_add_loop_test(tests, not_finite, 0, methods);
    tcase_add_loop_test(tests, threads_make_no_difference, 0, methods);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
