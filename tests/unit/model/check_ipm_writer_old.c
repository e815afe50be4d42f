/* SPDX-License-Identifier: ISC */
/* A segment with another layout: its records are in the new one, and nothing else has changed. */
#include "layout_foreign.h"
#include "segment_fixture.h"

/* --- the same file in another layout ------------------------------------------------------------------------------ */

static uint8_t *
file_read(size_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &st), 0);
	uint8_t *image = malloc((size_t)st.st_size);
	ck_assert_int_eq(pread(fd, image, (size_t)st.st_size, 0), st.st_size);
	close(fd);
	*size = (size_t)st.st_size;
	return image;
}

static void
file_write(const uint8_t *image, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_eq(pwrite(fd, image, size, 0), (ssize_t)size);
	close(fd);
}

static void
given_another_version(uint64_t seed)
{
	size_t size, other_size;
	uint8_t *image = file_read(&size), *other = foreign_make(image, seed, &other_size);
	file_write(other, other_size);
	free(image);
	free(other);
}

/* --- all that a reader gets ----------------------------------------------------------------------------------------
 */

struct reading {
	char *text; /* a line of octets for each record */
	size_t octets;
};

static struct reading
read_everything(const struct ipm_writer *w)
{
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct reading r;
	FILE *f = open_memstream(&r.text, &r.octets);

	for (uint32_t kind = 0; kind < IPM_SECTIONS; kind++) {
		if (!ipm_kind_is_record(kind) || kind == IPM_EVENTS)
			continue;
		fprintf(f, "%s: %" PRIu64 " in all\n", ipm_layout_section(kind),
			(uint64_t)ipm_header(seg)->section[kind].total);
		for (uint32_t slot = 0; slot < ipm_segment_used(seg, kind); slot++) {
			union ipm_any_record any;
			if (ipm_read(seg, kind, slot, &any) < 0)
				continue;
			if (kind == IPM_MAPS)
				any.map.since_ns =
					0; /* it may go down now, because of a tunnel that was half written */
			fprintf(f, "%s %u:", ipm_layout_section(kind), slot);
			for (size_t i = 0; i < ipm_record_size(kind); i++)
				fprintf(f, " %02x", ((const uint8_t *)&any)[i]);
			fputc('\n', f);
		}
	}
	fclose(f);
	return r;
}

static void
expect_equal(const struct reading *a, const struct reading *b)
{
	size_t i = 0, line = 0;
	while (i < a->octets && i < b->octets && a->text[i] == b->text[i])
		if (a->text[i++] == '\n')
			line = i;
	if (a->octets != b->octets || i < a->octets)
		ck_abort_msg("octet %zu of the line:\n%.400s\n%.400s", i - line, a->text + line, b->text + line);
}

/* --- something of everything ---------------------------------------------------------------------------------------
 */

static struct torture play;

/* What torture_step() leaves out. */
static void
given_the_rest(struct ipm_writer *w)
{
	struct ipm_failure failure = { .reason = IPM_FAIL_AUTH, .conn = "c1", .text = "no", .remote_id = "CN=peer" };
	struct ipm_interface interface = { .feed = 1, .ifindex = 7, .name = "eth0" };
	struct ipm_agent agent = { .pid = 1, .name = "agent", .sent = 5 };
	struct ipm_engine engine = { .feed = 1, .name = "kernel", .version = "6.1" };
	ipm_feed_open(w, "vici");
	struct ipm_feed feed = *ipm_feed_peek(w, (uint32_t)ipm_feed_open(w, "xfrm"));
	feed.caps = IPM_CAP_TUNNELS;
	feed.kept[7] = 77;
	ipm_feed_put(w, 1, &feed);
	ipm_engine_open(w, &engine);
	for (int i = 0; i < 20; i++)
		ipm_fail(w, i % 2 ? IPM_IKE_FAILURES : IPM_TUNNEL_FAILURES, &failure);
	ipm_interface_dropped(w, &interface, IPM_DROP_NO_SA, 3);
	ipm_agent_put(w, &agent);
	ipm_settings_put(w, &(struct ipm_settings){ .history_size = 3, .failure_size = 4 });
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .ahead = -2, .conn = "c2", .name = "net" };
	tunnel.remote = (struct ipm_addr){ .len = 4, .bytes = { 192, 0, 2, 1 } };
	ipm_tunnel_start(w, &tunnel);
	struct ipm_map_entry map = { .name = "c2", .child = "net", .peers = 1 };
	struct ipm_access access[] = { { .local.prefix = 8 }, { .remote.prefix = 9 } };
	ipm_map_permit(w, (uint32_t)ipm_map_open(w, &map), access, 2);
	ipm_maps_tie(w);
}

static void
given_everything(uint64_t seed, int steps)
{
	opt.capacity.maps = 12;
	opt.capacity.access = 12;
	opt.capacity.engines = 2;
	opt.capacity.interfaces = 3;
	play = (struct torture){ .seed = seed * 977 + 2463534242u, .w = open_quietly() };
	given_the_rest(play.w);
	for (int i = 0; i < steps; i++)
		torture_step(&play);
	expect_laws(&play);
}

/* Open what an earlier run left, and make sure that the laws hold across that. */
static void
go_on(void)
{
	play.w = open_quietly();
	if (ipm_segment_event_serial(ipm_writer_segment(play.w)) < play.laws.serial)
		play.laws.serial = 0; /* a new segment: events are not copied */
	expect_laws(&play);
}

static void
finish(void)
{
	torture_adopt(&play);
	for (int i = 0; i < 200; i++)
		torture_step(&play);
	expect_laws(&play);
	ipm_writer_close(play.w);
	laws_forget(&play.laws);
}

/* Damage some records, as if the writer had been killed in the middle of them. */
static void
tear_some(uint64_t seed)
{
	for (enum ipm_section_kind kind = IPM_TOTALS; kind < IPM_SECTIONS; kind++)
		if (ipm_kind_is_record(kind) && kind != IPM_EVENTS && kind != IPM_SETTINGS &&
		    (seed >> (kind % 7)) % 2 && file_header().section[kind].used > 0)
			tear(kind, (uint32_t)(seed % file_header().section[kind].used));
}

/* --- tests ----------------------------------------------------------------------------------------------------------
 */

START_TEST(a_segment_of_another_version_is_taken_over_like_one_of_our_own)
{
	uint64_t seed = (uint64_t)_i + 1;
	size_t size;

	opt.capacity.lanes = _i % 3 == 2 ? 3 : 0;
	given_everything(seed, 400);
	ipm_writer_close(play.w);
	laws_forget(&play.laws);
	if (_i % 2)
		tear_some(seed * 7);
	uint8_t *image = file_read(&size);
	int rc = ipm_writer_open(&play.w, &opt, &err);
	ck_assert_int_eq(rc, 0);
	struct reading own = read_everything(play.w);
	ipm_writer_close(play.w);
	file_write(image, size);
	given_another_version(seed);
	struct ipm_segment *seg;
	ck_assert_int_eq(ipm_segment_attach(&seg, path, &err), -EPROTO); /* it really is one */
	rc = ipm_writer_open(&play.w, &opt, &err);
	ck_assert_msg(rc == 0, "%s", err.text);
	struct reading other = read_everything(play.w);
	expect_equal(&own, &other);
	expect_laws(&play);
	free(own.text);
	free(other.text);
	free(image);
	finish();
}
END_TEST

START_TEST(larger_and_smaller_capacities_keep_every_index_and_count)
{
	opt.capacity.lanes = _i % 3 == 2 ? 3 : 0;
	given_everything((uint64_t)_i + 100, 500);
	for (int round = 0; round < 6; round++) {
		uint32_t tunnels = ipm_segment_used(ipm_writer_segment(play.w), IPM_TUNNELS);
		ipm_writer_close(play.w);
		bool more = torture_random(&play, 2);
		opt.capacity.tunnels = more ? tunnels + 50 : 50; /* torture has 48 and one */
		opt.capacity.sas = more ? 900 : 400;
		opt.capacity.selectors = more ? 400 : 250;
		opt.capacity.maps = more ? 30 : 9;
		opt.capacity.ike_sas = more ? 60 : 9;
		opt.capacity.history = more ? 40 : 5;
		opt.capacity.failures = more ? 30 : 4;
		go_on();
		torture_adopt(&play);
		for (int i = 0; i < 100; i++)
			torture_step(&play);
		expect_laws(&play);
	}
	finish();
}
END_TEST

START_TEST(records_in_slots_that_are_gone_move_and_are_found_there)
{
	uint32_t tunnel[20];
	struct ipm_map_entry map = { .name = "office", .child = "net" };
	opt.capacity.maps = opt.capacity.access = 40;
	struct ipm_writer *w = open_quietly();
	for (int i = 0; i < 20; i++)
		ipm_map_remove(w, (uint32_t)ipm_map_open(w, &(struct ipm_map_entry){ .name = "gone" }));
	uint32_t map_slot = (uint32_t)ipm_map_open(w, &map);
	struct ipm_access access = { .local.prefix = 8 };
	ipm_map_permit(w, map_slot, &access, 1);
	for (int i = 0; i < 20; i++) {
		given_ike(w, IPM_IKE_ESTABLISHED);
		tunnel[i] = given_tunnel(w);
	}
	struct ipm_tunnel t = tunnel_in(w, tunnel[19]);
	strcpy(t.conn, "office");
	strcpy(t.name, "net");
	t.ike_slot = 19;
	t.ike_index = 20;
	ipm_tunnel_put(w, tunnel[19], &t);
	struct ipm_selector sel = subnet(3);
	ipm_tunnel_select(w, tunnel[19], &sel, 1);
	counts(w, given_sa(w, tunnel[19], IPM_IN), 6, 600);
	for (int i = 0; i < 19; i++) {
		ipm_tunnel_stop(w, tunnel[i], IPM_REASON_NORMAL);
		ipm_ike_stop(w, (uint32_t)i, IPM_REASON_NORMAL);
	}
	ck_assert_uint_eq(tunnel_in(w, tunnel[19]).map, map_slot + 1);
	ipm_writer_close(w);

	opt.capacity.tunnels = opt.capacity.ike_sas = 2;
	opt.capacity.maps = opt.capacity.access = 1;
	opt.capacity.sas = opt.capacity.selectors = 1;
	w = open_quietly();
	int slot = ipm_segment_used(ipm_writer_segment(w), IPM_TUNNELS) ? 0 : -1;
	ck_assert_int_eq(slot, 0);
	t = tunnel_in(w, 0);
	ck_assert_uint_eq(t.index, 20);
	ck_assert_uint_eq(t.in.octets, 600);
	ck_assert(ipm_tunnel_ike_alive(ipm_writer_segment(w), &t));
	ck_assert_uint_eq(t.map, 1);
	ck_assert_str_eq(ipm_map_peek(w, 0)->child, "net");
	ck_assert_uint_eq(ipm_map_peek(w, 0)->tunnel_head, 1);
	ck_assert_uint_ne(ipm_map_peek(w, 0)->access_head, 0);
	ck_assert_uint_eq(selector_index(w, 0, 3), 1);
	ck_assert_int_eq(ipm_sa_named(w, 50, 0xc0ffee, -1), 0);
	ck_assert_uint_eq(sa_in(w, 0).count.pkts, 6);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 21);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(records_that_do_not_fit_are_left_out_and_their_counts_stay_in_the_totals)
{
	struct ipm_writer *w = open_quietly();
	for (int i = 0; i < 3; i++)
		counts(w, given_sa(w, given_tunnel(w), IPM_IN), 10, 100);
	ipm_writer_close(w);
	opt.capacity.tunnels = opt.capacity.sas = 2;
	w = open_saying("too small for 2 record(s) of an earlier run: left out");
	ck_assert_uint_eq(totals_in(w).tunnels_active, 2);
	ck_assert_uint_eq(totals_in(w).in.octets, 300);
	ck_assert_uint_eq(totals_in(w).rest_in.octets, 100);
	expect_consistent(w);
	ipm_tunnel_stop(w, 0, IPM_REASON_NORMAL);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 4); /* not that of the one that was left out */
	ipm_writer_close(w);
}
END_TEST

START_TEST(readers_find_the_new_segment_only_when_it_has_all_records)
{
	given_everything(5, 300);
	ipm_writer_close(play.w);
	struct ipm_segment *old = attach();
	opt.capacity.tunnels++;
	opt.path = "/proc/self/no.model"; /* it cannot be made here */
	struct ipm_writer *w;
	ck_assert_int_lt(ipm_writer_open(&w, &opt, &err), 0);
	opt.path = path;
	ck_assert(!ipm_segment_stale(old));
	go_on();
	ck_assert(ipm_segment_stale(old));
	ipm_segment_close(old);
	finish();
}
END_TEST

START_TEST(values_that_became_narrower_say_the_most_they_can)
{
	size_t size, octets;
	struct ipm_writer *w = open_quietly();
	given_tunnel(w);
	ipm_writer_close(w);
	/* In that version the number of refreshes has 64 bits, and a name may be longer. */
	uint8_t *image = file_read(&size), *other = foreign_make(image, 3, &octets);
	struct ipm_layout *l = malloc(sizeof(*l));
	struct ipm_layout_end end;
	unsigned line;
	memcpy(&end, other + octets - sizeof(end), sizeof(end));
	ck_assert_int_eq(
		ipm_layout_parse(l, (char *)other + octets - sizeof(end) - end.octets, end.octets, octets, &line), 0);
	uint8_t *slot = other + l->section[IPM_TUNNELS].offset;
	const struct ipm_field *refreshes = NULL, *name = ipm_layout_field(l, IPM_TUNNELS, "name");
	static const char *const numbers[] = { "refreshes", "reqid", "if_id_in", "if_id_out", "mark_in", "mark_out" };
	for (size_t i = 0; i < COUNT(numbers) && (!refreshes || refreshes->size < 8); i++)
		refreshes = ipm_layout_field(l, IPM_TUNNELS, numbers[i]);
	ck_assert_uint_eq(refreshes->size, 8);
	memset(slot + refreshes->offset, 0x11, 8);
	memset(slot + name->offset, 'x', name->size);
	file_write(other, octets);
	w = open_quietly();
	struct ipm_tunnel t = tunnel_in(w, 0);
	ck_assert(t.refreshes == UINT32_MAX || t.reqid == UINT32_MAX || t.if_id_in == UINT32_MAX ||
		  t.if_id_out == UINT32_MAX || t.mark_in == UINT32_MAX || t.mark_out == UINT32_MAX);
	ck_assert_uint_eq(strlen(t.name), sizeof(t.name) - 1);
	ipm_writer_close(w);
	free(l);
	free(image);
	free(other);
}
END_TEST

/* Each of these begins a new segment, and says why. */
static const struct {
	const char *what, *why;
} strange[] = {
	{ "text", "layout version 6, and line 2 of its description is damaged: starting afresh" },
	{ "end", "layout version 6, and it does not describe its layout: starting afresh" },
	{ "boot", "from an earlier boot: starting afresh" },
};

START_TEST(a_segment_of_another_version_that_cannot_be_read_is_replaced)
{
	size_t size, octets;
	given_a_segment();
	if (_i == 2) {
		struct ipm_header h = file_header();
		other_boot(&h);
		poke(0, &h, sizeof(h));
	}
	uint8_t *image = file_read(&size), *other = foreign_make(image, 1, &octets);
	if (_i == 0)
		memcpy(memmem(other, octets, "\nsection", 8), "\nsektion", 8);
	else if (_i == 1)
		other[octets - 1] = 'x';
	file_write(other, octets);
	struct ipm_writer *w = open_saying(strange[_i].why);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 0);
	ipm_writer_close(w);
	free(image);
	free(other);
}
END_TEST

START_TEST(lanes_are_summed_and_the_highest_sequence_number_stays)
{
	opt.capacity.lanes = 3;
	struct ipm_writer *w = open_quietly();
	uint32_t sa = given_sa(w, given_tunnel(w), IPM_IN);
	for (uint32_t n = 0; n < 3; n++) {
		ipm_lane_count(ipm_sa_lane(w, sa, n), 10 * (n + 1), 1000);
		ipm_lane_drop(ipm_sa_lane(w, sa, n), IPM_DROP_AUTH, 2);
		ipm_lane_seq(ipm_sa_lane(w, sa, n), n == 1 ? 99 : n);
	}
	ipm_writer_close(w);
	opt.capacity.lanes = 1;
	if (_i)
		given_another_version(1);
	w = open_quietly();
	ck_assert_uint_eq(sa_in(w, sa).count.pkts, 60);
	ck_assert_uint_eq(sa_in(w, sa).count.octets, 3000);
	ck_assert_uint_eq(sa_in(w, sa).count.drops[IPM_DROP_AUTH], 6);
	ck_assert_uint_eq(sa_in(w, sa).seq, 99);
	ck_assert_uint_eq(tunnel_in(w, 0).in.pkts, 60);
	ck_assert_uint_eq(totals_in(w).in.pkts, 60);
	ck_assert_int_eq(ipm_worker_join(ipm_writer_fast(w), &play.worker), 0); /* the lane is free */
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_writer_old");
	TCase *tc = tests_of(suite, "another version");
	tcase_add_loop_test(tc, a_segment_of_another_version_is_taken_over_like_one_of_our_own, 0, 12);
	tcase_add_test(tc, values_that_became_narrower_say_the_most_they_can);
	tcase_add_loop_test(tc, a_segment_of_another_version_that_cannot_be_read_is_replaced, 0, COUNT(strange));
	tc = tests_of(suite, "other capacities");
	tcase_add_loop_test(tc, larger_and_smaller_capacities_keep_every_index_and_count, 0, 6);
	tcase_add_test(tc, records_in_slots_that_are_gone_move_and_are_found_there);
	tcase_add_test(tc, records_that_do_not_fit_are_left_out_and_their_counts_stay_in_the_totals);
	tcase_add_test(tc, readers_find_the_new_segment_only_when_it_has_all_records);
	tcase_add_loop_test(tc, lanes_are_summed_and_the_highest_sequence_number_stays, 0, 2);
	return run_in_scratch("check_ipm_writer_old", suite);
}
