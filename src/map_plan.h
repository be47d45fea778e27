/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which maps `camx explain` makes of every picture: all combinations of methods, layers and
 * classes, or the list that --map gives.
 */
#ifndef CAMX_SRC_MAP_PLAN_H
#define CAMX_SRC_MAP_PLAN_H

#include "command_options.h"
#include "growing_text.h"
#include "workbench.h"

enum { MAP_NAME_SIZE = 192 };

/* One map. Layer and class are given once in words and once as the model knows them. */
typedef struct map_request {
    int32_t method;
    int optional; /* from "all": left out without complaint where the network does not suit it */
    char *layer_word;         /* NULL: the default layer */
    char *class_word;         /* NULL: the best class */
    const char *layer;        /* the value's name, NULL likewise */
    int32_t class_index;      /* -1: the picture's class of rank `rank` */
    int32_t rank;             /* 1: the best */
    char name[MAP_NAME_SIZE]; /* for file names: "gradcam-layer3-282_tiger_cat" */
} map_request;

typedef struct map_plan {
    map_request *requests;
    size_t count;
    size_t capacity;
    words layers;        /* all layers asked for: to be kept by the session */
    int32_t other_index; /* --against; -1: none */
    int32_t ranks;       /* how many best classes of a picture are needed */
} map_plan;

/* Reads the options; before the session is opened. Returns 0, or an exit code with a sentence. */
int map_plan_make(map_plan *plan, const options *o, text *problem);

/* Finds the layers and classes in the model, drops doubles and names the files. Likewise. */
int map_plan_resolve(map_plan *plan, const options *o, const workbench *b, text *problem);

/* The plan of `camx progress`: one map for every stage of the network, in its order. The session
 * must be open. Likewise. */
int map_plan_stages(map_plan *plan, const options *o, workbench *b, text *problem);

void map_plan_free(map_plan *plan);

/* Gives every map a name of its own. */
void map_plan_name(map_plan *plan, const labels *l);

/* Whether two maps are of the same layer, of the same class. */
int map_same_layer(const map_request *a, const map_request *b);
int map_same_class(const map_request *a, const map_request *b);

/* Whether a method looks at one layer, so that naming another makes a difference. */
int method_has_layer(int32_t method);

#endif
