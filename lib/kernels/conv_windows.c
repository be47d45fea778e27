/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolution of a picture: few source channels, so that the pixels of one kernel row lie side by side in memory and
 * are short. The source is copied once with its padding around it; then every destination row is a product
 * whose rows of A are windows into that copy, one stretch per kernel row, and nothing is copied side by side.
 */
#include <string.h>

#include "kernels/conv_map.h"

enum {
    FEW_CHANNELS = 4,
    TASK_WORK = 400 * 1000 /* multiply-adds below which a task is not worth handing out */
};

/* The padded copy: rows of `row` numbers. */
typedef struct frame {
    int64_t height, width; /* pixels that the windows reach */
    int64_t row;           /* numbers from one row to the next */
} frame;

static frame frame_of(const camx__conv_shape *s)
{
    frame f = {.height = (s->out_h - 1) * s->stride_h + (s->kernel_h - 1) * s->dilation_h + 1,
               .width = (s->out_w - 1) * s->stride_w + s->kernel_w};
    f.row = f.width * s->in_c;
    return f;
}

bool camx__conv_windows_serve(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    return !plan->gradient && plan->settings.gemm->backend == CAMX_GEMM_PACKED && s->groups == 1 &&
           s->in_c <= FEW_CHANNELS && s->dilation_w == 1 && s->pad_top >= 0 && s->pad_left >= 0 &&
           s->kernel_h * s->kernel_w > 1;
}

void camx__conv_windows_measure(camx__conv_plan *plan)
{
    camx__conv_map map = camx__conv_map_of(plan);
    frame f = frame_of(&plan->shape);
    plan->packed_bytes = camx__conv_phase_of(plan, &map, 0).group_bytes;
    plan->scratch_bytes = (size_t)(map.batch * f.height * f.row) * sizeof(real);
}

typedef struct windows_job {
    const camx__conv_call *call;
    frame frame;
    real *copy;
    int64_t rows; /* destination rows of a task */
    int64_t all;  /* of all images */
} windows_job;

static int64_t between(int64_t low, int64_t value, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* One row of the padded copy. */
static void copy_row(const windows_job *job, int64_t image, int64_t y)
{
    const camx__conv_call *call = job->call;
    const camx__conv_shape *s = &call->plan->shape;
    real *out = job->copy + (image * job->frame.height + y) * job->frame.row;
    int64_t from = y - s->pad_top;
    int64_t first = between(0, s->pad_left, job->frame.width);
    int64_t last = between(first, s->pad_left + s->in_w, job->frame.width);
    if (from < 0 || from >= s->in_h)
        last = first;
    const real *in = call->src + (image * s->in_h + from) * s->in_w * call->src_pitch;
    memset(out, 0, (size_t)(first * s->in_c) * sizeof(real));
    if (last > first && call->src_pitch == s->in_c)
        memcpy(out + first * s->in_c, in, (size_t)((last - first) * s->in_c) * sizeof(real));
    for (int64_t x = first; call->src_pitch != s->in_c && x < last; x++)
        memcpy(out + x * s->in_c, in + (x - first) * call->src_pitch, (size_t)s->in_c * sizeof(real));
    memset(out + last * s->in_c, 0, (size_t)((job->frame.width - last) * s->in_c) * sizeof(real));
}

static void copy_rows(void *context, size_t task, int worker)
{
    const windows_job *job = context;
    int64_t rows = job->call->map.batch * job->frame.height;
    int64_t end = camx__smaller(rows, ((int64_t)task + 1) * job->rows);
    (void)worker;
    for (int64_t r = (int64_t)task * job->rows; r < end; r++)
        copy_row(job, r / job->frame.height, r % job->frame.height);
}

static void multiply_row(const windows_job *job, int64_t row)
{
    const camx__conv_call *call = job->call;
    const camx__conv_shape *s = &call->plan->shape;
    int64_t image = row / s->out_h;
    int64_t y = row % s->out_h;
    int64_t pixel = row * s->out_w;
    camx__epilogue epilogue;
    camx__gemm_part part = {.n = s->out_c,
                            .k = s->kernel_h * s->kernel_w * s->in_c,
                            .m = s->out_w,
                            .n_count = s->out_c,
                            .a = job->copy + (image * job->frame.height + y * s->stride_h) * job->frame.row,
                            .lda = s->stride_w * s->in_c,
                            .packed = call->packed,
                            .c = call->dst + pixel * call->dst_pitch,
                            .ldc = call->dst_pitch,
                            .stretches = s->kernel_h,
                            .stretch_step = s->dilation_h * job->frame.row};
    part.k_count = part.k;
    if (call->epilogue != NULL) {
        epilogue = *call->epilogue;
        if (epilogue.residual != NULL)
            epilogue.residual += pixel * epilogue.residual_pitch;
        part.epilogue = &epilogue;
    }
    call->plan->settings.gemm->part(&part);
}

static void multiply_rows(void *context, size_t task, int worker)
{
    const windows_job *job = context;
    int64_t end = camx__smaller(job->all, ((int64_t)task + 1) * job->rows);
    (void)worker;
    for (int64_t row = (int64_t)task * job->rows; row < end; row++)
        multiply_row(job, row);
}

void camx__conv_windows_run(const camx__conv_call *call)
{
    const camx__conv_shape *s = &call->plan->shape;
    windows_job job = {.call = call, .frame = frame_of(s), .copy = call->scratch};
    int64_t copied = call->map.batch * job.frame.height;
    job.rows = 1 + 65536 / (job.frame.row + 1);
    camx__pool_run(call->pool, (size_t)camx__ceil_div(copied, job.rows), copy_rows, &job);
    job.rows = 1 + TASK_WORK / (s->out_w * s->out_c * s->kernel_h * s->kernel_w * s->in_c + 1);
    job.all = call->map.batch * s->out_h;
    camx__pool_run(call->pool, (size_t)camx__ceil_div(job.all, job.rows), multiply_rows, &job);
}
