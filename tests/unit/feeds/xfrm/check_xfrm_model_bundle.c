/* SPDX-License-Identifier: ISC */
/* AH and IPComp beside ESP, peers that move, and the owner of an SA. */

#include "xfrm_model_fixture.h"

/* --- bundles: AH and IPComp beside ESP ----------------------------------- */

/* One of the 24 orders of four things. */
static void
order_of_four(int which, int order[4])
{
	int left[4] = { 0, 1, 2, 3 };
	for (int n = 4, size = 24; n > 0; n--) {
		size /= n;
		int at = which / size;
		which %= size;
		order[4 - n] = left[at];
		memmove(&left[at], &left[at + 1], sizeof(left) - sizeof(left[0]) * (size_t)(at + 1));
	}
}

START_TEST(ah_and_esp_are_one_tunnel_whose_packets_count_once)
{
	const struct xfrm_sa sa[4] = { inbound(OLD), outbound(OLD + 1), as_ah(inbound(OTHER)),
				       as_ah(outbound(OTHER + 1)) };
	int order[4];

	order_of_four(_i, order);
	for (int i = 0; i < 4; i++)
		sa_appears(sa[order[i]]);
	expect_tunnels(1);
	struct ipm_tunnel before = tunnel_with(OLD);
	ck_assert_uint_eq(before.sas, 4);
	ck_assert_uint_eq(before.protocol, IPPROTO_ESP);
	ck_assert_uint_eq(before.refreshes, 0);
	ck_assert_uint_eq(before.in_sa.encr, 12);
	ck_assert_uint_eq(before.in_ah, 13);
	ck_assert_uint_eq(before.out_ah, 13);
	ck_assert_uint_eq(sa_row(OTHER).bundled, 1);
	ck_assert_uint_eq(sa_row(OLD).bundled, 0);

	DUMP(for (int i = 0; i < 4; i++) sa_in_dump(with_packets(sa[order[i]], 10)));
	expect_carried(tunnel_with(OLD), 10, 10);
	ck_assert_uint_eq(tunnel_with(OLD).in.crypts, 10);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 20); /* each packet by both */
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 10 * OCTETS);
	expect_total(10, 10);

	sa_appears(added_later(as_ah(inbound(NEW)), 1)); /* a rekey, the AH SAs first */
	sa_appears(added_later(as_ah(outbound(NEW + 1)), 1));
	sa_appears(added_later(inbound(NEW + 2), 1));
	sa_appears(added_later(outbound(NEW + 3), 1));
	expect_same(tunnel_with(NEW), before, 1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OTHER), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW + 2), IPM_SA_ACTIVE);
	for (int i = 0; i < 4; i++)
		sa_deleted(with_packets(sa[order[i]], 11));
	expect_carried(tunnel_with(NEW), 11, 11);
	DUMP(sa_in_dump(added_later(with_packets(outbound(NEW + 3), 1), 1));
	     sa_in_dump(added_later(with_packets(inbound(NEW + 2), 1), 1));
	     sa_in_dump(added_later(with_packets(as_ah(outbound(NEW + 1)), 1), 1));
	     sa_in_dump(added_later(with_packets(as_ah(inbound(NEW)), 1), 1)));
	expect_carried(tunnel_with(NEW), 12, 12);
	ck_assert_uint_eq(tunnel_with(NEW).out.auths, 24);
	expect_same(tunnel_with(NEW + 3), before, 1);
}
END_TEST

static struct xfrm_sa
transport(struct xfrm_sa sa)
{
	sa.encap = IPM_ENCAP_TRANSPORT;
	return sa;
}

/* AH around ESP in tunnel mode is in transport mode. */
START_TEST(a_bundle_has_the_mode_of_the_sas_that_it_has)
{
	const struct xfrm_sa ah[2] = { transport(as_ah(inbound(OTHER))), transport(as_ah(outbound(OTHER + 1))) };

	sa_appears(ah[0]);
	sa_appears(ah[1]);
	ck_assert_int_eq(tunnel_with(OTHER).encap, IPM_ENCAP_TRANSPORT);
	pair_appears(OLD);
	expect_tunnels(1);
	ck_assert_int_eq(tunnel_with(OTHER).encap, IPM_ENCAP_TUNNEL);
	daemon_restarts(0);
	DUMP(sa_in_dump(ah[1]); sa_in_dump(ah[0]); sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	ck_assert_int_eq(tunnel_with(OTHER).encap, IPM_ENCAP_TUNNEL);
	sa_deleted(inbound(OLD));
	ck_assert_int_eq(tunnel_with(OTHER).encap, IPM_ENCAP_TUNNEL);
	sa_deleted(outbound(OLD + 1));
	ck_assert_int_eq(tunnel_with(OTHER).encap, IPM_ENCAP_TRANSPORT);
}
END_TEST

START_TEST(ipcomp_and_esp_are_one_tunnel_with_the_octets_before_compression)
{
	const struct xfrm_sa sa[4] = { inbound(OLD), outbound(OLD + 1), as_comp(inbound(0x10), 0, 0),
				       as_comp(outbound(0x11), 0, 0) };
	int order[4];

	order_of_four(_i, order);
	for (int i = 0; i < 4; i++)
		sa_appears(sa[order[i]]);
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel_with(OLD).protocol, IPPROTO_ESP);
	ck_assert_uint_eq(tunnel_with(OLD).ipcomp, 1);
	ck_assert_uint_eq(sa_row(0x10).bundled, 1);
	/* The packets were too small to be compressed: it is known to be 0. */
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 4)); sa_in_dump(with_packets(inbound(OLD), 4));
	     sa_in_dump(as_comp(outbound(0x11), 0, 0)); sa_in_dump(as_comp(inbound(0x10), 0, 0)));
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 0);
	ck_assert_uint_eq(tunnel_with(OLD).in.comps, 1);
	ck_assert_uint_eq(tunnel_with(OLD).out.comps, 1);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 10)); sa_in_dump(with_packets(inbound(OLD), 10));
	     sa_in_dump(as_comp(outbound(0x11), 10, 3000)); sa_in_dump(as_comp(inbound(0x10), 10, 2000)));
	expect_carried(tunnel_with(OLD), 10, 10);
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 2000);
	ck_assert_uint_eq(tunnel_with(OLD).out.raw_octets, 3000);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 10);
	ck_assert_uint_eq(totals().out.raw_octets, 3000);
	expect_total(10, 10);
}
END_TEST

/* The state that a daemon finds at its start: policies first, then SAs with large counters. */
START_TEST(what_a_bundle_had_carried_before_we_came_counts_once_too)
{
	const struct xfrm_sa sa[4] = { with_packets(inbound(OLD), 10), with_packets(outbound(OLD + 1), 20),
				       with_packets(as_ah(inbound(OTHER)), 10),
				       with_packets(as_ah(outbound(OTHER + 1)), 20) };
	int order[4];

	order_of_four(_i, order);
	POLICIES(policy_in_dump(policy_with(policy(1, 1), IPPROTO_AH)));
	DUMP(for (int i = 0; i < 4; i++) sa_in_dump(sa[order[i]]));
	expect_tunnels(1);
	expect_carried(tunnel_with(OLD), 10, 20);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 20);
	ck_assert_uint_eq(tunnel_with(OLD).refreshes, 0);
	expect_total(10, 20);
}
END_TEST

START_TEST(what_was_compressed_before_we_came_counts_once_too)
{
	const struct xfrm_sa sa[4] = { with_packets(inbound(OLD), 10), with_packets(outbound(OLD + 1), 10),
				       as_comp(inbound(0x10), 10, 2000), as_comp(outbound(0x11), 10, 3000) };
	int order[4];

	order_of_four(_i, order);
	POLICIES(policy_in_dump(policy_with(policy(1, 1), IPPROTO_COMP)));
	DUMP(for (int i = 0; i < 4; i++) sa_in_dump(sa[order[i]]));
	expect_tunnels(1);
	expect_carried(tunnel_with(OLD), 10, 10);
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 2000);
	ck_assert_uint_eq(tunnel_with(OLD).out.raw_octets, 3000);
}
END_TEST

START_TEST(ah_alone_and_ipcomp_alone_count_their_packets)
{
	sa_appears(as_ah(inbound(OLD)));
	sa_appears(of_reqid(as_comp(inbound(0x10), 0, 0), 2));
	DUMP(sa_in_dump(of_reqid(as_comp(inbound(0x10), 5, 500), 2)); sa_in_dump(with_packets(as_ah(inbound(OLD)), 3)));
	expect_carried(tunnel_with(OLD), 3, 0);
	ck_assert_uint_eq(tunnel_with(OLD).protocol, IPPROTO_AH);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 3);
	ck_assert_uint_eq(tunnel_with(OLD).in.crypts, 0);
	expect_carried(tunnel_with(0x10), 5, 0);
	ck_assert_uint_eq(tunnel_with(0x10).protocol, IPPROTO_COMP);
	ck_assert_uint_eq(tunnel_with(0x10).in.raw_octets, 500);
}
END_TEST

START_TEST(ah_counts_before_ipcomp)
{
	sa_appears(as_comp(inbound(0x10), 0, 0));
	sa_appears(as_ah(inbound(OLD)));
	DUMP(sa_in_dump(with_packets(as_ah(inbound(OLD)), 3)); sa_in_dump(as_comp(inbound(0x10), 3, 900)));
	ck_assert_uint_eq(tunnel_with(OLD).protocol, IPPROTO_AH);
	expect_carried(tunnel_with(OLD), 3, 0);
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 900);
}
END_TEST

/* --- a peer, or we, at another address ----------------------------------- */

/* Move SAs as charon does: delete each one, and add it again with its SPI, its creation time and its counts. */
START_TEST(sas_that_move_to_another_address_keep_their_tunnel_and_count_on)
{
	struct xfrm_sa a = inbound(OLD), b = outbound(OLD + 1);

	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(b, 20)); sa_in_dump(with_packets(a, 10)));
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_deleted(with_packets(a, 12));
	sa_appears(with_packets(_i ? from_elsewhere(a) : with_peer(a, 9), 12));
	sa_deleted(with_packets(b, 22));
	sa_appears(with_packets(_i ? from_elsewhere(b) : with_peer(b, 9), 22));
	expect_tunnels(1);
	struct ipm_tunnel now = tunnel_with(OLD);
	expect_same(now, before, 0);
	expect_carried(now, 12, 22);
	ck_assert_uint_eq(now.sas, 2);
	ck_assert(same_addr(now.local, _i ? ELSEWHERE : HERE));
	ck_assert(same_addr(now.remote, _i ? PEER(2) : PEER(9)));
	DUMP(sa_in_dump(with_packets(_i ? from_elsewhere(b) : with_peer(b, 9), 25));
	     sa_in_dump(with_packets(_i ? from_elsewhere(a) : with_peer(a, 9), 15)));
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 15, 25);
	expect_total(15, 25);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

/* The kernel doesn't keep the drops of a moved SA. */
START_TEST(an_sa_that_has_moved_counts_its_drops_from_zero)
{
	struct xfrm_sa a = with_packets(inbound(OLD), 10);

	pair_appears(OLD);
	a.auth_fails = 2;
	a.replays = 3;
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(a));
	sa_deleted(a);
	a = with_peer(a, 9);
	a.auth_fails = a.replays = 0;
	sa_appears(a);
	a = with_packets(a, 20);
	a.replays = 1;
	DUMP(sa_in_dump(with_peer(outbound(OLD + 1), 9)); sa_in_dump(a));
	ck_assert_uint_eq(tunnel_with(OLD).in.pkts, 20);
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_AUTH], 2);
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_REPLAY], 4);
}
END_TEST

START_TEST(an_sa_that_has_carried_nothing_moves_as_well)
{
	pair_appears(OLD);
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_deleted(inbound(OLD));
	sa_appears(with_peer(inbound(OLD), 9));
	sa_deleted(outbound(OLD + 1));
	sa_appears(with_peer(outbound(OLD + 1), 9));
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_same(tunnel_with(OLD + 1), before, 0);
}
END_TEST

START_TEST(an_sa_that_has_carried_nothing_does_not_move_to_another_interface)
{
	struct xfrm_sa a = inbound(OLD);

	pair_appears(OLD);
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_deleted(a);
	a.if_id = 7;
	sa_appears(a);
	expect_tunnels(2);
	expect_two_tunnels(OLD, OLD + 1);
	expect_same(tunnel_with(OLD + 1), before, 0);
}
END_TEST

/* Only the port behind a NAT has changed. */
START_TEST(an_sa_that_is_put_back_at_the_same_address_counts_on)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 20)); sa_in_dump(with_packets(inbound(OLD), 10)));
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_deleted(with_packets(inbound(OLD), 12));
	sa_appears(with_packets(inbound(OLD), 12));
	sa_deleted(with_packets(outbound(OLD + 1), 22));
	sa_appears(with_packets(outbound(OLD + 1), 22));
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 12, 22);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 23)); sa_in_dump(with_packets(inbound(OLD), 13)));
	expect_carried(tunnel_with(OLD), 13, 23);
}
END_TEST

START_TEST(an_sa_that_is_made_again_with_its_old_spi_counts_from_zero)
{
	pair_appears(OLD);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 20)); sa_in_dump(with_packets(inbound(OLD), 10)));
	sa_deleted(with_packets(inbound(OLD), 12));
	sa_appears(added_later(inbound(OLD), 5));
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 20));
	     sa_in_dump(with_packets(added_later(inbound(OLD), 5), 30)));
	expect_carried(tunnel_with(OLD), 42, 20);
}
END_TEST

/* Manual keys often come with round numbers. */
START_TEST(an_spi_that_is_used_for_another_peer_and_reqid_moves_nothing)
{
	pair_appears(OLD);
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_deleted(outbound(OLD + 1));
	sa_appears(added_later(of_reqid(with_peer(outbound(OLD + 1), 9), 2), 60));
	expect_tunnels(2);
	expect_two_tunnels(OLD, OLD + 1);
	ck_assert_uint_eq(tunnel_with(OLD).index, before.index);
	ck_assert(same_addr(tunnel_with(OLD).remote, PEER(2)));
}
END_TEST

/* --- who has keyed it ---------------------------------------------------- */

START_TEST(without_an_ike_daemon_sas_are_keyed_by_hand)
{
	POLICIES(policy_in_dump(policy(1, 1)));
	pair_appears(OLD);
	ck_assert(xfrm_model_wants_policies(model)); /* one may have come up since */
	POLICIES(policy_in_dump(policy(1, 1)));
	ck_assert(!xfrm_model_wants_policies(model));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_MANUAL);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, 0);
	ck_assert_uint_eq(tunnel_with(OLD).in_sa.group, 0);
}
END_TEST

START_TEST(policies_of_sockets_tell_of_an_ike_daemon)
{
	POLICIES(policy_in_dump(socket_policy(1)));
	pair_appears(OLD);
	ck_assert(!xfrm_model_wants_policies(model));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, IPM_TRANSFORM_OTHER); /* the kernel cannot know it */
	ck_assert_uint_eq(tunnel_with(OLD).in_sa.group, IPM_TRANSFORM_OTHER);
}
END_TEST

START_TEST(an_ike_daemon_that_shows_itself_later_is_believed_with_the_next_dump)
{
	pair_appears(OLD);
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_MANUAL);
	POLICIES(policy_in_dump(socket_policy(1)));
	seconds_pass(2);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.group, IPM_TRANSFORM_OTHER);
	POLICIES(NOTHING);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_MANUAL);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, 0);
}
END_TEST

START_TEST(what_a_known_ike_daemon_does_not_claim_for_a_second_is_keyed_by_hand)
{
	xfrm_model_ike_known(model, true);
	POLICIES(policy_in_dump(socket_policy(1)));
	pair_appears(OLD);
	ck_assert(!xfrm_model_wants_policies(model));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	seconds_pass(2);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_MANUAL);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, 0);
	ck_assert_uint_eq(tunnel_with(OLD).in_sa.group, 0);
}
END_TEST

/* --- tunnels that an IKE daemon claims ----------------------------------- */

START_TEST(a_claimed_tunnel_without_sas_is_held_until_they_are_back)
{
	pair_appears(OLD);
	claim(OLD, true, IPM_REASON_UNKNOWN);
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_deleted(with_packets(inbound(OLD), 5));
	sa_deleted(with_packets(outbound(OLD + 1), 6));
	expect_tunnels(0);
	expect_held(1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	DUMP(NOTHING);
	expect_held(1);
	pair_appears(NEW);
	expect_held(0);
	ck_assert_uint_eq(tunnel_with(NEW).index, before.index);
	expect_carried(tunnel_with(NEW), 5, 6);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}
END_TEST

START_TEST(a_held_tunnel_that_is_released_ends_with_the_verdict)
{
	pair_appears(OLD);
	claim(OLD, true, IPM_REASON_UNKNOWN);
	struct ipm_tunnel before = tunnel_with(OLD);
	sa_deleted(inbound(OLD));
	sa_deleted(outbound(OLD + 1));
	release(before, IPM_REASON_PEER_DELETE);
	xfrm_model_settle(model);
	all_is_true();
	expect_held(0);
	expect_stopped(before, IPM_REASON_PEER_DELETE);
}
END_TEST

START_TEST(a_released_tunnel_ends_with_the_verdict_when_its_sas_go)
{
	pair_appears(OLD);
	struct ipm_tunnel before = *claim(OLD, true, IPM_REASON_UNKNOWN);
	claim(OLD, false, IPM_REASON_OPERATOR);
	xfrm_model_settle(model);
	all_is_true();
	expect_tunnels(1);
	sa_deleted(inbound(OLD));
	expect_tunnels(1);
	sa_deleted(outbound(OLD + 1));
	expect_stopped(before, IPM_REASON_OPERATOR);
	expect_events(IPM_EVENT_TUNNEL_STOP, 1);
}
END_TEST

START_TEST(a_verdict_is_void_when_a_new_sa_comes)
{
	pair_appears(OLD);
	struct ipm_tunnel before = *claim(OLD, false, IPM_REASON_OPERATOR);
	sa_appears(inbound(NEW));
	sa_deleted(inbound(OLD));
	sa_deleted(outbound(OLD + 1));
	sa_deleted(inbound(NEW));
	expect_stopped(before, IPM_REASON_UNKNOWN);
}
END_TEST

START_TEST(a_claimed_tunnel_survives_a_flush)
{
	pair_appears(OLD);
	claim(OLD, true, IPM_REASON_UNKNOWN);
	struct ipm_tunnel before = tunnel_with(OLD);
	sas_flushed(0);
	expect_held(1);
	pair_appears(NEW);
	ck_assert_uint_eq(tunnel_with(NEW).index, before.index);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_model_bundle");
	TCase *tc = tests_of(suite, "bundles: AH and IPComp beside ESP", given_a_gateway);
	tcase_add_loop_test(tc, ah_and_esp_are_one_tunnel_whose_packets_count_once, 0, 24);
	tcase_add_test(tc, a_bundle_has_the_mode_of_the_sas_that_it_has);
	tcase_add_loop_test(tc, ipcomp_and_esp_are_one_tunnel_with_the_octets_before_compression, 0, 24);
	tcase_add_loop_test(tc, what_a_bundle_had_carried_before_we_came_counts_once_too, 0, 24);
	tcase_add_loop_test(tc, what_was_compressed_before_we_came_counts_once_too, 0, 24);
	tcase_add_test(tc, ah_alone_and_ipcomp_alone_count_their_packets);
	tcase_add_test(tc, ah_counts_before_ipcomp);
	tc = tests_of(suite, "a peer, or we, at another address", given_a_gateway);
	tcase_add_loop_test(tc, sas_that_move_to_another_address_keep_their_tunnel_and_count_on, 0, 2);
	tcase_add_test(tc, an_sa_that_has_moved_counts_its_drops_from_zero);
	tcase_add_test(tc, an_sa_that_has_carried_nothing_moves_as_well);
	tcase_add_test(tc, an_sa_that_has_carried_nothing_does_not_move_to_another_interface);
	tcase_add_test(tc, an_sa_that_is_put_back_at_the_same_address_counts_on);
	tcase_add_test(tc, an_sa_that_is_made_again_with_its_old_spi_counts_from_zero);
	tcase_add_test(tc, an_spi_that_is_used_for_another_peer_and_reqid_moves_nothing);
	tc = tests_of(suite, "who has keyed it", given_a_gateway);
	tcase_add_test(tc, without_an_ike_daemon_sas_are_keyed_by_hand);
	tcase_add_test(tc, policies_of_sockets_tell_of_an_ike_daemon);
	tcase_add_test(tc, an_ike_daemon_that_shows_itself_later_is_believed_with_the_next_dump);
	tcase_add_test(tc, what_a_known_ike_daemon_does_not_claim_for_a_second_is_keyed_by_hand);
	tc = tests_of(suite, "tunnels that an IKE daemon claims", given_a_gateway);
	tcase_add_test(tc, a_claimed_tunnel_without_sas_is_held_until_they_are_back);
	tcase_add_test(tc, a_held_tunnel_that_is_released_ends_with_the_verdict);
	tcase_add_test(tc, a_released_tunnel_ends_with_the_verdict_when_its_sas_go);
	tcase_add_test(tc, a_verdict_is_void_when_a_new_sa_comes);
	tcase_add_test(tc, a_claimed_tunnel_survives_a_flush);
	return run_in_scratch("check_xfrm_model_bundle", suite);
}
