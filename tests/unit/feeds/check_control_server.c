/* SPDX-License-Identifier: ISC */
/* The control socket: the parser, the server and its slow clients, and the client. */

#include "control_fixture.h"

#define A_GROUP 4242
#define NOBODY  65534

/* --- the parser ---------------------------------------------------------- */

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
		{ "destroy session 9", { .verb = CONTROL_DESTROY_SESSION, .number = 9 } },
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

#define NOT_WORDS  "a request consists of printable words with one blank between them"
#define NO_REQUEST "there is no such request"
#define MISSING    "too few words"
#define TOO_MUCH   "too many words"
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
		{ "destroy", "say which: ike, tunnel or session" },
		{ "destroy 1", "say which: ike, tunnel or session" },
		{ "destroy all 1", "say which: ike, tunnel or session" },
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

/* --- the server ---------------------------------------------------------- */

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

START_TEST(a_request_is_answered_and_so_is_the_next)
{
	int fd = client();
	hear(fd, "ping\n", "ok\n");
	hear(fd, "history-size 5\n", "ok 5\n");
	hear(fd, "destroy ike 6\n", "error 6\n");
	hear(fd, "destroy ike\n", "error too few words\n");
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
	/* Let the server work until it has nothing to do, even if more is waiting than it reads at a time. */
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
	close(fd); /* this one is not answered until the end */
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
	/* A letter now and then doesn't extend the time. */
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
	int fd = client(); /* not earlier: a silent client is disconnected, too */
	hear(fd, "ping\n", "ok\n");
	ck_assert_uint_lt(sent, 4000000); /* the sockets' buffers hold this, not our memory */
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

/* The answer to a process with these ids; 0: it cannot connect. Runs the server meanwhile. */
static int
answer_to_ids(uid_t uid, gid_t gid, gid_t supplementary)
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
	ck_assert_int_eq(answer_to_ids(0, 0, (gid_t)-1), ALLOWED);
	ck_assert_int_eq(answer_to_ids(NOBODY, NOBODY, (gid_t)-1), KEPT_OUT);
	options.group = A_GROUP;
	reopen();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	ck_assert_uint_eq(st.st_gid, A_GROUP);
	ck_assert_int_eq(answer_to_ids(NOBODY, A_GROUP, (gid_t)-1), ALLOWED);
	ck_assert_int_eq(answer_to_ids(NOBODY, NOBODY, A_GROUP), ALLOWED);
	ck_assert_int_eq(answer_to_ids(NOBODY, NOBODY, A_GROUP + 1), KEPT_OUT);
	/* We don't rely on the file's mode. */
	chmod(path, 0666);
	ck_assert_int_eq(answer_to_ids(NOBODY, NOBODY, (gid_t)-1), NOT_ALLOWED);
	ck_assert_int_eq(answer_to_ids(NOBODY, NOBODY, A_GROUP + 1), NOT_ALLOWED);
	ck_assert_int_eq(answer_to_ids(NOBODY, NOBODY, A_GROUP), ALLOWED);
	ck_assert_uint_eq(asked, 4);
	options.group = (gid_t)-1;
	reopen();
	chmod(path, 0666);
	ck_assert_int_eq(answer_to_ids(NOBODY, A_GROUP, A_GROUP), NOT_ALLOWED);
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
	options.path = "/proc/nonexistent/control";
	ck_assert_int_eq(control_server_open(&server, base, &options), -ENOENT);
	server = NULL;
}
END_TEST

/* --- the asking side ----------------------------------------------------- */

/* A server that reads a line and answers with the given text; NULL: it doesn't answer, but stays. */
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
	ck_assert_str_eq(text, strerror(ETIMEDOUT));
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

int
main(void)
{
	signal(SIGPIPE, SIG_IGN); /* as ipsecmond does */
	Suite *suite = suite_create("control_server");
	TCase *tc = tcase_create("parser");
	tcase_add_test(tc, a_request_is_understood);
	tcase_add_test(tc, what_is_no_request_is_refused_with_the_reason);
	suite_add_tcase(suite, tc);
	tc = tcase_create("server");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, given_a_server, clean_up);
	tcase_add_test(tc, a_request_is_answered_and_so_is_the_next);
	tcase_add_test(tc, requests_in_one_piece_are_answered_in_their_order);
	tcase_add_test(tc, a_request_in_pieces_is_put_together);
	tcase_add_test(tc, who_has_said_all_still_hears_all);
	tcase_add_test(tc, one_waits_and_another_is_served);
	tcase_add_test(tc, one_who_sends_ahead_does_not_keep_the_loop_busy);
	tcase_add_test(tc, the_answer_to_one_who_has_gone_goes_nowhere);
	tcase_add_test(tc, who_has_gone_before_his_turn_takes_it_back);
	tcase_add_test(tc, a_line_that_is_too_long_ends_it);
	tcase_add_test(tc, a_nul_is_no_end_of_a_line);
	tcase_add_test(tc, who_is_silent_is_left);
	tcase_add_test(tc, who_does_not_listen_is_left);
	tcase_add_test(tc, one_too_many_is_told_so);
	tcase_add_test(tc, who_may_ask);
	tcase_add_test(tc, a_socket_that_was_left_is_replaced_and_nothing_else_is);
	suite_add_tcase(suite, tc);
	tc = tcase_create("client");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, given_a_directory, clean_up);
	tcase_add_test(tc, what_the_answer_means);
	tcase_add_test(tc, one_who_does_not_answer_is_not_waited_for);
	tcase_add_test(tc, what_cannot_be_asked);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
