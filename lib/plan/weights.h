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

typedef struct camx__weights {
    camx__memory *memory;
    camx__pack *packs;
    size_t bytes; /* of all packs */
    unsigned made; /* packs made so far: tests see that a second session makes none */
} camx__weights;

void camx__weights_init(camx__weights *weights, camx__memory *memory);
void camx__weights_free(camx__weights *weights);

/* Finds or makes a pack of constant `value` for an operator that has been prepared. scale_factors: one per output
 * channel, or NULL; `scale` names them in the key. */
camx_status camx__weights_get(camx__weights *weights, camx__graph *graph, const camx__op *op,
                              const camx__op_prepare *prepared, int value, int scale,
                              const real *scale_factors, const camx__pack **pack, camx_error *error);

#endif
