/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that appears whole or not at all: bytes go to a new file with a hidden name in the
 * same folder, which gets its real name at the end. Nobody ever sees half a picture under that
 * name, and an older file of that name stays until then. A symbolic link of that name is
 * replaced, not followed. (Not flushed to the disk: a power cut right afterwards may lose it.)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "image/image_internal.h"

/* How many names are tried before giving up; each is new with near certainty. */
#define ATTEMPTS 100

/* Length of the part of the path that names the folder, with its '/'. */
static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? 0 : (int)(slash - path) + 1;
}

static void choose_name(camx__image_sink *sink)
{
    static _Atomic unsigned counter;
    struct timespec now = {0, 0};
    unsigned number = atomic_fetch_add(&counter, 1);

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(sink->temporary, sizeof sink->temporary, "%.*s.camx-%x-%x-%lx.tmp",
             folder_length(sink->path), sink->path, (unsigned)getpid(), number,
             (unsigned long)now.tv_nsec);
}

/* Renaming onto a folder, a device or a pipe would fail late or replace what should stay. */
static camx_status check_target(const camx__image_job *job, const char *path)
{
    size_t length = strlen(path);
    struct stat facts;

    if (length == 0)
        return camx__image_fail(job, CAMX_E_ARGUMENT, "the name of the file to write is empty");
    if (length > PATH_MAX - 64)
        return camx__image_fail(job, CAMX_E_IO, "the file cannot be written: the name is too long");
    if (path[length - 1] == '/')
        return camx__image_fail(job, CAMX_E_IO,
                                "the file cannot be written: the name is that of a folder");
    if (stat(path, &facts) != 0)
        return CAMX_OK; /* does not exist, as a rule; other reasons come up when it is written */
    if (S_ISDIR(facts.st_mode))
        return camx__image_fail(job, CAMX_E_IO,
                                "the file cannot be written: there is a folder of that name");
    if (!S_ISREG(facts.st_mode))
        return camx__image_fail(
            job, CAMX_E_IO, "the file cannot be written: there is a pipe or a device of that name");
    return CAMX_OK;
}

camx_status camx__image_sink_open(camx__image_sink *sink, const camx__image_job *job,
                                  const char *path)
{
    camx_status status = check_target(job, path);

    sink->job = job;
    sink->path = path;
    sink->file = -1;
    sink->problem = 0;
    sink->used = 0;
    sink->temporary[0] = '\0';
    if (status != CAMX_OK)
        return status;
    for (int i = 0; i < ATTEMPTS; i++) {
        choose_name(sink);
        sink->file = open(sink->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (sink->file >= 0)
            return CAMX_OK;
        if (errno != EEXIST && errno != EINTR)
            break;
    }
    if (errno == ENOENT)
        return camx__image_fail(job, CAMX_E_IO,
                                "the file cannot be written: its folder does not exist");
    return camx__image_fail(job, CAMX_E_IO, "the file cannot be written: %s",
                            camx__image_errno_text(errno));
}

static bool write_out(camx__image_sink *sink, const uint8_t *bytes, size_t size)
{
    while (size > 0 && sink->problem == 0) {
        ssize_t put = write(sink->file, bytes, size);

        if (put > 0) {
            bytes += put;
            size -= (size_t)put;
        } else if (put == 0 || errno != EINTR) {
            sink->problem = put == 0 ? ENOSPC : errno;
        }
    }
    return sink->problem == 0;
}

static bool flush(camx__image_sink *sink)
{
    size_t used = sink->used;

    sink->used = 0;
    return write_out(sink, sink->buffer, used);
}

bool camx__image_sink_write(camx__image_sink *sink, const void *bytes, size_t size)
{
    if (size > sizeof sink->buffer - sink->used && !flush(sink))
        return false;
    if (size > sizeof sink->buffer)
        return write_out(sink, bytes, size);
    memcpy(sink->buffer + sink->used, bytes, size);
    sink->used += size;
    return sink->problem == 0;
}

camx_status camx__image_sink_commit(camx__image_sink *sink)
{
    bool written = flush(sink);
    int file = sink->file;

    sink->file = -1;
    /* Some file systems say only at the end that there was no room. */
    if (close(file) != 0 && written && errno != EINTR) {
        sink->problem = errno;
        written = false;
    }
    if (written && rename(sink->temporary, sink->path) != 0) {
        sink->problem = errno;
        written = false;
    }
    if (written)
        return CAMX_OK;
    unlink(sink->temporary);
    return camx__image_sink_fail(sink);
}

void camx__image_sink_abandon(camx__image_sink *sink)
{
    if (sink->file < 0)
        return;
    close(sink->file);
    sink->file = -1;
    unlink(sink->temporary);
}

camx_status camx__image_sink_fail(const camx__image_sink *sink)
{
    return camx__image_fail(sink->job, CAMX_E_IO, "the file cannot be written: %s",
                            camx__image_errno_text(sink->problem));
}
