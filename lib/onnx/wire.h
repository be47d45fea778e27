/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol Buffers' wire format, read forward through a small window. A message is a sequence of
 * fields: a number and a wire type, then a number, four or eight bytes, or a length and that many
 * bytes. The reader never looks inside lengths it is not asked to, so that passing over 500 MB of
 * weights costs nothing.
 *
 * There is no recursion here: a caller that wants the inside of a field makes a span of it and
 * reads on.
 */
#ifndef CAMX_ONNX_WIRE_H
#define CAMX_ONNX_WIRE_H

#include <stdint.h>

#include "base/error.h"
#include "onnx/source.h"

#define CAMX__WIRE_WINDOW 65536

typedef enum camx__wire_type {
    CAMX__WIRE_VARINT = 0,
    CAMX__WIRE_FIXED64 = 1,
    CAMX__WIRE_BYTES = 2,
    CAMX__WIRE_FIXED32 = 5
} camx__wire_type;

/* Bytes at .. end-1 of the source; reading moves `at`. */
typedef struct camx__span {
    uint64_t at;
    uint64_t end;
} camx__span;

typedef struct camx__wire {
    const camx__source *source;
    const char *name; /* for sentences */
    camx_error *error;
    const uint8_t *window; /* bytes window_at .. window_at + window_length - 1 of the source */
    uint64_t window_at;
    size_t window_length;
    uint8_t *buffer; /* CAMX__WIRE_WINDOW bytes; not used for sources in memory */
    size_t step;     /* how much the next look reads: small after a jump, then doubled */
} camx__wire;

typedef struct camx__field {
    uint32_t number;
    camx__wire_type type;
    uint64_t value;  /* of VARINT and the FIXED types */
    camx__span body; /* of BYTES; of the others the bytes of the value itself */
} camx__field;

/* buffer: CAMX__WIRE_WINDOW bytes, or NULL if the source is in memory. */
void camx__wire_init(camx__wire *wire, const camx__source *source, const char *name,
                     uint8_t *buffer, camx_error *error);

/* Reads one field and moves the span behind it. The span must not be at its end. */
camx_status camx__wire_field(camx__wire *wire, camx__span *span, camx__field *field);

/* Parts of packed fields. They fail at the span's end. */
camx_status camx__wire_varint(camx__wire *wire, camx__span *span, uint64_t *value);
camx_status camx__wire_fixed32(camx__wire *wire, camx__span *span, uint64_t *value);
camx_status camx__wire_fixed64(camx__wire *wire, camx__span *span, uint64_t *value);

/* Copies the whole span to `destination`. */
camx_status camx__wire_copy(camx__wire *wire, camx__span span, void *destination);

/* Fails unless the field has that wire type. */
camx_status camx__wire_expect(camx__wire *wire, const camx__field *field, camx__wire_type type);

#endif
