/* SPDX-License-Identifier: ISC */
/* Reading records, lists and texts, including damaged ones. */

#include <time.h>

#include "segment_fixture.h"

/* Waiting readers yield, and that takes processor time. Other processes' time doesn't count. */
static uint64_t
cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* --- reading ------------------------------------------------------------- */

START_TEST(a_record_that_its_writer_left_half_done_is_given_up_after_a_while)
{
	static const enum ipm_section_kind kinds[] = { IPM_TOTALS, IPM_IKE_SAS, IPM_TUNNELS, IPM_SAS };
	uint64_t room[256];
	given_a_segment();
	struct ipm_segment *seg = attach();
	ck_assert_int_eq(ipm_read(seg, kinds[_i], 0, room), 0);
	tear(kinds[_i], 0);
	memset(room, 0xa5, sizeof(room));
	uint64_t began = cpu_ns();
	ck_assert_int_eq(ipm_read(seg, kinds[_i], 0, room), -EAGAIN);
	ck_assert_uint_lt(cpu_ns() - began, 1000000000u);
	for (size_t i = 0; i < COUNT(room); i++)
		ck_assert_uint_eq(room[i], 0xa5a5a5a5a5a5a5a5u); /* untouched */
	ipm_segment_close(seg);
}
END_TEST

/* The content of a segment, except the times of reading. */
static uint64_t
all_that_is_read(const struct ipm_segment *seg)
{
	uint64_t hash = 1;
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++) {
		hash = hash * 31 + ipm_segment_capacity(seg, kind);
		for (uint32_t slot = 0; slot < ipm_segment_used(seg, kind); slot++) {
			uint64_t room[256] = { 0 };
			hash = hash * 31 + (uint32_t)ipm_read(seg, kind, slot, room);
			for (size_t i = 0; i < COUNT(room); i++)
				hash = hash * 31 + room[i];
		}
	}
	return hash;
}

START_TEST(a_header_that_changes_later_leads_no_reader_astray)
{
	static const uint64_t nasty[] = {
		0, 1, 0x1000, UINT32_MAX, 0x7fffffff, UINT64_MAX, UINT64_MAX - 7, 1ULL << 40
	};
	opt.capacity.lanes = 2;
	given_a_segment();
	struct ipm_segment *seg = attach();
	uint64_t before = all_that_is_read(seg);
	for (size_t n = 0; n < COUNT(nasty); n++) {
		struct ipm_header h = file_header();
		memcpy(h.magic, &nasty[n], sizeof(h.magic));
		h.abi = h.byte_order = h.sections = h.lanes = (uint32_t)nasty[n];
		h.index_first = h.index_last = (uint32_t)nasty[n];
		h.size = nasty[n];
		memset(h.name, 'x', sizeof(h.name));
		memset(h.control, 'x', sizeof(h.control));
		for (int i = 0; i < IPM_SECTIONS; i++) {
			h.section[i].kind = h.section[i].stride = h.section[i].capacity = (uint32_t)nasty[n];
			h.section[i].offset = nasty[n];
		}
		poke(0, &h, sizeof(h));
		char name[IPM_NAME_MAX], control[IPM_TEXT_MAX];
		ck_assert_uint_eq(all_that_is_read(seg), before);
		ck_assert_uint_eq(strlen(ipm_segment_name(seg, name)), sizeof(name) - 1);
		ck_assert_uint_eq(strlen(ipm_segment_control(seg, control)), sizeof(control) - 1);
		ck_assert_uint_eq(ipm_segment_index_first(seg), 1);
	}
	ipm_segment_close(seg);
}
END_TEST

START_TEST(a_slot_that_is_free_or_does_not_exist_holds_nothing)
{
	uint64_t room[256];
	given_a_segment();
	struct ipm_segment *seg = attach();
	for (enum ipm_section_kind kind = IPM_FEEDS; kind < IPM_SECTIONS; kind++) {
		uint32_t capacity = ipm_header(seg)->section[kind].capacity;
		uint32_t used = ipm_segment_used(seg, kind);
		if (kind != IPM_LANES && capacity > used) {
			ck_assert_int_eq(ipm_read(seg, kind, used, room), -ENOENT);
			ck_assert_int_eq(ipm_read(seg, kind, capacity - 1, room), -ENOENT);
		}
		ck_assert_int_eq(ipm_read(seg, kind, capacity, room), -ENOENT);
		ck_assert_int_eq(ipm_read(seg, kind, UINT32_MAX, room), -ENOENT);
	}
	ck_assert_int_eq(ipm_read(seg, IPM_TOTALS, 1, room), -ENOENT);
	ck_assert_int_eq(ipm_read(seg, IPM_LANES, 0, room), -ENOENT); /* lanes are no records */
	ck_assert_int_eq(ipm_read(seg, IPM_SECTIONS, 0, room), -ENOENT);
	ck_assert_uint_eq(ipm_record_size(IPM_SECTIONS), 0);
	ipm_segment_close(seg);
}
END_TEST

START_TEST(a_reader_of_slots_that_were_never_used_takes_no_memory)
{
	struct stat before, after;
	uint64_t room[4096 / 8];
	given_a_segment();
	struct ipm_segment *seg = attach();
	ck_assert_int_eq(stat(path, &before), 0);
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++)
		for (uint32_t slot = ipm_segment_used(seg, kind); slot < ipm_header(seg)->section[kind].capacity;
		     slot++)
			ck_assert_int_eq(ipm_read(seg, kind, slot, room), -ENOENT);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_int_eq(after.st_blocks, before.st_blocks);
	ipm_segment_close(seg);
}
END_TEST

START_TEST(texts_end_even_in_a_damaged_record)
{
	struct ipm_feed feed;
	struct ipm_tunnel tunnel;
	struct ipm_ike_sa ike;
	char junk[1024];
	struct ipm_writer *w = open_quietly();
	given_tunnel(w);
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_feed_open(w, "vici");
	ipm_writer_close(w);
	memset(junk, 'x', sizeof(junk));
	poke(record_offset(IPM_FEEDS, 0) + 8, junk, sizeof(feed));
	poke(record_offset(IPM_TUNNELS, 0) + 8, junk, sizeof(tunnel));
	poke(record_offset(IPM_IKE_SAS, 0) + 8, junk, sizeof(ike));
	struct ipm_segment *seg = attach();
	ck_assert_int_eq(ipm_feed_read(seg, 0, &feed), 0);
	ck_assert_uint_eq(strnlen(feed.name, sizeof(feed.name)), sizeof(feed.name) - 1);
	ck_assert_uint_eq(strnlen(feed.source, sizeof(feed.source)), sizeof(feed.source) - 1);
	ck_assert_uint_eq(strnlen(feed.detail, sizeof(feed.detail)), sizeof(feed.detail) - 1);
	ck_assert_uint_eq(strnlen(feed.error, sizeof(feed.error)), sizeof(feed.error) - 1);
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), 0);
	ck_assert_uint_eq(strnlen(tunnel.conn, sizeof(tunnel.conn)), sizeof(tunnel.conn) - 1);
	ck_assert_uint_eq(strnlen(tunnel.name, sizeof(tunnel.name)), sizeof(tunnel.name) - 1);
	ck_assert_int_eq(ipm_ike_read(seg, 0, &ike), 0);
	ck_assert_uint_eq(strnlen(ike.conn, sizeof(ike.conn)), sizeof(ike.conn) - 1);
	ck_assert_uint_eq(strnlen(ike.local_id, sizeof(ike.local_id)), sizeof(ike.local_id) - 1);
	ck_assert_uint_eq(strnlen(ike.remote_id, sizeof(ike.remote_id)), sizeof(ike.remote_id) - 1);
	ipm_segment_close(seg);
}
END_TEST

static void
record_poke(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, size_t field, uint32_t value)
{
	memcpy((char *)ipm_payload(ipm_record_at(ipm_writer_segment(w), kind, slot)) + field, &value, sizeof(value));
}
#define POKE(kind, type, slot, field, value) record_poke(w, kind, slot, offsetof(struct type, field), value)

/* Each list contains its record again and again: from a map over its tunnel to its SA that makes 2^64 steps. */
static void
circle_of_sas(struct ipm_writer *w)
{
	POKE(IPM_TUNNELS, ipm_tunnel, 0, sas, UINT32_MAX);
	POKE(IPM_SAS, ipm_sa, 0, next, 1);
}

static void
circle_of_two_sas(struct ipm_writer *w)
{
	POKE(IPM_TUNNELS, ipm_tunnel, 0, sas, UINT32_MAX);
	POKE(IPM_SAS, ipm_sa, 0, next, 2);
	POKE(IPM_SAS, ipm_sa, 0, prev, 2);
	POKE(IPM_SAS, ipm_sa, 1, prev, 1);
}

static void
circle_of_tunnels(struct ipm_writer *w)
{
	POKE(IPM_MAPS, ipm_map_entry, 0, tunnels, UINT32_MAX);
	POKE(IPM_TUNNELS, ipm_tunnel, 0, map_next, 1);
	circle_of_sas(w);
}

static void
sa_that_does_not_exist(struct ipm_writer *w)
{
	POKE(IPM_SAS, ipm_sa, 0, next, UINT32_MAX);
	POKE(IPM_TUNNELS, ipm_tunnel, 0, sas, 3);
}

static void
more_sas_than_are_counted(struct ipm_writer *w)
{
	POKE(IPM_TUNNELS, ipm_tunnel, 0, sas, 1);
}

/* A map entry with a tunnel, which has two SAs: slot 1 is first in the list, slot 0 is last. */
static struct ipm_writer *
given_lists(void)
{
	struct ipm_map_entry map = { .kind = IPM_MAP_STATIC, .name = "gw", .child = "net" };
	opt.capacity.lanes = 1;
	opt.capacity.maps = 4;
	struct ipm_writer *w = open_quietly();
	ck_assert_int_eq(ipm_map_open(w, &map), 0);
	uint32_t tunnel = given_tunnel(w);
	ipm_tunnel_from(w, tunnel, 0);
	given_sa(w, tunnel, IPM_IN);
	given_sa(w, tunnel, IPM_OUT);
	return w;
}

START_TEST(a_list_without_an_end_takes_the_segment_out_of_service)
{
	static void (*const damage[])(struct ipm_writer * w) = { circle_of_sas, circle_of_two_sas, circle_of_tunnels,
								 sa_that_does_not_exist, more_sas_than_are_counted };
	struct ipm_writer *w = given_lists();
	struct ipm_segment *seg = attach();
	uint64_t room[256];
	ck_assert_int_eq(ipm_read(seg, IPM_MAPS, 0, room), 0);
	ck_assert_int_eq(ipm_segment_state(seg, &err), 0);
	damage[_i](w);
	uint64_t began = cpu_ns();
	ck_assert_int_eq(ipm_read(seg, IPM_MAPS, 0, room), -EPROTO);
	ck_assert_uint_lt(cpu_ns() - began, 1000000000u);
	ck_assert_int_eq(ipm_segment_state(seg, &err), -EPROTO);
	ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "\"%s\" does not name the file", err.text);
	ck_assert_int_eq(ipm_read(seg, IPM_TOTALS, 0, room), -EPROTO);
	ck_assert_uint_eq(ipm_segment_used(seg, IPM_SAS), 0);
	ck_assert(!ipm_segment_stale(seg)); /* the file is the same: attaching it again would not help */
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_list_is_walked_from_the_newest_to_the_oldest)
{
	struct ipm_writer *w = given_lists();
	struct ipm_segment *seg = attach();
	struct ipm_tunnel tunnel;
	struct ipm_map_entry map;
	struct ipm_sa sa;
	struct ipm_walk walk;
	ck_assert_int_eq(ipm_map_read(seg, 0, &map), 0);
	ipm_walk_tunnels(&walk, seg, &map);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 1);
	ck_assert_uint_eq(walk.slot, 0);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 0);
	ipm_walk_sas(&walk, seg, &tunnel);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), 1);
	ck_assert_uint_eq(walk.slot, 1);
	ck_assert_uint_eq(sa.direction, IPM_OUT);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), 1);
	ck_assert_uint_eq(walk.slot, 0);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), 0);
	/* one that has disappeared by its turn */
	ipm_walk_sas(&walk, seg, &tunnel);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), 1);
	ipm_sa_stop(w, 0);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), -EAGAIN);
	ck_assert_int_eq(ipm_segment_state(seg, &err), 0);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_walk_along_a_circle_ends)
{
	struct ipm_selector sel = { .local.prefix = 8 };
	struct ipm_tunnel tunnel;
	struct ipm_walk walk;
	struct ipm_writer *w = given_lists();
	struct ipm_segment *seg = attach();
	int rc;
	ck_assert_int_eq(ipm_tunnel_select(w, 0, &sel, 1), 0);
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), 0);
	ipm_walk_selectors(&walk, seg, &tunnel);
	ck_assert_int_eq(ipm_walk_next(&walk, &sel), 1);
	ck_assert_int_eq(ipm_walk_next(&walk, &sel), 0);
	POKE(IPM_SELECTORS, ipm_selector, 0, next, 1);
	ipm_walk_selectors(&walk, seg, &tunnel);
	while ((rc = ipm_walk_next(&walk, &sel)) > 0)
		;
	ck_assert_int_ne(rc, 0);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

/* All reads together took less time than the patience for one. */
static void
expect_less_than_patience(const struct ipm_segment *seg, uint32_t reads)
{
	struct ipm_tunnel tunnel;
	uint64_t began = cpu_ns();
	for (uint32_t i = 0; i < reads; i++)
		ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), -EAGAIN);
	ck_assert_uint_lt(cpu_ns() - began, (uint64_t)reads * IPM_READ_PATIENCE_NS / 2);
	ck_assert_uint_eq(ipm_segment_unread(seg), reads);
}

START_TEST(nobody_waits_for_a_writer_that_is_gone)
{
	struct ipm_writer *w = open_quietly();
	uint64_t long_ago = 1;
	uint32_t nobody = 0x7ffffffe; /* no pid is so large */
	given_tunnel(w);
	struct ipm_segment *seg = attach();
	tear(IPM_TUNNELS, 0);
	if (_i == 0)
		poke(offsetof(struct ipm_header, writer_pid), &(uint32_t){ 0 }, sizeof(uint32_t));
	if (_i == 1)
		poke(offsetof(struct ipm_header, heartbeat_ns), &long_ago, sizeof(long_ago));
	if (_i == 2) {
		uint64_t lately = ipm_now_ns() - 3000000000u;
		poke(offsetof(struct ipm_header, heartbeat_ns), &lately, sizeof(lately));
		poke(offsetof(struct ipm_header, writer_pid), &nobody, sizeof(nobody));
	}
	expect_less_than_patience(seg, 300);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(all_reads_together_wait_no_longer_than_they_may)
{
	struct ipm_writer *w = open_quietly();
	given_tunnel(w);
	struct ipm_segment *seg = attach();
	tear(IPM_TUNNELS, 0);
	ipm_segment_patience(seg, 100000000u);
	expect_less_than_patience(seg, 300);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_guarded_reader_survives_a_segment_that_is_truncated)
{
	given_a_segment();
	struct ipm_segment *seg = attach(), *other;
	char other_path[SCRATCH_PATH];
	uint64_t room[256];
	signal(SIGBUS, SIG_DFL); /* a sanitizer's handler would report the last line as an error */
	path_in_scratch(other_path);
	opt.path = other_path;
	given_a_segment();
	ck_assert_int_eq(ipm_segment_attach(&other, opt.path, &err), 0);
	ck_assert_int_eq(ipm_segment_guard(), 0);
	ck_assert_int_eq(ipm_segment_guard(), 0);
	ck_assert_int_eq(truncate(path, _i ? 0 : 4096), 0);
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++)
		ck_assert_int_lt(ipm_read(seg, kind, 0, room), 0);
	ck_assert_int_eq(ipm_segment_state(seg, &err), -ESTALE);
	ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "\"%s\" does not name the file", err.text);
	ck_assert(ipm_segment_stale(seg));
	ck_assert_int_eq(ipm_totals_read(other, (struct ipm_totals *)(void *)room), 0);
	ck_assert_int_eq(ipm_segment_state(other, &err), 0);
	ipm_segment_close(seg);
	ipm_segment_close(other);
	raise(SIGBUS); /* not our signal: let it end the process */
}
END_TEST

START_TEST(a_guarded_worker_survives_a_segment_that_is_truncated)
{
	struct ipm_fast *fast;
	struct ipm_worker me;
	opt.capacity.lanes = 2;
	given_a_segment();
	ck_assert_int_eq(ipm_fast_attach(&fast, path, &err), 0);
	ck_assert_int_ge(ipm_worker_join(fast, &me), 0);
	ck_assert_int_eq(ipm_segment_guard(), 0);
	ck_assert_int_eq(truncate(path, 4096), 0);
	ipm_lane_count(ipm_worker_lane(&me, 0), 1, 100);
	ipm_worker_quiescent(&me);
	ck_assert(ipm_segment_stale(ipm_fast_segment(fast)));
	ipm_worker_leave(&me);
	ipm_fast_close(fast);
}
END_TEST

START_TEST(a_reader_sees_what_the_writer_put)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_segment *seg = attach();
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED, .spi_initiator = 0x1122334455667788, .uid = 7 };
	strcpy(ike.remote_id, "C=CH, O=Example, CN=peer");
	ck_assert_int_eq(ipm_ike_start(w, &ike), 0);
	struct ipm_ike_sa got;
	ck_assert_int_eq(ipm_ike_read(seg, 0, &got), 0);
	ck_assert_uint_eq(got.index, 1);
	ck_assert_uint_eq(got.spi_initiator, 0x1122334455667788);
	ck_assert_str_eq(got.remote_id, "C=CH, O=Example, CN=peer");
	ck_assert_uint_ne(got.created_ns, 0);
	ck_assert_uint_eq(ipm_segment_used(seg, IPM_IKE_SAS), 1);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(the_change_number_moves_with_the_set_and_not_with_the_counts)
{
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	uint64_t tunnels = ipm_segment_change(seg, IPM_TUNNELS), sas = ipm_segment_change(seg, IPM_SAS);
	uint32_t tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_IN);
	ck_assert_uint_gt(ipm_segment_change(seg, IPM_TUNNELS), tunnels);
	ck_assert_uint_gt(ipm_segment_change(seg, IPM_SAS), sas);
	tunnels = ipm_segment_change(seg, IPM_TUNNELS);
	sas = ipm_segment_change(seg, IPM_SAS);
	counts(w, sa, 10, 1000);
	ipm_writer_commit(w);
	ck_assert_uint_eq(ipm_segment_change(seg, IPM_TUNNELS), tunnels);
	ck_assert_uint_eq(ipm_segment_change(seg, IPM_SAS), sas);
	ipm_sa_stop(w, sa);
	ck_assert_uint_gt(ipm_segment_change(seg, IPM_SAS), sas);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ck_assert_uint_gt(ipm_segment_change(seg, IPM_TUNNELS), tunnels);
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_read");
	TCase *tc = tests_of(suite, "read");
	tcase_add_loop_test(tc, a_record_that_its_writer_left_half_done_is_given_up_after_a_while, 0, 4);
	tcase_add_test(tc, a_header_that_changes_later_leads_no_reader_astray);
	tcase_add_test(tc, a_slot_that_is_free_or_does_not_exist_holds_nothing);
	tcase_add_test(tc, a_reader_of_slots_that_were_never_used_takes_no_memory);
	tcase_add_test(tc, texts_end_even_in_a_damaged_record);
	tcase_add_loop_test(tc, a_list_without_an_end_takes_the_segment_out_of_service, 0, 5);
	tcase_add_test(tc, a_list_is_walked_from_the_newest_to_the_oldest);
	tcase_add_test(tc, a_walk_along_a_circle_ends);
	tcase_add_loop_test(tc, nobody_waits_for_a_writer_that_is_gone, 0, 3);
	tcase_add_test(tc, all_reads_together_wait_no_longer_than_they_may);
	tcase_add_loop_test_raise_signal(tc, a_guarded_reader_survives_a_segment_that_is_truncated, SIGBUS, 0, 2);
	tcase_add_test(tc, a_guarded_worker_survives_a_segment_that_is_truncated);
	tcase_add_test(tc, a_reader_sees_what_the_writer_put);
	tcase_add_test(tc, the_change_number_moves_with_the_set_and_not_with_the_counts);
	return run_in_scratch("check_ipm_read", suite);
}
