/* SPDX-License-Identifier: Apache-2.0 */
/* ModelProto: opening, closing, and what stands around the graph. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "onnx/onnx_reader.h"

/* Field numbers of ModelProto, OperatorSetIdProto and StringStringEntryProto. */
enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER_NAME = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_METADATA = 14,
    MODEL_FUNCTION = 25,
    OPSET_DOMAIN = 1,
    OPSET_VERSION = 2,
    ENTRY_KEY = 1,
    ENTRY_VALUE = 2
};

/* What the first pass over the model finds. */
typedef struct parts {
    uint64_t ir_version;
    bool has_graph;
    bool has_opset;
    camx__span graph;
    uint64_t metadata_count;
} parts;

/* --- the model ----------------------------------------------------------------------- */

static camx_status parse_opset(camx__onnx_reader *reader, camx__span span, parts *found)
{
    uint64_t version = 0;
    bool own = true; /* no domain means ONNX's own operators */

    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number == OPSET_DOMAIN) {
            CAMX__FORWARD(camx__onnx_read_text(reader, &field));
            own = reader->text_length == 0 || strcmp(reader->text, "ai.onnx") == 0;
        } else if (field.number == OPSET_VERSION) {
            CAMX__FORWARD(camx__wire_expect(&reader->wire, &field, CAMX__WIRE_VARINT));
            version = field.value;
        }
    }
    if (!own)
        return CAMX_OK;
    if (version == 0 || version > INT32_MAX)
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "the model declares the operator set %" PRId64
                               ", which does not exist; the file is damaged",
                               (int64_t)version);
    if (found->has_opset && reader->file->opset != (int32_t)version)
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "the model declares two operator sets, %" PRId32 " and %" PRIu64,
                               reader->file->opset, version);
    found->has_opset = true;
    reader->file->opset = (int32_t)version;
    return CAMX_OK;
}

/* Text for people: what is not UTF-8 or would end it early is shown as '?'. */
static camx_status keep_prose(camx__onnx_reader *reader, const camx__field *field,
                              const char **text)
{
    camx__onnx_text bytes = {"", 0};

    CAMX__FORWARD(camx__onnx_keep_bytes(reader, field, 0, &bytes));
    char *own = (char *)(uintptr_t)bytes.text; /* just made, in our zone */
    for (size_t i = 0; i < bytes.length; i++) {
        if (own[i] == '\0')
            own[i] = '?';
    }
    camx__utf8_repair(own, bytes.length);
    *text = own;
    return CAMX_OK;
}

static camx_status note_graph(camx__onnx_reader *reader, const camx__field *field, parts *found)
{
    if (found->has_graph)
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "the model holds two graphs; the file is damaged");
    found->has_graph = true;
    found->graph = field->body;
    return camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES);
}

static camx_status note_field(camx__onnx_reader *reader, const camx__field *field, parts *found)
{
    switch (field->number) {
    case MODEL_IR_VERSION:
        found->ir_version = field->value;
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_VARINT);
    case MODEL_PRODUCER_NAME:
        return keep_prose(reader, field, &reader->file->producer_name);
    case MODEL_PRODUCER_VERSION:
        return keep_prose(reader, field, &reader->file->producer_version);
    case MODEL_GRAPH:
        return note_graph(reader, field, found);
    case MODEL_OPSET:
        CAMX__FORWARD(camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES));
        return parse_opset(reader, field->body, found);
    case MODEL_METADATA:
        found->metadata_count++;
        return camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES);
    case MODEL_FUNCTION:
        return camx__onnx_fail(
            reader, CAMX_E_UNSUPPORTED,
            "the model has functions of its own, which libcamx does not take; inline them when "
            "exporting");
    default:
        return CAMX_OK;
    }
}

static camx_status check_model(camx__onnx_reader *reader, const parts *found)
{
    if (!found->has_graph || found->ir_version == 0 || found->ir_version > INT32_MAX)
        return camx__onnx_fail(reader, CAMX_E_FORMAT, "this is not an ONNX model: %s",
                               found->has_graph ? "it has no IR version" : "it holds no graph");
    reader->file->ir_version = (int32_t)found->ir_version;
    if (!found->has_opset && found->ir_version >= 3)
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "the model does not say which operator set it uses");
    if (!found->has_opset)
        reader->file->opset = 1; /* before operator sets there was one */
    return CAMX_OK;
}

static camx_status parse_entry(camx__onnx_reader *reader, camx__span span,
                               camx__onnx_metadata *entry)
{
    *entry = (camx__onnx_metadata){"", ""};
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number == ENTRY_KEY)
            CAMX__FORWARD(keep_prose(reader, &field, &entry->key));
        else if (field.number == ENTRY_VALUE)
            CAMX__FORWARD(keep_prose(reader, &field, &entry->text));
    }
    return CAMX_OK;
}

static camx_status parse_metadata(camx__onnx_reader *reader, camx__span span, uint64_t count)
{
    camx__onnx_file *file = reader->file;

    if (count > INT32_MAX)
        return camx__onnx_fail(reader, CAMX_E_LIMIT, "the model has too many metadata entries");
    CAMX__FORWARD(camx__onnx_keep(reader, (size_t)count, sizeof *file->metadata, &file->metadata));
    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number != MODEL_METADATA)
            continue;
        CAMX__FORWARD(parse_entry(reader, field.body, &file->metadata[file->metadata_count]));
        file->metadata_count++;
    }
    return CAMX_OK;
}

static camx_status parse_model(camx__onnx_reader *reader)
{
    camx__span all = {0, reader->file->source->size};
    camx__span rest = all;
    parts found = {.ir_version = 0};

    while (rest.at < rest.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &rest, &field));
        CAMX__FORWARD(note_field(reader, &field, &found));
    }
    CAMX__FORWARD(check_model(reader, &found));
    CAMX__FORWARD(parse_metadata(reader, all, found.metadata_count));
    return camx__onnx_parse_graph(reader, found.graph);
}

/* --- other files --------------------------------------------------------------------- */

/* The tag of ir_version: all writers put it first. */
#define ONNX_FIRST_BYTE 0x08

typedef struct other_kind {
    size_t at;
    const char *bytes;
    const char *sentence;
} other_kind;

/* What people hand over by mistake; the first bytes tell. */
static const other_kind other_kinds[] = {
    {0, "version https://git-lfs",
     "this is a Git LFS pointer, not the model; fetch it with 'git lfs pull'"},
    {0, "PK\003\004",
     "this is a zip archive (PyTorch's .pt and Keras's .keras are), not an ONNX file; export it to "
     "ONNX"},
    {0, "\x89HDF", "this is an HDF5 file (Keras's .h5), not an ONNX file; convert it with tf2onnx"},
    {4, "TFL3", "this is a TensorFlow Lite file, not an ONNX file; convert it with tf2onnx"},
    {4, "ORTM",
     "this is ONNX Runtime's own format, not an ONNX file; use the .onnx it was made from"},
    {0, "\x80\002",
     "this is a Python pickle (PyTorch's old .pth), not an ONNX file; export it to ONNX"},
    {0, "\x80\004", "this is a Python pickle, not an ONNX file; export the network to ONNX"},
    {0, "<!DOCTYPE", "this is a web page, not an ONNX file; the download went wrong"},
    {0, "<!doctype", "this is a web page, not an ONNX file; the download went wrong"},
    {0, "<html", "this is a web page, not an ONNX file; the download went wrong"},
    {0, "\x1f\x8b", "this is compressed by gzip; decompress it first"},
};

/* When a file is no ONNX model at all, says what it is instead. */
static camx_status explain_format(camx__onnx_reader *reader, camx_status status)
{
    const camx__source *source = reader->file->source;
    char start[32] = {0};
    size_t length = source->size < sizeof start ? (size_t)source->size : sizeof start;

    if (status != CAMX_E_FORMAT || reader->file->node_count > 0 ||
        source->read_at(source, 0, length, start, NULL) != CAMX_OK)
        return status;
    for (size_t i = 0; i < sizeof other_kinds / sizeof other_kinds[0]; i++) {
        const other_kind *kind = &other_kinds[i];
        size_t bytes = strlen(kind->bytes);
        if (kind->at + bytes <= length && memcmp(start + kind->at, kind->bytes, bytes) == 0)
            return camx__fail(reader->error, status, "%.120s: %s", reader->file->name,
                              kind->sentence);
    }
    if (start[0] != ONNX_FIRST_BYTE)
        return camx__fail(reader->error, status,
                          "%.120s: this is not an ONNX file, or its start is damaged",
                          reader->file->name);
    return status;
}

/* --- opening and closing ------------------------------------------------------------- */

static camx__onnx_file *new_file(camx__memory *memory)
{
    camx__onnx_file *file = camx__alloc_clear(memory, 1, sizeof *file);

    if (file == NULL)
        return NULL;
    file->memory = memory;
    file->own_source.descriptor = -1;
    file->producer_name = "";
    file->producer_version = "";
    camx__zone_init(&file->zone, memory);
    return file;
}

/* Reads the model from file->source. */
static camx_status read_file(camx__onnx_file *file, const char *path,
                             const camx_model_options *limits, camx_error *error)
{
    camx__onnx_reader reader = {
        .file = file, .memory = file->memory, .limits = limits, .path = path, .error = error};
    bool in_memory = file->source->bytes != NULL;
    uint8_t *window = in_memory ? NULL : camx__alloc(file->memory, CAMX__WIRE_WINDOW, 1);
    camx_status status = CAMX_E_MEMORY;

    file->names = camx__onnx_names_open(file->memory);
    if (file->names == NULL || (window == NULL && !in_memory)) {
        camx__onnx_fail_memory(&reader);
    } else {
        camx__wire_init(&reader.wire, file->source, file->name, window, error);
        status = explain_format(&reader, parse_model(&reader));
    }
    camx__free(file->memory, reader.text);
    camx__free(file->memory, window);
    return status;
}

static camx_status open_memory(camx__onnx_file *file, const void *bytes, size_t size,
                               const camx_model_options *limits, camx_error *error)
{
    if (bytes == NULL || size == 0)
        return camx__fail(error, CAMX_E_FORMAT, "%s: there are no bytes", file->name);
    if (limits->max_file_bytes != 0 && size > limits->max_file_bytes)
        return camx__fail(error, CAMX_E_LIMIT,
                          "%s: it has %zu bytes, more than the limit max_file_bytes = %" PRIu64,
                          file->name, size, limits->max_file_bytes);
    if (limits->copy != 0) {
        file->copied = camx__alloc(file->memory, size, 1);
        if (file->copied == NULL)
            return camx__fail_memory(error, size, "a copy of the model");
        memcpy(file->copied, bytes, size);
        bytes = file->copied;
    }
    camx__source_memory(&file->own_source, file->name, bytes, size);
    return CAMX_OK;
}

static camx_status open_path(camx__onnx_file *file, const char *path,
                             const camx_model_options *limits, camx_error *error)
{
    const char *name = camx__path_name(path);

    file->name = camx__zone_text(&file->zone, name, strlen(name));
    if (file->name == NULL)
        return camx__fail_memory(error, strlen(name) + 1, "the name of the file");
    return camx__source_open(&file->own_source, path, file->name, limits->max_file_bytes, error);
}

camx_status camx__onnx_open(camx__memory *memory, const char *path, const void *bytes, size_t size,
                            const camx_model_options *limits, camx__onnx_file **file,
                            camx_error *error)
{
    camx__onnx_file *made = new_file(memory);
    camx_status status = CAMX_OK;

    assert(limits != NULL);
    *file = NULL;
    if (made == NULL)
        return camx__fail_memory(error, sizeof *made, "the model's records");
    made->name = "the model in memory";
    made->source = &made->own_source;
    if (path != NULL)
        status = open_path(made, path, limits, error);
    else
        status = open_memory(made, bytes, size, limits, error);
    if (status == CAMX_OK)
        status = read_file(made, path, limits, error);
    if (status != CAMX_OK) {
        camx__onnx_close(made);
        return status;
    }
    *file = made;
    return CAMX_OK;
}

camx_status camx__onnx_open_source(camx__memory *memory, const camx__source *source,
                                   const camx_model_options *limits, camx__onnx_file **file,
                                   camx_error *error)
{
    camx__onnx_file *made = new_file(memory);

    *file = NULL;
    if (made == NULL)
        return camx__fail_memory(error, sizeof *made, "the model's records");
    made->name = source->name;
    made->source = source;
    camx_status status = read_file(made, NULL, limits, error);
    if (status != CAMX_OK) {
        camx__onnx_close(made);
        return status;
    }
    *file = made;
    return CAMX_OK;
}

void camx__onnx_close(camx__onnx_file *file)
{
    if (file == NULL)
        return;
    camx__onnx_external_close(file);
    camx__source_close(&file->own_source);
    camx__onnx_names_close(file->memory, file->names);
    camx__free(file->memory, file->values);
    camx__free(file->memory, file->copied);
    camx__zone_free(&file->zone);
    camx__free(file->memory, file);
}

/* --- looking up ---------------------------------------------------------------------- */

const camx__onnx_attribute *camx__onnx_find(const camx__onnx_node *node, const char *name)
{
    for (uint32_t i = 0; i < node->attribute_count; i++) {
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    }
    return NULL;
}

int32_t camx__onnx_value_id(const camx__onnx_file *file, const char *name)
{
    return camx__onnx_names_find(file->names, file->values, name, strlen(name));
}

const char *camx__onnx_metadata_text(const camx__onnx_file *file, const char *key)
{
    for (uint32_t i = 0; i < file->metadata_count; i++) {
        if (strcmp(file->metadata[i].key, key) == 0)
            return file->metadata[i].text;
    }
    return NULL;
}
