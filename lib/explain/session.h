/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session: a model being run and asked. It remembers the last input and which run of it the arena holds, so
 * that prediction, several classes, several layers and several methods cost one forward pass.
 *
 * A run is one execution of the program on `batch` images: 1, unless the file fixes another batch.
 */
#ifndef CAMX_EXPLAIN_SESSION_H
#define CAMX_EXPLAIN_SESSION_H

#include "input/input.h"
#include "run/model.h"
#include "run/runner.h"

/* How long each step took; its texts lie in the zone. */
typedef struct camx__profile {
    camx__zone zone;
    camx_profile_row *rows;
    uint32_t count;
} camx__profile;

struct camx_session {
    camx_model *model;
    camx__memory *memory;
    camx__pool *pool;
    camx_model *pool_owner; /* whose memory the pool is made of: with share_threads perhaps another model */
    camx__op_settings settings;
    bool fusion;
    int32_t keep; /* camx_keep */
    char **layer_names; /* from the options, layer_count of them */
    uint32_t layer_count;
    /* for the present input size */
    camx__bound *bound;
    camx__planned *planned;
    camx__runner runner;
    bool *keeps;      /* per value: what programs have to keep */
    bool *gradients;  /* per value: what gradients they have to offer */
    int *list;        /* room for value ids */
    /* a second program and arena for runs that must not disturb the first: occlusion */
    camx__planned *side_planned;
    camx__runner side;
    /* the last input */
    camx_input *input;
    int64_t run;      /* the run the arena holds, -1 = none */
    float *logits;    /* images x classes */
    bool *has_logits; /* per run */
    real *seed;       /* batch x classes */
    camx_session_stats stats;
    camx__profile profile; /* the last one */
};

camx_status camx__session_open(camx_model *model, const camx_session_options *options, camx_session **session,
                               camx_error *error);
void camx__session_close(camx_session *session);
void camx__session_stats(const camx_session *session, camx_session_stats *stats);

/* Makes `input` the last input and plans for its size; NULL = the last input stays (CAMX_E_STATE if there is none).
 * Runs nothing. */
camx_status camx__session_take(camx_session *session, camx_input *input, camx_error *error);

/* From now on programs keep this value (and offer its gradient). If the present program does not, the next run needs a
 * new one: the arena holds no run any more. */
camx_status camx__session_ask(camx_session *session, int value, bool gradient, camx_error *error);

/* The same for several values with one new program at most. */
camx_status camx__session_ask_all(camx_session *session, const int *values, uint32_t count, bool gradient,
                                  camx_error *error);

/* Makes the arena hold the given run of the last input. */
camx_status camx__session_hold(camx_session *session, int64_t run, camx_error *error);

/* Runs every run of the last input whose logits are not known yet. */
camx_status camx__session_run_all(camx_session *session, camx_error *error);

/* The logits of an image: `classes` floats, running it if need be. */
camx_status camx__session_logits(camx_session *session, uint32_t image, const float **logits,
                                 camx_error *error);

/* Images per run, runs of the last input, images of the last input. */
int64_t camx__session_batch(const camx_session *session);
int64_t camx__session_runs(const camx_session *session);
uint32_t camx__session_images(const camx_session *session);

/* Copies the images of one run from `values` (the whole input) into a runner's input place. */
void camx__session_feed(const camx_session *session, camx__runner *runner, const float *values, int64_t run);

/* The logits that a runner holds after forward, `batch` x `classes`, as floats. */
void camx__session_read_logits(const camx_session *session, const camx__runner *runner, float *logits);

/* Softmax (or sigmoid) of logits; in place is allowed. */
void camx__session_probabilities(const camx_session *session, const float *logits, float *probabilities);

/* Plans a program that only gives logits, for the side runner. */
camx_status camx__session_open_side(camx_session *session, camx_error *error);

/* One image's part of a value or gradient as a feature map: walks [C, H, W] whatever the order in memory. */
typedef struct camx__feature {
    int64_t channels, height, width;
    int64_t step_c, step_y, step_x; /* in elements */
    const real *data;               /* NULL: zero everywhere */
} camx__feature;
void camx__session_feature(const camx_session *session, int value, const camx__tensor *tensor, int64_t item,
                           camx__feature *feature);

/* Refuses values that are not feature maps, naming what is missing. */
camx_status camx__session_check_spatial(const camx_session *session, int value, camx_error *error);

#endif
