/* SPDX-License-Identifier: Apache-2.0 */
/* What operators with broadcast inputs share: the result's shape, whether images stay apart,
 * integers that wrap. */
#ifndef CAMX_OPS_ELEMENTWISE_H
#define CAMX_OPS_ELEMENTWISE_H

#include "ops/op.h"

/* The broadcast shape of all inputs, or CAMX_E_SHAPE with a sentence that shows those that do
 * not fit. */
camx_status camx__bind_broadcast(const camx__op_bind *bind, camx__shape *shape);

/* Before opset 7 only input 1 was repeated, only with broadcast = 1, and from axis `axis` on:
 * *shift is where its axis 0 lies in the result, which has the shape of input 0. */
camx_status camx__bind_old_broadcast(const camx__op_bind *bind, camx__shape *shape, int *shift);

/* True if axis 0 of the result is axis 0 of every input that is not a known constant or a single
 * number. */
bool camx__bind_keeps_batch(const camx__op_bind *bind, const camx__shape *shape);

/* Fails unless the inputs from..to-1 are all real or all integer. */
camx_status camx__bind_same_kind(const camx__op_bind *bind, int from, int to);

/* The value as the integer type `elem` holds it: what does not fit wraps around. */
int64_t camx__int_wrap(camx__elem elem, int64_t value);

#endif
