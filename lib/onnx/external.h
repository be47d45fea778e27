/* SPDX-License-Identifier: Apache-2.0 */
/* The way to external data files; apart from external.c only its tests call these. */
#ifndef CAMX_ONNX_EXTERNAL_H
#define CAMX_ONNX_EXTERNAL_H

#include <stdbool.h>

/* Relative, no "..", no backslash, not empty and not a folder. */
bool camx__external_location_is_safe(const char *location);

/* Opens `location` beneath the folder, through no symbolic link; a descriptor, or -1 and errno. */
int camx__external_open(int folder, const char *location);

/* The same without openat2, component by component. */
int camx__external_walk(int folder, const char *location);

#endif
