/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: the steps by which a picture becomes an input. */
#ifndef CAMX_INPUT_PREPARE_H
#define CAMX_INPUT_PREPARE_H

#include "input/input.h"

/* What the options come to for one picture: the whole picture resized to resized_width x
 * resized_height, of which a window of the network's size begins at (left, top). Where the window
 * reaches beyond the resized picture there is a border. */
typedef struct camx__input_plan {
    int64_t resized_width;
    int64_t resized_height;
    int64_t left; /* negative: that many columns of border */
    int64_t top;
    int32_t width; /* of the network's input */
    int32_t height;
    int32_t shorter; /* CAMX_FIT_CROP: the shorter side after resizing */
} camx__input_plan;

/* options: checked, with width and height filled in. */
camx__input_plan camx__input_plan_for(const camx_input_options *options, int32_t photo_width,
                                      int32_t photo_height);

camx__geometry camx__input_plan_geometry(const camx__input_plan *plan, int32_t photo_width,
                                         int32_t photo_height);

/* Whether some of the window has no picture in it. */
bool camx__input_plan_has_border(const camx__input_plan *plan);

/* Resizes `photo` (checked) and writes the window of the plan into `window`: height rows of width
 * pixels with `samples` samples each: 1 = grey, 3 = red, green, blue. Borders are left as they are.
 */
camx_status camx__input_resample(camx__memory *memory, const camx_pixels *photo, int32_t filter,
                                 const camx__input_plan *plan, int samples, uint8_t *window,
                                 camx_error *error);

/* Writes the sentence on how the picture was prepared. */
void camx__input_describe(const camx__input_spec *spec, const camx_input_options *options,
                          const camx__input_plan *plan, char *text, size_t size);

/* An input with its values allocated but not filled, and one reference. */
camx_status camx__input_create(const camx__input_spec *spec, int32_t images, int32_t height,
                               int32_t width, camx_input **input, camx_error *error);

#endif
