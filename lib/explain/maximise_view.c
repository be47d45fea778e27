/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the network is shown the picture: shifted, turned, scaled and grainy, all at random, so that only what the network
 * recognises in spite of that is painted.
 */
#include <math.h>

#include "base/random.h"
#include "explain/maximise.h"

/* From -1 to 1, another number for every step and use. */
static double chance(const camx_maximise_options *options, int32_t step, uint64_t use)
{
    return 2.0 * camx__random_uniform(options->seed ^ 0x7368696674696E67u, (uint64_t)step * 8 + use) - 1.0;
}

void camx__view_choose(camx__view *view, const camx_maximise_options *o, const camx__planes *size, int32_t step)
{
    double shorter = (double)(size->height < size->width ? size->height : size->width);
    double angle = chance(o, step, 0) * (double)o->rotation * 3.14159265358979323846 / 180.0;
    double scale = pow(1.0 + (double)o->scale, chance(o, step, 1));
    view->warp = (camx__warp){.cosine = cos(angle) / scale,
                              .sine = sin(angle) / scale,
                              .shift_x = chance(o, step, 2) * (double)o->jitter * shorter,
                              .shift_y = chance(o, step, 3) * (double)o->jitter * shorter};
    view->grain = (float)((double)o->grain * fabs(chance(o, step, 4)));
    view->seed = o->seed ^ 0x677261696E677261u;
    view->first = (uint64_t)step * (uint64_t)(size->count * size->height * size->width);
}

/* The noise is even, which costs a tenth of a normal one: 2 sqrt(3) is the width that has deviation 1. */
void camx__view_show(const camx__view *view, const camx__planes *size, const float *picture, float *seen)
{
    int64_t count = size->count * size->height * size->width;
    float width = 3.4641016F * view->grain;
    camx__warp_apply(&view->warp, size, picture, seen);
    for (int64_t i = 0; view->grain > 0.0F && i < count; i++)
        seen[i] += width * ((float)camx__random_uniform(view->seed, view->first + (uint64_t)i) - 0.5F);
}

void camx__view_return(const camx__view *view, const camx__planes *size, const float *seen, float *gradient)
{
    camx__warp_transpose(&view->warp, size, seen, gradient);
}
