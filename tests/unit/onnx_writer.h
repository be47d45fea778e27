/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes ONNX files in memory, for tests: a tiny protobuf writer and, on top of it, helpers for
 * models.
 *
 *     onnx_writer w;
 *     onnx_writer_begin(&w, 8, 17);
 *     onnx_writer_input(&w, "x", 1, 4, (int64_t[]){-1, 3, 8, 8});
 *     onnx_writer_floats(&w, "k", 4, (int64_t[]){2, 3, 3, 3}, weights);
 *     onnx_writer_node(&w, "Conv", "c1", "x k", "y");
 *     onnx_writer_ints_attribute(&w, "pads", 4, (int64_t[]){1, 1, 1, 1});
 *     onnx_writer_output(&w, "y", 1, 4, (int64_t[]){-1, 2, 8, 8});
 *     onnx_bytes file = onnx_writer_end(&w);
 *     ... file.data, file.size ...
 *     onnx_bytes_free(&file);
 *
 * Names of inputs and outputs are separated by spaces; "-" is an optional one that is left out.
 * Attributes belong to the node made last. Element types are TensorProto's numbers: 1 = float, 7 =
 * int64. The parts come in PyTorch's order: nodes, initialisers, inputs, outputs. Running out of
 * memory ends the test program.
 */
#ifndef CAMX_TESTS_ONNX_WRITER_H
#define CAMX_TESTS_ONNX_WRITER_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct onnx_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
} onnx_bytes;

static inline void onnx_put(onnx_bytes *to, const void *data, size_t size)
{
    if (to->size + size > to->capacity) {
        to->capacity = (to->size + size) * 2 + 64;
        to->data = realloc(to->data, to->capacity);
        if (to->data == NULL)
            abort();
    }
    if (size > 0)
        memcpy(to->data + to->size, data, size);
    to->size += size;
}

static inline void onnx_bytes_free(onnx_bytes *bytes)
{
    free(bytes->data);
    *bytes = (onnx_bytes){NULL, 0, 0};
}

static inline void onnx_put_varint(onnx_bytes *to, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
        onnx_put(to, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

static inline void onnx_put_little(onnx_bytes *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        onnx_put(to, &byte, 1);
    }
}

static inline void onnx_put_tag(onnx_bytes *to, uint32_t field, unsigned wire_type)
{
    onnx_put_varint(to, ((uint64_t)field << 3) | wire_type);
}

static inline void onnx_field_varint(onnx_bytes *to, uint32_t field, uint64_t value)
{
    onnx_put_tag(to, field, 0);
    onnx_put_varint(to, value);
}

static inline void onnx_field_float(onnx_bytes *to, uint32_t field, float value)
{
    uint32_t bits = 0;

    memcpy(&bits, &value, sizeof bits);
    onnx_put_tag(to, field, 5);
    onnx_put_little(to, bits, 4);
}

static inline void onnx_field_bytes(onnx_bytes *to, uint32_t field, const void *data, size_t size)
{
    onnx_put_tag(to, field, 2);
    onnx_put_varint(to, size);
    onnx_put(to, data, size);
}

static inline void onnx_field_text(onnx_bytes *to, uint32_t field, const char *text)
{
    onnx_field_bytes(to, field, text, strlen(text));
}

/* A message inside a message; the inner one is freed and may be used anew. */
static inline void onnx_field_message(onnx_bytes *to, uint32_t field, onnx_bytes *inner)
{
    onnx_field_bytes(to, field, inner->data, inner->size);
    onnx_bytes_free(inner);
}

static inline void onnx_field_packed(onnx_bytes *to, uint32_t field, size_t count,
                                     const int64_t *values)
{
    onnx_bytes list = {NULL, 0, 0};

    for (size_t i = 0; i < count; i++)
        onnx_put_varint(&list, (uint64_t)values[i]);
    onnx_field_message(to, field, &list);
}

/* --- tensors ------------------------------------------------------------------------- */

/* Name, type and dims of a TensorProto; its elements are added by the caller. */
static inline void onnx_tensor_head(onnx_bytes *tensor, const char *name, int elem, size_t rank,
                                    const int64_t *dims)
{
    for (size_t i = 0; i < rank; i++)
        onnx_field_varint(tensor, 1, (uint64_t)dims[i]);
    onnx_field_varint(tensor, 2, (uint64_t)elem);
    if (name[0] != '\0')
        onnx_field_text(tensor, 8, name);
}

static inline size_t onnx_dims_product(size_t rank, const int64_t *dims)
{
    size_t count = 1;

    for (size_t i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    return count;
}

/* raw_data of `size` bytes an element, little-endian whatever the machine is. */
static inline void onnx_tensor_raw(onnx_bytes *tensor, const void *values, size_t count,
                                   size_t size)
{
    onnx_bytes raw = {NULL, 0, 0};

    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = (const uint8_t *)values + i * size;
        uint64_t bits = 0;
        if (size == 1) {
            bits = *at;
        } else if (size == 2) {
            uint16_t half = 0;
            memcpy(&half, at, sizeof half);
            bits = half;
        } else if (size == 4) {
            uint32_t word = 0;
            memcpy(&word, at, sizeof word);
            bits = word;
        } else {
            memcpy(&bits, at, sizeof bits);
        }
        onnx_put_little(&raw, bits, size);
    }
    onnx_field_message(tensor, 9, &raw);
}

/* --- models -------------------------------------------------------------------------- */

typedef struct onnx_writer {
    onnx_bytes head; /* the ModelProto around the graph */
    onnx_bytes nodes;
    onnx_bytes initialisers;
    onnx_bytes inputs;
    onnx_bytes outputs;
    onnx_bytes node; /* the node that is being made */
    int in_node;
} onnx_writer;

static inline void onnx_writer_opset(onnx_writer *w, const char *domain, uint64_t version)
{
    onnx_bytes entry = {NULL, 0, 0};

    if (domain[0] != '\0')
        onnx_field_text(&entry, 1, domain);
    onnx_field_varint(&entry, 2, version);
    onnx_field_message(&w->head, 8, &entry);
}

static inline void onnx_writer_begin(onnx_writer *w, uint64_t ir_version, uint64_t opset)
{
    memset(w, 0, sizeof *w);
    onnx_field_varint(&w->head, 1, ir_version);
    if (opset != 0)
        onnx_writer_opset(w, "", opset);
}

static inline void onnx_writer_metadata(onnx_writer *w, const char *key, const char *value)
{
    onnx_bytes entry = {NULL, 0, 0};

    onnx_field_text(&entry, 1, key);
    onnx_field_text(&entry, 2, value);
    onnx_field_message(&w->head, 14, &entry);
}

static inline onnx_bytes onnx_value_info(const char *name, int elem, size_t rank,
                                         const int64_t *dims)
{
    onnx_bytes info = {NULL, 0, 0};
    onnx_bytes type = {NULL, 0, 0};
    onnx_bytes tensor = {NULL, 0, 0};
    onnx_bytes shape = {NULL, 0, 0};

    for (size_t i = 0; i < rank; i++) {
        onnx_bytes dim = {NULL, 0, 0};
        if (dims[i] >= 0)
            onnx_field_varint(&dim, 1, (uint64_t)dims[i]);
        else
            onnx_field_text(&dim, 2, "N");
        onnx_field_message(&shape, 1, &dim);
    }
    onnx_field_varint(&tensor, 1, (uint64_t)elem);
    onnx_field_message(&tensor, 2, &shape);
    onnx_field_message(&type, 1, &tensor);
    onnx_field_text(&info, 1, name);
    onnx_field_message(&info, 2, &type);
    return info;
}

/* A graph input or output; a dim of -1 is a free one. */
static inline void onnx_writer_input(onnx_writer *w, const char *name, int elem, size_t rank,
                                     const int64_t *dims)
{
    onnx_bytes info = onnx_value_info(name, elem, rank, dims);

    onnx_field_message(&w->inputs, 11, &info);
}

static inline void onnx_writer_output(onnx_writer *w, const char *name, int elem, size_t rank,
                                      const int64_t *dims)
{
    onnx_bytes info = onnx_value_info(name, elem, rank, dims);

    onnx_field_message(&w->outputs, 12, &info);
}

/* An initialiser from a TensorProto, which is freed. */
static inline void onnx_writer_tensor(onnx_writer *w, onnx_bytes *tensor)
{
    onnx_field_message(&w->initialisers, 5, tensor);
}

static inline void onnx_writer_floats(onnx_writer *w, const char *name, size_t rank,
                                      const int64_t *dims, const float *values)
{
    onnx_bytes tensor = {NULL, 0, 0};

    onnx_tensor_head(&tensor, name, 1, rank, dims);
    onnx_tensor_raw(&tensor, values, onnx_dims_product(rank, dims), 4);
    onnx_writer_tensor(w, &tensor);
}

static inline void onnx_writer_ints(onnx_writer *w, const char *name, size_t rank,
                                    const int64_t *dims, const int64_t *values)
{
    onnx_bytes tensor = {NULL, 0, 0};

    onnx_tensor_head(&tensor, name, 7, rank, dims);
    onnx_tensor_raw(&tensor, values, onnx_dims_product(rank, dims), 8);
    onnx_writer_tensor(w, &tensor);
}

static inline void onnx_writer_close_node(onnx_writer *w)
{
    if (w->in_node)
        onnx_field_message(&w->nodes, 1, &w->node);
    w->in_node = 0;
}

static inline void onnx_put_names(onnx_bytes *to, uint32_t field, const char *names)
{
    while (*names != '\0') {
        size_t length = strcspn(names, " ");
        size_t shown = length == 1 && names[0] == '-' ? 0 : length;
        onnx_field_bytes(to, field, names, shown);
        names += length;
        while (*names == ' ')
            names++;
    }
}

static inline void onnx_writer_node(onnx_writer *w, const char *op_type, const char *name,
                                    const char *inputs, const char *outputs)
{
    onnx_writer_close_node(w);
    w->in_node = 1;
    onnx_put_names(&w->node, 1, inputs);
    onnx_put_names(&w->node, 2, outputs);
    if (name[0] != '\0')
        onnx_field_text(&w->node, 3, name);
    onnx_field_text(&w->node, 4, op_type);
}

static inline onnx_bytes onnx_attribute_head(const char *name, uint64_t kind)
{
    onnx_bytes attribute = {NULL, 0, 0};

    onnx_field_text(&attribute, 1, name);
    onnx_field_varint(&attribute, 20, kind);
    return attribute;
}

static inline void onnx_writer_int_attribute(onnx_writer *w, const char *name, int64_t value)
{
    onnx_bytes attribute = onnx_attribute_head(name, 2);

    onnx_field_varint(&attribute, 3, (uint64_t)value);
    onnx_field_message(&w->node, 5, &attribute);
}

static inline void onnx_writer_float_attribute(onnx_writer *w, const char *name, float value)
{
    onnx_bytes attribute = onnx_attribute_head(name, 1);

    onnx_field_float(&attribute, 2, value);
    onnx_field_message(&w->node, 5, &attribute);
}

static inline void onnx_writer_text_attribute(onnx_writer *w, const char *name, const char *value)
{
    onnx_bytes attribute = onnx_attribute_head(name, 3);

    onnx_field_text(&attribute, 4, value);
    onnx_field_message(&w->node, 5, &attribute);
}

static inline void onnx_writer_ints_attribute(onnx_writer *w, const char *name, size_t count,
                                              const int64_t *values)
{
    onnx_bytes attribute = onnx_attribute_head(name, 7);

    for (size_t i = 0; i < count; i++) /* not packed, as proto2 writers do */
        onnx_field_varint(&attribute, 8, (uint64_t)values[i]);
    onnx_field_message(&w->node, 5, &attribute);
}

static inline void onnx_writer_floats_attribute(onnx_writer *w, const char *name, size_t count,
                                                const float *values)
{
    onnx_bytes attribute = onnx_attribute_head(name, 6);

    for (size_t i = 0; i < count; i++)
        onnx_field_float(&attribute, 7, values[i]);
    onnx_field_message(&w->node, 5, &attribute);
}

/* An attribute from a TensorProto, which is freed: Constant's "value". */
static inline void onnx_writer_tensor_attribute(onnx_writer *w, const char *name,
                                                onnx_bytes *tensor)
{
    onnx_bytes attribute = onnx_attribute_head(name, 4);

    onnx_field_message(&attribute, 5, tensor);
    onnx_field_message(&w->node, 5, &attribute);
}

/* The finished file; the writer is empty afterwards. */
static inline onnx_bytes onnx_writer_end(onnx_writer *w)
{
    onnx_bytes graph = {NULL, 0, 0};
    onnx_bytes file = w->head;

    onnx_writer_close_node(w);
    onnx_put(&graph, w->nodes.data, w->nodes.size);
    onnx_field_text(&graph, 2, "graph");
    onnx_put(&graph, w->initialisers.data, w->initialisers.size);
    onnx_put(&graph, w->inputs.data, w->inputs.size);
    onnx_put(&graph, w->outputs.data, w->outputs.size);
    onnx_field_message(&file, 7, &graph);
    onnx_bytes_free(&w->nodes);
    onnx_bytes_free(&w->initialisers);
    onnx_bytes_free(&w->inputs);
    onnx_bytes_free(&w->outputs);
    memset(w, 0, sizeof *w);
    return file;
}

#endif
