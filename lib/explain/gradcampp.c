/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grad-CAM++ (Chattopadhyay et al., WACV 2018, eq. 19 with S = exp(score), whose common factor exp(score) > 0 cancels
 * in the normalised map): M = sum_k w_k A_k,
 *
 *     w_k = sum_p a_k(p) max(g_k(p), 0),   a = g^2 / (2 g^2 + (sum_q A_k(q)) g^3 + 1e-6),   a = 0 where g = 0,
 *
 * and the simpler rule taught by articles: w_k the mean over positions of max(g_k(p), 0).
 */
#include "base/options.h"
#include "explain/layer_method.h"
#include "explain/methods.h"

static double channel_sum(const camx__feature *feature, int64_t c)
{
    double sum = 0.0;
    for (int64_t y = 0; y < feature->height; y++)
        for (int64_t x = 0; x < feature->width; x++)
            sum += camx__feature_at(feature, c, y, x);
    return sum;
}

static void combine_paper(const camx__feature *activation, const camx__feature *gradient, double *weights,
                          float *map)
{
    for (int64_t c = 0; c < gradient->channels; c++) {
        double sum = channel_sum(activation, c);
        weights[c] = 0.0;
        for (int64_t y = 0; y < gradient->height; y++) {
            for (int64_t x = 0; x < gradient->width; x++) {
                double g = camx__feature_at(gradient, c, y, x);
                if (g > 0.0 || g != g)
                    weights[c] += g * (g * g / (2.0 * g * g + sum * g * g * g + 1e-6));
            }
        }
    }
    camx__weighted_sum(activation, weights, map);
}

static void combine_mean_positive(const camx__feature *activation, const camx__feature *gradient, double *weights,
                                  float *map)
{
    double positions = (double)(gradient->height * gradient->width);
    for (int64_t c = 0; c < gradient->channels; c++) {
        weights[c] = 0.0;
        for (int64_t y = 0; y < gradient->height; y++) {
            for (int64_t x = 0; x < gradient->width; x++) {
                double g = camx__feature_at(gradient, c, y, x);
                weights[c] += g > 0.0 || g != g ? g / positions : 0.0;
            }
        }
    }
    camx__weighted_sum(activation, weights, map);
}

camx_status camx__gradcampp(camx_session *session, camx_input *input, const camx_target *target,
                            const camx_gradcampp_options *given, camx_map *map, camx_error *error)
{
    camx_gradcampp_options options;
    camx_gradcampp_options_init(&options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_gradcampp_options, &options, given, error));
    if (options.rule != CAMX_GRADCAMPP_PAPER && options.rule != CAMX_GRADCAMPP_MEAN_POSITIVE)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_gradcampp_options.rule is %d, which is no "
                          "camx_gradcampp_rule", options.rule);
    camx__combine_fn *combine =
        options.rule == CAMX_GRADCAMPP_PAPER ? combine_paper : combine_mean_positive;
    return camx__layer_method(session, input, target, options.layer, CAMX_METHOD_GRADCAMPP, combine, map, error);
}

camx_status camx__gradcampp_many(camx_session *session, camx_input *input, const camx__many *many,
                                 const camx_explain_options *options, camx_map *const *maps, camx_error *error)
{
    (void)options;
    return camx__layer_method_many(session, input, many, CAMX_METHOD_GRADCAMPP, combine_paper, maps, error);
}
