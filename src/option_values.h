/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading option values. Every function returns 1, or 0 for a value that is not wholly right.
 */
#ifndef CAMX_SRC_OPTION_VALUES_H
#define CAMX_SRC_OPTION_VALUES_H

#include <stdint.h>

/* A name and the number it stands for; lists end with a NULL name. */
typedef struct choice {
    const char *name;
    int32_t number;
} choice;

int value_int(const char *s, int32_t least, int32_t most, int32_t *number);
int value_float(const char *s, double least, double most, float *number);

/* "224" (a square) or "320x240". */
int value_size(const char *s, int32_t most, int32_t *width, int32_t *height);

/* One to `most` numbers separated by commas. */
int value_floats(const char *s, int most, float *numbers, int *count);

/* "255,128,0" or "#ff8000". */
int value_colour(const char *s, uint8_t rgb[3]);

/* Bytes, with K, M or G for powers of 1024. */
int value_bytes(const char *s, uint64_t *bytes);

int value_choice(const char *s, const choice *choices, int32_t *number);

#endif
