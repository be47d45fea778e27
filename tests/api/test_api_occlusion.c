/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Occlusion on networks whose score is a weighted sum of the pixels, so that every fall can be worked out: edges,
 * strides, fillings, progress, stopping. And the ready-made preprocessing that fillings depend on.
 */
#include <math.h>
#include <stdio.h>

#include "api_support.h"

#define HIGH 7
#define WIDE 10
#define PIXELS (HIGH * WIDE)

/* Logit c of `count` is the sum of weights[c] x over all pixels of all channels. */
typedef struct linear {
    camx_model *model;
    camx_session *session;
    camx_map *map;
    float weights[2][3 * PIXELS];
    int channels;
} linear;

static linear open_linear(int channels, int64_t batch)
{
    linear l = {.channels = channels, .map = api_map()};
    onnx_writer w;
    int64_t count = (int64_t)channels * PIXELS;
    float stored[2 * 3 * PIXELS];
    api_random_floats(31, l.weights[0], 3 * PIXELS);
    api_random_floats(32, l.weights[1], 3 * PIXELS);
    for (int i = 0; i < count; i++) {
        stored[i] = l.weights[0][i];
        stored[count + i] = l.weights[1][i];
    }
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){batch, channels, HIGH, WIDE});
    onnx_writer_node(&w, "Flatten", "flat", "x", "f");
    onnx_writer_node(&w, "Gemm", "dense", "f w", "y");
    onnx_writer_int_attribute(&w, "transB", 1);
    onnx_writer_floats(&w, "w", 2, (int64_t[]){2, count}, stored);
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){batch, 2});
    onnx_bytes bytes = onnx_writer_end(&w);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &l.model, &error));
    onnx_bytes_free(&bytes);
    l.session = api_session(l.model, NULL);
    return l;
}

static void close_linear(linear *l)
{
    camx_map_release(l->map);
    camx_session_close(l->session);
    camx_model_release(l->model);
}

/* ---- the reference ---- */

typedef struct grid {
    int patch, stride, edge, size;
} grid;

/* Pixels from .. to-1 of position i; false if there is no such position. */
static bool span_of(const grid *g, int i, int *from, int *to)
{
    int count = (g->size - g->patch + g->stride - 1) / g->stride + 1;
    int shift = 0;
    if (g->edge == CAMX_EDGE_CENTRED) {
        int beyond = (count - 1) * g->stride + g->patch - g->size;
        if ((beyond + 1) / 2 >= g->patch) {
            count--;
            beyond -= g->stride;
        }
        shift = beyond / 2;
    }
    *from = i * g->stride - shift;
    if (g->edge == CAMX_EDGE_FLUSH && *from + g->patch > g->size)
        *from = g->size - g->patch;
    *to = *from + g->patch;
    *from = *from < 0 ? 0 : *from;
    *to = *to > g->size ? g->size : *to;
    return i < count && *from < g->size;
}

/* The map of logit 0 when patches show `fill`; returns the number of positions. */
static int reference_map(const linear *l, const float *x, const float *fill, const grid *columns, const grid *rows,
                         double *map)
{
    int x0, x1, y0, y1;
    int hits[PIXELS] = {0};
    int positions = 0;
    for (int i = 0; i < PIXELS; i++)
        map[i] = 0.0;
    for (int r = 0; span_of(rows, r, &y0, &y1); r++) {
        for (int c = 0; span_of(columns, c, &x0, &x1); c++) {
            double fall = 0.0;
            positions++;
            for (int i = 0; i < l->channels * PIXELS; i++) {
                int y = i % PIXELS / WIDE;
                if (y >= y0 && y < y1 && i % WIDE >= x0 && i % WIDE < x1)
                    fall += (double)l->weights[0][i] * ((double)x[i] - (double)fill[i]);
            }
            for (int y = y0; y < y1; y++)
                for (int k = x0; k < x1; k++) {
                    map[y * WIDE + k] += fall;
                    hits[y * WIDE + k]++;
                }
        }
    }
    for (int i = 0; i < PIXELS; i++)
        map[i] = hits[i] > 0 ? map[i] / hits[i] : NAN;
    return positions;
}

static void expect_map(const linear *l, const double *wanted, const char *what)
{
    const float *map = camx_map_values(l->map, 0);
    for (int i = 0; i < PIXELS; i++) {
        if (isnan(wanted[i]))
            ck_assert_msg(isnan(map[i]), "%s: pixel %d is %g, not a gap", what, i, (double)map[i]);
        else
            ck_assert_msg(fabs((double)map[i] - wanted[i]) < 2e-5, "%s: pixel %d is %g, not %g", what, i,
                          (double)map[i], wanted[i]);
    }
}

static camx_target logit_of_first(void)
{
    camx_target target;
    camx_target_for_class(&target, 0);
    target.score = CAMX_SCORE_LOGIT;
    return target;
}

/* ---- positions ---- */

static void try_grid(linear *l, camx_input *input, const float *x, int patch, int stride_x, int stride_y, int edge)
{
    float fill[PIXELS];
    double wanted[PIXELS];
    char what[80];
    camx_target target = logit_of_first();
    camx_occlusion_options options;
    grid columns = {patch, stride_x, edge, WIDE};
    grid rows = {patch, stride_y, edge, HIGH};
    snprintf(what, sizeof what, "patch %d, strides %d %d, edge %d", patch, stride_x, stride_y, edge);
    camx_occlusion_options_init(&options);
    options.fill = CAMX_FILL_VALUE;
    options.fill_value = 0.25F;
    options.patch_width = patch;
    options.stride_x = stride_x;
    options.stride_y = stride_y;
    options.edge = edge;
    for (int i = 0; i < PIXELS; i++)
        fill[i] = 0.25F;
    int positions = reference_map(l, x, fill, &columns, &rows, wanted);
    GOOD(occlusion_map(l->session, input, &target, &options, l->map, &error));
    expect_map(l, wanted, what);
    camx_map_info info = api_map_info(l->map, 0);
    ck_assert_msg(info.done == (uint64_t)positions && info.total == info.done, "%s: %d positions, not %d", what,
                  (int)info.total, positions);
    ck_assert(info.width == WIDE && info.height == HIGH && info.score_kind == CAMX_SCORE_LOGIT);
    ck_assert_str_eq(info.layer, "");
}

START_TEST(every_grid)
{
    linear l = open_linear(1, 1);
    float x[PIXELS];
    api_random_floats(40, x, PIXELS);
    camx_input *input = api_input(l.model, x, 1, 1, HIGH, WIDE);
    for (int patch = 1; patch <= HIGH; patch++)
        for (int stride = 1; stride <= 12; stride++)
            try_grid(&l, input, x, patch, stride, 1 + (stride + patch) % 8, _i);
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

/* Patches of the default size: a seventh of the shorter side, stepped by half; a width alone is a square. */
START_TEST(defaults)
{
    linear l = open_linear(1, 1);
    float x[PIXELS];
    camx_target target = logit_of_first();
    camx_occlusion_options options;
    api_random_floats(41, x, PIXELS);
    camx_input *input = api_input(l.model, x, 1, 1, HIGH, WIDE);
    camx_occlusion_options_captum(&options);
    GOOD(occlusion_map(l.session, input, &target, &options, l.map, &error)); /* patch 1, stride 1 */
    ck_assert_uint_eq(api_map_info(l.map, 0).total, PIXELS);
    for (int i = 0; i < PIXELS; i++)
        ck_assert_float_eq_tol(camx_map_values(l.map, 0)[i], l.weights[0][i] * x[i], 1e-5F);
    options.patch_width = 4;
    GOOD(occlusion_map(l.session, input, &target, &options, l.map, &error)); /* 4 x 4, stride 2 */
    ck_assert_uint_eq(api_map_info(l.map, 0).total, 4 * 3);
    options.patch_height = 2;
    GOOD(occlusion_map(l.session, input, &target, &options, l.map, &error)); /* 4 x 2, strides 2 and 1 */
    ck_assert_uint_eq(api_map_info(l.map, 0).total, 4 * 6);
    options.stride_x = 3;
    GOOD(occlusion_map(l.session, input, &target, &options, l.map, &error)); /* strides 3 and 3 */
    ck_assert_uint_eq(api_map_info(l.map, 0).total, 3 * 3);
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

START_TEST(probability_and_pair)
{
    linear l = open_linear(1, 1);
    float x[PIXELS];
    float p[2];
    camx_target target;
    camx_occlusion_options options;
    api_random_floats(42, x, PIXELS);
    camx_input *input = api_input(l.model, x, 1, 1, HIGH, WIDE);
    camx_occlusion_options_captum(&options);
    options.patch_width = HIGH;
    options.stride_x = WIDE;
    camx_target_for_class(&target, 1);
    GOOD(occlusion_map(l.session, input, &target, &options, l.map, &error));
    GOOD(camx_session_scores(l.session, 0, CAMX_SCORE_PROBABILITY, p, 2, &error));
    ck_assert_int_eq(api_map_info(l.map, 0).score_kind, CAMX_SCORE_PROBABILITY); /* the default here */
    ck_assert_float_eq_tol(api_map_info(l.map, 0).score, p[1], 1e-6F);
    double left[2] = {0, 0};
    for (int i = 0; i < PIXELS; i++)
        for (int c = 0; c < 2 && i % WIDE >= HIGH; c++)
            left[c] += (double)l.weights[c][i] * (double)x[i];
    double covered = 1.0 / (1.0 + exp(left[0] - left[1]));
    ck_assert_float_eq_tol(camx_map_values(l.map, 0)[0], p[1] - (float)covered, 1e-5F);
    target.kind = CAMX_TARGET_PAIR;
    target.other_index = 0;
    target.score = CAMX_SCORE_LOGIT;
    target.negate = 1;
    GOOD(occlusion_map(l.session, input, &target, &options, l.map, &error));
    double fall = 0;
    for (int i = 0; i < PIXELS; i++)
        if (i % WIDE < HIGH)
            fall -= ((double)l.weights[1][i] - (double)l.weights[0][i]) * (double)x[i];
    ck_assert_float_eq_tol(camx_map_values(l.map, 0)[0], (float)fall, 2e-5F);
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

/* ---- fillings ---- */

static camx_input *from_picture(const linear *l, int32_t preset, uint8_t *samples)
{
    camx_input_options options;
    camx_pixels picture;
    camx_input *input = NULL;
    GOOD(camx_input_options_for(l->model, preset, &options, &error));
    options.fit = CAMX_FIT_STRETCH;
    camx_pixels_init(&picture, CAMX_PIXEL_RGB, WIDE, HIGH, 0, samples);
    GOOD(camx_input_from_pixels(l->model, &picture, &options, &input, &error));
    return input;
}

/* What a preset makes of an 8-bit sample of channel c. */
static double prepared(int32_t preset, int channel, double sample)
{
    static const double mean[3] = {123.675, 116.28, 103.53};
    static const double std[3] = {58.395, 57.12, 57.375};
    if (preset == CAMX_PRESET_TF)
        return sample / 127.5 - 1.0;
    if (preset == CAMX_PRESET_UNIT)
        return sample / 255.0;
    return (sample - mean[channel]) / std[channel]; /* AUTO without metadata is IMAGENET */
}

START_TEST(colours_in_every_preset)
{
    linear l = open_linear(3, 1);
    uint8_t samples[3 * PIXELS];
    float fill[3 * PIXELS];
    double wanted[PIXELS];
    const uint8_t rgb[3] = {250, 3, 90};
    camx_target target = logit_of_first();
    camx_occlusion_options options;
    grid columns = {3, 2, CAMX_EDGE_CROP, WIDE};
    grid rows = {3, 2, CAMX_EDGE_CROP, HIGH};
    uint32_t state = 5;
    for (int i = 0; i < 3 * PIXELS; i++)
        samples[i] = (uint8_t)(128.0F + 127.0F * api_random(&state));
    camx_input *input = from_picture(&l, _i, samples);
    const float *x = camx_input_values(input, NULL);
    for (int i = 0; i < 3 * PIXELS; i++)
        ck_assert_double_eq_tol((double)x[i], prepared(_i, i / PIXELS, samples[i % PIXELS * 3 + i / PIXELS]), 1e-5);
    for (int i = 0; i < 3 * PIXELS; i++)
        fill[i] = (float)prepared(_i, i / PIXELS, rgb[i / PIXELS]);
    camx_occlusion_options_init(&options);
    memcpy(options.fill_rgb, rgb, 3);
    options.patch_width = 3;
    options.stride_x = 2;
    GOOD(occlusion_map(l.session, input, &target, &options, l.map, &error));
    reference_map(&l, x, fill, &columns, &rows, wanted);
    expect_map(&l, wanted, "a colour");
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

/* A patch of the picture's own colour changes nothing: the fall is exactly zero. */
START_TEST(nothing_changes)
{
    linear l = open_linear(3, 1);
    uint8_t samples[3 * PIXELS];
    camx_occlusion_options options;
    memset(samples, 128, sizeof samples);
    camx_input *input = from_picture(&l, CAMX_PRESET_IMAGENET, samples);
    camx_occlusion_options_init(&options);
    options.patch_width = 3;
    for (int fill = CAMX_FILL_COLOUR; fill <= CAMX_FILL_BLUR; fill++) {
        options.fill = fill;
        GOOD(occlusion_map(l.session, input, NULL, &options, l.map, &error));
        for (int i = 0; i < PIXELS; i++)
            ck_assert_float_le(fabsf(camx_map_values(l.map, 0)[i]), fill == CAMX_FILL_COLOUR ? 0.0F : 1e-6F);
    }
    options.fill = CAMX_FILL_COLOUR;
    GOOD(occlusion_map(l.session, input, NULL, &options, l.map, &error));
    ck_assert_int_eq(api_map_info(l.map, 0).finding, CAMX_FINDING_FLAT);
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

/* Nobody can say what grey is in two channels of something. */
START_TEST(no_colours)
{
    linear l = open_linear(2, 1);
    uint8_t samples[3 * PIXELS] = {0};
    camx_input_options for_pictures;
    camx_occlusion_options options;
    camx_pixels picture;
    camx_input *none = NULL;
    camx_input *input = api_random_input(l.model, 44, 1, 2, HIGH, WIDE);
    camx_occlusion_options_init(&options);
    EXPECT(occlusion_map(l.session, input, NULL, &options, l.map, &error), CAMX_E_UNSUPPORTED, "CAMX_FILL_VALUE");
    ck_assert_uint_eq(camx_map_image_count(l.map), 0);
    options.fill = CAMX_FILL_VALUE;
    GOOD(occlusion_map(l.session, input, NULL, &options, l.map, &error));
    camx_pixels_init(&picture, CAMX_PIXEL_RGB, WIDE, HIGH, 0, samples);
    EXPECT(camx_input_options_for(l.model, CAMX_PRESET_UNIT, &for_pictures, &error), CAMX_E_UNSUPPORTED, "2 channels");
    EXPECT(camx_input_from_pixels(l.model, &picture, NULL, &none, &error), CAMX_E_UNSUPPORTED, "2 channels");
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

/* A Gaussian of three standard deviations' radius, edges repeated. */
static void reference_blur(const float *x, double sigma, float *out)
{
    int radius = (int)ceil(3.0 * sigma);
    double line[PIXELS];
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < PIXELS; i++) {
            double sum = 0.0;
            double weights = 0.0;
            for (int k = -radius; k <= radius; k++) {
                double w = exp(-0.5 * k * k / (sigma * sigma));
                int at = pass == 0 ? i % WIDE + k : i / WIDE + k;
                int last = pass == 0 ? WIDE - 1 : HIGH - 1;
                at = at < 0 ? 0 : at > last ? last : at;
                sum += w * (pass == 0 ? (double)x[i / WIDE * WIDE + at] : line[at * WIDE + i % WIDE]);
                weights += w;
            }
            if (pass == 0)
                line[i] = sum / weights;
            else
                out[i] = (float)(sum / weights);
        }
    }
}

START_TEST(blurred)
{
    static const float sigmas[] = {0.0F, 0.7F, 2.5F, 9000.0F};
    linear l = open_linear(1, 1);
    float x[PIXELS];
    float fill[PIXELS];
    double wanted[PIXELS];
    camx_target target = logit_of_first();
    camx_occlusion_options options;
    grid columns = {4, 2, CAMX_EDGE_CROP, WIDE};
    grid rows = {4, 2, CAMX_EDGE_CROP, HIGH};
    api_random_floats(43, x, PIXELS);
    camx_input *input = api_input(l.model, x, 1, 1, HIGH, WIDE);
    camx_occlusion_options_init(&options);
    options.fill = CAMX_FILL_BLUR;
    options.patch_width = 4;
    for (int i = 0; i < 3; i++) {
        options.blur_sigma = sigmas[i];
        reference_blur(x, i == 0 ? 2.0 : (double)sigmas[i], fill);
        reference_map(&l, x, fill, &columns, &rows, wanted);
        GOOD(occlusion_map(l.session, input, &target, &options, l.map, &error));
        expect_map(&l, wanted, "a blur");
    }
    options.blur_sigma = sigmas[3];
    GOOD(occlusion_map(l.session, input, &target, &options, l.map, &error));
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

/* ---- stopping ---- */

typedef struct watcher {
    uint64_t calls;
    uint64_t last;
    uint64_t total;
    uint64_t stop_at;
} watcher;

static int watch(uint64_t done, uint64_t total, void *user)
{
    watcher *w = user;
    ck_assert(w->calls == 0 ? done == 0 : done == w->last + 1);
    ck_assert(w->calls == 0 || total == w->total);
    w->calls++;
    w->last = done;
    w->total = total;
    return done >= w->stop_at;
}

START_TEST(progress_is_true)
{
    linear l = open_linear(1, -1);
    watcher w = {.stop_at = 1000000};
    camx_occlusion_options options;
    camx_input *input = api_random_input(l.model, 50, 2, 1, HIGH, WIDE);
    camx_occlusion_options_captum(&options);
    options.patch_width = 3;
    options.stride_x = 2;
    options.progress = watch;
    options.progress_user = &w;
    options.deadline = 3600;
    GOOD(occlusion_map(l.session, input, NULL, &options, l.map, &error));
    ck_assert_uint_eq(w.total, 2 * 5 * 3);
    ck_assert_uint_eq(w.last, w.total);
    ck_assert_uint_eq(w.calls, w.total + 1);
    ck_assert_uint_eq(api_map_info(l.map, 1).done, 15);
    uint64_t before = api_stats(l.session).forward_runs;
    ck_assert_uint_ge(before, w.total);
    camx_explain_options by_number;
    camx_explain_options_init(&by_number);
    w = (watcher){.stop_at = 3};
    by_number.progress = watch;
    by_number.progress_user = &w;
    EXPECT(camx_explain(l.session, CAMX_METHOD_OCCLUSION, NULL, NULL, &by_number, l.map, &error), CAMX_E_CANCELLED,
           "3 of 140");
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

START_TEST(stopped_anywhere)
{
    linear l = open_linear(1, -1);
    float full[2 * PIXELS];
    camx_occlusion_options options;
    camx_input *input = api_random_input(l.model, 51, 2, 1, HIGH, WIDE);
    camx_occlusion_options_captum(&options);
    options.patch_width = 3;
    options.stride_x = 3;
    GOOD(occlusion_map(l.session, input, NULL, &options, l.map, &error));
    memcpy(full, camx_map_values(l.map, 0), sizeof full / 2);
    memcpy(full + PIXELS, camx_map_values(l.map, 1), sizeof full / 2);
    for (uint64_t stop = 0; stop <= 24; stop++) { /* 4 x 3 positions in each of two images */
        watcher w = {.stop_at = stop};
        options.progress = watch;
        options.progress_user = &w;
        EXPECT(occlusion_map(l.session, NULL, NULL, &options, l.map, &error), CAMX_E_CANCELLED, "stop after");
        ck_assert_uint_eq(w.last, stop);
        ck_assert_uint_eq(camx_map_image_count(l.map), 2);
        uint64_t done = 0;
        for (uint32_t image = 0; image < 2; image++) {
            camx_map_info info = api_map_info(l.map, image);
            done += info.done;
            ck_assert_uint_eq(info.total, 12);
            ck_assert_msg((info.finding == CAMX_FINDING_PARTIAL) == (info.done < 12), "finding %d", info.finding);
            for (uint64_t i = 0; i < PIXELS; i++) {
                uint64_t position = i / WIDE / 3 * 4 + i % WIDE / 3;
                float value = camx_map_values(l.map, image)[i];
                ck_assert_msg(position < info.done ? value == full[image * PIXELS + i] : isnan(value),
                              "stopped after %d: image %u, pixel %d is %g", (int)stop, image, (int)i, (double)value);
            }
        }
        ck_assert_uint_eq(done, stop);
    }
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

START_TEST(deadline)
{
    linear l = open_linear(1, 1);
    float values[PIXELS];
    camx_occlusion_options options;
    camx_input *input = api_random_input(l.model, 52, 1, 1, HIGH, WIDE);
    camx_occlusion_options_captum(&options);
    options.deadline = 1e-9;
    EXPECT(occlusion_map(l.session, input, NULL, &options, l.map, &error), CAMX_E_DEADLINE, "time was up");
    camx_map_info info = api_map_info(l.map, 0);
    ck_assert_int_eq(info.finding, CAMX_FINDING_PARTIAL);
    ck_assert_uint_lt(info.done, info.total);
    ck_assert_int_eq(info.peak_x, -1); /* nothing is finite */
    for (int scaling = 0; scaling < 5; scaling++)
        GOOD(camx_map_scale(l.map, 0, scaling, values, PIXELS, &error));
    for (int i = 0; i < PIXELS; i++)
        ck_assert_float_nan(values[i]);
    GOOD(camx_map_render(l.map, 0, NULL, values, WIDE, HIGH, &error));
    /* The session is none the worse. */
    options.deadline = 0;
    GOOD(occlusion_map(l.session, NULL, NULL, &options, l.map, &error));
    ck_assert_uint_eq(api_map_info(l.map, 0).done, PIXELS);
    camx_input_release(input);
    close_linear(&l);
}
END_TEST

/* The last run of the session is still there after an occlusion: nothing has to be run again. */
START_TEST(runs_beside_the_session)
{
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_map *before = api_map();
    camx_map *after = api_map();
    GOOD(gradcam_compute(session, input, NULL, NULL, before, &error));
    GOOD(camx_explain(session, CAMX_METHOD_OCCLUSION, NULL, NULL, NULL, after, &error));
    uint64_t runs = api_stats(session).forward_runs;
    GOOD(gradcam_compute(session, NULL, NULL, NULL, after, &error));
    ck_assert_uint_eq(api_stats(session).forward_runs, runs);
    ck_assert_uint_eq(api_stats(session).reruns, 0);
    ck_assert_int_eq(memcmp(camx_map_values(before, 0), camx_map_values(after, 0), 64 * sizeof(float)), 0);
    camx_map_release(before);
    camx_map_release(after);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_occlusion");
    TCase *tests = tcase_create("occlusion");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, every_grid, CAMX_EDGE_CROP, CAMX_EDGE_CENTRED + 1);
    tcase_add_test(tests, defaults);
    tcase_add_test(tests, probability_and_pair);
    tcase_add_loop_test(tests, colours_in_every_preset, CAMX_PRESET_AUTO, CAMX_PRESET_UNIT + 1);
    tcase_add_test(tests, nothing_changes);
    tcase_add_test(tests, no_colours);
    tcase_add_test(tests, blurred);
    tcase_add_test(tests, progress_is_true);
    tcase_add_test(tests, stopped_anywhere);
    tcase_add_test(tests, deadline);
    tcase_add_test(tests, runs_beside_the_session);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
