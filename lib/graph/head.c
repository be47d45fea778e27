/* SPDX-License-Identifier: Apache-2.0 */
/* Where a classifier's scores come from, and the layer that people mean when they name none. */
#include <string.h>

#include "graph/graph.h"

const camx__node *camx__graph_producer(const camx__graph *graph, int value)
{
    if (value < 0 || graph->values[value].producer < 0)
        return NULL;
    return &graph->nodes[graph->values[value].producer];
}

int camx__graph_readers(const camx__graph *graph, int value)
{
    int readers = 0;
    for (int i = 0; i < graph->node_count; i++)
        for (int j = 0; j < graph->nodes[i].input_count; j++)
            readers += graph->nodes[i].inputs[j] == value;
    return readers;
}

bool camx__node_is_view(const camx__node *node)
{
    return (node->op->traits & CAMX__OP_VIEW) != 0;
}

int camx__graph_skip_views(const camx__graph *graph, int value)
{
    const camx__node *node = camx__graph_producer(graph, value);
    while (node != NULL && camx__node_is_view(node)) {
        value = node->inputs[0];
        node = camx__graph_producer(graph, value);
    }
    return value;
}

static void find_logits(camx__graph *graph)
{
    camx__head *head = &graph->head;
    int output = graph->file->outputs[0].value;
    int core = camx__graph_skip_views(graph, output);
    const camx__node *node = camx__graph_producer(graph, core);
    head->logits = output;
    head->output_kind = CAMX_OUTPUT_LOGITS;
    if (node == NULL)
        return;
    if (camx__node_is(node, "Softmax") || camx__node_is(node, "LogSoftmax"))
        head->output_kind = CAMX_OUTPUT_SOFTMAX;
    else if (camx__node_is(node, "Sigmoid"))
        head->output_kind = CAMX_OUTPUT_SIGMOID;
    else
        return;
    head->logits = node->inputs[0];
}

/* Marks every value the scores depend on. Nodes are in order of execution, so one pass backwards is enough. */
static void mark_ancestors(camx__graph *graph)
{
    graph->values[graph->head.logits].reaches_scores = true;
    graph->keeps_batch = true;
    for (int i = graph->node_count - 1; i >= 0; i--) {
        const camx__node *node = &graph->nodes[i];
        bool reaches = false;
        for (int j = 0; j < node->output_count; j++)
            reaches |= node->outputs[j] >= 0 && graph->values[node->outputs[j]].reaches_scores;
        if (!reaches)
            continue;
        graph->keeps_batch &= node->keeps_batch;
        for (int j = 0; j < node->input_count; j++)
            if (node->inputs[j] >= 0)
                graph->values[node->inputs[j]].reaches_scores = true;
    }
}

static int64_t positions(const camx__value *value)
{
    const int64_t *dim = value->tensor.shape.dim;
    if (value->tensor.shape.rank != 4 || !camx__elem_is_real(value->tensor.elem))
        return 0;
    return value->channels_last ? dim[1] * dim[2] : dim[2] * dim[3];
}

/* The input of a node if its output is its input again, or a change of axes, or a pool over single pixels. */
static int skip_identities(const camx__graph *graph, int value)
{
    for (;;) {
        const camx__node *node = camx__graph_producer(graph, value);
        if (node == NULL)
            return value;
        bool same = camx__node_is(node, "Identity") || camx__node_is(node, "Dropout") ||
                    camx__node_is(node, "Transpose");
        if (camx__node_is(node, "AveragePool") || camx__node_is(node, "MaxPool")) {
            const camx__onnx_attribute *kernel = camx__onnx_find(node->record, "kernel_shape");
            same = kernel != NULL && kernel->count == 2 && kernel->ints[0] == 1 && kernel->ints[1] == 1 &&
                   positions(&graph->values[node->inputs[0]]) == positions(&graph->values[value]);
        }
        if (!same)
            return value;
        value = node->inputs[0];
    }
}

/* SqueezeNet: a 1x1 convolution to one channel per class before the pool is the classifier, not a feature map. */
static int skip_class_conv(const camx__graph *graph, int value)
{
    int core = value;
    const camx__node *node = camx__graph_producer(graph, core);
    if (node != NULL && (camx__node_is(node, "Relu") || camx__node_is(node, "Clip"))) {
        core = node->inputs[0];
        node = camx__graph_producer(graph, core);
    }
    if (node == NULL || !camx__node_is(node, "Conv") || node->inputs[1] < 0)
        return value;
    const camx__shape *weights = &graph->values[node->inputs[1]].tensor.shape;
    bool pointwise = weights->rank == 4 && weights->dim[2] == 1 && weights->dim[3] == 1;
    if (!pointwise || weights->dim[0] != graph->head.classes)
        return value;
    return skip_identities(graph, node->inputs[0]);
}

static int find_default_layer(const camx__graph *graph)
{
    for (int i = graph->layer_count - 1; i >= 0; i--) {
        int value = graph->layers[i];
        if (!graph->values[value].reaches_scores || positions(&graph->values[value]) <= 1)
            continue;
        value = skip_class_conv(graph, skip_identities(graph, value));
        return graph->values[value].producer >= 0 ? value : -1;
    }
    return -1;
}

camx_status camx__graph_find_head(camx__graph *graph, camx_error *error)
{
    const camx__onnx_file *file = graph->file;
    char text[120];
    if (file->output_count == 0 || file->input_count == 0)
        return camx__fail(error, CAMX_E_FORMAT, "%s: the graph has no %s", file->name,
                          file->input_count == 0 ? "input" : "output");
    find_logits(graph);
    const camx__value *logits = &graph->values[graph->head.logits];
    const camx__shape *shape = &logits->tensor.shape;
    int64_t count = camx__shape_count(shape);
    bool vector = logits->known && shape->rank >= 1 && count > 0 && camx__elem_is_real(logits->tensor.elem);
    if (vector && !(shape->rank == 1 && graph->batch == 1)) {
        vector = shape->dim[0] == graph->batch;
        for (int i = 1, wide = 0; i < shape->rank && vector; i++) {
            wide += shape->dim[i] != 1;
            vector = wide <= 1;
        }
    }
    if (!vector || logits->constant)
        return camx__fail(error, CAMX_E_UNSUPPORTED,
                          "%s: output '%s' has the shape %s, not one vector of scores per image: libcamx explains "
                          "classifiers",
                          file->name, logits->name, camx__shape_text(shape, text, sizeof text));
    graph->head.classes = count / graph->batch;
    mark_ancestors(graph);
    graph->head.default_layer = find_default_layer(graph);
    return camx__graph_find_stages(graph, error);
}
