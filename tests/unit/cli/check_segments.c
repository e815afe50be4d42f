/* SPDX-License-Identifier: ISC */
/* Segments that are missing, damaged, or no longer written. */
#include <stddef.h>

#include "ipm_int.h"
#include "cli_fixture.h"

/* Run a command line as if the writer had been silent for @p seconds. */
static int
run_silent(const char *line, unsigned seconds)
{
	ipm_writer_commit(w);
	uint64_t then = ipm_now_ns() - seconds * (uint64_t)SECOND;
	patch(offsetof(struct ipm_header, heartbeat_ns), &then, sizeof(then));
	struct ipm_writer *silent = w;
	w = NULL; /* no commit */
	int status = run(line);
	w = silent;
	return status;
}

START_TEST(without_a_segment_a_sentence_says_why)
{
	char want[256];
	snprintf(want, sizeof(want), "ipsecmon: no segment in %s: ipsecmond does not run, or it has another run-dir\n",
		 dir);
	ck_assert_int_eq(run("show feeds"), 1);
	ck_assert_str_eq(err, want);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(run("show feeds --json"), 1);
	ck_assert_str_eq(out, "{\"schema\":1,\"segments\":[]}\n");
}
END_TEST

START_TEST(a_segment_that_is_none_is_reported_and_the_others_are_shown)
{
	char bad[96], want[160];
	given_segment();
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	snprintf(bad, sizeof(bad), "%s/broken.model", dir);
	FILE *f = fopen(bad, "w");
	for (int i = 0; i < 8192; i++)
		fputc('x', f);
	fclose(f);
	ck_assert_int_eq(run("show crypto isakmp sa"), 1);
	snprintf(want, sizeof(want), "ipsecmon: %s: not a model segment\n", bad);
	ck_assert_str_eq(err, want);
	/* "broken" comes before "gateway": its slot is 0 */
	expect_line("172.22.1.4      172.22.1.3      QM_IDLE              1    1");
}
END_TEST

START_TEST(figures_that_are_old_say_so_themselves)
{
	char want[256];
	if (ipm_now_ns() < 200u * (uint64_t)SECOND)
		return; /* the machine has just started */
	given_segment();
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	uint32_t map = given_entry((struct ipm_map_entry){ .name = "m" });
	ck_assert_int_eq(run_silent("show crypto isakmp sa", 95), 0);
	snprintf(want, sizeof(want),
		 "%% slot 0, %s: its writer (pid %d) has been silent for 1 min 35 s: the figures are that old\n",
		 segment_file, (int)getpid());
	ck_assert_msg(strncmp(out, want, strlen(want)) == 0, "%s", out);
	ck_assert_str_eq(err, "");
	expect_line("172.22.1.4      172.22.1.3      QM_IDLE              1    0");
	(void)map;
	ck_assert_int_eq(run_silent("show crypto map", 95), 0);
	ck_assert_msg(strstr(out, "        Status: down for 0 s as of 1 min 35 s ago, not up yet"), "%s", out);

	ck_assert_int_eq(run_silent("show crypto isakmp sa --json", 95), 0);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	expect_text(j, "segments.0.state", "silent");
	expect_int(j, "segments.0.heartbeat_age", 95);
	ck_assert_msg(strstr(err, "has been silent for 1 min 35 s: the figures are that old\n"), "%s", err);
	json_decref(j);
	ck_assert_int_eq(run("show crypto isakmp sa --json"), 0);
	j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	expect_text(j, "segments.0.state", "running");
	json_decref(j);
}
END_TEST

START_TEST(what_a_stopped_writer_left_says_so_at_once)
{
	char want[256];
	given_segment();
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	ipm_writer_close(w);
	w = NULL;
	ck_assert_int_eq(run("show crypto isakmp sa"), 0);
	snprintf(want, sizeof(want), "%% slot 0, %s: its writer was stopped ", segment_file);
	ck_assert_msg(strncmp(out, want, strlen(want)) == 0, "%s", out);
	run("show feeds");
	expect_no_word("ago ago");
	ck_assert_msg(strstr(out, "\n  writer stopped, heartbeat "), "%s", out);
	run("show feeds --json");
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	expect_text(j, "segments.0.state", "stopped");
	json_decref(j);
}
END_TEST

START_TEST(a_record_that_cannot_be_read_is_counted_and_the_others_are_shown)
{
	given_segment();
	int first = given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.5");
	ipm_writer_commit(w);
	const struct ipm_section *s = &ipm_header(ipm_writer_segment(w))->section[IPM_IKE_SAS];
	patch(s->offset + (size_t)first * s->stride, &(uint32_t){ 7 },
	      4); /* as if its writer had died during a change */
	ck_assert_int_eq(run("show crypto isakmp sa"), 1);
	ck_assert_str_eq(err, "ipsecmon: 1 record could not be read: its writer was changing it, or died doing so\n");
	expect_line("172.22.1.5      172.22.1.3      QM_IDLE              2    0");
	patch(s->offset + (size_t)first * s->stride, &(uint32_t){ 8 }, 4);
}
END_TEST

START_TEST(a_file_name_cannot_reach_the_terminal_s_controls)
{
	given_odd_segment_file();
	ck_assert_int_eq(run("show feeds"), 1);
	ck_assert_msg(strstr(err, "/esc?[2J??name.model: "), "%s", err);
	/* A valid segment with such a name. */
	strcpy(strrchr(segment_file, '/'), "/e\033[0m.model");
	given_segment();
	run("show feeds");
	ck_assert_msg(strstr(out, "/e?[0m.model)"), "%s", out);
	expect_no_word("\033");
	run("--json show feeds");
	ck_assert_msg(strstr(out, "/e?[0m.model\""), "%s", out);
}
END_TEST

START_TEST(a_configuration_that_is_wrong_is_reported)
{
	FILE *f = fopen(conf_file, "w");
	fprintf(f, "run-dir = here\n");
	fclose(f);
	ck_assert_int_eq(run("show feeds"), 1);
	ck_assert_ptr_nonnull(strstr(err, "/conf:1: run-dir must be an absolute path"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("segments");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, without_a_segment_a_sentence_says_why);
	tcase_add_test(tc, a_segment_that_is_none_is_reported_and_the_others_are_shown);
	tcase_add_test(tc, figures_that_are_old_say_so_themselves);
	tcase_add_test(tc, what_a_stopped_writer_left_says_so_at_once);
	tcase_add_test(tc, a_record_that_cannot_be_read_is_counted_and_the_others_are_shown);
	tcase_add_test(tc, a_file_name_cannot_reach_the_terminal_s_controls);
	tcase_add_test(tc, a_configuration_that_is_wrong_is_reported);
	return run_suite(suite);
}
