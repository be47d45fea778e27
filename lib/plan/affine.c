/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalisation in inference: y = factor x + summand per channel. */
#include <math.h>

#include "plan/planner.h"

static camx_status held(camx__planner *planner, const camx__node *norm, int input, const real **data)
{
    CAMX__FORWARD(camx__graph_hold(planner->graph, norm->inputs[input], planner->error));
    *data = camx__reals(&planner->graph->values[norm->inputs[input]].tensor);
    return CAMX_OK;
}

camx_status camx__plan_affine(camx__planner *planner, const camx__node *norm, const real *bias, real **factor,
                              real **summand)
{
    const real *part[4]; /* scale, shift, mean, variance */
    camx__zone *zone = &planner->program->zone;
    int64_t channels = camx__shape_count(&planner->graph->values[norm->inputs[1]].tensor.shape);
    const camx__onnx_attribute *epsilon = camx__onnx_find(norm->record, "epsilon");
    double least = epsilon != NULL ? epsilon->f : 1e-5F;
    for (int i = 0; i < 4; i++)
        CAMX__FORWARD(held(planner, norm, i + 1, &part[i]));
    *factor = camx__zone_alloc(zone, (size_t)channels + 1, sizeof(real));
    *summand = camx__zone_alloc(zone, (size_t)channels + 1, sizeof(real));
    if (*factor == NULL || *summand == NULL)
        return camx__fail_memory(planner->error, (size_t)channels * sizeof(real), norm->label);
    for (int64_t c = 0; c < channels; c++) {
        double f = (double)part[0][c] / sqrt((double)part[3][c] + least);
        double own = bias != NULL ? (double)bias[c] : 0.0;
        (*factor)[c] = (real)f;
        (*summand)[c] = (real)((own - (double)part[2][c]) * f + (double)part[1][c]);
    }
    return CAMX_OK;
}
