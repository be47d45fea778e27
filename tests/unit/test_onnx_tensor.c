/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors: every way to store elements, every type, ranges, and declarations that do not hold. */
#include <math.h>

#include "onnx_support.h"

/* A model whose only content is this TensorProto, as initialiser number 0. */
static onnx_bytes model_of(onnx_bytes *tensor)
{
    onnx_writer w;

    onnx_writer_begin(&w, 8, 17);
    onnx_writer_tensor(&w, tensor);
    return onnx_writer_end(&w);
}

static onnx_bytes head(int elem, size_t rank, const int64_t *dims)
{
    onnx_bytes tensor = {NULL, 0, 0};

    onnx_tensor_head(&tensor, "t", elem, rank, dims);
    return tensor;
}

static void open_tensor(opened *it, onnx_bytes *tensor)
{
    onnx_bytes file = model_of(tensor);

    open_good(it, &file);
    ck_assert_uint_eq(it->file->initialiser_count, 1);
}

static void refuse_tensor(onnx_bytes *tensor, camx_status status, const char *words)
{
    onnx_bytes file = model_of(tensor);

    expect_refused(&file, status, words);
}

/* Reads the whole tensor, and every range of it, and compares. */
static void expect_reals(opened *it, size_t count, const double *wanted)
{
    const camx__onnx_tensor *tensor = &it->file->initialisers[0];
    real out[16];

    ck_assert_int_eq(tensor->count, (int64_t)count);
    for (size_t first = 0; first <= count; first++) {
        for (size_t some = 0; first + some <= count; some++) {
            memset(out, 0xFF, sizeof out);
            ck_assert_int_eq(
                camx__onnx_read_reals(it->file, tensor, (int64_t)first, (int64_t)some, out, NULL),
                CAMX_OK);
            for (size_t i = 0; i < some; i++)
                ck_assert_msg((double)out[i] == (double)(real)wanted[first + i] ||
                                  (isnan((double)out[i]) && isnan(wanted[first + i])),
                              "element %zu: %g instead of %g", first + i, (double)out[i],
                              wanted[first + i]);
        }
    }
    close_opened(it);
}

static void expect_ints(opened *it, size_t count, const int64_t *wanted)
{
    const camx__onnx_tensor *tensor = &it->file->initialisers[0];
    int64_t out[16];

    for (size_t first = 0; first < count; first++) {
        ck_assert_int_eq(camx__onnx_read_ints(it->file, tensor, (int64_t)first,
                                              (int64_t)(count - first), out, NULL),
                         CAMX_OK);
        for (size_t i = first; i < count; i++)
            ck_assert_msg(out[i - first] == wanted[i], "element %zu: %lld", i,
                          (long long)out[i - first]);
    }
}

START_TEST(raw_floats)
{
    static const float values[6] = {1.5F, -2.0F, 0.0F, 3e38F, 1e-45F, -0.25F};
    onnx_bytes t = head(1, 2, (int64_t[]){2, 3});
    opened it;

    onnx_tensor_raw(&t, values, 6, 4);
    open_tensor(&it, &t);
    ck_assert_uint_eq(it.file->initialisers[0].rank, 2);
    ck_assert_int_eq(it.file->initialisers[0].dims[1], 3);
    ck_assert_uint_eq(it.file->initialiser_bytes, 24);
    ck_assert_ptr_nonnull(it.file->initialisers[0].source);
    expect_reals(&it, 6, (double[]){1.5, -2.0, 0.0, 3e38F, 1e-45F, -0.25});
}
END_TEST

START_TEST(raw_ints)
{
    static const int64_t wide[3] = {INT64_MIN, -1, INT64_MAX};
    static const int32_t medium[3] = {INT32_MIN, -1, INT32_MAX};
    static const int16_t narrow[3] = {INT16_MIN, -1, INT16_MAX};
    static const int8_t tiny[3] = {-128, -1, 127};
    static const struct {
        int elem;
        size_t size;
        const void *values;
        int64_t wanted[3];
    } cases[] = {
        {7, 8, wide, {INT64_MIN, -1, INT64_MAX}},
        {6, 4, medium, {INT32_MIN, -1, INT32_MAX}},
        {5, 2, narrow, {INT16_MIN, -1, INT16_MAX}},
        {3, 1, tiny, {-128, -1, 127}},
        {2, 1, tiny, {128, 255, 127}},
        {4, 2, narrow, {32768, 65535, 32767}},
        {12, 4, medium, {2147483648, 4294967295, 2147483647}},
        {9, 1, tiny, {1, 1, 1}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        onnx_bytes t = head(cases[i].elem, 1, (int64_t[]){3});
        double wanted[3];
        opened it;
        onnx_tensor_raw(&t, cases[i].values, 3, cases[i].size);
        open_tensor(&it, &t);
        expect_ints(&it, 3, cases[i].wanted);
        for (size_t k = 0; k < 3; k++)
            wanted[k] = (double)cases[i].wanted[k];
        expect_reals(&it, 3, wanted);
    }
}
END_TEST

START_TEST(large_uint64)
{
    static const uint64_t values[2] = {5, (uint64_t)INT64_MAX + 1};
    onnx_bytes t = head(13, 1, (int64_t[]){2});
    int64_t out[2] = {0, 0};
    opened it;

    onnx_tensor_raw(&t, values, 2, 8);
    open_tensor(&it, &t);
    const camx__onnx_tensor *tensor = &it.file->initialisers[0];
    ck_assert_int_eq(camx__onnx_read_ints(it.file, tensor, 0, 1, out, &it.error), CAMX_OK);
    ck_assert_int_eq(out[0], 5);
    ck_assert_int_eq(camx__onnx_read_ints(it.file, tensor, 0, 2, out, &it.error),
                     CAMX_E_UNSUPPORTED);
    close_opened(&it);
}
END_TEST

START_TEST(halves)
{
    static const uint16_t half[8] = {0x3C00, 0xC000, 0x7BFF, 0x0001,
                                     0x8000, 0x7C00, 0xFE00, 0x03FF};
    static const uint16_t brain[4] = {0x3F80, 0xC000, 0x7F80, 0x0001};
    onnx_bytes t = head(10, 1, (int64_t[]){8});
    opened it;

    onnx_tensor_raw(&t, half, 8, 2);
    open_tensor(&it, &t);
    expect_reals(&it, 8, (double[]){1, -2, 65504, 0x1p-24, -0.0, INFINITY, NAN, 1023 * 0x1p-24});
    t = head(16, 1, (int64_t[]){4});
    onnx_tensor_raw(&t, brain, 4, 2);
    open_tensor(&it, &t);
    expect_reals(&it, 4, (double[]){1, -2, INFINITY, 0x1p-133});
    t = head(10, 1, (int64_t[]){2}); /* the bits of float16 in int32_data */
    onnx_field_packed(&t, 5, 2, (int64_t[]){0x3C00, 0xC000});
    open_tensor(&it, &t);
    expect_reals(&it, 2, (double[]){1, -2});
}
END_TEST

START_TEST(doubles)
{
    static const double values[2] = {0.1, -1e300};
    onnx_bytes t = head(11, 1, (int64_t[]){2});
    opened it;

    onnx_tensor_raw(&t, values, 2, 8);
    open_tensor(&it, &t);
    expect_reals(&it, 2, values);
    t = head(11, 1, (int64_t[]){2});
    onnx_put_tag(&t, 10, 2); /* double_data */
    onnx_put_varint(&t, 16);
    for (size_t i = 0; i < 2; i++) {
        uint64_t bits = 0;
        memcpy(&bits, &values[i], 8);
        onnx_put_little(&t, bits, 8);
    }
    open_tensor(&it, &t);
    ck_assert_ptr_nonnull(it.file->initialisers[0].source);
    expect_reals(&it, 2, values);
    t = head(11, 1, (int64_t[]){2}); /* the same as single elements, and an empty packed piece */
    for (size_t i = 0; i < 2; i++) {
        uint64_t bits = 0;
        memcpy(&bits, &values[i], 8);
        onnx_put_tag(&t, 10, 1);
        onnx_put_little(&t, bits, 8);
        onnx_field_bytes(&t, 10, "", 0);
    }
    open_tensor(&it, &t);
    expect_reals(&it, 2, values);
}
END_TEST

/* float_data: packed in one piece stays in the file; single elements or several pieces are
 * decoded. */
START_TEST(typed_floats)
{
    static const float values[5] = {1, 2, 3, 4, 5};
    static const double wanted[5] = {1, 2, 3, 4, 5};
    onnx_bytes packed = {NULL, 0, 0};
    opened it;

    for (int pieces = 0; pieces < 4;
         pieces++) { /* packed; 2 + 3; singles; a packed piece among singles */
        onnx_bytes t = head(1, 1, (int64_t[]){5});
        for (size_t i = 0; i < 5; i++) {
            uint32_t bits = 0;
            memcpy(&bits, &values[i], 4);
            bool alone = pieces == 2 || (pieces == 3 && (i == 0 || i == 4));
            if (alone) {
                onnx_field_float(&t, 4, values[i]);
                continue;
            }
            onnx_put_little(&packed, bits, 4);
            if (i == 4 || (pieces == 1 && i == 1) || (pieces == 3 && i == 3))
                onnx_field_message(&t, 4, &packed);
        }
        open_tensor(&it, &t);
        ck_assert((it.file->initialisers[0].source != NULL) == (pieces == 0));
        expect_reals(&it, 5, wanted);
    }
    onnx_bytes scalar = head(1, 0, NULL);
    onnx_field_float(&scalar, 4, 7);
    open_tensor(&it, &scalar);
    expect_reals(&it, 1, (double[]){7});
}
END_TEST

START_TEST(typed_ints)
{
    static const struct {
        int elem;
        uint32_t field;
        int64_t values[3];
    } cases[] = {
        {6, 5, {INT32_MIN, -1, INT32_MAX}},
        {3, 5, {-128, -1, 127}},
        {2, 5, {0, 1, 255}},
        {5, 5, {-32768, -1, 32767}},
        {4, 5, {0, 1, 65535}},
        {7, 7, {INT64_MIN, -1, INT64_MAX}},
        {9, 5, {0, 1, 1}},
        {12, 11, {0, 1, 4294967295}},
        {13, 11, {0, 1, INT64_MAX}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int packed = 0; packed < 2; packed++) {
            onnx_bytes t = head(cases[i].elem, 1, (int64_t[]){3});
            opened it;
            if (packed)
                onnx_field_packed(&t, cases[i].field, 3, cases[i].values);
            for (size_t k = 0; !packed && k < 3; k++)
                onnx_field_varint(&t, cases[i].field, (uint64_t)cases[i].values[k]);
            open_tensor(&it, &t);
            expect_ints(&it, 3, cases[i].values);
            close_opened(&it);
        }
    }
    /* -1 as 32 bits only */
    onnx_bytes t = head(6, 1, (int64_t[]){1});
    opened it;
    onnx_field_varint(&t, 5, 0xFFFFFFFFu);
    open_tensor(&it, &t);
    expect_ints(&it, 1, (int64_t[]){-1});
    close_opened(&it);
}
END_TEST

START_TEST(elements_out_of_range)
{
    static const struct {
        int elem;
        uint32_t field;
        int64_t value;
    } cases[] = {{3, 5, 128},         {3, 5, -129},        {2, 5, 256},    {2, 5, -1},
                 {5, 5, 32768},       {4, 5, 65536},       {10, 5, 65536}, {6, 5, 4294967296},
                 {6, 5, -2147483649}, {12, 11, 4294967296}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        onnx_bytes t = head(cases[i].elem, 1, (int64_t[]){1});
        onnx_field_varint(&t, cases[i].field, (uint64_t)cases[i].value);
        refuse_tensor(&t, CAMX_E_FORMAT, "number 0");
    }
}
END_TEST

START_TEST(wrong_amounts)
{
    static const float values[4] = {1, 2, 3, 4};
    onnx_bytes t = head(1, 2, (int64_t[]){2, 3});

    onnx_tensor_raw(&t, values, 4, 4);
    refuse_tensor(&t, CAMX_E_FORMAT,
                  "initialiser 't' declares 6 elements of type float but holds 16 bytes; the file "
                  "is damaged");
    t = head(1, 1, (int64_t[]){3}); /* too much is as wrong */
    onnx_tensor_raw(&t, values, 4, 4);
    refuse_tensor(&t, CAMX_E_FORMAT, "holds 16 bytes");
    t = head(1, 1, (int64_t[]){1}); /* no whole number of elements */
    onnx_field_bytes(&t, 9, "abcde", 5);
    refuse_tensor(&t, CAMX_E_FORMAT, "holds 5 bytes");
    t = head(1, 1, (int64_t[]){1});
    refuse_tensor(&t, CAMX_E_FORMAT, "holds 0 bytes");
    t = head(1, 1, (int64_t[]){1});
    onnx_field_bytes(&t, 4, "abcde", 5);
    refuse_tensor(&t, CAMX_E_FORMAT, "in 5 bytes");
    t = head(7, 1, (int64_t[]){3});
    onnx_field_packed(&t, 7, 2, (int64_t[]){1, 2});
    refuse_tensor(&t, CAMX_E_FORMAT, "holds 2 elements");
    t = head(7, 1, (int64_t[]){1}); /* a packed number that is cut off */
    onnx_field_bytes(&t, 7, "\x80", 1);
    refuse_tensor(&t, CAMX_E_FORMAT, "cut short");
}
END_TEST

START_TEST(wrong_declarations)
{
    static const float value = 1;
    onnx_bytes t = head(1, 1, (int64_t[]){-1});

    refuse_tensor(&t, CAMX_E_FORMAT, "declares a dimension of -1");
    t = head(1, 1, (int64_t[]){(int64_t)1 << 31});
    refuse_tensor(&t, CAMX_E_FORMAT, "2147483648");
    t = head(1, 9, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1});
    onnx_tensor_raw(&t, &value, 1, 4);
    refuse_tensor(&t, CAMX_E_UNSUPPORTED, "more than 8 dimensions");
    t = head(1, 3, (int64_t[]){INT32_MAX, INT32_MAX, INT32_MAX});
    refuse_tensor(&t, CAMX_E_FORMAT, "more elements than");
    t = head(7, 2, (int64_t[]){INT32_MAX, INT32_MAX}); /* the count fits, the bytes do not */
    refuse_tensor(&t, CAMX_E_FORMAT, "more elements than");
    t = head(1, 4,
             (int64_t[]){INT32_MAX, INT32_MAX, INT32_MAX, 0}); /* a zero does not hide nonsense */
    refuse_tensor(&t, CAMX_E_FORMAT, "more elements than");
    t = head(0, 1, (int64_t[]){1});
    refuse_tensor(&t, CAMX_E_FORMAT, "which type");
    t = head(8, 1, (int64_t[]){1});
    onnx_field_text(&t, 6, "text");
    refuse_tensor(&t, CAMX_E_UNSUPPORTED, "type string");
    t = head(14, 1, (int64_t[]){1});
    refuse_tensor(&t, CAMX_E_UNSUPPORTED, "type complex64");
    t = head(17, 1, (int64_t[]){1});
    refuse_tensor(&t, CAMX_E_UNSUPPORTED, "type float8e4m3fn");
    t = head(99, 1, (int64_t[]){1});
    refuse_tensor(&t, CAMX_E_UNSUPPORTED, "an unknown type (99)");
    t = head(1, 1, (int64_t[]){1});
    onnx_field_bytes(&t, 3, "", 0);
    refuse_tensor(&t, CAMX_E_UNSUPPORTED, "segments");
}
END_TEST

START_TEST(wrong_fields)
{
    static const float value = 1;
    onnx_bytes t = head(1, 1, (int64_t[]){1});

    onnx_tensor_raw(&t, &value, 1, 4); /* raw and typed */
    onnx_field_float(&t, 4, 1);
    refuse_tensor(&t, CAMX_E_FORMAT, "twice");
    t = head(1, 1, (int64_t[]){1}); /* the field of another type */
    onnx_field_varint(&t, 7, 1);
    refuse_tensor(&t, CAMX_E_FORMAT, "not for type float");
    t = head(1, 1, (int64_t[]){2});
    onnx_field_float(&t, 4, 1);
    onnx_field_varint(&t, 7, 1);
    refuse_tensor(&t, CAMX_E_FORMAT, "two fields");
    t = head(1, 1, (int64_t[]){1}); /* wire types that do not belong */
    onnx_field_varint(&t, 9, 1);
    refuse_tensor(&t, CAMX_E_FORMAT, "wire type");
    t = head(1, 1, (int64_t[]){1});
    onnx_field_varint(&t, 4, 1);
    refuse_tensor(&t, CAMX_E_FORMAT, "wire type");
    t = head(1, 1, (int64_t[]){1});
    onnx_field_varint(&t, 8, 1);
    refuse_tensor(&t, CAMX_E_FORMAT, "wire type");
    t = head(1, 1, (int64_t[]){1});
    onnx_field_float(&t, 1, 1);
    refuse_tensor(&t, CAMX_E_FORMAT, "wire type");
}
END_TEST

START_TEST(odd_but_good)
{
    static const float values[2] = {3, 4};
    onnx_bytes t = {NULL, 0, 0};
    opened it;

    /* Data first, packed dims, unknown fields, a type said twice: the last one counts. */
    onnx_tensor_raw(&t, values, 2, 4);
    onnx_field_text(&t, 12, "a comment");
    onnx_field_varint(&t, 2, 7);
    onnx_field_packed(&t, 1, 2, (int64_t[]){1, 2});
    onnx_field_varint(&t, 1000, 1);
    onnx_field_float(&t, 1001, 1);
    onnx_field_text(&t, 8, "t");
    onnx_field_varint(&t, 2, 1);
    open_tensor(&it, &t);
    ck_assert_uint_eq(it.file->initialisers[0].rank, 2);
    expect_reals(&it, 2, (double[]){3, 4});
    t = head(1, 2, (int64_t[]){0, 5}); /* nothing in it, and nothing needed */
    open_tensor(&it, &t);
    expect_reals(&it, 0, NULL);
}
END_TEST

START_TEST(ranges)
{
    static const float values[2] = {3, 4};
    onnx_bytes t = head(1, 1, (int64_t[]){2});
    real out[2];
    int64_t ints[2];
    opened it;

    onnx_tensor_raw(&t, values, 2, 4);
    open_tensor(&it, &t);
    const camx__onnx_tensor *tensor = &it.file->initialisers[0];
    ck_assert_int_eq(camx__onnx_read_reals(it.file, tensor, 1, 2, out, &it.error), CAMX_E_INTERNAL);
    ck_assert_int_eq(camx__onnx_read_reals(it.file, tensor, -1, 1, out, &it.error),
                     CAMX_E_INTERNAL);
    ck_assert_int_eq(camx__onnx_read_reals(it.file, tensor, 3, 0, out, &it.error), CAMX_E_INTERNAL);
    ck_assert_int_eq(camx__onnx_read_reals(it.file, tensor, 1, INT64_MAX, out, &it.error),
                     CAMX_E_INTERNAL);
    ck_assert_int_eq(camx__onnx_read_ints(it.file, tensor, 0, 1, ints, &it.error),
                     CAMX_E_UNSUPPORTED);
    close_opened(&it);
}
END_TEST

/* More elements than are converted at a time. */
START_TEST(many)
{
    const int64_t count = 100003;
    uint16_t *values = malloc((size_t)count * sizeof *values);
    real *out = malloc((size_t)count * sizeof *out);
    onnx_bytes t = head(4, 1, &count);
    opened it;

    for (int64_t i = 0; i < count; i++)
        values[i] = (uint16_t)(i * 31);
    onnx_tensor_raw(&t, values, (size_t)count, 2);
    open_tensor(&it, &t);
    ck_assert_int_eq(
        camx__onnx_read_reals(it.file, &it.file->initialisers[0], 1, count - 1, out, NULL),
        CAMX_OK);
    int64_t wrong = 0;
    for (int64_t i = 1; i < count; i++)
        wrong += out[i - 1] != (real)values[i];
    ck_assert_int_eq(wrong, 0);
    close_opened(&it);
    free(out);
    free(values);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onnx_tensor");
    TCase *all = tcase_create("all");

    tcase_add_test(all, raw_floats);
    tcase_add_test(all, raw_ints);
    tcase_add_test(all, large_uint64);
    tcase_add_test(all, halves);
    tcase_add_test(all, doubles);
    tcase_add_test(all, typed_floats);
    tcase_add_test(all, typed_ints);
    tcase_add_test(all, elements_out_of_range);
    tcase_add_test(all, wrong_amounts);
    tcase_add_test(all, wrong_declarations);
    tcase_add_test(all, wrong_fields);
    tcase_add_test(all, odd_but_good);
    tcase_add_test(all, ranges);
    tcase_add_test(all, many);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
