/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bands: a depthwise convolution becomes one step with the 1x1 convolutions before and behind it, where the maps
 * between them are large and nobody but those steps, which follow one another, reads them. The step stands where the
 * last of its parts stood; the others stay in the list, absorbed, and their maps take no memory.
 */
#include "ops/op_conv.h"
#include "plan/planner.h"

/* The forward plan of a step that is a convolution with packed weights, or NULL. */
static const camx__conv_plan *plan_of(const camx__program *program, int number)
{
    if (number < 0 || number >= program->forward_count)
        return NULL;
    const camx__step *step = &program->steps[number];
    bool conv = step->kind == CAMX__STEP_FORWARD && step->op == &camx__op_conv && step->pack != NULL &&
                step->gate_place < 0;
    return conv ? camx__op_conv_plan(step->state) : NULL;
}

/* Does the result of a step exist only for the next one, as the map it works on? */
static bool feeds_next(const camx__program *program, int number)
{
    const camx__step *step = &program->steps[number];
    const camx__step *next = step + 1;
    int place = step->outputs[0];
    if (place != next->inputs[0] || program->places[place].buffer < 0 || step->residual_place >= 0)
        return false;
    const camx__buffer *buffer = &program->buffers[program->places[place].buffer];
    return buffer->first == number && buffer->last == number + 1;
}

static camx__op_bands_link link_of(const camx__program *program, int number)
{
    const camx__step *step = &program->steps[number];
    camx__op_bands_link link = {
        .plan = plan_of(program, number), .packed = &step->pack->data, .epilogue = step->epilogue};
    bool bias = step->input_count > 2 && step->inputs[2] >= 0;
    if (link.epilogue.bias == NULL && bias)
        link.epilogue.bias = camx__reals(&program->places[step->inputs[2]].tensor);
    return link;
}

/* The steps first .. last as one. */
static camx_status put_together(camx__planner *planner, const camx__op_bands_state *links, int first, int last)
{
    camx__program *program = planner->program;
    camx__step *step = &program->steps[last];
    camx__op_bands_state *state = camx__zone_alloc(&program->zone, 1, sizeof *state);
    int *inputs = camx__plan_ints(planner, 1, program->steps[first].inputs[0]);
    if (state == NULL || inputs == NULL)
        return camx__fail_memory(planner->error, sizeof *state, "the program");
    *state = *links;
    for (int i = first; i < last; i++) {
        program->buffers[program->places[program->steps[i].outputs[0]].buffer].bytes = 0;
        program->steps[i].absorbed = true;
    }
    camx__conv_bands bands = camx__op_bands_of(state);
    step->op = &camx__op_conv_bands;
    step->state = state;
    step->inputs = inputs;
    step->input_count = 1;
    step->parts = last - first;
    step->scratch_bytes = camx__conv_bands_scratch(&bands, program->settings.workers);
    camx__plan_touch(planner, inputs[0], last);
    return CAMX_OK;
}

/* With both neighbours if that can be, else with one. */
static camx_status try_bands(camx__planner *planner, int depthwise)
{
    camx__program *program = planner->program;
    bool before = plan_of(program, depthwise - 1) != NULL && !program->steps[depthwise - 1].absorbed &&
                  feeds_next(program, depthwise - 1);
    bool behind = plan_of(program, depthwise + 1) != NULL && feeds_next(program, depthwise);
    for (int choice = 3; choice > 0; choice--) {
        bool expand = (choice & 1) != 0;
        bool project = (choice & 2) != 0;
        camx__op_bands_state links = {.depthwise = link_of(program, depthwise)};
        if ((expand && !before) || (project && !behind))
            continue;
        if (expand)
            links.expand = link_of(program, depthwise - 1);
        if (project)
            links.project = link_of(program, depthwise + 1);
        camx__conv_bands bands = camx__op_bands_of(&links);
        if (camx__conv_bands_serve(&bands))
            return put_together(planner, &links, depthwise - expand, depthwise + project);
    }
    return CAMX_OK;
}

camx_status camx__plan_bands(camx__planner *planner)
{
    const camx__program *program = planner->program;
    if (!program->fusion || program->hold_all)
        return CAMX_OK;
    for (int i = 0; i < program->forward_count; i++)
        if (plan_of(program, i) != NULL && program->steps[i].inputs[0] >= 0)
            CAMX__FORWARD(try_bands(planner, i));
    return CAMX_OK;
}
