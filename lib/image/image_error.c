/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentences about failures. libcamx-image does not share libcamx's error code, because it uses
 * public headers only. Nothing here allocates.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "image/image_internal.h"

/* The bytes of the UTF-8 character at text, or 0 if there is no well-formed one. text ends in
 * NUL, which is never a continuation byte, so that nothing past it is read. */
static size_t character_bytes(const unsigned char *text)
{
    size_t length = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;

    if (text[0] < 0x20 || text[0] == 0x7f || (text[0] >= 0x80 && text[0] < 0xc2) || text[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0))
        return 0; /* over-long forms and surrogates */
    if ((text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90))
        return 0; /* over-long forms and numbers past Unicode's end */
    return length;
}

/* File names may hold any bytes: what is not printable UTF-8 becomes '?'. */
static void clean(char *text)
{
    while (*text != '\0') {
        size_t length = character_bytes((const unsigned char *)text);

        if (length == 0) {
            *text = '?';
            length = 1;
        }
        text += length;
    }
}

static void write_error(camx_error *error, camx_status status, const char *name, const char *format,
                        va_list arguments)
{
    size_t used = 0;

    if (error == NULL)
        return;
    error->status = (int32_t)status;
    error->message[0] = '\0';
    if (name != NULL) {
        snprintf(error->message, sizeof error->message, "%s: ", name);
        used = strlen(error->message);
    }
    vsnprintf(error->message + used, sizeof error->message - used, format, arguments);
    clean(error->message);
}

void camx__image_job_init(camx__image_job *job, const char *name, const camx_allocator *allocator,
                          camx_error *error)
{
    size_t length = strlen(name);

    memset(job, 0, sizeof *job);
    if (length < sizeof job->name)
        memcpy(job->name, name, length);
    else
        snprintf(job->name, sizeof job->name, "...%s", name + length - (sizeof job->name - 4));
    if (allocator != NULL)
        job->allocator = *allocator;
    job->error = error;
    if (error != NULL) {
        error->status = CAMX_OK;
        error->message[0] = '\0';
    }
}

camx_status camx__image_fail(const camx__image_job *job, camx_status status, const char *format,
                             ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_error(job->error, status, job->name, format, arguments);
    va_end(arguments);
    return status;
}

camx_status camx__image_fail_memory(const camx__image_job *job, size_t bytes)
{
    return camx__image_fail(job, CAMX_E_MEMORY, "out of memory: %zu bytes could not be had", bytes);
}

camx_status camx__image_fail_argument(camx_error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_error(error, CAMX_E_ARGUMENT, NULL, format, arguments);
    va_end(arguments);
    return CAMX_E_ARGUMENT;
}

const char *camx__image_errno_text(int number)
{
    static const struct {
        int number;
        const char *text;
    } texts[] = {
        {ENOENT, "no such file or folder"},
        {EACCES, "permission denied"},
        {EPERM, "operation not permitted"},
        {ENOTDIR, "a part of the path is not a folder"},
        {EISDIR, "it is a folder"},
        {ENAMETOOLONG, "the name is too long"},
        {ELOOP, "too many symbolic links"},
        {EMFILE, "this process has too many open files"},
        {ENFILE, "the system has too many open files"},
        {ENOSPC, "no space left on the device"},
        {EDQUOT, "the disk quota is used up"},
        {EFBIG, "the file would become too large"},
        {EROFS, "the file system is read-only"},
        {EIO, "input/output error"},
        {ENXIO, "it is not a file that can be opened"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].number == number)
            return texts[i].text;
    return "the system refused";
}
