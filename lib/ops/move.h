/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that move and do not change: Transpose, Slice, Split, Pad, Tile, Expand and their like
 * are one or a few copies between two sets of strides. The gradient is the same copy the other way
 * round, added up where one number was read several times.
 */
#ifndef CAMX_OPS_MOVE_H
#define CAMX_OPS_MOVE_H

#include "base/pool.h"
#include "tensor/tensor.h"

/* How often, and how many elements further each time, on either side. */
typedef struct camx__move_axis {
    int64_t count;
    int64_t from;
    int64_t to; /* 0 with a count above 1: numbers are added up (reals only) */
} camx__move_axis;

#define CAMX__MOVE_AXES (2 * CAMX__MAX_RANK)

typedef struct camx__move {
    int axes;
    camx__move_axis axis[CAMX__MOVE_AXES];
    const void *from;
    void *to;
    bool is_real;
    bool accumulate; /* add to what is there (reals only) */
} camx__move;

/* A move without axes between the storage of two tensors of one kind; first_from, first_to in
 * elements. */
camx__move camx__move_start(const camx__tensor *from, int64_t first_from, const camx__tensor *to,
                            int64_t first_to, bool accumulate);
void camx__move_add(camx__move *move, int64_t count, int64_t from, int64_t to);

/* The other direction: what was read is written. */
void camx__move_turn(camx__move *move);

void camx__move_run(camx__pool *pool, const camx__move *move);

/* Every number of the tensor becomes 0. */
void camx__move_clear(camx__pool *pool, const camx__tensor *tensor);

#endif
