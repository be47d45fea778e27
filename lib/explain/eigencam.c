/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eigen-CAM (Muhammad and Yeasin, IJCNN 2020): the first principal component of the feature maps, whatever the class. And
 * Eigen-Grad-CAM (pytorch-grad-cam's): the same of gradient times feature map, which knows the class.
 *
 * M = X v, X = positions x channels with every channel centred, v its first right singular vector; principal.h says
 * which of the two signs is taken.
 */
#include "explain/methods.h"
#include "explain/principal.h"
#include "explain/study.h"

static void gather(const camx__feature *activation, const camx__feature *gradient, double *x)
{
    for (int64_t row = 0; row < activation->height; row++) {
        for (int64_t column = 0; column < activation->width; column++) {
            for (int64_t c = 0; c < activation->channels; c++, x++) {
                *x = camx__feature_at(activation, c, row, column);
                if (gradient != NULL)
                    *x *= camx__feature_at(gradient, c, row, column);
            }
        }
    }
}

static bool all_zero(const double *x, size_t count)
{
    size_t i = 0;
    while (i < count && x[i] == 0.0)
        i++;
    return i == count;
}

static camx_status one_image(camx__study *study, uint32_t image)
{
    camx_session *session = study->session;
    camx__map_record *record = camx__map_record_at(study->maps[0], image);
    camx__feature activation;
    camx__feature gradient = {.data = NULL};
    camx_status status = CAMX_OK;
    camx__study_feature(study, image, false, &activation);
    if (study->gradient) {
        CAMX__FORWARD(camx__study_backward(study, 0, image));
        camx__study_feature(study, image, true, &gradient);
    }
    int64_t positions = activation.height * activation.width;
    double *x = camx__alloc_clear(session->memory, (size_t)(positions * activation.channels), sizeof *x);
    if (x == NULL)
        return camx__fail_memory(study->error, (size_t)(positions * activation.channels) * sizeof *x, "the map");
    if (!study->gradient || gradient.data != NULL)
        gather(&activation, study->gradient ? &gradient : NULL, x);
    if (study->gradient && record->hint == CAMX_FINDING_HEAT &&
        all_zero(x, (size_t)(positions * activation.channels)))
        record->hint = session->bound->graph->values[study->value].reaches_scores ? CAMX_FINDING_ZERO_GRADIENT
                                                                                  : CAMX_FINDING_DISCONNECTED;
    status = camx__principal_map(session->memory, x, positions, activation.channels,
                                 camx__map_raw(study->maps[0], image), study->error);
    camx__free(session->memory, x);
    camx__map_finish(study->maps[0], image);
    return status;
}

static camx_status compute(camx__study *study, camx_input *input, const camx_target *target, camx_map *map)
{
    CAMX__FORWARD(camx__study_open(study, input, &target, 1, &map, true));
    camx_status status = camx__study_run(study, one_image);
    camx__study_close(study);
    return status;
}

camx_status camx__eigencam(camx_session *session, camx_input *input, const camx_target *target,
                           const camx_explain_options *options, camx_map *map, camx_error *error)
{
    camx__study study = {.session = session,
                         .options = options,
                         .method = CAMX_METHOD_EIGENCAM,
                         .usual = CAMX_SCORE_LOGIT,
                         .error = error};
    return compute(&study, input, target, map);
}

camx_status camx__eigengradcam(camx_session *session, camx_input *input, const camx_target *target,
                               const camx_explain_options *options, camx_map *map, camx_error *error)
{
    camx__study study = {.session = session,
                         .options = options,
                         .method = CAMX_METHOD_EIGENGRADCAM,
                         .usual = CAMX_SCORE_LOGIT,
                         .gradient = true,
                         .error = error};
    return compute(&study, input, target, map);
}
