/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ValueInfoProto: the declared type of a graph input or output. Only tensors are taken. A dimension
 * may be a number, a name ("N"), or nothing at all; names, nothing and negative numbers all mean
 * "free".
 */
#include <inttypes.h>

#include "onnx/onnx_reader.h"

/* Field numbers of ValueInfoProto, TypeProto, TypeProto.Tensor, TensorShapeProto and its
 * Dimension. */
enum {
    PORT_NAME = 1,
    PORT_TYPE = 2,
    TYPE_TENSOR = 1,
    TYPE_DENOTATION = 6,
    TENSOR_TYPE_ELEM = 1,
    TENSOR_TYPE_SHAPE = 2,
    SHAPE_DIM = 1,
    DIM_VALUE = 1,
    DIM_PARAM = 2
};

static camx_status parse_dim(camx__onnx_reader *reader, camx__span span, int64_t *dim)
{
    *dim = -1;
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number == DIM_PARAM)
            *dim = -1;
        if (field.number != DIM_VALUE)
            continue;
        CAMX__FORWARD(camx__wire_expect(&reader->wire, &field, CAMX__WIRE_VARINT));
        *dim = (int64_t)field.value < 0 ? -1 : (int64_t)field.value;
        if (*dim > INT32_MAX)
            return camx__onnx_fail(reader, CAMX_E_FORMAT,
                                   "declares a dimension of %" PRId64 "; the file is damaged",
                                   *dim);
    }
    return CAMX_OK;
}

static camx_status parse_shape(camx__onnx_reader *reader, camx__span span, camx__onnx_port *port)
{
    port->has_shape = true;
    port->rank = 0;
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number != SHAPE_DIM)
            continue;
        CAMX__FORWARD(camx__wire_expect(&reader->wire, &field, CAMX__WIRE_BYTES));
        if (port->rank == CAMX__ONNX_MAX_RANK)
            return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED, "has more than %d dimensions",
                                   CAMX__ONNX_MAX_RANK);
        CAMX__FORWARD(parse_dim(reader, field.body, &port->dims[port->rank]));
        port->rank++;
    }
    return CAMX_OK;
}

static camx_status parse_tensor_type(camx__onnx_reader *reader, camx__span span,
                                     camx__onnx_port *port)
{
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number == TENSOR_TYPE_ELEM) {
            CAMX__FORWARD(camx__wire_expect(&reader->wire, &field, CAMX__WIRE_VARINT));
            port->elem = field.value < INT32_MAX ? (int32_t)field.value : INT32_MAX;
        } else if (field.number == TENSOR_TYPE_SHAPE) {
            CAMX__FORWARD(camx__wire_expect(&reader->wire, &field, CAMX__WIRE_BYTES));
            CAMX__FORWARD(parse_shape(reader, field.body, port));
        }
    }
    return CAMX_OK;
}

static camx_status parse_type(camx__onnx_reader *reader, camx__span span, camx__onnx_port *port)
{
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number == TYPE_DENOTATION)
            continue;
        if (field.number != TYPE_TENSOR)
            return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED,
                                   "is not a plain tensor but a sequence, map, optional or sparse "
                                   "tensor, which libcamx "
                                   "does not take");
        CAMX__FORWARD(camx__wire_expect(&reader->wire, &field, CAMX__WIRE_BYTES));
        CAMX__FORWARD(parse_tensor_type(reader, field.body, port));
    }
    return CAMX_OK;
}

static camx_status find_name(camx__onnx_reader *reader, camx__span span)
{
    reader->text_length = 0;
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number == PORT_NAME)
            CAMX__FORWARD(camx__onnx_read_text(reader, &field));
    }
    if (reader->text_length == 0)
        return camx__onnx_fail(reader, CAMX_E_FORMAT, "has no name; the file is damaged");
    reader->name = reader->text;
    return CAMX_OK;
}

camx_status camx__onnx_parse_port(camx__onnx_reader *reader, camx__span span, camx__onnx_port *port)
{
    *port = (camx__onnx_port){.value = -1};
    CAMX__FORWARD(find_name(reader, span));
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number != PORT_TYPE)
            continue;
        CAMX__FORWARD(camx__wire_expect(&reader->wire, &field, CAMX__WIRE_BYTES));
        CAMX__FORWARD(parse_type(reader, field.body, port));
    }
    return CAMX_OK;
}
