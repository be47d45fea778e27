/* SPDX-License-Identifier: Apache-2.0 */
/* Bands against the convolutions that they consist of, one after the other: the same bits, for random shapes, every
 * instruction set and numbers of threads. */
#include "kernels_support.h"

#include "kernels/conv_bands.h"

/* One convolution of a chain, and everything it needs. */
typedef struct part {
    camx__conv_plan plan;
    real *weights, *bias;
    void *packed;
    camx__epilogue epilogue;
    buffer y, residual;
} part;

static void *bytes_of(size_t count)
{
    void *memory = aligned_alloc(64, (count + 127) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static real *random_reals(int64_t count)
{
    real *numbers = bytes_of((size_t)count * sizeof(real));
    for (int64_t i = 0; i < count; i++)
        numbers[i] = any_real();
    return numbers;
}

static void part_open(part *p, const camx__conv_shape *shape, const camx__gemm *gemm, bool residual)
{
    static const camx__activation some[] = {CAMX__ACT_NONE, CAMX__ACT_RELU, CAMX__ACT_CLIP, CAMX__ACT_SILU,
                                            CAMX__ACT_HARDSWISH};
    camx__conv_settings settings = {.gemm = gemm};
    int64_t pixels = shape->batch * shape->out_h * shape->out_w;
    memset(p, 0, sizeof *p);
    camx__conv_choose(shape, &settings, false, 8, &p->plan);
    p->weights = random_reals(shape->out_c * (shape->in_c / shape->groups) * shape->kernel_h * shape->kernel_w);
    p->bias = random_reals(shape->out_c);
    p->packed = bytes_of(p->plan.packed_bytes);
    ck_assert_int_eq(camx__conv_pack(&p->plan, &support_memory, read_reals, p->weights, NULL, p->packed, NULL), CAMX_OK);
    p->y = buffer_new(pixels, shape->out_c, shape->out_c + between(0, 20), 777);
    p->residual = buffer_new(pixels, shape->out_c, shape->out_c + between(0, 5), NAN);
    p->epilogue = (camx__epilogue){.activation = some[draw() % 5], .low = (real)0.25, .high = (real)0.5};
    if (draw() % 4)
        p->epilogue.bias = p->bias;
    if (residual) {
        p->epilogue.residual = p->residual.data;
        p->epilogue.residual_pitch = p->residual.pitch;
    }
}

static void part_close(part *p)
{
    free(p->weights);
    free(p->bias);
    free(p->packed);
    buffer_free(&p->y);
    buffer_free(&p->residual);
}

static const buffer *run_alone(part *p, const buffer *x, camx__pool *pool)
{
    void *scratch = bytes_of(p->plan.scratch_bytes);
    camx__conv_forward(&p->plan, pool, x->data, x->pitch, p->packed, p->y.data, p->y.pitch, &p->epilogue, scratch);
    free(scratch);
    return &p->y;
}

static camx__conv_link link_of(const part *p, bool there)
{
    return (camx__conv_link){
        .plan = there ? &p->plan : NULL, .packed = p->packed, .epilogue = there ? &p->epilogue : NULL};
}

static camx__conv_shape depthwise_shape(void)
{
    camx__conv_shape s = {.batch = between(1, 3), .in_h = between(1, 40), .in_w = between(1, 30)};
    s.kernel_h = s.kernel_w = 1 + 2 * between(1, 3);
    s.stride_h = between(1, 3);
    s.stride_w = between(1, 2);
    s.dilation_h = s.dilation_w = draw() % 4 ? 1 : 2;
    s.pad_top = between(0, s.kernel_h);
    s.pad_left = between(0, s.kernel_w);
    s.in_c = s.out_c = s.groups = between(2, 70);
    int64_t reach = (s.kernel_h - 1) * s.dilation_h + 1;
    int64_t room = s.in_h + s.pad_top + between(0, 3) - reach;
    s.out_h = room < 0 ? 0 : room / s.stride_h + 1;
    room = s.in_w + s.pad_left + between(0, 3) - reach;
    s.out_w = room < 0 ? 0 : room / s.stride_w + 1;
    return s;
}

static camx__conv_shape pointwise_shape(int64_t batch, int64_t h, int64_t w, int64_t in, int64_t out)
{
    return (camx__conv_shape){batch, h, w, in, h, w, out, 1, 1, 1, 1, 1, 1, 1, 0, 0};
}

static void check_chain(const camx__gemm *gemm, bool expands, bool projects)
{
    camx__conv_shape s = depthwise_shape();
    while (s.out_h == 0 || s.out_w == 0)
        s = depthwise_shape();
    int64_t narrow = between(1, 40);
    camx__conv_shape before = pointwise_shape(s.batch, s.in_h, s.in_w, narrow, s.in_c);
    camx__conv_shape behind = pointwise_shape(s.batch, s.out_h, s.out_w, s.in_c, between(1, 40));
    part expand, depthwise, project;
    buffer x = buffer_new(s.batch * s.in_h * s.in_w, expands ? narrow : s.in_c, 45 + s.in_c, NAN);
    bool residual = draw() % 2;
    part_open(&expand, &before, gemm, false);
    part_open(&depthwise, &s, gemm, residual && !projects);
    part_open(&project, &behind, gemm, residual);
    const buffer *map = &x;
    if (expands)
        map = run_alone(&expand, map, pools[0]);
    map = run_alone(&depthwise, map, pools[0]);
    if (projects)
        map = run_alone(&project, map, pools[0]);
    buffer wanted = buffer_copy(map);
    buffer *y = projects ? &project.y : &depthwise.y;
    camx__conv_bands bands = {
        .expand = link_of(&expand, expands), .depthwise = link_of(&depthwise, true), .project = link_of(&project, projects)};
    for (int i = 0; i < 4; i++) {
        size_t bytes = camx__conv_bands_scratch(&bands, camx__pool_width(pools[i]));
        unsigned char *scratch = bytes_of(bytes + 1);
        scratch[bytes] = 0xa5;
        for (int64_t k = 0; k < y->rows; k++)
            memset(y->data + k * y->pitch, 0x7f, (size_t)y->width * sizeof(real));
        camx__conv_bands_run(&bands, pools[i], x.data, x.pitch, y->data, y->pitch, scratch);
        ck_assert_msg(scratch[bytes] == 0xa5, "scratch over-run");
        ck_assert_msg(buffer_is_intact(y), "wrote outside");
        ck_assert_msg(buffer_is_same(&wanted, y), "%s, %d threads, expands %d, projects %d, %lldx%lldx%lld stride %lld "
                      "kernel %lld: other bits", gemm_name(gemm), thread_counts[i], expands, projects,
                      (long long)s.in_h, (long long)s.in_w, (long long)s.in_c, (long long)s.stride_h,
                      (long long)s.kernel_h);
        free(scratch);
    }
    buffer_free(&wanted);
    buffer_free(&x);
    part_close(&expand);
    part_close(&depthwise);
    part_close(&project);
}

START_TEST(same_bits_as_its_parts)
{
    const camx__gemm *gemms[8];
    int count = all_gemms(gemms);
    pools_open();
    for (uint64_t i = 0; i < 60; i++) {
        seed(1000 * (uint64_t)_i + i);
        for (int g = 0; g < count; g++)
            if (camx__gemm_backend(gemms[g]) == CAMX_GEMM_PACKED)
                check_chain(gemms[g], _i != 1, _i != 0);
    }
    pools_close();
}
END_TEST

/* Which chains are worth it, and which are none. */
START_TEST(where_bands_serve)
{
    camx__conv_settings settings = {.gemm = camx__gemm_get(CAMX_GEMM_PACKED, CAMX__ISA_BASELINE)};
    camx__conv_shape shapes[] = {{1, 112, 112, 16, 112, 112, 96, 1, 1, 1, 1, 1, 1, 1, 0, 0},
                                 {1, 112, 112, 96, 56, 56, 96, 96, 3, 3, 2, 2, 1, 1, 1, 1},
                                 {1, 56, 56, 96, 56, 56, 24, 1, 1, 1, 1, 1, 1, 1, 0, 0},
                                 {1, 14, 14, 96, 14, 14, 96, 96, 3, 3, 1, 1, 1, 1, 1, 1},
                                 {1, 14, 14, 96, 14, 14, 24, 1, 1, 1, 1, 1, 1, 1, 0, 0}};
    camx__conv_plan plans[5], gradient;
    for (int i = 0; i < 5; i++)
        camx__conv_choose(&shapes[i], &settings, false, 1, &plans[i]);
    camx__conv_choose(&shapes[1], &settings, true, 1, &gradient);
    camx__conv_bands bands = {.expand.plan = &plans[0], .depthwise.plan = &plans[1], .project.plan = &plans[2]};
    ck_assert(camx__conv_bands_serve(&bands));
    bands.project.plan = NULL;
    ck_assert(camx__conv_bands_serve(&bands));
    bands.depthwise.plan = &gradient;
    ck_assert(!camx__conv_bands_serve(&bands));
    bands.depthwise.plan = &plans[1];
    bands.expand.plan = &plans[2]; /* another size */
    ck_assert(!camx__conv_bands_serve(&bands));
    bands.expand.plan = &plans[1]; /* not 1x1 */
    ck_assert(!camx__conv_bands_serve(&bands));
    bands = (camx__conv_bands){.depthwise.plan = &plans[3], .project.plan = &plans[4]}; /* small maps */
    ck_assert(!camx__conv_bands_serve(&bands));
    settings.gemm = camx__gemm_get(CAMX_GEMM_BUILTIN, CAMX__ISA_BASELINE); /* may sum in another order */
    camx__conv_choose(&shapes[0], &settings, false, 1, &plans[0]);
    bands = (camx__conv_bands){.expand.plan = &plans[0], .depthwise.plan = &plans[1]};
    ck_assert(!camx__conv_bands_serve(&bands));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels/bands");
    TCase *tests = tcase_create("bands");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, same_bits_as_its_parts, 0, 3);
    tcase_add_test(tests, where_bands_serve);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
