/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A depthwise convolution together with the 1x1 convolutions before and behind it (the inverted residuals of MobileNet
 * and EfficientNet), a band of a few rows at a time, so that the wide maps between them never leave the second-level
 * cache. Every sum is the one that the convolutions give one after the other, bit for bit.
 */
#ifndef CAMX_KERNELS_CONV_BANDS_H
#define CAMX_KERNELS_CONV_BANDS_H

#include "kernels/conv.h"

typedef struct camx__conv_link {
    const camx__conv_plan *plan; /* forward; NULL = there is no such convolution */
    const void *packed;
    const camx__epilogue *epilogue; /* or NULL; only that of the last link may have a residual */
} camx__conv_link;

typedef struct camx__conv_bands {
    camx__conv_link expand, depthwise, project;
} camx__conv_bands;

/* True if the plans are such convolutions, one behind the other, and the maps between them are so large that bands
 * save time. */
bool camx__conv_bands_serve(const camx__conv_bands *bands);

/* Working memory for a pool of so many workers. */
size_t camx__conv_bands_scratch(const camx__conv_bands *bands, int workers);

/* x is the input of the first convolution, y the output of the last. */
void camx__conv_bands_run(const camx__conv_bands *bands, camx__pool *pool, const real *x, int64_t x_pitch, real *y,
                          int64_t y_pitch, void *scratch);

#endif
