/* SPDX-License-Identifier: Apache-2.0 */
/* Products with the transposed of a packed B: the gradient of a dense layer's input from the weights that its forward
 * pass has packed, so that they are not packed, or kept, twice. */
#include <string.h>

#include "kernels/gemm_backend.h"
#include "kernels/vectors.h"

typedef struct turned_job {
    const camx__gemm *gemm;
    camx__turned_part part;
    real *c;
} turned_job;

bool camx__gemm_can_turn(const camx__gemm *gemm)
{
    return gemm->turned != NULL;
}

static int64_t panels_of(const camx__gemm *gemm, int64_t n)
{
    return (n + gemm->tile_n - 1) / gemm->tile_n;
}

size_t camx__gemm_turned_scratch(const camx__gemm *gemm, int64_t n)
{
    size_t panels = (size_t)panels_of(gemm, n);
    return panels * ((size_t)gemm->tile_n * sizeof(real) + sizeof(int64_t));
}

static void run_part(void *context, size_t task, int worker)
{
    const turned_job *job = context;
    camx__turned_part part = job->part;
    (void)worker;
    part.k_first = (int64_t)task * CAMX__TURNED_ROWS;
    part.k_count = part.k - part.k_first < CAMX__TURNED_ROWS ? part.k - part.k_first : CAMX__TURNED_ROWS;
    part.c = job->c + part.k_first;
    job->gemm->turned(&part);
}

static bool all_zero(const real *numbers, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (numbers[i] != 0)
            return false;
    return true;
}

void camx__gemm_run_turned(const camx__gemm *gemm, camx__pool *pool, int64_t m, int64_t n, int64_t k, const real *a,
                           int64_t lda, const void *packed, real *c, int64_t ldc, bool accumulate, void *scratch)
{
    int64_t panels = panels_of(gemm, n);
    real *row = scratch;
    int64_t *list = (int64_t *)(void *)(row + panels * gemm->tile_n);
    turned_job job = {.gemm = gemm,
                      .part = {.n = n, .k = k, .packed = packed, .a = row, .panels = list, .accumulate = accumulate}};
    memset(row, 0, (size_t)(panels * gemm->tile_n) * sizeof(real));
    for (int64_t i = 0; i < m; i++) {
        memcpy(row, a + i * lda, (size_t)n * sizeof(real));
        job.part.panel_count = 0;
        for (int64_t p = 0; p < panels; p++)
            if (!all_zero(row + p * gemm->tile_n, gemm->tile_n))
                list[job.part.panel_count++] = p;
        job.c = c + i * ldc;
        camx__pool_run(pool, (size_t)((k + CAMX__TURNED_ROWS - 1) / CAMX__TURNED_ROWS), run_part, &job);
    }
}
