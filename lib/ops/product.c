/* SPDX-License-Identifier: Apache-2.0 */
/* Batched matrix products: many small ones side by side, few or summed ones one after the other. */
#include "ops/product.h"

#include "base/error.h"
#include "base/memory.h"
#include "ops/broadcast.h"

enum {
    SIDE_BY_SIDE = 4 /* from so many products on, each is computed by one worker */
};

static size_t round_up(size_t bytes)
{
    return (bytes + CAMX__ALIGNMENT - 1) / CAMX__ALIGNMENT * CAMX__ALIGNMENT;
}

static bool is_summed(const camx__product *p)
{
    for (int i = 0; i < p->batch.rank; i++)
        if (p->batch.dim[i] > 1 && p->c.batch[i] == 0)
            return true;
    return false;
}

static bool runs_side_by_side(const camx__product *p)
{
    return camx__shape_count(&p->batch) >= SIDE_BY_SIDE && !is_summed(p);
}

/* The kernels read rows of A as they lie; anything else is copied. */
static size_t copy_bytes(const camx__product *p)
{
    return p->a.column == 1 || p->k <= 1 ? 0 : round_up((size_t)(p->m * p->k) * sizeof(real));
}

static size_t worker_bytes(const camx__product *p)
{
    return copy_bytes(p) + (p->packed ? 0 : round_up(camx__gemm_packed_bytes(p->gemm, p->n, p->k)));
}

size_t camx__product_scratch(const camx__product *product, int workers)
{
    return worker_bytes(product) * (runs_side_by_side(product) ? (size_t)workers : 1);
}

typedef struct product_run {
    const camx__product *product;
    const real *a;
    const real *b;
    const char *packed;
    real *c;
    const camx__epilogue *epilogue;
    bool accumulate;
    char *scratch;
} product_run;

static void copy_rows(camx__pool *pool, const camx__product *p, const real *a, real *rows)
{
    camx__walk walk = {
        .shape = {.rank = 2, .dim = {p->m, p->k}}, .inputs = 1, .fn = camx__copy_reals};
    walk.in[0] =
        (camx__operand){.data = (void *)a, .size = sizeof(real), .stride = {p->a.row, p->a.column}};
    walk.out = (camx__operand){.data = rows, .size = sizeof(real), .stride = {p->k, 1}};
    camx__walk_run(pool, &walk);
}

/* Product number `index` of the batch. With `alone` on the calling thread, otherwise on the
 * pool. */
static void run_one(const product_run *run, camx__pool *pool, bool alone, int64_t index,
                    char *scratch)
{
    const camx__product *p = run->product;
    const real *a = run->a;
    const void *packed = NULL;
    real *c = run->c;
    int64_t lda = p->m <= 1 ? p->k : p->a.row;
    int64_t b_at = 0;
    int64_t rest = index;
    bool accumulate = run->accumulate;
    camx__epilogue epilogue;
    for (int i = p->batch.rank - 1; i >= 0; i--) {
        int64_t at = rest % p->batch.dim[i];
        rest /= p->batch.dim[i];
        a += at * p->a.batch[i];
        b_at += at * p->b.batch[i];
        c += at * p->c.batch[i];
        accumulate = accumulate || (at > 0 && p->c.batch[i] == 0);
    }
    if (copy_bytes(p) > 0) {
        copy_rows(pool, p, a, (real *)(void *)scratch);
        a = (const real *)(void *)scratch;
        lda = p->k;
        scratch += copy_bytes(p);
    }
    if (p->packed) {
        size_t step = camx__product_packed_step(p->gemm, p->n, p->k);
        packed = run->packed + (b_at > 0 ? (size_t)(b_at / (p->k * p->n)) * step : 0);
    } else {
        camx__gemm_pack_strided(p->gemm, p->n, p->k, run->b + b_at, p->b.row, p->b.column, scratch);
        packed = scratch;
    }
    if (run->epilogue != NULL) {
        epilogue = *run->epilogue;
        if (epilogue.residual != NULL)
            epilogue.residual += index * p->m * epilogue.residual_pitch;
    }
    const camx__epilogue *after = run->epilogue != NULL ? &epilogue : NULL;
    if (alone)
        camx__gemm_block(p->gemm, p->m, p->n, p->k, a, lda, packed, c, p->c.row, after, accumulate);
    else
        camx__gemm_run(p->gemm, pool, p->m, p->n, p->k, a, lda, packed, c, p->c.row, after,
                       accumulate);
}

static void run_task(void *context, size_t task, int worker)
{
    const product_run *run = context;
    run_one(run, NULL, true, (int64_t)task,
            run->scratch + (size_t)worker * worker_bytes(run->product));
}

void camx__product_run(const camx__product *product, camx__pool *pool, const real *a, const real *b,
                       const void *packed, real *c, const camx__epilogue *epilogue, bool accumulate,
                       void *scratch)
{
    int64_t count = camx__shape_count(&product->batch);
    product_run run = {product, a, b, packed, c, epilogue, accumulate, scratch};
    if (product->m <= 0 || product->n <= 0)
        return;
    if (runs_side_by_side(product)) {
        camx__pool_run(pool, (size_t)count, run_task, &run);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        run_one(&run, pool, false, i, scratch);
}

/* ---- packed weights ---- */

size_t camx__product_packed_step(const camx__gemm *gemm, int64_t n, int64_t k)
{
    return round_up(camx__gemm_packed_bytes(gemm, n, k));
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 31);
}

uint64_t camx__product_pack_key(const camx__gemm *gemm, int64_t n, int64_t k, bool transposed)
{
    uint64_t hash = mix(UINT64_C(0x70726f64), (uint64_t)camx__gemm_backend(gemm));
    hash = mix(hash, (uint64_t)camx__gemm_isa(gemm));
    hash = mix(hash, (uint64_t)camx__gemm_can_turn(gemm));
    hash = mix(hash, (uint64_t)n);
    hash = mix(hash, (uint64_t)k);
    return mix(hash, transposed);
}

camx_status camx__scaled_read(void *context, int64_t first, int64_t count, real *out,
                              camx_error *error)
{
    const camx__scaled_source *source = context;
    CAMX__FORWARD(source->read(source->context, source->offset + first, count, out, error));
    for (int64_t i = 0; source->scale != NULL && i < count; i++)
        out[i] *= source->scale[(first + i) / source->inner % source->count];
    return CAMX_OK;
}
