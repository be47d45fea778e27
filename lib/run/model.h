/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model: the records of a file, the packed weights, and the graphs and programs planned so far. What is planned
 * once serves every session that asks for the same.
 *
 * Threads: planning happens under the model's lock; graphs, programs and packs never change afterwards.
 */
#ifndef CAMX_RUN_MODEL_H
#define CAMX_RUN_MODEL_H

#include <pthread.h>

#include "plan/program.h"

/* A graph or program in the model's cache. */
typedef struct camx__bound {
    camx__shape shape; /* of the first input */
    camx__graph *graph;
    int users; /* sessions and programs */
    struct camx__bound *next;
} camx__bound;

typedef struct camx__planned {
    camx__bound *bound;
    camx__program *program;
    int users; /* sessions */
    struct camx__planned *next;
} camx__planned;

struct camx_model {
    camx__memory memory;
    atomic_uint references;
    pthread_mutex_t lock;
    camx__onnx_file *file;
    camx__weights weights;
    camx__bound *bounds;
    camx__planned *programs;
    uint64_t max_multiply_adds;
    /* what opening found out */
    camx__shape declared; /* of the image input, -1 = free */
    bool channels_last;
    int32_t channels;
    int32_t default_width;
    int32_t default_height;
    int32_t output_kind;
    int64_t classes;
    char *producer;
    char *label_text; /* class names, NUL after each */
    const char **labels; /* `classes` of them, or NULL */
    /* the list of all models, see model_fork.c */
    camx_model *older;
    camx_model *newer;
    bool listed;
};

camx_status camx__model_open(const char *path, const void *bytes, size_t size, const camx_model_options *options,
                             camx_model **model, camx_error *error);
void camx__model_retain(camx_model *model);
void camx__model_release(camx_model *model);

/* The graph for an input of this shape, found or made; give it back with camx__model_return_graph. */
camx_status camx__model_graph(camx_model *model, const camx__shape *shape, camx__bound **bound,
                              camx_error *error);
void camx__model_return_graph(camx_model *model, camx__bound *bound);

/* Numbers of a constant of that graph. Planning, which may be going on in other threads, fetches constants into memory:
 * they are read under the model's lock. */
camx_status camx__model_constant(camx_model *model, const camx__bound *bound, int value, int64_t first,
                                 int64_t count, real *out, camx_error *error);

/* A program of that graph that serves the demand, found or made; give it back likewise. */
camx_status camx__model_program(camx_model *model, camx__bound *bound, const camx__demand *demand,
                                camx__planned **planned, camx_error *error);
void camx__model_return_program(camx_model *model, camx__planned *planned);

/* The shape of a run for images of this size: the file's batch if it fixes one, otherwise 1. */
camx_status camx__model_input_shape(const camx_model *model, int64_t height, int64_t width, camx__shape *shape,
                                    camx_error *error);

#endif
