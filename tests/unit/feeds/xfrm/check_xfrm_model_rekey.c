/* SPDX-License-Identifier: ISC */
/* Rekeys, updates, ends and lifetimes of SAs. */

#include "xfrm_model_fixture.h"

/* --- rekeys -------------------------------------------------------------- */

/* The order of the two new SAs. */
START_TEST(a_rekey_keeps_the_tunnel_and_is_one_refresh)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 20)); sa_in_dump(with_packets(inbound(OLD), 10)));
	struct ipm_tunnel before = tunnel_with(OLD);

	sa_appears(_i ? added_later(outbound(NEW + 1), 1) : added_later(inbound(NEW), 1));
	expect_same(tunnel_with(OLD), before, 1);
	sa_appears(_i ? added_later(inbound(NEW), 1) : added_later(outbound(NEW + 1), 1));
	expect_same(tunnel_with(NEW), before, 1);
	expect_same(tunnel_with(NEW + 1), before, 1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OLD + 1), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(NEW + 1), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(NEW).sas, 4);

	sa_deleted(with_packets(inbound(OLD), 15)); /* its last counts are in the message */
	sa_deleted(with_packets(outbound(OLD + 1), 25));
	ck_assert_uint_eq(state_of(OLD), 0);
	ck_assert_uint_eq(tunnel_with(NEW).sas, 2);
	ck_assert_uint_eq(tunnel_with(NEW).sas_retired, 2);
	expect_carried(tunnel_with(NEW), 15, 25);
	DUMP(sa_in_dump(with_packets(added_later(outbound(NEW + 1), 1), 4));
	     sa_in_dump(with_packets(added_later(inbound(NEW), 1), 3)));
	expect_carried(tunnel_with(NEW), 18, 29);
	expect_total(18, 29);
	expect_same(tunnel_with(NEW), before, 1);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(ten_rekeys_are_ten_refreshes)
{
	pair_appears(OLD);
	struct ipm_tunnel before = tunnel_with(OLD);
	for (uint32_t i = 1; i <= 10; i++) {
		uint32_t spi = OLD + 0x10 * i;
		sa_appears(added_later(i % 2 ? inbound(spi) : outbound(spi + 1), i));
		sa_appears(added_later(i % 2 ? outbound(spi + 1) : inbound(spi), i));
		sa_deleted(with_packets(added_later(inbound(spi - 0x10), i - 1), 7));
		sa_deleted(with_packets(added_later(outbound(spi - 0x10 + 1), i - 1), 5));
		expect_same(tunnel_with(spi), before, i);
		expect_same(tunnel_with(spi + 1), before, i);
		ck_assert_uint_eq(tunnel_with(spi).sas, 2);
		expect_carried(tunnel_with(spi), 7 * i, 5 * i);
	}
}
END_TEST

START_TEST(a_rekey_that_was_missed_altogether_is_one_refresh)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 20)); sa_in_dump(with_packets(inbound(OLD), 10)));
	struct ipm_tunnel before = tunnel_with(OLD);
	DUMP(sa_in_dump(with_packets(added_later(outbound(NEW + 1), 99), 2));
	     sa_in_dump(with_packets(added_later(inbound(NEW), 99), 1)));
	expect_same(tunnel_with(NEW), before, 1);
	expect_carried(tunnel_with(NEW), 11, 22);
	ck_assert_uint_eq(tunnel_with(NEW).sas, 2);
}
END_TEST

START_TEST(the_first_dump_finds_a_rekey_under_way_the_newest_first)
{
	DUMP(sa_in_dump(added_later(outbound(NEW + 1), 50)); sa_in_dump(added_later(inbound(NEW), 50));
	     sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	expect_tunnels(1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OLD + 1), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(NEW + 1), IPM_SA_ACTIVE);
}
END_TEST

START_TEST(of_two_sas_of_the_same_second_the_one_dumped_first_is_the_newer)
{
	DUMP(sa_in_dump(inbound(NEW)); sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
}
END_TEST

START_TEST(when_the_new_sa_goes_the_old_one_is_in_use_again)
{
	struct xfrm_sa old = inbound(OLD), now = inbound(NEW);

	old.hard_octets = 1000;
	now.hard_octets = 2000;
	sa_appears(old);
	sa_appears(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel_with(NEW).hard_octets, 2000);
	sa_deleted(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(OLD).hard_octets, 1000);
}
END_TEST

START_TEST(an_sa_whose_soft_limit_is_over_does_not_come_into_use_again)
{
	sa_appears(inbound(OLD));
	sa_expires_soft(inbound(OLD));
	sa_appears(inbound(NEW));
	sa_deleted(inbound(NEW));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
}
END_TEST

/* Limits of octets, packets, age and use: one below the limit, the limit itself, and no limit. */
START_TEST(a_dump_tells_whether_a_soft_limit_is_reached)
{
	struct xfrm_sa a = with_packets(inbound(OLD), 10);
	struct timespec now;
	uint64_t *const limit[] = { &a.soft_octets, &a.soft_pkts, &a.soft_add_s, &a.soft_use_s };
	uint64_t reached[] = { 10 * OCTETS, 10, 500, 100 };

	clock_gettime(CLOCK_REALTIME, &now);
	a.added = (uint64_t)now.tv_sec - 500;
	a.used = (uint64_t)now.tv_sec - 100;
	DUMP(sa_in_dump(a));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	*limit[_i] = reached[_i] + (_i < 2 ? 1 : 60); /* seconds pass */
	DUMP(sa_in_dump(a));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	*limit[_i] = reached[_i];
	DUMP(sa_in_dump(a));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	if (_i == 3) {
		a.used = 0;
		DUMP(sa_in_dump(a));
		ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	}
}
END_TEST

/* The kernel sends with it, and then it is the only one left. */
START_TEST(when_the_new_sa_has_reached_its_soft_limit_the_old_one_is_in_use_again)
{
	struct xfrm_sa old = outbound(OLD), now = outbound(NEW);

	old.proposal.encr = IPM_ENCR_AES_GCM_16;
	now.hard_add_s = 8;
	sa_appears(old);
	sa_appears(now);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 12);
	sa_expires_soft(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
	sa_expires_hard(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 0);
	DUMP(sa_in_dump(old));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
}
END_TEST

START_TEST(when_all_have_reached_their_soft_limits_the_newest_says_what_the_tunnel_says)
{
	struct xfrm_sa old = outbound(OLD), now = outbound(NEW);

	old.proposal.encr = IPM_ENCR_AES_GCM_16;
	sa_appears(old);
	sa_appears(now);
	sa_expires_soft(old);
	sa_expires_soft(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 12);
	sa_deleted(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING); /* its own limit is reached */
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
}
END_TEST

START_TEST(which_sa_is_in_use_is_the_same_after_a_restart)
{
	struct xfrm_sa old = outbound(OLD), now = added_later(outbound(NEW), 5);

	now.soft_pkts = 10;
	old.proposal.encr = IPM_ENCR_AES_GCM_16;
	DUMP(sa_in_dump(now); sa_in_dump(old));
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	daemon_restarts(_i);
	DUMP(sa_in_dump(with_packets(now, 12)); sa_in_dump(old));
	ck_assert_uint_eq(state_of(NEW), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
}
END_TEST

/* An event is exact to the nanosecond, a dump to the second. */
START_TEST(an_sa_of_an_event_is_newer_than_one_of_a_dump_added_in_its_second)
{
	DUMP(sa_in_dump(inbound(OLD)); sa_appears(inbound(NEW)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	sa_deleted(inbound(OLD));
	sa_deleted(inbound(NEW));
	DUMP(sa_appears(inbound(NEW)); sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
}
END_TEST

START_TEST(of_several_old_sas_the_newest_is_in_use_again)
{
	sa_appears(inbound(OLD));
	sa_appears(inbound(OTHER));
	sa_appears(inbound(NEW));
	sa_deleted(inbound(NEW));
	ck_assert_uint_eq(state_of(OTHER), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	sa_deleted(inbound(OTHER));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
}
END_TEST

/* --- how SAs end --------------------------------------------------------- */

START_TEST(a_soft_expire_marks_the_sa_and_counts)
{
	pair_appears(OLD);
	sa_expires_soft(with_packets(inbound(OLD), 42));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OLD + 1), IPM_SA_ACTIVE);
	expect_carried(tunnel_with(OLD), 42, 0);
	ck_assert_uint_eq(sa_row(OLD).proposal.encr, 12); /* which it does not tell */
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 1)); sa_in_dump(with_packets(inbound(OLD), 43)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	sa_expires_soft(inbound(OTHER)); /* one that is not known */
}
END_TEST

START_TEST(a_hard_expire_of_the_last_sa_is_a_normal_end)
{
	pair_appears(OLD);
	struct ipm_tunnel t = tunnel_with(OLD);
	sa_expires_hard(with_packets(inbound(OLD), 42));
	expect_tunnels(1);
	sa_expires_hard(with_packets(outbound(OLD + 1), 17));
	expect_tunnels(0);
	expect_stopped(t, IPM_REASON_NORMAL);
	expect_total(42, 17);
	ck_assert_uint_eq(totals().tunnels_previous, 1);
}
END_TEST

START_TEST(a_delete_of_the_last_sa_ends_the_tunnel_for_a_reason_unknown)
{
	pair_appears(OLD);
	struct ipm_tunnel t = tunnel_with(OLD);
	sa_deleted(with_packets(outbound(OLD + 1), 17));
	sa_deleted(with_packets(inbound(OLD), 42));
	expect_tunnels(0);
	expect_stopped(t, IPM_REASON_UNKNOWN);
	expect_total(42, 17);
	pair_appears(OLD);
	ck_assert_uint_ne(tunnel_with(OLD).index, t.index);
}
END_TEST

START_TEST(a_delete_that_has_just_the_name_ends_the_sa_too)
{
	pair_appears(OLD);
	struct xfrm_msg msg = { .kind = XFRM_SA_GONE, .sa = { .key = inbound(OLD).key } };
	xfrm_model_message(model, &msg, false);
	all_is_true();
	ck_assert_uint_eq(state_of(OLD), 0);
}
END_TEST

START_TEST(deletes_of_what_is_not_known_change_nothing)
{
	pair_appears(OLD);
	sa_deleted(inbound(NEW));
	sa_deleted(with_peer(outbound(OLD + 1), 3));
	sa_deleted(of_mark(inbound(OLD), 1));
	sa_deleted(as_ah(inbound(OLD)));
	sa_expires_hard(inbound(NEW));
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

START_TEST(what_a_dump_does_not_have_is_gone)
{
	pair_appears(OLD);
	pair_appears(NEW);
	sa_appears(of_reqid(inbound(OTHER), 2));
	DUMP(sa_in_dump(outbound(NEW + 1)); sa_in_dump(inbound(NEW)));
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_tunnels(1);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	DUMP(NOTHING);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	expect_tunnels(0);
}
END_TEST

START_TEST(an_sa_added_while_a_dump_comes_in_needs_no_place_in_it)
{
	DUMP(sa_appears(inbound(OLD)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	DUMP(NOTHING);
	ck_assert_uint_eq(state_of(OLD), 0);
}
END_TEST

START_TEST(an_sa_deleted_while_a_dump_comes_in_does_not_come_back_by_it)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_deleted(with_packets(inbound(OLD), 3));
	     sa_in_dump(with_packets(inbound(OLD), 2)));
	ck_assert_uint_eq(state_of(OLD), 0);
	expect_carried(tunnel_with(OLD + 1), 3, 0);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE); /* the next one knows */
}
END_TEST

START_TEST(one_that_a_dump_tells_of_after_its_delete_was_never_there)
{
	DUMP(sa_deleted(inbound(OLD)); sa_expires_hard(inbound(NEW)); sa_in_dump(inbound(OLD));
	     sa_in_dump(inbound(NEW)); sa_in_dump(of_mark(inbound(OTHER), 1)));
	ck_assert_uint_eq(rows(IPM_SAS), 1);
}
END_TEST

START_TEST(one_that_is_added_again_while_a_dump_comes_in_is_there)
{
	pair_appears(OLD);
	DUMP(sa_deleted(inbound(OLD)); sa_appears(added_later(inbound(OLD), 5)); sa_in_dump(outbound(OLD + 1));
	     sa_in_dump(with_packets(added_later(inbound(OLD), 5), 1)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	expect_carried(tunnel_with(OLD), 1, 0);
	DUMP(sa_deleted(with_packets(added_later(inbound(OLD), 5), 1)); sa_appears(added_later(inbound(OLD), 6)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
}
END_TEST

/* The dump was made before it was deleted and added again. */
START_TEST(a_late_dump_message_of_the_one_before_does_not_replace_it)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 1)); sa_in_dump(with_packets(inbound(OLD), 10)));
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 1)); sa_deleted(with_packets(inbound(OLD), 12));
	     sa_appears(added_later(inbound(OLD), 5)); sa_in_dump(with_packets(inbound(OLD), 11)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	expect_carried(tunnel_with(OLD), 12, 1);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 1)); sa_in_dump(with_packets(added_later(inbound(OLD), 5), 3)));
	expect_carried(tunnel_with(OLD), 15, 1);
	expect_total(15, 1);
}
END_TEST

START_TEST(counts_do_not_follow_a_dump_that_was_made_before_an_event)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_expires_soft(with_packets(inbound(OLD), 42));
	     sa_in_dump(with_packets(inbound(OLD), 40)));
	expect_carried(tunnel_with(OLD), 42, 0);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(with_packets(inbound(OLD), 50)));
	expect_carried(tunnel_with(OLD), 50, 0);
	expect_total(50, 0);
}
END_TEST

/* Dropped packets don't change the counts of good packets. */
START_TEST(drops_do_not_follow_a_dump_that_was_made_before_an_event)
{
	struct xfrm_sa now = with_packets(inbound(OLD), 42), before = now;

	now.replays = 5;
	now.behind = 7;
	before.replays = 3;
	before.behind = 4;
	pair_appears(OLD);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_expires_soft(now); sa_in_dump(before));
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(now));
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_REPLAY], 5);
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_WINDOW], 7);
	ck_assert_uint_eq(totals().in.drops[IPM_DROP_REPLAY], 5);
}
END_TEST

START_TEST(a_flush_ends_all)
{
	pair_appears(OLD);
	sa_appears(as_ah(of_reqid(inbound(OTHER), 2)));
	sas_flushed(IPPROTO_ESP);
	ck_assert_uint_eq(rows(IPM_SAS), 1);
	expect_tunnels(1);
	sas_flushed(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	expect_tunnels(0);
}
END_TEST

START_TEST(a_flush_while_a_dump_comes_in_makes_it_worthless)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(outbound(OLD + 1)); sas_flushed(0); sa_in_dump(inbound(OLD));
	     sa_appears(added_later(inbound(NEW), 1)));
	ck_assert(dump_has_to_be_repeated);
	ck_assert_uint_eq(state_of(OLD), 0);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	DUMP(sa_in_dump(added_later(inbound(NEW), 1)));
	ck_assert(!dump_has_to_be_repeated);
	ck_assert_uint_eq(rows(IPM_SAS), 1);
}
END_TEST

START_TEST(a_dump_that_was_given_up_begins_anew)
{
	pair_appears(OLD);
	xfrm_model_sas_begin(model);
	sa_in_dump(outbound(OLD + 1));
	DUMP(sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(rows(IPM_SAS), 1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
}
END_TEST

/* Its delete was missed. */
START_TEST(counts_that_a_dump_has_going_back_are_of_another_sa)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 10)); sa_in_dump(with_packets(inbound(OLD), 10)));
	struct ipm_tunnel before = tunnel_with(OLD);
	uint32_t index = sa_row(OLD).index;
	DUMP(sa_in_dump(with_packets(added_later(outbound(OLD + 1), 9), 3)); sa_in_dump(with_packets(inbound(OLD), 4)));
	ck_assert_uint_ne(sa_row(OLD).index, index);
	expect_carried(tunnel_with(OLD), 14, 13);
	ck_assert_uint_eq(tunnel_with(OLD).index, before.index);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	DUMP(sa_in_dump(with_packets(added_later(outbound(OLD + 1), 9), 5)); sa_in_dump(with_packets(inbound(OLD), 5)));
	expect_carried(tunnel_with(OLD), 15, 15);
}
END_TEST

/* XFRM_MSG_NEWAE sets it and the counts. */
START_TEST(another_time_of_birth_does_not_make_another_sa)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 10)); sa_in_dump(with_packets(inbound(OLD), 10)));
	uint32_t index = sa_row(OLD).index;
	for (unsigned i = 1; i < 5; i++)
		DUMP(sa_in_dump(with_packets(added_later(outbound(OLD + 1), i), 10 + i));
		     sa_in_dump(with_packets(added_later(inbound(OLD), i), 10)));
	ck_assert_uint_eq(sa_row(OLD).index, index);
	expect_carried(tunnel_with(OLD), 10, 14);
	expect_total(10, 14);
}
END_TEST

START_TEST(an_sa_that_an_event_adds_at_another_time_is_another)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 10)); sa_in_dump(with_packets(inbound(OLD), 10)));
	sa_appears(added_later(inbound(OLD), 5));
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 10));
	     sa_in_dump(with_packets(added_later(inbound(OLD), 5), 30)));
	expect_carried(tunnel_with(OLD), 40, 10);
	ck_assert_uint_eq(tunnel_with(OLD).sas_retired, 1);
}
END_TEST

/* XFRM_MSG_MIGRATE: clones without traffic, with the same creation time and SPI. No event reports them. */
START_TEST(sas_that_were_migrated_count_on)
{
	struct xfrm_sa a = with_peer(inbound(OLD), 9), b = with_peer(outbound(OLD + 1), 9);

	pair_appears(OLD);
	if (_i & 1)
		DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 20)); sa_in_dump(with_packets(inbound(OLD), 10)));
	if (_i & 2)
		DUMP(sa_in_dump(a); sa_in_dump(b));
	else
		DUMP(sa_in_dump(b); sa_in_dump(a));
	ck_assert(same_addr(tunnel_with(OLD).remote, PEER(9)));
	expect_one_tunnel(OLD, OLD + 1);
	DUMP(sa_in_dump(with_packets(b, 2)); sa_in_dump(with_packets(a, 1)));
	expect_total(_i & 1 ? 11 : 1, _i & 1 ? 22 : 2);
	expect_tunnels(1);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

/* --- updates ------------------------------------------------------------- */

START_TEST(an_update_of_an_sa_counts_nothing_again)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 7)); sa_in_dump(with_packets(inbound(OLD), 7)));
	struct ipm_tunnel before = tunnel_with(OLD);
	for (int i = 0; i < 3; i++) {
		seconds_pass(1);
		sa_updated(inbound(OLD));
		sa_updated(outbound(OLD + 1));
		expect_carried(tunnel_with(OLD), 7, 7);
		DUMP(sa_updated(inbound(OLD)); sa_in_dump(with_packets(outbound(OLD + 1), 7));
		     sa_in_dump(with_packets(inbound(OLD), 7)));
		expect_carried(tunnel_with(OLD), 7, 7);
	}
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert_uint_eq(tunnel_with(OLD).sas_retired, 0);
	ck_assert_uint_eq(tunnel_with(OLD).installed_ns, before.installed_ns);
	expect_total(7, 7);
	sa_deleted(with_packets(inbound(OLD), 8));
	sa_deleted(with_packets(outbound(OLD + 1), 9));
	expect_total(8, 9);
}
END_TEST

START_TEST(an_update_has_its_limits_and_nothing_else)
{
	struct xfrm_sa a = inbound(OLD);
	sa_appears(a);
	a.hard_octets = 5000;
	a.hard_add_s = 3600;
	a.replay_window = 64;
	a.proposal.encr = IPM_ENCR_AES_GCM_16;
	sa_updated(a);
	ck_assert_uint_eq(tunnel_with(OLD).hard_octets, 5000);
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 3600 * 1000000000ull);
	ck_assert_uint_eq(tunnel_with(OLD).in_sa.encr, 12);
	ck_assert_uint_eq(sa_row(OLD).replay_window, 32);
}
END_TEST

/* IKE had reserved its SPI: this is how charon's inbound SAs start. */
START_TEST(an_update_of_a_larval_sa_is_a_new_sa)
{
	sa_appears(larval_sa(inbound(OLD)));
	sa_updated(inbound(OLD));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	sa_updated(inbound(NEW));
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel_with(OLD).refreshes, 1);
}
END_TEST

/* We missed the event. Its counts and times are only known after the next dump. */
START_TEST(an_update_of_an_sa_that_is_not_known_is_one_that_counts_all_it_has_carried)
{
	sa_updated(inbound(OLD));
	DUMP(sa_in_dump(with_packets(inbound(OLD), 7)));
	expect_carried(tunnel_with(OLD), 7, 0);
	sa_updated(inbound(OLD));
	sa_updated(inbound(NEW));
	sa_deleted(with_packets(inbound(NEW), 3));
	expect_total(10, 0);
	ck_assert_uint_eq(sa_row(OLD).index, 1);
}
END_TEST

/* Packets with its mark use this SA. */
START_TEST(an_update_finds_an_sa_of_another_mark)
{
	struct xfrm_sa wide = inbound(OLD), a = of_mark(inbound(OLD), 0x12);
	DUMP(sa_in_dump(with_packets(wide, 7)));
	a.hard_octets = 5000;
	sa_updated(a);
	ck_assert_uint_eq(rows(IPM_SAS), 1);
	ck_assert_uint_eq(tunnel_with(OLD).hard_octets, 5000);
}
END_TEST

START_TEST(an_update_may_give_an_sa_another_xfrm_interface)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 7)); sa_in_dump(with_packets(inbound(OLD), 7)));
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_updated(of_if_id(outbound(OLD + 1), 9));
	DUMP(sa_in_dump(of_if_id(with_packets(outbound(OLD + 1), 8), 9)); sa_in_dump(with_packets(inbound(OLD), 7)));
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert_uint_eq(tunnel_with(OLD).if_id_out, 9);
	expect_carried(tunnel_with(OLD), 7, 8);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

START_TEST(an_update_gives_an_sa_new_limits_to_reach)
{
	struct xfrm_sa a = inbound(OLD);
	a.soft_pkts = 5;
	sa_appears(a);
	sa_expires_soft(with_packets(a, 6));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	a.soft_pkts = 50;
	sa_updated(a);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	DUMP(sa_in_dump(with_packets(a, 20)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	DUMP(sa_in_dump(with_packets(a, 50)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
}
END_TEST

/* --- lifetimes ----------------------------------------------------------- */

#define S 1000000000ull

START_TEST(a_tunnels_lifetimes_are_those_of_its_inbound_sa_in_use)
{
	struct xfrm_sa a = inbound(OLD), b = outbound(OLD + 1);

	a.soft_octets = 1000;
	a.hard_octets = 1200;
	a.soft_pkts = 10;
	a.hard_pkts = 12;
	a.soft_add_s = 3000;
	a.hard_add_s = 3600;
	b.hard_octets = 99;
	sa_appears(b);
	ck_assert_uint_eq(tunnel_with(OLD + 1).hard_octets, 99); /* for want of another */
	sa_appears(a);
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(t.soft_octets, 1000);
	ck_assert_uint_eq(t.hard_octets, 1200);
	ck_assert_uint_eq(t.soft_pkts, 10);
	ck_assert_uint_eq(t.hard_pkts, 12);
	ck_assert_uint_eq(t.soft_ns, 3000 * S);
	ck_assert_uint_eq(t.hard_ns, 3600 * S);
	ck_assert_uint_eq(sa_row(OLD + 1).hard_octets, 99);
	ck_assert_uint_eq(t.installed_ns, sa_row(OLD).installed_ns);

	struct xfrm_sa now = inbound(NEW);
	now.hard_octets = 5000;
	sa_appears(now);
	ck_assert_uint_eq(tunnel_with(NEW).hard_octets, 5000);
	ck_assert_uint_eq(tunnel_with(NEW).hard_ns, 0);
	DUMP(sa_in_dump(now); sa_in_dump(a); sa_in_dump(b)); /* the earlier one sends no more events */
	ck_assert_uint_eq(tunnel_with(NEW).hard_octets, 5000);
	sa_appears(b);
	ck_assert_uint_eq(tunnel_with(NEW).hard_octets, 5000);
}
END_TEST

START_TEST(a_lifetime_by_use_counts_from_the_first_packet)
{
	struct xfrm_sa a = inbound(OLD);

	a.soft_use_s = 100;
	a.hard_use_s = 120;
	a.hard_add_s = 500;
	sa_appears(a);
	ck_assert_uint_eq(tunnel_with(OLD).soft_ns, 0); /* no packet yet */
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 500 * S);
	a.used = a.added + 50;
	DUMP(sa_in_dump(a));
	ck_assert_uint_eq(tunnel_with(OLD).soft_ns, 150 * S);
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 170 * S);
	a.used = a.added + 450;
	DUMP(sa_in_dump(a));
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 500 * S); /* whichever comes first */
}
END_TEST

START_TEST(limits_too_far_away_are_none)
{
	struct xfrm_sa a = inbound(OLD);

	a.hard_add_s = UINT64_MAX;
	a.soft_add_s = UINT64_MAX / S + 1;
	sa_appears(a);
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 0);
	ck_assert_uint_eq(tunnel_with(OLD).soft_ns, 0);
}
END_TEST

START_TEST(an_sa_of_a_dump_was_installed_when_the_kernel_says)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	struct xfrm_sa a = inbound(OLD);
	a.added = (uint64_t)now.tv_sec - 500;
	DUMP(sa_in_dump(a));
	uint64_t age = ipm_now_ns() - tunnel_with(OLD).installed_ns;
	ck_assert_uint_ge(age, 499 * S);
	ck_assert_uint_le(age, 510 * S);
	ck_assert_uint_eq(tunnel_with(OLD).created_ns, tunnel_with(OLD).installed_ns);
}
END_TEST

START_TEST(an_sa_of_a_late_event_was_installed_within_the_second_that_the_kernel_says)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	struct xfrm_sa a = inbound(OLD), b = outbound(OLD + 1);
	a.added = (uint64_t)now.tv_sec - 500;
	b.added = (uint64_t)now.tv_sec;
	sa_appears(a);
	sa_appears(b);
	uint64_t late = ipm_now_ns() - sa_row(OLD).installed_ns, at_once = ipm_now_ns() - sa_row(OLD + 1).installed_ns;
	ck_assert_uint_ge(late, 499 * S);
	ck_assert_uint_le(late, 510 * S);
	ck_assert_uint_le(at_once, 10 * S);
}
END_TEST

START_TEST(the_second_in_which_the_kernel_added_an_sa_is_told_exactly)
{
	struct timespec before, after;
	uint64_t boot = ipm_now_ns();
	clock_gettime(CLOCK_REALTIME, &before);
	struct xfrm_sa a = inbound(OLD);
	a.added = (uint64_t)before.tv_sec - 500;
	DUMP(sa_in_dump(a));
	clock_gettime(CLOCK_REALTIME, &after);
	uint64_t age = boot - sa_row(OLD).installed_ns, /* when the test began */
		least = 500 * S + (uint64_t)before.tv_nsec,
		 took = (uint64_t)(after.tv_sec - before.tv_sec) * S + (uint64_t)after.tv_nsec -
			(uint64_t)before.tv_nsec;
	ck_assert_uint_ge(age + took + S / 1000, least);
	ck_assert_uint_le(age, least + S / 1000);
}
END_TEST

START_TEST(sequence_numbers_windows_and_algorithms_follow_the_sa)
{
	struct xfrm_sa a = inbound(OLD), b = outbound(OLD + 1);

	pair_appears(OLD);
	a.seq_in = 77;
	a.seq_out = 1;
	a.replay_window = 128;
	b.seq_out = 88;
	DUMP(sa_in_dump(b); sa_in_dump(a));
	ck_assert_uint_eq(sa_row(OLD).seq, 77);
	ck_assert_uint_eq(sa_row(OLD).replay_window, 128);
	ck_assert_uint_eq(sa_row(OLD + 1).seq, 88);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_model_rekey");
	TCase *tc = tests_of(suite, "rekeys", given_a_gateway);
	tcase_add_loop_test(tc, a_rekey_keeps_the_tunnel_and_is_one_refresh, 0, 2);
	tcase_add_test(tc, ten_rekeys_are_ten_refreshes);
	tcase_add_test(tc, a_rekey_that_was_missed_altogether_is_one_refresh);
	tcase_add_test(tc, the_first_dump_finds_a_rekey_under_way_the_newest_first);
	tcase_add_test(tc, of_two_sas_of_the_same_second_the_one_dumped_first_is_the_newer);
	tcase_add_test(tc, when_the_new_sa_goes_the_old_one_is_in_use_again);
	tcase_add_test(tc, an_sa_whose_soft_limit_is_over_does_not_come_into_use_again);
	tcase_add_loop_test(tc, a_dump_tells_whether_a_soft_limit_is_reached, 0, 4);
	tcase_add_test(tc, when_the_new_sa_has_reached_its_soft_limit_the_old_one_is_in_use_again);
	tcase_add_test(tc, when_all_have_reached_their_soft_limits_the_newest_says_what_the_tunnel_says);
	tcase_add_loop_test(tc, which_sa_is_in_use_is_the_same_after_a_restart, 0, 2);
	tcase_add_test(tc, an_sa_of_an_event_is_newer_than_one_of_a_dump_added_in_its_second);
	tcase_add_test(tc, of_several_old_sas_the_newest_is_in_use_again);
	tc = tests_of(suite, "how SAs end", given_a_gateway);
	tcase_add_test(tc, a_soft_expire_marks_the_sa_and_counts);
	tcase_add_test(tc, a_hard_expire_of_the_last_sa_is_a_normal_end);
	tcase_add_test(tc, a_delete_of_the_last_sa_ends_the_tunnel_for_a_reason_unknown);
	tcase_add_test(tc, a_delete_that_has_just_the_name_ends_the_sa_too);
	tcase_add_test(tc, deletes_of_what_is_not_known_change_nothing);
	tcase_add_test(tc, what_a_dump_does_not_have_is_gone);
	tcase_add_test(tc, an_sa_added_while_a_dump_comes_in_needs_no_place_in_it);
	tcase_add_test(tc, an_sa_deleted_while_a_dump_comes_in_does_not_come_back_by_it);
	tcase_add_test(tc, one_that_a_dump_tells_of_after_its_delete_was_never_there);
	tcase_add_test(tc, one_that_is_added_again_while_a_dump_comes_in_is_there);
	tcase_add_test(tc, a_late_dump_message_of_the_one_before_does_not_replace_it);
	tcase_add_test(tc, counts_do_not_follow_a_dump_that_was_made_before_an_event);
	tcase_add_test(tc, drops_do_not_follow_a_dump_that_was_made_before_an_event);
	tcase_add_test(tc, a_flush_ends_all);
	tcase_add_test(tc, a_flush_while_a_dump_comes_in_makes_it_worthless);
	tcase_add_test(tc, a_dump_that_was_given_up_begins_anew);
	tcase_add_test(tc, counts_that_a_dump_has_going_back_are_of_another_sa);
	tcase_add_test(tc, another_time_of_birth_does_not_make_another_sa);
	tcase_add_test(tc, an_sa_that_an_event_adds_at_another_time_is_another);
	tcase_add_loop_test(tc, sas_that_were_migrated_count_on, 0, 4);
	tc = tests_of(suite, "updates", given_a_gateway);
	tcase_add_test(tc, an_update_of_an_sa_counts_nothing_again);
	tcase_add_test(tc, an_update_has_its_limits_and_nothing_else);
	tcase_add_test(tc, an_update_of_a_larval_sa_is_a_new_sa);
	tcase_add_test(tc, an_update_of_an_sa_that_is_not_known_is_one_that_counts_all_it_has_carried);
	tcase_add_test(tc, an_update_finds_an_sa_of_another_mark);
	tcase_add_test(tc, an_update_may_give_an_sa_another_xfrm_interface);
	tcase_add_test(tc, an_update_gives_an_sa_new_limits_to_reach);
	tc = tests_of(suite, "lifetimes", given_a_gateway);
	tcase_add_test(tc, a_tunnels_lifetimes_are_those_of_its_inbound_sa_in_use);
	tcase_add_test(tc, a_lifetime_by_use_counts_from_the_first_packet);
	tcase_add_test(tc, limits_too_far_away_are_none);
	tcase_add_test(tc, an_sa_of_a_dump_was_installed_when_the_kernel_says);
	tcase_add_test(tc, an_sa_of_a_late_event_was_installed_within_the_second_that_the_kernel_says);
	tcase_add_test(tc, the_second_in_which_the_kernel_added_an_sa_is_told_exactly);
	tcase_add_test(tc, sequence_numbers_windows_and_algorithms_follow_the_sa);
	return run_in_scratch("check_xfrm_model_rekey", suite);
}
