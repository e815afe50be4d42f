/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_drops.h  Packets that the kernel dropped in a network namespace, by reason.
 *
 * Two sources count the same packets: an SA counts its own failures (replays, integrity), and xfrm_stat has a line per
 * kind with the sum of all. What SAs have counted is not counted again.
 *
 * Packets that found no SA are counted by interface, too. xfrm_stat says how many there were. The SAs that the kernel
 * asked for meanwhile show where they were to go.
 *
 * Threads: the caller's.
 */
#ifndef XFRM_DROPS_H
#define XFRM_DROPS_H

#include <stdbool.h>
#include <stddef.h>

#include "feed_host.h"
#include "ipm_writer.h"
#include "xfrm_stat.h"

/**
 * Kept in ipm_feed.kept from one run to the next, which may be another version. A field keeps its place for good. A
 * line that is added to XFRM_STATS has its count behind `known`.
 */
struct xfrm_kept {
	uint64_t begun;                   /* 1: the rest is valid */
	uint64_t stat[XFRM_STAT_COUNT];   /* as they were last added to the totals */
	uint64_t auth_fails, replays;     /* that SAs have counted */
	uint64_t proto_rest, replay_rest; /* the rest of the two lines that include those, as added to the totals */
	uint64_t known; /* by 1 << enum xfrm_stat: the lines that the version knew; 0: the first XFRM_STAT_FIRST */
};
#define XFRM_STAT_FIRST 34
_Static_assert(offsetof(struct xfrm_kept, auth_fails) == (1 + XFRM_STAT_FIRST) * sizeof(uint64_t),
	       "its place is fixed");
_Static_assert(sizeof(struct xfrm_kept) <= sizeof(((struct ipm_feed *)0)->kept), "ipm_feed.kept has room for it");

#define XFRM_ASKED_MAX 64

struct xfrm_drops {
	struct ipm_writer *w;
	uint32_t feed;
	struct feed_host host;
	struct xfrm_kept *kept;
	/* Peers for which the kernel has wanted an SA since the last look, or still does. */
	struct xfrm_asked {
		struct ipm_addr peer;
		struct ipm_interface way; /* ifindex 0: not known */
		bool larval;              /* the current dump has a larval SA for it */
	} asked[XFRM_ASKED_MAX];
	uint32_t asked_count;
	bool asked_more;  /* than fit */
	uint64_t told_ns; /* when packets for unknown SPIs were last recorded as a failure */
};

/** The kernel wants an SA with this peer. @p larval: a dump has its larval SA, so packets are still being dropped. */
void xfrm_drops_asked(struct xfrm_drops *d, const struct ipm_addr *peer, bool larval);

/**
 * Take the lines of xfrm_stat. They must have been read before a dump of all SAs that has come in since: then SAs have
 * counted all drops that the lines include.
 */
void xfrm_drops_stat(struct xfrm_drops *d, const uint64_t stat[XFRM_STAT_COUNT], uint64_t now_ns);

/** The reasons that can be told, for ipm_feed.drops: those of SAs and, with @p stat, those of xfrm_stat. */
uint64_t xfrm_drops_told(bool stat);

/** One kind of failure is recorded at most this often. */
#define XFRM_FAILURE_NS (60 * 1000000000ull)

#endif
