/* SPDX-License-Identifier: Apache-2.0 */
/* The picture that is climbed on: octaves, opponent colours, penalties, Adam. */
#include <math.h>
#include <string.h>

#include "explain/maximise.h"

/*
 * Columns: light, red against blue, green against both. Natural pictures vary most in light, then red against blue
 * (Ruderman, Cronin and Chiao, JOSA A 1998): the columns' lengths follow that, so that equal steps look alike.
 */
static const float mixing[3][3] = {
    {0.577F, 0.212F, 0.061F},
    {0.577F, 0.000F, -0.122F},
    {0.577F, -0.212F, 0.061F},
};

/* How strongly the octaves drive the logistic function. */
static const float gain = 4.0F;

static int64_t count_of(const camx__planes *size)
{
    return size->count * size->height * size->width;
}

/* ---- opening ---- */

static float *numbers_of(camx__canvas *canvas, int64_t count)
{
    return camx__alloc_clear(canvas->memory, (size_t)count, sizeof(float));
}

static bool open_octave(camx__canvas *canvas, int32_t level, float smoothness)
{
    camx__octave *octave = &canvas->octaves[level];
    octave->size = (camx__planes){canvas->size.count, canvas->size.height >> level, canvas->size.width >> level};
    octave->worth = powf(2.0F, -smoothness * (float)(canvas->octave_count - 1 - level));
    octave->numbers = numbers_of(canvas, count_of(&octave->size));
    octave->mean = numbers_of(canvas, count_of(&octave->size));
    octave->square = numbers_of(canvas, count_of(&octave->size));
    return octave->numbers != NULL && octave->mean != NULL && octave->square != NULL;
}

static int32_t choose_octaves(const camx__planes *size, int32_t wanted)
{
    int64_t shorter = size->height < size->width ? size->height : size->width;
    int32_t count = 1;
    int64_t least = wanted > 0 ? 1 : 6;
    while (count < CAMX__MOST_OCTAVES && (shorter >> count) >= least && (wanted <= 0 || count < wanted))
        count++;
    return count;
}

camx_status camx__canvas_open(camx__canvas *canvas, camx__memory *memory, const camx__planes *size,
                              const camx_maximise_options *options, camx_error *error)
{
    int64_t count = count_of(size);
    *canvas = (camx__canvas){.memory = memory, .size = *size};
    canvas->octave_count = choose_octaves(size, options->octaves);
    canvas->image = numbers_of(canvas, count);
    canvas->gradient = numbers_of(canvas, count);
    canvas->room = numbers_of(canvas, count);
    canvas->small = numbers_of(canvas, count);
    bool got = canvas->image != NULL && canvas->gradient != NULL && canvas->room != NULL && canvas->small != NULL;
    for (int32_t level = 0; got && level < canvas->octave_count; level++)
        got = open_octave(canvas, level, options->smoothness);
    return got ? CAMX_OK : camx__fail_memory(error, (size_t)count * sizeof(float), "the image");
}

void camx__canvas_close(camx__canvas *canvas)
{
    for (int32_t level = 0; level < canvas->octave_count; level++) {
        camx__free(canvas->memory, canvas->octaves[level].numbers);
        camx__free(canvas->memory, canvas->octaves[level].mean);
        camx__free(canvas->memory, canvas->octaves[level].square);
    }
    camx__free(canvas->memory, canvas->image);
    camx__free(canvas->memory, canvas->gradient);
    camx__free(canvas->memory, canvas->room);
    camx__free(canvas->memory, canvas->small);
}

/* ---- colours ---- */

/* rgb = mixing x opponent (or back, transposed), pixel by pixel; grey has one plane and stays. */
static void mix_colours(const camx__planes *size, bool transpose, float *planes)
{
    int64_t pixels = size->height * size->width;
    if (size->count != 3)
        return;
    for (int64_t i = 0; i < pixels; i++) {
        float in[3] = {planes[i], planes[pixels + i], planes[2 * pixels + i]};
        for (int64_t r = 0; r < 3; r++) {
            float sum = 0.0F;
            for (int64_t c = 0; c < 3; c++)
                sum += (transpose ? mixing[c][r] : mixing[r][c]) * in[c];
            planes[r * pixels + i] = sum;
        }
    }
}

/* The columns are orthogonal: the inverse is the transpose divided by their squared lengths. */
static void unmix_colours(const camx__planes *size, float *planes)
{
    int64_t pixels = size->height * size->width;
    mix_colours(size, true, planes);
    for (int64_t c = 0; c < 3 && size->count == 3; c++) {
        float square = 0.0F;
        for (int r = 0; r < 3; r++)
            square += mixing[r][c] * mixing[r][c];
        for (int64_t i = 0; i < pixels; i++)
            planes[c * pixels + i] /= square;
    }
}

void camx__canvas_take(camx__canvas *canvas)
{
    camx__octave *finest = &canvas->octaves[0];
    int64_t count = count_of(&canvas->size);
    for (int64_t i = 0; i < count; i++) {
        float v = fminf(fmaxf(canvas->image[i], 0.01F), 0.99F);
        finest->numbers[i] = logf(v / (1.0F - v)) / (gain * finest->worth);
    }
    unmix_colours(&canvas->size, finest->numbers);
}

void camx__canvas_paint(camx__canvas *canvas)
{
    int64_t count = count_of(&canvas->size);
    memset(canvas->image, 0, (size_t)count * sizeof(float));
    for (int32_t level = canvas->octave_count - 1; level >= 0; level--) {
        const camx__octave *octave = &canvas->octaves[level];
        camx__stretch_add(&octave->size, &canvas->size, octave->worth, octave->numbers, canvas->image, canvas->room);
    }
    mix_colours(&canvas->size, false, canvas->image);
    for (int64_t i = 0; i < count; i++)
        canvas->image[i] = 1.0F / (1.0F + expf(-gain * canvas->image[i]));
}

/* ---- gradients ---- */

bool camx__canvas_normalise(camx__canvas *canvas)
{
    int64_t count = count_of(&canvas->size);
    double square = 0.0;
    for (int64_t i = 0; i < count; i++)
        square += (double)canvas->gradient[i] * (double)canvas->gradient[i];
    if (!(square > 0.0) || !isfinite(square))
        return false;
    float factor = (float)(1.0 / sqrt(square / (double)count));
    for (int64_t i = 0; i < count; i++)
        canvas->gradient[i] *= factor;
    return true;
}

/* Half the squared differences along one axis, of u = 2 image - 1. */
static void punish_steps(float *gradient, const float *image, int64_t from, int64_t to, float weight)
{
    float difference = 2.0F * weight * (image[to] - image[from]);
    gradient[to] -= difference;
    gradient[from] += difference;
}

static void punish_variation(camx__canvas *canvas, float weight)
{
    const camx__planes *size = &canvas->size;
    for (int64_t row = 0; row < size->count * size->height; row++)
        for (int64_t x = 0; x < size->width; x++) {
            int64_t at = row * size->width + x;
            if (x + 1 < size->width)
                punish_steps(canvas->gradient, canvas->image, at, at + 1, weight);
            if (row % size->height + 1 < size->height)
                punish_steps(canvas->gradient, canvas->image, at, at + size->width, weight);
        }
}

void camx__canvas_punish(camx__canvas *canvas, const camx_maximise_options *options)
{
    int64_t count = count_of(&canvas->size);
    for (int64_t i = 0; i < count; i++) {
        float u = 2.0F * canvas->image[i] - 1.0F;
        canvas->gradient[i] -= options->l2 * u + options->norm * u * u * u * u * u;
    }
    if (options->total_variation > 0.0F)
        punish_variation(canvas, options->total_variation);
}

/* Adam (Kingma and Ba, ICLR 2015) with its usual constants. */
static void adam(camx__octave *octave, const float *gradient, double rate, int32_t step)
{
    int64_t count = count_of(&octave->size);
    float mean_share = (float)(1.0 / (1.0 - pow(0.9, step)));
    float square_share = (float)(1.0 / (1.0 - pow(0.999, step)));
    for (int64_t i = 0; i < count; i++) {
        octave->mean[i] = 0.9F * octave->mean[i] + 0.1F * gradient[i];
        octave->square[i] = 0.999F * octave->square[i] + 0.001F * gradient[i] * gradient[i];
        octave->numbers[i] += (float)rate * octave->mean[i] * mean_share /
                              (sqrtf(octave->square[i] * square_share) + 1e-8F);
    }
}

void camx__canvas_climb(camx__canvas *canvas, double rate, int32_t step)
{
    int64_t count = count_of(&canvas->size);
    for (int64_t i = 0; i < count; i++)
        canvas->gradient[i] *= gain * canvas->image[i] * (1.0F - canvas->image[i]);
    mix_colours(&canvas->size, true, canvas->gradient);
    for (int32_t level = 0; level < canvas->octave_count; level++) {
        camx__octave *octave = &canvas->octaves[level];
        camx__stretch_transpose(&octave->size, &canvas->size, octave->worth, canvas->gradient, canvas->small,
                                canvas->room);
        adam(octave, canvas->small, rate, step);
    }
}
