/* SPDX-License-Identifier: Apache-2.0 */
/* Networks, files and sentences for the tests of the public interface. */
#include "api_support.h"

#include <stdio.h>
#include <unistd.h>

/* ---- sentences ---- */

void expect_status(camx_status got, camx_status wanted, const camx_error *error, const char *words,
                   const char *file, int line)
{
    ck_assert_msg(memchr(error->message, '\0', sizeof error->message) != NULL, "%s:%d: the message has no end",
                  file, line);
    ck_assert_msg(got == wanted, "%s:%d: %s, not %s: %s", file, line, camx_status_name(got),
                  camx_status_name(wanted), error->message);
    ck_assert_msg(error->status == (int32_t)wanted, "%s:%d: error.status is %d", file, line, error->status);
    if (wanted == CAMX_OK) {
        ck_assert_msg(error->message[0] == '\0', "%s:%d: a message without an error: %s", file, line,
                      error->message);
        return;
    }
    ck_assert_msg(strlen(error->message) > 10, "%s:%d: no sentence: '%s'", file, line, error->message);
    ck_assert_msg(strpbrk(error->message, "\n\r\t") == NULL, "%s:%d: more than one line: '%s'", file, line,
                  error->message);
    ck_assert_msg(strstr(error->message, words) != NULL, "%s:%d: '%s' is not in: %s", file, line, words,
                  error->message);
}

/* ---- numbers ---- */

float api_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0F - 1.0F;
}

void api_random_floats(uint32_t seed, float *values, size_t count)
{
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < count; i++)
        values[i] = api_random(&state);
}

/* ---- networks ---- */

#define WIDE 4 /* channels inside */

static void put_floats(onnx_writer *w, const char *name, uint32_t seed, size_t rank, const int64_t *dims, float scale,
                       float poison)
{
    size_t count = onnx_dims_product(rank, dims);
    float *values = malloc(count * sizeof(float));
    ck_assert_ptr_nonnull(values);
    api_random_floats(seed, values, count);
    for (size_t i = 0; i < count; i++)
        values[i] *= scale;
    if (poison != 0.0F)
        values[0] = poison;
    onnx_writer_floats(w, name, rank, dims, values);
    free(values);
}

static void put_weights(onnx_writer *w, const api_net *net, int64_t features)
{
    float scale = net->scale != 0.0F ? net->scale : 1.0F;
    put_floats(w, "w1", net->seed + 1, 4, (int64_t[]){WIDE, net->channels, 3, 3}, 0.5F, 0.0F);
    put_floats(w, "b1", net->seed + 2, 1, (int64_t[]){WIDE}, 0.3F, 0.0F);
    put_floats(w, "w2", net->seed + 3, 4, (int64_t[]){WIDE, WIDE, 3, 3}, 0.5F, net->poison);
    put_floats(w, "b2", net->seed + 4, 1, (int64_t[]){WIDE}, 0.3F, 0.0F);
    put_floats(w, "w3", net->seed + 5, 2, (int64_t[]){net->classes, features}, scale, 0.0F);
    put_floats(w, "b3", net->seed + 6, 1, (int64_t[]){net->classes}, 0.1F * scale, 0.0F);
}

static void put_body(onnx_writer *w, const char *activation)
{
    const int64_t pads[] = {1, 1, 1, 1};
    onnx_writer_node(w, "Conv", "/body/conv1", "x w1 b1", "c1");
    onnx_writer_ints_attribute(w, "pads", 4, pads);
    onnx_writer_node(w, activation, "/body/relu1", "c1", "r1");
    onnx_writer_node(w, "Conv", "/body/conv2", "r1 w2 b2", "c2");
    onnx_writer_ints_attribute(w, "pads", 4, pads);
    onnx_writer_node(w, activation, "/body/relu2", "c2", "r2");
}

onnx_bytes api_net_make(const api_net *net)
{
    onnx_writer w;
    const char *activation = net->activation != NULL ? net->activation : "Relu";
    onnx_writer_begin(&w, 8, 13);
    if (net->side < 0) {
        onnx_writer_metadata(&w, "camx.width", "8");
        onnx_writer_metadata(&w, "camx.height", "8");
    }
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){net->batch, net->channels, net->side, net->side});
    put_body(&w, activation);
    if (!net->no_pool)
        onnx_writer_node(&w, "GlobalAveragePool", "/head/pool", "r2", "gap");
    onnx_writer_node(&w, "Flatten", "/head/flat", net->no_pool ? "r2" : "gap", "flat");
    onnx_writer_node(&w, "Gemm", "/head/dense", "flat w3 b3", "logits");
    onnx_writer_int_attribute(&w, "transB", 1);
    if (net->ending != NULL)
        onnx_writer_node(&w, net->ending, "/head/end", "logits", "scores");
    if (net->side_branch) {
        onnx_writer_node(&w, "Tanh", "/side/tanh", "r1", "side");
        onnx_writer_node(&w, "Cast", "/side/cast", "logits", "ints");
        onnx_writer_int_attribute(&w, "to", 7);
    }
    put_weights(&w, net, net->no_pool ? WIDE * net->side * net->side : WIDE);
    onnx_writer_output(&w, net->ending != NULL ? "scores" : "logits", 1, 2, (int64_t[]){net->batch, net->classes});
    if (net->side_branch) {
        onnx_writer_output(&w, "side", 1, 4, (int64_t[]){net->batch, WIDE, net->side, net->side});
        onnx_writer_output(&w, "ints", 7, 2, (int64_t[]){net->batch, net->classes});
    }
    return onnx_writer_end(&w);
}

static camx_model *open_bytes(onnx_bytes *bytes, const camx_model_options *options)
{
    camx_model *model = NULL;
    GOOD(camx_model_open_memory(bytes->data, bytes->size, options, &model, &error));
    ck_assert_ptr_nonnull(model);
    onnx_bytes_free(bytes);
    return model;
}

camx_model *api_net_open(const api_net *net, const camx_model_options *options)
{
    onnx_bytes bytes = api_net_make(net);
    return open_bytes(&bytes, options);
}

const float api_hand_image[4] = {1, 2, 3, 6};
const float api_hand_weights[3][2] = {{1, 0}, {0, 1}, {0.5F, -1}};
const float api_hand_bias[3] = {0, 1, -1};

camx_model *api_hand_open(float scale, const char *ending)
{
    onnx_writer w;
    float weights[6];
    float bias[3];
    for (int i = 0; i < 6; i++)
        weights[i] = scale * api_hand_weights[i / 2][i % 2];
    for (int i = 0; i < 3; i++)
        bias[i] = scale * api_hand_bias[i];
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){-1, 1, 2, 2});
    onnx_writer_node(&w, "Conv", "conv", "x k", "maps");
    onnx_writer_node(&w, "GlobalAveragePool", "pool", "maps", "pooled");
    onnx_writer_node(&w, "Flatten", "flatten", "pooled", "flat");
    onnx_writer_node(&w, "Gemm", "dense", "flat w b", "logits");
    onnx_writer_int_attribute(&w, "transB", 1);
    if (ending != NULL)
        onnx_writer_node(&w, ending, "end", "logits", "scores");
    onnx_writer_floats(&w, "k", 4, (int64_t[]){2, 1, 1, 1}, (float[]){2, -1});
    onnx_writer_floats(&w, "w", 2, (int64_t[]){3, 2}, weights);
    onnx_writer_floats(&w, "b", 1, (int64_t[]){3}, bias);
    onnx_writer_output(&w, ending != NULL ? "scores" : "logits", 1, 2, (int64_t[]){-1, 3});
    onnx_bytes bytes = onnx_writer_end(&w);
    return open_bytes(&bytes, NULL);
}

/* ---- handles ---- */

camx_session *api_session(camx_model *model, const camx_session_options *options)
{
    camx_session *session = NULL;
    camx_session_options one;
    camx_session_options_init(&one);
    one.threads = 1;
    GOOD(camx_session_open(model, options != NULL ? options : &one, &session, &error));
    ck_assert_ptr_nonnull(session);
    return session;
}

camx_input *api_input(camx_model *model, const float *values, int64_t images, int64_t channels, int64_t height,
                      int64_t width)
{
    camx_input *input = NULL;
    int64_t shape[4] = {images, channels, height, width};
    GOOD(camx_input_from_floats(model, values, shape, 4, &input, &error));
    ck_assert_ptr_nonnull(input);
    return input;
}

camx_input *api_random_input(camx_model *model, uint32_t seed, int64_t images, int64_t channels, int64_t height,
                             int64_t width)
{
    size_t count = (size_t)(images * channels * height * width);
    float *values = malloc(count * sizeof(float));
    ck_assert_ptr_nonnull(values);
    api_random_floats(seed, values, count);
    camx_input *input = api_input(model, values, images, channels, height, width);
    free(values);
    return input;
}

camx_map *api_map(void)
{
    camx_map *map = NULL;
    GOOD(camx_map_create(NULL, &map, &error));
    ck_assert_ptr_nonnull(map);
    return map;
}

camx_map_info api_map_info(const camx_map *map, uint32_t image)
{
    camx_map_info info = {.struct_size = sizeof info};
    GOOD(camx_map_get_info(map, image, &info, &error));
    return info;
}

camx_session_stats api_stats(const camx_session *session)
{
    camx_session_stats stats = {.struct_size = sizeof stats};
    GOOD(camx_session_get_stats(session, &stats, &error));
    return stats;
}

/* ---- files ---- */

onnx_bytes api_read_file(const char *path)
{
    onnx_bytes bytes = {NULL, 0, 0};
    char part[4096];
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    for (size_t got = fread(part, 1, sizeof part, file); got > 0; got = fread(part, 1, sizeof part, file))
        onnx_put(&bytes, part, got);
    fclose(file);
    return bytes;
}

const char *api_golden(const char *name)
{
    static char path[4200];
    const char *root = getenv("CAMX_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/tests/golden/data/%s", root != NULL ? root : ".", name);
    return path;
}

/* Check runs every test in a child that ends by _exit: files are removed by the program itself, see api_run. */
static char folder[200];

const char *api_write_file(const char *name, const void *data, size_t size)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "%s cannot be written", path);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

int api_run(Suite *suite)
{
    const char *where = getenv("TMPDIR");
    char command[300];
    snprintf(folder, sizeof folder, "%.150s/camx-api-XXXXXX", where != NULL ? where : "/tmp");
    if (mkdtemp(folder) == NULL) {
        fprintf(stderr, "no folder for files: %s\n", folder);
        return 1;
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s was not removed\n", folder);
    return failed == 0 ? 0 : 1;
}
