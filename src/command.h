/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands share: exit codes and how a command that cannot go on tells so.
 */
#ifndef CAMX_SRC_COMMAND_H
#define CAMX_SRC_COMMAND_H

#include "camx/camx.h"
#include "json.h"
#include "command_options.h"

/* Exit codes, as --help and the man page have them. A signal that stops the program adds its number
 * to CODE_SIGNAL. */
enum {
    CODE_OK = 0,
    CODE_INPUTS = 1, /* some pictures failed */
    CODE_USAGE = 2,  /* the command line cannot be right */
    CODE_MODEL = 3,  /* the model cannot be loaded */
    CODE_LIMIT = 4,  /* a limit was exceeded, or memory ran out */
    CODE_STDOUT = 5, /* stdout cannot be written */
    CODE_SIGNAL = 128
};

/* A command: prints its results, or puts them into the document, and returns an exit code. */
typedef int command_fn(const options *o, json *doc);

command_fn command_explain; /* and progress */
command_fn command_classify;
command_fn command_layers;
command_fn command_info;
command_fn command_profile;
command_fn command_dream;

/* The command cannot go on: says so on stderr, and in the document at its top level. Returns
 * `code`. */
int command_fail(json *doc, int code, int32_t status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for an error of the library; the exit code is CODE_LIMIT for limits and memory,
 * otherwise `code`. */
int command_fail_error(json *doc, int code, const camx_error *error);

/* Whether an error concerns all pictures alike, because the command line or the model is at fault.
 */
int command_is_fatal(camx_status status);

/* Counts the pictures that failed. */
typedef struct tally {
    size_t failed;
    int limit; /* one of them by a limit */
} tally;

/* One picture failed: says so on stderr and in its object of the document. Returns CODE_OK: the
 * others go on. */
int tally_failure(tally *t, json *doc, const camx_error *error);

/* After the last picture: closes "results", reports, and returns the exit code. */
int tally_finish(const tally *t, json *doc, size_t pictures);

/* "1x3x224x224"; free sizes as "?". */
enum { SHAPE_SIZE = 8 * 21 };
const char *shape_text(const int64_t *shape, int32_t rank, char out[SHAPE_SIZE]);

#endif
