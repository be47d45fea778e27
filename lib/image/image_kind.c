/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells PNG and JPEG by their first bytes, and says of other files what they look like: people
 * give a file the wrong ending, or save an error page under a picture's name.
 */
#include <string.h>

#include "image/image_internal.h"

static const uint8_t png_signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
static const uint8_t jpeg_signature[3] = {0xff, 0xd8, 0xff};

/* Bytes that a kind of file has at a place. Pictures are valid but unsupported; the rest is no
 * picture. */
typedef struct signature {
    const char *name;
    const char *bytes;
    uint8_t at;
    uint8_t length;
    bool picture;
} signature;

static const signature signatures[] = {
    {"a GIF picture", "GIF8", 0, 4, true},
    {"a WebP picture", "WEBP", 8, 4, true},
    {"a TIFF picture", "II*\0", 0, 4, true},
    {"a TIFF picture", "MM\0*", 0, 4, true},
    {"an AVIF picture", "ftypavi", 4, 7, true},
    {"a HEIC picture", "ftyphei", 4, 7, true},
    {"a HEIC picture", "ftyphev", 4, 7, true},
    {"a HEIC picture", "ftypmif1", 4, 8, true},
    {"a video (MP4 or MOV)", "ftyp", 4, 4, false},
    {"a JPEG 2000 picture", "\0\0\0\x0cjP  ", 0, 8, true},
    {"a JPEG 2000 picture", "\xff\x4f\xff\x51", 0, 4, true},
    {"a JPEG XL picture", "\0\0\0\x0cJXL ", 0, 8, true},
    {"a JPEG XL picture", "\xff\x0a", 0, 2, true},
    {"a Photoshop picture", "8BPS", 0, 4, true},
    {"an OpenEXR picture", "v/1\x01", 0, 4, true},
    {"a QOI picture", "qoif", 0, 4, true},
    {"an icon (ICO)", "\0\0\1\0", 0, 4, true},
    {"an MNG animation", "\x8aMNG", 0, 4, true},
    {"a BMP picture", "BM", 0, 2, true},
    {"a PDF document", "%PDF", 0, 4, false},
    {"a NumPy array", "\x93NUMPY", 0, 6, false},
    {"a ZIP archive", "PK\3\4", 0, 4, false},
    {"gzip data", "\x1f\x8b", 0, 2, false},
    {"a Git LFS pointer, not the picture itself (run `git lfs pull`)", "version https://git-lfs", 0,
     23, false},
    {"a PNG file whose line ends were changed on the way (copy it in binary mode)", "\x89PNG", 0, 4,
     false},
};

static bool has(const uint8_t *bytes, size_t size, const signature *wanted)
{
    return size >= (size_t)wanted->at + wanted->length &&
           memcmp(bytes + wanted->at, wanted->bytes, wanted->length) == 0;
}

/* Without <ctype.h>, whose answers depend on the locale. */
static int lower(uint8_t letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter;
}

/* Does the text (after blanks and a byte order mark) begin with `word`, in either case? */
static bool text_begins(const uint8_t *bytes, size_t size, const char *word)
{
    size_t at = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    size_t length = strlen(word);

    while (at < size && (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r')))
        at++;
    if (size - at < length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (lower(bytes[at + i]) != word[i])
            return false;
    return true;
}

static bool looks_like_text(const uint8_t *bytes, size_t size)
{
    size_t length = size < 512 ? size : 512;

    for (size_t i = 0; i < length; i++)
        if (bytes[i] == 0x7f || (bytes[i] < ' ' && (bytes[i] < '\t' || bytes[i] > '\r')))
            return false;
    return true;
}

static bool looks_like_pnm(const uint8_t *bytes, size_t size)
{
    return size >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' &&
           (bytes[2] == '\n' || bytes[2] == ' ' || bytes[2] == '\r' || bytes[2] == '\t');
}

/* What bytes without a known signature look like. */
static const char *describe(const uint8_t *bytes, size_t size, bool *picture)
{
    *picture = false;
    if (looks_like_pnm(bytes, size)) {
        *picture = true;
        return "a PNM picture (PPM, PGM or PBM)";
    }
    if (text_begins(bytes, size, "<!doctype html") || text_begins(bytes, size, "<html"))
        return "an HTML page (a download that went wrong?)";
    if (text_begins(bytes, size, "<svg")) {
        *picture = true;
        return "an SVG drawing";
    }
    if (text_begins(bytes, size, "<?xml"))
        return "XML text (an SVG drawing or a server's answer)";
    return looks_like_text(bytes, size) ? "a text file" : NULL;
}

camx__image_kind camx__image_tell_kind(const uint8_t *bytes, size_t size)
{
    if (size >= sizeof png_signature && memcmp(bytes, png_signature, sizeof png_signature) == 0)
        return CAMX__IMAGE_KIND_PNG;
    if (size >= sizeof jpeg_signature && memcmp(bytes, jpeg_signature, sizeof jpeg_signature) == 0)
        return CAMX__IMAGE_KIND_JPEG;
    return CAMX__IMAGE_KIND_OTHER;
}

camx_status camx__image_refuse_kind(const camx__image_job *job, const uint8_t *bytes, size_t size)
{
    const char *name = NULL;
    bool picture = false;

    if (size == 0)
        return camx__image_fail(job, CAMX_E_FORMAT, "there are no bytes in it: it is empty");
    if ((size < sizeof png_signature && memcmp(bytes, png_signature, size) == 0) ||
        (size < sizeof jpeg_signature && memcmp(bytes, jpeg_signature, size) == 0))
        return camx__image_fail(job, CAMX_E_FORMAT, "the file ends after %zu bytes: copy it again",
                                size);
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0] && name == NULL; i++) {
        if (has(bytes, size, &signatures[i])) {
            name = signatures[i].name;
            picture = signatures[i].picture;
        }
    }
    if (name == NULL)
        name = describe(bytes, size, &picture);
    if (name == NULL)
        return camx__image_fail(job, CAMX_E_FORMAT, "this is neither a PNG nor a JPEG file");
    if (picture)
        return camx__image_fail(job, CAMX_E_UNSUPPORTED,
                                "this is %s, and only PNG and JPEG can be read: convert it first",
                                name);
    return camx__image_fail(job, CAMX_E_FORMAT, "this is neither PNG nor JPEG but %s", name);
}
