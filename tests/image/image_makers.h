/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes PNG and JPEG files in memory for the tests, through libpng and libjpeg themselves,
 * from pixels that a formula gives, so that a test knows what it must read back. Failures here
 * end the test program.
 */
#ifndef CAMX_TESTS_IMAGE_MAKERS_H
#define CAMX_TESTS_IMAGE_MAKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "camx/camx_image.h"

/* A file in memory; free(data) by the test. */
typedef struct made_file {
    uint8_t *data;
    size_t size;
} made_file;

typedef struct png_recipe {
    int width;
    int height;
    int colour;       /* PNG_COLOR_TYPE_... */
    int depth;        /* 1 .. 16 */
    bool interlaced;
    bool transparent; /* tRNS: a palette's alphas, or the colour of pixel (1, 1) */
    int entries;      /* of the palette; 0 = as many as the depth can tell apart */
} png_recipe;

made_file make_png(const png_recipe *recipe);

/* Sample c of pixel (x, y) as it is stored, and the palette's red, green, blue, alpha. */
unsigned png_sample(const png_recipe *recipe, int x, int y, int c);
unsigned png_palette_sample(int index, int c);

/* A palette file whose pixels use entries that the palette does not have. */
made_file make_png_with_bad_index(void);

typedef enum jpeg_colours {
    JPEG_GREY,
    JPEG_YCBCR,
    JPEG_RGB,
    JPEG_CMYK_ADOBE,
    JPEG_CMYK_PLAIN, /* without Adobe's marker: ink is stored as it is */
    JPEG_YCCK,
    JPEG_TWO         /* two components of no known meaning */
} jpeg_colours;

typedef struct jpeg_recipe {
    int width;
    int height;
    jpeg_colours colours;
    bool progressive;
    bool separate;    /* one scan for each component */
    bool arithmetic;
    int restart_rows;
    const uint8_t *app1; /* content of an APP1 segment, or NULL */
    size_t app1_size;
} jpeg_recipe;

made_file make_jpeg(const jpeg_recipe *recipe);

/* What the picture shows at (x, y), red, green, blue: smooth, so that JPEG keeps it, and
 * different in all four corners. */
void jpeg_colour(const jpeg_recipe *recipe, int x, int y, uint8_t rgb[3]);

/* EXIF data with this orientation. Returns its size. */
size_t make_exif(uint8_t bytes[64], bool big_endian, int orientation);

/* A camx_pixels, filled. */
camx_pixels pixels_of(int32_t format, int32_t width, int32_t height, size_t stride, uint8_t *data);

/* One pixel of a picture that was read. */
const uint8_t *image_pixel(const camx_image *image, int x, int y);

/* Files in a folder, "." and ".." left out. */
int count_files(const char *folder);

#endif
