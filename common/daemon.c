/* SPDX-License-Identifier: ISC */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "clean.h"
#include "service.h"

static struct {
	const char *program;
	bool to_stderr, to_syslog;
} sink = { .program = "ipsecmon", .to_stderr = true };

static int ready_fd = -1; /* the parent waits at the other end */

void
log_open(const char *program, bool foreground)
{
	sink.program = program;
	sink.to_stderr = true; /* until daemon_ready(), even in the background: show why a start fails */
	sink.to_syslog = !foreground;
	if (sink.to_syslog)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static __attribute__((format(printf, 3, 0))) void
log_write(int priority, const char *level, const char *format, va_list ap)
{
	int saved = errno;
	char raw[1024], text[1024];
	vsnprintf(raw, sizeof(raw), format, ap);
	size_t end = strlen(raw); /* Net-SNMP's messages end with a newline */
	while (end > 0 && (raw[end - 1] == ' ' || raw[end - 1] == '\n'))
		end--;
	text_clean(raw, end, text, sizeof(text)); /* peers choose some of the names in it */
	if (sink.to_syslog)
		syslog(priority, "%s%s", priority == LOG_INFO ? "" : level, text);
	if (sink.to_stderr)
		fprintf(stderr, "%s: %s%s\n", sink.program, level, text);
	errno = saved;
}

#define LOG_WITH(priority, level)                       \
	do {                                            \
		va_list ap;                             \
		va_start(ap, format);                   \
		log_write(priority, level, format, ap); \
		va_end(ap);                             \
	} while (0)

void
log_error(const char *format, ...)
{
	LOG_WITH(LOG_ERR, "error: ");
}

void
log_warn(const char *format, ...)
{
	LOG_WITH(LOG_WARNING, "warning: ");
}

void
log_info(const char *format, ...)
{
	LOG_WITH(LOG_INFO, "info: ");
}

static void
usage(FILE *f, const char *program)
{
	fprintf(f, "usage: %s [-c FILE] [-f]\n       %s -V | -h\n", program, program);
}

static void
help(const char *program, const char *about)
{
	printf("%s: %s\n\n", program, about);
	usage(stdout, program);
	printf("  -c FILE        read FILE instead of\n"
	       "                 %s\n"
	       "  -f             stay in the foreground, log to stderr\n"
	       "  -V, --version  print the version\n"
	       "  -h, --help     print this help\n",
	       DEFAULT_CONF);
}

void
option_explain(FILE *f, const char *program, int c, char *const *argv, const char *long_twins)
{
	if (c == ':')
		fprintf(f, "%s: -%c needs a file\n", program, optopt);
	else if (optopt && !strchr(long_twins, optopt))
		fprintf(f, "%s: unknown option -%c\n", program, optopt);
	else
		fprintf(f, "%s: unknown option %s\n", program, argv[optind - 1]);
}

/* In the background, the working directory is /. Make a relative path absolute, so that it still works there. */
static const char *
absolute(const char *path)
{
	static char buffer[4096];
	char here[2048];
	if (path[0] == '/' || !getcwd(here, sizeof(here)))
		return path;
	int n = snprintf(buffer, sizeof(buffer), "%s/%s", here, path);
	return n > 0 && (size_t)n < sizeof(buffer) ? buffer : path;
}

void
daemon_options(int argc, char **argv, const char *program, const char *about, struct daemon_options *opt)
{
	static const struct option options[] = {
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	*opt = (struct daemon_options){ 0 };
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, "+:c:fVh", options, NULL)) != -1;) {
		switch (c) {
		case 'c':
			opt->conf_file = optarg;
			break;
		case 'f':
			opt->foreground = true;
			break;
		case 'V':
			printf("%s %s\n", program, PACKAGE_VERSION);
			exit(fflush(stdout) ? 1 : 0);
		case 'h':
			help(program, about);
			exit(fflush(stdout) ? 1 : 0);
		default:
			option_explain(stderr, program, c, argv, "Vh");
			usage(stderr, program);
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: '%s' is not an option\n", program, argv[optind]);
		usage(stderr, program);
		exit(2);
	}
	if (opt->conf_file && !opt->foreground)
		opt->conf_file = absolute(opt->conf_file);
}

/* The parent waits here until the child is ready or has ended, then exits. */
static _Noreturn void
wait_for_child(pid_t pid, int fd)
{
	char byte;
	ssize_t got;
	int status;
	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	if (WIFSIGNALED(status))
		fprintf(stderr, "%s: ended by signal %d while starting\n", sink.program, WTERMSIG(status));
	/* A child that ended without becoming ready has failed, even with status 0. */
	_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1);
}

void
daemon_start(const struct daemon_options *opt)
{
	int ends[2];
#ifdef __GLIBC__
	/*
	 * Return large blocks, such as a long list or a table's rows, to the system instead of keeping them on the
	 * heap.
	 */
	mallopt(M_MMAP_THRESHOLD, 65536);
	mallopt(M_TRIM_THRESHOLD, 65536);
#endif
	if (opt->foreground)
		return;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		log_error("cannot make a pipe: %s", strerror(errno));
		exit(1);
	}
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0) {
		log_error("cannot fork: %s", strerror(errno));
		exit(1);
	}
	if (pid > 0) {
		close(ends[1]);
		wait_for_child(pid, ends[0]);
	}
	close(ends[0]);
	ready_fd = ends[1];
	setsid();
}

void
daemon_ready(void)
{
	service_ready();
	if (ready_fd < 0)
		return;
	if (chdir("/") < 0)
		log_warn("cannot change to /: %s", strerror(errno));
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0) {
		log_error("cannot open /dev/null: %s", strerror(errno));
		exit(1);
	}
	sink.to_stderr = !sink.to_syslog;
	fflush(NULL);
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	/* If the parent has been killed, write() raises SIGPIPE. That must not end us. */
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	ssize_t sent = write(ready_fd, "", 1);
	(void)sent;
	if (before != SIG_ERR)
		signal(SIGPIPE, before);
	close(ready_fd);
	ready_fd = -1;
}
