/* SPDX-License-Identifier: ISC */
/* What a session is, from what charon says about an IKE SA and its connection. */
#include "vici_session.h"

#include <stdio.h>
#include <string.h>

void
vici_session_conn_fill(struct vici_session_conn *out, const struct vici_conn *conn)
{
	out->user_is = conn->user_is;
	out->any_peer = conn->peers == 0 && !conn->peer_named;
	memcpy(out->method, conn->method, sizeof(out->method));
}

/* Does the user authenticate to us? As initiator we are the one who authenticates by EAP or XAUTH. */
static uint8_t
user_of(const struct vici_session_conn *conn, const struct vici_ike *ike)
{
	return ike->eap_id[0]     ? IPM_USER_EAP
	       : ike->xauth_id[0] ? IPM_USER_XAUTH
	       : ike->initiator   ? IPM_USER_UNKNOWN
				  : conn->user_is;
}

enum ipm_session_kind
vici_session_kind(const struct vici_session_conn *conn, const struct vici_ike *ike)
{
	if (conn->setting == VICI_SESSION_REMOTE_ACCESS)
		return IPM_SESSION_REMOTE_ACCESS;
	if (conn->setting == VICI_SESSION_LAN_TO_LAN)
		return IPM_SESSION_LAN_TO_LAN;
	return user_of(conn, ike) || ike->remote_vips || (conn->any_peer && !ike->initiator) ? IPM_SESSION_REMOTE_ACCESS
											     : IPM_SESSION_LAN_TO_LAN;
}

static void
user_fill(struct ipm_session *s, const struct vici_session_conn *conn, const struct vici_ike *ike,
	  const struct ipm_ike_sa *sa)
{
	uint8_t user = user_of(conn, ike);
	bool cert = sa->auth == IPM_AUTH_PUBKEY || (sa->auth >= IPM_AUTH_RSA && sa->auth <= IPM_AUTH_EDDSA);
	/* Charon leaves out an EAP identity that equals the IKE identity. */
	const char *name = ike->eap_id[0] ? ike->eap_id : ike->xauth_id[0] ? ike->xauth_id : ike->remote_id;

	s->has_user = user != IPM_USER_UNKNOWN;
	s->user_is = user ? user : cert && strchr(ike->remote_id, '=') ? IPM_USER_CERTIFICATE : IPM_USER_IDENTITY;
	if (user == IPM_USER_XAUTH && !ike->xauth_id[0])
		name = "";
	snprintf(s->user, sizeof(s->user), "%s", name);
	snprintf(s->method, sizeof(s->method), "%s", user ? conn->method : "");
}

void
vici_session_fill(struct ipm_session *s, const struct vici_session_conn *conn, const struct vici_ike *ike,
		  const struct ipm_ike_sa *sa, uint32_t slot)
{
	s->kind = (uint8_t)vici_session_kind(conn, ike);
	s->state = sa->held                        ? IPM_SESSION_HELD
		   : sa->state == IPM_IKE_DELETING ? IPM_SESSION_TERMINATING
						   : IPM_SESSION_UP;
	s->version = sa->version;
	s->auth = sa->auth;
	s->ike_slot = slot;
	s->ike_index = sa->index;
	s->feed = sa->feed;
	s->local = sa->local;
	s->remote = sa->remote;
	s->local_port = sa->local_port;
	s->remote_port = sa->remote_port;
	s->virtuals = ike->remote_vips;
	s->local_virtuals = ike->local_vips;
	memcpy(s->virtual_addr, ike->remote_vip, sizeof(s->virtual_addr));
	memcpy(s->local_virtual, ike->local_vip, sizeof(s->local_virtual));
	if (s->started_ns == 0)
		s->started_ns = sa->created_ns;
	snprintf(s->group, sizeof(s->group), "%s", sa->conn);
	snprintf(s->peer_id, sizeof(s->peer_id), "%s", ike->remote_id);
	user_fill(s, conn, ike, sa);
}

bool
vici_session_continues(const struct ipm_session *before, const struct ipm_session *next, bool alive)
{
	if (before->feed != next->feed || before->kind != next->kind || strcmp(before->group, next->group) != 0 ||
	    strcmp(before->user, next->user) != 0 || strcmp(before->peer_id, next->peer_id) != 0)
		return false;
	/* With IKEv1, the virtual address comes after the IKE SA: that of the ended session decides nothing yet. */
	if (before->virtuals && next->virtuals)
		return before->virtuals == next->virtuals &&
		       memcmp(before->virtual_addr, next->virtual_addr, sizeof(before->virtual_addr)) == 0;
	return ipm_addr_same(&before->remote, &next->remote) && (!alive || before->remote_port == next->remote_port);
}
