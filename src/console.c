/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program says to a person: notes, warnings and errors on stderr, a progress line when
 * stderr is a terminal, and whether the person asked it to stop.
 */
#include "console.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "growing_text.h"

enum { BAR_WIDTH = 24, LABEL_WIDTH = 44, REFRESH_MS = 100 };

static struct {
    int quiet;
    int shown;    /* a progress line is on the screen */
    int64_t last; /* when it was drawn, in ms */
    char label[LABEL_WIDTH * 4 + 1];
} console;

static volatile sig_atomic_t interrupted;

/* Why stdout could not be written, the first time that happened. */
static int output_error;

void console_set_quiet(int quiet)
{
    console.quiet = quiet;
}

static void erase_progress(void)
{
    if (console.shown) {
        fputs("\r\033[K", stderr);
        console.shown = 0;
    }
}

/* One cleaned line in one write, so that lines of several programs do not mix. */
static void say(const char *prefix, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void say(const char *prefix, const char *format, va_list arguments)
{
    text raw = {0};
    text line = {0};

    text_format_list(&raw, format, arguments);
    text_put(&line, prefix);
    text_put_clean(&line, text_string(&raw), 0);
    text_put(&line, "\n");
    erase_progress();
    if (raw.failed || line.failed) {
        fputs("camx: there is no memory left even for this message\n", stderr);
    } else {
        fwrite(line.bytes, 1, line.length, stderr);
    }
    text_free(&raw);
    text_free(&line);
}

void console_note(const char *format, ...)
{
    va_list arguments;

    if (console.quiet) {
        return;
    }
    va_start(arguments, format);
    say("camx: ", format, arguments);
    va_end(arguments);
}

void console_warning(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say("camx: warning: ", format, arguments);
    va_end(arguments);
}

void console_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say("camx: ", format, arguments);
    va_end(arguments);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether somebody looks at stderr and can see a line redrawn. */
static int can_redraw(void)
{
    const char *term = getenv("TERM");

    return !console.quiet && isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

static void draw(uint64_t done, uint64_t total)
{
    char bar[BAR_WIDTH + 1];
    unsigned filled = total > 0 ? (unsigned)((double)done / (double)total * BAR_WIDTH) : 0;

    if (filled > BAR_WIDTH) {
        filled = BAR_WIDTH;
    }
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '#', filled);
    bar[BAR_WIDTH] = '\0';
    if (total > 0) {
        fprintf(stderr, "\r\033[K%s [%s] %3.0f %%", console.label, bar,
                100.0 * (double)done / (double)total);
    } else {
        fprintf(stderr, "\r\033[K%s", console.label);
    }
    fflush(stderr);
    console.shown = 1;
    console.last = now_ms();
}

/* Copies as many whole characters as fit on the line beside the bar. */
static void set_label(const char *s)
{
    size_t used = 0;
    size_t columns = 0;

    while (*s != '\0' && columns < LABEL_WIDTH) {
        size_t length = utf8_sequence(s);

        memcpy(console.label + used, s, length);
        used += length;
        s += length;
        columns++;
    }
    console.label[used] = '\0';
}

void console_progress_begin(const char *format, ...)
{
    va_list arguments;
    text raw = {0};
    text clean = {0};

    if (!can_redraw()) {
        return;
    }
    va_start(arguments, format);
    text_format_list(&raw, format, arguments);
    va_end(arguments);
    text_put_clean(&clean, text_string(&raw), 0);
    set_label(text_string(&clean));
    text_free(&raw);
    text_free(&clean);
    if (now_ms() - console.last >= REFRESH_MS) {
        draw(0, 0);
    }
}

int console_progress(uint64_t done, uint64_t total, void *unused)
{
    (void)unused;
    if (can_redraw() && now_ms() - console.last >= REFRESH_MS) {
        draw(done, total);
    }
    return interrupted != 0;
}

void console_progress_end(void)
{
    erase_progress();
}

static void on_signal(int number)
{
    interrupted = number;
}

static void catch_one(int number)
{
    struct sigaction action;
    struct sigaction before;

    if (sigaction(number, NULL, &before) != 0 || before.sa_handler == SIG_IGN) {
        return;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)(SA_RESETHAND | SA_RESTART);
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void console_catch_signals(void)
{
    catch_one(SIGINT);
    catch_one(SIGTERM);
}

int console_interrupted(void)
{
    return interrupted;
}

void console_print(const char *format, ...)
{
    va_list arguments;
    text raw = {0};
    text clean = {0};

    va_start(arguments, format);
    text_format_list(&raw, format, arguments);
    va_end(arguments);
    text_put_clean(&clean, text_string(&raw), 1);
    erase_progress();
    if (raw.failed || clean.failed) {
        console_error("there is no memory left to print a result");
    } else {
        console_put(text_string(&clean));
    }
    text_free(&raw);
    text_free(&clean);
}

/* Remembers why writing did not work. */
static void check_output(int worked)
{
    if (!worked && output_error == 0) {
        output_error = errno != 0 ? errno : EIO;
    }
}

void console_put(const char *s)
{
    check_output(fputs(s, stdout) >= 0);
}

int console_flush(void)
{
    check_output(fflush(stdout) == 0);
    return output_error == 0;
}

int console_close(void)
{
    check_output(fclose(stdout) == 0);
    return output_error;
}
