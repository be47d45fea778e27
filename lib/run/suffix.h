/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suffix runs: the network from one value, whose numbers the caller changes from run to run, to the logits, several items
 * (changed copies of one image's value) at a time. They have an arena of their own: what other runners hold stays.
 *
 *     camx__suffix_open(&suffix, &ask, error);
 *     for each image:
 *         camx__suffix_fill(&suffix, runner, image's item)   values that the suffix reads beside the changed one
 *         write items 0 .. batch-1 of camx__suffix_tensor(&suffix); camx__suffix_forward; read camx__suffix_logits
 *     camx__suffix_close(&suffix);
 *
 * The value may be the network's input: then a run is a whole forward pass of `batch` images.
 *
 * Several items are run at a time by binding the graph for a larger batch. Where that cannot be done (a file that fixes its
 * batch in a Reshape, operators that mix images) the batch is the file's own.
 */
#ifndef CAMX_RUN_SUFFIX_H
#define CAMX_RUN_SUFFIX_H

#include "run/model.h"
#include "run/runner.h"

typedef struct camx__suffix_ask {
    camx_model *model;
    camx__bound *bound; /* the graph of the other runners */
    camx__pool *pool;
    camx__op_settings settings;
    bool fusion;
    int value;     /* an id; the scores must depend on it */
    int64_t batch; /* items wanted per run */
} camx__suffix_ask;

typedef struct camx__suffix {
    camx_model *model;
    const camx__graph *source; /* of the other runners */
    camx__bound *bound;        /* of the suffix: the same file with `batch` images */
    camx__planned *planned;
    camx__runner runner;
    int value;
    int64_t batch;   /* items per run */
    int *given;      /* `value` first, then what else the suffix reads */
    int given_count;
    bool whole;      /* the value is the network's input: runs are whole forward passes */
} camx__suffix;

camx_status camx__suffix_open(camx__suffix *suffix, const camx__suffix_ask *ask, camx_error *error);
void camx__suffix_close(camx__suffix *suffix); /* after a failed open too */

/* The values that the suffix reads beside `value`, for instance the input of a residual block that `value` lies inside of:
 * the runner given to camx__suffix_fill must keep them. */
static inline const int *camx__suffix_others(const camx__suffix *suffix, uint32_t *count)
{
    *count = (uint32_t)suffix->given_count - 1;
    return suffix->given + 1;
}

/* Gives all items the other values of one item of a runner of the source graph, and the value itself if that runner keeps
 * it. */
void camx__suffix_fill(camx__suffix *suffix, const camx__runner *from, int64_t item);

/* Where the items of the value are written: [batch, ...]. The network's input is in plain order, others in any. */
const camx__tensor *camx__suffix_tensor(const camx__suffix *suffix);

/* Elements from one item of the value to the next; in each order an item's numbers lie together. */
int64_t camx__suffix_item(const camx__suffix *suffix);

camx_status camx__suffix_forward(camx__suffix *suffix, camx_error *error);

/* batch x classes numbers. */
const real *camx__suffix_logits(const camx__suffix *suffix);

/* A batch that keeps the largest value behind `value` at about the size of the processor's caches: at least 1, at most
 * `most`, and such that `most` items take equal runs. */
int64_t camx__suffix_batch(const camx__graph *graph, int value, int64_t most);

#endif
