/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpng's callbacks. Its errors jump to the setjmp of the running call, its warnings are
 * silent: what they complain of (odd but intact ancillary data) does not change what is seen.
 */
#include "image/png_common.h"

#include <stdio.h>

void camx__png_error(png_structp png, png_const_charp text)
{
    camx__png_trouble *trouble = png_get_error_ptr(png);

    snprintf(trouble->text, sizeof trouble->text, "%s", text);
    png_longjmp(png, 1); /* returning would make libpng print */
}

void camx__png_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

png_voidp camx__png_malloc(png_structp png, png_alloc_size_t bytes)
{
    camx__png_trouble *trouble = png_get_mem_ptr(png);
    void *block = camx__image_alloc(trouble->allocator, 1, bytes);

    if (block == NULL) {
        trouble->out_of_memory = true;
        trouble->wanted = bytes;
    }
    return block;
}

void camx__png_free(png_structp png, png_voidp block)
{
    camx__png_trouble *trouble = png_get_mem_ptr(png);

    camx__image_free(trouble->allocator, block);
}
