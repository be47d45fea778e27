/* SPDX-License-Identifier: Apache-2.0 */
/* Window attributes: every number is bounded here, so that the arithmetic below cannot overflow. */
#include "ops/window.h"

#include <stdbool.h>
#include <string.h>

/* Far beyond any network, and products of two stay far below INT64_MAX. */
#define MOST ((int64_t)1 << 30)

/* Reads a list of one number per spatial axis (`repeats` = 1) or two (pads) into values; absent
 * ones keep what is there. The horizontal axis is the last. */
static camx_status read_list(const camx__op_bind *bind, const char *name, int spatial, int repeats,
                             int64_t least, int64_t *values)
{
    const int64_t *list;
    int count;
    bool present;
    CAMX__FORWARD(camx__op_int_list(bind, name, &list, &count, &present));
    if (!present)
        return CAMX_OK;
    if (count != spatial * repeats)
        return camx__op_invalid(bind, "attribute '%s' has %d numbers, but %d spatial axes need %d",
                                name, count, spatial, spatial * repeats);
    for (int i = 0; i < count; i++) {
        if (list[i] < least || list[i] > MOST)
            return camx__op_invalid(bind, "attribute '%s' contains %lld; it must be at least %lld",
                                    name, (long long)list[i], (long long)least);
        int axis = 2 - spatial + i % spatial;
        values[i / spatial * 2 + axis] = list[i];
    }
    return CAMX_OK;
}

static camx_status read_kernel(const camx__op_bind *bind, int spatial, const int64_t *weights,
                               int64_t kernel[2])
{
    int64_t stated[2] = {1, 1};
    kernel[0] = 1;
    for (int i = 0; weights != NULL && i < spatial; i++)
        stated[2 - spatial + i] = weights[i];
    memcpy(kernel, stated, sizeof stated);
    CAMX__FORWARD(read_list(bind, "kernel_shape", spatial, 1, 1, kernel));
    if (weights == NULL && camx__onnx_find(bind->node, "kernel_shape") == NULL)
        return camx__op_invalid(bind, "attribute 'kernel_shape' is missing");
    if (weights != NULL && memcmp(kernel, stated, sizeof stated) != 0)
        return camx__op_invalid(
            bind, "attribute 'kernel_shape' differs from the weights, which are %lld x %lld",
            (long long)stated[0], (long long)stated[1]);
    for (int i = 0; i < 2; i++)
        if (kernel[i] < 1 || kernel[i] > MOST)
            return camx__op_invalid(bind, "a window of size %lld is impossible",
                                    (long long)kernel[i]);
    return CAMX_OK;
}

typedef enum padding { PAD_EXPLICIT, PAD_VALID, PAD_SAME_UPPER, PAD_SAME_LOWER } padding;

static camx_status read_padding(const camx__op_bind *bind, padding *how)
{
    static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    const char *text;
    CAMX__FORWARD(camx__op_text(bind, "auto_pad", &text));
    *how = PAD_EXPLICIT;
    for (int i = 0; i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            *how = (padding)i;
            return CAMX_OK;
        }
    }
    if (text[0] != '\0')
        return camx__op_invalid(bind, "attribute 'auto_pad' is '%.40s', which ONNX does not know",
                                text);
    return CAMX_OK;
}

/* As TensorFlow does it: as many windows as strides fit, what is missing is padded on both
 * sides, the odd one at the end (UPPER) or the beginning (LOWER). */
static void pad_same(camx__window *w, int i, bool upper)
{
    int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t missing;
    w->out[i] = (w->in[i] + w->stride[i] - 1) / w->stride[i];
    missing = (w->out[i] - 1) * w->stride[i] + extent - w->in[i];
    if (missing < 0)
        missing = 0;
    w->pad_begin[i] = upper ? missing / 2 : missing - missing / 2;
    w->pad_end[i] = missing - w->pad_begin[i];
}

static camx_status count_windows(const camx__op_bind *bind, camx__window *w, int i, bool ceil_mode)
{
    int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
    int64_t padded = w->in[i] + w->pad_begin[i] + w->pad_end[i];
    int64_t room = padded - extent;
    if (room < 0)
        return camx__op_misfit(
            bind,
            "its window of %lld positions does not fit into a padded map of %lld; "
            "use a larger input",
            (long long)extent, (long long)padded);
    w->out[i] = room / w->stride[i] + 1;
    if (ceil_mode && room % w->stride[i] != 0) {
        /* One more window, if it starts inside the map or the padding before it: the rule of
         * PyTorch and ONNX. */
        if (w->out[i] * w->stride[i] < w->in[i] + w->pad_begin[i])
            w->out[i]++;
    }
    return CAMX_OK;
}

/* Every window of a pool must hold at least one position of the map: its result would have no
 * meaning. */
static camx_status check_pool(const camx__op_bind *bind, const camx__window *w)
{
    for (int i = 0; i < 2; i++) {
        int64_t reach = (w->kernel[i] - 1) * w->dilation[i];
        bool padded = w->pad_begin[i] > 0 || w->pad_end[i] > 0;
        if (w->pad_begin[i] > reach || w->pad_end[i] > reach)
            return camx__op_invalid(
                bind, "padding of %lld and %lld must be smaller than the window of %lld",
                (long long)w->pad_begin[i], (long long)w->pad_end[i], (long long)reach + 1);
        if (padded && w->dilation[i] > w->in[i])
            return camx__op_unsupported(
                bind,
                "a dilation of %lld on a padded map of %lld would leave windows "
                "empty",
                (long long)w->dilation[i], (long long)w->in[i]);
    }
    return CAMX_OK;
}

static camx_status check_map(const camx__op_bind *bind, const camx__shape *x)
{
    char text[160];
    if (x->rank < 3 || x->rank > 4)
        return camx__op_unsupported(
            bind,
            "its input has the shape %s; only maps with one or two spatial axes are "
            "supported",
            camx__shape_text(x, text, sizeof text));
    for (int i = 2; i < x->rank; i++)
        if (x->dim[i] < 1 || x->dim[i] > MOST)
            return camx__op_misfit(
                bind, "its input has the shape %s, which has no usable height or width",
                camx__shape_text(x, text, sizeof text));
    return CAMX_OK;
}

camx_status camx__window_bind(const camx__op_bind *bind, const camx__shape *x,
                              const int64_t *kernel, camx__window *w)
{
    int64_t pads[4] = {0, 0, 0, 0};
    int64_t ceil_mode = 0;
    padding how;
    CAMX__FORWARD(check_map(bind, x));
    int spatial = x->rank - 2;
    for (int i = 0; i < 2; i++) {
        w->stride[i] = 1;
        w->dilation[i] = 1;
    }
    w->in[0] = spatial == 2 ? x->dim[2] : 1;
    w->in[1] = x->dim[x->rank - 1];
    CAMX__FORWARD(read_kernel(bind, spatial, kernel, w->kernel));
    CAMX__FORWARD(read_list(bind, "strides", spatial, 1, 1, w->stride));
    CAMX__FORWARD(read_list(bind, "dilations", spatial, 1, 1, w->dilation));
    CAMX__FORWARD(read_padding(bind, &how));
    if (how == PAD_EXPLICIT)
        CAMX__FORWARD(read_list(bind, "pads", spatial, 2, 0, pads));
    if (kernel == NULL)
        CAMX__FORWARD(camx__op_int(bind, "ceil_mode", 0, &ceil_mode));
    for (int i = 0; i < 2; i++) {
        w->pad_begin[i] = pads[i];
        w->pad_end[i] = pads[2 + i];
        if (how == PAD_SAME_UPPER || how == PAD_SAME_LOWER)
            pad_same(w, i, how == PAD_SAME_UPPER);
        else
            CAMX__FORWARD(count_windows(bind, w, i, ceil_mode != 0));
    }
    return kernel == NULL ? check_pool(bind, w) : CAMX_OK;
}

camx__shape camx__window_output(const camx__window *window, const camx__shape *x, int64_t channels)
{
    camx__shape y = *x;
    y.dim[1] = channels;
    y.dim[x->rank - 1] = window->out[1];
    if (x->rank == 4)
        y.dim[2] = window->out[0];
    return y;
}
