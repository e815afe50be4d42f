/* SPDX-License-Identifier: ISC */
/*
 * All users of the model at the same time: a writer without pauses, threads that count in lanes, and readers. No
 * reader may see a sum go back or a half-written record. There is no fork(), so that the thread sanitizer sees
 * everything.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "ipm_torture.h"
#include "scratch.h"

#define OPERATIONS 12000 /* of the writer */
#define LANES      2
#define READERS    4
#define LIVED      4 /* tunnels for the lanes, whose SAs live as long as the test */
#define LANE_ADDS  100000
#define TUNNELS    (TORTURE_TUNNELS + LIVED + 32)

static char path[SCRATCH_PATH];
static struct ipm_writer *writer;
static uint32_t lived[LIVED], lived_sa[LIVED];
static _Atomic uint32_t at_work; /* threads that still change something */
static bool sources_restart;     /* the source of a feed's SA counts itself, and may start again */

/*
 * A reader and its last values. Most readers use the writer's mapping, because the thread sanitizer takes two
 * mappings of a file for two places and would see no conflict. One reader has a mapping of its own, as in real use.
 */
static struct reader {
	bool tunnels, sas, totals, own_mapping;
	uint32_t reads;
} readers[READERS] = {
	{ .tunnels = true },
	{ .totals = true },
	{ .tunnels = true, .sas = true, .totals = true },
	{ .tunnels = true, .sas = true, .totals = true, .own_mapping = true },
};

/*
 * Threads must not use check.h: its failures jump to the main thread's stack. Keep the first failure and report it
 * later.
 */
static _Atomic(const char *) complaint;
#define EXPECT(what)                                                              \
	do {                                                                      \
		const char *none = NULL;                                          \
		if (!(what))                                                      \
			atomic_compare_exchange_strong(&complaint, &none, #what); \
	} while (0)

static void *
write_at_random(void *arg)
{
	struct torture *t = arg;
	for (int i = 0; i < OPERATIONS; i++) {
		torture_step(t);
		if (i % 64 == 0)
			sched_yield(); /* reading totals takes long, and succeeds only while nothing changes */
	}
	while (t->n > 0)
		torture_stop(t);
	ipm_writer_commit(t->w);
	at_work--;
	return NULL;
}

struct counting {
	struct ipm_lane lane[LIVED];
	uint32_t number;
};

/* The counts that lane @p lane adds to an SA in round @p i: packets; octets are 100 times that. */
static uint64_t
lane_amount(uint32_t lane, uint32_t i)
{
	return 1 + (i * 7 + lane) % 13;
}

static void *
count_in_a_lane(void *arg)
{
	const struct counting *c = arg;
	for (uint32_t i = 0; i < LANE_ADDS; i++) {
		uint64_t n = lane_amount(c->number, i);
		ipm_lane_count(c->lane[i % LIVED], n, n * 100);
		if (i % 64 == 0)
			ipm_lane_drop(c->lane[i % LIVED], IPM_DROP_REPLAY, 1);
	}
	at_work--;
	return NULL;
}

#define SAS_MOST 256

struct watched {
	uint32_t index;
	struct ipm_traffic in, out;
};

struct watched_sa {
	uint32_t tunnel_index, index;
	struct ipm_traffic count;
};

static void
expect_no_step_back(const struct ipm_traffic *was, const struct ipm_traffic *is)
{
	EXPECT(is->octets >= was->octets);
	EXPECT(is->pkts >= was->pkts);
	EXPECT(is->raw_octets >= was->raw_octets);
	EXPECT(is->crypts >= was->crypts);
	EXPECT(is->auths >= was->auths);
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		EXPECT(is->drops[i] >= was->drops[i]);
}

/* Lanes don't count outbound packets, so the writer's rule holds there in every complete record. */
static void
expect_whole(const struct ipm_traffic *out)
{
	EXPECT(out->octets == OUT_RULE * out->pkts);
	EXPECT(out->raw_octets == out->octets);
	EXPECT(out->drops[1] == out->pkts);
}

static void
watch_tunnel(const struct ipm_segment *seg, uint32_t slot, struct watched *was)
{
	struct ipm_tunnel tunnel;
	int rc = ipm_tunnel_read(seg, slot, &tunnel);
	EXPECT(rc == 0 || rc == -ENOENT || rc == -EAGAIN);
	if (rc < 0)
		return;
	expect_whole(&tunnel.out);
	if (tunnel.index == was->index) {
		expect_no_step_back(&was->in, &tunnel.in);
		expect_no_step_back(&was->out, &tunnel.out);
	} else {
		EXPECT(tunnel.index > was->index); /* the next tunnel in a slot is younger */
	}
	*was = (struct watched){ .index = tunnel.index, .in = tunnel.in, .out = tunnel.out };
}

static void
watch_sa(const struct ipm_segment *seg, uint32_t slot, struct watched_sa *was)
{
	struct ipm_sa sa;
	if (ipm_sa_read(seg, slot, &sa) < 0)
		return;
	EXPECT(sa.index > 0 && sa.tunnel_index > 0);
	EXPECT(sa.direction == IPM_IN || sa.direction == IPM_OUT);
	if (sa.direction == IPM_OUT)
		EXPECT(sa.count.octets == OUT_RULE * sa.count.pkts || sa.count.pkts == 0);
	if (!sources_restart && sa.index == was->index && sa.tunnel_index == was->tunnel_index)
		expect_no_step_back(&was->count, &sa.count);
	*was = (struct watched_sa){ sa.tunnel_index, sa.index, sa.count };
}

static void
watch_engine(const struct ipm_segment *seg, struct watched *was)
{
	struct ipm_engine engine;
	int rc = ipm_engine_read(seg, 0, &engine);
	EXPECT(rc == 0 || rc == -ENOENT || rc == -EAGAIN);
	if (rc < 0)
		return;
	expect_no_step_back(&was->in, &engine.in);
	expect_no_step_back(&was->out, &engine.out);
	was->in = engine.in;
	was->out = engine.out;
}

static void
watch_totals(const struct ipm_segment *seg, struct watched *were)
{
	struct ipm_totals totals;
	int rc = ipm_totals_read(seg, &totals);
	EXPECT(rc == 0 || rc == -EAGAIN);
	if (rc < 0)
		return;
	expect_whole(&totals.out);
	expect_no_step_back(&were->in, &totals.in);
	expect_no_step_back(&were->out, &totals.out);
	EXPECT(totals.tunnels_active <= TUNNELS);
	were->in = totals.in;
	were->out = totals.out;
}

static uint64_t
watch_events(const struct ipm_segment *seg, uint64_t serial)
{
	struct ipm_event event;
	for (int rc; (rc = ipm_event_next(seg, serial, &event)) == 0 || rc == -EOVERFLOW;) {
		EXPECT(rc == -EOVERFLOW || event.serial == serial + 1 || serial == 0);
		EXPECT(event.serial > serial);
		serial = event.serial;
	}
	return serial;
}

static void *
watch(void *arg)
{
	struct reader *me = arg;
	struct watched was[TUNNELS] = { 0 }, totals_were = { 0 }, engine_was = { 0 };
	struct watched_sa sa_was[SAS_MOST] = { 0 };
	const struct ipm_segment *seg = ipm_writer_segment(writer);
	struct ipm_segment *own = NULL;
	struct ipm_error err;
	uint64_t serial = 0;

	if (me->own_mapping) {
		EXPECT(ipm_segment_attach(&own, path, &err) == 0);
		seg = own;
	}
	bool last; /* one more round after all activity has ended */
	do {
		last = atomic_load(&at_work) == 0;
		for (uint32_t slot = 0; me->tunnels && slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
			watch_tunnel(seg, slot, &was[slot]);
		for (uint32_t slot = 0; me->sas && slot < ipm_segment_used(seg, IPM_SAS); slot++)
			watch_sa(seg, slot, &sa_was[slot]);
		if (me->totals) {
			watch_totals(seg, &totals_were);
			watch_engine(seg, &engine_was);
		}
		serial = watch_events(seg, serial);
		me->reads++;
	} while (!last);
	ipm_segment_close(own);
	return NULL;
}

/* SAs of the lanes are inbound, in tunnels of their own. */
static void
given_sas_for_the_lanes(void)
{
	for (uint32_t i = 0; i < LIVED; i++) {
		struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
		struct ipm_sa sa = { .direction = IPM_IN, .protocol = 50, .proposal = { .encr = IPM_ENCR_AES_GCM_16 } };
		lived[i] = (uint32_t)ipm_tunnel_start(writer, &tunnel);
		lived_sa[i] = (uint32_t)ipm_sa_start(writer, lived[i], &sa);
	}
}

static void
expect_exact_lanes(void)
{
	struct ipm_traffic expected[LIVED] = { 0 }, sum = { 0 };
	for (uint32_t lane = 0; lane < LANES; lane++) {
		for (uint32_t i = 0; i < LANE_ADDS; i++) {
			expected[i % LIVED].pkts += lane_amount(lane, i);
			expected[i % LIVED].drops[IPM_DROP_REPLAY] += i % 64 == 0;
		}
	}
	for (uint32_t i = 0; i < LIVED; i++) {
		struct ipm_tunnel tunnel;
		ck_assert_int_eq(ipm_tunnel_read(ipm_writer_segment(writer), lived[i], &tunnel), 0);
		ck_assert_uint_eq(tunnel.in.pkts, expected[i].pkts);
		ck_assert_uint_eq(tunnel.in.octets, 100 * expected[i].pkts);
		ck_assert_uint_eq(tunnel.in.crypts, expected[i].pkts);
		ck_assert_uint_eq(tunnel.in.drops[IPM_DROP_REPLAY], expected[i].drops[IPM_DROP_REPLAY]);
		sum.pkts += expected[i].pkts;
		sum.octets += 100 * expected[i].pkts;
	}
	/*
	 * And folded: all other tunnels have ended. A rule distinguishes their inbound traffic from that of the
	 * lanes.
	 */
	struct ipm_totals before, after;
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(writer), &before), 0);
	uint64_t fed_pkts = before.in.pkts - sum.pkts;
	ck_assert_uint_eq(before.in.octets - sum.octets, IN_RULE * fed_pkts);
	for (uint32_t i = 0; i < LIVED; i++)
		ipm_tunnel_stop(writer, lived[i], IPM_REASON_NORMAL);
	ipm_writer_commit(writer);
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(writer), &after), 0);
	ck_assert_uint_eq(after.in.pkts, before.in.pkts);
	ck_assert_uint_eq(after.in.octets, before.in.octets);
	ck_assert_uint_eq(after.in.crypts, before.in.crypts);
	ck_assert_uint_eq(after.tunnels_active, 0);
}

START_TEST(readers_see_whole_records_and_sums_that_never_go_back)
{
	path_in_scratch(path);
	struct ipm_writer_options opt = { .path = path, .name = "gw", .mode = 0600 };
	bool few = _i == 1; /* reading totals is fast then, and meets the writer more often */
	struct torture t = { .seed = 0x9e3779b97f4a7c15u, .most = few ? 2 : TORTURE_TUNNELS };
	struct counting counting[LANES];
	struct ipm_error err;
	pthread_t reader[READERS], lane[LANES], writing;

	opt.capacity = (struct ipm_capacity){ .ike_sas = 8,
					      .tunnels = TUNNELS,
					      .selectors = 192,
					      .sas = SAS_MOST,
					      .feeds = 1,
					      .events = 64,
					      .lanes = LANES };
	ck_assert_msg(ipm_writer_open(&writer, &opt, &err) == 0, "%s", err.text);
	given_sas_for_the_lanes();
	ipm_writer_commit(writer);
	complaint = NULL;
	sources_restart = true;
	t.w = writer;
	at_work = 1 + LANES;
	for (uint32_t i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&reader[i], NULL, watch, &readers[i]), 0);
	for (uint32_t i = 0; i < LANES; i++) {
		counting[i].number = i;
		for (uint32_t n = 0; n < LIVED; n++)
			counting[i].lane[n] = ipm_sa_lane(writer, lived_sa[n], i);
		ck_assert_int_eq(pthread_create(&lane[i], NULL, count_in_a_lane, &counting[i]), 0);
	}
	ck_assert_int_eq(pthread_create(&writing, NULL, write_at_random, &t), 0);
	pthread_join(writing, NULL);
	for (uint32_t i = 0; i < LANES; i++)
		pthread_join(lane[i], NULL);
	for (uint32_t i = 0; i < READERS; i++)
		pthread_join(reader[i], NULL);

	ck_assert_msg(complaint == NULL, "a reader missed: %s", complaint);
	for (uint32_t i = 0; i < READERS; i++)
		ck_assert_uint_gt(readers[i].reads, 0);
	expect_consistent(writer);
	expect_exact_lanes();
	ck_assert_uint_eq(ipm_writer_totals(writer)->tunnels_previous, t.stopped + LIVED);
	ipm_writer_close(writer);
	unlink(path);
}
END_TEST

/* --- SAs that come and go under the workers --------------------------------------------------------------------- */

#define ROUNDS      100
#define WORKERS     3
#define CONNECTIONS 6
#define KEPT        2 /* connections are only rekeyed; their tunnels live as long as the round */
#define BURSTS      200

/* The data plane's table: for each connection the slot of its SA + 1; 0: it has none. */
static _Atomic uint32_t table[CONNECTIONS];
static uint32_t tunnel_of[CONNECTIONS];

struct work {
	struct torture random;
	struct ipm_worker worker;
	uint64_t pkts[CONNECTIONS], drops; /* what it counted */
};

/* Handle a burst in two parts. Between them, the SA that the worker looked up may be stopped. */
static void
count_a_burst(struct work *me)
{
	uint32_t sa[CONNECTIONS];
	for (int i = 0; i < CONNECTIONS; i++)
		sa[i] = atomic_load_explicit(&table[i], memory_order_acquire);
	for (int n = 0; n < 16; n++) {
		uint32_t i = torture_random(&me->random, CONNECTIONS), pkts = 1 + torture_random(&me->random, 3);
		if (torture_random(&me->random, 256) == 0)
			sched_yield();
		if (sa[i] == 0)
			continue;
		struct ipm_lane lane = ipm_worker_lane(&me->worker, sa[i] - 1);
		ipm_lane_count(lane, pkts, pkts * 100);
		me->pkts[i] += pkts;
		if (n == 0) {
			ipm_lane_drop(lane, IPM_DROP_REPLAY, 1);
			me->drops++;
		}
	}
}

static void *
work_at_random(void *arg)
{
	struct work *me = arg;
	bool joined = ipm_worker_join(ipm_writer_fast(writer), &me->worker) >= 0;
	for (int burst = 0; burst < BURSTS && joined; burst++) {
		count_a_burst(me);
		switch (torture_random(&me->random, 16)) {
		case 0:
			ipm_worker_leave(&me->worker);
			joined = ipm_worker_join(ipm_writer_fast(writer), &me->worker) >= 0;
			break;
		case 1:
			ipm_worker_offline(&me->worker);
			sched_yield();
			ipm_worker_online(&me->worker);
			break;
		default:
			ipm_worker_quiescent(&me->worker);
		}
	}
	EXPECT(joined); /* each worker has a lane */
	if (joined)
		ipm_worker_leave(&me->worker);
	at_work--;
	return NULL;
}

/* Make before break: remove the old SA from the table before stopping it. */
static void
rekey(uint32_t i)
{
	struct ipm_sa sa = {
		.direction = IPM_IN, .protocol = 50, .proposal = { .encr = IPM_ENCR_AES_GCM_16 }, .engine = 1
	};
	uint32_t old = table[i];
	int slot = ipm_sa_start(writer, tunnel_of[i], &sa);
	if (slot < 0)
		return; /* all free slots wait for the workers */
	atomic_store_explicit(&table[i], (uint32_t)slot + 1, memory_order_release);
	if (old)
		ipm_sa_stop(writer, old - 1);
}

static void
connect_anew(uint32_t i)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	tunnel_of[i] = (uint32_t)ipm_tunnel_start(writer, &tunnel);
	rekey(i);
}

static void
disconnect(uint32_t i)
{
	table[i] = 0;
	ipm_tunnel_stop(writer, tunnel_of[i], IPM_REASON_NORMAL);
	tunnel_of[i] = UINT32_MAX;
}

/* Wait for the workers. */
static void
rekey_and_retire_at_random(struct torture *random)
{
	while (at_work > 1) {
		uint32_t i = torture_random(random, CONNECTIONS);
		if (tunnel_of[i] == UINT32_MAX)
			connect_anew(i);
		else if (i < KEPT || torture_random(random, 3))
			rekey(i);
		else
			disconnect(i);
		if (torture_random(random, 4) == 0)
			ipm_writer_commit(writer);
		if (torture_random(random, 4) == 0)
			sched_yield();
	}
	ipm_writer_commit(writer);
	at_work--;
}

static void
expect_every_packet(const struct work *work)
{
	const struct ipm_segment *seg = ipm_writer_segment(writer);
	struct ipm_totals totals;
	uint64_t pkts[CONNECTIONS] = { 0 }, all = 0, drops = 0;

	for (uint32_t n = 0; n < WORKERS; n++) {
		for (uint32_t i = 0; i < CONNECTIONS; i++) {
			pkts[i] += work[n].pkts[i];
			all += work[n].pkts[i];
		}
		drops += work[n].drops;
	}
	for (uint32_t i = 0; i < KEPT; i++) {
		struct ipm_tunnel tunnel;
		ck_assert_int_eq(ipm_tunnel_read(seg, tunnel_of[i], &tunnel), 0);
		ck_assert_uint_eq(tunnel.in.pkts, pkts[i]);
		ck_assert_uint_eq(tunnel.in.octets, 100 * pkts[i]);
	}
	ck_assert_int_eq(ipm_totals_read(seg, &totals), 0);
	ck_assert_uint_eq(totals.in.pkts, all);
	ck_assert_uint_eq(totals.in.octets, 100 * all);
	ck_assert_uint_eq(totals.in.crypts, all);
	ck_assert_uint_eq(totals.in.drops[IPM_DROP_REPLAY], drops);
	struct ipm_engine engine;
	ck_assert_int_eq(ipm_engine_read(seg, 0, &engine), 0);
	ck_assert_uint_eq(engine.in.pkts, all);
	ck_assert_uint_eq(engine.in.octets, 100 * all);
	ck_assert_uint_eq(engine.in.drops[IPM_DROP_REPLAY], drops);
}

START_TEST(nothing_is_lost_while_sas_come_and_go_under_their_workers)
{
	path_in_scratch(path);
	struct ipm_writer_options opt = { .path = path, .name = "gw", .mode = 0600 };
	struct torture random = { .seed = 0x2545f4914f6cdd1du };
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "engine" };
	struct ipm_error err;

	opt.capacity = (struct ipm_capacity){
		.tunnels = 16, .sas = 32, .events = 64, .history = 8, .failures = 1, .engines = 1, .lanes = WORKERS
	};
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t reader[2], worker[WORKERS];
		struct work work[WORKERS] = { 0 };
		ck_assert_msg(ipm_writer_open(&writer, &opt, &err) == 0, "%s", err.text);
		complaint = NULL;
		sources_restart = false;
		at_work = WORKERS + 1;
		ck_assert_int_eq(ipm_engine_open(writer, &engine), 0);
		for (uint32_t i = 0; i < CONNECTIONS; i++) {
			table[i] = 0;
			connect_anew(i);
		}
		for (uint32_t i = 0; i < 2; i++)
			ck_assert_int_eq(pthread_create(&reader[i], NULL, watch, &readers[READERS - 2 + i]), 0);
		for (uint32_t i = 0; i < WORKERS; i++) {
			work[i].random.seed = ((uint64_t)torture_random(&random, UINT32_MAX) << 32) + i + 1;
			ck_assert_int_eq(pthread_create(&worker[i], NULL, work_at_random, &work[i]), 0);
		}
		rekey_and_retire_at_random(&random);
		for (uint32_t i = 0; i < WORKERS; i++)
			pthread_join(worker[i], NULL);
		for (uint32_t i = 0; i < 2; i++)
			pthread_join(reader[i], NULL);
		ck_assert_msg(complaint == NULL, "round %d, a thread missed: %s", round, complaint);
		expect_every_packet(work);
		ipm_writer_close(writer);
		unlink(path);
	}
}
END_TEST

static Suite *
threads_suite(void)
{
	Suite *s = suite_create("model, threads");
	TCase *tc = tcase_create("threads");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, readers_see_whole_records_and_sums_that_never_go_back, 0, 2);
	suite_add_tcase(s, tc);
	tc = tcase_create("workers");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, nothing_is_lost_while_sas_come_and_go_under_their_workers);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	setenv("CK_FORK", "no", 1); /* the thread sanitizer only sees one process */
	return run_in_scratch("check_ipm_threads", threads_suite());
}
