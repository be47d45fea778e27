/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several targets and layers in one call: the maps of one call each, how often the network runs, what is refused, and
 * what is left after a failure or a stop.
 */
#include <math.h>
#include <stdio.h>

#include "api_support.h"

enum { TARGETS = 3, LAYERS = 4, MAPS = TARGETS * LAYERS, SIDE = 8 };

static const char *const layers[LAYERS] = {"c1", NULL, "/body/relu1", "c1"};

typedef struct net {
    camx_model *model;
    camx_session *session;
    camx_input *input;
    camx_target classes[TARGETS];
    const camx_target *targets[TARGETS];
    camx_map *maps[MAPS];
} net;

static void open_net(net *n, int64_t batch, int64_t images)
{
    api_net what = API_NET;
    what.batch = batch;
    n->model = api_net_open(&what, NULL);
    n->session = api_session(n->model, NULL);
    n->input = api_random_input(n->model, 3, images, 3, SIDE, SIDE);
    for (int i = 0; i < TARGETS; i++) {
        camx_target_init(&n->classes[i]);
        n->targets[i] = &n->classes[i];
    }
    n->targets[0] = NULL; /* the top class */
    if (images == 1) {
        camx_target_for_class(&n->classes[1], 4);
        n->classes[2].kind = CAMX_TARGET_PAIR;
        n->classes[2].class_index = 1;
        n->classes[2].other_index = 3;
        n->classes[2].score = CAMX_SCORE_PROBABILITY;
    }
    for (int i = 0; i < MAPS; i++)
        n->maps[i] = api_map();
}

static void close_net(net *n)
{
    for (int i = 0; i < MAPS; i++)
        camx_map_release(n->maps[i]);
    camx_input_release(n->input);
    camx_session_close(n->session);
    camx_model_release(n->model);
}

static void expect_same(const camx_map *made, const camx_map *wanted, uint32_t image)
{
    camx_map_info a = api_map_info(made, image);
    camx_map_info b = api_map_info(wanted, image);
    ck_assert(a.method == b.method && a.width == b.width && a.height == b.height);
    ck_assert(a.class_index == b.class_index && a.other_index == b.other_index && a.score_kind == b.score_kind);
    ck_assert(a.finding == b.finding);
    ck_assert_str_eq(a.layer, b.layer);
    ck_assert_float_eq_tol(a.score, b.score, 1e-5F);
    /* Where a gradient is zero so is the map, exactly. */
    float size = fmaxf(fmaxf(fabsf(b.minimum), fabsf(b.maximum)), 1e-6F);
    for (int i = 0; i < a.width * a.height; i++)
        ck_assert_float_eq_tol(camx_map_values(made, image)[i], camx_map_values(wanted, image)[i], 1e-5F * size);
}

/* The slow twin: one call for each, in a session of its own. */
static void expect_single(const net *n, int32_t method, int target, const char *layer, const camx_map *made)
{
    camx_session *session = api_session(n->model, NULL);
    camx_map *map = api_map();
    camx_explain_options options;
    camx_explain_options_init(&options);
    options.layer = layer;
    GOOD(camx_explain(session, method, n->input, n->targets[target], &options, map, &error));
    ck_assert_uint_eq(camx_map_image_count(made), camx_map_image_count(map));
    for (uint32_t image = 0; image < camx_map_image_count(map); image++)
        expect_same(made, map, image);
    camx_map_release(map);
    camx_session_close(session);
}

static const int32_t layer_methods[] = {CAMX_METHOD_GRADCAM,  CAMX_METHOD_GRADCAMPP, CAMX_METHOD_HIRESCAM,
                                        CAMX_METHOD_LAYERCAM, CAMX_METHOD_XGRADCAM,  CAMX_METHOD_ELEMENTWISE};

START_TEST(equal_to_single_calls)
{
    net n;
    open_net(&n, 1, 1);
    int32_t method = layer_methods[_i];
    GOOD(camx_explain_many(n.session, method, n.input, n.targets, TARGETS, layers, LAYERS, NULL, n.maps, &error));
    camx_session_stats stats = api_stats(n.session);
    ck_assert_uint_eq(stats.forward_runs, 1);
    ck_assert_uint_eq(stats.backward_runs, TARGETS);
    for (int t = 0; t < TARGETS; t++)
        for (int l = 0; l < LAYERS; l++)
            expect_single(&n, method, t, layers[l], n.maps[t * LAYERS + l]);
    /* The default layer differs from the others, the targets differ: the order is not by luck. */
    ck_assert_str_ne(api_map_info(n.maps[0], 0).layer, api_map_info(n.maps[1], 0).layer);
    ck_assert_int_eq(api_map_info(n.maps[LAYERS], 0).class_index, 4);
    /* Asked again for the same input, nothing runs forward. */
    GOOD(camx_explain_many(n.session, method, NULL, n.targets, TARGETS, layers, LAYERS, NULL, n.maps, &error));
    ck_assert_uint_eq(api_stats(n.session).forward_runs, 1);
    close_net(&n);
}
END_TEST

/* Batches that the network runs at once, and batches that it runs image by image. */
START_TEST(images_of_a_batch)
{
    net n;
    open_net(&n, _i == 0 ? 2 : 1, 4);
    static const int32_t of_images[4] = {3, 0, 2, 1};
    n.classes[1].kind = CAMX_TARGET_CLASS;
    n.classes[1].classes = of_images;
    n.classes[1].count = 4;
    GOOD(camx_explain_many(n.session, CAMX_METHOD_GRADCAM, n.input, n.targets, 2, layers, LAYERS, NULL, n.maps,
                           &error));
    ck_assert_uint_eq(api_stats(n.session).forward_runs, 4);
    for (int t = 0; t < 2; t++)
        for (int l = 0; l < LAYERS; l++)
            expect_single(&n, CAMX_METHOD_GRADCAM, t, layers[l], n.maps[t * LAYERS + l]);
    for (uint32_t image = 0; image < 4; image++)
        ck_assert_int_eq(api_map_info(n.maps[LAYERS], image).class_index, of_images[image]);
    close_net(&n);
}
END_TEST

/* Nothing given: the top class at the layer of the options. */
START_TEST(defaults)
{
    net n;
    open_net(&n, 1, 1);
    camx_explain_options options;
    camx_explain_options_init(&options);
    options.layer = "r1";
    GOOD(camx_explain_many(n.session, CAMX_METHOD_GRADCAM, n.input, NULL, 0, NULL, 0, &options, n.maps, &error));
    expect_single(&n, CAMX_METHOD_GRADCAM, 0, "r1", n.maps[0]);
    ck_assert_uint_eq(camx_map_image_count(n.maps[1]), 0);
    GOOD(camx_explain_many(n.session, CAMX_METHOD_GRADCAM, NULL, NULL, 0, NULL, 0, NULL, n.maps, &error));
    expect_single(&n, CAMX_METHOD_GRADCAM, 0, NULL, n.maps[0]);
    close_net(&n);
}
END_TEST

/* Methods without a way of their own go map by map. */
START_TEST(methods_without_layers)
{
    net n;
    open_net(&n, 1, 1);
    static const int32_t plain[] = {CAMX_METHOD_CAM, CAMX_METHOD_OCCLUSION};
    for (int i = 0; i < 2; i++) {
        const char *const one[1] = {NULL};
        GOOD(camx_explain_many(n.session, plain[i], n.input, n.targets, 2, one, 1, NULL, n.maps, &error));
        for (int t = 0; t < 2; t++)
            expect_single(&n, plain[i], t, NULL, n.maps[t]);
        EXPECT(camx_explain_many(n.session, plain[i], n.input, n.targets, 2, layers, 1, NULL, n.maps, &error),
               CAMX_E_ARGUMENT, "c1");
        ck_assert_uint_eq(camx_map_image_count(n.maps[0]), 0);
    }
    close_net(&n);
}
END_TEST

static void expect_refused(net *n, const camx_target *const *targets, uint32_t target_count,
                           const char *const *names, uint32_t layer_count, camx_status status, const char *words)
{
    GOOD(camx_explain_many(n->session, CAMX_METHOD_GRADCAM, n->input, NULL, 0, NULL, 0, NULL, n->maps, &error));
    EXPECT(camx_explain_many(n->session, CAMX_METHOD_GRADCAM, n->input, targets, target_count, names, layer_count,
                             NULL, n->maps, &error),
           status, words);
}

START_TEST(refusals)
{
    net n;
    open_net(&n, 1, 1);
    const char *const flat[] = {NULL, "flat"};
    const char *const unknown[] = {"c1", "c7"};
    camx_target absent;
    camx_target_for_class(&absent, 5);
    const camx_target *const no_class[] = {NULL, &absent};
    expect_refused(&n, n.targets, TARGETS, flat, 2, CAMX_E_METHOD, "layer 'flat' is no feature map");
    ck_assert_uint_eq(camx_map_image_count(n.maps[0]), 0);
    expect_refused(&n, n.targets, TARGETS, unknown, 2, CAMX_E_NOT_FOUND, "no layer 'c7'");
    expect_refused(&n, no_class, 2, layers, LAYERS, CAMX_E_NOT_FOUND, "class 5 does not exist");
    expect_refused(&n, NULL, 2, layers, LAYERS, CAMX_E_ARGUMENT, "targets is NULL");
    expect_refused(&n, n.targets, TARGETS, NULL, 1, CAMX_E_ARGUMENT, "layers is NULL");
    expect_refused(&n, n.targets, UINT32_MAX, layers, UINT32_MAX, CAMX_E_ARGUMENT, "too many");
    camx_map *last = n.maps[MAPS - 1];
    n.maps[MAPS - 1] = n.maps[2];
    expect_refused(&n, n.targets, TARGETS, layers, LAYERS, CAMX_E_ARGUMENT, "are the same map");
    n.maps[MAPS - 1] = NULL;
    expect_refused(&n, n.targets, TARGETS, layers, LAYERS, CAMX_E_ARGUMENT, "maps[11] of 12 is NULL");
    n.maps[MAPS - 1] = last;
    camx_explain_options options;
    camx_explain_options_init(&options);
    options.layer = "c2";
    EXPECT(camx_explain_many(n.session, CAMX_METHOD_GRADCAM, n.input, n.targets, TARGETS, layers, LAYERS, &options,
                             n.maps, &error),
           CAMX_E_ARGUMENT, "both layers and");
    EXPECT(camx_explain_many(n.session, 99, n.input, NULL, 0, NULL, 0, NULL, n.maps, &error), CAMX_E_NOT_FOUND,
           "no method number 99");
    EXPECT(camx_explain_many(NULL, CAMX_METHOD_GRADCAM, n.input, NULL, 0, NULL, 0, NULL, n.maps, &error),
           CAMX_E_ARGUMENT, "'session' is NULL");
    EXPECT(camx_explain_many(n.session, CAMX_METHOD_GRADCAM, n.input, NULL, 0, NULL, 0, NULL, NULL, &error),
           CAMX_E_ARGUMENT, "'maps' is NULL");
    close_net(&n);
}
END_TEST

/* ---- stopping ---- */

typedef struct watch {
    uint64_t calls;
    uint64_t last;
    uint64_t total;
    double stop_at; /* part of the whole */
} watch;

static int see(uint64_t done, uint64_t total, void *user)
{
    watch *w = user;
    w->calls++;
    ck_assert_uint_ge(done, w->last);
    ck_assert_uint_le(done, total);
    w->last = done;
    w->total = total;
    return (double)done >= w->stop_at * (double)total;
}

/* One progress over all maps. */
START_TEST(progress_over_all)
{
    net n;
    open_net(&n, 1, 1);
    watch w = {.stop_at = 2.0};
    camx_explain_options options;
    camx_explain_options_init(&options);
    options.progress = see;
    options.progress_user = &w;
    GOOD(camx_explain_many(n.session, CAMX_METHOD_OCCLUSION, n.input, n.targets, TARGETS, NULL, 0, &options, n.maps,
                           &error));
    ck_assert_uint_gt(w.calls, TARGETS);
    ck_assert_uint_eq(w.last, w.total);
    close_net(&n);
}
END_TEST

START_TEST(stopped_half_way)
{
    net n;
    open_net(&n, 1, 1);
    watch w = {.stop_at = 0.5};
    camx_explain_options options;
    camx_explain_options_init(&options);
    options.progress = see;
    options.progress_user = &w;
    for (int i = 0; i < TARGETS; i++)
        GOOD(camx_explain(n.session, CAMX_METHOD_OCCLUSION, n.input, NULL, NULL, n.maps[i], &error));
    EXPECT(camx_explain_many(n.session, CAMX_METHOD_OCCLUSION, n.input, n.targets, TARGETS, NULL, 0, &options,
                             n.maps, &error),
           CAMX_E_CANCELLED, "asked to stop");
    bool partial = false;
    for (int i = 0; i < TARGETS; i++)
        if (camx_map_image_count(n.maps[i]) > 0)
            partial |= api_map_info(n.maps[i], 0).finding == CAMX_FINDING_PARTIAL;
    ck_assert(partial);
    camx_explain_options_init(&options);
    options.deadline = 1e-9;
    EXPECT(camx_explain_many(n.session, CAMX_METHOD_OCCLUSION, n.input, n.targets, TARGETS, NULL, 0, &options,
                             n.maps, &error),
           CAMX_E_DEADLINE, "time was up");
    close_net(&n);
}
END_TEST

/* ---- stages ---- */

/* Name and width of each stage of a golden network. */
typedef struct stage {
    const char *name;
    int32_t width;
} stage;

static const struct {
    const char *file;
    stage stages[6];
} networks[] = {
    /* The ends of the groups of residual blocks, never a value inside one. */
    {"resnet18_ts13.onnx",
     {{"/relu/Relu_output_0", 24},
      {"/layer1/layer1.0/relu_1/Relu_output_0", 12},
      {"/layer2/layer2.1/relu_1/Relu_output_0", 6},
      {"/layer4/layer4.0/relu_1/Relu_output_0", 3}}},
    /* What goes into the blocks that shrink. */
    {"mobilenet_v2_ts13.onnx",
     {{"/features/features.2/conv/conv.0/conv.0.2/Clip_output_0", 24},
      {"/features/features.4/conv/conv.0/conv.0.2/Clip_output_0", 12},
      {"/features/features.7/features.7.2/Clip_output_0", 6}}},
    /* The join of the two halves; not the convolution that is the classifier. */
    {"squeezenet_ts13.onnx",
     {{"/features/features.1/Relu_output_0", 39},
      {"/features/features.4/Concat_output_0", 19},
      {"/features/features.6/Concat_output_0", 9},
      {"/features/features.8/Concat_output_0", 4}}},
    {"densenet_ts13.onnx",
     {{"/features/relu0/Relu_output_0", 32},
      {"/features/transition1/conv/Conv_output_0", 16},
      {"/features/transition2/conv/Conv_output_0", 8},
      {"/features/transition3/conv/Conv_output_0", 4},
      {"/last_relu/Relu_output_0", 2}}},
    /* The network turns its axes first; that copy of the input is no stage. */
    {"regnet_x_ts13_channels_last.onnx",
     {{"/stem/stem.2/Relu_output_0", 24},
      {"/trunk_output/block1/block1-0/activation/Relu_output_0", 12},
      {"/trunk_output/block3/block3-1/activation/Relu_output_0", 6}}},
};

START_TEST(stages_of_families)
{
    camx_model *model = NULL;
    GOOD(camx_model_open(api_golden(networks[_i].file), NULL, &model, &error));
    camx_session *session = api_session(model, NULL);
    uint32_t count = 0;
    while (networks[_i].stages[count].name != NULL) {
        camx_layer_info info = {.struct_size = sizeof info};
        GOOD(camx_session_get_stage(session, count, &info, &error));
        ck_assert_str_eq(info.name, networks[_i].stages[count].name);
        ck_assert_int_eq(info.width, networks[_i].stages[count].width);
        ck_assert(info.is_spatial);
        count++;
        ck_assert_int_eq(info.is_default, networks[_i].stages[count].name == NULL);
    }
    ck_assert_uint_eq(camx_session_stage_count(session), count);
    camx_layer_info info = {.struct_size = sizeof info};
    EXPECT(camx_session_get_stage(session, count, &info, &error), CAMX_E_NOT_FOUND, "no stage number");
    EXPECT(camx_session_get_stage(session, 0, NULL, &error), CAMX_E_ARGUMENT, "'info' is NULL");
    EXPECT(camx_session_get_stage(NULL, 0, &info, &error), CAMX_E_ARGUMENT, "'session' is NULL");
    info.struct_size = 0;
    EXPECT(camx_session_get_stage(session, 0, &info, &error), CAMX_E_ARGUMENT, "struct_size");
    ck_assert_uint_eq(camx_session_stage_count(NULL), 0);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* Every stage by one forward and one backward pass; each map is that of a call for its layer. */
START_TEST(progression)
{
    camx_model *model = NULL;
    camx_map *maps[8];
    camx_session_options options;
    camx_session_options_init(&options);
    options.keep = CAMX_KEEP_STAGES;
    GOOD(camx_model_open(api_golden("resnet18_ts13.onnx"), NULL, &model, &error));
    camx_session *session = api_session(model, &options);
    camx_session *other = api_session(model, NULL);
    camx_input *input = api_random_input(model, 5, 1, 3, 48, 48);
    camx_map *single = api_map();
    uint32_t count = camx_session_stage_count(session);
    ck_assert_uint_eq(count, 4);
    for (int i = 0; i < 8; i++)
        maps[i] = api_map();
    GOOD(camx_session_run(session, input, &error));
    GOOD(camx_explain_stages(session, CAMX_METHOD_GRADCAM, NULL, NULL, NULL, maps, count, &error));
    ck_assert_uint_eq(api_stats(session).forward_runs, 1);
    ck_assert_uint_eq(api_stats(session).backward_runs, 1);
    for (uint32_t i = 0; i < count; i++) {
        camx_gradcam_options layer;
        camx_gradcam_options_init(&layer);
        layer.layer = networks[0].stages[i].name;
        GOOD(gradcam_compute(other, input, NULL, &layer, single, &error));
        expect_same(maps[i], single, 0);
    }
    /* A session that kept nothing gives the same, with one rerun. */
    GOOD(camx_explain_stages(other, CAMX_METHOD_GRADCAMPP, input, NULL, NULL, maps, count, &error));
    camx_explain_options one;
    camx_explain_options_init(&one);
    one.layer = "layer1";
    EXPECT(camx_explain_stages(session, CAMX_METHOD_GRADCAM, NULL, NULL, &one, maps, count, &error),
           CAMX_E_ARGUMENT, "every stage");
    EXPECT(camx_explain_stages(session, CAMX_METHOD_GRADCAM, NULL, NULL, NULL, maps, 3, &error), CAMX_E_ARGUMENT,
           "3 maps were given; the network has 4 stages");
    EXPECT(camx_explain_stages(session, CAMX_METHOD_CAM, NULL, NULL, NULL, maps, count, &error), CAMX_E_ARGUMENT,
           "takes no other");
    ck_assert_uint_eq(camx_map_image_count(maps[0]), 0);
    EXPECT(camx_explain_stages(session, 77, NULL, NULL, NULL, maps, count, &error), CAMX_E_NOT_FOUND, "number 77");
    EXPECT(camx_explain_stages(session, CAMX_METHOD_GRADCAM, NULL, NULL, NULL, NULL, count, &error),
           CAMX_E_ARGUMENT, "'maps' is NULL");
    EXPECT(camx_explain_stages(NULL, CAMX_METHOD_GRADCAM, NULL, NULL, NULL, maps, count, &error), CAMX_E_ARGUMENT,
           "'session' is NULL");
    for (int i = 0; i < 8; i++)
        camx_map_release(maps[i]);
    camx_map_release(single);
    camx_input_release(input);
    camx_session_close(other);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* A network of nothing but a dense layer has no feature map of its own. */
START_TEST(no_stages)
{
    onnx_writer w;
    camx_model *model = NULL;
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){1, 1, 2, 5});
    onnx_writer_node(&w, "Flatten", "flat", "x", "y");
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){1, 10});
    onnx_bytes bytes = onnx_writer_end(&w);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &model, &error));
    onnx_bytes_free(&bytes);
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 1, 2, 5);
    camx_map *map = api_map();
    ck_assert_uint_eq(camx_session_stage_count(session), 0);
    EXPECT(camx_explain_stages(session, CAMX_METHOD_GRADCAM, input, NULL, NULL, &map, 1, &error), CAMX_E_METHOD,
           "0 stages");
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

/* Largest difference between two maps of one layer, as a part of the greatest value. */
static double apart(const camx_map *a, const camx_map *b)
{
    camx_map_info info = api_map_info(b, 0);
    double size = fmax(fabs((double)info.minimum), fabs((double)info.maximum));
    double most = 0;
    ck_assert_str_eq(api_map_info(a, 0).layer, info.layer);
    for (int i = 0; i < info.width * info.height; i++)
        most = fmax(most, fabs((double)camx_map_values(a, 0)[i] - (double)camx_map_values(b, 0)[i]));
    return most / fmax(size, 1e-6);
}

static void try_network(const char *name)
{
    camx_model *model = NULL;
    camx_map *maps[16];
    camx_session_options options;
    camx_model_info info = {.struct_size = sizeof info};
    char file[200];
    snprintf(file, sizeof file, "%s.onnx", name);
    GOOD(camx_model_open(api_golden(file), NULL, &model, &error));
    GOOD(camx_model_get_info(model, &info, &error));
    camx_session_options_init(&options);
    options.keep = CAMX_KEEP_STAGES;
    camx_session *session = api_session(model, &options);
    camx_session *other = api_session(model, NULL);
    camx_map *single = api_map();
    int64_t n = info.input_shape[0] > 0 ? info.input_shape[0] : 1;
    camx_input *input =
        info.channels_last ? api_random_input(model, 9, n, info.default_height, info.default_width, info.channels)
                           : api_random_input(model, 9, n, info.channels, info.default_height, info.default_width);
    uint32_t count = camx_session_stage_count(session);
    ck_assert_msg(count >= 1 && count <= 16, "%s has %u stages", name, count);
    for (uint32_t i = 0; i < count; i++)
        maps[i] = api_map();
    GOOD(camx_explain_stages(session, CAMX_METHOD_GRADCAM, input, NULL, NULL, maps, count, &error));
    ck_assert_uint_eq(api_stats(session).forward_runs, (uint64_t)n);
    ck_assert_uint_eq(api_stats(session).backward_runs, (uint64_t)n);
    for (uint32_t i = 0; i < count; i++) {
        camx_gradcam_options layer;
        camx_gradcam_options_init(&layer);
        layer.layer = api_map_info(maps[i], 0).layer;
        GOOD(gradcam_compute(other, input, NULL, &layer, single, &error));
        ck_assert_msg(apart(maps[i], single) < 1e-4, "%s, stage %u: %g apart", name, i, apart(maps[i], single));
        camx_map_release(maps[i]);
    }
    camx_map_release(single);
    camx_input_release(input);
    camx_session_close(other);
    camx_session_close(session);
    camx_model_release(model);
}

/* On every small network of every family: all stages at once against one call for each. */
START_TEST(progression_of_every_family)
{
    onnx_bytes list = api_read_file(api_golden("list.txt"));
    const char *at = (const char *)list.data;
    const char *end = at + list.size;
    int networks_seen = 0;
    while (at < end) {
        char name[128];
        size_t length = 0;
        while (at < end && *at != '\n' && length + 1 < sizeof name)
            name[length++] = *at++;
        name[length] = '\0';
        at++;
        if (length == 0)
            continue;
        try_network(name);
        networks_seen++;
    }
    ck_assert_int_ge(networks_seen, 40);
    onnx_bytes_free(&list);
}
END_TEST

/* Far more resolutions than any network has: the last 256 of them, quickly. */
START_TEST(too_many_stages)
{
    enum { POOLS = 290, FIRST = 300 };
    onnx_writer w;
    camx_model *model = NULL;
    const int64_t two[2] = {2, 2};
    const float one = 1.0F;
    char names[2][32] = {"c"};
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){1, 1, FIRST, FIRST});
    onnx_writer_node(&w, "Conv", "conv", "x k", "c");
    for (int i = 0; i < POOLS; i++) {
        snprintf(names[(i + 1) % 2], sizeof names[0], "p%d", i);
        onnx_writer_node(&w, "MaxPool", "", names[i % 2], names[(i + 1) % 2]);
        onnx_writer_ints_attribute(&w, "kernel_shape", 2, two);
    }
    onnx_writer_node(&w, "Flatten", "flat", names[POOLS % 2], "y");
    onnx_writer_floats(&w, "k", 4, (int64_t[]){1, 1, 1, 1}, &one);
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){1, (FIRST - POOLS) * (FIRST - POOLS)});
    onnx_bytes bytes = onnx_writer_end(&w);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &model, &error));
    onnx_bytes_free(&bytes);
    camx_session *session = api_session(model, NULL);
    camx_layer_info info = {.struct_size = sizeof info};
    ck_assert_uint_eq(camx_session_stage_count(session), 256);
    GOOD(camx_session_get_stage(session, 255, &info, &error));
    ck_assert_int_eq(info.is_default, 1);
    ck_assert_int_eq(info.width, FIRST - POOLS);
    GOOD(camx_session_get_stage(session, 0, &info, &error));
    ck_assert_int_eq(info.width, FIRST - POOLS + 255);
    camx_session_close(session);
    camx_model_release(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_many");
    TCase *tests = tcase_create("many");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, equal_to_single_calls, 0, 6);
    tcase_add_loop_test(tests, images_of_a_batch, 0, 6);
    tcase_add_test(tests, defaults);
    tcase_add_test(tests, methods_without_layers);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, progress_over_all);
    tcase_add_test(tests, stopped_half_way);
    tcase_add_loop_test(tests, stages_of_families, 0, (int)(sizeof networks / sizeof networks[0]));
    tcase_add_test(tests, progression);
    tcase_add_test(tests, no_stages);
    tcase_add_test(tests, progression_of_every_family);
    tcase_add_test(tests, too_many_stages);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
