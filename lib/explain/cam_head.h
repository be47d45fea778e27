/* SPDX-License-Identifier: Apache-2.0 */
/* Recognising the heads that CAM is defined for. */
#ifndef CAMX_EXPLAIN_CAM_HEAD_H
#define CAMX_EXPLAIN_CAM_HEAD_H

#include "explain/session.h"

typedef struct camx__cam_head {
    int features; /* value id: the maps that are pooled */
    int weights;  /* value id of the class weights; -1: the pooled maps are one per class already (SqueezeNet) */
    int64_t channels;
    int64_t class_step;   /* elements from one class's weights to the next's */
    int64_t channel_step; /* elements from one channel's weight to the next's */
    double factor;        /* Gemm's alpha */
} camx__cam_head;

/* CAMX_E_METHOD with the reason and what to use instead if the network does not end in a global average pool with one
 * dense layer (or 1x1 convolution) after it, or with class maps before it. */
camx_status camx__cam_find_head(const camx__graph *graph, camx__cam_head *head, camx_error *error);

/* The value that holds the averages of `value` over all positions, if a global average pool is all that reads it;
 * otherwise -1. What lies behind such a pool sees one number per channel. */
int camx__cam_pooled(const camx__graph *graph, int value);

#endif
