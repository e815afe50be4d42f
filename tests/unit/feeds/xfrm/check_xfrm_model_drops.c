/* SPDX-License-Identifier: ISC */
/* Drops and failures, from xfrm_stat and from events. */

#include "xfrm_model_fixture.h"

/* --- drops --------------------------------------------------------------- */

static void
stat_is(enum xfrm_stat line, uint64_t pkts)
{
	stat_now[line] = pkts;
	xfrm_model_stat(model, stat_now);
	all_is_true();
}

static uint64_t
packets_dropped(enum ipm_direction direction, enum ipm_drop why)
{
	struct ipm_totals t = totals();
	return (direction == IPM_IN ? &t.in : &t.out)->drops[why];
}

static uint64_t
packets_failed(enum ipm_direction direction, enum ipm_drop why)
{
	struct ipm_totals t = totals();
	return (direction == IPM_IN ? t.fails_in : t.fails_out)[why];
}

/* Dropped packets, and packets that failed after they had been counted. */
static uint64_t
dropped_in_all(void)
{
	struct ipm_totals t = totals();
	uint64_t n = 0;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		n += t.in.drops[i] + t.out.drops[i] + t.fails_in[i] + t.fails_out[i];
	return n;
}

static uint64_t
told_of(const struct xfrm_stat_line *line)
{
	return (line->late ? packets_failed : packets_dropped)(line->direction, line->reason);
}

START_TEST(every_line_of_xfrm_stat_counts_by_its_reason_and_direction)
{
	stat_is(_i, 0);
	stat_is(_i, 7);
	ck_assert_uint_eq(told_of(&xfrm_stat_lines[_i]), 7);
	ck_assert_uint_eq(dropped_in_all(), 7);
	stat_is(_i, 7);
	stat_is(_i, 9);
	ck_assert_uint_eq(told_of(&xfrm_stat_lines[_i]), 9);
	ck_assert_uint_eq(dropped_in_all(), 9);
}
END_TEST

/* The kernel checks the policy after the SA has counted the packet, so it is not also a drop. */
START_TEST(what_policy_rejects_after_decryption_is_counted_once)
{
	static const enum xfrm_stat lines[] = { XFRM_STAT_IN_MISMATCH, XFRM_STAT_IN_TMPL,   XFRM_STAT_IN_NO_POLICY,
						XFRM_STAT_IN_BLOCK,    XFRM_STAT_IN_POLICY, XFRM_STAT_IN_MODE };
	pair_appears(OLD);
	stat_is(lines[_i], 0);
	DUMP(sa_in_dump(outbound(OLD + 1)); sa_in_dump(with_packets(inbound(OLD), 9)));
	stat_is(lines[_i], 5); /* of the 9 */
	ck_assert_uint_eq(totals().in.pkts, 9);
	for (int why = 0; why < IPM_DROP_COUNT; why++)
		ck_assert_uint_eq(packets_dropped(IPM_IN, why), 0);
	ck_assert_uint_eq(packets_failed(IPM_IN, IPM_DROP_POLICY), 5);
}
END_TEST

/* Linux counts it in XfrmOutPolError, too. */
START_TEST(a_packet_that_finds_an_sa_of_the_other_direction_is_counted_once)
{
	stat_now[XFRM_STAT_OUT_POLICY] = 1;
	stat_is(XFRM_STAT_OUT_DIRECTION, 0);
	stat_now[XFRM_STAT_OUT_POLICY] = 6; /* two of them for another reason */
	stat_is(XFRM_STAT_OUT_DIRECTION, 3);
	ck_assert_uint_eq(packets_dropped(IPM_OUT, IPM_DROP_POLICY), 1 + 5);
	ck_assert_uint_eq(dropped_in_all(), 6);
}
END_TEST

START_TEST(a_packet_that_cannot_be_encrypted_is_counted_once)
{
	pair_appears(OLD);
	stat_is(XFRM_STAT_OUT_PROTO, 0);
	DUMP(sa_in_dump(with_packets(outbound(OLD + 1), 9)); sa_in_dump(inbound(OLD)));
	stat_is(XFRM_STAT_OUT_PROTO, 2);
	ck_assert_uint_eq(totals().out.pkts, 9);
	ck_assert_uint_eq(packets_dropped(IPM_OUT, IPM_DROP_CRYPT), 0);
	ck_assert_uint_eq(packets_failed(IPM_OUT, IPM_DROP_CRYPT), 2);
}
END_TEST

START_TEST(every_line_goes_on_after_a_restart)
{
	stat_is(_i, 7);
	daemon_restarts(true);
	stat_is(_i, 9);
	ck_assert_uint_eq(dropped_in_all(), 9);
	daemon_restarts(false);
	stat_is(_i, 9);
	ck_assert_uint_eq(dropped_in_all(), 9);
}
END_TEST

/*
 * The network namespace was replaced by another one with the same name. It is unknown how many of the counted lines
 * its SAs have already reported.
 */
START_TEST(every_line_that_is_smaller_than_before_counts_from_zero)
{
	uint64_t unknown = _i == XFRM_STAT_IN_PROTO || _i == XFRM_STAT_IN_SEQ ? 3 : 0;

	stat_is(_i, 0);
	stat_is(_i, 10);
	stat_is(_i, 3);
	ck_assert_uint_eq(dropped_in_all(), 13 - unknown);
	stat_is(_i, 5);
	ck_assert_uint_eq(dropped_in_all(), 15 - unknown);
}
END_TEST

/* As a version left it that did not know this line: its packets were counted among unknown ones. */
static struct xfrm_kept *
another_version_kept(enum xfrm_stat line)
{
	struct xfrm_kept *kept = (struct xfrm_kept *)feed.kept;
	kept->known = ((UINT64_C(1) << XFRM_STAT_COUNT) - 1) & ~(UINT64_C(1) << line);
	kept->stat[xfrm_stat_collector(line)] += kept->stat[line];
	kept->stat[line] = 0;
	return kept;
}
#define UNKNOWN_OF(line) (xfrm_stat_lines[xfrm_stat_collector(line)].direction)

START_TEST(a_version_that_knows_more_lines_counts_none_of_them_again)
{
	static const enum xfrm_stat lines[] = { XFRM_STAT_IN_IPTFS, XFRM_STAT_OUT_QUEUE, XFRM_STAT_ACQUIRE };
	enum xfrm_stat line = lines[_i];

	stat_now[XFRM_STAT_IN_UNKNOWN] = 2;
	stat_is(line, 7);
	uint64_t other = packets_dropped(UNKNOWN_OF(line), IPM_DROP_OTHER);
	another_version_kept(line);
	daemon_restarts(false);
	stat_is(line, 9); /* two that came meanwhile, as the earlier version would have counted them */
	ck_assert_uint_eq(dropped_in_all(), 11);
	ck_assert_uint_eq(packets_dropped(UNKNOWN_OF(line), IPM_DROP_OTHER), other + 2);
	uint64_t told = told_of(&xfrm_stat_lines[line]);
	stat_is(line, 12);
	ck_assert_uint_eq(told_of(&xfrm_stat_lines[line]), told + 3);
	ck_assert_uint_eq(dropped_in_all(), 14);
}
END_TEST

START_TEST(a_version_that_knows_fewer_lines_counts_none_of_them_again)
{
	stat_is(XFRM_STAT_IN_UNKNOWN, 7);
	struct xfrm_kept *kept = (struct xfrm_kept *)feed.kept;
	kept->known |= UINT64_C(1) << XFRM_STAT_COUNT; /* the line after our last one, which has all of the 7 */
	kept->stat[XFRM_STAT_IN_UNKNOWN] = 0;
	daemon_restarts(false);
	stat_is(XFRM_STAT_IN_UNKNOWN, 8);
	ck_assert_uint_eq(dropped_in_all(), 7);
	stat_is(XFRM_STAT_IN_UNKNOWN, 10);
	ck_assert_uint_eq(dropped_in_all(), 9);
}
END_TEST

START_TEST(counts_of_a_version_that_did_not_say_which_lines_it_knew_are_those_of_the_first_lines)
{
	stat_is(XFRM_STAT_OUT_QUEUE, 7);
	((struct xfrm_kept *)feed.kept)->known = 0;
	daemon_restarts(false);
	stat_is(XFRM_STAT_OUT_QUEUE, 9);
	ck_assert_uint_eq(dropped_in_all(), 9);
}
END_TEST

START_TEST(another_namespace_after_an_upgrade_counts_from_zero)
{
	stat_is(XFRM_STAT_IN_IPTFS, 7);
	another_version_kept(XFRM_STAT_IN_IPTFS);
	daemon_restarts(false);
	stat_is(XFRM_STAT_IN_IPTFS, 3);
	ck_assert_uint_eq(dropped_in_all(), 10);
}
END_TEST

START_TEST(what_sas_told_of_is_not_counted_again)
{
	struct xfrm_sa a = inbound(OLD);

	DUMP(sa_in_dump(a));
	stat_is(XFRM_STAT_IN_PROTO, 0);
	a.auth_fails = 4;
	a.replays = 3;
	a.behind = 2;
	DUMP(sa_in_dump(a));
	stat_now[XFRM_STAT_IN_SEQ] = 6;
	stat_is(XFRM_STAT_IN_PROTO, 5);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_AUTH), 4);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_CRYPT), 1);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_REPLAY), 4);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_WINDOW), 2);
	ck_assert_uint_eq(dropped_in_all(), 11);
	/* An SA's count may be newer than the file, which was read first. */
	a.auth_fails = 6;
	DUMP(sa_in_dump(a));
	stat_is(XFRM_STAT_IN_PROTO, 5);
	ck_assert_uint_eq(dropped_in_all(), 13);
	daemon_restarts(_i);
	DUMP(sa_in_dump(a));
	stat_is(XFRM_STAT_IN_PROTO, 8);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_AUTH), 6);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_CRYPT), 2);
	ck_assert_uint_eq(dropped_in_all(), 14);
}
END_TEST

START_TEST(what_failed_before_we_came_has_no_reason_that_we_know)
{
	struct xfrm_sa a = inbound(OLD);

	a.auth_fails = 4;
	DUMP(sa_in_dump(a));
	stat_now[XFRM_STAT_IN_NO_STATES] = 20;
	stat_is(XFRM_STAT_IN_PROTO, 10);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_AUTH), 4);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_OTHER), 6);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_NO_SA), 20);
	expect_failures(IPM_FAIL_NO_SA, 0);
	expect_failures(IPM_FAIL_IN_AUTH, 0);
	stat_is(XFRM_STAT_IN_PROTO, 12);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_CRYPT), 2);
	ck_assert_uint_eq(packets_dropped(IPM_IN, IPM_DROP_OTHER), 6);
}
END_TEST

/* The number of packets without an SA; ifindex 0: the row without an interface. */
static uint64_t
interface_drops(uint32_t ifindex, struct ipm_interface *row)
{
	uint64_t n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_INTERFACES); slot++) {
		struct ipm_interface i;
		if (ipm_interface_read(seg, slot, &i) == 0 && i.ifindex == ifindex) {
			ck_assert_uint_eq(i.feed, feed_slot);
			n += i.drops[IPM_DROP_NOT_UP];
			*row = i;
		}
	}
	return n;
}

static uint64_t
drops_on(uint32_t ifindex)
{
	struct ipm_interface row;
	return interface_drops(ifindex, &row);
}

#define WAITS XFRM_STAT_OUT_NO_STATES

START_TEST(packets_that_wait_for_an_sa_are_dropped_on_the_way_they_were_to_go)
{
	struct ipm_interface row = { 0 };

	stat_is(WAITS, 0);
	acquire_for(3);
	acquire_for(4); /* by the same interface */
	stat_is(WAITS, 5);
	ck_assert_uint_eq(interface_drops(2, &row), 5);
	ck_assert_str_eq(row.name, "eth0");
	ck_assert(same_addr(row.addr, HERE));
	acquire_for(10);
	stat_is(WAITS, 7);
	ck_assert_uint_eq(drops_on(3), 2);
	stat_is(WAITS, 8); /* nobody has asked */
	ck_assert_uint_eq(drops_on(0), 1);
	ck_assert_uint_eq(drops_on(2) + drops_on(3) + drops_on(0), 8);
	ck_assert_uint_eq(packets_dropped(IPM_OUT, IPM_DROP_NO_SA), 8);
}
END_TEST

START_TEST(where_there_are_two_ways_or_none_the_interface_is_not_known)
{
	stat_is(WAITS, 0);
	acquire_for(3);
	acquire_for(10);
	stat_is(WAITS, 5);
	ck_assert_uint_eq(drops_on(0), 5);
	acquire_for(30); /* no way there */
	stat_is(WAITS, 6);
	ck_assert_uint_eq(drops_on(0), 6);
	ck_assert_uint_eq(drops_on(2) + drops_on(3), 0);
	ck_assert_uint_eq(rows(IPM_INTERFACES), 1);
}
END_TEST

START_TEST(as_long_as_there_is_a_larval_sa_its_packets_are_dropped)
{
	stat_is(WAITS, 0);
	acquire_for(3);
	DUMP(sa_in_dump(larval_sa(with_peer(outbound(0), 3))));
	stat_is(WAITS, 5);
	DUMP(sa_in_dump(larval_sa(with_peer(outbound(0), 3))));
	stat_is(WAITS, 7);
	DUMP(NOTHING);
	stat_is(WAITS, 8); /* the last ones before it was removed */
	ck_assert_uint_eq(drops_on(2), 8);
	DUMP(NOTHING);
	stat_is(WAITS, 9);
	ck_assert_uint_eq(drops_on(2), 8);
	ck_assert_uint_eq(drops_on(0), 1);
}
END_TEST

START_TEST(more_peers_than_can_be_remembered_make_the_interface_unknown)
{
	stat_is(WAITS, 0);
	for (int i = 0; i < 100; i++) {
		struct xfrm_sa a = outbound(0);
		a.key.dst = ip4(192, 0, (uint8_t)(3 + i), 2);
		tell_sa(XFRM_ACQUIRED, a, false, false);
	}
	stat_is(WAITS, 5);
	ck_assert_uint_eq(drops_on(0), 5);
	acquire_for(3);
	stat_is(WAITS, 6);
	ck_assert_uint_eq(drops_on(2), 1);
}
END_TEST

START_TEST(interfaces_go_on_counting_after_a_restart)
{
	stat_is(WAITS, 0);
	acquire_for(3);
	stat_is(WAITS, 5);
	daemon_restarts(_i);
	acquire_for(3);
	stat_is(WAITS, 7);
	ck_assert_uint_eq(drops_on(2), 7);
	ck_assert_uint_eq(rows(IPM_INTERFACES), 1);
}
END_TEST

/* --- failures ------------------------------------------------------------ */

START_TEST(packets_for_unknown_spis_are_told_once_a_minute)
{
	struct ipm_failure f = { 0 };

	stat_is(XFRM_STAT_IN_NO_STATES, 0);
	stat_is(XFRM_STAT_IN_NO_STATES, 3);
	ck_assert_uint_eq(failures(IPM_FAIL_NO_SA, &f), 1);
	ck_assert_str_eq(f.text, "3 packet(s) for an SPI that there is not");
	seconds_pass(50);
	stat_is(XFRM_STAT_IN_NO_STATES, 4);
	expect_failures(IPM_FAIL_NO_SA, 1);
	seconds_pass(15);
	stat_is(XFRM_STAT_IN_NO_STATES, 4);
	expect_failures(IPM_FAIL_NO_SA, 1);
	stat_is(XFRM_STAT_IN_NO_STATES, 5);
	expect_failures(IPM_FAIL_NO_SA, 2);
}
END_TEST

START_TEST(failed_integrity_checks_are_told_once_a_minute_for_each_tunnel)
{
	struct xfrm_sa a = inbound(OLD), b = of_reqid(inbound(OTHER), 2);
	struct ipm_failure f = { 0 };

	DUMP(sa_in_dump(b); sa_in_dump(a));
	a.auth_fails = 4;
	DUMP(sa_in_dump(b); sa_in_dump(a));
	ck_assert_uint_eq(failures(IPM_FAIL_IN_AUTH, &f), 1);
	ck_assert_uint_eq(f.spi, OLD);
	ck_assert_uint_eq(f.tunnel_index, tunnel_with(OLD).index);
	ck_assert_str_eq(f.text, "integrity check failed for 4 packet(s)");
	a.auth_fails = 5;
	DUMP(sa_in_dump(b); sa_in_dump(a));
	expect_failures(IPM_FAIL_IN_AUTH, 1);
	b.auth_fails = 1;
	DUMP(sa_in_dump(b); sa_in_dump(a));
	expect_failures(IPM_FAIL_IN_AUTH, 2);
	seconds_pass(61);
	DUMP(sa_in_dump(b); sa_in_dump(a));
	expect_failures(IPM_FAIL_IN_AUTH, 2);
	a.auth_fails = 6;
	DUMP(sa_in_dump(b); sa_in_dump(a));
	expect_failures(IPM_FAIL_IN_AUTH, 3);
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_AUTH], 6);
}
END_TEST

START_TEST(an_sa_that_a_policy_wanted_in_vain_is_a_failure)
{
	struct ipm_failure f = { 0 };

	sa_expires_hard(larval_sa(with_peer(outbound(0), 3)));
	ck_assert_uint_eq(failures(IPM_FAIL_PEER_LOST, &f), 1);
	ck_assert(same_addr(f.remote, PEER(3)));
	ck_assert_uint_eq(f.setup, 1);
	ck_assert_uint_eq(f.packet_src.len, 0);
	struct xfrm_sa sa = larval_sa(with_peer(outbound(0), 3));
	sa.has_sel = true;
	sa.src_sel = single_host(ip4(10, 1, 0, 7));
	sa.dst_sel = single_host(ip4(10, 2, 0, 9));
	sa_expires_hard(sa); /* the kernel says for which packet */
	ck_assert_uint_eq(failures(IPM_FAIL_PEER_LOST, &f), 2);
	ck_assert(same_addr(f.remote, PEER(3)));
	ck_assert(same_addr(f.packet_src, ip4(10, 1, 0, 7)));
	ck_assert(same_addr(f.packet_dst, ip4(10, 2, 0, 9)));
	xfrm_model_ike_known(model, true); /* if charon reports, its report counts */
	sa_expires_hard(larval_sa(with_peer(outbound(0), 3)));
	expect_failures(IPM_FAIL_PEER_LOST, 2);
}
END_TEST

/* --- full ---------------------------------------------------------------- */

static void
given_a_small_gateway(void)
{
	given_a_gateway_with((struct ipm_capacity){ .ike_sas = 4, .tunnels = 8, .selectors = 8, .sas = 5 });
}

static void
given_a_gateway_of_two_tunnels(void)
{
	given_a_gateway_with((struct ipm_capacity){ .ike_sas = 4, .tunnels = 2, .selectors = 8, .sas = 64 });
}

static void
dump_of_six_tunnels(void)
{
	DUMP(for (uint32_t i = 1; i <= 6; i++) {
		sa_in_dump(of_reqid(outbound(OLD + 2 * i + 1), i));
		sa_in_dump(of_reqid(inbound(OLD + 2 * i), i));
	});
}

START_TEST(sas_that_find_no_room_are_counted_and_start_no_tunnels_over_and_over)
{
	for (int i = 0; i < 20; i++)
		dump_of_six_tunnels();
	ck_assert_uint_eq(rows(IPM_SAS), 5);
	ck_assert_uint_ge(totals().records_refused, 20);
	enum ipm_reason reason;
	ck_assert_uint_le(events(IPM_EVENT_TUNNEL_START, 0, &reason), 5);
	ck_assert_uint_le(events(IPM_EVENT_TUNNEL_STOP, 0, &reason), 2);
	DUMP(NOTHING);
	expect_tunnels(0);
	pair_appears(NEW);
	expect_tunnels(1);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

START_TEST(tunnels_that_find_no_room_are_counted_and_leave_the_others_working)
{
	for (int i = 0; i < 20; i++)
		dump_of_six_tunnels();
	expect_tunnels(2);
	ck_assert_uint_eq(rows(IPM_SAS), 4);
	ck_assert_uint_ge(totals().records_refused, 20);
	expect_events(IPM_EVENT_TUNNEL_START, 2);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	sa_deleted(of_reqid(inbound(OLD + 2), 1));
	sa_deleted(of_reqid(outbound(OLD + 3), 1));
	dump_of_six_tunnels();
	expect_tunnels(2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_model_drops");
	TCase *tc = tests_of(suite, "drops", given_a_gateway);
	tcase_add_loop_test(tc, every_line_of_xfrm_stat_counts_by_its_reason_and_direction, 0, XFRM_STAT_COUNT);
	tcase_add_loop_test(tc, what_policy_rejects_after_decryption_is_counted_once, 0, 6);
	tcase_add_test(tc, a_packet_that_finds_an_sa_of_the_other_direction_is_counted_once);
	tcase_add_test(tc, a_packet_that_cannot_be_encrypted_is_counted_once);
	tcase_add_loop_test(tc, every_line_goes_on_after_a_restart, 0, XFRM_STAT_COUNT);
	tcase_add_loop_test(tc, every_line_that_is_smaller_than_before_counts_from_zero, 0, XFRM_STAT_COUNT);
	tcase_add_loop_test(tc, a_version_that_knows_more_lines_counts_none_of_them_again, 0, 3);
	tcase_add_test(tc, a_version_that_knows_fewer_lines_counts_none_of_them_again);
	tcase_add_test(tc, counts_of_a_version_that_did_not_say_which_lines_it_knew_are_those_of_the_first_lines);
	tcase_add_test(tc, another_namespace_after_an_upgrade_counts_from_zero);
	tcase_add_loop_test(tc, what_sas_told_of_is_not_counted_again, 0, 2);
	tcase_add_test(tc, what_failed_before_we_came_has_no_reason_that_we_know);
	tcase_add_test(tc, packets_that_wait_for_an_sa_are_dropped_on_the_way_they_were_to_go);
	tcase_add_test(tc, where_there_are_two_ways_or_none_the_interface_is_not_known);
	tcase_add_test(tc, as_long_as_there_is_a_larval_sa_its_packets_are_dropped);
	tcase_add_test(tc, more_peers_than_can_be_remembered_make_the_interface_unknown);
	tcase_add_loop_test(tc, interfaces_go_on_counting_after_a_restart, 0, 2);
	tc = tests_of(suite, "failures", given_a_gateway);
	tcase_add_test(tc, packets_for_unknown_spis_are_told_once_a_minute);
	tcase_add_test(tc, failed_integrity_checks_are_told_once_a_minute_for_each_tunnel);
	tcase_add_test(tc, an_sa_that_a_policy_wanted_in_vain_is_a_failure);
	tc = tests_of(suite, "full", given_a_small_gateway);
	tcase_add_test(tc, sas_that_find_no_room_are_counted_and_start_no_tunnels_over_and_over);
	tc = tests_of(suite, "full of tunnels", given_a_gateway_of_two_tunnels);
	tcase_add_test(tc, tunnels_that_find_no_room_are_counted_and_leave_the_others_working);
	return run_in_scratch("check_xfrm_model_drops", suite);
}
