/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One loop for everything that works element by element: up to CAMX__WALK_INPUTS operands of any
 * memory order, broadcast as NumPy does, and a result that is stored, added to what is there, or
 * reduced over the axes that it does not have. The operator only gives a function for short rows
 * of consecutive numbers; gathering, scattering, threads and the order of axes are done here.
 *
 * The work is cut by shapes alone, and every sum is made by one task in one order: the bits do not
 * depend on the number of threads.
 */
#ifndef CAMX_OPS_BROADCAST_H
#define CAMX_OPS_BROADCAST_H

#include "base/pool.h"
#include "tensor/tensor.h"

#define CAMX__WALK_INPUTS 4

/* Storage and its steps along the axes of the walk's shape. */
typedef struct camx__operand {
    void *data;
    size_t size;                    /* bytes of an element: sizeof(real) or sizeof(int64_t) */
    int64_t stride[CAMX__MAX_RANK]; /* in elements; 0 = repeated along that axis */
} camx__operand;

/* Computes `count` results. in[i] points at consecutive numbers (step[i] = 1) or at one that is
 * repeated (step[i] = 0). out may be in[i] (never partly overlapping). */
typedef void camx__element_fn(const void *context, const void *const *in, const int *step,
                              void *out, int64_t count);

typedef enum camx__combine {
    CAMX__COMBINE_SUM = 0,
    CAMX__COMBINE_MAX = 1, /* NaN wins; of nothing: minus infinity */
    CAMX__COMBINE_MIN = 2,
    CAMX__COMBINE_PRODUCT = 3
} camx__combine;

typedef struct camx__walk {
    camx__shape shape; /* what is walked: the broadcast of all operands */
    int inputs;
    camx__operand in[CAMX__WALK_INPUTS];
    /* stride 0 along an axis longer than 1: reduced over it. */
    camx__operand out;
    camx__element_fn *fn;
    const void *context;
    camx__combine combine; /* how reduced numbers meet: in double, or in int64, wrapping */
    bool out_is_integer;   /* the results of fn are int64_t */
    bool accumulate;     /* add to out (reals only) */
} camx__walk;

/* The tensor as an operand of a walk over `shape`: aligned at the last axis, repeated where its
 * dimension is 1. */
void camx__operand_init(camx__operand *operand, const camx__tensor *tensor,
                        const camx__shape *shape);

/* The same with the tensor's axis 0 at axis `shift` of the shape: the broadcasting of opset 6
 * and before. */
void camx__operand_init_at(camx__operand *operand, const camx__tensor *tensor,
                           const camx__shape *shape, int shift);

void camx__walk_run(camx__pool *pool, const camx__walk *walk);

/* in0 copied; for walks that only move numbers of 4 or 8 bytes. context: NULL. */
void camx__copy_reals(const void *context, const void *const *in, const int *step, void *out,
                      int64_t count);
void camx__copy_ints(const void *context, const void *const *in, const int *step, void *out,
                     int64_t count);

/* y = x, broadcast to the shape of y; both real or both integer. accumulate: y += x (reals
 * only). */
void camx__broadcast_copy(camx__pool *pool, const camx__tensor *x, const camx__tensor *y,
                          bool accumulate);

/* gx = the sum of gy over the axes along which gx was broadcast to gy's shape. */
void camx__broadcast_reduce(camx__pool *pool, const camx__tensor *gy, const camx__tensor *gx,
                            bool accumulate);

#endif
