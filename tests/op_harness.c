/* SPDX-License-Identifier: Apache-2.0 */
/* Running one operator: the runs of op_harness.h. Its lines are read in op_harness_parse.c. */
#include "op_harness.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op_harness_case.h"

const camx__op *op_row(const op_case *test)
{
    return test->op;
}

const void *op_params_of(const op_case *test)
{
    return test->params;
}

int op_input_count(const op_case *test)
{
    return test->input_count;
}

op_value *op_input_of(op_case *test, int input)
{
    return &test->inputs[input];
}

int op_output_count(const op_case *test)
{
    return test->output_count;
}

op_value *op_output_of(op_case *test, int output)
{
    return &test->outputs[output];
}

const real *op_gradient_of(op_case *test, int input)
{
    return test->gradients[input];
}

/* ---- memory layouts ---- */

typedef struct layout {
    bool last[2]; /* channels-last: the first input, the other inputs */
    int gap[2];
    bool output_last;
    int output_gap;
} layout;

static const layout any_order[] = {
    {{false, false}, {0, 0}, false, 0}, {{true, true}, {0, 0}, true, 0},
    {{true, true}, {3, 1}, true, 2},    {{true, false}, {2, 0}, true, 0},
    {{false, true}, {0, 3}, true, 3},   {{true, true}, {1, 0}, false, 0},
    {{false, false}, {0, 0}, true, 1},
};
static const layout spatial[] = {{{true, false}, {0, 0}, true, 0},
                                 {{true, false}, {3, 0}, true, 5}};

int op_layout_count(const op_case *test)
{
    if (test->op->traits & CAMX__OP_SPATIAL)
        return 2;
    return test->op->traits & CAMX__OP_ANY_ORDER ? (int)(sizeof any_order / sizeof any_order[0])
                                                 : 1;
}

static layout layout_of(const op_case *test, int number)
{
    return test->op->traits & CAMX__OP_SPATIAL ? spatial[number] : any_order[number];
}

/* ---- tensors in guarded memory ---- */

enum { GUARD = 64, GUARD_BYTE = 0xA7 };

typedef struct store {
    camx__tensor tensor;
    unsigned char *block;  /* data, then GUARD bytes */
    unsigned char *before; /* a copy of the block to compare gaps with */
    size_t bytes;
} store;

static void set_order(camx__tensor *tensor, bool last, int gap)
{
    tensor->order = CAMX__PLAIN;
    tensor->pitch = 0;
    if (last && tensor->shape.rank >= 3) {
        tensor->order = CAMX__CHANNELS_LAST;
        tensor->pitch = tensor->shape.dim[1] + gap;
    }
}

static store make_store(const op_value *value, bool last, int gap)
{
    store s = {.tensor = {.shape = value->shape, .elem = value->elem}};
    set_order(&s.tensor, last, gap);
    s.bytes = camx__tensor_bytes(&s.tensor);
    s.block = malloc(s.bytes + GUARD);
    s.before = malloc(s.bytes + GUARD);
    ck_assert(s.block != NULL && s.before != NULL);
    memset(s.block, GUARD_BYTE, s.bytes + GUARD);
    s.tensor.data = s.block;
    return s;
}

static void free_store(store *s)
{
    free(s->block);
    free(s->before);
    memset(s, 0, sizeof *s);
}

/* Where element number `index` (in ONNX order) lies. */
static int64_t place_of(const camx__tensor *tensor, int64_t index)
{
    int64_t strides[CAMX__MAX_RANK];
    int64_t at = 0;
    camx__tensor_strides(tensor, strides);
    for (int i = tensor->shape.rank - 1; i >= 0; i--) {
        at += index % tensor->shape.dim[i] * strides[i];
        index /= tensor->shape.dim[i];
    }
    return at;
}

static void write_numbers(store *s, const real *reals, const int64_t *ints)
{
    int64_t count = camx__shape_count(&s->tensor.shape);
    for (int64_t i = 0; i < count; i++) {
        if (reals != NULL)
            camx__reals(&s->tensor)[place_of(&s->tensor, i)] = reals[i];
        else
            camx__ints(&s->tensor)[place_of(&s->tensor, i)] = ints[i];
    }
}

static void read_numbers(const store *s, real *reals, int64_t *ints)
{
    int64_t count = camx__shape_count(&s->tensor.shape);
    for (int64_t i = 0; i < count; i++) {
        if (reals != NULL)
            reals[i] = camx__reals(&s->tensor)[place_of(&s->tensor, i)];
        else
            ints[i] = camx__ints(&s->tensor)[place_of(&s->tensor, i)];
    }
}

static void remember(store *s)
{
    memcpy(s->before, s->block, s->bytes + GUARD);
}

/* Fails if anything changed: everywhere, or only outside of the tensor's elements. */
static void check_untouched(const store *s, bool elements_too, const char *line, const char *what)
{
    size_t size = camx__elem_is_real(s->tensor.elem) ? sizeof(real) : sizeof(int64_t);
    unsigned char *own = calloc(s->bytes + 1, 1);
    int64_t count = camx__shape_count(&s->tensor.shape);
    for (int64_t i = 0; !elements_too && i < count; i++)
        memset(own + (size_t)place_of(&s->tensor, i) * size, 1, size);
    for (size_t i = 0; i < s->bytes + GUARD; i++)
        if ((i >= s->bytes || !own[i]) && s->block[i] != s->before[i])
            ck_abort_msg("%s: wrote to %s where it must not, at byte %zu of %zu", line, what, i,
                         s->bytes);
    free(own);
}

/* ---- a run: everything an operator sees ---- */

typedef struct scene {
    store inputs[OP_MAX_TENSORS];
    store outputs[OP_MAX_TENSORS];
    store output_gradients[OP_MAX_TENSORS];
    store input_gradients[OP_MAX_TENSORS];
    /* Tensors with no data where the operator may not look. */
    camx__tensor seen_inputs[OP_MAX_TENSORS];
    camx__tensor seen_outputs[OP_MAX_TENSORS];
    const camx__tensor *input[OP_MAX_TENSORS];
    const camx__tensor *output[OP_MAX_TENSORS];
    camx__zone zone;
    camx__op_settings settings;
    camx__op_prepare prepared;
    unsigned char *scratch;
    unsigned char *packed;
} scene;

static bool weight_is_packed(const op_case *test, const op_run *run)
{
    int weight = test->op->weight_input;
    return run->packed && weight > 0 && weight < test->input_count &&
           !test->inputs[weight].absent && test->inputs[weight].known;
}

static void build_tensors(op_case *test, const op_run *run, scene *s)
{
    layout how = layout_of(test, run->layout);
    for (int i = 0; i < test->input_count; i++) {
        const op_value *value = &test->inputs[i];
        if (value->absent)
            continue;
        int like = value->same_as >= 0 ? value->same_as : i;
        int place = like == 0 ? 0 : 1;
        s->inputs[i] = make_store(value, how.last[place], how.gap[place]);
        write_numbers(&s->inputs[i], value->reals, value->ints);
        s->seen_inputs[i] = s->inputs[like].tensor;
        s->input[i] = &s->seen_inputs[i];
    }
    for (int i = 0; i < test->output_count; i++) {
        const op_value *value = &test->outputs[i];
        s->outputs[i] = make_store(value, how.output_last, how.output_gap);
        s->seen_outputs[i] = s->outputs[i].tensor;
        s->output[i] = &s->seen_outputs[i];
    }
}

static camx_status read_weights(void *context, int64_t first, int64_t count, real *out,
                                camx_error *error)
{
    const op_value *value = context;
    (void)error;
    ck_assert(first >= 0 && first + count <= camx__shape_count(&value->shape));
    memcpy(out, value->reals + first, (size_t)count * sizeof *out);
    return CAMX_OK;
}

static unsigned char *guarded(size_t bytes)
{
    unsigned char *block = aligned_alloc(64, (bytes + GUARD + 63) / 64 * 64);
    ck_assert(block != NULL);
    memset(block, GUARD_BYTE, bytes + GUARD);
    return block;
}

static void check_guard(const unsigned char *block, size_t bytes, const char *line,
                        const char *what)
{
    for (size_t i = 0; block != NULL && i < GUARD; i++)
        if (block[bytes + i] != GUARD_BYTE)
            ck_abort_msg("%s: wrote behind the end of %s (%zu bytes)", line, what, bytes);
}

static camx_status prepare(op_case *test, const op_run *run, bool backward, scene *s,
                           camx_error *error)
{
    bool packed = weight_is_packed(test, run);
    int width = camx__pool_width(run->pool);
    s->settings = (camx__op_settings){.gemm = camx__gemm_get(CAMX_GEMM_AUTO, camx__cpu_isa()),
                                      .workers = width};
    camx__zone_init(&s->zone, &test->memory);
    s->prepared = (camx__op_prepare){.params = test->params,
                                     .settings = &s->settings,
                                     .zone = &s->zone,
                                     .input_count = test->input_count,
                                     .inputs = s->input,
                                     .output_count = test->output_count,
                                     .outputs = s->output,
                                     .packed = packed,
                                     .backward = backward,
                                     .wanted = backward ? run->wanted : 0,
                                     .error = error};
    for (int i = 0; i < test->input_count; i++)
        if (!test->inputs[i].known || (packed && i == test->op->weight_input))
            s->seen_inputs[i].data = NULL;
    if (test->op->prepare != NULL)
        CAMX__FORWARD(test->op->prepare(&s->prepared));
    s->scratch = guarded(s->prepared.scratch_bytes);
    if (packed) {
        op_value *weights = &test->inputs[test->op->weight_input];
        s->packed = guarded(s->prepared.packed_bytes);
        CAMX__FORWARD(test->op->pack(&s->prepared, &test->memory, read_weights, weights, run->scale,
                                     s->packed));
        check_guard(s->packed, s->prepared.packed_bytes, test->line, "the packed weights");
    }
    return CAMX_OK;
}

static void close_scene(op_case *test, scene *s)
{
    if (s->scratch != NULL)
        check_guard(s->scratch, s->prepared.scratch_bytes, test->line, "scratch");
    for (int i = 0; i < OP_MAX_TENSORS; i++) {
        free_store(&s->inputs[i]);
        free_store(&s->outputs[i]);
        free_store(&s->output_gradients[i]);
        free_store(&s->input_gradients[i]);
    }
    camx__zone_free(&s->zone);
    free(s->scratch);
    free(s->packed);
    memset(s, 0, sizeof *s);
}

/* Input i may be read in full again, except for packed weights. */
static void show_input(const op_case *test, scene *s, int i)
{
    int like = test->inputs[i].same_as >= 0 ? test->inputs[i].same_as : i;
    s->seen_inputs[i].data = s->inputs[like].tensor.data;
    if (s->packed != NULL && i == test->op->weight_input)
        s->seen_inputs[i].data = NULL;
}

camx_status op_forward(op_case *test, const op_run *run, camx_error *error)
{
    scene s;
    memset(&s, 0, sizeof s);
    build_tensors(test, run, &s);
    camx_status status = prepare(test, run, false, &s, error);
    camx__op_call call = {.params = test->params,
                          .state = s.prepared.state,
                          .label = "the tested node",
                          .input_count = test->input_count,
                          .inputs = s.input,
                          .output_count = test->output_count,
                          .outputs = s.output,
                          .packed = s.packed,
                          .epilogue = run->epilogue,
                          .scratch = s.scratch,
                          .pool = run->pool,
                          .error = error};
    if (status == CAMX_OK) {
        for (int i = 0; i < test->input_count; i++) {
            if (test->inputs[i].absent)
                continue;
            show_input(test, &s, i);
            remember(&s.inputs[i]);
        }
        for (int i = 0; i < test->output_count; i++)
            remember(&s.outputs[i]);
        if (run->in_place) {
            s.seen_outputs[0] = s.inputs[0].tensor;
            s.outputs[0].tensor.order = s.inputs[0].tensor.order;
        }
        status = test->op->forward(&call);
    }
    for (int i = 0; status == CAMX_OK && i < test->output_count; i++) {
        const store *result = run->in_place && i == 0 ? &s.inputs[0] : &s.outputs[i];
        check_untouched(result, false, test->line, "an output's gaps");
        read_numbers(result, test->outputs[i].reals, test->outputs[i].ints);
    }
    for (int i = 0; status == CAMX_OK && i < test->input_count; i++)
        if (!test->inputs[i].absent && !(run->in_place && i == 0))
            check_untouched(&s.inputs[i], true, test->line, "an input");
    close_scene(test, &s);
    return status;
}

/* ---- backward ---- */

static bool gradient_wanted(const op_case *test, const op_run *run, int i)
{
    return (run->wanted >> i & 1) != 0 && !test->inputs[i].absent;
}

/* What is in the gradient before: numbers to add to, or NaN that must be overwritten. */
static void fill_gradient(store *s, bool accumulate)
{
    int64_t count = camx__shape_count(&s->tensor.shape);
    for (int64_t i = 0; i < count; i++)
        camx__reals(&s->tensor)[place_of(&s->tensor, i)] =
            accumulate ? (real)(0.25 * (double)(i % 7)) : (real)NAN;
}

static void build_gradients(op_case *test, const op_run *run, real *const *seeds, scene *s,
                            const camx__tensor **gy, const camx__tensor **gx, bool *accumulate)
{
    layout how = layout_of(test, run->layout);
    for (int i = 0; i < test->output_count; i++) {
        if (!camx__elem_is_real(test->outputs[i].elem))
            continue;
        s->output_gradients[i] = make_store(&test->outputs[i], how.output_last, how.output_gap);
        write_numbers(&s->output_gradients[i], seeds[i], NULL);
        remember(&s->output_gradients[i]);
        gy[i] = &s->output_gradients[i].tensor;
    }
    for (int i = 0; i < test->input_count; i++) {
        int like = test->inputs[i].same_as >= 0 ? test->inputs[i].same_as : i;
        if (!gradient_wanted(test, run, i))
            continue;
        accumulate[i] = run->accumulate || like != i;
        if (like == i) {
            s->input_gradients[i] =
                make_store(&test->inputs[i], how.last[i == 0 ? 0 : 1], how.gap[i == 0 ? 0 : 1]);
            fill_gradient(&s->input_gradients[i], run->accumulate);
            remember(&s->input_gradients[i]);
        }
        gx[i] = &s->input_gradients[like].tensor;
    }
}

/* Gives the operator exactly the numbers that it said it reads. */
static void show_saved(const op_case *test, const op_run *run, scene *s)
{
    unsigned saves = test->op->saves != NULL ? test->op->saves(test->params, run->wanted) : 0;
    for (int i = 0; i < test->input_count; i++) {
        if (test->inputs[i].absent)
            continue;
        s->seen_inputs[i].data = NULL;
        if ((saves & CAMX__SAVE_INPUT(i)) != 0 || (saves & CAMX__SAVE_ALL_INPUTS) != 0)
            show_input(test, s, i);
    }
    for (int i = 0; i < test->output_count; i++) {
        s->seen_outputs[i].data = NULL;
        if ((saves & CAMX__SAVE_OUTPUT(i)) != 0) {
            s->seen_outputs[i].data = s->outputs[i].tensor.data;
            write_numbers(&s->outputs[i], test->outputs[i].reals, test->outputs[i].ints);
        }
    }
}

static void take_gradients(op_case *test, const op_run *run, scene *s)
{
    for (int i = 0; i < test->input_count; i++) {
        if (s->input_gradients[i].block == NULL)
            continue;
        check_untouched(&s->input_gradients[i], false, test->line, "a gradient's gaps");
        read_numbers(&s->input_gradients[i], test->gradients[i], NULL);
        int64_t count = camx__shape_count(&test->inputs[i].shape);
        for (int64_t k = 0; run->accumulate && k < count; k++)
            test->gradients[i][k] -= (real)(0.25 * (double)(k % 7));
    }
    for (int i = 0; i < test->output_count; i++)
        if (s->output_gradients[i].block != NULL)
            check_untouched(&s->output_gradients[i], true, test->line, "the gradient of an output");
}

camx_status op_backward(op_case *test, const op_run *run, real *const *seeds, camx_error *error)
{
    scene s;
    const camx__tensor *gy[OP_MAX_TENSORS] = {NULL};
    const camx__tensor *gx[OP_MAX_TENSORS] = {NULL};
    bool accumulate[OP_MAX_TENSORS] = {false};
    memset(&s, 0, sizeof s);
    build_tensors(test, run, &s);
    camx_status status = prepare(test, run, true, &s, error);
    build_gradients(test, run, seeds, &s, gy, gx, accumulate);
    show_saved(test, run, &s);
    camx__op_gradient gradient = {.params = test->params,
                                  .state = s.prepared.state,
                                  .label = "the tested node",
                                  .input_count = test->input_count,
                                  .inputs = s.input,
                                  .output_count = test->output_count,
                                  .outputs = s.output,
                                  .output_gradients = gy,
                                  .input_gradients = gx,
                                  .accumulate = accumulate,
                                  .packed = s.packed,
                                  .scratch = s.scratch,
                                  .pool = run->pool,
                                  .error = error};
    if (status == CAMX_OK)
        status = test->op->backward(&gradient);
    if (status == CAMX_OK)
        take_gradients(test, run, &s);
    close_scene(test, &s);
    return status;
}
