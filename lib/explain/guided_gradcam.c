/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guided Grad-CAM (Selvaraju et al., ICCV 2017): guided backpropagation times the positive part of Grad-CAM, stretched
 * over the input (bilinear between half-pixel centres).
 */
#include <string.h>

#include "explain/input_method.h"

/* max(0, sum_k mean(g_k) A_k) at the layer's size; work->own holds it before a weight per channel. */
static void gradcam(const camx__input_work *work, const camx__feature *a, const camx__feature *g)
{
    double *map = work->own;
    double *weights = map + a->height * a->width;
    for (int64_t c = 0; c < a->channels; c++) {
        weights[c] = 0.0;
        for (int64_t y = 0; g->data != NULL && y < a->height; y++)
            for (int64_t x = 0; x < a->width; x++)
                weights[c] += camx__feature_at(g, c, y, x);
        weights[c] /= (double)(a->height * a->width);
    }
    for (int64_t y = 0; y < a->height; y++)
        for (int64_t x = 0; x < a->width; x++) {
            double sum = 0.0;
            for (int64_t c = 0; c < a->channels; c++)
                sum += weights[c] * camx__feature_at(a, c, y, x);
            map[y * a->width + x] = sum < 0.0 ? 0.0 : sum;
        }
}

/* Where the centre of pixel i of `to` lies between two of `from` pixels: the first, the second, the second's share. */
static double between(int64_t i, int64_t to, int64_t from, int64_t *first, int64_t *second)
{
    double at = ((double)i + 0.5) * (double)from / (double)to - 0.5;
    if (at < 0.0)
        at = 0.0;
    *first = (int64_t)at;
    if (*first > from - 1)
        *first = from - 1;
    *second = *first < from - 1 ? *first + 1 : *first;
    return at - (double)*first;
}

static double stretched(const double *map, int64_t width, const int64_t row[2], double down, const int64_t column[2],
                        double right)
{
    double upper = map[row[0] * width + column[0]] * (1.0 - right) + map[row[0] * width + column[1]] * right;
    double lower = map[row[1] * width + column[0]] * (1.0 - right) + map[row[1] * width + column[1]] * right;
    return upper * (1.0 - down) + lower * down;
}

static void multiply(const camx__input_work *work, int64_t height, int64_t width)
{
    const camx_input *input = work->study.session->input;
    int64_t step_c = input->channels_last ? 1 : (int64_t)input->height * input->width;
    int64_t step_x = input->channels_last ? input->channels : 1;
    for (int64_t y = 0; y < input->height; y++)
        for (int64_t x = 0; x < input->width; x++) {
            int64_t row[2];
            int64_t column[2];
            double down = between(y, input->height, height, &row[0], &row[1]);
            double right = between(x, input->width, width, &column[0], &column[1]);
            double heat = stretched(work->own, width, row, down, column, right);
            for (int64_t c = 0; c < input->channels; c++)
                work->sum[c * step_c + (y * input->width + x) * step_x] *= heat;
        }
}

static camx_status attribute(camx__input_work *work, uint32_t image)
{
    camx_session *session = work->study.session;
    int64_t item = image % camx__session_batch(session);
    camx__feature activation;
    camx__feature gradient;
    CAMX__FORWARD(camx__input_gradient(work, image, CAMX__RELU_EXACT));
    camx__session_feature(session, work->layer, camx__runner_value(&session->runner, work->layer), item, &activation);
    camx__session_feature(session, work->layer, camx__runner_gradient(&session->runner, work->layer), item,
                          &gradient);
    gradcam(work, &activation, &gradient);
    memset(work->sum, 0, (size_t)work->size * sizeof(double));
    CAMX__FORWARD(camx__input_gradient(work, image, CAMX__RELU_GUIDED));
    multiply(work, activation.height, activation.width);
    work->weight = 1.0;
    work->done = 1;
    return camx__progress_step(&work->study.progress, 1, work->study.error);
}

static camx_status prepare(camx__input_work *work)
{
    camx_session *session = work->study.session;
    camx__feature size;
    CAMX__FORWARD(camx__input_need_relu(work));
    camx__session_feature(session, work->layer, NULL, 0, &size);
    size_t count = (size_t)(size.height * size.width + size.channels);
    work->own = camx__alloc(session->memory, count, sizeof(double));
    return work->own != NULL ? CAMX_OK
                             : camx__fail_memory(work->study.error, count * sizeof(double), "the map of the layer");
}

camx_status camx__guided_gradcam(camx_session *session, camx_input *input, const camx_target *target,
                                 const camx_explain_options *options, camx_map *map, camx_error *error)
{
    static const camx__input_rule rule = {.method = CAMX_METHOD_GUIDED_GRADCAM,
                                          .channels = CAMX_CHANNELS_MAX_ABS,
                                          .layer = true,
                                          .prepare = prepare,
                                          .attribute = attribute};
    return camx__input_method(&rule, session, input, target, options, map, error);
}
