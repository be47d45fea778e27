/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes float32 arrays in NumPy's .npy format, version 1.0 (numpy.lib.format): a magic
 * string, the length of the header, the header (a Python dictionary in text, padded to 64
 * bytes), then the values, little-endian.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "image/image_internal.h"

#define LARGEST_RANK 8
#define HEADER_BYTES 320 /* 8 numbers of 19 digits, the words around them, and the padding */
#define HEADER_STEP 64

static camx_status count_values(const camx__image_job *job, const float *values,
                                const int64_t *shape, uint32_t rank, size_t *count)
{
    size_t bytes;

    *count = 1;
    if (rank < 1 || rank > LARGEST_RANK)
        return camx__image_fail(job, CAMX_E_ARGUMENT, "rank is %u; it goes from 1 to %d",
                                (unsigned)rank, LARGEST_RANK);
    for (uint32_t i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return camx__image_fail(job, CAMX_E_ARGUMENT, "shape[%u] is %lld, less than 0",
                                    (unsigned)i, (long long)shape[i]);
        if (__builtin_mul_overflow(*count, (uint64_t)shape[i], count))
            return camx__image_fail(job, CAMX_E_ARGUMENT,
                                    "the shape has more values than memory can hold");
    }
    if (__builtin_mul_overflow(*count, sizeof(float), &bytes))
        return camx__image_fail(job, CAMX_E_ARGUMENT,
                                "the shape has more values than memory can hold");
    if (values == NULL && *count > 0)
        return camx__image_fail(job, CAMX_E_ARGUMENT, "values is NULL");
    return CAMX_OK;
}

/* The bytes before the values; returns how many. */
static size_t make_header(char header[HEADER_BYTES], const int64_t *shape, uint32_t rank)
{
    const size_t preamble = 10; /* magic, version, length of the rest */
    size_t used = preamble, total;

    used += (size_t)snprintf(header + used, HEADER_BYTES - used,
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (uint32_t i = 0; i < rank; i++)
        used += (size_t)snprintf(header + used, HEADER_BYTES - used, i == 0 ? "%lld," : " %lld,",
                                 (long long)shape[i]);
    if (rank > 1)
        used--; /* only a tuple of one ends in a comma */
    used += (size_t)snprintf(header + used, HEADER_BYTES - used, "), }");
    total = (used + 1 + HEADER_STEP - 1) / HEADER_STEP * HEADER_STEP;
    assert(total <= HEADER_BYTES);
    memset(header + used, ' ', total - used);
    header[total - 1] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (char)((total - preamble) & 0xff);
    header[9] = (char)((total - preamble) >> 8);
    return total;
}

/* The values as little-endian bytes, whatever the machine's own order is. */
static bool write_values(camx__image_sink *sink, const float *values, size_t count)
{
    uint8_t bytes[4096];

    while (count > 0) {
        size_t chunk = count < sizeof bytes / 4 ? count : sizeof bytes / 4;

        for (size_t i = 0; i < chunk; i++) {
            uint32_t bits;

            memcpy(&bits, &values[i], 4);
            for (int b = 0; b < 4; b++)
                bytes[4 * i + (size_t)b] = (uint8_t)(bits >> (8 * b));
        }
        if (!camx__image_sink_write(sink, bytes, 4 * chunk))
            return false;
        values += chunk;
        count -= chunk;
    }
    return true;
}

camx_status camx_npy_write(const char *path, const float *values, const int64_t *shape,
                           uint32_t rank, camx_error *error)
{
    char header[HEADER_BYTES];
    camx__image_job job;
    camx__image_sink sink;
    size_t count, header_bytes;
    camx_status status;

    if (path == NULL || shape == NULL)
        return camx__image_fail_argument(error, "camx_npy_write: %s is NULL",
                                         path == NULL ? "path" : "shape");
    camx__image_job_init(&job, path, NULL, error);
    status = count_values(&job, values, shape, rank, &count);
    if (status == CAMX_OK)
        status = camx__image_sink_open(&sink, &job, path);
    if (status != CAMX_OK)
        return status;
    header_bytes = make_header(header, shape, rank);
    if (camx__image_sink_write(&sink, header, header_bytes) && write_values(&sink, values, count))
        return camx__image_sink_commit(&sink);
    status = camx__image_sink_fail(&sink);
    camx__image_sink_abandon(&sink);
    return status;
}
