/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands share.
 */
#include "command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "console.h"

static void put_error(json *doc, int32_t status, const char *message)
{
    json_open_object(doc, "error");
    json_text(doc, "status", camx_status_name(status));
    json_text(doc, "message", message);
    json_close(doc);
}

/* Memory that ran out is told from a limit only by who set it. */
static int is_limit(const camx_error *error)
{
    return error->status == CAMX_E_LIMIT || error->status == CAMX_E_MEMORY;
}

int command_fail(json *doc, int code, int32_t status, const char *format, ...)
{
    va_list arguments;
    text message = {0};

    va_start(arguments, format);
    text_format_list(&message, format, arguments);
    va_end(arguments);
    console_error("%s", text_string(&message));
    json_unwind(doc, 1);
    put_error(doc, status, text_string(&message));
    text_free(&message);
    return code;
}

int command_fail_error(json *doc, int code, const camx_error *error)
{
    return command_fail(doc, is_limit(error) ? CODE_LIMIT : code, error->status, "%s",
                        error->message);
}

int command_is_fatal(camx_status status)
{
    return status == CAMX_E_ARGUMENT || status == CAMX_E_SHAPE || status == CAMX_E_NOT_FOUND ||
           status == CAMX_E_METHOD || status == CAMX_E_UNSUPPORTED;
}

int tally_failure(tally *t, json *doc, const camx_error *error)
{
    t->failed++;
    t->limit |= is_limit(error);
    console_error("%s", error->message);
    put_error(doc, error->status, error->message);
    return CODE_OK;
}

int tally_finish(const tally *t, json *doc, size_t pictures)
{
    int number = console_interrupted();

    json_unwind(doc, 1);
    json_uint(doc, "failed", t->failed);
    if (number != 0) {
        console_error("stopped by signal %d", number);
        return CODE_SIGNAL + number;
    }
    if (t->failed == 0) {
        return CODE_OK;
    }
    if (pictures > 1) {
        console_error("%zu of %zu pictures failed", t->failed, pictures);
    }
    return t->limit ? CODE_LIMIT : CODE_INPUTS;
}

const char *shape_text(const int64_t *shape, int32_t rank, char out[SHAPE_SIZE])
{
    int used = 0;

    out[0] = '\0';
    for (int32_t i = 0; i < rank && i < 8; i++) {
        if (shape[i] < 0) {
            used += snprintf(out + used, (size_t)(SHAPE_SIZE - used), "%s?", i > 0 ? "x" : "");
        } else {
            used += snprintf(out + used, (size_t)(SHAPE_SIZE - used), "%s%" PRId64,
                             i > 0 ? "x" : "", shape[i]);
        }
    }
    return out;
}
