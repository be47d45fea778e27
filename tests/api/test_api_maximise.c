/* SPDX-License-Identifier: Apache-2.0 */
/* Activation maximisation: what it reaches, that it repeats itself, how it is stopped, and what it refuses. */
#include <math.h>

#include "api_support.h"

#define SIDE 16
#define SIZE (3 * SIDE * SIDE)

typedef struct net {
    camx_model *model;
    camx_session *session;
    camx_maximise_options options;
} net;

static net open_net(const char *activation, int32_t threads)
{
    api_net kind = API_NET;
    net n = {0};
    camx_session_options session;
    kind.side = SIDE;
    kind.activation = activation;
    n.model = api_net_open(&kind, NULL);
    camx_session_options_init(&session);
    session.threads = threads;
    n.session = api_session(n.model, &session);
    camx_maximise_options_init(&n.options);
    n.options.steps = 20;
    return n;
}

static void close_net(net *n)
{
    camx_session_close(n->session);
    camx_model_release(n->model);
}

static camx_objective objective(int32_t kind, const char *layer, int32_t index, float weight)
{
    camx_objective o;
    camx_objective_init(&o);
    o.kind = kind;
    o.layer = layer;
    o.index = index;
    o.weight = weight;
    return o;
}

static camx_input *maximise(net *n, const camx_objective *one, const camx_objective *two)
{
    const camx_objective *both[2] = {one, two};
    camx_input *result = NULL;
    GOOD(camx_maximise(n->session, both, two != NULL ? 2 : 1, &n->options, &result, &error));
    ck_assert_ptr_nonnull(result);
    return result;
}

/* The quantity itself, for the session's last input. */
static double value_of(net *n, const camx_objective *o)
{
    float logits[5];
    float maps[8 * SIDE * SIDE];
    double sum = 0.0;
    if (o->kind == CAMX_OBJECTIVE_CLASS) {
        GOOD(camx_session_scores(n->session, 0, CAMX_SCORE_LOGIT, logits, 5, &error));
        return (double)logits[o->index];
    }
    camx_layer_info info = {.struct_size = sizeof info};
    uint32_t index = 0;
    GOOD(camx_session_find_layer(n->session, o->layer, &index, &error));
    GOOD(camx_session_get_layer(n->session, index, &info, &error));
    size_t pixels = (size_t)info.height * (size_t)info.width;
    size_t count = pixels * (size_t)info.channels;
    ck_assert_uint_le(count, sizeof maps / sizeof maps[0]);
    GOOD(camx_session_value(n->session, o->layer, maps, count, &error));
    if (o->kind == CAMX_OBJECTIVE_NEURON)
        return (double)maps[(size_t)o->index * pixels + (size_t)(info.height / 2 * info.width + info.width / 2)];
    for (size_t i = 0; i < count; i++)
        if (o->kind == CAMX_OBJECTIVE_LAYER)
            sum += (double)maps[i] * (double)maps[i] / (double)count;
        else if (i / pixels == (size_t)o->index)
            sum += (double)maps[i] / (double)pixels;
    return sum;
}

static const camx_objective kinds[] = {{.kind = CAMX_OBJECTIVE_CLASS, .index = 3},
                                       {.kind = CAMX_OBJECTIVE_CHANNEL, .layer = "c1", .index = 2},
                                       {.kind = CAMX_OBJECTIVE_NEURON, .layer = "c2", .index = 1},
                                       {.kind = CAMX_OBJECTIVE_LAYER, .layer = "r2"}};

/* The objective rises, or falls when its weight is negative (but a mean square near zero has nowhere to fall to). */
START_TEST(climbs)
{
    net n = open_net("Relu", 1);
    camx_objective o = objective(kinds[_i / 2].kind, kinds[_i / 2].layer, kinds[_i / 2].index, _i % 2 == 0 ? 1.0F : -1.0F);
    if (o.kind == CAMX_OBJECTIVE_NEURON) /* it has one place, which shifts and turns move */
        n.options.jitter = n.options.rotation = n.options.scale = n.options.grain = 0.0F;
    n.options.steps = 0;
    camx_input *start = maximise(&n, &o, NULL);
    double before = value_of(&n, &o);
    n.options.steps = 40;
    camx_input *end = maximise(&n, &o, NULL);
    double after = value_of(&n, &o);
    ck_assert_msg(_i % 2 == 0 ? after > before + 1e-3 : after < before + 1e-9, "%g, then %g", before, after);
    camx_input_release(start);
    camx_input_release(end);
    close_net(&n);
}
END_TEST

/* Several at once: each of them rises. */
START_TEST(combinations)
{
    net n = open_net("Relu", 1);
    camx_objective one = objective(CAMX_OBJECTIVE_CLASS, NULL, 1, 1.0F);
    camx_objective two = objective(CAMX_OBJECTIVE_CHANNEL, "c1", 0, 2.0F);
    n.options.steps = 0;
    camx_input_release(maximise(&n, &one, NULL));
    double first = value_of(&n, &one);
    double second = value_of(&n, &two);
    n.options.steps = 60;
    camx_input_release(maximise(&n, &one, &two));
    ck_assert_double_gt(value_of(&n, &one) + 2.0 * value_of(&n, &two), first + 2.0 * second);
    /* Twice the same is the same as its double weight, which makes no difference alone. */
    camx_input *twice = maximise(&n, &one, &one);
    camx_input *once = maximise(&n, &one, NULL);
    for (int i = 0; i < SIZE; i++)
        ck_assert_float_eq_tol(camx_input_values(twice, NULL)[i], camx_input_values(once, NULL)[i], 1e-3F);
    camx_input_release(twice);
    camx_input_release(once);
    close_net(&n);
}
END_TEST

START_TEST(repeats_itself)
{
    net n = open_net("Relu", 1);
    net other = open_net("Relu", 3);
    camx_objective o = objective(CAMX_OBJECTIVE_CLASS, NULL, 2, 1.0F);
    camx_input *one = maximise(&n, &o, NULL);
    camx_input *two = maximise(&other, &o, NULL);
    ck_assert_mem_eq(camx_input_values(one, NULL), camx_input_values(two, NULL), SIZE * sizeof(float));
    n.options.seed = 8;
    camx_input *three = maximise(&n, &o, NULL);
    ck_assert_mem_ne(camx_input_values(one, NULL), camx_input_values(three, NULL), SIZE * sizeof(float));
    camx_input_release(one);
    camx_input_release(two);
    camx_input_release(three);
    close_net(&n);
    close_net(&other);
}
END_TEST

/* No steps: the start comes back, up to what the logistic function can say. */
START_TEST(starts)
{
    net n = open_net("Relu", 1);
    uint8_t samples[SIDE * SIDE * 3];
    uint8_t back[SIDE * SIDE * 3];
    camx_pixels pixels;
    camx_input *photo = NULL;
    int64_t shape[4];
    for (size_t i = 0; i < sizeof samples; i++)
        samples[i] = (uint8_t)(20 + i * 37 % 200);
    camx_pixels_init(&pixels, CAMX_PIXEL_BGR, SIDE, SIDE, 0, samples);
    camx_input_options prepare;
    GOOD(camx_input_options_for(n.model, CAMX_PRESET_IMAGENET, &prepare, &error));
    prepare.fit = CAMX_FIT_STRETCH;
    GOOD(camx_input_from_pixels(n.model, &pixels, &prepare, &photo, &error));
    camx_objective o = objective(CAMX_OBJECTIVE_LAYER, "r1", 0, 1.0F);
    n.options.start = photo;
    n.options.steps = 0;
    camx_input *same = maximise(&n, &o, NULL);
    const float *wanted = camx_input_values(photo, shape);
    for (int i = 0; i < SIZE; i++)
        ck_assert_float_eq_tol(camx_input_values(same, NULL)[i], wanted[i], 1e-3F);
    pixels.data = back;
    GOOD(camx_input_to_pixels(same, 0, &pixels, &error));
    for (size_t i = 0; i < sizeof samples; i++)
        ck_assert_int_le(abs(back[i] - samples[i]), 1);
    camx_input_release(same);
    camx_input_release(photo);
    close_net(&n);
}
END_TEST

/* Dead units: all biases of the first layer far below zero. The gradient is zero until they open. */
START_TEST(dead_units)
{
    onnx_writer w;
    camx_model *model = NULL;
    float weights[3 * 3] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    float bias[3] = {-0.5F, -0.5F, -0.5F};
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_metadata(&w, "camx.mean", "127");
    onnx_writer_metadata(&w, "camx.std", "128");
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){1, 3, SIDE, SIDE});
    onnx_writer_floats(&w, "w", 4, (int64_t[]){3, 3, 1, 1}, weights);
    onnx_writer_floats(&w, "b", 1, (int64_t[]){3}, bias);
    onnx_writer_node(&w, "Conv", "conv", "x w b", "c");
    onnx_writer_node(&w, "Relu", "relu", "c", "r");
    onnx_writer_node(&w, "GlobalAveragePool", "pool", "r", "g");
    onnx_writer_node(&w, "Flatten", "flat", "g", "y");
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){1, 3});
    onnx_bytes bytes = onnx_writer_end(&w);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &model, &error));
    onnx_bytes_free(&bytes);
    net n = {.model = model, .session = api_session(model, NULL)};
    camx_objective o = objective(CAMX_OBJECTIVE_CLASS, NULL, 0, 1.0F);
    float logits[3];
    camx_maximise_options_init(&n.options);
    n.options.steps = 0;
    camx_input_release(maximise(&n, &o, NULL));
    GOOD(camx_session_scores(n.session, 0, CAMX_SCORE_LOGIT, logits, 3, &error));
    ck_assert_float_eq(logits[0], 0.0F);
    n.options.steps = 40;
    camx_input_release(maximise(&n, &o, NULL));
    GOOD(camx_session_scores(n.session, 0, CAMX_SCORE_LOGIT, logits, 3, &error));
    ck_assert_float_gt(logits[0], 0.05F);
    close_net(&n);
}
END_TEST

/* ---- stopping and frames ---- */

typedef struct film {
    uint8_t seventh[SIZE];
    uint32_t frames;
    uint32_t last;
    uint32_t stop;
    uint64_t done;
} film;

static int take_frame(const camx_pixels *frame, uint32_t step, void *user)
{
    film *f = user;
    ck_assert(frame->width == SIDE && frame->height == SIDE && frame->format == CAMX_PIXEL_RGB);
    if (step == 7)
        memcpy(f->seventh, frame->data, sizeof f->seventh);
    f->frames++;
    f->last = step;
    return f->stop > 0 && step >= f->stop;
}

static int stop_at_seven(uint64_t done, uint64_t total, void *user)
{
    film *f = user;
    ck_assert_uint_eq(total, 20);
    f->done = done;
    return done >= 7;
}

START_TEST(stopped)
{
    net n = open_net("Relu", 1);
    camx_objective o = objective(CAMX_OBJECTIVE_CLASS, NULL, 0, 1.0F);
    const camx_objective *list[1] = {&o};
    film f = {0};
    uint8_t samples[SIZE];
    camx_pixels pixels;
    camx_input *part = NULL;
    n.options.frame = take_frame;
    n.options.frame_user = n.options.progress_user = &f;
    n.options.frame_every = 5;
    camx_input_release(maximise(&n, &o, NULL));
    ck_assert(f.frames == 5 && f.last == 20);
    n.options.progress = stop_at_seven;
    EXPECT(camx_maximise(n.session, list, 1, &n.options, &part, &error), CAMX_E_CANCELLED, "7 of 20");
    ck_assert_ptr_nonnull(part);
    n.options.progress = NULL;
    n.options.frame_every = 7;
    camx_input_release(maximise(&n, &o, NULL));
    camx_pixels_init(&pixels, CAMX_PIXEL_RGB, SIDE, SIDE, 0, samples);
    GOOD(camx_input_to_pixels(part, 0, &pixels, &error));
    ck_assert_mem_eq(samples, f.seventh, SIZE);
    camx_input_release(part);
    f.stop = 5;
    EXPECT(camx_maximise(n.session, list, 1, &n.options, &part, &error), CAMX_E_CANCELLED, "frame callback");
    camx_input_release(part);
    n.options.frame = NULL;
    n.options.steps = 1000000;
    n.options.deadline = 1e-9;
    EXPECT(camx_maximise(n.session, list, 1, &n.options, &part, &error), CAMX_E_DEADLINE, "time was up");
    camx_input_release(part);
    close_net(&n);
}
END_TEST

/* ---- bad use ---- */

static void refuse(net *n, const camx_objective *o, camx_status status, const char *words)
{
    const camx_objective *list[1] = {o};
    camx_input *result = NULL;
    EXPECT(camx_maximise(n->session, list, 1, &n->options, &result, &error), status, words);
    ck_assert_ptr_null(result);
    camx_maximise_options_init(&n->options);
}

START_TEST(bad_objectives)
{
    net n = open_net("Relu", 1);
    camx_objective good = objective(CAMX_OBJECTIVE_CLASS, NULL, 0, 1.0F);
    const camx_objective *list[1] = {&good};
    camx_input *result = NULL;
    EXPECT(camx_maximise(NULL, list, 1, NULL, &result, &error), CAMX_E_ARGUMENT, "session");
    EXPECT(camx_maximise(n.session, NULL, 1, NULL, &result, &error), CAMX_E_ARGUMENT, "objectives");
    EXPECT(camx_maximise(n.session, list, 0, NULL, &result, &error), CAMX_E_ARGUMENT, "no objective");
    EXPECT(camx_maximise(n.session, list, 1, NULL, NULL, &error), CAMX_E_ARGUMENT, "result");
    refuse(&n, NULL, CAMX_E_ARGUMENT, "objective 0 is NULL");
    camx_objective o = objective(CAMX_OBJECTIVE_CLASS, NULL, 5, 1.0F);
    refuse(&n, &o, CAMX_E_NOT_FOUND, "class 5");
    o = objective(CAMX_OBJECTIVE_CLASS, "r1", 0, 1.0F);
    refuse(&n, &o, CAMX_E_ARGUMENT, "no layer");
    o = objective(CAMX_OBJECTIVE_CHANNEL, "r1", 99, 1.0F);
    refuse(&n, &o, CAMX_E_NOT_FOUND, "channel 99");
    o = objective(CAMX_OBJECTIVE_CHANNEL, "nowhere", 0, 1.0F);
    refuse(&n, &o, CAMX_E_NOT_FOUND, "nowhere");
    o = objective(4, NULL, 0, 1.0F);
    refuse(&n, &o, CAMX_E_ARGUMENT, "kind 4");
    o = objective(CAMX_OBJECTIVE_CLASS, NULL, 0, NAN);
    refuse(&n, &o, CAMX_E_ARGUMENT, "weight");
    o = objective(CAMX_OBJECTIVE_NEURON, "r1", 0, 1.0F);
    o.x = SIDE;
    refuse(&n, &o, CAMX_E_ARGUMENT, "outside");
    o.struct_size = 0;
    refuse(&n, &o, CAMX_E_ARGUMENT, "struct_size");
    o = objective(CAMX_OBJECTIVE_CLASS, NULL, 0, 0.0F);
    refuse(&n, &o, CAMX_E_METHOD, "gradient is zero");
    close_net(&n);
}
END_TEST

START_TEST(bad_options)
{
    net n = open_net("Relu", 1);
    camx_objective o = objective(CAMX_OBJECTIVE_CLASS, NULL, 0, 1.0F);
    camx_input_options prepare;
    n.options.steps = -1;
    refuse(&n, &o, CAMX_E_ARGUMENT, "steps is -1");
    n.options.octaves = 13;
    refuse(&n, &o, CAMX_E_ARGUMENT, "octaves is 13");
    n.options.rate = NAN;
    refuse(&n, &o, CAMX_E_ARGUMENT, "rate");
    n.options.blur = -1.0F;
    refuse(&n, &o, CAMX_E_ARGUMENT, "blur");
    n.options.grain = NAN;
    refuse(&n, &o, CAMX_E_ARGUMENT, "grain");
    n.options.rotation = 181.0F;
    refuse(&n, &o, CAMX_E_ARGUMENT, "rotation");
    n.options.struct_size = 4;
    refuse(&n, &o, CAMX_E_ARGUMENT, "struct_size");
    camx_input *start = api_random_input(n.model, 3, 1, 3, SIDE, SIDE);
    GOOD(camx_input_options_for(n.model, CAMX_PRESET_TF, &prepare, &error));
    n.options.start = start;
    n.options.preparation = &prepare;
    refuse(&n, &o, CAMX_E_ARGUMENT, "both start and preparation");
    camx_input_release(start);
    close_net(&n);
    api_net two = API_NET;
    two.batch = 2;
    n.model = api_net_open(&two, NULL);
    n.session = api_session(n.model, NULL);
    refuse(&n, &o, CAMX_E_SHAPE, "2 images at a time");
    close_net(&n);
    two = API_NET;
    two.channels = 4;
    n.model = api_net_open(&two, NULL);
    n.session = api_session(n.model, NULL);
    const camx_objective *list[1] = {&o};
    camx_input *result = NULL;
    camx_error error;
    ck_assert_int_ne(camx_maximise(n.session, list, 1, NULL, &result, &error), CAMX_OK);
    close_net(&n);
}
END_TEST

START_TEST(pixels_of_inputs)
{
    net n = open_net("Relu", 1);
    uint8_t out[SIDE * SIDE * 4];
    camx_pixels pixels;
    camx_input *input = api_random_input(n.model, 3, 1, 3, SIDE, SIDE);
    camx_pixels_init(&pixels, CAMX_PIXEL_RGBA, SIDE, SIDE, 0, out);
    GOOD(camx_input_to_pixels(input, 0, &pixels, &error));
    ck_assert_int_eq(out[3], 255);
    EXPECT(camx_input_to_pixels(input, 1, &pixels, &error), CAMX_E_ARGUMENT, "no image 1");
    EXPECT(camx_input_to_pixels(NULL, 0, &pixels, &error), CAMX_E_ARGUMENT, "input");
    EXPECT(camx_input_to_pixels(input, 0, NULL, &error), CAMX_E_ARGUMENT, "pixels");
    pixels.width = SIDE / 2;
    pixels.stride = SIDE * 4;
    EXPECT(camx_input_to_pixels(input, 0, &pixels, &error), CAMX_E_ARGUMENT, "16x16");
    camx_input_release(input);
    close_net(&n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_maximise");
    TCase *tests = tcase_create("maximise");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, climbs, 0, 7);
    tcase_add_test(tests, combinations);
    tcase_add_test(tests, repeats_itself);
    tcase_add_test(tests, starts);
    tcase_add_test(tests, dead_units);
    tcase_add_test(tests, stopped);
    tcase_add_test(tests, bad_objectives);
    tcase_add_test(tests, bad_options);
    tcase_add_test(tests, pixels_of_inputs);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
