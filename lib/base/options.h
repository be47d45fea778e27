/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structs that cross the border of the library begin with struct_size, so that a program and a
 * library of different age understand each other: a shorter struct comes from an older program, and
 * the fields it does not have keep their defaults.
 *
 *     camx_overlay_options taken;
 *     camx_overlay_options_init(&taken);
 *     CAMX__FORWARD(CAMX__OPTIONS_TAKE(camx_overlay_options, &taken, options, error));
 */
#ifndef CAMX_BASE_OPTIONS_H
#define CAMX_BASE_OPTIONS_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

/* Copies the fields that the caller's struct has over `taken`, a `type` already filled with its
 * defaults. given may be NULL: nothing is changed. Fails on a struct_size of 0, or one that no
 * version of the struct can have. */
#define CAMX__OPTIONS_TAKE(type, taken, given, error)                                              \
    camx__options_take((taken), sizeof(type), alignof(type), (given), #type, #type "_init()",      \
                       (error))

/* Copies as many fields as the caller's struct has from `filled` to `wanted`, leaving
 * wanted->struct_size alone. For the structs that libcamx fills in. */
#define CAMX__OPTIONS_GIVE(type, wanted, filled, error)                                            \
    camx__options_give((wanted), sizeof(type), alignof(type), (filled), #type, (error))

/* Gives a caller's struct of `size` bytes the beginning of `filled`, a struct of `known` bytes, with
 * a struct_size that says how many bytes were given. A struct too short for any version gets zeros: a
 * struct_size of 0 is refused wherever the struct is used. For the _init functions. */
static inline void camx__options_fill(void *wanted, uint32_t size, const void *filled, size_t known)
{
    uint32_t bytes = size < known ? size : (uint32_t)known;

    if (wanted == NULL)
        return;
    if (bytes < 2 * sizeof bytes) {
        memset(wanted, 0, bytes);
        return;
    }
    memcpy(wanted, filled, bytes);
    memcpy(wanted, &bytes, sizeof bytes);
}

/* Whether the struct_size at the start of `given` is one this version understands. `cure` says who
 * sets it. */
static inline camx_status camx__options_check(const void *given, size_t size, size_t alignment,
                                              const char *name, const char *cure,
                                              uint32_t *given_size, camx_error *error)
{
    memcpy(given_size, given, sizeof *given_size);
    if (*given_size == 0)
        return camx__fail(error, CAMX_E_ARGUMENT, "%s.struct_size is 0: %s", name, cure);
    if (*given_size > size)
        return camx__fail(
            error, CAMX_E_ARGUMENT,
            "%s.struct_size is %u, but libcamx %d.%d.%d knows only %u bytes of it: the struct was "
            "not initialised, or the program was compiled for a newer libcamx",
            name, *given_size, CAMX_VERSION_MAJOR, CAMX_VERSION_MINOR, CAMX_VERSION_PATCH,
            (unsigned)size);
    /* A size no compiler would give would cut a field in two. */
    if (*given_size < 2 * sizeof(uint32_t) || *given_size % alignment != 0)
        return camx__fail(error, CAMX_E_ARGUMENT,
                          "%s.struct_size is %u, which no version of libcamx has used: %s", name,
                          *given_size, cure);
    return CAMX_OK;
}

static inline camx_status camx__options_take(void *taken, size_t size, size_t alignment,
                                             const void *given, const char *name, const char *init,
                                             camx_error *error)
{
    uint32_t given_size;
    char cure[96] = "call ";

    if (given == NULL)
        return CAMX_OK;
    strncat(cure, init, sizeof cure - 32);
    strncat(cure, " on it first", 16);
    CAMX__FORWARD(camx__options_check(given, size, alignment, name, cure, &given_size, error));
    memcpy((char *)taken + sizeof given_size, (const char *)given + sizeof given_size,
           given_size - sizeof given_size);
    return CAMX_OK;
}

static inline camx_status camx__options_give(void *wanted, size_t size, size_t alignment,
                                             const void *filled, const char *name,
                                             camx_error *error)
{
    uint32_t wanted_size;

    if (wanted == NULL)
        return camx__fail(error, CAMX_E_ARGUMENT, "the pointer to the %s to be filled is NULL",
                          name);
    CAMX__FORWARD(camx__options_check(wanted, size, alignment, name,
                                      "set it to the size of the struct", &wanted_size, error));
    memcpy((char *)wanted + sizeof wanted_size, (const char *)filled + sizeof wanted_size,
           wanted_size - sizeof wanted_size);
    return CAMX_OK;
}

#endif
