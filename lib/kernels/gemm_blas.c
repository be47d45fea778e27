/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GEMM back end that calls OpenBLAS; the only file that knows CBLAS.
 *
 * OpenBLAS has a thread pool and settings of its own, which belong to the host program and are left
 * alone. A product above a threshold (m n k > 65536 * GEMM_MULTITHREAD_THRESHOLD, which is 4 unless
 * its builder changed it; for matrix times vector 2304 * 4 elements) would start that pool: its
 * sums may then depend on its number of threads, its workers spin for a tenth of a second
 * afterwards, and in OpenMP builds a forked child hangs. So this file only makes calls below the
 * threshold, cut by shape alone: they run on the thread that makes them. It costs some speed (a
 * panel of B is rearranged again for each call), which is why the packed kernels are the default.
 *
 * Several of our workers call at the same time only where OpenBLAS says that it was built with
 * platform threads: then its buffers are locked. In sequential builds (not safe without
 * USE_LOCKING) and OpenMP builds all work stays on one thread at a time, behind a lock; a host that
 * calls such an OpenBLAS from its own threads at the same time is on its own.
 *
 * The bits are the same for any number of our threads. They are OpenBLAS's: another version, or
 * another processor, may round differently. Limits: an OpenBLAS built with
 * GEMM_MULTITHREAD_THRESHOLD below 4 may still start its threads; one built with NUM_THREADS below
 * half of our workers may run out of buffers.
 */
#ifdef CAMX_HAVE_OPENBLAS

#include <cblas.h>
#include <pthread.h>
#include <string.h>

#include "kernels/gemm_backend.h"
#include "kernels/vectors.h"

enum {
    CALL_WORK = 262144, /* m n k of one call at most: 65536 * 4 */
    VECTOR_WORK = 9000, /* n k where m is 1, or m k where n is 1: just below 2304 * 4 */
    CALL_K = 128,
    CALL_N = 64
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* B is kept as it is: [k, n]. */
size_t camx__blas_packed_bytes(int64_t n, int64_t k)
{
    return (size_t)n * (size_t)k * sizeof(real);
}

void camx__blas_pack(void *packed, int64_t n, int64_t k, const camx__gemm_piece *piece)
{
    real *out = (real *)packed + piece->k_first * n + piece->n_first;
    (void)k;
    for (int64_t i = 0; i < piece->k_count; i++, out += n)
        for (int64_t j = 0; j < piece->n_count; j++)
            out[j] = piece->source[i * piece->stride_k + j * piece->stride_n];
}

bool camx__blas_is_serial(void)
{
    return openblas_get_parallel() != OPENBLAS_THREAD;
}

static void call_blas(int64_t m, int64_t n, int64_t k, const real *a, int64_t lda, const real *b,
                      int64_t ldb, bool add, real *c, int64_t ldc)
{
#ifdef CAMX_REAL_DOUBLE
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1, a,
                (blasint)lda, b, (blasint)ldb, add ? 1 : 0, c, (blasint)ldc);
#else
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1, a,
                (blasint)lda, b, (blasint)ldb, add ? 1 : 0, c, (blasint)ldc);
#endif
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* C = A B or C += A B in small calls. */
static void multiply(const camx__gemm_part *part, bool add)
{
    const real *packed = part->packed;
    int64_t step_k = smaller(part->k_count, CALL_K);
    int64_t step_n = smaller(part->n_count, CALL_N);
    int64_t step_m = CALL_WORK / (step_k * step_n);
    if (part->m == 1 || step_n == 1)
        step_m = smaller(step_m, VECTOR_WORK / step_k);
    for (int64_t i = 0; i < part->m; i += step_m)
        for (int64_t j = 0; j < part->n_count; j += step_n)
            for (int64_t p = 0; p < part->k_count; p += step_k) {
                const real *b = packed + (part->k_first + p) * part->n + part->n_first + j;
                call_blas(smaller(step_m, part->m - i), smaller(step_n, part->n_count - j),
                          smaller(step_k, part->k_count - p), part->a + i * part->lda + p,
                          part->lda, b, part->n, add || p > 0, part->c + i * part->ldc + j,
                          part->ldc);
            }
}

static void clear(const camx__gemm_part *part)
{
    for (int64_t i = 0; i < part->m; i++)
        memset(part->c + i * part->ldc, 0, (size_t)part->n_count * sizeof(real));
}

static void copy_residual(const camx__gemm_part *part)
{
    const camx__epilogue *e = part->epilogue;
    for (int64_t i = 0; i < part->m; i++)
        memmove(part->c + i * part->ldc, e->residual + i * e->residual_pitch + part->n_first,
                (size_t)part->n_count * sizeof(real));
}

static void finish(const camx__gemm_part *part, bool residual_is_in)
{
    camx__epilogue sums = *part->epilogue;
    sums.activation = CAMX__ACT_NONE;
    sums.residual = residual_is_in ? NULL : sums.residual;
    camx__epilogue_rows(&sums, part->c, part->ldc, 0, part->m, part->n_first, part->n_count);
    for (int64_t i = 0; i < part->m; i++) {
        real *row = part->c + i * part->ldc;
        camx__vectors_now()->activation(part->epilogue->activation, part->epilogue->low,
                                        part->epilogue->high, row, row, part->n_count);
    }
}

void camx__blas_part(const camx__gemm_part *part)
{
    bool lock = camx__blas_is_serial();
    bool add = part->accumulate;
    bool residual_is_in = false;
    if (!add && part->epilogue && part->epilogue->residual) {
        /* The residual may be C itself: start from it. */
        copy_residual(part);
        residual_is_in = add = true;
    }
    if (part->k_count == 0 && !add)
        clear(part);
    if (part->k_count > 0) {
        if (lock)
            pthread_mutex_lock(&one_at_a_time);
        multiply(part, add);
        if (lock)
            pthread_mutex_unlock(&one_at_a_time);
    }
    if (part->epilogue)
        finish(part, residual_is_in);
}

#else

/* An empty file is not C. */
typedef int camx__no_blas;

#endif
