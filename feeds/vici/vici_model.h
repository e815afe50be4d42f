/* SPDX-License-Identifier: ISC */
/**
 * @file vici_model.h  Keep the model in line with charon: which of its SAs belong to which tunnel.
 *
 * Charon names SAs by unique ids. They change at a rekey, and a new charon starts again at 1. This file ties them to
 * records that live longer:
 *   - A CHILD_SA joins the tunnel of the CHILD_SA that it rekeys (child-rekey). Without such an event it joins the
 *     tunnel with the same name and reqid under the same IKE SA.
 *   - An IKE SA takes over the record of the IKE SA that it rekeys (ike-rekey). IKEv1 has no such event: there it takes
 *     over the record with the same connection, identities and addresses.
 *   - After charon was away, SAs take over records with the same connection, identities, child name and selectors that
 *     charon has not confirmed since. Unique ids and reqids don't count then: they may be another charon's.
 * A tunnel lives as long as one of its CHILD_SAs is in use. A rekeyed CHILD_SA that lingers is not in use, unless our
 * own rekey of it still waits for the answer: then both sides rekeyed it, and the peer's CHILD_SA may go first.
 * A rekey counts once, however many CHILD_SAs a collision makes.
 *
 * If the kernel's feed knows the SPIs of a CHILD_SA, the CHILD_SA belongs to that feed's tunnel (xfrm_model.h). This
 * file then claims the tunnel and names it. When charon has closed the CHILD_SAs, it releases the tunnel and says why.
 *
 * If the feed that watches the wire (ike_track.h) has a record with an IKE SA's SPIs, that record becomes ours, or its
 * counts join the record that the IKE SA continues.
 *
 * No input or output but the model: tests use structs alone.
 * Threads: the caller's.
 */
#ifndef VICI_MODEL_H
#define VICI_MODEL_H

#include "feed_host.h"
#include "ipm_writer.h"
#include "vici_decode.h"
#include "vici_reason.h"

struct vici_model;

/** Continues with the records that feed @p feed left in the segment. NULL: out of memory. */
struct vici_model *vici_model_new(struct ipm_writer *writer, uint32_t feed);
void vici_model_free(struct vici_model *m);
/** The slot of its feed. */
uint32_t vici_model_feed(const struct vici_model *m);

/** A configured connection and child, from list-conns: what all their SAs have in common. */
void vici_model_conn(struct vici_model *m, const struct vici_conn *conn);
void vici_model_conn_child(struct vici_model *m, const struct vici_conn *conn, const struct vici_conn_child *child);

/** Where to ask for interfaces, for the crypto map entries of tunnels. */
void vici_model_set_host(struct vici_model *m, const struct feed_host *host);
/** The setting of "session" for a connection, enum vici_session_setting; NULL: all are automatic. */
typedef uint32_t vici_setting(void *arg, const char *conn);
void vici_model_set_sessions(struct vici_model *m, vici_setting *setting, void *arg);
/** The crypto engine of SAs that no other feed keeps, slot + 1; 0: not known. */
void vici_model_set_engine(struct vici_model *m, uint32_t engine);

/**
 * A list of all SAs begins, and ends. What two lists in a row don't have is gone; if charon was away lately, it is
 * held. One list is not enough: while an IKE SA is being rekeyed, charon lists its children nowhere.
 *
 * @return true when something is missing for the first time: ask again soon
 */
void vici_model_list_begin(struct vici_model *m);
bool vici_model_list_end(struct vici_model *m);

/** A list or an event says that an SA is there. */
void vici_model_ike(struct vici_model *m, const struct vici_ike *ike);
void vici_model_child(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *child);

/** Events. */
void vici_model_ike_rekey(struct vici_model *m, const struct vici_ike *old, const struct vici_ike *now);
void vici_model_child_rekey(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *old,
			    const struct vici_child *now);
void vici_model_ike_down(struct vici_model *m, const struct vici_ike *ike);
void vici_model_child_down(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *child);

/**
 * Charon says that an IKE SA has reached the end of its life, or that a new one replaces it: it will end with
 * IPM_REASON_NORMAL. It is the IKE SA with @p uniqueid or, if that is 0, the oldest between the peers in @p who.
 */
void
vici_model_ike_retires(struct vici_model *m, uint32_t uniqueid, const struct ipm_failure *who, uint16_t remote_port);

/** Complete @p who with what is known about the IKE SA or connection that it names. */
void vici_model_identify(const struct vici_model *m, struct ipm_failure *who);

/** Is an IKE SA up with the peer in @p who: its address, and its connection and identity if it names them? */
bool vici_model_reaches(const struct vici_model *m, const struct ipm_failure *who);

/** Are sessions of this connection remote access, whatever virtual addresses they have? Then a failure is a login's. */
bool vici_model_has_logins(const struct vici_model *m, const char *conn, enum ipm_user_is *user_is);

/** Is @p subject our own identity in this connection, or the subject of our configured certificate? */
bool vici_model_is_own(const struct vici_model *m, const char *conn, const char *subject);

/** Charon has gone: keep what is known, but not beyond @p until_ns. See feed_hold(). */
void vici_model_hold(struct vici_model *m, uint64_t until_ns);
/** Is the hold time running? */
bool vici_model_holds(const struct vici_model *m);
/**
 * End what was held for too long, but not while a list is coming in. Call it about once a second.
 *
 * @return true when the hold time has just ended
 */
bool vici_model_expire(struct vici_model *m, uint64_t now_ns);

/** Does the kernel's feed keep, and so count, the SAs of all CHILD_SAs in the last list? */
bool vici_model_is_kept(const struct vici_model *m);

/** Records that did not fit into the segment so far. */
uint64_t vici_model_refused(const struct vici_model *m);

#endif
