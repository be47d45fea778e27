/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of the kernels on shapes of well-known networks: GF/s, counted as a direct convolution. The
 * smallest time of many runs, with cold weights (between runs other memory is read). Usage:
 *     bench_kernels [threads [backend: 1 packed, 2 blas, 3 builtin [isa: 0, 1, 2]]]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/conv.h"

typedef struct bench {
    const char *name;
    int64_t map, in_c, out_c, kernel, stride, groups;
} bench;

static const bench benches[] = {
    {"resnet50 first 7x7/2", 224, 3, 64, 7, 2, 1},
    {"resnet50 1x1 56", 56, 64, 64, 1, 1, 1},
    {"resnet50 1x1 56", 56, 64, 256, 1, 1, 1},
    {"resnet50 1x1 56", 56, 256, 64, 1, 1, 1},
    {"resnet50 1x1/2 56", 56, 256, 512, 1, 2, 1},
    {"resnet50 1x1 28", 28, 128, 512, 1, 1, 1},
    {"resnet50 1x1 28", 28, 512, 128, 1, 1, 1},
    {"resnet50 1x1 14", 14, 256, 1024, 1, 1, 1},
    {"resnet50 1x1 14", 14, 1024, 256, 1, 1, 1},
    {"resnet50 1x1 7", 7, 512, 2048, 1, 1, 1},
    {"resnet50 1x1 7", 7, 2048, 512, 1, 1, 1},
    {"resnet50 3x3 56", 56, 64, 64, 3, 1, 1},
    {"resnet50 3x3 28", 28, 128, 128, 3, 1, 1},
    {"resnet50 3x3 14", 14, 256, 256, 3, 1, 1},
    {"resnet50 3x3 7", 7, 512, 512, 3, 1, 1},
    {"resnet50 3x3/2 56", 56, 128, 128, 3, 2, 1},
    {"resnet50 3x3/2 28", 28, 256, 256, 3, 2, 1},
    {"resnet50 3x3/2 14", 14, 512, 512, 3, 2, 1},
    {"vgg 3x3 224", 224, 64, 64, 3, 1, 1},
    {"vgg 3x3 28", 28, 512, 512, 3, 1, 1},
    {"vgg 3x3 14", 14, 512, 512, 3, 1, 1},
    {"mobilenet 1x1 112", 112, 32, 16, 1, 1, 1},
    {"mobilenet 1x1 112", 112, 16, 96, 1, 1, 1},
    {"mobilenet 1x1 56", 56, 144, 24, 1, 1, 1},
    {"mobilenet 1x1 14", 14, 96, 576, 1, 1, 1},
    {"mobilenet 3x3 dw 112", 112, 32, 32, 3, 1, 32},
    {"mobilenet 3x3/2 dw 112", 112, 96, 96, 3, 2, 96},
    {"mobilenet 3x3 dw 56", 56, 144, 144, 3, 1, 144},
    {"mobilenet 3x3 dw 14", 14, 576, 576, 3, 1, 576},
    {"efficientnet 5x5 dw 28", 28, 240, 240, 5, 1, 240},
    {"efficientnet 5x5/2 dw 56", 56, 144, 144, 5, 2, 144},
    {"efficientnet 5x5 dw 14", 14, 672, 672, 5, 1, 672},
    {"resnext 3x3 32 groups 56", 56, 128, 128, 3, 1, 32},
    {"resnext 3x3 32 groups 14", 14, 512, 512, 3, 1, 32},
    {"regnety 3x3 g8 28", 28, 104, 104, 3, 1, 13},
    {"dense 2048x1000", 1, 2048, 1000, 1, 1, 1},
    {"dense 4096x4096", 1, 4096, 4096, 1, 1, 1},
};

/* With one thread its processor time, which a busy machine disturbs less. */
static clockid_t clock_used = CLOCK_MONOTONIC;

static double now(void)
{
    struct timespec t;
    clock_gettime(clock_used, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static real *filled(size_t count)
{
    real *numbers = aligned_alloc(64, (count * sizeof(real) + 127) / 64 * 64);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (real)((double)(i * 7919 % 1009) / 1009 - 0.5);
    return numbers;
}

static camx_status read_reals(void *context, int64_t first, int64_t count, real *out,
                              camx_error *error)
{
    (void)error;
    memcpy(out, (const real *)context + first, (size_t)count * sizeof(real));
    return CAMX_OK;
}

static real *cold;
static const size_t cold_count = 2 * 1024 * 1024;
static volatile real sink;

static void forget(void)
{
    real sum = 0;
    for (size_t i = 0; i < cold_count; i += 16)
        sum += cold[i];
    sink = sum;
}

static double time_of(const bench *b, const camx__conv_plan *plan, camx__pool *pool,
                      const void *packed, const real *x, real *y, void *scratch)
{
    double best = 1e9;
    camx__epilogue relu = {.bias = x, .activation = CAMX__ACT_RELU};
    double start = now();
    for (int i = 0; i < 400 && (i < 5 || now() - start < 0.25); i++) {
        forget();
        double before = now();
        if (plan->gradient)
            camx__conv_input_gradient(plan, pool, x, plan->shape.out_c, packed, y, b->in_c, false,
                                      scratch);
        else
            camx__conv_forward(plan, pool, x, b->in_c, packed, y, plan->shape.out_c, &relu,
                               scratch);
        double time = now() - before;
        best = time < best ? time : best;
    }
    return best;
}

static void run_bench(const bench *b, const camx__gemm *gemm, camx__memory *memory,
                      camx__pool *pool)
{
    int64_t pad = b->kernel / 2;
    int64_t out = (b->map + 2 * pad - b->kernel) / b->stride + 1;
    camx__conv_shape shape = {1,        b->map,    b->map,    b->in_c,   out,       out,
                              b->out_c, b->groups, b->kernel, b->kernel, b->stride, b->stride,
                              1,        1,         pad,       pad};
    size_t numbers = (size_t)(b->map * b->map * b->in_c + out * out * b->out_c + 4096);
    size_t weights = (size_t)(b->out_c * b->in_c / b->groups * b->kernel * b->kernel);
    real *x = filled(numbers);
    real *y = filled(numbers);
    real *w = filled(weights);
    double work = 2.0 * (double)(out * out) * (double)weights;
    printf("%-26s %4lld %4lld->%4lld %6.1f MF", b->name, (long long)b->map, (long long)b->in_c,
           (long long)b->out_c, work * 1e-6);
    for (int way = 0; way < 3; way++) {
        camx__conv_settings settings = {.gemm = gemm, .exact = way == 1};
        camx__conv_plan plan;
        camx__conv_choose(&shape, &settings, way == 2, camx__pool_width(pool), &plan);
        void *packed = filled(plan.packed_bytes / sizeof(real) + 64);
        void *scratch = filled(plan.scratch_bytes / sizeof(real) + 64);
        camx__conv_pack(&plan, memory, read_reals, w, NULL, packed, NULL);
        double time = time_of(b, &plan, pool, packed, x, y, scratch);
        printf(" | %-9s %8.3f ms %6.1f GF/s", camx__conv_algorithm_name(plan.algorithm), time * 1e3,
               work / time * 1e-9);
        free(packed);
        free(scratch);
    }
    printf("\n");
    fflush(stdout);
    free(x);
    free(y);
    free(w);
}

int main(int argc, char **argv)
{
    camx__memory memory;
    camx__pool *pool = NULL;
    int threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    int backend = argc > 2 ? (int)strtol(argv[2], NULL, 10) : CAMX_GEMM_AUTO;
    int isa = argc > 3 ? (int)strtol(argv[3], NULL, 10) : (int)camx__cpu_isa();
    const char *only = argc > 4 ? argv[4] : "";
    const camx__gemm *gemm = camx__gemm_get(backend, (camx__isa)isa);
    camx__memory_init(&memory, NULL, 0);
    if (!gemm || camx__pool_open(&memory, threads, NULL, NULL, &pool, NULL) != CAMX_OK) {
        fprintf(stderr, "bench_kernels: no such back end\n");
        return 1;
    }
    if (camx__pool_width(pool) == 1)
        clock_used = CLOCK_THREAD_CPUTIME_ID;
    cold = filled(cold_count);
    printf("%d threads, back end %d, %s: forward | forward without Winograd | input gradient\n",
           camx__pool_width(pool), camx__gemm_backend(gemm), camx__isa_name(camx__gemm_isa(gemm)));
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++)
        if (strstr(benches[i].name, only))
            run_bench(&benches[i], gemm, &memory, pool);
    camx__pool_release(pool);
    free(cold);
    return 0;
}
