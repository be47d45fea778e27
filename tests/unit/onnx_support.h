/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader's tests share: opening bytes with the usual limits, and a model with a bit of
 * everything. */
#ifndef CAMX_TESTS_ONNX_SUPPORT_H
#define CAMX_TESTS_ONNX_SUPPORT_H

#include <check.h>

#include "base/error.h"
#include "onnx/onnx.h"
#include "onnx_writer.h"

static inline camx_model_options usual_limits(void)
{
    return (camx_model_options){.struct_size = sizeof(camx_model_options),
                                .external_data = 1,
                                .max_file_bytes = (uint64_t)8 << 30,
                                .max_nodes = 100000,
                                .max_name_bytes = 65536};
}

/* A file that is opened, and what is needed to close it. */
typedef struct opened {
    camx__memory memory;
    camx__onnx_file *file;
    camx_status status;
    camx_error error;
} opened;

/* Frees the bytes: the reader has its own copy, unless the limits say otherwise. */
static inline void open_with(opened *it, onnx_bytes *bytes, const camx_model_options *limits)
{
    camx_model_options own = *limits;

    own.copy = 1;
    memset(it, 0, sizeof *it);
    camx__memory_init(&it->memory, NULL, 0);
    it->status =
        camx__onnx_open(&it->memory, NULL, bytes->data, bytes->size, &own, &it->file, &it->error);
    onnx_bytes_free(bytes);
}

static inline void open_bytes(opened *it, onnx_bytes *bytes)
{
    camx_model_options limits = usual_limits();

    open_with(it, bytes, &limits);
}

static inline void close_opened(opened *it)
{
    camx__onnx_close(it->file);
    it->file = NULL;
    ck_assert_uint_eq(it->memory.blocks, 0);
    ck_assert_uint_eq(it->memory.used, 0);
}

/* Opens a file that must be fine. */
static inline void open_good(opened *it, onnx_bytes *bytes)
{
    open_bytes(it, bytes);
    ck_assert_msg(it->status == CAMX_OK, "%s", it->error.message);
}

/* Opens a file that must be refused with that status and a sentence with these words in it. */
static inline void expect_refused(onnx_bytes *bytes, camx_status status, const char *words)
{
    opened it;

    open_bytes(&it, bytes);
    ck_assert_msg(it.status == status, "status %d: %s", (int)it.status, it.error.message);
    ck_assert_int_eq(it.error.status, status);
    ck_assert_ptr_null(it.file);
    ck_assert_msg(strstr(it.error.message, words) != NULL, "'%s' is not in: %s", words,
                  it.error.message);
    close_opened(&it);
}

static inline onnx_bytes small_model(void)
{
    static const float kernel[18] = {1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3, -4, -5, -6, -7, -8, -9};
    static const int64_t shape[2] = {0, -1};
    onnx_writer w;
    onnx_bytes constant = {NULL, 0, 0};

    onnx_writer_begin(&w, 8, 17);
    onnx_field_text(&w.head, 2, "hand");
    onnx_field_text(&w.head, 3, "1.0");
    onnx_writer_metadata(&w, "camx.labels", "cat\ndog");
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){-1, 1, 4, 4});
    onnx_writer_floats(&w, "kernel", 4, (int64_t[]){2, 1, 3, 3}, kernel);
    onnx_writer_ints(&w, "shape", 1, (int64_t[]){2}, shape);
    onnx_writer_node(&w, "Conv", "conv1", "x kernel -", "c");
    onnx_writer_ints_attribute(&w, "pads", 4, (int64_t[]){1, 1, 1, 1});
    onnx_writer_int_attribute(&w, "group", 1);
    onnx_writer_text_attribute(&w, "auto_pad", "NOTSET");
    onnx_writer_node(&w, "LeakyRelu", "", "c", "r");
    onnx_writer_float_attribute(&w, "alpha", 0.25F);
    onnx_writer_node(&w, "Constant", "two", "", "two");
    onnx_tensor_head(&constant, "", 1, 0, NULL);
    onnx_field_float(&constant, 4, 2.5F);
    onnx_writer_tensor_attribute(&w, "value", &constant);
    onnx_writer_node(&w, "Mul", "mul", "r two", "m");
    onnx_writer_node(&w, "Reshape", "flat", "m shape", "y");
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){-1, 32});
    return onnx_writer_end(&w);
}

/* How every test program of the reader ends: EXIT_SUCCESS if all passed. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
