/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of taps for Resize and Upsample. Places and weights as in ONNX's description of Resize. */
#include "ops/resize.h"

#include <math.h>

/* In float where a place is rounded to a neighbour, as the tools that write these files do: scales
 * are floats, and 3.5 / 0.7 must be 5. */
static double quotient(const camx__resize_rule *rule, double a, double b)
{
    return rule->mode == CAMX__RESIZE_NEAREST ? (double)((float)a / (float)b) : a / b;
}

/* Where result i lies among the numbers of the input. */
static double place_of(const camx__resize_rule *rule, const camx__resize_axis *axis, int64_t i)
{
    const double x = (double)i;
    const double from = (double)axis->from;
    const double to = (double)axis->to;
    switch (rule->place) {
    case CAMX__PLACE_HALF_PIXEL_SYMMETRIC: {
        double adjustment = to / (axis->scale * from);
        return from / 2 * (1 - adjustment) + quotient(rule, x + 0.5, axis->scale) - 0.5;
    }
    case CAMX__PLACE_PYTORCH_HALF_PIXEL:
        return axis->to > 1 ? quotient(rule, x + 0.5, axis->scale) - 0.5 : 0;
    case CAMX__PLACE_ALIGN_CORNERS:
        return axis->to > 1 ? quotient(rule, x * (from - 1), to - 1) : 0;
    case CAMX__PLACE_ASYMMETRIC:
        return quotient(rule, x, axis->scale);
    case CAMX__PLACE_TF_HALF_PIXEL_FOR_NN:
        return quotient(rule, x + 0.5, axis->scale);
    case CAMX__PLACE_TF_CROP_AND_RESIZE:
        if (axis->to == 1)
            return 0.5 * (axis->roi_start + axis->roi_end) * (from - 1);
        return axis->roi_start * (from - 1) +
               x * (axis->roi_end - axis->roi_start) * (from - 1) / (to - 1);
    default:
        return quotient(rule, x + 0.5, axis->scale) - 0.5;
    }
}

static double rounded(const camx__resize_rule *rule, const camx__resize_axis *axis, double place)
{
    switch (rule->round) {
    case CAMX__ROUND_PREFER_FLOOR:
        return ceil(place - 0.5);
    case CAMX__ROUND_PREFER_CEIL:
        return floor(place + 0.5);
    case CAMX__ROUND_CEIL:
        return ceil(place);
    case CAMX__ROUND_SIMPLE:
        return axis->scale < 1 ? ceil(place) : floor(place);
    default:
        return floor(place);
    }
}

/* The filter at a distance from its middle. */
static double filter_at(const camx__resize_rule *rule, double distance)
{
    const double d = fabs(distance);
    const double a = rule->cubic;
    if (rule->mode == CAMX__RESIZE_LINEAR)
        return d < 1 ? 1 - d : 0;
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

static int64_t clamped(double index, int64_t length)
{
    return !(index > 0) ? 0 : index >= (double)length ? length - 1 : (int64_t)index;
}

/* How far the filter reaches to either side, in numbers of the input. */
static double reach_of(const camx__resize_rule *rule, const camx__resize_axis *axis)
{
    double reach = rule->mode == CAMX__RESIZE_CUBIC ? 2 : 1;
    return rule->antialias && axis->scale < 1 ? reach / axis->scale : reach;
}

/* Appends the taps of a result at `place`; returns how many. index NULL: only counts. */
static int64_t weigh(const camx__resize_rule *rule, const camx__resize_axis *axis, double place,
                     int64_t *index, real *weight)
{
    const double reach = reach_of(rule, axis);
    const double narrow = rule->antialias && axis->scale < 1 ? axis->scale : 1;
    const bool exclude = rule->exclude_outside;
    double total = 0;
    int64_t count = 0;
    for (double at = floor(place - reach) + 1; at < place + reach; at += 1) {
        bool outside = at < 0 || at > (double)(axis->from - 1);
        double w = filter_at(rule, (at - place) * narrow);
        if (w == 0 || (outside && exclude))
            continue;
        if (index != NULL) {
            index[count] = clamped(at, axis->from);
            weight[count] = (real)w;
        }
        total += w;
        count++;
    }
    bool normalise = (exclude || rule->antialias) && total != 0;
    for (int64_t i = 0; index != NULL && normalise && i < count; i++)
        weight[i] = (real)((double)weight[i] / total);
    return count;
}

static camx_status make_table(const camx__op_bind *bind, int64_t results, int64_t taps,
                              camx__taps *table)
{
    table->first = camx__zone_alloc(bind->zone, (size_t)results + 1, sizeof *table->first);
    table->index = camx__zone_alloc(bind->zone, (size_t)taps + 1, sizeof *table->index);
    table->weight = camx__zone_alloc(bind->zone, (size_t)taps + 1, sizeof *table->weight);
    if (table->first == NULL || table->index == NULL || table->weight == NULL)
        return camx__fail_memory(bind->error, (size_t)(results + taps) * 16,
                                 "the weights of a Resize");
    return CAMX_OK;
}

static bool is_outside(const camx__resize_rule *rule, const camx__resize_axis *axis, double place)
{
    return rule->place == CAMX__PLACE_TF_CROP_AND_RESIZE &&
           !(place >= 0 && place <= (double)(axis->from - 1));
}

/* One result. Returns the number of its taps. */
static int64_t fill_result(const camx__resize_rule *rule, const camx__resize_axis *axis, int64_t i,
                           int64_t *index, real *weight)
{
    double place = place_of(rule, axis, i);
    if (is_outside(rule, axis, place))
        return 0;
    if (rule->mode != CAMX__RESIZE_NEAREST)
        return weigh(rule, axis, place, index, weight);
    if (index != NULL) {
        *index = clamped(rounded(rule, axis, place), axis->from);
        *weight = 1;
    }
    return 1;
}

camx_status camx__resize_taps(const camx__op_bind *bind, const camx__resize_rule *rule,
                              const camx__resize_axis *axis, camx__taps *taps)
{
    int64_t total = 0;
    if (reach_of(rule, axis) > 65536 || (double)axis->to * reach_of(rule, axis) > 1e9)
        return camx__op_misfit(bind, "a scale of %g is too small to be smoothed", axis->scale);
    for (int64_t i = 0; i < axis->to; i++)
        total += fill_result(rule, axis, i, NULL, NULL);
    CAMX__FORWARD(make_table(bind, axis->to, total, taps));
    total = 0;
    taps->plain = true;
    for (int64_t i = 0; i < axis->to; i++) {
        int64_t count = fill_result(rule, axis, i, taps->index + total, taps->weight + total);
        taps->plain = taps->plain && (count == 0 || (count == 1 && taps->weight[total] == 1));
        total += count;
        taps->first[i + 1] = total;
    }
    return CAMX_OK;
}

camx_status camx__resize_turned(const camx__op_bind *bind, const camx__taps *taps,
                                const camx__resize_axis *axis, camx__taps *turned)
{
    int64_t total = taps->first[axis->to];
    CAMX__FORWARD(make_table(bind, axis->from, total, turned));
    for (int64_t t = 0; t < total; t++)
        turned->first[taps->index[t] + 1]++;
    for (int64_t i = 0; i < axis->from; i++)
        turned->first[i + 1] += turned->first[i];
    /* first[i] moves on while the taps of input i are filled in, and then is where those of i + 1
     * begin. */
    for (int64_t i = 0; i < axis->to; i++)
        for (int64_t t = taps->first[i]; t < taps->first[i + 1]; t++) {
            int64_t at = turned->first[taps->index[t]]++;
            turned->index[at] = i;
            turned->weight[at] = taps->weight[t];
        }
    for (int64_t i = axis->from; i > 0; i--)
        turned->first[i] = turned->first[i - 1];
    turned->first[0] = 0;
    return CAMX_OK;
}
