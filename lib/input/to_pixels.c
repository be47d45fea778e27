/* SPDX-License-Identifier: Apache-2.0 */
/* From what the network sees back to 8-bit pixels. */
#include "base/pixels.h"
#include "input/input.h"

static uint8_t sample_of(const camx_input *input, int32_t image, int32_t channel, int64_t x, int64_t y)
{
    int64_t first = (int64_t)image * input->channels * input->height * input->width;
    int64_t at = input->channels_last ? (y * input->width + x) * input->channels + channel
                                      : (channel * (int64_t)input->height + y) * input->width + x;
    double sample = (double)input->values[first + at] * (double)input->scale.std[channel] +
                    (double)input->scale.mean[channel];
    if (!(sample > 0.0)) /* NaN too */
        return 0;
    return sample >= 255.0 ? 255 : (uint8_t)(sample + 0.5);
}

static void put(const camx_pixels *pixels, const int order[3], int32_t x, int32_t y, const uint8_t rgb[3])
{
    int bytes = camx__pixels_bytes(pixels->format);
    uint8_t *to = pixels->data + (size_t)y * pixels->stride + (size_t)x * (size_t)bytes;
    if (bytes == 1) {
        to[0] = camx__pixels_grey(rgb[0], rgb[1], rgb[2]);
        return;
    }
    for (int c = 0; c < 3; c++)
        to[order[c]] = rgb[c];
    if (bytes == 4)
        to[3] = 255;
}

camx_status camx__input_to_pixels(const camx_input *input, uint32_t image, camx_pixels *given, camx_error *error)
{
    camx_pixels pixels;
    int order[3];
    CAMX__FORWARD(camx__pixels_check(given, &pixels, "pixels", error));
    if (image >= (uint32_t)input->images)
        return camx__fail(error, CAMX_E_ARGUMENT, "there is no image %u: the input has %d", image, input->images);
    if (pixels.width != input->width || pixels.height != input->height)
        return camx__fail(error, CAMX_E_ARGUMENT, "the input is %dx%d, the pixels are %dx%d", input->width,
                          input->height, pixels.width, pixels.height);
    if (!input->scale.known || (input->channels != 1 && input->channels != 3))
        return camx__fail(error, CAMX_E_UNSUPPORTED,
                          "an input of %d channels whose scale the model does not say has no colours", input->channels);
    camx__pixels_order(pixels.format, order);
    for (int32_t y = 0; y < input->height; y++)
        for (int32_t x = 0; x < input->width; x++) {
            uint8_t rgb[3];
            for (int c = 0; c < 3; c++) {
                int32_t channel = input->channels == 1 ? 0 : input->scale.bgr ? 2 - c : c;
                rgb[c] = sample_of(input, (int32_t)image, channel, x, y);
            }
            put(&pixels, order, x, y, rgb);
        }
    return CAMX_OK;
}
