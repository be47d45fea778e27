/* SPDX-License-Identifier: Apache-2.0 */
/* Region rules that several operators share, and the arithmetic of rectangles. */
#ifndef CAMX_OPS_REACH_H
#define CAMX_OPS_REACH_H

#include "ops/op.h"

/* Positions from .. to-1 along one axis. */
typedef struct camx__range {
    int64_t from;
    int64_t to;
} camx__range;

/* The results, of `size`, that see any of the positions; never empty: where nobody sees them, the nearest one. */
camx__range camx__reach_results(const camx__reach *reach, camx__range positions, int64_t size);

/* The positions that these results see; may lie outside of the map. */
camx__range camx__reach_positions(const camx__reach *reach, camx__range results);

/* Element by element, input 0 alone has a map; every output has its shape. */
bool camx__region_same(camx__op_region *region);

/* Element by element with operands that broadcast; shifts[i]: where axis 0 of input i lies in the result, NULL = as
 * NumPy aligns them. A constant that differs from place to place has no rule. */
bool camx__region_broadcast(camx__op_region *region, const int *shifts);

/* The same as a row of an operator: aligned as NumPy does. */
bool camx__region_aligned(camx__op_region *region);

/* Of operators that treat all indices of `axis` together and leave the others in their places. */
bool camx__region_beside(camx__op_region *region, int axis);

#endif
