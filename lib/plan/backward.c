/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backward steps, node by node from the logits to the deepest value whose gradient is wanted. Fusion does not show
 * here, but for batch norms folded into weights: the convolution's backward then uses the same folded weights.
 *
 * The gradient of a value has the memory order of the value. An operator that saw a copy in another order gets a
 * gradient in that order, which is then added to the value's own.
 */
#include "plan/planner.h"

static camx__program *program_of(camx__planner *planner)
{
    return planner->program;
}

static const camx__tensor *tensor_of(const camx__planner *planner, int place)
{
    return &planner->program->places[place].tensor;
}

/* The place that shows in which order a value lies (or would lie, had it not been fused away). */
static int model_place(const camx__planner *planner, int id)
{
    if (planner->primary[id] >= 0)
        return planner->primary[id];
    int producer = planner->graph->values[id].producer;
    int which = producer >= 0 ? planner->fusion_of[producer] : -1;
    if (which < 0)
        return -1;
    if (planner->fusions[which].product == producer)
        return model_place(planner, planner->fusions[which].map);
    const camx__node *last = &planner->graph->nodes[planner->fusions[which].last];
    return planner->primary[last->outputs[0]];
}

static camx_status gradient_place(camx__planner *planner, int id, int *place)
{
    camx__program *program = program_of(planner);
    if (program->gradient_place[id] < 0) {
        camx__tensor tensor = *tensor_of(planner, model_place(planner, id));
        tensor.data = NULL;
        if (tensor.order == CAMX__CHANNELS_LAST)
            tensor.pitch = tensor.shape.dim[1];
        CAMX__FORWARD(camx__plan_fresh(planner, &tensor, &program->gradient_place[id]));
    }
    *place = program->gradient_place[id];
    return CAMX_OK;
}

static camx_status add_to_gradient(camx__planner *planner, int from, int id, const char *label, int node)
{
    int to = -1;
    int number = -1;
    camx__step step = {.kind = CAMX__STEP_ADD,
                       .node = node,
                       .label = label,
                       .input_count = 1,
                       .output_count = 1,
                       .residual_place = -1,
                       .gate_place = -1};
    CAMX__FORWARD(gradient_place(planner, id, &to));
    step.inputs = camx__plan_ints(planner, 1, from);
    step.outputs = camx__plan_ints(planner, 1, to);
    step.accumulate = camx__zone_alloc(&planner->program->zone, 1, sizeof(bool));
    if (step.inputs == NULL || step.outputs == NULL || step.accumulate == NULL)
        return camx__fail_memory(planner->error, sizeof step, "the program");
    step.accumulate[0] = planner->written[id];
    planner->written[id] = true;
    CAMX__FORWARD(camx__plan_new_step(planner, &step, &number));
    camx__plan_touch(planner, from, number);
    camx__plan_touch(planner, to, number);
    return CAMX_OK;
}

/* Reshape, Flatten, Identity ...: the same numbers under the input's shape. */
static camx_status view_backward(camx__planner *planner, const camx__node *node, int number)
{
    int from = program_of(planner)->gradient_place[node->outputs[0]];
    int id = node->inputs[0];
    if (from < 0 || !planner->carries[id])
        return CAMX_OK;
    camx__tensor view = *tensor_of(planner, from);
    if (!camx__shape_equal(&view.shape, &planner->graph->values[id].tensor.shape)) {
        view = camx__plan_tensor(&planner->graph->values[id], CAMX__PLAIN);
        CAMX__FORWARD(camx__plan_alias(planner, from, &view, &from));
    }
    return add_to_gradient(planner, from, id, node->label, number);
}

/* Inputs and outputs as forward saw them. */
static camx_status take_places(camx__planner *planner, const camx__node *node, int forward, camx__step *step)
{
    const camx__step *seen = forward >= 0 ? &planner->program->steps[forward] : NULL;
    step->input_count = node->input_count;
    step->output_count = node->output_count;
    step->inputs = camx__plan_ints(planner, node->input_count, -1);
    step->outputs = camx__plan_ints(planner, node->output_count, -1);
    step->output_gradients = camx__plan_ints(planner, node->output_count, -1);
    step->input_gradients = camx__plan_ints(planner, node->input_count, -1);
    step->accumulate = camx__zone_alloc(&planner->program->zone, (size_t)node->input_count + 1, sizeof(bool));
    if (step->inputs == NULL || step->outputs == NULL || step->output_gradients == NULL ||
        step->input_gradients == NULL || step->accumulate == NULL)
        return camx__fail_memory(planner->error, sizeof *step, "the program");
    for (int i = 0; i < node->input_count; i++) {
        int id = node->inputs[i];
        if (id < 0)
            continue;
        if (seen != NULL && seen->op == node->op)
            step->inputs[i] = seen->inputs[i];
        else if (planner->graph->values[id].constant)
            CAMX__FORWARD(camx__plan_constant(planner, id, false, &step->inputs[i]));
        else
            step->inputs[i] = model_place(planner, id);
    }
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] >= 0)
            step->outputs[i] = model_place(planner, node->outputs[i]);
    return CAMX_OK;
}

static void keep_saved(camx__planner *planner, const camx__step *step, unsigned saves)
{
    for (int i = 0; i < step->input_count; i++)
        if ((saves & CAMX__SAVE_ALL_INPUTS) != 0 || (i < 15 && (saves & CAMX__SAVE_INPUT(i)) != 0))
            camx__plan_keep(planner, step->inputs[i]);
    for (int i = 0; i < step->output_count && i < 15; i++)
        if ((saves & CAMX__SAVE_OUTPUT(i)) != 0)
            camx__plan_keep(planner, step->outputs[i]);
}

/* Where the operator writes the gradient of one input: the value's own gradient if the orders agree, otherwise a
 * place of its own (*extra true) that is added afterwards. */
static camx_status place_input_gradient(camx__planner *planner, const camx__node *node, camx__step *step, int i,
                                        bool *extra)
{
    int id = node->inputs[i];
    int own = -1;
    camx__tensor wanted = *tensor_of(planner, step->inputs[i]);
    *extra = false;
    CAMX__FORWARD(gradient_place(planner, id, &own));
    const camx__tensor *have = tensor_of(planner, own);
    wanted.data = NULL;
    if (wanted.order == CAMX__CHANNELS_LAST)
        wanted.pitch = wanted.shape.dim[1];
    if (wanted.order != have->order && !camx__tensor_order_is_free(have)) {
        *extra = true;
        return camx__plan_fresh(planner, &wanted, &step->input_gradients[i]);
    }
    if (wanted.order != have->order)
        CAMX__FORWARD(camx__plan_alias(planner, own, &wanted, &step->input_gradients[i]));
    else
        step->input_gradients[i] = own;
    step->accumulate[i] = planner->written[id];
    planner->written[id] = true;
    return CAMX_OK;
}

static void touch_all(camx__planner *planner, const camx__step *step, unsigned saves, int number)
{
    for (int i = 0; i < step->output_count; i++)
        camx__plan_touch(planner, step->output_gradients[i], number);
    for (int i = 0; i < step->input_count; i++)
        camx__plan_touch(planner, step->input_gradients[i], number);
    keep_saved(planner, step, saves);
}

static camx_status folded_factors(camx__planner *planner, const camx__fusion *fusion, int *scale, real **factors)
{
    real *summand = NULL;
    const camx__node *norm = &planner->graph->nodes[fusion->norm];
    *scale = norm->outputs[0];
    return camx__plan_affine(planner, norm, NULL, factors, &summand);
}

static camx_status op_backward(camx__planner *planner, const camx__node *node, int number,
                               const camx__fusion *fusion)
{
    bool folded = fusion != NULL && fusion->anchor == number && fusion->norm >= 0;
    const camx__node *front = folded ? &planner->graph->nodes[fusion->norm] : node;
    camx__step step = {.kind = CAMX__STEP_BACKWARD,
                       .node = number,
                       .op = node->op,
                       .params = node->params,
                       .label = node->label,
                       .residual_place = -1,
                       .gate_place = -1};
    bool any = false;
    bool extra[32] = {false};
    int scale = -1;
    real *factors = NULL;
    int place = -1;
    CAMX__FORWARD(take_places(planner, node, planner->step_of[number], &step));
    for (int i = 0; i < node->output_count; i++) {
        int id = i == 0 ? front->outputs[0] : node->outputs[i];
        if (id >= 0)
            step.output_gradients[i] = program_of(planner)->gradient_place[id];
        any |= step.output_gradients[i] >= 0;
    }
    if (!any)
        return CAMX_OK;
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] >= 0 && planner->carries[node->inputs[i]])
            CAMX__FORWARD(place_input_gradient(planner, node, &step, i, &extra[i < 32 ? i : 31]));
    if (folded)
        CAMX__FORWARD(folded_factors(planner, fusion, &scale, &factors));
    CAMX__FORWARD(
        camx__plan_prepare(planner, node, &step, true, planner->wanted[number], scale, factors));
    CAMX__FORWARD(camx__plan_new_step(planner, &step, &place));
    touch_all(planner, &step, planner->saves[number], place);
    for (int i = 0; i < node->input_count && i < 32; i++)
        if (extra[i])
            CAMX__FORWARD(
                add_to_gradient(planner, step.input_gradients[i], node->inputs[i], node->label, number));
    return CAMX_OK;
}

static camx_status node_backward(camx__planner *planner, int number)
{
    const camx__node *node = &planner->graph->nodes[number];
    int which = planner->fusion_of[number];
    const camx__fusion *fusion = which >= 0 ? &planner->fusions[which] : NULL;
    if (!planner->needed[number] || planner->wanted[number] == 0)
        return CAMX_OK;
    if (fusion != NULL && number == fusion->norm)
        return CAMX_OK;
    if (fusion == NULL && camx__node_is_view(node))
        return view_backward(planner, node, number);
    return op_backward(planner, node, number, fusion);
}

static camx_status add_seed(camx__planner *planner)
{
    camx__program *program = planner->program;
    int logits = planner->graph->head.logits;
    CAMX__FORWARD(gradient_place(planner, logits, &program->seed_place));
    camx__plan_touch(planner, program->seed_place, program->forward_count);
    planner->written[logits] = true;
    return CAMX_OK;
}

camx_status camx__plan_backward(camx__planner *planner)
{
    camx__program *program = planner->program;
    bool any = false;
    for (int v = 0; v < planner->graph->value_count; v++) {
        program->offers_gradient[v] = planner->wants_gradient[v];
        any |= planner->wants_gradient[v] && planner->carries[v];
    }
    if (!any)
        return CAMX_OK;
    CAMX__FORWARD(add_seed(planner));
    for (int n = planner->graph->node_count - 1; n >= 0; n--)
        CAMX__FORWARD(node_backward(planner, n));
    for (int v = 0; v < planner->graph->value_count; v++) {
        if (!planner->wants_gradient[v] || !planner->written[v])
            program->gradient_place[v] = v == planner->graph->head.logits ? program->gradient_place[v] : -1;
        else
            camx__plan_keep(planner, program->gradient_place[v]);
    }
    return CAMX_OK;
}
