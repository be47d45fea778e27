/* SPDX-License-Identifier: Apache-2.0 */
/* Executing programs. */
#include "run/runner.h"

#include <assert.h>
#include <string.h>

#include "base/progress.h"
#include "kernels/rows.h"

void camx__runner_init(camx__runner *runner, camx__memory *memory, camx__pool *pool)
{
    *runner = (camx__runner){.memory = memory, .pool = pool};
    camx__zone_init(&runner->zone, memory);
}

void camx__runner_close(camx__runner *runner)
{
    camx__zone_free(&runner->zone);
    camx__free(runner->memory, runner->arena);
    runner->arena = NULL;
    runner->arena_bytes = 0;
    runner->program = NULL;
}

/* ---- loading ---- */

static camx_status make_arena(camx__runner *runner, size_t bytes, camx_error *error)
{
    if (runner->arena_bytes >= bytes && runner->arena != NULL)
        return CAMX_OK;
    camx__free(runner->memory, runner->arena);
    runner->arena_bytes = 0;
    runner->arena = camx__alloc(runner->memory, bytes, 1);
    if (runner->arena == NULL)
        return camx__fail_memory(error, bytes, "the activations of the network");
    runner->arena_bytes = bytes;
    return CAMX_OK;
}

static camx_status resolve_places(camx__runner *runner, camx_error *error)
{
    const camx__program *program = runner->program;
    size_t count = (size_t)program->place_count;
    runner->tensors = camx__zone_alloc(&runner->zone, count + 1, sizeof *runner->tensors);
    runner->place_wanted = camx__zone_alloc(&runner->zone, count + 1, sizeof(bool));
    if (runner->tensors == NULL || runner->place_wanted == NULL)
        return camx__fail_memory(error, count * sizeof *runner->tensors, "the session");
    for (int p = 0; p < program->place_count; p++) {
        const camx__place *place = &program->places[p];
        runner->tensors[p] = place->tensor;
        if (place->buffer >= 0)
            runner->tensors[p].data = runner->arena + program->buffers[place->buffer].offset +
                                      (size_t)place->first * sizeof(real);
    }
    return CAMX_OK;
}

static const camx__tensor **resolve(camx__runner *runner, const int *places, int count)
{
    const camx__tensor **tensors = camx__zone_alloc(&runner->zone, (size_t)count + 1, sizeof *tensors);
    for (int i = 0; tensors != NULL && i < count; i++)
        tensors[i] = places != NULL && places[i] >= 0 ? &runner->tensors[places[i]] : NULL;
    return tensors;
}

static bool resolve_step(camx__runner *runner, const camx__step *step, camx__ready_step *ready)
{
    ready->step = step;
    ready->inputs = resolve(runner, step->inputs, step->input_count);
    ready->outputs = resolve(runner, step->outputs, step->output_count);
    ready->output_gradients = resolve(runner, step->output_gradients, step->output_count);
    ready->input_gradients = resolve(runner, step->input_gradients, step->input_count);
    ready->epilogue = step->epilogue;
    if (step->residual_place >= 0) {
        const camx__tensor *residual = &runner->tensors[step->residual_place];
        ready->epilogue.residual = camx__reals(residual);
        ready->epilogue.residual_pitch = residual->pitch;
    }
    ready->gate = step->gate_place >= 0 ? camx__reals(&runner->tensors[step->gate_place]) : NULL;
    return ready->inputs != NULL && ready->outputs != NULL && ready->output_gradients != NULL &&
           ready->input_gradients != NULL;
}

camx_status camx__runner_load(camx__runner *runner, const camx__program *program, camx_error *error)
{
    camx__zone_free(&runner->zone);
    runner->program = NULL;
    CAMX__FORWARD(make_arena(runner, program->arena_bytes, error));
    runner->program = program;
    camx_status status = resolve_places(runner, error);
    size_t count = (size_t)program->step_count;
    if (status == CAMX_OK) {
        runner->steps = camx__zone_alloc(&runner->zone, count + 1, sizeof *runner->steps);
        if (runner->steps == NULL)
            status = camx__fail_memory(error, count * sizeof *runner->steps, "the session");
    }
    for (int i = 0; status == CAMX_OK && i < program->step_count; i++)
        if (!resolve_step(runner, &program->steps[i], &runner->steps[i]))
            status = camx__fail_memory(error, 64, "the session");
    if (status != CAMX_OK)
        runner->program = NULL;
    return status;
}

/* ---- running ---- */

static void *scratch_of(const camx__runner *runner)
{
    return runner->arena + runner->program->scratch_offset;
}

static camx_status call_forward(const camx__runner *runner, const camx__ready_step *ready, camx_error *error)
{
    const camx__step *step = ready->step;
    if (step->kind == CAMX__STEP_COPY) {
        camx__rows_copy(runner->pool, ready->inputs[0], ready->outputs[0]);
        return CAMX_OK;
    }
    camx__op_call call = {
        .params = step->params,
        .state = step->state,
        .label = step->label,
        .input_count = step->input_count,
        .inputs = ready->inputs,
        .output_count = step->output_count,
        .outputs = ready->outputs,
        .packed = step->pack != NULL ? step->pack->data : NULL,
        .gate = ready->gate,
        .epilogue = step->fused ? &ready->epilogue : NULL,
        .scratch = scratch_of(runner),
        .pool = runner->pool,
        .error = error,
    };
    return step->op->forward(&call);
}


static camx_status call_backward(const camx__runner *runner, const camx__ready_step *ready, camx_error *error)
{
    const camx__step *step = ready->step;
    if (step->kind == CAMX__STEP_ADD) {
        camx__rows_add_to(runner->pool, ready->inputs[0], ready->outputs[0], step->accumulate[0]);
        return CAMX_OK;
    }
    camx__op_gradient gradient = {
        .params = step->params,
        .state = step->state,
        .label = step->label,
        .input_count = step->input_count,
        .inputs = ready->inputs,
        .output_count = step->output_count,
        .outputs = ready->outputs,
        .output_gradients = ready->output_gradients,
        .input_gradients = ready->input_gradients,
        .accumulate = step->accumulate,
        .relu_rule = runner->relu_rule,
        .packed = step->pack != NULL ? step->pack->data : NULL,
        .scratch = scratch_of(runner),
        .pool = runner->pool,
        .error = error,
    };
    return step->op->backward(&gradient);
}

/* One step, timed if somebody asked for that. */
static camx_status run_step(const camx__runner *runner, int number, camx_error *error)
{
    const camx__ready_step *ready = &runner->steps[number];
    if (ready->step->absorbed)
        return CAMX_OK;
    double start = runner->seconds != NULL ? camx__clock() : 0.0;
    camx_status status = number < runner->program->forward_count ? call_forward(runner, ready, error)
                                                                 : call_backward(runner, ready, error);
    if (runner->seconds != NULL)
        runner->seconds[number] = camx__clock() - start;
    return status;
}

camx_status camx__runner_forward(camx__runner *runner, camx_error *error)
{
    assert(runner->program != NULL);
    for (int i = 0; i < runner->program->forward_count; i++)
        CAMX__FORWARD(run_step(runner, i, error));
    return CAMX_OK;
}

/* Places are compared by buffer: several may show the same bytes. */
static int buffer_of(const camx__runner *runner, int place)
{
    return place >= 0 ? runner->program->places[place].buffer : -1;
}

/* Does the step write a gradient that is wanted? Then those it reads are wanted too. */
static bool wanted_step(camx__runner *runner, const camx__step *step)
{
    bool add = step->kind == CAMX__STEP_ADD;
    const int *written = add ? step->outputs : step->input_gradients;
    const int *read = add ? step->inputs : step->output_gradients;
    int writes = add ? 1 : step->input_count;
    int reads = add ? 1 : step->output_count;
    bool wanted = false;
    for (int i = 0; i < writes; i++) {
        int buffer = buffer_of(runner, written[i]);
        wanted |= buffer >= 0 && runner->place_wanted[buffer];
    }
    for (int i = 0; wanted && i < reads; i++) {
        int buffer = buffer_of(runner, read[i]);
        if (buffer >= 0)
            runner->place_wanted[buffer] = true;
    }
    return wanted;
}

static void choose_steps(camx__runner *runner, const int *values, int count)
{
    const camx__program *program = runner->program;
    memset(runner->place_wanted, 0, (size_t)program->place_count * sizeof(bool));
    for (int i = 0; i < count; i++) {
        int buffer = buffer_of(runner, program->gradient_place[values[i]]);
        if (buffer >= 0)
            runner->place_wanted[buffer] = true;
    }
    for (int i = program->step_count - 1; i >= program->forward_count; i--)
        runner->steps[i].wanted = wanted_step(runner, &program->steps[i]);
}

camx_status camx__runner_backward(camx__runner *runner, const real *seed, const int *values, int count,
                                  camx_error *error)
{
    const camx__program *program = runner->program;
    assert(program != NULL);
    if (program->seed_place < 0)
        return CAMX_OK;
    const camx__tensor *start = &runner->tensors[program->seed_place];
    memcpy(start->data, seed, (size_t)camx__shape_count(&start->shape) * sizeof(real));
    choose_steps(runner, values, count);
    for (int i = program->forward_count; i < program->step_count; i++)
        if (runner->steps[i].wanted)
            CAMX__FORWARD(run_step(runner, i, error));
    return CAMX_OK;
}

/* ---- backward from inside the network ---- */

static void written_by(const camx__step *step, const int **places, int *count)
{
    bool add = step->kind == CAMX__STEP_ADD;
    *places = add ? step->outputs : step->input_gradients;
    *count = add ? 1 : step->input_count;
}

/* Whether one of the backward steps before `end` writes into the buffer. */
static bool is_written(const camx__runner *runner, int buffer, int end)
{
    for (int i = runner->program->forward_count; i < end; i++) {
        const int *places = NULL;
        int count = 0;
        written_by(&runner->program->steps[i], &places, &count);
        for (int k = 0; k < count; k++)
            if (buffer >= 0 && buffer_of(runner, places[k]) == buffer)
                return true;
    }
    return false;
}

/* What the steps before `start` would have written for those from there on: nothing has come that way. Those buffers are
 * alive at `start`, so that none of them lies over anything else that is. */
static void clear_gradients(const camx__runner *runner, int start)
{
    const camx__program *program = runner->program;
    for (int i = program->forward_count; i < start; i++) {
        const int *places = NULL;
        int count = 0;
        written_by(&program->steps[i], &places, &count);
        for (int k = 0; k < count; k++) {
            int buffer = buffer_of(runner, places[k]);
            if (buffer >= 0 && program->buffers[buffer].last >= start)
                memset(runner->arena + program->buffers[buffer].offset, 0, program->buffers[buffer].bytes);
        }
    }
}

static void plant(const camx__runner *runner, const camx__seed *seed, int next_step)
{
    int place = runner->program->gradient_place[seed->value];
    if (place >= 0)
        camx__rows_add_to(runner->pool, seed->numbers, &runner->tensors[place],
                          is_written(runner, buffer_of(runner, place), next_step));
}

camx_status camx__runner_backward_from(camx__runner *runner, const camx__seed *seeds, int seed_count,
                                       const int *values, int count, camx_error *error)
{
    const camx__program *program = runner->program;
    const camx__value *graph_values = program->graph->values;
    int next = 0;
    int start = program->forward_count;
    if (program->seed_place < 0)
        return CAMX_OK;
    choose_steps(runner, values, count);
    while (start < program->step_count && program->steps[start].node > graph_values[seeds[0].value].producer)
        start++;
    clear_gradients(runner, start);
    for (int i = start; i < program->step_count; i++) {
        while (next < seed_count && graph_values[seeds[next].value].producer >= program->steps[i].node)
            plant(runner, &seeds[next++], i);
        if (runner->steps[i].wanted)
            CAMX__FORWARD(run_step(runner, i, error));
    }
    while (next < seed_count)
        plant(runner, &seeds[next++], program->step_count);
    return CAMX_OK;
}

/* ---- looking ---- */

const camx__tensor *camx__runner_input(const camx__runner *runner, int index)
{
    int place = runner->program->input_places[index];
    return place >= 0 ? &runner->tensors[place] : NULL;
}

const camx__tensor *camx__runner_given(const camx__runner *runner, int value)
{
    int place = runner->program->given_place[value];
    return place >= 0 ? &runner->tensors[place] : NULL;
}

const camx__tensor *camx__runner_value(const camx__runner *runner, int value)
{
    const camx__program *program = runner->program;
    return program->kept[value] ? &runner->tensors[program->value_place[value]] : NULL;
}

const camx__tensor *camx__runner_gradient(const camx__runner *runner, int value)
{
    int place = runner->program->gradient_place[value];
    return place >= 0 ? &runner->tensors[place] : NULL;
}
