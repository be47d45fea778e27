/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The defaults of every options struct. Each function fills a struct of its own and gives the caller the
 * part that fits: a program may know fewer fields than this library. The names stand in parentheses because
 * camx.h has macros of the same names that pass the size.
 */
#include "base/options.h"
#include "map/map.h"
#include "map/regions.h"
#include "picture/picture.h"

#define GIB ((uint64_t)1 << 30)

void (camx_model_options_init)(camx_model_options *options, uint32_t size)
{
    camx_model_options filled = {
        .external_data = 1,
        .max_memory = 16 * GIB,
        .max_file_bytes = 8 * GIB,
        .max_multiply_adds = 10000000000000u,
        .max_nodes = 100000,
        .max_name_bytes = 65536,
        .copy = 1,
    };
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_session_options_init)(camx_session_options *options, uint32_t size)
{
    camx_session_options filled = {.fusion = 1};
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_pixels_init)(camx_pixels *pixels, uint32_t size, int32_t format, int32_t width, int32_t height,
                        size_t stride, uint8_t *data)
{
    camx_pixels filled = {.format = format, .width = width, .height = height, .stride = stride, .data = data};
    camx__options_fill(pixels, size, &filled, sizeof filled);
}

void (camx_target_init)(camx_target *target, uint32_t size)
{
    camx_target filled = {.other_index = -1};
    camx__options_fill(target, size, &filled, sizeof filled);
}

void (camx_target_for_class)(camx_target *target, uint32_t size, int32_t class_index)
{
    camx_target filled = {.kind = CAMX_TARGET_CLASS, .class_index = class_index, .other_index = -1};
    camx__options_fill(target, size, &filled, sizeof filled);
}

void (camx_profile_options_init)(camx_profile_options *options, uint32_t size)
{
    camx_profile_options filled = {.runs = 0};
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_render_options_init)(camx_render_options *options, uint32_t size)
{
    camx_render_options filled;
    camx__map_render_defaults(&filled);
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_cam_options_init)(camx_cam_options *options, uint32_t size)
{
    camx_cam_options filled = {0};
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_gradcam_options_init)(camx_gradcam_options *options, uint32_t size)
{
    camx_gradcam_options filled = {0};
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_gradcampp_options_init)(camx_gradcampp_options *options, uint32_t size)
{
    camx_gradcampp_options filled = {.rule = CAMX_GRADCAMPP_PAPER};
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_occlusion_options_init)(camx_occlusion_options *options, uint32_t size)
{
    camx_occlusion_options filled = {
        .fill = CAMX_FILL_COLOUR, .fill_rgb = {128, 128, 128, 128}, .reuse = CAMX_REUSE_AUTO};
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_occlusion_options_captum)(camx_occlusion_options *options, uint32_t size)
{
    camx_occlusion_options filled;
    camx_occlusion_options_init(&filled);
    filled.fill = CAMX_FILL_VALUE;
    filled.edge = CAMX_EDGE_CROP;
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_explain_options_init)(camx_explain_options *options, uint32_t size)
{
    camx_explain_options filled = {.noise = 0.15F};
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_overlay_options_init)(camx_overlay_options *options, uint32_t size)
{
    camx_overlay_options filled;
    camx__picture_overlay_defaults(&filled);
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_box_options_init)(camx_box_options *options, uint32_t size)
{
    camx_box_options filled;
    camx__box_defaults(&filled);
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_line_options_init)(camx_line_options *options, uint32_t size)
{
    camx_line_options filled;
    camx__picture_line_defaults(&filled);
    camx__options_fill(options, size, &filled, sizeof filled);
}

void (camx_sheet_options_init)(camx_sheet_options *options, uint32_t size)
{
    camx_sheet_options filled;
    camx__picture_sheet_defaults(&filled);
    camx__options_fill(options, size, &filled, sizeof filled);
}
