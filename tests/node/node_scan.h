/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ONNX file asks for, found by walking over its bytes: the operators of all its graphs
 * (those inside of If and Loop too) and the kinds of its inputs and outputs. Works on files that
 * the library refuses.
 */
#ifndef CAMX_TESTS_NODE_SCAN_H
#define CAMX_TESTS_NODE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_MAX 64
#define SCAN_NAME 64

typedef struct node_scan {
    int operators;
    char operator_name[SCAN_MAX][SCAN_NAME]; /* "Conv", or "ai.onnx.ml:Scaler" for other domains */
    int types;
    char type_name[SCAN_MAX][SCAN_NAME]; /* "string", "sequence", "optional", "complex", ...: not
                                            plain tensors of numbers */
} node_scan;

/* False if the bytes are no message. */
bool node_scan_model(const void *bytes, size_t size, node_scan *scan);

#endif
