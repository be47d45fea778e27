/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling the caller's camx_error: a status and one sentence. Nothing here allocates, so that "out of
 * memory" can always be said.
 */
#ifndef CAMX_BASE_ERROR_H
#define CAMX_BASE_ERROR_H

#include "camx/camx.h"

/* Writes status and a printf-formatted sentence into `error` (which may be NULL) and returns `status`, so
 * that a failure is one line: return camx__fail(error, CAMX_E_ARGUMENT, "..."). Control characters and
 * bytes that are not UTF-8 in the finished text are replaced by '?': names come from untrusted files. */
camx_status camx__fail(camx_error *error, camx_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "Out of memory" with the amount and what it was for, or the memory limit that was met. */
camx_status camx__fail_memory(camx_error *error, size_t bytes, const char *what);

/* Empties the error: status CAMX_OK and an empty sentence. Public calls do this first. */
void camx__error_clear(camx_error *error);

/* What the system calls error `number` (an errno), in buffer or in memory that stays; safe with threads. */
const char *camx__errno_text(int number, char *buffer, size_t size);

/* Hands a failed status on to the caller of this function. */
#define CAMX__FORWARD(call)                    \
    do {                                       \
        camx_status forwarded_status = (call); \
        if (forwarded_status != CAMX_OK)       \
            return forwarded_status;           \
    } while (0)

#endif
