/* SPDX-License-Identifier: ISC */
/* The control socket: what is understood, who is served, who is not waited for, and what it does. */
#include <config.h>

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
#if WITH_VICI
#include "vici_terminate.h"
#include "vici_wire.h"
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define A_GROUP      4242
#define NOBODY       65534

/* --- the parser ------------------------------------------------------------------------------------------------ */

static const char *why;

START_TEST(a_request_is_understood)
{
	static const struct {
		const char *line;
		struct control_command is;
	} good[] = {
		{ "ping", { .verb = CONTROL_PING } },
		{ "check-point", { .verb = CONTROL_CHECK_POINT } },
		{ "history-size 1", { .verb = CONTROL_HISTORY_SIZE, .number = 1 } },
		{ "history-size 2147483647", { .verb = CONTROL_HISTORY_SIZE, .number = 2147483647 } },
		{ "failure-size 10", { .verb = CONTROL_FAILURE_SIZE, .number = 10 } },
		{ "destroy ike 7", { .verb = CONTROL_DESTROY_IKE, .number = 7 } },
		{ "destroy tunnel 8", { .verb = CONTROL_DESTROY_TUNNEL, .number = 8 } },
		{ "agent a 1 0 0 0 0", { .verb = CONTROL_AGENT, .number = 1, .name = "a" } },
		{ "agent ipsecmon-agentx 4711 18446744073709551615 1 2 3",
		  { .verb = CONTROL_AGENT,
		    .number = 4711,
		    .name = "ipsecmon-agentx",
		    .sent = UINT64_MAX,
		    .suppressed = 1,
		    .disabled = 2,
		    .waiting = 3 } },
		{ "agent abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk 1 0 0 0 0",
		  { .verb = CONTROL_AGENT,
		    .number = 1,
		    .name = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk" } },
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		struct control_command is;
		memset(&is, 0x55, sizeof(is));
		ck_assert_msg(control_parse(good[i].line, strlen(good[i].line), &is, &why) == 0, "%s: %s", good[i].line,
			      why);
		ck_assert_int_eq(is.verb, good[i].is.verb);
		ck_assert_uint_eq(is.number, good[i].is.number);
		ck_assert_str_eq(is.name, good[i].is.name);
		ck_assert_uint_eq(is.sent, good[i].is.sent);
		ck_assert_uint_eq(is.suppressed, good[i].is.suppressed);
		ck_assert_uint_eq(is.disabled, good[i].is.disabled);
		ck_assert_uint_eq(is.waiting, good[i].is.waiting);
	}
}
END_TEST

#define NOT_WORDS  "a request is of printable words with one blank between them"
#define NO_REQUEST "there is no such request"
#define MISSING    "something is missing"
#define TOO_MUCH   "there is something too much"
#define NUMBER_31  "that is not a number from 1 to 2147483647"
#define NUMBER_64  "that is not a number from 0 to 18446744073709551615"

START_TEST(what_is_no_request_is_refused_with_the_reason)
{
	static const struct {
		const char *line, *why;
	} bad[] = {
		{ "", NOT_WORDS },
		{ " ", NOT_WORDS },
		{ " ping", NOT_WORDS },
		{ "ping ", NOT_WORDS },
		{ "destroy  ike 1", NOT_WORDS },
		{ "ping\r", NOT_WORDS },
		{ "history-size\t1", NOT_WORDS },
		{ "ping\377", NOT_WORDS },
		{ "Ping", NO_REQUEST },
		{ "pin", NO_REQUEST },
		{ "pings", NO_REQUEST },
		{ "terminate ike 1", NO_REQUEST },
		{ "ping 1", TOO_MUCH },
		{ "check-point now", TOO_MUCH },
		{ "history-size 1 2", TOO_MUCH },
		{ "agent a 1 2 3 4 5 6", TOO_MUCH },
		{ "agent a 1 2 3 4 5 6 7 8 9 10", TOO_MUCH },
		{ "history-size", MISSING },
		{ "destroy ike", MISSING },
		{ "agent", MISSING },
		{ "agent a 1 2 3 4", MISSING },
		{ "destroy", "it is not said what of: ike or tunnel" },
		{ "destroy 1", "it is not said what of: ike or tunnel" },
		{ "destroy all 1", "it is not said what of: ike or tunnel" },
		{ "history-size 0", NUMBER_31 },
		{ "history-size 2147483648", NUMBER_31 },
		{ "history-size 99999999999999999999999999", NUMBER_31 },
		{ "history-size -1", NUMBER_31 },
		{ "history-size +1", NUMBER_31 },
		{ "history-size 01", NUMBER_31 },
		{ "history-size 0x10", NUMBER_31 },
		{ "history-size 1.", NUMBER_31 },
		{ "destroy ike x", NUMBER_31 },
		{ "agent a 0 1 1 1 1", NUMBER_31 },
		{ "agent a 1 18446744073709551616 1 1 1", NUMBER_64 },
		{ "agent a 1 1 1 1 -1", NUMBER_64 },
		{ "agent abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl 1 0 0 0 0",
		  "the name is too long" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct control_command is;
		why = NULL;
		ck_assert_msg(control_parse(bad[i].line, strlen(bad[i].line), &is, &why) == -EINVAL, "%s", bad[i].line);
		ck_assert_str_eq(why, bad[i].why);
	}
	struct control_command is;
	ck_assert_int_eq(control_parse("ping\0", 5, &is, &why), -EINVAL);
	ck_assert_int_eq(control_parse("ping\0x", 6, &is, &why), -EINVAL);
	char line[CONTROL_LINE_MAX];
	memset(line, 'x', sizeof(line));
	ck_assert_int_eq(control_parse(line, sizeof(line), &is, &why), -EINVAL);
	ck_assert_str_eq(why, "the line is too long");
	ck_assert_int_eq(control_parse(line, sizeof(line) - 1, &is, &why), -EINVAL);
	ck_assert_str_eq(why, NO_REQUEST);
}
END_TEST

/* --- the server ------------------------------------------------------------------------------------------------ */

static char dir[] = "/tmp/check_control.XXXXXX", path[128];
static struct event_base *base;
static struct control_server *server;
static struct control_server_options options;
static struct control_call *held[4]; /* check-points wait until the test answers them */
static unsigned held_count, asked;

static void
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

static void
given_a_directory(void)
{
	strcpy(dir, "/tmp/check_control.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	chmod(dir, 0755);
	snprintf(path, sizeof(path), "%s/control", dir);
	base = event_base_new();
	options = (struct control_server_options){ .path = path, .group = (gid_t)-1, .handler = handler };
}

static void
given_a_server(void)
{
	given_a_directory();
	ck_assert_int_eq(control_server_open(&server, base, &options), 0);
}

static void
reopen(void)
{
	control_server_close(server);
	ck_assert_int_eq(control_server_open(&server, base, &options), 0);
}

static void
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

static int
client(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* Let the server work for a while. */
static void
pump(unsigned ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = (long)(ms % 1000) * 1000 };
	event_base_loopexit(base, &in);
	event_base_dispatch(base);
}

static void
say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What comes within two seconds, as far as @p want is long; then nothing more, or the end if @p ends. */
static void
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

static void
hear(int fd, const char *request, const char *answer)
{
	say(fd, request);
	expect(fd, answer, false);
}

START_TEST(a_request_is_answered_and_so_is_the_next)
{
	int fd = client();
	hear(fd, "ping\n", "ok\n");
	hear(fd, "history-size 5\n", "ok 5\n");
	hear(fd, "destroy ike 6\n", "error 6\n");
	hear(fd, "destroy ike\n", "error something is missing\n");
	hear(fd, "\n", "error " NOT_WORDS "\n");
	hear(fd, "ping\n", "ok\n");
	close(fd);
}
END_TEST

START_TEST(requests_in_one_piece_are_answered_in_their_order)
{
	int fd = client();
	hear(fd, "history-size 1\nhistory-size 2\nnothing\nhistory-size 3\n",
	     "ok 1\nok 2\nerror there is no such request\nok 3\n");
	close(fd);
}
END_TEST

START_TEST(a_request_in_pieces_is_put_together)
{
	int fd = client();
	for (const char *c = "history-size 12"; *c; c++) {
		ck_assert_int_eq(send(fd, c, 1, 0), 1);
		pump(2);
	}
	ck_assert_uint_eq(asked, 0);
	hear(fd, "\n", "ok 12\n");
	close(fd);
}
END_TEST

START_TEST(who_has_said_all_still_hears_all)
{
	int fd = client();
	say(fd, "history-size 1\nhistory-size 2\nhistory-si");
	shutdown(fd, SHUT_WR);
	expect(fd, "ok 1\nok 2\n", true);
	close(fd);
}
END_TEST

START_TEST(one_waits_and_another_is_served)
{
	int one = client(), other = client();
	say(one, "check-point\nping\n");
	pump(20);
	ck_assert_uint_eq(held_count, 1);
	hear(other, "history-size 2\n", "ok 2\n");
	ck_assert_uint_eq(asked, 2); /* the ping waits for its turn */
	control_answer(held[0], true, "done");
	expect(one, "ok done\nok\n", false);
	close(one);
	close(other);
}
END_TEST

START_TEST(one_who_sends_ahead_does_not_keep_the_loop_busy)
{
	int fd = client();
	char want[1024] = "ok first\n";
	say(fd, "check-point\n");
	for (int i = 0; i < 150; i++) {
		say(fd, "ping\n");
		strcat(want, "ok\n");
	}
	/* Returns when there is nothing to do now: with more than is read at a time waiting, it must be so. */
	for (int i = 0; i < 10; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(held_count, 1);
	control_answer(held[0], true, "first");
	expect(fd, want, false);
	close(fd);
}
END_TEST

START_TEST(the_answer_to_one_who_has_gone_goes_nowhere)
{
	int fd = client();
	say(fd, "check-point\n");
	pump(20);
	ck_assert_uint_eq(held_count, 1);
	close(fd);
	pump(20);
	control_answer(held[0], true, "");
	fd = client();
	say(fd, "check-point\n");
	pump(20);
	close(fd); /* and this one is not answered before the end */
}
END_TEST

START_TEST(who_has_gone_before_his_turn_takes_it_back)
{
	int fd = client();
	say(fd, "history-size 1\n");
	close(fd); /* before we have looked */
	pump(30);
	fd = client();
	say(fd, "check-point\nhistory-size 1\n");
	pump(30);
	close(fd);
	control_answer(held[0], true, "");
	pump(30);
	ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(a_line_that_is_too_long_ends_it)
{
	char line[CONTROL_LINE_MAX + 1];
	int fd = client();
	memset(line, 'x', sizeof(line));
	line[CONTROL_LINE_MAX - 1] = '\n';
	line[CONTROL_LINE_MAX] = '\0';
	hear(fd, line, "error there is no such request\n");
	line[CONTROL_LINE_MAX - 1] = 'x';
	say(fd, line);
	expect(fd, "error the line is too long\n", true);
	close(fd);
	/* With or without an end. */
	fd = client();
	say(fd, line);
	say(fd, "ping\n");
	expect(fd, "error the line is too long\n", true);
	close(fd);
	ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(a_nul_is_no_end_of_a_line)
{
	int fd = client();
	ck_assert_int_eq(send(fd, "ping\0\n", 6, 0), 6);
	expect(fd, "error " NOT_WORDS "\n", false);
	hear(fd, "ping\n", "ok\n");
	close(fd);
}
END_TEST

START_TEST(who_is_silent_is_left)
{
	options.slow_ms = 300;
	reopen();
	int silent = client(), slow = client(), fd = client();
	bool gone = false;
	/* A letter now and then is no excuse. */
	for (int i = 0; i < 100 && !gone; i++) {
		hear(fd, "ping\n", "ok\n");
		gone = send(slow, "x", 1, MSG_NOSIGNAL) < 0;
		pump(20);
	}
	ck_assert(gone);
	expect(silent, "", true);
	close(silent);
	close(slow);
	close(fd);
}
END_TEST

START_TEST(who_does_not_listen_is_left)
{
	options.slow_ms = 300;
	reopen();
	int deaf = client(), size = 4096;
	setsockopt(deaf, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	size_t sent = 0;
	for (int i = 0; i < 30; i++) {
		char many[4096];
		memset(many, '\n', sizeof(many));
		for (ssize_t n; (n = send(deaf, many, sizeof(many), MSG_NOSIGNAL)) > 0;)
			sent += (size_t)n;
		pump(2);
	}
	int fd = client(); /* not before: who says nothing for so long is left, too */
	hear(fd, "ping\n", "ok\n");
	ck_assert_uint_lt(sent, 4000000); /* what the sockets' buffers hold, not what we hold */
	for (int i = 0; i < 200 && send(deaf, "", 0, MSG_NOSIGNAL) == 0; i++) {
		pump(10);
		if (send(deaf, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE)
			break;
	}
	ck_assert_int_lt(send(deaf, "x", 1, MSG_NOSIGNAL), 0);
	ck_assert_int_eq(errno, EPIPE);
	close(deaf);
	close(fd);
}
END_TEST

START_TEST(one_too_many_is_told_so)
{
	int fds[CONTROL_CLIENTS_MAX];
	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = client();
	hear(fds[CONTROL_CLIENTS_MAX - 1], "ping\n", "ok\n");
	int fd = client();
	expect(fd, "error too many clients\n", true);
	close(fd);
	close(fds[0]);
	pump(10);
	fd = client();
	hear(fd, "ping\n", "ok\n");
	close(fd);
	for (size_t i = 1; i < COUNT(fds); i++)
		close(fds[i]);
}
END_TEST

/* What a process with these ids is told; 0: it is not even let in. Runs the server meanwhile. */
static int
told(uid_t uid, gid_t gid, gid_t supplementary)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		char answer[64];
		if (setgroups(supplementary != (gid_t)-1, &supplementary) < 0 || setresgid(gid, gid, gid) < 0 ||
		    setresuid(uid, uid, uid) < 0)
			_exit(99);
		int rc = control_request(path, "ping", answer, sizeof(answer));
		_exit(rc == 0                                                  ? 1
		      : rc == -EREMOTEIO && strcmp(answer, "not allowed") == 0 ? 2
		      : rc == -EACCES                                          ? 3
									       : 98);
	}
	for (int i = 0; i < 400 && waitpid(pid, &status, WNOHANG) == 0; i++)
		pump(10);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}
enum { ALLOWED = 1, NOT_ALLOWED = 2, KEPT_OUT = 3 };

START_TEST(who_may_ask)
{
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	if (geteuid() != 0)
		return; /* nobody else can be played */
	ck_assert_int_eq(told(0, 0, (gid_t)-1), ALLOWED);
	ck_assert_int_eq(told(NOBODY, NOBODY, (gid_t)-1), KEPT_OUT);
	options.group = A_GROUP;
	reopen();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	ck_assert_uint_eq(st.st_gid, A_GROUP);
	ck_assert_int_eq(told(NOBODY, A_GROUP, (gid_t)-1), ALLOWED);
	ck_assert_int_eq(told(NOBODY, NOBODY, A_GROUP), ALLOWED);
	ck_assert_int_eq(told(NOBODY, NOBODY, A_GROUP + 1), KEPT_OUT);
	/* The file's mode is not what we rely on. */
	chmod(path, 0666);
	ck_assert_int_eq(told(NOBODY, NOBODY, (gid_t)-1), NOT_ALLOWED);
	ck_assert_int_eq(told(NOBODY, NOBODY, A_GROUP + 1), NOT_ALLOWED);
	ck_assert_int_eq(told(NOBODY, NOBODY, A_GROUP), ALLOWED);
	ck_assert_uint_eq(asked, 4);
	options.group = (gid_t)-1;
	reopen();
	chmod(path, 0666);
	ck_assert_int_eq(told(NOBODY, A_GROUP, A_GROUP), NOT_ALLOWED);
}
END_TEST

START_TEST(a_socket_that_was_left_is_replaced_and_nothing_else_is)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	control_server_close(server);
	server = NULL;
	ck_assert_int_lt(access(path, F_OK), 0);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	ck_assert_int_eq(control_server_open(&server, base, &options), 0);
	fd = client();
	hear(fd, "ping\n", "ok\n");
	close(fd);
	control_server_close(server);
	server = NULL;

	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	ck_assert_int_eq(control_server_open(&server, base, &options), -EEXIST);
	ck_assert_int_eq(access(path, F_OK), 0);
	unlink(path);
	options.path = "/nonexistent/control";
	ck_assert_int_eq(control_server_open(&server, base, &options), -ENOENT);
	server = NULL;
}
END_TEST

/* --- the asking side ------------------------------------------------------------------------------------------- */

/* A server that reads a line and says what the test wants; NULL: nothing, but stays. */
static pid_t
fake(const char *answer, size_t size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char line[512];
		int got = accept(fd, NULL, NULL);
		if (recv(got, line, sizeof(line), 0) > 0 && answer && send(got, answer, size, MSG_NOSIGNAL) < 0)
			_exit(1);
		if (!answer)
			pause();
		_exit(0);
	}
	close(fd);
	return pid;
}

static int
ask_fake(const char *answer, size_t size, char *text, size_t text_size)
{
	pid_t pid = fake(answer, size);
	int rc = control_request(path, "ping", text, text_size);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
	return rc;
}

START_TEST(what_the_answer_means)
{
	static const struct {
		const char *answer;
		int rc;
		const char *text;
	} cases[] = {
		{ "ok\n", 0, "" },
		{ "ok 5 done\n", 0, "5 done" },
		{ "error not allowed\n", -EREMOTEIO, "not allowed" },
		{ "okay\n", -EPROTO, "the answer is not understood" },
		{ "error\n", -EPROTO, "the answer is not understood" },
		{ "\n", -EPROTO, "the answer is not understood" },
		{ "ok", -EPROTO, "the answer is not understood" },
		{ "", -EPROTO, "the answer is not understood" },
	};
	char text[64];
	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(ask_fake(cases[i].answer, strlen(cases[i].answer), text, sizeof(text)), cases[i].rc);
		ck_assert_str_eq(text, cases[i].text);
	}
	ck_assert_int_eq(ask_fake("ok \0 5\n", 7, text, sizeof(text)), -EPROTO);
	char endless[2000];
	memset(endless, 'o', sizeof(endless));
	ck_assert_int_eq(ask_fake(endless, sizeof(endless), text, sizeof(text)), -EPROTO);
	ck_assert_int_eq(ask_fake("ok 123456789\n", 13, text, 5), 0);
	ck_assert_str_eq(text, "1234");
}
END_TEST

START_TEST(one_who_does_not_answer_is_not_waited_for)
{
	char text[64];
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	ck_assert_int_eq(ask_fake(NULL, 0, text, sizeof(text)), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_ge(after.tv_sec - before.tv_sec, 1);
	ck_assert_int_le(after.tv_sec - before.tv_sec, 30); /* a busy machine */
	ck_assert_str_eq(text, "Connection timed out");
}
END_TEST

START_TEST(what_cannot_be_asked)
{
	char text[64], line[CONTROL_LINE_MAX + 1], far[200];
	ck_assert_int_eq(control_request(path, "ping", text, sizeof(text)), -ENOENT);
	memset(line, 'x', sizeof(line));
	line[CONTROL_LINE_MAX] = '\0';
	ck_assert_int_eq(control_request(path, line, text, sizeof(text)), -EINVAL);
	ck_assert_int_eq(control_request(path, "ping\nping", text, sizeof(text)), -EINVAL);
	memset(far, '/', sizeof(far));
	far[sizeof(far) - 1] = '\0';
	ck_assert_int_eq(control_request(far, "ping", text, sizeof(text)), -ENAMETOOLONG);
}
END_TEST

/* --- what it does ---------------------------------------------------------------------------------------------- */

static struct ipm_writer *writer;
static struct control_exec exec;
static char segment_path[128], state_dir[128], state_path[160];
static struct {
	unsigned calls;
	char source[IPM_TEXT_MAX];
	bool ike;
	uint32_t uids[16];
	size_t count;
	control_terminated *done;
	void *arg;
	int rc;
} terminated;

static int
terminate(void *arg, const struct control_target *target, control_terminated *done, void *done_arg)
{
	(void)arg;
	terminated.calls++;
	snprintf(terminated.source, sizeof(terminated.source), "%s", ipm_feed_peek(writer, target->feed)->source);
	terminated.ike = target->ike;
	memcpy(terminated.uids, target->uids, target->count * sizeof(target->uids[0]));
	terminated.count = target->count;
	terminated.done = done;
	terminated.arg = done_arg;
	return terminated.rc;
}

static void
open_writer(void)
{
	struct ipm_error err;
	struct ipm_writer_options opt = {
		.path = segment_path,
		.name = "gw",
		.control = path,
		.capacity = { .ike_sas = 4,
			      .tunnels = 4,
			      .selectors = 4,
			      .sas = 8,
			      .feeds = 2,
			      .agents = 2,
			      .events = 64,
			      .history = 20,
			      .failures = 10 },
		.mode = 0600,
	};
	ck_assert_msg(ipm_writer_open(&writer, &opt, &err) == 0, "%s", err.text);
}

static void
given_a_segment(void)
{
	given_a_directory();
	snprintf(segment_path, sizeof(segment_path), "%s/gw.model", dir);
	snprintf(state_dir, sizeof(state_dir), "%s/state", dir);
	snprintf(state_path, sizeof(state_path), "%s/ipsecmond.state", state_dir);
	open_writer();
	exec = (struct control_exec){ .writer = writer,
				      .state_path = state_path,
				      .group = (gid_t)-1,
				      .allow_destroy = true,
				      .terminate = terminate };
	options.handler = control_exec_handle;
	options.arg = &exec;
	ck_assert_int_eq(control_server_open(&server, base, &options), 0);
}

static void
clean_up_segment(void)
{
	control_server_close(server);
	server = NULL;
	ipm_writer_close(writer);
	clean_up();
}

static struct ipm_settings
settings(void)
{
	struct ipm_settings is;
	ck_assert_int_eq(ipm_settings_read(ipm_writer_segment(writer), &is), 0);
	return is;
}

static void
put_feed(enum ipm_feed_state state)
{
	int slot = ipm_feed_open(writer, "vici");
	struct ipm_feed feed = *ipm_feed_peek(writer, (uint32_t)slot);
	feed.state = (uint8_t)state;
	strcpy(feed.source, "/run/vici");
	ipm_feed_put(writer, (uint32_t)slot, &feed);
}

/* An IKE SA with uid 5; its tunnel, which is just being rekeyed: CHILD_SAs 7 and 8. */
static void
given_a_tunnel(void)
{
	put_feed(IPM_FEED_UP);
	uint32_t ike = (uint32_t)ipm_ike_start(writer, &(struct ipm_ike_sa){ .state = IPM_IKE_ESTABLISHED, .uid = 5 });
	uint32_t tunnel = (uint32_t)ipm_tunnel_start(
		writer, &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP, .ike_slot = ike, .protocol = 50, .uid = 8 });
	for (uint64_t uid = 7; uid <= 8; uid++) {
		for (uint8_t way = IPM_IN; way <= IPM_OUT; way++)
			ipm_sa_start(writer, tunnel, &(struct ipm_sa){ .direction = way, .protocol = 50, .uid = uid });
	}
}

START_TEST(sizes_are_set_and_kept)
{
	int fd = client();
	struct stat st;
	hear(fd, "history-size 3\n", "ok\n");
	hear(fd, "failure-size 4\n", "ok\n");
	ck_assert_uint_eq(settings().history_size, 3);
	ck_assert_uint_eq(settings().failure_size, 4);
	ck_assert_int_eq(stat(state_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	hear(fd, "history-size 21\n", "error the segment holds 20\n");
	hear(fd, "failure-size 11\n", "error the segment holds 10\n");
	hear(fd, "history-size 20\n", "ok\n");
	ck_assert_uint_eq(settings().history_size, 20);
	close(fd);
	/* The next run, on another boot. */
	ipm_writer_close(writer);
	unlink(segment_path);
	open_writer();
	exec.writer = writer;
	ck_assert_int_eq(ipm_settings_put(writer, &(struct ipm_settings){ 1, 1 }), 0);
	control_exec_restore(&exec);
	ck_assert_uint_eq(settings().history_size, 20);
	ck_assert_uint_eq(settings().failure_size, 4);
}
END_TEST

START_TEST(sizes_beyond_what_there_is_room_for_now_become_all)
{
	mkdir(state_dir, 0700);
	FILE *f = fopen(state_path, "w");
	fputs("history-size = 4000\nfailure-size = 5\n", f);
	fclose(f);
	control_exec_restore(&exec);
	ck_assert_uint_eq(settings().history_size, 20);
	ck_assert_uint_eq(settings().failure_size, 5);
}
END_TEST

START_TEST(what_cannot_be_kept_is_not_done)
{
	int fd = client();
	hear(fd, "history-size 3\n", "ok\n");
	exec.state_path = "/nonexistent/state/ipsecmond.state";
	hear(fd, "history-size 4\n",
	     "error it cannot be kept: /nonexistent/state/ipsecmond.state: No such file or directory\n");
	ck_assert_uint_eq(settings().history_size, 3);
	close(fd);
}
END_TEST

START_TEST(a_check_point_and_an_agent_reach_the_segment)
{
	struct ipm_agent agent;
	int fd = client();
	given_a_tunnel();
	hear(fd, "check-point\n", "ok\n");
	ck_assert_uint_eq(ipm_segment_used(ipm_writer_segment(writer), IPM_TUNNEL_HISTORY), 1);
	hear(fd, "agent agentx 99 1 2 3 4\n", "ok\n");
	hear(fd, "agent agentx 100 5 6 7 8\n", "ok\n");
	ck_assert_int_eq(ipm_agent_read(ipm_writer_segment(writer), 0, &agent), 0);
	ck_assert_str_eq(agent.name, "agentx");
	ck_assert_uint_eq(agent.pid, 100);
	ck_assert_uint_eq(agent.sent, 5);
	ck_assert_uint_eq(agent.suppressed, 6);
	ck_assert_uint_eq(agent.disabled, 7);
	ck_assert_uint_eq(agent.waiting, 8);
	hear(fd, "agent b 1 0 0 0 0\n", "ok\n");
	hear(fd, "agent c 1 0 0 0 0\n", "error there is no room for another agent\n");
	close(fd);
}
END_TEST

START_TEST(a_tunnel_is_destroyed_with_all_its_sas)
{
	int fd = client();
	given_a_tunnel();
	say(fd, "destroy tunnel 1\n");
	pump(20);
	ck_assert_uint_eq(terminated.calls, 1);
	ck_assert_str_eq(terminated.source, "/run/vici");
	ck_assert(!terminated.ike);
	ck_assert_uint_eq(terminated.count, 2);
	ck_assert_uint_eq(terminated.uids[0] + terminated.uids[1], 15);
	terminated.done(terminated.arg, true, "");
	expect(fd, "ok\n", false);
	say(fd, "destroy ike 1\n");
	pump(20);
	ck_assert(terminated.ike);
	ck_assert_uint_eq(terminated.count, 1);
	ck_assert_uint_eq(terminated.uids[0], 5);
	terminated.done(terminated.arg, false, "charon could not");
	expect(fd, "error charon could not\n", false);
	terminated.rc = -ECONNREFUSED;
	hear(fd, "destroy ike 1\n", "error Connection refused\n");
	close(fd);
}
END_TEST

START_TEST(what_is_not_destroyed)
{
	int fd = client();
	given_a_tunnel();
	hear(fd, "destroy tunnel 2\n", "error there is no such tunnel\n");
	hear(fd, "destroy ike 2\n", "error there is no such IKE SA\n");
	/* Another charon gives the same unique ids to others. */
	put_feed(IPM_FEED_DOWN);
	hear(fd, "destroy tunnel 1\n", "error its source is away\n");
	put_feed(IPM_FEED_UP);
	struct ipm_ike_sa ike = *ipm_ike_peek(writer, 0);
	ike.held = 1;
	ipm_ike_put(writer, 0, &ike);
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(writer, 0);
	tunnel.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(writer, 0, &tunnel);
	hear(fd, "destroy tunnel 1\n", "error the tunnel is not up\n");
	hear(fd, "destroy ike 1\n", "error the IKE daemon is away\n");
	exec.allow_destroy = false;
	hear(fd, "destroy tunnel 1\n", "error not allowed: set allow-destroy = true\n");
	hear(fd, "destroy ike 9\n", "error not allowed: set allow-destroy = true\n");
	ck_assert_uint_eq(terminated.calls, 0);
	close(fd);
}
END_TEST

/* --- charon ---------------------------------------------------------------------------------------------------- */

#if WITH_VICI
static struct vici_terminator *terminator;
static int charon;
static struct {
	unsigned calls;
	bool ok;
	char why[200];
} outcome;

static void
on_terminated(void *arg, bool ok, const char *text)
{
	ck_assert_ptr_eq(arg, &outcome);
	outcome.calls++;
	outcome.ok = ok;
	snprintf(outcome.why, sizeof(outcome.why), "%s", text);
}

static void
given_charon(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	given_a_directory();
	memcpy(addr.sun_path, path, strlen(path) + 1);
	charon = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(charon, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(charon, 4), 0);
	terminator = vici_terminator_new(base);
}

static void
clean_up_charon(void)
{
	vici_terminator_free(terminator);
	close(charon);
	clean_up();
}

/* "KEY=VALUE ..." of the request that comes next. */
static void
expect_request(int fd, const char *want)
{
	uint8_t frame[512];
	char got[256];
	struct vici_packet packet;
	struct vici_element e;
	size_t n;
	ck_assert_int_eq(recv(fd, frame, 4, MSG_WAITALL), 4);
	size_t len = frame[3];
	ck_assert_int_eq(recv(fd, frame + 4, len, MSG_WAITALL), (ssize_t)len);
	ck_assert_int_eq(vici_packet(frame, len + 4, &packet, &why), 0);
	n = (size_t)snprintf(got, sizeof(got), "%.*s", (int)packet.name.len, (const char *)packet.name.at);
	for (struct vici_parser p = vici_parse(packet.msg); vici_next(&p, &e) == 0 && e.kind != VICI_END;)
		n += (size_t)snprintf(got + n, sizeof(got) - n, " %.*s=%.*s", (int)e.name.len, (const char *)e.name.at,
				      (int)e.value.len, (const char *)e.value.at);
	ck_assert_str_eq(got, want);
}

static void
answer(int fd, const char *success, const char *errmsg)
{
	uint8_t buf[256] = { 0 };
	size_t len = 5;
	buf[4] = VICI_CMD_RESPONSE;
	const char *pairs[][2] = { { "success", success }, { "errmsg", errmsg } };
	for (size_t i = 0; i < 2; i++) {
		if (!pairs[i][1])
			continue;
		buf[len++] = 3; /* KEY_VALUE */
		buf[len] = (uint8_t)strlen(pairs[i][0]);
		memcpy(buf + len + 1, pairs[i][0], buf[len]);
		len += 1u + buf[len];
		buf[len++] = 0;
		buf[len] = (uint8_t)strlen(pairs[i][1]);
		memcpy(buf + len + 1, pairs[i][1], buf[len]);
		len += 1u + buf[len];
	}
	buf[3] = (uint8_t)(len - 4);
	ck_assert_int_eq(send(fd, buf, len, 0), (ssize_t)len);
}

static int
ask(bool ike, const uint32_t *uids, size_t count)
{
	outcome.calls = 0;
	ck_assert_int_eq(vici_terminate(terminator, path, ike, uids, count, on_terminated, &outcome), 0);
	pump(10);
	return accept(charon, NULL, NULL);
}

static void
expect_outcome(bool ok, const char *text)
{
	for (int i = 0; i < 300 && !outcome.calls; i++)
		pump(10);
	ck_assert_uint_eq(outcome.calls, 1);
	ck_assert_int_eq(outcome.ok, ok);
	ck_assert_str_eq(outcome.why, text);
}

static const uint32_t two[] = { 7, 4294967295 };

START_TEST(charon_is_asked_by_unique_id_and_not_to_wait)
{
	int fd = ask(true, two, 1);
	expect_request(fd, "terminate ike-id=7 timeout=-1");
	answer(fd, "yes", NULL);
	expect_outcome(true, "");
	close(fd);
	fd = ask(false, two, 2);
	expect_request(fd, "terminate child-id=7 timeout=-1");
	expect_request(fd, "terminate child-id=4294967295 timeout=-1");
	answer(fd, "yes", NULL);
	pump(20);
	ck_assert_uint_eq(outcome.calls, 0);
	answer(fd, "yes", NULL);
	expect_outcome(true, "");
	close(fd);
}
END_TEST

START_TEST(what_charon_answers_is_told)
{
	static const char none[] = "no matching SAs to terminate found";
	static const struct {
		const char *success[2], *errmsg[2];
		bool ok;
		const char *why;
	} cases[] = {
		{ { "yes", "no" }, { NULL, none }, true, "" },
		{ { "no", "yes" }, { none, NULL }, true, "" },
		{ { "no", "no" }, { none, none }, false, "charon has no such SA any more" },
		{ { "yes", "no" }, { NULL, "terminating SA failed" }, false, "terminating SA failed" },
		{ { "no", "yes" }, { NULL, NULL }, false, "charon could not" },
		{ { "maybe", NULL }, { "a", "b" }, false, "a" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = ask(false, two, 2);
		answer(fd, cases[i].success[0], cases[i].errmsg[0]);
		answer(fd, cases[i].success[1], cases[i].errmsg[1]);
		expect_outcome(cases[i].ok, cases[i].why);
		close(fd);
	}
}
END_TEST

START_TEST(charon_does_not_answer)
{
	int fd = ask(true, two, 1);
	expect_outcome(false, "charon does not answer");
	close(fd);
	fd = ask(true, two, 1);
	close(fd);
	expect_outcome(false, "Connection reset by peer"); /* with our request unread */
	fd = ask(true, two, 1);
	expect_request(fd, "terminate ike-id=7 timeout=-1");
	close(fd);
	expect_outcome(false, "charon closed the connection");
	fd = ask(true, two, 1);
	ck_assert_int_eq(send(fd, "\377\377\377\377", 4, 0), 4);
	for (int i = 0; i < 100 && !outcome.calls; i++)
		pump(10);
	ck_assert_uint_eq(outcome.calls, 1);
	ck_assert(!outcome.ok);
	ck_assert_str_ne(outcome.why, "");
	close(fd);
	/* One that is under way at the end is not told. */
	fd = ask(true, two, 1);
	close(fd);
	close(charon);
	ck_assert_int_eq(vici_terminate(terminator, path, true, two, 1, on_terminated, &outcome), -ECONNREFUSED);
	unlink(path);
	ck_assert_int_eq(vici_terminate(terminator, path, true, two, 1, on_terminated, &outcome), -ENOENT);
	ck_assert_int_eq(vici_terminate(terminator, path, true, two, 0, on_terminated, &outcome), -E2BIG);
	charon = -1;
}
END_TEST
#endif

int
main(void)
{
	signal(SIGPIPE, SIG_IGN); /* as ipsecmond does */
	Suite *s = suite_create("control");
	TCase *t = tcase_create("parser");
	tcase_add_test(t, a_request_is_understood);
	tcase_add_test(t, what_is_no_request_is_refused_with_the_reason);
	suite_add_tcase(s, t);

	t = tcase_create("server");
	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, given_a_server, clean_up);
	tcase_add_test(t, a_request_is_answered_and_so_is_the_next);
	tcase_add_test(t, requests_in_one_piece_are_answered_in_their_order);
	tcase_add_test(t, a_request_in_pieces_is_put_together);
	tcase_add_test(t, who_has_said_all_still_hears_all);
	tcase_add_test(t, one_waits_and_another_is_served);
	tcase_add_test(t, one_who_sends_ahead_does_not_keep_the_loop_busy);
	tcase_add_test(t, the_answer_to_one_who_has_gone_goes_nowhere);
	tcase_add_test(t, who_has_gone_before_his_turn_takes_it_back);
	tcase_add_test(t, a_line_that_is_too_long_ends_it);
	tcase_add_test(t, a_nul_is_no_end_of_a_line);
	tcase_add_test(t, who_is_silent_is_left);
	tcase_add_test(t, who_does_not_listen_is_left);
	tcase_add_test(t, one_too_many_is_told_so);
	tcase_add_test(t, who_may_ask);
	tcase_add_test(t, a_socket_that_was_left_is_replaced_and_nothing_else_is);
	suite_add_tcase(s, t);

	t = tcase_create("client");
	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, given_a_directory, clean_up);
	tcase_add_test(t, what_the_answer_means);
	tcase_add_test(t, one_who_does_not_answer_is_not_waited_for);
	tcase_add_test(t, what_cannot_be_asked);
	suite_add_tcase(s, t);

	t = tcase_create("exec");
	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, given_a_segment, clean_up_segment);
	tcase_add_test(t, sizes_are_set_and_kept);
	tcase_add_test(t, sizes_beyond_what_there_is_room_for_now_become_all);
	tcase_add_test(t, what_cannot_be_kept_is_not_done);
	tcase_add_test(t, a_check_point_and_an_agent_reach_the_segment);
	tcase_add_test(t, a_tunnel_is_destroyed_with_all_its_sas);
	tcase_add_test(t, what_is_not_destroyed);
	suite_add_tcase(s, t);
#if WITH_VICI
	t = tcase_create("charon");
	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, given_charon, clean_up_charon);
	tcase_add_test(t, charon_is_asked_by_unique_id_and_not_to_wait);
	tcase_add_test(t, what_charon_answers_is_told);
	tcase_add_test(t, charon_does_not_answer);
	suite_add_tcase(s, t);
#endif
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
