/* SPDX-License-Identifier: Apache-2.0 */
/* Region rules that several operators share, and the arithmetic of rectangles. */
#include "ops/reach.h"

/* Divisions that round down and up, for numbers of either sign. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && a < 0 ? 1 : 0);
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b != 0 && a > 0 ? 1 : 0);
}

camx__range camx__reach_results(const camx__reach *reach, camx__range positions, int64_t size)
{
    int64_t last_tap = (reach->kernel - 1) * reach->dilation;
    camx__range results = {ceil_div(positions.from + reach->pad - last_tap, reach->stride),
                           floor_div(positions.to - 1 + reach->pad, reach->stride) + 1};
    results.from = results.from < 0 ? 0 : results.from < size ? results.from : size - 1;
    results.to = results.to < size ? results.to : size;
    if (results.to <= results.from)
        results.to = results.from + 1;
    return results;
}

camx__range camx__reach_positions(const camx__reach *reach, camx__range results)
{
    int64_t last_tap = (reach->kernel - 1) * reach->dilation;
    camx__range positions = {results.from * reach->stride - reach->pad,
                             (results.to - 1) * reach->stride - reach->pad + last_tap + 1};
    return positions;
}

/* Every output has the input's rows and columns at region->axis, which is the output's by now. */
static bool same_map(const camx__op_region *region, const int axis[2])
{
    const camx__shape *from = &region->inputs[region->input]->shape;
    for (int i = 0; i < region->output_count; i++) {
        const camx__tensor *to = region->outputs[i];
        for (int k = 0; to != NULL && k < 2; k++)
            if (region->axis[k] < 1 || region->axis[k] >= to->shape.rank ||
                to->shape.dim[region->axis[k]] != from->dim[axis[k]])
                return false;
    }
    return true;
}

bool camx__region_same(camx__op_region *region)
{
    return region->input == 0 && same_map(region, region->axis);
}

bool camx__region_broadcast(camx__op_region *region, const int *shifts)
{
    int rank = region->outputs[0]->shape.rank;
    int axis[2] = {region->axis[0], region->axis[1]};
    for (int i = 0; i < region->input_count; i++) {
        const camx__tensor *operand = region->inputs[i];
        if (operand == NULL)
            continue;
        int shift = shifts != NULL ? shifts[i] : rank - operand->shape.rank;
        if (i == region->input) {
            region->axis[0] = axis[0] + shift;
            region->axis[1] = axis[1] + shift;
        }
    }
    for (int i = 0; i < region->input_count; i++) {
        const camx__tensor *operand = region->inputs[i];
        if (operand == NULL || region->varies[i])
            continue;
        int shift = shifts != NULL ? shifts[i] : rank - operand->shape.rank;
        for (int k = 0; k < 2; k++) {
            int own = region->axis[k] - shift;
            if (own >= 0 && own < operand->shape.rank && operand->shape.dim[own] != 1)
                return false;
        }
    }
    return same_map(region, axis);
}

bool camx__region_aligned(camx__op_region *region)
{
    return camx__region_broadcast(region, NULL);
}

bool camx__region_beside(camx__op_region *region, int axis)
{
    return axis != 0 && axis != region->axis[0] && axis != region->axis[1] && same_map(region, region->axis);
}
