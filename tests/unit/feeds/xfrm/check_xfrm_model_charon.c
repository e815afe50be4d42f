/* SPDX-License-Identifier: ISC */
/* Tunnels that charon reports as well. */

#include "xfrm_model_fixture.h"
#include "vici_ike_fixture.h"

/* --- together with charon ------------------------------------------------ */

static void
given_charon(void)
{
	int slot = ipm_feed_open(writer, "vici");
	ck_assert_int_ge(slot, 0);
	vici = vici_model_new(writer, (uint32_t)slot);
	ck_assert_ptr_nonnull(vici);
	xfrm_model_ike_known(model, true);
}

#define MODP2048 14

/* The CHILD_SA "net" with reqid 1 and the SAs in(spi) and out(spi + 1), with their counters. */
static struct vici_child
child(uint32_t uid, uint32_t spi, uint64_t pkts_in, uint64_t pkts_out)
{
	struct vici_child sa = { .name = "net",
				 .uniqueid = uid,
				 .reqid = 1,
				 .state = VICI_CHILD_INSTALLED,
				 .encap = IPM_ENCAP_TUNNEL,
				 .protocol = IPPROTO_ESP,
				 .spi_in = spi,
				 .spi_out = spi + 1,
				 .proposal = SUITE,
				 .packets_in = pkts_in,
				 .packets_out = pkts_out,
				 .bytes_in = pkts_in * OCTETS,
				 .bytes_out = pkts_out * OCTETS,
				 .has_counts = true,
				 .rekey_time = 3600,
				 .life_time = 3960,
				 .install_time = 0,
				 .local_count = 1,
				 .remote_count = 1 };
	sa.proposal.group = MODP2048;
	sa.local_ts[0] = subnet(10, 1, 1);
	sa.remote_ts[0] = subnet(10, 2, 1);
	return sa;
}

static struct vici_child
child_in(struct vici_child sa, enum vici_child_state state)
{
	sa.state = state;
	return sa;
}

static void
charon_tells(struct vici_ike parent, struct vici_child sa)
{
	vici_model_ike(vici, &parent);
	vici_model_child(vici, &parent, &sa);
	xfrm_model_settle(model);
	all_is_true();
}

/* A list of all SAs: the statements in the braces. */
#define CHARON(...)                              \
	do {                                     \
		vici_model_list_begin(vici);     \
		__VA_ARGS__;                     \
		(void)vici_model_list_end(vici); \
		xfrm_model_settle(model);        \
		all_is_true();                   \
	} while (0)

static void
charon_rekeys_child(struct vici_ike parent, struct vici_child old, struct vici_child now)
{
	vici_model_ike(vici, &parent);
	vici_model_child_rekey(vici, &parent, &old, &now);
	xfrm_model_settle(model);
	all_is_true();
}

/* Ended by an operator here. */
static void
charon_ends_child(struct vici_ike parent, struct vici_child sa)
{
	parent.active = VICI_TASK_CHILD_DELETE;
	sa.state = VICI_CHILD_DELETING;
	vici_model_child_down(vici, &parent, &sa);
	xfrm_model_settle(model);
	all_is_true();
}

static void
charon_ends_ike(struct vici_ike sa)
{
	sa.state = VICI_IKE_DELETING;
	sa.active = VICI_TASK_IKE_DELETE;
	vici_model_ike_down(vici, &sa);
	xfrm_model_settle(model);
	all_is_true();
}

static void
charon_is_away(void)
{
	hold_until = ipm_now_ns() + HOLD_NS;
	vici_model_hold(vici, hold_until);
	all_is_true();
}

static void
hold_time_is_over(void)
{
	vici_model_expire(vici, hold_until);
	xfrm_model_settle(model);
	all_is_true();
}

/* It has charon's names and the kernel's SAs. */
static void
expect_joined(struct ipm_tunnel t)
{
	ck_assert_uint_eq(t.feed, feed_slot);
	ck_assert_uint_ne(t.named_by, 0);
	ck_assert_uint_eq(t.claimed, 1);
	ck_assert_uint_eq(t.key_type, IPM_KEY_IKE);
	ck_assert_str_eq(t.conn, "conn");
	ck_assert_str_eq(t.name, "net");
	ck_assert_uint_eq(t.in_sa.group, MODP2048);
	ck_assert_uint_eq(t.out_sa.group, MODP2048);
	ck_assert(ipm_tunnel_ike_alive(seg, &t));
}

START_TEST(a_tunnel_that_charon_told_of_first_keeps_its_index_and_counts_nothing_twice)
{
	given_charon();
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 100, 200)));
	struct ipm_tunnel before = tunnel_with(OLD);
	ck_assert(!vici_model_is_kept(vici));
	kernel_dump(OLD, 110, 210);
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 110, 210);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 150, 250)));
	expect_carried(tunnel_with(OLD), 110, 210); /* the kernel counts */
	ck_assert(vici_model_is_kept(vici));
	kernel_dump(OLD, 160, 260);
	expect_carried(tunnel_with(OLD), 160, 260);
	expect_total(160, 260);
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert_uint_eq(sa_row(OLD).uid, 5);
	ck_assert_uint_eq(sa_row(OLD + 1).uid, 5);
	ck_assert_uint_eq(tunnel_with(OLD).uid, 5);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

/* Its ESP is in user space. */
START_TEST(a_tunnel_of_charon_that_the_kernel_has_not_got_is_not_the_kernels_to_end)
{
	given_charon();
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	DUMP(NOTHING);
	sas_flushed(0);
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 10, 20);
	ck_assert_uint_eq(tunnel_with(OLD).feed, before.feed);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	ck_assert_uint_eq(xfrm_model_sas(model), 0);
	expect_tunnels(1);
}
END_TEST

/* The kernel wrote the message before charon's list, and we read it afterwards. */
START_TEST(a_dump_made_before_charon_counted_does_not_count_all_again)
{
	given_charon();
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 100, 200)));
	struct ipm_tunnel before = tunnel_with(OLD);
	kernel_dump(OLD, 90, 190);
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 100, 200);
	kernel_dump(OLD, 160, 260);
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 160, 260);
	expect_total(160, 260);
}
END_TEST

START_TEST(a_tunnel_that_the_kernel_told_of_first_gets_its_names)
{
	given_charon();
	POLICIES(policy_in_dump(policy(1, 1)));
	kernel_dump(OLD, 110, 210);
	struct ipm_tunnel before = tunnel_with(OLD);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 100, 200)));
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 110, 210);
	ck_assert_uint_eq(sa_row(OLD).uid, 5);
	ck_assert_uint_eq(sa_row(OLD + 1).uid, 5);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, MODP2048);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	ck_assert(vici_model_is_kept(vici));
	seconds_pass(2);
	kernel_dump(OLD, 120, 220);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 120, 220);
	expect_total(120, 220);
}
END_TEST

/* Either feed reports the new SAs first. */
START_TEST(a_rekey_that_both_tell_of_is_one_refresh)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	if (_i) {
		charon_rekeys_child(ike(1, "conn"), child_in(child(5, OLD, 11, 21), VICI_CHILD_REKEYED),
				    child(6, NEW, 0, 0));
		sa_appears(added_later(inbound(NEW), 50));
		sa_appears(added_later(outbound(NEW + 1), 50));
	} else {
		sa_appears(added_later(inbound(NEW), 50));
		sa_appears(added_later(outbound(NEW + 1), 50));
		charon_rekeys_child(ike(1, "conn"), child_in(child(5, OLD, 11, 21), VICI_CHILD_REKEYED),
				    child(6, NEW, 0, 0));
	}
	expect_tunnels(1);
	expect_same(tunnel_with(NEW), before, 1);
	CHARON(charon_tells(ike(1, "conn"), child_in(child(5, OLD, 11, 21), VICI_CHILD_DELETED));
	       charon_tells(ike(1, "conn"), child(6, NEW, 1, 2)));
	sa_deleted(with_packets(outbound(OLD + 1), 22));
	sa_deleted(with_packets(inbound(OLD), 12));
	CHARON(charon_tells(ike(1, "conn"), child(6, NEW, 1, 2)));
	CHARON(charon_tells(ike(1, "conn"), child(6, NEW, 1, 2)));
	DUMP(sa_in_dump(added_later(with_packets(outbound(NEW + 1), 5), 50));
	     sa_in_dump(added_later(with_packets(inbound(NEW), 4), 50)));
	expect_tunnels(1);
	expect_same(tunnel_with(NEW), before, 1);
	expect_joined(tunnel_with(NEW));
	expect_carried(tunnel_with(NEW), 16, 27);
	expect_total(16, 27);
	ck_assert_uint_eq(sa_row(NEW).uid, 6);
	ck_assert_uint_eq(sa_row(NEW + 1).uid, 6);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(a_rekey_of_a_tunnel_that_charon_told_of_first_counts_with_its_first_sa)
{
	given_charon();
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	kernel_dump(OLD, 10, 20);
	sa_appears(added_later(_i ? outbound(NEW + 1) : inbound(NEW), 50));
	expect_same(tunnel_with(OLD), before, 1);
	sa_appears(added_later(_i ? inbound(NEW) : outbound(NEW + 1), 50));
	expect_same(tunnel_with(OLD), before, 1);
}
END_TEST

/* The kernel's events were lost, and its dump comes after charon's list. */
START_TEST(a_list_that_has_the_new_child_before_the_kernel_tells_of_it_makes_no_second_tunnel)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	CHARON(charon_tells(ike(1, "conn"), child_in(child(5, OLD, 11, 21), VICI_CHILD_REKEYED));
	       charon_tells(ike(1, "conn"), child(6, NEW, 1, 2)));
	charon_rekeys_child(ike(1, "conn"), child_in(child(5, OLD, 11, 21), VICI_CHILD_REKEYED), child(6, NEW, 1, 2));
	DUMP(sa_in_dump(added_later(with_packets(outbound(NEW + 1), 2), 50));
	     sa_in_dump(added_later(with_packets(inbound(NEW), 1), 50));
	     sa_in_dump(with_packets(outbound(OLD + 1), 21)); sa_in_dump(with_packets(inbound(OLD), 11)));
	CHARON(charon_tells(ike(1, "conn"), child(6, NEW, 1, 2)));
	CHARON(charon_tells(ike(1, "conn"), child(6, NEW, 1, 2)));
	DUMP(sa_in_dump(added_later(with_packets(outbound(NEW + 1), 2), 50));
	     sa_in_dump(added_later(with_packets(inbound(NEW), 1), 50)));
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel_with(NEW).index, before.index);
	expect_carried(tunnel_with(NEW), 12, 23);
	expect_total(12, 23);
}
END_TEST

/* Whose word comes first. */
START_TEST(a_child_that_is_closed_ends_the_tunnel_once_with_charons_reason)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	if (_i) {
		charon_ends_child(ike(1, "conn"), child(5, OLD, 11, 21));
		expect_tunnels(1);
	}
	sa_deleted(with_packets(inbound(OLD), 12));
	sa_deleted(with_packets(outbound(OLD + 1), 22));
	if (!_i) {
		expect_held(1);
		charon_ends_child(ike(1, "conn"), child(5, OLD, 11, 21));
	}
	expect_tunnels(0);
	expect_held(0);
	expect_stopped(before, IPM_REASON_OPERATOR);
	expect_events(IPM_EVENT_TUNNEL_STOP, 1);
	expect_total(12, 22);
}
END_TEST

START_TEST(an_ike_sa_that_is_closed_ends_its_tunnel_once_with_charons_reason)
{
	struct vici_ike a = ike(1, "conn");

	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(a, child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	a.state = VICI_IKE_DELETING;
	a.passive = VICI_TASK_IKE_DELETE;
	if (!_i) {
		sa_deleted(with_packets(outbound(OLD + 1), 22));
		sa_deleted(with_packets(inbound(OLD), 12));
	}
	struct vici_child c = child_in(child(5, OLD, 11, 21), VICI_CHILD_INSTALLED);
	vici_model_ike_down(vici, &a);
	vici_model_child_down(vici, &a, &c);
	xfrm_model_settle(model);
	all_is_true();
	if (_i) {
		sa_deleted(with_packets(outbound(OLD + 1), 22));
		sa_deleted(with_packets(inbound(OLD), 12));
	}
	expect_tunnels(0);
	expect_stopped(before, IPM_REASON_PEER_DELETE);
	expect_total(12, 22);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 0);
}
END_TEST

START_TEST(charon_may_be_gone_for_long_while_the_kernels_sas_stay)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	charon_is_away();
	kernel_dump(OLD, 15, 25);
	hold_time_is_over();
	kernel_dump(OLD, 17, 27);
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert_str_eq(tunnel_with(OLD).name, "net");
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 17, 27)));
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 17, 27);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(when_charon_is_gone_for_long_the_tunnel_ends_with_its_sas)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	charon_is_away();
	sa_deleted(with_packets(outbound(OLD + 1), 22));
	sa_deleted(with_packets(inbound(OLD), 12));
	expect_held(1);
	hold_time_is_over();
	expect_held(0);
	expect_stopped(before, IPM_REASON_UNKNOWN);
}
END_TEST

START_TEST(a_new_charon_takes_up_the_tunnel_even_with_the_same_unique_ids)
{
	struct vici_ike anew = ike(1, "conn");

	anew.spi_initiator += 0x1000000;
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	charon_is_away();
	sa_deleted(with_packets(outbound(OLD + 1), 22));
	sa_deleted(with_packets(inbound(OLD), 12));
	expect_held(1);
	sa_appears(added_later(inbound(NEW), 50));
	sa_appears(added_later(outbound(NEW + 1), 50));
	for (int i = 0; i < 3; i++)
		CHARON(charon_tells(anew, child(_i ? 5 : 2, NEW, 0, 0)));
	hold_time_is_over();
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel_with(NEW).index, before.index);
	expect_joined(tunnel_with(NEW));
	ck_assert_uint_eq(sa_row(NEW).uid, _i ? 5 : 2);
	ck_assert_uint_eq(tunnel_with(NEW).uid, _i ? 5 : 2);
	DUMP(sa_in_dump(added_later(with_packets(outbound(NEW + 1), 2), 50));
	     sa_in_dump(added_later(with_packets(inbound(NEW), 1), 50)));
	expect_carried(tunnel_with(NEW), 13, 24);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}
END_TEST

START_TEST(a_reauthenticated_ike_sa_takes_over_the_tunnel)
{
	struct vici_ike now = ike(2, "conn");

	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_appears(added_later(inbound(NEW), 50)); /* made before the break */
	sa_appears(added_later(outbound(NEW + 1), 50));
	now.active = VICI_TASK_REAUTH_COMPLETE;
	charon_tells(now, child(6, NEW, 0, 0));
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)); charon_tells(now, child(6, NEW, 0, 0)));
	ck_assert_uint_eq(sa_row(OLD).uid, 5);
	ck_assert_uint_eq(sa_row(NEW).uid, 6);
	charon_ends_ike(ike(1, "conn"));
	charon_ends_child(ike(1, "conn"), child(5, OLD, 10, 20));
	sa_deleted(with_packets(outbound(OLD + 1), 22));
	sa_deleted(with_packets(inbound(OLD), 12));
	now.active = 0;
	for (int i = 0; i < 3; i++)
		CHARON(charon_tells(now, child(6, NEW, 1, 2)));
	DUMP(sa_in_dump(added_later(with_packets(outbound(NEW + 1), 2), 50));
	     sa_in_dump(added_later(with_packets(inbound(NEW), 1), 50)));
	expect_tunnels(1);
	expect_same(tunnel_with(NEW), before, 1);
	expect_joined(tunnel_with(NEW));
	expect_carried(tunnel_with(NEW), 13, 24);
	ck_assert_uint_eq(tunnel_with(NEW).uid, 6);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(a_tunnel_without_charons_word_stays_manual_beside_one_with_it)
{
	given_charon();
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)); sa_in_dump(of_reqid(outbound(OTHER + 1), 2));
	     sa_in_dump(of_reqid(inbound(OTHER), 2)));
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 0, 0)));
	seconds_pass(2);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)); sa_in_dump(of_reqid(outbound(OTHER + 1), 2));
	     sa_in_dump(of_reqid(inbound(OTHER), 2)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	ck_assert_uint_eq(tunnel_with(OTHER).key_type, IPM_KEY_MANUAL);
	ck_assert_uint_eq(tunnel_with(OTHER).named_by, 0);
	expect_joined(tunnel_with(OLD));
}
END_TEST

START_TEST(a_move_that_both_tell_of_keeps_the_tunnel)
{
	struct vici_ike moved = ike(1, "conn");

	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	moved.remote_host = PEER(9);
	vici_model_ike(vici, &moved); /* an ike-update comes before charon moves the SAs */
	sa_deleted(with_packets(inbound(OLD), 10));
	sa_appears(with_packets(with_peer(inbound(OLD), 9), 10));
	sa_deleted(with_packets(outbound(OLD + 1), 20));
	sa_appears(with_packets(with_peer(outbound(OLD + 1), 9), 20));
	CHARON(charon_tells(moved, child(5, OLD, 10, 20)));
	DUMP(sa_in_dump(with_packets(with_peer(outbound(OLD + 1), 9), 21));
	     sa_in_dump(with_packets(with_peer(inbound(OLD), 9), 11)));
	CHARON(charon_tells(moved, child(5, OLD, 11, 21)));
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 11, 21);
	expect_total(11, 21);
	ck_assert_uint_eq(sa_row(OLD).uid, 5);
}
END_TEST

START_TEST(what_charon_named_is_named_again_after_a_restart)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	daemon_restarts(true);
	given_charon();
	charon_is_away();
	seconds_pass(2);
	if (_i)
		kernel_dump(OLD, 15, 25);
	CHARON(charon_tells(ike(1, "conn"), child(5, OLD, 15, 25)));
	if (!_i)
		kernel_dump(OLD, 15, 25);
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 15, 25);
	hold_time_is_over();
	kernel_dump(OLD, 16, 26);
	expect_joined(tunnel_with(OLD));
	expect_total(16, 26);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_model_charon");
	TCase *tc = tests_of(suite, "together with charon", given_a_gateway);
	tcase_add_test(tc, a_tunnel_that_charon_told_of_first_keeps_its_index_and_counts_nothing_twice);
	tcase_add_test(tc, a_tunnel_of_charon_that_the_kernel_has_not_got_is_not_the_kernels_to_end);
	tcase_add_test(tc, a_dump_made_before_charon_counted_does_not_count_all_again);
	tcase_add_test(tc, a_tunnel_that_the_kernel_told_of_first_gets_its_names);
	tcase_add_loop_test(tc, a_rekey_that_both_tell_of_is_one_refresh, 0, 2);
	tcase_add_loop_test(tc, a_rekey_of_a_tunnel_that_charon_told_of_first_counts_with_its_first_sa, 0, 2);
	tcase_add_test(tc, a_list_that_has_the_new_child_before_the_kernel_tells_of_it_makes_no_second_tunnel);
	tcase_add_loop_test(tc, a_child_that_is_closed_ends_the_tunnel_once_with_charons_reason, 0, 2);
	tcase_add_loop_test(tc, an_ike_sa_that_is_closed_ends_its_tunnel_once_with_charons_reason, 0, 2);
	tcase_add_test(tc, charon_may_be_gone_for_long_while_the_kernels_sas_stay);
	tcase_add_test(tc, when_charon_is_gone_for_long_the_tunnel_ends_with_its_sas);
	tcase_add_loop_test(tc, a_new_charon_takes_up_the_tunnel_even_with_the_same_unique_ids, 0, 2);
	tcase_add_test(tc, a_reauthenticated_ike_sa_takes_over_the_tunnel);
	tcase_add_test(tc, a_tunnel_without_charons_word_stays_manual_beside_one_with_it);
	tcase_add_test(tc, a_move_that_both_tell_of_keeps_the_tunnel);
	tcase_add_loop_test(tc, what_charon_named_is_named_again_after_a_restart, 0, 2);
	return run_in_scratch("check_xfrm_model_charon", suite);
}
