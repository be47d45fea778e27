/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods that change something and look at the scores: Score-CAM, Ablation-CAM, Recipro-CAM and RISE, each against its
 * formula with the network run plainly, once for every change; then progress, cancelling, deadlines and options.
 */
#include <math.h>

#include "api_support.h"

#define SIDE 8
#define PLACES (SIDE * SIDE)
#define WIDE 4
#define CLASSES 5
#define MOST (WIDE * PLACES)

/* ---- api_net in double, from its seeds ---- */

typedef struct plain_net {
    double w1[WIDE * 3 * 9], b1[WIDE], w2[WIDE * WIDE * 9], b2[WIDE], w3[CLASSES * WIDE], b3[CLASSES];
} plain_net;

static void draw(uint32_t seed, double scale, double *values, size_t count)
{
    float drawn[CLASSES * MOST];
    api_random_floats(seed, drawn, count);
    for (size_t i = 0; i < count; i++)
        values[i] = (double)(drawn[i] * (float)scale);
}

static plain_net make_plain(const api_net *net)
{
    plain_net p;
    draw(net->seed + 1, 0.5, p.w1, WIDE * 3 * 9);
    draw(net->seed + 2, 0.3F, p.b1, WIDE);
    draw(net->seed + 3, 0.5, p.w2, WIDE * WIDE * 9);
    draw(net->seed + 4, 0.3F, p.b2, WIDE);
    draw(net->seed + 5, 1.0, p.w3, CLASSES * WIDE);
    draw(net->seed + 6, 0.1F, p.b3, CLASSES);
    return p;
}

static void conv(const double *in, int channels, const double *w, const double *b, double *out)
{
    for (int k = 0; k < WIDE; k++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                double sum = b[k];
                for (int c = 0; c < channels; c++)
                    for (int i = 0; i < 9; i++) {
                        int v = y + i / 3 - 1;
                        int u = x + i % 3 - 1;
                        if (v >= 0 && v < SIDE && u >= 0 && u < SIDE)
                            sum += in[c * PLACES + v * SIDE + u] * w[(k * channels + c) * 9 + i];
                    }
                out[k * PLACES + y * SIDE + x] = sum;
            }
}

static void relu(double *values)
{
    for (int i = 0; i < MOST; i++)
        values[i] = fmax(values[i], 0.0);
}

/* The layers in order; the scores that follow from one of them. */
static const char *const LAYERS[] = {"x", "r1", "c2", "r2"};
enum { AT_X, AT_R1, AT_C2, AT_R2, LAYER_COUNT };

static void scores_from(const plain_net *p, int layer, const double *values, double *scores)
{
    double a[MOST];
    double b[MOST];
    memcpy(a, values, (layer == AT_X ? 3 * PLACES : MOST) * sizeof(double));
    if (layer == AT_X) {
        conv(a, 3, p->w1, p->b1, b);
        relu(b);
        memcpy(a, b, sizeof a);
    }
    if (layer <= AT_R1) {
        conv(a, WIDE, p->w2, p->b2, b);
        memcpy(a, b, sizeof a);
    }
    if (layer <= AT_C2)
        relu(a);
    for (int c = 0; c < CLASSES; c++) {
        scores[c] = p->b3[c];
        for (int k = 0; k < WIDE; k++)
            for (int i = 0; i < PLACES; i++)
                scores[c] += p->w3[c * WIDE + k] * a[k * PLACES + i] / PLACES;
    }
}

/* ---- targets ---- */

enum { TARGET_COUNT = 4 };

static camx_target make_target(int which)
{
    camx_target target;
    camx_target_for_class(&target, which == 1 ? 4 : 2);
    target.negate = which == 1;
    target.score = which == 2 ? CAMX_SCORE_PROBABILITY : CAMX_SCORE_DEFAULT;
    if (which == 3) {
        target.kind = CAMX_TARGET_PAIR;
        target.other_index = 1;
    }
    return target;
}

static double score_of(const camx_target *target, const double *scores, bool usually_probability)
{
    double v[CLASSES];
    double sum = 0.0;
    bool probability =
        target->score == CAMX_SCORE_PROBABILITY || (target->score == CAMX_SCORE_DEFAULT && usually_probability);
    for (int c = 0; c < CLASSES; c++)
        sum += exp(scores[c]);
    for (int c = 0; c < CLASSES; c++)
        v[c] = probability ? exp(scores[c]) / sum : scores[c];
    double s = v[target->class_index] - (target->kind == CAMX_TARGET_PAIR ? v[target->other_index] : 0.0);
    return target->negate ? -s : s;
}

/* ---- the bench ---- */

typedef struct bench {
    plain_net plain;
    camx_model *model;
    camx_session *session;
    camx_input *input;
    camx_map *map;
    float image[3 * PLACES];
} bench;

static bench open_bench(int64_t batch)
{
    bench b;
    api_net net = API_NET;
    net.batch = batch;
    b.plain = make_plain(&net);
    b.model = api_net_open(&net, NULL);
    b.session = api_session(b.model, NULL);
    api_random_floats(11, b.image, 3 * PLACES);
    b.input = api_input(b.model, b.image, 1, 3, SIDE, SIDE);
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

static int read_layer(const bench *b, int layer, double *values)
{
    float read[MOST];
    int channels = layer == AT_X ? 3 : WIDE;
    GOOD(camx_session_run(b->session, b->input, &error));
    GOOD(camx_session_value(b->session, LAYERS[layer], read, (size_t)(channels * PLACES), &error));
    for (int i = 0; i < channels * PLACES; i++)
        values[i] = (double)read[i];
    return channels;
}

static void expect_values(const camx_map *map, const double *wanted, double tolerance)
{
    double largest = 0.0;
    for (int i = 0; i < PLACES; i++)
        largest = fmax(largest, fabs(wanted[i]));
    ck_assert(largest > 0.0);
    for (int i = 0; i < PLACES; i++)
        ck_assert_msg(fabs((double)camx_map_values(map, 0)[i] - wanted[i]) <= tolerance * largest, "%s at %d: %g, not %g",
                      camx_method_name(api_map_info(map, 0).method), i, (double)camx_map_values(map, 0)[i], wanted[i]);
}

static void weighted_sum(const double *a, int channels, const double *weights, double *map)
{
    for (int i = 0; i < PLACES; i++) {
        map[i] = 0.0;
        for (int k = 0; k < channels; k++)
            map[i] += weights[k] * a[k * PLACES + i];
    }
}

/* ---- each method by its formula ---- */

static void ablation(const bench *b, int layer, const camx_target *target, double *map)
{
    double a[MOST];
    double changed[MOST];
    double scores[CLASSES];
    double weights[WIDE];
    int channels = read_layer(b, layer, a);
    scores_from(&b->plain, layer, a, scores);
    double whole = score_of(target, scores, false);
    for (int k = 0; k < channels; k++) {
        memcpy(changed, a, sizeof changed);
        for (int i = 0; i < PLACES; i++)
            changed[k * PLACES + i] = 0.0;
        scores_from(&b->plain, layer, changed, scores);
        weights[k] = (whole - score_of(target, scores, false)) / fabs(whole);
    }
    weighted_sum(a, channels, weights, map);
}

static void recipro(const bench *b, int layer, const camx_target *target, double *map)
{
    double a[MOST];
    double scores[CLASSES];
    int channels = read_layer(b, layer, a);
    for (int q = 0; q < PLACES; q++) {
        double changed[MOST] = {0};
        for (int k = 0; k < channels; k++)
            changed[k * PLACES + q] = a[k * PLACES + q];
        scores_from(&b->plain, layer, changed, scores);
        map[q] = score_of(target, scores, false);
    }
}

/* Layer and input have the same size: the mask is the channel itself, stretched to 0 .. 1. */
static void score_cam(const bench *b, int layer, const camx_target *target, double *map)
{
    double a[MOST];
    double weights[WIDE];
    double sum = 0.0;
    int channels = read_layer(b, layer, a);
    for (int k = 0; k < channels; k++) {
        double masked[3 * PLACES];
        double scores[CLASSES];
        double least = a[k * PLACES];
        double greatest = least;
        for (int i = 0; i < PLACES; i++) {
            least = fmin(least, a[k * PLACES + i]);
            greatest = fmax(greatest, a[k * PLACES + i]);
        }
        for (int i = 0; i < 3 * PLACES; i++)
            masked[i] = (double)b->image[i] * (a[k * PLACES + i % PLACES] - least) / (greatest - least + 1e-8);
        scores_from(&b->plain, AT_X, masked, scores);
        weights[k] = exp(score_of(target, scores, false));
        sum += weights[k];
    }
    for (int k = 0; k < channels; k++)
        weights[k] /= sum;
    weighted_sum(a, channels, weights, map);
}

START_TEST(by_formula)
{
    static const int32_t methods[] = {CAMX_METHOD_ABLATIONCAM, CAMX_METHOD_RECIPROCAM, CAMX_METHOD_SCORECAM};
    bench b = open_bench(_i < TARGET_COUNT ? 1 : -1);
    camx_target target = make_target(_i % TARGET_COUNT);
    for (int m = 0; m < 3; m++) {
        for (int layer = 0; layer < LAYER_COUNT; layer++) {
            camx_explain_options options;
            double wanted[PLACES];
            camx_explain_options_init(&options);
            options.layer = LAYERS[layer];
            options.batch = layer == AT_R1 ? 3 : 0;
            if (m == 0)
                ablation(&b, layer, &target, wanted);
            else if (m == 1)
                recipro(&b, layer, &target, wanted);
            else
                score_cam(&b, layer, &target, wanted);
            GOOD(camx_explain(b.session, methods[m], b.input, &target, &options, b.map, &error));
            expect_values(b.map, wanted, 2e-5);
            camx_map_info info = api_map_info(b.map, 0);
            ck_assert_str_eq(info.layer, LAYERS[layer]);
            ck_assert_int_eq(info.score_kind, _i % TARGET_COUNT == 2 ? CAMX_SCORE_PROBABILITY : CAMX_SCORE_LOGIT);
            ck_assert_uint_eq(info.done, info.total);
        }
    }
    close_bench(&b);
}
END_TEST

/* ---- RISE, with its random numbers drawn again ---- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double next_unit(uint64_t *state)
{
    return (double)(next_random(state) >> 11) / 9007199254740992.0;
}

static double clamp(double at, double most)
{
    return at < 0.0 ? 0.0 : at > most ? most : at;
}

/* One mask by the description in the paper: stretch all of it, then cut. */
static void rise_mask(uint64_t seed, uint64_t number, int grid, double probability, double *mask)
{
    double cells[16][16];
    uint64_t state = seed + number * (uint64_t)(grid * grid + 2) * 0x9e3779b97f4a7c15u;
    int cell = (SIDE + grid - 1) / grid;
    for (int i = 0; i < grid * grid; i++)
        cells[i / grid][i % grid] = next_unit(&state) < probability ? 1.0 : 0.0;
    int top = (int)(next_unit(&state) * cell);
    int left = (int)(next_unit(&state) * cell);
    double scale = (double)grid / ((grid + 1) * cell);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double v = clamp((y + top + 0.5) * scale - 0.5, grid - 1);
            double u = clamp((x + left + 0.5) * scale - 0.5, grid - 1);
            int i = (int)v;
            int j = (int)u;
            int below = i + 1 < grid ? i + 1 : i;
            int right = j + 1 < grid ? j + 1 : j;
            mask[y * SIDE + x] = (cells[i][j] * (1 - (u - j)) + cells[i][right] * (u - j)) * (1 - (v - i)) +
                                 (cells[below][j] * (1 - (u - j)) + cells[below][right] * (u - j)) * (v - i);
        }
}

static void rise(const bench *b, const camx_target *target, const camx_explain_options *o, double *map)
{
    double mask[PLACES];
    memset(map, 0, PLACES * sizeof *map);
    for (int n = 0; n < o->samples; n++) {
        double masked[3 * PLACES];
        double scores[CLASSES];
        rise_mask(o->seed, (uint64_t)n, o->grid, (double)o->probability, mask);
        for (int i = 0; i < 3 * PLACES; i++)
            masked[i] = (double)b->image[i] * mask[i % PLACES];
        scores_from(&b->plain, AT_X, masked, scores);
        for (int i = 0; i < PLACES; i++)
            map[i] += score_of(target, scores, true) * mask[i] / (o->samples * (double)o->probability);
    }
}

START_TEST(rise_by_formula)
{
    bench b = open_bench(_i < TARGET_COUNT ? 1 : -1);
    camx_target target = make_target(_i % TARGET_COUNT);
    camx_explain_options options;
    double wanted[PLACES];
    camx_explain_options_init(&options);
    options.samples = 30;
    options.seed = 1234567890123456789u;
    for (options.grid = 1; options.grid <= 9; options.grid += 4) {
        options.probability = options.grid == 5 ? 0.25F : 0.5F;
        rise(&b, &target, &options, wanted);
        GOOD(camx_explain(b.session, CAMX_METHOD_RISE, b.input, &target, &options, b.map, &error));
        expect_values(b.map, wanted, 2e-5);
        ck_assert_uint_eq(api_map_info(b.map, 0).total, 30);
        ck_assert_int_eq(api_map_info(b.map, 0).width, SIDE);
    }
    close_bench(&b);
}
END_TEST

/* The same seed gives the same bytes, in any session and with any batch; another seed another map. */
START_TEST(rise_is_reproducible)
{
    bench b = open_bench(-1);
    float first[PLACES];
    camx_explain_options options;
    camx_explain_options_init(&options);
    options.samples = 20;
    options.seed = 3;
    for (options.batch = 1; options.batch <= 7; options.batch += 3) {
        camx_session *session = api_session(b.model, NULL);
        GOOD(camx_explain(session, CAMX_METHOD_RISE, b.input, NULL, &options, b.map, &error));
        if (options.batch == 1)
            memcpy(first, camx_map_values(b.map, 0), sizeof first);
        for (int i = 0; i < PLACES; i++)
            ck_assert_float_eq_tol(first[i], camx_map_values(b.map, 0)[i], 1e-6F);
        camx_session_close(session);
    }
    options.seed = 4;
    GOOD(camx_explain(b.session, CAMX_METHOD_RISE, b.input, NULL, &options, b.map, &error));
    ck_assert_int_ne(memcmp(first, camx_map_values(b.map, 0), sizeof first), 0);
    close_bench(&b);
}
END_TEST

/* ---- progress and stopping ---- */

typedef struct watch {
    uint64_t last;
    uint64_t total;
    uint64_t stop_at;
    int calls;
} watch;

static int watch_step(uint64_t done, uint64_t total, void *user)
{
    watch *w = user;
    ck_assert_uint_ge(done, w->last);
    ck_assert_uint_le(done, total);
    ck_assert(w->calls == 0 || total == w->total);
    w->last = done;
    w->total = total;
    w->calls++;
    return w->stop_at > 0 && done >= w->stop_at;
}

static const int32_t METHODS[] = {CAMX_METHOD_SCORECAM, CAMX_METHOD_ABLATIONCAM, CAMX_METHOD_RECIPROCAM,
                                  CAMX_METHOD_RISE};

START_TEST(progress_and_stopping)
{
    int32_t method = METHODS[_i];
    bench b = open_bench(-1);
    float two[2 * 3 * PLACES];
    camx_explain_options options;
    camx_target target;
    watch w = {0};
    const int32_t classes[2] = {1, 2};
    memcpy(two, b.image, sizeof b.image);
    memcpy(two + 3 * PLACES, b.image, sizeof b.image);
    camx_input *input = api_input(b.model, two, 2, 3, SIDE, SIDE);
    camx_target_init(&target);
    target.kind = CAMX_TARGET_CLASS;
    target.classes = classes;
    target.count = 2;
    camx_explain_options_init(&options);
    options.progress = watch_step;
    options.progress_user = &w;
    options.batch = 1;
    options.samples = 9;
    options.layer = method == CAMX_METHOD_RISE ? NULL : "r1";
    GOOD(camx_explain(b.session, method, input, &target, &options, b.map, &error));
    ck_assert_uint_eq(w.last, w.total);
    uint64_t each = api_map_info(b.map, 0).total;
    ck_assert_uint_eq(w.total, 2 * each);
    ck_assert_int_gt(w.calls, 4);
    /* Stopped in the first image: a part of it, nothing of the second. */
    w = (watch){.stop_at = 2};
    EXPECT(camx_explain(b.session, method, input, &target, &options, b.map, &error), CAMX_E_CANCELLED, "");
    ck_assert_uint_eq(camx_map_image_count(b.map), 2);
    camx_map_info first = api_map_info(b.map, 0);
    camx_map_info second = api_map_info(b.map, 1);
    ck_assert(first.finding == CAMX_FINDING_PARTIAL && second.finding == CAMX_FINDING_PARTIAL);
    ck_assert(first.done == 2 && first.total == each && second.done == 0 && second.total == each);
    ck_assert(isfinite(camx_map_values(b.map, 0)[0]) && isnan(camx_map_values(b.map, 1)[0]));
    /* In the second: the first is whole. */
    w = (watch){.stop_at = each + 1};
    EXPECT(camx_explain(b.session, method, input, &target, &options, b.map, &error), CAMX_E_CANCELLED, "");
    ck_assert_int_ne(api_map_info(b.map, 0).finding, CAMX_FINDING_PARTIAL);
    ck_assert_uint_eq(api_map_info(b.map, 1).done, 1);
    /* Time is up at once. */
    options.progress = NULL;
    options.deadline = 1e-9;
    EXPECT(camx_explain(b.session, method, input, &target, &options, b.map, &error), CAMX_E_DEADLINE, "");
    ck_assert_int_eq(api_map_info(b.map, 1).finding, CAMX_FINDING_PARTIAL);
    camx_input_release(input);
    close_bench(&b);
}
END_TEST

/* ---- several targets from the same runs ---- */

START_TEST(many_targets)
{
    int32_t method = METHODS[_i];
    bench b = open_bench(-1);
    camx_target targets[TARGET_COUNT];
    const camx_target *pointers[TARGET_COUNT];
    camx_map *maps[TARGET_COUNT];
    camx_explain_options options;
    camx_explain_options_init(&options);
    options.samples = 12;
    for (int t = 0; t < TARGET_COUNT; t++) {
        targets[t] = make_target(t);
        pointers[t] = &targets[t];
        maps[t] = api_map();
    }
    GOOD(camx_session_run(b.session, b.input, &error));
    uint64_t runs = api_stats(b.session).forward_runs;
    GOOD(camx_explain_many(b.session, method, NULL, pointers, TARGET_COUNT, NULL, 0, &options, maps, &error));
    uint64_t shared = api_stats(b.session).forward_runs - runs;
    for (int t = 0; t < TARGET_COUNT; t++) {
        runs = api_stats(b.session).forward_runs;
        GOOD(camx_explain(b.session, method, NULL, pointers[t], &options, b.map, &error));
        ck_assert_uint_eq(api_stats(b.session).forward_runs - runs, shared);
        for (int i = 0; i < PLACES; i++)
            ck_assert_float_eq_tol(camx_map_values(maps[t], 0)[i], camx_map_values(b.map, 0)[i],
                                   1e-5F * (fabsf(api_map_info(b.map, 0).minimum) + api_map_info(b.map, 0).maximum));
        camx_map_release(maps[t]);
    }
    close_bench(&b);
}
END_TEST

/* ---- options that cannot be ---- */

START_TEST(bad_options)
{
    bench b = open_bench(1);
    camx_explain_options options;
#define TRY(method, field, value, words)                                                               \
    do {                                                                                               \
        camx_explain_options_init(&options);                                                           \
        options.field = (value);                                                                       \
        EXPECT(camx_explain(b.session, (method), b.input, NULL, &options, b.map, &error), CAMX_E_ARGUMENT, (words)); \
    } while (0)
    for (int m = 0; m < 4; m++) {
        TRY(METHODS[m], batch, -1, "batch is -1");
        TRY(METHODS[m], batch, 5000, "batch is 5000");
    }
    TRY(CAMX_METHOD_RISE, samples, -1, "samples is -1");
    TRY(CAMX_METHOD_RISE, grid, -2, "grid is -2");
    TRY(CAMX_METHOD_RISE, grid, 257, "grid is 257");
    TRY(CAMX_METHOD_RISE, probability, 1.0F, "probability is 1");
    TRY(CAMX_METHOD_RISE, probability, -0.5F, "probability is -0.5");
    TRY(CAMX_METHOD_RISE, probability, NAN, "probability is ");
    TRY(CAMX_METHOD_RISE, layer, "r1", "takes no layer");
    close_bench(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("perturb");
    TCase *tests = tcase_create("perturb");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, by_formula, 0, 2 * TARGET_COUNT);
    tcase_add_loop_test(tests, rise_by_formula, 0, 2 * TARGET_COUNT);
    tcase_add_test(tests, rise_is_reproducible);
    tcase_add_loop_test(tests, progress_and_stopping, 0, 4);
    tcase_add_loop_test(tests, many_targets, 0, 4);
    tcase_add_test(tests, bad_options);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
