/* SPDX-License-Identifier: Apache-2.0 */
/* Conv: convolution with one or two spatial axes. */
#include "ops/op_conv.h"

#include <string.h>

#include "ops/window.h"

typedef struct conv_state {
    camx__conv_plan plan;
    /* Weights that are computed by the network are packed in every call: where, in scratch. */
    size_t packed_at;
    size_t heap_at;
    size_t heap_bytes;
} conv_state;

static camx_status check_channels(const camx__op_bind *bind, const camx__shape *x,
                                  const camx__shape *w, int64_t groups)
{
    const camx__tensor *bias = camx__op_input(bind, 2);
    char text[160];
    if (w->rank != x->rank)
        return camx__op_invalid(bind, "its weights have rank %d, its input %d", w->rank, x->rank);
    if (groups < 1 || w->dim[0] < 1 || w->dim[0] % groups != 0)
        return camx__op_invalid(bind, "%lld output channels cannot be split into %lld groups",
                                (long long)w->dim[0], (long long)groups);
    if (w->dim[1] < 1 || x->dim[1] % groups != 0 || x->dim[1] / groups != w->dim[1])
        return camx__op_misfit(
            bind, "its input has %lld channels, but the weights %s with %lld groups need %lld",
            (long long)x->dim[1], camx__shape_text(w, text, sizeof text), (long long)groups,
            (long long)(w->dim[1] * groups));
    if (bias != NULL && (bias->shape.rank != 1 || bias->shape.dim[0] != w->dim[0]))
        return camx__op_invalid(bind, "its bias has the shape %s, not [%lld]",
                                camx__shape_text(&bias->shape, text, sizeof text),
                                (long long)w->dim[0]);
    return CAMX_OK;
}

static camx_status conv_bind(camx__op_bind *bind)
{
    camx__window window;
    int64_t groups;
    for (int i = 0; i < bind->input_count; i++)
        if (i < 2 || bind->inputs[i] != NULL)
            CAMX__FORWARD(camx__op_need_reals(bind, i));
    const camx__shape *x = &bind->inputs[0]->shape;
    const camx__shape *w = &bind->inputs[1]->shape;
    CAMX__FORWARD(camx__op_int(bind, "group", 1, &groups));
    if (x->rank >= 3 && x->rank <= 4)
        CAMX__FORWARD(check_channels(bind, x, w, groups));
    CAMX__FORWARD(camx__window_bind(bind, x, w->dim + 2, &window));
    camx__conv_shape *shape = camx__op_params(bind, sizeof *shape);
    if (shape == NULL)
        return CAMX_E_MEMORY;
    *shape = (camx__conv_shape){.batch = x->dim[0],
                                .in_h = window.in[0],
                                .in_w = window.in[1],
                                .in_c = x->dim[1],
                                .out_h = window.out[0],
                                .out_w = window.out[1],
                                .out_c = w->dim[0],
                                .groups = groups,
                                .kernel_h = window.kernel[0],
                                .kernel_w = window.kernel[1],
                                .stride_h = window.stride[0],
                                .stride_w = window.stride[1],
                                .dilation_h = window.dilation[0],
                                .dilation_w = window.dilation[1],
                                .pad_top = window.pad_begin[0],
                                .pad_left = window.pad_begin[1]};
    camx__shape y = camx__window_output(&window, x, w->dim[0]);
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

static size_t round_up(size_t bytes)
{
    return (bytes + CAMX__ALIGNMENT - 1) / CAMX__ALIGNMENT * CAMX__ALIGNMENT;
}

static camx_status conv_prepare(camx__op_prepare *prepare)
{
    const camx__conv_shape *shape = prepare->params;
    camx__conv_settings settings = {prepare->settings->gemm, prepare->settings->exact};
    conv_state *state = camx__zone_alloc(prepare->zone, 1, sizeof *state);
    if (state == NULL)
        return camx__fail_memory(prepare->error, sizeof *state, "a convolution's plan");
    if (prepare->backward && (prepare->wanted & ~1u) != 0)
        return camx__fail(prepare->error, CAMX_E_UNSUPPORTED,
                          "no gradient can be taken through the weights or the bias of a Conv");
    camx__conv_choose(shape, &settings, prepare->backward, prepare->settings->workers,
                      &state->plan);
    prepare->state = state;
    prepare->scratch_bytes = prepare->gated ? state->plan.packed_bytes : state->plan.scratch_bytes;
    prepare->packed_bytes = state->plan.packed_bytes;
    prepare->pack_key = camx__conv_pack_key(&state->plan);
    if (!prepare->packed) {
        int64_t weights = camx__shape_count(&prepare->inputs[1]->shape);
        /* camx__conv_pack takes at most the weights at a time and some room to transform them. */
        state->heap_bytes = round_up(2 * (size_t)weights * sizeof(real)) + 256 * 1024;
        state->packed_at = round_up(state->plan.scratch_bytes);
        state->heap_at = state->packed_at + round_up(state->plan.packed_bytes);
        prepare->scratch_bytes = state->heap_at + state->heap_bytes;
        prepare->packed_bytes = 0;
    }
    return CAMX_OK;
}

static camx_status conv_pack(const camx__op_prepare *prepared, camx__memory *memory,
                             camx__read_fn *read, void *context, const real *scale, void *packed)
{
    const conv_state *state = prepared->state;
    return camx__conv_pack(&state->plan, memory, read, context, scale, packed, prepared->error);
}

/* ---- weights that are not constant ---- */

/* An allocator over a piece of scratch: packing asks for a few blocks and gives them back. */
typedef struct scratch_heap {
    char *next;
    size_t left;
} scratch_heap;

static void *heap_allocate(size_t bytes, void *user)
{
    scratch_heap *heap = user;
    void *block = heap->next;
    if (bytes > heap->left - heap->left % 16)
        return NULL;
    bytes = (bytes + 15) / 16 * 16;
    heap->next += bytes;
    heap->left -= bytes;
    return block;
}

static void heap_release(void *block, void *user)
{
    (void)block;
    (void)user;
}

static camx_status read_from_memory(void *context, int64_t first, int64_t count, real *out,
                                    camx_error *error)
{
    (void)error;
    memcpy(out, (const real *)context + first, (size_t)count * sizeof *out);
    return CAMX_OK;
}

/* *packed: the weights packed in advance, or packed now from `weights`. */
static camx_status ready_weights(const conv_state *state, const camx__tensor *weights,
                                 char *scratch, const void **packed, camx_error *error)
{
    if (*packed != NULL || state->heap_bytes == 0)
        return CAMX_OK;
    scratch_heap heap = {scratch + state->heap_at, state->heap_bytes};
    camx_allocator allocator = {heap_allocate, heap_release, &heap};
    camx__memory memory;
    camx__memory_init(&memory, &allocator, 0);
    *packed = scratch + state->packed_at;
    return camx__conv_pack(&state->plan, &memory, read_from_memory, weights->data, NULL,
                           scratch + state->packed_at, error);
}

static camx_status conv_forward(const camx__op_call *call)
{
    const conv_state *state = call->state;
    const camx__tensor *x = call->inputs[0];
    const camx__tensor *y = call->outputs[0];
    const void *packed = call->packed;
    camx__epilogue epilogue = {.activation = CAMX__ACT_NONE};
    CAMX__FORWARD(ready_weights(state, call->inputs[1], call->scratch, &packed, call->error));
    if (call->epilogue != NULL)
        epilogue = *call->epilogue;
    if (epilogue.bias == NULL && call->input_count > 2 && call->inputs[2] != NULL)
        epilogue.bias = camx__reals(call->inputs[2]);
    if (call->gate != NULL)
        camx__conv_forward_scaled(&state->plan, call->pool, camx__reals(x), x->pitch, call->gate, packed, camx__reals(y),
                                  y->pitch, &epilogue, call->scratch);
    else
        camx__conv_forward(&state->plan, call->pool, camx__reals(x), x->pitch, packed, camx__reals(y),
                           y->pitch, &epilogue, call->scratch);
    return CAMX_OK;
}

static camx_status conv_backward(const camx__op_gradient *gradient)
{
    const conv_state *state = gradient->state;
    const camx__tensor *gy = gradient->output_gradients[0];
    const camx__tensor *gx = gradient->input_gradients[0];
    const void *packed = gradient->packed;
    CAMX__FORWARD(
        ready_weights(state, gradient->inputs[1], gradient->scratch, &packed, gradient->error));
    camx__conv_input_gradient(&state->plan, gradient->pool, camx__reals(gy), gy->pitch, packed,
                              camx__reals(gx), gx->pitch, gradient->accumulate[0],
                              gradient->scratch);
    return CAMX_OK;
}

static unsigned conv_saves(const void *params, unsigned wanted)
{
    (void)params;
    return wanted != 0 ? CAMX__SAVE_INPUT(1) : 0;
}

const camx__conv_plan *camx__op_conv_plan(const void *state)
{
    const conv_state *conv = state;
    return conv != NULL && conv->heap_bytes == 0 ? &conv->plan : NULL;
}

bool camx__op_conv_takes_gate(const void *params, const camx__op_settings *op_settings)
{
    camx__conv_settings settings = {op_settings->gemm, op_settings->exact};
    camx__conv_plan plan;
    camx__conv_choose(params, &settings, false, op_settings->workers, &plan);
    return camx__conv_scales(&plan);
}

static const char *conv_describe(const void *state)
{
    const conv_state *conv = state;
    return camx__conv_algorithm_name(conv->plan.algorithm);
}

static bool conv_region(camx__op_region *region)
{
    const camx__conv_shape *s = region->params;
    camx__reach rows = {s->kernel_h, s->stride_h, s->dilation_h, s->pad_top};
    camx__reach columns = {s->kernel_w, s->stride_w, s->dilation_w, s->pad_left};
    if (region->input != 0 || region->varies[1] || region->axis[0] != 2 || region->axis[1] != 3)
        return false;
    region->reach[0] = rows;
    region->reach[1] = columns;
    return true;
}

static const void *conv_cropped(const void *params, camx__zone *zone, const camx__shape *input,
                                const camx__shape *output)
{
    camx__conv_shape *shape = camx__zone_alloc(zone, 1, sizeof *shape);
    if (shape == NULL)
        return NULL;
    *shape = *(const camx__conv_shape *)params;
    shape->batch = input->dim[0];
    shape->in_h = input->dim[2];
    shape->in_w = input->dim[3];
    shape->out_h = output->dim[2];
    shape->out_w = output->dim[3];
    shape->pad_top = 0;
    shape->pad_left = 0;
    return shape;
}

const camx__op camx__op_conv = {
    .name = "Conv",
    .traits = CAMX__OP_SPATIAL | CAMX__OP_KEEPS_BATCH | CAMX__OP_EPILOGUE,
    .min_inputs = 2,
    .max_inputs = 3,
    .max_outputs = 1,
    .weight_input = 1,
    .bind = conv_bind,
    .prepare = conv_prepare,
    .pack = conv_pack,
    .forward = conv_forward,
    .describe = conv_describe,
    .backward = conv_backward,
    .saves = conv_saves,
    .region = conv_region,
    .cropped = conv_cropped,
};
