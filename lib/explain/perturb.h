/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running what lies behind a value again and again with the value changed: the machinery of the methods that need no
 * gradient. Items (changed versions) are numbered; they run several at a time and all targets are read from each.
 */
#ifndef CAMX_EXPLAIN_PERTURB_H
#define CAMX_EXPLAIN_PERTURB_H

#include "explain/study.h"
#include "run/suffix.h"

typedef struct camx__perturb camx__perturb;

struct camx__perturb {
    camx__study *study;
    camx__suffix suffix;
    int64_t first; /* the number of the item in place 0 of the present run; item n is in place n - first, and
                    * every run but the last is full */
    float *logits; /* of one item */
    /* Writes item `number` over what its place holds: the item of a run before, or, in the first run, the image's own value.
     * Called from several threads at once for different items. */
    void (*write)(const camx__perturb *perturb, int64_t number, real *item);
    /* Takes the item's logits, in the order of the numbers, on the caller's thread. */
    void (*read)(camx__perturb *perturb, int64_t number, const float *logits);
    void *own; /* the method's */
};

/* Prepares runs from `value`; `most` is how many items there will be. Frees itself on failure. */
camx_status camx__perturb_open(camx__perturb *perturb, camx__study *study, int value, int64_t most);
void camx__perturb_close(camx__perturb *perturb);

/* Runs items 0 .. count-1 for an image, counting progress by one for each. *done: how many were read, also when
 * stopped. */
camx_status camx__perturb_run(camx__perturb *perturb, uint32_t image, int64_t count, int64_t *done);

#endif
