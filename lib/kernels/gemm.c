/* SPDX-License-Identifier: Apache-2.0 */
/* The table of GEMM back ends, packing, and the split of a product into parts for the pool. */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "kernels/gemm_backend.h"
#include "kernels/vectors.h"

#define BUILTIN(level)                                                                             \
    {                                                                                              \
        .backend = CAMX_GEMM_BUILTIN, .isa = (level), .tile_m = 4, .tile_n = 16,                   \
        .packed_bytes = camx__builtin_packed_bytes, .pack = camx__builtin_pack,                    \
        .part = camx__builtin_part                                                                 \
    }

static const camx__gemm builtin[CAMX__ISA_COUNT] = {
    BUILTIN(CAMX__ISA_BASELINE),
    BUILTIN(CAMX__ISA_AVX2),
    BUILTIN(CAMX__ISA_AVX512),
};

#ifdef CAMX_HAVE_OPENBLAS
#define BLAS(level)                                                                                \
    {                                                                                              \
        .backend = CAMX_GEMM_BLAS, .isa = (level), .tile_m = 32, .tile_n = 64,                     \
        .packed_bytes = camx__blas_packed_bytes, .pack = camx__blas_pack, .part = camx__blas_part  \
    }

static const camx__gemm blas[CAMX__ISA_COUNT] = {
    BLAS(CAMX__ISA_BASELINE),
    BLAS(CAMX__ISA_AVX2),
    BLAS(CAMX__ISA_AVX512),
};
#endif

/* The compiler's vectors work everywhere, but without registers for them they are slower than BLAS.
 */
static int automatic(void)
{
#if defined(__SSE2__) || defined(__ARM_NEON) || defined(__ALTIVEC__) || defined(__riscv_v)
    return CAMX_GEMM_PACKED;
#elif defined(CAMX_HAVE_OPENBLAS)
    return CAMX_GEMM_BLAS;
#else
    return CAMX_GEMM_BUILTIN;
#endif
}

const camx__gemm *camx__gemm_get(int backend, camx__isa isa)
{
    if (isa < CAMX__ISA_BASELINE || isa >= CAMX__ISA_COUNT)
        return NULL;
    switch (backend == CAMX_GEMM_AUTO ? automatic() : backend) {
    case CAMX_GEMM_PACKED:
        return &camx__vectors_of(isa)->gemm;
#ifdef CAMX_HAVE_OPENBLAS
    case CAMX_GEMM_BLAS:
        return &blas[isa];
#endif
    case CAMX_GEMM_BUILTIN:
        return &builtin[isa];
    default:
        return NULL;
    }
}

bool camx__gemm_is_serial(const camx__gemm *gemm)
{
#ifdef CAMX_HAVE_OPENBLAS
    return gemm->backend == CAMX_GEMM_BLAS && camx__blas_is_serial();
#else
    (void)gemm;
    return false;
#endif
}

int camx__gemm_backend(const camx__gemm *gemm)
{
    return gemm->backend;
}

camx__isa camx__gemm_isa(const camx__gemm *gemm)
{
    return gemm->isa;
}

size_t camx__gemm_packed_bytes(const camx__gemm *gemm, int64_t n, int64_t k)
{
    return gemm->packed_bytes(n, k);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The source is [N, K]: a panel of rows of the source becomes a panel of columns. */
static camx_status pack_rows_of_n(const camx__gemm *gemm, camx__memory *memory, int64_t n,
                                  int64_t k, camx__read_fn *read, void *context, const real *scale,
                                  void *packed, camx_error *error)
{
    camx_status status = CAMX_OK;
    int64_t step = smaller(n, gemm->tile_n);
    real *buffer = camx__alloc(memory, (size_t)(step * k), sizeof(real));
    if (!buffer)
        return camx__fail_memory(error, (size_t)(step * k) * sizeof(real), "packing weights");
    for (int64_t first = 0; first < n && status == CAMX_OK; first += step) {
        int64_t count = smaller(step, n - first);
        status = read(context, first * k, count * k, buffer, error);
        if (status != CAMX_OK)
            break;
        for (int64_t i = 0; scale && i < count; i++)
            for (int64_t j = 0; j < k; j++)
                buffer[i * k + j] *= scale[first + i];
        camx__gemm_piece piece = {.n_first = first,
                                  .n_count = count,
                                  .k_count = k,
                                  .source = buffer,
                                  .stride_k = 1,
                                  .stride_n = k};
        gemm->pack(packed, n, k, &piece);
    }
    camx__free(memory, buffer);
    return status;
}

/* The source is [K, N]: a few rows at a time. */
static camx_status pack_rows_of_k(const camx__gemm *gemm, camx__memory *memory, int64_t n,
                                  int64_t k, camx__read_fn *read, void *context, const real *scale,
                                  void *packed, camx_error *error)
{
    camx_status status = CAMX_OK;
    int64_t step = 65536 / n + 1;
    step = smaller(step, k);
    real *buffer = camx__alloc(memory, (size_t)(step * n), sizeof(real));
    if (!buffer)
        return camx__fail_memory(error, (size_t)(step * n) * sizeof(real), "packing weights");
    for (int64_t first = 0; first < k && status == CAMX_OK; first += step) {
        int64_t count = smaller(step, k - first);
        status = read(context, first * n, count * n, buffer, error);
        if (status != CAMX_OK)
            break;
        for (int64_t i = 0; scale && i < count; i++)
            for (int64_t j = 0; j < n; j++)
                buffer[i * n + j] *= scale[j];
        camx__gemm_piece piece = {.n_count = n,
                                  .k_first = first,
                                  .k_count = count,
                                  .source = buffer,
                                  .stride_k = n,
                                  .stride_n = 1};
        gemm->pack(packed, n, k, &piece);
    }
    camx__free(memory, buffer);
    return status;
}

camx_status camx__gemm_pack(const camx__gemm *gemm, camx__memory *memory, int64_t n, int64_t k,
                            bool transposed, camx__read_fn *read, void *context, const real *scale,
                            void *packed, camx_error *error)
{
    if (n == 0 || k == 0)
        return CAMX_OK;
    memset(packed, 0, gemm->packed_bytes(n, k));
    if (transposed)
        return pack_rows_of_n(gemm, memory, n, k, read, context, scale, packed, error);
    return pack_rows_of_k(gemm, memory, n, k, read, context, scale, packed, error);
}

void camx__gemm_pack_strided(const camx__gemm *gemm, int64_t n, int64_t k, const real *source,
                             int64_t stride_k, int64_t stride_n, void *packed)
{
    if (n == 0 || k == 0)
        return;
    memset(packed, 0, gemm->packed_bytes(n, k));
    camx__gemm_piece piece = {
        .n_count = n, .k_count = k, .source = source, .stride_k = stride_k, .stride_n = stride_n};
    gemm->pack(packed, n, k, &piece);
}

void camx__gemm_block(const camx__gemm *gemm, int64_t m, int64_t n, int64_t k, const real *a,
                      int64_t lda, const void *packed, real *c, int64_t ldc,
                      const camx__epilogue *epilogue, bool accumulate)
{
    camx__gemm_part part = {.n = n,
                            .k = k,
                            .m = m,
                            .n_count = n,
                            .k_count = k,
                            .a = a,
                            .lda = lda,
                            .packed = packed,
                            .c = c,
                            .ldc = ldc,
                            .accumulate = accumulate,
                            .epilogue = accumulate ? NULL : epilogue};
    if (m > 0 && n > 0)
        gemm->part(&part);
}

/* How a product is cut: by its shape alone, so that every part, and with it every sum, is the same
 * for any number of threads. */
typedef struct split {
    int64_t rows, columns; /* of one part */
    int64_t row_parts, column_parts;
} split;

enum {
    A_BYTES = 256 * 1024,   /* rows of A that stay in the second-level cache while B passes by */
    PART_WORK = 400 * 1000, /* multiply-adds below which a part is not worth handing out */
    PARTS_WANTED = 64,      /* enough for many threads to finish together */
    FEW_PARTS = 8           /* so few that one more or less per thread shows */
};

static int64_t parts_of(int64_t whole, int64_t part)
{
    return (whole + part - 1) / part;
}

/* The multiple of `unit` that cuts `whole` into parts of nearly equal size, none above `most`. */
static int64_t even_part(int64_t whole, int64_t most, int64_t unit)
{
    int64_t limit = most < unit ? unit : most / unit * unit;
    int64_t parts = parts_of(whole, limit);
    return parts_of(parts_of(whole, parts), unit) * unit;
}

static split choose_split(const camx__gemm *gemm, int64_t m, int64_t n, int64_t k)
{
    split cut;
    int64_t row_bytes = (k > 0 ? k : 1) * (int64_t)sizeof(real);
    int64_t most_rows = A_BYTES / row_bytes;
    double work = (double)m * (double)n * (double)(k > 0 ? k : 1);
    int64_t wanted =
        work / PART_WORK > PARTS_WANTED ? PARTS_WANTED : (int64_t)(work / PART_WORK) + 1;
    /* Many rows: cut them first, so that B is read by as few as possible. Rows fewer than a handful
     * of tiles are left together: then the columns are cut. */
    int64_t fair_rows = parts_of(m, wanted);
    if (fair_rows < 4 * gemm->tile_m)
        fair_rows = 4 * gemm->tile_m;
    cut.rows = even_part(m, smaller(most_rows, fair_rows), gemm->tile_m);
    cut.row_parts = parts_of(m, cut.rows);
    int64_t column_wanted = parts_of(wanted, cut.row_parts);
    int64_t fair_columns = parts_of(n, column_wanted);
    cut.columns = even_part(n, fair_columns, gemm->tile_n);
    cut.column_parts = parts_of(n, cut.columns);
    /* Three or five parts are a bad lot for two threads. */
    if (cut.row_parts == 1 && cut.column_parts > 1 && cut.column_parts < FEW_PARTS && wanted > cut.column_parts &&
        m >= 2 * gemm->tile_m) {
        cut.rows = even_part(m, parts_of(m, 2), 1);
        cut.row_parts = parts_of(m, cut.rows);
    }
    return cut;
}

typedef struct product {
    const camx__gemm *gemm;
    camx__gemm_part whole;
    split cut;
} product;

static void run_part(void *context, size_t task, int worker)
{
    const product *job = context;
    int64_t row = (int64_t)task % job->cut.row_parts * job->cut.rows;
    int64_t column = (int64_t)task / job->cut.row_parts * job->cut.columns;
    camx__gemm_part part = job->whole;
    camx__epilogue epilogue;
    (void)worker;
    part.m = smaller(job->cut.rows, job->whole.m - row);
    part.n_first = column;
    part.n_count = smaller(job->cut.columns, job->whole.n - column);
    part.a += row * part.lda;
    part.c += row * part.ldc + column;
    if (part.epilogue && part.epilogue->residual) {
        epilogue = *part.epilogue;
        epilogue.residual += row * epilogue.residual_pitch;
        part.epilogue = &epilogue;
    }
    job->gemm->part(&part);
}

void camx__gemm_run(const camx__gemm *gemm, camx__pool *pool, int64_t m, int64_t n, int64_t k,
                    const real *a, int64_t lda, const void *packed, real *c, int64_t ldc,
                    const camx__epilogue *epilogue, bool accumulate)
{
    product job = {.gemm = gemm,
                   .whole = {.n = n,
                             .k = k,
                             .m = m,
                             .k_count = k,
                             .a = a,
                             .lda = lda,
                             .packed = packed,
                             .c = c,
                             .ldc = ldc,
                             .accumulate = accumulate,
                             .epilogue = accumulate ? NULL : epilogue}};
    if (m <= 0 || n <= 0)
        return;
    job.cut = choose_split(gemm, m, n, k);
    camx__pool_run(camx__gemm_is_serial(gemm) ? NULL : pool,
                   (size_t)(job.cut.row_parts * job.cut.column_parts), run_part, &job);
}
