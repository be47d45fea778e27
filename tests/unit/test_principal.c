/* SPDX-License-Identifier: Apache-2.0 */
/* The first principal component against all eigenvalues by Jacobi's rotations. */
#include "explain/principal.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#define MOST 40

static double random_number(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / 8388608.0 - 1.0;
}

static void make_matrix(uint32_t seed, int64_t positions, int64_t channels, double spread, double *x)
{
    uint32_t state = seed * 2654435761u + 1;
    for (int64_t i = 0; i < positions * channels; i++)
        x[i] = random_number(&state) * (1.0 + spread * (double)(i % channels));
}

/* C = centred X' X, channels x channels. */
static void covariance(const double *x, int64_t positions, int64_t channels, double *c)
{
    double mean[MOST] = {0};
    for (int64_t p = 0; p < positions; p++)
        for (int64_t k = 0; k < channels; k++)
            mean[k] += x[p * channels + k] / (double)positions;
    for (int64_t i = 0; i < channels; i++)
        for (int64_t j = 0; j < channels; j++) {
            c[i * channels + j] = 0.0;
            for (int64_t p = 0; p < positions; p++)
                c[i * channels + j] += (x[p * channels + i] - mean[i]) * (x[p * channels + j] - mean[j]);
        }
}

static void rotate(double *c, double *v, int64_t n, int64_t p, int64_t q)
{
    double theta = 0.5 * atan2(2.0 * c[p * n + q], c[q * n + q] - c[p * n + p]);
    double s = sin(theta);
    double k = cos(theta);
    for (int64_t i = 0; i < n; i++) {
        double a = c[i * n + p];
        double b = c[i * n + q];
        c[i * n + p] = k * a - s * b;
        c[i * n + q] = s * a + k * b;
    }
    for (int64_t i = 0; i < n; i++) {
        double a = c[p * n + i];
        double b = c[q * n + i];
        c[p * n + i] = k * a - s * b;
        c[q * n + i] = s * a + k * b;
        a = v[i * n + p];
        b = v[i * n + q];
        v[i * n + p] = k * a - s * b;
        v[i * n + q] = s * a + k * b;
    }
}

/* The map by the definition, with either sign. */
static void slow_map(const double *x, int64_t positions, int64_t channels, double *map)
{
    static double c[MOST * MOST];
    static double v[MOST * MOST];
    int64_t best = 0;
    covariance(x, positions, channels, c);
    for (int64_t i = 0; i < channels * channels; i++)
        v[i] = i % (channels + 1) == 0 ? 1.0 : 0.0;
    for (int sweep = 0; sweep < 60; sweep++)
        for (int64_t p = 0; p < channels; p++)
            for (int64_t q = p + 1; q < channels; q++)
                rotate(c, v, channels, p, q);
    for (int64_t i = 0; i < channels; i++)
        if (c[i * channels + i] > c[best * channels + best])
            best = i;
    double mean = 0.0;
    for (int64_t p = 0; p < positions; p++) {
        map[p] = 0.0;
        for (int64_t k = 0; k < channels; k++)
            map[p] += x[p * channels + k] * v[k * channels + best];
        mean += map[p] / (double)positions;
    }
    for (int64_t p = 0; p < positions; p++)
        map[p] -= mean;
}

static void fast_map(const double *x, int64_t positions, int64_t channels, float *map)
{
    camx__memory memory;
    camx_error error;
    double copy[MOST * MOST];
    memcpy(copy, x, (size_t)(positions * channels) * sizeof *copy);
    camx__memory_init(&memory, NULL, 0);
    ck_assert_int_eq(camx__principal_map(&memory, copy, positions, channels, map, &error), CAMX_OK);
    ck_assert_uint_eq(atomic_load(&memory.blocks), 0);
}

static void try_shape(uint32_t seed, int64_t positions, int64_t channels, double spread)
{
    double x[MOST * MOST];
    double wanted[MOST];
    float map[MOST];
    double inner = 0.0;
    double largest = 0.0;
    make_matrix(seed, positions, channels, spread, x);
    slow_map(x, positions, channels, wanted);
    fast_map(x, positions, channels, map);
    /* The rule for the sign: larger where the channels add up to more. */
    for (int64_t p = 0; p < positions; p++) {
        double sum = 0.0;
        for (int64_t k = 0; k < channels; k++)
            sum += x[p * channels + k];
        inner += sum * wanted[p];
        largest = fmax(largest, fabs(wanted[p]));
    }
    double sign = inner < 0.0 ? -1.0 : 1.0;
    for (int64_t p = 0; p < positions; p++)
        ck_assert_double_le(fabs((double)map[p] - sign * wanted[p]), 2e-6 * largest);
}

START_TEST(as_jacobi)
{
    static const int64_t shapes[][2] = {{2, 2}, {3, 7}, {7, 3}, {9, 9}, {36, 12}, {12, 36}, {1, 5}, {5, 1}};
    for (uint32_t seed = 1; seed <= 6; seed++)
        try_shape(seed, shapes[_i][0], shapes[_i][1], seed % 2 == 0 ? 0.5 : 0.0);
}
END_TEST

/* Singular values that nearly agree: 1 and 1 - 1e-6, at right angles. */
START_TEST(close_values)
{
    const double near = 1.0 - 1e-6;
    const double x[4 * 2] = {1, 0.5 * near, -1, 0.5 * near, 1, -0.5 * near, -1, -0.5 * near};
    const double equal[4 * 2] = {1, near, -1, near, 1, -near, -1, -near};
    float map[4];
    fast_map(x, 4, 2, map);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq_tol(map[i], (float)x[2 * i], 1e-6F);
    fast_map(equal, 4, 2, map);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq_tol(map[i], (float)equal[2 * i], 1e-5F);
}
END_TEST

START_TEST(nothing_in_it)
{
    double x[6] = {0};
    float map[3];
    fast_map(x, 3, 2, map);
    ck_assert(map[0] == 0.0F && map[1] == 0.0F && map[2] == 0.0F);
    for (int i = 0; i < 6; i++)
        x[i] = i % 2 == 0 ? 4.0 : -1.0; /* the same at every position */
    fast_map(x, 3, 2, map);
    ck_assert(map[0] == 0.0F && map[1] == 0.0F && map[2] == 0.0F);
    x[3] = NAN;
    fast_map(x, 3, 2, map);
    ck_assert(isnan(map[0]) && isnan(map[1]) && isnan(map[2]));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("principal");
    TCase *tests = tcase_create("component");
    tcase_add_loop_test(tests, as_jacobi, 0, 8);
    tcase_add_test(tests, close_values);
    tcase_add_test(tests, nothing_in_it);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
