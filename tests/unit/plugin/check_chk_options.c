/* SPDX-License-Identifier: ISC */
/* Command lines, and passphrases from a file and the environment. */
#include <sys/stat.h>

#include "chk_options.h"
#include "scratch.h"

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
	ck_assert_int_eq(parse("-H gw -m user alice"), CHK_RUN);
	ck_assert_str_eq(opt.name, "alice");
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
	expect_wrong("-H gw -m user alice bob", "bob: no second argument");
	expect_wrong("-H gw -m user -n alice bob", "bob: no argument");
	expect_wrong("-H gw -m tunnels -P 3", "-U");
	expect_wrong("-H gw -m tunnels -P 3 -U me -A short", "passphrase");
	expect_wrong("-H gw -m tunnels -P 3 -U me -A longenough", "-X");
}
END_TEST

START_TEST(passphrases_come_from_a_file_the_environment_or_options_and_the_last_wins)
{
	char line[256], path[SCRATCH_PATH];
	FILE *file;

	path_in_scratch(path);
	file = fopen(path, "w");
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
	expect_wrong(line, "gw.model:2");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chk_options");
	TCase *tc = tcase_create("chk_options");
	tcase_add_test(tc, options_are_those_of_check_snmp_and_have_defaults);
	tcase_add_test(tc, what_is_wrong_on_the_command_line_is_told);
	tcase_add_test(tc, passphrases_come_from_a_file_the_environment_or_options_and_the_last_wins);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_chk_options", suite);
}
