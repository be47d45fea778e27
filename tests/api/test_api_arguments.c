/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every exported function with arguments that it must refuse: NULL, numbers out of range, struct sizes
 * that no version had, and calls that come too early.
 */
#include <math.h>
#include <stdio.h>

#include "api_support.h"

/* What most functions need, all fine. */
typedef struct things {
    camx_model *model;
    camx_session *session; /* has run `input` */
    camx_session *fresh;   /* has no input yet */
    camx_input *input;
    camx_map *map; /* holds one map */
    camx_map *empty;
    float values[4096];
} things;

static things t;

static void set_up(void)
{
    api_net net = API_NET;
    t.model = api_net_open(&net, NULL);
    t.session = api_session(t.model, NULL);
    t.fresh = api_session(t.model, NULL);
    t.input = api_random_input(t.model, 1, 1, 3, 8, 8);
    t.map = api_map();
    t.empty = api_map();
    GOOD(gradcam_compute(t.session, t.input, NULL, NULL, t.map, &error));
}

static void tear_down(void)
{
    camx_map_release(t.map);
    camx_map_release(t.empty);
    camx_input_release(t.input);
    camx_session_close(t.session);
    camx_session_close(t.fresh);
    camx_model_release(t.model);
}

/* ---- NULL ---- */

START_TEST(null_models)
{
    camx_model *model = (camx_model *)&t;
    camx_model_info info = {.struct_size = sizeof info};
    EXPECT(camx_model_open(NULL, NULL, &model, &error), CAMX_E_ARGUMENT, "'path'");
    ck_assert_ptr_null(model);
    EXPECT(camx_model_open("x", NULL, NULL, &error), CAMX_E_ARGUMENT, "'model'");
    model = (camx_model *)&t;
    EXPECT(camx_model_open_memory(NULL, 5, NULL, &model, &error), CAMX_E_ARGUMENT, "'bytes'");
    ck_assert_ptr_null(model);
    EXPECT(camx_model_open_memory("abc", 3, NULL, NULL, &error), CAMX_E_ARGUMENT, "'model'");
    EXPECT(camx_model_get_info(NULL, &info, &error), CAMX_E_ARGUMENT, "'model'");
    EXPECT(camx_model_get_info(t.model, NULL, &error), CAMX_E_ARGUMENT, "'info'");
    camx_model_retain(NULL);
    camx_model_release(NULL);
    ck_assert_ptr_null(camx_model_metadata(NULL, "a"));
    ck_assert_ptr_null(camx_model_metadata(t.model, NULL));
    ck_assert_ptr_null(camx_model_metadata_key(NULL, 0));
    ck_assert_uint_eq(camx_model_class_count(NULL), 0);
    ck_assert_ptr_null(camx_model_class_name(NULL, 0));
    ck_assert_int_eq(camx_model_open(NULL, NULL, NULL, NULL), CAMX_E_ARGUMENT);
}
END_TEST

START_TEST(null_sessions)
{
    camx_session *session = (camx_session *)&t;
    camx_session_stats stats = {.struct_size = sizeof stats};
    camx_layer_info layer = {.struct_size = sizeof layer};
    camx_class_score best;
    uint32_t number = 0;
    EXPECT(camx_session_open(NULL, NULL, &session, &error), CAMX_E_ARGUMENT, "'model'");
    ck_assert_ptr_null(session);
    EXPECT(camx_session_open(t.model, NULL, NULL, &error), CAMX_E_ARGUMENT, "'session'");
    camx_session_close(NULL);
    EXPECT(camx_session_get_stats(NULL, &stats, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_get_stats(t.session, NULL, &error), CAMX_E_ARGUMENT, "'stats'");
    ck_assert_uint_eq(camx_session_layer_count(NULL), 0);
    EXPECT(camx_session_get_layer(NULL, 0, &layer, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_get_layer(t.session, 0, NULL, &error), CAMX_E_ARGUMENT, "'info'");
    EXPECT(camx_session_find_layer(NULL, "c1", &number, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_find_layer(t.session, "c1", NULL, &error), CAMX_E_ARGUMENT, "'index'");
    GOOD(camx_session_find_layer(t.session, NULL, &number, &error));
    EXPECT(camx_session_run(NULL, t.input, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_scores(NULL, 0, 0, t.values, 5, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_scores(t.session, 0, 0, NULL, 5, &error), CAMX_E_ARGUMENT, "'values'");
    EXPECT(camx_session_top(NULL, 0, &best, 1, &number, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_top(t.session, 0, NULL, 1, &number, &error), CAMX_E_ARGUMENT, "'best'");
    EXPECT(camx_session_top(t.session, 0, &best, 1, NULL, &error), CAMX_E_ARGUMENT, "'found'");
    EXPECT(camx_session_value(NULL, "c1", t.values, 256, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_value(t.session, "c1", NULL, 256, &error), CAMX_E_ARGUMENT, "'values'");
    EXPECT(camx_session_gradient(NULL, NULL, NULL, "c1", t.values, 256, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_session_gradient(t.session, NULL, NULL, "c1", NULL, 256, &error), CAMX_E_ARGUMENT, "'values'");
}
END_TEST

START_TEST(null_inputs)
{
    uint8_t picture[3] = {0};
    int64_t shape[4] = {1, 3, 8, 8};
    camx_pixels pixels;
    camx_input_options options;
    camx_input *input = (camx_input *)&t;
    camx_pixels_init(&pixels, CAMX_PIXEL_RGB, 1, 1, 0, picture);
    EXPECT(camx_input_options_for(NULL, 0, &options, &error), CAMX_E_ARGUMENT, "'model'");
    EXPECT(camx_input_options_for(t.model, 0, (camx_input_options *)NULL, &error), CAMX_E_ARGUMENT, "'options'");
    EXPECT(camx_input_from_pixels(NULL, &pixels, NULL, &input, &error), CAMX_E_ARGUMENT, "'model'");
    ck_assert_ptr_null(input);
    EXPECT(camx_input_from_pixels(t.model, NULL, NULL, &input, &error), CAMX_E_ARGUMENT, "'pixels'");
    EXPECT(camx_input_from_pixels(t.model, &pixels, NULL, NULL, &error), CAMX_E_ARGUMENT, "'input'");
    pixels.data = NULL;
    EXPECT(camx_input_from_pixels(t.model, &pixels, NULL, &input, &error), CAMX_E_ARGUMENT, "NULL");
    EXPECT(camx_input_from_floats(NULL, t.values, shape, 4, &input, &error), CAMX_E_ARGUMENT, "'model'");
    EXPECT(camx_input_from_floats(t.model, NULL, shape, 4, &input, &error), CAMX_E_ARGUMENT, "'values'");
    EXPECT(camx_input_from_floats(t.model, t.values, NULL, 4, &input, &error), CAMX_E_ARGUMENT, "'shape'");
    EXPECT(camx_input_from_floats(t.model, t.values, shape, 4, NULL, &error), CAMX_E_ARGUMENT, "'input'");
    camx_input_retain(NULL);
    camx_input_release(NULL);
    ck_assert_uint_eq(camx_input_image_count(NULL), 0);
    ck_assert_ptr_null(camx_input_values(NULL, shape));
    ck_assert_ptr_nonnull(camx_input_values(t.input, NULL));
    ck_assert_str_eq(camx_input_description(NULL), "");
}
END_TEST

START_TEST(null_methods)
{
    EXPECT(cam_compute(NULL, t.input, NULL, NULL, t.map, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(cam_compute(t.session, t.input, NULL, NULL, NULL, &error), CAMX_E_ARGUMENT, "'map'");
    EXPECT(gradcam_compute(NULL, t.input, NULL, NULL, t.map, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(gradcam_compute(t.session, t.input, NULL, NULL, NULL, &error), CAMX_E_ARGUMENT, "'map'");
    EXPECT(gradcampp_compute(NULL, t.input, NULL, NULL, t.map, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(gradcampp_compute(t.session, t.input, NULL, NULL, NULL, &error), CAMX_E_ARGUMENT, "'map'");
    EXPECT(occlusion_map(NULL, t.input, NULL, NULL, t.map, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(occlusion_map(t.session, t.input, NULL, NULL, NULL, &error), CAMX_E_ARGUMENT, "'map'");
    EXPECT(camx_explain(NULL, 2, t.input, NULL, NULL, t.map, &error), CAMX_E_ARGUMENT, "'session'");
    EXPECT(camx_explain(t.session, 2, t.input, NULL, NULL, NULL, &error), CAMX_E_ARGUMENT, "'map'");
    ck_assert_int_eq(camx_method_by_name(NULL), 0);
    ck_assert_int_eq(gradcam_compute(NULL, NULL, NULL, NULL, NULL, NULL), CAMX_E_ARGUMENT);
}
END_TEST

START_TEST(null_maps)
{
    camx_map_info info = {.struct_size = sizeof info};
    camx_allocator half = {NULL, NULL, NULL};
    camx_map *map = (camx_map *)&t;
    EXPECT(camx_map_create(NULL, NULL, &error), CAMX_E_ARGUMENT, "'map'");
    EXPECT(camx_map_create(&half, &map, &error), CAMX_E_ARGUMENT, "allocator");
    ck_assert_ptr_null(map);
    camx_map_release(NULL);
    ck_assert_uint_eq(camx_map_image_count(NULL), 0);
    EXPECT(camx_map_get_info(NULL, 0, &info, &error), CAMX_E_ARGUMENT, "'map'");
    EXPECT(camx_map_get_info(t.map, 0, NULL, &error), CAMX_E_ARGUMENT, "'info'");
    ck_assert_ptr_null(camx_map_values(NULL, 0));
    EXPECT(camx_map_scale(NULL, 0, 0, t.values, 64, &error), CAMX_E_ARGUMENT, "'map'");
    EXPECT(camx_map_scale(t.map, 0, 0, NULL, 64, &error), CAMX_E_ARGUMENT, "'values'");
    EXPECT(camx_map_render(NULL, 0, NULL, t.values, 8, 8, &error), CAMX_E_ARGUMENT, "'map'");
    EXPECT(camx_map_render(t.map, 0, NULL, NULL, 8, 8, &error), CAMX_E_ARGUMENT, "'values'");
}
END_TEST

START_TEST(null_pictures)
{
    uint8_t sample[12] = {0};
    int32_t width = 0;
    int32_t height = 0;
    camx_pixels photo;
    camx_pixels_init(&photo, CAMX_PIXEL_RGB, 2, 2, 0, sample);
    camx_tile tile = {&photo, "a caption"};
    EXPECT(camx_colormap_colour(0, 0.5F, NULL, &error), CAMX_E_ARGUMENT, "'rgb'");
    ck_assert_int_eq(camx_colormap_by_name(NULL), -1);
    EXPECT(camx_overlay_draw(NULL, t.values, NULL, &photo, &error), CAMX_E_ARGUMENT, "'photo'");
    EXPECT(camx_overlay_draw(&photo, NULL, NULL, &photo, &error), CAMX_E_ARGUMENT, "'heat'");
    EXPECT(camx_overlay_draw(&photo, t.values, NULL, NULL, &error), CAMX_E_ARGUMENT, "'out'");
    EXPECT(camx_sheet_size(NULL, 1, NULL, &width, &height, &error), CAMX_E_ARGUMENT, "'tiles'");
    EXPECT(camx_sheet_size(&tile, 1, NULL, NULL, &height, &error), CAMX_E_ARGUMENT, "'width'");
    EXPECT(camx_sheet_size(&tile, 1, NULL, &width, NULL, &error), CAMX_E_ARGUMENT, "'height'");
    EXPECT(camx_sheet_size(&tile, 0, NULL, &width, &height, &error), CAMX_E_ARGUMENT, "");
    EXPECT(camx_sheet_draw(NULL, 1, NULL, &photo, &error), CAMX_E_ARGUMENT, "'tiles'");
    EXPECT(camx_sheet_draw(&tile, 1, NULL, NULL, &error), CAMX_E_ARGUMENT, "'out'");
    tile.picture = NULL;
    EXPECT(camx_sheet_draw(&tile, 1, NULL, &photo, &error), CAMX_E_ARGUMENT, "NULL");
}
END_TEST

/* ---- numbers out of range ---- */

START_TEST(session_numbers)
{
    static const char *const layers[] = {"c1", NULL};
    camx_session_options options;
    camx_session *session = NULL;
#define TRY(field, value, words)                                                                     \
    do {                                                                                             \
        camx_session_options_init(&options);                                                         \
        options.field = (value);                                                                     \
        EXPECT(camx_session_open(t.model, &options, &session, &error), CAMX_E_ARGUMENT, (words)); \
        ck_assert_ptr_null(session);                                                                 \
    } while (0)
    TRY(threads, -1, "threads is -1");
    TRY(threads, 65, "threads is 65");
    TRY(keep, -1, "keep is -1");
    TRY(keep, 4, "keep is 4");
    TRY(gemm, -1, "gemm is -1");
    TRY(gemm, 4, "gemm is 4");
    TRY(layer_count, 1, "layers is NULL");
#undef TRY
    camx_session_options_init(&options);
    options.layers = layers;
    options.layer_count = 2;
    EXPECT(camx_session_open(t.model, &options, &session, &error), CAMX_E_ARGUMENT, "layers[1] is NULL");
    options.layers = (const char *const[]){"c3"};
    options.layer_count = 1;
    EXPECT(camx_session_open(t.model, &options, &session, &error), CAMX_E_NOT_FOUND, "'c3'");
}
END_TEST

START_TEST(score_numbers)
{
    camx_class_score best[8];
    uint32_t found = 9;
    EXPECT(camx_session_scores(t.session, 0, -1, t.values, 5, &error), CAMX_E_ARGUMENT, "score is -1");
    EXPECT(camx_session_scores(t.session, 0, 3, t.values, 5, &error), CAMX_E_ARGUMENT, "score is 3");
    EXPECT(camx_session_scores(t.session, 0, 0, t.values, 4, &error), CAMX_E_ARGUMENT, "5 classes");
    EXPECT(camx_session_scores(t.session, 0, 0, t.values, 6, &error), CAMX_E_ARGUMENT, "6 scores");
    EXPECT(camx_session_scores(t.session, 1, 0, t.values, 5, &error), CAMX_E_ARGUMENT, "image number 1");
    EXPECT(camx_session_top(t.session, 1, best, 3, &found, &error), CAMX_E_ARGUMENT, "image number 1");
    ck_assert_uint_eq(found, 0);
    GOOD(camx_session_top(t.session, 0, best, 0, &found, &error));
    ck_assert_uint_eq(found, 0);
    GOOD(camx_session_top(t.session, 0, best, 8, &found, &error));
    ck_assert_uint_eq(found, 5);
    EXPECT(camx_session_value(t.session, "c1", t.values, 255, &error), CAMX_E_ARGUMENT, "256 numbers");
    EXPECT(camx_session_gradient(t.session, NULL, NULL, "c1", t.values, 257, &error), CAMX_E_ARGUMENT, "257");
}
END_TEST

START_TEST(target_numbers)
{
    static const int32_t classes[] = {0, 1};
    static const float seed[10] = {0};
    camx_target target;
#define TRY(status, words) EXPECT(gradcam_compute(t.session, NULL, &target, NULL, t.map, &error), (status), (words))
    camx_target_init(&target);
    target.kind = -1;
    TRY(CAMX_E_ARGUMENT, "kind is -1");
    target.kind = 4;
    TRY(CAMX_E_ARGUMENT, "kind is 4");
    camx_target_init(&target);
    target.score = 3;
    TRY(CAMX_E_ARGUMENT, "score is 3");
    camx_target_for_class(&target, 5);
    TRY(CAMX_E_NOT_FOUND, "class 5 does not exist");
    TRY(CAMX_E_NOT_FOUND, "0 to 4");
    camx_target_for_class(&target, -1);
    TRY(CAMX_E_NOT_FOUND, "class -1");
    camx_target_for_class(&target, 0);
    target.kind = CAMX_TARGET_PAIR;
    TRY(CAMX_E_NOT_FOUND, "other class -1");
    target.kind = CAMX_TARGET_SEED;
    TRY(CAMX_E_ARGUMENT, "seed is NULL");
    target.seed = seed;
    target.count = 2;
    TRY(CAMX_E_ARGUMENT, "seed is for 2 images");
    target.kind = CAMX_TARGET_CLASS;
    TRY(CAMX_E_ARGUMENT, "2 classes for 1 images");
    target.count = 1;
    TRY(CAMX_E_ARGUMENT, "NULL");
    target.classes = classes;
    GOOD(gradcam_compute(t.session, NULL, &target, NULL, t.map, &error));
    target.kind = CAMX_TARGET_PAIR;
    TRY(CAMX_E_ARGUMENT, "other class indices is NULL");
    target.others = classes + 1;
    GOOD(gradcam_compute(t.session, NULL, &target, NULL, t.map, &error));
#undef TRY
}
END_TEST

START_TEST(method_numbers)
{
    camx_gradcampp_options plus;
    camx_explain_options explain;
    camx_gradcampp_options_init(&plus);
    plus.rule = 2;
    EXPECT(gradcampp_compute(t.session, NULL, NULL, &plus, t.map, &error), CAMX_E_ARGUMENT, "rule is 2");
    plus.rule = -1;
    EXPECT(gradcampp_compute(t.session, NULL, NULL, &plus, t.map, &error), CAMX_E_ARGUMENT, "rule is -1");
    EXPECT(camx_explain(t.session, 0, NULL, NULL, NULL, t.map, &error), CAMX_E_NOT_FOUND, "method number 0");
    EXPECT(camx_explain(t.session, 999, NULL, NULL, NULL, t.map, &error), CAMX_E_NOT_FOUND, "method number 999");
    EXPECT(camx_explain(t.session, -1, NULL, NULL, NULL, t.map, &error), CAMX_E_NOT_FOUND, "method number -1");
    camx_explain_options_init(&explain);
    explain.layer = "c1";
    EXPECT(camx_explain(t.session, CAMX_METHOD_CAM, NULL, NULL, &explain, t.map, &error), CAMX_E_ARGUMENT, "'c1'");
    EXPECT(camx_explain(t.session, CAMX_METHOD_OCCLUSION, NULL, NULL, &explain, t.map, &error), CAMX_E_ARGUMENT,
           "'c1'");
    /* A refused call leaves the map as it was. */
    ck_assert_uint_eq(camx_map_image_count(t.map), 1);
    ck_assert_str_eq(api_map_info(t.map, 0).layer, "r2");
}
END_TEST

START_TEST(occlusion_numbers)
{
    camx_occlusion_options options;
#define TRY(field, value, words)                                                                           \
    do {                                                                                                   \
        camx_occlusion_options_init(&options);                                                             \
        options.fill = CAMX_FILL_VALUE;                                                                    \
        options.field = (value);                                                                           \
        EXPECT(occlusion_map(t.session, NULL, NULL, &options, t.map, &error), CAMX_E_ARGUMENT, (words)); \
    } while (0)
    TRY(patch_width, -1, "-1 pixels wide");
    TRY(patch_width, 9, "9 pixels wide");
    TRY(patch_height, -2, "-2 pixels high");
    TRY(patch_height, 9, "9 pixels high");
    TRY(stride_x, -1, "stride is -1");
    TRY(stride_y, -7, "stride is -7");
    TRY(fill, 3, "fill is 3");
    TRY(fill, -1, "fill is -1");
    TRY(edge, 3, "edge is 3");
    TRY(edge, -1, "edge is -1");
    TRY(fill_value, NAN, "fill_value");
    TRY(fill_value, INFINITY, "fill_value");
    TRY(blur_sigma, -0.5F, "blur_sigma");
    TRY(blur_sigma, NAN, "blur_sigma");
    TRY(deadline, -1.0, "deadline");
    TRY(deadline, NAN, "deadline");
#undef TRY
}
END_TEST

START_TEST(map_numbers)
{
    camx_map_info info = {.struct_size = sizeof info};
    camx_render_options render;
    EXPECT(camx_map_get_info(t.map, 1, &info, &error), CAMX_E_ARGUMENT, "image 1");
    ck_assert_ptr_null(camx_map_values(t.map, 1));
    ck_assert_ptr_nonnull(camx_map_values(t.map, 0));
    EXPECT(camx_map_scale(t.map, 0, 5, t.values, 64, &error), CAMX_E_ARGUMENT, "scaling number 5");
    EXPECT(camx_map_scale(t.map, 0, -1, t.values, 64, &error), CAMX_E_ARGUMENT, "scaling number -1");
    EXPECT(camx_map_scale(t.map, 0, 0, t.values, 63, &error), CAMX_E_ARGUMENT, "63");
    EXPECT(camx_map_scale(t.map, 7, 0, t.values, 64, &error), CAMX_E_ARGUMENT, "image 7");
    EXPECT(camx_map_render(t.map, 0, NULL, t.values, 0, 8, &error), CAMX_E_ARGUMENT, "0 x 8");
    EXPECT(camx_map_render(t.map, 0, NULL, t.values, 8, -1, &error), CAMX_E_ARGUMENT, "8 x -1");
    EXPECT(camx_map_render(t.map, 1, NULL, t.values, 8, 8, &error), CAMX_E_ARGUMENT, "image 1");
    camx_render_options_init(&render);
    render.scaling = 9;
    EXPECT(camx_map_render(t.map, 0, &render, t.values, 8, 8, &error), CAMX_E_ARGUMENT, "scaling number 9");
    ck_assert_str_eq(camx_finding_text(CAMX_FINDING_HEAT), "");
    for (int finding = 1; finding <= CAMX_FINDING_PARTIAL; finding++)
        ck_assert_msg(strlen(camx_finding_text(finding)) > 20, "finding %d has no sentence", finding);
    ck_assert_ptr_nonnull(camx_finding_text(-1));
    ck_assert_ptr_nonnull(camx_finding_text(7));
}
END_TEST

START_TEST(input_numbers)
{
    static const struct {
        int64_t shape[4];
        uint32_t rank;
        camx_status status;
        const char *words;
    } bad[] = {
        {{1, 3, 8, 8}, 2, CAMX_E_ARGUMENT, "2 dimensions"}, {{1, 3, 8, 8}, 5, CAMX_E_ARGUMENT, "5 dimensions"},
        {{1, 4, 8, 8}, 4, CAMX_E_SHAPE, "4 channels"},      {{1, 1, 8, 8}, 4, CAMX_E_SHAPE, "1 channels"},
        {{0, 3, 8, 8}, 4, CAMX_E_ARGUMENT, "0 images"},     {{-1, 3, 8, 8}, 4, CAMX_E_ARGUMENT, "-1 images"},
        {{1, 3, 0, 8}, 4, CAMX_E_ARGUMENT, "height is 0"},  {{1, 3, 8, -8}, 4, CAMX_E_ARGUMENT, "width is -8"},
        {{1, 3, 9, 8}, 4, CAMX_E_SHAPE, "height is 9"},     {{1, 3, 8, 7}, 4, CAMX_E_SHAPE, "width is 7"},
    };
    camx_input_options options;
    camx_input *input = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        EXPECT(camx_input_from_floats(t.model, t.values, bad[i].shape, bad[i].rank, &input, &error), bad[i].status,
               bad[i].words);
    EXPECT(camx_input_options_for(t.model, 4, &options, &error), CAMX_E_ARGUMENT, "preset number 4");
    EXPECT(camx_input_options_for(t.model, -1, &options, &error), CAMX_E_ARGUMENT, "preset number -1");
}
END_TEST

START_TEST(picture_numbers)
{
    uint8_t samples[64] = {0};
    uint8_t rgb[3];
    camx_pixels photo;
    camx_overlay_options overlay;
    EXPECT(camx_colormap_colour(7, 0.5F, rgb, &error), CAMX_E_ARGUMENT, "7");
    EXPECT(camx_colormap_colour(-1, 0.5F, rgb, &error), CAMX_E_ARGUMENT, "-1");
    ck_assert_ptr_null(camx_colormap_name(7));
    ck_assert_ptr_null(camx_colormap_name(-1));
    ck_assert_int_eq(camx_colormap_by_name("rainbow"), -1);
    for (int i = 0; camx_colormap_name(i) != NULL; i++)
        ck_assert_int_eq(camx_colormap_by_name(camx_colormap_name(i)), i);
    camx_pixels_init(&photo, CAMX_PIXEL_RGB, 2, 2, 0, samples);
    camx_overlay_options_init(&overlay);
    overlay.alpha = 1.5F;
    EXPECT(camx_overlay_draw(&photo, t.values, &overlay, &photo, &error), CAMX_E_ARGUMENT, "alpha");
    overlay.alpha = NAN;
    EXPECT(camx_overlay_draw(&photo, t.values, &overlay, &photo, &error), CAMX_E_ARGUMENT, "alpha");
    camx_pixels_init(&photo, 5, 2, 2, 0, samples);
    EXPECT(camx_overlay_draw(&photo, t.values, NULL, &photo, &error), CAMX_E_ARGUMENT, "5");
    camx_pixels_init(&photo, CAMX_PIXEL_RGB, 2, 0, 0, samples);
    EXPECT(camx_overlay_draw(&photo, t.values, NULL, &photo, &error), CAMX_E_ARGUMENT, "0");
    camx_pixels_init(&photo, CAMX_PIXEL_RGB, 2, 2, 5, samples);
    EXPECT(camx_overlay_draw(&photo, t.values, NULL, &photo, &error), CAMX_E_ARGUMENT, "stride");
}
END_TEST

/* ---- too early ---- */

START_TEST(before_any_input)
{
    camx_map_info info = {.struct_size = sizeof info};
    camx_class_score best;
    uint32_t found = 0;
    camx_session *s = t.fresh;
    const char *words = "no input";
    EXPECT(camx_session_run(s, NULL, &error), CAMX_E_STATE, words);
    EXPECT(camx_session_scores(s, 0, 0, t.values, 5, &error), CAMX_E_STATE, words);
    EXPECT(camx_session_top(s, 0, &best, 1, &found, &error), CAMX_E_STATE, words);
    EXPECT(camx_session_value(s, "c1", t.values, 256, &error), CAMX_E_STATE, words);
    EXPECT(camx_session_gradient(s, NULL, NULL, "c1", t.values, 256, &error), CAMX_E_STATE, words);
    EXPECT(cam_compute(s, NULL, NULL, NULL, t.map, &error), CAMX_E_STATE, words);
    EXPECT(gradcam_compute(s, NULL, NULL, NULL, t.map, &error), CAMX_E_STATE, words);
    EXPECT(gradcampp_compute(s, NULL, NULL, NULL, t.map, &error), CAMX_E_STATE, words);
    EXPECT(occlusion_map(s, NULL, NULL, NULL, t.map, &error), CAMX_E_STATE, words);
    EXPECT(camx_explain(s, 2, NULL, NULL, NULL, t.map, &error), CAMX_E_STATE, words);
    ck_assert_uint_eq(camx_session_image_count(s), 0);
    ck_assert_uint_eq(camx_session_image_count(t.session), 1);
    ck_assert_uint_eq(camx_session_image_count(NULL), 0);
    ck_assert_uint_eq(camx_session_layer_count(s), camx_session_layer_count(t.session));
    ck_assert_uint_eq(camx_map_image_count(t.empty), 0);
    ck_assert_ptr_null(camx_map_values(t.empty, 0));
    EXPECT(camx_map_get_info(t.empty, 0, &info, &error), CAMX_E_STATE, "empty");
    EXPECT(camx_map_scale(t.empty, 0, 0, t.values, 64, &error), CAMX_E_STATE, "empty");
    EXPECT(camx_map_render(t.empty, 0, NULL, t.values, 8, 8, &error), CAMX_E_STATE, "empty");
}
END_TEST

/* ---- struct sizes ---- */

/* An options struct that is only `size` bytes long on this side: what lies behind is somebody else's. */
static void *shortened(const void *options, size_t size)
{
    char *copy = malloc(size);
    uint32_t said = (uint32_t)size;
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, options, size);
    memcpy(copy, &said, sizeof said);
    return copy;
}

/* Runs `call` with `given` pointing to a struct of each size from nothing to too large. Sizes that a compiler could have
 * given to an older version are fine, all others are refused with the struct's name. */
#define TRY_SIZES(type, init, call)                                                                                   \
    do {                                                                                                              \
        type full;                                                                                                    \
        init(&full);                                                                                                  \
        ck_assert_uint_eq(full.struct_size, sizeof full);                                                             \
        full.struct_size = 0;                                                                                         \
        type *given = &full;                                                                                          \
        EXPECT(call, CAMX_E_ARGUMENT, #type ".struct_size is 0");                                                     \
        full.struct_size = sizeof full + 8;                                                                           \
        EXPECT(call, CAMX_E_ARGUMENT, #type ".struct_size");                                                          \
        full.struct_size = 0xFFFFFFFFu;                                                                               \
        EXPECT(call, CAMX_E_ARGUMENT, #type ".struct_size");                                                          \
        full.struct_size = 4;                                                                                         \
        EXPECT(call, CAMX_E_ARGUMENT, #type ".struct_size");                                                          \
        full.struct_size = sizeof full - 1;                                                                           \
        EXPECT(call, CAMX_E_ARGUMENT, #type ".struct_size");                                                          \
        for (size_t size = _Alignof(type) > 8 ? _Alignof(type) : 8; size <= sizeof full; size += _Alignof(type)) {    \
            given = shortened(&full, size);                                                                           \
            GOOD(call);                                                                                               \
            free(given);                                                                                              \
        }                                                                                                             \
    } while (0)

static camx_status open_and_release(const camx_model_options *options, camx_error *error)
{
    api_net net = API_NET;
    onnx_bytes bytes = api_net_make(&net);
    camx_model *model = NULL;
    camx_status status = camx_model_open_memory(bytes.data, bytes.size, options, &model, error);
    camx_model_release(model);
    onnx_bytes_free(&bytes);
    return status;
}

static camx_status open_and_close(const camx_session_options *options, camx_error *error)
{
    camx_session *session = NULL;
    camx_status status = camx_session_open(t.model, options, &session, error);
    camx_session_close(session);
    return status;
}

static void full_input_options(camx_input_options *options)
{
    GOOD(camx_input_options_for(t.model, CAMX_PRESET_UNIT, options, &error));
}

static camx_status prepare(const camx_input_options *options, camx_error *error)
{
    uint8_t picture[12] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
    camx_pixels pixels;
    camx_input *input = NULL;
    camx_pixels_init(&pixels, CAMX_PIXEL_RGB, 2, 2, 0, picture);
    camx_status status = camx_input_from_pixels(t.model, &pixels, options, &input, error);
    camx_input_release(input);
    return status;
}

START_TEST(sizes_of_models_and_sessions)
{
    TRY_SIZES(camx_model_options, camx_model_options_init, open_and_release(given, &error));
    TRY_SIZES(camx_session_options, camx_session_options_init, open_and_close(given, &error));
    TRY_SIZES(camx_input_options, full_input_options, prepare(given, &error));
}
END_TEST

START_TEST(sizes_of_methods)
{
    TRY_SIZES(camx_target, camx_target_init, gradcam_compute(t.session, t.input, given, NULL, t.map, &error));
    TRY_SIZES(camx_cam_options, camx_cam_options_init, cam_compute(t.session, t.input, NULL, given, t.map, &error));
    TRY_SIZES(camx_gradcam_options, camx_gradcam_options_init,
              gradcam_compute(t.session, t.input, NULL, given, t.map, &error));
    TRY_SIZES(camx_gradcampp_options, camx_gradcampp_options_init,
              gradcampp_compute(t.session, t.input, NULL, given, t.map, &error));
    TRY_SIZES(camx_occlusion_options, camx_occlusion_options_init,
              occlusion_map(t.session, t.input, NULL, given, t.map, &error));
    TRY_SIZES(camx_explain_options, camx_explain_options_init,
              camx_explain(t.session, CAMX_METHOD_GRADCAM, t.input, NULL, given, t.map, &error));
    TRY_SIZES(camx_profile_options, camx_profile_options_init, camx_session_profile(t.session, NULL, given, &error));
    TRY_SIZES(camx_render_options, camx_render_options_init,
              camx_map_render(t.map, 0, given, t.values, 8, 8, &error));
}
END_TEST

/* A shorter struct keeps the defaults of what it does not have: the stride, here. */
START_TEST(older_struct_keeps_defaults)
{
    camx_occlusion_options options;
    camx_occlusion_options_init(&options);
    options.patch_width = 4;
    options.stride_x = 4;
    options.fill = CAMX_FILL_VALUE;
    GOOD(occlusion_map(t.session, t.input, NULL, &options, t.map, &error));
    ck_assert_uint_eq(api_map_info(t.map, 0).total, 4);
    void *older = shortened(&options, 8); /* struct_size and patch_width */
    GOOD(occlusion_map(t.session, t.input, NULL, older, t.map, &error));
    ck_assert_uint_eq(api_map_info(t.map, 0).total, 9); /* stride 2 */
    free(older);
}
END_TEST

/* The functions behind the macros: a struct of any size is filled no further than it goes. */
typedef void init_fn(void *options, uint32_t size);

static void try_init(init_fn *init, size_t full, const char *name)
{
    unsigned char bytes[512];
    unsigned char whole[512];
    init(NULL, (uint32_t)full);
    init(whole, (uint32_t)full);
    for (uint32_t size = 4; size <= full + 16; size += 4) {
        uint32_t said = 0;
        memset(bytes, 0xA5, sizeof bytes);
        init(bytes, size);
        memcpy(&said, bytes, sizeof said);
        ck_assert_msg(said == (size < 8 ? 0 : size < full ? size : full), "%s of %u bytes says %u", name, size, said);
        for (size_t i = 4; i < said; i++)
            ck_assert_msg(bytes[i] == whole[i], "%s of %u bytes: byte %zu", name, size, i);
        for (size_t i = size; i < sizeof bytes; i++)
            ck_assert_msg(bytes[i] == 0xA5, "%s of %u bytes: byte %zu behind it", name, size, i);
    }
}

#define INIT(type)                                              \
    static void init_##type(void *options, uint32_t size)       \
    {                                                           \
        (type##_init)(options, size);                           \
    }
INIT(camx_model_options)
INIT(camx_session_options)
INIT(camx_target)
INIT(camx_profile_options)
INIT(camx_render_options)
INIT(camx_cam_options)
INIT(camx_gradcam_options)
INIT(camx_gradcampp_options)
INIT(camx_occlusion_options)
INIT(camx_explain_options)
INIT(camx_overlay_options)
INIT(camx_sheet_options)
INIT(camx_box_options)
INIT(camx_line_options)
#undef INIT

static void init_for_class(void *target, uint32_t size)
{
    (camx_target_for_class)(target, size, 3);
}

static void init_captum(void *options, uint32_t size)
{
    (camx_occlusion_options_captum)(options, size);
}

static void init_pixels(void *pixels, uint32_t size)
{
    (camx_pixels_init)(pixels, size, CAMX_PIXEL_GREY, 5, 6, 7, (uint8_t *)"x");
}

static void init_input(void *options, uint32_t size)
{
    camx_status status = (camx_input_options_for)(t.model, CAMX_PRESET_UNIT, options, size, NULL);
    ck_assert_int_eq(status, options != NULL && size >= 8 ? CAMX_OK : CAMX_E_ARGUMENT);
    if (options != NULL && size < 8)
        memset(options, 0, 4); /* a refused call writes nothing */
}

START_TEST(sizes_of_what_is_initialised)
{
    try_init(init_camx_model_options, sizeof(camx_model_options), "camx_model_options");
    try_init(init_camx_session_options, sizeof(camx_session_options), "camx_session_options");
    try_init(init_camx_target, sizeof(camx_target), "camx_target");
    try_init(init_camx_profile_options, sizeof(camx_profile_options), "camx_profile_options");
    try_init(init_camx_render_options, sizeof(camx_render_options), "camx_render_options");
    try_init(init_camx_cam_options, sizeof(camx_cam_options), "camx_cam_options");
    try_init(init_camx_gradcam_options, sizeof(camx_gradcam_options), "camx_gradcam_options");
    try_init(init_camx_gradcampp_options, sizeof(camx_gradcampp_options), "camx_gradcampp_options");
    try_init(init_camx_occlusion_options, sizeof(camx_occlusion_options), "camx_occlusion_options");
    try_init(init_camx_explain_options, sizeof(camx_explain_options), "camx_explain_options");
    try_init(init_camx_overlay_options, sizeof(camx_overlay_options), "camx_overlay_options");
    try_init(init_camx_sheet_options, sizeof(camx_sheet_options), "camx_sheet_options");
    try_init(init_camx_box_options, sizeof(camx_box_options), "camx_box_options");
    try_init(init_camx_line_options, sizeof(camx_line_options), "camx_line_options");
    try_init(init_for_class, sizeof(camx_target), "camx_target_for_class");
    try_init(init_captum, sizeof(camx_occlusion_options), "camx_occlusion_options_captum");
    try_init(init_pixels, sizeof(camx_pixels), "camx_pixels_init");
    try_init(init_input, sizeof(camx_input_options), "camx_input_options_for");
}
END_TEST

/* Structs that are filled in: not a byte behind what the caller has is written. */
#define TRY_FILLED(type, call)                                                                            \
    do {                                                                                                  \
        type *given = malloc(sizeof *given);                                                              \
        ck_assert_ptr_nonnull(given);                                                                     \
        given->struct_size = 0;                                                                           \
        EXPECT(call, CAMX_E_ARGUMENT, #type ".struct_size is 0");                                         \
        given->struct_size = sizeof *given + 8;                                                           \
        EXPECT(call, CAMX_E_ARGUMENT, #type ".struct_size");                                              \
        for (size_t size = 8; size <= sizeof *given; size += _Alignof(type)) {                            \
            memset(given, 0xA5, sizeof *given);                                                           \
            given->struct_size = (uint32_t)size;                                                          \
            GOOD(call);                                                                                   \
            ck_assert_uint_eq(given->struct_size, size);                                                  \
            for (size_t i = size; i < sizeof *given; i++)                                                 \
                ck_assert_msg(((unsigned char *)given)[i] == 0xA5, #type ": byte %zu behind %zu", i, size); \
        }                                                                                                 \
        free(given);                                                                                      \
    } while (0)

START_TEST(sizes_of_what_is_filled_in)
{
    TRY_FILLED(camx_model_info, camx_model_get_info(t.model, given, &error));
    TRY_FILLED(camx_session_stats, camx_session_get_stats(t.session, given, &error));
    TRY_FILLED(camx_layer_info, camx_session_get_layer(t.session, 0, given, &error));
    GOOD(camx_session_profile(t.session, NULL, NULL, &error));
    TRY_FILLED(camx_profile_row, camx_session_get_profile_row(t.session, 0, given, &error));
    const camx_rect rect = {0, 0, 1, 1};
    TRY_FILLED(camx_focus, camx_map_focus_box(t.map, 0, &rect, given, &error));
    TRY_FILLED(camx_map_info, camx_map_get_info(t.map, 0, given, &error));
}
END_TEST

START_TEST(sizes_of_pixels)
{
    uint8_t samples[12] = {0};
    camx_pixels photo;
    camx_input *input = NULL;
    camx_pixels_init(&photo, CAMX_PIXEL_RGB, 2, 2, 0, samples);
    photo.struct_size = 0;
    EXPECT(camx_input_from_pixels(t.model, &photo, NULL, &input, &error), CAMX_E_ARGUMENT, "struct_size");
    EXPECT(camx_overlay_draw(&photo, t.values, NULL, &photo, &error), CAMX_E_ARGUMENT, "struct_size");
    photo.struct_size = sizeof photo + 8;
    EXPECT(camx_input_from_pixels(t.model, &photo, NULL, &input, &error), CAMX_E_ARGUMENT, "struct_size");
}
END_TEST

/* ---- names and version ---- */

START_TEST(names)
{
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", CAMX_VERSION_MAJOR, CAMX_VERSION_MINOR, CAMX_VERSION_PATCH);
    ck_assert_str_eq(camx_version(), version);
    ck_assert_uint_eq(camx_abi_version(), CAMX_ABI_VERSION);
    ck_assert_ptr_nonnull(strstr(camx_build_info(), version));
    ck_assert_ptr_null(strchr(camx_build_info(), '\n'));
    ck_assert_str_eq(camx_status_name(CAMX_OK), "CAMX_OK");
    ck_assert_str_eq(camx_status_name(CAMX_E_FORMAT), "CAMX_E_FORMAT");
    ck_assert_str_eq(camx_status_name(CAMX_E_INTERNAL), "CAMX_E_INTERNAL");
    ck_assert_str_eq(camx_status_name(14), "unknown status");
    ck_assert_str_eq(camx_status_name(-1), "unknown status");
    uint32_t count = 0;
    for (int32_t method; (method = camx_method_at(count)) != 0; count++) {
        ck_assert_int_eq(camx_method_by_name(camx_method_name(method)), method);
        ck_assert_uint_gt(strlen(camx_method_summary(method)), 10);
    }
    ck_assert_uint_ge(count, 10);
    ck_assert_int_eq(camx_method_at(0xFFFFFFFFu), 0);
    ck_assert_ptr_null(camx_method_name(0));
    ck_assert_ptr_null(camx_method_summary(999));
    ck_assert_int_eq(camx_method_by_name("gradcam"), CAMX_METHOD_GRADCAM);
    ck_assert_int_eq(camx_method_by_name("Gradcam"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_arguments");
    TCase *tests = tcase_create("arguments");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, null_models);
    tcase_add_test(tests, null_sessions);
    tcase_add_test(tests, null_inputs);
    tcase_add_test(tests, null_methods);
    tcase_add_test(tests, null_maps);
    tcase_add_test(tests, null_pictures);
    tcase_add_test(tests, session_numbers);
    tcase_add_test(tests, score_numbers);
    tcase_add_test(tests, target_numbers);
    tcase_add_test(tests, method_numbers);
    tcase_add_test(tests, occlusion_numbers);
    tcase_add_test(tests, map_numbers);
    tcase_add_test(tests, input_numbers);
    tcase_add_test(tests, picture_numbers);
    tcase_add_test(tests, before_any_input);
    tcase_add_test(tests, sizes_of_models_and_sessions);
    tcase_add_test(tests, sizes_of_methods);
    tcase_add_test(tests, older_struct_keeps_defaults);
    tcase_add_test(tests, sizes_of_what_is_filled_in);
    tcase_add_test(tests, sizes_of_pixels);
    tcase_add_test(tests, sizes_of_what_is_initialised);
    tcase_add_test(tests, names);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
