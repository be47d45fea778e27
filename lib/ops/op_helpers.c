/* SPDX-License-Identifier: Apache-2.0 */
/* What the bind functions of the operators share: attributes, constant inputs, axes, output
 * shapes, sentences. */
#include "ops/op.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- sentences ---- */

static camx_status fail_with(const camx__op_bind *bind, camx_status status, const char *format,
                             va_list arguments) __attribute__((format(printf, 3, 0)));

static camx_status fail_with(const camx__op_bind *bind, camx_status status, const char *format,
                             va_list arguments)
{
    char sentence[400];
    const char *file = bind->file != NULL ? bind->file->name : "the model";
    vsnprintf(sentence, sizeof sentence, format, arguments);
    return camx__fail(bind->error, status, "%s: %s: %s", file, bind->label, sentence);
}

camx_status camx__op_invalid(const camx__op_bind *bind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    camx_status status = fail_with(bind, CAMX_E_FORMAT, format, arguments);
    va_end(arguments);
    return status;
}

camx_status camx__op_unsupported(const camx__op_bind *bind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    camx_status status = fail_with(bind, CAMX_E_UNSUPPORTED, format, arguments);
    va_end(arguments);
    return status;
}

camx_status camx__op_misfit(const camx__op_bind *bind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    camx_status status = fail_with(bind, CAMX_E_SHAPE, format, arguments);
    va_end(arguments);
    return status;
}

/* ---- attributes ---- */

static const char *kind_name(int32_t kind)
{
    switch (kind) {
    case CAMX__ONNX_KIND_FLOAT:
        return "a number";
    case CAMX__ONNX_KIND_INT:
        return "an integer";
    case CAMX__ONNX_KIND_STRING:
        return "a text";
    case CAMX__ONNX_KIND_TENSOR:
        return "a tensor";
    case CAMX__ONNX_KIND_FLOATS:
        return "a list of numbers";
    case CAMX__ONNX_KIND_INTS:
        return "a list of integers";
    case CAMX__ONNX_KIND_STRINGS:
        return "a list of texts";
    default:
        return "something else";
    }
}

/* *found is NULL if the node does not have the attribute. */
static camx_status find_attribute(const camx__op_bind *bind, const char *name, int32_t kind,
                                  const camx__onnx_attribute **found)
{
    *found = camx__onnx_find(bind->node, name);
    if (*found != NULL && (*found)->kind != kind)
        return camx__op_invalid(bind, "attribute '%s' should be %s, but it is %s", name,
                                kind_name(kind), kind_name((*found)->kind));
    return CAMX_OK;
}

camx_status camx__op_int(const camx__op_bind *bind, const char *name, int64_t fallback,
                         int64_t *value)
{
    const camx__onnx_attribute *attribute;
    CAMX__FORWARD(find_attribute(bind, name, CAMX__ONNX_KIND_INT, &attribute));
    *value = attribute != NULL ? attribute->i : fallback;
    return CAMX_OK;
}

camx_status camx__op_float(const camx__op_bind *bind, const char *name, float fallback,
                           float *value)
{
    const camx__onnx_attribute *attribute;
    CAMX__FORWARD(find_attribute(bind, name, CAMX__ONNX_KIND_FLOAT, &attribute));
    *value = attribute != NULL ? attribute->f : fallback;
    return CAMX_OK;
}

camx_status camx__op_text(const camx__op_bind *bind, const char *name, const char **text)
{
    const camx__onnx_attribute *attribute;
    CAMX__FORWARD(find_attribute(bind, name, CAMX__ONNX_KIND_STRING, &attribute));
    *text = attribute != NULL ? attribute->s.text : "";
    return CAMX_OK;
}

camx_status camx__op_int_list(const camx__op_bind *bind, const char *name, const int64_t **values,
                              int *count, bool *present)
{
    const camx__onnx_attribute *attribute;
    *values = NULL;
    *count = 0;
    *present = false;
    CAMX__FORWARD(find_attribute(bind, name, CAMX__ONNX_KIND_INTS, &attribute));
    if (attribute == NULL)
        return CAMX_OK;
    if (attribute->count > CAMX__BIND_REALS)
        return camx__op_invalid(bind, "attribute '%s' has %zu numbers", name, attribute->count);
    *values = attribute->ints;
    *count = (int)attribute->count;
    *present = true;
    return CAMX_OK;
}

/* ---- constant inputs ---- */

/* *tensor is NULL for an absent input; otherwise its numbers are known and of the wanted kind. */
static camx_status constant_input(const camx__op_bind *bind, int input, bool real_wanted,
                                  const camx__tensor **tensor)
{
    *tensor = input < bind->input_count ? bind->inputs[input] : NULL;
    if (*tensor == NULL)
        return CAMX_OK;
    if (camx__elem_is_real((*tensor)->elem) != real_wanted)
        return camx__op_invalid(bind, "input %d has type %s where %s are needed", input,
                                camx__elem_name((*tensor)->elem),
                                real_wanted ? "floats" : "integers");
    if ((*tensor)->data == NULL)
        return camx__op_unsupported(
            bind, "input %d must be a constant, but it is computed by the network", input);
    if (camx__shape_count(&(*tensor)->shape) > CAMX__BIND_REALS)
        return camx__op_unsupported(bind, "input %d has more numbers than make sense here", input);
    return CAMX_OK;
}

camx_status camx__op_constant_ints(const camx__op_bind *bind, int input, const int64_t **values,
                                   int *count)
{
    const camx__tensor *tensor;
    *values = NULL;
    *count = 0;
    CAMX__FORWARD(constant_input(bind, input, false, &tensor));
    if (tensor != NULL) {
        *values = camx__ints(tensor);
        *count = (int)camx__shape_count(&tensor->shape);
    }
    return CAMX_OK;
}

camx_status camx__op_constant_reals(const camx__op_bind *bind, int input, const real **values,
                                    int *count)
{
    const camx__tensor *tensor;
    *values = NULL;
    *count = 0;
    CAMX__FORWARD(constant_input(bind, input, true, &tensor));
    if (tensor != NULL) {
        *values = camx__reals(tensor);
        *count = (int)camx__shape_count(&tensor->shape);
    }
    return CAMX_OK;
}

/* ---- axes and shapes ---- */

camx_status camx__op_axes(const camx__op_bind *bind, int input_since, int input, int rank,
                          unsigned *mask, bool *present)
{
    const int64_t *values;
    int count;
    *mask = 0;
    *present = false;
    if (bind->opset >= input_since) {
        CAMX__FORWARD(camx__op_constant_ints(bind, input, &values, &count));
        *present = values != NULL;
    } else {
        CAMX__FORWARD(camx__op_int_list(bind, "axes", &values, &count, present));
    }
    for (int i = 0; i < count; i++) {
        int axis = camx__axis(values[i], rank);
        if (axis < 0)
            return camx__op_invalid(bind, "axis %lld does not exist in a tensor of rank %d",
                                    (long long)values[i], rank);
        if (*mask >> axis & 1)
            return camx__op_invalid(bind, "axis %d is given twice", axis);
        *mask |= 1u << axis;
    }
    return CAMX_OK;
}

camx_status camx__op_axis(const camx__op_bind *bind, int64_t fallback, int rank, int *axis)
{
    int64_t value;
    CAMX__FORWARD(camx__op_int(bind, "axis", fallback, &value));
    *axis = camx__axis(value, rank);
    if (*axis < 0)
        return camx__op_invalid(bind, "axis %lld does not exist in a tensor of rank %d",
                                (long long)value, rank);
    return CAMX_OK;
}

camx_status camx__op_output(const camx__op_bind *bind, int output, const camx__shape *shape,
                            camx__elem elem)
{
    char text[160];
    if (!camx__shape_check(shape))
        return camx__op_misfit(bind, "its output would have the impossible shape %s",
                               camx__shape_text(shape, text, sizeof text));
    if (output < bind->output_count && bind->outputs[output] != NULL) {
        bind->outputs[output]->shape = *shape;
        bind->outputs[output]->elem = elem;
    }
    return CAMX_OK;
}

camx_status camx__op_need_reals(const camx__op_bind *bind, int input)
{
    const camx__tensor *tensor = input < bind->input_count ? bind->inputs[input] : NULL;
    if (tensor == NULL)
        return camx__op_invalid(bind, "input %d is missing", input);
    if (!camx__elem_is_real(tensor->elem))
        return camx__op_unsupported(bind, "input %d has type %s; only floats are supported here",
                                    input, camx__elem_name(tensor->elem));
    return CAMX_OK;
}

void *camx__op_params(camx__op_bind *bind, size_t size)
{
    bind->params = camx__zone_alloc(bind->zone, 1, size);
    if (bind->params == NULL)
        camx__fail_memory(bind->error, size, "an operator's attributes");
    return bind->params;
}

const camx__tensor *camx__op_input(const camx__op_bind *bind, int input)
{
    return input < bind->input_count ? bind->inputs[input] : NULL;
}

bool camx__op_wants(const camx__op_bind *bind, int output)
{
    return output < bind->output_count && bind->outputs[output] != NULL;
}
