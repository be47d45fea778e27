/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be refused: wrong kinds, damaged and truncated files, giant pictures, things that
 * are no files. Each gets the right status and one sentence that names the file, and leaves no
 * picture.
 */
#include <check.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_makers.h"

static char folder[] = "/tmp/camx-refuse-XXXXXX";

static void make_folder(void)
{
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
    static const char *const names[] = {"file.png", "folder.png", "pipe.png", "-"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (unlink(names[i]) != 0)
            rmdir(names[i]);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* Reads a file that must be refused so. */
static void refuse_file(const char *path, const camx_image_options *options, camx_status status,
                        const char *part)
{
    camx_image *image = (camx_image *)(void *)&image; /* must become NULL */
    camx_error error;
    camx_status got = camx_image_read(path, options, &image, &error);

    ck_assert_msg(got == status, "%s: status %d, not %d: %s", path, got, status, error.message);
    ck_assert_int_eq(error.status, (int)status);
    ck_assert_ptr_null(image);
    ck_assert_msg(strncmp(error.message, path, strlen(path)) == 0, "does not name %s: %s", path,
                  error.message);
    ck_assert_msg(strstr(error.message, part) != NULL, "\"%s\" is not in: %s", part, error.message);
}

/* Copies the bytes to a block of exactly their size, so that a sanitizer sees reads past the
 * end. */
static camx_status read_exact(const uint8_t *bytes, size_t size, const camx_image_options *options,
                              camx_image **image, camx_error *error)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    camx_status status;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    status = camx_image_read_memory(copy, size, options, image, error);
    free(copy);
    return status;
}

static void refuse_bytes(const void *bytes, size_t size, const camx_image_options *options,
                         camx_status status, const char *part)
{
    camx_image *image = NULL;
    camx_error error;
    camx_status got = read_exact(bytes, size, options, &image, &error);

    ck_assert_msg(got == status && image == NULL, "status %d, not %d: %s", got, status,
                  error.message);
    ck_assert_msg(strstr(error.message, part) != NULL, "\"%s\" is not in: %s", part, error.message);
}

/* ---- Files that are none ---- */

START_TEST(missing_files_and_folders_are_refused)
{
    char long_name[600];

    memset(long_name, 'n', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    refuse_file("missing.png", NULL, CAMX_E_IO, "no such file");
    refuse_file("missing/file.png", NULL, CAMX_E_IO, "no such file");
    ck_assert_int_eq(mkdir("folder.png", 0700), 0);
    refuse_file("folder.png", NULL, CAMX_E_IO, "is a folder");
    refuse_file("/dev/zero", NULL, CAMX_E_IO, "pipe or a device");
    ck_assert_int_eq(mkfifo("pipe.png", 0600), 0);
    refuse_file("pipe.png", NULL, CAMX_E_IO, "pipe or a device");
    refuse_file("-", NULL, CAMX_E_IO, "no such file");
    refuse_file("", NULL, CAMX_E_IO, "no such file");
    write_file("file.png", "", 0);
    refuse_file("file.png", NULL, CAMX_E_FORMAT, "empty");
    refuse_file("file.png/x", NULL, CAMX_E_IO, "not a folder");
}
END_TEST

START_TEST(names_are_shortened_and_cleaned)
{
    char name[1000];
    camx_image *image;
    camx_error error;

    memset(name, 'n', sizeof name);
    memcpy(name + sizeof name - 5, ".png", 5);
    ck_assert_int_eq(camx_image_read(name, NULL, &image, &error), CAMX_E_IO);
    ck_assert_int_eq(strncmp(error.message, "...nnn", 6), 0);
    ck_assert_ptr_nonnull(
        strstr(error.message, "nnn.png: the file cannot be opened: the name is too long"));
    /* Bytes that are no UTF-8, or would steer a terminal, are not passed on; others are. */
    ck_assert_int_eq(camx_image_read("a\x1b[31m\xff\xc3\xa9\xc0\x80\xe2\x82", NULL, &image, &error),
                     CAMX_E_IO);
    ck_assert_int_eq(strncmp(error.message, "a?[31m?\xc3\xa9????: ", 14), 0);
    ck_assert_int_eq(
        camx_image_read("\xed\xa0\x80\xf4\x90\x80\x80\xe0\x80\x80\xf0\x80\x80\x80\xf0\x9f\x90\x88",
                        NULL, &image, &error),
        CAMX_E_IO);
    ck_assert_int_eq(strncmp(error.message, "??????????????\xf0\x9f\x90\x88: ", 20), 0);
}
END_TEST

START_TEST(unreadable_files_are_refused)
{
    write_file("file.png", "x", 1);
    ck_assert_int_eq(chmod("file.png", 0), 0);
    ck_assert_int_eq(chmod(".", 0755), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0); /* root may read everything: be nobody for a moment */
    refuse_file("file.png", NULL, CAMX_E_IO, "permission denied");
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(a_file_may_be_called_minus)
{
    png_recipe recipe = {.width = 3, .height = 2, .colour = PNG_COLOR_TYPE_GRAY, .depth = 8};
    made_file file = make_png(&recipe);
    camx_image *image = NULL;

    write_file("-", file.data, file.size);
    ck_assert_int_eq(camx_image_read("-", NULL, &image, NULL), CAMX_OK);
    camx_image_release(image);
    free(file.data);
}
END_TEST

START_TEST(other_kinds_are_named)
{
    static const struct {
        const char *bytes;
        size_t size;
        camx_status status;
        const char *part;
    } files[] = {
        {"GIF89a.....", 11, CAMX_E_UNSUPPORTED, "a GIF picture"},
        {"RIFF....WEBPVP8 ", 16, CAMX_E_UNSUPPORTED, "a WebP picture"},
        {"II*\0....", 8, CAMX_E_UNSUPPORTED, "a TIFF picture"},
        {"MM\0*....", 8, CAMX_E_UNSUPPORTED, "a TIFF picture"},
        {"\0\0\0\x20""ftypavif", 12, CAMX_E_UNSUPPORTED, "an AVIF picture"},
        {"\0\0\0\x18""ftypheic", 12, CAMX_E_UNSUPPORTED, "a HEIC picture"},
        {"\0\0\0\x18""ftypmif1", 12, CAMX_E_UNSUPPORTED, "a HEIC picture"},
        {"\0\0\0\x18""ftypisom", 12, CAMX_E_FORMAT, "a video"},
        {"\0\0\0\x0cjP  \r\n", 10, CAMX_E_UNSUPPORTED, "a JPEG 2000 picture"},
        {"\0\0\0\x0cJXL \r\n", 10, CAMX_E_UNSUPPORTED, "a JPEG XL picture"},
        {"\xff\x0a....", 6, CAMX_E_UNSUPPORTED, "a JPEG XL picture"},
        {"8BPS....", 8, CAMX_E_UNSUPPORTED, "a Photoshop picture"},
        {"v/1\x01....", 8, CAMX_E_UNSUPPORTED, "an OpenEXR picture"},
        {"qoif....", 8, CAMX_E_UNSUPPORTED, "a QOI picture"},
        {"\0\0\1\0....", 8, CAMX_E_UNSUPPORTED, "an icon"},
        {"\x8aMNG\r\n\x1a\n", 8, CAMX_E_UNSUPPORTED, "an MNG animation"},
        {"BM......", 8, CAMX_E_UNSUPPORTED, "a BMP picture"},
        {"P6\n3 2\n255\n", 11, CAMX_E_UNSUPPORTED, "a PNM picture"},
        {"<svg xmlns=", 11, CAMX_E_UNSUPPORTED, "an SVG drawing"},
        {"%PDF-1.7", 8, CAMX_E_FORMAT, "a PDF document"},
        {"\x93NUMPY\1\0", 8, CAMX_E_FORMAT, "a NumPy array"},
        {"PK\3\4....", 8, CAMX_E_FORMAT, "a ZIP archive"},
        {"\x1f\x8b\x08.....", 8, CAMX_E_FORMAT, "gzip data"},
        {"\xef\xbb\xbf\n <!DOCTYPE html><html>", 27, CAMX_E_FORMAT, "an HTML page"},
        {"<HTML><body>", 12, CAMX_E_FORMAT, "an HTML page"},
        {"<?xml version", 13, CAMX_E_FORMAT, "XML text"},
        {"version https://git-lfs.github.com/spec/v1\n", 43, CAMX_E_FORMAT, "git lfs pull"},
        {"\x89PNG\n\x1a\n.....", 12, CAMX_E_FORMAT, "binary mode"},
        {"Not found\n", 10, CAMX_E_FORMAT, "a text file"},
        {"P9 text", 7, CAMX_E_FORMAT, "a text file"},
        {"\1\2\3\4\5\6\7\x08", 8, CAMX_E_FORMAT, "neither a PNG nor a JPEG file"},
        {"\x89PN", 3, CAMX_E_FORMAT, "ends after 3 bytes"},
        {"\xff\xd8", 2, CAMX_E_FORMAT, "ends after 2 bytes"},
        {"", 0, CAMX_E_FORMAT, "empty"},
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        write_file("file.png", files[i].bytes, files[i].size);
        refuse_file("file.png", NULL, files[i].status, files[i].part);
        refuse_bytes(files[i].bytes, files[i].size, NULL, files[i].status, files[i].part);
    }
}
END_TEST

/* ---- Arguments ---- */

START_TEST(wrong_arguments_are_refused)
{
    camx_image_options options;
    camx_allocator half = {NULL, NULL, NULL};
    camx_image *image = NULL;
    camx_pixels pixels;
    camx_error error;

    ck_assert_int_eq(camx_image_read(NULL, NULL, &image, &error), CAMX_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "path is NULL"));
    ck_assert_int_eq(camx_image_read("x.png", NULL, NULL, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_image_read_memory(NULL, 3, NULL, &image, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_image_read_memory("abc", 3, NULL, NULL, NULL), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_image_get_pixels(NULL, &pixels, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_image_create(0, 5, NULL, &image, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_image_create(5, -1, NULL, &image, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_image_create(5, 5, NULL, NULL, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_image_create(INT32_MAX, INT32_MAX, NULL, &image, &error), CAMX_E_LIMIT);
    camx_image_options_init(&options);
    options.struct_size = 4;
    ck_assert_int_eq(camx_image_read("x.png", &options, &image, &error), CAMX_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "camx_image_options_init"));
    ck_assert_int_eq(camx_image_read_memory("abc", 3, &options, &image, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_image_create(5, 5, &options, &image, &error), CAMX_E_ARGUMENT);
    camx_image_options_init(&options);
    options.allocator = &half;
    ck_assert_int_eq(camx_image_read("x.png", &options, &image, &error), CAMX_E_ARGUMENT);
    camx_image_options_init((camx_image_options *)NULL);
    camx_image_release(NULL);
}
END_TEST

START_TEST(zero_limits_are_the_defaults_and_later_structs_are_accepted)
{
    struct {
        camx_image_options options;
        uint64_t field_of_a_later_version;
    } later;
    png_recipe recipe = {.width = 3, .height = 2, .colour = PNG_COLOR_TYPE_GRAY, .depth = 8};
    made_file file = make_png(&recipe);
    camx_image *image = NULL;

    memset(&later, 0, sizeof later);
    later.options.struct_size = sizeof later;
    ck_assert_int_eq(camx_image_read_memory(file.data, file.size, &later.options, &image, NULL),
                     CAMX_OK);
    camx_image_release(image);
    free(file.data);
}
END_TEST

START_TEST(a_new_picture_is_black)
{
    camx_image *image = NULL;

    ck_assert_int_eq(camx_image_create(7, 5, NULL, &image, NULL), CAMX_OK);
    for (int i = 0; i < 35; i++)
        ck_assert_mem_eq(image_pixel(image, i % 7, i / 7), "\0\0\0", 3);
    camx_image_release(image);
}
END_TEST

/* ---- Limits ---- */

static void set_png_size(made_file file, uint32_t width, uint32_t height)
{
    for (int i = 0; i < 4; i++) {
        file.data[16 + i] = (uint8_t)(width >> (24 - 8 * i));
        file.data[20 + i] = (uint8_t)(height >> (24 - 8 * i));
    }
    uint32_t checksum = 0xffffffffu;

    for (int i = 12; i < 29; i++) {
        checksum ^= file.data[i];
        for (int bit = 0; bit < 8; bit++)
            checksum = checksum >> 1 ^ (0xedb88320u & (0u - (checksum & 1)));
    }
    for (int i = 0; i < 4; i++)
        file.data[29 + i] = (uint8_t)(~checksum >> (24 - 8 * i));
}

START_TEST(giant_pngs_are_refused)
{
    png_recipe recipe = {.width = 12, .height = 10, .colour = PNG_COLOR_TYPE_RGBA, .depth = 16};
    made_file file = make_png(&recipe);
    camx_image_options options;

    set_png_size(file, 0x7fffffff, 0x7fffffff);
    refuse_bytes(file.data, file.size, NULL, CAMX_E_LIMIT, "max_pixels");
    set_png_size(file, 0xffffffff, 1);
    refuse_bytes(file.data, file.size, NULL, CAMX_E_FORMAT, "no size");
    set_png_size(file, 0, 5);
    refuse_bytes(file.data, file.size, NULL, CAMX_E_FORMAT, "no size");
    /* Within the limit, but far more than the bytes can hold: refused before memory is taken
     * for it. */
    set_png_size(file, 16000, 16000);
    refuse_bytes(file.data, file.size, NULL, CAMX_E_FORMAT, "cannot hold 16000 x 16000");
    set_png_size(file, 12, 11);
    refuse_bytes(file.data, file.size, NULL, CAMX_E_FORMAT, "Not enough image data");
    set_png_size(file, 12, 10);
    camx_image_options_init(&options);
    options.max_pixels = 119;
    refuse_bytes(file.data, file.size, &options, CAMX_E_LIMIT, "12 x 10");
    /* With no limit at all, sizes that cannot even be counted in bytes. */
    options.max_pixels = UINT64_MAX;
    set_png_size(file, 0x7fffffff, 0x7fffffff);
    refuse_bytes(file.data, file.size, &options, CAMX_E_LIMIT, "does not fit into memory");
    free(file.data);
}
END_TEST

/* The place of a marker's two bytes, or the file's size. */
static size_t find_marker(made_file file, size_t from, uint8_t first, uint8_t last)
{
    for (size_t i = from; i + 1 < file.size; i++)
        if (file.data[i] == 0xff && file.data[i + 1] >= first && file.data[i + 1] <= last)
            return i;
    return file.size;
}

START_TEST(giant_jpegs_are_refused)
{
    jpeg_recipe recipe = {.width = 12, .height = 10, .colours = JPEG_YCBCR};
    made_file file = make_jpeg(&recipe);
    size_t frame = find_marker(file, 2, 0xc0, 0xc0);

    ck_assert_uint_lt(frame, file.size);
    memset(file.data + frame + 5, 0xff, 4);
    refuse_bytes(file.data, file.size, NULL, CAMX_E_LIMIT, "65500 pixels");
    file.data[frame + 5] = 65000 >> 8;
    file.data[frame + 6] = 65000 & 255;
    file.data[frame + 7] = 65000 >> 8;
    file.data[frame + 8] = 65000 & 255;
    refuse_bytes(file.data, file.size, NULL, CAMX_E_LIMIT, "max_pixels");
    memset(file.data + frame + 5, 0, 4);
    refuse_bytes(file.data, file.size, NULL, CAMX_E_FORMAT, "damaged");
    file.data[frame + 4] = 12; /* bits a sample */
    file.data[frame + 6] = file.data[frame + 8] = 8;
    refuse_bytes(file.data, file.size, NULL, CAMX_E_UNSUPPORTED, "12");
    file.data[frame + 1] = 0xc3; /* lossless */
    refuse_bytes(file.data, file.size, NULL, CAMX_E_UNSUPPORTED, "cannot be read");
    free(file.data);
}
END_TEST

START_TEST(large_files_are_refused)
{
    png_recipe recipe = {.width = 12, .height = 10, .colour = PNG_COLOR_TYPE_GRAY, .depth = 8};
    made_file file = make_png(&recipe);
    camx_image_options options;
    camx_image *image = NULL;

    camx_image_options_init(&options);
    options.max_file_bytes = file.size - 1;
    write_file("file.png", file.data, file.size);
    refuse_file("file.png", &options, CAMX_E_LIMIT, "max_file_bytes");
    refuse_bytes(file.data, file.size, &options, CAMX_E_LIMIT, "max_file_bytes");
    options.max_file_bytes = file.size;
    ck_assert_int_eq(camx_image_read("file.png", &options, &image, NULL), CAMX_OK);
    camx_image_release(image);
    free(file.data);
}
END_TEST

/* Files whose size is not known before they are read to the end, as one that grows meanwhile. */
START_TEST(files_of_unknown_size_are_read_to_their_end)
{
    camx_image_options options;

    if (access("/proc/self/maps", R_OK) != 0)
        return;
    refuse_file("/proc/self/maps", NULL, CAMX_E_FORMAT, "a text file");
    camx_image_options_init(&options);
    options.max_file_bytes = 100;
    refuse_file("/proc/self/maps", &options, CAMX_E_LIMIT,
                "more bytes than max_file_bytes allows (100)");
}
END_TEST

/* A few kilobytes that ask for the whole picture to be decoded a thousand times. */
START_TEST(endless_scans_are_refused)
{
    jpeg_recipe recipe = {.width = 40, .height = 30, .colours = JPEG_YCBCR, .separate = true};
    made_file file = make_jpeg(&recipe), bomb;
    size_t scan = 0, length;
    camx_image_options options;

    for (size_t at = 0; at < file.size; at = find_marker(file, at + 1, 0xda, 0xda))
        scan = at; /* the last one */
    length = file.size - 2 - scan;
    bomb.size = file.size + 1000 * length;
    bomb.data = malloc(bomb.size);
    ck_assert_ptr_nonnull(bomb.data);
    memcpy(bomb.data, file.data, scan);
    for (size_t i = 0; i < 1001; i++)
        memcpy(bomb.data + scan + i * length, file.data + scan, length);
    memcpy(bomb.data + bomb.size - 2, "\xff\xd9", 2);
    refuse_bytes(bomb.data, bomb.size, NULL, CAMX_E_LIMIT, "max_scans allows (500)");
    free(bomb.data);
    camx_image_options_init(&options);
    options.max_scans = 2;
    refuse_bytes(file.data, file.size, &options, CAMX_E_LIMIT, "max_scans allows (2)");
    free(file.data);
}
END_TEST

/* Cut at a scan's beginning and closed properly, a file is well formed and yet shows half the
 * picture. */
START_TEST(missing_scans_are_refused)
{
    for (int progressive = 0; progressive < 2; progressive++) {
        jpeg_recipe recipe = {.width = 40,
                              .height = 30,
                              .colours = JPEG_RGB,
                              .separate = progressive == 0,
                              .progressive = progressive != 0};
        made_file file = make_jpeg(&recipe);
        size_t cut = find_marker(file, find_marker(file, 2, 0xda, 0xda) + 1, 0xda, 0xda);

        ck_assert_uint_lt(cut, file.size);
        memcpy(file.data + cut, "\xff\xd9", 2);
        refuse_bytes(file.data, cut + 2, NULL, CAMX_E_FORMAT, "scans are missing");
        free(file.data);
    }
}
END_TEST

/* ---- Damage ---- */

typedef struct sample_file {
    const char *name;
    made_file file;
    bool has_checksums;
} sample_file;

#define SAMPLES 10

static void make_samples(sample_file samples[SAMPLES])
{
    uint8_t exif[64];
    size_t exif_size = make_exif(exif, true, 5);
    const png_recipe pngs[5] = {
        {.width = 9, .height = 7, .colour = PNG_COLOR_TYPE_GRAY, .depth = 8, .transparent = true},
        {.width = 9,
         .height = 7,
         .colour = PNG_COLOR_TYPE_PALETTE,
         .depth = 2,
         .transparent = true},
        {.width = 9, .height = 7, .colour = PNG_COLOR_TYPE_RGB, .depth = 8},
        {.width = 9, .height = 7, .colour = PNG_COLOR_TYPE_RGBA, .depth = 8, .interlaced = true},
        {.width = 9, .height = 7, .colour = PNG_COLOR_TYPE_GRAY_ALPHA, .depth = 16},
    };
    const jpeg_recipe jpegs[5] = {
        {.width = 19, .height = 13, .colours = JPEG_YCBCR},
        {.width = 19, .height = 13, .colours = JPEG_GREY, .app1 = exif, .app1_size = exif_size},
        {.width = 19, .height = 13, .colours = JPEG_YCBCR, .progressive = true},
        {.width = 19, .height = 13, .colours = JPEG_YCCK, .restart_rows = 1},
        {.width = 19, .height = 13, .colours = JPEG_YCBCR, .arithmetic = true},
    };

    for (int i = 0; i < 5; i++)
        samples[i] = (sample_file){"PNG", make_png(&pngs[i]), true};
    for (int i = 0; i < 5; i++)
        samples[5 + i] = (sample_file){"JPEG", make_jpeg(&jpegs[i]), false};
}

/* Adds up all pixels, so that memory that was never written is noticed. */
static unsigned long sum_of(const camx_image *image)
{
    camx_pixels pixels;
    unsigned long sum = 0;

    ck_assert_int_eq(camx_image_get_pixels(image, &pixels, NULL), CAMX_OK);
    for (size_t i = 0; i < pixels.stride * (size_t)pixels.height; i++)
        sum += pixels.data[i];
    return sum;
}

START_TEST(files_cut_anywhere_are_refused)
{
    sample_file samples[SAMPLES];

    make_samples(samples);
    for (int s = 0; s < SAMPLES; s++) {
        for (size_t size = 0; size < samples[s].file.size; size++) {
            camx_image *image = NULL;
            camx_error error;
            camx_status status = read_exact(samples[s].file.data, size, NULL, &image, &error);

            ck_assert_msg(status == CAMX_E_FORMAT && image == NULL,
                          "%s %d cut to %zu of %zu bytes: status %d, %s", samples[s].name, s, size,
                          samples[s].file.size, status, error.message);
            ck_assert_int_gt((int)strlen(error.message), 20);
        }
        free(samples[s].file.data);
    }
}
END_TEST

/* One byte changed: a PNG's checksums notice it always; a JPEG has none, so the picture may
 * differ. */
START_TEST(files_with_a_wrong_byte_do_no_harm)
{
    static const uint8_t changes[] = {0x01, 0x04, 0x10, 0x40, 0x80, 0x55, 0xff};
    sample_file samples[SAMPLES];
    camx_image_options options;
    unsigned long sum = 0;

    camx_image_options_init(&options);
    options.max_pixels = 1 << 20;
    make_samples(samples);
    for (int s = 0; s < SAMPLES; s++) {
        for (size_t i = 0; i < samples[s].file.size * sizeof changes; i++) {
            uint8_t *byte = &samples[s].file.data[i / sizeof changes];
            camx_image *image = NULL;
            camx_error error;
            camx_status status;

            *byte ^= changes[i % sizeof changes];
            status =
                read_exact(samples[s].file.data, samples[s].file.size, &options, &image, &error);
            *byte ^= changes[i % sizeof changes];
            ck_assert_int_eq(status == CAMX_OK, image != NULL);
            ck_assert_int_eq(status == CAMX_OK, error.message[0] == '\0');
            ck_assert_msg(!samples[s].has_checksums || status != CAMX_OK, "sample %d, byte %zu", s,
                          i / sizeof changes);
            if (image != NULL)
                sum += sum_of(image);
            camx_image_release(image);
        }
        free(samples[s].file.data);
    }
    ck_assert_uint_gt(sum, 0);
}
END_TEST

START_TEST(a_png_without_its_header_is_refused)
{
    png_recipe recipe = {.width = 9, .height = 7, .colour = PNG_COLOR_TYPE_GRAY, .depth = 8};
    made_file file = make_png(&recipe);

    refuse_bytes(file.data, 32, NULL, CAMX_E_FORMAT, "ends after 32 bytes");
    file.data[12] = 'X';
    refuse_bytes(file.data, file.size, NULL, CAMX_E_FORMAT, "no header");
    free(file.data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_refuse");
    TCase *cases = tcase_create("refuse");
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, 120);
    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_add_test(cases, missing_files_and_folders_are_refused);
    tcase_add_test(cases, names_are_shortened_and_cleaned);
    tcase_add_test(cases, unreadable_files_are_refused);
    tcase_add_test(cases, a_file_may_be_called_minus);
    tcase_add_test(cases, other_kinds_are_named);
    tcase_add_test(cases, wrong_arguments_are_refused);
    tcase_add_test(cases, zero_limits_are_the_defaults_and_later_structs_are_accepted);
    tcase_add_test(cases, a_new_picture_is_black);
    tcase_add_test(cases, giant_pngs_are_refused);
    tcase_add_test(cases, giant_jpegs_are_refused);
    tcase_add_test(cases, large_files_are_refused);
    tcase_add_test(cases, files_of_unknown_size_are_read_to_their_end);
    tcase_add_test(cases, endless_scans_are_refused);
    tcase_add_test(cases, missing_scans_are_refused);
    tcase_add_test(cases, files_cut_anywhere_are_refused);
    tcase_add_test(cases, files_with_a_wrong_byte_do_no_harm);
    tcase_add_test(cases, a_png_without_its_header_is_refused);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
