/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the gradient methods. */
#include "explain/layer_method.h"

#include <math.h>

/* What one computation works with. */
typedef struct frame {
    camx_session *session;
    const camx__many *many;
    camx_target *targets; /* many->target_count, checked */
    int *values;          /* the layers, many->layer_count */
    int32_t method;
    camx__combine_fn *combine;
    camx_map *const *maps;
    double *weights; /* one per channel */
    float *scratch;  /* one per class */
    camx_error *error;
} frame;

/* step: of x; a constant after inlining. */
static inline double scalar_product(const double *weights, const real *x, int64_t step, int64_t count)
{
    double sum[8] = {0.0}; /* side by side, or each addition would wait for the last one */
    int64_t c = 0;
    for (; c + 8 <= count; c += 8)
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++)
            sum[i] += weights[c + i] * (double)x[(c + i) * step];
    for (; c < count; c++)
        sum[0] += weights[c] * (double)x[c * step];
    return sum[0] + sum[1] + (sum[2] + sum[3]) + (sum[4] + sum[5] + (sum[6] + sum[7]));
}

void camx__weighted_sum(const camx__feature *activation, const double *weights, float *map)
{
    for (int64_t y = 0; y < activation->height; y++)
        for (int64_t x = 0; x < activation->width; x++) {
            const real *pixel = activation->data + y * activation->step_y + x * activation->step_x;
            *map++ = (float)(activation->step_c == 1
                                 ? scalar_product(weights, pixel, 1, activation->channels)
                                 : scalar_product(weights, pixel, activation->step_c, activation->channels));
        }
}

void camx__channel_sums(const camx__feature *feature, double *sums)
{
    for (int64_t c = 0; c < feature->channels; c++)
        sums[c] = 0.0;
    for (int64_t y = 0; y < feature->height; y++)
        for (int64_t x = 0; x < feature->width; x++) {
            const real *pixel = feature->data + y * feature->step_y + x * feature->step_x;
            if (feature->step_c == 1)
                for (int64_t c = 0; c < feature->channels; c++)
                    sums[c] += (double)pixel[c];
            else
                for (int64_t c = 0; c < feature->channels; c++)
                    sums[c] += (double)pixel[c * feature->step_c];
        }
}

void camx__record_fill(const camx_session *session, camx__map_record *record, const camx__aim *aim,
                       const float *logits, float *scratch)
{
    record->geometry = session->input->geometry;
    record->class_index = aim->class_index;
    record->other_index = aim->other_index;
    record->score_kind = aim->score_kind;
    record->score = camx__aim_score(session, aim, logits, scratch);
    if (!isfinite(record->score))
        record->hint = CAMX_FINDING_NOT_FINITE;
}

static bool all_zero(const camx__feature *feature)
{
    for (int64_t y = 0; y < feature->height; y++)
        for (int64_t x = 0; x < feature->width; x++)
            for (int64_t c = 0; c < feature->channels; c++)
                if (camx__feature_at(feature, c, y, x) != 0.0)
                    return false;
    return true;
}

static void fill_map(const frame *f, int value, camx_map *map, uint32_t image, int64_t item)
{
    camx_session *session = f->session;
    camx__map_record *record = camx__map_record_at(map, image);
    float *raw = camx__map_raw(map, image);
    camx__feature activation;
    camx__feature gradient;
    camx__session_feature(session, value, camx__runner_value(&session->runner, value), item, &activation);
    camx__session_feature(session, value, camx__runner_gradient(&session->runner, value), item, &gradient);
    bool none = gradient.data == NULL || all_zero(&gradient);
    if (none) {
        bool reaches = session->bound->graph->values[value].reaches_scores;
        for (int64_t i = 0; i < activation.height * activation.width; i++)
            raw[i] = 0.0F;
        if (record->hint == CAMX_FINDING_HEAT)
            record->hint = reaches ? CAMX_FINDING_ZERO_GRADIENT : CAMX_FINDING_DISCONNECTED;
    } else {
        f->combine(&activation, &gradient, f->weights, raw);
    }
    camx__map_finish(map, image);
}

static camx_map *map_of(const frame *f, uint32_t target, uint32_t layer)
{
    return f->maps[(size_t)target * f->many->layer_count + layer];
}

/* One target for the images of the run that the arena holds. */
static camx_status one_target(const frame *f, uint32_t target, int64_t run)
{
    camx_session *session = f->session;
    int64_t batch = camx__session_batch(session);
    int64_t classes = session->model->classes;
    uint32_t layers = f->many->layer_count;
    for (int64_t item = 0; item < batch; item++) {
        uint32_t image = (uint32_t)(run * batch + item);
        const float *logits = session->logits + (int64_t)image * classes;
        camx__aim aim;
        camx__target_aim(session, &f->targets[target], image, logits, CAMX_SCORE_LOGIT, &aim);
        camx__aim_seed(session, &aim, logits, f->scratch, session->seed + item * classes);
        for (uint32_t layer = 0; layer < layers; layer++)
            camx__record_fill(session, camx__map_record_at(map_of(f, target, layer), image), &aim, logits,
                              f->scratch);
    }
    CAMX__FORWARD(camx__runner_backward(&session->runner, session->seed, f->values, (int)layers, f->error));
    session->stats.backward_runs += (uint64_t)batch;
    for (uint32_t layer = 0; layer < layers; layer++)
        for (int64_t item = 0; item < batch; item++)
            fill_map(f, f->values[layer], map_of(f, target, layer), (uint32_t)(run * batch + item), item);
    return CAMX_OK;
}

static camx_status all_runs(const frame *f)
{
    for (int64_t run = 0; run < camx__session_runs(f->session); run++) {
        CAMX__FORWARD(camx__session_hold(f->session, run, f->error));
        for (uint32_t target = 0; target < f->many->target_count; target++)
            CAMX__FORWARD(one_target(f, target, run));
    }
    return CAMX_OK;
}

camx_status camx__check_batch(const camx_session *session, camx_error *error)
{
    if (camx__session_batch(session) == 1 || session->bound->graph->keeps_batch)
        return CAMX_OK;
    return camx__fail(error, CAMX_E_METHOD,
                      "%s mixes the %lld images of a batch, so no image can be explained alone: export it with batch 1",
                      session->model->file->name, (long long)camx__session_batch(session));
}

/* Room for the maps of one layer; counts its channels. */
static camx_status reset_maps(const frame *f, uint32_t layer, size_t *channels)
{
    camx_session *session = f->session;
    const char *name = session->bound->graph->values[f->values[layer]].name;
    camx__feature size;
    camx__session_feature(session, f->values[layer], NULL, 0, &size);
    if (size.width > INT32_MAX || size.height > INT32_MAX)
        return camx__fail(f->error, CAMX_E_LIMIT, "layer '%s' is too large", name);
    if ((size_t)size.channels > *channels)
        *channels = (size_t)size.channels;
    for (uint32_t target = 0; target < f->many->target_count; target++)
        CAMX__FORWARD(camx__map_reset(map_of(f, target, layer), f->method, name, camx__session_images(session),
                                      (int32_t)size.width, (int32_t)size.height, f->error));
    return CAMX_OK;
}

static camx_status run(frame *f)
{
    camx_session *session = f->session;
    size_t channels = 0;
    for (uint32_t layer = 0; layer < f->many->layer_count; layer++)
        CAMX__FORWARD(reset_maps(f, layer, &channels));
    f->weights = camx__alloc(session->memory, channels, sizeof(double));
    f->scratch = camx__alloc(session->memory, (size_t)session->model->classes, sizeof(float));
    camx_status status = f->weights == NULL || f->scratch == NULL
                             ? camx__fail_memory(f->error, channels * sizeof(double), "the map")
                             : all_runs(f);
    camx__free(session->memory, f->weights);
    camx__free(session->memory, f->scratch);
    return status;
}

static camx_status find_layers(const frame *f)
{
    camx_session *session = f->session;
    for (uint32_t i = 0; i < f->many->layer_count; i++) {
        CAMX__FORWARD(
            camx__graph_find_layer(session->bound->graph, f->many->layers[i], &f->values[i], f->error));
        CAMX__FORWARD(camx__session_check_spatial(session, f->values[i], f->error));
    }
    return CAMX_OK;
}

/* Everything that can be refused is refused before the network runs and before a map changes. */
static camx_status check_and_run(frame *f)
{
    camx_session *session = f->session;
    const camx__many *many = f->many;
    for (uint32_t i = 0; i < many->target_count; i++)
        CAMX__FORWARD(camx__target_take(session, many->targets[i], &f->targets[i], f->error));
    CAMX__FORWARD(find_layers(f));
    CAMX__FORWARD(camx__check_batch(session, f->error));
    CAMX__FORWARD(camx__session_ask_all(session, f->values, many->layer_count, true, f->error));
    camx_status status = run(f);
    for (size_t i = 0; status != CAMX_OK && i < (size_t)many->target_count * many->layer_count; i++)
        camx__map_clear(f->maps[i]);
    return status;
}

camx_status camx__layer_method_many(camx_session *session, camx_input *input, const camx__many *many, int32_t method,
                                    camx__combine_fn *combine, camx_map *const *maps, camx_error *error)
{
    frame f = {.session = session, .many = many, .method = method, .combine = combine, .maps = maps, .error = error};
    CAMX__FORWARD(camx__session_take(session, input, error));
    f.targets = camx__alloc(session->memory, many->target_count, sizeof *f.targets);
    f.values = camx__alloc(session->memory, many->layer_count, sizeof *f.values);
    camx_status status = f.targets == NULL || f.values == NULL
                             ? camx__fail_memory(error, many->target_count * sizeof *f.targets, "the targets")
                             : check_and_run(&f);
    camx__free(session->memory, f.targets);
    camx__free(session->memory, f.values);
    return status;
}

camx_status camx__layer_method(camx_session *session, camx_input *input, const camx_target *target,
                               const char *layer, int32_t method, camx__combine_fn *combine, camx_map *map,
                               camx_error *error)
{
    camx__many many = {.targets = &target, .target_count = 1, .layers = &layer, .layer_count = 1};
    return camx__layer_method_many(session, input, &many, method, combine, &map, error);
}
