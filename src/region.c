/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The region that --box or --mask marks.
 */
#include "region.h"

#include <string.h>
#include <sys/stat.h>

#include "growing_text.h"

static const uint8_t BORDER[4] = {0, 255, 0, 255};

static int is_there(const char *path, int *folder)
{
    struct stat s;

    if (stat(path, &s) != 0) {
        return 0;
    }
    *folder = S_ISDIR(s.st_mode);
    return 1;
}

/* "cat" of "photos/cat.png". */
static void put_stem(text *t, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');

    text_add(t, name, dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name));
}

/* FOLDER/STEM.png and so on, whichever is there. */
static int find_in_folder(const char *folder, const char *photograph, text *path)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".PNG", ".JPG", ".JPEG"};
    int is_folder = 0;

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        text_clear(path);
        text_put(path, folder);
        text_put(path, folder[strlen(folder) - 1] == '/' ? "" : "/");
        put_stem(path, photograph);
        text_put(path, endings[i]);
        if (!path->failed && is_there(text_string(path), &is_folder) && !is_folder) {
            return 1;
        }
    }
    return 0;
}

static camx_status open_mask(region *r, const options *o, const char *photograph,
                             camx_error *error)
{
    text path = {0};
    int folder = 0;
    camx_status status = CAMX_OK;

    if (is_there(o->mask, &folder) && folder) {
        if (!find_in_folder(o->mask, photograph, &path)) {
            status = path.failed
                         ? error_set(error, CAMX_E_MEMORY, "there is not enough memory for a name")
                         : error_set(error, CAMX_E_IO,
                                     "%s: the folder %s has no mask of the same name (.png, .jpg)",
                                     photograph, o->mask);
        }
    } else {
        text_put(&path, o->mask);
    }
    if (status == CAMX_OK) {
        status = photo_open(&r->mask, text_string(&path), error);
    }
    text_free(&path);
    return status;
}

camx_status region_open(region *r, const options *o, const char *photograph, camx_error *error)
{
    *r = (region){.kind = REGION_NONE};
    r->level = o->mask_level;
    if (o->has_region_box) {
        r->kind = REGION_BOX;
        r->box.rect = o->region_box;
        return CAMX_OK;
    }
    if (o->mask == NULL) {
        return CAMX_OK;
    }
    r->kind = REGION_MASK;
    return open_mask(r, o, photograph, error);
}

void region_close(region *r)
{
    photo_close(&r->mask);
}

camx_status region_measure(const region *r, const camx_map *map, camx_focus *focus,
                           camx_error *error)
{
    if (r->kind == REGION_BOX) {
        return camx_map_focus_box(map, 0, &r->box.rect, focus, error);
    }
    return camx_map_focus_mask(map, 0, &r->mask.pixels, r->level, focus, error);
}

static int is_set(const region *r, int32_t x, int32_t y)
{
    const camx_pixels *mask = &r->mask.pixels;
    const uint8_t *p;

    if (x < 0 || y < 0 || x >= mask->width || y >= mask->height) {
        return 0;
    }
    p = mask->data + (size_t)y * mask->stride + (size_t)x * 3;
    return p[0] >= r->level || p[1] >= r->level || p[2] >= r->level;
}

/* Whether a pixel of the region lies within `line` pixels of its border. */
static int is_border(const region *r, int32_t x, int32_t y, int32_t line)
{
    for (int32_t d = 1; d <= line; d++) {
        if (!is_set(r, x - d, y) || !is_set(r, x + d, y) || !is_set(r, x, y - d) ||
            !is_set(r, x, y + d)) {
            return 1;
        }
    }
    return 0;
}

camx_status region_draw(const region *r, camx_pixels *out, camx_error *error)
{
    camx_line_options line;
    int32_t shorter = out->width < out->height ? out->width : out->height;

    camx_line_options_init(&line);
    memcpy(line.colour, BORDER, sizeof line.colour);
    if (r->kind == REGION_BOX) {
        return camx_boxes_draw(&r->box, 1, &line, out, error);
    }
    for (int32_t y = 0; y < out->height; y++) {
        size_t stride = out->stride != 0 ? out->stride : (size_t)out->width * 3;
        uint8_t *row = out->data + (size_t)y * stride;

        for (int32_t x = 0; x < out->width; x++) {
            if (is_set(r, x, y) && is_border(r, x, y, 1 + shorter / 200)) {
                memcpy(row + (size_t)x * 3, BORDER, 3);
            }
        }
    }
    return CAMX_OK;
}
