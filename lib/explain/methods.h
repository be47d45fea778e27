/* SPDX-License-Identifier: Apache-2.0 */
/* The methods, and the one table of them. Arguments are as in camx.h; session and map are not NULL. */
#ifndef CAMX_EXPLAIN_METHODS_H
#define CAMX_EXPLAIN_METHODS_H

#include "explain/session.h"
#include "map/map.h"

camx_status camx__cam(camx_session *session, camx_input *input, const camx_target *target,
                      const camx_cam_options *given, camx_map *map, camx_error *error);
camx_status camx__gradcam(camx_session *session, camx_input *input, const camx_target *target,
                          const camx_gradcam_options *given, camx_map *map, camx_error *error);
camx_status camx__gradcampp(camx_session *session, camx_input *input, const camx_target *target,
                            const camx_gradcampp_options *given, camx_map *map, camx_error *error);
camx_status camx__occlusion(camx_session *session, camx_input *input, const camx_target *target,
                            const camx_occlusion_options *given, camx_map *map, camx_error *error);

typedef struct camx__method {
    int32_t number; /* camx_method */
    const char *name;
    const char *summary;
    camx_status (*compute)(camx_session *session, camx_input *input, const camx_target *target,
                           const camx_explain_options *options, camx_map *map, camx_error *error);
} camx__method;

/* Row `index`, or NULL past the end. */
const camx__method *camx__method_at(uint32_t index);

#endif
