/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chk_error.h"
#include "chk_options.h"

#define PORT    161
#define TIMEOUT 10.0
#define RETRIES 3
#define BULK    40 /* this many short cells fit into a packet of 1500 octets */

enum { OPT_STATE_DIR = 256, OPT_BULK };

static const struct option longs[] = {
	{ "hostname", required_argument, NULL, 'H' },
	{ "port", required_argument, NULL, 'p' },
	{ "protocol", required_argument, NULL, 'P' },
	{ "community", required_argument, NULL, 'C' },
	{ "seclevel", required_argument, NULL, 'L' },
	{ "secname", required_argument, NULL, 'U' },
	{ "authproto", required_argument, NULL, 'a' },
	{ "authpasswd", required_argument, NULL, 'A' },
	{ "privproto", required_argument, NULL, 'x' },
	{ "privpasswd", required_argument, NULL, 'X' },
	{ "context", required_argument, NULL, 'N' },
	{ "credentials", required_argument, NULL, 'f' },
	{ "timeout", required_argument, NULL, 't' },
	{ "retries", required_argument, NULL, 'e' },
	{ "mode", required_argument, NULL, 'm' },
	{ "name", required_argument, NULL, 'n' },
	{ "peer", required_argument, NULL, 'r' },
	{ "warning", required_argument, NULL, 'w' },
	{ "critical", required_argument, NULL, 'c' },
	{ "state-dir", required_argument, NULL, OPT_STATE_DIR },
	{ "bulk", required_argument, NULL, OPT_BULK },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};
static const char shorts[] = ":H:p:P:C:L:U:a:A:x:X:N:f:t:e:m:n:r:w:c:vVh";

static bool
number_parse(const char *text, unsigned least, unsigned most, unsigned *out)
{
	char *end;
	unsigned long n;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || n < least || n > most)
		return false;
	*out = (unsigned)n;
	return true;
}

/* Find a word in a list and return its position. */
static bool
word_find(const char *text, const char *const *words, unsigned *out)
{
	for (unsigned i = 0; words[i]; i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool
secret_set(char to[CHK_PASS_MAX], const char *text)
{
	if (strlen(text) >= CHK_PASS_MAX)
		return false;
	memcpy(to, text, strlen(text) + 1);
	return true;
}

bool
chk_peer_parse(const char *text, struct chk_peer *out)
{
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->len = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->len = 16;
	else
		return false;
	return true;
}

/* Parse "KEY = VALUE". A # at the beginning of a line begins a comment. The value extends to the end of the line. */
static bool
credential(char *line, struct chk_options *opt, const char *path, unsigned n, char *error, size_t size)
{
	char *key = line + strspn(line, " \t"), *value = strchr(key, '=');
	size_t len = strcspn(key, " \t=\r\n");
	char *to = NULL;

	if (*key == '#' || *key == '\0' || *key == '\n' || *key == '\r')
		return true;
	if (!value)
		return chk_wrong(error, size, "%s:%u: not KEY = VALUE", path, n);
	value += 1 + strspn(value + 1, " \t");
	value[strcspn(value, "\r\n")] = '\0';
	if (len == 9 && strncmp(key, "community", len) == 0)
		to = opt->community;
	else if (len == 4 && strncmp(key, "auth", len) == 0)
		to = opt->auth_pass;
	else if (len == 4 && strncmp(key, "priv", len) == 0)
		to = opt->priv_pass;
	return (to && secret_set(to, value)) ||
	       chk_wrong(error, size, "%s:%u: community, auth or priv is expected, and not too long a value", path, n);
}

static bool
credentials(const char *path, struct chk_options *opt, char *error, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	FILE *file;
	char line[CHK_PASS_MAX + 64];
	bool good = true;

	if (fd < 0)
		return chk_wrong(error, size, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 007) != 0) {
		close(fd);
		return chk_wrong(error, size, "%s: must be a file that others may not read (chmod o= %s)", path, path);
	}
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return chk_wrong(error, size, "%s: %s", path, strerror(errno));
	}
	for (unsigned n = 1; good && fgets(line, sizeof(line), file); n++)
		good = credential(line, opt, path, n, error, size);
	explicit_bzero(line, sizeof(line));
	fclose(file);
	return good;
}

static bool
timeout(const char *text, struct chk_options *opt)
{
	char seconds[8];
	size_t len = strcspn(text, ":");
	unsigned n;

	if (len >= sizeof(seconds))
		return false;
	memcpy(seconds, text, len);
	seconds[len] = '\0';
	if (!number_parse(seconds, 1, 3600, &n) ||
	    (text[len] == ':' && !chk_state_parse(text + len + 1, &opt->timeout_state)))
		return false;
	opt->timeout = n;
	return true;
}

/* Options about how to ask the device. True: @p c is valid, or not such an option. */
static bool
option_how(struct chk_options *opt, int c, const char *arg, char *error, size_t size)
{
	static const char *const protocols[] = { "1", "2c", "3", NULL };
	static const char *const levels[] = { "noAuthNoPriv", "authNoPriv", "authPriv", NULL };
	unsigned n;

	switch (c) {
	case 'p':
		return number_parse(arg, 1, 65535, &opt->port) ||
		       chk_wrong(error, size, "-p: a port is expected, not %s", arg);
	case 'P':
		if (!word_find(arg, protocols, &n))
			return chk_wrong(error, size, "-P: 1, 2c or 3 is expected, not %s", arg);
		opt->version = (enum chk_version)n;
		return true;
	case 'L':
		if (!word_find(arg, levels, &n))
			return chk_wrong(error, size, "-L: noAuthNoPriv, authNoPriv or authPriv is expected, not %s",
					 arg);
		opt->level = (enum chk_level)n;
		return true;
	case 'C':
		return secret_set(opt->community, arg) || chk_wrong(error, size, "-C: too long");
	case 'A':
		return secret_set(opt->auth_pass, arg) || chk_wrong(error, size, "-A: too long");
	case 'X':
		return secret_set(opt->priv_pass, arg) || chk_wrong(error, size, "-X: too long");
	case 't':
		return timeout(arg, opt) || chk_wrong(error, size, "-t: SECONDS[:STATE] is expected, not %s", arg);
	case 'e':
		return number_parse(arg, 0, 100, &opt->retries) ||
		       chk_wrong(error, size, "-e: a number of retries is expected, not %s", arg);
	case OPT_BULK:
		return number_parse(arg, 1, 1000, &opt->bulk) ||
		       chk_wrong(error, size, "--bulk: 1 to 1000 is expected, not %s", arg);
	default:
		return true;
	}
}

/* Options about what to check. True: @p c is valid, or not such an option. */
static bool
option_what(struct chk_options *opt, int c, const char *arg, char *error, size_t size)
{
	switch (c) {
	case 'n':
		return *arg != '\0' || chk_wrong(error, size, "-n: a name is expected");
	case 'r':
		return chk_peer_parse(arg, &opt->peer) ||
		       chk_wrong(error, size, "-r: the peer's address is expected, not %s", arg);
	case 'w':
		return chk_range_parse(arg, &opt->limits.warning) ||
		       chk_wrong(error, size, "-w: a range is expected ([@][START:][END], ~ is no limit), not %s", arg);
	case 'c':
		return chk_range_parse(arg, &opt->limits.critical) ||
		       chk_wrong(error, size, "-c: a range is expected ([@][START:][END], ~ is no limit), not %s", arg);
	case 'v':
		opt->verbose++;
		return true;
	default:
		return true;
	}
}

static bool
option(struct chk_options *opt, int c, const char *arg, char *error, size_t size)
{
	/* Texts stored without a check. */
	const struct {
		int c;
		const char **to;
	} texts[] = { { 'H', &opt->host },       { 'U', &opt->user },      { 'a', &opt->auth_proto },
		      { 'x', &opt->priv_proto }, { 'N', &opt->context },   { 'm', &opt->mode },
		      { 'n', &opt->name },       { 'r', &opt->peer_text }, { OPT_STATE_DIR, &opt->state_dir } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (c == texts[i].c)
			*texts[i].to = arg;
	return option_how(opt, c, arg, error, size) && option_what(opt, c, arg, error, size);
}

/* "-m user NAME" is short for "-m user -n NAME". */
static bool
option_argument(struct chk_options *opt, const char *arg, char *error, size_t size)
{
	if (opt->mode && strcmp(opt->mode, "user") == 0 && !opt->name && *arg != '\0') {
		opt->name = arg;
		return true;
	}
	return chk_wrong(error, size, "%s: no argument is expected", arg);
}

static bool
from_environment(struct chk_options *opt, char *error, size_t size)
{
	const struct {
		const char *name;
		char *to;
	} all[] = {
		{ "CHECK_IPSECMON_COMMUNITY", opt->community },
		{ "CHECK_IPSECMON_AUTH", opt->auth_pass },
		{ "CHECK_IPSECMON_PRIV", opt->priv_pass },
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *value = getenv(all[i].name);
		if (value && !secret_set(all[i].to, value))
			return chk_wrong(error, size, "%s: too long", all[i].name);
	}
	return true;
}

static bool
complete(struct chk_options *opt, char *error, size_t size)
{
	if (!opt->host || *opt->host == '\0')
		return chk_wrong(error, size, "-H HOST is needed");
	if (!opt->mode)
		return chk_wrong(error, size, "-m MODE is needed");
	if (opt->name && opt->peer_text)
		return chk_wrong(error, size, "-n and -r: one of them");
	if (opt->version != CHK_V3)
		return true;
	if (!opt->user)
		return chk_wrong(error, size, "-P 3: -U USER is needed");
	if (opt->level >= CHK_AUTH && strlen(opt->auth_pass) < 8)
		return chk_wrong(
			error, size,
			"a passphrase of 8 characters or more is needed: -A, $CHECK_IPSECMON_AUTH, or auth in -f FILE");
	if (opt->level == CHK_AUTH_PRIV && strlen(opt->priv_pass) < 8)
		return chk_wrong(
			error, size,
			"a passphrase of 8 characters or more is needed: -X, $CHECK_IPSECMON_PRIV, or priv in -f FILE");
	return true;
}

static const struct chk_options defaults = {
	.port = PORT,
	.retries = RETRIES,
	.bulk = BULK,
	.timeout = TIMEOUT,
	.timeout_state = CHK_UNKNOWN,
	.version = CHK_V2C,
	.level = CHK_AUTH_PRIV,
	.auth_proto = "SHA",
	.priv_proto = "AES",
	.community = "public",
};

enum chk_parsed
chk_options_parse(int argc, char **argv, struct chk_options *opt, char *error, size_t size)
{
	int c;

	*opt = defaults;
	/* Later sources override earlier ones: the file, the environment, options. */
	optind = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == 'h')
			return CHK_HELP;
		if (c == 'V')
			return CHK_SHOW_VERSION;
		if (c == ':' || c == '?') {
			chk_wrong(error, size, c == ':' ? "%s: a value is missing" : "%s: no such option",
				  argv[optind - 1]);
			return CHK_WRONG;
		}
		if (c == 'f' && !credentials(optarg, opt, error, size))
			return CHK_WRONG;
	}
	if (optind < argc - 1) {
		chk_wrong(error, size, "%s: no second argument is expected", argv[optind + 1]);
		return CHK_WRONG;
	}
	if (!from_environment(opt, error, size))
		return CHK_WRONG;
	optind = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (!option(opt, c, optarg, error, size))
			return CHK_WRONG;
	}
	if (optind < argc && !option_argument(opt, argv[optind], error, size))
		return CHK_WRONG;
	return complete(opt, error, size) ? CHK_RUN : CHK_WRONG;
}
