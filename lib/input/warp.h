/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear changes of planar pictures and their transposes, which carry gradients back: a turn with scale and shift, a
 * stretch to another size, a blur. Planes lie one behind the other, row by row. For each pair <Ax, y> = <x, A'y>.
 */
#ifndef CAMX_INPUT_WARP_H
#define CAMX_INPUT_WARP_H

#include <stdint.h>

typedef struct camx__planes {
    int64_t count;
    int64_t height;
    int64_t width;
} camx__planes;

/* Where a pixel of the result comes from, both counted from the centre of the picture:
 * from_x = cosine * x - sine * y + shift_x, from_y = sine * x + cosine * y + shift_y. */
typedef struct camx__warp {
    double cosine; /* of the turn, divided by the scale */
    double sine;
    double shift_x;
    double shift_y;
} camx__warp;

/* to = the warped picture: bilinear, edges repeated. */
void camx__warp_apply(const camx__warp *warp, const camx__planes *size, const float *from, float *to);

/* to += the transpose applied to `from`. */
void camx__warp_transpose(const camx__warp *warp, const camx__planes *size, const float *from, float *to);

/* to (size `large`) += factor * `from` (size `small`), bilinear between half-pixel centres. room: small->height x
 * large->width numbers. */
void camx__stretch_add(const camx__planes *small, const camx__planes *large, float factor, const float *from, float *to,
                       float *room);

/* to (size `small`) = factor * the transpose applied to `from` (size `large`). */
void camx__stretch_transpose(const camx__planes *small, const camx__planes *large, float factor, const float *from,
                             float *to, float *room);

/* In place: a Gaussian of this deviation in pixels, cut off at three of them; at the edges the rest is scaled up. row:
 * room for the longer side. transpose: of that. */
void camx__soften(const camx__planes *size, double sigma, int transpose, float *picture, float *row);

#endif
