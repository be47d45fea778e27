/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binds, prepares and runs one operator from test code, without a file, a graph or a program
 * around it. A case is one line of text:
 *
 *     "Conv pads=[1,1,1,1] group=2 opset=11; [1,4,5,6] [6,2,3,3]k [6]k"
 *
 * that is the operator, its attributes (2 = integer, 2.5 = float, [1,2] = integers, [1.5,2.0] =
 * floats, 'text' = text; opset and outputs are no attributes but the opset, 17 if absent, and the
 * number of outputs, 1 if absent), a semicolon, and the inputs separated by spaces:
 *
 *     [2,3]           distinct random floats from -1 to 1; gradients are wanted
 *     [2,3]k          a constant: known when the operator is bound, no gradient
 *     [2,3]n          computed (not known when bound), but no gradient is wanted
 *     [2,3]{0.5..2}   random numbers from that range
 *     [3]k{1,-2,0.5}  these numbers, in ONNX order
 *     i[2]k{0,3}      int64 (j: int32, u: uint8, b: bool); never wanted
 *     =0              the same value as input 0 once more
 *     -               absent
 *
 * The runs use every memory layout that the operator's traits allow, put garbage around and into
 * everything that the operator may not read, and check that nothing is written where it must not
 * be.
 */
#ifndef CAMX_TESTS_OP_HARNESS_H
#define CAMX_TESTS_OP_HARNESS_H

#include "base/pool.h"
#include "ops/op.h"

#define OP_MAX_TENSORS 8

typedef struct op_value {
    bool absent;
    int same_as; /* the input that it repeats, or -1 */
    bool known;  /* a constant */
    bool wanted; /* gradients are checked for it */
    camx__shape shape;
    camx__elem elem;
    real *reals; /* plain; one of the two */
    int64_t *ints;
} op_value;

typedef struct op_case op_case;

/* Parses and binds; a syntax error in the line fails the test. *status: what bind returned. */
op_case *op_open(const char *line, camx_status *status, camx_error *error);
void op_close(op_case *test);

/* A case that cannot be bound: the status, and words of the sentence; CAMX_OK: it can be. */
typedef struct op_refusal {
    const char *line;
    camx_status status;
    const char *sentence;
} op_refusal;

/* Fails the test if it is not refused so. */
void op_check_refusal(const op_refusal *refusal);

const camx__op *op_row(const op_case *test);
const void *op_params_of(const op_case *test);
int op_input_count(const op_case *test);
op_value *op_input_of(op_case *test, int input);
int op_output_count(const op_case *test);
op_value *op_output_of(op_case *test, int output);    /* the numbers of the last forward */
const real *op_gradient_of(op_case *test, int input); /* plain; of the last backward */

/* How to run it. */
typedef struct op_run {
    int layout;  /* 0 .. op_layout_count - 1 */
    bool packed; /* pack a constant weight input in advance */
    bool accumulate;
    unsigned wanted;  /* backward: bit i = input i */
    bool in_place;    /* forward: output 0 over input 0 */
    camx__pool *pool; /* may be NULL */
    const camx__epilogue *epilogue;
    const real *scale; /* with packed: a factor per output channel that goes into the weights */
} op_run;

int op_layout_count(const op_case *test);

/* Both fail the test at any mistake that they find. seeds[i] = the gradient of output i, plain. */
camx_status op_forward(op_case *test, const op_run *run, camx_error *error);
camx_status op_backward(op_case *test, const op_run *run, real *const *seeds, camx_error *error);

/* The next number of a fixed random sequence, from 0 to 1. */
double op_random(uint64_t *state);

#endif
