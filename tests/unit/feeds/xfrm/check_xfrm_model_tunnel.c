/* SPDX-License-Identifier: ISC */
/* The SAs of a tunnel, the direction of an SA, and the selectors of a tunnel. */

#include "xfrm_model_fixture.h"

/* --- which SAs are one tunnel -------------------------------------------- */

START_TEST(an_sa_in_and_one_out_with_the_same_reqid_and_peer_are_one_tunnel)
{
	sa_appears(inbound(OLD));
	expect_tunnels(1);
	sa_appears(outbound(OLD + 1));
	expect_tunnels(1);
	struct ipm_tunnel t = tunnel_with(OLD);
	expect_one_tunnel(OLD, OLD + 1);
	ck_assert_uint_eq(t.sas, 2);
	ck_assert_uint_eq(t.reqid, 1);
	ck_assert_uint_eq(t.protocol, IPPROTO_ESP);
	ck_assert_uint_eq(t.encap, IPM_ENCAP_TUNNEL);
	ck_assert_uint_eq(t.refreshes, 0);
	ck_assert(same_addr(t.local, HERE));
	ck_assert(same_addr(t.remote, PEER(2)));
	ck_assert_uint_eq(t.in_sa.encr, 12);
	ck_assert_uint_eq(t.out_sa.integ, 12);
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(OLD + 1).direction, IPM_OUT);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}
END_TEST

START_TEST(the_outbound_sa_may_come_first)
{
	sa_appears(outbound(OLD + 1));
	sa_appears(inbound(OLD));
	expect_tunnels(1);
	expect_one_tunnel(OLD, OLD + 1);
	ck_assert_uint_eq(tunnel_with(OLD).refreshes, 0);
}
END_TEST

START_TEST(another_reqid_is_another_tunnel)
{
	pair_appears(OLD);
	sa_appears(of_reqid(inbound(OTHER), 2));
	sa_appears(of_reqid(outbound(OTHER + 1), 2));
	expect_tunnels(2);
	expect_one_tunnel(OTHER, OTHER + 1);
	expect_two_tunnels(OLD, OTHER);
}
END_TEST

START_TEST(another_peer_is_another_tunnel)
{
	pair_appears(OLD);
	sa_appears(with_peer(inbound(OTHER), 3));
	sa_appears(with_peer(outbound(OTHER + 1), 3));
	expect_tunnels(2);
	expect_one_tunnel(OTHER, OTHER + 1);
	expect_two_tunnels(OLD, OTHER);
}
END_TEST

START_TEST(another_xfrm_interface_or_mark_is_another_tunnel)
{
	sa_appears(of_if_id(inbound(OLD), 1));
	sa_appears(of_if_id(inbound(OTHER), 2));
	sa_appears(of_mark(inbound(NEW), 7));
	sa_appears(of_if_id(outbound(OLD + 1), 1));
	sa_appears(of_if_id(outbound(OTHER + 1), 2));
	sa_appears(of_mark(outbound(NEW + 1), 7));
	expect_tunnels(3);
	expect_one_tunnel(OLD, OLD + 1);
	expect_one_tunnel(OTHER, OTHER + 1);
	expect_one_tunnel(NEW, NEW + 1);
	ck_assert_uint_eq(tunnel_with(OTHER).if_id_in, 2);
	ck_assert_uint_eq(tunnel_with(OTHER).if_id_out, 2);
	ck_assert_uint_eq(tunnel_with(NEW).mark_out, 7);
	ck_assert_uint_eq(tunnel_with(OLD).refreshes, 0);
}
END_TEST

START_TEST(a_mark_or_interface_in_one_direction_only_makes_no_second_tunnel)
{
	sa_appears(inbound(OLD));
	sa_appears(of_mark(outbound(OLD + 1), 7));
	sa_appears(of_if_id(of_reqid(inbound(OTHER), 2), 5));
	sa_appears(of_reqid(outbound(OTHER + 1), 2));
	expect_tunnels(2);
	expect_one_tunnel(OLD, OLD + 1);
	expect_one_tunnel(OTHER, OTHER + 1);
	ck_assert_uint_eq(tunnel_with(OLD).mark_in, 0);
	ck_assert_uint_eq(tunnel_with(OLD).mark_out, 7);
	ck_assert_uint_eq(tunnel_with(OTHER).if_id_in, 5);
	ck_assert_uint_eq(tunnel_with(OTHER).if_id_out, 0);

	struct ipm_tunnel before = tunnel_with(OLD);
	sa_appears(inbound(NEW)); /* nor does its rekey */
	sa_appears(of_mark(outbound(NEW + 1), 7));
	expect_same(tunnel_with(NEW), before, 1);
	expect_same(tunnel_with(NEW + 1), before, 1);
	expect_tunnels(2);
}
END_TEST

START_TEST(two_sas_of_one_spi_are_told_apart_by_peer_and_mark)
{
	sa_appears(outbound(OLD));
	sa_appears(with_peer(outbound(OLD), 3));
	sa_appears(of_mark(outbound(OLD), 7));
	expect_tunnels(3);
	ck_assert_uint_eq(rows(IPM_SAS), 3);
	sa_deleted(with_peer(outbound(OLD), 3));
	sa_deleted(of_mark(outbound(OLD), 7));
	ck_assert(same_addr(tunnel_with(OLD).remote, PEER(2)));
	ck_assert_uint_eq(tunnel_with(OLD).mark_out, 0);
}
END_TEST

START_TEST(without_reqid_own_selectors_tell_tunnels_apart)
{
	sa_appears(of_net(of_reqid(inbound(OLD), 0), 1));
	sa_appears(of_net(of_reqid(inbound(OTHER), 0), 2));
	sa_appears(of_net(of_reqid(outbound(OLD + 1), 0), 1));
	sa_appears(of_net(of_reqid(outbound(OTHER + 1), 0), 2));
	sa_appears(of_reqid(inbound(NEW), 0));
	sa_appears(of_reqid(outbound(NEW + 1), 0));
	expect_tunnels(3);
	expect_one_tunnel(OLD, OLD + 1);
	expect_one_tunnel(OTHER, OTHER + 1);
	expect_one_tunnel(NEW, NEW + 1);
	ck_assert(has_net(tunnel_with(OLD), 1));
	ck_assert(has_net(tunnel_with(OTHER), 2));
	ck_assert_uint_eq(selectors(tunnel_with(NEW)), 0);
}
END_TEST

START_TEST(with_a_reqid_own_selectors_do_not_matter)
{
	sa_appears(of_net(inbound(OLD), 1));
	sa_appears(of_net(outbound(OLD + 1), 2));
	expect_tunnels(1);
}
END_TEST

START_TEST(larval_sas_are_no_sas_yet)
{
	sa_appears(larval_sa(inbound(OLD)));
	sa_appears(larval_sa(outbound(0)));
	DUMP(sa_in_dump(larval_sa(inbound(OLD))); sa_in_dump(larval_sa(outbound(0))));
	expect_tunnels(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	sa_appears(inbound(OLD));
	expect_tunnels(1);
}
END_TEST

START_TEST(what_a_dump_tells_is_the_same_as_events)
{
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 5)); sa_in_dump(with_packets(inbound(OLD), 3)));
	ck_assert(!dump_has_to_be_repeated);
	expect_tunnels(1);
	expect_carried(tunnel_with(OLD), 3, 5);
	ck_assert_uint_eq(xfrm_model_sas(model), 2);
	expect_total(3, 5);
}
END_TEST

/* --- which way an SA goes ------------------------------------------------ */

START_TEST(the_kernels_word_on_the_direction_is_heard_first)
{
	sa_appears(with_direction(inbound(OLD), IPM_OUT));
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_OUT);
	ck_assert(same_addr(tunnel_with(OLD).remote, HERE));
}
END_TEST

START_TEST(a_policy_tells_the_direction_where_no_address_is_local)
{
	struct xfrm_sa a = inbound(OLD), b = outbound(OLD + 1);

	/* Both ends are routed through us, as for a virtual gateway. */
	a.key.dst = b.src = ip4(198, 51, 100, 1);
	policy_appears(policy_to(policy(1, 1), ip4(198, 51, 100, 1), PEER(2)));
	sa_appears(b);
	sa_appears(a);
	expect_tunnels(1);
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(OLD + 1).direction, IPM_OUT);
}
END_TEST

START_TEST(a_local_destination_is_inbound_and_a_local_source_outbound)
{
	sa_appears(inbound(OLD));
	sa_appears(with_peer(outbound(OTHER), 3));
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(OTHER).direction, IPM_OUT);
}
END_TEST

START_TEST(without_any_other_sign_an_sa_goes_the_other_way_than_the_one_before)
{
	struct xfrm_sa a = inbound(OLD), b = outbound(OLD + 1);

	a.key.dst = b.src = ip4(198, 51, 100, 1);
	sa_appears(a);
	sa_appears(b);
	expect_tunnels(1);
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(OLD + 1).direction, IPM_OUT);
}
END_TEST

/* --- selectors ----------------------------------------------------------- */

START_TEST(a_tunnels_selectors_are_those_of_its_outbound_policies)
{
	POLICIES(policy_in_dump(policy(1, 1)); policy_in_dump(policy(2, 2));
		 policy_in_dump(policy_of_reqid(policy(3, 3), 9)));
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(selectors(t), 2);
	ck_assert(has_net(t, 1));
	ck_assert(has_net(t, 2));
}
END_TEST

START_TEST(a_policy_may_come_after_its_sas)
{
	pair_appears(OLD);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
	policy_appears(policy(1, 1));
	ck_assert(has_net(tunnel_with(OLD), 1));
	policy_appears(policy(2, 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 2);
}
END_TEST

START_TEST(a_policy_that_changes_changes_the_selector)
{
	pair_appears(OLD);
	policy_appears(policy(1, 1));
	policy_appears(policy(2, 2));
	policy_appears(policy(1, 3));
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(selectors(t), 2);
	ck_assert(has_net(t, 3));
	ck_assert(!has_net(t, 1));
}
END_TEST

START_TEST(a_policy_that_leads_to_another_peer_now_takes_its_selector_along)
{
	pair_appears(OLD);
	sa_appears(with_peer(inbound(OTHER), 3));
	policy_appears(policy(1, 1));
	policy_appears(policy(2, 2));
	policy_appears(policy_to(policy(1, 1), HERE, PEER(3)));
	ck_assert(!has_net(tunnel_with(OLD), 1));
	ck_assert(has_net(tunnel_with(OLD), 2));
	ck_assert(has_net(tunnel_with(OTHER), 1));
}
END_TEST

/* The event was lost. */
START_TEST(a_dump_that_has_a_policy_with_another_peer_takes_its_selector_along)
{
	pair_appears(OLD);
	sa_appears(with_peer(inbound(OTHER), 3));
	POLICIES(policy_in_dump(policy(1, 1)));
	ck_assert(has_net(tunnel_with(OLD), 1));
	POLICIES(policy_in_dump(policy_to(policy(1, 1), HERE, PEER(3))));
	ck_assert(has_net(tunnel_with(OTHER), 1));
	DUMP(sa_in_dump(with_peer(inbound(OTHER), 3)); sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
}
END_TEST

START_TEST(the_last_selectors_stay_until_the_next_dump_without_a_policy)
{
	pair_appears(OLD);
	policy_appears(policy(1, 1));
	policy_appears(policy(2, 2));
	policy_deleted(policy(2, 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	policy_deleted(policy(1, 1));
	ck_assert(has_net(tunnel_with(OLD), 1)); /* policies go before their SAs */
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(inbound(OLD)));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
}
END_TEST

START_TEST(a_tunnel_ends_with_the_selectors_it_had)
{
	struct ipm_selector_history sel;
	pair_appears(OLD);
	policy_appears(policy(1, 1));
	policy_deleted(policy(1, 1));
	sa_deleted(inbound(OLD));
	sa_deleted(outbound(OLD + 1));
	expect_tunnels(0);
	ck_assert_int_eq(ipm_selector_history_read(seg, 0, &sel), 0);
	ck_assert_mem_eq(&sel.selector.local, &(struct ipm_sel_side[]){ subnet(10, 1, 1) }, sizeof(sel.selector.local));
}
END_TEST

START_TEST(a_policy_that_a_dump_does_not_have_is_gone)
{
	pair_appears(OLD);
	POLICIES(policy_in_dump(policy(1, 1)); policy_in_dump(policy(2, 2)));
	POLICIES(policy_in_dump(policy(2, 2)));
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(selectors(t), 1);
	ck_assert(has_net(t, 2));
}
END_TEST

START_TEST(a_policy_removed_while_a_dump_comes_in_does_not_come_back)
{
	pair_appears(OLD);
	policy_appears(policy(1, 1));
	policy_appears(policy(2, 2));
	POLICIES(policy_in_dump(policy(2, 2)); policy_deleted(policy(1, 1)); policy_in_dump(policy(1, 1)));
	ck_assert(!has_net(tunnel_with(OLD), 1));
	POLICIES(policy_in_dump(policy(1, 1)); policy_in_dump(policy(2, 2)));
	ck_assert(has_net(tunnel_with(OLD), 1)); /* the next one knows */
}
END_TEST

START_TEST(a_policy_added_while_a_dump_comes_in_stays)
{
	pair_appears(OLD);
	POLICIES(policy_appears(policy(1, 1)); policy_deleted(policy(1, 1)); policy_appears(policy(1, 2)));
	ck_assert(has_net(tunnel_with(OLD), 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
}
END_TEST

static void
policies_flushed(void)
{
	tell_policy(XFRM_POLICIES_FLUSHED, (struct xfrm_policy){ 0 }, false);
}

START_TEST(flushed_policies_ask_for_nothing)
{
	POLICIES(policy_in_dump(policy_with(policy(1, 1), IPPROTO_COMP)));
	policies_flushed();
	ck_assert(!xfrm_model_wants_policies(model));
	pair_appears(OLD);
	ck_assert_uint_eq(tunnel_with(OLD).ipcomp, 0);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
}
END_TEST

START_TEST(what_a_dump_lists_after_a_flush_is_out_of_date)
{
	pair_appears(OLD);
	POLICIES(policy_in_dump(policy(1, 1)); policies_flushed(); policy_appears(policy(3, 3));
		 policy_in_dump(policy(2, 2)));
	ck_assert(dump_has_to_be_repeated);
	ck_assert(has_net(tunnel_with(OLD), 3));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	POLICIES(policy_in_dump(policy(3, 3)));
	ck_assert(!dump_has_to_be_repeated);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
}
END_TEST

/* Choose an outbound SA as the kernel does: it drops packets of such a policy if all SAs have a reqid. */
START_TEST(a_policy_without_reqid_serves_only_sas_without_one)
{
	POLICIES(policy_in_dump(policy_of_reqid(policy(1, 1), 0)); policy_in_dump(policy(2, 2)));
	pair_appears(OLD);
	sa_appears(of_reqid(inbound(OTHER), 0));
	ck_assert(has_net(tunnel_with(OLD), 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	ck_assert(has_net(tunnel_with(OTHER), 1));
	ck_assert_uint_eq(selectors(tunnel_with(OTHER)), 1);
}
END_TEST

START_TEST(nor_does_one_that_names_no_address_serve_sas_with_a_reqid)
{
	struct ipm_addr any = { 0 };
	pair_appears(OLD);
	sa_appears(of_reqid(inbound(OTHER), 0));
	policy_appears(policy_to(policy_of_reqid(policy(1, 1), 0), any, any));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
	ck_assert_uint_eq(selectors(tunnel_with(OTHER)), 1);
}
END_TEST

START_TEST(a_policy_without_our_address_serves_all_with_its_reqid)
{
	sa_appears(from_elsewhere(inbound(OTHER)));
	policy_appears(policy_to(policy(1, 1), (struct ipm_addr){ 0 }, PEER(2)));
	pair_appears(OLD);
	sa_appears(with_peer(inbound(NEW), 3));
	ck_assert(has_net(tunnel_with(OLD), 1));
	ck_assert(has_net(tunnel_with(OTHER), 1));
	ck_assert_uint_eq(selectors(tunnel_with(NEW)), 0);
}
END_TEST

START_TEST(in_transport_mode_a_policys_addresses_are_those_of_its_selectors)
{
	struct xfrm_policy p = policy_to(policy(1, 1), (struct ipm_addr){ 0 }, (struct ipm_addr){ 0 });
	struct xfrm_sa a = inbound(OLD), b = outbound(OLD + 1);

	p.src = single_host(HERE);
	p.dst = single_host(PEER(2));
	p.tmpl[0].encap = a.encap = b.encap = IPM_ENCAP_TRANSPORT;
	policy_appears(p);
	sa_appears(a);
	sa_appears(b);
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(t.encap, IPM_ENCAP_TRANSPORT);
	ck_assert(has_selector(t, single_host(HERE), single_host(PEER(2))));
}
END_TEST

/* Find an SA as the kernel does: its mode must be that of the template. */
START_TEST(a_transport_mode_policy_for_anyone_does_not_select_for_tunnel_mode)
{
	struct xfrm_policy p =
		policy_to(policy_of_reqid(policy(1, 1), 0), (struct ipm_addr){ 0 }, (struct ipm_addr){ 0 });

	p.tmpl[0].encap = IPM_ENCAP_TRANSPORT;
	policy_appears(p);
	pair_appears(OLD);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
}
END_TEST

START_TEST(a_policy_of_another_mark_or_interface_does_not_serve)
{
	struct xfrm_policy p = policy(1, 1), q = policy(2, 2), r = policy(3, 3);

	p.if_id = 5;
	q.mark = 0x17;
	q.mark_mask = 0xff;
	POLICIES(policy_in_dump(p); policy_in_dump(q); policy_in_dump(r));
	pair_appears(OLD);
	sa_appears(of_if_id(outbound(OTHER), 5));
	struct xfrm_sa marked = outbound(NEW);
	marked.mark = 0x7;
	marked.mark_mask = 0xf;
	sa_appears(marked);
	expect_tunnels(3);
	ck_assert(has_net(tunnel_with(OTHER), 1));
	ck_assert_uint_eq(selectors(tunnel_with(OTHER)), 1);
	ck_assert(has_net(tunnel_with(NEW), 2)); /* its mark, under the SA's mask, is that of the SA */
	ck_assert_uint_eq(selectors(tunnel_with(NEW)), 1);
	ck_assert(has_net(tunnel_with(OLD), 3));
}
END_TEST

START_TEST(policies_that_block_or_go_another_way_or_are_a_sockets_select_nothing)
{
	struct xfrm_policy block = policy(1, 1), inbound = policy(2, 2), forward = policy(3, 3), bare = policy(4, 4);

	block.block = true;
	inbound.direction = XFRM_IN;
	forward.direction = XFRM_FWD;
	bare.tmpls = 0;
	pair_appears(OLD);
	POLICIES(policy_in_dump(block); policy_in_dump(inbound); policy_in_dump(forward); policy_in_dump(bare);
		 policy_in_dump(socket_policy(5)));
	policy_appears(block);
	policy_appears(inbound);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
}
END_TEST

START_TEST(a_policy_that_blocks_from_now_on_selects_no_longer)
{
	struct xfrm_policy block = policy(1, 1);

	block.block = true;
	pair_appears(OLD);
	POLICIES(policy_in_dump(policy(1, 1)); policy_in_dump(policy(2, 2)));
	POLICIES(policy_in_dump(block); policy_in_dump(policy(2, 2)));
	ck_assert(!has_net(tunnel_with(OLD), 1));
	block.index = policy(2, 2).index;
	policy_appears(policy(3, 3));
	policy_appears(block);
	ck_assert(!has_net(tunnel_with(OLD), 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
}
END_TEST

START_TEST(of_several_templates_the_one_with_addresses_counts)
{
	struct xfrm_policy p = policy(1, 1);

	/* IPComp in tunnel mode around ESP in transport mode, as charon installs them. */
	p.tmpls = 2;
	p.tmpl[1] = (struct xfrm_tmpl){ .reqid = 1, .protocol = IPPROTO_ESP, .encap = IPM_ENCAP_TRANSPORT };
	p.tmpl[0].protocol = IPPROTO_COMP;
	pair_appears(OLD);
	policy_appears(p);
	ck_assert(has_net(tunnel_with(OLD), 1));
	struct xfrm_tmpl first = p.tmpl[0];
	p.tmpl[0] = p.tmpl[1];
	p.tmpl[1] = first;
	p.index = 2 << 3 | XFRM_OUT;
	p.src = subnet(10, 1, 2);
	p.dst = subnet(10, 2, 2);
	policy_appears(p);
	ck_assert(has_net(tunnel_with(OLD), 2));
}
END_TEST

START_TEST(a_tunnels_own_selector_stays_where_there_is_no_policy)
{
	sa_appears(of_net(of_reqid(inbound(OLD), 0), 1));
	sa_appears(of_net(of_reqid(outbound(OLD + 1), 0), 1));
	for (int i = 0; i < 3; i++)
		DUMP(sa_in_dump(of_net(of_reqid(outbound(OLD + 1), 0), 1));
		     sa_in_dump(of_net(of_reqid(inbound(OLD), 0), 1)));
	ck_assert(has_net(tunnel_with(OLD), 1));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_model_tunnel");
	TCase *tc = tests_of(suite, "which SAs are one tunnel", given_a_gateway);
	tcase_add_test(tc, an_sa_in_and_one_out_with_the_same_reqid_and_peer_are_one_tunnel);
	tcase_add_test(tc, the_outbound_sa_may_come_first);
	tcase_add_test(tc, another_reqid_is_another_tunnel);
	tcase_add_test(tc, another_peer_is_another_tunnel);
	tcase_add_test(tc, another_xfrm_interface_or_mark_is_another_tunnel);
	tcase_add_test(tc, a_mark_or_interface_in_one_direction_only_makes_no_second_tunnel);
	tcase_add_test(tc, two_sas_of_one_spi_are_told_apart_by_peer_and_mark);
	tcase_add_test(tc, without_reqid_own_selectors_tell_tunnels_apart);
	tcase_add_test(tc, with_a_reqid_own_selectors_do_not_matter);
	tcase_add_test(tc, larval_sas_are_no_sas_yet);
	tcase_add_test(tc, what_a_dump_tells_is_the_same_as_events);
	tc = tests_of(suite, "which way an SA goes", given_a_gateway);
	tcase_add_test(tc, the_kernels_word_on_the_direction_is_heard_first);
	tcase_add_test(tc, a_policy_tells_the_direction_where_no_address_is_local);
	tcase_add_test(tc, a_local_destination_is_inbound_and_a_local_source_outbound);
	tcase_add_test(tc, without_any_other_sign_an_sa_goes_the_other_way_than_the_one_before);
	tc = tests_of(suite, "selectors", given_a_gateway);
	tcase_add_test(tc, a_tunnels_selectors_are_those_of_its_outbound_policies);
	tcase_add_test(tc, a_policy_may_come_after_its_sas);
	tcase_add_test(tc, a_policy_that_changes_changes_the_selector);
	tcase_add_test(tc, a_policy_that_leads_to_another_peer_now_takes_its_selector_along);
	tcase_add_test(tc, a_dump_that_has_a_policy_with_another_peer_takes_its_selector_along);
	tcase_add_test(tc, the_last_selectors_stay_until_the_next_dump_without_a_policy);
	tcase_add_test(tc, a_tunnel_ends_with_the_selectors_it_had);
	tcase_add_test(tc, a_policy_that_a_dump_does_not_have_is_gone);
	tcase_add_test(tc, a_policy_removed_while_a_dump_comes_in_does_not_come_back);
	tcase_add_test(tc, a_policy_added_while_a_dump_comes_in_stays);
	tcase_add_test(tc, flushed_policies_ask_for_nothing);
	tcase_add_test(tc, what_a_dump_lists_after_a_flush_is_out_of_date);
	tcase_add_test(tc, a_policy_without_reqid_serves_only_sas_without_one);
	tcase_add_test(tc, nor_does_one_that_names_no_address_serve_sas_with_a_reqid);
	tcase_add_test(tc, a_policy_without_our_address_serves_all_with_its_reqid);
	tcase_add_test(tc, in_transport_mode_a_policys_addresses_are_those_of_its_selectors);
	tcase_add_test(tc, a_transport_mode_policy_for_anyone_does_not_select_for_tunnel_mode);
	tcase_add_test(tc, a_policy_of_another_mark_or_interface_does_not_serve);
	tcase_add_test(tc, policies_that_block_or_go_another_way_or_are_a_sockets_select_nothing);
	tcase_add_test(tc, a_policy_that_blocks_from_now_on_selects_no_longer);
	tcase_add_test(tc, of_several_templates_the_one_with_addresses_counts);
	tcase_add_test(tc, a_tunnels_own_selector_stays_where_there_is_no_policy);
	return run_in_scratch("check_xfrm_model_tunnel", suite);
}
