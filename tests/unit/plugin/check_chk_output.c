/* SPDX-License-Identifier: ISC */
/* The line that a monitoring system reads. */
#include <string.h>

#include "chk_output.h"
#include "suite.h"

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

int
main(void)
{
	Suite *suite = suite_create("chk_output");
	TCase *tc = tcase_create("chk_output");
	tcase_add_test(tc, the_worst_stands_first_and_is_the_state);
	tcase_add_test(tc, performance_data_have_the_form_that_the_guidelines_give);
	tcase_add_test(tc, texts_of_the_device_neither_end_the_line_nor_begin_performance_data);
	tcase_add_test(tc, all_of_it_stays_below_what_a_monitoring_system_reads);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
