/* SPDX-License-Identifier: Apache-2.0 */
/* Running what lies behind a value, for many versions of it. */
#include "run/suffix.h"

#include <string.h>

#include "kernels/rows.h"

/* ---- what the suffix consists of ---- */

/* marks, per value: CHANGED follows from the value, NEEDED is read by what does. */
enum { CHANGED = 1, NEEDED = 2 };

static bool reads_changed(const camx__node *node, const unsigned char *marks)
{
    for (int i = 0; i < node->input_count; i++)
        if (node->inputs[i] >= 0 && (marks[node->inputs[i]] & CHANGED) != 0)
            return true;
    return false;
}

static bool makes_scores(const camx__graph *graph, const camx__node *node)
{
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] >= 0 && graph->values[node->outputs[i]].reaches_scores)
            return true;
    return false;
}

static void mark(const camx__graph *graph, int value, unsigned char *marks)
{
    marks[value] = CHANGED;
    for (int n = 0; n < graph->node_count; n++) {
        const camx__node *node = &graph->nodes[n];
        if (!reads_changed(node, marks) || !makes_scores(graph, node))
            continue;
        for (int i = 0; i < node->output_count; i++)
            if (node->outputs[i] >= 0)
                marks[node->outputs[i]] |= CHANGED;
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i] >= 0 && !graph->values[node->inputs[i]].constant)
                marks[node->inputs[i]] |= NEEDED;
    }
}

static camx_status list_given(camx__suffix *suffix, camx_error *error)
{
    const camx__graph *graph = suffix->source;
    camx__memory *memory = &suffix->model->memory;
    size_t values = (size_t)graph->value_count;
    unsigned char *marks = camx__alloc_clear(memory, values, 1);
    suffix->given = camx__alloc(memory, values, sizeof(int));
    if (marks == NULL || suffix->given == NULL) {
        camx__free(memory, marks);
        return camx__fail_memory(error, values * sizeof(int), "the runs behind a layer");
    }
    suffix->given[0] = suffix->value;
    suffix->given_count = 1;
    mark(graph, suffix->value, marks);
    for (int v = 0; v < graph->value_count; v++)
        if (v != suffix->value && marks[v] == NEEDED)
            suffix->given[suffix->given_count++] = v;
    camx__free(memory, marks);
    suffix->whole = suffix->value == graph->file->inputs[0].value;
    return CAMX_OK;
}

/* ---- the batch ---- */

static bool is_batched(const camx__graph *graph, const camx__graph *source, int value, int64_t batch)
{
    camx__shape wanted = source->values[value].tensor.shape;
    const camx__shape *have = &graph->values[value].tensor.shape;
    if (wanted.rank == 0 || have->rank == 0 || wanted.dim[0] != source->batch)
        return false;
    wanted.dim[0] = batch;
    return camx__shape_equal(&wanted, have);
}

/* True if in the graph bound for the larger batch every image is what it is alone. */
static bool fits(const camx__suffix *suffix, const camx__graph *graph, int64_t batch)
{
    bool good = graph->keeps_batch && graph->batch == batch &&
                is_batched(graph, suffix->source, suffix->value, batch) &&
                is_batched(graph, suffix->source, suffix->source->head.logits, batch);
    for (int i = 1; good && i < suffix->given_count; i++)
        good = is_batched(graph, suffix->source, suffix->given[i], batch);
    return good;
}

/* The graph for `batch` images if there is such a thing, otherwise the one that the other runners use. */
static camx_status choose_graph(camx__suffix *suffix, const camx__suffix_ask *ask, camx_error *error)
{
    camx__shape shape = ask->bound->shape;
    camx_error reason;
    camx_status status = CAMX_E_SHAPE;
    shape.dim[0] = ask->batch;
    if (ask->batch != ask->bound->graph->batch && ask->bound->graph->keeps_batch)
        status = camx__model_graph(ask->model, &shape, &suffix->bound, &reason);
    if (status == CAMX_E_MEMORY) {
        if (error != NULL)
            *error = reason;
        return status;
    }
    if (status == CAMX_OK && fits(suffix, suffix->bound->graph, ask->batch)) {
        suffix->batch = ask->batch;
        return CAMX_OK;
    }
    camx__model_return_graph(ask->model, suffix->bound);
    suffix->bound = NULL;
    suffix->batch = ask->bound->graph->batch;
    return camx__model_graph(ask->model, &ask->bound->shape, &suffix->bound, error);
}

static void clear_items(const camx__tensor *tensor)
{
    memset(tensor->data, 0, camx__tensor_bytes(tensor));
}

camx_status camx__suffix_open(camx__suffix *suffix, const camx__suffix_ask *ask, camx_error *error)
{
    *suffix = (camx__suffix){.model = ask->model, .source = ask->bound->graph, .value = ask->value};
    camx__runner_init(&suffix->runner, &ask->model->memory, ask->pool);
    CAMX__FORWARD(list_given(suffix, error));
    CAMX__FORWARD(choose_graph(suffix, ask, error));
    const int logits = suffix->source->head.logits;
    camx__demand demand = {.keep = &logits,
                           .keep_count = 1,
                           .given = suffix->given,
                           .given_count = suffix->whole ? 0 : suffix->given_count,
                           .fusion = ask->fusion,
                           .pool = ask->pool,
                           .settings = ask->settings};
    CAMX__FORWARD(camx__model_program(ask->model, suffix->bound, &demand, &suffix->planned, error));
    CAMX__FORWARD(camx__runner_load(&suffix->runner, suffix->planned->program, error));
    /* The last run may have fewer items than there is room for: the rest must not be whatever memory holds. */
    clear_items(camx__suffix_tensor(suffix));
    return CAMX_OK;
}

void camx__suffix_close(camx__suffix *suffix)
{
    if (suffix->model == NULL)
        return;
    camx__runner_close(&suffix->runner);
    camx__model_return_program(suffix->model, suffix->planned);
    camx__model_return_graph(suffix->model, suffix->bound);
    camx__free(&suffix->model->memory, suffix->given);
    *suffix = (camx__suffix){.model = NULL};
}

/* ---- running ---- */

/* One item as a tensor of its own; items follow one another in either order. */
static camx__tensor item_of(const camx__tensor *tensor, int64_t item)
{
    camx__tensor one = *tensor;
    int64_t strides[CAMX__MAX_RANK];
    size_t size = camx__elem_is_real(tensor->elem) ? sizeof(real) : sizeof(int64_t);
    camx__tensor_strides(tensor, strides);
    one.shape.dim[0] = 1;
    one.data = (char *)tensor->data + (size_t)(item * strides[0]) * size;
    return one;
}

void camx__suffix_fill(camx__suffix *suffix, const camx__runner *from, int64_t item)
{
    for (int i = 0; i < suffix->given_count; i++) {
        const camx__tensor *source = camx__runner_value(from, suffix->given[i]);
        const camx__tensor *to = i == 0 ? camx__suffix_tensor(suffix)
                                        : camx__runner_given(&suffix->runner, suffix->given[i]);
        if (source == NULL)
            continue;
        if (suffix->bound->graph->batch == 1 && suffix->source->batch == 1) {
            camx__rows_copy(suffix->runner.pool, source, to);
            continue;
        }
        camx__tensor one = item_of(source, item);
        for (int64_t j = 0; j < suffix->batch; j++) {
            camx__tensor place = item_of(to, j);
            camx__rows_copy(suffix->runner.pool, &one, &place);
        }
    }
}

const camx__tensor *camx__suffix_tensor(const camx__suffix *suffix)
{
    return suffix->whole ? camx__runner_input(&suffix->runner, 0)
                         : camx__runner_given(&suffix->runner, suffix->value);
}

int64_t camx__suffix_item(const camx__suffix *suffix)
{
    int64_t strides[CAMX__MAX_RANK];
    camx__tensor_strides(camx__suffix_tensor(suffix), strides);
    return strides[0];
}

camx_status camx__suffix_forward(camx__suffix *suffix, camx_error *error)
{
    return camx__runner_forward(&suffix->runner, error);
}

const real *camx__suffix_logits(const camx__suffix *suffix)
{
    return camx__reals(camx__runner_value(&suffix->runner, suffix->source->head.logits));
}

/* ---- how many items at a time ---- */

#define LARGEST_BYTES ((int64_t)8 << 20) /* of one value of a run */
#define MOST_ITEMS 64

int64_t camx__suffix_batch(const camx__graph *graph, int value, int64_t most)
{
    int64_t largest = camx__shape_count(&graph->values[value].tensor.shape);
    int first = graph->values[value].producer;
    for (int n = first + 1; n < graph->node_count; n++) {
        const camx__node *node = &graph->nodes[n];
        int id = node->output_count > 0 ? node->outputs[0] : -1;
        int64_t count = id >= 0 && graph->values[id].known ? camx__shape_count(&graph->values[id].tensor.shape) : 0;
        largest = count > largest ? count : largest;
    }
    int64_t room = LARGEST_BYTES / (int64_t)sizeof(float) / (largest / graph->batch + 1);
    room = room < 1 ? 1 : room > MOST_ITEMS ? MOST_ITEMS : room;
    if (most < 1)
        return 1;
    /* Equal runs: 49 items in runs of 25, not of 32. */
    int64_t runs = (most + room - 1) / room;
    return (most + runs - 1) / runs;
}
