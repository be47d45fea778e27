/* SPDX-License-Identifier: Apache-2.0 */
/* Copies and sums between memory orders, activations and arithmetic, against plain loops through
 * strides. */
#include "kernels_support.h"

#include "kernels/rows.h"
#include "kernels/vectors.h"

/* A tensor of this shape with room around it; every byte of storage is set. */
typedef struct held {
    camx__tensor tensor;
    unsigned char *all;
    size_t bytes;
} held;

enum { ROOM = 256 };

static held hold(const camx__shape *shape, camx__elem elem, bool channels_last, int64_t gap)
{
    held h = {.tensor = {.shape = *shape, .elem = elem, .order = CAMX__PLAIN}};
    if (channels_last && shape->rank >= 3) {
        h.tensor.order = CAMX__CHANNELS_LAST;
        h.tensor.pitch = shape->dim[1] + gap;
    }
    h.bytes = camx__tensor_bytes(&h.tensor);
    h.all = aligned_alloc(64, (h.bytes + 2 * ROOM + 63) / 64 * 64);
    ck_assert_ptr_nonnull(h.all);
    memset(h.all, 0x41, h.bytes + 2 * ROOM);
    h.tensor.data = h.all + ROOM;
    return h;
}

/* Calls visit with the place of every element of two tensors of one shape. */
typedef void visit_fn(const camx__tensor *a, int64_t at_a, const camx__tensor *b, int64_t at_b);

static void visit_all(const camx__tensor *a, const camx__tensor *b, visit_fn *visit)
{
    int64_t strides_a[CAMX__MAX_RANK];
    int64_t strides_b[CAMX__MAX_RANK];
    camx__tensor_strides(a, strides_a);
    camx__tensor_strides(b, strides_b);
    int64_t count = camx__shape_count(&a->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t left = i;
        int64_t at_a = 0;
        int64_t at_b = 0;
        for (int d = a->shape.rank - 1; d >= 0; d--) {
            at_a += left % a->shape.dim[d] * strides_a[d];
            at_b += left % a->shape.dim[d] * strides_b[d];
            left /= a->shape.dim[d];
        }
        visit(a, at_a, b, at_b);
    }
}

static void fill(const camx__tensor *a, int64_t at_a, const camx__tensor *b, int64_t at_b)
{
    (void)b, (void)at_b;
    if (camx__elem_is_real(a->elem))
        camx__reals(a)[at_a] = any_real();
    else
        camx__ints(a)[at_a] = (int64_t)draw();
}

static void copy_one(const camx__tensor *x, int64_t at_x, const camx__tensor *y, int64_t at_y)
{
    if (camx__elem_is_real(x->elem))
        camx__reals(y)[at_y] = camx__reals(x)[at_x];
    else
        camx__ints(y)[at_y] = camx__ints(x)[at_x];
}

static void add_one(const camx__tensor *x, int64_t at_x, const camx__tensor *y, int64_t at_y)
{
    camx__reals(y)[at_y] += camx__reals(x)[at_x];
}

/* Runs both ways and wants every byte of y, gaps and surroundings included, to be equal. */
static void check_transfer(const camx__shape *shape, camx__elem elem, int orders, int64_t gap)
{
    held x = hold(shape, elem, orders & 1, gap);
    held y = hold(shape, elem, orders & 2, gap / 2);
    held want = hold(shape, elem, orders & 2, gap / 2);
    camx__pool *pool = pools[between(0, 3)];
    visit_all(&x.tensor, &x.tensor, fill);
    visit_all(&y.tensor, &y.tensor, fill);
    memcpy(want.all, y.all, y.bytes + 2 * ROOM);
    visit_all(&x.tensor, &want.tensor, copy_one);
    camx__rows_copy(pool, &x.tensor, &y.tensor);
    ck_assert_msg(memcmp(y.all, want.all, y.bytes + 2 * ROOM) == 0, "copy, orders %d, gap %d",
                  orders, (int)gap);
    if (camx__elem_is_real(elem)) {
        visit_all(&x.tensor, &want.tensor, add_one);
        camx__rows_add_to(pool, &x.tensor, &y.tensor, true);
        ck_assert_msg(memcmp(y.all, want.all, y.bytes + 2 * ROOM) == 0, "add, orders %d, gap %d",
                      orders, (int)gap);
        visit_all(&x.tensor, &want.tensor, copy_one);
        camx__rows_add_to(pool, &x.tensor, &y.tensor, false);
        ck_assert_msg(memcmp(y.all, want.all, y.bytes + 2 * ROOM) == 0, "set, orders %d, gap %d",
                      orders, (int)gap);
    }
    free(x.all);
    free(y.all);
    free(want.all);
}

static const camx__shape shapes[] = {{4, {2, 3, 5, 7}},    {4, {1, 3, 224, 224}},
                                     {4, {1, 70, 19, 23}}, {3, {2, 33, 40}},
                                     {4, {1, 1, 9, 9}},    {4, {3, 17, 1, 1}},
                                     {5, {2, 4, 3, 2, 5}}, {2, {7, 9}},
                                     {1, {100000}},        {0, {0}},
                                     {4, {0, 3, 4, 4}},    {4, {2, 0, 4, 4}},
                                     {4, {1, 2048, 7, 7}}, {4, {2, 16, 33, 3}}};

START_TEST(test_transfers)
{
    pools_open();
    seed((uint64_t)_i + 1);
    for (int orders = 0; orders < 4; orders++)
        for (int64_t gap = 0; gap < 6; gap += 5) {
            check_transfer(&shapes[_i], CAMX__ELEM_FLOAT, orders, gap);
            check_transfer(&shapes[_i], CAMX__ELEM_INT64, orders, gap);
        }
    pools_close();
}
END_TEST

static double exact(int act, double low, double high, double x)
{
    double gate = low * x + high;
    gate = gate < 0 ? 0 : gate > 1 ? 1 : gate;
    switch (act) {
    case CAMX__ACT_RELU:
        return x < 0 ? 0 : x;
    case CAMX__ACT_CLIP:
        return x < low ? low : x > high ? high : x;
    case CAMX__ACT_SILU:
        return x / (1 + exp(-x));
    case CAMX__ACT_HARDSWISH:
        return x * gate;
    case CAMX__ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case CAMX__ACT_HARDSIGMOID:
        return gate;
    default:
        return x;
    }
}

/* Within a few units in the last place over the whole range, except where exp(-x) is above the
 * largest number and the result so small that nobody misses it. */
static void check_activation(int act, const real *x, int64_t count)
{
    static const double low[] = {0, 0, -0.5, 0, 1.0 / 6, 0, 0.2};
    static const double high[] = {0, 0, 0.75, 0, 0.5, 0, 0.5};
    real *y = malloc((size_t)(count + 2) * sizeof(real));
    ck_assert_ptr_nonnull(y);
    y[0] = y[count + 1] = 42;
    camx__rows_activation((camx__activation)act, (real)low[act], (real)high[act], x, y + 1, count);
    for (int64_t i = 0; i < count; i++) {
        double have = (double)y[i + 1];
        double want = exact(act, (double)(real)low[act], (double)(real)high[act], (double)x[i]);
        double allowed = 4 * REAL_EPSILON * fabs(want) + 1e-36;
        if (act == CAMX__ACT_HARDSWISH || act == CAMX__ACT_HARDSIGMOID)
            allowed += 2 * REAL_EPSILON * (fabs((double)x[i]) + 1);
        bool same = want != want ? have != have : have == want || fabs(have - want) <= allowed;
        ck_assert_msg(same, "activation %d of %.9g: %.9g, not %.9g", act, (double)x[i], have, want);
    }
    ck_assert(y[0] == 42 && y[count + 1] == 42);
    /* In place. */
    real *z = malloc((size_t)(count + 1) * sizeof(real));
    ck_assert_ptr_nonnull(z);
    memcpy(z, x, (size_t)count * sizeof(real));
    camx__rows_activation((camx__activation)act, (real)low[act], (real)high[act], z, z, count);
    ck_assert(memcmp(z, y + 1, (size_t)count * sizeof(real)) == 0);
    free(z);
    free(y);
}

START_TEST(test_activations)
{
    enum { COUNT = 4001 };
    static real x[COUNT];
    seed(3);
    for (int i = 0; i < COUNT; i++)
        x[i] = (real)((i - COUNT / 2) * (i % 3 == 0 ? 0.05 : i % 3 == 1 ? 0.003 : 1e-6));
    x[7] = (real)NAN;
    x[8] = (real)INFINITY;
    x[9] = -(real)INFINITY;
    x[10] = -(real)0;
    for (int isa = 0; isa <= (int)camx__cpu_isa(); isa++) {
        camx__vectors_choose((camx__isa)isa);
        for (int act = 0; act <= 6; act++) {
            check_activation(act, x, COUNT);
            for (int64_t count = 0; count < 40; count++)
                check_activation(act, x + 5, count);
        }
    }
}
END_TEST

static double exact_binary(int op, double a, double b)
{
    switch (op) {
    case CAMX__ADD:
        return a + b;
    case CAMX__SUB:
        return a - b;
    case CAMX__MUL:
        return a * b;
    case CAMX__DIV:
        return a / b;
    case CAMX__MAX:
        return a != a || b != b ? (double)NAN : a > b ? a : b;
    default:
        return a != a || b != b ? (double)NAN : a < b ? a : b;
    }
}

START_TEST(test_arithmetic)
{
    enum { COUNT = 67 };
    real a[COUNT], b[COUNT], y[COUNT + 1];
    seed(4);
    for (int i = 0; i < COUNT; i++) {
        a[i] = any_real();
        b[i] = any_real();
    }
    a[3] = b[5] = (real)NAN;
    a[6] = (real)INFINITY;
    for (int isa = 0; isa <= (int)camx__cpu_isa(); isa++)
        for (int op = CAMX__ADD; op <= CAMX__MIN; op++)
            for (int steps = 0; steps < 4; steps++) {
                int step_a = steps & 1;
                int step_b = steps >> 1;
                camx__vectors_choose((camx__isa)isa);
                y[COUNT] = 42;
                camx__rows_binary((camx__binary)op, a, step_a, b, step_b, y, COUNT);
                for (int i = 0; i < COUNT; i++) {
                    double want = (double)(real)exact_binary(op, (double)a[i * step_a],
                                                             (double)b[i * step_b]);
                    double have = (double)y[i];
                    ck_assert_msg(want != want ? have != have : have == want, "%d: %g, not %g", op,
                                  have, want);
                }
                ck_assert(y[COUNT] == 42);
            }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels/rows");
    TCase *tests = tcase_create("rows");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, test_transfers, 0, (int)(sizeof shapes / sizeof shapes[0]));
    tcase_add_test(tests, test_activations);
    tcase_add_test(tests, test_arithmetic);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
