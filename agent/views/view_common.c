/* SPDX-License-Identifier: ISC */
/* Shared by several views: which rows are shown, their feeds and indexes, and how peers are shown. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mib_convert.h"
#include "views.h"

bool
view_ike_shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_ike_sa *sa = record;
	(void)seg;
	return sa->state != IPM_IKE_NEGOTIATING && !sa->held;
}

bool
view_tunnel_up(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_tunnel *tunnel = record;
	(void)seg;
	return tunnel->state == IPM_TUNNEL_UP;
}

bool
view_tunnel_shown(const struct ipm_segment *seg, uint32_t slot, uint32_t index)
{
	struct ipm_tunnel tunnel;
	int rc = ipm_tunnel_read(seg, slot, &tunnel);
	if (rc == -EAGAIN) /* being written, so the tunnel exists; rows are built again when it ends or is held */
		return true;
	return rc == 0 && tunnel.index == index && view_tunnel_up(seg, &tunnel);
}

unsigned
view_tunnel_feeds(const struct ipm_tunnel *tunnel, uint32_t *slots)
{
	slots[0] = tunnel->feed;
	slots[1] = tunnel->named_by - 1;
	return tunnel->named_by ? 2 : 1;
}

/* --- indexes ------------------------------------------------------------------------------------------------ */

unsigned
view_index_key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = *(const uint32_t *)cell->record;
	return 1;
}

unsigned
view_gateway_key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = cell->gateway; /* cmgwIndex */
	return 1;
}

/* Write a text as part of an index: its length, then its characters. */
static unsigned
text_key(const char *text, size_t most, mib_subid *key)
{
	unsigned len = (unsigned)strnlen(text, most);
	key[0] = len;
	for (unsigned i = 0; i < len; i++)
		key[1 + i] = (uint8_t)text[i];
	return 1 + len;
}

unsigned
view_name_key(const char *name, mib_subid *key)
{
	return text_key(name, IPM_NAME_MAX - 1, key);
}

static unsigned
identity_key(const char *id, mib_subid *key)
{
	key[0] = mib_identity_type(id);
	return 1 + text_key(id, IPM_PEER_ID_MAX, key + 1);
}

unsigned
view_peer_key(const char *local_id, const char *remote_id, uint32_t number, mib_subid *key)
{
	unsigned len = identity_key(local_id, key);
	len += identity_key(remote_id, key + len);
	key[len] = number;
	return len + 1;
}

/* --- how peers are shown ------------------------------------------------------------------------------------ */

static void
show_address(const struct ipm_addr *addr, char *id)
{
	if (addr->len > 0)
		inet_ntop(addr->len == 16 ? AF_INET6 : AF_INET, addr->bytes, id, IPM_ID_MAX);
}

/* The user's session; 0: it is not known any more, or the peer may be no user at all. False: the peer is no user. */
static bool
may_be_user(const struct ipm_segment *seg, const struct ipm_ike_sa *sa, uint32_t *index)
{
	struct ipm_session session;
	*index = 0;
	if (!sa->session || ipm_session_read(seg, sa->session - 1, &session) < 0 || session.ike_index != sa->index)
		return true;
	*index = session.index;
	return session.kind != IPM_SESSION_LAN_TO_LAN;
}

static void
hide_user(const struct mib_peers *as, const struct ipm_segment *seg, struct ipm_ike_sa *sa)
{
	uint32_t session;
	if (as->users.shown == USERS_FULL || !may_be_user(seg, sa, &session))
		return;
	users_show(&as->users, session, sa->remote_id, sizeof(sa->remote_id));
	/* Keep peers apart: the numbers only count IKE SAs with the same identities. */
	sa->peer = sa->index;
}

void
view_present_ike(const struct mib_peers *as, const struct ipm_segment *seg, void *ike_sa)
{
	struct ipm_ike_sa *sa = ike_sa;

	hide_user(as, seg, sa);
	if (as->name == MIB_NAME_NONE)
		sa->conn[0] = '\0';
	else if (as->name == MIB_NAME_IDENTITY)
		snprintf(sa->conn, sizeof(sa->conn), "%.*s", (int)sizeof(sa->conn) - 1, sa->remote_id);
	if (!as->by_address)
		return;
	show_address(&sa->local, sa->local_id);
	show_address(&sa->remote, sa->remote_id);
	/* Keep peers behind one address apart: the numbers only count IKE SAs with the same identities. */
	sa->peer = sa->index;
}

void
view_present_ike_history(const struct mib_peers *as, const struct ipm_segment *seg, void *ike_history)
{
	view_present_ike(as, seg, &((struct ipm_ike_history *)ike_history)->sa);
}

void
view_present_failure(const struct mib_peers *as, const struct ipm_segment *seg, void *failure)
{
	struct ipm_failure *f = failure;
	(void)seg;

	users_show(&as->users, 0, f->remote_id, sizeof(f->remote_id));
	if (!as->by_address)
		return;
	show_address(&f->local, f->local_id);
	show_address(&f->remote, f->remote_id);
}
