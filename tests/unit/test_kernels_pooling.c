/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling, forward and gradient, against plain double loops: random windows, pitches, guards, NaN,
 * thread counts, every instruction set. */
#include "kernels_support.h"

#include "kernels/pooling.h"
#include "kernels/vectors.h"

typedef struct pooling_case {
    camx__pool_shape s;
    buffer x, y; /* y holds gy for gradients */
} pooling_case;

static int64_t out_size(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t pads,
                        bool ceil_mode)
{
    int64_t room = in + pads - (kernel - 1) * dilation - 1;
    return room < 0 ? 0 : (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
}

static camx__pool_shape random_shape(void)
{
    camx__pool_shape s = {.batch = between(1, 2), .in_h = between(1, 14), .in_w = between(1, 14)};
    bool ceil_mode = draw() % 2;
    s.channels = draw() % 3 ? between(1, 40) : between(60, 140);
    s.kernel_h = between(1, 4);
    s.kernel_w = draw() % 2 ? s.kernel_h : between(1, 4);
    s.stride_h = between(1, 3);
    s.stride_w = between(1, 3);
    s.dilation_h = draw() % 3 ? 1 : 2;
    s.dilation_w = draw() % 3 ? 1 : 2;
    s.pad_top = between(0, s.kernel_h - 1);
    s.pad_left = between(0, s.kernel_w - 1);
    s.pad_bottom = between(0, s.kernel_h - 1);
    s.pad_right = between(0, s.kernel_w - 1);
    s.count_include_pad = draw() % 2;
    s.out_h =
        out_size(s.in_h, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top + s.pad_bottom, ceil_mode);
    s.out_w =
        out_size(s.in_w, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left + s.pad_right, ceil_mode);
    return s;
}

static void case_open(pooling_case *t, camx__pool_shape s)
{
    t->s = s;
    t->x = buffer_new(s.batch * s.in_h * s.in_w, s.channels,
                      s.channels + (draw() % 2 ? between(1, 20) : 0), 555);
    t->y = buffer_new(s.batch * s.out_h * s.out_w, s.channels,
                      s.channels + (draw() % 2 ? between(1, 20) : 0), 777);
    /* Equal values, so that "the first largest" is put to the test. */
    for (int64_t i = 0; i < t->x.rows; i++)
        for (int64_t c = 0; c < t->x.width; c++)
            if (draw() % 3 == 0)
                t->x.data[i * t->x.pitch + c] = (real)between(-2, 2);
}

static void case_close(pooling_case *t)
{
    buffer_free(&t->x);
    buffer_free(&t->y);
}

/* A window of one channel, as the operators' definitions have it. */
typedef struct window_result {
    int64_t count;  /* taps inside the map */
    int64_t padded; /* taps inside the map and its padding */
    int64_t where;  /* row of x with the first largest element */
    double sum, largest;
} window_result;

static window_result look(const pooling_case *t, int64_t row, int64_t channel)
{
    const camx__pool_shape *s = &t->s;
    window_result r = {.where = -1, .largest = -INFINITY};
    int64_t ox = row % s->out_w;
    int64_t oy = row / s->out_w % s->out_h;
    int64_t image = row / s->out_w / s->out_h;
    for (int64_t ky = 0; ky < s->kernel_h; ky++)
        for (int64_t kx = 0; kx < s->kernel_w; kx++) {
            int64_t y = oy * s->stride_h - s->pad_top + ky * s->dilation_h;
            int64_t x = ox * s->stride_w - s->pad_left + kx * s->dilation_w;
            if (y < s->in_h + s->pad_bottom && x < s->in_w + s->pad_right)
                r.padded++;
            if (y < 0 || y >= s->in_h || x < 0 || x >= s->in_w)
                continue;
            int64_t at = (image * s->in_h + y) * s->in_w + x;
            double value = (double)t->x.data[at * t->x.pitch + channel];
            bool is_nan = value != value;
            r.count++;
            r.sum += value;
            if (r.where < 0 || value > r.largest || (is_nan && r.largest == r.largest)) {
                r.largest = value;
                r.where = at;
            }
        }
    return r;
}

static double divisor(const pooling_case *t, const window_result *r)
{
    return (double)(t->s.count_include_pad ? r->padded : r->count);
}

static void check_close(double have, double want, const char *what, const pooling_case *t)
{
    bool same = want != want
                    ? have != have
                    : fabs(have - want) <= 30 * REAL_EPSILON * (1 + fabs(want)) || have == want;
    ck_assert_msg(same, "%s: %.9g, not %.9g (kernel %lldx%lld stride %lldx%lld)", what, have, want,
                  (long long)t->s.kernel_h, (long long)t->s.kernel_w, (long long)t->s.stride_h,
                  (long long)t->s.stride_w);
}

static void check_forward(pooling_case *t, camx__pool *pool)
{
    buffer first;
    camx__maxpool_forward(&t->s, pool, t->x.data, t->x.pitch, t->y.data, t->y.pitch);
    for (int64_t i = 0; i < t->y.rows; i++)
        for (int64_t c = 0; c < t->y.width; c++)
            check_close((double)t->y.data[i * t->y.pitch + c], look(t, i, c).largest, "max", t);
    first = buffer_copy(&t->y);
    camx__maxpool_forward(&t->s, pools[0], t->x.data, t->x.pitch, t->y.data, t->y.pitch);
    ck_assert(buffer_is_same(&first, &t->y));
    buffer_free(&first);
    camx__avgpool_forward(&t->s, pool, t->x.data, t->x.pitch, t->y.data, t->y.pitch);
    for (int64_t i = 0; i < t->y.rows; i++)
        for (int64_t c = 0; c < t->y.width; c++) {
            window_result r = look(t, i, c);
            double want = r.count ? r.sum / divisor(t, &r) : 0;
            check_close((double)t->y.data[i * t->y.pitch + c], want, "average", t);
        }
    first = buffer_copy(&t->y);
    camx__avgpool_forward(&t->s, pools[0], t->x.data, t->x.pitch, t->y.data, t->y.pitch);
    ck_assert(buffer_is_same(&first, &t->y));
    buffer_free(&first);
    ck_assert(buffer_is_intact(&t->y));
}

static void add_adjoint(const pooling_case *t, bool max, double *want)
{
    const camx__pool_shape *s = &t->s;
    for (int64_t i = 0; i < t->y.rows; i++)
        for (int64_t c = 0; c < s->channels; c++) {
            window_result r = look(t, i, c);
            double gy = (double)t->y.data[i * t->y.pitch + c];
            if (max && r.where >= 0)
                want[r.where * s->channels + c] += gy;
            for (int64_t k = 0; !max && r.count > 0 && k < s->kernel_h * s->kernel_w; k++) {
                int64_t y = i / s->out_w % s->out_h * s->stride_h - s->pad_top +
                            k / s->kernel_w * s->dilation_h;
                int64_t x =
                    i % s->out_w * s->stride_w - s->pad_left + k % s->kernel_w * s->dilation_w;
                if (y >= 0 && y < s->in_h && x >= 0 && x < s->in_w)
                    want[((i / s->out_w / s->out_h * s->in_h + y) * s->in_w + x) * s->channels +
                         c] += gy / divisor(t, &r);
            }
        }
}

static void check_gradient(pooling_case *t, camx__pool *pool, bool max, bool accumulate)
{
    buffer gx = buffer_new(t->x.rows, t->x.width, t->x.pitch + 3, 321);
    double *want = calloc((size_t)(t->x.rows * t->x.width + 1), sizeof(double));
    ck_assert_ptr_nonnull(want);
    for (int64_t i = 0; accumulate && i < gx.rows; i++)
        for (int64_t c = 0; c < gx.width; c++)
            want[i * gx.width + c] = (double)gx.data[i * gx.pitch + c];
    add_adjoint(t, max, want);
    buffer again = buffer_copy(&gx);
    if (max) {
        camx__maxpool_gradient(&t->s, pool, t->x.data, t->x.pitch, t->y.data, t->y.pitch, gx.data,
                               gx.pitch, accumulate);
        camx__maxpool_gradient(&t->s, pools[0], t->x.data, t->x.pitch, t->y.data, t->y.pitch,
                               again.data, again.pitch, accumulate);
    } else {
        camx__avgpool_gradient(&t->s, pool, t->y.data, t->y.pitch, gx.data, gx.pitch, accumulate);
        camx__avgpool_gradient(&t->s, pools[0], t->y.data, t->y.pitch, again.data, again.pitch,
                               accumulate);
    }
    for (int64_t i = 0; i < gx.rows; i++)
        for (int64_t c = 0; c < gx.width; c++)
            check_close((double)gx.data[i * gx.pitch + c], want[i * gx.width + c],
                        max ? "max gradient" : "average gradient", t);
    ck_assert(buffer_is_same(&gx, &again));
    ck_assert(buffer_is_intact(&gx));
    buffer_free(&gx);
    buffer_free(&again);
    free(want);
}

static void check_all(camx__pool_shape s)
{
    for (int isa = 0; isa <= (int)camx__cpu_isa(); isa++) {
        pooling_case t;
        camx__vectors_choose((camx__isa)isa);
        case_open(&t, s);
        camx__pool *pool = pools[draw() % 2 ? 0 : between(1, 3)];
        check_forward(&t, pool);
        check_gradient(&t, pool, true, draw() % 2);
        check_gradient(&t, pool, false, draw() % 2);
        case_close(&t);
    }
}

START_TEST(test_random_windows)
{
    pools_open();
    for (uint64_t i = 0; i < 80; i++) {
        seed(1000 * (uint64_t)(_i + 1) + i);
        check_all(random_shape());
    }
    pools_close();
}
END_TEST

static const camx__pool_shape known[] = {
    {1, 30, 30, 64, 15, 15, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, false}, /* ResNet */
    {1, 13, 13, 48, 6, 6, 3, 3, 2, 2, 1, 1, 0, 0, 0, 0, false},   /* ceil_mode would give 7 */
    {1, 9, 9, 20, 9, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, true},      /* Inception */
    {2, 7, 7, 33, 1, 1, 7, 7, 1, 1, 1, 1, 0, 0, 0, 0, false},     /* a global pool as a window */
    {1, 5, 5, 8, 4, 4, 2, 2, 2, 2, 1, 1, 0, 0, 3, 3, true},       /* last windows miss the map */
    {0, 5, 5, 8, 4, 4, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, false},      /* no image */
    {1, 2, 2, 8, 0, 0, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, false},      /* no output */
    {1, 4, 4, 0, 3, 3, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, false},      /* no channels */
};

START_TEST(test_known_windows)
{
    pools_open();
    seed((uint64_t)_i + 50);
    check_all(known[_i]);
    pools_close();
}
END_TEST

START_TEST(test_nan_is_the_largest)
{
    pools_open();
    for (uint64_t i = 0; i < 40; i++) {
        pooling_case t;
        seed(i + 9000);
        case_open(&t, random_shape());
        for (int64_t k = 0; k < t.x.rows; k++)
            if (draw() % 5 == 0)
                t.x.data[k * t.x.pitch + between(0, t.x.width - 1)] = draw() % 2 ? (real)NAN
                                                                      : draw() % 2
                                                                          ? (real)INFINITY
                                                                          : -(real)INFINITY;
        for (int isa = 0; isa <= (int)camx__cpu_isa(); isa++) {
            camx__vectors_choose((camx__isa)isa);
            camx__maxpool_forward(&t.s, pools[1], t.x.data, t.x.pitch, t.y.data, t.y.pitch);
            for (int64_t k = 0; k < t.y.rows; k++)
                for (int64_t c = 0; c < t.y.width; c++)
                    check_close((double)t.y.data[k * t.y.pitch + c], look(&t, k, c).largest, "max",
                                &t);
            for (int64_t k = 0; k < t.y.rows; k++)
                for (int64_t c = 0; c < t.y.width; c++)
                    t.y.data[k * t.y.pitch + c] = any_real();
            check_gradient(&t, pools[2], true, false);
        }
        case_close(&t);
    }
    pools_close();
}
END_TEST

START_TEST(test_global_average)
{
    pools_open();
    seed(77);
    for (int64_t channels = 1; channels < 200; channels += 13)
        for (int64_t positions = 1; positions < 60; positions += 7) {
            buffer x = buffer_new(2 * positions, channels, channels + between(0, 5), (real)NAN);
            buffer y = buffer_new(2, channels, channels, 999);
            camx__global_average_forward(2, positions, channels, pools[between(0, 3)], x.data,
                                         x.pitch, y.data);
            for (int64_t n = 0; n < 2; n++)
                for (int64_t c = 0; c < channels; c++) {
                    double sum = 0;
                    for (int64_t p = 0; p < positions; p++)
                        sum += (double)x.data[(n * positions + p) * x.pitch + c];
                    double have = (double)y.data[n * channels + c];
                    ck_assert_double_eq_tol(have, sum / (double)positions, REAL_EPSILON);
                }
            ck_assert(buffer_is_intact(&y));
            buffer_free(&x);
            buffer_free(&y);
        }
    pools_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels/pooling");
    TCase *tests = tcase_create("pooling");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, test_random_windows, 0, 3);
    tcase_add_loop_test(tests, test_known_windows, 0, (int)(sizeof known / sizeof known[0]));
    tcase_add_test(tests, test_nan_is_the_largest);
    tcase_add_test(tests, test_global_average);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
