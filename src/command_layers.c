/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx layers: the layers of a network, as --layer takes them.
 */
#include "command.h"
#include "console.h"
#include "workbench.h"

static void print_layer(uint32_t index, const camx_layer_info *info, int name_width)
{
    char shape[SHAPE_SIZE];
    int pad = name_width - (int)utf8_columns(info->name);

    console_print("%c #%-5u %s%*s  %-20s %s\n", info->is_default ? '*' : ' ', index, info->name,
                  pad > 0 ? pad : 0, "", info->op, shape_text(info->shape, info->rank, shape));
}

static void put_layer(json *doc, uint32_t index, const camx_layer_info *info)
{
    json_open_object(doc, NULL);
    json_uint(doc, "number", index);
    json_text(doc, "name", info->name);
    json_text(doc, "node", info->node);
    json_text(doc, "op", info->op);
    json_ints(doc, "shape", info->shape, (uint32_t)info->rank);
    json_bool(doc, "spatial", info->is_spatial);
    json_bool(doc, "default", info->is_default);
    json_close(doc);
}

typedef void layer_fn(uint32_t index, const camx_layer_info *info, void *user);

/* Calls `each` for the layers that are asked for. */
static camx_status walk(const workbench *b, const options *o, layer_fn *each, void *user,
                        camx_error *error)
{
    uint32_t count = camx_session_layer_count(b->session);

    for (uint32_t i = 0; i < count; i++) {
        camx_layer_info info = {0};
        camx_status status;

        info.struct_size = sizeof info;
        status = camx_session_get_layer(b->session, i, &info, error);
        if (status != CAMX_OK) {
            return status;
        }
        if (o->all || info.is_spatial) {
            each(i, &info, user);
        }
    }
    return CAMX_OK;
}

/* How wide the column of names is, at most 60. */
static void measure(uint32_t index, const camx_layer_info *info, void *user)
{
    int *width = user;
    int columns = (int)utf8_columns(info->name);

    (void)index;
    columns = columns < 60 ? columns : 60;
    *width = columns > *width ? columns : *width;
}

static void print_each(uint32_t index, const camx_layer_info *info, void *user)
{
    print_layer(index, info, *(int *)user);
}

static void put_each(uint32_t index, const camx_layer_info *info, void *user)
{
    put_layer(user, index, info);
}

static int list(workbench *b, const options *o, json *doc)
{
    camx_error error = {0};
    camx_status status = CAMX_OK;
    int width = 0;

    if (o->width > 0) {
        b->prepare.width = o->width;
        b->prepare.height = o->height;
        b->prepare.fit = CAMX_FIT_STRETCH;
        console_set_quiet(1); /* nobody asked how that picture is prepared */
        status = workbench_plan(b, &error);
        console_set_quiet(o->quiet);
    }
    json_open_array(doc, "layers");
    if (status == CAMX_OK) {
        status = walk(b, o, measure, &width, &error);
    }
    if (status == CAMX_OK) {
        status =
            o->json ? walk(b, o, put_each, doc, &error) : walk(b, o, print_each, &width, &error);
    }
    json_unwind(doc, 1);
    return status == CAMX_OK ? CODE_OK : command_fail_error(doc, CODE_USAGE, &error);
}

int command_layers(const options *o, json *doc)
{
    workbench b;
    int code = workbench_open(&b, o, NULL, doc);

    if (code == CODE_OK) {
        code = list(&b, o, doc);
    }
    workbench_close(&b);
    return code;
}
