/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution: the choice of an algorithm, packing, and the two entry points. */
#include "kernels/conv.h"

#include <string.h>

#include "base/error.h"
#include "kernels/conv_map.h"

static bool is_pointwise(const camx__conv_shape *s)
{
    return s->kernel_h == 1 && s->kernel_w == 1 && s->stride_h == 1 && s->stride_w == 1 &&
           s->groups == 1 && s->pad_top == 0 && s->pad_left == 0 && s->in_h == s->out_h &&
           s->in_w == s->out_w;
}

static int choose_algorithm(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    camx__conv_map map = camx__conv_map_of(plan);
    if (map.batch == 0 || map.dst_h == 0 || map.dst_w == 0 || map.dst_c == 0)
        return CAMX__CONV_NOTHING;
    if (is_pointwise(s))
        return CAMX__CONV_POINTWISE;
    int channels = camx__conv_channels_choose(plan);
    if (channels != CAMX__CONV_NOTHING)
        return channels;
    if (camx__conv_windows_serve(plan))
        return CAMX__CONV_WINDOWS;
    if (camx__conv_scatter_serves(plan))
        return CAMX__CONV_SCATTER;
    return camx__conv_winograd_choose(plan);
}

void camx__conv_choose(const camx__conv_shape *shape, const camx__conv_settings *settings,
                       bool gradient, int workers, camx__conv_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->shape = *shape;
    plan->settings = *settings;
    plan->gradient = gradient;
    plan->algorithm = choose_algorithm(plan);
    switch (plan->algorithm) {
    case CAMX__CONV_POINTWISE:
        plan->packed_bytes =
            camx__gemm_packed_bytes(settings->gemm, gradient ? shape->in_c : shape->out_c,
                                    gradient ? shape->out_c : shape->in_c);
        plan->scratch_bytes = camx__conv_sparse_scratch(plan);
        break;
    case CAMX__CONV_PANELS:
        camx__conv_panels_measure(plan, workers);
        break;
    case CAMX__CONV_DEPTHWISE:
    case CAMX__CONV_GROUPED:
        camx__conv_channels_measure(plan);
        break;
    case CAMX__CONV_WINDOWS:
        camx__conv_windows_measure(plan);
        break;
    case CAMX__CONV_SCATTER:
        camx__conv_scatter_measure(plan);
        break;
    case CAMX__CONV_WINOGRAD_2:
    case CAMX__CONV_WINOGRAD_4:
        camx__conv_winograd_measure(plan, workers);
        break;
    default:
        break;
    }
}

const char *camx__conv_algorithm_name(int algorithm)
{
    static const char *const names[] = {"none",      "pointwise", "im2col",
                                        "depthwise", "winograd2", "winograd4", "windows",
                                        "scatter",   "grouped"};
    return algorithm >= 0 && algorithm < (int)(sizeof names / sizeof names[0]) ? names[algorithm]
                                                                               : "unknown";
}

static uint64_t mix(uint64_t hash, int64_t value)
{
    hash ^= (uint64_t)value;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

uint64_t camx__conv_pack_key(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    const camx__gemm *gemm = plan->settings.gemm;
    /* Channel vectors are stored alike in both directions. */
    bool gradient = plan->gradient && plan->algorithm != CAMX__CONV_DEPTHWISE;
    uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), plan->algorithm);
    hash = mix(hash, camx__gemm_backend(gemm));
    hash = mix(hash, camx__gemm_isa(gemm));
    hash = mix(hash, gradient);
    hash = mix(hash, s->in_c);
    hash = mix(hash, s->out_c);
    hash = mix(hash, s->groups);
    hash = mix(hash, camx__conv_map_of(plan).merged);
    hash = mix(hash, s->kernel_h);
    hash = mix(hash, s->kernel_w);
    if (gradient && (s->stride_h > 1 || s->stride_w > 1)) {
        /* The phases of the input and their taps. */
        hash = mix(hash, s->stride_h);
        hash = mix(hash, s->stride_w);
        hash = mix(hash, s->dilation_h);
        hash = mix(hash, s->dilation_w);
        hash = mix(hash, s->pad_top % s->stride_h);
        hash = mix(hash, s->pad_left % s->stride_w);
    }
    return hash;
}

static void pack_pointwise(const camx__conv_plan *plan, const real *rows, int64_t first,
                           int64_t count, void *packed)
{
    const camx__conv_shape *s = &plan->shape;
    const camx__gemm *gemm = plan->settings.gemm;
    camx__gemm_piece piece = {.source = rows};
    if (plan->gradient) {
        piece.k_first = first;
        piece.k_count = count;
        piece.n_count = s->in_c;
        piece.stride_k = s->in_c;
        piece.stride_n = 1;
        gemm->pack(packed, s->in_c, s->out_c, &piece);
    } else {
        piece.n_first = first;
        piece.n_count = count;
        piece.k_count = s->in_c;
        piece.stride_k = 1;
        piece.stride_n = s->in_c;
        gemm->pack(packed, s->out_c, s->in_c, &piece);
    }
}

static void pack_rows(const camx__conv_plan *plan, const real *rows, int64_t first, int64_t count,
                      void *packed)
{
    switch (plan->algorithm) {
    case CAMX__CONV_POINTWISE:
        pack_pointwise(plan, rows, first, count, packed);
        break;
    case CAMX__CONV_PANELS:
    case CAMX__CONV_WINDOWS:
        camx__conv_panels_pack(plan, rows, first, count, packed);
        break;
    case CAMX__CONV_SCATTER:
        camx__conv_scatter_pack(plan, rows, first, count, packed);
        break;
    case CAMX__CONV_DEPTHWISE:
    case CAMX__CONV_GROUPED:
        camx__conv_channels_pack(plan, rows, first, count, packed);
        break;
    case CAMX__CONV_WINOGRAD_2:
    case CAMX__CONV_WINOGRAD_4:
        camx__conv_winograd_pack(plan, rows, first, count, packed);
        break;
    default:
        break;
    }
}

/* Output channels read at a time: a panel's worth, or more where a channel has few weights. */
static int64_t rows_at_once(const camx__conv_plan *plan, int64_t row)
{
    int64_t unit = plan->settings.gemm->tile_n;
    int64_t rows = unit * (1 + 65536 / (unit * row));
    return camx__smaller(rows, plan->shape.out_c);
}

camx_status camx__conv_pack(const camx__conv_plan *plan, camx__memory *memory, camx__read_fn *read,
                            void *context, const real *scale, void *packed, camx_error *error)
{
    const camx__conv_shape *s = &plan->shape;
    camx_status status = CAMX_OK;
    int64_t row = s->in_c / s->groups * s->kernel_h * s->kernel_w;
    if (plan->packed_bytes == 0 || row == 0)
        return CAMX_OK;
    int64_t step = rows_at_once(plan, row);
    size_t bytes = (size_t)(step * row) * sizeof(real);
    real *rows = camx__alloc(memory, bytes, 1);
    if (!rows)
        return camx__fail_memory(error, bytes, "packing the weights of a convolution");
    memset(packed, 0, plan->packed_bytes);
    for (int64_t first = 0; first < s->out_c; first += step) {
        int64_t count = camx__smaller(step, s->out_c - first);
        status = read(context, first * row, count * row, rows, error);
        if (status != CAMX_OK)
            break;
        for (int64_t i = 0; scale && i < count; i++)
            for (int64_t j = 0; j < row; j++)
                rows[i * row + j] *= scale[first + i];
        pack_rows(plan, rows, first, count, packed);
    }
    camx__free(memory, rows);
    return status;
}

static void run_pointwise(const camx__conv_call *call)
{
    const camx__conv_map *map = &call->map;
    if (camx__conv_sparse_run(call))
        return;
    camx__gemm_run(call->plan->settings.gemm, call->pool, map->batch * map->dst_h * map->dst_w,
                   map->dst_c, map->src_c, call->src, call->src_pitch, call->packed, call->dst,
                   call->dst_pitch, call->epilogue, call->accumulate);
}

static void run(const camx__conv_call *call)
{
    switch (call->plan->algorithm) {
    case CAMX__CONV_POINTWISE:
        run_pointwise(call);
        break;
    case CAMX__CONV_PANELS:
        camx__conv_panels_run(call);
        break;
    case CAMX__CONV_DEPTHWISE:
    case CAMX__CONV_GROUPED:
        camx__conv_channels_run(call);
        break;
    case CAMX__CONV_WINDOWS:
        camx__conv_windows_run(call);
        break;
    case CAMX__CONV_SCATTER:
        camx__conv_scatter_run(call);
        break;
    case CAMX__CONV_WINOGRAD_2:
    case CAMX__CONV_WINOGRAD_4:
        camx__conv_winograd_run(call);
        break;
    default:
        break;
    }
}

void camx__conv_forward(const camx__conv_plan *plan, camx__pool *pool, const real *x,
                        int64_t x_pitch, const void *packed, real *y, int64_t y_pitch,
                        const camx__epilogue *epilogue, void *scratch)
{
    camx__conv_call call = {.plan = plan,
                            .map = camx__conv_map_of(plan),
                            .pool = pool,
                            .src = x,
                            .src_pitch = x_pitch,
                            .packed = packed,
                            .dst = y,
                            .dst_pitch = y_pitch,
                            .epilogue = epilogue,
                            .scratch = scratch};
    run(&call);
}

/* Only where there are fewer weights than numbers in the map. */
bool camx__conv_scales(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    return plan->algorithm == CAMX__CONV_POINTWISE && !plan->gradient &&
           plan->settings.gemm->backend == CAMX_GEMM_PACKED && s->out_c < s->out_h * s->out_w;
}

void camx__conv_forward_scaled(const camx__conv_plan *plan, camx__pool *pool, const real *x, int64_t x_pitch,
                               const real *factors, const void *packed, real *y, int64_t y_pitch,
                               const camx__epilogue *epilogue, void *scratch)
{
    const camx__conv_shape *s = &plan->shape;
    const camx__gemm *gemm = plan->settings.gemm;
    int64_t pixels = s->out_h * s->out_w;
    camx__epilogue own = {.activation = CAMX__ACT_NONE};
    if (epilogue != NULL)
        own = *epilogue;
    for (int64_t image = 0; image < s->batch; image++) {
        camx__panels_scale(gemm->tile_n, gemm->tile_unit, packed, s->out_c, s->in_c,
                           factors + image * s->in_c, scratch);
        camx__gemm_run(gemm, pool, pixels, s->out_c, s->in_c, x + image * pixels * x_pitch, x_pitch, scratch,
                       y + image * pixels * y_pitch, y_pitch, epilogue != NULL ? &own : NULL, false);
        if (own.residual != NULL)
            own.residual += pixels * own.residual_pitch;
    }
}

void camx__conv_input_gradient(const camx__conv_plan *plan, camx__pool *pool, const real *gy,
                               int64_t gy_pitch, const void *packed, real *gx, int64_t gx_pitch,
                               bool accumulate, void *scratch)
{
    camx__conv_call call = {.plan = plan,
                            .map = camx__conv_map_of(plan),
                            .pool = pool,
                            .src = gy,
                            .src_pitch = gy_pitch,
                            .packed = packed,
                            .dst = gx,
                            .dst_pitch = gx_pitch,
                            .accumulate = accumulate,
                            .scratch = scratch};
    run(&call);
}
