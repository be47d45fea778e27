/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers by their place: number `index` of the stream `seed`. They do not depend on what was drawn before, so
 * that work can be cut as one likes and stays reproducible. camx.h describes the streams for those who want the same.
 */
#ifndef CAMX_BASE_RANDOM_H
#define CAMX_BASE_RANDOM_H

#include <math.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the output after index + 1 steps from the state `seed`. */
static inline uint64_t camx__random_bits(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* 0 <= u < 1, from the upper 53 bits. */
static inline double camx__random_uniform(uint64_t seed, uint64_t index)
{
    return (double)(camx__random_bits(seed, index) >> 11) * 0x1p-53;
}

/* Mean 0, deviation 1 (Box and Muller 1958), from the uniform numbers 2 index and 2 index + 1. */
static inline double camx__random_normal(uint64_t seed, uint64_t index)
{
    double radius = sqrt(-2.0 * log(1.0 - camx__random_uniform(seed, 2 * index)));
    return radius * cos(6.283185307179586 * camx__random_uniform(seed, 2 * index + 1));
}

#endif
