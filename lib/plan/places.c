/* SPDX-License-Identifier: Apache-2.0 */
/* The growing arrays of a program under construction: places, buffers, steps. */
#include <string.h>

#include "plan/planner.h"

/* Makes room for one more element in an array that lives in the program's zone. */
static camx_status grow(camx__planner *planner, void **array, int count, int *room, size_t size)
{
    if (count < *room)
        return CAMX_OK;
    int wider = *room == 0 ? 64 : *room * 2;
    void *fresh = camx__zone_alloc(&planner->program->zone, (size_t)wider, size);
    if (fresh == NULL)
        return camx__fail_memory(planner->error, (size_t)wider * size, "the program");
    if (count > 0)
        memcpy(fresh, *array, (size_t)count * size);
    *array = fresh;
    *room = wider;
    return CAMX_OK;
}

camx_status camx__plan_new_place(camx__planner *planner, const camx__tensor *tensor, int buffer, int *place)
{
    camx__program *program = planner->program;
    void *array = program->places;
    CAMX__FORWARD(grow(planner, &array, program->place_count, &planner->place_room, sizeof(camx__place)));
    program->places = array;
    *place = program->place_count++;
    program->places[*place].tensor = *tensor;
    program->places[*place].buffer = buffer;
    program->places[*place].first = 0;
    program->places[*place].source = -1;
    return CAMX_OK;
}

camx_status camx__plan_new_buffer(camx__planner *planner, const camx__tensor *tensor, int *buffer)
{
    camx__program *program = planner->program;
    void *array = program->buffers;
    CAMX__FORWARD(grow(planner, &array, program->buffer_count, &planner->buffer_room, sizeof(camx__buffer)));
    program->buffers = array;
    *buffer = program->buffer_count++;
    program->buffers[*buffer].bytes = camx__tensor_bytes(tensor);
    program->buffers[*buffer].offset = 0;
    program->buffers[*buffer].first = CAMX__FOREVER;
    program->buffers[*buffer].last = -1;
    return CAMX_OK;
}

camx_status camx__plan_new_step(camx__planner *planner, const camx__step *model, int *step)
{
    camx__program *program = planner->program;
    void *array = program->steps;
    CAMX__FORWARD(grow(planner, &array, program->step_count, &planner->step_room, sizeof(camx__step)));
    program->steps = array;
    *step = program->step_count++;
    program->steps[*step] = *model;
    return CAMX_OK;
}

int *camx__plan_ints(camx__planner *planner, int count, int value)
{
    int *ints = camx__zone_alloc(&planner->program->zone, (size_t)count + 1, sizeof *ints);
    for (int i = 0; ints != NULL && i < count; i++)
        ints[i] = value;
    if (ints == NULL)
        camx__fail_memory(planner->error, (size_t)count * sizeof *ints, "the program");
    return ints;
}

camx_status camx__plan_fresh(camx__planner *planner, const camx__tensor *tensor, int *place)
{
    int buffer = -1;
    CAMX__FORWARD(camx__plan_new_buffer(planner, tensor, &buffer));
    return camx__plan_new_place(planner, tensor, buffer, place);
}

camx_status camx__plan_alias(camx__planner *planner, int place, const camx__tensor *tensor, int *alias)
{
    camx__tensor view = *tensor;
    view.data = planner->program->places[place].tensor.data;
    int64_t first = planner->program->places[place].first;
    CAMX__FORWARD(camx__plan_new_place(planner, &view, planner->program->places[place].buffer, alias));
    planner->program->places[*alias].first = first;
    planner->program->places[*alias].source = place;
    return CAMX_OK;
}

camx_status camx__plan_range(camx__planner *planner, int place, int64_t channel, const camx__tensor *part,
                             int *range)
{
    int64_t first = planner->program->places[place].first + channel;
    camx__tensor view = *part;
    view.pitch = planner->program->places[place].tensor.pitch;
    CAMX__FORWARD(camx__plan_alias(planner, place, &view, range));
    planner->program->places[*range].first = first;
    return CAMX_OK;
}

void camx__plan_touch(camx__planner *planner, int place, int step)
{
    int number = place >= 0 ? planner->program->places[place].buffer : -1;
    if (number < 0)
        return;
    camx__buffer *buffer = &planner->program->buffers[number];
    if (step < buffer->first)
        buffer->first = step;
    if (step > buffer->last)
        buffer->last = step;
}

void camx__plan_keep(camx__planner *planner, int place)
{
    int number = place >= 0 ? planner->program->places[place].buffer : -1;
    if (number >= 0)
        planner->program->buffers[number].last = CAMX__FOREVER;
}

camx__tensor camx__plan_tensor(const camx__value *value, camx__order order)
{
    camx__tensor tensor = value->tensor;
    tensor.data = NULL;
    tensor.order = CAMX__PLAIN;
    tensor.pitch = 0;
    if (order == CAMX__CHANNELS_LAST && tensor.shape.rank >= 3) {
        tensor.order = CAMX__CHANNELS_LAST;
        tensor.pitch = tensor.shape.dim[1];
    }
    return tensor;
}
