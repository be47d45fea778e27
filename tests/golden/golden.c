/* SPDX-License-Identifier: Apache-2.0 */
/* Reading reference files. Bytes are put together one by one, so any byte order and alignment will do. */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bytes {
    const unsigned char *at;
    size_t left;
    int short_of;
} bytes;

static uint32_t take_u32(bytes *b)
{
    if (b->left < 4) {
        b->short_of = 1;
        return 0;
    }
    uint32_t value = (uint32_t)b->at[0] | (uint32_t)b->at[1] << 8 | (uint32_t)b->at[2] << 16 |
                     (uint32_t)b->at[3] << 24;
    b->at += 4;
    b->left -= 4;
    return value;
}

static float take_f32(bytes *b)
{
    uint32_t pattern = take_u32(b);
    float value = 0.0F;
    memcpy(&value, &pattern, sizeof value);
    return value;
}

static void take_data(bytes *b, golden_record *record, uint32_t dtype)
{
    size_t size = dtype == 0 ? 4 : 1;
    size_t padded = (record->count * size + 3) / 4 * 4;
    if (b->left < padded) {
        b->short_of = 1;
        return;
    }
    bytes data = {b->at, padded, 0};
    record->values = malloc((record->count + 1) * sizeof(float));
    for (uint32_t i = 0; record->values != NULL && i < record->count; i++)
        record->values[i] = dtype == 0 ? take_f32(&data) : (float)(signed char)b->at[i] * record->scale;
    b->at += padded;
    b->left -= padded;
}

static void take_record(bytes *b, golden_record *record)
{
    record->kind = take_u32(b);
    uint32_t flags = take_u32(b);
    uint32_t dtype = take_u32(b);
    uint32_t name_bytes = take_u32(b);
    record->is_default = flags & 1u;
    record->is_degenerate = flags >> 1 & 1u;
    record->rank = take_u32(b);
    for (int i = 0; i < 6; i++)
        record->dims[i] = take_u32(b);
    record->count = take_u32(b);
    record->scale = take_f32(b);
    record->error = take_f32(b);
    record->raw_error = take_f32(b);
    for (int i = 0; i < 5; i++)
        record->params[i] = take_u32(b);
    if (b->left < name_bytes || b->short_of) {
        b->short_of = 1;
        return;
    }
    record->name = malloc(name_bytes + 1);
    if (record->name != NULL) {
        memcpy(record->name, b->at, name_bytes);
        record->name[name_bytes] = '\0';
    }
    b->at += name_bytes;
    b->left -= name_bytes;
    take_data(b, record, dtype);
}

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *stream = fopen(path, "rb");
    unsigned char *data = NULL;
    if (stream == NULL)
        return NULL;
    if (fseek(stream, 0, SEEK_END) == 0) {
        long length = ftell(stream);
        rewind(stream);
        data = length > 0 ? malloc((size_t)length) : NULL;
        *size = data != NULL ? fread(data, 1, (size_t)length, stream) : 0;
    }
    fclose(stream);
    return data;
}

int golden_read(const char *path, golden *file)
{
    size_t size = 0;
    unsigned char *data = read_file(path, &size);
    memset(file, 0, sizeof *file);
    if (data == NULL || size < 12 || memcmp(data, "CAMXREF1", 8) != 0) {
        fprintf(stderr, "%s: not a reference file\n", path);
        free(data);
        return 1;
    }
    bytes b = {data + 8, size - 8, 0};
    uint32_t count = take_u32(&b);
    file->records = calloc((size_t)count + 1, sizeof *file->records);
    for (uint32_t i = 0; file->records != NULL && i < count && !b.short_of; i++) {
        take_record(&b, &file->records[i]);
        file->count++;
    }
    free(data);
    if (b.short_of)
        fprintf(stderr, "%s: cut short\n", path);
    return b.short_of;
}

void golden_free(golden *file)
{
    for (uint32_t i = 0; i < file->count; i++) {
        free(file->records[i].name);
        free(file->records[i].values);
    }
    free(file->records);
    memset(file, 0, sizeof *file);
}

const golden_record *golden_find(const golden *file, uint32_t kind)
{
    for (uint32_t i = 0; i < file->count; i++)
        if (file->records[i].kind == kind)
            return &file->records[i];
    return NULL;
}

uint64_t golden_elements(const golden_record *record)
{
    uint64_t count = 1;
    for (uint32_t i = 0; i < record->rank && i < 6; i++)
        count *= record->dims[i];
    return count;
}
