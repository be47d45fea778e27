/* SPDX-License-Identifier: Apache-2.0 */
/* The first principal component of a feature map's channels. */
#ifndef CAMX_EXPLAIN_PRINCIPAL_H
#define CAMX_EXPLAIN_PRINCIPAL_H

#include "explain/session.h"

/*
 * M = X v, where X has a row per position and a column per channel, each column minus its mean, and v is X's first right
 * singular vector. x: positions x channels numbers, row by row; they are changed. map gets `positions` values.
 *
 * The sign of a singular vector means nothing. Here M is larger where the sum over the channels of x is larger: their
 * inner product is not negative. Where it is zero (to 1e-12 of its bound), the first entry of largest size is positive.
 * All numbers 0: the map is 0. A number that is not finite: the map is NaN.
 */
camx_status camx__principal_map(camx__memory *memory, double *x, int64_t positions, int64_t channels, float *map,
                                camx_error *error);

#endif
