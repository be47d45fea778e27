/* SPDX-License-Identifier: Apache-2.0 */
/* Version, status names, findings. */
#include <stdatomic.h>
#include <stdio.h>

#include "base/cpu.h"
#include "kernels/gemm.h"
#include "map/map.h"
#include "run/region_runs.h"

#define TEXT_OF(number) #number
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)
#define VERSION VERSION_TEXT(CAMX_VERSION_MAJOR, CAMX_VERSION_MINOR, CAMX_VERSION_PATCH)

const char *camx_version(void)
{
    return VERSION;
}

uint32_t camx_abi_version(void)
{
    return CAMX_ABI_VERSION;
}

/* One finished line per instruction set and back end, so that nothing has to be composed at run time. */
#define LINES(isa, automatic) {LINE(isa, automatic), LINE(isa, automatic) ", without occlusion reuse"}
#define LINE(isa, automatic)                                                                           \
    "libcamx " VERSION ", instructions: " isa ", gemm: " automatic " (default), " OTHERS
#ifdef CAMX_HAVE_OPENBLAS
#define OTHERS "packed, blas (OpenBLAS), builtin"
#else
#define OTHERS "packed, builtin"
#endif

const char *camx_build_info(void)
{
    static const char *const lines[CAMX__ISA_COUNT][2][2] = {
        {LINES("baseline", "packed"), LINES("baseline", "not packed")},
        {LINES("avx2", "packed"), LINES("avx2", "not packed")},
        {LINES("avx512", "packed"), LINES("avx512", "not packed")},
    };
    camx__isa isa = camx__cpu_isa();
    const camx__gemm *gemm = camx__gemm_get(CAMX_GEMM_AUTO, isa);
    bool packed = gemm != NULL && camx__gemm_backend(gemm) == CAMX_GEMM_PACKED;
    return lines[isa][packed ? 0 : 1][camx__region_built() ? 0 : 1];
}

const char *camx_status_name(int32_t status)
{
    static const char *const names[] = {
        "CAMX_OK",           "CAMX_E_ARGUMENT",  "CAMX_E_MEMORY",   "CAMX_E_IO",        "CAMX_E_FORMAT",
        "CAMX_E_UNSUPPORTED", "CAMX_E_LIMIT",    "CAMX_E_SHAPE",    "CAMX_E_NOT_FOUND", "CAMX_E_METHOD",
        "CAMX_E_CANCELLED",  "CAMX_E_DEADLINE",  "CAMX_E_STATE",    "CAMX_E_INTERNAL"};
    if (status < 0 || status >= (int32_t)(sizeof names / sizeof names[0]))
        return "unknown status";
    return names[status];
}

const char *camx_finding_text(int32_t finding)
{
    return camx__map_finding_text(finding);
}
