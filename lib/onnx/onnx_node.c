/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NodeProto. Nodes are read in the order of the file, and a node may use only values that exist
 * already, and make only values that do not: that is all it takes to know that the graph has no
 * cycle.
 */
#include <inttypes.h>
#include <string.h>

#include "onnx/onnx_reader.h"

/* Field numbers of NodeProto. */
enum {
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP_TYPE = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOMAIN = 7
};

#define MOST_ATTRIBUTES 256 /* ONNX's largest operator has about twenty */

/* Where the second pass writes. */
typedef struct lists {
    int32_t *inputs;
    int32_t *outputs;
    camx__onnx_attribute *attributes;
    uint32_t input;
    uint32_t output;
    uint32_t attribute;
} lists;

static camx_status keep_domain(camx__onnx_reader *reader, camx__onnx_node *node,
                               const camx__field *field)
{
    CAMX__FORWARD(camx__onnx_keep_text(reader, field, &node->domain));
    if (strcmp(node->domain, "ai.onnx") == 0)
        node->domain = "";
    return CAMX_OK;
}

/* The first pass: what the node is called, and how much of everything it has. */
static camx_status note_node(camx__onnx_reader *reader, camx__onnx_node *node, camx__span span)
{
    while (span.at < span.end) {
        camx__field field;
        camx_status status = CAMX_OK;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number == NODE_NAME)
            status = camx__onnx_keep_text(reader, &field, &node->name);
        else if (field.number == NODE_OP_TYPE)
            status = camx__onnx_keep_text(reader, &field, &node->op_type);
        else if (field.number == NODE_DOMAIN)
            status = keep_domain(reader, node, &field);
        if (status != CAMX_OK)
            return status;
        node->input_count += field.number == NODE_INPUT;
        node->output_count += field.number == NODE_OUTPUT;
        node->attribute_count += field.number == NODE_ATTRIBUTE;
    }
    return CAMX_OK;
}

static camx_status read_input(camx__onnx_reader *reader, const camx__field *field, int32_t *id)
{
    const camx__onnx_file *file = reader->file;

    CAMX__FORWARD(camx__onnx_read_text(reader, field));
    *id = -1;
    if (reader->text_length == 0)
        return CAMX_OK;
    *id = camx__onnx_names_find(file->names, file->values, reader->text, reader->text_length);
    if (*id < 0)
        return camx__onnx_fail(
            reader, CAMX_E_FORMAT,
            "uses '%.100s', which no input, no initialiser and no earlier node defines; nodes must "
            "stand in the order in which they run",
            reader->text);
    return CAMX_OK;
}

static camx_status read_output(camx__onnx_reader *reader, const camx__field *field, int32_t output,
                               int32_t *id)
{
    camx__onnx_value value = {
        .node = (int32_t)reader->number, .output = output, .initialiser = -1, .input = -1};

    CAMX__FORWARD(camx__onnx_read_text(reader, field));
    *id = -1;
    return reader->text_length > 0 ? camx__onnx_add_value(reader, value, id) : CAMX_OK;
}

static camx_status read_attribute(camx__onnx_reader *reader, const camx__field *field, lists *to)
{
    camx__onnx_attribute *attribute = &to->attributes[to->attribute];

    CAMX__FORWARD(camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES));
    CAMX__FORWARD(camx__onnx_parse_attribute(reader, field->body, attribute));
    for (uint32_t i = 0; i < to->attribute; i++) {
        if (strcmp(to->attributes[i].name, attribute->name) == 0)
            return camx__onnx_fail(reader, CAMX_E_FORMAT,
                                   "has two attributes '%.60s'; the file is damaged",
                                   attribute->name);
    }
    to->attribute++;
    return CAMX_OK;
}

/* The second pass. Outputs come into being after all inputs are known, wherever they stand in the
 * message: otherwise a node could use its own output. */
static camx_status fill_node(camx__onnx_reader *reader, camx__span span, lists *to, bool outputs)
{
    while (span.at < span.end) {
        camx__field field;
        camx_status status = CAMX_OK;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (outputs && field.number == NODE_OUTPUT) {
            status = read_output(reader, &field, (int32_t)to->output, &to->outputs[to->output]);
            to->output++;
        } else if (!outputs && field.number == NODE_INPUT) {
            status = read_input(reader, &field, &to->inputs[to->input]);
            to->input++;
        } else if (!outputs && field.number == NODE_ATTRIBUTE) {
            status = read_attribute(reader, &field, to);
        }
        if (status != CAMX_OK)
            return status;
    }
    return CAMX_OK;
}

camx_status camx__onnx_parse_node(camx__onnx_reader *reader, camx__span span)
{
    camx__onnx_node *node = &reader->file->nodes[reader->number];
    lists to = {.input = 0};

    *node = (camx__onnx_node){.name = "", .op_type = "", .domain = ""};
    CAMX__FORWARD(note_node(reader, node, span));
    reader->name = node->name;
    reader->op_type = node->op_type;
    if (node->op_type[0] == '\0')
        return camx__onnx_fail(reader, CAMX_E_FORMAT, "names no operator; the file is damaged");
    if (node->attribute_count > MOST_ATTRIBUTES)
        return camx__onnx_fail(reader, CAMX_E_LIMIT,
                               "has %" PRIu32 " attributes; at most %d are taken",
                               node->attribute_count, MOST_ATTRIBUTES);
    CAMX__FORWARD(camx__onnx_keep(reader, node->input_count, sizeof *to.inputs, &to.inputs));
    CAMX__FORWARD(camx__onnx_keep(reader, node->output_count, sizeof *to.outputs, &to.outputs));
    CAMX__FORWARD(
        camx__onnx_keep(reader, node->attribute_count, sizeof *to.attributes, &to.attributes));
    CAMX__FORWARD(fill_node(reader, span, &to, false));
    CAMX__FORWARD(fill_node(reader, span, &to, true));
    node->inputs = to.inputs;
    node->outputs = to.outputs;
    node->attributes = to.attributes;
    return CAMX_OK;
}
