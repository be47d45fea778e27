/* SPDX-License-Identifier: Apache-2.0 */
/* Reading from files, memory and the host. */
#include "onnx/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define LARGEST_READ ((size_t)1 << 30) /* some systems read at most 2 GiB at once */

static camx_status past_end(const camx__source *source, uint64_t offset, size_t bytes,
                            camx_error *error)
{
    return camx__fail(error, CAMX_E_FORMAT,
                      "%.120s: %zu bytes were wanted at byte %" PRIu64
                      ", but the file has only %" PRIu64,
                      source->name, bytes, offset, source->size);
}

static bool inside(const camx__source *source, uint64_t offset, size_t bytes)
{
    return offset <= source->size && bytes <= source->size - offset;
}

static camx_status read_memory(const camx__source *source, uint64_t offset, size_t bytes,
                               void *destination, camx_error *error)
{
    if (!inside(source, offset, bytes))
        return past_end(source, offset, bytes, error);
    if (bytes > 0)
        memcpy(destination, source->bytes + offset, bytes);
    return CAMX_OK;
}

static camx_status read_descriptor(const camx__source *source, uint64_t offset, size_t bytes,
                                   void *destination, camx_error *error)
{
    char *to = destination;

    if (!inside(source, offset, bytes))
        return past_end(source, offset, bytes, error);
    while (bytes > 0) {
        ssize_t got = pread(source->descriptor, to, bytes < LARGEST_READ ? bytes : LARGEST_READ,
                            (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            char text[128];
            return camx__fail(error, CAMX_E_IO, "%.120s: cannot be read at byte %" PRIu64 ": %s",
                              source->name, offset, camx__errno_text(errno, text, sizeof text));
        }
        if (got == 0)
            return camx__fail(
                error, CAMX_E_IO,
                "%.120s: the file became shorter while it was open: it ends at byte %" PRIu64,
                source->name, offset);
        to += got;
        bytes -= (size_t)got;
        offset += (uint64_t)got;
    }
    return CAMX_OK;
}

static camx_status read_callback(const camx__source *source, uint64_t offset, size_t bytes,
                                 void *destination, camx_error *error)
{
    if (bytes == 0 || source->external_read(source->location, offset, bytes, destination,
                                            source->external_user) == 0)
        return CAMX_OK;
    return camx__fail(error, CAMX_E_IO,
                      "%.120s: external_read gave no %zu bytes at byte %" PRIu64
                      " of the external data '%.120s'",
                      source->name, bytes, offset, source->location);
}

void camx__source_memory(camx__source *source, const char *name, const void *bytes, size_t size)
{
    *source = (camx__source){
        .read_at = read_memory, .name = name, .size = size, .descriptor = -1, .bytes = bytes};
}

void camx__source_callback(camx__source *source, const char *name, const char *location,
                           camx_external_read *external_read, void *external_user)
{
    *source = (camx__source){.read_at = read_callback,
                             .name = name,
                             .size = UINT64_MAX,
                             .descriptor = -1,
                             .external_read = external_read,
                             .external_user = external_user,
                             .location = location};
}

/* What is wrong with an open file, or CAMX_OK. */
static camx_status check_file(const struct stat *about, const char *name, uint64_t max_bytes,
                              camx_error *error)
{
    if (S_ISDIR(about->st_mode))
        return camx__fail(error, CAMX_E_IO, "%.120s: is a folder, not a file", name);
    if (!S_ISREG(about->st_mode))
        return camx__fail(
            error, CAMX_E_IO,
            "%.120s: is not a regular file but a pipe, socket or device; save it to a file first",
            name);
    if (about->st_size <= 0)
        return camx__fail(error, CAMX_E_FORMAT, "%.120s: the file is empty", name);
    if (max_bytes != 0 && (uint64_t)about->st_size > max_bytes)
        return camx__fail(error, CAMX_E_LIMIT,
                          "%.120s: the file has %" PRIu64
                          " bytes, more than the limit max_file_bytes = %" PRIu64,
                          name, (uint64_t)about->st_size, max_bytes);
    return CAMX_OK;
}

camx_status camx__source_adopt(camx__source *source, int descriptor, const char *name,
                               uint64_t max_bytes, camx_error *error)
{
    struct stat about;
    camx_status status = CAMX_OK;

    if (fstat(descriptor, &about) != 0) {
        char text[128];
        status = camx__fail(error, CAMX_E_IO, "%.120s: cannot be examined: %s", name,
                            camx__errno_text(errno, text, sizeof text));
    } else {
        status = check_file(&about, name, max_bytes, error);
    }
    if (status != CAMX_OK) {
        close(descriptor);
        return status;
    }
    *source = (camx__source){.read_at = read_descriptor,
                             .name = name,
                             .size = (uint64_t)about.st_size,
                             .descriptor = descriptor};
    return CAMX_OK;
}

camx_status camx__source_open(camx__source *source, const char *path, const char *name,
                              uint64_t max_bytes, camx_error *error)
{
    int descriptor = -1;

    /* O_NONBLOCK: opening a pipe that nobody writes to must not wait; it means nothing for regular
     * files. */
    do {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) {
        char text[128];
        return camx__fail(error, CAMX_E_IO, "%.300s: cannot be opened: %s", path,
                          camx__errno_text(errno, text, sizeof text));
    }
    return camx__source_adopt(source, descriptor, name, max_bytes, error);
}

void camx__source_close(camx__source *source)
{
    if (source->descriptor >= 0)
        close(source->descriptor);
    source->descriptor = -1;
}

const char *camx__path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}
