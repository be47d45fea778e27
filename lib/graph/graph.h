/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph of a file with its input shapes bound: every value has a shape, everything that depends on
 * constants only has been computed (folded) by the ordinary operators, and only nodes that have to run are left.
 *
 * A graph never changes after camx__graph_bind and may be read by any number of threads. Values keep the
 * numbers they have in the file (camx__onnx_file), so a value id means the same in every graph of a file.
 */
#ifndef CAMX_GRAPH_GRAPH_H
#define CAMX_GRAPH_GRAPH_H

#include "onnx/onnx.h"
#include "ops/op.h"

typedef struct camx__value {
    const char *name;
    camx__tensor tensor; /* plain order; data set for constants that are held in memory */
    bool known;          /* shape and type are known: an input, a constant, or a live node's output */
    bool constant;
    /* A constant that is exactly this tensor of the file (widened to real), not held in memory; NULL otherwise. */
    const camx__onnx_tensor *stored;
    bool shape_bound;  /* a constant that was computed from a bound shape: differs between input sizes */
    bool channels_last; /* rank 4: axes are [N, H, W, C], as in networks exported by TensorFlow tools */
    int producer;      /* number of the live node that computes it, -1 for inputs and constants */
    int layer;         /* place in the list of layers, -1 for constants */
    bool reaches_scores; /* the scores depend on it */
} camx__value;

typedef struct camx__node {
    const camx__onnx_node *record;
    const camx__op *op;
    const void *params;
    const char *label; /* "node 'conv1' (Conv)" */
    int input_count;
    int output_count;
    const int32_t *inputs;  /* value ids, -1 = absent */
    const int32_t *outputs; /* value ids, -1 = absent */
    bool keeps_batch;
} camx__node;

/* How the scores come about. */
typedef struct camx__head {
    int logits;      /* value id: the scores before a trailing Softmax or Sigmoid */
    int output_kind; /* camx_output_kind */
    int64_t classes; /* per image */
    int default_layer; /* value id, or -1: no value has more than one position */
} camx__head;

typedef struct camx__graph {
    camx__zone zone;
    camx__memory *memory;
    const camx__onnx_file *file;
    uint64_t serial; /* unique in this process: tells graphs apart where constants depend on shapes */
    camx__value *values; /* file's value_count */
    int value_count;
    camx__node *nodes; /* live ones, in order of execution */
    int node_count;
    int *layers; /* value ids of all layers, the inputs first */
    int layer_count;
    int *stages; /* value ids, in order of execution; set with the head */
    int stage_count;
    int64_t batch; /* images per run: dimension 0 of the first input */
    bool keeps_batch; /* no node between input and logits mixes images */
    uint64_t multiply_adds; /* of one run */
    camx__head head;
} camx__graph;

/* Which shape each graph input has: as many as file->input_count. */
camx_status camx__graph_bind(const camx__onnx_file *file, camx__memory *memory, const camx__shape *input_shapes,
                             camx__graph **graph, camx_error *error);
void camx__graph_free(camx__graph *graph);

/* The same with the numbers of some inputs known in advance: an input whose known[i].data is set (plain order, in the
 * storage of its type) becomes a constant. The data must outlive the graph. For networks with inputs that say
 * shapes or axes. */
camx_status camx__graph_bind_known(const camx__onnx_file *file, camx__memory *memory,
                                   const camx__shape *input_shapes, const camx__tensor *known,
                                   camx__graph **graph, camx_error *error);

/* Refuses a file that has operators without a row in the table, naming every such node and operator. */
camx_status camx__graph_check_operators(const camx__onnx_file *file, camx_error *error);

/* Finds logits, output kind, class count and the default layer; CAMX_E_UNSUPPORTED if output 0 is not a vector of
 * scores per image. Part of opening a model, but not of binding: tests run graphs that classify nothing. */
camx_status camx__graph_find_head(camx__graph *graph, camx_error *error);

/* Fills in the stages: the last feature map of each resolution that everything passes through, up to and with the default
 * layer. The head must be known. */
camx_status camx__graph_find_stages(camx__graph *graph, camx_error *error);

/* The value a layer specification means (the rules are in camx.h). */
camx_status camx__graph_find_layer(const camx__graph *graph, const char *layer, int *value, camx_error *error);

/* Holds a constant's numbers in memory, for steps that read it as it is. */
camx_status camx__graph_hold(camx__graph *graph, int value, camx_error *error);

/* Reads elements of a constant wherever they are: a camx__read_fn whose context is a camx__constant. */
typedef struct camx__constant {
    const camx__graph *graph;
    int value;
} camx__constant;
camx_status camx__constant_read(void *context, int64_t first, int64_t count, real *out, camx_error *error);

/* True if the node's operator has this name. Heads, fusions and views are recognised by name in graph/ and plan/; all
 * arithmetic stays behind the operator table. */
bool camx__node_is(const camx__node *node, const char *name);

/* The node that computes a value, or NULL. */
const camx__node *camx__graph_producer(const camx__graph *graph, int value);

/* Nodes that hand the same numbers on: Reshape, Flatten, Squeeze, Identity, Dropout ... */
bool camx__node_is_view(const camx__node *node);

/* The value whose numbers `value` shows, through any number of views. */
int camx__graph_skip_views(const camx__graph *graph, int value);

/* How many live nodes read a value. */
int camx__graph_readers(const camx__graph *graph, int value);

#endif
