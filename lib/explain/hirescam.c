/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HiResCAM (Draelos and Carin, arXiv 2011.08891): M(p) = sum_k g_k(p) A_k(p), the gradient of each place times what
 * stands there, not averaged over places. Where global average pooling and one dense layer follow, M summed over
 * all places is the logit without its bias.
 */
#include "explain/layer_method.h"
#include "explain/methods.h"

static void combine(const camx__feature *activation, const camx__feature *gradient, double *weights, float *map)
{
    (void)weights;
    for (int64_t y = 0; y < activation->height; y++) {
        for (int64_t x = 0; x < activation->width; x++) {
            double sum = 0.0;
            for (int64_t c = 0; c < activation->channels; c++)
                sum += camx__feature_at(gradient, c, y, x) * camx__feature_at(activation, c, y, x);
            map[y * activation->width + x] = (float)sum;
        }
    }
}

camx_status camx__hirescam(camx_session *session, camx_input *input, const camx_target *target,
                           const camx_explain_options *options, camx_map *map, camx_error *error)
{
    return camx__layer_method(session, input, target, options->layer, CAMX_METHOD_HIRESCAM, combine, map, error);
}

camx_status camx__hirescam_many(camx_session *session, camx_input *input, const camx__many *many,
                                const camx_explain_options *options, camx_map *const *maps, camx_error *error)
{
    (void)options;
    return camx__layer_method_many(session, input, many, CAMX_METHOD_HIRESCAM, combine, maps, error);
}
