/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Einsum. Two operands whose labels sort into a batched matrix product go through the GEMM table;
 * everything else is one walk over all labels. The gradient of an operand is the Einsum of the
 * result's gradient and the other operands.
 */
#include "ops/broadcast.h"
#include "ops/einsum.h"
#include "ops/move.h"
#include "ops/product.h"

typedef struct einsum_params {
    camx__einsum equation;
    bool keeps_batch;
} einsum_params;

/* ---- bind ---- */

static bool stays_first(const camx__einsum *e)
{
    int label = e->output.rank > 0 ? e->output.label[0] : -1;
    for (int i = 0; i < e->operands && label >= 0; i++)
        if (e->input[i].rank == 0 || e->input[i].label[0] != label)
            label = -1;
    return label >= 0;
}

static camx_status einsum_bind(camx__op_bind *bind)
{
    camx__shape y = {.rank = 0};
    einsum_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    for (int i = 0; i < bind->input_count; i++)
        CAMX__FORWARD(camx__op_need_reals(bind, i));
    CAMX__FORWARD(camx__einsum_read(bind, &params->equation));
    const camx__einsum *e = &params->equation;
    camx__shape all = {.rank = e->labels};
    for (int i = 0; i < e->labels; i++)
        all.dim[i] = e->length[i];
    if (!camx__shape_check(&all))
        return camx__op_misfit(bind, "its operands are too large to be multiplied");
    for (y.rank = 0; y.rank < e->output.rank; y.rank++)
        y.dim[y.rank] = e->length[e->output.label[y.rank]];
    params->keeps_batch = stays_first(e);
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

static bool einsum_keeps_batch(const void *params)
{
    return ((const einsum_params *)params)->keeps_batch;
}

/* ---- operands: steps per label ---- */

typedef struct factor {
    const camx__einsum_term *term;
    const camx__tensor *tensor;
    int64_t
        step[CAMX__MAX_RANK]; /* per label; of a label that occurs twice the sum: its diagonal */
} factor;

static factor make_factor(const camx__einsum_term *term, const camx__tensor *tensor)
{
    factor f = {.term = term, .tensor = tensor};
    int64_t strides[CAMX__MAX_RANK];
    camx__tensor_strides(tensor, strides);
    for (int i = 0; i < term->rank; i++)
        if (tensor->shape.dim[i] != 1)
            f.step[term->label[i]] += strides[i];
    return f;
}

/* target = or += the sum of the products of the factors. */
typedef struct sum_of_products {
    const camx__einsum *equation;
    int factors;
    factor factor[CAMX__WALK_INPUTS];
    factor target;
    bool accumulate;
} sum_of_products;

/* ---- as a walk ---- */

static void multiply(const void *context, const void *const *in, const int *step, void *out,
                     int64_t count)
{
    const int factors = *(const int *)context;
    real *y = out;
    for (int64_t i = 0; i < count; i++) {
        real value = ((const real *)in[0])[step[0] * i];
        for (int k = 1; k < factors; k++)
            value *= ((const real *)in[k])[step[k] * i];
        y[i] = value;
    }
}

static camx__operand operand_of(const factor *f)
{
    camx__operand operand = {.data = f->tensor->data, .size = sizeof(real)};
    for (int i = 0; i < CAMX__MAX_RANK; i++)
        operand.stride[i] = f->step[i];
    return operand;
}

static void run_walk(camx__pool *pool, const sum_of_products *s)
{
    camx__walk walk = {.shape = {.rank = s->equation->labels},
                       .inputs = s->factors,
                       .fn = multiply,
                       .context = &s->factors,
                       .accumulate = s->accumulate};
    for (int i = 0; i < s->equation->labels; i++)
        walk.shape.dim[i] = s->equation->length[i];
    for (int i = 0; i < s->factors; i++)
        walk.in[i] = operand_of(&s->factor[i]);
    walk.out = operand_of(&s->target);
    camx__walk_run(pool, &walk);
}

/* ---- as a matrix product ---- */

/* Takes label `label` into the group of axes that has `length` and steps first and second, if it
 * goes on where the group ends (the group's axes run inside of it). */
static bool joins(int64_t *length, int64_t *first, int64_t *second, int64_t dim, int64_t step1,
                  int64_t step2)
{
    if (*length == 1) {
        *first = step1;
        *second = step2;
    } else if (step1 != *first * *length || step2 != *second * *length) {
        return false;
    }
    *length *= dim;
    return true;
}

static void add_to_batch(camx__product *p, int64_t dim, int64_t a, int64_t b, int64_t c)
{
    p->a.batch[p->batch.rank] = a;
    p->b.batch[p->batch.rank] = b;
    p->c.batch[p->batch.rank] = c;
    p->batch.dim[p->batch.rank++] = dim;
}

/* A label of the target: a column, a row, or one of the batch. Columns lie side by side. */
static void place_kept(camx__product *p, int64_t dim, int64_t a, int64_t b, int64_t c)
{
    int64_t column = 1;
    bool done = false;
    if (a == 0 && b != 0 && c == p->n)
        done = joins(&p->n, &p->b.column, &column, dim, b, c);
    else if (b == 0 && a != 0)
        done = joins(&p->m, &p->a.row, &p->c.row, dim, a, c);
    if (!done)
        add_to_batch(p, dim, a, b, c);
}

/* Finds m, n, k and the batch. Labels in the target and both factors, or those that fit no group,
 * are the batch. */
static bool as_product(const sum_of_products *s, camx__product *p)
{
    const camx__einsum *e = s->equation;
    const int64_t *a = s->factor[0].step;
    const int64_t *b = s->factor[1].step;
    const int64_t *c = s->target.step;
    if (s->factors != 2)
        return false;
    *p = (camx__product){.m = 1, .n = 1, .k = 1, .c = {.column = 1}, .batch = {.rank = 0}};
    for (int i = 0; i < e->labels; i++)
        if (e->length[i] == 0)
            return false;
    /* From the last label of the target on, so that the fastest axis comes first; then what is
     * summed. */
    unsigned seen = 0;
    for (int i = s->target.term->rank - 1; i >= 0; i--) {
        int label = s->target.term->label[i];
        if (c[label] != 0 && !(seen >> label & 1) && e->length[label] > 1)
            place_kept(p, e->length[label], a[label], b[label], c[label]);
        seen |= 1u << label;
    }
    for (int i = e->labels - 1; i >= 0; i--) {
        if (c[i] != 0 || e->length[i] == 1)
            continue;
        if (a[i] == 0 || b[i] == 0)
            return false;
        if (!joins(&p->k, &p->a.column, &p->b.row, e->length[i], a[i], b[i]))
            add_to_batch(p, e->length[i], a[i], b[i], 0);
    }
    return p->n > 1 && p->k > 1;
}

static bool find_product(const sum_of_products *s, camx__product *p, bool *swapped)
{
    sum_of_products other = *s;
    *swapped = false;
    if (as_product(s, p))
        return true;
    other.factor[0] = s->factor[1];
    other.factor[1] = s->factor[0];
    *swapped = true;
    return as_product(&other, p);
}

static void run_sum(camx__pool *pool, const camx__gemm *gemm, const sum_of_products *s,
                    void *scratch)
{
    camx__product product;
    bool swapped;
    if (gemm == NULL || !find_product(s, &product, &swapped)) {
        run_walk(pool, s);
        return;
    }
    product.gemm = gemm;
    camx__product_run(&product, pool, camx__reals(s->factor[swapped].tensor),
                      camx__reals(s->factor[!swapped].tensor), NULL, camx__reals(s->target.tensor),
                      NULL, s->accumulate, scratch);
}

/* ---- forward and backward ---- */

typedef struct einsum_state {
    const camx__gemm *gemm;
} einsum_state;

static sum_of_products forward_sum(const einsum_params *params, const camx__tensor *const *inputs,
                                   const camx__tensor *y)
{
    const camx__einsum *e = &params->equation;
    sum_of_products s = {
        .equation = e, .factors = e->operands, .target = make_factor(&e->output, y)};
    for (int i = 0; i < e->operands; i++)
        s.factor[i] = make_factor(&e->input[i], inputs[i]);
    return s;
}

static sum_of_products backward_sum(const einsum_params *params, const camx__tensor *const *inputs,
                                    const camx__tensor *gy, int which, const camx__tensor *gx)
{
    const camx__einsum *e = &params->equation;
    sum_of_products s = {.equation = e, .factors = 1, .target = make_factor(&e->input[which], gx)};
    s.factor[0] = make_factor(&e->output, gy);
    for (int i = 0; i < e->operands; i++)
        if (i != which)
            s.factor[s.factors++] = make_factor(&e->input[i], inputs[i]);
    return s;
}

static void need_scratch(camx__op_prepare *prepare, const camx__gemm *gemm,
                         const sum_of_products *s)
{
    camx__product product;
    bool swapped;
    if (!find_product(s, &product, &swapped))
        return;
    product.gemm = gemm;
    size_t bytes = camx__product_scratch(&product, prepare->settings->workers);
    if (bytes > prepare->scratch_bytes)
        prepare->scratch_bytes = bytes;
}

static camx_status einsum_prepare(camx__op_prepare *prepare)
{
    const einsum_params *params = prepare->params;
    einsum_state *state = camx__zone_alloc(prepare->zone, 1, sizeof *state);
    if (state == NULL)
        return camx__fail_memory(prepare->error, sizeof *state, "an Einsum");
    state->gemm = prepare->settings->gemm;
    prepare->state = state;
    if (!prepare->backward) {
        sum_of_products s = forward_sum(params, prepare->inputs, prepare->outputs[0]);
        need_scratch(prepare, state->gemm, &s);
    }
    for (int i = 0; prepare->backward && i < params->equation.operands; i++) {
        if (!(prepare->wanted >> i & 1))
            continue;
        sum_of_products s =
            backward_sum(params, prepare->inputs, prepare->outputs[0], i, prepare->inputs[i]);
        need_scratch(prepare, state->gemm, &s);
    }
    return CAMX_OK;
}

static camx_status einsum_forward(const camx__op_call *call)
{
    const einsum_state *state = call->state;
    sum_of_products s = forward_sum(call->params, call->inputs, call->outputs[0]);
    run_sum(call->pool, state->gemm, &s, call->scratch);
    return CAMX_OK;
}

/* A label that occurs twice in an operand touches its diagonal only, and one that is summed in this
 * operand alone is the same everywhere; a walk over all labels does both, if what it does not touch
 * is zero before. */
static bool has_diagonal(const camx__einsum_term *term)
{
    for (int i = 0; i < term->rank; i++)
        for (int k = 0; k < i; k++)
            if (term->label[i] == term->label[k])
                return true;
    return false;
}

static camx_status einsum_backward(const camx__op_gradient *g)
{
    const einsum_params *params = g->params;
    const einsum_state *state = g->state;
    for (int i = 0; i < params->equation.operands; i++) {
        const camx__tensor *gx = g->input_gradients[i];
        if (gx == NULL)
            continue;
        sum_of_products s = backward_sum(params, g->inputs, g->output_gradients[0], i, gx);
        s.accumulate = g->accumulate[i];
        if (has_diagonal(&params->equation.input[i]) && !s.accumulate)
            camx__move_clear(g->pool, gx);
        run_sum(g->pool, state->gemm, &s, g->scratch);
    }
    return CAMX_OK;
}

static unsigned einsum_saves(const void *params, unsigned wanted)
{
    const camx__einsum *e = &((const einsum_params *)params)->equation;
    unsigned saves = 0;
    for (int i = 0; i < e->operands; i++)
        if (wanted & ~(1u << i))
            saves |= CAMX__SAVE_INPUT(i);
    return saves;
}

const camx__op camx__op_einsum = {
    .name = "Einsum",
    .min_inputs = 1,
    .max_inputs = CAMX__ANY_COUNT,
    .max_outputs = 1,
    .bind = einsum_bind,
    .prepare = einsum_prepare,
    .forward = einsum_forward,
    .backward = einsum_backward,
    .saves = einsum_saves,
    .keeps_batch = einsum_keeps_batch,
};
