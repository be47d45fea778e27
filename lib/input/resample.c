/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing a picture, only the part of it that the network will see. Every photo row that is needed
 * is read once and resized along x to 8 bits; that row is then added, with its weights along y, to
 * the few output rows that are still open. So memory holds a handful of rows, however large the
 * picture is, and the rounding between the two passes is the one that Pillow does.
 */
#include <string.h>

#include "base/checked.h"
#include "base/pixels.h"
#include "input/prepare.h"
#include "input/taps.h"

#define HALF (1 << (CAMX__TAPS_BITS - 1))

typedef struct resampler {
    const camx_pixels *photo;
    int samples;
    int order[3]; /* where a pixel's samples lie */
    int bytes;    /* of a pixel */
    camx__taps across;
    camx__taps down;
    int32_t open_rows;  /* how many output rows one photo row can add to */
    size_t row_samples; /* of the resized row */
    uint8_t *grey_row;  /* the photo row in grey, where that is needed */
    uint8_t *resized_row;
    int32_t *sums; /* open_rows x row_samples, used as a ring */
    uint8_t *out;  /* the first resized row's place in the window */
    size_t out_stride;
} resampler;

static uint8_t to_byte(int32_t sum)
{
    int32_t value = sum >> CAMX__TAPS_BITS;

    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void across_one(const camx__taps *taps, const uint8_t *row, size_t bytes, uint8_t *out)
{
    for (int32_t x = 0; x < taps->outputs; x++) {
        const int32_t *weights = taps->weights + (size_t)x * taps->stride;
        const uint8_t *source = row + (size_t)taps->first[x] * bytes;
        int32_t sum = HALF;
        for (int32_t i = 0; i < taps->count[x]; i++)
            sum += source[(size_t)i * bytes] * weights[i];
        out[x] = to_byte(sum);
    }
}

static void across_three(const camx__taps *taps, const uint8_t *row, size_t bytes,
                         const int order[3], uint8_t *out)
{
    for (int32_t x = 0; x < taps->outputs; x++) {
        const int32_t *weights = taps->weights + (size_t)x * taps->stride;
        const uint8_t *source = row + (size_t)taps->first[x] * bytes;
        int32_t red = HALF;
        int32_t green = HALF;
        int32_t blue = HALF;
        for (int32_t i = 0; i < taps->count[x]; i++, source += bytes) {
            red += source[order[0]] * weights[i];
            green += source[order[1]] * weights[i];
            blue += source[order[2]] * weights[i];
        }
        out[3 * x] = to_byte(red);
        out[3 * x + 1] = to_byte(green);
        out[3 * x + 2] = to_byte(blue);
    }
}

static void resize_row(resampler *work, int32_t y)
{
    const uint8_t *row = camx__pixels_row(work->photo, y);

    if (work->samples == 3) {
        across_three(&work->across, row, (size_t)work->bytes, work->order, work->resized_row);
        return;
    }
    if (work->grey_row != NULL) {
        for (int32_t x = 0; x < work->photo->width; x++, row += work->bytes)
            work->grey_row[x] =
                camx__pixels_grey(row[work->order[0]], row[work->order[1]], row[work->order[2]]);
        across_one(&work->across, work->grey_row, 1, work->resized_row);
        return;
    }
    across_one(&work->across, row, (size_t)work->bytes, work->resized_row);
}

static int32_t *sums_of(const resampler *work, int32_t output)
{
    return work->sums + (size_t)(output % work->open_rows) * work->row_samples;
}

static void open_row(const resampler *work, int32_t output)
{
    int32_t *sums = sums_of(work, output);

    for (size_t i = 0; i < work->row_samples; i++)
        sums[i] = HALF;
}

static void add_row(const resampler *work, int32_t output, int32_t y)
{
    int32_t *restrict sums = sums_of(work, output);
    const uint8_t *restrict row = work->resized_row;
    int32_t weight =
        work->down
            .weights[(size_t)output * work->down.stride + (size_t)(y - work->down.first[output])];

    for (size_t i = 0; i < work->row_samples; i++)
        sums[i] += row[i] * weight;
}

static void close_row(const resampler *work, int32_t output)
{
    const int32_t *sums = sums_of(work, output);
    uint8_t *out = work->out + (size_t)output * work->out_stride;

    for (size_t i = 0; i < work->row_samples; i++)
        out[i] = to_byte(sums[i]);
}

static int32_t end_of(const camx__taps *taps, int32_t output)
{
    return taps->first[output] + taps->count[output];
}

/* first and first + count never fall from one output to the next, so open rows are a moving window.
 */
static void run(resampler *work)
{
    const camx__taps *down = &work->down;
    int32_t oldest = 0; /* not closed yet */
    int32_t newest = 0; /* not opened yet */

    for (int32_t y = down->first[0]; oldest < down->outputs; y++) {
        while (newest < down->outputs && down->first[newest] <= y)
            open_row(work, newest++);
        if (oldest < newest)
            resize_row(work, y);
        for (int32_t output = oldest; output < newest; output++)
            add_row(work, output, y);
        while (oldest < newest && end_of(down, oldest) <= y + 1)
            close_row(work, oldest++);
    }
}

/* The most output rows that are open at once. */
static int32_t most_open_rows(const camx__taps *down)
{
    int32_t most = 1;
    int32_t newest = 0;

    for (int32_t oldest = 0; oldest < down->outputs; oldest++) {
        while (newest < down->outputs && down->first[newest] < end_of(down, oldest))
            newest++;
        if (newest - oldest > most)
            most = newest - oldest;
    }
    return most;
}

static camx_status get_rows(camx__memory *memory, resampler *work, camx_error *error)
{
    size_t sums;

    work->open_rows = most_open_rows(&work->down);
    work->row_samples = (size_t)work->across.outputs * (size_t)work->samples;
    if (!camx__mul_size((size_t)work->open_rows, work->row_samples, &sums))
        return camx__fail_memory(error, SIZE_MAX, "resizing the picture");
    work->sums = camx__alloc(memory, sums, sizeof *work->sums);
    work->resized_row = camx__alloc(memory, work->row_samples, 1);
    if (work->samples == 1 && work->photo->format != CAMX_PIXEL_GREY) {
        work->grey_row = camx__alloc(memory, (size_t)work->photo->width, 1);
        if (work->grey_row == NULL)
            return camx__fail_memory(error, (size_t)work->photo->width, "resizing the picture");
    }
    if (work->sums == NULL || work->resized_row == NULL)
        return camx__fail_memory(error, sums * sizeof *work->sums, "resizing the picture");
    return CAMX_OK;
}

/* The part of the window 0 .. size that the resized picture covers when the window starts at
 * `begin` of it. */
static void covered(int64_t begin, int32_t size, int64_t resized, int32_t *from, int32_t *count)
{
    int64_t low = begin < 0 ? -begin : 0;
    int64_t high = resized - begin < size ? resized - begin : size;

    *from = (int32_t)low;
    *count = (int32_t)(high - low);
}

camx_status camx__input_resample(camx__memory *memory, const camx_pixels *photo, int32_t filter,
                                 const camx__input_plan *plan, int samples, uint8_t *window,
                                 camx_error *error)
{
    resampler work = {
        .photo = photo, .samples = samples, .bytes = camx__pixels_bytes(photo->format)};
    int32_t left, columns, top, rows;
    camx_status status;

    camx__pixels_order(photo->format, work.order);
    covered(plan->left, plan->width, plan->resized_width, &left, &columns);
    covered(plan->top, plan->height, plan->resized_height, &top, &rows);
    work.out_stride = (size_t)plan->width * (size_t)samples;
    work.out = window + (size_t)top * work.out_stride + (size_t)left * (size_t)samples;
    status = camx__taps_make(memory, filter, photo->width, plan->resized_width, plan->left + left,
                             columns, &work.across, error);
    if (status == CAMX_OK)
        status = camx__taps_make(memory, filter, photo->height, plan->resized_height,
                                 plan->top + top, rows, &work.down, error);
    if (status == CAMX_OK)
        status = get_rows(memory, &work, error);
    if (status == CAMX_OK)
        run(&work);
    camx__free(memory, work.sums);
    camx__free(memory, work.resized_row);
    camx__free(memory, work.grey_row);
    camx__taps_free(memory, &work.down);
    camx__taps_free(memory, &work.across);
    return status;
}
