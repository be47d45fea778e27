/* SPDX-License-Identifier: Apache-2.0 */
/* Elements as numbers. Files are little-endian; decoded elements are native. */
#include "onnx/onnx_reader.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"

#define PIECE_BYTES 16384 /* read and converted at a time, on the stack */

typedef struct elem_facts {
    const char *name;
    uint8_t size; /* 0: tensors of this type are not taken */
} elem_facts;

static const elem_facts facts[] = {
    {"undefined", 0},      {"float", 4},        {"uint8", 1},          {"int8", 1},
    {"uint16", 2},         {"int16", 2},        {"int32", 4},          {"int64", 8},
    {"string", 0},         {"bool", 1},         {"float16", 2},        {"double", 8},
    {"uint32", 4},         {"uint64", 8},       {"complex64", 0},      {"complex128", 0},
    {"bfloat16", 2},       {"float8e4m3fn", 0}, {"float8e4m3fnuz", 0}, {"float8e5m2", 0},
    {"float8e5m2fnuz", 0}, {"uint4", 0},        {"int4", 0},           {"float4e2m1", 0}};

size_t camx__onnx_elem_size(int32_t elem)
{
    return elem >= 0 && (size_t)elem < sizeof facts / sizeof facts[0] ? facts[elem].size : 0;
}

const char *camx__onnx_elem_name(int32_t elem)
{
    return elem >= 0 && (size_t)elem < sizeof facts / sizeof facts[0] ? facts[elem].name
                                                                      : "an unknown type";
}

static bool is_float(int32_t elem)
{
    return elem == CAMX__ONNX_FLOAT || elem == CAMX__ONNX_FLOAT16 || elem == CAMX__ONNX_DOUBLE ||
           elem == CAMX__ONNX_BFLOAT16;
}

static bool host_is_little(void)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

static float float_from_bits(uint32_t bits)
{
    float value = 0;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16: subnormals are exact multiples of 2^-24; infinities and NaNs keep their
 * kind. */
static float float_from_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1Fu;
    uint32_t fraction = half & 0x3FFu;

    if (exponent == 0) {
        float tiny = (float)fraction * 0x1p-24f;
        return sign != 0 ? -tiny : tiny;
    }
    uint32_t wide = exponent == 31 ? 0xFFu : exponent + 127 - 15;
    return float_from_bits(sign | (wide << 23) | (fraction << 13));
}

/* One element of up to 8 bytes as an unsigned number; `little` is its byte order. */
static uint64_t bits_at(const uint8_t *bytes, size_t size, bool little)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t)bytes[little ? i : size - 1 - i] << (8 * i);
    return bits;
}

static real real_from(int32_t elem, uint64_t bits)
{
    double wide = 0;

    switch (elem) {
    case CAMX__ONNX_FLOAT:
        return (real)float_from_bits((uint32_t)bits);
    case CAMX__ONNX_BFLOAT16:
        return (real)float_from_bits((uint32_t)bits << 16);
    case CAMX__ONNX_FLOAT16:
        return (real)float_from_half((uint16_t)bits);
    case CAMX__ONNX_DOUBLE:
        memcpy(&wide, &bits, sizeof wide);
        return (real)wide;
    case CAMX__ONNX_INT8:
        return (real)(int8_t)bits;
    case CAMX__ONNX_INT16:
        return (real)(int16_t)bits;
    case CAMX__ONNX_INT32:
        return (real)(int32_t)bits;
    case CAMX__ONNX_INT64:
        return (real)(int64_t)bits;
    case CAMX__ONNX_BOOL:
        return (real)(bits != 0);
    default: /* unsigned */
        return (real)bits;
    }
}

/* False if the number does not fit: a uint64 past INT64_MAX. */
static bool int_from(int32_t elem, uint64_t bits, int64_t *number)
{
    switch (elem) {
    case CAMX__ONNX_INT8:
        *number = (int8_t)bits;
        return true;
    case CAMX__ONNX_INT16:
        *number = (int16_t)bits;
        return true;
    case CAMX__ONNX_INT32:
        *number = (int32_t)bits;
        return true;
    case CAMX__ONNX_INT64:
        *number = (int64_t)bits;
        return true;
    case CAMX__ONNX_BOOL:
        *number = bits != 0;
        return true;
    default: /* unsigned */
        *number = (int64_t)bits;
        return bits <= INT64_MAX;
    }
}

static camx_status check_range(const camx__onnx_file *file, const camx__onnx_tensor *tensor,
                               int64_t first, int64_t count, camx_error *error)
{
    if (first >= 0 && count >= 0 && first <= tensor->count && count <= tensor->count - first)
        return CAMX_OK;
    return camx__fail(error, CAMX_E_INTERNAL,
                      "%.120s: %" PRId64 " elements from number %" PRId64
                      " on were wanted of the tensor '%.100s'; it has %" PRId64,
                      file->name, count, first, tensor->name, tensor->count);
}

/* Fetches some elements as they are stored; *little is their byte order then. */
static camx_status fetch(const camx__onnx_tensor *tensor, int64_t first, size_t bytes, void *to,
                         bool *little, camx_error *error)
{
    uint64_t skip = (uint64_t)first * camx__onnx_elem_size(tensor->elem);

    *little = tensor->source != NULL || host_is_little();
    if (tensor->source != NULL)
        return tensor->source->read_at(tensor->source, tensor->offset + skip, bytes, to, error);
    memcpy(to, (const uint8_t *)tensor->parsed + skip, bytes);
    return CAMX_OK;
}

/* Elements that are stored as the host holds a `real` go straight to their place. */
static bool reads_directly(const camx__onnx_tensor *tensor)
{
    int32_t own = sizeof(real) == sizeof(float) ? CAMX__ONNX_FLOAT : CAMX__ONNX_DOUBLE;

    return tensor->elem == own && (tensor->source == NULL || host_is_little());
}

camx_status camx__onnx_read_reals(const camx__onnx_file *file, const camx__onnx_tensor *tensor,
                                  int64_t first, int64_t count, real *out, camx_error *error)
{
    uint8_t piece[PIECE_BYTES];
    size_t size = camx__onnx_elem_size(tensor->elem);
    bool little = true;

    CAMX__FORWARD(check_range(file, tensor, first, count, error));
    if (count == 0)
        return CAMX_OK;
    if (reads_directly(tensor))
        return fetch(tensor, first, (size_t)count * size, out, &little, error);
    while (count > 0) {
        int64_t here =
            count < (int64_t)(PIECE_BYTES / size) ? count : (int64_t)(PIECE_BYTES / size);
        CAMX__FORWARD(fetch(tensor, first, (size_t)here * size, piece, &little, error));
        for (int64_t i = 0; i < here; i++)
            out[i] = real_from(tensor->elem, bits_at(piece + (size_t)i * size, size, little));
        out += here;
        first += here;
        count -= here;
    }
    return CAMX_OK;
}

camx_status camx__onnx_read_ints(const camx__onnx_file *file, const camx__onnx_tensor *tensor,
                                 int64_t first, int64_t count, int64_t *out, camx_error *error)
{
    uint8_t piece[PIECE_BYTES];
    size_t size = camx__onnx_elem_size(tensor->elem);
    bool little = true;

    if (is_float(tensor->elem))
        return camx__fail(
            error, CAMX_E_UNSUPPORTED,
            "%.120s: the tensor '%.100s' has elements of type %s where integers are needed",
            file->name, tensor->name, camx__onnx_elem_name(tensor->elem));
    CAMX__FORWARD(check_range(file, tensor, first, count, error));
    while (count > 0) {
        int64_t here =
            count < (int64_t)(PIECE_BYTES / size) ? count : (int64_t)(PIECE_BYTES / size);
        CAMX__FORWARD(fetch(tensor, first, (size_t)here * size, piece, &little, error));
        for (int64_t i = 0; i < here; i++) {
            if (!int_from(tensor->elem, bits_at(piece + (size_t)i * size, size, little), &out[i]))
                return camx__fail(error, CAMX_E_UNSUPPORTED,
                                  "%.120s: the tensor '%.100s' has a uint64 element past 2^63 - 1",
                                  file->name, tensor->name);
        }
        out += here;
        first += here;
        count -= here;
    }
    return CAMX_OK;
}
