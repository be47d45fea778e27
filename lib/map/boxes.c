/* SPDX-License-Identifier: Apache-2.0 */
/* From a map to boxes in the photograph's own pixels. */
#include <math.h>

#include "base/options.h"
#include "map/regions.h"

void camx__box_defaults(camx_box_options *options)
{
    *options = (camx_box_options){
        .struct_size = sizeof *options,
        .threshold = CAMX_BOX_THRESHOLD_SHARE,
        .share = 0.15f,
        .connectivity = 8,
        .min_area = 0.001f,
    };
}

static camx_status check(const camx_box_options *options, camx_error *error)
{
    if (options->threshold != CAMX_BOX_THRESHOLD_SHARE && options->threshold != CAMX_BOX_THRESHOLD_OTSU)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_box_options.threshold is %d, which is no camx_box_threshold", options->threshold);
    if (!(options->share > 0.0f && options->share <= 1.0f))
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_box_options.share is %g: it must be above 0 and at most 1", (double)options->share);
    if (options->connectivity != 4 && options->connectivity != 8)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_box_options.connectivity is %d: pixels have 4 or 8 neighbours",
                          options->connectivity);
    if (options->order < CAMX_BOX_ORDER_AREA || options->order > CAMX_BOX_ORDER_PEAK)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_box_options.order is %d, which is no camx_box_order",
                          options->order);
    if (!(options->min_area >= 0.0f && options->min_area <= 1.0f))
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_box_options.min_area is %g: it must be from 0 to 1",
                          (double)options->min_area);
    return CAMX_OK;
}

static double key(const camx_box *box, int32_t order)
{
    switch (order) {
    case CAMX_BOX_ORDER_MASS:
        return box->mass;
    case CAMX_BOX_ORDER_MEAN:
        return (double)box->mean;
    case CAMX_BOX_ORDER_PEAK:
        return (double)box->peak;
    default:
        return (double)box->area;
    }
}

/* Greater keys first; among equals the one that begins further up, then further left. */
static bool comes_first(const camx_box *a, const camx_box *b, int32_t order)
{
    double of_a = key(a, order);
    double of_b = key(b, order);

    if (of_a != of_b)
        return of_a > of_b;
    return a->rect.y < b->rect.y || (a->rect.y == b->rect.y && a->rect.x < b->rect.x);
}

/* Shell's: in place, and quick enough for the thousands of specks of a noisy map. */
static void sort(camx_box *boxes, uint32_t count, int32_t order)
{
    for (uint32_t gap = count / 2; gap > 0; gap /= 2)
        for (uint32_t i = gap; i < count; i++) {
            camx_box moved = boxes[i];
            uint32_t at = i;
            for (; at >= gap && comes_first(&moved, &boxes[at - gap], order); at -= gap)
                boxes[at] = boxes[at - gap];
            boxes[at] = moved;
        }
}

/* Leaves out specks, and all but the largest if that was asked for. Returns how many are left. */
static uint32_t choose(camx_box *boxes, uint32_t count, const camx_box_options *options, const camx__heat *heat)
{
    double least = (double)options->min_area * heat->width * heat->height;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++)
        if ((double)boxes[i].area >= least) {
            boxes[kept] = boxes[i];
            boxes[kept].mass /= heat->sum;
            boxes[kept].mean /= heat->maximum;
            boxes[kept].peak /= heat->maximum;
            kept++;
        }
    if (options->largest != 0 && kept > 1) {
        sort(boxes, kept, CAMX_BOX_ORDER_AREA);
        return 1;
    }
    sort(boxes, kept, options->order);
    return kept;
}

static camx_status find(const camx_map *map, const camx__heat *heat, const camx_box_options *options,
                        camx_box *boxes, uint32_t room, uint32_t *found, camx_error *error)
{
    camx__memory *memory = &((camx_map *)map)->memory; /* a map belongs to one thread at a time */
    camx_box *all = NULL;
    uint32_t count = 0;
    float level = options->threshold == CAMX_BOX_THRESHOLD_OTSU ? camx__heat_otsu(heat)
                                                                : options->share * heat->maximum;

    CAMX__FORWARD(camx__heat_components(heat, level, options->connectivity, memory, &all, &count, error));
    *found = choose(all, count, options, heat);
    for (uint32_t i = 0; i < *found && i < room; i++)
        boxes[i] = all[i];
    camx__free(memory, all);
    return CAMX_OK;
}

camx_status camx__map_boxes(const camx_map *map, uint32_t image, const camx_box_options *options, camx_box *boxes,
                            uint32_t room, uint32_t *found, camx_error *error)
{
    camx_box_options taken;
    camx__heat heat;
    camx_status status = CAMX_OK;

    *found = 0;
    camx__box_defaults(&taken);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_box_options, &taken, options, error));
    CAMX__FORWARD(check(&taken, error));
    CAMX__FORWARD(camx__map_heat(map, image, &heat, error));
    if (heat.maximum > 0.0f)
        status = find(map, &heat, &taken, boxes, room, found, error);
    camx__map_heat_free(map, &heat);
    return status;
}

static int64_t overlap(int32_t a, int32_t a_size, int32_t b, int32_t b_size)
{
    int64_t from = a > b ? a : b;
    int64_t end_a = (int64_t)a + a_size;
    int64_t end_b = (int64_t)b + b_size;
    int64_t to = end_a < end_b ? end_a : end_b;

    return to > from ? to - from : 0;
}

float camx__box_iou(const camx_rect *a, const camx_rect *b)
{
    if (a->width <= 0 || a->height <= 0 || b->width <= 0 || b->height <= 0)
        return 0.0f;
    double both = (double)overlap(a->x, a->width, b->x, b->width) * (double)overlap(a->y, a->height, b->y, b->height);
    double either = (double)a->width * a->height + (double)b->width * b->height - both;
    return (float)(both / either);
}
