/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of the camx program that can be tested by themselves: option values, texts, near names,
 * JSON.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "growing_text.h"
#include "json.h"
#include "option_values.h"

START_TEST(integers_are_read_to_the_last_letter)
{
    int32_t n = 7;

    ck_assert_int_eq(value_int("12", 0, 100, &n), 1);
    ck_assert_int_eq(n, 12);
    ck_assert_int_eq(value_int("-3", -5, 100, &n), 1);
    ck_assert_int_eq(n, -3);
    const char *wrong[] = {"",     " 1",  "1 ", "1x", "x", "101", "-6", "99999999999999999999",
                           "0x10", "1.0", "+"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(!value_int(wrong[i], -5, 100, &n), "'%s' was taken", wrong[i]);
    }
    ck_assert_int_eq(n, -3);
}
END_TEST

START_TEST(numbers_are_finite_decimals)
{
    float f = 7;

    ck_assert_int_eq(value_float("0.25", 0, 1, &f), 1);
    ck_assert(f == 0.25f);
    ck_assert_int_eq(value_float("1e-2", 0, 1, &f), 1);
    const char *wrong[] = {"",     "nan", "inf", "0x1p2", "1,5",   "1.5",
                           "-0.5", ".",   "e",   "1e",    "1e999", "1f"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(!value_float(wrong[i], 0, 1, &f), "'%s' was taken", wrong[i]);
    }
}
END_TEST

START_TEST(sizes_lists_and_bytes)
{
    int32_t w;
    int32_t h;
    float list[4];
    int count;
    uint64_t bytes;

    ck_assert(value_size("224", 999, &w, &h) && w == 224 && h == 224);
    ck_assert(value_size("320x240", 999, &w, &h) && w == 320 && h == 240);
    ck_assert(!value_size("320x", 999, &w, &h) && !value_size("x240", 999, &w, &h));
    ck_assert(!value_size("1000", 999, &w, &h) && !value_size("0", 999, &w, &h));
    ck_assert(value_floats("1,2.5,-3", 4, list, &count) && count == 3 && list[2] == -3);
    ck_assert(!value_floats("1,2,3,4,5", 4, list, &count) && !value_floats("1,", 4, list, &count));
    ck_assert(value_bytes("800M", &bytes) && bytes == 800ull << 20);
    ck_assert(value_bytes("0", &bytes) && bytes == 0);
    ck_assert(!value_bytes("4T", &bytes) && !value_bytes("-1", &bytes) &&
              !value_bytes("M", &bytes));
}
END_TEST

START_TEST(colours)
{
    uint8_t rgb[3];

    ck_assert(value_colour("1,2,255", rgb) && rgb[0] == 1 && rgb[1] == 2 && rgb[2] == 255);
    ck_assert(value_colour("#Ff8000", rgb) && rgb[0] == 255 && rgb[1] == 128 && rgb[2] == 0);
    ck_assert(!value_colour("1,2", rgb) && !value_colour("1,2,3,4", rgb) &&
              !value_colour("1,2,256", rgb));
    ck_assert(!value_colour("#12345", rgb) && !value_colour("#-12345", rgb) &&
              !value_colour("", rgb));
}
END_TEST

START_TEST(utf8_is_told_from_other_bytes)
{
    ck_assert_uint_eq(utf8_sequence("a"), 1);
    ck_assert_uint_eq(utf8_sequence("\xC3\xA9"), 2);
    ck_assert_uint_eq(utf8_sequence("\xE2\x82\xAC"), 3);
    ck_assert_uint_eq(utf8_sequence("\xF0\x9F\x98\x80"), 4);
    const char *wrong[] = {
        "\x80",         "\xC0\xAF",         "\xC1\x81",         "\xE0\x80\x80",
        "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xC3",         "\xE2\x82",         "\xF0\x9F\x98",     "\xFF"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_uint_eq(utf8_sequence(wrong[i]), 0);
    }
    ck_assert_uint_eq(utf8_columns("a\xC3\xA9\xE2\x82\xAC"), 3);
}
END_TEST

START_TEST(terminals_are_safe_from_names)
{
    text t = {0};

    text_put_clean(&t, "a\033[2J\xC2\x9B\x80\n\t\x7F\xC3\xA9", 0);
    ck_assert_str_eq(text_string(&t), "a?[2J?????\xC3\xA9");
    text_clear(&t);
    text_put_clean(&t, "a\n\tb", 1);
    ck_assert_str_eq(text_string(&t), "a\n\tb");
    text_free(&t);
    ck_assert_str_eq(text_string(&t), "");
}
END_TEST

START_TEST(texts_grow)
{
    text t = {0};

    for (int i = 0; i < 1000; i++) {
        text_format(&t, "%d,", i);
    }
    ck_assert(!t.failed);
    ck_assert_uint_eq(t.length, 10 * 2 + 90 * 3 + 900 * 4);
    ck_assert_str_eq(t.bytes + t.length - 8, "998,999,");
    text_free(&t);
}
END_TEST

START_TEST(names_and_near_names)
{
    ck_assert(string_same("Tabby", "tABBY") && !string_same("tabby", "tabb") &&
              !string_same("a", "ab"));
    ck_assert_str_eq(string_find("Egyptian cat", "CAT"), "cat");
    ck_assert_ptr_null(string_find("Egyptian cat", "dog"));
    ck_assert_uint_eq(name_distance("alpha", "alhpa", 9), 2);
    ck_assert_uint_eq(name_distance("alpha", "Alpha", 9), 0);
    ck_assert_uint_eq(name_distance("alpha", "", 9), 5);
    ck_assert_uint_eq(name_distance("kitten", "sitting", 9), 3);
    ck_assert_uint_eq(name_distance("alpha", "zzzzzzzzz", 4), 4);
}
END_TEST

START_TEST(json_escapes_everything)
{
    json j = {0};

    json_open_object(&j, NULL);
    json_text(&j, "a\"\\", "\x01\n\t\x7F\xFF\xC3\xA9\"");
    json_text(&j, "none", NULL);
    json_close(&j);
    ck_assert_str_eq(text_string(&j.out),
                     "{\n  \"a\\\"\\\\\": \"\\u0001\\n\\t\\u007f\\ufffd\xC3\xA9\\\"\",\n"
                     "  \"none\": null\n}\n");
    json_free(&j);
}
END_TEST

START_TEST(json_numbers_and_levels)
{
    const int64_t shape[2] = {1, -1};
    json j = {0};

    json_open_object(&j, NULL);
    json_open_array(&j, "list");
    json_float(&j, NULL, (double)NAN);
    json_float(&j, NULL, -(double)INFINITY);
    json_float(&j, NULL, 0.5);
    json_float(&j, NULL, (double)0.1f);
    json_open_object(&j, NULL);
    json_unwind(&j, 1);
    json_ints(&j, "shape", shape, 2);
    json_bool(&j, "yes", 3);
    json_uint(&j, "big", UINT64_MAX);
    json_unwind(&j, 0);
    ck_assert_str_eq(
        text_string(&j.out),
        "{\n  \"list\": [\n    null,\n    null,\n    0.5,\n    0.100000001,\n    {}\n  ],\n"
        "  \"shape\": [1, -1],\n  \"yes\": true,\n  \"big\": 18446744073709551615\n}\n");
    json_free(&j);
}
END_TEST

START_TEST(json_can_be_muted)
{
    json j = {0};

    j.muted = 1;
    json_open_object(&j, NULL);
    json_text(&j, "a", "b");
    json_close(&j);
    json_unwind(&j, 0);
    ck_assert_uint_eq(j.out.length, 0);
    json_free(&j);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("program parts");
    TCase *values = tcase_create("values");
    TCase *texts = tcase_create("texts");
    TCase *documents = tcase_create("json");
    SRunner *runner;
    int failed;

    tcase_add_test(values, integers_are_read_to_the_last_letter);
    tcase_add_test(values, numbers_are_finite_decimals);
    tcase_add_test(values, sizes_lists_and_bytes);
    tcase_add_test(values, colours);
    tcase_add_test(texts, utf8_is_told_from_other_bytes);
    tcase_add_test(texts, terminals_are_safe_from_names);
    tcase_add_test(texts, texts_grow);
    tcase_add_test(texts, names_and_near_names);
    tcase_add_test(documents, json_escapes_everything);
    tcase_add_test(documents, json_numbers_and_levels);
    tcase_add_test(documents, json_can_be_muted);
    suite_add_tcase(suite, values);
    suite_add_tcase(suite, texts);
    suite_add_tcase(suite, documents);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
