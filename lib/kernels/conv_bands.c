/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bands: a task makes some rows of the depthwise result, a few at a time. The rows of the expanded map that those need
 * lie in a ring, where each is computed once per task; what two tasks both need, each computes for itself.
 */
#include "kernels/conv_bands.h"

#include "kernels/conv_map.h"

enum {
    WORTH_BYTES = 1024 * 1024, /* of a map that would otherwise be written and read again */
    BAND_BYTES = 64 * 1024,    /* of expanded rows made at a time */
    PARTS = 2                  /* tasks per worker: more of them share more rows */
};

static int64_t map_bytes(int64_t pixels, int64_t channels)
{
    return pixels * channels * (int64_t)sizeof(real);
}

static bool joined(const camx__conv_plan *first, const camx__conv_plan *second)
{
    const camx__conv_shape *a = &first->shape;
    const camx__conv_shape *b = &second->shape;
    return a->batch == b->batch && a->out_h == b->in_h && a->out_w == b->in_w && a->out_c == b->in_c;
}

/* Other back ends may sum in another order when they are given fewer rows. */
static bool pointwise(const camx__conv_plan *plan)
{
    return plan->algorithm == CAMX__CONV_POINTWISE && !plan->gradient &&
           plan->settings.gemm->backend == CAMX_GEMM_PACKED;
}

bool camx__conv_bands_serve(const camx__conv_bands *bands)
{
    const camx__conv_plan *expand = bands->expand.plan;
    const camx__conv_plan *depthwise = bands->depthwise.plan;
    const camx__conv_plan *project = bands->project.plan;
    const camx__conv_shape *s = &depthwise->shape;
    int64_t between = 0;
    if (depthwise->algorithm != CAMX__CONV_DEPTHWISE || depthwise->gradient ||
        (expand != NULL && (!pointwise(expand) || !joined(expand, depthwise))) ||
        (project != NULL && (!pointwise(project) || !joined(depthwise, project))))
        return false;
    if (expand != NULL)
        between += map_bytes(s->in_h * s->in_w, s->in_c);
    if (project != NULL)
        between += map_bytes(s->out_h * s->out_w, s->out_c);
    return between >= WORTH_BYTES;
}

/* How the work is cut. */
typedef struct cut {
    int64_t rows;   /* of the depthwise result made at a time */
    int64_t ring;   /* rows of the expanded map that are held: a power of two */
    int64_t task;   /* rows of the depthwise result of a task */
    int64_t tasks;  /* of an image */
    size_t wide;    /* numbers of the ring */
    size_t worker;  /* bytes of a worker */
} cut;

static cut cut_bands(const camx__conv_bands *bands, int workers)
{
    const camx__conv_shape *s = &bands->depthwise.plan->shape;
    int64_t row = map_bytes(s->in_w, s->in_c);
    cut c = {.rows = BAND_BYTES / (row * s->stride_h + 1) + 1, .ring = 1};
    c.rows = camx__smaller(c.rows, s->out_h);
    while (c.ring < (c.rows - 1) * s->stride_h + (s->kernel_h - 1) * s->dilation_h + 1)
        c.ring *= 2;
    c.tasks = workers > 1 ? camx__smaller(PARTS * workers, camx__ceil_div(s->out_h, c.rows)) : 1;
    c.task = camx__ceil_div(s->out_h, c.tasks);
    c.tasks = camx__ceil_div(s->out_h, c.task);
    if (bands->expand.plan != NULL)
        c.wide = (size_t)(c.ring * s->in_w * s->in_c);
    c.worker = camx__round_up_bytes(c.wide * sizeof(real));
    if (bands->project.plan != NULL)
        c.worker += camx__round_up_bytes((size_t)map_bytes(c.rows * s->out_w, s->out_c));
    return c;
}

size_t camx__conv_bands_scratch(const camx__conv_bands *bands, int workers)
{
    return cut_bands(bands, workers).worker * (size_t)workers;
}

typedef struct bands_job {
    const camx__conv_bands *bands;
    const real *x;
    int64_t x_pitch;
    real *y;
    int64_t y_pitch;
    char *scratch;
    cut cut;
} bands_job;

/* Rows of pixels through a 1x1 convolution. `pixel`: the first of them in the result, where its residual is. */
static void multiply(const camx__conv_link *link, const real *a, int64_t lda, real *c, int64_t ldc, int64_t pixel,
                     int64_t pixels)
{
    const camx__conv_shape *s = &link->plan->shape;
    const camx__gemm *gemm = link->plan->settings.gemm;
    camx__epilogue epilogue;
    camx__gemm_part part = {.n = s->out_c,
                            .k = s->in_c,
                            .m = pixels,
                            .n_count = s->out_c,
                            .k_count = s->in_c,
                            .a = a,
                            .lda = lda,
                            .packed = link->packed,
                            .c = c,
                            .ldc = ldc};
    if (link->epilogue != NULL) {
        epilogue = *link->epilogue;
        if (epilogue.residual != NULL)
            epilogue.residual += pixel * epilogue.residual_pitch;
        part.epilogue = &epilogue;
    }
    gemm->part(&part);
}

/* Rows first .. end - 1 of the expanded map into the ring, as far as they lie side by side at a time. */
static void expand_rows(const bands_job *job, int64_t image, int64_t first, int64_t end, real *ring)
{
    const camx__conv_link *link = &job->bands->expand;
    const camx__conv_shape *s = &link->plan->shape;
    while (first < end) {
        int64_t slot = first & (job->cut.ring - 1);
        int64_t rows = camx__smaller(end - first, job->cut.ring - slot);
        int64_t pixel = (image * s->in_h + first) * s->in_w;
        multiply(link, job->x + pixel * job->x_pitch, job->x_pitch, ring + slot * s->out_w * s->out_c, s->out_c, pixel,
                 rows * s->out_w);
        first += rows;
    }
}

/* Rows first .. first + count - 1 of the depthwise result, to where dst begins. */
static void filter_rows(const bands_job *job, int64_t image, int64_t first, int64_t count, const real *ring, real *dst,
                        int64_t dst_pitch)
{
    const camx__conv_link *link = &job->bands->depthwise;
    const camx__conv_shape *s = &link->plan->shape;
    camx__channel_rows rows = camx__conv_channel_rows(link->plan, link->packed);
    camx__epilogue epilogue;
    rows.row += first * rows.row_step;
    rows.rows = count;
    rows.src = job->x + image * s->in_h * s->in_w * job->x_pitch;
    rows.src_pitch = job->x_pitch;
    if (job->bands->expand.plan != NULL) {
        rows.src = ring;
        rows.src_pitch = s->in_c;
        rows.row_mask = job->cut.ring - 1;
    }
    rows.src_row_pitch = s->in_w * rows.src_pitch;
    rows.dst = dst;
    rows.dst_pitch = dst_pitch;
    rows.dst_row_pitch = s->out_w * dst_pitch;
    if (link->epilogue != NULL) {
        int64_t pixel = (image * s->out_h + first) * s->out_w;
        epilogue = *link->epilogue;
        if (epilogue.residual != NULL)
            epilogue.residual += pixel * epilogue.residual_pitch;
        rows.residual_row_pitch = s->out_w * epilogue.residual_pitch;
        rows.epilogue = &epilogue;
    }
    camx__conv_run_channel_rows(link->plan, &rows);
}

static void run_task(void *context, size_t task, int worker)
{
    const bands_job *job = context;
    const camx__conv_bands *bands = job->bands;
    const camx__conv_shape *s = &bands->depthwise.plan->shape;
    int64_t image = (int64_t)task / job->cut.tasks;
    int64_t row = (int64_t)task % job->cut.tasks * job->cut.task;
    int64_t end = camx__smaller(row + job->cut.task, s->out_h);
    real *ring = (real *)(void *)(job->scratch + (size_t)worker * job->cut.worker);
    real *narrow = ring + camx__round_up_bytes(job->cut.wide * sizeof(real)) / sizeof(real);
    int64_t expanded = 0; /* rows of the expanded map that are there, or were */
    for (; row < end; row += job->cut.rows) {
        int64_t count = camx__smaller(job->cut.rows, end - row);
        int64_t first = row * s->stride_h - s->pad_top;
        int64_t last = first + (count - 1) * s->stride_h + (s->kernel_h - 1) * s->dilation_h;
        int64_t pixel = (image * s->out_h + row) * s->out_w;
        if (bands->expand.plan != NULL) {
            int64_t from = first > expanded ? first : expanded;
            expanded = camx__smaller(last + 1, s->in_h);
            expand_rows(job, image, from, expanded, ring);
        }
        if (bands->project.plan == NULL) {
            filter_rows(job, image, row, count, ring, job->y + pixel * job->y_pitch, job->y_pitch);
            continue;
        }
        filter_rows(job, image, row, count, ring, narrow, s->out_c);
        multiply(&bands->project, narrow, s->out_c, job->y + pixel * job->y_pitch, job->y_pitch, pixel,
                 count * s->out_w);
    }
}

void camx__conv_bands_run(const camx__conv_bands *bands, camx__pool *pool, const real *x, int64_t x_pitch, real *y,
                          int64_t y_pitch, void *scratch)
{
    bands_job job = {.bands = bands,
                     .x = x,
                     .x_pitch = x_pitch,
                     .y = y,
                     .y_pitch = y_pitch,
                     .scratch = scratch,
                     .cut = cut_bands(bands, camx__pool_width(pool))};
    camx__pool_run(pool, (size_t)(bands->depthwise.plan->shape.batch * job.cut.tasks), run_task, &job);
}
