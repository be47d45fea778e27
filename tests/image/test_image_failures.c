/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets every single thing fail once: allocation number N of the caller's allocator, malloc
 * number N of libjpeg (this program is linked with --wrap, and with a static libjpeg where
 * there is one), read, write, close and rename number N. After each failure: the right status,
 * no leak, no file left, the old file whole.
 */
#include <check.h>
#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image_makers.h"

/* ---- What fails when ---- */

typedef enum call_kind {
    CALL_ALLOCATE,
    CALL_MALLOC,
    CALL_READ,
    CALL_WRITE,
    CALL_CLOSE,
    CALL_RENAME,
    CALL_KINDS
} call_kind;

static struct {
    bool armed;
    call_kind kind;
    int left;        /* calls of this kind that still succeed */
    bool persistent; /* all later ones fail too */
    bool failed;
    bool hesitate; /* reads and writes move one byte, and every other one is interrupted */
    unsigned turn;
} plan;

static int blocks; /* that the caller's allocator has given out */

static bool fails(call_kind kind)
{
    if (!plan.armed || plan.kind != kind)
        return false;
    if (plan.left > 0) {
        plan.left--;
        return false;
    }
    if (plan.failed && !plan.persistent)
        return false;
    plan.failed = true;
    return true;
}

void *__real_malloc(size_t bytes);

static void *allocate(size_t bytes, void *user)
{
    (void)user;
    if (fails(CALL_ALLOCATE))
        return NULL;
    blocks++;
    return __real_malloc(bytes);
}

static void release(void *block, void *user)
{
    (void)user;
    blocks--;
    free(block);
}

static const camx_allocator allocator = {allocate, release, NULL};

ssize_t __real_read(int file, void *bytes, size_t count);
ssize_t __real_write(int file, const void *bytes, size_t count);
int __real_close(int file);
int __real_rename(const char *from, const char *to);

void *__wrap_malloc(size_t bytes);
ssize_t __wrap_read(int file, void *bytes, size_t count);
ssize_t __wrap_write(int file, const void *bytes, size_t count);
int __wrap_close(int file);
int __wrap_rename(const char *from, const char *to);

void *__wrap_malloc(size_t bytes)
{
    return fails(CALL_MALLOC) ? NULL : __real_malloc(bytes);
}

/* Interrupts every other call. */
static bool interrupted(void)
{
    if (!plan.hesitate || plan.turn++ % 2 != 0)
        return false;
    errno = EINTR;
    return true;
}

ssize_t __wrap_read(int file, void *bytes, size_t count)
{
    if (interrupted())
        return -1;
    if (fails(CALL_READ)) {
        errno = EIO;
        return -1;
    }
    return __real_read(file, bytes, plan.hesitate ? 1 : count);
}

ssize_t __wrap_write(int file, const void *bytes, size_t count)
{
    if (interrupted())
        return -1;
    if (fails(CALL_WRITE)) {
        errno = ENOSPC;
        return -1;
    }
    return __real_write(file, bytes, plan.hesitate ? 1 : count);
}

int __wrap_close(int file)
{
    int result = __real_close(file);

    if (!fails(CALL_CLOSE))
        return result;
    errno = EDQUOT;
    return -1;
}

int __wrap_rename(const char *from, const char *to)
{
    if (!fails(CALL_RENAME))
        return __real_rename(from, to);
    errno = EROFS;
    return -1;
}

/* ---- What is done ---- */

static char folder[] = "/tmp/camx-failures-XXXXXX";
static uint8_t colours[60 * 50 * 4];

static void make_folder(void)
{
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    memset(&plan, 0, sizeof plan);
    for (size_t i = 0; i < sizeof colours; i++)
        colours[i] = (uint8_t)(i * i / 7);
}

static void remove_folder(void)
{
    unlink("in");
    unlink("out.png");
    unlink("out.jpg");
    unlink("out.npy");
    ck_assert_int_eq(count_files("."), 0);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static camx_image_options reading(void)
{
    camx_image_options options;

    camx_image_options_init(&options);
    options.allocator = &allocator;
    return options;
}

/* Nothing may be asserted while something is to fail, because Check needs memory for that. */
static camx_status judge(camx_status status, camx_image *image)
{
    if ((status == CAMX_OK) != (image != NULL))
        return CAMX_E_INTERNAL;
    camx_image_release(image);
    return status;
}

static camx_status do_read(camx_error *error)
{
    camx_image_options options = reading();
    camx_image *image = NULL;
    camx_status status = camx_image_read("in", &options, &image, error);

    return judge(status, image);
}

static camx_status do_create(camx_error *error)
{
    camx_image_options options = reading();
    camx_image *image = NULL;
    camx_status status = camx_image_create(11, 12, &options, &image, error);

    return judge(status, image);
}

static camx_status write_picture(const char *path, int32_t format, camx_error *error)
{
    camx_pixels pixels = pixels_of(format, 60, 50, 0, colours);
    camx_write_options options;

    camx_write_options_init(&options);
    options.allocator = &allocator;
    return camx_image_write(path, &pixels, &options, error);
}

static camx_status do_write_png(camx_error *error)
{
    return write_picture("out.png", CAMX_PIXEL_BGRA, error);
}

static camx_status do_write_jpeg(camx_error *error)
{
    return write_picture("out.jpg", CAMX_PIXEL_RGB, error);
}

static camx_status do_write_npy(camx_error *error)
{
    static const int64_t shape[3] = {3, 50, 60};
    static float values[9000];

    return camx_npy_write("out.npy", values, shape, 3, error);
}

/* ---- The loop ---- */

static char *contents(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = calloc(1, 100000);

    *size = 0;
    if (file != NULL && bytes != NULL) {
        *size = fread(bytes, 1, 100000, file);
        fclose(file);
    }
    return bytes;
}

/* One run of `action` with call number n failing. */
static camx_status run_with_failure(camx_status (*action)(camx_error *), call_kind kind,
                                    bool persistent, int n, camx_error *error)
{
    camx_status status;

    plan.kind = kind;
    plan.left = n;
    plan.persistent = persistent;
    plan.failed = false;
    plan.armed = true;
    status = action(error);
    plan.armed = false;
    ck_assert_int_eq(blocks, 0);
    return status;
}

static void check_failure(camx_status status, camx_status expected, const camx_error *error, int n)
{
    ck_assert_msg(status == expected, "call %d: status %d, not %d: %s", n, status, expected,
                  error->message);
    ck_assert_int_eq(error->status, (int)status);
    ck_assert_uint_gt(strlen(error->message), 10);
}

/* Runs `action` with call number 0, 1, 2, ... of a kind failing, until it runs through without
 * a failure. output: a file that must stay as it is meanwhile, or NULL. Returns how many calls
 * could fail. */
static int fail_each(camx_status (*action)(camx_error *), call_kind kind, bool persistent,
                     camx_status expected, const char *output)
{
    int files = count_files(".");

    for (int n = 0;; n++) {
        size_t before_size = 0, after_size = 0;
        char *before = output != NULL ? contents(output, &before_size) : NULL, *after;
        camx_error error;
        camx_status status = run_with_failure(action, kind, persistent, n, &error);

        if (!plan.failed) {
            free(before);
            ck_assert_msg(status == CAMX_OK, "%s", error.message);
            return n;
        }
        /* libjpeg asks again for less when a single malloc fails, and may get through. */
        if (kind == CALL_MALLOC && !persistent && status == CAMX_OK) {
            if (before_size == 0 && output != NULL)
                unlink(output);
        } else {
            check_failure(status, expected, &error, n);
        }
        ck_assert_int_eq(count_files("."), files);
        if (output != NULL) {
            after = contents(output, &after_size);
            ck_assert_uint_eq(before_size, after_size);
            ck_assert_mem_eq(before, after, before_size);
            free(after);
        }
        free(before);
    }
}

static void put_input(made_file file)
{
    FILE *in = fopen("in", "wb");

    ck_assert_ptr_nonnull(in);
    ck_assert_uint_eq(fwrite(file.data, 1, file.size, in), file.size);
    fclose(in);
    free(file.data);
}

/* Reads one picture with everything failing that can fail. */
static void fail_reading(made_file file, bool jpeg)
{
    put_input(file);
    for (int persistent = 0; persistent < 2; persistent++) {
        ck_assert_int_ge(fail_each(do_read, CALL_ALLOCATE, persistent != 0, CAMX_E_MEMORY, NULL),
                         jpeg ? 3 : 6);
        ck_assert_int_ge(fail_each(do_read, CALL_MALLOC, persistent != 0, CAMX_E_MEMORY, NULL),
                         jpeg && CAMX_STATIC_JPEG ? 5 : 0);
        ck_assert_int_ge(fail_each(do_read, CALL_READ, persistent != 0, CAMX_E_IO, NULL), 2);
    }
    plan.hesitate = true;
    ck_assert_int_eq(do_read(NULL), CAMX_OK);
    plan.hesitate = false;
}

START_TEST(reading_png_survives_every_failure)
{
    static const png_recipe recipes[] = {
        {.width = 30, .height = 20, .colour = PNG_COLOR_TYPE_RGBA, .depth = 16},
        {.width = 30,
         .height = 20,
         .colour = PNG_COLOR_TYPE_PALETTE,
         .depth = 4,
         .transparent = true},
        {.width = 30,
         .height = 20,
         .colour = PNG_COLOR_TYPE_GRAY,
         .depth = 1,
         .interlaced = true,
         .transparent = true},
    };

    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++)
        fail_reading(make_png(&recipes[i]), false);
}
END_TEST

START_TEST(reading_jpeg_survives_every_failure)
{
    static const jpeg_recipe recipes[] = {
        {.width = 30, .height = 20, .colours = JPEG_YCBCR},
        {.width = 30, .height = 20, .colours = JPEG_YCCK, .progressive = true},
        {.width = 30, .height = 20, .colours = JPEG_GREY, .arithmetic = true},
    };

    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++)
        fail_reading(make_jpeg(&recipes[i]), true);
}
END_TEST

START_TEST(creating_survives_every_failure)
{
    ck_assert_int_eq(fail_each(do_create, CALL_ALLOCATE, false, CAMX_E_MEMORY, NULL), 1);
}
END_TEST

/* Once without the file, once with an older one in its place. */
static void fail_writing(camx_status (*action)(camx_error *), const char *output, int allocations,
                         int mallocs)
{
    for (int persistent = 0; persistent < 2; persistent++) {
        for (int round = 0; round < 2; round++) {
            if (round == 0)
                unlink(output);
            ck_assert_int_ge(
                fail_each(action, CALL_ALLOCATE, persistent != 0, CAMX_E_MEMORY, output),
                allocations);
            if (round == 0)
                unlink(output);
            ck_assert_int_ge(fail_each(action, CALL_MALLOC, persistent != 0, CAMX_E_MEMORY, output),
                             mallocs);
            if (round == 0)
                unlink(output);
            ck_assert_int_ge(fail_each(action, CALL_WRITE, persistent != 0, CAMX_E_IO, output), 1);
            if (round == 0)
                unlink(output);
            ck_assert_int_eq(fail_each(action, CALL_CLOSE, persistent != 0, CAMX_E_IO, output), 1);
            if (round == 0)
                unlink(output);
            ck_assert_int_eq(fail_each(action, CALL_RENAME, persistent != 0, CAMX_E_IO, output), 1);
        }
    }
    plan.hesitate = true;
    ck_assert_int_eq(action(NULL), CAMX_OK);
    plan.hesitate = false;
}

START_TEST(writing_survives_every_failure)
{
    fail_writing(do_write_png, "out.png", 6, 0);
    fail_writing(do_write_jpeg, "out.jpg", 1, CAMX_STATIC_JPEG ? 5 : 0);
    fail_writing(do_write_npy, "out.npy", 0, 0);
}
END_TEST

/* What was written in bits and pieces is what was meant. */
START_TEST(interrupted_writes_lose_nothing)
{
    camx_image *image = NULL;

    plan.hesitate = true;
    ck_assert_int_eq(write_picture("out.png", CAMX_PIXEL_RGB, NULL), CAMX_OK);
    ck_assert_int_eq(camx_image_read("out.png", NULL, &image, NULL), CAMX_OK);
    plan.hesitate = false;
    ck_assert_mem_eq(image_pixel(image, 0, 0), colours, 60 * 50 * 3);
    camx_image_release(image);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_failures");
    TCase *cases = tcase_create("failures");
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, 120);
    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_add_test(cases, reading_png_survives_every_failure);
    tcase_add_test(cases, reading_jpeg_survives_every_failure);
    tcase_add_test(cases, creating_survives_every_failure);
    tcase_add_test(cases, writing_survives_every_failure);
    tcase_add_test(cases, interrupted_writes_lose_nothing);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
