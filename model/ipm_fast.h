/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_fast.h  The fast path: counting packets from a data plane.
 *
 * A *worker* is a thread that has a *lane*: pages of the segment with a counter for each SA. The thread may belong to
 * the process that writes the segment, or to another one. Only the worker counts in its lane, so a load and a store are
 * enough: no locked instruction, no cache line that two workers write. Readers add up the lanes of an SA.
 *
 * A lane has two vectors. The first has packets and octets, 16 octets for each SA. The second has drops. So with 10,000
 * SAs a worker needs only 160 kilobytes of its caches.
 *
 * The data plane has its own table of SAs, which contains the slots from ipm_sa_start(). Three rules:
 *
 *   1. The data plane removes an SA from its table before the writer calls ipm_sa_stop().
 *   2. Each worker calls ipm_worker_quiescent() between bursts, when it holds no SA from the table.
 *   3. Each worker calls ipm_worker_offline() before it sleeps, and ipm_worker_online() afterwards.
 *
 * A stopped SA keeps its slot until each worker has been quiescent or offline. Until then, ipm_writer_commit() adds
 * late counts to its tunnel and the totals: nothing is lost, and nothing goes to another SA. A worker that uses a
 * struct ipm_lane from the table holds that SA.
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
 * Errors:    functions that count, and those of rules 2 and 3, cannot fail and check nothing: a wrong slot or reason
 *            corrupts memory. The others return 0 or a negative errno.
 * Threads:   one worker per lane, any number of readers. A count is never torn and never goes back. A worker that ends
 *            without ipm_worker_leave() keeps its lane until its process ends.
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
 * C++ has no _Atomic, so shared fields have plain types. Access them only with the __atomic builtins of GCC and clang.
 */

/** One worker's counts for one SA: four of these fit into a cache line. */
struct ipm_count {
	ipm_u64 octets __attribute__((aligned(16)));
	ipm_u64 pkts;
};

/** One worker's drops for one SA, by reason, and the highest sequence number: ipm_lane_seq(). */
struct ipm_drops {
	ipm_u64 pkts[IPM_DROP_COUNT];
	ipm_u64 seq;
};

/** Where one worker counts for one SA. NULL and NULL: nowhere. */
struct ipm_lane {
	struct ipm_count *count;
	struct ipm_drops *drops;
};

/**
 * The first cache line of a lane: the state of its worker. Then come a struct ipm_count for each slot of an SA and,
 * from the next cache line on, a struct ipm_drops for each.
 */
struct ipm_worker_line {
	/* The worker's process: start time and pid; 0: the lane is free. */
	ipm_u64 owner __attribute__((aligned(IPM_CACHE_LINE)));
	ipm_u64 quiescent; /* the writer's epoch when it last held no SA; 0: it is offline */
};

#if __GCC_ATOMIC_LLONG_LOCK_FREE != 2
#error "lanes are shared between processes: 64-bit loads and stores must take no lock"
#endif

/** The lanes of a segment, mapped for writing. */
struct ipm_fast;

/** A thread that counts. Only the functions below use the members. */
struct ipm_worker {
	struct ipm_lane lane; /* where it counts for the SA in slot 0 */
	const ipm_u64 *epoch;
	struct ipm_worker_line *line;
};

/**
 * Map the lanes of the segment @p path in a process that is not its writer. Only the lanes are mapped for writing; no
 * lock is taken. The process must be allowed to write the file: as the writer's user, or by its group and a mode like
 * 0660. It must be in the writer's pid namespace, so that the writer can see whether the process has ended.
 *
 * Ownership: *out is the caller's. Close it with ipm_fast_close() after its workers have left.
 * Errors:    those of ipm_segment_attach(); -ENOTSUP: the segment has no lanes; -ESTALE: it has just been replaced.
 */
int ipm_fast_attach(struct ipm_fast **out, const char *path, struct ipm_error *err);
void ipm_fast_close(struct ipm_fast *fast);

/**
 * The segment, for reading. When ipm_segment_stale() says that the file was replaced, counts no longer reach readers.
 * The segment lives as long as @p fast.
 */
const struct ipm_segment *ipm_fast_segment(const struct ipm_fast *fast);

/**
 * Take a lane for the calling thread. The thread is now online; call this before looking up an SA. After fork(), a
 * child takes its own lane.
 *
 * Errors:    the lane's number, or -EBUSY: live processes have all lanes.
 */
int ipm_worker_join(const struct ipm_fast *fast, struct ipm_worker *worker);

/** Give the lane back. Its counts stay. */
void ipm_worker_leave(struct ipm_worker *worker);

/** Where the worker counts for the SA in slot @p sa. */
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

/** Count @p pkts packets with @p octets octets in total: one packet, or all of a burst for this SA. */
static inline void
ipm_lane_count(struct ipm_lane lane, uint64_t pkts, uint64_t octets)
{
	ipm_lane_add(&lane.count->pkts, pkts);
	ipm_lane_add(&lane.count->octets, octets);
}

/** Count @p pkts dropped packets. Don't count them with ipm_lane_count() too. */
static inline void
ipm_lane_drop(struct ipm_lane lane, enum ipm_drop why, uint64_t pkts)
{
	ipm_lane_add(&lane.drops->pkts[why], pkts);
}

/**
 * Record the highest sequence number that was sent, or received and authentic. Call it before you send the packet, or
 * before you count and deliver it. After a kill, the next run reads the number with ipm_sa_read(), and can continue: no
 * higher number was sent or accepted.
 */
static inline void
ipm_lane_seq(struct ipm_lane lane, uint64_t seq)
{
	__atomic_store_n(&lane.drops->seq, seq, __ATOMIC_RELAXED);
	/* This only has to survive a kill of the process: it is enough that the compiler keeps the order. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/** Report that this worker holds no SA now. Call it between bursts. */
static inline void
ipm_worker_quiescent(const struct ipm_worker *worker)
{
	/* We see every change of the tables before this epoch. Whoever reads our epoch sees all our counts. */
	uint64_t now = __atomic_load_n(worker->epoch, __ATOMIC_ACQUIRE);
	__atomic_store_n(&worker->line->quiescent, now, __ATOMIC_RELEASE);
}

/** Enter the offline state: hold no SA, and look up none until ipm_worker_online(). */
static inline void
ipm_worker_offline(const struct ipm_worker *worker)
{
	__atomic_store_n(&worker->line->quiescent, (ipm_u64)0, __ATOMIC_RELEASE);
}

/** Leave the offline state. Call it before looking up an SA. */
static inline void
ipm_worker_online(const struct ipm_worker *worker)
{
	ipm_worker_quiescent(worker);
	/* Either the writer sees us online, or we see which SAs were removed from the tables before it looked. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
