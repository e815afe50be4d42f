/* SPDX-License-Identifier: ISC */
/* Rekeys of CHILD_SAs and IKE SAs, in IKEv1 and IKEv2. */

#include "vici_model_fixture.h"

/* --- IKEv2: the rekey of a CHILD_SA -------------------------------------- */

START_TEST(an_ikev2_child_rekey_keeps_the_tunnel_and_adds_up_both_sas)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell_both(a, old);
	LIST(tell_both(a, with_packets(old, 10, 10)));
	struct ipm_tunnel before = tunnel("net");
	expect_carried(before, 10, 10);

	child_rekey(a, child_in(with_packets(old, 65, 65), VICI_CHILD_REKEYED), now);
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 65, 65);
	ck_assert_uint_eq(tunnel("net").sas, 4);
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(sa_state(NEW), IPM_SA_ACTIVE);

	/* A packet under way reached the old inbound SA. Only this list reports that. */
	LIST(tell_both(a, child_in(with_packets(old, 66, 65), VICI_CHILD_DELETING));
	     tell_child(a, with_packets(now, 3, 4)));
	expect_carried(tunnel("net"), 69, 69);

	LIST(tell_both(a, child_in(with_packets(old, 67, 65), VICI_CHILD_DELETED));
	     tell_child(a, with_packets(now, 30, 40)));
	ck_assert_uint_eq(sa_state(OLD + 1), 0);
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel("net").sas, 3);
	expect_carried(tunnel("net"), 97, 105);

	LIST(tell_both(a, with_packets(now, 31, 41)));
	ck_assert(unsure);
	LIST(tell_both(a, with_packets(now, 32, 42)));
	ck_assert(!unsure);
	ck_assert_uint_eq(sa_state(OLD), 0);
	ck_assert_uint_eq(tunnel("net").sas, 2);
	ck_assert_uint_eq(tunnel("net").sas_retired, 2);
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 99, 107);
	ck_assert_uint_eq(totals().in.pkts, 99);
	ck_assert_uint_eq(totals().out.pkts, 107);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(a_list_that_tells_of_the_new_child_before_the_event_changes_nothing)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell_both(a, old);
	LIST_TWICE(tell_both(a, old));
	struct ipm_tunnel before = tunnel("net");
	LIST(tell_both(a, child_in(with_packets(old, 5, 5), VICI_CHILD_REKEYED));
	     tell_child(a, with_packets(now, 1, 1)));
	child_rekey(a, child_in(with_packets(old, 5, 5), VICI_CHILD_REKEYED), with_packets(now, 1, 1));
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 6, 6);
	child_rekey(a, child_in(with_packets(old, 5, 5), VICI_CHILD_REKEYED), with_packets(now, 1, 1));
	expect_same(tunnel("net"), before, 1); /* neither does an event that comes twice */
}
END_TEST

START_TEST(the_same_race_in_the_first_list_after_a_reconnect_counts_one_refresh_too)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell_both(a, old);
	LIST_TWICE(tell_both(a, old));
	struct ipm_tunnel before = tunnel("net");
	charon_is_away();
	LIST(tell_both(a, child_in(old, VICI_CHILD_REKEYED)); tell_child(a, now));
	expect_same(tunnel("net"), before, 1);
	child_rekey(a, child_in(old, VICI_CHILD_REKEYED), now);
	expect_same(tunnel("net"), before, 1);
}
END_TEST

START_TEST(a_list_with_something_missing_does_not_make_the_race_count_twice)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);
	struct vici_child other = child(6, "other", 2, 0xd1000000);

	tell_both(a, old);
	tell_both(a, other);
	LIST_TWICE(tell_both(a, old); tell_both(a, other));
	struct ipm_tunnel before = tunnel("net");
	LIST(tell_both(a, old));
	ck_assert(unsure);
	LIST(tell_both(a, child_in(old, VICI_CHILD_REKEYED)); tell_child(a, now); tell_both(a, other));
	child_rekey(a, child_in(old, VICI_CHILD_REKEYED), now);
	expect_same(tunnel("net"), before, 1);
}
END_TEST

START_TEST(a_child_rekey_that_was_missed_altogether_is_one_refresh)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell_both(a, old);
	LIST_TWICE(tell_both(a, with_packets(old, 10, 20)));
	struct ipm_tunnel before = tunnel("net");
	charon_is_away();
	LIST_TWICE(tell_both(a, with_packets(now, 1, 2)));
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 11, 22);
	ck_assert_uint_eq(sa_state(OLD), 0);
	hold_time_is_over();
	LIST_TWICE(tell_both(a, with_packets(now, 1, 2)));
	expect_same(tunnel("net"), before, 1);
}
END_TEST

START_TEST(a_rekey_that_charon_undoes_leaves_the_old_sa_in_charge)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD);

	tell_both(a, old);
	LIST(tell_both(a, child_in(old, VICI_CHILD_REKEYING)));
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_ACTIVE);
	LIST(tell_both(a, with_packets(old, 1, 1)));
	ck_assert_uint_eq(tunnel("net").refreshes, 0);
	ck_assert_uint_eq(tunnel("net").sas, 2);
}
END_TEST

/* --- IKEv2: both sides rekey a CHILD_SA at the same moment --------------- */

static struct vici_ike
with_tasks(struct vici_ike sa, uint16_t active, uint16_t passive)
{
	sa.active = active;
	sa.passive = passive;
	return sa;
}

/* Measured on 5.9.8: the answer to our own rekey was a second late, and the peer's nonce was the smaller one. */
START_TEST(a_collision_that_the_peer_loses_before_it_answers_takes_no_tunnel_down)
{
	struct vici_ike a = ike(1, "ikev2"), waits = with_tasks(a, VICI_TASK_CHILD_REKEY, 0);
	struct vici_ike both = with_tasks(a, VICI_TASK_CHILD_REKEY, VICI_TASK_CHILD_REKEY);
	struct vici_child old = with_packets(child(1, "net", 1, OLD), 5, 5), loser = child(3, "net", 1, 0xc3000000);
	struct vici_child winner = child(2, "net", 1, NEW);

	LIST_TWICE(tell_both(a, old));
	struct ipm_tunnel before = tunnel("net");
	LIST(tell_both(waits, child_in(old, VICI_CHILD_REKEYING)));
	child_rekey(both, child_in(old, VICI_CHILD_REKEYED), loser);
	/* The peer deletes its CHILD_SA again, without an event. */
	for (int i = 0; i < 3; i++)
		LIST(tell_both(waits, child_in(old, VICI_CHILD_REKEYED));
		     tell_child(waits, child_in(loser, VICI_CHILD_DELETED)));
	LIST_TWICE(tell_both(waits, child_in(old, VICI_CHILD_REKEYED)));
	expect_same(tunnel("net"), before, 1);
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_ACTIVE); /* it is the only one in use */
	child_rekey(waits, child_in(old, VICI_CHILD_REKEYED), winner);
	LIST(tell_both(a, child_in(old, VICI_CHILD_DELETED)); tell_child(a, with_packets(winner, 1, 2)));
	LIST_TWICE(tell_both(a, with_packets(winner, 2, 3)));
	expect_same(tunnel("net"), before, 1);
	ck_assert_uint_eq(tunnel("net").uid, 2); /* although the loser's number is higher */
	expect_carried(tunnel("net"), 7, 8);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	child_down(with_tasks(a, 0, VICI_TASK_CHILD_DELETE), with_packets(winner, 2, 3));
	expect_stopped(before, IPM_REASON_PEER_DELETE);
}
END_TEST

START_TEST(a_rekeyed_sa_keeps_no_tunnel_when_its_rekey_has_been_answered)
{
	struct vici_ike a = ike(1, "ikev2"), waits = with_tasks(a, VICI_TASK_CHILD_REKEY, 0);
	struct vici_child old = child(1, "net", 1, OLD), now = child(2, "net", 1, NEW);

	LIST_TWICE(tell_both(a, old));
	struct ipm_tunnel before = tunnel("net");
	child_rekey(waits, child_in(old, VICI_CHILD_REKEYED), now);
	child_down(with_tasks(a, VICI_TASK_CHILD_DELETE, 0), now);
	expect_stopped(before, IPM_REASON_OPERATOR);
}
END_TEST

START_TEST(the_loser_of_a_collision_is_no_refresh)
{
	struct vici_ike a = ike(1, "ikev2"), waits = with_tasks(a, VICI_TASK_CHILD_REKEY, 0);
	struct vici_child old = child(1, "net", 1, OLD), loser = child(3, "net", 1, 0xc3000000);
	struct vici_child winner = child(2, "net", 1, NEW);

	LIST_TWICE(tell_both(a, old));
	struct ipm_tunnel before = tunnel("net");
	child_rekey(waits, child_in(old, VICI_CHILD_REKEYED), loser);
	child_rekey(waits, child_in(old, VICI_CHILD_REKEYED), winner);
	expect_same(tunnel("net"), before, 1);
}
END_TEST

/* Rekeys of both sides, in every order that charon can report, with lists at any point. */
static struct collision {
	uint64_t seed;
	bool old, ours, theirs; /* listed */
	struct vici_ike a;
	struct vici_child old_sa, our_sa, their_sa;
} hit;

static uint32_t
random_below(uint32_t below)
{
	hit.seed = hit.seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(hit.seed >> 33) % below;
}

static void
maybe_lists(void)
{
	for (uint32_t n = random_below(4); n > 0; n--)
		LIST(tell_ike(hit.a); if (hit.old) tell_child(hit.a, hit.old_sa);
		     if (hit.ours) tell_child(hit.a, hit.our_sa); if (hit.theirs) tell_child(hit.a, hit.their_sa));
}

/* Our rekey waits for its answer, which comes after the peer's request or before it. The loser may end before that. */
static struct vici_child
collide(struct vici_child old, uint32_t uid)
{
	bool we_win = random_below(2), goes_early = we_win && random_below(2);

	hit.a = with_tasks(ike(1, "ikev2"), VICI_TASK_CHILD_REKEY, 0);
	hit.old = true;
	hit.ours = hit.theirs = false;
	hit.old_sa = child_in(old, VICI_CHILD_REKEYING);
	hit.our_sa = child(uid, "net", 1, OLD + 4 * uid);
	hit.their_sa = child(uid + 1, "net", 1, OLD + 4 * uid + 2);
	maybe_lists();
	hit.old_sa.state = VICI_CHILD_REKEYED;
	hit.theirs = true;
	if (random_below(4)) /* sometimes it is not reported, or after ours */
		child_rekey(with_tasks(hit.a, VICI_TASK_CHILD_REKEY, VICI_TASK_CHILD_REKEY), hit.old_sa, hit.their_sa);
	maybe_lists();
	if (goes_early) {
		hit.their_sa.state = VICI_CHILD_DELETED;
		maybe_lists();
		hit.theirs = random_below(2);
		maybe_lists();
	}
	hit.ours = true;
	if (we_win || random_below(2))
		child_rekey(hit.a, hit.old_sa, hit.our_sa);
	else /* 5.9.8 may report the peer's once more */
		child_rekey(hit.a, hit.old_sa, hit.their_sa);
	hit.a.active = VICI_TASK_CHILD_DELETE;
	(we_win ? &hit.their_sa : &hit.our_sa)->state = random_below(2) ? VICI_CHILD_DELETED : VICI_CHILD_REKEYED;
	hit.old_sa.state = random_below(2) ? VICI_CHILD_DELETING : VICI_CHILD_DELETED;
	maybe_lists();
	*(we_win ? &hit.theirs : &hit.ours) = hit.old = false;
	hit.a.active = 0;
	maybe_lists();
	return we_win ? hit.our_sa : hit.their_sa;
}

START_TEST(collisions_in_any_order_keep_the_tunnel_and_count_one_refresh_each)
{
	struct vici_child now = child(1, "net", 1, OLD);

	hit = (struct collision){ .seed = 0x9e3779b97f4a7c15ull * (uint64_t)(_i + 1) };
	LIST_TWICE(tell_both(ike(1, "ikev2"), now));
	struct ipm_tunnel before = tunnel("net");
	for (uint32_t n = 1; n <= 50; n++) {
		now = collide(now, 2 * n);
		LIST_TWICE(tell_both(ike(1, "ikev2"), now));
		expect_same(tunnel("net"), before, n);
		ck_assert_uint_eq(tunnel("net").uid, now.uniqueid);
		ck_assert_uint_eq(tunnel("net").sas, 2);
		expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	}
}
END_TEST

/* --- IKEv1: the rekey of a CHILD_SA -------------------------------------- */

START_TEST(an_ikev1_child_rekey_keeps_the_tunnel_while_the_old_sa_lingers)
{
	struct vici_ike a = ike_v1(7, "ikev1-main");
	struct vici_child old = child(8, "main", 1, OLD), now = child(10, "main", 1, NEW);

	tell_both(a, old);
	LIST_TWICE(tell_both(a, with_packets(old, 49, 48)));
	struct ipm_tunnel before = tunnel("main");
	LIST(tell_both(a, child_in(with_packets(old, 49, 48), VICI_CHILD_REKEYING)));
	child_rekey(a, child_in(with_packets(old, 49, 49), VICI_CHILD_REKEYING), with_packets(now, 1, 0));
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(sa_state(OLD + 1), IPM_SA_EXPIRING);
	for (uint64_t i = 2; i < 50; i++)
		LIST(tell_both(a, child_in(with_packets(old, 49, 49), VICI_CHILD_REKEYED));
		     tell_child(a, with_packets(now, i, i)));
	expect_same(tunnel("main"), before, 1);
	expect_carried(tunnel("main"), 98, 98);
	ck_assert_uint_eq(tunnel("main").sas, 4);
	LIST_TWICE(tell_both(a, with_packets(now, 50, 50)));
	expect_same(tunnel("main"), before, 1);
	expect_carried(tunnel("main"), 99, 99);
	ck_assert_uint_eq(tunnel("main").sas, 2);
}
END_TEST

START_TEST(with_delete_rekeyed_the_old_sa_is_gone_at_once)
{
	struct vici_ike a = ike_v1(4, "ikev1-main");
	struct vici_child old = child(8, "main", 1, OLD), now = child(12, "main", 1, NEW);

	tell_both(a, old);
	LIST_TWICE(tell_both(a, with_packets(old, 10, 10)));
	struct ipm_tunnel before = tunnel("main");
	child_rekey(a, child_in(with_packets(old, 13, 13), VICI_CHILD_REKEYING), now);
	LIST_TWICE(tell_both(a, now));
	expect_same(tunnel("main"), before, 1);
	expect_carried(tunnel("main"), 13, 13);
	ck_assert_uint_eq(tunnel("main").sas, 2);
}
END_TEST

/* --- the rekey of an IKE SA ---------------------------------------------- */

START_TEST(an_ike_rekey_keeps_the_record_and_all_tunnels)
{
	struct vici_ike old = ike(9, "ikev2"), now = ike(10, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD), net2 = child(6, "net2", 2, NEW);

	tell_both(old, net);
	tell_child(old, net2);
	LIST_TWICE(tell_both(old, with_packets(net, 10, 10)); tell_child(old, net2));
	struct ipm_ike_sa before = ike_row("ikev2");
	struct ipm_tunnel tunnel_before = tunnel("net");
	ck_assert_uint_eq(before.initiator, 1);

	now.initiator = false;
	ike_rekey(ike_in(old, VICI_IKE_REKEYING), now);
	/* For a short time the children are not listed at all. */
	LIST(tell_ike(ike_in(old, VICI_IKE_DELETING)));
	ck_assert(unsure);
	expect_tunnels(2);
	expect_ikes(1);
	LIST(tell_ike(ike_in(old, VICI_IKE_REKEYED)); tell_both(now, with_packets(net, 11, 11)); tell_child(now, net2));
	LIST_TWICE(tell_both(now, with_packets(net, 12, 12)); tell_child(now, net2));
	struct ipm_ike_sa after = ike_row("ikev2");
	ck_assert_uint_eq(after.index, before.index);
	ck_assert_uint_eq(after.refreshes, 1);
	ck_assert_uint_eq(after.initiator, 0);
	ck_assert_uint_eq(after.uid, 10);
	ck_assert_uint_eq(after.spi_initiator, now.spi_initiator);
	expect_same(tunnel("net"), tunnel_before, 0);
	expect_carried(tunnel("net"), 12, 12);
	ck_assert_uint_eq(tunnel("net").ike_index, after.index);
	expect_events(IPM_EVENT_IKE_START, 1);
	expect_events(IPM_EVENT_IKE_STOP, 0);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);

	ike_down(now);
	child_down(now, net);
	child_down(now, net2);
	expect_ikes(0);
	expect_tunnels(0);
}
END_TEST

START_TEST(three_ike_rekeys_in_a_row_are_three_refreshes_of_one_record)
{
	struct vici_child net = child(5, "net", 1, OLD);

	tell_both(ike(1, "ikev2"), net);
	struct ipm_ike_sa before = ike_row("ikev2");
	struct ipm_tunnel tunnel_before = tunnel("net");
	for (uint32_t uid = 1; uid <= 3; uid++) {
		struct vici_ike old = ike(uid, "ikev2"), now = ike(uid + 1, "ikev2");
		ike_rekey(old, now);
		ike_rekey(old, now); /* and if it were said twice */
		LIST(tell_ike(ike_in(old, VICI_IKE_DELETING)));
		LIST(tell_both(now, with_packets(net, uid, uid)));
	}
	LIST_TWICE(tell_both(ike(4, "ikev2"), with_packets(net, 4, 4)));
	ck_assert_uint_eq(ike_row("ikev2").index, before.index);
	ck_assert_uint_eq(ike_row("ikev2").refreshes, 3);
	expect_same(tunnel("net"), tunnel_before, 0);
	expect_carried(tunnel("net"), 4, 4);
}
END_TEST

START_TEST(a_list_that_tells_of_the_new_ike_sa_before_the_event_loses_no_tunnel)
{
	struct vici_ike old = ike(3, "ikev2"), now = ike(4, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD);

	LIST_TWICE(tell_both(old, with_packets(net, 1, 1)));
	struct ipm_tunnel before = tunnel("net");
	LIST(tell_ike(ike_in(old, VICI_IKE_REKEYED)); tell_both(now, with_packets(net, 2, 2)));
	ike_rekey(old, now);
	LIST_TWICE(tell_both(now, with_packets(net, 3, 3)));
	expect_same(tunnel("net"), before, 0);
	expect_carried(tunnel("net"), 3, 3);
	expect_ikes(1);
	ck_assert_uint_eq(tunnel("net").ike_index, ike_row("ikev2").index);
}
END_TEST

START_TEST(an_ike_rekey_that_was_missed_keeps_the_record)
{
	struct vici_ike old = ike(3, "ikev2"), now = ike(4, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD);

	tell_both(old, net);
	LIST_TWICE(tell_both(old, with_packets(net, 1, 1)));
	struct ipm_ike_sa before = ike_row("ikev2");
	charon_is_away();
	LIST_TWICE(tell_both(now, with_packets(net, 2, 2)));
	ck_assert_uint_eq(ike_row("ikev2").index, before.index);
	ck_assert_uint_eq(ike_row("ikev2").refreshes, 1);
	ck_assert_uint_eq(tunnel("net").refreshes, 0);
	expect_carried(tunnel("net"), 2, 2);
}
END_TEST

START_TEST(an_ike_sa_on_its_way_out_does_not_begin_a_record)
{
	LIST(tell_ike(ike_in(ike(1, "ikev2"), VICI_IKE_DELETING)); tell_ike(ike_in(ike(2, "ikev2"), VICI_IKE_REKEYED)));
	expect_ikes(0);
	expect_events(IPM_EVENT_IKE_START, 0);
}
END_TEST

START_TEST(an_ikev1_reauthentication_keeps_the_record_and_tears_nothing_down)
{
	struct vici_ike old = ike_v1(2, "main"), now = ike_v1(11, "main");
	struct vici_child net = child(8, "net", 1, OLD);

	tell_both(old, net);
	LIST_TWICE(tell_both(old, with_packets(net, 10, 10)));
	struct ipm_ike_sa before = ike_row("main");
	struct ipm_tunnel tunnel_before = tunnel("net");
	now.initiator = false;

	tell_ike(now); /* ike-updown */
	ck_assert_uint_eq(ike_row("main").refreshes, 1);
	for (uint64_t i = 11; i < 40; i++) /* both are listed for ten seconds */
		LIST(tell_ike(ike_in(old, VICI_IKE_REKEYING)); tell_both(now, with_packets(net, i, i)));
	ck_assert_uint_eq(ike_row("main").uid, 11);
	ike_down(old);
	LIST_TWICE(tell_both(now, with_packets(net, 40, 40)));
	ck_assert_uint_eq(ike_row("main").index, before.index);
	ck_assert_uint_eq(ike_row("main").refreshes, 1);
	ck_assert_uint_eq(ike_row("main").initiator, 0);
	expect_same(tunnel("net"), tunnel_before, 0);
	expect_carried(tunnel("net"), 40, 40);
	expect_events(IPM_EVENT_IKE_STOP, 0);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);

	child_down(now, child_in(with_packets(net, 41, 41), VICI_CHILD_DELETED));
	ike_down(now);
	expect_ikes(0);
	expect_tunnels(0);
	expect_events(IPM_EVENT_IKE_STOP, 1);
}
END_TEST

START_TEST(an_ikev1_reauthentication_is_the_same_when_the_list_has_the_new_one_first)
{
	struct vici_ike old = ike_v1(2, "main"), now = ike_v1(11, "main");
	struct vici_child net = child(8, "net", 1, OLD);

	tell_both(old, net);
	LIST_TWICE(tell_both(old, net));
	struct ipm_ike_sa before = ike_row("main");
	LIST(tell_both(now, net); tell_ike(ike_in(old, VICI_IKE_REKEYING)));
	tell_ike(now);
	ck_assert_uint_eq(ike_row("main").index, before.index);
	ck_assert_uint_eq(ike_row("main").refreshes, 1);
	ck_assert_uint_eq(ike_row("main").uid, 11);
	LIST_TWICE(tell_both(now, net)); /* the event of its end was lost */
	ck_assert_uint_eq(ike_row("main").index, before.index);
	expect_tunnels(1);
}
END_TEST

START_TEST(the_daemon_may_restart_while_both_ikev1_sas_are_there)
{
	struct vici_ike old = ike_v1(2, "main"), now = ike_v1(11, "main");
	struct vici_child net = child(8, "net", 1, OLD);

	tell_both(old, net);
	tell_both(now, net);
	LIST_TWICE(tell_ike(ike_in(old, VICI_IKE_REKEYING)); tell_both(now, net));
	struct ipm_ike_sa before = ike_row("main");
	daemon_restarts();
	LIST_TWICE(tell_ike(ike_in(old, VICI_IKE_REKEYING)); tell_both(now, net));
	ike_down(old);
	LIST_TWICE(tell_both(now, net));
	ck_assert_uint_eq(ike_row("main").index, before.index);
	ck_assert_uint_eq(ike_row("main").refreshes, 1);
	ck_assert_uint_eq(ike_row("main").uid, 11);
	expect_tunnels(1);
}
END_TEST

START_TEST(when_both_sides_made_an_ikev1_sa_the_end_of_one_leaves_the_other)
{
	struct vici_ike first = ike_v1(1, "main"), second = ike_v1(2, "main");
	struct vici_child net = child(1, "net", 1, OLD), twin = child(2, "net", 1, NEW);

	tell_both(first, net);
	tell_both(second, twin);
	LIST_TWICE(tell_both(first, net); tell_both(second, twin));
	expect_ikes(1);
	struct ipm_ike_sa before = ike_row("main");
	child_down(second, twin);
	ike_down(second);
	LIST_TWICE(tell_both(first, with_packets(net, 9, 9)));
	ck_assert_uint_eq(ike_row("main").index, before.index);
	ck_assert_uint_eq(ike_row("main").uid, 1);
	ck_assert_uint_eq(tunnel("net").ike_index, before.index);
	expect_carried(tunnel("net"), 9, 9);
	child_down(first, net);
	ike_down(first);
	expect_ikes(0);
	expect_tunnels(0);
}
END_TEST

START_TEST(an_ikev2_reauthentication_is_an_end_and_a_beginning)
{
	struct vici_ike old = ike(6, "ikev2"), now = ike(9, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD), again = child(10, "net", 1, NEW);

	tell_both(old, net);
	LIST_TWICE(tell_both(old, with_packets(net, 10, 10)));
	struct ipm_tunnel before = tunnel("net");
	ike_down(old);
	child_down(ike_in(old, VICI_IKE_DELETING), with_packets(net, 10, 10));
	expect_stopped(before, IPM_REASON_UNKNOWN);
	LIST(tell_ike(ike_in(now, VICI_IKE_CONNECTING)));
	expect_ikes(0);
	tell_ike(now);
	tell_both(now, again);
	LIST_TWICE(tell_both(now, with_packets(again, 5, 5)));
	ck_assert_uint_ne(tunnel("net").index, before.index);
	expect_carried(tunnel("net"), 5, 5);
	ck_assert_uint_eq(totals().in.pkts, 15); /* the gateway keeps its packets */
}
END_TEST

START_TEST(make_before_break_shows_both_for_a_moment)
{
	struct vici_ike old = ike(6, "ikev2"), now = ike(9, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD), again = child(10, "net", 1, NEW);

	tell_both(old, net);
	LIST_TWICE(tell_both(old, net));
	tell_ike(now);
	tell_both(now, again);
	ike_down(old);
	child_down(ike_in(old, VICI_IKE_DELETING), net);
	LIST_TWICE(tell_both(now, with_packets(again, 5, 5)));
	expect_ikes(1);
	expect_tunnels(1);
	expect_carried(tunnel("net"), 5, 5);
	ck_assert_uint_eq(tunnel("net").ike_index, ike_row("ikev2").index);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vici_model_rekey");
	TCase *tc = tcase_create("behaviour");
	tcase_add_checked_fixture(tc, given_a_gateway, gateway_ends);
	tcase_add_test(tc, an_ikev2_child_rekey_keeps_the_tunnel_and_adds_up_both_sas);
	tcase_add_test(tc, a_list_that_tells_of_the_new_child_before_the_event_changes_nothing);
	tcase_add_test(tc, the_same_race_in_the_first_list_after_a_reconnect_counts_one_refresh_too);
	tcase_add_test(tc, a_list_with_something_missing_does_not_make_the_race_count_twice);
	tcase_add_test(tc, a_child_rekey_that_was_missed_altogether_is_one_refresh);
	tcase_add_test(tc, a_rekey_that_charon_undoes_leaves_the_old_sa_in_charge);
	tcase_add_test(tc, a_collision_that_the_peer_loses_before_it_answers_takes_no_tunnel_down);
	tcase_add_test(tc, a_rekeyed_sa_keeps_no_tunnel_when_its_rekey_has_been_answered);
	tcase_add_test(tc, the_loser_of_a_collision_is_no_refresh);
	tcase_add_loop_test(tc, collisions_in_any_order_keep_the_tunnel_and_count_one_refresh_each, 0, 16);
	tcase_add_test(tc, an_ikev1_child_rekey_keeps_the_tunnel_while_the_old_sa_lingers);
	tcase_add_test(tc, with_delete_rekeyed_the_old_sa_is_gone_at_once);
	tcase_add_test(tc, an_ike_rekey_keeps_the_record_and_all_tunnels);
	tcase_add_test(tc, three_ike_rekeys_in_a_row_are_three_refreshes_of_one_record);
	tcase_add_test(tc, a_list_that_tells_of_the_new_ike_sa_before_the_event_loses_no_tunnel);
	tcase_add_test(tc, an_ike_rekey_that_was_missed_keeps_the_record);
	tcase_add_test(tc, an_ike_sa_on_its_way_out_does_not_begin_a_record);
	tcase_add_test(tc, an_ikev1_reauthentication_keeps_the_record_and_tears_nothing_down);
	tcase_add_test(tc, an_ikev1_reauthentication_is_the_same_when_the_list_has_the_new_one_first);
	tcase_add_test(tc, the_daemon_may_restart_while_both_ikev1_sas_are_there);
	tcase_add_test(tc, when_both_sides_made_an_ikev1_sa_the_end_of_one_leaves_the_other);
	tcase_add_test(tc, an_ikev2_reauthentication_is_an_end_and_a_beginning);
	tcase_add_test(tc, make_before_break_shows_both_for_a_moment);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_vici_model_rekey", suite);
}
