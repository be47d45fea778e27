/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of the resizing filters. */
#include "input/taps.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

/* A filter's weight at a distance from its centre; `reach` is where it ends. */
typedef struct filter_shape {
    double reach;
    double (*weight)(double distance);
} filter_shape;

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

/* Keys' cubic (IEEE ASSP 1981) with a = -0.5. */
static double cubic(double x)
{
    const double a = -0.5;

    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

/* One output's range of source samples under a filter. */
typedef struct reach {
    double centre;
    double squeeze; /* 1 / how far the filter is stretched */
    int32_t first;
    int32_t count;
} reach;

static reach reach_of(const filter_shape *shape, double scale, int64_t output, int32_t source)
{
    double stretch = scale > 1.0 ? scale : 1.0;
    double half = shape->reach * stretch;
    reach found = {.centre = ((double)output + 0.5) * scale, .squeeze = 1.0 / stretch};
    double from = found.centre - half + 0.5;
    double to = found.centre + half + 0.5;

    if (to > source)
        to = source;
    found.first = from > 0 ? (int32_t)from : 0;
    if (found.first > source - 1)
        found.first = source - 1;
    found.count = (int32_t)to - found.first;
    if (found.count < 1)
        found.count = 1;
    return found;
}

static int32_t to_fixed(double weight)
{
    double scaled = weight * (1 << CAMX__TAPS_BITS);

    return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

static double weight_at(const filter_shape *shape, const reach *at, int32_t i)
{
    return shape->weight((i + at->first - at->centre + 0.5) * at->squeeze);
}

static void fill_filtered(const filter_shape *shape, double scale, int64_t output, int32_t source,
                          int32_t *first, int32_t *count, int32_t *weights)
{
    reach at = reach_of(shape, scale, output, source);
    double sum = 0.0;

    for (int32_t i = 0; i < at.count; i++)
        sum += weight_at(shape, &at, i);
    for (int32_t i = 0; i < at.count; i++) {
        double weight = weight_at(shape, &at, i);
        weights[i] = to_fixed(sum != 0.0 ? weight / sum : weight);
    }
    *first = at.first;
    *count = at.count;
}

/* Between the two nearest centres, however much it shrinks. */
static void fill_plain(double scale, int64_t output, int32_t source, int32_t *first, int32_t *count,
                       int32_t *weights)
{
    double place = ((double)output + 0.5) * scale - 0.5;
    double low = floor(place);

    if (low < 0 || low >= source - 1) {
        *first = low < 0 ? 0 : source - 1;
        *count = 1;
        weights[0] = 1 << CAMX__TAPS_BITS;
        return;
    }
    *first = (int32_t)low;
    *count = 2;
    weights[1] = to_fixed(place - low);
    weights[0] = (1 << CAMX__TAPS_BITS) - weights[1];
}

static void fill_nearest(double scale, int64_t output, int32_t source, int32_t *first,
                         int32_t *count, int32_t *weights)
{
    double place = floor(((double)output + 0.5) * scale);

    *first = place > source - 1 ? source - 1 : (int32_t)place;
    *count = 1;
    weights[0] = 1 << CAMX__TAPS_BITS;
}

/* Room for the weights of one output. */
static size_t weights_needed(const filter_shape *shape, double scale, int32_t source)
{
    double stretch = scale > 1.0 ? scale : 1.0;
    double most = ceil(shape->reach * stretch) * 2 + 1;

    return most < source ? (size_t)most : (size_t)source;
}

camx_status camx__taps_make(camx__memory *memory, int32_t filter, int32_t source, int64_t resized,
                            int64_t begin, int32_t outputs, camx__taps *taps, camx_error *error)
{
    filter_shape shape = {1.0, triangle};
    double scale = (double)source / (double)resized;
    size_t total;

    assert(source > 0 && resized > 0 && begin >= 0 && outputs > 0 && begin + outputs <= resized);
    memset(taps, 0, sizeof *taps);
    if (filter == CAMX_FILTER_BICUBIC)
        shape = (filter_shape){2.0, cubic};
    taps->outputs = outputs;
    taps->stride = weights_needed(&shape, scale, source);
    if (!camx__mul_size(taps->stride, (size_t)outputs, &total))
        return camx__fail_memory(error, SIZE_MAX, "the weights for resizing");
    taps->first = camx__alloc(memory, (size_t)outputs, sizeof *taps->first);
    taps->count = camx__alloc(memory, (size_t)outputs, sizeof *taps->count);
    taps->weights = camx__alloc(memory, total, sizeof *taps->weights);
    if (taps->first == NULL || taps->count == NULL || taps->weights == NULL)
        return camx__fail_memory(error, total * sizeof *taps->weights, "the weights for resizing");
    for (int32_t i = 0; i < outputs; i++) {
        int32_t *weights = taps->weights + (size_t)i * taps->stride;
        if (filter == CAMX_FILTER_NEAREST)
            fill_nearest(scale, begin + i, source, &taps->first[i], &taps->count[i], weights);
        else if (filter == CAMX_FILTER_BILINEAR_PLAIN)
            fill_plain(scale, begin + i, source, &taps->first[i], &taps->count[i], weights);
        else
            fill_filtered(&shape, scale, begin + i, source, &taps->first[i], &taps->count[i],
                          weights);
    }
    return CAMX_OK;
}

void camx__taps_free(camx__memory *memory, camx__taps *taps)
{
    camx__free(memory, taps->first);
    camx__free(memory, taps->count);
    camx__free(memory, taps->weights);
    memset(taps, 0, sizeof *taps);
}
