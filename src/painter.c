/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paints maps over a photograph, as the options say, and names what was painted.
 */
#include "painter.h"

#include <stdlib.h>

#include "workbench.h"

camx_status painter_begin(painter *p, const camx_pixels *picture, camx_error *error)
{
    size_t pixels = (size_t)picture->width * (size_t)picture->height;

    *p = (painter){0};
    if (pixels > SIZE_MAX / sizeof *p->heat) {
        return error_set(error, CAMX_E_MEMORY, "a picture of %dx%d pixels is too large to paint on",
                         (int)picture->width, (int)picture->height);
    }
    p->heat = malloc(pixels * sizeof *p->heat);
    p->bytes = malloc(pixels * 3);
    if (p->heat == NULL || p->bytes == NULL) {
        painter_free(p);
        return error_set(error, CAMX_E_MEMORY,
                         "there is not enough memory to paint on %dx%d pixels", (int)picture->width,
                         (int)picture->height);
    }
    camx_pixels_init(&p->out, CAMX_PIXEL_RGB, picture->width, picture->height, 0, p->bytes);
    return CAMX_OK;
}

void painter_free(painter *p)
{
    free(p->heat);
    free(p->bytes);
    *p = (painter){0};
}

/* Signed values and the signed colour map belong together: asking for one gives the other. */
static void choose_colours(const options *o, int32_t *scaling, int32_t *colormap)
{
    *scaling = o->scaling >= 0                     ? o->scaling
               : o->colormap == CAMX_COLORMAP_RDBU ? CAMX_SCALING_SIGNED
                                                   : CAMX_SCALING_PGC;
    *colormap = o->colormap >= 0                    ? o->colormap
                : o->scaling == CAMX_SCALING_SIGNED ? CAMX_COLORMAP_RDBU
                                                    : CAMX_COLORMAP_TURBO;
}

camx_status painter_paint(painter *p, const camx_pixels *picture, const camx_map *map,
                          const options *o, camx_error *error)
{
    camx_render_options render;
    camx_overlay_options overlay;
    camx_status status;

    camx_render_options_init(&render);
    camx_overlay_options_init(&overlay);
    choose_colours(o, &render.scaling, &overlay.colormap);
    render.nearest = o->nearest;
    overlay.even = o->even;
    if (o->alpha >= 0) {
        overlay.alpha = o->alpha;
    }
    status = camx_map_render(map, 0, &render, p->heat, picture->width, picture->height, error);
    if (status != CAMX_OK) {
        return status;
    }
    return camx_overlay_draw(picture, p->heat, &overlay, &p->out, error);
}

const char *method_title(int32_t method)
{
    switch (method) {
    case CAMX_METHOD_CAM:
        return "CAM";
    case CAMX_METHOD_GRADCAM:
        return "Grad-CAM";
    case CAMX_METHOD_GRADCAMPP:
        return "Grad-CAM++";
    case CAMX_METHOD_OCCLUSION:
        return "Occlusion";
    case CAMX_METHOD_HIRESCAM:
        return "HiResCAM";
    case CAMX_METHOD_LAYERCAM:
        return "LayerCAM";
    case CAMX_METHOD_XGRADCAM:
        return "XGrad-CAM";
    case CAMX_METHOD_ELEMENTWISE:
        return "Element-wise Grad-CAM";
    case CAMX_METHOD_EIGENCAM:
        return "Eigen-CAM";
    case CAMX_METHOD_EIGENGRADCAM:
        return "Eigen-Grad-CAM";
    case CAMX_METHOD_SCORECAM:
        return "Score-CAM";
    case CAMX_METHOD_ABLATIONCAM:
        return "Ablation-CAM";
    case CAMX_METHOD_RECIPROCAM:
        return "Recipro-CAM";
    case CAMX_METHOD_FULLGRAD:
        return "FullGrad";
    case CAMX_METHOD_SALIENCY:
        return "Saliency";
    case CAMX_METHOD_GUIDED_BACKPROP:
        return "Guided backpropagation";
    case CAMX_METHOD_GUIDED_GRADCAM:
        return "Guided Grad-CAM";
    case CAMX_METHOD_SMOOTHGRAD:
        return "SmoothGrad";
    case CAMX_METHOD_INTEGRATED_GRADIENTS:
        return "Integrated Gradients";
    case CAMX_METHOD_RISE:
        return "RISE";
    default:
        return camx_method_name(method);
    }
}

const char *finding_name(int32_t finding)
{
    switch (finding) {
    case CAMX_FINDING_HEAT:
        return "heat";
    case CAMX_FINDING_ALL_NEGATIVE:
        return "all_negative";
    case CAMX_FINDING_ZERO_GRADIENT:
        return "zero_gradient";
    case CAMX_FINDING_NOT_FINITE:
        return "not_finite";
    case CAMX_FINDING_DISCONNECTED:
        return "disconnected";
    case CAMX_FINDING_FLAT:
        return "flat";
    case CAMX_FINDING_PARTIAL:
        return "partial";
    default:
        return "unknown";
    }
}
