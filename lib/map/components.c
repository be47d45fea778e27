/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connected components of a map's hot pixels. Row by row; each row is cut into runs of hot pixels, and a run joins the
 * components of the runs it touches in the row above. Joined components are a forest: each points to an older one,
 * the oldest holds the numbers.
 */
#include <string.h>

#include "base/error.h"
#include "map/regions.h"

/* Hot pixels from .. to-1 of a row. */
typedef struct run {
    int32_t from;
    int32_t to;
    uint32_t component;
} run;

typedef struct component {
    uint32_t parent; /* itself: it is a root */
    int32_t left, top, right, bottom; /* the last pixels inside */
    camx_box box;
} component;

typedef struct work {
    const camx__heat *heat;
    float level;
    int32_t reach; /* 1: corners touch */
    camx__memory *memory;
    component *components;
    uint32_t count;
    uint32_t room;
    run *above; /* runs of the row above and of this one; room for half a row each */
    run *here;
    uint32_t above_count;
    uint32_t here_count;
    camx_error *error;
} work;

static uint32_t root_of(work *w, uint32_t index)
{
    component *all = w->components;

    while (all[index].parent != index) {
        all[index].parent = all[all[index].parent].parent;
        index = all[index].parent;
    }
    return index;
}

static camx_status new_component(work *w, uint32_t *index)
{
    if (w->count == w->room) {
        uint32_t room = w->room * 2 + 64;
        component *grown = camx__resize(w->memory, w->components, room, sizeof *grown);
        if (grown == NULL)
            return camx__fail_memory(w->error, room * sizeof *grown, "the boxes");
        w->components = grown;
        w->room = room;
    }
    *index = w->count++;
    memset(&w->components[*index], 0, sizeof w->components[*index]);
    w->components[*index].parent = *index;
    w->components[*index].left = INT32_MAX;
    w->components[*index].top = INT32_MAX;
    return CAMX_OK;
}

static bool is_earlier(const camx_box *a, const camx_box *b)
{
    return a->peak_y < b->peak_y || (a->peak_y == b->peak_y && a->peak_x < b->peak_x);
}

/* `from` becomes a part of `into`, which is older. */
static void merge(component *into, const component *from)
{
    into->left = from->left < into->left ? from->left : into->left;
    into->top = from->top < into->top ? from->top : into->top;
    into->right = from->right > into->right ? from->right : into->right;
    into->bottom = from->bottom > into->bottom ? from->bottom : into->bottom;
    into->box.area += from->box.area;
    into->box.mass += from->box.mass;
    if (from->box.peak > into->box.peak ||
        (from->box.peak == into->box.peak && is_earlier(&from->box, &into->box))) {
        into->box.peak = from->box.peak;
        into->box.peak_x = from->box.peak_x;
        into->box.peak_y = from->box.peak_y;
    }
}

static uint32_t join(work *w, uint32_t a, uint32_t b)
{
    a = root_of(w, a);
    b = root_of(w, b);
    if (a == b)
        return a;
    uint32_t older = a < b ? a : b;
    uint32_t newer = a < b ? b : a;
    merge(&w->components[older], &w->components[newer]);
    w->components[newer].parent = older;
    return older;
}

/* A run as a component of its own. */
static component describe(const work *w, const run *r, int32_t y)
{
    const float *row = w->heat->values + (size_t)y * (size_t)w->heat->width;
    component c = {.left = r->from, .top = y, .right = r->to - 1, .bottom = y};

    c.box.area = r->to - r->from;
    c.box.peak_y = y;
    c.box.peak_x = r->from;
    c.box.peak = row[r->from];
    for (int32_t x = r->from; x < r->to; x++) {
        c.box.mass += (double)row[x];
        if (row[x] > c.box.peak) {
            c.box.peak = row[x];
            c.box.peak_x = x;
        }
    }
    return c;
}

/* Puts a run into the component of what it touches above, or into a new one. `first`: the first run above that may touch;
 * runs come from left to right, so the search goes on where the last one ended. */
static camx_status place(work *w, run *r, int32_t y, uint32_t *first)
{
    bool found = false;
    uint32_t index = 0;

    while (*first < w->above_count && w->above[*first].to + w->reach <= r->from)
        (*first)++;
    for (uint32_t i = *first; i < w->above_count && w->above[i].from < r->to + w->reach; i++) {
        index = found ? join(w, index, w->above[i].component) : root_of(w, w->above[i].component);
        found = true;
    }
    if (!found)
        CAMX__FORWARD(new_component(w, &index));
    component own = describe(w, r, y);
    merge(&w->components[index], &own);
    r->component = index;
    return CAMX_OK;
}

static camx_status one_row(work *w, int32_t y)
{
    const float *row = w->heat->values + (size_t)y * (size_t)w->heat->width;
    int32_t width = w->heat->width;
    uint32_t first = 0;

    w->here_count = 0;
    for (int32_t x = 0; x < width; x++) {
        if (!(row[x] >= w->level))
            continue;
        run *r = &w->here[w->here_count++];
        r->from = x;
        while (x < width && row[x] >= w->level)
            x++;
        r->to = x;
        CAMX__FORWARD(place(w, r, y, &first));
    }
    run *swap = w->above;
    w->above = w->here;
    w->here = swap;
    w->above_count = w->here_count;
    return CAMX_OK;
}

/* The roots, in the order of their first pixel. */
static camx_status give(const work *w, camx_box **boxes, uint32_t *count)
{
    camx_box *out = camx__alloc(w->memory, w->count, sizeof *out);

    if (out == NULL)
        return camx__fail_memory(w->error, w->count * sizeof *out, "the boxes");
    *count = 0;
    for (uint32_t i = 0; i < w->count; i++) {
        const component *c = &w->components[i];
        if (c->parent != i)
            continue;
        out[*count] = c->box;
        out[*count].rect = (camx_rect){c->left, c->top, c->right - c->left + 1, c->bottom - c->top + 1};
        out[*count].mean = (float)(c->box.mass / (double)c->box.area);
        (*count)++;
    }
    *boxes = out;
    return CAMX_OK;
}

static camx_status all_rows(work *w, camx_box **boxes, uint32_t *count)
{
    for (int32_t y = 0; y < w->heat->height; y++)
        CAMX__FORWARD(one_row(w, y));
    return give(w, boxes, count);
}

camx_status camx__heat_components(const camx__heat *heat, float level, int32_t connectivity, camx__memory *memory,
                                  camx_box **boxes, uint32_t *count, camx_error *error)
{
    work w = {.heat = heat, .level = level, .reach = connectivity == 8, .memory = memory, .error = error};
    size_t runs = (size_t)heat->width / 2 + 1;
    run *first = camx__alloc(memory, 2 * runs, sizeof *first);

    *boxes = NULL;
    *count = 0;
    if (first == NULL)
        return camx__fail_memory(error, 2 * runs * sizeof *first, "the boxes");
    w.above = first;
    w.here = first + runs;
    camx_status status = all_rows(&w, boxes, count);
    camx__free(memory, w.components);
    camx__free(memory, first);
    return status;
}
