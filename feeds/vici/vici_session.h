/* SPDX-License-Identifier: ISC */
/**
 * @file vici_session.h  What a session is, from what charon says about an IKE SA and its connection.
 *
 * This is the only place that tells remote access from LAN-to-LAN: see vici_session_kind(). The page for operators is
 * ipsecmon.conf(5), under "connection".
 *
 * Threads:   pure functions.
 */
#ifndef VICI_SESSION_H
#define VICI_SESSION_H

#include "ipm_segment.h"
#include "vici_decode.h"

/** The key "session" in ipsecmon.conf. */
enum vici_session_setting { VICI_SESSION_AUTOMATIC, VICI_SESSION_REMOTE_ACCESS, VICI_SESSION_LAN_TO_LAN };

/** What a connection says about the sessions of its IKE SAs. */
struct vici_session_conn {
	uint8_t user_is;           /* enum ipm_user_is: EAP or XAUTH, if a user must authenticate */
	uint8_t setting;           /* enum vici_session_setting */
	bool any_peer;             /* the peer may have any address */
	char method[IPM_NAME_MAX]; /* how the user authenticates */
};

/** From a message list-conn. The setting is not touched. */
void vici_session_conn_fill(struct vici_session_conn *out, const struct vici_conn *conn);

/**
 * A session is remote access if a user authenticates (EAP, XAUTH), if the peer got a virtual address from us, or if we
 * answer a peer of any address. Otherwise it is LAN-to-LAN. The setting of the connection overrides this.
 */
enum ipm_session_kind vici_session_kind(const struct vici_session_conn *conn, const struct vici_ike *ike);

/** Fill in all that charon says. @p sa: the record of the IKE SA, in @p slot. */
void vici_session_fill(struct ipm_session *session, const struct vici_session_conn *conn, const struct vici_ike *ike,
		       const struct ipm_ike_sa *sa, uint32_t slot);

/**
 * Does @p next continue the session @p before, whose IKE SA has ended, or still exists (@p alive)? It must be of the
 * same user, identity and connection, and have the same virtual addresses. Without these, it must come from the same
 * address and, if the other IKE SA still exists, from the same port.
 */
bool vici_session_continues(const struct ipm_session *before, const struct ipm_session *next, bool alive);

#endif
