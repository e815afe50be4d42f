/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_fast.h  The fast path: counting packets from a data plane.
 *
 * A *worker* is a thread that took a *lane*: pages of the segment with room for what it counts of every SA. It
 * belongs to the process that writes the segment, or to another one. Nobody else counts in its lane, so a load and
 * a store are enough: no locked instruction, no cache line that two workers write. Readers add up the lanes of an
 * SA.
 *
 * A lane has two vectors. The first has packets and octets, 16 octets for each SA, the second has drops: with 10,000
 * SAs a worker keeps 160 kilobytes in its caches, and drops do not get in the way.
 *
 * A worker finds SAs in the data plane's own table, by the slot that ipm_sa_start() gave. Three rules:
 *
 *   1. The data plane first takes an SA out of its table, and then has the writer call ipm_sa_stop().
 *   2. Between bursts, when it holds no SA that it got from the table, each worker calls ipm_worker_quiescent().
 *   3. Before it sleeps or waits for long, it calls ipm_worker_offline(), and afterwards ipm_worker_online().
 *
 * A stopped SA keeps its slot until each worker has been quiescent since then, or is offline. Until then what is
 * counted into it joins its tunnel and the totals in the writer's next ipm_writer_commit() calls: nothing is lost,
 * and nothing goes to another SA. A struct ipm_lane that the table keeps with an SA counts as a use of that SA.
 *
 *     struct ipm_worker me;
 *     int lane = ipm_worker_join(fast, &me);
 *     for (;;) {
 *             for each packet of a burst:
 *                     ipm_lane_count(ipm_worker_lane(&me, sa_slot), 1, octets);
 *             ipm_worker_quiescent(&me);
 *     }
 *     ipm_worker_leave(&me);
 *
 * Units:     octets of the protected (inner) packet; packets.
 * Ownership: lanes belong to the segment, a struct ipm_worker to its thread.
 * Errors:    functions that count, and those of rules 2 and 3, cannot fail and check nothing: a slot or reason that
 *            does not exist writes where it must not. The others return 0 or a negative errno.
 * Threads:   one worker for each lane; any number of readers. A count is never torn and never goes back. A worker
 *            that ends without ipm_worker_leave() keeps its lane until its process has ended.
 */
#ifndef IPM_FAST_H
#define IPM_FAST_H

#include "ipm_segment.h"
#include "ipm_types.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what is declared here is what the library exports */

#define IPM_CACHE_LINE 64

/*
 * What several threads share has no _Atomic type, which C++ cannot share with C, but is only touched with the
 * __atomic builtins of GCC and clang, here and in the library.
 */

/** What one worker counted of one SA: four of these are a cache line. */
struct ipm_count {
	ipm_u64 octets __attribute__((aligned(16)));
	ipm_u64 pkts;
};

/** And what it dropped, by reason; and how far it has come with the sequence numbers: ipm_lane_seq(). */
struct ipm_drops {
	ipm_u64 pkts[IPM_DROP_COUNT];
	ipm_u64 seq;
};

/** One worker's lane of one SA; NULL and NULL: none. */
struct ipm_lane {
	struct ipm_count *count;
	struct ipm_drops *drops;
};

/**
 * What the segment knows of the worker that has a lane. It is the first cache line of the lane; behind it are as many
 * struct ipm_count as there may be SAs, and from the next cache line on as many struct ipm_drops.
 */
struct ipm_worker_line {
	/* Its process: start time and pid; 0: the lane is free. */
	ipm_u64 owner __attribute__((aligned(IPM_CACHE_LINE)));
	ipm_u64 quiescent; /* the writer's epoch when it last held no SA; 0: it is offline */
};

#if __GCC_ATOMIC_LLONG_LOCK_FREE != 2
#error "lanes are shared between processes: 64-bit loads and stores must take no lock"
#endif

/** The lanes of a segment, writable. */
struct ipm_fast;

/** A thread that counts. The members are for the functions below. */
struct ipm_worker {
	struct ipm_lane lane; /* its own, of the SA in slot 0 */
	const ipm_u64 *epoch;
	struct ipm_worker_line *line;
};

/**
 * The lanes of the segment @p path, for a process of the data plane that is not its writer. Only the lanes are
 * mapped for writing, everything else read-only; no lock is taken. The process needs the right to write the file:
 * the same user as the writer's, or its group and a mode like 0660. It must be in the writer's pid namespace, where
 * it is looked for when it falls silent.
 *
 * Ownership: *out is the caller's, to be given back with ipm_fast_close() when its workers have left.
 * Errors:    those of ipm_segment_attach(); -ENOTSUP: the segment has no lanes; -ESTALE: it has just been replaced.
 */
int ipm_fast_attach(struct ipm_fast **out, const char *path, struct ipm_error *err);
void ipm_fast_close(struct ipm_fast *fast);

/**
 * The segment, for reading; ipm_segment_stale() tells that it has been replaced, and that what is counted here
 * does not show any more. It lives as long as @p fast.
 */
const struct ipm_segment *ipm_fast_segment(const struct ipm_fast *fast);

/**
 * Take a lane for the calling thread, which is online from then on and must not have looked up an SA before. After
 * fork() a child joins for itself.
 *
 * Errors:    the lane's number, or -EBUSY: all lanes are taken by processes that are alive.
 */
int ipm_worker_join(const struct ipm_fast *fast, struct ipm_worker *worker);

/** Give the lane back. What was counted in it stays. */
void ipm_worker_leave(struct ipm_worker *worker);

/** The worker's lane of the SA in slot @p sa. */
static inline struct ipm_lane
ipm_worker_lane(const struct ipm_worker *worker, uint32_t sa)
{
	struct ipm_lane lane = { worker->lane.count + sa, worker->lane.drops + sa };
	return lane;
}

static inline void
ipm_lane_add(ipm_u64 *counter, uint64_t amount)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}

/** Count @p pkts packets of @p octets octets in all: one packet, or what a burst has for this SA. */
static inline void
ipm_lane_count(struct ipm_lane lane, uint64_t pkts, uint64_t octets)
{
	ipm_lane_add(&lane.count->pkts, pkts);
	ipm_lane_add(&lane.count->octets, octets);
}

/** Count @p pkts packets that were dropped. They are not in ipm_lane_count(). */
static inline void
ipm_lane_drop(struct ipm_lane lane, enum ipm_drop why, uint64_t pkts)
{
	ipm_lane_add(&lane.drops->pkts[why], pkts);
}

/**
 * The highest sequence number that was sent, or received and found authentic. A data plane that wants to go on with
 * its SAs after it was killed calls this before it sends the packet, or counts and delivers it. Then ipm_sa_read()
 * tells the next run a number beyond which nothing was sent or accepted.
 */
static inline void
ipm_lane_seq(struct ipm_lane lane, uint64_t seq)
{
	__atomic_store_n(&lane.drops->seq, seq, __ATOMIC_RELAXED);
	/* A process is killed between two instructions: all that counts is that the compiler keeps their order. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/** Between bursts: this worker holds no SA now. */
static inline void
ipm_worker_quiescent(const struct ipm_worker *worker)
{
	/* Who reads this epoch sees all tables as they were made before it; who reads ours sees all that we counted. */
	uint64_t now = __atomic_load_n(worker->epoch, __ATOMIC_ACQUIRE);
	__atomic_store_n(&worker->line->quiescent, now, __ATOMIC_RELEASE);
}

/** This worker holds no SA, and will take none until it is online. */
static inline void
ipm_worker_offline(const struct ipm_worker *worker)
{
	__atomic_store_n(&worker->line->quiescent, (ipm_u64)0, __ATOMIC_RELEASE);
}

/** It goes on, and may look up SAs again. */
static inline void
ipm_worker_online(const struct ipm_worker *worker)
{
	ipm_worker_quiescent(worker);
	/* Either the writer sees us online, or we see what it took out of the tables before it looked. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
