/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the reference files of tests/golden/data; README.md there describes the format. */
#ifndef CAMX_TESTS_GOLDEN_H
#define CAMX_TESTS_GOLDEN_H

#include <stdint.h>

enum {
    GOLDEN_INPUT = 1,
    GOLDEN_VALUE = 2,
    GOLDEN_LOGITS = 3,
    GOLDEN_GRADCAM = 4,
    GOLDEN_GRADCAMPP = 5,
    GOLDEN_CAM = 6,
    GOLDEN_OCCLUSION = 7
};

typedef struct golden_record {
    uint32_t kind;
    uint32_t is_default;
    uint32_t is_degenerate;
    char *name;
    uint32_t rank;
    uint32_t dims[6];
    uint32_t count;
    float scale;
    float error;
    float raw_error;
    uint32_t params[5];
    float *values;
} golden_record;

typedef struct golden {
    uint32_t count;
    golden_record *records;
} golden;

/* 0 on success; otherwise a sentence on stderr. */
int golden_read(const char *path, golden *file);
void golden_free(golden *file);

/* The first record of a kind, or NULL. */
const golden_record *golden_find(const golden *file, uint32_t kind);

/* All elements of the whole tensor. */
uint64_t golden_elements(const golden_record *record);

#endif
