/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a picture from a file or from standard input.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "growing_text.h"
#include "workbench.h"

/* As camx_image_options has it for files. */
static const size_t MAX_STANDARD_INPUT = (size_t)1 << 30;

static camx_status read_standard_input(camx_image **image, camx_error *error)
{
    text bytes = {0};
    char block[65536];
    size_t got;
    camx_status status;

    while ((got = fread(block, 1, sizeof block, stdin)) > 0 && bytes.length <= MAX_STANDARD_INPUT) {
        text_add(&bytes, block, got);
    }
    if (ferror(stdin)) {
        status = error_set(error, CAMX_E_IO, "standard input cannot be read: %s", strerror(errno));
    } else if (bytes.failed) {
        status = error_set(error, CAMX_E_MEMORY, "there is not enough memory for standard input");
    } else if (bytes.length > MAX_STANDARD_INPUT) {
        status = error_set(error, CAMX_E_LIMIT, "standard input is longer than 1 GiB");
    } else {
        status = camx_image_read_memory(text_string(&bytes), bytes.length, NULL, image, error);
    }
    text_free(&bytes);
    return status;
}

/* Puts the picture's name before messages that do not have it. */
static void name_picture(camx_error *error, const char *path)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    camx_error plain = *error;

    if (strstr(plain.message, name) == NULL) {
        error_set(error, (camx_status)plain.status, "%s: %s", name, plain.message);
    }
}

camx_status photo_open(photo *p, const char *path, camx_error *error)
{
    camx_status status;

    *p = (photo){0};
    if (strcmp(path, "-") == 0) {
        status = read_standard_input(&p->image, error);
    } else {
        status = camx_image_read(path, NULL, &p->image, error);
    }
    if (status == CAMX_OK) {
        status = camx_image_get_pixels(p->image, &p->pixels, error);
    }
    if (status != CAMX_OK) {
        name_picture(error, path);
        photo_close(p);
    }
    return status;
}

void photo_close(photo *p)
{
    camx_image_release(p->image);
    *p = (photo){0};
}
