/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: layers by name, what is kept and what is run again, sizes, batches, several sessions of a model. */
#include <math.h>
#include <stdio.h>

#include "../golden/golden.h"
#include "api_support.h"

static float big[200000];
static float other[200000];

/* ---- layers ---- */

START_TEST(layers_by_name)
{
    static const struct {
        const char *given;
        const char *layer;
    } names[] = {{"c1", "c1"},         {"/body/conv1", "c1"}, {"#0", "x"},        {"#2", "r1"},   {"body", "r2"},
                 {"/body", "r2"},      {"head", "logits"},    {"logits", "logits"}, {NULL, "r2"},   {"x", "x"},
                 {"/head/pool", "gap"}, {"/body/", "r2"}};
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        camx_layer_info info = {.struct_size = sizeof info};
        uint32_t number = 999;
        GOOD(camx_session_find_layer(session, names[i].given, &number, &error));
        GOOD(camx_session_get_layer(session, number, &info, &error));
        ck_assert_msg(strcmp(info.name, names[i].layer) == 0, "'%s' is '%s'",
                      names[i].given != NULL ? names[i].given : "NULL", info.name);
    }
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

START_TEST(layers_that_do_not_exist)
{
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_layer_info info = {.struct_size = sizeof info};
    uint32_t number = 77;
    EXPECT(camx_session_find_layer(session, "logit", &number, &error), CAMX_E_NOT_FOUND, "did you mean 'logits'");
    EXPECT(camx_session_find_layer(session, "/body/conv3", &number, &error), CAMX_E_NOT_FOUND, "'/body/conv");
    EXPECT(camx_session_find_layer(session, "#8", &number, &error), CAMX_E_NOT_FOUND, "'#8'");
    EXPECT(camx_session_find_layer(session, "#", &number, &error), CAMX_E_NOT_FOUND, "'#'");
    EXPECT(camx_session_find_layer(session, "#-1", &number, &error), CAMX_E_NOT_FOUND, "'#-1'");
    EXPECT(camx_session_find_layer(session, "#99999999999999999999", &number, &error), CAMX_E_NOT_FOUND, "");
    EXPECT(camx_session_find_layer(session, "", &number, &error), CAMX_E_NOT_FOUND, "''");
    EXPECT(camx_session_find_layer(session, "bod", &number, &error), CAMX_E_NOT_FOUND, "'bod'");
    EXPECT(camx_session_find_layer(session, "w1", &number, &error), CAMX_E_NOT_FOUND, "'w1'"); /* a weight */
    EXPECT(camx_session_find_layer(session, "two\nlines\x01", &number, &error), CAMX_E_NOT_FOUND, "two?lines?");
    memset(big, 'a', 5000);
    ((char *)big)[5000] = '\0';
    EXPECT(camx_session_find_layer(session, (const char *)big, &number, &error), CAMX_E_NOT_FOUND, "aaaa");
    ck_assert_uint_eq(number, 77);
    EXPECT(camx_session_get_layer(session, 8, &info, &error), CAMX_E_NOT_FOUND, "layer number 8");
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

START_TEST(what_layers_are)
{
    api_net net = API_NET;
    net.side_branch = true;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    int defaults = 0;
    ck_assert_uint_eq(camx_session_layer_count(session), 10);
    for (uint32_t i = 0; i < 10; i++) {
        camx_layer_info info = {.struct_size = sizeof info};
        GOOD(camx_session_get_layer(session, i, &info, &error));
        defaults += info.is_default;
        if (strcmp(info.name, "x") == 0) {
            ck_assert_str_eq(info.op, "Input");
            ck_assert_str_eq(info.node, "");
            ck_assert(info.is_spatial && info.channels == 3 && info.height == 8 && info.width == 8);
        } else if (strcmp(info.name, "r2") == 0) {
            ck_assert(info.is_default && info.is_spatial && info.channels == 4 && info.rank == 4);
            ck_assert_str_eq(info.node, "/body/relu2");
            ck_assert_str_eq(info.op, "Relu");
        } else if (strcmp(info.name, "logits") == 0) {
            ck_assert(!info.is_spatial && info.rank == 2 && info.shape[0] == 1 && info.shape[1] == 5);
            ck_assert_int_eq(info.channels, 0);
        } else if (strcmp(info.name, "side") == 0 || strcmp(info.name, "ints") == 0) {
            ck_assert_int_eq(info.is_spatial, 0);
        }
    }
    ck_assert_int_eq(defaults, 1);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* ---- runs and reruns ---- */

START_TEST(runs_are_counted)
{
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_map *map = api_map();
    camx_class_score best[5];
    uint32_t found = 0;
    GOOD(camx_session_run(session, input, &error));
    GOOD(camx_session_run(session, input, &error));
    GOOD(camx_session_run(session, NULL, &error));
    GOOD(camx_session_top(session, 0, best, 5, &found, &error));
    GOOD(gradcam_compute(session, input, NULL, NULL, map, &error));
    GOOD(gradcampp_compute(session, NULL, NULL, NULL, map, &error));
    GOOD(cam_compute(session, NULL, NULL, NULL, map, &error));
    GOOD(camx_session_value(session, "r2", big, 256, &error));
    ck_assert_uint_eq(api_stats(session).forward_runs, 1);
    ck_assert_uint_eq(api_stats(session).reruns, 0);
    ck_assert_uint_eq(api_stats(session).backward_runs, 2);
    GOOD(camx_session_value(session, "c1", big, 256, &error)); /* was not kept */
    ck_assert_uint_eq(api_stats(session).forward_runs, 2);
    ck_assert_uint_eq(api_stats(session).reruns, 1);
    GOOD(camx_session_value(session, "c1", big, 256, &error)); /* now it is */
    GOOD(camx_session_value(session, "r2", big, 256, &error));
    ck_assert_uint_eq(api_stats(session).reruns, 1);
    /* The same numbers in another input are another input. */
    camx_input *again = api_random_input(model, 1, 1, 3, 8, 8);
    GOOD(camx_session_run(session, again, &error));
    ck_assert_uint_eq(api_stats(session).forward_runs, 3);
    ck_assert_uint_eq(api_stats(session).reruns, 1);
    camx_map_release(map);
    camx_input_release(again);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* Whatever is kept: every value and gradient is the same, and only what was not kept is run again. */
START_TEST(keep_modes)
{
    static const char *const spatial[] = {"x", "c1", "r1", "c2", "r2", "gap"};
    static const char *const all[] = {"flat", "logits", "ints"};
    api_net net = API_NET;
    net.side_branch = true;
    camx_model *model = api_net_open(&net, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_map *map = api_map();
    for (int keep = CAMX_KEEP_TARGETS; keep <= CAMX_KEEP_ALL; keep++) {
        camx_session_options options;
        camx_session_options_init(&options);
        options.keep = keep;
        options.threads = 1;
        camx_session *session = api_session(model, &options);
        GOOD(camx_session_run(session, input, &error));
        for (int i = 0; i < 6; i++) {
            camx_gradcam_options layer;
            camx_gradcam_options_init(&layer);
            layer.layer = spatial[i];
            GOOD(gradcam_compute(session, NULL, NULL, &layer, map, &error));
        }
        uint64_t reruns = api_stats(session).reruns;
        ck_assert_msg((reruns == 0) == (keep != CAMX_KEEP_TARGETS), "keep %d: %llu reruns", keep,
                      (unsigned long long)reruns);
        for (int i = 0; i < 3; i++)
            GOOD(camx_session_value(session, all[i], big, i == 0 ? 4 : 5, &error));
        ck_assert_msg((api_stats(session).reruns == 0) == (keep == CAMX_KEEP_ALL), "keep %d", keep);
        camx_session_close(session);
    }
    camx_map_release(map);
    camx_input_release(input);
    camx_model_release(model);
}
END_TEST

START_TEST(layers_of_the_options)
{
    static const char *const layers[] = {"/body/conv1", "#3"};
    api_net net = API_NET;
    camx_session_options options;
    camx_model *model = api_net_open(&net, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_session_options_init(&options);
    options.layers = layers;
    options.layer_count = 2;
    camx_session *session = api_session(model, &options);
    GOOD(camx_session_run(session, input, &error));
    GOOD(camx_session_value(session, "c1", big, 256, &error));
    GOOD(camx_session_gradient(session, NULL, NULL, "c1", big, 256, &error));
    GOOD(camx_session_gradient(session, NULL, NULL, "c2", big, 256, &error));
    ck_assert_uint_eq(api_stats(session).reruns, 0);
    camx_session_close(session);
    camx_input_release(input);
    camx_model_release(model);
}
END_TEST

/* Values and gradients of one session, whatever was asked before, are those of a fresh one. */
START_TEST(order_of_asking)
{
    static const char *const layers[] = {"r1", "c2", "x", "logits", "gap", "r2", "c1", "flat"};
    static const size_t counts[] = {256, 256, 192, 5, 4, 256, 256, 4};
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_session *session = api_session(model, NULL);
    for (int i = 0; i < 24; i++) {
        int which = i * 5 % 8;
        camx_session *fresh = api_session(model, NULL);
        camx_target target;
        camx_target_for_class(&target, i % 5);
        GOOD(camx_session_gradient(session, input, &target, layers[which], big, counts[which], &error));
        GOOD(camx_session_gradient(fresh, input, &target, layers[which], other, counts[which], &error));
        for (size_t k = 0; k < counts[which]; k++)
            ck_assert_float_eq_tol(big[k], other[k], 1e-5F);
        GOOD(camx_session_value(session, layers[which], big, counts[which], &error));
        GOOD(camx_session_value(fresh, layers[which], other, counts[which], &error));
        for (size_t k = 0; k < counts[which]; k++)
            ck_assert_float_eq_tol(big[k], other[k], 1e-5F);
        camx_session_close(fresh);
    }
    camx_session_close(session);
    camx_input_release(input);
    camx_model_release(model);
}
END_TEST

START_TEST(settings)
{
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    uint32_t fused = 0;
    for (int i = 0; i < 8; i++) {
        camx_session_options options;
        camx_session *session = NULL;
        camx_error error;
        camx_session_options_init(&options);
        options.threads = 1 + i % 3;
        options.gemm = i % 4;
        options.fusion = i < 4;
        options.exact_conv = i % 2;
        camx_status status = camx_session_open(model, &options, &session, &error);
        if (status == CAMX_E_UNSUPPORTED && options.gemm == CAMX_GEMM_BLAS)
            continue; /* a build without OpenBLAS */
        ck_assert_msg(status == CAMX_OK, "%s", error.message);
        ck_assert_int_eq(camx_session_run(session, input, NULL), CAMX_OK);
        camx_session_stats stats = api_stats(session);
        ck_assert_int_eq(stats.threads, options.threads);
        ck_assert_msg(options.gemm == CAMX_GEMM_AUTO || stats.gemm == options.gemm, "gemm %d", stats.gemm);
        ck_assert_uint_eq(stats.multiply_adds, 64 * (4 * 27 + 4 * 36) + 20);
        ck_assert_uint_gt(stats.activation_bytes, 256 * 4);
        ck_assert_int_eq(camx_session_scores(session, 0, 0, i == 0 ? other : big, 5, NULL), CAMX_OK);
        for (int k = 0; k < 5 && i > 0; k++)
            ck_assert_float_eq_tol(big[k], other[k], 1e-5F);
        if (i == 0)
            fused = stats.steps;
        if (i == 4)
            ck_assert_uint_lt(fused, stats.steps);
        camx_session_close(session);
    }
    camx_input_release(input);
    camx_model_release(model);
}
END_TEST

/* ---- sizes ---- */

START_TEST(other_sizes)
{
    static const int sizes[][2] = {{8, 8}, {9, 5}, {16, 24}, {8, 8}, {1, 1}, {3, 40}, {9, 5}};
    api_net net = API_NET;
    net.side = -1;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_map *map = api_map();
    for (int i = 0; i < 7; i++) {
        int64_t height = sizes[i][0];
        int64_t width = sizes[i][1];
        camx_session *fresh = api_session(model, NULL);
        camx_input *input = api_random_input(model, 5, 1, 3, height, width);
        GOOD(camx_session_run(session, input, &error));
        GOOD(camx_session_scores(session, 0, 0, big, 5, &error));
        GOOD(camx_session_run(fresh, input, &error));
        GOOD(camx_session_scores(fresh, 0, 0, other, 5, &error));
        ck_assert_int_eq(memcmp(big, other, 5 * sizeof(float)), 0);
        camx_gradcam_options layer;
        camx_gradcam_options_init(&layer);
        layer.layer = "r2"; /* of 1 x 1 there is no default layer */
        GOOD(gradcam_compute(session, NULL, NULL, &layer, map, &error));
        ck_assert_int_eq(api_map_info(map, 0).width, (int)width);
        ck_assert_int_eq(api_map_info(map, 0).height, (int)height);
        ck_assert_int_eq(api_map_info(map, 0).photo_width, (int)width);
        camx_input_release(input);
        camx_session_close(fresh);
    }
    camx_map_release(map);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

START_TEST(no_default_layer)
{
    api_net net = API_NET;
    net.side = -1;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_map *map = api_map();
    camx_input *input = api_random_input(model, 5, 1, 3, 1, 1);
    uint32_t number = 0;
    GOOD(camx_session_run(session, input, &error));
    EXPECT(gradcam_compute(session, input, NULL, NULL, map, &error), CAMX_E_METHOD, "no default layer");
    EXPECT(camx_session_find_layer(session, NULL, &number, &error), CAMX_E_METHOD, "no default layer");
    camx_input_release(input);
    camx_map_release(map);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* A network whose dense layer only fits 8 x 8: others are refused by the graph, and the session goes on with what it had. */
START_TEST(sizes_that_do_not_fit)
{
    onnx_writer w;
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_metadata(&w, "camx.crop", "8");
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){-1, 1, -1, -1});
    onnx_writer_node(&w, "MaxPool", "pool", "x", "p");
    onnx_writer_ints_attribute(&w, "kernel_shape", 2, (int64_t[]){4, 4});
    onnx_writer_ints_attribute(&w, "strides", 2, (int64_t[]){4, 4});
    onnx_writer_node(&w, "Flatten", "flat", "p", "f");
    onnx_writer_node(&w, "Gemm", "dense", "f w", "y");
    api_random_floats(2, big, 12);
    onnx_writer_floats(&w, "w", 2, (int64_t[]){4, 3}, big);
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){-1, 3});
    onnx_bytes bytes = onnx_writer_end(&w);
    camx_model *model = NULL;
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &model, &error));
    camx_session *session = api_session(model, NULL);
    camx_input *good = api_random_input(model, 1, 1, 1, 8, 8);
    camx_input *large = api_random_input(model, 1, 1, 1, 16, 8);
    camx_input *small = api_random_input(model, 1, 1, 1, 3, 8);
    EXPECT(camx_session_run(session, large, &error), CAMX_E_SHAPE, "dense");
    EXPECT(camx_session_run(session, NULL, &error), CAMX_E_STATE, "no input");
    GOOD(camx_session_run(session, good, &error));
    GOOD(camx_session_scores(session, 0, 0, other, 3, &error));
    EXPECT(camx_session_run(session, large, &error), CAMX_E_SHAPE, "dense");
    EXPECT(camx_session_run(session, small, &error), CAMX_E_SHAPE, "pool");
    GOOD(camx_session_scores(session, 0, 0, big, 3, &error)); /* of the last good one */
    ck_assert_int_eq(memcmp(big, other, 3 * sizeof(float)), 0);
    ck_assert_uint_eq(api_stats(session).forward_runs, 1);
    camx_input_release(good);
    camx_input_release(large);
    camx_input_release(small);
    camx_session_close(session);
    camx_model_release(model);
    onnx_bytes_free(&bytes);
}
END_TEST

START_TEST(inputs_of_other_models)
{
    api_net colour = API_NET;
    api_net grey = API_NET;
    grey.channels = 1;
    camx_model *one = api_net_open(&colour, NULL);
    camx_model *two = api_net_open(&grey, NULL);
    camx_session *session = api_session(one, NULL);
    camx_input *input = api_random_input(two, 1, 1, 1, 8, 8);
    EXPECT(camx_session_run(session, input, &error), CAMX_E_SHAPE, "1 channels");
    camx_input_release(input);
    /* Made for another network that takes the same: fine. */
    camx_model *three = api_net_open(&colour, NULL);
    input = api_random_input(three, 1, 1, 3, 8, 8);
    camx_model_release(three);
    GOOD(camx_session_run(session, input, &error));
    camx_session_close(session);
    camx_input_release(input);
    camx_model_release(one);
    camx_model_release(two);
}
END_TEST

/* ---- batches ---- */

/* Three variants of an image, one after the other. */
static void three_images(const float *image, size_t count, float *batch)
{
    uint32_t state = 99;
    for (size_t i = 0; i < count; i++) {
        batch[i] = image[i];
        batch[count + i] = image[count - 1 - i];
        batch[2 * count + i] = api_random(&state);
    }
}

typedef enum which { CAM, GRADCAM, GRADCAMPP, OCCLUSION } which;

static void compute(which method, camx_session *session, camx_input *input, const camx_target *target, camx_map *map)
{
    camx_occlusion_options occlusion;
    camx_occlusion_options_captum(&occlusion);
    occlusion.patch_width = 16;
    occlusion.stride_x = 16;
    if (method == CAM)
        GOOD(cam_compute(session, input, target, NULL, map, &error));
    else if (method == GRADCAM)
        GOOD(gradcam_compute(session, input, target, NULL, map, &error));
    else if (method == GRADCAMPP)
        GOOD(gradcampp_compute(session, input, target, NULL, map, &error));
    else
        GOOD(occlusion_map(session, input, target, &occlusion, map, &error));
}

static void same_maps(const camx_map *batch, uint32_t image, const camx_map *single)
{
    camx_map_info a = api_map_info(batch, image);
    camx_map_info b = api_map_info(single, 0);
    ck_assert_int_eq(a.width, b.width);
    ck_assert_int_eq(a.height, b.height);
    ck_assert_int_eq(a.class_index, b.class_index);
    ck_assert_int_eq(a.finding, b.finding);
    ck_assert_float_eq(a.score, b.score);
    size_t count = (size_t)a.width * (size_t)a.height;
    ck_assert_int_eq(memcmp(camx_map_values(batch, image), camx_map_values(single, 0), count * sizeof(float)), 0);
}

/* A free batch runs image by image: the same bits as each image alone. */
START_TEST(free_batch)
{
    static const char *const names[] = {"shufflenet_dynamo20_batch", "shufflenet_ts11_batch"};
    char name[100];
    golden reference;
    camx_model *model = NULL;
    snprintf(name, sizeof name, "%s.ref", names[_i]);
    ck_assert_int_eq(golden_read(api_golden(name), &reference), 0);
    snprintf(name, sizeof name, "%s.onnx", names[_i]);
    GOOD(camx_model_open(api_golden(name), NULL, &model, &error));
    const golden_record *image = golden_find(&reference, GOLDEN_INPUT);
    int64_t height = image->dims[2];
    int64_t width = image->dims[3];
    three_images(image->values, image->count, big);
    camx_input *batch = api_input(model, big, 3, 3, height, width);
    camx_session *session = api_session(model, NULL);
    camx_map *map = api_map();
    camx_map *alone = api_map();
    ck_assert_uint_eq(camx_input_image_count(batch), 3);
    for (which method = CAM; method <= OCCLUSION; method++) {
        compute(method, session, batch, NULL, map);
        ck_assert_uint_eq(camx_map_image_count(map), 3);
        for (uint32_t i = 0; i < 3; i++) {
            camx_session *single = api_session(model, NULL);
            camx_input *input = api_input(model, big + i * image->count, 1, 3, height, width);
            compute(method, single, input, NULL, alone);
            same_maps(map, i, alone);
            camx_input_release(input);
            camx_session_close(single);
        }
    }
    camx_map_release(map);
    camx_map_release(alone);
    camx_session_close(session);
    camx_input_release(batch);
    camx_model_release(model);
    golden_free(&reference);
}
END_TEST

static void near_maps(const camx_map *batch, uint32_t image, const camx_map *single)
{
    camx_map_info info = api_map_info(single, 0);
    size_t count = (size_t)info.width * (size_t)info.height;
    float size = fmaxf(fabsf(info.minimum), fabsf(info.maximum));
    ck_assert_int_eq(api_map_info(batch, image).class_index, info.class_index);
    for (size_t i = 0; i < count; i++)
        ck_assert_float_eq_tol(camx_map_values(batch, image)[i], camx_map_values(single, 0)[i], 1e-4F * size + 1e-7F);
}

/* A file that fixes the batch runs so many at a time; every image still gets its own map, of its own class. */
START_TEST(fixed_batch)
{
    api_net pair = API_NET;
    api_net single = API_NET;
    pair.batch = 2;
    camx_model *two = api_net_open(&pair, NULL);
    camx_model *one = api_net_open(&single, NULL);
    camx_session *batch_session = api_session(two, NULL);
    camx_session *session = api_session(one, NULL);
    camx_map *map = api_map();
    camx_map *alone = api_map();
    const int32_t classes[4] = {3, 0, 4, 1};
    camx_target target;
    camx_target many;
    api_random_floats(11, big, 4 * 192);
    camx_input *batch = api_input(two, big, 4, 3, 8, 8);
    camx_target_init(&many);
    many.kind = CAMX_TARGET_CLASS;
    many.classes = classes;
    many.count = 4;
    for (which method = CAM; method <= GRADCAMPP; method++) {
        compute(method, batch_session, batch, &many, map);
        ck_assert_uint_eq(camx_map_image_count(map), 4);
        for (uint32_t i = 0; i < 4; i++) {
            camx_input *input = api_input(one, big + i * 192, 1, 3, 8, 8);
            camx_target_for_class(&target, classes[i]);
            compute(method, session, input, &target, alone);
            near_maps(map, i, alone);
            camx_input_release(input);
        }
    }
    camx_input *odd = api_input(two, big, 3, 3, 8, 8);
    EXPECT(camx_session_run(batch_session, odd, &error), CAMX_E_SHAPE, "multiple");
    camx_input_release(odd);
    camx_map_release(map);
    camx_map_release(alone);
    camx_input_release(batch);
    camx_session_close(batch_session);
    camx_session_close(session);
    camx_model_release(one);
    camx_model_release(two);
}
END_TEST

static void occlude(camx_session *session, camx_input *input, camx_map *map)
{
    camx_occlusion_options options;
    camx_occlusion_options_init(&options);
    options.fill = CAMX_FILL_VALUE;
    options.patch_width = 3;
    GOOD(occlusion_map(session, input, NULL, &options, map, &error));
}

START_TEST(fixed_batch_occlusion)
{
    api_net pair = API_NET;
    api_net single = API_NET;
    pair.batch = 2;
    camx_model *two = api_net_open(&pair, NULL);
    camx_model *one = api_net_open(&single, NULL);
    camx_session *batch_session = api_session(two, NULL);
    camx_session *session = api_session(one, NULL);
    camx_map *map = api_map();
    camx_map *alone = api_map();
    api_random_floats(12, big, 4 * 192);
    camx_input *batch = api_input(two, big, 4, 3, 8, 8);
    occlude(batch_session, batch, map);
    ck_assert_uint_eq(camx_map_image_count(map), 4);
    for (uint32_t i = 0; i < 4; i++) {
        camx_input *input = api_input(one, big + i * 192, 1, 3, 8, 8);
        occlude(session, input, alone);
        near_maps(map, i, alone);
        camx_input_release(input);
    }
    camx_map_release(map);
    camx_map_release(alone);
    camx_input_release(batch);
    camx_session_close(batch_session);
    camx_session_close(session);
    camx_model_release(one);
    camx_model_release(two);
}
END_TEST

START_TEST(batches_and_targets)
{
    api_net net = API_NET;
    net.batch = -1;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *session = api_session(model, NULL);
    camx_input *batch = api_random_input(model, 1, 3, 3, 8, 8);
    camx_map *map = api_map();
    const int32_t classes[] = {4, 5, 0};
    float seed[15] = {1};
    camx_target target;
    camx_target_for_class(&target, 1);
    EXPECT(gradcam_compute(session, batch, &target, NULL, map, &error), CAMX_E_ARGUMENT, "1 class for 3 images");
    target.classes = classes;
    target.count = 3;
    EXPECT(gradcam_compute(session, batch, &target, NULL, map, &error), CAMX_E_NOT_FOUND, "class 5");
    target.count = 2;
    EXPECT(gradcam_compute(session, batch, &target, NULL, map, &error), CAMX_E_ARGUMENT, "2 classes for 3 images");
    camx_target_init(&target);
    target.kind = CAMX_TARGET_SEED;
    target.seed = seed;
    EXPECT(gradcam_compute(session, batch, &target, NULL, map, &error), CAMX_E_ARGUMENT, "seed is for 1 image,");
    target.count = 3;
    GOOD(gradcam_compute(session, batch, &target, NULL, map, &error));
    ck_assert_int_eq(api_map_info(map, 0).finding, CAMX_FINDING_HEAT);
    ck_assert_int_eq(api_map_info(map, 2).finding, CAMX_FINDING_ZERO_GRADIENT); /* its seed is all zero */
    ck_assert_int_eq(api_map_info(map, 2).class_index, -1);
    GOOD(camx_session_value(session, "r2", big, 3 * 256, &error));
    EXPECT(camx_session_value(session, "r2", big, 256, &error), CAMX_E_ARGUMENT, "768 numbers for 3 images");
    camx_map_release(map);
    camx_input_release(batch);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* ---- several sessions ---- */

START_TEST(sessions_share_weights)
{
    api_net net = API_NET;
    camx_model *model = api_net_open(&net, NULL);
    camx_session *first = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);
    camx_map *map = api_map();
    GOOD(gradcam_compute(first, input, NULL, NULL, map, &error));
    uint64_t weights = api_stats(first).weight_bytes;
    ck_assert_uint_gt(weights, 0);
    camx_session *second = api_session(model, NULL);
    GOOD(gradcam_compute(second, input, NULL, NULL, map, &error));
    ck_assert_uint_eq(api_stats(second).weight_bytes, weights);
    camx_session_close(first);
    GOOD(camx_session_run(second, NULL, &error));
    ck_assert_uint_eq(api_stats(second).weight_bytes, weights);
    camx_session_close(second);
    camx_map_release(map);
    camx_input_release(input);
    camx_model_release(model);
}
END_TEST

/* Threads may be shared between sessions of different models, and outlive the session and the model they began with. */
START_TEST(shared_threads)
{
    api_net net = API_NET;
    camx_session_options options;
    camx_model *one = api_net_open(&net, NULL);
    camx_model *two = api_net_open(&net, NULL);
    camx_session_options_init(&options);
    options.threads = 3;
    camx_session *first = api_session(one, &options);
    camx_input *input = api_random_input(two, 1, 1, 3, 8, 8);
    GOOD(camx_session_run(first, input, &error));
    options.threads = 1;
    options.share_threads = first;
    camx_session *second = api_session(two, &options);
    ck_assert_int_eq(api_stats(second).threads, 3);
    options.share_threads = second;
    camx_session *third = api_session(two, &options);
    camx_session_close(first);
    camx_model_release(one);
    GOOD(camx_session_run(second, input, &error));
    camx_session_close(second);
    GOOD(camx_session_run(third, input, &error));
    camx_session_close(third);
    camx_input_release(input);
    camx_model_release(two);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("api_session");
    TCase *tests = tcase_create("sessions");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, layers_by_name);
    tcase_add_test(tests, layers_that_do_not_exist);
    tcase_add_test(tests, what_layers_are);
    tcase_add_test(tests, runs_are_counted);
    tcase_add_test(tests, keep_modes);
    tcase_add_test(tests, layers_of_the_options);
    tcase_add_test(tests, order_of_asking);
    tcase_add_test(tests, settings);
    tcase_add_test(tests, other_sizes);
    tcase_add_test(tests, no_default_layer);
    tcase_add_test(tests, sizes_that_do_not_fit);
    tcase_add_test(tests, inputs_of_other_models);
    tcase_add_loop_test(tests, free_batch, 0, 2);
    tcase_add_test(tests, fixed_batch);
    tcase_add_test(tests, fixed_batch_occlusion);
    tcase_add_test(tests, batches_and_targets);
    tcase_add_test(tests, sessions_share_weights);
    tcase_add_test(tests, shared_threads);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return api_run(make_suite());
}
