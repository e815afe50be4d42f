/* SPDX-License-Identifier: ISC */
/* Counters of SAs, tunnels and the gateway. */

#include "segment_fixture.h"

/* --- counts -------------------------------------------------------------- */

START_TEST(an_agent_keeps_its_slot_by_its_name)
{
	struct ipm_agent one = { .name = "one" }, two = { .name = "two" };
	opt.capacity.agents = 3;
	struct ipm_writer *w = open_quietly();
	for (int times = 0; times < 2; times++) {
		ck_assert_int_eq(ipm_agent_put(w, &one), 0);
		ck_assert_int_eq(ipm_agent_put(w, &two), 1);
	}
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_rekey_keeps_the_index_and_the_counts)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), out = given_sa(w, tunnel, IPM_OUT);
	counts(w, in, 10, 1000);
	counts(w, out, 20, 3000);

	uint32_t new_in = given_sa(w, tunnel, IPM_IN), new_out = given_sa(w, tunnel, IPM_OUT);
	ipm_tunnel_refresh(w, tunnel);
	counts(w, in, 11, 1100); /* both are in use for a short time */
	counts(w, new_in, 1, 50);
	counts(w, new_out, 2, 70);
	ipm_sa_stop(w, in);
	ipm_sa_stop(w, out);

	struct ipm_tunnel got = tunnel_in(w, tunnel);
	ck_assert_uint_eq(got.index, 1);
	ck_assert_uint_eq(got.refreshes, 1);
	ck_assert_uint_eq(got.sas, 2);
	ck_assert_uint_eq(got.sas_retired, 2);
	ck_assert_uint_eq(got.in.pkts, 12);
	ck_assert_uint_eq(got.in.octets, 1150);
	ck_assert_uint_eq(got.out.pkts, 22);
	ck_assert_uint_eq(got.out.octets, 3070);
	ck_assert_uint_eq(sa_in(w, new_in).index, 3); /* cipSecSpiIndex goes on */
	ck_assert_uint_eq(sa_in(w, new_out).index, 4);
	ck_assert_uint_eq(sa_in(w, new_out).count.octets, 70);
	struct ipm_sa gone;
	ck_assert_int_eq(ipm_sa_read(ipm_writer_segment(w), in, &gone), -ENOENT);
	ck_assert_uint_eq(totals_in(w).in.octets, 1150);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(sas_leave_their_tunnels_list_from_any_place)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), sa[5];
	static const int order[] = { 2, 0, 4, 1, 3 };
	for (int i = 0; i < 5; i++)
		sa[i] = given_sa(w, tunnel, IPM_IN);
	for (uint32_t i = 0; i < 5; i++) {
		ipm_sa_stop(w, sa[order[i]]);
		ck_assert_uint_eq(tunnel_in(w, tunnel).sas, 4 - i);
		expect_consistent(w);
	}
	ck_assert_uint_eq(tunnel_in(w, tunnel).sas_retired, 5);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_source_that_starts_again_from_zero_adds_what_it_counted_since)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_IN);
	counts(w, sa, 10, 1000);
	counts(w, sa, 4, 300); /* started again */
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.pkts, 14);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 1300);
	counts(w, sa, 5, 350);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.pkts, 15);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 1350);
	ck_assert_uint_eq(totals_in(w).in.octets, 1350);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_source_that_started_again_is_known_by_one_count_that_went_back)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_IN);
	counts(w, sa, 2, 3000);
	counts(w, sa, 20, 1200); /* 20 small ones since: more packets than before, fewer octets */
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.pkts, 22);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 4200);
	ipm_writer_close(w);
}
END_TEST

START_TEST(crypts_and_auths_follow_from_packets_and_transforms)
{
	static const struct {
		uint8_t protocol;
		uint16_t encr, integ;
		uint64_t crypts, auths; /* of 10 packets, and 2 that failed the check */
	} cases[] = {
		{ 50, 12, 12, 10, 12 }, /* AES-CBC, HMAC-SHA2-256 */
		{ 50, 20, 0, 10, 12 },  /* AES-GCM */
		{ 50, 28, 0, 10, 12 },  /* ChaCha20-Poly1305 */
		{ 50, 12, 0, 10, 0 },   /* AES-CBC alone */
		{ 50, 11, 12, 0, 12 },  /* NULL */
		{ 50, 21, 0, 0, 12 },   /* GMAC */
		{ 51, 0, 12, 0, 12 },   /* AH */
		{ 108, 0, 0, 0, 0 },    /* IPComp */
	};
	opt.capacity.lanes = 2;
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	struct ipm_sa sa = { .direction = IPM_IN, .protocol = cases[_i].protocol };
	sa.proposal.encr = cases[_i].encr;
	sa.proposal.integ = cases[_i].integ;
	uint32_t slot = (uint32_t)ipm_sa_start(w, tunnel, &sa);
	struct ipm_traffic now = { .pkts = 4, .octets = 400, .crypts = 77, .auths = 77 }; /* not what a source says */
	now.drops[IPM_DROP_AUTH] = 1;
	ipm_sa_count(w, slot, &now);
	now.pkts = 7;
	ipm_sa_count(w, slot, &now);
	ipm_lane_count(ipm_sa_lane(w, slot, 1), 3, 300);
	ipm_lane_drop(ipm_sa_lane(w, slot, 0), IPM_DROP_AUTH, 1);
	for (int stopped = 0; stopped < 2; stopped++) {
		if (!stopped) {
			ck_assert_uint_eq(sa_in(w, slot).count.crypts, cases[_i].crypts);
			ck_assert_uint_eq(sa_in(w, slot).count.auths, cases[_i].auths);
		}
		ck_assert_uint_eq(tunnel_in(w, tunnel).in.crypts, cases[_i].crypts);
		ck_assert_uint_eq(tunnel_in(w, tunnel).in.auths, cases[_i].auths);
		ck_assert_uint_eq(totals_in(w).in.crypts, cases[_i].crypts);
		ck_assert_uint_eq(totals_in(w).in.auths, cases[_i].auths);
		if (!stopped)
			ipm_sa_stop(w, slot);
	}
	ipm_writer_close(w);
}
END_TEST

START_TEST(drops_are_counted_by_reason_and_direction)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), out = given_sa(w, tunnel, IPM_OUT);
	struct ipm_traffic now = { 0 };
	now.drops[IPM_DROP_REPLAY] = 3;
	now.drops[IPM_DROP_AUTH] = 5;
	ipm_sa_count(w, in, &now);
	now.drops[IPM_DROP_REPLAY] = 4;
	ipm_sa_count(w, in, &now);
	memset(&now, 0, sizeof(now));
	now.drops[IPM_DROP_OTHER] = 1;
	ipm_sa_count(w, out, &now);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	struct ipm_totals totals = totals_in(w);
	ck_assert_uint_eq(totals.in.drops[IPM_DROP_REPLAY], 4);
	ck_assert_uint_eq(totals.in.drops[IPM_DROP_AUTH], 5);
	ck_assert_uint_eq(totals.in.drops[IPM_DROP_OTHER], 0);
	ck_assert_uint_eq(totals.out.drops[IPM_DROP_OTHER], 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(counts_go_past_32_bits)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_OUT);
	counts(w, sa, 1, (3ULL << 32) + 5);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.octets, (3ULL << 32) + 5);
	counts(w, sa, 2, (3ULL << 32) + 6);
	ck_assert_uint_eq(totals_in(w).out.octets, (3ULL << 32) + 6);
	ipm_writer_close(w);
}
END_TEST

START_TEST(totals_keep_what_is_gone)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_IN);
	counts(w, sa, 10, 1000);
	struct ipm_totals totals = totals_in(w);
	ck_assert_uint_eq(totals.ike_active, 1);
	ck_assert_uint_eq(totals.tunnels_active, 1);
	ck_assert_uint_eq(totals.ike_previous + totals.tunnels_previous, 0);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_PEER_DELETE);
	ipm_ike_stop(w, ike, IPM_REASON_PEER_DELETE);
	totals = totals_in(w);
	ck_assert_uint_eq(totals.ike_active, 0);
	ck_assert_uint_eq(totals.tunnels_active, 0);
	ck_assert_uint_eq(totals.ike_previous, 1);
	ck_assert_uint_eq(totals.tunnels_previous, 1);
	ck_assert_uint_eq(totals.in.octets, 1000);
	ck_assert_uint_eq(totals.in.pkts, 10);
	ck_assert_int_eq(ipm_read(ipm_writer_segment(w), IPM_TUNNELS, tunnel, (uint64_t[256]){ 0 }), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(failures_that_a_feed_counts_are_published_by_a_commit)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_totals totals;
	ipm_writer_totals(w)->ike_auth_fails += 3;
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(w), &totals), 0);
	ck_assert_uint_eq(totals.ike_auth_fails, 0);
	ck_assert_uint_eq(totals_in(w).ike_auth_fails, 3);
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_writer_sa");
	TCase *tc = tests_of(suite, "counts");
	tcase_add_test(tc, an_agent_keeps_its_slot_by_its_name);
	tcase_add_test(tc, a_rekey_keeps_the_index_and_the_counts);
	tcase_add_test(tc, sas_leave_their_tunnels_list_from_any_place);
	tcase_add_test(tc, a_source_that_starts_again_from_zero_adds_what_it_counted_since);
	tcase_add_test(tc, a_source_that_started_again_is_known_by_one_count_that_went_back);
	tcase_add_loop_test(tc, crypts_and_auths_follow_from_packets_and_transforms, 0, 8);
	tcase_add_test(tc, drops_are_counted_by_reason_and_direction);
	tcase_add_test(tc, counts_go_past_32_bits);
	tcase_add_test(tc, totals_keep_what_is_gone);
	tcase_add_test(tc, failures_that_a_feed_counts_are_published_by_a_commit);
	return run_in_scratch("check_ipm_writer_sa", suite);
}
