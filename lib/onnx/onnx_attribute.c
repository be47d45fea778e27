/* SPDX-License-Identifier: Apache-2.0 */
/* AttributeProto: a name and a value of one of fourteen kinds, of which seven are taken. */
#include <inttypes.h>
#include <string.h>

#include "onnx/onnx_reader.h"

/* Field numbers of AttributeProto. */
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_F = 2,
    ATTRIBUTE_I = 3,
    ATTRIBUTE_S = 4,
    ATTRIBUTE_T = 5,
    ATTRIBUTE_G = 6,
    ATTRIBUTE_FLOATS = 7,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_STRINGS = 9,
    ATTRIBUTE_TENSORS = 10,
    ATTRIBUTE_GRAPHS = 11,
    ATTRIBUTE_TYPE_PROTO = 14,
    ATTRIBUTE_TYPE_PROTOS = 15,
    ATTRIBUTE_TYPE = 20,
    ATTRIBUTE_REF_NAME = 21,
    ATTRIBUTE_SPARSE = 22,
    ATTRIBUTE_SPARSES = 23
};

/* What the message holds: found in a first pass, because the kind may be said last. */
typedef struct parts {
    uint64_t type;    /* AttributeType as declared, 0 if not */
    int32_t inferred; /* by the field that is there: files before 2018 do not declare the kind */
    bool has_tensor;
    camx__span tensor;
    size_t floats;
    size_t ints;
    size_t strings;
} parts;

/* Why a field cannot be taken, or NULL. */
static const char *refused_field(uint32_t number)
{
    switch (number) {
    case ATTRIBUTE_G:
    case ATTRIBUTE_GRAPHS:
        return "is a graph inside the graph (If, Loop, Scan), which libcamx does not run; export "
               "the network "
               "without control flow";
    case ATTRIBUTE_SPARSE:
    case ATTRIBUTE_SPARSES:
        return "is a sparse tensor, which libcamx does not take; export it as a dense one";
    case ATTRIBUTE_TENSORS:
        return "is a list of tensors, which libcamx does not take";
    case ATTRIBUTE_TYPE_PROTO:
    case ATTRIBUTE_TYPE_PROTOS:
        return "is a type (sequences, optionals), which libcamx does not take";
    default:
        return NULL;
    }
}

static camx_status count_list(camx__onnx_reader *reader, const camx__field *field,
                              camx__wire_type type, size_t *count)
{
    if (field->type != CAMX__WIRE_BYTES) {
        ++*count;
        return camx__wire_expect(&reader->wire, field, type);
    }
    for (camx__span span = field->body; span.at < span.end; ++*count) {
        uint64_t value = 0;
        if (type == CAMX__WIRE_FIXED32)
            CAMX__FORWARD(camx__wire_fixed32(&reader->wire, &span, &value));
        else
            CAMX__FORWARD(camx__wire_varint(&reader->wire, &span, &value));
    }
    return CAMX_OK;
}

static float float_from(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float value = 0;

    memcpy(&value, &low, sizeof value);
    return value;
}

static void infer(parts *found, int32_t kind)
{
    if (found->inferred == 0)
        found->inferred = kind;
}

static camx_status note_scalar(camx__onnx_reader *reader, camx__onnx_attribute *attribute,
                               parts *found, const camx__field *field)
{
    switch (field->number) {
    case ATTRIBUTE_F:
        attribute->f = float_from(field->value);
        infer(found, CAMX__ONNX_KIND_FLOAT);
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_FIXED32);
    case ATTRIBUTE_I:
        attribute->i = (int64_t)field->value;
        infer(found, CAMX__ONNX_KIND_INT);
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_VARINT);
    case ATTRIBUTE_S:
        infer(found, CAMX__ONNX_KIND_STRING);
        return camx__onnx_keep_bytes(reader, field, reader->limits->max_name_bytes, &attribute->s);
    case ATTRIBUTE_TYPE:
        found->type = field->value;
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_VARINT);
    default: /* ATTRIBUTE_REF_NAME: means something only inside a function */
        CAMX__FORWARD(camx__onnx_read_text(reader, field));
        if (reader->text_length == 0)
            return CAMX_OK;
        return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED,
                               "refers to a function's attribute '%.60s'", reader->text);
    }
}

static camx_status note_field(camx__onnx_reader *reader, camx__onnx_attribute *attribute,
                              parts *found, const camx__field *field)
{
    const char *refused = refused_field(field->number);

    if (refused != NULL)
        return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED, "%s", refused);
    switch (field->number) {
    case ATTRIBUTE_F:
    case ATTRIBUTE_I:
    case ATTRIBUTE_S:
    case ATTRIBUTE_TYPE:
    case ATTRIBUTE_REF_NAME:
        return note_scalar(reader, attribute, found, field);
    case ATTRIBUTE_T:
        if (found->has_tensor)
            return camx__onnx_fail(reader, CAMX_E_FORMAT, "holds two tensors; the file is damaged");
        found->has_tensor = true;
        found->tensor = field->body;
        infer(found, CAMX__ONNX_KIND_TENSOR);
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES);
    case ATTRIBUTE_FLOATS:
        infer(found, CAMX__ONNX_KIND_FLOATS);
        return count_list(reader, field, CAMX__WIRE_FIXED32, &found->floats);
    case ATTRIBUTE_INTS:
        infer(found, CAMX__ONNX_KIND_INTS);
        return count_list(reader, field, CAMX__WIRE_VARINT, &found->ints);
    case ATTRIBUTE_STRINGS:
        infer(found, CAMX__ONNX_KIND_STRINGS);
        found->strings++;
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES);
    default:
        return CAMX_OK;
    }
}

/* The name is wanted first, for sentences about everything else. */
static camx_status find_name(camx__onnx_reader *reader, camx__span span,
                             camx__onnx_attribute *attribute)
{
    attribute->name = "";
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number == ATTRIBUTE_NAME)
            CAMX__FORWARD(camx__onnx_keep_text(reader, &field, &attribute->name));
    }
    if (attribute->name[0] == '\0')
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "has an attribute without a name; the file is damaged");
    return CAMX_OK;
}

static camx_status set_kind(camx__onnx_reader *reader, camx__onnx_attribute *attribute,
                            const parts *found)
{
    switch (found->type) {
    case 0:
        attribute->kind = found->inferred;
        if (found->inferred == 0)
            return camx__onnx_fail(reader, CAMX_E_FORMAT, "has no value; the file is damaged");
        return CAMX_OK;
    case CAMX__ONNX_KIND_FLOAT:
    case CAMX__ONNX_KIND_INT:
    case CAMX__ONNX_KIND_STRING:
    case CAMX__ONNX_KIND_FLOATS:
    case CAMX__ONNX_KIND_INTS:
    case CAMX__ONNX_KIND_STRINGS: /* left out means 0 or empty: some writers store no zeros */
        attribute->kind = (int32_t)found->type;
        return CAMX_OK;
    case CAMX__ONNX_KIND_TENSOR:
        attribute->kind = CAMX__ONNX_KIND_TENSOR;
        if (!found->has_tensor)
            return camx__onnx_fail(reader, CAMX_E_FORMAT,
                                   "should hold a tensor but does not; the file is damaged");
        return CAMX_OK;
    default:
        return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED,
                               "has a value of kind %" PRIu64
                               " (graphs, sparse tensors, types), which libcamx does "
                               "not take",
                               found->type);
    }
}

/* Where list elements go. */
typedef struct list {
    float *floats;
    int64_t *ints;
    camx__onnx_text *strings;
    size_t count;
} list;

static camx_status fill_numbers(camx__onnx_reader *reader, const camx__field *field, list *to)
{
    for (camx__span span = field->body; span.at < span.end; to->count++) {
        uint64_t bits = 0;
        if (to->floats != NULL) {
            CAMX__FORWARD(camx__wire_fixed32(&reader->wire, &span, &bits));
            to->floats[to->count] = float_from(bits);
        } else {
            CAMX__FORWARD(camx__wire_varint(&reader->wire, &span, &bits));
            to->ints[to->count] = (int64_t)bits;
        }
    }
    return CAMX_OK;
}

/* The second pass, for lists: the first has counted exactly these elements. */
static camx_status fill_list(camx__onnx_reader *reader, camx__span span, uint32_t wanted, list *to)
{
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number != wanted)
            continue;
        if (to->strings == NULL) {
            CAMX__FORWARD(fill_numbers(reader, &field, to));
            continue;
        }
        CAMX__FORWARD(camx__onnx_keep_bytes(reader, &field, reader->limits->max_name_bytes,
                                            &to->strings[to->count]));
        to->count++;
    }
    return CAMX_OK;
}

static camx_status read_list(camx__onnx_reader *reader, camx__span span,
                             camx__onnx_attribute *attribute, const parts *found)
{
    list to = {.count = 0};

    if (attribute->kind == CAMX__ONNX_KIND_FLOATS) {
        CAMX__FORWARD(camx__onnx_keep(reader, found->floats, sizeof *to.floats, &to.floats));
        CAMX__FORWARD(fill_list(reader, span, ATTRIBUTE_FLOATS, &to));
    } else if (attribute->kind == CAMX__ONNX_KIND_INTS) {
        CAMX__FORWARD(camx__onnx_keep(reader, found->ints, sizeof *to.ints, &to.ints));
        CAMX__FORWARD(fill_list(reader, span, ATTRIBUTE_INTS, &to));
    } else {
        CAMX__FORWARD(camx__onnx_keep(reader, found->strings, sizeof *to.strings, &to.strings));
        CAMX__FORWARD(fill_list(reader, span, ATTRIBUTE_STRINGS, &to));
    }
    attribute->floats = to.floats;
    attribute->ints = to.ints;
    attribute->strings = to.strings;
    attribute->count = to.count;
    return CAMX_OK;
}

camx_status camx__onnx_parse_attribute(camx__onnx_reader *reader, camx__span span,
                                       camx__onnx_attribute *attribute)
{
    parts found = {.type = 0};
    camx__span rest = span;

    *attribute = (camx__onnx_attribute){.s = {"", 0}};
    CAMX__FORWARD(find_name(reader, span, attribute));
    reader->attribute = attribute->name;
    while (rest.at < rest.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &rest, &field));
        CAMX__FORWARD(note_field(reader, attribute, &found, &field));
    }
    CAMX__FORWARD(set_kind(reader, attribute, &found));
    if (attribute->kind == CAMX__ONNX_KIND_TENSOR) {
        camx__onnx_tensor *tensor = NULL;
        CAMX__FORWARD(camx__onnx_keep(reader, 1, sizeof *tensor, &tensor));
        CAMX__FORWARD(camx__onnx_parse_tensor(reader, found.tensor, tensor));
        attribute->tensor = tensor;
    } else if (attribute->kind >= CAMX__ONNX_KIND_FLOATS) {
        CAMX__FORWARD(read_list(reader, span, attribute, &found));
    }
    reader->attribute = NULL;
    return CAMX_OK;
}
