/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guided backpropagation (Springenberg et al., ICLR workshop 2015): the gradient by the input, of which every ReLU
 * passes only what is positive.
 */
#include "explain/input_method.h"

static camx_status attribute(camx__input_work *work, uint32_t image)
{
    CAMX__FORWARD(camx__input_gradient(work, image, CAMX__RELU_GUIDED));
    work->weight = 1.0;
    work->done = 1;
    return camx__progress_step(&work->study.progress, 1, work->study.error);
}

camx_status camx__guided_backprop(camx_session *session, camx_input *input, const camx_target *target,
                                  const camx_explain_options *options, camx_map *map, camx_error *error)
{
    static const camx__input_rule rule = {.method = CAMX_METHOD_GUIDED_BACKPROP,
                                          .channels = CAMX_CHANNELS_MAX_ABS,
                                          .prepare = camx__input_need_relu,
                                          .attribute = attribute};
    return camx__input_method(&rule, session, input, target, options, map, error);
}
