/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution, forward and input gradient, against plain double loops: random shapes, every back
 * end and instruction set, guards, thread counts. */
#include "kernels_support.h"

#include "kernels/conv.h"

typedef struct problem {
    camx__conv_shape s;
    buffer x, y, residual;
    real *weights; /* [out_c, in_c / groups, kernel_h, kernel_w] */
    real *bias, *scale;
    double *exact, *size; /* the result, and the sum of absolute values behind it */
} problem;

static real *random_reals(int64_t count)
{
    real *numbers = malloc((size_t)(count + 1) * sizeof(real));
    ck_assert_ptr_nonnull(numbers);
    for (int64_t i = 0; i < count; i++)
        numbers[i] = any_real();
    return numbers;
}

static int64_t weight_count(const camx__conv_shape *s)
{
    return s->out_c * (s->in_c / s->groups) * s->kernel_h * s->kernel_w;
}

/* Calls visit for every (input element, weight, output element) of the convolution. */
typedef void visit_fn(problem *p, int64_t in_pixel, int64_t in_channel, int64_t weight,
                      int64_t out_pixel, int64_t out_channel);

static void visit_pixel(problem *p, int64_t image, int64_t oy, int64_t ox, visit_fn *visit)
{
    const camx__conv_shape *s = &p->s;
    int64_t depth = s->in_c / s->groups;
    int64_t per_group = s->out_c / s->groups;
    for (int64_t ky = 0; ky < s->kernel_h; ky++)
        for (int64_t kx = 0; kx < s->kernel_w; kx++) {
            int64_t iy = oy * s->stride_h - s->pad_top + ky * s->dilation_h;
            int64_t ix = ox * s->stride_w - s->pad_left + kx * s->dilation_w;
            if (iy < 0 || iy >= s->in_h || ix < 0 || ix >= s->in_w)
                continue;
            for (int64_t o = 0; o < s->out_c; o++)
                for (int64_t c = 0; c < depth; c++)
                    visit(p, (image * s->in_h + iy) * s->in_w + ix, o / per_group * depth + c,
                          ((o * depth + c) * s->kernel_h + ky) * s->kernel_w + kx,
                          (image * s->out_h + oy) * s->out_w + ox, o);
        }
}

static void visit_all(problem *p, visit_fn *visit)
{
    for (int64_t n = 0; n < p->s.batch; n++)
        for (int64_t oy = 0; oy < p->s.out_h; oy++)
            for (int64_t ox = 0; ox < p->s.out_w; ox++)
                visit_pixel(p, n, oy, ox, visit);
}

static void add_forward(problem *p, int64_t in_pixel, int64_t in_channel, int64_t weight,
                        int64_t out_pixel, int64_t out_channel)
{
    double w = (double)p->weights[weight] * (p->scale ? (double)p->scale[out_channel] : 1);
    double product = (double)p->x.data[in_pixel * p->x.pitch + in_channel] * w;
    p->exact[out_pixel * p->s.out_c + out_channel] += product;
    p->size[out_pixel * p->s.out_c + out_channel] += fabs(product);
}

/* The adjoint: y holds gy, the result has the shape of x. */
static void add_gradient(problem *p, int64_t in_pixel, int64_t in_channel, int64_t weight,
                         int64_t out_pixel, int64_t out_channel)
{
    double w = (double)p->weights[weight] * (p->scale ? (double)p->scale[out_channel] : 1);
    double product = (double)p->y.data[out_pixel * p->y.pitch + out_channel] * w;
    p->exact[in_pixel * p->s.in_c + in_channel] += product;
    p->size[in_pixel * p->s.in_c + in_channel] += fabs(product);
}

static double exact_activation(const camx__epilogue *e, double x)
{
    double gate = e->low * x + e->high;
    gate = gate < 0 ? 0 : gate > 1 ? 1 : gate;
    switch (e->activation) {
    case CAMX__ACT_RELU:
        return x < 0 ? 0 : x;
    case CAMX__ACT_CLIP:
        return x < e->low ? e->low : x > e->high ? e->high : x;
    case CAMX__ACT_SILU:
        return x / (1 + exp(-x));
    case CAMX__ACT_HARDSWISH:
        return x * gate;
    case CAMX__ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case CAMX__ACT_HARDSIGMOID:
        return gate;
    default:
        return x;
    }
}

static camx__epilogue random_epilogue(problem *p)
{
    static const double low[] = {0, 0, -0.5, 0, 1.0 / 6, 0, 0.2};
    static const double high[] = {0, 0, 0.75, 0, 0.5, 0, 0.5};
    int act = (int)between(0, 6);
    camx__epilogue e = {
        .activation = (camx__activation)act, .low = (real)low[act], .high = (real)high[act]};
    if (draw() % 4)
        e.bias = p->bias;
    if (draw() % 3 == 0) {
        e.residual = p->residual.data;
        e.residual_pitch = p->residual.pitch;
    }
    return e;
}

static void problem_open(problem *p)
{
    const camx__conv_shape *s = &p->s;
    int64_t in = s->batch * s->in_h * s->in_w;
    int64_t out = s->batch * s->out_h * s->out_w;
    int64_t most = in * s->in_c > out * s->out_c ? in * s->in_c : out * s->out_c;
    p->x = buffer_new(in, s->in_c, s->in_c + (draw() % 2 ? between(1, 40) : 0), NAN);
    p->y = buffer_new(out, s->out_c, s->out_c + (draw() % 2 ? between(1, 40) : 0), 777);
    p->residual = buffer_new(out, s->out_c, s->out_c + between(0, 5), NAN);
    p->weights = random_reals(weight_count(s));
    p->bias = random_reals(s->out_c);
    p->scale = draw() % 2 ? random_reals(s->out_c) : NULL;
    p->exact = calloc((size_t)most + 1, sizeof(double));
    p->size = calloc((size_t)most + 1, sizeof(double));
    ck_assert(p->exact && p->size);
}

static void problem_close(problem *p)
{
    buffer_free(&p->x);
    buffer_free(&p->y);
    buffer_free(&p->residual);
    free(p->weights);
    free(p->bias);
    free(p->scale);
    free(p->exact);
    free(p->size);
}

static const char *describe(const problem *p, const camx__conv_plan *plan)
{
    static char text[400];
    const camx__conv_shape *s = &p->s;
    snprintf(text, sizeof text,
             "%s %s%s: batch %lld in %lldx%lldx%lld out %lldx%lldx%lld groups %lld kernel "
             "%lldx%lld stride "
             "%lldx%lld dilation %lldx%lld pad %lld,%lld",
             gemm_name(plan->settings.gemm), camx__conv_algorithm_name(plan->algorithm),
             plan->gradient ? " gradient" : "", (long long)s->batch, (long long)s->in_h,
             (long long)s->in_w, (long long)s->in_c, (long long)s->out_h, (long long)s->out_w,
             (long long)s->out_c, (long long)s->groups, (long long)s->kernel_h,
             (long long)s->kernel_w, (long long)s->stride_h, (long long)s->stride_w,
             (long long)s->dilation_h, (long long)s->dilation_w, (long long)s->pad_top,
             (long long)s->pad_left);
    return text;
}

/* Winograd's transforms lose a few bits more than a plain sum. */
static double tolerance(const camx__conv_plan *plan, double size, double largest)
{
    const char *name = camx__conv_algorithm_name(plan->algorithm);
    double relative = (strncmp(name, "winograd", 8) == 0 ? 8 * largest : size) + 1;
    return 12 * REAL_EPSILON * relative;
}

static void *aligned_bytes(size_t bytes)
{
    void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

/* One run; the result is left in p->y or p->x. */
static void run_once(problem *p, const camx__conv_plan *plan, const void *packed,
                     const camx__epilogue *e, bool accumulate, camx__pool *pool,
                     unsigned char *scratch)
{
    scratch[plan->scratch_bytes] = 0xa5;
    if (plan->gradient)
        camx__conv_input_gradient(plan, pool, p->y.data, p->y.pitch, packed, p->x.data, p->x.pitch,
                                  accumulate, scratch);
    else
        camx__conv_forward(plan, pool, p->x.data, p->x.pitch, packed, p->y.data, p->y.pitch, e,
                           scratch);
    ck_assert_msg(scratch[plan->scratch_bytes] == 0xa5, "scratch over-run: %s", describe(p, plan));
}

static void compare(problem *p, const camx__conv_plan *plan, const camx__epilogue *e,
                    const buffer *before)
{
    const buffer *got = plan->gradient ? &p->x : &p->y;
    double largest = 0;
    for (int64_t i = 0; i < got->rows * got->width; i++)
        largest = p->size[i] > largest ? p->size[i] : largest;
    for (int64_t i = 0; i < got->rows; i++)
        for (int64_t j = 0; j < got->width; j++) {
            double want = p->exact[i * got->width + j];
            double allowed = tolerance(plan, p->size[i * got->width + j], largest);
            if (before)
                want += (double)before->data[i * before->pitch + j];
            if (e && e->bias)
                want += (double)e->bias[j];
            if (e && e->residual)
                want += (double)e->residual[i * e->residual_pitch + j];
            if (e)
                want = exact_activation(e, want);
            double have = (double)got->data[i * got->pitch + j];
            ck_assert_msg(fabs(have - want) <= allowed,
                          "%s, activation %d: row %lld channel %lld: %.9g, not %.9g",
                          describe(p, plan), e ? (int)e->activation : -1, (long long)i,
                          (long long)j, have, want);
        }
    /* Gaps of x hold NaN, which equals nothing; the over-run test is for y in both roles. */
    if (got->mark == got->mark)
        ck_assert_msg(buffer_is_intact(got), "%s: wrote outside", describe(p, plan));
}

/* Packs, runs with one thread, compares, then runs with more threads and wants the same bits. */
static void check_with(problem *p, const camx__gemm *gemm, bool gradient, bool exact,
                       const camx__epilogue *e)
{
    camx__conv_settings settings = {.gemm = gemm, .exact = exact};
    camx__conv_plan plan;
    bool accumulate = gradient && draw() % 2;
    int workers = (int)between(1, 3);
    camx__conv_choose(&p->s, &settings, gradient, thread_counts[workers], &plan);
    unsigned char *packed = aligned_bytes(plan.packed_bytes + 1);
    unsigned char *scratch = aligned_bytes(plan.scratch_bytes + 1);
    packed[plan.packed_bytes] = 0x5a;
    ck_assert_int_eq(
        camx__conv_pack(&plan, &support_memory, read_reals, p->weights, p->scale, packed, NULL),
        CAMX_OK);
    ck_assert_msg(packed[plan.packed_bytes] == 0x5a, "packing over-run: %s", describe(p, &plan));
    buffer *result = gradient ? &p->x : &p->y;
    buffer before = buffer_copy(result);
    run_once(p, &plan, packed, e, accumulate, pools[0], scratch);
    compare(p, &plan, e, accumulate ? &before : NULL);
    buffer first = buffer_copy(result);
    buffer_restore(result, &before);
    run_once(p, &plan, packed, e, accumulate, pools[workers], scratch);
    ck_assert_msg(buffer_is_same(&first, result), "%d threads give other bits: %s",
                  thread_counts[workers], describe(p, &plan));
    buffer_restore(result, &before);
    buffer_free(&first);
    buffer_free(&before);
    free(packed);
    free(scratch);
}

static void clear_exact(problem *p)
{
    const camx__conv_shape *s = &p->s;
    int64_t in = s->batch * s->in_h * s->in_w * s->in_c;
    int64_t out = s->batch * s->out_h * s->out_w * s->out_c;
    int64_t most = in > out ? in : out;
    memset(p->exact, 0, (size_t)most * sizeof(double));
    memset(p->size, 0, (size_t)most * sizeof(double));
}

/* Both directions with one back end; `exact` only where it makes a difference. */
static void check_gemm(problem *p, const camx__gemm *gemm, bool gradient, const camx__epilogue *e)
{
    camx__conv_plan fast, exact;
    camx__conv_settings settings = {.gemm = gemm};
    camx__conv_choose(&p->s, &settings, gradient, 1, &fast);
    settings.exact = true;
    camx__conv_choose(&p->s, &settings, gradient, 1, &exact);
    check_with(p, gemm, gradient, false, e);
    if (camx__conv_pack_key(&fast) != camx__conv_pack_key(&exact))
        check_with(p, gemm, gradient, true, draw() % 2 ? NULL : e);
}

static void check_shape(const camx__conv_shape *shape)
{
    const camx__gemm *gemms[8];
    int count = all_gemms(gemms);
    problem p = {.s = *shape};
    problem_open(&p);
    camx__epilogue e = random_epilogue(&p);
    visit_all(&p, add_forward);
    for (int i = 0; i < count; i++)
        check_gemm(&p, gemms[i], false, &e);
    clear_exact(&p);
    /* Results of the gradient land in x: its guards need a mark that equals itself. */
    for (int64_t i = 0; i < p.x.rows * p.x.pitch + 2 * GUARD; i++)
        if (p.x.all[i] != p.x.all[i])
            p.x.all[i] = 555;
    p.x.mark = 555;
    visit_all(&p, add_gradient);
    for (int i = 0; i < count; i++)
        check_gemm(&p, gemms[i], true, NULL);
    problem_close(&p);
}

/* The output size for a chosen amount of padding after the end. */
static int64_t out_size(int64_t in, int64_t kernel, int64_t stride, int64_t dilation, int64_t pads)
{
    int64_t room = in + pads - (kernel - 1) * dilation - 1;
    return room < 0 ? 0 : room / stride + 1;
}

static camx__conv_shape random_shape(int kind)
{
    camx__conv_shape s = {
        .batch = between(1, 2), .in_h = between(1, 13), .in_w = between(1, 13), .groups = 1};
    s.kernel_h = between(1, 5);
    s.kernel_w = draw() % 2 ? s.kernel_h : between(1, 5);
    s.stride_h = between(1, 3);
    s.stride_w = draw() % 2 ? s.stride_h : between(1, 4);
    s.dilation_h = draw() % 3 ? 1 : between(1, 3);
    s.dilation_w = draw() % 3 ? 1 : between(1, 3);
    s.pad_top = between(0, 4);
    s.pad_left = between(0, 4);
    s.in_c = between(1, 40);
    s.out_c = between(1, 70);
    if (kind == 1) {
        s.groups = s.in_c;
        s.out_c = s.in_c * (draw() % 3 ? 1 : between(1, 3));
    } else if (kind == 2) {
        s.groups = between(2, 5);
        s.in_c = s.groups * between(1, 9);
        s.out_c = s.groups * between(1, 20);
    } else if (kind == 3) {
        s.kernel_h = s.kernel_w = 3;
        s.stride_h = s.stride_w = s.dilation_h = s.dilation_w = 1;
        s.pad_top = between(0, 2);
        s.pad_left = between(0, 2);
        s.in_h = between(1, 30);
        s.in_w = between(1, 30);
        s.in_c = between(8, 50);
        s.out_c = between(8, 50);
    } else if (kind == 4) {
        s.kernel_h = s.kernel_w = 1;
        s.stride_h = s.stride_w = between(1, 2);
        s.pad_top = s.pad_left = draw() % 4 ? 0 : 1;
        s.in_c = between(1, 130);
    } else if (kind == 5) { /* groups that fit into vectors */
        s.groups = between(2, 17);
        s.in_c = s.out_c = s.groups * (int64_t)(2u << (draw() % 4));
        if (draw() % 2)
            s.kernel_h = s.kernel_w = 3;
        s.in_w = between(1, 24);
    }
    s.out_h = out_size(s.in_h, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top + between(0, 4));
    s.out_w = out_size(s.in_w, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left + between(0, 4));
    return s;
}

START_TEST(test_random_shapes)
{
    pools_open();
    for (uint64_t i = 0; i < 40; i++) {
        seed(1000 * (uint64_t)(_i + 1) + i);
        camx__conv_shape shape = random_shape(_i);
        check_shape(&shape);
    }
    pools_close();
}
END_TEST

/* Shapes that meet in networks and at edges of the algorithms. */
static const camx__conv_shape known[] = {
    {1, 23, 25, 3, 12, 13, 24, 1, 7, 7, 2, 2, 1, 1, 3, 3}, /* a first layer */
    {1, 7, 7, 40, 1, 1, 33, 1, 7, 7, 1, 1, 1, 1, 0, 0}, /* a dense layer written as a convolution */
    {2, 5, 5, 7, 1, 1, 5, 1, 9, 9, 1, 1, 1, 1, 2, 2},   /* a kernel larger than the map */
    {1, 17, 17, 96, 9, 9, 120, 1, 3, 3, 2, 2, 1, 1, 1, 1},     /* a long sum, strided */
    {1, 6, 5, 300, 6, 5, 70, 1, 3, 3, 1, 1, 1, 1, 1, 1},       /* a sum cut into ranges of taps */
    {1, 11, 11, 9, 2, 2, 6, 3, 2, 2, 5, 7, 1, 1, 0, 0},        /* stride > kernel */
    {3, 14, 14, 64, 14, 14, 64, 1, 3, 3, 1, 1, 1, 1, 1, 1},    /* the middle of a ResNet */
    {1, 28, 29, 32, 28, 29, 48, 1, 3, 3, 1, 1, 1, 1, 1, 1},    /* odd sizes */
    {1, 20, 20, 128, 20, 20, 128, 32, 3, 3, 1, 1, 1, 1, 1, 1}, /* ResNeXt */
    {1, 20, 20, 64, 10, 10, 64, 8, 3, 3, 2, 2, 1, 1, 1, 1},    /* RegNet */
    {1, 30, 30, 50, 15, 15, 50, 50, 3, 3, 2, 2, 1, 1, 0, 0}, /* MobileNet, padded at the end only */
    {1, 15, 15, 48, 15, 15, 48, 48, 5, 5, 1, 1, 1, 1, 2, 2}, /* EfficientNet */
    {1, 9, 9, 12, 9, 9, 24, 12, 3, 3, 1, 1, 1, 1, 1, 1},     /* a channel multiplier */
    {1, 24, 24, 3, 6, 6, 20, 1, 4, 4, 4, 4, 1, 1, 0, 0},     /* patches */
    {1, 8, 8, 6, 8, 8, 6, 1, 3, 3, 1, 1, 2, 3, 2, 3},        /* dilated */
    {0, 8, 8, 6, 8, 8, 6, 1, 3, 3, 1, 1, 1, 1, 1, 1},        /* no image */
    {1, 4, 4, 6, 0, 0, 6, 1, 5, 5, 1, 1, 1, 1, 0, 0},        /* no output */
    {1, 3, 3, 4, 6, 6, 5, 1, 2, 2, 1, 1, 1, 1, 3, 3},        /* more padding than kernel */
    {1, 1, 60, 20, 1, 58, 20, 1, 1, 3, 1, 1, 1, 1, 0, 0},    /* one row */
};

START_TEST(test_known_shapes)
{
    pools_open();
    seed((uint64_t)_i + 77);
    check_shape(&known[_i]);
    pools_close();
}
END_TEST

/* The gradient of a 1x1 convolution when only some channels of gy are not zero, from none to all. */
START_TEST(test_few_live_channels)
{
    const camx__gemm *gemms[8];
    int count = all_gemms(gemms);
    pools_open();
    for (int live = 0; live <= 20; live++) {
        problem p = {.s = {2, 6, 7, 45, 6, 7, 140, 1, 1, 1, 1, 1, 1, 1, 0, 0}};
        seed((uint64_t)live + 3);
        problem_open(&p);
        for (int64_t i = 0; i < p.x.rows * p.x.pitch + 2 * GUARD; i++)
            if (p.x.all[i] != p.x.all[i])
                p.x.all[i] = 555;
        p.x.mark = 555;
        for (int64_t pixel = 0; pixel < p.y.rows; pixel++)
            for (int64_t c = 0; c < p.s.out_c; c++)
                if (c * 7 % p.s.out_c >= live || pixel % 3 == c % 3) /* spread out, and not in every pixel */
                    p.y.data[pixel * p.y.pitch + c] = 0;
        visit_all(&p, add_gradient);
        for (int i = 0; i < count; i++)
            check_with(&p, gemms[i], true, false, NULL);
        problem_close(&p);
    }
    pools_close();
}
END_TEST

/* Factors of the input's channels, several images: as if the map had been multiplied. */
START_TEST(test_scaled_channels)
{
    const camx__gemm *gemms[8];
    int count = all_gemms(gemms);
    camx__conv_shape shape = {3, 7, 9, 20, 7, 9, 37, 1, 1, 1, 1, 1, 1, 1, 0, 0};
    pools_open();
    for (int i = 0; i < count; i++) {
        camx__conv_settings settings = {.gemm = gemms[i]};
        camx__conv_plan plan;
        problem p = {.s = shape};
        seed((uint64_t)i + 9);
        problem_open(&p);
        camx__epilogue e = random_epilogue(&p);
        real *factors = random_reals(shape.batch * shape.in_c);
        camx__conv_choose(&shape, &settings, false, 8, &plan);
        ck_assert(camx__conv_scales(&plan) == (camx__gemm_backend(gemms[i]) == CAMX_GEMM_PACKED));
        unsigned char *packed = aligned_bytes(plan.packed_bytes);
        unsigned char *scratch = aligned_bytes(plan.packed_bytes + 1);
        ck_assert_int_eq(
            camx__conv_pack(&plan, &support_memory, read_reals, p.weights, p.scale, packed, NULL), CAMX_OK);
        scratch[plan.packed_bytes] = 0xa5;
        if (camx__conv_scales(&plan)) {
            camx__conv_forward_scaled(&plan, pools[1], p.x.data, p.x.pitch, factors, packed, p.y.data, p.y.pitch, &e,
                                      scratch);
            ck_assert_msg(scratch[plan.packed_bytes] == 0xa5, "scratch over-run");
            for (int64_t pixel = 0; pixel < p.x.rows; pixel++)
                for (int64_t c = 0; c < shape.in_c; c++)
                    p.x.data[pixel * p.x.pitch + c] *= factors[pixel / (7 * 9) * shape.in_c + c];
            visit_all(&p, add_forward);
            compare(&p, &plan, &e, NULL);
        }
        problem_close(&p);
        free(factors);
        free(packed);
        free(scratch);
    }
    /* Fewer pixels than output channels: the map is smaller than the weights. */
    camx__conv_settings packed = {.gemm = gemms[0]};
    camx__conv_plan plan;
    shape.out_c = 63;
    camx__conv_choose(&shape, &packed, false, 8, &plan);
    ck_assert(!camx__conv_scales(&plan));
    pools_close();
}
END_TEST

START_TEST(test_nan_spreads_only_where_it_is_seen)
{
    const camx__gemm *gemms[8];
    int count = all_gemms(gemms);
    camx__conv_shape shape = {1, 16, 16, 16, 16, 16, 16, 1, 3, 3, 1, 1, 1, 1, 1, 1};
    pools_open();
    seed(5);
    for (int i = 0; i < count; i++) {
        camx__conv_settings settings = {.gemm = gemms[i], .exact = true};
        camx__epilogue relu = {.activation = CAMX__ACT_RELU};
        camx__conv_plan plan;
        problem p = {.s = shape};
        problem_open(&p);
        p.x.data[(5 * 16 + 6) * p.x.pitch + 3] = (real)NAN;
        camx__conv_choose(&shape, &settings, false, 8, &plan);
        void *packed = aligned_bytes(plan.packed_bytes);
        ck_assert_int_eq(
            camx__conv_pack(&plan, &support_memory, read_reals, p.weights, NULL, packed, NULL),
            CAMX_OK);
        unsigned char *scratch = aligned_bytes(plan.scratch_bytes + 1);
        run_once(&p, &plan, packed, &relu, false, pools[1], scratch);
        for (int64_t y = 0; y < 16; y++)
            for (int64_t x = 0; x < 16; x++) {
                bool seen = y >= 4 && y <= 6 && x >= 5 && x <= 7;
                real value = p.y.data[(y * 16 + x) * p.y.pitch + 2];
                ck_assert_msg((value != value) == seen, "%s", describe(&p, &plan));
            }
        free(packed);
        free(scratch);
        problem_close(&p);
    }
    pools_close();
}
END_TEST

START_TEST(test_keys_tell_packed_forms_apart)
{
    camx__conv_settings settings = {.gemm = camx__gemm_get(CAMX_GEMM_BUILTIN, CAMX__ISA_BASELINE)};
    camx__conv_shape shape = {1, 16, 16, 16, 16, 16, 16, 1, 3, 3, 1, 1, 2, 2, 2, 2};
    camx__conv_plan a, b;
    camx__conv_choose(&shape, &settings, false, 1, &a);
    shape.in_h = shape.out_h = 40;
    camx__conv_choose(&shape, &settings, false, 4, &b);
    ck_assert_uint_eq(camx__conv_pack_key(&a), camx__conv_pack_key(&b));
    ck_assert_uint_eq(a.packed_bytes, b.packed_bytes);
    camx__conv_choose(&shape, &settings, true, 4, &b);
    ck_assert_uint_ne(camx__conv_pack_key(&a), camx__conv_pack_key(&b));
    shape.kernel_h = 1;
    camx__conv_choose(&shape, &settings, false, 4, &b);
    ck_assert_uint_ne(camx__conv_pack_key(&a), camx__conv_pack_key(&b));
}
END_TEST

static camx_status refuse_to_read(void *context, int64_t first, int64_t count, real *out,
                                  camx_error *error)
{
    (void)context, (void)first, (void)count, (void)out, (void)error;
    return CAMX_E_IO;
}

START_TEST(test_packing_hands_on_failures)
{
    camx__conv_settings settings = {.gemm = camx__gemm_get(CAMX_GEMM_BUILTIN, CAMX__ISA_BASELINE)};
    camx__conv_shape shape = {1, 16, 16, 16, 16, 16, 16, 1, 3, 3, 1, 1, 1, 1, 1, 1};
    camx__conv_plan plan;
    camx__memory memory;
    camx__conv_choose(&shape, &settings, false, 1, &plan);
    void *packed = aligned_bytes(plan.packed_bytes);
    camx__memory_init(&memory, NULL, 0);
    ck_assert_int_eq(camx__conv_pack(&plan, &memory, refuse_to_read, NULL, NULL, packed, NULL),
                     CAMX_E_IO);
    ck_assert_uint_eq(memory.blocks, 0);
    camx__memory_init(&memory, NULL, 100);
    ck_assert_int_eq(camx__conv_pack(&plan, &memory, refuse_to_read, NULL, NULL, packed, NULL),
                     CAMX_E_MEMORY);
    free(packed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels/conv");
    TCase *tests = tcase_create("conv");
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, test_random_shapes, 0, 6);
    tcase_add_loop_test(tests, test_known_shapes, 0, (int)(sizeof known / sizeof known[0]));
    tcase_add_test(tests, test_few_live_channels);
    tcase_add_test(tests, test_scaled_channels);
    tcase_add_test(tests, test_nan_spreads_only_where_it_is_seen);
    tcase_add_test(tests, test_keys_tell_packed_forms_apart);
    tcase_add_test(tests, test_packing_hands_on_failures);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
