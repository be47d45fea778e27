/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XGrad-CAM (Fu et al., BMVC 2020): M = sum_k w_k A_k, w_k = sum_p g_k(p) A_k(p) / (sum_q A_k(q) + 1e-7), the gradients
 * averaged with the activations as weights. The sum in the denominator makes it a method for layers behind a
 * ReLU; elsewhere it can be near zero.
 */
#include "explain/layer_method.h"
#include "explain/methods.h"

static void combine(const camx__feature *activation, const camx__feature *gradient, double *weights, float *map)
{
    for (int64_t c = 0; c < activation->channels; c++) {
        double products = 0.0;
        double sum = 0.0;
        for (int64_t y = 0; y < activation->height; y++) {
            for (int64_t x = 0; x < activation->width; x++) {
                double a = camx__feature_at(activation, c, y, x);
                products += a * camx__feature_at(gradient, c, y, x);
                sum += a;
            }
        }
        weights[c] = products / (sum + 1e-7);
    }
    camx__weighted_sum(activation, weights, map);
}

camx_status camx__xgradcam(camx_session *session, camx_input *input, const camx_target *target,
                           const camx_explain_options *options, camx_map *map, camx_error *error)
{
    return camx__layer_method(session, input, target, options->layer, CAMX_METHOD_XGRADCAM, combine, map, error);
}

camx_status camx__xgradcam_many(camx_session *session, camx_input *input, const camx__many *many,
                                const camx_explain_options *options, camx_map *const *maps, camx_error *error)
{
    (void)options;
    return camx__layer_method_many(session, input, many, CAMX_METHOD_XGRADCAM, combine, maps, error);
}
