/* SPDX-License-Identifier: ISC */
/* A control socket with a segment, and its clients. */
#ifndef CONTROL_FIXTURE_H
#define CONTROL_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <event2/event.h>

#include "control_exec.h"
#include "control_server.h"
#include "suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char dir[] = "/tmp/check_control.XXXXXX", path[128];
static struct event_base *base;
static struct control_server *server;
static struct control_server_options options;
static struct control_call *held[4]; /* check points wait for the test's answer */
static unsigned held_count, asked;

static inline void
handler(void *arg, const struct control_command *command, struct control_call *call)
{
	char text[32];
	(void)arg;
	asked++;
	if (command->verb == CONTROL_CHECK_POINT) {
		held[held_count++] = call;
		return;
	}
	snprintf(text, sizeof(text), "%u", command->number);
	control_answer(call, command->verb != CONTROL_DESTROY_IKE, command->number ? text : "");
}

static inline void
given_a_directory(void)
{
	strcpy(dir, "/tmp/check_control.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	chmod(dir, 0755);
	snprintf(path, sizeof(path), "%s/control", dir);
	base = event_base_new();
	options = (struct control_server_options){ .path = path, .group = (gid_t)-1, .handler = handler };
}

static inline void
clean_up(void)
{
	control_server_close(server);
	server = NULL;
	if (base)
		event_base_free(base);
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static inline int
client(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* Let the server work for a while. */
static inline void
pump(unsigned ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = (long)(ms % 1000) * 1000 };
	event_base_loopexit(base, &in);
	event_base_dispatch(base);
}

static inline void
say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Within two seconds exactly @p want arrives. Then nothing follows, or the end if @p ends. */
static inline void
expect(int fd, const char *want, bool ends)
{
	char got[2048] = "";
	size_t have = 0;
	bool eof = false;
	for (int i = 0; i < 400 && !(have >= strlen(want) && (eof || !ends)) && !eof; i++) {
		pump(5);
		ssize_t n = recv(fd, got + have, sizeof(got) - 1 - have, 0);
		if (n > 0)
			have += (size_t)n;
		eof = n == 0 || (n < 0 && errno == ECONNRESET);
	}
	got[have] = '\0';
	ck_assert_str_eq(got, want);
	ck_assert_int_eq(eof, ends);
}

static inline void
hear(int fd, const char *request, const char *answer)
{
	say(fd, request);
	expect(fd, answer, false);
}

#endif
