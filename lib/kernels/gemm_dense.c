/* SPDX-License-Identifier: Apache-2.0 */
/* Products with the transposed of a packed B: the gradient of a dense layer's input from the weights that its forward
 * pass has packed, so that they are not packed, or kept, twice. */
#include "kernels/gemm_backend.h"
#include "kernels/vectors.h"

enum {
    FEW = 4,         /* rows */
    FEW_OF_LARGE = 64,
    LARGE = 1 << 22, /* numbers, 16 MB */
    PARTS = 8,       /* enough for a few threads to finish together */
    SHORTEST = 512,  /* numbers: the longer a stretch of a column, the better the processor fetches it */
    LONGEST = 8192   /* numbers of C that stay close to the processor */
};

/* Many rows are quicker by panels. But weights that are large are better kept once for all sizes of a batch. */
const camx__gemm *camx__gemm_dense(const camx__gemm *gemm, int64_t m, int64_t n, int64_t k)
{
    bool few = m <= (n * k < LARGE ? FEW : FEW_OF_LARGE);
    return few && gemm->backend == CAMX_GEMM_PACKED ? &camx__vectors_of(gemm->isa)->dense : gemm;
}

bool camx__gemm_can_turn(const camx__gemm *gemm)
{
    return gemm->turned != NULL;
}

size_t camx__gemm_turned_scratch(int64_t n)
{
    return (size_t)n * sizeof(int64_t);
}

typedef struct turned_job {
    const camx__gemm *gemm;
    camx__dense_turned whole;
    int64_t k; /* numbers of one part */
} turned_job;

static void run_part(void *context, size_t task, int worker)
{
    const turned_job *job = context;
    camx__dense_turned part = job->whole;
    (void)worker;
    part.k_first = (int64_t)task * job->k;
    part.k_count = part.k - part.k_first < job->k ? part.k - part.k_first : job->k;
    part.c += part.k_first;
    job->gemm->turned(&part);
}

static bool is_met(const real *a, int64_t m, int64_t lda)
{
    for (int64_t i = 0; i < m; i++)
        if (a[i * lda] != 0)
            return true;
    return false;
}

void camx__gemm_run_turned(const camx__gemm *gemm, camx__pool *pool, int64_t m, int64_t n, int64_t k, const real *a,
                           int64_t lda, const void *packed, real *c, int64_t ldc, bool accumulate, void *scratch)
{
    int64_t *list = scratch;
    turned_job job = {.gemm = gemm, .k = k / PARTS / 16 * 16};
    if (m <= 0 || k <= 0)
        return;
    if (job.k < SHORTEST)
        job.k = SHORTEST;
    if (job.k > LONGEST)
        job.k = LONGEST;
    job.whole = (camx__dense_turned){.k = k,
                                     .packed = packed,
                                     .m = m,
                                     .a = a,
                                     .lda = lda,
                                     .list = list,
                                     .c = c,
                                     .ldc = ldc,
                                     .accumulate = accumulate};
    for (int64_t j = 0; j < n; j++)
        if (is_met(a + j, m, lda))
            list[job.whole.count++] = j;
    camx__pool_run(pool, (size_t)((k + job.k - 1) / job.k), run_part, &job);
}
