/* SPDX-License-Identifier: ISC */
/* Words that the command line and the plugin share. */
#include "suite.h"
#include "words.h"

START_TEST(times_are_read_at_a_glance)
{
	char text[WORD_AGE_MAX];
	ck_assert_str_eq(word_age(0, text), "0 s");
	ck_assert_str_eq(word_age(119, text), "1 min 59 s");
	ck_assert_str_eq(word_age(7260, text), "2 h 1 min");
	ck_assert_str_eq(word_age(200000, text), "2 d 7 h");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("words");
	TCase *tc = tcase_create("words");
	tcase_add_test(tc, times_are_read_at_a_glance);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
