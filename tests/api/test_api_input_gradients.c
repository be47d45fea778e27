/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saliency, guided backpropagation, Guided Grad-CAM, SmoothGrad and Integrated Gradients: against each other, against
 * camx_session_gradient, and against numbers worked out by hand.
 */
#include <math.h>

#include "api_support.h"

#define SIDE 8
#define SIZE (3 * SIDE * SIDE)

typedef struct net {
    camx_model *model;
    camx_session *session;
    camx_input *input;
    camx_map *map;
    float x[2 * SIZE];
    float values[2 * SIZE];
    camx_explain_options options;
    int64_t images;
} net;

static net open_net(const char *activation, int64_t images)
{
    api_net kind = API_NET;
    net n = {.images = images};
    kind.activation = activation;
    kind.batch = -1;
    n.model = api_net_open(&kind, NULL);
    n.session = api_session(n.model, NULL);
    api_random_floats(17, n.x, 2 * SIZE);
    n.input = api_input(n.model, n.x, images, 3, SIDE, SIDE);
    n.map = api_map();
    camx_explain_options_init(&n.options);
    return n;
}

/* Where the numbers of every channel go: a net must not move any more. */
static void want_values(net *n)
{
    n->options.channel_values = n->values;
    n->options.channel_value_count = (size_t)n->images * SIZE;
}

static void close_net(net *n)
{
    camx_map_release(n->map);
    camx_input_release(n->input);
    camx_session_close(n->session);
    camx_model_release(n->model);
}

static void explain(net *n, int32_t method, camx_input *input)
{
    camx_target target;
    camx_target_for_class(&target, 2);
    want_values(n);
    GOOD(camx_explain(n->session, method, input, &target, &n->options, n->map, &error));
}

static void gradient_at(net *n, const float *x, float *gradient)
{
    camx_target target;
    camx_target_for_class(&target, 2);
    camx_input *input = api_input(n->model, x, 1, 3, SIDE, SIDE);
    GOOD(camx_session_gradient(n->session, input, &target, "x", gradient, SIZE, &error));
    camx_input_release(input);
}

static double score_of(net *n, const float *x)
{
    float logits[5];
    camx_input *input = api_input(n->model, x, 1, 3, SIDE, SIDE);
    GOOD(camx_session_run(n->session, input, &error));
    GOOD(camx_session_scores(n->session, 0, CAMX_SCORE_LOGIT, logits, 5, &error));
    camx_input_release(input);
    return (double)logits[2];
}

static void expect_values(const float *got, const float *wanted, size_t count, float tolerance)
{
    float largest = 0.0F;
    for (size_t i = 0; i < count; i++)
        largest = fmaxf(largest, fabsf(wanted[i]));
    ck_assert(largest > 0.0F);
    for (size_t i = 0; i < count; i++)
        ck_assert_float_eq_tol(got[i], wanted[i], tolerance * largest);
}

/* ---- saliency ---- */

START_TEST(saliency)
{
    net n = open_net("Relu", 1);
    float wanted[SIZE];
    gradient_at(&n, n.x, wanted);
    explain(&n, CAMX_METHOD_SALIENCY, n.input);
    ck_assert_mem_eq(n.values, wanted, sizeof wanted);
    camx_map_info info = api_map_info(n.map, 0);
    ck_assert(info.width == SIDE && info.height == SIDE && info.method == CAMX_METHOD_SALIENCY);
    ck_assert(info.finding == CAMX_FINDING_HEAT && info.class_index == 2 && info.done == 1 && info.total == 1);
    ck_assert_float_eq_tol(info.score, (float)score_of(&n, n.x), 1e-5F);
    for (int i = 0; i < SIDE * SIDE; i++)
        ck_assert_float_eq(camx_map_values(n.map, 0)[i],
                           fmaxf(fabsf(wanted[i]), fmaxf(fabsf(wanted[64 + i]), fabsf(wanted[128 + i]))));
    n.options.channels = CAMX_CHANNELS_SUM;
    explain(&n, CAMX_METHOD_SALIENCY, n.input);
    for (int i = 0; i < SIDE * SIDE; i++)
        ck_assert_float_eq_tol(camx_map_values(n.map, 0)[i], wanted[i] + wanted[64 + i] + wanted[128 + i], 1e-6F);
    close_net(&n);
}
END_TEST

/* Each image of a batch by itself; the class may differ. */
START_TEST(batches)
{
    static const int32_t methods[] = {CAMX_METHOD_SALIENCY, CAMX_METHOD_GUIDED_BACKPROP, CAMX_METHOD_GUIDED_GRADCAM,
                                      CAMX_METHOD_SMOOTHGRAD, CAMX_METHOD_INTEGRATED_GRADIENTS};
    net n = open_net("Relu", 2);
    net one = open_net("Relu", 1);
    camx_input *second = api_input(one.model, one.x + SIZE, 1, 3, SIDE, SIDE);
    want_values(&n);
    want_values(&one);
    n.options.samples = one.options.samples = 3;
    n.options.steps = one.options.steps = 4;
    GOOD(camx_explain(n.session, methods[_i], n.input, NULL, &n.options, n.map, &error));
    GOOD(camx_explain(one.session, methods[_i], second, NULL, &one.options, one.map, &error));
    expect_values(n.values + SIZE, one.values, SIZE, 1e-6F);
    expect_values(camx_map_values(n.map, 1), camx_map_values(one.map, 0), SIDE * SIDE, 1e-6F);
    ck_assert_int_eq(api_map_info(n.map, 1).class_index, api_map_info(one.map, 0).class_index);
    GOOD(camx_explain(one.session, methods[_i], one.input, NULL, &one.options, one.map, &error));
    expect_values(n.values, one.values, SIZE, 1e-6F);
    camx_input_release(second);
    close_net(&one);
    close_net(&n);
}
END_TEST

/* ---- guided ---- */

static const float first[2] = {1.5F, -1.0F};            /* x -> a: two channels */
static const float second_[4] = {1.0F, 2.0F, -1.0F, 1.5F}; /* relu(a) -> b */
static const float last[2] = {2.0F, -3.0F};             /* mean of relu(b) -> score */
static const float hand_x[4] = {1.0F, -2.0F, 0.5F, -0.25F};

/* 1x1 convolutions with ReLU between them: every pixel by itself. clip: the second ReLU is a Clip from 0 to 6. */
static camx_model *guided_net(bool clip)
{
    onnx_writer w;
    camx_model *model = NULL;
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){1, 1, 2, 2});
    onnx_writer_floats(&w, "first", 4, (int64_t[]){2, 1, 1, 1}, first);
    onnx_writer_floats(&w, "second", 4, (int64_t[]){2, 2, 1, 1}, second_);
    onnx_writer_floats(&w, "last", 2, (int64_t[]){2, 1}, last);
    onnx_writer_floats(&w, "low", 0, NULL, (float[]){0.0F});
    onnx_writer_floats(&w, "high", 0, NULL, (float[]){6.0F});
    onnx_writer_node(&w, "Conv", "c1", "x first", "a");
    onnx_writer_node(&w, "Relu", "r1", "a", "ra");
    onnx_writer_node(&w, "Conv", "c2", "ra second", "b");
    onnx_writer_node(&w, clip ? "Clip" : "Relu", "r2", clip ? "b low high" : "b", "rb");
    onnx_writer_node(&w, "GlobalAveragePool", "gap", "rb", "g");
    onnx_writer_node(&w, "Flatten", "flat", "g", "f");
    onnx_writer_node(&w, "Gemm", "dense", "f last", "y");
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){1, 1});
    onnx_bytes bytes = onnx_writer_end(&w);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &model, &error));
    onnx_bytes_free(&bytes);
    return model;
}

static float guided_pixel(float x, bool guided)
{
    float gx = 0.0F;
    float ga[2] = {0.0F, 0.0F};
    for (int j = 0; j < 2; j++) {
        float b = 0.0F;
        for (int i = 0; i < 2; i++)
            b += second_[2 * j + i] * fmaxf(first[i] * x, 0.0F);
        float gb = b > 0.0F ? last[j] / 4.0F : 0.0F;
        if (guided)
            gb = fmaxf(gb, 0.0F);
        for (int i = 0; i < 2; i++)
            ga[i] += second_[2 * j + i] * gb;
    }
    for (int i = 0; i < 2; i++) {
        float g = first[i] * x > 0.0F ? ga[i] : 0.0F;
        gx += first[i] * (guided ? fmaxf(g, 0.0F) : g);
    }
    return gx;
}

START_TEST(guided_by_hand)
{
    camx_model *model = guided_net(_i == 1);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_input(model, hand_x, 1, 1, 2, 2);
    camx_map *map = api_map();
    camx_explain_options options;
    float values[4];
    bool differ = false;
    camx_explain_options_init(&options);
    options.channels = CAMX_CHANNELS_SUM;
    options.channel_values = values;
    options.channel_value_count = 4;
    for (int guided = 0; guided < 2; guided++) {
        GOOD(camx_explain(session, guided ? CAMX_METHOD_GUIDED_BACKPROP : CAMX_METHOD_SALIENCY, input, NULL, &options,
                          map, &error));
        for (int i = 0; i < 4; i++) {
            ck_assert_float_eq_tol(values[i], guided_pixel(hand_x[i], guided), 1e-6F);
            ck_assert_float_eq(camx_map_values(map, 0)[i], values[i]);
            differ |= guided_pixel(hand_x[i], true) != guided_pixel(hand_x[i], false);
        }
    }
    ck_assert(differ);
    /* The rule is for that one call. */
    GOOD(camx_session_gradient(session, NULL, NULL, "x", values, 4, &error));
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq_tol(values[i], guided_pixel(hand_x[i], false), 1e-6F);
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* At a layer of the input's size nothing has to be stretched. */
START_TEST(guided_gradcam)
{
    net n = open_net("Relu", 1);
    camx_gradcam_options gradcam;
    camx_target target;
    float guided[SIZE];
    float wanted[SIZE];
    camx_target_for_class(&target, 2);
    explain(&n, CAMX_METHOD_GUIDED_BACKPROP, n.input);
    memcpy(guided, n.values, sizeof guided);
    camx_gradcam_options_init(&gradcam);
    gradcam.layer = "r1";
    GOOD(gradcam_compute(n.session, NULL, &target, &gradcam, n.map, &error));
    ck_assert_int_eq(api_map_info(n.map, 0).width, SIDE);
    for (int i = 0; i < SIZE; i++)
        wanted[i] = guided[i] * fmaxf(camx_map_values(n.map, 0)[i % 64], 0.0F);
    n.options.layer = "r1";
    explain(&n, CAMX_METHOD_GUIDED_GRADCAM, n.input);
    expect_values(n.values, wanted, SIZE, 1e-5F);
    close_net(&n);
}
END_TEST

START_TEST(no_relu)
{
    net n = open_net("Sigmoid", 1);
    EXPECT(camx_explain(n.session, CAMX_METHOD_GUIDED_BACKPROP, n.input, NULL, NULL, n.map, &error), CAMX_E_METHOD,
           "has none");
    EXPECT(camx_explain(n.session, CAMX_METHOD_GUIDED_GRADCAM, n.input, NULL, NULL, n.map, &error), CAMX_E_METHOD,
           "ReLU");
    GOOD(camx_explain(n.session, CAMX_METHOD_SALIENCY, n.input, NULL, NULL, n.map, &error));
    close_net(&n);
}
END_TEST

/* ---- SmoothGrad ---- */

static double uniform(uint64_t seed, uint64_t k)
{
    uint64_t z = seed + (k + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return (double)(z >> 11) / 9007199254740992.0;
}

/* The noise is the one that camx.h describes. */
START_TEST(smoothgrad_by_hand)
{
    net n = open_net("Relu", 1);
    float noisy[SIZE];
    float gradient[SIZE];
    float wanted[SIZE] = {0};
    float least = n.x[0];
    float greatest = n.x[0];
    for (int i = 0; i < SIZE; i++) {
        least = fminf(least, n.x[i]);
        greatest = fmaxf(greatest, n.x[i]);
    }
    for (uint64_t s = 0; s < 3; s++) {
        for (uint64_t i = 0; i < SIZE; i++) {
            uint64_t k = s * SIZE + i;
            double z = sqrt(-2.0 * log(1.0 - uniform(9, 2 * k))) * cos(2.0 * acos(-1.0) * uniform(9, 2 * k + 1));
            noisy[i] = (float)((double)n.x[i] + z * 0.25 * ((double)greatest - (double)least));
        }
        gradient_at(&n, noisy, gradient);
        for (int i = 0; i < SIZE; i++)
            wanted[i] += gradient[i] / 3.0F;
    }
    n.options.samples = 3;
    n.options.noise = 0.25F;
    n.options.seed = 9;
    explain(&n, CAMX_METHOD_SMOOTHGRAD, n.input);
    expect_values(n.values, wanted, SIZE, 1e-5F);
    close_net(&n);
}
END_TEST

START_TEST(smoothgrad_seeds)
{
    net n = open_net("Relu", 1);
    float noted[SIZE];
    n.options.samples = 4;
    n.options.noise = 0.0F;
    explain(&n, CAMX_METHOD_SALIENCY, n.input);
    memcpy(noted, n.values, sizeof noted);
    explain(&n, CAMX_METHOD_SMOOTHGRAD, n.input);
    expect_values(n.values, noted, SIZE, 1e-6F);
    n.options.noise = 0.5F;
    explain(&n, CAMX_METHOD_SMOOTHGRAD, n.input);
    memcpy(noted, n.values, sizeof noted);
    explain(&n, CAMX_METHOD_SMOOTHGRAD, n.input);
    ck_assert_mem_eq(noted, n.values, sizeof noted);
    n.options.seed = 1;
    explain(&n, CAMX_METHOD_SMOOTHGRAD, n.input);
    ck_assert_mem_ne(noted, n.values, sizeof noted);
    /* The last input itself is what it was. */
    gradient_at(&n, n.x, noted);
    GOOD(camx_explain(n.session, CAMX_METHOD_SMOOTHGRAD, n.input, NULL, &n.options, n.map, &error));
    camx_target target;
    camx_target_for_class(&target, 2);
    GOOD(camx_session_gradient(n.session, NULL, &target, "x", n.values, SIZE, &error));
    ck_assert_mem_eq(noted, n.values, sizeof noted);
    close_net(&n);
}
END_TEST

/* ---- Integrated Gradients ---- */

static double sum_of(const float *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i];
    return sum;
}

/* Everything together is S(x) - S(b): at once where the path is smooth, in the limit where it has kinks. */
START_TEST(completeness)
{
    static const char *const activations[] = {"Sigmoid", "Softplus", "Tanh", "Relu"};
    bool smooth = _i < 3;
    net n = open_net(activations[_i], 1);
    float start[SIZE];
    api_random_floats(23, start, SIZE);
    double zero = score_of(&n, (float[SIZE]){0});
    double wanted = score_of(&n, n.x) - zero;
    n.options.steps = smooth ? 0 : 400;
    explain(&n, CAMX_METHOD_INTEGRATED_GRADIENTS, n.input);
    ck_assert_double_eq_tol(sum_of(n.values, SIZE), wanted, (smooth ? 1e-5 : 2e-3) * (1.0 + fabs(wanted)));
    ck_assert_double_eq_tol(sum_of(camx_map_values(n.map, 0), SIDE * SIDE), sum_of(n.values, SIZE), 1e-5);
    camx_input *baseline = api_input(n.model, start, 1, 3, SIDE, SIDE);
    wanted = score_of(&n, n.x) - score_of(&n, start);
    n.options.baseline = baseline;
    explain(&n, CAMX_METHOD_INTEGRATED_GRADIENTS, n.input);
    ck_assert_double_eq_tol(sum_of(n.values, SIZE), wanted, (smooth ? 1e-5 : 2e-3) * (1.0 + fabs(wanted)));
    n.options.quadrature = CAMX_QUADRATURE_RIGHT_RIEMANN;
    n.options.steps = 400;
    explain(&n, CAMX_METHOD_INTEGRATED_GRADIENTS, n.input);
    ck_assert_double_eq_tol(sum_of(n.values, SIZE), wanted, 1e-2 * (1.0 + fabs(wanted)));
    camx_input_release(baseline);
    close_net(&n);
}
END_TEST

/* One step: Gauss and Legendre's is the middle, Riemann's the end. Two: 1/2 -+ sqrt(3)/6, halves. */
START_TEST(few_steps)
{
    net n = open_net("Tanh", 1);
    float wanted[SIZE] = {0};
    float at[SIZE];
    float gradient[SIZE];
    for (int points = 1; points <= 2; points++) {
        memset(wanted, 0, sizeof wanted);
        for (int p = 0; p < points; p++) {
            double along = points == 1 ? 0.5 : 0.5 + (p - 0.5) * sqrt(3.0) / 3.0;
            for (int i = 0; i < SIZE; i++)
                at[i] = (float)(along * (double)n.x[i]);
            gradient_at(&n, at, gradient);
            for (int i = 0; i < SIZE; i++)
                wanted[i] += gradient[i] * n.x[i] / (float)points;
        }
        n.options.steps = points;
        explain(&n, CAMX_METHOD_INTEGRATED_GRADIENTS, n.input);
        expect_values(n.values, wanted, SIZE, 1e-5F);
    }
    gradient_at(&n, n.x, gradient);
    for (int i = 0; i < SIZE; i++)
        wanted[i] = gradient[i] * n.x[i];
    n.options.steps = 1;
    n.options.quadrature = CAMX_QUADRATURE_RIGHT_RIEMANN;
    explain(&n, CAMX_METHOD_INTEGRATED_GRADIENTS, n.input);
    expect_values(n.values, wanted, SIZE, 1e-5F);
    close_net(&n);
}
END_TEST

/* A linear network has one gradient everywhere: the hand-made one of api_support.h. */
START_TEST(linear)
{
    camx_model *model = api_hand_open(1.0F, NULL);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_input(model, api_hand_image, 1, 1, 2, 2);
    camx_map *map = api_map();
    camx_target target;
    camx_explain_options options;
    float values[4];
    camx_explain_options_init(&options);
    options.channel_values = values;
    options.channel_value_count = 4;
    options.steps = options.samples = 3;
    for (int c = 0; c < 3; c++) {
        float weight = (2.0F * api_hand_weights[c][0] - api_hand_weights[c][1]) / 4.0F;
        camx_target_for_class(&target, c);
        GOOD(camx_explain(session, CAMX_METHOD_SMOOTHGRAD, input, &target, &options, map, &error));
        for (int i = 0; i < 4; i++)
            ck_assert_float_eq_tol(values[i], weight, 1e-6F);
        GOOD(camx_explain(session, CAMX_METHOD_INTEGRATED_GRADIENTS, input, &target, &options, map, &error));
        for (int i = 0; i < 4; i++)
            ck_assert_float_eq_tol(values[i], weight * api_hand_image[i], 1e-5F);
    }
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* ---- stopping ---- */

typedef struct stop {
    uint64_t at;
    uint64_t last;
    uint64_t total;
} stop;

static int stop_at(uint64_t done, uint64_t total, void *user)
{
    stop *s = user;
    s->last = done;
    s->total = total;
    return done >= s->at;
}

/* The partial result is the mean of what was done; images that were not reached are NaN. */
START_TEST(cancelled)
{
    net n = open_net("Relu", 2);
    stop s = {.at = 5};
    want_values(&n);
    n.options.samples = 5;
    n.options.progress = stop_at;
    n.options.progress_user = &s;
    EXPECT(camx_explain(n.session, CAMX_METHOD_SMOOTHGRAD, n.input, NULL, &n.options, n.map, &error),
           CAMX_E_CANCELLED, "5 of 10");
    ck_assert_uint_eq(s.total, 10);
    ck_assert_uint_eq(camx_map_image_count(n.map), 2);
    ck_assert(api_map_info(n.map, 0).finding == CAMX_FINDING_PARTIAL && api_map_info(n.map, 0).done == 5);
    ck_assert(api_map_info(n.map, 1).finding == CAMX_FINDING_PARTIAL && api_map_info(n.map, 1).done == 0);
    ck_assert(isfinite(n.values[0]) && isnan(n.values[SIZE]) && isnan(camx_map_values(n.map, 1)[0]));
    float noted[SIZE];
    memcpy(noted, n.values, sizeof noted);
    s.at = UINT64_MAX;
    GOOD(camx_explain(n.session, CAMX_METHOD_SMOOTHGRAD, n.input, NULL, &n.options, n.map, &error));
    ck_assert_mem_eq(noted, n.values, sizeof noted);
    ck_assert_uint_eq(s.last, 10);
    s.at = 2;
    EXPECT(camx_explain(n.session, CAMX_METHOD_SMOOTHGRAD, n.input, NULL, &n.options, n.map, &error),
           CAMX_E_CANCELLED, "2 of 10");
    ck_assert_mem_ne(noted, n.values, sizeof noted);
    n.options.samples = 2;
    s.at = UINT64_MAX;
    memcpy(noted, n.values, sizeof noted);
    GOOD(camx_explain(n.session, CAMX_METHOD_SMOOTHGRAD, n.input, NULL, &n.options, n.map, &error));
    ck_assert_mem_eq(noted, n.values, sizeof noted);
    close_net(&n);
}
END_TEST

START_TEST(deadline)
{
    net n = open_net("Relu", 1);
    n.options.steps = 500;
    n.options.deadline = 1e-9;
    EXPECT(camx_explain(n.session, CAMX_METHOD_INTEGRATED_GRADIENTS, n.input, NULL, &n.options, n.map, &error),
           CAMX_E_DEADLINE, "time was up");
    ck_assert_int_eq(api_map_info(n.map, 0).finding, CAMX_FINDING_PARTIAL);
    close_net(&n);
}
END_TEST

/* ---- bad use ---- */

static void refuse(net *n, int32_t method, camx_status status, const char *words)
{
    EXPECT(camx_explain(n->session, method, n->input, NULL, &n->options, n->map, &error), status, words);
    camx_explain_options_init(&n->options);
}

START_TEST(bad_options)
{
    net n = open_net("Relu", 1);
    camx_explain_options_init(&n.options);
    n.options.channels = 3;
    refuse(&n, CAMX_METHOD_SALIENCY, CAMX_E_ARGUMENT, "channels is 3");
    n.options.layer = "r1";
    refuse(&n, CAMX_METHOD_SALIENCY, CAMX_E_ARGUMENT, "no layer");
    n.options.samples = -1;
    refuse(&n, CAMX_METHOD_SMOOTHGRAD, CAMX_E_ARGUMENT, "samples is -1");
    n.options.noise = NAN;
    refuse(&n, CAMX_METHOD_SMOOTHGRAD, CAMX_E_ARGUMENT, "noise");
    n.options.noise = -0.1F;
    refuse(&n, CAMX_METHOD_SMOOTHGRAD, CAMX_E_ARGUMENT, "noise");
    n.options.steps = -5;
    refuse(&n, CAMX_METHOD_INTEGRATED_GRADIENTS, CAMX_E_ARGUMENT, "steps is -5");
    n.options.quadrature = 2;
    refuse(&n, CAMX_METHOD_INTEGRATED_GRADIENTS, CAMX_E_ARGUMENT, "quadrature is 2");
    n.options.layer = "nowhere";
    refuse(&n, CAMX_METHOD_GUIDED_GRADCAM, CAMX_E_NOT_FOUND, "nowhere");
    n.options.layer = "logits";
    refuse(&n, CAMX_METHOD_GUIDED_GRADCAM, CAMX_E_METHOD, "no feature map");
    n.options.channel_values = n.values;
    n.options.channel_value_count = SIZE - 1;
    refuse(&n, CAMX_METHOD_SALIENCY, CAMX_E_ARGUMENT, "192");
    n.options.channel_values = n.values;
    n.options.channel_value_count = SIZE;
    refuse(&n, CAMX_METHOD_GRADCAM, CAMX_E_ARGUMENT, "channel_values");
    n.options.channel_values = n.values;
    n.options.channel_value_count = SIZE;
    camx_map *maps[1] = {n.map};
    EXPECT(camx_explain_many(n.session, CAMX_METHOD_SALIENCY, n.input, NULL, 0, NULL, 0, &n.options, maps, &error),
           CAMX_E_ARGUMENT, "channel_values");
    close_net(&n);
}
END_TEST

START_TEST(bad_baselines)
{
    net n = open_net("Relu", 1);
    camx_input *two = api_input(n.model, n.x, 2, 3, SIDE, SIDE);
    api_net other = API_NET;
    other.channels = 1;
    camx_model *grey = api_net_open(&other, NULL);
    camx_input *small = api_input(grey, n.x, 1, 1, SIDE, SIDE);
    camx_explain_options_init(&n.options);
    n.options.baseline = two;
    refuse(&n, CAMX_METHOD_INTEGRATED_GRADIENTS, CAMX_E_ARGUMENT, "baseline is 2 x 3");
    n.options.baseline = small;
    refuse(&n, CAMX_METHOD_INTEGRATED_GRADIENTS, CAMX_E_ARGUMENT, "baseline is 1 x 1");
    camx_input_release(small);
    camx_input_release(two);
    camx_model_release(grey);
    close_net(&n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_input_gradients");
    TCase *tests = tcase_create("input_gradients");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, saliency);
    tcase_add_loop_test(tests, batches, 0, 5);
    tcase_add_loop_test(tests, guided_by_hand, 0, 2);
    tcase_add_test(tests, guided_gradcam);
    tcase_add_test(tests, no_relu);
    tcase_add_test(tests, smoothgrad_by_hand);
    tcase_add_test(tests, smoothgrad_seeds);
    tcase_add_loop_test(tests, completeness, 0, 4);
    tcase_add_test(tests, few_steps);
    tcase_add_test(tests, linear);
    tcase_add_test(tests, cancelled);
    tcase_add_test(tests, deadline);
    tcase_add_test(tests, bad_options);
    tcase_add_test(tests, bad_baselines);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
