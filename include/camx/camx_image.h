/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx_image.h: libcamx-image, an optional library beside libcamx that reads and writes PNG and JPEG
 * files (by libpng and libjpeg-turbo) and writes .npy. Link it with `pkg-config --libs camx-image`. The
 * rules at the top of camx.h hold here too.
 */
#ifndef CAMX_CAMX_IMAGE_H
#define CAMX_CAMX_IMAGE_H

#include "camx/camx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A picture that libcamx-image owns: always 8-bit RGB, rows without gaps, upright. */
typedef struct camx_image camx_image;

typedef struct camx_image_options {
    uint32_t struct_size;
    int32_t ignore_orientation;      /* 0 (default): turned upright as the EXIF data of a JPEG says */
    const camx_allocator *allocator; /* NULL (default): malloc. libpng uses it too; libjpeg only knows malloc */
    uint64_t max_pixels;             /* width x height at most; 0 = the default, 2^28 (268 megapixels) */
    uint64_t max_file_bytes;         /* 0 = the default, 1 GiB */
    uint32_t max_scans;              /* of a progressive JPEG; 0 = the default, 500 */
    uint8_t background[4];           /* transparent pixels are laid on this: red, green, blue, unused; default white */
} camx_image_options;

CAMX_API void (camx_image_options_init)(camx_image_options *options, uint32_t size);
#define camx_image_options_init(options) camx_image_options_init((options), sizeof *(options))

/* Reads a PNG or JPEG file; the kind is told by its first bytes, not by its name. Grey, palette, 16-bit,
 * interlaced, alpha, CMYK and YCCK become 8-bit RGB. A damaged file is refused, never half shown. Since 0.1. */
CAMX_API camx_status camx_image_read(const char *path, const camx_image_options *options, camx_image **image,
                                     camx_error *error);
CAMX_API camx_status camx_image_read_memory(const void *bytes, size_t size, const camx_image_options *options,
                                            camx_image **image, camx_error *error);
CAMX_API void camx_image_release(camx_image *image);

/* Points `pixels` at the picture's own memory (RGB); valid until the image is released. All of `pixels` is filled,
 * struct_size too. Since 0.1. */
CAMX_API camx_status (camx_image_get_pixels)(const camx_image *image, camx_pixels *pixels, uint32_t size,
                                             camx_error *error);
#define camx_image_get_pixels(image, pixels, error) \
    camx_image_get_pixels((image), (pixels), sizeof *(pixels), (error))

/* An empty (black) picture to draw into. Since 0.1. */
CAMX_API camx_status camx_image_create(int32_t width, int32_t height, const camx_image_options *options,
                                       camx_image **image, camx_error *error);

typedef struct camx_write_options {
    uint32_t struct_size;
    int32_t quality;     /* JPEG: 1 .. 100; default 92 */
    int32_t compression; /* PNG: 0 .. 9; default 6 */
    int32_t reserved;
    const camx_allocator *allocator; /* NULL (default): malloc */
} camx_write_options;

CAMX_API void (camx_write_options_init)(camx_write_options *options, uint32_t size);
#define camx_write_options_init(options) camx_write_options_init((options), sizeof *(options))

/* Writes a picture; the name's ending chooses: .png, .jpg or .jpeg. The file appears whole or not at all: it is
 * written under a temporary name in the same folder and then renamed. PNG keeps an alpha channel, JPEG drops
 * it. Since 0.1. */
CAMX_API camx_status camx_image_write(const char *path, const camx_pixels *pixels,
                                      const camx_write_options *options, camx_error *error);

/* Writes floats as a NumPy .npy file (version 1.0, '<f4', C order), whole or not at all. rank 1 .. 8. The name
 * may end as it likes. Since 0.1. */
CAMX_API camx_status camx_npy_write(const char *path, const float *values, const int64_t *shape, uint32_t rank,
                                    camx_error *error);

#ifdef __cplusplus
}
#endif

#endif
