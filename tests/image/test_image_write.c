/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes pictures and arrays, reads them back, and checks that a call that fails leaves
 * nothing behind.
 */
#include <check.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_makers.h"

#define WIDTH 37
#define HEIGHT 23

/* What the default quality may do to a smooth picture. */
#define JPEG_TOLERANCE 8

static char folder[] = "/tmp/camx-write-XXXXXX";

static void make_folder(void)
{
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
    static const char *const names[] = {"a.png",    "a.PNG",      "a.jpg",        "a.jpeg", "a.npy",
                                        "link.png", "folder.png", "closed/a.png", "closed"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (unlink(names[i]) != 0)
            rmdir(names[i]);
    ck_assert_int_eq(count_files("."), 0); /* no temporary file is left */
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static size_t channels_of(int32_t format)
{
    if (format == CAMX_PIXEL_GREY)
        return 1;
    return format == CAMX_PIXEL_RGB || format == CAMX_PIXEL_BGR ? 3 : 4;
}

/* A smooth picture in any format, with `gap` bytes between rows. */
static camx_pixels make_pixels(int32_t format, size_t gap, uint8_t *data)
{
    size_t channels = channels_of(format);
    bool swapped = format == CAMX_PIXEL_BGR || format == CAMX_PIXEL_BGRA;
    jpeg_recipe recipe = {
        .width = WIDTH, .height = HEIGHT, .colours = channels == 1 ? JPEG_GREY : JPEG_RGB};
    size_t stride = channels * WIDTH + gap;

    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *pixel = data + (size_t)y * stride + (size_t)x * channels;
            uint8_t rgb[3];

            jpeg_colour(&recipe, x, y, rgb);
            for (size_t c = 0; c < channels && c < 3; c++)
                pixel[c] = rgb[swapped ? 2 - c : c];
            if (channels == 4)
                pixel[3] = (uint8_t)(x % 2 == 0 ? 255 : 0);
        }
    }
    return pixels_of(format, WIDTH, HEIGHT, gap == 0 ? 0 : stride, data);
}

static void check_same(const char *path, int32_t format, int tolerance)
{
    bool translucent = (format == CAMX_PIXEL_RGBA || format == CAMX_PIXEL_BGRA) && tolerance == 0;
    jpeg_recipe recipe = {.width = WIDTH, .height = HEIGHT,
                          .colours = format == CAMX_PIXEL_GREY ? JPEG_GREY : JPEG_RGB};
    camx_image *image = NULL;
    camx_error error;

    ck_assert_msg(camx_image_read(path, NULL, &image, &error) == CAMX_OK, "%s", error.message);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            uint8_t want[3];

            jpeg_colour(&recipe, x, y, want);
            if (translucent && x % 2 != 0)
                memset(want, 255, 3); /* PNG keeps alpha: the background shows */
            for (int c = 0; c < 3; c++)
                ck_assert_msg(abs(image_pixel(image, x, y)[c] - want[c]) <= tolerance,
                              "%s, format %d at %d,%d: %d, not %d", path, format, x, y,
                              image_pixel(image, x, y)[c], want[c]);
        }
    }
    camx_image_release(image);
}

/* The picture is in a block of exactly the bytes it needs, so that a sanitizer sees reads past
 * its end. */
static void check_round_trip(const char *path, int32_t format, size_t gap, int tolerance)
{
    size_t row = channels_of(format) * WIDTH;
    uint8_t *data = malloc((HEIGHT - 1) * (row + gap) + row);
    camx_pixels pixels = make_pixels(format, gap, data);
    camx_error error;

    ck_assert_msg(camx_image_write(path, &pixels, NULL, &error) == CAMX_OK, "%s", error.message);
    ck_assert_int_eq(error.status, CAMX_OK);
    free(data);
    check_same(path, format, tolerance);
}

START_TEST(what_is_written_can_be_read)
{
    for (size_t gap = 0; gap <= 13; gap += 13) {
        check_round_trip("a.png", _i, gap, 0);
        check_round_trip("a.PNG", _i, gap, 0);
        check_round_trip("a.jpg", _i, gap, JPEG_TOLERANCE);
        check_round_trip("a.jpeg", _i, gap, JPEG_TOLERANCE);
    }
    ck_assert_int_eq(count_files("."), 4);
}
END_TEST

/* The byte `offset` bytes behind the frame header's marker. */
static uint8_t frame_byte(const char *path, size_t offset)
{
    uint8_t bytes[4096];
    FILE *file = fopen(path, "rb");
    size_t size, i;

    ck_assert_ptr_nonnull(file);
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (i = 0; i + 1 < size && !(bytes[i] == 0xff && bytes[i + 1] == 0xc0); i++)
        continue;
    ck_assert_uint_lt(i + 1 + offset, size);
    return bytes[i + 1 + offset];
}

START_TEST(options_reach_the_encoders)
{
    uint8_t data[4 * WIDTH * HEIGHT];
    camx_pixels pixels = make_pixels(CAMX_PIXEL_RGB, 0, data);
    camx_write_options options;
    struct stat small, large;

    camx_write_options_init(&options);
    ck_assert_int_eq(camx_image_write("a.jpg", &pixels, &options, NULL), CAMX_OK);
    ck_assert_int_eq(frame_byte("a.jpg", 10), 0x11); /* colour at full resolution */
    options.quality = 89;
    ck_assert_int_eq(camx_image_write("a.jpg", &pixels, &options, NULL), CAMX_OK);
    ck_assert_int_eq(frame_byte("a.jpg", 10), 0x22);
    options.quality = 1;
    ck_assert_int_eq(camx_image_write("a.jpeg", &pixels, &options, NULL), CAMX_OK);
    ck_assert_int_eq(stat("a.jpg", &large), 0);
    ck_assert_int_eq(stat("a.jpeg", &small), 0);
    ck_assert_int_lt((int)small.st_size, (int)large.st_size);
    options.compression = 9;
    ck_assert_int_eq(camx_image_write("a.png", &pixels, &options, NULL), CAMX_OK);
    ck_assert_int_eq(stat("a.png", &small), 0);
    options.compression = 0;
    ck_assert_int_eq(camx_image_write("a.png", &pixels, &options, NULL), CAMX_OK);
    ck_assert_int_eq(stat("a.png", &large), 0);
    ck_assert_int_lt((int)small.st_size, (int)large.st_size / 2);
}
END_TEST

START_TEST(large_pictures_pass_through_all_buffers)
{
    const int side = 700;
    uint8_t *data = malloc((size_t)(3 * side * side));
    camx_pixels pixels = pixels_of(CAMX_PIXEL_RGB, side, side, 0, data);
    uint32_t noise = 1;
    camx_image *image = NULL;
    camx_pixels got;

    ck_assert_ptr_nonnull(data);
    for (int i = 0; i < 3 * side * side; i++)
        data[i] = (uint8_t)((noise = noise * 1664525u + 1013904223u) >> 24);
    ck_assert_int_eq(camx_image_write("a.jpg", &pixels, NULL, NULL), CAMX_OK);
    ck_assert_int_eq(camx_image_write("a.png", &pixels, NULL, NULL), CAMX_OK);
    ck_assert_int_eq(camx_image_read("a.png", NULL, &image, NULL), CAMX_OK);
    ck_assert_int_eq(camx_image_get_pixels(image, &got, NULL), CAMX_OK);
    ck_assert_mem_eq(got.data, data, (size_t)(3 * side * side));
    camx_image_release(image);
    ck_assert_int_eq(camx_image_read("a.jpg", NULL, &image, NULL), CAMX_OK);
    camx_image_release(image);
    free(data);
}
END_TEST

START_TEST(files_are_replaced_with_the_usual_permissions)
{
    uint8_t data[4 * WIDTH * HEIGHT];
    camx_pixels pixels = make_pixels(CAMX_PIXEL_GREY, 0, data);
    struct stat facts;
    mode_t before = umask(027);

    ck_assert_int_eq(camx_image_write("a.png", &pixels, NULL, NULL), CAMX_OK);
    ck_assert_int_eq(stat("a.png", &facts), 0);
    ck_assert_int_eq((int)(facts.st_mode & 0777), 0640);
    umask(before);
    check_round_trip("a.png", CAMX_PIXEL_RGB, 0, 0);
    ck_assert_int_eq(count_files("."), 1);
}
END_TEST

/* Writing both ways must fail with this status and a sentence that names the file. */
static void refuse(const char *path, camx_status status, const char *part)
{
    uint8_t data[4 * WIDTH * HEIGHT];
    camx_pixels pixels = make_pixels(CAMX_PIXEL_RGB, 0, data);
    int before = count_files(".");
    camx_error error;
    camx_status got = camx_image_write(path, &pixels, NULL, &error);

    ck_assert_msg(got == status, "%s: status %d, not %d: %s", path, got, status, error.message);
    ck_assert_int_eq(error.status, (int)status);
    ck_assert_msg(strncmp(error.message, path, strlen(path)) == 0, "does not name %s: %s", path,
                  error.message);
    ck_assert_msg(strstr(error.message, part) != NULL, "\"%s\" is not in: %s", part, error.message);
    ck_assert_int_eq(count_files("."), before);
}

static void refuse_npy(const char *path, camx_status status, const char *part)
{
    static const float values[6] = {1, 2, 3, 4, 5, 6};
    static const int64_t shape[2] = {2, 3};
    int before = count_files(".");
    camx_error error;

    ck_assert_int_eq(camx_npy_write(path, values, shape, 2, &error), (int)status);
    ck_assert_msg(strstr(error.message, part) != NULL, "\"%s\" is not in: %s", part, error.message);
    ck_assert_int_eq(count_files("."), before);
}

START_TEST(unknown_endings_are_refused)
{
    static const char *const names[] = {"a.gif",     "a", "png", ".png",  "./.jpg",
                                        "a.png.txt", "-", "",    "a.jpgx"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        refuse(names[i], CAMX_E_ARGUMENT, ".png, .jpg or .jpeg");
}
END_TEST

START_TEST(places_that_cannot_be_written_are_refused)
{
    char long_name[5000];

    refuse("missing/a.png", CAMX_E_IO, "folder does not exist");
    refuse_npy("missing/a.npy", CAMX_E_IO, "folder does not exist");
    ck_assert_int_eq(mkdir("folder.png", 0700), 0);
    refuse("folder.png", CAMX_E_IO, "there is a folder of that name");
    refuse_npy("folder.png", CAMX_E_IO, "there is a folder of that name");
    refuse_npy("folder.png/", CAMX_E_IO, "is that of a folder");
    refuse_npy("", CAMX_E_ARGUMENT, "empty");
    ck_assert_int_eq(symlink("/dev/full", "link.png"), 0);
    refuse("link.png", CAMX_E_IO, "pipe or a device");
    check_round_trip("a.png", CAMX_PIXEL_RGB, 0, 0);
    refuse("a.png/b.png", CAMX_E_IO, "not a folder");
    memset(long_name, 'n', sizeof long_name);
    memcpy(long_name + sizeof long_name - 5, ".png", 5);
    refuse_npy(long_name, CAMX_E_IO, "too long");
    refuse_npy(long_name + 4500, CAMX_E_IO, "too long");
}
END_TEST

START_TEST(folders_without_permission_are_refused)
{
    ck_assert_int_eq(mkdir("closed", 0555), 0);
    ck_assert_int_eq(chmod(".", 0755), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0); /* root may write everywhere: be nobody for a moment */
    refuse("closed/a.png", CAMX_E_IO, "permission denied");
    refuse("closed/a.jpg", CAMX_E_IO, "permission denied");
    refuse_npy("closed/a.npy", CAMX_E_IO, "permission denied");
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* A device that is full, as near as a test can come to one: no file of this process may grow
 * past 64 bytes. (Nor Check's own, so that nothing is asserted meanwhile.) */
START_TEST(a_full_device_leaves_the_old_file)
{
    static const char *const names[3] = {"a.png", "a.jpg", "a.npy"};
    static const float values[1000];
    static const int64_t shape[1] = {1000};
    uint8_t data[4 * WIDTH * HEIGHT];
    camx_pixels pixels = make_pixels(CAMX_PIXEL_RGB, 0, data);
    struct rlimit limit, before;
    camx_error errors[3];

    check_round_trip("a.jpg", CAMX_PIXEL_RGB, 0, JPEG_TOLERANCE);
    check_round_trip("a.png", CAMX_PIXEL_RGB, 0, 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 64;
    setrlimit(RLIMIT_FSIZE, &limit);
    camx_image_write("a.png", &pixels, NULL, &errors[0]);
    camx_image_write("a.jpg", &pixels, NULL, &errors[1]);
    camx_npy_write("a.npy", values, shape, 1, &errors[2]);
    setrlimit(RLIMIT_FSIZE, &before);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(errors[i].status, CAMX_E_IO);
        ck_assert_int_eq(strncmp(errors[i].message, names[i], 5), 0);
        ck_assert_ptr_nonnull(strstr(errors[i].message, "too large"));
    }
    ck_assert_int_eq(count_files("."), 2);
    check_same("a.png", CAMX_PIXEL_RGB, 0);
    check_same("a.jpg", CAMX_PIXEL_RGB, JPEG_TOLERANCE);
}
END_TEST

START_TEST(wrong_arguments_are_refused)
{
    uint8_t data[12] = {0};
    camx_pixels good = pixels_of(CAMX_PIXEL_RGB, 2, 2, 0, data), bad;
    camx_allocator half = {NULL, NULL, NULL};
    camx_write_options options;
    camx_error error;

    ck_assert_int_eq(camx_image_write(NULL, &good, NULL, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_image_write("a.png", NULL, NULL, &error), CAMX_E_ARGUMENT);
#define REFUSED(field, value, part)                                                    \
    bad = good;                                                                        \
    bad.field = value;                                                                 \
    ck_assert_int_eq(camx_image_write("a.png", &bad, NULL, &error), CAMX_E_ARGUMENT); \
    ck_assert_msg(strstr(error.message, part) != NULL, "%s", error.message);
    REFUSED(struct_size, 3, "struct_size")
    REFUSED(format, 5, "format is 5")
    REFUSED(format, -1, "format is -1")
    REFUSED(width, 0, "0 x 2")
    REFUSED(height, -2, "2 x -2")
    REFUSED(data, NULL, "data is NULL")
    REFUSED(stride, 5, "stride is 5")
#undef REFUSED
#define REFUSED(field, value, part)                                                         \
    camx_write_options_init(&options);                                                      \
    options.field = value;                                                                  \
    ck_assert_int_eq(camx_image_write("a.png", &good, &options, &error), CAMX_E_ARGUMENT); \
    ck_assert_msg(strstr(error.message, part) != NULL, "%s", error.message);
    REFUSED(struct_size, 3, "struct_size")
    REFUSED(quality, 0, "quality is 0")
    REFUSED(quality, 101, "quality is 101")
    REFUSED(compression, -1, "compression is -1")
    REFUSED(compression, 10, "compression is 10")
    REFUSED(allocator, &half, "allocator")
#undef REFUSED
    camx_write_options_init((camx_write_options *)NULL);
    ck_assert_int_eq(count_files("."), 0);
}
END_TEST

START_TEST(pictures_too_wide_for_jpeg_are_refused)
{
    uint8_t *data = calloc(1, 65501);
    camx_pixels pixels = pixels_of(CAMX_PIXEL_GREY, 65501, 1, 0, data);
    camx_error error;

    ck_assert_ptr_nonnull(data);
    ck_assert_int_eq(camx_image_write("a.jpg", &pixels, NULL, &error), CAMX_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "write PNG"));
    ck_assert_int_eq(count_files("."), 0);
    ck_assert_int_eq(camx_image_write("a.png", &pixels, NULL, &error), CAMX_OK);
    pixels.width = 1;
    pixels.height = 65501;
    ck_assert_int_eq(camx_image_write("a.jpg", &pixels, NULL, &error), CAMX_E_UNSUPPORTED);
    free(data);
}
END_TEST

/* ---- .npy ---- */

static size_t read_npy(uint8_t *bytes, size_t room)
{
    FILE *file = fopen("a.npy", "rb");
    size_t size;

    ck_assert_ptr_nonnull(file);
    size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

START_TEST(arrays_are_written_as_numpy_reads_them)
{
    static const struct {
        uint32_t rank;
        int64_t shape[8];
        const char *text;
    } cases[] = {
        {1, {5}, "(5,)"},
        {2, {2, 3}, "(2, 3)"},
        {3, {1, 2, 3}, "(1, 2, 3)"},
        {8, {1, 1, 1, 2, 1, 1, 1, 3}, "(1, 1, 1, 2, 1, 1, 1, 3)"},
        {2, {0, INT64_MAX}, "(0, 9223372036854775807)"},
    };
    float values[6] = {1.5f, -2, 0, INFINITY, 3e-41f, NAN};
    uint8_t bytes[1024];
    char header[512];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t count = 1, head, size;

        for (uint32_t r = 0; r < cases[i].rank; r++)
            count *= (size_t)cases[i].shape[r];
        ck_assert_int_eq(camx_npy_write("a.npy", count == 0 ? NULL : values, cases[i].shape,
                                        cases[i].rank, NULL),
                         CAMX_OK);
        size = read_npy(bytes, sizeof bytes);
        ck_assert_mem_eq(bytes, "\x93NUMPY\x01\x00", 8);
        head = 10 + (size_t)bytes[8] + 256 * (size_t)bytes[9];
        ck_assert_uint_eq(head % 64, 0);
        ck_assert_uint_eq(size, head + 4 * count);
        ck_assert_int_eq(bytes[head - 1], '\n');
        snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }",
                 cases[i].text);
        ck_assert_mem_eq(bytes + 10, header, strlen(header));
        for (size_t b = 10 + strlen(header); b < head - 1; b++)
            ck_assert_int_eq(bytes[b], ' ');
        for (size_t v = 0; v < count; v++) {
            uint32_t stored = bytes[head + 4 * v] | (uint32_t)bytes[head + 4 * v + 1] << 8 |
                              (uint32_t)bytes[head + 4 * v + 2] << 16 |
                              (uint32_t)bytes[head + 4 * v + 3] << 24;

            ck_assert_mem_eq(&stored, &values[v], 4);
        }
    }
}
END_TEST

START_TEST(wrong_arrays_are_refused)
{
    static const int64_t zero[1] = {0}, negative[2] = {2, -1}, one[1] = {1};
    static const int64_t many[3] = {INT64_MAX, INT64_MAX, 2}, bytes[1] = {INT64_MAX};
    float value = 0;
    camx_error error;

    ck_assert_int_eq(camx_npy_write(NULL, &value, one, 1, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_npy_write("a.npy", &value, NULL, 1, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_npy_write("a.npy", NULL, one, 1, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_npy_write("a.npy", &value, one, 0, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_npy_write("a.npy", &value, one, 9, &error), CAMX_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "a.npy: rank is 9"));
    ck_assert_int_eq(camx_npy_write("a.npy", &value, negative, 2, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_npy_write("a.npy", &value, many, 3, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(camx_npy_write("a.npy", &value, bytes, 1, &error), CAMX_E_ARGUMENT);
    ck_assert_int_eq(count_files("."), 0);
    ck_assert_int_eq(camx_npy_write("a.npy", NULL, zero, 1, &error), CAMX_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_write");
    TCase *cases = tcase_create("write");
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_add_loop_test(cases, what_is_written_can_be_read, CAMX_PIXEL_RGB, CAMX_PIXEL_GREY + 1);
    tcase_add_test(cases, options_reach_the_encoders);
    tcase_add_test(cases, large_pictures_pass_through_all_buffers);
    tcase_add_test(cases, files_are_replaced_with_the_usual_permissions);
    tcase_add_test(cases, unknown_endings_are_refused);
    tcase_add_test(cases, places_that_cannot_be_written_are_refused);
    tcase_add_test(cases, folders_without_permission_are_refused);
    tcase_add_test(cases, a_full_device_leaves_the_old_file);
    tcase_add_test(cases, wrong_arguments_are_refused);
    tcase_add_test(cases, pictures_too_wide_for_jpeg_are_refused);
    tcase_add_test(cases, arrays_are_written_as_numpy_reads_them);
    tcase_add_test(cases, wrong_arrays_are_refused);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
