/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread pool.
 *
 * One word, `state`, says everything a worker must know: whether a job is open, its number, and how
 * many workers have joined it. A worker joins by adding itself to that word while it is open,
 * claims tasks from a counter until none is left, and leaves. The caller works too; when it finds
 * no task left it closes the job and waits only for the workers that did join. A worker that the
 * operating system has not woken yet is waited for by nobody: it finds the job closed and goes back
 * to sleep.
 *
 * Waiting means: look for a short while, then sleep on a condition variable. The side that changes
 * the word looks at a counter of sleepers afterwards, the side that goes to sleep counts itself
 * first and then looks at the word; both with sequentially consistent order, so that one of the two
 * always sees the other.
 *
 * fork: a child has the memory but not the threads. Every pool is in a list, and a handler in the
 * child resets all of them, so that threads are started again at the next job.
 */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/progress.h"

#define STATE_OPEN 0x80000000u
#define STATE_JOB 0x7FFFFF00u /* the job's number, in steps of STATE_JOB_STEP */
#define STATE_JOB_STEP 0x100u
#define STATE_JOINED 0x000000FFu /* workers inside the job */
#define SPIN_SECONDS 30e-6

typedef struct worker {
    camx__pool *pool;
    pthread_t thread;
    int number; /* 1 .. width-1; the caller is 0 */
} worker;

struct camx__pool {
    camx__memory *memory;
    _Atomic int references;
    int width;
    camx_parallel_for parallel_for;
    void *parallel_user;

    _Atomic bool busy; /* a caller is running a job on the threads */
    bool started; /* threads were started (perhaps fewer than wanted); only the busy caller looks */
    bool spin;    /* there is a processor for every thread */
    int thread_count;
    worker workers[CAMX__MAX_THREADS];

    /* The job. Written by the caller while the state is closed and nobody is inside. */
    camx__task_fn *task;
    void *context;
    size_t tasks;
    _Atomic size_t next; /* the first task that nobody has claimed */

    _Atomic uint32_t state;
    _Atomic int sleepers;       /* workers that sleep or are about to */
    _Atomic bool caller_sleeps; /* likewise the caller, waiting for the last worker to leave */
    _Atomic bool quit;
    pthread_mutex_t mutex;
    pthread_cond_t wake_workers;
    pthread_cond_t wake_caller;

    camx__pool *older; /* the list for the fork handlers */
    camx__pool *newer;
};

/* --- fork ---------------------------------------------------------------------------- */

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static camx__pool *list_newest;
static bool fork_handled;

static int init_waiting(camx__pool *pool)
{
    if (pthread_mutex_init(&pool->mutex, NULL) != 0)
        return -1;
    if (pthread_cond_init(&pool->wake_workers, NULL) != 0) {
        pthread_mutex_destroy(&pool->mutex);
        return -1;
    }
    if (pthread_cond_init(&pool->wake_caller, NULL) != 0) {
        pthread_cond_destroy(&pool->wake_workers);
        pthread_mutex_destroy(&pool->mutex);
        return -1;
    }
    return 0;
}

static void before_fork(void)
{
    pthread_mutex_lock(&list_mutex);
}

static void after_fork_parent(void)
{
    pthread_mutex_unlock(&list_mutex);
}

/* The child has one thread, so nothing here can race. The old mutex may be locked by a thread that
 * is no more: it is made anew, not unlocked. */
static void after_fork_child(void)
{
    for (camx__pool *pool = list_newest; pool != NULL; pool = pool->older) {
        atomic_store(&pool->busy, false);
        atomic_store(&pool->state, 0);
        atomic_store(&pool->sleepers, 0);
        atomic_store(&pool->caller_sleeps, false);
        pool->started = false;
        pool->thread_count = 0;
        (void)init_waiting(
            pool); /* cannot fail on the systems this builds on: no memory is needed */
    }
    pthread_mutex_unlock(&list_mutex);
}

static void handle_fork(void)
{
    fork_handled = pthread_atfork(before_fork, after_fork_parent, after_fork_child) == 0;
}

static void list_add(camx__pool *pool)
{
    pthread_mutex_lock(&list_mutex);
    pool->older = list_newest;
    if (list_newest != NULL)
        list_newest->newer = pool;
    list_newest = pool;
    pthread_mutex_unlock(&list_mutex);
}

static void list_remove(camx__pool *pool)
{
    pthread_mutex_lock(&list_mutex);
    if (pool->newer != NULL)
        pool->newer->older = pool->older;
    else
        list_newest = pool->older;
    if (pool->older != NULL)
        pool->older->newer = pool->newer;
    pthread_mutex_unlock(&list_mutex);
}

/* --- how many threads ---------------------------------------------------------------- */

static int processors(void)
{
    long count = 0;
#if defined(__linux__)
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        count = CPU_COUNT(&set);
#endif
    if (count <= 0)
        count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > CAMX__MAX_THREADS ? CAMX__MAX_THREADS : (int)count;
}

/* A positive number in the environment, or 0. OMP_NUM_THREADS may be a list such as "4,2": the
 * first counts. */
static int count_from(const char *name)
{
    const char *text = getenv(name);
    char *end = NULL;

    if (text == NULL)
        return 0;
    errno = 0;
    long count = strtol(text, &end, 10);
    if (end == text || errno != 0 || count < 1)
        return 0;
    while (*end == ' ')
        end++;
    if (*end != '\0' && *end != ',')
        return 0;
    return count > CAMX__MAX_THREADS ? CAMX__MAX_THREADS : (int)count;
}

int camx__pool_default_threads(void)
{
    int count = count_from("CAMX_NUM_THREADS");

    if (count == 0)
        count = count_from("OMP_NUM_THREADS");
    return count != 0 ? count : processors();
}

/* --- waiting ------------------------------------------------------------------------- */

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield" ::: "memory");
#endif
}

/* True once an open job waits that this worker has not seen; *seen is the number of the last
 * one. */
static bool job_waits(camx__pool *pool, uint32_t seen)
{
    uint32_t state = atomic_load(&pool->state);

    return (state & STATE_OPEN) != 0 && (state & STATE_JOB) != seen;
}

static bool worker_may_go(camx__pool *pool, uint32_t seen)
{
    return atomic_load(&pool->quit) || job_waits(pool, seen);
}

static bool all_left(camx__pool *pool)
{
    return (atomic_load(&pool->state) & STATE_JOINED) == 0;
}

/* Looks for a short while whether the worker may go on (seen) or, with caller true, the caller. */
static bool spin_for(camx__pool *pool, bool caller, uint32_t seen)
{
    double until = 0;

    if (!pool->spin)
        return caller ? all_left(pool) : worker_may_go(pool, seen);
    for (unsigned turn = 0;; turn++) {
        if (caller ? all_left(pool) : worker_may_go(pool, seen))
            return true;
        if (turn % 64 == 63) { /* the clock is asked seldom */
            double now = camx__clock();
            if (until == 0)
                until = now + SPIN_SECONDS;
            else if (now >= until)
                return false;
        }
        relax();
    }
}

static void wait_for_job(camx__pool *pool, uint32_t seen)
{
    if (spin_for(pool, false, seen))
        return;
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!worker_may_go(pool, seen))
        pthread_cond_wait(&pool->wake_workers, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void wait_for_workers(camx__pool *pool)
{
    if (spin_for(pool, true, 0))
        return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_sleeps, true);
    while (!all_left(pool))
        pthread_cond_wait(&pool->wake_caller, &pool->mutex);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->mutex);
}

/* --- work ---------------------------------------------------------------------------- */

static void claim_tasks(_Atomic size_t *next, size_t tasks, camx__task_fn *task, void *context,
                        int number)
{
    for (;;) {
        size_t mine = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
        if (mine >= tasks)
            return;
        task(context, mine, number);
    }
}

/* Adds this worker to the open job; false if it was closed meanwhile. */
static bool join_job(camx__pool *pool, uint32_t *seen)
{
    uint32_t state = atomic_load(&pool->state);

    do {
        if ((state & STATE_OPEN) == 0)
            return false;
    } while (!atomic_compare_exchange_weak(&pool->state, &state, state + 1));
    *seen = state & STATE_JOB;
    return true;
}

static void leave_job(camx__pool *pool)
{
    uint32_t before = atomic_fetch_sub(&pool->state, 1);

    if ((before & STATE_OPEN) != 0 || (before & STATE_JOINED) != 1 ||
        !atomic_load(&pool->caller_sleeps))
        return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_signal(&pool->wake_caller);
    pthread_mutex_unlock(&pool->mutex);
}

static void *worker_main(void *argument)
{
    const worker *self = argument;
    camx__pool *pool = self->pool;
    uint32_t seen = 0; /* jobs are numbered from 1 on */

    for (;;) {
        wait_for_job(pool, seen);
        if (atomic_load(&pool->quit))
            return NULL;
        if (!join_job(pool, &seen))
            continue;
        claim_tasks(&pool->next, pool->tasks, pool->task, pool->context, self->number);
        leave_job(pool);
    }
}

/* Starts what can be started; a system that gives fewer threads gets the work done with fewer.
 * Signals are the host's: its handlers must not run on these threads. */
static void start_threads(camx__pool *pool)
{
    sigset_t all;
    sigset_t old;

    pool->started = true;
    pool->spin = pool->width <= processors();
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
        return;
    while (pool->thread_count < pool->width - 1) {
        worker *next = &pool->workers[pool->thread_count];
        next->pool = pool;
        next->number = pool->thread_count + 1;
        if (pthread_create(&next->thread, NULL, worker_main, next) != 0)
            break;
        pool->thread_count++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void stop_threads(camx__pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->quit, true);
    pthread_cond_broadcast(&pool->wake_workers);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->thread_count; i++)
        pthread_join(pool->workers[i].thread, NULL);
}

static void wake_sleepers(camx__pool *pool, size_t helpers)
{
    if (atomic_load(&pool->sleepers) == 0)
        return;
    pthread_mutex_lock(&pool->mutex);
    if (helpers >= (size_t)pool->thread_count) {
        pthread_cond_broadcast(&pool->wake_workers);
    } else {
        for (size_t i = 0; i < helpers; i++)
            pthread_cond_signal(&pool->wake_workers);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void run_on_threads(camx__pool *pool, size_t tasks, camx__task_fn *task, void *context)
{
    if (!pool->started)
        start_threads(pool);
    pool->task = task;
    pool->context = context;
    pool->tasks = tasks;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    uint32_t job = ((atomic_load(&pool->state) & STATE_JOB) + STATE_JOB_STEP) & STATE_JOB;
    if (job == 0)
        job = STATE_JOB_STEP; /* 0 means "none seen yet" */
    atomic_store(&pool->state, STATE_OPEN | job);
    wake_sleepers(pool, tasks - 1);
    claim_tasks(&pool->next, tasks, task, context, 0);
    atomic_fetch_and(&pool->state, ~STATE_OPEN);
    wait_for_workers(pool);
}

/* A host's parallel_for gives no worker numbers, so each of its calls is a worker: number i claims
 * tasks until none is left. The job is on the caller's stack: several sessions may be inside the
 * host at once. */
typedef struct hosted_job {
    camx__task_fn *task;
    void *context;
    size_t tasks;
    _Atomic size_t next;
} hosted_job;

static void hosted_worker(void *context, size_t i)
{
    hosted_job *job = context;

    claim_tasks(&job->next, job->tasks, job->task, job->context, (int)i);
}

static void run_on_host(camx__pool *pool, size_t tasks, camx__task_fn *task, void *context)
{
    hosted_job job = {.task = task, .context = context, .tasks = tasks};
    size_t workers = tasks < (size_t)pool->width ? tasks : (size_t)pool->width;

    atomic_init(&job.next, 0);
    pool->parallel_for(pool->parallel_user, workers, hosted_worker, &job);
    /* Whatever a host left undone is done here: the tasks are a promise. */
    claim_tasks(&job.next, tasks, task, context, 0);
}

void camx__pool_run(camx__pool *pool, size_t tasks, camx__task_fn *task, void *context)
{
    if (tasks > 1 && pool != NULL && pool->width > 1) {
        if (pool->parallel_for != NULL) {
            run_on_host(pool, tasks, task, context);
            return;
        }
        if (!atomic_exchange(&pool->busy, true)) {
            run_on_threads(pool, tasks, task, context);
            atomic_store(&pool->busy, false);
            return;
        }
    }
    for (size_t i = 0; i < tasks; i++)
        task(context, i, 0);
}

/* --- life ---------------------------------------------------------------------------- */

camx_status camx__pool_open(camx__memory *memory, int threads, camx_parallel_for parallel_for,
                            void *parallel_user, camx__pool **pool, camx_error *error)
{
    *pool = NULL;
    if (threads < 0)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "the number of threads is %d; it must be 0 or more", threads);
    pthread_once(&fork_once, handle_fork);
    camx__pool *made = camx__alloc_clear(memory, 1, sizeof *made);
    if (made == NULL || !fork_handled)
        goto failed;
    made->memory = memory;
    made->width = threads == 0 ? camx__pool_default_threads() : threads;
    if (made->width > CAMX__MAX_THREADS)
        made->width = CAMX__MAX_THREADS;
    made->parallel_for = parallel_for;
    made->parallel_user = parallel_user;
    atomic_init(&made->references, 1);
    if (init_waiting(made) != 0)
        goto failed;
    list_add(made);
    *pool = made;
    return CAMX_OK;
failed:
    camx__free(memory, made);
    return camx__fail_memory(error, sizeof *made, "the thread pool");
}

void camx__pool_retain(camx__pool *pool)
{
    if (pool != NULL)
        atomic_fetch_add_explicit(&pool->references, 1, memory_order_relaxed);
}

void camx__pool_release(camx__pool *pool)
{
    if (pool == NULL || atomic_fetch_sub_explicit(&pool->references, 1, memory_order_acq_rel) != 1)
        return;
    list_remove(pool);
    stop_threads(pool);
    pthread_cond_destroy(&pool->wake_caller);
    pthread_cond_destroy(&pool->wake_workers);
    pthread_mutex_destroy(&pool->mutex);
    camx__free(pool->memory, pool);
}

int camx__pool_width(const camx__pool *pool)
{
    return pool != NULL ? pool->width : 1;
}
