/* SPDX-License-Identifier: ISC */
/*
 * The fast path: lanes and their owners. Nothing is lost when an SA is stopped while workers still count into it,
 * whether they are threads or processes, alive or dead. check_ipm_threads.c tests all of this at the same time.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipm_int.h"
#include "ipm_writer.h"
#include "scratch.h"

#define LANES 3
#define SAS   40

static char path[SCRATCH_PATH];
static struct ipm_writer_options opt;
static struct ipm_writer *w;
static uint32_t tunnel;

static void
open_writer(void)
{
	struct ipm_error err;
	ck_assert_msg(ipm_writer_open(&w, &opt, &err) == 0, "%s", err.text);
	ck_assert_str_eq(err.text, "");
}

static void
given_a_tunnel(void)
{
	struct ipm_tunnel t = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	snprintf(path, sizeof(path), "%s/gw.model", scratch);
	unlink(path); /* of a test that failed */
	opt = (struct ipm_writer_options){ .path = path, .name = "gw", .mode = 0600 };
	opt.capacity = (struct ipm_capacity){ .tunnels = 8, .sas = SAS, .events = 16, .history = 4, .lanes = LANES };
	open_writer();
	int slot = ipm_tunnel_start(w, &t);
	ck_assert_int_ge(slot, 0);
	tunnel = (uint32_t)slot;
}

static void
clean_up(void)
{
	ipm_writer_close(w);
	w = NULL;
	unlink(path);
}

static int
start_sa(void)
{
	struct ipm_sa sa = { .direction = IPM_IN, .protocol = 50, .proposal = { .encr = IPM_ENCR_AES_GCM_16 } };
	return ipm_sa_start(w, tunnel, &sa);
}

static uint32_t
given_sa(void)
{
	int slot = start_sa();
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static struct ipm_worker
given_worker(void)
{
	struct ipm_worker worker;
	ck_assert_int_ge(ipm_worker_join(ipm_writer_fast(w), &worker), 0);
	return worker;
}

/* Start SAs until the section is full, and stop them again. Return how many there were. */
static uint32_t
room_for_sas(void)
{
	uint32_t n = 0;
	int slot[SAS + 1];
	while (n <= SAS && (slot[n] = start_sa()) >= 0)
		n++;
	for (uint32_t i = 0; i < n; i++)
		ipm_sa_stop(w, (uint32_t)slot[i]);
	return n;
}

static void
expect_pkts(uint64_t in_tunnel, uint64_t in_all)
{
	struct ipm_tunnel t;
	struct ipm_totals totals;
	if (ipm_tunnel_read(ipm_writer_segment(w), tunnel, &t) == 0) {
		ck_assert_uint_eq(t.in.pkts, in_tunnel);
		ck_assert_uint_eq(t.in.octets, 100 * in_tunnel);
		ck_assert_uint_eq(t.in.crypts, in_tunnel);
	}
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(w), &totals), 0);
	ck_assert_uint_eq(totals.in.pkts, in_all);
	ck_assert_uint_eq(totals.in.octets, 100 * in_all);
	ck_assert_uint_eq(totals.in.auths, in_all);
}

static void
count(const struct ipm_worker *worker, uint32_t sa, uint64_t pkts)
{
	ipm_lane_count(ipm_worker_lane(worker, sa), pkts, 100 * pkts);
}

static void
expect_lane(const struct ipm_worker *worker, uint32_t sa, uint32_t number)
{
	struct ipm_lane is = ipm_worker_lane(worker, sa), wanted = ipm_sa_lane(w, sa, number);
	ck_assert_ptr_eq(is.count, wanted.count);
	ck_assert_ptr_eq(is.drops, wanted.drops);
}

/* --- lanes ------------------------------------------------------------------------------------------------------ */

START_TEST(each_worker_has_a_lane_of_its_own_of_each_sa)
{
	struct ipm_worker worker[LANES], more;
	uint32_t first = given_sa(), second = given_sa();
	for (uint32_t i = 0; i < LANES; i++) {
		ck_assert_int_eq(ipm_worker_join(ipm_writer_fast(w), &worker[i]), (int)i);
		expect_lane(&worker[i], first, i);
		expect_lane(&worker[i], second, i);
	}
	ck_assert_int_eq(ipm_worker_join(ipm_writer_fast(w), &more), -EBUSY);
	ipm_worker_leave(&worker[1]);
	ck_assert_int_eq(ipm_worker_join(ipm_writer_fast(w), &more), 1);
}
END_TEST

START_TEST(who_takes_a_lane_adds_to_what_is_in_it)
{
	uint32_t sa = given_sa();
	for (int i = 0; i < 5; i++) {
		struct ipm_worker worker = given_worker();
		count(&worker, sa, 2);
		ipm_worker_leave(&worker);
	}
	expect_pkts(10, 10);
}
END_TEST

/* Fill a lane with different words, except those that only its worker uses. */
static void
fill(struct ipm_lane lane, uint64_t seed)
{
	lane.count->octets = seed;
	lane.count->pkts = seed + 1;
	for (uint32_t i = 0; i < IPM_DROP_COUNT; i++)
		lane.drops->pkts[i] = seed + 2 + i;
}

static void
expect_filled(struct ipm_lane lane, uint64_t seed)
{
	ck_assert_uint_eq(lane.count->octets, seed);
	ck_assert_uint_eq(lane.count->pkts, seed + 1);
	for (uint32_t i = 0; i < IPM_DROP_COUNT; i++)
		ck_assert_uint_eq(lane.drops->pkts[i], seed + 2 + i);
}

static const uint32_t odd_capacities[] = { 1, 3, SAS, 253, 257, 1021 };

START_TEST(no_lane_has_a_word_or_a_page_in_common_with_another)
{
	clean_up();
	opt.capacity.sas = odd_capacities[_i];
	open_writer();
	const struct ipm_section *lanes = &ipm_header(ipm_writer_segment(w))->section[IPM_LANES];
	const uint8_t *begin = ipm_writer_segment(w)->base + lanes->offset,
		      *end = begin + (size_t)LANES * lanes->stride;
	ck_assert_uint_eq(lanes->offset % 4096, 0);
	ck_assert_uint_eq(lanes->stride % 4096, 0);
	struct ipm_worker worker[LANES];
	for (uint32_t n = 0; n < LANES; n++)
		worker[n] = given_worker();
	for (uint32_t sa = 0; sa < opt.capacity.sas; sa++)
		for (uint32_t n = 0; n < LANES; n++)
			fill(ipm_worker_lane(&worker[n], sa), 1 + 100 * (sa * LANES + n));
	for (uint32_t sa = 0; sa < opt.capacity.sas; sa++) {
		for (uint32_t n = 0; n < LANES; n++) {
			struct ipm_lane lane = ipm_sa_lane(w, sa, n);
			expect_filled(lane, 1 + 100 * (sa * LANES + n));
			ck_assert((const uint8_t *)lane.count >= begin + n * (size_t)lanes->stride);
			ck_assert((const uint8_t *)(lane.drops + 1) <= begin + (n + 1) * (size_t)lanes->stride);
			ck_assert_uint_eq((uintptr_t)lane.count % sizeof(*lane.count), 0);
		}
	}
	for (uint32_t n = 0; n < LANES; n++)
		ck_assert_uint_ne(worker[n].line->owner, 0);
	ck_assert((const uint8_t *)(ipm_sa_lane(w, opt.capacity.sas - 1, LANES - 1).drops + 1) <= end);
}
END_TEST

#define MANY 2500 /* more than a reader sums in one pass */

/*
 * The counts of SA @p i in lane @p n. Every fourth SA is stopped, half of them are inbound, a third is on the engine.
 */
static uint64_t
of_many(uint32_t i, uint32_t n)
{
	return 1 + i * 7 + n;
}

START_TEST(totals_are_those_of_all_sas_however_many)
{
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "engine" };
	uint64_t pkts[3] = { 0 }, on_engine[3] = { 0 }, late = 0;
	clean_up();
	opt.capacity.sas = MANY + 8;
	opt.capacity.engines = 1;
	open_writer();
	ck_assert_int_eq(ipm_engine_open(w, &engine), 0);
	struct ipm_tunnel t = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	tunnel = (uint32_t)ipm_tunnel_start(w, &t);
	struct ipm_worker worker[LANES];
	for (uint32_t n = 0; n < LANES; n++)
		worker[n] = given_worker();
	for (uint32_t i = 0; i < MANY; i++) {
		struct ipm_sa sa = { .direction = 1 + i % 2,
				     .protocol = 50,
				     .proposal = { .encr = IPM_ENCR_AES_GCM_16 } };
		sa.engine = i % 3 == 0;
		ck_assert_int_eq(ipm_sa_start(w, tunnel, &sa), (int)i);
		for (uint32_t n = 0; n < LANES; n++) {
			count(&worker[n], i, of_many(i, n));
			ipm_lane_drop(ipm_worker_lane(&worker[n], i), IPM_DROP_AUTH, 1);
			pkts[sa.direction] += of_many(i, n);
			if (sa.engine)
				on_engine[sa.direction] += of_many(i, n);
		}
	}
	for (uint32_t i = 0; i < MANY; i += 4)
		ipm_sa_stop(w, i);
	for (uint32_t i = 0; i < MANY; i += 4, late++) /* not visible before the next commit */
		count(&worker[0], i, 1);
	struct ipm_totals totals;
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(w), &totals), 0);
	ck_assert_uint_eq(totals.in.pkts, pkts[IPM_IN]);
	ck_assert_uint_eq(totals.out.pkts, pkts[IPM_OUT]);
	ck_assert_uint_eq(totals.in.octets, 100 * pkts[IPM_IN]);
	ck_assert_uint_eq(totals.out.raw_octets, 100 * pkts[IPM_OUT]);
	ck_assert_uint_eq(totals.in.drops[IPM_DROP_AUTH] + totals.out.drops[IPM_DROP_AUTH], MANY * LANES);
	ck_assert_uint_eq(totals.in.auths, totals.in.pkts + totals.in.drops[IPM_DROP_AUTH]);
	ck_assert_int_eq(ipm_engine_read(ipm_writer_segment(w), 0, &engine), 0);
	ck_assert_uint_eq(engine.in.pkts, on_engine[IPM_IN]);
	ck_assert_uint_eq(engine.out.pkts, on_engine[IPM_OUT]);
	for (uint64_t left = late; left > 0; left -= left < 64 ? left : 64)
		ipm_writer_commit(w);
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(w), &totals), 0);
	ck_assert_uint_eq(totals.in.pkts + totals.out.pkts, pkts[IPM_IN] + pkts[IPM_OUT] + late);
}
END_TEST

START_TEST(a_segment_without_lanes_has_none_to_attach_to)
{
	struct ipm_fast *fast;
	struct ipm_error err;
	clean_up();
	opt.capacity.lanes = 0;
	open_writer();
	ck_assert_ptr_null(ipm_writer_fast(w));
	ck_assert_int_eq(ipm_fast_attach(&fast, path, &err), -ENOTSUP);
	ck_assert_ptr_null(fast);
	ck_assert_msg(strstr(err.text, path) && strstr(err.text, "has no lanes"), "%s", err.text);
	unlink(path);
	ck_assert_int_eq(ipm_fast_attach(&fast, path, &err), -ENOENT);
	ck_assert_ptr_null(fast);
}
END_TEST

START_TEST(who_may_not_write_the_file_gets_no_lanes)
{
	struct ipm_fast *fast;
	struct ipm_error err;
	uid_t me = geteuid();
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(chmod(scratch, 0711), 0);
	if (me == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	int rc = ipm_fast_attach(&fast, path, &err);
	ck_assert_int_eq(seteuid(me), 0);
	ck_assert_int_eq(rc, -EACCES);
	ck_assert_ptr_null(fast);
	ck_assert_msg(strstr(err.text, "cannot write its lanes"), "%s", err.text);
}
END_TEST

/* --- stopping --------------------------------------------------------------------------------------------------- */

START_TEST(an_sa_stopped_under_a_worker_keeps_its_slot_until_that_has_passed)
{
	struct ipm_worker worker = given_worker();
	uint32_t sa = given_sa();
	struct ipm_sa row;
	count(&worker, sa, 3);
	ipm_sa_stop(w, sa);
	ck_assert_int_eq(ipm_sa_read(ipm_writer_segment(w), sa, &row), -ENOENT);
	expect_pkts(3, 3);
	count(&worker, sa, 4); /* it has not heard of it yet */
	ck_assert_uint_eq(room_for_sas(), SAS - 1);
	ipm_writer_commit(w);
	expect_pkts(7, 7);
	count(&worker, sa, 5);
	ipm_worker_quiescent(&worker);
	ipm_writer_commit(w);
	expect_pkts(12, 12);
	ck_assert_uint_eq(room_for_sas(), SAS);
	expect_pkts(12, 12);
}
END_TEST

START_TEST(without_a_worker_that_is_awake_a_slot_is_free_at_once)
{
	struct ipm_worker worker = given_worker();
	uint32_t sa = given_sa();
	count(&worker, sa, 3);
	ipm_worker_offline(&worker);
	ipm_sa_stop(w, sa);
	ck_assert_uint_eq(room_for_sas(), SAS);
	ck_assert_uint_eq(room_for_sas(), SAS);
	ipm_worker_online(&worker);
	ck_assert_uint_eq(room_for_sas(), SAS);
	ck_assert_uint_eq(room_for_sas(), 0); /* all of them wait now */
	ipm_worker_leave(&worker);
	ck_assert_uint_eq(room_for_sas(), SAS);
	expect_pkts(3, 3);
}
END_TEST

START_TEST(the_slowest_worker_decides)
{
	struct ipm_worker quick = given_worker(), slow = given_worker();
	uint32_t sa = given_sa();
	ipm_sa_stop(w, sa);
	ipm_worker_quiescent(&quick);
	ipm_writer_commit(w);
	count(&slow, sa, 1);
	ck_assert_uint_eq(room_for_sas(), SAS - 1);
	ipm_worker_quiescent(&quick);
	ipm_worker_quiescent(&slow);
	ipm_writer_commit(w);
	ck_assert_uint_eq(room_for_sas(), SAS);
	expect_pkts(1, 1);
}
END_TEST

START_TEST(late_packets_of_a_tunnel_that_is_gone_are_in_its_history_and_the_totals)
{
	struct ipm_worker worker = given_worker();
	uint32_t sa = given_sa();
	struct ipm_tunnel_history history;
	count(&worker, sa, 3);
	ipm_lane_drop(ipm_worker_lane(&worker, sa), IPM_DROP_REPLAY, 2);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_tunnel_history_read(ipm_writer_segment(w), 0, &history), 0);
	ck_assert_uint_eq(history.tunnel.in.pkts, 3);
	ck_assert_uint_eq(history.tunnel.in.drops[IPM_DROP_REPLAY], 2);
	struct ipm_tunnel next = { .state = IPM_TUNNEL_UP };
	for (int i = 0; i < 8; i++) /* one of them in its slot */
		ipm_tunnel_start(w, &next);
	count(&worker, sa, 4);
	ipm_lane_drop(ipm_worker_lane(&worker, sa), IPM_DROP_REPLAY, 1);
	ipm_worker_quiescent(&worker);
	ipm_writer_commit(w);
	expect_pkts(0, 7);
	ck_assert_uint_eq(ipm_writer_totals(w)->in.drops[IPM_DROP_REPLAY], 3);
	ck_assert_int_eq(ipm_tunnel_history_read(ipm_writer_segment(w), 0, &history), 0);
	ck_assert_uint_eq(history.tunnel.in.pkts, 7);
	ck_assert_uint_eq(history.tunnel.in.drops[IPM_DROP_REPLAY], 3);
}
END_TEST

START_TEST(of_a_bundled_sa_what_comes_late_counts_as_what_came_before)
{
	struct ipm_worker worker = given_worker();
	struct ipm_sa sa = { .direction = IPM_IN, .protocol = 51, .bundled = 1 };
	int slot = ipm_sa_start(w, tunnel, &sa);
	ck_assert_int_ge(slot, 0);
	count(&worker, (uint32_t)slot, 3);
	ipm_sa_stop(w, (uint32_t)slot);
	count(&worker, (uint32_t)slot, 4);
	ipm_worker_quiescent(&worker);
	ipm_writer_commit(w);
	struct ipm_tunnel t;
	ck_assert_int_eq(ipm_tunnel_read(ipm_writer_segment(w), tunnel, &t), 0);
	ck_assert_uint_eq(t.in.pkts, 0);
	ck_assert_uint_eq(t.in.auths, 7);
}
END_TEST

START_TEST(attaching_leaves_no_file_open)
{
	struct ipm_fast *fast;
	struct ipm_error err;
	int before = dup(0);
	close(before);
	ck_assert_int_eq(ipm_fast_attach(&fast, path, &err), 0);
	ipm_fast_close(fast);
	int after = dup(0);
	close(after);
	ck_assert_int_eq(after, before);
}
END_TEST

START_TEST(the_next_writer_goes_on_waiting)
{
	struct ipm_fast *fast;
	struct ipm_error err;
	struct ipm_worker worker;
	ck_assert_int_eq(ipm_fast_attach(&fast, path, &err), 0);
	ck_assert_int_eq(ipm_worker_join(fast, &worker), 0);
	uint32_t sa = given_sa();
	count(&worker, sa, 3);
	ipm_sa_stop(w, sa);
	count(&worker, sa, 4);
	ipm_writer_close(w);
	count(&worker, sa, 5);
	open_writer();
	ck_assert_uint_eq(room_for_sas(), SAS - 1);
	count(&worker, sa, 6);
	ipm_worker_quiescent(&worker);
	ipm_writer_commit(w);
	expect_pkts(18, 18);
	ck_assert_uint_eq(room_for_sas(), SAS);
	ck_assert(!ipm_segment_stale(ipm_fast_segment(fast)));
	ipm_fast_close(fast);
}
END_TEST

/* --- processes -------------------------------------------------------------------------------------------------- */

/* A child process joins, counts once, and is killed. Returns when it has counted. */
static pid_t
given_a_child_that_dies(uint32_t sa)
{
	int ready[2];
	char c;
	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		struct ipm_fast *fast;
		struct ipm_error err;
		struct ipm_worker worker;
		if (ipm_fast_attach(&fast, path, &err) < 0 || ipm_worker_join(fast, &worker) < 0)
			_exit(1);
		count(&worker, sa, 5);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return child;
}

START_TEST(a_worker_whose_process_has_died_holds_nothing)
{
	uint32_t sa = given_sa();
	pid_t child = given_a_child_that_dies(sa);
	siginfo_t info;
	ipm_sa_stop(w, sa);
	ipm_writer_commit(w);
	ck_assert_uint_eq(room_for_sas(), SAS - 1);
	kill(child, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0); /* a zombie */
	if (_i == 1)
		waitpid(child, NULL, 0);
	ipm_writer_commit(w);
	ck_assert_uint_eq(room_for_sas(), SAS);
	expect_pkts(5, 5);
	waitpid(child, NULL, 0);
}
END_TEST

START_TEST(the_lane_of_a_process_that_has_died_can_be_taken)
{
	uint32_t sa = given_sa();
	struct ipm_worker worker[LANES - 1], more;
	for (int i = 0; i < LANES - 1; i++)
		worker[i] = given_worker();
	pid_t child = given_a_child_that_dies(sa);
	ck_assert_int_eq(ipm_worker_join(ipm_writer_fast(w), &more), -EBUSY);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_assert_int_eq(ipm_worker_join(ipm_writer_fast(w), &more), LANES - 1);
	count(&worker[0], sa, 1);
	count(&more, sa, 2);
	expect_pkts(8, 8);
}
END_TEST

#define CONNECTIONS 4
#define BURSTS      100000

/* The data plane's table, shared by its processes, which run until there were enough rekeys. */
struct table {
	_Atomic uint32_t sa[CONNECTIONS];
	_Atomic bool rekeyed;
	_Atomic uint64_t pkts;
};

/* One packet per connection and burst, on its current SA. */
static void
child_counts(struct table *table)
{
	struct ipm_fast *fast;
	struct ipm_error err;
	struct ipm_worker worker;
	if (ipm_fast_attach(&fast, path, &err) < 0 || ipm_worker_join(fast, &worker) < 0)
		_exit(1);
	uint64_t pkts = 0;
	for (int burst = 0; burst < BURSTS || (burst < 1000 * BURSTS && !table->rekeyed); burst++) {
		for (int i = 0; i < CONNECTIONS; i++)
			count(&worker, table->sa[i], 1);
		pkts += CONNECTIONS;
		ipm_worker_quiescent(&worker);
	}
	table->pkts += pkts;
	ipm_worker_leave(&worker);
	ipm_fast_close(fast);
	_exit(0);
}

START_TEST(processes_count_every_packet_while_sas_are_rekeyed)
{
	struct table *table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(table, MAP_FAILED);
	for (int i = 0; i < CONNECTIONS; i++)
		table->sa[i] = given_sa();
	pid_t child[LANES];
	for (int i = 0; i < LANES; i++)
		if ((child[i] = fork()) == 0)
			child_counts(table);
	uint32_t rekeys = 0;
	for (int alive = LANES, status; alive > 0;) {
		uint32_t i = rekeys % CONNECTIONS, old = table->sa[i];
		int new = start_sa();
		if (new >= 0) { /* or all that are free wait */
			table->sa[i] = (uint32_t) new;
			ipm_sa_stop(w, old);
			table->rekeyed = ++rekeys > SAS; /* each slot was used again */
		}
		if (waitpid(-1, &status, WNOHANG) > 0) {
			ck_assert_int_eq(status, 0);
			alive--;
		}
	}
	ipm_writer_commit(w);
	expect_pkts(table->pkts, table->pkts);
	ck_assert_uint_eq(room_for_sas(), SAS - CONNECTIONS);
	ck_assert(table->rekeyed);
	munmap(table, sizeof(*table));
}
END_TEST

START_TEST(the_example_counts_what_it_says)
{
	const char *build = getenv("top_builddir");
	char command[512];
	struct ipm_segment *seg;
	struct ipm_error err;
	struct ipm_tunnel t;
	clean_up();
	snprintf(command, sizeof(command), "%s/doc/example_dataplane '%s'", build ? build : ".", path);
	ck_assert_int_eq(system(command), 0);
	ck_assert_msg(ipm_segment_attach(&seg, path, &err) == 0, "%s", err.text);
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &t), 0);
	ck_assert_uint_eq(t.out.pkts, 2 * 1000 * 32);
	ck_assert_uint_eq(t.out.octets, 2 * 1000 * 32 * 1400);
	ck_assert_uint_eq(t.out.auths, t.out.pkts);
	ck_assert_uint_eq(t.refreshes, 1);
	ck_assert_uint_eq(t.sas, 1);
	ipm_segment_close(seg);
}
END_TEST

static Suite *
fast_suite(void)
{
	Suite *s = suite_create("fast path");
	TCase *tc = tcase_create("fast");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, given_a_tunnel, clean_up);
	tcase_add_test(tc, each_worker_has_a_lane_of_its_own_of_each_sa);
	tcase_add_test(tc, who_takes_a_lane_adds_to_what_is_in_it);
	tcase_add_loop_test(tc, no_lane_has_a_word_or_a_page_in_common_with_another, 0,
			    sizeof(odd_capacities) / sizeof(odd_capacities[0]));
	tcase_add_test(tc, totals_are_those_of_all_sas_however_many);
	tcase_add_test(tc, a_segment_without_lanes_has_none_to_attach_to);
	tcase_add_test(tc, who_may_not_write_the_file_gets_no_lanes);
	tcase_add_test(tc, an_sa_stopped_under_a_worker_keeps_its_slot_until_that_has_passed);
	tcase_add_test(tc, without_a_worker_that_is_awake_a_slot_is_free_at_once);
	tcase_add_test(tc, the_slowest_worker_decides);
	tcase_add_test(tc, late_packets_of_a_tunnel_that_is_gone_are_in_its_history_and_the_totals);
	tcase_add_test(tc, of_a_bundled_sa_what_comes_late_counts_as_what_came_before);
	tcase_add_test(tc, attaching_leaves_no_file_open);
	tcase_add_test(tc, the_next_writer_goes_on_waiting);
	tcase_add_loop_test(tc, a_worker_whose_process_has_died_holds_nothing, 0, 2);
	tcase_add_test(tc, the_lane_of_a_process_that_has_died_can_be_taken);
	tcase_add_test(tc, processes_count_every_packet_while_sas_are_rekeyed);
	tcase_add_test(tc, the_example_counts_what_it_says);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return run_in_scratch("check_ipm_fast", fast_suite());
}
