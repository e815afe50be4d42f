/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: complete conversations over the control socket. Clients connect, send in pieces, don't read, and
 * disconnect, while the handler answers at once or later. Or a server sends any answer to control_request().
 *
 * Each line of a client gets one answer, in order and with the right text. After a line that is too long, no other
 * line is read. No client changes the answers to another one. control_request() rejects invalid answers.
 *
 *   fuzz_talk CORPUS...          (libFuzzer)
 *   fuzz_talk FILE...            (with FUZZ_MAIN: runs these)
 *   fuzz_talk                    (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_talk --corpus DIR       (with FUZZ_MAIN: writes the corpus)
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control_server.h"
#include "daemon.h"
#include "fuzz_must.h"

#define CLIENTS    (CONTROL_CLIENTS_MAX + 2)
#define SENT_MAX   4096
#define HEARD_MAX  8192
#define HELD_MAX   CONTROL_CLIENTS_MAX
#define OCTETS_MAX 8192
#define TEXT_MAX   (CONTROL_NAME_MAX + 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Discard the server's messages. */
void
log_error(const char *format, ...)
{
	(void)format;
}
void
log_warn(const char *format, ...)
{
	(void)format;
}
void
log_info(const char *format, ...)
{
	(void)format;
}

/* ---- what the fuzzer says ---- */

struct input {
	const uint8_t *data;
	size_t left;
};

static uint8_t
next(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->data++;
}

/* ---- the clients ---- */

struct client {
	int fd; /* -1: there is none */
	bool deaf, closed_by_server;
	bool may_be_refused; /* clients so far, including those that have ended */
	char sent[SENT_MAX], heard[HEARD_MAX];
	size_t sent_len, heard_len;
};

static struct event_base *base;
static struct control_server *server;
static struct client clients[CLIENTS];
static struct control_call *held[HELD_MAX]; /* check points wait for their answers */
static unsigned held_count;
static char socket_path[64];

static void
pump(void)
{
	for (int i = 0; i < 4; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

/* The answer to a command that is not held. */
static bool
answer_of(const struct control_command *command, char text[TEXT_MAX])
{
	snprintf(text, TEXT_MAX, "%u%s%s", command->number, command->name[0] ? " " : "", command->name);
	return command->verb != CONTROL_DESTROY_IKE;
}

static void
handler(void *arg, const struct control_command *command, struct control_call *call)
{
	char text[TEXT_MAX];
	(void)arg;
	if (command->verb == CONTROL_CHECK_POINT && held_count < HELD_MAX) {
		held[held_count++] = call;
		return;
	}
	bool ok = answer_of(command, text);
	control_answer(call, ok, text);
}

static void
answer_held(unsigned which, bool ok, const char *text)
{
	struct control_call *call = held[which];
	held[which] = held[--held_count];
	control_answer(call, ok, text);
}

static void
come(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct client *c = NULL;
	unsigned there = held_count; /* a client that has disconnected keeps its place until it is answered */
	for (int i = 0; i < CLIENTS; i++) {
		there += clients[i].fd >= 0;
		if (!c && clients[i].fd < 0)
			c = &clients[i];
	}
	if (!c)
		return;
	*c = (struct client){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) };
	memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		abort();
	c->may_be_refused = there >= CONTROL_CLIENTS_MAX;
}

static void
send_octets(struct client *c, const void *octets, size_t len)
{
	if (len > SENT_MAX - c->sent_len)
		len = SENT_MAX - c->sent_len;
	ssize_t sent = c->fd >= 0 && len > 0 ? send(c->fd, octets, len, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
	if (sent <= 0)
		return;
	memcpy(c->sent + c->sent_len, octets, (size_t)sent);
	c->sent_len += (size_t)sent;
}

static void
listen_to(struct client *c)
{
	while (c->fd >= 0 && c->heard_len < HEARD_MAX) {
		ssize_t got = recv(c->fd, c->heard + c->heard_len, HEARD_MAX - c->heard_len, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			c->closed_by_server = true;
		if (got <= 0)
			return;
		c->heard_len += (size_t)got;
	}
}

/* ---- what is to be heard ---- */

/* Is @p heard, without the end of the line, the answer to this line? */
static bool
is_answer(const char *line, size_t len, const char *heard, size_t heard_len)
{
	struct control_command command;
	char text[TEXT_MAX], want[2 * CONTROL_LINE_MAX];
	const char *why = "";
	for (size_t i = 0; i < heard_len; i++)
		must((unsigned char)heard[i] >= ' ' && heard[i] != 0x7f, "an answer is printable");
	if (control_parse(line, len, &command, &why) < 0)
		snprintf(want, sizeof(want), "error %s", why);
	else if (command.verb == CONTROL_CHECK_POINT)
		return (heard_len >= 2 && memcmp(heard, "ok", 2) == 0) ||
		       (heard_len >= 5 && memcmp(heard, "error", 5) == 0);
	else
		snprintf(want, sizeof(want), "%s %s", answer_of(&command, text) ? "ok" : "error", text);
	return heard_len == strlen(want) && memcmp(heard, want, heard_len) == 0;
}

/* @p all: the server has had time to answer everything. */
static void
compare(const struct client *c, bool all)
{
	static const char too_long[] = "error the line is too long\n", full[] = "error too many clients\n";
	size_t at = 0, from = 0;
	if (c->may_be_refused && c->heard_len > 0 && c->heard_len < sizeof(full) &&
	    memcmp(c->heard, full, c->heard_len) == 0)
		return;
	for (;;) {
		const char *end = memchr(c->sent + at, '\n', c->sent_len - at);
		size_t len = end ? (size_t)(end - c->sent) - at : c->sent_len - at;
		const char *heard_end = memchr(c->heard + from, '\n', c->heard_len - from);
		if (len >= CONTROL_LINE_MAX) {
			must(c->heard_len - from <= strlen(too_long) &&
				     memcmp(c->heard + from, too_long, c->heard_len - from) == 0,
			     "a line that is too long is the last");
			must(!all || (heard_end && c->closed_by_server), "and it is told, and the end");
			return;
		}
		if (!end || !heard_end) {
			must(!heard_end, "no answer without a request");
			must(!all || !end, "each request has its answer");
			return;
		}
		must(is_answer(c->sent + at, len, c->heard + from, (size_t)(heard_end - c->heard) - from),
		     "the answer is that of the request");
		at += len + 1;
		from = (size_t)(heard_end - c->heard) + 1;
	}
}

/* ---- the serving side ---- */

static const char *const lines[] = { "ping\n",
				     "check-point\n",
				     "history-size 7\n",
				     "destroy ike 3\n",
				     "destroy tunnel 2147483647\n",
				     "agent x 1 2 3 4 5\n",
				     "agent a\n",
				     "\n",
				     "ping\nping\ncheck-point\nping\n",
				     "check-" };

static void
act(struct input *in)
{
	uint8_t op = next(in), who = next(in);
	struct client *c = &clients[who % CLIENTS];
	char octets[300];
	switch (op % 9) {
	case 0:
		come();
		break;
	case 1:
	case 2: {
		const char *line = lines[next(in) % (sizeof(lines) / sizeof(lines[0]))];
		send_octets(c, line, strlen(line));
		break;
	}
	case 3: {
		size_t n = next(in);
		for (size_t i = 0; i < n; i++)
			octets[i] = (char)next(in);
		send_octets(c, octets, n);
		break;
	}
	case 4: /* much of the same */
		memset(octets, next(in), sizeof(octets));
		send_octets(c, octets, 200u + next(in) % 100u);
		break;
	case 5:
		c->deaf = !c->deaf;
		break;
	case 6: /* it has sent everything, and may still read */
		if (c->fd >= 0)
			shutdown(c->fd, SHUT_WR);
		break;
	case 7:
		listen_to(c);
		if (c->fd >= 0) {
			compare(c, false);
			close(c->fd);
		}
		c->fd = -1;
		break;
	default:
		for (size_t i = 0; i < 9; i++)
			octets[i] = (char)next(in);
		octets[9] = '\0';
		if (held_count > 0)
			answer_held(who % held_count, op & 0x80, octets);
	}
}

static void
serve(struct input *in)
{
	const struct control_server_options opt = {
		.path = socket_path, .group = (gid_t)-1, .slow_ms = 600000, .handler = handler
	};
	base = event_base_new();
	held_count = 0;
	for (int i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
	if (!base || control_server_open(&server, base, &opt) < 0)
		abort();
	come();
	while (in->left > 0) {
		act(in);
		pump();
		for (int i = 0; i < CLIENTS; i++)
			if (!clients[i].deaf)
				listen_to(&clients[i]);
	}
	/* All clients read, and all requests are answered. */
	for (int idle = 0, rounds = 0; idle < 5 && rounds < 1000; rounds++) {
		size_t heard = held_count;
		while (held_count > 0)
			answer_held(0, true, "");
		for (int i = 0; i < CLIENTS; i++) {
			size_t before = clients[i].heard_len;
			listen_to(&clients[i]);
			heard += clients[i].heard_len - before;
		}
		pump();
		idle = heard == 0 && held_count == 0 ? idle + 1 : 0;
	}
	for (int i = 0; i < CLIENTS; i++) {
		listen_to(&clients[i]);
		if (clients[i].fd >= 0) {
			compare(&clients[i], clients[i].heard_len < HEARD_MAX);
			close(clients[i].fd);
		}
	}
	control_server_close(server);
	event_base_free(base);
	must(access(socket_path, F_OK) < 0, "the socket goes with the server");
}

/* ---- the asking side ---- */

static struct {
	int fd;
	const char *octets;
	size_t len, piece;
} answerer;

/* One conversation: read the request, send the answer in pieces. */
static void *
answer_once(void *unused)
{
	char octet = 0;
	int fd = accept(answerer.fd, NULL, NULL);
	(void)unused;
	while (octet != '\n' && recv(fd, &octet, 1, 0) == 1)
		;
	for (size_t at = 0, n; at < answerer.len; at += n) {
		n = answerer.len - at < answerer.piece ? answerer.len - at : answerer.piece;
		if (send(fd, answerer.octets + at, n, MSG_NOSIGNAL) != (ssize_t)n)
			break;
	}
	close(fd);
	return NULL;
}

static void
ask(struct input *in)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char answer[CONTROL_LINE_MAX], line[2 * CONTROL_LINE_MAX] = "";
	pthread_t thread;
	memcpy(addr.sun_path, socket_path, strlen(socket_path) + 1);
	answerer.piece = 1u + next(in);
	answerer.octets = (const char *)in->data;
	answerer.len = in->left;
	answerer.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(answerer.fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(answerer.fd, 1) < 0 ||
	    pthread_create(&thread, NULL, answer_once, NULL) != 0)
		abort();
	memset(answer, 'x', sizeof(answer));
	int rc = control_request_within(socket_path, "ping", 60000, answer, sizeof(answer));
	pthread_join(thread, NULL);
	close(answerer.fd);
	unlink(socket_path);

	must(memchr(answer, '\0', sizeof(answer)) != NULL, "an answer ends");
	const char *end = memchr(answerer.octets, '\n', answerer.len < sizeof(line) ? answerer.len : sizeof(line));
	size_t len = end ? (size_t)(end - answerer.octets) : 0;
	memcpy(line, answerer.octets, len);
	bool whole = end && strlen(line) == len;
	bool ok = whole && strncmp(line, "ok", 2) == 0 && (line[2] == ' ' || line[2] == '\0');
	bool error = whole && strncmp(line, "error ", 6) == 0;
	must(rc == (ok ? 0 : error ? -EREMOTEIO : -EPROTO), "no answer is believed that is none");
	must(rc == 0 || rc == -EREMOTEIO || answer[0], "what has gone wrong here has a text");
}

static void
remove_dir(void)
{
	if (socket_path[0]) {
		*strrchr(socket_path, '/') = '\0';
		rmdir(socket_path);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	if (size == 0 || size > OCTETS_MAX)
		return 0;
	if (!socket_path[0]) {
		char dir[] = "/tmp/fuzz_talk.XXXXXX";
		if (!mkdtemp(dir))
			abort();
		snprintf(socket_path, sizeof(socket_path), "%s/control", dir);
		atexit(remove_dir);
		signal(SIGPIPE, SIG_IGN); /* as the daemons do */
	}
	if (next(&in) & 1)
		ask(&in);
	else
		serve(&in);
	return 0;
}

#ifdef FUZZ_MAIN
#define SEED(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}
static const struct {
	const char *octets;
	size_t len;
} seeds[] = {
	SEED("\0\1\0\0\1\0\1\1\0\2\6\0"),
	SEED("\0\0\0\1\0\1\1\1\1\1\1\0\x80\0held\0\0\0\0\0\7\1"),
	SEED("\0\3\0\7ping\npi\3\0\3ng\n\4\0x\0\4\0x\0\1\0\0"),
	SEED("\0\5\0\1\0\10\1\0\10\1\0\10\x88\0abc\x1b\n\0xyz\10\0aaaaaaaaa"),
	SEED("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\20\0\7\0\0\0\1\1\2"),
	SEED("\1\377ok\n"),
	SEED("\1\1ok it is\nmore"),
	SEED("\1\2error \x1b[2J\n"),
	SEED("\1\377ok\0\n"),
	SEED("\1\377okay\n"),
	SEED("\1\377ok"),
};
#define FUZZ_SEEDS     ((uint32_t)(sizeof(seeds) / sizeof(seeds[0])))
#define FUZZ_MUTATIONS 6000
#include "fuzz_main.h"

static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	memcpy(out, seeds[n].octets, seeds[n].len);
	return seeds[n].len;
}

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	for (uint32_t n = rnd(30); n > 0; n--) {
		size_t at = rnd((uint32_t)len);
		switch (rnd(3)) {
		case 0:
			out[at] = (uint8_t)(rnd(3) ? rnd(12) : rnd(256));
			break;
		case 1: { /* one more step */
			uint8_t step[] = { (uint8_t)(rnd(9) | (rnd(2) ? 0x80 : 0)), (uint8_t)rnd(3), (uint8_t)rnd(10) };
			memcpy(out + len, step, sizeof(step));
			len += sizeof(step);
			break;
		}
		default:
			memmove(out + at + 1, out + at, len++ - at);
		}
	}
	return len;
}
#endif
