/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic on sizes that come from files and callers. Each function returns false on overflow and
 * leaves the result unspecified; nothing wraps silently.
 */
#ifndef CAMX_BASE_CHECKED_H
#define CAMX_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool camx__mul_size(size_t a, size_t b, size_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static inline bool camx__add_size(size_t a, size_t b, size_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static inline bool camx__mul_i64(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

static inline bool camx__add_i64(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

#endif
