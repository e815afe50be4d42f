/* SPDX-License-Identifier: ISC */
/* Keep the model in line with charon. */
#include <netinet/in.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_hash.h"
#include "feed_map.h"
#include "feed_reconcile.h"
#include "vici_maps.h"
#include "vici_model.h"
#include "vici_session.h"
#include "units.h"

#define NONE UINT32_MAX

/* Each kind of node begins with the key of its tree. */
struct ike_node {
	uint32_t uid;
	uint32_t slot;
	uint64_t spi; /* the initiator's; a different one means another charon's SA */
	struct feed_seen seen;
	bool superseded; /* another IKE SA speaks for the record; this one waits for its own end, or that of the other
			  */
	bool rekeyed;    /* charon said so: it never speaks for the record again */
	bool replaced;   /* it will end because its lifetime is over or another IKE SA replaces it */
};

/* An IKE SA that went down lately. Its children follow, and have no reason of their own. */
struct ended {
	uint32_t uid;
	enum ipm_reason reason;
};
#define ENDED_KEPT 64

struct child_node {
	uint32_t uid;
	uint32_t tunnel; /* slots */
	uint32_t in, out, comp_in, comp_out;
	uint32_t spi_in;            /* a different one means another charon's SA; 0: not known */
	struct child_node *sibling; /* the next CHILD_SA of the same tunnel */
	uint64_t born;              /* number of the list that was coming in then */
	struct feed_seen seen;
	bool refreshed; /* its rekey was counted: a collision has a second event, for the loser */
	bool up;        /* in use: it may speak for the tunnel */
	bool live;      /* the tunnel lives as long as one of its CHILD_SAs does */
	bool half;      /* its outbound SA is gone */
};

/* IKE records with the same connection and identities: a node for the first; a chain of slots for the others. */
struct peer_node {
	const struct ipm_ike_sa *sa; /* of the first; its strings are the key */
	uint32_t first;
};

struct conn_node {
	char conn[IPM_NAME_MAX], child[IPM_NAME_MAX]; /* child empty: the connection itself */
	uint8_t auth;
	uint64_t ike_ns; /* lifetime of its IKE SAs; 0: no limit */
	uint64_t rekey_octets, rekey_pkts;
	char local_id[IPM_ID_MAX], local_cert[IPM_ID_MAX];
	struct ipm_addr local, peer; /* len 0: any, or several */
	struct vici_session_conn session;
};

/* Notes about an IKE SA, by the slot of its record. NONE ends each chain. */
struct ike_note {
	uint32_t same_peer;     /* slot of the next with the same connection and identities */
	uint32_t next_at;       /* slot of the next whose peer's address has the same hash */
	uint32_t first_tunnel;  /* slot */
	uint32_t sharing;       /* how many of charon's IKE SAs have this record */
	uint32_t moved;         /* index of the IKE SA whose session went to another one; 0: none */
	struct {                /* charon is negotiating it; the record belongs to the feed that watches the wire */
		uint32_t index; /* of the record, because the slot may be used again */
		struct feed_seen seen;
	} half_open;
};

/* Notes about a tunnel, by slot. */
struct tunnel_note {
	uint32_t next; /* slot of the next tunnel of the same IKE SA, or NONE */
	struct child_node *first_child;
};

/* A session whose IKE SA has ended: it may only be reauthenticating. */
struct waiting {
	uint32_t slot, index; /* index 0: free */
	uint64_t until_ns;
	enum ipm_reason reason;
};
#define WAITING_MAX 1024
#define WAITING_NS  (3 * NS_PER_SECOND)

struct vici_model {
	struct ipm_writer *w;
	uint32_t feed;
	struct feed_host host;
	uint32_t engine;                       /* slot + 1 */
	void *ikes, *children, *peers, *conns; /* trees */
	struct ike_note *ike;                  /* by slot */
	struct tunnel_note *tunnel;            /* by slot */
	uint32_t *at_addr;                     /* first IKE slot by the hash of the peer's address; or NONE */
	uint32_t ikes_max;                     /* length of ike and at_addr */
	struct feed_rounds lists;              /* of all SAs */
	bool kept, own;                        /* the last list had CHILD_SAs in another feed's tunnels; in our own */
	uint64_t now_ns;
	struct ended ended[ENDED_KEPT]; /* a ring */
	unsigned next_ended;
	struct waiting waiting[WAITING_MAX];
	uint32_t waitings; /* of waiting[]; others are free */
	vici_setting *setting;
	void *setting_arg;
};

/* --- trees -------------------------------------------------------------------------------------------------- */

static int
by_uid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static int
by_peer(const void *a, const void *b)
{
	const struct ipm_ike_sa *x = ((const struct peer_node *)a)->sa, *y = ((const struct peer_node *)b)->sa;
	int order = strcmp(x->conn, y->conn);
	if (order == 0)
		order = strcmp(x->remote_id, y->remote_id);
	return order ? order : strcmp(x->local_id, y->local_id);
}

/* Orders as by_peer(), but any local identity matches. */
static int
by_remote(const void *a, const void *b)
{
	const struct ipm_ike_sa *x = ((const struct peer_node *)a)->sa, *y = ((const struct peer_node *)b)->sa;
	int order = strcmp(x->conn, y->conn);
	return order ? order : strcmp(x->remote_id, y->remote_id);
}

static int
by_conn(const void *a, const void *b)
{
	const struct conn_node *x = a, *y = b;
	int order = strcmp(x->conn, y->conn);
	return order ? order : strcmp(x->child, y->child);
}

static void *
tree_find(void *const *root, const void *key, int (*order)(const void *, const void *))
{
	void *const *found = tfind(key, root, order);
	return found ? *found : NULL;
}

/* Add a copy of @p key, which has @p size octets. */
static void *
tree_add(void **root, const void *key, size_t size, int (*order)(const void *, const void *))
{
	void *node = malloc(size);
	if (!node)
		return NULL;
	memcpy(node, key, size);
	if (!tsearch(node, root, order)) {
		free(node);
		return NULL;
	}
	return node;
}

static void
tree_remove(void **root, void *node, int (*order)(const void *, const void *))
{
	tdelete(node, root, order);
	free(node);
}

static struct ike_node *
ike_find(const struct vici_model *m, uint32_t uid)
{
	return tree_find(&m->ikes, &uid, by_uid);
}

static struct child_node *
child_find(const struct vici_model *m, uint32_t uid)
{
	return tree_find(&m->children, &uid, by_uid);
}

/* The uids in a tree, so that a loop over them may remove any node. */
struct uids {
	uint32_t *uid;
	size_t count, room;
};

static _Thread_local struct uids visited; /* twalk() passes nothing on, and not every C library has twalk_r() */

static void
uids_visit(const void *at, VISIT which, int depth)
{
	struct uids *all = &visited;
	(void)depth;
	if (which != postorder && which != leaf)
		return;
	if (all->count == all->room) {
		size_t room = all->room ? all->room * 2 : 256;
		uint32_t *uid = realloc(all->uid, room * sizeof(*uid));
		if (!uid)
			return; /* the next list has those that are left out now */
		all->uid = uid;
		all->room = room;
	}
	all->uid[all->count++] = **(uint32_t *const *)at;
}

static struct uids
uids_of(void *root)
{
	visited = (struct uids){ 0 };
	twalk(root, uids_visit);
	return visited;
}

static struct ike_node *
ike_add(struct vici_model *m, uint32_t uid, uint64_t spi, uint32_t slot)
{
	struct ike_node key = { .uid = uid, .slot = slot, .spi = spi };
	struct ike_node *node = tree_add(&m->ikes, &key, sizeof(key), by_uid);
	if (node)
		m->ike[slot].sharing++;
	return node;
}

static void
ike_remove(struct vici_model *m, struct ike_node *node)
{
	m->ike[node->slot].sharing--;
	tree_remove(&m->ikes, node, by_uid);
}

/* The IKE SA that the record shows; NULL: none that is known to exist. */
static struct ike_node *
ike_speaker(const struct vici_model *m, uint32_t slot)
{
	struct ike_node *node = ike_find(m, (uint32_t)ipm_ike_peek(m->w, slot)->uid);
	return node && node->slot == slot && !node->superseded ? node : NULL;
}

/* Charon was away and has not confirmed it since: it may be gone, or another one by now. */
static bool
ike_unconfirmed(const struct vici_model *m, uint32_t slot)
{
	const struct ike_node *node = ike_speaker(m, slot);
	return !node || feed_doubtful(&m->lists, &node->seen);
}

static bool
tunnel_unconfirmed(const struct vici_model *m, uint32_t slot)
{
	const struct child_node *node = child_find(m, (uint32_t)ipm_tunnel_peek(m->w, slot)->uid);
	return !node || node->tunnel != slot || feed_doubtful(&m->lists, &node->seen);
}

/* --- IKE SAs by who they connect ----------------------------------------------------------------------------- */

static uint32_t *
addr_chain(const struct vici_model *m, const struct ipm_addr *addr)
{
	return &m->at_addr[ipm_hash(IPM_HASH_BEGIN, addr->bytes, addr->len) % m->ikes_max];
}

static void
peer_link(struct vici_model *m, uint32_t slot)
{
	struct peer_node key = { .sa = ipm_ike_peek(m->w, slot), .first = slot };
	struct peer_node *node = tree_find(&m->peers, &key, by_peer);
	uint32_t *chain = addr_chain(m, &key.sa->remote);
	m->ike[slot].next_at = *chain;
	*chain = slot;
	m->ike[slot].same_peer = NONE;
	if (!node) {
		tree_add(&m->peers, &key, sizeof(key), by_peer);
		return;
	}
	m->ike[slot].same_peer = m->ike[node->first].same_peer;
	m->ike[node->first].same_peer = slot;
}

static void
peer_unlink(struct vici_model *m, uint32_t slot)
{
	struct peer_node key = { .sa = ipm_ike_peek(m->w, slot) };
	struct peer_node *node = tree_find(&m->peers, &key, by_peer);
	uint32_t *chain = addr_chain(m, &key.sa->remote);
	while (*chain != NONE && *chain != slot)
		chain = &m->ike[*chain].next_at;
	if (*chain == slot)
		*chain = m->ike[slot].next_at;
	if (!node)
		return;
	if (node->first == slot) {
		uint32_t next = m->ike[slot].same_peer;
		if (next == NONE) {
			tree_remove(&m->peers, node, by_peer);
		} else { /* the strings are equal, so the node keeps its place in the tree */
			node->first = next;
			node->sa = ipm_ike_peek(m->w, next);
		}
		return;
	}
	for (uint32_t at = node->first; at != NONE; at = m->ike[at].same_peer)
		if (m->ike[at].same_peer == slot) {
			m->ike[at].same_peer = m->ike[slot].same_peer;
			break;
		}
}

/* With XAUTH, the users of a group share an identity: the record is that of the same user, on the same port. */
static bool
same_user(const struct vici_model *m, const struct ipm_ike_sa *there, const char *xauth_id, uint16_t remote_port)
{
	const struct ipm_session *session = there->session ? ipm_session_peek(m->w, there->session - 1) : NULL;
	if (xauth_id[0] == '\0' && !(session && session->user_is == IPM_USER_XAUTH))
		return true;
	return session && strcmp(session->user, xauth_id) == 0 && (there->held || there->remote_port == remote_port);
}

/*
 * The record that a new IKE SA continues: one of the same peer that is held, preferably at the same address, or one at
 * the same address that charon has not confirmed since it was away. For IKEv1 also a live one between the same
 * addresses, because that is how IKEv1 rekeys.
 */
static uint32_t
ike_predecessor(struct vici_model *m, const struct ipm_ike_sa *sa, const char *xauth_id)
{
	struct peer_node key = { .sa = sa };
	const struct peer_node *node = tree_find(&m->peers, &key, by_peer);
	uint32_t found = NONE;
	int best = 0;

	for (uint32_t at = node ? node->first : NONE; at != NONE; at = m->ike[at].same_peer) {
		const struct ipm_ike_sa *there = ipm_ike_peek(m->w, at);
		bool same_place =
			ipm_addr_same(&there->local, &sa->local) && ipm_addr_same(&there->remote, &sa->remote);
		if (!same_user(m, there, xauth_id, sa->remote_port))
			continue;
		int rank = there->held                                                  ? 1 + same_place
			   : same_place && (sa->version == 1 || ike_unconfirmed(m, at)) ? 3
											: 0;
		if (there->version != sa->version || rank == 0)
			continue;
		if (rank > best || (rank == best && there->created_ns > ipm_ike_peek(m->w, found)->created_ns)) {
			best = rank;
			found = at;
		}
	}
	return found;
}

/* --- tunnels of an IKE SA -------------------------------------------------------------------------------------- */

static void
tunnel_link(struct vici_model *m, uint32_t ike, uint32_t tunnel)
{
	m->tunnel[tunnel].next = m->ike[ike].first_tunnel;
	m->ike[ike].first_tunnel = tunnel;
}

static void
tunnel_unlink(struct vici_model *m, uint32_t ike, uint32_t tunnel)
{
	uint32_t *at = &m->ike[ike].first_tunnel;
	while (*at != NONE && *at != tunnel)
		at = &m->tunnel[*at].next;
	if (*at == tunnel)
		*at = m->tunnel[tunnel].next;
}

static void
tunnel_stop(struct vici_model *m, uint32_t tunnel, enum ipm_reason reason)
{
	tunnel_unlink(m, ipm_tunnel_peek(m->w, tunnel)->ike_slot, tunnel);
	ipm_tunnel_stop(m->w, tunnel, reason);
}

/* If the kernel's feed keeps the tunnel and its SAs, we only say whom they connect and why they ended. */
static bool
tunnel_is_own(const struct vici_model *m, uint32_t slot)
{
	return ipm_tunnel_peek(m->w, slot)->feed == m->feed;
}

/* Another feed's tunnel with an SA that has this SPI and destination. */
static uint32_t
kept_with(const struct vici_model *m, uint8_t protocol, uint32_t spi, enum ipm_direction direction,
	  const struct ipm_addr *dst)
{
	for (int at = -1; spi && (at = ipm_sa_named(m->w, protocol, spi, at)) >= 0;) {
		const struct ipm_sa *sa = ipm_sa_peek(m->w, (uint32_t)at);
		const struct ipm_tunnel *tunnel = ipm_tunnel_peek(m->w, sa->tunnel_slot);
		if (tunnel->feed != m->feed && sa->direction == direction &&
		    ipm_addr_same(direction == IPM_IN ? &tunnel->local : &tunnel->remote, dst))
			return sa->tunnel_slot;
	}
	return NONE;
}

/* The other feed's tunnel for this CHILD_SA. NONE: no other feed knows its SAs. */
static uint32_t
tunnel_kept(const struct vici_model *m, const struct vici_ike *ike, const struct vici_child *child)
{
	uint32_t slot = kept_with(m, child->protocol, child->spi_in, IPM_IN, &ike->local_host);
	return slot != NONE ? slot : kept_with(m, child->protocol, child->spi_out, IPM_OUT, &ike->remote_host);
}

static bool
tunnel_selects(const struct vici_model *m, uint32_t tunnel, const struct ipm_sel_side *local,
	       const struct ipm_sel_side *remote)
{
	struct ipm_walk walk;
	struct ipm_selector sel;

	ipm_walk_selectors(&walk, ipm_writer_segment(m->w), ipm_tunnel_peek(m->w, tunnel));
	while (ipm_walk_next(&walk, &sel) > 0)
		if (memcmp(&sel.local, local, sizeof(*local)) == 0 && memcmp(&sel.remote, remote, sizeof(*remote)) == 0)
			return true;
	return false;
}

/* Does the tunnel have the first pair of selectors of this CHILD_SA? */
static bool
selectors_fit(const struct vici_model *m, uint32_t tunnel, const struct vici_child *child)
{
	for (uint32_t l = 0; l < child->local_count; l++)
		for (uint32_t r = 0; r < child->remote_count; r++)
			if (vici_ts_pair(&child->local_ts[l], &child->remote_ts[r]))
				return tunnel_selects(m, tunnel, &child->local_ts[l], &child->remote_ts[r]);
	return false;
}

/* Reqids are charon's. Another charon assigns new ones, so then only the selectors identify a tunnel. */
static uint32_t
tunnel_for(const struct vici_model *m, uint32_t ike, const struct vici_child *child)
{
	for (uint32_t at = m->ike[ike].first_tunnel; at != NONE; at = m->tunnel[at].next) {
		const struct ipm_tunnel *tunnel = ipm_tunnel_peek(m->w, at);
		bool same_charon = tunnel->state == IPM_TUNNEL_UP && !tunnel_unconfirmed(m, at);
		/* Of the kernel's feed's tunnels, those that we have claimed. */
		bool ours = tunnel->feed == m->feed || (tunnel->claimed && tunnel->named_by == m->feed + 1);
		if (!ours || strcmp(tunnel->name, child->name) != 0)
			continue;
		if (same_charon || !tunnel->sel_head ? tunnel->reqid == child->reqid : selectors_fit(m, at, child))
			return at;
	}
	return NONE;
}

/* --- from charon's words to records ---------------------------------------------------------------------------- */

static const struct conn_node *
conn_find(const struct vici_model *m, const char *conn, const char *child)
{
	struct conn_node key;
	snprintf(key.conn, sizeof(key.conn), "%s", conn);
	snprintf(key.child, sizeof(key.child), "%s", child);
	return tree_find(&m->conns, &key, by_conn);
}

/* A lifetime: its age plus the rest, which may be negative. */
static uint64_t
lifetime_ns(int64_t age, int64_t left)
{
	if (age == VICI_UNSET || left == VICI_UNSET || age > INT32_MAX || left > INT32_MAX || age + left <= 0)
		return 0;
	return (uint64_t)(age + left) * NS_PER_SECOND;
}

static uint64_t
moment_ns(const struct vici_model *m, int64_t age)
{
	if (age == VICI_UNSET || age < 0 || (uint64_t)age > m->now_ns / NS_PER_SECOND)
		return m->now_ns;
	return m->now_ns - (uint64_t)age * NS_PER_SECOND;
}

/*
 * The hard limit is the configured lifetime: for each IKE SA, charon draws an earlier moment at random, the soft limit.
 * A new configuration is for later IKE SAs. If this one lives longer than configured now, it has its own lifetime.
 */
static void
ike_lifetimes(struct ipm_ike_sa *sa, const struct vici_ike *ike, const struct conn_node *conn, bool same)
{
	if (!same || !sa->hard_ns)
		sa->hard_ns = conn ? conn->ike_ns : 0;
	if (ike->established == VICI_UNSET) /* charon has times for established IKE SAs only */
		return;
	uint64_t rekey = lifetime_ns(ike->established, ike->rekey_time);
	uint64_t reauth = lifetime_ns(ike->established, ike->reauth_time);
	sa->soft_ns = rekey && (!reauth || rekey < reauth) ? rekey : reauth;
	bool longer =
		sa->soft_ns > sa->hard_ns + NS_PER_SECOND; /* a sum of two rounded times may be a second too long */
	if (sa->soft_ns == 0 || (sa->hard_ns && longer))
		sa->hard_ns = sa->soft_ns;
}

static void
ike_fill(const struct vici_model *m, struct ipm_ike_sa *sa, const struct vici_ike *ike)
{
	const struct conn_node *conn = conn_find(m, ike->name, "");
	bool same = sa->uid == ike->uniqueid && sa->spi_initiator == ike->spi_initiator;

	sa->state = ike->state == VICI_IKE_DELETING ? IPM_IKE_DELETING : IPM_IKE_ESTABLISHED;
	sa->held = 0;
	sa->version = ike->version;
	sa->auth = conn ? conn->auth : sa->auth;
	sa->initiator = ike->initiator;
	sa->nat_local = ike->nat_local;
	sa->nat_remote = ike->nat_remote;
	sa->local_port = ike->local_port;
	sa->remote_port = ike->remote_port;
	sa->local = ike->local_host;
	sa->remote = ike->remote_host;
	sa->spi_initiator = ike->spi_initiator;
	sa->spi_responder = ike->spi_responder;
	sa->proposal = ike->proposal;
	sa->feed = m->feed;
	sa->uid = ike->uniqueid;
	if (!same || sa->established_ns == 0)
		sa->established_ns = moment_ns(m, ike->established);
	if (sa->created_ns == 0)
		sa->created_ns = sa->established_ns;
	ike_lifetimes(sa, ike, conn, same);
	snprintf(sa->conn, sizeof(sa->conn), "%s", ike->name);
	snprintf(sa->local_id, sizeof(sa->local_id), "%s", ike->local_id);
	snprintf(sa->remote_id, sizeof(sa->remote_id), "%s", ike->remote_id);
}

/* Fill in what only an IKE daemon knows about a tunnel. */
static void
tunnel_name(const struct vici_model *m, struct ipm_tunnel *t, uint32_t ike_slot, const struct vici_child *child)
{
	if (ike_slot != NONE) { /* else its IKE SA is not known, and may be gone */
		const struct ipm_ike_sa *ike = ipm_ike_peek(m->w, ike_slot);
		t->ike_index = ike->index;
		t->ike_slot = ike_slot;
		snprintf(t->conn, sizeof(t->conn), "%s", ike->conn);
	}
	t->key_type = IPM_KEY_IKE;
	t->named_by = m->feed + 1;
	t->in_sa.group = t->out_sa.group = child->proposal.group;
	snprintf(t->name, sizeof(t->name), "%s", child->name);
}

static void
tunnel_fill(const struct vici_model *m, struct ipm_tunnel *t, uint32_t ike_slot, const struct vici_child *child)
{
	if (ike_slot != NONE) {
		const struct ipm_ike_sa *ike = ipm_ike_peek(m->w, ike_slot);
		t->local = ike->local;
		t->remote = ike->remote;
	}
	tunnel_name(m, t, ike_slot, child);
	const struct conn_node *conn = conn_find(m, t->conn, child->name);

	t->state = IPM_TUNNEL_UP;
	t->encap = child->encap ? child->encap : t->encap ? t->encap : IPM_ENCAP_TUNNEL;
	t->protocol = child->protocol;
	t->udp_encap = child->udp_encap;
	t->ipcomp = child->cpi_in || child->cpi_out;
	t->reqid = child->reqid;
	t->if_id_in = child->if_id_in;
	t->if_id_out = child->if_id_out;
	t->mark_in = child->mark_in;
	t->mark_out = child->mark_out;
	t->feed = m->feed;
	t->in_sa = t->out_sa = child->proposal;
	if (t->uid != child->uniqueid || t->installed_ns == 0)
		t->installed_ns = moment_ns(m, child->install_time);
	t->uid = child->uniqueid;
	if (t->created_ns == 0)
		t->created_ns = t->installed_ns;
	if (child->install_time != VICI_UNSET) {
		t->soft_ns = lifetime_ns(child->install_time, child->rekey_time);
		t->hard_ns = lifetime_ns(child->install_time, child->life_time);
	}
	t->soft_octets = conn ? conn->rekey_octets : 0;
}

/* The same for the tunnel's SAs, which another feed keeps. */
static void
sas_name(struct vici_model *m, uint32_t tunnel, const struct vici_child *child)
{
	struct ipm_walk walk;
	struct ipm_sa sa;

	ipm_walk_sas(&walk, ipm_writer_segment(m->w), ipm_tunnel_peek(m->w, tunnel));
	while (ipm_walk_next(&walk, &sa) > 0) {
		bool in = sa.direction == IPM_IN, comp = sa.protocol == IPPROTO_COMP;
		if (sa.spi == (comp ? in ? child->cpi_in : child->cpi_out : in ? child->spi_in : child->spi_out)) {
			sa.uid = child->uniqueid;
			sa.proposal.group = child->proposal.group;
			ipm_sa_put(m->w, walk.slot, &sa);
		}
	}
}

static void
tunnel_claim(struct vici_model *m, uint32_t slot, uint32_t ike_slot, const struct vici_child *child)
{
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(m->w, slot);

	tunnel_unlink(m, tunnel.ike_slot, slot); /* it may have been ours */
	tunnel_name(m, &tunnel, ike_slot, child);
	tunnel.uid = child->uniqueid;
	tunnel.claimed = 1;
	tunnel.verdict = IPM_REASON_UNKNOWN;
	ipm_tunnel_put(m->w, slot, &tunnel);
	if (ike_slot != NONE)
		tunnel_link(m, ike_slot, slot);
}

/* The feed that keeps the tunnel sees what happens to it. We say why. */
static void
tunnel_release(struct vici_model *m, uint32_t slot, enum ipm_reason reason)
{
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(m->w, slot);

	tunnel_unlink(m, tunnel.ike_slot, slot);
	tunnel.claimed = 0;
	tunnel.verdict = (uint8_t)(reason == IPM_REASON_SOURCE_LOST ? IPM_REASON_UNKNOWN : reason);
	ipm_tunnel_put(m->w, slot, &tunnel);
}

#define PAIRS_MAX 512 /* shown of a tunnel: comparing them is quadratic, in each list */

/* The CHILD_SA has a policy for each pair of a local and a remote selector. */
static void
tunnel_select(struct vici_model *m, uint32_t tunnel, const struct vici_child *child)
{
	size_t count = (size_t)child->local_count * child->remote_count, n = 0;
	struct ipm_selector *sel = count ? calloc(count, sizeof(*sel)) : NULL;

	if (!sel)
		return;
	for (uint32_t l = 0; l < child->local_count; l++)
		for (uint32_t r = 0; r < child->remote_count && n < PAIRS_MAX; r++)
			if (vici_ts_pair(&child->local_ts[l], &child->remote_ts[r]))
				sel[n++] = (struct ipm_selector){ .local = child->local_ts[l],
								  .remote = child->remote_ts[r] };
	ipm_tunnel_select(m->w, tunnel, sel, (uint32_t)n);
	free(sel);
}

/* --- SAs of a CHILD_SA ------------------------------------------------------------------------------------------ */

static uint32_t
sa_start(struct vici_model *m, uint32_t tunnel, const struct vici_child *child, enum ipm_direction direction,
	 uint8_t protocol, uint32_t spi)
{
	struct ipm_sa sa = { .spi = spi,
			     .direction = (uint8_t)direction,
			     .protocol = protocol,
			     .state = IPM_SA_ACTIVE,
			     .uid = child->uniqueid,
			     .engine = m->engine,
			     .proposal = child->proposal,
			     .installed_ns = moment_ns(m, child->install_time) };
	if (spi == 0)
		return NONE;
	int slot = ipm_sa_start(m->w, tunnel, &sa);
	return slot < 0 ? NONE : (uint32_t)slot;
}

/* Does the SA still belong to this CHILD_SA, and to us? The kernel's feed may have taken it over. */
static bool
sa_is_own(const struct vici_model *m, uint32_t slot, uint32_t uid)
{
	if (slot == NONE)
		return false;
	const struct ipm_sa *sa = ipm_sa_peek(m->w, slot);
	return sa->index && sa->uid == uid && tunnel_is_own(m, sa->tunnel_slot);
}

static void
sa_stop(struct vici_model *m, uint32_t *slot, uint32_t uid)
{
	if (sa_is_own(m, *slot, uid))
		ipm_sa_stop(m->w, *slot);
	*slot = NONE;
}

static void
sa_update(struct vici_model *m, uint32_t slot, const struct vici_child *child, bool in_use, uint64_t octets,
	  uint64_t pkts)
{
	if (!sa_is_own(m, slot, child->uniqueid))
		return;
	struct ipm_sa sa = *ipm_sa_peek(m->w, slot);
	sa.state = in_use ? IPM_SA_ACTIVE : IPM_SA_EXPIRING;
	if (child->install_time != VICI_UNSET) {
		sa.soft_ns = lifetime_ns(child->install_time, child->rekey_time);
		sa.hard_ns = lifetime_ns(child->install_time, child->life_time);
	}
	ipm_sa_put(m->w, slot, &sa);
	if (!child->has_counts || sa.protocol == IPPROTO_COMP)
		return;
	/* With compression, charon only knows the size after it. */
	struct ipm_traffic now = { .octets = octets,
				   .pkts = pkts,
				   .raw_octets = child->cpi_in || child->cpi_out ? 0 : octets };
	ipm_sa_count(m->w, slot, &now);
}

/* Start the SAs that are missing: the CHILD_SA is new, or there was no room before. */
static void
child_start(struct vici_model *m, struct child_node *node, const struct vici_child *child)
{
	if (node->in == NONE)
		node->in = sa_start(m, node->tunnel, child, IPM_IN, child->protocol, child->spi_in);
	if (node->comp_in == NONE)
		node->comp_in = sa_start(m, node->tunnel, child, IPM_IN, IPPROTO_COMP, child->cpi_in);
	if (node->out == NONE && !node->half)
		node->out = sa_start(m, node->tunnel, child, IPM_OUT, child->protocol, child->spi_out);
	if (node->comp_out == NONE && !node->half)
		node->comp_out = sa_start(m, node->tunnel, child, IPM_OUT, IPPROTO_COMP, child->cpi_out);
}

static struct child_node *
child_add(struct vici_model *m, uint32_t tunnel, uint32_t uid)
{
	struct child_node node = { .uid = uid,
				   .tunnel = tunnel,
				   .in = NONE,
				   .out = NONE,
				   .comp_in = NONE,
				   .comp_out = NONE,
				   .sibling = m->tunnel[tunnel].first_child,
				   .born = m->lists.number };
	struct child_node *added = tree_add(&m->children, &node, sizeof(node), by_uid);
	if (added)
		m->tunnel[tunnel].first_child = added;
	return added;
}

/* Stop its SAs and remove the node, but leave the tunnel as it is. */
static void
child_forget(struct vici_model *m, struct child_node *node)
{
	struct child_node **at = &m->tunnel[node->tunnel].first_child;

	sa_stop(m, &node->in, node->uid);
	sa_stop(m, &node->out, node->uid);
	sa_stop(m, &node->comp_in, node->uid);
	sa_stop(m, &node->comp_out, node->uid);
	while (*at != node)
		at = &(*at)->sibling;
	*at = node->sibling;
	tree_remove(&m->children, node, by_uid);
}

/*
 * A tunnel without an SA in use is over. If @p may_hold, it is held while charon may be restarting. Rekeyed SAs that
 * linger don't keep a tunnel alive.
 */
static void
tunnel_settle(struct vici_model *m, uint32_t slot, bool may_hold, enum ipm_reason reason)
{
	for (const struct child_node *node = m->tunnel[slot].first_child; node; node = node->sibling)
		if (node->live)
			return;
	while (m->tunnel[slot].first_child)
		child_forget(m, m->tunnel[slot].first_child);
	if (!tunnel_is_own(m, slot)) {
		tunnel_release(m, slot, reason);
	} else if (may_hold && feed_holds(&m->lists)) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(m->w, slot);
		tunnel.state = IPM_TUNNEL_HELD;
		ipm_tunnel_put(m->w, slot, &tunnel);
	} else {
		tunnel_stop(m, slot, reason);
	}
}

/* --- sessions ----------------------------------------------------------------------------------------------- */

/* End the sessions that have waited for too long. */
static void
sessions_expire(struct vici_model *m, uint64_t now_ns)
{
	for (uint32_t i = 0; i < m->waitings;) {
		const struct waiting *at = &m->waiting[i];
		if (now_ns < at->until_ns) {
			i++;
			continue;
		}
		const struct ipm_session *session = ipm_session_peek(m->w, at->slot);
		if (session->index == at->index && session->state == IPM_SESSION_HELD)
			ipm_session_stop(m->w, at->slot, at->reason);
		m->waiting[i] = m->waiting[--m->waitings];
	}
}

static void
session_wait(struct vici_model *m, uint32_t slot, enum ipm_reason reason)
{
	struct ipm_session session = *ipm_session_peek(m->w, slot);

	if (m->waitings == WAITING_MAX) {
		ipm_session_stop(m->w, slot, reason);
		return;
	}
	session.state = IPM_SESSION_HELD;
	ipm_session_put(m->w, slot, &session);
	m->waiting[m->waitings++] = (struct waiting){
		.slot = slot, .index = session.index, .until_ns = ipm_now_ns() + WAITING_NS, .reason = reason
	};
}

/*
 * The IKE SA in @p slot ends. Its session ends, too, unless this may be a reauthentication: the peer then closes the
 * IKE SA and comes back at once, and as responder charon does not know the difference.
 */
static void
session_leave(struct vici_model *m, uint32_t slot, enum ipm_reason reason)
{
	uint32_t at = ipm_ike_peek(m->w, slot)->session;
	m->ike[slot].moved = 0;
	if (at == 0)
		return;
	if (reason == IPM_REASON_NORMAL || reason == IPM_REASON_PEER_DELETE)
		session_wait(m, at - 1, reason);
	else
		ipm_session_stop(m->w, at - 1, reason);
}

/* The slot of the session that @p next continues, or NONE. */
static uint32_t
session_before(struct vici_model *m, const struct ipm_session *next)
{
	struct peer_node key = { .sa = ipm_ike_peek(m->w, next->ike_slot) };
	const struct peer_node *node = tree_find(&m->peers, &key, by_peer);

	for (uint32_t i = 0; i < m->waitings; i++) {
		const struct ipm_session *there = ipm_session_peek(m->w, m->waiting[i].slot);
		if (there->index == m->waiting[i].index && there->state == IPM_SESSION_HELD &&
		    vici_session_continues(there, next, false)) {
			uint32_t slot = m->waiting[i].slot;
			m->waiting[i] = m->waiting[--m->waitings];
			return slot;
		}
	}
	/* Make before break: the earlier IKE SA is still there. */
	for (uint32_t at = node ? node->first : NONE; at != NONE; at = m->ike[at].same_peer) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(m->w, at);
		if (at == next->ike_slot || sa->session == 0 || sa->held ||
		    !vici_session_continues(ipm_session_peek(m->w, sa->session - 1), next, true))
			continue;
		m->ike[at].moved = sa->index;
		return sa->session - 1;
	}
	return NONE;
}

/* The IKE SA in @p slot is up, or has changed. */
static void
session_put(struct vici_model *m, uint32_t slot, const struct vici_ike *ike)
{
	static const struct vici_session_conn no_conn;
	const struct ipm_ike_sa *sa = ipm_ike_peek(m->w, slot);
	const struct conn_node *conn = conn_find(m, sa->conn, "");
	struct ipm_session session = { 0 };
	uint32_t at = sa->session;

	if (sa->state == IPM_IKE_NEGOTIATING || m->ike[slot].moved == sa->index)
		return;
	if (at)
		session = *ipm_session_peek(m->w, at - 1);
	vici_session_fill(&session, conn ? &conn->session : &no_conn, ike, sa, slot);
	uint32_t before = at ? at - 1 : session_before(m, &session);
	if (before != NONE)
		ipm_session_put(m->w, before, &session);
	else
		ipm_session_open(m->w, &session);
}

/* Charon is away: its IKE SA is held, and so is its session. */
static void
session_hold(struct vici_model *m, uint32_t slot)
{
	uint32_t at = ipm_ike_peek(m->w, slot)->session;
	if (at == 0)
		return;
	struct ipm_session session = *ipm_session_peek(m->w, at - 1);
	session.state = IPM_SESSION_HELD;
	ipm_session_put(m->w, at - 1, &session);
}

/* --- the end of an IKE SA ----------------------------------------------------------------------------------- */

static void
ike_stop(struct vici_model *m, uint32_t slot, enum ipm_reason reason)
{
	session_leave(m, slot, reason);
	peer_unlink(m, slot);
	m->ike[slot].first_tunnel = NONE;
	ipm_ike_stop(m->w, slot, reason);
}

/* Of the other IKE SAs of a record, forget all, or find the youngest that can speak for it. */
static struct ike_node *
ike_others(struct vici_model *m, uint32_t slot, bool forget)
{
	struct ike_node *heir = NULL;
	if (m->ike[slot].sharing == 0)
		return NULL;
	struct uids all = uids_of(m->ikes);
	for (size_t i = 0; i < all.count; i++) {
		struct ike_node *node = ike_find(m, all.uid[i]);
		if (node->slot != slot)
			continue;
		if (forget)
			ike_remove(m, node);
		else if (!node->rekeyed)
			heir = node;
	}
	free(all.uid);
	return heir;
}

/* An IKE SA is gone. Its record is over, or held, unless another IKE SA shares it. */
static void
ike_leave(struct vici_model *m, struct ike_node *node, bool may_hold, enum ipm_reason reason)
{
	uint32_t slot = node->slot;
	bool spoke = !node->superseded;

	ike_remove(m, node);
	if (!spoke)
		return;
	struct ike_node *heir = ike_others(m, slot, false);
	struct ipm_ike_sa sa = *ipm_ike_peek(m->w, slot);
	if (heir) {
		heir->superseded = false;
		sa.uid = heir->uid;
		sa.spi_initiator = heir->spi;
		sa.spi_responder = 0; /* the next list has it */
		ipm_ike_put(m->w, slot, &sa);
		return;
	}
	ike_others(m, slot, true);
	if (may_hold && feed_holds(&m->lists)) {
		sa.held = 1;
		ipm_ike_put(m->w, slot, &sa);
		session_hold(m, slot);
	} else {
		ike_stop(m, slot, reason);
	}
}

/* --- what is there ------------------------------------------------------------------------------------------ */

static bool
ike_is_up(const struct vici_ike *ike)
{
	return ike->state >= VICI_IKE_ESTABLISHED && ike->state <= VICI_IKE_DELETING && ike->state != VICI_IKE_PASSIVE;
}

/* The record of the feed that watches the wire with this IKE SA's SPIs, or NONE. */
static uint32_t
ike_watched(const struct vici_model *m, const struct vici_ike *ike)
{
	for (int at = -1; (at = ipm_ike_named(m->w, ike->spi_initiator, ike->spi_responder, at)) >= 0;)
		if (ipm_ike_peek(m->w, (uint32_t)at)->feed != m->feed)
			return (uint32_t)at;
	return NONE;
}

/* Add what that feed has counted to the record in @p slot. */
static void
ike_absorb(struct vici_model *m, uint32_t slot, const struct vici_ike *ike)
{
	uint32_t watched = ike_watched(m, ike);
	if (watched == NONE)
		return;
	struct ipm_ike_sa sa = *ipm_ike_peek(m->w, slot);
	sa.mode = ipm_ike_peek(m->w, watched)->mode;
	ipm_ike_put(m->w, slot, &sa);
	ipm_ike_merge(m->w, watched, slot);
}

static void
ike_put(struct vici_model *m, uint32_t slot, const struct vici_ike *ike)
{
	const struct ipm_ike_sa *there = ipm_ike_peek(m->w, slot);
	struct ipm_ike_sa sa = *there;
	bool moved;

	ike_fill(m, &sa, ike);
	moved = strcmp(sa.conn, there->conn) || strcmp(sa.local_id, there->local_id) ||
		strcmp(sa.remote_id, there->remote_id) || !ipm_addr_same(&sa.remote, &there->remote);
	if (moved)
		peer_unlink(m, slot);
	ipm_ike_put(m->w, slot, &sa);
	if (moved)
		peer_link(m, slot);
}

/* Make-before-break: charon will delete the older IKE SAs between the same peers. */
static void
ike_replaces(struct vici_model *m, const struct ike_node *node)
{
	const struct ipm_ike_sa *sa = ipm_ike_peek(m->w, node->slot);
	const struct peer_node *peers = tree_find(&m->peers, &(struct peer_node){ .sa = sa }, by_peer);

	for (uint32_t at = peers ? peers->first : NONE; at != NONE; at = m->ike[at].same_peer) {
		struct ike_node *other = ike_speaker(m, at);
		if (other && other->uid < node->uid)
			other->replaced = true;
	}
}

/* A new IKE SA joins an existing record. */
static struct ike_node *
ike_join(struct vici_model *m, const struct vici_ike *ike, uint32_t slot)
{
	bool held = ipm_ike_peek(m->w, slot)->held;
	struct ike_node *speaker = ike_speaker(m, slot);
	struct ike_node *node = ike_add(m, ike->uniqueid, ike->spi_initiator, slot);

	if (!node)
		return NULL;
	bool younger = !speaker || node->uid > speaker->uid;
	if (speaker && !younger && !feed_doubtful(&m->lists, &speaker->seen)) {
		node->superseded = true; /* of two live ones, the younger speaks */
	} else {
		if (speaker)
			speaker->superseded = true;
		if (!held && younger)
			ipm_ike_refresh(m->w, slot);
	}
	return node;
}

/* The record in @p slot is ours from now on, with its counts. */
static int
ike_take_over(struct vici_model *m, uint32_t slot, const struct vici_ike *ike)
{
	struct ipm_ike_sa sa = *ipm_ike_peek(m->w, slot);
	if (sa.state == IPM_IKE_NEGOTIATING)
		sa.created_ns = 0; /* ours begins when the IKE SA is established */
	sa.established_ns = 0;
	ike_fill(m, &sa, ike);
	ipm_ike_put(m->w, slot, &sa);
	return (int)slot;
}

static struct ike_node *
ike_begin(struct vici_model *m, const struct vici_ike *ike)
{
	struct ipm_ike_sa sa = { 0 };

	if (ike->state == VICI_IKE_DELETING || ike->state == VICI_IKE_REKEYED)
		return NULL; /* it is on its way out: we never knew it, or saw it end */
	ike_fill(m, &sa, ike);
	uint32_t before = ike_predecessor(m, &sa, ike->xauth_id), watched = ike_watched(m, ike);
	if (before != NONE)
		return ike_join(m, ike, before);
	if (watched == NONE)
		ipm_ike_make_room(m->w);
	int slot = watched == NONE ? ipm_ike_start(m->w, &sa) : ike_take_over(m, watched, ike);
	if (slot < 0)
		return NULL;
	m->ike[slot].first_tunnel = NONE;
	peer_link(m, (uint32_t)slot);
	return ike_add(m, ike->uniqueid, ike->spi_initiator, (uint32_t)slot);
}

/* After charon was away, an IKE SA earlier in the list took the record that belongs to this one: take it back. */
static void
ike_reclaim(struct vici_model *m, struct ike_node *node)
{
	struct ike_node *speaker = ike_speaker(m, node->slot);
	if (node->rekeyed || !feed_doubtful(&m->lists, &node->seen) || (speaker && speaker->uid > node->uid))
		return;
	node->superseded = false;
	if (speaker)
		speaker->superseded = true;
}

/* Charon is negotiating it: note its names, and that it is still there. */
static void
half_open_seen(struct vici_model *m, const struct vici_ike *ike)
{
	uint32_t slot = ike_watched(m, ike);
	if (slot == NONE || ipm_ike_peek(m->w, slot)->state != IPM_IKE_NEGOTIATING)
		return;
	struct ipm_ike_sa sa = *ipm_ike_peek(m->w, slot);
	snprintf(sa.conn, sizeof(sa.conn), "%s", ike->name);
	vici_fill_text(sa.local_id, sizeof(sa.local_id), ike->local_id);
	vici_fill_text(sa.remote_id, sizeof(sa.remote_id), ike->remote_id);
	ipm_ike_put(m->w, slot, &sa);
	m->ike[slot].half_open.index = sa.index;
	feed_confirm(&m->lists, &m->ike[slot].half_open.seen);
}

/* End the negotiations that charon has given up. */
static void
half_open_settle(struct vici_model *m)
{
	struct ipm_walk walk;
	struct ipm_ike_sa sa;

	ipm_walk_all(&walk, ipm_writer_segment(m->w), IPM_IKE_SAS);
	while (ipm_walk_next(&walk, &sa) > 0)
		if (sa.state == IPM_IKE_NEGOTIATING && m->ike[walk.slot].half_open.index == sa.index &&
		    !feed_confirmed(&m->lists, &m->ike[walk.slot].half_open.seen))
			ipm_ike_stop(m->w, walk.slot, IPM_REASON_UNKNOWN);
}

void
vici_model_ike(struct vici_model *m, const struct vici_ike *ike)
{
	struct ike_node *node = ike_find(m, ike->uniqueid);

	m->now_ns = ipm_now_ns();
	if (!ike_is_up(ike)) {
		half_open_seen(m, ike);
		return;
	}
	if (node && node->spi != ike->spi_initiator) {
		ike_leave(m, node, true, IPM_REASON_UNKNOWN); /* that was another charon's, with the same number */
		node = NULL;
	}
	if (!node)
		node = ike_begin(m, ike);
	else if (node->superseded)
		ike_reclaim(m, node);
	if (!node)
		return;
	feed_confirm(&m->lists, &node->seen);
	ike_absorb(m, node->slot, ike);
	if (node->superseded)
		return;
	ike_put(m, node->slot, ike);
	session_put(m, node->slot, ike);
	if ((ike->active | ike->queued) & VICI_TASK_REAUTH_COMPLETE)
		ike_replaces(m, node);
}

static bool
child_has_sas(const struct vici_child *child)
{
	return child->spi_in != 0 && child->state != VICI_CHILD_CREATED && child->state != VICI_CHILD_ROUTED &&
	       child->state != VICI_CHILD_INSTALLING && child->state != VICI_CHILD_DESTROYING;
}

/* Only an SA in use can begin a tunnel. One on its way out belongs to a tunnel that we never knew. */
static bool
child_is_up(const struct vici_child *child)
{
	return child->state == VICI_CHILD_INSTALLED || child->state == VICI_CHILD_UPDATING ||
	       child->state == VICI_CHILD_REKEYING;
}

/* Find or make the tunnel for a CHILD_SA that is new to us. */
static uint32_t
child_tunnel(struct vici_model *m, uint32_t ike, const struct vici_child *child)
{
	uint32_t slot = tunnel_for(m, ike, child);
	struct ipm_tunnel tunnel = { 0 };

	if (slot != NONE) {
		const struct ipm_tunnel *there = ipm_tunnel_peek(m->w, slot);
		struct child_node *speaker = child_find(m, (uint32_t)there->uid);
		/* Was there a rekey while we were not listening? */
		bool news = !m->lists.complete && there->state == IPM_TUNNEL_UP && child->uniqueid > there->uid;
		if (!child_is_up(child))
			return news ? slot : NONE; /* else its rekey was counted, or never will be */
		if (news && speaker && speaker->born <= m->lists.away && tunnel_is_own(m, slot)) {
			ipm_tunnel_refresh(m->w, slot);
			speaker->refreshed = true;
		}
		return slot;
	}
	if (!child_is_up(child))
		return NONE;
	tunnel_fill(m, &tunnel, ike, child);
	int made = ipm_tunnel_start(m->w, &tunnel);
	if (made < 0)
		return NONE;
	m->tunnel[made].first_child = NULL;
	tunnel_link(m, ike, (uint32_t)made);
	return (uint32_t)made;
}

/*
 * The peer rekeyed it while our own rekey of it waits for the answer. If the peer's CHILD_SA loses that collision, the
 * peer deletes it before it answers: in between, this one carries the packets.
 */
static bool
rekey_is_pending(const struct vici_ike *ike, const struct vici_child *child)
{
	return child->state == VICI_CHILD_REKEYED && (ike->active & VICI_TASK_CHILD_REKEY);
}

/* The newest SA in use speaks for the tunnel, unless charon may have lost it. */
static bool
child_speaks(const struct vici_model *m, uint32_t tunnel, const struct vici_child *child)
{
	const struct ipm_tunnel *there = ipm_tunnel_peek(m->w, tunnel);
	const struct child_node *speaker = child_find(m, (uint32_t)there->uid);

	return child_is_up(child) && (child->uniqueid >= there->uid || there->state != IPM_TUNNEL_UP ||
				      tunnel_unconfirmed(m, tunnel) || !speaker->up || speaker->seen.missed > 0);
}

static void
child_update(struct vici_model *m, struct child_node *node, const struct vici_ike *parent, uint32_t ike,
	     const struct vici_child *child)
{
	const struct ipm_tunnel *there = ipm_tunnel_peek(m->w, node->tunnel);
	bool own = tunnel_is_own(m, node->tunnel);
	bool speaks = child_speaks(m, node->tunnel, child);

	if (!own) {
		node->in = node->out = node->comp_in = node->comp_out = NONE;
		sas_name(m, node->tunnel, child);
		if (speaks)
			tunnel_claim(m, node->tunnel, ike, child);
	} else if (speaks) {
		struct ipm_tunnel tunnel = *there;
		if (ike != NONE && (tunnel.ike_slot != ike || tunnel.ike_index != ipm_ike_peek(m->w, ike)->index)) {
			tunnel_unlink(m, tunnel.ike_slot, node->tunnel);
			tunnel_link(m, ike, node->tunnel);
		}
		tunnel_fill(m, &tunnel, ike, child);
		ipm_tunnel_put(m->w, node->tunnel, &tunnel);
		tunnel_select(m, node->tunnel, child);
	}
	if (own)
		child_start(m, node, child);
	bool pending = rekey_is_pending(parent, child);
	node->up = child_is_up(child);
	node->live = node->up || pending || child->state == VICI_CHILD_DELETING;
	sa_update(m, node->in, child, node->up || pending, child->bytes_in, child->packets_in);
	sa_update(m, node->out, child, node->up || pending, child->bytes_out, child->packets_out);
	if (own && child->state == VICI_CHILD_DELETED) {
		/* Charon keeps the inbound SA a little longer, for packets that are on their way. */
		sa_stop(m, &node->out, node->uid);
		sa_stop(m, &node->comp_out, node->uid);
		node->half = true;
	}
	node->spi_in = child->spi_in;
	feed_confirm(&m->lists, &node->seen);
}

static void
child_leave(struct vici_model *m, struct child_node *node)
{
	uint32_t tunnel = node->tunnel;
	child_forget(m, node);
	tunnel_settle(m, tunnel, true, IPM_REASON_UNKNOWN);
}

/* The node of this CHILD_SA. Another charon's with the same number is removed. */
static struct child_node *
child_known(struct vici_model *m, const struct vici_child *child)
{
	struct child_node *node = child_find(m, child->uniqueid);
	if (!node || !node->spi_in || node->spi_in == child->spi_in)
		return node;
	child_leave(m, node);
	return NULL;
}

static struct child_node *
child_put(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *child)
{
	const struct ike_node *parent = ike_find(m, ike->uniqueid);

	m->now_ns = ipm_now_ns();
	if (!child_has_sas(child))
		return NULL;
	struct child_node *node = child_known(m, child);
	uint32_t kept = tunnel_kept(m, ike, child);
	if (node && kept != NONE && node->tunnel != kept) { /* the kernel knows better where it belongs */
		child_leave(m, node);
		node = NULL;
	}
	if (!node) {
		uint32_t tunnel = NONE;
		if (kept != NONE)
			tunnel = child_is_up(child) ? kept : NONE;
		else if (parent)
			tunnel = child_tunnel(m, parent->slot, child);
		node = tunnel != NONE ? child_add(m, tunnel, child->uniqueid) : NULL;
		if (!node)
			return NULL;
	}
	child_update(m, node, ike, parent ? parent->slot : NONE, child);
	feed_map_learn(m->w, &m->host, node->tunnel);
	return node;
}

void
vici_model_child(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *child)
{
	child_put(m, ike, child);
}

/* --- events -------------------------------------------------------------------------------------------------- */

void
vici_model_ike_rekey(struct vici_model *m, const struct vici_ike *old, const struct vici_ike *now)
{
	struct ike_node *node = ike_find(m, now->uniqueid);
	if (node && node->spi != now->spi_initiator)
		ike_leave(m, node, true, IPM_REASON_UNKNOWN); /* another charon's */
	struct ike_node *before = ike_find(m, old->uniqueid);

	/* The event says which is newer, whatever the numbers. */
	if (before && before->spi == old->spi_initiator && !before->superseded && ike_is_up(now) &&
	    !ike_find(m, now->uniqueid) && ike_add(m, now->uniqueid, now->spi_initiator, before->slot)) {
		before->superseded = before->rekeyed = true;
		ipm_ike_refresh(m->w, before->slot);
	}
	vici_model_ike(m, now);
}

void
vici_model_child_rekey(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *old,
		       const struct vici_child *now)
{
	bool known = child_known(m, now) != NULL; /* from a list */
	struct child_node *before = child_put(m, ike, old);
	uint32_t tunnel = before ? before->tunnel : NONE;

	if (before) {
		if (!known && child_has_sas(now) && now->uniqueid != old->uniqueid)
			child_add(m, tunnel, now->uniqueid);
		if (!before->refreshed && tunnel_is_own(m, tunnel))
			ipm_tunnel_refresh(m->w, tunnel);
		before->refreshed = true;
	}
	child_put(m, ike, now);
	if (before) {
		struct vici_child *gone = malloc(sizeof(*gone));
		struct vici_ike parent = *ike;
		if (!gone)
			return;
		*gone = *old;
		gone->state = VICI_CHILD_REKEYED;            /* IKEv1 still says REKEYING */
		if (!(ike->passive & VICI_TASK_CHILD_REKEY)) /* this is the answer to our own rekey */
			parent.active &= (uint16_t)~VICI_TASK_CHILD_REKEY;
		child_put(m, &parent, gone);
		free(gone);
	}
}

/* What we know about the IKE SA beyond the event. */
static struct vici_retired
known_retirement(const struct vici_model *m, uint32_t uid)
{
	const struct ike_node *node = ike_find(m, uid);
	struct vici_retired known = { .replaced = node && node->replaced };

	for (unsigned back = 1; !node && !known.ended && back <= ENDED_KEPT && back <= m->next_ended; back++) {
		const struct ended *at = &m->ended[(m->next_ended - back) % ENDED_KEPT];
		known.ended = at->uid == uid;
		known.reason = at->reason;
	}
	return known;
}

void
vici_model_ike_down(struct vici_model *m, const struct vici_ike *ike)
{
	struct ike_node *node = ike_find(m, ike->uniqueid);
	uint32_t watched = ike_watched(m, ike);
	if (watched != NONE && ipm_ike_peek(m->w, watched)->state == IPM_IKE_NEGOTIATING)
		ipm_ike_stop(m->w, watched, IPM_REASON_UNKNOWN); /* given up */
	if (!node || node->spi != ike->spi_initiator)            /* unknown, or an earlier charon's */
		return;
	const struct vici_retired known = known_retirement(m, ike->uniqueid);
	enum ipm_reason reason = vici_ike_reason(ike, &known);
	m->ended[m->next_ended++ % ENDED_KEPT] = (struct ended){ .uid = ike->uniqueid, .reason = reason };
	ike_leave(m, node, false, reason);
}

/* Has it reached a volume limit? Charon only shows the soft limits. */
static bool
volume_over(const struct vici_model *m, uint32_t tunnel, const struct vici_child *child)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, tunnel);
	const struct conn_node *conn = conn_find(m, t->conn, t->name);

	if (!conn || !child->has_counts)
		return false;
	return (conn->rekey_octets &&
		(child->bytes_in >= conn->rekey_octets || child->bytes_out >= conn->rekey_octets)) ||
	       (conn->rekey_pkts && (child->packets_in >= conn->rekey_pkts || child->packets_out >= conn->rekey_pkts));
}

void
vici_model_child_down(struct vici_model *m, const struct vici_ike *ike, const struct vici_child *child)
{
	struct child_node *node = child_find(m, child->uniqueid);
	if (!node || (node->spi_in && node->spi_in != child->spi_in)) /* unknown, or an earlier charon's */
		return;
	const struct vici_retired known = known_retirement(m, ike->uniqueid);
	uint32_t tunnel = node->tunnel;
	enum ipm_reason reason = vici_child_reason(ike, &known, child, volume_over(m, tunnel, child));
	m->now_ns = ipm_now_ns();
	/* The event has the last counts. */
	sa_update(m, node->in, child, false, child->bytes_in, child->packets_in);
	sa_update(m, node->out, child, false, child->bytes_out, child->packets_out);
	child_forget(m, node);
	tunnel_settle(m, tunnel, false, reason);
}

/* --- who is meant ---------------------------------------------------------------------------------------------- */

static const struct peer_node *
peers_named(const struct vici_model *m, const char *conn, const char *remote_id)
{
	struct ipm_ike_sa sa = { 0 };
	if (conn[0] == '\0' || remote_id[0] == '\0')
		return NULL;
	snprintf(sa.conn, sizeof(sa.conn), "%s", conn);
	snprintf(sa.remote_id, sizeof(sa.remote_id), "%s", remote_id);
	return tree_find(&m->peers, &(struct peer_node){ .sa = &sa }, by_remote);
}

void
vici_model_ike_retires(struct vici_model *m, uint32_t uniqueid, const struct ipm_failure *who, uint16_t remote_port)
{
	struct ike_node *oldest = uniqueid ? ike_find(m, uniqueid) : NULL;
	const struct peer_node *peers = uniqueid ? NULL : peers_named(m, who->conn, who->remote_id);

	for (uint32_t at = peers ? peers->first : NONE; at != NONE; at = m->ike[at].same_peer) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(m->w, at);
		struct ike_node *node = ike_speaker(m, at);
		if (node && !node->replaced && ipm_addr_same(&sa->remote, &who->remote) &&
		    (remote_port == 0 || sa->remote_port == remote_port) && (!oldest || node->uid < oldest->uid))
			oldest = node;
	}
	if (oldest)
		oldest->replaced = true;
}

void
vici_model_identify(const struct vici_model *m, struct ipm_failure *who)
{
	const struct peer_node *peers = peers_named(m, who->conn, who->remote_id);
	const struct conn_node *conn = who->conn[0] ? conn_find(m, who->conn, "") : NULL;
	const struct ipm_ike_sa *found = NULL;

	if (peers)
		vici_fill_text(who->local_id, sizeof(who->local_id), peers->sa->local_id);
	if (conn)
		vici_fill_text(who->local_id, sizeof(who->local_id), conn->local_id);
	/* If there are several between the two, take the one at this address. */
	for (int at = -1; (at = ipm_ike_between(m->w, who->local_id, who->remote_id, at)) >= 0;) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(m->w, (uint32_t)at);
		if (!found || ipm_addr_same(&sa->remote, &who->remote))
			found = sa;
	}
	if (found && who->local_id[0] && who->remote_id[0]) {
		if (who->peer == 0)
			who->peer = found->peer;
		if (who->local.len == 0)
			who->local = found->local;
	}
	if (conn && who->local.len == 0)
		who->local = conn->local;
	if (conn && who->remote.len == 0)
		who->remote = conn->peer;
}

bool
vici_model_reaches(const struct vici_model *m, const struct ipm_failure *who)
{
	for (uint32_t at = *addr_chain(m, &who->remote); at != NONE; at = m->ike[at].next_at) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(m->w, at);
		if (ipm_addr_same(&sa->remote, &who->remote) && sa->state == IPM_IKE_ESTABLISHED && !sa->held &&
		    ike_speaker(m, at) && (!who->conn[0] || strcmp(who->conn, sa->conn) == 0) &&
		    (!who->remote_id[0] || strcmp(who->remote_id, sa->remote_id) == 0))
			return true;
	}
	return false;
}

bool
vici_model_has_logins(const struct vici_model *m, const char *conn, enum ipm_user_is *user_is)
{
	static const struct vici_ike nobody;
	const struct conn_node *node = conn[0] ? conn_find(m, conn, "") : NULL;
	*user_is = node ? (enum ipm_user_is)node->session.user_is : IPM_USER_UNKNOWN;
	return node && vici_session_kind(&node->session, &nobody) == IPM_SESSION_REMOTE_ACCESS;
}

bool
vici_model_is_own(const struct vici_model *m, const char *conn, const char *subject)
{
	const struct conn_node *node = conn[0] ? conn_find(m, conn, "") : NULL;
	return node && subject[0] && (strcmp(node->local_id, subject) == 0 || strcmp(node->local_cert, subject) == 0);
}

/* --- lists ---------------------------------------------------------------------------------------------------- */

#define LISTS_TO_BE_SURE 2

void
vici_model_list_begin(struct vici_model *m)
{
	feed_round_begin(&m->lists);
	m->now_ns = ipm_now_ns();
}

/* End what so many lists in a row did not have. True: something is missing for the first time. */
static bool
sweep(struct vici_model *m, uint32_t lists, enum ipm_reason reason)
{
	struct uids children = uids_of(m->children), ikes = uids_of(m->ikes);
	bool unsure = false;

	m->own = m->kept = false;

	for (size_t i = 0; i < children.count; i++) {
		struct child_node *node = child_find(m, children.uid[i]);
		if (!node) /* it went with another one */
			continue;
		uint32_t tunnel = node->tunnel;
		bool gone = feed_missed(&m->lists, &node->seen, lists), live = node->live;
		*(tunnel_is_own(m, tunnel) ? &m->own : &m->kept) = true;
		unsure |= !gone && node->seen.missed > 0;
		if (gone)
			child_forget(m, node);
		if (gone || !live)
			tunnel_settle(m, tunnel, true, reason);
	}
	for (size_t i = 0; i < ikes.count; i++) {
		struct ike_node *node = ike_find(m, ikes.uid[i]);
		if (!node)
			continue;
		if (feed_missed(&m->lists, &node->seen, lists))
			ike_leave(m, node, true, reason);
		else
			unsure |= node->seen.missed > 0;
	}
	free(children.uid);
	free(ikes.uid);
	return unsure;
}

bool
vici_model_list_end(struct vici_model *m)
{
	feed_round_end(&m->lists);
	half_open_settle(m);
	return sweep(m, LISTS_TO_BE_SURE, IPM_REASON_UNKNOWN);
}

void
vici_model_hold(struct vici_model *m, uint64_t until_ns)
{
	feed_hold(&m->lists, until_ns);
	m->next_ended = 0; /* another charon counts from 1 again */
}

bool
vici_model_holds(const struct vici_model *m)
{
	return feed_holds(&m->lists);
}

bool
vici_model_expire(struct vici_model *m, uint64_t now_ns)
{
	enum feed_hold_end end = feed_expire(&m->lists, now_ns);

	sessions_expire(m, now_ns);
	if (end == FEED_HOLD_GOES_ON)
		return false;
	m->now_ns = now_ns;
	if (end == FEED_SOURCE_LOST) {
		m->lists.number++; /* a round that confirms nothing */
		sweep(m, 1, IPM_REASON_SOURCE_LOST);
	}
	for (uint32_t slot = 0; feed_next_tunnel(m->w, m->feed, &slot); slot++)
		if (ipm_tunnel_peek(m->w, slot)->state == IPM_TUNNEL_HELD)
			tunnel_stop(m, slot, IPM_REASON_SOURCE_LOST);
	for (uint32_t slot = 0; feed_next_ike(m->w, m->feed, &slot); slot++)
		if (ipm_ike_peek(m->w, slot)->held)
			ike_stop(m, slot, IPM_REASON_SOURCE_LOST);
	return true;
}

/* --- configuration -------------------------------------------------------------------------------------------- */

static struct conn_node *
conn_node(struct vici_model *m, const char *conn, const char *child)
{
	struct conn_node key = { 0 };
	snprintf(key.conn, sizeof(key.conn), "%s", conn);
	snprintf(key.child, sizeof(key.child), "%s", child);
	struct conn_node *node = tree_find(&m->conns, &key, by_conn);
	return node ? node : tree_add(&m->conns, &key, sizeof(key), by_conn);
}

void
vici_model_conn(struct vici_model *m, const struct vici_conn *conn)
{
	struct conn_node *node = conn_node(m, conn->name, "");
	if (!node)
		return;
	node->auth = conn->remote_auth;
	node->ike_ns = vici_conn_ike_ns(conn);
	snprintf(node->local_id, sizeof(node->local_id), "%s", strcmp(conn->local_id, "%any") ? conn->local_id : "");
	snprintf(node->local_cert, sizeof(node->local_cert), "%s", conn->local_cert);
	node->local = conn->local;
	vici_session_conn_fill(&node->session, conn);
	node->session.setting = m->setting ? (uint8_t)m->setting(m->setting_arg, conn->name) : VICI_SESSION_AUTOMATIC;
	node->peer = conn->peers == 1 && !conn->peer_named ? conn->peer[0] : (struct ipm_addr){ 0 };
}

void
vici_model_conn_child(struct vici_model *m, const struct vici_conn *conn, const struct vici_conn_child *child)
{
	struct conn_node *node = conn_node(m, conn->name, child->name);
	if (!node)
		return;
	node->rekey_octets = child->rekey_octets;
	node->rekey_pkts = child->rekey_pkts;
}

void
vici_model_set_sessions(struct vici_model *m, vici_setting *setting, void *arg)
{
	m->setting = setting;
	m->setting_arg = arg;
}

void
vici_model_set_host(struct vici_model *m, const struct feed_host *host)
{
	m->host = *host;
}

void
vici_model_set_engine(struct vici_model *m, uint32_t engine)
{
	m->engine = engine;
	for (uint32_t slot = 0; feed_next_sa(m->w, m->feed, &slot); slot++)
		ipm_sa_engine(m->w, slot, engine);
}

/* --- coming and going ------------------------------------------------------------------------------------------- */

/* Where the node keeps this SA. */
static uint32_t *
child_place(struct child_node *node, const struct ipm_sa *sa)
{
	if (sa->protocol == IPPROTO_COMP)
		return sa->direction == IPM_IN ? &node->comp_in : &node->comp_out;
	return sa->direction == IPM_IN ? &node->in : &node->out;
}

static void
take_up_ike(struct vici_model *m, uint32_t slot)
{
	struct ipm_ike_sa sa = *ipm_ike_peek(m->w, slot);

	peer_link(m, slot);
	if (sa.held || (!ike_find(m, (uint32_t)sa.uid) && ike_add(m, (uint32_t)sa.uid, sa.spi_initiator, slot)))
		return;
	sa.held = 1;
	ipm_ike_put(m->w, slot, &sa);
	session_hold(m, slot);
}

/* Sessions whose IKE SA had ended when the earlier run did: they waited then. */
static void
take_up_sessions(struct vici_model *m)
{
	struct ipm_walk walk;
	struct ipm_session session;

	ipm_walk_all(&walk, ipm_writer_segment(m->w), IPM_SESSIONS);
	while (ipm_walk_next(&walk, &session) > 0)
		if (session.feed == m->feed && ipm_ike_peek(m->w, session.ike_slot)->session != walk.slot + 1)
			session_wait(m, walk.slot, IPM_REASON_UNKNOWN);
}

static void
take_up_sa(struct vici_model *m, uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(m->w, slot);
	struct child_node *node = child_find(m, (uint32_t)sa->uid);

	if (!node) {
		node = child_add(m, sa->tunnel_slot, (uint32_t)sa->uid);
		if (!node)
			return;
		node->born = 0;
		node->half = true;
	}
	*child_place(node, sa) = slot;
	node->live |= sa->state == IPM_SA_ACTIVE;
	node->up = node->live;
	if (sa->direction == IPM_OUT)
		node->half = false;
	else if (sa->protocol != IPPROTO_COMP)
		node->spi_in = sa->spi;
}

static void
take_up(struct vici_model *m)
{
	uint32_t ikes = ipm_segment_used(ipm_writer_segment(m->w), IPM_IKE_SAS);

	for (uint32_t slot = 0; feed_next_ike(m->w, m->feed, &slot); slot++)
		take_up_ike(m, slot);
	take_up_sessions(m);
	for (uint32_t slot = 0; feed_next_sa(m->w, m->feed, &slot); slot++)
		take_up_sa(m, slot);
	for (uint32_t slot = 0; feed_next_tunnel(m->w, m->feed, &slot); slot++) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(m->w, slot);
		if (tunnel.ike_slot < ikes && ipm_ike_peek(m->w, tunnel.ike_slot)->index == tunnel.ike_index)
			tunnel_link(m, tunnel.ike_slot, slot);
		if (!m->tunnel[slot].first_child) { /* it has no SA that could turn out to be missing */
			tunnel.state = IPM_TUNNEL_HELD;
			ipm_tunnel_put(m->w, slot, &tunnel);
		}
	}
}

struct vici_model *
vici_model_new(struct ipm_writer *writer, uint32_t feed)
{
	const struct ipm_segment *seg = ipm_writer_segment(writer);
	uint32_t ikes = ipm_segment_capacity(seg, IPM_IKE_SAS), tunnels = ipm_segment_capacity(seg, IPM_TUNNELS);
	struct vici_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->w = writer;
	m->feed = feed;
	ikes += ikes == 0;
	m->ikes_max = ikes;
	m->ike = calloc(ikes, sizeof(*m->ike));
	m->tunnel = calloc(tunnels, sizeof(*m->tunnel));
	m->at_addr = malloc(ikes * sizeof(*m->at_addr));
	if (!m->ike || !m->tunnel || !m->at_addr) {
		vici_model_free(m);
		return NULL;
	}
	for (uint32_t i = 0; i < ikes; i++)
		m->ike[i].first_tunnel = m->at_addr[i] = NONE;
	m->lists.number = 1; /* so that nothing is confirmed yet */
	take_up(m);
	return m;
}

void
vici_model_free(struct vici_model *m)
{
	if (!m)
		return;
	tdestroy(m->ikes, free);
	tdestroy(m->children, free);
	tdestroy(m->peers, free);
	tdestroy(m->conns, free);
	feed_rounds_free(&m->lists);
	free(m->ike);
	free(m->tunnel);
	free(m->at_addr);
	free(m);
}

uint32_t
vici_model_feed(const struct vici_model *m)
{
	return m->feed;
}

bool
vici_model_is_kept(const struct vici_model *m)
{
	return m->kept && !m->own;
}

uint64_t
vici_model_refused(const struct vici_model *m)
{
	return ipm_writer_totals(m->w)->records_refused;
}
