/* SPDX-License-Identifier: Apache-2.0 */
/* The scalings: what is subtracted and what is divided by. */
#include "map/scaling.h"

#include <float.h>

bool camx__scaling_exists(int32_t kind)
{
    return kind >= CAMX_SCALING_PGC && kind <= CAMX_SCALING_SIGNED;
}

/* The least and greatest finite value; 0 and 0 when there is none. */
static void find_range(const float *values, size_t count, float *least, float *greatest)
{
    *least = FLT_MAX;
    *greatest = -FLT_MAX;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            continue;
        if (values[i] < *least)
            *least = values[i];
        if (values[i] > *greatest)
            *greatest = values[i];
    }
    if (*least > *greatest)
        *least = *greatest = 0.0f;
}

static float positive(float value)
{
    return value > 0.0f ? value : 0.0f;
}

/* Both limits are the ends of what is there, so that infinite values find an end. */
camx__scaling camx__scaling_for(int32_t kind, const float *values, size_t count)
{
    camx__scaling scaling = {.high = 1.0f};

    find_range(values, count, &scaling.floor, &scaling.ceiling);
    if (!isfinite(scaling.ceiling - scaling.floor)) {
        /* Two finite numbers too far apart for a float to say: what is beyond half is cut. */
        scaling.floor = fmaxf(scaling.floor, -FLT_MAX / 2);
        scaling.ceiling = fminf(scaling.ceiling, FLT_MAX / 2);
    }
    switch (kind) {
    case CAMX_SCALING_PGC:
        scaling.floor = positive(scaling.floor);
        scaling.ceiling = positive(scaling.ceiling);
        scaling.low = scaling.floor;
        scaling.high = 1e-7f + (scaling.ceiling - scaling.low);
        break;
    case CAMX_SCALING_POSITIVE:
        scaling.floor = 0.0f;
        scaling.ceiling = positive(scaling.ceiling);
        scaling.high = scaling.ceiling > 0.0f ? scaling.ceiling : 1.0f;
        break;
    case CAMX_SCALING_MINMAX:
        scaling.low = scaling.floor;
        scaling.high = 1e-8f + (scaling.ceiling - scaling.low);
        break;
    case CAMX_SCALING_SIGNED:
        scaling.high = fmaxf(fabsf(scaling.floor), fabsf(scaling.ceiling));
        if (!(scaling.high > 0.0f))
            scaling.high = 1.0f;
        break;
    default:
        scaling.floor = -INFINITY;
        scaling.ceiling = INFINITY;
        break;
    }
    return scaling;
}
