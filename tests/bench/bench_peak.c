/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor's peak: independent chains of multiply-adds that stay in registers, with the widest
 * vectors there are. Sixteen chains hide the latency of every processor we know of.
 */
#include "bench_peak.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

enum { CHAINS = 16, MAX_THREADS = 256 };

/* Read and written through volatile, so that the compiler can neither fold nor drop the work. The chains
 * converge to 1: no number becomes denormal or infinite, which would be slow on some processors. */
static volatile float start = 0.5f, factor = 0.75f, term = 0.25f;
static volatile float sink;

typedef void work_fn(int64_t rounds);

#define DEFINE_WORK(name, bytes, attribute)                                    \
    attribute static void name(int64_t rounds)                                 \
    {                                                                          \
        typedef float vector __attribute__((vector_size(bytes)));              \
        vector chain[CHAINS], m = {0}, a = {0};                                \
        float sum = 0.0f;                                                      \
        m += factor;                                                           \
        a += term;                                                             \
        for (int i = 0; i < CHAINS; i++)                                       \
            chain[i] = m * (start + (float)i);                                 \
        for (int64_t r = 0; r < rounds; r++)                                   \
            for (int i = 0; i < CHAINS; i++)                                   \
                chain[i] = chain[i] * m + a;                                   \
        for (int i = 0; i < CHAINS; i++)                                       \
            sum += chain[i][0];                                                \
        sink = sum;                                                            \
    }

DEFINE_WORK(work_16, 16, )
#if defined(__x86_64__) && defined(__GNUC__)
DEFINE_WORK(work_32, 32, __attribute__((target("avx2,fma"))))
DEFINE_WORK(work_64, 64, __attribute__((target("avx512f"))))
#endif

static work_fn *choose(int *lanes)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512f")) {
        *lanes = 16;
        return work_64;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        *lanes = 8;
        return work_32;
    }
#endif
    *lanes = 4;
    return work_16;
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct slice {
    work_fn *work;
    int64_t rounds;
} slice;

static void *run_slice(void *context)
{
    const slice *s = context;
    s->work(s->rounds);
    return NULL;
}

/* How long `threads` threads need for a slice each. */
static double time_slice(slice *s, int threads)
{
    pthread_t others[MAX_THREADS];
    int started = 0;
    double before = seconds_now();
    while (started < threads - 1 && pthread_create(&others[started], NULL, run_slice, s) == 0)
        started++;
    run_slice(s);
    for (int i = 0; i < started; i++)
        pthread_join(others[i], NULL);
    double time = seconds_now() - before;
    return started == threads - 1 ? time : 1e30;
}

double bench_peak(int threads, double seconds)
{
    slice s = {.rounds = 1000};
    int lanes;
    double best = 0.0;
    double begin = seconds_now();
    s.work = choose(&lanes);
    threads = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
    while (time_slice(&s, 1) < 0.01)
        s.rounds *= 2;
    do {
        double done = 2.0 * CHAINS * lanes * (double)s.rounds * threads;
        double rate = done / time_slice(&s, threads);
        best = rate > best ? rate : best;
    } while (seconds_now() - begin < seconds);
    return best;
}
