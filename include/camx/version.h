/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where libcamx's version is written. The build reads the soname from CAMX_ABI_VERSION
 * and the package version from the other three.
 *
 * CAMX_ABI_VERSION grows only when something exported is removed or changes its meaning
 * (docs/abi.md); additions raise CAMX_VERSION_MINOR.
 */
#ifndef CAMX_VERSION_H
#define CAMX_VERSION_H

#define CAMX_VERSION_MAJOR 0
#define CAMX_VERSION_MINOR 1
#define CAMX_VERSION_PATCH 0
#define CAMX_ABI_VERSION 0

#endif
