/* SPDX-License-Identifier: Apache-2.0 */
/* "What it cannot run gives one error that names every node and operator lacking." */
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"

#define LISTED 12

typedef struct lacking {
    const char *op[LISTED];
    const char *domain[LISTED];
    const char *first_node[LISTED];
    unsigned count[LISTED];
    unsigned kinds; /* listed ones */
    unsigned kinds_left_out;
} lacking;

static void note(lacking *list, const camx__onnx_node *node)
{
    for (unsigned i = 0; i < list->kinds; i++) {
        if (strcmp(list->op[i], node->op_type) == 0 && strcmp(list->domain[i], node->domain) == 0) {
            list->count[i]++;
            return;
        }
    }
    if (list->kinds == LISTED) {
        list->kinds_left_out++;
        return;
    }
    list->op[list->kinds] = node->op_type;
    list->domain[list->kinds] = node->domain;
    list->first_node[list->kinds] = node->name[0] != '\0' ? node->name : "without a name";
    list->count[list->kinds++] = 1;
}

static void write_list(const lacking *list, char *text, size_t size)
{
    size_t used = 0;
    for (unsigned i = 0; i < list->kinds && used < size; i++) {
        int written = snprintf(text + used, size - used, "%s%.32s%s%.40s (%u: '%.40s'%s)", i > 0 ? ", " : "",
                               list->domain[i], list->domain[i][0] != '\0' ? "::" : "", list->op[i],
                               list->count[i], list->first_node[i], list->count[i] > 1 ? ", ..." : "");
        if (written > 0)
            used += (size_t)written;
    }
    if (list->kinds_left_out > 0 && used < size)
        snprintf(text + used, size - used, " and %u more nodes", list->kinds_left_out);
}

camx_status camx__graph_check_operators(const camx__onnx_file *file, camx_error *error)
{
    lacking list = {.kinds = 0};
    char text[400];
    for (uint32_t i = 0; i < file->node_count; i++)
        if (file->nodes[i].domain[0] != '\0' || camx__op_find(file->nodes[i].op_type) == NULL)
            note(&list, &file->nodes[i]);
    if (list.kinds == 0)
        return CAMX_OK;
    write_list(&list, text, sizeof text);
    return camx__fail(error, CAMX_E_UNSUPPORTED, "%s: operators that libcamx does not have: %s", file->name,
                      text);
}
