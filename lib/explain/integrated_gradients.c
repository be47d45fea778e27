/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integrated Gradients (Sundararajan, Taly and Yan, ICML 2017): (x - b) times the mean gradient on the straight path from
 * the baseline b to the image x. Over all channels and pixels it sums up to S(x) - S(b).
 */
#include <math.h>

#include "explain/input_method.h"

enum { USUAL_STEPS = 50, MOST_STEPS = 10000 };

/* The nodes and weights of Gauss and Legendre for the interval 0 .. 1, by Newton's method on the Legendre polynomial. */
static void gauss_legendre(int64_t count, double *nodes, double *weights)
{
    const double pi = 3.14159265358979323846;
    for (int64_t i = 0; i < count; i++) {
        double x = cos(pi * ((double)(count - i) - 0.25) / ((double)count + 0.5));
        double slope = 1.0;
        for (int round = 0; round < 100; round++) {
            double p = 1.0;
            double before = 0.0;
            for (int64_t k = 1; k <= count; k++) {
                double next = ((double)(2 * k - 1) * x * p - (double)(k - 1) * before) / (double)k;
                before = p;
                p = next;
            }
            slope = (double)count * (x * p - before) / (x * x - 1.0);
            double step = p / slope;
            x -= step;
            if (fabs(step) < 1e-16)
                break;
        }
        nodes[i] = 0.5 * (x + 1.0);
        weights[i] = 1.0 / ((1.0 - x * x) * slope * slope);
    }
}

static void right_riemann(int64_t count, double *nodes, double *weights)
{
    for (int64_t i = 0; i < count; i++) {
        nodes[i] = (double)(i + 1) / (double)count;
        weights[i] = 1.0 / (double)count;
    }
}

static camx_status check_baseline(const camx__input_work *work)
{
    const camx_input *image = work->study.session->input;
    const camx_input *baseline = work->options.baseline;
    if (baseline == NULL)
        return CAMX_OK;
    if (baseline->channels != image->channels || baseline->height != image->height ||
        baseline->width != image->width || baseline->channels_last != image->channels_last ||
        (baseline->images != 1 && baseline->images != image->images))
        return camx__fail(work->study.error, CAMX_E_ARGUMENT,
                          "the baseline is %d x %d x %d x %d (images, channels, rows, columns), the input %d x %d x %d "
                          "x %d: they must agree, but for a single baseline",
                          baseline->images, baseline->channels, baseline->height, baseline->width, image->images,
                          image->channels, image->height, image->width);
    return CAMX_OK;
}

static camx_status prepare(camx__input_work *work)
{
    camx_explain_options *options = &work->options;
    if (options->steps < 0 || options->steps > MOST_STEPS)
        return camx__fail(work->study.error, CAMX_E_ARGUMENT,
                          "camx_explain_options.steps is %d; it is 1 to %d, or 0 for %d", options->steps, MOST_STEPS,
                          USUAL_STEPS);
    if (options->quadrature < CAMX_QUADRATURE_GAUSS_LEGENDRE || options->quadrature > CAMX_QUADRATURE_RIGHT_RIEMANN)
        return camx__fail(work->study.error, CAMX_E_ARGUMENT,
                          "camx_explain_options.quadrature is %d, which is no camx_quadrature", options->quadrature);
    CAMX__FORWARD(check_baseline(work));
    if (options->steps == 0)
        options->steps = USUAL_STEPS;
    size_t count = (size_t)options->steps;
    work->own = camx__alloc(work->study.session->memory, 2 * count, sizeof(double));
    if (work->own == NULL)
        return camx__fail_memory(work->study.error, 2 * count * sizeof(double), "the path of integrated gradients");
    if (options->quadrature == CAMX_QUADRATURE_RIGHT_RIEMANN)
        right_riemann(options->steps, work->own, work->own + count);
    else
        gauss_legendre(options->steps, work->own, work->own + count);
    work->study.units = count;
    return CAMX_OK;
}

static double baseline_at(const camx__input_work *work, uint32_t image, int64_t i)
{
    const camx_input *baseline = work->options.baseline;
    if (baseline == NULL)
        return 0.0;
    int64_t first = baseline->images == 1 ? 0 : (int64_t)image * work->size;
    return (double)baseline->values[first + i];
}

static camx_status walk(camx__input_work *work, uint32_t image)
{
    const float *end = camx__input_image(work, image);
    int64_t steps = work->options.steps;
    for (int64_t step = 0; step < steps; step++) {
        double along = work->own[step];
        for (int64_t i = 0; i < work->size; i++) {
            double start = baseline_at(work, image, i);
            work->changed[i] = (float)(start + along * ((double)end[i] - start));
        }
        CAMX__FORWARD(camx__input_gradient_changed(work, image, work->own[steps + step]));
    }
    return CAMX_OK;
}

static camx_status attribute(camx__input_work *work, uint32_t image)
{
    const float *end = camx__input_image(work, image);
    camx__input_start_changed(work, image);
    camx_status status = walk(work, image);
    for (int64_t i = 0; i < work->size; i++)
        work->sum[i] *= (double)end[i] - baseline_at(work, image, i);
    return status;
}

camx_status camx__integrated_gradients(camx_session *session, camx_input *input, const camx_target *target,
                                       const camx_explain_options *options, camx_map *map, camx_error *error)
{
    static const camx__input_rule rule = {.method = CAMX_METHOD_INTEGRATED_GRADIENTS,
                                          .channels = CAMX_CHANNELS_SUM,
                                          .prepare = prepare,
                                          .attribute = attribute};
    return camx__input_method(&rule, session, input, target, options, map, error);
}
