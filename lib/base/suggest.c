/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest names, by the number of letters that must be typed differently. */
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

#define LONGEST 96 /* longer names are only searched for the wanted text */

static unsigned char lower(char letter)
{
    return (unsigned char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b, upper and lower
 * case being the same (the "optimal string alignment" distance, row by row). */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][LONGEST + 1];
    unsigned *before = rows[0];
    unsigned *above = rows[1];
    unsigned *row = rows[2];

    for (size_t j = 0; j <= b_length; j++)
        above[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned differs = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + differs);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[b_length];
}

static int starts_alike(const char *text, const char *start, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (lower(text[i]) !=
            lower(start[i])) /* also ends at text's NUL: start has none so early */
            return 0;
    }
    return 1;
}

static int contains(const char *name, const char *wanted, size_t length)
{
    if (length < 3)
        return 0;
    for (; *name != '\0'; name++) {
        if (starts_alike(name, wanted, length))
            return 1;
    }
    return 0;
}

void camx__suggest_init(camx__suggest *suggest, const char *wanted)
{
    memset(suggest, 0, sizeof *suggest);
    suggest->wanted = wanted;
}

static void keep(camx__suggest *suggest, const char *name, unsigned distance)
{
    for (int i = 0; i < CAMX__SUGGESTIONS; i++) {
        if (suggest->name[i] != NULL && strcmp(suggest->name[i], name) == 0)
            return;
        if (suggest->name[i] != NULL && suggest->distance[i] <= distance)
            continue;
        for (int j = CAMX__SUGGESTIONS - 1; j > i; j--) {
            suggest->name[j] = suggest->name[j - 1];
            suggest->distance[j] = suggest->distance[j - 1];
        }
        suggest->name[i] = name;
        suggest->distance[i] = distance;
        return;
    }
}

void camx__suggest_offer(camx__suggest *suggest, const char *name)
{
    size_t wanted_length = strlen(suggest->wanted);
    size_t length = strlen(name);
    unsigned allowed =
        (unsigned)least((unsigned)least((unsigned)wanted_length, LONGEST) / 3 + 1, 8);
    unsigned distance = allowed + 1;

    if (wanted_length == 0 || length == 0)
        return;
    if (wanted_length <= LONGEST && length <= LONGEST)
        distance = edit_distance(suggest->wanted, wanted_length, name, length);
    /* A name that holds the whole wanted text is near, whatever else is in it. */
    if (distance > 2 && contains(name, suggest->wanted, wanted_length))
        distance = 2;
    if (distance <= allowed && distance < (unsigned)least((unsigned)wanted_length, LONGEST))
        keep(suggest, name, distance);
}

void camx__suggest_text(const camx__suggest *suggest, char *text, size_t size)
{
    const char *a = suggest->name[0];
    const char *b = suggest->name[1];
    const char *c = suggest->name[2];

    if (size == 0)
        return;
    text[0] = '\0';
    if (c != NULL)
        snprintf(text, size, " (did you mean '%.80s', '%.80s' or '%.80s'?)", a, b, c);
    else if (b != NULL)
        snprintf(text, size, " (did you mean '%.80s' or '%.80s'?)", a, b);
    else if (a != NULL)
        snprintf(text, size, " (did you mean '%.80s'?)", a);
}
