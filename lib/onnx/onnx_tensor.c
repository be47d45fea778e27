/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TensorProto. A first pass over the fields notes what is there and counts; then the declared shape
 * and type are held against it. Elements that lie in one piece in the file as they will be read
 * (raw_data, float_data, double_data, external files) stay where they are; the rest (numbers of
 * variable length, or a field in several pieces) is decoded into the zone, never more elements than
 * the file has bytes for them.
 */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "onnx/onnx_reader.h"

/* Field numbers of TensorProto. */
enum {
    TENSOR_DIMS = 1,
    TENSOR_DATA_TYPE = 2,
    TENSOR_SEGMENT = 3,
    TENSOR_FLOAT_DATA = 4,
    TENSOR_INT32_DATA = 5,
    TENSOR_STRING_DATA = 6,
    TENSOR_INT64_DATA = 7,
    TENSOR_NAME = 8,
    TENSOR_RAW_DATA = 9,
    TENSOR_DOUBLE_DATA = 10,
    TENSOR_UINT64_DATA = 11,
    TENSOR_EXTERNAL_DATA = 13,
    TENSOR_DATA_LOCATION = 14
};

#define LARGEST_DIM INT32_MAX

/* What the message holds. */
typedef struct parts {
    bool has_raw;
    camx__span raw;
    bool has_segment;
    bool has_strings;
    bool external;
    camx__onnx_place place;
    uint32_t typed_field; /* the field with the elements, 0 if none */
    uint64_t typed_count; /* how many elements it has, in all its pieces */
    uint32_t typed_pieces;
    camx__span typed_first; /* the first piece */
    int64_t data_type;
} parts;

static camx__wire_type element_wire_type(uint32_t field_number)
{
    return field_number == TENSOR_FLOAT_DATA    ? CAMX__WIRE_FIXED32
           : field_number == TENSOR_DOUBLE_DATA ? CAMX__WIRE_FIXED64
                                                : CAMX__WIRE_VARINT;
}

static camx_status add_dim(camx__onnx_reader *reader, camx__onnx_tensor *tensor, uint64_t value)
{
    if (tensor->rank == CAMX__ONNX_MAX_RANK)
        return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED, "has more than %d dimensions",
                               CAMX__ONNX_MAX_RANK);
    if (value > LARGEST_DIM)
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "declares a dimension of %" PRId64 "; the file is damaged",
                               (int64_t)value);
    tensor->dims[tensor->rank++] = (int64_t)value;
    return CAMX_OK;
}

static camx_status read_dims(camx__onnx_reader *reader, camx__onnx_tensor *tensor,
                             const camx__field *field)
{
    if (field->type == CAMX__WIRE_VARINT)
        return add_dim(reader, tensor, field->value);
    CAMX__FORWARD(camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES));
    for (camx__span span = field->body; span.at < span.end;) {
        uint64_t value = 0;
        CAMX__FORWARD(camx__wire_varint(&reader->wire, &span, &value));
        CAMX__FORWARD(add_dim(reader, tensor, value));
    }
    return CAMX_OK;
}

static camx_status count_packed(camx__onnx_reader *reader, const camx__field *field,
                                camx__wire_type type, uint64_t *count)
{
    uint64_t length = field->body.end - field->body.at;
    uint64_t width = type == CAMX__WIRE_FIXED32 ? 4 : 8;

    *count = 0;
    if (type != CAMX__WIRE_VARINT) {
        *count = length / width;
        if (length % width != 0)
            return camx__onnx_fail(reader, CAMX_E_FORMAT,
                                   "has elements of %" PRIu64 " bytes in %" PRIu64
                                   " bytes; the file is damaged",
                                   width, length);
        return CAMX_OK;
    }
    for (camx__span span = field->body; span.at < span.end; ++*count) {
        uint64_t value = 0;
        CAMX__FORWARD(camx__wire_varint(&reader->wire, &span, &value));
    }
    return CAMX_OK;
}

/* One piece of float_data, int32_data, ...: packed into one length or a single element. */
static camx_status note_typed(camx__onnx_reader *reader, parts *found, const camx__field *field)
{
    camx__wire_type type = element_wire_type(field->number);
    uint64_t count = 1;

    if (field->type == CAMX__WIRE_BYTES)
        CAMX__FORWARD(count_packed(reader, field, type, &count));
    else
        CAMX__FORWARD(camx__wire_expect(&reader->wire, field, type));
    if (count == 0)
        return CAMX_OK;
    if (found->typed_field != 0 && found->typed_field != field->number)
        return camx__onnx_fail(
            reader, CAMX_E_FORMAT,
            "has elements in two fields of different types; the file is damaged");
    if (found->typed_pieces == 0)
        found->typed_first = field->body;
    found->typed_field = field->number;
    found->typed_count += count; /* at most one per byte of the file: cannot overflow */
    if (found->typed_pieces < 2)
        found->typed_pieces++;
    return CAMX_OK;
}

static camx_status note_name(camx__onnx_reader *reader, camx__onnx_tensor *tensor,
                             const camx__field *field)
{
    CAMX__FORWARD(camx__onnx_keep_text(reader, field, &tensor->name));
    if (reader->subject == CAMX__SUBJECT_INITIALISER)
        reader->name = tensor->name;
    return CAMX_OK;
}

static camx_status note_field(camx__onnx_reader *reader, camx__onnx_tensor *tensor, parts *found,
                              const camx__field *field)
{
    switch (field->number) {
    case TENSOR_DIMS:
        return read_dims(reader, tensor, field);
    case TENSOR_DATA_TYPE:
        found->data_type = (int64_t)field->value;
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_VARINT);
    case TENSOR_SEGMENT:
        found->has_segment = true;
        return CAMX_OK;
    case TENSOR_STRING_DATA:
        found->has_strings = true;
        return CAMX_OK;
    case TENSOR_FLOAT_DATA:
    case TENSOR_INT32_DATA:
    case TENSOR_INT64_DATA:
    case TENSOR_DOUBLE_DATA:
    case TENSOR_UINT64_DATA:
        return note_typed(reader, found, field);
    case TENSOR_NAME:
        return note_name(reader, tensor, field);
    case TENSOR_RAW_DATA:
        found->has_raw = true;
        found->raw = field->body;
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES);
    case TENSOR_EXTERNAL_DATA:
        CAMX__FORWARD(camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES));
        return camx__onnx_parse_place(reader, field->body, &found->place);
    case TENSOR_DATA_LOCATION:
        found->external = field->value == 1;
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_VARINT);
    default:
        return CAMX_OK;
    }
}

/* The type is one that can be taken, and the number of elements and bytes that dims mean. */
static camx_status check_declaration(camx__onnx_reader *reader, camx__onnx_tensor *tensor,
                                     const parts *found)
{
    if (found->data_type == CAMX__ONNX_UNDEFINED)
        return camx__onnx_fail(reader, CAMX_E_FORMAT, "does not say which type its elements have");
    tensor->elem = found->data_type > 0 && found->data_type < INT32_MAX ? (int32_t)found->data_type
                                                                        : INT32_MAX;
    size_t width = camx__onnx_elem_size(tensor->elem);
    if (width == 0)
        return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED,
                               "has elements of type %s (%" PRId64 "), which libcamx does not take",
                               camx__onnx_elem_name(tensor->elem), found->data_type);
    if (found->has_strings || found->has_segment)
        return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED, "is stored as strings or in segments");
    int64_t bytes = 0;
    tensor->count = 1;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        /* A zero makes the product zero only at the end: the other dims must make sense as well. */
        int64_t dim = tensor->dims[i] != 0 ? tensor->dims[i] : 1;
        if (!camx__mul_i64(tensor->count, dim, &tensor->count))
            return camx__onnx_fail(
                reader, CAMX_E_FORMAT,
                "declares more elements than any file can hold; the file is damaged");
    }
    if (!camx__mul_i64(tensor->count, (int64_t)width, &bytes))
        return camx__onnx_fail(
            reader, CAMX_E_FORMAT,
            "declares more elements than any file can hold; the file is damaged");
    for (uint32_t i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] == 0)
            tensor->count = bytes = 0;
    }
    tensor->bytes = (uint64_t)bytes;
    return CAMX_OK;
}

static camx_status fail_amount(const camx__onnx_reader *reader, const camx__onnx_tensor *tensor,
                               uint64_t held, const char *unit)
{
    return camx__onnx_fail(reader, CAMX_E_FORMAT,
                           "declares %" PRId64 " elements of type %s but holds %" PRIu64
                           " %s; the file is damaged or was cut short",
                           tensor->count, camx__onnx_elem_name(tensor->elem), held, unit);
}

/* The field of TensorProto that elements of a type are stored in when they are not raw. */
static uint32_t field_for(int32_t elem)
{
    switch (elem) {
    case CAMX__ONNX_FLOAT:
        return TENSOR_FLOAT_DATA;
    case CAMX__ONNX_DOUBLE:
        return TENSOR_DOUBLE_DATA;
    case CAMX__ONNX_INT64:
        return TENSOR_INT64_DATA;
    case CAMX__ONNX_UINT32:
    case CAMX__ONNX_UINT64:
        return TENSOR_UINT64_DATA;
    default:
        return TENSOR_INT32_DATA;
    }
}

static bool within(int64_t value, int64_t low, int64_t high)
{
    return value >= low && value <= high;
}

/* Stores one decoded element; false if it does not fit its type. */
static bool store(int32_t elem, void *elements, uint64_t index, uint64_t bits)
{
    /* int32_data is sign-extended to 64 bits; some writers leave negative numbers at 32. */
    bool narrow = field_for(elem) == TENSOR_INT32_DATA && bits <= UINT32_MAX;
    int64_t number = narrow ? (int64_t)(int32_t)(uint32_t)bits : (int64_t)bits;

    switch (elem) {
    case CAMX__ONNX_FLOAT:
    case CAMX__ONNX_UINT32:
        ((uint32_t *)elements)[index] = (uint32_t)bits;
        return bits <= UINT32_MAX;
    case CAMX__ONNX_DOUBLE:
    case CAMX__ONNX_UINT64:
    case CAMX__ONNX_INT64:
        ((uint64_t *)elements)[index] = bits;
        return true;
    case CAMX__ONNX_INT32:
        ((int32_t *)elements)[index] = (int32_t)number;
        return within(number, INT32_MIN, INT32_MAX);
    case CAMX__ONNX_INT16:
        ((int16_t *)elements)[index] = (int16_t)number;
        return within(number, INT16_MIN, INT16_MAX);
    case CAMX__ONNX_INT8:
        ((int8_t *)elements)[index] = (int8_t)number;
        return within(number, INT8_MIN, INT8_MAX);
    case CAMX__ONNX_UINT8:
        ((uint8_t *)elements)[index] = (uint8_t)number;
        return within(number, 0, UINT8_MAX);
    case CAMX__ONNX_BOOL:
        ((uint8_t *)elements)[index] = number != 0;
        return true;
    default: /* uint16, and the bits of float16 and bfloat16 */
        ((uint16_t *)elements)[index] = (uint16_t)number;
        return within(number, 0, UINT16_MAX);
    }
}

static camx_status read_element(camx__onnx_reader *reader, camx__span *span, camx__wire_type type,
                                uint64_t *bits)
{
    if (type == CAMX__WIRE_FIXED32)
        return camx__wire_fixed32(&reader->wire, span, bits);
    if (type == CAMX__WIRE_FIXED64)
        return camx__wire_fixed64(&reader->wire, span, bits);
    return camx__wire_varint(&reader->wire, span, bits);
}

/* The second pass: decodes all pieces of the field that holds the elements. */
static camx_status decode_typed(camx__onnx_reader *reader, camx__span message,
                                camx__onnx_tensor *tensor, uint32_t wanted)
{
    camx__wire_type type = element_wire_type(wanted);
    void *elements = NULL;
    uint64_t index = 0;

    CAMX__FORWARD(camx__onnx_keep(reader, (size_t)tensor->count, camx__onnx_elem_size(tensor->elem),
                                  &elements));
    while (message.at < message.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &message, &field));
        if (field.number != wanted)
            continue;
        /* A single element's body is its value: both forms are read alike. */
        for (camx__span span = field.body; span.at < span.end; index++) {
            uint64_t bits = 0;
            CAMX__FORWARD(read_element(reader, &span, type, &bits));
            if (index >= (uint64_t)tensor->count || !store(tensor->elem, elements, index, bits))
                return camx__onnx_fail(reader, CAMX_E_FORMAT,
                                       "has an element (number %" PRIu64
                                       ") that is no %s; the file is damaged",
                                       index, camx__onnx_elem_name(tensor->elem));
        }
    }
    tensor->parsed = elements;
    return CAMX_OK;
}

static camx_status place_typed(camx__onnx_reader *reader, camx__span message,
                               camx__onnx_tensor *tensor, const parts *found)
{
    if (found->typed_field != field_for(tensor->elem))
        return camx__onnx_fail(
            reader, CAMX_E_FORMAT,
            "has its elements in a field that is not for type %s; the file is damaged",
            camx__onnx_elem_name(tensor->elem));
    if (found->typed_count != (uint64_t)tensor->count)
        return fail_amount(reader, tensor, found->typed_count, "elements");
    bool as_stored = tensor->elem == CAMX__ONNX_FLOAT || tensor->elem == CAMX__ONNX_DOUBLE;
    if (!as_stored || found->typed_pieces != 1)
        return decode_typed(reader, message, tensor, found->typed_field);
    tensor->source = reader->file->source;
    tensor->offset = found->typed_first.at;
    return CAMX_OK;
}

/* Points the tensor at its elements and checks that exactly as many are there as it declares. */
static camx_status place_elements(camx__onnx_reader *reader, camx__span message,
                                  camx__onnx_tensor *tensor, const parts *found)
{
    uint64_t raw = found->has_raw ? found->raw.end - found->raw.at : 0;

    if ((raw > 0) + (found->typed_count > 0) + found->external > 1)
        return camx__onnx_fail(
            reader, CAMX_E_FORMAT,
            "holds its elements twice, in different places; the file is damaged");
    if (found->external)
        return camx__onnx_open_place(reader, &found->place, tensor);
    if (found->typed_count > 0)
        return place_typed(reader, message, tensor, found);
    if (raw != tensor->bytes)
        return fail_amount(reader, tensor, raw, "bytes");
    tensor->source = reader->file->source;
    tensor->offset = found->raw.at;
    return CAMX_OK;
}

camx_status camx__onnx_parse_tensor(camx__onnx_reader *reader, camx__span span,
                                    camx__onnx_tensor *tensor)
{
    parts found = {.has_raw = false};
    camx__span rest = span;

    *tensor = (camx__onnx_tensor){.name = ""};
    while (rest.at < rest.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &rest, &field));
        CAMX__FORWARD(note_field(reader, tensor, &found, &field));
    }
    CAMX__FORWARD(check_declaration(reader, tensor, &found));
    return place_elements(reader, span, tensor, &found);
}
