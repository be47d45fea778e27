/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Region rules by brute force: a rectangle of an input is changed, the operator is run again, and the results that
 * changed must lie where its rule says, and for windows exactly there. The language of the lines is explained in
 * op_harness.h.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op_harness.h"
#include "ops/reach.h"

typedef struct example {
    const char *line;
    int input;
    int rows, columns; /* axes of that input */
    bool rule;         /* there is one */
    bool tight;        /* what the rule names changes indeed */
} example;

static const example examples[] = {
    {"Conv kernel_shape=[3,3]; [1,2,9,11] [4,2,3,3]k", 0, 2, 3, true, true},
    {"Conv kernel_shape=[3,3] pads=[1,1,1,1]; [1,2,9,11] [4,2,3,3]k", 0, 2, 3, true, true},
    {"Conv kernel_shape=[3,3] pads=[1,1,1,1] strides=[2,2]; [1,2,9,11] [4,2,3,3]k", 0, 2, 3, true, true},
    {"Conv kernel_shape=[5,1] pads=[2,0,1,0] strides=[1,2]; [1,2,9,11] [4,2,5,1]k", 0, 2, 3, true, true},
    {"Conv kernel_shape=[3,3] dilations=[2,1] pads=[3,0,2,4] strides=[2,3]; [1,2,10,11] [4,2,3,3]k", 0, 2, 3, true,
     false},
    {"Conv kernel_shape=[1,1] strides=[3,3]; [1,2,9,11] [4,2,1,1]k", 0, 2, 3, true, true},
    {"Conv kernel_shape=[3,3] pads=[1,1,1,1] group=2; [1,2,9,11] [2,1,3,3]k", 0, 2, 3, true, true},
    {"Conv kernel_shape=[3,3] auto_pad='SAME_UPPER' strides=[2,2]; [1,2,9,10] [4,2,3,3]k", 0, 2, 3, true, true},
    {"Conv kernel_shape=[3,3]; [1,2,9,11] [4,2,3,3]n", 1, 2, 3, false, false},
    {"MaxPool kernel_shape=[3,3] pads=[1,1,1,1] strides=[2,2]; [1,2,9,11]", 0, 2, 3, true, true},
    {"MaxPool kernel_shape=[2,2] strides=[2,2] ceil_mode=1; [1,2,9,11]", 0, 2, 3, true, true},
    {"MaxPool kernel_shape=[3,2] strides=[2,2] auto_pad='SAME_LOWER'; [1,2,9,11]", 0, 2, 3, true, true},
    {"AveragePool kernel_shape=[3,3] strides=[2,2]; [1,2,9,11]", 0, 2, 3, true, true},
    {"AveragePool kernel_shape=[3,3] pads=[1,1,1,1] count_include_pad=1; [1,2,9,11]", 0, 2, 3, true, true},
    {"AveragePool kernel_shape=[3,3] pads=[1,1,1,1]; [1,2,9,11]", 0, 2, 3, false, false},
    {"AveragePool kernel_shape=[2,2] strides=[2,2] ceil_mode=1; [1,2,9,11]", 0, 2, 3, false, false},
    {"Sigmoid; [1,2,9,11]", 0, 2, 3, true, true},
    {"Neg; [1,9,11,2]", 0, 1, 2, true, true},
    {"Clip; [1,2,9,11] []k{-100} []k{100}", 0, 2, 3, true, true},
    {"Gelu opset=20; [1,2,9,11]", 0, 2, 3, true, false},
    {"LRN size=3; [1,4,9,11]", 0, 2, 3, true, true},
    {"BatchNormalization; [1,2,9,11] [2]k [2]k [2]k [2]k{0.5..2}", 0, 2, 3, true, true},
    {"Add; [1,2,9,11] [1,2,9,11]", 1, 2, 3, true, true},
    {"Mul; [1,2,9,11] [2,1,1]k", 0, 2, 3, true, true},
    {"Mul; [1,2,9,11] [1,2,1,1]", 0, 2, 3, true, true},
    {"Add; [9,11] [1,2,9,11]", 1, 2, 3, true, true},
    {"Add; [1,2,9,11] [1,2,9,11]k", 0, 2, 3, false, false},
    {"Add; [1,9,11] [1,2,1,1,1]", 0, 1, 2, true, true},
    {"Add opset=6 broadcast=1 axis=1; [1,2,9,11] [2]k", 0, 2, 3, true, true},
    {"Pow; [1,2,9,11]{1..2} []k{3}", 0, 2, 3, true, true},
    {"Sum; [1,2,9,11] [1,2,9,11] [2,1,1]k", 1, 2, 3, true, true},
    {"PRelu; [1,2,9,11] [2,1,1]k", 0, 2, 3, true, true},
    {"Concat axis=1; [1,2,9,11] [1,3,9,11]", 1, 2, 3, true, true},
    {"Concat axis=3; [1,9,11,2] [1,9,11,1]", 0, 1, 2, true, true},
    {"Concat axis=2; [1,2,9,11] [1,2,4,11]", 0, 2, 3, false, false},
    {"Split axis=1 outputs=2; [1,4,9,11]", 0, 2, 3, true, true},
    {"Slice; [1,4,9,11] i[1]k{1} i[1]k{3} i[1]k{1}", 0, 2, 3, true, false},
    {"Slice; [1,4,9,11] i[1]k{1} i[1]k{8} i[1]k{2}", 0, 2, 3, false, false},
    {"Slice; [1,4,9,11] i[1]k{8} i[1]k{-100} i[1]k{2} i[1]k{-1}", 0, 2, 3, false, false},
    {"Transpose perm=[0,2,3,1]; [1,4,9,11]", 0, 2, 3, true, true},
    {"Transpose perm=[0,3,1,2]; [1,9,11,4]", 0, 1, 2, true, true},
    {"Transpose perm=[0,2,1,3,4]; [1,2,3,9,11]", 0, 3, 4, true, true},
    {"Transpose perm=[1,0,2,3]; [1,4,9,11]", 0, 2, 3, false, false},
    {"Gather axis=1; [1,4,9,11] i[]k{2}", 0, 2, 3, true, false},
    {"Gather axis=1; [1,4,9,11] i[2]k{2,0}", 0, 2, 3, true, false},
    {"Gather axis=3; [1,9,11,4] i[]k{1}", 0, 1, 2, true, false},
    {"Gather axis=2; [1,4,9,11] i[2]k{2,0}", 0, 2, 3, false, false},
    {"LayerNormalization axis=-1; [1,9,11,4] [4]k [4]k", 0, 1, 2, true, true},
    {"LayerNormalization axis=1; [1,4,9,11] [4,9,11]k [4,9,11]k", 0, 2, 3, false, false},
    {"MatMul; [1,9,11,4] [4,5]k", 0, 1, 2, true, true},
    {"MatMul; [1,4,9,11] [11,5]k", 0, 2, 3, false, false},
    {"ReduceMean axes=[1]; [1,4,9,11]", 0, 2, 3, true, true},
    {"ReduceMean axes=[1] keepdims=0; [1,4,9,11]", 0, 2, 3, true, true},
    {"ReduceL2 axes=[3]; [1,9,11,4]", 0, 1, 2, true, true},
    {"ReduceMax axes=[2,3]; [1,4,9,11]", 0, 2, 3, false, false},
    {"ReduceMean axes=[1,2,3]; [1,4,9,11]", 0, 2, 3, false, false},
    {"GlobalMaxPool; [1,4,9,11]", 0, 2, 3, false, false},
    {"InstanceNormalization; [1,4,9,11] [4]k [4]k", 0, 2, 3, false, false},
    {"Softmax axis=1; [1,4,9,11]", 0, 2, 3, false, false},
};

typedef struct scene {
    op_case *test;
    const example *example;
    camx__op_region region;
    camx__tensor tensors[2 * OP_MAX_TENSORS];
    const camx__tensor *inputs[OP_MAX_TENSORS];
    const camx__tensor *outputs[OP_MAX_TENSORS];
    bool varies[OP_MAX_TENSORS];
} scene;

static void open_scene(scene *s, const example *e)
{
    camx_status status;
    camx_error error;
    memset(s, 0, sizeof *s);
    s->example = e;
    s->test = op_open(e->line, &status, &error);
    ck_assert_msg(status == CAMX_OK, "%s: %s", e->line, error.message);
    s->region = (camx__op_region){.params = op_params_of(s->test),
                                  .input_count = op_input_count(s->test),
                                  .inputs = s->inputs,
                                  .varies = s->varies,
                                  .output_count = op_output_count(s->test),
                                  .outputs = s->outputs,
                                  .input = e->input,
                                  .axis = {e->rows, e->columns},
                                  .reach = {{1, 1, 1, 0}, {1, 1, 1, 0}}};
    for (int i = 0; i < s->region.input_count; i++) {
        const op_value *value = op_input_of(s->test, i);
        s->tensors[i] = (camx__tensor){.shape = value->shape, .elem = value->elem};
        s->inputs[i] = value->absent ? NULL : &s->tensors[i];
        s->varies[i] = !value->absent && !value->known;
    }
    for (int i = 0; i < s->region.output_count; i++) {
        const op_value *value = op_output_of(s->test, i);
        s->tensors[OP_MAX_TENSORS + i] = (camx__tensor){.shape = value->shape, .elem = value->elem};
        s->outputs[i] = &s->tensors[OP_MAX_TENSORS + i];
    }
}

static void run(scene *s)
{
    op_run how = {.packed = false};
    camx_error error;
    camx_status status = op_forward(s->test, &how, &error);
    ck_assert_msg(status == CAMX_OK, "%s: %s", s->example->line, error.message);
}

/* The index along an axis of element `at` of a plain tensor. */
static int64_t index_of(const camx__shape *shape, int64_t at, int axis)
{
    for (int i = shape->rank - 1; i > axis; i--)
        at /= shape->dim[i];
    return at % shape->dim[axis];
}

static void change(scene *s, const camx__range rectangle[2], uint64_t *state)
{
    op_value *value = op_input_of(s->test, s->example->input);
    const int axis[2] = {s->example->rows, s->example->columns};
    for (int64_t i = 0; i < camx__shape_count(&value->shape); i++) {
        bool inside = true;
        for (int k = 0; k < 2; k++) {
            int64_t at = index_of(&value->shape, i, axis[k]);
            inside &= at >= rectangle[k].from && at < rectangle[k].to;
        }
        if (inside)
            value->reals[i] += (real)(10.0 + op_random(state));
    }
}

/* Which rows or columns of an output changed. */
static camx__range changed_range(const op_value *value, const real *before, int axis)
{
    camx__range range = {value->shape.dim[axis], 0};
    for (int64_t i = 0; i < camx__shape_count(&value->shape); i++) {
        int64_t at = index_of(&value->shape, i, axis);
        if (value->reals[i] == before[i])
            continue;
        range.from = at < range.from ? at : range.from;
        range.to = at + 1 > range.to ? at + 1 : range.to;
    }
    return range;
}

static void check_output(const scene *s, const camx__op_region *found, const op_value *value, const real *before,
                         const camx__range rectangle[2])
{
    for (int k = 0; k < 2; k++) {
        camx__range named = camx__reach_results(&found->reach[k], rectangle[k], value->shape.dim[found->axis[k]]);
        camx__range changed = changed_range(value, before, found->axis[k]);
        camx__range seen = camx__reach_positions(&found->reach[k], named);
        if (changed.from >= changed.to)
            continue;
        ck_assert_msg(named.from <= changed.from && named.to >= changed.to,
                      "%s: %d..%d changes %d..%d along axis %d; the rule says %d..%d", s->example->line,
                      (int)rectangle[k].from, (int)rectangle[k].to, (int)changed.from, (int)changed.to, k,
                      (int)named.from, (int)named.to);
        ck_assert_msg(!s->example->tight || (named.from == changed.from && named.to == changed.to),
                      "%s: %d..%d changes only %d..%d along axis %d; the rule says %d..%d", s->example->line,
                      (int)rectangle[k].from, (int)rectangle[k].to, (int)changed.from, (int)changed.to, k,
                      (int)named.from, (int)named.to);
        ck_assert(seen.from < rectangle[k].to && seen.to > rectangle[k].from);
    }
}

static void try_rectangle(const example *e, const camx__range rectangle[2], uint64_t *state)
{
    scene s;
    real *before[OP_MAX_TENSORS] = {NULL};
    open_scene(&s, e);
    run(&s);
    camx__op_region found = s.region;
    ck_assert(op_row(s.test)->region(&found));
    for (int i = 0; i < s.region.output_count; i++) {
        size_t bytes = (size_t)camx__shape_count(&op_output_of(s.test, i)->shape) * sizeof(real);
        before[i] = malloc(bytes);
        memcpy(before[i], op_output_of(s.test, i)->reals, bytes);
    }
    change(&s, rectangle, state);
    run(&s);
    for (int i = 0; i < s.region.output_count; i++) {
        check_output(&s, &found, op_output_of(s.test, i), before[i], rectangle);
        free(before[i]);
    }
    op_close(s.test);
}

START_TEST(every_rule)
{
    const example *e = &examples[_i];
    uint64_t state = 7 + (uint64_t)_i;
    scene s;
    open_scene(&s, e);
    const camx__shape *shape = &s.tensors[e->input].shape;
    int64_t length[2] = {shape->dim[e->rows], shape->dim[e->columns]};
    camx__op_region found = s.region;
    const camx__op *op = op_row(s.test);
    ck_assert_msg((op->region != NULL && op->region(&found)) == e->rule, "%s", e->line);
    op_close(s.test);
    for (int round = 0; e->rule && round < 60; round++) {
        camx__range rectangle[2];
        for (int k = 0; k < 2; k++) {
            rectangle[k].from = (int64_t)(op_random(&state) * (double)length[k] * 0.999);
            rectangle[k].to = rectangle[k].from + 1 +
                              (int64_t)(op_random(&state) * (double)(length[k] - rectangle[k].from) * 0.999);
        }
        try_rectangle(e, rectangle, &state);
    }
}
END_TEST

/* Sums over all positions: the result moves by the factor times what was added. */
START_TEST(sums)
{
    static const example rows[] = {
        {"GlobalAveragePool; [1,3,9,11]", 0, 2, 3, true, true},
        {"ReduceMean axes=[2,3] keepdims=0; [1,3,9,11]", 0, 2, 3, true, true},
        {"ReduceMean axes=[1,2]; [1,9,11,3]", 0, 1, 2, true, true},
        {"ReduceSum opset=12 axes=[2,3]; [1,3,9,11]", 0, 2, 3, true, true},
    };
    scene s;
    open_scene(&s, &rows[_i]);
    camx__op_region found = s.region;
    ck_assert(op_row(s.test)->region(&found) && found.sums);
    ck_assert_double_eq_tol(found.factor, _i == 3 ? 1.0 : 1.0 / 99.0, 1e-12);
    run(&s);
    op_value *input = op_input_of(s.test, 0);
    real before[3];
    double added[3] = {0, 0, 0};
    memcpy(before, op_output_of(s.test, 0)->reals, sizeof before);
    for (int64_t i = 0; i < camx__shape_count(&input->shape); i += 7) {
        int64_t channel = index_of(&input->shape, i, _i == 2 ? 3 : 1);
        input->reals[i] += (real)2.0;
        added[channel] += 2.0;
    }
    run(&s);
    for (int c = 0; c < 3; c++)
        ck_assert_double_eq_tol((double)op_output_of(s.test, 0)->reals[c] - (double)before[c],
                                found.factor * added[c], 1e-5);
    op_close(s.test);
}
END_TEST

/* Results between the taps of a wide stride see nothing: the nearest one is named, never none. */
START_TEST(never_empty)
{
    camx__reach wide = {1, 4, 1, 0};
    camx__range range = camx__reach_results(&wide, (camx__range){1, 3}, 3);
    ck_assert(range.to == range.from + 1 && range.from >= 0 && range.to <= 3);
    range = camx__reach_results(&wide, (camx__range){9, 11}, 3);
    ck_assert(range.from == 2 && range.to == 3);
    range = camx__reach_results(&wide, (camx__range){8, 9}, 3);
    ck_assert(range.from == 2 && range.to == 3);
    camx__reach padded = {3, 1, 2, 4};
    range = camx__reach_positions(&padded, (camx__range){0, 2});
    ck_assert(range.from == -4 && range.to == 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regions");
    TCase *rules = tcase_create("rules");
    SRunner *runner = srunner_create(suite);
    tcase_add_loop_test(rules, every_rule, 0, (int)(sizeof examples / sizeof examples[0]));
    tcase_add_loop_test(rules, sums, 0, 4);
    tcase_add_test(rules, never_empty);
    suite_add_tcase(suite, rules);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
