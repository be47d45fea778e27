/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a map: making, reusing, and what is reported about it. */
#include "map/map.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/options.h"

/* The map's own block is counted by the memory inside it, so that its books are right while it
 * lives: the counters move with it. */
static void move_memory(camx__memory *to, const camx__memory *from)
{
    camx__memory_init(to, &from->allocator, from->limit);
    atomic_store(&to->used, atomic_load(&from->used));
    atomic_store(&to->peak, atomic_load(&from->peak));
    atomic_store(&to->blocks, atomic_load(&from->blocks));
}

camx_status camx__map_create(const camx_allocator *allocator, camx_map **map, camx_error *error)
{
    camx__memory memory;
    camx_map *made;

    if (map == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "map is NULL: there is nowhere to put the result");
    *map = NULL;
    if (allocator != NULL && (allocator->allocate == NULL || allocator->release == NULL))
        return camx__fail(error, CAMX_E_ARGUMENT, "allocator.%s is NULL: both functions are needed",
                          allocator->allocate == NULL ? "allocate" : "release");
    camx__memory_init(&memory, allocator, 0);
    made = camx__alloc_clear(&memory, 1, sizeof *made);
    if (made == NULL)
        return camx__fail_memory(error, sizeof *made, "a map");
    move_memory(&made->memory, &memory);
    *map = made;
    return CAMX_OK;
}

void camx__map_release(camx_map *map)
{
    camx__memory memory;

    if (map == NULL)
        return;
    camx__free(&map->memory, map->values);
    camx__free(&map->memory, map->records);
    camx__free(&map->memory, map->layer);
    move_memory(&memory, &map->memory);
    camx__free(&memory, map);
    assert(atomic_load(&memory.blocks) == 0);
}

void camx__map_clear(camx_map *map)
{
    map->images = 0;
    map->width = 0;
    map->height = 0;
}

/* A block of at least `count` pieces: the old one if it is large enough. */
static void *enough(camx_map *map, void *block, size_t space, size_t count, size_t size)
{
    return block != NULL && space >= count ? block : camx__alloc(&map->memory, count, size);
}

/* Gives the old block back once all new ones could be had. */
static void *take(camx_map *map, void *old, void *fresh, size_t *space, size_t count)
{
    if (fresh != old) {
        camx__free(&map->memory, old);
        *space = count;
    }
    return fresh;
}

static camx_status make_room(camx_map *map, size_t values, size_t records, const char *layer,
                             camx_error *error)
{
    size_t text = strlen(layer) + 1;
    float *new_values = enough(map, map->values, map->value_space, values, sizeof *new_values);
    camx__map_record *new_records =
        enough(map, map->records, map->record_space, records, sizeof *new_records);
    char *new_layer = enough(map, map->layer, map->layer_space, text, 1);

    if (new_values == NULL || new_records == NULL || new_layer == NULL) {
        if (new_values != map->values)
            camx__free(&map->memory, new_values);
        if (new_records != map->records)
            camx__free(&map->memory, new_records);
        if (new_layer != map->layer)
            camx__free(&map->memory, new_layer);
        return camx__fail_memory(error, values * sizeof *new_values, "the map");
    }
    memmove(new_layer, layer, text); /* the layer may be the map's own text */
    map->values = take(map, map->values, new_values, &map->value_space, values);
    map->records = take(map, map->records, new_records, &map->record_space, records);
    map->layer = take(map, map->layer, new_layer, &map->layer_space, text);
    return CAMX_OK;
}

static void reset_record(camx__map_record *record, int32_t width, int32_t height)
{
    *record = (camx__map_record){
        .geometry = camx__geometry_identity(width, height),
        .class_index = -1,
        .other_index = -1,
        .score_kind = CAMX_SCORE_LOGIT,
        .done = 1,
        .total = 1,
        .peak_x = -1,
        .peak_y = -1,
    };
}

camx_status camx__map_reset(camx_map *map, int32_t method, const char *layer, uint32_t images,
                            int32_t width, int32_t height, camx_error *error)
{
    size_t area;
    size_t total;

    assert(images > 0 && width > 0 && height > 0);
    if (!camx__mul_size((size_t)width, (size_t)height, &area) ||
        !camx__mul_size(area, images, &total) || total > PTRDIFF_MAX / sizeof(float))
        return camx__fail_memory(error, SIZE_MAX, "the map");
    CAMX__FORWARD(make_room(map, total, images, layer != NULL ? layer : "", error));
    map->method = method;
    map->images = images;
    map->width = width;
    map->height = height;
    for (size_t i = 0; i < total; i++)
        map->values[i] = NAN;
    for (uint32_t i = 0; i < images; i++)
        reset_record(&map->records[i], width, height);
    return CAMX_OK;
}

float *camx__map_raw(camx_map *map, uint32_t image)
{
    assert(image < map->images);
    return map->values + (size_t)image * (size_t)map->width * (size_t)map->height;
}

camx__map_record *camx__map_record_at(camx_map *map, uint32_t image)
{
    assert(image < map->images);
    return &map->records[image];
}

const float *camx__map_values(const camx_map *map, uint32_t image)
{
    if (map == NULL || image >= map->images)
        return NULL;
    return map->values + (size_t)image * (size_t)map->width * (size_t)map->height;
}

camx_status camx__map_check_image(const camx_map *map, uint32_t image, camx_error *error)
{
    if (map == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "map is NULL");
    if (map->images == 0)
        return camx__fail(error, CAMX_E_STATE, "the map is empty: compute it first");
    if (image >= map->images)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "there is no image %u in the map: it holds %u, counted from 0", image,
                          map->images);
    return CAMX_OK;
}

camx_status camx__map_get_info(const camx_map *map, uint32_t image, camx_map_info *info,
                               camx_error *error)
{
    const camx__map_record *record;
    camx_map_info filled = {.struct_size = sizeof filled};

    CAMX__FORWARD(camx__map_check_image(map, image, error));
    record = &map->records[image];
    filled.method = map->method;
    filled.width = map->width;
    filled.height = map->height;
    filled.class_index = record->class_index;
    filled.other_index = record->other_index;
    filled.score_kind = record->score_kind;
    filled.score = record->score;
    filled.minimum = record->minimum;
    filled.maximum = record->maximum;
    filled.peak_x = record->peak_x;
    filled.peak_y = record->peak_y;
    filled.finding = record->finding;
    filled.photo_width = record->geometry.photo_width;
    filled.photo_height = record->geometry.photo_height;
    filled.layer = map->layer;
    filled.done = record->done;
    filled.total = record->total;
    return CAMX__OPTIONS_GIVE(camx_map_info, info, &filled, error);
}
