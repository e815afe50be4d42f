/* SPDX-License-Identifier: ISC */
/* The words of commands: short, wrong and missing ones, and the next possible words. */
#include "cli_fixture.h"
#include "cmd_table.h"

static struct cmd_match
match(const char *line)
{
	static char copy[128];
	static char *word[16];
	struct cmd_match m;
	int n = 0;
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *at = strtok(copy, " "); at; at = strtok(NULL, " "))
		word[n++] = at;
	cmd_match(cmd_root, n, word, &m);
	return m;
}

START_TEST(a_word_may_be_shortened_while_it_is_unique)
{
	static const char *const lines[] = { "show crypto isakmp sa", "sh cry isa sa", "sh c is s",
					     "SHOW Crypto ISAKMP SA" };
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct cmd_match m = match(lines[i]);
		ck_assert_int_eq(m.result, CMD_RUN);
		ck_assert_ptr_eq(m.word->run, cmd_isakmp_sa);
	}
	ck_assert_ptr_eq(match("sh cr ip s").word->run, cmd_ipsec_sa);
	ck_assert_ptr_eq(match("show f").word->run, cmd_feeds);
}
END_TEST

START_TEST(a_wrong_word_is_named)
{
	struct cmd_match m = match("show cripto");
	ck_assert_int_eq(m.result, CMD_UNKNOWN);
	ck_assert_int_eq(m.at, 1);
	ck_assert_str_eq(m.prefix, "cripto");
	ck_assert_int_eq(match("show crypto i").result, CMD_AMBIGUOUS);
	ck_assert_int_eq(match("show crypto ipsecs").result, CMD_UNKNOWN);
	ck_assert_int_eq(match("show crypto ipsec sa all").result, CMD_UNKNOWN);
	ck_assert_int_eq(match("show crypto").result, CMD_INCOMPLETE);
	ck_assert_int_eq(match("").result, CMD_INCOMPLETE);
}
END_TEST

START_TEST(a_whole_word_wins_over_a_longer_one_and_an_argument_fits_anything)
{
	static const struct cmd_word after_peer[] = {
		{ .word = "A.B.C.D", .help = "address", .argument = true, .run = cmd_ipsec_sa }, { 0 }
	};
	static const struct cmd_word words[] = { { .word = "sas", .help = "many", .run = cmd_feeds },
						 { .word = "sa", .help = "one", .run = cmd_ipsec_sa },
						 { .word = "peer", .help = "of", .next = after_peer },
						 { 0 } };
	struct cmd_match m;
	char *sa[] = { (char[]){ "sa" } }, *peer[] = { (char[]){ "p" }, (char[]){ "192.0.2.1" } };
	cmd_match(words, 1, sa, &m);
	ck_assert_int_eq(m.result, CMD_RUN);
	ck_assert_ptr_eq(m.word->run, cmd_ipsec_sa);
	cmd_match(words, 2, peer, &m);
	ck_assert_int_eq(m.result, CMD_RUN);
	ck_assert_uint_eq(m.arguments, 1);
	ck_assert_str_eq(m.argument[0], "192.0.2.1");
	cmd_match(words, 1, peer, &m);
	ck_assert_int_eq(m.result, CMD_INCOMPLETE);
}
END_TEST

START_TEST(a_question_mark_lists_what_fits)
{
	expect("?", "  check        check the whole chain, from the SAs to the poller\n"
		    "  clear        close sessions\n"
		    "  export       print the IPsec state for another program\n"
		    "  sessions     who is connected, a line for each\n"
		    "  show         show the IPsec state\n");
	expect("show ?", "  crypto        IKE and IPsec\n"
			 "  feeds         sources of the figures, and their age\n"
			 "  notifications SNMP notifications sent, suppressed and waiting\n"
			 "  vpn-sessiondb sessions as on an ASA; alone, how many there are\n");
	expect("show cr?", "  crypto       IKE and IPsec\n");
	expect("show crypto i? sa", "  ipsec        IPsec: phase 2\n  isakmp       IKE: phase 1\n");
	expect("show feeds ?", "  <cr>\n");
}
END_TEST

START_TEST(a_wrong_command_says_which_word_and_what_fits)
{
	ck_assert_int_eq(run("show crypto i sa"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"i\" is ambiguous after \"show crypto\"; it fits\n"
			      "  ipsec        IPsec: phase 2\n  isakmp       IKE: phase 1\n");
	ck_assert_int_eq(run("show cripto"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"cripto\" is not known after \"show\"; known:\n"
			      "  crypto        IKE and IPsec\n"
			      "  feeds         sources of the figures, and their age\n"
			      "  notifications SNMP notifications sent, suppressed and waiting\n"
			      "  vpn-sessiondb sessions as on an ASA; alone, how many there are\n");
	ck_assert_int_eq(run("show crypto isakmp"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"show crypto isakmp\" is incomplete; possible next words:\n"
			      "  sa           IKE SAs, of IKEv1 and IKEv2\n");
	ck_assert_int_eq(run("show feeds now"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"now\" is not known after \"show feeds\", after the end of the command\n");
	ck_assert_int_eq(run("--colour show feeds"), 2);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(what_may_follow_is_listed)
{
	expect("show crypto map ?", "  tag          one of them\n  <cr>\n");
	expect("show crypto map tag ?", "  NAME         a crypto map\n");
	expect("show crypto ipsec sa ?", "  interface    only those of an interface\n"
					 "  map          only those of a crypto map\n"
					 "  peer         only those with a peer\n"
					 "  <cr>\n");
	expect("show crypto engine connections ?", "  active         SAs and their packets\n"
						   "  dropped-packet dropped packets by reason\n");
}
END_TEST

START_TEST(every_word_has_a_line_of_help)
{
	const struct cmd_word *todo[16] = { cmd_root };
	size_t n = 1, seen = 0;
	while (n > 0)
		for (const struct cmd_word *word = todo[--n]; word && word->word; word++, seen++) {
			ck_assert_ptr_nonnull(word->help);
			ck_assert_ptr_null(strchr(word->help, '\n'));
			ck_assert(word->run || word->next);
			if (word->next) {
				ck_assert_uint_lt(n, COUNT(todo));
				todo[n++] = word->next;
			}
		}
	ck_assert_uint_ge(seen, 7);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd_table");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, a_word_may_be_shortened_while_it_is_unique);
	tcase_add_test(tc, a_wrong_word_is_named);
	tcase_add_test(tc, a_whole_word_wins_over_a_longer_one_and_an_argument_fits_anything);
	tcase_add_test(tc, a_question_mark_lists_what_fits);
	tcase_add_test(tc, a_wrong_command_says_which_word_and_what_fits);
	tcase_add_test(tc, what_may_follow_is_listed);
	tcase_add_test(tc, every_word_has_a_line_of_help);
	return run_suite(suite);
}
