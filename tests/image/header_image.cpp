/* SPDX-License-Identifier: Apache-2.0 */
/* See header_image.c. */
#include "header_image.c"
