/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of ImageNet's 1000 classes. The table is made from docs/demo/imagenet_classes.txt when
 * the program is built (imagenet_names.sh).
 */
#ifndef CAMX_SRC_IMAGENET_NAMES_H
#define CAMX_SRC_IMAGENET_NAMES_H

enum { IMAGENET_CLASSES = 1000 };

extern const char *const imagenet_names[IMAGENET_CLASSES];

#endif
