/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a PNG or JPEG file. Whatever they are, reading ends with a picture
 * whose every byte was written, or with a status and a sentence; a second time with one
 * allocation failing; without leaks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "camx/camx_image.h"

/* Small, so that inputs stay fast. */
#define MAX_PIXELS (1 << 18)
#define MAX_SCANS 20

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Allocations that still succeed; negative = all do. */
static int allocations_left;

static void *allocate(size_t bytes, void *user)
{
    (void)user;
    if (allocations_left == 0)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    return malloc(bytes);
}

static void release(void *block, void *user)
{
    (void)user;
    free(block);
}

/* Uses every byte of the picture, so that a memory sanitizer sees those that were never written. */
static void use_pixels(const camx_image *image)
{
    static volatile unsigned sink;
    camx_pixels pixels;
    unsigned sum = 0;

    if (camx_image_get_pixels(image, &pixels, NULL) != CAMX_OK ||
        (int64_t)pixels.width * pixels.height > MAX_PIXELS)
        abort();
    for (size_t i = 0; i < pixels.stride * (size_t)pixels.height; i++)
        sum += pixels.data[i];
    if (sum % 2 != 0)
        sink++;
}

static void read_once(const uint8_t *bytes, size_t size, const camx_image_options *options)
{
    camx_image *image = NULL;
    camx_error error;
    camx_status status = camx_image_read_memory(bytes, size, options, &image, &error);

    if ((status == CAMX_OK) != (image != NULL) || error.status != (int32_t)status)
        abort();
    if ((status == CAMX_OK) != (error.message[0] == '\0') || status == CAMX_E_INTERNAL)
        abort();
    if (memchr(error.message, '\0', sizeof error.message) == NULL)
        abort();
    if (image != NULL)
        use_pixels(image);
    camx_image_release(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const camx_allocator allocator = {allocate, release, NULL};
    camx_image_options options;

    camx_image_options_init(&options);
    options.allocator = &allocator;
    options.max_pixels = MAX_PIXELS;
    options.max_scans = MAX_SCANS;
    options.ignore_orientation = size % 8 == 0;
    allocations_left = -1;
    read_once(bytes, size, &options);
    /* Which allocation fails depends on the input alone, so that a finding can be repeated. */
    allocations_left = size == 0 ? 0 : (bytes[size / 2] + (int)size) % 16;
    read_once(bytes, size, &options);
    return 0;
}
