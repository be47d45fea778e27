/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format: numbers, lengths, windows over files, and every way in which they can be
 * wrong. */
#include <stdio.h>
#include <unistd.h>

#include "onnx/wire.h"
#include "onnx_support.h"

typedef struct stream {
    camx__source source;
    camx__wire wire;
    camx__span span;
    camx_error error;
    onnx_bytes bytes;
} stream;

static void start(stream *s, const void *data, size_t size)
{
    memset(s, 0, sizeof *s);
    onnx_put(&s->bytes, data, size);
    camx__source_memory(&s->source, "test", s->bytes.data, s->bytes.size);
    camx__wire_init(&s->wire, &s->source, "test", NULL, &s->error);
    s->span = (camx__span){0, size};
}

static camx_status varint_of(const void *data, size_t size, uint64_t *value)
{
    stream s;

    start(&s, data, size);
    camx_status status = camx__wire_varint(&s.wire, &s.span, value);
    onnx_bytes_free(&s.bytes);
    return status;
}

START_TEST(varints)
{
    uint64_t value = 0;

    ck_assert_int_eq(varint_of("\x00", 1, &value), CAMX_OK);
    ck_assert_uint_eq(value, 0);
    ck_assert_int_eq(varint_of("\xAC\x02", 2, &value), CAMX_OK);
    ck_assert_uint_eq(value, 300);
    ck_assert_int_eq(varint_of("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, &value), CAMX_OK);
    ck_assert(value == UINT64_MAX);
    /* Longer than needed is legal, as long as it is not too long. */
    ck_assert_int_eq(varint_of("\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10, &value), CAMX_OK);
    ck_assert_uint_eq(value, 1);
}
END_TEST

START_TEST(bad_varints)
{
    uint64_t value = 0;

    ck_assert_int_eq(varint_of("", 0, &value), CAMX_E_FORMAT);
    ck_assert_int_eq(varint_of("\x80", 1, &value), CAMX_E_FORMAT);
    ck_assert_int_eq(varint_of("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10, &value),
                     CAMX_E_FORMAT);
    ck_assert_int_eq(varint_of("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00", 11, &value),
                     CAMX_E_FORMAT);
}
END_TEST

static camx_status field_of(const void *data, size_t size, camx__field *field)
{
    stream s;

    start(&s, data, size);
    camx_status status = camx__wire_field(&s.wire, &s.span, field);
    onnx_bytes_free(&s.bytes);
    return status;
}

START_TEST(fields)
{
    camx__field field;

    ck_assert_int_eq(field_of("\x08\x96\x01", 3, &field), CAMX_OK);
    ck_assert_uint_eq(field.number, 1);
    ck_assert_uint_eq(field.value, 150);
    ck_assert_int_eq(field_of("\x12\x03"
                              "abc",
                              5, &field),
                     CAMX_OK);
    ck_assert_uint_eq(field.number, 2);
    ck_assert_uint_eq(field.body.at, 2);
    ck_assert_uint_eq(field.body.end, 5);
    ck_assert_int_eq(field_of("\x1D\x01\x02\x03\x04", 5, &field), CAMX_OK);
    ck_assert_uint_eq(field.value, 0x04030201);
    ck_assert_int_eq(field_of("\x19\x01\x02\x03\x04\x05\x06\x07\x08", 9, &field), CAMX_OK);
    ck_assert(field.value == 0x0807060504030201u);
}
END_TEST

START_TEST(bad_fields)
{
    camx__field field;

    ck_assert_int_eq(field_of("\x00\x00", 2, &field), CAMX_E_FORMAT); /* field number 0 */
    for (unsigned type = 0; type < 8; type++) {
        uint8_t bytes[2] = {(uint8_t)(8 | type), 0};
        bool known = type == 0 || type == 2; /* 1 and 5 lack their bytes here */
        ck_assert_int_eq(field_of(bytes, 2, &field), known ? CAMX_OK : CAMX_E_FORMAT);
    }
    ck_assert_int_eq(field_of("\x12\x04"
                              "abc",
                              5, &field),
                     CAMX_E_FORMAT); /* a length past the end */
    ck_assert_int_eq(field_of("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"
                              "abc",
                              14, &field),
                     CAMX_E_FORMAT);
    ck_assert_int_eq(field_of("\x80\x80\x80\x80\x10\x00", 6, &field),
                     CAMX_E_FORMAT); /* number past 2^29 */
}
END_TEST

/* A file much larger than the window: numbers, jumps forward and back, and copies across its
 * edge. */
START_TEST(windows)
{
    char path[] = "/tmp/camx-wire-XXXXXX";
    int descriptor = mkstemp(path);
    const size_t count = 300000;
    uint32_t *numbers = malloc(count * sizeof *numbers);
    uint8_t *window = malloc(CAMX__WIRE_WINDOW);
    camx__source source;
    camx__wire wire;
    camx_error error;
    uint64_t value = 0;

    ck_assert_int_ge(descriptor, 0);
    for (size_t i = 0; i < count; i++) {
        uint8_t little[4] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16), 0};
        memcpy(&numbers[i], little, 4);
    }
    ck_assert_int_eq(write(descriptor, numbers, count * 4), (ssize_t)(count * 4));
    unlink(path);
    ck_assert_int_eq(camx__source_adopt(&source, descriptor, "test", 0, &error), CAMX_OK);
    camx__wire_init(&wire, &source, "test", window, &error);
    camx__span all = {0, count * 4};
    for (size_t i = 0; i < count; i++) {
        if (camx__wire_fixed32(&wire, &all, &value) != CAMX_OK || value != i)
            ck_abort_msg("number %zu is %llu", i, (unsigned long long)value);
    }
    for (size_t i = 0; i < 1000; i++) {
        size_t which = i * 7919 % count;
        camx__span one = {which * 4, which * 4 + 4};
        ck_assert_int_eq(camx__wire_fixed32(&wire, &one, &value), CAMX_OK);
        ck_assert_uint_eq(value, which);
    }
    uint32_t *copy = malloc(count * 4);
    for (size_t length = 4; length <= count * 4; length = length * 3 + 4) {
        camx__span part = {400, 400 + length > count * 4 ? count * 4 : 400 + length};
        ck_assert_int_eq(camx__wire_copy(&wire, part, copy), CAMX_OK);
        ck_assert_mem_eq(copy, numbers + 100, part.end - part.at);
    }
    camx__source_close(&source);
    free(copy);
    free(window);
    free(numbers);
}
END_TEST

START_TEST(past_the_end)
{
    camx__source source;
    camx_error error;
    uint8_t byte = 0;

    camx__source_memory(&source, "test", "abc", 3);
    ck_assert_int_eq(source.read_at(&source, 2, 1, &byte, &error), CAMX_OK);
    ck_assert_int_eq(source.read_at(&source, 3, 1, &byte, &error), CAMX_E_FORMAT);
    ck_assert_int_eq(source.read_at(&source, UINT64_MAX, 1, &byte, &error), CAMX_E_FORMAT);
    ck_assert_int_eq(source.read_at(&source, 3, 0, &byte, &error), CAMX_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onnx_wire");
    TCase *all = tcase_create("all");

    tcase_add_test(all, varints);
    tcase_add_test(all, bad_varints);
    tcase_add_test(all, fields);
    tcase_add_test(all, bad_fields);
    tcase_add_test(all, windows);
    tcase_add_test(all, past_the_end);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
