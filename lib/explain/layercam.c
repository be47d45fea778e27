/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LayerCAM (Jiang et al., IEEE TIP 2021): M(p) = sum_k max(g_k(p), 0) A_k(p). Each place is weighed by its own positive
 * gradient, which keeps detail in early layers.
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
                double g = camx__feature_at(gradient, c, y, x);
                /* Written so that NaN is not lost. */
                sum += (g < 0.0 ? 0.0 : g) * camx__feature_at(activation, c, y, x);
            }
            map[y * activation->width + x] = (float)sum;
        }
    }
}

camx_status camx__layercam(camx_session *session, camx_input *input, const camx_target *target,
                           const camx_explain_options *options, camx_map *map, camx_error *error)
{
    return camx__layer_method(session, input, target, options->layer, CAMX_METHOD_LAYERCAM, combine, map, error);
}

camx_status camx__layercam_many(camx_session *session, camx_input *input, const camx__many *many,
                                const camx_explain_options *options, camx_map *const *maps, camx_error *error)
{
    (void)options;
    return camx__layer_method_many(session, input, many, CAMX_METHOD_LAYERCAM, combine, maps, error);
}
