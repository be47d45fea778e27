/* SPDX-License-Identifier: Apache-2.0 */
/* The store of packed weights. */
#include "plan/weights.h"

#include <pthread.h>
#include <stdlib.h>

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

static camx_status order(camx__weights *weights, camx__zone *zone, const camx__pack *key, camx__pack_order *model,
                         camx_error *error)
{
    camx__pack_order *made = camx__zone_alloc(zone, 1, sizeof *made);
    model->pack = camx__alloc_clear(weights->memory, 1, sizeof *model->pack);
    if (made == NULL || model->pack == NULL) {
        camx__free(weights->memory, model->pack);
        return camx__fail_memory(error, sizeof *made, "packed weights");
    }
    *made = *model;
    *made->pack = *key;
    made->pack->next = weights->packs;
    weights->packs = made->pack;
    made->next = weights->orders;
    weights->orders = made;
    weights->order_count++;
    return CAMX_OK;
}

camx_status camx__weights_get(camx__weights *weights, camx__zone *zone, camx__graph *graph, const camx__op *op,
                              const camx__op_prepare *prepared, int value, int scale, const real *scale_factors,
                              const camx__pack **pack, camx_error *error)
{
    camx__pack key = {.value = value,
                      .owner = graph->values[value].shape_bound ? graph->serial : 0,
                      .scale = scale,
                      .backward = prepared->backward && !prepared->packed_as_forward,
                      .layout = prepared->pack_key,
                      .bytes = prepared->packed_bytes};
    *pack = find(weights, &key);
    if (*pack != NULL)
        return CAMX_OK;
    camx__pack_order model = {
        .op = op, .prepared = *prepared, .source = {graph, value}, .scale_factors = scale_factors};
    CAMX__FORWARD(order(weights, zone, &key, &model, error));
    *pack = weights->packs;
    return CAMX_OK;
}

/* ---- making what was ordered ---- */

typedef struct filling {
    camx__weights *weights;
    camx__pack_order **orders; /* the largest first, so that threads finish together */
    pthread_mutex_t reading;
} filling;

typedef struct reader {
    filling *all;
    camx__constant *source;
} reader;

/* A host's callback may not expect two threads at once. */
static camx_status read_alone(void *context, int64_t first, int64_t count, real *out, camx_error *error)
{
    reader *r = context;
    pthread_mutex_lock(&r->all->reading);
    camx_status status = camx__constant_read(r->source, first, count, out, error);
    pthread_mutex_unlock(&r->all->reading);
    return status;
}

static void fill_one(void *context, size_t task, int worker)
{
    filling *all = context;
    camx__pack_order *one = all->orders[task];
    reader source = {all, &one->source};
    (void)worker;
    one->prepared.error = &one->error;
    one->error.status = one->op->pack(&one->prepared, all->weights->memory, read_alone, &source, one->scale_factors,
                                      one->pack->data);
}

static int larger_first(const void *left, const void *right)
{
    const camx__pack *a = (*(camx__pack_order *const *)left)->pack;
    const camx__pack *b = (*(camx__pack_order *const *)right)->pack;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return a->value - b->value;
}

static camx_status allocate(camx__weights *weights, camx__pack_order **orders, camx_error *error)
{
    int count = 0;
    for (camx__pack_order *one = weights->orders; one != NULL; one = one->next) {
        orders[count++] = one;
        one->pack->data = camx__alloc(weights->memory, one->pack->bytes, 1);
        if (one->pack->data == NULL)
            return camx__fail_memory(error, one->pack->bytes, one->source.graph->values[one->pack->value].name);
    }
    qsort(orders, (size_t)count, sizeof(camx__pack_order *), larger_first);
    return CAMX_OK;
}

static camx_status collect(camx__weights *weights, camx_error *error)
{
    for (const camx__pack_order *one = weights->orders; one != NULL; one = one->next)
        if (one->error.status != CAMX_OK) {
            if (error != NULL)
                *error = one->error;
            return (camx_status)one->error.status;
        }
    for (const camx__pack_order *one = weights->orders; one != NULL; one = one->next) {
        weights->bytes += one->pack->bytes;
        weights->made++;
    }
    weights->orders = NULL;
    weights->order_count = 0;
    return CAMX_OK;
}

camx_status camx__weights_fill(camx__weights *weights, camx__pool *pool, camx_error *error)
{
    size_t count = (size_t)weights->order_count;
    filling all = {.weights = weights};
    if (count == 0)
        return CAMX_OK;
    all.orders = camx__alloc(weights->memory, count, sizeof(camx__pack_order *));
    if (all.orders == NULL || pthread_mutex_init(&all.reading, NULL) != 0) {
        camx__free(weights->memory, all.orders);
        return camx__fail_memory(error, count * sizeof(camx__pack_order *), "packed weights");
    }
    camx_status status = allocate(weights, all.orders, error);
    if (status == CAMX_OK) {
        camx__pool_run(pool, count, fill_one, &all);
        status = collect(weights, error);
    }
    pthread_mutex_destroy(&all.reading);
    camx__free(weights->memory, all.orders);
    return status;
}

void camx__weights_drop(camx__weights *weights)
{
    for (; weights->order_count > 0; weights->order_count--) {
        camx__pack *pack = weights->packs; /* the newest packs are those that were ordered */
        weights->packs = pack->next;
        camx__free(weights->memory, pack->data);
        camx__free(weights->memory, pack);
    }
    weights->orders = NULL;
}
