/* SPDX-License-Identifier: Apache-2.0 */
/* Telling UTF-8 from other bytes: names and texts come from files that nobody has checked. */
#ifndef CAMX_BASE_UTF8_H
#define CAMX_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length (1 .. 4) of the character that begins at `text`, of which `left` bytes may be looked
 * at, and its number in *code; 0 if there is none: malformed, cut off, overlong, a surrogate, or
 * past U+10FFFF. */
size_t camx__utf8_character(const char *text, size_t left, uint32_t *code);

bool camx__utf8_valid(const char *text, size_t length);

/* Replaces every byte that is not part of a character by '?'. */
void camx__utf8_repair(char *text, size_t length);

#endif
