/* SPDX-License-Identifier: Apache-2.0 */
/* Ceil, Floor, Round and Sign: steps, whose derivative is zero wherever it exists. */
#include <math.h>

#include "ops/unary.h"

CAMX__UNARY_VALUE(ceil, CAMX__MATH(ceil)(v))
CAMX__UNARY_ROW(ceil, "Ceil", CAMX__OP_ZERO_GRADIENT, .gradient = NULL);

CAMX__UNARY_VALUE(floor, CAMX__MATH(floor)(v))
CAMX__UNARY_ROW(floor, "Floor", CAMX__OP_ZERO_GRADIENT, .gradient = NULL);

/* Halves go to the even neighbour: the rounding mode that every program starts with. */
CAMX__UNARY_VALUE(round, CAMX__MATH(rint)(v))
CAMX__UNARY_ROW(round, "Round", CAMX__OP_ZERO_GRADIENT, .gradient = NULL);

static void sign_ints(const camx__unary_params *params, const int64_t *x, int64_t *y, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        bool negative = x[i] < 0 && params->elem != CAMX__ELEM_UINT64;
        y[i] = negative ? -1 : x[i] != 0;
    }
}

CAMX__UNARY_VALUE(sign, v != v ? v : (real)((v > 0) - (v < 0)))
CAMX__UNARY_ROW(sign, "Sign", CAMX__OP_ZERO_GRADIENT, .integers = sign_ints);
