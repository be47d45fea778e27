/* SPDX-License-Identifier: Apache-2.0 */
/* A library that says it is libcamx with ABI version 99: the Python package must refuse it. */
#include <stdint.h>

__attribute__((visibility("default"))) uint32_t camx_abi_version(void);

uint32_t camx_abi_version(void)
{
    return 99;
}
