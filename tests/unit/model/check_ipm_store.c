/* SPDX-License-Identifier: ISC */
/* Slots, indexes and names, and full sections. */

#include "segment_fixture.h"

/* --- identity ------------------------------------------------------------ */

START_TEST(indexes_start_at_1_and_grow)
{
	struct ipm_writer *w = open_quietly();
	for (uint32_t i = 1; i <= 5; i++) {
		ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, i);
		ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, i);
	}
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_index_is_not_given_twice)
{
	struct ipm_writer *w = open_quietly();
	for (uint32_t i = 1; i <= 100; i++) {
		uint32_t slot = given_tunnel(w);
		ck_assert_uint_eq(tunnel_in(w, slot).index, i);
		ipm_tunnel_stop(w, slot, IPM_REASON_NORMAL);
	}
	ipm_writer_close(w);
}
END_TEST

START_TEST(after_the_last_index_comes_the_first_that_is_free)
{
	struct ipm_writer *w = open_quietly();
	given_tunnel(w); /* 1 */
	uint32_t second = given_tunnel(w);
	given_tunnel(w); /* 3 */
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_writer_totals(w)->next_tunnel = 2147483646;
	ipm_writer_totals(w)->next_ike = 2147483647;
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 2147483646);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 2147483647);
	ipm_tunnel_stop(w, second, IPM_REASON_NORMAL);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 2);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 4);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 2147483647);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 2);
	ipm_writer_close(w);
	w = open_quietly(); /* a later writer knows that indexes wrapped */
	ipm_writer_totals(w)->next_tunnel = 2147483647;
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 5);
	ipm_writer_close(w);
}
END_TEST

START_TEST(indexes_are_of_the_range_that_the_writer_was_given)
{
	opt.index_first = 1000000001;
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_tunnel_history past;
	struct ipm_walk walk;
	uint32_t tunnel = given_tunnel(w);
	ck_assert_uint_eq(tunnel_in(w, tunnel).index, 1000000001);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 1000000001);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ipm_walk_ring(&walk, seg, IPM_TUNNEL_HISTORY);
	ck_assert_int_eq(ipm_walk_next(&walk, &past), 1);
	ck_assert_uint_eq(past.index, 1000000001);
	ck_assert_int_eq(ipm_walk_next(&walk, &past), 0);
	ipm_writer_totals(w)->next_tunnel = 2147483647;
	given_tunnel(w);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 1000000001);
	ipm_writer_close(w);
}
END_TEST

/* No index changes under a poller: what is there keeps its own, and what comes has one of the same range. */
START_TEST(another_range_of_indexes_is_for_a_new_segment)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	ck_assert_uint_eq(tunnel_in(w, tunnel).index, 1);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	ipm_writer_close(w);

	opt.index_first = 1000000001;
	for (int i = 0; i < 2; i++) {
		w = open_saying("its indexes continue from 1; those from 1000000001 are for a new segment");
		ck_assert_uint_eq(ipm_segment_index_first(ipm_writer_segment(w)), 1);
		ck_assert_uint_eq(tunnel_in(w, tunnel).index, 1);
		ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 3 + (uint32_t)i);
		struct ipm_tunnel_history past;
		struct ipm_walk walk;
		ipm_walk_ring(&walk, ipm_writer_segment(w), IPM_TUNNEL_HISTORY);
		ck_assert_int_eq(ipm_walk_next(&walk, &past), 1);
		ck_assert_uint_eq(past.index, 1);
		ipm_writer_close(w);
		opt.capacity.tunnels *= 2; /* the second time, the records are copied */
	}
	ck_assert_int_eq(unlink(opt.path), 0);
	w = open_quietly();
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 1000000001);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_range_of_indexes_that_does_not_suffice_is_refused)
{
	struct ipm_writer *w;
	opt.index_first = 2147483647 - opt.capacity.history;
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EINVAL);
	ck_assert(strstr(err.text, "indexes"));
}
END_TEST

START_TEST(a_slot_rests_before_it_is_used_again)
{
	struct ipm_writer *w = open_quietly();
	uint32_t first = given_tunnel(w);
	ipm_tunnel_stop(w, first, IPM_REASON_NORMAL);
	for (int i = 0; i < 16; i++) {
		uint32_t slot = given_tunnel(w);
		ck_assert_uint_ne(slot, first);
		ipm_tunnel_stop(w, slot, IPM_REASON_NORMAL);
	}
	ck_assert_uint_eq(given_tunnel(w), first); /* the slot that has been free longest comes first */
	ck_assert_uint_eq(ipm_segment_used(ipm_writer_segment(w), IPM_TUNNELS), 17);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_reused_slot_has_another_generation)
{
	opt.capacity.tunnels = 1;
	struct ipm_writer *w = open_quietly();
	const struct ipm_record *rec = ipm_record_at(ipm_writer_segment(w), IPM_TUNNELS, 0);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	uint32_t before = rec->generation;
	given_tunnel(w);
	ck_assert_uint_eq(rec->generation, before + 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_a_put_may_not_change_stays)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_OUT);
	struct ipm_selector sel = subnet(1);
	ipm_tunnel_select(w, tunnel, &sel, 1);
	ipm_ike_refresh(w, ike);
	ipm_tunnel_refresh(w, tunnel);
	counts(w, sa, 10, 1000);

	ipm_ike_put(w, ike, &(struct ipm_ike_sa){ .index = 99, .state = IPM_IKE_ESTABLISHED, .version = 1 });
	ck_assert_uint_eq(ipm_ike_peek(w, ike)->index, 1);
	ck_assert_uint_eq(ipm_ike_peek(w, ike)->refreshes, 1);
	ck_assert_uint_eq(ipm_ike_peek(w, ike)->version, 1);

	ipm_tunnel_put(w, tunnel, &(struct ipm_tunnel){ .index = 99, .state = IPM_TUNNEL_UP, .reqid = 5, .sas = 7 });
	struct ipm_tunnel got = tunnel_in(w, tunnel);
	ck_assert_uint_eq(got.index, 1);
	ck_assert_uint_eq(got.refreshes, 1);
	ck_assert_uint_eq(got.sas, 1);
	ck_assert_uint_eq(got.reqid, 5);
	ck_assert_uint_eq(got.out.octets, 1000);
	ck_assert_uint_eq(selector_index(w, tunnel, 1), 1);

	ipm_sa_put(w, sa,
		   &(struct ipm_sa){ .index = 99, .tunnel_slot = 9, .direction = IPM_OUT, .spi = 0xbeef, .seq = 5 });
	struct ipm_sa got_sa = sa_in(w, sa);
	ck_assert_uint_eq(got_sa.index, 1);
	ck_assert_uint_eq(got_sa.tunnel_index, 1);
	ck_assert_uint_eq(got_sa.seq, 5);
	ck_assert_uint_eq(got_sa.spi, 0xc0ffee);
	ck_assert_uint_eq(got_sa.count.octets, 1000);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_feed_keeps_its_slot_by_its_name)
{
	struct ipm_writer *w = open_quietly();
	ck_assert_int_eq(ipm_feed_open(w, "vici"), 0);
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), 1);
	ck_assert_int_eq(ipm_feed_open(w, "vici"), 0);
	struct ipm_feed feed = *ipm_feed_peek(w, 1);
	ck_assert_uint_eq(feed.index, 2);
	ck_assert_uint_eq(feed.state, IPM_FEED_DOWN);
	feed.state = IPM_FEED_UP;
	ipm_feed_put(w, 1, &feed);
	ipm_writer_close(w);
	w = open_quietly();
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), 1);
	ck_assert_int_eq(ipm_feed_read(ipm_writer_segment(w), 1, &feed), 0);
	ck_assert_uint_eq(feed.state, IPM_FEED_UP);
	ipm_writer_close(w);
}
END_TEST

/* --- full ---------------------------------------------------------------- */

START_TEST(what_a_full_section_cannot_take_is_counted_and_everything_else_goes_on)
{
	opt.capacity =
		(struct ipm_capacity){ .ike_sas = 2, .tunnels = 2, .selectors = 2, .sas = 3, .feeds = 1, .events = 8 };
	struct ipm_writer *w = open_quietly();
	struct ipm_tunnel up = { .state = IPM_TUNNEL_UP };
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED };
	struct ipm_sa sa = { .direction = IPM_IN };
	struct ipm_selector sel[] = { subnet(1), subnet(2), subnet(3) };
	uint32_t first = given_tunnel(w), second = given_tunnel(w);
	given_ike(w, IPM_IKE_ESTABLISHED);
	given_ike(w, IPM_IKE_ESTABLISHED);
	uint32_t counted = given_sa(w, first, IPM_IN);
	given_sa(w, first, IPM_IN);
	given_sa(w, second, IPM_IN);
	ipm_feed_open(w, "vici");

	ck_assert_int_eq(ipm_tunnel_start(w, &up), -ENOSPC);
	ck_assert_int_eq(ipm_ike_start(w, &ike), -ENOSPC);
	ck_assert_int_eq(ipm_sa_start(w, second, &sa), -ENOSPC);
	ck_assert_int_eq(ipm_tunnel_select(w, first, sel, 3), -ENOSPC);
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), -ENOSPC);
	ck_assert_uint_eq(totals_in(w).records_refused, 5);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 2);
	ck_assert_uint_eq(totals_in(w).ike_active, 2);
	expect_consistent(w);

	counts(w, counted, 10, 1000);
	ck_assert_uint_eq(tunnel_in(w, first).in.octets, 1000);
	ipm_tunnel_stop(w, first,
			IPM_REASON_NORMAL); /* room again: the slot is reused at once, as it is the only one */
	ck_assert_uint_eq(given_tunnel(w), first);
	ck_assert_uint_eq(tunnel_in(w, first).index, 3); /* the refused record took no index */
	ck_assert_uint_eq(tunnel_in(w, first).in.octets, 0);
	ck_assert_int_ge(ipm_sa_start(w, second, &sa), 0);
	ck_assert_int_eq(ipm_tunnel_select(w, second, sel, 2), 0);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_store");
	TCase *tc = tests_of(suite, "identity");
	tcase_add_test(tc, indexes_start_at_1_and_grow);
	tcase_add_test(tc, an_index_is_not_given_twice);
	tcase_add_test(tc, after_the_last_index_comes_the_first_that_is_free);
	tcase_add_test(tc, indexes_are_of_the_range_that_the_writer_was_given);
	tcase_add_test(tc, another_range_of_indexes_is_for_a_new_segment);
	tcase_add_test(tc, a_range_of_indexes_that_does_not_suffice_is_refused);
	tcase_add_test(tc, a_slot_rests_before_it_is_used_again);
	tcase_add_test(tc, a_reused_slot_has_another_generation);
	tcase_add_test(tc, what_a_put_may_not_change_stays);
	tcase_add_test(tc, a_feed_keeps_its_slot_by_its_name);
	tc = tests_of(suite, "full");
	tcase_add_test(tc, what_a_full_section_cannot_take_is_counted_and_everything_else_goes_on);
	return run_in_scratch("check_ipm_store", suite);
}
