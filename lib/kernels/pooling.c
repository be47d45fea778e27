/* SPDX-License-Identifier: Apache-2.0 */
/* Max and average pooling, forward and gradient. Inner loops run over channels. */
#include "kernels/pooling.h"

#include <math.h>
#include <string.h>

#include "kernels/pooling_window.h"
#include "kernels/vectors.h"

enum { BLOCK = 64 }; /* channels that one task of a gradient or a global mean works on */

typedef struct pooling_job {
    const camx__pool_shape *shape;
    const real *x;
    int64_t x_pitch;
    real *y;
    int64_t y_pitch;
    const real *gy;
    int64_t gy_pitch;
    bool accumulate;
} pooling_job;

/* The taps of a window along one axis that lie inside [low, high): first <= tap < end. */
static void clip_taps(int64_t start, int64_t dilation, int64_t kernel, int64_t low, int64_t high,
                      int64_t *first, int64_t *end)
{
    int64_t from = 0;
    int64_t to = 0;
    if (start < low)
        from = (low - start + dilation - 1) / dilation;
    if (start < high)
        to = (high - start + dilation - 1) / dilation;
    *end = to < kernel ? to : kernel;
    *first = from < *end ? from : *end;
}

camx__window camx__pooling_window(const camx__pool_shape *s, int64_t oy, int64_t ox)
{
    camx__window w;
    int64_t y = oy * s->stride_h - s->pad_top;
    int64_t x = ox * s->stride_w - s->pad_left;
    int64_t first_y, end_y, first_x, end_x;
    clip_taps(y, s->dilation_h, s->kernel_h, 0, s->in_h, &first_y, &end_y);
    clip_taps(x, s->dilation_w, s->kernel_w, 0, s->in_w, &first_x, &end_x);
    w.rows = end_y - first_y;
    w.columns = end_x - first_x;
    w.y = y + first_y * s->dilation_h;
    w.x = x + first_x * s->dilation_w;
    w.count = w.rows * w.columns;
    if (s->count_include_pad) {
        clip_taps(y, s->dilation_h, s->kernel_h, -s->pad_top, s->in_h + s->pad_bottom, &first_y,
                  &end_y);
        clip_taps(x, s->dilation_w, s->kernel_w, -s->pad_left, s->in_w + s->pad_right, &first_x,
                  &end_x);
        w.count = (end_y - first_y) * (end_x - first_x);
    }
    return w;
}

static bool is_empty(const camx__pool_shape *s)
{
    return s->batch <= 0 || s->channels <= 0 || s->out_h <= 0 || s->out_w <= 0;
}

/* The first element under the window. */
static const real *window_start(const pooling_job *job, const camx__window *w, int64_t image)
{
    const camx__pool_shape *s = job->shape;
    return job->x + ((image * s->in_h + w->y) * s->in_w + w->x) * job->x_pitch;
}

/* Pixels from ox on that see as many columns of the map as the first: more than one only where that
 * is all. */
static int64_t span_pixels(const camx__pool_shape *s, const camx__window *w, int64_t ox)
{
    int64_t reach = (s->kernel_w - 1) * s->dilation_w - s->pad_left;
    if (w->columns < s->kernel_w || (s->count_include_pad && w->count != s->kernel_w * w->rows))
        return 1;
    /* The last pixel whose last tap is inside. */
    int64_t last = (s->in_w - 1 - reach) / s->stride_w;
    return (last < s->out_w - 1 ? last : s->out_w - 1) - ox + 1;
}

static void fill_empty(real *y, int64_t channels, bool max)
{
    for (int64_t c = 0; c < channels; c++)
        y[c] = max ? -(real)INFINITY : 0;
}

/* One row of the output. */
static void pool_row(const pooling_job *job, int64_t row, bool max)
{
    const camx__pool_shape *s = job->shape;
    int64_t image = row / s->out_h;
    int64_t oy = row % s->out_h;
    int64_t pixels = 1;
    for (int64_t ox = 0; ox < s->out_w; ox += pixels) {
        camx__window w = camx__pooling_window(s, oy, ox);
        real *y = job->y + (row * s->out_w + ox) * job->y_pitch;
        pixels = 1;
        if (w.rows == 0 || w.columns == 0) {
            fill_empty(y, s->channels, max);
            continue;
        }
        pixels = span_pixels(s, &w, ox);
        camx__pool_span span = {.channels = s->channels,
                                .pixels = pixels,
                                .taps_y = w.rows,
                                .taps_x = w.columns,
                                .src = window_start(job, &w, image),
                                .dst = y,
                                .dst_pixel_step = job->y_pitch,
                                .src_pixel_step = s->stride_w * job->x_pitch,
                                .src_tap_y_step = s->dilation_h * s->in_w * job->x_pitch,
                                .src_tap_x_step = s->dilation_w * job->x_pitch,
                                .factor = 1 / (real)w.count};
        if (max)
            camx__vectors_now()->pool_max(&span);
        else
            camx__vectors_now()->pool_mean(&span);
    }
}

static void maxpool_row(void *context, size_t task, int worker)
{
    (void)worker;
    pool_row(context, (int64_t)task, true);
}

void camx__maxpool_forward(const camx__pool_shape *shape, camx__pool *pool, const real *x,
                           int64_t x_pitch, real *y, int64_t y_pitch)
{
    pooling_job job = {.shape = shape, .x = x, .x_pitch = x_pitch, .y = y, .y_pitch = y_pitch};
    if (!is_empty(shape))
        camx__pool_run(pool, (size_t)(shape->batch * shape->out_h), maxpool_row, &job);
}

static void avgpool_row(void *context, size_t task, int worker)
{
    (void)worker;
    pool_row(context, (int64_t)task, false);
}

void camx__avgpool_forward(const camx__pool_shape *shape, camx__pool *pool, const real *x,
                           int64_t x_pitch, real *y, int64_t y_pitch)
{
    pooling_job job = {.shape = shape, .x = x, .x_pitch = x_pitch, .y = y, .y_pitch = y_pitch};
    if (!is_empty(shape))
        camx__pool_run(pool, (size_t)(shape->batch * shape->out_h), avgpool_row, &job);
}

/* A task of a gradient: the channels first .. first + count - 1 of one image. Tasks never share an
 * element, and each adds in the order of the windows, so the result does not depend on who runs
 * what. */
typedef struct channel_block {
    int64_t image, first, count;
} channel_block;

static int64_t block_count(const camx__pool_shape *s)
{
    return (s->channels + BLOCK - 1) / BLOCK;
}

static channel_block block_of(const camx__pool_shape *s, size_t task)
{
    channel_block block;
    block.image = (int64_t)task / block_count(s);
    block.first = (int64_t)task % block_count(s) * BLOCK;
    block.count = s->channels - block.first < BLOCK ? s->channels - block.first : BLOCK;
    return block;
}

static void clear_block(const pooling_job *job, const channel_block *block)
{
    const camx__pool_shape *s = job->shape;
    real *gx = job->y + block->image * s->in_h * s->in_w * job->y_pitch + block->first;
    for (int64_t i = 0; !job->accumulate && i < s->in_h * s->in_w; i++)
        memset(gx + i * job->y_pitch, 0, (size_t)block->count * sizeof(real));
}

static void maxpool_gradient_block(void *context, size_t task, int worker)
{
    const pooling_job *job = context;
    const camx__pool_shape *s = job->shape;
    channel_block block = block_of(s, task);
    const camx__vectors *vectors = camx__vectors_now();
    camx__pool_gift gift = {.channels = block.count,
                            .x_tap_y_step = s->dilation_h * s->in_w * job->x_pitch,
                            .x_tap_x_step = s->dilation_w * job->x_pitch,
                            .gx_tap_y_step = s->dilation_h * s->in_w * job->y_pitch,
                            .gx_tap_x_step = s->dilation_w * job->y_pitch};
    (void)worker;
    clear_block(job, &block);
    for (int64_t oy = 0; oy < s->out_h; oy++)
        for (int64_t ox = 0; ox < s->out_w; ox++) {
            camx__window w = camx__pooling_window(s, oy, ox);
            if (w.rows == 0 || w.columns == 0)
                continue;
            int64_t start = (block.image * s->in_h + w.y) * s->in_w + w.x;
            int64_t pixel = (block.image * s->out_h + oy) * s->out_w + ox;
            gift.taps_y = w.rows;
            gift.taps_x = w.columns;
            gift.x = job->x + start * job->x_pitch + block.first;
            gift.gx = job->y + start * job->y_pitch + block.first;
            gift.gy = job->gy + pixel * job->gy_pitch + block.first;
            vectors->pool_give(&gift);
        }
}

void camx__maxpool_gradient(const camx__pool_shape *shape, camx__pool *pool, const real *x,
                            int64_t x_pitch, const real *gy, int64_t gy_pitch, real *gx,
                            int64_t gx_pitch, bool accumulate)
{
    pooling_job job = {.shape = shape,
                       .x = x,
                       .x_pitch = x_pitch,
                       .y = gx,
                       .y_pitch = gx_pitch,
                       .gy = gy,
                       .gy_pitch = gy_pitch,
                       .accumulate = accumulate};
    if (shape->batch > 0 && shape->channels > 0)
        camx__pool_run(pool, (size_t)(shape->batch * block_count(shape)), maxpool_gradient_block,
                       &job);
}

static void avgpool_gradient_block(void *context, size_t task, int worker)
{
    const pooling_job *job = context;
    const camx__pool_shape *s = job->shape;
    channel_block block = block_of(s, task);
    (void)worker;
    clear_block(job, &block);
    for (int64_t oy = 0; oy < s->out_h; oy++)
        for (int64_t ox = 0; ox < s->out_w; ox++) {
            camx__window w = camx__pooling_window(s, oy, ox);
            if (w.rows == 0 || w.columns == 0)
                continue;
            int64_t start = (block.image * s->in_h + w.y) * s->in_w + w.x;
            int64_t pixel = (block.image * s->out_h + oy) * s->out_w + ox;
            const real *gy = job->gy + pixel * job->gy_pitch + block.first;
            real factor = 1 / (real)w.count;
            for (int64_t ky = 0; ky < w.rows; ky++)
                for (int64_t kx = 0; kx < w.columns; kx++) {
                    int64_t to = start + ky * s->dilation_h * s->in_w + kx * s->dilation_w;
                    real *gx = job->y + to * job->y_pitch + block.first;
                    for (int64_t c = 0; c < block.count; c++)
                        gx[c] += factor * gy[c];
                }
        }
}

void camx__avgpool_gradient(const camx__pool_shape *shape, camx__pool *pool, const real *gy,
                            int64_t gy_pitch, real *gx, int64_t gx_pitch, bool accumulate)
{
    pooling_job job = {.shape = shape,
                       .y = gx,
                       .y_pitch = gx_pitch,
                       .gy = gy,
                       .gy_pitch = gy_pitch,
                       .accumulate = accumulate};
    if (shape->batch > 0 && shape->channels > 0)
        camx__pool_run(pool, (size_t)(shape->batch * block_count(shape)), avgpool_gradient_block,
                       &job);
}

typedef struct mean_job {
    int64_t positions, channels, blocks;
    const real *x;
    int64_t x_pitch;
    real *y;
} mean_job;

static void mean_block(void *context, size_t task, int worker)
{
    const mean_job *job = context;
    double sum[BLOCK] = {0};
    int64_t image = (int64_t)task / job->blocks;
    int64_t first = (int64_t)task % job->blocks * BLOCK;
    int64_t count = job->channels - first < BLOCK ? job->channels - first : BLOCK;
    const real *x = job->x + image * job->positions * job->x_pitch + first;
    (void)worker;
    for (int64_t p = 0; p < job->positions; p++)
        for (int64_t c = 0; c < count; c++)
            sum[c] += x[p * job->x_pitch + c];
    for (int64_t c = 0; c < count; c++)
        job->y[image * job->channels + first + c] = (real)(sum[c] / (double)job->positions);
}

void camx__global_average_forward(int64_t batch, int64_t positions, int64_t channels,
                                  camx__pool *pool, const real *x, int64_t x_pitch, real *y)
{
    mean_job job = {.positions = positions,
                    .channels = channels,
                    .blocks = (channels + BLOCK - 1) / BLOCK,
                    .x = x,
                    .x_pitch = x_pitch,
                    .y = y};
    if (batch > 0 && channels > 0)
        camx__pool_run(pool, (size_t)(batch * job.blocks), mean_block, &job);
}
