/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as an ONNX file. Whatever they are, reading ends with records that can all
 * be used, or with a status and a sentence; from memory and through the window over a file alike; a
 * second time with one allocation failing; without leaks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onnx/onnx.h"

/* Small, so that inputs stay fast. */
#define MAX_MEMORY ((size_t)32 << 20)
#define MAX_NODES 2000
#define MAX_NAME 1000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Allocations that still succeed; negative = all do. */
static long allocations_left;

static void *allocate(size_t bytes, void *user)
{
    (void)user;
    if (allocations_left == 0)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    return malloc(bytes);
}

static void release(void *block, void *user)
{
    (void)user;
    free(block);
}

/* A host with one megabyte of zeros under every name. */
static int read_external(const char *location, uint64_t offset, size_t bytes, void *destination,
                         void *user)
{
    (void)user;
    if (location[0] == '\0' || offset > 1 << 20 || bytes > (1 << 20) - offset)
        return 1;
    memset(destination, 0, bytes);
    return 0;
}

/* The same bytes as a file would give them. */
typedef struct stream {
    camx__source source;
    const uint8_t *bytes;
} stream;

static camx_status stream_read(const camx__source *source, uint64_t offset, size_t bytes,
                               void *destination, camx_error *error)
{
    const stream *self = (const stream *)(const void *)source;

    (void)error;
    if (offset > source->size || bytes > source->size - offset)
        abort(); /* the reader must know where the file ends */
    if (bytes > 0)
        memcpy(destination, self->bytes + offset, bytes);
    return CAMX_OK;
}

static void use_id(const camx__onnx_file *file, int32_t id)
{
    if (id < -1 || id >= (int32_t)file->value_count)
        abort();
    if (id >= 0 && camx__onnx_value_id(file, file->values[id].name) != id)
        abort();
}

static void use_tensor(const camx__onnx_file *file, const camx__onnx_tensor *tensor)
{
    static real reals[256];
    static int64_t ints[256];
    int64_t count = tensor->count < 256 ? tensor->count : 256;

    if (tensor->rank > CAMX__ONNX_MAX_RANK || camx__onnx_elem_size(tensor->elem) == 0)
        abort();
    camx_status status =
        camx__onnx_read_reals(file, tensor, tensor->count - count, count, reals, NULL);
    /* Only a host may fail to give what it had when it was asked for the last byte. */
    if (status != CAMX_OK && (tensor->source == NULL || tensor->source->external_read == NULL))
        abort();
    (void)camx__onnx_read_ints(file, tensor, 0, count, ints, NULL);
}

static void use_node(const camx__onnx_file *file, const camx__onnx_node *node)
{
    static volatile size_t sink;
    size_t sum = strlen(node->name) + strlen(node->op_type) + strlen(node->domain);

    for (uint32_t i = 0; i < node->input_count; i++)
        use_id(file, node->inputs[i]);
    for (uint32_t i = 0; i < node->output_count; i++)
        use_id(file, node->outputs[i]);
    for (uint32_t i = 0; i < node->attribute_count; i++) {
        const camx__onnx_attribute *attribute = &node->attributes[i];
        if (camx__onnx_find(node, attribute->name) != attribute)
            abort();
        sum += strlen(attribute->s.text);
        for (size_t k = 0; k < attribute->count; k++)
            sum += attribute->floats != NULL ? (size_t)(attribute->floats[k] > 0)
                   : attribute->ints != NULL ? (size_t)attribute->ints[k]
                                             : strlen(attribute->strings[k].text);
        if (attribute->kind == CAMX__ONNX_KIND_TENSOR)
            use_tensor(file, attribute->tensor);
    }
    if (sum % 2 != 0)
        sink++;
}

/* Every value is made once, before it is used: what the reader promises to the graph. */
static void use_file(const camx__onnx_file *file)
{
    for (uint32_t i = 0; i < file->initialiser_count; i++)
        use_tensor(file, &file->initialisers[i]);
    for (uint32_t i = 0; i < file->node_count; i++) {
        use_node(file, &file->nodes[i]);
        for (uint32_t k = 0; k < file->nodes[i].input_count; k++) {
            int32_t id = file->nodes[i].inputs[k];
            if (id >= 0 && file->values[id].node >= (int32_t)i)
                abort();
        }
    }
    for (uint32_t i = 0; i < file->input_count; i++)
        use_id(file, file->inputs[i].value);
    for (uint32_t i = 0; i < file->output_count; i++)
        use_id(file, file->outputs[i].value);
    for (uint32_t i = 0; i < file->metadata_count; i++) {
        if (camx__onnx_metadata_text(file, file->metadata[i].key) == NULL)
            abort();
    }
}

static camx_status read_once(const uint8_t *bytes, size_t size, int as_stream)
{
    camx_model_options limits = {.external_data = 1,
                                 .max_nodes = MAX_NODES,
                                 .max_name_bytes = MAX_NAME,
                                 .external_read = read_external};
    stream from = {{.read_at = stream_read, .name = "fuzz", .size = size, .descriptor = -1}, bytes};
    const camx_allocator allocator = {allocate, release, NULL};
    camx__memory memory;
    camx__onnx_file *file = NULL;
    camx_error error;
    camx_status status = CAMX_OK;

    camx__memory_init(&memory, &allocator, MAX_MEMORY);
    if (as_stream)
        status = camx__onnx_open_source(&memory, &from.source, &limits, &file, &error);
    else
        status = camx__onnx_open(&memory, NULL, bytes, size, &limits, &file, &error);
    if ((status == CAMX_OK) != (file != NULL) || status == CAMX_E_INTERNAL)
        abort();
    if (status != CAMX_OK && (error.status != (int32_t)status || error.message[0] == '\0' ||
                              memchr(error.message, '\0', sizeof error.message) == NULL))
        abort();
    if (file != NULL)
        use_file(file);
    camx__onnx_close(file);
    if (memory.blocks != 0 || memory.used != 0)
        abort();
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    allocations_left = -1;
    camx_status status = read_once(bytes, size, 0);
    /* An empty stream is no model; only from memory is it said differently. */
    if (size > 0 && read_once(bytes, size, 1) != status)
        abort();
    allocations_left = size > 0 ? bytes[size / 2] % 32 : 0;
    (void)read_once(bytes, size, 0);
    return 0;
}
