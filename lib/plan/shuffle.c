/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channel shuffles: a Reshape of [N, C, H, W] to [N, g, C / g, H, W], a Transpose of axes 1 and 2, and a Reshape back
 * become one step on channels-last maps, which would otherwise change their memory order twice. Where no gradient
 * flows and nobody looks at what is between.
 */
#include "ops/op_channel_shuffle.h"
#include "plan/planner.h"

static const camx__shape *shape_of(const camx__planner *planner, int id)
{
    return &planner->graph->values[id].tensor.shape;
}

/* [N, C, H, W] and [N, g, C / g, H, W]. */
static bool splits_channels(const camx__shape *map, const camx__shape *split)
{
    return map->rank == 4 && split->rank == 5 && split->dim[0] == map->dim[0] && split->dim[3] == map->dim[2] &&
           split->dim[4] == map->dim[3] && split->dim[1] > 1 && split->dim[2] > 1 &&
           split->dim[1] * split->dim[2] == map->dim[1];
}

static bool swaps_groups(const camx__node *node)
{
    static const int64_t wanted[5] = {0, 2, 1, 3, 4};
    const camx__onnx_attribute *perm = camx__onnx_find(node->record, "perm");
    if (!camx__node_is(node, "Transpose") || perm == NULL || perm->count != 5)
        return false;
    for (int i = 0; i < 5; i++)
        if (perm->ints[i] != wanted[i])
            return false;
    return true;
}

bool camx__plan_take_shuffle(camx__planner *planner, int first)
{
    const camx__graph *graph = planner->graph;
    int middle = camx__plan_next(planner, first);
    int last = middle >= 0 ? camx__plan_next(planner, middle) : -1;
    if (last < 0 || !swaps_groups(&graph->nodes[middle]) || !camx__node_is(&graph->nodes[first], "Reshape") ||
        !camx__node_is(&graph->nodes[last], "Reshape"))
        return false;
    int from = graph->nodes[first].inputs[0];
    int to = graph->nodes[last].outputs[0];
    if (graph->nodes[middle].inputs[0] != graph->nodes[first].outputs[0] ||
        graph->nodes[last].inputs[0] != graph->nodes[middle].outputs[0] ||
        !splits_channels(shape_of(planner, from), shape_of(planner, graph->nodes[first].outputs[0])) ||
        !camx__shape_equal(shape_of(planner, from), shape_of(planner, to)) || planner->carries[to] ||
        graph->values[from].constant || !camx__elem_is_real(graph->values[from].tensor.elem))
        return false;
    planner->fusion_of[first] = planner->fusion_count;
    planner->fusion_of[middle] = planner->fusion_count;
    planner->fusion_of[last] = planner->fusion_count;
    planner->fusions[planner->fusion_count++] = (camx__fusion){.anchor = first,
                                                               .product = -1,
                                                               .norm = -1,
                                                               .add = -1,
                                                               .residual = -1,
                                                               .activation = -1,
                                                               .last = last,
                                                               .groups = shape_of(planner, graph->nodes[first]
                                                                                               .outputs[0])
                                                                             ->dim[1]};
    return true;
}

camx_status camx__plan_shuffle_step(camx__planner *planner, int number, const camx__fusion *fusion)
{
    const camx__node *node = &planner->graph->nodes[number];
    int from = planner->graph->nodes[fusion->anchor].inputs[0];
    int to = node->outputs[0];
    int step_number = -1;
    camx__step step = {.kind = CAMX__STEP_FORWARD,
                       .node = number,
                       .anchor = fusion->anchor,
                       .scale = -1,
                       .op = &camx__op_channel_shuffle,
                       .label = node->label,
                       .input_count = 1,
                       .output_count = 1,
                       .residual_place = -1,
                       .gate_place = -1};
    camx__shuffle_params *params = camx__zone_alloc(&planner->program->zone, 1, sizeof *params);
    step.inputs = camx__plan_ints(planner, 1, -1);
    step.outputs = camx__plan_ints(planner, 1, -1);
    if (params == NULL || step.inputs == NULL || step.outputs == NULL)
        return camx__fail_memory(planner->error, sizeof *params, "the program");
    params->groups = fusion->groups;
    step.params = params;
    camx__tensor tensor = camx__plan_tensor(&planner->graph->values[to], CAMX__CHANNELS_LAST);
    CAMX__FORWARD(camx__plan_channels_last(planner, from, &step.inputs[0]));
    CAMX__FORWARD(camx__plan_home(planner, to, &tensor, &step.outputs[0]));
    planner->primary[to] = step.outputs[0];
    CAMX__FORWARD(camx__plan_new_step(planner, &step, &step_number));
    camx__plan_touch(planner, step.inputs[0], step_number);
    camx__plan_touch(planner, step.outputs[0], step_number);
    planner->step_of[number] = step_number;
    return CAMX_OK;
}
