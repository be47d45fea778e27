/* SPDX-License-Identifier: Apache-2.0 */
/* Totals in double, or in int64 that wraps. */
#include "ops/totals.h"

#include <math.h>

static camx__total first_total(const camx__walk *walk)
{
    camx__total start = {.int_value = 0};
    if (walk->out_is_integer) {
        static const int64_t values[] = {0, INT64_MIN, INT64_MAX, 1};
        start.int_value = values[walk->combine];
    } else {
        static const double values[] = {0.0, -INFINITY, INFINITY, 1.0};
        start.real_value = values[walk->combine];
    }
    return start;
}

void camx__totals_clear(const camx__walk *walk, camx__total *totals, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        totals[i] = first_total(walk);
}

static double combine_real(camx__combine combine, double a, double x)
{
    switch (combine) {
    case CAMX__COMBINE_SUM:
        return a + x;
    case CAMX__COMBINE_MAX:
        return x > a || x != x ? x : a;
    case CAMX__COMBINE_MIN:
        return x < a || x != x ? x : a;
    default:
        return a * x;
    }
}

static int64_t combine_int(camx__combine combine, int64_t a, int64_t x)
{
    switch (combine) {
    case CAMX__COMBINE_SUM:
        return (int64_t)((uint64_t)a + (uint64_t)x);
    case CAMX__COMBINE_MAX:
        return x > a ? x : a;
    case CAMX__COMBINE_MIN:
        return x < a ? x : a;
    default:
        return (int64_t)((uint64_t)a * (uint64_t)x);
    }
}

void camx__totals_add(const camx__walk *walk, camx__total *totals, const void *values,
                      int64_t count)
{
    if (walk->out_is_integer) {
        const int64_t *x = values;
        for (int64_t i = 0; i < count; i++)
            totals[i].int_value = combine_int(walk->combine, totals[i].int_value, x[i]);
    } else if (walk->combine == CAMX__COMBINE_SUM) {
        const real *x = values;
        for (int64_t i = 0; i < count; i++)
            totals[i].real_value += (double)x[i];
    } else {
        const real *x = values;
        for (int64_t i = 0; i < count; i++)
            totals[i].real_value = combine_real(walk->combine, totals[i].real_value, (double)x[i]);
    }
}

void camx__totals_add_row(const camx__walk *walk, camx__total lanes[CAMX__TOTAL_LANES],
                          const void *values, int64_t count)
{
    int64_t i = 0;
    for (; i + CAMX__TOTAL_LANES <= count; i += CAMX__TOTAL_LANES) {
        const char *at = (const char *)values + (size_t)i * walk->out.size;
        camx__totals_add(walk, lanes, at, CAMX__TOTAL_LANES);
    }
    camx__totals_add(walk, lanes, (const char *)values + (size_t)i * walk->out.size, count - i);
}

void camx__totals_merge(const camx__walk *walk, camx__total lanes[CAMX__TOTAL_LANES])
{
    for (int i = 1; i < CAMX__TOTAL_LANES; i++) {
        if (walk->out_is_integer)
            lanes[0].int_value = combine_int(walk->combine, lanes[0].int_value, lanes[i].int_value);
        else
            lanes[0].real_value =
                combine_real(walk->combine, lanes[0].real_value, lanes[i].real_value);
    }
}
