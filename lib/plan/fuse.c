/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fusion: what a convolution or dense layer does on the way. Never across a value that somebody asked to keep,
 * that backward reads, or that a second node reads.
 */
#include <string.h>

#include "ops/op_conv.h"
#include "plan/planner.h"

static const camx__value *value_of(const camx__planner *planner, int id)
{
    return &planner->graph->values[id];
}

/* The only node that reads a value, or -1. */
static int only_reader(const camx__planner *planner, int id)
{
    int found = -1;
    for (int n = 0; n < planner->graph->node_count; n++) {
        const camx__node *node = &planner->graph->nodes[n];
        for (int i = 0; i < node->input_count && planner->needed[n]; i++) {
            if (node->inputs[i] != id)
                continue;
            if (found >= 0)
                return -1;
            found = n;
        }
    }
    return found;
}

int camx__plan_next(const camx__planner *planner, int number)
{
    int id = planner->graph->nodes[number].outputs[0];
    if (planner->protected_[id])
        return -1;
    int reader = only_reader(planner, id);
    return reader >= 0 && planner->fusion_of[reader] < 0 ? reader : -1;
}

static bool constant_input(const camx__planner *planner, const camx__node *node, int input)
{
    return input >= node->input_count || node->inputs[input] < 0 ||
           value_of(planner, node->inputs[input])->constant;
}

static void take_norm(camx__planner *planner, camx__fusion *fusion)
{
    const camx__node *anchor = &planner->graph->nodes[fusion->anchor];
    int next = camx__plan_next(planner, fusion->last);
    if (next < 0 || !camx__node_is(anchor, "Conv") || !constant_input(planner, anchor, 1) ||
        !constant_input(planner, anchor, 2))
        return;
    const camx__node *norm = &planner->graph->nodes[next];
    if (!camx__node_is(norm, "BatchNormalization"))
        return;
    for (int i = 1; i < 5; i++)
        if (!constant_input(planner, norm, i))
            return;
    fusion->norm = next;
    fusion->last = next;
}

static void take_add(camx__planner *planner, camx__fusion *fusion)
{
    int next = camx__plan_next(planner, fusion->last);
    if (next < 0 || !camx__node_is(&planner->graph->nodes[fusion->anchor], "Conv") ||
        !camx__node_is(&planner->graph->nodes[next], "Add"))
        return;
    const camx__node *add = &planner->graph->nodes[next];
    int own = planner->graph->nodes[fusion->last].outputs[0];
    int residual = add->inputs[0] == own ? add->inputs[1] : add->inputs[0];
    if (residual == own || value_of(planner, residual)->constant ||
        !camx__shape_equal(&value_of(planner, residual)->tensor.shape, &value_of(planner, own)->tensor.shape))
        return;
    fusion->add = next;
    fusion->residual = residual;
    fusion->last = next;
}

static bool constant_number(const camx__planner *planner, const camx__node *node, int input, real *number)
{
    if (input >= node->input_count || node->inputs[input] < 0)
        return true;
    const camx__value *value = value_of(planner, node->inputs[input]);
    if (!value->constant || value->tensor.data == NULL || camx__shape_count(&value->tensor.shape) != 1)
        return false;
    *number = camx__reals(&value->tensor)[0];
    return true;
}

static real attribute(const camx__node *node, const char *name, real fallback)
{
    const camx__onnx_attribute *found = camx__onnx_find(node->record, name);
    return found != NULL && found->kind == CAMX__ONNX_KIND_FLOAT ? (real)found->f : fallback;
}

static bool is_clip(const camx__planner *planner, const camx__node *node, camx__fusion *fusion)
{
    const real huge = (real)3.402823466e38;
    fusion->low = attribute(node, "min", -huge);
    fusion->high = attribute(node, "max", huge);
    return constant_number(planner, node, 1, &fusion->low) && constant_number(planner, node, 2, &fusion->high) &&
           fusion->low <= fusion->high;
}

/* Activations of one node. */
static bool single_activation(const camx__planner *planner, const camx__node *node, camx__fusion *fusion)
{
    fusion->low = 0;
    fusion->high = 0;
    if (camx__node_is(node, "Relu")) {
        fusion->function = CAMX__ACT_RELU;
    } else if (camx__node_is(node, "Clip")) {
        fusion->function = CAMX__ACT_CLIP;
        return is_clip(planner, node, fusion);
    } else if (camx__node_is(node, "Sigmoid")) {
        fusion->function = CAMX__ACT_SIGMOID;
    } else if (camx__node_is(node, "HardSigmoid") || camx__node_is(node, "HardSwish")) {
        bool swish = camx__node_is(node, "HardSwish");
        fusion->function = swish ? CAMX__ACT_HARDSWISH : CAMX__ACT_HARDSIGMOID;
        fusion->low = attribute(node, "alpha", (real)(swish ? 1.0F / 6.0F : 0.2F));
        fusion->high = attribute(node, "beta", (real)0.5);
    } else {
        return false;
    }
    return true;
}

/* x times Sigmoid(x) or HardSigmoid(x), written as two nodes. Backward would read x, so only where no gradient flows. */
static bool take_gate(camx__planner *planner, camx__fusion *fusion, int id)
{
    int gate = -1;
    int product = -1;
    for (int n = 0; n < planner->graph->node_count; n++) {
        const camx__node *node = &planner->graph->nodes[n];
        for (int i = 0; i < node->input_count && planner->needed[n]; i++) {
            if (node->inputs[i] != id)
                continue;
            bool sigmoid = camx__node_is(node, "Sigmoid") || camx__node_is(node, "HardSigmoid");
            if (sigmoid && gate < 0)
                gate = n;
            else if (camx__node_is(node, "Mul") && product < 0)
                product = n;
            else
                return false;
        }
    }
    if (gate < 0 || product < 0 || planner->fusion_of[gate] >= 0 || planner->fusion_of[product] >= 0)
        return false;
    const camx__node *mul = &planner->graph->nodes[product];
    int gated = planner->graph->nodes[gate].outputs[0];
    int partner = mul->inputs[0] == id ? mul->inputs[1] : mul->inputs[0];
    if (partner != gated || planner->protected_[gated] || only_reader(planner, gated) != product)
        return false;
    (void)single_activation(planner, &planner->graph->nodes[gate], fusion);
    fusion->function = fusion->function == CAMX__ACT_SIGMOID ? CAMX__ACT_SILU : CAMX__ACT_HARDSWISH;
    fusion->activation = product;
    fusion->last = product;
    planner->fusion_of[gate] = planner->fusion_count;
    return true;
}

static void take_activation(camx__planner *planner, camx__fusion *fusion)
{
    int id = planner->graph->nodes[fusion->last].outputs[0];
    if (planner->protected_[id])
        return;
    int next = camx__plan_next(planner, fusion->last);
    if (next < 0) {
        (void)take_gate(planner, fusion, id);
        return;
    }
    camx__fusion trial = *fusion;
    if (!single_activation(planner, &planner->graph->nodes[next], &trial))
        return;
    *fusion = trial;
    fusion->activation = next;
    fusion->last = next;
}

/* x times s, with one number of s per channel of each image, before a convolution that can do it on the way. */
static void take_product(camx__planner *planner, camx__fusion *fusion)
{
    const camx__node *anchor = &planner->graph->nodes[fusion->anchor];
    int id = anchor->inputs[0];
    int number = id >= 0 ? value_of(planner, id)->producer : -1;
    if (planner->demand->hold_all || number < 0 || !camx__node_is(anchor, "Conv") || planner->protected_[id] ||
        planner->given[id] || !constant_input(planner, anchor, 1) || !planner->needed[number] ||
        planner->fusion_of[number] >= 0)
        return;
    const camx__node *product = &planner->graph->nodes[number];
    if (!camx__node_is(product, "Mul") || only_reader(planner, id) != fusion->anchor ||
        !camx__op_conv_takes_gate(anchor->params, &planner->program->settings))
        return;
    const camx__shape *whole = &value_of(planner, id)->tensor.shape;
    for (int i = 0; i < 2; i++) {
        const camx__value *map = value_of(planner, product->inputs[i]);
        const camx__value *gate = value_of(planner, product->inputs[1 - i]);
        const camx__shape *s = &gate->tensor.shape;
        if (map->constant || gate->constant || whole->rank != 4 || s->rank != 4 ||
            !camx__shape_equal(&map->tensor.shape, whole) || s->dim[0] != whole->dim[0] ||
            s->dim[1] != whole->dim[1] || s->dim[2] != 1 || s->dim[3] != 1)
            continue;
        fusion->product = number;
        fusion->map = product->inputs[i];
        fusion->gate = product->inputs[1 - i];
        return;
    }
}

static void take_chain(camx__planner *planner, int anchor)
{
    camx__fusion fusion = {.anchor = anchor,
                           .product = -1,
                           .norm = -1,
                           .add = -1,
                           .residual = -1,
                           .activation = -1,
                           .last = anchor,
                           .function = CAMX__ACT_NONE};
    take_product(planner, &fusion);
    take_norm(planner, &fusion);
    take_add(planner, &fusion);
    take_activation(planner, &fusion);
    if (fusion.last == anchor && fusion.product < 0)
        return;
    if (fusion.product >= 0)
        planner->fusion_of[fusion.product] = planner->fusion_count;
    planner->fusion_of[anchor] = planner->fusion_count;
    if (fusion.norm >= 0)
        planner->fusion_of[fusion.norm] = planner->fusion_count;
    if (fusion.add >= 0)
        planner->fusion_of[fusion.add] = planner->fusion_count;
    if (fusion.activation >= 0)
        planner->fusion_of[fusion.activation] = planner->fusion_count;
    planner->fusions[planner->fusion_count++] = fusion;
}

camx_status camx__plan_fuse(camx__planner *planner)
{
    if (!planner->demand->fusion)
        return CAMX_OK;
    for (int n = 0; n < planner->graph->node_count; n++) {
        const camx__node *node = &planner->graph->nodes[n];
        bool anchor = (node->op->traits & CAMX__OP_EPILOGUE) != 0;
        if (!planner->needed[n] || planner->fusion_of[n] >= 0)
            continue;
        if (anchor)
            take_chain(planner, n);
        else if (camx__node_is(node, "Reshape"))
            (void)camx__plan_take_shuffle(planner, n);
    }
    return CAMX_OK;
}
