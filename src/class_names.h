/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the classes: from a text file, the model's metadata, or ImageNet's.
 */
#ifndef CAMX_SRC_CLASS_NAMES_H
#define CAMX_SRC_CLASS_NAMES_H

#include "camx/camx.h"
#include "growing_text.h"

typedef struct labels {
    const char **names; /* `count` entries, NULL where a class has no name */
    uint32_t count;     /* the network's number of classes */
    const char *source; /* "file", "model", "imagenet", "none" */
    char *storage;      /* of names from a file */
} labels;

/* Finds names for the classes of `model`, from the text file `path` if it is not NULL. Returns 0,
 * or an exit code with a sentence in `problem`. */
int labels_open(labels *l, const camx_model *model, const char *path, text *problem);
void labels_close(labels *l);

/* The name of a class, or NULL. */
const char *labels_name(const labels *l, int32_t class_index);

/* "tiger cat", or "class 282" when it has no name; `number` is where that text may be put. */
enum { LABEL_NUMBER_SIZE = 24 };
const char *labels_shown(const labels *l, int32_t class_index, char number[LABEL_NUMBER_SIZE]);

/* The class that a person means by a number, a name, or a part of a name that no other class has
 * (case ignored). Returns 1, or 0 with a sentence in `problem` that lists what it could have been.
 */
int labels_find(const labels *l, const char *wanted, int32_t *class_index, text *problem);

#endif
