/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Colours, overlays and contact sheets: plain arithmetic on 8-bit pixels in the caller's memory.
 * Nothing here allocates. The functions stand behind the public ones of the same names.
 */
#ifndef CAMX_PICTURE_PICTURE_H
#define CAMX_PICTURE_PICTURE_H

#include <stdbool.h>

#include "camx/camx.h"

/* turbo, viridis, inferno, cividis, 256 colours each. */
extern const uint8_t camx__picture_tables[4][256][3];

const char *camx__picture_colormap_name(int32_t colormap);
int32_t camx__picture_colormap_by_name(const char *name);
camx_status camx__picture_colour(int32_t colormap, float value, uint8_t rgb[3], camx_error *error);

/* All 256 colours of a map that exists: entry i is the value i / 255 (RDBU: 2 * i / 255 - 1). */
void camx__picture_fill_colours(int32_t colormap, uint8_t colours[256][3]);
bool camx__picture_colormap_exists(int32_t colormap);

/* Which of the 256 colours a value has; not for NaN. */
int camx__picture_colour_index(int32_t colormap, float value);

void camx__picture_overlay_defaults(camx_overlay_options *options);
camx_status camx__picture_overlay(const camx_pixels *photo, const float *heat,
                                  const camx_overlay_options *options, camx_pixels *out,
                                  camx_error *error);

void camx__picture_line_defaults(camx_line_options *options);
camx_status camx__picture_boxes(const camx_box *boxes, uint32_t count,
                                const camx_line_options *options, camx_pixels *out,
                                camx_error *error);

void camx__picture_sheet_defaults(camx_sheet_options *options);
camx_status camx__picture_sheet_size(const camx_tile *tiles, uint32_t count,
                                     const camx_sheet_options *options, int32_t *width,
                                     int32_t *height, camx_error *error);
camx_status camx__picture_sheet(const camx_tile *tiles, uint32_t count,
                                const camx_sheet_options *options, camx_pixels *out,
                                camx_error *error);

/* Draws `picture` (checked) into width x height pixels of `out` (RGB, checked) from (x, y) on,
 * which must lie inside: averaged over areas where it shrinks, bilinear where it grows. */
void camx__picture_place(const camx_pixels *picture, const camx_pixels *out, int32_t x, int32_t y,
                         int32_t width, int32_t height);

/* The picture that is drawn into must be RGB of this size; what it is called: "out". */
camx_status camx__picture_check_out(const camx_pixels *out, int32_t width, int32_t height,
                                    camx_pixels *checked, camx_error *error);

#endif
