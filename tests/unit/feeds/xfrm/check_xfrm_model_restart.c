/* SPDX-License-Identifier: ISC */
/* Restarts of the daemon. */

#include "xfrm_model_fixture.h"

/* --- restarts ------------------------------------------------------------ */

START_TEST(after_a_restart_all_is_as_it_was)
{
	POLICIES(policy_in_dump(policy(1, 1)));
	kernel_dump(OLD, 10, 20);
	struct ipm_tunnel before = tunnel_with(OLD);
	uint64_t installed = sa_row(OLD).installed_ns;
	daemon_restarts(_i);
	expect_same(tunnel_with(OLD), before, 0);
	POLICIES(policy_in_dump(policy(1, 1)));
	kernel_dump(OLD, 15, 25);
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 15, 25);
	expect_total(15, 25);
	ck_assert_uint_eq(sa_row(OLD).installed_ns, installed);
	ck_assert_uint_eq(tunnel_with(OLD).created_ns, before.created_ns);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	expect_events(IPM_EVENT_TUNNEL_START, 1);

	sa_appears(added_later(outbound(NEW + 1), 50)); /* a rekey goes on as ever */
	sa_appears(added_later(inbound(NEW), 50));
	expect_same(tunnel_with(NEW), before, 1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
}
END_TEST

START_TEST(sas_that_went_while_we_were_away_go_at_the_first_dump)
{
	kernel_dump(OLD, 10, 20);
	sa_appears(of_reqid(inbound(OTHER), 2));
	struct ipm_tunnel before = tunnel_with(OTHER);
	daemon_restarts(_i);
	ck_assert_uint_eq(rows(IPM_SAS), 3);
	kernel_dump(OLD, 11, 20);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_tunnels(1);
	expect_stopped(before, IPM_REASON_UNKNOWN);
}
END_TEST

START_TEST(a_rekey_while_we_were_away_is_one_refresh)
{
	kernel_dump(OLD, 10, 20);
	struct ipm_tunnel before = tunnel_with(OLD);
	daemon_restarts(_i);
	DUMP(sa_in_dump(added_later(with_packets(outbound(NEW + 1), 3), 50));
	     sa_in_dump(added_later(with_packets(inbound(NEW), 4), 50)));
	expect_same(tunnel_with(NEW), before, 1);
	expect_carried(tunnel_with(NEW), 14, 23);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

START_TEST(a_restart_in_the_middle_of_a_rekey_is_no_refresh_of_its_own)
{
	kernel_dump(OLD, 10, 20);
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_appears(added_later(inbound(NEW), 10));
	expect_same(tunnel_with(NEW), before, 1);
	daemon_restarts(_i);
	DUMP(sa_in_dump(added_later(inbound(NEW), 10)); sa_in_dump(with_packets(outbound(OLD + 1), 20));
	     sa_in_dump(with_packets(inbound(OLD), 10)));
	sa_appears(added_later(outbound(NEW + 1), 11));
	expect_same(tunnel_with(NEW), before, 1);
	sa_appears(added_later(outbound(NEW + 3), 20));
	expect_same(tunnel_with(NEW), before, 2);
}
END_TEST

START_TEST(a_name_that_another_sa_took_while_we_were_away_counts_from_zero)
{
	kernel_dump(OLD, 10, 20);
	daemon_restarts(_i);
	DUMP(sa_in_dump(added_later(with_packets(outbound(OLD + 1), 3), 50));
	     sa_in_dump(added_later(with_packets(inbound(OLD), 4), 50)));
	expect_carried(tunnel_with(OLD), 14, 23);
}
END_TEST

/* The kernel wrote the message before the event. */
START_TEST(a_late_dump_message_after_a_restart_does_not_count_all_again)
{
	kernel_dump(OLD, 10, 20);
	daemon_restarts(_i);
	DUMP(sa_expires_soft(with_packets(inbound(OLD), 15)); sa_in_dump(with_packets(outbound(OLD + 1), 22));
	     sa_in_dump(with_packets(inbound(OLD), 14)));
	expect_carried(tunnel_with(OLD), 15, 22);
	expect_total(15, 22);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
}
END_TEST

START_TEST(a_tunnels_own_selector_survives_a_restart)
{
	struct xfrm_sa a = of_net(of_reqid(inbound(OLD), 0), 1), b = of_net(of_reqid(outbound(OLD + 1), 0), 1);

	DUMP(sa_in_dump(b); sa_in_dump(a));
	struct ipm_tunnel before = tunnel_with(OLD);
	daemon_restarts(_i);
	POLICIES(NOTHING);
	DUMP(sa_in_dump(b); sa_in_dump(a));
	DUMP(sa_in_dump(b); sa_in_dump(a));
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert(has_net(tunnel_with(OLD), 1));
}
END_TEST

START_TEST(without_reqid_a_rekey_after_a_restart_keeps_the_tunnel)
{
	struct xfrm_sa a = of_net(of_reqid(inbound(OLD), 0), 1), b = of_net(of_reqid(outbound(OLD + 1), 0), 1);

	DUMP(sa_in_dump(b); sa_in_dump(a));
	struct ipm_tunnel before = tunnel_with(OLD);
	daemon_restarts(_i);
	DUMP(sa_in_dump(b); sa_in_dump(a));
	sa_appears(added_later(of_net(of_reqid(inbound(NEW), 0), 1), 50));
	sa_appears(added_later(of_net(of_reqid(outbound(NEW + 1), 0), 1), 50));
	expect_tunnels(1);
	expect_same(tunnel_with(NEW), before, 1);
}
END_TEST

START_TEST(a_bundle_counts_once_after_a_restart)
{
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)); sa_in_dump(as_ah(inbound(OTHER)));
	     sa_in_dump(as_ah(outbound(OTHER + 1))));
	daemon_restarts(_i);
	DUMP(sa_in_dump(with_packets(as_ah(inbound(OTHER)), 7)); sa_in_dump(with_packets(outbound(OLD + 1), 5));
	     sa_in_dump(with_packets(inbound(OLD), 7)); sa_in_dump(with_packets(as_ah(outbound(OTHER + 1)), 5)));
	expect_carried(tunnel_with(OLD), 7, 5);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 14);
}
END_TEST

START_TEST(a_held_tunnel_that_nobody_claims_after_a_restart_is_over)
{
	pair_appears(OLD);
	claim(OLD, true, IPM_REASON_UNKNOWN);
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_deleted(inbound(OLD));
	sa_deleted(outbound(OLD + 1));
	expect_held(1);
	daemon_restarts(_i);
	DUMP(NOTHING);
	expect_held(0);
	expect_stopped(before, IPM_REASON_UNKNOWN);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_model_restart");
	TCase *tc = tests_of(suite, "restarts", given_a_gateway);
	tcase_add_loop_test(tc, after_a_restart_all_is_as_it_was, 0, 2);
	tcase_add_loop_test(tc, sas_that_went_while_we_were_away_go_at_the_first_dump, 0, 2);
	tcase_add_loop_test(tc, a_rekey_while_we_were_away_is_one_refresh, 0, 2);
	tcase_add_loop_test(tc, a_restart_in_the_middle_of_a_rekey_is_no_refresh_of_its_own, 0, 2);
	tcase_add_loop_test(tc, a_name_that_another_sa_took_while_we_were_away_counts_from_zero, 0, 2);
	tcase_add_loop_test(tc, a_late_dump_message_after_a_restart_does_not_count_all_again, 0, 2);
	tcase_add_loop_test(tc, a_tunnels_own_selector_survives_a_restart, 0, 2);
	tcase_add_loop_test(tc, without_reqid_a_rekey_after_a_restart_keeps_the_tunnel, 0, 2);
	tcase_add_loop_test(tc, a_bundle_counts_once_after_a_restart, 0, 2);
	tcase_add_loop_test(tc, a_held_tunnel_that_nobody_claims_after_a_restart_is_over, 0, 2);
	return run_in_scratch("check_xfrm_model_restart", suite);
}
