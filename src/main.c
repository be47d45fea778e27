/* SPDX-License-Identifier: Apache-2.0 */
/*
 * camx: where did an image classifier look? This file reads the command line, runs a command, and
 * sees to it that what was printed arrived.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "console.h"
#include "command_options.h"

/* Keeps descriptors 0, 1 and 2 occupied: otherwise the first file opened would become, say,
 * standard output. One opened here the wrong way round fails when used, as it should. */
static int occupy_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) {
            return 0;
        }
    }
    return 1;
}

static int print_version(void)
{
    console_print("camx %s\n%s\n", camx_version(), camx_build_info());
    return CODE_OK;
}

static int call(const options *o, json *doc)
{
    switch (o->command) {
    case COMMAND_EXPLAIN:
        return command_explain(o, doc);
    case COMMAND_PROGRESS:
        return command_explain(o, doc);
    case COMMAND_CLASSIFY:
        return command_classify(o, doc);
    case COMMAND_LAYERS:
        return command_layers(o, doc);
    case COMMAND_PROFILE:
        return command_profile(o, doc);
    case COMMAND_DREAM:
        return command_dream(o, doc);
    default:
        return command_info(o, doc);
    }
}

/* Runs the command inside the document that --json prints. */
static int run(const options *o)
{
    json doc = {0};
    int code;

    doc.muted = !o->json;
    json_open_object(&doc, NULL);
    json_text(&doc, "schema", "camx/1");
    json_text(&doc, "command", command_by_bit(o->command)->name);
    json_text(&doc, "camx", camx_version());
    code = call(o, &doc);
    json_unwind(&doc, 1);
    json_int(&doc, "exit_code", code);
    json_unwind(&doc, 0);
    if (doc.out.failed) {
        console_error("there is not enough memory for the JSON document");
        code = code != CODE_OK ? code : CODE_LIMIT;
    } else if (o->json) {
        console_put(text_string(&doc.out));
    }
    json_free(&doc);
    return code;
}

/* A reader that went away (EPIPE) knows it; anything else deserves a message. */
static int deliver(int code)
{
    int problem = console_close();

    if (problem == 0) {
        return code;
    }
    if (problem != EPIPE) {
        console_error("stdout cannot be written: %s", strerror(problem));
    }
    return CODE_STDOUT;
}

int main(int argc, char **argv)
{
    options o;
    int code;

    if (!occupy_standard_files()) {
        return CODE_STDOUT;
    }
    signal(SIGPIPE, SIG_IGN);
    code = options_parse(&o, argc, argv);
    console_set_quiet(o.quiet);
    if (code == CODE_OK && o.version) {
        code = print_version();
    } else if (code == CODE_OK && o.help) {
        options_help(stdout, o.command);
    } else if (code == CODE_OK) {
        console_catch_signals();
        code = options_open_folders(&o);
        code = code != CODE_OK ? code : run(&o);
    }
    options_free(&o);
    return deliver(code);
}
