/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator for tests that gives nothing at the Nth request, and counts what was not given back.
 *
 *     failing_allocator failing = {.fail_at = 3};
 *     camx_allocator allocator = failing_allocator_use(&failing);
 */
#ifndef CAMX_TESTS_FAILING_ALLOCATOR_H
#define CAMX_TESTS_FAILING_ALLOCATOR_H

#include <stdlib.h>

#include "camx/camx.h"

typedef struct failing_allocator {
    int fail_at; /* counted from 1; 0 = never */
    int asked;
    int held;
} failing_allocator;

static inline void *failing_allocate(size_t bytes, void *user)
{
    failing_allocator *failing = user;

    if (++failing->asked == failing->fail_at)
        return NULL;
    failing->held++;
    return malloc(bytes);
}

static inline void failing_release(void *block, void *user)
{
    failing_allocator *failing = user;

    failing->held--;
    free(block);
}

static inline camx_allocator failing_allocator_use(failing_allocator *failing)
{
    return (camx_allocator){failing_allocate, failing_release, failing};
}

#endif
