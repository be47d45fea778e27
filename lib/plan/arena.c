/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where buffers lie in the arena. Buffers whose spans do not meet may share bytes; largest first, each at the lowest
 * free offset (greedy by size: Pisarchyk and Lee, arXiv 2001.03288).
 */
#include <stdlib.h>

#include "base/checked.h"
#include "plan/planner.h"

/* ---- in place: the result of an element-by-element operator over an input that is read for the last time ---- */

static bool same_layout(const camx__tensor *a, const camx__tensor *b)
{
    return camx__shape_equal(&a->shape, &b->shape) && a->order == b->order && a->pitch == b->pitch &&
           camx__elem_is_real(a->elem) == camx__elem_is_real(b->elem);
}

static void try_in_place(camx__planner *planner, int number)
{
    camx__program *program = planner->program;
    const camx__step *step = &program->steps[number];
    if (step->kind != CAMX__STEP_FORWARD || (step->op->traits & CAMX__OP_IN_PLACE) == 0 ||
        step->input_count == 0 || step->inputs[0] < 0 || step->output_count == 0 || step->outputs[0] < 0)
        return;
    const camx__place *in = &program->places[step->inputs[0]];
    const camx__place *out = &program->places[step->outputs[0]];
    if (in->buffer < 0 || out->buffer < 0 || in->buffer == out->buffer || in->first != out->first ||
        !same_layout(&in->tensor, &out->tensor))
        return;
    camx__buffer *old = &program->buffers[in->buffer];
    camx__buffer *fresh = &program->buffers[out->buffer];
    if (old->last != number || fresh->first != number || old->bytes != fresh->bytes)
        return;
    int from = out->buffer;
    int to = in->buffer;
    old->last = fresh->last;
    fresh->bytes = 0;
    for (int p = 0; p < program->place_count; p++)
        if (program->places[p].buffer == from)
            program->places[p].buffer = to;
}

/* ---- offsets ---- */

typedef struct order {
    size_t bytes;
    int buffer;
} order;

static int larger_first(const void *left, const void *right)
{
    const order *a = left;
    const order *b = right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return a->buffer - b->buffer;
}

static bool meet(const camx__buffer *a, const camx__buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset where `buffer` overlaps none of the placed ones that are alive at the same time. placed is kept
 * sorted by offset. */
static size_t lowest_offset(const camx__buffer *buffers, const camx__buffer *buffer, const int *placed, int count)
{
    size_t offset = 0;
    for (int i = 0; i < count; i++) {
        const camx__buffer *other = &buffers[placed[i]];
        if (!meet(buffer, other))
            continue;
        if (other->offset >= offset + buffer->bytes)
            break;
        if (other->offset + other->bytes > offset)
            offset = other->offset + other->bytes;
    }
    return offset;
}

static void insert_sorted(const camx__buffer *buffers, int *placed, int count, int buffer)
{
    int i = count;
    while (i > 0 && buffers[placed[i - 1]].offset > buffers[buffer].offset) {
        placed[i] = placed[i - 1];
        i--;
    }
    placed[i] = buffer;
}

camx_status camx__buffers_place(camx__zone *scratch, camx__buffer *buffers, int buffer_count, size_t *arena,
                                const char *name, camx_error *error)
{
    size_t count = (size_t)buffer_count;
    order *sorted = camx__zone_alloc(scratch, count + 1, sizeof *sorted);
    int *placed = camx__zone_alloc(scratch, count + 1, sizeof *placed);
    int used = 0;
    if (sorted == NULL || placed == NULL)
        return camx__fail_memory(error, count * sizeof *sorted, "the program");
    for (int b = 0; b < buffer_count; b++) {
        camx__buffer *buffer = &buffers[b];
        if (!camx__add_size(buffer->bytes, CAMX__ALIGNMENT - 1, &buffer->bytes))
            return camx__fail(error, CAMX_E_LIMIT, "%s: an activation is too large", name);
        buffer->bytes -= buffer->bytes % CAMX__ALIGNMENT;
        sorted[b] = (order){buffer->bytes, b};
    }
    qsort(sorted, count, sizeof *sorted, larger_first);
    *arena = 0;
    for (size_t i = 0; i < count && sorted[i].bytes > 0; i++) {
        camx__buffer *buffer = &buffers[sorted[i].buffer];
        size_t end = 0;
        buffer->offset = lowest_offset(buffers, buffer, placed, used);
        insert_sorted(buffers, placed, used++, sorted[i].buffer);
        if (!camx__add_size(buffer->offset, buffer->bytes, &end))
            return camx__fail(error, CAMX_E_LIMIT, "%s: the activations are too large", name);
        if (end > *arena)
            *arena = end;
    }
    return CAMX_OK;
}

camx_status camx__plan_arena(camx__planner *planner)
{
    camx__program *program = planner->program;
    size_t scratch = 0;
    for (int i = 0; i < program->forward_count && !program->hold_all; i++)
        try_in_place(planner, i);
    for (int b = 0; b < program->buffer_count && program->hold_all; b++)
        program->buffers[b].last = CAMX__FOREVER;
    CAMX__FORWARD(camx__buffers_place(&planner->scratch, program->buffers, program->buffer_count,
                                      &program->arena_bytes, planner->graph->file->name, planner->error));
    for (int i = 0; i < program->step_count; i++)
        if (program->steps[i].scratch_bytes > scratch)
            scratch = program->steps[i].scratch_bytes;
    program->scratch_offset = program->arena_bytes;
    if (!camx__add_size(program->arena_bytes, scratch, &program->arena_bytes) ||
        !camx__add_size(program->arena_bytes, 2 * CAMX__ALIGNMENT, &program->arena_bytes))
        return camx__fail(planner->error, CAMX_E_LIMIT, "%s: the activations are too large",
                          planner->graph->file->name);
    return CAMX_OK;
}
