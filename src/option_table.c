/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of all options: their names, what they store, and what help says about them.
 */
#include "command_options.h"

#include <stdio.h>
#include <string.h>

#include "growing_text.h"
#include "option_many.h"

enum { LARGEST_SIDE = 65536 };

static const choice SCORES[] = {
    {"logit", CAMX_SCORE_LOGIT}, {"probability", CAMX_SCORE_PROBABILITY}, {NULL, 0}};
static const choice RULES[] = {
    {"paper", CAMX_GRADCAMPP_PAPER}, {"mean-positive", CAMX_GRADCAMPP_MEAN_POSITIVE}, {NULL, 0}};
static const choice EDGES[] = {{"crop", CAMX_EDGE_CROP},
                               {"flush", CAMX_EDGE_FLUSH},
                               {"centred", CAMX_EDGE_CENTRED},
                               {NULL, 0}};
static const choice SCALINGS[] = {{"pgc", CAMX_SCALING_PGC},
                                  {"positive", CAMX_SCALING_POSITIVE},
                                  {"minmax", CAMX_SCALING_MINMAX},
                                  {"signed", CAMX_SCALING_SIGNED},
                                  {NULL, 0}};
static const choice PRESETS[] = {{"auto", CAMX_PRESET_AUTO},
                                 {"imagenet", CAMX_PRESET_IMAGENET},
                                 {"tf", CAMX_PRESET_TF},
                                 {"unit", CAMX_PRESET_UNIT},
                                 {NULL, 0}};
static const choice FITS[] = {{"crop", CAMX_FIT_CROP},
                              {"stretch", CAMX_FIT_STRETCH},
                              {"letterbox", CAMX_FIT_LETTERBOX},
                              {NULL, 0}};
static const choice FILTERS[] = {{"bilinear", CAMX_FILTER_BILINEAR},
                                 {"bicubic", CAMX_FILTER_BICUBIC},
                                 {"bilinear-plain", CAMX_FILTER_BILINEAR_PLAIN},
                                 {"nearest", CAMX_FILTER_NEAREST},
                                 {NULL, 0}};

/* The names of the library's numbered things, joined: for methods and colour maps. */
static const char *want_methods(options *o)
{
    text list = {0};
    int32_t method;

    text_put(&list, "all, or one or more (separated by commas) of");
    for (uint32_t i = 0; (method = camx_method_at(i)) != 0; i++) {
        text_format(&list, "%s %s", i > 0 ? "," : "", camx_method_name(method));
    }
    snprintf(o->wanted, sizeof o->wanted, "%s", text_string(&list));
    text_free(&list);
    return o->wanted;
}

/* Whether the name of a method is `plain`, its underscores left out. */
static int same_plain(const char *name, const char *plain)
{
    for (; *name != '\0'; name++) {
        if (*name != '_' && *name != *plain++) {
            return 0;
        }
    }
    return *plain == '\0';
}

int32_t method_by_word(const char *name, size_t length)
{
    char plain[32];
    int32_t method;
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        char c = name[i];

        if (used + 1 == sizeof plain) {
            return 0;
        }
        if (c == '+') {
            plain[used++] = 'p';
        } else if (c != '-' && c != '_') {
            plain[used++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
    }
    plain[used] = '\0';
    for (uint32_t i = 0; (method = camx_method_at(i)) != 0; i++) {
        if (same_plain(camx_method_name(method), plain)) {
            return method;
        }
    }
    return 0;
}

static void add_method(options *o, int32_t method)
{
    for (size_t i = 0; i < o->method_count; i++) {
        if (o->methods[i] == method) {
            return;
        }
    }
    if (o->method_count < MAX_METHODS) {
        o->methods[o->method_count++] = method;
    }
}

/* Hundreds of forward passes: made only when they are named. */
static int method_is_slow(int32_t method)
{
    return method == CAMX_METHOD_SCORECAM || method == CAMX_METHOD_RISE;
}

static const char *apply_method(options *o, const char *value)
{
    if (string_same(value, "all")) {
        int32_t method;

        o->all_methods = 1;
        for (uint32_t i = 0; (method = camx_method_at(i)) != 0; i++) {
            if (!method_is_slow(method)) {
                add_method(o, method);
            }
        }
        return NULL;
    }
    for (;;) {
        size_t length = strcspn(value, ",");
        int32_t method = method_by_word(value, length);

        if (method == 0) {
            return want_methods(o);
        }
        add_method(o, method);
        if (value[length] == '\0') {
            return NULL;
        }
        value += length + 1;
    }
}

static const char *add_word(words *list, const char *value, const char *wanted)
{
    if (*value == '\0') {
        return wanted;
    }
    list->at[list->count++] = value;
    return NULL;
}

static const char *apply_class(options *o, const char *value)
{
    return add_word(&o->classes, value, "the number or name of a class");
}

static const char *apply_layer(options *o, const char *value)
{
    return add_word(&o->layers, value, "the name of a layer (see camx layers)");
}

static const char *apply_map(options *o, const char *value)
{
    return add_word(&o->maps, value, "METHOD[,layer=NAME][,class=CLASS]");
}

static const char *apply_top(options *o, const char *value)
{
    return value_int(value, 1, 1000000, &o->top) ? NULL : "a number from 1 to 1000000";
}

static const char *apply_against(options *o, const char *value)
{
    o->against = value;
    return NULL;
}

static const char *apply_patch(options *o, const char *value)
{
    return value_size(value, LARGEST_SIDE, &o->occlusion.patch_width, &o->occlusion.patch_height)
               ? NULL
               : "a size in pixels of the network's input, such as 32 or 32x16, or several of "
                 "squares, such as 16,32,64";
}

/* One size, or several of square patches: 16,32,64. */
static const char *apply_patches(options *o, const char *value)
{
    int32_t width;
    int32_t height;
    char one[16];
    uint32_t count = 0;

    if (strchr(value, ',') == NULL) {
        o->occlusion.sizes = NULL;
        o->occlusion.size_count = 0;
        return apply_patch(o, value);
    }
    while (*value != '\0') {
        size_t length = strcspn(value, ",");
        if (length >= sizeof one || count == MAX_SIZES) {
            return "at most 64 sizes, such as 16,32,64";
        }
        memcpy(one, value, length);
        one[length] = '\0';
        if (!value_size(one, LARGEST_SIDE, &width, &height) || width != height) {
            return "a size in pixels of the network's input, such as 32 or 32x16, or several of "
                   "squares, such as 16,32,64";
        }
        o->sizes[count++] = width;
        value += length + (value[length] == ',');
    }
    o->occlusion.patch_width = 0;
    o->occlusion.patch_height = 0;
    o->occlusion.sizes = o->sizes;
    o->occlusion.size_count = count;
    return NULL;
}

static const char *apply_stride(options *o, const char *value)
{
    return value_size(value, LARGEST_SIDE, &o->occlusion.stride_x, &o->occlusion.stride_y)
               ? NULL
               : "a step of at least 1 pixel of the network's input, such as 16 or 16x8";
}

static const char *apply_fill(options *o, const char *value)
{
    camx_occlusion_options *occlusion = &o->occlusion;

    if (value_colour(value, occlusion->fill_rgb)) {
        occlusion->fill = CAMX_FILL_COLOUR;
        return NULL;
    }
    if (strcmp(value, "blur") == 0 || (strncmp(value, "blur=", 5) == 0 &&
                                       value_float(value + 5, 1e-3, 1e4, &occlusion->blur_sigma))) {
        occlusion->fill = CAMX_FILL_BLUR;
        return NULL;
    }
    if (strncmp(value, "value=", 6) == 0 &&
        value_float(value + 6, -1e30, 1e30, &occlusion->fill_value)) {
        occlusion->fill = CAMX_FILL_VALUE;
        return NULL;
    }
    return "a colour (128,128,128 or #808080), blur, blur=SIGMA or value=NUMBER";
}

static const char *apply_runs(options *o, const char *value)
{
    return value_int(value, 1, 1000, &o->runs) ? NULL : "a number from 1 to 1000";
}

/* "15%", "0.15" or "otsu" */
static const char *apply_box_threshold(options *o, const char *value)
{
    static const char *const wanted = "a share of the maximum such as 15% or 0.2, or otsu";
    char number[32];
    size_t length = strlen(value);
    int percent = length > 0 && value[length - 1] == '%';

    o->wants_boxes = 1;
    if (strcmp(value, "otsu") == 0) {
        o->boxes.threshold = CAMX_BOX_THRESHOLD_OTSU;
        return NULL;
    }
    if (length >= sizeof number) {
        return wanted;
    }
    memcpy(number, value, length + 1);
    if (percent) {
        number[length - 1] = '\0';
    }
    if (!value_float(number, 1e-6, percent ? 100 : 1, &o->boxes.share)) {
        return wanted;
    }
    o->boxes.share /= percent ? 100.0f : 1.0f;
    o->boxes.threshold = CAMX_BOX_THRESHOLD_SHARE;
    return NULL;
}

static const char *apply_largest_box(options *o, const char *value)
{
    (void)value;
    o->wants_boxes = 1;
    o->boxes.largest = 1;
    return NULL;
}

static const char *apply_region_box(options *o, const char *value)
{
    static const char *const wanted = "X,Y,W,H in pixels of the photograph, such as 20,30,200,150";
    int32_t numbers[4];
    const char *at = value;

    for (int i = 0; i < 4; i++) {
        char number[16];
        size_t length = strcspn(at, ",");

        if (length == 0 || length >= sizeof number || (i == 3) != (at[length] == '\0')) {
            return wanted;
        }
        memcpy(number, at, length);
        number[length] = '\0';
        if (!value_int(number, i < 2 ? 0 : 1, INT32_MAX, &numbers[i])) {
            return wanted;
        }
        at += length + 1;
    }
    o->has_region_box = 1;
    o->region_box = (camx_rect){numbers[0], numbers[1], numbers[2], numbers[3]};
    return NULL;
}

static const char *apply_mask(options *o, const char *value)
{
    o->mask = value;
    return *value != '\0' ? NULL : "the name of a picture or of a folder of them";
}

static const char *apply_mask_level(options *o, const char *value)
{
    return value_int(value, 1, 255, &o->mask_level) ? NULL : "a brightness from 1 to 255";
}

static const char *apply_output(options *o, const char *value)
{
    o->output = value;
    return *value != '\0' ? NULL : "the name of a folder or of a .png or .jpg file";
}

static const char *apply_colormap(options *o, const char *value)
{
    text list = {0};
    const char *name;

    o->colormap = camx_colormap_by_name(value);
    if (o->colormap >= 0) {
        return NULL;
    }
    text_put(&list, "one of");
    for (int32_t i = 0; (name = camx_colormap_name(i)) != NULL; i++) {
        text_format(&list, "%s %s", i > 0 ? "," : "", name);
    }
    snprintf(o->wanted, sizeof o->wanted, "%s", text_string(&list));
    text_free(&list);
    return o->wanted;
}

static const char *apply_alpha(options *o, const char *value)
{
    return value_float(value, 0, 1, &o->alpha) ? NULL : "a number from 0 to 1";
}

static const char *apply_size(options *o, const char *value)
{
    return value_size(value, LARGEST_SIDE, &o->width, &o->height) ? NULL
                                                                  : "a size such as 224 or 320x240";
}

static const char *apply_resize(options *o, const char *value)
{
    return value_int(value, 1, LARGEST_SIDE, &o->resize) ? NULL : "a number of pixels, such as 256";
}

static const char *apply_mean(options *o, const char *value)
{
    return value_floats(value, 4, o->mean, &o->mean_count)
               ? NULL
               : "one number for all channels or one per channel, such as 123.675,116.28,103.53";
}

static const char *apply_std(options *o, const char *value)
{
    if (!value_floats(value, 4, o->std, &o->std_count)) {
        return "one number for all channels or one per channel, such as 58.395,57.12,57.375";
    }
    for (int i = 0; i < o->std_count; i++) {
        if (!(o->std[i] > 0)) {
            return "numbers above 0";
        }
    }
    return NULL;
}

static const char *apply_labels(options *o, const char *value)
{
    o->labels = value;
    return *value != '\0' ? NULL : "the name of a text file";
}

static const char *apply_threads(options *o, const char *value)
{
    return value_int(value, 1, 1024, &o->threads) ? NULL : "a number from 1 to 1024";
}

static const char *apply_max_memory(options *o, const char *value)
{
    o->has_max_memory = 1;
    return value_bytes(value, &o->max_memory)
               ? NULL
               : "a number of bytes, such as 800M or 4G (0: no limit)";
}

/* What an option stores: 1 in an int of `options`, a number from a list, or whatever its function
 * does. */
#define FLAG(field) NULL, NULL, offsetof(options, field)
#define CHOICE(list, field) NULL, list, offsetof(options, field)
#define VALUE(function) function, NULL, 0

#define EX COMMAND_EXPLAIN
#define DREAM COMMAND_DREAM
#define PROG COMMAND_PROGRESS
#define MAPS (COMMAND_EXPLAIN | COMMAND_PROGRESS)
#define PICTURES (COMMAND_EXPLAIN | COMMAND_CLASSIFY | COMMAND_PROFILE | COMMAND_PROGRESS | DREAM)
#define WHAT "What to explain"
#define MEASURE "What to measure"
#define OCCLUSION "Occlusion"
#define MANY "Methods that run the network many times"
#define REGION "Boxes, and object or background"
#define EXCITE "What to excite"
#define OUTPUT "What to write"
#define PREPARE "Preparing the picture (default: the model's metadata, else as for ImageNet)"
#define GENERAL "General"

const option_row option_table[] = {
    {"method", 'm', "LIST", EX, WHAT, VALUE(apply_method),
     "cam, gradcam (default), gradcampp, occlusion, hirescam, layercam, xgradcam, elementwise, "
     "eigencam, eigengradcam, scorecam, ablationcam, reciprocam, fullgrad, saliency, "
     "guided_backprop, guided_gradcam, smoothgrad, integrated_gradients, rise, separated by commas, or all (but "
     "scorecam and rise, which take long)"},
    {"class", 'c', "CLASS", EX, WHAT, VALUE(apply_class),
     "a class by number or name (part of it is enough); repeatable, or a comma list; default: each "
     "picture's best class"},
    {"top", 'k', "K", EX, WHAT, VALUE(apply_top), "explain the K best classes of each picture"},
    {"layer", 'l', "NAME", EX, WHAT, VALUE(apply_layer),
     "look at this layer: a name, #number or scope prefix from `camx layers`; repeatable; default: "
     "the last feature map"},
    {"map", 0, "SPEC", EX, WHAT, VALUE(apply_map),
     "one map, METHOD[,layer=NAME][,class=CLASS], where CLASS may also be top1, top2, ...; "
     "repeatable; instead of all "
     "combinations of the options above"},
    {"against", 0, "CLASS", MAPS, WHAT, VALUE(apply_against),
     "explain the class minus this one: why this and not that"},
    {"negate", 0, NULL, MAPS, WHAT, FLAG(negate), "what speaks against the class"},
    {"score", 0, "KIND", MAPS, WHAT, CHOICE(SCORES, score),
     "explain the logit or the probability; default: logit, for occlusion probability"},
    {"rule", 0, "RULE", EX, WHAT, CHOICE(RULES, rule),
     "Grad-CAM++'s channel weights: paper (default) or mean-positive (as popular articles have "
     "it)"},

    {"patch", 0, "SIZE", EX, OCCLUSION, VALUE(apply_patches),
     "the patch, N or WxH pixels of the network's input; default: a seventh of the shorter side; "
     "N,N,...: the mean of the maps of several square patches"},
    {"stride", 0, "STEP", EX, OCCLUSION, VALUE(apply_stride),
     "the step, N or XxY; default: half the patch"},
    {"fill", 0, "FILL", EX, OCCLUSION, VALUE(apply_fill),
     "what covers the picture: a colour such as 128,128,128 (default) or #808080; blur or "
     "blur=SIGMA; value=NUMBER in "
     "the network's own scale"},
    {"edge", 0, "RULE", EX, OCCLUSION, CHOICE(EDGES, occlusion.edge),
     "patches at the border: crop (default), flush or centred"},
    {"no-reuse", 0, NULL, EX, OCCLUSION, FLAG(no_reuse),
     "run the whole network for every position; the map is the same, it takes longer"},

    {"runs", 'n', "N", COMMAND_PROFILE, MEASURE, VALUE(apply_runs),
     "how often the network is run and timed; default 10"},
    {"backward", 0, NULL, COMMAND_PROFILE, MEASURE, FLAG(backward),
     "Grad-CAM's way back from the best class to a layer too"},
    {"layer", 'l', "NAME", COMMAND_PROFILE, MEASURE, VALUE(apply_layer),
     "with --backward: how far back; default: the last feature map"},

    {"samples", 0, "N", EX, MANY, VALUE(apply_samples),
     "smoothgrad's noisy copies, default 50; rise's masks, default 1000"},
    {"noise", 0, "SHARE", EX, MANY, VALUE(apply_noise),
     "the noise's deviation as a share of the picture's range; default 0.15"},
    {"steps", 0, "N", EX, MANY, VALUE(apply_steps),
     "integrated_gradients' points on the path; default 50"},
    {"seed", 0, "N", EX, MANY, VALUE(apply_seed), "of everything random; default 0"},
    {"grid", 0, "N", EX, MANY, VALUE(apply_grid), "cells of rise's masks along each side; default 7"},
    {"probability", 0, "P", EX, MANY, VALUE(apply_probability),
     "the chance that such a cell shows the picture; default 0.5"},

    {"method", 'm', "LIST", PROG, WHAT, VALUE(apply_method),
     "a method that looks at a layer; default: gradcam"},
    {"class", 'c', "CLASS", PROG, WHAT, VALUE(apply_class),
     "a class by number or name (part of it is enough); default: each picture's best class"},

    {"boxes", 0, NULL, MAPS, REGION, FLAG(wants_boxes),
     "draw boxes around the heat, and give them in JSON"},
    {"box-threshold", 0, "LEVEL", MAPS, REGION, VALUE(apply_box_threshold),
     "what is hot: a share of the maximum such as 15% (default, as in Grad-CAM's paper) or 20% "
     "(as in CAM's), or otsu; means --boxes"},
    {"largest-box", 0, NULL, MAPS, REGION, VALUE(apply_largest_box),
     "only the box around the most connected hot pixels; means --boxes"},
    {"box", 0, "BOX", EX, REGION, VALUE(apply_region_box),
     "how much of the heat lies in X,Y,W,H, in pixels of the photograph? prints a table, the worst "
     "picture first"},
    {"mask", 0, "PLACE", EX, REGION, VALUE(apply_mask),
     "the same for a mask: a picture of the photograph's size, or a folder with one for each "
     "photograph, of the same name"},
    {"mask-level", 0, "N", EX, REGION, VALUE(apply_mask_level),
     "the mask is where red, green or blue is at least N, 1 to 255; default 128"},
    {"csv", 0, NULL, EX, REGION, FLAG(csv), "the table as CSV on stdout, and nothing else"},
    {"no-pictures", 0, NULL, EX, REGION, FLAG(no_pictures),
     "write no maps, only say what is in them"},

    {"class", 'c', "CLASS", DREAM, EXCITE, VALUE(apply_class),
     "a class by number or name (part of it is enough); repeatable: all of them at once"},
    {"layer", 'l', "NAME", DREAM, EXCITE, VALUE(apply_layer),
     "more of whatever this layer sees, or with --channel a channel of it; repeatable"},
    {"channel", 0, "N", DREAM, EXCITE, VALUE(apply_channel),
     "a channel of the layer; default layer: the last feature map"},
    {"steps", 0, "N", DREAM, EXCITE, VALUE(apply_steps), "steps of the ascent; default 200"},
    {"seed", 0, "N", DREAM, EXCITE, VALUE(apply_seed), "of everything random; default 0"},
    {"output", 'o', "PLACE", DREAM, OUTPUT, VALUE(apply_output),
     "the .png or .jpg file to write; default: dream.png"},
    {"frames", 0, "N", DREAM, OUTPUT, VALUE(apply_frames),
     "also a picture every N steps, dream-0000.png and so on, for an animation"},

    {"output", 'o', "PLACE", MAPS, OUTPUT, VALUE(apply_output),
     "a folder (made if need be), or one .png or .jpg file; default: the current folder"},
    {"sheet", 0, NULL, EX, OUTPUT, FLAG(sheet),
     "also a contact sheet of all maps with captions; with -o FILE nothing but the sheet"},
    {"raw", 0, NULL, MAPS, OUTPUT, FLAG(raw), "also the raw signed map as NumPy file (.npy)"},
    {"colormap", 0, "NAME", MAPS, OUTPUT, VALUE(apply_colormap),
     "turbo (default), jet, viridis, inferno, cividis, grey, or rdbu for signed maps"},
    {"alpha", 0, "A", MAPS, OUTPUT, VALUE(apply_alpha),
     "how strongly the hottest place covers the photograph, 0 to 1; default 0.6"},
    {"even", 0, NULL, MAPS, OUTPUT, FLAG(even),
     "cover every place alike, as papers do; default: in proportion to the heat"},
    {"scaling", 0, "NAME", MAPS, OUTPUT, CHOICE(SCALINGS, scaling),
     "how raw values become colours: pgc (default, as pytorch-grad-cam), positive, minmax, signed"},
    {"blocks", 0, NULL, MAPS, OUTPUT, FLAG(nearest), "show the map's cells as blocks, not smoothed"},

    {"top", 'k', "K", COMMAND_CLASSIFY, OUTPUT, VALUE(apply_top),
     "how many classes to print; default 5"},
    {"top", 'k', "K", COMMAND_PROFILE, OUTPUT, VALUE(apply_top),
     "only the K slowest steps, slowest first; default: all, in order"},
    {"size", 's', "SIZE", COMMAND_LAYERS, OUTPUT, VALUE(apply_size),
     "plan for an input of N or WxH pixels; default: the model's own size"},
    {"all", 'a', NULL, COMMAND_LAYERS, OUTPUT, FLAG(all), "every value, not only the feature maps"},
    {"json", 'j', NULL, COMMAND_ALL, OUTPUT, FLAG(json),
     "one JSON document (\"schema\": \"camx/1\") on stdout"},

    {"preset", 'p', "NAME", PICTURES, PREPARE, CHOICE(PRESETS, preset),
     "auto (default), imagenet, tf (-1..1) or unit (0..1)"},
    {"size", 's', "SIZE", PICTURES, PREPARE, VALUE(apply_size),
     "the network's input, N or WxH pixels"},
    {"fit", 0, "HOW", PICTURES, PREPARE, CHOICE(FITS, fit),
     "crop (the centre), stretch, or letterbox (all of it, with borders)"},
    {"resize", 0, "N", PICTURES, PREPARE, VALUE(apply_resize),
     "the shorter side before the centre is cut out"},
    {"filter", 0, "NAME", PICTURES, PREPARE, CHOICE(FILTERS, filter),
     "bilinear, bicubic (both antialiased), bilinear-plain (as OpenCV), nearest"},
    {"mean", 0, "LIST", PICTURES, PREPARE, VALUE(apply_mean),
     "subtracted from the 0..255 samples: one number, or one per channel"},
    {"std", 0, "LIST", PICTURES, PREPARE, VALUE(apply_std),
     "divides them then, likewise; for values meant for 0..1 multiply both by 255"},
    {"bgr", 0, NULL, PICTURES, PREPARE, FLAG(bgr), "the network wants blue first (Caffe)"},

    {"labels", 0, "FILE", EX | DREAM | COMMAND_CLASSIFY | COMMAND_INFO, GENERAL, VALUE(apply_labels),
     "class names, one a line; default: the model's own, or ImageNet's for 1000 or 1001 classes"},
    {"threads", 't', "N", COMMAND_ALL, GENERAL, VALUE(apply_threads),
     "default: CAMX_NUM_THREADS, else OMP_NUM_THREADS, else all processors"},
    {"max-memory", 0, "BYTES", COMMAND_ALL, GENERAL, VALUE(apply_max_memory),
     "refuse models that need more, such as 800M or 4G; default 16G, 0: no limit"},
    {"quiet", 'q', NULL, COMMAND_ALL, GENERAL, FLAG(quiet), "no notes and no progress on stderr"},
    {"help", 'h', NULL, COMMAND_ALL, GENERAL, FLAG(help), "this help"},
    {"version", 'V', NULL, COMMAND_ALL, GENERAL, FLAG(version), "version and build"},
};

const size_t option_table_size = sizeof option_table / sizeof option_table[0];
