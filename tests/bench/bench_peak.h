/* SPDX-License-Identifier: Apache-2.0 */
/* How many multiply-adds the processor can do: what every speed is measured against. */
#ifndef CAMX_BENCH_PEAK_H
#define CAMX_BENCH_PEAK_H

/* Floating-point operations a second (a multiply-add is two) of `threads` threads that do nothing but
 * float32 multiply-adds in registers: the best of slices of 10 ms during `seconds`. */
double bench_peak(int threads, double seconds);

#endif
