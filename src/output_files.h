/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the pictures go: names, folders, and the rule that no input is ever overwritten.
 */
#ifndef CAMX_SRC_OUTPUT_FILES_H
#define CAMX_SRC_OUTPUT_FILES_H

#include <sys/types.h>

#include "command_options.h"
#include "growing_text.h"

/* A file that must not be overwritten. */
typedef struct known_file {
    dev_t device;
    ino_t number;
} known_file;

typedef struct output_files {
    const char *folder; /* NULL: the current one */
    const char *file;   /* the single file that -o names, or NULL */
    int folder_made;
    char **stems; /* one per picture: its name without folder and ending, made unique */
    size_t count;
    known_file *inputs; /* pictures, model, labels */
    size_t input_count;
} output_files;

/* Decides where things go. `pictures`: how many will be written in all (0: not known). Returns 0,
 * or 2 with a sentence. */
int output_files_plan(output_files *f, const options *o, size_t pictures, text *problem);
void output_files_free(output_files *f);

/* The path for something of picture number `image`: STEM-NAME.ENDING in the folder, or the single
 * file with that ending. Makes the folder if need be. Returns 1, or 0 with a sentence. */
int output_files_path(output_files *f, size_t image, const char *name, const char *ending,
                      text *path, text *problem);

#endif
