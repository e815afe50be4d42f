/* SPDX-License-Identifier: ISC */
/* clear crypto session: a process of this test answers at the control socket. */
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "session_fixture.h"

static char control_path[96], log_path[96];
static pid_t server;

/* Answer each request with @p answer, and write it down. */
static void
serve(int fd, const char *answer)
{
	FILE *log = fopen(log_path, "w");
	for (int peer; (peer = accept(fd, NULL, NULL)) >= 0; close(peer)) {
		char line[256];
		ssize_t got = read(peer, line, sizeof(line) - 1);
		if (got > 0 && log) {
			fwrite(line, 1, (size_t)got, log);
			fflush(log);
		}
		if (write(peer, answer, strlen(answer)) < 0)
			break;
	}
	_exit(0);
}

static void
given_server(const char *answer)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", control_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	server = fork();
	ck_assert_int_ge(server, 0);
	if (server == 0)
		serve(fd, answer);
	close(fd);
}

static void
server_end(void)
{
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	server = 0;
}

/* The requests so far. */
static const char *
requests(void)
{
	static char text[512];
	FILE *log = fopen(log_path, "r");
	size_t n = log ? fread(text, 1, sizeof(text) - 1, log) : 0;
	text[n] = '\0';
	if (log)
		fclose(log);
	return text;
}

static void
given_three(void)
{
	snprintf(control_path, sizeof(control_path), "%s/control", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	control_socket = control_path;
	given_users();
	given_user("alice", "rw", "192.0.2.7", "10.3.0.1", 10);
	given_user("bob", "rw", "192.0.2.8", "10.3.0.2", 10);
	given_user("alice", "admins", "192.0.2.8", "10.3.0.3", 10);
}

START_TEST(a_session_is_closed_by_its_number)
{
	given_three();
	given_server("ok\n");
	expect("clear crypto session id 2", "session 2 closed: bob from 192.0.2.8\n");
	ck_assert_str_eq(requests(), "destroy session 2\n");
}
END_TEST

START_TEST(all_sessions_that_match_are_closed_and_counted)
{
	given_three();
	given_server("ok\n");
	expect("clear crypto session username alice", "session 1 closed: alice from 192.0.2.7\n"
						      "session 3 closed: alice from 192.0.2.8\n"
						      "user alice: 2 of 2 sessions closed\n");
	ck_assert_str_eq(requests(), "destroy session 1\ndestroy session 3\n");
	ck_assert_int_eq(run("clear crypto session group rw"), 0);
	expect_line("group rw: 2 of 2 sessions closed");
	ck_assert_int_eq(run("clear crypto session remote 192.0.2.8"), 0);
	expect_line("peer 192.0.2.8: 2 of 2 sessions closed");
}
END_TEST

START_TEST(a_pattern_is_only_a_name)
{
	given_three();
	given_server("ok\n");
	ck_assert_int_eq(run("clear crypto session username a*"), 3);
	ck_assert_str_eq(requests(), "");
}
END_TEST

START_TEST(no_such_session_is_status_3)
{
	given_three();
	given_server("error there is no such session\n");
	ck_assert_int_eq(run("clear crypto session username eve"), 3);
	ck_assert_str_eq(err, "ipsecmon: user eve: there is no such session\n");
	ck_assert_str_eq(requests(), "");
	ck_assert_int_eq(run("clear crypto session id 1"), 3); /* it ends while we ask */
	ck_assert_str_eq(err, "ipsecmon: session 1: there is no such session\n");
}
END_TEST

START_TEST(not_allowed_is_status_4_and_ends_the_attempt)
{
	given_three();
	given_server("error not allowed\n");
	ck_assert_int_eq(run("clear crypto session group rw"), 4);
	ck_assert_str_eq(err,
			 "ipsecmon: session 1: not allowed: root may, and members of the group in ipsecmon.conf\n");
	ck_assert_str_eq(out, "group rw: 0 of 2 sessions closed\n");
	ck_assert_str_eq(requests(), "destroy session 1\n");
}
END_TEST

START_TEST(a_setting_that_forbids_it_is_named)
{
	given_three();
	given_server("error not allowed: set allow-destroy = true\n");
	ck_assert_int_eq(run("clear crypto session id 1"), 4);
	ck_assert_str_eq(err, "ipsecmon: session 1: not allowed: set allow-destroy = true\n");
}
END_TEST

START_TEST(a_daemon_that_does_not_run_is_status_5)
{
	ck_assert_int_eq(run("clear crypto session username alice"), 5);
	ck_assert_ptr_nonnull(strstr(err, "ipsecmond does not run"));
	given_three();
	ck_assert_int_eq(run("clear crypto session username alice"), 5);
	ck_assert_ptr_nonnull(strstr(err, "does ipsecmond run?"));
	given_server("ok\n");
	server_end(); /* it leaves its socket */
	ck_assert_int_eq(run("clear crypto session username alice"), 5);
	ck_assert_ptr_nonnull(strstr(err, "Connection refused: does ipsecmond run?"));
}
END_TEST

START_TEST(another_refusal_is_status_1_and_the_rest_is_tried)
{
	given_three();
	given_server("error its source is away\n");
	ck_assert_int_eq(run("clear crypto session group rw"), 1);
	ck_assert_str_eq(err, "ipsecmon: session 1: its source is away\nipsecmon: session 2: its source is away\n");
}
END_TEST

START_TEST(words_that_name_no_session_are_refused)
{
	given_three();
	ck_assert_int_eq(run("clear crypto session id 0"), 1);
	ck_assert_str_eq(err, "ipsecmon: \"0\" is not the number of a session\n");
	ck_assert_int_eq(run("clear crypto session remote x"), 1);
	ck_assert_int_eq(run("clear crypto session"), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd_clear");
	TCase *tc = cli_tests(suite);
	tcase_add_checked_fixture(tc, NULL, server_end);
	tcase_add_test(tc, a_session_is_closed_by_its_number);
	tcase_add_test(tc, all_sessions_that_match_are_closed_and_counted);
	tcase_add_test(tc, a_pattern_is_only_a_name);
	tcase_add_test(tc, no_such_session_is_status_3);
	tcase_add_test(tc, not_allowed_is_status_4_and_ends_the_attempt);
	tcase_add_test(tc, a_setting_that_forbids_it_is_named);
	tcase_add_test(tc, a_daemon_that_does_not_run_is_status_5);
	tcase_add_test(tc, another_refusal_is_status_1_and_the_rest_is_tried);
	tcase_add_test(tc, words_that_name_no_session_are_refused);
	return run_suite(suite);
}
