/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes and focus through the public interface: a whole network, what is refused, and what is drawn. */
#include <math.h>

#include "api_support.h"

/* The hand-made network with its image 1 2 3 6: Grad-CAM's map grows with the image, so its peak is the lower right. */
typedef struct hand {
    camx_model *model;
    camx_session *session;
    camx_input *input;
    camx_map *map;
} hand;

static hand h;

static void set_up(void)
{
    h.model = api_hand_open(1.0F, NULL);
    h.session = api_session(h.model, NULL);
    h.input = api_input(h.model, api_hand_image, 1, 1, 2, 2);
    h.map = api_map();
    GOOD(gradcam_compute(h.session, h.input, NULL, NULL, h.map, &error));
}

static void tear_down(void)
{
    camx_map_release(h.map);
    camx_input_release(h.input);
    camx_session_close(h.session);
    camx_model_release(h.model);
}

START_TEST(boxes_of_a_network)
{
    camx_box_options options;
    camx_box boxes[2];
    uint32_t found = 0;
    camx_box_options_init(&options);
    options.share = 0.9F;
    GOOD(camx_map_boxes(h.map, 0, &options, boxes, 2, &found, &error));
    ck_assert_uint_eq(found, 1);
    ck_assert(boxes[0].rect.x == 1 && boxes[0].rect.y == 1 && boxes[0].rect.width == 1 && boxes[0].rect.height == 1);
    ck_assert_double_eq_tol(boxes[0].mass, 0.5, 1e-6); /* 6 of 1 + 2 + 3 + 6 */
    GOOD(camx_map_boxes(h.map, 0, NULL, boxes, 2, &found, &error));
    ck_assert(found == 1 && boxes[0].area == 4);
    GOOD(camx_map_boxes(h.map, 0, NULL, NULL, 0, &found, &error));
    ck_assert_uint_eq(found, 1);
    camx_focus focus = {.struct_size = sizeof focus};
    const camx_rect right = {1, 0, 1, 2};
    GOOD(camx_map_focus_box(h.map, 0, &right, &focus, &error));
    ck_assert_double_eq_tol(focus.heat_share, 8.0 / 12.0, 1e-6);
    ck_assert_double_eq(focus.area_share, 0.5);
    ck_assert(focus.peak_inside == 1 && focus.peak_x == 1 && focus.peak_y == 1);
    uint8_t samples[4] = {0, 255, 0, 255};
    camx_pixels mask;
    camx_focus same = {.struct_size = sizeof same};
    camx_pixels_init(&mask, CAMX_PIXEL_GREY, 2, 2, 0, samples);
    GOOD(camx_map_focus_mask(h.map, 0, &mask, 128, &same, &error));
    ck_assert_int_eq(memcmp(&focus, &same, sizeof same), 0);
    ck_assert_float_eq(camx_box_iou(&right, &right), 1.0F);
    ck_assert_float_eq(camx_box_iou(&right, NULL), 0.0F);
    ck_assert_float_eq(camx_box_iou(NULL, &right), 0.0F);
}
END_TEST

START_TEST(box_options_refused)
{
    camx_box boxes[2];
    uint32_t found = 7;
#define TRY(field, value, words)                                                                                 \
    do {                                                                                                         \
        camx_box_options options;                                                                                \
        camx_box_options_init(&options);                                                                         \
        options.field = (value);                                                                                 \
        EXPECT(camx_map_boxes(h.map, 0, &options, boxes, 2, &found, &error), CAMX_E_ARGUMENT, (words)); \
        ck_assert_uint_eq(found, 0);                                                                             \
    } while (0)
    TRY(struct_size, 0, "struct_size is 0");
    TRY(threshold, -1, "threshold is -1");
    TRY(threshold, 2, "threshold is 2");
    TRY(share, 0.0F, "share is 0");
    TRY(share, 1.5F, "share is 1.5");
    TRY(share, NAN, "share is");
    TRY(connectivity, 6, "connectivity is 6");
    TRY(order, 4, "order is 4");
    TRY(order, -1, "order is -1");
    TRY(min_area, -0.1F, "min_area is -0.1");
    TRY(min_area, NAN, "min_area is");
#undef TRY
    camx_map *empty = api_map();
    EXPECT(camx_map_boxes(NULL, 0, NULL, boxes, 2, &found, &error), CAMX_E_ARGUMENT, "'map' is NULL");
    EXPECT(camx_map_boxes(h.map, 0, NULL, NULL, 2, &found, &error), CAMX_E_ARGUMENT, "'boxes' is NULL");
    EXPECT(camx_map_boxes(h.map, 0, NULL, boxes, 2, NULL, &error), CAMX_E_ARGUMENT, "'found' is NULL");
    EXPECT(camx_map_boxes(h.map, 1, NULL, boxes, 2, &found, &error), CAMX_E_ARGUMENT, "no image 1");
    EXPECT(camx_map_boxes(empty, 0, NULL, boxes, 2, &found, &error), CAMX_E_STATE, "empty");
    camx_map_release(empty);
}
END_TEST

START_TEST(regions_refused)
{
    camx_focus focus = {.struct_size = sizeof focus};
    static const camx_rect bad[] = {{0, 0, 0, 1}, {0, 0, 1, 0}, {0, 0, -1, 2}, {-1, 0, 2, 2}, {0, -1, 2, 2},
                                    {1, 0, 2, 1}, {0, 1, 1, 2}, {2, 2, 1, 1},  {0, 0, 3, 2}, {1, 1, INT32_MAX, 1}};
    const camx_rect good = {0, 0, 1, 1};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        EXPECT(camx_map_focus_box(h.map, 0, &bad[i], &focus, &error), CAMX_E_ARGUMENT,
               i < 3 ? "at least 1" : "not inside the picture of 2 x 2");
    EXPECT(camx_map_focus_box(NULL, 0, &good, &focus, &error), CAMX_E_ARGUMENT, "'map' is NULL");
    EXPECT(camx_map_focus_box(h.map, 0, NULL, &focus, &error), CAMX_E_ARGUMENT, "'box' is NULL");
    EXPECT(camx_map_focus_box(h.map, 0, &good, NULL, &error), CAMX_E_ARGUMENT, "'focus' is NULL");
    EXPECT(camx_map_focus_box(h.map, 3, &good, &focus, &error), CAMX_E_ARGUMENT, "no image 3");
    focus.struct_size = 0;
    EXPECT(camx_map_focus_box(h.map, 0, &good, &focus, &error), CAMX_E_ARGUMENT, "struct_size is 0");
    focus.struct_size = sizeof focus;
    uint8_t samples[12] = {1, 0, 1, 0};
    camx_pixels mask;
    camx_pixels_init(&mask, CAMX_PIXEL_GREY, 2, 2, 0, samples);
    EXPECT(camx_map_focus_mask(h.map, 0, &mask, 128, &focus, &error), CAMX_E_ARGUMENT, "the brightest is 1");
    GOOD(camx_map_focus_mask(h.map, 0, &mask, 1, &focus, &error));
    EXPECT(camx_map_focus_mask(h.map, 0, &mask, 0, &focus, &error), CAMX_E_ARGUMENT, "level is 0");
    EXPECT(camx_map_focus_mask(h.map, 0, &mask, 256, &focus, &error), CAMX_E_ARGUMENT, "level is 256");
    EXPECT(camx_map_focus_mask(NULL, 0, &mask, 1, &focus, &error), CAMX_E_ARGUMENT, "'map' is NULL");
    EXPECT(camx_map_focus_mask(h.map, 0, NULL, 1, &focus, &error), CAMX_E_ARGUMENT, "'mask' is NULL");
    EXPECT(camx_map_focus_mask(h.map, 0, &mask, 1, NULL, &error), CAMX_E_ARGUMENT, "'focus' is NULL");
    mask.width = 3;
    EXPECT(camx_map_focus_mask(h.map, 0, &mask, 1, &focus, &error), CAMX_E_ARGUMENT,
           "the mask is 3 x 2 pixels, the picture 2 x 2");
    mask.width = 0;
    EXPECT(camx_map_focus_mask(h.map, 0, &mask, 1, &focus, &error), CAMX_E_ARGUMENT, "mask is 0 x 2");
    mask.data = NULL;
    EXPECT(camx_map_focus_mask(h.map, 0, &mask, 1, &focus, &error), CAMX_E_ARGUMENT, "no pixels");
}
END_TEST

/* ---- drawing ---- */

/* What a pixel of the picture should be: 'w' the line, 'k' its rim, '.' untouched. */
static char drawn(const camx_rect *r, int line, int x, int y)
{
    int in_x = x - r->x < r->x + r->width - 1 - x ? x - r->x : r->x + r->width - 1 - x;
    int in_y = y - r->y < r->y + r->height - 1 - y ? y - r->y : r->y + r->height - 1 - y;
    int depth = in_x < in_y ? in_x : in_y; /* from the edge inwards; below 0 outside */
    return depth < -1 || depth > line ? '.' : depth >= 0 && depth < line ? 'w' : 'k';
}

/* Boxes inside, over every edge, thin ones and ones that are outside altogether. */
START_TEST(lines_lie_inside_boxes)
{
    static const camx_rect places[] = {{5, 4, 9, 8},  {-3, 4, 9, 8}, {12, 10, 20, 20}, {0, 0, 20, 16},
                                       {3, 3, 1, 10}, {3, 3, 10, 2}, {40, 40, 5, 5},   {-9, -9, 60, 60}};
    static const int bytes[5] = {3, 3, 4, 4, 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        for (int32_t format = CAMX_PIXEL_RGB; format <= CAMX_PIXEL_GREY; format++) {
            uint8_t samples[16 * 84];
            camx_line_options options;
            camx_pixels out;
            camx_box box = {.rect = places[i]};
            memset(samples, 77, sizeof samples);
            camx_pixels_init(&out, format, 20, 16, 84, samples);
            camx_line_options_init(&options);
            options.width = 2;
            memcpy(options.colour, (uint8_t[]){250, 200, 10, 0}, 4);
            GOOD(camx_boxes_draw(&box, 1, &options, &out, &error));
            for (int y = 0; y < 16; y++)
                for (int x = 0; x < 20; x++) {
                    const uint8_t *p = samples + y * 84 + x * bytes[format];
                    char want = drawn(&places[i], 2, x, y);
                    bool bgr = format == CAMX_PIXEL_BGR || format == CAMX_PIXEL_BGRA;
                    int first = format == CAMX_PIXEL_GREY ? 193 : bgr ? 10 : 250; /* grey by BT.601 */
                    ck_assert_msg(p[0] == (want == 'w' ? first : want == 'k' ? 0 : 77), "box %zu, format %d, %d %d",
                                  i, format, x, y);
                    if (bytes[format] == 4)
                        ck_assert_int_eq(p[3], 77);
                }
            for (int y = 0; y < 16; y++) /* what lies between the rows */
                for (int x = 20 * bytes[format]; x < 84; x++)
                    ck_assert_int_eq(samples[y * 84 + x], 77);
        }
}
END_TEST

START_TEST(drawing_refused)
{
    uint8_t samples[48] = {0};
    camx_pixels out;
    camx_line_options options;
    camx_box box = {.rect = {0, 0, 2, 2}};
    camx_pixels_init(&out, CAMX_PIXEL_RGB, 4, 4, 0, samples);
    camx_line_options_init(&options);
    GOOD(camx_boxes_draw(NULL, 0, NULL, &out, &error));
    GOOD(camx_boxes_draw(&box, 1, NULL, &out, &error));
    EXPECT(camx_boxes_draw(NULL, 1, NULL, &out, &error), CAMX_E_ARGUMENT, "'boxes' is NULL");
    EXPECT(camx_boxes_draw(&box, 1, NULL, NULL, &error), CAMX_E_ARGUMENT, "'out' is NULL");
    options.width = -1;
    EXPECT(camx_boxes_draw(&box, 1, &options, &out, &error), CAMX_E_ARGUMENT, "width is -1");
    options.width = 1001;
    EXPECT(camx_boxes_draw(&box, 1, &options, &out, &error), CAMX_E_ARGUMENT, "width is 1001");
    options.struct_size = 0;
    EXPECT(camx_boxes_draw(&box, 1, &options, &out, &error), CAMX_E_ARGUMENT, "struct_size is 0");
    box.rect.height = 0;
    EXPECT(camx_boxes_draw(&box, 1, NULL, &out, &error), CAMX_E_ARGUMENT, "boxes[0] is 2 x 0");
    out.format = 9;
    box.rect.height = 1;
    EXPECT(camx_boxes_draw(&box, 1, NULL, &out, &error), CAMX_E_ARGUMENT, "format 9");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_boxes");
    TCase *tests = tcase_create("boxes");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, boxes_of_a_network);
    tcase_add_test(tests, box_options_refused);
    tcase_add_test(tests, regions_refused);
    tcase_add_test(tests, lines_lie_inside_boxes);
    tcase_add_test(tests, drawing_refused);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
