/* SPDX-License-Identifier: Apache-2.0 */
/* Which places of a program have rows and columns, and what each step sees of them. */
#include "graph/bind.h"
#include "run/region_private.h"

static const camx__tensor *tensor_of(const camx__region *region, int place)
{
    return &region->program->places[place].tensor;
}

/* A place that depends on the picture must hold the images of the run apart, without gaps between positions. */
static bool serves(const camx__region *region, int place)
{
    const camx__tensor *tensor = tensor_of(region, place);
    return tensor->shape.rank >= 1 && tensor->shape.dim[0] == region->batch &&
           (tensor->order == CAMX__PLAIN || tensor->pitch == tensor->shape.dim[1]);
}

/* Maps of a single row or column are not worth windows. */
static void set_map(camx__region *region, int place, const int axis[2])
{
    const camx__tensor *tensor = tensor_of(region, place);
    camx__region_place *known = &region->places[place];
    known->map = true;
    for (int k = 0; k < 2; k++) {
        known->axis[k] = axis[k];
        known->map &= axis[k] >= 1 && axis[k] < tensor->shape.rank && tensor->shape.dim[axis[k]] > 1;
    }
}

/* Another shape or order of the same bytes: rows and columns are the axes with the same lengths and strides. */
static void follow_alias(camx__region *region, int place, int source)
{
    const camx__tensor *from = tensor_of(region, source);
    const camx__tensor *to = tensor_of(region, place);
    const camx__region_place *known = &region->places[source];
    int64_t old_strides[CAMX__MAX_RANK];
    int64_t new_strides[CAMX__MAX_RANK];
    int axis[2] = {-1, -1};
    region->places[place].varies = known->varies;
    if (!known->map)
        return;
    camx__tensor_strides(from, old_strides);
    camx__tensor_strides(to, new_strides);
    for (int k = 0; k < 2; k++)
        for (int i = 1; i < to->shape.rank; i++)
            if (to->shape.dim[i] == from->shape.dim[known->axis[k]] &&
                new_strides[i] == old_strides[known->axis[k]])
                axis[k] = i;
    set_map(region, place, axis);
}

/* Places are numbered as they come about: whatever shows another place's bytes comes after it. */
static camx_status settle(camx__region *region, int end)
{
    for (; region->settled < end; region->settled++) {
        int source = region->program->places[region->settled].source;
        region->places[region->settled].owner = source >= 0 ? region->places[source].owner : region->settled;
        if (source >= 0)
            follow_alias(region, region->settled, source);
        if (region->places[region->settled].varies && !serves(region, region->settled))
            return CAMX_E_UNSUPPORTED;
    }
    return CAMX_OK;
}

/* What the operator's rule says about one input. */
static void ask_rule(camx__region *region, camx__region_step *known, int input, const camx__tensor **inputs,
                     const camx__tensor **outputs, const bool *varies, int axis[2])
{
    const camx__step *step = known->step;
    const camx__region_place *place = &region->places[step->inputs[input]];
    camx__op_region rule = {.params = step->params,
                            .input_count = step->input_count,
                            .inputs = inputs,
                            .varies = varies,
                            .output_count = step->output_count,
                            .outputs = outputs,
                            .input = input,
                            .axis = {place->axis[0], place->axis[1]},
                            .reach = {{1, 1, 1, 0}, {1, 1, 1, 0}}};
    if (!place->map || step->op->region == NULL || !step->op->region(&rule)) {
        known->whole = true;
        return;
    }
    known->views[input].reach[0] = rule.reach[0];
    known->views[input].reach[1] = rule.reach[1];
    known->views[input].outside = rule.outside;
    known->sums |= rule.sums;
    known->factor = rule.factor;
    if (axis[0] >= 0 && (axis[0] != rule.axis[0] || axis[1] != rule.axis[1]))
        known->whole = true;
    axis[0] = rule.axis[0];
    axis[1] = rule.axis[1];
}

/* A sum is taken of maps [N, C, H, W] or [N, H, W, C] only, with nothing else at the step. */
static void check_sum(const camx__region *region, camx__region_step *known)
{
    const camx__step *step = known->step;
    const camx__tensor *to = tensor_of(region, step->outputs[0]);
    if (!known->sums)
        return;
    const camx__tensor *from = tensor_of(region, step->inputs[0]);
    const int *axis = region->places[step->inputs[0]].axis;
    int64_t channels = camx__shape_count(&from->shape) / from->shape.dim[0] / from->shape.dim[axis[0]] /
                       from->shape.dim[axis[1]];
    if (from->shape.rank != 4 || step->fused || camx__shape_count(&to->shape) != channels * region->batch)
        known->whole = true;
    known->sums &= !known->whole;
}

static void look_at_inputs(const camx__region *region, camx__region_step *known, const camx__tensor **inputs,
                           bool *varies)
{
    const camx__step *step = known->step;
    for (int i = 0; i < step->input_count; i++) {
        if (step->inputs[i] < 0)
            continue;
        inputs[i] = tensor_of(region, step->inputs[i]);
        varies[i] = region->places[step->inputs[i]].varies;
        known->views[i].varies = varies[i];
        known->varies |= varies[i];
    }
    if (step->residual_place >= 0)
        known->varies |= region->places[step->residual_place].varies;
}

/* The first place that a step makes. */
static int first_output(const camx__region *region, const camx__step *step)
{
    for (int i = 0; i < step->output_count; i++)
        if (step->outputs[i] >= 0)
            return step->outputs[i];
    return region->program->place_count;
}

/* The residual of a fused step lies as the result does. */
static void check_residual(const camx__region *region, camx__region_step *known, const int axis[2])
{
    int place = known->step->residual_place;
    if (place < 0)
        return;
    const camx__region_place *residual = &region->places[place];
    if (!residual->varies || !residual->map || residual->axis[0] != axis[0] || residual->axis[1] != axis[1])
        known->whole = true;
}

static camx_status script_step(camx__region *region, camx__region_step *known, const camx__tensor **inputs,
                               const camx__tensor **outputs, bool *varies)
{
    const camx__step *step = known->step;
    int axis[2] = {-1, -1};
    CAMX__FORWARD(settle(region, first_output(region, step)));
    look_at_inputs(region, known, inputs, varies);
    if (!known->varies)
        return CAMX_OK;
    for (int i = 0; i < step->output_count; i++)
        outputs[i] = step->outputs[i] >= 0 ? tensor_of(region, step->outputs[i]) : NULL;
    if (step->kind == CAMX__STEP_COPY) {
        const camx__region_place *place = &region->places[step->inputs[0]];
        known->views[0] = (camx__region_view){true, {{1, 1, 1, 0}, {1, 1, 1, 0}}, 0};
        axis[0] = place->axis[0];
        axis[1] = place->axis[1];
        known->whole = !place->map;
    } else {
        for (int i = 0; i < step->input_count; i++)
            if (step->inputs[i] >= 0 && varies[i])
                ask_rule(region, known, i, inputs, outputs, varies, axis);
    }
    check_residual(region, known, axis);
    check_sum(region, known);
    for (int i = 0; i < step->output_count; i++) {
        if (step->outputs[i] < 0)
            continue;
        region->places[step->outputs[i]].varies = true;
        if (!known->whole && !known->sums)
            set_map(region, step->outputs[i], axis);
    }
    return CAMX_OK;
}

static void settle_ends(camx__region *region)
{
    const camx__graph *graph = region->bound->graph;
    int axis[2] = {2, 3};
    region->input = region->program->input_places[0];
    region->logits = region->program->value_place[graph->head.logits];
    if (graph->values[graph->file->inputs[0].value].channels_last) {
        axis[0] = 1;
        axis[1] = 2;
    }
    region->places[region->input].varies = true;
    set_map(region, region->input, axis);
}

static double work_of(const camx__region *region, const camx__step *step)
{
    if (step->kind != CAMX__STEP_FORWARD)
        return 0.0;
    const camx__graph *graph = region->bound->graph;
    return (double)camx__node_multiply_adds(graph, &graph->nodes[step->anchor]) / (double)region->batch;
}

camx_status camx__region_script(camx__region *region, camx_error *error)
{
    const camx__program *program = region->program;
    camx__zone *zone = &region->zone;
    int most = 1;
    for (int i = 0; i < program->forward_count; i++) {
        const camx__step *step = &program->steps[i];
        most = step->input_count > most ? step->input_count : most;
        most = step->output_count > most ? step->output_count : most;
    }
    const camx__tensor **inputs = camx__zone_alloc(zone, (size_t)most, sizeof *inputs);
    const camx__tensor **outputs = camx__zone_alloc(zone, (size_t)most, sizeof *outputs);
    bool *varies = camx__zone_alloc(zone, (size_t)most, sizeof *varies);
    region->places = camx__zone_alloc(zone, (size_t)program->place_count + 1, sizeof *region->places);
    region->steps = camx__zone_alloc(zone, (size_t)program->forward_count + 1, sizeof *region->steps);
    if (inputs == NULL || outputs == NULL || varies == NULL || region->places == NULL || region->steps == NULL)
        return camx__fail_memory(error, (size_t)program->place_count * sizeof *region->places, "region runs");
    settle_ends(region);
    for (int i = 0; i < program->forward_count; i++) {
        camx__region_step *known = &region->steps[i];
        known->step = &program->steps[i];
        known->views = camx__zone_alloc(zone, (size_t)known->step->input_count + 1, sizeof *known->views);
        if (known->views == NULL)
            return camx__fail_memory(error, sizeof *known->views, "region runs");
        for (int k = 0; k < most; k++) {
            inputs[k] = NULL;
            outputs[k] = NULL;
            varies[k] = false;
        }
        CAMX__FORWARD(script_step(region, known, inputs, outputs, varies));
        known->work = work_of(region, known->step);
        region->work += known->work;
    }
    CAMX__FORWARD(settle(region, program->place_count));
    return region->places[region->logits].varies ? CAMX_OK : CAMX_E_UNSUPPORTED;
}
