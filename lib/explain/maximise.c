/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activation maximisation: gradient ascent on the image. Every step shows the network another view of the image
 * (maximise_view.c), and carries the gradient back through it to the octaves of the canvas.
 */
#include "explain/maximise.h"

#include <math.h>
#include <string.h>

#include "base/progress.h"
#include "base/random.h"

typedef struct ascent {
    camx_session *session;
    const camx_maximise_options *options;
    camx_input *image;
    int input; /* value id */
    camx__wishes wishes;
    camx__canvas canvas;
    camx__progress progress;
    float *seen;   /* planes as the network is shown them */
    float *fed;    /* the same in its own order and scale */
    float *line;   /* for blurring */
    uint8_t *frame;
    bool moved;    /* some step had a gradient */
    camx_error *error;
} ascent;

/* ---- between planes of 0 .. 1 and the network's numbers ---- */

static int64_t place_of(const ascent *a, int64_t plane, int64_t pixel)
{
    const camx_input *image = a->image;
    int64_t c = image->scale.bgr && image->channels == 3 ? 2 - plane : plane;
    int64_t pixels = (int64_t)image->height * image->width;
    return image->channels_last ? pixel * image->channels + c : c * pixels + pixel;
}

static double slope_of(const ascent *a, int64_t plane)
{
    int64_t c = a->image->scale.bgr && a->image->channels == 3 ? 2 - plane : plane;
    return 255.0 / (double)a->image->scale.std[c];
}

static double zero_of(const ascent *a, int64_t plane)
{
    int64_t c = a->image->scale.bgr && a->image->channels == 3 ? 2 - plane : plane;
    return -(double)a->image->scale.mean[c] / (double)a->image->scale.std[c];
}

static void to_network(const ascent *a, const float *planes, float *numbers)
{
    int64_t pixels = a->canvas.size.height * a->canvas.size.width;
    for (int64_t p = 0; p < a->canvas.size.count; p++)
        for (int64_t i = 0; i < pixels; i++)
            numbers[place_of(a, p, i)] = (float)(zero_of(a, p) + slope_of(a, p) * (double)planes[p * pixels + i]);
}

static void from_network(const ascent *a, const float *numbers, float *planes)
{
    int64_t pixels = a->canvas.size.height * a->canvas.size.width;
    for (int64_t p = 0; p < a->canvas.size.count; p++)
        for (int64_t i = 0; i < pixels; i++)
            planes[p * pixels + i] = (float)(((double)numbers[place_of(a, p, i)] - zero_of(a, p)) / slope_of(a, p));
}

/* The gradient by the planes that the network was shown. */
static void read_gradient(const ascent *a, float *planes)
{
    camx_session *session = a->session;
    const camx__planes *size = &a->canvas.size;
    camx__feature g;
    camx__session_feature(session, a->input, camx__runner_gradient(&session->runner, a->input), 0, &g);
    for (int64_t p = 0; p < size->count; p++) {
        int64_t c = a->image->scale.bgr && size->count == 3 ? 2 - p : p;
        double slope = slope_of(a, p);
        for (int64_t y = 0; y < size->height; y++)
            for (int64_t x = 0; x < size->width; x++)
                planes[(p * size->height + y) * size->width + x] =
                    g.data == NULL ? 0.0F
                                   : (float)(slope * (double)g.data[c * g.step_c + y * g.step_y + x * g.step_x]);
    }
}

/* ---- a step ---- */

/* The gradient by what the network was shown, in a->seen; false: it is zero. */
static camx_status differentiate(const ascent *a, camx__relu_rule rule, bool *any)
{
    camx_session *session = a->session;
    int64_t count = a->canvas.size.count * a->canvas.size.height * a->canvas.size.width;
    session->runner.relu_rule = rule;
    camx_status status = camx__runner_backward_from(&session->runner, a->wishes.seeds, a->wishes.wish_count, &a->input, 1,
                                                    a->error);
    session->runner.relu_rule = CAMX__RELU_EXACT;
    session->stats.backward_runs++;
    read_gradient(a, a->seen);
    *any = false;
    for (int64_t i = 0; i < count; i++)
        *any |= a->seen[i] != 0.0F;
    return status;
}

static camx_status look(const ascent *a, const camx__view *view)
{
    camx_session *session = a->session;
    const camx__canvas *canvas = &a->canvas;
    bool any = false;
    int64_t count = canvas->size.count * canvas->size.height * canvas->size.width;
    memcpy(canvas->room, canvas->image, (size_t)count * sizeof(float));
    camx__soften(&canvas->size, (double)a->options->blur, false, canvas->room, a->line);
    camx__view_show(view, &canvas->size, canvas->room, a->seen);
    to_network(a, a->seen, a->fed);
    session->run = -1;
    camx__session_feed(session, &session->runner, a->fed, 0);
    CAMX__FORWARD(camx__runner_forward(&session->runner, a->error));
    session->stats.forward_runs++;
    camx__wishes_seed((camx__wishes *)&a->wishes);
    CAMX__FORWARD(differentiate(a, CAMX__RELU_EXACT, &any));
    if (!any)
        CAMX__FORWARD(differentiate(a, CAMX__RELU_OPEN, &any));
    memset(canvas->gradient, 0, (size_t)count * sizeof(float));
    camx__view_return(view, &canvas->size, a->seen, canvas->gradient);
    camx__soften(&canvas->size, (double)a->options->blur, true, canvas->gradient, a->line);
    return CAMX_OK;
}

static camx_status show_frame(const ascent *a, int32_t step)
{
    const camx_maximise_options *o = a->options;
    camx_pixels frame;
    if (o->frame == NULL || o->frame_every == 0 || (uint32_t)step % o->frame_every != 0)
        return CAMX_OK;
    to_network(a, a->canvas.image, a->image->values);
    camx_pixels_init(&frame, CAMX_PIXEL_RGB, a->image->width, a->image->height, 0, a->frame);
    CAMX__FORWARD(camx__input_to_pixels(a->image, 0, &frame, a->error));
    if (o->frame(&frame, (uint32_t)step, o->frame_user) != 0)
        return camx__fail(a->error, CAMX_E_CANCELLED, "the frame callback asked to stop after %d of %d steps", step,
                          o->steps);
    return CAMX_OK;
}

static camx_status climb(ascent *a)
{
    const camx_maximise_options *o = a->options;
    CAMX__FORWARD(camx__progress_step(&a->progress, 0, a->error));
    CAMX__FORWARD(show_frame(a, 0));
    for (int32_t step = 1; step <= o->steps; step++) {
        double left = 1.0 - (double)(step - 1) / (double)o->steps;
        camx__view view;
        camx__view_choose(&view, o, &a->canvas.size, step);
        CAMX__FORWARD(look(a, &view));
        a->moved |= camx__canvas_normalise(&a->canvas);
        camx__canvas_punish(&a->canvas, o);
        camx__canvas_climb(&a->canvas, (double)o->rate * fmin(1.0, 2.0 * left), step);
        camx__canvas_paint(&a->canvas);
        CAMX__FORWARD(show_frame(a, step));
        CAMX__FORWARD(camx__progress_step(&a->progress, 1, a->error));
    }
    if (!a->moved && o->steps > 0)
        return camx__fail(a->error, CAMX_E_METHOD,
                          "nothing in the image moves the objective: its gradient is zero or not finite in every step, even "
                          "with all ReLU units open");
    return CAMX_OK;
}

/* ---- before and after ---- */

static camx_status check_number(float value, double least, double most, const char *name, camx_error *error)
{
    if ((double)value >= least && (double)value <= most)
        return CAMX_OK;
    return camx__fail(error, CAMX_E_ARGUMENT, "camx_maximise_options.%s is %g; it is %g to %g", name, (double)value,
                      least, most);
}

static camx_status check_options(const camx_maximise_options *o, camx_error *error)
{
    if (o->steps < 0 || o->steps > 1000000)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_maximise_options.steps is %d; it is 0 to 1000000", o->steps);
    if (o->octaves < 0 || o->octaves > CAMX__MOST_OCTAVES)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_maximise_options.octaves is %d; it is 1 to %d, or 0 for the usual",
                          o->octaves, CAMX__MOST_OCTAVES);
    CAMX__FORWARD(check_number(o->rate, 0.0, 10.0, "rate", error));
    CAMX__FORWARD(check_number(o->smoothness, -4.0, 4.0, "smoothness", error));
    CAMX__FORWARD(check_number(o->noise, 0.0, 10.0, "noise", error));
    CAMX__FORWARD(check_number(o->jitter, 0.0, 1.0, "jitter", error));
    CAMX__FORWARD(check_number(o->rotation, 0.0, 180.0, "rotation", error));
    CAMX__FORWARD(check_number(o->scale, 0.0, 4.0, "scale", error));
    CAMX__FORWARD(check_number(o->grain, 0.0, 10.0, "grain", error));
    CAMX__FORWARD(check_number(o->blur, 0.0, 100.0, "blur", error));
    CAMX__FORWARD(check_number(o->total_variation, 0.0, 1000.0, "total_variation", error));
    CAMX__FORWARD(check_number(o->l2, 0.0, 1000.0, "l2", error));
    return check_number(o->norm, 0.0, 1000.0, "norm", error);
}

static camx_status check_network(const ascent *a)
{
    const camx_session *session = a->session;
    if (camx__session_batch(session) != 1)
        return camx__fail(a->error, CAMX_E_METHOD,
                          "%s runs %lld images at a time; activation maximisation makes one: export it with batch 1",
                          session->model->file->name, (long long)camx__session_batch(session));
    if (!a->image->scale.known || (a->image->channels != 1 && a->image->channels != 3))
        return camx__fail(a->error, CAMX_E_METHOD,
                          "%s takes %d channels, of which no picture can be made: activation maximisation needs 1 or 3",
                          session->model->file->name, a->image->channels);
    return CAMX_OK;
}

static camx_status allocate(ascent *a)
{
    camx__memory *memory = a->session->memory;
    size_t count = (size_t)a->image->channels * (size_t)a->image->height * (size_t)a->image->width;
    size_t line = (size_t)(a->image->height > a->image->width ? a->image->height : a->image->width);
    camx__planes size = {a->image->channels, a->image->height, a->image->width};
    a->seen = camx__alloc(memory, count, sizeof(float));
    a->fed = camx__alloc(memory, count, sizeof(float));
    a->line = camx__alloc(memory, line, sizeof(float));
    a->frame = camx__alloc(memory, count, 3);
    if (a->seen == NULL || a->fed == NULL || a->line == NULL || a->frame == NULL)
        return camx__fail_memory(a->error, count * sizeof(float), "the image");
    return camx__canvas_open(&a->canvas, memory, &size, a->options, a->error);
}

static void start(ascent *a)
{
    camx__canvas *canvas = &a->canvas;
    uint64_t index = 0;
    if (a->options->start != NULL) {
        from_network(a, a->image->values, canvas->image);
        camx__canvas_take(canvas);
    }
    for (int32_t level = 0; a->options->start == NULL && level < canvas->octave_count; level++) {
        camx__octave *octave = &canvas->octaves[level];
        for (int64_t i = 0; i < octave->size.count * octave->size.height * octave->size.width; i++)
            octave->numbers[i] = (float)((double)a->options->noise * camx__random_normal(a->options->seed, index++));
    }
    camx__canvas_paint(canvas);
}

static camx_status run(ascent *a)
{
    camx_session *session = a->session;
    CAMX__FORWARD(allocate(a));
    CAMX__FORWARD(camx__session_ask(session, a->input, true, a->error));
    for (int i = 0; i < a->wishes.wish_count; i++)
        CAMX__FORWARD(camx__session_ask(session, a->wishes.wishes[i].value, true, a->error));
    start(a);
    camx__progress_init(&a->progress, a->options->progress, a->options->progress_user, a->options->deadline,
                        (uint64_t)a->options->steps);
    camx_status status = climb(a);
    to_network(a, a->canvas.image, a->image->values);
    /* The scores that the session may know are not those of this image. */
    session->run = -1;
    session->has_logits[0] = false;
    return status;
}

camx_status camx__maximise(camx_session *session, const camx_objective *const *objectives, uint32_t count,
                           const camx_maximise_options *options, camx_input *image, camx_error *error)
{
    ascent a = {.session = session, .options = options, .image = image, .error = error};
    a.canvas.memory = session->memory;
    CAMX__FORWARD(check_options(options, error));
    CAMX__FORWARD(camx__session_take(session, image, error));
    CAMX__FORWARD(check_network(&a));
    a.input = session->bound->graph->layers[0];
    camx_status status = camx__wishes_open(&a.wishes, session, objectives, count, error);
    if (status == CAMX_OK)
        status = run(&a);
    camx__wishes_close(&a.wishes);
    camx__canvas_close(&a.canvas);
    camx__free(session->memory, a.seen);
    camx__free(session->memory, a.fed);
    camx__free(session->memory, a.line);
    camx__free(session->memory, a.frame);
    return status;
}
