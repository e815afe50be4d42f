/* SPDX-License-Identifier: ISC */
/* check_ipsecmon without a device: ranges, what is printed, options, and rates with the file behind them. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chk_options.h"
#include "chk_output.h"
#include "chk_rates.h"
#include "scratch.h"

static char dir[96], path[128]; /* path is in dir, and nothing yet */

static void
set_up(void)
{
	snprintf(dir, sizeof(dir), "%s/XXXXXX", scratch);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/state", dir);
}

/* --- ranges ------------------------------------------------------------------------------------------------------- */

static bool
alerts(const char *text, double value)
{
	struct chk_range range;
	ck_assert_msg(chk_range_parse(text, &range), "%s", text);
	ck_assert_str_eq(range.text, text);
	return chk_range_alerts(&range, value);
}

static bool
is_range(const char *text)
{
	struct chk_range range;
	return chk_range_parse(text, &range);
}

START_TEST(a_range_is_what_the_guidelines_say)
{
	ck_assert(alerts("10", -0.1) && !alerts("10", 0) && !alerts("10", 10) && alerts("10", 10.1));
	ck_assert(alerts("10:", 9.9) && !alerts("10:", 10) && !alerts("10:", 1e300));
	ck_assert(!alerts("~:10", -1e300) && !alerts("~:10", 10) && alerts("~:10", 11));
	ck_assert(alerts("10:20", 9) && !alerts("10:20", 10) && !alerts("10:20", 20) && alerts("10:20", 21));
	ck_assert(!alerts("@10:20", 9) && alerts("@10:20", 10) && alerts("@10:20", 20) && !alerts("@10:20", 21));
	ck_assert(alerts("@0", 0) && !alerts("@0", 1));
	ck_assert(alerts("0", 1) && !alerts("0", 0));
	ck_assert(alerts(":5", -1) && !alerts(":5", 5) && alerts(":5", 6));
	ck_assert(!alerts("-5:-1", -3) && alerts("-5:-1", 0));
	ck_assert(alerts("0.5", 0.51) && !alerts("1.5:2.5", 2));
	ck_assert(!alerts("~:", 1e300));
}
END_TEST

START_TEST(what_is_no_range_is_refused)
{
	static const char *const bad[] = { "",    ":",   "@",   "@:",  "~",   "20:10", "10:20:30", "a",   "10a",
					   "1 2", "0x1", "inf", "nan", "1:~", "~10",   "10:-",     " 10", "--1" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!is_range(bad[i]), "\"%s\" is a range", bad[i]);
	ck_assert(!is_range("1111111111111111111111111111111111111111111111111111111111111111111"));
}
END_TEST

START_TEST(critical_wins_over_warning_and_what_is_not_set_never_alerts)
{
	struct chk_limits limits = { 0 };
	ck_assert_int_eq(chk_limits_judge(&limits, 1e9), CHK_OK);
	ck_assert(chk_range_parse("5", &limits.warning) && chk_range_parse("10", &limits.critical));
	ck_assert_int_eq(chk_limits_judge(&limits, 5), CHK_OK);
	ck_assert_int_eq(chk_limits_judge(&limits, 6), CHK_WARNING);
	ck_assert_int_eq(chk_limits_judge(&limits, 11), CHK_CRITICAL);
}
END_TEST

START_TEST(what_is_not_known_is_worse_than_a_warning_and_better_than_critical)
{
	ck_assert_int_eq(chk_state_worse(CHK_OK, CHK_WARNING), CHK_WARNING);
	ck_assert_int_eq(chk_state_worse(CHK_UNKNOWN, CHK_WARNING), CHK_UNKNOWN);
	ck_assert_int_eq(chk_state_worse(CHK_UNKNOWN, CHK_OK), CHK_UNKNOWN);
	ck_assert_int_eq(chk_state_worse(CHK_UNKNOWN, CHK_CRITICAL), CHK_CRITICAL);
}
END_TEST

/* --- what is printed ---------------------------------------------------------------------------------------------- */

static struct chk_result result;
static char printed[16384];

static const char *
print(void)
{
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	chk_print(out, &result);
	fclose(out);
	return printed;
}

static void
nothing_found(void)
{
	memset(&result, 0, sizeof(result));
}

START_TEST(the_worst_stands_first_and_is_the_state)
{
	nothing_found();
	chk_say(&result, CHK_OK, "one is %s", "well");
	chk_say(&result, CHK_CRITICAL, "two is not");
	chk_say(&result, CHK_WARNING, "three so so");
	ck_assert_str_eq(print(), "IPSEC CRITICAL - two is not, one is well, three so so\n");
	ck_assert_int_eq(result.state, CHK_CRITICAL);
}
END_TEST

START_TEST(performance_data_have_the_form_that_the_guidelines_give)
{
	struct chk_limits limits = { 0 };
	nothing_found();
	ck_assert(chk_range_parse("~:5", &limits.warning) && chk_range_parse("@10:20", &limits.critical));
	chk_say(&result, CHK_OK, "well");
	chk_perf(&result, "up", 3, 0, "", NULL, 0, 4);
	chk_perf(&result, "age", 12.345, 2, "s", &limits, 0, CHK_NO_END);
	chk_perf(&result, "bare", 1, 0, "", NULL, CHK_NO_END, CHK_NO_END);
	chk_perf(&result, "it's a name", 1, 0, "", NULL, CHK_NO_END, 9);
	chk_perf_counter(&result, "octets", UINT64_MAX);
	chk_line(&result, "more");
	ck_assert_str_eq(print(), "IPSEC OK - well | up=3;;;0;4 age=12.35s;~:5;@10:20;0 bare=1 'it''s a name'=1;;;;9 "
				  "octets=18446744073709551615c\nmore\n");
}
END_TEST

START_TEST(texts_of_the_device_neither_end_the_line_nor_begin_performance_data)
{
	nothing_found();
	chk_say(&result, CHK_OK, "%s", "a|b\nc\033[1m");
	chk_line(&result, "%s", "d|e\nf");
	ck_assert_str_eq(print(), "IPSEC OK - a/b?c?[1m\nd/e?f\n");
}
END_TEST

START_TEST(all_of_it_stays_below_what_a_monitoring_system_reads)
{
	char long_text[600];
	nothing_found();
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	for (int i = 0; i < 50; i++) {
		chk_say(&result, CHK_OK, "%s", long_text);
		chk_line(&result, "%s", long_text);
		chk_perf(&result, "a_label_of_some_length", i, 3, "", NULL, 0, CHK_NO_END);
		chk_perf(&result, "a_label_of_some_length", i, 3, "", NULL, 0, CHK_NO_END);
		chk_perf(&result, "a_label_of_some_length", i, 3, "", NULL, 0, CHK_NO_END);
	}
	ck_assert_uint_lt(strlen(print()), 8000);
	ck_assert_ptr_nonnull(strstr(printed, "and 46 more |"));
	ck_assert_ptr_nonnull(strstr(printed, "\nand 45 lines more\n"));
	/* What is there is whole. */
	*strchr(strstr(printed, " | "), '\n') = '\0';
	ck_assert_str_eq(printed + strlen(printed) - 4, ";;;0");
}
END_TEST

START_TEST(times_are_read_at_a_glance)
{
	char text[WORD_AGE_MAX];
	ck_assert_str_eq(word_age(0, text), "0 s");
	ck_assert_str_eq(word_age(119, text), "1 min 59 s");
	ck_assert_str_eq(word_age(7260, text), "2 h 1 min");
	ck_assert_str_eq(word_age(200000, text), "2 d 7 h");
}
END_TEST

/* --- options ------------------------------------------------------------------------------------------------------ */

static struct chk_options opt;
static char error[256];

/* Words with blanks between. */
static enum chk_parsed
parse(const char *line)
{
	static char words[1024];
	static char *argv[64];
	int argc = 0;

	snprintf(words, sizeof(words), "check_ipsecmon %s", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	error[0] = '\0';
	return chk_options_parse(argc, argv, &opt, error, sizeof(error));
}

static void
expect_wrong(const char *line, const char *words)
{
	ck_assert_msg(parse(line) == CHK_WRONG, "%s", line);
	ck_assert_msg(strstr(error, words) != NULL, "%s: \"%s\" does not say \"%s\"", line, error, words);
}

START_TEST(options_are_those_of_check_snmp_and_have_defaults)
{
	ck_assert_int_eq(parse("-H gw -m tunnels"), CHK_RUN);
	ck_assert_str_eq(opt.host, "gw");
	ck_assert_str_eq(opt.community, "public");
	ck_assert_uint_eq(opt.port, 161);
	ck_assert_int_eq(opt.version, CHK_V2C);
	ck_assert_int_eq(opt.timeout_state, CHK_UNKNOWN);
	ck_assert_int_eq(parse("-H gw -p 1161 -P 1 -C word -m tunnel -n site -w 60: -c 10: -t 5:critical -e 2 -vv"),
			 CHK_RUN);
	ck_assert_uint_eq(opt.port, 1161);
	ck_assert_int_eq(opt.version, CHK_V1);
	ck_assert_str_eq(opt.community, "word");
	ck_assert_str_eq(opt.limits.warning.text, "60:");
	ck_assert_int_eq(opt.timeout_state, CHK_CRITICAL);
	ck_assert_double_eq(opt.timeout, 5);
	ck_assert_uint_eq(opt.retries, 2);
	ck_assert_uint_eq(opt.verbose, 2);
	ck_assert_int_eq(parse("-H gw -m tunnel -r 2001:db8::1"), CHK_RUN);
	ck_assert_uint_eq(opt.peer.len, 16);
	ck_assert_int_eq(parse("-V"), CHK_SHOW_VERSION);
	ck_assert_int_eq(parse("-H gw -h"), CHK_HELP);
}
END_TEST

START_TEST(what_is_wrong_on_the_command_line_is_told)
{
	expect_wrong("-m tunnels", "-H");
	expect_wrong("-H gw", "-m");
	expect_wrong("-H gw -m tunnel -n a -r 192.0.2.1", "one of them");
	expect_wrong("-H gw -m tunnel -r gw.example.net", "address");
	expect_wrong("-H gw -m tunnels -w 9:1", "range");
	expect_wrong("-H gw -m tunnels -c x", "range");
	expect_wrong("-H gw -m tunnels -p 70000", "port");
	expect_wrong("-H gw -m tunnels -P 4", "2c");
	expect_wrong("-H gw -m tunnels -t 0", "SECONDS");
	expect_wrong("-H gw -m tunnels -t 5:bad", "STATE");
	expect_wrong("-H gw -m tunnels --nonsense", "no such option");
	expect_wrong("-H gw -m tunnels -C", "missing");
	expect_wrong("-H gw -m tunnels more", "no argument");
	expect_wrong("-H gw -m tunnels -P 3", "-U");
	expect_wrong("-H gw -m tunnels -P 3 -U me -A short", "passphrase");
	expect_wrong("-H gw -m tunnels -P 3 -U me -A longenough", "-X");
}
END_TEST

START_TEST(passphrases_come_from_a_file_the_environment_or_options_and_the_last_wins)
{
	char line[256];
	FILE *file = fopen(path, "w");

	fputs("# of the gateways\n\ncommunity = of the file\nauth=auth = phrase\n  priv = priv phrase\n", file);
	fclose(file);
	snprintf(line, sizeof(line), "-H gw -m tunnels -P 3 -U me -f %s", path);
	chmod(path, 0644);
	expect_wrong(line, "others may not read");
	chmod(path, 0600);
	ck_assert_msg(parse(line) == CHK_RUN, "%s", error);
	ck_assert_str_eq(opt.community, "of the file");
	ck_assert_str_eq(opt.auth_pass, "auth = phrase");
	ck_assert_str_eq(opt.priv_pass, "priv phrase");
	setenv("CHECK_IPSECMON_AUTH", "of the environment", 1);
	strcat(line, " -X ofanoption");
	ck_assert_msg(parse(line) == CHK_RUN, "%s", error);
	ck_assert_str_eq(opt.auth_pass, "of the environment");
	ck_assert_str_eq(opt.priv_pass, "ofanoption");
	unsetenv("CHECK_IPSECMON_AUTH");
	file = fopen(path, "w");
	fputs("auth = a phrase\nnonsense\n", file);
	fclose(file);
	expect_wrong(line, "state:2");
}
END_TEST

/* --- rates -------------------------------------------------------------------------------------------------------- */

/* Two counters, 100 s after boot, the device up for an hour. */
static struct chk_sample
sample(double time, uint64_t narrow, uint64_t wide)
{
	struct chk_sample s = { .what = "gw 161 1 traffic",
				.rows = 7,
				.boot = "b",
				.time = time,
				.uptime_known = true,
				.uptime = (uint32_t)((3600 + time) * 100),
				.count = 2,
				.counts = { { .label = "in_pkts", .value = narrow },
					    { .label = "in_octets", .wide = true, .value = wide } } };
	return s;
}

static void
expect_none(struct chk_sample before, struct chk_sample now, const char *words)
{
	const char *why = chk_rates_between(&before, &now);
	ck_assert_ptr_nonnull(why);
	ck_assert_msg(strstr(why, words) != NULL, "\"%s\" does not say \"%s\"", why, words);
}

START_TEST(a_rate_is_what_came_since_the_last_look_in_a_second)
{
	struct chk_sample before = sample(100, 10, 1000), now = sample(110, 30, 6000);
	ck_assert_ptr_null(chk_rates_between(&before, &now));
	ck_assert_double_eq_tol(now.counts[0].rate, 2, 1e-9);
	ck_assert_double_eq_tol(now.counts[1].rate, 500, 1e-9);
}
END_TEST

START_TEST(a_counter_of_32_bits_goes_round_and_one_of_64_does_not)
{
	struct chk_sample before = sample(100, UINT32_MAX - 9, UINT64_C(1) << 40),
			  now = sample(110, 10, UINT64_C(1) << 40);
	ck_assert_ptr_null(chk_rates_between(&before, &now));
	ck_assert_double_eq_tol(now.counts[0].rate, 2, 1e-9);
	expect_none(sample(100, 0, 50), sample(110, 0, 49), "the counters restarted");
	expect_none(sample(100, 1000, 50), sample(110, 10, 50), "the counters restarted");
}
END_TEST

START_TEST(what_began_anew_or_is_another_has_no_rate)
{
	struct chk_sample before = sample(100, 1, 1), now = sample(110, 2, 2);

	now.rows = 8;
	expect_none(before, now, "the tunnel or its objects changed");
	now = sample(110, 2, 2);
	now.counts[0].wide = true;
	expect_none(before, now, "the tunnel or its objects changed");
	now = sample(110, 2, 2);
	strcpy(now.boot, "c");
	expect_none(before, now, "this machine");
	expect_none(sample(100, 1, 1), sample(90, 2, 2), "this machine");
	expect_none(sample(100, 1, 1), sample(100.5, 2, 2), "less than a second");
	now = sample(110, 2, 2);
	now.uptime = 500;
	expect_none(before, now, "the device restarted");
	/* It was up for an hour, and is so again after two. */
	now = sample(7300, 2, 2);
	now.uptime = before.uptime + 1000;
	expect_none(before, now, "the device restarted");
	now.uptime_known = false;
	ck_assert_ptr_null(chk_rates_between(&before, &now));
}
END_TEST

START_TEST(a_sample_comes_back_from_its_text_as_it_was)
{
	struct chk_sample s = sample(123.456789, UINT32_MAX, UINT64_MAX), back;
	char text[CHK_SAMPLE_MAX];
	size_t len = chk_sample_encode(&s, text, sizeof(text));

	ck_assert_uint_gt(len, 0);
	ck_assert(chk_sample_decode(text, len, &back));
	ck_assert_str_eq(back.what, s.what);
	ck_assert_uint_eq(back.rows, s.rows);
	ck_assert_str_eq(back.boot, s.boot);
	ck_assert_double_eq(back.time, s.time);
	ck_assert(back.uptime_known == s.uptime_known && back.uptime == s.uptime);
	ck_assert_uint_eq(back.count, s.count);
	for (size_t i = 0; i < s.count; i++) {
		ck_assert_str_eq(back.counts[i].label, s.counts[i].label);
		ck_assert(back.counts[i].wide == s.counts[i].wide && back.counts[i].value == s.counts[i].value);
	}
	ck_assert_uint_eq(chk_sample_encode(&s, text, 40), 0);
}
END_TEST

START_TEST(a_damaged_text_is_no_sample)
{
	struct chk_sample s = sample(100, 1, 2), back;
	char text[CHK_SAMPLE_MAX], harmed[CHK_SAMPLE_MAX];
	size_t len = chk_sample_encode(&s, text, sizeof(text));

	for (size_t cut = 0; cut < len; cut++)
		ck_assert_msg(!chk_sample_decode(text, cut, &back), "%zu octets of %zu", cut, len);
	for (size_t at = 0; at < len; at++) {
		for (int bit = 0; bit < 8; bit++) {
			memcpy(harmed, text, len);
			harmed[at] ^= (char)(1 << bit);
			ck_assert_msg(!chk_sample_decode(harmed, len, &back), "octet %zu, bit %d", at, bit);
		}
	}
	memcpy(harmed, text, len);
	harmed[len] = '\n';
	ck_assert(!chk_sample_decode(harmed, len + 1, &back));
}
END_TEST

/* What looking with @p s says; "": there are rates. */
static const char *
look(struct chk_sample *s)
{
	static char words[256];
	const char *why = NULL;
	double elapsed;

	if (!chk_rates_keep(path, s, &elapsed, &why, words, sizeof(words)))
		return words;
	return why ? why : "";
}

/* The one file in there. */
static const char *
state_file(void)
{
	static char name[256];
	char command[192];
	FILE *list;

	snprintf(command, sizeof(command), "ls -A %s", path);
	list = popen(command, "r");
	snprintf(name, sizeof(name), "%s/", path);
	ck_assert_ptr_nonnull(fgets(name + strlen(name), 64, list));
	name[strcspn(name, "\n")] = '\0';
	ck_assert_int_eq(fgetc(list), EOF);
	pclose(list);
	return name;
}

START_TEST(the_second_look_has_rates_and_the_file_is_its_owners_alone)
{
	struct chk_sample first = sample(100, 1, 1), second = sample(110, 11, 11), third = sample(110.5, 12, 12);
	struct stat st;

	ck_assert_str_eq(look(&first), "this is the first check");
	ck_assert_str_eq(look(&second), "");
	ck_assert_double_eq_tol(second.counts[0].rate, 1, 1e-9);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	ck_assert_int_eq(stat(state_file(), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	/* Too soon: the second stays what the next one is compared with. */
	ck_assert_ptr_nonnull(strstr(look(&third), "less than a second"));
	third = sample(120, 31, 31);
	ck_assert_str_eq(look(&third), "");
	ck_assert_double_eq_tol(third.counts[0].rate, 2, 1e-9);
}
END_TEST

START_TEST(a_damaged_file_is_a_first_look_and_is_repaired)
{
	struct chk_sample s = sample(100, 1, 1);
	int fd;

	look(&s);
	fd = open(state_file(), O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, "garbage", 7), 7);
	close(fd);
	s = sample(110, 2, 2);
	ck_assert_str_eq(look(&s), "this is the first check");
	s = sample(120, 3, 3);
	ck_assert_str_eq(look(&s), "");
}
END_TEST

START_TEST(a_link_in_the_place_of_the_file_is_replaced_and_what_it_names_is_not_touched)
{
	struct chk_sample s = sample(100, 1, 1);
	char other[160], name[256];
	struct stat st;

	look(&s);
	snprintf(name, sizeof(name), "%s", state_file());
	snprintf(other, sizeof(other), "%s/other", dir);
	ck_assert_int_eq(rename(name, other), 0);
	ck_assert_int_eq(symlink(other, name), 0);
	s = sample(110, 2, 2);
	ck_assert_str_eq(look(&s), "this is the first check");
	ck_assert_int_eq(lstat(name, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
}
END_TEST

START_TEST(a_folder_where_others_may_write_is_refused)
{
	struct chk_sample s = sample(100, 1, 1);

	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chmod(path, 0777), 0);
	ck_assert_ptr_nonnull(strstr(look(&s), "others may write there"));
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(symlink("/proc/nonexistent/folder", path), 0);
	ck_assert_ptr_nonnull(strstr(look(&s), "--state-dir"));
}
END_TEST

START_TEST(another_question_has_another_file)
{
	struct chk_sample s = sample(100, 1, 1);

	look(&s);
	strcpy(s.what, "another");
	ck_assert_str_eq(look(&s), "this is the first check");
	s = sample(110, 2, 2);
	ck_assert_str_eq(look(&s), "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("plugin");
	TCase *pure = tcase_create("pure"), *file = tcase_create("file");

	tcase_add_test(pure, a_range_is_what_the_guidelines_say);
	tcase_add_test(pure, what_is_no_range_is_refused);
	tcase_add_test(pure, critical_wins_over_warning_and_what_is_not_set_never_alerts);
	tcase_add_test(pure, what_is_not_known_is_worse_than_a_warning_and_better_than_critical);
	tcase_add_test(pure, the_worst_stands_first_and_is_the_state);
	tcase_add_test(pure, performance_data_have_the_form_that_the_guidelines_give);
	tcase_add_test(pure, texts_of_the_device_neither_end_the_line_nor_begin_performance_data);
	tcase_add_test(pure, all_of_it_stays_below_what_a_monitoring_system_reads);
	tcase_add_test(pure, times_are_read_at_a_glance);
	tcase_add_test(pure, options_are_those_of_check_snmp_and_have_defaults);
	tcase_add_test(pure, what_is_wrong_on_the_command_line_is_told);
	tcase_add_test(pure, passphrases_come_from_a_file_the_environment_or_options_and_the_last_wins);
	tcase_add_test(pure, a_rate_is_what_came_since_the_last_look_in_a_second);
	tcase_add_test(pure, a_counter_of_32_bits_goes_round_and_one_of_64_does_not);
	tcase_add_test(pure, what_began_anew_or_is_another_has_no_rate);
	tcase_add_test(pure, a_sample_comes_back_from_its_text_as_it_was);
	tcase_add_test(pure, a_damaged_text_is_no_sample);
	suite_add_tcase(suite, pure);
	tcase_add_checked_fixture(file, set_up, NULL);
	tcase_add_checked_fixture(pure, set_up, NULL);
	tcase_add_test(file, the_second_look_has_rates_and_the_file_is_its_owners_alone);
	tcase_add_test(file, a_damaged_file_is_a_first_look_and_is_repaired);
	tcase_add_test(file, a_link_in_the_place_of_the_file_is_replaced_and_what_it_names_is_not_touched);
	tcase_add_test(file, a_folder_where_others_may_write_is_refused);
	tcase_add_test(file, another_question_has_another_file);
	suite_add_tcase(suite, file);
	return run_in_scratch("check_plugin", suite);
}
