/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the caller's picture lies in the network's input. Made by input/, used by map/ to bring
 * maps (and boxes) back into the caller's own pixels.
 *
 * Coordinates are continuous: pixel i covers i .. i + 1 and its centre is i + 0.5. So no half
 * pixels have to be added or taken away when changing from one side to the other:
 *
 *     network_x = photo_x * scale_x + offset_x
 */
#ifndef CAMX_BASE_GEOMETRY_H
#define CAMX_BASE_GEOMETRY_H

#include <stdint.h>

typedef struct camx__geometry {
    int32_t photo_width; /* the caller's picture */
    int32_t photo_height;
    int32_t network_width; /* what the network sees */
    int32_t network_height;
    double scale_x; /* network pixels per photo pixel; > 0 */
    double scale_y;
    double offset_x; /* where the photo's left edge lies in the network's input */
    double offset_y;
} camx__geometry;

/* The caller's picture is the network's input: ready tensors. */
static inline camx__geometry camx__geometry_identity(int32_t width, int32_t height)
{
    return (camx__geometry){width, height, width, height, 1.0, 1.0, 0.0, 0.0};
}

static inline double camx__geometry_to_network_x(const camx__geometry *geometry, double photo_x)
{
    return photo_x * geometry->scale_x + geometry->offset_x;
}

static inline double camx__geometry_to_network_y(const camx__geometry *geometry, double photo_y)
{
    return photo_y * geometry->scale_y + geometry->offset_y;
}

static inline double camx__geometry_to_photo_x(const camx__geometry *geometry, double network_x)
{
    return (network_x - geometry->offset_x) / geometry->scale_x;
}

static inline double camx__geometry_to_photo_y(const camx__geometry *geometry, double network_y)
{
    return (network_y - geometry->offset_y) / geometry->scale_y;
}

#endif
