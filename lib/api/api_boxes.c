/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes, and the heat inside a region. */
#include "api/api_check.h"
#include "map/regions.h"
#include "picture/picture.h"

camx_status camx_map_boxes(const camx_map *map, uint32_t image, const camx_box_options *options, camx_box *boxes,
                           uint32_t count, uint32_t *found, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(map, error);
    CAMX__NOT_NULL(found, error);
    *found = 0;
    if (count > 0)
        CAMX__NOT_NULL(boxes, error);
    return camx__map_boxes(map, image, options, boxes, count, found, error);
}

float camx_box_iou(const camx_rect *a, const camx_rect *b)
{
    return a != NULL && b != NULL ? camx__box_iou(a, b) : 0.0F;
}

camx_status camx_map_focus_box(const camx_map *map, uint32_t image, const camx_rect *box, camx_focus *focus,
                               camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(map, error);
    CAMX__NOT_NULL(box, error);
    CAMX__NOT_NULL(focus, error);
    return camx__map_focus_box(map, image, box, focus, error);
}

camx_status camx_map_focus_mask(const camx_map *map, uint32_t image, const camx_pixels *mask, int32_t level,
                                camx_focus *focus, camx_error *error)
{
    CAMX__BEGIN(error);
    CAMX__NOT_NULL(map, error);
    CAMX__NOT_NULL(mask, error);
    CAMX__NOT_NULL(focus, error);
    return camx__map_focus_mask(map, image, mask, level, focus, error);
}

camx_status camx_boxes_draw(const camx_box *boxes, uint32_t count, const camx_line_options *options,
                            camx_pixels *out, camx_error *error)
{
    CAMX__BEGIN(error);
    if (count > 0)
        CAMX__NOT_NULL(boxes, error);
    CAMX__NOT_NULL(out, error);
    return camx__picture_boxes(boxes, count, options, out, error);
}
