/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader against everything that can go wrong around it: files cut short at every byte, every
 * byte changed, reads that fail at every byte, memory that runs out at every allocation. Whatever
 * the reader answers, it must not crash, leak, or accept what it cannot read. Most useful under the
 * address sanitizer.
 */
#include <stdio.h>

#include "onnx_support.h"

/* Reads everything an accepted file promises: all its records and elements. */
static void use_everything(const camx__onnx_file *file)
{
    size_t sum = 0;
    real out[64];

    for (uint32_t i = 0; i < file->node_count; i++) {
        const camx__onnx_node *node = &file->nodes[i];
        sum += strlen(node->name) + strlen(node->op_type) + strlen(node->domain);
        for (uint32_t k = 0; k < node->input_count; k++)
            sum += node->inputs[k] < 0 ? 0 : strlen(file->values[node->inputs[k]].name);
        for (uint32_t k = 0; k < node->output_count; k++)
            ck_assert(node->outputs[k] < 0 || file->values[node->outputs[k]].node == (int32_t)i);
        for (uint32_t k = 0; k < node->attribute_count; k++) {
            const camx__onnx_attribute *a = &node->attributes[k];
            for (size_t j = 0; j < a->count; j++)
                sum += a->floats != NULL ? (size_t)(a->floats[j] > 0)
                       : a->ints != NULL ? (size_t)a->ints[j]
                                         : a->strings[j].length;
        }
    }
    for (uint32_t i = 0; i < file->initialiser_count; i++) {
        const camx__onnx_tensor *tensor = &file->initialisers[i];
        int64_t count = tensor->count < 64 ? tensor->count : 64;
        ck_assert_int_eq(
            camx__onnx_read_reals(file, tensor, tensor->count - count, count, out, NULL), CAMX_OK);
    }
    ck_assert(sum != SIZE_MAX);
}

static void try_bytes(const uint8_t *data, size_t size)
{
    camx_model_options limits = usual_limits();
    camx__memory memory;
    camx__onnx_file *file = NULL;
    camx_error error;

    /* A block of exactly this size, so that the sanitizer sees a read one byte past it. */
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    memcpy(exact, data, size);
    limits.copy = 0;
    camx__memory_init(&memory, NULL, (size_t)64 << 20);
    camx_status status = camx__onnx_open(&memory, NULL, exact, size, &limits, &file, &error);
    if (status == CAMX_OK) {
        use_everything(file);
    } else {
        ck_assert_ptr_null(file);
        ck_assert_int_eq(error.status, status);
        ck_assert_uint_gt(strlen(error.message), 0);
        ck_assert_int_ne(status, CAMX_E_INTERNAL);
    }
    camx__onnx_close(file);
    ck_assert_uint_eq(memory.blocks, 0);
    free(exact);
}

START_TEST(every_prefix)
{
    onnx_bytes bytes = small_model();

    for (size_t size = 0; size <= bytes.size; size++)
        try_bytes(bytes.data, size);
    onnx_bytes_free(&bytes);
}
END_TEST

START_TEST(every_byte_changed)
{
    static const uint8_t values[] = {0x00, 0x01, 0x02, 0x7F, 0x80, 0xFF};
    onnx_bytes bytes = small_model();

    for (size_t at = 0; at < bytes.size; at++) {
        uint8_t old = bytes.data[at];
        for (size_t k = 0; k < sizeof values; k++) {
            bytes.data[at] = values[k];
            try_bytes(bytes.data, bytes.size);
        }
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.data[at] = (uint8_t)(old ^ (1u << bit));
            try_bytes(bytes.data, bytes.size);
        }
        bytes.data[at] = old;
    }
    onnx_bytes_free(&bytes);
}
END_TEST

/* Bytes put in and taken out anywhere: lengths no longer fit. */
START_TEST(every_byte_doubled_or_dropped)
{
    onnx_bytes bytes = small_model();

    for (size_t at = 0; at < bytes.size; at++) {
        onnx_bytes other = {NULL, 0, 0};
        onnx_put(&other, bytes.data, at + 1);
        onnx_put(&other, bytes.data + at, bytes.size - at);
        try_bytes(other.data, other.size);
        onnx_bytes_free(&other);
        onnx_put(&other, bytes.data, at);
        onnx_put(&other, bytes.data + at + 1, bytes.size - at - 1);
        try_bytes(other.data, other.size);
        onnx_bytes_free(&other);
    }
    onnx_bytes_free(&bytes);
}
END_TEST

/* Messages inside messages inside messages: nothing follows them down. */
START_TEST(deep_nesting)
{
    onnx_bytes inner = {NULL, 0, 0};
    onnx_bytes outer = {NULL, 0, 0};
    onnx_writer w;

    for (int i = 0; i < 10000; i++) {
        onnx_field_message(&outer, i % 2 == 0 ? 6 : 5, &inner);
        inner = outer;
        outer = (onnx_bytes){NULL, 0, 0};
    }
    onnx_writer_begin(&w, 8, 17);
    onnx_writer_node(&w, "If", "n", "", "y");
    onnx_bytes attribute = onnx_attribute_head("then", 5);
    onnx_field_message(&attribute, 6, &inner);
    onnx_field_message(&w.node, 5, &attribute);
    onnx_bytes bytes = onnx_writer_end(&w);
    expect_refused(&bytes, CAMX_E_UNSUPPORTED, "graph inside");
}
END_TEST

/* --- reads that fail ----------------------------------------------------------------- */

typedef struct faulty {
    camx__source source;
    const uint8_t *data;
    uint64_t good; /* bytes from here on cannot be read */
    int touched;
} faulty;

static camx_status faulty_read(const camx__source *source, uint64_t offset, size_t bytes,
                               void *destination, camx_error *error)
{
    faulty *self = (faulty *)(uintptr_t)source; /* the source is its first member */

    if (offset + bytes > self->good) {
        self->touched++;
        return camx__fail(error, CAMX_E_IO, "%s: cannot be read at byte %llu", source->name,
                          (unsigned long long)self->good);
    }
    memcpy(destination, self->data + offset, bytes);
    return CAMX_OK;
}

START_TEST(every_read_fails)
{
    camx_model_options limits = usual_limits();
    onnx_bytes bytes = small_model();
    onnx_bytes large = {NULL, 0, 0};

    /* Thousands of bytes, so that the reader looks more than once. */
    onnx_field_varint(&large, 1, 8);
    for (int i = 0; i < 40; i++)
        onnx_field_bytes(&large, 6, bytes.data, bytes.size < 500 ? bytes.size : 500);
    onnx_put(&large, bytes.data, bytes.size);
    onnx_bytes_free(&bytes);
    for (uint64_t good = 0; good <= large.size; good += good + 600 < large.size ? 97 : 1) {
        faulty it = {.source = {.read_at = faulty_read,
                                .name = "test",
                                .size = large.size,
                                .descriptor = -1},
                     .data = large.data,
                     .good = good};
        camx__memory memory;
        camx__onnx_file *file = NULL;
        camx_error error;
        camx__memory_init(&memory, NULL, 0);
        camx_status status = camx__onnx_open_source(&memory, &it.source, &limits, &file, &error);
        ck_assert_int_eq(status, it.touched > 0 ? CAMX_E_IO : CAMX_OK);
        ck_assert(status == CAMX_OK || good < large.size);
        camx__onnx_close(file);
        ck_assert_uint_eq(memory.blocks, 0);
    }
    onnx_bytes_free(&large);
}
END_TEST

/* --- memory that runs out ------------------------------------------------------------ */

typedef struct scarce {
    long left; /* allocations that still succeed */
    int again; /* 1: after the one failure there is memory again */
    int failed;
} scarce;

static void *scarce_allocate(size_t bytes, void *user)
{
    scarce *self = user;

    if (self->left == 0 || (self->failed && !self->again)) {
        self->failed = 1;
        self->left = -1;
        return NULL;
    }
    self->left--;
    return malloc(bytes);
}

static void scarce_release(void *block, void *user)
{
    (void)user;
    free(block);
}

/* Fails the first, the second, ... allocation until the file opens; returns how many there are. */
static long fail_each(const onnx_bytes *bytes, int again)
{
    camx_model_options limits = usual_limits();

    limits.copy = 1;
    for (long n = 0;; n++) {
        scarce state = {.left = n, .again = again};
        camx_allocator allocator = {scarce_allocate, scarce_release, &state};
        camx__memory memory;
        camx__onnx_file *file = NULL;
        camx_error error;
        camx__memory_init(&memory, &allocator, 0);
        camx_status status =
            camx__onnx_open(&memory, NULL, bytes->data, bytes->size, &limits, &file, &error);
        ck_assert_int_eq(status, state.failed ? CAMX_E_MEMORY : CAMX_OK);
        ck_assert(!state.failed || strstr(error.message, "memory") != NULL);
        camx__onnx_close(file);
        ck_assert_uint_eq(memory.blocks, 0);
        ck_assert_uint_eq(memory.used, 0);
        if (!state.failed)
            return n;
    }
}

/* So many values that the tables grow, and a name that is longer than the usual ones. */
static onnx_bytes long_model(void)
{
    char names[2][400];
    onnx_writer w;

    onnx_writer_begin(&w, 8, 17);
    onnx_writer_input(&w, "x", 1, 1, (int64_t[]){1});
    memcpy(names[1], "x", 2);
    for (int i = 0; i < 300; i++) {
        int digits = snprintf(names[i % 2], 16, "v%d", i);
        if (i == 150) {
            memset(names[i % 2] + digits, 'a', 300);
            names[i % 2][digits + 300] = '\0';
        }
        onnx_writer_node(&w, "Relu", "", names[1 - i % 2], names[i % 2]);
    }
    return onnx_writer_end(&w);
}

START_TEST(every_allocation_fails)
{
    onnx_bytes models[2] = {small_model(), long_model()};

    for (int i = 0; i < 2; i++) {
        ck_assert_int_gt(fail_each(&models[i], 0), 3);
        ck_assert_int_gt(fail_each(&models[i], 1), 3);
        onnx_bytes_free(&models[i]);
    }
}
END_TEST

START_TEST(memory_limit)
{
    camx_model_options limits = usual_limits();
    onnx_bytes bytes = small_model();
    camx__memory memory;
    camx__onnx_file *file = NULL;
    camx_error error;
    size_t limit = 1;

    limits.copy = 1;
    for (;; limit += limit / 4 + 64) {
        camx__memory_init(&memory, NULL, limit);
        camx_status status =
            camx__onnx_open(&memory, NULL, bytes.data, bytes.size, &limits, &file, &error);
        ck_assert_uint_le(memory.peak, limit);
        camx__onnx_close(file);
        ck_assert_uint_eq(memory.used, 0);
        if (status == CAMX_OK)
            break;
        ck_assert_int_eq(status, CAMX_E_MEMORY);
    }
    ck_assert_uint_gt(limit, 1000);
    onnx_bytes_free(&bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onnx_torture");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 300);
    tcase_add_test(all, every_prefix);
    tcase_add_test(all, every_byte_changed);
    tcase_add_test(all, every_byte_doubled_or_dropped);
    tcase_add_test(all, deep_nesting);
    tcase_add_test(all, every_read_fails);
    tcase_add_test(all, every_allocation_fails);
    tcase_add_test(all, memory_limit);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
