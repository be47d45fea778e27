/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Occlusion (Zeiler and Fergus, ECCV 2014): one forward pass per position of a patch; each pixel gets the mean fall of
 * the score over the patches that cover it. The grid of positions is fixed; nothing is refined afterwards.
 */
#include "explain/occlusion.h"

#include <math.h>
#include <string.h>

#include "base/options.h"
#include "base/progress.h"
#include "explain/layer_method.h"
#include "explain/methods.h"

typedef struct work {
    camx_session *session;
    camx_occlusion_options options;
    camx_target target;
    camx__axis_grid rows, columns;
    camx_map *map;
    camx__progress progress;
    float *covered; /* one run's images with the patch in place */
    float *fill;    /* what patches show, the same size */
    float *logits;  /* of one run */
    float *scratch; /* one per class */
    float *sum;     /* per pixel, of one image */
    uint32_t *hits; /* patches per pixel */
    camx_error *error;
} work;

/* ---- one image ---- */

static int64_t offset_of(const camx_input *input, int64_t c, int64_t y, int64_t x)
{
    if (input->channels_last)
        return (y * input->width + x) * input->channels + c;
    return (c * input->height + y) * input->width + x;
}

static void paint(const work *w, float *images, const float *from, int64_t item, camx__span rows,
                  camx__span columns)
{
    const camx_input *input = w->session->input;
    int64_t size = (int64_t)input->channels * input->height * input->width;
    for (int64_t c = 0; c < input->channels; c++)
        for (int64_t y = rows.from; y < rows.to; y++)
            for (int64_t x = columns.from; x < columns.to; x++) {
                int64_t at = item * size + offset_of(input, c, y, x);
                images[at] = from[at];
            }
}

static void count_fall(const work *w, float fall, camx__span rows, camx__span columns)
{
    int64_t width = w->session->input->width;
    for (int64_t y = rows.from; y < rows.to; y++)
        for (int64_t x = columns.from; x < columns.to; x++) {
            w->sum[y * width + x] += fall;
            w->hits[y * width + x]++;
        }
}

static void write_map(const work *w, uint32_t image, uint64_t done, uint64_t total)
{
    camx__map_record *record = camx__map_record_at(w->map, image);
    float *raw = camx__map_raw(w->map, image);
    int64_t pixels = (int64_t)w->session->input->height * w->session->input->width;
    for (int64_t i = 0; i < pixels; i++)
        raw[i] = w->hits[i] > 0 ? w->sum[i] / (float)w->hits[i] : NAN;
    record->done = done;
    record->total = total;
    record->gaps = true;
    if (done < total && record->hint == CAMX_FINDING_HEAT)
        record->hint = CAMX_FINDING_PARTIAL;
    camx__map_finish(w->map, image);
}

/* The target's value for one image of `covered` as it is now. */
static camx_status score_covered(const work *w, int64_t item, const camx__aim *aim, float *score)
{
    camx_session *session = w->session;
    int64_t classes = session->model->classes;
    camx__session_feed(session, &session->side, w->covered, 0);
    CAMX__FORWARD(camx__runner_forward(&session->side, w->error));
    session->stats.forward_runs += (uint64_t)camx__session_batch(session);
    camx__session_read_logits(session, &session->side, w->logits);
    *score = camx__aim_score(session, aim, w->logits + item * classes, w->scratch);
    return CAMX_OK;
}

static camx_status one_position(const work *w, const float *images, uint32_t image, const camx__aim *aim, float whole,
                                camx__span rows, camx__span columns)
{
    int64_t item = image % camx__session_batch(w->session);
    float score = 0.0F;
    paint(w, w->covered, w->fill, item, rows, columns);
    CAMX__FORWARD(score_covered(w, item, aim, &score));
    count_fall(w, whole - score, rows, columns);
    paint(w, w->covered, images, item, rows, columns);
    /* In an occlusion map NaN means a gap: that the network gave NaN has to be said. */
    if (!isfinite(score))
        camx__map_record_at(w->map, image)->hint = CAMX_FINDING_NOT_FINITE;
    return CAMX_OK;
}

/* The uncovered score comes from the same program as the covered ones, so that a patch that changes nothing gives a fall
 * of exactly 0. */
static camx_status all_positions(work *w, const float *images, uint32_t image, const camx__aim *aim, uint64_t *done)
{
    float whole = 0.0F;
    CAMX__FORWARD(score_covered(w, image % camx__session_batch(w->session), aim, &whole));
    for (int64_t row = 0; row < w->rows.count; row++) {
        camx__span rows = camx__grid_span(&w->rows, row);
        for (int64_t column = 0; column < w->columns.count; column++) {
            camx__span columns = camx__grid_span(&w->columns, column);
            CAMX__FORWARD(one_position(w, images, image, aim, whole, rows, columns));
            (*done)++;
            CAMX__FORWARD(camx__progress_step(&w->progress, 1, w->error));
        }
    }
    return CAMX_OK;
}

static camx_status one_image(work *w, uint32_t image)
{
    camx_session *session = w->session;
    const camx_input *input = session->input;
    int64_t batch = camx__session_batch(session);
    int64_t pixels = (int64_t)input->height * input->width;
    int64_t size = batch * input->channels * pixels;
    const float *images = input->values + image / batch * size;
    uint64_t done = 0;
    const float *logits = NULL;
    camx__aim aim;
    CAMX__FORWARD(camx__session_logits(session, image, &logits, w->error));
    camx__target_aim(session, &w->target, image, logits, CAMX_SCORE_PROBABILITY, &aim);
    camx__record_fill(session, camx__map_record_at(w->map, image), &aim, logits, w->scratch);
    memset(w->sum, 0, (size_t)pixels * sizeof(float));
    memset(w->hits, 0, (size_t)pixels * sizeof(uint32_t));
    memcpy(w->covered, images, (size_t)size * sizeof(float));
    CAMX__FORWARD(camx__occlusion_fill(session, &w->options, images, w->fill, w->error));
    camx_status status = all_positions(w, images, image, &aim, &done);
    write_map(w, image, done, (uint64_t)(w->rows.count * w->columns.count));
    return status;
}

/* ---- all of them ---- */

static camx_status allocate(work *w)
{
    camx_session *session = w->session;
    const camx_input *input = session->input;
    size_t batch = (size_t)camx__session_batch(session);
    size_t pixels = (size_t)input->height * (size_t)input->width;
    size_t size = batch * (size_t)input->channels * pixels;
    size_t classes = (size_t)session->model->classes;
    w->covered = camx__alloc(session->memory, size, sizeof(float));
    w->fill = camx__alloc(session->memory, size, sizeof(float));
    w->logits = camx__alloc(session->memory, batch * classes, sizeof(float));
    w->scratch = camx__alloc(session->memory, classes, sizeof(float));
    w->sum = camx__alloc(session->memory, pixels, sizeof(float));
    w->hits = camx__alloc(session->memory, pixels, sizeof(uint32_t));
    if (w->covered == NULL || w->fill == NULL || w->logits == NULL || w->scratch == NULL || w->sum == NULL ||
        w->hits == NULL)
        return camx__fail_memory(w->error, size * sizeof(float), "the occluded images");
    return CAMX_OK;
}

static void release(work *w)
{
    camx__memory *memory = w->session->memory;
    camx__free(memory, w->covered);
    camx__free(memory, w->fill);
    camx__free(memory, w->logits);
    camx__free(memory, w->scratch);
    camx__free(memory, w->sum);
    camx__free(memory, w->hits);
}

static bool stopped(camx_status status)
{
    return status == CAMX_E_CANCELLED || status == CAMX_E_DEADLINE;
}

/* Images that were not reached have a map too: nothing but gaps. */
static void write_unreached(work *w, uint32_t first)
{
    uint64_t total = (uint64_t)(w->rows.count * w->columns.count);
    int64_t pixels = (int64_t)w->session->input->height * w->session->input->width;
    memset(w->hits, 0, (size_t)pixels * sizeof(uint32_t));
    for (uint32_t image = first; image < camx__session_images(w->session); image++) {
        camx__map_record_at(w->map, image)->geometry = w->session->input->geometry;
        write_map(w, image, 0, total);
    }
}

static camx_status run(work *w)
{
    camx_session *session = w->session;
    uint32_t images = camx__session_images(session);
    uint32_t image = 0;
    uint64_t total = (uint64_t)(w->rows.count * w->columns.count) * images;
    camx__progress_init(&w->progress, w->options.progress, w->options.progress_user, w->options.deadline, total);
    camx_status status = camx__progress_step(&w->progress, 0, w->error);
    for (image = 0; status == CAMX_OK && image < images; image++)
        status = one_image(w, image);
    if (stopped(status))
        write_unreached(w, image);
    else if (status != CAMX_OK)
        camx__map_clear(w->map);
    return status;
}

camx_status camx__occlusion(camx_session *session, camx_input *input, const camx_target *target,
                            const camx_occlusion_options *given, camx_map *map, camx_error *error)
{
    work w = {.session = session, .map = map, .error = error};
    camx_occlusion_options_init(&w.options);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_occlusion_options, &w.options, given, error));
    CAMX__FORWARD(camx__occlusion_check(&w.options, error));
    CAMX__FORWARD(camx__session_take(session, input, error));
    CAMX__FORWARD(camx__target_take(session, target, &w.target, error));
    const camx_input *taken = session->input;
    CAMX__FORWARD(camx__occlusion_grid(&w.options, taken->width, taken->height, &w.columns, &w.rows, error));
    CAMX__FORWARD(camx__session_open_side(session, error));
    CAMX__FORWARD(camx__map_reset(map, CAMX_METHOD_OCCLUSION, "", camx__session_images(session), taken->width,
                                  taken->height, error));
    camx_status status = allocate(&w);
    if (status == CAMX_OK)
        status = run(&w);
    else
        camx__map_clear(map);
    release(&w);
    return status;
}
