/* SPDX-License-Identifier: ISC */
/* Peers, children, ends, kinds of SAs, and full segments. */

#include "vici_model_fixture.h"

static void
ten_rekeys(struct vici_ike a, enum vici_child_state at_event, enum vici_child_state later)
{
	struct vici_child sa = child(1, "net", 1, 0xc0000000);

	tell_both(a, sa);
	LIST_TWICE(tell_both(a, sa));
	struct ipm_tunnel before = tunnel("net");
	for (uint32_t i = 1; i <= 10; i++) {
		struct vici_child old = sa;
		LIST(tell_both(a, with_packets(old, 7, 3)));
		sa = child(1 + i, "net", 1, 0xc0000000 + 0x100 * i);
		child_rekey(a, child_in(with_packets(old, 10, 5), at_event), sa);
		LIST(tell_both(a, child_in(with_packets(old, 11, 5), later)); tell_child(a, sa));
		if (i % 2)
			LIST_TWICE(tell_both(a, sa));
	}
	LIST_TWICE(tell_both(a, sa));
	expect_same(tunnel("net"), before, 10);
	expect_carried(tunnel("net"), 110, 50);
	ck_assert_uint_eq(tunnel("net").sas, 2);
	ck_assert_uint_eq(tunnel("net").sas_retired, 20);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}

/* --- what the wire has shown first --------------------------------------- */

/* A record of the feed that watches the wire, with this many inbound messages. */
static uint32_t
on_the_wire(struct vici_ike sa, uint64_t messages)
{
	const struct ipm_ike_traffic in = { .octets = messages * OCTETS, .pkts = messages }, out = { 0 };
	struct ipm_ike_sa open = { .state = IPM_IKE_NEGOTIATING,
				   .version = sa.version,
				   .mode = IPM_MODE_MAIN,
				   .phase = IPM_PHASE_MM_KEY_EXCH,
				   .feed = (uint32_t)ipm_feed_open(writer, "ikewatch"),
				   .spi_initiator = sa.spi_initiator,
				   .spi_responder = sa.spi_responder };
	int slot = ipm_ike_start(writer, &open);
	ck_assert_int_ge(slot, 0);
	ipm_ike_count(writer, slot, &in, &out);
	return (uint32_t)slot;
}

START_TEST(an_ike_sa_that_the_wire_has_shown_first_keeps_its_record)
{
	uint32_t slot = on_the_wire(ike(1, "net"), 4), index = ipm_ike_peek(writer, slot)->index;
	struct ipm_ike_sa sa;
	ck_assert_uint_ge(index, IPM_IKE_UNNUMBERED);
	tell_both(ike(1, "net"), child(1, "net", 1, 0x100));
	ck_assert_int_eq(ipm_ike_find(writer, slot, index), (int)slot);
	ck_assert_uint_eq(ikes("net", &sa), 1);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 1);
	ck_assert_uint_eq(sa.index, 1);
	ck_assert_uint_eq(sa.state, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(sa.in.pkts, 4);
	ck_assert_uint_eq(sa.mode, IPM_MODE_MAIN);
	ck_assert_uint_eq(sa.created_ns, sa.established_ns);
	ck_assert_uint_eq(totals().ike_in.pkts, 4);
	ck_assert_uint_eq(totals().ike_initiated, 1);
	ck_assert_uint_eq(tunnel("net").ike_index, 1);
	expect_events(IPM_EVENT_IKE_START, 1);
	ike_down(ike_in(ike(1, "net"), VICI_IKE_DELETING));
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 0);
}
END_TEST

START_TEST(what_the_wire_has_counted_joins_the_record_that_a_new_ike_sa_goes_on_with)
{
	struct ipm_ike_sa sa;
	tell_both(ike_v1(1, "net"), child(1, "net", 1, 0x100));
	uint32_t index = ike_row("net").index;
	on_the_wire(ike_v1(2, "net"), 6);
	tell_ike(ike_v1(2, "net")); /* IKEv1 rekeys like that */
	ck_assert_uint_eq(ikes("net", &sa), 1);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 1);
	ck_assert_uint_eq(sa.index, index);
	ck_assert_uint_eq(sa.refreshes, 1);
	ck_assert_uint_eq(sa.in.pkts, 6);
	ck_assert_uint_eq(totals().ike_in.pkts, 6);
	ck_assert_uint_eq(totals().ike_previous, 0);
}
END_TEST

START_TEST(a_negotiation_that_charon_has_given_up_goes)
{
	struct vici_ike connecting = ike_in(ike(1, "net"), VICI_IKE_CONNECTING);
	uint32_t slot = on_the_wire(connecting, 1), other = on_the_wire(ike(2, "net"), 1);
	vici_model_list_begin(model);
	vici_model_ike(model, &connecting);
	vici_model_list_end(model);
	ck_assert_str_eq(ipm_ike_peek(writer, slot)->conn, "net");
	ck_assert_uint_ne(ipm_ike_peek(writer, slot)->index, 0);
	vici_model_list_begin(model);
	vici_model_list_end(model);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->index, 0);
	ck_assert_uint_ne(ipm_ike_peek(writer, other)->index, 0); /* charon never told of that */
	struct vici_ike given_up = ike_in(ike(2, "net"), VICI_IKE_CONNECTING);
	vici_model_ike_down(model, &given_up);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 0);
	ck_assert_uint_eq(totals().ike_previous, 0);
}
END_TEST

START_TEST(ten_child_rekeys_in_a_row_are_ten_refreshes_of_one_tunnel)
{
	ten_rekeys(ike(1, "ikev2"), VICI_CHILD_REKEYED, VICI_CHILD_DELETED);
}
END_TEST

START_TEST(ten_ikev1_child_rekeys_in_a_row_are_ten_refreshes_of_one_tunnel)
{
	ten_rekeys(ike_v1(1, "ikev1"), VICI_CHILD_REKEYING, VICI_CHILD_REKEYED);
}
END_TEST

/* --- peers that have something in common --------------------------------- */

START_TEST(roadwarriors_of_one_connection_with_two_identities_are_two_rows)
{
	for (int version = 1; version <= 2; version++) {
		struct vici_ike alice = from_peer(ike(4, "rw"), "alice", 2), bob = from_peer(ike(5, "rw"), "bob", 2);
		alice.version = bob.version = (uint8_t)version;
		LIST_TWICE(tell_both(alice, child(1, "rw", 1, OLD)); tell_both(bob, child(5, "rw", 2, NEW)));
		expect_ikes(2);
		expect_tunnels(2);
		ike_down(bob);
		child_down(bob, child(5, "rw", 2, NEW));
		LIST_TWICE(tell_both(alice, child(1, "rw", 1, OLD)));
		ck_assert_str_eq(ike_row("rw").remote_id, "alice");
		ck_assert_uint_eq(tunnel("rw").reqid, 1);
		LIST_TWICE();
		expect_ikes(0);
		expect_tunnels(0);
	}
}
END_TEST

START_TEST(roadwarriors_of_one_identity_at_two_addresses_are_two_rows)
{
	struct vici_ike here = from_peer(ike(4, "rw"), "%any", 2), there = from_peer(ike(5, "rw"), "%any", 3);
	LIST_TWICE(tell_both(here, child(1, "rw", 1, OLD)); tell_both(there, child(5, "rw", 2, NEW)));
	expect_ikes(2);
	expect_tunnels(2);
	daemon_restarts();
	LIST_TWICE(tell_both(there, child(5, "rw", 2, NEW)); tell_both(here, child(1, "rw", 1, OLD)));
	expect_ikes(2);
	expect_tunnels(2);
	expect_events(IPM_EVENT_IKE_START, 2);
	expect_events(IPM_EVENT_TUNNEL_START, 2);
}
END_TEST

START_TEST(a_third_of_one_identity_that_comes_while_nobody_listens_is_a_third_row)
{
	struct vici_ike here = from_peer(ike(4, "rw"), "%any", 2), there = from_peer(ike(5, "rw"), "%any", 3);
	struct vici_ike third = from_peer(ike(6, "rw"), "%any", 4);
	LIST_TWICE(tell_both(here, child(1, "rw", 1, OLD)); tell_both(there, child(5, "rw", 2, NEW)));
	charon_is_away();
	LIST_TWICE(tell_both(third, child(6, "rw", 3, 0xd0000000)); tell_both(here, child(1, "rw", 1, OLD));
		   tell_both(there, child(5, "rw", 2, NEW)));
	expect_ikes(3);
	expect_tunnels(3);
	ck_assert_uint_eq(totals().ike_previous, 0);
}
END_TEST

/* --- several children ---------------------------------------------------- */

START_TEST(two_live_children_with_one_name_and_reqid_are_one_tunnel)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child one = child(1, "net", 1, OLD), two = child(2, "net", 1, NEW);

	LIST_TWICE(tell_both(a, with_packets(one, 1, 1)); tell_child(a, with_packets(two, 2, 2)));
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel("net").sas, 4);
	ck_assert_uint_eq(tunnel("net").refreshes, 0);
	expect_carried(tunnel("net"), 3, 3);
	child_down(a, child_in(with_packets(two, 3, 3), VICI_CHILD_DELETED));
	expect_tunnels(1);
	LIST(tell_both(a, with_packets(one, 2, 2)));
	expect_carried(tunnel("net"), 5, 5);
	ck_assert_uint_eq(tunnel("net").uid, 1);
	child_down(a, one);
	expect_tunnels(0);
}
END_TEST

START_TEST(children_with_one_name_and_two_reqids_are_two_tunnels)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child one = child(1, "net", 1, OLD), two = child(2, "net", 2, NEW);

	LIST_TWICE(tell_both(a, with_packets(one, 1, 1)); tell_child(a, with_packets(two, 2, 2)));
	expect_tunnels(2);
	child_down(a, child_in(two, VICI_CHILD_DELETED));
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel("net").reqid, 1);
	LIST_TWICE(tell_both(a, with_packets(one, 2, 2)));
	expect_carried(tunnel("net"), 2, 2);
}
END_TEST

START_TEST(many_children_of_one_ike_sa_come_and_go_each_by_itself)
{
	struct vici_ike a = ike(1, "ikev2");
	char name[16];

	for (uint32_t i = 1; i <= 40; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		tell_both(a, child(i, name, i, 0xc0000000 + 2 * i));
	}
	expect_tunnels(40);
	for (uint32_t i = 1; i <= 40; i += 3) {
		snprintf(name, sizeof(name), "c%u", i);
		child_down(a, child_in(child(i, name, i, 0xc0000000 + 2 * i), VICI_CHILD_DELETED));
	}
	expect_tunnels(26);
	ck_assert_uint_eq(rows(IPM_SAS), 52);
	ck_assert_uint_eq(rows(IPM_SELECTORS), 26);
}
END_TEST

/* --- ends ---------------------------------------------------------------- */

START_TEST(a_child_that_goes_down_leaves_its_last_counts_and_its_ike_sa)
{
	struct vici_ike a = ike(5, "ikev2");
	struct vici_child net = child(4, "net", 1, OLD);

	tell_both(a, net);
	LIST(tell_both(a, with_packets(net, 10, 10)));
	struct ipm_tunnel before = tunnel("net");
	a.passive = VICI_TASK_CHILD_DELETE;
	child_down(a, child_in(with_packets(net, 12, 11), VICI_CHILD_DELETED));
	expect_stopped(before, IPM_REASON_PEER_DELETE);
	expect_tunnels(0);
	expect_ikes(1);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	ck_assert_uint_eq(rows(IPM_SELECTORS), 0);
	ck_assert_uint_eq(totals().in.pkts, 12);
	ck_assert_uint_eq(totals().out.pkts, 11);
	ck_assert_uint_eq(totals().tunnels_previous, 1);
	child_down(a, child_in(with_packets(net, 12, 11), VICI_CHILD_DELETED));
	ck_assert_uint_eq(totals().tunnels_previous, 1);
}
END_TEST

START_TEST(a_tunnel_is_over_though_a_rekeyed_sa_of_it_lingers)
{
	struct vici_ike a = ike_v1(1, "main");
	struct vici_child old = child(8, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell_both(a, old);
	child_rekey(a, child_in(with_packets(old, 5, 5), VICI_CHILD_REKEYING), now);
	LIST(tell_both(a, child_in(with_packets(old, 5, 5), VICI_CHILD_REKEYED));
	     tell_child(a, with_packets(now, 5, 5)));
	child_down(a, child_in(with_packets(now, 6, 6), VICI_CHILD_DELETED));
	expect_tunnels(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	LIST_TWICE(tell_both(a, child_in(with_packets(old, 5, 5), VICI_CHILD_REKEYED)));
	expect_tunnels(0);
	ck_assert_uint_eq(totals().in.pkts, 11);
	/* A new one gets a new index. */
	tell_both(a, child(11, "net", 1, 0xc3000000));
	LIST_TWICE(tell_both(a, child_in(with_packets(old, 5, 5), VICI_CHILD_REKEYED));
		   tell_child(a, child(11, "net", 1, 0xc3000000)));
	expect_tunnels(1);
	expect_events(IPM_EVENT_TUNNEL_START, 2);
	expect_events(IPM_EVENT_TUNNEL_STOP, 1);
}
END_TEST

START_TEST(a_tunnel_is_over_when_only_a_rekeyed_sa_of_it_is_listed)
{
	struct vici_ike a = ike_v1(1, "main");
	struct vici_child old = child(8, "net", 1, OLD);

	LIST_TWICE(tell_both(a, with_packets(old, 5, 5)));
	charon_is_away(); /* a rekey, and the end of the new SA */
	LIST_TWICE(tell_both(a, child_in(with_packets(old, 6, 6), VICI_CHILD_REKEYED)));
	expect_tunnels(0);
	hold_time_is_over();
	expect_held(0);
	ck_assert_uint_eq(totals().in.pkts, 6);
}
END_TEST

START_TEST(an_ikev2_sa_goes_down_before_its_children)
{
	struct vici_ike a = ike(5, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD), net2 = child(2, "net2", 2, NEW);

	tell_both(a, net);
	tell_child(a, net2);
	ike_down(a);
	expect_ikes(0);
	expect_tunnels(2);
	child_down(ike_in(a, VICI_IKE_DELETING), with_packets(net, 1, 1));
	child_down(ike_in(a, VICI_IKE_DELETING), with_packets(net2, 2, 2));
	expect_tunnels(0);
	ck_assert_uint_eq(totals().in.pkts, 3);
	ck_assert_uint_eq(totals().ike_previous, 1);
	ck_assert_uint_eq(totals().tunnels_previous, 2);
}
END_TEST

START_TEST(an_ikev1_sa_goes_down_after_its_children)
{
	struct vici_ike a = ike_v1(7, "main");
	struct vici_child net = child(10, "net", 1, OLD);

	tell_both(a, net);
	child_down(a, child_in(with_packets(net, 3, 3), VICI_CHILD_DELETED));
	ike_down(a);
	expect_ikes(0);
	expect_tunnels(0);
	ck_assert_uint_eq(totals().in.pkts, 3);
	expect_events(IPM_EVENT_IKE_STOP, 1);
}
END_TEST

START_TEST(an_ike_sa_that_was_never_up_leaves_no_trace)
{
	struct vici_ike trying = ike_in(ike(9, "nobody"), VICI_IKE_CONNECTING);
	struct vici_ike unnamed = ike_in(ike(12, "(unnamed)"), VICI_IKE_CONNECTING);

	trying.spi_responder = 0;
	LIST_TWICE(tell_ike(trying); tell_ike(unnamed));
	tell_ike(unnamed); /* ike-update */
	expect_ikes(0);
	ike_down(trying);
	ike_down(unnamed);
	child_down(trying, child(77, "nobody", 1, OLD));
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 0);
	ck_assert_uint_eq(totals().ike_previous, 0);
	expect_events(IPM_EVENT_IKE_START, 0);
	expect_events(IPM_EVENT_IKE_STOP, 0);
}
END_TEST

START_TEST(children_without_sas_make_no_tunnel)
{
	static const enum vici_child_state states[] = { VICI_CHILD_CREATED, VICI_CHILD_ROUTED,  VICI_CHILD_INSTALLING,
							VICI_CHILD_REKEYED, VICI_CHILD_DELETED, VICI_CHILD_DESTROYING };
	for (size_t i = 0; i < COUNT(states); i++)
		LIST(tell_both(ike(1, "ikev2"), child_in(child(1, "net", 1, OLD), states[i])));
	expect_tunnels(0);
	expect_ikes(1);
}
END_TEST

START_TEST(what_two_lists_do_not_mention_is_gone_and_one_is_not_enough)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD);

	tell_both(a, net);
	LIST();
	ck_assert(unsure);
	expect_tunnels(1);
	LIST(tell_both(a, net));
	ck_assert(!unsure);
	LIST();
	expect_tunnels(1);
	LIST();
	ck_assert(!unsure);
	expect_tunnels(0);
	expect_ikes(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
}
END_TEST

/* --- kinds of SAs -------------------------------------------------------- */

static struct ipm_sa
sa_row(uint32_t spi)
{
	struct ipm_sa sa = { 0 };
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_SAS); slot++)
		if (ipm_sa_read(seg, slot, &sa) == 0 && sa.spi == spi)
			return sa;
	ck_abort_msg("there is no SA %08x", spi);
	return sa;
}

START_TEST(a_child_with_ipcomp_is_four_sas_and_counts_once)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD), now = child(2, "net", 1, NEW);
	net.cpi_in = 0x1001;
	net.cpi_out = 0x1002;
	now.cpi_in = 0x2001;
	now.cpi_out = 0x2002;

	LIST(tell_both(a, with_packets(net, 10, 20)));
	ck_assert_uint_eq(tunnel("net").sas, 4);
	ck_assert_uint_eq(tunnel("net").ipcomp, 1);
	expect_carried(tunnel("net"), 10, 20);
	ck_assert_uint_eq(sa_row(0x1001).protocol, IPPROTO_COMP);
	ck_assert_uint_eq(sa_row(0x1001).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(0x1002).direction, IPM_OUT);
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	child_rekey(a, child_in(with_packets(net, 10, 20), VICI_CHILD_REKEYED), now);
	ck_assert_uint_eq(tunnel("net").sas, 8);
	LIST(tell_both(a, child_in(with_packets(net, 10, 20), VICI_CHILD_DELETED)); tell_child(a, now));
	ck_assert_uint_eq(tunnel("net").sas, 6);
	daemon_restarts();
	LIST_TWICE(tell_both(a, with_packets(now, 1, 1)));
	ck_assert_uint_eq(tunnel("net").sas, 4);
	expect_carried(tunnel("net"), 11, 21);
	child_down(a, now);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
}
END_TEST

START_TEST(ah_and_transport_mode_are_shown_as_such)
{
	struct vici_child host = child(1, "host", 1, OLD);
	host.protocol = IPPROTO_AH;
	host.encap = IPM_ENCAP_TRANSPORT;
	host.proposal.integ = IPM_INTEG_HMAC_SHA2_256_128;
	LIST(tell_both(ike(1, "ikev2"), with_packets(host, 3, 4)));
	ck_assert_uint_eq(tunnel("host").protocol, IPPROTO_AH);
	ck_assert_uint_eq(tunnel("host").encap, IPM_ENCAP_TRANSPORT);
	ck_assert_uint_eq(sa_row(OLD).protocol, IPPROTO_AH);
	ck_assert_uint_eq(tunnel("host").in.auths, 3);
	ck_assert_uint_eq(tunnel("host").in.crypts, 0);
}
END_TEST

START_TEST(addresses_and_selectors_follow_a_peer_that_moves)
{
	struct vici_ike a = ike(1, "rw");
	struct vici_child net = child(1, "rw", 1, OLD);

	LIST(tell_both(a, net));
	struct ipm_tunnel before = tunnel("rw");
	a.remote_host = ip4(198, 51, 100, 9);
	a.remote_port = 4500;
	tell_ike(a); /* ike-update */
	ck_assert_uint_eq(ike_row("rw").remote.bytes[0], 198);
	net.state = VICI_CHILD_UPDATING;
	net.udp_encap = true;
	net.remote_ts[0] = subnet(10, 7, 7);
	LIST(tell_both(a, net));
	expect_same(tunnel("rw"), before, 0);
	ck_assert_uint_eq(tunnel("rw").remote.bytes[0], 198);
	ck_assert_uint_eq(tunnel("rw").udp_encap, 1);
	ck_assert_uint_eq(rows(IPM_SELECTORS), 1);
	struct ipm_selector sel;
	for (uint32_t slot = 0; ipm_selector_read(seg, slot, &sel) < 0; slot++)
		ck_assert_uint_lt(slot, 16);
	ck_assert_uint_eq(sel.remote.first.bytes[1], 7);
	ck_assert_uint_eq(sel.index, 2); /* another selector: another row */
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_ACTIVE);
}
END_TEST

START_TEST(selectors_pair_up_when_family_and_protocol_fit)
{
	struct vici_child net = child(1, "net", 1, OLD);
	struct ipm_sel_side v6 = { .type = IPM_SEL_SUBNET, .prefix = 64, .port_last = 65535 };
	v6.first = v6.last = (struct ipm_addr){ .len = 16, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } };
	memset(&v6.last.bytes[8], 0xff, 8);

	net.local_count = net.remote_count = 3;
	net.local_ts[1] = v6;
	net.local_ts[2] = subnet(10, 1, 99);
	net.local_ts[2].protocol = IPPROTO_TCP;
	net.remote_ts[1] = v6;
	net.remote_ts[2] = subnet(10, 2, 99);
	net.remote_ts[2].protocol = IPPROTO_UDP;
	LIST(tell_both(ike(1, "ikev2"), net));
	/* any-any, any-udp and tcp-any of IPv4, but not tcp-udp; and the pair of IPv6 */
	ck_assert_uint_eq(rows(IPM_SELECTORS), 4);
	LIST(tell_both(ike(1, "ikev2"), net));
	ck_assert_uint_eq(rows(IPM_SELECTORS), 4);
}
END_TEST

START_TEST(a_held_tunnel_is_known_by_a_pair_that_fits)
{
	struct vici_child net = child(1, "net", 1, OLD);
	struct ipm_sel_side v6 = { .type = IPM_SEL_SUBNET, .prefix = 64, .port_last = 65535 };
	v6.first = v6.last = (struct ipm_addr){ .len = 16, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } };
	net.remote_count = _i == 2 ? 1 : 2;
	net.local_count = _i == 1 ? 1 : 2;
	if (_i == 2) { /* the first selector of one side doesn't match the first one of the other */
		net.local_ts[1] = net.local_ts[0];
		net.local_ts[0] = v6;
	} else {
		net.local_ts[1] = v6;
		net.remote_ts[1] = net.remote_ts[0];
		net.remote_ts[0] = v6;
	}
	LIST_TWICE(tell_both(ike(1, "ikev2"), net));
	struct ipm_tunnel before = tunnel("net");
	charon_is_away();
	LIST_TWICE();
	net.spi_in = NEW;
	net.spi_out = NEW + 1;
	LIST(tell_both(of_another_charon(ike(1, "ikev2")), net));
	ck_assert_uint_eq(tunnel("net").index, before.index);
}
END_TEST

START_TEST(a_peer_is_reached_by_an_ike_sa_with_its_address_connection_and_identity)
{
	LIST(tell_both(ike(1, "v2"), child(1, "net", 1, OLD)));
	struct ipm_failure who = { .remote = ike_row("v2").remote };
	ck_assert(vici_model_reaches(model, &who));
	snprintf(who.conn, sizeof(who.conn), "v2");
	snprintf(who.remote_id, sizeof(who.remote_id), "%s", ike_row("v2").remote_id);
	ck_assert(vici_model_reaches(model, &who));
	who.conn[0] = 'w';
	ck_assert(!vici_model_reaches(model, &who));
	who.conn[0] = '\0';
	who.remote_id[0] ^= 1;
	ck_assert(!vici_model_reaches(model, &who));
	who.remote_id[0] = '\0';
	who.remote.bytes[0] ^= 1;
	ck_assert(!vici_model_reaches(model, &who));
}
END_TEST

START_TEST(what_the_configuration_says_is_told_of_its_sas)
{
	struct vici_conn conn = { .name = "ikev2", .version = 2, .remote_auth = IPM_AUTH_PSK };
	struct vici_conn_child of = { .name = "net", .rekey_octets = 5000000 };
	vici_model_conn(model, &conn);
	vici_model_conn_child(model, &conn, &of);
	LIST(tell_both(ike(1, "ikev2"), child(1, "net", 1, OLD));
	     tell_child(ike(1, "ikev2"), child(2, "net2", 2, NEW)));
	ck_assert_uint_eq(ike_row("ikev2").auth, IPM_AUTH_PSK);
	ck_assert_uint_eq(tunnel("net").soft_octets, 5000000);
	ck_assert_uint_eq(tunnel("net2").soft_octets, 0);
	of.rekey_octets = 6000000;
	vici_model_conn_child(model, &conn, &of);
	LIST(tell_both(ike(1, "ikev2"), child(1, "net", 1, OLD));
	     tell_child(ike(1, "ikev2"), child(2, "net2", 2, NEW)));
	ck_assert_uint_eq(tunnel("net").soft_octets, 6000000);
}
END_TEST

START_TEST(lifetimes_are_the_sum_of_both_ends)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD);
	a.established = 100;
	a.rekey_time = 14300;
	net.install_time = 60;
	net.rekey_time = -10; /* overdue */
	net.life_time = 300;
	LIST(tell_both(a, net));
	ck_assert_uint_eq(ike_row("ikev2").soft_ns, 14400000000000);
	ck_assert_uint_eq(tunnel("net").soft_ns, 50000000000);
	ck_assert_uint_eq(tunnel("net").hard_ns, 360000000000);
	net.install_time = net.rekey_time = net.life_time = VICI_UNSET; /* as in an event */
	a.established = a.rekey_time = VICI_UNSET;
	tell_both(a, net);
	ck_assert_uint_eq(ike_row("ikev2").soft_ns, 14400000000000);
	ck_assert_uint_eq(tunnel("net").hard_ns, 360000000000);
}
END_TEST

/* The lifetime is the configured one, not the moment that the daemon draws at random for the rekey. */
START_TEST(an_ike_sa_lives_as_long_as_configured)
{
	struct vici_conn conn = { .name = "ikev2", .ike_rekey_s = 14400, .ike_reauth_s = 86400 };
	struct vici_ike a = ike(1, "ikev2");
	a.established = 100;
	a.rekey_time = 13000;
	LIST(tell_both(a, child(1, "net", 1, OLD)));
	ck_assert_uint_eq(ike_row("ikev2").hard_ns, 0); /* nobody has said */
	vici_model_conn(model, &conn);
	LIST(tell_both(a, child(1, "net", 1, OLD)));
	ck_assert_uint_eq(ike_row("ikev2").hard_ns, 14400000000000);
	ck_assert_uint_eq(ike_row("ikev2").soft_ns, 13100000000000);
	/* Another configuration is for later IKE SAs, */
	conn.ike_rekey_s = 28800;
	vici_model_conn(model, &conn);
	LIST(tell_both(a, child(1, "net", 1, OLD)));
	ck_assert_uint_eq(ike_row("ikev2").hard_ns, 14400000000000);
	/* such as the one that a rekey makes: an event says so before any list. */
	struct vici_ike b = ike(2, "ikev2");
	b.established = b.rekey_time = VICI_UNSET;
	vici_model_ike_rekey(model, &a, &b);
	ck_assert_uint_eq(ike_row("ikev2").hard_ns, 28800000000000);
	/* One that lives longer than configured was made before. Rounding is no reason. */
	b.established = 1;
	b.rekey_time = 28800;
	LIST(tell_both(b, child(1, "net", 1, OLD)));
	ck_assert_uint_eq(ike_row("ikev2").hard_ns, 28800000000000);
	b.rekey_time = 40000;
	LIST(tell_both(b, child(1, "net", 1, OLD)));
	ck_assert_uint_eq(ike_row("ikev2").hard_ns, 40001000000000);
	/* Nor has one without a limit one by configuration. */
	b.rekey_time = VICI_UNSET;
	LIST(tell_both(b, child(1, "net", 1, OLD)));
	ck_assert_uint_eq(ike_row("ikev2").hard_ns, 0);
}
END_TEST

/* --- no room ------------------------------------------------------------- */

static void
many_gateways(uint32_t n, uint64_t pkts)
{
	char name[16], id[16];
	vici_model_list_begin(model);
	for (uint32_t i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		snprintf(id, sizeof(id), "p%u", i);
		struct vici_ike a = from_peer(ike(i, name), id, (uint8_t)i);
		tell_both(a, with_packets(child(2 * i, name, 2 * i, 0xc0000000 + 0x100 * i), pkts, pkts));
		snprintf(name, sizeof(name), "d%u", i);
		tell_child(a, with_packets(child(2 * i + 1, name, 2 * i + 1, 0xc0000080 + 0x100 * i), pkts, pkts));
	}
	unsure = vici_model_list_end(model);
	all_is_true();
}

/* However often charon reports SAs, and whatever starts and ends: the model counts SAs without room and continues. */
static void
survives_being_full(struct ipm_capacity capacity, uint32_t ikes_shown, uint32_t tunnels_shown)
{
	gateway_ends();
	gateway_begins(capacity);
	many_gateways(8, 1);
	uint64_t refused = vici_model_refused(model);
	ck_assert_uint_gt(refused, 0);
	many_gateways(8, 2);
	ck_assert_uint_gt(vici_model_refused(model), refused);
	expect_ikes(ikes_shown);
	expect_tunnels(tunnels_shown);
	/* Rekeys and ends of known and unknown SAs. */
	for (uint32_t i = 1; i <= 8; i++) {
		char name[16], id[16];
		snprintf(name, sizeof(name), "c%u", i);
		snprintf(id, sizeof(id), "p%u", i);
		struct vici_ike a = from_peer(ike(i, name), id, (uint8_t)i),
				b = from_peer(ike(100 + i, name), id, (uint8_t)i);
		struct vici_child old = child(2 * i, name, 2 * i, 0xc0000000 + 0x100 * i);
		struct vici_child now = child(100 + i, name, 2 * i, 0xe0000000 + 0x100 * i);
		child_rekey(a, child_in(with_packets(old, 3, 3), VICI_CHILD_REKEYED), now);
		child_rekey(a, child_in(with_packets(old, 3, 3), VICI_CHILD_REKEYED), now);
		ike_rekey(a, b);
		LIST(tell_both(b, child_in(with_packets(old, 4, 3), VICI_CHILD_DELETED));
		     tell_child(b, with_packets(now, 1, 1)));
		LIST(tell_both(b, with_packets(now, 2, 2)));
		LIST(tell_both(b, with_packets(now, 3, 3)));
		child_down(b, now);
		ike_down(b);
	}
	LIST_TWICE();
	expect_ikes(0);
	expect_tunnels(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	ck_assert_uint_eq(rows(IPM_SELECTORS), 0);
	/* With room again, the model is complete again. */
	refused = vici_model_refused(model);
	many_gateways(1, 1);
	many_gateways(1, 2);
	ck_assert_uint_eq(vici_model_refused(model), refused);
	expect_carried(tunnel("c1"), 2, 2);
	ck_assert_uint_eq(tunnel("c1").sas, 2);
	charon_is_away();
	LIST_TWICE();
	hold_time_is_over();
	expect_held(0);
}

START_TEST(a_full_section_of_ike_sas_leaves_the_others_working)
{
	survives_being_full((struct ipm_capacity){ .ike_sas = 3, .tunnels = 64, .selectors = 64, .sas = 128 }, 3, 6);
}
END_TEST

START_TEST(a_full_section_of_tunnels_leaves_the_others_working)
{
	survives_being_full((struct ipm_capacity){ .ike_sas = 64, .tunnels = 5, .selectors = 64, .sas = 128 }, 8, 5);
}
END_TEST

START_TEST(a_full_section_of_sas_leaves_the_tunnels_working)
{
	survives_being_full((struct ipm_capacity){ .ike_sas = 64, .tunnels = 64, .selectors = 64, .sas = 5 }, 8, 16);
}
END_TEST

START_TEST(a_full_section_of_selectors_leaves_the_tunnels_working)
{
	survives_being_full((struct ipm_capacity){ .ike_sas = 64, .tunnels = 64, .selectors = 3, .sas = 128 }, 8, 16);
}
END_TEST

START_TEST(sas_that_found_no_room_get_their_row_when_there_is_some)
{
	struct vici_ike a = ike(1, "ikev2");
	gateway_ends();
	gateway_begins((struct ipm_capacity){ .ike_sas = 4, .tunnels = 4, .selectors = 4, .sas = 3 });
	LIST(tell_both(a, child(1, "net", 1, OLD)); tell_child(a, with_packets(child(2, "net2", 2, NEW), 5, 5)));
	ck_assert_uint_eq(tunnel("net2").sas, 1);
	child_down(a, child(1, "net", 1, OLD));
	LIST(tell_both(a, with_packets(child(2, "net2", 2, NEW), 6, 6)));
	ck_assert_uint_eq(tunnel("net2").sas, 2);
	expect_carried(tunnel("net2"), 6, 6);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vici_model_ends");
	TCase *tc = tcase_create("behaviour");
	tcase_add_checked_fixture(tc, given_a_gateway, gateway_ends);
	tcase_add_test(tc, ten_child_rekeys_in_a_row_are_ten_refreshes_of_one_tunnel);
	tcase_add_test(tc, ten_ikev1_child_rekeys_in_a_row_are_ten_refreshes_of_one_tunnel);
	tcase_add_test(tc, roadwarriors_of_one_connection_with_two_identities_are_two_rows);
	tcase_add_test(tc, roadwarriors_of_one_identity_at_two_addresses_are_two_rows);
	tcase_add_test(tc, a_third_of_one_identity_that_comes_while_nobody_listens_is_a_third_row);
	tcase_add_test(tc, two_live_children_with_one_name_and_reqid_are_one_tunnel);
	tcase_add_test(tc, children_with_one_name_and_two_reqids_are_two_tunnels);
	tcase_add_test(tc, many_children_of_one_ike_sa_come_and_go_each_by_itself);
	tcase_add_test(tc, a_child_that_goes_down_leaves_its_last_counts_and_its_ike_sa);
	tcase_add_test(tc, a_tunnel_is_over_though_a_rekeyed_sa_of_it_lingers);
	tcase_add_test(tc, a_tunnel_is_over_when_only_a_rekeyed_sa_of_it_is_listed);
	tcase_add_test(tc, an_ikev2_sa_goes_down_before_its_children);
	tcase_add_test(tc, an_ikev1_sa_goes_down_after_its_children);
	tcase_add_test(tc, an_ike_sa_that_was_never_up_leaves_no_trace);
	tcase_add_test(tc, children_without_sas_make_no_tunnel);
	tcase_add_test(tc, what_two_lists_do_not_mention_is_gone_and_one_is_not_enough);
	tcase_add_test(tc, a_child_with_ipcomp_is_four_sas_and_counts_once);
	tcase_add_test(tc, ah_and_transport_mode_are_shown_as_such);
	tcase_add_test(tc, addresses_and_selectors_follow_a_peer_that_moves);
	tcase_add_test(tc, selectors_pair_up_when_family_and_protocol_fit);
	tcase_add_loop_test(tc, a_held_tunnel_is_known_by_a_pair_that_fits, 0, 3);
	tcase_add_test(tc, a_peer_is_reached_by_an_ike_sa_with_its_address_connection_and_identity);
	tcase_add_test(tc, what_the_configuration_says_is_told_of_its_sas);
	tcase_add_test(tc, lifetimes_are_the_sum_of_both_ends);
	tcase_add_test(tc, an_ike_sa_lives_as_long_as_configured);
	tcase_add_test(tc, a_full_section_of_ike_sas_leaves_the_others_working);
	tcase_add_test(tc, a_full_section_of_tunnels_leaves_the_others_working);
	tcase_add_test(tc, a_full_section_of_sas_leaves_the_tunnels_working);
	tcase_add_test(tc, a_full_section_of_selectors_leaves_the_tunnels_working);
	tcase_add_test(tc, an_ike_sa_that_the_wire_has_shown_first_keeps_its_record);
	tcase_add_test(tc, what_the_wire_has_counted_joins_the_record_that_a_new_ike_sa_goes_on_with);
	tcase_add_test(tc, a_negotiation_that_charon_has_given_up_goes);
	tcase_add_test(tc, sas_that_found_no_room_get_their_row_when_there_is_some);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_vici_model_ends", suite);
}
