/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of libcamx-image share. This library stands beside libcamx: it includes
 * public headers only and calls no function of libcamx, so that either can be built and used
 * without the other.
 *
 * The way through the files: image_read.c loads bytes (image_file.c), tells their kind
 * (image_kind.c) and hands them to png_read.c or jpeg_read.c. image_write.c opens a sink
 * (image_sink.c: a temporary file that is renamed at the end) and hands it to png_write.c or
 * jpeg_write.c; npy_write.c uses a sink alone.
 */
#ifndef CAMX_IMAGE_INTERNAL_H
#define CAMX_IMAGE_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "camx/camx_image.h"

/* ---- One call and what it reports (image_error.c) ---- */

/* The part of a path that sentences show: long ones lose their beginning. */
#define CAMX__IMAGE_NAME_BYTES 200

/* What every step of one public call needs: how to call the picture, where memory comes from,
 * where the sentence about a failure goes. */
typedef struct camx__image_job {
    char name[CAMX__IMAGE_NAME_BYTES];
    camx_allocator allocator;
    camx_error *error;
} camx__image_job;

/* name may be a path or a description; allocator NULL = malloc. Clears the error. */
void camx__image_job_init(camx__image_job *job, const char *name, const camx_allocator *allocator,
                          camx_error *error);

/* Writes "<name>: <sentence>" and the status into the job's error and returns the status. */
camx_status camx__image_fail(const camx__image_job *job, camx_status status, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

camx_status camx__image_fail_memory(const camx__image_job *job, size_t bytes);

/* Without a job: a wrong argument of a public function. Returns CAMX_E_ARGUMENT. */
camx_status camx__image_fail_argument(camx_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* An errno value in words that do not depend on the locale. */
const char *camx__image_errno_text(int number);

/* ---- Memory and pictures (image_memory.c) ---- */

/* Gives a caller's struct of `size` bytes the beginning of `filled`, a struct of `known` bytes, with
 * a struct_size that says how many bytes were given. One that is too short for any version gets
 * zeros, which are refused wherever the struct is used. */
void camx__image_fill(void *wanted, uint32_t size, const void *filled, size_t known);

struct camx_image {
    camx_allocator allocator;
    int32_t width;
    int32_t height;
    size_t stride; /* 3 x width */
    uint8_t *data; /* RGB, behind this struct in the same block */
};

/* NULL when there is none, or on overflow of count x size. A request for nothing gives one byte. */
void *camx__image_alloc(const camx_allocator *allocator, size_t count, size_t size);
void camx__image_free(const camx_allocator *allocator, void *block);

/* A picture whose pixels are not set yet. width and height are at least 1. */
camx_status camx__image_new(const camx__image_job *job, int64_t width, int64_t height,
                            camx_image **image);

/* Refuses a size outside 1 x 1 .. max_pixels, before anything of that size is allocated. */
camx_status camx__image_check_size(const camx__image_job *job, const camx_image_options *options,
                                   uint64_t width, uint64_t height);

/* ---- Reading ---- */

/* Takes what the caller's struct has of the known fields; NULL gives the defaults. */
camx_status camx__image_take_options(const camx_image_options *given, camx_image_options *taken,
                                     camx_error *error);

/* The whole of a regular file (image_file.c). *bytes belongs to the job's allocator. */
camx_status camx__image_load(const camx__image_job *job, const char *path, uint64_t max_bytes,
                             uint8_t **bytes, size_t *size);

typedef enum camx__image_kind {
    CAMX__IMAGE_KIND_PNG,
    CAMX__IMAGE_KIND_JPEG,
    CAMX__IMAGE_KIND_OTHER
} camx__image_kind;

/* Tells the kind by the first bytes (image_kind.c). */
camx__image_kind camx__image_tell_kind(const uint8_t *bytes, size_t size);

/* The sentence for bytes of another kind, which says what they look like. */
camx_status camx__image_refuse_kind(const camx__image_job *job, const uint8_t *bytes, size_t size);

camx_status camx__image_read_png(const camx__image_job *job, const camx_image_options *options,
                                 const uint8_t *bytes, size_t size, camx_image **image);
camx_status camx__image_read_jpeg(const camx__image_job *job, const camx_image_options *options,
                                  const uint8_t *bytes, size_t size, camx_image **image);

/* The EXIF orientation of a JPEG file, 1 .. 8; 1 if there is none or its EXIF data is malformed. */
int camx__image_exif_orientation(const uint8_t *bytes, size_t size);

/* ---- Writing ---- */

/* A file that appears under its name only when it is complete. */
typedef struct camx__image_sink {
    const camx__image_job *job;
    const char *path;
    int file;    /* -1 when closed */
    int problem; /* the errno of the first write that failed, or 0 */
    size_t used; /* bytes waiting in the buffer */
    char temporary[PATH_MAX];
    uint8_t buffer[16384];
} camx__image_sink;

camx_status camx__image_sink_open(camx__image_sink *sink, const camx__image_job *job,
                                  const char *path);

/* False when the file could not take the bytes; the reason is kept for camx__image_sink_fail. */
bool camx__image_sink_write(camx__image_sink *sink, const void *bytes, size_t size);

/* Closes the file and gives it its name. On failure nothing is left. */
camx_status camx__image_sink_commit(camx__image_sink *sink);

/* Closes and removes the unfinished file. */
void camx__image_sink_abandon(camx__image_sink *sink);

/* The sentence for a write that failed. */
camx_status camx__image_sink_fail(const camx__image_sink *sink);

camx_status camx__image_write_png(camx__image_sink *sink, const camx_pixels *pixels,
                                  int compression);
camx_status camx__image_write_jpeg(camx__image_sink *sink, const camx_pixels *pixels, int quality);

/* Samples of a pixel of this format: 1, 3 or 4; 0 for numbers that are none (image_rows.c). */
int camx__image_format_channels(int32_t format);

/* Refuses a camx_pixels that does not describe a picture. */
camx_status camx__image_check_pixels(const camx__image_job *job, const camx_pixels *pixels);

/* Copies row y as grey (channels 1), RGB (3) or RGBA (4). Grey goes with grey only. */
void camx__image_copy_row(const camx_pixels *pixels, int32_t y, uint8_t *row, int channels);

#endif
