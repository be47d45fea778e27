/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed weights: what convolutions and dense layers read instead of the file's tensors. Packed once per model
 * and layout and shared by all programs and sessions of the model.
 *
 * Threads: guarded by the model's lock while a program is planned; packs themselves never change.
 */
#ifndef CAMX_PLAN_WEIGHTS_H
#define CAMX_PLAN_WEIGHTS_H

#include "graph/graph.h"

typedef struct camx__pack {
    /* the key */
    int value;      /* value id of the weights in the file */
    uint64_t owner; /* the graph, for constants that differ between input sizes; otherwise 0 */
    int scale;      /* value id of what was folded in (the output of a batch norm), -1 = nothing */
    bool backward;
    uint64_t layout; /* camx__op_prepare.pack_key */
    /* the content */
    size_t bytes;
    void *data;
    struct camx__pack *next;
} camx__pack;

/* A pack that a program under construction needs and nobody has made yet. */
typedef struct camx__pack_order {
    camx__pack *pack;
    const camx__op *op;
    camx__op_prepare prepared;
    camx__constant source;
    const real *scale_factors;
    camx_error error; /* what went wrong with this one */
    struct camx__pack_order *next;
} camx__pack_order;

typedef struct camx__weights {
    camx__memory *memory;
    camx__pack *packs;
    camx__pack_order *orders; /* empty but while a program is planned */
    int order_count;
    size_t bytes; /* of all packs */
    unsigned made; /* packs made so far: tests see that a second session makes none */
} camx__weights;

void camx__weights_init(camx__weights *weights, camx__memory *memory);
void camx__weights_free(camx__weights *weights);

/* Finds a pack of constant `value` for an operator that has been prepared, or orders it. What the order points to
 * (prepared's arrays, scale_factors) and `zone`, which holds it, must live until the orders are filled or dropped.
 * scale_factors: one per output channel, or NULL; `scale` names them in the key. */
camx_status camx__weights_get(camx__weights *weights, camx__zone *zone, camx__graph *graph, const camx__op *op,
                              const camx__op_prepare *prepared, int value, int scale, const real *scale_factors,
                              const camx__pack **pack, camx_error *error);

/* Makes all packs that were ordered, several at a time if there is a pool; reads of the file happen one at a time. On
 * failure they remain ordered. */
camx_status camx__weights_fill(camx__weights *weights, camx__pool *pool, camx_error *error);

/* Forgets the packs that were ordered and not made. */
void camx__weights_drop(camx__weights *weights);

#endif
