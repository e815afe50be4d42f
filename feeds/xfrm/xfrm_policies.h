/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_policies.h  The outbound policies of a network namespace, found by the SAs that they want.
 *
 * Only what concerns tunnels is kept: which selectors lead to which peer. The addresses are those of the first template
 * that has some or, if none has (transport mode), those of the selectors.
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

/** The hash of a tunnel, or of a policy for one. Unless both addresses are given, it is that of the reqid alone. */
uint32_t xfrm_peer_hash(uint32_t reqid, const struct ipm_addr *local, const struct ipm_addr *remote);

/** @p expected: how many policies to plan for. NULL: out of memory. */
struct xfrm_policies *xfrm_policies_new(uint32_t expected);
void xfrm_policies_free(struct xfrm_policies *p);

/** Keep this policy. @return what is kept of it, valid until it goes; NULL: it makes no SAs, or out of memory */
const struct xfrm_rule *xfrm_policies_put(struct xfrm_policies *p, const struct xfrm_policy *policy);
/** What is kept of the policy with this index; NULL: nothing. */
const struct xfrm_rule *xfrm_policies_find(const struct xfrm_policies *p, uint32_t index);
/** It is gone. @return true, and what it was, if it was kept. */
bool xfrm_policies_remove(struct xfrm_policies *p, uint32_t index, struct xfrm_rule *was);

/** A dump of all policies begins, and ends: @p gone is called for each policy that it did not have. */
void xfrm_policies_begin(struct xfrm_policies *p);
void xfrm_policies_end(struct xfrm_policies *p, void (*gone)(void *arg, const struct xfrm_rule *rule), void *arg);
/** All are gone; @p gone is called for each. @return true: a dump is coming in, and the rest of it is out of date. */
bool xfrm_policies_flush(struct xfrm_policies *p, void (*gone)(void *arg, const struct xfrm_rule *rule), void *arg);
/** Was the policy removed after the kernel made the dump that is coming in? */
bool xfrm_policies_outdated(const struct xfrm_policies *p, uint32_t index);

/** The next policy after @p after (NULL: the first) with this SA's reqid and, if it has any, outer addresses. */
const struct xfrm_rule *xfrm_policies_next(const struct xfrm_policies *p, uint32_t reqid, const struct ipm_addr *local,
					   const struct ipm_addr *remote, const struct xfrm_rule *after);

/** Do both want the same SA: the same reqid, addresses, XFRM interface and mark? */
bool xfrm_rule_same(const struct xfrm_rule *a, const struct xfrm_rule *b);
/** The next policy after @p after (NULL: the first) that wants the same SA as @p like. */
const struct xfrm_rule *
xfrm_policies_same(const struct xfrm_policies *p, const struct xfrm_rule *like, const struct xfrm_rule *after);

#endif
