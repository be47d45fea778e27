/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the public interface share: how an error has to look, small networks made on the
 * spot, and the golden networks.
 */
#ifndef CAMX_TESTS_API_SUPPORT_H
#define CAMX_TESTS_API_SUPPORT_H

#include <check.h>
#include <stdbool.h>

#include "../unit/onnx_writer.h"
#include "camx/camx.h"

/* A refusal: this status in both places, one sentence on one line, and `words` in it. */
void expect_status(camx_status got, camx_status wanted, const camx_error *error, const char *words,
                   const char *file, int line);
#define EXPECT(call, wanted, words)                                                         \
    do {                                                                                    \
        camx_error error;                                                                   \
        memset(&error, 'x', sizeof error);                                                  \
        camx_status got = (call);                                                           \
        expect_status(got, (wanted), &error, (words), __FILE__, __LINE__);                  \
    } while (0)

/* A call that must succeed; it gets &error, and must empty it. */
#define GOOD(call) EXPECT(call, CAMX_OK, "")

/* Numbers between -1 and 1, the same in every run. */
float api_random(uint32_t *state);
void api_random_floats(uint32_t seed, float *values, size_t count);

/* Conv 3x3, Relu, Conv 3x3, Relu, GlobalAveragePool, Flatten, Gemm: "c1" "r1" "c2" "r2" "gap" "flat" "logits".
 * The nodes are called /body/conv1, /body/relu1, /body/conv2, /body/relu2, /head/pool, /head/flat, /head/dense. */
typedef struct api_net {
    int64_t batch; /* -1 = free */
    int64_t side;  /* -1 = free; the default size is 8 then */
    int64_t channels;
    int64_t classes;
    const char *activation; /* NULL = Relu */
    const char *ending;     /* "Softmax", "Sigmoid", or NULL */
    bool no_pool;           /* Flatten instead of the pool: no CAM; sides must be fixed */
    bool side_branch;       /* a second output "side" from "r1", and "ints", the logits as int64 */
    float poison;           /* the first weight of conv2, unless 0 */
    float scale;            /* of the dense layer; 0 = 1 */
    uint32_t seed;
} api_net;

#define API_NET ((api_net){.batch = 1, .side = 8, .channels = 3, .classes = 5, .seed = 7})

onnx_bytes api_net_make(const api_net *net);

/* The same, opened. */
camx_model *api_net_open(const api_net *net, const camx_model_options *options);

/*
 * x [1, 1, 2, 2] -> Conv 1x1 with weights 2, -1 -> "maps" -> GlobalAveragePool -> Flatten -> Gemm -> "logits", whose
 * weights and bias are multiplied by `scale`. For x = 1 2 3 6 (mean 3) the features are 6 and -3, and the logits
 * 6, -2, 5 (times scale).
 */
camx_model *api_hand_open(float scale, const char *ending);
extern const float api_hand_image[4];
extern const float api_hand_weights[3][2];
extern const float api_hand_bias[3];

camx_session *api_session(camx_model *model, const camx_session_options *options);
camx_input *api_input(camx_model *model, const float *values, int64_t images, int64_t channels, int64_t height,
                      int64_t width);

/* An input of numbers from a seed. */
camx_input *api_random_input(camx_model *model, uint32_t seed, int64_t images, int64_t channels, int64_t height,
                             int64_t width);

camx_map *api_map(void);
camx_map_info api_map_info(const camx_map *map, uint32_t image);
camx_session_stats api_stats(const camx_session *session);

/* All bytes of a file; freed with onnx_bytes_free. */
onnx_bytes api_read_file(const char *path);

/* The path of a file in tests/golden/data, valid until the next call. */
const char *api_golden(const char *name);

/* Writes a file into a fresh folder of this process. Returns its path, valid until the next call. */
const char *api_write_file(const char *name, const void *data, size_t size);

/* Runs the suite; the result is main's. */
int api_run(Suite *suite);

#endif
