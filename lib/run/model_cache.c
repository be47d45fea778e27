/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs and programs that were planned before. */
#include "run/model_private.h"

/* Unused programs kept for the next session that wants the same. */
#define KEPT_UNUSED 4

static void free_program(camx__planned *planned, camx__memory *memory)
{
    planned->bound->users--;
    camx__program_free(planned->program);
    camx__free(memory, planned);
}

/* Frees what nobody uses beyond the newest few. The list is newest first. */
static void drop_unused(camx_model *model)
{
    int unused = 0;
    for (camx__planned **at = &model->programs; *at != NULL;) {
        camx__planned *planned = *at;
        if (planned->users == 0 && ++unused > KEPT_UNUSED) {
            *at = planned->next;
            free_program(planned, &model->memory);
        } else {
            at = &planned->next;
        }
    }
    unused = 0;
    for (camx__bound **at = &model->bounds; *at != NULL;) {
        camx__bound *bound = *at;
        if (bound->users == 0 && ++unused > KEPT_UNUSED) {
            *at = bound->next;
            camx__graph_free(bound->graph);
            camx__free(&model->memory, bound);
        } else {
            at = &bound->next;
        }
    }
}

void camx__model_free_cache(camx_model *model)
{
    while (model->programs != NULL) {
        camx__planned *next = model->programs->next;
        free_program(model->programs, &model->memory);
        model->programs = next;
    }
    while (model->bounds != NULL) {
        camx__bound *next = model->bounds->next;
        camx__graph_free(model->bounds->graph);
        camx__free(&model->memory, model->bounds);
        model->bounds = next;
    }
}

static camx_status make_graph(camx_model *model, const camx__shape *shape, camx__bound **out, camx_error *error)
{
    camx__bound *bound = camx__alloc_clear(&model->memory, 1, sizeof *bound);
    camx_status status;
    if (bound == NULL)
        return camx__fail_memory(error, sizeof *bound, "a graph");
    bound->shape = *shape;
    status = camx__graph_bind(model->file, &model->memory, shape, &bound->graph, error);
    if (status == CAMX_OK)
        status = camx__graph_find_head(bound->graph, error);
    if (status == CAMX_OK && model->max_multiply_adds > 0 &&
        bound->graph->multiply_adds > model->max_multiply_adds)
        status = camx__fail(error, CAMX_E_LIMIT,
                            "%s: one forward pass takes %.3g multiply-adds, more than the limit of %.3g "
                            "(camx_model_options.max_multiply_adds)",
                            model->file->name, (double)bound->graph->multiply_adds,
                            (double)model->max_multiply_adds);
    if (status != CAMX_OK) {
        camx__graph_free(bound->graph);
        camx__free(&model->memory, bound);
        return status;
    }
    bound->next = model->bounds;
    model->bounds = bound;
    *out = bound;
    return CAMX_OK;
}

camx_status camx__model_graph(camx_model *model, const camx__shape *shape, camx__bound **out, camx_error *error)
{
    camx_status status = CAMX_OK;
    camx__bound *bound = NULL;
    pthread_mutex_lock(&model->lock);
    for (bound = model->bounds; bound != NULL; bound = bound->next)
        if (camx__shape_equal(&bound->shape, shape))
            break;
    if (bound == NULL)
        status = make_graph(model, shape, &bound, error);
    if (status == CAMX_OK) {
        bound->users++;
        *out = bound;
    }
    pthread_mutex_unlock(&model->lock);
    return status;
}

void camx__model_return_graph(camx_model *model, camx__bound *bound)
{
    if (bound == NULL)
        return;
    pthread_mutex_lock(&model->lock);
    bound->users--;
    drop_unused(model);
    pthread_mutex_unlock(&model->lock);
}

camx_status camx__model_constant(camx_model *model, const camx__bound *bound, int value, int64_t first,
                                 int64_t count, real *out, camx_error *error)
{
    camx__constant constant = {bound->graph, value};
    pthread_mutex_lock(&model->lock);
    camx_status status = camx__constant_read(&constant, first, count, out, error);
    pthread_mutex_unlock(&model->lock);
    return status;
}

static camx_status make_program(camx_model *model, camx__bound *bound, const camx__demand *demand,
                                camx__planned **out, camx_error *error)
{
    camx__planned *planned = camx__alloc_clear(&model->memory, 1, sizeof *planned);
    if (planned == NULL)
        return camx__fail_memory(error, sizeof *planned, "a program");
    camx_status status = camx__program_plan(bound->graph, &model->weights, demand, &model->memory,
                                            &planned->program, error);
    if (status != CAMX_OK) {
        camx__free(&model->memory, planned);
        return status;
    }
    planned->bound = bound;
    bound->users++;
    planned->next = model->programs;
    model->programs = planned;
    *out = planned;
    return CAMX_OK;
}

camx_status camx__model_program(camx_model *model, camx__bound *bound, const camx__demand *demand,
                                camx__planned **out, camx_error *error)
{
    camx_status status = CAMX_OK;
    camx__planned *planned = NULL;
    pthread_mutex_lock(&model->lock);
    for (planned = model->programs; planned != NULL; planned = planned->next)
        if (planned->bound == bound && camx__program_serves(planned->program, demand))
            break;
    if (planned == NULL)
        status = make_program(model, bound, demand, &planned, error);
    if (status == CAMX_OK) {
        planned->users++;
        *out = planned;
    }
    pthread_mutex_unlock(&model->lock);
    return status;
}

void camx__model_return_program(camx_model *model, camx__planned *planned)
{
    if (planned == NULL)
        return;
    pthread_mutex_lock(&model->lock);
    planned->users--;
    drop_unused(model);
    pthread_mutex_unlock(&model->lock);
}
