/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of names: open addressing, at most half full. The names come from strangers, who could
 * choose them so that they all meet in one place and every search takes long; so a search never
 * looks further than LONGEST_SEARCH places, and a file that would need more is refused. Honest
 * names stay far below.
 */
#include <string.h>

#include "onnx/onnx_reader.h"

#define LONGEST_SEARCH 512
#define FIRST_CAPACITY 256

typedef struct place {
    uint32_t hash;
    int32_t id; /* -1 = free */
} place;

struct camx__onnx_names {
    place *places;
    uint32_t capacity; /* a power of two */
    uint32_t used;
};

/* FNV-1a, and a final mix so that the low bits depend on all of it. */
static uint32_t hash_of(const char *name, size_t length)
{
    uint64_t hash = 0xCBF29CE484222325u;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * 0x100000001B3u;
    hash ^= hash >> 33;
    hash *= 0xFF51AFD7ED558CCDu;
    hash ^= hash >> 33;
    return (uint32_t)hash;
}

static place *new_places(camx__memory *memory, uint32_t capacity)
{
    place *places = camx__alloc(memory, capacity, sizeof *places);

    for (uint32_t i = 0; places != NULL && i < capacity; i++)
        places[i] = (place){0, -1};
    return places;
}

camx__onnx_names *camx__onnx_names_open(camx__memory *memory)
{
    camx__onnx_names *names = camx__alloc_clear(memory, 1, sizeof *names);

    if (names == NULL)
        return NULL;
    names->capacity = FIRST_CAPACITY;
    names->places = new_places(memory, names->capacity);
    if (names->places == NULL) {
        camx__free(memory, names);
        return NULL;
    }
    return names;
}

void camx__onnx_names_close(camx__memory *memory, camx__onnx_names *names)
{
    if (names == NULL)
        return;
    camx__free(memory, names->places);
    camx__free(memory, names);
}

int32_t camx__onnx_names_find(const camx__onnx_names *names, const camx__onnx_value *values,
                              const char *name, size_t length)
{
    uint32_t hash = hash_of(name, length);

    for (uint32_t i = 0; i < LONGEST_SEARCH; i++) {
        const place *here = &names->places[(hash + i) & (names->capacity - 1)];
        if (here->id < 0)
            return -1;
        const char *known = here->hash == hash ? values[here->id].name : NULL;
        if (known != NULL && strncmp(known, name, length) == 0 && known[length] == '\0')
            return here->id;
    }
    return -1;
}

static bool put(place *places, uint32_t capacity, place item)
{
    for (uint32_t i = 0; i < LONGEST_SEARCH; i++) {
        place *here = &places[(item.hash + i) & (capacity - 1)];
        if (here->id < 0) {
            *here = item;
            return true;
        }
    }
    return false;
}

static camx_status grow(camx__memory *memory, camx__onnx_names *names)
{
    uint32_t capacity = names->capacity * 2;
    place *places = names->capacity <= UINT32_MAX / 4 ? new_places(memory, capacity) : NULL;

    if (places == NULL)
        return CAMX_E_MEMORY;
    for (uint32_t i = 0; i < names->capacity; i++) {
        if (names->places[i].id >= 0 && !put(places, capacity, names->places[i])) {
            camx__free(memory, places);
            return CAMX_E_LIMIT;
        }
    }
    camx__free(memory, names->places);
    names->places = places;
    names->capacity = capacity;
    return CAMX_OK;
}

camx_status camx__onnx_names_add(camx__memory *memory, camx__onnx_names *names, const char *name,
                                 size_t length, int32_t id)
{
    if (names->used >= names->capacity / 2)
        CAMX__FORWARD(grow(memory, names));
    if (!put(names->places, names->capacity, (place){hash_of(name, length), id}))
        return CAMX_E_LIMIT;
    names->used++;
    return CAMX_OK;
}
