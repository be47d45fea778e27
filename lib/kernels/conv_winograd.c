/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Winograd's convolution for 3x3 kernels at step 1, forward and input gradient: F(2x2) and F(4x4).
 *
 * A tile of m x m results is A^T [(G g G^T) . (B^T d B)] A, with d the (m + 2) x (m + 2) source
 * tile, g the kernel and . element by element; summed over source channels, each of the (m + 2)^2
 * elements ("frequencies") is a matrix product of tiles x source channels by source x destination
 * channels. That is 2.25 (m = 2) or 4 (m = 4) times fewer multiplications than the direct sum.
 *
 * The matrices follow from evaluating polynomials at points p: row p of G is (1, p, p^2) / prod (p
 * - q) over the other points q, row p of B^T the coefficients of prod (x - q), column p of A^T (1,
 * p, p^2, ...); infinity takes the leading coefficients. Points 0, 1, -1, infinity for m = 2. For m
 * = 4 the usual 0, +-1, +-2 lose three times as many bits as 0, +-1/sqrt(2), +-sqrt(2), which are
 * used here; the kernels are transformed in double.
 */
#include <string.h>

#include "kernels/conv_map.h"
#include "kernels/vectors.h"

enum {
    FEW_BYTES = 6 * 1024 * 1024, /* transformed weights that stay in the last-level cache */
    MANY_TILES = 400,            /* enough to read all weights again for each block of tiles */
    BLOCK_BYTES = 700 * 1024,    /* source and products of a block: in the second-level cache */
    BLOCKS_WANTED = 12,          /* so that a few threads finish together */
    PIECE = 16                   /* channels of each side that are packed at a time */
};

static const double g_2[4][3] = {{-1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
#define ROOT_2 1.41421356237309504880
static const double g_4[6][3] = {{1, 0, 0},
                                 {-2.0 / 3, -ROOT_2 / 3, -1.0 / 3},
                                 {-2.0 / 3, ROOT_2 / 3, -1.0 / 3},
                                 {1.0 / 6, ROOT_2 / 6, 1.0 / 3},
                                 {1.0 / 6, -ROOT_2 / 6, 1.0 / 3},
                                 {0, 0, 1}};

/* How one convolution is cut; by its shape alone. */
typedef struct winograd {
    camx__conv_map map;
    camx__conv_phase phase;
    int result, side, frequencies;
    int64_t tiles_y, tiles_x, tiles; /* of all images */
    size_t frequency_bytes;          /* packed weights of one frequency */
    bool blocks;         /* all three steps block by block; otherwise each step over everything */
    int64_t block;       /* tiles of a task */
    int64_t stored;      /* tiles that the buffers below hold */
    int64_t source_step; /* numbers from one frequency of the transformed source to the next */
    int64_t product_step;
} winograd;

/* An odd number of cache lines, so that the frequencies of one tile do not share a cache set. */
static int64_t odd_lines(int64_t numbers)
{
    int64_t line = CAMX__ALIGNMENT / (int64_t)sizeof(real);
    return (camx__ceil_div(numbers, line) | 1) * line;
}

static winograd winograd_of(const camx__conv_plan *plan)
{
    winograd w = {.map = camx__conv_map_of(plan),
                  .result = plan->algorithm == CAMX__CONV_WINOGRAD_2 ? 2 : 4};
    const camx__gemm *gemm = plan->settings.gemm;
    w.phase = camx__conv_phase_of(plan, &w.map, 0);
    w.side = w.result + 2;
    w.frequencies = w.side * w.side;
    w.tiles_y = camx__ceil_div(w.map.dst_h, w.result);
    w.tiles_x = camx__ceil_div(w.map.dst_w, w.result);
    w.tiles = w.map.batch * w.tiles_y * w.tiles_x;
    w.frequency_bytes =
        camx__round_up_bytes(camx__gemm_packed_bytes(gemm, w.map.dst_c, w.map.src_c));
    w.blocks = w.frequency_bytes * (size_t)w.frequencies <= FEW_BYTES || w.tiles >= MANY_TILES;
    if (w.blocks) {
        int64_t tile_bytes = w.frequencies * (w.map.src_c + w.map.dst_c) * (int64_t)sizeof(real);
        int64_t most =
            camx__smaller(BLOCK_BYTES / tile_bytes, camx__ceil_div(w.tiles, BLOCKS_WANTED));
        w.block =
            most < gemm->tile_m ? gemm->tile_m : camx__ceil_div(most, gemm->tile_m) * gemm->tile_m;
        w.block = camx__smaller(w.block, w.tiles);
        w.stored = w.block;
    } else {
        w.block = camx__ceil_div(w.tiles, 16);
        w.stored = w.tiles;
    }
    w.source_step = odd_lines(w.stored * w.map.src_c);
    w.product_step = odd_lines(w.stored * w.map.dst_c);
    return w;
}

static size_t buffer_bytes(const winograd *w)
{
    return (size_t)(w->frequencies * (w->source_step + w->product_step)) * sizeof(real);
}

void camx__conv_winograd_measure(camx__conv_plan *plan, int workers)
{
    winograd w = winograd_of(plan);
    plan->packed_bytes = w.frequency_bytes * (size_t)w.frequencies;
    plan->scratch_bytes = buffer_bytes(&w) * (size_t)(w.blocks ? workers : 1);
}

/* G g G^T of `count` kernels that lie one behind the other, turned round for a gradient. Frequency f of kernel l goes
 * to out[f * step + l]. Side by side, so that the compiler takes several at once. */
static void transform_kernels(const winograd *w, const real *kernels, int64_t count, real *out, int64_t step)
{
    const double(*g)[3] = w->result == 2 ? g_2 : g_4;
    double tap[3][3][PIECE] = {{{0}}};
    double half[3][PIECE];
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++) {
            int64_t ky = w->phase.y.kernel_first + y * w->phase.y.kernel_step;
            int64_t kx = w->phase.x.kernel_first + x * w->phase.x.kernel_step;
            for (int64_t l = 0; l < count; l++)
                tap[y][x][l] = (double)kernels[l * 9 + ky * 3 + kx];
        }
    for (int i = 0; i < w->side; i++) {
        for (int x = 0; x < 3; x++)
            for (int l = 0; l < PIECE; l++)
                half[x][l] = g[i][0] * tap[0][x][l] + g[i][1] * tap[1][x][l] + g[i][2] * tap[2][x][l];
        for (int j = 0; j < w->side; j++) {
            real *to = out + (i * w->side + j) * step;
            for (int l = 0; l < PIECE; l++)
                to[l] = (real)(half[0][l] * g[j][0] + half[1][l] * g[j][1] + half[2][l] * g[j][2]);
        }
    }
}

/* Output channels first .. first + outs - 1 by input channels ic .. ic + ins - 1. */
static void pack_piece(const camx__conv_plan *plan, const winograd *w, const real *rows,
                       int64_t first, int64_t outs, int64_t ic, int64_t ins, void *packed)
{
    real buffer[36 * PIECE * PIECE];
    int64_t in_c = plan->shape.in_c;
    for (int64_t o = 0; o < outs; o++)
        transform_kernels(w, rows + (o * in_c + ic) * 9, ins, buffer + o * PIECE, PIECE * PIECE);
    camx__gemm_piece piece;
    if (plan->gradient)
        piece = (camx__gemm_piece){.n_first = ic,
                                   .n_count = ins,
                                   .k_first = first,
                                   .k_count = outs,
                                   .stride_k = PIECE,
                                   .stride_n = 1};
    else
        piece = (camx__gemm_piece){.n_first = first,
                                   .n_count = outs,
                                   .k_first = ic,
                                   .k_count = ins,
                                   .stride_k = 1,
                                   .stride_n = PIECE};
    for (int f = 0; f < w->frequencies; f++) {
        piece.source = buffer + f * PIECE * PIECE;
        plan->settings.gemm->pack((char *)packed + (size_t)f * w->frequency_bytes, w->map.dst_c,
                                  w->map.src_c, &piece);
    }
}

void camx__conv_winograd_pack(const camx__conv_plan *plan, const real *rows, int64_t first,
                              int64_t count, void *packed)
{
    winograd w = winograd_of(plan);
    int64_t in_c = plan->shape.in_c;
    for (int64_t o = 0; o < count; o += PIECE)
        for (int64_t i = 0; i < in_c; i += PIECE)
            pack_piece(plan, &w, rows + o * in_c * 9, first + o, camx__smaller(PIECE, count - o), i,
                       camx__smaller(PIECE, in_c - i), packed);
}

typedef struct winograd_job {
    const camx__conv_call *call;
    const camx__vectors *vectors;
    winograd w;
} winograd_job;

/* Which image and which place in it. */
static int64_t place_tile(const winograd *w, int64_t tile, int64_t *y, int64_t *x)
{
    *x = tile % w->tiles_x * w->result;
    *y = tile / w->tiles_x % w->tiles_y * w->result;
    return tile / w->tiles_x / w->tiles_y;
}

/* The transformed source of tiles first .. end - 1; tile `first` goes to place `at` of the buffer.
 */
static void transform_sources(const winograd_job *job, int64_t first, int64_t end, int64_t at,
                              real *source)
{
    const winograd *w = &job->w;
    const camx__conv_call *call = job->call;
    camx__winograd_tile tile = {.channels = w->map.src_c,
                                .height = w->map.src_h,
                                .width = w->map.src_w,
                                .pitch = call->src_pitch,
                                .spectrum_step = w->source_step};
    for (int64_t t = first; t < end; t++) {
        int64_t image = place_tile(w, t, &tile.y, &tile.x);
        tile.y += w->phase.y.in_first;
        tile.x += w->phase.x.in_first;
        tile.map = call->src + image * w->map.src_h * w->map.src_w * call->src_pitch;
        tile.spectrum = source + (at + t - first) * w->map.src_c;
        job->vectors->winograd_input(&tile, w->result);
    }
}

static void transform_products(const winograd_job *job, int64_t first, int64_t end, int64_t at,
                               real *products)
{
    const winograd *w = &job->w;
    const camx__conv_call *call = job->call;
    int64_t pixels = w->map.dst_h * w->map.dst_w;
    camx__epilogue epilogue;
    camx__winograd_tile tile = {.channels = w->map.dst_c,
                                .height = w->map.dst_h,
                                .width = w->map.dst_w,
                                .pitch = call->dst_pitch,
                                .spectrum_step = w->product_step,
                                .accumulate = call->accumulate};
    for (int64_t t = first; t < end; t++) {
        int64_t image = place_tile(w, t, &tile.y, &tile.x);
        tile.map_out = call->dst + image * pixels * call->dst_pitch;
        if (call->epilogue) {
            epilogue = *call->epilogue;
            if (epilogue.residual)
                epilogue.residual += image * pixels * epilogue.residual_pitch;
            tile.epilogue = &epilogue;
        }
        tile.spectrum = products + (at + t - first) * w->map.dst_c;
        job->vectors->winograd_output(&tile, w->result);
    }
}

/* The product of one frequency for `tiles` stored tiles. */
static void multiply(const winograd_job *job, int64_t frequency, int64_t tiles, const real *source,
                     real *products)
{
    const winograd *w = &job->w;
    const camx__gemm *gemm = job->call->plan->settings.gemm;
    camx__gemm_block(gemm, tiles, w->map.dst_c, w->map.src_c, source + frequency * w->source_step,
                     w->map.src_c,
                     (const char *)job->call->packed + (size_t)frequency * w->frequency_bytes,
                     products + frequency * w->product_step, w->map.dst_c, NULL, false);
}

/* All three steps for one block of tiles. */
static void run_block(void *context, size_t task, int worker)
{
    const winograd_job *job = context;
    const winograd *w = &job->w;
    int64_t first = (int64_t)task * w->block;
    int64_t end = camx__smaller(first + w->block, w->tiles);
    real *source = (real *)((char *)job->call->scratch + (size_t)worker * buffer_bytes(w));
    real *products = source + w->frequencies * w->source_step;
    transform_sources(job, first, end, 0, source);
    for (int f = 0; f < w->frequencies; f++)
        multiply(job, f, end - first, source, products);
    transform_products(job, first, end, 0, products);
}

/* The three steps one after the other, for weights that are too large to be read more than once. */
static void run_sources(void *context, size_t task, int worker)
{
    const winograd_job *job = context;
    int64_t first = (int64_t)task * job->w.block;
    (void)worker;
    transform_sources(job, first, camx__smaller(first + job->w.block, job->w.tiles), first,
                      job->call->scratch);
}

static void run_frequency(void *context, size_t task, int worker)
{
    const winograd_job *job = context;
    real *source = job->call->scratch;
    (void)worker;
    multiply(job, (int64_t)task, job->w.tiles, source,
             source + job->w.frequencies * job->w.source_step);
}

static void run_products(void *context, size_t task, int worker)
{
    const winograd_job *job = context;
    real *products = (real *)job->call->scratch + job->w.frequencies * job->w.source_step;
    int64_t first = (int64_t)task * job->w.block;
    (void)worker;
    transform_products(job, first, camx__smaller(first + job->w.block, job->w.tiles), first,
                       products);
}

void camx__conv_winograd_run(const camx__conv_call *call)
{
    const camx__gemm *gemm = call->plan->settings.gemm;
    winograd_job job = {.call = call,
                        .vectors = camx__vectors_of(camx__gemm_isa(gemm)),
                        .w = winograd_of(call->plan)};
    camx__pool *pool = camx__gemm_is_serial(gemm) ? NULL : call->pool;
    size_t blocks = (size_t)camx__ceil_div(job.w.tiles, job.w.block);
    if (job.w.blocks) {
        camx__pool_run(pool, blocks, run_block, &job);
        return;
    }
    camx__pool_run(call->pool, blocks, run_sources, &job);
    camx__pool_run(pool, (size_t)job.w.frequencies, run_frequency, &job);
    camx__pool_run(call->pool, blocks, run_products, &job);
}

int camx__conv_winograd_choose(const camx__conv_plan *plan)
{
    const camx__conv_shape *s = &plan->shape;
    camx__conv_map map = camx__conv_map_of(plan);
    int64_t shorter = camx__smaller(map.dst_h, map.dst_w);
    int64_t least = camx__vectors_of(camx__gemm_isa(plan->settings.gemm))->lanes;
    least = least < 16 ? 16 : least;
    if (plan->settings.exact || s->kernel_h != 3 || s->kernel_w != 3 || s->stride_h != 1 ||
        s->stride_w != 1 || s->dilation_h != 1 || s->dilation_w != 1 || s->groups != 1 ||
        s->in_c < least || s->out_c < least || shorter < 5)
        return CAMX__CONV_PANELS;
    return shorter >= 12 ? CAMX__CONV_WINOGRAD_4 : CAMX__CONV_WINOGRAD_2;
}
