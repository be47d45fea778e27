/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that one picture's maps become.
 */
#include <string.h>

#include "console.h"
#include "scene_private.h"

camx_status scene_write(scene *s, const char *name, const char *ending, const char *key,
                              write_fn *write, camx_error *error)
{
    text path = {0};
    text problem = {0};
    camx_status status;

    if (!output_files_path(&s->e->files, s->index, name, ending, &path, &problem)) {
        status = error_set(error, CAMX_E_IO, "%s", text_string(&problem));
    } else {
        status = write(s, text_string(&path), error);
    }
    if (status == CAMX_OK) {
        json_text(s->e->doc, key, text_string(&path));
        if (!s->e->o->json && !s->e->o->csv) {
            console_print("%s\n", text_string(&path));
        }
    }
    text_free(&path);
    text_free(&problem);
    return status;
}

camx_status write_painting(scene *s, const char *path, camx_error *error)
{
    return camx_image_write(path, &s->painter.out, NULL, error);
}

camx_status write_raw(scene *s, const char *path, camx_error *error)
{
    camx_map_info info = {0};
    int64_t shape[2];
    camx_status status;

    info.struct_size = sizeof info;
    status = camx_map_get_info(s->e->map, 0, &info, error);
    if (status != CAMX_OK) {
        return status;
    }
    shape[0] = info.height;
    shape[1] = info.width;
    return camx_npy_write(path, camx_map_values(s->e->map, 0), shape, 2, error);
}

camx_status write_sheet(scene *s, const char *path, camx_error *error)
{
    const char *slash = strrchr(s->e->o->model, '/');
    text title = {0};
    camx_status status;

    text_put(&title, s->e->o->command == COMMAND_PROGRESS ? "From the first layers to the last: "
                                                           : "Where did ");
    text_put_clean(&title, slash != NULL ? slash + 1 : s->e->o->model, 0);
    text_put(&title, s->e->o->command == COMMAND_PROGRESS ? "" : " look?");
    if (title.failed) {
        status = error_set(error, CAMX_E_MEMORY, "there is not enough memory for the title");
    } else {
        status = contact_sheet_write(&s->sheet, text_string(&title), path, error);
    }
    text_free(&title);
    return status;
}
