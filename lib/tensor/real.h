/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number that the engine computes with: float, in every library that is installed. The tests build the
 * whole engine a second time with double, so that hand-written gradients can be compared with central
 * differences far below float's rounding. Code in lib/ says `real` wherever the engine's numbers are meant and
 * `float` only where the public interface or a file says float.
 */
#ifndef CAMX_TENSOR_REAL_H
#define CAMX_TENSOR_REAL_H

#ifdef CAMX_REAL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
