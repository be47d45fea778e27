/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as records, and everything that a graph must not be. */
#include <stdio.h>

#include "onnx_support.h"

/* --- what a good file becomes -------------------------------------------------------- */

static const char *value_name(const camx__onnx_file *file, int32_t id)
{
    return id < 0 ? "-" : file->values[id].name;
}

START_TEST(records)
{
    onnx_bytes bytes = small_model();
    opened it;

    open_good(&it, &bytes);
    const camx__onnx_file *file = it.file;
    ck_assert_int_eq(file->ir_version, 8);
    ck_assert_int_eq(file->opset, 17);
    ck_assert_str_eq(file->producer_name, "hand");
    ck_assert_str_eq(file->producer_version, "1.0");
    ck_assert_uint_eq(file->node_count, 5);
    ck_assert_uint_eq(file->initialiser_count, 2);
    ck_assert_uint_eq(file->initialiser_bytes, 18 * 4 + 2 * 8);
    ck_assert_uint_eq(file->input_count, 1);
    ck_assert_uint_eq(file->output_count, 1);
    ck_assert_uint_eq(file->value_count, 8);
    ck_assert_str_eq(camx__onnx_metadata_text(file, "camx.labels"), "cat\ndog");
    ck_assert_ptr_null(camx__onnx_metadata_text(file, "camx.mean"));
    ck_assert_str_eq(value_name(file, file->inputs[0].value), "x");
    ck_assert_int_eq(file->inputs[0].elem, CAMX__ONNX_FLOAT);
    ck_assert(file->inputs[0].has_shape);
    ck_assert_uint_eq(file->inputs[0].rank, 4);
    ck_assert_int_eq(file->inputs[0].dims[0], -1);
    ck_assert_int_eq(file->inputs[0].dims[3], 4);
    ck_assert_str_eq(value_name(file, file->outputs[0].value), "y");
    close_opened(&it);
}
END_TEST

START_TEST(nodes_and_values)
{
    onnx_bytes bytes = small_model();
    opened it;

    open_good(&it, &bytes);
    const camx__onnx_file *file = it.file;
    const camx__onnx_node *conv = &file->nodes[0];
    ck_assert_str_eq(conv->name, "conv1");
    ck_assert_str_eq(conv->op_type, "Conv");
    ck_assert_str_eq(conv->domain, "");
    ck_assert_uint_eq(conv->input_count, 3);
    ck_assert_int_eq(conv->inputs[2], -1);
    ck_assert_str_eq(value_name(file, conv->inputs[1]), "kernel");
    const camx__onnx_value *kernel = &file->values[conv->inputs[1]];
    ck_assert_int_eq(kernel->node, -1);
    ck_assert_str_eq(file->initialisers[kernel->initialiser].name, "kernel");
    const camx__onnx_value *x = &file->values[conv->inputs[0]];
    ck_assert_int_eq(x->input, 0);
    ck_assert_int_eq(x->initialiser, -1);
    const camx__onnx_value *m = &file->values[camx__onnx_value_id(file, "m")];
    ck_assert_int_eq(m->node, 3);
    ck_assert_int_eq(m->output, 0);
    ck_assert_int_eq(camx__onnx_value_id(file, "nobody"), -1);
    ck_assert_int_eq(camx__onnx_value_id(file, ""), -1);
    close_opened(&it);
}
END_TEST

START_TEST(attributes)
{
    onnx_bytes bytes = small_model();
    opened it;
    real two = 0;

    open_good(&it, &bytes);
    const camx__onnx_node *nodes = it.file->nodes;
    const camx__onnx_attribute *pads = camx__onnx_find(&nodes[0], "pads");
    ck_assert_int_eq(pads->kind, CAMX__ONNX_KIND_INTS);
    ck_assert_uint_eq(pads->count, 4);
    ck_assert_int_eq(pads->ints[3], 1);
    ck_assert_int_eq(camx__onnx_find(&nodes[0], "group")->i, 1);
    ck_assert_str_eq(camx__onnx_find(&nodes[0], "auto_pad")->s.text, "NOTSET");
    ck_assert_uint_eq(camx__onnx_find(&nodes[0], "auto_pad")->s.length, 6);
    ck_assert(camx__onnx_find(&nodes[1], "alpha")->f == 0.25F);
    ck_assert_ptr_null(camx__onnx_find(&nodes[0], "alpha"));
    const camx__onnx_tensor *value = camx__onnx_find(&nodes[2], "value")->tensor;
    ck_assert_uint_eq(value->rank, 0);
    ck_assert_int_eq(camx__onnx_read_reals(it.file, value, 0, 1, &two, NULL), CAMX_OK);
    ck_assert((double)two == 2.5);
    close_opened(&it);
}
END_TEST

/* A node with this one attribute message. */
static onnx_bytes model_with_attribute(onnx_bytes *attribute)
{
    onnx_writer w;

    onnx_writer_begin(&w, 8, 17);
    onnx_writer_input(&w, "x", 1, 1, (int64_t[]){1});
    onnx_writer_node(&w, "Op", "n", "x", "y");
    onnx_field_message(&w.node, 5, attribute);
    return onnx_writer_end(&w);
}

START_TEST(attribute_lists)
{
    onnx_bytes a = onnx_attribute_head("a", 7);
    opened it;

    onnx_field_packed(&a, 8, 3, (int64_t[]){1, -2, 3}); /* packed and single elements mixed */
    onnx_field_varint(&a, 8, 4);
    onnx_bytes bytes = model_with_attribute(&a);
    open_good(&it, &bytes);
    ck_assert_uint_eq(it.file->nodes[0].attributes[0].count, 4);
    ck_assert_int_eq(it.file->nodes[0].attributes[0].ints[1], -2);
    ck_assert_int_eq(it.file->nodes[0].attributes[0].ints[3], 4);
    close_opened(&it);
    a = onnx_attribute_head("a", 6);
    onnx_field_float(&a, 7, 1.5F);
    onnx_field_bytes(&a, 7, "\0\0\0\x40", 4);
    bytes = model_with_attribute(&a);
    open_good(&it, &bytes);
    ck_assert_uint_eq(it.file->nodes[0].attributes[0].count, 2);
    ck_assert(it.file->nodes[0].attributes[0].floats[1] == 2.0F);
    close_opened(&it);
    a = onnx_attribute_head("a", 8);
    onnx_field_text(&a, 9, "one");
    onnx_field_bytes(&a, 9, "t\0o", 3);
    bytes = model_with_attribute(&a);
    open_good(&it, &bytes);
    ck_assert_uint_eq(it.file->nodes[0].attributes[0].count, 2);
    ck_assert_str_eq(it.file->nodes[0].attributes[0].strings[0].text, "one");
    ck_assert_uint_eq(it.file->nodes[0].attributes[0].strings[1].length, 3);
    close_opened(&it);
}
END_TEST

/* Old files do not say the kind; writers of proto3 leave zeros out. */
START_TEST(attribute_kinds)
{
    onnx_bytes a = {NULL, 0, 0};
    opened it;

    onnx_field_text(&a, 1, "a");
    onnx_field_varint(&a, 3, 9);
    onnx_bytes bytes = model_with_attribute(&a);
    open_good(&it, &bytes);
    ck_assert_int_eq(it.file->nodes[0].attributes[0].kind, CAMX__ONNX_KIND_INT);
    ck_assert_int_eq(it.file->nodes[0].attributes[0].i, 9);
    close_opened(&it);
    for (uint64_t kind = 1; kind <= 8; kind++) {
        if (kind == 4 || kind == 5)
            continue;
        a = onnx_attribute_head("a", kind);
        bytes = model_with_attribute(&a);
        open_good(&it, &bytes);
        const camx__onnx_attribute *found = &it.file->nodes[0].attributes[0];
        ck_assert_int_eq(found->kind, (int32_t)kind);
        ck_assert_int_eq(found->i, 0);
        ck_assert(found->f == 0);
        ck_assert_str_eq(found->s.text, "");
        ck_assert_uint_eq(found->count, 0);
        close_opened(&it);
    }
}
END_TEST

START_TEST(old_weights_as_inputs)
{
    static const float one = 1;
    onnx_writer w;
    opened it;

    onnx_writer_begin(&w, 3, 9);
    onnx_writer_input(&w, "x", 1, 1, (int64_t[]){1});
    onnx_writer_input(&w, "k", 1, 1, (int64_t[]){1});
    onnx_writer_floats(&w, "k", 1, (int64_t[]){1}, &one);
    onnx_writer_input(&w, "z", 1, 1, (int64_t[]){1});
    onnx_writer_node(&w, "Add", "", "x k", "s");
    onnx_writer_node(&w, "Add", "", "s z", "y");
    onnx_writer_output(&w, "y", 1, 1, (int64_t[]){1});
    onnx_bytes bytes = onnx_writer_end(&w);
    open_good(&it, &bytes);
    ck_assert_uint_eq(it.file->input_count, 2);
    ck_assert_str_eq(value_name(it.file, it.file->inputs[1].value), "z");
    ck_assert_int_eq(it.file->values[it.file->inputs[1].value].input, 1);
    ck_assert_int_eq(it.file->values[camx__onnx_value_id(it.file, "k")].input, -1);
    close_opened(&it);
}
END_TEST

/* Enough names that the table grows many times. */
START_TEST(many_names)
{
    const int count = 20000;
    char before[32] = "x";
    char name[32];
    onnx_writer w;
    opened it;

    onnx_writer_begin(&w, 8, 17);
    onnx_writer_input(&w, "x", 1, 1, (int64_t[]){1});
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "/block/%d/out", i);
        onnx_writer_node(&w, "Relu", "", before, name);
        memcpy(before, name, sizeof name);
    }
    onnx_bytes bytes = onnx_writer_end(&w);
    open_good(&it, &bytes);
    ck_assert_uint_eq(it.file->value_count, (unsigned)count + 1);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "/block/%d/out", i);
        int32_t id = camx__onnx_value_id(it.file, name);
        ck_assert_int_ge(id, 0);
        ck_assert_int_eq(it.file->values[id].node, i);
    }
    close_opened(&it);
}
END_TEST

START_TEST(input_shapes)
{
    onnx_bytes type = {NULL, 0, 0};
    onnx_bytes info = {NULL, 0, 0};
    onnx_writer w;
    opened it;

    onnx_writer_begin(&w, 8, 17);
    onnx_field_text(&info, 1, "untyped");
    onnx_field_message(&w.inputs, 11, &info);
    onnx_bytes tensor = {NULL, 0, 0};
    onnx_field_varint(&tensor, 1, 1); /* a type, but no shape */
    onnx_field_message(&type, 1, &tensor);
    onnx_field_text(&info, 1, "shapeless");
    onnx_field_message(&info, 2, &type);
    onnx_field_message(&w.inputs, 11, &info);
    onnx_writer_input(&w, "scalar", 1, 0, NULL);
    onnx_writer_input(&w, "empty", 1, 1, (int64_t[]){0});
    onnx_bytes bytes = onnx_writer_end(&w);
    open_good(&it, &bytes);
    const camx__onnx_port *inputs = it.file->inputs;
    ck_assert(!inputs[0].has_shape && inputs[0].elem == 0);
    ck_assert(!inputs[1].has_shape && inputs[1].elem == 1);
    ck_assert(inputs[2].has_shape && inputs[2].rank == 0);
    ck_assert(inputs[3].has_shape && inputs[3].rank == 1 && inputs[3].dims[0] == 0);
    close_opened(&it);
}
END_TEST

START_TEST(operator_sets)
{
    onnx_writer w;
    opened it;

    onnx_writer_begin(&w, 8, 0);
    onnx_writer_opset(&w, "com.example", 3);
    onnx_writer_opset(&w, "ai.onnx", 15);
    onnx_bytes bytes = onnx_writer_end(&w);
    open_good(&it, &bytes);
    ck_assert_int_eq(it.file->opset, 15);
    close_opened(&it);
    onnx_writer_begin(&w, 2, 0);
    bytes = onnx_writer_end(&w);
    open_good(&it, &bytes);
    ck_assert_int_eq(it.file->opset, 1);
    close_opened(&it);
    onnx_writer_begin(&w, 8, 0);
    bytes = onnx_writer_end(&w);
    expect_refused(&bytes, CAMX_E_FORMAT, "which operator set");
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_opset(&w, "", 14);
    bytes = onnx_writer_end(&w);
    expect_refused(&bytes, CAMX_E_FORMAT, "two operator sets, 13 and 14");
    onnx_writer_begin(&w, 8, UINT64_MAX);
    bytes = onnx_writer_end(&w);
    expect_refused(&bytes, CAMX_E_FORMAT, "operator set -1");
}
END_TEST

START_TEST(domains)
{
    onnx_writer w;
    opened it;

    onnx_writer_begin(&w, 8, 17);
    onnx_writer_node(&w, "A", "", "", "a");
    onnx_field_text(&w.node, 7, "ai.onnx");
    onnx_writer_node(&w, "B", "", "", "b");
    onnx_field_text(&w.node, 7, "com.example");
    onnx_bytes bytes = onnx_writer_end(&w);
    open_good(&it, &bytes);
    ck_assert_str_eq(it.file->nodes[0].domain, "");
    ck_assert_str_eq(it.file->nodes[1].domain, "com.example");
    close_opened(&it);
}
END_TEST

/* --- what is refused ----------------------------------------------------------------- */

typedef void build_fn(onnx_writer *w);

static void refuse_graph(build_fn *build, camx_status status, const char *words)
{
    onnx_writer w;

    onnx_writer_begin(&w, 8, 17);
    onnx_writer_input(&w, "x", 1, 1, (int64_t[]){1});
    build(&w);
    onnx_bytes bytes = onnx_writer_end(&w);
    expect_refused(&bytes, status, words);
}

static void undefined_input(onnx_writer *w)
{
    onnx_writer_node(w, "Relu", "first", "x", "a");
    onnx_writer_node(w, "Add", "second", "a nothing", "y");
}

static void later_input(onnx_writer *w)
{
    onnx_writer_node(w, "Relu", "early", "b", "a");
    onnx_writer_node(w, "Relu", "late", "x", "b");
}

static void own_output(onnx_writer *w)
{
    onnx_writer_node(w, "Relu", "snake", "y", "y");
}

/* The same, with the output written before the input. */
static void own_output_first(onnx_writer *w)
{
    onnx_writer_node(w, "Relu", "snake", "", "y");
    onnx_put_names(&w->node, 1, "y");
}

static void made_twice(onnx_writer *w)
{
    onnx_writer_node(w, "Relu", "first", "x", "y");
    onnx_writer_node(w, "Relu", "second", "x", "y");
}

static void made_twice_at_once(onnx_writer *w)
{
    onnx_writer_node(w, "Split", "s", "x", "y y");
}

static void makes_the_input(onnx_writer *w)
{
    onnx_writer_node(w, "Relu", "n", "x", "x");
}

static void makes_a_weight(onnx_writer *w)
{
    onnx_writer_ints(w, "k", 1, (int64_t[]){1}, (int64_t[]){1});
    onnx_writer_node(w, "Relu", "n", "x", "k");
}

static void two_inputs(onnx_writer *w)
{
    onnx_writer_input(w, "x", 1, 1, (int64_t[]){1});
}

static void two_initialisers(onnx_writer *w)
{
    onnx_writer_ints(w, "k", 1, (int64_t[]){1}, (int64_t[]){1});
    onnx_writer_ints(w, "k", 1, (int64_t[]){1}, (int64_t[]){2});
}

static void nameless_initialiser(onnx_writer *w)
{
    onnx_writer_ints(w, "", 1, (int64_t[]){1}, (int64_t[]){1});
}

static void nameless_input(onnx_writer *w)
{
    onnx_writer_input(w, "", 1, 1, (int64_t[]){1});
}

static void unmade_output(onnx_writer *w)
{
    onnx_writer_output(w, "nowhere", 1, 1, (int64_t[]){1});
}

static void no_operator(onnx_writer *w)
{
    onnx_writer_node(w, "", "n", "x", "y");
}

static void same_attribute_twice(onnx_writer *w)
{
    onnx_writer_node(w, "Op", "n", "x", "y");
    onnx_writer_int_attribute(w, "axis", 1);
    onnx_writer_int_attribute(w, "axis", 2);
}

static void large_rank(onnx_writer *w)
{
    onnx_writer_input(w, "z", 1, 9, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1});
}

static void large_dim(onnx_writer *w)
{
    onnx_writer_input(w, "z", 1, 1, (int64_t[]){(int64_t)1 << 40});
}

static void sparse(onnx_writer *w)
{
    onnx_field_bytes(&w->initialisers, 15, "", 0);
}

START_TEST(bad_graphs)
{
    refuse_graph(undefined_input, CAMX_E_FORMAT,
                 "the model in memory: node 'second' (Add) uses 'nothing', which no input");
    refuse_graph(later_input, CAMX_E_FORMAT, "node 'early' (Relu) uses 'b'");
    refuse_graph(own_output, CAMX_E_FORMAT, "node 'snake' (Relu) uses 'y'");
    refuse_graph(own_output_first, CAMX_E_FORMAT, "node 'snake' (Relu) uses 'y'");
    refuse_graph(made_twice, CAMX_E_FORMAT,
                 "node 'second' (Relu) defines 'y' again, which node 0 (Relu)");
    refuse_graph(made_twice_at_once, CAMX_E_FORMAT, "defines 'y' again");
    refuse_graph(makes_the_input, CAMX_E_FORMAT, "defines 'x' again, which is an input");
    refuse_graph(makes_a_weight, CAMX_E_FORMAT, "defines 'k' again, which is an initialiser");
    refuse_graph(two_inputs, CAMX_E_FORMAT, "input 'x' defines 'x' again, which is an input");
    refuse_graph(two_initialisers, CAMX_E_FORMAT, "initialiser 'k' defines 'k' again");
    refuse_graph(nameless_initialiser, CAMX_E_FORMAT, "initialiser number 0 has no name");
    refuse_graph(nameless_input, CAMX_E_FORMAT, "input number 1 has no name");
    refuse_graph(unmade_output, CAMX_E_FORMAT, "output 'nowhere' is made by no node");
    refuse_graph(no_operator, CAMX_E_FORMAT, "names no operator");
    refuse_graph(same_attribute_twice, CAMX_E_FORMAT, "two attributes 'axis'");
    refuse_graph(large_rank, CAMX_E_UNSUPPORTED, "input 'z' has more than 8");
    refuse_graph(large_dim, CAMX_E_FORMAT, "1099511627776");
    refuse_graph(sparse, CAMX_E_UNSUPPORTED, "sparse initialisers");
}
END_TEST

START_TEST(bad_attributes)
{
    static const struct {
        uint32_t field;
        const char *words;
    } refused[] = {{6, "graph inside"},     {11, "graph inside"}, {22, "sparse"}, {23, "sparse"},
                   {10, "list of tensors"}, {14, "type"},         {15, "type"}};

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        onnx_bytes a = onnx_attribute_head("body", 5);
        onnx_field_bytes(&a, refused[i].field, "", 0);
        onnx_bytes bytes = model_with_attribute(&a);
        expect_refused(&bytes, CAMX_E_UNSUPPORTED, refused[i].words);
    }
    onnx_bytes a = onnx_attribute_head("body", 5);
    onnx_bytes bytes = model_with_attribute(&a);
    expect_refused(&bytes, CAMX_E_UNSUPPORTED,
                   "attribute 'body' of node 'n' (Op) has a value of kind 5");
    a = onnx_attribute_head("a", UINT64_MAX);
    bytes = model_with_attribute(&a);
    expect_refused(&bytes, CAMX_E_UNSUPPORTED, "kind");
    a = onnx_attribute_head("a", 4);
    bytes = model_with_attribute(&a);
    expect_refused(&bytes, CAMX_E_FORMAT, "should hold a tensor");
    a = onnx_attribute_head("a", 4);
    onnx_field_bytes(&a, 5, "", 0);
    onnx_field_bytes(&a, 5, "", 0);
    bytes = model_with_attribute(&a);
    expect_refused(&bytes, CAMX_E_FORMAT, "two tensors");
    a = onnx_attribute_head("a", 0);
    bytes = model_with_attribute(&a);
    expect_refused(&bytes, CAMX_E_FORMAT, "has no value");
    a = onnx_attribute_head("", 2);
    bytes = model_with_attribute(&a);
    expect_refused(&bytes, CAMX_E_FORMAT, "without a name");
    a = onnx_attribute_head("a", 2);
    onnx_field_text(&a, 21, "outer");
    bytes = model_with_attribute(&a);
    expect_refused(&bytes, CAMX_E_UNSUPPORTED, "function's attribute 'outer'");
    a = onnx_attribute_head("a", 2);
    onnx_field_float(&a, 3, 1);
    bytes = model_with_attribute(&a);
    expect_refused(&bytes, CAMX_E_FORMAT, "wire type");
    a = onnx_attribute_head("a", 6);
    onnx_field_bytes(&a, 7, "abcde", 5);
    bytes = model_with_attribute(&a);
    expect_refused(&bytes, CAMX_E_FORMAT, "cut short");
}
END_TEST

START_TEST(bad_types)
{
    for (uint32_t kind = 4; kind <= 9;
         kind++) { /* sequence, map, opaque, sparse, optional; 6 is a comment */
        onnx_bytes type = {NULL, 0, 0};
        onnx_bytes info = {NULL, 0, 0};
        onnx_writer w;
        opened it;
        onnx_writer_begin(&w, 8, 17);
        onnx_field_bytes(&type, kind, "", 0);
        onnx_field_text(&info, 1, "list");
        onnx_field_message(&info, 2, &type);
        onnx_field_message(&w.inputs, 11, &info);
        onnx_bytes bytes = onnx_writer_end(&w);
        if (kind == 6) {
            open_good(&it, &bytes);
            close_opened(&it);
        } else {
            expect_refused(&bytes, CAMX_E_UNSUPPORTED, "input 'list' is not a plain tensor");
        }
    }
}
END_TEST

START_TEST(bad_models)
{
    onnx_bytes bytes = {NULL, 0, 0};
    onnx_writer w;

    onnx_field_varint(&bytes, 1, 8);
    expect_refused(&bytes, CAMX_E_FORMAT, "holds no graph");
    onnx_field_varint(&bytes, 1, 0);
    onnx_field_bytes(&bytes, 7, "", 0);
    expect_refused(&bytes, CAMX_E_FORMAT, "no IR version");
    onnx_field_varint(&bytes, 1, 8);
    onnx_field_bytes(&bytes, 7, "", 0);
    onnx_field_bytes(&bytes, 7, "", 0);
    expect_refused(&bytes, CAMX_E_FORMAT, "two graphs");
    onnx_writer_begin(&w, 8, 17);
    onnx_field_bytes(&w.head, 25, "", 0);
    bytes = onnx_writer_end(&w);
    expect_refused(&bytes, CAMX_E_UNSUPPORTED, "functions");
    onnx_put(&bytes, "no model at all", 15);
    expect_refused(&bytes, CAMX_E_FORMAT, "this is not an ONNX file");
    onnx_put(&bytes, "\x08\x08\x3A\x05", 4);
    expect_refused(&bytes, CAMX_E_FORMAT, "damaged or cut short");
    expect_refused(&bytes, CAMX_E_FORMAT, "there are no bytes");
}
END_TEST

START_TEST(other_files)
{
    static const struct {
        const char *start;
        size_t size;
        const char *words;
    } cases[] = {{"version https://git-lfs.github.com/spec/v1\n", 43, "Git LFS"},
                 {"PK\003\004xxxxxxxx", 12, "zip archive"},
                 {"\x89HDF\r\n\x1a\n", 8, "HDF5"},
                 {"\x1c\0\0\0TFL3", 8, "TensorFlow Lite"},
                 {"\x20\0\0\0ORTM", 8, "ONNX Runtime"},
                 {"\x80\002xxxxx", 7, "pickle"},
                 {"<!DOCTYPE html>", 15, "web page"},
                 {"\x1f\x8b\x08\0", 4, "gzip"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        onnx_bytes bytes = {NULL, 0, 0};
        onnx_put(&bytes, cases[i].start, cases[i].size);
        expect_refused(&bytes, CAMX_E_FORMAT, cases[i].words);
    }
}
END_TEST

/* --- names --------------------------------------------------------------------------- */

static onnx_bytes model_with_name(const char *name, size_t size)
{
    onnx_writer w;

    onnx_writer_begin(&w, 8, 17);
    onnx_writer_node(&w, "Op", "n", "", "");
    onnx_field_bytes(&w.node, 2, name, size);
    return onnx_writer_end(&w);
}

START_TEST(names)
{
    onnx_bytes bytes = model_with_name("a\0b", 3);
    opened it;

    expect_refused(&bytes, CAMX_E_FORMAT, "not plain UTF-8");
    bytes = model_with_name("caf\xE9", 4);
    expect_refused(&bytes, CAMX_E_FORMAT, "'caf?'"); /* shown without the bad byte */
    bytes = model_with_name("caf\xC3\xA9", 5);
    open_good(&it, &bytes);
    ck_assert_str_eq(it.file->values[0].name, "caf\xC3\xA9");
    close_opened(&it);
}
END_TEST

/* The hash of names in lib/onnx/onnx_names.c, as somebody who means harm would know it. */
static uint32_t known_hash(const char *name)
{
    uint64_t hash = 0xCBF29CE484222325u;

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001B3u;
    hash ^= hash >> 33;
    hash *= 0xFF51AFD7ED558CCDu;
    hash ^= hash >> 33;
    return (uint32_t)hash;
}

/* Names chosen so that they all meet in one place of the table: refused, not searched for hours. */
START_TEST(colliding_names)
{
    onnx_writer w;
    char name[16];
    int found = 0;

    onnx_writer_begin(&w, 8, 17);
    for (unsigned i = 0; found < 700; i++) {
        snprintf(name, sizeof name, "n%u", i);
        if ((known_hash(name) & 0xFFF) != 0)
            continue;
        onnx_writer_node(&w, "Op", "", "", name);
        found++;
    }
    onnx_bytes bytes = onnx_writer_end(&w);
    expect_refused(&bytes, CAMX_E_LIMIT, "too many names that collide");
}
END_TEST

/* Texts for people are mended, not refused. */
START_TEST(prose)
{
    onnx_writer w;
    opened it;

    onnx_writer_begin(&w, 8, 17);
    onnx_field_bytes(&w.head, 2, "caf\xE9\0!", 6);
    onnx_writer_metadata(&w, "key", "\xFF");
    onnx_bytes bytes = onnx_writer_end(&w);
    open_good(&it, &bytes);
    ck_assert_str_eq(it.file->producer_name, "caf?"
                                             "?!");
    ck_assert_str_eq(camx__onnx_metadata_text(it.file, "key"), "?");
    close_opened(&it);
}
END_TEST

/* Whatever a name is, the sentence stays inside its bounds and free of control characters. */
START_TEST(long_names_in_sentences)
{
    enum { LENGTH = 5000 };
    char *name = malloc(LENGTH + 1);
    onnx_writer w;
    opened it;

    for (int i = 0; i < LENGTH; i++)
        name[i] = (char)(1 + i % 31);
    name[LENGTH] = '\0';
    onnx_writer_begin(&w, 8, 17);
    onnx_writer_node(&w, name, name, "", "");
    onnx_field_bytes(&w.node, 1, name, LENGTH);
    onnx_bytes bytes = onnx_writer_end(&w);
    open_bytes(&it, &bytes);
    ck_assert_int_eq(it.status, CAMX_E_FORMAT);
    ck_assert_uint_lt(strlen(it.error.message), sizeof it.error.message);
    for (const char *at = it.error.message; *at != '\0'; at++)
        ck_assert((unsigned char)*at >= 0x20);
    close_opened(&it);
    free(name);
}
END_TEST

/* --- limits -------------------------------------------------------------------------- */

START_TEST(limits)
{
    camx_model_options tight = usual_limits();
    onnx_bytes bytes = small_model();
    opened it;

    tight.max_nodes = 4;
    open_with(&it, &bytes, &tight);
    ck_assert_int_eq(it.status, CAMX_E_LIMIT);
    ck_assert_msg(strstr(it.error.message, "5 nodes") != NULL, "%s", it.error.message);
    close_opened(&it);
    tight.max_nodes = 5;
    bytes = small_model();
    open_with(&it, &bytes, &tight);
    ck_assert_int_eq(it.status, CAMX_OK);
    close_opened(&it);
    tight = usual_limits();
    tight.max_name_bytes = 8; /* LeakyRelu has nine */
    bytes = small_model();
    open_with(&it, &bytes, &tight);
    ck_assert_int_eq(it.status, CAMX_E_LIMIT);
    close_opened(&it);
    tight = usual_limits();
    bytes = small_model();
    tight.max_file_bytes = bytes.size - 1;
    open_with(&it, &bytes, &tight);
    ck_assert_int_eq(it.status, CAMX_E_LIMIT);
    close_opened(&it);
    memset(&tight, 0, sizeof tight); /* 0 = none */
    bytes = small_model();
    open_with(&it, &bytes, &tight);
    ck_assert_int_eq(it.status, CAMX_OK);
    close_opened(&it);
}
END_TEST

START_TEST(too_many_parts)
{
    camx_model_options tight = usual_limits();
    onnx_writer w;
    opened it;

    tight.max_nodes = 1;
    onnx_writer_begin(&w, 8, 17);
    for (int i = 0; i < 9; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        onnx_writer_ints(&w, name, 1, (int64_t[]){1}, (int64_t[]){i});
    }
    onnx_bytes bytes = onnx_writer_end(&w);
    open_with(&it, &bytes, &tight);
    ck_assert_int_eq(it.status, CAMX_E_LIMIT);
    ck_assert_msg(strstr(it.error.message, "9 initialisers") != NULL, "%s", it.error.message);
    close_opened(&it);
    onnx_writer_begin(&w, 8, 17);
    onnx_writer_node(&w, "Op", "n", "", "y");
    for (int i = 0; i < 300; i++)
        onnx_writer_int_attribute(&w, "a", i);
    bytes = onnx_writer_end(&w);
    expect_refused(&bytes, CAMX_E_LIMIT, "300 attributes");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onnx_graph");
    TCase *good = tcase_create("good");
    TCase *bad = tcase_create("bad");

    tcase_add_test(good, records);
    tcase_add_test(good, nodes_and_values);
    tcase_add_test(good, attributes);
    tcase_add_test(good, attribute_lists);
    tcase_add_test(good, attribute_kinds);
    tcase_add_test(good, old_weights_as_inputs);
    tcase_add_test(good, many_names);
    tcase_add_test(good, input_shapes);
    tcase_add_test(good, operator_sets);
    tcase_add_test(good, domains);
    tcase_add_test(bad, bad_graphs);
    tcase_add_test(bad, bad_attributes);
    tcase_add_test(bad, bad_types);
    tcase_add_test(bad, bad_models);
    tcase_add_test(bad, other_files);
    tcase_add_test(bad, names);
    tcase_add_test(bad, colliding_names);
    tcase_add_test(bad, prose);
    tcase_add_test(bad, long_names_in_sentences);
    tcase_add_test(bad, limits);
    tcase_add_test(bad, too_many_parts);
    tcase_set_timeout(good, 60);
    suite_add_tcase(suite, good);
    suite_add_tcase(suite, bad);
    return run_suite(suite);
}
