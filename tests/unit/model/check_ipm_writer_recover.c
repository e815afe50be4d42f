/* SPDX-License-Identifier: ISC */
/* Taking over a segment from an earlier writer, wherever that one was killed. */

#include "segment_fixture.h"

/* --- taking over --------------------------------------------------------- */

START_TEST(a_second_writer_is_told_that_there_is_one)
{
	struct ipm_writer *w = open_quietly(), *second;
	given_tunnel(w);
	ck_assert_int_eq(ipm_writer_open(&second, &opt, &err), -EBUSY);
	ck_assert_ptr_null(second);
	ck_assert(strstr(err.text, path) && strstr(err.text, "another process"));
	opt.capacity.tunnels++; /* not even if it had to create another file */
	ck_assert_int_eq(ipm_writer_open(&second, &opt, &err), -EBUSY);
	struct ipm_segment *seg = attach();
	ck_assert(!ipm_segment_stale(seg));
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_symbolic_link_is_not_followed)
{
	struct ipm_writer *w;
	ck_assert_int_eq(symlink("/nowhere/at/all", path), 0);
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -ELOOP);
	ck_assert(strstr(err.text, path));
}
END_TEST

/* The address space in use, in octets. */
static rlim_t
address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

START_TEST(when_memory_is_short_the_error_says_so)
{
	struct rlimit before, limit;
	struct ipm_writer *w = NULL;
	int failed = 0, rc = -1;
#ifdef __SANITIZE_ADDRESS__
	return; /* AddressSanitizer reserves more address space than any limit */
#endif
	opt.capacity.tunnels = opt.capacity.sas = 65536;
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
	/* Allow a little more memory each time, so that each allocation fails once; then the same for a takeover. */
	for (int takeover = 0; takeover < 2; takeover++) {
		rc = -1;
		for (rlim_t more = 0; rc != 0; more += 256 * 1024) {
			limit = before;
			limit.rlim_cur = address_space() + more;
			ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
			memset(&err, 'x', sizeof(err));
			rc = ipm_writer_open(&w, &opt, &err);
			ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
			if (rc == 0)
				break;
			failed++;
			ck_assert_int_eq(rc, -ENOMEM);
			ck_assert_msg(strstr(err.text, "gw.model: ") && strstr(err.text, strerror(ENOMEM)),
				      "the error is \"%s\"", err.text);
		}
		ipm_writer_close(w);
	}
	ck_assert_int_gt(failed, 1);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_told)
{
	struct ipm_writer *w;
	char nowhere[160];
	snprintf(nowhere, sizeof(nowhere), "%s.d/gw.model", path);
	opt.path = nowhere;
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -ENOENT);
	ck_assert_ptr_null(w);
	ck_assert(strstr(err.text, nowhere));
}
END_TEST

/* Two tunnels (the first one was rekeyed), an IKE SA, a feed. */
static void
given_some_history(struct ipm_writer *w)
{
	uint32_t first = given_tunnel(w), old = given_sa(w, first, IPM_IN);
	struct ipm_selector sel[] = { subnet(1), subnet(2) };
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_feed_open(w, "vici");
	ipm_tunnel_select(w, first, sel, 2);
	counts(w, old, 10, 1000);
	given_sa(w, first, IPM_IN);  /* slot 1, index 2 */
	given_sa(w, first, IPM_OUT); /* slot 2, index 3 */
	ipm_tunnel_refresh(w, first);
	ipm_sa_stop(w, old);
	counts(w, 1, 5, 500);
	uint32_t second = given_tunnel(w);
	given_sa(w, second, IPM_IN); /* slot 3 */
	ipm_tunnel_select(w, second, sel, 1);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL); /* index 3 is used up */
	ipm_writer_commit(w);
}

static void
expect_that_history(struct ipm_writer *w)
{
	struct ipm_tunnel first = tunnel_in(w, 0);
	ck_assert_uint_eq(first.index, 1);
	ck_assert_uint_eq(first.refreshes, 1);
	ck_assert_uint_eq(first.sas, 2);
	ck_assert_uint_eq(first.sas_retired, 1);
	ck_assert_uint_eq(first.in.octets, 1500);
	ck_assert_uint_eq(selector_index(w, 0, 1), 1);
	ck_assert_uint_eq(selector_index(w, 0, 2), 2);
	ck_assert_uint_eq(selector_index(w, 1, 1), 1);
	ck_assert_uint_eq(sa_in(w, 1).index, 2);
	ck_assert_uint_eq(sa_in(w, 1).count.octets, 500);
	struct ipm_totals totals = totals_in(w);
	ck_assert_uint_eq(totals.tunnels_active, 2);
	ck_assert_uint_eq(totals.tunnels_previous, 1);
	ck_assert_uint_eq(totals.ike_active, 1);
	ck_assert_uint_eq(totals.in.octets, 1500);
	ck_assert_int_eq(ipm_feed_open(w, "vici"), 0);
	expect_consistent(w);
	counts(w, 1, 6, 600); /* the source continued to count */
	ck_assert_uint_eq(tunnel_in(w, 0).in.octets, 1600);
	ck_assert_uint_eq(sa_in(w, given_sa(w, 0, IPM_IN)).index, 4);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 4);
	struct ipm_event event;
	ck_assert_int_eq(ipm_event_next(ipm_writer_segment(w), 5, &event), 0);
	ck_assert_uint_eq(event.index, 4);
}

START_TEST(a_restart_keeps_records_indexes_and_totals)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	struct ipm_segment *seg = attach();
	ipm_writer_close(w);
	opt.name = "renamed.example.net";
	opt.control = NULL;
	w = open_quietly();
	ck_assert(!ipm_segment_stale(seg)); /* readers keep their mapping */
	ck_assert_str_eq(ipm_header(seg)->name, "renamed.example.net");
	ck_assert_str_eq(ipm_header(seg)->control, "");
	expect_that_history(w);
	struct ipm_tunnel tunnel;
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), 0);
	ck_assert_uint_eq(tunnel.in.octets, 1600);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

/* A process opens the segment, does @p work, and is killed. */
static void
in_a_process_that_dies(void (*work)(struct ipm_writer *w))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		struct ipm_writer *w;
		if (ipm_writer_open(&w, &opt, &err) < 0)
			_exit(1);
		work(w);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(a_writer_that_was_killed_between_two_records_leaves_everything)
{
	in_a_process_that_dies(given_some_history);
	struct ipm_segment *seg = attach();
	ck_assert_uint_ne(ipm_header(seg)->writer_pid, 0);
	struct ipm_writer *w = open_quietly();
	ck_assert(!ipm_segment_stale(seg));
	ck_assert_uint_eq(ipm_header(seg)->writer_pid, (uint32_t)getpid());
	expect_that_history(w);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

static void
tunnels_without_a_commit(struct ipm_writer *w)
{
	ipm_writer_commit(w);
	uint32_t first = given_tunnel(w);
	given_tunnel(w);
	ipm_tunnel_stop(w, first, IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	ipm_ike_stop(w, given_ike(w, IPM_IKE_ESTABLISHED), IPM_REASON_NORMAL);
}

START_TEST(indexes_given_since_the_last_commit_are_not_given_again)
{
	in_a_process_that_dies(tunnels_without_a_commit);
	struct ipm_writer *w = open_quietly();
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 4);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 2);
	ipm_writer_close(w);
}
END_TEST

START_TEST(sub_indexes_given_by_a_writer_that_died_are_not_given_again)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	struct ipm_selector sel[] = { subnet(1), subnet(2), subnet(3) };
	ipm_tunnel_select(w, tunnel, sel, 2);
	given_sa(w, tunnel, IPM_IN);
	ipm_writer_close(w);
	/* as if it died after adding the SA and the selectors, before their tunnel pointed to them */
	uint64_t at = record_offset(IPM_TUNNELS, tunnel) + 8;
	static const uint32_t nothing = 0, one = 1;
	poke(at + offsetof(struct ipm_tunnel, sa_head), &nothing, 4);
	poke(at + offsetof(struct ipm_tunnel, sel_head), &nothing, 4);
	poke(at + offsetof(struct ipm_tunnel, sas), &nothing, 4);
	poke(at + offsetof(struct ipm_tunnel, next_sa), &one, 4);
	poke(at + offsetof(struct ipm_tunnel, next_sel), &one, 4);
	w = open_quietly();
	ck_assert_uint_eq(tunnel_in(w, tunnel).sas, 1);
	ck_assert_uint_eq(sa_in(w, given_sa(w, tunnel, IPM_OUT)).index, 2);
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, sel, 3), 0);
	ck_assert_uint_eq(selector_index(w, tunnel, 2), 2);
	ck_assert_uint_eq(selector_index(w, tunnel, 3), 3);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_half_written_tunnel_is_dropped_with_its_sas_and_selectors)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	ipm_writer_close(w);
	tear(IPM_TUNNELS, 0);
	w = open_saying("dropped 1 record");
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_tunnel gone;
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &gone), -ENOENT);
	ck_assert_uint_eq(expect_readable(seg, IPM_SAS, false), 1);
	ck_assert_uint_eq(expect_readable(seg, IPM_SELECTORS, false), 1);
	ck_assert_uint_eq(tunnel_in(w, 1).index, 2); /* the other one is as it was */
	ck_assert_uint_eq(tunnel_in(w, 1).sas, 1);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 1);
	ck_assert_uint_eq(totals_in(w).in.octets, 1500); /* packets carried stay counted */
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 4);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_map_that_was_going_is_dropped_with_its_access_list)
{
	struct ipm_map_entry one = { .kind = IPM_MAP_STATIC, .name = "gw", .child = "one" }, two = one;
	struct ipm_access rules[2] = { { .deny = 1 }, { .deny = 0 } }, read;
	opt.capacity.maps = 4;
	opt.capacity.access = 8;
	snprintf(two.child, sizeof(two.child), "two");
	struct ipm_writer *w = open_quietly();
	uint32_t torn = (uint32_t)ipm_map_open(w, &one), whole = (uint32_t)ipm_map_open(w, &two);
	ck_assert_int_eq(ipm_map_permit(w, torn, rules, 2), 0);
	ck_assert_int_eq(ipm_map_permit(w, whole, rules, 1), 0);
	ipm_writer_close(w);
	tear_unnamed(IPM_MAPS, torn);
	w = open_saying("dropped 1 record");
	const struct ipm_segment *seg = ipm_writer_segment(w);
	ck_assert_int_eq(ipm_map_read(seg, torn, &one), -ENOENT);
	ck_assert_uint_eq(expect_readable(seg, IPM_ACCESS, false), 1);
	ck_assert_int_eq(ipm_map_read(seg, whole, &two), 0);
	ck_assert_int_eq(ipm_access_read(seg, two.access_head - 1, &read), 0);
	ck_assert_uint_eq(read.map_slot, whole);
	ipm_writer_close(w);
}
END_TEST

START_TEST(half_written_records_are_dropped_and_what_is_around_them_stays)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	ipm_writer_close(w);
	tear_unnamed(IPM_SAS, 1);
	tear(IPM_SELECTORS, 0);
	tear(IPM_IKE_SAS, 0);
	w = open_saying("dropped 3 record");
	ck_assert_uint_eq(tunnel_in(w, 0).index, 1);
	ck_assert_uint_eq(tunnel_in(w, 0).sas, 1);
	ck_assert_uint_eq(tunnel_in(w, 0).sas_retired, 2);
	ck_assert_uint_eq(tunnel_in(w, 0).in.octets, 1500);
	ck_assert_uint_eq(selector_index(w, 0, 1), 0);
	ck_assert_uint_eq(selector_index(w, 0, 2), 2);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 2);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_half_written_entry_of_a_ring_is_dropped)
{
	static const enum ipm_section_kind rings[] = { IPM_EVENTS,           IPM_IKE_HISTORY,  IPM_TUNNEL_HISTORY,
						       IPM_SELECTOR_HISTORY, IPM_IKE_FAILURES, IPM_TUNNEL_FAILURES };
	struct ipm_selector sel = subnet(1);
	struct ipm_failure failure = { .reason = IPM_FAIL_AUTH };
	uint64_t room[256];
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, &sel, 1), 0);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ipm_ike_stop(w, given_ike(w, IPM_IKE_ESTABLISHED), IPM_REASON_NORMAL);
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
	ck_assert_int_eq(ipm_read(ipm_writer_segment(w), rings[_i], 0, room), 0);
	ipm_writer_close(w);
	tear(rings[_i], 0);
	w = open_quietly();
	ck_assert_int_eq(ipm_read(ipm_writer_segment(w), rings[_i], 0, room), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(half_written_totals_are_taken_as_they_are)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	ipm_writer_close(w);
	tear(IPM_TOTALS, 0);
	w = open_quietly();
	expect_that_history(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_half_written_feed_keeps_its_slot_since_records_name_it)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), 1);
	ipm_writer_close(w);
	tear(IPM_FEEDS, 0);
	w = open_quietly();
	ck_assert_int_eq(ipm_feed_open(w, "vici"), 0);
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), 1);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(other_capacities_make_a_new_segment_with_all_records_and_readers_are_told)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	struct ipm_segment *old = attach(), *seg;
	struct ipm_tunnel tunnel;
	ipm_writer_close(w);
	opt.capacity.tunnels += 1;
	ck_assert(!ipm_segment_stale(old));
	w = open_quietly();
	ck_assert(ipm_segment_stale(old));
	ck_assert_int_eq(ipm_tunnel_read(old, 0, &tunnel), 0); /* the old mapping can still be read */
	seg = attach();
	ck_assert(!ipm_segment_stale(seg));
	ck_assert_uint_eq(ipm_header(seg)->section[IPM_TUNNELS].capacity, opt.capacity.tunnels);
	ck_assert_uint_eq(ipm_segment_event_serial(seg), 0); /* what has happened is not announced again */
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), 0);
	ck_assert_uint_eq(tunnel.index, 1);
	char beside[160];
	snprintf(beside, sizeof(beside), "%s.new", path);
	ck_assert_int_lt(access(beside, F_OK), 0); /* no temporary file is left */
	ipm_segment_close(old);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

/* Even if the old file is put back. */
START_TEST(readers_of_a_replaced_file_are_told_by_the_file_itself)
{
	char kept[SCRATCH_PATH];
	given_a_segment();
	struct ipm_segment *old = attach();
	path_in_scratch(kept);
	ck_assert_int_eq(link(path, kept), 0);
	opt.capacity.tunnels += 1;
	ipm_writer_close(open_quietly());
	ck_assert_int_eq(rename(kept, path), 0);
	ck_assert(ipm_segment_stale(old));
	ipm_segment_close(old);
}
END_TEST

START_TEST(a_segment_of_another_boot_is_replaced_and_readers_are_told)
{
	given_a_segment();
	struct ipm_segment *old = attach();
	struct ipm_header h = file_header();
	other_boot(&h);
	poke(0, &h, sizeof(h));
	struct ipm_writer *w = open_saying("earlier boot");
	ck_assert(ipm_segment_stale(old));
	ck_assert_uint_eq(ipm_segment_used(ipm_writer_segment(w), IPM_TUNNELS), 0);
	ipm_segment_close(old);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_writer_that_died_before_its_new_file_was_whole_leaves_no_trace)
{
	given_a_segment();
	char beside[160];
	snprintf(beside, sizeof(beside), "%s.new", path);
	close(open(beside, O_CREAT | O_WRONLY, 0600));
	uint32_t told = 1;
	poke(offsetof(struct ipm_header, replaced), &told, sizeof(told));
	struct ipm_writer *w = open_quietly(); /* with the old capacities again */
	struct ipm_segment *seg = attach();
	ck_assert(!ipm_segment_stale(seg));
	ck_assert_uint_eq(tunnel_in(w, 0).index, 1);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_a_header_says_in_excess_is_not_taken_over)
{
	given_a_segment();
	struct ipm_header h = file_header();
	h.section[IPM_TUNNELS].used = UINT32_MAX;
	h.section[IPM_SAS].used = UINT32_MAX;
	poke(0, &h, sizeof(h));
	struct ipm_writer *w = open_quietly();
	given_tunnel(w);
	given_sa(w, 0, IPM_IN);
	expect_consistent(w);
	ipm_writer_close(w);

	h = file_header();
	h.index_first = h.index_last = 0;
	poke(0, &h, sizeof(h));
	w = open_saying("");
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 1);
	ipm_writer_close(w);
}
END_TEST

/* --- killed anywhere ----------------------------------------------------- */

/* A poller's last values of the tunnels and totals. */
struct seen {
	uint32_t newest;
	uint32_t index[TORTURE_TUNNELS * 4];
	uint64_t octets[TORTURE_TUNNELS * 4], pkts[TORTURE_TUNNELS * 4];
	uint64_t total_octets, total_pkts;
};

/* Poll again: no counter may go back under the same index. @p steady: no writer is active. */
static void
look(const struct ipm_segment *seg, struct seen *seen, bool steady)
{
	struct ipm_totals totals;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel tunnel;
		int rc = ipm_tunnel_read(seg, slot, &tunnel);
		if (rc < 0) {
			MUST(rc == -ENOENT || !steady);
			continue;
		}
		MUST(tunnel.out.octets == OUT_RULE * tunnel.out.pkts);
		MUST(tunnel.in.octets == IN_RULE * tunnel.in.pkts);
		if (tunnel.index == seen->index[slot]) {
			MUST(tunnel.out.octets >= seen->octets[slot]);
			MUST(tunnel.in.pkts >= seen->pkts[slot]);
		}
		seen->index[slot] = tunnel.index;
		seen->octets[slot] = tunnel.out.octets;
		seen->pkts[slot] = tunnel.in.pkts;
		if (tunnel.index > seen->newest)
			seen->newest = tunnel.index;
	}
	if (ipm_totals_read(seg, &totals) == 0) {
		MUST(totals.out.octets >= seen->total_octets);
		MUST(totals.in.pkts >= seen->total_pkts);
		seen->total_octets = totals.out.octets;
		seen->total_pkts = totals.in.pkts;
	}
}

START_TEST(a_writer_that_is_killed_anywhere_leaves_a_segment_to_go_on_with)
{
	struct seen seen = { 0 };
	struct torture t = { .seed = 88172645463325252u + (uint64_t)_i };
	opt.capacity.tunnels = TORTURE_TUNNELS * 4;
	opt.capacity.maps = 8;
	ipm_writer_close(open_quietly());
	struct ipm_segment *seg = attach();

	for (int round = 0; round < 60; round++) {
		int status, going[2];
		uint8_t go;
		ck_assert_int_eq(pipe(going), 0);
		pid_t pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL); /* and it must not outlive the test */
			if (ipm_writer_open(&t.w, &opt, &err) < 0 || write(going[1], "!", 1) != 1)
				_exit(1);
			torture_adopt(&t);
			for (;;)
				torture_step(&t);
		}
		ck_assert_int_eq(read(going[0], &go, 1), 1);
		usleep(torture_random(&t, 2000));
		look(seg, &seen, false);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
		close(going[0]);
		close(going[1]);
		look(seg, &seen, false);

		ck_assert_int_eq(ipm_writer_open(&t.w, &opt, &err), 0);
		ck_assert(err.text[0] == '\0' || strstr(err.text, "half written"));
		expect_consistent(t.w);
		expect_laws(&t);
		look(seg, &seen, true);
		uint32_t slot = given_tunnel(t.w);
		ck_assert_uint_gt(ipm_tunnel_peek(t.w, slot)->index, seen.newest);
		ipm_tunnel_stop(t.w, slot, IPM_REASON_NORMAL);
		torture_adopt(&t);
		for (int i = 0; i < 200; i++)
			torture_step(&t);
		expect_consistent(t.w);
		expect_laws(&t);
		ipm_writer_close(t.w);
	}
	laws_forget(&t.laws);
	ck_assert(!ipm_segment_stale(seg));
	ipm_segment_close(seg);
}
END_TEST

START_TEST(whatever_a_feed_does_the_segment_is_in_order_between_two_calls)
{
	struct seen seen = { 0 };
	struct torture t = { .seed = 2463534242u + (uint64_t)_i * 977, .laws = { .unbroken = true } };
	opt.capacity.tunnels = TORTURE_TUNNELS * (_i % 2 ? 4 : 1) - 8 * (_i % 2 == 0); /* also when it is often full */
	opt.capacity.sas = _i % 2 ? 256 : 80;
	opt.capacity.selectors = _i % 2 ? 256 : 40;
	opt.capacity.ike_sas = 6;
	opt.capacity.maps = 8;
	opt.capacity.engines = 2;
	opt.capacity.lanes = _i != 2;
	opt.capacity.history = _i ? 1u << (5 * _i) : 0; /* no ring, one that drops entries, one that keeps all */
	t.w = open_quietly();
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "software" };
	ck_assert_int_ge(ipm_engine_open(t.w, &engine), 0);
	t.works = _i != 2 && ipm_worker_join(ipm_writer_fast(t.w), &t.worker) >= 0;
	for (int i = 0; i < 4000; i++) {
		torture_step(&t);
		expect_laws(&t);
		if (i % 8 == 0) {
			expect_consistent(t.w);
			look(ipm_writer_segment(t.w), &seen, true);
		}
	}
	ck_assert_uint_eq(totals_in(t.w).tunnels_previous, t.stopped);
	laws_forget(&t.laws);
	ipm_writer_close(t.w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_writer_recover");
	TCase *tc = tests_of(suite, "taking over");
	tcase_add_test(tc, a_second_writer_is_told_that_there_is_one);
	tcase_add_test(tc, a_symbolic_link_is_not_followed);
	tcase_add_test(tc, a_directory_that_is_not_there_is_told);
	tcase_add_test(tc, when_memory_is_short_the_error_says_so);
	tcase_add_test(tc, a_restart_keeps_records_indexes_and_totals);
	tcase_add_test(tc, a_writer_that_was_killed_between_two_records_leaves_everything);
	tcase_add_test(tc, indexes_given_since_the_last_commit_are_not_given_again);
	tcase_add_test(tc, sub_indexes_given_by_a_writer_that_died_are_not_given_again);
	tcase_add_test(tc, a_half_written_tunnel_is_dropped_with_its_sas_and_selectors);
	tcase_add_test(tc, a_map_that_was_going_is_dropped_with_its_access_list);
	tcase_add_test(tc, half_written_records_are_dropped_and_what_is_around_them_stays);
	tcase_add_loop_test(tc, a_half_written_entry_of_a_ring_is_dropped, 0, 6);
	tcase_add_test(tc, half_written_totals_are_taken_as_they_are);
	tcase_add_test(tc, a_half_written_feed_keeps_its_slot_since_records_name_it);
	tcase_add_test(tc, other_capacities_make_a_new_segment_with_all_records_and_readers_are_told);
	tcase_add_test(tc, readers_of_a_replaced_file_are_told_by_the_file_itself);
	tcase_add_test(tc, a_segment_of_another_boot_is_replaced_and_readers_are_told);
	tcase_add_test(tc, a_writer_that_died_before_its_new_file_was_whole_leaves_no_trace);
	tcase_add_test(tc, what_a_header_says_in_excess_is_not_taken_over);
	tc = tests_of(suite, "killed anywhere");
	tcase_add_loop_test(tc, a_writer_that_is_killed_anywhere_leaves_a_segment_to_go_on_with, 0, 2);
	tcase_add_loop_test(tc, whatever_a_feed_does_the_segment_is_in_order_between_two_calls, 0, 4);
	return run_in_scratch("check_ipm_writer_recover", suite);
}
