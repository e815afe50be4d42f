/* SPDX-License-Identifier: ISC */
/* ipsecmon --complete: the answers to the shells. */
#include "cli_fixture.h"

#define OPTIONS                                                                                               \
	"-c\tread another configuration\n--json\tJSON instead of text\n--help\tprint help\n--version\tprint " \
	"the version\n"

/* The output for a line of words separated by blanks. A blank at the end begins a new word. */
static const char *
complete(const char *line)
{
	char copy[256], empty[1] = "", *argv[32] = { (char[]){ "ipsecmon" }, (char[]){ "--complete" } };
	int argc = 2;
	size_t size, len = strlen(line);
	if (w)
		ipm_writer_commit(w);
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	if (len > 0 && line[len - 1] == ' ')
		argv[argc++] = empty;
	free(out);
	free(err);
	FILE *o = open_memstream(&out, &size), *e = open_memstream(&err, &size);
	ck_assert_int_eq(cli_run(argc, argv, o, e), 0);
	fclose(o);
	fclose(e);
	ck_assert_str_eq(err, "");
	return out;
}

/* The same with this test's configuration. */
static const char *
complete_here(const char *line)
{
	char whole[256];
	snprintf(whole, sizeof(whole), "-c %s %s", conf_file, line);
	return complete(whole);
}

START_TEST(words_that_fit_come_with_what_they_mean)
{
	ck_assert_ptr_nonnull(strstr(complete(""), "show\tshow the IPsec state\n"));
	ck_assert_str_eq(complete("sh"), "show\tshow the IPsec state\n");
	ck_assert_str_eq(complete("show crypto is"), "isakmp\tIKE: phase 1\n");
	ck_assert_str_eq(complete("show crypto isakmp "), "sa\tIKE SAs, of IKEv1 and IKEv2\n");
	ck_assert_str_eq(complete("show crypto xyz"), "");
}
END_TEST

START_TEST(words_before_may_be_short_and_in_any_case)
{
	ck_assert_str_eq(complete("SH cry isa "), "sa\tIKE SAs, of IKEv1 and IKEv2\n");
	ck_assert_str_eq(complete("show crypto IS"), "isakmp\tIKE: phase 1\n");
}
END_TEST

START_TEST(nothing_fits_behind_what_is_wrong_or_finished)
{
	ck_assert_str_eq(complete("show x "), "");
	ck_assert_str_eq(complete("show crypto i "), ""); /* ipsec or isakmp */
	ck_assert_str_eq(complete("show feeds "), "");
	ck_assert_str_eq(complete("show crypto? "), "");
	ck_assert_str_eq(complete("-V "), "");
	ck_assert_str_eq(complete("--wrong "), "");
	ck_assert_str_eq(complete("a b c d e f g h i j k l m n o p q r "), "");
}
END_TEST

START_TEST(options_are_completed_and_passed_over)
{
	ck_assert_str_eq(complete("-"), OPTIONS);
	ck_assert_str_eq(complete("show --j"), "--json\tJSON instead of text\n");
	ck_assert_str_eq(complete("--json show fee"), "feeds\tsources of the figures, and their age\n");
	ck_assert_str_eq(complete("-c file show fee"), "feeds\tsources of the figures, and their age\n");
	ck_assert_str_eq(complete("-cfile show fee"), "feeds\tsources of the figures, and their age\n");
	ck_assert_str_eq(complete("-- show fee"), "feeds\tsources of the figures, and their age\n");
	ck_assert_str_eq(complete("-c "), ""); /* a file: the shell's affair */
}
END_TEST

START_TEST(values_are_what_the_segments_have)
{
	given_segment();
	given_tunnel((struct ipm_tunnel){ .local = addr("192.0.2.1"), .remote = addr("192.0.2.2"), .conn = "site-b" });
	given_tunnel((struct ipm_tunnel){ .local = addr("192.0.2.1"), .remote = addr("192.0.2.2"), .conn = "site-b" });
	given_tunnel((struct ipm_tunnel){ .local = addr("2001:db8::1"), .remote = addr("2001:db8::2"), .conn = "six" });
	ck_assert_str_eq(complete_here("show crypto ipsec sa peer "),
			 "192.0.2.2\tIPv4 or IPv6\n2001:db8::2\tIPv4 or IPv6\n");
	ck_assert_str_eq(complete_here("show crypto ipsec sa peer 20"), "2001:db8::2\tIPv4 or IPv6\n");
	ck_assert_str_eq(complete_here("show crypto ipsec sa map s"), "site-b\ta crypto map\nsix\ta crypto map\n");
	ck_assert_str_eq(complete_here("show crypto ipsec sa map six "), "");
	ck_assert_str_eq(complete_here("show crypto ipsec sa interface "), "");
}
END_TEST

START_TEST(crypto_maps_are_there_when_they_are_down_and_templates_apart)
{
	given_segment();
	ck_assert_int_ge(ipm_map_open(w, &(struct ipm_map_entry){ .kind = IPM_MAP_STATIC, .name = "site-c" }), 0);
	ck_assert_int_ge(ipm_map_open(w, &(struct ipm_map_entry){ .kind = IPM_MAP_DYNAMIC, .name = "road" }), 0);
	ck_assert_str_eq(complete_here("show crypto map tag "), "road\ta crypto map\nsite-c\ta crypto map\n");
	ck_assert_str_eq(complete_here("show crypto dynamic-map tag "), "road\ta template\n");
}
END_TEST

START_TEST(users_and_the_options_of_lists_are_completed)
{
	given_segment();
	struct ipm_session session = { .state = IPM_SESSION_UP, .user = "alice", .group = "rw" };
	session.ike_slot = (uint32_t)given_ike(2, IPM_IKE_ESTABLISHED, false, "192.0.2.1", "192.0.2.7");
	session.ike_index = ipm_ike_peek(w, session.ike_slot)->index;
	session.remote = addr("192.0.2.7");
	ck_assert_int_ge(ipm_session_open(w, &session), 0);
	ck_assert_str_eq(complete_here("show crypto session username "), "alice\ta user\n");
	ck_assert_str_eq(complete_here("show crypto session remote 1"), "192.0.2.7\tIPv4 or IPv6\n");
	ck_assert_str_eq(complete_here("clear crypto session id "), "1\tthe session's number\n");
	ck_assert_str_eq(complete_here("clear crypto session group "), "rw\ta group\n");
	ck_assert_str_eq(complete_here("sessions --user a"), "alice\tonly those of a user\n");
	ck_assert_str_eq(complete_here("sessions --sort s"), "since\tin this order\n");
	ck_assert_str_eq(complete_here("sessions --sort since --p"), "--pools\tpools of addresses\n");
	ck_assert_str_eq(complete_here("show feeds --p"), "");
}
END_TEST

START_TEST(a_name_that_a_shell_could_mistake_is_not_offered)
{
	static const char *const names[] = { "$(reboot)", "a b", "`x`", "-c", "a\tb", "a\nb", "a;b", "*", "\xc3\xa4" };
	given_segment();
	for (size_t i = 0; i < COUNT(names); i++) {
		struct ipm_tunnel t = { .local = addr("192.0.2.1"), .remote = addr("192.0.2.2") };
		snprintf(t.conn, sizeof(t.conn), "%s", names[i]);
		given_tunnel(t);
	}
	ck_assert_str_eq(complete_here("show crypto ipsec sa map "), "");
}
END_TEST

START_TEST(a_segment_or_configuration_that_cannot_be_read_is_passed_over_in_silence)
{
	ck_assert_str_eq(complete_here("show crypto ipsec sa map "), "");
	ck_assert_str_eq(complete("-c /proc/nonexistent show crypto ipsec sa map "), "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("complete");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, words_that_fit_come_with_what_they_mean);
	tcase_add_test(tc, words_before_may_be_short_and_in_any_case);
	tcase_add_test(tc, nothing_fits_behind_what_is_wrong_or_finished);
	tcase_add_test(tc, options_are_completed_and_passed_over);
	tcase_add_test(tc, values_are_what_the_segments_have);
	tcase_add_test(tc, crypto_maps_are_there_when_they_are_down_and_templates_apart);
	tcase_add_test(tc, users_and_the_options_of_lists_are_completed);
	tcase_add_test(tc, a_name_that_a_shell_could_mistake_is_not_offered);
	tcase_add_test(tc, a_segment_or_configuration_that_cannot_be_read_is_passed_over_in_silence);
	return run_suite(suite);
}
