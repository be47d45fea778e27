/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a case, runs it in every way, compares. */
#include "node_case.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"
#include "run/runner.h"

#define MAX_TENSORS 32

typedef struct test_case {
    const char *folder;
    camx__memory memory;
    camx__onnx_file *file;
    camx__pool *pool;
    int inputs;
    int outputs;
    camx__tensor input[MAX_TENSORS];
    camx__tensor output[MAX_TENSORS]; /* as they should be */
    char *reason;
    size_t reason_size;
} test_case;

static bool fail(test_case *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(test_case *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(t->reason, t->reason_size, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- files ---- */

unsigned char *node_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = NULL;
    long end;
    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (end = ftell(file)) >= 0 &&
        fseek(file, 0, SEEK_SET) == 0) {
        *size = (size_t)end;
        bytes = malloc(*size + 1);
        if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

/* ---- tensors ---- */

static size_t put_varint(unsigned char *to, size_t value)
{
    size_t length = 0;
    for (; value >= 128; value >>= 7)
        to[length++] = (unsigned char)(value | 128);
    to[length++] = (unsigned char)value;
    return length;
}

/* Puts a field of `size` bytes in front of what ends at `end` and is `size` bytes long. Returns its
 * new length. */
static size_t wrap(unsigned char *end, size_t size, unsigned field)
{
    unsigned char head[16];
    head[0] = (unsigned char)(field << 3 | 2);
    size_t length = 1 + put_varint(head + 1, size);
    memcpy(end - size - length, head, length);
    return size + length;
}

static size_t put_before(unsigned char *end, size_t size, const char *bytes, size_t count)
{
    memcpy(end - size - count, bytes, count);
    return size + count;
}

/* The library reads models, so the tensor becomes the value of a Constant in a model with nothing
 * else. */
static unsigned char *model_around(const unsigned char *tensor, size_t tensor_size, size_t *size)
{
    enum { ROOM = 256 };
    static const char attribute[] = "\x0a\x05value";     /* name */
    static const char attribute_type[] = "\xa0\x01\x04"; /* type: a tensor */
    static const char node[] = "\x12\x01y\x22\x08"
                               "Constant";                  /* output, op_type */
    static const char graph[] = "\x62\x03\x0a\x01y";        /* output */
    static const char model[] = "\x08\x08\x42\x02\x10\x0d"; /* ir_version 8, opset 13 */
    unsigned char *bytes = malloc(tensor_size + ROOM);
    if (bytes == NULL)
        return NULL;
    unsigned char *end = bytes + tensor_size + ROOM;
    memcpy(end - tensor_size, tensor, tensor_size);
    size_t length = wrap(end, tensor_size, 5);
    length = put_before(end, length, attribute, sizeof attribute - 1);
    length = put_before(end, length, attribute_type, sizeof attribute_type - 1);
    length = wrap(end, length, 5);
    length = put_before(end, length, node, sizeof node - 1);
    length = wrap(end, length, 1);
    length = put_before(end, length, graph, sizeof graph - 1);
    length = wrap(end, length, 7);
    length = put_before(end, length, model, sizeof model - 1);
    memmove(bytes, end - length, length);
    *size = length;
    return bytes;
}

static bool copy_tensor(test_case *t, const camx__onnx_file *file, const char *path,
                        camx__tensor *tensor)
{
    const camx__onnx_attribute *value = camx__onnx_find(&file->nodes[0], "value");
    camx_error error;
    if (value == NULL || value->kind != CAMX__ONNX_KIND_TENSOR)
        return fail(t, "%s holds no tensor", path);
    memset(tensor, 0, sizeof *tensor);
    tensor->elem = (camx__elem)value->tensor->elem;
    tensor->shape.rank = (int)value->tensor->rank;
    memcpy(tensor->shape.dim, value->tensor->dims, sizeof tensor->shape.dim);
    int64_t count = value->tensor->count;
    tensor->data = calloc((size_t)count + 1, sizeof(int64_t));
    if (tensor->data == NULL)
        return fail(t, "no memory for %s", path);
    camx_status status =
        camx__elem_is_real(tensor->elem)
            ? camx__onnx_read_reals(file, value->tensor, 0, count, camx__reals(tensor), &error)
            : camx__onnx_read_ints(file, value->tensor, 0, count, camx__ints(tensor), &error);
    return status == CAMX_OK || fail(t, "%s: %s", path, error.message);
}

static bool load_tensor(test_case *t, const char *path, camx__tensor *tensor)
{
    size_t size = 0;
    size_t whole = 0;
    unsigned char *bytes = node_read_file(path, &size);
    unsigned char *model = bytes != NULL ? model_around(bytes, size, &whole) : NULL;
    camx_model_options options;
    camx__onnx_file *file = NULL;
    camx_error error;
    bool done = false;
    free(bytes);
    if (model == NULL)
        return fail(t, "%s cannot be read", path);
    camx_model_options_init(&options);
    if (camx__onnx_open(&t->memory, NULL, model, whole, &options, &file, &error) == CAMX_OK)
        done = copy_tensor(t, file, path, tensor);
    else
        fail(t, "%s: %s", path, error.message);
    camx__onnx_close(file);
    free(model);
    return done;
}

/* input_0.pb, input_1.pb, ... or the outputs. */
static bool load_tensors(test_case *t, int set, const char *kind, camx__tensor *tensors, int *count)
{
    char path[600];
    FILE *file;
    for (*count = 0; *count < MAX_TENSORS; ++*count) {
        snprintf(path, sizeof path, "%s/test_data_set_%d/%s_%d.pb", t->folder, set, kind, *count);
        file = fopen(path, "rb");
        if (file == NULL)
            return true;
        fclose(file);
        if (!load_tensor(t, path, &tensors[*count]))
            return false;
    }
    return fail(t, "there are too many tensors");
}

static void free_tensors(test_case *t)
{
    for (int i = 0; i < MAX_TENSORS; i++) {
        free(t->input[i].data);
        free(t->output[i].data);
        t->input[i].data = NULL;
        t->output[i].data = NULL;
    }
}

/* ---- comparing: the tolerances of ONNX's own runner ---- */

static bool close_enough(double found, double expected)
{
    if (isnan(expected) || isnan(found))
        return isnan(expected) && isnan(found);
    if (isinf(expected) || isinf(found))
        return found == expected;
    return fabs(found - expected) <= 1e-7 + 1e-3 * fabs(expected);
}

static bool compare(test_case *t, int which, const camx__tensor *found, const char *way)
{
    const camx__tensor *expected = &t->output[which];
    char text[2][160];
    if (found->elem != expected->elem || !camx__shape_equal(&found->shape, &expected->shape))
        return fail(t, "%s: output %d is %s %s instead of %s %s", way, which,
                    camx__elem_name(found->elem),
                    camx__shape_text(&found->shape, text[0], sizeof text[0]),
                    camx__elem_name(expected->elem),
                    camx__shape_text(&expected->shape, text[1], sizeof text[1]));
    camx__tensor plain = *found;
    int64_t count = camx__shape_count(&found->shape);
    bool good = true;
    plain.order = CAMX__PLAIN;
    plain.pitch = 0;
    plain.data = calloc((size_t)count + 1, sizeof(int64_t));
    if (plain.data == NULL)
        return fail(t, "no memory for output %d", which);
    if (count > 0)
        camx__rows_copy(NULL, found, &plain);
    for (int64_t i = 0; good && i < count; i++) {
        if (camx__elem_is_real(plain.elem))
            good = close_enough((double)camx__reals(&plain)[i], (double)camx__reals(expected)[i]) ||
                   fail(t, "%s: output %d, element %lld is %.9g instead of %.9g", way, which,
                        (long long)i, (double)camx__reals(&plain)[i],
                        (double)camx__reals(expected)[i]);
        else
            good = camx__ints(&plain)[i] == camx__ints(expected)[i] ||
                   fail(t, "%s: output %d, element %lld is %lld instead of %lld", way, which,
                        (long long)i, (long long)camx__ints(&plain)[i],
                        (long long)camx__ints(expected)[i]);
    }
    free(plain.data);
    return good;
}

/* ---- running ---- */

static bool run_program(test_case *t, const camx__program *program, const camx__tensor *known,
                        const char *way)
{
    camx__runner runner;
    camx_error error;
    bool good = true;
    camx__runner_init(&runner, &t->memory, t->pool);
    camx_status status = camx__runner_load(&runner, program, &error);
    for (int i = 0; status == CAMX_OK && i < t->inputs; i++) {
        const camx__tensor *to = camx__runner_input(&runner, i);
        if (to != NULL && known[i].data == NULL && camx__shape_count(&to->shape) > 0)
            camx__rows_copy(NULL, &t->input[i], to);
    }
    if (status == CAMX_OK)
        status = camx__runner_forward(&runner, &error);
    if (status != CAMX_OK)
        good = fail(t, "%s: running: %s", way, error.message);
    for (int i = 0; good && i < t->outputs; i++) {
        const camx__tensor *value = camx__runner_value(&runner, t->file->outputs[i].value);
        good = value != NULL ? compare(t, i, value, way)
                             : fail(t, "%s: output %d is not computed", way, i);
    }
    camx__runner_close(&runner);
    return good;
}

static bool run_graph(test_case *t, camx__graph *graph, const camx__tensor *known, bool fusion,
                      const char *way)
{
    int keep[MAX_TENSORS];
    camx__weights weights;
    camx__program *program = NULL;
    camx_error error;
    camx__demand demand = {.keep = keep, .keep_count = t->outputs, .fusion = fusion};
    char full[80];
    demand.settings.gemm = camx__gemm_get(CAMX_GEMM_AUTO, camx__cpu_isa());
    demand.settings.workers = camx__pool_width(t->pool);
    for (int i = 0; i < t->outputs; i++)
        keep[i] = t->file->outputs[i].value;
    snprintf(full, sizeof full, "%s, fusion %s", way, fusion ? "on" : "off");
    camx__weights_init(&weights, &t->memory);
    bool good =
        camx__program_plan(graph, &weights, &demand, &t->memory, &program, &error) == CAMX_OK ||
        fail(t, "%s: planning: %s", full, error.message);
    good = good && run_program(t, program, known, full);
    camx__program_free(program);
    camx__weights_free(&weights);
    return good;
}

/* *bound: the graph could be bound. False if it was and the numbers are wrong, or if it cannot be
 * for a reason that does not go away when more inputs are known. */
static bool try_known(test_case *t, const camx__tensor *known, const char *way, bool *bound)
{
    camx__shape shapes[MAX_TENSORS];
    camx__graph *graph = NULL;
    camx_error error;
    for (int i = 0; i < t->inputs; i++)
        shapes[i] = t->input[i].shape;
    camx_status status = camx__graph_bind_known(t->file, &t->memory, shapes, known, &graph, &error);
    if (status != CAMX_OK) {
        fail(t, "%s: %s", way, error.message);
        return status == CAMX_E_UNSUPPORTED;
    }
    *bound = true;
    bool good = run_graph(t, graph, known, true, way) && run_graph(t, graph, known, false, way);
    camx__graph_free(graph);
    return good;
}

/* Ways to know inputs, from nothing to everything. */
static bool is_known(const test_case *t, int way, int input)
{
    bool integer = !camx__elem_is_real(t->input[input].elem);
    return way == 3 || (way == 2 && input > 0) || (way == 1 && integer);
}

static bool run_ways(test_case *t)
{
    static const char *const names[] = {"all inputs free", "integers known", "the first input free",
                                        "all known"};
    unsigned tried[4];
    bool bound = false;
    for (int way = 0; way < 4; way++) {
        camx__tensor known[MAX_TENSORS] = {{.data = NULL}};
        bool again = false;
        tried[way] = 0;
        for (int i = 0; i < t->inputs; i++)
            if (is_known(t, way, i)) {
                known[i] = t->input[i];
                tried[way] |= 1u << i;
            }
        for (int before = 0; before < way; before++)
            again = again || tried[before] == tried[way];
        if (!again && !try_known(t, known, names[way], &bound))
            return false;
    }
    return bound;
}

/* ---- a case ---- */

static bool check_ports(test_case *t)
{
    if (t->inputs != (int)t->file->input_count || t->outputs != (int)t->file->output_count)
        return fail(t, "there are %d inputs and %d outputs for a graph with %u and %u", t->inputs,
                    t->outputs, t->file->input_count, t->file->output_count);
    for (int i = 0; i < t->inputs; i++)
        if (t->file->inputs[i].elem != (int32_t)t->input[i].elem)
            return fail(t, "input %d is %s, but declared as %s", i,
                        camx__elem_name(t->input[i].elem),
                        camx__elem_name(t->file->inputs[i].elem));
    return true;
}

static bool has_set(const test_case *t, int set)
{
    char path[600];
    snprintf(path, sizeof path, "%s/test_data_set_%d/output_0.pb", t->folder, set);
    FILE *file = fopen(path, "rb");
    if (file != NULL)
        fclose(file);
    return file != NULL;
}

static bool run_set(test_case *t, int set)
{
    bool good = load_tensors(t, set, "input", t->input, &t->inputs) &&
                load_tensors(t, set, "output", t->output, &t->outputs) && check_ports(t) &&
                run_ways(t);
    free_tensors(t);
    return good;
}

static bool run_sets(test_case *t)
{
    int sets = 0;
    for (; has_set(t, sets); sets++)
        if (!run_set(t, sets))
            return false;
    return sets > 0 || fail(t, "there is no set of test data");
}

bool node_case_run(const char *folder, char *reason, size_t size)
{
    test_case t = {.folder = folder, .reason = reason, .reason_size = size};
    char path[600];
    camx_model_options options;
    camx_error error;
    reason[0] = '\0';
    camx__memory_init(&t.memory, NULL, 0);
    camx_model_options_init(&options);
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    bool good = camx__pool_open(&t.memory, 2, NULL, NULL, &t.pool, &error) == CAMX_OK &&
                camx__onnx_open(&t.memory, path, NULL, 0, &options, &t.file, &error) == CAMX_OK;
    if (!good)
        fail(&t, "%s", error.message);
    good = good && run_sets(&t);
    camx__onnx_close(t.file);
    camx__pool_release(t.pool);
    if (good && t.memory.blocks != 0)
        good = fail(&t, "%zu blocks of memory were not freed", t.memory.blocks);
    return good;
}
