/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes one JSON document into memory, so that it is printed whole or not at all.
 */
#ifndef CAMX_SRC_JSON_H
#define CAMX_SRC_JSON_H

#include <stdint.h>

#include "growing_text.h"

enum { JSON_DEPTH = 16 };

/* Start with {0}. While `muted` nothing is written, so that callers need not ask whether --json was
 * given. */
typedef struct json {
    text out;
    int muted;
    int depth;
    char closing[JSON_DEPTH]; /* what ends each open level */
    char filled[JSON_DEPTH];  /* whether it has an entry yet */
} json;

void json_free(json *j);

/* key: the member's name inside an object, NULL inside an array. */
void json_open_object(json *j, const char *key);
void json_open_array(json *j, const char *key);
void json_close(json *j);

/* Closes levels until only `depth` are open: to end a document early. */
void json_unwind(json *j, int depth);

/* Any bytes are taken: what is not UTF-8 becomes U+FFFD. NULL is null. */
void json_text(json *j, const char *key, const char *value);
void json_int(json *j, const char *key, int64_t value);
void json_uint(json *j, const char *key, uint64_t value);
void json_bool(json *j, const char *key, int value);

/* Nine digits, enough to give a float back exactly; NaN and infinities are null. */
void json_float(json *j, const char *key, double value);

/* On one line. */
void json_ints(json *j, const char *key, const int64_t *values, uint32_t count);
void json_floats(json *j, const char *key, const float *values, uint32_t count);

#endif
