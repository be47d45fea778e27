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

/* What one call of camx_explain_many asks for; map t * layer_count + l is for target t at layer l. */
typedef struct camx__many {
    const camx_target *const *targets; /* an entry of NULL = the top class */
    uint32_t target_count;             /* at least 1 */
    const char *const *layers;         /* an entry of NULL = the default layer */
    uint32_t layer_count;              /* at least 1 */
} camx__many;

/* Those that camx_explain alone reaches: one file each. */
typedef camx_status camx__method_fn(camx_session *session, camx_input *input, const camx_target *target,
                                    const camx_explain_options *options, camx_map *map, camx_error *error);
camx__method_fn camx__hirescam;
camx__method_fn camx__layercam;
camx__method_fn camx__xgradcam;
camx__method_fn camx__elementwise;
camx__method_fn camx__eigencam;
camx__method_fn camx__eigengradcam;
camx__method_fn camx__saliency;
camx__method_fn camx__guided_backprop;
camx__method_fn camx__guided_gradcam;
camx__method_fn camx__smoothgrad;
camx__method_fn camx__integrated_gradients;
typedef camx_status camx__many_fn(camx_session *session, camx_input *input, const camx__many *many,
                                  const camx_explain_options *options, camx_map *const *maps, camx_error *error);

/* What several targets at one layer share: the methods of study.h have one such function each. */
typedef camx_status camx__targets_fn(camx_session *session, camx_input *input, const camx_target *const *targets,
                                     uint32_t count, const camx_explain_options *options, camx_map *const *maps,
                                     camx_error *error);

camx__targets_fn camx__scorecam;
camx__targets_fn camx__ablationcam;
camx__targets_fn camx__reciprocam;
camx__targets_fn camx__rise;
camx__targets_fn camx__fullgrad;

camx__many_fn camx__hirescam_many;
camx__many_fn camx__layercam_many;
camx__many_fn camx__xgradcam_many;
camx__many_fn camx__elementwise_many;

/* One map per target from the same runs; targets NULL, or single ones NULL: the top class. */
camx_status camx__occlusion_many(camx_session *session, camx_input *input, const camx_target *const *targets,
                                 uint32_t target_count, const camx_occlusion_options *given, camx_map *const *maps,
                                 camx_error *error);

typedef struct camx__method {
    int32_t number; /* camx_method */
    const char *name;
    const char *summary;
    camx__method_fn *compute; /* NULL: compute_targets is the way */
    /* Several targets and layers with less work than one `compute` for each; NULL: there is no such way. options->layer
     * is to be ignored. The maps come empty; after a failure they are emptied again unless the call was stopped: then those
     * that were not reached must be empty, and the others may hold what was done. */
    camx__many_fn *compute_many;
    camx__targets_fn *compute_targets; /* NULL: there is no such way; otherwise, without compute_many, also that of several
                                        * layers, one by one */
} camx__method;

/* The map of one target by whatever way the method has. */
camx_status camx__explain_one(const camx__method *method, camx_session *session, camx_input *input,
                              const camx_target *target, const camx_explain_options *options, camx_map *map,
                              camx_error *error);

/* The maps of several targets and layers by whatever way the method has. */
camx_status camx__explain_many(const camx__method *method, camx_session *session, camx_input *input,
                               const camx__many *many, const camx_explain_options *options, camx_map *const *maps,
                               camx_error *error);

/* The compute_many of their rows. */
camx_status camx__gradcam_many(camx_session *session, camx_input *input, const camx__many *many,
                               const camx_explain_options *options, camx_map *const *maps, camx_error *error);
camx_status camx__gradcampp_many(camx_session *session, camx_input *input, const camx__many *many,
                                 const camx_explain_options *options, camx_map *const *maps, camx_error *error);

/* Row `index`, or NULL past the end. */
const camx__method *camx__method_at(uint32_t index);

#endif
