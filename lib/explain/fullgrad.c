/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FullGrad (Srinivas and Fleuret, NeurIPS 2019): the score is the input times its gradient plus every bias times its
 * gradient, so that together they account for all of it. As pytorch-grad-cam shows it:
 *
 *     M = sum_c N(|x_c dS/dx_c|) + sum over layers, sum_k R(N(|b_k g_k|)),
 *
 * where the layers are the convolutions and batch norms with a bias b, g is the gradient at their output, N takes the
 * minimum off and divides by (1e-7 + maximum) channel by channel, and R is the bilinear resize to the input. A batch
 * norm's bias is what it adds in all: shift - mean scale / sqrt(variance + epsilon). The biases are those of the file:
 * exporters that fold a batch norm into the convolution before it give the convolution the same bias.
 */
#include <math.h>
#include <string.h>

#include "explain/methods.h"
#include "explain/study.h"

/* A layer with a bias. */
typedef struct biased {
    int value;     /* its output */
    size_t biases; /* where they begin */
} biased;

typedef struct work {
    camx__planned *planned;
    camx__runner runner;
    int64_t held; /* the run of the input that the runner holds, -1 = none */
    biased *layers;
    int layer_count;
    int *values;    /* of the layers, then the input */
    double *biases; /* of all layers */
    double *sum;    /* the map */
    double *cells;  /* of one layer, at its size */
} work;

/* ---- the layers ---- */

static bool constant(const camx__graph *graph, const camx__node *node, int input)
{
    return input < node->input_count && node->inputs[input] >= 0 && graph->values[node->inputs[input]].constant;
}

static bool is_norm(const camx__graph *graph, const camx__node *node)
{
    return camx__node_is(node, "BatchNormalization") && constant(graph, node, 1) && constant(graph, node, 2) &&
           constant(graph, node, 3) && constant(graph, node, 4);
}

static bool is_biased(const camx__graph *graph, const camx__node *node)
{
    const camx__value *output = node->outputs[0] >= 0 ? &graph->values[node->outputs[0]] : NULL;
    if (output == NULL || !output->reaches_scores || output->tensor.shape.rank != 4)
        return false;
    return is_norm(graph, node) || (camx__node_is(node, "Conv") && constant(graph, node, 2));
}

static int64_t channels_of(const camx__graph *graph, int value)
{
    return graph->values[value].tensor.shape.dim[1]; /* of a convolution or batch norm */
}

/* One constant of a node as doubles. room: as many reals. */
static camx_status read_numbers(const camx__study *study, const camx__node *node, int input, int64_t count, real *room,
                                double *numbers)
{
    const camx_session *session = study->session;
    CAMX__FORWARD(camx__model_constant(session->model, session->bound, node->inputs[input], 0, count, room,
                                       study->error));
    for (int64_t i = 0; i < count; i++)
        numbers[i] = (double)room[i];
    return CAMX_OK;
}

static camx_status read_norm(const camx__study *study, const camx__node *node, int64_t count, real *room,
                             double *numbers)
{
    const camx__onnx_attribute *attribute = camx__onnx_find(node->record, "epsilon");
    double epsilon = attribute != NULL ? (double)attribute->f : 1e-5;
    double *scale = numbers + count;
    double *mean = numbers + 2 * count;
    double *variance = numbers + 3 * count;
    CAMX__FORWARD(read_numbers(study, node, 1, count, room, scale));
    CAMX__FORWARD(read_numbers(study, node, 2, count, room, numbers));
    CAMX__FORWARD(read_numbers(study, node, 3, count, room, mean));
    CAMX__FORWARD(read_numbers(study, node, 4, count, room, variance));
    for (int64_t i = 0; i < count; i++)
        numbers[i] -= mean[i] * scale[i] / sqrt(variance[i] + epsilon);
    return CAMX_OK;
}

static camx_status read_biases(const camx__study *study, work *w, real *room, double *numbers)
{
    const camx__graph *graph = study->session->bound->graph;
    for (int i = 0; i < w->layer_count; i++) {
        const camx__node *node = camx__graph_producer(graph, w->layers[i].value);
        int64_t count = channels_of(graph, w->layers[i].value);
        CAMX__FORWARD(is_norm(graph, node) ? read_norm(study, node, count, room, numbers)
                                           : read_numbers(study, node, 2, count, room, numbers));
        memcpy(w->biases + w->layers[i].biases, numbers, (size_t)count * sizeof(double));
    }
    return CAMX_OK;
}

/* Lists the layers; returns the most channels that one has, and adds up all of them. */
static int64_t list_layers(const camx__graph *graph, work *w, size_t *total)
{
    int64_t most = 1;
    for (int n = 0; n < graph->node_count; n++) {
        const camx__node *node = &graph->nodes[n];
        if (!is_biased(graph, node))
            continue;
        int64_t channels = channels_of(graph, node->outputs[0]);
        w->layers[w->layer_count] = (biased){node->outputs[0], *total};
        w->values[w->layer_count++] = node->outputs[0];
        *total += (size_t)channels;
        most = channels > most ? channels : most;
    }
    w->values[w->layer_count] = graph->file->inputs[0].value;
    return most;
}

static camx_status find_layers(const camx__study *study, work *w)
{
    camx__memory *memory = study->session->memory;
    const camx__graph *graph = study->session->bound->graph;
    size_t nodes = (size_t)graph->node_count + 1;
    size_t total = 0;
    w->layers = camx__alloc(memory, nodes, sizeof *w->layers);
    w->values = camx__alloc(memory, nodes, sizeof *w->values);
    if (w->layers == NULL || w->values == NULL)
        return camx__fail_memory(study->error, nodes * sizeof *w->layers, "the list of biases");
    int64_t most = list_layers(graph, w, &total);
    real *room = camx__alloc(memory, (size_t)most, sizeof(real));
    double *numbers = camx__alloc(memory, (size_t)most, 4 * sizeof(double));
    w->biases = camx__alloc(memory, total, sizeof(double));
    camx_status status = room == NULL || numbers == NULL || w->biases == NULL
                             ? camx__fail_memory(study->error, total * sizeof(double), "the biases")
                             : read_biases(study, w, room, numbers);
    camx__free(memory, room);
    camx__free(memory, numbers);
    return status;
}

/* A program that offers the gradient at every bias, in an arena of its own. */
static camx_status open_runner(const camx__study *study, work *w)
{
    camx_session *session = study->session;
    const int keep[2] = {session->bound->graph->head.logits, w->values[w->layer_count]};
    camx__demand demand = {.keep = keep,
                           .keep_count = 2,
                           .gradients = w->values,
                           .gradient_count = w->layer_count + 1,
                           .fusion = session->fusion,
                           .pool = session->pool,
                           .settings = session->settings};
    w->held = -1;
    CAMX__FORWARD(camx__model_program(session->model, session->bound, &demand, &w->planned, study->error));
    return camx__runner_load(&w->runner, w->planned->program, study->error);
}

/* ---- the sum ---- */

typedef struct range {
    double least;
    double size; /* 1e-7 + maximum - minimum */
} range;

static double at(const camx__feature *factor, const camx__feature *gradient, double bias, int64_t c, int64_t y,
                 int64_t x)
{
    double value = factor != NULL ? camx__feature_at(factor, c, y, x) : bias;
    return fabs(value * camx__feature_at(gradient, c, y, x));
}

/* Adds N(|factor g|) of one channel to cells; the factor is a number or a feature map. */
static void add_channel(const camx__feature *factor, const camx__feature *gradient, double bias, int64_t c,
                        double *cells)
{
    range r = {.least = at(factor, gradient, bias, c, 0, 0)};
    double most = r.least;
    for (int64_t y = 0; y < gradient->height; y++)
        for (int64_t x = 0; x < gradient->width; x++) {
            double value = at(factor, gradient, bias, c, y, x);
            r.least = value < r.least ? value : r.least;
            most = value > most ? value : most;
        }
    r.size = 1e-7 + (most - r.least);
    for (int64_t y = 0; y < gradient->height; y++)
        for (int64_t x = 0; x < gradient->width; x++)
            cells[y * gradient->width + x] += (at(factor, gradient, bias, c, y, x) - r.least) / r.size;
}

/* Between half-pixel centres, edges repeated. */
static double place_of(int64_t pixel, int64_t pixels, int64_t cells, int64_t *low, int64_t *high)
{
    double place = ((double)pixel + 0.5) * (double)cells / (double)pixels - 0.5;
    place = place < 0.0 ? 0.0 : place > (double)(cells - 1) ? (double)(cells - 1) : place;
    *low = (int64_t)place;
    *high = *low + 1 < cells ? *low + 1 : *low;
    return place - (double)*low;
}

/* Resizing is linear: the channels of a layer are added up first. */
static void add_resized(const double *cells, int64_t height, int64_t width, double *sum, const camx_input *input)
{
    for (int64_t y = 0; y < input->height; y++) {
        int64_t upper, lower, left, right;
        double down = place_of(y, input->height, height, &upper, &lower);
        for (int64_t x = 0; x < input->width; x++) {
            double across = place_of(x, input->width, width, &left, &right);
            double above = cells[upper * width + left] * (1.0 - across) + cells[upper * width + right] * across;
            double below = cells[lower * width + left] * (1.0 - across) + cells[lower * width + right] * across;
            sum[y * input->width + x] += above * (1.0 - down) + below * down;
        }
    }
}

static void add_layer(const camx__study *study, const work *w, const biased *layer, int64_t item)
{
    camx__feature gradient;
    camx__session_feature(study->session, layer->value, camx__runner_gradient(&w->runner, layer->value), item,
                          &gradient);
    if (gradient.data == NULL)
        return;
    memset(w->cells, 0, (size_t)(gradient.height * gradient.width) * sizeof(double));
    for (int64_t c = 0; c < gradient.channels; c++)
        add_channel(NULL, &gradient, w->biases[layer->biases + (size_t)c], c, w->cells);
    add_resized(w->cells, gradient.height, gradient.width, w->sum, study->session->input);
}

static void add_input(const camx__study *study, const work *w, int64_t item)
{
    int value = w->values[w->layer_count];
    camx__feature gradient;
    camx__feature image;
    camx__session_feature(study->session, value, camx__runner_gradient(&w->runner, value), item, &gradient);
    camx__session_feature(study->session, value, camx__runner_value(&w->runner, value), item, &image);
    for (int64_t c = 0; gradient.data != NULL && c < gradient.channels; c++)
        add_channel(&image, &gradient, 0.0, c, w->sum);
}

/* ---- images ---- */

static camx_status backward(camx__study *study, work *w, uint32_t target, uint32_t image)
{
    camx_session *session = study->session;
    int64_t batch = camx__session_batch(session);
    int64_t classes = session->model->classes;
    memset(session->seed, 0, (size_t)(batch * classes) * sizeof(real));
    camx__aim_seed(session, &study->aims[target], session->logits + (int64_t)image * classes, study->scratch,
                   session->seed + image % batch * classes);
    CAMX__FORWARD(camx__runner_backward(&w->runner, session->seed, w->values, w->layer_count + 1, study->error));
    session->stats.backward_runs++;
    return CAMX_OK;
}

static void fill_map(camx__study *study, work *w, uint32_t target, uint32_t image)
{
    camx__map_record *record = camx__map_record_at(study->maps[target], image);
    float *raw = camx__map_raw(study->maps[target], image);
    size_t pixels = (size_t)study->session->input->height * (size_t)study->session->input->width;
    int64_t item = image % camx__session_batch(study->session);
    bool nothing = true;
    memset(w->sum, 0, pixels * sizeof(double));
    add_input(study, w, item);
    for (int i = 0; i < w->layer_count; i++)
        add_layer(study, w, &w->layers[i], item);
    for (size_t i = 0; i < pixels; i++) {
        raw[i] = (float)w->sum[i];
        nothing &= w->sum[i] == 0.0;
    }
    if (nothing && record->hint == CAMX_FINDING_HEAT)
        record->hint = CAMX_FINDING_ZERO_GRADIENT;
}

static camx_status one_image(camx__study *study, uint32_t image)
{
    work *w = study->own;
    camx_session *session = study->session;
    int64_t run = image / camx__session_batch(session);
    if (w->held != run) {
        w->held = -1;
        camx__session_feed(session, &w->runner, session->input->values, run);
        CAMX__FORWARD(camx__runner_forward(&w->runner, study->error));
        session->stats.forward_runs += (uint64_t)camx__session_batch(session);
        w->held = run;
    }
    for (uint32_t t = 0; t < study->count; t++) {
        CAMX__FORWARD(backward(study, w, t, image));
        fill_map(study, w, t, image);
    }
    return camx__study_finish(study, image, study->units, CAMX_OK);
}

/* ---- all of them ---- */

static camx_status run(camx__study *study, work *w)
{
    camx_session *session = study->session;
    const camx__graph *graph = session->bound->graph;
    size_t pixels = (size_t)session->input->height * (size_t)session->input->width;
    size_t largest = 1;
    CAMX__FORWARD(find_layers(study, w));
    CAMX__FORWARD(open_runner(study, w));
    for (int i = 0; i < w->layer_count; i++) {
        const int64_t *dim = graph->values[w->layers[i].value].tensor.shape.dim;
        size_t count = (size_t)dim[2] * (size_t)dim[3];
        largest = count > largest ? count : largest;
    }
    w->sum = camx__alloc(session->memory, pixels, sizeof(double));
    w->cells = camx__alloc(session->memory, largest, sizeof(double));
    if (w->sum == NULL || w->cells == NULL)
        return camx__fail_memory(study->error, pixels * sizeof(double), "the map");
    return camx__study_run(study, one_image);
}

static void release(camx_session *session, work *w)
{
    camx__memory *memory = session->memory;
    camx__runner_close(&w->runner);
    camx__model_return_program(session->model, w->planned);
    camx__free(memory, w->layers);
    camx__free(memory, w->values);
    camx__free(memory, w->biases);
    camx__free(memory, w->sum);
    camx__free(memory, w->cells);
}

camx_status camx__fullgrad(camx_session *session, camx_input *input, const camx_target *const *targets,
                           uint32_t count, const camx_explain_options *options, camx_map *const *maps,
                           camx_error *error)
{
    work w = {.held = -1};
    camx__study study = {.session = session,
                         .options = options,
                         .method = CAMX_METHOD_FULLGRAD,
                         .usual = CAMX_SCORE_LOGIT,
                         .own = &w,
                         .error = error};
    camx__runner_init(&w.runner, session->memory, session->pool);
    CAMX__FORWARD(camx__study_open(&study, input, targets, count, maps, false));
    camx_status status = run(&study, &w);
    release(session, &w);
    camx__study_close(&study);
    return status;
}
