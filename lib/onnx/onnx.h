/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ONNX file says, as checked records. The reader turns untrusted bytes into these and
 * promises:
 *
 *   - every value has one definition, made before its first use (so the nodes are in an order in
 *     which they can run, and there is no cycle);
 *   - dims are 0 .. 2^31-1, ranks 0 .. 8, products do not overflow, and the bytes of every tensor
 *     exist;
 *   - names are UTF-8 without NUL and not longer than the limit.
 *
 * It does not know operators: what a node means is checked by ops/ and graph/.
 *
 * Weights are not read here. A tensor remembers where its elements are; camx__onnx_read_reals and
 * camx__onnx_read_ints fetch any range of them later. Everything lives until camx__onnx_close, and
 * may be read by several threads.
 */
#ifndef CAMX_ONNX_ONNX_H
#define CAMX_ONNX_ONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "onnx/source.h"
#include "tensor/real.h"

#define CAMX__ONNX_MAX_RANK 8

/* TensorProto.DataType, as far as tensors of that type are taken. */
typedef enum camx__onnx_elem {
    CAMX__ONNX_UNDEFINED = 0,
    CAMX__ONNX_FLOAT = 1,
    CAMX__ONNX_UINT8 = 2,
    CAMX__ONNX_INT8 = 3,
    CAMX__ONNX_UINT16 = 4,
    CAMX__ONNX_INT16 = 5,
    CAMX__ONNX_INT32 = 6,
    CAMX__ONNX_INT64 = 7,
    CAMX__ONNX_STRING = 8, /* only as the declared type of an input or in a Cast's attribute */
    CAMX__ONNX_BOOL = 9,
    CAMX__ONNX_FLOAT16 = 10,
    CAMX__ONNX_DOUBLE = 11,
    CAMX__ONNX_UINT32 = 12,
    CAMX__ONNX_UINT64 = 13,
    CAMX__ONNX_BFLOAT16 = 16
} camx__onnx_elem;

/* A piece of text or bytes; NUL-terminated, but bytes may contain NULs. */
typedef struct camx__onnx_text {
    const char *text;
    size_t length;
} camx__onnx_text;

typedef struct camx__onnx_tensor {
    const char *name; /* "" for the tensor of an attribute, mostly */
    int32_t elem;     /* camx__onnx_elem: never UNDEFINED or STRING */
    uint32_t rank;    /* 0 = a scalar */
    int64_t dims[CAMX__ONNX_MAX_RANK];
    int64_t count;  /* the product of dims */
    uint64_t bytes; /* as stored: count x camx__onnx_elem_size(elem) */
    const camx__source *source; /* NULL: elements in `parsed`; else little-endian at `offset` */
    uint64_t offset;
    const void *parsed; /* native elements of the type `elem` */
} camx__onnx_tensor;

/* AttributeProto.AttributeType, as far as it is taken. */
typedef enum camx__onnx_kind {
    CAMX__ONNX_KIND_FLOAT = 1,
    CAMX__ONNX_KIND_INT = 2,
    CAMX__ONNX_KIND_STRING = 3,
    CAMX__ONNX_KIND_TENSOR = 4,
    CAMX__ONNX_KIND_FLOATS = 6,
    CAMX__ONNX_KIND_INTS = 7,
    CAMX__ONNX_KIND_STRINGS = 8
} camx__onnx_kind;

typedef struct camx__onnx_attribute {
    const char *name;
    int32_t kind; /* camx__onnx_kind: says which of the following is set */
    float f;
    int64_t i;
    camx__onnx_text s;
    const camx__onnx_tensor *tensor;
    size_t count; /* of floats, ints, strings */
    const float *floats;
    const int64_t *ints;
    const camx__onnx_text *strings;
} camx__onnx_attribute;

typedef struct camx__onnx_node {
    const char *name;    /* "" if it has none */
    const char *op_type; /* never empty */
    const char *domain;  /* "" for ONNX's own operators ("ai.onnx" is stored as "") */
    uint32_t input_count;
    uint32_t output_count;
    const int32_t *inputs;  /* value ids; -1 = an optional input that is left out */
    const int32_t *outputs; /* value ids; -1 = an optional output that nobody wants */
    uint32_t attribute_count;
    const camx__onnx_attribute *attributes;
} camx__onnx_node;

/* A value is a tensor with a name: an initialiser, a graph input, or the output of a node. */
typedef struct camx__onnx_value {
    const char *name;
    int32_t node;        /* the node that makes it, -1 if none */
    int32_t output;      /* which of that node's outputs it is */
    int32_t initialiser; /* the initialiser it is, -1 if none */
    int32_t input;       /* the graph input it is, -1 if none */
} camx__onnx_value;

/* A graph input or output with its declared type. Declarations of outputs are hints, often
 * wrong. */
typedef struct camx__onnx_port {
    int32_t value;
    int32_t elem; /* a TensorProto.DataType; 0 if the file does not say */
    bool has_shape;
    uint32_t rank;
    int64_t dims[CAMX__ONNX_MAX_RANK]; /* -1 = free */
} camx__onnx_port;

typedef struct camx__onnx_metadata {
    const char *key;
    const char *text; /* bytes that were not UTF-8 are '?' */
} camx__onnx_metadata;

typedef struct camx__onnx_names camx__onnx_names;

typedef struct camx__onnx_file {
    camx__memory *memory;
    camx__zone zone;  /* holds all records */
    const char *name; /* for sentences: the file's name, or "the model in memory" */

    int32_t ir_version;
    int32_t opset; /* of ONNX's own operators */
    const char *producer_name;
    const char *producer_version;

    uint32_t node_count;
    uint32_t value_count;
    uint32_t initialiser_count;
    uint32_t input_count; /* without those that have an initialiser (files before IR version 4) */
    uint32_t output_count;
    uint32_t metadata_count;
    uint64_t initialiser_bytes; /* of all initialisers, as stored */
    camx__onnx_node *nodes;     /* in an order in which they can run */
    camx__onnx_value *values;
    camx__onnx_tensor *initialisers;
    camx__onnx_port *inputs;
    camx__onnx_port *outputs;
    camx__onnx_metadata *metadata;

    camx__onnx_names *names;
    const camx__source *source;           /* the model itself */
    camx__source own_source;              /* what `source` points to, unless the caller gave one */
    void *copied;                         /* the copied bytes of a model in memory, or NULL */
    struct camx__onnx_external *external; /* the external data files that are open */
} camx__onnx_file;

/* Reads and checks the file at `path`, or, with path NULL, the model in `size` bytes. limits: must
 * not be NULL; struct_size and allocator are not looked at, 0 means no limit. With limits->copy 0
 * the bytes must outlive the file. */
camx_status camx__onnx_open(camx__memory *memory, const char *path, const void *bytes, size_t size,
                            const camx_model_options *limits, camx__onnx_file **file,
                            camx_error *error);

/* The same from a source, which must outlive the file; external data is asked from
 * limits->external_read. */
camx_status camx__onnx_open_source(camx__memory *memory, const camx__source *source,
                                   const camx_model_options *limits, camx__onnx_file **file,
                                   camx_error *error);

void camx__onnx_close(camx__onnx_file *file); /* NULL is fine */

/* The attribute of that name, or NULL. */
const camx__onnx_attribute *camx__onnx_find(const camx__onnx_node *node, const char *name);

/* The id of the value of that name, or -1. */
int32_t camx__onnx_value_id(const camx__onnx_file *file, const char *name);

/* The metadata stored under `key`, or NULL; the first if there are several. */
const char *camx__onnx_metadata_text(const camx__onnx_file *file, const char *key);

/* Bytes of one element as stored; 0 for types that tensors may not have. */
size_t camx__onnx_elem_size(int32_t elem);

/* "float", "int64", ...: ONNX's own names in small letters; "type 99" becomes "an unknown type". */
const char *camx__onnx_elem_name(int32_t elem);

/* Elements first .. first+count-1 as `real`: floats of any width, integers and bools are converted.
 * Costs one read of those bytes. */
camx_status camx__onnx_read_reals(const camx__onnx_file *file, const camx__onnx_tensor *tensor,
                                  int64_t first, int64_t count, real *out, camx_error *error);

/* The same for integers and bools (0 or 1); floats are refused, and so is a uint64 past
 * INT64_MAX. */
camx_status camx__onnx_read_ints(const camx__onnx_file *file, const camx__onnx_tensor *tensor,
                                 int64_t first, int64_t count, int64_t *out, camx_error *error);

#endif
