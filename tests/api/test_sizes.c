/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs and libraries of different age. Every function that fills a struct from nothing is told the
 * struct's size: it must write exactly the bytes that both sides know, say so in struct_size, and leave the
 * memory behind alone, as a program that was compiled with an earlier and shorter struct needs.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "api_support.h"
#ifdef HAVE_IMAGE
#include "camx/camx_image.h"
#endif

#define GUARD 0xa5
#define ROOM 1024

/* ---- every such function in one form: by its name with a size, and by its macro ---- */

#define PLAIN(function, type)                                 \
    static void sized_##function(void *to, uint32_t size)     \
    {                                                         \
        (function)(to, size);                                 \
    }                                                         \
    static void macro_##function(void *to)                    \
    {                                                         \
        type *typed = to;                                     \
        function(typed);                                      \
    }
PLAIN(camx_model_options_init, camx_model_options)
PLAIN(camx_session_options_init, camx_session_options)
PLAIN(camx_target_init, camx_target)
PLAIN(camx_render_options_init, camx_render_options)
PLAIN(camx_cam_options_init, camx_cam_options)
PLAIN(camx_gradcam_options_init, camx_gradcam_options)
PLAIN(camx_gradcampp_options_init, camx_gradcampp_options)
PLAIN(camx_occlusion_options_init, camx_occlusion_options)
PLAIN(camx_occlusion_options_captum, camx_occlusion_options)
PLAIN(camx_explain_options_init, camx_explain_options)
PLAIN(camx_objective_init, camx_objective)
PLAIN(camx_maximise_options_init, camx_maximise_options)
PLAIN(camx_overlay_options_init, camx_overlay_options)
PLAIN(camx_sheet_options_init, camx_sheet_options)

static uint8_t bytes[64];

static void sized_camx_pixels_init(void *to, uint32_t size)
{
    (camx_pixels_init)(to, size, CAMX_PIXEL_GREY, 8, 4, 16, bytes);
}

static void macro_camx_pixels_init(void *to)
{
    camx_pixels *typed = to;
    camx_pixels_init(typed, CAMX_PIXEL_GREY, 8, 4, 16, bytes);
}

static void sized_camx_objective_for_class(void *to, uint32_t size)
{
    (camx_objective_for_class)(to, size, 3);
}

static void macro_camx_objective_for_class(void *to)
{
    camx_objective *typed = to;
    camx_objective_for_class(typed, 3);
}

static void sized_camx_target_for_class(void *to, uint32_t size)
{
    (camx_target_for_class)(to, size, 3);
}

static void macro_camx_target_for_class(void *to)
{
    camx_target *typed = to;
    camx_target_for_class(typed, 3);
}

/* These two return a status: a size that no version has, and NULL, are refused in words. */
static camx_model *model;

static void sized_camx_input_options_for(void *to, uint32_t size)
{
    bool bad = to == NULL || size < 8;
    EXPECT((camx_input_options_for)(model, CAMX_PRESET_TF, to, size, &error), bad ? CAMX_E_ARGUMENT : CAMX_OK,
           to == NULL ? "options" : bad ? "pass the size" : "");
}

static void macro_camx_input_options_for(void *to)
{
    camx_input_options *typed = to;
    GOOD(camx_input_options_for(model, CAMX_PRESET_TF, typed, &error));
}

#ifdef HAVE_IMAGE
static camx_image *image;

static void sized_camx_image_get_pixels(void *to, uint32_t size)
{
    bool bad = to == NULL || size < 8;
    EXPECT((camx_image_get_pixels)(image, to, size, &error), bad ? CAMX_E_ARGUMENT : CAMX_OK,
           to == NULL ? "pixels is NULL" : bad ? "pass the size" : "");
}

static void macro_camx_image_get_pixels(void *to)
{
    camx_pixels *typed = to;
    GOOD(camx_image_get_pixels(image, typed, &error));
}
PLAIN(camx_image_options_init, camx_image_options)
PLAIN(camx_write_options_init, camx_write_options)
#endif

static const struct filler {
    const char *name;
    void (*sized)(void *to, uint32_t size);
    void (*macro)(void *to);
    uint32_t known;
    bool refuses; /* has a status: sizes below 8 are refused and nothing is written */
} fillers[] = {
#define ROW(function, type) {#function, sized_##function, macro_##function, sizeof(type), false}
    ROW(camx_model_options_init, camx_model_options),
    ROW(camx_session_options_init, camx_session_options),
    ROW(camx_pixels_init, camx_pixels),
    ROW(camx_target_init, camx_target),
    ROW(camx_target_for_class, camx_target),
    ROW(camx_render_options_init, camx_render_options),
    ROW(camx_cam_options_init, camx_cam_options),
    ROW(camx_gradcam_options_init, camx_gradcam_options),
    ROW(camx_gradcampp_options_init, camx_gradcampp_options),
    ROW(camx_occlusion_options_init, camx_occlusion_options),
    ROW(camx_occlusion_options_captum, camx_occlusion_options),
    ROW(camx_explain_options_init, camx_explain_options),
    ROW(camx_objective_init, camx_objective),
    ROW(camx_objective_for_class, camx_objective),
    ROW(camx_maximise_options_init, camx_maximise_options),
    ROW(camx_overlay_options_init, camx_overlay_options),
    ROW(camx_sheet_options_init, camx_sheet_options),
    {"camx_input_options_for", sized_camx_input_options_for, macro_camx_input_options_for,
     sizeof(camx_input_options), true},
#ifdef HAVE_IMAGE
    ROW(camx_image_options_init, camx_image_options),
    ROW(camx_write_options_init, camx_write_options),
    {"camx_image_get_pixels", sized_camx_image_get_pixels, macro_camx_image_get_pixels, sizeof(camx_pixels),
     true},
#endif
#undef ROW
};
#define FILLERS ((int)(sizeof fillers / sizeof fillers[0]))

static void start(void)
{
    model = api_net_open(&API_NET, NULL);
#ifdef HAVE_IMAGE
    GOOD(camx_image_create(5, 4, NULL, &image, &error));
#endif
}

static void finish(void)
{
    camx_model_release(model);
#ifdef HAVE_IMAGE
    camx_image_release(image);
#endif
}

static uint32_t size_in(const void *filled)
{
    uint32_t size;
    memcpy(&size, filled, sizeof size);
    return size;
}

/* Fills a struct of `size` bytes inside guarded memory, and compares it with the complete one. */
static void try_size(const struct filler *f, const uint8_t *complete, uint32_t size)
{
    union {
        uint8_t bytes[ROOM];
        uint64_t aligned;
    } memory;
    uint32_t wanted = size < f->known ? size : f->known;
    uint32_t written = f->refuses && size < 8 ? 0 : wanted;
    static const uint8_t zeros[8];

    memset(&memory, GUARD, sizeof memory);
    f->sized(&memory, size);
    for (uint32_t i = written; i < ROOM; i++)
        if (memory.bytes[i] != GUARD)
            ck_abort_msg("%s wrote byte %u of a struct of %u", f->name, i, size);
    if (size < 8) {
        ck_assert_mem_eq(memory.bytes, zeros, written);
        return;
    }
    ck_assert_msg(size_in(&memory) == wanted, "%s: struct_size is %u for a struct of %u", f->name,
                  size_in(&memory), size);
    ck_assert_msg(memcmp(memory.bytes + 4, complete + 4, wanted - 4) == 0,
                  "%s: a struct of %u has other values", f->name, size);
}

START_TEST(as_much_is_filled_as_both_sides_know)
{
    const struct filler *f = &fillers[_i];
    uint64_t complete[ROOM / 8] = {0};

    f->macro(complete);
    ck_assert_msg(size_in(complete) == f->known, "the macro %s passed %u", f->name, size_in(complete));
    ck_assert_uint_lt(f->known, ROOM / 2);
    for (uint32_t size = 0; size <= f->known + 64; size++)
        try_size(f, (const uint8_t *)complete, size);
    try_size(f, (const uint8_t *)complete, UINT32_MAX);
}
END_TEST

START_TEST(nothing_is_filled_at_null)
{
    fillers[_i].sized(NULL, fillers[_i].known);
    fillers[_i].sized(NULL, 0);
}
END_TEST

/* ---- programs of another age, from the beginning to the end ---- */

static const float heat[4] = {0.0f, 0.3f, 0.9f, 1.0f};

static void draw(const void *options, uint8_t drawn[12])
{
    uint8_t grey[4] = {10, 20, 30, 40};
    camx_pixels photo, out;

    camx_pixels_init(&photo, CAMX_PIXEL_GREY, 2, 2, 0, grey);
    camx_pixels_init(&out, CAMX_PIXEL_RGB, 2, 2, 0, drawn);
    GOOD(camx_overlay_draw(&photo, heat, options, &out, &error));
}

/* An earlier header had less: blocks of exactly that size, so that memory checkers see the rest as well. */
START_TEST(a_program_with_shorter_structs_works)
{
    struct old_overlay_options {
        uint32_t struct_size;
        int32_t colormap;
    } *old = malloc(sizeof *old);
    camx_overlay_options now;
    uint8_t drawn[2][12];

    ck_assert_ptr_nonnull(old);
    (camx_overlay_options_init)((camx_overlay_options *)(void *)old, sizeof *old);
    ck_assert_uint_eq(old->struct_size, sizeof *old);
    old->colormap = CAMX_COLORMAP_VIRIDIS;
    draw(old, drawn[0]);
    camx_overlay_options_init(&now);
    now.colormap = CAMX_COLORMAP_VIRIDIS;
    draw(&now, drawn[1]);
    ck_assert_mem_eq(drawn[0], drawn[1], 12);
    free(old);
}
END_TEST

/* A later header has more: this library takes the struct that it has filled itself. */
START_TEST(a_program_with_longer_structs_works)
{
    struct later_overlay_options {
        camx_overlay_options known;
        uint64_t later[3];
    } later;
    camx_overlay_options now;
    uint8_t drawn[2][12];

    (camx_overlay_options_init)(&later.known, sizeof later);
    ck_assert_uint_eq(later.known.struct_size, sizeof later.known);
    draw(&later, drawn[0]);
    camx_overlay_options_init(&now);
    draw(&now, drawn[1]);
    ck_assert_mem_eq(drawn[0], drawn[1], 12);
}
END_TEST

/* A struct too short for any version is refused, not taken for something else. */
START_TEST(a_struct_too_short_is_refused_when_it_is_used)
{
    camx_render_options options;
    float values[4];
    camx_map *map = api_map();
    camx_session *session = api_session(model, NULL);
    camx_input *input = api_random_input(model, 1, 1, 3, 8, 8);

    memset(&options, 0xff, sizeof options);
    (camx_render_options_init)(&options, 4);
    ck_assert_uint_eq(options.struct_size, 0);
    GOOD(gradcam_compute(session, input, NULL, NULL, map, &error));
    EXPECT(camx_map_render(map, 0, &options, values, 2, 2, &error), CAMX_E_ARGUMENT,
           "camx_render_options_init()");
    camx_map_release(map);
    camx_input_release(input);
    camx_session_close(session);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sizes");
    TCase *sizes = tcase_create("sizes"), *programs = tcase_create("programs");

    tcase_add_checked_fixture(sizes, start, finish);
    tcase_add_loop_test(sizes, as_much_is_filled_as_both_sides_know, 0, FILLERS);
    tcase_add_loop_test(sizes, nothing_is_filled_at_null, 0, FILLERS);
    suite_add_tcase(suite, sizes);
    tcase_add_checked_fixture(programs, start, finish);
    tcase_add_test(programs, a_program_with_shorter_structs_works);
    tcase_add_test(programs, a_program_with_longer_structs_works);
    tcase_add_test(programs, a_struct_too_short_is_refused_when_it_is_used);
    suite_add_tcase(suite, programs);
    return api_run(suite);
}
