/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reading and writing PNG share: libpng's callbacks for memory, errors and warnings.
 */
#ifndef CAMX_IMAGE_PNG_COMMON_H
#define CAMX_IMAGE_PNG_COMMON_H

#include <png.h>

#include "image/image_internal.h"

/* libpng's error and memory pointer. What it says is kept until the call is unwound. */
typedef struct camx__png_trouble {
    const camx_allocator *allocator;
    bool out_of_memory; /* at least one request was not met, even if libpng went on */
    size_t wanted;      /* the bytes of that request */
    char text[120];
} camx__png_trouble;

/* For png_create_read_struct_2 and its twin; all take the trouble as their pointer. */
void camx__png_error(png_structp png, png_const_charp text);
void camx__png_warning(png_structp png, png_const_charp text);
png_voidp camx__png_malloc(png_structp png, png_alloc_size_t bytes);
void camx__png_free(png_structp png, png_voidp block);

#endif
