/* SPDX-License-Identifier: Apache-2.0 */
/* From a block of rectangles to the windows of every step and the moves that compute them. */
#include <string.h>

#include "run/region_private.h"

/* ---- growing arrays in the plan's zone ---- */

static camx_status grow(camx__region_plan *plan, void **array, int count, int *room, size_t size)
{
    if (count < *room)
        return CAMX_OK;
    int wider = *room == 0 ? 256 : *room * 2;
    void *fresh = camx__zone_alloc(&plan->zone, (size_t)wider, size);
    if (fresh == NULL)
        return camx__fail_memory(plan->error, (size_t)wider * size, "region runs");
    if (count > 0)
        memcpy(fresh, *array, (size_t)count * size);
    *array = fresh;
    *room = wider;
    return CAMX_OK;
}

static camx_status add_stack(camx__region_plan *plan, const camx__stack *model, camx__stack **out)
{
    void *array = plan->all;
    CAMX__FORWARD(grow(plan, &array, plan->all_count, &plan->all_room, sizeof *plan->all));
    plan->all = array;
    *out = camx__zone_alloc(&plan->zone, 1, sizeof **out);
    if (*out == NULL)
        return camx__fail_memory(plan->error, sizeof **out, "region runs");
    **out = *model;
    plan->all[plan->all_count++] = *out;
    return CAMX_OK;
}

static camx_status add_buffer(camx__region_plan *plan, camx__stack *stack)
{
    void *array = plan->buffers;
    CAMX__FORWARD(grow(plan, &array, plan->buffer_count, &plan->buffer_room, sizeof *plan->buffers));
    plan->buffers = array;
    stack->buffer = plan->buffer_count++;
    plan->buffers[stack->buffer] =
        (camx__buffer){.bytes = camx__tensor_bytes(&stack->tensor), .first = CAMX__FOREVER, .last = -1};
    return CAMX_OK;
}

static void touch(camx__region_plan *plan, const camx__stack *stack)
{
    if (stack == NULL || stack->buffer < 0)
        return;
    camx__buffer *buffer = &plan->buffers[stack->buffer];
    if (plan->move_count < buffer->first)
        buffer->first = plan->move_count;
    buffer->last = plan->move_count;
}

static camx_status add_move(camx__region_plan *plan, const camx__region_move *move)
{
    void *array = plan->moves;
    CAMX__FORWARD(grow(plan, &array, plan->move_count, &plan->move_room, sizeof *plan->moves));
    plan->moves = array;
    touch(plan, move->from);
    touch(plan, move->to);
    touch(plan, move->residual);
    plan->moves[plan->move_count++] = *move;
    return CAMX_OK;
}

/* ---- stacks ---- */

static const camx__tensor *place_tensor(const camx__region_plan *plan, int place)
{
    return &plan->region->program->places[place].tensor;
}

/* A stack of the place's tensors with windows of this size; the origins are the caller's. */
static camx__stack stack_of(const camx__region_plan *plan, int place, int64_t rows, int64_t columns)
{
    const camx__region_place *known = &plan->region->places[place];
    camx__stack stack = {.tensor = *place_tensor(plan, place), .buffer = -1, .map = known->map};
    stack.tensor.data = NULL;
    stack.tensor.shape.dim[0] = (int64_t)plan->windows[0].count * plan->windows[1].count;
    for (int k = 0; k < 2 && known->map; k++) {
        stack.axis[k] = known->axis[k];
        stack.tensor.shape.dim[known->axis[k]] = k == 0 ? rows : columns;
    }
    return stack;
}

static bool is_whole(const camx__region_plan *plan, const camx__stack *stack, int place)
{
    const camx__shape *shape = &place_tensor(plan, place)->shape;
    for (int k = 0; k < 2 && stack->map; k++)
        if (stack->tensor.shape.dim[stack->axis[k]] != shape->dim[stack->axis[k]])
            return false;
    return true;
}

/* Where the windows of a place begin, as traced; NULL if they are whole along the axis. */
static const int64_t *traced_origin(const camx__region_plan *plan, int place, int axis)
{
    const camx__region_windows *windows = &plan->windows[axis];
    int64_t length = place_tensor(plan, place)->shape.dim[plan->region->places[place].axis[axis]];
    return windows->size[place] == length ? NULL : windows->origins + (int64_t)place * windows->count;
}

/* The window of what changes at a place, computed by an earlier move. */
static camx_status result_stack(camx__region_plan *plan, int place, camx__stack **out)
{
    const camx__region_place *known = &plan->region->places[place];
    camx__stack stack = stack_of(plan, place, known->map ? plan->windows[0].size[place] : 0,
                                 known->map ? plan->windows[1].size[place] : 0);
    for (int k = 0; k < 2 && known->map; k++)
        stack.origin[k] = traced_origin(plan, place, k);
    CAMX__FORWARD(add_stack(plan, &stack, out));
    plan->stacks[place] = *out;
    return add_buffer(plan, *out);
}

static camx_status whole_of(camx__region_plan *plan, int place, camx__stack **out);

/* An alias shows the stack of the bytes' owner; one without rows and columns shows all of it. */
static camx_status changed_of(camx__region_plan *plan, int place, camx__stack **out)
{
    int owner = plan->region->places[place].owner;
    camx__stack *shown = plan->stacks[owner];
    if (plan->stacks[place] != NULL || owner == place) {
        *out = plan->stacks[place];
        return CAMX_OK;
    }
    if (!plan->region->places[place].map)
        CAMX__FORWARD(whole_of(plan, owner, &shown));
    camx__stack alias = stack_of(plan, place, plan->region->places[place].map ? plan->windows[0].size[place] : 0,
                                 plan->region->places[place].map ? plan->windows[1].size[place] : 0);
    alias.buffer = shown->buffer;
    alias.origin[0] = shown->origin[0];
    alias.origin[1] = shown->origin[1];
    CAMX__FORWARD(add_stack(plan, &alias, out));
    plan->stacks[place] = *out;
    return CAMX_OK;
}

static camx_status gather(camx__region_plan *plan, int place, const camx__stack *from, const camx__stack *wanted,
                          real outside, camx__stack **out)
{
    CAMX__FORWARD(add_stack(plan, wanted, out));
    CAMX__FORWARD(add_buffer(plan, *out));
    camx__region_move move = {
        .kind = CAMX__REGION_GATHER, .place = place, .from = from, .to = *out, .outside = outside};
    return add_move(plan, &move);
}

/* The whole maps of a place, put together only once. */
static camx_status whole_of(camx__region_plan *plan, int place, camx__stack **out)
{
    camx__stack *changed = NULL;
    *out = plan->wholes[place];
    if (*out != NULL)
        return CAMX_OK;
    CAMX__FORWARD(changed_of(plan, place, &changed));
    *out = changed;
    if (!is_whole(plan, changed, place)) {
        const camx__shape *shape = &place_tensor(plan, place)->shape;
        camx__stack whole = stack_of(plan, place, shape->dim[changed->axis[0]], shape->dim[changed->axis[1]]);
        CAMX__FORWARD(gather(plan, place, changed, &whole, 0, out));
    }
    plan->wholes[place] = *out;
    return CAMX_OK;
}

static bool same_origin(const int64_t *a, const int64_t *b, int count)
{
    for (int i = 0; i < count; i++)
        if ((a != NULL ? a[i] : 0) != (b != NULL ? b[i] : 0))
            return false;
    return true;
}

/* The windows of a place at given origins: what is there already if that is it, otherwise gathered. */
static camx_status window_of(camx__region_plan *plan, int place, const camx__stack *wanted, real outside,
                             camx__stack **out)
{
    CAMX__FORWARD(changed_of(plan, place, out));
    bool same = camx__shape_equal(&(*out)->tensor.shape, &wanted->tensor.shape);
    for (int k = 0; k < 2 && same; k++)
        same = same_origin((*out)->origin[k], wanted->origin[k], plan->windows[k].count);
    return same ? CAMX_OK : gather(plan, place, *out, wanted, outside, out);
}

/* ---- steps ---- */

/* What a step needs of an input to compute the windows of its result. */
static camx_status needed_window(camx__region_plan *plan, const camx__region_view *view, int place,
                                 const camx__stack *result, camx__stack *wanted)
{
    int64_t size[2];
    *wanted = stack_of(plan, place, 0, 0);
    for (int k = 0; k < 2; k++) {
        const camx__reach *reach = &view->reach[k];
        int count = plan->windows[k].count;
        int64_t results = result->tensor.shape.dim[result->axis[k]];
        int64_t *origin = camx__zone_alloc(&plan->zone, (size_t)count, sizeof *origin);
        if (origin == NULL)
            return camx__fail_memory(plan->error, sizeof *origin, "region runs");
        for (int i = 0; i < count; i++) {
            int64_t first = result->origin[k] != NULL ? result->origin[k][i] : 0;
            camx__range seen = camx__reach_positions(reach, (camx__range){first, first + results});
            origin[i] = seen.from;
            size[k] = seen.to - seen.from;
        }
        wanted->origin[k] = origin;
        wanted->tensor.shape.dim[wanted->axis[k]] = size[k];
    }
    return CAMX_OK;
}

static camx_status input_stack(camx__region_plan *plan, const camx__region_step *known, int input, bool whole,
                               const camx__stack *result, camx__stack **out)
{
    int place = known->step->inputs[input];
    camx__stack wanted;
    if (whole)
        return whole_of(plan, place, out);
    CAMX__FORWARD(needed_window(plan, &known->views[input], place, result, &wanted));
    return window_of(plan, place, &wanted, known->views[input].outside, out);
}

static const camx__tensor *kept_tensor(const camx__region_plan *plan, int place)
{
    return &plan->region->base.tensors[place];
}

static camx_status collect_inputs(camx__region_plan *plan, const camx__region_step *known, bool whole,
                                  const camx__stack *result, camx__region_move *move, camx__stack **used)
{
    const camx__step *step = known->step;
    move->inputs = camx__zone_alloc(&plan->zone, (size_t)step->input_count + 1, sizeof *move->inputs);
    move->outputs = camx__zone_alloc(&plan->zone, (size_t)step->output_count + 1, sizeof *move->outputs);
    if (move->inputs == NULL || move->outputs == NULL)
        return camx__fail_memory(plan->error, sizeof *move->inputs, "region runs");
    for (int i = 0; i < step->input_count; i++) {
        if (step->inputs[i] < 0)
            continue;
        if (known->views[i].varies) {
            CAMX__FORWARD(input_stack(plan, known, i, whole, result, &used[i]));
            move->inputs[i] = &used[i]->tensor;
        } else {
            move->inputs[i] = kept_tensor(plan, step->inputs[i]);
        }
    }
    return CAMX_OK;
}

/* The residual of a fused step, where the result is. One that does not vary cannot be windowed. */
static camx_status collect_residual(camx__region_plan *plan, const camx__region_step *known, bool whole,
                                    const camx__stack *result, camx__region_move *move)
{
    int place = known->step->residual_place;
    camx__stack *found = NULL;
    if (place < 0)
        return CAMX_OK;
    if (!plan->region->places[place].varies)
        return CAMX_E_UNSUPPORTED;
    if (whole) {
        CAMX__FORWARD(whole_of(plan, place, &found));
    } else {
        camx__stack wanted = stack_of(plan, place, result->tensor.shape.dim[result->axis[0]],
                                      result->tensor.shape.dim[result->axis[1]]);
        wanted.origin[0] = result->origin[0];
        wanted.origin[1] = result->origin[1];
        CAMX__FORWARD(window_of(plan, place, &wanted, 0, &found));
    }
    move->residual = found;
    move->epilogue.residual_pitch = found->tensor.pitch;
    return CAMX_OK;
}

static camx_status plan_call(camx__region_plan *plan, const camx__region_step *known)
{
    const camx__step *step = known->step;
    camx__region_move move = {.kind = CAMX__REGION_CALL, .step = step, .epilogue = step->epilogue};
    camx__stack **used = camx__zone_alloc(&plan->zone, (size_t)(step->input_count + step->output_count) + 1,
                                          sizeof *used);
    camx__stack *result = NULL;
    if (used == NULL)
        return camx__fail_memory(plan->error, sizeof *used, "region runs");
    for (int i = step->output_count - 1; i >= 0; i--) {
        if (step->outputs[i] < 0)
            continue;
        CAMX__FORWARD(result_stack(plan, step->outputs[i], &used[step->input_count + i]));
        result = used[step->input_count + i];
    }
    if (result == NULL)
        return CAMX_E_UNSUPPORTED;
    bool whole = known->whole || known->sums || (!result->origin[0] && !result->origin[1]);
    CAMX__FORWARD(collect_inputs(plan, known, whole, result, &move, used));
    for (int i = 0; i < step->output_count; i++)
        move.outputs[i] = step->outputs[i] >= 0 ? &used[step->input_count + i]->tensor : NULL;
    CAMX__FORWARD(collect_residual(plan, known, whole, result, &move));
    CAMX__FORWARD(camx__region_bind(plan, known, !whole && step->op->cropped != NULL, &move));
    for (int i = 0; i < step->input_count + step->output_count; i++)
        touch(plan, used[i]);
    return add_move(plan, &move);
}

/* A global pool carries on what differs, unless everything does. */
static camx_status plan_sum(camx__region_plan *plan, const camx__region_step *known)
{
    int place = known->step->inputs[0];
    camx__stack *changed = NULL;
    camx__stack *result = NULL;
    CAMX__FORWARD(changed_of(plan, place, &changed));
    if (is_whole(plan, changed, place))
        return plan_call(plan, known);
    CAMX__FORWARD(result_stack(plan, known->step->outputs[0], &result));
    camx__region_move move = {.kind = CAMX__REGION_SUM,
                              .place = place,
                              .from = changed,
                              .to = result,
                              .kept = known->step->outputs[0],
                              .factor = known->factor};
    return add_move(plan, &move);
}

static camx_status plan_copy(camx__region_plan *plan, const camx__region_step *known)
{
    camx__stack *changed = NULL;
    camx__stack *result = NULL;
    CAMX__FORWARD(changed_of(plan, known->step->inputs[0], &changed));
    CAMX__FORWARD(result_stack(plan, known->step->outputs[0], &result));
    camx__region_move move = {.kind = CAMX__REGION_COPY, .from = changed, .to = result};
    return add_move(plan, &move);
}

static camx_status plan_steps(camx__region_plan *plan)
{
    const camx__region *region = plan->region;
    camx__stack *start = NULL;
    CAMX__FORWARD(result_stack(plan, region->input, &start));
    camx__region_move show = {.kind = CAMX__REGION_SHOW, .place = region->input, .to = start};
    CAMX__FORWARD(add_move(plan, &show));
    for (int i = 0; i < region->program->forward_count; i++) {
        const camx__region_step *known = &region->steps[i];
        if (!known->varies)
            continue;
        if (known->step->kind == CAMX__STEP_COPY)
            CAMX__FORWARD(plan_copy(plan, known));
        else if (known->sums)
            CAMX__FORWARD(plan_sum(plan, known));
        else
            CAMX__FORWARD(plan_call(plan, known));
    }
    CAMX__FORWARD(whole_of(plan, region->logits, &plan->logits));
    touch(plan, plan->logits);
    return CAMX_OK;
}

camx_status camx__region_plan_open(camx__region *region, const camx__region_block *block, camx__region_plan *plan,
                                   camx_error *error)
{
    size_t places = (size_t)region->program->place_count + 1;
    memset(plan, 0, sizeof *plan);
    plan->region = region;
    plan->block = block;
    plan->error = error;
    camx__zone_init(&plan->zone, region->memory);
    plan->stacks = camx__zone_alloc(&plan->zone, places, sizeof *plan->stacks);
    plan->wholes = camx__zone_alloc(&plan->zone, places, sizeof *plan->wholes);
    if (plan->stacks == NULL || plan->wholes == NULL)
        return camx__fail_memory(error, places * sizeof *plan->stacks, "region runs");
    CAMX__FORWARD(camx__region_measure(region, 0, block->rows, block->row_count, &plan->zone, &plan->windows[0], error));
    CAMX__FORWARD(camx__region_measure(region, 1, block->columns, block->column_count, &plan->zone, &plan->windows[1],
                                       error));
    return plan_steps(plan);
}

void camx__region_plan_close(camx__region_plan *plan)
{
    camx__zone_free(&plan->zone);
}
