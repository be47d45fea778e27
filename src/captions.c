/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captions of the contact sheet.
 */
#include <string.h>

#include "scene.h"

enum { CAPTION_CLASSES = 3 };

void caption_photo(text *t, const explainer *e, const char *path, const camx_class_score *best,
                   uint32_t count)
{
    const char *slash = strrchr(path, '/');
    char number[LABEL_NUMBER_SIZE];

    text_put_clean(t, slash != NULL ? slash + 1 : path, 0);
    for (uint32_t i = 0; i < count && i < CAPTION_CLASSES; i++) {
        text_format(t, "\n%.0f%% ", 100.0 * (double)best[i].probability);
        text_put_clean(t, labels_shown(&e->b.labels, best[i].class_index, number), 0);
    }
}

static void put_class(text *t, const explainer *e, int32_t class_index)
{
    char number[LABEL_NUMBER_SIZE];

    text_put_clean(t, labels_shown(&e->b.labels, class_index, number), 0);
}

void caption_map(text *t, const explainer *e, const camx_map_info *info, float probability,
                 int equals_cam)
{
    text_format(t, "%s: ", method_title(info->method));
    if (e->o->negate) {
        text_put(t, "against ");
    }
    put_class(t, e, info->class_index);
    text_format(t, " (%.0f%%)", 100.0 * (double)probability);
    if (info->other_index >= 0) {
        text_put(t, " and not ");
        put_class(t, e, info->other_index);
    }
    if (info->method == CAMX_METHOD_OCCLUSION) {
        text_format(t, "\n%s falls by up to %.2g",
                    info->score_kind == CAMX_SCORE_PROBABILITY ? "probability" : "logit",
                    (double)info->maximum);
    } else if (info->layer != NULL && info->layer[0] != '\0') {
        text_put(t, "\nlayer ");
        text_put_clean(t, info->layer != NULL ? info->layer : "", 0);
        text_format(t, ", %dx%d", (int)info->width, (int)info->height);
    }
    if (equals_cam) {
        text_put(t, "\nglobal pooling and one dense layer: equals CAM by mathematics");
    }
    if (info->finding != CAMX_FINDING_HEAT) {
        text_format(t, "\n%s", camx_finding_text(info->finding));
    }
}

void caption_stage(text *t, const camx_map_info *info)
{
    text_format(t, "%dx%d ", (int)info->width, (int)info->height);
    text_put_clean(t, info->layer != NULL ? info->layer : "", 0);
    if (info->finding != CAMX_FINDING_HEAT) {
        text_format(t, "\n%s", camx_finding_text(info->finding));
    }
}
