/* SPDX-License-Identifier: Apache-2.0 */
/* The defaults of every options struct. */
#include <string.h>

#include "map/map.h"
#include "picture/picture.h"

#define GIB ((uint64_t)1 << 30)

/* Everything zero but the size. */
#define START(options)                               \
    do {                                             \
        memset((options), 0, sizeof *(options));     \
        (options)->struct_size = sizeof *(options);  \
    } while (0)

void camx_model_options_init(camx_model_options *options)
{
    START(options);
    options->external_data = 1;
    options->max_memory = 16 * GIB;
    options->max_file_bytes = 8 * GIB;
    options->max_multiply_adds = 10000000000000u;
    options->max_nodes = 100000;
    options->max_name_bytes = 65536;
    options->copy = 1;
}

void camx_session_options_init(camx_session_options *options)
{
    START(options);
    options->fusion = 1;
}

void camx_pixels_init(camx_pixels *pixels, int32_t format, int32_t width, int32_t height, size_t stride,
                      uint8_t *data)
{
    START(pixels);
    pixels->format = format;
    pixels->width = width;
    pixels->height = height;
    pixels->stride = stride;
    pixels->data = data;
}

void camx_target_init(camx_target *target)
{
    START(target);
    target->other_index = -1;
}

void camx_target_for_class(camx_target *target, int32_t class_index)
{
    camx_target_init(target);
    target->kind = CAMX_TARGET_CLASS;
    target->class_index = class_index;
}

void camx_render_options_init(camx_render_options *options)
{
    camx__map_render_defaults(options);
}

void camx_cam_options_init(camx_cam_options *options)
{
    START(options);
}

void camx_gradcam_options_init(camx_gradcam_options *options)
{
    START(options);
}

void camx_gradcampp_options_init(camx_gradcampp_options *options)
{
    START(options);
}

void camx_occlusion_options_init(camx_occlusion_options *options)
{
    START(options);
    memset(options->fill_rgb, 128, sizeof options->fill_rgb);
}

void camx_occlusion_options_captum(camx_occlusion_options *options)
{
    camx_occlusion_options_init(options);
    options->fill = CAMX_FILL_VALUE;
    options->edge = CAMX_EDGE_CROP;
}

void camx_explain_options_init(camx_explain_options *options)
{
    START(options);
}

void camx_overlay_options_init(camx_overlay_options *options)
{
    camx__picture_overlay_defaults(options);
}

void camx_sheet_options_init(camx_sheet_options *options)
{
    camx__picture_sheet_defaults(options);
}
