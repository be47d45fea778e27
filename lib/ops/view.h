/* SPDX-License-Identifier: Apache-2.0 */
/* forward and backward of operators with the trait CAMX__OP_VIEW, for those that do not run as
 * an alias. */
#ifndef CAMX_OPS_VIEW_H
#define CAMX_OPS_VIEW_H

#include "ops/op.h"

/* Copies input 0 (plain) to output 0 (plain, the same count of numbers). */
camx_status camx__view_forward(const camx__op_call *call);

/* The gradient of input 0 is that of output 0, under the input's shape. Both plain, or both of
 * one shape. */
camx_status camx__view_backward(const camx__op_gradient *gradient);

#endif
