/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Region runs: the scores of a picture with a rectangle changed, from a run of the whole picture that is kept. Each step
 * of the program is run only on a window that holds every result the rectangle can reach; what lies around it is taken
 * from the kept run. Several rectangles are run at once, as a stack of windows of one size. Where nothing stays local
 * (squeeze-excite, flatten + dense) the windows are whole maps and the stack is a batch.
 *
 * The numbers are those of whole runs with the rectangle changed, to rounding.
 */
#ifndef CAMX_RUN_REGION_RUNS_H
#define CAMX_RUN_REGION_RUNS_H

#include "ops/reach.h"
#include "run/model.h"
#include "run/runner.h"

typedef struct camx__region camx__region;

/* *region is NULL, without an error, where the network cannot be run in regions: a batch whose images are mixed, an
 * operator that cannot be bound for a stack, no room for all feature maps under max_memory, or a build without
 * region runs. bound and pool must outlive it. */
camx_status camx__region_open(camx_model *model, camx__bound *bound, const camx__op_settings *settings,
                              bool fusion, camx__pool *pool, camx__region **region, camx_error *error);
void camx__region_close(camx__region *region);

/* The runner of the whole picture: feed it and run it forward before anything else. It keeps every value. */
camx__runner *camx__region_base(camx__region *region);

/* Rectangles: rows[i] x columns[j], item number i * column_count + j. */
typedef struct camx__region_block {
    const camx__range *rows;
    int row_count;
    const camx__range *columns;
    int column_count;
} camx__region_block;

/* Multiply-adds of all items of a block, in units of those of one whole run. */
camx_status camx__region_cost(camx__region *region, const camx__region_block *block, double *cost,
                              camx_error *error);

/* The logits, items x classes, when the rectangles of image `image` of the kept run show the numbers of `shown` (laid out
 * as the network's input, one image). CAMX_E_UNSUPPORTED: this block cannot be run this way. */
camx_status camx__region_run(camx__region *region, const camx__region_block *block, int64_t image,
                             const float *shown, float *logits, camx_error *error);

/* Bytes of memory that the kept run and the windows take. */
size_t camx__region_bytes(const camx__region *region);

/* True in builds that have region runs. */
bool camx__region_built(void);

#endif
