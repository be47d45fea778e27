/* SPDX-License-Identifier: Apache-2.0 */
/* How updates of ScatterND and ScatterElements meet the data. */
#include "ops/scatter.h"

#include <string.h>

#include "ops/elementwise.h"

camx_status camx__scatter_bind(const camx__op_bind *bind, camx__scatter *how)
{
    static const char *const names[] = {"none", "add", "mul", "max", "min"};
    const char *text;
    CAMX__FORWARD(camx__op_text(bind, "reduction", &text));
    if (camx__elem_is_real(bind->inputs[1]->elem))
        return camx__op_invalid(bind, "its indices are floats");
    if (camx__elem_is_real(bind->inputs[0]->elem) != camx__elem_is_real(bind->inputs[2]->elem))
        return camx__op_invalid(bind, "its data has type %s, but its updates have type %s",
                                camx__elem_name(bind->inputs[0]->elem),
                                camx__elem_name(bind->inputs[2]->elem));
    *how = CAMX__SCATTER_REPLACE;
    for (int i = 0; i < 5; i++)
        if (strcmp(text, names[i]) == 0)
            *how = (camx__scatter)i;
    if (text[0] != '\0' && strcmp(text, names[*how]) != 0)
        return camx__op_invalid(bind, "reduction '%.40s' is none of none, add, mul, max and min",
                                text);
    return CAMX_OK;
}

void camx__scatter_reals(camx__scatter how, const real *u, real *y, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        switch (how) {
        case CAMX__SCATTER_REPLACE:
            y[i] = u[i];
            break;
        case CAMX__SCATTER_ADD:
            y[i] += u[i];
            break;
        case CAMX__SCATTER_MUL:
            y[i] *= u[i];
            break;
        case CAMX__SCATTER_MAX:
            y[i] = u[i] > y[i] || u[i] != u[i] ? u[i] : y[i];
            break;
        case CAMX__SCATTER_MIN:
            y[i] = u[i] < y[i] || u[i] != u[i] ? u[i] : y[i];
            break;
        }
    }
}

static int64_t meet(camx__scatter how, int64_t y, int64_t u)
{
    switch (how) {
    case CAMX__SCATTER_ADD:
        return (int64_t)((uint64_t)y + (uint64_t)u);
    case CAMX__SCATTER_MUL:
        return (int64_t)((uint64_t)y * (uint64_t)u);
    case CAMX__SCATTER_MAX:
        return u > y ? u : y;
    case CAMX__SCATTER_MIN:
        return u < y ? u : y;
    default:
        return u;
    }
}

void camx__scatter_ints(camx__scatter how, camx__elem elem, const int64_t *u, int64_t *y,
                        int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        y[i] = camx__int_wrap(elem, meet(how, y[i], u[i]));
}
