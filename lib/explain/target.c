/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: classes, pairs and seeds; logits and probabilities. */
#include "explain/target.h"

#include "base/options.h"

int32_t camx__target_top(const float *logits, int64_t classes)
{
    int32_t best = -1;
    for (int64_t i = 0; i < classes; i++)
        if (logits[i] == logits[i] && (best < 0 || logits[i] > logits[best]))
            best = (int32_t)i;
    return best < 0 ? 0 : best;
}

static camx_status check_class(const camx_session *session, int32_t index, const char *what, camx_error *error)
{
    int64_t classes = session->model->classes;
    if (index >= 0 && index < classes)
        return CAMX_OK;
    return camx__fail(error, CAMX_E_NOT_FOUND, "%s %d does not exist: %s has the classes 0 to %lld", what, index,
                      session->model->file->name, (long long)classes - 1);
}

static camx_status check_list(const camx_session *session, const camx_target *target, const int32_t *list,
                              int32_t single, const char *what, camx_error *error)
{
    if (target->count == 0)
        return check_class(session, single, what, error);
    if (list == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_target.count is %u but the list of %s indices is NULL",
                          target->count, what);
    for (uint32_t i = 0; i < target->count; i++)
        CAMX__FORWARD(check_class(session, list[i], what, error));
    return CAMX_OK;
}

static camx_status check_count(const camx_session *session, const camx_target *target, camx_error *error)
{
    uint32_t images = camx__session_images(session);
    uint32_t given = target->count == 0 ? 1 : target->count;
    if (target->kind == CAMX_TARGET_TOP || given == images)
        return CAMX_OK;
    if (target->kind == CAMX_TARGET_SEED)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "the seed is for %u image%s, but there are %u: set camx_target.count to the number of images",
                          given, given == 1 ? "" : "s", images);
    return camx__fail(error, CAMX_E_ARGUMENT,
                      "the target names %u class%s for %u images: give camx_target.classes one entry per image",
                      given, given == 1 ? "" : "es", images);
}

camx_status camx__target_take(const camx_session *session, const camx_target *given, camx_target *target,
                              camx_error *error)
{
    camx_target_init(target);
    CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_target, target, given, error));
    if (target->kind < CAMX_TARGET_TOP || target->kind > CAMX_TARGET_SEED)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_target.kind is %d, which is no camx_target_kind",
                          target->kind);
    if (target->score < CAMX_SCORE_DEFAULT || target->score > CAMX_SCORE_PROBABILITY)
        return camx__fail(error, CAMX_E_ARGUMENT, "camx_target.score is %d, which is no camx_score",
                          target->score);
    CAMX__FORWARD(check_count(session, target, error));
    if (target->kind == CAMX_TARGET_SEED)
        return target->seed != NULL ? CAMX_OK
                                    : camx__fail(error, CAMX_E_ARGUMENT, "camx_target.seed is NULL");
    if (target->kind == CAMX_TARGET_TOP)
        return CAMX_OK;
    CAMX__FORWARD(check_list(session, target, target->classes, target->class_index, "class", error));
    if (target->kind == CAMX_TARGET_PAIR)
        CAMX__FORWARD(check_list(session, target, target->others, target->other_index, "other class", error));
    return CAMX_OK;
}

void camx__target_aim(const camx_session *session, const camx_target *target, uint32_t image,
                      const float *logits, int32_t usual, camx__aim *aim)
{
    bool listed = target->count > 0;
    *aim = (camx__aim){.class_index = -1,
                       .other_index = -1,
                       .score_kind = target->score == CAMX_SCORE_DEFAULT ? usual : target->score,
                       .negate = target->negate != 0};
    if (target->kind == CAMX_TARGET_SEED) {
        aim->weights = target->seed + (int64_t)image * session->model->classes;
        return;
    }
    if (target->kind == CAMX_TARGET_TOP)
        aim->class_index = camx__target_top(logits, session->model->classes);
    else
        aim->class_index = listed ? target->classes[image] : target->class_index;
    if (target->kind == CAMX_TARGET_PAIR)
        aim->other_index = listed ? target->others[image] : target->other_index;
}

/* The target as weights on the scores: class +1, other -1, or the seed. */
static double weight(const camx__aim *aim, int64_t class_index)
{
    double w = 0.0;
    if (aim->weights != NULL)
        w = aim->weights[class_index];
    if (class_index == aim->class_index)
        w += 1.0;
    if (class_index == aim->other_index)
        w -= 1.0;
    return aim->negate ? -w : w;
}

float camx__aim_score(const camx_session *session, const camx__aim *aim, const float *logits, float *scratch)
{
    const float *scores = logits;
    double sum = 0.0;
    if (aim->score_kind == CAMX_SCORE_PROBABILITY) {
        camx__session_probabilities(session, logits, scratch);
        scores = scratch;
    }
    for (int64_t i = 0; i < session->model->classes; i++) {
        double w = weight(aim, i);
        if (w != 0.0)
            sum += w * (double)scores[i];
    }
    return (float)sum;
}

void camx__aim_seed(const camx_session *session, const camx__aim *aim, const float *logits, float *scratch,
                    real *seed)
{
    int64_t classes = session->model->classes;
    bool sigmoid = session->model->output_kind == CAMX_OUTPUT_SIGMOID || classes == 1;
    double mean = 0.0;
    for (int64_t i = 0; i < classes; i++)
        seed[i] = (real)weight(aim, i);
    if (aim->score_kind != CAMX_SCORE_PROBABILITY)
        return;
    /* Softmax: dS/dz_i = p_i (w_i - sum_j p_j w_j); sigmoid: p_i (1 - p_i) w_i. */
    camx__session_probabilities(session, logits, scratch);
    for (int64_t i = 0; i < classes && !sigmoid; i++)
        mean += (double)scratch[i] * (double)seed[i];
    for (int64_t i = 0; i < classes; i++) {
        double p = scratch[i];
        double w = (double)seed[i];
        seed[i] = (real)(sigmoid ? p * (1.0 - p) * w : p * (w - mean));
    }
}
