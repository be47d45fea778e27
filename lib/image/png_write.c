/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes PNG: 8-bit grey, RGB, or RGBA where the pixels have an alpha channel.
 */
#include "image/png_common.h"

/* libpng's own bound is a million; the format's is this. */
#define LARGEST_SIDE INT32_MAX

typedef struct writer {
    camx__image_sink *sink;
    const camx_pixels *pixels;
    int compression;
    png_structp png;
    png_infop info;
    camx__png_trouble trouble;
    uint8_t *row;
} writer;

static void put_bytes(png_structp png, png_bytep bytes, size_t count)
{
    writer *w = png_get_io_ptr(png);

    if (!camx__image_sink_write(w->sink, bytes, count))
        png_error(png, "the file could not be written");
}

/* The sink writes when it is full, not when libpng asks. */
static void put_nothing(png_structp png)
{
    (void)png;
}

static camx_status refuse(const writer *w)
{
    if (w->sink->problem != 0)
        return camx__image_sink_fail(w->sink);
    if (w->trouble.out_of_memory)
        return camx__image_fail_memory(w->sink->job, w->trouble.wanted);
    return camx__image_fail(w->sink->job, CAMX_E_INTERNAL, "libpng did not write the picture (%s)",
                            w->trouble.text);
}

/* Everything that may jump. Nothing of it lives in this function's own variables. */
static camx_status write_all(writer *w, int channels)
{
    static const int colours[5] = {0, PNG_COLOR_TYPE_GRAY, 0, PNG_COLOR_TYPE_RGB,
                                   PNG_COLOR_TYPE_RGBA};

    if (setjmp(png_jmpbuf(w->png)) != 0)
        return refuse(w);
    png_set_write_fn(w->png, w, put_bytes, put_nothing);
    png_set_user_limits(w->png, LARGEST_SIDE, LARGEST_SIDE);
    png_set_compression_level(w->png, w->compression);
    png_set_IHDR(w->png, w->info, (png_uint_32)w->pixels->width, (png_uint_32)w->pixels->height, 8,
                 colours[channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(w->png, w->info);
    for (int32_t y = 0; y < w->pixels->height; y++) {
        camx__image_copy_row(w->pixels, y, w->row, channels);
        png_write_row(w->png, w->row);
    }
    png_write_end(w->png, NULL);
    return CAMX_OK;
}

camx_status camx__image_write_png(camx__image_sink *sink, const camx_pixels *pixels,
                                  int compression)
{
    writer w = {.sink = sink, .pixels = pixels, .compression = compression};
    const camx_allocator *allocator = &sink->job->allocator;
    int channels = camx__image_format_channels(pixels->format);
    camx_status status;

    w.trouble.allocator = allocator;
    w.row = camx__image_alloc(allocator, (size_t)pixels->width, (size_t)channels);
    if (w.row == NULL)
        return camx__image_fail_memory(sink->job, (size_t)pixels->width * (size_t)channels);
    w.png =
        png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &w.trouble, camx__png_error,
                                  camx__png_warning, &w.trouble, camx__png_malloc, camx__png_free);
    if (w.png != NULL)
        w.info = png_create_info_struct(w.png);
    if (w.info != NULL)
        status = write_all(&w, channels);
    else if (w.trouble.out_of_memory)
        status = camx__image_fail_memory(sink->job, w.trouble.wanted);
    else
        status =
            camx__image_fail(sink->job, CAMX_E_INTERNAL, "libpng %s does not start (built with %s)",
                             png_get_libpng_ver(NULL), PNG_LIBPNG_VER_STRING);
    png_destroy_write_struct(&w.png, &w.info);
    camx__image_free(allocator, w.row);
    return status;
}
