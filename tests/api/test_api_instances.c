/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several instances of a class, on the construction that Grad-CAM++'s paper argues with (Chattopadhyay et al., WACV 2018,
 * section 3.1): channel k answers to instance k alone, with the same strength on each of its n_k positions, and the
 * score grows by 1 for every unit of activation there and nowhere else. Then everything has a closed form. On instance k,
 * whose activation is h_k, of Z positions in all:
 *
 *     Grad-CAM    weight n_k / Z                 map h_k n_k / Z: the larger the instance, the hotter
 *     Grad-CAM++  weight n_k / (2 + n_k h_k)     map h_k n_k / (2 + n_k h_k), nearly 1 for all
 *
 * The network: x [1, 3, 8, 10] -> Conv 1x1, the identity -> "maps" -> minus 0.5 -> Relu -> GlobalAveragePool -> dense
 * layer with the weights Z. The Relu is what makes the gradient 1 on instances (h > 0.5) and 0 elsewhere.
 */
#include <math.h>

#include "api_support.h"

enum { WIDTH = 10, HEIGHT = 8, POSITIONS = WIDTH * HEIGHT, INSTANCES = 3 };

static camx_model *open_construction(void)
{
    onnx_writer w;
    camx_model *model = NULL;
    const float identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const float half = -0.5F;
    const float weights[6] = {POSITIONS, POSITIONS, POSITIONS, 0, 0, 0};
    const float bias[2] = {0, 0};
    onnx_writer_begin(&w, 8, 13);
    onnx_writer_input(&w, "x", 1, 4, (int64_t[]){1, 3, HEIGHT, WIDTH});
    onnx_writer_node(&w, "Conv", "detectors", "x k", "maps");
    onnx_writer_node(&w, "Add", "threshold", "maps half", "above");
    onnx_writer_node(&w, "Relu", "relu", "above", "units");
    onnx_writer_node(&w, "GlobalAveragePool", "pool", "units", "pooled");
    onnx_writer_node(&w, "Flatten", "flatten", "pooled", "flat");
    onnx_writer_node(&w, "Gemm", "dense", "flat w b", "logits");
    onnx_writer_int_attribute(&w, "transB", 1);
    onnx_writer_floats(&w, "k", 4, (int64_t[]){3, 3, 1, 1}, identity);
    onnx_writer_floats(&w, "half", 1, (int64_t[]){1}, &half);
    onnx_writer_floats(&w, "w", 2, (int64_t[]){2, 3}, weights);
    onnx_writer_floats(&w, "b", 1, (int64_t[]){2}, bias);
    onnx_writer_output(&w, "logits", 1, 2, (int64_t[]){1, 2});
    onnx_bytes bytes = onnx_writer_end(&w);
    GOOD(camx_model_open_memory(bytes.data, bytes.size, NULL, &model, &error));
    onnx_bytes_free(&bytes);
    return model;
}

/* Where the instances lie, apart from each other, and how strongly their channels answer. */
typedef struct layout {
    camx_rect rect[INSTANCES];
    float height[INSTANCES];
} layout;

/* The first has the paper's sizes: 15, 4 and 2 of 80 positions. */
static const layout layouts[] = {
    {{{1, 1, 5, 3}, {7, 4, 2, 2}, {1, 6, 2, 1}}, {1, 1, 1}},
    {{{0, 0, 6, 6}, {8, 0, 1, 1}, {8, 6, 2, 2}}, {1, 1, 1}},
    {{{0, 0, 3, 3}, {5, 0, 3, 3}, {0, 5, 3, 3}}, {1, 1, 1}},
    {{{1, 1, 5, 3}, {7, 4, 2, 2}, {1, 6, 2, 1}}, {0.75F, 2, 1.5F}},
    {{{0, 0, 4, 8}, {5, 0, 1, 3}, {7, 5, 3, 1}}, {3, 0.625F, 1}},
};
enum { LAYOUTS = sizeof layouts / sizeof layouts[0] };

static int instance_at(const layout *l, int x, int y)
{
    for (int k = 0; k < INSTANCES; k++)
        if (x >= l->rect[k].x && x < l->rect[k].x + l->rect[k].width && y >= l->rect[k].y &&
            y < l->rect[k].y + l->rect[k].height)
            return k;
    return -1;
}

static double closed_form(const layout *l, int k, int32_t method)
{
    double n = (double)l->rect[k].width * l->rect[k].height;
    double h = (double)l->height[k];
    return method == CAMX_METHOD_GRADCAM ? h * n / POSITIONS : h * n / (2.0 + n * h);
}

typedef struct bench {
    camx_model *model;
    camx_session *session;
    camx_input *input;
    camx_map *map;
} bench;

static bench compute(const layout *l, int32_t method)
{
    bench b = {.model = open_construction(), .map = api_map()};
    float x[INSTANCES * POSITIONS] = {0};
    camx_target target;
    camx_explain_options options;
    for (int i = 0; i < POSITIONS; i++) {
        int k = instance_at(l, i % WIDTH, i / WIDTH);
        if (k >= 0)
            x[k * POSITIONS + i] = l->height[k];
    }
    b.session = api_session(b.model, NULL);
    b.input = api_input(b.model, x, 1, INSTANCES, HEIGHT, WIDTH);
    camx_target_for_class(&target, 0);
    camx_explain_options_init(&options);
    options.layer = "maps";
    GOOD(camx_explain(b.session, method, b.input, &target, &options, b.map, &error));
    return b;
}

static void close_bench(bench *b)
{
    camx_map_release(b->map);
    camx_input_release(b->input);
    camx_session_close(b->session);
    camx_model_release(b->model);
}

static const int32_t methods[2] = {CAMX_METHOD_GRADCAM, CAMX_METHOD_GRADCAMPP};

/* Every value of the map is the closed form's. */
START_TEST(maps_are_the_closed_form)
{
    const layout *l = &layouts[_i / 2];
    bench b = compute(l, methods[_i % 2]);
    const float *values = camx_map_values(b.map, 0);
    for (int i = 0; i < POSITIONS; i++) {
        int k = instance_at(l, i % WIDTH, i / WIDTH);
        double wanted = k < 0 ? 0.0 : closed_form(l, k, methods[_i % 2]);
        ck_assert_double_eq_tol((double)values[i], wanted, 1e-5);
    }
    close_bench(&b);
}
END_TEST

/* How much of each instance is covered at a threshold: all of it where the closed form reaches the threshold, nothing
 * otherwise; and the boxes are the covered instances. */
START_TEST(covered_share_of_each_instance)
{
    static const float shares[] = {0.15F, 0.2F, 0.5F};
    const layout *l = &layouts[_i / 2];
    int32_t method = methods[_i % 2];
    bench b = compute(l, method);
    double most = 0;
    for (int k = 0; k < INSTANCES; k++)
        most = fmax(most, closed_form(l, k, method));
    for (size_t s = 0; s < sizeof shares / sizeof shares[0]; s++) {
        camx_box_options options;
        camx_box boxes[8];
        uint32_t found = 0;
        uint32_t wanted = 0;
        camx_box_options_init(&options);
        options.share = shares[s];
        GOOD(camx_map_boxes(b.map, 0, &options, boxes, 8, &found, &error));
        for (int k = 0; k < INSTANCES; k++) {
            double part = closed_form(l, k, method) / most;
            ck_assert_msg(fabs(part - (double)shares[s]) > 1e-3, "instance %d is on the edge", k);
            float best = 0;
            for (uint32_t i = 0; i < found; i++)
                best = fmaxf(best, camx_box_iou(&boxes[i].rect, &l->rect[k]));
            ck_assert_float_eq(best, part > (double)shares[s] ? 1.0F : 0.0F);
            wanted += part > (double)shares[s];
        }
        ck_assert_uint_eq(found, wanted);
    }
    close_bench(&b);
}
END_TEST

/* The paper's point, in numbers: with its sizes, at Grad-CAM's own 15 %, Grad-CAM covers two instances of three and
 * Grad-CAM++ all of them; and the share of all heat that the smallest gets. */
START_TEST(the_smallest_instance_is_seen)
{
    const layout *paper = &layouts[0];
    uint32_t found[2];
    double share[2];
    for (int m = 0; m < 2; m++) {
        bench b = compute(paper, methods[m]);
        camx_focus focus = {.struct_size = sizeof focus};
        GOOD(camx_map_boxes(b.map, 0, NULL, NULL, 0, &found[m], &error));
        GOOD(camx_map_focus_box(b.map, 0, &paper->rect[2], &focus, &error));
        share[m] = focus.heat_share;
        close_bench(&b);
    }
    ck_assert_uint_eq(found[0], 2);
    ck_assert_uint_eq(found[1], 3);
    /* n_k times the map's value, over the sum of these: 2 * 2, 4 * 4, 15 * 15; and n_k^2 / (2 + n_k). */
    ck_assert_double_eq_tol(share[0], 4.0 / (4.0 + 16.0 + 225.0), 1e-5);
    ck_assert_double_eq_tol(share[1], 1.0 / (1.0 + 16.0 / 6.0 + 225.0 / 17.0), 1e-5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_instances");
    TCase *tests = tcase_create("instances");
    tcase_add_loop_test(tests, maps_are_the_closed_form, 0, 2 * LAYOUTS);
    tcase_add_loop_test(tests, covered_share_of_each_instance, 0, 2 * LAYOUTS);
    tcase_add_test(tests, the_smallest_instance_is_seen);
    suite_add_tcase(suite, tests);
    return api_run(suite);
}
