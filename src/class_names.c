/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the classes: from a text file, the model's metadata, or ImageNet's.
 */
#include "class_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "imagenet_names.h"

enum { MAX_LABEL_FILE = 64 << 20, MAX_CANDIDATES = 8 };

/* Reads a whole text file; NULL with a sentence in `problem`. */
static char *read_text(const char *path, text *problem)
{
    FILE *file = fopen(path, "rb");
    text content = {0};
    char block[4096];
    size_t got;

    if (file == NULL) {
        text_format(problem, "the labels %s cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    while ((got = fread(block, 1, sizeof block, file)) > 0 && content.length <= MAX_LABEL_FILE) {
        text_add(&content, block, got);
    }
    if (ferror(file)) {
        text_format(problem, "the labels %s cannot be read: %s", path, strerror(errno));
    } else if (content.failed) {
        text_put(problem, "there is not enough memory for the labels");
    } else if (content.length > MAX_LABEL_FILE || strlen(text_string(&content)) != content.length) {
        text_format(problem, "the labels %s are not a text file", path);
    }
    fclose(file);
    if (problem->length > 0) {
        text_free(&content);
        return NULL;
    }
    if (content.bytes == NULL) {
        text_put(&content, "");
    }
    return content.bytes;
}

/* Cuts the text into lines and keeps at most `count` of them. Returns how many lines there are;
 * empty ones at the end do not count. */
static uint32_t cut_lines(char *s, const char **lines, uint32_t count)
{
    uint32_t number = 0;
    uint32_t last = 0;

    if (strncmp(s, "\xEF\xBB\xBF", 3) == 0) {
        s += 3; /* a byte order mark */
    }
    while (*s != '\0' && number < UINT32_MAX) {
        size_t length = strcspn(s, "\n");
        char *next = s + length + (s[length] == '\n' ? 1 : 0);

        s[length] = '\0';
        if (length > 0 && s[length - 1] == '\r') {
            s[--length] = '\0';
        }
        if (number < count) {
            lines[number] = length > 0 ? s : NULL;
        }
        number++;
        if (length > 0) {
            last = number;
        }
        s = next;
    }
    return last;
}

static int use_file(labels *l, const char *path, text *problem)
{
    uint32_t lines;

    l->storage = read_text(path, problem);
    if (l->storage == NULL) {
        return CODE_USAGE;
    }
    lines = cut_lines(l->storage, l->names, l->count);
    if (lines != l->count) {
        text_format(problem, "the labels %s have %u lines, but the network has %u classes", path,
                    lines, l->count);
        return CODE_USAGE;
    }
    l->source = "file";
    return 0;
}

static int use_model(labels *l, const camx_model *model)
{
    int found = 0;

    for (uint32_t i = 0; i < l->count; i++) {
        l->names[i] = camx_model_class_name(model, i);
        found |= l->names[i] != NULL;
    }
    l->source = found ? "model" : "none";
    return found;
}

/* 1001 classes are ImageNet's behind a class for "none of them", as TensorFlow's networks have it.
 */
static void use_imagenet(labels *l)
{
    uint32_t shift = l->count - IMAGENET_CLASSES;

    if (l->count != IMAGENET_CLASSES && l->count != IMAGENET_CLASSES + 1) {
        return;
    }
    for (uint32_t i = 0; i < IMAGENET_CLASSES; i++) {
        l->names[i + shift] = imagenet_names[i];
    }
    if (shift > 0) {
        l->names[0] = "background";
    }
    l->source = "imagenet";
}

int labels_open(labels *l, const camx_model *model, const char *path, text *problem)
{
    *l = (labels){0};
    l->count = camx_model_class_count(model);
    l->source = "none";
    l->names = calloc((size_t)l->count + 1, sizeof *l->names);
    if (l->names == NULL) {
        text_put(problem, "there is not enough memory for the labels");
        return CODE_LIMIT;
    }
    if (path != NULL) {
        return use_file(l, path, problem);
    }
    if (!use_model(l, model)) {
        use_imagenet(l);
    }
    return 0;
}

void labels_close(labels *l)
{
    free(l->names);
    free(l->storage);
    *l = (labels){0};
}

const char *labels_name(const labels *l, int32_t class_index)
{
    return class_index >= 0 && (uint32_t)class_index < l->count ? l->names[class_index] : NULL;
}

const char *labels_shown(const labels *l, int32_t class_index, char number[LABEL_NUMBER_SIZE])
{
    const char *name = labels_name(l, class_index);

    if (name != NULL) {
        return name;
    }
    snprintf(number, LABEL_NUMBER_SIZE, "class %d", (int)class_index);
    return number;
}

static int is_number(const char *s)
{
    return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

static int find_number(const labels *l, const char *wanted, int32_t *class_index, text *problem)
{
    unsigned long long number = strlen(wanted) < 12 ? strtoull(wanted, NULL, 10) : UINT64_MAX;

    if (number >= l->count || number > INT32_MAX) {
        text_format(problem, "there is no class %s: the network has %u classes, 0 to %u", wanted,
                    l->count, l->count - 1);
        return 0;
    }
    *class_index = (int32_t)number;
    return 1;
}

typedef int match_fn(const char *name, const char *wanted);

static int match_whole(const char *name, const char *wanted)
{
    return string_same(name, wanted);
}

/* One of several names of a class: "tench" in "tench, Tinca tinca". */
static int match_synonym(const char *name, const char *wanted)
{
    size_t length = strlen(wanted);
    const char *at = name;

    while (length > 0 && (at = string_find(at, wanted)) != NULL) {
        const char *end = at + length;
        int begins = at == name || (at - name >= 2 && strncmp(at - 2, ", ", 2) == 0);

        if (begins && (*end == '\0' || strncmp(end, ", ", 2) == 0)) {
            return 1;
        }
        at++;
    }
    return 0;
}

static int match_part(const char *name, const char *wanted)
{
    return string_find(name, wanted) != NULL;
}

static int match_near(const char *name, const char *wanted)
{
    return name_distance(name, wanted, 3) < 3;
}

/* How many names match; the first is put into *class_index and the first few into `list`. */
static uint32_t find_names(const labels *l, const char *wanted, match_fn *match,
                           int32_t *class_index, text *list)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < l->count; i++) {
        if (l->names[i] == NULL || !match(l->names[i], wanted)) {
            continue;
        }
        if (found == 0) {
            *class_index = (int32_t)i;
        }
        if (found < MAX_CANDIDATES) {
            text_format(list, "%s%s (%u)", found > 0 ? ", " : "", l->names[i], i);
        }
        found++;
    }
    if (found > MAX_CANDIDATES) {
        text_format(list, " and %u more", found - MAX_CANDIDATES);
    }
    return found;
}

static void tell_near(const labels *l, const char *wanted, text *problem)
{
    text list = {0};
    int32_t unused = 0;

    if (find_names(l, wanted, match_near, &unused, &list) > 0) {
        text_format(problem, "no class is called '%s'; did you mean %s?", wanted,
                    text_string(&list));
    } else if (strcmp(l->source, "none") == 0) {
        text_format(
            problem,
            "no class is called '%s', because the model brings no class names: give the class by "
            "number, 0 to %u, or names by --labels FILE",
            wanted, l->count - 1);
    } else {
        text_format(problem, "no class is called '%s'", wanted);
    }
    text_free(&list);
}

int labels_find(const labels *l, const char *wanted, int32_t *class_index, text *problem)
{
    static match_fn *const matches[] = {match_whole, match_synonym, match_part};

    if (is_number(wanted)) {
        return find_number(l, wanted, class_index, problem);
    }
    for (size_t i = 0; i < sizeof matches / sizeof matches[0]; i++) {
        text list = {0};
        uint32_t found = find_names(l, wanted, matches[i], class_index, &list);

        if (found > 1) {
            text_format(problem, "'%s' can be %u classes: %s; give the number or more of the name",
                        wanted, found, text_string(&list));
        }
        text_free(&list);
        if (found > 0) {
            return found == 1;
        }
    }
    tell_near(l, wanted, problem);
    return 0;
}
