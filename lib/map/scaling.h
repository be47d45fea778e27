/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: raw values to 0 .. 1 (or -1 .. 1). */
#ifndef CAMX_MAP_SCALING_H
#define CAMX_MAP_SCALING_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "camx/camx.h"

/* scaled = (v - low) / high, after v was limited to floor .. ceiling. */
typedef struct camx__scaling {
    float floor;
    float ceiling;
    float low;
    float high;
} camx__scaling;

/* The scaling that `kind` means for these values; only finite ones count. */
camx__scaling camx__scaling_for(int32_t kind, const float *values, size_t count);

bool camx__scaling_exists(int32_t kind);

/* The first half: limits and lowers. NaN stays NaN, infinite values become the nearest end. Mixing
 * neighbours between the two halves costs one division for a pixel instead of four. */
static inline float camx__scaling_lower(const camx__scaling *scaling, float value)
{
    value = value < scaling->floor ? scaling->floor : value;
    value = value > scaling->ceiling ? scaling->ceiling : value;
    return value - scaling->low;
}

static inline float camx__scaling_apply(const camx__scaling *scaling, float value)
{
    return camx__scaling_lower(scaling, value) / scaling->high;
}

#endif
