/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program: a graph planned for execution. Steps in order, forward first, then backward; each value that is
 * computed has a place: a tensor with a memory order inside a buffer; each buffer has a span of steps in which
 * it is alive and an offset in the arena.
 *
 *     arena:  [ buffers, overlapping where their spans do not ][ scratch of the running step ]
 *
 * A program never changes after planning and is shared by sessions. Whatever was asked to be kept is never fused away
 * and lives to the end; whatever a backward step reads lives to the end too, so that backward can run
 * again for another target without running forward.
 */
#ifndef CAMX_PLAN_PROGRAM_H
#define CAMX_PLAN_PROGRAM_H

#include "graph/graph.h"
#include "plan/weights.h"

typedef struct camx__place {
    camx__tensor tensor; /* data only for constants; others get theirs from buffer and arena */
    int buffer;          /* -1 = constant */
    int64_t first;       /* element of the buffer that it begins with: a range of channels of a larger tensor */
    int source;          /* the place whose bytes this one shows under another shape or order; -1 = its own */
} camx__place;

typedef struct camx__buffer {
    size_t bytes;
    size_t offset; /* in the arena */
    int first;     /* step that writes it first */
    int last;      /* last step that touches it; CAMX__FOREVER = keep */
} camx__buffer;

#define CAMX__FOREVER 0x7fffffff

typedef enum camx__step_kind {
    CAMX__STEP_FORWARD = 0,  /* op->forward */
    CAMX__STEP_COPY = 1,     /* inputs[0] into outputs[0]: another memory order */
    CAMX__STEP_BACKWARD = 2, /* op->backward */
    CAMX__STEP_ADD = 3       /* gradients: outputs[0] = or += inputs[0], same shape, any orders */
} camx__step_kind;

typedef struct camx__step {
    camx__step_kind kind;
    int node; /* number in the graph of the node whose output this step makes; for fused ones the last */
    int anchor; /* number of the node that `op` belongs to */
    const camx__op *op;
    const void *params;
    const void *state;
    const char *label;
    int input_count;
    int *inputs; /* place numbers, -1 = absent */
    int output_count;
    int *outputs;
    /* forward */
    bool fused;             /* `epilogue` is to be passed */
    camx__epilogue epilogue; /* residual is taken from residual_place */
    int residual_place;     /* -1 = none */
    int gate_place;         /* factors of the channels of input 0, -1 = none */
    bool absorbed;          /* a later step does it on the way: it is not run */
    int parts;              /* so many steps right before this one are absorbed by it */
    /* backward */
    int *output_gradients; /* place numbers, -1 = zero; output_count of them */
    int *input_gradients;  /* -1 = not wanted; input_count of them */
    bool *accumulate;
    const camx__pack *pack; /* NULL = none */
    int scale;              /* what was folded into the weights (camx__pack.scale), -1 = nothing */
    const real *factors;    /* of it, one per output channel */
    size_t scratch_bytes;
} camx__step;

/* What a program must offer. */
typedef struct camx__demand {
    const int *keep; /* value ids whose numbers are wanted after forward */
    int keep_count;
    const int *gradients; /* value ids whose gradients may be wanted */
    int gradient_count;
    /* Value ids whose numbers the caller provides before forward: what only they need does not run. Nothing the
     * program needs may depend on the graph's inputs in another way. 0 = the graph's inputs are provided. */
    const int *given;
    int given_count;
    bool fusion;
    bool hold_all; /* every place lives to the end, so that parts of any step can be run again: region runs */
    camx__op_settings settings;
    camx__pool *pool; /* weights are packed on its threads; NULL = on this one. No part of what is asked for */
} camx__demand;

typedef struct camx__program {
    camx__zone zone;
    const camx__graph *graph;
    camx__op_settings settings;
    bool fusion;
    bool hold_all;
    int forward_count;
    int step_count; /* forward and backward */
    camx__step *steps;
    int place_count;
    camx__place *places;
    int buffer_count;
    camx__buffer *buffers;
    int *value_place;    /* per value: where its numbers are after forward if kept, -1 = not held */
    bool *kept;          /* per value: value_place is valid after forward */
    int *gradient_place; /* per value: where its gradient is after backward, -1 = always zero or not asked for */
    bool *offers_gradient; /* per value: it was asked for; gradient_place -1 then means that it is zero */
    int seed_place;      /* gradient of the logits, -1 = no backward */
    int *given_place;    /* per value: where the caller puts its numbers if it is given, -1 = it is not */
    int given_count;
    int *input_places;   /* per graph input: plain tensors the caller's numbers are copied into, -1 = unused */
    size_t arena_bytes;
    size_t scratch_offset;
} camx__program;

camx_status camx__program_plan(camx__graph *graph, camx__weights *weights, const camx__demand *demand,
                               camx__memory *memory, camx__program **program, camx_error *error);
void camx__program_free(camx__program *program);

/* Gives `count` buffers with known spans their offsets, and *end the bytes they take together. Rounds their sizes up. */
camx_status camx__buffers_place(camx__zone *scratch, camx__buffer *buffers, int count, size_t *end,
                                const char *name, camx_error *error);

/* True if the program already offers everything in the demand. */
bool camx__program_serves(const camx__program *program, const camx__demand *demand);

#endif
