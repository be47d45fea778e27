/* SPDX-License-Identifier: Apache-2.0 */
/* Progress, cancelling, deadline. */
#include "base/progress.h"

#include <inttypes.h>
#include <time.h>

#include "base/error.h"

double camx__clock(void)
{
    struct timespec now = {0, 0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void camx__progress_init(camx__progress *progress, camx_progress_fn *report, void *user,
                         double seconds, uint64_t total)
{
    progress->report = report;
    progress->user = user;
    progress->deadline = seconds > 0 ? camx__clock() + seconds : 0;
    progress->done = 0;
    progress->total = total;
}

camx_status camx__progress_step(camx__progress *progress, uint64_t more, camx_error *error)
{
    progress->done += more;
    if (progress->report != NULL &&
        progress->report(progress->done, progress->total, progress->user) != 0)
        return camx__fail(error, CAMX_E_CANCELLED,
                          "the progress callback asked to stop after %" PRIu64 " of %" PRIu64
                          " steps",
                          progress->done, progress->total);
    if (progress->deadline > 0 && camx__clock() >= progress->deadline)
        return camx__fail(error, CAMX_E_DEADLINE,
                          "the time was up after %" PRIu64 " of %" PRIu64 " steps", progress->done,
                          progress->total);
    return CAMX_OK;
}
