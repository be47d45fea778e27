/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: the runner notes how long each step of the program takes, several times over, and every step that ran
 * becomes a row. What is timed is the ordinary run of the ordinary program; nothing is planned differently.
 */
#include "explain/profile.h"

#include <stdio.h>
#include <string.h>

#include "explain/target.h"
#include "graph/bind.h"

enum { USUAL_RUNS = 10, MOST_RUNS = 1000 };

typedef struct profiling {
    camx_session *session;
    const camx__program *program;
    int runs;
    int value;       /* whose gradient is wanted, -1 = forward only */
    double *seconds; /* of the last run, per step */
    double *times;   /* runs of them per step */
    camx_error *error;
} profiling;

/* ---- measuring ---- */

/* The gradient of each image's top logit. */
static void make_seed(const camx_session *session)
{
    int64_t classes = session->model->classes;
    int64_t batch = camx__session_batch(session);
    memset(session->seed, 0, (size_t)(batch * classes) * sizeof *session->seed);
    for (int64_t item = 0; item < batch; item++)
        session->seed[item * classes + camx__target_top(session->logits + item * classes, classes)] = 1;
}

static camx_status one_run(const profiling *p)
{
    camx_session *session = p->session;
    uint64_t batch = (uint64_t)camx__session_batch(session);
    camx__session_feed(session, &session->runner, session->input->values, 0);
    CAMX__FORWARD(camx__runner_forward(&session->runner, p->error));
    session->stats.forward_runs += batch;
    if (p->value < 0)
        return CAMX_OK;
    CAMX__FORWARD(camx__runner_backward(&session->runner, session->seed, &p->value, 1, p->error));
    session->stats.backward_runs += batch;
    return CAMX_OK;
}

/* The first run is not counted: it brings code, weights and threads to where they are wanted. */
static camx_status all_runs(const profiling *p)
{
    camx_session *session = p->session;
    camx_status status = CAMX_OK;
    session->run = -1;
    session->runner.seconds = p->seconds;
    for (int run = -1; run < p->runs && status == CAMX_OK; run++) {
        status = one_run(p);
        for (int i = 0; run >= 0 && i < p->program->step_count; i++)
            p->times[(size_t)i * (size_t)p->runs + (size_t)run] = p->seconds[i];
    }
    session->runner.seconds = NULL;
    if (status == CAMX_OK)
        session->run = 0;
    return status;
}

/* ---- rows ---- */

static void sort(double *numbers, int count)
{
    for (int i = 1; i < count; i++) {
        double number = numbers[i];
        int at = i;
        for (; at > 0 && numbers[at - 1] > number; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = number;
    }
}

static const char *activation_name(camx__activation activation)
{
    static const char *const names[] = {"", "Relu", "Clip", "SiLU", "HardSwish", "Sigmoid", "HardSigmoid"};
    size_t number = (size_t)activation;
    return number < sizeof names / sizeof names[0] ? names[number] : "activation";
}

/* "Mul, Add, Relu": what the step does beside its operator and the bias. */
static const char *fused_text(camx__zone *zone, const camx__step *step)
{
    const char *activation = step->fused ? activation_name(step->epilogue.activation) : "";
    const char *const parts[] = {step->gate_place >= 0 ? "Mul" : "", step->residual_place >= 0 ? "Add" : "", activation};
    char text[40] = "";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t used = strlen(text);
        if (parts[i][0] != '\0')
            snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? ", " : "", parts[i]);
    }
    return camx__zone_text(zone, text, strlen(text));
}

static void copy_shape(const camx__program *program, const int *places, int count, int32_t *rank, int64_t *dims)
{
    int first = 0;
    while (first < count && (places == NULL || places[first] < 0))
        first++;
    if (first == count)
        return;
    const camx__shape *shape = &program->places[places[first]].tensor.shape;
    *rank = shape->rank;
    for (int i = 0; i < shape->rank; i++)
        dims[i] = shape->dim[i];
}

static void describe_shapes(const camx__program *program, const camx__step *step, camx_profile_row *row)
{
    bool back = step->kind == CAMX__STEP_BACKWARD;
    copy_shape(program, back ? step->output_gradients : step->inputs, back ? step->output_count : step->input_count,
               &row->input_rank, row->input_shape);
    copy_shape(program, back ? step->input_gradients : step->outputs, back ? step->input_count : step->output_count,
               &row->output_rank, row->output_shape);
}

/* Two operations per multiply-add of the node whose operator the step runs: for a fused step that is not the node that
 * makes its value, but an earlier one, known by its parameters. */
static uint64_t count_operations(const camx__graph *graph, const camx__step *step)
{
    int number = step->op != NULL && step->params != NULL ? step->node : -1;
    while (number >= 0 && graph->nodes[number].params != step->params)
        number--;
    return number >= 0 ? 2 * camx__node_multiply_adds(graph, &graph->nodes[number]) : 0;
}

/* The node and the value it makes; a copy of the network's input has no node. */
static void describe_node(const profiling *p, const camx__step *step, camx_profile_row *row)
{
    const camx__graph *graph = p->program->graph;
    const camx__node *node = step->node >= 0 ? &graph->nodes[step->node] : NULL;
    int output = 0;
    while (node != NULL && output + 1 < node->output_count && node->outputs[output] < 0)
        output++;
    row->name = node != NULL && node->outputs[output] >= 0 ? graph->values[node->outputs[output]].name : step->label;
    row->node = node != NULL ? node->record->name : "";
    row->op = step->op != NULL ? step->op->name : node != NULL ? node->op->name : "Input";
    for (int i = 0; i <= step->parts; i++)
        row->operations += count_operations(graph, step - i);
}

static bool fill_row(const profiling *p, int number, camx_profile_row *row)
{
    camx__zone *zone = &p->session->profile.zone;
    const camx__step *step = &p->program->steps[number];
    double *times = p->times + (size_t)number * (size_t)p->runs;
    sort(times, p->runs);
    row->struct_size = sizeof *row;
    row->kind = (int32_t)step->kind;
    row->seconds = p->runs % 2 != 0 ? times[p->runs / 2] : (times[p->runs / 2 - 1] + times[p->runs / 2]) / 2;
    row->fastest = times[0];
    describe_node(p, step, row);
    describe_shapes(p->program, step, row);
    row->kernel = step->op != NULL && step->op->describe != NULL ? step->op->describe(step->state) : "";
    row->name = camx__zone_text(zone, row->name, strlen(row->name));
    row->node = camx__zone_text(zone, row->node, strlen(row->node));
    row->fused = fused_text(zone, step);
    return row->name != NULL && row->node != NULL && row->fused != NULL;
}

static bool has_run(const profiling *p, int step)
{
    if (step < p->program->forward_count)
        return !p->program->steps[step].absorbed;
    return p->value >= 0 && p->session->runner.steps[step].wanted;
}

static camx_status make_rows(const profiling *p)
{
    camx__profile *profile = &p->session->profile;
    size_t steps = (size_t)p->program->step_count;
    double total = 0.0;
    uint32_t count = 0;
    profile->rows = camx__zone_alloc(&profile->zone, steps + 1, sizeof *profile->rows);
    if (profile->rows == NULL)
        return camx__fail_memory(p->error, steps * sizeof *profile->rows, "the profile");
    for (int i = 0; i < p->program->step_count; i++) {
        if (!has_run(p, i))
            continue;
        if (!fill_row(p, i, &profile->rows[count]))
            return camx__fail_memory(p->error, 64, "the profile");
        total += profile->rows[count++].seconds;
    }
    for (uint32_t i = 0; i < count; i++)
        profile->rows[i].share = total > 0.0 ? profile->rows[i].seconds / total : 0.0;
    profile->count = count;
    return CAMX_OK;
}

/* ---- all of it ---- */

static camx_status check_options(const camx_profile_options *options, camx_error *error)
{
    if (options->runs < 0 || options->runs > MOST_RUNS)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_profile_options.runs is %d; give 1 to %d, or 0 for %d",
                          options->runs, MOST_RUNS, USUAL_RUNS);
    if (options->layer != NULL && options->backward == 0)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_profile_options.layer is for the way back only: set backward to 1");
    return CAMX_OK;
}

static camx_status choose_layer(profiling *p, const camx_profile_options *options)
{
    p->value = -1;
    if (options->backward == 0)
        return CAMX_OK;
    CAMX__FORWARD(camx__graph_find_layer(p->session->bound->graph, options->layer, &p->value, p->error));
    CAMX__FORWARD(camx__session_check_spatial(p->session, p->value, p->error));
    return camx__session_ask(p->session, p->value, true, p->error);
}

static camx_status measure(profiling *p)
{
    camx_session *session = p->session;
    CAMX__FORWARD(camx__session_hold(session, 0, p->error));
    p->program = session->runner.program;
    size_t steps = (size_t)p->program->step_count;
    p->seconds = camx__alloc_clear(session->memory, steps + 1, sizeof *p->seconds);
    p->times = camx__alloc_clear(session->memory, (steps + 1) * (size_t)p->runs, sizeof *p->times);
    if (p->seconds == NULL || p->times == NULL)
        return camx__fail_memory(p->error, steps * (size_t)p->runs * sizeof *p->times, "the profile");
    if (p->value >= 0)
        make_seed(session);
    CAMX__FORWARD(all_runs(p));
    return make_rows(p);
}

camx_status camx__session_profile(camx_session *session, camx_input *input, const camx_profile_options *options,
                                  camx_error *error)
{
    profiling p = {.session = session, .error = error};
    camx__zone_free(&session->profile.zone);
    session->profile.count = 0;
    CAMX__FORWARD(check_options(options, error));
    p.runs = options->runs > 0 ? options->runs : USUAL_RUNS;
    CAMX__FORWARD(camx__session_take(session, input, error));
    CAMX__FORWARD(choose_layer(&p, options));
    camx_status status = measure(&p);
    camx__free(session->memory, p.seconds);
    camx__free(session->memory, p.times);
    return status;
}
