/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of the methods that take the gradient of the target by the input itself: one number for each channel of each
 * pixel, which become one for each pixel. Each method is a camx__input_rule in a file of its own.
 */
#ifndef CAMX_EXPLAIN_INPUT_METHOD_H
#define CAMX_EXPLAIN_INPUT_METHOD_H

#include "explain/study.h"

typedef struct camx__input_work camx__input_work;

typedef struct camx__input_rule {
    int32_t method;   /* camx_method */
    int32_t channels; /* camx_channels: what CAMX_CHANNELS_DEFAULT means */
    bool layer;       /* looks at a layer as well */
    /* Checks what only this method reads of the options, and allocates; `own` is freed by the frame. May be NULL. */
    camx_status (*prepare)(camx__input_work *work);
    /* Adds to work->sum and work->weight. */
    camx_status (*attribute)(camx__input_work *work, uint32_t image);
} camx__input_rule;

struct camx__input_work {
    camx__study study;
    const camx__input_rule *rule;
    camx_explain_options options; /* the caller's, complete */
    int input;                    /* value ids */
    int layer;                    /* -1 without one */
    int64_t size;                 /* numbers of one image: channels x height x width */
    int64_t done;                 /* units of the present image */
    double *sum;                  /* of one image, in the order of camx_input_values */
    double weight;                /* what the sum is divided by in the end; 0: nothing was done */
    float *images;                /* one run's input with one image changed */
    float *changed;               /* that image, inside `images` */
    float *logits;                /* of one run */
    double *own;                  /* the method's */
};

/* The row of a method in the table. */
camx_status camx__input_method(const camx__input_rule *rule, camx_session *session, camx_input *input,
                               const camx_target *target, const camx_explain_options *options, camx_map *map,
                               camx_error *error);

/* Adds the gradient at the image itself. */
camx_status camx__input_gradient(camx__input_work *work, uint32_t image, camx__relu_rule rule);

/* Makes work->images the images of this one's run, and work->changed point at its own. */
void camx__input_start_changed(camx__input_work *work, uint32_t image);

/* Adds `weight` times the gradient at work->changed; counts one unit. */
camx_status camx__input_gradient_changed(camx__input_work *work, uint32_t image, double weight);

/* The image's numbers. */
const float *camx__input_image(const camx__input_work *work, uint32_t image);

/* Refuses networks without a unit of the ReLU kind between input and scores. */
camx_status camx__input_need_relu(camx__input_work *work);

#endif
