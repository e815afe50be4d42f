/* SPDX-License-Identifier: ISC */
/*
 * Walks over all records of a kind, and over the shown part of a ring. check_ipm_read.c and check_ipm_writer_map.c
 * walk along lists.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "ipm_int.h"
#include "ipm_writer.h"
#include "scratch.h"

static struct ipm_writer *writer;
static const struct ipm_segment *seg;

static void
given_a_segment(void)
{
	char path[SCRATCH_PATH];
	struct ipm_writer_options opt = {
		.path = path,
		.name = "gw",
		.mode = 0640,
		.capacity = { .tunnels = 4, .sas = 4, .selectors = 4, .ike_sas = 4, .history = 3, .failures = 3 },
	};
	struct ipm_error err;
	path_in_scratch(path);
	ck_assert_msg(ipm_writer_open(&writer, &opt, &err) == 0, "%s", err.text);
	seg = ipm_writer_segment(writer);
}

static void
close_it(void)
{
	ipm_writer_close(writer);
}

static uint32_t
start_tunnel(void)
{
	int slot = ipm_tunnel_start(writer, &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP });
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static void
shown_in_history(uint32_t entries)
{
	struct ipm_settings settings = { .history_size = entries, .failure_size = 1 };
	ck_assert_int_eq(ipm_settings_put(writer, &settings), 0);
}

START_TEST(a_walk_over_a_kind_skips_free_slots)
{
	uint32_t first = start_tunnel(), second = start_tunnel(), third = start_tunnel();
	struct ipm_walk walk;
	struct ipm_tunnel tunnel;
	ipm_tunnel_stop(writer, second, IPM_REASON_NORMAL);
	ipm_walk_all(&walk, seg, IPM_TUNNELS);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 1);
	ck_assert_uint_eq(walk.slot, first);
	ck_assert_uint_eq(tunnel.index, 1);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 1);
	ck_assert_uint_eq(walk.slot, third);
	ck_assert_uint_eq(tunnel.index, 3);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 0);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 0);
	ck_assert_uint_eq(walk.unread, 0);
}
END_TEST

START_TEST(a_record_that_cannot_be_read_is_left_out_and_counted)
{
	uint32_t first = start_tunnel();
	struct ipm_record *rec = ipm_record_at(seg, IPM_TUNNELS, first);
	struct ipm_walk walk;
	struct ipm_tunnel tunnel;
	start_tunnel();
	ipm_segment_patience(seg, 0);
	atomic_fetch_add(&rec->seq, 1); /* its writer is changing it */
	ipm_walk_all(&walk, seg, IPM_TUNNELS);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 1);
	ck_assert_uint_eq(tunnel.index, 2);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 0);
	ck_assert_uint_eq(walk.unread, 1);
	atomic_fetch_add(&rec->seq, 1);
}
END_TEST

START_TEST(a_walk_over_the_totals_finds_them)
{
	struct ipm_walk walk;
	struct ipm_totals totals;
	ipm_walk_all(&walk, seg, IPM_TOTALS);
	ck_assert_int_eq(ipm_walk_next(&walk, &totals), 1);
	ck_assert_int_eq(ipm_walk_next(&walk, &totals), 0);
}
END_TEST

/* Check the number of ended tunnels, how many of them are shown, and the first index shown. */
static const struct {
	uint32_t ended, shown, first;
} rings[] = { { 0, 3, 0 }, { 1, 3, 1 }, { 3, 3, 1 }, { 3, 2, 2 }, { 5, 3, 3 }, { 5, 1, 5 } };

START_TEST(a_walk_over_a_ring_has_what_is_shown_oldest_first)
{
	struct ipm_tunnel_history was;
	struct ipm_walk walk;
	uint32_t index = rings[_i].first;
	shown_in_history(rings[_i].shown);
	for (uint32_t i = 0; i < rings[_i].ended; i++)
		ipm_tunnel_stop(writer, start_tunnel(), IPM_REASON_NORMAL);
	ipm_walk_ring(&walk, seg, IPM_TUNNEL_HISTORY);
	for (; index && index <= rings[_i].ended; index++) {
		ck_assert_int_eq(ipm_walk_next(&walk, &was), 1);
		ck_assert_uint_eq(was.index, index);
	}
	ck_assert_int_eq(ipm_walk_next(&walk, &was), 0);
}
END_TEST

START_TEST(an_entry_that_was_overwritten_during_the_walk_is_left_out)
{
	struct ipm_tunnel_history was;
	struct ipm_walk walk;
	shown_in_history(3);
	for (int i = 0; i < 3; i++)
		ipm_tunnel_stop(writer, start_tunnel(), IPM_REASON_NORMAL);
	ipm_walk_ring(&walk, seg, IPM_TUNNEL_HISTORY);
	ipm_tunnel_stop(writer, start_tunnel(), IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_walk_next(&walk, &was), 1);
	ck_assert_uint_eq(was.index, 2);
}
END_TEST

START_TEST(what_is_no_ring_shows_nothing)
{
	struct ipm_walk walk;
	struct ipm_tunnel tunnel;
	start_tunnel();
	ipm_walk_ring(&walk, seg, IPM_TUNNELS);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("walk");
	TCase *tc = tcase_create("walk");
	tcase_add_checked_fixture(tc, given_a_segment, close_it);
	tcase_add_test(tc, a_walk_over_a_kind_skips_free_slots);
	tcase_add_test(tc, a_record_that_cannot_be_read_is_left_out_and_counted);
	tcase_add_test(tc, a_walk_over_the_totals_finds_them);
	tcase_add_loop_test(tc, a_walk_over_a_ring_has_what_is_shown_oldest_first, 0, sizeof(rings) / sizeof(rings[0]));
	tcase_add_test(tc, an_entry_that_was_overwritten_during_the_walk_is_left_out);
	tcase_add_test(tc, what_is_no_ring_shows_nothing);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_ipm_walk", suite);
}
