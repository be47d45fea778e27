/* SPDX-License-Identifier: Apache-2.0 */
/* What activation maximisation climbs: objectives checked, and their gradients by the values they look at. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "explain/maximise.h"
#include "kernels/rows.h"

/* Rows, columns and channels of a layer of rank 4 or 2. */
static void shape_of(const camx_session *session, int value, int64_t *channels, int64_t *height, int64_t *width)
{
    const camx__value *v = &session->bound->graph->values[value];
    const int64_t *dim = v->tensor.shape.dim;
    bool spatial = v->tensor.shape.rank == 4;
    *channels = spatial ? dim[v->channels_last ? 3 : 1] : dim[1];
    *height = spatial ? dim[v->channels_last ? 1 : 2] : 1;
    *width = spatial ? dim[v->channels_last ? 2 : 3] : 1;
}

/* Where a number of the layer stands in plain order. */
static int64_t place_of(const camx_session *session, int value, int64_t c, int64_t y, int64_t x)
{
    int64_t channels = 0;
    int64_t height = 0;
    int64_t width = 0;
    shape_of(session, value, &channels, &height, &width);
    if (session->bound->graph->values[value].channels_last)
        return (y * width + x) * channels + c;
    return (c * height + y) * width + x;
}

/* ---- checking ---- */

static camx_status check_layer(const camx__wishes *w, uint32_t number, camx_error *error)
{
    const camx__value *v = &w->session->bound->graph->values[w->values[number]];
    char text[120];
    if (!camx__elem_is_real(v->tensor.elem) || (v->tensor.shape.rank != 4 && v->tensor.shape.rank != 2) ||
        camx__shape_count(&v->tensor.shape) == 0)
        return camx__fail(error, CAMX_E_METHOD,
                          "objective %u: layer '%s' has no channels: its shape is %s, not [N, C, H, W] or [N, C]", number,
                          v->name, camx__shape_text(&v->tensor.shape, text, sizeof text));
    if (!v->reaches_scores)
        return camx__fail(error, CAMX_E_METHOD,
                          "objective %u: the scores do not depend on layer '%s', and gradients are only kept on the way to "
                          "them",
                          number, v->name);
    return CAMX_OK;
}

static camx_status check_place(const camx__wishes *w, uint32_t number, camx_error *error)
{
    camx_objective *o = &w->objectives[number];
    int64_t channels = 0;
    int64_t height = 0;
    int64_t width = 0;
    const char *name = w->session->bound->graph->values[w->values[number]].name;
    shape_of(w->session, w->values[number], &channels, &height, &width);
    if (o->kind != CAMX_OBJECTIVE_LAYER && (o->index < 0 || o->index >= channels))
        return camx__fail(error, CAMX_E_NOT_FOUND, "objective %u: %s %d does not exist: '%s' has 0 to %lld", number,
                          o->kind == CAMX_OBJECTIVE_CLASS ? "class" : "channel", o->index, name,
                          (long long)channels - 1);
    if (o->kind != CAMX_OBJECTIVE_NEURON)
        return CAMX_OK;
    if (o->x < 0)
        o->x = (int32_t)(width / 2);
    if (o->y < 0)
        o->y = (int32_t)(height / 2);
    if (o->x >= width || o->y >= height)
        return camx__fail(error, CAMX_E_ARGUMENT, "objective %u: place x %d, y %d lies outside of '%s', which is %lldx%lld",
                          number, o->x, o->y, name, (long long)width, (long long)height);
    return CAMX_OK;
}

static camx_status check_objective(const camx__wishes *w, uint32_t number, const camx_objective *given,
                                   camx_error *error)
{
    camx_objective *o = &w->objectives[number];
    const camx__graph *graph = w->session->bound->graph;
    if (given == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "objective %u is NULL", number);
    camx_objective_init(o);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_objective, o, given, error));
    if (o->kind < CAMX_OBJECTIVE_CLASS || o->kind > CAMX_OBJECTIVE_LAYER)
        return camx__fail(error, CAMX_E_ARGUMENT, "objective %u: kind %d is no camx_objective_kind", number, o->kind);
    if (!isfinite(o->weight))
        return camx__fail(error, CAMX_E_ARGUMENT, "objective %u: its weight is not finite", number);
    if (o->kind == CAMX_OBJECTIVE_CLASS && o->layer != NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "objective %u is a class and has no layer: leave '%.100s' out",
                          number, o->layer);
    if (o->kind == CAMX_OBJECTIVE_CLASS)
        w->values[number] = graph->head.logits;
    else
        CAMX__FORWARD(camx__graph_find_layer(graph, o->layer, &w->values[number], error));
    CAMX__FORWARD(check_layer(w, number, error));
    return check_place(w, number, error);
}

/* ---- seeds ---- */

static int producer_of(const camx__wishes *w, int value)
{
    return w->session->bound->graph->values[value].producer;
}

/* Every value once, the latest producer first. */
static void collect(camx__wishes *w)
{
    for (uint32_t i = 0; i < w->count; i++) {
        int value = w->values[i];
        int at = 0;
        while (at < w->wish_count && producer_of(w, w->wishes[at].value) > producer_of(w, value))
            at++;
        bool known = false;
        for (int k = 0; k < w->wish_count; k++)
            known |= w->wishes[k].value == value;
        if (known)
            continue;
        memmove(w->wishes + at + 1, w->wishes + at, (size_t)(w->wish_count - at) * sizeof *w->wishes);
        w->wishes[at] = (camx__wish){.value = value, .numbers = w->session->bound->graph->values[value].tensor};
        w->wishes[at].numbers.data = NULL;
        w->wish_count++;
    }
}

static camx_status give_room(camx__wishes *w, camx_error *error)
{
    for (int i = 0; i < w->wish_count; i++) {
        size_t bytes = camx__tensor_bytes(&w->wishes[i].numbers);
        w->wishes[i].numbers.data = camx__alloc(w->session->memory, bytes, 1);
        if (w->wishes[i].numbers.data == NULL)
            return camx__fail_memory(error, bytes, "the objectives");
        w->seeds[i] = (camx__seed){w->wishes[i].value, &w->wishes[i].numbers};
    }
    return CAMX_OK;
}

camx_status camx__wishes_open(camx__wishes *w, camx_session *session, const camx_objective *const *objectives,
                              uint32_t count, camx_error *error)
{
    *w = (camx__wishes){.session = session, .count = count};
    w->objectives = camx__alloc(session->memory, count, sizeof *w->objectives);
    w->values = camx__alloc(session->memory, count, sizeof *w->values);
    w->wishes = camx__alloc_clear(session->memory, count, sizeof *w->wishes);
    w->seeds = camx__alloc_clear(session->memory, count, sizeof *w->seeds);
    if (w->objectives == NULL || w->values == NULL || w->wishes == NULL || w->seeds == NULL)
        return camx__fail_memory(error, count * sizeof *w->objectives, "the objectives");
    for (uint32_t i = 0; i < count; i++)
        CAMX__FORWARD(check_objective(w, i, objectives[i], error));
    collect(w);
    return give_room(w, error);
}

void camx__wishes_close(camx__wishes *w)
{
    camx__memory *memory = w->session->memory;
    for (int i = 0; i < w->wish_count; i++)
        camx__free(memory, w->wishes[i].numbers.data);
    camx__free(memory, w->objectives);
    camx__free(memory, w->values);
    camx__free(memory, w->wishes);
    camx__free(memory, w->seeds);
}

static void add_channel(const camx__wishes *w, uint32_t number, real *numbers)
{
    const camx_objective *o = &w->objectives[number];
    int64_t channels = 0;
    int64_t height = 0;
    int64_t width = 0;
    shape_of(w->session, w->values[number], &channels, &height, &width);
    real each = (real)o->weight / (real)(height * width);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            numbers[place_of(w->session, w->values[number], o->index, y, x)] += each;
}

/* The gradient of weight x mean square: the activations times 2 weight / count. */
static void set_layer(const camx__wishes *w, const camx__wish *wish, double weight)
{
    int64_t count = camx__shape_count(&wish->numbers.shape);
    real factor = (real)(2.0 * weight / (double)count);
    camx__rows_copy(NULL, camx__runner_value(&w->session->runner, wish->value), &wish->numbers);
    for (int64_t i = 0; i < count; i++)
        camx__reals(&wish->numbers)[i] *= factor;
}

static void seed_value(const camx__wishes *w, const camx__wish *wish)
{
    real *numbers = camx__reals(&wish->numbers);
    double layer = 0.0;
    memset(numbers, 0, camx__tensor_bytes(&wish->numbers));
    for (uint32_t i = 0; i < w->count; i++)
        if (w->values[i] == wish->value && w->objectives[i].kind == CAMX_OBJECTIVE_LAYER)
            layer += (double)w->objectives[i].weight;
    if (layer != 0.0)
        set_layer(w, wish, layer);
    for (uint32_t i = 0; i < w->count; i++) {
        const camx_objective *o = &w->objectives[i];
        if (w->values[i] != wish->value || o->kind == CAMX_OBJECTIVE_LAYER)
            continue;
        if (o->kind == CAMX_OBJECTIVE_NEURON)
            numbers[place_of(w->session, wish->value, o->index, o->y, o->x)] += (real)o->weight;
        else
            add_channel(w, i, numbers);
    }
}

void camx__wishes_seed(camx__wishes *w)
{
    for (int i = 0; i < w->wish_count; i++)
        seed_value(w, &w->wishes[i]);
}
