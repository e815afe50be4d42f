/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_model.h  Keep the model in line with the kernel's SAs and policies.
 *
 * The kernel knows SAs, not tunnels. SAs of one network namespace form a tunnel when they serve the same policies: they
 * have the same reqid, outer addresses, XFRM interface and mark and, if the reqid is 0, the same selectors of their
 * own. So a rekey keeps its tunnel, whoever keyed it. The tunnel's selectors are those of the outbound policies.
 *
 * Several feeds may know an SA: destination, protocol and SPI identify it. Counters, lifetimes and algorithms are the
 * kernel's. Names, IKE SA and the reason of its end come from the feed of the IKE daemon, which puts them into the
 * tunnel's record (ipm_tunnel.named_by). If that feed made the tunnel first, this feed takes it over with its index.
 * Outbound policies are crypto map entries unless that feed has them (xfrm_maps.h). A tunnel ends when its SAs are gone
 * and no IKE daemon claims it. A claimed tunnel without SAs is held.
 *
 * No input or output but the model and struct feed_host: tests use structs alone.
 * Threads: the caller's.
 */
#ifndef XFRM_MODEL_H
#define XFRM_MODEL_H

#include "ipm_writer.h"
#include "xfrm_decode.h"
#include "xfrm_drops.h"

struct xfrm_model;

/** Continues with the records that feed @p feed left in the segment. @p kept must outlive it. NULL: out of memory. */
struct xfrm_model *
xfrm_model_new(struct ipm_writer *writer, uint32_t feed, const struct feed_host *host, struct xfrm_kept *kept);
void xfrm_model_free(struct xfrm_model *m);

/** A dump of all SAs or policies begins, or has ended: what it did not have is gone. */
void xfrm_model_sas_begin(struct xfrm_model *m);
/** @return true if all SAs were flushed while the dump came in: it is useless, and must be read again */
bool xfrm_model_sas_end(struct xfrm_model *m);
void xfrm_model_policies_begin(struct xfrm_model *m);
bool xfrm_model_policies_end(struct xfrm_model *m);

/** A message from a dump, or an event. */
void xfrm_model_message(struct xfrm_model *m, const struct xfrm_msg *msg, bool dumped);

/** Apply changed policies to tunnels and entries. Call it after a batch of messages, and at each poll. */
void xfrm_model_settle(struct xfrm_model *m);

/** As xfrm_drops_stat(). */
void xfrm_model_stat(struct xfrm_model *m, const uint64_t stat[XFRM_STAT_COUNT]);

/**
 * Is a feed connected that knows every SA of the IKE daemon in this namespace? Then SAs that it does not claim are
 * keyed by hand. Without such a feed, SAs count as IKE's if an IKE daemon shows itself by the policies of its sockets.
 */
void xfrm_model_ike_known(struct xfrm_model *m, bool known);
/** How long to wait for that feed's entries before a policy gets an entry of ours. */
void xfrm_model_patience(struct xfrm_model *m, uint64_t ns);

/** Name the crypto engine of this namespace's SAs: the kernel. Devices with offload are engines of their own. */
void xfrm_model_engine(struct xfrm_model *m, const char *name, const char *version);
/** Has a tunnel come up that may be an IKE daemon's, although the last dump of policies showed no daemon? */
bool xfrm_model_wants_policies(const struct xfrm_model *m);

/** The number of SAs in the model. */
uint32_t xfrm_model_sas(const struct xfrm_model *m);

#endif
