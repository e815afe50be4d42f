/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: a state file. In an accepted file every value is in its range. A rejected file sets no value, and is
 * kept as PATH.bad. Saving and reading again gives the same values.
 *
 *   fuzz_state CORPUS...         (libFuzzer)
 *   fuzz_state FILE...           (with FUZZ_MAIN: runs these)
 *   fuzz_state                   (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_state --corpus DIR      (with FUZZ_MAIN: writes the corpus)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "fuzz_must.h"
#include "state.h"

#define OCTETS_MAX 70000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Discard its messages, but format them. */
static void
complain(const char *format, va_list ap)
{
	char text[512];
	vsnprintf(text, sizeof(text), format, ap);
}

void
log_error(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
}

void
log_warn(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
}

static char state_dir[64], state_path[80], state_bad[80];

static void
clean_up(void)
{
	unlink(state_path);
	unlink(state_bad);
	rmdir(state_dir);
}

static void
given_a_directory(void)
{
	const char *tmp = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(state_dir, sizeof(state_dir), "%s/fuzz_state.XXXXXX", tmp);
	if (!mkdtemp(state_dir))
		abort();
	snprintf(state_path, sizeof(state_path), "%s/x", state_dir);
	snprintf(state_bad, sizeof(state_bad), "%s/x.bad", state_dir);
	atexit(clean_up);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t history = 200, failures = 100, flag = 1;
	const struct state_key keys[] = { { "history-size", 1, INT32_MAX, &history },
					  { "failure-size", 1, 5000, &failures },
					  { "tunnel-start", 0, 1, &flag } };

	if (size > OCTETS_MAX)
		return 0;
	if (!state_dir[0])
		given_a_directory();
	unlink(state_bad);
	int fd = open(state_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);

	int rc = state_load(state_path, keys, 3);
	must(rc == 0 || rc == -EBADMSG, "it is taken or it is bad");
	must(history >= 1 && history <= INT32_MAX && failures >= 1 && failures <= 5000 && flag <= 1, "in its range");
	must(rc == 0 || (history == 200 && failures == 100 && flag == 1), "all of it or nothing");
	must((access(state_bad, F_OK) == 0) == (rc != 0) && (access(state_path, F_OK) == 0) == (rc == 0),
	     "what is bad is kept");

	const uint32_t was[] = { history, failures, flag };
	must(state_save(state_path, keys, 3, (gid_t)-1) == 0, "it can be saved");
	history = failures = flag = 0;
	must(state_load(state_path, keys, 3) == 0, "and loaded");
	must(history == was[0] && failures == was[1] && flag == was[2], "as it was");
	return 0;
}

#ifdef FUZZ_MAIN
static const char *const seeds[] = {
	"# To change it by hand, stop the program.\nhistory-size = 300\nfailure-size = 5\ntunnel-start = 0\n",
	"history-size=1#x\n\tfailure-size =\t5000 \n\n",
	"history-size = 2147483648\n",
	"failure-size = -1\n",
	"unknown = yes\n",
	"=\n",
	"history-size = 1\nhistory-size = 2",
	"words\n",
	"",
};
#define FUZZ_TEXTS     seeds
#define FUZZ_MUTATIONS 5000
#include "fuzz_main.h"

static size_t
fuzz_mutation(uint8_t *out)
{
	static const char some[] = "=#\n \t09-axh\r\0\x1b\xff";
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	for (uint32_t n = rnd(6); n > 0; n--) {
		size_t at = rnd((uint32_t)len + 1);
		switch (rnd(3)) {
		case 0:
			if (at < len)
				out[at] = (uint8_t)some[rnd(sizeof(some) - 1)];
			break;
		case 1:
			memmove(out + at + 1, out + at, len - at);
			out[at] = (uint8_t)some[rnd(sizeof(some) - 1)];
			len++;
			break;
		default:
			if (len < 4096)
				len += fuzz_seed(rnd(FUZZ_SEEDS), out + len);
		}
	}
	return len;
}
#endif
