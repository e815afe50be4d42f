/* SPDX-License-Identifier: ISC */
/* Lanes: counts that no commit has collected yet. */

#include "segment_fixture.h"

/* --- lanes --------------------------------------------------------------- */

START_TEST(what_the_lanes_hold_shows_in_the_sa_its_tunnel_and_the_totals)
{
	opt.capacity.lanes = 3;
	struct ipm_writer *w = open_quietly();
	struct ipm_segment *seg = attach();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), out = given_sa(w, tunnel, IPM_OUT);
	given_sa(w, given_tunnel(w), IPM_IN);
	ipm_lane_count(ipm_sa_lane(w, in, 0), 1, 100);
	ipm_lane_count(ipm_sa_lane(w, in, 2), 2, 50);
	ipm_lane_drop(ipm_sa_lane(w, in, 1), IPM_DROP_REPLAY, 4);
	ipm_lane_count(ipm_sa_lane(w, out, 1), 7, 7000);
	ck_assert_ptr_null(ipm_sa_lane(w, in, 3).count);
	counts(w, in, 10, 1000); /* a feed may count the same SA */

	struct ipm_sa sa;
	ck_assert_int_eq(ipm_sa_read(seg, in, &sa), 0);
	ck_assert_uint_eq(sa.count.pkts, 13);
	ck_assert_uint_eq(sa.count.octets, 1150);
	ck_assert_uint_eq(sa.count.raw_octets, 1150);
	ck_assert_uint_eq(sa.count.drops[IPM_DROP_REPLAY], 4);
	struct ipm_tunnel got;
	ck_assert_int_eq(ipm_tunnel_read(seg, tunnel, &got), 0);
	ck_assert_uint_eq(got.in.octets, 1150);
	ck_assert_uint_eq(got.in.drops[IPM_DROP_REPLAY], 4);
	ck_assert_uint_eq(got.out.pkts, 7);
	ck_assert_uint_eq(got.out.octets, 7000);
	ck_assert_uint_eq(totals_in(w).in.octets, 1150);
	ck_assert_uint_eq(totals_in(w).out.octets, 7000);
	ck_assert_uint_eq(tunnel_in(w, 1).in.octets, 0);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_the_lanes_held_stays_when_the_sa_is_gone)
{
	opt.capacity.lanes = 2;
	opt.capacity.sas = 2;
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), out = given_sa(w, tunnel, IPM_OUT);
	ipm_lane_count(ipm_sa_lane(w, in, 0), 1, 100);
	ipm_lane_count(ipm_sa_lane(w, out, 1), 2, 3000);
	ipm_lane_drop(ipm_sa_lane(w, out, 1), IPM_DROP_CAPACITY, 1);
	ipm_sa_stop(w, out);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.octets, 3000);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.drops[IPM_DROP_CAPACITY], 1);
	ck_assert_uint_eq(totals_in(w).out.octets, 3000);

	uint32_t again = given_sa(w, tunnel, IPM_OUT);
	ck_assert_uint_eq(again, out); /* the only slot there is */
	ck_assert_uint_eq(sa_in(w, again).count.octets, 0);
	ck_assert_uint_eq(sa_in(w, again).count.drops[IPM_DROP_CAPACITY], 0);
	ck_assert_uint_eq(ipm_sa_lane(w, again, 1).count->octets, 0);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.octets, 3000);
	ipm_lane_count(ipm_sa_lane(w, again, 0), 1, 5);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.octets, 3005);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ck_assert_uint_eq(totals_in(w).out.octets, 3005);
	ck_assert_uint_eq(totals_in(w).in.octets, 100);
	ipm_writer_close(w);
}
END_TEST

/*
 * A reader at the worst moment. A section is read-only in the writer's mapping, so the writer's first store to it
 * enters a signal handler, which reads through another mapping.
 */
static struct {
	struct ipm_segment *seg;
	void *section;
	size_t size;
	uint32_t tunnel;
	int stores;         /* that were caught */
	uint64_t in, total; /* the smallest number of octets seen, for the tunnel and the gateway */
} peep;

static void
peep_now(int sig)
{
	struct ipm_tunnel tunnel;
	struct ipm_totals totals;
	(void)sig;
	if (mprotect(peep.section, peep.size, PROT_READ | PROT_WRITE) < 0)
		abort();
	peep.stores++;
	if (ipm_tunnel_read(peep.seg, peep.tunnel, &tunnel) == 0 && tunnel.in.octets < peep.in)
		peep.in = tunnel.in.octets;
	if (ipm_totals_read(peep.seg, &totals) == 0 && totals.in.octets < peep.total)
		peep.total = totals.in.octets;
}

START_TEST(no_reader_ever_finds_the_counts_of_a_leaving_sa_nowhere)
{
	static const enum ipm_section_kind kinds[] = { IPM_TOTALS, IPM_TUNNELS, IPM_SAS };
	opt.capacity.lanes = 2;
	struct ipm_writer *w = open_quietly();
	peep.tunnel = given_tunnel(w);
	uint32_t in = given_sa(w, peep.tunnel, IPM_IN);
	counts(w, in, 1, 100);
	ipm_lane_count(ipm_sa_lane(w, in, 1), 2, 3000);
	ipm_writer_commit(w);
	peep.seg = attach();
	peep.in = peep.total = UINT64_MAX;
	const struct ipm_section *sec = &ipm_header(peep.seg)->section[kinds[_i]];
	peep.section = ipm_writer_segment(w)->base + sec->offset;
	peep.size = (size_t)sec->stride * sec->capacity;
	struct sigaction action = { .sa_handler = peep_now }, before[2];
	sigaction(SIGSEGV, &action, &before[0]);
	sigaction(SIGBUS, &action, &before[1]);
	if (mprotect(peep.section, peep.size, PROT_READ) ==
	    0) /* otherwise pages are larger than the alignment of sections */
		ipm_sa_stop(w, in);
	sigaction(SIGSEGV, &before[0], NULL);
	sigaction(SIGBUS, &before[1], NULL);
	if (sysconf(_SC_PAGESIZE) == 4096)
		ck_assert_int_eq(peep.stores, 1);
	ck_assert_uint_ge(peep.in, 3100); /* a failed read is fine, too */
	ck_assert_uint_ge(peep.total, 3100);
	ipm_segment_close(peep.seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(lanes_survive_a_restart)
{
	opt.capacity.lanes = 2;
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN);
	ipm_lane_count(ipm_sa_lane(w, in, 0), 1, 100);
	ipm_writer_close(w);
	w = open_quietly();
	ck_assert_uint_eq(sa_in(w, in).count.octets, 100);
	ipm_lane_count(ipm_sa_lane(w, in, 1), 1, 11);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 111);
	ck_assert_uint_eq(totals_in(w).in.octets, 111);
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_the_lanes_of_a_dropped_sa_held_is_not_lost)
{
	opt.capacity.lanes = 2;
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), other = given_tunnel(w);
	uint32_t out = given_sa(w, other, IPM_OUT);
	ipm_lane_count(ipm_sa_lane(w, in, 0), 1, 100);
	ipm_lane_count(ipm_sa_lane(w, out, 1), 2, 3000);
	ipm_writer_close(w);
	tear_unnamed(IPM_SAS, in); /* half written itself */
	tear(IPM_TUNNELS, other);  /* gone with its tunnel */
	w = open_saying("dropped 2 record");
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 100);
	ck_assert_uint_eq(tunnel_in(w, tunnel).sas, 0);
	ck_assert_uint_eq(totals_in(w).in.octets, 100);
	ck_assert_uint_eq(totals_in(w).out.octets, 3000);
	ck_assert_uint_eq(totals_in(w).out.pkts, 2);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_sa_or_a_map_entry_that_was_being_changed_is_still_there)
{
	opt.capacity.lanes = 1;
	opt.capacity.maps = 2;
	struct ipm_writer *w = open_quietly();
	int map = ipm_map_open(w, &(struct ipm_map_entry){ .kind = IPM_MAP_STATIC, .name = "site", .child = "a" });
	ck_assert_int_ge(map, 0);
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN);
	uint32_t spi = ipm_sa_peek(w, in)->spi;
	ipm_lane_seq(ipm_sa_lane(w, in, 0), 77);
	ipm_writer_close(w);
	tear(IPM_SAS, in);
	tear(IPM_MAPS, (uint32_t)map);
	w = open_quietly();
	ck_assert_uint_eq(sa_in(w, in).spi, spi);
	ck_assert_uint_eq(sa_in(w, in).seq, 77);
	ck_assert_uint_eq(tunnel_in(w, tunnel).sas, 1);
	ck_assert_int_eq(
		ipm_map_open(w, &(struct ipm_map_entry){ .kind = IPM_MAP_STATIC, .name = "site", .child = "a" }), map);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_traffic");
	TCase *tc = tests_of(suite, "lanes");
	tcase_add_test(tc, what_the_lanes_hold_shows_in_the_sa_its_tunnel_and_the_totals);
	tcase_add_test(tc, what_the_lanes_held_stays_when_the_sa_is_gone);
	tcase_add_loop_test(tc, no_reader_ever_finds_the_counts_of_a_leaving_sa_nowhere, 0, 3);
	tcase_add_test(tc, lanes_survive_a_restart);
	tcase_add_test(tc, what_the_lanes_of_a_dropped_sa_held_is_not_lost);
	tcase_add_test(tc, an_sa_or_a_map_entry_that_was_being_changed_is_still_there);
	return run_in_scratch("check_ipm_traffic", suite);
}
