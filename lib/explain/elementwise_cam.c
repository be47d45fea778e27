/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element-wise Grad-CAM (pytorch-grad-cam's GradCAMElementWise): M(p) = sum_k max(g_k(p) A_k(p), 0), HiResCAM without
 * the terms that speak against the class. The map is never negative.
 */
#include "explain/layer_method.h"
#include "explain/methods.h"

static void combine(const camx__feature *activation, const camx__feature *gradient, double *weights, float *map)
{
    (void)weights;
    for (int64_t y = 0; y < activation->height; y++) {
        for (int64_t x = 0; x < activation->width; x++) {
            double sum = 0.0;
            for (int64_t c = 0; c < activation->channels; c++) {
                double product = camx__feature_at(gradient, c, y, x) * camx__feature_at(activation, c, y, x);
                sum += product < 0.0 ? 0.0 : product;
            }
            map[y * activation->width + x] = (float)sum;
        }
    }
}

camx_status camx__elementwise(camx_session *session, camx_input *input, const camx_target *target,
                              const camx_explain_options *options, camx_map *map, camx_error *error)
{
    return camx__layer_method(session, input, target, options->layer, CAMX_METHOD_ELEMENTWISE, combine, map, error);
}

camx_status camx__elementwise_many(camx_session *session, camx_input *input, const camx__many *many,
                                   const camx_explain_options *options, camx_map *const *maps, camx_error *error)
{
    (void)options;
    return camx__layer_method_many(session, input, many, CAMX_METHOD_ELEMENTWISE, combine, maps, error);
}
