/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reading and writing JPEG share: an error manager for libjpeg that jumps instead of
 * exiting, and prints nothing.
 */
#ifndef CAMX_IMAGE_JPEG_COMMON_H
#define CAMX_IMAGE_JPEG_COMMON_H

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs FILE and size_t */

#include <jpeglib.h>

#include "image/image_internal.h"

typedef struct camx__jpeg_trouble {
    struct jpeg_error_mgr manager; /* first, so that libjpeg's pointer is ours */
    jmp_buf jump;
    camx_status status;
    char text[JMSG_LENGTH_MAX];
} camx__jpeg_trouble;

/* Returns what belongs into cinfo.err. A setjmp(trouble->jump) must be in place before libjpeg
 * is called. */
struct jpeg_error_mgr *camx__jpeg_trouble_init(camx__jpeg_trouble *trouble);

/* Jumps with a status and sentence of our own. */
void camx__jpeg_raise(camx__jpeg_trouble *trouble, camx_status status, const char *text)
    __attribute__((noreturn));

#endif
