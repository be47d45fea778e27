/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products against plain double loops: every back end and instruction set, tails, pitches,
 * guards, all activations, packing from every kind of source, thread counts. */
#include "kernels_support.h"

#include "kernels/gemm_backend.h"

typedef struct matrix_case {
    int64_t m, n, k;
    buffer a, c, residual;
    real *b; /* [k, n] */
    real *bias, *scale;
} matrix_case;

static real *random_reals(int64_t count)
{
    real *numbers = malloc((size_t)(count + 1) * sizeof(real));
    ck_assert_ptr_nonnull(numbers);
    for (int64_t i = 0; i < count; i++)
        numbers[i] = any_real();
    return numbers;
}

/* All back ends, and with them those for few rows. */
static int every_gemm(const camx__gemm *list[16])
{
    int count = all_gemms(list);
    int more = count;
    for (int i = 0; i < count; i++)
        if (camx__gemm_dense(list[i], 1, 1, 1) != list[i])
            list[more++] = camx__gemm_dense(list[i], 1, 1, 1);
    return more;
}

static void case_open(matrix_case *t, int64_t m, int64_t n, int64_t k)
{
    *t = (matrix_case){.m = m, .n = n, .k = k};
    t->a = buffer_new(m, k, k + (draw() % 2 ? between(1, 30) : 0), (real)NAN);
    t->c = buffer_new(m, n, n + (draw() % 2 ? between(1, 30) : 0), 777);
    t->residual = buffer_new(m, n, n + between(0, 9), (real)NAN);
    t->b = random_reals(k * n);
    t->bias = random_reals(n);
    t->scale = draw() % 2 ? random_reals(n) : NULL;
}

static void case_close(matrix_case *t)
{
    buffer_free(&t->a);
    buffer_free(&t->c);
    buffer_free(&t->residual);
    free(t->b);
    free(t->bias);
    free(t->scale);
}

static void *aligned_bytes(size_t bytes)
{
    void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

/* Packs B in one of three ways; they must give the same bits. */
static unsigned char *pack(const matrix_case *t, const camx__gemm *gemm, int way)
{
    size_t bytes = camx__gemm_packed_bytes(gemm, t->n, t->k);
    unsigned char *packed = aligned_bytes(bytes + 1);
    real *turned = malloc((size_t)(t->n * t->k + 1) * sizeof(real));
    ck_assert_ptr_nonnull(turned);
    packed[bytes] = 0x5a;
    for (int64_t p = 0; p < t->k; p++)
        for (int64_t j = 0; j < t->n; j++)
            turned[j * t->k + p] = t->b[p * t->n + j] * (way == 2 && t->scale ? t->scale[j] : 1);
    if (way == 0)
        ck_assert_int_eq(camx__gemm_pack(gemm, &support_memory, t->n, t->k, false, read_reals, t->b,
                                         t->scale, packed, NULL),
                         CAMX_OK);
    else if (way == 1)
        ck_assert_int_eq(camx__gemm_pack(gemm, &support_memory, t->n, t->k, true, read_reals,
                                         turned, t->scale, packed, NULL),
                         CAMX_OK);
    else
        camx__gemm_pack_strided(gemm, t->n, t->k, turned, 1, t->k, packed);
    ck_assert_msg(packed[bytes] == 0x5a, "%s: packing over-run", gemm_name(gemm));
    free(turned);
    return packed;
}

static double exact_activation(const camx__epilogue *e, double x)
{
    double gate = (double)e->low * x + (double)e->high;
    gate = gate < 0 ? 0 : gate > 1 ? 1 : gate;
    switch (e->activation) {
    case CAMX__ACT_RELU:
        return x < 0 ? 0 : x;
    case CAMX__ACT_CLIP:
        return x < (double)e->low ? (double)e->low : x > (double)e->high ? (double)e->high : x;
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

static camx__epilogue random_epilogue(const matrix_case *t)
{
    static const double low[] = {0, 0, -0.5, 0, 1.0 / 6, 0, 0.2};
    static const double high[] = {0, 0, 0.75, 0, 0.5, 0, 0.5};
    int act = (int)between(0, 6);
    camx__epilogue e = {
        .activation = (camx__activation)act, .low = (real)low[act], .high = (real)high[act]};
    if (draw() % 3)
        e.bias = t->bias;
    if (draw() % 2) {
        e.residual = t->residual.data;
        e.residual_pitch = t->residual.pitch;
    }
    return e;
}

/* residual: what e->residual held before the run (it may have been overwritten by the result). */
static void compare(const matrix_case *t, const camx__gemm *gemm, const camx__epilogue *e,
                    const buffer *before, const buffer *residual)
{
    for (int64_t i = 0; i < t->m; i++)
        for (int64_t j = 0; j < t->n; j++) {
            double want = 0;
            double size = 1;
            for (int64_t p = 0; p < t->k; p++) {
                double product = (double)t->a.data[i * t->a.pitch + p] *
                                 (double)t->b[p * t->n + j] * (t->scale ? (double)t->scale[j] : 1);
                want += product;
                size += fabs(product);
            }
            if (before)
                want += (double)before->data[i * before->pitch + j];
            if (e && e->bias)
                want += (double)e->bias[j];
            if (e && e->residual)
                want += (double)residual->data[i * residual->pitch + j];
            if (e)
                want = exact_activation(e, want);
            double have = (double)t->c.data[i * t->c.pitch + j];
            ck_assert_msg(fabs(have - want) <= 8 * REAL_EPSILON * size,
                          "%s: m %lld n %lld k %lld activation %d: [%lld, %lld] is %.9g, not %.9g",
                          gemm_name(gemm), (long long)t->m, (long long)t->n, (long long)t->k,
                          e ? (int)e->activation : -1, (long long)i, (long long)j, have, want);
        }
    ck_assert_msg(buffer_is_intact(&t->c), "%s: m %lld n %lld k %lld: wrote outside",
                  gemm_name(gemm), (long long)t->m, (long long)t->n, (long long)t->k);
}

/* All ways to compute one product. */
static void check_product(matrix_case *t, const camx__gemm *gemm)
{
    camx__epilogue e = random_epilogue(t);
    bool accumulate = draw() % 3 == 0;
    unsigned char *packed = pack(t, gemm, 0);
    buffer before = buffer_copy(&t->c);
    buffer first = before;
    int other = (int)between(1, 3);
    for (int i = 0; i < 4; i = i == 0 ? other : 4) {
        buffer_restore(&t->c, &before);
        camx__gemm_run(gemm, pools[i], t->m, t->n, t->k, t->a.data, t->a.pitch, packed, t->c.data,
                       t->c.pitch, &e, accumulate);
        if (i == 0) {
            compare(t, gemm, accumulate ? NULL : &e, accumulate ? &before : NULL, &t->residual);
            first = buffer_copy(&t->c);
        }
        ck_assert_msg(buffer_is_same(&first, &t->c), "%s: other bits with %d threads",
                      gemm_name(gemm), thread_counts[i]);
    }
    buffer_restore(&t->c, &before);
    camx__gemm_block(gemm, t->m, t->n, t->k, t->a.data, t->a.pitch, packed, t->c.data, t->c.pitch,
                     &e, accumulate);
    if (camx__gemm_backend(gemm) == CAMX_GEMM_BLAS)
        compare(t, gemm, accumulate ? NULL : &e, accumulate ? &before : NULL, &t->residual);
    else
        ck_assert_msg(buffer_is_same(&first, &t->c), "%s: a block has other bits", gemm_name(gemm));
    buffer_restore(&t->c, &before);
    buffer_free(&first);
    buffer_free(&before);
    free(packed);
}

/* The residual may be the result itself. */
static void check_in_place(matrix_case *t, const camx__gemm *gemm)
{
    camx__epilogue e = random_epilogue(t);
    unsigned char *packed = pack(t, gemm, 1);
    buffer before = buffer_copy(&t->c);
    e.residual = t->c.data;
    e.residual_pitch = t->c.pitch;
    camx__gemm_run(gemm, pools[1], t->m, t->n, t->k, t->a.data, t->a.pitch, packed, t->c.data,
                   t->c.pitch, &e, false);
    compare(t, gemm, &e, NULL, &before);
    buffer_restore(&t->c, &before);
    buffer_free(&before);
    free(packed);
}

static void check_packing(const matrix_case *t, const camx__gemm *gemm)
{
    unsigned char *first = pack(t, gemm, 0);
    for (int way = 1; way < 3; way++) {
        unsigned char *other = pack(t, gemm, way);
        ck_assert_msg(memcmp(first, other, camx__gemm_packed_bytes(gemm, t->n, t->k)) == 0,
                      "%s: packing way %d differs", gemm_name(gemm), way);
        free(other);
    }
    free(first);
}

static void check_all(int64_t m, int64_t n, int64_t k)
{
    const camx__gemm *gemms[16];
    int count = every_gemm(gemms);
    matrix_case t;
    case_open(&t, m, n, k);
    for (int i = 0; i < count; i++) {
        check_product(&t, gemms[i]);
        check_in_place(&t, gemms[i]);
        check_packing(&t, gemms[i]);
    }
    case_close(&t);
}

START_TEST(test_random_products)
{
    pools_open();
    for (uint64_t i = 0; i < 60; i++) {
        seed(100 * (uint64_t)(_i + 1) + i);
        check_all(between(1, 50), between(1, 100), between(1, 90));
    }
    pools_close();
}
END_TEST

/* Every height of a tile with every width of a last panel. */
START_TEST(test_every_tail)
{
    pools_open();
    seed(9);
    for (int64_t m = 1; m <= 15; m++)
        for (int64_t n = 1; n <= 65; n += m % 3 + 1)
            check_all(m, n, 5);
    pools_close();
}
END_TEST

static const int64_t edges[][3] = {
    {1, 1, 1},     {3, 7, 0},      {0, 7, 3},      {7, 0, 3},      {1, 1000, 1280}, {2, 513, 300},
    {4, 64, 4096}, {300, 33, 129}, {49, 512, 70},  {1000, 1, 64},  {1, 1, 10000},   {700, 16, 17},
    {65, 65, 257}, {128, 96, 300}, {29, 70, 1024}, {15, 33, 2048}, {31, 16, 1024},  {9, 100, 1030}};

START_TEST(test_edges)
{
    pools_open();
    seed((uint64_t)_i + 3);
    check_all(edges[_i][0], edges[_i][1], edges[_i][2]);
    pools_close();
}
END_TEST

/* Parts with rising k give the bits of the whole. */
START_TEST(test_sums_in_parts)
{
    const camx__gemm *gemms[8];
    int count = all_gemms(gemms);
    pools_open();
    seed(31);
    for (int i = 0; i < count; i++) {
        matrix_case t;
        if (camx__gemm_backend(gemms[i]) == CAMX_GEMM_BLAS)
            continue;
        case_open(&t, 19, 75, 100);
        camx__epilogue e = random_epilogue(&t);
        unsigned char *packed = pack(&t, gemms[i], 0);
        camx__gemm_part part = {.n = t.n,
                                .k = t.k,
                                .m = t.m,
                                .n_count = t.n,
                                .lda = t.a.pitch,
                                .packed = packed,
                                .c = t.c.data,
                                .ldc = t.c.pitch};
        for (int64_t k = 0; k < t.k; k += 37) {
            part.k_first = k;
            part.k_count = t.k - k < 37 ? t.k - k : 37;
            part.a = t.a.data + k;
            part.accumulate = k > 0;
            part.epilogue = k + 37 >= t.k ? &e : NULL;
            gemms[i]->part(&part);
        }
        buffer whole = buffer_copy(&t.c);
        camx__gemm_block(gemms[i], t.m, t.n, t.k, t.a.data, t.a.pitch, packed, t.c.data, t.c.pitch,
                         &e, false);
        ck_assert_msg(buffer_is_same(&whole, &t.c), "%s", gemm_name(gemms[i]));
        buffer_free(&whole);
        free(packed);
        case_close(&t);
    }
    pools_close();
}
END_TEST

/* Numbers that are none must not be hidden by any activation. */
START_TEST(test_nan_and_infinity)
{
    const camx__gemm *gemms[16];
    int count = every_gemm(gemms);
    static const real specials[3] = {(real)NAN, (real)INFINITY, -(real)INFINITY};
    for (int i = 0; i < count; i++)
        for (int act = 0; act <= 6; act++)
            for (int which = 0; which < 3; which++)
                for (int64_t n = 3; n <= 40; n += 29) {
                    real a[2] = {1, 1};
                    real b[80] = {0};
                    real c[80];
                    camx__epilogue e = {
                        .activation = (camx__activation)act, .low = (real)0.25, .high = (real)0.5};
                    b[1] = specials[which];
                    void *packed = aligned_bytes(camx__gemm_packed_bytes(gemms[i], n, 2));
                    camx__gemm_pack_strided(gemms[i], n, 2, b, n, 1, packed);
                    camx__gemm_block(gemms[i], 1, n, 2, a, 2, packed, c, n, &e, false);
                    double want = exact_activation(&e, (double)specials[which]);
                    if (which == 0)
                        want = (double)NAN;
                    ck_assert_msg(want != want ? c[1] != c[1] : (double)c[1] == want,
                                  "%s activation %d of %g: %g, not %g", gemm_name(gemms[i]), act,
                                  (double)specials[which], (double)c[1], want);
                    ck_assert(c[0] == c[0] && c[2] == c[2]);
                    free(packed);
                }
}
END_TEST

/* t->c [m, n] times B^T into `result` [m, k], against plain loops. */
static void check_turned(const matrix_case *t, const camx__gemm *gemm, const void *packed, camx__pool *pool,
                         buffer *result, bool accumulate)
{
    size_t bytes = camx__gemm_turned_scratch(t->n);
    unsigned char *scratch = aligned_bytes(bytes + 1);
    buffer before = buffer_copy(result);
    scratch[bytes] = 0x5a;
    camx__gemm_run_turned(gemm, pool, t->m, t->n, t->k, t->c.data, t->c.pitch, packed, result->data, result->pitch,
                          accumulate, scratch);
    ck_assert(scratch[bytes] == 0x5a && buffer_is_intact(result));
    for (int64_t i = 0; i < t->m; i++)
        for (int64_t p = 0; p < t->k; p++) {
            double want = accumulate ? (double)before.data[i * before.pitch + p] : 0;
            double size = 1;
            for (int64_t j = 0; j < t->n; j++) {
                double product = (double)t->c.data[i * t->c.pitch + j] * (double)t->b[p * t->n + j] *
                                 (t->scale ? (double)t->scale[j] : 1);
                want += product;
                size += fabs(product);
            }
            double have = (double)result->data[i * result->pitch + p];
            ck_assert_msg(fabs(have - want) <= 8 * REAL_EPSILON * size, "%s turned: m %lld n %lld k %lld: %g, not %g",
                          gemm_name(gemm), (long long)t->m, (long long)t->n, (long long)t->k, have, want);
        }
    buffer_free(&before);
    free(scratch);
}

START_TEST(test_turned_products)
{
    const camx__gemm *gemms[16];
    int count = every_gemm(gemms);
    int turned = 0;
    pools_open();
    seed(77);
    for (int round = 0; round < 40; round++) {
        matrix_case t;
        case_open(&t, between(1, 7), between(1, 150), round % 8 == 7 ? between(600, 3000) : between(1, 200));
        /* A gradient of one score, a single number that is not zero; and one through a ReLU. */
        for (int64_t i = 0; round % 3 != 2 && i < t.m; i++)
            for (int64_t j = 0; j < t.n; j++)
                t.c.data[i * t.c.pitch + j] = round % 3 == 0 ? (real)(j == (round + i) % t.n) : draw() % 2 ? any_real() : 0;
        for (int i = 0; i < count; i++) {
            if (!camx__gemm_can_turn(gemms[i]))
                continue;
            unsigned char *packed = pack(&t, gemms[i], 1);
            buffer first = buffer_new(t.m, t.k, t.k + between(0, 5), 31);
            buffer second = buffer_copy(&first);
            check_turned(&t, gemms[i], packed, NULL, &first, round % 2);
            check_turned(&t, gemms[i], packed, pools[1], &second, round % 2);
            ck_assert(buffer_is_same(&first, &second));
            buffer_free(&first);
            buffer_free(&second);
            free(packed);
            turned++;
        }
        case_close(&t);
    }
    ck_assert_int_gt(turned, 0);
    pools_close();
}
END_TEST

START_TEST(test_the_table)
{
    ck_assert_ptr_nonnull(camx__gemm_get(CAMX_GEMM_AUTO, camx__cpu_isa()));
    ck_assert_ptr_nonnull(camx__gemm_get(CAMX_GEMM_BUILTIN, CAMX__ISA_BASELINE));
    ck_assert_ptr_null(camx__gemm_get(99, CAMX__ISA_BASELINE));
    ck_assert_int_ne(camx__gemm_backend(camx__gemm_get(CAMX_GEMM_AUTO, CAMX__ISA_BASELINE)),
                     CAMX_GEMM_AUTO);
    ck_assert_ptr_eq(camx__gemm_get(CAMX_GEMM_PACKED, CAMX__ISA_BASELINE),
                     camx__gemm_get(CAMX_GEMM_PACKED, CAMX__ISA_BASELINE));
    ck_assert_int_eq(camx__gemm_isa(camx__gemm_get(CAMX_GEMM_PACKED, CAMX__ISA_BASELINE)),
                     CAMX__ISA_BASELINE);
}
END_TEST

static camx_status refuse_to_read(void *context, int64_t first, int64_t count, real *out,
                                  camx_error *error)
{
    (void)context, (void)first, (void)count, (void)out, (void)error;
    return CAMX_E_IO;
}

START_TEST(test_packing_hands_on_failures)
{
    const camx__gemm *gemm = camx__gemm_get(CAMX_GEMM_AUTO, CAMX__ISA_BASELINE);
    void *packed = aligned_bytes(camx__gemm_packed_bytes(gemm, 50, 60));
    for (int transposed = 0; transposed < 2; transposed++) {
        camx__memory memory;
        camx__memory_init(&memory, NULL, 0);
        ck_assert_int_eq(camx__gemm_pack(gemm, &memory, 50, 60, transposed, refuse_to_read, NULL,
                                         NULL, packed, NULL),
                         CAMX_E_IO);
        ck_assert_uint_eq(memory.blocks, 0);
        camx__memory_init(&memory, NULL, 100);
        ck_assert_int_eq(camx__gemm_pack(gemm, &memory, 50, 60, transposed, refuse_to_read, NULL,
                                         NULL, packed, NULL),
                         CAMX_E_MEMORY);
    }
    free(packed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels/gemm");
    TCase *tests = tcase_create("gemm");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, test_random_products, 0, 3);
    tcase_add_test(tests, test_every_tail);
    tcase_add_loop_test(tests, test_edges, 0, (int)(sizeof edges / sizeof edges[0]));
    tcase_add_test(tests, test_sums_in_parts);
    tcase_add_test(tests, test_nan_and_infinity);
    tcase_add_test(tests, test_turned_products);
    tcase_add_test(tests, test_the_table);
    tcase_add_test(tests, test_packing_hands_on_failures);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
