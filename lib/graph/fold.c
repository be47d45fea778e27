/* SPDX-License-Identifier: Apache-2.0 */
/* Constants: aliases of the file's tensors, folding by running the ordinary operators, and reading elements. */
#include <string.h>

#include "graph/bind.h"
#include "kernels/rows.h"

bool camx__node_is(const camx__node *node, const char *name)
{
    return strcmp(node->op->name, name) == 0;
}

/* ---- aliases ---- */

static bool hands_on(const camx__graph *graph, const camx__onnx_node *record)
{
    const char *op = record->op_type;
    if (strcmp(op, "Identity") == 0)
        return true;
    if (strcmp(op, "Cast") != 0)
        return false;
    /* Every float is widened to `real` when it is read, so a Cast between floats changes nothing. */
    const camx__onnx_attribute *to = camx__onnx_find(record, "to");
    camx__elem from = graph->values[record->inputs[0]].tensor.elem;
    return to != NULL && camx__elem_is_real(from) && camx__elem_is_real((camx__elem)to->i);
}

bool camx__fold_alias(camx__graph *graph, const camx__onnx_node *record)
{
    if (record->domain[0] != '\0' || record->output_count != 1 || record->outputs[0] < 0)
        return false;
    camx__value *output = &graph->values[record->outputs[0]];
    if (strcmp(record->op_type, "Constant") == 0) {
        const camx__onnx_attribute *attribute = camx__onnx_find(record, "value");
        if (attribute == NULL || attribute->kind != CAMX__ONNX_KIND_TENSOR)
            return false;
        camx__value_store(output, attribute->tensor);
        return true;
    }
    if (record->input_count != 1 || record->inputs[0] < 0)
        return false;
    const camx__value *input = &graph->values[record->inputs[0]];
    if (!input->constant || !hands_on(graph, record))
        return false;
    output->tensor = input->tensor;
    if (strcmp(record->op_type, "Cast") == 0)
        output->tensor.elem = (camx__elem)camx__onnx_find(record, "to")->i;
    output->known = true;
    output->constant = true;
    output->stored = input->stored;
    output->shape_bound = input->shape_bound;
    return true;
}

/* ---- reading ---- */

camx_status camx__graph_hold(camx__graph *graph, int id, camx_error *error)
{
    camx__value *value = &graph->values[id];
    if (!value->constant || value->tensor.data != NULL)
        return CAMX_OK;
    int64_t count = camx__shape_count(&value->tensor.shape);
    bool reals = camx__elem_is_real(value->tensor.elem);
    size_t size = reals ? sizeof(real) : sizeof(int64_t);
    void *data = camx__zone_alloc(&graph->zone, (size_t)count + 1, size);
    if (data == NULL)
        return camx__fail_memory(error, (size_t)count * size, value->name);
    if (reals)
        CAMX__FORWARD(camx__onnx_read_reals(graph->file, value->stored, 0, count, data, error));
    else
        CAMX__FORWARD(camx__onnx_read_ints(graph->file, value->stored, 0, count, data, error));
    value->tensor.data = data;
    return CAMX_OK;
}

camx_status camx__constant_read(void *context, int64_t first, int64_t count, real *out, camx_error *error)
{
    const camx__constant *constant = context;
    const camx__value *value = &constant->graph->values[constant->value];
    if (value->tensor.data != NULL && camx__elem_is_real(value->tensor.elem)) {
        memcpy(out, camx__reals(&value->tensor) + first, (size_t)count * sizeof(real));
        return CAMX_OK;
    }
    return camx__onnx_read_reals(constant->graph->file, value->stored, first, count, out, error);
}

/* ---- folding ---- */

static camx_status give_data(camx__zone *zone, camx__tensor *tensor, camx_error *error)
{
    size_t bytes = camx__tensor_bytes(tensor);
    tensor->data = camx__zone_alloc(zone, bytes + sizeof(int64_t), 1);
    return tensor->data != NULL ? CAMX_OK : camx__fail_memory(error, bytes, "a folded constant");
}

/* A channels-last twin for operators that demand it. */
static camx_status spatial_twin(camx__zone *zone, const camx__tensor *plain, camx__tensor **twin,
                                camx_error *error)
{
    *twin = camx__zone_alloc(zone, 1, sizeof **twin);
    if (*twin == NULL)
        return camx__fail_memory(error, sizeof **twin, "a folded constant");
    **twin = *plain;
    (*twin)->order = CAMX__CHANNELS_LAST;
    (*twin)->pitch = plain->shape.dim[1];
    return give_data(zone, *twin, error);
}

static camx_status run_folded(camx__zone *scratch, camx__binding *binding, camx_error *error)
{
    const camx__op *op = binding->op;
    camx__op_settings settings = {camx__gemm_get(CAMX_GEMM_BUILTIN, CAMX__ISA_BASELINE), true, 1};
    camx__op_prepare prepare = {
        .params = binding->params,
        .settings = &settings,
        .zone = scratch,
        .input_count = binding->input_count,
        .inputs = binding->inputs,
        .output_count = binding->output_count,
        .outputs = (const camx__tensor *const *)binding->outputs,
        .error = error,
    };
    if (op->prepare != NULL)
        CAMX__FORWARD(op->prepare(&prepare));
    camx__op_call call = {
        .params = binding->params,
        .state = prepare.state,
        .label = binding->label,
        .input_count = binding->input_count,
        .inputs = binding->inputs,
        .output_count = binding->output_count,
        .outputs = (const camx__tensor *const *)binding->outputs,
        .scratch = camx__zone_alloc(scratch, prepare.scratch_bytes + 256, 1),
        .error = error,
    };
    if (call.scratch == NULL)
        return camx__fail_memory(error, prepare.scratch_bytes, "folding a constant");
    return op->forward(&call);
}

/* Operators that demand channels-last get twins of their first input and output. */
static camx_status run_spatial(camx__zone *scratch, camx__binding *binding, camx_error *error)
{
    camx__tensor *input = NULL;
    camx__tensor *output = NULL;
    camx__tensor *plain = binding->outputs[0];
    if (binding->inputs[0]->shape.rank < 3)
        return run_folded(scratch, binding, error);
    CAMX__FORWARD(spatial_twin(scratch, binding->inputs[0], &input, error));
    camx__rows_copy(NULL, binding->inputs[0], input);
    binding->inputs[0] = input;
    bool twin_output = plain != NULL && plain->shape.rank >= 3;
    if (twin_output) {
        CAMX__FORWARD(spatial_twin(scratch, plain, &output, error));
        binding->outputs[0] = output;
    }
    CAMX__FORWARD(run_folded(scratch, binding, error));
    if (twin_output)
        camx__rows_copy(NULL, output, plain);
    return CAMX_OK;
}

camx_status camx__fold_node(camx__graph *graph, camx__binding *binding, camx_error *error)
{
    camx__zone scratch;
    const camx__onnx_node *record = binding->record;
    bool shape_only = (binding->op->traits & CAMX__OP_SHAPE_ONLY) != 0;
    for (int i = 0; i < binding->input_count; i++)
        if (!shape_only && record->inputs[i] >= 0)
            CAMX__FORWARD(camx__graph_hold(graph, record->inputs[i], error));
    for (int i = 0; i < binding->output_count; i++) {
        if (binding->outputs[i] == NULL || !graph->values[record->outputs[i]].known)
            continue;
        camx__value *value = &graph->values[record->outputs[i]];
        CAMX__FORWARD(give_data(&graph->zone, &value->tensor, error));
        value->constant = true;
        value->shape_bound = binding->shape_bound || (shape_only && !binding->all_constant);
    }
    camx__zone_init(&scratch, graph->memory);
    bool spatial = (binding->op->traits & CAMX__OP_SPATIAL) != 0;
    camx_status status =
        spatial ? run_spatial(&scratch, binding, error) : run_folded(&scratch, binding, error);
    camx__zone_free(&scratch);
    return status;
}
