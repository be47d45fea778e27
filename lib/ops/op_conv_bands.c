/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A depthwise Conv together with the 1x1 Convs around it, as one step. No operator of ONNX: the planner puts it in the
 * place of its parts where nobody looks at what is between them. Gradients are the parts' own.
 */
#include "ops/op_conv.h"

static camx__conv_link link_of(const camx__op_bands_link *link)
{
    return (camx__conv_link){.plan = link->plan, .epilogue = link->plan != NULL ? &link->epilogue : NULL};
}

camx__conv_bands camx__op_bands_of(const camx__op_bands_state *state)
{
    return (camx__conv_bands){
        .expand = link_of(&state->expand), .depthwise = link_of(&state->depthwise), .project = link_of(&state->project)};
}

static const void *weights_of(const camx__op_bands_link *link)
{
    return link->plan != NULL ? *link->packed : NULL;
}

static camx_status bands_forward(const camx__op_call *call)
{
    const camx__op_bands_state *state = call->state;
    camx__conv_bands bands = camx__op_bands_of(state);
    camx__conv_link *last = bands.project.plan != NULL ? &bands.project : &bands.depthwise;
    camx__epilogue epilogue = *last->epilogue;
    bands.expand.packed = weights_of(&state->expand);
    bands.depthwise.packed = weights_of(&state->depthwise);
    bands.project.packed = weights_of(&state->project);
    if (call->epilogue != NULL) {
        const real *bias = epilogue.bias;
        epilogue = *call->epilogue;
        if (epilogue.bias == NULL)
            epilogue.bias = bias;
    }
    last->epilogue = &epilogue;
    camx__conv_bands_run(&bands, call->pool, camx__reals(call->inputs[0]), call->inputs[0]->pitch,
                         camx__reals(call->outputs[0]), call->outputs[0]->pitch, call->scratch);
    return CAMX_OK;
}

static const char *bands_describe(const void *state)
{
    (void)state;
    return "bands";
}

const camx__op camx__op_conv_bands = {
    .name = "Conv",
    .traits = CAMX__OP_SPATIAL | CAMX__OP_KEEPS_BATCH | CAMX__OP_EPILOGUE,
    .forward = bands_forward,
    .describe = bands_describe,
};
