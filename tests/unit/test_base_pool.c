/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread pool: every task once, worker numbers that are never shared, several callers at once,
 * fork, the host's threads, and thread counts. Most useful under the thread sanitizer as well.
 */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/pool.h"

#define MOST_TASKS 5000

/* The thread sanitizer does not support threads that are started in a forked child. */
#if defined(__SANITIZE_THREAD__)
#define TEST_FORK 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_FORK 0
#endif
#endif
#ifndef TEST_FORK
#define TEST_FORK 1
#endif

typedef struct job {
    _Atomic int hits[MOST_TASKS];
    _Atomic int inside[CAMX__MAX_THREADS];
    _Atomic int shared; /* a worker number that two threads had at once */
    _Atomic int out_of_range;
    int width;
    int pause; /* 1: tasks sleep now and then */
} job;

static void count_task(void *context, size_t task, int worker)
{
    job *self = context;

    if (worker < 0 || worker >= self->width) {
        atomic_fetch_add(&self->out_of_range, 1);
        return;
    }
    if (atomic_fetch_add(&self->inside[worker], 1) != 0)
        atomic_fetch_add(&self->shared, 1);
    atomic_fetch_add(&self->hits[task], 1);
    if (self->pause && task % 64 == 0) {
        struct timespec moment = {0, 50000};
        nanosleep(&moment, NULL);
    }
    atomic_fetch_sub(&self->inside[worker], 1);
}

/* Runs so many tasks and sees that each was done once. */
static void run_and_check(camx__pool *pool, size_t tasks, int pause)
{
    job *self = calloc(1, sizeof *self);

    self->width = camx__pool_width(pool);
    self->pause = pause;
    camx__pool_run(pool, tasks, count_task, self);
    size_t wrong = 0;
    for (size_t i = 0; i < MOST_TASKS; i++)
        wrong += self->hits[i] != (i < tasks);
    ck_assert_uint_eq(wrong, 0);
    ck_assert_int_eq(self->shared, 0);
    ck_assert_int_eq(self->out_of_range, 0);
    free(self);
}

static camx__memory memory;

static camx__pool *open_pool(int threads)
{
    camx__pool *pool = NULL;

    camx__memory_init(&memory, NULL, 0);
    ck_assert_int_eq(camx__pool_open(&memory, threads, NULL, NULL, &pool, NULL), CAMX_OK);
    return pool;
}

static void close_pool(camx__pool *pool)
{
    camx__pool_release(pool);
    ck_assert_uint_eq(memory.blocks, 0);
}

START_TEST(every_task_once)
{
    static const size_t counts[] = {0, 1, 2, 3, 7, 64, 1000, MOST_TASKS};

    for (int threads = 1; threads <= 9; threads += 2) {
        camx__pool *pool = open_pool(threads);
        ck_assert_int_eq(camx__pool_width(pool), threads);
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            run_and_check(pool, counts[i], 0);
            run_and_check(pool, counts[i] % 1001, 1);
        }
        close_pool(pool);
    }
    ck_assert_int_eq(camx__pool_width(NULL), 1);
    run_and_check(NULL, 10, 0);
}
END_TEST

/* Many short jobs: workers arrive while a job closes, or long after. */
static void small_task(void *context, size_t task, int worker)
{
    (void)worker;
    atomic_fetch_add(&((_Atomic long *)context)[task], 1);
}

START_TEST(many_short_jobs)
{
    _Atomic long counts[5] = {0};
    camx__pool *pool = open_pool(4);
    const int jobs = 20000;

    for (int i = 0; i < jobs; i++) {
        camx__pool_run(pool, (size_t)(i % 5) + 1, small_task, counts);
        if (i % 1000 == 0) {
            struct timespec moment = {0, 300000}; /* long enough for workers to fall asleep */
            nanosleep(&moment, NULL);
        }
    }
    for (int k = 0; k < 5; k++)
        ck_assert_int_eq(counts[k], jobs / 5 * (5 - k));
    close_pool(pool);
}
END_TEST

/* With long tasks and enough threads, several workers take part. */
typedef struct meeting {
    _Atomic int present;
    _Atomic int most;
    _Atomic unsigned long workers;
} meeting;

static void meet(void *context, size_t task, int worker)
{
    meeting *self = context;
    struct timespec moment = {0, 2000000};

    (void)task;
    int now = atomic_fetch_add(&self->present, 1) + 1;
    int most = atomic_load(&self->most);
    while (now > most && !atomic_compare_exchange_weak(&self->most, &most, now))
        ;
    atomic_fetch_or(&self->workers, 1ul << worker);
    nanosleep(&moment, NULL);
    atomic_fetch_sub(&self->present, 1);
}

/* Runs jobs until every thread of the pool was seen at work; returns how many were at work at once. */
static int gather(camx__pool *pool)
{
    meeting self = {0};
    int width = camx__pool_width(pool);

    for (int i = 0; i < 200 && (self.workers != (1ul << width) - 1 || self.most != width); i++)
        camx__pool_run(pool, 2 * (size_t)width, meet, &self);
    return self.workers == (1ul << width) - 1 ? self.most : 0;
}

START_TEST(threads_take_part)
{
    camx__pool *pool = open_pool(3);

    ck_assert_int_eq(gather(pool), 3);
    close_pool(pool);
}
END_TEST

/* --- several callers ----------------------------------------------------------------- */

static void *caller_main(void *argument)
{
    camx__pool *pool = argument;

    for (int i = 0; i < 300; i++)
        run_and_check(pool, (size_t)(i * 7 % 200), i % 50 == 0);
    return NULL;
}

START_TEST(callers_at_once)
{
    camx__pool *pool = open_pool(3);
    pthread_t callers[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&callers[i], NULL, caller_main, pool), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(callers[i], NULL);
    close_pool(pool);
}
END_TEST

static void nested_task(void *context, size_t task, int worker)
{
    (void)worker;
    if (task == 0)
        camx__pool_run(*(camx__pool **)context, 0, nested_task, NULL);
    _Atomic long counts[3] = {0};
    camx__pool_run(*(camx__pool **)context, 3, small_task, counts);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(counts[i], 1);
}

/* A job inside a job runs on its caller alone, and ends. */
START_TEST(jobs_inside_jobs)
{
    camx__pool *pool = open_pool(3);

    camx__pool_run(pool, 20, nested_task, &pool);
    close_pool(pool);
}
END_TEST

START_TEST(owners)
{
    camx__pool *pool = open_pool(2);

    camx__pool_retain(pool);
    camx__pool_release(pool);
    run_and_check(pool, 50, 0);
    close_pool(pool);
    camx__pool_retain(NULL);
    camx__pool_release(NULL);
}
END_TEST

#if TEST_FORK
/* --- fork ---------------------------------------------------------------------------- */

static int child_works(camx__pool *pool)
{
    _Atomic long counts[64] = {0};

    for (int i = 0; i < 100; i++)
        camx__pool_run(pool, 64, small_task, counts);
    for (int i = 0; i < 64; i++) {
        if (counts[i] != 100)
            return 1;
    }
    if (gather(pool) != 3)
        return 2; /* its own threads were not started */
    camx__pool_release(pool);
    return memory.blocks == 0 ? 0 : 3;
}

static void expect_child(camx__pool *pool)
{
    int status = -1;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(child_works(pool));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %#x", (unsigned)status);
}

/* Forks happen when all threads have started: a thread that is only just starting may hold a lock of the address
 * sanitizer's own, which no child of a fork ever gets. */
START_TEST(fork_before_and_after_use)
{
    camx__pool *pool = open_pool(3);
    camx__memory apart;
    camx__pool *others[2];

    camx__memory_init(&apart, NULL, 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(camx__pool_open(&apart, 2, NULL, NULL, &others[i], NULL), CAMX_OK);
    expect_child(pool);
    run_and_check(pool, 100, 0);
    run_and_check(others[0], 100, 0);
    ck_assert_int_eq(gather(pool), 3);
    ck_assert_int_eq(gather(others[0]), 2);
    expect_child(pool);
    run_and_check(pool, 100, 0);
    camx__pool_release(others[0]);
    expect_child(pool);
    camx__pool_release(others[1]);
    ck_assert_uint_eq(apart.blocks, 0);
    close_pool(pool);
}
END_TEST

typedef struct busy_caller {
    camx__pool *pool;
    _Atomic int rounds;
    _Atomic int stop;
} busy_caller;

static void *busy_main(void *argument)
{
    busy_caller *self = argument;
    _Atomic long counts[8] = {0};

    while (!atomic_load(&self->stop)) {
        camx__pool_run(self->pool, 8, small_task, counts);
        atomic_store(&self->rounds, 1);
    }
    return NULL;
}

/* Another thread is in the middle of a job while this one forks. */
START_TEST(fork_while_busy)
{
    busy_caller self = {.pool = open_pool(3)};
    pthread_t busy;

    ck_assert_int_eq(gather(self.pool), 3);
    ck_assert_int_eq(pthread_create(&busy, NULL, busy_main, &self), 0);
    while (!atomic_load(&self.rounds))
        sched_yield();
    for (int i = 0; i < 10; i++)
        expect_child(self.pool);
    atomic_store(&self.stop, 1);
    pthread_join(busy, NULL);
    close_pool(self.pool);
}
END_TEST
#endif

/* --- the host's threads -------------------------------------------------------------- */

typedef struct call {
    camx_parallel_body *body;
    void *context;
    size_t i;
} call;

static void *call_main(void *argument)
{
    call *self = argument;

    self->body(self->context, self->i);
    return NULL;
}

static int host_calls;

/* A host that starts a thread for each call. */
static void host_threads(void *user, size_t count, camx_parallel_body *body, void *context)
{
    pthread_t threads[CAMX__MAX_THREADS];
    call calls[CAMX__MAX_THREADS];

    ck_assert_ptr_eq(user, &host_calls);
    ck_assert_uint_le(count, CAMX__MAX_THREADS);
    host_calls++;
    for (size_t i = 0; i < count; i++) {
        calls[i] = (call){body, context, i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_main, &calls[i]), 0);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void host_in_turn(void *user, size_t count, camx_parallel_body *body, void *context)
{
    (void)user;
    for (size_t i = count; i > 0; i--)
        body(context, i - 1);
}

START_TEST(host_pool)
{
    static camx_parallel_for const hosts[] = {host_threads, host_in_turn};

    for (int i = 0; i < 2; i++) {
        camx__pool *pool = NULL;
        camx__memory_init(&memory, NULL, 0);
        ck_assert_int_eq(camx__pool_open(&memory, 4, hosts[i], &host_calls, &pool, NULL), CAMX_OK);
        ck_assert_int_eq(camx__pool_width(pool), 4);
        run_and_check(pool, 1000, 1);
        run_and_check(pool, 3, 0);
        run_and_check(pool, 1, 0);
        close_pool(pool);
    }
    ck_assert_int_eq(host_calls, 2);
}
END_TEST

/* --- how many threads ---------------------------------------------------------------- */

START_TEST(thread_counts)
{
    unsetenv("CAMX_NUM_THREADS");
    unsetenv("OMP_NUM_THREADS");
    int machine = camx__pool_default_threads();
    ck_assert_int_ge(machine, 1);
    setenv("OMP_NUM_THREADS", "5,2", 1);
    ck_assert_int_eq(camx__pool_default_threads(), 5);
    setenv("CAMX_NUM_THREADS", "3", 1);
    ck_assert_int_eq(camx__pool_default_threads(), 3);
    setenv("CAMX_NUM_THREADS", "100000", 1);
    ck_assert_int_eq(camx__pool_default_threads(), CAMX__MAX_THREADS);
    static const char *const useless[] = {"", "0", "-1", "x", "3x", "99999999999999999999"};
    unsetenv("OMP_NUM_THREADS");
    for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++) {
        setenv("CAMX_NUM_THREADS", useless[i], 1);
        ck_assert_int_eq(camx__pool_default_threads(), machine);
    }
    setenv("CAMX_NUM_THREADS", "2", 1);
    camx__pool *pool = open_pool(0);
    ck_assert_int_eq(camx__pool_width(pool), 2);
    close_pool(pool);
    pool = open_pool(1000);
    ck_assert_int_eq(camx__pool_width(pool), CAMX__MAX_THREADS);
    close_pool(pool);
    ck_assert_int_eq(camx__pool_open(&memory, -1, NULL, NULL, &pool, NULL), CAMX_E_ARGUMENT);
    ck_assert_ptr_null(pool);
}
END_TEST

#if defined(__linux__)
START_TEST(affinity)
{
    cpu_set_t one;
    cpu_set_t before;

    unsetenv("CAMX_NUM_THREADS");
    unsetenv("OMP_NUM_THREADS");
    ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
    ck_assert_int_eq(camx__pool_default_threads(), CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    }
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_int_eq(camx__pool_default_threads(), 1);
    camx__pool *pool = open_pool(3); /* more threads than processors still work */
    run_and_check(pool, 500, 0);
    close_pool(pool);
    ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
}
END_TEST
#endif

static void *no_memory(size_t bytes, void *user)
{
    (void)bytes;
    (void)user;
    return NULL;
}

static void no_release(void *block, void *user)
{
    (void)block;
    (void)user;
}

START_TEST(without_memory)
{
    camx_allocator allocator = {no_memory, no_release, NULL};
    camx__pool *pool = NULL;

    camx__memory_init(&memory, &allocator, 0);
    ck_assert_int_eq(camx__pool_open(&memory, 2, NULL, NULL, &pool, NULL), CAMX_E_MEMORY);
    ck_assert_ptr_null(pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base_pool");
    TCase *all = tcase_create("all");
    TCase *forks = tcase_create("fork");

    tcase_set_timeout(all, 120);
    tcase_set_timeout(forks, 120);
    tcase_add_test(all, every_task_once);
    tcase_add_test(all, many_short_jobs);
    tcase_add_test(all, threads_take_part);
    tcase_add_test(all, callers_at_once);
    tcase_add_test(all, jobs_inside_jobs);
    tcase_add_test(all, owners);
    tcase_add_test(all, host_pool);
    tcase_add_test(all, thread_counts);
#if defined(__linux__)
    tcase_add_test(all, affinity);
#endif
    tcase_add_test(all, without_memory);
#if TEST_FORK
    tcase_add_test(forks, fork_before_and_after_use);
    tcase_add_test(forks, fork_while_busy);
#endif
    suite_add_tcase(suite, all);
    suite_add_tcase(suite, forks);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
