/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins without copying: what a Concat along the channels joins is written where it belongs in the first place. A
 * channels-last tensor may be a range of another's channels (its pitch is then the other's), so every input of such
 * a Concat can have its home inside the result; and a Concat of values that already lie one behind the other, as
 * DenseNet's blocks have many, is a range of the larger one itself.
 *
 * Only where no gradient flows: backward wants gradients laid out as the values are, without gaps. Nor where every place
 * is held: region runs have windows of different sizes for the parts of a Concat.
 */
#include "plan/planner.h"

static const camx__shape *shape_of(const camx__planner *planner, int id)
{
    return &planner->graph->values[id].tensor.shape;
}

/* A Concat along axis 1 of tensors with at least one axis behind it. */
static bool joins_channels(const camx__planner *planner, const camx__node *node)
{
    if (!camx__node_is(node, "Concat") || node->outputs[0] < 0)
        return false;
    const camx__shape *whole = shape_of(planner, node->outputs[0]);
    int64_t channels = 0;
    if (whole->rank < 3 || !camx__elem_is_real(planner->graph->values[node->outputs[0]].tensor.elem))
        return false;
    for (int i = 0; i < node->input_count; i++) {
        camx__shape part = *shape_of(planner, node->inputs[i]);
        channels += part.dim[1];
        part.dim[1] = whole->dim[1];
        if (!camx__shape_equal(&part, whole))
            return false;
    }
    return channels == whole->dim[1];
}

/* The inputs lie one behind the other in one larger result: so does what they are joined to. */
static bool already_joined(const camx__planner *planner, const camx__node *node)
{
    const camx__home *first = &planner->homes[node->inputs[0]];
    int64_t channel = first->channel;
    for (int i = 0; i < node->input_count; i++) {
        const camx__home *home = &planner->homes[node->inputs[i]];
        if (home->whole < 0 || home->whole != first->whole || home->channel != channel)
            return false;
        channel += shape_of(planner, node->inputs[i])->dim[1];
    }
    return !planner->carries[node->outputs[0]];
}

static void give_homes(camx__planner *planner, const camx__node *node)
{
    camx__home *own = &planner->homes[node->outputs[0]];
    if (own->whole < 0 && already_joined(planner, node))
        *own = planner->homes[node->inputs[0]];
    int64_t channel = own->whole >= 0 ? own->channel : 0;
    for (int i = 0; i < node->input_count; i++) {
        int id = node->inputs[i];
        camx__home *home = &planner->homes[id];
        bool free = home->whole < 0 && !planner->graph->values[id].constant && !planner->carries[id] &&
                    id != planner->graph->head.logits;
        if (free) {
            home->whole = own->whole >= 0 ? own->whole : node->outputs[0];
            home->channel = channel;
        }
        channel += shape_of(planner, id)->dim[1];
    }
}

camx_status camx__plan_joins(camx__planner *planner)
{
    int values = planner->graph->value_count;
    planner->homes = camx__zone_alloc(&planner->scratch, (size_t)values + 1, sizeof *planner->homes);
    if (planner->homes == NULL)
        return camx__fail_memory(planner->error, (size_t)values * sizeof *planner->homes, "the program");
    for (int v = 0; v < values; v++)
        planner->homes[v] = (camx__home){.whole = -1, .place = -1};
    if (!planner->demand->fusion || planner->demand->hold_all)
        return CAMX_OK;
    for (int n = planner->graph->node_count - 1; n >= 0; n--) {
        const camx__node *node = &planner->graph->nodes[n];
        if (planner->needed[n] && joins_channels(planner, node))
            give_homes(planner, node);
    }
    return CAMX_OK;
}

/* Opens the place of a whole result when the first of its parts is about to be written. */
static camx_status open_whole(camx__planner *planner, int id)
{
    camx__home *home = &planner->homes[id];
    if (home->place >= 0)
        return CAMX_OK;
    camx__tensor tensor = camx__plan_tensor(&planner->graph->values[id], CAMX__CHANNELS_LAST);
    return camx__plan_fresh(planner, &tensor, &home->place);
}

camx_status camx__plan_home(camx__planner *planner, int id, const camx__tensor *tensor, int *place)
{
    const camx__home *home = &planner->homes[id];
    if (tensor->order != CAMX__CHANNELS_LAST || (home->whole < 0 && home->place < 0))
        return camx__plan_fresh(planner, tensor, place);
    if (home->whole < 0) {
        *place = home->place;
        return CAMX_OK;
    }
    CAMX__FORWARD(open_whole(planner, home->whole));
    return camx__plan_range(planner, planner->homes[home->whole].place, home->channel, tensor, place);
}

/* ---- the other way round: a range of channels that is cut out ---- */

camx_status camx__plan_cut(camx__planner *planner, const camx__node *node, bool *done)
{
    int from = planner->primary[node->inputs[0]];
    *done = false;
    if (!planner->demand->fusion || planner->demand->hold_all || node->op->first_channel == NULL || from < 0)
        return CAMX_OK;
    const camx__tensor *whole = &planner->program->places[from].tensor;
    if (whole->order != CAMX__CHANNELS_LAST || !camx__elem_is_real(whole->elem) ||
        planner->graph->values[node->inputs[0]].constant)
        return CAMX_OK;
    for (int i = 0; i < node->output_count; i++) {
        int id = node->outputs[i];
        if (id >= 0 && (planner->carries[id] || id == planner->graph->head.logits ||
                        node->op->first_channel(node->params, i) < 0))
            return CAMX_OK;
    }
    *done = true;
    for (int i = 0; i < node->output_count; i++) {
        int id = node->outputs[i];
        if (id < 0 || !planner->graph->values[id].known)
            continue;
        camx__tensor part = camx__plan_tensor(&planner->graph->values[id], CAMX__CHANNELS_LAST);
        CAMX__FORWARD(camx__plan_range(planner, from,
                                       node->op->first_channel(node->params, i), &part,
                                       &planner->primary[id]));
    }
    return CAMX_OK;
}
