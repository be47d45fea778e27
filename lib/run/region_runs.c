/* SPDX-License-Identifier: Apache-2.0 */
/* Region runs from end to end. */
#include "run/region_runs.h"

#include <string.h>

#include "run/region_private.h"

bool camx__region_built(void)
{
    return true;
}

/* ---- opening ---- */

/* All feature maps at once take more memory than a run does: only where max_memory has room for them, and as much again
 * for windows. */
static bool has_room(const camx__region *region)
{
    const camx__memory *memory = region->memory;
    size_t used = atomic_load(&memory->used);
    return used < memory->limit && (memory->limit - used) / 2 >= region->program->arena_bytes;
}

static camx_status open_program(camx__region *region, const camx__op_settings *settings, bool fusion,
                                camx_error *error)
{
    int logits = region->bound->graph->head.logits;
    camx__demand demand = {
        .keep = &logits, .keep_count = 1, .fusion = fusion, .hold_all = true, .pool = region->pool, .settings = *settings};
    CAMX__FORWARD(camx__model_program(region->model, region->bound, &demand, &region->planned, error));
    region->program = region->planned->program;
    if (region->program->input_places[0] < 0 || !has_room(region))
        return CAMX_E_UNSUPPORTED;
    CAMX__FORWARD(camx__region_script(region, error));
    return camx__runner_load(&region->base, region->program, error);
}

camx_status camx__region_open(camx_model *model, camx__bound *bound, const camx__op_settings *settings,
                              bool fusion, camx__pool *pool, camx__region **out, camx_error *error)
{
    *out = NULL;
    if (!bound->graph->keeps_batch)
        return CAMX_OK;
    camx__region *region = camx__alloc_clear(&model->memory, 1, sizeof *region);
    if (region == NULL)
        return camx__fail_memory(error, sizeof *region, "region runs");
    region->model = model;
    region->bound = bound;
    region->memory = &model->memory;
    region->pool = pool;
    region->batch = bound->graph->batch;
    camx__zone_init(&region->zone, region->memory);
    camx__runner_init(&region->base, region->memory, pool);
    camx_status status = open_program(region, settings, fusion, error);
    if (status == CAMX_OK) {
        *out = region;
        return CAMX_OK;
    }
    camx__region_close(region);
    return status == CAMX_E_UNSUPPORTED ? CAMX_OK : status;
}

void camx__region_close(camx__region *region)
{
    if (region == NULL)
        return;
    camx__runner_close(&region->base);
    camx__zone_free(&region->zone);
    camx__model_return_program(region->model, region->planned);
    camx__free(region->memory, region->arena);
    camx__free(region->memory, region);
}

camx__runner *camx__region_base(camx__region *region)
{
    return &region->base;
}

size_t camx__region_bytes(const camx__region *region)
{
    return region->base.arena_bytes + region->arena_bytes;
}

/* ---- what a block costs ---- */

static double share_of(const camx__region *region, const camx__region_windows *windows, int place, int axis)
{
    const camx__region_place *known = &region->places[place];
    if (!known->map)
        return 1.0;
    return (double)windows->size[place] /
           (double)region->program->places[place].tensor.shape.dim[known->axis[axis]];
}

camx_status camx__region_cost(camx__region *region, const camx__region_block *block, double *cost,
                              camx_error *error)
{
    camx__zone zone;
    camx__region_windows windows[2];
    camx__zone_init(&zone, region->memory);
    camx_status status = camx__region_measure(region, 0, block->rows, block->row_count, &zone, &windows[0], error);
    if (status == CAMX_OK)
        status = camx__region_measure(region, 1, block->columns, block->column_count, &zone, &windows[1], error);
    *cost = 0.0;
    for (int i = 0; status == CAMX_OK && i < region->program->forward_count; i++) {
        const camx__region_step *known = &region->steps[i];
        int place = known->step->output_count > 0 ? known->step->outputs[0] : -1;
        if (known->varies && known->work > 0.0 && place >= 0)
            *cost += known->work * share_of(region, &windows[0], place, 0) * share_of(region, &windows[1], place, 1);
    }
    camx__zone_free(&zone);
    if (region->work > 0.0)
        *cost *= (double)block->row_count * (double)block->column_count / region->work;
    return status;
}

/* ---- running ---- */

static camx_status make_arena(camx__region *region, size_t bytes, camx_error *error)
{
    if (region->arena != NULL && region->arena_bytes >= bytes)
        return CAMX_OK;
    camx__free(region->memory, region->arena);
    region->arena = NULL;
    region->arena_bytes = 0;
    /* Whole runs take less than a stack of windows that are nearly whole. */
    size_t used = atomic_load(&region->memory->used);
    if (used > region->memory->limit || region->memory->limit - used < bytes)
        return CAMX_E_UNSUPPORTED;
    region->arena = camx__alloc(region->memory, bytes, 1);
    if (region->arena == NULL)
        return camx__fail_memory(error, bytes, "the windows of a region run");
    region->arena_bytes = bytes;
    return CAMX_OK;
}

/* Gives every stack its bytes. */
static camx_status place_stacks(camx__region_plan *plan)
{
    camx__region *region = plan->region;
    size_t bytes = 0;
    CAMX__FORWARD(camx__buffers_place(&plan->zone, plan->buffers, plan->buffer_count, &bytes,
                                      region->bound->graph->file->name, plan->error));
    plan->scratch_at = bytes;
    CAMX__FORWARD(make_arena(region, bytes + plan->scratch_bytes + 2 * CAMX__ALIGNMENT, plan->error));
    for (int i = 0; i < plan->all_count; i++)
        if (plan->all[i]->buffer >= 0)
            plan->all[i]->tensor.data = region->arena + plan->buffers[plan->all[i]->buffer].offset;
    for (int i = 0; i < plan->move_count; i++)
        if (plan->moves[i].residual != NULL)
            plan->moves[i].epilogue.residual = camx__reals(&plan->moves[i].residual->tensor);
    return CAMX_OK;
}

camx_status camx__region_run(camx__region *region, const camx__region_block *block, int64_t image,
                             const float *shown, float *logits, camx_error *error)
{
    camx__region_plan plan;
    camx__weights *weights = &region->model->weights;
    pthread_mutex_lock(&region->model->lock);
    camx_status status = camx__region_plan_open(region, block, &plan, error);
    if (status == CAMX_OK)
        status = camx__weights_fill(weights, region->pool, error);
    if (status != CAMX_OK)
        camx__weights_drop(weights);
    pthread_mutex_unlock(&region->model->lock);
    if (status == CAMX_OK)
        status = place_stacks(&plan);
    if (status == CAMX_OK)
        status = camx__region_execute(&plan, image, shown, error);
    if (status == CAMX_OK) {
        const camx__tensor *scores = &plan.logits->tensor;
        const real *from = camx__reals(scores);
        int64_t count = camx__shape_count(&scores->shape);
        for (int64_t i = 0; i < count; i++)
            logits[i] = (float)from[i];
    }
    camx__region_plan_close(&plan);
    return status;
}
