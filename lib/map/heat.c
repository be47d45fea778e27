/* SPDX-License-Identifier: Apache-2.0 */
/* The positive part of a map in the photograph's own pixels, and the level that parts it into two. */
#include <math.h>

#include "base/checked.h"
#include "base/error.h"
#include "map/regions.h"

/* A map belongs to one thread at a time, so its memory may be used though its content does not change. */
static camx__memory *memory_of(const camx_map *map)
{
    return &((camx_map *)map)->memory;
}

static void survey(camx__heat *heat)
{
    heat->peak_x = -1;
    heat->peak_y = -1;
    for (int32_t y = 0; y < heat->height; y++) {
        const float *row = heat->values + (size_t)y * (size_t)heat->width;
        for (int32_t x = 0; x < heat->width; x++) {
            if (isnan(row[x]))
                continue;
            heat->seen++;
            heat->sum += (double)row[x];
            if (row[x] > heat->maximum) {
                heat->maximum = row[x];
                heat->peak_x = x;
                heat->peak_y = y;
            }
        }
    }
}

camx_status camx__map_heat(const camx_map *map, uint32_t image, camx__heat *heat, camx_error *error)
{
    camx_render_options options;

    *heat = (camx__heat){.values = NULL};
    CAMX__FORWARD(camx__map_check_image(map, image, error));
    const camx__geometry *geometry = &map->records[image].geometry;
    size_t area = 0;
    heat->width = geometry->photo_width;
    heat->height = geometry->photo_height;
    if (!camx__mul_size((size_t)heat->width, (size_t)heat->height, &area))
        return camx__fail_memory(error, SIZE_MAX, "the heat");
    heat->values = camx__alloc(memory_of(map), area, sizeof *heat->values);
    if (heat->values == NULL)
        return camx__fail_memory(error, area * sizeof *heat->values, "the heat");
    camx__map_render_defaults(&options);
    options.scaling = CAMX_SCALING_POSITIVE;
    camx_status status =
        camx__map_render(map, image, &options, heat->values, heat->width, heat->height, error);
    if (status == CAMX_OK)
        survey(heat);
    else
        camx__map_heat_free(map, heat);
    return status;
}

void camx__map_heat_free(const camx_map *map, camx__heat *heat)
{
    camx__free(memory_of(map), heat->values);
    heat->values = NULL;
}

#define BINS 256

/* The group of everything up to a bin: how many values, and the sum of their bins. */
typedef struct group {
    double count;
    double sum;
} group;

/* How far two groups are apart: the variance between them, to a factor. */
static double apart(const group *low, const group *all)
{
    double high = all->count - low->count;

    if (low->count <= 0.0 || high <= 0.0)
        return 0.0;
    double difference = low->sum / low->count - (all->sum - low->sum) / high;
    return low->count * high * difference * difference;
}

float camx__heat_otsu(const camx__heat *heat)
{
    double bins[BINS] = {0};
    group all = {0, 0};
    group low = {0, 0};
    double best = 0.0;
    int first = 0;
    int last = 0;

    for (size_t i = 0; i < (size_t)heat->width * (size_t)heat->height; i++)
        if (!isnan(heat->values[i])) {
            int bin = (int)(heat->values[i] / heat->maximum * (float)BINS);
            bin = bin < 0 ? 0 : bin < BINS ? bin : BINS - 1;
            bins[bin]++;
            all.count++;
            all.sum += bin;
        }
    for (int bin = 0; bin + 1 < BINS; bin++) {
        low.count += bins[bin];
        low.sum += bin * bins[bin];
        double distance = apart(&low, &all);
        if (distance > best) {
            best = distance;
            first = bin;
        }
        /* Empty bins between two groups make no difference: the middle of them is taken. */
        if (distance >= best && best > 0.0)
            last = bin;
    }
    return ((float)(first + last) / 2.0f + 1.0f) / (float)BINS * heat->maximum;
}
