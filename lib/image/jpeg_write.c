/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JPEG: grey or YCbCr, baseline. From quality 90 on colour keeps its full resolution,
 * because heat maps have sharp edges between strong colours.
 */
#include "image/jpeg_common.h"

#define FULL_COLOUR_QUALITY 90

typedef struct writer {
    struct jpeg_compress_struct codec;
    struct jpeg_destination_mgr destination;
    camx__jpeg_trouble trouble;
    camx__image_sink *sink;
    const camx_pixels *pixels;
    int quality;
    uint8_t *row;
    uint8_t buffer[4096];
} writer;

static void begin_buffer(j_compress_ptr codec)
{
    writer *w = codec->client_data;

    w->destination.next_output_byte = w->buffer;
    w->destination.free_in_buffer = sizeof w->buffer;
}

static void put_buffer(writer *w, size_t count)
{
    if (!camx__image_sink_write(w->sink, w->buffer, count))
        camx__jpeg_raise(&w->trouble, CAMX_E_IO, "the file could not be written");
}

/* libjpeg wants the whole buffer written here, whatever free_in_buffer says. */
static boolean empty_buffer(j_compress_ptr codec)
{
    writer *w = codec->client_data;

    put_buffer(w, sizeof w->buffer);
    begin_buffer(codec);
    return TRUE;
}

static void end_buffer(j_compress_ptr codec)
{
    writer *w = codec->client_data;

    put_buffer(w, sizeof w->buffer - w->destination.free_in_buffer);
}

static camx_status refuse(const writer *w)
{
    switch (w->trouble.status) {
    case CAMX_E_IO:
        return camx__image_sink_fail(w->sink);
    case CAMX_E_MEMORY:
        return camx__image_fail(w->sink->job, CAMX_E_MEMORY, "out of memory while encoding JPEG");
    default:
        return camx__image_fail(w->sink->job, CAMX_E_INTERNAL,
                                "libjpeg did not write the picture (%s)", w->trouble.text);
    }
}

static void choose_coding(writer *w, int channels)
{
    struct jpeg_compress_struct *codec = &w->codec;

    codec->image_width = (JDIMENSION)w->pixels->width;
    codec->image_height = (JDIMENSION)w->pixels->height;
    codec->input_components = channels;
    codec->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(codec);
    jpeg_set_quality(codec, w->quality, TRUE);
    if (w->quality >= FULL_COLOUR_QUALITY) {
        codec->comp_info[0].h_samp_factor = 1;
        codec->comp_info[0].v_samp_factor = 1;
    }
}

/* Everything that may jump. Nothing of it lives in this function's own variables. */
static camx_status write_all(writer *w, int channels)
{
    if (setjmp(w->trouble.jump) != 0)
        return refuse(w);
    jpeg_create_compress(&w->codec);
    w->codec.client_data = w;
    w->codec.dest = &w->destination;
    choose_coding(w, channels);
    jpeg_start_compress(&w->codec, TRUE);
    while (w->codec.next_scanline < w->codec.image_height) {
        JSAMPROW row = w->row;

        camx__image_copy_row(w->pixels, (int32_t)w->codec.next_scanline, row, channels);
        jpeg_write_scanlines(&w->codec, &row, 1);
    }
    jpeg_finish_compress(&w->codec);
    return CAMX_OK;
}

camx_status camx__image_write_jpeg(camx__image_sink *sink, const camx_pixels *pixels, int quality)
{
    writer w = {.sink = sink, .pixels = pixels, .quality = quality};
    const camx_allocator *allocator = &sink->job->allocator;
    int channels = pixels->format == CAMX_PIXEL_GREY ? 1 : 3;
    camx_status status;

    if (pixels->width > JPEG_MAX_DIMENSION || pixels->height > JPEG_MAX_DIMENSION)
        return camx__image_fail(
            sink->job, CAMX_E_UNSUPPORTED,
            "%d x %d pixels are too many for JPEG, which ends at %ld a side: write PNG",
            (int)pixels->width, (int)pixels->height, (long)JPEG_MAX_DIMENSION);
    w.row = camx__image_alloc(allocator, (size_t)pixels->width, (size_t)channels);
    if (w.row == NULL)
        return camx__image_fail_memory(sink->job, (size_t)pixels->width * (size_t)channels);
    w.codec.err = camx__jpeg_trouble_init(&w.trouble);
    w.destination.init_destination = begin_buffer;
    w.destination.empty_output_buffer = empty_buffer;
    w.destination.term_destination = end_buffer;
    status = write_all(&w, channels);
    jpeg_destroy_compress(&w.codec);
    camx__image_free(allocator, w.row);
    return status;
}
