/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SmoothGrad (Smilkov et al. 2017, arXiv 1706.03825): the mean of the gradients at copies of the image with normal noise,
 * whose deviation is a share of the image's range of values.
 */
#include <math.h>

#include "base/random.h"
#include "explain/input_method.h"

enum { USUAL_SAMPLES = 50, MOST_SAMPLES = 1000000 };

static camx_status prepare(camx__input_work *work)
{
    camx_explain_options *options = &work->options;
    if (options->samples < 0 || options->samples > MOST_SAMPLES)
        return camx__fail(work->study.error, CAMX_E_ARGUMENT,
                          "camx_explain_options.samples is %d; it is 1 to %d, or 0 for %d", options->samples,
                          MOST_SAMPLES, USUAL_SAMPLES);
    if (!(options->noise >= 0.0F && options->noise <= 100.0F))
        return camx__fail(work->study.error, CAMX_E_ARGUMENT,
                          "camx_explain_options.noise is %g; it is a share of the image's range, such as 0.15",
                          (double)options->noise);
    if (options->samples == 0)
        options->samples = USUAL_SAMPLES;
    work->study.units = (uint64_t)options->samples;
    return CAMX_OK;
}

static double range(const float *image, int64_t count)
{
    double least = (double)image[0];
    double greatest = least;
    for (int64_t i = 1; i < count; i++) {
        least = fmin(least, (double)image[i]);
        greatest = fmax(greatest, (double)image[i]);
    }
    return greatest - least;
}

static camx_status attribute(camx__input_work *work, uint32_t image)
{
    const camx_explain_options *options = &work->options;
    const float *clean = camx__input_image(work, image);
    double deviation = (double)options->noise * range(clean, work->size);
    camx__input_start_changed(work, image);
    for (int64_t sample = 0; sample < options->samples; sample++) {
        uint64_t first = (uint64_t)(sample * work->size);
        for (int64_t i = 0; i < work->size; i++) {
            double noise = deviation * camx__random_normal(options->seed, first + (uint64_t)i);
            work->changed[i] = (float)((double)clean[i] + noise);
        }
        CAMX__FORWARD(camx__input_gradient_changed(work, image, 1.0));
    }
    return CAMX_OK;
}

camx_status camx__smoothgrad(camx_session *session, camx_input *input, const camx_target *target,
                             const camx_explain_options *options, camx_map *map, camx_error *error)
{
    static const camx__input_rule rule = {.method = CAMX_METHOD_SMOOTHGRAD,
                                          .channels = CAMX_CHANNELS_MAX_ABS,
                                          .prepare = prepare,
                                          .attribute = attribute};
    return camx__input_method(&rule, session, input, target, options, map, error);
}
