/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of a network: for every resolution the last feature map that all of the network's work passes through. A value
 * inside a block (of a residual network, say) is passed by on the shortcut and is no stage, though it may be
 * executed last at its resolution.
 */
#include <string.h>

#include "graph/graph.h"

/* Per value: the last node on the way to the scores that reads it; -1 = none. */
static void find_last_readers(const camx__graph *graph, int *last)
{
    for (int v = 0; v < graph->value_count; v++)
        last[v] = -1;
    for (int i = 0; i < graph->node_count; i++) {
        const camx__node *node = &graph->nodes[i];
        bool counts = false;
        for (int j = 0; j < node->output_count; j++)
            counts |= node->outputs[j] >= 0 && graph->values[node->outputs[j]].reaches_scores;
        for (int j = 0; counts && j < node->input_count; j++)
            if (node->inputs[j] >= 0)
                last[node->inputs[j]] = i;
    }
    last[graph->head.logits] = graph->node_count;
}

static bool is_feature_map(const camx__value *value)
{
    const int64_t *dim = value->tensor.shape.dim;
    int height = value->channels_last ? 1 : 2;
    return value->tensor.shape.rank == 4 && camx__elem_is_real(value->tensor.elem) && value->reaches_scores &&
           dim[height] > 0 && dim[height + 1] > 0 && dim[height] * dim[height + 1] > 1;
}

/* A padded copy has a size of its own, but shows nothing new. */
static bool is_work(const camx__node *node)
{
    return !camx__node_is(node, "Pad") && !camx__node_is(node, "Identity");
}

static bool same_size(const camx__value *a, const camx__value *b)
{
    int from_a = a->channels_last ? 1 : 2;
    int from_b = b->channels_last ? 1 : 2;
    return a->tensor.shape.dim[from_a] == b->tensor.shape.dim[from_b] &&
           a->tensor.shape.dim[from_a + 1] == b->tensor.shape.dim[from_b + 1];
}

/* No network has as many resolutions; a hostile file that has gets the last of them. */
#define MOST_STAGES 256

/* A later value of the same resolution takes the place of the earlier one, behind all others. */
static void add(camx__graph *graph, int value)
{
    int kept = 0;
    for (int i = 0; i < graph->stage_count; i++)
        if (!same_size(&graph->values[graph->stages[i]], &graph->values[value]))
            graph->stages[kept++] = graph->stages[i];
    if (kept == MOST_STAGES)
        memmove(graph->stages, graph->stages + 1, (size_t)--kept * sizeof *graph->stages);
    graph->stages[kept] = value;
    graph->stage_count = kept + 1;
}

/* Nothing counts before the first layer with weights: a network may begin by scaling its input or turning its axes. */
static bool begins(const camx__node *node)
{
    return camx__node_is(node, "Conv") || camx__node_is(node, "MatMul") || camx__node_is(node, "Gemm");
}

/* The last node that reads an input of the network. */
static int last_of_inputs(const camx__graph *graph, const int *last)
{
    int open = -1;
    for (int i = 0; i < graph->layer_count; i++)
        if (graph->values[graph->layers[i]].producer < 0 && last[graph->layers[i]] > open)
            open = last[graph->layers[i]];
    return open;
}

/* All work passes through a value if, once it is computed, no other value has a reader left. The order of execution does
 * not matter: whatever runs before such a value and reaches the scores does so through it. */
static void walk(camx__graph *graph, const int *last)
{
    int end = graph->values[graph->head.default_layer].producer;
    int open = last_of_inputs(graph, last); /* the last node that reads one of the values so far */
    bool begun = false;
    for (int i = 0; i <= end; i++) {
        const camx__node *node = &graph->nodes[i];
        int value = node->outputs[0];
        begun |= begins(node);
        for (int j = 1; j < node->output_count; j++)
            if (node->outputs[j] >= 0 && last[node->outputs[j]] > open)
                open = last[node->outputs[j]];
        if (value < 0)
            continue;
        if (begun && open <= i && is_work(node) && is_feature_map(&graph->values[value]))
            add(graph, value);
        if (last[value] > open)
            open = last[value];
    }
}

camx_status camx__graph_find_stages(camx__graph *graph, camx_error *error)
{
    size_t values = (size_t)graph->value_count + 1;
    graph->stage_count = 0;
    if (graph->head.default_layer < 0)
        return CAMX_OK;
    graph->stages = camx__zone_alloc(&graph->zone, MOST_STAGES, sizeof *graph->stages);
    int *last = camx__alloc(graph->memory, values, sizeof *last);
    if (graph->stages == NULL || last == NULL) {
        camx__free(graph->memory, last);
        return camx__fail_memory(error, values * sizeof *last, "the list of stages");
    }
    find_last_readers(graph, last);
    walk(graph, last);
    camx__free(graph->memory, last);
    /* The default layer is the last stage in any case. */
    add(graph, graph->head.default_layer);
    return CAMX_OK;
}
