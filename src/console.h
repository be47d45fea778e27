/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program says to a person: notes, warnings and errors on stderr, a progress line when
 * stderr is a terminal, and whether the person asked it to stop.
 */
#ifndef CAMX_SRC_CONSOLE_H
#define CAMX_SRC_CONSOLE_H

#include <stdint.h>

/* Silences notes and progress; warnings and errors are always said. */
void console_set_quiet(int quiet);

/* One line each, cleaned of control characters. */
void console_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The progress line: names what is being done, then shows how far it is. */
void console_progress_begin(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_progress_end(void);

/* A camx_progress_fn: shows the line now and then; asks to stop when console_interrupted(). */
int console_progress(uint64_t done, uint64_t total, void *unused);

/* From now on SIGINT and SIGTERM only ask to stop; a second one kills as usual. */
void console_catch_signals(void);

/* The signal that asked to stop, 0 if none did. */
int console_interrupted(void);

/* Prints on stdout, cleaned of control characters other than line ends and tabs. */
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same as it stands. */
void console_put(const char *s);

/* Flushes stdout; 0 when what was printed cannot be delivered. */
int console_flush(void);

/* Closes stdout. 0, or the errno that says why not all of what was printed arrived. */
int console_close(void);

#endif
