/* SPDX-License-Identifier: ISC */
/* Lines of /proc/net/xfrm_stat. */

#include "xfrm_message_fixture.h"

/* --- /proc/net/xfrm_stat ------------------------------------------------- */

static uint64_t stats[XFRM_STAT_COUNT];

static int
parse(const char *text, size_t len)
{
	char *exact = malloc(len > 0 ? len : 1);
	ck_assert_ptr_nonnull(exact);
	memcpy(exact, text, len);
	memset(stats, 0xff, sizeof(stats));
	int rc = xfrm_stat_parse(exact, len, stats);
	free(exact);
	return rc;
}

static uint64_t
total(void)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < XFRM_STAT_COUNT; i++)
		sum += stats[i];
	return sum;
}

START_TEST(every_line_that_the_kernel_has_is_known)
{
	char text[4096] = "";
	size_t len = 0;
	for (int i = 0; i < XFRM_STAT_IN_UNKNOWN; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%-24s\t%d\n", xfrm_stat_lines[i].text, i + 1);
	ck_assert_int_eq(parse(text, len), 0);
	for (uint64_t i = 0; i < XFRM_STAT_IN_UNKNOWN; i++)
		ck_assert_uint_eq(stats[i], i + 1);
	ck_assert_uint_eq(stats[XFRM_STAT_IN_UNKNOWN] + stats[XFRM_STAT_OUT_UNKNOWN], 0);
}
END_TEST

START_TEST(a_line_has_its_direction_and_reason)
{
	ck_assert_str_eq(xfrm_stat_lines[XFRM_STAT_IN_NO_STATES].text, "XfrmInNoStates");
	ck_assert_uint_eq(xfrm_stat_lines[XFRM_STAT_IN_NO_STATES].direction, IPM_IN);
	ck_assert_uint_eq(xfrm_stat_lines[XFRM_STAT_IN_NO_STATES].reason, IPM_DROP_NO_SA);
	ck_assert_uint_eq(xfrm_stat_lines[XFRM_STAT_OUT_SEQ].direction, IPM_OUT);
	ck_assert_uint_eq(xfrm_stat_lines[XFRM_STAT_OUT_SEQ].reason, IPM_DROP_SEQUENCE);
	for (size_t i = 0; i < XFRM_STAT_COUNT; i++) {
		ck_assert(xfrm_stat_lines[i].direction == IPM_IN || xfrm_stat_lines[i].direction == IPM_OUT);
		ck_assert_uint_lt(xfrm_stat_lines[i].reason, IPM_DROP_COUNT);
	}
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	enum xfrm_stat line;
	uint64_t value;
} lines[] = {
#define LINE(text, line, value)                                 \
	{                                                       \
		text, sizeof(text) - 1, XFRM_STAT_##line, value \
	}
	LINE("XfrmInError             \t7\n", IN_ERROR, 7),
	LINE("XfrmInError 7", IN_ERROR, 7),
	LINE("XfrmInError\t \t7\n", IN_ERROR, 7),
	LINE("XfrmOutStateSeqError 18446744073709551615\n", OUT_SEQ, UINT64_MAX),
	LINE("XfrmInErrors 7\n", IN_UNKNOWN, 7),
	LINE("XfrmInSomethingNew 7\nXfrmInSomethingElse 8\n", IN_UNKNOWN, 15),
	LINE("XfrmOutSomethingNew 7\n", OUT_UNKNOWN, 7),
	LINE("XfrmFwdSomethingNew 7\n", OUT_UNKNOWN, 7),
	LINE("XfrmIn 7\n", IN_UNKNOWN, 7),
	LINE("Xfrm 7\n", OUT_UNKNOWN, 7),
	LINE("Xfrm 000000000000000000000000000007\n", OUT_UNKNOWN, 7),
};

START_TEST(a_line_counts_where_it_belongs_or_where_its_direction_is_gathered)
{
	ck_assert_int_eq(parse(lines[_i].text, lines[_i].len), 0);
	ck_assert_uint_eq(stats[lines[_i].line], lines[_i].value);
	ck_assert_uint_eq(total(), lines[_i].value);
}
END_TEST

static const struct {
	const char *text;
	size_t len;
} bad_lines[] = {
#define BAD(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}
	BAD("\n"),
	BAD(" \n"),
	BAD("7\n"),
	BAD("XfrmInError\n"),
	BAD("XfrmInError \n"),
	BAD("XfrmInError7\n"),
	BAD("XfrmInError seven\n"),
	BAD("XfrmInError -7\n"),
	BAD("XfrmInError +7\n"),
	BAD("XfrmInError 7 \n"),
	BAD("XfrmInError 7 7\n"),
	BAD("XfrmInError 7\r\n"),
	BAD("XfrmInError 7\0\n"),
	BAD("XfrmInError \0\n"),
	BAD("XfrmInError 0x7\n"),
	BAD("XfrmInError 18446744073709551616\n"),
	BAD("XfrmInError 99999999999999999999\n"),
	BAD(" XfrmInError 7\n"),
	BAD("xfrmInError 7\n"),
	BAD("Xfr 7\n"),
	BAD("Tcp 7\n"),
};

START_TEST(a_line_of_another_form_is_bad_and_the_others_are_understood)
{
	char text[256];
	ck_assert_int_eq(parse(bad_lines[_i].text, bad_lines[_i].len), -EBADMSG);
	ck_assert_uint_eq(total(), 0);

	static const char before[] = "XfrmInNoStates 1\n", behind[] = "XfrmOutNoStates 2\n";
	memcpy(text, before, sizeof(before) - 1);
	memcpy(text + sizeof(before) - 1, bad_lines[_i].text, bad_lines[_i].len);
	memcpy(text + sizeof(before) - 1 + bad_lines[_i].len, behind, sizeof(behind) - 1);
	ck_assert_int_eq(parse(text, sizeof(before) - 1 + bad_lines[_i].len + sizeof(behind) - 1), -EBADMSG);
	ck_assert_uint_eq(stats[XFRM_STAT_IN_NO_STATES], 1);
	ck_assert_uint_eq(stats[XFRM_STAT_OUT_NO_STATES], 2);
	ck_assert_uint_eq(total(), 3);
}
END_TEST

START_TEST(an_empty_file_has_no_drops)
{
	ck_assert_int_eq(parse("", 0), 0);
	ck_assert_uint_eq(total(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_stat");
	TCase *tc = tcase_create("xfrm_stat");
	tcase_add_test(tc, every_line_that_the_kernel_has_is_known);
	tcase_add_test(tc, a_line_has_its_direction_and_reason);
	tcase_add_loop_test(tc, a_line_counts_where_it_belongs_or_where_its_direction_is_gathered, 0, COUNT(lines));
	tcase_add_loop_test(tc, a_line_of_another_form_is_bad_and_the_others_are_understood, 0, COUNT(bad_lines));
	tcase_add_test(tc, an_empty_file_has_no_drops);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
