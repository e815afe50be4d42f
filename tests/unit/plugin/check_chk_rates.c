/* SPDX-License-Identifier: ISC */
/* Rates between two checks, and the file that keeps the earlier sample. */
#include <fcntl.h>
#include <sys/stat.h>

#include "chk_rates.h"
#include "scratch.h"

static char dir[96], path[128]; /* path is in dir and doesn't exist yet */

static void
given_a_directory(void)
{
	snprintf(dir, sizeof(dir), "%s/XXXXXX", scratch);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/state", dir);
}

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
	/* Its uptime was an hour. Two hours later it is an hour again. */
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

/* Check with sample @p s. Returns why there are no rates; "": there are rates. */
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
	/* Too soon: the next check is still compared with the second one. */
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
	Suite *suite = suite_create("chk_rates");
	TCase *tc = tcase_create("chk_rates");
	tcase_add_checked_fixture(tc, given_a_directory, NULL);
	tcase_add_test(tc, a_rate_is_what_came_since_the_last_look_in_a_second);
	tcase_add_test(tc, a_counter_of_32_bits_goes_round_and_one_of_64_does_not);
	tcase_add_test(tc, what_began_anew_or_is_another_has_no_rate);
	tcase_add_test(tc, a_sample_comes_back_from_its_text_as_it_was);
	tcase_add_test(tc, a_damaged_text_is_no_sample);
	tcase_add_test(tc, the_second_look_has_rates_and_the_file_is_its_owners_alone);
	tcase_add_test(tc, a_damaged_file_is_a_first_look_and_is_repaired);
	tcase_add_test(tc, a_link_in_the_place_of_the_file_is_replaced_and_what_it_names_is_not_touched);
	tcase_add_test(tc, a_folder_where_others_may_write_is_refused);
	tcase_add_test(tc, another_question_has_another_file);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_chk_rates", suite);
}
