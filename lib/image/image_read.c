/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public functions that read pictures: options, bytes, kind, and then the decoder of that kind.
 */
#include "image/image_internal.h"

#define DEFAULT_PIXELS ((uint64_t)1 << 28)
#define DEFAULT_FILE_BYTES ((uint64_t)1 << 30)
#define DEFAULT_SCANS 500

void (camx_image_options_init)(camx_image_options *options, uint32_t size)
{
    camx_image_options filled = {
        .max_pixels = DEFAULT_PIXELS,
        .max_file_bytes = DEFAULT_FILE_BYTES,
        .max_scans = DEFAULT_SCANS,
        .background = {255, 255, 255, 255},
    };

    camx__image_fill(options, size, &filled, sizeof filled);
}

camx_status camx__image_take_options(const camx_image_options *given, camx_image_options *taken,
                                     camx_error *error)
{
    camx_image_options_init(taken);
    if (given == NULL)
        return CAMX_OK;
    if (given->struct_size < sizeof *taken)
        return camx__image_fail_argument(
            error,
            "options->struct_size is %u, less than the %zu bytes of version "
            "0.1: call camx_image_options_init first",
            (unsigned)given->struct_size, sizeof *taken);
    *taken = *given;
    if (taken->allocator != NULL &&
        (taken->allocator->allocate == NULL || taken->allocator->release == NULL))
        return camx__image_fail_argument(error,
                                         "options->allocator lacks a function: set both allocate "
                                         "and release");
    if (taken->max_pixels == 0)
        taken->max_pixels = DEFAULT_PIXELS;
    if (taken->max_file_bytes == 0)
        taken->max_file_bytes = DEFAULT_FILE_BYTES;
    if (taken->max_scans == 0)
        taken->max_scans = DEFAULT_SCANS;
    return CAMX_OK;
}

static camx_status decode(const camx__image_job *job, const camx_image_options *options,
                          const uint8_t *bytes, size_t size, camx_image **image)
{
    switch (camx__image_tell_kind(bytes, size)) {
    case CAMX__IMAGE_KIND_PNG:
        return camx__image_read_png(job, options, bytes, size, image);
    case CAMX__IMAGE_KIND_JPEG:
        return camx__image_read_jpeg(job, options, bytes, size, image);
    case CAMX__IMAGE_KIND_OTHER:
        break;
    }
    return camx__image_refuse_kind(job, bytes, size);
}

camx_status camx_image_read(const char *path, const camx_image_options *options, camx_image **image,
                            camx_error *error)
{
    camx_image_options taken;
    camx__image_job job;
    uint8_t *bytes;
    size_t size = 0;
    camx_status status;

    if (image != NULL)
        *image = NULL;
    if (path == NULL || image == NULL)
        return camx__image_fail_argument(error, "camx_image_read: %s is NULL",
                                         path == NULL ? "path" : "image");
    status = camx__image_take_options(options, &taken, error);
    if (status != CAMX_OK)
        return status;
    camx__image_job_init(&job, path, taken.allocator, error);
    status = camx__image_load(&job, path, taken.max_file_bytes, &bytes, &size);
    if (status != CAMX_OK)
        return status;
    status = decode(&job, &taken, bytes, size, image);
    camx__image_free(&job.allocator, bytes);
    return status;
}

camx_status camx_image_read_memory(const void *bytes, size_t size,
                                   const camx_image_options *options, camx_image **image,
                                   camx_error *error)
{
    camx_image_options taken;
    camx__image_job job;
    camx_status status;

    if (image != NULL)
        *image = NULL;
    if (bytes == NULL || image == NULL)
        return camx__image_fail_argument(error, "camx_image_read_memory: %s is NULL",
                                         bytes == NULL ? "bytes" : "image");
    status = camx__image_take_options(options, &taken, error);
    if (status != CAMX_OK)
        return status;
    camx__image_job_init(&job, "the picture in memory", taken.allocator, error);
    if (size > taken.max_file_bytes)
        return camx__image_fail(&job, CAMX_E_LIMIT,
                                "%zu bytes are more than max_file_bytes allows (%llu)", size,
                                (unsigned long long)taken.max_file_bytes);
    return decode(&job, &taken, bytes, size, image);
}
