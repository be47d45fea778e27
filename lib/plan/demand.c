/* SPDX-License-Identifier: Apache-2.0 */
/* From what is asked for to which nodes run, where gradients flow, and what backward will read. */
#include "plan/planner.h"

static bool any_output(const camx__node *node, const bool *flags)
{
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] >= 0 && flags[node->outputs[i]])
            return true;
    return false;
}

/* Gradients flow through values that depend on a wanted one and that the logits depend on. */
static void mark_gradient_paths(camx__planner *planner)
{
    const camx__graph *graph = planner->graph;
    for (int v = 0; v < graph->value_count; v++)
        planner->carries[v] = planner->wants_gradient[v] && graph->values[v].reaches_scores;
    for (int n = 0; n < graph->node_count; n++) {
        const camx__node *node = &graph->nodes[n];
        bool flows = false;
        if (node->op->backward == NULL)
            continue;
        for (int i = 0; i < node->input_count; i++)
            flows |= node->inputs[i] >= 0 && planner->carries[node->inputs[i]];
        for (int i = 0; flows && i < node->output_count; i++) {
            int id = node->outputs[i];
            if (id >= 0 && graph->values[id].reaches_scores &&
                camx__elem_is_real(graph->values[id].tensor.elem))
                planner->carries[id] = true;
        }
    }
}

static void mark_saves(camx__planner *planner, int number)
{
    const camx__node *node = &planner->graph->nodes[number];
    unsigned wanted = 0;
    if (node->op->backward == NULL || !any_output(node, planner->carries))
        return;
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] >= 0 && planner->carries[node->inputs[i]])
            wanted |= 1u << (i < 31 ? i : 31);
    planner->wanted[number] = wanted;
    if (wanted == 0 || node->op->saves == NULL)
        return;
    unsigned saves = node->op->saves(node->params, wanted);
    planner->saves[number] = saves;
    for (int i = 0; i < node->input_count; i++) {
        bool read = (saves & CAMX__SAVE_ALL_INPUTS) != 0 || (i < 15 && (saves & CAMX__SAVE_INPUT(i)) != 0);
        if (read && node->inputs[i] >= 0)
            planner->protected_[node->inputs[i]] = true;
    }
    for (int i = 0; i < node->output_count && i < 15; i++)
        if ((saves & CAMX__SAVE_OUTPUT(i)) != 0 && node->outputs[i] >= 0)
            planner->protected_[node->outputs[i]] = true;
}

/* Nodes whose outputs somebody needs, from the end to the start. */
static void mark_needed(camx__planner *planner, bool *value_needed)
{
    const camx__graph *graph = planner->graph;
    for (int n = graph->node_count - 1; n >= 0; n--) {
        const camx__node *node = &graph->nodes[n];
        if (!any_output(node, value_needed))
            continue;
        /* What is given comes from no node. */
        if (any_output(node, planner->given))
            continue;
        planner->needed[n] = true;
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] >= 0)
                value_needed[node->inputs[i]] = true;
    }
}

camx_status camx__plan_mark(camx__planner *planner)
{
    const camx__demand *demand = planner->demand;
    int values = planner->graph->value_count;
    bool *needed = camx__zone_alloc(&planner->scratch, (size_t)values + 1, sizeof *needed);
    if (needed == NULL)
        return camx__fail_memory(planner->error, (size_t)values, "the program");
    for (int i = 0; i < demand->keep_count; i++)
        planner->keep[demand->keep[i]] = true;
    for (int i = 0; i < demand->gradient_count; i++)
        planner->wants_gradient[demand->gradients[i]] = true;
    for (int i = 0; i < demand->given_count; i++)
        planner->given[demand->given[i]] = true;
    for (int v = 0; v < values; v++) {
        planner->protected_[v] = planner->keep[v] || planner->wants_gradient[v];
        needed[v] = planner->protected_[v];
    }
    mark_gradient_paths(planner);
    for (int n = 0; n < planner->graph->node_count; n++)
        mark_saves(planner, n);
    for (int v = 0; v < values; v++)
        needed[v] |= planner->protected_[v];
    mark_needed(planner, needed);
    return CAMX_OK;
}
