/* SPDX-License-Identifier: Apache-2.0 */
/* Resize and Upsample, any axes in any memory order: one pass per axis that changes. */
#include <math.h>
#include <string.h>

#include "ops/op.h"
#include "ops/resize.h"

/* ---- attributes ---- */

/* The number of the attribute's text in a list; the first without it. */
static camx_status read_choice(const camx__op_bind *bind, const char *name,
                               const char *const *choices, int count, int *chosen)
{
    const char *text;
    CAMX__FORWARD(camx__op_text(bind, name, &text));
    *chosen = 0;
    if (text[0] == '\0')
        return CAMX_OK;
    for (int i = 0; i < count; i++)
        if (strcmp(text, choices[i]) == 0) {
            *chosen = i;
            return CAMX_OK;
        }
    return camx__op_unsupported(bind, "%s '%.40s' is not supported", name, text);
}

static camx_status read_rule(const camx__op_bind *bind, bool upsample, camx__resize_params *params)
{
    static const char *const modes[] = {"nearest", "linear", "cubic",
                                        "bilinear"}; /* the last: opset 1 */
    static const char *const places[] = {
        "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
        "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
    static const char *const rounds[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                         "ceil"};
    int mode;
    int place;
    int round;
    float cubic;
    float outside;
    int64_t exclude;
    int64_t antialias;
    CAMX__FORWARD(read_choice(bind, "mode", modes, 4, &mode));
    CAMX__FORWARD(read_choice(bind, "coordinate_transformation_mode", places, 7, &place));
    CAMX__FORWARD(read_choice(bind, "nearest_mode", rounds, 4, &round));
    CAMX__FORWARD(camx__op_float(bind, "cubic_coeff_a", -0.75f, &cubic));
    CAMX__FORWARD(camx__op_float(bind, "extrapolation_value", 0, &outside));
    CAMX__FORWARD(camx__op_int(bind, "exclude_outside", 0, &exclude));
    CAMX__FORWARD(camx__op_int(bind, "antialias", 0, &antialias));
    bool old = upsample || bind->opset < 11;
    params->rule.mode = mode == 3 ? CAMX__RESIZE_LINEAR : (camx__resize_mode)mode;
    params->rule.place = old ? CAMX__PLACE_ASYMMETRIC : (camx__resize_place)place;
    params->rule.round = old ? CAMX__ROUND_SIMPLE : (camx__resize_round)round;
    params->rule.cubic = (double)cubic;
    params->rule.exclude_outside = exclude != 0;
    params->rule.antialias = antialias != 0 && params->rule.mode != CAMX__RESIZE_NEAREST;
    params->outside = (real)outside;
    return CAMX_OK;
}

/* ---- sizes ---- */

#define LONGEST_AXIS (1 << 24) /* longer ones are mistakes, and would take long to find out about  \
                                */

/* Which axis entry i of scales, sizes and roi is about. */
typedef struct listed_axes {
    int count;
    int axis[CAMX__MAX_RANK];
} listed_axes;

static camx_status read_axes(const camx__op_bind *bind, int rank, listed_axes *listed)
{
    const int64_t *axes;
    int count;
    bool present;
    CAMX__FORWARD(camx__op_int_list(bind, "axes", &axes, &count, &present));
    listed->count = present ? count : rank;
    if (listed->count > rank)
        return camx__op_invalid(bind, "%d axes are named for an input of rank %d", count, rank);
    for (int i = 0; i < listed->count; i++) {
        listed->axis[i] = present ? camx__axis(axes[i], rank) : i;
        if (listed->axis[i] < 0)
            return camx__op_invalid(bind, "axis %lld does not exist in a tensor of rank %d",
                                    (long long)axes[i], rank);
    }
    return CAMX_OK;
}

static camx_status use_scale(const camx__op_bind *bind, camx__resize_params *params, int axis,
                             float scale)
{
    camx__resize_axis *a = &params->axis[axis];
    /* In float, as the tools that write these files do: 10 x 0.7 must be 7. */
    float length = (float)a->from * scale;
    if (!(scale > 0) || !(length <= LONGEST_AXIS))
        return camx__op_misfit(bind, "axis %d cannot be resized from %lld by a factor of %g", axis,
                               (long long)a->from, (double)scale);
    a->to = (int64_t)length;
    a->scale = (double)scale;
    return CAMX_OK;
}

static camx_status use_sizes(const camx__op_bind *bind, camx__resize_params *params,
                             const listed_axes *listed, const int64_t *sizes)
{
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};
    int policy;
    double common = 0;
    CAMX__FORWARD(read_choice(bind, "keep_aspect_ratio_policy", policies, 3, &policy));
    for (int i = 0; i < listed->count; i++) {
        camx__resize_axis *a = &params->axis[listed->axis[i]];
        if (sizes[i] < 0 || sizes[i] > LONGEST_AXIS || (a->from == 0 && sizes[i] > 0))
            return camx__op_misfit(bind, "axis %d cannot be resized from %lld to %lld",
                                   listed->axis[i], (long long)a->from, (long long)sizes[i]);
        double scale = a->from > 0 ? (double)sizes[i] / (double)a->from : 1;
        a->to = sizes[i];
        a->scale = scale;
        if (i == 0 || (policy == 1 ? scale < common : scale > common))
            common = scale;
    }
    for (int i = 0; policy != 0 && i < listed->count; i++) {
        camx__resize_axis *a = &params->axis[listed->axis[i]];
        double length = floor(common * (double)a->from + 0.5);
        if (!(length <= LONGEST_AXIS))
            return camx__op_misfit(bind, "axis %d cannot be resized from %lld by a factor of %g",
                                   listed->axis[i], (long long)a->from, common);
        a->scale = common;
        a->to = (int64_t)length;
    }
    return CAMX_OK;
}

/* Scales of Upsample before opset 9: attributes. */
static camx_status use_attributes(const camx__op_bind *bind, camx__resize_params *params)
{
    const camx__onnx_attribute *scales = camx__onnx_find(bind->node, "scales");
    int rank = bind->inputs[0]->shape.rank;
    float scale = 1;
    if (scales == NULL && rank == 4) {
        CAMX__FORWARD(camx__op_float(bind, "height_scale", 1, &scale));
        CAMX__FORWARD(use_scale(bind, params, 2, scale));
        CAMX__FORWARD(camx__op_float(bind, "width_scale", 1, &scale));
        return use_scale(bind, params, 3, scale);
    }
    if (scales == NULL || scales->kind != CAMX__ONNX_KIND_FLOATS || scales->count != (size_t)rank)
        return camx__op_invalid(bind, "there is not one scale per axis of its input");
    for (int i = 0; i < rank; i++)
        CAMX__FORWARD(use_scale(bind, params, i, scales->floats[i]));
    return CAMX_OK;
}

static camx_status read_sizes(const camx__op_bind *bind, bool upsample, camx__resize_params *params)
{
    const real *scales;
    const int64_t *sizes = NULL;
    int scale_count;
    int size_count = 0;
    listed_axes listed;
    bool old = upsample || bind->opset < 11;
    CAMX__FORWARD(read_axes(bind, bind->inputs[0]->shape.rank, &listed));
    CAMX__FORWARD(camx__op_constant_reals(bind, old ? 1 : 2, &scales, &scale_count));
    if (!old)
        CAMX__FORWARD(camx__op_constant_ints(bind, 3, &sizes, &size_count));
    if (scale_count == 0 && size_count == 0)
        return old ? use_attributes(bind, params)
                   : camx__op_invalid(bind, "neither scales nor sizes are given");
    if ((size_count > 0 ? size_count : scale_count) != listed.count)
        return camx__op_invalid(bind, "%d %s are given for %d axes",
                                size_count > 0 ? size_count : scale_count,
                                size_count > 0 ? "sizes" : "scales", listed.count);
    if (size_count > 0)
        return use_sizes(bind, params, &listed, sizes);
    for (int i = 0; i < listed.count; i++)
        CAMX__FORWARD(use_scale(bind, params, listed.axis[i], (float)scales[i]));
    return CAMX_OK;
}

static camx_status read_roi(const camx__op_bind *bind, camx__resize_params *params)
{
    const real *roi;
    int count;
    listed_axes listed;
    if (params->rule.place != CAMX__PLACE_TF_CROP_AND_RESIZE)
        return CAMX_OK;
    CAMX__FORWARD(read_axes(bind, bind->inputs[0]->shape.rank, &listed));
    CAMX__FORWARD(camx__op_constant_reals(bind, 1, &roi, &count));
    if (count != 2 * listed.count)
        return camx__op_invalid(bind, "roi has %d numbers for %d axes; there must be two per axis",
                                count, listed.count);
    for (int i = 0; i < listed.count; i++) {
        params->axis[listed.axis[i]].roi_start = (double)roi[i];
        params->axis[listed.axis[i]].roi_end = (double)roi[i + listed.count];
    }
    return CAMX_OK;
}

/* ---- bind ---- */

static bool changes(const camx__resize_params *params, const camx__resize_axis *axis)
{
    bool cropped = params->rule.place == CAMX__PLACE_TF_CROP_AND_RESIZE &&
                   (axis->roi_start != 0 || axis->roi_end != 1);
    return axis->from != axis->to || axis->scale != 1 || cropped;
}

static camx_status bind_either(camx__op_bind *bind, bool upsample)
{
    const camx__tensor *x = bind->inputs[0];
    camx__shape y = x->shape;
    camx__resize_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(read_rule(bind, upsample, params));
    if (params->rule.mode != CAMX__RESIZE_NEAREST)
        CAMX__FORWARD(camx__op_need_reals(bind, 0));
    for (int i = 0; i < y.rank; i++)
        params->axis[i] = (camx__resize_axis){x->shape.dim[i], x->shape.dim[i], 1, 0, 1};
    CAMX__FORWARD(read_sizes(bind, upsample, params));
    CAMX__FORWARD(read_roi(bind, params));
    for (int i = 0; i < y.rank; i++)
        y.dim[i] = params->axis[i].to;
    CAMX__FORWARD(camx__op_output(bind, 0, &y, x->elem));
    for (int i = 0; i < y.rank; i++) {
        if (!changes(params, &params->axis[i]))
            continue;
        if (params->axis[i].from == 0)
            return camx__op_misfit(bind, "axis %d is empty and cannot be resized", i);
        params->active |= 1u << i;
        CAMX__FORWARD(camx__resize_taps(bind, &params->rule, &params->axis[i], &params->taps[i]));
        CAMX__FORWARD(
            camx__resize_turned(bind, &params->taps[i], &params->axis[i], &params->turned[i]));
    }
    return CAMX_OK;
}

static bool resize_keeps_batch(const void *params)
{
    return (((const camx__resize_params *)params)->active & 1) == 0;
}

#define RESIZE(ROW, NAME, UPSAMPLE, INPUTS)                                                        \
    static camx_status ROW##_bind(camx__op_bind *bind)                                             \
    {                                                                                              \
        return bind_either(bind, UPSAMPLE);                                                        \
    }                                                                                              \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ANY_ORDER,                                                              \
        .min_inputs = 1,                                                                           \
        .max_inputs = INPUTS,                                                                      \
        .max_outputs = 1,                                                                          \
        .bind = ROW##_bind,                                                                        \
        .prepare = camx__resize_prepare,                                                           \
        .forward = camx__resize_forward,                                                           \
        .backward = camx__resize_backward,                                                         \
        .keeps_batch = resize_keeps_batch,                                                         \
    }

RESIZE(resize, "Resize", false, 4);
RESIZE(upsample, "Upsample", true, 2);
