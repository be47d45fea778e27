/* SPDX-License-Identifier: Apache-2.0 */
/* From the records of a file to a graph: one pass over the nodes that binds shapes and folds constants. */
#include "graph/bind.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static _Atomic uint64_t next_serial = 1;

static camx_status open_graph(const camx__onnx_file *file, camx__memory *memory, camx__graph **out,
                              camx_error *error)
{
    camx__graph *graph = camx__alloc_clear(memory, 1, sizeof *graph);
    if (graph == NULL)
        return camx__fail_memory(error, sizeof *graph, "the graph");
    camx__zone_init(&graph->zone, memory);
    graph->memory = memory;
    graph->file = file;
    graph->serial = atomic_fetch_add(&next_serial, 1);
    graph->value_count = (int)file->value_count;
    graph->values = camx__zone_alloc(&graph->zone, file->value_count + 1, sizeof *graph->values);
    graph->nodes = camx__zone_alloc(&graph->zone, file->node_count + 1, sizeof *graph->nodes);
    graph->layers = camx__zone_alloc(&graph->zone, file->value_count + 1, sizeof *graph->layers);
    if (graph->values == NULL || graph->nodes == NULL || graph->layers == NULL) {
        camx__graph_free(graph);
        return camx__fail_memory(error, file->value_count * sizeof *graph->values, "the graph");
    }
    *out = graph;
    return CAMX_OK;
}

void camx__graph_free(camx__graph *graph)
{
    if (graph == NULL)
        return;
    camx__memory *memory = graph->memory;
    camx__zone_free(&graph->zone);
    camx__free(memory, graph);
}

static void set_shape(camx__tensor *tensor, int rank, const int64_t *dims)
{
    tensor->shape.rank = rank;
    for (int i = 0; i < rank; i++)
        tensor->shape.dim[i] = dims[i];
}

static void start_values(camx__graph *graph)
{
    const camx__onnx_file *file = graph->file;
    for (int id = 0; id < graph->value_count; id++) {
        camx__value *value = &graph->values[id];
        int32_t initialiser = file->values[id].initialiser;
        value->name = file->values[id].name;
        value->producer = -1;
        value->layer = -1;
        if (initialiser >= 0)
            camx__value_store(value, &file->initialisers[initialiser]);
    }
}

void camx__value_store(camx__value *value, const camx__onnx_tensor *tensor)
{
    set_shape(&value->tensor, (int)tensor->rank, tensor->dims);
    value->tensor.elem = (camx__elem)tensor->elem;
    value->constant = true;
    value->known = true;
    value->stored = tensor;
}

static camx_status bind_inputs(camx__graph *graph, const camx__shape *shapes, camx_error *error)
{
    const camx__onnx_file *file = graph->file;
    for (uint32_t i = 0; i < file->input_count; i++) {
        const camx__onnx_port *port = &file->inputs[i];
        camx__value *value = &graph->values[port->value];
        value->tensor.elem = port->elem == 0 ? CAMX__ELEM_FLOAT : (camx__elem)port->elem;
        value->tensor.shape = shapes[i];
        value->known = true;
        value->layer = graph->layer_count;
        graph->layers[graph->layer_count++] = port->value;
        if (!camx__shape_check(&shapes[i]))
            return camx__fail(error, CAMX_E_SHAPE, "%s: the shape asked for input '%s' is too large",
                              file->name, value->name);
        if (!camx__elem_is_real(value->tensor.elem) && !camx__elem_is_integer(value->tensor.elem))
            return camx__fail(error, CAMX_E_UNSUPPORTED, "%s: input '%s' holds %s; only numbers can be taken",
                              file->name, value->name, camx__elem_name(port->elem));
        if (i == 0 && shapes[0].rank == 4)
            value->channels_last = camx__port_channels_last(port);
    }
    if (file->input_count > 0 && shapes[0].rank > 0)
        graph->batch = shapes[0].dim[0];
    return CAMX_OK;
}

bool camx__port_channels_last(const camx__onnx_port *port)
{
    if (port->rank != 4)
        return false;
    int64_t first = port->dims[1];
    int64_t last = port->dims[3];
    bool last_fits = last == 1 || last == 3 || last == 4;
    bool first_fits = first == 1 || first == 3 || first == 4;
    return last_fits && !first_fits;
}

static const char *make_label(camx__graph *graph, const camx__onnx_node *node, uint32_t number)
{
    char text[200];
    if (node->name[0] != '\0')
        snprintf(text, sizeof text, "node '%.120s' (%.40s)", node->name, node->op_type);
    else
        snprintf(text, sizeof text, "node %u (%.40s)", number, node->op_type);
    return camx__zone_text(&graph->zone, text, strlen(text));
}

/* Of input 1 of a CastLike only the type is looked at. */
static bool counts(const camx__binding *binding, int input)
{
    return input != 1 || binding->op == NULL || strcmp(binding->op->name, "CastLike") != 0;
}

/* Inputs as the operator sees them, with the numbers of constants that are small enough to be looked at. */
static camx_status gather_inputs(camx__graph *graph, camx__binding *binding, camx_error *error)
{
    const camx__onnx_node *record = binding->record;
    binding->all_constant = true;
    binding->shape_bound = false;
    for (int i = 0; i < binding->input_count; i++) {
        int id = record->inputs[i];
        if (id < 0)
            continue;
        camx__value *value = &graph->values[id];
        if (!value->known)
            return camx__fail(error, CAMX_E_UNSUPPORTED,
                              "%s: %s reads '%s', an output that libcamx does not compute", graph->file->name,
                              binding->label, value->name);
        if (value->constant && value->tensor.data == NULL &&
            (camx__elem_is_integer(value->tensor.elem) ||
             camx__shape_count(&value->tensor.shape) <= CAMX__BIND_REALS))
            CAMX__FORWARD(camx__graph_hold(graph, id, error));
        binding->inputs[i] = &value->tensor;
        binding->all_constant &= value->constant || !counts(binding, i);
        binding->shape_bound |= value->shape_bound;
    }
    return CAMX_OK;
}

static camx_status open_binding(camx__graph *graph, uint32_t number, camx__binding *binding, camx_error *error)
{
    const camx__onnx_node *record = &graph->file->nodes[number];
    camx__zone *zone = &graph->zone;
    memset(binding, 0, sizeof *binding);
    binding->record = record;
    binding->op = camx__op_find(record->op_type);
    binding->input_count = (int)record->input_count;
    while (binding->input_count > 0 && record->inputs[binding->input_count - 1] < 0)
        binding->input_count--;
    binding->output_count = (int)record->output_count;
    size_t outputs = record->output_count;
    binding->label = make_label(graph, record, number);
    binding->inputs = camx__zone_alloc(zone, record->input_count + 1, sizeof *binding->inputs);
    binding->outputs = camx__zone_alloc(zone, outputs + 1, sizeof *binding->outputs);
    if (binding->label == NULL || binding->inputs == NULL || binding->outputs == NULL)
        return camx__fail_memory(error, outputs * sizeof(camx__tensor), "a node of the graph");
    for (size_t i = 0; i < outputs; i++)
        if (record->outputs[i] >= 0)
            binding->outputs[i] = &graph->values[record->outputs[i]].tensor;
    return gather_inputs(graph, binding, error);
}

static camx_status check_counts(const camx__graph *graph, const camx__binding *binding, camx_error *error)
{
    const camx__op *op = binding->op;
    bool missing = binding->input_count < op->min_inputs;
    for (int i = 0; i < op->min_inputs && !missing; i++)
        missing = binding->record->inputs[i] < 0;
    if (missing || binding->input_count > op->max_inputs)
        return camx__fail(error, CAMX_E_FORMAT, "%s: %s has %d inputs; %s takes %d to %d", graph->file->name,
                          binding->label, binding->input_count, op->name, op->min_inputs, op->max_inputs);
    for (int i = op->max_outputs; i < binding->output_count; i++)
        if (binding->outputs[i] != NULL)
            return camx__fail(error, CAMX_E_UNSUPPORTED, "%s: %s has %d outputs; libcamx computes %d of %s",
                              graph->file->name, binding->label, binding->output_count, op->max_outputs,
                              op->name);
    return CAMX_OK;
}

static camx_status call_bind(camx__graph *graph, camx__binding *binding, camx_error *error)
{
    camx__op_bind bind = {
        .file = graph->file,
        .node = binding->record,
        .label = binding->label,
        .opset = graph->file->opset,
        .zone = &graph->zone,
        .input_count = binding->input_count,
        .inputs = binding->inputs,
        .output_count = binding->output_count,
        .outputs = binding->outputs,
        .error = error,
    };
    CAMX__FORWARD(binding->op->bind(&bind));
    binding->params = bind.params;
    for (int i = 0; i < binding->output_count; i++) {
        if (binding->outputs[i] == NULL)
            continue;
        camx__value *value = &graph->values[binding->record->outputs[i]];
        value->known = i < binding->op->max_outputs;
        if (value->known && !camx__shape_check(&value->tensor.shape))
            return camx__fail(error, CAMX_E_LIMIT, "%s: the output '%s' of %s is too large", graph->file->name,
                              value->name, binding->label);
    }
    return CAMX_OK;
}

static bool keeps_batch(const camx__op *op, const void *params)
{
    return (op->traits & CAMX__OP_KEEPS_BATCH) != 0 || (op->keeps_batch != NULL && op->keeps_batch(params));
}

/* Where the axes of an image lie is only known at the input; it is followed through Transposes. */
static void follow_axes(camx__graph *graph, const camx__binding *binding)
{
    const camx__onnx_node *record = binding->record;
    camx__value *output = record->outputs[0] >= 0 ? &graph->values[record->outputs[0]] : NULL;
    if (output == NULL || output->tensor.shape.rank != 4)
        return;
    for (int i = 0; i < binding->input_count && !output->channels_last; i++)
        if (record->inputs[i] >= 0 && graph->values[record->inputs[i]].tensor.shape.rank == 4)
            output->channels_last = graph->values[record->inputs[i]].channels_last;
    const camx__onnx_attribute *perm = camx__onnx_find(record, "perm");
    if (strcmp(record->op_type, "Transpose") == 0 && perm != NULL && perm->count == 4) {
        bool to_last = perm->ints[1] == 2 && perm->ints[2] == 3 && perm->ints[3] == 1;
        bool to_first = perm->ints[1] == 3 && perm->ints[2] == 1 && perm->ints[3] == 2;
        output->channels_last = to_last || (output->channels_last && !to_first);
    }
}

static camx_status add_live_node(camx__graph *graph, const camx__binding *binding, camx_error *error)
{
    camx__node *node = &graph->nodes[graph->node_count];
    node->record = binding->record;
    node->op = binding->op;
    node->params = binding->params;
    node->label = binding->label;
    node->input_count = binding->input_count;
    node->output_count = binding->output_count;
    node->inputs = binding->record->inputs;
    node->outputs = binding->record->outputs;
    node->keeps_batch = keeps_batch(binding->op, binding->params);
    for (int i = 0; i < node->output_count; i++) {
        if (node->outputs[i] < 0 || !graph->values[node->outputs[i]].known)
            continue;
        camx__value *value = &graph->values[node->outputs[i]];
        value->producer = graph->node_count;
        value->layer = graph->layer_count;
        graph->layers[graph->layer_count++] = node->outputs[i];
    }
    follow_axes(graph, binding);
    uint64_t work = camx__node_multiply_adds(graph, node);
    if (__builtin_add_overflow(graph->multiply_adds, work, &graph->multiply_adds))
        return camx__fail(error, CAMX_E_LIMIT, "%s: the network is too large to run", graph->file->name);
    graph->node_count++;
    return CAMX_OK;
}

uint64_t camx__node_multiply_adds(const camx__graph *graph, const camx__node *node)
{
    int weights = node->op->weight_input;
    if (weights == 0 || weights >= node->input_count || node->inputs[weights] < 0 || node->outputs[0] < 0)
        return 0;
    const camx__shape *output = &graph->values[node->outputs[0]].tensor.shape;
    const camx__shape *shape = &graph->values[node->inputs[weights]].tensor.shape;
    bool conv = camx__node_is(node, "Conv");
    int64_t columns = conv ? shape->dim[0] : output->rank > 0 ? output->dim[output->rank - 1] : 1;
    int64_t depth = columns > 0 ? camx__shape_count(shape) / columns : 0;
    uint64_t work = 0;
    if (__builtin_mul_overflow((uint64_t)camx__shape_count(output), (uint64_t)depth, &work))
        return UINT64_MAX;
    return work;
}

static camx_status bind_node(camx__graph *graph, uint32_t number, camx_error *error)
{
    camx__binding binding;
    const camx__onnx_node *record = &graph->file->nodes[number];
    if (camx__fold_alias(graph, record))
        return CAMX_OK;
    CAMX__FORWARD(open_binding(graph, number, &binding, error));
    if (binding.op == NULL)
        return camx__graph_check_operators(graph->file, error);
    CAMX__FORWARD(check_counts(graph, &binding, error));
    CAMX__FORWARD(call_bind(graph, &binding, error));
    if (binding.all_constant || (binding.op->traits & CAMX__OP_SHAPE_ONLY) != 0)
        return camx__fold_node(graph, &binding, error);
    return add_live_node(graph, &binding, error);
}

static void know_inputs(camx__graph *graph, const camx__tensor *known)
{
    for (uint32_t i = 0; i < graph->file->input_count; i++) {
        camx__value *value = &graph->values[graph->file->inputs[i].value];
        if (known[i].data == NULL)
            continue;
        value->tensor.data = known[i].data;
        value->constant = true;
        value->shape_bound = true;
    }
}

camx_status camx__graph_bind(const camx__onnx_file *file, camx__memory *memory, const camx__shape *input_shapes,
                             camx__graph **out, camx_error *error)
{
    return camx__graph_bind_known(file, memory, input_shapes, NULL, out, error);
}

camx_status camx__graph_bind_known(const camx__onnx_file *file, camx__memory *memory,
                                   const camx__shape *input_shapes, const camx__tensor *known,
                                   camx__graph **out, camx_error *error)
{
    camx__graph *graph = NULL;
    CAMX__FORWARD(open_graph(file, memory, &graph, error));
    start_values(graph);
    camx_status status = bind_inputs(graph, input_shapes, error);
    if (status == CAMX_OK && known != NULL)
        know_inputs(graph, known);
    for (uint32_t i = 0; status == CAMX_OK && i < file->node_count; i++)
        status = bind_node(graph, i, error);
    if (status != CAMX_OK) {
        camx__graph_free(graph);
        return status;
    }
    *out = graph;
    return CAMX_OK;
}
