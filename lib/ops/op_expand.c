/* SPDX-License-Identifier: Apache-2.0 */
/* Expand (NumPy's broadcast_to) and Tile: repeated numbers, whose gradients add up. */
#include "base/checked.h"
#include "ops/broadcast.h"
#include "ops/elementwise.h"
#include "ops/move.h"
#include "ops/op.h"

/* ---- Expand ---- */

typedef struct expand_params {
    bool keeps_batch;
} expand_params;

static camx_status expand_bind(camx__op_bind *bind)
{
    const camx__tensor *x = bind->inputs[0];
    const int64_t *dims;
    camx__shape wish = {.rank = 0};
    camx__shape y;
    char text[2][160];
    expand_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_constant_ints(bind, 1, &dims, &wish.rank));
    if (wish.rank > CAMX__MAX_RANK)
        return camx__op_unsupported(bind,
                                    "its output would have %d dimensions; up to %d are supported",
                                    wish.rank, CAMX__MAX_RANK);
    for (int i = 0; i < wish.rank; i++)
        wish.dim[i] = dims[i];
    if (!camx__shape_broadcast(&x->shape, &wish, &y))
        return camx__op_misfit(bind, "the shapes %s and %s do not fit each other",
                               camx__shape_text(&x->shape, text[0], sizeof text[0]),
                               camx__shape_text(&wish, text[1], sizeof text[1]));
    params->keeps_batch = y.rank == x->shape.rank && y.rank > 0 && y.dim[0] == x->shape.dim[0];
    return camx__op_output(bind, 0, &y, x->elem);
}

static bool expand_keeps_batch(const void *params)
{
    return ((const expand_params *)params)->keeps_batch;
}

static camx_status expand_forward(const camx__op_call *call)
{
    camx__broadcast_copy(call->pool, call->inputs[0], call->outputs[0], false);
    return CAMX_OK;
}

static camx_status expand_backward(const camx__op_gradient *g)
{
    camx__broadcast_reduce(g->pool, g->output_gradients[0], g->input_gradients[0],
                           g->accumulate[0]);
    return CAMX_OK;
}

const camx__op camx__op_expand = {
    .name = "Expand",
    .traits = CAMX__OP_ANY_ORDER,
    .min_inputs = 2,
    .max_inputs = 2,
    .max_outputs = 1,
    .bind = expand_bind,
    .forward = expand_forward,
    .backward = expand_backward,
    .keeps_batch = expand_keeps_batch,
};

/* ---- Tile ---- */

typedef struct tile_params {
    int64_t repeats[CAMX__MAX_RANK];
} tile_params;

/* Opset 1 had two inputs of one number each: how often, and along which axis. */
static camx_status old_repeats(const camx__op_bind *bind, tile_params *params)
{
    const int64_t *tiles;
    const int64_t *axes;
    int tile_count;
    int axis_count;
    CAMX__FORWARD(camx__op_constant_ints(bind, 1, &tiles, &tile_count));
    CAMX__FORWARD(camx__op_constant_ints(bind, 2, &axes, &axis_count));
    int axis = axis_count == 1 ? camx__axis(axes[0], bind->inputs[0]->shape.rank) : -1;
    if (tile_count != 1 || axis < 0)
        return camx__op_invalid(bind, "tiles and axis are not a single number each");
    params->repeats[axis] = tiles[0];
    return CAMX_OK;
}

static camx_status new_repeats(const camx__op_bind *bind, tile_params *params)
{
    const int64_t *repeats;
    int count;
    CAMX__FORWARD(camx__op_constant_ints(bind, 1, &repeats, &count));
    if (count != bind->inputs[0]->shape.rank)
        return camx__op_invalid(bind, "%d repeats are given for an input of rank %d", count,
                                bind->inputs[0]->shape.rank);
    for (int i = 0; i < count; i++)
        params->repeats[i] = repeats[i];
    return CAMX_OK;
}

static camx_status tile_bind(camx__op_bind *bind)
{
    const camx__tensor *x = bind->inputs[0];
    camx__shape y = x->shape;
    tile_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    for (int i = 0; i < CAMX__MAX_RANK; i++)
        params->repeats[i] = 1;
    if (bind->opset < 6)
        CAMX__FORWARD(old_repeats(bind, params));
    else
        CAMX__FORWARD(new_repeats(bind, params));
    for (int i = 0; i < y.rank; i++)
        if (params->repeats[i] < 0 || !camx__mul_i64(y.dim[i], params->repeats[i], &y.dim[i]))
            return camx__op_misfit(bind, "axis %d cannot be repeated %lld times", i,
                                   (long long)params->repeats[i]);
    return camx__op_output(bind, 0, &y, x->elem);
}

static bool tile_keeps_batch(const void *params)
{
    return ((const tile_params *)params)->repeats[0] == 1;
}

/* Each axis counts twice: through the copies, and within one. */
static camx__move moved(const tile_params *params, const camx__tensor *x, const camx__tensor *y)
{
    int64_t from[CAMX__MAX_RANK];
    int64_t to[CAMX__MAX_RANK];
    camx__move move = camx__move_start(x, 0, y, 0, false);
    camx__tensor_strides(x, from);
    camx__tensor_strides(y, to);
    for (int i = 0; i < x->shape.rank; i++) {
        camx__move_add(&move, params->repeats[i], 0, to[i] * x->shape.dim[i]);
        camx__move_add(&move, x->shape.dim[i], from[i], to[i]);
    }
    return move;
}

static camx_status tile_forward(const camx__op_call *call)
{
    camx__move move = moved(call->params, call->inputs[0], call->outputs[0]);
    camx__move_run(call->pool, &move);
    return CAMX_OK;
}

static camx_status tile_backward(const camx__op_gradient *g)
{
    const camx__tensor *gx = g->input_gradients[0];
    camx__move move = moved(g->params, gx, g->output_gradients[0]);
    if (camx__shape_count(&g->output_gradients[0]->shape) == 0 && !g->accumulate[0])
        camx__move_clear(g->pool, gx);
    camx__move_turn(&move);
    move.accumulate = g->accumulate[0];
    camx__move_run(g->pool, &move);
    return CAMX_OK;
}

const camx__op camx__op_tile = {
    .name = "Tile",
    .traits = CAMX__OP_ANY_ORDER,
    .min_inputs = 2,
    .max_inputs = 3,
    .max_outputs = 1,
    .bind = tile_bind,
    .forward = tile_forward,
    .backward = tile_backward,
    .keeps_batch = tile_keeps_batch,
};
