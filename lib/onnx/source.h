/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source is where bytes of a model come from: an open file, a block of memory, or the host's
 * callback for external data. Nothing is mapped: a mapped file that another process cuts short
 * would kill this one.
 *
 * A source may be read by several threads at once (the host's callback must allow that too).
 */
#ifndef CAMX_ONNX_SOURCE_H
#define CAMX_ONNX_SOURCE_H

#include <stdint.h>

#include "base/memory.h"

typedef struct camx__source camx__source;

struct camx__source {
    /* Copies `bytes` bytes at `offset` to `destination`; all or CAMX_E_IO (or CAMX_E_FORMAT past
     * the end). */
    camx_status (*read_at)(const camx__source *source, uint64_t offset, size_t bytes,
                           void *destination, camx_error *error);
    const char *name;     /* for sentences: the last part of the path */
    uint64_t size;        /* bytes; UINT64_MAX when only the host knows */
    int descriptor;       /* of a file, otherwise -1 */
    const uint8_t *bytes; /* of memory, otherwise NULL: may be looked at without read_at */
    camx_external_read *external_read; /* the host's callback, otherwise NULL */
    void *external_user;
    const char *location; /* what the callback is asked for */
};

/* Bytes in memory, which must outlive the source. */
void camx__source_memory(camx__source *source, const char *name, const void *bytes, size_t size);

/* Opens a regular, not empty file of at most max_bytes bytes (0 = any). name must outlive the
 * source. */
camx_status camx__source_open(camx__source *source, const char *path, const char *name,
                              uint64_t max_bytes, camx_error *error);

/* The same for a descriptor that is already open; it is closed by camx__source_close, and here on
 * failure. */
camx_status camx__source_adopt(camx__source *source, int descriptor, const char *name,
                               uint64_t max_bytes, camx_error *error);

/* Answers reads of external data by the host's callback. name and location must outlive the
 * source. */
void camx__source_callback(camx__source *source, const char *name, const char *location,
                           camx_external_read *external_read, void *external_user);

/* Closes the file, if it is one. */
void camx__source_close(camx__source *source);

/* The last part of a path: what sentences call a file. */
const char *camx__path_name(const char *path);

#endif
