/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tests share: random numbers, guarded buffers, the list of back ends, pools. */
#ifndef CAMX_TESTS_KERNELS_SUPPORT_H
#define CAMX_TESTS_KERNELS_SUPPORT_H

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"

#ifdef CAMX_REAL_DOUBLE
#define REAL_EPSILON DBL_EPSILON
#else
#define REAL_EPSILON ((double)FLT_EPSILON)
#endif

static uint64_t support_state = 1;

static inline void seed(uint64_t number)
{
    support_state = number * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static inline uint64_t draw(void)
{
    support_state ^= support_state << 13;
    support_state ^= support_state >> 7;
    support_state ^= support_state << 17;
    return support_state;
}

/* low .. high, both included. */
static inline int64_t between(int64_t low, int64_t high)
{
    return low + (int64_t)((draw() >> 11) % (uint64_t)(high - low + 1));
}

/* -1 .. 1 */
static inline real any_real(void)
{
    return (real)((double)(draw() >> 11) / 4503599627370496.0 - 1);
}

/* Numbers between two guards; what lies between rows (pitch > width) is guarded as well. Gaps that
 * are only read hold NaN, so that a kernel that lets them in shows it. */
enum { GUARD = 80 };

typedef struct buffer {
    real *all;
    real *data;
    int64_t rows, width, pitch;
    real mark;
} buffer;

static inline buffer buffer_new(int64_t rows, int64_t width, int64_t pitch, real mark)
{
    buffer b = {.rows = rows, .width = width, .pitch = pitch, .mark = mark};
    int64_t size = rows * pitch + 2 * GUARD;
    b.all = aligned_alloc(64, (size_t)((size * (int64_t)sizeof(real) + 63) / 64 * 64));
    ck_assert_ptr_nonnull(b.all);
    for (int64_t i = 0; i < size; i++)
        b.all[i] = mark;
    b.data = b.all + GUARD;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++)
            b.data[i * pitch + j] = any_real();
    return b;
}

static inline buffer buffer_copy(const buffer *from)
{
    buffer b = *from;
    size_t size = (size_t)(from->rows * from->pitch + 2 * GUARD) * sizeof(real);
    b.all = aligned_alloc(64, (size + 63) / 64 * 64);
    ck_assert_ptr_nonnull(b.all);
    memcpy(b.all, from->all, size);
    b.data = b.all + GUARD;
    return b;
}

static inline void buffer_restore(buffer *to, const buffer *from)
{
    memcpy(to->all, from->all, (size_t)(from->rows * from->pitch + 2 * GUARD) * sizeof(real));
}

static inline void buffer_free(buffer *b)
{
    free(b->all);
    b->all = NULL;
}

/* True if everything outside the rows still holds the mark. */
static inline bool buffer_is_intact(const buffer *b)
{
    for (int64_t i = 0; i < GUARD; i++)
        if (b->all[i] != b->mark || b->data[b->rows * b->pitch + i] != b->mark)
            return false;
    for (int64_t i = 0; i < b->rows; i++)
        for (int64_t j = b->width; j < b->pitch; j++)
            if (b->data[i * b->pitch + j] != b->mark)
                return false;
    return true;
}

/* True if the two hold the same bits. */
static inline bool buffer_is_same(const buffer *a, const buffer *b)
{
    for (int64_t i = 0; i < a->rows; i++)
        if (memcmp(a->data + i * a->pitch, b->data + i * b->pitch,
                   (size_t)a->width * sizeof(real)) != 0)
            return false;
    return true;
}

/* Weights in memory as a source for packing. */
static inline camx_status read_reals(void *context, int64_t first, int64_t count, real *out,
                                     camx_error *error)
{
    (void)error;
    memcpy(out, (const real *)context + first, (size_t)count * sizeof(real));
    return CAMX_OK;
}

/* The packed back end on every instruction set that can run here, and the others once. */
static inline int all_gemms(const camx__gemm *list[8])
{
    int count = 0;
    for (int isa = 0; isa <= (int)camx__cpu_isa(); isa++)
        if (camx__gemm_get(CAMX_GEMM_PACKED, (camx__isa)isa))
            list[count++] = camx__gemm_get(CAMX_GEMM_PACKED, (camx__isa)isa);
    if (camx__gemm_get(CAMX_GEMM_BLAS, camx__cpu_isa()))
        list[count++] = camx__gemm_get(CAMX_GEMM_BLAS, camx__cpu_isa());
    list[count++] = camx__gemm_get(CAMX_GEMM_BUILTIN, CAMX__ISA_BASELINE);
    return count;
}

static inline const char *gemm_name(const camx__gemm *gemm)
{
    static const char *const backends[] = {"auto", "packed", "blas", "builtin"};
    static char text[64];
    snprintf(text, sizeof text, "%s/%s", backends[camx__gemm_backend(gemm)],
             camx__isa_name(camx__gemm_isa(gemm)));
    return text;
}

static camx__memory support_memory;
static const int thread_counts[] = {1, 2, 3, 8};
static camx__pool *pools[4];

static inline void pools_open(void)
{
    camx__memory_init(&support_memory, NULL, 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(
            camx__pool_open(&support_memory, thread_counts[i], NULL, NULL, &pools[i], NULL),
            CAMX_OK);
}

static inline void pools_close(void)
{
    for (int i = 0; i < 4; i++)
        camx__pool_release(pools[i]);
    ck_assert_uint_eq(support_memory.blocks, 0);
}

static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
