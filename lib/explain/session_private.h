/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about sessions share. */
#ifndef CAMX_EXPLAIN_SESSION_PRIVATE_H
#define CAMX_EXPLAIN_SESSION_PRIVATE_H

#include "explain/session.h"

/* Takes the graph for a shape; what was planned for another is given back. */
camx_status camx__session_bind(camx_session *session, const camx__shape *shape, camx_error *error);

/* Makes the runner's program offer everything that was asked for. */
camx_status camx__session_plan(camx_session *session, camx_error *error);

#endif
