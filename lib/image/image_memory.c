/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory through the caller's allocator, and the picture itself: one block that holds the
 * struct and, behind it, the pixels. This is the only file of libcamx-image that knows the C
 * library's malloc.
 */
#include <stdlib.h>
#include <string.h>

#include "image/image_internal.h"

void *camx__image_alloc(const camx_allocator *allocator, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
        return NULL;
    if (bytes == 0)
        bytes = 1;
    if (allocator->allocate == NULL)
        return malloc(bytes);
    return allocator->allocate(bytes, allocator->user);
}

void camx__image_free(const camx_allocator *allocator, void *block)
{
    if (block == NULL)
        return;
    if (allocator->allocate == NULL)
        free(block);
    else
        allocator->release(block, allocator->user);
}

void camx__image_fill(void *wanted, uint32_t size, const void *filled, size_t known)
{
    uint32_t bytes = size < known ? size : (uint32_t)known;

    if (wanted == NULL)
        return;
    if (bytes < 2 * sizeof bytes) {
        memset(wanted, 0, bytes);
        return;
    }
    memcpy(wanted, filled, bytes);
    memcpy(wanted, &bytes, sizeof bytes);
}

camx_status camx__image_check_size(const camx__image_job *job, const camx_image_options *options,
                                   uint64_t width, uint64_t height)
{
    if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX)
        return camx__image_fail(job, CAMX_E_FORMAT,
                                "%llu x %llu is no size of a picture: each side is 1 to 2147483647",
                                (unsigned long long)width, (unsigned long long)height);
    if (width * height > options->max_pixels)
        return camx__image_fail(job, CAMX_E_LIMIT,
                                "%llu x %llu pixels are more than max_pixels allows (%llu)",
                                (unsigned long long)width, (unsigned long long)height,
                                (unsigned long long)options->max_pixels);
    return CAMX_OK;
}

camx_status camx__image_new(const camx__image_job *job, int64_t width, int64_t height,
                            camx_image **image)
{
    const size_t head = (sizeof(camx_image) + 63) / 64 * 64;
    size_t stride, bytes;
    uint8_t *block;

    if (__builtin_mul_overflow((size_t)width, (size_t)3, &stride) ||
        __builtin_mul_overflow(stride, (size_t)height, &bytes) ||
        __builtin_add_overflow(bytes, head, &bytes))
        return camx__image_fail(job, CAMX_E_LIMIT, "%lld x %lld pixels do not fit into memory",
                                (long long)width, (long long)height);
    block = camx__image_alloc(&job->allocator, 1, bytes);
    if (block == NULL)
        return camx__image_fail_memory(job, bytes);
    *image = (camx_image *)(void *)block;
    (*image)->allocator = job->allocator;
    (*image)->width = (int32_t)width;
    (*image)->height = (int32_t)height;
    (*image)->stride = stride;
    (*image)->data = block + head;
    return CAMX_OK;
}

void camx_image_release(camx_image *image)
{
    if (image != NULL) {
        camx_allocator allocator = image->allocator;

        camx__image_free(&allocator, image);
    }
}

camx_status (camx_image_get_pixels)(const camx_image *image, camx_pixels *pixels, uint32_t size,
                                    camx_error *error)
{
    camx_pixels filled = {.struct_size = sizeof filled, .format = CAMX_PIXEL_RGB};
    camx__image_job job;

    camx__image_job_init(&job, "camx_image_get_pixels", NULL, error);
    if (image == NULL || pixels == NULL)
        return camx__image_fail(&job, CAMX_E_ARGUMENT, "%s is NULL",
                                image == NULL ? "image" : "pixels");
    if (size < 2 * sizeof(uint32_t))
        return camx__image_fail(&job, CAMX_E_ARGUMENT,
                                "room for %u bytes of camx_pixels was given; pass the size of the "
                                "struct",
                                (unsigned)size);
    filled.width = image->width;
    filled.height = image->height;
    filled.stride = image->stride;
    filled.data = image->data;
    camx__image_fill(pixels, size, &filled, sizeof filled);
    return CAMX_OK;
}

camx_status camx_image_create(int32_t width, int32_t height, const camx_image_options *options,
                              camx_image **image, camx_error *error)
{
    camx_image_options taken;
    camx__image_job job;
    camx_image *made = NULL;
    camx_status status;

    if (image == NULL)
        return camx__image_fail_argument(error, "camx_image_create: image is NULL");
    *image = NULL;
    status = camx__image_take_options(options, &taken, error);
    if (status != CAMX_OK)
        return status;
    if (width < 1 || height < 1)
        return camx__image_fail_argument(
            error, "camx_image_create: %d x %d is no size of a picture", (int)width, (int)height);
    camx__image_job_init(&job, "the new picture", taken.allocator, error);
    status = camx__image_check_size(&job, &taken, (uint64_t)width, (uint64_t)height);
    if (status == CAMX_OK)
        status = camx__image_new(&job, width, height, &made);
    if (status == CAMX_OK)
        memset(made->data, 0, made->stride * (size_t)height);
    *image = made;
    return status;
}
