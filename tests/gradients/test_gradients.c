/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every backward against central differences of its forward. The whole engine is compiled with
 * double for this, so that a difference of 1e-6 is a mistake and not rounding.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op_harness.h"

static const char *const cases[] = {
#include "gradient_cases.h"
};

enum { CASES = sizeof cases / sizeof cases[0] };

/* Operators without a gradient that are no ZERO_GRADIENT: what they give are integers, or
 * nothing of their inputs. */
static const char *const without[] = {"Constant", "ConstantOfShape", "Range", "Shape", "Size"};

static void fail_at(const char *line, const camx_error *error)
{
    ck_abort_msg("%s: %s", line, error->message);
}

/* ---- the scalar whose gradient is taken: the sum of the outputs times fixed random factors
 * ---- */

typedef struct subject {
    op_case *test;
    real *seeds[OP_MAX_TENSORS];
    real *slopes[OP_MAX_TENSORS]; /* central differences */
} subject;

static double score(subject *s)
{
    op_run run = {.layout = 0};
    camx_error error;
    double sum = 0;
    if (op_forward(s->test, &run, &error) != CAMX_OK)
        fail_at("forward", &error);
    for (int i = 0; i < op_output_count(s->test); i++) {
        const op_value *y = op_output_of(s->test, i);
        int64_t count = camx__shape_count(&y->shape);
        for (int64_t k = 0; y->reals != NULL && k < count; k++)
            sum += (double)y->reals[k] * (double)s->seeds[i][k];
    }
    return sum;
}

static void choose_seeds(subject *s)
{
    uint64_t state = 99;
    for (int i = 0; i < op_output_count(s->test); i++) {
        int64_t count = camx__shape_count(&op_output_of(s->test, i)->shape);
        s->seeds[i] = calloc((size_t)count + 1, sizeof(real));
        for (int64_t k = 0; k < count; k++)
            s->seeds[i][k] = (real)(2 * op_random(&state) - 1);
    }
}

static void differentiate(subject *s, int input)
{
    op_value *x = op_input_of(s->test, input);
    int64_t count = camx__shape_count(&x->shape);
    s->slopes[input] = calloc((size_t)count + 1, sizeof(real));
    for (int64_t k = 0; k < count; k++) {
        const real middle = x->reals[k];
        const double step = 1e-5;
        x->reals[k] = (real)((double)middle + step);
        double above = score(s);
        x->reals[k] = (real)((double)middle - step);
        double below = score(s);
        x->reals[k] = middle;
        s->slopes[input][k] = (real)((above - below) / (2 * step));
    }
}

static unsigned wanted_inputs(op_case *test)
{
    unsigned wanted = 0;
    for (int i = 0; i < op_input_count(test); i++)
        if (op_input_of(test, i)->wanted)
            wanted |= 1u << i;
    return wanted;
}

static subject open_subject(const char *line)
{
    subject s = {NULL, {NULL}, {NULL}};
    camx_status status;
    camx_error error;
    s.test = op_open(line, &status, &error);
    if (status != CAMX_OK)
        fail_at(line, &error);
    ck_assert_msg(op_row(s.test)->backward != NULL, "%s: there is no backward", line);
    ck_assert_msg(wanted_inputs(s.test) != 0, "%s: no gradient is wanted", line);
    choose_seeds(&s);
    for (int i = 0; i < op_input_count(s.test); i++)
        if (op_input_of(s.test, i)->wanted && op_input_of(s.test, i)->same_as < 0)
            differentiate(&s, i);
    (void)score(&s); /* leaves the outputs of the unchanged inputs */
    return s;
}

static void close_subject(subject *s)
{
    for (int i = 0; i < OP_MAX_TENSORS; i++) {
        free(s->seeds[i]);
        free(s->slopes[i]);
    }
    op_close(s->test);
}

/* ---- comparisons ---- */

static void compare(subject *s, const op_run *run, const char *line)
{
    for (int i = 0; i < op_input_count(s->test); i++) {
        const op_value *x = op_input_of(s->test, i);
        if (!(run->wanted >> i & 1) || x->same_as >= 0)
            continue;
        const real *found = op_gradient_of(s->test, i);
        int64_t count = camx__shape_count(&x->shape);
        double largest = 0;
        for (int64_t k = 0; k < count; k++)
            largest = fmax(largest, fabs((double)s->slopes[i][k]));
        for (int64_t k = 0; k < count; k++) {
            double expected = (double)s->slopes[i][k];
            double allowed = 1e-6 * (fabs(expected) + largest) + 1e-9;
            if (!(fabs((double)found[k] - expected) <= allowed))
                ck_abort_msg("%s\n  layout %d, packed %d, accumulate %d, wanted %u, threads %d: "
                             "the gradient of "
                             "input %d at %lld is %.12g, differences say %.12g",
                             line, run->layout, run->packed, run->accumulate, run->wanted,
                             camx__pool_width(run->pool), i, (long long)k, (double)found[k],
                             expected);
        }
    }
}

static void check_run(subject *s, op_run run, const char *line)
{
    camx_error error;
    if (op_backward(s->test, &run, s->seeds, &error) != CAMX_OK)
        fail_at(line, &error);
    compare(s, &run, line);
}

/* All wanted inputs together, and each alone. An input that occurs twice is wanted at both
 * places. */
static void check_wanted(subject *s, op_run run, const char *line)
{
    unsigned all = wanted_inputs(s->test);
    run.wanted = all;
    check_run(s, run, line);
    for (int i = 0; i < op_input_count(s->test); i++) {
        unsigned alone = 1u << i;
        for (int k = 0; k < op_input_count(s->test); k++)
            if (op_input_of(s->test, k)->same_as >= 0)
                alone = 0;
        if ((all & alone) == 0 || alone == all)
            continue;
        run.wanted = alone;
        check_run(s, run, line);
    }
}

START_TEST(every_case)
{
    const char *line = cases[_i];
    subject s = open_subject(line);
    camx__memory memory;
    camx__pool *pool = NULL;
    int packings = op_row(s.test)->weight_input > 0 ? 2 : 1;
    camx__memory_init(&memory, NULL, 0);
    ck_assert_int_eq(camx__pool_open(&memory, 3, NULL, NULL, &pool, NULL), CAMX_OK);
    for (int layout = 0; layout < op_layout_count(s.test); layout++)
        for (int way = 0; way < 2 * packings; way++) {
            op_run run = {.layout = layout, .accumulate = way & 1, .packed = way >> 1 & 1};
            check_wanted(&s, run, line);
            run.pool = pool;
            check_wanted(&s, run, line);
        }
    camx__pool_release(pool);
    close_subject(&s);
}
END_TEST

/* ---- every forward gives the same numbers in every layout ---- */

START_TEST(every_layout)
{
    const char *line = cases[_i];
    subject s = open_subject(line);
    double expected = score(&s);
    camx__memory memory;
    camx__pool *pool = NULL;
    camx__memory_init(&memory, NULL, 0);
    ck_assert_int_eq(camx__pool_open(&memory, 3, NULL, NULL, &pool, NULL), CAMX_OK);
    for (int layout = 0; layout < op_layout_count(s.test); layout++)
        for (int way = 0; way < 8; way++) {
            op_run run = {.layout = layout,
                          .packed = way & 1,
                          .in_place = way >> 1 & 1,
                          .pool = way & 4 ? pool : NULL};
            bool same =
                camx__shape_equal(&op_input_of(s.test, 0)->shape, &op_output_of(s.test, 0)->shape);
            bool twice = op_input_count(s.test) > 1 && op_input_of(s.test, 1)->same_as >= 0;
            double sum = 0;
            camx_error error;
            if (run.in_place && (!same || twice || !(op_row(s.test)->traits & CAMX__OP_IN_PLACE)))
                continue;
            if (op_forward(s.test, &run, &error) != CAMX_OK)
                fail_at(line, &error);
            for (int i = 0; i < op_output_count(s.test); i++) {
                const op_value *y = op_output_of(s.test, i);
                for (int64_t k = 0; y->reals != NULL && k < camx__shape_count(&y->shape); k++)
                    sum += (double)y->reals[k] * (double)s.seeds[i][k];
            }
            if (!(fabs(sum - expected) <= 1e-10 * (1 + fabs(expected))))
                ck_abort_msg("%s: layout %d, packed %d, in place %d: %.15g instead of %.15g", line,
                             layout, run.packed, run.in_place, sum, expected);
        }
    camx__pool_release(pool);
    close_subject(&s);
}
END_TEST

/* ---- the table is covered ---- */

static bool has_case(const char *name)
{
    size_t length = strlen(name);
    for (int i = 0; i < CASES; i++)
        if (strncmp(cases[i], name, length) == 0 && strchr(" ;", cases[i][length]) != NULL)
            return true;
    return false;
}

static bool is_without(const char *name)
{
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        if (strcmp(without[i], name) == 0)
            return true;
    return false;
}

START_TEST(every_operator_has_a_case)
{
    for (size_t i = 0; camx__op_at(i) != NULL; i++) {
        const camx__op *op = camx__op_at(i);
        bool zero = (op->traits & CAMX__OP_ZERO_GRADIENT) != 0;
        if (op->backward != NULL) {
            ck_assert_msg(!zero, "%s has a backward, but says that its gradient is zero", op->name);
            ck_assert_msg(has_case(op->name), "%s has a backward, but no line in gradient_cases.h",
                          op->name);
        } else {
            ck_assert_msg(zero || is_without(op->name),
                          "%s has no backward, and its gradient is not zero", op->name);
        }
    }
}
END_TEST

START_TEST(table_is_in_order)
{
    for (size_t i = 0; camx__op_at(i) != NULL; i++) {
        const camx__op *op = camx__op_at(i);
        ck_assert_msg(i == 0 || strcmp(camx__op_at(i - 1)->name, op->name) < 0,
                      "%s is out of order", op->name);
        ck_assert_ptr_eq(camx__op_find(op->name), op);
        ck_assert(op->bind != NULL && op->forward != NULL && op->max_outputs >= 1);
        ck_assert_msg(op->weight_input == 0 || op->pack != NULL,
                      "%s has weights and cannot pack them", op->name);
    }
    ck_assert_ptr_null(camx__op_find("Nothing"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gradients");
    TCase *table = tcase_create("table");
    TCase *all = tcase_create("cases");
    tcase_set_timeout(all, 120);
    tcase_add_test(table, every_operator_has_a_case);
    tcase_add_test(table, table_is_in_order);
    tcase_add_loop_test(all, every_case, 0, CASES);
    tcase_add_loop_test(all, every_layout, 0, CASES);
    suite_add_tcase(suite, table);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
