/* SPDX-License-Identifier: ISC */
/**
 * @file daemon.h  Shared by the daemons: options, log, going to the background.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/** Log to stderr in the foreground ("PROGRAM: level: text"), otherwise to syslog. Each message is one line. */
void log_open(const char *program, bool foreground);
__attribute__((format(printf, 1, 2))) void log_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_warn(const char *format, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *format, ...);

struct daemon_options {
	const char *conf_file; /* -c; NULL: the default */
	bool foreground;       /* -f */
};

/**
 * Parse the options that every daemon has: -c FILE, -f, -V, -h. Exits for -V and -h (0) and for wrong usage (2).
 *
 * @param about  one line that -h prints
 */
void daemon_options(int argc, char **argv, const char *program, const char *about, struct daemon_options *opt);

/**
 * Print the error when getopt_long(3) has returned @p c: ':' or '?'.
 *
 * @param long_twins  options that also have a long name: the message quotes those from @p argv
 */
void option_explain(FILE *f, const char *program, int c, char *const *argv, const char *long_twins);

/**
 * Go to the background unless opt->foreground. The parent waits until the child calls daemon_ready() or ends, and exits
 * with the child's status. So the command returns only after the start. A service manager is notified too (service.h).
 */
void daemon_start(const struct daemon_options *opt);
void daemon_ready(void);

#endif
