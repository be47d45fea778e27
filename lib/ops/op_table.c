/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of operators. */
#include "ops/op.h"

#include <string.h>

#define CAMX__OP(row) extern const camx__op camx__op_##row;
#include "ops/op_list.h"
#undef CAMX__OP

static const camx__op *const table[] = {
#define CAMX__OP(row) &camx__op_##row,
#include "ops/op_list.h"
#undef CAMX__OP
    NULL};

const camx__op *camx__op_at(size_t index)
{
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}

const camx__op *camx__op_find(const char *name)
{
    size_t low = 0;
    size_t high = sizeof table / sizeof table[0] - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, table[middle]->name);
        if (order == 0)
            return table[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
