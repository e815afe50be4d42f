/* SPDX-License-Identifier: ISC */
/* Messages to the service manager, whose socket this test replaces. */
#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "service.h"

static char dir[32], path[64];
static int manager = -1;

/* @p name as in $NOTIFY_SOCKET */
static void
given_manager(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	memcpy(addr.sun_path, name, strlen(name));
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static void
set_up(void)
{
	strcpy(dir, "/tmp/check_service.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/notify", dir);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	manager = -1;
}

static void
tear_down(void)
{
	if (manager >= 0)
		close(manager);
	unlink(path);
	rmdir(dir);
}

/* The messages that the manager got; "": none. */
static const char *
manager_got(void)
{
	static char text[256];
	ssize_t got = recv(manager, text, sizeof(text) - 1, 0);
	if (got < 0)
		ck_assert_int_eq(errno, EAGAIN);
	text[got < 0 ? 0 : got] = '\0';
	return text;
}

static void
after_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

START_TEST(text_from_outside_cannot_reach_the_terminal_s_controls)
{
	char said[256];
	int ends[2], before = dup(STDERR_FILENO);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log_error("%s\n", "a\033[2J\nb\xc2\x9b\xffM\xc3\xbcnchen");
	dup2(before, STDERR_FILENO);
	ssize_t got = read(ends[0], said, sizeof(said) - 1);
	ck_assert_int_gt(got, 0);
	said[got] = '\0';
	ck_assert_str_eq(said, "ipsecmon: error: a?[2J?b???M\xc3\xbcnchen\n");
	close(ends[0]);
	close(ends[1]);
	close(before);
}
END_TEST

START_TEST(whoever_starts_us_without_a_socket_is_told_nothing)
{
	ck_assert_int_eq(service_tell("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	ck_assert_int_eq(service_tell("READY=1"), 0);
	service_ready();
	service_alive();
	service_stopping();
	ck_assert_uint_eq(service_interval_ns(), 0);
}
END_TEST

START_TEST(a_daemon_that_is_ready_says_so_once)
{
	given_manager(path);
	daemon_ready();
	ck_assert_str_eq(manager_got(), "READY=1");
	service_alive();
	ck_assert_str_eq(manager_got(), "");
	service_stopping();
	ck_assert_str_eq(manager_got(), "STOPPING=1");
}
END_TEST

START_TEST(a_socket_may_be_in_the_abstract_namespace)
{
	char name[64];
	snprintf(name, sizeof(name), "@check_service/%ld", (long)getpid());
	given_manager(name);
	ck_assert_int_eq(service_tell("READY=1"), 0);
	ck_assert_str_eq(manager_got(), "READY=1");
}
END_TEST

START_TEST(a_third_of_the_watchdogs_time_is_the_interval)
{
	given_manager(path);
	setenv("WATCHDOG_USEC", "30000000", 1);
	service_ready();
	ck_assert_str_eq(manager_got(), "READY=1\nWATCHDOG=1");
	ck_assert_uint_eq(service_interval_ns(), 10000000000u);
}
END_TEST

START_TEST(it_is_alive_once_for_an_interval_however_often_the_loop_comes_by)
{
	given_manager(path);
	setenv("WATCHDOG_USEC", "6000000", 1);
	service_ready();
	ck_assert_str_eq(manager_got(), "READY=1\nWATCHDOG=1");
	service_alive();
	ck_assert_str_eq(manager_got(), "");
	after_ms(2010);
	service_alive();
	service_alive();
	ck_assert_str_eq(manager_got(), "WATCHDOG=1");
	ck_assert_str_eq(manager_got(), "");
}
END_TEST

START_TEST(a_watchdog_that_is_meant_for_another_process_is_not_ours)
{
	char pid[32];
	given_manager(path);
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	service_ready();
	ck_assert_str_eq(manager_got(), "READY=1");
	ck_assert_uint_eq(service_interval_ns(), 0);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	service_ready();
	ck_assert_uint_eq(service_interval_ns(), 10000000000u);
}
END_TEST

START_TEST(a_time_that_is_no_number_is_no_watchdog)
{
	static const char *const wrong[] = {
		"", "0", "-1", "+5", " 5", "5s", "x", "18446744073709551616", "18446744073709551615"
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setenv("WATCHDOG_USEC", wrong[i], 1);
		service_ready();
		ck_assert_msg(service_interval_ns() == 0, "'%s'", wrong[i]);
	}
}
END_TEST

START_TEST(an_address_that_is_none_is_an_error_and_nothing_more)
{
	char longest[200];
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	ck_assert_int_eq(service_tell("READY=1"), -ENAMETOOLONG);
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	ck_assert_int_eq(service_tell("READY=1"), -EINVAL);
	setenv("NOTIFY_SOCKET", "@", 1);
	ck_assert_int_eq(service_tell("READY=1"), -EINVAL);
	setenv("NOTIFY_SOCKET", path, 1);
	ck_assert_int_eq(service_tell("READY=1"), -ENOENT);
}
END_TEST

START_TEST(a_manager_that_had_no_time_is_told_again)
{
	given_manager(path);
	setenv("WATCHDOG_USEC", "3000", 1);
	service_ready();
	manager_got();
	close(manager);
	after_ms(2);
	service_alive();
	unlink(path);
	given_manager(path);
	service_alive(); /* at once: a message that was not sent doesn't count */
	ck_assert_str_eq(manager_got(), "WATCHDOG=1");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("service");
	TCase *tcase = tcase_create("service");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, text_from_outside_cannot_reach_the_terminal_s_controls);
	tcase_add_test(tcase, whoever_starts_us_without_a_socket_is_told_nothing);
	tcase_add_test(tcase, a_daemon_that_is_ready_says_so_once);
	tcase_add_test(tcase, a_socket_may_be_in_the_abstract_namespace);
	tcase_add_test(tcase, a_third_of_the_watchdogs_time_is_the_interval);
	tcase_add_test(tcase, it_is_alive_once_for_an_interval_however_often_the_loop_comes_by);
	tcase_add_test(tcase, a_watchdog_that_is_meant_for_another_process_is_not_ours);
	tcase_add_test(tcase, a_time_that_is_no_number_is_no_watchdog);
	tcase_add_test(tcase, an_address_that_is_none_is_an_error_and_nothing_more);
	tcase_add_test(tcase, a_manager_that_had_no_time_is_told_again);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
