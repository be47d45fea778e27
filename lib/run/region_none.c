/* SPDX-License-Identifier: Apache-2.0 */
/* Builds without region runs (meson option occlusion_reuse): no network can be run in regions. */
#include "run/region_runs.h"

bool camx__region_built(void)
{
    return false;
}

camx_status camx__region_open(camx_model *model, camx__bound *bound, const camx__op_settings *settings,
                              bool fusion, camx__pool *pool, camx__region **region, camx_error *error)
{
    (void)model;
    (void)bound;
    (void)settings;
    (void)fusion;
    (void)pool;
    (void)error;
    *region = NULL;
    return CAMX_OK;
}

void camx__region_close(camx__region *region)
{
    (void)region;
}

camx__runner *camx__region_base(camx__region *region)
{
    (void)region;
    return NULL;
}

camx_status camx__region_cost(camx__region *region, const camx__region_block *block, double *cost,
                              camx_error *error)
{
    (void)region;
    (void)block;
    (void)cost;
    return camx__fail(error, CAMX_E_UNSUPPORTED, "this build has no region runs");
}

camx_status camx__region_run(camx__region *region, const camx__region_block *block, int64_t image,
                             const float *shown, float *logits, camx_error *error)
{
    (void)region;
    (void)block;
    (void)image;
    (void)shown;
    (void)logits;
    return camx__fail(error, CAMX_E_UNSUPPORTED, "this build has no region runs");
}

size_t camx__region_bytes(const camx__region *region)
{
    (void)region;
    return 0;
}
