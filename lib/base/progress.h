/* SPDX-License-Identifier: Apache-2.0 */
/* Progress, cancelling and the deadline of one long call. */
#ifndef CAMX_BASE_PROGRESS_H
#define CAMX_BASE_PROGRESS_H

#include <stdbool.h>

#include "camx/camx.h"

typedef struct camx__progress {
    camx_progress_fn *report; /* may be NULL */
    void *user;
    double deadline; /* on the monotonic clock, in seconds; 0 = none */
    uint64_t done;
    uint64_t total;
} camx__progress;

/* seconds <= 0: no deadline. */
void camx__progress_init(camx__progress *progress, camx_progress_fn *report, void *user, double seconds,
                         uint64_t total);

/* Says that `more` units are done (0 is allowed: only asks). CAMX_E_CANCELLED when the callback asked to stop,
 * CAMX_E_DEADLINE when time is up: the caller keeps what it has. Runs on the caller's thread only. */
camx_status camx__progress_step(camx__progress *progress, uint64_t more, camx_error *error);

/* True for the two ways in which a call is stopped with its results kept. */
static inline bool camx__stopped(camx_status status)
{
    return status == CAMX_E_CANCELLED || status == CAMX_E_DEADLINE;
}

/* Seconds on the monotonic clock. */
double camx__clock(void);

#endif
