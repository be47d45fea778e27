/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators refuse: every line gives the status and a part of the sentence. The language of
 * the lines is explained in op_harness.h.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "op_harness.h"

static const op_refusal refusals[] = {
    /* Windows. */
    {"Conv strides=[0,1]; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "'strides' contains 0"},
    {"Conv strides=[1,-2]; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "'strides' contains -2"},
    {"Conv strides=[1]; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "'strides' has 1 numbers"},
    {"Conv strides=2; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT,
     "'strides' should be a list of integers"},
    {"Conv strides=[9223372036854775807,1]; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT,
     "'strides' contains"},
    {"Conv dilations=[0,1]; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "'dilations' contains 0"},
    {"Conv dilations=[1073741824,1]; [1,2,5,5] [3,2,3,3]k", CAMX_E_SHAPE,
     "does not fit into a padded map"},
    {"Conv pads=[1,1]; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "'pads' has 2 numbers"},
    {"Conv pads=[-1,0,0,0]; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "'pads' contains -1"},
    {"Conv kernel_shape=[3,2]; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "differs from the weights"},
    {"Conv auto_pad='SAME'; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "'auto_pad' is 'SAME'"},
    {"Conv auto_pad=1; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "'auto_pad' should be a text"},
    {"Conv; [1,2,2,5] [3,2,3,3]k", CAMX_E_SHAPE, "use a larger input"},
    {"Conv; [1,2,5,5,5] [3,2,3,3,3]k", CAMX_E_UNSUPPORTED, "one or two spatial axes"},
    {"Conv; [2,5] [3,2]k", CAMX_E_UNSUPPORTED, "one or two spatial axes"},
    {"Conv; [1,2,0,5] [3,2,1,1]k", CAMX_E_SHAPE, "no usable height or width"},
    {"Conv; [1,2,5,5] [3,2,0,3]k", CAMX_E_FORMAT, "window of size 0"},
    {"Conv group=0; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "0 groups"},
    {"Conv group=2; [1,2,5,5] [3,1,3,3]k", CAMX_E_FORMAT,
     "3 output channels cannot be split into 2 groups"},
    {"Conv group=-9223372036854775808; [1,2,5,5] [3,2,3,3]k", CAMX_E_FORMAT, "cannot be split"},
    {"Conv; [1,3,5,5] [3,2,3,3]k", CAMX_E_SHAPE, "its input has 3 channels"},
    {"Conv; [1,2,5,5] [3,2,3]k", CAMX_E_FORMAT, "its weights have rank 3"},
    {"Conv; [1,2,5,5] [3,2,3,3]k [4]k", CAMX_E_FORMAT, "its bias has the shape [4], not [3]"},
    {"Conv; i[1,2,5,5] [3,2,3,3]k", CAMX_E_UNSUPPORTED, "type int64"},
    {"Conv; [1,2,5,5] -", CAMX_E_FORMAT, "input 1 is missing"},
    {"MaxPool; [1,2,5,5]", CAMX_E_FORMAT, "'kernel_shape' is missing"},
    {"MaxPool kernel_shape=[2]; [1,2,5,5]", CAMX_E_FORMAT, "'kernel_shape' has 1 numbers"},
    {"MaxPool kernel_shape=[0,2]; [1,2,5,5]", CAMX_E_FORMAT, "'kernel_shape' contains 0"},
    {"MaxPool kernel_shape=[2,2] pads=[2,0,0,0]; [1,2,5,5]", CAMX_E_FORMAT,
     "must be smaller than the window"},
    {"MaxPool kernel_shape=[2,2] outputs=2; [1,2,5,5]", CAMX_E_UNSUPPORTED, "Indices"},
    {"MaxPool kernel_shape=[2,2] pads=[4,0,0,0] dilations=[4,1]; [1,2,3,5]", CAMX_E_UNSUPPORTED,
     "windows"},
    {"AveragePool kernel_shape=[6,2]; [1,2,5,5]", CAMX_E_SHAPE, "does not fit"},
    {"AveragePool kernel_shape=[2,2,2]; [1,2,5,5,5]", CAMX_E_UNSUPPORTED, "spatial"},
    {"GlobalAveragePool; [2,3]", CAMX_E_FORMAT, "no height or width"},
    {"GlobalAveragePool; [2,3,0,4]", CAMX_E_SHAPE, "is empty"},
    {"LRN size=0; [1,2,3,3]", CAMX_E_FORMAT, "'size' is 0"},
    {"LRN size=3; [1,2]", CAMX_E_UNSUPPORTED, "needs height or width"},

    /* Products. */
    {"Gemm; [2,3] [4,5]", CAMX_E_SHAPE, "A has 3 columns, but B has 4 rows"},
    {"Gemm transB=1; [2,3] [4,5]", CAMX_E_SHAPE, "B has 5 rows"},
    {"Gemm; [2,3,1] [3,5]", CAMX_E_FORMAT, "both must be matrices"},
    {"Gemm; [2,3] [3,5] [2]", CAMX_E_FORMAT, "C has the shape [2]"},
    {"Gemm; [2,3] [3,5] [1,2,5]", CAMX_E_FORMAT, "C has the shape [1, 2, 5]"},
    {"Gemm beta=0.0; [2,3] [3,5] [2]", CAMX_E_FORMAT, "C has the shape [2]"},
    {"Gemm alpha=1; [2,3] [3,5]", CAMX_E_FORMAT, "'alpha' should be a number"},
    {"Gemm; i[2,3] [3,5]", CAMX_E_UNSUPPORTED, "input 0 has type int64"},
    {"MatMul; [2,3] [4,5]", CAMX_E_SHAPE, "[2, 3] and [4, 5]"},
    {"MatMul; [] [4,5]", CAMX_E_FORMAT, "single number"},
    {"MatMul; [2,4,5] [3,5,4]", CAMX_E_SHAPE, "leading axes"},

    /* Normalisation. */
    {"BatchNormalization; [2,3,4] [3]k [3]k [3]k [4]k", CAMX_E_SHAPE, "input 4 has the shape [4]"},
    {"BatchNormalization; [3] [3]k [3]k [3]k [3]k", CAMX_E_FORMAT, "no channel axis"},
    {"BatchNormalization training_mode=1; [2,3,4] [3]k [3]k [3]k [3]k", CAMX_E_UNSUPPORTED,
     "evaluation mode"},
    {"BatchNormalization spatial=0 opset=7; [2,3,4] [3]k [3]k [3]k [3]k", CAMX_E_UNSUPPORTED,
     "spatial = 0"},
    {"InstanceNormalization; [2,3] [3]k [3]k", CAMX_E_FORMAT, "no height or width"},
    {"InstanceNormalization; [2,3,4] [3]k [2]k", CAMX_E_SHAPE, "input 2 has the shape [2]"},

    /* Element by element. */
    {"Add; [2,3] [4]", CAMX_E_SHAPE, "[2, 3] and [4] do not fit"},
    {"Add; [2,3] i[3]", CAMX_E_FORMAT, "input 0 has type float32, but input 1 has type int64"},
    {"Add; [2,3] -", CAMX_E_FORMAT, "input 1 is missing"},
    {"Add opset=6; [2,3] [3]", CAMX_E_SHAPE, "in opset 6"},
    {"Add opset=6 broadcast=1 axis=0; [2,3] [3]", CAMX_E_SHAPE, "in opset 6"},
    {"Add opset=6 broadcast=1 axis=2; [2,3] [3]", CAMX_E_SHAPE, "in opset 6"},
    {"Add opset=6 broadcast=1 axis=9223372036854775807; [2,3] [3]", CAMX_E_SHAPE, "in opset 6"},
    {"Add opset=6 broadcast=1 axis=-5; [2,3] [3]", CAMX_E_SHAPE, "in opset 6"},
    {"Pow opset=6; [3] [2,3]", CAMX_E_SHAPE, "in opset 6"},
    {"Sum; [2,3] [3] [2]", CAMX_E_SHAPE, "[2, 3] and [2]"},
    {"Mean; i[2] i[2]", CAMX_E_UNSUPPORTED, "type int64"},
    {"Max; [2,3] - [3]", CAMX_E_FORMAT, "input 1 is missing"},
    {"Relu; b[3]", CAMX_OK, ""},
    {"Sigmoid; i[3]", CAMX_E_UNSUPPORTED, "type int64"},
    {"Elu alpha=2; [3]", CAMX_E_FORMAT, "'alpha' should be a number, but it is an integer"},
    {"Gelu opset=20 approximate='fast'; [3]", CAMX_E_FORMAT, "'approximate' is 'fast'"},
    {"Clip; [3] [2]k", CAMX_E_FORMAT, "not a single number"},
    {"Clip; [3] i[]k", CAMX_E_FORMAT, "type int64"},
    {"PRelu; [2,3] [2]", CAMX_E_SHAPE, "slope [2] does not broadcast"},
    {"PRelu; [3] [2,3]", CAMX_E_SHAPE, "slope [2, 3] does not broadcast"},
    {"PRelu opset=6; [2,3,4] [4]", CAMX_E_SHAPE, "slope [4]"},

    /* Axes. */
    {"Softmax axis=2; [2,3]", CAMX_E_FORMAT, "axis 2 does not exist in a tensor of rank 2"},
    {"Softmax axis=-3; [2,3]", CAMX_E_FORMAT, "axis -3"},
    {"Softmax axis=1.5; [2,3]", CAMX_E_FORMAT, "should be an integer"},
    {"ReduceMean axes=[0,0]; [2,3]", CAMX_E_FORMAT, "axis 0 is given twice"},
    {"ReduceMean axes=[1,-1]; [2,3]", CAMX_E_FORMAT, "axis 1 is given twice"},
    {"ReduceMean axes=[2]; [2,3]", CAMX_E_FORMAT, "axis 2 does not exist"},
    {"ReduceMean axes=1; [2,3]", CAMX_E_FORMAT, "should be a list of integers"},
    {"ReduceMean opset=17; [2,3] i[1]k{1}", CAMX_E_FORMAT, "only from opset 18 on"},
    {"ReduceMean opset=18; [2,3] i[1]{1}", CAMX_E_UNSUPPORTED, "input 1 must be a constant"},
    {"ReduceMean opset=18; [2,3] [1]k{1}", CAMX_E_FORMAT, "where integers are needed"},
    {"ReduceSum; [2,3] i[1]k{-3}", CAMX_E_FORMAT, "axis -3 does not exist"},
    {"ReduceL2; i[2,3]", CAMX_E_UNSUPPORTED, "type int64"},
    {"Flatten axis=4; [2,3]", CAMX_E_FORMAT, "axis 4 does not exist"},
    {"Concat; [2,3] [2,3]", CAMX_E_FORMAT, "'axis' is missing"},
    {"Concat axis=2; [2,3] [2,3]", CAMX_E_FORMAT, "axis 2 does not exist"},
    {"Concat axis=0; [] []", CAMX_E_FORMAT, "axis 0 does not exist"},
    {"Concat axis=1; [2,3] [3,3]", CAMX_E_SHAPE, "cannot be joined along axis 1"},
    {"Concat axis=1; [2,3] [2,3,1]", CAMX_E_SHAPE, "cannot be joined"},
    {"Concat axis=1; [2,3] i[2,3]", CAMX_E_FORMAT, "type int64"},
    {"Dropout; [2,3] []k b[]k{1}", CAMX_E_UNSUPPORTED, "training_mode is true"},
    {"Dropout; [2,3] []k b[]{1}", CAMX_E_UNSUPPORTED, "must be a constant"},
};

START_TEST(refuses)
{
    op_check_refusal(&refusals[_i]);
}
END_TEST

/* Gradients that do not exist are refused when they are prepared. */
static const op_refusal no_gradients[] = {
    {"Conv; [1,2,5,5] [3,2,3,3]", CAMX_E_UNSUPPORTED, "through the weights"},
    {"BatchNormalization; [2,3,4] [3]k [3] [3]k [3]k", CAMX_E_UNSUPPORTED, "statistics"},
    {"InstanceNormalization; [2,3,4] [3] [3]k", CAMX_E_UNSUPPORTED, "scale or shift"},
    {"Clip; [2,3] []", CAMX_E_UNSUPPORTED, "bounds"},
};

START_TEST(refuses_gradients)
{
    const op_refusal *r = &no_gradients[_i];
    camx_status status;
    camx_error error;
    real seeds[300] = {0};
    real *const all[] = {seeds};
    op_case *test = op_open(r->line, &status, &error);
    ck_assert_msg(status == CAMX_OK, "%s: %s", r->line, error.message);
    op_run run = {.wanted = 7};
    status = op_backward(test, &run, all, &error);
    ck_assert_msg(status == r->status, "%s: status %d", r->line, status);
    ck_assert_msg(strstr(error.message, r->sentence) != NULL, "%s: \"%s\"", r->line, error.message);
    op_close(test);
}
END_TEST

/* Whether the images of a batch stay apart. */
typedef struct batch_rule {
    const char *line;
    bool keeps;
} batch_rule;

static const batch_rule batch_rules[] = {
    {"Conv; [2,2,5,5] [3,2,3,3]k", true},  {"Add; [2,3,4,4] [3,1,1]k", true},
    {"Add; [2,3,4,4] [3,1,1]", false},     {"Add; [2,3] [2,3]", true},
    {"Gemm; [2,3] [3,4]k [4]k", true},     {"Gemm transA=1; [3,2] [3,4]k", false},
    {"Gemm; [2,3] [3,4]k [2,4]k", false},  {"MatMul; [2,3] [3,4]", true},
    {"MatMul; [3,4] [2,4,5]", false},      {"Softmax; [2,3]", true},
    {"Softmax axis=0; [2,3]", false},      {"ReduceMean axes=[2,3]; [2,3,4,4]", true},
    {"ReduceMean; [2,3,4,4]", false},      {"Flatten; [2,3,4]", true},
    {"Flatten axis=2; [2,3,4]", false},    {"Concat axis=1; [2,3] [2,3]", true},
    {"Concat axis=0; [2,3] [2,3]", false},
};

START_TEST(knows_whether_images_stay_apart)
{
    const batch_rule *rule = &batch_rules[_i];
    camx_status status;
    camx_error error;
    op_case *test = op_open(rule->line, &status, &error);
    const camx__op *op = op_row(test);
    ck_assert_int_eq(status, CAMX_OK);
    bool keeps = (op->traits & CAMX__OP_KEEPS_BATCH) != 0 ||
                 (op->keeps_batch != NULL && op->keeps_batch(op_params_of(test)));
    ck_assert_msg(keeps == rule->keeps, "%s", rule->line);
    op_close(test);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops_bind");
    TCase *tcase = tcase_create("bind");
    tcase_add_loop_test(tcase, refuses, 0, sizeof refusals / sizeof refusals[0]);
    tcase_add_loop_test(tcase, refuses_gradients, 0, sizeof no_gradients / sizeof no_gradients[0]);
    tcase_add_loop_test(tcase, knows_whether_images_stay_apart, 0,
                        sizeof batch_rules / sizeof batch_rules[0]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
