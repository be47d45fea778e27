/* SPDX-License-Identifier: Apache-2.0 */
/* An operator bound and prepared once more, for stacks of windows instead of the images of a run. */
#include "run/region_private.h"

/* Inputs as bind wants them: constants with their numbers, where these are held. */
static const camx__tensor **bound_inputs(camx__region_plan *plan, const camx__region_step *known,
                                         const camx__region_move *move)
{
    const camx__step *step = known->step;
    const camx__graph *graph = plan->region->bound->graph;
    const camx__node *node = &graph->nodes[step->anchor];
    const camx__tensor **inputs = camx__zone_alloc(&plan->zone, (size_t)step->input_count + 1, sizeof *inputs);
    for (int i = 0; inputs != NULL && i < step->input_count; i++) {
        if (node->inputs[i] < 0)
            continue;
        inputs[i] = known->views[i].varies ? move->inputs[i] : &graph->values[node->inputs[i]].tensor;
    }
    return inputs;
}

static camx_status bind_again(camx__region_plan *plan, const camx__region_step *known, camx__region_move *move)
{
    const camx__step *step = known->step;
    const camx__graph *graph = plan->region->bound->graph;
    const camx__node *node = &graph->nodes[step->anchor];
    size_t outputs = (size_t)step->output_count + 1;
    camx__tensor *shapes = camx__zone_alloc(&plan->zone, outputs, sizeof *shapes);
    camx__tensor **wanted = camx__zone_alloc(&plan->zone, outputs, sizeof *wanted);
    const camx__tensor **inputs = bound_inputs(plan, known, move);
    if (shapes == NULL || wanted == NULL || inputs == NULL)
        return camx__fail_memory(plan->error, outputs * sizeof *shapes, "region runs");
    for (int i = 0; i < step->output_count; i++)
        wanted[i] = move->outputs[i] != NULL ? &shapes[i] : NULL;
    camx__op_bind bind = {.file = graph->file,
                          .node = node->record,
                          .label = node->label,
                          .opset = graph->file->opset,
                          .zone = &plan->zone,
                          .input_count = step->input_count,
                          .inputs = inputs,
                          .output_count = step->output_count,
                          .outputs = wanted,
                          .error = plan->error};
    camx_status status = step->op->bind(&bind);
    if (status != CAMX_OK)
        return status == CAMX_E_MEMORY ? status : CAMX_E_UNSUPPORTED;
    for (int i = 0; i < step->output_count; i++)
        if (wanted[i] != NULL && !camx__shape_equal(&shapes[i].shape, &move->outputs[i]->shape))
            return CAMX_E_UNSUPPORTED;
    move->params = bind.params;
    return CAMX_OK;
}

static camx_status prepare(camx__region_plan *plan, const camx__step *step, camx__region_move *move)
{
    camx__region *region = plan->region;
    const camx__node *node = &region->bound->graph->nodes[step->anchor];
    int input = step->op->weight_input;
    bool packed = input > 0 && input < step->input_count && node->inputs[input] >= 0 &&
                  region->bound->graph->values[node->inputs[input]].constant;
    camx__op_prepare prepare = {.params = move->params,
                                .settings = &region->program->settings,
                                .zone = &plan->zone,
                                .input_count = step->input_count,
                                .inputs = move->inputs,
                                .output_count = step->output_count,
                                .outputs = move->outputs,
                                .packed = packed,
                                .error = plan->error};
    if (step->op->prepare == NULL)
        return CAMX_OK;
    CAMX__FORWARD(step->op->prepare(&prepare));
    move->state = prepare.state;
    if (prepare.scratch_bytes > plan->scratch_bytes)
        plan->scratch_bytes = prepare.scratch_bytes;
    if (!packed || prepare.packed_bytes == 0)
        return CAMX_OK;
    return camx__weights_get(&region->model->weights, &plan->zone, region->bound->graph, step->op, &prepare,
                             node->inputs[input], step->scale, step->factors, &move->pack, plan->error);
}

camx_status camx__region_bind(camx__region_plan *plan, const camx__region_step *known, bool cropped,
                              camx__region_move *move)
{
    const camx__step *step = known->step;
    move->params = step->params;
    if (step->op->bind == NULL) {
        return CAMX_OK; /* of the planner's own: no shape in its parameters, nothing to prepare */
    } else if (cropped) {
        move->params = step->op->cropped(step->params, &plan->zone, &move->inputs[0]->shape,
                                         &move->outputs[0]->shape);
        if (move->params == NULL)
            return camx__fail_memory(plan->error, 256, "region runs");
    } else {
        CAMX__FORWARD(bind_again(plan, known, move));
    }
    return prepare(plan, step, move);
}
