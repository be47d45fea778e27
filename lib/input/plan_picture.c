/* SPDX-License-Identifier: Apache-2.0 */
/* How large a picture becomes and which window of it the network sees. */
#include <math.h>

#include "input/prepare.h"

/* ImageNet's custom: the shorter side becomes 256 when 224 are cut out. */
static const double margin = 256.0 / 224.0;

static int64_t at_least_one(double size)
{
    return size < 1.0 ? 1 : (int64_t)size;
}

/* The shorter side for resize = 0: so large that the window with its margin is covered. For a
 * square window that is its side * 256 / 224. */
static int32_t default_shorter(const camx_input_options *options, int32_t photo_width,
                               int32_t photo_height)
{
    int32_t photo_shorter = photo_width < photo_height ? photo_width : photo_height;
    double along_x = (double)options->width / photo_width;
    double along_y = (double)options->height / photo_height;
    double scale = along_x > along_y ? along_x : along_y;

    return (int32_t)at_least_one(floor(photo_shorter * scale * margin + 0.5));
}

/* torchvision's Resize(int): the longer side is truncated, not rounded. */
static void plan_crop_size(camx__input_plan *plan, int32_t photo_width, int32_t photo_height)
{
    bool upright = photo_width <= photo_height;
    double photo_shorter = upright ? photo_width : photo_height;
    double photo_longer = upright ? photo_height : photo_width;
    int64_t longer = at_least_one((double)plan->shorter * photo_longer / photo_shorter);

    plan->resized_width = upright ? plan->shorter : longer;
    plan->resized_height = upright ? longer : plan->shorter;
}

/* torchvision's CenterCrop: half the difference, rounded half to even; borders get the smaller half
 * first. */
static int64_t centre_offset(int64_t resized, int32_t size)
{
    int64_t spare = resized - size;
    int64_t half;

    if (spare < 0)
        return -(-spare / 2);
    half = spare / 2;
    return half + (spare % 2 != 0 && half % 2 != 0);
}

static void plan_letterbox_size(camx__input_plan *plan, int32_t photo_width, int32_t photo_height)
{
    double along_x = (double)plan->width / photo_width;
    double along_y = (double)plan->height / photo_height;
    double scale = along_x < along_y ? along_x : along_y;

    plan->resized_width = at_least_one(floor(photo_width * scale + 0.5));
    plan->resized_height = at_least_one(floor(photo_height * scale + 0.5));
}

camx__input_plan camx__input_plan_for(const camx_input_options *options, int32_t photo_width,
                                      int32_t photo_height)
{
    camx__input_plan plan = {.width = options->width, .height = options->height};

    if (options->fit == CAMX_FIT_STRETCH) {
        plan.resized_width = plan.width;
        plan.resized_height = plan.height;
        return plan;
    }
    if (options->fit == CAMX_FIT_LETTERBOX) {
        plan_letterbox_size(&plan, photo_width, photo_height);
        plan.left = -((plan.width - plan.resized_width) / 2);
        plan.top = -((plan.height - plan.resized_height) / 2);
        return plan;
    }
    plan.shorter = options->resize != 0 ? options->resize
                                        : default_shorter(options, photo_width, photo_height);
    plan_crop_size(&plan, photo_width, photo_height);
    plan.left = centre_offset(plan.resized_width, plan.width);
    plan.top = centre_offset(plan.resized_height, plan.height);
    return plan;
}

camx__geometry camx__input_plan_geometry(const camx__input_plan *plan, int32_t photo_width,
                                         int32_t photo_height)
{
    return (camx__geometry){
        .photo_width = photo_width,
        .photo_height = photo_height,
        .network_width = plan->width,
        .network_height = plan->height,
        .scale_x = (double)plan->resized_width / photo_width,
        .scale_y = (double)plan->resized_height / photo_height,
        .offset_x = -(double)plan->left,
        .offset_y = -(double)plan->top,
    };
}

bool camx__input_plan_has_border(const camx__input_plan *plan)
{
    return plan->left < 0 || plan->top < 0 || plan->left + plan->width > plan->resized_width ||
           plan->top + plan->height > plan->resized_height;
}
