/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the pictures go: names, folders, and the rule that no input is ever overwritten.
 */
#include "output_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* Where the ending of a file name begins, ".png"; the end of the name if it has none. */
static const char *ending_of(const char *path)
{
    const char *name = base_name(path);
    const char *dot = strrchr(name, '.');

    return dot != NULL && dot != name ? dot : name + strlen(name);
}

static int is_picture_name(const char *path)
{
    const char *ending = ending_of(path);

    return string_same(ending, ".png") || string_same(ending, ".jpg") ||
           string_same(ending, ".jpeg");
}

static int is_folder(const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* -o names a file if it looks like a picture and is no folder. */
static int plan_place(output_files *f, const options *o, size_t pictures, text *problem)
{
    const char *place = o->output;

    if (place == NULL || is_folder(place) || !is_picture_name(place)) {
        f->folder = place;
        return CODE_OK;
    }
    if (pictures != 1) {
        text_format(problem,
                    "-o %s is one file, but several pictures will be written: name a folder, or "
                    "ask for one map "
                    "of one picture%s",
                    place, o->sheet ? "" : ", or for the contact sheet alone (--sheet)");
        return CODE_USAGE;
    }
    f->file = place;
    return CODE_OK;
}

static int is_taken(const output_files *f, size_t count, const char *stem)
{
    for (size_t i = 0; i < count; i++) {
        if (string_same(f->stems[i], stem)) {
            return 1;
        }
    }
    return 0;
}

/* "cat" for photos/cat.png; "cat_2" when another picture has that already. */
static char *make_stem(const output_files *f, size_t index, const char *path)
{
    const char *name = strcmp(path, "-") == 0 ? "stdin" : base_name(path);
    text stem = {0};
    size_t length;
    unsigned number = 1;

    text_add(&stem, name, (size_t)(ending_of(name) - name));
    length = stem.length;
    while (!stem.failed && is_taken(f, index, text_string(&stem))) {
        stem.length = length;
        text_format(&stem, "_%u", ++number);
    }
    if (stem.failed) {
        text_free(&stem);
        return NULL;
    }
    return stem.bytes;
}

static void remember_input(output_files *f, const char *path)
{
    struct stat s;

    if (path != NULL && strcmp(path, "-") != 0 && stat(path, &s) == 0) {
        f->inputs[f->input_count].device = s.st_dev;
        f->inputs[f->input_count].number = s.st_ino;
        f->input_count++;
    }
}

int output_files_plan(output_files *f, const options *o, size_t pictures, text *problem)
{
    *f = (output_files){0};
    f->stems = calloc(o->images.count + 1, sizeof *f->stems);
    f->inputs = calloc(o->images.count + 2, sizeof *f->inputs);
    if (f->stems == NULL || f->inputs == NULL) {
        text_put(problem, "there is not enough memory");
        return CODE_LIMIT;
    }
    for (size_t i = 0; i < o->images.count; i++) {
        f->stems[i] = make_stem(f, i, o->images.at[i]);
        if (f->stems[i] == NULL) {
            text_put(problem, "there is not enough memory");
            return CODE_LIMIT;
        }
        f->count++;
        remember_input(f, o->images.at[i]);
    }
    remember_input(f, o->model);
    remember_input(f, o->labels);
    return plan_place(f, o, pictures, problem);
}

void output_files_free(output_files *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->stems[i]);
    }
    free(f->stems);
    free(f->inputs);
    *f = (output_files){0};
}

/* Makes the folder and those above it. */
static int make_folder(const char *path, text *problem)
{
    char *copy = string_copy(path, strlen(path));

    if (copy == NULL) {
        text_put(problem, "there is not enough memory");
        return 0;
    }
    for (char *c = copy + 1; *c != '\0'; c++) {
        if (*c == '/') {
            *c = '\0';
            mkdir(copy, 0777); /* if this fails, the last one does too */
            *c = '/';
        }
    }
    if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
        text_format(problem, "the folder %s cannot be made: %s", path, strerror(errno));
    } else if (!is_folder(path)) {
        text_format(problem, "%s is not a folder", path);
    }
    free(copy);
    return problem->length == 0;
}

static int is_input(const output_files *f, const char *path)
{
    struct stat s;

    if (stat(path, &s) != 0) {
        return 0;
    }
    for (size_t i = 0; i < f->input_count; i++) {
        if (f->inputs[i].device == s.st_dev && f->inputs[i].number == s.st_ino) {
            return 1;
        }
    }
    return 0;
}

int output_files_path(output_files *f, size_t image, const char *name, const char *ending,
                      text *path, text *problem)
{
    text_clear(path);
    if (f->file != NULL && strcmp(ending, ".png") == 0) {
        text_put(path, f->file);
    } else if (f->file != NULL) {
        text_add(path, f->file, (size_t)(ending_of(f->file) - f->file));
        text_put(path, ending);
    } else {
        if (f->folder != NULL && !f->folder_made) {
            if (!make_folder(f->folder, problem)) {
                return 0;
            }
            f->folder_made = 1;
        }
        if (f->folder != NULL) {
            text_format(path, "%s%s", f->folder,
                        f->folder[strlen(f->folder) - 1] == '/' ? "" : "/");
        }
        text_format(path, "%s-%s%s", f->stems[image], name, ending);
    }
    if (path->failed) {
        text_put(problem, "there is not enough memory");
        return 0;
    }
    if (is_input(f, text_string(path))) {
        text_format(problem, "%s is an input and will not be overwritten: give another place by -o",
                    text_string(path));
        return 0;
    }
    return 1;
}
