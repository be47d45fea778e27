/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes tests/fuzz/corpus/image: small pictures of every kind and odd ones. Run it with the
 * folder's name when a kind is added; the bytes may differ with the versions of libpng, zlib
 * and libjpeg, which does no harm.
 *
 *     ninja -C build tests/fuzz/make_image_corpus
 *     build/tests/fuzz/make_image_corpus tests/fuzz/corpus/image
 */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../image/image_makers.h"

static void save(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");

    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        fprintf(stderr, "%s cannot be written\n", name);
        exit(1);
    }
}

static void save_file(const char *name, made_file file)
{
    save(name, file.data, file.size);
    free(file.data);
}

static void save_pngs(void)
{
    static const struct {
        int colour, depth;
    } kinds[] = {
        {PNG_COLOR_TYPE_GRAY, 1},    {PNG_COLOR_TYPE_GRAY, 2},       {PNG_COLOR_TYPE_GRAY, 4},
        {PNG_COLOR_TYPE_GRAY, 8},    {PNG_COLOR_TYPE_GRAY, 16},      {PNG_COLOR_TYPE_PALETTE, 1},
        {PNG_COLOR_TYPE_PALETTE, 2}, {PNG_COLOR_TYPE_PALETTE, 4},    {PNG_COLOR_TYPE_PALETTE, 8},
        {PNG_COLOR_TYPE_RGB, 8},     {PNG_COLOR_TYPE_RGB, 16},       {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
        {PNG_COLOR_TYPE_RGBA, 8},    {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_RGBA, 16},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int variant = 0; variant < 4; variant++) {
            png_recipe recipe = {
                .width = 11, .height = 9, .colour = kinds[i].colour, .depth = kinds[i].depth};
            char name[64];

            recipe.interlaced = variant % 2 != 0;
            recipe.transparent = variant / 2 != 0;
            if (recipe.transparent && (recipe.colour & PNG_COLOR_MASK_ALPHA) != 0)
                continue;
            snprintf(name, sizeof name, "png-%d-%d%s%s", recipe.colour, recipe.depth,
                     recipe.interlaced ? "-interlaced" : "",
                     recipe.transparent ? "-transparent" : "");
            save_file(name, make_png(&recipe));
        }
    }
    save_file("png-bad-index", make_png_with_bad_index());
}

static void save_jpegs(void)
{
    static const char *const names[] = {
        [JPEG_GREY] = "grey",         [JPEG_YCBCR] = "ycbcr",           [JPEG_RGB] = "rgb",
        [JPEG_CMYK_ADOBE] = "cmyk-adobe", [JPEG_CMYK_PLAIN] = "cmyk",   [JPEG_YCCK] = "ycck",
        [JPEG_TWO] = "two-components",
    };

    for (int colours = JPEG_GREY; colours <= JPEG_TWO; colours++) {
        for (int variant = 0; variant < 5; variant++) {
            static const char *const variants[] = {"", "-progressive", "-separate", "-restarts",
                                                   "-arithmetic"};
            jpeg_recipe recipe = {.width = 21, .height = 19, .colours = (jpeg_colours)colours,
                                  .progressive = variant == 1, .separate = variant == 2,
                                  .restart_rows = variant == 3, .arithmetic = variant == 4};
            char name[64];

            snprintf(name, sizeof name, "jpeg-%s%s", names[colours], variants[variant]);
            save_file(name, make_jpeg(&recipe));
        }
    }
}

static void save_oriented_jpegs(void)
{
    for (int orientation = 0; orientation <= 9; orientation++) {
        uint8_t exif[64];
        size_t size = make_exif(exif, orientation % 2 == 0, orientation);
        jpeg_recipe recipe = {
            .width = 21, .height = 19, .colours = JPEG_GREY, .app1 = exif, .app1_size = size};
        char name[64];

        snprintf(name, sizeof name, "jpeg-exif-%d", orientation);
        save_file(name, make_jpeg(&recipe));
        exif[11] = 0xff; /* a directory far away */
        snprintf(name, sizeof name, "jpeg-exif-%d-outside", orientation);
        if (orientation == 6)
            save_file(name, make_jpeg(&recipe));
    }
}

/* The same file cut in the middle, with a wrong byte in the middle, and closed in the middle. */
static void save_damaged(const char *kind, made_file file)
{
    char name[64];
    size_t middle = file.size / 2;

    snprintf(name, sizeof name, "%s-cut", kind);
    save(name, file.data, middle);
    snprintf(name, sizeof name, "%s-unfinished", kind);
    save(name, file.data, file.size - 3);
    file.data[middle] ^= 0x10;
    snprintf(name, sizeof name, "%s-wrong-byte", kind);
    save(name, file.data, file.size);
    memcpy(file.data + middle, "\xff\xd9", 2);
    snprintf(name, sizeof name, "%s-closed", kind);
    save(name, file.data, middle + 2);
    free(file.data);
}

/* Asks for the whole picture to be decoded again and again. */
static void save_scan_bomb(void)
{
    jpeg_recipe recipe = {.width = 21, .height = 19, .colours = JPEG_RGB, .separate = true};
    made_file file = make_jpeg(&recipe);
    FILE *out = fopen("jpeg-many-scans", "wb");
    size_t scan = 0;

    for (size_t i = 0; i + 1 < file.size; i++)
        if (file.data[i] == 0xff && file.data[i + 1] == 0xda)
            scan = i;
    if (out == NULL)
        exit(1);
    fwrite(file.data, 1, scan, out);
    for (int i = 0; i < 40; i++)
        fwrite(file.data + scan, 1, file.size - 2 - scan, out);
    fwrite("\xff\xd9", 1, 2, out);
    if (fclose(out) != 0)
        exit(1);
    free(file.data);
}

static void save_others(void)
{
    static const char html[] = "<!DOCTYPE html><title>404 Not Found</title>";
    static const char giant[] =
        "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\0\0\0";

    save("empty", "", 0);
    save("one-byte", "\x89", 1);
    save("png-signature-only", "\x89PNG\r\n\x1a\n", 8);
    save("png-line-ends", "\x89PNG\n\x1a\n0123456789", 17);
    save("png-giant", giant, sizeof giant - 1);
    save("jpeg-start-only", "\xff\xd8\xff", 3);
    save("jpeg-start-and-end", "\xff\xd8\xff\xd9", 4);
    save("gif", "GIF89a\1\0\1\0\0\0\0;", 14);
    save("webp", "RIFF\x1a\0\0\0WEBPVP8L", 16);
    save("html", html, sizeof html - 1);
}

int main(int argc, char **argv)
{
    png_recipe png = {.width = 11, .height = 9, .colour = PNG_COLOR_TYPE_RGB, .depth = 8};
    jpeg_recipe jpeg = {.width = 41, .height = 39, .colours = JPEG_YCBCR};

    if (argc != 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: make_image_corpus FOLDER\n");
        return 2;
    }
    save_pngs();
    save_jpegs();
    save_oriented_jpegs();
    save_damaged("png", make_png(&png));
    save_damaged("jpeg", make_jpeg(&jpeg));
    jpeg.progressive = true;
    save_damaged("jpeg-progressive", make_jpeg(&jpeg));
    save_scan_bomb();
    save_others();
    return 0;
}
