/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads JPEG through libjpeg: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK,
 * turned upright. The size is checked before decoding begins, the number of scans while it
 * goes on (a small progressive file can ask for hours of work), and damaged data refuses the
 * file.
 */
#include <string.h>

#include "image/jpeg_common.h"

/* Rows that are decoded at a time: turning a picture by 90 degrees then writes 48 bytes in a
 * piece. */
#define STRIP_ROWS 16

/* What libjpeg may use beside the coefficients of a progressive picture. */
#define SPARE_BYTES ((uint64_t)16 << 20)

/* Where a decoded pixel goes: first + x * step_x + y * step_y, in bytes of the upright picture. */
typedef struct placing {
    int64_t width; /* of the upright picture */
    int64_t height;
    int64_t first;
    int64_t step_x;
    int64_t step_y;
} placing;

typedef struct reader {
    struct jpeg_decompress_struct codec;
    struct jpeg_progress_mgr progress;
    camx__jpeg_trouble trouble;
    const camx__image_job *job;
    const camx_image_options *options;
    const uint8_t *bytes;
    size_t size;
    unsigned seen; /* bit i: the lowest frequencies of component i were in some scan */
    uint8_t *strip;
    placing place;
    camx_image *image;
} reader;

/* Called by libjpeg now and then while it decodes, at least once in every scan. */
static void watch_scans(j_common_ptr codec)
{
    reader *r = codec->client_data;
    const struct jpeg_decompress_struct *c = &r->codec;

    if ((uint32_t)c->input_scan_number > r->options->max_scans) {
        char text[80];

        snprintf(text, sizeof text, "more scans than max_scans allows (%u)",
                 (unsigned)r->options->max_scans);
        camx__jpeg_raise(&r->trouble, CAMX_E_LIMIT, text);
    }
    for (int i = 0; c->Ss == 0 && i < c->comps_in_scan; i++)
        r->seen |= 1u << c->cur_comp_info[i]->component_index;
}

/* The eight ways in which a camera can have been held, as Exif numbers them. width and height
 * are those of the stored picture. */
static placing place_pixels(int orientation, int64_t width, int64_t height)
{
    bool turned = orientation >= 5;
    placing p = {turned ? height : width, turned ? width : height, 0, 0, 0};
    /* In the upright picture the stored x axis runs along ... */
    bool x_backwards = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool y_backwards = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int64_t along = 3, down = 3 * p.width;

    p.step_x = turned ? down : along;
    p.step_y = turned ? along : down;
    if (x_backwards) {
        p.first += (width - 1) * p.step_x;
        p.step_x = -p.step_x;
    }
    if (y_backwards) {
        p.first += (height - 1) * p.step_y;
        p.step_y = -p.step_y;
    }
    return p;
}

static camx_status choose_colours(reader *r)
{
    switch (r->codec.jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr:
        r->codec.out_color_space = JCS_RGB;
        return CAMX_OK;
    case JCS_CMYK:
    case JCS_YCCK:
        r->codec.out_color_space = JCS_CMYK;
        return CAMX_OK;
    default:
        return camx__image_fail(
            r->job, CAMX_E_UNSUPPORTED,
            "this JPEG has %d colour components of an unknown kind; grey, YCbCr, RGB, "
            "CMYK and YCCK can be read",
            r->codec.num_components);
    }
}

/* libjpeg keeps the coefficients of a progressive picture: 2 bytes a sample, 4 components at
 * most. */
static long memory_limit(uint64_t pixels)
{
    uint64_t bytes =
        pixels > (UINT64_MAX - SPARE_BYTES) / 16 ? UINT64_MAX : pixels * 16 + SPARE_BYTES;

    return bytes > LONG_MAX ? LONG_MAX : (long)bytes;
}

static camx_status prepare(reader *r)
{
    uint64_t width = r->codec.image_width, height = r->codec.image_height;
    size_t strip;
    camx_status status = camx__image_check_size(r->job, r->options, width, height);

    if (status == CAMX_OK)
        status = choose_colours(r);
    if (status != CAMX_OK)
        return status;
    r->codec.mem->max_memory_to_use = memory_limit(r->options->max_pixels);
    r->place = place_pixels(r->options->ignore_orientation != 0
                                ? 1
                                : camx__image_exif_orientation(r->bytes, r->size),
                            (int64_t)width, (int64_t)height);
    strip = (size_t)width * 4 * STRIP_ROWS;
    r->strip = camx__image_alloc(&r->job->allocator, 1, strip);
    if (r->strip == NULL)
        return camx__image_fail_memory(r->job, strip);
    return camx__image_new(r->job, r->place.width, r->place.height, &r->image);
}

/* CMYK to RGB in place. Adobe's programs, which write nearly all such files, store the ink's
 * absence. */
static void cmyk_to_rgb(uint8_t *row, size_t width, bool inverted)
{
    const uint8_t *from = row;
    unsigned flip = inverted ? 0 : 255;

    for (size_t x = 0; x < width; x++, from += 4, row += 3) {
        unsigned light = from[3] ^ flip;

        for (int c = 0; c < 3; c++)
            row[c] = (uint8_t)(((from[c] ^ flip) * light + 127) / 255);
    }
}

/* Puts `rows` decoded rows, the first of which is row y of the stored picture, where they
 * belong. */
static void place_strip(const reader *r, int64_t y, int64_t rows, size_t row_bytes)
{
    const placing *p = &r->place;

    for (int64_t x = 0; x < (int64_t)r->codec.output_width; x++) {
        uint8_t *to = r->image->data + p->first + x * p->step_x + y * p->step_y;
        const uint8_t *from = r->strip + 3 * x;

        for (int64_t i = 0; i < rows; i++, from += row_bytes, to += p->step_y)
            memcpy(to, from, 3);
    }
}

/* Stored upright: whole rows at once. */
static void copy_strip(const reader *r, int64_t y, int64_t rows, size_t row_bytes)
{
    for (int64_t i = 0; i < rows; i++)
        memcpy(r->image->data + (size_t)(y + i) * r->image->stride,
               r->strip + (size_t)i * row_bytes, r->image->stride);
}

static void read_strip(reader *r, int64_t y)
{
    size_t row_bytes = (size_t)r->codec.output_width * (size_t)r->codec.output_components;
    bool upright = r->place.step_x == 3 && r->place.step_y > 0;
    int64_t rows = 0;

    while (rows < STRIP_ROWS && r->codec.output_scanline < r->codec.output_height) {
        JSAMPROW row = r->strip + (size_t)rows * row_bytes;

        jpeg_read_scanlines(&r->codec, &row, 1);
        if (r->codec.out_color_space == JCS_CMYK)
            cmyk_to_rgb(row, r->codec.output_width, r->codec.saw_Adobe_marker);
        rows++;
    }
    if (upright)
        copy_strip(r, y, rows, row_bytes);
    else
        place_strip(r, y, rows, row_bytes);
}

/* Progressive scans send coarse values first and finer bits later: did all announced bits
 * come? coef_bits holds how many are still owed, or -1 for frequencies that no scan has. */
static bool all_bits_came(const struct jpeg_decompress_struct *codec)
{
    for (int c = 0; codec->coef_bits != NULL && c < codec->num_components; c++)
        for (int k = 0; k < DCTSIZE2; k++)
            if (codec->coef_bits[c][k] > 0)
                return false;
    return true;
}

/* A file of several scans may end, well formed, before the whole picture was in them. */
static camx_status check_complete(reader *r)
{
    unsigned all = (1u << r->codec.num_components) - 1;

    if (!jpeg_has_multiple_scans(&r->codec) || (r->seen == all && all_bits_came(&r->codec)))
        return CAMX_OK;
    return camx__image_fail(r->job, CAMX_E_FORMAT, "the JPEG data is damaged (scans are missing)");
}

static camx_status refuse(const reader *r)
{
    switch (r->trouble.status) {
    case CAMX_E_MEMORY:
        return camx__image_fail(r->job, CAMX_E_MEMORY, "out of memory while decoding JPEG");
    case CAMX_E_FORMAT:
        return camx__image_fail(r->job, CAMX_E_FORMAT, "the JPEG data is damaged (%s)",
                                r->trouble.text);
    default:
        return camx__image_fail(r->job, r->trouble.status, "this JPEG cannot be read (%s)",
                                r->trouble.text);
    }
}

/* Everything that may jump. Nothing of it lives in this function's own variables. */
static camx_status read_all(reader *r)
{
    camx_status status;

    if (setjmp(r->trouble.jump) != 0)
        return refuse(r);
    jpeg_create_decompress(&r->codec);
    r->codec.client_data = r;
    r->progress.progress_monitor = watch_scans;
    r->codec.progress = &r->progress;
    jpeg_mem_src(&r->codec, (unsigned char *)r->bytes, (unsigned long)r->size);
    jpeg_read_header(&r->codec, TRUE);
    status = prepare(r);
    if (status != CAMX_OK)
        return status;
    jpeg_start_decompress(&r->codec); /* takes in all scans, where there are several */
    status = check_complete(r);
    if (status != CAMX_OK)
        return status;
    while (r->codec.output_scanline < r->codec.output_height)
        read_strip(r, r->codec.output_scanline);
    /* Reads to the end: a file that is cut off behind the pixels is refused too. */
    jpeg_finish_decompress(&r->codec);
    return CAMX_OK;
}

camx_status camx__image_read_jpeg(const camx__image_job *job, const camx_image_options *options,
                                  const uint8_t *bytes, size_t size, camx_image **image)
{
    reader r = {.job = job, .options = options, .bytes = bytes, .size = size};
    camx_status status;

    r.codec.err = camx__jpeg_trouble_init(&r.trouble);
    status = read_all(&r);
    jpeg_destroy_decompress(&r.codec);
    camx__image_free(&job->allocator, r.strip);
    if (status != CAMX_OK) {
        camx_image_release(r.image);
        r.image = NULL;
    }
    *image = r.image;
    return status;
}
