/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files about one picture's way through `camx explain` share.
 */
#ifndef CAMX_SRC_SCENE_PRIVATE_H
#define CAMX_SRC_SCENE_PRIVATE_H

#include "region.h"
#include "scene.h"

typedef struct scene {
    explainer *e;
    size_t index;
    const char *path;
    photo photo;
    camx_input *input;
    camx_class_score *best;
    uint32_t best_count;
    float *probabilities;
    painter painter;
    region region; /* of --box or --mask */
    contact_sheet sheet;
    text cam_layer; /* where CAM looked, for which class: Grad-CAM there is the same */
    int32_t cam_class;
    char *states; /* per request: a map_state */
    int fatal;
} scene;

/* Whether a map is still to be computed. */
typedef enum map_state {
    MAP_WANTED,
    MAP_DONE, /* together with another one */
    MAP_ALONE /* not together with others: that failed */
} map_state;

/* What a request means for this picture. */
camx_status scene_target(const scene *s, const map_request *r, camx_target *target,
                         camx_error *error);

/* Computes the map of a request, if it did not come with an earlier one, and makes it e->map. Maps
 * that come of the same runs are computed at once. */
camx_status scene_compute(scene *s, const map_request *r, camx_error *error);

/* Makes the file at a path. */
typedef camx_status write_fn(scene *s, const char *path, camx_error *error);
write_fn write_painting;
write_fn write_raw;
write_fn write_sheet;

/* Finds a path, lets `write` make the file, and says what was written under `key`. */
camx_status scene_write(scene *s, const char *name, const char *ending, const char *key,
                        write_fn *write, camx_error *error);

/* Puts the map that was just computed into the open object of the document. */
void scene_put_map(const scene *s, const camx_map_info *info);

/* The boxes of --boxes, and how much of the heat lies in the region: into the document, into the
 * report, and onto the painting. */
camx_status scene_look_closer(scene *s, const map_request *r, const camx_map_info *info,
                              camx_error *error);

#endif
