/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads PNG through libpng's row interface: rows as they are stored, with no conversion but
 * the merging of interlaced passes; png_row.c makes RGB of them. The simplified interface
 * (png_image_*), gamma, quantising and composition are avoided on purpose: that is where
 * libpng's holes have been. Every chunk but IHDR, PLTE, tRNS, IDAT and IEND is skipped unread,
 * and a wrong checksum anywhere refuses the file.
 */
#include <string.h>

#include "image/png_common.h"
#include "image/png_row.h"

/* No chunk that we read needs more; compressed text, where bombs hide, is not read at all. */
#define CHUNK_BYTES 8000000
#define CHUNK_COUNT 16

/* deflate's best: 258 bytes in 2 bits. A file shorter than its pixels by more than this is cut
 * off. */
#define DEFLATE_RATIO 1032

typedef struct reader {
    const camx__image_job *job;
    const camx_image_options *options;
    const uint8_t *bytes;
    size_t size;
    size_t at; /* the next byte that libpng gets */
    png_structp png;
    png_infop info;
    camx__png_trouble trouble;
    camx__png_pixels pixels;
    bool interlaced;
    size_t row_bytes; /* of a stored row */
    uint8_t *rows;    /* one stored row, or all of an interlaced picture */
    camx_image *image;
} reader;

static void give_bytes(png_structp png, png_bytep destination, size_t count)
{
    reader *r = png_get_io_ptr(png);

    if (count > r->size - r->at)
        png_error(png, "the file ends too early");
    memcpy(destination, r->bytes + r->at, count);
    r->at += count;
}

/* The sentence for what made libpng jump. */
static camx_status refuse(const reader *r)
{
    if (r->trouble.out_of_memory)
        return camx__image_fail_memory(r->job, r->trouble.wanted);
    return camx__image_fail(r->job, CAMX_E_FORMAT, "the PNG data is damaged (%s)", r->trouble.text);
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The size, from the header chunk that must come first: checked before libpng allocates
 * anything. */
static camx_status check_header(const reader *r)
{
    if (r->size < 33)
        return camx__image_fail(r->job, CAMX_E_FORMAT, "the PNG data ends after %zu bytes",
                                r->size);
    if (memcmp(r->bytes + 12, "IHDR", 4) != 0)
        return camx__image_fail(r->job, CAMX_E_FORMAT,
                                "the PNG data has no header at its beginning");
    return camx__image_check_size(r->job, r->options, big_endian(r->bytes + 16),
                                  big_endian(r->bytes + 20));
}

static void set_limits(reader *r)
{
    png_structp png = r->png;

    png_set_read_fn(png, r, give_bytes);
    png_set_user_limits(png, INT32_MAX, INT32_MAX); /* their product was checked */
    png_set_chunk_malloc_max(png, CHUNK_BYTES);
    png_set_chunk_cache_max(png, CHUNK_COUNT);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
}

static void take_palette(reader *r)
{
    png_colorp colours = NULL;
    png_bytep alphas = NULL;
    int count = 0, alpha_count = 0;

    png_get_PLTE(r->png, r->info, &colours, &count);
    png_get_tRNS(r->png, r->info, &alphas, &alpha_count, NULL);
    r->pixels.entries = (unsigned)count;
    for (int i = 0; i < count; i++) {
        const uint8_t rgb[3] = {colours[i].red, colours[i].green, colours[i].blue};

        camx__png_palette_entry(&r->pixels, (unsigned)i, rgb, i < alpha_count ? alphas[i] : 255);
    }
}

/* tRNS of a picture without palette: the one colour that stands for "nothing here". */
static void take_key(reader *r, int colour)
{
    png_color_16p key = NULL;
    unsigned mask = (1u << r->pixels.depth) - 1;

    if (png_get_tRNS(r->png, r->info, NULL, NULL, &key) == 0 || key == NULL)
        return;
    r->pixels.keyed = true;
    r->pixels.key[0] = (uint16_t)((colour == PNG_COLOR_TYPE_GRAY ? key->gray : key->red) & mask);
    r->pixels.key[1] = (uint16_t)((colour == PNG_COLOR_TYPE_GRAY ? key->gray : key->green) & mask);
    r->pixels.key[2] = (uint16_t)((colour == PNG_COLOR_TYPE_GRAY ? key->gray : key->blue) & mask);
}

static void take_header(reader *r)
{
    int colour = png_get_color_type(r->png, r->info);

    r->pixels.width = png_get_image_width(r->png, r->info);
    r->pixels.height = png_get_image_height(r->png, r->info);
    r->pixels.depth = png_get_bit_depth(r->png, r->info);
    r->pixels.channels = png_get_channels(r->png, r->info);
    memcpy(r->pixels.background, r->options->background, 3);
    r->interlaced = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
    if (colour == PNG_COLOR_TYPE_PALETTE)
        take_palette(r);
    else if (colour == PNG_COLOR_TYPE_GRAY || colour == PNG_COLOR_TYPE_RGB)
        take_key(r, colour);
    if (colour == PNG_COLOR_TYPE_GRAY && r->pixels.depth <= 8)
        camx__png_grey_table(&r->pixels);
}

/* Memory for the picture and the stored rows, if the file can hold that many at all. */
static camx_status prepare(reader *r)
{
    size_t height = r->pixels.height;
    size_t rows = r->interlaced ? height : 1;
    size_t bytes;

    r->row_bytes = png_get_rowbytes(r->png, r->info);
    if (r->row_bytes > SIZE_MAX / height)
        return camx__image_fail(r->job, CAMX_E_LIMIT, "the picture does not fit into memory");
    if (r->row_bytes * height / DEFLATE_RATIO > r->size)
        return camx__image_fail(r->job, CAMX_E_FORMAT,
                                "the PNG data is damaged (%zu bytes cannot hold %u x %u pixels)",
                                r->size, (unsigned)r->pixels.width, (unsigned)r->pixels.height);
    bytes = r->row_bytes * rows;
    r->rows = camx__image_alloc(&r->job->allocator, 1, bytes);
    if (r->rows == NULL)
        return camx__image_fail_memory(r->job, bytes);
    memset(r->rows, 0, bytes); /* passes are merged into what is there */
    return camx__image_new(r->job, r->pixels.width, r->pixels.height, &r->image);
}

/* Row y of the picture from its stored form. */
static camx_status convert(reader *r, const uint8_t *row, size_t y)
{
    int value = camx__png_convert_row(&r->pixels, row, r->image->data + y * r->image->stride);

    if (value >= 0)
        return camx__image_fail(
            r->job, CAMX_E_FORMAT,
            "the PNG data is damaged (row %zu uses colour %d of a palette of %u)", y, value,
            r->pixels.entries);
    return CAMX_OK;
}

static camx_status read_rows(reader *r)
{
    size_t height = r->pixels.height;

    if (r->interlaced) {
        int passes = png_set_interlace_handling(r->png);

        png_start_read_image(r->png);
        while (passes-- > 0)
            for (size_t y = 0; y < height; y++)
                png_read_row(r->png, r->rows + y * r->row_bytes, NULL);
    }
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = r->interlaced ? r->rows + y * r->row_bytes : r->rows;
        camx_status status;

        if (!r->interlaced)
            png_read_row(r->png, r->rows, NULL);
        status = convert(r, row, y);
        if (status != CAMX_OK)
            return status;
    }
    return CAMX_OK;
}

/* Everything that may jump. Nothing of it lives in this function's own variables. */
static camx_status read_all(reader *r)
{
    camx_status status;

    if (setjmp(png_jmpbuf(r->png)) != 0)
        return refuse(r);
    set_limits(r);
    png_read_info(r->png, r->info);
    take_header(r);
    status = prepare(r);
    if (status == CAMX_OK)
        status = read_rows(r);
    if (status != CAMX_OK)
        return status;
    png_read_end(r->png, NULL);
    /* Where memory ran out and libpng went on without something, the picture may lack it. */
    return r->trouble.out_of_memory ? refuse(r) : CAMX_OK;
}

camx_status camx__image_read_png(const camx__image_job *job, const camx_image_options *options,
                                 const uint8_t *bytes, size_t size, camx_image **image)
{
    reader r = {.job = job, .options = options, .bytes = bytes, .size = size};
    camx_status status = check_header(&r);

    if (status != CAMX_OK)
        return status;
    r.trouble.allocator = &job->allocator;
    r.png =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &r.trouble, camx__png_error,
                                 camx__png_warning, &r.trouble, camx__png_malloc, camx__png_free);
    if (r.png != NULL)
        r.info = png_create_info_struct(r.png);
    if (r.info != NULL)
        status = read_all(&r);
    else if (r.trouble.out_of_memory)
        status = camx__image_fail_memory(job, r.trouble.wanted);
    else
        status = camx__image_fail(job, CAMX_E_INTERNAL, "libpng %s does not start (built with %s)",
                                  png_get_libpng_ver(NULL), PNG_LIBPNG_VER_STRING);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    camx__image_free(&job->allocator, r.rows);
    if (status != CAMX_OK) {
        camx_image_release(r.image);
        r.image = NULL;
    }
    *image = r.image;
    return status;
}
