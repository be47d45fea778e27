/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which numbers along one axis of the input a resized tensor is made of, with which weights.
 * Resizing handles one axis after the other, so all modes (nearest, linear, cubic, with or without
 * antialiasing) differ in these tables only.
 */
#ifndef CAMX_OPS_RESIZE_H
#define CAMX_OPS_RESIZE_H

#include "ops/op.h"

typedef enum camx__resize_mode {
    CAMX__RESIZE_NEAREST,
    CAMX__RESIZE_LINEAR,
    CAMX__RESIZE_CUBIC
} camx__resize_mode;

typedef enum camx__resize_place {
    CAMX__PLACE_HALF_PIXEL = 0,
    CAMX__PLACE_HALF_PIXEL_SYMMETRIC,
    CAMX__PLACE_PYTORCH_HALF_PIXEL,
    CAMX__PLACE_ALIGN_CORNERS,
    CAMX__PLACE_ASYMMETRIC,
    CAMX__PLACE_TF_HALF_PIXEL_FOR_NN,
    CAMX__PLACE_TF_CROP_AND_RESIZE
} camx__resize_place;

typedef enum camx__resize_round {
    CAMX__ROUND_PREFER_FLOOR = 0,
    CAMX__ROUND_PREFER_CEIL,
    CAMX__ROUND_FLOOR,
    CAMX__ROUND_CEIL,
    CAMX__ROUND_SIMPLE /* of opset 10: up when shrinking, else down */
} camx__resize_round;

typedef struct camx__resize_rule {
    camx__resize_mode mode;
    camx__resize_place place;
    camx__resize_round round;
    double cubic; /* the coefficient a */
    bool exclude_outside;
    bool antialias;
} camx__resize_rule;

typedef struct camx__resize_axis {
    int64_t from; /* length in the input */
    int64_t to;
    double scale; /* to / from, or what the file says */
    double roi_start;
    double roi_end;
} camx__resize_axis;

/* Result i is the sum of weight[t] times input index[t], for t from first[i] to first[i + 1] - 1.
 */
typedef struct camx__taps {
    int64_t *first;
    int64_t *index;
    real *weight;
    bool plain; /* every result is one input with the weight 1, or none */
} camx__taps;

/* What bind finds out. */
typedef struct camx__resize_params {
    camx__resize_rule rule;
    real outside;    /* the value of results that lie outside */
    unsigned active; /* bit a: axis a changes */
    camx__resize_axis axis[CAMX__MAX_RANK];
    camx__taps taps[CAMX__MAX_RANK];
    camx__taps turned[CAMX__MAX_RANK];
} camx__resize_params;

/* The table of an axis. Without taps: a result that lies outside of the input (tf_crop_and_resize).
 */
camx_status camx__resize_taps(const camx__op_bind *bind, const camx__resize_rule *rule,
                              const camx__resize_axis *axis, camx__taps *taps);

/* The table of the gradient: for each input, the results that it takes part in. */
camx_status camx__resize_turned(const camx__op_bind *bind, const camx__taps *taps,
                                const camx__resize_axis *axis, camx__taps *turned);

camx_status camx__resize_prepare(camx__op_prepare *prepare);
camx_status camx__resize_forward(const camx__op_call *call);
camx_status camx__resize_backward(const camx__op_gradient *gradient);

#endif
