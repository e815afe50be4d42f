/* SPDX-License-Identifier: ISC */
/* IKE SAs, from negotiation to end. */

#include "segment_fixture.h"

/* --- counts -------------------------------------------------------------- */

START_TEST(an_ike_sa_counts_once_it_is_established)
{
	struct ipm_writer *w = open_quietly();
	uint32_t slot = given_ike(w, IPM_IKE_NEGOTIATING);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	struct ipm_ike_sa sa = *ipm_ike_peek(w, slot);
	sa.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_active, 1);
	sa.state = IPM_IKE_DELETING;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_active, 1);
	sa.held = 1;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	sa.held = 0;
	ipm_ike_put(w, slot, &sa);
	ipm_ike_stop(w, slot, IPM_REASON_NORMAL);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	ck_assert_uint_eq(totals_in(w).ike_previous, 1);
	ipm_ike_stop(w, given_ike(w, IPM_IKE_NEGOTIATING), IPM_REASON_LOCAL_FAILURE);
	ck_assert_uint_eq(totals_in(w).ike_previous, 1); /* it never was one */
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_negotiation_takes_no_index_until_it_is_established)
{
	struct ipm_writer *w = open_quietly();
	for (int i = 0; i < 10000; i++)
		ipm_ike_stop(w, given_ike(w, IPM_IKE_NEGOTIATING), IPM_REASON_UNKNOWN);
	uint32_t slot = given_ike(w, IPM_IKE_NEGOTIATING), other = given_ike(w, IPM_IKE_NEGOTIATING);
	uint32_t before = ipm_ike_peek(w, slot)->index, left = ipm_ike_peek(w, other)->index;
	ck_assert_uint_ge(before, IPM_IKE_UNNUMBERED);
	ck_assert_uint_ne(before, left);
	ck_assert_uint_eq(ipm_ike_index(ipm_ike_peek(w, slot)), 0);
	struct ipm_ike_sa sa = *ipm_ike_peek(w, slot);
	sa.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(ipm_ike_peek(w, slot)->index, 1);
	ck_assert_uint_eq(ipm_ike_index(ipm_ike_peek(w, slot)), 1);
	/* A feed finds the IKE SA by its temporary number. The next run assigns no number that is in use. */
	ck_assert_int_eq(ipm_ike_find(w, slot, before), (int)slot);
	ck_assert_int_eq(ipm_ike_find(w, slot, left), -ENOENT);
	ipm_writer_close(w);
	w = open_quietly();
	ck_assert_uint_eq(ipm_ike_peek(w, other)->index, left);
	ck_assert_uint_gt(ipm_ike_peek(w, given_ike(w, IPM_IKE_NEGOTIATING))->index, left);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 2);
	ipm_writer_close(w);
}
END_TEST

static struct ipm_ike_sa
ike_in(struct ipm_writer *w, uint32_t slot)
{
	return *ipm_ike_peek(w, slot);
}

START_TEST(an_ike_sa_is_found_by_the_spis_that_it_has_now)
{
	struct ipm_writer *w = open_quietly();
	uint32_t first = given_ike(w, IPM_IKE_NEGOTIATING), second = given_ike(w, IPM_IKE_ESTABLISHED);
	struct ipm_ike_sa sa = ike_in(w, first);
	sa.spi_initiator = 7;
	ipm_ike_put(w, first, &sa);
	ck_assert_int_eq(ipm_ike_named(w, 7, 0, -1), (int)first);
	sa.spi_responder = 8;
	ipm_ike_put(w, first, &sa);
	ck_assert_int_eq(ipm_ike_named(w, 7, 0, -1), -ENOENT);
	ck_assert_int_eq(ipm_ike_named(w, 7, 8, -1), (int)first);
	ck_assert_int_eq(ipm_ike_named(w, 8, 7, -1), -ENOENT);
	sa = ike_in(w, second);
	sa.spi_initiator = 7;
	sa.spi_responder = 8;
	ipm_ike_put(w, second, &sa);
	int one = ipm_ike_named(w, 7, 8, -1), other = ipm_ike_named(w, 7, 8, one);
	ck_assert_int_eq(one + other, (int)(first + second));
	ck_assert_int_eq(ipm_ike_named(w, 7, 8, other), -ENOENT);
	ipm_writer_close(w);

	w = open_quietly(); /* another run finds it, too */
	ipm_ike_stop(w, second, IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_ike_named(w, 7, 8, -1), (int)first);
	ck_assert_int_eq(ipm_ike_named(w, 7, 8, (int)first), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(ike_messages_count_for_their_ike_sa_and_the_gateway)
{
	struct ipm_writer *w = open_quietly();
	uint32_t slot = given_ike(w, IPM_IKE_ESTABLISHED);
	const struct ipm_ike_traffic in = { 100, 1, 2, 3, 4, 5, 6, 7 }, out = { .octets = 1000, .pkts = 10 };
	ipm_ike_count(w, (int)slot, &in, &out);
	ipm_ike_count(w, (int)slot, &in, &out);
	ipm_ike_count(w, -1, &in, &out); /* of one that has no record */
	struct ipm_ike_sa sa = ike_in(w, slot);
	ck_assert_mem_eq(&sa.in, &((struct ipm_ike_traffic){ 200, 2, 4, 6, 8, 10, 12, 14 }), sizeof(sa.in));
	ck_assert_uint_eq(sa.out.octets, 2000);
	ck_assert_uint_eq(totals_in(w).ike_in.sa_deletes, 21);
	ck_assert_uint_eq(totals_in(w).ike_out.pkts, 30);
	ipm_writer_close(w);
}
END_TEST

START_TEST(two_records_of_one_ike_sa_become_one)
{
	struct ipm_writer *w = open_quietly();
	uint32_t watched = given_ike(w, IPM_IKE_NEGOTIATING), told = given_ike(w, IPM_IKE_ESTABLISHED);
	uint32_t index = ike_in(w, watched).index;
	const struct ipm_ike_traffic in = { .octets = 100, .pkts = 1 }, out = { .octets = 1000, .pkts = 10 };
	ipm_ike_count(w, (int)watched, &in, &out);
	ipm_ike_count(w, (int)told, &in, &out);
	ck_assert_int_eq(ipm_ike_find(w, watched, index), (int)watched);
	ipm_ike_merge(w, watched, told);
	ck_assert_uint_eq(ike_in(w, told).in.octets, 200);
	ck_assert_uint_eq(ike_in(w, told).out.pkts, 20);
	ck_assert_uint_eq(totals_in(w).ike_in.octets, 200);
	ck_assert_uint_eq(totals_in(w).ike_active, 1);
	ck_assert_uint_eq(totals_in(w).ike_previous, 0);
	/* A holder of the old slot learns the new one. */
	ck_assert_int_eq(ipm_ike_find(w, watched, index), (int)told);
	ck_assert_int_eq(ipm_ike_find(w, watched, index + 1), -ENOENT);
	ipm_ike_stop(w, told, IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_ike_find(w, watched, index), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_ike_sa_is_not_merged_with_one_that_is_gone)
{
	struct ipm_writer *w = open_quietly();
	uint32_t there = given_ike(w, IPM_IKE_ESTABLISHED), gone = given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_ike_stop(w, gone, IPM_REASON_NORMAL);
	struct ipm_ike_sa before = ike_in(w, there);
	ipm_ike_merge(w, there, gone);
	ipm_ike_merge(w, gone, there);
	ck_assert_uint_eq(ike_in(w, there).index, before.index);
	ck_assert_uint_eq(ike_in(w, gone).index, 0);
	ck_assert_uint_eq(totals_in(w).ike_active, 1);
	ck_assert_uint_eq(totals_in(w).ike_previous, 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(one_that_is_negotiated_makes_room_for_one_that_is_established)
{
	opt.capacity.ike_sas = 3;
	struct ipm_writer *w = open_quietly();
	uint32_t up = given_ike(w, IPM_IKE_ESTABLISHED);
	struct ipm_ike_sa young = { .state = IPM_IKE_NEGOTIATING, .created_ns = 2 }, old = young;
	old.created_ns = 1;
	uint32_t younger = (uint32_t)ipm_ike_start(w, &young), older = (uint32_t)ipm_ike_start(w, &old);
	uint32_t gone = ike_in(w, older).index;
	ipm_ike_make_room(w);
	ck_assert_int_eq(ipm_ike_find(w, older, gone), -ENOENT);
	ck_assert_uint_ne(ike_in(w, younger).index, 0);
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_ike_make_room(w);
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_ike_make_room(w); /* what is established stays */
	ck_assert_uint_ne(ike_in(w, up).index, 0);
	ck_assert_uint_eq(totals_in(w).ike_active, 3);
	ck_assert_uint_eq(totals_in(w).records_refused, 0);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_ike_sa_that_we_began_counts_as_initiated_when_it_is_established)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_ike_sa sa = { .state = IPM_IKE_NEGOTIATING, .initiator = 1 };
	uint32_t slot = (uint32_t)ipm_ike_start(w, &sa);
	ck_assert_uint_eq(totals_in(w).ike_initiated, 0);
	sa = ike_in(w, slot);
	sa.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, slot, &sa);
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_initiated, 1);
	ipm_ike_start(w, &sa);
	ck_assert_uint_eq(totals_in(w).ike_initiated, 2);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_checkpoint_has_every_ike_sa_and_tunnel_that_is_up)
{
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_ike_history ike;
	struct ipm_tunnel_history tunnel;
	uint32_t ikes[2] = { given_ike(w, IPM_IKE_ESTABLISHED) }, tunnels[2] = { given_tunnel(w) };
	given_ike(w, IPM_IKE_NEGOTIATING);
	ikes[1] = given_ike(w, IPM_IKE_ESTABLISHED);
	tunnels[1] = given_tunnel(w);
	ipm_checkpoint(w);
	for (uint32_t at = 0; at < 2; at++) {
		ck_assert_int_eq(ipm_ike_history_read(seg, at, &ike), 0);
		ck_assert_int_eq(ike.reason, IPM_REASON_CHECKPOINT);
		ck_assert_uint_eq(ike.sa.index, ike_in(w, ikes[at]).index);
		ck_assert_int_eq(ipm_tunnel_history_read(seg, at, &tunnel), 0);
		ck_assert_int_eq(tunnel.reason, IPM_REASON_CHECKPOINT);
		ck_assert_uint_eq(tunnel.tunnel.index, tunnel_in(w, tunnels[at]).index);
	}
	ck_assert_int_lt(ipm_ike_history_read(seg, 2, &ike), 0);
	ck_assert_int_lt(ipm_tunnel_history_read(seg, 2, &tunnel), 0);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_ike_sa_given_up_before_it_was_established_is_never_shown_nor_announced)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_event event;
	uint32_t slot = given_ike(w, IPM_IKE_NEGOTIATING);
	struct ipm_ike_sa sa = *ipm_ike_peek(w, slot);
	sa.state = IPM_IKE_DELETING;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	ipm_ike_stop(w, slot, IPM_REASON_LOCAL_FAILURE);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	ck_assert_uint_eq(totals_in(w).ike_previous, 0);
	ck_assert_int_eq(ipm_event_next(ipm_writer_segment(w), 0, &event), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_writer_ike");
	TCase *tc = tests_of(suite, "counts");
	tcase_add_test(tc, an_ike_sa_counts_once_it_is_established);
	tcase_add_test(tc, a_negotiation_takes_no_index_until_it_is_established);
	tcase_add_test(tc, an_ike_sa_is_found_by_the_spis_that_it_has_now);
	tcase_add_test(tc, ike_messages_count_for_their_ike_sa_and_the_gateway);
	tcase_add_test(tc, two_records_of_one_ike_sa_become_one);
	tcase_add_test(tc, an_ike_sa_is_not_merged_with_one_that_is_gone);
	tcase_add_test(tc, one_that_is_negotiated_makes_room_for_one_that_is_established);
	tcase_add_test(tc, an_ike_sa_that_we_began_counts_as_initiated_when_it_is_established);
	tcase_add_test(tc, a_checkpoint_has_every_ike_sa_and_tunnel_that_is_up);
	tcase_add_test(tc, an_ike_sa_given_up_before_it_was_established_is_never_shown_nor_announced);
	return run_in_scratch("check_ipm_writer_ike", suite);
}
