/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the room: raw values to 0 .. 1 (or -1 .. 1). */
#ifndef CAMX_MAP_SCALING_H
#define CAMX_MAP_SCALING_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "camx/camx.h"

/* scaled = (v - low) / high after v was limited to floor .. ceiling. */
typedef struct camx__scaling {
    bool raw; /* values stay as they are */
    float floor;
    float ceiling;
    float low;
    float high;
} camx__scaling;

/* The scaling that `kind` means for these values; only finite ones count. */
camx__scaling camx__scaling_for(int32_t kind, const float *values, size_t count);

bool camx__scaling_exists(int32_t kind);

/* NaN stays NaN; infinite values become the nearest end. */
static inline float camx__scaling_apply(const camx__scaling *scaling, float value)
{
    if (scaling->raw || isnan(value))
        return value;
    if (value < scaling->floor)
        value = scaling->floor;
    if (value > scaling->ceiling)
        value = scaling->ceiling;
    return (value - scaling->low) / scaling->high;
}

#endif
