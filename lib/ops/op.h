/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator is. Each has one file (or shares one with its family) and one row in the table; nothing else
 * in the library knows operators by name.
 *
 * An operator meets its data in four steps:
 *   bind      shapes become known: read and check attributes, say the shapes and types of the outputs
 *   prepare   memory orders and settings are known: choose an algorithm, say how much scratch and packing it needs
 *   forward   compute the outputs
 *   backward  given the gradient of the outputs, compute (or add to) the gradient of the inputs
 *
 * Constants are folded by running forward on plain tensors, so every forward works on integers where ONNX allows
 * them and the operator can occur on shapes (Add, Mul, Concat, Gather, Slice, ...).
 */
#ifndef CAMX_OPS_OP_H
#define CAMX_OPS_OP_H

#include "base/error.h"
#include "base/memory.h"
#include "base/pool.h"
#include "kernels/gemm.h"
#include "onnx/onnx.h"
#include "tensor/tensor.h"

/* ---- traits ---- */

enum {
    /* Inputs 0 of rank >= 3 and output 0 are channels-last (the other inputs plain constants). Without this and
     * without ANY_ORDER every input and output is plain. */
    CAMX__OP_SPATIAL = 1 << 0,
    /* Inputs may come in any mixture of orders and pitches, the outputs have the order they are given: the operator
     * walks by camx__tensor_strides or camx__tensor_rows. */
    CAMX__OP_ANY_ORDER = 1 << 1,
    /* Output 0 is input 0's numbers in the same sequence under another shape; both plain. forward copies (constant
     * folding); in a program it is an alias and nothing runs. Together with ANY_ORDER: the shape is the same, and
     * an alias serves any order. Only if another output is wanted as well (Dropout's mask) forward must run. */
    CAMX__OP_VIEW = 1 << 2,
    /* Looks only at the shapes of its inputs, never at their numbers (Shape, Size). */
    CAMX__OP_SHAPE_ONLY = 1 << 3,
    /* Every forward of this operator keeps the images of a batch (axis 0) apart. Operators for which that
     * depends on attributes leave the trait out and give keeps_batch below. */
    CAMX__OP_KEEPS_BATCH = 1 << 4,
    /* Output 0 may be stored over input 0 (same shape, order and pitch; element by element). */
    CAMX__OP_IN_PLACE = 1 << 5,
    /* forward honours call->epilogue (bias, residual, activation). */
    CAMX__OP_EPILOGUE = 1 << 6,
    /* The derivative is zero wherever it exists (Floor, Sign, comparisons): gradients end here. */
    CAMX__OP_ZERO_GRADIENT = 1 << 7
};

/* ---- bind ---- */

typedef struct camx__op_bind {
    const camx__onnx_file *file;
    const camx__onnx_node *node;
    const char *label; /* how error sentences call the node: "node 'conv1' (Conv)" */
    int opset;         /* of the default domain */
    camx__zone *zone;  /* lives as long as params */
    int input_count;   /* as in the node; trailing absent ones are cut off */
    /* NULL for an absent optional input. data is set if the numbers are known now: every integer constant and
     * every real constant of at most CAMX__BIND_REALS elements, in plain order. */
    const camx__tensor *const *inputs;
    int output_count;
    camx__tensor *const *outputs; /* fill shape and elem; NULL for one that nobody wants */
    void *params;                 /* set by bind: attributes in the operator's own struct, from zone */
    camx_error *error;
} camx__op_bind;

#define CAMX__BIND_REALS 65536

/* ---- prepare ---- */

typedef struct camx__op_settings {
    const camx__gemm *gemm;
    bool exact;  /* no Winograd */
    int workers; /* of the pool: scratch is per worker */
} camx__op_settings;

typedef struct camx__op_prepare {
    const void *params;
    const camx__op_settings *settings;
    camx__zone *zone; /* lives as long as state */
    int input_count;
    const camx__tensor *const *inputs; /* shape, order, pitch; data only where constant and held in memory */
    int output_count;
    const camx__tensor *const *outputs;
    bool gated;      /* there will be a camx__op_call.gate */
    bool packed;     /* the weight input is constant and will be packed; otherwise forward packs it each time, in scratch */
    bool backward;   /* prepare the gradient instead of forward */
    unsigned wanted; /* backward: bit i = the gradient of input i is wanted */
    /* results; all start as zero */
    void *state;
    size_t scratch_bytes;
    size_t packed_bytes;
    bool packed_as_forward; /* backward: forward's packing serves (same key and bytes) */
    uint64_t pack_key; /* equal keys for the same weights mean equal bytes (algorithm, layout, back end) */
    camx_error *error;
} camx__op_prepare;

/* ---- forward ---- */

typedef struct camx__op_call {
    const void *params;
    const void *state;
    const char *label;
    int input_count;
    const camx__tensor *const *inputs; /* NULL where absent; the packed weight input has no data */
    int output_count;
    const camx__tensor *const *outputs; /* NULL where not wanted */
    const void *packed;                 /* packed weights, or NULL */
    const real *gate;                   /* [N, C]: input 0 is to be multiplied with it on the way; NULL = no */
    const camx__epilogue *epilogue;     /* NULL = none. Its bias replaces the operator's own bias input */
    void *scratch;                      /* scratch_bytes, aligned to 64 */
    camx__pool *pool;                   /* may be NULL */
    camx_error *error;
} camx__op_call;

/* ---- backward ---- */

/* What backward does at units that cut off below zero. Anything but EXACT is no derivative: explanations ask for it. */
typedef enum camx__relu_rule {
    CAMX__RELU_EXACT = 0,
    /* Guided backpropagation (Springenberg et al., 2015): of the exact gradient only what is positive. */
    CAMX__RELU_GUIDED = 1,
    /* The gradient passes as if the unit were linear: a way out of dead units for activation maximisation. */
    CAMX__RELU_OPEN = 2
} camx__relu_rule;

typedef struct camx__op_gradient {
    const void *params;
    const void *state; /* of the prepare with backward = true */
    const char *label;
    int input_count;
    const camx__tensor *const *inputs; /* data only where `saves` asked for it */
    int output_count;
    const camx__tensor *const *outputs; /* the same */
    const camx__tensor *const *output_gradients; /* same shape, order and pitch as the outputs; NULL = zero */
    const camx__tensor *const *input_gradients;  /* NULL where not wanted */
    const bool *accumulate; /* per input: add to what is there instead of overwriting. One input may appear twice */
    camx__relu_rule relu_rule; /* honoured by operators with `rectifies` */
    const void *packed;
    void *scratch;
    camx__pool *pool;
    camx_error *error;
} camx__op_gradient;

/* What backward reads, as bits. */
#define CAMX__SAVE_INPUT(i) (1u << (i))         /* i < 15 */
#define CAMX__SAVE_ALL_INPUTS (1u << 15)        /* for operators with any number of inputs */
#define CAMX__SAVE_OUTPUT(i) (1u << (16 + (i)))

/* ---- region ---- */

/* What results see along one axis of a map: result o reads positions o * stride - pad + k * dilation of the input,
 * 0 <= k < kernel. */
typedef struct camx__reach {
    int64_t kernel, stride, dilation, pad;
} camx__reach;

/* One input changes inside a rectangle: which results change, and what has to be known to compute them again? The
 * rule of an operator answers for all rectangles at once. */
typedef struct camx__op_region {
    const void *params;
    int input_count;
    const camx__tensor *const *inputs; /* shapes only; NULL where absent */
    const bool *varies;                /* per input: it depends on the picture */
    int output_count;
    const camx__tensor *const *outputs; /* NULL where not wanted */
    int input; /* the one in question: its rows and columns are two of its axes, and not its first */
    /* filled by the rule; they start as what element-by-element operators need */
    int axis[2];          /* rows and columns: of the input when called, of every output on return */
    camx__reach reach[2]; /* of rows and columns */
    real outside;         /* what is seen outside of the map */
    bool sums;            /* no map comes out: each result is `factor` times the sum over all positions */
    double factor;
} camx__op_region;

/* ---- the row ---- */

typedef struct camx__op {
    const char *name; /* ONNX's op_type */
    unsigned traits;
    int min_inputs;
    int max_inputs; /* CAMX__ANY_COUNT = no limit */
    int max_outputs;
    int weight_input; /* the input that is packed when it is constant; 0 = none */
    camx_status (*bind)(camx__op_bind *bind);
    camx_status (*prepare)(camx__op_prepare *prepare); /* NULL: no state, scratch or packing */
    camx_status (*pack)(const camx__op_prepare *prepared, camx__memory *memory, camx__read_fn *read,
                        void *context, const real *scale, void *packed); /* with weight_input only */
    camx_status (*forward)(const camx__op_call *call);
    camx_status (*backward)(const camx__op_gradient *gradient); /* NULL: none (integers), see ZERO_GRADIENT */
    /* Which inputs and outputs backward reads to give the wanted gradients (bit i = input i); NULL = none. */
    unsigned (*saves)(const void *params, unsigned wanted);
    bool (*keeps_batch)(const void *params); /* NULL: the trait says it */
    /* For operators that cut out parts: where output `output` begins if it is a range of input 0's axis 1 and all
     * of its other axes; -1 if it is not. NULL: never. */
    int64_t (*first_channel)(const void *params, int output);
    /* A word for the way that prepare chose, for profiles; NULL: there is only one. */
    const char *(*describe)(const void *state);
    bool (*rectifies)(const void *params);   /* NULL: never. True: units of the ReLU kind, cut off below zero */
    /* False, or NULL: a change anywhere may change every result. */
    bool (*region)(camx__op_region *region);
    /* For operators whose reach is more than one position: parameters for maps of other sizes, of which no result looks
     * outside. NULL: no memory. */
    const void *(*cropped)(const void *params, camx__zone *zone, const camx__shape *input,
                           const camx__shape *output);
} camx__op;

#define CAMX__ANY_COUNT 1000000

/* The operator of the default domain with this name, or NULL. */
const camx__op *camx__op_find(const char *name);

/* The row number `index` of the table in alphabetical order, or NULL past its end. */
const camx__op *camx__op_at(size_t index);

/* ---- helpers for bind ---- */

/* Fails with CAMX_E_FORMAT (a graph that breaks ONNX's rules) or CAMX_E_UNSUPPORTED: "FILE: LABEL: sentence". */
camx_status camx__op_invalid(const camx__op_bind *bind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
camx_status camx__op_unsupported(const camx__op_bind *bind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with CAMX_E_SHAPE: the node is right, but an input of this size cannot be taken. */
camx_status camx__op_misfit(const camx__op_bind *bind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* An attribute, or the default if the node does not have it; a wrong kind is CAMX_E_FORMAT. */
camx_status camx__op_int(const camx__op_bind *bind, const char *name, int64_t fallback, int64_t *value);
camx_status camx__op_float(const camx__op_bind *bind, const char *name, float fallback, float *value);
/* *text is "" without it; lives as long as the file. */
camx_status camx__op_text(const camx__op_bind *bind, const char *name, const char **text);
/* *count is 0 without it (and *present false); values live as long as the file. */
camx_status camx__op_int_list(const camx__op_bind *bind, const char *name, const int64_t **values, int *count,
                              bool *present);

/* The numbers of an integer input that must be constant (axes, shapes, pads ...); *values NULL if the input is absent. A
 * computed one is CAMX_E_UNSUPPORTED. */
camx_status camx__op_constant_ints(const camx__op_bind *bind, int input, const int64_t **values, int *count);
/* The same for reals. */
camx_status camx__op_constant_reals(const camx__op_bind *bind, int input, const real **values, int *count);

/* Axes from an attribute (old opsets) or an input (from opset `input_since` on), checked and made non-negative:
 * bit a of *mask = axis a. *present false if neither is given. */
camx_status camx__op_axes(const camx__op_bind *bind, int input_since, int input, int rank, unsigned *mask,
                          bool *present);

/* The attribute `axis`, checked and made non-negative. */
camx_status camx__op_axis(const camx__op_bind *bind, int64_t fallback, int rank, int *axis);

/* That output, if it is wanted, gets this shape and element type, after camx__shape_check. */
camx_status camx__op_output(const camx__op_bind *bind, int output, const camx__shape *shape, camx__elem elem);

/* Fails unless the input is there and real. */
camx_status camx__op_need_reals(const camx__op_bind *bind, int input);

/* The input, or NULL if it is absent. */
const camx__tensor *camx__op_input(const camx__op_bind *bind, int input);
bool camx__op_wants(const camx__op_bind *bind, int output);

/* Cleared memory for the operator's parameters, set as bind->params; NULL after filling bind->error (return
 * CAMX_E_MEMORY). */
void *camx__op_params(camx__op_bind *bind, size_t size);

#endif
