/* SPDX-License-Identifier: ISC */
/* charon or ipsecmond dies and comes back. */

#include "vici_model_fixture.h"

/* --- charon dies, and comes back ----------------------------------------- */

/* Before: an IKEv2 gateway with two children, an IKEv1 gateway with one; unique ids as after some rekeys. */
static struct ipm_tunnel net_before, net2_before, main_before;
static struct ipm_ike_sa v2_before, v1_before;

static void
given_two_gateways(uint32_t first_uid)
{
	struct vici_ike v2 = ike(first_uid, "v2"), v1 = ike_v1(first_uid + 1, "v1");
	LIST_TWICE(tell_both(v2, with_packets(child(first_uid, "net", 1, OLD), 10, 10));
		   tell_child(v2, with_packets(child(first_uid + 1, "net2", 2, NEW), 20, 20));
		   tell_both(v1, with_packets(child(first_uid + 2, "main", 3, 0xd0000000), 30, 30)));
	net_before = tunnel("net");
	net2_before = tunnel("net2");
	main_before = tunnel("main");
	v2_before = ike_row("v2");
	v1_before = ike_row("v1");
}

static void
list_of_the_new_charon(bool with_net2)
{
	struct vici_ike v2 = of_another_charon(ike(2, "v2")), v1 = of_another_charon(ike_v1(1, "v1"));
	struct vici_child net = with_packets(child(3, "net", 1, 0xe1000000), 1, 1);
	struct vici_child net2 = with_packets(child(1, "net2", 2, 0xe2000000), 2, 2);
	struct vici_child main_child = with_packets(child(2, "main", 3, 0xe3000000), 3, 3);

	/* A new charon gives other reqids to the same selectors, and reports in any order. */
	net.reqid = 2;
	net2.reqid = 1;
	main_child.reqid = 1;
	LIST(tell_both(v1, main_child); tell_both(v2, net); if (with_net2) tell_child(v2, net2));
}

static void
expect_the_same_tunnels_again(void)
{
	ck_assert_uint_eq(tunnel("net").index, net_before.index);
	ck_assert_uint_eq(tunnel("net2").index, net2_before.index);
	ck_assert_uint_eq(tunnel("main").index, main_before.index);
	ck_assert_uint_eq(ike_row("v2").index, v2_before.index);
	ck_assert_uint_eq(ike_row("v1").index, v1_before.index);
	expect_carried(tunnel("net"), 11, 11);
	expect_carried(tunnel("net2"), 22, 22);
	expect_carried(tunnel("main"), 33, 33);
	ck_assert_uint_eq(rows(IPM_SAS), 6);
	ck_assert_uint_eq(ike_row("v2").uid, 2);
	ck_assert_uint_eq(ike_row("v1").uid, 1);
	ck_assert_uint_eq(tunnel("net").ike_index, v2_before.index);
	ck_assert_uint_eq(totals().tunnels_previous, 0);
	ck_assert_uint_eq(totals().ike_previous, 0);
	expect_events(IPM_EVENT_TUNNEL_START, 3);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	expect_events(IPM_EVENT_IKE_STOP, 0);
}

START_TEST(after_a_crash_tunnels_get_their_index_back_and_count_on)
{
	given_two_gateways((uint32_t)_i);
	charon_is_away();
	expect_tunnels(3);
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	expect_the_same_tunnels_again();
	hold_time_is_over();
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	expect_the_same_tunnels_again();
}
END_TEST

START_TEST(after_a_crash_tunnels_may_come_back_one_by_one_while_they_are_held)
{
	given_two_gateways((uint32_t)_i);
	charon_is_away();
	LIST_TWICE();
	expect_tunnels(0);
	expect_held(3);
	expect_ikes(0);
	list_of_the_new_charon(false);
	expect_tunnels(2);
	expect_held(1);
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	expect_the_same_tunnels_again();
	expect_held(0);
}
END_TEST

START_TEST(after_a_crash_the_first_may_be_told_by_events)
{
	given_two_gateways((uint32_t)_i);
	charon_is_away();
	vici_model_list_begin(model); /* requested, but not yet answered */
	struct vici_ike v2 = of_another_charon(ike(1, "v2"));
	tell_ike(v2);
	tell_both(v2, child(1, "net", 1, 0xe1000000));
	ck_assert(vici_model_list_end(model));
	LIST_TWICE(tell_both(v2, child(1, "net", 1, 0xe1000000)));
	ck_assert_uint_eq(tunnel("net").index, net_before.index);
	ck_assert_uint_eq(ike_row("v2").index, v2_before.index);
	expect_held(2);
}
END_TEST

START_TEST(what_does_not_come_back_is_hidden_after_two_lists_and_over_after_the_hold_time)
{
	given_two_gateways(10);
	charon_is_away();
	list_of_the_new_charon(false);
	expect_tunnels(3); /* one list is not enough */
	list_of_the_new_charon(false);
	expect_tunnels(2);
	expect_held(1);
	ck_assert_uint_eq(totals().tunnels_previous, 0);
	vici_model_expire(model, hold_until - 1);
	expect_held(1);
	hold_time_is_over();
	expect_held(0);
	expect_tunnels(2);
	expect_ikes(2);
	expect_stopped(net2_before, IPM_REASON_SOURCE_LOST);
	ck_assert_uint_eq(totals().tunnels_previous, 1);
	ck_assert_uint_eq(totals().in.pkts, 64); /* 10, 20 and 30 before, 1 and 3 since */
	list_of_the_new_charon(true);
	ck_assert_uint_ne(tunnel("net2").index, net2_before.index);
}
END_TEST

START_TEST(a_charon_that_never_comes_back_is_shown_until_the_hold_time_is_over)
{
	given_two_gateways(1);
	charon_is_away();
	vici_model_expire(model, hold_until - 1);
	expect_tunnels(3);
	expect_ikes(2);
	hold_time_is_over();
	expect_tunnels(0);
	expect_held(0);
	expect_ikes(0);
	expect_stopped(net_before, IPM_REASON_SOURCE_LOST);
	expect_stopped(main_before, IPM_REASON_SOURCE_LOST);
	ck_assert_uint_eq(totals().tunnels_previous, 3);
	ck_assert_uint_eq(totals().ike_previous, 2);
	ck_assert_uint_eq(totals().in.pkts, 60);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	list_of_the_new_charon(true);
	expect_tunnels(3);
}
END_TEST

START_TEST(the_end_of_the_hold_time_does_no_harm_to_what_one_list_has_just_missed)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD), net2 = child(2, "net2", 2, NEW);

	LIST_TWICE(tell_both(a, net); tell_child(a, net2));
	charon_is_away();
	LIST_TWICE(tell_both(a, net); tell_child(a, net2));
	LIST(tell_both(a, net)); /* the other one is being moved now */
	ck_assert(unsure);
	hold_time_is_over();
	expect_tunnels(2);
	expect_ikes(1);
	LIST_TWICE(tell_both(a, net); tell_child(a, net2));
	expect_events(IPM_EVENT_TUNNEL_START, 2);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(the_end_of_the_hold_time_waits_for_a_list_that_is_coming_in)
{
	struct vici_ike a = ike(1, "ikev2"), gone = from_peer(ike(2, "other"), "other", 9);
	struct vici_child net = child(1, "net", 1, OLD);

	LIST_TWICE(tell_both(a, net); tell_ike(gone));
	charon_is_away();
	LIST(tell_ike(a); hold_time_is_over(); tell_child(a, net));
	LIST(tell_both(a, net));
	hold_time_is_over();
	expect_tunnels(1);
	expect_ikes(1);
	expect_held(0);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_IKE_STOP, 1);
}
END_TEST

START_TEST(a_second_crash_gives_a_new_hold_time_to_what_was_listed_in_between)
{
	given_two_gateways(5);
	charon_is_away();
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	uint64_t first = hold_until;
	vici_model_hold(model, first + HOLD_NS);
	vici_model_hold(model, first + 2 * HOLD_NS); /* a conversation that broke before a list changes nothing */
	vici_model_expire(model, first);
	expect_tunnels(3);
	vici_model_expire(model, first + HOLD_NS);
	expect_tunnels(0);
	expect_stopped(net_before, IPM_REASON_SOURCE_LOST);
}
END_TEST

START_TEST(a_crash_right_after_an_ike_rekey_is_no_trap_for_the_same_unique_ids)
{
	struct vici_child net = child(5, "net", 1, OLD);
	tell_both(ike(1, "ikev2"), net);
	ike_rekey(ike(1, "ikev2"), ike(2, "ikev2"));
	struct ipm_ike_sa before = ike_row("ikev2");
	struct ipm_tunnel tunnel_before = tunnel("net");
	charon_is_away();
	struct vici_ike now = of_another_charon(ike(1, "ikev2"));
	LIST_TWICE(tell_both(now, child(1, "net", 1, NEW)));
	ck_assert_uint_eq(ike_row("ikev2").index, before.index);
	ck_assert_uint_eq(ike_row("ikev2").spi_initiator, now.spi_initiator);
	ck_assert_uint_eq(tunnel("net").index, tunnel_before.index);
}
END_TEST

START_TEST(the_first_thing_heard_of_a_new_charon_may_be_a_rekey)
{
	struct vici_child net = child(1, "net", 1, OLD), other = child(2, "other", 2, NEW);
	struct vici_ike a = of_another_charon(ike(1, "ikev2")), b = of_another_charon(ike(2, "ikev2"));
	struct vici_child old = with_packets(child(1, "net", 1, 0xe1000000), 7, 7);
	struct vici_child now = with_packets(child(2, "net", 1, 0xe2000000), 1, 1);

	/* Unique ids 1 and 2 are known, but belong to other SAs. */
	LIST_TWICE(tell_both(ike(1, "ikev2"), with_packets(net, 5, 5));
		   tell_both(from_peer(ike(2, "other"), "other", 9), with_packets(other, 5, 5)));
	struct ipm_tunnel before = tunnel("net");
	struct ipm_ike_sa ike_before = ike_row("ikev2");
	charon_is_away();
	tell_both(a, old);
	child_rekey(a, child_in(old, VICI_CHILD_REKEYED), now);
	ike_rekey(a, b);
	LIST_TWICE(tell_both(b, child_in(with_packets(old, 8, 7), VICI_CHILD_DELETED));
		   tell_child(b, with_packets(now, 2, 2)));
	ck_assert_uint_eq(ike_row("ikev2").index, ike_before.index);
	ck_assert_uint_eq(tunnel("net").index, before.index);
	ck_assert_uint_eq(tunnel("net").sas, 3);
	expect_carried(tunnel("net"), 15, 14);
	expect_held(1);
}
END_TEST

START_TEST(the_end_of_a_new_charons_sa_is_not_the_end_of_the_old_ones_of_that_unique_id)
{
	struct vici_ike a = ike(1, "ikev2"), unknown = of_another_charon(from_peer(ike(1, "rw"), "rw", 9));
	LIST_TWICE(tell_both(a, with_packets(child(1, "net", 1, OLD), 5, 5)));
	charon_is_away();
	child_down(unknown, with_packets(child(1, "rw", 1, NEW), 40, 40)); /* its start was not received */
	ike_down(unknown);
	expect_tunnels(1);
	expect_ikes(1);
	expect_carried(tunnel("net"), 5, 5);
}
END_TEST

START_TEST(after_a_crash_a_peer_may_be_held_and_come_back_from_another_address)
{
	struct vici_ike before = from_peer(ike(1, "rw"), "alice", 2), after = from_peer(ike(1, "rw"), "alice", 7);
	LIST_TWICE(tell_both(before, with_packets(child(1, "rw", 1, OLD), 5, 5)));
	struct ipm_tunnel tunnel_before = tunnel("rw");
	charon_is_away();
	LIST_TWICE();
	after = of_another_charon(after);
	tell_both(after, child(1, "rw", 1, NEW));
	LIST_TWICE(tell_both(after, with_packets(child(1, "rw", 1, NEW), 1, 1)));
	ck_assert_uint_eq(tunnel("rw").index, tunnel_before.index);
	expect_carried(tunnel("rw"), 6, 6);
	ck_assert_uint_eq(tunnel("rw").remote.bytes[3], 7);
}
END_TEST

START_TEST(what_goes_down_by_an_event_is_not_held)
{
	given_two_gateways(1);
	charon_is_away();
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	struct vici_ike v2 = of_another_charon(ike(2, "v2"));
	ike_down(v2);
	child_down(v2, with_packets(child(3, "net", 1, 0xe1000000), 1, 1));
	child_down(v2, with_packets(child(1, "net2", 2, 0xe2000000), 2, 2));
	expect_tunnels(1);
	expect_held(0);
	expect_ikes(1);
	expect_stopped(net_before, IPM_REASON_UNKNOWN);
}
END_TEST

/* --- ipsecmond starts again ---------------------------------------------- */

START_TEST(after_a_restart_of_the_daemon_all_is_as_it_was)
{
	given_two_gateways(4);
	daemon_restarts();
	expect_tunnels(3); /* shown even before the first request to charon */
	struct vici_ike v2 = ike(4, "v2"), v1 = ike_v1(5, "v1");
	LIST_TWICE(tell_both(v2, with_packets(child(4, "net", 1, OLD), 11, 11));
		   tell_child(v2, with_packets(child(5, "net2", 2, NEW), 22, 22));
		   tell_both(v1, with_packets(child(6, "main", 3, 0xd0000000), 33, 33)));
	ck_assert_uint_eq(tunnel("net").index, net_before.index);
	ck_assert_uint_eq(tunnel("net2").index, net2_before.index);
	ck_assert_uint_eq(ike_row("v2").index, v2_before.index);
	ck_assert_uint_eq(ike_row("v1").index, v1_before.index);
	expect_carried(tunnel("net"), 11, 11);
	expect_carried(tunnel("net2"), 22, 22);
	expect_carried(tunnel("main"), 33, 33);
	ck_assert_uint_eq(tunnel("net").refreshes + tunnel("net2").refreshes + ike_row("v2").refreshes, 0);
	ck_assert_uint_eq(rows(IPM_SAS), 6);
	ck_assert_uint_eq(totals().in.pkts, 66);
	hold_time_is_over();
	expect_tunnels(3);
	expect_ikes(2);
	expect_events(IPM_EVENT_TUNNEL_START, 3);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(the_daemon_and_charon_may_both_have_been_restarted)
{
	given_two_gateways(_i ? 1 : 4);
	daemon_restarts();
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	expect_the_same_tunnels_again();
}
END_TEST

START_TEST(a_rekey_while_the_daemon_was_away_is_one_refresh)
{
	struct vici_ike a = ike(1, "ikev2");
	LIST_TWICE(tell_both(a, with_packets(child(5, "net", 1, OLD), 10, 10)));
	struct ipm_tunnel before = tunnel("net");
	daemon_restarts();
	LIST(tell_both(a, child_in(with_packets(child(5, "net", 1, OLD), 12, 12), VICI_CHILD_DELETED));
	     tell_child(a, with_packets(child(6, "net", 1, NEW), 1, 1)));
	LIST_TWICE(tell_both(a, with_packets(child(6, "net", 1, NEW), 2, 2)));
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 14, 12 + 2);
}
END_TEST

START_TEST(what_an_earlier_run_held_is_still_given_back_or_stopped)
{
	given_two_gateways(1);
	charon_is_away();
	LIST_TWICE();
	expect_held(3);
	daemon_restarts();
	list_of_the_new_charon(false);
	list_of_the_new_charon(false);
	ck_assert_uint_eq(tunnel("net").index, net_before.index);
	expect_held(1);
	hold_time_is_over();
	expect_held(0);
	expect_stopped(net2_before, IPM_REASON_SOURCE_LOST);
}
END_TEST

START_TEST(a_tunnel_that_a_dying_daemon_left_without_sas_does_not_stay_for_ever)
{
	struct vici_ike a = ike(1, "ikev2");
	LIST_TWICE(tell_both(a, child(5, "net", 1, OLD)));
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_SAS); slot++)
		ipm_sa_stop(writer, slot);
	daemon_restarts();
	LIST_TWICE(tell_ike(a));
	hold_time_is_over();
	expect_tunnels(0);
	expect_held(0);
	expect_ikes(1);
}
END_TEST

START_TEST(records_of_another_feed_are_left_alone)
{
	struct ipm_tunnel foreign = { .state = IPM_TUNNEL_UP, .feed = 1, .uid = 1, .conn = "x", .name = "foreign" };
	foreign.local = foreign.remote = ip4(192, 0, 2, 200);
	ck_assert_int_eq(ipm_feed_open(writer, "xfrm"), 1);
	ck_assert_int_ge(ipm_tunnel_start(writer, &foreign), 0);
	daemon_restarts();
	LIST_TWICE(tell_both(ike(1, "ikev2"), child(1, "net", 1, OLD)));
	hold_time_is_over();
	expect_tunnels(2);
	LIST_TWICE();
	tunnel("foreign");
	expect_tunnels(1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vici_model_restart");
	TCase *tc = tcase_create("behaviour");
	tcase_add_checked_fixture(tc, given_a_gateway, gateway_ends);
	/* With unique ids that the new charon reuses, and with others. */
	tcase_add_loop_test(tc, after_a_crash_tunnels_get_their_index_back_and_count_on, 1, 8);
	tcase_add_loop_test(tc, after_a_crash_tunnels_may_come_back_one_by_one_while_they_are_held, 1, 8);
	tcase_add_loop_test(tc, after_a_crash_the_first_may_be_told_by_events, 1, 4);
	tcase_add_test(tc, what_does_not_come_back_is_hidden_after_two_lists_and_over_after_the_hold_time);
	tcase_add_test(tc, a_charon_that_never_comes_back_is_shown_until_the_hold_time_is_over);
	tcase_add_test(tc, the_end_of_the_hold_time_does_no_harm_to_what_one_list_has_just_missed);
	tcase_add_test(tc, the_end_of_the_hold_time_waits_for_a_list_that_is_coming_in);
	tcase_add_test(tc, a_second_crash_gives_a_new_hold_time_to_what_was_listed_in_between);
	tcase_add_test(tc, a_crash_right_after_an_ike_rekey_is_no_trap_for_the_same_unique_ids);
	tcase_add_test(tc, the_first_thing_heard_of_a_new_charon_may_be_a_rekey);
	tcase_add_test(tc, the_end_of_a_new_charons_sa_is_not_the_end_of_the_old_ones_of_that_unique_id);
	tcase_add_test(tc, after_a_crash_a_peer_may_be_held_and_come_back_from_another_address);
	tcase_add_test(tc, what_goes_down_by_an_event_is_not_held);
	tcase_add_test(tc, after_a_restart_of_the_daemon_all_is_as_it_was);
	tcase_add_loop_test(tc, the_daemon_and_charon_may_both_have_been_restarted, 0, 2);
	tcase_add_test(tc, a_rekey_while_the_daemon_was_away_is_one_refresh);
	tcase_add_test(tc, what_an_earlier_run_held_is_still_given_back_or_stopped);
	tcase_add_test(tc, a_tunnel_that_a_dying_daemon_left_without_sas_does_not_stay_for_ever);
	tcase_add_test(tc, records_of_another_feed_are_left_alone);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_vici_model_restart", suite);
}
