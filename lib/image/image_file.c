/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads a whole regular file into memory. Folders, pipes and devices are refused before
 * anything is read, so that no call can hang on one. The file is read, not mapped: a mapped
 * file that somebody cuts short would kill the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/image_internal.h"

static camx_status check_file(const camx__image_job *job, int file, uint64_t max_bytes,
                              size_t *expected)
{
    struct stat facts;

    if (fstat(file, &facts) != 0)
        return camx__image_fail(job, CAMX_E_IO, "the file cannot be examined: %s",
                                camx__image_errno_text(errno));
    if (S_ISDIR(facts.st_mode))
        return camx__image_fail(job, CAMX_E_IO, "this is a folder, not a PNG or JPEG file");
    if (!S_ISREG(facts.st_mode))
        return camx__image_fail(job, CAMX_E_IO,
                                "this is a pipe or a device, not a PNG or JPEG file");
    if (facts.st_size < 0 || (uint64_t)facts.st_size > max_bytes || facts.st_size > PTRDIFF_MAX / 2)
        return camx__image_fail(job, CAMX_E_LIMIT,
                                "the file has %lld bytes, more than max_file_bytes allows (%llu)",
                                (long long)facts.st_size, (unsigned long long)max_bytes);
    *expected = (size_t)facts.st_size;
    return CAMX_OK;
}

/* Doubles the room for a file that grew since it was examined. */
static camx_status grow(const camx__image_job *job, uint64_t max_bytes, uint8_t **bytes,
                        size_t used, size_t *capacity)
{
    uint8_t *larger;

    if (used > max_bytes)
        return camx__image_fail(job, CAMX_E_LIMIT,
                                "the file has more bytes than max_file_bytes allows (%llu)",
                                (unsigned long long)max_bytes);
    larger = camx__image_alloc(&job->allocator, 2, *capacity);
    if (larger == NULL)
        return camx__image_fail_memory(job, *capacity);
    memcpy(larger, *bytes, used);
    camx__image_free(&job->allocator, *bytes);
    *bytes = larger;
    *capacity *= 2;
    return CAMX_OK;
}

static camx_status read_all(const camx__image_job *job, int file, uint64_t max_bytes,
                            uint8_t **bytes, size_t capacity, size_t *size)
{
    size_t used = 0;

    for (;;) {
        ssize_t got;

        if (used == capacity) {
            camx_status status = grow(job, max_bytes, bytes, used, &capacity);

            if (status != CAMX_OK)
                return status;
        }
        got = read(file, *bytes + used, capacity - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return camx__image_fail(job, CAMX_E_IO, "the file cannot be read: %s",
                                    camx__image_errno_text(errno));
        if (got == 0)
            break;
        used += (size_t)got;
    }
    *size = used;
    return CAMX_OK;
}

camx_status camx__image_load(const camx__image_job *job, const char *path, uint64_t max_bytes,
                             uint8_t **bytes, size_t *size)
{
    /* O_NONBLOCK: opening a pipe that nobody writes to must not wait. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    size_t expected = 0;
    camx_status status;

    *bytes = NULL;
    if (file < 0)
        return camx__image_fail(job, CAMX_E_IO, "the file cannot be opened: %s",
                                camx__image_errno_text(errno));
    status = check_file(job, file, max_bytes, &expected);
    if (status != CAMX_OK)
        goto done;
    /* One byte more than expected, so that the end of the file is seen without growing. */
    *bytes = camx__image_alloc(&job->allocator, 1, expected + 1);
    if (*bytes == NULL) {
        status = camx__image_fail_memory(job, expected + 1);
        goto done;
    }
    status = read_all(job, file, max_bytes, bytes, expected + 1, size);
done:
    close(file);
    if (status != CAMX_OK) {
        camx__image_free(&job->allocator, *bytes);
        *bytes = NULL;
    }
    return status;
}
