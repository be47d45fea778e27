/* SPDX-License-Identifier: Apache-2.0 */
/* Which table of vector loops serves which instruction set. */
#include "kernels/vectors.h"

#include <stdatomic.h>

/* The double build, made for gradient tests, has the baseline only: it need not be fast. */
#if defined(__x86_64__) && !defined(CAMX_REAL_DOUBLE)
#define HAVE_OTHER_SETS
#endif

extern const camx__vectors camx__vectors_baseline;
#ifdef HAVE_OTHER_SETS
extern const camx__vectors camx__vectors_avx2;
extern const camx__vectors camx__vectors_avx512;
#endif

/* Tests walk through all instruction sets of this processor; nobody else writes this. */
static _Atomic int chosen = -1;

const camx__vectors *camx__vectors_of(camx__isa isa)
{
#ifdef HAVE_OTHER_SETS
    if (isa == CAMX__ISA_AVX512)
        return &camx__vectors_avx512;
    if (isa == CAMX__ISA_AVX2)
        return &camx__vectors_avx2;
#endif
    (void)isa;
    return &camx__vectors_baseline;
}

const camx__vectors *camx__vectors_now(void)
{
    int isa = atomic_load_explicit(&chosen, memory_order_relaxed);
    return camx__vectors_of(isa < 0 ? camx__cpu_isa() : (camx__isa)isa);
}

void camx__vectors_choose(camx__isa isa)
{
    atomic_store_explicit(&chosen, (int)isa, memory_order_relaxed);
}
