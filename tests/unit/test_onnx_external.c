/* SPDX-License-Identifier: Apache-2.0 */
/* Files: models on disk, external data beside them, and the ways out of the folder that must stay
 * shut. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "onnx/external.h"
#include "onnx_support.h"

static char folder[64];

static void make_folder(void)
{
    memcpy(folder, "/tmp/camx-external-XXXXXX", 26);
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* Removes a folder of files and of folders of files. */
static void remove_folder(const char *path, int depth)
{
    DIR *listing = opendir(path);

    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        char inside[400];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (unlink(inside) != 0 && depth < 2)
            remove_folder(inside, depth + 1);
    }
    closedir(listing);
    rmdir(path);
}

static void clean_up(void)
{
    remove_folder(folder, 0);
}

static const char *path_of(const char *name)
{
    static char path[400];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(path_of(name), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    fclose(file);
}

static void add_entry(onnx_bytes *tensor, const char *key, const char *value)
{
    onnx_bytes entry = {NULL, 0, 0};

    onnx_field_text(&entry, 1, key);
    onnx_field_text(&entry, 2, value);
    onnx_field_message(tensor, 13, &entry);
}

/* An initialiser of four floats in `location`; offset and length may be NULL. */
static void add_external(onnx_writer *w, const char *name, const char *location, const char *offset,
                         const char *length)
{
    onnx_bytes tensor = {NULL, 0, 0};

    onnx_tensor_head(&tensor, name, 1, 1, (int64_t[]){4});
    if (location != NULL)
        add_entry(&tensor, "location", location);
    if (offset != NULL)
        add_entry(&tensor, "offset", offset);
    if (length != NULL)
        add_entry(&tensor, "length", length);
    onnx_field_varint(&tensor, 14, 1);
    onnx_writer_tensor(w, &tensor);
}

static onnx_bytes external_model(const char *location, const char *offset, const char *length)
{
    onnx_writer w;

    onnx_writer_begin(&w, 8, 17);
    add_external(&w, "t", location, offset, length);
    return onnx_writer_end(&w);
}

static const uint8_t eight_floats[32] = {0, 0, 0x80, 0x3F, 0, 0, 0,    0x40, 0, 0, 0x40, 0x40,
                                         0, 0, 0x80, 0x40, 0, 0, 0xA0, 0x40, 0, 0, 0xC0, 0x40,
                                         0, 0, 0xE0, 0x40, 0, 0, 0,    0x41};

/* Writes the model and opens it from its file. */
static void open_file(opened *it, onnx_bytes *bytes, const camx_model_options *limits)
{
    write_file("m.onnx", bytes->data, bytes->size);
    onnx_bytes_free(bytes);
    memset(it, 0, sizeof *it);
    camx__memory_init(&it->memory, NULL, 0);
    it->status =
        camx__onnx_open(&it->memory, path_of("m.onnx"), NULL, 0, limits, &it->file, &it->error);
}

static void refuse_file(onnx_bytes bytes, camx_status status, const char *words)
{
    camx_model_options limits = usual_limits();
    opened it;

    open_file(&it, &bytes, &limits);
    ck_assert_msg(it.status == status, "status %d: %s", (int)it.status, it.error.message);
    ck_assert_msg(strstr(it.error.message, words) != NULL, "'%s' is not in: %s", words,
                  it.error.message);
    close_opened(&it);
}

static void expect_floats(opened *it, uint32_t which, float first)
{
    real out[4] = {0};

    ck_assert_msg(it->status == CAMX_OK, "%s", it->error.message);
    ck_assert_int_eq(
        camx__onnx_read_reals(it->file, &it->file->initialisers[which], 0, 4, out, &it->error),
        CAMX_OK);
    for (int i = 0; i < 4; i++)
        ck_assert((float)out[i] == first + (float)i);
}

static int open_descriptors(void)
{
    int count = 0;

    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) != -1;
    return count;
}

START_TEST(weights_beside)
{
    camx_model_options limits = usual_limits();
    int before = open_descriptors();
    onnx_writer w;
    opened it;

    write_file("m.onnx.data", eight_floats, 32);
    onnx_writer_begin(&w, 8, 17);
    add_external(&w, "a", "m.onnx.data", "16", "16");
    add_external(&w, "b", "m.onnx.data", NULL, NULL);
    add_external(&w, "c", "./m.onnx.data", "4", NULL);
    onnx_bytes bytes = onnx_writer_end(&w);
    open_file(&it, &bytes, &limits);
    expect_floats(&it, 0, 5);
    expect_floats(&it, 1, 1);
    expect_floats(&it, 2, 2);
    ck_assert_ptr_eq(it.file->initialisers[0].source, it.file->initialisers[1].source);
    close_opened(&it);
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

START_TEST(weights_in_a_folder_below)
{
    camx_model_options limits = usual_limits();
    opened it;

    ck_assert_int_eq(mkdir(path_of("deep"), 0700), 0);
    write_file("deep/w.bin", eight_floats, 32);
    onnx_bytes bytes = external_model("deep/w.bin", "16", "16");
    open_file(&it, &bytes, &limits);
    expect_floats(&it, 0, 5);
    close_opened(&it);
}
END_TEST

/* Package managers hard-link files: a second name does not make a file suspicious. */
START_TEST(hard_links)
{
    camx_model_options limits = usual_limits();
    char other[400];
    opened it;

    write_file("w.bin", eight_floats, 32);
    snprintf(other, sizeof other, "%s/other", folder);
    ck_assert_int_eq(link(path_of("w.bin"), other), 0);
    onnx_bytes bytes = external_model("w.bin", NULL, NULL);
    open_file(&it, &bytes, &limits);
    expect_floats(&it, 0, 1);
    close_opened(&it);
}
END_TEST

START_TEST(locations)
{
    static const char *const safe[] = {"a",   "a.b", "./a",   "a/b", "a//b",
                                       "..a", "a..", "a/..b", "..."};
    static const char *const unsafe[] = {"",     "/", "/a", "..", "../a", "a/..", "a/../b",
                                         "a\\b", ".", "./", "a/", "./..", "a/."};

    for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++)
        ck_assert_msg(camx__external_location_is_safe(safe[i]), "%s", safe[i]);
    for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++) {
        ck_assert_msg(!camx__external_location_is_safe(unsafe[i]), "%s", unsafe[i]);
        refuse_file(external_model(unsafe[i], NULL, NULL), CAMX_E_FORMAT, "only files inside");
    }
}
END_TEST

START_TEST(symbolic_links)
{
    char target[400];

    ck_assert_int_eq(mkdir(path_of("real"), 0700), 0);
    write_file("real/w.bin", eight_floats, 32);
    snprintf(target, sizeof target, "%s/real/w.bin", folder);
    ck_assert_int_eq(symlink(target, path_of("absolute")), 0);
    ck_assert_int_eq(symlink("real/w.bin", path_of("relative")), 0);
    ck_assert_int_eq(symlink("real", path_of("way")), 0);
    refuse_file(external_model("absolute", NULL, NULL), CAMX_E_IO, "symbolic link");
    refuse_file(external_model("relative", NULL, NULL), CAMX_E_IO, "symbolic link");
    refuse_file(external_model("way/w.bin", NULL, NULL), CAMX_E_IO, "symbolic link");
}
END_TEST

/* The same ways with the walk that old kernels need, and with the one call where it exists. */
START_TEST(both_ways_to_open)
{
    char long_name[400];
    int here = -1;

    ck_assert_int_eq(mkdir(path_of("real"), 0700), 0);
    write_file("real/w.bin", eight_floats, 32);
    ck_assert_int_eq(symlink("real", path_of("way")), 0);
    ck_assert_int_eq(symlink("real/w.bin", path_of("link")), 0);
    here = open(folder, O_RDONLY | O_DIRECTORY);
    for (int walk = 0; walk < 2; walk++) {
        int (*open_it)(int, const char *) = walk ? camx__external_walk : camx__external_open;
        int found = open_it(here, ".//real/./w.bin");
        ck_assert_int_ge(found, 0);
        close(found);
        ck_assert_int_lt(open_it(here, "way/w.bin"), 0);
        ck_assert_int_lt(open_it(here, "link"), 0);
        ck_assert_int_lt(open_it(here, "real/nothing"), 0);
        ck_assert_int_lt(open_it(here, "real/w.bin/x"), 0);
        memset(long_name, 'a', sizeof long_name);
        long_name[399] = '\0';
        ck_assert_int_lt(open_it(here, long_name), 0);
    }
    close(here);
}
END_TEST

START_TEST(no_plain_file)
{
    camx_model_options limits = usual_limits();
    opened it;

    ck_assert_int_eq(mkdir(path_of("sub"), 0700), 0);
    ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
    write_file("empty", "", 0);
    refuse_file(external_model("missing", NULL, NULL), CAMX_E_IO,
                "'missing', which does not exist");
    refuse_file(external_model("sub", NULL, NULL), CAMX_E_IO, "folder");
    refuse_file(external_model("pipe", NULL, NULL), CAMX_E_IO, "pipe");
    refuse_file(external_model("empty", NULL, NULL), CAMX_E_FORMAT, "empty");
    onnx_bytes bytes = external_model("w.bin", NULL, NULL);
    limits.max_file_bytes = bytes.size;
    onnx_bytes large = {NULL, 0, 0};
    for (size_t i = 0; i <= limits.max_file_bytes; i++)
        onnx_put(&large, "", 1);
    write_file("w.bin", large.data, large.size);
    onnx_bytes_free(&large);
    open_file(&it, &bytes, &limits);
    ck_assert_int_eq(it.status, CAMX_E_LIMIT);
    close_opened(&it);
}
END_TEST

START_TEST(numbers)
{
    write_file("w.bin", eight_floats, 32);
    refuse_file(external_model("w.bin", "20", NULL), CAMX_E_FORMAT,
                "wants 16 bytes at byte 20 of 'w.bin'");
    refuse_file(external_model("w.bin", "18446744073709551608", NULL), CAMX_E_FORMAT,
                "wants 16 bytes");
    refuse_file(external_model("w.bin", "0", "15"), CAMX_E_FORMAT, "external data has 15 bytes");
    refuse_file(external_model("w.bin", "0", "9999999999999999"), CAMX_E_FORMAT,
                "9999999999999999");
    refuse_file(external_model("w.bin", "-1", NULL), CAMX_E_FORMAT, "whose offset is no number");
    refuse_file(external_model("w.bin", "0x10", NULL), CAMX_E_FORMAT, "no number");
    refuse_file(external_model("w.bin", " 1", NULL), CAMX_E_FORMAT, "no number");
    refuse_file(external_model("w.bin", "", NULL), CAMX_E_FORMAT, "no number");
    refuse_file(external_model("w.bin", "18446744073709551616", NULL), CAMX_E_FORMAT, "no number");
    refuse_file(external_model("w.bin", NULL, "99999999999999999999999"), CAMX_E_FORMAT,
                "whose length is no");
    refuse_file(external_model(NULL, "0", "16"), CAMX_E_FORMAT, "without a location");
}
END_TEST

static onnx_bytes model_with_entry(const char *key, const char *value)
{
    onnx_bytes tensor = {NULL, 0, 0};
    onnx_writer w;

    onnx_writer_begin(&w, 8, 17);
    onnx_tensor_head(&tensor, "t", 1, 1, (int64_t[]){4});
    add_entry(&tensor, "location", "w.bin");
    add_entry(&tensor, key, value);
    onnx_field_varint(&tensor, 14, 1);
    onnx_writer_tensor(&w, &tensor);
    return onnx_writer_end(&w);
}

START_TEST(keys)
{
    camx_model_options limits = usual_limits();
    opened it;

    write_file("w.bin", eight_floats, 32);
    refuse_file(model_with_entry("basepath", "/etc"), CAMX_E_UNSUPPORTED, "unknown key 'basepath'");
    onnx_bytes bytes = model_with_entry("checksum", "da39a3ee");
    open_file(&it, &bytes, &limits);
    expect_floats(&it, 0, 1);
    close_opened(&it);
}
END_TEST

START_TEST(both_places)
{
    onnx_bytes tensor = {NULL, 0, 0};
    onnx_writer w;

    write_file("w.bin", eight_floats, 32);
    onnx_writer_begin(&w, 8, 17);
    onnx_tensor_head(&tensor, "t", 1, 1, (int64_t[]){4});
    add_entry(&tensor, "location", "w.bin");
    onnx_field_varint(&tensor, 14, 1);
    onnx_field_bytes(&tensor, 9, eight_floats, 16);
    onnx_writer_tensor(&w, &tensor);
    refuse_file(onnx_writer_end(&w), CAMX_E_FORMAT, "twice");
}
END_TEST

START_TEST(forbidden)
{
    camx_model_options limits = usual_limits();
    onnx_bytes bytes = external_model("w.bin", NULL, NULL);
    opened it;

    write_file("w.bin", eight_floats, 32);
    limits.external_data = 0;
    open_file(&it, &bytes, &limits);
    ck_assert_int_eq(it.status, CAMX_E_UNSUPPORTED);
    ck_assert_msg(strstr(it.error.message, "external_data forbids") != NULL, "%s",
                  it.error.message);
    close_opened(&it);
    bytes = external_model("w.bin", NULL, NULL);
    expect_refused(&bytes, CAMX_E_UNSUPPORTED, "a model in memory needs the option external_read");
}
END_TEST

/* A file that shrinks after it was opened is an error when it is read, not a crash. */
START_TEST(cut_while_open)
{
    camx_model_options limits = usual_limits();
    onnx_bytes bytes = external_model("w.bin", NULL, NULL);
    real out[4];
    opened it;

    write_file("w.bin", eight_floats, 32);
    open_file(&it, &bytes, &limits);
    ck_assert_int_eq(it.status, CAMX_OK);
    ck_assert_int_eq(truncate(path_of("w.bin"), 7), 0);
    ck_assert_int_eq(
        camx__onnx_read_reals(it.file, &it.file->initialisers[0], 0, 4, out, &it.error), CAMX_E_IO);
    ck_assert_msg(strstr(it.error.message, "shorter") != NULL, "%s", it.error.message);
    close_opened(&it);
}
END_TEST

/* --- the host's callback ------------------------------------------------------------- */

typedef struct host {
    int calls;
    char location[32];
    size_t size;
} host;

static int host_read(const char *location, uint64_t offset, size_t bytes, void *destination,
                     void *user)
{
    host *self = user;

    self->calls++;
    snprintf(self->location, sizeof self->location, "%s", location);
    if (offset > self->size || bytes > self->size - offset)
        return 1;
    memcpy(destination, eight_floats + offset, bytes);
    return 0;
}

START_TEST(host_callback)
{
    camx_model_options limits = usual_limits();
    host self = {.size = 32};
    opened it;

    limits.external_read = host_read;
    limits.external_user = &self;
    onnx_bytes bytes = external_model("w.bin", "16", "16");
    open_with(&it, &bytes, &limits);
    ck_assert_msg(it.status == CAMX_OK, "%s", it.error.message);
    ck_assert_int_eq(self.calls, 1); /* the last byte, to see that it is there */
    expect_floats(&it, 0, 5);
    ck_assert_str_eq(self.location, "w.bin");
    self.size = 20;
    real out[4];
    ck_assert_int_eq(
        camx__onnx_read_reals(it.file, &it.file->initialisers[0], 0, 4, out, &it.error), CAMX_E_IO);
    close_opened(&it);
    bytes = external_model("w.bin", "16", "16"); /* too short at once */
    open_with(&it, &bytes, &limits);
    ck_assert_int_eq(it.status, CAMX_E_IO);
    close_opened(&it);
    bytes = external_model("../w.bin", NULL, NULL); /* hosts are not asked for such names either */
    self.calls = 0;
    open_with(&it, &bytes, &limits);
    ck_assert_int_eq(it.status, CAMX_E_FORMAT);
    ck_assert_int_eq(self.calls, 0);
    close_opened(&it);
}
END_TEST

/* --- the model's own file ------------------------------------------------------------ */

static void expect_no_open(const char *path, camx_status status, const char *words)
{
    camx_model_options limits = usual_limits();
    opened it;

    memset(&it, 0, sizeof it);
    camx__memory_init(&it.memory, NULL, 0);
    it.status = camx__onnx_open(&it.memory, path, NULL, 0, &limits, &it.file, &it.error);
    ck_assert_int_eq(it.status, status);
    ck_assert_msg(strstr(it.error.message, words) != NULL, "'%s' is not in: %s", words,
                  it.error.message);
    close_opened(&it);
}

START_TEST(odd_paths)
{
    camx_model_options limits = usual_limits();
    onnx_bytes bytes = small_model();
    opened it;

    ck_assert_int_eq(mkfifo(path_of("pipe"), 0600), 0);
    write_file("empty", "", 0);
    expect_no_open(folder, CAMX_E_IO, "is a folder");
    expect_no_open(path_of("pipe"), CAMX_E_IO, "pipe: is not a regular file");
    expect_no_open(path_of("empty"), CAMX_E_FORMAT, "empty: the file is empty");
    expect_no_open(path_of("missing"), CAMX_E_IO, "missing: cannot be opened: ");
    expect_no_open("", CAMX_E_IO, "cannot be opened");
    limits.max_file_bytes = bytes.size - 1;
    open_file(&it, &bytes, &limits);
    ck_assert_int_eq(it.status, CAMX_E_LIMIT);
    close_opened(&it);
    bytes = small_model();
    limits.max_file_bytes = bytes.size;
    open_file(&it, &bytes, &limits);
    ck_assert_int_eq(it.status, CAMX_OK);
    ck_assert_str_eq(it.file->name, "m.onnx");
    close_opened(&it);
}
END_TEST

/* A path without a folder in it: external data is sought in the working folder. */
START_TEST(in_the_working_folder)
{
    camx_model_options limits = usual_limits();
    onnx_bytes bytes = external_model("w.bin", NULL, NULL);
    opened it;

    write_file("w.bin", eight_floats, 32);
    write_file("m.onnx", bytes.data, bytes.size);
    onnx_bytes_free(&bytes);
    ck_assert_int_eq(chdir(folder), 0);
    memset(&it, 0, sizeof it);
    camx__memory_init(&it.memory, NULL, 0);
    it.status = camx__onnx_open(&it.memory, "m.onnx", NULL, 0, &limits, &it.file, &it.error);
    expect_floats(&it, 0, 1);
    close_opened(&it);
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* --- memory ---------------------------------------------------------------------------- */

static int allocations_left;

static void *scarce_allocate(size_t bytes, void *user)
{
    (void)user;
    return allocations_left-- > 0 ? malloc(bytes) : NULL;
}

static void scarce_release(void *block, void *user)
{
    (void)user;
    free(block);
}

/* Nothing stays open or allocated, whichever allocation fails. */
START_TEST(no_memory)
{
    camx_allocator allocator = {scarce_allocate, scarce_release, NULL};
    camx_model_options limits = usual_limits();
    int before = open_descriptors();
    char name[8] = "w0";
    onnx_writer w;
    opened it;

    onnx_writer_begin(&w, 8, 17);
    for (int i = 0; i < 10; i++) { /* more files than the first list has room for */
        name[1] = (char)('0' + i);
        write_file(name, eight_floats, 32);
        add_external(&w, name, name, NULL, NULL);
    }
    onnx_bytes bytes = onnx_writer_end(&w);
    write_file("m.onnx", bytes.data, bytes.size);
    onnx_bytes_free(&bytes);
    for (int n = 0;; n++) {
        memset(&it, 0, sizeof it);
        camx__memory_init(&it.memory, &allocator, 0);
        allocations_left = n;
        it.status = camx__onnx_open(&it.memory, path_of("m.onnx"), NULL, 0, &limits, &it.file,
                                    &it.error);
        bool enough = allocations_left >= 0;
        ck_assert_int_eq(it.status, enough ? CAMX_OK : CAMX_E_MEMORY);
        if (enough)
            expect_floats(&it, 9, 1);
        close_opened(&it);
        ck_assert_int_eq(open_descriptors(), before);
        if (enough)
            break;
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onnx_external");
    TCase *all = tcase_create("all");

    tcase_add_checked_fixture(all, make_folder, clean_up);
    tcase_add_test(all, weights_beside);
    tcase_add_test(all, weights_in_a_folder_below);
    tcase_add_test(all, hard_links);
    tcase_add_test(all, locations);
    tcase_add_test(all, symbolic_links);
    tcase_add_test(all, both_ways_to_open);
    tcase_add_test(all, no_plain_file);
    tcase_add_test(all, numbers);
    tcase_add_test(all, keys);
    tcase_add_test(all, both_places);
    tcase_add_test(all, forbidden);
    tcase_add_test(all, cut_while_open);
    tcase_add_test(all, host_callback);
    tcase_add_test(all, odd_paths);
    tcase_add_test(all, in_the_working_folder);
    tcase_add_test(all, no_memory);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
