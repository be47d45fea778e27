/* SPDX-License-Identifier: Apache-2.0 */
/* MatMul: NumPy's matrix product of tensors of any rank from 1 on, the leading axes broadcast. */
#include "ops/op.h"
#include "ops/product.h"
#include "ops/reach.h"

typedef struct matmul_params {
    int64_t m, n, k;
    camx__shape batch; /* rank 0 if B is a single matrix: the rows of all A are then one matrix */
    int64_t a_batch[CAMX__MAX_RANK];
    int64_t b_batch[CAMX__MAX_RANK];
    int64_t c_batch[CAMX__MAX_RANK];
    int64_t b_matrices;
    bool keeps_batch;
} matmul_params;

typedef struct matmul_state {
    const camx__gemm *gemm;
    const camx__gemm *weights; /* what multiplies by packed weights */
    bool turned;               /* backward multiplies by the weights as forward has packed them */
} matmul_state;

/* ---- bind ---- */

/* The axes before the matrix; a vector has none. */
static camx__shape batch_of(const camx__shape *shape)
{
    camx__shape batch = *shape;
    batch.rank = shape->rank > 2 ? shape->rank - 2 : 0;
    return batch;
}

/* Steps of an operand with matrices of `matrix` numbers along the axes of the broadcast batch. */
static void batch_steps(const camx__shape *own, const camx__shape *batch, int64_t matrix,
                        int64_t steps[CAMX__MAX_RANK])
{
    int64_t step = matrix;
    int shift = batch->rank - own->rank;
    for (int i = batch->rank - 1; i >= 0; i--) {
        int64_t dim = i >= shift ? own->dim[i - shift] : 1;
        steps[i] = dim == 1 ? 0 : step;
        step *= dim;
    }
}

static camx_status find_sizes(const camx__op_bind *bind, matmul_params *params)
{
    const camx__shape *a = &bind->inputs[0]->shape;
    const camx__shape *b = &bind->inputs[1]->shape;
    char text[2][160];
    if (a->rank < 1 || b->rank < 1)
        return camx__op_invalid(bind, "a single number cannot be an operand of a matrix product");
    params->m = a->rank > 1 ? a->dim[a->rank - 2] : 1;
    params->k = a->dim[a->rank - 1];
    params->n = b->rank > 1 ? b->dim[b->rank - 1] : 1;
    if (b->dim[b->rank > 1 ? b->rank - 2 : 0] != params->k)
        return camx__op_misfit(bind, "the shapes %s and %s do not fit in a matrix product",
                               camx__shape_text(a, text[0], sizeof text[0]),
                               camx__shape_text(b, text[1], sizeof text[1]));
    return CAMX_OK;
}

static void find_batch(const camx__shape *a, const camx__shape *b, matmul_params *params)
{
    camx__shape a_batch = batch_of(a);
    camx__shape b_batch = batch_of(b);
    params->b_matrices = camx__shape_count(&b_batch);
    if (params->b_matrices == 1) {
        params->m *= camx__shape_count(&a_batch);
        params->batch.rank = 0;
        return;
    }
    batch_steps(&a_batch, &params->batch, params->m * params->k, params->a_batch);
    batch_steps(&b_batch, &params->batch, params->k * params->n, params->b_batch);
    batch_steps(&params->batch, &params->batch, params->m * params->n, params->c_batch);
}

static camx_status matmul_bind(camx__op_bind *bind)
{
    char text[2][160];
    CAMX__FORWARD(camx__op_need_reals(bind, 0));
    CAMX__FORWARD(camx__op_need_reals(bind, 1));
    const camx__shape *a = &bind->inputs[0]->shape;
    const camx__shape *b = &bind->inputs[1]->shape;
    matmul_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(find_sizes(bind, params));
    camx__shape a_batch = batch_of(a);
    camx__shape b_batch = batch_of(b);
    if (!camx__shape_broadcast(&a_batch, &b_batch, &params->batch))
        return camx__op_misfit(bind, "the leading axes of %s and %s do not fit each other",
                               camx__shape_text(a, text[0], sizeof text[0]),
                               camx__shape_text(b, text[1], sizeof text[1]));
    camx__shape y = params->batch;
    if (a->rank > 1)
        y.dim[y.rank++] = params->m;
    if (b->rank > 1)
        y.dim[y.rank++] = params->n;
    CAMX__FORWARD(camx__op_output(bind, 0, &y, bind->inputs[0]->elem));
    params->keeps_batch =
        a->rank >= 2 && a->rank >= b->rank && (b->rank <= 2 || b->rank == a->rank);
    find_batch(a, b, params);
    return CAMX_OK;
}

static bool matmul_keeps_batch(const void *params)
{
    return ((const matmul_params *)params)->keeps_batch;
}

/* ---- the three products ---- */

static void set_batch(camx__matrices *matrices, const int64_t *steps, int rank)
{
    for (int i = 0; i < rank; i++)
        matrices->batch[i] = steps[i];
}

static camx__product forward_product(const matmul_params *p, const camx__gemm *gemm, bool packed)
{
    camx__product product = {.gemm = gemm,
                             .m = p->m,
                             .n = p->n,
                             .k = p->k,
                             .batch = p->batch,
                             .packed = packed,
                             .a = {.row = p->k, .column = 1},
                             .b = {.row = p->n, .column = 1},
                             .c = {.row = p->n, .column = 1}};
    set_batch(&product.a, p->a_batch, p->batch.rank);
    set_batch(&product.b, p->b_batch, p->batch.rank);
    set_batch(&product.c, p->c_batch, p->batch.rank);
    return product;
}

/* dA = dY B^T, summed over the axes along which A was repeated. */
static camx__product gradient_a_product(const matmul_params *p, const camx__gemm *gemm, bool packed)
{
    camx__product product = {.gemm = gemm,
                             .m = p->m,
                             .n = p->k,
                             .k = p->n,
                             .batch = p->batch,
                             .packed = packed,
                             .a = {.row = p->n, .column = 1},
                             .b = {.row = 1, .column = p->n},
                             .c = {.row = p->k, .column = 1}};
    set_batch(&product.a, p->c_batch, p->batch.rank);
    set_batch(&product.b, p->b_batch, p->batch.rank);
    set_batch(&product.c, p->a_batch, p->batch.rank);
    return product;
}

/* dB = A^T dY. */
static camx__product gradient_b_product(const matmul_params *p, const camx__gemm *gemm)
{
    camx__product product = {.gemm = gemm,
                             .m = p->k,
                             .n = p->n,
                             .k = p->m,
                             .batch = p->batch,
                             .a = {.row = 1, .column = p->k},
                             .b = {.row = p->n, .column = 1},
                             .c = {.row = p->n, .column = 1}};
    set_batch(&product.a, p->a_batch, p->batch.rank);
    set_batch(&product.b, p->c_batch, p->batch.rank);
    set_batch(&product.c, p->b_batch, p->batch.rank);
    return product;
}

/* ---- prepare and pack ---- */

static camx_status matmul_prepare(camx__op_prepare *prepare)
{
    const matmul_params *p = prepare->params;
    int workers = prepare->settings->workers;
    matmul_state *state = camx__zone_alloc(prepare->zone, 1, sizeof *state);
    if (state == NULL)
        return camx__fail_memory(prepare->error, sizeof *state, "a matrix product's plan");
    bool single = prepare->packed && p->b_matrices == 1;
    state->gemm = prepare->settings->gemm;
    state->weights = single ? camx__gemm_dense(state->gemm, p->m, p->n, p->k) : state->gemm;
    state->turned = prepare->backward && prepare->packed && camx__gemm_can_turn(state->weights);
    prepare->state = state;
    bool other_way = prepare->backward && !state->turned;
    int64_t n = other_way ? p->k : p->n;
    int64_t k = other_way ? p->n : p->k;
    if (prepare->packed) {
        prepare->packed_as_forward = state->turned;
        prepare->packed_bytes = camx__product_packed_step(state->weights, n, k) * (size_t)p->b_matrices;
        prepare->pack_key = camx__product_pack_key(state->weights, n, k, other_way);
    }
    camx__product first = prepare->backward ? gradient_a_product(p, state->weights, prepare->packed)
                                            : forward_product(p, state->weights, prepare->packed);
    prepare->scratch_bytes =
        state->turned ? camx__gemm_turned_scratch(p->n) : camx__product_scratch(&first, workers);
    if (prepare->backward && (prepare->wanted & 2) != 0) {
        camx__product second = gradient_b_product(p, state->gemm);
        size_t bytes = camx__product_scratch(&second, workers);
        if (bytes > prepare->scratch_bytes)
            prepare->scratch_bytes = bytes;
    }
    return CAMX_OK;
}

static camx_status matmul_pack(const camx__op_prepare *prepared, camx__memory *memory,
                               camx__read_fn *read, void *context, const real *scale, void *packed)
{
    const matmul_params *p = prepared->params;
    const matmul_state *state = prepared->state;
    bool other_way = prepared->backward && !state->turned;
    int64_t n = other_way ? p->k : p->n;
    int64_t k = other_way ? p->n : p->k;
    size_t step = camx__product_packed_step(state->weights, n, k);
    for (int64_t i = 0; i < p->b_matrices; i++) {
        camx__scaled_source source = {read, context, scale, 1, p->n, i * p->k * p->n};
        CAMX__FORWARD(camx__gemm_pack(state->weights, memory, n, k, other_way, camx__scaled_read, &source,
                                      NULL, (char *)packed + (size_t)i * step, prepared->error));
    }
    return CAMX_OK;
}

/* ---- forward and backward ---- */

static camx_status matmul_forward(const camx__op_call *call)
{
    const matmul_params *p = call->params;
    const matmul_state *state = call->state;
    bool packed = call->packed != NULL;
    camx__product product = forward_product(p, state->weights, packed);
    camx__product_run(&product, call->pool, camx__reals(call->inputs[0]),
                      packed ? NULL : camx__reals(call->inputs[1]), call->packed,
                      camx__reals(call->outputs[0]), call->epilogue, false, call->scratch);
    return CAMX_OK;
}

static camx_status matmul_backward(const camx__op_gradient *g)
{
    const matmul_params *p = g->params;
    const matmul_state *state = g->state;
    const real *gy = camx__reals(g->output_gradients[0]);
    if (g->input_gradients[0] != NULL && state->turned) {
        camx__gemm_run_turned(state->weights, g->pool, p->m, p->n, p->k, gy, p->n, g->packed,
                              camx__reals(g->input_gradients[0]), p->k, g->accumulate[0], g->scratch);
    } else if (g->input_gradients[0] != NULL) {
        bool packed = g->packed != NULL;
        camx__product product = gradient_a_product(p, state->weights, packed);
        camx__product_run(&product, g->pool, gy, packed ? NULL : camx__reals(g->inputs[1]),
                          g->packed, camx__reals(g->input_gradients[0]), NULL, g->accumulate[0],
                          g->scratch);
    }
    if (g->input_gradients[1] != NULL) {
        camx__product product = gradient_b_product(p, state->gemm);
        camx__product_run(&product, g->pool, camx__reals(g->inputs[0]), gy, NULL,
                          camx__reals(g->input_gradients[1]), NULL, g->accumulate[1], g->scratch);
    }
    return CAMX_OK;
}

static unsigned matmul_saves(const void *params, unsigned wanted)
{
    (void)params;
    return (wanted & 1 ? CAMX__SAVE_INPUT(1) : 0) | (wanted & 2 ? CAMX__SAVE_INPUT(0) : 0);
}

/* Rows and columns among the rows of A, and one matrix B for all of them. */
static bool matmul_region(camx__op_region *region)
{
    const camx__shape *a = &region->inputs[0]->shape;
    if (region->input != 0 || region->varies[1] || region->inputs[1]->shape.rank != 2)
        return false;
    return camx__region_beside(region, a->rank - 1);
}

const camx__op camx__op_matmul = {
    .name = "MatMul",
    .traits = CAMX__OP_EPILOGUE,
    .min_inputs = 2,
    .max_inputs = 2,
    .max_outputs = 1,
    .weight_input = 1,
    .bind = matmul_bind,
    .prepare = matmul_prepare,
    .pack = matmul_pack,
    .forward = matmul_forward,
    .backward = matmul_backward,
    .saves = matmul_saves,
    .keeps_batch = matmul_keeps_batch,
    .region = matmul_region,
};
