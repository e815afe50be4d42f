/* SPDX-License-Identifier: ISC */
/* Ranges of values, and the states that they give. */
#include "chk_range.h"
#include "suite.h"

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

int
main(void)
{
	Suite *suite = suite_create("chk_range");
	TCase *tc = tcase_create("chk_range");
	tcase_add_test(tc, a_range_is_what_the_guidelines_say);
	tcase_add_test(tc, what_is_no_range_is_refused);
	tcase_add_test(tc, critical_wins_over_warning_and_what_is_not_set_never_alerts);
	tcase_add_test(tc, what_is_not_known_is_worse_than_a_warning_and_better_than_critical);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
