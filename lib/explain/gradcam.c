/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grad-CAM (Selvaraju et al., ICCV 2017, eq. 1 and 2 without the ReLU): M = sum_k alpha_k A_k, alpha_k the mean
 * over positions of dS/dA_k.
 */
#include "base/options.h"
#include "explain/layer_method.h"
#include "explain/methods.h"

static void combine(const camx__feature *activation, const camx__feature *gradient, double *weights, float *map)
{
    double positions = (double)(gradient->height * gradient->width);
    camx__channel_sums(gradient, weights);
    for (int64_t c = 0; c < gradient->channels; c++)
        weights[c] /= positions;
    camx__weighted_sum(activation, weights, map);
}

camx_status camx__gradcam(camx_session *session, camx_input *input, const camx_target *target,
                          const camx_gradcam_options *given, camx_map *map, camx_error *error)
{
    camx_gradcam_options options;
    camx_gradcam_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_gradcam_options, &options, given, error));
    return camx__layer_method(session, input, target, options.layer, CAMX_METHOD_GRADCAM, combine, map, error);
}

camx_status camx__gradcam_many(camx_session *session, camx_input *input, const camx__many *many,
                               const camx_explain_options *options, camx_map *const *maps, camx_error *error)
{
    (void)options;
    return camx__layer_method_many(session, input, many, CAMX_METHOD_GRADCAM, combine, maps, error);
}
