/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map in the caller's own pixels. Every pixel's centre is carried into the network's input by the
 * geometry, and from there into the raw map, which is sampled there: one step from the layer to the
 * photograph, without a detour over the network's size. Where photograph and input are the same
 * (ready tensors) this is the resizing that pytorch-grad-cam leaves to OpenCV.
 */
#include <assert.h>
#include <math.h>

#include "base/checked.h"
#include "base/options.h"
#include "map/map.h"
#include "map/scaling.h"

#define BLOCK 256 /* columns */

/* A place between two cells along one axis: (1 - part) * cell[low] + part * cell[high]. */
typedef struct place {
    bool seen; /* false: the network never saw this pixel */
    int32_t low;
    int32_t high;
    float part;
    int32_t nearest;
} place;

/* One axis of the way from a pixel of the picture to a cell of the map. */
typedef struct axis {
    double photo_per_pixel;
    double scale;
    double offset;
    double network_size;
    double cells_per_network_pixel;
    int32_t cells;
} axis;

typedef struct renderer {
    const float *map;
    int32_t map_width;
    camx__scaling scaling;
    bool nearest;
} renderer;

static axis axis_of(int32_t pixels, int32_t photo, int32_t network, double scale, double offset,
                    int32_t cells)
{
    return (axis){
        .photo_per_pixel = (double)photo / pixels,
        .scale = scale,
        .offset = offset,
        .network_size = network,
        .cells_per_network_pixel = (double)cells / network,
        .cells = cells,
    };
}

static place place_of(const axis *along, int32_t pixel)
{
    double network = (pixel + 0.5) * along->photo_per_pixel * along->scale + along->offset;
    place at = {.seen = network >= 0.0 && network < along->network_size};

    if (!at.seen)
        return at;
    double cell = network * along->cells_per_network_pixel;
    double middle = cell - 0.5;
    double low = floor(middle);
    at.nearest = cell < along->cells - 1 ? (int32_t)cell : along->cells - 1;
    at.low = low < 0 ? 0 : (int32_t)low;
    at.part = low < 0 ? 0.0f : (float)(middle - low);
    if (at.low >= along->cells - 1) {
        at.low = along->cells - 1;
        at.part = 0.0f;
    }
    at.high = at.part > 0.0f ? at.low + 1 : at.low;
    return at;
}

static float cell_at(const renderer *work, int32_t x, int32_t y)
{
    float raw = work->map[(size_t)y * (size_t)work->map_width + (size_t)x];

    return camx__scaling_lower(&work->scaling, raw);
}

/* Between cells of which some are unknown: the known ones share the weight. */
static float mix_known(const float cells[4], const float weights[4])
{
    float sum = 0.0f;
    float weight = 0.0f;

    for (int i = 0; i < 4; i++)
        if (weights[i] > 0.0f && !isnan(cells[i])) {
            sum += cells[i] * weights[i];
            weight += weights[i];
        }
    return weight > 0.0f ? sum / weight : NAN;
}

static float sample(const renderer *work, const place *x, const place *y)
{
    if (work->nearest)
        return cell_at(work, x->nearest, y->nearest) / work->scaling.high;
    const float cells[4] = {cell_at(work, x->low, y->low), cell_at(work, x->high, y->low),
                            cell_at(work, x->low, y->high), cell_at(work, x->high, y->high)};
    float top = cells[0] * (1.0f - x->part) + cells[1] * x->part;
    float bottom = cells[2] * (1.0f - x->part) + cells[3] * x->part;
    float mixed = top * (1.0f - y->part) + bottom * y->part;
    if (!isfinite(mixed)) {
        /* Unknown or infinite cells. The pixels of an unknown cell are unknown; beside it, zero
         * times NaN must not count. */
        if (isnan(cell_at(work, x->nearest, y->nearest)))
            return NAN;
        const float weights[4] = {(1.0f - x->part) * (1.0f - y->part), x->part * (1.0f - y->part),
                                  (1.0f - x->part) * y->part, x->part * y->part};
        mixed = mix_known(cells, weights);
    }
    return mixed / work->scaling.high;
}

static void rescale(int32_t kind, float *values, size_t count)
{
    camx__scaling scaling = camx__scaling_for(kind, values, count);

    for (size_t i = 0; i < count; i++)
        values[i] = camx__scaling_apply(&scaling, values[i]);
}

/* Column by column of blocks, so that places along x are worked out once and need no memory. */
static void draw(const renderer *work, const axis *across, const axis *down, float *values,
                 int32_t width, int32_t height)
{
    place x[BLOCK];

    for (int32_t begin = 0; begin < width; begin += BLOCK) {
        int32_t columns = width - begin < BLOCK ? width - begin : BLOCK;
        for (int32_t i = 0; i < columns; i++)
            x[i] = place_of(across, begin + i);
        for (int32_t row = 0; row < height; row++) {
            place y = place_of(down, row);
            float *out = values + (size_t)row * (size_t)width + (size_t)begin;
            for (int32_t i = 0; i < columns; i++)
                out[i] = x[i].seen && y.seen ? sample(work, &x[i], &y) : NAN;
        }
    }
}

camx_status camx__map_scale(const camx_map *map, uint32_t image, int32_t scaling, float *values,
                            size_t count, camx_error *error)
{
    CAMX__FORWARD(camx__map_check_image(map, image, error));
    const float *raw = camx__map_values(map, image);
    size_t area = (size_t)map->width * (size_t)map->height;

    if (!camx__scaling_exists(scaling))
        return camx__fail(error, CAMX_E_ARGUMENT, "there is no scaling number %d", scaling);
    if (values == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "values is NULL");
    if (count != area)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "count is %zu, but the map has %d x %d = %zu values", count, map->width,
                          map->height, area);
    camx__scaling how = camx__scaling_for(scaling, raw, area);
    for (size_t i = 0; i < area; i++)
        values[i] = camx__scaling_apply(&how, raw[i]);
    return CAMX_OK;
}

void camx__map_render_defaults(camx_render_options *options)
{
    *options = (camx_render_options){.struct_size = sizeof *options, .scaling = CAMX_SCALING_PGC};
}

static camx_status check_render(const camx_render_options *options, const float *values,
                                int32_t width, int32_t height, camx_error *error)
{
    size_t area;

    if (!camx__scaling_exists(options->scaling))
        return camx__fail(error, CAMX_E_ARGUMENT, "there is no scaling number %d",
                          options->scaling);
    if (values == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "values is NULL: width x height floats are needed");
    if (width < 1 || height < 1 || !camx__mul_size((size_t)width, (size_t)height, &area) ||
        area > PTRDIFF_MAX / sizeof(float))
        return camx__fail(error, CAMX_E_ARGUMENT, "a map cannot be rendered to %d x %d pixels",
                          width, height);
    return CAMX_OK;
}

camx_status camx__map_render(const camx_map *map, uint32_t image,
                             const camx_render_options *options, float *values, int32_t width,
                             int32_t height, camx_error *error)
{
    camx_render_options taken;

    CAMX__FORWARD(camx__map_check_image(map, image, error));
    camx__map_render_defaults(&taken);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_render_options, &taken, options, error));
    CAMX__FORWARD(check_render(&taken, values, width, height, error));
    const camx__geometry *to = &map->records[image].geometry;
    axis across =
        axis_of(width, to->photo_width, to->network_width, to->scale_x, to->offset_x, map->width);
    axis down = axis_of(height, to->photo_height, to->network_height, to->scale_y, to->offset_y,
                        map->height);
    renderer work = {
        .map = camx__map_values(map, image),
        .map_width = map->width,
        .nearest = taken.nearest != 0,
    };
    work.scaling =
        camx__scaling_for(taken.scaling, work.map, (size_t)map->width * (size_t)map->height);
    draw(&work, &across, &down, values, width, height);
    if (taken.scaling == CAMX_SCALING_PGC)
        rescale(taken.scaling, values, (size_t)width * (size_t)height);
    return CAMX_OK;
}
