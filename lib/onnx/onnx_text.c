/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the file, and sentences about it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "onnx/onnx_reader.h"

#define SUBJECT_SIZE 320

/* "attribute 'value' of node 'c1' (Conv)", or an empty text while nothing particular is read. */
static void name_subject(const camx__onnx_reader *reader, char text[SUBJECT_SIZE])
{
    static const char *const nouns[] = {"", "node", "initialiser", "input", "output"};
    const char *noun = nouns[reader->subject];
    char who[160];

    text[0] = '\0';
    if (reader->subject == CAMX__SUBJECT_MODEL)
        return;
    if (reader->name != NULL && reader->name[0] != '\0')
        snprintf(who, sizeof who, "%s '%.100s'", noun, reader->name);
    else
        snprintf(who, sizeof who, "%s number %" PRIu32, noun, reader->number);
    if (reader->attribute != NULL)
        snprintf(text, SUBJECT_SIZE, "attribute '%.60s' of ", reader->attribute);
    size_t used = strlen(text);
    if (reader->op_type != NULL)
        snprintf(text + used, SUBJECT_SIZE - used, "%s (%.40s) ", who, reader->op_type);
    else
        snprintf(text + used, SUBJECT_SIZE - used, "%s ", who);
}

camx_status camx__onnx_fail(const camx__onnx_reader *reader, camx_status status, const char *format,
                            ...)
{
    char subject[SUBJECT_SIZE];
    char rest[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(rest, sizeof rest, format, arguments);
    va_end(arguments);
    name_subject(reader, subject);
    return camx__fail(reader->error, status, "%.120s: %s%s", reader->file->name, subject, rest);
}

camx_status camx__onnx_fail_memory(const camx__onnx_reader *reader)
{
    return camx__fail(reader->error, CAMX_E_MEMORY,
                      "%.120s: out of memory, or the memory limit was met, while the file was read",
                      reader->file->name);
}

camx_status camx__onnx_keep(camx__onnx_reader *reader, size_t count, size_t size, void *records)
{
    void *made = camx__zone_alloc(&reader->file->zone, count, size);

    if (made == NULL)
        return camx__onnx_fail_memory(reader);
    memcpy(records, &made, sizeof made);
    return CAMX_OK;
}

static camx_status check_length(camx__onnx_reader *reader, uint64_t length, uint64_t limit)
{
    if (limit != 0 && length > limit)
        return camx__onnx_fail(reader, CAMX_E_LIMIT,
                               "has a name or text of %" PRIu64
                               " bytes, more than the limit max_name_bytes = %" PRIu64,
                               length, limit);
    if (length >= SIZE_MAX)
        return camx__onnx_fail_memory(reader);
    return CAMX_OK;
}

static camx_status make_room(camx__onnx_reader *reader, size_t size)
{
    if (size <= reader->text_size)
        return CAMX_OK;
    size_t wanted = size < 256 ? 256 : size;
    char *text = camx__resize(reader->memory, reader->text, wanted, 1);
    if (text == NULL)
        return camx__onnx_fail_memory(reader);
    reader->text = text;
    reader->text_size = wanted;
    return CAMX_OK;
}

camx_status camx__onnx_read_text(camx__onnx_reader *reader, const camx__field *field)
{
    uint64_t length = field->body.end - field->body.at;

    CAMX__FORWARD(camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES));
    CAMX__FORWARD(check_length(reader, length, reader->limits->max_name_bytes));
    CAMX__FORWARD(make_room(reader, (size_t)length + 1));
    CAMX__FORWARD(camx__wire_copy(&reader->wire, field->body, reader->text));
    reader->text[length] = '\0';
    reader->text_length = (size_t)length;
    if (strlen(reader->text) != reader->text_length ||
        !camx__utf8_valid(reader->text, reader->text_length))
        return camx__onnx_fail(
            reader, CAMX_E_FORMAT,
            "uses the name '%.80s', which is not plain UTF-8 text; the file is damaged",
            reader->text);
    return CAMX_OK;
}

camx_status camx__onnx_keep_text(camx__onnx_reader *reader, const camx__field *field,
                                 const char **text)
{
    CAMX__FORWARD(camx__onnx_read_text(reader, field));
    if (reader->text_length == 0) {
        *text = "";
        return CAMX_OK;
    }
    *text = camx__zone_text(&reader->file->zone, reader->text, reader->text_length);
    return *text != NULL ? CAMX_OK : camx__onnx_fail_memory(reader);
}

camx_status camx__onnx_keep_bytes(camx__onnx_reader *reader, const camx__field *field,
                                  uint64_t max_bytes, camx__onnx_text *bytes)
{
    uint64_t length = field->body.end - field->body.at;
    char *copy = NULL;

    CAMX__FORWARD(camx__wire_expect(&reader->wire, field, CAMX__WIRE_BYTES));
    CAMX__FORWARD(check_length(reader, length, max_bytes));
    CAMX__FORWARD(camx__onnx_keep(reader, (size_t)length + 1, 1, &copy));
    CAMX__FORWARD(camx__wire_copy(&reader->wire, field->body, copy));
    *bytes = (camx__onnx_text){copy, (size_t)length};
    return CAMX_OK;
}
