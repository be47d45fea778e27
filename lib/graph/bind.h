/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share while a graph is being bound. */
#ifndef CAMX_GRAPH_BIND_H
#define CAMX_GRAPH_BIND_H

#include "graph/graph.h"

/* One node while its shapes are being bound. Arrays live in the graph's zone. */
typedef struct camx__binding {
    const camx__onnx_node *record;
    const camx__op *op;
    const char *label;
    void *params;
    int input_count;
    int output_count;
    const camx__tensor **inputs;
    camx__tensor **outputs;
    bool all_constant;
    bool shape_bound; /* some input depends on a bound shape */
} camx__binding;

/* Makes a value the constant that this tensor of the file is. */
void camx__value_store(camx__value *value, const camx__onnx_tensor *tensor);

/* True if the node only hands on a constant of the file under another name or float width (Identity, Cast
 * from float16, Constant, Dropout): its output then is that constant, and nothing is read or copied. */
bool camx__fold_alias(camx__graph *graph, const camx__onnx_node *record);

/* Computes a node whose inputs are constant (or whose numbers do not matter) and makes its outputs constants. */
camx_status camx__fold_node(camx__graph *graph, camx__binding *binding, camx_error *error);

/* True if an input [N, H, W, C] is declared: the last dimension looks like colours and the second does not. */
bool camx__port_channels_last(const camx__onnx_port *port);

/* Multiply-adds of the node's matrix product; 0 for others. */
uint64_t camx__node_multiply_adds(const camx__graph *graph, const camx__node *node);

#endif
