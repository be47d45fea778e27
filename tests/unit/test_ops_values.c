/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators with numbers that were worked out by hand or by the definition: every line gives the
 * inputs, the shape and the numbers of the result. The language of the lines is explained in
 * op_harness.h.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op_harness.h"

typedef struct example {
    const char *line;
    const char *result; /* "[shape] numbers" */
} example;

static const example examples[] = {
    /* Integers, and what processors trap on. */
    {"Add; i[2]k{9223372036854775807,1} i[2]k{1,2}", "[2] -9223372036854775808 3"},
    {"Sub; j[2]k{-2147483648,5} j[1]k{1}", "[2] 2147483647 4"},
    {"Mul; u[2]k{200,3} u[]k{2}", "[2] 144 6"},
    {"Div; i[6]k{7,-7,7,-7,5,-9223372036854775808} i[6]k{2,2,-2,-2,0,-1}",
     "[6] 3 -3 -3 3 0 -9223372036854775808"},
    {"Pow; i[5]k{2,-3,0,-1,7} i[5]k{10,3,0,-3,-1}", "[5] 1024 -27 1 -1 0"},
    {"Pow; [3]{2,3,4} i[]k{2}", "[3] 4 9 16"},
    {"Pow; i[2]k{4,9} [1]k{0.5}", "[2] 2 3"},
    {"Max; i[3]k{1,5,-3} i[]k{2}", "[3] 2 5 2"},
    {"Min; i[3]k{1,5,-3} i[]k{2} i[1]k{0}", "[3] 0 0 -3"},
    {"Sum; i[2]k{1,2} i[2]k{3,4} i[]k{10}", "[2] 14 16"},
    {"Neg; i[3]k{1,-2,-9223372036854775808}", "[3] -1 2 -9223372036854775808"},
    {"Abs; i[3]k{1,-2,-9223372036854775808}", "[3] 1 2 -9223372036854775808"},
    {"Relu; i[3]k{1,-2,0}", "[3] 1 0 0"},
    {"Clip; i[4]k{-5,0,5,9} i[]k{-1} i[]k{6}", "[4] -1 0 5 6"},
    {"Clip; i[2]k{-5,9} - i[]k{6}", "[2] -5 6"},
    {"Clip opset=6 min=-1.0; [3]{-2,0.5,3}", "[3] -1 0.5 3"},
    {"Clip; [3]{-2,0.5,3} []k{0} []k{1}", "[3] 0 0.5 1"},
    {"Clip; [3]{nan,inf,-inf}", "[3] nan 3.40282347e38 -3.40282347e38"},
    {"Concat axis=0; i[2]k{1,2} i[0]k{} i[1]k{3}", "[3] 1 2 3"},
    {"ReduceSum keepdims=0; i[2,2]k{1,2,3,4} i[1]k{0}", "[2] 4 6"},
    {"ReduceProd axes=[0] keepdims=0; i[3]k{2,3,4}", "[] 24"},
    {"ReduceMax axes=[0]; i[3]k{-2,-3,-4}", "[1] -2"},
    {"ReduceMin axes=[0] keepdims=0; i[3]k{-2,-3,-4}", "[] -4"},
    {"ReduceMean; j[3]k{1,2,5}", "[1] 2"},
    {"ReduceL1; i[3]k{1,-2,5}", "[1] 8"},

    /* Old forms. */
    {"Add opset=6 broadcast=1 axis=0; [2,3]{1,2,3,4,5,6} [2]{10,20}", "[2,3] 11 12 13 24 25 26"},
    {"Mul opset=6 broadcast=1; [2,2]{1,2,3,4} [2]{10,100}", "[2,2] 10 200 30 400"},
    {"PRelu opset=6; [1,2,2]{-1,1,-2,2} [2]k{0.5,0.25}", "[1,2,2] -0.5 1 -0.5 2"},
    {"Softmax opset=11 axis=1; [1,2,2]{0,0,0,0}", "[1,2,2] 0.25 0.25 0.25 0.25"},
    {"Softmax axis=1; [1,2,2]{0,0,0,0}", "[1,2,2] 0.5 0.5 0.5 0.5"},

    /* Numbers at the edges. */
    {"Softmax; [3]{1000,1000,-1000}", "[3] 0.5 0.5 0"},
    {"LogSoftmax; [2]{1000,0}", "[2] 0 -1000"},
    {"Softmax; [2]{nan,0}", "[2] nan nan"},
    {"Relu; [4]{nan,-0.5,inf,-inf}", "[4] nan 0 inf 0"},
    {"LeakyRelu alpha=0.5; [2]{nan,-2}", "[2] nan -1"},
    {"Max; [3]{nan,1,2} [3]{1,nan,3}", "[3] nan nan 3"},
    {"Min; [3]{nan,1,2} [3]{1,nan,3}", "[3] nan nan 2"},
    {"ReduceMax; [3]{1,nan,2}", "[1] nan"},
    {"ReduceMin keepdims=0; [3]{1,nan,2}", "[] nan"},
    {"ReduceSum; [0,2] i[1]k{0}", "[1,2] 0 0"},
    {"ReduceProd axes=[0]; [0,2]", "[1,2] 1 1"},
    {"ReduceLogSumExp; [2]{-1000,-1000}", "[1] -999.306853"},
    {"ReduceLogSumExp; [2]{-inf,-inf}", "[1] -inf"},
    {"ReduceL1 noop_with_empty_axes=1 opset=18; [2]{-1,2}", "[2] 1 2"},
    {"Sigmoid; [3]{-200,0,200}", "[3] 0 0.5 1"},
    {"Softplus; [3]{-200,0,200}", "[3] 0 0.693147181 200"},
    {"Erf; [4]{-10,0,1e-6,0.5}", "[4] -1 0 1.12837917e-6 0.520499878"},
    {"Gelu opset=20; [3]{-20,0,-1}", "[3] 0 0 -0.158655254"},
    {"Gelu opset=20 approximate='tanh'; [2]{1,-1}", "[2] 0.841191991 -0.158808009"},
    {"HardSwish; [5]{-4,-3,0,1,4}", "[5] 0 0 0 0.666666667 4"},
    {"HardSigmoid; [3]{-9,0,1}", "[3] 0 0.5 0.7"},
    {"ThresholdedRelu; [3]{0.5,1,1.5}", "[3] 0 0 1.5"},
    {"Mish; [2]{0,1}", "[2] 0 0.865098388"},
    {"Div; [3]{1,-1,0} [3]{0,0,0}", "[3] inf -inf nan"},

    /* Windows: how many, and where they lie. */
    {"MaxPool kernel_shape=[2] strides=[2]; [1,1,5]{1,2,3,4,5}", "[1,1,2] 2 4"},
    {"MaxPool kernel_shape=[2] strides=[2] ceil_mode=1; [1,1,5]{1,2,3,4,5}", "[1,1,3] 2 4 5"},
    /* A third window would start in the padding behind the map. */
    {"MaxPool kernel_shape=[2] strides=[3] pads=[1,1] ceil_mode=1; [1,1,4]{4,3,2,1}",
     "[1,1,2] 4 2"},
    {"MaxPool kernel_shape=[3] strides=[2] auto_pad='SAME_UPPER'; [1,1,4]{1,2,3,4}", "[1,1,2] 3 4"},
    {"MaxPool kernel_shape=[3] strides=[2] auto_pad='SAME_LOWER'; [1,1,4]{1,2,3,4}", "[1,1,2] 2 4"},
    {"MaxPool kernel_shape=[3] strides=[2] auto_pad='VALID'; [1,1,4]{1,2,3,4}", "[1,1,1] 3"},
    {"MaxPool kernel_shape=[2]; [1,1,3]{1,nan,0}", "[1,1,2] nan nan"},
    {"MaxPool kernel_shape=[2] dilations=[2]; [1,1,4]{4,3,2,1}", "[1,1,2] 4 3"},
    {"AveragePool kernel_shape=[2] strides=[2] pads=[1,1]; [1,1,4]{1,2,3,4}", "[1,1,3] 1 2.5 4"},
    {"AveragePool kernel_shape=[2] strides=[2] pads=[1,1] count_include_pad=1; [1,1,4]{1,2,3,4}",
     "[1,1,3] 0.5 2.5 2"},
    {"AveragePool kernel_shape=[3] strides=[2] ceil_mode=1; [1,1,4]{1,2,3,4}", "[1,1,2] 2 3.5"},
    {"Conv auto_pad='SAME_UPPER' strides=[2]; [1,1,4]{1,2,3,4} [1,1,3]k{1,10,100}",
     "[1,1,2] 321 43"},
    {"Conv auto_pad='SAME_LOWER' strides=[2]; [1,1,4]{1,2,3,4} [1,1,3]k{1,10,100}",
     "[1,1,2] 210 432"},
    {"Conv pads=[0,2]; [1,1,3]{1,2,3} [1,1,2]k{1,10} [1]k{0.5}", "[1,1,4] 21.5 32.5 3.5 0.5"},
    {"Conv group=2; [1,2,2]{1,2,3,4} [2,1,1]k{10,100}", "[1,2,2] 10 20 300 400"},
    {"GlobalAveragePool; [1,2,2,2]{1,2,3,4,5,6,7,8}", "[1,2,1,1] 2.5 6.5"},
    {"GlobalMaxPool; [1,2,2,2]{1,2,3,4,8,7,6,5}", "[1,2,1,1] 4 8"},
    {"LRN size=3 alpha=3.0 beta=0.5 bias=1.0; [1,3,1]{1,2,2}",
     "[1,3,1] 0.40824829 0.632455532 0.666666667"},

    /* Products. */
    {"Gemm transB=1 alpha=2.0 beta=3.0; [1,2]{1,2} [2,2]k{1,2,3,4} [2]k{1,10}", "[1,2] 13 52"},
    {"Gemm transA=1; [2,1]{1,2} [2,2]k{1,2,3,4} [1]k{1}", "[1,2] 8 11"},
    {"Gemm beta=2.0; [2,1]{1,2} [1,2]{3,4} [2,1]{1,10}", "[2,2] 5 6 26 28"},
    {"Gemm; [2,0] [0,2]k{} [2]k{1,2}", "[2,2] 1 2 1 2"},
    {"MatMul; [2]{1,2} [2]{3,4}", "[] 11"},
    {"MatMul; [1,2]{1,2} [2]{3,4}", "[1] 11"},
    {"MatMul; [2]{1,2} [2,2]{1,2,3,4}", "[2] 7 10"},
    {"MatMul; [2,1,1]{2,3} [3,1,1,1]{1,10,100}", "[3,2,1,1] 2 3 20 30 200 300"},

    /* Shapes of results. */
    {"Flatten axis=0; [2,2]{1,2,3,4}", "[1,4] 1 2 3 4"},
    {"Flatten axis=2; [2,2]{1,2,3,4}", "[4,1] 1 2 3 4"},
    {"Flatten axis=0; []{7}", "[1,1] 7"},
    {"Identity; i[2]k{1,2}", "[2] 1 2"},
    {"ReduceMean axes=[-1] keepdims=0; [2,2]{1,2,3,5}", "[2] 1.5 4"},
    {"ReduceMean axes=[0,1]; [2,2]{1,2,3,6}", "[1,1] 3"},
    {"BatchNormalization epsilon=0.0; [1,2,1]{3,5} [2]k{2,3} [2]k{1,-1} [2]k{1,1} [2]k{4,16}",
     "[1,2,1] 3 2"},
    {"InstanceNormalization epsilon=0.0; [1,1,2]{1,3} [1]k{2} [1]k{10}", "[1,1,2] 8 12"},
    {"Mean; [2]{1,2} [1]{5}", "[2] 3 3.5"},
};

static void read_shape(const char **at, camx__shape *shape)
{
    memset(shape, 0, sizeof *shape);
    (*at)++;
    while (**at != ']') {
        shape->dim[shape->rank++] = strtoll(*at, (char **)(uintptr_t)at, 10);
        if (**at == ',')
            (*at)++;
    }
    (*at)++;
}

static bool near(double found, double expected)
{
    if (isnan(expected) || isinf(expected))
        return isnan(expected) ? isnan(found) != 0 : found == expected;
    return fabs(found - expected) <= 2e-6 * fabs(expected) + 1e-37;
}

static void check_numbers(const example *e, const op_value *y, const char *at)
{
    int64_t count = camx__shape_count(&y->shape);
    for (int64_t i = 0; i < count; i++) {
        const char *start = at;
        double expected = strtod(start, (char **)(uintptr_t)&at);
        ck_assert_msg(at != start, "%s: there are more than %lld numbers", e->line, (long long)i);
        if (y->reals != NULL && !near((double)y->reals[i], expected))
            ck_abort_msg("%s: number %lld is %.9g, not %.9g", e->line, (long long)i,
                         (double)y->reals[i], expected);
        if (y->ints != NULL && y->ints[i] != strtoll(start, NULL, 10))
            ck_abort_msg("%s: number %lld is %lld, not %s", e->line, (long long)i,
                         (long long)y->ints[i], start);
    }
    ck_assert_msg(*at == '\0', "%s: numbers are missing", e->line);
}

START_TEST(gives)
{
    const example *e = &examples[_i];
    camx_status status;
    camx_error error;
    camx__shape shape;
    op_case *test = op_open(e->line, &status, &error);
    ck_assert_msg(status == CAMX_OK, "%s: %s", e->line, error.message);
    const op_value *y = op_output_of(test, 0);
    char text[160];
    for (int layout = 0; layout < op_layout_count(test); layout++)
        for (int packed = 0; packed < 2; packed++) {
            const char *at = e->result;
            op_run run = {.layout = layout, .packed = packed};
            read_shape(&at, &shape);
            ck_assert_msg(camx__shape_equal(&shape, &y->shape), "%s: the shape is %s", e->line,
                          camx__shape_text(&y->shape, text, sizeof text));
            status = op_forward(test, &run, &error);
            ck_assert_msg(status == CAMX_OK, "%s: %s", e->line, error.message);
            check_numbers(e, y, at);
        }
    op_close(test);
}
END_TEST

START_TEST(dropout_masks_nothing)
{
    camx_status status;
    camx_error error;
    op_case *test = op_open("Dropout outputs=2; [2,2]{1,2,3,4}", &status, &error);
    op_run run = {.layout = 0};
    ck_assert_int_eq(status, CAMX_OK);
    ck_assert_int_eq(op_forward(test, &run, &error), CAMX_OK);
    for (int i = 0; i < 4; i++) {
        ck_assert(op_output_of(test, 0)->reals[i] == (real)(i + 1));
        ck_assert_int_eq(op_output_of(test, 1)->ints[i], 1);
    }
    ck_assert_int_eq(op_output_of(test, 1)->elem, CAMX__ELEM_BOOL);
    op_close(test);
}
END_TEST

/* ---- kinks: the conventions of PyTorch ---- */

static const example kinks[] = {
    {"Relu; [3]{-1,0,1}", "[3] 0 0 1"},
    {"LeakyRelu alpha=0.5; [3]{-1,0,1}", "[3] 0.5 0.5 1"},
    {"PRelu; [3]{-1,0,1} [1]k{0.25}", "[3] 0.25 0.25 1"},
    {"Abs; [3]{-1,0,1}", "[3] -1 0 1"},
    {"Clip; [5]{-2,-1,0,1,2} []k{-1} []k{1}", "[5] 0 0 1 0 0"},
    {"HardSigmoid alpha=0.5; [4]{-1,0,1,2}", "[4] 0 0.5 0 0"},
    {"HardSwish; [2]{-3,3}", "[2] 0 1"},
    {"Max; [3]{1,2,3} [3]k{2,2,2}", "[3] 0 0.5 1"},
    {"Min; [3]{1,2,3} [3]k{2,2,2}", "[3] 1 0.5 0"},
    {"ReduceMax; [4]{3,1,3,2}", "[4] 0.5 0 0.5 0"},
    {"ReduceMin axes=[0]; [3]{2,2,2}", "[3] 0.333333333 0.333333333 0.333333333"},
    {"GlobalMaxPool; [1,1,3]{1,2,2}", "[1,1,3] 0 1 0"},
    {"MaxPool kernel_shape=[3]; [1,1,3]{1,2,2}", "[1,1,3] 0 1 0"},
    {"ReduceL2; [2]{0,0}", "[2] 0 0"},
    {"ReduceL1; [3]{-1,0,1}", "[3] -1 0 1"},
    {"Pow; [2]{0,2} []k{0}", "[2] 0 0"},
};

START_TEST(at_kinks)
{
    const example *e = &kinks[_i];
    camx_status status;
    camx_error error;
    camx__shape shape;
    real ones[16];
    real *const seeds[] = {ones};
    const char *at = e->result;
    op_case *test = op_open(e->line, &status, &error);
    op_run run = {.wanted = 1};
    ck_assert_msg(status == CAMX_OK, "%s: %s", e->line, error.message);
    for (int i = 0; i < 16; i++)
        ones[i] = 1;
    read_shape(&at, &shape);
    ck_assert_int_eq(op_forward(test, &run, &error), CAMX_OK);
    ck_assert_int_eq(op_backward(test, &run, seeds, &error), CAMX_OK);
    op_value gradient = *op_input_of(test, 0);
    gradient.reals = (real *)(uintptr_t)op_gradient_of(test, 0);
    ck_assert(camx__shape_equal(&shape, &gradient.shape));
    check_numbers(e, &gradient, at);
    op_close(test);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops_values");
    TCase *tcase = tcase_create("values");
    tcase_add_loop_test(tcase, gives, 0, sizeof examples / sizeof examples[0]);
    tcase_add_loop_test(tcase, at_kinks, 0, sizeof kinks / sizeof kinks[0]);
    tcase_add_test(tcase, dropout_masks_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
