/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of every method that combines a layer's feature maps with gradients: takes input and target, finds the
 * layer, runs forward and backward, and hands each image's activations and gradients to the method's own arithmetic.
 */
#ifndef CAMX_EXPLAIN_LAYER_METHOD_H
#define CAMX_EXPLAIN_LAYER_METHOD_H

#include "explain/methods.h"
#include "explain/target.h"
#include "map/map.h"

/* Fills height x width values of a raw map. weights: room for one double per channel. */
typedef void camx__combine_fn(const camx__feature *activation, const camx__feature *gradient, double *weights,
                              float *map);

camx_status camx__layer_method(camx_session *session, camx_input *input, const camx_target *target,
                               const char *layer, int32_t method, camx__combine_fn *combine, camx_map *map,
                               camx_error *error);

/* The same for several targets and layers: one forward pass, and one backward pass for each target that serves all
 * layers. */
camx_status camx__layer_method_many(camx_session *session, camx_input *input, const camx__many *many, int32_t method,
                                    camx__combine_fn *combine, camx_map *const *maps, camx_error *error);

/* Refuses networks that mix the images of a run: none could be explained alone. */
camx_status camx__check_batch(const camx_session *session, camx_error *error);

/* map = sum over channels of weights[c] A_c. */
void camx__weighted_sum(const camx__feature *activation, const double *weights, float *map);

/* sums[c] = the sum of A_c over the positions. */
void camx__channel_sums(const camx__feature *feature, double *sums);

/* One number of a feature map. */
static inline double camx__feature_at(const camx__feature *feature, int64_t c, int64_t y, int64_t x)
{
    return (double)feature->data[c * feature->step_c + y * feature->step_y + x * feature->step_x];
}

/* Sets what a record says about the image and the target, from its aim and logits. scratch: class count floats. */
void camx__record_fill(const camx_session *session, camx__map_record *record, const camx__aim *aim,
                       const float *logits, float *scratch);

#endif
