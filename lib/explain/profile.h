/* SPDX-License-Identifier: Apache-2.0 */
/* How long each step of the network takes. */
#ifndef CAMX_EXPLAIN_PROFILE_H
#define CAMX_EXPLAIN_PROFILE_H

#include "explain/session.h"

/* Behind camx_session_profile; fills session->profile. */
camx_status camx__session_profile(camx_session *session, camx_input *input, const camx_profile_options *options,
                                  camx_error *error);

#endif
