/* SPDX-License-Identifier: Apache-2.0 */
/* One case of ONNX's backend tests: a model and sets of inputs with the outputs that they must
 * give. */
#ifndef CAMX_TESTS_NODE_CASE_H
#define CAMX_TESTS_NODE_CASE_H

#include <stdbool.h>
#include <stddef.h>

/* Runs the case in a folder with model.onnx and test_data_set_0, ...: with all inputs free, with
 * those known that are integers, with all known but the first, and with all known; each with fusion
 * and without. Every way in which the model can be bound must give the expected numbers, and at
 * least one must be possible. On failure `reason` is one sentence. */
bool node_case_run(const char *folder, char *reason, size_t size);

/* The bytes of a file, or NULL. To be freed. */
unsigned char *node_read_file(const char *path, size_t *size);

#endif
