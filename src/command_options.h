/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command line said. One table (option_table.c) drives the parser, --help, the shell
 * completion and the test of the man page.
 */
#ifndef CAMX_SRC_COMMAND_OPTIONS_H
#define CAMX_SRC_COMMAND_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "camx/camx.h"

#include "option_values.h"

/* The commands, as bits, so that an option can belong to several. */
enum {
    COMMAND_EXPLAIN = 1,
    COMMAND_CLASSIFY = 2,
    COMMAND_LAYERS = 4,
    COMMAND_INFO = 8,
    COMMAND_PROFILE = 16,
    COMMAND_PROGRESS = 32,
    COMMAND_DREAM = 64,
    COMMAND_ALL = 127
};

enum { MAX_METHODS = 32, MAX_SIZES = 64, WANTED_SIZE = 640 };

/* A list of words from the command line; they belong to argv. */
typedef struct words {
    const char **at;
    size_t count;
} words;

typedef struct options {
    int command; /* one COMMAND_ bit, 0 for `camx --help` and `camx --version` */
    int help;
    int version;

    const char *model;
    words images;
    char **found; /* names of `images` that were found in folders, found_count of them */
    size_t found_count;

    /* what to explain */
    int32_t methods[MAX_METHODS];
    size_t method_count; /* 0: not given */
    int all_methods;
    words classes; /* each a number, a name, or a comma list */
    words layers;
    words maps;  /* METHOD[,layer=NAME][,class=CLASS] */
    int32_t top; /* 0: not given */
    const char *against;
    int negate;
    int32_t score;
    int32_t rule; /* camx_gradcampp_rule */
    camx_occlusion_options occlusion;
    int32_t samples; /* 0: not given; likewise steps */
    int32_t steps;
    uint64_t seed;
    float noise; /* -1: not given */
    int32_t grid; /* 0: not given; likewise probability */
    float probability;
    int32_t frames; /* camx dream: every so many steps, 0: none */
    int has_channel;
    int32_t channel;

    /* boxes, and a region: object or background */
    int wants_boxes;
    camx_box_options boxes;
    int has_region_box;
    camx_rect region_box;
    const char *mask; /* a picture, or a folder of them */
    int32_t mask_level;
    int csv;
    int no_pictures;

    /* what to measure */
    int32_t runs;
    int backward;
    int32_t sizes[MAX_SIZES]; /* of occlusion patches, if there are several */
    int no_reuse;

    /* what to write */
    const char *output;
    int sheet;
    int raw;
    int32_t colormap; /* -1: not given; likewise below */
    float alpha;
    int even;
    int32_t scaling;
    int nearest;
    int json;
    int all;

    /* how a picture is prepared */
    int32_t preset;
    int32_t width; /* 0: not given */
    int32_t height;
    int32_t fit;
    int32_t filter;
    int32_t resize; /* 0: not given */
    float mean[4];
    float std[4];
    int mean_count; /* 0: not given; 1: for every channel */
    int std_count;
    int bgr;

    const char *labels;
    int32_t threads;
    int has_max_memory;
    uint64_t max_memory;
    int quiet;

    char wanted[WANTED_SIZE]; /* what the option that failed wants: see option_row */
} options;

/* One option. It has a function that stores the value and returns NULL, or says what it wants ("a
 * number from 1 to 64"); or a list to choose an int32_t from; or neither, and is a flag: an int
 * that becomes 1. */
typedef struct option_row {
    const char *name;  /* without the dashes */
    char letter;       /* 0: none */
    const char *value; /* how help calls the value, NULL: none */
    int commands;      /* COMMAND_ bits */
    const char *group; /* the heading it stands under in help */
    const char *(*apply)(options *o, const char *value);
    const choice *choices;
    size_t place; /* of the number or flag in struct options */
    const char *text;
} option_row;

extern const option_row option_table[];
extern const size_t option_table_size;

/* A command's name, operands and what help says about it. */
typedef struct command_row {
    int command;
    const char *name;
    const char *operands;
    const char *summary;
    const char *help; /* examples first, then a few sentences */
} command_row;

extern const command_row command_table[];
extern const size_t command_table_size;

/* NULL if there is no such command. */
const command_row *command_by_name(const char *name);
const command_row *command_by_bit(int command);

/* The number of a method, 0 if there is none of this name; takes "Grad-CAM++" for gradcampp, as
 * people write it. */
int32_t method_by_word(const char *name, size_t length);

/* Fills `o` from the command line. 0, or an exit code after saying on stderr what is wrong. Free
 * with options_free. */
int options_parse(options *o, int argc, char **argv);
void options_free(options *o);

/* Puts the pictures of a folder in the place of the folder. 0, or an exit code after saying on
 * stderr what is wrong. */
int options_open_folders(options *o);

/* --help of a command, or of the program (command 0). */
void options_help(FILE *out, int command);

#endif
