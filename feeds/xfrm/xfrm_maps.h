/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_maps.h  Outbound policies that want SAs, told to the model: crypto map entries.
 *
 * The policies that want the same SA, of one reqid between the same addresses, by XFRM interface and mark, are one
 * entry; those to one peer are a crypto map. The names follow from these alone, so that they are the same in the next
 * run: map "xfrm-PEER" ("xfrm@NETNS-PEER" in another network namespace), entry "reqid-N-LOCAL", "any-LOCAL" without a
 * reqid.
 *
 * An IKE daemon's feed tells of the same with more words. Its word counts: policies whose tunnel it has named, or whose
 * selectors and peer an entry of its has, make no entry here, whoever was first.
 *
 * No input or output here but the model and struct feed_host.
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
	/** Has another feed named a tunnel of this policy's? */
	bool (*claimed)(void *arg, const struct xfrm_rule *rule);
	/** There is an entry for such policies now: tunnels may be tied to it. */
	void (*made)(void *arg, const struct xfrm_rule *rule);
};

/** All that it is given outlives it. NULL: out of memory. */
struct xfrm_maps *xfrm_maps_new(struct ipm_writer *writer, uint32_t feed, const struct feed_host *host,
				const struct xfrm_policies *policies, const struct xfrm_maps_ops *ops);
void xfrm_maps_free(struct xfrm_maps *m);

/** This policy has come, changed, or gone. */
void xfrm_maps_changed(struct xfrm_maps *m, const struct xfrm_rule *rule, uint64_t now_ns);
/** Something changed that may concern any of them. */
void xfrm_maps_doubt(struct xfrm_maps *m);
/** All policies there are have been told of: entries of an earlier run that have none go with the next settling. */
void xfrm_maps_complete(struct xfrm_maps *m);

/**
 * Make it true: entries come and go. @p patience_ns: so long an IKE daemon's feed may take to tell of a policy.
 * @p key_type: enum ipm_key_type, of those that nobody else tells of.
 */
void xfrm_maps_settle(struct xfrm_maps *m, uint64_t now_ns, uint64_t patience_ns, uint8_t key_type);

/** The slot of this policy's entry, or -ENOENT. */
int xfrm_maps_slot(const struct xfrm_maps *m, const struct xfrm_rule *rule);

#endif
