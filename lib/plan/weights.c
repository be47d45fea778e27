/* SPDX-License-Identifier: Apache-2.0 */
/* The store of packed weights. */
#include "plan/weights.h"

void camx__weights_init(camx__weights *weights, camx__memory *memory)
{
    *weights = (camx__weights){.memory = memory};
}

void camx__weights_free(camx__weights *weights)
{
    while (weights->packs != NULL) {
        camx__pack *next = weights->packs->next;
        camx__free(weights->memory, weights->packs->data);
        camx__free(weights->memory, weights->packs);
        weights->packs = next;
    }
    weights->bytes = 0;
}

static const camx__pack *find(const camx__weights *weights, const camx__pack *key)
{
    for (const camx__pack *pack = weights->packs; pack != NULL; pack = pack->next)
        if (pack->value == key->value && pack->owner == key->owner && pack->scale == key->scale &&
            pack->backward == key->backward && pack->layout == key->layout && pack->bytes == key->bytes)
            return pack;
    return NULL;
}

static camx_status make(camx__weights *weights, camx__graph *graph, const camx__op *op,
                        const camx__op_prepare *prepared, const camx__pack *key, const real *scale_factors,
                        camx_error *error)
{
    camx__constant constant = {graph, key->value};
    const char *name = graph->values[key->value].name;
    camx__pack *pack = camx__alloc_clear(weights->memory, 1, sizeof *pack);
    if (pack == NULL)
        return camx__fail_memory(error, sizeof *pack, name);
    *pack = *key;
    pack->data = camx__alloc_clear(weights->memory, pack->bytes, 1);
    camx_status status = pack->data == NULL ? camx__fail_memory(error, pack->bytes, name)
                                            : op->pack(prepared, weights->memory, camx__constant_read, &constant,
                                                       scale_factors, pack->data);
    if (status != CAMX_OK) {
        camx__free(weights->memory, pack->data);
        camx__free(weights->memory, pack);
        return status;
    }
    pack->next = weights->packs;
    weights->packs = pack;
    weights->bytes += pack->bytes;
    weights->made++;
    return CAMX_OK;
}

camx_status camx__weights_get(camx__weights *weights, camx__graph *graph, const camx__op *op,
                              const camx__op_prepare *prepared, int value, int scale,
                              const real *scale_factors, const camx__pack **pack, camx_error *error)
{
    camx__pack key = {.value = value,
                      .owner = graph->values[value].shape_bound ? graph->serial : 0,
                      .scale = scale,
                      .backward = prepared->backward,
                      .layout = prepared->pack_key,
                      .bytes = prepared->packed_bytes};
    *pack = find(weights, &key);
    if (*pack != NULL)
        return CAMX_OK;
    CAMX__FORWARD(make(weights, graph, op, prepared, &key, scale_factors, error));
    *pack = weights->packs;
    return CAMX_OK;
}
