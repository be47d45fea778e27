/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Occlusion (Zeiler and Fergus, ECCV 2014): the network looks at the picture with a patch over it, for each position of the
 * patch; each pixel gets the mean fall of the score over the patches that cover it. The grid of positions is fixed; nothing
 * is refined afterwards. Several patch sizes give the mean of their maps; several targets are read off the same runs.
 */
#include "explain/occlusion.h"

#include <math.h>
#include <string.h>

#include "base/options.h"
#include "base/progress.h"
#include "explain/layer_method.h"
#include "explain/methods.h"

typedef camx__occlusion_work work;

/* ---- from falls to a map ---- */

static void add_fall(const work *w, float fall, camx__range rows, camx__range columns)
{
    int64_t width = w->session->input->width;
    for (int64_t y = rows.from; y < rows.to; y++)
        for (int64_t x = columns.from; x < columns.to; x++) {
            w->sum[y * width + x] += fall;
            w->hits[y * width + x]++;
        }
}

/* The map of one patch size into sum, with how many patches cover each pixel. */
static void spread_pass(const work *w, const camx__occlusion_pass *pass, const float *falls)
{
    int64_t pixels = (int64_t)w->session->input->height * w->session->input->width;
    memset(w->sum, 0, (size_t)pixels * sizeof(float));
    memset(w->hits, 0, (size_t)pixels * sizeof(uint32_t));
    for (int64_t i = 0; i < pass->rows.count * pass->columns.count; i++)
        if (w->done[pass->first + i])
            add_fall(w, falls[pass->first + i], camx__grid_span(&pass->rows, i / pass->columns.count),
                     camx__grid_span(&pass->columns, i % pass->columns.count));
}

/* The mean of the maps of all sizes, at each pixel over those that cover it. */
static void write_raw(const work *w, const float *falls, float *raw)
{
    int64_t pixels = (int64_t)w->session->input->height * w->session->input->width;
    float *sizes = w->mean + pixels;
    memset(w->mean, 0, 2 * (size_t)pixels * sizeof(float));
    for (int p = 0; p < w->pass_count; p++) {
        spread_pass(w, &w->passes[p], falls);
        for (int64_t i = 0; i < pixels; i++)
            if (w->hits[i] > 0) {
                w->mean[i] += w->sum[i] / (float)w->hits[i];
                sizes[i] += 1.0F;
            }
    }
    for (int64_t i = 0; i < pixels; i++)
        raw[i] = sizes[i] > 0.0F ? w->mean[i] / sizes[i] : NAN;
}

static void write_map(const work *w, int target, uint32_t image)
{
    camx_map *map = w->maps[target];
    camx__map_record *record = camx__map_record_at(map, image);
    const float *falls = w->falls + target * w->positions;
    record->done = 0;
    for (int64_t i = 0; i < w->positions; i++) {
        record->done += w->done[i];
        /* In an occlusion map NaN means a gap: that the network gave NaN has to be said. */
        if (w->done[i] && !isfinite(falls[i]))
            record->hint = CAMX_FINDING_NOT_FINITE;
    }
    record->total = (uint64_t)w->positions;
    record->gaps = true;
    if (record->done < record->total && record->hint == CAMX_FINDING_HEAT)
        record->hint = CAMX_FINDING_PARTIAL;
    write_raw(w, falls, camx__map_raw(map, image));
    camx__map_finish(map, image);
}

static void write_maps(const work *w, uint32_t image)
{
    for (int t = 0; t < w->target_count; t++)
        write_map(w, t, image);
}

/* ---- one image ---- */

static camx_status one_image(work *w, uint32_t image)
{
    camx_session *session = w->session;
    const float *logits = NULL;
    camx_status status = CAMX_OK;
    CAMX__FORWARD(camx__session_logits(session, image, &logits, w->error));
    for (int t = 0; t < w->target_count; t++) {
        camx__target_aim(session, &w->targets[t], image, logits, CAMX_SCORE_PROBABILITY, &w->aims[t]);
        camx__record_fill(session, camx__map_record_at(w->maps[t], image), &w->aims[t], logits, w->scratch);
    }
    memset(w->done, 0, (size_t)w->positions * sizeof(bool));
    CAMX__FORWARD(camx__occlusion_start(w, image));
    for (int p = 0; status == CAMX_OK && p < w->pass_count; p++)
        status = camx__occlusion_pass_run(w, &w->passes[p], image);
    write_maps(w, image);
    return status;
}

/* ---- all of them ---- */

static camx_status allocate(work *w)
{
    camx_session *session = w->session;
    const camx_input *input = session->input;
    camx__memory *memory = session->memory;
    size_t batch = (size_t)camx__session_batch(session);
    size_t pixels = (size_t)input->height * (size_t)input->width;
    size_t size = batch * (size_t)input->channels * pixels;
    size_t classes = (size_t)session->model->classes;
    size_t items = batch > CAMX__BLOCK_ITEMS ? batch : CAMX__BLOCK_ITEMS;
    size_t targets = (size_t)w->target_count;
    w->covered = camx__alloc(memory, size, sizeof(float));
    w->fill = camx__alloc(memory, size, sizeof(float));
    w->logits = camx__alloc(memory, items * classes, sizeof(float));
    w->scratch = camx__alloc(memory, classes, sizeof(float));
    w->falls = camx__alloc(memory, targets * (size_t)w->positions, sizeof(float));
    w->done = camx__alloc(memory, (size_t)w->positions, sizeof(bool));
    w->sum = camx__alloc(memory, pixels, sizeof(float));
    w->mean = camx__alloc(memory, 2 * pixels, sizeof(float));
    w->hits = camx__alloc(memory, pixels, sizeof(uint32_t));
    w->aims = camx__alloc(memory, targets, sizeof *w->aims);
    w->whole = camx__alloc(memory, targets, sizeof(float));
    if (w->covered == NULL || w->fill == NULL || w->logits == NULL || w->scratch == NULL || w->falls == NULL ||
        w->done == NULL || w->sum == NULL || w->mean == NULL || w->hits == NULL || w->aims == NULL ||
        w->whole == NULL)
        return camx__fail_memory(w->error, size * sizeof(float), "the occluded images");
    return CAMX_OK;
}

static void release(work *w)
{
    camx__memory *memory = w->session->memory;
    camx__region_close(w->region);
    camx__free(memory, w->covered);
    camx__free(memory, w->fill);
    camx__free(memory, w->logits);
    camx__free(memory, w->scratch);
    camx__free(memory, w->falls);
    camx__free(memory, w->done);
    camx__free(memory, w->sum);
    camx__free(memory, w->mean);
    camx__free(memory, w->hits);
    camx__free(memory, w->aims);
    camx__free(memory, w->whole);
    camx__free(memory, w->passes);
    camx__free(memory, w->targets);
}

/* Images that were not reached have a map too: nothing but gaps. */
static void write_unreached(work *w, uint32_t first)
{
    memset(w->done, 0, (size_t)w->positions * sizeof(bool));
    for (uint32_t image = first; image < camx__session_images(w->session); image++) {
        for (int t = 0; t < w->target_count; t++)
            camx__map_record_at(w->maps[t], image)->geometry = w->session->input->geometry;
        write_maps(w, image);
    }
}

static camx_status run(work *w)
{
    camx_session *session = w->session;
    uint32_t images = camx__session_images(session);
    uint32_t image = 0;
    camx__progress_init(&w->progress, w->options.progress, w->options.progress_user, w->options.deadline,
                        (uint64_t)w->positions * images);
    camx_status status = camx__progress_step(&w->progress, 0, w->error);
    for (image = 0; status == CAMX_OK && image < images; image++)
        status = one_image(w, image);
    if (camx__stopped(status))
        write_unreached(w, image);
    return status;
}

/* One pass per patch size. */
static camx_status make_passes(work *w)
{
    const camx_input *input = w->session->input;
    w->pass_count = w->options.sizes != NULL ? (int)w->options.size_count : 1;
    w->passes = camx__alloc_clear(w->session->memory, (size_t)w->pass_count, sizeof *w->passes);
    if (w->passes == NULL)
        return camx__fail_memory(w->error, sizeof *w->passes, "the patch sizes");
    for (int p = 0; p < w->pass_count; p++) {
        camx__occlusion_pass *pass = &w->passes[p];
        pass->options = w->options;
        if (w->options.sizes != NULL) {
            pass->options.patch_width = w->options.sizes[p];
            pass->options.patch_height = w->options.sizes[p];
            if (w->options.sizes[p] < 1)
                return camx__fail(w->error, CAMX_E_ARGUMENT, "camx_occlusion_options.sizes[%d] is %d: give pixels", p,
                                  w->options.sizes[p]);
        }
        CAMX__FORWARD(camx__occlusion_grid(&pass->options, input->width, input->height, &pass->columns, &pass->rows,
                                           w->error));
        pass->first = w->positions;
        w->positions += pass->rows.count * pass->columns.count;
    }
    return CAMX_OK;
}

/* Without targets: the top class. */
static camx_status take_targets(work *w, const camx_target *const *targets)
{
    w->targets = camx__alloc_clear(w->session->memory, (size_t)w->target_count, sizeof *w->targets);
    if (w->targets == NULL)
        return camx__fail_memory(w->error, sizeof *w->targets, "the targets");
    for (int t = 0; t < w->target_count; t++)
        CAMX__FORWARD(camx__target_take(w->session, targets != NULL ? targets[t] : NULL, &w->targets[t], w->error));
    return CAMX_OK;
}

static camx_status open_work(work *w, camx_input *input, const camx_target *const *targets,
                             const camx_occlusion_options *given)
{
    camx_session *session = w->session;
    camx_occlusion_options_init(&w->options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_occlusion_options, &w->options, given, w->error));
    CAMX__FORWARD(camx__occlusion_check(&w->options, w->error));
    CAMX__FORWARD(camx__session_take(session, input, w->error));
    CAMX__FORWARD(take_targets(w, targets));
    CAMX__FORWARD(make_passes(w));
    CAMX__FORWARD(camx__occlusion_prepare(w));
    for (int t = 0; t < w->target_count; t++)
        CAMX__FORWARD(camx__map_reset(w->maps[t], CAMX_METHOD_OCCLUSION, "", camx__session_images(session),
                                      session->input->width, session->input->height, w->error));
    return CAMX_OK;
}

camx_status camx__occlusion_many(camx_session *session, camx_input *input, const camx_target *const *targets,
                                 uint32_t target_count, const camx_occlusion_options *given, camx_map *const *maps,
                                 camx_error *error)
{
    work w = {.session = session,
              .target_count = (int)target_count,
              .maps = maps,
              .base_run = -1,
              .error = error};
    camx_status status = open_work(&w, input, targets, given);
    if (status == CAMX_OK) {
        status = allocate(&w);
        if (status == CAMX_OK)
            status = run(&w);
        for (uint32_t t = 0; t < target_count && status != CAMX_OK && !camx__stopped(status); t++)
            camx__map_clear(maps[t]);
    }
    release(&w);
    return status;
}

camx_status camx__occlusion(camx_session *session, camx_input *input, const camx_target *target,
                            const camx_occlusion_options *given, camx_map *map, camx_error *error)
{
    return camx__occlusion_many(session, input, &target, 1, given, &map, error);
}
