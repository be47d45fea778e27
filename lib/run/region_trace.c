/* SPDX-License-Identifier: Apache-2.0 */
/* How far a changed rectangle reaches: rows and columns are traced through the program apart. */
#include "run/region_private.h"

static int64_t length_of(const camx__region *region, int place, int axis)
{
    return region->program->places[place].tensor.shape.dim[region->places[place].axis[axis]];
}

static camx__range joined(camx__range a, camx__range b)
{
    camx__range both = {a.from < b.from ? a.from : b.from, a.to > b.to ? a.to : b.to};
    return both;
}

/* The changed results of a step that has a rule. */
static camx__range trace_step(const camx__region *region, const camx__region_step *known, int axis, int64_t size,
                              const camx__range *ranges)
{
    const camx__step *step = known->step;
    const camx__reach same = {1, 1, 1, 0};
    camx__range changed = {size, 0};
    for (int i = 0; i < step->input_count; i++)
        if (step->inputs[i] >= 0 && known->views[i].varies)
            changed = joined(changed, camx__reach_results(&known->views[i].reach[axis],
                                                          ranges[region->places[step->inputs[i]].owner], size));
    if (step->residual_place >= 0)
        changed = joined(changed, camx__reach_results(
                                      &same, ranges[region->places[step->residual_place].owner], size));
    return changed;
}

void camx__region_trace(const camx__region *region, int axis, camx__range changed, camx__range *ranges)
{
    const camx__program *program = region->program;
    ranges[region->input] = changed;
    for (int i = 0; i < program->forward_count; i++) {
        const camx__region_step *known = &region->steps[i];
        for (int o = 0; known->varies && o < known->step->output_count; o++) {
            int place = known->step->outputs[o];
            if (place >= 0 && region->places[place].map)
                ranges[place] = trace_step(region, known, axis, length_of(region, place, axis), ranges);
        }
    }
}

/* Windows of the largest size, moved so that they hold their range and stay inside the map. */
static void fit_windows(const camx__region *region, int axis, int place, const camx__range *ranges, int place_count,
                        camx__region_windows *windows)
{
    int64_t length = length_of(region, place, axis);
    int64_t size = 1;
    for (int i = 0; i < windows->count; i++) {
        const camx__range *range = &ranges[i * place_count + place];
        size = range->to - range->from > size ? range->to - range->from : size;
    }
    for (int i = 0; i < windows->count; i++) {
        int64_t from = ranges[i * place_count + place].from;
        windows->origins[place * windows->count + i] = from + size > length ? length - size : from;
    }
    windows->size[place] = size;
}

camx_status camx__region_measure(const camx__region *region, int axis, const camx__range *changed, int count,
                                 camx__zone *zone, camx__region_windows *windows, camx_error *error)
{
    int places = region->program->place_count;
    size_t numbers = (size_t)places * (size_t)count + 1;
    camx__range *ranges = camx__zone_alloc(zone, numbers, sizeof *ranges);
    windows->count = count;
    windows->size = camx__zone_alloc(zone, (size_t)places + 1, sizeof *windows->size);
    windows->origins = camx__zone_alloc(zone, numbers, sizeof *windows->origins);
    if (ranges == NULL || windows->size == NULL || windows->origins == NULL)
        return camx__fail_memory(error, numbers * sizeof *ranges, "region runs");
    for (int i = 0; i < count; i++)
        camx__region_trace(region, axis, changed[i], ranges + i * places);
    for (int p = 0; p < places; p++)
        if (region->places[p].map && region->program->places[p].source < 0)
            fit_windows(region, axis, p, ranges, places, windows);
    /* Aliases have the windows of what they show. */
    for (int p = 0; p < places; p++) {
        int owner = region->places[p].owner;
        if (!region->places[p].map || owner == p)
            continue;
        windows->size[p] = windows->size[owner];
        for (int i = 0; i < count; i++)
            windows->origins[p * count + i] = windows->origins[owner * count + i];
    }
    return CAMX_OK;
}
