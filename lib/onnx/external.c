/* SPDX-License-Identifier: Apache-2.0 */
/*
 * External data: weights in files beside the model. The model says which file, and the model may
 * come from a stranger; so the way to the file must stay inside the model's folder. This is the
 * only place that opens such files.
 *
 *   - The location is looked at first: relative, no "..", no backslash.
 *   - Then the operating system is asked to open it beneath the folder and through no symbolic link
 *     (openat2); where it cannot do that, the path is walked folder by folder, following no link.
 *   - What was opened must be a regular file, and long enough for the tensor.
 *
 * A file with several hard links is taken. Whoever can make a hard link in the model's folder could
 * have put a copy there as well, or lacks the right to the file (Linux demands that right:
 * protected_hardlinks); package managers and content stores (conda, uv, Nix, OSTree, deduplicating
 * backups), on the other hand, hard-link ordinary model files, and refusing them would break honest
 * installations.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "onnx/external.h"
#include "onnx/onnx_reader.h"

#define MOST_FILES 4096

/* StringStringEntryProto. */
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };

struct camx__onnx_external {
    int folder; /* the model's, -1 before it is needed */
    uint32_t count;
    uint32_t capacity;
    camx__source **sources; /* in camx__memory blocks; each source in the zone */
};

/* --- what the file says -------------------------------------------------------------- */

static camx_status parse_number(camx__onnx_reader *reader, const char *key, const char *text,
                                uint64_t *number)
{
    uint64_t value = 0;
    bool good = text[0] != '\0';

    for (; good && *text != '\0'; text++) {
        good = *text >= '0' && *text <= '9' && !__builtin_mul_overflow(value, 10u, &value) &&
               !__builtin_add_overflow(value, (uint64_t)(*text - '0'), &value);
    }
    if (!good)
        return camx__onnx_fail(
            reader, CAMX_E_FORMAT,
            "has external data whose %s is no number of bytes; the file is damaged", key);
    *number = value;
    return CAMX_OK;
}

static camx_status set_place(camx__onnx_reader *reader, camx__onnx_place *place, const char *key,
                             const char *value)
{
    if (strcmp(key, "location") == 0) {
        place->location = value;
        return CAMX_OK;
    }
    if (strcmp(key, "offset") == 0)
        return parse_number(reader, key, value, &place->offset);
    if (strcmp(key, "length") == 0) {
        place->has_length = true;
        return parse_number(reader, key, value, &place->length);
    }
    if (strcmp(key, "checksum") == 0)
        return CAMX_OK;
    return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED,
                           "has external data with the unknown key '%.60s'", key);
}

camx_status camx__onnx_parse_place(camx__onnx_reader *reader, camx__span span,
                                   camx__onnx_place *place)
{
    const char *key = "";
    const char *value = "";

    while (span.at < span.end) {
        camx__field field;
        CAMX__FORWARD(camx__wire_field(&reader->wire, &span, &field));
        if (field.number == ENTRY_KEY)
            CAMX__FORWARD(camx__onnx_keep_text(reader, &field, &key));
        else if (field.number == ENTRY_VALUE)
            CAMX__FORWARD(camx__onnx_keep_text(reader, &field, &value));
    }
    return set_place(reader, place, key, value);
}

/* --- the way to the file ------------------------------------------------------------- */

/* Goes to the next component of a path: *length is 0 at the end. */
static const char *next_component(const char *path, size_t *length)
{
    while (*path == '/')
        path++;
    *length = strcspn(path, "/");
    return path;
}

bool camx__external_location_is_safe(const char *location)
{
    size_t length = 0;
    bool named = false;

    if (location[0] == '\0' || location[0] == '/' || strchr(location, '\\') != NULL)
        return false;
    for (const char *at = next_component(location, &length); length > 0;
         at = next_component(at + length, &length)) {
        if (length == 2 && memcmp(at, "..", 2) == 0)
            return false;
        named = length != 1 || at[0] != '.';
    }
    return named && location[strlen(location) - 1] != '/';
}

/* openat2(2), Linux 5.6: told here because C libraries have no function, and old ones no header for
 * it. */
#if defined(__linux__)
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

struct camx_open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};

#define RESOLVE_NO_MAGIC_LINKS 0x02u
#define RESOLVE_NO_SYMBOLIC_LINKS 0x04u
#define RESOLVE_INSIDE_FOLDER 0x08u

static int open_beneath(int folder, const char *location)
{
    struct camx_open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                                .resolve = RESOLVE_INSIDE_FOLDER | RESOLVE_NO_SYMBOLIC_LINKS |
                                           RESOLVE_NO_MAGIC_LINKS};

    return (int)syscall(SYS_openat2, folder, location, &how, sizeof how);
}
#else
static int open_beneath(int folder, const char *location)
{
    (void)folder;
    (void)location;
    errno = ENOSYS;
    return -1;
}
#endif

int camx__external_walk(int folder, const char *location)
{
    char name[256]; /* no file system has longer names */
    int here = folder;
    size_t length = 0;
    const char *at = next_component(location, &length);

    while (length > 0) {
        const char *after = at + length;
        if (length >= sizeof name) {
            errno = ENAMETOOLONG;
            break;
        }
        memcpy(name, at, length);
        name[length] = '\0';
        at = next_component(after, &length);
        int kind = length > 0 ? O_DIRECTORY : O_NOCTTY | O_NONBLOCK;
        int next = openat(here, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | kind);
        int reason = errno;
        if (here != folder)
            close(here);
        errno = reason;
        if (next < 0 || length == 0)
            return next;
        here = next;
    }
    int reason = errno;
    if (here != folder)
        close(here);
    errno = reason;
    return -1;
}

int camx__external_open(int folder, const char *location)
{
    int descriptor = open_beneath(folder, location);

    /* Old kernels do not know the call, and sandboxes forbid what they do not know. */
    if (descriptor < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL || errno == E2BIG))
        descriptor = camx__external_walk(folder, location);
    return descriptor;
}

static camx_status open_folder(camx__onnx_reader *reader, int *folder)
{
    const char *slash = strrchr(reader->path, '/');
    const char *path = ".";

    if (slash != NULL) {
        size_t length = slash > reader->path ? (size_t)(slash - reader->path) : 1;
        path = camx__zone_text(&reader->file->zone, reader->path, length);
        if (path == NULL)
            return camx__onnx_fail_memory(reader);
    }
    *folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*folder >= 0)
        return CAMX_OK;
    char text[128];
    return camx__onnx_fail(reader, CAMX_E_IO,
                           "has external data, but the folder '%.100s' cannot be opened: %s", path,
                           camx__errno_text(errno, text, sizeof text));
}

static camx_status fail_open(camx__onnx_reader *reader, const char *location, int reason)
{
    char text[128];

    if (reason == ENOENT)
        return camx__onnx_fail(
            reader, CAMX_E_IO,
            "has its elements in the file '%.100s', which does not exist; put it beside the model",
            location);
    if (reason == ELOOP || reason == EXDEV || reason == ENOTDIR || reason == EMLINK)
        return camx__onnx_fail(
            reader, CAMX_E_IO,
            "has its elements in '%.100s', which is a symbolic link or leaves the model's folder; "
            "put a plain copy of the file beside the model",
            location);
    return camx__onnx_fail(reader, CAMX_E_IO,
                           "has its elements in the file '%.100s', which cannot be opened: %s",
                           location, camx__errno_text(reason, text, sizeof text));
}

static camx_status open_file(camx__onnx_reader *reader, camx__source *source, const char *location)
{
    struct camx__onnx_external *external = reader->file->external;

    if (external->folder < 0)
        CAMX__FORWARD(open_folder(reader, &external->folder));
    int descriptor = camx__external_open(external->folder, location);
    if (descriptor < 0)
        return fail_open(reader, location, errno);
    return camx__source_adopt(source, descriptor, location, reader->limits->max_file_bytes,
                              reader->error);
}

/* --- all files of a model ------------------------------------------------------------ */

static camx_status open_list(camx__onnx_reader *reader)
{
    struct camx__onnx_external *external = reader->file->external;

    if (external == NULL) {
        CAMX__FORWARD(camx__onnx_keep(reader, 1, sizeof *external, &external));
        external->folder = -1;
        reader->file->external = external;
    }
    if (external->count < external->capacity)
        return CAMX_OK;
    if (external->count >= MOST_FILES)
        return camx__onnx_fail(reader, CAMX_E_LIMIT,
                               "needs one more external file than the %d that are taken; join them",
                               MOST_FILES);
    uint32_t capacity = external->capacity == 0 ? 8 : external->capacity * 2;
    void *sources =
        camx__resize(reader->memory, external->sources, capacity, sizeof *external->sources);
    if (sources == NULL)
        return camx__onnx_fail_memory(reader);
    external->sources = sources;
    external->capacity = capacity;
    return CAMX_OK;
}

/* The source for a location: one per file, opened when the first tensor needs it. */
static camx_status find_source(camx__onnx_reader *reader, const char *location,
                               const camx__source **found)
{
    struct camx__onnx_external *external = reader->file->external;
    camx__source *source = NULL;

    for (uint32_t i = 0; external != NULL && i < external->count; i++) {
        if (strcmp(external->sources[i]->location, location) == 0) {
            *found = external->sources[i];
            return CAMX_OK;
        }
    }
    CAMX__FORWARD(open_list(reader));
    CAMX__FORWARD(camx__onnx_keep(reader, 1, sizeof *source, &source));
    if (reader->path != NULL)
        CAMX__FORWARD(open_file(reader, source, location));
    else
        camx__source_callback(source, reader->file->name, location, reader->limits->external_read,
                              reader->limits->external_user);
    source->location = location;
    external = reader->file->external;
    external->sources[external->count++] = source;
    *found = source;
    return CAMX_OK;
}

static camx_status check_allowed(camx__onnx_reader *reader, const camx__onnx_place *place)
{
    if (place->location == NULL)
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "has external data without a location; the file is damaged");
    if (reader->limits->external_data == 0)
        return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED,
                               "has its elements in the file '%.100s', and the option "
                               "external_data forbids reading it",
                               place->location);
    if (reader->path == NULL && reader->limits->external_read == NULL)
        return camx__onnx_fail(reader, CAMX_E_UNSUPPORTED,
                               "has its elements in the file '%.100s'; a model in memory needs the "
                               "option external_read for that",
                               place->location);
    if (!camx__external_location_is_safe(place->location))
        return camx__onnx_fail(
            reader, CAMX_E_FORMAT,
            "has its elements in '%.100s'; only files inside the model's folder are read",
            place->location);
    return CAMX_OK;
}

/* The elements exist: at once for files; a host is asked for the last byte. */
static camx_status check_present(camx__onnx_reader *reader, const camx__onnx_tensor *tensor)
{
    const camx__source *source = tensor->source;
    uint64_t end = 0;
    uint8_t last = 0;

    if (__builtin_add_overflow(tensor->offset, tensor->bytes, &end) || end > source->size ||
        end > INT64_MAX)
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "wants %" PRIu64 " bytes at byte %" PRIu64
                               " of '%.100s', which has only %" PRIu64
                               "; the file was cut short or belongs to another model",
                               tensor->bytes, tensor->offset, source->location, source->size);
    if (source->external_read != NULL && tensor->bytes > 0)
        return source->read_at(source, end - 1, 1, &last, reader->error);
    return CAMX_OK;
}

camx_status camx__onnx_open_place(camx__onnx_reader *reader, const camx__onnx_place *place,
                                  camx__onnx_tensor *tensor)
{
    CAMX__FORWARD(check_allowed(reader, place));
    if (place->has_length && place->length != tensor->bytes)
        return camx__onnx_fail(reader, CAMX_E_FORMAT,
                               "declares %" PRId64
                               " elements of type %s but its external data has %" PRIu64
                               " bytes; the file is damaged",
                               tensor->count, camx__onnx_elem_name(tensor->elem), place->length);
    CAMX__FORWARD(find_source(reader, place->location, &tensor->source));
    tensor->offset = place->offset;
    return check_present(reader, tensor);
}

void camx__onnx_external_close(camx__onnx_file *file)
{
    struct camx__onnx_external *external = file->external;

    if (external == NULL)
        return;
    for (uint32_t i = 0; i < external->count; i++)
        camx__source_close(external->sources[i]);
    if (external->folder >= 0)
        close(external->folder);
    camx__free(file->memory, external->sources);
    file->external = NULL; /* the struct itself is in the zone */
}
