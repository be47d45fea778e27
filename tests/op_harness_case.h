/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of an op_case, for the two files of the harness. */
#ifndef CAMX_TESTS_OP_HARNESS_CASE_H
#define CAMX_TESTS_OP_HARNESS_CASE_H

#include "op_harness.h"

#define OP_MAX_ATTRIBUTES 12
#define OP_MAX_NUMBERS 16

struct op_case {
    const char *line;
    camx__memory memory;
    camx__zone zone;
    const camx__op *op;
    char name[40];
    int opset;
    camx__onnx_file file;
    camx__onnx_node node;
    camx__onnx_attribute attributes[OP_MAX_ATTRIBUTES];
    char names[OP_MAX_ATTRIBUTES][40];
    char texts[OP_MAX_ATTRIBUTES][80];
    int64_t ints[OP_MAX_ATTRIBUTES][OP_MAX_NUMBERS];
    float floats[OP_MAX_ATTRIBUTES][OP_MAX_NUMBERS];
    int32_t ids[OP_MAX_TENSORS];
    int input_count;
    op_value inputs[OP_MAX_TENSORS];
    int output_count;
    op_value outputs[OP_MAX_TENSORS];
    real *gradients[OP_MAX_TENSORS];
    void *params;
};

#endif
