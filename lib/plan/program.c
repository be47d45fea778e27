/* SPDX-License-Identifier: Apache-2.0 */
/* Planning from end to end. */
#include "plan/program.h"

#include "plan/planner.h"

static camx_status open_planner(camx__planner *planner)
{
    camx__zone *zone = &planner->scratch;
    size_t nodes = (size_t)planner->graph->node_count + 1;
    size_t values = (size_t)planner->graph->value_count + 1;
    camx__program *program = planner->program;
    planner->needed = camx__zone_alloc(zone, nodes, sizeof(bool));
    planner->saves = camx__zone_alloc(zone, nodes, sizeof(unsigned));
    planner->wanted = camx__zone_alloc(zone, nodes, sizeof(unsigned));
    planner->fusions = camx__zone_alloc(zone, nodes, sizeof(camx__fusion));
    planner->keep = camx__zone_alloc(zone, values, sizeof(bool));
    planner->wants_gradient = camx__zone_alloc(zone, values, sizeof(bool));
    planner->carries = camx__zone_alloc(zone, values, sizeof(bool));
    planner->protected_ = camx__zone_alloc(zone, values, sizeof(bool));
    planner->given = camx__zone_alloc(zone, values, sizeof(bool));
    planner->written = camx__zone_alloc(zone, values, sizeof(bool));
    program->kept = camx__zone_alloc(&program->zone, values, sizeof(bool));
    program->offers_gradient = camx__zone_alloc(&program->zone, values, sizeof(bool));
    planner->fusion_of = camx__plan_ints(planner, (int)nodes, -1);
    planner->step_of = camx__plan_ints(planner, (int)nodes, -1);
    planner->primary = camx__plan_ints(planner, (int)values, -1);
    planner->other = camx__plan_ints(planner, (int)values, -1);
    program->given_place = camx__plan_ints(planner, (int)values, -1);
    program->value_place = camx__plan_ints(planner, (int)values, -1);
    program->gradient_place = camx__plan_ints(planner, (int)values, -1);
    bool got = planner->needed != NULL && planner->saves != NULL && planner->wanted != NULL &&
               planner->fusions != NULL && planner->keep != NULL && planner->wants_gradient != NULL &&
               planner->carries != NULL && planner->protected_ != NULL && planner->given != NULL &&
               planner->written != NULL && program->kept != NULL && program->offers_gradient != NULL &&
               planner->fusion_of != NULL && planner->step_of != NULL && planner->primary != NULL &&
               planner->other != NULL && program->given_place != NULL && program->value_place != NULL &&
               program->gradient_place != NULL;
    return got ? CAMX_OK : camx__fail_memory(planner->error, nodes + values, "the program");
}

static camx_status plan_all(camx__planner *planner)
{
    CAMX__FORWARD(open_planner(planner));
    CAMX__FORWARD(camx__plan_mark(planner));
    CAMX__FORWARD(camx__plan_fuse(planner));
    CAMX__FORWARD(camx__plan_joins(planner));
    CAMX__FORWARD(camx__plan_forward(planner));
    CAMX__FORWARD(camx__plan_backward(planner));
    CAMX__FORWARD(camx__plan_bands(planner));
    CAMX__FORWARD(camx__plan_arena(planner));
    return camx__weights_fill(planner->weights, planner->demand->pool, planner->error);
}

camx_status camx__program_plan(camx__graph *graph, camx__weights *weights, const camx__demand *demand,
                               camx__memory *memory, camx__program **out, camx_error *error)
{
    camx__program *program = camx__alloc_clear(memory, 1, sizeof *program);
    if (program == NULL)
        return camx__fail_memory(error, sizeof *program, "the program");
    camx__zone_init(&program->zone, memory);
    program->graph = graph;
    program->settings = demand->settings;
    program->fusion = demand->fusion;
    program->hold_all = demand->hold_all;
    program->seed_place = -1;
    program->given_count = demand->given_count;
    camx__planner planner = {.graph = graph,
                             .weights = weights,
                             .demand = demand,
                             .program = program,
                             .memory = memory,
                             .error = error};
    camx__zone_init(&planner.scratch, memory);
    camx_status status = plan_all(&planner);
    if (status != CAMX_OK)
        camx__weights_drop(weights);
    camx__zone_free(&planner.scratch);
    if (status != CAMX_OK) {
        camx__program_free(program);
        return status;
    }
    *out = program;
    return CAMX_OK;
}

void camx__program_free(camx__program *program)
{
    if (program == NULL)
        return;
    camx__memory *memory = program->zone.memory;
    camx__zone_free(&program->zone);
    camx__free(memory, program);
}

bool camx__program_serves(const camx__program *program, const camx__demand *demand)
{
    const camx__op_settings *have = &program->settings;
    const camx__op_settings *want = &demand->settings;
    if (have->gemm != want->gemm || have->exact != want->exact || have->workers != want->workers ||
        program->fusion != demand->fusion || program->hold_all != demand->hold_all ||
        program->given_count != demand->given_count)
        return false;
    for (int i = 0; i < demand->given_count; i++)
        if (program->given_place[demand->given[i]] < 0)
            return false;
    for (int i = 0; i < demand->keep_count; i++)
        if (!program->kept[demand->keep[i]])
            return false;
    for (int i = 0; i < demand->gradient_count; i++)
        if (!program->offers_gradient[demand->gradients[i]])
            return false;
    return true;
}
