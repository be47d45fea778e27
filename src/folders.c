/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder among the pictures stands for the PNG and JPEG files in it.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "console.h"
#include "growing_text.h"

static int no_memory(void)
{
    console_error("there is not enough memory for the names of the pictures");
    return CODE_LIMIT;
}

static int is_folder(const char *path)
{
    struct stat s;

    return strcmp(path, "-") != 0 && stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static int is_picture(const char *name)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && dot != NULL &&
           (string_same(dot, ".png") || string_same(dot, ".jpg") || string_same(dot, ".jpeg"));
}

/* Takes over a name. */
static int add_name(options *o, text *name)
{
    char **grown = realloc(o->found, (o->found_count + 1) * sizeof *grown);

    if (grown != NULL) {
        o->found = grown;
    }
    if (grown == NULL || name->failed) {
        text_free(name);
        return no_memory();
    }
    o->found[o->found_count++] = name->bytes;
    *name = (text){0};
    return CODE_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a folder's pictures, sorted, behind those found so far. A folder that cannot be read or
 * has none stays in the list, and fails there as a picture. */
static int read_folder(options *o, const char *path)
{
    size_t before = o->found_count;
    DIR *folder = opendir(path);
    struct dirent *entry;
    int code = CODE_OK;

    if (folder == NULL) {
        return CODE_OK;
    }
    while (code == CODE_OK && (entry = readdir(folder)) != NULL) {
        text name = {0};

        if (is_picture(entry->d_name)) {
            text_put(&name, path);
            text_put(&name, path[strlen(path) - 1] == '/' ? "" : "/");
            text_put(&name, entry->d_name);
            code = add_name(o, &name);
        }
    }
    closedir(folder);
    if (o->found_count > before) {
        qsort(o->found + before, o->found_count - before, sizeof *o->found, by_name);
    }
    return code;
}

/* Everything in the order of the command line. */
static int replace(options *o, const size_t *ends)
{
    const char **names = calloc(o->images.count + o->found_count + 1, sizeof *names);
    size_t count = 0;
    size_t next = 0;

    if (names == NULL) {
        return no_memory();
    }
    for (size_t i = 0; i < o->images.count; i++) {
        if (ends[i] == next) {
            names[count++] = o->images.at[i];
        }
        while (next < ends[i]) {
            names[count++] = o->found[next++];
        }
    }
    free(o->images.at);
    o->images.at = names;
    o->images.count = count;
    return CODE_OK;
}

int options_open_folders(options *o)
{
    size_t *ends = calloc(o->images.count + 1, sizeof *ends); /* found once each operand was read */
    int code = ends != NULL ? CODE_OK : no_memory();

    for (size_t i = 0; i < o->images.count && code == CODE_OK; i++) {
        if (is_folder(o->images.at[i])) {
            code = read_folder(o, o->images.at[i]);
        }
        ends[i] = o->found_count;
    }
    if (code == CODE_OK && o->found_count > 0) {
        code = replace(o, ends);
    }
    free(ends);
    return code;
}
