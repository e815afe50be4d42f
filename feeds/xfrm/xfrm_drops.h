/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_drops.h  What the kernel has dropped in a network namespace, told to the model by reason.
 *
 * Two sources count the same packets: an SA those that it has failed (replays, integrity), and xfrm_stat all of them,
 * with a line for each kind. What SAs told of is not counted again.
 *
 * Packets that found no SA are told of by interface, too: xfrm_stat says how many, and the SAs that the kernel asked
 * for meanwhile, where they were to go.
 *
 * Threads: the caller's.
 */
#ifndef XFRM_DROPS_H
#define XFRM_DROPS_H

#include <stdbool.h>

#include "feed_host.h"
#include "ipm_writer.h"
#include "xfrm_stat.h"

/** What is kept in ipm_feed.kept from one run to the next. */
struct xfrm_kept {
	uint64_t begun;                   /* 1: the rest is valid */
	uint64_t stat[XFRM_STAT_COUNT];   /* as they were last added to the totals */
	uint64_t auth_fails, replays;     /* that SAs told of */
	uint64_t proto_rest, replay_rest; /* the rest of the two lines that also count those, as added to the totals */
};
_Static_assert(sizeof(struct xfrm_kept) <= sizeof(((struct ipm_feed *)0)->kept), "ipm_feed.kept has room for it");

#define XFRM_ASKED_MAX 64

struct xfrm_drops {
	struct ipm_writer *w;
	uint32_t feed;
	struct feed_host host;
	struct xfrm_kept *kept;
	/* For whom the kernel has wanted an SA since the last look, or still does. */
	struct xfrm_asked {
		struct ipm_addr peer;
		struct ipm_interface way; /* ifindex 0: not known */
		bool larval;              /* the dump that is coming in has a larval SA for it */
	} asked[XFRM_ASKED_MAX];
	uint32_t asked_count;
	bool asked_more;  /* than fit */
	uint64_t told_ns; /* when packets for unknown SPIs were told of last */
};

/** The kernel wants an SA with this peer. @p larval: by a larval SA in a dump, so that its packets are still dropped.
 */
void xfrm_drops_asked(struct xfrm_drops *d, const struct ipm_addr *peer, bool larval);

/**
 * The lines as they were read before a dump of all SAs that has come in meanwhile: so no drop is in them that its SA
 * has not told of, too.
 */
void xfrm_drops_stat(struct xfrm_drops *d, const uint64_t stat[XFRM_STAT_COUNT], uint64_t now_ns);

/** What can be told of drops, for ipm_feed.drops: of an SA, and with @p stat what xfrm_stat has a line for. */
uint64_t xfrm_drops_told(bool stat);

/** One kind of failure is told no more often. */
#define XFRM_FAILURE_NS (60 * 1000000000ull)

#endif
