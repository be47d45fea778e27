/* SPDX-License-Identifier: Apache-2.0 */
/* The processor's vector level. */
#include "base/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

static const char *const isa_names[CAMX__ISA_COUNT] = {"baseline", "avx2", "avx512"};

#if defined(__x86_64__) || defined(__i386__)
/* Half-precision conversion; clang 14's run-time support does not know its name. It uses AVX's
 * registers. */
static int has_f16c(void)
{
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;

    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}
#endif

/* The compiler's run-time support also asks whether the operating system saves the wide
 * registers. */
static camx__isa detect(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !has_f16c())
        return CAMX__ISA_BASELINE;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        return CAMX__ISA_AVX512;
    return CAMX__ISA_AVX2;
#else
    return CAMX__ISA_BASELINE;
#endif
}

camx__isa camx__cpu_isa(void)
{
    static _Atomic int known = -1; /* two threads may both ask; they get the same answer */
    int isa = atomic_load_explicit(&known, memory_order_relaxed);

    if (isa >= 0)
        return (camx__isa)isa;
    isa = (int)detect();
    const char *wish = getenv("CAMX_ISA");
    for (int i = 0; wish != NULL && i < isa; i++) {
        if (strcmp(wish, isa_names[i]) == 0)
            isa = i;
    }
    atomic_store_explicit(&known, isa, memory_order_relaxed);
    return (camx__isa)isa;
}

const char *camx__isa_name(camx__isa isa)
{
    return (unsigned)isa < CAMX__ISA_COUNT ? isa_names[isa] : "unknown";
}
