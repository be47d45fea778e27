/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format. Every length is held against the span it is in before it is used. */
#include "onnx/wire.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define SMALL_STEP 4096

void camx__wire_init(camx__wire *wire, const camx__source *source, const char *name,
                     uint8_t *buffer, camx_error *error)
{
    *wire = (camx__wire){.source = source, .name = name, .error = error, .buffer = buffer};
    if (source->bytes != NULL) {
        wire->window = source->bytes;
        wire->window_length = (size_t)source->size;
    } else {
        wire->window = buffer;
    }
}

/* Makes the window begin at `at`, which lies inside the source. */
static camx_status move_window(camx__wire *wire, uint64_t at)
{
    bool onward = wire->window_length > 0 && at == wire->window_at + wire->window_length;
    uint64_t left = wire->source->size - at;

    wire->step = onward ? wire->step * 2 : SMALL_STEP;
    if (wire->step > CAMX__WIRE_WINDOW)
        wire->step = CAMX__WIRE_WINDOW;
    size_t length = left < wire->step ? (size_t)left : wire->step;
    wire->window_length = 0; /* nothing, should the read fail */
    CAMX__FORWARD(wire->source->read_at(wire->source, at, length, wire->buffer, wire->error));
    wire->window_at = at;
    wire->window_length = length;
    return CAMX_OK;
}

static camx_status next_byte(camx__wire *wire, camx__span *span, uint8_t *byte)
{
    if (span->at >= span->end)
        return camx__fail(wire->error, CAMX_E_FORMAT,
                          "%.120s: damaged or cut short: at byte %" PRIu64
                          " a value goes on past its end",
                          wire->name, span->at);
    if (span->at - wire->window_at >= wire->window_length)
        CAMX__FORWARD(move_window(wire, span->at));
    *byte = wire->window[span->at - wire->window_at];
    span->at++;
    return CAMX_OK;
}

camx_status camx__wire_varint(camx__wire *wire, camx__span *span, uint64_t *value)
{
    uint64_t start = span->at;
    uint8_t byte = 0;

    *value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        CAMX__FORWARD(next_byte(wire, span, &byte));
        if (shift == 63 && byte > 1)
            break;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return CAMX_OK;
    }
    return camx__fail(wire->error, CAMX_E_FORMAT,
                      "%.120s: damaged: the number at byte %" PRIu64 " has more than 64 bits",
                      wire->name, start);
}

static camx_status fixed(camx__wire *wire, camx__span *span, unsigned bytes, uint64_t *value)
{
    uint8_t byte = 0;

    *value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        CAMX__FORWARD(next_byte(wire, span, &byte));
        *value |= (uint64_t)byte << (8 * i);
    }
    return CAMX_OK;
}

camx_status camx__wire_fixed32(camx__wire *wire, camx__span *span, uint64_t *value)
{
    return fixed(wire, span, 4, value);
}

camx_status camx__wire_fixed64(camx__wire *wire, camx__span *span, uint64_t *value)
{
    return fixed(wire, span, 8, value);
}

static camx_status bytes_field(camx__wire *wire, camx__span *span, camx__field *field)
{
    uint64_t start = span->at;
    uint64_t length = 0;

    CAMX__FORWARD(camx__wire_varint(wire, span, &length));
    if (length > span->end - span->at)
        return camx__fail(wire->error, CAMX_E_FORMAT,
                          "%.120s: damaged or cut short: at byte %" PRIu64 " a part of %" PRIu64
                          " bytes begins where only %" PRIu64 " are left",
                          wire->name, start, length, span->end - span->at);
    field->body = (camx__span){span->at, span->at + length};
    span->at += length;
    return CAMX_OK;
}

camx_status camx__wire_field(camx__wire *wire, camx__span *span, camx__field *field)
{
    uint64_t start = span->at;
    uint64_t tag = 0;

    CAMX__FORWARD(camx__wire_varint(wire, span, &tag));
    *field = (camx__field){.number = (uint32_t)(tag >> 3), .type = (camx__wire_type)(tag & 7)};
    if (tag > UINT32_MAX || field->number == 0)
        return camx__fail(wire->error, CAMX_E_FORMAT,
                          "%.120s: damaged: at byte %" PRIu64
                          " a field has the impossible number %" PRIu64,
                          wire->name, start, tag >> 3);
    if (field->type == CAMX__WIRE_BYTES)
        return bytes_field(wire, span, field);
    field->body.at = span->at;
    camx_status status = CAMX_OK;
    if (field->type == CAMX__WIRE_VARINT)
        status = camx__wire_varint(wire, span, &field->value);
    else if (field->type == CAMX__WIRE_FIXED32)
        status = camx__wire_fixed32(wire, span, &field->value);
    else if (field->type == CAMX__WIRE_FIXED64)
        status = camx__wire_fixed64(wire, span, &field->value);
    else
        status = camx__fail(wire->error, CAMX_E_FORMAT,
                            "%.120s: damaged: at byte %" PRIu64 " a field has the wire type %u",
                            wire->name, start, (unsigned)(tag & 7));
    field->body.end = span->at;
    return status;
}

camx_status camx__wire_copy(camx__wire *wire, camx__span span, void *destination)
{
    uint8_t *to = destination;

    while (span.at < span.end) {
        uint64_t skip = span.at - wire->window_at;
        uint64_t wanted = span.end - span.at;
        if (skip >= wire->window_length) {
            if (wanted >= CAMX__WIRE_WINDOW)
                return wire->source->read_at(wire->source, span.at, (size_t)wanted, to,
                                             wire->error);
            CAMX__FORWARD(move_window(wire, span.at));
            continue;
        }
        size_t length = wire->window_length - (size_t)skip;
        if (length > wanted)
            length = (size_t)wanted;
        memcpy(to, wire->window + skip, length);
        to += length;
        span.at += length;
    }
    return CAMX_OK;
}

camx_status camx__wire_expect(camx__wire *wire, const camx__field *field, camx__wire_type type)
{
    if (field->type == type)
        return CAMX_OK;
    return camx__fail(
        wire->error, CAMX_E_FORMAT,
        "%.120s: damaged: before byte %" PRIu64 " field %u has the wire type %u instead of %u",
        wire->name, field->body.end, field->number, (unsigned)field->type, (unsigned)type);
}
