/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From pixels or floats to what the network sees. A camx_input is an immutable snapshot of one or
 * more images with an identity of its own; it remembers where the caller's picture lies in it
 * (geometry) and how 8-bit colours became floats (normalisation), so that maps can be brought back
 * to the picture and an occlusion colour into the network's scale.
 *
 * This room knows no models: a camx__input_spec says what the network takes.
 */
#ifndef CAMX_INPUT_INPUT_H
#define CAMX_INPUT_INPUT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/geometry.h"
#include "base/memory.h"
#include "camx/camx.h"

/* The longest side of a network input that pictures are prepared for. */
#define CAMX__INPUT_MAX_SIDE 32768

/* What the network takes, and who keeps it alive. */
typedef struct camx__input_spec {
    int32_t channels;
    int32_t channels_last; /* 1: [N, H, W, C] */
    int32_t fixed_width;   /* as the file fixes it; -1 = any */
    int32_t fixed_height;
    /* The text of a metadata key, or NULL. The function may be NULL: no metadata. */
    const char *(*metadata)(const void *user, const char *key);
    const void *user;
    camx__memory *memory; /* inputs are allocated here */
    /* The owner of `memory`: every input retains it until the input's own end. All three may be
     * NULL. */
    void *owner;
    void (*retain_owner)(void *owner);
    void (*release_owner)(void *owner);
} camx__input_spec;

/* How an 8-bit sample became a float of channel c: (sample - mean[c]) / std[c]. */
typedef struct camx__input_scale {
    bool known; /* false: a ready tensor for a network whose metadata cannot be understood */
    bool bgr;   /* channel 0 is blue */
    float mean[4];
    float std[4];
} camx__input_scale;

struct camx_input {
    atomic_uint references;
    uint64_t identity; /* no other input of this process has it */
    camx__memory *memory;
    void *owner;
    void (*release_owner)(void *owner);
    int64_t shape[4]; /* [N, C, H, W] or [N, H, W, C] */
    bool channels_last;
    int32_t images;
    int32_t channels;
    int32_t height;
    int32_t width;
    float *values;
    camx__geometry geometry; /* the same for all images */
    camx__input_scale scale;
    char description[384];
};

/* The input size used when the caller names none: the file's, the metadata's (camx.width,
 * camx.height, camx.crop) or 224. */
camx_status camx__input_default_size(const camx__input_spec *spec, int32_t *width, int32_t *height,
                                     camx_error *error);

/* Behind camx_input_options_for: fills all of `options`, struct_size too. docs/metadata.md has the
 * keys that CAMX_PRESET_AUTO reads. */
camx_status camx__input_options_for(const camx__input_spec *spec, int32_t preset,
                                    camx_input_options *options, camx_error *error);

/* Behind camx_input_from_pixels and camx_input_from_floats. A tensor of three dimensions is taken
 * as one image. */
camx_status camx__input_from_pixels(const camx__input_spec *spec, const camx_pixels *pixels,
                                    const camx_input_options *options, camx_input **input,
                                    camx_error *error);
camx_status camx__input_from_floats(const camx__input_spec *spec, const float *values,
                                    const int64_t *shape, uint32_t rank, camx_input **input,
                                    camx_error *error);

void camx__input_retain(camx_input *input);
void camx__input_release(camx_input *input); /* NULL is fine */

/* Behind camx_input_to_pixels. */
camx_status camx__input_to_pixels(const camx_input *input, uint32_t image, camx_pixels *pixels, camx_error *error);

/* The number that an 8-bit colour becomes in `channel` of the network's input: pictures are
 * prepared so. */
camx_status camx__input_fill_value(const camx_input *input, const uint8_t rgb[3], int32_t channel,
                                   float *value, camx_error *error);

#endif
