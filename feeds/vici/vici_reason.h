/* SPDX-License-Identifier: ISC */
/**
 * @file vici_reason.h  Derive why an IKE SA or a CHILD_SA ended from charon's tasks at that time. Pure functions.
 *
 * Charon's down events name no reason, but the tasks that were active (begun here), passive (begun by the peer)
 * or queued. Measured on both sides with 5.9.8. The first rule that fits decides.
 *
 *   IKE SA, state                      tasks                                     reason
 *   DELETING                           any, and an alert said that its hard      NORMAL
 *                                      lifetime is over (ike-sa-expired) or
 *                                      that a new one replaces it
 *                                      (unique-replace); or the one that was
 *                                      made before the break has
 *                                      IKE_REAUTH_COMPLETE
 *   DELETING                           IKE_REAUTH active                         NORMAL
 *   DELETING                           IKE_DELETE, ISAKMP_DELETE active:         OPERATOR
 *                                      terminate, unload, charon shuts down
 *   DELETING                           IKE_DELETE, INFORMATIONAL passive         PEER_DELETE
 *   ESTABLISHED, REKEYING, REKEYED     something active: its retransmissions     PEER_LOST
 *                                      timed out (DPD or whatever it was)
 *   ESTABLISHED, REKEYING, REKEYED     nothing: IKEv1 DPD timed out, or the      PEER_LOST
 *                                      peer came back with INITIAL_CONTACT
 *   ESTABLISHED, REKEYING, REKEYED     only passive: charon could not serve a    LOCAL_FAILURE
 *                                      request of the peer and gave up
 *   CONNECTING                         (IKEv1 that re-authenticates, with        PEER_LOST
 *                                      children) the peer does not answer
 *   anything else                                                                UNKNOWN
 *
 *   CHILD_SA                                                                     reason
 *   goes down with or behind its IKE SA                                          the IKE SA's
 *   its IKE SA is DELETING                                                       the IKE SA's, by the table above
 *   being deleted, by whomever, with life-time 1 s or less, or past its          NORMAL
 *   volume limits
 *   CHILD_DELETE, QUICK_DELETE active                                            OPERATOR; NORMAL with an IKE SA
 *                                                                                to be deleted as the first rule says
 *   CHILD_DELETE, INFORMATIONAL passive                                          PEER_DELETE
 *   CHILD_REKEY active: the peer answered that it knows no such SA               PEER_LOST
 *   its IKE SA is not DELETING, and none of these tasks                          the IKE SA's, by the table above
 *
 * An SA that vanishes without an event is UNKNOWN. A rekey is no end.
 */
#ifndef VICI_REASON_H
#define VICI_REASON_H

#include "vici_decode.h"

/** What we know about an IKE SA beyond the event. */
struct vici_retired {
	bool ended;             /* it went down just now, ... */
	enum ipm_reason reason; /* ... for this */
	bool replaced;          /* an alert said that it expired or was replaced */
};

enum ipm_reason vici_ike_reason(const struct vici_ike *ike, const struct vici_retired *known);

/** @p volume_over: it has reached a volume limit. */
enum ipm_reason vici_child_reason(const struct vici_ike *ike, const struct vici_retired *known,
				  const struct vici_child *child, bool volume_over);

#endif
