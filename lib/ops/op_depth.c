/* SPDX-License-Identifier: Apache-2.0 */
/* DepthToSpace and SpaceToDepth: channels become positions of finer maps, and back. */
#include <string.h>

#include "base/checked.h"
#include "ops/move.h"
#include "ops/op.h"

typedef struct depth_params {
    int64_t block;
    bool
        columns_first; /* mode CRD: the block's position is the faster part of the channel number */
} depth_params;

static camx_status read_block(camx__op_bind *bind, depth_params **params)
{
    char text[160];
    *params = camx__op_params(bind, sizeof **params);
    if (*params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_int(bind, "blocksize", 0, &(*params)->block));
    if ((*params)->block < 1 || (*params)->block > 65536)
        return camx__op_invalid(bind, "blocksize is %lld", (long long)(*params)->block);
    if (bind->inputs[0]->shape.rank != 4)
        return camx__op_invalid(bind, "its input has the shape %s instead of [N, C, H, W]",
                                camx__shape_text(&bind->inputs[0]->shape, text, sizeof text));
    return CAMX_OK;
}

static camx_status to_space_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    camx__shape y = *x;
    depth_params *params;
    const char *mode;
    CAMX__FORWARD(read_block(bind, &params));
    CAMX__FORWARD(camx__op_text(bind, "mode", &mode));
    params->columns_first = strcmp(mode, "CRD") == 0;
    if (mode[0] != '\0' && !params->columns_first && strcmp(mode, "DCR") != 0)
        return camx__op_invalid(bind, "mode '%.40s' is neither DCR nor CRD", mode);
    int64_t area = params->block * params->block;
    if (x->dim[1] % area != 0)
        return camx__op_misfit(bind, "%lld channels cannot become blocks of %lld",
                               (long long)x->dim[1], (long long)area);
    y.dim[1] /= area;
    for (int i = 2; i < 4; i++)
        if (!camx__mul_i64(x->dim[i], params->block, &y.dim[i]))
            return camx__op_misfit(bind, "its output would be too large");
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

static camx_status to_depth_bind(camx__op_bind *bind)
{
    const camx__shape *x = &bind->inputs[0]->shape;
    camx__shape y = *x;
    depth_params *params;
    CAMX__FORWARD(read_block(bind, &params));
    for (int i = 2; i < 4; i++) {
        if (x->dim[i] % params->block != 0)
            return camx__op_misfit(
                bind, "axis %d has length %lld, which is no multiple of the blocksize %lld", i,
                (long long)x->dim[i], (long long)params->block);
        y.dim[i] /= params->block;
    }
    if (!camx__mul_i64(x->dim[1], params->block * params->block, &y.dim[1]))
        return camx__op_misfit(bind, "its output would be too large");
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

/* From the deep tensor [N, block x block x C, H, W] to the wide one [N, C, H x block, W x block].
 */
static camx__move moved(const depth_params *params, const camx__tensor *deep,
                        const camx__tensor *wide)
{
    int64_t from[CAMX__MAX_RANK];
    int64_t to[CAMX__MAX_RANK];
    const int64_t block = params->block;
    const int64_t channels = wide->shape.dim[1];
    const int64_t channel_step = params->columns_first ? block * block : 1;
    const int64_t block_step = params->columns_first ? 1 : channels;
    camx__move move = camx__move_start(deep, 0, wide, 0, false);
    camx__tensor_strides(deep, from);
    camx__tensor_strides(wide, to);
    camx__move_add(&move, wide->shape.dim[0], from[0], to[0]);
    camx__move_add(&move, channels, from[1] * channel_step, to[1]);
    for (int i = 2; i < 4; i++) {
        camx__move_add(&move, deep->shape.dim[i], from[i], to[i] * block);
        camx__move_add(&move, block, from[1] * block_step * (i == 2 ? block : 1), to[i]);
    }
    return move;
}

/* Runs a move whose source is `from`, turning it if it was described the other way round. */
static void run(camx__pool *pool, camx__move move, bool turn, bool accumulate)
{
    if (turn)
        camx__move_turn(&move);
    move.accumulate = accumulate;
    camx__move_run(pool, &move);
}

static camx_status to_space_forward(const camx__op_call *call)
{
    run(call->pool, moved(call->params, call->inputs[0], call->outputs[0]), false, false);
    return CAMX_OK;
}

static camx_status to_space_backward(const camx__op_gradient *g)
{
    run(g->pool, moved(g->params, g->input_gradients[0], g->output_gradients[0]), true,
        g->accumulate[0]);
    return CAMX_OK;
}

static camx_status to_depth_forward(const camx__op_call *call)
{
    run(call->pool, moved(call->params, call->outputs[0], call->inputs[0]), true, false);
    return CAMX_OK;
}

static camx_status to_depth_backward(const camx__op_gradient *g)
{
    run(g->pool, moved(g->params, g->output_gradients[0], g->input_gradients[0]), false,
        g->accumulate[0]);
    return CAMX_OK;
}

#define REARRANGE(ROW, NAME, WAY)                                                                  \
    const camx__op camx__op_##ROW = {                                                              \
        .name = NAME,                                                                              \
        .traits = CAMX__OP_ANY_ORDER | CAMX__OP_KEEPS_BATCH,                                       \
        .min_inputs = 1,                                                                           \
        .max_inputs = 1,                                                                           \
        .max_outputs = 1,                                                                          \
        .bind = WAY##_bind,                                                                        \
        .forward = WAY##_forward,                                                                  \
        .backward = WAY##_backward,                                                                \
    }

REARRANGE(depth_to_space, "DepthToSpace", to_space);
REARRANGE(space_to_depth, "SpaceToDepth", to_depth);
