/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forward steps: gives every value a place with a memory order, inserts the few changes of order, and turns what is
 * only another view of the same bytes into an alias.
 */
#include <string.h>

#include "plan/planner.h"

static const camx__tensor *tensor_of(const camx__planner *planner, int place)
{
    return &planner->program->places[place].tensor;
}

camx_status camx__plan_constant(camx__planner *planner, int id, bool packed, int *place)
{
    const camx__value *value = &planner->graph->values[id];
    if (planner->primary[id] >= 0 && (packed || tensor_of(planner, planner->primary[id])->data != NULL)) {
        *place = planner->primary[id];
        return CAMX_OK;
    }
    if (!packed)
        CAMX__FORWARD(camx__graph_hold(planner->graph, id, planner->error));
    CAMX__FORWARD(camx__plan_new_place(planner, &value->tensor, -1, place));
    planner->primary[id] = *place;
    return CAMX_OK;
}

/* The value's numbers in another order: an alias where both orders are the same bytes, otherwise a copy step. */
static camx_status reorder(camx__planner *planner, int id, camx__order order, int *place)
{
    int from = planner->primary[id];
    camx__tensor wanted = camx__plan_tensor(&planner->graph->values[id], order);
    if (planner->other[id] >= 0) {
        *place = planner->other[id];
        return CAMX_OK;
    }
    if (camx__tensor_order_is_free(tensor_of(planner, from))) {
        CAMX__FORWARD(camx__plan_alias(planner, from, &wanted, place));
        planner->other[id] = *place;
        return CAMX_OK;
    }
    CAMX__FORWARD(camx__plan_fresh(planner, &wanted, place));
    camx__step step = {.kind = CAMX__STEP_COPY,
                       .node = planner->graph->values[id].producer,
                       .anchor = planner->graph->values[id].producer,
                       .scale = -1,
                       .label = planner->graph->values[id].name,
                       .input_count = 1,
                       .output_count = 1,
                       .residual_place = -1,
                       .gate_place = -1};
    int number = -1;
    step.inputs = camx__plan_ints(planner, 1, from);
    step.outputs = camx__plan_ints(planner, 1, *place);
    if (step.inputs == NULL || step.outputs == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__plan_new_step(planner, &step, &number));
    camx__plan_touch(planner, from, number);
    camx__plan_touch(planner, *place, number);
    planner->other[id] = *place;
    return CAMX_OK;
}

/* What an operator wants of one input. */
typedef enum wish { WISH_PLAIN, WISH_CHANNELS_LAST, WISH_ANY } wish;

static wish wish_of(const camx__op *op, int input)
{
    if ((op->traits & CAMX__OP_SPATIAL) != 0)
        return input == 0 ? WISH_CHANNELS_LAST : WISH_PLAIN;
    return (op->traits & CAMX__OP_ANY_ORDER) != 0 ? WISH_ANY : WISH_PLAIN;
}

static camx_status input_place(camx__planner *planner, int id, wish order, int *place)
{
    const camx__value *value = &planner->graph->values[id];
    if (value->constant && (order != WISH_CHANNELS_LAST || value->tensor.shape.rank < 3))
        return camx__plan_constant(planner, id, false, place);
    if (value->constant)
        CAMX__FORWARD(camx__plan_constant(planner, id, false, place));
    *place = planner->primary[id];
    if (*place < 0)
        return camx__fail(planner->error, CAMX_E_INTERNAL, "%s: value '%s' has no place",
                          planner->graph->file->name, value->name);
    camx__order have = tensor_of(planner, *place)->order;
    if (order == WISH_ANY || value->tensor.shape.rank < 3)
        return CAMX_OK;
    camx__order want = order == WISH_PLAIN ? CAMX__PLAIN : CAMX__CHANNELS_LAST;
    return have == want ? CAMX_OK : reorder(planner, id, want, place);
}

camx_status camx__plan_channels_last(camx__planner *planner, int id, int *place)
{
    return input_place(planner, id, WISH_CHANNELS_LAST, place);
}

static camx__order output_order(const camx__planner *planner, const camx__step *step, int rank)
{
    unsigned traits = step->op->traits;
    if ((traits & CAMX__OP_SPATIAL) != 0)
        return rank >= 3 ? CAMX__CHANNELS_LAST : CAMX__PLAIN;
    if ((traits & CAMX__OP_ANY_ORDER) == 0)
        return CAMX__PLAIN;
    for (int i = 0; i < step->input_count; i++) {
        if (step->inputs[i] < 0)
            continue;
        const camx__tensor *input = tensor_of(planner, step->inputs[i]);
        if (input->shape.rank == rank && input->order == CAMX__CHANNELS_LAST)
            return CAMX__CHANNELS_LAST;
    }
    return CAMX__PLAIN;
}

/* ---- aliases ---- */

/* A Transpose whose result lies in memory as its input does: the changes between [N, C, H, W] channels-last and
 * [N, H, W, C] plain, both ways. */
static bool transpose_alias(const camx__node *node, const camx__tensor *input, camx__tensor *output)
{
    const camx__onnx_attribute *perm = camx__onnx_find(node->record, "perm");
    int rank = input->shape.rank;
    int64_t from[CAMX__MAX_RANK];
    int64_t to[CAMX__MAX_RANK];
    if (perm == NULL || (int)perm->count != rank)
        return false;
    camx__tensor_strides(input, from);
    for (int order = CAMX__PLAIN; order <= CAMX__CHANNELS_LAST && rank >= 3; order++) {
        bool same = true;
        output->order = (camx__order)order;
        output->pitch = order == CAMX__CHANNELS_LAST ? output->shape.dim[1] : 0;
        camx__tensor_strides(output, to);
        for (int i = 0; i < rank; i++)
            same &= to[i] == from[perm->ints[i]] || output->shape.dim[i] == 1;
        if (same && camx__tensor_bytes(input) == camx__tensor_bytes(output))
            return true;
    }
    return false;
}

static camx_status try_alias(camx__planner *planner, const camx__node *node, bool *done)
{
    int id = node->outputs[0];
    const camx__value *input = &planner->graph->values[node->inputs[0]];
    camx__tensor view = camx__plan_tensor(&planner->graph->values[id], CAMX__PLAIN);
    int place = -1;
    *done = false;
    /* A Dropout whose mask somebody reads has to run. */
    for (int i = 1; i < node->output_count; i++)
        if (node->outputs[i] >= 0 && (planner->keep[node->outputs[i]] ||
                                      camx__graph_readers(planner->graph, node->outputs[i]) > 0))
            return CAMX_OK;
    if (input->constant)
        return CAMX_OK;
    if (camx__node_is_view(node)) {
        bool same = camx__shape_equal(&input->tensor.shape, &view.shape);
        CAMX__FORWARD(input_place(planner, node->inputs[0], same ? WISH_ANY : WISH_PLAIN, &place));
        if (same) {
            view.order = tensor_of(planner, place)->order;
            view.pitch = tensor_of(planner, place)->pitch;
        }
    } else if (camx__node_is(node, "Transpose")) {
        place = planner->primary[node->inputs[0]];
        if (!transpose_alias(node, tensor_of(planner, place), &view))
            return CAMX_OK;
    } else {
        return CAMX_OK;
    }
    *done = true;
    return camx__plan_alias(planner, place, &view, &planner->primary[id]);
}

/* ---- steps ---- */

static camx_status collect_inputs(camx__planner *planner, const camx__node *node, const camx__fusion *fusion,
                                  camx__step *step)
{
    step->input_count = node->input_count;
    step->inputs = camx__plan_ints(planner, node->input_count, -1);
    if (step->inputs == NULL)
        return CAMX_E_MEMORY;
    for (int i = 0; i < node->input_count; i++) {
        int id = i == 0 && fusion != NULL && fusion->product >= 0 ? fusion->map : node->inputs[i];
        if (id < 0)
            continue;
        if (i > 0 && i == node->op->weight_input && planner->graph->values[id].constant)
            CAMX__FORWARD(camx__plan_constant(planner, id, true, &step->inputs[i]));
        else
            CAMX__FORWARD(input_place(planner, id, wish_of(node->op, i), &step->inputs[i]));
    }
    return CAMX_OK;
}

static camx_status collect_outputs(camx__planner *planner, const camx__node *node, camx__step *step)
{
    step->output_count = node->output_count;
    step->outputs = camx__plan_ints(planner, node->output_count, -1);
    if (step->outputs == NULL)
        return CAMX_E_MEMORY;
    for (int i = 0; i < node->output_count; i++) {
        int id = node->outputs[i];
        if (id < 0 || !planner->graph->values[id].known)
            continue;
        const camx__value *value = &planner->graph->values[id];
        camx__tensor tensor = camx__plan_tensor(value, output_order(planner, step, value->tensor.shape.rank));
        CAMX__FORWARD(camx__plan_home(planner, id, &tensor, &step->outputs[i]));
        planner->primary[id] = step->outputs[i];
    }
    return CAMX_OK;
}

static const camx__tensor **tensors_of(camx__planner *planner, const int *places, int count)
{
    const camx__tensor **tensors = camx__zone_alloc(&planner->scratch, (size_t)count + 1, sizeof *tensors);
    for (int i = 0; tensors != NULL && i < count; i++)
        tensors[i] = places[i] >= 0 ? tensor_of(planner, places[i]) : NULL;
    return tensors;
}

/* The constant weights of a step's node, or -1. */
static int weight_value(const camx__planner *planner, const camx__node *node)
{
    int input = node->op->weight_input;
    if (input == 0 || input >= node->input_count || node->inputs[input] < 0)
        return -1;
    return planner->graph->values[node->inputs[input]].constant ? node->inputs[input] : -1;
}

camx_status camx__plan_prepare(camx__planner *planner, const camx__node *node, camx__step *step, bool backward,
                               unsigned wanted, int scale, const real *factors)
{
    int weights = weight_value(planner, node);
    camx__op_prepare prepare = {
        .params = node->params,
        .settings = &planner->program->settings,
        .zone = &planner->program->zone,
        .input_count = step->input_count,
        .inputs = tensors_of(planner, step->inputs, step->input_count),
        .output_count = step->output_count,
        .outputs = tensors_of(planner, step->outputs, step->output_count),
        .gated = step->gate_place >= 0,
        .packed = weights >= 0,
        .backward = backward,
        .wanted = wanted,
        .error = planner->error,
    };
    if (prepare.inputs == NULL || prepare.outputs == NULL)
        return camx__fail_memory(planner->error, 64, "the program");
    if (node->op->prepare == NULL)
        return CAMX_OK;
    CAMX__FORWARD(node->op->prepare(&prepare));
    step->state = prepare.state;
    step->scratch_bytes = prepare.scratch_bytes;
    if (weights < 0 || prepare.packed_bytes == 0)
        return CAMX_OK;
    return camx__weights_get(planner->weights, &planner->scratch, planner->graph, node->op, &prepare, weights, scale,
                             factors, &step->pack, planner->error);
}

static camx_status apply_fusion(camx__planner *planner, const camx__fusion *fusion, const camx__node *anchor,
                                camx__step *step, int *scale, real **factors)
{
    const camx__graph *graph = planner->graph;
    step->fused = true;
    step->epilogue.activation = fusion->function;
    step->epilogue.low = fusion->low;
    step->epilogue.high = fusion->high;
    if (fusion->add >= 0)
        CAMX__FORWARD(input_place(planner, fusion->residual, WISH_CHANNELS_LAST, &step->residual_place));
    if (fusion->product >= 0)
        CAMX__FORWARD(input_place(planner, fusion->gate, WISH_CHANNELS_LAST, &step->gate_place));
    if (fusion->norm < 0)
        return CAMX_OK;
    const camx__node *norm = &graph->nodes[fusion->norm];
    const real *bias = NULL;
    real *summand = NULL;
    if (anchor->input_count > 2 && anchor->inputs[2] >= 0) {
        CAMX__FORWARD(camx__graph_hold(planner->graph, anchor->inputs[2], planner->error));
        bias = camx__reals(&graph->values[anchor->inputs[2]].tensor);
    }
    CAMX__FORWARD(camx__plan_affine(planner, norm, bias, factors, &summand));
    step->epilogue.bias = summand;
    *scale = norm->outputs[0];
    return CAMX_OK;
}

static void touch_all(camx__planner *planner, const camx__step *step, int number)
{
    for (int i = 0; i < step->input_count; i++)
        camx__plan_touch(planner, step->inputs[i], number);
    for (int i = 0; i < step->output_count; i++)
        camx__plan_touch(planner, step->outputs[i], number);
    camx__plan_touch(planner, step->residual_place, number);
    camx__plan_touch(planner, step->gate_place, number);
}

/* The step of a node, or of a fused chain that ends in it. */
static camx_status add_step(camx__planner *planner, int number)
{
    int which = planner->fusion_of[number];
    const camx__fusion *fusion = which >= 0 ? &planner->fusions[which] : NULL;
    if (fusion != NULL && fusion->groups > 0)
        return camx__plan_shuffle_step(planner, number, fusion);
    const camx__node *last = &planner->graph->nodes[number];
    const camx__node *node = fusion != NULL ? &planner->graph->nodes[fusion->anchor] : last;
    camx__step step = {.kind = CAMX__STEP_FORWARD,
                       .node = number,
                       .anchor = fusion != NULL ? fusion->anchor : number,
                       .scale = -1,
                       .op = node->op,
                       .params = node->params,
                       .label = node->label,
                       .residual_place = -1,
                       .gate_place = -1};
    int scale = -1;
    real *factors = NULL;
    int place = -1;
    CAMX__FORWARD(collect_inputs(planner, node, fusion, &step));
    if (fusion != NULL)
        CAMX__FORWARD(apply_fusion(planner, fusion, node, &step, &scale, &factors));
    CAMX__FORWARD(collect_outputs(planner, last, &step));
    step.output_count = node->output_count < step.output_count ? node->output_count : step.output_count;
    CAMX__FORWARD(camx__plan_prepare(planner, node, &step, false, 0, scale, factors));
    step.scale = scale;
    step.factors = factors;
    CAMX__FORWARD(camx__plan_new_step(planner, &step, &place));
    touch_all(planner, &step, place);
    planner->step_of[number] = place;
    if (fusion != NULL)
        planner->step_of[fusion->anchor] = place;
    return CAMX_OK;
}

static camx_status add_inputs(camx__planner *planner)
{
    camx__program *program = planner->program;
    const camx__onnx_file *file = planner->graph->file;
    program->input_places = camx__plan_ints(planner, (int)file->input_count, -1);
    if (program->input_places == NULL)
        return CAMX_E_MEMORY;
    for (uint32_t i = 0; i < file->input_count && planner->demand->given_count == 0; i++) {
        int id = file->inputs[i].value;
        camx__tensor tensor = camx__plan_tensor(&planner->graph->values[id], CAMX__PLAIN);
        CAMX__FORWARD(camx__plan_fresh(planner, &tensor, &planner->primary[id]));
        program->input_places[i] = planner->primary[id];
        camx__plan_touch(planner, planner->primary[id], 0);
    }
    return CAMX_OK;
}

/* Given values live to the end: most of them are filled once and read by run after run. */
static camx_status add_given(camx__planner *planner)
{
    const camx__demand *demand = planner->demand;
    for (int i = 0; i < demand->given_count; i++) {
        int id = demand->given[i];
        camx__tensor tensor = camx__plan_tensor(&planner->graph->values[id], CAMX__CHANNELS_LAST);
        if (planner->program->given_place[id] >= 0)
            continue;
        CAMX__FORWARD(camx__plan_fresh(planner, &tensor, &planner->primary[id]));
        planner->program->given_place[id] = planner->primary[id];
        camx__plan_touch(planner, planner->primary[id], 0);
        camx__plan_keep(planner, planner->primary[id]);
    }
    return CAMX_OK;
}

static bool runs_here(const camx__planner *planner, int number)
{
    int which = planner->fusion_of[number];
    return planner->needed[number] && (which < 0 || planner->fusions[which].last == number);
}

static camx_status keep_values(camx__planner *planner)
{
    camx__program *program = planner->program;
    for (int v = 0; v < planner->graph->value_count; v++) {
        if (!planner->keep[v])
            continue;
        if (planner->graph->values[v].constant)
            CAMX__FORWARD(camx__plan_constant(planner, v, false, &planner->primary[v]));
        program->value_place[v] = planner->primary[v];
        program->kept[v] = planner->primary[v] >= 0;
        camx__plan_keep(planner, planner->primary[v]);
    }
    return CAMX_OK;
}

camx_status camx__plan_forward(camx__planner *planner)
{
    CAMX__FORWARD(add_inputs(planner));
    CAMX__FORWARD(add_given(planner));
    for (int n = 0; n < planner->graph->node_count; n++) {
        bool aliased = false;
        if (!runs_here(planner, n))
            continue;
        if (planner->fusion_of[n] < 0)
            CAMX__FORWARD(try_alias(planner, &planner->graph->nodes[n], &aliased));
        if (planner->fusion_of[n] < 0 && !aliased)
            CAMX__FORWARD(camx__plan_cut(planner, &planner->graph->nodes[n], &aliased));
        if (!aliased)
            CAMX__FORWARD(add_step(planner, n));
    }
    planner->program->forward_count = planner->program->step_count;
    return keep_values(planner);
}
