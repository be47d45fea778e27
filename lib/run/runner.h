/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A runner executes programs: it owns the arena and knows where every place of the program lies in it. One
 * thread at a time.
 */
#ifndef CAMX_RUN_RUNNER_H
#define CAMX_RUN_RUNNER_H

#include "plan/program.h"

/* A step with its tensors resolved to addresses. */
typedef struct camx__ready_step {
    const camx__step *step;
    const camx__tensor **inputs;
    const camx__tensor **outputs;
    const camx__tensor **output_gradients;
    const camx__tensor **input_gradients;
    camx__epilogue epilogue;
    const real *gate; /* or NULL */
    bool wanted; /* backward: for the gradients asked for now */
} camx__ready_step;

typedef struct camx__runner {
    camx__memory *memory;
    camx__pool *pool;
    const camx__program *program; /* NULL before the first load */
    unsigned char *arena;
    size_t arena_bytes;
    camx__zone zone; /* what follows; renewed with each program */
    camx__tensor *tensors;
    camx__ready_step *steps;
    bool *place_wanted;
    double *seconds; /* NULL (usual), or room for one per step of the program: how long it took when it last ran */
    camx__relu_rule relu_rule; /* for the next backward: whoever changes it puts EXACT (0) back */
} camx__runner;

void camx__runner_init(camx__runner *runner, camx__memory *memory, camx__pool *pool);
void camx__runner_close(camx__runner *runner);

/* Takes a program, which must outlive the runner or the next load. What the arena held is gone. On failure the runner
 * has no program. */
camx_status camx__runner_load(camx__runner *runner, const camx__program *program, camx_error *error);

/* The tensor that graph input `index` is to be copied into before forward (plain order), NULL if no step reads it. */
const camx__tensor *camx__runner_input(const camx__runner *runner, int index);

/* The tensor of a value that the program takes from the caller (camx__demand.given), NULL for others. Its numbers stay from
 * run to run. */
const camx__tensor *camx__runner_given(const camx__runner *runner, int value);

camx_status camx__runner_forward(camx__runner *runner, camx_error *error);

/* Gradients of sum(seed x logits) for the given values, which the program must offer. seed: as many numbers as the
 * logits of one run. forward must have run; may be called again with other seeds. */
camx_status camx__runner_backward(camx__runner *runner, const real *seed, const int *values, int count,
                                  camx_error *error);

/* The start of a backward pass at a value: the gradient of what is looked for by that value, in any order. */
typedef struct camx__seed {
    int value; /* the program must offer its gradient */
    const camx__tensor *numbers;
} camx__seed;

/* The same for a quantity that depends on any values at once: seeds with the latest producer first, no value twice. Steps
 * behind the latest are left out. */
camx_status camx__runner_backward_from(camx__runner *runner, const camx__seed *seeds, int seed_count,
                                       const int *values, int count, camx_error *error);

/* A kept value after forward; NULL if the program does not keep it. */
const camx__tensor *camx__runner_value(const camx__runner *runner, int value);

/* A gradient after backward; NULL = zero everywhere, or not offered. */
const camx__tensor *camx__runner_gradient(const camx__runner *runner, int value);

#endif
