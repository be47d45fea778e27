/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks back from the logits: [views] [dense layer] [views] pool [features]. The pool may be written as
 * GlobalAveragePool, as ReduceMean over both spatial axes, or as an AveragePool as large as the map.
 */
#include "explain/cam_head.h"

static const camx__shape *shape_of(const camx__graph *graph, int value)
{
    return &graph->values[value].tensor.shape;
}

static camx_status refuse(const camx__graph *graph, const char *reason, camx_error *error)
{
    return camx__fail(error, CAMX_E_METHOD,
                      "CAM needs a network that ends in a global average pool and one dense layer; in %s %s: use "
                      "gradcam_compute instead",
                      graph->file->name, reason);
}

/* ---- the dense layer ---- */

static bool constant(const camx__graph *graph, const camx__node *node, int input)
{
    return input < node->input_count && node->inputs[input] >= 0 &&
           graph->values[node->inputs[input]].constant;
}

static bool take_gemm(const camx__graph *graph, const camx__node *node, camx__cam_head *head)
{
    const camx__onnx_attribute *alpha = camx__onnx_find(node->record, "alpha");
    const camx__onnx_attribute *transposed = camx__onnx_find(node->record, "transB");
    const camx__onnx_attribute *turned = camx__onnx_find(node->record, "transA");
    if (!constant(graph, node, 1) || (turned != NULL && turned->i != 0))
        return false;
    const camx__shape *shape = shape_of(graph, node->inputs[1]);
    bool rows_are_classes = transposed != NULL && transposed->i != 0;
    head->weights = node->inputs[1];
    head->channels = shape->dim[rows_are_classes ? 1 : 0];
    head->class_step = rows_are_classes ? shape->dim[1] : 1;
    head->channel_step = rows_are_classes ? 1 : shape->dim[1];
    head->factor = alpha != NULL ? alpha->f : 1.0;
    return true;
}

static bool take_matmul(const camx__graph *graph, const camx__node *node, camx__cam_head *head)
{
    if (!constant(graph, node, 1) || shape_of(graph, node->inputs[1])->rank != 2)
        return false;
    const camx__shape *shape = shape_of(graph, node->inputs[1]);
    head->weights = node->inputs[1];
    head->channels = shape->dim[0];
    head->class_step = 1;
    head->channel_step = shape->dim[1];
    return true;
}

/* A convolution of one position is a dense layer. */
static bool take_conv(const camx__graph *graph, const camx__node *node, camx__cam_head *head)
{
    if (!constant(graph, node, 1))
        return false;
    const camx__shape *weights = shape_of(graph, node->inputs[1]);
    const camx__shape *input = shape_of(graph, node->inputs[0]);
    const camx__shape *output = shape_of(graph, node->outputs[0]);
    bool single = input->rank == 4 && input->dim[2] == 1 && input->dim[3] == 1 && output->dim[2] == 1 &&
                  output->dim[3] == 1 && weights->dim[2] == 1 && weights->dim[3] == 1;
    if (!single || weights->dim[1] != input->dim[1])
        return false;
    head->weights = node->inputs[1];
    head->channels = weights->dim[1];
    head->class_step = weights->dim[1];
    head->channel_step = 1;
    return true;
}

/* The value that the dense layer reads, or -1 if there is none at `value`. */
static int take_dense(const camx__graph *graph, int value, camx__cam_head *head)
{
    const camx__node *node = camx__graph_producer(graph, value);
    bool taken = false;
    /* MatMul and an added bias. */
    if (node != NULL && camx__node_is(node, "Add")) {
        int summand = constant(graph, node, 1) ? 0 : constant(graph, node, 0) ? 1 : -1;
        if (summand >= 0)
            node = camx__graph_producer(graph, camx__graph_skip_views(graph, node->inputs[summand]));
    }
    if (node == NULL)
        return -1;
    if (camx__node_is(node, "Gemm"))
        taken = take_gemm(graph, node, head);
    else if (camx__node_is(node, "MatMul"))
        taken = take_matmul(graph, node, head);
    else if (camx__node_is(node, "Conv"))
        taken = take_conv(graph, node, head);
    return taken ? node->inputs[0] : -1;
}

/* ---- the pool ---- */

/* The axes of a reduction as bits; 0 if they cannot be told. */
static unsigned reduced_axes(const camx__graph *graph, const camx__node *node)
{
    const camx__onnx_attribute *attribute = camx__onnx_find(node->record, "axes");
    const int64_t *axes = attribute != NULL ? attribute->ints : NULL;
    int64_t count = attribute != NULL ? (int64_t)attribute->count : 0;
    unsigned bits = 0;
    if (attribute == NULL && constant(graph, node, 1)) {
        const camx__tensor *tensor = &graph->values[node->inputs[1]].tensor;
        axes = tensor->data != NULL && camx__elem_is_integer(tensor->elem) ? camx__ints(tensor) : NULL;
        count = camx__shape_count(&tensor->shape);
    }
    for (int64_t i = 0; axes != NULL && i < count; i++)
        bits |= 1u << (axes[i] & 3); /* of four axes; -1 is the last one */
    return bits;
}

static bool reduces_space(const camx__graph *graph, const camx__node *node)
{
    bool last = graph->values[node->inputs[0]].channels_last;
    return reduced_axes(graph, node) == (last ? 1u << 1 | 1u << 2 : 1u << 2 | 1u << 3);
}

static bool pools_everything(const camx__graph *graph, const camx__node *node)
{
    const camx__shape *in = shape_of(graph, node->inputs[0]);
    if (in->rank != 4)
        return false;
    if (camx__node_is(node, "GlobalAveragePool"))
        return true;
    if (camx__node_is(node, "ReduceMean"))
        return reduces_space(graph, node);
    const camx__onnx_attribute *kernel = camx__onnx_find(node->record, "kernel_shape");
    const camx__shape *out = shape_of(graph, node->outputs[0]);
    return camx__node_is(node, "AveragePool") && kernel != NULL && kernel->count == 2 &&
           kernel->ints[0] == in->dim[2] && kernel->ints[1] == in->dim[3] && out->dim[2] == 1 && out->dim[3] == 1;
}

/* The maps that are pooled into `value`, or -1. A second pool over the single position that is left changes nothing. */
static int find_pooled(const camx__graph *graph, int value)
{
    int found = -1;
    for (;;) {
        value = camx__graph_skip_views(graph, value);
        const camx__node *node = camx__graph_producer(graph, value);
        if (node == NULL || !pools_everything(graph, node))
            return found;
        found = node->inputs[0];
        value = found;
        const camx__shape *shape = shape_of(graph, value);
        if (shape->dim[2] * shape->dim[3] > 1)
            return found;
    }
}

int camx__cam_pooled(const camx__graph *graph, int value)
{
    if (camx__graph_readers(graph, value) != 1)
        return -1;
    for (int n = 0; n < graph->node_count; n++) {
        const camx__node *node = &graph->nodes[n];
        if (node->input_count < 1 || node->inputs[0] != value)
            continue;
        return pools_everything(graph, node) ? node->outputs[0] : -1;
    }
    return -1;
}

/* Transposes move axes, not numbers: the maps before one are the same maps. */
static int skip_transposes(const camx__graph *graph, int value)
{
    const camx__node *node = camx__graph_producer(graph, value);
    while (node != NULL && (camx__node_is(node, "Transpose") || camx__node_is(node, "Identity") ||
                            camx__node_is(node, "Dropout"))) {
        value = node->inputs[0];
        node = camx__graph_producer(graph, value);
    }
    return value;
}

camx_status camx__cam_find_head(const camx__graph *graph, camx__cam_head *head, camx_error *error)
{
    int scores = camx__graph_skip_views(graph, graph->head.logits);
    *head = (camx__cam_head){.features = -1, .weights = -1, .factor = 1.0};
    int pooled = take_dense(graph, scores, head);
    bool dense = pooled >= 0;
    head->features = find_pooled(graph, dense ? pooled : scores);
    if (head->features < 0)
        return refuse(graph, dense ? "the dense layer does not read a global average pool"
                                   : "the scores come from no dense layer and no global average pool",
                      error);
    head->features = skip_transposes(graph, head->features);
    const camx__value *features = &graph->values[head->features];
    int64_t channels = features->tensor.shape.dim[features->channels_last ? 3 : 1];
    bool fits = dense ? channels == head->channels && camx__shape_count(shape_of(graph, head->weights)) ==
                                                          channels * graph->head.classes
                      : channels == graph->head.classes;
    if (!fits)
        return refuse(graph, "the pooled maps and the class weights do not fit together", error);
    return CAMX_OK;
}
