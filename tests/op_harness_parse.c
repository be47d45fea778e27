/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the lines of op_harness.h, and binding. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "op_harness_case.h"

double op_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53;
}

/* ---- characters ---- */

typedef struct reader {
    const char *line;
    const char *at;
} reader;

static void broken(const reader *r, const char *what)
{
    ck_abort_msg("\"%s\": %s at \"%s\"", r->line, what, r->at);
}

static void skip_blanks(reader *r)
{
    while (*r->at == ' ' || *r->at == '\n')
        r->at++;
}

static bool take(reader *r, char wanted)
{
    if (*r->at != wanted)
        return false;
    r->at++;
    return true;
}

static void take_word(reader *r, char *word, size_t size)
{
    size_t length = strcspn(r->at, " =;'\n");
    if (length == 0 || length >= size)
        broken(r, "a name should be here");
    memcpy(word, r->at, length);
    word[length] = '\0';
    r->at += length;
}

/* A number, and whether it was written as a float. */
static double take_number(reader *r, bool *is_float)
{
    char *end;
    double value = strtod(r->at, &end);
    if (end == r->at)
        broken(r, "a number should be here");
    /* "1..2" is a range: the number ends before the first of two points. */
    const char *range = strstr(r->at, "..");
    if (range != NULL && range < end)
        end = (char *)(uintptr_t)range;
    *is_float = false;
    for (const char *c = r->at; c < end; c++)
        *is_float = *is_float || *c == '.' || *c == 'e' || *c == 'n';
    r->at = end;
    return value;
}

static int64_t take_integer(reader *r)
{
    char *end;
    long long value = strtoll(r->at, &end, 10);
    if (end == r->at)
        broken(r, "an integer should be here");
    r->at = end;
    return value;
}

/* ---- attributes ---- */

static void take_list(reader *r, op_case *test, int number, camx__onnx_attribute *attribute)
{
    bool floats = false;
    while (!take(r, ']')) {
        bool is_float;
        const char *start = r->at;
        if (attribute->count == OP_MAX_NUMBERS)
            broken(r, "the list is too long");
        test->floats[number][attribute->count] = (float)take_number(r, &is_float);
        test->ints[number][attribute->count] = strtoll(start, NULL, 10);
        attribute->count++;
        floats = floats || is_float;
        (void)take(r, ',');
    }
    attribute->kind = floats ? CAMX__ONNX_KIND_FLOATS : CAMX__ONNX_KIND_INTS;
    attribute->floats = test->floats[number];
    attribute->ints = test->ints[number];
}

static void take_value(reader *r, op_case *test, int number, camx__onnx_attribute *attribute)
{
    bool is_float;
    if (take(r, '[')) {
        take_list(r, test, number, attribute);
    } else if (take(r, '\'')) {
        size_t length = strcspn(r->at, "'");
        ck_assert(length < sizeof test->texts[number]);
        memcpy(test->texts[number], r->at, length);
        r->at += length + 1;
        attribute->kind = CAMX__ONNX_KIND_STRING;
        attribute->s = (camx__onnx_text){test->texts[number], length};
    } else {
        const char *start = r->at;
        double value = take_number(r, &is_float);
        attribute->kind = is_float ? CAMX__ONNX_KIND_FLOAT : CAMX__ONNX_KIND_INT;
        attribute->f = (float)value;
        attribute->i = strtoll(start, NULL, 10);
    }
}

static void take_attributes(reader *r, op_case *test)
{
    for (skip_blanks(r); !take(r, ';'); skip_blanks(r)) {
        int number = (int)test->node.attribute_count;
        camx__onnx_attribute *attribute = &test->attributes[number];
        ck_assert_msg(number < OP_MAX_ATTRIBUTES, "%s: too many attributes", test->line);
        memset(attribute, 0, sizeof *attribute);
        take_word(r, test->names[number], sizeof test->names[number]);
        attribute->name = test->names[number];
        if (!take(r, '='))
            broken(r, "'=' should be here");
        take_value(r, test, number, attribute);
        if (strcmp(attribute->name, "opset") == 0)
            test->opset = (int)attribute->i;
        else if (strcmp(attribute->name, "outputs") == 0)
            test->output_count = (int)attribute->i;
        else
            test->node.attribute_count++;
    }
}

/* ---- inputs ---- */

static void make_room(op_value *value)
{
    size_t count = (size_t)camx__shape_count(&value->shape) + 1;
    free(value->reals);
    free(value->ints);
    value->reals = NULL;
    value->ints = NULL;
    if (camx__elem_is_real(value->elem))
        value->reals = calloc(count, sizeof *value->reals);
    else
        value->ints = calloc(count, sizeof *value->ints);
    ck_assert(value->reals != NULL || value->ints != NULL);
}

/* Equally spaced numbers in random order: no two are near each other, none lies on a round
 * number. */
static void fill_random(op_value *value, double low, double high, uint64_t *seed)
{
    int64_t count = camx__shape_count(&value->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t j = (int64_t)(op_random(seed) * (double)(i + 1));
        double number = low + (high - low) * ((double)i + 0.3719) / (double)count;
        if (value->reals != NULL) {
            value->reals[i] = value->reals[j];
            value->reals[j] = (real)number;
        } else {
            value->ints[i] = value->ints[j];
            value->ints[j] = (int64_t)number;
        }
    }
}

static void take_numbers(reader *r, op_value *value, uint64_t *seed)
{
    bool is_float;
    int64_t count = camx__shape_count(&value->shape);
    if (!take(r, '{')) {
        fill_random(value, -1, 1, seed);
        return;
    }
    for (int64_t i = 0; !take(r, '}'); i++) {
        const char *start = r->at;
        double number = take_number(r, &is_float);
        if (r->at[0] == '.' && r->at[1] == '.') {
            r->at += 2;
            fill_random(value, number, take_number(r, &is_float), seed);
            continue;
        }
        if (i >= count)
            broken(r, "there are more numbers than elements");
        if (value->reals != NULL)
            value->reals[i] = (real)number;
        else
            value->ints[i] = strtoll(start, NULL, 10);
        (void)take(r, ',');
    }
}

static camx__elem take_elem(reader *r)
{
    static const char letters[] = "ijub";
    static const camx__elem elems[] = {CAMX__ELEM_INT64, CAMX__ELEM_INT32, CAMX__ELEM_UINT8,
                                       CAMX__ELEM_BOOL};
    for (int i = 0; i < 4; i++)
        if (take(r, letters[i]))
            return elems[i];
    return CAMX__ELEM_FLOAT;
}

static void take_input(reader *r, op_case *test, uint64_t *seed)
{
    op_value *value = &test->inputs[test->input_count++];
    value->same_as = -1;
    if (take(r, '-')) {
        value->absent = true;
        return;
    }
    if (take(r, '=')) {
        int like = (int)take_integer(r);
        *value = test->inputs[like];
        value->reals = NULL;
        value->ints = NULL;
        make_room(value);
        memcpy(value->reals, test->inputs[like].reals,
               (size_t)camx__shape_count(&value->shape) * sizeof(real));
        value->same_as = like;
        return;
    }
    value->elem = take_elem(r);
    value->wanted = camx__elem_is_real(value->elem);
    if (!take(r, '['))
        broken(r, "'[' should be here");
    while (!take(r, ']')) {
        value->shape.dim[value->shape.rank++] = take_integer(r);
        (void)take(r, ',');
    }
    value->known = take(r, 'k');
    if (value->known || take(r, 'n'))
        value->wanted = false;
    make_room(value);
    take_numbers(r, value, seed);
}

/* ---- binding ---- */

static camx_status bind_case(op_case *test, camx_error *error)
{
    camx__tensor tensors[OP_MAX_TENSORS];
    camx__tensor results[OP_MAX_TENSORS];
    const camx__tensor *inputs[OP_MAX_TENSORS] = {NULL};
    camx__tensor *outputs[OP_MAX_TENSORS];
    camx__op_bind bind = {.file = &test->file,
                          .node = &test->node,
                          .label = "the tested node",
                          .opset = test->opset,
                          .zone = &test->zone,
                          .input_count = test->input_count,
                          .inputs = inputs,
                          .output_count = test->output_count,
                          .outputs = outputs,
                          .error = error};
    memset(results, 0, sizeof results);
    for (int i = 0; i < test->input_count; i++) {
        const op_value *value = &test->inputs[i];
        tensors[i] = (camx__tensor){.shape = value->shape, .elem = value->elem};
        if (value->known)
            tensors[i].data = value->reals != NULL ? (void *)value->reals : (void *)value->ints;
        inputs[i] = value->absent ? NULL : &tensors[i];
    }
    for (int i = 0; i < test->output_count; i++)
        outputs[i] = &results[i];
    CAMX__FORWARD(test->op->bind(&bind));
    test->params = bind.params;
    for (int i = 0; i < test->output_count; i++) {
        test->outputs[i].shape = results[i].shape;
        test->outputs[i].elem = results[i].elem;
        test->outputs[i].same_as = -1;
        ck_assert_msg(results[i].elem != CAMX__ELEM_NONE, "%s: output %d got no type", test->line,
                      i);
        make_room(&test->outputs[i]);
    }
    return CAMX_OK;
}

op_case *op_open(const char *line, camx_status *status, camx_error *error)
{
    op_case *test = calloc(1, sizeof *test);
    reader r = {line, line};
    uint64_t seed = 12345;
    ck_assert(test != NULL);
    camx__memory_init(&test->memory, NULL, 0);
    camx__zone_init(&test->zone, &test->memory);
    test->line = line;
    test->opset = 17;
    test->output_count = 1;
    take_word(&r, test->name, sizeof test->name);
    test->op = camx__op_find(test->name);
    ck_assert_msg(test->op != NULL, "\"%s\": there is no such operator", line);
    test->node = (camx__onnx_node){.name = "tested",
                                   .op_type = test->name,
                                   .domain = "",
                                   .attributes = test->attributes,
                                   .inputs = test->ids,
                                   .outputs = test->ids};
    take_attributes(&r, test);
    for (skip_blanks(&r); *r.at != '\0'; skip_blanks(&r)) {
        ck_assert_msg(test->input_count < OP_MAX_TENSORS, "%s: too many inputs", line);
        take_input(&r, test, &seed);
    }
    ck_assert_msg(test->input_count >= test->op->min_inputs &&
                      test->input_count <= test->op->max_inputs,
                  "%s: %d inputs", line, test->input_count);
    test->node.input_count = (uint32_t)test->input_count;
    test->node.output_count = (uint32_t)test->output_count;
    test->file.name = "test";
    test->file.opset = test->opset;
    *status = bind_case(test, error);
    for (int i = 0; i < test->input_count; i++)
        if (!test->inputs[i].absent)
            test->gradients[i] =
                calloc((size_t)camx__shape_count(&test->inputs[i].shape) + 1, sizeof(real));
    return test;
}

void op_close(op_case *test)
{
    for (int i = 0; i < OP_MAX_TENSORS; i++) {
        free(test->inputs[i].reals);
        free(test->inputs[i].ints);
        free(test->outputs[i].reals);
        free(test->outputs[i].ints);
        free(test->gradients[i]);
    }
    camx__zone_free(&test->zone);
    ck_assert_uint_eq(atomic_load(&test->memory.blocks), 0);
    free(test);
}

void op_check_refusal(const op_refusal *r)
{
    camx_status status;
    camx_error error;
    memset(&error, 0, sizeof error);
    op_case *test = op_open(r->line, &status, &error);
    ck_assert_msg(status == r->status, "%s: status %d instead of %d (%s)", r->line, status,
                  r->status, error.message);
    if (status != CAMX_OK) {
        ck_assert_msg(strstr(error.message, r->sentence) != NULL, "%s: \"%s\" does not say \"%s\"",
                      r->line, error.message, r->sentence);
        ck_assert_msg(strncmp(error.message, "test: the tested node: ", 23) == 0,
                      "%s: \"%s\" does not say where", r->line, error.message);
    }
    op_close(test);
}
