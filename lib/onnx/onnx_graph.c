/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GraphProto. Writers put the parts in any order (PyTorch: nodes before initialisers), so the
 * fields are gone over four times: count, initialisers and inputs, nodes, outputs. Passing over a
 * part costs its length only.
 */
#include <inttypes.h>
#include <string.h>

#include "onnx/onnx_reader.h"

/* Field numbers of GraphProto. */
enum {
    GRAPH_NODE = 1,
    GRAPH_INITIALISER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_SPARSE_INITIALISER = 15
};

/* For each node that max_nodes allows, so many initialisers, inputs and outputs. */
#define PER_NODE 8

static void set_subject(camx__onnx_reader *reader, camx__onnx_subject subject, uint32_t number)
{
    reader->subject = subject;
    reader->number = number;
    reader->name = NULL;
    reader->op_type = NULL;
    reader->attribute = NULL;
}

/* Calls `take` with the body of every field of that number. */
typedef camx_status take_fn(camx__onnx_reader *reader, camx__span body);

static camx_status for_each(camx__onnx_reader *reader, camx__span graph, uint32_t number,
                            take_fn *take)
{
    while (graph.at < graph.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &graph, &field));
        if (field.number != number)
            continue;
        CAMX__FORWARD(camx__wire_expect(&reader->wire, &field, CAMX__WIRE_BYTES));
        CAMX__FORWARD(take(reader, field.body));
    }
    return CAMX_OK;
}

/* How many parts of each kind there are. */
typedef struct counts {
    uint64_t nodes;
    uint64_t initialisers;
    uint64_t inputs;
    uint64_t outputs;
} counts;

static camx_status count_parts(camx__onnx_reader *reader, camx__span graph, counts *parts)
{
    while (graph.at < graph.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &graph, &field));
        parts->nodes += field.number == GRAPH_NODE;
        parts->initialisers += field.number == GRAPH_INITIALISER;
        parts->inputs += field.number == GRAPH_INPUT;
        parts->outputs += field.number == GRAPH_OUTPUT;
        if (field.number == GRAPH_SPARSE_INITIALISER)
            return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED,
                                   "the graph has sparse initialisers, which libcamx does not "
                                   "take; export them as dense "
                                   "ones");
    }
    return CAMX_OK;
}

static camx_status check_count(camx__onnx_reader *reader, uint64_t count, uint64_t limit,
                               const char *what)
{
    if (limit == 0 || limit > INT32_MAX)
        limit = INT32_MAX; /* ids are 32 bits wide */
    if (count <= limit)
        return CAMX_OK;
    return camx__onnx_fail(reader, CAMX_E_LIMIT,
                           "the graph has %" PRIu64 " %s; the limit that max_nodes = %" PRIu32
                           " sets is %" PRIu64,
                           count, what, reader->limits->max_nodes, limit);
}

static camx_status make_records(camx__onnx_reader *reader, const counts *parts)
{
    camx__onnx_file *file = reader->file;
    uint64_t limit = reader->limits->max_nodes;

    CAMX__FORWARD(check_count(reader, parts->nodes, limit, "nodes"));
    CAMX__FORWARD(check_count(reader, parts->initialisers, limit * PER_NODE, "initialisers"));
    CAMX__FORWARD(check_count(reader, parts->inputs, limit * PER_NODE, "inputs"));
    CAMX__FORWARD(check_count(reader, parts->outputs, limit * PER_NODE, "outputs"));
    CAMX__FORWARD(camx__onnx_keep(reader, (size_t)parts->nodes, sizeof *file->nodes, &file->nodes));
    CAMX__FORWARD(camx__onnx_keep(reader, (size_t)parts->initialisers, sizeof *file->initialisers,
                                  &file->initialisers));
    CAMX__FORWARD(
        camx__onnx_keep(reader, (size_t)parts->inputs, sizeof *file->inputs, &file->inputs));
    return camx__onnx_keep(reader, (size_t)parts->outputs, sizeof *file->outputs, &file->outputs);
}

static camx_status grow_values(camx__onnx_reader *reader)
{
    uint32_t capacity = reader->value_capacity == 0 ? 256 : reader->value_capacity * 2;
    camx__onnx_value *values = NULL;

    if (capacity <= INT32_MAX)
        values = camx__resize(reader->memory, reader->file->values, capacity, sizeof *values);
    if (values == NULL)
        return camx__onnx_fail_memory(reader);
    reader->file->values = values;
    reader->value_capacity = capacity;
    return CAMX_OK;
}

/* What already has the name that is to be defined. */
static camx_status fail_twice(camx__onnx_reader *reader, const camx__onnx_value *first)
{
    const char *what = first->initialiser >= 0 ? "an initialiser"
                       : first->input >= 0     ? "an input"
                                               : NULL;

    if (what != NULL)
        return camx__onnx_fail(reader, CAMX_E_FORMAT, "defines '%.100s' again, which is %s already",
                               first->name, what);
    return camx__onnx_fail(reader, CAMX_E_FORMAT,
                           "defines '%.100s' again, which node %" PRId32 " (%.40s) makes already",
                           first->name, first->node, reader->file->nodes[first->node].op_type);
}

camx_status camx__onnx_add_value(camx__onnx_reader *reader, camx__onnx_value value, int32_t *id)
{
    camx__onnx_file *file = reader->file;
    const char *name = value.name != NULL ? value.name : reader->text;
    size_t length = strlen(name);
    int32_t first = camx__onnx_names_find(file->names, file->values, name, length);

    if (first >= 0)
        return fail_twice(reader, &file->values[first]);
    if (file->value_count == reader->value_capacity)
        CAMX__FORWARD(grow_values(reader));
    if (value.name == NULL)
        value.name = camx__zone_text(&file->zone, name, length);
    if (value.name == NULL)
        return camx__onnx_fail_memory(reader);
    *id = (int32_t)file->value_count;
    camx_status status = camx__onnx_names_add(reader->memory, file->names, name, length, *id);
    if (status == CAMX_E_MEMORY)
        return camx__onnx_fail_memory(reader);
    if (status != CAMX_OK)
        return camx__onnx_fail(
            reader, status,
            "defines '%.100s', one of too many names that collide; rename the values", name);
    file->values[file->value_count++] = value;
    return CAMX_OK;
}

static camx_status take_initialiser(camx__onnx_reader *reader, camx__span body)
{
    camx__onnx_file *file = reader->file;
    camx__onnx_tensor *tensor = &file->initialisers[file->initialiser_count];
    int32_t id = -1;

    set_subject(reader, CAMX__SUBJECT_INITIALISER, file->initialiser_count);
    CAMX__FORWARD(camx__onnx_parse_tensor(reader, body, tensor));
    if (tensor->name[0] == '\0')
        return camx__onnx_fail(reader, CAMX_E_FORMAT, "has no name; the file is damaged");
    camx__onnx_value value = {.name = tensor->name,
                              .node = -1,
                              .output = -1,
                              .initialiser = (int32_t)file->initialiser_count,
                              .input = -1};
    CAMX__FORWARD(camx__onnx_add_value(reader, value, &id));
    if (tensor->bytes > UINT64_MAX - file->initialiser_bytes)
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "makes the size of all initialisers overflow");
    file->initialiser_bytes += tensor->bytes;
    file->initialiser_count++;
    return CAMX_OK;
}

/* Inputs that have an initialiser (IR version 3 lists all weights as inputs) are not inputs to
 * anybody. */
static camx_status take_input(camx__onnx_reader *reader, camx__span body)
{
    camx__onnx_file *file = reader->file;
    camx__onnx_port *port = &file->inputs[file->input_count];
    camx__onnx_value value = {
        .node = -1, .output = -1, .initialiser = -1, .input = (int32_t)file->input_count};

    set_subject(reader, CAMX__SUBJECT_INPUT, file->input_count);
    CAMX__FORWARD(camx__onnx_parse_port(reader, body, port));
    int32_t id =
        camx__onnx_names_find(file->names, file->values, reader->text, reader->text_length);
    if (id >= 0 && file->values[id].initialiser >= 0)
        return CAMX_OK;
    CAMX__FORWARD(camx__onnx_add_value(reader, value, &port->value));
    file->input_count++;
    return CAMX_OK;
}

static camx_status take_node(camx__onnx_reader *reader, camx__span body)
{
    set_subject(reader, CAMX__SUBJECT_NODE, reader->file->node_count);
    CAMX__FORWARD(camx__onnx_parse_node(reader, body));
    reader->file->node_count++;
    return CAMX_OK;
}

static camx_status take_output(camx__onnx_reader *reader, camx__span body)
{
    camx__onnx_file *file = reader->file;
    camx__onnx_port *port = &file->outputs[file->output_count];

    set_subject(reader, CAMX__SUBJECT_OUTPUT, file->output_count);
    CAMX__FORWARD(camx__onnx_parse_port(reader, body, port));
    port->value =
        camx__onnx_names_find(file->names, file->values, reader->text, reader->text_length);
    if (port->value < 0)
        return camx__onnx_fail(reader, CAMX_E_FORMAT, "is made by no node; the file is damaged");
    file->output_count++;
    return CAMX_OK;
}

camx_status camx__onnx_parse_graph(camx__onnx_reader *reader, camx__span span)
{
    counts parts = {0, 0, 0, 0};

    set_subject(reader, CAMX__SUBJECT_MODEL, 0);
    CAMX__FORWARD(count_parts(reader, span, &parts));
    CAMX__FORWARD(make_records(reader, &parts));
    CAMX__FORWARD(for_each(reader, span, GRAPH_INITIALISER, take_initialiser));
    CAMX__FORWARD(for_each(reader, span, GRAPH_INPUT, take_input));
    CAMX__FORWARD(for_each(reader, span, GRAPH_NODE, take_node));
    CAMX__FORWARD(for_each(reader, span, GRAPH_OUTPUT, take_output));
    set_subject(reader, CAMX__SUBJECT_MODEL, 0);
    return CAMX_OK;
}
