/* SPDX-License-Identifier: ISC */
/* The control protocol: parsing a request, and sending one. */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORDS_MAX    7 /* no request has more words */

struct word {
	const char *at;
	size_t len;
};

/* The arguments after a request's words: A a name, N a number of 31 bits from 1, U a number of 64 bits. */
static const struct request {
	enum control_verb verb;
	const char *first, *second;
	const char *takes;
} requests[] = {
	{ CONTROL_HISTORY_SIZE, "history-size", NULL, "N" },  { CONTROL_FAILURE_SIZE, "failure-size", NULL, "N" },
	{ CONTROL_CHECK_POINT, "check-point", NULL, "" },     { CONTROL_DESTROY_IKE, "destroy", "ike", "N" },
	{ CONTROL_DESTROY_TUNNEL, "destroy", "tunnel", "N" }, { CONTROL_DESTROY_SESSION, "destroy", "session", "N" },
	{ CONTROL_AGENT, "agent", NULL, "ANUUUU" },           { CONTROL_PING, "ping", NULL, "" },
};

static bool
word_is(struct word word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

/* Split a line into words: printable octets separated by single blanks. -1: the line has another form. */
static int
words_split(const char *line, size_t len, struct word words[WORDS_MAX + 1])
{
	int count = 0;
	size_t start = 0;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && line[i] > ' ' && line[i] < 0x7f)
			continue;
		if ((i < len && line[i] != ' ') || i == start)
			return -1;
		if (count <= WORDS_MAX)
			words[count++] = (struct word){ line + start, i - start };
		start = i + 1;
	}
	return count;
}

static bool
number(struct word word, uint64_t least, uint64_t most, uint64_t *out)
{
	uint64_t n = 0;
	if (word.len == 0 || (word.len > 1 && word.at[0] == '0'))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		unsigned digit = (unsigned char)word.at[i] - (unsigned)'0';
		if (digit > 9 || n > (most - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return n >= least;
}

static int
take(const struct request *request, const struct word *words, struct control_command *out, const char **why)
{
	uint64_t *counts[] = { &out->sent, &out->suppressed, &out->disabled, &out->waiting };
	size_t next = 0;
	uint64_t n = 0;

	for (const char *type = request->takes; *type; type++, words++) {
		if (*type == 'A') {
			if (words->len >= sizeof(out->name)) {
				*why = "the name is too long";
				return -EINVAL;
			}
			memcpy(out->name, words->at, words->len);
		} else if (*type == 'N') {
			if (!number(*words, 1, INT32_MAX, &n)) {
				*why = "that is not a number from 1 to 2147483647";
				return -EINVAL;
			}
			out->number = (uint32_t)n;
		} else if (!number(*words, 0, UINT64_MAX, counts[next++])) {
			*why = "that is not a number from 0 to 18446744073709551615";
			return -EINVAL;
		}
	}
	return 0;
}

int
control_parse(const char *line, size_t len, struct control_command *out, const char **why)
{
	struct word words[WORDS_MAX + 1] = { 0 };
	*out = (struct control_command){ 0 };
	if (len >= CONTROL_LINE_MAX) {
		*why = "the line is too long";
		return -EINVAL;
	}
	int count = words_split(line, len, words);
	if (count < 0) {
		*why = "a request consists of printable words with one blank between them";
		return -EINVAL;
	}
	bool known = false;
	for (size_t i = 0; i < COUNT(requests); i++) {
		const struct request *request = &requests[i];
		int skip = request->second ? 2 : 1;
		if (!word_is(words[0], request->first))
			continue;
		known = true;
		if (request->second && (count < 2 || !word_is(words[1], request->second)))
			continue;
		if (count != skip + (int)strlen(request->takes)) {
			*why = count < skip + (int)strlen(request->takes) ? "too few words" : "too many words";
			return -EINVAL;
		}
		out->verb = request->verb;
		return take(request, words + skip, out, why);
	}
	*why = known ? "say which: ike, tunnel or session" : "there is no such request";
	return -EINVAL;
}

/* --- the asking side ------------------------------------------------------------------------------------------ */

static int64_t
now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Wait until the socket is ready for @p events or the deadline has passed. */
static int
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd ready = { .fd = fd, .events = events };
	for (;;) {
		int64_t left = deadline - now_ms();
		int rc = left > 0 ? poll(&ready, 1, (int)left) : 0;
		if (rc > 0)
			return 0;
		if (rc == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int
send_all(int fd, const char *text, size_t len, int64_t deadline)
{
	while (len > 0) {
		int rc = wait_for(fd, POLLOUT, deadline);
		if (rc < 0)
			return rc;
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (sent > 0) {
			text += sent;
			len -= (size_t)sent;
		}
	}
	return 0;
}

/* Receive one line into @p line and remove its newline. */
static int
receive_line(int fd, char *line, size_t size, int64_t deadline)
{
	size_t have = 0;
	while (have < size) {
		int rc = wait_for(fd, POLLIN, deadline);
		if (rc < 0)
			return rc;
		ssize_t got = recv(fd, line + have, size - have, 0);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EPROTO;
		have += (size_t)got;
		char *end = memchr(line, '\n', have);
		if (end) {
			*end = '\0';
			return strlen(line) == (size_t)(end - line) ? 0 : -EPROTO;
		}
	}
	return -EPROTO;
}

static int
request_exchange(int fd, const struct sockaddr_un *addr, const char *request, unsigned limit_ms, char *line,
		 size_t size)
{
	int64_t deadline = now_ms() + limit_ms;
	char out[CONTROL_LINE_MAX];
	int len = snprintf(out, sizeof(out), "%s\n", request);
	/* connect() to a Unix socket never has to wait: it succeeds or fails at once. */
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0)
		return -errno;
	/* A busy peer may have answered and closed before we sent. Read its answer even after EPIPE. */
	int sent = send_all(fd, out, (size_t)len, deadline);
	int rc = sent < 0 && sent != -EPIPE ? sent : receive_line(fd, line, size, deadline);
	return rc < 0 && sent < 0 ? sent : rc;
}

int
control_request_within(const char *socket_path, const char *request, unsigned limit_ms, char *answer, size_t size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char line[2 * CONTROL_LINE_MAX] = "";
	const char *text;
	int rc = -EINVAL, fd = -1;

	if (strlen(request) < CONTROL_LINE_MAX - 1 && !strchr(request, '\n')) {
		rc = -ENAMETOOLONG;
		if (strlen(socket_path) < sizeof(addr.sun_path)) {
			memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
			rc = fd < 0 ? -errno : request_exchange(fd, &addr, request, limit_ms, line, sizeof(line));
		}
	}
	if (fd >= 0)
		close(fd);
	if (rc == 0 && strncmp(line, "ok", 2) == 0 && (line[2] == ' ' || line[2] == '\0'))
		text = line[2] ? line + 3 : "";
	else if (rc == 0 && strncmp(line, "error ", 6) == 0) {
		text = line + 6;
		rc = -EREMOTEIO;
	} else {
		rc = rc < 0 ? rc : -EPROTO;
		text = rc == -EPROTO ? "the answer is not understood" : strerror(-rc);
	}
	snprintf(answer, size, "%s", text);
	return rc;
}

int
control_request(const char *socket_path, const char *request, char *answer, size_t size)
{
	return control_request_within(socket_path, request, CONTROL_LIMIT_MS, answer, size);
}
