/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean ...?": the nearest names to a misspelt one. */
#ifndef CAMX_BASE_SUGGEST_H
#define CAMX_BASE_SUGGEST_H

#include <stddef.h>

#define CAMX__SUGGESTIONS 3

typedef struct camx__suggest {
    const char *wanted;
    const char *name[CAMX__SUGGESTIONS]; /* best first; NULL when fewer were near */
    unsigned distance[CAMX__SUGGESTIONS];
} camx__suggest;

void camx__suggest_init(camx__suggest *suggest, const char *wanted);

/* Offers one existing name; it is kept if it is among the nearest. Names are not copied. */
void camx__suggest_offer(camx__suggest *suggest, const char *name);

/* Writes " (did you mean 'a', 'b' or 'c'?)" or an empty text; always NUL-terminates within size. */
void camx__suggest_text(const camx__suggest *suggest, char *text, size_t size);

#endif
