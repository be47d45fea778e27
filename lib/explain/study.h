/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of the methods that look at one image after another, most of them by running the network (or what lies
 * behind a layer) many times with something changed: takes input, targets and layer, makes the maps, counts progress, and
 * says of every map what is known when the call is stopped. Several targets share the runs.
 *
 *     camx__study study = {.session = ..., .options = ..., .method = ..., .usual = ..., .error = error};
 *     CAMX__FORWARD(camx__study_open(&study, input, targets, count, maps, true));
 *     study.units = ...; allocate what the method needs
 *     status = camx__study_run(&study, one_image);
 *     camx__study_close(&study);
 */
#ifndef CAMX_EXPLAIN_STUDY_H
#define CAMX_EXPLAIN_STUDY_H

#include "base/progress.h"
#include "explain/layer_method.h"

typedef struct camx__study {
    camx_session *session;
    const camx_explain_options *options;
    int32_t method;
    int32_t usual;           /* camx_score: what CAMX_SCORE_DEFAULT means */
    camx_error *error;
    /* filled in by camx__study_open */
    int value;               /* the layer; -1: the method looks at the input, and the map has its size */
    uint32_t count;          /* of targets, and of maps */
    camx_target *targets;    /* checked */
    camx_map *const *maps;
    camx__aim *aims;         /* what the targets mean for the present image */
    float *scratch;          /* one per class */
    const char *name;        /* of the method, for error sentences */
    /* set by the method before running */
    bool gradient;           /* the layer's gradient will be asked for */
    uint64_t units;          /* of work for one image; 0 counts as 1 */
    void *own;               /* the method's */
    uint32_t image;          /* the present one */
    camx__progress progress;
} camx__study;

/* Fills and finishes the maps of one image, whose run the session holds if there is a layer. When it stops with
 * CAMX_E_CANCELLED or CAMX_E_DEADLINE the maps must hold what was done (camx__study_partial). */
typedef camx_status camx__study_fn(camx__study *study, uint32_t image);

/* layer: the method looks at options->layer; otherwise a layer is refused. On failure nothing is left to close. */
camx_status camx__study_open(camx__study *study, camx_input *input, const camx_target *const *targets,
                             uint32_t count, camx_map *const *maps, bool layer);
camx_status camx__study_run(camx__study *study, camx__study_fn *one_image);
void camx__study_close(camx__study *study);

/* The layer's feature map (gradient: its gradient) for an image whose run is held. */
void camx__study_feature(const camx__study *study, uint32_t image, bool gradient, camx__feature *feature);

/* Gradients of target number `target` for this image. */
camx_status camx__study_backward(camx__study *study, uint32_t target, uint32_t image);

/* Ends an image whose maps hold `done` of the units: finished, or, if `status` says so, stopped. Returns the status. */
camx_status camx__study_finish(const camx__study *study, uint32_t image, uint64_t done, camx_status status);

/* False if there is a layer and no path leads from it to the scores: then camx__study_nothing is the one to run. */
bool camx__study_connected(const camx__study *study);
camx__study_fn camx__study_nothing;

/* Says of the image's maps that `done` of the units are done. */
void camx__study_partial(const camx__study *study, uint32_t image, uint64_t done);

#endif
