/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about occlusion share: where patches lie, what they show, and the work in progress. */
#ifndef CAMX_EXPLAIN_OCCLUSION_H
#define CAMX_EXPLAIN_OCCLUSION_H

#include "base/progress.h"
#include "explain/target.h"
#include "map/map.h"
#include "run/region_runs.h"

/* Patch sizes in one call. */
#define CAMX__MOST_SIZES 64

/* The positions of the patch along one axis. */
typedef struct camx__axis_grid {
    int64_t size;  /* pixels */
    int64_t patch;
    int64_t stride;
    int64_t count; /* positions */
    int64_t shift; /* CAMX_EDGE_CENTRED: how far the grid is moved back */
    int32_t edge;  /* camx_edge */
} camx__axis_grid;

/* ---- occlusion_patch.c ---- */

/* Checks what does not depend on the input. */
camx_status camx__occlusion_check(const camx_occlusion_options *options, camx_error *error);

/* Checks the options against the size of the input and works out both axes. */
camx_status camx__occlusion_grid(const camx_occlusion_options *options, int64_t width, int64_t height,
                                 camx__axis_grid *columns, camx__axis_grid *rows, camx_error *error);

/* What the patch at a position covers. */
camx__range camx__grid_span(const camx__axis_grid *grid, int64_t position);

/* What patches show, as a whole run's images: a colour, a blurred copy of `images`, or a value. */
camx_status camx__occlusion_fill(const camx_session *session, const camx_occlusion_options *options,
                                 const float *images, float *fill, camx_error *error);

/* ---- the work ---- */

/* One patch size. */
typedef struct camx__occlusion_pass {
    camx_occlusion_options options; /* with this size */
    camx__axis_grid rows, columns;
    int64_t first; /* number of its first position among those of all passes */
} camx__occlusion_pass;

typedef struct camx__occlusion_work {
    camx_session *session;
    camx_occlusion_options options;
    int target_count;
    camx_target *targets;
    camx__aim *aims;   /* per target, for the present image */
    float *whole;      /* per target: the score of the uncovered picture */
    camx_map *const *maps; /* per target */
    int pass_count;
    camx__occlusion_pass *passes;
    int64_t positions; /* of all passes, for one image */
    camx__region *region; /* NULL: every position is a whole run */
    double cost;       /* of all positions of an image by region runs, in whole runs */
    int64_t base_run;  /* the run that the region's base holds, -1 = none */
    camx__progress progress;
    float *covered;    /* one run's images with the patch in place */
    float *fill;       /* what patches show, the same size */
    float *logits;     /* of one run, or of a block of positions */
    float *scratch;    /* one per class */
    float *falls;      /* of one image: targets x positions */
    bool *done;        /* per position of one image */
    float *sum;        /* per pixel, for one patch size */
    float *mean;       /* per pixel, over patch sizes */
    uint32_t *hits;    /* per pixel: patches of a size; then sizes */
    camx_error *error;
} camx__occlusion_work;

/* ---- occlusion_run.c ---- */

/* Positions that are run at once. */
#define CAMX__BLOCK_ROWS 2
#define CAMX__BLOCK_COLUMNS 4
#define CAMX__BLOCK_ITEMS (CAMX__BLOCK_ROWS * CAMX__BLOCK_COLUMNS)

/* Prepares region runs where the options and the network allow them and they save work. */
camx_status camx__occlusion_prepare(camx__occlusion_work *work);

/* The uncovered scores of an image, by the same program as the covered ones, so that a patch that changes nothing gives a
 * fall of exactly 0. */
camx_status camx__occlusion_start(camx__occlusion_work *work, uint32_t image);

/* Every position of one patch size over one image: falls and done. */
camx_status camx__occlusion_pass_run(camx__occlusion_work *work, const camx__occlusion_pass *pass, uint32_t image);

#endif
