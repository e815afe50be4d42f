/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_lane.h  The fast path: counting packets from a data plane.
 *
 * Every SA has as many lanes as its segment has counting threads. A thread writes only its own lane, so a
 * load and a store are enough: no locked instruction, no shared cache line. Readers add the lanes up.
 *
 * Threads:   one writer for each lane; any number of readers. A count is never torn and never goes back.
 */
#ifndef IPM_LANE_H
#define IPM_LANE_H

#include <stdatomic.h>

#include "ipm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IPM_CACHE_LINE 64

struct ipm_lane {
	_Alignas(IPM_CACHE_LINE) _Atomic uint64_t octets; /* the hot line */
	_Atomic uint64_t pkts;
	_Alignas(IPM_CACHE_LINE) _Atomic uint64_t drops[IPM_DROP_COUNT]; /* the cold ones */
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "lanes are shared between processes");
_Static_assert(sizeof(struct ipm_lane) == 3 * IPM_CACHE_LINE, "a lane is a hot cache line and two cold ones");

static inline void
ipm_lane_add(_Atomic uint64_t *counter, uint64_t amount)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
			      memory_order_relaxed);
}

/** Count @p pkts packets of @p octets octets in all. */
static inline void
ipm_lane_count(struct ipm_lane *lane, uint64_t pkts, uint64_t octets)
{
	ipm_lane_add(&lane->pkts, pkts);
	ipm_lane_add(&lane->octets, octets);
}

static inline void
ipm_lane_drop(struct ipm_lane *lane, enum ipm_drop why, uint64_t pkts)
{
	ipm_lane_add(&lane->drops[why], pkts);
}

#ifdef __cplusplus
}
#endif
#endif
