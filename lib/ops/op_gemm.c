/* SPDX-License-Identifier: Apache-2.0 */
/* Gemm: Y = alpha A' B' + beta C, where A' and B' are A and B or their transposes. The dense
 * layer. */
#include <string.h>

#include "ops/broadcast.h"
#include "ops/op.h"
#include "ops/product.h"

typedef enum addend {
    ADD_NOTHING,
    ADD_COLUMNS, /* C has one number per column, or one number */
    ADD_MATRIX
} addend;

typedef struct gemm_params {
    int64_t m, n, k;
    bool trans_a, trans_b;
    float alpha, beta;
    addend addend;
} gemm_params;

typedef struct gemm_state {
    const camx__gemm *gemm;
    const camx__gemm *weights; /* what multiplies by packed weights */
    /* Where things are in scratch. */
    size_t product_at;
    size_t scaled_at; /* forward: alpha A'; backward: alpha dY */
    size_t addend_at; /* forward: beta C and the residual; backward: dA before it is transposed */
    bool turned;      /* backward multiplies by the weights as forward has packed them */
} gemm_state;

static camx_status bind_addend(const camx__op_bind *bind, gemm_params *params)
{
    const camx__tensor *c = camx__op_input(bind, 2);
    camx__shape y = {.rank = 2, .dim = {params->m, params->n}};
    camx__shape both;
    char text[160];
    params->addend = ADD_NOTHING;
    if (c == NULL)
        return CAMX_OK;
    if (!camx__shape_broadcast(&c->shape, &y, &both) || !camx__shape_equal(&both, &y))
        return camx__op_invalid(bind,
                                "C has the shape %s, which does not broadcast to [%lld, %lld]",
                                camx__shape_text(&c->shape, text, sizeof text), (long long)y.dim[0],
                                (long long)y.dim[1]);
    if (params->beta != 0.0f)
        params->addend = c->shape.rank == 2 && c->shape.dim[0] > 1 ? ADD_MATRIX : ADD_COLUMNS;
    return CAMX_OK;
}

static camx_status gemm_bind(camx__op_bind *bind)
{
    int64_t trans_a;
    int64_t trans_b;
    for (int i = 0; i < bind->input_count; i++)
        if (i < 2 || bind->inputs[i] != NULL)
            CAMX__FORWARD(camx__op_need_reals(bind, i));
    const camx__shape *a = &bind->inputs[0]->shape;
    const camx__shape *b = &bind->inputs[1]->shape;
    gemm_params *params = camx__op_params(bind, sizeof *params);
    if (params == NULL)
        return CAMX_E_MEMORY;
    CAMX__FORWARD(camx__op_int(bind, "transA", 0, &trans_a));
    CAMX__FORWARD(camx__op_int(bind, "transB", 0, &trans_b));
    CAMX__FORWARD(camx__op_float(bind, "alpha", 1.0f, &params->alpha));
    CAMX__FORWARD(camx__op_float(bind, "beta", 1.0f, &params->beta));
    if (a->rank != 2 || b->rank != 2)
        return camx__op_invalid(bind, "A has rank %d and B rank %d; both must be matrices", a->rank,
                                b->rank);
    params->trans_a = trans_a != 0;
    params->trans_b = trans_b != 0;
    params->m = a->dim[params->trans_a ? 1 : 0];
    params->k = a->dim[params->trans_a ? 0 : 1];
    params->n = b->dim[params->trans_b ? 0 : 1];
    if (b->dim[params->trans_b ? 1 : 0] != params->k)
        return camx__op_misfit(
            bind,
            "A has %lld columns, but B has %lld rows; if B is a dense layer after the "
            "feature maps, the input has the wrong size",
            (long long)params->k, (long long)b->dim[params->trans_b ? 1 : 0]);
    CAMX__FORWARD(bind_addend(bind, params));
    camx__shape y = {.rank = 2, .dim = {params->m, params->n}};
    return camx__op_output(bind, 0, &y, bind->inputs[0]->elem);
}

/* ---- the three products: forward, and the gradients of A and B ---- */

static camx__matrices stored(int64_t columns, bool transposed)
{
    camx__matrices plain = {.row = columns, .column = 1};
    camx__matrices turned = {.row = 1, .column = columns};
    return transposed ? turned : plain;
}

static camx__product forward_product(const gemm_params *p, const camx__gemm *gemm, bool packed)
{
    camx__product product = {.gemm = gemm, .m = p->m, .n = p->n, .k = p->k, .packed = packed};
    product.a = stored(p->trans_a ? p->m : p->k, p->trans_a);
    if (p->alpha != 1.0f)
        product.a = stored(p->k, false);
    product.b = stored(p->trans_b ? p->k : p->n, p->trans_b);
    product.c = stored(p->n, false);
    return product;
}

/* dA' [m, k] = alpha dY B'^T. */
static camx__product gradient_a_product(const gemm_params *p, const camx__gemm *gemm, bool packed)
{
    camx__product product = {.gemm = gemm, .m = p->m, .n = p->k, .k = p->n, .packed = packed};
    product.a = stored(p->n, false);
    product.b = stored(p->trans_b ? p->k : p->n, !p->trans_b);
    product.c = stored(p->k, false);
    return product;
}

/* dB [k, n] = alpha A'^T dY, or with transB its transpose dY^T A' [n, k]. */
static camx__product gradient_b_product(const gemm_params *p, const camx__gemm *gemm)
{
    camx__product product = {.gemm = gemm, .m = p->k, .n = p->n, .k = p->m};
    product.a = stored(p->trans_a ? p->m : p->k, !p->trans_a);
    product.b = stored(p->n, false);
    product.c = stored(p->n, false);
    if (p->trans_b) {
        product.m = p->n;
        product.n = p->k;
        product.a = stored(p->n, true);
        product.b = stored(p->trans_a ? p->m : p->k, p->trans_a);
        product.c = stored(p->k, false);
    }
    return product;
}

/* ---- prepare and pack ---- */

static size_t reserve(size_t *scratch, int64_t reals)
{
    size_t at = *scratch;
    size_t bytes = (size_t)reals * sizeof(real);
    *scratch = at + (bytes + CAMX__ALIGNMENT - 1) / CAMX__ALIGNMENT * CAMX__ALIGNMENT;
    return at;
}

static void prepare_forward(const gemm_params *p, camx__op_prepare *prepare, gemm_state *state)
{
    camx__product product = forward_product(p, state->weights, prepare->packed);
    size_t *scratch = &prepare->scratch_bytes;
    if (p->alpha != 1.0f)
        state->scaled_at = reserve(scratch, p->m * p->k);
    if (p->addend != ADD_NOTHING)
        state->addend_at = reserve(scratch, p->addend == ADD_MATRIX ? p->m * p->n : p->n);
    state->product_at = *scratch;
    *scratch += camx__product_scratch(&product, prepare->settings->workers);
    if (prepare->packed) {
        prepare->packed_bytes = camx__gemm_packed_bytes(state->weights, p->n, p->k);
        prepare->pack_key = camx__product_pack_key(state->weights, p->n, p->k, p->trans_b);
    }
}

static void prepare_backward(const gemm_params *p, camx__op_prepare *prepare, gemm_state *state)
{
    size_t *scratch = &prepare->scratch_bytes;
    if (p->alpha != 1.0f)
        state->scaled_at = reserve(scratch, p->m * p->n);
    if (p->trans_a)
        state->addend_at = reserve(scratch, p->m * p->k);
    state->product_at = *scratch;
    state->turned = prepare->packed && camx__gemm_can_turn(state->weights);
    camx__product of_a = gradient_a_product(p, state->weights, prepare->packed);
    camx__product of_b = gradient_b_product(p, state->gemm);
    size_t bytes_a = camx__product_scratch(&of_a, prepare->settings->workers);
    size_t bytes_b =
        prepare->wanted & 2 ? camx__product_scratch(&of_b, prepare->settings->workers) : 0;
    if (state->turned)
        bytes_a = camx__gemm_turned_scratch(p->n);
    *scratch += bytes_a > bytes_b ? bytes_a : bytes_b;
    if (state->turned) {
        prepare->packed_as_forward = true;
        prepare->packed_bytes = camx__gemm_packed_bytes(state->weights, p->n, p->k);
        prepare->pack_key = camx__product_pack_key(state->weights, p->n, p->k, p->trans_b);
    } else if (prepare->packed) {
        prepare->packed_bytes = camx__gemm_packed_bytes(state->weights, p->k, p->n);
        prepare->pack_key = camx__product_pack_key(state->weights, p->k, p->n, !p->trans_b);
    }
}

static camx_status gemm_prepare(camx__op_prepare *prepare)
{
    gemm_state *state = camx__zone_alloc(prepare->zone, 1, sizeof *state);
    if (state == NULL)
        return camx__fail_memory(prepare->error, sizeof *state, "a dense layer's plan");
    const gemm_params *p = prepare->params;
    state->gemm = prepare->settings->gemm;
    state->weights = prepare->packed ? camx__gemm_dense(state->gemm, p->m, p->n, p->k) : state->gemm;
    prepare->state = state;
    if (prepare->backward)
        prepare_backward(prepare->params, prepare, state);
    else
        prepare_forward(prepare->params, prepare, state);
    return CAMX_OK;
}

static camx_status gemm_pack(const camx__op_prepare *prepared, camx__memory *memory,
                             camx__read_fn *read, void *context, const real *scale, void *packed)
{
    const gemm_params *p = prepared->params;
    const gemm_state *state = prepared->state;
    if (!prepared->backward || state->turned)
        return camx__gemm_pack(state->weights, memory, p->n, p->k, p->trans_b, read, context, scale,
                               packed, prepared->error);
    /* A factor belongs to a column of B', which is a row here: it is applied while reading. */
    camx__scaled_source source = {read, context, scale, p->trans_b ? p->k : 1, p->n, 0};
    return camx__gemm_pack(state->weights, memory, p->k, p->n, !p->trans_b, camx__scaled_read, &source,
                           NULL, packed, prepared->error);
}

/* ---- forward ---- */

static void scale_numbers(const void *context, const void *const *in, const int *step, void *out,
                          int64_t count)
{
    const real factor = *(const real *)context;
    const real *x = in[0];
    real *y = out;
    for (int64_t i = 0; i < count; i++)
        y[i] = factor * x[step[0] * i];
}

/* y = factor * x over rows x columns, both with their own steps. */
static void copy_scaled(camx__pool *pool, int64_t rows, int64_t columns, float factor,
                        const real *x, camx__matrices x_steps, real *y, camx__matrices y_steps,
                        bool accumulate)
{
    real scale = (real)factor;
    camx__walk walk = {.shape = {.rank = 2, .dim = {rows, columns}},
                       .inputs = 1,
                       .fn = scale_numbers,
                       .context = &scale,
                       .accumulate = accumulate};
    walk.in[0] = (camx__operand){
        .data = (void *)x, .size = sizeof(real), .stride = {x_steps.row, x_steps.column}};
    walk.out =
        (camx__operand){.data = y, .size = sizeof(real), .stride = {y_steps.row, y_steps.column}};
    camx__walk_run(pool, &walk);
}

/* Makes beta C part of the epilogue: as its bias if C has only columns, else as (part of) its
 * residual. */
static void add_addend(const gemm_params *p, const camx__op_call *call, real *room,
                       camx__epilogue *epilogue)
{
    const camx__tensor *c = call->inputs[2];
    real beta = (real)p->beta;
    camx__shape shape = {.rank = 2, .dim = {p->addend == ADD_MATRIX ? p->m : 1, p->n}};
    camx__walk walk = {.shape = shape, .inputs = 1, .fn = scale_numbers, .context = &beta};
    camx__operand_init(&walk.in[0], c, &walk.shape);
    walk.out = (camx__operand){.data = room, .size = sizeof(real), .stride = {p->n, 1}};
    camx__walk_run(call->pool, &walk);
    if (p->addend == ADD_COLUMNS) {
        epilogue->bias = room;
        return;
    }
    if (epilogue->residual != NULL) {
        camx__matrices theirs = {.row = epilogue->residual_pitch, .column = 1};
        copy_scaled(call->pool, p->m, p->n, 1.0f, epilogue->residual, theirs, room,
                    stored(p->n, false), true);
    }
    epilogue->residual = room;
    epilogue->residual_pitch = p->n;
}

static camx_status gemm_forward(const camx__op_call *call)
{
    const gemm_params *p = call->params;
    const gemm_state *state = call->state;
    const camx__tensor *b = call->inputs[1];
    bool packed = call->packed != NULL;
    char *scratch = call->scratch;
    const real *a = camx__reals(call->inputs[0]);
    camx__product product = forward_product(p, state->weights, packed);
    camx__epilogue epilogue = {.activation = CAMX__ACT_NONE};
    if (call->epilogue != NULL)
        epilogue = *call->epilogue;
    if (p->addend != ADD_NOTHING && epilogue.bias == NULL)
        add_addend(p, call, (real *)(void *)(scratch + state->addend_at), &epilogue);
    if (p->alpha != 1.0f) {
        real *scaled = (real *)(void *)(scratch + state->scaled_at);
        copy_scaled(call->pool, p->m, p->k, p->alpha, a,
                    stored(p->trans_a ? p->m : p->k, p->trans_a), scaled, stored(p->k, false),
                    false);
        a = scaled;
    }
    camx__product_run(&product, call->pool, a, packed ? NULL : camx__reals(b), call->packed,
                      camx__reals(call->outputs[0]), &epilogue, false, scratch + state->product_at);
    return CAMX_OK;
}

/* ---- backward ---- */

static void gradient_of_a(const camx__op_gradient *g, const real *gy)
{
    const gemm_params *p = g->params;
    const gemm_state *state = g->state;
    bool packed = g->packed != NULL;
    char *scratch = g->scratch;
    camx__product product = gradient_a_product(p, state->weights, packed);
    const real *b = packed ? NULL : camx__reals(g->inputs[1]);
    real *ga = camx__reals(g->input_gradients[0]);
    real *target = p->trans_a ? (real *)(void *)(scratch + state->addend_at) : ga;
    bool add = g->accumulate[0] && !p->trans_a;
    if (state->turned)
        camx__gemm_run_turned(state->weights, g->pool, p->m, p->n, p->k, gy, p->n, g->packed, target, p->k, add,
                              scratch + state->product_at);
    else
        camx__product_run(&product, g->pool, gy, b, g->packed, target, NULL, add, scratch + state->product_at);
    if (p->trans_a)
        copy_scaled(g->pool, p->m, p->k, 1.0f, target, stored(p->k, false), ga, stored(p->m, true),
                    g->accumulate[0]);
}

static void gradient_of_b(const camx__op_gradient *g, const real *gy)
{
    const gemm_params *p = g->params;
    const gemm_state *state = g->state;
    camx__product product = gradient_b_product(p, state->gemm);
    const real *a = camx__reals(g->inputs[0]);
    camx__product_run(&product, g->pool, p->trans_b ? gy : a, p->trans_b ? a : gy, NULL,
                      camx__reals(g->input_gradients[1]), NULL, g->accumulate[1],
                      (char *)g->scratch + state->product_at);
}

static void gradient_of_c(const camx__op_gradient *g)
{
    const gemm_params *p = g->params;
    const camx__tensor *gc = g->input_gradients[2];
    real beta = (real)p->beta;
    camx__walk walk = {.shape = {.rank = 2, .dim = {p->m, p->n}},
                       .inputs = 1,
                       .fn = scale_numbers,
                       .context = &beta,
                       .accumulate = g->accumulate[2]};
    camx__operand_init(&walk.in[0], g->output_gradients[0], &walk.shape);
    camx__operand_init(&walk.out, gc, &walk.shape);
    camx__walk_run(g->pool, &walk);
}

static camx_status gemm_backward(const camx__op_gradient *g)
{
    const gemm_params *p = g->params;
    const gemm_state *state = g->state;
    const real *gy = camx__reals(g->output_gradients[0]);
    if (g->input_count > 2 && g->input_gradients[2] != NULL)
        gradient_of_c(g);
    if (p->alpha != 1.0f) {
        real *scaled = (real *)(void *)((char *)g->scratch + state->scaled_at);
        copy_scaled(g->pool, p->m, p->n, p->alpha, gy, stored(p->n, false), scaled,
                    stored(p->n, false), false);
        gy = scaled;
    }
    if (g->input_gradients[0] != NULL)
        gradient_of_a(g, gy);
    if (g->input_gradients[1] != NULL)
        gradient_of_b(g, gy);
    return CAMX_OK;
}

static unsigned gemm_saves(const void *params, unsigned wanted)
{
    (void)params;
    return (wanted & 1 ? CAMX__SAVE_INPUT(1) : 0) | (wanted & 2 ? CAMX__SAVE_INPUT(0) : 0);
}

static bool gemm_keeps_batch(const void *params)
{
    const gemm_params *p = params;
    return !p->trans_a && p->addend != ADD_MATRIX;
}

const camx__op camx__op_gemm = {
    .name = "Gemm",
    .traits = CAMX__OP_EPILOGUE,
    .min_inputs = 2,
    .max_inputs = 3,
    .max_outputs = 1,
    .weight_input = 1,
    .bind = gemm_bind,
    .prepare = gemm_prepare,
    .pack = gemm_pack,
    .forward = gemm_forward,
    .backward = gemm_backward,
    .saves = gemm_saves,
    .keeps_batch = gemm_keeps_batch,
};
