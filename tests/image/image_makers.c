/* SPDX-License-Identifier: Apache-2.0 */
#include "image_makers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

static void *need(void *block)
{
    if (block == NULL)
        abort();
    return block;
}

/* ---- PNG ---- */

static int png_channels(int colour)
{
    switch (colour) {
    case PNG_COLOR_TYPE_GRAY_ALPHA:
        return 2;
    case PNG_COLOR_TYPE_RGB:
        return 3;
    case PNG_COLOR_TYPE_RGBA:
        return 4;
    default:
        return 1;
    }
}

static int png_entries(const png_recipe *recipe)
{
    return recipe->entries != 0 ? recipe->entries : 1 << recipe->depth;
}

unsigned png_sample(const png_recipe *recipe, int x, int y, int c)
{
    uint32_t mixed = (uint32_t)(x * 73 + y * 191 + c * 57 + 11) * 2654435761u;

    if (recipe->colour == PNG_COLOR_TYPE_PALETTE)
        return (mixed >> 16) % (unsigned)png_entries(recipe);
    /* The first row goes through the ends of the range. */
    if (y == 0)
        return x % 2 == 0 ? 0 : (1u << recipe->depth) - 1;
    return (mixed >> 12) & ((1u << recipe->depth) - 1);
}

unsigned png_palette_sample(int index, int c)
{
    return (unsigned)(index * (37 + 60 * c) + 5 * c) & 255;
}

static void take_png_bytes(png_structp png, png_bytep bytes, size_t count)
{
    made_file *file = png_get_io_ptr(png);

    file->data = need(realloc(file->data, file->size + count));
    memcpy(file->data + file->size, bytes, count);
    file->size += count;
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

static void set_palette(png_structp png, png_infop info, const png_recipe *recipe, int entries)
{
    png_color colours[256];
    png_byte alphas[256];

    for (int i = 0; i < entries; i++) {
        colours[i].red = (png_byte)png_palette_sample(i, 0);
        colours[i].green = (png_byte)png_palette_sample(i, 1);
        colours[i].blue = (png_byte)png_palette_sample(i, 2);
        alphas[i] = (png_byte)png_palette_sample(i, 3);
    }
    png_set_PLTE(png, info, colours, entries);
    if (recipe->transparent)
        png_set_tRNS(png, info, alphas, entries, NULL);
}

static void set_key(png_structp png, png_infop info, const png_recipe *recipe)
{
    png_color_16 key = {0};

    key.gray = (png_uint_16)png_sample(recipe, 1, 1, 0);
    key.red = (png_uint_16)png_sample(recipe, 1, 1, 0);
    key.green = (png_uint_16)png_sample(recipe, 1, 1, 1);
    key.blue = (png_uint_16)png_sample(recipe, 1, 1, 2);
    png_set_tRNS(png, info, NULL, 0, &key);
}

/* The stored form of row y. */
static void fill_row(const png_recipe *recipe, int y, uint8_t *row)
{
    int channels = png_channels(recipe->colour);

    memset(row, 0, (size_t)(recipe->width * channels * 2));
    for (int i = 0; i < recipe->width * channels; i++) {
        unsigned value = png_sample(recipe, i / channels, y, i % channels);
        int bit = i * recipe->depth;

        if (recipe->depth == 16) {
            row[2 * i] = (uint8_t)(value >> 8);
            row[2 * i + 1] = (uint8_t)value;
        } else {
            row[bit / 8] |= (uint8_t)(value << (8 - recipe->depth - bit % 8));
        }
    }
}

static made_file write_png(const png_recipe *recipe, int palette_entries)
{
    made_file file = {NULL, 0};
    png_structp png = need(png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL));
    png_infop info = need(png_create_info_struct(png));
    size_t row_bytes = (size_t)(recipe->width * png_channels(recipe->colour) * 2);
    uint8_t *rows = need(malloc(row_bytes * (size_t)recipe->height));
    png_bytep *pointers = need(malloc(sizeof *pointers * (size_t)recipe->height));

    if (setjmp(png_jmpbuf(png)) != 0)
        abort();
    for (int y = 0; y < recipe->height; y++) {
        pointers[y] = rows + (size_t)y * row_bytes;
        fill_row(recipe, y, pointers[y]);
    }
    png_set_write_fn(png, &file, take_png_bytes, flush_nothing);
    png_set_check_for_invalid_index(png, 0);
    png_set_IHDR(png, info, (png_uint_32)recipe->width, (png_uint_32)recipe->height, recipe->depth,
                 recipe->colour, recipe->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (recipe->colour == PNG_COLOR_TYPE_PALETTE)
        set_palette(png, info, recipe, palette_entries);
    else if (recipe->transparent)
        set_key(png, info, recipe);
    png_write_info(png, info);
    png_write_image(png, pointers);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(pointers);
    free(rows);
    return file;
}

made_file make_png(const png_recipe *recipe)
{
    return write_png(recipe, png_entries(recipe));
}

made_file make_png_with_bad_index(void)
{
    png_recipe recipe = {.width = 9, .height = 7, .colour = PNG_COLOR_TYPE_PALETTE, .depth = 8};

    return write_png(&recipe, 3);
}

/* ---- JPEG ---- */

void jpeg_colour(const jpeg_recipe *recipe, int x, int y, uint8_t rgb[3])
{
    int across = recipe->width > 1 ? 200 * x / (recipe->width - 1) : 0;
    int down = recipe->height > 1 ? 200 * y / (recipe->height - 1) : 0;

    rgb[0] = (uint8_t)(30 + across);
    rgb[1] = (uint8_t)(30 + down);
    rgb[2] = (uint8_t)(230 - (across + down) / 2);
    if (recipe->colours == JPEG_GREY)
        rgb[0] = rgb[1] = rgb[2] = (uint8_t)(20 + (across * 2 + down) / 3);
}

static int jpeg_components(jpeg_colours colours)
{
    switch (colours) {
    case JPEG_GREY:
        return 1;
    case JPEG_TWO:
        return 2;
    case JPEG_YCBCR:
    case JPEG_RGB:
        return 3;
    default:
        return 4;
    }
}

static void fill_jpeg_row(const jpeg_recipe *recipe, int y, uint8_t *row)
{
    int components = jpeg_components(recipe->colours);

    for (int x = 0; x < recipe->width; x++, row += components) {
        uint8_t rgb[3];
        /* Black ink that darkens towards the right; colour inks make up the rest. */
        unsigned light = (unsigned)(255 - 24 * x / recipe->width);

        jpeg_colour(recipe, x, y, rgb);
        for (int c = 0; c < components && c < 3; c++)
            row[c] = rgb[c];
        if (components < 4)
            continue;
        for (int c = 0; c < 3; c++)
            row[c] = rgb[c] * 255u / light > 255 ? 255 : (uint8_t)(rgb[c] * 255u / light);
        row[3] = (uint8_t)light;
        for (int c = 0; recipe->colours == JPEG_CMYK_PLAIN && c < 4; c++)
            row[c] = (uint8_t)(255 - row[c]);
    }
}

static void choose_jpeg_colours(struct jpeg_compress_struct *codec, jpeg_colours colours)
{
    static const struct {
        J_COLOR_SPACE from, to;
    } spaces[] = {
        [JPEG_GREY] = {JCS_GRAYSCALE, JCS_GRAYSCALE}, [JPEG_YCBCR] = {JCS_RGB, JCS_YCbCr},
        [JPEG_RGB] = {JCS_RGB, JCS_RGB},              [JPEG_CMYK_ADOBE] = {JCS_CMYK, JCS_CMYK},
        [JPEG_CMYK_PLAIN] = {JCS_CMYK, JCS_CMYK},     [JPEG_YCCK] = {JCS_CMYK, JCS_YCCK},
        [JPEG_TWO] = {JCS_UNKNOWN, JCS_UNKNOWN},
    };

    codec->input_components = jpeg_components(colours);
    codec->in_color_space = spaces[colours].from;
    jpeg_set_defaults(codec);
    jpeg_set_colorspace(codec, spaces[colours].to);
    if (colours == JPEG_CMYK_PLAIN)
        codec->write_Adobe_marker = FALSE;
}

/* One scan for each component. Must live as long as the codec uses it. */
static void separate_scans(struct jpeg_compress_struct *codec, jpeg_scan_info scans[4])
{
    for (int c = 0; c < codec->num_components; c++)
        scans[c] = (jpeg_scan_info){1, {c}, 0, 63, 0, 0};
    codec->scan_info = scans;
    codec->num_scans = codec->num_components;
}

made_file make_jpeg(const jpeg_recipe *recipe)
{
    struct jpeg_compress_struct codec;
    struct jpeg_error_mgr errors; /* the default: says so and exits */
    jpeg_scan_info scans[4];
    unsigned char *data = NULL;
    unsigned long size = 0;
    uint8_t *row = need(malloc((size_t)recipe->width * 4));

    codec.err = jpeg_std_error(&errors);
    jpeg_create_compress(&codec);
    jpeg_mem_dest(&codec, &data, &size);
    codec.image_width = (JDIMENSION)recipe->width;
    codec.image_height = (JDIMENSION)recipe->height;
    choose_jpeg_colours(&codec, recipe->colours);
    jpeg_set_quality(&codec, 97, TRUE);
    codec.restart_in_rows = recipe->restart_rows;
    codec.arith_code = recipe->arithmetic;
    if (recipe->separate)
        separate_scans(&codec, scans);
    if (recipe->progressive)
        jpeg_simple_progression(&codec);
    jpeg_start_compress(&codec, TRUE);
    if (recipe->app1 != NULL)
        jpeg_write_marker(&codec, JPEG_APP0 + 1, recipe->app1, (unsigned)recipe->app1_size);
    for (int y = 0; y < recipe->height; y++) {
        fill_jpeg_row(recipe, y, row);
        jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
    jpeg_destroy_compress(&codec);
    free(row);
    return (made_file){data, size};
}

static void put_16(uint8_t *at, bool big_endian, unsigned value)
{
    at[big_endian ? 0 : 1] = (uint8_t)(value >> 8);
    at[big_endian ? 1 : 0] = (uint8_t)value;
}

size_t make_exif(uint8_t bytes[64], bool big_endian, int orientation)
{
    memset(bytes, 0, 64);
    memcpy(bytes, "Exif\0\0", 6);
    memcpy(bytes + 6, big_endian ? "MM\0*" : "II*\0", 4);
    put_16(bytes + 10 + (big_endian ? 2 : 0), big_endian, 8); /* where the directory is */
    put_16(bytes + 14, big_endian, 2);                        /* two entries */
    put_16(bytes + 16, big_endian, 0x0100); /* the first: a width, type LONG, 1 value */
    put_16(bytes + 18, big_endian, 4);
    put_16(bytes + 20 + (big_endian ? 2 : 0), big_endian, 1);
    put_16(bytes + 28, big_endian, 0x0112); /* the second: orientation, type SHORT, 1 value */
    put_16(bytes + 30, big_endian, 3);
    put_16(bytes + 32 + (big_endian ? 2 : 0), big_endian, 1);
    put_16(bytes + 36, big_endian, (unsigned)orientation);
    return 44;
}

/* ---- Other helpers ---- */

camx_pixels pixels_of(int32_t format, int32_t width, int32_t height, size_t stride, uint8_t *data)
{
    camx_pixels pixels = {sizeof pixels, format, width, height, stride, data};

    return pixels;
}

const uint8_t *image_pixel(const camx_image *image, int x, int y)
{
    camx_pixels pixels;

    if (camx_image_get_pixels(image, &pixels, NULL) != CAMX_OK || x >= pixels.width ||
        y >= pixels.height)
        abort();
    return pixels.data + (size_t)y * pixels.stride + 3 * (size_t)x;
}

int count_files(const char *folder)
{
    DIR *entries = need(opendir(folder));
    int count = -2;

    while (readdir(entries) != NULL)
        count++;
    closedir(entries);
    return count;
}
