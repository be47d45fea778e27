/* SPDX-License-Identifier: Apache-2.0 */
/* The options of methods that run the network many times. */
#include "option_many.h"

const char *apply_samples(options *o, const char *value)
{
    return value_int(value, 1, 1000000, &o->samples) ? NULL : "a number from 1 to 1000000";
}

const char *apply_steps(options *o, const char *value)
{
    return value_int(value, 1, 10000, &o->steps) ? NULL : "a number from 1 to 10000";
}

const char *apply_seed(options *o, const char *value)
{
    int32_t seed;

    if (!value_int(value, 0, INT32_MAX, &seed)) {
        return "a number from 0 to 2147483647";
    }
    o->seed = (uint64_t)seed;
    return NULL;
}

const char *apply_noise(options *o, const char *value)
{
    return value_float(value, 0, 100, &o->noise) ? NULL : "a share of the range, such as 0.15";
}

const char *apply_grid(options *o, const char *value)
{
    return value_int(value, 1, 256, &o->grid) ? NULL : "a number of cells from 1 to 256";
}

const char *apply_probability(options *o, const char *value)
{
    float *probability = &o->probability;

    return value_float(value, 0, 1, probability) && *probability > 0 && *probability < 1
               ? NULL
               : "a number between 0 and 1";
}

const char *apply_channel(options *o, const char *value)
{
    o->has_channel = 1;
    return value_int(value, 0, INT32_MAX, &o->channel) ? NULL : "the number of a channel, from 0 on";
}

const char *apply_frames(options *o, const char *value)
{
    return value_int(value, 1, 100000, &o->frames) ? NULL : "a number of steps from 1 to 100000";
}
