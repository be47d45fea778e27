/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects the pictures of one photograph for a contact sheet.
 */
#include "contact_sheet.h"

#include <stdlib.h>
#include <string.h>

#include "camx/camx_image.h"
#include "workbench.h"

/* Twice a tile's sides: enough for sharp letters in the picture, little enough to keep hundreds. */
enum { KEPT_SIDE = 640 };

static camx_status no_memory(camx_error *error)
{
    return error_set(error, CAMX_E_MEMORY, "there is not enough memory for the contact sheet");
}

camx_status contact_sheet_begin(contact_sheet *s, uint32_t capacity, camx_error *error)
{
    *s = (contact_sheet){0};
    s->tiles = calloc(capacity, sizeof *s->tiles);
    s->pictures = calloc(capacity, sizeof *s->pictures);
    s->captions = calloc(capacity, sizeof *s->captions);
    s->capacity = capacity;
    if (s->tiles == NULL || s->pictures == NULL || s->captions == NULL) {
        contact_sheet_free(s);
        return no_memory(error);
    }
    return CAMX_OK;
}

void contact_sheet_free(contact_sheet *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        free(s->pictures[i].data);
        text_free(&s->captions[i]);
    }
    free(s->tiles);
    free(s->pictures);
    free(s->captions);
    *s = (contact_sheet){0};
}

static size_t row_bytes(const camx_pixels *p)
{
    return p->stride != 0 ? p->stride : (size_t)p->width * 3;
}

/* The mean of the block of `factor` x `factor` pixels at (x, y) of the small picture. */
static void mean_block(const camx_pixels *from, int32_t factor, int32_t x, int32_t y,
                       uint8_t rgb[3])
{
    uint64_t sum[3] = {0, 0, 0};
    uint64_t pixels = (uint64_t)factor * (uint64_t)factor;

    for (int32_t j = 0; j < factor; j++) {
        const uint8_t *row = from->data + (size_t)(y * factor + j) * row_bytes(from);
        const uint8_t *p = row + (size_t)(x * factor) * 3;

        for (int32_t i = 0; i < factor; i++, p += 3) {
            sum[0] += p[0];
            sum[1] += p[1];
            sum[2] += p[2];
        }
    }
    for (int c = 0; c < 3; c++) {
        rgb[c] = (uint8_t)((sum[c] + pixels / 2) / pixels);
    }
}

/* How many pixels become one, so that the longer side is at most about KEPT_SIDE. A very long, thin
 * picture keeps at least one pixel of its shorter side. */
static int32_t choose_factor(const camx_pixels *p)
{
    int32_t longer = p->width > p->height ? p->width : p->height;
    int32_t shorter = p->width > p->height ? p->height : p->width;
    int32_t factor = (longer + KEPT_SIDE - 1) / KEPT_SIDE;

    return factor < shorter ? factor : shorter;
}

static camx_status copy_smaller(const camx_pixels *from, camx_pixels *to, camx_error *error)
{
    int32_t factor = choose_factor(from);
    int32_t width = from->width / factor;
    int32_t height = from->height / factor;
    uint8_t *data = malloc((size_t)width * (size_t)height * 3);

    if (data == NULL) {
        return no_memory(error);
    }
    camx_pixels_init(to, CAMX_PIXEL_RGB, width, height, 0, data);
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            mean_block(from, factor, x, y, data + ((size_t)y * (size_t)width + (size_t)x) * 3);
        }
    }
    return CAMX_OK;
}

camx_status contact_sheet_add(contact_sheet *s, const camx_pixels *picture, text *caption,
                              camx_error *error)
{
    camx_status status;

    if (s->count == s->capacity) {
        return error_set(error, CAMX_E_INTERNAL, "the contact sheet has no more room");
    }
    if (caption->failed) {
        return no_memory(error);
    }
    status = copy_smaller(picture, &s->pictures[s->count], error);
    if (status != CAMX_OK) {
        return status;
    }
    s->captions[s->count] = *caption;
    *caption = (text){0};
    s->count++;
    return CAMX_OK;
}

/* Few tiles stand in one row or two; for many the library knows best. */
static int32_t choose_columns(uint32_t count)
{
    return count <= 4 ? (int32_t)count : count <= 8 ? 4 : 0;
}

camx_status contact_sheet_write(contact_sheet *s, const char *title, const char *path,
                                camx_error *error)
{
    camx_sheet_options layout;
    camx_image *image = NULL;
    camx_pixels pixels;
    int32_t width;
    int32_t height;
    camx_status status;

    camx_sheet_options_init(&layout);
    layout.title = title;
    layout.columns = s->in_a_row ? (int32_t)s->count : choose_columns(s->count);
    for (uint32_t i = 0; i < s->count; i++) {
        s->tiles[i].picture = &s->pictures[i];
        s->tiles[i].caption = text_string(&s->captions[i]);
    }
    status = camx_sheet_size(s->tiles, s->count, &layout, &width, &height, error);
    if (status == CAMX_OK) {
        status = camx_image_create(width, height, NULL, &image, error);
    }
    if (status == CAMX_OK) {
        status = camx_image_get_pixels(image, &pixels, error);
    }
    if (status == CAMX_OK) {
        status = camx_sheet_draw(s->tiles, s->count, &layout, &pixels, error);
    }
    if (status == CAMX_OK) {
        status = camx_image_write(path, &pixels, NULL, error);
    }
    camx_image_release(image);
    return status;
}
