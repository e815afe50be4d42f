/* SPDX-License-Identifier: ISC */
/* ipsecmon sessions: users, those who were connected, failed logins, pools. */
#include "session_fixture.h"

static void
given_three(void)
{
	given_users();
	given_carried(given_user("carol", "rw", "198.51.100.3", "10.3.0.3", 10), 900, 50);
	given_carried(given_user("alice", "rw", "192.0.2.7", "10.3.0.1", 62), 1258291, 5872025600u);
	given_carried(given_user("bob@example.org", "admins", "2001:db8::7", "10.3.0.2", 85), 40960, 999);
}

/* The manual has this as an example. */
static void
expect_in_the_manual(const char *text)
{
	static char manual[65536];
	const char *top = getenv("top_srcdir");
	char path[512];
	snprintf(path, sizeof(path), "%s/doc/ipsecmon.1", top ? top : ".");
	FILE *f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", path);
	manual[fread(manual, 1, sizeof(manual) - 1, f)] = '\0';
	fclose(f);
	ck_assert_msg(strstr(manual, text) != NULL, "doc/ipsecmon.1 has no\n%s", text);
}

START_TEST(one_line_for_each_user_with_columns_as_wide_as_needed)
{
	given_three();
	ck_assert_int_eq(run("sessions"), 0);
	ck_assert_str_eq(err, "");
	ck_assert_str_eq(out, "User            Group  Source       Address  For   In  Out State\n"
			      "carol           rw     198.51.100.3 10.3.0.3 10s  900   50 up\n"
			      "alice           rw     192.0.2.7    10.3.0.1  1m 1.2M 5.5G up\n"
			      "bob@example.org admins 2001:DB8::7  10.3.0.2  1m  40k  999 up\n");
	expect_in_the_manual(out);
}
END_TEST

START_TEST(a_long_name_moves_no_other_line)
{
	given_users();
	given_user("a-name-that-has-no-end@a-domain-that-has-none.example", "rw", "192.0.2.7", "10.3.0.1", 62);
	given_user("carol", "admins", "198.51.100.3", "10.3.0.3", 10);
	ck_assert_int_eq(run("sessions"), 0);
	ck_assert_str_eq(out, "User                           Group  Source       Address  For In Out State\n"
			      "a-name-that-has-no-end@a-domain-that-has-none.example rw 192.0.2.7 10.3.0.1 1m 0 0 up\n"
			      "carol                          admins 198.51.100.3 10.3.0.3 10s  0   0 up\n");
}
END_TEST

/* The first word of each line below the heads, with blanks between. */
static const char *
first_words(const char *line)
{
	static char words[256];
	char *save = NULL;
	words[0] = '\0';
	ck_assert_int_eq(run(line), 0);
	for (char *at = strtok_r(out, "\n", &save); at; at = strtok_r(NULL, "\n", &save)) {
		at[strcspn(at, " ")] = '\0';
		strcat(words, words[0] ? " " : "");
		strcat(words, at);
	}
	return words;
}

START_TEST(they_are_sorted_by_what_is_asked_for)
{
	given_three();
	ck_assert_str_eq(first_words("sessions"), "User carol alice bob@example.org");
	ck_assert_str_eq(first_words("sessions --sort user"), "User alice bob@example.org carol");
	ck_assert_str_eq(first_words("sessions --sort group"), "User bob@example.org carol alice");
	ck_assert_str_eq(first_words("sessions --sort since"), "User bob@example.org alice carol");
	ck_assert_str_eq(first_words("sessions --sort in"), "User alice bob@example.org carol");
	ck_assert_str_eq(first_words("sessions --sort=out"), "User alice bob@example.org carol");
}
END_TEST

START_TEST(a_name_or_a_pattern_selects_users_and_groups)
{
	given_three();
	ck_assert_str_eq(first_words("sessions --user alice"), "User alice");
	ck_assert_str_eq(first_words("sessions --user *@EXAMPLE.org"), "User bob@example.org");
	ck_assert_str_eq(first_words("sessions --group rw --sort user"), "User alice carol");
	ck_assert_int_eq(run("sessions --user ali"), 1);
	ck_assert_str_eq(out, "");
	ck_assert_str_eq(err, "ipsecmon: nobody with this name is connected\n");
}
END_TEST

START_TEST(nobody_connected_and_not_known_are_told_apart)
{
	given_segment();
	ck_assert_int_eq(run("sessions"), 0);
	ck_assert_ptr_nonnull(strstr(out, "not known: no feed is up that can tell."));
	given_vici();
	expect("sessions", "nobody is connected\n");
	expect("sessions --ended", "no session has ended\n");
	expect("sessions --failed", "no login has failed\n");
	expect("sessions --pools", "no pool is configured\n");
}
END_TEST

START_TEST(a_user_name_cannot_write_to_the_terminal_and_keeps_the_columns_straight)
{
	given_users();
	given_user("eve\033[2J\n\x9b", "rw", "192.0.2.8", "10.3.0.8", 10);
	given_user("J\xc3\xbcrgen", "rw", "192.0.2.9", "10.3.0.9", 10);
	ck_assert_int_eq(run("sessions"), 0);
	ck_assert_str_eq(out, "User      Group Source    Address  For In Out State\n"
			      "eve?[2J?? rw    192.0.2.8 10.3.0.8 10s  0   0 up\n"
			      "J\xc3\xbcrgen    rw    192.0.2.9 10.3.0.9 10s  0   0 up\n");
	for (const char *line = "sessions\0sessions --json\0show crypto session\0show crypto session brief\0"
				"show vpn-sessiondb remote\0";
	     *line; line += strlen(line) + 1) {
		ck_assert_int_eq(run(line), 0);
		expect_no_word("\033");
		expect_no_word("\x9b");
	}
}
END_TEST

START_TEST(a_session_that_is_held_or_ends_says_so)
{
	given_users();
	uint32_t alice = given_user("alice", "rw", "192.0.2.7", "10.3.0.1", 10);
	uint32_t bob = given_user("bob", "rw", "192.0.2.8", "10.3.0.2", 10);
	struct ipm_session session = *ipm_session_peek(w, alice);
	session.state = IPM_SESSION_HELD;
	ck_assert_int_eq(ipm_session_put(w, alice, &session), 0);
	session = *ipm_session_peek(w, bob);
	session.state = IPM_SESSION_TERMINATING;
	ck_assert_int_eq(ipm_session_put(w, bob, &session), 0);
	run("sessions");
	expect_line("alice rw    192.0.2.7 10.3.0.1 10s  0   0 held");
	expect_line("bob   rw    192.0.2.8 10.3.0.2 10s  0   0 ends");
	ck_assert_ptr_nonnull(strstr(out, "held: not up now"));
}
END_TEST

START_TEST(sessions_that_have_ended_keep_their_traffic_and_reason)
{
	given_users();
	uint32_t alice = given_user("alice", "rw", "192.0.2.7", "10.3.0.1", 62);
	given_carried(alice, 1258291, 999);
	ipm_session_stop(w, alice, IPM_REASON_OPERATOR);
	ck_assert_int_eq(run("sessions --ended"), 0);
	ck_assert_ptr_nonnull(strstr(out, "alice rw    192.0.2.7  1m 1.2M 999 0s ago "));
	ck_assert_str_eq(first_words("sessions"), "nobody");
	json_t *j = runs_json("sessions --ended --json");
	expect_text(j, "segments.0.session_history.0.user", "alice");
	expect_int(j, "segments.0.session_history.0.lasted", 62);
	expect_int(j, "segments.0.session_history.0.in.octets", 1258291);
	json_decref(j);
}
END_TEST

START_TEST(failed_logins_have_user_source_and_reason)
{
	given_users();
	struct ipm_login_failure f = { .reason = IPM_LOGIN_AUTH,
				       .at_ns = ipm_now_ns() - 62 * (uint64_t)SECOND,
				       .remote = addr("203.0.113.9"),
				       .user = "mallory",
				       .group = "rw" };
	ipm_login_failed(w, &f);
	f = (struct ipm_login_failure){ .reason = IPM_LOGIN_REFUSED, .at_ns = ipm_now_ns() };
	ipm_login_failed(w, &f);
	expect("sessions --failed", "User    Group Source        When Reason\n"
				    "mallory rw    203.0.113.9 1m ago wrong password, key or certificate\n"
				    "-       -     -           0s ago authenticated, and then refused\n");
	ck_assert_str_eq(first_words("sessions --failed --user mal*"), "User mallory");
	json_t *j = runs_json("sessions --failed --json");
	expect_text(j, "segments.0.login_failures.0.user", "mallory");
	expect_text(j, "segments.0.login_failures.0.reason", "auth");
	expect_text(j, "segments.0.login_failures.0.remote", "203.0.113.9");
	expect_null(j, "segments.0.login_failures.1.user");
	expect_int(j, "segments.0.login_fails.auth", 1);
	expect_int(j, "segments.0.login_fails.no_address", 0);
	json_decref(j);
}
END_TEST

START_TEST(pools_say_how_full_they_are)
{
	given_users();
	struct ipm_pool pool = { .name = "rw4", .base = addr("10.3.0.1"), .size = 254, .online = 203, .offline = 11 };
	ck_assert_int_ge(ipm_pool_put(w, &pool), 0);
	expect("sessions --pools", "Pool Base     Size Online Offline Free Used\n"
				   "rw4  10.3.0.1  254    203      11   40  80%\n");
	json_t *j = runs_json("sessions --pools --json");
	expect_text(j, "segments.0.pools.0.name", "rw4");
	expect_int(j, "segments.0.pools.0.online", 203);
	json_decref(j);
}
END_TEST

START_TEST(options_that_do_not_fit_are_refused)
{
	static const struct {
		const char *line, *why;
	} wrong[] = {
		{ "sessions --sort age", "--sort age: user, group, since, in or out is expected" },
		{ "sessions --ended --pools", "--ended, --failed, --pools: one of them" },
		{ "sessions --ended --sort in", "--sort is for sessions that are up" },
		{ "sessions --pools --user x", "--pools shows all pools" },
		{ "show feeds --sort in", "only \"sessions\" takes --sort" },
		{ "sessions --sort", "--sort needs a value" },
	};
	given_users();
	for (size_t i = 0; i < COUNT(wrong); i++) {
		ck_assert_int_eq(run(wrong[i].line), 2);
		ck_assert_str_eq(out, "");
		ck_assert_msg(strstr(err, wrong[i].why) != NULL, "%s: %s", wrong[i].line, err);
	}
}
END_TEST

START_TEST(json_of_sessions)
{
	given_three();
	json_t *j = runs_json("sessions --json --group rw");
	ck_assert(json_is_true(at(j, "segments.0.sessions_known")));
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.sessions")), 2);
	expect_int(j, "segments.0.session_totals.all.active", 3);
	expect_int(j, "segments.0.session_totals.remote_access.peak", 3);
	expect_int(j, "segments.0.session_totals.lan_to_lan.cumulative", 0);
	expect_text(j, "segments.0.sessions.1.user", "alice");
	expect_text(j, "segments.0.sessions.1.user_is", "eap");
	expect_text(j, "segments.0.sessions.1.user_auth", "EAP_MSCHAPV2");
	expect_text(j, "segments.0.sessions.1.kind", "remote_access");
	expect_text(j, "segments.0.sessions.1.group", "rw");
	expect_text(j, "segments.0.sessions.1.remote", "192.0.2.7");
	expect_text(j, "segments.0.sessions.1.addresses.0", "10.3.0.1");
	expect_int(j, "segments.0.sessions.1.age", 62);
	expect_int(j, "segments.0.sessions.1.out.octets", 5872025600);
	expect_int(j, "segments.0.sessions.1.in.drops", 2);
	expect_text(j, "segments.0.sessions.1.state", "up");
	expect_null(j, "segments.0.sessions.1.client");
	json_decref(j);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd_sessions");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, one_line_for_each_user_with_columns_as_wide_as_needed);
	tcase_add_test(tc, a_long_name_moves_no_other_line);
	tcase_add_test(tc, they_are_sorted_by_what_is_asked_for);
	tcase_add_test(tc, a_name_or_a_pattern_selects_users_and_groups);
	tcase_add_test(tc, nobody_connected_and_not_known_are_told_apart);
	tcase_add_test(tc, a_user_name_cannot_write_to_the_terminal_and_keeps_the_columns_straight);
	tcase_add_test(tc, a_session_that_is_held_or_ends_says_so);
	tcase_add_test(tc, sessions_that_have_ended_keep_their_traffic_and_reason);
	tcase_add_test(tc, failed_logins_have_user_source_and_reason);
	tcase_add_test(tc, pools_say_how_full_they_are);
	tcase_add_test(tc, options_that_do_not_fit_are_refused);
	tcase_add_test(tc, json_of_sessions);
	return run_suite(suite);
}
