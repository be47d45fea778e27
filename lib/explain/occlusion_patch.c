/* SPDX-License-Identifier: Apache-2.0 */
/* Occlusion patches: positions and fillings. */
#include <math.h>
#include <string.h>

#include "explain/occlusion.h"

/* ---- positions ---- */

static camx_status axis(int64_t size, int64_t patch, int64_t stride, int32_t edge, const char *name,
                        camx__axis_grid *grid, camx_error *error)
{
    if (patch < 1 || patch > size)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "the occlusion patch is %lld pixels %s, but the network's input is %lld: give 1 to %lld",
                          (long long)patch, name, (long long)size, (long long)size);
    if (stride < 1)
        return camx__fail(error, CAMX_E_ARGUMENT, "the occlusion stride is %lld pixels %s: give 1 or more",
                          (long long)stride, name);
    grid->size = size;
    grid->patch = patch;
    grid->stride = stride;
    grid->edge = edge;
    grid->count = (size - patch + stride - 1) / stride + 1;
    grid->shift = 0;
    /* Where the stride is longer than the patch, a last position could lie outside altogether. */
    if (edge == CAMX_EDGE_CROP && (grid->count - 1) * stride >= size)
        grid->count--;
    if (edge == CAMX_EDGE_CENTRED) {
        int64_t beyond = (grid->count - 1) * stride + patch - size;
        if (beyond - beyond / 2 >= patch) {
            grid->count--;
            beyond -= stride;
        }
        grid->shift = beyond / 2;
    }
    return CAMX_OK;
}

camx_status camx__occlusion_check(const camx_occlusion_options *options, camx_error *error)
{
    if (options->edge < CAMX_EDGE_CROP || options->edge > CAMX_EDGE_CENTRED)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_occlusion_options.edge is %d, which is no camx_edge",
                          options->edge);
    if (options->fill < CAMX_FILL_COLOUR || options->fill > CAMX_FILL_VALUE)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_occlusion_options.fill is %d, which is no camx_fill",
                          options->fill);
    if (options->fill == CAMX_FILL_VALUE && !isfinite(options->fill_value))
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_occlusion_options.fill_value is %g: give a finite number",
                          (double)options->fill_value);
    if (!(options->blur_sigma >= 0.0F) || options->blur_sigma > 10000.0F)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_occlusion_options.blur_sigma is %g: give pixels, 0 (automatic) to 10000",
                          (double)options->blur_sigma);
    if (options->reuse < CAMX_REUSE_OFF || options->reuse > CAMX_REUSE_ALWAYS)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_occlusion_options.reuse is %d, which is no camx_reuse",
                          options->reuse);
    if ((options->sizes == NULL) != (options->size_count == 0) || options->size_count > CAMX__MOST_SIZES)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_occlusion_options.sizes is %s with a size_count of %u: give 1 to %d sizes, or neither",
                          options->sizes == NULL ? "NULL" : "given", options->size_count, CAMX__MOST_SIZES);
    if (options->sizes != NULL && (options->patch_width != 0 || options->patch_height != 0))
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_occlusion_options has sizes and a patch_width of %d and patch_height of %d: leave these 0",
                          options->patch_width, options->patch_height);
    if (!(options->deadline >= 0.0))
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "camx_occlusion_options.deadline is %g: give seconds, or 0 for none", options->deadline);
    return CAMX_OK;
}

camx_status camx__occlusion_grid(const camx_occlusion_options *options, int64_t width, int64_t height,
                                 camx__axis_grid *columns, camx__axis_grid *rows, camx_error *error)
{
    int64_t shorter = width < height ? width : height;
    int64_t patch_width = options->patch_width != 0 ? options->patch_width : shorter / 7 > 0 ? shorter / 7 : 1;
    int64_t patch_height = options->patch_height != 0 ? options->patch_height : patch_width;
    int64_t stride_x = options->stride_x;
    int64_t stride_y = options->stride_y;
    if (stride_x == 0)
        stride_x = patch_width / 2 > 0 ? patch_width / 2 : 1;
    if (stride_y == 0)
        stride_y = options->stride_x != 0 ? stride_x : patch_height / 2 > 0 ? patch_height / 2 : 1;
    CAMX__FORWARD(axis(width, patch_width, stride_x, options->edge, "wide", columns, error));
    return axis(height, patch_height, stride_y, options->edge, "high", rows, error);
}

camx__range camx__grid_span(const camx__axis_grid *grid, int64_t position)
{
    camx__range span;
    span.from = position * grid->stride - grid->shift;
    if (grid->edge == CAMX_EDGE_FLUSH && span.from + grid->patch > grid->size)
        span.from = grid->size - grid->patch;
    span.to = span.from + grid->patch;
    span.from = span.from < 0 ? 0 : span.from;
    span.to = span.to > grid->size ? grid->size : span.to;
    return span;
}

/* ---- fillings ---- */

typedef struct planes {
    int64_t count; /* images x channels */
    int64_t channels;
    int64_t height, width;
    int64_t step_image, step_channel, step_y, step_x;
} planes;

static planes planes_of(const camx_session *session)
{
    const camx_input *input = session->input;
    planes p = {.channels = input->channels, .height = input->height, .width = input->width};
    p.count = camx__session_batch(session) * p.channels;
    p.step_image = p.channels * p.height * p.width;
    p.step_channel = input->channels_last ? 1 : p.height * p.width;
    p.step_x = input->channels_last ? p.channels : 1;
    p.step_y = p.step_x * p.width;
    return p;
}

static void fill_plane(const planes *p, float *plane, float value)
{
    for (int64_t y = 0; y < p->height; y++)
        for (int64_t x = 0; x < p->width; x++)
            plane[y * p->step_y + x * p->step_x] = value;
}

/* One pass of a Gaussian blur along a line of `length` numbers; edges repeat. */
static void blur_line(const float *from, float *to, int64_t length, int64_t step, const float *kernel,
                      int64_t radius)
{
    for (int64_t i = 0; i < length; i++) {
        double sum = 0.0;
        for (int64_t k = -radius; k <= radius; k++) {
            int64_t at = i + k < 0 ? 0 : i + k >= length ? length - 1 : i + k;
            sum += (double)kernel[k + radius] * (double)from[at * step];
        }
        to[i * step] = (float)sum;
    }
}

static void blur_plane(const planes *p, const float *from, float *to, float *scratch, const float *kernel,
                       int64_t radius)
{
    for (int64_t y = 0; y < p->height; y++)
        blur_line(from + y * p->step_y, to + y * p->step_y, p->width, p->step_x, kernel, radius);
    for (int64_t x = 0; x < p->width; x++) {
        float *column = to + x * p->step_x;
        for (int64_t y = 0; y < p->height; y++)
            scratch[y] = column[y * p->step_y];
        for (int64_t y = 0; y < p->height; y++) {
            double sum = 0.0;
            for (int64_t k = -radius; k <= radius; k++) {
                int64_t at = y + k < 0 ? 0 : y + k >= p->height ? p->height - 1 : y + k;
                sum += (double)kernel[k + radius] * (double)scratch[at];
            }
            column[y * p->step_y] = (float)sum;
        }
    }
}

static camx_status blur(const camx_session *session, double sigma, const float *images, float *fill,
                        camx_error *error)
{
    planes p = planes_of(session);
    int64_t radius = (int64_t)ceil(3.0 * sigma);
    radius = radius > p.height + p.width ? p.height + p.width : radius;
    float *kernel = camx__alloc(session->memory, (size_t)(2 * radius + 1), sizeof(float));
    float *scratch = camx__alloc(session->memory, (size_t)p.height, sizeof(float));
    double sum = 0.0;
    camx_status status = CAMX_OK;
    if (kernel == NULL || scratch == NULL) {
        status = camx__fail_memory(error, (size_t)radius * sizeof(float), "the blurred picture");
    } else {
        for (int64_t k = -radius; k <= radius; k++)
            sum += exp(-0.5 * (double)(k * k) / (sigma * sigma));
        for (int64_t k = -radius; k <= radius; k++)
            kernel[k + radius] = (float)(exp(-0.5 * (double)(k * k) / (sigma * sigma)) / sum);
        for (int64_t i = 0; i < p.count; i++) {
            int64_t at = i / p.channels * p.step_image + i % p.channels * p.step_channel;
            blur_plane(&p, images + at, fill + at, scratch, kernel, radius);
        }
    }
    camx__free(session->memory, kernel);
    camx__free(session->memory, scratch);
    return status;
}

static double blur_sigma(const camx_session *session, const camx_occlusion_options *options)
{
    const camx_input *input = session->input;
    int32_t shorter = input->width < input->height ? input->width : input->height;
    int32_t patch = options->patch_width != 0 ? options->patch_width : shorter / 7;
    if (options->blur_sigma > 0.0F)
        return (double)options->blur_sigma;
    return patch > 1 ? patch / 2.0 : 0.5;
}

camx_status camx__occlusion_fill(const camx_session *session, const camx_occlusion_options *options,
                                 const float *images, float *fill, camx_error *error)
{
    planes p = planes_of(session);
    if (options->fill == CAMX_FILL_BLUR)
        return blur(session, blur_sigma(session, options), images, fill, error);
    for (int64_t i = 0; i < p.count; i++) {
        int64_t channel = i % p.channels;
        float value = options->fill_value;
        if (options->fill == CAMX_FILL_COLOUR)
            CAMX__FORWARD(camx__input_fill_value(session->input, options->fill_rgb, (int32_t)channel, &value,
                                                 error));
        fill_plane(&p, fill + i / p.channels * p.step_image + channel * p.step_channel, value);
    }
    return CAMX_OK;
}
