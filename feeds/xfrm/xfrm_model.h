/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_model.h  What the kernel says of its SAs and policies, told to the model.
 *
 * The kernel knows SAs, not tunnels. SAs of one network namespace are one tunnel when they have reqid, outer
 * addresses, XFRM interface and mark in common, and, where reqid is 0, their own selectors: those that serve the same
 * policies. So a rekey keeps its tunnel, whoever keyed it. Selectors are those of the outbound policies.
 *
 * Several witnesses: an SA is known by destination, protocol and SPI. What an IKE daemon's feed knows of it, names,
 * IKE SA, why it ended, that feed puts into the tunnel's record (ipm_tunnel.named_by); counters, lifetimes and
 * algorithms are the kernel's. A tunnel that such a feed made before the kernel's was there is taken over with its
 * index. Outbound policies are crypto map entries where no such feed has configured them (xfrm_maps.h). A tunnel has
 * ended when its SAs are gone and no IKE daemon claims it; claimed but without SAs it is held.
 *
 * No input or output here but the model and struct feed_host: it can be tested with structs alone.
 * Threads: the caller's.
 */
#ifndef XFRM_MODEL_H
#define XFRM_MODEL_H

#include "ipm_writer.h"
#include "xfrm_decode.h"
#include "xfrm_drops.h"

struct xfrm_model;

/** Takes up the records that feed @p feed left in the segment. @p kept lives as long. NULL: out of memory. */
struct xfrm_model *
xfrm_model_new(struct ipm_writer *writer, uint32_t feed, const struct feed_host *host, struct xfrm_kept *kept);
void xfrm_model_free(struct xfrm_model *m);

/** A dump of all SAs or policies begins, or has come to its end: then what it did not have is gone. */
void xfrm_model_sas_begin(struct xfrm_model *m);
/** @return true when it has to be read again: while it came in all SAs were flushed, so what it told is of no use */
bool xfrm_model_sas_end(struct xfrm_model *m);
void xfrm_model_policies_begin(struct xfrm_model *m);
bool xfrm_model_policies_end(struct xfrm_model *m);

/** A message, of a dump or by itself. */
void xfrm_model_message(struct xfrm_model *m, const struct xfrm_msg *msg, bool dumped);

/** Call it after a batch of messages, and now and then: what policies have changed goes to tunnels and entries now. */
void xfrm_model_settle(struct xfrm_model *m);

/** As xfrm_drops_stat(). */
void xfrm_model_stat(struct xfrm_model *m, const uint64_t stat[XFRM_STAT_COUNT]);

/**
 * Is a feed connected that knows of every SA of the IKE daemon in this namespace? What it does not claim has been keyed
 * by hand. Without one, SAs count as IKE's when a daemon shows itself there, by the policies of its sockets.
 */
void xfrm_model_ike_known(struct xfrm_model *m, bool known);
/** So long that feed may take to tell what it has configured, before a policy is told of here. */
void xfrm_model_patience(struct xfrm_model *m, uint64_t ns);

/**
 * The crypto engine of this namespace's SAs: the kernel, and what is to be said of its version. Devices that take its
 * work are engines of their own.
 */
void xfrm_model_engine(struct xfrm_model *m, const char *name, const char *version);
/** Has a tunnel come up that may be an IKE daemon's, which the last dump of policies has not shown? */
bool xfrm_model_wants_policies(const struct xfrm_model *m);

/** SAs that are in the model. */
uint32_t xfrm_model_sas(const struct xfrm_model *m);

#endif
