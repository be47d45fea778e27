/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public function that writes pictures: arguments, the kind by the name's ending, a sink,
 * and the encoder of that kind.
 */
#include <string.h>

#include "image/image_internal.h"

void (camx_write_options_init)(camx_write_options *options, uint32_t size)
{
    camx_write_options filled = {.quality = 92, .compression = 6};

    camx__image_fill(options, size, &filled, sizeof filled);
}

static camx_status take_options(const camx_write_options *given, camx_write_options *taken,
                                camx_error *error)
{
    camx_write_options_init(taken);
    if (given == NULL)
        return CAMX_OK;
    if (given->struct_size < sizeof *taken)
        return camx__image_fail_argument(
            error,
            "options->struct_size is %u, less than the %zu bytes of version "
            "0.1: call camx_write_options_init first",
            (unsigned)given->struct_size, sizeof *taken);
    *taken = *given;
    if (taken->quality < 1 || taken->quality > 100)
        return camx__image_fail_argument(error, "options->quality is %d; it goes from 1 to 100",
                                         (int)taken->quality);
    if (taken->compression < 0 || taken->compression > 9)
        return camx__image_fail_argument(error, "options->compression is %d; it goes from 0 to 9",
                                         (int)taken->compression);
    if (taken->allocator != NULL &&
        (taken->allocator->allocate == NULL || taken->allocator->release == NULL))
        return camx__image_fail_argument(error,
                                         "options->allocator lacks a function: set both allocate "
                                         "and release");
    return CAMX_OK;
}

/* Does the name end so, in either case, with something before it? */
static bool ends_with(const char *path, const char *ending)
{
    size_t length = strlen(path), wanted = strlen(ending);

    if (length <= wanted || path[length - wanted - 1] == '/')
        return false;
    for (size_t i = 0; i < wanted; i++) {
        char letter = path[length - wanted + i];

        if (letter >= 'A' && letter <= 'Z')
            letter = (char)(letter + ('a' - 'A'));
        if (letter != ending[i])
            return false;
    }
    return true;
}

static camx__image_kind kind_of_name(const char *path)
{
    if (ends_with(path, ".png"))
        return CAMX__IMAGE_KIND_PNG;
    if (ends_with(path, ".jpg") || ends_with(path, ".jpeg"))
        return CAMX__IMAGE_KIND_JPEG;
    return CAMX__IMAGE_KIND_OTHER;
}

camx_status camx_image_write(const char *path, const camx_pixels *pixels,
                             const camx_write_options *options, camx_error *error)
{
    camx_write_options taken;
    camx__image_job job;
    camx__image_sink sink;
    camx__image_kind kind;
    camx_status status;

    if (path == NULL || pixels == NULL)
        return camx__image_fail_argument(error, "camx_image_write: %s is NULL",
                                         path == NULL ? "path" : "pixels");
    status = take_options(options, &taken, error);
    if (status != CAMX_OK)
        return status;
    camx__image_job_init(&job, path, taken.allocator, error);
    kind = kind_of_name(path);
    if (kind == CAMX__IMAGE_KIND_OTHER)
        return camx__image_fail(&job, CAMX_E_ARGUMENT,
                                "pictures are written to names that end in .png, .jpg or .jpeg");
    status = camx__image_check_pixels(&job, pixels);
    if (status == CAMX_OK)
        status = camx__image_sink_open(&sink, &job, path);
    if (status != CAMX_OK)
        return status;
    if (kind == CAMX__IMAGE_KIND_PNG)
        status = camx__image_write_png(&sink, pixels, taken.compression);
    else
        status = camx__image_write_jpeg(&sink, pixels, taken.quality);
    if (status == CAMX_OK)
        return camx__image_sink_commit(&sink);
    camx__image_sink_abandon(&sink);
    return status;
}
