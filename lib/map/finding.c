/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to see in a raw map, and why there may be nothing. */
#include <math.h>

#include "map/map.h"

/* A map whose values differ by less than this part of their size holds nothing but rounding. */
static const float flat_part = 1e-6f;

typedef struct survey {
    bool any_finite;
    bool any_nan;
    bool any_infinite;
    size_t peak;
    float least;
    float greatest;
} survey;

static survey look_at(const float *values, size_t count)
{
    survey seen = {.any_finite = false};

    for (size_t i = 0; i < count; i++) {
        float value = values[i];
        if (isnan(value)) {
            seen.any_nan = true;
        } else if (isinf(value)) {
            seen.any_infinite = true;
        } else if (!seen.any_finite) {
            seen.any_finite = true;
            seen.least = seen.greatest = value;
            seen.peak = i;
        } else if (value > seen.greatest) {
            seen.greatest = value;
            seen.peak = i;
        } else if (value < seen.least) {
            seen.least = value;
        }
    }
    return seen;
}

static bool is_flat(const survey *seen)
{
    float size = fmaxf(fabsf(seen->least), fabsf(seen->greatest));

    return seen->greatest - seen->least <= flat_part * size;
}

static int32_t judge(const camx__map_record *record, const survey *seen)
{
    bool broken = seen->any_infinite || (seen->any_nan && !record->gaps);

    if (broken || record->hint == CAMX_FINDING_NOT_FINITE)
        return CAMX_FINDING_NOT_FINITE;
    if (record->hint != CAMX_FINDING_HEAT)
        return record->hint;
    if (!seen->any_finite)
        return CAMX_FINDING_NOT_FINITE;
    if (is_flat(seen))
        return CAMX_FINDING_FLAT;
    return seen->greatest > 0.0f ? CAMX_FINDING_HEAT : CAMX_FINDING_ALL_NEGATIVE;
}

void camx__map_finish(camx_map *map, uint32_t image)
{
    camx__map_record *record = camx__map_record_at(map, image);
    size_t count = (size_t)map->width * (size_t)map->height;
    survey seen = look_at(camx__map_raw(map, image), count);

    record->minimum = seen.least;
    record->maximum = seen.greatest;
    record->peak_x = seen.any_finite ? (int32_t)(seen.peak % (size_t)map->width) : -1;
    record->peak_y = seen.any_finite ? (int32_t)(seen.peak / (size_t)map->width) : -1;
    record->finding = judge(record, &seen);
}

const char *camx__map_finding_text(int32_t finding)
{
    switch (finding) {
    case CAMX_FINDING_HEAT:
        return "";
    case CAMX_FINDING_ALL_NEGATIVE:
        return "nothing in this layer speaks for the class, everything speaks against it; look at "
               "the raw "
               "map, at another layer, or at another class";
    case CAMX_FINDING_ZERO_GRADIENT:
        return "the score does not react to this layer at all: its units are saturated or dead; "
               "try the "
               "logit instead of the probability, or another layer";
    case CAMX_FINDING_NOT_FINITE:
        return "the network gives NaN or infinite values for this input; check the weights and how "
               "the "
               "input was prepared";
    case CAMX_FINDING_DISCONNECTED:
        return "no path leads from this layer to the class; choose a layer that the score depends "
               "on";
    case CAMX_FINDING_FLAT:
        return "the map has the same value everywhere, so no place stands out; try an earlier "
               "layer";
    case CAMX_FINDING_PARTIAL:
        return "the computation was stopped before its end; places that it did not reach are left "
               "out";
    default:
        return "unknown finding";
    }
}
