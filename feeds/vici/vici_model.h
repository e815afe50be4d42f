/* SPDX-License-Identifier: ISC */
/**
 * @file vici_model.h  What charon says, told to the model: which of its SAs belong to which tunnel.
 *
 * Charon names SAs by unique ids, which change at a rekey and start again with charon. Here they are tied to
 * the records that outlive them:
 *   - a CHILD_SA joins the tunnel of the one it rekeys (child-rekey), or of the ones with the same name and
 *     reqid under the same IKE SA;
 *   - an IKE_SA takes over the record of the one it rekeys (ike-rekey), and for IKEv1, where charon tells of
 *     no rekey, of the one with the same connection, identities and addresses;
 *   - after charon was away, SAs take up the records with the same connection, identities, child name and
 *     selectors that it has not told of since: unique ids and reqids may be another charon's.
 * A tunnel lives as long as one of its CHILD_SAs is in use. One that was rekeyed and lingers does not count, unless our
 * own rekey of it still waits for its answer: both sides rekeyed it, and the peer's CHILD_SA may go first.
 * A rekey counts once, however many CHILD_SAs a collision makes.
 *
 * CHILD_SAs whose SPIs another feed knows, the kernel's, are in that feed's tunnels (xfrm_model.h). Those are claimed
 * here, and get their names; when charon has closed its CHILD_SAs they are released, with the reason.
 *
 * IKE_SAs that another feed has a record of, the one that watches the wire (ike_track.h), are found by their SPIs: that
 * record becomes ours, or what it has counted joins the one that the IKE_SA goes on with.
 *
 * No input or output here but the model: it can be tested with structs alone.
 * Threads: the caller's.
 */
#ifndef VICI_MODEL_H
#define VICI_MODEL_H

#include "feed_host.h"
#include "ipm_writer.h"
#include "vici_decode.h"
#include "vici_reason.h"

struct vici_model;

/** Takes up the records that feed @p feed left in the segment. NULL: out of memory. */
struct vici_model *vici_model_new(struct ipm_writer *writer, uint32_t feed);
void vici_model_free(struct vici_model *m);

/** A configured connection and child, from list-conns: what is true of all their SAs. */
void vici_model_conn(struct vici_model *m, const struct vici_conn *conn);
void vici_model_conn_child(struct vici_model *m, const struct vici_conn *conn, const struct vici_conn_child *child);

/** What may be asked of the host, so that tunnels can tell their crypto map entries of interfaces. */
void vici_model_set_host(struct vici_model *m, const struct feed_host *host);
/** SAs that no other feed keeps are on this crypto engine, slot + 1; 0: which one is not known. */
void vici_model_set_engine(struct vici_model *m, uint32_t engine);

/**
 * A list of all SAs begins, and ends. What two lists in a row did not mention is gone, or is held if charon
 * was away lately. One is not enough: while an IKE_SA is rekeyed, its children are listed nowhere.
 *
 * @return true when something is missing for the first time: ask again soon
 */
void vici_model_list_begin(struct vici_model *m);
bool vici_model_list_end(struct vici_model *m);

/** An SA is there: from a list or an event. */
void vici_model_ike(struct vici_model *m, const struct vici_ike *ike);
void vici_model_child(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *child);

/** Events. */
void vici_model_ike_rekey(struct vici_model *m, const struct vici_ike *old, const struct vici_ike *now);
void vici_model_child_rekey(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *old,
			    const struct vici_child *now);
void vici_model_ike_down(struct vici_model *m, const struct vici_ike *ike);
void vici_model_child_down(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *child);

/**
 * Charon says that an IKE SA has reached the end of its life, or that a new one replaces it: it will end for
 * IPM_REASON_NORMAL. It is the one with @p uniqueid, or, if that is 0, the oldest between the peers in @p who.
 */
void
vici_model_ike_retires(struct vici_model *m, uint32_t uniqueid, const struct ipm_failure *who, uint16_t remote_port);

/** Fill in what @p who does not say and what is known of the IKE SA or connection that it names. */
void vici_model_identify(const struct vici_model *m, struct ipm_failure *who);

/** Is an IKE SA up with the peer in @p who: at that address, of that connection and identity, as far as it names them?
 */
bool vici_model_reaches(const struct vici_model *m, const struct ipm_failure *who);

/** Is @p subject who we are in this connection, or the subject of our configured certificate? */
bool vici_model_is_own(const struct vici_model *m, const char *conn, const char *subject);

/**
 * Charon has gone: what is known stays, until @p until_ns at the longest. While it stays away, saying so again
 * does not make it longer.
 */
void vici_model_hold(struct vici_model *m, uint64_t until_ns);
/** Is what is known being held until charon confirms it? */
bool vici_model_holds(const struct vici_model *m);
/**
 * Let go of what has been held for too long, but not while a list is coming in. Call it now and then.
 *
 * @return true when the hold time has just ended
 */
bool vici_model_expire(struct vici_model *m, uint64_t now_ns);

/** Does another feed, the kernel's, keep the SAs of all CHILD_SAs that the last list had? Then it counts, too. */
bool vici_model_is_kept(const struct vici_model *m);

/** Records that found no room so far. */
uint64_t vici_model_refused(const struct vici_model *m);

#endif
