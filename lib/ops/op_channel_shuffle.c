/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel shuffle of ShuffleNet (Zhang et al., CVPR 2018): channels in `groups` rows, read column by column.
 * ONNX has no such operator; files write it as Reshape, Transpose, Reshape, and the planner puts this in their
 * place. Not in the table: no file can name it.
 */
#include "ops/op_channel_shuffle.h"

#include "ops/reach.h"

typedef struct shuffle_job {
    const camx__tensor *x, *y;
    int64_t groups, channels;
    int64_t positions; /* of a task */
    int64_t all;
} shuffle_job;

static void shuffle_pixel(const real *x, real *y, int64_t groups, int64_t each)
{
    if (groups == 2) {
        for (int64_t k = 0; k < each; k++) {
            y[2 * k] = x[k];
            y[2 * k + 1] = x[each + k];
        }
        return;
    }
    for (int64_t k = 0; k < each; k++)
        for (int64_t g = 0; g < groups; g++)
            *y++ = x[g * each + k];
}

static void shuffle_task(void *context, size_t task, int worker)
{
    const shuffle_job *job = context;
    int64_t first = (int64_t)task * job->positions;
    int64_t end = first + job->positions < job->all ? first + job->positions : job->all;
    (void)worker;
    for (int64_t i = first; i < end; i++)
        shuffle_pixel(camx__reals(job->x) + i * job->x->pitch, camx__reals(job->y) + i * job->y->pitch,
                      job->groups, job->channels / job->groups);
}

static camx_status shuffle_forward(const camx__op_call *call)
{
    const camx__shuffle_params *params = call->params;
    const camx__tensor *x = call->inputs[0];
    shuffle_job job = {.x = x, .y = call->outputs[0], .groups = params->groups, .channels = x->shape.dim[1]};
    job.all = job.channels > 0 ? camx__shape_count(&x->shape) / job.channels : 0;
    job.positions = 1 + 32768 / (job.channels + 1);
    camx__pool_run(call->pool, (size_t)((job.all + job.positions - 1) / job.positions), shuffle_task, &job);
    return CAMX_OK;
}

const camx__op camx__op_channel_shuffle = {
    .name = "ChannelShuffle",
    .traits = CAMX__OP_SPATIAL | CAMX__OP_KEEPS_BATCH,
    .min_inputs = 1,
    .max_inputs = 1,
    .max_outputs = 1,
    .forward = shuffle_forward,
    .region = camx__region_same,
};
