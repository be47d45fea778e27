/* SPDX-License-Identifier: Apache-2.0 */
/* Finding layers by what people call them. */
#include <string.h>

#include "base/suggest.h"
#include "graph/graph.h"

static int by_value(const camx__graph *graph, const char *layer)
{
    int id = camx__onnx_value_id(graph->file, layer);
    return id >= 0 && graph->values[id].layer >= 0 ? id : -1;
}

static int first_output(const camx__graph *graph, const camx__node *node)
{
    for (int i = 0; i < node->output_count; i++)
        if (node->outputs[i] >= 0 && graph->values[node->outputs[i]].layer >= 0)
            return node->outputs[i];
    return -1;
}

static int by_node(const camx__graph *graph, const char *layer)
{
    for (int i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i].record->name, layer) == 0)
            return first_output(graph, &graph->nodes[i]);
    return -1;
}

static int by_number(const camx__graph *graph, const char *layer)
{
    int64_t number = 0;
    if (layer[0] != '#' || layer[1] == '\0')
        return -1;
    for (const char *digit = layer + 1; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9' || number > INT32_MAX)
            return -1;
        number = number * 10 + (*digit - '0');
    }
    return number < graph->layer_count ? graph->layers[number] : -1;
}

/* "layer4" is a scope of "/layer4/layer4.1/relu/Relu" and of "layer4.1.conv1", but not of "layer40". */
static bool in_scope(const char *name, const char *scope)
{
    size_t length = strlen(scope);
    if (name[0] == '/' && scope[0] != '/')
        name++;
    if (strncmp(name, scope, length) != 0)
        return false;
    char next = name[length];
    char last = scope[length - 1];
    return next == '\0' || next == '/' || next == '.' || next == ':' || last == '/' || last == '.';
}

static int by_scope(const camx__graph *graph, const char *layer)
{
    int found = -1;
    if (layer[0] == '\0')
        return -1;
    for (int i = 0; i < graph->node_count; i++) {
        const camx__node *node = &graph->nodes[i];
        int value = first_output(graph, node);
        if (value >= 0 && (in_scope(node->record->name, layer) || in_scope(graph->values[value].name, layer)))
            found = value;
    }
    return found;
}

static camx_status not_found(const camx__graph *graph, const char *layer, camx_error *error)
{
    camx__suggest suggest;
    char text[200];
    camx__suggest_init(&suggest, layer);
    for (int i = 0; i < graph->layer_count; i++)
        camx__suggest_offer(&suggest, graph->values[graph->layers[i]].name);
    for (int i = 0; i < graph->node_count; i++)
        camx__suggest_offer(&suggest, graph->nodes[i].record->name);
    camx__suggest_text(&suggest, text, sizeof text);
    return camx__fail(error, CAMX_E_NOT_FOUND, "%s has no layer '%.100s'%s; `camx layers` lists all %d",
                      graph->file->name, layer, text, graph->layer_count);
}

camx_status camx__graph_find_layer(const camx__graph *graph, const char *layer, int *value, camx_error *error)
{
    if (layer == NULL) {
        *value = graph->head.default_layer;
        if (*value >= 0)
            return CAMX_OK;
        return camx__fail(error, CAMX_E_METHOD,
                          "%s has no feature map with more than one position, so there is no default layer",
                          graph->file->name);
    }
    *value = by_value(graph, layer);
    if (*value < 0)
        *value = by_node(graph, layer);
    if (*value < 0)
        *value = by_number(graph, layer);
    if (*value < 0)
        *value = by_scope(graph, layer);
    return *value >= 0 ? CAMX_OK : not_found(graph, layer, error);
}
