/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the room: numbers in metadata texts and in sentences, always with a decimal point. strtod
 * and printf follow the host's locale, and a library must neither depend on it nor change it.
 */
#ifndef CAMX_INPUT_NUMBER_H
#define CAMX_INPUT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Reads up to `most` decimal numbers separated by blanks, commas or semicolons. Returns how many
 * there are, or -1 if there are more, none, or anything that is no finite number. */
int camx__number_list(const char *text, double *values, int most);

/* Reads one whole number of 1 .. most and nothing else. */
bool camx__number_count(const char *text, int most, int *value);

/* Writes a number with up to 6 digits, such as "123.675". */
void camx__number_text(double value, char *text, size_t size);

#endif
