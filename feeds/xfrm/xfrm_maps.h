/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_maps.h  Outbound policies that want SAs, as crypto map entries.
 *
 * Policies that want the same SA (reqid, addresses, XFRM interface and mark) are one entry. Entries for one peer are a
 * crypto map. The names are derived from that alone, so the next run has the same names: map "xfrm-PEER"
 * ("xfrm@NETNS-PEER" in another network namespace), entry "reqid-N-LOCAL", or "any-LOCAL" if the reqid is 0.
 *
 * The feed of an IKE daemon knows more about the same policies, so its entries win: a policy has no entry here if that
 * feed has named its tunnel, or has an entry with its selectors and peer, whichever came first.
 *
 * No input or output but the model and struct feed_host.
 * Threads: the caller's.
 */
#ifndef XFRM_MAPS_H
#define XFRM_MAPS_H

#include "feed_host.h"
#include "ipm_writer.h"
#include "xfrm_policies.h"

struct xfrm_maps;

struct xfrm_maps_ops {
	void *arg;
	/** Has another feed named a tunnel of this policy? */
	bool (*claimed)(void *arg, const struct xfrm_rule *rule);
	/** This policy has an entry now: tie its tunnels to it. */
	void (*made)(void *arg, const struct xfrm_rule *rule);
};

/** All arguments must outlive it. NULL: out of memory. */
struct xfrm_maps *xfrm_maps_new(struct ipm_writer *writer, uint32_t feed, const struct feed_host *host,
				const struct xfrm_policies *policies, const struct xfrm_maps_ops *ops);
void xfrm_maps_free(struct xfrm_maps *m);

/** This policy is new, changed, or gone. */
void xfrm_maps_changed(struct xfrm_maps *m, const struct xfrm_rule *rule, uint64_t now_ns);
/** Look at all policies again: something changed that may concern any of them. */
void xfrm_maps_doubt(struct xfrm_maps *m);
/** All policies are known: the next xfrm_maps_settle() removes an earlier run's entries that have none. */
void xfrm_maps_complete(struct xfrm_maps *m);

/**
 * Make it true: entries come and go. @p patience_ns: so long an IKE daemon's feed may take to tell of a policy.
 * @p key_type: enum ipm_key_type, of those that nobody else tells of.
 */
void xfrm_maps_settle(struct xfrm_maps *m, uint64_t now_ns, uint64_t patience_ns, uint8_t key_type);

/** The slot of this policy's entry, or -ENOENT. */
int xfrm_maps_slot(const struct xfrm_maps *m, const struct xfrm_rule *rule);

#endif
