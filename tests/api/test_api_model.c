/* SPDX-License-Identifier: Apache-2.0 */
/* Opening models: from files and memory, damaged ones, limits, weights in other files, metadata. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api_support.h"

static void run_once(camx_model *model, uint32_t classes)
{
    float scores[64];
    camx_model_info info = {.struct_size = sizeof info};
    GOOD(camx_model_get_info(model, &info, &error));
    camx_session *session = api_session(model, NULL);
    camx_input *input =
        api_random_input(model, 3, 1, info.channels, info.default_height, info.default_width);
    ck_assert_uint_eq(camx_model_class_count(model), classes);
    GOOD(camx_session_run(session, input, &error));
    GOOD(camx_session_scores(session, 0, CAMX_SCORE_LOGIT, scores, classes, &error));
    camx_input_release(input);
    camx_session_close(session);
}

/* ---- files ---- */

START_TEST(from_a_file)
{
    api_net net = API_NET;
    onnx_bytes bytes = api_net_make(&net);
    const char *path = api_write_file("net.onnx", bytes.data, bytes.size);
    camx_model *model = NULL;
    GOOD(camx_model_open(path, NULL, &model, &error));
    ck_assert_int_eq(remove(path), 0); /* it is kept open */
    run_once(model, 5);
    camx_model_release(model);
    onnx_bytes_free(&bytes);
}
END_TEST

START_TEST(no_such_file)
{
    camx_model *model = NULL;
    EXPECT(camx_model_open("/nowhere/net.onnx", NULL, &model, &error), CAMX_E_IO, "/nowhere/net.onnx");
    EXPECT(camx_model_open("", NULL, &model, &error), CAMX_E_IO, "");
    EXPECT(camx_model_open("/", NULL, &model, &error), CAMX_E_IO, "");
    ck_assert_ptr_null(model);
}
END_TEST

START_TEST(odd_files)
{
    static const char text[] = "This is not a network, it is a poem.\nIt has two lines.\n";
    static const unsigned char zeros[300] = {0};
    camx_model *model = NULL;
    EXPECT(camx_model_open(api_write_file("empty.onnx", "", 0), NULL, &model, &error), CAMX_E_FORMAT, "empty.onnx");
    EXPECT(camx_model_open(api_write_file("poem.txt", text, sizeof text - 1), NULL, &model, &error), CAMX_E_FORMAT,
           "poem.txt");
    EXPECT(camx_model_open(api_write_file("zeros", zeros, sizeof zeros), NULL, &model, &error), CAMX_E_FORMAT,
           "zeros");
    EXPECT(camx_model_open_memory(text, sizeof text - 1, NULL, &model, &error), CAMX_E_FORMAT, "");
    EXPECT(camx_model_open_memory(text, 0, NULL, &model, &error), CAMX_E_FORMAT, "");
    ck_assert_ptr_null(model);
}
END_TEST

/* Cut anywhere: refused with a sentence, or (where only the end of the graph is missing) still a whole network. */
static void try_cut(const onnx_bytes *bytes, size_t size)
{
    camx_model *model = NULL;
    camx_error error;
    uint8_t *part = malloc(size + 1); /* so that reading past the end is seen */
    ck_assert_ptr_nonnull(part);
    memcpy(part, bytes->data, size);
    camx_status status = camx_model_open_memory(part, size, NULL, &model, &error);
    ck_assert_msg(status != CAMX_OK, "%zu of %zu bytes are taken for a network", size, bytes->size);
    ck_assert_msg(status == CAMX_E_FORMAT || status == CAMX_E_UNSUPPORTED, "%zu bytes: %s", size, error.message);
    ck_assert_uint_gt(strlen(error.message), 10);
    ck_assert_ptr_null(strchr(error.message, '\n'));
    ck_assert_ptr_null(model);
    free(part);
}

START_TEST(cut_short)
{
    api_net net = API_NET;
    onnx_bytes bytes = api_net_make(&net);
    for (size_t size = 0; size < bytes.size; size++)
        try_cut(&bytes, size);
    onnx_bytes_free(&bytes);
    bytes = api_read_file(api_golden("squeezenet_ts7.onnx"));
    for (size_t size = 0; size < bytes.size; size += 64)
        try_cut(&bytes, size);
    onnx_bytes_free(&bytes);
}
END_TEST

START_TEST(cut_short_on_disk)
{
    onnx_bytes bytes = api_read_file(api_golden("mobilenet_v2_ts13.onnx"));
    for (size_t i = 1; i < 20; i++) {
        camx_model *model = NULL;
        const char *path = api_write_file("cut.onnx", bytes.data, bytes.size * i / 20);
        EXPECT(camx_model_open(path, NULL, &model, &error), CAMX_E_FORMAT, "cut.onnx");
        ck_assert_ptr_null(model);
    }
    onnx_bytes_free(&bytes);
}
END_TEST

/* Damage anywhere never crashes; what still opens still runs or says why not. */
START_TEST(damaged)
{
    api_net net = API_NET;
    onnx_bytes bytes = api_net_make(&net);
    camx_model_options options;
    camx_model_options_init(&options);
    options.max_memory = (uint64_t)64 << 20;
    options.max_multiply_adds = 100000000;
    for (size_t i = 0; i < bytes.size; i += bytes.size > 4000 ? 3 : 1) {
        camx_model *model = NULL;
        camx_session *session = NULL;
        camx_error error;
        uint8_t was = bytes.data[i];
        bytes.data[i] ^= (uint8_t)(1u << (i % 8));
        if (camx_model_open_memory(bytes.data, bytes.size, &options, &model, &error) != CAMX_OK)
            ck_assert_uint_gt(strlen(error.message), 10);
        else if (camx_session_open(model, NULL, &session, &error) != CAMX_OK)
            ck_assert_uint_gt(strlen(error.message), 10);
        camx_session_close(session);
        camx_model_release(model);
        bytes.data[i] = was;
    }
    onnx_bytes_free(&bytes);
}
END_TEST

/* ---- memory ---- */

START_TEST(copied_or_borrowed)
{
    api_net net = API_NET;
    camx_model_options options;
    camx_model *model = NULL;
    onnx_bytes bytes = api_net_make(&net);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &model, &error));
    memset(bytes.data, 0xEE, bytes.size); /* nobody looks at it any more */
    run_once(model, 5);
    camx_model_release(model);
    onnx_bytes_free(&bytes);

    camx_model_options_init(&options);
    options.copy = 0;
    bytes = api_net_make(&net);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, &options, &model, &error));
    run_once(model, 5);
    camx_model_release(model);
    onnx_bytes_free(&bytes);
}
END_TEST

START_TEST(references)
{
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    float scores[5];
    camx_model_retain(model);
    camx_model_release(model);
    camx_model_release(model); /* the session and the input hold theirs */
    GOOD(camx_session_run(session, input, &error));
    camx_input_retain(input);
    camx_input_release(input);
    camx_input_release(input); /* the session holds its own */
    GOOD(camx_session_scores(session, 0, 0, scores, 5, &error));
    ck_assert_uint_gt(camx_session_layer_count(session), 0);
    camx_session_close(session);
}
END_TEST

/* ---- limits ---- */

START_TEST(limits)
{
    api_net net = API_NET;
    onnx_bytes bytes = api_net_make(&net);
    camx_model_options options;
    camx_model *model = NULL;
#define TRY(field, value, status, words)                                                                     \
    do {                                                                                                     \
        camx_model_options_init(&options);                                                                   \
        options.field = (value);                                                                             \
        EXPECT(camx_model_open_memory(bytes.data, bytes.size, &options, &model, &error), (status), (words)); \
        ck_assert_ptr_null(model);                                                                           \
    } while (0)
    TRY(max_nodes, 6, CAMX_E_LIMIT, "max_nodes");
    TRY(max_name_bytes, 10, CAMX_E_LIMIT, "max_name_bytes");
    TRY(max_file_bytes, bytes.size - 1, CAMX_E_LIMIT, "max_file_bytes");
    TRY(max_multiply_adds, 1000, CAMX_E_LIMIT, "max_multiply_adds");
    TRY(max_memory, 3000, CAMX_E_MEMORY, "memory limit");
    TRY(max_memory, 1, CAMX_E_MEMORY, "memory limit");
#undef TRY
    const char *path = api_write_file("net.onnx", bytes.data, bytes.size);
    options.max_memory = 0;
    options.max_file_bytes = bytes.size - 1;
    EXPECT(camx_model_open(path, &options, &model, &error), CAMX_E_LIMIT, "max_file_bytes");
    camx_model_options_init(&options);
    options.max_nodes = 7;
    options.max_file_bytes = bytes.size;
    options.max_name_bytes = 40;
    options.max_multiply_adds = 1000000;
    options.max_memory = 0;
    GOOD(camx_model_open_memory(bytes.data, bytes.size, &options, &model, &error));
    run_once(model, 5);
    camx_model_release(model);
    onnx_bytes_free(&bytes);
}
END_TEST

/* The limit counts everything that is made from the model, and what is given back is free again. */
START_TEST(memory_limit_of_sessions)
{
    api_net net = API_NET;
    camx_model_options options;
    camx_session *session = NULL;
    camx_input *input = NULL;
    float values[3 * 200 * 200] = {0};
    int64_t shape[4] = {1, 3, 200, 200};
    net.side = -1;
    camx_model_options_init(&options);
    options.max_memory = 1200000; /* 200 x 200 x 3 floats are 480,000, and the activations more than a million */
    camx_model *model = api_net_open(&net, &options);
    for (int i = 0; i < 50; i++) {
        session = api_session(model, NULL);
        camx_session_close(session);
    }
    session = api_session(model, NULL);
    GOOD(camx_input_from_floats(model, values, shape, 4, &input, &error));
    EXPECT(camx_session_run(session, input, &error), CAMX_E_MEMORY, "memory limit");
    camx_input_release(input);
    input = api_random_input(model, 1, 1, 3, 8, 8);
    GOOD(camx_session_run(session, input, &error));
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

START_TEST(work_limit_of_inputs)
{
    api_net net = API_NET;
    camx_model_options options;
    net.side = -1;
    camx_model_options_init(&options);
    options.max_multiply_adds = 100000;
    camx_model *model = api_net_open(&net, &options);
    camx_session *session = api_session(model, NULL);
    camx_input *small = api_random_input(model, 1, 1, 3, 8, 8);
    camx_input *large = api_random_input(model, 1, 1, 3, 64, 64);
    GOOD(camx_session_run(session, small, &error));
    EXPECT(camx_session_run(session, large, &error), CAMX_E_LIMIT, "max_multiply_adds");
    GOOD(camx_session_run(session, small, &error));
    camx_input_release(small);
    camx_input_release(large);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* ---- weights in other files ---- */

static onnx_bytes external_data;
static int external_calls;

static int read_external(const char *location, uint64_t offset, size_t bytes, void *destination, void *user)
{
    external_calls++;
    ck_assert_str_eq(location, "resnet50_dynamo18_external.onnx.data");
    ck_assert_ptr_eq(user, &external_calls);
    ck_assert_uint_le(offset + bytes, external_data.size);
    memcpy(destination, external_data.data + offset, bytes);
    return 0;
}

static int refuse_external(const char *location, uint64_t offset, size_t bytes, void *destination, void *user)
{
    (void)location;
    (void)offset;
    (void)bytes;
    (void)destination;
    (void)user;
    return 1;
}

START_TEST(external_files)
{
    camx_model_options options;
    camx_model *model = NULL;
    const char *path = api_golden("resnet50_dynamo18_external.onnx");
    GOOD(camx_model_open(path, NULL, &model, &error));
    run_once(model, camx_model_class_count(model));
    camx_model_release(model);
    camx_model_options_init(&options);
    options.external_data = 0;
    EXPECT(camx_model_open(path, &options, &model, &error), CAMX_E_UNSUPPORTED, "external_data");
    onnx_bytes bytes = api_read_file(path);
    path = api_write_file("alone.onnx", bytes.data, bytes.size);
    EXPECT(camx_model_open(path, NULL, &model, &error), CAMX_E_IO, "resnet50_dynamo18_external.onnx.data");
    onnx_bytes_free(&bytes);
}
END_TEST

static camx_status open_external(const onnx_bytes *bytes, camx_external_read *read, camx_error *error)
{
    camx_model_options options;
    camx_model *model = NULL;
    camx_session *session = NULL;
    camx_model_options_init(&options);
    options.external_read = read;
    options.external_user = &external_calls;
    camx_status status = camx_model_open_memory(bytes->data, bytes->size, &options, &model, error);
    if (status == CAMX_OK)
        status = camx_session_open(model, NULL, &session, error);
    camx_session_close(session);
    camx_model_release(model);
    return status;
}

START_TEST(external_reader)
{
    onnx_bytes bytes = api_read_file(api_golden("resnet50_dynamo18_external.onnx"));
    external_data = api_read_file(api_golden("resnet50_dynamo18_external.onnx.data"));
    EXPECT(open_external(&bytes, NULL, &error), CAMX_E_UNSUPPORTED, "external_read");
    EXPECT(open_external(&bytes, refuse_external, &error), CAMX_E_IO, "resnet50_dynamo18_external.onnx.data");
    ck_assert_int_eq(external_calls, 0);
    GOOD(open_external(&bytes, read_external, &error));
    ck_assert_int_gt(external_calls, 0);
    onnx_bytes_free(&external_data);
    onnx_bytes_free(&bytes);
}
END_TEST

/* ---- what a model says about itself ---- */

static void put_net(onnx_writer *w, const char *producer)
{
    if (producer != NULL)
        onnx_field_text(&w->head, 2, producer);
    onnx_writer_input(w, "pixels", 1, 4, (int64_t[]){-1, 3, -1, 20});
    onnx_writer_node(w, "GlobalAveragePool", "pool", "pixels", "pooled");
    onnx_writer_node(w, "Flatten", "flat", "pooled", "scores");
    onnx_writer_output(w, "scores", 1, 2, (int64_t[]){-1, 3});
}

static camx_status open_labels(const char *labels, camx_model **model, camx_error *error)
{
    onnx_writer w;
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_metadata(&w, "camx.labels", labels);
    onnx_writer_metadata(&w, "camx.height", "30");
    onnx_writer_metadata(&w, "note", "of the tests");
    put_net(&w, "a writer");
    onnx_bytes bytes = onnx_writer_end(&w);
    camx_status status = camx_model_open_memory(bytes.data, bytes.size, NULL, model, error);
    onnx_bytes_free(&bytes);
    return status;
}

START_TEST(what_a_model_says)
{
    camx_model *model = NULL;
    camx_model_info info = {.struct_size = sizeof info};
    GOOD(open_labels("cat\ndog\r\nhen", &model, &error));
    GOOD(camx_model_get_info(model, &info, &error));
    ck_assert_str_eq(info.input_name, "pixels");
    ck_assert_str_eq(info.output_name, "scores");
    ck_assert_str_eq(info.producer, "a writer");
    ck_assert_int_eq(info.output_kind, CAMX_OUTPUT_LOGITS);
    ck_assert(info.input_shape[0] == -1 && info.input_shape[1] == 3 && info.input_shape[2] == -1 &&
              info.input_shape[3] == 20);
    ck_assert_int_eq(info.default_width, 20);
    ck_assert_int_eq(info.default_height, 30);
    ck_assert_int_eq(info.channels, 3);
    ck_assert_int_eq(info.channels_last, 0);
    ck_assert_int_eq(info.opset, 13);
    ck_assert_int_eq(info.ir_version, 8);
    ck_assert_uint_eq(info.node_count, 2);
    ck_assert_uint_eq(info.class_count, 3);
    ck_assert_str_eq(camx_model_class_name(model, 0), "cat");
    ck_assert_str_eq(camx_model_class_name(model, 1), "dog");
    ck_assert_str_eq(camx_model_class_name(model, 2), "hen");
    ck_assert_ptr_null(camx_model_class_name(model, 3));
    ck_assert_str_eq(camx_model_metadata(model, "note"), "of the tests");
    ck_assert_ptr_null(camx_model_metadata(model, "Note"));
    ck_assert_str_eq(camx_model_metadata_key(model, 2), "note");
    ck_assert_ptr_null(camx_model_metadata_key(model, 3));
    camx_model_release(model);
}
END_TEST

START_TEST(labels_that_do_not_fit)
{
    camx_model *model = NULL;
    EXPECT(open_labels("cat\ndog", &model, &error), CAMX_E_FORMAT, "camx.labels has 2 lines");
    EXPECT(open_labels("cat\ndog\nhen\nfox", &model, &error), CAMX_E_FORMAT, "3 classes");
    EXPECT(open_labels("", &model, &error), CAMX_E_FORMAT, "0 lines");
    ck_assert_ptr_null(model);
    GOOD(open_labels("cat\ndog\nhen\n", &model, &error));
    ck_assert_str_eq(camx_model_class_name(model, 2), "hen");
    camx_model_release(model);
}
END_TEST

START_TEST(output_kinds)
{
    static const struct {
        const char *ending;
        int32_t kind;
    } endings[] = {{NULL, CAMX_OUTPUT_LOGITS}, {"Softmax", CAMX_OUTPUT_SOFTMAX}, {"Sigmoid", CAMX_OUTPUT_SIGMOID}};
    for (int i = 0; i < 3; i++) {
        api_net net = API_NET;
        camx_model_info info = {.struct_size = sizeof info};
        net.ending = endings[i].ending;
        camx_model *model = api_net_open(&net, NULL);
        GOOD(camx_model_get_info(model, &info, &error));
        ck_assert_int_eq(info.output_kind, endings[i].kind);
        ck_assert_ptr_null(camx_model_class_name(model, 0));
        ck_assert_uint_eq(info.weight_bytes, 4 * (4 * 27 + 4 + 4 * 36 + 4 + 5 * 4 + 5));
        camx_model_release(model);
    }
}
END_TEST

/* ---- networks that are no classifiers of images ---- */

/* A network of one node with these shapes. */
static camx_status open_one(const char *op, int in_elem, size_t in_rank, const int64_t *in, size_t out_rank,
                            const int64_t *out, uint64_t opset, camx_error *error)
{
    onnx_writer w;
    camx_model *model = NULL;
    onnx_writer_begin(&w, 8, opset);
    onnx_writer_input(&w, "x", in_elem, in_rank, in);
    onnx_writer_node(&w, op, "only", "x", "y");
    onnx_writer_output(&w, "y", 1, out_rank, out);
    onnx_bytes bytes = onnx_writer_end(&w);
    camx_status status = camx_model_open_memory(bytes.data, bytes.size, NULL, &model, error);
    camx_model_release(model);
    onnx_bytes_free(&bytes);
    return status;
}

START_TEST(other_networks)
{
    const int64_t image[] = {1, 3, 8, 8};
    const int64_t deep[] = {1, 7, 8, 9};
    const int64_t line[] = {1, 192};
    EXPECT(open_one("Relu", 1, 2, line, 2, line, 13, &error), CAMX_E_UNSUPPORTED, "'x'");
    EXPECT(open_one("Flatten", 1, 4, deep, 2, line, 13, &error), CAMX_E_UNSUPPORTED, "channels");
    EXPECT(open_one("Relu", 1, 4, image, 4, image, 13, &error), CAMX_E_UNSUPPORTED, "'y'");
    EXPECT(open_one("Frobnicate", 1, 4, image, 4, image, 13, &error), CAMX_E_UNSUPPORTED, "Frobnicate");
    EXPECT(open_one("Flatten", 1, 4, image, 2, line, 5, &error), CAMX_E_UNSUPPORTED, "opset 5");
    EXPECT(open_one("Flatten", 1, 4, image, 2, line, 26, &error), CAMX_E_UNSUPPORTED, "opset 26");
    EXPECT(open_one("Flatten", 7, 4, image, 2, line, 13, &error), CAMX_E_UNSUPPORTED, "'x'");
    GOOD(open_one("Flatten", 1, 4, image, 2, line, 13, &error));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_model");
    TCase *tests = tcase_create("models");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, from_a_file);
    tcase_add_test(tests, no_such_file);
    tcase_add_test(tests, odd_files);
    tcase_add_test(tests, cut_short);
    tcase_add_test(tests, cut_short_on_disk);
    tcase_add_test(tests, damaged);
    tcase_add_test(tests, copied_or_borrowed);
    tcase_add_test(tests, references);
    tcase_add_test(tests, limits);
    tcase_add_test(tests, memory_limit_of_sessions);
    tcase_add_test(tests, work_limit_of_inputs);
    tcase_add_test(tests, external_files);
    tcase_add_test(tests, external_reader);
    tcase_add_test(tests, what_a_model_says);
    tcase_add_test(tests, labels_that_do_not_fit);
    tcase_add_test(tests, output_kinds);
    tcase_add_test(tests, other_networks);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
