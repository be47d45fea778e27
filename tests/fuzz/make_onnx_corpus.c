/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the seeds of fuzz_onnx: small models that together use every field the reader knows, and
 * some it refuses.
 *
 * make_onnx_corpus FOLDER
 */
#include <stdio.h>

#include "onnx_writer.h"

static const char *folder;

static void save(const char *name, onnx_bytes bytes)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes.data, 1, bytes.size, file) != bytes.size ||
        fclose(file) != 0) {
        fprintf(stderr, "%s cannot be written\n", path);
        exit(1);
    }
    onnx_bytes_free(&bytes);
}

/* A network with the usual head, weights last, as PyTorch writes it. */
static onnx_bytes classifier(void)
{
    static const float weights[54] = {0.5F, -0.5F, 1};
    onnx_writer w;

    onnx_writer_begin(&w, 8, 17);
    onnx_field_text(&w.head, 2, "pytorch");
    onnx_field_text(&w.head, 3, "2.9.0");
    onnx_writer_metadata(&w, "camx.labels", "cat\ndog");
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){-1, 3, 8, 8});
    onnx_writer_node(&w, "Conv", "/conv/Conv", "x k", "c");
    onnx_writer_ints_attribute(&w, "dilations", 2, (int64_t[]){1, 1});
    onnx_writer_ints_attribute(&w, "kernel_shape", 2, (int64_t[]){3, 3});
    onnx_writer_ints_attribute(&w, "pads", 4, (int64_t[]){1, 1, 1, 1});
    onnx_writer_int_attribute(&w, "group", 1);
    onnx_writer_node(&w, "Relu", "/relu/Relu", "c", "r");
    onnx_writer_node(&w, "GlobalAveragePool", "/pool", "r", "p");
    onnx_writer_node(&w, "Flatten", "/flatten", "p", "f");
    onnx_writer_int_attribute(&w, "axis", 1);
    onnx_writer_node(&w, "Gemm", "/fc/Gemm", "f d b", "y");
    onnx_writer_float_attribute(&w, "alpha", 1);
    onnx_writer_int_attribute(&w, "transB", 1);
    onnx_writer_floats(&w, "k", 4, (int64_t[]){2, 3, 3, 3}, weights);
    onnx_writer_floats(&w, "d", 2, (int64_t[]){2, 2}, weights);
    onnx_writer_floats(&w, "b", 1, (int64_t[]){2}, weights);
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){-1, 2});
    return onnx_writer_end(&w);
}

/* Every attribute kind, packed and single elements, an attribute without a declared kind. */
static onnx_bytes attributes(void)
{
    onnx_writer w;
    onnx_bytes a;

    onnx_writer_begin(&w, 10, 20);
    onnx_writer_node(&w, "Op", "n", "- -", "a - b");
    onnx_field_text(&w.node, 7, "com.example");
    onnx_writer_float_attribute(&w, "f", 1.5F);
    onnx_writer_floats_attribute(&w, "fs", 2, (float[]){1, 2});
    onnx_writer_text_attribute(&w, "s", "SAME_UPPER");
    a = onnx_attribute_head("is", 7);
    onnx_field_packed(&a, 8, 3, (int64_t[]){1, -1, 300});
    onnx_field_varint(&a, 8, 7);
    onnx_field_message(&w.node, 5, &a);
    a = onnx_attribute_head("ss", 8);
    onnx_field_text(&a, 9, "one");
    onnx_field_text(&a, 9, "two");
    onnx_field_message(&w.node, 5, &a);
    onnx_field_text(&a, 1, "old");
    onnx_field_varint(&a, 3, 5);
    onnx_field_message(&w.node, 5, &a);
    return onnx_writer_end(&w);
}

/* Elements in every field, packed, single and mixed; types of every width. */
static onnx_bytes tensors(void)
{
    static const struct {
        int elem;
        uint32_t field;
    } kinds[] = {{6, 5}, {7, 7}, {9, 5}, {2, 5}, {3, 5}, {10, 5}, {16, 5}, {12, 11}, {13, 11}};
    onnx_bytes t = {NULL, 0, 0};
    onnx_writer w;
    char name[8];

    onnx_writer_begin(&w, 4, 11);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        snprintf(name, sizeof name, "t%u", (unsigned)i);
        onnx_tensor_head(&t, name, kinds[i].elem, 2, (int64_t[]){1, 3});
        onnx_field_packed(&t, kinds[i].field, 2, (int64_t[]){0, 1});
        onnx_field_varint(&t, kinds[i].field, 1);
        onnx_writer_tensor(&w, &t);
    }
    onnx_tensor_head(&t, "f", 1, 0, NULL);
    onnx_field_float(&t, 4, 2);
    onnx_writer_tensor(&w, &t);
    onnx_tensor_head(&t, "d", 11, 1, (int64_t[]){1});
    onnx_field_bytes(&t, 10, "\0\0\0\0\0\0\0\x40", 8);
    onnx_writer_tensor(&w, &t);
    onnx_tensor_head(&t, "none", 1, 2, (int64_t[]){0, 3});
    onnx_writer_tensor(&w, &t);
    return onnx_writer_end(&w);
}

static void add_entry(onnx_bytes *tensor, const char *key, const char *value)
{
    onnx_bytes entry = {NULL, 0, 0};

    onnx_field_text(&entry, 1, key);
    onnx_field_text(&entry, 2, value);
    onnx_field_message(tensor, 13, &entry);
}

static onnx_bytes external(const char *location)
{
    onnx_bytes t = {NULL, 0, 0};
    onnx_writer w;

    onnx_writer_begin(&w, 10, 18);
    onnx_tensor_head(&t, "k", 1, 2, (int64_t[]){2, 2});
    add_entry(&t, "location", location);
    add_entry(&t, "offset", "4096");
    add_entry(&t, "length", "16");
    add_entry(&t, "checksum", "00");
    onnx_field_varint(&t, 14, 1);
    onnx_writer_tensor(&w, &t);
    return onnx_writer_end(&w);
}

/* Constants, weights that are also inputs, and a graph without shapes. */
static onnx_bytes old_style(void)
{
    onnx_bytes t = {NULL, 0, 0};
    onnx_writer w;

    onnx_writer_begin(&w, 3, 7);
    onnx_writer_input(&w, "x", 1, 0, NULL);
    onnx_writer_input(&w, "k", 1, 1, (int64_t[]){1});
    onnx_writer_floats(&w, "k", 1, (int64_t[]){1}, (float[]){1});
    onnx_writer_node(&w, "Constant", "", "", "shape");
    onnx_tensor_head(&t, "", 7, 1, (int64_t[]){2});
    onnx_field_packed(&t, 7, 2, (int64_t[]){1, -1});
    onnx_writer_tensor_attribute(&w, "value", &t);
    onnx_writer_node(&w, "Mul", "", "x k", "m");
    onnx_writer_node(&w, "Reshape", "", "m shape", "y");
    onnx_writer_output(&w, "y", 1, 2, (int64_t[]){-1, -1});
    return onnx_writer_end(&w);
}

/* One refused part each. */
static onnx_bytes refused(uint32_t model_field, uint32_t graph_field, uint32_t attribute_field)
{
    onnx_writer w;

    onnx_writer_begin(&w, 8, 17);
    if (model_field != 0)
        onnx_field_bytes(&w.head, model_field, "", 0);
    if (graph_field != 0)
        onnx_field_bytes(&w.initialisers, graph_field, "", 0);
    onnx_writer_node(&w, "If", "n", "", "y");
    if (attribute_field != 0) {
        onnx_bytes a = onnx_attribute_head("a", 5);
        onnx_field_bytes(&a, attribute_field, "", 0);
        onnx_field_message(&w.node, 5, &a);
    }
    return onnx_writer_end(&w);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "make_onnx_corpus FOLDER\n");
        return 1;
    }
    folder = argv[1];
    onnx_bytes cut = classifier();
    cut.size -= cut.size / 3;
    save("classifier", classifier());
    save("classifier-cut", cut);
    save("attributes", attributes());
    save("tensors", tensors());
    save("external", external("m.onnx.data"));
    save("external-outside", external("../m.onnx.data"));
    save("old-style", old_style());
    save("refused-function", refused(25, 0, 0));
    save("refused-sparse", refused(0, 15, 0));
    save("refused-graph", refused(0, 0, 6));
    save("refused-type", refused(0, 0, 14));
    return 0;
}
