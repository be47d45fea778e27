/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be explained: a camx_target, checked and resolved for one image. */
#ifndef CAMX_EXPLAIN_TARGET_H
#define CAMX_EXPLAIN_TARGET_H

#include "explain/session.h"

typedef struct camx__aim {
    int32_t class_index; /* -1 for a seed */
    int32_t other_index; /* -1 without one */
    int32_t score_kind;  /* CAMX_SCORE_LOGIT or CAMX_SCORE_PROBABILITY */
    bool negate;
    const float *weights; /* CAMX_TARGET_SEED: one per class */
} camx__aim;

/* Copies the caller's target (NULL = the top class) and checks it against the session's last input. Classes out of range
 * are CAMX_E_NOT_FOUND, a wrong count is CAMX_E_ARGUMENT. */
camx_status camx__target_take(const camx_session *session, const camx_target *given, camx_target *target,
                              camx_error *error);

/* The aim for one image, given its logits. usual: the score kind that CAMX_SCORE_DEFAULT means. */
void camx__target_aim(const camx_session *session, const camx_target *target, uint32_t image,
                      const float *logits, int32_t usual, camx__aim *aim);

/* The target's value. scratch: room for class count floats. */
float camx__aim_score(const camx_session *session, const camx__aim *aim, const float *logits, float *scratch);

/* The derivative of the target's value by each logit, into seed (class count). */
void camx__aim_seed(const camx_session *session, const camx__aim *aim, const float *logits, float *scratch,
                    real *seed);

/* The best class that is not NaN; 0 if all are. */
int32_t camx__target_top(const float *logits, int64_t classes);

#endif
