/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread pool: runs numbered tasks of one job on a few threads. The tasks, and so every sum inside
 * them, are the same for any number of threads; only who runs them differs.
 *
 * Threads start at the first job, spin briefly, then sleep, and are started again in a forked child.
 * The caller works too. One job at a time: a second thread that submits meanwhile runs its job alone,
 * on itself. A pool may be shared by sessions, or replaced by the host's parallel_for.
 */
#ifndef CAMX_BASE_POOL_H
#define CAMX_BASE_POOL_H

#include "base/memory.h"

#define CAMX__MAX_THREADS 64

typedef struct camx__pool camx__pool;

/* task: 0 .. tasks-1, each exactly once. worker: 0 .. camx__pool_width()-1, never the same number on two
 * threads at once: use it to pick scratch memory. */
typedef void camx__task_fn(void *context, size_t task, int worker);

/* threads 0 = CAMX_NUM_THREADS, else OMP_NUM_THREADS, else the affinity mask; 1 = no thread is ever
 * started. parallel_for may be NULL; otherwise jobs are handed to the host and no thread is started. */
camx_status camx__pool_open(camx__memory *memory, int threads, camx_parallel_for parallel_for,
                            void *parallel_user, camx__pool **pool, camx_error *error);
void camx__pool_retain(camx__pool *pool);
void camx__pool_release(camx__pool *pool); /* NULL is fine; joins the threads with the last reference */

/* How many workers there can be: 1 .. CAMX__MAX_THREADS. A pool of NULL has width 1. */
int camx__pool_width(const camx__pool *pool);

/* Runs all tasks and returns when they are done. pool NULL = on the caller alone. */
void camx__pool_run(camx__pool *pool, size_t tasks, camx__task_fn *task, void *context);

/* The thread count that `threads 0` above means on this machine now. */
int camx__pool_default_threads(void);

#endif
