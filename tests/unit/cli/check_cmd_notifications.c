/* SPDX-License-Identifier: ISC */
/* show notifications. */
#include "cli_fixture.h"

START_TEST(an_agent_reported_so_long_ago)
{
	struct ipm_error error;
	struct ipm_writer_options opt = { .path = segment_file,
					  .name = "gateway",
					  .control = "/run/control",
					  .capacity = { .agents = 4, .events = 8 },
					  .mode = 0640 };
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &error), 0);
	expect("show notifications", "no agent has reported yet\n");
	ipm_agent_put(w, &(struct ipm_agent){ .pid = 4711, .name = "x", .sent = 3 });
	ck_assert_int_eq(run("show notifications"), 0);
	ck_assert_msg(strncmp(out, "agent x (pid 4711), reported ", 29) == 0, "%s", out);
	expect_line("  notifications sent: 3, suppressed: 0, switched off: 0, waiting: 0");
	expect_no_word("ago ago");
}
END_TEST

START_TEST(where_no_agent_can_report_that_is_said)
{
	given_segment(); /* without a control socket, like that of ipsecmon-engine */
	expect("show notifications",
	       "segment gateway: agents cannot report to its writer, which has no control socket.\n"
	       "  Ask the agent over SNMP: ipsecmonAgentSent, ipsecmonAgentSuppressed\n");
	run("show notifications --json");
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	ck_assert(json_is_false(at(j, "segments.0.agents_report")));
	json_decref(j);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd_notifications");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, an_agent_reported_so_long_ago);
	tcase_add_test(tc, where_no_agent_can_report_that_is_said);
	return run_suite(suite);
}
