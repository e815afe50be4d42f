/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_policies.h  The outbound policies of a network namespace, found by the SAs that they want.
 *
 * Only what tells of tunnels is kept: which selectors lead to which peer. Of a policy's templates the first that names
 * addresses counts, or, where none does (transport mode), the addresses of the selectors.
 *
 * Threads: the caller's.
 */
#ifndef XFRM_POLICIES_H
#define XFRM_POLICIES_H

#include <sys/queue.h>

#include "feed_reconcile.h"
#include "xfrm_decode.h"

/** A policy that is kept. */
struct xfrm_rule {
	LIST_ENTRY(xfrm_rule) by_index, by_peer;
	uint32_t index;
	struct feed_seen seen;
	uint32_t reqid, if_id, mark, mark_mask;
	uint8_t protocols;             /* enum xfrm_rule_protocol */
	uint8_t encaps;                /* of all its templates: 1 << enum ipm_encap */
	struct ipm_addr local, remote; /* len 0: any */
	struct ipm_sel_side local_ts, remote_ts;
};
enum xfrm_rule_protocol { XFRM_RULE_ESP = 1, XFRM_RULE_AH = 2, XFRM_RULE_COMP = 4 };

struct xfrm_policies;

/** Of a tunnel, or of a policy for one. Those that name less than both addresses have that of their reqid. */
uint32_t xfrm_peer_hash(uint32_t reqid, const struct ipm_addr *local, const struct ipm_addr *remote);

/** With so many buckets as @p expected policies want. NULL: out of memory. */
struct xfrm_policies *xfrm_policies_new(uint32_t expected);
void xfrm_policies_free(struct xfrm_policies *p);

/** A policy is there. @return it as it is kept, until it goes; NULL when it is none that is kept, or out of memory. */
const struct xfrm_rule *xfrm_policies_put(struct xfrm_policies *p, const struct xfrm_policy *policy);
/** The policy with this index, as it is kept; NULL: there is none. */
const struct xfrm_rule *xfrm_policies_find(const struct xfrm_policies *p, uint32_t index);
/** It is gone. @return true, and what it was, when it was kept. */
bool xfrm_policies_remove(struct xfrm_policies *p, uint32_t index, struct xfrm_rule *was);

/**
 * A dump of all policies begins, and ends; then @p gone is told of each that it did not have. While one comes in,
 * policies that are removed do not come back by it.
 */
void xfrm_policies_begin(struct xfrm_policies *p);
void xfrm_policies_end(struct xfrm_policies *p, void (*gone)(void *arg, const struct xfrm_rule *rule), void *arg);
/** Is this one of a dump that was taken before the policy was removed? */
bool xfrm_policies_outdated(const struct xfrm_policies *p, uint32_t index);

/**
 * The next policy for this SA behind @p after (NULL: the first): its reqid is the SA's, and so are its outer addresses,
 * if it names any.
 */
const struct xfrm_rule *xfrm_policies_next(const struct xfrm_policies *p, uint32_t reqid, const struct ipm_addr *local,
					   const struct ipm_addr *remote, const struct xfrm_rule *after);

/** Do both want the same SA: one of this reqid, between these addresses, by XFRM interface and mark? */
bool xfrm_rule_same(const struct xfrm_rule *a, const struct xfrm_rule *b);
/** The next policy that wants the same SA as @p like, behind @p after (NULL: the first). */
const struct xfrm_rule *
xfrm_policies_same(const struct xfrm_policies *p, const struct xfrm_rule *like, const struct xfrm_rule *after);

#endif
