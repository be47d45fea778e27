/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does not show in small examples: the same bits with any number of threads, tensors large
 * enough to be cut into tasks against plain loops, and epilogues against the same steps one after
 * the other.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op_harness.h"

static op_case *open_case(const char *line)
{
    camx_status status;
    camx_error error;
    op_case *test = op_open(line, &status, &error);
    ck_assert_msg(status == CAMX_OK, "%s: %s", line, error.message);
    return test;
}

static void forward(op_case *test, const op_run *run)
{
    camx_error error;
    camx_status status = op_forward(test, run, &error);
    ck_assert_msg(status == CAMX_OK, "%s", error.message);
}

static int64_t count_of(const op_value *value)
{
    return camx__shape_count(&value->shape);
}

/* ---- threads ---- */

static const char *const large[] = {
    "Add; [2,40,60,50] [40,1,1]",
    "Mul; [2,40,60,50] [2,40,1,1]",
    "Relu; [1,40,60,50]",
    "Sigmoid; [70000]",
    "BatchNormalization; [2,40,30,50] [40]k [40]k [40]k [40]k{0.5..2}",
    "InstanceNormalization; [2,40,30,50] [40]k [40]k",
    "GlobalAveragePool; [2,40,60,50]",
    "GlobalMaxPool; [2,40,60,50]",
    "ReduceMean axes=[1]; [2,40,60,50]",
    "ReduceLogSumExp axes=[0,2]; [20,60,50]",
    "ReduceSum; [50000]",
    "Softmax; [300,197]",
    "Softmax axis=1; [2,300,197]",
    "LRN size=5; [1,32,40,40]",
    "MaxPool kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]; [2,40,31,30]",
    "AveragePool kernel_shape=[3,3]; [2,40,31,30]",
    "Conv pads=[1,1,1,1]; [2,16,30,31] [24,16,3,3]k [24]k",
    "Conv pads=[1,1,1,1] group=32; [2,32,30,31] [32,1,3,3]k",
    "Conv; [2,32,30,31] [40,32,1,1]k",
    "Gemm transB=1; [64,300] [200,300]k [200]k",
    "MatMul; [12,65,64] [12,64,65]",
    "MatMul; [2,65,64] [64,65]k",
    "Concat axis=1; [2,20,30,50] [2,24,30,50]",
};

START_TEST(same_bits_with_any_number_of_threads)
{
    static const int threads[] = {2, 3, 7};
    op_case *test = open_case(large[_i]);
    const op_value *y = op_output_of(test, 0);
    size_t y_bytes = (size_t)count_of(y) * sizeof(real);
    size_t x_bytes = (size_t)count_of(op_input_of(test, 0)) * sizeof(real);
    real *seeds = malloc(y_bytes);
    real *const all[] = {seeds};
    real *expected = malloc(y_bytes);
    real *expected_gradient = malloc(x_bytes);
    camx_error error;
    op_run run = {.layout = op_layout_count(test) > 1 ? 1 : 0, .packed = true, .wanted = 1};
    for (int64_t i = 0; i < count_of(y); i++)
        seeds[i] = (real)((double)(i % 101) / 50.0 - 1.0);
    forward(test, &run);
    memcpy(expected, y->reals, y_bytes);
    ck_assert_int_eq(op_backward(test, &run, all, &error), CAMX_OK);
    memcpy(expected_gradient, op_gradient_of(test, 0), x_bytes);
    for (int i = 0; i < 3; i++) {
        camx__memory memory;
        camx__memory_init(&memory, NULL, 0);
        ck_assert_int_eq(camx__pool_open(&memory, threads[i], NULL, NULL, &run.pool, &error),
                         CAMX_OK);
        forward(test, &run);
        ck_assert_msg(memcmp(expected, y->reals, y_bytes) == 0, "%s: forward, %d threads",
                      large[_i], threads[i]);
        ck_assert_int_eq(op_backward(test, &run, all, &error), CAMX_OK);
        ck_assert_msg(memcmp(expected_gradient, op_gradient_of(test, 0), x_bytes) == 0,
                      "%s: backward, %d threads", large[_i], threads[i]);
        camx__pool_release(run.pool);
    }
    free(seeds);
    free(expected);
    free(expected_gradient);
    op_close(test);
}
END_TEST

/* ---- large tensors against plain loops ---- */

/* The number of an input that meets position `at` of the result. */
static double broadcast_number(const op_value *x, const camx__shape *shape, int64_t at)
{
    int64_t index = 0;
    int64_t step = 1;
    for (int i = shape->rank - 1; i >= 0; i--) {
        int64_t position = at % shape->dim[i];
        int axis = i - (shape->rank - x->shape.rank);
        at /= shape->dim[i];
        if (axis >= 0) {
            index += (x->shape.dim[axis] == 1 ? 0 : position) * step;
            step *= x->shape.dim[axis];
        }
    }
    return (double)x->reals[index];
}

static const char *const sums[] = {
    "Add; [3,5,37,41] [5,1,41]", "Add; [37,1,300] [41,1]", "Add; [1,1,70,1] [130,7,1,9]",
    "Add; [20000] [1]",          "Add; [9000,3] [3]",      "Add; [2,1,2,1,2,300] [2,1,2,1,1]",
};

START_TEST(large_sums)
{
    op_case *test = open_case(sums[_i]);
    const op_value *y = op_output_of(test, 0);
    for (int layout = 0; layout < op_layout_count(test); layout++) {
        op_run run = {.layout = layout};
        forward(test, &run);
        for (int64_t i = 0; i < count_of(y); i++) {
            double expected = broadcast_number(op_input_of(test, 0), &y->shape, i) +
                              broadcast_number(op_input_of(test, 1), &y->shape, i);
            ck_assert_msg(fabs((double)y->reals[i] - expected) < 1e-6, "%s: layout %d, number %lld",
                          sums[_i], layout, (long long)i);
        }
    }
    op_close(test);
}
END_TEST

/* ---- epilogues ---- */

static const char *const fused[] = {
    "Conv pads=[1,1,1,1]; [2,5,6,7] [9,5,3,3]k [9]k",
    "Conv; [2,5,6,7] [9,5,1,1]k",
    "Conv group=6 pads=[1,1,1,1]; [2,6,6,7] [6,1,3,3]k",
    "Gemm transB=1; [5,12] [9,12]k [9]k",
    "Gemm alpha=0.5 beta=2.0; [5,12] [12,9]k [5,9]k",
    "Gemm transA=1; [12,5] [12,9]n [5,1]k",
    "MatMul; [2,5,12] [12,9]k",
    "MatMul; [5,3,12] [5,12,9]",
};

static double activated(const camx__epilogue *e, double x)
{
    switch (e->activation) {
    case CAMX__ACT_RELU:
        return x > 0 ? x : 0;
    case CAMX__ACT_CLIP:
        return fmin(fmax(x, (double)e->low), (double)e->high);
    case CAMX__ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    default:
        return x;
    }
}

/* The product without its bias: that of the epilogue replaces it. */
static op_case *without_bias(const char *line)
{
    char shorter[200];
    const char *end = strrchr(line, ' ');
    bool three = strchr(strchr(strchr(line, ';') + 2, ' ') + 1, ' ') != NULL;
    size_t length = three ? (size_t)(end - line) : strlen(line);
    memcpy(shorter, line, length);
    shorter[length] = '\0';
    op_case *test = open_case(shorter);
    op_run run = {.layout = 0};
    forward(test, &run);
    return test;
}

START_TEST(epilogue_is_the_steps_one_by_one)
{
    static const camx__activation functions[] = {CAMX__ACT_NONE, CAMX__ACT_RELU, CAMX__ACT_CLIP,
                                                 CAMX__ACT_SIGMOID};
    op_case *test = open_case(fused[_i]);
    op_case *bare = without_bias(fused[_i]);
    const op_value *y = op_output_of(test, 0);
    bool spatial = (op_row(test)->traits & CAMX__OP_SPATIAL) != 0;
    int64_t channels = spatial ? y->shape.dim[1] : y->shape.dim[y->shape.rank - 1];
    int64_t rows = count_of(y) / channels;
    real *bias = malloc((size_t)channels * sizeof(real));
    real *residual = malloc((size_t)rows * (size_t)(channels + 3) * sizeof(real));
    for (int64_t i = 0; i < channels; i++)
        bias[i] = (real)(0.1 * (double)i - 0.3);
    for (int64_t i = 0; i < rows * (channels + 3); i++)
        residual[i] = (real)((double)(i % 13) * 0.2 - 1.1);
    for (int way = 0; way < 8; way++) {
        camx__epilogue e = {.bias = bias,
                            .residual = way & 1 ? residual : NULL,
                            .residual_pitch = channels + 3,
                            .activation = functions[way >> 1],
                            .low = (real)-0.25,
                            .high = (real)0.5};
        op_run run = {.layout = spatial ? 1 : 0, .packed = true, .epilogue = &e};
        forward(test, &run);
        for (int64_t i = 0; i < count_of(y); i++) {
            int64_t inner = spatial ? y->shape.dim[2] * y->shape.dim[3] : 1;
            int64_t c = i / inner % channels;
            int64_t row = spatial ? i / (inner * channels) * inner + i % inner : i / channels;
            double x = (double)op_output_of(bare, 0)->reals[i] + (double)bias[c];
            if (e.residual != NULL)
                x += (double)residual[row * (channels + 3) + c];
            ck_assert_msg(fabs((double)y->reals[i] - activated(&e, x)) < 1e-5,
                          "%s: way %d, number %lld: %g, %g", fused[_i], way, (long long)i,
                          (double)y->reals[i], activated(&e, x));
        }
    }
    free(bias);
    free(residual);
    op_close(test);
    op_close(bare);
}
END_TEST

/* ---- factors that go into packed weights, as those of a folded batch normalisation ---- */

static const char *const scaled[] = {
    "Conv pads=[1,1,1,1]; [2,5,6,7] [9,5,3,3]k",
    "Conv pads=[1,1,1,1]; [1,8,18,17] [5,8,3,3]k",
    "Conv; [2,5,6,7] [9,5,1,1]k",
    "Conv group=6; [2,6,6,7] [6,1,3,3]k",
    "Gemm transB=1; [5,12] [9,12]k",
    "Gemm; [5,12] [12,9]k",
    "MatMul; [2,5,12] [12,9]k",
    "MatMul; [2,5,12] [2,12,9]k",
};

START_TEST(scaled_weights)
{
    op_case *test = open_case(scaled[_i]);
    const op_value *y = op_output_of(test, 0);
    bool spatial = (op_row(test)->traits & CAMX__OP_SPATIAL) != 0;
    int64_t channels = spatial ? y->shape.dim[1] : y->shape.dim[y->shape.rank - 1];
    int64_t inner = spatial ? y->shape.dim[2] * y->shape.dim[3] : 1;
    int64_t inputs = count_of(op_input_of(test, 0));
    real *scale = malloc((size_t)channels * sizeof(real));
    real *seeds = malloc((size_t)count_of(y) * sizeof(real));
    real *results = malloc((size_t)count_of(y) * sizeof(real));
    real *gradient = malloc((size_t)inputs * sizeof(real));
    real *const all[] = {seeds};
    camx_error error;
    op_run run = {.packed = true, .wanted = 1};
    for (int64_t i = 0; i < channels; i++)
        scale[i] = (real)(0.5 + 0.25 * (double)i);
    for (int64_t i = 0; i < count_of(y); i++)
        seeds[i] = (real)((double)(i % 11) * 0.1 - 0.5) * scale[i / inner % channels];
    forward(test, &run);
    memcpy(results, y->reals, (size_t)count_of(y) * sizeof(real));
    ck_assert_int_eq(op_backward(test, &run, all, &error), CAMX_OK);
    memcpy(gradient, op_gradient_of(test, 0), (size_t)inputs * sizeof(real));
    run.scale = scale;
    for (int64_t i = 0; i < count_of(y); i++)
        seeds[i] = (real)((double)(i % 11) * 0.1 - 0.5);
    forward(test, &run);
    for (int64_t i = 0; i < count_of(y); i++) {
        double expected = (double)results[i] * (double)scale[i / inner % channels];
        ck_assert_msg(fabs((double)y->reals[i] - expected) < 2e-5, "%s: number %lld", scaled[_i],
                      (long long)i);
    }
    ck_assert_int_eq(op_backward(test, &run, all, &error), CAMX_OK);
    for (int64_t i = 0; i < inputs; i++)
        ck_assert_msg(fabs((double)op_gradient_of(test, 0)[i] - (double)gradient[i]) < 2e-5,
                      "%s: gradient %lld", scaled[_i], (long long)i);
    free(scale);
    free(seeds);
    free(results);
    free(gradient);
    op_close(test);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops_runs");
    TCase *tcase = tcase_create("runs");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, same_bits_with_any_number_of_threads, 0,
                        sizeof large / sizeof large[0]);
    tcase_add_loop_test(tcase, large_sums, 0, sizeof sums / sizeof sums[0]);
    tcase_add_loop_test(tcase, epilogue_is_the_steps_one_by_one, 0, sizeof fused / sizeof fused[0]);
    tcase_add_loop_test(tcase, scaled_weights, 0, sizeof scaled / sizeof scaled[0]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
