/* SPDX-License-Identifier: Apache-2.0 */
/* Values and gradients copied out for the caller, in ONNX order, for all images of the last input. */
#ifndef CAMX_EXPLAIN_SESSION_VALUES_H
#define CAMX_EXPLAIN_SESSION_VALUES_H

#include "explain/session.h"

/* Behind camx_session_value and camx_session_gradient; the input has been taken. */
camx_status camx__session_copy_value(camx_session *session, const char *layer, float *values, size_t count,
                                     camx_error *error);
camx_status camx__session_copy_gradient(camx_session *session, const camx_target *target, const char *layer,
                                        float *values, size_t count, camx_error *error);

#endif
