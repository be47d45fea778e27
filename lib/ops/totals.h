/* SPDX-License-Identifier: Apache-2.0 */
/* What a walk that reduces keeps while it goes: the totals of camx__combine. For broadcast.c
 * only. */
#ifndef CAMX_OPS_TOTALS_H
#define CAMX_OPS_TOTALS_H

#include "ops/broadcast.h"

typedef union camx__total {
    double real_value;
    int64_t int_value; /* with walk->out_is_integer */
} camx__total;

/* Independent totals along a reduced row, for speed; the order in which they meet is fixed. */
enum { CAMX__TOTAL_LANES = 8 };

void camx__totals_clear(const camx__walk *walk, camx__total *totals, int64_t count);

/* totals[i] meets values[i], real or int64_t numbers. */
void camx__totals_add(const camx__walk *walk, camx__total *totals, const void *values,
                      int64_t count);

/* The lanes meet all values of a row, then each other: lanes[0] is the total. */
void camx__totals_add_row(const camx__walk *walk, camx__total lanes[CAMX__TOTAL_LANES],
                          const void *values, int64_t count);
void camx__totals_merge(const camx__walk *walk, camx__total lanes[CAMX__TOTAL_LANES]);

#endif
