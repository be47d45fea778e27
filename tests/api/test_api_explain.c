/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets and methods against numbers worked out by hand, gradients against central differences, and why there
 * may be nothing to see.
 */
#include <math.h>

#include "../golden/golden.h"
#include "api_support.h"

/* The hand-made network of api_support.h with its image taken. */
typedef struct hand {
    camx_model *model;
    camx_session *session;
    camx_input *input;
    camx_map *map;
} hand;

static hand open_hand(float scale, const char *ending, const float *image)
{
    hand h = {.model = api_hand_open(scale, ending)};
    h.session = api_session(h.model, NULL);
    h.input = api_input(h.model, image != NULL ? image : api_hand_image, 1, 1, 2, 2);
    h.map = api_map();
    GOOD(camx_session_run(h.session, h.input, &error));
    return h;
}

static void close_hand(hand *h)
{
    camx_map_release(h->map);
    camx_input_release(h->input);
    camx_session_close(h->session);
    camx_model_release(h->model);
}

/* The features are 2x and -x, their means m and n: logit = weights * (m, n) + bias. */
static double hand_logit(int class_index)
{
    return 6.0 * (double)api_hand_weights[class_index][0] - 3.0 * (double)api_hand_weights[class_index][1] +
           (double)api_hand_bias[class_index];
}

static void expect_map(const camx_map *map, const double *wanted)
{
    const float *values = camx_map_values(map, 0);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq_tol(values[i], (float)wanted[i], 1e-5F * (1.0F + fabsf((float)wanted[i])));
}

/* ---- scores ---- */

START_TEST(scores_by_hand)
{
    hand h = open_hand(1.0F, NULL, NULL);
    float logits[3];
    float probabilities[3];
    double sum = 0.0;
    camx_class_score best[3];
    uint32_t found = 0;
    GOOD(camx_session_scores(h.session, 0, CAMX_SCORE_DEFAULT, logits, 3, &error));
    GOOD(camx_session_scores(h.session, 0, CAMX_SCORE_PROBABILITY, probabilities, 3, &error));
    GOOD(camx_session_top(h.session, 0, best, 3, &found, &error));
    for (int i = 0; i < 3; i++)
        sum += exp(hand_logit(i));
    for (int i = 0; i < 3; i++) {
        ck_assert_float_eq_tol(logits[i], (float)hand_logit(i), 1e-5F);
        ck_assert_float_eq_tol(probabilities[i], (float)(exp(hand_logit(i)) / sum), 1e-6F);
    }
    ck_assert_uint_eq(found, 3);
    ck_assert(best[0].class_index == 0 && best[1].class_index == 2 && best[2].class_index == 1);
    ck_assert_float_eq(best[1].logit, logits[2]);
    ck_assert_float_eq(best[1].probability, probabilities[2]);
    close_hand(&h);
}
END_TEST

/* Equal scores: the lower class comes first. */
START_TEST(equal_scores)
{
    onnx_writer w;
    const float x[10] = {1, 3, 2, 3, 0, 3, -1, 1, 3, 2};
    const int32_t order[10] = {1, 3, 5, 8, 2, 9, 0, 7, 4, 6};
    camx_class_score best[10];
    camx_model *model = NULL;
    uint32_t found = 0;
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){1, 1, 2, 5});
    onnx_writer_node(&w, "Flatten", "flat", "x", "y");
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){1, 10});
    onnx_bytes bytes = onnx_writer_end(&w);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &model, &error));
    onnx_bytes_free(&bytes);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_input(model, x, 1, 1, 2, 5);
    GOOD(camx_session_run(session, input, &error));
    for (uint32_t count = 1; count <= 10; count++) {
        GOOD(camx_session_top(session, 0, best, count, &found, &error));
        ck_assert_uint_eq(found, count);
        for (uint32_t i = 0; i < count; i++)
            ck_assert_int_eq(best[i].class_index, order[i]);
    }
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* ---- targets ---- */

/* Weights on the scores that a target stands for. */
typedef struct wanted_target {
    camx_target target;
    double weights[3];
} wanted_target;

static const float hand_seed[3] = {1, -2, 0.5F};

static wanted_target make_target(int which)
{
    wanted_target t = {.weights = {0}};
    camx_target_init(&t.target);
    if (which == 0) {
        t.weights[0] = 1; /* the top class */
    } else if (which == 1) {
        camx_target_for_class(&t.target, 2);
        t.weights[2] = 1;
    } else if (which == 2) {
        t.target.kind = CAMX_TARGET_PAIR;
        t.target.class_index = 0;
        t.target.other_index = 1;
        t.weights[0] = 1;
        t.weights[1] = -1;
    } else {
        t.target.kind = CAMX_TARGET_SEED;
        t.target.seed = hand_seed;
        for (int i = 0; i < 3; i++)
            t.weights[i] = (double)hand_seed[i];
    }
    return t;
}

/* The derivative of the target by each logit, and its value. */
static double hand_derivative(const wanted_target *t, bool probability, bool sigmoid, double by_logit[3])
{
    double p[3];
    double sum = 0.0;
    double value = 0.0;
    double mean = 0.0;
    for (int i = 0; i < 3; i++)
        sum += exp(hand_logit(i));
    for (int i = 0; i < 3; i++)
        p[i] = sigmoid ? 1.0 / (1.0 + exp(-hand_logit(i))) : exp(hand_logit(i)) / sum;
    for (int i = 0; i < 3; i++) {
        value += t->weights[i] * (probability ? p[i] : hand_logit(i));
        mean += p[i] * t->weights[i];
    }
    for (int i = 0; i < 3; i++)
        by_logit[i] = !probability ? t->weights[i]
                      : sigmoid    ? p[i] * (1.0 - p[i]) * t->weights[i]
                                   : p[i] * (t->weights[i] - mean);
    return value;
}

/* Every kind of target, both scores, with and against, on networks that end in all three ways. */
static void try_target(int which, bool probability, bool negate, const char *ending)
{
    hand h = open_hand(1.0F, ending, NULL);
    bool sigmoid = ending != NULL && strcmp(ending, "Sigmoid") == 0;
    wanted_target t = make_target(which);
    double by_logit[3];
    double gradient[2] = {0};
    double wanted[4];
    float values[8];
    t.target.score = probability ? CAMX_SCORE_PROBABILITY : which % 2 == 0 ? CAMX_SCORE_DEFAULT : CAMX_SCORE_LOGIT;
    t.target.negate = negate;
    for (int i = 0; i < 3 && negate; i++)
        t.weights[i] = -t.weights[i];
    double score = hand_derivative(&t, probability, sigmoid, by_logit);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++)
            gradient[k] += by_logit[i] * (double)api_hand_weights[i][k] / 4.0;
    GOOD(camx_session_gradient(h.session, NULL, &t.target, "maps", values, 8, &error));
    for (int i = 0; i < 8; i++)
        ck_assert_float_eq_tol(values[i], (float)gradient[i / 4], 1e-6F);
    GOOD(camx_session_gradient(h.session, NULL, &t.target, "x", values, 4, &error));
    for (int i = 0; i < 4; i++) {
        ck_assert_float_eq_tol(values[i], (float)(2 * gradient[0] - gradient[1]), 1e-6F);
        wanted[i] = (2 * gradient[0] - gradient[1]) * (double)api_hand_image[i];
    }
    GOOD(gradcam_compute(h.session, NULL, &t.target, NULL, h.map, &error));
    expect_map(h.map, wanted);
    camx_map_info info = api_map_info(h.map, 0);
    ck_assert_float_eq_tol(info.score, (float)score, 1e-5F);
    ck_assert_int_eq(info.score_kind, probability ? CAMX_SCORE_PROBABILITY : CAMX_SCORE_LOGIT);
    ck_assert_int_eq(info.class_index, which == 3 ? -1 : which == 1 ? 2 : 0);
    ck_assert_int_eq(info.other_index, which == 2 ? 1 : -1);
    ck_assert_str_eq(info.layer, "maps");
    close_hand(&h);
}

START_TEST(targets_by_hand)
{
    static const char *const endings[] = {NULL, "Softmax", "Sigmoid"};
    for (int which = 0; which < 4; which++)
        for (int probability = 0; probability < 2; probability++)
            for (int negate = 0; negate < 2; negate++)
                try_target(which, probability, negate, endings[_i]);
}
END_TEST

/* CAM: the class's weights times the features; the mean plus the bias is the logit. */
START_TEST(cam_by_hand)
{
    hand h = open_hand(1.0F, NULL, NULL);
    for (int which = 0; which < 4; which++) {
        wanted_target t = make_target(which);
        double wanted[4];
        double mean = 0.0;
        double bias = 0.0;
        for (int i = 0; i < 4; i++) {
            double x = (double)api_hand_image[i];
            wanted[i] = 0.0;
            for (int c = 0; c < 3; c++)
                wanted[i] += t.weights[c] * (2 * x * (double)api_hand_weights[c][0] - x * (double)api_hand_weights[c][1]);
            mean += wanted[i] / 4.0;
        }
        for (int c = 0; c < 3; c++)
            bias += t.weights[c] * (double)api_hand_bias[c];
        GOOD(cam_compute(h.session, NULL, &t.target, NULL, h.map, &error));
        expect_map(h.map, wanted);
        ck_assert_float_eq_tol(api_map_info(h.map, 0).score, (float)(mean + bias), 1e-5F);
        t.target.negate = 1;
        for (int i = 0; i < 4; i++)
            wanted[i] = -wanted[i];
        GOOD(cam_compute(h.session, NULL, &t.target, NULL, h.map, &error));
        expect_map(h.map, wanted);
        t.target.score = CAMX_SCORE_PROBABILITY;
        EXPECT(cam_compute(h.session, NULL, &t.target, NULL, h.map, &error), CAMX_E_METHOD, "logit");
    }
    close_hand(&h);
}
END_TEST

/* Gradients are g = W / 4 everywhere in a channel; sums of the features are 24 and -12. */
START_TEST(gradcampp_by_hand)
{
    hand h = open_hand(1.0F, NULL, NULL);
    const double sums[2] = {24, -12};
    for (int rule = 0; rule < 2; rule++) {
        for (int c = 0; c < 3; c++) {
            camx_target target;
            camx_gradcampp_options options;
            double wanted[4] = {0};
            for (int k = 0; k < 2; k++) {
                double g = (double)api_hand_weights[c][k] / 4.0;
                double alpha = g * g / (2 * g * g + sums[k] * g * g * g + 1e-6);
                double weight = g <= 0 ? 0.0 : rule == CAMX_GRADCAMPP_PAPER ? 4 * alpha * g : g;
                for (int i = 0; i < 4; i++)
                    wanted[i] += weight * (k == 0 ? 2.0 : -1.0) * (double)api_hand_image[i];
            }
            camx_target_for_class(&target, c);
            camx_gradcampp_options_init(&options);
            options.rule = rule;
            GOOD(gradcampp_compute(h.session, NULL, &target, &options, h.map, &error));
            expect_map(h.map, wanted);
        }
    }
    close_hand(&h);
}
END_TEST

/* ---- gradients ---- */

static double score_at(camx_session *session, camx_model *model, const float *values, const double *weights)
{
    float logits[5];
    double sum = 0.0;
    camx_input *input = api_input(model, values, 1, 3, 8, 8);
    GOOD(camx_session_run(session, input, &error));
    GOOD(camx_session_scores(session, 0, CAMX_SCORE_LOGIT, logits, 5, &error));
    for (int i = 0; i < 5; i++)
        sum += weights[i] * (double)logits[i];
    camx_input_release(input);
    return sum;
}

START_TEST(gradient_of_the_input)
{
    api_net net = API_NET;
    const double weights[5] = {1, 0, -0.5, 0, 2};
    const float seed[5] = {1, 0, -0.5F, 0, 2};
    float values[192];
    float gradient[192];
    camx_target target;
    net.activation = "Tanh"; /* smooth */
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    api_random_floats(21, values, 192);
    camx_input *input = api_input(model, values, 1, 3, 8, 8);
    camx_target_init(&target);
    target.kind = CAMX_TARGET_SEED;
    target.seed = seed;
    GOOD(camx_session_gradient(session, input, &target, "x", gradient, 192, &error));
    for (int i = 0; i < 192; i += 7) {
        const float step = 0.02F;
        float was = values[i];
        values[i] = was + step;
        double above = score_at(session, model, values, weights);
        values[i] = was - step;
        double below = score_at(session, model, values, weights);
        values[i] = was;
        ck_assert_double_eq_tol((double)gradient[i], (above - below) / (2 * (double)step), 2e-4);
    }
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

START_TEST(gradients_that_do_not_exist)
{
    api_net net = API_NET;
    float values[256];
    camx_map *map = api_map();
    net.side_branch = true;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_gradcam_options options;
    camx_gradcam_options_init(&options);
    EXPECT(camx_session_gradient(session, input, NULL, "ints", values, 5, &error), CAMX_E_METHOD, "integers");
    options.layer = "ints";
    EXPECT(gradcam_compute(session, input, NULL, &options, map, &error), CAMX_E_METHOD, "'ints'");
    options.layer = "logits";
    EXPECT(gradcam_compute(session, input, NULL, &options, map, &error), CAMX_E_METHOD, "no feature map");
    options.layer = "w1";
    EXPECT(gradcam_compute(session, input, NULL, &options, map, &error), CAMX_E_NOT_FOUND, "'w1'");
    GOOD(camx_session_value(session, "ints", values, 5, &error));
    for (int i = 0; i < 5; i++)
        ck_assert_float_eq(values[i], truncf(values[i]));
    values[0] = 5;
    GOOD(camx_session_gradient(session, input, NULL, "side", values, 256, &error));
    for (int i = 0; i < 256; i++)
        ck_assert_float_eq(values[i], 0.0F);
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* ---- nothing to see ---- */

static void expect_finding(const camx_map *map, int32_t finding)
{
    camx_map_info info = api_map_info(map, 0);
    ck_assert_msg(info.finding == finding, "finding %d, not %d (%s)", info.finding, finding,
                  camx_finding_text(info.finding));
}

START_TEST(findings)
{
    const float even[4] = {2, 2, 2, 2};
    camx_target target;
    hand h = open_hand(1.0F, NULL, NULL);
    GOOD(cam_compute(h.session, NULL, NULL, NULL, h.map, &error));
    expect_finding(h.map, CAMX_FINDING_HEAT);
    camx_target_for_class(&target, 1); /* -x */
    GOOD(cam_compute(h.session, NULL, &target, NULL, h.map, &error));
    expect_finding(h.map, CAMX_FINDING_ALL_NEGATIVE);
    GOOD(gradcam_compute(h.session, NULL, &target, NULL, h.map, &error));
    expect_finding(h.map, CAMX_FINDING_ALL_NEGATIVE);
    target.kind = CAMX_TARGET_PAIR;
    target.other_index = 1; /* a class against itself */
    GOOD(gradcam_compute(h.session, NULL, &target, NULL, h.map, &error));
    expect_finding(h.map, CAMX_FINDING_ZERO_GRADIENT);
    ck_assert_float_eq(api_map_info(h.map, 0).score, 0.0F);
    close_hand(&h);
    h = open_hand(1.0F, NULL, even);
    GOOD(gradcam_compute(h.session, NULL, NULL, NULL, h.map, &error));
    expect_finding(h.map, CAMX_FINDING_FLAT);
    GOOD(cam_compute(h.session, NULL, NULL, NULL, h.map, &error));
    expect_finding(h.map, CAMX_FINDING_FLAT);
    close_hand(&h);
}
END_TEST

/* So sure of itself that the probability reacts to nothing; the logit still does. */
START_TEST(saturated)
{
    hand h = open_hand(200.0F, "Softmax", NULL);
    camx_target target;
    camx_target_init(&target);
    target.score = CAMX_SCORE_PROBABILITY;
    GOOD(gradcam_compute(h.session, NULL, &target, NULL, h.map, &error));
    expect_finding(h.map, CAMX_FINDING_ZERO_GRADIENT);
    ck_assert_float_eq(api_map_info(h.map, 0).score, 1.0F);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(camx_map_values(h.map, 0)[i], 0.0F);
    target.score = CAMX_SCORE_LOGIT;
    GOOD(gradcam_compute(h.session, NULL, &target, NULL, h.map, &error));
    expect_finding(h.map, CAMX_FINDING_HEAT);
    close_hand(&h);
}
END_TEST

/* Units behind a Clip that all lie above it. */
START_TEST(clipped)
{
    onnx_writer w;
    camx_model *model = NULL;
    const float image[4] = {5, 6, 7, 8};
    onnx_writer_begin(&w, 8, 6);
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){1, 1, 2, 2});
    onnx_writer_node(&w, "Conv", "conv", "x k", "maps");
    onnx_writer_node(&w, "Clip", "clip", "maps", "clipped");
    onnx_writer_float_attribute(&w, "min", 0.0F);
    onnx_writer_float_attribute(&w, "max", 1.0F);
    onnx_writer_node(&w, "GlobalAveragePool", "pool", "clipped", "pooled");
    onnx_writer_node(&w, "Flatten", "flat", "pooled", "y");
    onnx_writer_floats(&w, "k", 4, (int64_t[]){2, 1, 1, 1}, (float[]){1, 2});
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){1, 2});
    onnx_bytes bytes = onnx_writer_end(&w);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &model, &error));
    onnx_bytes_free(&bytes);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_input(model, image, 1, 1, 2, 2);
    camx_map *map = api_map();
    camx_gradcam_options options;
    camx_gradcam_options_init(&options);
    options.layer = "maps";
    GOOD(gradcam_compute(session, input, NULL, &options, map, &error));
    expect_finding(map, CAMX_FINDING_ZERO_GRADIENT);
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

START_TEST(disconnected)
{
    api_net net = API_NET;
    net.side_branch = true;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_map *map = api_map();
    camx_gradcam_options options;
    camx_gradcampp_options plus;
    camx_gradcam_options_init(&options);
    options.layer = "side";
    GOOD(gradcam_compute(session, input, NULL, &options, map, &error));
    expect_finding(map, CAMX_FINDING_DISCONNECTED);
    camx_gradcampp_options_init(&plus);
    plus.layer = "side";
    GOOD(gradcampp_compute(session, input, NULL, &plus, map, &error));
    expect_finding(map, CAMX_FINDING_DISCONNECTED);
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

static void use_everything(camx_session *session, camx_input *input, camx_map *map)
{
    float values[192];
    float pixels[400];
    camx_class_score best[5];
    uint32_t found = 9;
    camx_occlusion_options options;
    camx_occlusion_options_captum(&options);
    options.patch_width = 4;
    GOOD(camx_session_run(session, input, &error));
    GOOD(camx_session_scores(session, 0, CAMX_SCORE_PROBABILITY, values, 5, &error));
    GOOD(camx_session_top(session, 0, best, 5, &found, &error));
    ck_assert_uint_lt(found, 5); /* NaN is never best */
    GOOD(camx_session_gradient(session, NULL, NULL, "x", values, 192, &error));
    for (int method = 1; method <= 3; method++) {
        GOOD(camx_explain(session, method, NULL, NULL, NULL, map, &error));
        expect_finding(map, CAMX_FINDING_NOT_FINITE);
        for (int scaling = 0; scaling < 5; scaling++)
            GOOD(camx_map_scale(map, 0, scaling, values, 64, &error));
        GOOD(camx_map_render(map, 0, NULL, pixels, 20, 20, &error));
    }
    GOOD(occlusion_map(session, NULL, NULL, &options, map, &error));
    expect_finding(map, CAMX_FINDING_NOT_FINITE);
}

START_TEST(not_finite)
{
    static const float poisons[] = {NAN, INFINITY, -INFINITY};
    static const char *const endings[] = {NULL, "Softmax", "Sigmoid"};
    api_net net = API_NET;
    net.poison = poisons[_i];
    net.activation = "Tanh";
    for (int i = 0; i < 3; i++) {
        camx_map *map = api_map();
        net.ending = endings[i];
        net.activation = "LeakyRelu"; /* hands infinities on */
        camx_model *model = api_net_open(&net, NULL);
        camx_session *session = api_session(model, NULL);
        camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
        use_everything(session, input, map);
        camx_map_release(map);
        camx_input_release(input);
        camx_session_close(session);
        camx_model_release(model);
    }
}
END_TEST

/* A picture of NaN and infinities, too. */
START_TEST(not_finite_input)
{
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_map *map = api_map();
    float values[192] = {0};
    values[10] = NAN;
    values[100] = INFINITY;
    camx_input *input = api_input(model, values, 1, 3, 8, 8);
    for (int method = 1; method <= 3; method++) {
        GOOD(camx_explain(session, method, input, NULL, NULL, map, &error));
        expect_finding(map, CAMX_FINDING_NOT_FINITE);
    }
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* ---- which networks have a CAM ---- */

/* Conv to 4 channels of 4 x 4, then ReduceMean over `axes`, a Reshape to [1, 4], and a dense layer. */
static camx_status mean_cam(size_t count, const int64_t *axes, int64_t keep, uint64_t opset, camx_error *error)
{
    onnx_writer w;
    float weights[16];
    camx_model *model = NULL;
    api_random_floats(4, weights, 16);
    onnx_writer_begin(&w, 8, opset);
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){1, 1, 4, 4});
    onnx_writer_node(&w, "Conv", "conv", "x k", "maps");
    onnx_writer_node(&w, "ReduceMean", "mean", opset < 18 ? "maps" : "maps a", "m");
    onnx_writer_int_attribute(&w, "keepdims", keep);
    if (opset < 18)
        onnx_writer_ints_attribute(&w, "axes", count, axes);
    else
        onnx_writer_ints(&w, "a", 1, (int64_t[]){(int64_t)count}, axes);
    onnx_writer_node(&w, "Flatten", "flat", "m", "f");
    onnx_writer_node(&w, "Gemm", "dense", "f w", "y");
    onnx_writer_floats(&w, "k", 4, (int64_t[]){4, 1, 1, 1}, weights);
    onnx_writer_floats(&w, "w", 2, (int64_t[]){4, 4}, weights);
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){1, 4});
    onnx_bytes bytes = onnx_writer_end(&w);
    camx_status status = camx_model_open_memory(bytes.data, bytes.size, NULL, &model, error);
    onnx_bytes_free(&bytes);
    if (status != CAMX_OK)
        return status;
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 1, 4, 4);
    camx_map *map = api_map();
    status = cam_compute(session, input, NULL, NULL, map, error);
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
    return status;
}

/* Only a mean over exactly rows and columns is a global pool; the shapes of the others look the same. */
START_TEST(cam_after_a_mean)
{
    for (uint64_t opset = 13; opset <= 18; opset += 5) {
        GOOD(mean_cam(2, (int64_t[]){2, 3}, 0, opset, &error));
        GOOD(mean_cam(2, (int64_t[]){-1, -2}, 1, opset, &error));
        EXPECT(mean_cam(2, (int64_t[]){1, 2}, 0, opset, &error), CAMX_E_METHOD, "gradcam_compute");
        EXPECT(mean_cam(2, (int64_t[]){1, 3}, 1, opset, &error), CAMX_E_METHOD, "gradcam_compute");
    }
}
END_TEST

START_TEST(cam_refused)
{
    api_net net = API_NET;
    net.no_pool = true;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_map *map = api_map();
    EXPECT(cam_compute(session, input, NULL, NULL, map, &error), CAMX_E_METHOD, "global average pool");
    ck_assert_uint_eq(camx_map_image_count(map), 0);
    GOOD(gradcam_compute(session, NULL, NULL, NULL, map, &error));
    ck_assert_uint_eq(camx_map_image_count(map), 1);
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* ---- the same by number, and with another ending ---- */

START_TEST(explain_by_number)
{
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_map *direct = api_map();
    camx_map *map = api_map();
    camx_explain_options options;
    camx_explain_options_init(&options);
    for (int32_t method = 1; method <= 4; method++) {
        GOOD(camx_explain(session, method, input, NULL, &options, map, &error));
        if (method == CAMX_METHOD_CAM)
            GOOD(cam_compute(session, input, NULL, NULL, direct, &error));
        else if (method == CAMX_METHOD_GRADCAM)
            GOOD(gradcam_compute(session, input, NULL, NULL, direct, &error));
        else if (method == CAMX_METHOD_GRADCAMPP)
            GOOD(gradcampp_compute(session, input, NULL, NULL, direct, &error));
        else
            GOOD(occlusion_map(session, input, NULL, NULL, direct, &error));
        ck_assert_int_eq(api_map_info(map, 0).method, method);
        ck_assert_int_eq(api_map_info(direct, 0).method, method);
        ck_assert_int_eq(memcmp(camx_map_values(map, 0), camx_map_values(direct, 0), 64 * sizeof(float)), 0);
    }
    options.layer = "r1";
    GOOD(camx_explain(session, CAMX_METHOD_GRADCAM, NULL, NULL, &options, map, &error));
    ck_assert_str_eq(api_map_info(map, 0).layer, "r1");
    GOOD(camx_explain(session, CAMX_METHOD_GRADCAMPP, NULL, NULL, &options, map, &error));
    ck_assert_str_eq(api_map_info(map, 0).layer, "r1");
    camx_map_release(map);
    camx_map_release(direct);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* A trailing Softmax changes nothing but what the network's output stands for. */
START_TEST(softmax_ending)
{
    golden reference;
    camx_model *plain = NULL;
    camx_model *ended = NULL;
    float a[64];
    float b[64];
    float values[64];
    ck_assert_int_eq(golden_read(api_golden("resnet18_ts13.ref"), &reference), 0);
    GOOD(camx_model_open(api_golden("resnet18_ts13.onnx"), NULL, &plain, &error));
    GOOD(camx_model_open(api_golden("resnet18_ts13_softmax.onnx"), NULL, &ended, &error));
    const golden_record *image = golden_find(&reference, GOLDEN_INPUT);
    uint32_t classes = camx_model_class_count(plain);
    ck_assert_uint_eq(camx_model_class_count(ended), classes);
    camx_session *one = api_session(plain, NULL);
    camx_session *two = api_session(ended, NULL);
    camx_input *input = api_input(plain, image->values, 1, 3, image->dims[2], image->dims[3]);
    GOOD(camx_session_run(one, input, &error));
    GOOD(camx_session_run(two, input, &error));
    for (int score = CAMX_SCORE_LOGIT; score <= CAMX_SCORE_PROBABILITY; score++) {
        GOOD(camx_session_scores(one, 0, score, a, classes, &error));
        GOOD(camx_session_scores(two, 0, score, b, classes, &error));
        ck_assert_int_eq(memcmp(a, b, classes * sizeof(float)), 0);
    }
    /* The file's own output is a layer behind the scores. */
    GOOD(camx_session_value(two, "probabilities", values, classes, &error));
    for (uint32_t i = 0; i < classes; i++)
        ck_assert_float_eq_tol(values[i], b[i], 1e-6F);
    GOOD(camx_session_gradient(two, NULL, NULL, "probabilities", values, classes, &error));
    for (uint32_t i = 0; i < classes; i++)
        ck_assert_float_eq(values[i], 0.0F);
    camx_input_release(input);
    camx_session_close(one);
    camx_session_close(two);
    camx_model_release(plain);
    camx_model_release(ended);
    golden_free(&reference);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_explain");
    TCase *tests = tcase_create("explain");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, scores_by_hand);
    tcase_add_test(tests, equal_scores);
    tcase_add_loop_test(tests, targets_by_hand, 0, 3);
    tcase_add_test(tests, cam_by_hand);
    tcase_add_test(tests, gradcampp_by_hand);
    tcase_add_test(tests, gradient_of_the_input);
    tcase_add_test(tests, gradients_that_do_not_exist);
    tcase_add_test(tests, findings);
    tcase_add_test(tests, saturated);
    tcase_add_test(tests, clipped);
    tcase_add_test(tests, disconnected);
    tcase_add_loop_test(tests, not_finite, 0, 3);
    tcase_add_test(tests, not_finite_input);
    tcase_add_test(tests, cam_after_a_mean);
    tcase_add_test(tests, cam_refused);
    tcase_add_test(tests, explain_by_number);
    tcase_add_test(tests, softmax_ending);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
