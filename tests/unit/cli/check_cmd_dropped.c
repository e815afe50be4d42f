/* SPDX-License-Identifier: ISC */
/* show crypto engine connections dropped-packet. */
#include "show_fixture.h"

static void
given_drops(void)
{
	struct ipm_interface uplink = { .ifindex = 2, .name = "FastEthernet0/1", .addr = addr("172.22.1.3") };
	struct ipm_interface unknown = { 0 };
	given_segment();
	ck_assert_int_ge(ipm_interface_dropped(w, &uplink, IPM_DROP_NOT_UP, 5), 0);
	ck_assert_int_ge(ipm_interface_dropped(w, &unknown, IPM_DROP_NOT_UP, 2), 0);
	ck_assert_int_ge(ipm_interface_dropped(w, &uplink, IPM_DROP_NOT_UP, 1), 0);
	ipm_dropped(w, IPM_OUT, IPM_DROP_NO_SA, 8);
	ipm_dropped(w, IPM_IN, IPM_DROP_POLICY, 3);
	ipm_writer_commit(w);
}

START_TEST(dropped_packets_by_interface_and_by_reason)
{
	given_drops();
	ck_assert_int_eq(run("show crypto engine connections dropped-packet"), 0);
	ck_assert_str_eq(out, "Packets dropped because of connection not established:\n"
			      "Interface            IP-Address      Drop Count\n"
			      "FastEthernet0/1      172.22.1.3      6\n"
			      "-                    -               2\n"
			      "\n"
			      "Packets dropped in all, by reason:\n"
			      "        In        Out   Reason\n"
			      "         3          0   no policy, or not what the policy wants\n"
			      "         0          8   no SA\n");
}
END_TEST

START_TEST(without_a_drop_none_is_said)
{
	given_segment();
	run("show crypto engine connections dropped-packet");
	expect_line("         -          -   none");
}
END_TEST

START_TEST(json_of_dropped_packets)
{
	given_drops();
	json_t *j = runs_json("show crypto engine connections dropped-packet --json");
	expect_text(j, "segments.0.interfaces.0.name", "FastEthernet0/1");
	expect_text(j, "segments.0.interfaces.0.address", "172.22.1.3");
	expect_int(j, "segments.0.interfaces.0.drops.not_up", 6);
	expect_int(j, "segments.0.interfaces.1.ifindex", 0);
	expect_int(j, "segments.0.drops_out.no_sa", 8);
	expect_int(j, "segments.0.drops_in.policy", 3);
	expect_int(j, "segments.0.drops_in.no_sa", 0);
	json_decref(j);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd_dropped");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, dropped_packets_by_interface_and_by_reason);
	tcase_add_test(tc, without_a_drop_none_is_said);
	tcase_add_test(tc, json_of_dropped_packets);
	return run_suite(suite);
}
