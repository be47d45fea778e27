/* SPDX-License-Identifier: Apache-2.0 */
/* Activation maximisation: its picture, its objectives, and the ascent. */
#ifndef CAMX_EXPLAIN_MAXIMISE_H
#define CAMX_EXPLAIN_MAXIMISE_H

#include "explain/session.h"
#include "input/warp.h"

/* ---- the picture ---- */

enum { CAMX__MOST_OCTAVES = 12 };

/* One level of the pyramid: free numbers, and Adam's two moments. */
typedef struct camx__octave {
    camx__planes size;
    float worth;
    float *numbers;
    float *mean;
    float *square;
} camx__octave;

/*
 * The image is the logistic function of opponent colours mixed to red, green and blue; those are the sum of the
 * stretched octaves.
 */
typedef struct camx__canvas {
    camx__memory *memory;
    camx__planes size;
    int32_t octave_count;
    camx__octave octaves[CAMX__MOST_OCTAVES]; /* the finest first */
    float *image;    /* 0 .. 1, planes red, green, blue or grey */
    float *gradient; /* of the objective by the image; later by the sum of octaves */
    float *room;     /* as large as the image */
    float *small;    /* one octave's gradient */
} camx__canvas;

camx_status camx__canvas_open(camx__canvas *canvas, camx__memory *memory, const camx__planes *size,
                              const camx_maximise_options *options, camx_error *error);
void camx__canvas_close(camx__canvas *canvas);

/* The finest octave becomes canvas->image. */
void camx__canvas_take(camx__canvas *canvas);

/* canvas->image from the octaves. */
void camx__canvas_paint(camx__canvas *canvas);

/* One step of Adam along canvas->gradient (by the image), which is used up. step counts from 1. */
void camx__canvas_climb(camx__canvas *canvas, double rate, int32_t step);

/* Scales canvas->gradient to a root mean square of 1; false if it is zero everywhere or not finite. */
bool camx__canvas_normalise(camx__canvas *canvas);

/* Takes the gradient of the penalties away from it. */
void camx__canvas_punish(camx__canvas *canvas, const camx_maximise_options *options);

/* ---- how it is shown ---- */

typedef struct camx__view {
    camx__warp warp;
    float grain;    /* deviation of the noise */
    uint64_t seed;  /* of the noise */
    uint64_t first; /* the number of its first value in the stream */
} camx__view;

void camx__view_choose(camx__view *view, const camx_maximise_options *options, const camx__planes *size, int32_t step);
void camx__view_show(const camx__view *view, const camx__planes *size, const float *picture, float *seen);

/* gradient += that by the picture, from the one by what was seen. */
void camx__view_return(const camx__view *view, const camx__planes *size, const float *seen, float *gradient);

/* ---- objectives ---- */

/* The gradient of the objectives by one value. */
typedef struct camx__wish {
    int value;
    camx__tensor numbers; /* plain order */
} camx__wish;

typedef struct camx__wishes {
    camx_session *session;
    camx_objective *objectives; /* checked */
    int *values;                /* per objective */
    uint32_t count;
    camx__wish *wishes;         /* one per value, the latest first */
    int wish_count;
    camx__seed *seeds;
} camx__wishes;

/* The session has been planned for the input. */
camx_status camx__wishes_open(camx__wishes *wishes, camx_session *session, const camx_objective *const *objectives,
                              uint32_t count, camx_error *error);
void camx__wishes_close(camx__wishes *wishes);

/* After forward: fills the seeds. */
void camx__wishes_seed(camx__wishes *wishes);

/* ---- the ascent ---- */

/* image: a fresh input that holds the start, and gets the result. */
camx_status camx__maximise(camx_session *session, const camx_objective *const *objectives, uint32_t count,
                           const camx_maximise_options *options, camx_input *image, camx_error *error);

#endif
