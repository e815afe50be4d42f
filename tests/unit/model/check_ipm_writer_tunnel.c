/* SPDX-License-Identifier: ISC */
/* Tunnels and their selectors. */

#include "segment_fixture.h"

/* --- identity ------------------------------------------------------------ */

START_TEST(a_tunnel_that_outlives_its_ike_sa_is_remembered_with_its_peer)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED, .version = 2, .local_id = "us", .remote_id = "them" };
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	struct ipm_tunnel_history past;
	int at = ipm_ike_start(w, &ike);
	ck_assert_int_ge(at, 0);
	tunnel.ike_slot = (uint32_t)at;
	tunnel.ike_index = ipm_ike_peek(w, (uint32_t)at)->index;
	int slot = ipm_tunnel_start(w, &tunnel);
	ck_assert_int_ge(slot, 0);
	ipm_ike_stop(w, (uint32_t)at, IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, (uint32_t)slot, IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_tunnel_history_read(ipm_writer_segment(w), 0, &past), 0);
	ck_assert_str_eq(past.local_id, "us");
	ck_assert_str_eq(past.remote_id, "them");
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_tunnel_knows_whether_its_ike_sa_is_alive)
{
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED);
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .ike_slot = ike };
	ck_assert(!ipm_tunnel_ike_alive(seg, &tunnel)); /* keyed by hand: it never had an IKE SA */
	tunnel.ike_index = ipm_ike_peek(w, ike)->index;
	ck_assert(ipm_tunnel_ike_alive(seg, &tunnel));
	struct ipm_ike_sa held = *ipm_ike_peek(w, ike);
	held.held = 1;
	ipm_ike_put(w, ike, &held);
	ck_assert(!ipm_tunnel_ike_alive(seg, &tunnel));
	held.held = 0;
	ipm_ike_put(w, ike, &held);
	ck_assert(ipm_tunnel_ike_alive(seg, &tunnel));
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	ck_assert(!ipm_tunnel_ike_alive(seg, &tunnel));
	tunnel.ike_slot = UINT32_MAX;
	ck_assert(!ipm_tunnel_ike_alive(seg, &tunnel));
	ipm_writer_close(w);
}
END_TEST

/* --- counts -------------------------------------------------------------- */

START_TEST(a_held_tunnel_leaves_the_gauge_and_comes_back)
{
	struct ipm_writer *w = open_quietly();
	uint32_t slot = given_tunnel(w);
	given_tunnel(w);
	counts(w, given_sa(w, slot, IPM_IN), 1, 100);
	struct ipm_tunnel tunnel = tunnel_in(w, slot);
	tunnel.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, slot, &tunnel);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 1);
	ck_assert_uint_eq(totals_in(w).tunnels_previous, 0);
	ipm_tunnel_put(w, slot, &tunnel); /* doing it twice changes nothing */
	ck_assert_uint_eq(totals_in(w).tunnels_active, 1);
	tunnel.state = IPM_TUNNEL_UP;
	ipm_tunnel_put(w, slot, &tunnel);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 2);
	ck_assert_uint_eq(tunnel_in(w, slot).index, 1);
	ck_assert_uint_eq(tunnel_in(w, slot).in.octets, 100);
	tunnel.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, slot, &tunnel);
	ipm_tunnel_stop(w, slot, IPM_REASON_SOURCE_LOST);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 1);
	ck_assert_uint_eq(totals_in(w).tunnels_previous, 1);
	ipm_writer_close(w);
}
END_TEST

/* --- selectors ----------------------------------------------------------- */

START_TEST(selectors_that_stay_keep_their_index)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	struct ipm_selector first[] = { subnet(1), subnet(2), subnet(3) };
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, first, 3), 0);
	uint32_t one = selector_index(w, tunnel, 1), three = selector_index(w, tunnel, 3);
	ck_assert_uint_ne(one, 0);
	ck_assert_uint_ne(three, 0);
	uint64_t change = ipm_segment_change(ipm_writer_segment(w), IPM_SELECTORS);

	struct ipm_selector again[] = { subnet(3), subnet(1), subnet(2) };
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, again, 3), 0);
	ck_assert_uint_eq(ipm_segment_change(ipm_writer_segment(w), IPM_SELECTORS), change); /* nothing new in that */
	ck_assert_uint_eq(selector_index(w, tunnel, 1), one);

	struct ipm_selector next[] = { subnet(4), subnet(3), subnet(1) };
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, next, 3), 0);
	ck_assert_uint_gt(ipm_segment_change(ipm_writer_segment(w), IPM_SELECTORS), change);
	ck_assert_uint_eq(selector_index(w, tunnel, 1), one);
	ck_assert_uint_eq(selector_index(w, tunnel, 3), three);
	ck_assert_uint_eq(selector_index(w, tunnel, 2), 0);
	ck_assert_uint_eq(selector_index(w, tunnel, 4), 4); /* a new one has a new index */
	expect_consistent(w);

	struct ipm_selector other_ports = subnet(1);
	other_ports.remote.port_last = 1023;
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, &other_ports, 1), 0);
	ck_assert_uint_eq(selector_index(w, tunnel, 1), 5); /* other ports make another selector */
	ck_assert_uint_eq(expect_readable(ipm_writer_segment(w), IPM_SELECTORS, false), 1);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ck_assert_uint_eq(expect_readable(ipm_writer_segment(w), IPM_SELECTORS, false), 0);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_selector_given_twice_is_kept_once)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), other = given_tunnel(w);
	struct ipm_selector sel[] = { subnet(1), subnet(1), subnet(2), subnet(1) };
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, sel, 4), 0);
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, sel, 4), 0);
	ck_assert_uint_eq(expect_readable(ipm_writer_segment(w), IPM_SELECTORS, false), 2);
	ck_assert_int_eq(ipm_tunnel_select(w, other, sel, 1), 0); /* another tunnel has its own */
	ck_assert_uint_eq(selector_index(w, other, 1), 1);
	ck_assert_uint_eq(expect_readable(ipm_writer_segment(w), IPM_SELECTORS, false), 3);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_writer_tunnel");
	TCase *tc = tests_of(suite, "identity");
	tcase_add_test(tc, a_tunnel_that_outlives_its_ike_sa_is_remembered_with_its_peer);
	tcase_add_test(tc, a_tunnel_knows_whether_its_ike_sa_is_alive);
	tc = tests_of(suite, "counts");
	tcase_add_test(tc, a_held_tunnel_leaves_the_gauge_and_comes_back);
	tc = tests_of(suite, "selectors");
	tcase_add_test(tc, selectors_that_stay_keep_their_index);
	tcase_add_test(tc, a_selector_given_twice_is_kept_once);
	return run_in_scratch("check_ipm_writer_tunnel", suite);
}
