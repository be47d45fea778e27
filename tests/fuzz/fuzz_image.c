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

static uint32_t checksum_of(const uint8_t *bytes, size_t size)
{
    uint32_t checksum = 0xffffffffu;

    for (size_t i = 0; i < size; i++) {
        checksum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            checksum = checksum >> 1 ^ (0xedb88320u & (0u - (checksum & 1)));
    }
    return ~checksum;
}

/* Makes the checksums of all chunks right: otherwise nearly every change of a PNG is refused
 * for that alone, and the code behind is never reached. */
static void repair_png(uint8_t *bytes, size_t size)
{
    for (size_t at = 8; size - at >= 12;) {
        size_t length = (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 |
                        (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        uint32_t checksum;

        if (length > size - at - 12)
            return;
        checksum = checksum_of(bytes + at + 4, length + 4);
        for (int i = 0; i < 4; i++)
            bytes[at + 8 + length + (size_t)i] = (uint8_t)(checksum >> (24 - 8 * i));
        at += 12 + length;
    }
}

static void read_repaired(const uint8_t *bytes, size_t size, const camx_image_options *options)
{
    uint8_t *repaired;

    if (size < 8 || memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) != 0)
        return;
    repaired = malloc(size);
    if (repaired == NULL)
        return;
    memcpy(repaired, bytes, size);
    repair_png(repaired, size);
    read_once(repaired, size, options);
    free(repaired);
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
    read_repaired(bytes, size, &options);
    /* Which allocation fails depends on the input alone, so that a finding can be repeated. */
    allocations_left = size == 0 ? 0 : (bytes[size / 2] + (int)size) % 16;
    read_once(bytes, size, &options);
    read_repaired(bytes, size, &options);
    return 0;
}
