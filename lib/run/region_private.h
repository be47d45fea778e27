/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about region runs share. Order of work:
 *   region_runs.c    from end to end
 *   region_script.c  once: which places have rows and columns, and what each step sees of them
 *   region_trace.c   per rectangle and axis: which rows (or columns) of each place change
 *   region_plan.c    per block of rectangles: the windows, and the steps that compute them
 *   region_steps.c   running those
 */
#ifndef CAMX_RUN_REGION_PRIVATE_H
#define CAMX_RUN_REGION_PRIVATE_H

#include "run/region_runs.h"

/* What is known of a place of the program. */
typedef struct camx__region_place {
    bool varies; /* depends on the picture */
    bool map;    /* has rows and columns; otherwise it changes as a whole */
    int axis[2]; /* of rows and columns */
    int owner;   /* the place whose bytes it shows: often itself */
} camx__region_place;

/* What a step sees of one of its inputs. */
typedef struct camx__region_view {
    bool varies;
    camx__reach reach[2];
    real outside;
} camx__region_view;

typedef struct camx__region_step {
    const camx__step *step;
    camx__region_view *views; /* per input */
    bool varies;
    bool whole;    /* any change may change everything */
    bool sums;     /* a sum over all positions: only the difference is carried on */
    double factor; /* of that sum */
    double work;   /* multiply-adds for one image */
} camx__region_step;

struct camx__region {
    camx_model *model;
    camx__bound *bound;
    camx__planned *planned;
    camx__memory *memory;
    camx__pool *pool;
    camx__runner base;
    const camx__program *program;
    camx__zone zone;
    camx__region_place *places;
    int settled; /* places known so far */
    camx__region_step *steps;
    double work; /* of one whole image */
    int input;   /* places */
    int logits;
    int64_t batch; /* images of a run */
    /* windows of the present block */
    unsigned char *arena;
    size_t arena_bytes;
};

/* ---- region_script.c ---- */

/* CAMX_E_UNSUPPORTED, without a sentence, where there is no way. */
camx_status camx__region_script(camx__region *region, camx_error *error);

/* ---- region_trace.c ---- */

/* The changed rows (axis 0) or columns (1) of each place that has some, given those of the input. */
void camx__region_trace(const camx__region *region, int axis, camx__range changed, camx__range *ranges);

/* The windows of a block along one axis: of one size per place, whatever the rectangle. */
typedef struct camx__region_windows {
    int count;        /* rectangles */
    int64_t *size;    /* per place */
    int64_t *origins; /* per place, `count` each: where the windows begin */
} camx__region_windows;

camx_status camx__region_measure(const camx__region *region, int axis, const camx__range *changed, int count,
                                 camx__zone *zone, camx__region_windows *windows, camx_error *error);

/* ---- region_plan.c ---- */

/* A stack of windows, or of whole tensors, one per item of the block. */
typedef struct camx__stack {
    camx__tensor tensor; /* axis 0: the items */
    int buffer;
    bool map;
    int axis[2];
    const int64_t *origin[2]; /* per rectangle along the axis; NULL: all begin at 0 */
} camx__stack;

typedef enum camx__move_kind {
    CAMX__REGION_SHOW = 0,   /* the input: what the rectangles show, over the picture */
    CAMX__REGION_GATHER = 1, /* windows of another size or place: the kept run, and what has changed over it */
    CAMX__REGION_SUM = 2,    /* kept result + factor x sum of (changed - kept) */
    CAMX__REGION_COPY = 3,   /* another memory order */
    CAMX__REGION_CALL = 4    /* an operator on stacks */
} camx__move_kind;

typedef struct camx__region_move {
    camx__move_kind kind;
    int place;          /* whose kept numbers surround `from` */
    const camx__stack *from; /* NULL: nothing has changed */
    const camx__stack *to;
    real outside;
    int kept;           /* SUM: the place of the kept result */
    double factor;
    const camx__step *step; /* CALL */
    const void *params;
    const void *state;
    const camx__pack *pack;
    const camx__tensor **inputs;
    const camx__tensor **outputs;
    camx__epilogue epilogue;
    const camx__stack *residual;
} camx__region_move;

/* Everything about one block; lives in its zone. */
typedef struct camx__region_plan {
    camx__region *region;
    const camx__region_block *block;
    camx__zone zone;
    camx__region_windows windows[2];
    camx__stack **stacks; /* per place: the window of what has changed */
    camx__stack **wholes; /* per place: the whole map, once somebody wanted it */
    camx__region_move *moves;
    int move_count;
    int move_room;
    camx__stack **all; /* every stack that owns or shares a buffer */
    int all_count;
    int all_room;
    camx__buffer *buffers;
    int buffer_count;
    int buffer_room;
    size_t scratch_bytes;
    size_t scratch_at;
    camx__stack *logits;
    camx_error *error;
} camx__region_plan;

camx_status camx__region_plan_open(camx__region *region, const camx__region_block *block,
                                   camx__region_plan *plan, camx_error *error);
void camx__region_plan_close(camx__region_plan *plan);

/* region_bind.c: a step's operator, bound and prepared for stacks. */
camx_status camx__region_bind(camx__region_plan *plan, const camx__region_step *step, bool cropped,
                              camx__region_move *move);

/* ---- region_steps.c ---- */

camx_status camx__region_execute(const camx__region_plan *plan, int64_t image, const float *shown,
                                 camx_error *error);

#endif
