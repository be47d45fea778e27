/* SPDX-License-Identifier: Apache-2.0 */
/* How every exported function begins. */
#ifndef CAMX_API_API_CHECK_H
#define CAMX_API_API_CHECK_H

#include "base/error.h"

/* Empties the error and refuses arguments that must not be NULL, naming them. */
#define CAMX__BEGIN(error) camx__error_clear(error)

#define CAMX__NOT_NULL(argument, error)                                                                     \
    do {                                                                                                    \
        if ((argument) == NULL)                                                                             \
            return camx__fail((error), CAMX_E_ARGUMENT, "%s: the argument '%s' is NULL", __func__, #argument); \
    } while (0)

#endif
