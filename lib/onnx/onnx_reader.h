/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the reader, for nobody else. The reader exists while a file is being
 * opened; what stays is the camx__onnx_file.
 */
#ifndef CAMX_ONNX_READER_H
#define CAMX_ONNX_READER_H

#include "onnx/onnx.h"
#include "onnx/wire.h"

/* What is being read, for sentences. */
typedef enum camx__onnx_subject {
    CAMX__SUBJECT_MODEL = 0,
    CAMX__SUBJECT_NODE = 1,
    CAMX__SUBJECT_INITIALISER = 2,
    CAMX__SUBJECT_INPUT = 3,
    CAMX__SUBJECT_OUTPUT = 4
} camx__onnx_subject;

typedef struct camx__onnx_reader {
    camx__onnx_file *file;
    camx__memory *memory;
    const camx_model_options *limits;
    const char *path; /* of the model, NULL if it is in memory */
    camx_error *error;
    camx__wire wire;
    camx__onnx_subject subject;
    uint32_t number;       /* of the node, initialiser, input or output */
    const char *name;      /* its name, or NULL if not known yet */
    const char *op_type;   /* of a node */
    const char *attribute; /* the attribute that is being read, or NULL */
    char *text;            /* the last text that was read by camx__onnx_read_text */
    size_t text_size;
    size_t text_length;
    uint32_t value_capacity;
} camx__onnx_reader;

/* "<file>: <subject> <the formatted rest>", as in "net.onnx: node 'c1' (Conv) has ...". */
camx_status camx__onnx_fail(const camx__onnx_reader *reader, camx_status status, const char *format,
                            ...) __attribute__((format(printf, 3, 4)));

camx_status camx__onnx_fail_memory(const camx__onnx_reader *reader);

/* Reads a name into reader->text (valid until the next call); it must be UTF-8 without NUL and
 * inside the limit. */
camx_status camx__onnx_read_text(camx__onnx_reader *reader, const camx__field *field);

/* The same, kept in the zone. */
camx_status camx__onnx_keep_text(camx__onnx_reader *reader, const camx__field *field,
                                 const char **text);

/* Bytes of any kind, kept in the zone with a NUL behind them; at most max_bytes (0 = any
 * number). */
camx_status camx__onnx_keep_bytes(camx__onnx_reader *reader, const camx__field *field,
                                  uint64_t max_bytes, camx__onnx_text *bytes);

/* Zeroed memory for `count` records, in the zone; sets *records, or fails. */
camx_status camx__onnx_keep(camx__onnx_reader *reader, size_t count, size_t size, void *records);

/* A TensorProto. For initialisers the name found becomes the subject's. */
camx_status camx__onnx_parse_tensor(camx__onnx_reader *reader, camx__span span,
                                    camx__onnx_tensor *tensor);

camx_status camx__onnx_parse_attribute(camx__onnx_reader *reader, camx__span span,
                                       camx__onnx_attribute *attribute);

/* A NodeProto: number reader->number of file->nodes. Its outputs become values. */
camx_status camx__onnx_parse_node(camx__onnx_reader *reader, camx__span span);

/* A ValueInfoProto. The name is in reader->text afterwards; port->value is not set. */
camx_status camx__onnx_parse_port(camx__onnx_reader *reader, camx__span span,
                                  camx__onnx_port *port);

camx_status camx__onnx_parse_graph(camx__onnx_reader *reader, camx__span span);

/* Adds a value, whose name must be new; value.name is kept, or, if it is NULL, a copy of
 * reader->text. */
camx_status camx__onnx_add_value(camx__onnx_reader *reader, camx__onnx_value value, int32_t *id);

/* Names: a hash table from name to value id. */
camx__onnx_names *camx__onnx_names_open(camx__memory *memory);
void camx__onnx_names_close(camx__memory *memory, camx__onnx_names *names);
int32_t camx__onnx_names_find(const camx__onnx_names *names, const camx__onnx_value *values,
                              const char *name, size_t length);
/* CAMX_E_MEMORY, or CAMX_E_LIMIT when too many names share a hash; the id must be a new one. */
camx_status camx__onnx_names_add(camx__memory *memory, camx__onnx_names *names, const char *name,
                                 size_t length, int32_t id);

/* What external_data says about a tensor. */
typedef struct camx__onnx_place {
    const char *location; /* in the zone; NULL if not given */
    bool has_length;
    uint64_t offset;
    uint64_t length;
} camx__onnx_place;

/* One StringStringEntry of external_data. */
camx_status camx__onnx_parse_place(camx__onnx_reader *reader, camx__span span,
                                   camx__onnx_place *place);

/* Finds or opens the file, and makes the tensor point into it. tensor->bytes must be known. */
camx_status camx__onnx_open_place(camx__onnx_reader *reader, const camx__onnx_place *place,
                                  camx__onnx_tensor *tensor);

/* Closes all external files. */
void camx__onnx_external_close(camx__onnx_file *file);

#endif
