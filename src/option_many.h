/* SPDX-License-Identifier: Apache-2.0 */
/* The options of methods that run the network many times: functions for rows of the option table. */
#ifndef CAMX_SRC_OPTION_MANY_H
#define CAMX_SRC_OPTION_MANY_H

#include "command_options.h"

/* Each stores a value, or returns what it should have been. */
const char *apply_samples(options *o, const char *value);
const char *apply_steps(options *o, const char *value);
const char *apply_seed(options *o, const char *value);
const char *apply_noise(options *o, const char *value);
const char *apply_channel(options *o, const char *value);
const char *apply_frames(options *o, const char *value);
const char *apply_grid(options *o, const char *value);
const char *apply_probability(options *o, const char *value);

#endif
