/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share while a program is being planned. Order of work:
 *   demand.c   which nodes have to run, where gradients flow, what backward will read
 *   fuse.c     which nodes are absorbed into a convolution or dense layer
 *   joins.c    what is written straight into a larger result
 *   forward.c  places, memory orders, forward steps
 *   backward.c backward steps
 *   bands.c    convolutions that run together, a few rows at a time
 *   arena.c    spans, sharing, offsets
 */
#ifndef CAMX_PLAN_PLANNER_H
#define CAMX_PLAN_PLANNER_H

#include "plan/program.h"

/* A convolution or dense layer together with the nodes behind it that it does on the way: batch norm by its
 * weights, then an addition, then an activation. The step runs where the last of them stands. Before a 1x1 convolution
 * it may also be the product of the map with one factor per channel (squeeze and excitation). */
typedef struct camx__fusion {
    int anchor; /* node numbers; -1 = absent */
    int product; /* before the anchor */
    int map, gate; /* value ids of its factors */
    int norm;
    int add;
    int residual; /* value id of the other summand */
    int activation;
    int last;
    camx__activation function;
    real low, high;
    int64_t groups; /* > 0: no chain but a channel shuffle */
} camx__fusion;

/* Where a value lies inside a larger one. */
typedef struct camx__home {
    int whole;       /* value id, -1 = it stands alone */
    int64_t channel; /* of the whole, where it begins */
    int place;       /* of a whole: its place once one of its parts has been written, -1 = not yet */
} camx__home;

typedef struct camx__planner {
    camx__graph *graph;
    camx__weights *weights;
    const camx__demand *demand;
    camx__program *program;
    camx__memory *memory;
    camx__zone scratch; /* freed when planning ends */
    camx_error *error;
    /* per node */
    bool *needed;      /* has to run */
    unsigned *saves;   /* what its backward reads, 0 if none runs */
    unsigned *wanted;  /* inputs whose gradient its backward must give */
    int *fusion_of;    /* number in `fusions`, -1 = none */
    int *step_of;      /* its forward step, -1 = none */
    camx__fusion *fusions;
    int fusion_count;
    /* per value */
    bool *keep;
    bool *wants_gradient; /* asked for by the demand */
    bool *carries;     /* the gradient flows through it */
    bool *given;       /* the caller provides it */
    bool *protected_;  /* must exist as it is: kept, asked for, or read by backward */
    int *primary;      /* place, -1 = none yet */
    int *other;        /* a copy in the other memory order, -1 = none */
    bool *written;     /* its gradient has been written */
    camx__home *homes;
    /* growing arrays of the program */
    int step_room, place_room, buffer_room;
} camx__planner;

/* demand.c */
camx_status camx__plan_mark(camx__planner *planner);

/* fuse.c */
camx_status camx__plan_fuse(camx__planner *planner);

/* The node behind `number` in a chain if its first output exists only for that node, or -1. */
int camx__plan_next(const camx__planner *planner, int number);

/* shuffle.c: takes the shuffle that begins with a node, if one does; and makes its step. */
bool camx__plan_take_shuffle(camx__planner *planner, int first);
camx_status camx__plan_shuffle_step(camx__planner *planner, int number, const camx__fusion *fusion);

/* joins.c */
camx_status camx__plan_joins(camx__planner *planner);

/* The place of a value that a step is about to compute with this layout: its home, or one of its own. */
camx_status camx__plan_home(camx__planner *planner, int id, const camx__tensor *tensor, int *place);

/* Aliases for the outputs of a node that cuts out channels (Split, Slice), if they can be; *done says so. */
camx_status camx__plan_cut(camx__planner *planner, const camx__node *node, bool *done);

/* forward.c */
camx_status camx__plan_forward(camx__planner *planner);

/* The place of a value in channels-last order; copied into it if it lies otherwise. */
camx_status camx__plan_channels_last(camx__planner *planner, int id, int *place);

/* The place of a constant; packed: only its shape is needed. */
camx_status camx__plan_constant(camx__planner *planner, int id, bool packed, int *place);

/* Prepares a step's operator and finds its packed weights. scale, factors: a folded batch norm, or -1 and NULL. */
camx_status camx__plan_prepare(camx__planner *planner, const camx__node *node, camx__step *step, bool backward,
                               unsigned wanted, int scale, const real *factors);

/* backward.c */
camx_status camx__plan_backward(camx__planner *planner);

/* bands.c */
camx_status camx__plan_bands(camx__planner *planner);

/* arena.c */
camx_status camx__plan_arena(camx__planner *planner);

/* places.c: the growing arrays */
camx_status camx__plan_new_place(camx__planner *planner, const camx__tensor *tensor, int buffer, int *place);
camx_status camx__plan_new_buffer(camx__planner *planner, const camx__tensor *tensor, int *buffer);
camx_status camx__plan_new_step(camx__planner *planner, const camx__step *model, int *step);
int *camx__plan_ints(camx__planner *planner, int count, int value); /* NULL: no memory */

/* A place for a fresh tensor with a buffer of its own. */
camx_status camx__plan_fresh(camx__planner *planner, const camx__tensor *tensor, int *place);

/* A place that shows another place's buffer as another tensor. */
camx_status camx__plan_alias(camx__planner *planner, int place, const camx__tensor *tensor, int *alias);

/* A place that shows the channels of a channels-last place from `channel` on. */
camx_status camx__plan_range(camx__planner *planner, int place, int64_t channel, const camx__tensor *part,
                             int *range);

/* Extends the span of a place's buffer to a step. */
void camx__plan_touch(camx__planner *planner, int place, int step);
void camx__plan_keep(camx__planner *planner, int place);

/* The tensor of a place as an order-less copy of a value, in a given order without gaps. */
camx__tensor camx__plan_tensor(const camx__value *value, camx__order order);

/* affine.c: batch norm as one factor and one summand per channel. bias: the convolution's own, or NULL. Arrays live
 * in the program. */
camx_status camx__plan_affine(camx__planner *planner, const camx__node *norm, const real *bias, real **factor,
                              real **summand);

#endif
