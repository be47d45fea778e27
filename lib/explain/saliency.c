/* SPDX-License-Identifier: Apache-2.0 */
/* Saliency (Simonyan, Vedaldi and Zisserman, ICLR workshop 2014): the gradient of the target by the input. */
#include "explain/input_method.h"

static camx_status attribute(camx__input_work *work, uint32_t image)
{
    CAMX__FORWARD(camx__input_gradient(work, image, CAMX__RELU_EXACT));
    work->weight = 1.0;
    work->done = 1;
    return camx__progress_step(&work->study.progress, 1, work->study.error);
}

camx_status camx__saliency(camx_session *session, camx_input *input, const camx_target *target,
                           const camx_explain_options *options, camx_map *map, camx_error *error)
{
    static const camx__input_rule rule = {
        .method = CAMX_METHOD_SALIENCY, .channels = CAMX_CHANNELS_MAX_ABS, .attribute = attribute};
    return camx__input_method(&rule, session, input, target, options, map, error);
}
